// SPDX-License-Identifier: MIT
//
// The tile's read port: takes one request a cycle from three sources, the
// first in order of number, and holds it until the bus takes it. Counts what
// is in flight, so that a stopping tile knows when nothing is left.
module ash_rd_port
	import ash_pkg::*;
(
	input  logic       clk,
	input  logic       rst,

	input  logic [2:0] in_valid,
	output logic [2:0] in_ready,
	input  bus_req_t   in_req [3],

	output logic       rd_valid,
	input  logic       rd_ready,
	output bus_req_t   rd_req,
	input  logic       rsp_valid,

	output logic       busy                 // a request is held or in flight
);
	logic [6:0] flying;
	logic       ready;

	assign ready = !rd_valid || rd_ready;
	assign in_ready = {ready && in_valid[1:0] == '0, ready && !in_valid[0], ready};
	assign busy = rd_valid || flying != '0;

	always_ff @(posedge clk) begin
		if (rst) begin
			rd_valid <= 1'b0;
			flying <= '0;
		end else begin
			if (ready)
				rd_valid <= in_valid != '0;
			flying <= flying + 7'(rd_valid && rd_ready) - 7'(rsp_valid);
		end
		if (ready && in_valid != '0)
			rd_req <= in_valid[0] ? in_req[0] : in_valid[1] ? in_req[1] : in_req[2];
	end

	a_held: assert property (@(posedge clk) disable iff (rst)
		rd_valid && !rd_ready |=> rd_valid && $stable(rd_req));
	a_answer_awaited: assert property (@(posedge clk) disable iff (rst)
		rsp_valid |-> flying != '0);
endmodule
