// SPDX-License-Identifier: MIT
//
// The AFTER registers of a unit, and a queue of their values beside that of its
// commands: the head may go when every unit has finished the token it names.
module ash_unit_after
	import ash_pkg::*;
(
	input  logic        clk,
	input  logic        rst,                        // also at START
	input  logic        we,                         // of register `which`
	input  logic [1:0]  which,                      // load, store, matrix, vector
	input  logic [31:0] wdata,
	output logic [31:0] rdata,

	input  logic [31:0] issued [4],
	input  logic [31:0] finished [4],
	output logic        unknown,                    // one names what was not started: no GO

	input  logic        go,                         // a command is queued
	input  logic        taken,                      // the oldest one has left
	output logic        go_ahead
);
	logic [3:0][31:0] after, head;
	logic             head_valid, unused_ready;

	ash_fifo #(.W(128), .DEPTH(UNIT_QUEUE)) u_fifo (
		.clk, .rst, .clear(1'b0),
		.in_valid(go), .in_ready(unused_ready), .in_data(after),
		.out_valid(head_valid), .out_ready(taken), .out_data(head)
	);

	assign rdata = after[which];

	always_comb begin
		unknown = 1'b0;
		go_ahead = head_valid;
		for (int u = 0; u < 4; u++) begin
			unknown |= $signed(issued[u] - after[u]) < 0;
			go_ahead &= $signed(finished[u] - head[u]) >= 0;
		end
	end

	always_ff @(posedge clk) begin
		if (we)
			after[which] <= wdata;
		if (rst)
			after <= '0;
	end

	a_room: assert property (@(posedge clk) disable iff (rst) go |-> unused_ready);
endmodule
