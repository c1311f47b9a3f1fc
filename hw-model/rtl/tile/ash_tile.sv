// SPDX-License-Identifier: MIT
//
// A tile: RV32 core, local memory, scratchpad, matrix and vector unit, load
// and store DMA behind an MMU, and the registers by which the management
// processor and the kernel drive them. This module only wires, routes the
// core's data accesses and the read answers, and counts writes in flight.
module ash_tile
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_tile_pkg::*;
#(
	parameter int TILE_ID = 0
) (
	input  logic         clk,
	input  logic         rst,

	// Block TILE, from the management processor: answered the next cycle.
	input  logic         reg_req,
	input  logic         reg_we,
	input  logic [15:0]  reg_addr,
	input  logic [31:0]  reg_wdata,
	output logic         reg_gnt,
	output logic         reg_rvalid,
	output logic [31:0]  reg_rdata,
	output logic         reg_err,

	output logic         event_pulse,       // entered DONE, FAULT, KILLED; scrub finished
	output logic         idle,              // nothing happens without an outside action

	// Bus, read side (page tables, code, arguments, load DMA).
	output logic         rd_valid,
	input  logic         rd_ready,
	output bus_req_t     rd_req,
	input  logic         rsp_valid,
	input  bus_rsp_t     rsp,
	input  logic [511:0] rsp_data,

	// Bus, write side (store DMA).
	output logic         wr_valid,
	input  logic         wr_ready,
	output bus_req_t     wr_req,
	output logic [511:0] wr_data,
	output logic [63:0]  wr_strb,
	input  logic         wack_valid,
	input  bus_rsp_t     wack,

	// Trace of the core's retired instructions.
	output logic         rv_valid,
	output logic [31:0]  rv_pc,
	output logic [31:0]  rv_insn,
	output logic [4:0]   rv_rd,
	output logic [31:0]  rv_rd_wdata
);
	// ---- clock: none while idle, so that an idle tile costs nothing, neither
	// power in a chip nor time in simulation. Counters stand still then.

	logic gclk;

	ash_clock_gate u_gate (.clk, .en(rst || !idle), .gclk);

	// ---- control

	logic         start, loading, running, clear, scrub, tlb_flush, stopped, invalidating;
	logic [47:12] pt_root;
	logic [31:0]  pt_entries, code_bytes, text_bytes, load_from, entry, arg_bytes;
	logic [63:0]  code_va, arg_va;
	logic [31:0]  index, count, cycle;
	logic [2:0][31:0] grid;
	logic         loaded, exit_valid, units_idle, bus_busy, rd_busy, wr_busy;
	logic [31:0]  exit_code;
	logic [2:0]   scrubbed;                         // local memory, scratchpad, accumulators
	logic [5:0]   fault_valid;
	fault_t       fault [6];
	logic [31:0]  fault_token [6];
	logic [31:0]  fault_pc;
	logic         waiting, in_wait;
	logic         matrix_busy, matrix_stall, vector_busy, vector_stall;
	logic         load_stall, load_beat, store_stall, store_beat;
	logic         load_idle, store_idle, matrix_idle, vector_idle;
	logic [3:0]   unit_done;                        // load, store, matrix, vector
	logic [1:0]   tlb_miss;

	logic         core_rst, sleeping, halted, rv_trap;
	logic [31:0]  halt_cause, halt_pc, halt_tval, last_pc;

	assign reg_gnt = 1'b1;

	ash_tile_ctrl u_ctrl (
		.clk(gclk), .rst,
		.reg_req, .reg_we, .reg_addr, .reg_wdata, .reg_rvalid, .reg_rdata, .reg_err,
		.event_pulse, .stopped,
		.start, .loading, .running, .clear, .scrub, .tlb_flush, .invalidating,
		.pt_root, .pt_entries, .code_va, .code_bytes, .text_bytes, .load_from, .entry,
		.arg_va, .arg_bytes, .index, .count, .grid, .cycle,
		.loaded, .exit_valid, .exit_code, .units_idle, .bus_busy,
		.scrubbed(&scrubbed),
		.fault_valid, .fault, .fault_token, .fault_pc,
		.p_instret(rv_valid && !rv_trap),
		.p_core_wait(waiting),
		.p_matrix_busy(matrix_busy),
		.p_matrix_stall(matrix_stall),
		.p_vector_busy(vector_busy),
		.p_vector_stall(vector_stall),
		.p_load_busy(!load_idle),
		.p_load_stall(load_stall),
		.p_load_beat(load_beat),
		.p_store_busy(!store_idle),
		.p_store_stall(store_stall),
		.p_store_beat(store_beat),
		.p_tlb_miss(tlb_miss)
	);

	assign units_idle = load_idle && store_idle && matrix_idle && vector_idle;
	assign bus_busy = rd_busy || wr_busy;
	// A done pulse outlives its unit's work by a cycle, and may end a WAIT.
	assign idle = !reg_req && !reg_rvalid && !event_pulse && !rv_valid && !invalidating &&
		(stopped || (running && units_idle && unit_done == '0 && !bus_busy &&
			     fault_valid == '0 && (in_wait || sleeping)));

	// ---- core

	logic         if_req, if_gnt, if_rvalid, if_err;
	logic [31:0]  if_addr, if_rdata;
	logic         d_req, d_we, d_gnt, d_rvalid, d_err;
	logic [3:0]   d_be;
	logic [31:0]  d_addr, d_wdata, d_rdata;

	assign core_rst = rst || !running;

	ash_core #(.HART_ID(TILE_ID), .HALT_ON_TRAP(1'b1)) u_core (
		.clk(gclk),
		.rst(core_rst),
		.reset_pc(entry),
		.if_req, .if_addr, .if_gnt, .if_rvalid, .if_rdata, .if_err,
		.d_req, .d_we, .d_be, .d_addr, .d_wdata, .d_gnt, .d_rvalid, .d_rdata, .d_err,
		.irq_timer(1'b0), .irq_external(1'b0), .irq_software(1'b0),
		.sleeping, .halted, .halt_cause, .halt_pc, .halt_tval,
		.rv_valid, .rv_pc, .rv_insn, .rv_rd, .rv_rd_wdata, .rv_trap
	);

	assign if_gnt = running;

	// The core's reset takes effect in the cycle after the state's change:
	// nothing it asks for in between is granted.
	typedef enum logic [1:0] {TO_LMEM, TO_SPAD, TO_REGS, TO_NONE} target_t;
	target_t      d_to, d_from;
	logic         core_rd, core_wr;                 // scratchpad accesses
	logic         core_rd_gnt, core_wr_gnt, regs_gnt, regs_err, lmem_err;
	logic [31:0]  lmem_rdata, regs_rdata;
	logic [LINE_BITS-1:0] core_line;
	logic [OFF_W-3:0] core_word;                    // of the last scratchpad read

	always_comb begin
		d_to = TO_NONE;
		if (d_addr < MAP_KERNEL_LMEM_BASE + MAP_KERNEL_LMEM_BYTES)
			d_to = TO_LMEM;
		else if (d_addr - MAP_KERNEL_SPAD_BASE < 32'(ash_board_pkg::SPAD_BYTES))
			d_to = TO_SPAD;
		else if (d_addr - MAP_KERNEL_UNIT_BASE <
			 MAP_KERNEL_VECTOR_BASE + MAP_KERNEL_VECTOR_BYTES - MAP_KERNEL_UNIT_BASE)
			d_to = TO_REGS;
	end

	assign core_rd = running && d_req && d_to == TO_SPAD && !d_we;
	assign core_wr = running && d_req && d_to == TO_SPAD && d_we;

	always_comb begin
		case (d_to)
		TO_SPAD: d_gnt = running && (d_we ? core_wr_gnt : core_rd_gnt);
		TO_REGS: d_gnt = running && regs_gnt;
		default: d_gnt = running;
		endcase
	end

	always_ff @(posedge gclk) begin
		d_rvalid <= d_req && d_gnt && !rst;
		if (d_req && d_gnt) begin
			d_from <= d_to;
			core_word <= d_addr[OFF_W-1:2];
		end
	end

	always_comb begin
		d_rdata = '0;
		d_err = 1'b0;
		if (d_rvalid) begin
			case (d_from)
			TO_LMEM: begin
				d_rdata = lmem_rdata;
				d_err = lmem_err;
			end
			TO_SPAD: d_rdata = core_line[{core_word, 5'd0} +: 32];
			TO_REGS: begin
				d_rdata = regs_rdata;
				d_err = regs_err;
			end
			default: d_err = 1'b1;
			endcase
		end
	end

	always_ff @(posedge gclk) begin
		if (start)
			last_pc <= entry;
		else if (rv_valid)
			last_pc <= rv_pc;
	end

	assign fault_valid[TILE_FAULT_UNIT_CORE] = running && halted;
	assign fault[TILE_FAULT_UNIT_CORE] = '{cause: CAUSE_CORE, sub: halt_cause,
					       addr: 64'(halt_tval)};
	assign fault_token[TILE_FAULT_UNIT_CORE] = '0;
	assign fault_token[TILE_FAULT_UNIT_LOADER] = '0;
	assign fault_pc = running && halted ? halt_pc : last_pc;

	// ---- local memory

	logic              ld_valid;
	logic [LMEM_W-1:0] ld_line;

	ash_lmem u_lmem (
		.clk(gclk), .rst,
		.if_req(if_req && if_gnt), .if_addr, .if_rvalid, .if_rdata, .if_err,
		.d_req(d_req && d_gnt && d_to == TO_LMEM), .d_we, .d_be, .d_addr, .d_wdata,
		.d_rdata(lmem_rdata), .d_err(lmem_err), .text_bytes,
		.ld_valid, .ld_line, .ld_data(rsp_data),
		.scrub_valid(scrub), .scrub_done(scrubbed[0])
	);

	// ---- registers of the kernel

	logic [3:0]   cmd_valid, cmd_ready;  // load, store, matrix, vector
	logic [3:0]   go_ahead, taken;
	dma_cmd_t     load_cmd, store_cmd;
	matrix_cmd_t  matrix_cmd;
	vector_cmd_t  vector_cmd;
	logic [31:0]  finished [4];

	ash_tile_regs u_regs (
		.clk(gclk), .rst,
		.restart(start || scrub),
		.req(running && d_req && d_to == TO_REGS), .we(d_we), .be(d_be),
		.addr(d_addr[10:0]), .wdata(d_wdata),
		.gnt(regs_gnt), .rdata(regs_rdata), .err(regs_err), .waiting, .in_wait,
		.index, .count, .grid, .arg_bytes, .cycle,
		.exit_valid, .exit_code,
		.cmd_valid, .cmd_ready, .load_cmd, .store_cmd, .matrix_cmd, .vector_cmd,
		.go_ahead, .taken, .done(unit_done), .finished
	);

	for (genvar u = 0; u < 4; u++) begin : g_token
		assign fault_token[u + 32'(TILE_FAULT_UNIT_LOAD)] = finished[u] + 1;
	end

	// ---- scratchpad

	localparam int RD_A = 0, RD_B = 1, RD_VECTOR = 2, RD_TABLE = 3, RD_STORE = 4, RD_CORE = 5;
	localparam int WR_VECTOR = 0, WR_LOAD = 1, WR_CORE = 2;

	logic [5:0]            sp_rd_req, sp_rd_gnt;
	logic [LINE_W-1:0]     sp_rd_line [6];
	logic [LINE_BITS-1:0]  sp_rd_data [6];
	logic [2:0]            sp_wr_req, sp_wr_gnt;
	logic [LINE_W-1:0]     sp_wr_line [3];
	logic [LINE_BITS-1:0]  sp_wr_data [3];
	logic [LINE_BYTES-1:0] sp_wr_strb [3];

	ash_spad u_spad (
		.clk(gclk), .rst,
		.rd_req(sp_rd_req), .rd_line(sp_rd_line), .rd_gnt(sp_rd_gnt), .rd_data(sp_rd_data),
		.wr_req(sp_wr_req), .wr_line(sp_wr_line), .wr_data(sp_wr_data),
		.wr_strb(sp_wr_strb), .wr_gnt(sp_wr_gnt),
		.scrub_valid(scrub), .scrub_done(scrubbed[1])
	);

	assign sp_rd_req[RD_CORE] = core_rd;
	assign sp_rd_line[RD_CORE] = d_addr[OFF_W +: LINE_W];
	assign core_rd_gnt = sp_rd_gnt[RD_CORE];
	assign core_line = sp_rd_data[RD_CORE];
	assign sp_wr_req[WR_CORE] = core_wr;
	assign sp_wr_line[WR_CORE] = d_addr[OFF_W +: LINE_W];
	assign sp_wr_data[WR_CORE] = {N{d_wdata}};
	assign sp_wr_strb[WR_CORE] = LINE_BYTES'(d_be) << {d_addr[OFF_W-1:2], 2'd0};
	assign core_wr_gnt = sp_wr_gnt[WR_CORE];

	// ---- MMU and read port

	logic [1:0]  tr_req, ld_tr_req;                 // loader, or load and store DMA
	logic [63:0] tr_va [2], ld_tr_va [2], load_va, store_va;
	tr_t         tr [2];
	logic        load_tr_req, store_tr_req;
	logic [1:0]  wk_valid, wk_ready, wk_rsp;
	logic [47:0] wk_addr [2];
	logic [2:0]  in_valid, in_ready;
	bus_req_t    in_req [3], ld_rd_req, load_rd_req;
	logic        ld_rd_valid, load_rd_valid, ld_rsp, load_rsp;

	assign tr_req = loading ? ld_tr_req : {store_tr_req, load_tr_req};
	assign tr_va[0] = loading ? ld_tr_va[0] : load_va;
	assign tr_va[1] = loading ? ld_tr_va[1] : store_va;

	ash_mmu u_mmu (
		.clk(gclk), .rst,
		.flush(tlb_flush), .hold(invalidating), .clear,
		.pt_root, .pt_entries,
		.req(tr_req), .we({!loading, 1'b0}), .va(tr_va), .tr,
		.wk_valid, .wk_ready, .wk_addr, .wk_rsp, .wk_err(rsp.err), .wk_data(rsp_data),
		.perf_miss(tlb_miss)
	);

	assign in_valid = {loading ? ld_rd_valid : load_rd_valid, wk_valid};
	assign in_req[0] = '{host: 1'b0, addr: wk_addr[0], tag: WALK_TAG};
	assign in_req[1] = '{host: 1'b0, addr: wk_addr[1], tag: WALK_TAG + 6'd1};
	assign in_req[2] = loading ? ld_rd_req : load_rd_req;
	assign wk_ready = in_ready[1:0];

	ash_rd_port u_rd_port (
		.clk(gclk), .rst,
		.in_valid(clear ? '0 : in_valid), .in_ready, .in_req,
		.rd_valid, .rd_ready, .rd_req, .rsp_valid,
		.busy(rd_busy)
	);

	// Answers find who asked by their tag; those of a stopping tile are lost.
	assign wk_rsp[0] = rsp_valid && !clear && rsp.tag == WALK_TAG;
	assign wk_rsp[1] = rsp_valid && !clear && rsp.tag == WALK_TAG + 6'd1;
	assign ld_rsp = rsp_valid && !clear && loading && rsp.tag < WALK_TAG;
	assign load_rsp = rsp_valid && !clear && !loading && rsp.tag < WALK_TAG;

	ash_loader u_loader (
		.clk(gclk), .rst, .clear, .start,
		.code_va, .code_bytes, .load_from, .arg_va, .arg_bytes,
		.done(loaded),
		.fault_valid(fault_valid[TILE_FAULT_UNIT_LOADER]),
		.fault(fault[TILE_FAULT_UNIT_LOADER]),
		.tr_req(ld_tr_req), .tr_va(ld_tr_va), .tr,
		.rd_valid(ld_rd_valid), .rd_ready(in_ready[2]), .rd_req(ld_rd_req),
		.rsp_valid(ld_rsp), .rsp,
		.ld_valid, .ld_line
	);

	// ---- DMA

	logic [6:0]  wr_flying;
	logic        wr_ack, wr_pending;
	logic [1:0]  ix_req, ix_gnt;                    // tables of load and store
	logic [LINE_W-1:0] ix_line [2];

	// Both are ahead of their need: one port does.
	assign sp_rd_req[RD_TABLE] = ix_req != '0;
	assign sp_rd_line[RD_TABLE] = ix_req[0] ? ix_line[0] : ix_line[1];
	assign ix_gnt = {sp_rd_gnt[RD_TABLE] && !ix_req[0], sp_rd_gnt[RD_TABLE]};

	ash_dma_load u_load (
		.clk(gclk), .rst, .clear,
		.cmd_valid(cmd_valid[0]), .cmd_ready(cmd_ready[0]), .cmd(load_cmd),
		.go_ahead(go_ahead[0]), .taken(taken[0]),
		.done(unit_done[0]),
		.fault_valid(fault_valid[TILE_FAULT_UNIT_LOAD]),
		.fault(fault[TILE_FAULT_UNIT_LOAD]),
		.idle(load_idle),
		.tr_req(load_tr_req), .tr_va(load_va), .tr(tr[0]),
		.rd_valid(load_rd_valid), .rd_ready(in_ready[2]), .rd_req(load_rd_req),
		.rsp_valid(load_rsp), .rsp, .rsp_data,
		.wr_req(sp_wr_req[WR_LOAD]), .wr_line(sp_wr_line[WR_LOAD]),
		.wr_data(sp_wr_data[WR_LOAD]), .wr_strb(sp_wr_strb[WR_LOAD]),
		.wr_gnt(sp_wr_gnt[WR_LOAD]),
		.ix_req(ix_req[0]), .ix_line(ix_line[0]), .ix_gnt(ix_gnt[0]),
		.ix_rdata(sp_rd_data[RD_TABLE]),
		.perf_stall(load_stall), .perf_beat(load_beat)
	);

	ash_dma_store u_store (
		.clk(gclk), .rst, .clear,
		.cmd_valid(cmd_valid[1]), .cmd_ready(cmd_ready[1]), .cmd(store_cmd),
		.go_ahead(go_ahead[1]), .taken(taken[1]),
		.done(unit_done[1]),
		.fault_valid(fault_valid[TILE_FAULT_UNIT_STORE]),
		.fault(fault[TILE_FAULT_UNIT_STORE]),
		.idle(store_idle),
		.tr_req(store_tr_req), .tr_va(store_va), .tr(tr[1]),
		.rd_req(sp_rd_req[RD_STORE]), .rd_line(sp_rd_line[RD_STORE]),
		.rd_gnt(sp_rd_gnt[RD_STORE]), .rd_rdata(sp_rd_data[RD_STORE]),
		.wr_valid, .wr_ready, .wr_req, .wr_data, .wr_strb, .wr_pending,
		.wack_valid(wr_ack), .wack,
		.ix_req(ix_req[1]), .ix_line(ix_line[1]), .ix_gnt(ix_gnt[1]),
		.ix_rdata(sp_rd_data[RD_TABLE]),
		.perf_stall(store_stall), .perf_beat(store_beat)
	);

	assign wr_ack = wack_valid && !clear;
	assign wr_busy = wr_pending || wr_flying != '0;

	always_ff @(posedge gclk) begin
		if (rst)
			wr_flying <= '0;
		else
			wr_flying <= wr_flying + 7'(wr_valid && wr_ready) - 7'(wack_valid);
	end

	// ---- matrix and vector unit

	logic                 acc_req;
	logic [ACC_W-1:0]     acc_idx;
	logic [ROW_W-1:0]     acc_row;
	logic [LINE_BITS-1:0] acc_rdata;

	ash_matrix u_matrix (
		.clk(gclk), .rst, .clear,
		.scrub_valid(scrub), .scrub_done(scrubbed[2]),
		.cmd_valid(cmd_valid[2]), .cmd_ready(cmd_ready[2]), .cmd(matrix_cmd),
		.go_ahead(go_ahead[2]), .taken(taken[2]),
		.done(unit_done[2]),
		.fault_valid(fault_valid[TILE_FAULT_UNIT_MATRIX]),
		.fault(fault[TILE_FAULT_UNIT_MATRIX]),
		.idle(matrix_idle),
		.a_req(sp_rd_req[RD_A]), .a_line(sp_rd_line[RD_A]),
		.a_gnt(sp_rd_gnt[RD_A]), .a_rdata(sp_rd_data[RD_A]),
		.b_req(sp_rd_req[RD_B]), .b_line(sp_rd_line[RD_B]),
		.b_gnt(sp_rd_gnt[RD_B]), .b_rdata(sp_rd_data[RD_B]),
		.acc_req, .acc_idx, .acc_row, .acc_rdata,
		.perf_busy(matrix_busy), .perf_stall(matrix_stall)
	);

	ash_vector u_vector (
		.clk(gclk), .rst, .clear,
		.cmd_valid(cmd_valid[3]), .cmd_ready(cmd_ready[3]), .cmd(vector_cmd),
		.go_ahead(go_ahead[3]), .taken(taken[3]),
		.done(unit_done[3]),
		.fault_valid(fault_valid[TILE_FAULT_UNIT_VECTOR]),
		.fault(fault[TILE_FAULT_UNIT_VECTOR]),
		.idle(vector_idle),
		.acc_req, .acc_idx, .acc_row, .acc_rdata,
		.rd_req(sp_rd_req[RD_VECTOR]), .rd_line(sp_rd_line[RD_VECTOR]),
		.rd_gnt(sp_rd_gnt[RD_VECTOR]), .rd_rdata(sp_rd_data[RD_VECTOR]),
		.wr_req(sp_wr_req[WR_VECTOR]), .wr_line(sp_wr_line[WR_VECTOR]),
		.wr_data(sp_wr_data[WR_VECTOR]), .wr_strb(sp_wr_strb[WR_VECTOR]),
		.wr_gnt(sp_wr_gnt[WR_VECTOR]),
		.perf_busy(vector_busy), .perf_stall(vector_stall)
	);

	a_writes: assert property (@(posedge gclk) disable iff (rst)
		wack_valid |-> wr_flying != '0);
	a_idle_is_quiet: assert property (@(posedge gclk) disable iff (rst)
		idle |-> !rd_valid && !wr_valid && !rsp_valid && !wack_valid);
endmodule
