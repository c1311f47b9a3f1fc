// SPDX-License-Identifier: MIT
//
// BAR0: block HOST, the device tree blob, the window on the shared SRAM and
// the doorbell pages. A request is taken in a cycle with reg_ready; a read is
// answered in the next cycle, from the shared SRAM some cycles later. Writes
// are posted.
module ash_host_regs
	import ash_board_pkg::*;
	import ash_regs_pkg::*;
	import ash_dtb_pkg::*;
(
	input  logic        clk,
	input  logic        rst,
	output logic        reset_request,              // HOST.RESET was written

	// Register requests of the PCIe block.
	input  logic        reg_valid,
	output logic        reg_ready,
	input  logic        reg_we,
	input  logic [19:0] reg_addr,                   // multiple of 4
	input  logic [31:0] reg_wdata,
	output logic        reg_rvalid,
	output logic [31:0] reg_rdata,

	// Shared SRAM: data in the cycle after req && gnt.
	output logic        sh_req,
	input  logic        sh_gnt,
	output logic        sh_we,
	output logic [15:2] sh_addr,
	output logic [31:0] sh_wdata,
	input  logic [31:0] sh_rdata,

	// Doorbells are judged by ash_mp_regs, in the same cycle.
	output logic        db_valid,
	output logic [5:0]  db_index,
	output logic [31:0] db_value,
	input  logic        db_disabled,
	input  logic        db_overrun,

	input  logic        dma_refused,
	input  logic [47:0] dma_refused_addr,

	input  logic [63:0] mtime,
	input  logic [31:0] post,
	input  logic [31:0] temp,
	output logic        mp_run,
	output logic [31:0] boot_addr_lo,
	output logic [31:0] boot_addr_hi,
	output logic [31:0] boot_bytes,
	output logic [3:0]  host_err,
	output logic [31:0] host_err_addr,
	input  logic [3:0]  host_err_clear,             // by the management processor

	// Misuse, a pulse each: HOST_ERR bits and the values they concern.
	output logic [3:0]  misuse,
	output logic [47:0] misuse_addr,
	output logic        misuse_we,
	output logic [31:0] misuse_value,

	output logic        idle
);
	localparam int DTB_AW = $clog2(DTB_WORDS);

	// ------------------------------------------------------------ decoding

	typedef enum logic [2:0] { V_NONE, V_HOST, V_DTB, V_SHARED, V_DOORBELL } view_t;
	view_t       view;
	logic        take;
	logic [11:0] offset;
	logic [31:0] addr;

	assign addr = {12'h0, reg_addr};
	assign offset = reg_addr[11:0];
	assign take = reg_valid && reg_ready;

	always_comb begin
		view = V_NONE;
		if (addr < MAP_BAR0_HOST_BASE + MAP_BAR0_HOST_BYTES)
			view = V_HOST;
		else if (addr >= MAP_BAR0_DTB_BASE && addr < MAP_BAR0_DTB_BASE + 32'(4 * DTB_WORDS))
			view = V_DTB;
		else if (addr >= MAP_BAR0_SHARED_BASE && addr < MAP_BAR0_SHARED_BASE + 32'(SHARED_BYTES))
			view = V_SHARED;
		else if (addr >= MAP_BAR0_DOORBELL_BASE &&
				addr < MAP_BAR0_DOORBELL_BASE + 32'(DOORBELLS) * MAP_BAR0_DOORBELL_STRIDE &&
				offset == 12'(DOORBELL_RING))
			view = V_DOORBELL;
	end

	logic host_take, host_write;
	assign host_take = take && view == V_HOST;
	assign host_write = host_take && reg_we;

	// ---------------------------------------------------------- block HOST

	logic [31:0] scratch [HOST_SCRATCH_COUNT];
	logic [31:0] cycle_hi, value;
	logic        known;

	always_comb begin
		known = 1'b1;
		value = '0;
		case ({20'h0, offset})
			HOST_ID: value = HOST_ID_RESET;
			HOST_HW_VERSION: value = HOST_HW_VERSION_RESET;
			HOST_PLATFORM: value = HOST_PLATFORM_RTL;
			HOST_DTB_BYTES: value = 32'(DTB_BYTES);
			HOST_MP_CTRL: value[HOST_MP_CTRL_RUN_LSB] = mp_run;
			HOST_POST: value = post;
			HOST_BOOT_ADDR_LO: value = boot_addr_lo;
			HOST_BOOT_ADDR_HI: value = boot_addr_hi;
			HOST_BOOT_BYTES: value = boot_bytes;
			HOST_RESET: ;
			HOST_CYCLE_LO: value = mtime[31:0];
			HOST_CYCLE_HI: value = cycle_hi;
			HOST_HOST_ERR: value = {28'h0, host_err};
			HOST_HOST_ERR_ADDR: value = host_err_addr;
			HOST_MEM_BYTES_LO: value = 32'(MEM_BYTES);
			HOST_MEM_BYTES_HI: value = 32'(MEM_BYTES >> 32);
			HOST_TEMP: value = temp;
			HOST_SCRATCH, HOST_SCRATCH + 4, HOST_SCRATCH + 8, HOST_SCRATCH + 12:
				value = scratch[offset[3:2]];
			default: known = 1'b0;
		endcase
	end

	always_ff @(posedge clk) begin
		reset_request <= 1'b0;
		if (host_take && !reg_we && {20'h0, offset} == HOST_CYCLE_LO)
			cycle_hi <= mtime[63:32];
		if (host_write)
			case ({20'h0, offset})
				HOST_MP_CTRL: mp_run <= reg_wdata[HOST_MP_CTRL_RUN_LSB];
				HOST_BOOT_ADDR_LO: boot_addr_lo <= reg_wdata;
				HOST_BOOT_ADDR_HI: boot_addr_hi <= reg_wdata;
				HOST_BOOT_BYTES: boot_bytes <= reg_wdata;
				HOST_RESET: reset_request <= reg_wdata == HOST_RESET_KEY;
				HOST_SCRATCH, HOST_SCRATCH + 4, HOST_SCRATCH + 8, HOST_SCRATCH + 12:
					scratch[offset[3:2]] <= reg_wdata;
				default: ;
			endcase
		if (rst) begin
			reset_request <= 1'b0;
			mp_run <= 1'b0;
			boot_addr_lo <= '0;
			boot_addr_hi <= '0;
			boot_bytes <= '0;
			cycle_hi <= '0;
			for (int i = 0; i < HOST_SCRATCH_COUNT; i++)
				scratch[i] <= '0;
		end
	end

	// ----------------------------------------------------------- doorbells

	assign db_valid = take && view == V_DOORBELL && reg_we;
	assign db_index = reg_addr[17:12];
	assign db_value = reg_wdata;

	// --------------------------------------------------------- shared SRAM

	logic sh_busy, sh_wait;                         // asks; has been granted a read

	always_ff @(posedge clk) begin
		if (sh_gnt)
			sh_busy <= 1'b0;
		sh_wait <= sh_busy && sh_gnt && !sh_we;
		if (take && view == V_SHARED) begin
			sh_busy <= 1'b1;
			sh_we <= reg_we;
			sh_addr <= reg_addr[15:2];
			sh_wdata <= reg_wdata;
		end
		if (rst) begin
			sh_busy <= 1'b0;
			sh_wait <= 1'b0;
		end
	end

	assign sh_req = sh_busy;
	assign reg_ready = !sh_busy && !sh_wait && !rst;

	// -------------------------------------------------------------- answers

	logic        rvalid;
	logic [31:0] rdata;

	always_ff @(posedge clk) begin
		rvalid <= take && !reg_we && view != V_SHARED && !rst;
		if (take && !reg_we)
			case (view)
				V_HOST: rdata <= value;
				V_DTB: rdata <= DTB[DTB_AW'(reg_addr >> 2)];
				default: rdata <= '0;
			endcase
	end

	assign reg_rvalid = rvalid || sh_wait;
	assign reg_rdata = sh_wait ? sh_rdata : rdata;

	// --------------------------------------------------------------- errors

	logic [3:0] err_now;
	logic       unmapped;

	assign unmapped = take && (view == V_NONE || (view == V_HOST && !known));
	always_comb begin
		err_now = '0;
		err_now[HOST_HOST_ERR_UNMAPPED_LSB] = unmapped;
		err_now[HOST_HOST_ERR_DB_DISABLED_LSB] = db_valid && db_disabled;
		err_now[HOST_HOST_ERR_DB_OVERRUN_LSB] = db_valid && db_overrun;
		err_now[HOST_HOST_ERR_DMA_RANGE_LSB] = dma_refused;
	end

	logic [3:0] clear;
	assign clear = host_err_clear |
		(host_write && {20'h0, offset} == HOST_HOST_ERR ? reg_wdata[3:0] : 4'h0);

	always_ff @(posedge clk) begin
		host_err <= (host_err & ~clear) | err_now;
		if (err_now != '0 && (host_err & ~clear) == '0)
			host_err_addr <= err_now[2:0] != '0 ? addr : dma_refused_addr[31:0];
		misuse <= err_now;
		if (err_now != '0) begin
			misuse_addr <= err_now[2:0] != '0 ? {28'h0, reg_addr} : dma_refused_addr;
			misuse_we <= reg_we;
			misuse_value <= reg_wdata;
		end
		if (rst) begin
			host_err <= '0;
			host_err_addr <= '0;
			misuse <= '0;
		end
	end

	assign idle = reg_ready && misuse == '0 && !reset_request;

	a_aligned: assert property (@(posedge clk) disable iff (rst) reg_valid |-> reg_addr[1:0] == '0);
endmodule
