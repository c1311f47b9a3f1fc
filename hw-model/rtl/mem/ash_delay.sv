// SPDX-License-Identifier: MIT
//
// Gives each word back LATENCY cycles after it was taken, in order, one a
// cycle: the request pipeline of a memory, kept as a queue of words with the
// time they are due so that waiting costs the simulation nothing.
module ash_delay #(
	parameter int W = 32,
	parameter int LATENCY = 40                      // 2 .. 16384
) (
	input  logic         clk,
	input  logic         rst,
	input  logic         in_valid,
	output logic         in_ready,
	input  logic [W-1:0] in_data,
	output logic         out_valid,                 // from LATENCY cycles after on
	input  logic         out_ready,
	output logic [W-1:0] out_data,
	output logic         empty
);
	localparam int TW = 16;

	if (LATENCY < 2 || LATENCY > 16384) begin : g_check
		$error("LATENCY must be 2..16384");
	end

	logic [TW-1:0] now, due, late;
	logic          queued;

	always_ff @(posedge clk)
		now <= rst ? '0 : now + 1'b1;

	ash_fifo #(.W(W + TW), .DEPTH(LATENCY + 4)) u_queue (
		.clk, .rst,
		.clear(1'b0),
		.in_valid, .in_ready,
		.in_data({now + TW'(LATENCY), in_data}),
		.out_valid(queued),
		.out_ready(out_valid && out_ready),
		.out_data({due, out_data})
	);

	assign late = now - due;
	assign out_valid = queued && !late[TW-1];
	assign empty = !queued;
endmodule
