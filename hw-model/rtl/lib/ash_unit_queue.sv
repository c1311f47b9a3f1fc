// SPDX-License-Identifier: MIT
//
// The command queue at a unit's front: an ash_fifo whose head stays where it is
// until go_ahead says that what it comes after is done (ash_unit_after).
module ash_unit_queue
	import ash_pkg::*;
#(
	parameter int W = 32
) (
	input  logic         clk,
	input  logic         rst,
	input  logic         clear,
	input  logic         in_valid,
	output logic         in_ready,
	input  logic [W-1:0] in_data,
	input  logic         go_ahead,                  // for the head
	output logic         taken,                     // a pulse: the head leaves
	output logic         any,                       // something is queued
	output logic         out_valid,
	input  logic         out_ready,
	output logic [W-1:0] out_data
);
	ash_fifo #(.W(W), .DEPTH(UNIT_QUEUE)) u_fifo (
		.clk, .rst, .clear, .in_valid, .in_ready, .in_data,
		.out_valid(any), .out_ready(out_ready && go_ahead), .out_data
	);

	assign out_valid = any && go_ahead;
	assign taken = out_valid && out_ready;
endmodule
