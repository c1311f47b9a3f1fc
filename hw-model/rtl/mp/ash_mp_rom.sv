// SPDX-License-Identifier: MIT
//
// The boot ROM: two read ports, data in the cycle after the request. Its
// contents come from the model shell before the first cycle.
module ash_mp_rom #(
	parameter int BYTES = 4096,
	localparam int AW = $clog2(BYTES)
) (
	input  logic          clk,
	input  logic          a_req,
	input  logic [AW-1:2] a_addr,
	output logic [31:0]   a_rdata,
	input  logic          b_req,
	input  logic [AW-1:2] b_addr,
	output logic [31:0]   b_rdata
);
	import "DPI-C" function int unsigned ashlar_rom_word(input int unsigned index);

	logic [31:0] mem [BYTES / 4];

	initial
		for (int i = 0; i < BYTES / 4; i++)
			mem[i] = ashlar_rom_word(i);

	always_ff @(posedge clk) begin
		if (a_req)
			a_rdata <= mem[a_addr];
		if (b_req)
			b_rdata <= mem[b_addr];
	end
endmodule
