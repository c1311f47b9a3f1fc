// SPDX-License-Identifier: MIT
//
// Checks a command, turns bytes into lines and words, and gives its products, of
// tiles and parts, one after the other. The first rule broken,
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

	// Whether an operand has a line outside the scratchpad, in any tile or part:
	// row form has N rows of ceil(words / N) lines, k-major form a line per word.
	function automatic logic outside(input logic [31:0] addr, input logic [31:0] pitch, input logic kmajor,
	                                 input logic [WORDS_W-1:0] words, input logic [63:0] tiles,
	                                 input logic [63:0] parts);
		logic signed [63:0] first, last, more;
		more = {{64 - WORDS_W{1'b0}}, words - 1'b1};
		first = {32'b0, addr >> SHIFT};
		last = first;
		if ($signed(tiles) < 0)
			first = first + tiles;
		else
			last = last + tiles;
		if ($signed(parts) < 0)
			first = first + parts;
		else
			last = last + parts;
		last = last + {32'b0, pitch >> SHIFT} * (kmajor ? more : {32'b0, N - 1});
		if (!kmajor)
			last = last + (more >> ROW_W);
		return first < 0 || last >= 64'(SPAD_LINES);
	endfunction

	// Lines from the first of count steps of so many bytes to the last.
	function automatic logic [63:0] span(input logic [31:0] step, input logic [31:0] count);
		logic signed [63:0] lines;
		lines = 64'($signed(step)) >>> SHIFT;
		return lines * $signed({32'b0, count - 32'd1});
	endfunction

	// The command's products follow each other: parts of a tile, then the next tile.
	logic [LINE_W-1:0] a_first, b_first;            // of this tile
	logic [LINE_W-1:0] a_tile, b_tile, a_part, b_part;
	logic [ACC_W:0]    tiles_left;
	logic [15:0]       parts, parts_left;
	logic              accumulate;

	assign in_ready = !out_valid || (out_ready && out_step.last);

	// Everything is behind the block's enable: an idle unit is not evaluated.
	always_ff @(posedge clk) begin
		logic [31:0] sub, value;
		logic [1:0] etype;
		logic [ACC_W-1:0] acc;
		logic is16, a_kmajor, b_kmajor, bad;
		logic [WORDS_W-1:0] words;

		if (out_valid && out_ready) begin
			if (out_step.last)
				out_valid <= 1'b0;
			if (parts_left != '0) begin
				parts_left <= parts_left - 1'b1;
				out_a.line <= out_a.line + a_part;
				out_b.line <= out_b.line + b_part;
				out_step.accumulate <= 1'b1;
				out_step.last <= parts_left == 16'd1 && tiles_left == '0;
			end else begin
				tiles_left <= tiles_left - 1'b1;
				parts_left <= parts - 1'b1;
				a_first <= a_first + a_tile;
				b_first <= b_first + b_tile;
				out_a.line <= a_first + a_tile;
				out_b.line <= b_first + b_tile;
				out_step.acc <= out_step.acc + 1'b1;
				out_step.accumulate <= accumulate;
				out_step.last <= parts == 16'd1 && tiles_left == (ACC_W+1)'(1);
			end
		end
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
			end else if (in_cmd.tiles == '0 || in_cmd.tiles > 32'(ACCS) - 32'(acc)) begin
				sub = MATRIX_TILES;
				value = in_cmd.tiles;
			end else if ((in_cmd.a_tile & LOW) != '0) begin
				sub = MATRIX_A_TILE;
				value = in_cmd.a_tile;
			end else if ((in_cmd.b_tile & LOW) != '0) begin
				sub = MATRIX_B_TILE;
				value = in_cmd.b_tile;
			end else if (in_cmd.parts == '0 || in_cmd.parts > 32'd65535 ||
			             in_cmd.parts[15:0] * in_cmd.k > 32'd65535) begin
				sub = MATRIX_PARTS;
				value = in_cmd.parts;
			end else if ((in_cmd.a_part & LOW) != '0) begin
				sub = MATRIX_A_PART;
				value = in_cmd.a_part;
			end else if ((in_cmd.b_part & LOW) != '0) begin
				sub = MATRIX_B_PART;
				value = in_cmd.b_part;
			end else if (outside(in_cmd.a_addr, in_cmd.a_pitch, a_kmajor, words,
			                     span(in_cmd.a_tile, in_cmd.tiles), span(in_cmd.a_part, in_cmd.parts))) begin
				sub = MATRIX_A_ADDR;
				value = in_cmd.a_addr;
			end else if (outside(in_cmd.b_addr, in_cmd.b_pitch, b_kmajor, words,
			                     span(in_cmd.b_tile, in_cmd.tiles), span(in_cmd.b_part, in_cmd.parts))) begin
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
			out_step.last <= in_cmd.tiles == 32'd1 && in_cmd.parts == 32'd1;

			a_first <= in_cmd.a_addr[SHIFT +: LINE_W];
			b_first <= in_cmd.b_addr[SHIFT +: LINE_W];
			a_tile <= in_cmd.a_tile[SHIFT +: LINE_W];
			b_tile <= in_cmd.b_tile[SHIFT +: LINE_W];
			a_part <= in_cmd.a_part[SHIFT +: LINE_W];
			b_part <= in_cmd.b_part[SHIFT +: LINE_W];
			tiles_left <= in_cmd.tiles[ACC_W:0] - 1'b1;
			parts <= in_cmd.parts[15:0];
			parts_left <= in_cmd.parts[15:0] - 1'b1;
			accumulate <= in_cmd.cfg[MATRIX_CFG_ACCUMULATE_LSB];
		end
		if (rst || clear)
			out_valid <= 1'b0;
	end
endmodule
