// SPDX-License-Identifier: MIT
//
// A first-in first-out queue of DEPTH words of W bits. The head is visible on
// out_data in the cycle after it was written (one cycle of latency), and a
// full queue does not take a word in the cycle in which it gives one, so that
// in_ready depends on state alone.
module ash_fifo #(
	parameter int W = 32,
	parameter int DEPTH = 8
) (
	input  logic         clk,
	input  logic         rst,
	input  logic         clear,                     // drop everything
	input  logic         in_valid,
	output logic         in_ready,
	input  logic [W-1:0] in_data,
	output logic         out_valid,
	input  logic         out_ready,
	output logic [W-1:0] out_data
);
	localparam int PW = DEPTH > 1 ? $clog2(DEPTH) : 1;
	localparam int CW = $clog2(DEPTH + 1);
	localparam logic [PW-1:0] LAST = PW'(DEPTH - 1);

	logic [W-1:0]  mem [DEPTH];
	logic [PW-1:0] head, tail;
	logic [CW-1:0] fill;

	assign in_ready = fill != CW'(DEPTH);
	assign out_valid = fill != '0;
	assign out_data = mem[head];

	always_ff @(posedge clk) begin
		if (in_valid && in_ready) begin
			mem[tail] <= in_data;
			tail <= tail == LAST ? '0 : tail + 1'b1;
		end
		if (out_valid && out_ready)
			head <= head == LAST ? '0 : head + 1'b1;
		if ((in_valid && in_ready) != (out_valid && out_ready))
			fill <= in_valid && in_ready ? fill + 1'b1 : fill - 1'b1;
		if (rst || clear) begin
			head <= '0;
			tail <= '0;
			fill <= '0;
		end
	end
endmodule
