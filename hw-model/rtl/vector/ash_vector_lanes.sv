// SPDX-License-Identifier: MIT
//
// The lanes. Data come in the cycle after their read was granted; a row is then
// two cycles in the lanes and never waits:
//   1  widen, combine with SRC2, add the bias
//   2  scale, ReLU, narrow
// Later operations (reductions, exp, reciprocal, ...) join as further cases of
// these two steps or as steps between them; a row's lane_cmd_t says which.
//
// The loops are functions with rolled loops over unpacked arrays: Verilator
// turns these into plain C++ loops (hw-model/rtl/matrix/README.md).

// An inout array. Verilator 5.032 copies one word by word into a function and
// back, but hands on a ref (hw-model/rtl/matrix/flags.mk); synthesis knows inout
// only. Here both are the same.
`ifdef ASH_VERILATOR_REF
`define ASH_BY_REF ref
`else
`define ASH_BY_REF inout
`endif

module ash_vector_lanes
	import ash_pkg::*;
	import ash_fp_pkg::*;
	import ash_regs_pkg::*;
	import ash_vector_pkg::*;
(
	input  logic                 clk,
	input  logic                 rst,
	input  logic                 clear,

	// What comes now: at most one of in_bias, in_scalev, in_first, in_row.
	input  logic                 in_bias,           // rd_data: the bias row
	input  logic                 in_scalev,         // rd_data: the scale row
	input  logic                 in_first,          // rd_data: the source; SRC2 comes later
	input  logic                 in_row,            // the last or only data of a row
	input  lane_cmd_t            in_cmd,
	input  logic                 in_acc,            // the source is acc_data
	input  logic [1:0]           in_part,           // quarter of the line where rd_data's row begins
	input  logic [LINE_BITS-1:0] rd_data,
	input  logic [LINE_BITS-1:0] acc_data,

	output logic                 out_valid,
	output logic [LINE_BITS-1:0] out_data           // short rows are repeated over the line
);
	/* verilator inline_module */
	typedef logic [31:0] words_t [N];
	localparam logic [31:0] COUNT = N;

	// The row that begins at a quarter of the line, an element a word.
	function automatic void extract2(input words_t w, input logic upper, `ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		for (int i = 0; i < N; i++)
			x[i] = ((upper ? w[N / 2 + i / 2] : w[i / 2]) >> (16 * (i % 2))) & 32'hffff;
	endfunction

	function automatic void extract4(input words_t w, input logic [1:0] part, `ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] v;
		for (int i = 0; i < N; i++) begin
			v = part[1] ? (part[0] ? w[3 * N / 4 + i / 4] : w[N / 2 + i / 4])
			            : (part[0] ? w[N / 4 + i / 4] : w[i / 4]);
			v = v >> (8 * (i % 4));
			x[i] = {{24{v[7]}}, v[7:0]};
		end
	endfunction

	// The other way, repeated over the line.
	function automatic void pack2(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		for (int i = 0; i < N / 2; i++)
			x[i] = {x[2 * i + 1][15:0], x[2 * i][15:0]};
		for (int i = N / 2; i < N; i++)
			x[i] = x[i - N / 2];
	endfunction

	function automatic void pack4(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		for (int i = 0; i < N / 4; i++)
			x[i] = {x[4 * i + 3][7:0], x[4 * i + 2][7:0], x[4 * i + 1][7:0], x[4 * i][7:0]};
		for (int i = N / 4; i < N; i++)
			x[i] = x[i - N / 4];
	endfunction

	// One function a loop, so that each stays simple enough to vectorise.
	function automatic void all_read(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_read(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_from_bf16(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = bf16_to_f32(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_from_f16(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f16_to_f32(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_to_bf16(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_to_bf16(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_to_f16(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_to_f16(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_relu_f32(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_relu(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_relu_i32(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = v[31] ? 32'd0 : v;
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_to_f32(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = i32_to_f32(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_to_i32(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_to_i32(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_to_i8(`ASH_BY_REF words_t x);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = i32_to_i8(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_add_i32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = v + y[i[ROW_W-1:0]];
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_sub_i32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = v - y[i[ROW_W-1:0]];
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_mul_i32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = v * y[i[ROW_W-1:0]];
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_max_i32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = (v ^ SIGN) > (y[i[ROW_W-1:0]] ^ SIGN) ? v : y[i[ROW_W-1:0]];
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_min_i32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = (v ^ SIGN) > (y[i[ROW_W-1:0]] ^ SIGN) ? y[i[ROW_W-1:0]] : v;
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_add_f32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_add(v, y[i[ROW_W-1:0]]);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_sub_f32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_add(v, y[i[ROW_W-1:0]] ^ SIGN);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_mul_f32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_mul(v, y[i[ROW_W-1:0]]);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_max_f32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_max(v, y[i[ROW_W-1:0]]);
			i = i + 32'd1;
		end
	endfunction

	function automatic void all_min_f32(`ASH_BY_REF words_t x, input words_t y);
		/* verilator no_inline_task */
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = f32_min(v, y[i[ROW_W-1:0]]);
			i = i + 32'd1;
		end
	endfunction

	localparam logic [2:0] ADD = VECTOR_CFG_SRC2_OP_ADD[2:0];
	localparam logic [2:0] SUB = VECTOR_CFG_SRC2_OP_SUB[2:0];
	localparam logic [2:0] MUL = VECTOR_CFG_SRC2_OP_MUL[2:0];
	localparam logic [2:0] MAX = VECTOR_CFG_SRC2_OP_MAX[2:0];
	localparam logic [2:0] ACC_F32 = VECTOR_CFG_SRC_FMT_ACC_F32[2:0];
	localparam logic [2:0] I32 = VECTOR_CFG_SRC_FMT_I32[2:0];
	localparam logic [2:0] F32 = VECTOR_CFG_SRC_FMT_F32[2:0];
	localparam logic [2:0] BF16 = VECTOR_CFG_SRC_FMT_BF16[2:0];
	localparam logic [2:0] FP16 = VECTOR_CFG_SRC_FMT_FP16[2:0];
	localparam logic [2:0] I8 = VECTOR_CFG_SRC_FMT_I8[2:0];

	// Widens a row to fp32 or int32.
	function automatic void widen(input words_t w, input logic [2:0] fmt, input logic [1:0] part,
	                              `ASH_BY_REF words_t x);
		if (fmt == I8)
			extract4(w, part, x);
		else if (is_half(fmt))
			extract2(w, part[1], x);
		else
			x = w;
		case (fmt)
		F32, ACC_F32: all_read(x);
		BF16: all_from_bf16(x);
		FP16: all_from_f16(x);
		default: ;
		endcase
	endfunction

	words_t held;                                   // source of a row whose SRC2 is to come
	logic [1:0] held_part;
	words_t bias, scalev;                           // as in the scratchpad
	words_t mid;                                    // between the two steps
	logic mid_valid;
	logic mid_integer, mid_scale, mid_scalev, mid_relu;
	logic [2:0] mid_dst;
	logic [31:0] mid_factor;

	always_ff @(posedge clk) begin
		words_t w, x, y;
		logic integer_now;

		// step 2, for the row of the cycle before
		out_valid <= mid_valid;
		if (mid_valid) begin
			for (int i = 0; i < N; i++)
				x[i] = mid[i];
			integer_now = mid_integer;
			if (mid_scale || mid_scalev) begin
				for (int i = 0; i < N; i++)
					y[i] = mid_scale ? mid_factor : scalev[i];
				if (integer_now)
					all_to_f32(x);
				all_read(y);
				all_mul_f32(x, y);
				integer_now = 1'b0;
			end
			if (mid_relu && integer_now)
				all_relu_i32(x);
			if (mid_relu && !integer_now)
				all_relu_f32(x);
			if (integer_now && mid_dst != I32 && mid_dst != I8) begin
				all_to_f32(x);
				integer_now = 1'b0;
			end
			if (!integer_now && (mid_dst == I32 || mid_dst == I8))
				all_to_i32(x);
			case (mid_dst)
			I8: begin
				all_to_i8(x);
				pack4(x);
			end
			BF16: begin
				all_to_bf16(x);
				pack2(x);
			end
			FP16: begin
				all_to_f16(x);
				pack2(x);
			end
			default: ;
			endcase
			for (int i = 0; i < N; i++)
				out_data[32 * i +: 32] <= x[i];
		end

		// step 1, and the rows that come once a command
		mid_valid <= in_row;
		if (in_bias)
			for (int i = 0; i < N; i++)
				bias[i] <= rd_data[32 * i +: 32];
		if (in_scalev)
			for (int i = 0; i < N; i++)
				scalev[i] <= rd_data[32 * i +: 32];
		if (in_first) begin
			held_part <= in_part;
			for (int i = 0; i < N; i++)
				held[i] <= rd_data[32 * i +: 32];
		end
		if (in_row) begin
			mid_integer <= in_cmd.integer_in;
			mid_scale <= in_cmd.scale;
			mid_scalev <= in_cmd.scalev;
			mid_relu <= in_cmd.relu;
			mid_dst <= in_cmd.dst_fmt;
			mid_factor <= in_cmd.factor;
			for (int i = 0; i < N; i++)
				w[i] = in_acc ? acc_data[32 * i +: 32]
				     : in_cmd.src2 ? held[i] : rd_data[32 * i +: 32];
			widen(w, in_cmd.src_fmt, in_cmd.src2 ? held_part : in_part, x);
			if (in_cmd.src2) begin
				for (int i = 0; i < N; i++)
					w[i] = rd_data[32 * i +: 32];
				widen(w, in_cmd.src_fmt, in_part, y);
				if (in_cmd.integer_in)
					case (in_cmd.op)
					ADD: all_add_i32(x, y);
					SUB: all_sub_i32(x, y);
					MUL: all_mul_i32(x, y);
					MAX: all_max_i32(x, y);
					default: all_min_i32(x, y);
					endcase
				else
					case (in_cmd.op)
					ADD: all_add_f32(x, y);
					SUB: all_sub_f32(x, y);
					MUL: all_mul_f32(x, y);
					MAX: all_max_f32(x, y);
					default: all_min_f32(x, y);
					endcase
			end
			if (in_cmd.bias) begin
				for (int i = 0; i < N; i++)
					y[i] = bias[i];
				if (in_cmd.integer_in)
					all_add_i32(x, y);
				else begin
					all_read(y);
					all_add_f32(x, y);
				end
			end
			for (int i = 0; i < N; i++)
				mid[i] <= x[i];
		end
		if (rst || clear) begin
			out_valid <= 1'b0;
			mid_valid <= 1'b0;
		end
	end
endmodule
