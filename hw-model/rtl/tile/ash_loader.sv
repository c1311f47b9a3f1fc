// SPDX-License-Identifier: MIT
//
// Brings a kernel into local memory: the image from LOAD_FROM on to local
// address 0 up, the arguments to the last 1024 bytes, in whole 64-byte lines.
// The two are separate streams through the MMU's two ports, so their page
// walks overlap. As many reads are in flight as there are tags; answers go to
// local memory as they come. After a fault nothing more is asked for, and what
// is reported once all answers are in is the lowest image address, or else
// the lowest argument address, that could not be read.
module ash_loader
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_tile_pkg::*;
(
	input  logic              clk,
	input  logic              rst,
	input  logic              clear,                // give up; answers must not come any more
	input  logic              start,                // a pulse; parameters stay as they are until done

	input  logic [63:0]       code_va,
	input  logic [31:0]       code_bytes,
	input  logic [31:0]       load_from,
	input  logic [63:0]       arg_va,
	input  logic [31:0]       arg_bytes,

	output logic              done,                 // all is loaded; high until start
	output logic              fault_valid,          // held until clear
	output fault_t            fault,                // COMMAND: sub is an offset in block TILE

	output logic [1:0]        tr_req,               // 0: image, 1: arguments
	output logic [63:0]       tr_va [2],
	input  tr_t               tr [2],

	output logic              rd_valid,
	input  logic              rd_ready,
	output bus_req_t          rd_req,
	input  logic              rsp_valid,
	input  bus_rsp_t          rsp,

	output logic              ld_valid,             // write the answer's beat to local memory
	output logic [LMEM_W-1:0] ld_line
);
	localparam logic [31:0] CODE_MAX = 32'(ash_board_pkg::LMEM_BYTES - ARG_AREA);
	localparam logic [LMEM_W-1:0] ARG_LINE = LMEM_W'(LMEM_LINES - ARG_AREA / BEAT_BYTES);

	logic              busy, check;
	logic [LMEM_W-1:0] next [2], stop [2];          // lines of each stream: next to ask for, end
	logic [1:0]        more, halt;                  // to ask for; failed
	logic              sel, alloc;

	logic [TAGS-1:0]   in_use;
	logic [LMEM_W:0]   line [TAGS];                 // of each tag: {arguments, line in its stream}
	logic [5:0]        tail;
	logic [5:0]        used;

	// What went wrong in each stream, and at which of its lines.
	logic [1:0]        bad;
	logic [LMEM_W-1:0] bad_line [2];
	logic [2:0]        bad_cause [2];

	logic              par_bad;
	logic [7:0]        par_sub;
	logic [31:0]       par_value;

	always_comb begin
		par_bad = 1'b0;
		par_sub = '0;
		par_value = '0;
		if (check) begin
			par_bad = 1'b1;
			if (code_va[5:0] != '0)
				{par_sub, par_value} = {TILE_CODE_VA_LO[7:0], code_va[31:0]};
			else if (code_bytes > CODE_MAX || code_bytes[5:0] != '0)
				{par_sub, par_value} = {TILE_CODE_BYTES[7:0], code_bytes};
			else if (load_from[5:0] != '0)
				{par_sub, par_value} = {TILE_LOAD_FROM[7:0], load_from};
			else if (arg_va[5:0] != '0)
				{par_sub, par_value} = {TILE_ARG_VA_LO[7:0], arg_va[31:0]};
			else if (arg_bytes > 32'(ARG_AREA))
				{par_sub, par_value} = {TILE_ARG_BYTES[7:0], arg_bytes};
			else
				par_bad = 1'b0;
		end
	end

	// ---- asking

	assign more = {next[1] != stop[1], next[0] != stop[0]};
	assign tr_req = busy && !check ? more & ~halt : '0;
	assign tr_va[0] = code_va + 64'({next[0], 6'd0});
	assign tr_va[1] = arg_va + 64'({next[1], 6'd0});
	assign sel = !(tr_req[0] && tr[0].ok);
	assign rd_valid = tr_req[sel] && tr[sel].ok && !in_use[tail];
	assign rd_req = '{host: tr[sel].host, addr: {tr[sel].pa[47:6], 6'd0}, tag: tail};
	assign alloc = rd_valid && rd_ready;

	// ---- answers

	logic              r_arg;
	logic [LMEM_W-1:0] r_line;

	assign {r_arg, r_line} = line[rsp.tag];
	assign ld_valid = rsp_valid && !rsp.err;
	assign ld_line = r_arg ? ARG_LINE + r_line : r_line;

	always_ff @(posedge clk) begin
		if (start) begin
			busy <= 1'b1;
			check <= 1'b1;
			done <= 1'b0;
			bad <= '0;
			halt <= '0;
			// Judged in the next cycle; a bad value asks for nothing.
			next[0] <= load_from[6 +: LMEM_W];
			stop[0] <= load_from < code_bytes ? code_bytes[6 +: LMEM_W]
							  : load_from[6 +: LMEM_W];
			next[1] <= '0;
			stop[1] <= LMEM_W'((arg_bytes + 32'd63) >> 6);
		end
		if (busy) begin
			check <= 1'b0;
			for (int s = 0; s < 2; s++) begin
				if (tr_req[s] && tr[s].fault) begin
					halt[s] <= 1'b1;
					if (!bad[s]) begin
						bad[s] <= 1'b1;
						bad_line[s] <= next[s];
						bad_cause[s] <= tr[s].cause;
					end
				end
			end
			if (rsp_valid && rsp.err) begin
				halt[r_arg] <= 1'b1;
				if (!bad[r_arg] || r_line < bad_line[r_arg]) begin
					bad[r_arg] <= 1'b1;
					bad_line[r_arg] <= r_line;
					bad_cause[r_arg] <= CAUSE_BUS;
				end
			end
			if (alloc) begin
				next[sel] <= next[sel] + 1;
				line[tail] <= {sel, next[sel]};
				tail <= tail == LAST_LOAD_TAG ? '0 : tail + 1;
				in_use[tail] <= 1'b1;
			end
			if (rsp_valid)
				in_use[rsp.tag] <= 1'b0;
			used <= used + 6'(alloc) - 6'(rsp_valid);

			if (par_bad) begin
				busy <= 1'b0;
				fault_valid <= 1'b1;
				fault <= '{cause: CAUSE_COMMAND, sub: 32'(par_sub), addr: 64'(par_value)};
			end else if (!check && (more & ~halt) == '0 && used == '0) begin
				busy <= 1'b0;
				done <= bad == '0;
				fault_valid <= bad != '0;
				fault.cause <= bad[0] ? bad_cause[0] : bad_cause[1];
				fault.sub <= '0;
				fault.addr <= bad[0] ? code_va + 64'({bad_line[0], 6'd0})
						     : arg_va + 64'({bad_line[1], 6'd0});
			end
		end
		if (rst || clear) begin
			busy <= 1'b0;
			check <= 1'b0;
			done <= 1'b0;
			fault_valid <= 1'b0;
			tail <= '0;
			used <= '0;
			in_use <= '0;
		end
	end

	a_answer_awaited: assert property (@(posedge clk) disable iff (rst || clear)
		rsp_valid |-> in_use[rsp.tag]);
endmodule
