// SPDX-License-Identifier: MIT
//
// A clock gate: the next rising edge of clk passes when en is high before it.
// A chip puts its library's cell here. In simulation what is behind a closed
// gate is not evaluated.
module ash_clock_gate (
	input  logic clk,
	input  logic en,
	output logic gclk
);
	logic open;

	always_latch
		if (!clk)
			open = en;

	assign gclk = clk && open;
endmodule
