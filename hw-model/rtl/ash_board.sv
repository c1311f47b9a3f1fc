// SPDX-License-Identifier: MIT
//
// The board: host interface, management processor, tiles, interconnect, board
// memory. The ports stand for the PCIe block's register side, plus what the
// model shell needs: idle skipping, misuse reports and instruction traces.
// DMA, vectors and the memories' bytes go through DPI (ash_host_dma, ash_mem,
// ash_mp_rom).
module ash_board
	import ash_board_pkg::*;
	import ash_pkg::*;
#(
	localparam int CORES = TILES + 1
) (
	input  logic        clk,
	input  logic        rst,                        // power-on

	// BAR0. A request is taken in a cycle with reg_ready.
	input  logic        reg_valid,
	output logic        reg_ready,
	input  logic        reg_we,
	input  logic [19:0] reg_addr,
	input  logic [31:0] reg_wdata,
	output logic        reg_rvalid,
	output logic [31:0] reg_rdata,

	// Nothing but time moves while idle, for next_event cycles (all ones:
	// for ever). skip adds that many cycles less one to the cycle it is
	// given in.
	output logic        idle,
	output logic [63:0] next_event,
	input  logic [63:0] skip,

	// Pulses as bits of HOST_ERR, with offset or address, direction, value.
	output logic [3:0]  misuse,
	output logic [47:0] misuse_addr,
	output logic        misuse_we,
	output logic [31:0] misuse_value,
	output logic [31:0] misuse_head,                // of the doorbell
	output logic [31:0] misuse_depth,

	// Retired instructions: core 0 is the management processor, core 1 + t
	// that of tile t.
	output logic [CORES-1:0] rv_valid,
	output logic [31:0] rv_pc [CORES],
	output logic [31:0] rv_insn [CORES],
	output logic [4:0]  rv_rd [CORES],
	output logic [31:0] rv_rd_wdata [CORES]
);
	localparam int M = TILES + COPY_ENGINES;        // tiles first
	localparam int S = MEM_CHANNELS + 1;            // host last
	localparam int MW = $clog2(M);
	localparam int IDW = MW + 6;

	logic reset_request, brst;
	assign brst = rst || reset_request;

	// ------------------------------------------------------- host registers

	logic        sh_req, sh_gnt, sh_we;
	logic [15:2] sh_addr;
	logic [31:0] sh_wdata, sh_rdata;
	logic        db_valid, db_disabled, db_overrun;
	logic [5:0]  db_index;
	logic [31:0] db_value, db_head, db_depth;
	logic        dma_refused, host_idle;
	logic [47:0] dma_refused_addr;
	logic [63:0] mtime;
	logic [31:0] post, temp, boot_addr_lo, boot_addr_hi, boot_bytes, host_err_addr;
	logic        mp_run;
	logic [3:0]  host_err, host_err_clear;

	ash_host_regs u_host (
		.clk,
		.rst(brst),
		.reset_request,
		.reg_valid, .reg_ready, .reg_we, .reg_addr, .reg_wdata, .reg_rvalid, .reg_rdata,
		.sh_req, .sh_gnt, .sh_we, .sh_addr, .sh_wdata, .sh_rdata,
		.db_valid, .db_index, .db_value, .db_disabled, .db_overrun,
		.dma_refused, .dma_refused_addr,
		.mtime, .post, .temp, .mp_run, .boot_addr_lo, .boot_addr_hi, .boot_bytes,
		.host_err, .host_err_addr, .host_err_clear,
		.misuse, .misuse_addr, .misuse_we, .misuse_value,
		.idle(host_idle)
	);

	always_ff @(posedge clk)
		if (db_valid) begin
			misuse_head <= db_head;
			misuse_depth <= db_depth;
		end

	// --------------------------------------------------------------- masters

	logic [M-1:0]  rd_valid, rd_ready, rsp_valid, wr_valid, wr_ready, wack_valid;
	bus_req_t      rd_req [M], wr_req [M];
	bus_rsp_t      rsp [M], wack [M];
	logic [511:0]  rsp_data [M], wr_data [M];
	logic [63:0]   wr_strb [M];

	logic [TILES-1:0] tile_req, tile_gnt, tile_rvalid, tile_err, tile_event, tile_idle;
	logic        tile_we;
	logic [15:0] tile_addr;
	logic [31:0] tile_wdata;
	logic [31:0] tile_rdata [TILES];

	for (genvar t = 0; t < TILES; t++) begin : g_tile
		ash_tile #(.TILE_ID(t)) u_tile (
			.clk,
			.rst(brst),
			.reg_req(tile_req[t]), .reg_we(tile_we), .reg_addr(tile_addr),
			.reg_wdata(tile_wdata), .reg_gnt(tile_gnt[t]), .reg_rvalid(tile_rvalid[t]),
			.reg_rdata(tile_rdata[t]), .reg_err(tile_err[t]),
			.event_pulse(tile_event[t]), .idle(tile_idle[t]),
			.rd_valid(rd_valid[t]), .rd_ready(rd_ready[t]), .rd_req(rd_req[t]),
			.rsp_valid(rsp_valid[t]), .rsp(rsp[t]), .rsp_data(rsp_data[t]),
			.wr_valid(wr_valid[t]), .wr_ready(wr_ready[t]), .wr_req(wr_req[t]),
			.wr_data(wr_data[t]), .wr_strb(wr_strb[t]),
			.wack_valid(wack_valid[t]), .wack(wack[t]),
			.rv_valid(rv_valid[1 + t]), .rv_pc(rv_pc[1 + t]), .rv_insn(rv_insn[1 + t]),
			.rv_rd(rv_rd[1 + t]), .rv_rd_wdata(rv_rd_wdata[1 + t])
		);
	end

	// The copy engines follow the tiles.
	bus_req_t     c_rd_req [COPY_ENGINES], c_wr_req [COPY_ENGINES];
	bus_rsp_t     c_rsp [COPY_ENGINES], c_wack [COPY_ENGINES];
	logic [511:0] c_rsp_data [COPY_ENGINES], c_wr_data [COPY_ENGINES];
	logic [63:0]  c_wr_strb [COPY_ENGINES];

	for (genvar e = 0; e < COPY_ENGINES; e++) begin : g_copy
		assign rd_req[TILES + e] = c_rd_req[e];
		assign c_rsp[e] = rsp[TILES + e];
		assign c_rsp_data[e] = rsp_data[TILES + e];
		assign wr_req[TILES + e] = c_wr_req[e];
		assign wr_data[TILES + e] = c_wr_data[e];
		assign wr_strb[TILES + e] = c_wr_strb[e];
		assign c_wack[e] = wack[TILES + e];
	end

	ash_sensor #(.TILES(TILES)) u_sensor (.tile_active(~tile_idle), .temp);

	logic       mp_idle, vec_valid;
	logic [5:0] vec;

	ash_mp u_mp (
		.clk,
		.por(rst),
		.rst(brst),
		.mp_run, .skip,
		.tile_req, .tile_gnt, .tile_we, .tile_addr, .tile_wdata, .tile_rvalid, .tile_rdata,
		.tile_err, .tile_event,
		.sh_req, .sh_gnt, .sh_we, .sh_addr, .sh_wdata, .sh_rdata,
		.db_valid, .db_index, .db_value, .db_disabled, .db_overrun, .db_head, .db_depth,
		.vec_valid, .vec, .post, .boot_addr_lo, .boot_addr_hi, .boot_bytes,
		.host_err, .host_err_addr, .host_err_clear, .mtime,
		.rd_valid(rd_valid[M-1:TILES]), .rd_ready(rd_ready[M-1:TILES]), .rd_req(c_rd_req),
		.rsp_valid(rsp_valid[M-1:TILES]), .rsp(c_rsp), .rsp_data(c_rsp_data),
		.wr_valid(wr_valid[M-1:TILES]), .wr_ready(wr_ready[M-1:TILES]), .wr_req(c_wr_req),
		.wr_data(c_wr_data), .wr_strb(c_wr_strb),
		.wack_valid(wack_valid[M-1:TILES]), .wack(c_wack),
		.rv_valid(rv_valid[0]), .rv_pc(rv_pc[0]), .rv_insn(rv_insn[0]), .rv_rd(rv_rd[0]),
		.rv_rd_wdata(rv_rd_wdata[0]),
		.idle(mp_idle),
		.next_event
	);

	// ---------------------------------------------------------- interconnect

	logic [S-1:0]   s_rd_valid, s_rd_ready, s_rsp_valid, s_rsp_ready, s_rsp_err;
	logic [S-1:0]   s_wr_valid, s_wr_ready, s_wack_valid, s_wack_ready, s_wack_err;
	logic [47:0]    s_rd_addr [S], s_wr_addr [S];
	logic [IDW-1:0] s_rd_id [S], s_rsp_id [S], s_wr_id [S], s_wack_id [S];
	logic [511:0]   s_rsp_data [S], s_wr_data [S];
	logic [63:0]    s_wr_strb [S];
	logic [S-1:0]   s_refused, s_idle;
	logic [47:0]    s_refused_addr [S];

	ash_bus #(.M(M)) u_bus (
		.clk,
		.rst(brst),
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
			.clk,
			.rst(brst),
			.rd_valid(s_rd_valid[c]), .rd_ready(s_rd_ready[c]), .rd_addr(s_rd_addr[c]),
			.rd_id(s_rd_id[c]),
			.rsp_valid(s_rsp_valid[c]), .rsp_ready(s_rsp_ready[c]), .rsp_id(s_rsp_id[c]),
			.rsp_err(s_rsp_err[c]), .rsp_data(s_rsp_data[c]),
			.wr_valid(s_wr_valid[c]), .wr_ready(s_wr_ready[c]), .wr_addr(s_wr_addr[c]),
			.wr_id(s_wr_id[c]), .wr_data(s_wr_data[c]), .wr_strb(s_wr_strb[c]),
			.wack_valid(s_wack_valid[c]), .wack_ready(s_wack_ready[c]),
			.wack_id(s_wack_id[c]), .wack_err(s_wack_err[c]),
			.refused(s_refused[c]), .refused_addr(s_refused_addr[c]),
			.idle(s_idle[c])
		);
	end

	localparam int H = MEM_CHANNELS;
	ash_host_dma #(.IDW(IDW)) u_dma (
		.clk,
		.rst(brst),
		.rd_valid(s_rd_valid[H]), .rd_ready(s_rd_ready[H]), .rd_addr(s_rd_addr[H]),
		.rd_id(s_rd_id[H]),
		.rsp_valid(s_rsp_valid[H]), .rsp_ready(s_rsp_ready[H]), .rsp_id(s_rsp_id[H]),
		.rsp_err(s_rsp_err[H]), .rsp_data(s_rsp_data[H]),
		.wr_valid(s_wr_valid[H]), .wr_ready(s_wr_ready[H]), .wr_addr(s_wr_addr[H]),
		.wr_id(s_wr_id[H]), .wr_data(s_wr_data[H]), .wr_strb(s_wr_strb[H]),
		.wack_valid(s_wack_valid[H]), .wack_ready(s_wack_ready[H]),
		.wack_id(s_wack_id[H]), .wack_err(s_wack_err[H]),
		.vec_valid, .vec,
		.refused(s_refused[H]), .refused_addr(s_refused_addr[H]),
		.idle(s_idle[H])
	);

	// The first of several refusals in a cycle is the one reported.
	assign dma_refused = s_refused != '0;
	always_comb begin
		dma_refused_addr = s_refused_addr[0];
		for (int s = S - 1; s >= 0; s--)
			if (s_refused[s])
				dma_refused_addr = s_refused_addr[s];
	end

	assign idle = host_idle && mp_idle && tile_idle == '1 && s_idle == '1 && !brst;
endmodule
