// SPDX-License-Identifier: MIT
//
// What the vector unit does to all lanes of a row: one function a loop, so that
// each stays simple enough for the C++ compiler to vectorise. Verilator leaves
// the loops alone (hw-model/rtl/matrix/README.md says when); scalar arithmetic
// is in ash_fp_pkg.

// An inout array. Verilator 5.032 copies one word by word into a function and
// back, but hands on a ref (hw-model/rtl/matrix/flags.mk); synthesis knows inout
// only. Here both are the same.
`ifdef ASH_VERILATOR_REF
`define ASH_BY_REF ref
`else
`define ASH_BY_REF inout
`endif

package ash_vector_row_pkg;
	import ash_func_pkg::*;
	import ash_fp_pkg::*;
	import ash_pkg::*;
	import ash_regs_pkg::*;
	import ash_vector_pkg::is_byte;
	import ash_vector_pkg::is_half;

	typedef logic [31:0] words_t [N];
	// The tree over the lanes: level k in words N >> k and up, its N >> k
	// inputs' pairs above; level 0, what is reduced, in words N and up.
	typedef logic [31:0] tree_t [2 * N];
	typedef words_t block_t [N];
	typedef words_t ring_t [4];
	localparam logic [31:0] COUNT = N;
	localparam int TREE_W = ROW_W + 1;

	// x[i] = EXPR of v = x[i]
	`define ASH_LOOP1(NAME, EXPR) \
		function automatic void NAME(`ASH_BY_REF words_t x); \
			/* verilator no_inline_task */ \
			logic [31:0] i, v; \
			i = '0; \
			v = '0; \
			while (i < COUNT) begin \
				v = x[i[ROW_W-1:0]]; \
				x[i[ROW_W-1:0]] = EXPR; \
				i = i + 32'd1; \
			end \
		endfunction

	// x[i] = EXPR of v = x[i] and w = y[i]
	`define ASH_LOOP2(NAME, EXPR) \
		function automatic void NAME(`ASH_BY_REF words_t x, input words_t y); \
			/* verilator no_inline_task */ \
			logic [31:0] i, v, w; \
			i = '0; \
			v = '0; \
			w = '0; \
			while (i < COUNT) begin \
				v = x[i[ROW_W-1:0]]; \
				w = y[i[ROW_W-1:0]]; \
				x[i[ROW_W-1:0]] = EXPR; \
				i = i + 32'd1; \
			end \
		endfunction

	// A level of h pairs: lane i with lane i + h.
	`define ASH_TREE(NAME, EXPR) \
		function automatic void NAME(`ASH_BY_REF tree_t t, input logic [31:0] h); \
			/* verilator no_inline_task */ \
			logic [31:0] i, v, w; \
			i = '0; \
			v = '0; \
			w = '0; \
			while (i < h) begin \
				v = t[TREE_W'(h * 32'd2 + i)]; \
				w = t[TREE_W'(h * 32'd3 + i)]; \
				t[TREE_W'(h + i)] = EXPR; \
				i = i + 32'd1; \
			end \
		endfunction

	// Where the functions of all lanes are in the table, and the exponent there.
	`define ASH_PLACE(NAME, PLACE, EXP) \
		function automatic void NAME(`ASH_BY_REF words_t x, `ASH_BY_REF words_t p, `ASH_BY_REF words_t e); \
			/* verilator no_inline_task */ \
			logic [31:0] i, v; \
			i = '0; \
			v = '0; \
			while (i < COUNT) begin \
				v = x[i[ROW_W-1:0]]; \
				p[i[ROW_W-1:0]] = PLACE; \
				e[i[ROW_W-1:0]] = EXP; \
				i = i + 32'd1; \
			end \
		endfunction

	// The results, of v = x[i], w = y[i] from the table and the exponent e.
	`define ASH_RESULT(NAME, EXPR) \
		function automatic void NAME(`ASH_BY_REF words_t x, input words_t y, input words_t exp); \
			/* verilator no_inline_task */ \
			logic [31:0] i, v, w, e; \
			i = '0; \
			v = '0; \
			w = '0; \
			e = '0; \
			while (i < COUNT) begin \
				v = x[i[ROW_W-1:0]]; \
				w = y[i[ROW_W-1:0]]; \
				e = exp[i[ROW_W-1:0]]; \
				x[i[ROW_W-1:0]] = EXPR; \
				i = i + 32'd1; \
			end \
		endfunction

	`ASH_LOOP1(all_read, f32_read(v))
	`ASH_LOOP1(all_from_bf16, bf16_to_f32(v))
	`ASH_LOOP1(all_from_f16, f16_to_f32(v))
	`ASH_LOOP1(all_to_bf16, f32_to_bf16(v))
	`ASH_LOOP1(all_to_f16, f32_to_f16(v))
	`ASH_LOOP1(all_relu_f32, f32_relu(v))
	`ASH_LOOP1(all_relu_i32, (v[31] ? 32'd0 : v))
	`ASH_LOOP1(all_to_f32, i32_to_f32(v))
	`ASH_LOOP1(all_to_i32, f32_to_i32(v))
	`ASH_LOOP1(all_to_i8, i32_to_i8(v))

	`ASH_LOOP2(all_add_i32, v + w)
	`ASH_LOOP2(all_sub_i32, v - w)
	`ASH_LOOP2(all_mul_i32, v * w)
	`ASH_LOOP2(all_max_i32, ((v ^ SIGN) > (w ^ SIGN) ? v : w))
	`ASH_LOOP2(all_min_i32, ((v ^ SIGN) > (w ^ SIGN) ? w : v))
	`ASH_LOOP2(all_gt_i32, ((v ^ SIGN) > (w ^ SIGN) ? 32'd1 : 32'd0))
	`ASH_LOOP2(all_ge_i32, ((w ^ SIGN) > (v ^ SIGN) ? 32'd0 : 32'd1))
	`ASH_LOOP2(all_eq_i32, (v == w ? 32'd1 : 32'd0))
	`ASH_LOOP2(all_gate_i32, (w - 32'd1 < ~SIGN ? v : 32'd0))
	`ASH_LOOP2(all_keep_i32, (w != 32'd0 ? v : 32'd0))
	`ASH_LOOP2(all_mulhu, mulhu(v, w))
	`ASH_LOOP2(all_and, v & w)
	`ASH_LOOP2(all_or, v | w)
	`ASH_LOOP2(all_xor, v ^ w)
	`ASH_LOOP2(all_shl, v << (w & 32'd31))
	`ASH_LOOP2(all_shr, v >> (w & 32'd31))

	`ASH_LOOP2(all_add_f32, f32_add(v, w))
	`ASH_LOOP2(all_sub_f32, f32_add(v, w ^ SIGN))
	`ASH_LOOP2(all_mul_f32, f32_mul(v, w))
	`ASH_LOOP2(all_max_f32, f32_max(v, w))
	`ASH_LOOP2(all_min_f32, f32_min(v, w))
	`ASH_LOOP2(all_gt_f32, f32_gt(v, w))
	`ASH_LOOP2(all_ge_f32, f32_ge(v, w))
	`ASH_LOOP2(all_eq_f32, f32_eq(v, w))
	`ASH_LOOP2(all_gate_f32, f32_gate(v, w))
	`ASH_LOOP2(all_keep_f32, f32_keep(v, w))

	`ASH_TREE(tree_add_i32, v + w)
	`ASH_TREE(tree_max_i32, ((v ^ SIGN) > (w ^ SIGN) ? v : w))
	`ASH_TREE(tree_min_i32, ((v ^ SIGN) > (w ^ SIGN) ? w : v))
	`ASH_TREE(tree_add_f32, f32_add(v, w))
	`ASH_TREE(tree_max_f32, f32_max(v, w))
	`ASH_TREE(tree_min_f32, f32_min(v, w))

	`ASH_LOOP1(all_abs, v & ~SIGN)
	`ASH_LOOP1(all_square, f32_mul(v, v))
	`ASH_PLACE(all_exp_place, exp_place(v), exp_exp(v))
	`ASH_PLACE(all_log_place, log_place(v), 32'd0)
	`ASH_PLACE(all_recip_place, recip_place(v), recip_exp(v))
	`ASH_PLACE(all_rsqrt_place, rsqrt_place(v), rsqrt_exp(v))
	`ASH_PLACE(all_sqrt_place, sqrt_place(v), sqrt_exp(v))
	`ASH_PLACE(all_tanh_place, tanh_place(v), TANH_ONE)
	`ASH_PLACE(all_erf_place, erf_place(v), ERF_ONE)
	`ASH_RESULT(all_exp_result, exp_result(v, w, e))
	`ASH_LOOP2(all_log_result, log_result(v, w))
	`ASH_RESULT(all_recip_result, recip_result(v, w, e))
	`ASH_RESULT(all_rsqrt_result, rsqrt_result(v, w, e))
	`ASH_RESULT(all_sqrt_result, sqrt_result(v, w, e))
	`ASH_RESULT(all_odd_result, odd_result(v, w, e))

	`undef ASH_PLACE
	`undef ASH_RESULT
	`undef ASH_LOOP1
	`undef ASH_LOOP2
	`undef ASH_TREE

	// Words from one place to another.
	`define ASH_COPY(NAME, TO, FROM, ARGS) \
		function automatic void NAME ARGS; \
			/* verilator no_inline_task */ \
			logic [31:0] i, v; \
			i = '0; \
			v = '0; \
			while (i < COUNT) begin \
				v = FROM; \
				TO = v; \
				i = i + 32'd1; \
			end \
		endfunction

	`ASH_COPY(set, x[i[ROW_W-1:0]], y[i[ROW_W-1:0]], (`ASH_BY_REF words_t x, input words_t y))
	`ASH_COPY(tree_put, t[{1'b1, i[ROW_W-1:0]}], x[i[ROW_W-1:0]], (`ASH_BY_REF tree_t t, input words_t x))
	`ASH_COPY(tree_get, x[i[ROW_W-1:0]], t[{1'b1, i[ROW_W-1:0]}], (`ASH_BY_REF words_t x, `ASH_BY_REF tree_t t))
	`ASH_COPY(ring_put, l[n][i[ROW_W-1:0]], x[i[ROW_W-1:0]],
	          (`ASH_BY_REF ring_t l, input logic [1:0] n, input words_t x))
	`ASH_COPY(block_put, b[n][i[ROW_W-1:0]], x[i[ROW_W-1:0]],
	          (`ASH_BY_REF block_t b, input logic [ROW_W-1:0] n, input words_t x))

	`undef ASH_COPY

	function automatic void from_line(`ASH_BY_REF words_t x, input logic [LINE_BITS-1:0] l);
		/* verilator no_inline_task */
		for (int i = 0; i < N; i++)
			x[i] = l[32 * i +: 32];
	endfunction

	function automatic logic [31:0] mulhu(input logic [31:0] x, input logic [31:0] y);
		logic [63:0] p;
		p = {32'd0, x} * {32'd0, y};
		return 32'(p >> 32);
	endfunction

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

	// Elements in the low bits of words, to a line.
	function automatic void pack(`ASH_BY_REF words_t x, input logic [2:0] fmt);
		/* verilator no_inline_task */
		if (is_byte(fmt))
			pack4(x);
		else if (is_half(fmt))
			pack2(x);
	endfunction

	// Widens a row, at a quarter of its line, to fp32 or int32.
	function automatic void widen(`ASH_BY_REF words_t x, input words_t w, input logic [2:0] fmt,
	                              input logic [1:0] part);
		/* verilator no_inline_task */
		if (is_byte(fmt))
			extract4(w, part, x);
		else if (is_half(fmt))
			extract2(w, part[1], x);
		else
			set(x, w);
		case (fmt)
		VECTOR_CFG_SRC_FMT_F32[2:0], VECTOR_CFG_SRC_FMT_ACC_F32[2:0]: all_read(x);
		VECTOR_CFG_SRC_FMT_BF16[2:0]: all_from_bf16(x);
		VECTOR_CFG_SRC_FMT_FP16[2:0]: all_from_f16(x);
		default: ;
		endcase
	endfunction

	// A row or a word as the unit takes it: int32, or fp32 that is read.
	function automatic void operand(`ASH_BY_REF words_t x, input words_t row, input logic is_row,
	                                input logic [31:0] w, input logic is_int);
		/* verilator no_inline_task */
		if (is_row)
			set(x, row);
		else
			fill_from(x, '0, w);
		if (!is_int)
			all_read(x);
	endfunction

	// Lanes from n on become v.
	function automatic void fill_from(`ASH_BY_REF words_t x, input logic [ROW_W:0] n, input logic [31:0] v);
		/* verilator no_inline_task */
		logic [31:0] i, w;
		i = '0;
		w = '0;
		while (i < COUNT) begin
			w = x[i[ROW_W-1:0]];
			x[i[ROW_W-1:0]] = i < 32'(n) ? w : v;
			i = i + 32'd1;
		end
	endfunction

	// x with SRC2 (VECTOR.CFG.SRC2_OP).
	function automatic void combine(`ASH_BY_REF words_t x, input words_t y, input logic is_int, input logic [3:0] op);
		/* verilator no_inline_task */
		if (is_int)
			case (op)
			VECTOR_CFG_SRC2_OP_ADD[3:0]: all_add_i32(x, y);
			VECTOR_CFG_SRC2_OP_SUB[3:0]: all_sub_i32(x, y);
			VECTOR_CFG_SRC2_OP_MUL[3:0]: all_mul_i32(x, y);
			VECTOR_CFG_SRC2_OP_MAX[3:0]: all_max_i32(x, y);
			VECTOR_CFG_SRC2_OP_MIN[3:0]: all_min_i32(x, y);
			VECTOR_CFG_SRC2_OP_GT[3:0]: all_gt_i32(x, y);
			VECTOR_CFG_SRC2_OP_GE[3:0]: all_ge_i32(x, y);
			VECTOR_CFG_SRC2_OP_EQ[3:0]: all_eq_i32(x, y);
			VECTOR_CFG_SRC2_OP_GATE[3:0]: all_gate_i32(x, y);
			VECTOR_CFG_SRC2_OP_KEEP[3:0]: all_keep_i32(x, y);
			VECTOR_CFG_SRC2_OP_MULHU[3:0]: all_mulhu(x, y);
			VECTOR_CFG_SRC2_OP_AND[3:0]: all_and(x, y);
			VECTOR_CFG_SRC2_OP_OR[3:0]: all_or(x, y);
			VECTOR_CFG_SRC2_OP_XOR[3:0]: all_xor(x, y);
			VECTOR_CFG_SRC2_OP_SHL[3:0]: all_shl(x, y);
			default: all_shr(x, y);
			endcase
		else
			case (op)
			VECTOR_CFG_SRC2_OP_ADD[3:0]: all_add_f32(x, y);
			VECTOR_CFG_SRC2_OP_SUB[3:0]: all_sub_f32(x, y);
			VECTOR_CFG_SRC2_OP_MUL[3:0]: all_mul_f32(x, y);
			VECTOR_CFG_SRC2_OP_MAX[3:0]: all_max_f32(x, y);
			VECTOR_CFG_SRC2_OP_MIN[3:0]: all_min_f32(x, y);
			VECTOR_CFG_SRC2_OP_GT[3:0]: all_gt_f32(x, y);
			VECTOR_CFG_SRC2_OP_GE[3:0]: all_ge_f32(x, y);
			VECTOR_CFG_SRC2_OP_EQ[3:0]: all_eq_f32(x, y);
			VECTOR_CFG_SRC2_OP_GATE[3:0]: all_gate_f32(x, y);
			default: all_keep_f32(x, y);
			endcase
	endfunction

	// A function (VECTOR.OP.FN) of all lanes in three steps: fn_place,
	// all_fn_value of p, fn_result. Those without a table are done by the first.
	function automatic void fn_place(`ASH_BY_REF words_t x, `ASH_BY_REF words_t p, `ASH_BY_REF words_t e,
	                                 input logic [3:0] fn);
		/* verilator no_inline_task */
		case (fn)
		VECTOR_OP_FN_EXP[3:0]: all_exp_place(x, p, e);
		VECTOR_OP_FN_LOG[3:0]: all_log_place(x, p, e);
		VECTOR_OP_FN_RECIP[3:0]: all_recip_place(x, p, e);
		VECTOR_OP_FN_RSQRT[3:0]: all_rsqrt_place(x, p, e);
		VECTOR_OP_FN_SQRT[3:0]: all_sqrt_place(x, p, e);
		VECTOR_OP_FN_TANH[3:0]: all_tanh_place(x, p, e);
		VECTOR_OP_FN_ERF[3:0]: all_erf_place(x, p, e);
		VECTOR_OP_FN_ABS[3:0]: all_abs(x);
		default: all_square(x);
		endcase
	endfunction

	// Inlined, as it must be for the table's sake.
	function automatic void all_fn_value(`ASH_BY_REF words_t p);
		logic [31:0] i, v;
		i = '0;
		v = '0;
		while (i < COUNT) begin
			v = p[i[ROW_W-1:0]];
			p[i[ROW_W-1:0]] = fn_value(v);
			i = i + 32'd1;
		end
	endfunction

	function automatic void fn_result(`ASH_BY_REF words_t x, input words_t v, input words_t e, input logic [3:0] fn);
		/* verilator no_inline_task */
		case (fn)
		VECTOR_OP_FN_EXP[3:0]: all_exp_result(x, v, e);
		VECTOR_OP_FN_LOG[3:0]: all_log_result(x, v);
		VECTOR_OP_FN_RECIP[3:0]: all_recip_result(x, v, e);
		VECTOR_OP_FN_RSQRT[3:0]: all_rsqrt_result(x, v, e);
		VECTOR_OP_FN_SQRT[3:0]: all_sqrt_result(x, v, e);
		VECTOR_OP_FN_TANH[3:0], VECTOR_OP_FN_ERF[3:0]: all_odd_result(x, v, e);
		default: ;
		endcase
	endfunction

	// What is not there in a reduction (VECTOR.OP.RED_OP).
	function automatic logic [31:0] identity(input logic is_int, input logic [1:0] op);
		case (op)
		VECTOR_OP_RED_OP_SUM[1:0]: return is_int ? 32'd0 : SIGN;
		VECTOR_OP_RED_OP_MAX[1:0]: return is_int ? SIGN : SIGN | INF;
		default: return is_int ? ~SIGN : INF;
		endcase
	endfunction

	// A step of a reduction lane by lane.
	function automatic void reduce(`ASH_BY_REF words_t x, input words_t y, input logic is_int, input logic [1:0] op);
		/* verilator no_inline_task */
		case (op)
		VECTOR_OP_RED_OP_SUM[1:0]:
			if (is_int)
				all_add_i32(x, y);
			else
				all_add_f32(x, y);
		VECTOR_OP_RED_OP_MAX[1:0]:
			if (is_int)
				all_max_i32(x, y);
			else
				all_max_f32(x, y);
		default:
			if (is_int)
				all_min_i32(x, y);
			else
				all_min_f32(x, y);
		endcase
	endfunction

	function automatic void tree_level(`ASH_BY_REF tree_t t, input logic [31:0] h, input logic is_int, input logic [1:0] op);
		/* verilator no_inline_task */
		case (op)
		VECTOR_OP_RED_OP_SUM[1:0]:
			if (is_int)
				tree_add_i32(t, h);
			else
				tree_add_f32(t, h);
		VECTOR_OP_RED_OP_MAX[1:0]:
			if (is_int)
				tree_max_i32(t, h);
			else
				tree_max_f32(t, h);
		default:
			if (is_int)
				tree_min_i32(t, h);
			else
				tree_min_f32(t, h);
		endcase
	endfunction
endpackage
