// SPDX-License-Identifier: MIT
//
// The interconnect with its memory channels and host, masters outside.
module ash_bus_tb
	import ash_board_pkg::*;
	import ash_pkg::*;
#(
	parameter int M = 6
) (
	input  logic         clk,
	input  logic         rst,
	input  logic [M-1:0] rd_valid,
	output logic [M-1:0] rd_ready,
	input  bus_req_t     rd_req [M],
	output logic [M-1:0] rsp_valid,
	output bus_rsp_t     rsp [M],
	output logic [511:0] rsp_data [M],
	input  logic [M-1:0] wr_valid,
	output logic [M-1:0] wr_ready,
	input  bus_req_t     wr_req [M],
	input  logic [511:0] wr_data [M],
	input  logic [63:0]  wr_strb [M],
	output logic [M-1:0] wack_valid,
	output bus_rsp_t     wack [M],
	input  logic         vec_valid,
	input  logic [5:0]   vec,
	output logic [MEM_CHANNELS:0] refused,
	output logic [47:0]  refused_addr [MEM_CHANNELS+1],
	output logic [MEM_CHANNELS:0] idle
);
	localparam int S = MEM_CHANNELS + 1;
	localparam int H = MEM_CHANNELS;
	localparam int IDW = $clog2(M) + 6;

	logic [S-1:0]   s_rd_valid, s_rd_ready, s_rsp_valid, s_rsp_ready, s_rsp_err;
	logic [S-1:0]   s_wr_valid, s_wr_ready, s_wack_valid, s_wack_ready, s_wack_err;
	logic [47:0]    s_rd_addr [S], s_wr_addr [S];
	logic [IDW-1:0] s_rd_id [S], s_rsp_id [S], s_wr_id [S], s_wack_id [S];
	logic [511:0]   s_rsp_data [S], s_wr_data [S];
	logic [63:0]    s_wr_strb [S];

	ash_bus #(.M(M)) u_bus (
		.clk, .rst,
		.m_rd_valid(rd_valid), .m_rd_ready(rd_ready), .m_rd_req(rd_req),
		.m_rsp_valid(rsp_valid), .m_rsp(rsp), .m_rsp_data(rsp_data),
		.m_wr_valid(wr_valid), .m_wr_ready(wr_ready), .m_wr_req(wr_req),
		.m_wr_data(wr_data), .m_wr_strb(wr_strb),
		.m_wack_valid(wack_valid), .m_wack(wack),
		.s_rd_valid, .s_rd_ready, .s_rd_addr, .s_rd_id,
		.s_rsp_valid, .s_rsp_ready, .s_rsp_id, .s_rsp_err, .s_rsp_data,
		.s_wr_valid, .s_wr_ready, .s_wr_addr, .s_wr_id, .s_wr_data, .s_wr_strb,
		.s_wack_valid, .s_wack_ready, .s_wack_id, .s_wack_err
	);

	for (genvar c = 0; c < MEM_CHANNELS; c++) begin : g_mem
		ash_mem #(.IDW(IDW)) u_mem (
			.clk, .rst,
			.rd_valid(s_rd_valid[c]), .rd_ready(s_rd_ready[c]), .rd_addr(s_rd_addr[c]),
			.rd_id(s_rd_id[c]),
			.rsp_valid(s_rsp_valid[c]), .rsp_ready(s_rsp_ready[c]), .rsp_id(s_rsp_id[c]),
			.rsp_err(s_rsp_err[c]), .rsp_data(s_rsp_data[c]),
			.wr_valid(s_wr_valid[c]), .wr_ready(s_wr_ready[c]), .wr_addr(s_wr_addr[c]),
			.wr_id(s_wr_id[c]), .wr_data(s_wr_data[c]), .wr_strb(s_wr_strb[c]),
			.wack_valid(s_wack_valid[c]), .wack_ready(s_wack_ready[c]),
			.wack_id(s_wack_id[c]), .wack_err(s_wack_err[c]),
			.refused(refused[c]), .refused_addr(refused_addr[c]), .idle(idle[c])
		);
	end

	ash_host_dma #(.IDW(IDW)) u_dma (
		.clk, .rst,
		.rd_valid(s_rd_valid[H]), .rd_ready(s_rd_ready[H]), .rd_addr(s_rd_addr[H]),
		.rd_id(s_rd_id[H]),
		.rsp_valid(s_rsp_valid[H]), .rsp_ready(s_rsp_ready[H]), .rsp_id(s_rsp_id[H]),
		.rsp_err(s_rsp_err[H]), .rsp_data(s_rsp_data[H]),
		.wr_valid(s_wr_valid[H]), .wr_ready(s_wr_ready[H]), .wr_addr(s_wr_addr[H]),
		.wr_id(s_wr_id[H]), .wr_data(s_wr_data[H]), .wr_strb(s_wr_strb[H]),
		.wack_valid(s_wack_valid[H]), .wack_ready(s_wack_ready[H]),
		.wack_id(s_wack_id[H]), .wack_err(s_wack_err[H]),
		.vec_valid, .vec,
		.refused(refused[H]), .refused_addr(refused_addr[H]), .idle(idle[H])
	);
endmodule
