// SPDX-License-Identifier: MIT
//
// The interconnect: M masters (tiles, copy engines) to the board memory
// channels and, as the last slave, the host. Reads and writes have a network
// each. Board memory is interleaved over the channels by 256 bytes; a channel
// refuses addresses beyond the memory's end. Nothing is stored here.
module ash_bus
	import ash_board_pkg::*;
	import ash_pkg::*;
#(
	parameter int M = 4,
	localparam int S = MEM_CHANNELS + 1,
	localparam int MW = M > 1 ? $clog2(M) : 1
) (
	input  logic          clk,
	input  logic          rst,

	// Masters.
	input  logic [M-1:0]  m_rd_valid,
	output logic [M-1:0]  m_rd_ready,
	input  bus_req_t      m_rd_req [M],
	output logic [M-1:0]  m_rsp_valid,
	output bus_rsp_t      m_rsp [M],
	output logic [511:0]  m_rsp_data [M],
	input  logic [M-1:0]  m_wr_valid,
	output logic [M-1:0]  m_wr_ready,
	input  bus_req_t      m_wr_req [M],
	input  logic [511:0]  m_wr_data [M],
	input  logic [63:0]   m_wr_strb [M],
	output logic [M-1:0]  m_wack_valid,
	output bus_rsp_t      m_wack [M],

	// Slaves: channel 0 .., host last. An identifier is master and tag.
	output logic [S-1:0]  s_rd_valid,
	input  logic [S-1:0]  s_rd_ready,
	output logic [47:0]   s_rd_addr [S],
	output logic [MW+5:0] s_rd_id [S],
	input  logic [S-1:0]  s_rsp_valid,
	output logic [S-1:0]  s_rsp_ready,
	input  logic [MW+5:0] s_rsp_id [S],
	input  logic [S-1:0]  s_rsp_err,
	input  logic [511:0]  s_rsp_data [S],
	output logic [S-1:0]  s_wr_valid,
	input  logic [S-1:0]  s_wr_ready,
	output logic [47:0]   s_wr_addr [S],
	output logic [MW+5:0] s_wr_id [S],
	output logic [511:0]  s_wr_data [S],
	output logic [63:0]   s_wr_strb [S],
	input  logic [S-1:0]  s_wack_valid,
	output logic [S-1:0]  s_wack_ready,
	input  logic [MW+5:0] s_wack_id [S],
	input  logic [S-1:0]  s_wack_err
);
	localparam int SW = $clog2(S);
	localparam int RQ = 48 + 6;                     // read request: address, tag
	localparam int WQ = RQ + 512 + 64;              // and data, strobes
	localparam int RR = 1 + 6 + 512;                // read answer: error, tag, data
	localparam int WR = 1 + 6;

	if ((MEM_CHANNELS & (MEM_CHANNELS - 1)) != 0) begin : g_check
		$error("MEM_CHANNELS must be a power of two");
	end

	function automatic logic [SW-1:0] dest(input logic host, input logic [SW-1:0] line);
		if (host)
			return SW'(MEM_CHANNELS);
		return line & SW'(MEM_CHANNELS - 1);
	endfunction

	logic [SW-1:0] rd_dest [M], wr_dest [M];
	logic [RQ-1:0] rd_req [M], rd_out [S];
	logic [WQ-1:0] wr_req [M], wr_out [S];
	logic [RR-1:0] rd_rsp [S], rd_back [M];
	logic [WR-1:0] wr_rsp [S], wr_back [M];
	logic [MW-1:0] rd_master [S], rd_rmaster [S], wr_master [S], wr_rmaster [S];

	for (genvar m = 0; m < M; m++) begin : g_master
		assign rd_dest[m] = dest(m_rd_req[m].host, m_rd_req[m].addr[8 +: SW]);
		logic [RQ-1:0] rd_now;
		logic [WQ-1:0] wr_now;
		assign rd_now = {m_rd_req[m].addr, m_rd_req[m].tag};
		assign rd_req[m] = rd_now;
		assign {m_rsp[m].err, m_rsp[m].tag, m_rsp_data[m]} = rd_back[m];
		assign wr_dest[m] = dest(m_wr_req[m].host, m_wr_req[m].addr[8 +: SW]);
		assign wr_now = {m_wr_req[m].addr, m_wr_req[m].tag, m_wr_data[m], m_wr_strb[m]};
		assign wr_req[m] = wr_now;
		assign {m_wack[m].err, m_wack[m].tag} = wr_back[m];

		a_read_waits: assert property (@(posedge clk) disable iff (rst)
			m_rd_valid[m] && !m_rd_ready[m] |=> m_rd_valid[m] && $stable(rd_now));
		a_write_waits: assert property (@(posedge clk) disable iff (rst)
			m_wr_valid[m] && !m_wr_ready[m] |=> m_wr_valid[m] && $stable(wr_now));
		a_read_aligned: assert property (@(posedge clk) disable iff (rst)
			m_rd_valid[m] |-> rd_now[11:6] == '0);
		a_write_aligned: assert property (@(posedge clk) disable iff (rst)
			m_wr_valid[m] |-> wr_now[587:582] == '0);
	end

	for (genvar s = 0; s < S; s++) begin : g_slave
		logic [5:0] rd_tag, wr_tag;
		assign {s_rd_addr[s], rd_tag} = rd_out[s];
		assign s_rd_id[s] = {rd_master[s], rd_tag};
		assign rd_rmaster[s] = s_rsp_id[s][MW+5:6];
		assign rd_rsp[s] = {s_rsp_err[s], s_rsp_id[s][5:0], s_rsp_data[s]};
		assign {s_wr_addr[s], wr_tag, s_wr_data[s], s_wr_strb[s]} = wr_out[s];
		assign s_wr_id[s] = {wr_master[s], wr_tag};
		assign wr_rmaster[s] = s_wack_id[s][MW+5:6];
		assign wr_rsp[s] = {s_wack_err[s], s_wack_id[s][5:0]};
	end

	ash_bus_net #(.M(M), .S(S), .W(RQ), .RW(RR)) u_read (
		.clk, .rst,
		.m_valid(m_rd_valid), .m_ready(m_rd_ready), .m_dest(rd_dest), .m_req(rd_req),
		.m_rvalid(m_rsp_valid), .m_rsp(rd_back),
		.s_valid(s_rd_valid), .s_ready(s_rd_ready), .s_req(rd_out), .s_master(rd_master),
		.s_rvalid(s_rsp_valid), .s_rready(s_rsp_ready), .s_rmaster(rd_rmaster), .s_rsp(rd_rsp)
	);

	ash_bus_net #(.M(M), .S(S), .W(WQ), .RW(WR)) u_write (
		.clk, .rst,
		.m_valid(m_wr_valid), .m_ready(m_wr_ready), .m_dest(wr_dest), .m_req(wr_req),
		.m_rvalid(m_wack_valid), .m_rsp(wr_back),
		.s_valid(s_wr_valid), .s_ready(s_wr_ready), .s_req(wr_out), .s_master(wr_master),
		.s_rvalid(s_wack_valid), .s_rready(s_wack_ready), .s_rmaster(wr_rmaster), .s_rsp(wr_rsp)
	);
endmodule
