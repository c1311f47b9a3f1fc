// SPDX-License-Identifier: MIT
//
// The counters behind ISSUED, DONE and WAIT of one unit.
module ash_unit_count (
	input  logic        clk,
	input  logic        rst,                        // also at START: both become 0
	input  logic        go,                         // a macro-operation was queued
	input  logic        done,                       // one has finished
	input  logic [31:0] wait_for,
	output logic [31:0] issued,
	output logic [31:0] finished,
	output logic        reached                     // finished >= wait_for, wrapping
);
	assign reached = $signed(finished - wait_for) >= 0;

	always_ff @(posedge clk) begin
		if (rst) begin
			issued <= '0;
			finished <= '0;
		end else begin
			if (go)
				issued <= issued + 1;
			if (done)
				finished <= finished + 1;
		end
	end

	a_done_was_issued: assert property (@(posedge clk) disable iff (rst)
		done |-> finished != issued);
endmodule
