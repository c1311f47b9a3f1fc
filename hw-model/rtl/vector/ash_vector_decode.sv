// SPDX-License-Identifier: MIT
//
// Checks a command and reduces it to what the unit needs. The first rule
// broken, in the order below, is the one reported; hw-model/numerics states the
// same rules in C. All arithmetic is wide enough not to wrap.
module ash_vector_decode
	import ash_board_pkg::ACCS;
	import ash_board_pkg::SPAD_BYTES;
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_vector_pkg::*;
(
	input  logic        clk,
	input  logic        rst,
	input  logic        clear,
	input  logic        in_valid,
	output logic        in_ready,
	input  vector_cmd_t in_cmd,
	output logic        out_valid,
	input  logic        out_ready,
	output logic        out_bad,                    // out_fault says why; the rest means nothing
	output fault_t      out_fault,
	output row_cmd_t    out_cmd
);
	localparam logic [31:0] LINE = LINE_BYTES;
	localparam logic [3:0] I8 = VECTOR_CFG_SRC_FMT_I8[3:0];
	localparam logic [3:0] I32 = VECTOR_CFG_SRC_FMT_I32[3:0];
	localparam logic [1:0] MODE_NONE = VECTOR_OP_RED_MODE_NONE[1:0];
	localparam logic [1:0] MODE_WORD = VECTOR_OP_RED_MODE_WORD[1:0];

	function automatic logic is_integer(input logic [3:0] fmt);
		return fmt == VECTOR_CFG_SRC_FMT_ACC_I32[3:0] || fmt == I32 || fmt == I8;
	endfunction

	// Bytes of a row.
	function automatic logic [31:0] size_of(input logic [2:0] fmt);
		return is_byte(fmt) ? LINE >> 2 : is_half(fmt) ? LINE >> 1 : LINE;
	endfunction

	function automatic logic unaligned(input logic [31:0] addr, input logic [31:0] size);
		return (addr & (size - 32'd1)) != '0;
	endfunction

	// Where the last row begins, or the last word or line of a reduction.
	function automatic logic [63:0] last_of(input logic [31:0] addr, input logic [31:0] pitch, input logic [31:0] rows,
	                                        input logic [31:0] gpitch, input logic [31:0] groups);
		return {32'b0, addr} + {32'b0, pitch} * {32'b0, rows - 32'd1} +
		       {32'b0, gpitch} * {32'b0, groups - 32'd1};
	endfunction

	function automatic logic [AT_W-1:0] quarter(input logic [31:0] bytes);
		return AT_W'(bytes >> (SHIFT - 2));
	endfunction

	assign in_ready = !out_valid || out_ready;

	// Everything is behind the block's enable: an idle unit is not evaluated.
	always_ff @(posedge clk) begin
		logic [31:0] sub, value, src_size, src2_size, dst_size, red_size, bias_size, scale_size, dst_rows;
		logic [3:0] src_fmt, dst_fmt, src2_fmt, op, fn;
		logic [1:0] src2, bias, scale, mode, red_op;
		logic from_acc, late, transpose, grouped, int_in, int_mid, int_out, meets, bad;

		if (out_ready)
			out_valid <= 1'b0;
		if (in_valid && in_ready) begin
			src_fmt = in_cmd.cfg[VECTOR_CFG_SRC_FMT_MSB:VECTOR_CFG_SRC_FMT_LSB];
			dst_fmt = in_cmd.cfg[VECTOR_CFG_DST_FMT_MSB:VECTOR_CFG_DST_FMT_LSB];
			src2_fmt = in_cmd.cfg[VECTOR_CFG_SRC2_FMT_MSB:VECTOR_CFG_SRC2_FMT_LSB];
			op = in_cmd.cfg[VECTOR_CFG_SRC2_OP_MSB:VECTOR_CFG_SRC2_OP_LSB];
			src2 = in_cmd.cfg[VECTOR_CFG_SRC2_SEL_MSB:VECTOR_CFG_SRC2_SEL_LSB];
			late = in_cmd.cfg[VECTOR_CFG_SRC2_LATE_LSB];
			bias = in_cmd.cfg[VECTOR_CFG_BIAS_SEL_MSB:VECTOR_CFG_BIAS_SEL_LSB];
			scale = in_cmd.cfg[VECTOR_CFG_SCALE_SEL_MSB:VECTOR_CFG_SCALE_SEL_LSB];
			transpose = in_cmd.cfg[VECTOR_CFG_TRANSPOSE_LSB];
			fn = in_cmd.op[VECTOR_OP_FN_MSB:VECTOR_OP_FN_LSB];
			mode = in_cmd.op[VECTOR_OP_RED_MODE_MSB:VECTOR_OP_RED_MODE_LSB];
			red_op = in_cmd.op[VECTOR_OP_RED_OP_MSB:VECTOR_OP_RED_OP_LSB];

			from_acc = src_fmt <= VECTOR_CFG_SRC_FMT_ACC_F32[3:0];
			grouped = in_cmd.groups != 32'd1;
			int_in = is_integer(src_fmt);
			int_mid = int_in && scale == NONE;
			int_out = int_mid && fn == VECTOR_OP_FN_NONE[3:0];
			meets = late ? int_out : int_in;
			src_size = size_of(src_fmt[2:0]);
			src2_size = src2 == ROW ? size_of(src2_fmt[2:0]) : 32'd4;
			bias_size = bias == ROW ? LINE : 32'd4;
			scale_size = scale == ROW ? LINE : 32'd4;
			dst_size = size_of(dst_fmt[2:0]);
			red_size = mode == MODE_WORD ? 32'd4 : LINE;
			dst_rows = transpose ? N : in_cmd.rows;

			bad = 1'b1;
			if (src_fmt > I8 || dst_fmt > I8 || dst_fmt == 4'd1 ||
			    (src2 == ROW && (src2_fmt > I8 || src2_fmt < I32 || is_integer(src2_fmt) != meets)) ||
			    (src2 != NONE && !meets && op > VECTOR_CFG_SRC2_OP_KEEP[3:0]) ||
			    (dst_fmt == '0 && mode == MODE_NONE) || (transpose && (dst_fmt == '0 || mode != MODE_NONE))) begin
				sub = VECTOR_CFG;
				value = in_cmd.cfg;
			end else if (fn > VECTOR_OP_FN_SQUARE[3:0] || mode > VECTOR_OP_RED_MODE_LANES[1:0] ||
			             (mode != MODE_NONE && red_op > VECTOR_OP_RED_OP_MIN[1:0])) begin
				sub = VECTOR_OP;
				value = in_cmd.op;
			// alignment
			end else if (!from_acc && unaligned(in_cmd.src, src_size)) begin
				sub = VECTOR_SRC;
				value = in_cmd.src;
			end else if (!from_acc && unaligned(in_cmd.src_pitch, src_size)) begin
				sub = VECTOR_SRC_PITCH;
				value = in_cmd.src_pitch;
			end else if (!from_acc && grouped && unaligned(in_cmd.src_gpitch, src_size)) begin
				sub = VECTOR_SRC_GPITCH;
				value = in_cmd.src_gpitch;
			end else if (src2[0] && unaligned(in_cmd.src2, src2_size)) begin
				sub = VECTOR_SRC2;
				value = in_cmd.src2;
			end else if (src2 == ROW && unaligned(in_cmd.src2_pitch, src2_size)) begin
				sub = VECTOR_SRC2_PITCH;
				value = in_cmd.src2_pitch;
			end else if (src2 == ROW && grouped && unaligned(in_cmd.src2_gpitch, src2_size)) begin
				sub = VECTOR_SRC2_GPITCH;
				value = in_cmd.src2_gpitch;
			end else if (bias[0] && unaligned(in_cmd.bias, bias_size)) begin
				sub = VECTOR_BIAS;
				value = in_cmd.bias;
			end else if (scale[0] && unaligned(in_cmd.scale, scale_size)) begin
				sub = VECTOR_SCALE;
				value = in_cmd.scale;
			end else if (dst_fmt != '0 && unaligned(in_cmd.dst, dst_size)) begin
				sub = VECTOR_DST;
				value = in_cmd.dst;
			end else if (dst_fmt != '0 && unaligned(in_cmd.dst_pitch, dst_size)) begin
				sub = VECTOR_DST_PITCH;
				value = in_cmd.dst_pitch;
			end else if (dst_fmt != '0 && grouped && unaligned(in_cmd.dst_gpitch, dst_size)) begin
				sub = VECTOR_DST_GPITCH;
				value = in_cmd.dst_gpitch;
			end else if (mode != MODE_NONE && unaligned(in_cmd.red, red_size)) begin
				sub = VECTOR_RED;
				value = in_cmd.red;
			// counts
			end else if (in_cmd.rows == '0 || in_cmd.rows > (transpose ? N : 32'd65535)) begin
				sub = VECTOR_ROWS;
				value = in_cmd.rows;
			end else if (in_cmd.groups == '0 || in_cmd.groups > 32'd65535) begin
				sub = VECTOR_GROUPS;
				value = in_cmd.groups;
			end else if (in_cmd.tail > N) begin
				sub = VECTOR_TAIL;
				value = in_cmd.tail;
			// ranges
			end else if (last_of(in_cmd.src, in_cmd.src_pitch, in_cmd.rows, in_cmd.src_gpitch, in_cmd.groups) +
			             (from_acc ? 64'd1 : {32'd0, src_size}) > (from_acc ? 64'(ACCS * N) : 64'(SPAD_BYTES))) begin
				sub = VECTOR_SRC;
				value = in_cmd.src;
			end else if (src2[0] && last_of(in_cmd.src2, src2 == ROW ? in_cmd.src2_pitch : 32'd0, in_cmd.rows,
			                                src2 == ROW ? in_cmd.src2_gpitch : 32'd4, in_cmd.groups) +
			             {32'd0, src2_size} > 64'(SPAD_BYTES)) begin
				sub = VECTOR_SRC2;
				value = in_cmd.src2;
			end else if (bias[0] && last_of(in_cmd.bias, 32'd0, 32'd1, 32'd4, bias == ROW ? 32'd1 : in_cmd.groups) +
			             {32'd0, bias_size} > 64'(SPAD_BYTES)) begin
				sub = VECTOR_BIAS;
				value = in_cmd.bias;
			end else if (scale[0] && last_of(in_cmd.scale, 32'd0, 32'd1, 32'd4, scale == ROW ? 32'd1 : in_cmd.groups) +
			             {32'd0, scale_size} > 64'(SPAD_BYTES)) begin
				sub = VECTOR_SCALE;
				value = in_cmd.scale;
			end else if (dst_fmt != '0 && last_of(in_cmd.dst, in_cmd.dst_pitch, dst_rows, in_cmd.dst_gpitch,
			                                      in_cmd.groups) + {32'd0, dst_size} > 64'(SPAD_BYTES)) begin
				sub = VECTOR_DST;
				value = in_cmd.dst;
			end else if (mode != MODE_NONE && last_of(in_cmd.red, 32'd0, 32'd1, red_size, in_cmd.groups) +
			             {32'd0, red_size} > 64'(SPAD_BYTES)) begin
				sub = VECTOR_RED;
				value = in_cmd.red;
			end else begin
				bad = 1'b0;
				sub = '0;
				value = '0;
			end

			out_valid <= 1'b1;
			out_bad <= bad;
			out_fault <= '{cause: TILE_FAULT_CAUSE_COMMAND[2:0], sub: sub, addr: {32'b0, value}};
			out_cmd.lane <= '{
				src_fmt: src_fmt[2:0], src2_fmt: src2_fmt[2:0],
				mid: '{int_in: int_in, int_mid: int_mid, bias: bias,
				       bias_late: in_cmd.cfg[VECTOR_CFG_BIAS_LATE_LSB], scale: scale,
				       bias_imm: in_cmd.bias, scale_imm: in_cmd.scale,
				       rear: '{int_out: int_out, src2: src2, src2_late: late, op: op, src2_imm: in_cmd.src2,
				               fn: fn, relu: in_cmd.cfg[VECTOR_CFG_RELU_LSB], reduce: mode != MODE_NONE,
				               red_op: red_op, transpose: transpose, dst_fmt: dst_fmt[2:0]}}};
			out_cmd.from_acc <= from_acc;
			out_cmd.to_word <= mode == MODE_WORD;
			out_cmd.src_pitch <= from_acc ? in_cmd.src_pitch[AT_W-1:0] : quarter(in_cmd.src_pitch);
			out_cmd.src_gpitch <= from_acc ? in_cmd.src_gpitch[AT_W-1:0] : quarter(in_cmd.src_gpitch);
			out_cmd.src2_pitch <= quarter(in_cmd.src2_pitch);
			out_cmd.src2_gpitch <= quarter(in_cmd.src2_gpitch);
			out_cmd.dst_pitch <= quarter(in_cmd.dst_pitch);
			out_cmd.dst_gpitch <= quarter(in_cmd.dst_gpitch);
			out_cmd.tail <= in_cmd.tail == '0 ? (ROW_W + 1)'(N) : in_cmd.tail[ROW_W:0];
			out_cmd.start <= '{src: from_acc ? in_cmd.src[AT_W-1:0] : quarter(in_cmd.src),
			                   src_group: from_acc ? in_cmd.src[AT_W-1:0] : quarter(in_cmd.src),
			                   src2: quarter(in_cmd.src2), src2_group: quarter(in_cmd.src2),
			                   dst: quarter(in_cmd.dst), dst_group: quarter(in_cmd.dst),
			                   src2_word: in_cmd.src2[2 +: WORD_W], bias_word: in_cmd.bias[2 +: WORD_W],
			                   scale_word: in_cmd.scale[2 +: WORD_W], red: in_cmd.red[2 +: WORD_W],
			                   rows: in_cmd.rows[15:0], groups: in_cmd.groups[15:0]};
		end
		if (rst || clear)
			out_valid <= 1'b0;
	end
endmodule
