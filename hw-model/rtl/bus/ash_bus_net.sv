// SPDX-License-Identifier: MIT
//
// One network of the interconnect: requests of W bits from M masters to S
// slaves, answers of RW bits back. Each slave takes a request a cycle, each
// master an answer a cycle; both sides choose round robin. The slave gets the
// master's number with the request and gives it back with the answer.
module ash_bus_net #(
	parameter int M = 4,
	parameter int S = 3,
	parameter int W = 54,
	parameter int RW = 7,
	localparam int MW = M > 1 ? $clog2(M) : 1,
	localparam int SW = S > 1 ? $clog2(S) : 1
) (
	input  logic          clk,
	input  logic          rst,

	input  logic [M-1:0]  m_valid,
	output logic [M-1:0]  m_ready,
	input  logic [SW-1:0] m_dest [M],
	input  logic [W-1:0]  m_req [M],
	output logic [M-1:0]  m_rvalid,                 // always taken
	output logic [RW-1:0] m_rsp [M],

	output logic [S-1:0]  s_valid,
	input  logic [S-1:0]  s_ready,
	output logic [W-1:0]  s_req [S],
	output logic [MW-1:0] s_master [S],
	input  logic [S-1:0]  s_rvalid,
	output logic [S-1:0]  s_rready,
	input  logic [MW-1:0] s_rmaster [S],
	input  logic [RW-1:0] s_rsp [S]
);
	logic [M-1:0] win [S];                          // [slave][master]
	logic [S-1:0] rwin [M];                         // [master][slave]

	for (genvar s = 0; s < S; s++) begin : g_slave
		logic [M-1:0] want;
		for (genvar m = 0; m < M; m++) begin : g_want
			assign want[m] = m_valid[m] && m_dest[m] == SW'(s);
		end
		ash_rr #(.N(M)) u_rr (
			.clk, .rst,
			.req(want),
			.take(s_ready[s]),
			.grant(win[s]),
			.index(s_master[s])
		);
		assign s_valid[s] = win[s] != '0;
		assign s_req[s] = m_req[s_master[s]];
	end

	for (genvar m = 0; m < M; m++) begin : g_master
		logic [S-1:0]  rwant, mine;
		logic [SW-1:0] from;
		for (genvar s = 0; s < S; s++) begin : g_want
			assign rwant[s] = s_rvalid[s] && s_rmaster[s] == MW'(m);
			assign mine[s] = win[s][m] && s_ready[s];
		end
		ash_rr #(.N(S)) u_rr (
			.clk, .rst,
			.req(rwant),
			.take(1'b1),
			.grant(rwin[m]),
			.index(from)
		);
		assign m_ready[m] = mine != '0;
		assign m_rvalid[m] = rwin[m] != '0;
		assign m_rsp[m] = s_rsp[from];
	end

	for (genvar s = 0; s < S; s++) begin : g_rready
		logic [M-1:0] taken;
		for (genvar m = 0; m < M; m++) begin : g_taken
			assign taken[m] = rwin[m][s];
		end
		assign s_rready[s] = taken != '0;
	end
endmodule
