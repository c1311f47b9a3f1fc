// SPDX-License-Identifier: MIT
//
// Round-robin choice of one of N requesters. A choice that is not taken stays:
// what the winner puts on the shared wires does not change before `take`.
module ash_rr #(
	parameter int N = 4,
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

	assign first = req & after;
	always_comb begin
		if (held != '0)
			pick = held;
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
		end else if (pick != '0) begin
			held <= take ? '0 : pick;
			if (take)
				after <= ~(pick | (pick - 1'b1));
		end
	end

	a_winner_asked: assert property (@(posedge clk) disable iff (rst) (grant & ~req) == '0);
	a_one_winner: assert property (@(posedge clk) disable iff (rst) $onehot0(grant));
endmodule
