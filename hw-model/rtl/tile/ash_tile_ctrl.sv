// SPDX-License-Identifier: MIT
//
// Block TILE, what the management processor sees: the state machine, the
// job's parameters, the first fault, and the performance counters. Requests
// are answered in the next cycle; an offset without a register is an error,
// a write to a read-only register is dropped, and so is a write to a job's
// parameter from START until the job's end; CTRL reads as 0.
module ash_tile_ctrl
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic         clk,
	input  logic         rst,

	input  logic         reg_req,
	input  logic         reg_we,
	input  logic [15:0]  reg_addr,
	input  logic [31:0]  reg_wdata,
	output logic         reg_rvalid,
	output logic [31:0]  reg_rdata,
	output logic         reg_err,

	output logic         event_pulse,
	output logic         stopped,                   // nothing can happen before a command

	// State, as the rest of the tile needs it.
	output logic         start,                     // a pulse: START is taken
	output logic         loading,
	output logic         running,
	output logic         clear,                     // units drop everything (STOPPING)
	output logic         scrub,
	output logic         tlb_flush,
	output logic         invalidating,              // no new translations: older ones drain

	output logic [47:12] pt_root,
	output logic [31:0]  pt_entries,
	output logic [63:0]  code_va,
	output logic [31:0]  code_bytes,
	output logic [31:0]  text_bytes,
	output logic [31:0]  load_from,
	output logic [31:0]  entry,
	output logic [63:0]  arg_va,
	output logic [31:0]  arg_bytes,
	output logic [31:0]  index,
	output logic [31:0]  count,
	output logic [2:0][31:0] grid,
	output logic [31:0]  cycle,                     // since START

	input  logic         loaded,
	input  logic         exit_valid,
	input  logic [31:0]  exit_code,
	input  logic         units_idle,
	input  logic         bus_busy,                  // requests held or in flight
	input  logic         scrubbed,

	// Faults by TILE.FAULT_UNIT: core, loader, load, store, matrix, vector.
	input  logic [5:0]   fault_valid,
	input  fault_t       fault [6],
	input  logic [31:0]  fault_token [6],
	input  logic [31:0]  fault_pc,

	input  logic         p_instret,
	input  logic         p_core_wait,
	input  logic         p_matrix_busy,
	input  logic         p_matrix_stall,
	input  logic         p_vector_busy,
	input  logic         p_vector_stall,
	input  logic         p_load_busy,
	input  logic         p_load_stall,
	input  logic         p_load_beat,
	input  logic         p_store_busy,
	input  logic         p_store_stall,
	input  logic         p_store_beat,
	input  logic [1:0]   p_tlb_miss
);
	typedef enum logic [3:0] {
		IDLE = TILE_STATUS_IDLE[3:0],
		LOADING = TILE_STATUS_LOADING[3:0],
		RUNNING = TILE_STATUS_RUNNING[3:0],
		DRAINING = TILE_STATUS_DRAINING[3:0],
		DONE = TILE_STATUS_DONE[3:0],
		FAULT = TILE_STATUS_FAULT[3:0],
		KILLED = TILE_STATUS_KILLED[3:0],
		SCRUBBING = TILE_STATUS_SCRUBBING[3:0],
		STOPPING = TILE_STATUS_STOPPING[3:0]
	} state_t;

	state_t      state;
	logic        killed;                            // STOPPING ends in KILLED, not FAULT
	logic        active;                            // LOADING .. STOPPING
	logic        wr, cmd_start, cmd_kill, cmd_scrub, cmd_invalidate;
	logic        wr_job;                            // parameters are taken while no job is on

	// ---- commands

	assign wr = reg_req && reg_we;
	assign wr_job = wr && !active;
	assign cmd_start = wr && reg_addr == TILE_CTRL[15:0] && reg_wdata == TILE_CTRL_START;
	assign cmd_kill = wr && reg_addr == TILE_CTRL[15:0] && reg_wdata == TILE_CTRL_KILL;
	assign cmd_scrub = wr && reg_addr == TILE_CTRL[15:0] && reg_wdata == TILE_CTRL_SCRUB;

	assign cmd_invalidate = wr && reg_addr == TILE_CTRL[15:0] &&
		reg_wdata == TILE_CTRL_TLB_INVALIDATE;

	assign stopped = state == IDLE || state == DONE || state == FAULT || state == KILLED;
	assign active = !stopped && state != SCRUBBING;
	assign start = cmd_start && stopped;
	assign loading = state == LOADING;
	assign running = state == RUNNING;
	assign clear = state == STOPPING;
	assign scrub = state == SCRUBBING;

	// ---- state

	always_ff @(posedge clk) begin
		event_pulse <= 1'b0;
		case (state)
		LOADING:
			if (loaded)
				state <= RUNNING;
		RUNNING:
			if (exit_valid)
				state <= DRAINING;
		DRAINING:
			if (units_idle) begin
				state <= DONE;
				event_pulse <= 1'b1;
			end
		STOPPING:
			if (!bus_busy) begin
				state <= killed ? KILLED : FAULT;
				event_pulse <= 1'b1;
			end
		SCRUBBING:
			if (scrubbed) begin
				state <= IDLE;
				event_pulse <= 1'b1;
			end
		default: begin
			if (start)
				state <= LOADING;
			if (cmd_scrub)
				state <= SCRUBBING;
			if (cmd_kill) begin
				state <= KILLED;
				event_pulse <= 1'b1;
			end
			killed <= 1'b0;
		end
		endcase
		if (active && state != STOPPING && (cmd_kill || fault_valid != '0)) begin
			state <= STOPPING;
			event_pulse <= 1'b0;
		end
		if (active && cmd_kill) begin
			killed <= 1'b1;
			if (state == STOPPING && !bus_busy)
				state <= KILLED;
		end
		if (rst) begin
			state <= IDLE;
			killed <= 1'b0;
			event_pulse <= 1'b0;
		end
	end

	// ---- the job's parameters

	logic [31:0] context_id;
	logic [31:0] root_lo, root_hi;

	assign pt_root = {root_hi[15:0], root_lo[31:12]};

	always_ff @(posedge clk) begin
		if (rst) begin
			context_id <= '0;
			root_lo <= '0;
			root_hi <= '0;
			pt_entries <= '0;
			code_va <= '0;
			code_bytes <= '0;
			text_bytes <= '0;
			load_from <= '0;
			entry <= '0;
			arg_va <= '0;
			arg_bytes <= '0;
			index <= '0;
			count <= '0;
			grid <= '0;
		end else if (wr_job) begin
			case (reg_addr)
			TILE_CONTEXT[15:0]: context_id <= reg_wdata;
			TILE_PT_ROOT_LO[15:0]: root_lo <= reg_wdata;
			TILE_PT_ROOT_HI[15:0]: root_hi <= reg_wdata;
			TILE_PT_ENTRIES[15:0]: pt_entries <= reg_wdata;
			TILE_CODE_VA_LO[15:0]: code_va[31:0] <= reg_wdata;
			TILE_CODE_VA_HI[15:0]: code_va[63:32] <= reg_wdata;
			TILE_CODE_BYTES[15:0]: code_bytes <= reg_wdata;
			TILE_TEXT_BYTES[15:0]: text_bytes <= reg_wdata;
			TILE_LOAD_FROM[15:0]: load_from <= reg_wdata;
			TILE_ENTRY[15:0]: entry <= reg_wdata;
			TILE_ARG_VA_LO[15:0]: arg_va[31:0] <= reg_wdata;
			TILE_ARG_VA_HI[15:0]: arg_va[63:32] <= reg_wdata;
			TILE_ARG_BYTES[15:0]: arg_bytes <= reg_wdata;
			TILE_INDEX[15:0]: index <= reg_wdata;
			TILE_COUNT[15:0]: count <= reg_wdata;
			TILE_GRID_X[15:0]: grid[0] <= reg_wdata;
			TILE_GRID_Y[15:0]: grid[1] <= reg_wdata;
			TILE_GRID_Z[15:0]: grid[2] <= reg_wdata;
			default: ;
			endcase
		end
	end

	// Another address space: what the TLB knows is worth nothing.
	always_comb begin
		tlb_flush = scrub || cmd_invalidate;
		if (wr_job) begin
			case (reg_addr)
			TILE_CONTEXT[15:0]: tlb_flush |= reg_wdata != context_id;
			TILE_PT_ROOT_LO[15:0]: tlb_flush |= reg_wdata != root_lo;
			TILE_PT_ROOT_HI[15:0]: tlb_flush |= reg_wdata != root_hi;
			TILE_PT_ENTRIES[15:0]: tlb_flush |= reg_wdata != pt_entries;
			default: ;
			endcase
		end
	end

	// In the cycle of the command requests with an older translation may still
	// be made; from the next cycle on none is, and bus_busy knows them all.
	always_ff @(posedge clk) begin
		if (rst)
			invalidating <= 1'b0;
		else if (cmd_invalidate)
			invalidating <= 1'b1;
		else if (!bus_busy)
			invalidating <= 1'b0;
	end

	// ---- exit and first fault

	logic [31:0] code_out, f_sub, f_pc, f_token;
	logic [63:0] f_addr;
	logic [2:0]  f_cause, f_unit;

	always_ff @(posedge clk) begin
		if (rst || start) begin
			code_out <= '0;
			f_cause <= '0;
			f_unit <= '0;
			f_sub <= '0;
			f_addr <= '0;
			f_pc <= '0;
			f_token <= '0;
		end else begin
			if (running && exit_valid)
				code_out <= exit_code;
			if (active && state != STOPPING && fault_valid != '0) begin
				for (int u = 5; u >= 0; u--) begin
					if (fault_valid[u]) begin
						f_cause <= fault[u].cause;
						f_unit <= 3'(u);
						f_sub <= fault[u].sub;
						f_addr <= fault[u].addr;
						f_token <= fault_token[u];
					end
				end
				f_pc <= fault_pc;
			end else if (active && state != STOPPING && cmd_kill) begin
				f_pc <= fault_pc; // where a killed kernel was
			end
		end
	end

	// ---- performance counters

	logic [31:0] c_loading, c_instret, c_core_wait, c_matrix_busy, c_matrix_stall;
	logic [31:0] c_vector_busy, c_vector_stall, c_load_busy, c_load_stall, c_load_beats;
	logic [31:0] c_store_busy, c_store_stall, c_store_beats, c_tlb_miss;

	always_ff @(posedge clk) begin
		if (rst || start) begin
			cycle <= '0;
			c_loading <= '0;
			c_instret <= '0;
			c_core_wait <= '0;
			c_matrix_busy <= '0;
			c_matrix_stall <= '0;
			c_vector_busy <= '0;
			c_vector_stall <= '0;
			c_load_busy <= '0;
			c_load_stall <= '0;
			c_load_beats <= '0;
			c_store_busy <= '0;
			c_store_stall <= '0;
			c_store_beats <= '0;
			c_tlb_miss <= '0;
		end else if (active) begin
			cycle <= cycle + 1;
			c_loading <= c_loading + 32'(loading);
			c_instret <= c_instret + 32'(p_instret);
			c_core_wait <= c_core_wait + 32'(p_core_wait);
			c_matrix_busy <= c_matrix_busy + 32'(p_matrix_busy);
			c_matrix_stall <= c_matrix_stall + 32'(p_matrix_stall);
			c_vector_busy <= c_vector_busy + 32'(p_vector_busy);
			c_vector_stall <= c_vector_stall + 32'(p_vector_stall);
			c_load_busy <= c_load_busy + 32'(p_load_busy);
			c_load_stall <= c_load_stall + 32'(p_load_stall);
			c_load_beats <= c_load_beats + 32'(p_load_beat);
			c_store_busy <= c_store_busy + 32'(p_store_busy);
			c_store_stall <= c_store_stall + 32'(p_store_stall);
			c_store_beats <= c_store_beats + 32'(p_store_beat);
			c_tlb_miss <= c_tlb_miss + 32'(p_tlb_miss[0]) + 32'(p_tlb_miss[1]);
		end
	end

	// ---- answers

	always_ff @(posedge clk) begin
		reg_rvalid <= reg_req && !rst;
		if (reg_req) begin
			reg_err <= 1'b0;
			case (reg_addr)
			TILE_CTRL[15:0]: reg_rdata <= '0;
			TILE_STATUS[15:0]: reg_rdata <= 32'(state);
			TILE_CONTEXT[15:0]: reg_rdata <= context_id;
			TILE_PT_ROOT_LO[15:0]: reg_rdata <= root_lo;
			TILE_PT_ROOT_HI[15:0]: reg_rdata <= root_hi;
			TILE_PT_ENTRIES[15:0]: reg_rdata <= pt_entries;
			TILE_CODE_VA_LO[15:0]: reg_rdata <= code_va[31:0];
			TILE_CODE_VA_HI[15:0]: reg_rdata <= code_va[63:32];
			TILE_CODE_BYTES[15:0]: reg_rdata <= code_bytes;
			TILE_TEXT_BYTES[15:0]: reg_rdata <= text_bytes;
			TILE_LOAD_FROM[15:0]: reg_rdata <= load_from;
			TILE_ENTRY[15:0]: reg_rdata <= entry;
			TILE_ARG_VA_LO[15:0]: reg_rdata <= arg_va[31:0];
			TILE_ARG_VA_HI[15:0]: reg_rdata <= arg_va[63:32];
			TILE_ARG_BYTES[15:0]: reg_rdata <= arg_bytes;
			TILE_INDEX[15:0]: reg_rdata <= index;
			TILE_COUNT[15:0]: reg_rdata <= count;
			TILE_GRID_X[15:0]: reg_rdata <= grid[0];
			TILE_GRID_Y[15:0]: reg_rdata <= grid[1];
			TILE_GRID_Z[15:0]: reg_rdata <= grid[2];
			TILE_EXIT_CODE[15:0]: reg_rdata <= code_out;
			TILE_FAULT_CAUSE[15:0]: reg_rdata <= 32'(f_cause);
			TILE_FAULT_UNIT[15:0]: reg_rdata <= 32'(f_unit);
			TILE_FAULT_SUB[15:0]: reg_rdata <= f_sub;
			TILE_FAULT_ADDR_LO[15:0]: reg_rdata <= f_addr[31:0];
			TILE_FAULT_ADDR_HI[15:0]: reg_rdata <= f_addr[63:32];
			TILE_FAULT_PC[15:0]: reg_rdata <= f_pc;
			TILE_FAULT_TOKEN[15:0]: reg_rdata <= f_token;
			TILE_INVALIDATING[15:0]: reg_rdata <= 32'(invalidating);
			TILE_PERF_CYCLES[15:0]: reg_rdata <= cycle;
			TILE_PERF_LOADING[15:0]: reg_rdata <= c_loading;
			TILE_PERF_INSTRET[15:0]: reg_rdata <= c_instret;
			TILE_PERF_CORE_WAIT[15:0]: reg_rdata <= c_core_wait;
			TILE_PERF_MATRIX_BUSY[15:0]: reg_rdata <= c_matrix_busy;
			TILE_PERF_MATRIX_STALL[15:0]: reg_rdata <= c_matrix_stall;
			TILE_PERF_VECTOR_BUSY[15:0]: reg_rdata <= c_vector_busy;
			TILE_PERF_VECTOR_STALL[15:0]: reg_rdata <= c_vector_stall;
			TILE_PERF_LOAD_BUSY[15:0]: reg_rdata <= c_load_busy;
			TILE_PERF_LOAD_STALL[15:0]: reg_rdata <= c_load_stall;
			TILE_PERF_LOAD_BEATS[15:0]: reg_rdata <= c_load_beats;
			TILE_PERF_STORE_BUSY[15:0]: reg_rdata <= c_store_busy;
			TILE_PERF_STORE_STALL[15:0]: reg_rdata <= c_store_stall;
			TILE_PERF_STORE_BEATS[15:0]: reg_rdata <= c_store_beats;
			TILE_PERF_TLB_MISS[15:0]: reg_rdata <= c_tlb_miss;
			default: begin
				reg_rdata <= '0;
				reg_err <= 1'b1;
			end
			endcase
		end
	end

	a_invalidating: assert property (@(posedge clk) disable iff (rst)
		$fell(invalidating) |-> !$past(bus_busy));
	a_stays_stopped: assert property (@(posedge clk) disable iff (rst)
		stopped && !wr |=> stopped);
endmodule
