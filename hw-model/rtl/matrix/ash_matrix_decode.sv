// SPDX-License-Identifier: MIT
//
// Checks a command and turns bytes into lines and words. The first rule broken,
// in the order below, is the one reported; hw-model/numerics states the same
// rules in C. All arithmetic is wide enough not to wrap.
module ash_matrix_decode
	import ash_board_pkg::ACCS;
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_matrix_pkg::*;
(
	input  logic        clk,
	input  logic        rst,
	input  logic        clear,
	input  logic        in_valid,
	output logic        in_ready,
	input  matrix_cmd_t in_cmd,
	output logic        out_valid,
	input  logic        out_ready,
	output logic        out_bad,                    // out_fault says why; the rest means nothing
	output fault_t      out_fault,
	output fill_cmd_t   out_a,
	output fill_cmd_t   out_b,
	output step_cmd_t   out_step
);
	localparam int SHIFT = $clog2(LINE_BYTES);
	localparam logic [31:0] LOW = LINE_BYTES - 1;   // address bits inside a line

	// The last line an operand touches: row form has N rows of
	// ceil(words / N) lines, k-major form has a line per word.
	function automatic logic [63:0] last_line(input logic [31:0] addr, input logic [31:0] pitch,
	                                          input logic kmajor, input logic [WORDS_W-1:0] words);
		logic [63:0] first, step, more;
		first = {32'b0, addr >> SHIFT};
		step = {32'b0, pitch >> SHIFT};
		more = {{64 - WORDS_W{1'b0}}, words - 1'b1};
		return kmajor ? first + step * more : first + step * {32'b0, N - 1} + (more >> ROW_W);
	endfunction

	assign in_ready = !out_valid || out_ready;

	// Everything is behind the block's enable: an idle unit is not evaluated.
	always_ff @(posedge clk) begin
		logic [31:0] sub, value;
		logic [1:0] etype;
		logic [ACC_W-1:0] acc;
		logic is16, a_kmajor, b_kmajor, bad;
		logic [WORDS_W-1:0] words;

		if (out_ready)
			out_valid <= 1'b0;
		if (in_valid && in_ready) begin
			etype = in_cmd.cfg[MATRIX_CFG_TYPE_MSB:MATRIX_CFG_TYPE_LSB];
			acc = in_cmd.cfg[MATRIX_CFG_ACC_LSB +: ACC_W];
			is16 = etype != MATRIX_CFG_TYPE_INT8[1:0];
			a_kmajor = in_cmd.cfg[MATRIX_CFG_A_KMAJOR_LSB];
			b_kmajor = in_cmd.cfg[MATRIX_CFG_B_KMAJOR_LSB];
			words = is16 ? in_cmd.k[16:1] + {15'b0, in_cmd.k[0]}
			             : {1'b0, in_cmd.k[16:2]} + {15'b0, in_cmd.k[1:0] != 2'd0};

			bad = 1'b1;
			sub = MATRIX_CFG;
			value = in_cmd.cfg;
			if ((in_cmd.a_addr & LOW) != '0) begin
				sub = MATRIX_A_ADDR;
				value = in_cmd.a_addr;
			end else if ((in_cmd.a_pitch & LOW) != '0) begin
				sub = MATRIX_A_PITCH;
				value = in_cmd.a_pitch;
			end else if ((in_cmd.b_addr & LOW) != '0) begin
				sub = MATRIX_B_ADDR;
				value = in_cmd.b_addr;
			end else if ((in_cmd.b_pitch & LOW) != '0) begin
				sub = MATRIX_B_PITCH;
				value = in_cmd.b_pitch;
			end else if (in_cmd.k == '0 || in_cmd.k > 32'd65535) begin
				sub = MATRIX_K;
				value = in_cmd.k;
			end else if (etype > MATRIX_CFG_TYPE_FP16[1:0] ||
			             32'(in_cmd.cfg[MATRIX_CFG_ACC_MSB:MATRIX_CFG_ACC_LSB]) >= 32'(ACCS)) begin
				sub = MATRIX_CFG;
				value = in_cmd.cfg;
			end else if (last_line(in_cmd.a_addr, in_cmd.a_pitch, a_kmajor, words) >= 64'(SPAD_LINES)) begin
				sub = MATRIX_A_ADDR;
				value = in_cmd.a_addr;
			end else if (last_line(in_cmd.b_addr, in_cmd.b_pitch, b_kmajor, words) >= 64'(SPAD_LINES)) begin
				sub = MATRIX_B_ADDR;
				value = in_cmd.b_addr;
			end else
				bad = 1'b0;

			out_valid <= 1'b1;
			out_bad <= bad;
			out_fault <= '{cause: TILE_FAULT_CAUSE_COMMAND[2:0], sub: sub, addr: {32'b0, value}};
			out_a <= '{line: in_cmd.a_addr[SHIFT +: LINE_W], pitch: in_cmd.a_pitch[SHIFT +: LINE_W],
			           kmajor: a_kmajor, is16: is16, words: words};
			out_b <= '{line: in_cmd.b_addr[SHIFT +: LINE_W], pitch: in_cmd.b_pitch[SHIFT +: LINE_W],
			           kmajor: b_kmajor, is16: is16, words: words};
			out_step.words <= words;
			out_step.keep <= in_cmd.k[1:0] == 2'd0 ? '1 : ~(32'hffffffff << {in_cmd.k[1:0], 3'b0});
			out_step.odd <= in_cmd.k[0];
			out_step.is16 <= is16;
			out_step.fp16 <= etype == MATRIX_CFG_TYPE_FP16[1:0];
			out_step.accumulate <= in_cmd.cfg[MATRIX_CFG_ACCUMULATE_LSB];
			out_step.acc <= acc;
		end
		if (rst || clear)
			out_valid <= 1'b0;
	end
endmodule
