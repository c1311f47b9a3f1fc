// SPDX-License-Identifier: MIT
//
// Round-robin choice of one of N requesters. A choice that is not taken stays:
// what the winner puts on the shared wires does not change before `take`. A
// winner that goes on asking goes on winning, STAY times in all.
module ash_rr #(
	parameter int N = 4,
	parameter int STAY = 1,                         // 1 .. 255
	localparam int IW = N > 1 ? $clog2(N) : 1
) (
	input  logic          clk,
	input  logic          rst,
	input  logic [N-1:0]  req,
	input  logic          take,                     // the winner has been served
	output logic [N-1:0]  grant,                    // one bit of req, or none
	output logic [IW-1:0] index                     // its number
);
	logic [N-1:0] after;                            // those behind the last winner
	logic [N-1:0] held;                             // a winner that waits
	logic [N-1:0] first, pick;
	logic [N-1:0] last;                             // the last winner, while it may go on
	logic [7:0]   left;                             // takes that it may go on for

	assign first = req & after;
	always_comb begin
		if (held != '0)
			pick = held;
		else if ((req & last) != '0)
			pick = last;
		else if (first != '0)
			pick = first & (~first + 1'b1);
		else
			pick = req & (~req + 1'b1);
	end
	assign grant = pick;

	always_comb begin
		index = '0;
		for (int i = 0; i < N; i++)
			if (pick[i])
				index = IW'(i);
	end

	always_ff @(posedge clk) begin
		if (rst) begin
			after <= '0;
			held <= '0;
			last <= '0;
			left <= '0;
		end else if (pick != '0) begin
			held <= take ? '0 : pick;
			if (take) begin
				after <= ~(pick | (pick - 1'b1));
				if (pick == last) begin
					left <= left - 1'b1;
					last <= left > 8'd1 ? pick : '0;
				end else begin
					left <= 8'(STAY - 1);
					last <= STAY > 1 ? pick : '0;
				end
			end
		end else begin
			last <= '0;
		end
	end

	a_winner_asked: assert property (@(posedge clk) disable iff (rst) (grant & ~req) == '0);
	a_one_winner: assert property (@(posedge clk) disable iff (rst) $onehot0(grant));
endmodule
