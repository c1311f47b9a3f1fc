// SPDX-License-Identifier: MIT
//
// Both DMA units with the real MMU, read port and scratchpad. The bench plays
// the bus, and as the scratchpad's first and last requesters it takes banks
// away (noise) and reads and writes lines (peek, poke).
module ash_dma_tb
	import ash_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic         clk,
	input  logic         rst,
	input  logic         clear,
	input  logic         flush,

	input  logic [47:0]  pt_root,
	input  logic [31:0]  pt_entries,

	// 0: load, 1: store
	input  logic [1:0]   cmd_valid,
	output logic [1:0]   cmd_ready,
	input  dma_cmd_t     cmd,
	output logic [1:0]   done,
	output logic [1:0]   idle,
	output logic [1:0]   stall,
	output logic [1:0]   beats,
	output logic [1:0]   fault_valid,
	output logic [2:0]   load_cause,
	output logic [31:0]  load_sub,
	output logic [63:0]  load_addr,
	output logic [2:0]   store_cause,
	output logic [31:0]  store_sub,
	output logic [63:0]  store_addr,
	output logic         bus_busy,

	output logic         rd_valid,
	input  logic         rd_ready,
	output logic         rd_host,
	output logic [47:0]  rd_addr,
	output logic [5:0]   rd_tag,
	input  logic         rsp_valid,
	input  logic         rsp_err,
	input  logic [5:0]   rsp_tag,
	input  logic [511:0] rsp_data,
	output logic         wr_valid,
	input  logic         wr_ready,
	output logic         wr_host,
	output logic [47:0]  wr_addr,
	output logic [5:0]   wr_tag,
	output logic [511:0] wr_data,
	output logic [63:0]  wr_strb,
	input  logic         wack_valid,
	input  logic         wack_err,
	input  logic [5:0]   wack_tag,

	input  logic         noise_rd,
	input  logic         noise_wr,
	input  logic [31:0]  noise_line,
	input  logic         peek,
	input  logic         poke,
	input  logic [31:0]  peek_line,
	input  logic [LINE_BITS-1:0] poke_data,
	output logic [LINE_BITS-1:0] peek_data          // in the cycle after
);
	logic [1:0]  tr_req, wk_valid, wk_rsp;
	logic [63:0] tr_va [2];
	tr_t         tr [2];
	logic [47:0] wk_addr [2];
	logic [2:0]  in_ready;
	logic        load_rd_valid, rd_busy;
	bus_req_t    in_req [3], load_rd_req, rd_req, wr_req;
	bus_rsp_t    rsp, wack;
	fault_t      load_fault, store_fault;
	logic [1:0]  perf_miss;

	logic [5:0]            sp_rd_req, sp_rd_gnt;
	logic [LINE_W-1:0]     sp_rd_line [6];
	logic [LINE_BITS-1:0]  sp_rd_data [6];
	logic [1:0]            ix_req, ix_gnt;
	logic [LINE_W-1:0]     ix_line [2];
	logic [2:0]            sp_wr_req, sp_wr_gnt;
	logic [LINE_W-1:0]     sp_wr_line [3];
	logic [LINE_BITS-1:0]  sp_wr_data [3];
	logic [LINE_BYTES-1:0] sp_wr_strb [3];
	logic                  scrub_done, unused;

	assign rsp = '{err: rsp_err, tag: rsp_tag};
	assign wack = '{err: wack_err, tag: wack_tag};
	assign {rd_host, rd_addr, rd_tag} = rd_req;
	assign {wr_host, wr_addr, wr_tag} = wr_req;
	assign {load_cause, load_sub, load_addr} = load_fault;
	assign {store_cause, store_sub, store_addr} = store_fault;

	logic [6:0] wr_flying;
	assign bus_busy = rd_busy || wr_valid || wr_flying != '0;
	always_ff @(posedge clk) begin
		if (rst)
			wr_flying <= '0;
		else
			wr_flying <= wr_flying + 7'(wr_valid && wr_ready) - 7'(wack_valid);
	end

	ash_mmu u_mmu (
		.clk, .rst, .flush, .hold(1'b0), .clear, .pt_root(pt_root[47:12]), .pt_entries,
		.req(tr_req), .we(2'b10), .va(tr_va), .tr,
		.wk_valid, .wk_ready(in_ready[1:0]), .wk_addr, .wk_rsp, .wk_err(rsp_err),
		.wk_data(rsp_data), .perf_miss
	);

	assign in_req[0] = '{host: 1'b0, addr: wk_addr[0], tag: WALK_TAG};
	assign in_req[1] = '{host: 1'b0, addr: wk_addr[1], tag: WALK_TAG + 6'd1};
	assign in_req[2] = load_rd_req;
	assign wk_rsp = {rsp_valid && !clear && rsp_tag == WALK_TAG + 6'd1,
			 rsp_valid && !clear && rsp_tag == WALK_TAG};

	ash_rd_port u_rd_port (
		.clk, .rst, .in_valid(clear ? '0 : {load_rd_valid, wk_valid}), .in_ready, .in_req,
		.rd_valid, .rd_ready, .rd_req, .rsp_valid, .busy(rd_busy)
	);

	logic [1:0] unused_taken;

	ash_dma_load u_load (
		.clk, .rst, .clear,
		.cmd_valid(cmd_valid[0]), .cmd_ready(cmd_ready[0]), .cmd,
		.go_ahead(1'b1), .taken(unused_taken[0]), .done(done[0]),
		.fault_valid(fault_valid[0]), .fault(load_fault), .idle(idle[0]),
		.tr_req(tr_req[0]), .tr_va(tr_va[0]), .tr(tr[0]),
		.rd_valid(load_rd_valid), .rd_ready(in_ready[2]), .rd_req(load_rd_req),
		.rsp_valid(rsp_valid && !clear && rsp_tag < WALK_TAG), .rsp, .rsp_data,
		.wr_req(sp_wr_req[1]), .wr_line(sp_wr_line[1]), .wr_data(sp_wr_data[1]),
		.wr_strb(sp_wr_strb[1]), .wr_gnt(sp_wr_gnt[1]),
		.ix_req(ix_req[0]), .ix_line(ix_line[0]), .ix_gnt(ix_gnt[0]),
		.ix_rdata(sp_rd_data[3]),
		.perf_stall(stall[0]), .perf_beat(beats[0])
	);

	logic wr_pending, unused_pending;

	assign unused_pending = &{1'b0, wr_pending};

	ash_dma_store u_store (
		.clk, .rst, .clear,
		.cmd_valid(cmd_valid[1]), .cmd_ready(cmd_ready[1]), .cmd,
		.go_ahead(1'b1), .taken(unused_taken[1]), .done(done[1]),
		.fault_valid(fault_valid[1]), .fault(store_fault), .idle(idle[1]),
		.tr_req(tr_req[1]), .tr_va(tr_va[1]), .tr(tr[1]),
		.rd_req(sp_rd_req[4]), .rd_line(sp_rd_line[4]), .rd_gnt(sp_rd_gnt[4]),
		.rd_rdata(sp_rd_data[4]),
		.wr_valid, .wr_ready, .wr_req, .wr_data, .wr_strb, .wr_pending,
		.wack_valid(wack_valid && !clear), .wack,
		.ix_req(ix_req[1]), .ix_line(ix_line[1]), .ix_gnt(ix_gnt[1]),
		.ix_rdata(sp_rd_data[3]),
		.perf_stall(stall[1]), .perf_beat(beats[1])
	);

	assign sp_rd_req[2:0] = {noise_rd, 2'b0};
	assign sp_rd_line[0] = '0;
	assign sp_rd_line[1] = '0;
	assign sp_rd_line[2] = noise_line[LINE_W-1:0];
	assign sp_rd_req[3] = ix_req != '0;
	assign sp_rd_line[3] = ix_req[0] ? ix_line[0] : ix_line[1];
	assign ix_gnt = {sp_rd_gnt[3] && !ix_req[0], sp_rd_gnt[3]};
	assign sp_rd_req[5] = peek;
	assign sp_rd_line[5] = peek_line[LINE_W-1:0];
	assign peek_data = sp_rd_data[5];
	assign sp_wr_req[0] = noise_wr;
	assign sp_wr_line[0] = noise_line[LINE_W-1:0];
	assign sp_wr_data[0] = '1;
	assign sp_wr_strb[0] = '0;
	assign sp_wr_req[2] = poke;
	assign sp_wr_line[2] = peek_line[LINE_W-1:0];
	assign sp_wr_data[2] = poke_data;
	assign sp_wr_strb[2] = '1;

	ash_spad u_spad (
		.clk, .rst,
		.rd_req(sp_rd_req), .rd_line(sp_rd_line), .rd_gnt(sp_rd_gnt), .rd_data(sp_rd_data),
		.wr_req(sp_wr_req), .wr_line(sp_wr_line), .wr_data(sp_wr_data),
		.wr_strb(sp_wr_strb), .wr_gnt(sp_wr_gnt),
		.scrub_valid(1'b0), .scrub_done
	);

	assign unused = &{1'b0, pt_root, noise_line, peek_line, perf_miss, scrub_done, sp_rd_gnt,
			  sp_wr_gnt};
endmodule
