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
	localparam logic [31:0] LOW = LINE_BYTES - 1;   // address bits inside a line

	// Address bits inside a row of a format.
	function automatic logic [31:0] low_of(input logic [2:0] fmt);
		return is_byte(fmt) ? LOW >> 2 : is_half(fmt) ? LOW >> 1 : LOW;
	endfunction

	// Whether rows of low + 1 bytes are not all in the scratchpad.
	function automatic logic outside(input logic [31:0] addr, input logic [31:0] pitch,
	                                 input logic [31:0] rows, input logic [31:0] low);
		logic [63:0] last;
		last = {32'b0, addr} + {32'b0, pitch} * {32'b0, rows - 32'd1} + {32'b0, low};
		return last >= 64'(SPAD_BYTES);
	endfunction

	assign in_ready = !out_valid || out_ready;

	// Everything is behind the block's enable: an idle unit is not evaluated.
	always_ff @(posedge clk) begin
		logic [31:0] cfg, sub, value, src_low, dst_low;
		logic [2:0] src_fmt, dst_fmt, op;
		logic from_acc, src2, bias, scale, scalev, bad;

		if (out_ready)
			out_valid <= 1'b0;
		if (in_valid && in_ready) begin
			cfg = in_cmd.cfg;
			src_fmt = cfg[VECTOR_CFG_SRC_FMT_LSB +: 3];
			dst_fmt = cfg[VECTOR_CFG_DST_FMT_LSB +: 3];
			op = cfg[VECTOR_CFG_SRC2_OP_MSB:VECTOR_CFG_SRC2_OP_LSB];
			src2 = cfg[VECTOR_CFG_SRC2_EN_LSB];
			bias = cfg[VECTOR_CFG_BIAS_EN_LSB];
			scale = cfg[VECTOR_CFG_SCALE_EN_LSB];
			scalev = cfg[VECTOR_CFG_SCALEV_EN_LSB];
			from_acc = src_fmt <= VECTOR_CFG_SRC_FMT_ACC_F32[2:0];
			src_low = low_of(src_fmt);
			dst_low = low_of(dst_fmt);

			bad = 1'b1;
			sub = VECTOR_CFG;
			value = cfg;
			if (32'(cfg[VECTOR_CFG_SRC_FMT_MSB:VECTOR_CFG_SRC_FMT_LSB]) > VECTOR_CFG_SRC_FMT_I8 ||
			    32'(cfg[VECTOR_CFG_DST_FMT_MSB:VECTOR_CFG_DST_FMT_LSB]) > VECTOR_CFG_SRC_FMT_I8 ||
			    dst_fmt < VECTOR_CFG_SRC_FMT_I32[2:0] || (scale && scalev) ||
			    (src2 && op > VECTOR_CFG_SRC2_OP_MIN[2:0])) begin
				sub = VECTOR_CFG;
				value = cfg;
			end else if (from_acc ? in_cmd.src >= 32'(ACCS) : (in_cmd.src & src_low) != '0) begin
				sub = VECTOR_SRC;
				value = in_cmd.src;
			end else if (!from_acc && (in_cmd.src_pitch & src_low) != '0) begin
				sub = VECTOR_SRC_PITCH;
				value = in_cmd.src_pitch;
			end else if (src2 && (in_cmd.src2 & src_low) != '0) begin
				sub = VECTOR_SRC2;
				value = in_cmd.src2;
			end else if (src2 && (in_cmd.src2_pitch & src_low) != '0) begin
				sub = VECTOR_SRC2_PITCH;
				value = in_cmd.src2_pitch;
			end else if (bias && (in_cmd.bias & LOW) != '0) begin
				sub = VECTOR_BIAS;
				value = in_cmd.bias;
			end else if (scalev && (in_cmd.scalev & LOW) != '0) begin
				sub = VECTOR_SCALEV;
				value = in_cmd.scalev;
			end else if ((in_cmd.dst & dst_low) != '0) begin
				sub = VECTOR_DST;
				value = in_cmd.dst;
			end else if ((in_cmd.dst_pitch & dst_low) != '0) begin
				sub = VECTOR_DST_PITCH;
				value = in_cmd.dst_pitch;
			end else if (in_cmd.rows == '0 || in_cmd.rows > (from_acc ? N : 32'd65535)) begin
				sub = VECTOR_ROWS;
				value = in_cmd.rows;
			end else if (from_acc && {1'b0, in_cmd.acc_row} + {1'b0, in_cmd.rows} > 33'(N)) begin
				sub = VECTOR_ACC_ROW;
				value = in_cmd.acc_row;
			end else if (!from_acc && outside(in_cmd.src, in_cmd.src_pitch, in_cmd.rows, src_low)) begin
				sub = VECTOR_SRC;
				value = in_cmd.src;
			end else if (src2 && outside(in_cmd.src2, in_cmd.src2_pitch, in_cmd.rows, src_low)) begin
				sub = VECTOR_SRC2;
				value = in_cmd.src2;
			end else if (bias && outside(in_cmd.bias, 32'd0, 32'd1, LOW)) begin
				sub = VECTOR_BIAS;
				value = in_cmd.bias;
			end else if (scalev && outside(in_cmd.scalev, 32'd0, 32'd1, LOW)) begin
				sub = VECTOR_SCALEV;
				value = in_cmd.scalev;
			end else if (outside(in_cmd.dst, in_cmd.dst_pitch, in_cmd.rows, dst_low)) begin
				sub = VECTOR_DST;
				value = in_cmd.dst;
			end else
				bad = 1'b0;

			out_valid <= 1'b1;
			out_bad <= bad;
			out_fault <= '{cause: TILE_FAULT_CAUSE_COMMAND[2:0], sub: sub, addr: {32'b0, value}};
			out_cmd.lane <= '{src_fmt: src_fmt, dst_fmt: dst_fmt,
			                  integer_in: src_fmt == VECTOR_CFG_SRC_FMT_ACC_I32[2:0] ||
			                              src_fmt == VECTOR_CFG_SRC_FMT_I32[2:0] ||
			                              src_fmt == VECTOR_CFG_SRC_FMT_I8[2:0],
			                  src2: src2, op: op, bias: bias, scale: scale, scalev: scalev,
			                  relu: cfg[VECTOR_CFG_RELU_LSB], factor: in_cmd.scale};
			out_cmd.from_acc <= from_acc;
			out_cmd.acc <= in_cmd.src[ACC_W-1:0];
			out_cmd.acc_row <= in_cmd.acc_row[ROW_W-1:0];
			out_cmd.src <= in_cmd.src[SHIFT-2 +: ADDR_W];
			out_cmd.src_pitch <= in_cmd.src_pitch[SHIFT-2 +: ADDR_W];
			out_cmd.src2 <= in_cmd.src2[SHIFT-2 +: ADDR_W];
			out_cmd.src2_pitch <= in_cmd.src2_pitch[SHIFT-2 +: ADDR_W];
			out_cmd.bias <= in_cmd.bias[SHIFT +: LINE_W];
			out_cmd.scalev <= in_cmd.scalev[SHIFT +: LINE_W];
			out_cmd.dst <= in_cmd.dst[SHIFT-2 +: ADDR_W];
			out_cmd.dst_pitch <= in_cmd.dst_pitch[SHIFT-2 +: ADDR_W];
			out_cmd.rows <= in_cmd.rows[15:0];
		end
		if (rst || clear)
			out_valid <= 1'b0;
	end
endmodule
