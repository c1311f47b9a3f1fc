// SPDX-License-Identifier: MIT
//
// The matrix unit: block MATRIX of ashlar.regs behind the register file.
// Commands are done in order; see README.md for the pipeline and its timing.
module ash_matrix
	import ash_board_pkg::ACCS;
	import ash_pkg::*;
	import ash_matrix_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,             // drop all commands and the fault, go idle
	input  logic                 scrub_valid,       // while high: zero the accumulators, a row a cycle
	output logic                 scrub_done,        // all are zero; high until scrub_valid falls

	input  logic                 cmd_valid,
	output logic                 cmd_ready,
	input  matrix_cmd_t          cmd,
	input  logic                 go_ahead,          // the oldest command may be begun
	output logic                 taken,             // a pulse: it leaves the queue
	output logic                 done,              // a pulse per command; its result can be read from now on
	output logic                 fault_valid,       // all earlier commands are done; held until clear
	output fault_t               fault,
	output logic                 idle,              // nothing queued, nothing under way

	// Scratchpad reads: data in the cycle after req && gnt.
	output logic                 a_req,
	output logic [LINE_W-1:0]    a_line,
	input  logic                 a_gnt,
	input  logic [LINE_BITS-1:0] a_rdata,
	output logic                 b_req,
	output logic [LINE_W-1:0]    b_line,
	input  logic                 b_gnt,
	input  logic [LINE_BITS-1:0] b_rdata,

	// Accumulator read, by the vector unit: column c in bits 32*c+31:32*c,
	// in the cycle after acc_req; never stalls.
	input  logic                 acc_req,
	input  logic [ACC_W-1:0]     acc_idx,
	input  logic [ROW_W-1:0]     acc_row,
	output logic [LINE_BITS-1:0] acc_rdata,

	output logic                 perf_busy,         // a k-step (int8: up to four) is done in this cycle
	output logic                 perf_stall         // there is work, but no k-step in this cycle
);
	/* verilator no_inline_module */
	localparam logic [ROW_W-1:0] LAST = ROW_W'(N - 1);

	// commands: queue, check, then a short queue in front of each part
	logic        q_any, q_valid, q_ready, dec_valid, dec_ready, dec_bad;
	matrix_cmd_t q_cmd;
	fault_t      dec_fault;
	fill_cmd_t   dec_a, dec_b, fa_cmd, fb_cmd;
	step_cmd_t   dec_step, st_cmd;
	logic        dec_go, fa_ready, fb_ready, st_ready;
	logic        fa_valid, fa_pop, fb_valid, fb_pop, st_valid, st_pop;

	ash_unit_queue #(.W($bits(matrix_cmd_t))) u_queue (
		.clk, .rst, .clear, .in_valid(cmd_valid), .in_ready(cmd_ready), .in_data(cmd),
		.go_ahead, .taken, .any(q_any), .out_valid(q_valid), .out_ready(q_ready), .out_data(q_cmd));

	ash_matrix_decode u_decode (
		.clk, .rst, .clear, .in_valid(q_valid), .in_ready(q_ready), .in_cmd(q_cmd),
		.out_valid(dec_valid), .out_ready(dec_ready), .out_bad(dec_bad), .out_fault(dec_fault),
		.out_a(dec_a), .out_b(dec_b), .out_step(dec_step));

	assign dec_go = dec_valid && !dec_bad && fa_ready && fb_ready && st_ready;
	assign dec_ready = dec_go;

	ash_fifo #(.W($bits(fill_cmd_t)), .DEPTH(4)) u_queue_a (
		.clk, .rst, .clear, .in_valid(dec_go), .in_ready(fa_ready), .in_data(dec_a),
		.out_valid(fa_valid), .out_ready(fa_pop), .out_data(fa_cmd));
	ash_fifo #(.W($bits(fill_cmd_t)), .DEPTH(4)) u_queue_b (
		.clk, .rst, .clear, .in_valid(dec_go), .in_ready(fb_ready), .in_data(dec_b),
		.out_valid(fb_valid), .out_ready(fb_pop), .out_data(fb_cmd));
	ash_fifo #(.W($bits(step_cmd_t)), .DEPTH(4)) u_queue_step (
		.clk, .rst, .clear, .in_valid(dec_go), .in_ready(st_ready), .in_data(dec_step),
		.out_valid(st_valid), .out_ready(st_pop), .out_data(st_cmd));

	// operands
	logic             wa_en, wa_buf, wa_kmajor, wa_is16, wb_en, wb_buf, wb_kmajor, wb_is16;
	logic [ROW_W-1:0] wa_idx, wb_idx;
	logic [1:0]       full_a, full_b;
	logic             rd_en, rd_buf, rd_release;
	logic [LINE_BITS-1:0] col_a, col_b;

	ash_matrix_fill u_fill_a (
		.clk, .rst, .clear, .cmd_valid(fa_valid), .cmd_ready(fa_pop), .cmd(fa_cmd),
		.req(a_req), .line(a_line), .gnt(a_gnt),
		.wr_en(wa_en), .wr_buf(wa_buf), .wr_kmajor(wa_kmajor), .wr_is16(wa_is16), .wr_idx(wa_idx),
		.full(full_a), .release_en(rd_release), .release_buf(rd_buf));
	ash_matrix_fill u_fill_b (
		.clk, .rst, .clear, .cmd_valid(fb_valid), .cmd_ready(fb_pop), .cmd(fb_cmd),
		.req(b_req), .line(b_line), .gnt(b_gnt),
		.wr_en(wb_en), .wr_buf(wb_buf), .wr_kmajor(wb_kmajor), .wr_is16(wb_is16), .wr_idx(wb_idx),
		.full(full_b), .release_en(rd_release), .release_buf(rd_buf));

	// steps: one column a cycle, two cycles a column for 16-bit types
	logic [ROW_W-1:0]   col;
	logic               half, started;
	logic [WORDS_W-1:0] done_words;
	logic               word_last, word_done;

	assign rd_en = st_valid && full_a[rd_buf] && full_b[rd_buf];
	assign word_last = done_words == st_cmd.words - 1'b1;
	assign word_done = !st_cmd.is16 || half || (word_last && st_cmd.odd);
	assign rd_release = rd_en && word_done && (word_last || col == LAST);
	assign st_pop = rd_en && word_done && word_last;

	ash_matrix_stage u_stage_a (
		.clk, .wr_en(wa_en), .wr_buf(wa_buf), .wr_kmajor(wa_kmajor), .wr_is16(wa_is16), .wr_idx(wa_idx),
		.wr_data(a_rdata), .rd_en, .rd_buf, .rd_col(col), .rd_is16(st_cmd.is16), .rd_fp16(st_cmd.fp16),
		.rd_half(half), .rd_keep(word_last ? st_cmd.keep : 32'hffffffff), .q(col_a));
	ash_matrix_stage u_stage_b (
		.clk, .wr_en(wb_en), .wr_buf(wb_buf), .wr_kmajor(wb_kmajor), .wr_is16(wb_is16), .wr_idx(wb_idx),
		.wr_data(b_rdata), .rd_en, .rd_buf, .rd_col(col), .rd_is16(st_cmd.is16), .rd_fp16(st_cmd.fp16),
		.rd_half(half), .rd_keep(32'hffffffff), .q(col_b));

	logic             step_en, step_fp, step_first, step_accumulate, step_last;
	logic [ACC_W-1:0] step_acc;
	logic             scrub_en;
	logic [ACC_W+ROW_W-1:0] scrub_at;

	always_ff @(posedge clk) begin
		step_en <= rd_en;
		done <= step_en && step_last;
		if (rd_en) begin
			step_fp <= st_cmd.is16;
			step_first <= !started;
			step_accumulate <= st_cmd.accumulate;
			step_acc <= st_cmd.acc;
			step_last <= st_pop && st_cmd.last;
			started <= !st_pop;
			half <= !word_done;
			if (word_done) begin
				done_words <= st_pop ? '0 : done_words + 1'b1;
				col <= rd_release ? '0 : col + 1'b1;
			end
			if (rd_release)
				rd_buf <= !rd_buf;
		end
		if (rst || clear) begin
			step_en <= 1'b0;
			done <= 1'b0;
			started <= 1'b0;
			half <= 1'b0;
			done_words <= '0;
			col <= '0;
			rd_buf <= 1'b0;
		end
	end

	ash_matrix_array u_array (
		.clk, .scrub_en, .scrub_idx(scrub_at[ROW_W +: ACC_W]), .scrub_row(scrub_at[ROW_W-1:0]),
		.step_en, .step_fp, .step_first, .step_accumulate, .step_acc, .a(col_a), .b(col_b),
		.acc_req, .acc_idx, .acc_row, .acc_rdata);

	// A bad command waits until all before it are done.
	always_ff @(posedge clk) begin
		if (dec_valid && dec_bad && !st_valid && !step_en && !done) begin
			fault_valid <= 1'b1;
			fault <= dec_fault;
		end
		if (rst || clear)
			fault_valid <= 1'b0;
	end

	always_ff @(posedge clk) begin
		if (rst || !scrub_valid) begin
			scrub_at <= '0;
			scrub_done <= 1'b0;
		end else if (scrub_en) begin
			scrub_at <= scrub_at + 1'b1;
			scrub_done <= scrub_at == {ACC_W'(ACCS - 1), LAST};
		end
	end
	assign scrub_en = scrub_valid && !scrub_done;

	assign idle = !q_any && !dec_valid && !st_valid && !step_en;
	assign perf_busy = step_en;
	assign perf_stall = !step_en && (st_valid || (dec_valid && !dec_bad));

	// Two commands can follow each other without a gap only if both operands
	// stay in step.
	property same_buffer;
		@(posedge clk) disable iff (rst || clear) rd_release |-> full_a[rd_buf] && full_b[rd_buf];
	endproperty
	assert property (same_buffer);
endmodule
