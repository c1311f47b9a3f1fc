// SPDX-License-Identifier: MIT
//
// The management processor: core, boot ROM, TCM, shared SRAM, peripherals,
// copy engines, and the decoder between them. All of it answers in one cycle;
// only tiles may take longer. The core has one data access at a time.
// Registers take whole words; anything else, and what is not there, is
// answered with a bus error.
module ash_mp
	import ash_board_pkg::*;
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_dtb_pkg::*;
(
	input  logic         clk,
	input  logic         por,                       // power-on
	input  logic         rst,                       // power-on or HOST.RESET
	input  logic         mp_run,
	input  logic [63:0]  skip,

	// Tile control.
	output logic [TILES-1:0] tile_req,
	input  logic [TILES-1:0] tile_gnt,
	output logic         tile_we,
	output logic [15:0]  tile_addr,
	output logic [31:0]  tile_wdata,
	input  logic [TILES-1:0] tile_rvalid,
	input  logic [31:0]  tile_rdata [TILES],
	input  logic [TILES-1:0] tile_err,
	input  logic [TILES-1:0] tile_event,

	// Shared SRAM, from the host.
	input  logic         sh_req,
	output logic         sh_gnt,
	input  logic         sh_we,
	input  logic [15:2]  sh_addr,
	input  logic [31:0]  sh_wdata,
	output logic [31:0]  sh_rdata,

	// Host interface.
	input  logic         db_valid,
	input  logic [5:0]   db_index,
	input  logic [31:0]  db_value,
	output logic         db_disabled,
	output logic         db_overrun,
	output logic [31:0]  db_head,
	output logic [31:0]  db_depth,
	output logic         vec_valid,
	output logic [5:0]   vec,
	output logic [31:0]  post,
	input  logic [31:0]  boot_addr_lo,
	input  logic [31:0]  boot_addr_hi,
	input  logic [31:0]  boot_bytes,
	input  logic [3:0]   host_err,
	input  logic [31:0]  host_err_addr,
	output logic [3:0]   host_err_clear,
	output logic [63:0]  mtime,

	// Bus, one port per copy engine.
	output logic [COPY_ENGINES-1:0] rd_valid,
	input  logic [COPY_ENGINES-1:0] rd_ready,
	output bus_req_t     rd_req [COPY_ENGINES],
	input  logic [COPY_ENGINES-1:0] rsp_valid,
	input  bus_rsp_t     rsp [COPY_ENGINES],
	input  logic [511:0] rsp_data [COPY_ENGINES],
	output logic [COPY_ENGINES-1:0] wr_valid,
	input  logic [COPY_ENGINES-1:0] wr_ready,
	output bus_req_t     wr_req [COPY_ENGINES],
	output logic [511:0] wr_data [COPY_ENGINES],
	output logic [63:0]  wr_strb [COPY_ENGINES],
	input  logic [COPY_ENGINES-1:0] wack_valid,
	input  bus_rsp_t     wack [COPY_ENGINES],

	output logic         rv_valid,
	output logic [31:0]  rv_pc,
	output logic [31:0]  rv_insn,
	output logic [4:0]   rv_rd,
	output logic [31:0]  rv_rd_wdata,

	output logic         idle,
	output logic [63:0]  next_event
);
	localparam int ROM_AW = $clog2(ROM_BYTES);
	localparam int TCM_AW = $clog2(TCM_BYTES);
	localparam int SH_AW = $clog2(SHARED_BYTES);
	localparam int DTB_AW = $clog2(DTB_WORDS);
	localparam int E = COPY_ENGINES;

	// ----------------------------------------------------------------- core

	logic        mp_rst, irq_timer, irq_external, sleeping;
	logic        if_req, if_gnt, if_rvalid, if_err;
	logic [31:0] if_addr, if_rdata;
	logic        d_req, d_we, d_gnt, d_rvalid, d_err;
	logic [3:0]  d_be;
	logic [31:0] d_addr, d_wdata, d_rdata;
	logic        unused_halted, unused_trap;
	logic [31:0] unused_cause, unused_pc, unused_tval;

	ash_core #(.HART_ID(0), .HALT_ON_TRAP(1'b0)) u_core (
		.clk,
		.rst(mp_rst),
		.reset_pc(MAP_MP_ROM_BASE),
		.if_req, .if_addr, .if_gnt, .if_rvalid, .if_rdata, .if_err,
		.d_req, .d_we, .d_be, .d_addr, .d_wdata, .d_gnt, .d_rvalid, .d_rdata, .d_err,
		.irq_timer, .irq_external,
		.irq_software(1'b0),
		.sleeping,
		.halted(unused_halted),
		.halt_cause(unused_cause), .halt_pc(unused_pc), .halt_tval(unused_tval),
		.rv_valid, .rv_pc, .rv_insn, .rv_rd, .rv_rd_wdata,
		.rv_trap(unused_trap)
	);

	// -------------------------------------------------------------- decoder

	typedef enum logic [2:0] {
		T_NONE, T_ROM, T_TCM, T_SHARED, T_MP, T_COPY, T_DTB, T_TILE
	} target_t;

	function automatic logic in_range(input logic [31:0] addr, input logic [31:0] base,
			input logic [31:0] bytes);
		return addr - base < bytes;
	endfunction

	function automatic target_t decode(input logic [31:0] addr);
		if (in_range(addr, MAP_MP_ROM_BASE, 32'(ROM_BYTES)))
			return T_ROM;
		if (in_range(addr, MAP_MP_TCM_BASE, 32'(TCM_BYTES)))
			return T_TCM;
		if (in_range(addr, MAP_MP_SHARED_BASE, 32'(SHARED_BYTES)))
			return T_SHARED;
		if (in_range(addr, MAP_MP_MP_BASE, MAP_MP_MP_BYTES))
			return T_MP;
		if (in_range(addr, MAP_MP_COPY_BASE, 32'(E) * MAP_MP_COPY_STRIDE))
			return T_COPY;
		if (in_range(addr, MAP_MP_DTB_BASE, 32'(4 * DTB_WORDS)))
			return T_DTB;
		if (in_range(addr, MAP_MP_TILE_BASE, 32'(TILES) * MAP_MP_TILE_STRIDE))
			return T_TILE;
		return T_NONE;
	endfunction

	target_t     at, target, from;
	logic        bad_size;
	logic [5:0]  tile, tile_from;
	logic [3:0]  engine, engine_from;

	assign at = decode(d_addr);
	assign bad_size = d_we && d_be != 4'hf;
	assign tile = 6'((d_addr - MAP_MP_TILE_BASE) >> $clog2(MAP_MP_TILE_STRIDE));
	assign engine = d_addr[11:8];

	always_comb begin
		target = at;
		case (at)
			T_ROM, T_DTB: if (d_we) target = T_NONE;
			T_MP, T_COPY, T_TILE: if (bad_size) target = T_NONE;
			default: ;
		endcase
	end

	logic        mp_gnt, mp_err;
	logic [31:0] mp_rdata, rom_rdata, tcm_rdata, shared_rdata;
	logic [E-1:0] copy_req, copy_gnt, copy_err;
	logic [31:0] copy_rdata [E];

	always_comb begin
		d_gnt = 1'b1;
		case (target)
			T_MP: d_gnt = mp_gnt;
			T_COPY: d_gnt = (copy_gnt & copy_req) != '0;
			T_TILE: d_gnt = (tile_gnt & tile_req) != '0;
			default: ;
		endcase
	end

	// The answer: in the next cycle, or when the tile gives it.
	logic        pending, dtb_unused;
	logic [31:0] dtb_rdata;

	always_ff @(posedge clk) begin
		if (d_req && d_gnt) begin
			from <= target;
			tile_from <= tile;
			engine_from <= engine;
			if (target == T_DTB)
				dtb_rdata <= DTB[DTB_AW'(d_addr >> 2)];
		end
		pending <= (d_req && d_gnt) || (pending && !d_rvalid);
		if (mp_rst)
			pending <= 1'b0;
	end

	always_comb begin
		d_rvalid = pending;
		d_err = 1'b0;
		d_rdata = '0;
		case (from)
			T_ROM: d_rdata = rom_rdata;
			T_TCM: d_rdata = tcm_rdata;
			T_SHARED: d_rdata = shared_rdata;
			T_MP: begin
				d_rdata = mp_rdata;
				d_err = mp_err;
			end
			T_COPY: for (int e = 0; e < E; e++)
				if (engine_from == 4'(e)) begin
					d_rdata = copy_rdata[e];
					d_err = copy_err[e];
				end
			T_DTB: d_rdata = dtb_rdata;
			T_TILE: begin
				d_rvalid = 1'b0;
				for (int t = 0; t < TILES; t++)
					if (tile_from == 6'(t)) begin
						d_rvalid = pending && tile_rvalid[t];
						d_rdata = tile_rdata[t];
						d_err = tile_err[t];
					end
			end
			default: d_err = 1'b1;
		endcase
	end

	for (genvar t = 0; t < TILES; t++) begin : g_tile
		assign tile_req[t] = d_req && target == T_TILE && tile == 6'(t) && !mp_rst;
	end
	assign tile_we = d_we;
	assign tile_addr = d_addr[15:0];
	assign tile_wdata = d_wdata;
	assign dtb_unused = &{1'b0, DTB_BYTES[0]};

	// ------------------------------------------------------------- memories

	target_t     if_at, if_from;
	logic        if_tcm_gnt;
	logic [31:0] if_rom_rdata, if_tcm_rdata;

	always_comb begin
		if_at = T_NONE;
		if (in_range(if_addr, MAP_MP_ROM_BASE, 32'(ROM_BYTES)))
			if_at = T_ROM;
		else if (in_range(if_addr, MAP_MP_TCM_BASE, 32'(TCM_BYTES)))
			if_at = T_TCM;
	end
	assign if_gnt = if_at == T_TCM ? if_tcm_gnt : 1'b1;

	always_ff @(posedge clk) begin
		if_rvalid <= if_req && if_gnt && !mp_rst;
		if (if_req)
			if_from <= if_at;
	end
	always_comb begin
		if_err = 1'b0;
		case (if_from)
			T_ROM: if_rdata = if_rom_rdata;
			T_TCM: if_rdata = if_tcm_rdata;
			default: begin
				if_rdata = '0;
				if_err = 1'b1;
			end
		endcase
	end

	ash_mp_rom #(.BYTES(ROM_BYTES)) u_rom (
		.clk,
		.a_req(d_req && target == T_ROM),
		.a_addr(d_addr[ROM_AW-1:2]),
		.a_rdata(rom_rdata),
		.b_req(if_req && if_at == T_ROM),
		.b_addr(if_addr[ROM_AW-1:2]),
		.b_rdata(if_rom_rdata)
	);

	// The copy engines' side of the memories: each memory serves one engine
	// a cycle, by turns.
	logic [E-1:0]  l_req, l_gnt, l_we, l_shared;
	logic [31:0]   l_addr [E];
	logic [7:0]    l_strb [E];
	logic [511:0]  l_wdata [E];
	logic [511:0]  l_rdata [E];
	logic [E-1:0]  l_was_shared;

	localparam int EW = E > 1 ? $clog2(E) : 1;
	logic [E-1:0]  tcm_win, shared_win;
	logic [EW-1:0] tcm_engine, shared_engine;
	logic          tcm_gnt, shared_gnt;
	logic [511:0]  tcm_row, shared_row;

	for (genvar e = 0; e < E; e++) begin : g_local
		assign l_shared[e] = in_range(l_addr[e], MAP_MP_SHARED_BASE, 32'(SHARED_BYTES));
		assign l_gnt[e] = (tcm_win[e] && tcm_gnt) || (shared_win[e] && shared_gnt);
		assign l_rdata[e] = l_was_shared[e] ? shared_row : tcm_row;
	end
	always_ff @(posedge clk)
		l_was_shared <= l_shared;

	ash_rr #(.N(E)) u_tcm_turn (
		.clk, .rst,
		.req(l_req & ~l_shared),
		.take(1'b1),
		.grant(tcm_win),
		.index(tcm_engine)
	);
	ash_rr #(.N(E)) u_shared_turn (
		.clk, .rst,
		.req(l_req & l_shared),
		.take(1'b1),
		.grant(shared_win),
		.index(shared_engine)
	);

	ash_mp_sram #(.BYTES(TCM_BYTES)) u_tcm (
		.clk, .rst,
		.a_req(d_req && target == T_TCM && !mp_rst),
		.a_we(d_we), .a_be(d_be),
		.a_addr(d_addr[TCM_AW-1:2]),
		.a_wdata(d_wdata),
		.a_rdata(tcm_rdata),
		.b_req(if_req && if_at == T_TCM),
		.b_gnt(if_tcm_gnt),
		.b_we(1'b0),
		.b_addr(if_addr[TCM_AW-1:2]),
		.b_wdata('0),
		.b_rdata(if_tcm_rdata),
		.w_req(tcm_win != '0),
		.w_gnt(tcm_gnt),
		.w_we(l_we[tcm_engine]),
		.w_strb(l_strb[tcm_engine]),
		.w_addr(l_addr[tcm_engine][TCM_AW-1:6]),
		.w_wdata(l_wdata[tcm_engine]),
		.w_rdata(tcm_row)
	);

	ash_mp_sram #(.BYTES(SHARED_BYTES)) u_shared (
		.clk, .rst,
		.a_req(d_req && target == T_SHARED && !mp_rst),
		.a_we(d_we), .a_be(d_be),
		.a_addr(d_addr[SH_AW-1:2]),
		.a_wdata(d_wdata),
		.a_rdata(shared_rdata),
		.b_req(sh_req),
		.b_gnt(sh_gnt),
		.b_we(sh_we),
		.b_addr(sh_addr[SH_AW-1:2]),
		.b_wdata(sh_wdata),
		.b_rdata(sh_rdata),
		.w_req(shared_win != '0),
		.w_gnt(shared_gnt),
		.w_we(l_we[shared_engine]),
		.w_strb(l_strb[shared_engine]),
		.w_addr(l_addr[shared_engine][SH_AW-1:6]),
		.w_wdata(l_wdata[shared_engine]),
		.w_rdata(shared_row)
	);

	// ---------------------------------------------------------- peripherals

	logic [31:0]  issued [E], done [E];
	logic [E-1:0] copy_irq, copy_idle;
	logic         regs_idle;

	ash_mp_regs u_regs (
		.clk, .por, .rst, .mp_run, .mp_rst, .skip,
		.req(d_req && target == T_MP && !mp_rst),
		.gnt(mp_gnt),
		.we(d_we),
		.addr(d_addr[11:0]),
		.wdata(d_wdata),
		.rdata(mp_rdata),
		.err(mp_err),
		.irq_timer, .irq_external,
		.db_valid, .db_index, .db_value, .db_disabled, .db_overrun, .db_head, .db_depth,
		.tile_event,
		.copy_irq(copy_irq != '0),
		.copy_issued(issued), .copy_done(done),
		.vec_valid, .vec, .post, .boot_addr_lo, .boot_addr_hi, .boot_bytes,
		.host_err, .host_err_addr, .host_err_clear,
		.mtime,
		.idle(regs_idle),
		.next_event
	);

	for (genvar e = 0; e < E; e++) begin : g_copy
		assign copy_req[e] = d_req && target == T_COPY && engine == 4'(e) && !mp_rst;
		ash_copy u_copy (
			.clk, .rst,
			.cancel(mp_rst),
			.req(copy_req[e]), .gnt(copy_gnt[e]), .we(d_we), .addr(d_addr[7:0]),
			.wdata(d_wdata), .rdata(copy_rdata[e]), .err(copy_err[e]),
			.issued(issued[e]), .done(done[e]), .irq(copy_irq[e]), .idle(copy_idle[e]),
			.rd_valid(rd_valid[e]), .rd_ready(rd_ready[e]), .rd_req(rd_req[e]),
			.rsp_valid(rsp_valid[e]), .rsp(rsp[e]), .rsp_data(rsp_data[e]),
			.wr_valid(wr_valid[e]), .wr_ready(wr_ready[e]), .wr_req(wr_req[e]),
			.wr_data(wr_data[e]), .wr_strb(wr_strb[e]),
			.wack_valid(wack_valid[e]), .wack(wack[e]),
			.l_req(l_req[e]), .l_gnt(l_gnt[e]), .l_we(l_we[e]), .l_addr(l_addr[e]),
			.l_strb(l_strb[e]), .l_wdata(l_wdata[e]), .l_rdata(l_rdata[e])
		);
	end

	assign idle = (mp_rst ? !mp_run : sleeping) && !pending && copy_idle == '1 && regs_idle;
endmodule
