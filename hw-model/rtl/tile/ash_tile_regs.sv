// SPDX-License-Identifier: MIT
//
// What a kernel sees at 0x20000000: blocks UNIT, LOAD, STORE, MATRIX, VECTOR.
// Word accesses only. An offset without a register, a write to a read-only and
// a read of a write-only register are errors. Requests are answered in the
// cycle after the grant; GO is not granted while its unit's queue is full, nor
// WAIT before its time.
module ash_tile_regs
	import ash_pkg::*;
	import ash_regs_pkg::*;
(
	input  logic         clk,
	input  logic         rst,
	input  logic         restart,           // START: counters 0, parameters at their reset values

	input  logic         req,
	input  logic         we,
	input  logic [3:0]   be,
	input  logic [10:0]  addr,
	input  logic [31:0]  wdata,
	output logic         gnt,
	output logic [31:0]  rdata,             // with err, in the cycle after the grant
	output logic         err,
	output logic         waiting,           // a WAIT before its time, or a GO on a full queue
	output logic         in_wait,           // of these, a WAIT

	input  logic [31:0]  index,
	input  logic [31:0]  count,
	input  logic [2:0][31:0] grid,
	input  logic [31:0]  arg_bytes,
	input  logic [31:0]  cycle,
	output logic         exit_valid,
	output logic [31:0]  exit_code,

	// Units in the order load, store, matrix, vector.
	output logic [3:0]   cmd_valid,
	input  logic [3:0]   cmd_ready,
	output dma_cmd_t     load_cmd,
	output dma_cmd_t     store_cmd,
	output matrix_cmd_t  matrix_cmd,
	output vector_cmd_t  vector_cmd,
	output logic [3:0]   go_ahead,          // of each unit's oldest command
	input  logic [3:0]   taken,
	input  logic [3:0]   done,
	output logic [31:0]  finished [4]
);
	localparam int MATRIX_REGS = $bits(matrix_cmd_t) / 32;
	localparam int VECTOR_REGS = $bits(vector_cmd_t) / 32;

	logic [7:0]   offset;
	logic [3:0]   sel;                      // which unit; none: UNIT or nothing
	logic [3:0]   known, reached;           // offset is a parameter; WAIT may go on
	logic [3:0]   unknown;                  // AFTER names what was not started
	logic         sel_id, word, at_go, at_issued, at_done, at_wait, at_after, at_defaults;
	logic         hit;                      // the access is a legal one
	logic         act;                      // a legal write happens now
	logic [31:0]  issued [4];
	logic [31:0]  param [4];
	logic [31:0]  after [4];
	logic [31:0]  identity;
	logic         identity_known;
	logic [MATRIX_REGS-1:0][31:0] matrix_par;       // register 0 on top, as in matrix_cmd_t
	logic [VECTOR_REGS-1:0][31:0] vector_par;

	assign offset = addr[7:0];
	assign word = be == 4'hf && addr[1:0] == '0;
	assign sel_id = addr[10:8] == MAP_KERNEL_UNIT_BASE[10:8];
	assign sel = {addr[10:8] == MAP_KERNEL_VECTOR_BASE[10:8],
		      addr[10:8] == MAP_KERNEL_MATRIX_BASE[10:8],
		      addr[10:8] == MAP_KERNEL_STORE_BASE[10:8],
		      addr[10:8] == MAP_KERNEL_LOAD_BASE[10:8]};

	// The same offsets in all four units.
	assign at_go = sel != '0 && offset == LOAD_GO[7:0];
	assign at_issued = sel != '0 && offset == LOAD_ISSUED[7:0];
	assign at_done = sel != '0 && offset == LOAD_DONE[7:0];
	assign at_wait = sel != '0 && offset == LOAD_WAIT[7:0];
	assign at_after = sel != '0 && offset >= LOAD_AFTER_LOAD[7:0] && offset <= LOAD_AFTER_VECTOR[7:0];
	assign at_defaults = {sel[3], sel[1:0]} != '0 && offset == LOAD_DEFAULTS[7:0];

	always_comb begin
		hit = 1'b0;
		gnt = 1'b0;
		waiting = 1'b0;
		in_wait = 1'b0;
		cmd_valid = '0;
		if (req) begin
			if (word && we)
				hit = (sel & known) != '0 || (at_go && (sel & unknown) == '0) || at_wait ||
				      at_after || at_defaults ||
				      (sel_id && offset == UNIT_EXIT[7:0]);
			else if (word)
				hit = (sel & known) != '0 || at_issued || at_done || at_after ||
				      (sel_id && identity_known);
			if (hit && at_go) begin
				cmd_valid = sel;
				waiting = (sel & cmd_ready) == '0;
			end
			if (hit && at_wait)
				in_wait = (sel & reached) == '0;
			waiting |= in_wait;
			gnt = !waiting;
		end
	end

	assign act = req && gnt && hit && we;
	assign exit_valid = act && sel_id;
	assign exit_code = wdata;

	always_comb begin
		identity_known = 1'b1;
		case (offset)
		UNIT_INDEX[7:0]: identity = index;
		UNIT_COUNT[7:0]: identity = count;
		UNIT_GRID_X[7:0]: identity = grid[0];
		UNIT_GRID_Y[7:0]: identity = grid[1];
		UNIT_GRID_Z[7:0]: identity = grid[2];
		UNIT_ARG_BYTES[7:0]: identity = arg_bytes;
		UNIT_LMEM_BYTES[7:0]: identity = 32'(ash_board_pkg::LMEM_BYTES);
		UNIT_SPAD_BYTES[7:0]: identity = 32'(ash_board_pkg::SPAD_BYTES);
		UNIT_ARRAY[7:0]: identity = 32'(N);
		UNIT_ACCS[7:0]: identity = 32'(ash_board_pkg::ACCS);
		UNIT_SPAD_BANKS[7:0]: identity = 32'(ash_board_pkg::SPAD_BANKS);
		UNIT_CYCLE[7:0]: identity = cycle;
		default: begin
			identity = '0;
			identity_known = 1'b0;
		end
		endcase
	end

	always_ff @(posedge clk) begin
		if (req && gnt) begin
			err <= !hit;
			rdata <= '0;
			if (hit && !we) begin
				if (sel_id)
					rdata <= identity;
				for (int u = 0; u < 4; u++)
					if (sel[u])
						rdata <= at_issued ? issued[u] :
							 at_done ? finished[u] :
							 at_after ? after[u] : param[u];
			end
		end
	end

	for (genvar u = 0; u < 4; u++) begin : g_unit
		ash_unit_count u_count (
			.clk,
			.rst(rst || restart),
			.go(cmd_valid[u] && cmd_ready[u]),
			.done(done[u]),
			.wait_for(wdata),
			.issued(issued[u]),
			.finished(finished[u]),
			.reached(reached[u])
		);

		ash_unit_after u_after (
			.clk,
			.rst(rst || restart),
			.we(act && sel[u] && at_after),
			.which(offset[3:2]),
			.wdata,
			.rdata(after[u]),
			.issued,
			.finished,
			.unknown(unknown[u]),
			.go(cmd_valid[u] && cmd_ready[u]),
			.taken(taken[u]),
			.go_ahead(go_ahead[u])
		);
	end

	ash_dma_params u_load (
		.clk, .rst(rst || restart), .we(act && sel[0]), .offset, .wdata,
		.rdata(param[0]), .known(known[0]), .cmd(load_cmd)
	);
	ash_dma_params u_store (
		.clk, .rst(rst || restart), .we(act && sel[1]), .offset, .wdata,
		.rdata(param[1]), .known(known[1]), .cmd(store_cmd)
	);

	// Matrix and vector parameters: word i at offset 4 * i, at START all 0 but TILES,
	// PARTS and GROUPS, which are 1.
	assign known[2] = 32'(offset) < 32'(4 * MATRIX_REGS);
	assign known[3] = 32'(offset) < 32'(4 * VECTOR_REGS);
	assign matrix_cmd = matrix_cmd_t'(matrix_par);
	assign vector_cmd = vector_cmd_t'(vector_par);

	always_comb begin
		param[2] = '0;
		param[3] = '0;
		for (int i = 0; i < MATRIX_REGS; i++)
			if (offset[7:2] == 6'(i))
				param[2] = matrix_par[MATRIX_REGS - 1 - i];
		for (int i = 0; i < VECTOR_REGS; i++)
			if (offset[7:2] == 6'(i))
				param[3] = vector_par[VECTOR_REGS - 1 - i];
	end

	always_ff @(posedge clk) begin
		if (act) begin
			for (int i = 0; i < MATRIX_REGS; i++)
				if (sel[2] && offset[7:2] == 6'(i))
					matrix_par[MATRIX_REGS - 1 - i] <= wdata;
			for (int i = 0; i < VECTOR_REGS; i++)
				if (sel[3] && offset[7:2] == 6'(i))
					vector_par[VECTOR_REGS - 1 - i] <= wdata;
		end
		if (rst || restart) begin
			matrix_par <= '0;
			matrix_par[MATRIX_REGS - 1 - MATRIX_TILES / 4] <= 32'd1;
			matrix_par[MATRIX_REGS - 1 - MATRIX_PARTS / 4] <= 32'd1;
		end
		if (rst || restart || (act && sel[3] && at_defaults)) begin
			vector_par <= '0;
			vector_par[VECTOR_REGS - 1 - VECTOR_GROUPS / 4] <= 32'd1;
		end
	end

	initial begin
		if (LOAD_GO != MATRIX_GO || LOAD_GO != VECTOR_GO || LOAD_GO != STORE_GO ||
		    LOAD_WAIT != MATRIX_WAIT || LOAD_WAIT != VECTOR_WAIT || LOAD_WAIT != STORE_WAIT ||
		    MATRIX_B_PART != 32'(4 * (MATRIX_REGS - 1)) || VECTOR_RED != 32'(4 * (VECTOR_REGS - 1)) ||
		    LOAD_AFTER_LOAD != MATRIX_AFTER_LOAD || LOAD_AFTER_LOAD != VECTOR_AFTER_LOAD ||
		    LOAD_DEFAULTS != VECTOR_DEFAULTS)
			$fatal(1, "ashlar.regs and the unit commands of ash_pkg do not fit");
	end

	a_stays: assert property (@(posedge clk) disable iff (rst || restart)
		req && hit && waiting |-> !act);
endmodule
