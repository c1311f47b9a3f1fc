// SPDX-License-Identifier: MIT
//
// The choices of one network of the interconnect: requests from M masters to S
// slaves, answers back. Each slave takes a request a cycle, each master an
// answer a cycle; both sides choose round robin, a slave BURST requests of a
// master at once: those that walk through interleaved memory side by side would
// else all be at the same slave, always. The slave gets the master's
// number with the request and gives it back with the answer. What is carried
// goes beside this, by the numbers chosen: wide signals are moved once.
module ash_bus_net #(
	parameter int M = 4,
	parameter int S = 3,
	parameter int BURST = 4,                        // beats of an interleave
	localparam int MW = M > 1 ? $clog2(M) : 1,
	localparam int SW = S > 1 ? $clog2(S) : 1
) (
	input  logic          clk,
	input  logic          rst,

	input  logic [M-1:0]  m_valid,
	output logic [M-1:0]  m_ready,
	input  logic [SW-1:0] m_dest [M],
	output logic [M-1:0]  m_rvalid,                 // always taken
	output logic [SW-1:0] m_from [M],               // the slave that answers

	output logic [S-1:0]  s_valid,
	input  logic [S-1:0]  s_ready,
	output logic [MW-1:0] s_master [S],             // the master that asks
	input  logic [S-1:0]  s_rvalid,
	output logic [S-1:0]  s_rready,
	input  logic [MW-1:0] s_rmaster [S]
);
	logic [M-1:0] win [S];                          // [slave][master]
	logic [S-1:0] rwin [M];                         // [master][slave]

	for (genvar s = 0; s < S; s++) begin : g_slave
		logic [M-1:0] want;
		for (genvar m = 0; m < M; m++) begin : g_want
			assign want[m] = m_valid[m] && m_dest[m] == SW'(s);
		end
		ash_rr #(.N(M), .STAY(BURST)) u_rr (
			.clk, .rst,
			.req(want),
			.take(s_ready[s]),
			.grant(win[s]),
			.index(s_master[s])
		);
		assign s_valid[s] = win[s] != '0;
	end

	for (genvar m = 0; m < M; m++) begin : g_master
		logic [S-1:0] rwant, mine;
		for (genvar s = 0; s < S; s++) begin : g_want
			assign rwant[s] = s_rvalid[s] && s_rmaster[s] == MW'(m);
			assign mine[s] = win[s][m] && s_ready[s];
		end
		ash_rr #(.N(S)) u_rr (
			.clk, .rst,
			.req(rwant),
			.take(1'b1),
			.grant(rwin[m]),
			.index(m_from[m])
		);
		assign m_ready[m] = mine != '0;
		assign m_rvalid[m] = rwin[m] != '0;
	end

	for (genvar s = 0; s < S; s++) begin : g_rready
		logic [M-1:0] taken;
		for (genvar m = 0; m < M; m++) begin : g_taken
			assign taken[m] = rwin[m][s];
		end
		assign s_rready[s] = taken != '0;
	end
endmodule
