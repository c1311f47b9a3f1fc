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

	if ((MEM_CHANNELS & (MEM_CHANNELS - 1)) != 0) begin : g_check
		$error("MEM_CHANNELS must be a power of two");
	end

	function automatic logic [SW-1:0] dest(input logic host, input logic [SW-1:0] line);
		if (host)
			return SW'(MEM_CHANNELS);
		return line & SW'(MEM_CHANNELS - 1);
	endfunction

	logic [SW-1:0] rd_dest [M], rd_from [M], wr_dest [M], wr_from [M];
	logic [MW-1:0] rd_master [S], rd_rmaster [S], wr_master [S], wr_rmaster [S];

	for (genvar m = 0; m < M; m++) begin : g_master
		assign rd_dest[m] = dest(m_rd_req[m].host, m_rd_req[m].addr[8 +: SW]);
		assign m_rsp[m].err = s_rsp_err[rd_from[m]];
		assign m_rsp[m].tag = s_rsp_id[rd_from[m]][5:0];
		assign m_rsp_data[m] = s_rsp_data[rd_from[m]];
		assign wr_dest[m] = dest(m_wr_req[m].host, m_wr_req[m].addr[8 +: SW]);
		assign m_wack[m].err = s_wack_err[wr_from[m]];
		assign m_wack[m].tag = s_wack_id[wr_from[m]][5:0];

		// Of one name each, for the assertions.
		bus_req_t     rd_now, wr_now;
		logic [511:0] data_now;
		logic [63:0]  strb_now;
		assign rd_now = m_rd_req[m];
		assign wr_now = m_wr_req[m];
		assign data_now = m_wr_data[m];
		assign strb_now = m_wr_strb[m];

		a_read_waits: assert property (@(posedge clk) disable iff (rst)
			m_rd_valid[m] && !m_rd_ready[m] |=> m_rd_valid[m] && $stable(rd_now));
		a_write_waits: assert property (@(posedge clk) disable iff (rst)
			m_wr_valid[m] && !m_wr_ready[m] |=> m_wr_valid[m] && $stable(wr_now) &&
			$stable(data_now) && $stable(strb_now));
		a_read_aligned: assert property (@(posedge clk) disable iff (rst)
			m_rd_valid[m] |-> rd_now.addr[5:0] == '0);
		a_write_aligned: assert property (@(posedge clk) disable iff (rst)
			m_wr_valid[m] |-> wr_now.addr[5:0] == '0);
	end

	for (genvar s = 0; s < S; s++) begin : g_slave
		assign s_rd_addr[s] = m_rd_req[rd_master[s]].addr;
		assign s_rd_id[s] = {rd_master[s], m_rd_req[rd_master[s]].tag};
		assign rd_rmaster[s] = s_rsp_id[s][MW+5:6];
		assign s_wr_addr[s] = m_wr_req[wr_master[s]].addr;
		assign s_wr_id[s] = {wr_master[s], m_wr_req[wr_master[s]].tag};
		assign s_wr_data[s] = m_wr_data[wr_master[s]];
		assign s_wr_strb[s] = m_wr_strb[wr_master[s]];
		assign wr_rmaster[s] = s_wack_id[s][MW+5:6];
	end

	ash_bus_net #(.M(M), .S(S)) u_read (
		.clk, .rst,
		.m_valid(m_rd_valid), .m_ready(m_rd_ready), .m_dest(rd_dest),
		.m_rvalid(m_rsp_valid), .m_from(rd_from),
		.s_valid(s_rd_valid), .s_ready(s_rd_ready), .s_master(rd_master),
		.s_rvalid(s_rsp_valid), .s_rready(s_rsp_ready), .s_rmaster(rd_rmaster)
	);

	ash_bus_net #(.M(M), .S(S)) u_write (
		.clk, .rst,
		.m_valid(m_wr_valid), .m_ready(m_wr_ready), .m_dest(wr_dest),
		.m_rvalid(m_wack_valid), .m_from(wr_from),
		.s_valid(s_wr_valid), .s_ready(s_wr_ready), .s_master(wr_master),
		.s_rvalid(s_wack_valid), .s_rready(s_wack_ready), .s_rmaster(wr_rmaster)
	);
endmodule
