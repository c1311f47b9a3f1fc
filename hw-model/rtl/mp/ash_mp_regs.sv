// SPDX-License-Identifier: MIT
//
// Block MP: timer, interrupts, doorbells, vectors, post code, watchdog and
// what the board is. Registers are read and written in the cycle of req &&
// gnt; read data comes in the next cycle. Only a write to VECTOR ever waits.
module ash_mp_regs
	import ash_board_pkg::*;
	import ash_regs_pkg::*;
	import ash_dtb_pkg::*;
(
	input  logic        clk,
	input  logic        por,                        // power-on
	input  logic        rst,                        // power-on or HOST.RESET
	input  logic        mp_run,                     // HOST.MP_CTRL.RUN
	output logic        mp_rst,                     // the processor's reset
	input  logic [63:0] skip,                       // cycles that pass besides this one

	input  logic        req,
	output logic        gnt,
	input  logic        we,
	input  logic [11:0] addr,
	input  logic [31:0] wdata,
	output logic [31:0] rdata,
	output logic        err,                        // no such register

	output logic        irq_timer,
	output logic        irq_external,

	// Doorbells, from ash_host_regs; judged in the same cycle.
	input  logic        db_valid,
	input  logic [5:0]  db_index,
	input  logic [31:0] db_value,
	output logic        db_disabled,
	output logic        db_overrun,
	output logic [31:0] db_head,                    // of that doorbell, for messages
	output logic [31:0] db_depth,

	input  logic [TILES-1:0] tile_event,

	// Copy engines.
	input  logic        copy_irq,
	input  logic [31:0] copy_issued [COPY_ENGINES],
	input  logic [31:0] copy_done [COPY_ENGINES],

	// Host interface.
	output logic        vec_valid,
	output logic [5:0]  vec,
	output logic [31:0] post,
	input  logic [31:0] boot_addr_lo,
	input  logic [31:0] boot_addr_hi,
	input  logic [31:0] boot_bytes,
	input  logic [3:0]  host_err,
	input  logic [31:0] host_err_addr,
	output logic [3:0]  host_err_clear,

	output logic [63:0] mtime,
	output logic        idle,
	output logic [63:0] next_event                  // cycles until time alone does something; all ones: never
);
	localparam int VECTOR_QUEUE = 8;
	localparam int DBW = $clog2(DOORBELLS);
	localparam logic [63:0] NEVER = '1;

	// ---------------------------------------------------------------- time

	logic [63:0] mtimecmp, step;

	assign step = skip + 64'd1;
	always_ff @(posedge clk)
		mtime <= rst ? '0 : mtime + step;
	assign irq_timer = mtime >= mtimecmp;

	// -------------------------------------------------------------- resets

	logic        wdt_fire, run_before;
	logic [31:0] wdt_period, wdt_left, reset_cause;

	assign mp_rst = rst || !mp_run || wdt_fire;

	always_ff @(posedge clk) begin
		run_before <= mp_run && !rst;
		if (por)
			reset_cause <= MP_RESET_CAUSE_POWER;
		else if (rst)
			reset_cause <= MP_RESET_CAUSE_HOST;
		else if (wdt_fire)
			reset_cause <= MP_RESET_CAUSE_WATCHDOG;
		else if (run_before && !mp_run)
			reset_cause <= MP_RESET_CAUSE_POWER;
	end

	// ------------------------------------------------------------ doorbells

	logic [31:0] db_tail [DOORBELLS];
	logic [31:0] db_heads [DOORBELLS];
	logic [31:0] db_depths [DOORBELLS];
	logic [63:0] db_pending;
	logic        db_take;
	logic [DBW-1:0] db_number;

	assign db_number = db_index[DBW-1:0];
	assign db_head = db_heads[db_number];
	assign db_depth = db_depths[db_number];
	assign db_disabled = db_depth == '0;
	assign db_overrun = !db_disabled && db_value - db_head > db_depth;
	assign db_take = db_valid && !db_disabled && !db_overrun;

	// ---------------------------------------------------------------- reads

	logic        take, write, known;
	logic [31:0] offset, value, post_code;
	logic [3:0]  irq_pending, irq_enable;
	logic [TILES-1:0] tile_pending;
	logic [DBW-1:0]   number;                       // of the array element

	assign offset = {20'h0, addr};
	assign number = addr[DBW+1:2];
	assign post = mp_rst ? '0 : post_code;          // of no use after a reset
	assign take = req && gnt;
	assign write = take && we;

	function automatic logic in_array(input logic [31:0] at, input logic [31:0] base,
			input int count);
		return at >= base && at < base + 32'(4 * count);
	endfunction

	always_comb begin
		irq_pending = '0;
		irq_pending[MP_IRQ_PENDING_DOORBELL_LSB] = db_pending != '0;
		irq_pending[MP_IRQ_PENDING_TILE_LSB] = tile_pending != '0;
		irq_pending[MP_IRQ_PENDING_COPY_LSB] = copy_irq;
		irq_pending[MP_IRQ_PENDING_HOST_ERR_LSB] = host_err != '0;
	end
	assign irq_external = (irq_pending & irq_enable) != '0;

	always_comb begin
		known = 1'b1;
		value = '0;
		case (offset)
			MP_MTIME_LO: value = mtime[31:0];
			MP_MTIME_HI: value = mtime[63:32];
			MP_MTIMECMP_LO: value = mtimecmp[31:0];
			MP_MTIMECMP_HI: value = mtimecmp[63:32];
			MP_IRQ_PENDING: value[3:0] = irq_pending;
			MP_IRQ_ENABLE: value[3:0] = irq_enable;
			MP_DB_PENDING: value = db_pending[31:0];
			MP_DB_PENDING + 4: value = db_pending[63:32];
			MP_TILE_EVENT: value = 32'(tile_pending);
			MP_VECTOR: ;
			MP_POST: value = post;
			MP_WDT_PERIOD: value = wdt_period;
			MP_WDT_KICK: ;
			MP_RESET_CAUSE: value = reset_cause;
			MP_BOOT_ADDR_LO: value = boot_addr_lo;
			MP_BOOT_ADDR_HI: value = boot_addr_hi;
			MP_BOOT_BYTES: value = boot_bytes;
			MP_HOST_ERR: value[3:0] = host_err;
			MP_HOST_ERR_ADDR: value = host_err_addr;
			MP_HW_VERSION: value = HOST_HW_VERSION_RESET;
			MP_PLATFORM: value = HOST_PLATFORM_RTL;
			MP_CFG_TILES: value = 32'(TILES);
			MP_CFG_LMEM_BYTES: value = 32'(LMEM_BYTES);
			MP_CFG_SPAD_BYTES: value = 32'(SPAD_BYTES);
			MP_CFG_CLOCK_KHZ: value = 32'(CLOCK_KHZ);
			MP_CFG_MEM_LO: value = 32'(MEM_BYTES);
			MP_CFG_MEM_HI: value = 32'(MEM_BYTES >> 32);
			MP_CFG_ARRAY: value = 32'(ARRAY);
			MP_DTB_BYTES: value = 32'(DTB_BYTES);
			default:
				if (in_array(offset, MP_DB_TAIL, DOORBELLS))
					value = db_tail[number];
				else if (in_array(offset, MP_DB_HEAD, DOORBELLS))
					value = db_heads[number];
				else if (in_array(offset, MP_DB_DEPTH, DOORBELLS))
					value = db_depths[number];
				else
					known = 1'b0;
		endcase
		if (we && offset == MP_VECTOR && wdata >= 32'(VECTORS))
			known = 1'b0;
	end

	always_ff @(posedge clk) begin
		if (take) begin
			rdata <= we || !known ? '0 : value;
			err <= !known;
		end
	end

	// --------------------------------------------------------------- writes

	logic [63:0]      db_clear;
	logic [TILES-1:0] tile_clear;

	always_comb begin
		db_clear = '0;
		tile_clear = '0;
		host_err_clear = '0;
		if (write)
			case (offset)
				MP_DB_PENDING: db_clear[31:0] = wdata;
				MP_DB_PENDING + 4: db_clear[63:32] = wdata;
				MP_TILE_EVENT: tile_clear = wdata[TILES-1:0];
				MP_HOST_ERR: host_err_clear = wdata[3:0];
				default: ;
			endcase
	end

	always_ff @(posedge clk) begin
		db_pending <= (db_pending & ~db_clear) | (64'(db_take) << db_index);
		tile_pending <= (tile_pending & ~tile_clear) | tile_event;
		if (db_take)
			db_tail[db_number] <= db_value;
		if (write)
			case (offset)
				MP_MTIMECMP_LO: mtimecmp[31:0] <= wdata;
				MP_MTIMECMP_HI: mtimecmp[63:32] <= wdata;
				MP_IRQ_ENABLE: irq_enable <= wdata[3:0];
				MP_POST: post_code <= wdata;
				default: begin
					if (in_array(offset, MP_DB_HEAD, DOORBELLS))
						db_heads[number] <= wdata;
					if (in_array(offset, MP_DB_DEPTH, DOORBELLS))
						db_depths[number] <= wdata;
				end
			endcase
		if (mp_rst) begin
			db_pending <= '0;
			tile_pending <= '0;
			mtimecmp <= {MP_MTIMECMP_HI_RESET, MP_MTIMECMP_LO_RESET};
			irq_enable <= '0;
			post_code <= '0;
			for (int i = 0; i < DOORBELLS; i++) begin
				db_tail[i] <= '0;
				db_heads[i] <= '0;
				db_depths[i] <= '0;
			end
		end
	end

	// ------------------------------------------------------------- watchdog

	always_ff @(posedge clk) begin
		wdt_fire <= 1'b0;
		if (wdt_period != '0) begin
			wdt_left <= wdt_left - step[31:0];
			wdt_fire <= {32'h0, wdt_left} <= step;
		end
		if (write && offset == MP_WDT_PERIOD) begin
			wdt_period <= wdata;
			wdt_left <= wdata;
			wdt_fire <= 1'b0;
		end
		if (write && offset == MP_WDT_KICK) begin
			wdt_left <= wdt_period;
			wdt_fire <= 1'b0;
		end
		if (mp_rst) begin
			wdt_period <= '0;
			wdt_left <= '0;
			wdt_fire <= 1'b0;
		end
	end

	// -------------------------------------------------------------- vectors

	// A vector leaves when all copies started before it are finished, so
	// that what they wrote is seen by who the vector wakes.
	logic        v_write, v_in, v_ready, v_queued, v_go;
	logic [5:0]  v_number;
	logic [32*COPY_ENGINES-1:0] v_issued, v_wait;
	logic [COPY_ENGINES-1:0] v_behind;

	assign v_write = we && offset == MP_VECTOR && known;
	assign gnt = req && (!v_write || v_ready);
	assign v_in = write && offset == MP_VECTOR && known;

	for (genvar e = 0; e < COPY_ENGINES; e++) begin : g_copy
		assign v_issued[32*e +: 32] = copy_issued[e];
		assign v_behind[e] = $signed(copy_done[e] - v_wait[32*e +: 32]) < 0;
	end

	ash_fifo #(.W(6 + 32 * COPY_ENGINES), .DEPTH(VECTOR_QUEUE)) u_vectors (
		.clk,
		.rst(mp_rst),
		.clear(1'b0),
		.in_valid(v_in),
		.in_ready(v_ready),
		.in_data({wdata[5:0], v_issued}),
		.out_valid(v_queued),
		.out_ready(v_go),
		.out_data({v_number, v_wait})
	);
	assign v_go = v_queued && v_behind == '0;
	assign vec_valid = v_go;
	assign vec = v_number;

	// ----------------------------------------------------------------- idle

	assign idle = !v_queued && !wdt_fire && !rst && run_before == mp_run && tile_event == '0;

	logic [63:0] timer_due, wdt_due;
	always_comb begin
		timer_due = irq_timer || mp_rst ? NEVER : mtimecmp - mtime;
		if (mtimecmp == NEVER)
			timer_due = NEVER;
		wdt_due = wdt_period == '0 ? NEVER : {32'h0, wdt_left};
		next_event = timer_due < wdt_due ? timer_due : wdt_due;
	end
endmodule
