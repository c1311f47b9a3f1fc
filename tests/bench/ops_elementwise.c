// SPDX-License-Identifier: MIT
/* Elementwise operations and reductions on 1024 x 1024 elements. */
#include "ops.h"

#define SIDE  1024u
#define ALL   ((double)SIDE * SIDE)
#define LINES (ALL / 32) /* of 32 lanes */

static const uint64_t square[] = { SIDE, SIDE };

/* What the builders below vary. */
struct variant {
	uint32_t function;
	uint32_t in, out;
	uint64_t other[2]; /* shape of a second operand */
};

static const struct ashlar_op *build_unary(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_unary *op = OT_OP(t, unary);

	t->pattern = KT_PLAIN;
	op->function = v->function;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_binary(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_binary *op = OT_OP(t, binary);

	t->pattern = KT_PLAIN;
	op->function = v->function;
	op->a = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->b = ot_tensor(t, v->in, 2, v->other, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_turned(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_copy *op = OT_OP(t, copy);

	t->pattern = KT_PLAIN;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	op->x.stride[0] = 1;
	op->x.stride[1] = SIDE;
	return &op->op;
}

static const struct ashlar_op *build_reduce(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_reduce *op = OT_OP(t, reduce);
	uint32_t d;

	t->pattern = KT_PLAIN;
	op->function = v->function;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, v->other, OT_PACKED);
	for (d = 0; d < 2; d++)
		if (v->other[d] == 1)
			op->axes |= 1u << d;
	return &op->op;
}

static const struct ashlar_op *build_calibrate(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_calibrate *op = OT_OP(t, calibrate);

	t->pattern = KT_PLAIN;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->scale = ot_tensor(t, ASHLAR_F32, 2, v->other, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_quantize(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_quantize *op = OT_OP(t, quantize);

	t->pattern = KT_PLAIN;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->scale = ot_tensor(t, ASHLAR_F32, 2, v->other, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_I8, 2, square, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_dequantize(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_dequantize *op = OT_OP(t, dequantize);

	t->pattern = KT_PLAIN;
	op->x = ot_tensor(t, ASHLAR_I8, 2, square, OT_PACKED);
	op->scale = ot_tensor(t, ASHLAR_F32, 2, v->other, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_random(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_random *op = OT_OP(t, random);

	op->function = v->function;
	op->b = 1;
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	return &op->op;
}

static const struct ashlar_op *build_dropout(struct ot *t, const void *param)
{
	const struct variant *v = param;
	struct ashlar_op_dropout *op = OT_OP(t, dropout);

	t->pattern = KT_PLAIN;
	op->p = 0.1f;
	op->x = ot_tensor(t, v->in, 2, square, OT_PACKED);
	op->y = ot_tensor(t, v->out, 2, square, OT_PACKED);
	return &op->op;
}

static struct ashlar_parameter *parameter(struct ot *t, bool v)
{
	struct ashlar_parameter *p = ot_array(t, sizeof(*p));

	t->pattern = KT_PLAIN;
	p->value = ot_tensor(t, ASHLAR_F32, 2, square, OT_PACKED);
	p->grad = ot_tensor(t, ASHLAR_F32, 2, square, OT_PACKED);
	p->m = ot_tensor(t, ASHLAR_F32, 2, square, OT_PACKED);
	if (v) {
		p->v = ot_tensor(t, ASHLAR_F32, 2, square, OT_PACKED);
		p->copy = ot_tensor(t, ASHLAR_BF16, 2, square, OT_PACKED);
	}
	return p;
}

static const struct ashlar_op *build_sgd(struct ot *t, const void *param)
{
	struct ashlar_op_sgd *op = OT_OP(t, sgd);

	(void)param;
	op->parameters = parameter(t, false);
	op->count = 1;
	op->rate = 0.01f;
	op->momentum = 0.9f;
	op->grad_scale = 1;
	return &op->op;
}

static const struct ashlar_op *build_adamw(struct ot *t, const void *param)
{
	struct ashlar_op_adamw *op = OT_OP(t, adamw);

	(void)param;
	op->parameters = parameter(t, true);
	op->count = 1;
	op->step = 10;
	op->rate = 0.001f;
	op->beta1 = 0.9f;
	op->beta2 = 0.999f;
	op->epsilon = 1e-8f;
	op->weight_decay = 0.01f;
	op->grad_scale = 1;
	return &op->op;
}

#define F32	  ASHLAR_F32
#define BF16	  ASHLAR_BF16
#define CASE(...) (&(const struct variant){ __VA_ARGS__ })
/* Versions of clang-format differ about braces in macros. */
/* clang-format off */
#define ROW	  { 1, SIDE }
#define COL	  { SIDE, 1 }
#define WHOLE	  { SIDE, SIDE }
#define ONE	  { 1, 1 }
/* clang-format on */

const struct ops_bench ops_benches[] = {
	{ "exp_f32",
	  "exp, fp32",
	  build_unary,
	  CASE(ASHLAR_UNARY_EXP, F32, F32, ONE),
	  { 4 * ALL, 4 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "exp_bf16",
	  "exp, bf16",
	  build_unary,
	  CASE(ASHLAR_UNARY_EXP, BF16, BF16, ONE),
	  { 2 * ALL, 2 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "gelu_bf16",
	  "GELU, bf16",
	  build_unary,
	  CASE(ASHLAR_UNARY_GELU, BF16, BF16, ONE),
	  { 2 * ALL, 2 * ALL, 3 * LINES, 0 },
	  70,
	  80 },
	{ "add_f32",
	  "addition, fp32",
	  build_binary,
	  CASE(ASHLAR_BINARY_ADD, F32, F32, WHOLE),
	  { 8 * ALL, 4 * ALL, 2 * LINES, 0 },
	  70,
	  80 },
	{ "add_bf16",
	  "addition, bf16",
	  build_binary,
	  CASE(ASHLAR_BINARY_ADD, BF16, BF16, WHOLE),
	  { 4 * ALL, 2 * ALL, 2 * LINES, 0 },
	  70,
	  80 },
	{ "add_row_bf16",
	  "addition of a row, bf16",
	  build_binary,
	  CASE(ASHLAR_BINARY_ADD, BF16, BF16, ROW),
	  { 2 * ALL, 2 * ALL, 2 * LINES, 0 },
	  70,
	  80 },
	{ "mul_column_bf16",
	  "multiplication with a column, bf16",
	  build_binary,
	  CASE(ASHLAR_BINARY_MUL, BF16, BF16, COL),
	  { 2 * ALL, 2 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "gelu_grad_bf16",
	  "gradient of GELU, bf16",
	  build_binary,
	  CASE(ASHLAR_BINARY_GELU_GRAD, BF16, BF16, WHOLE),
	  { 4 * ALL, 2 * ALL, 8 * LINES, 0 },
	  70,
	  80 },
	{ "convert_f32_bf16",
	  "fp32 to bf16",
	  build_unary,
	  CASE(ASHLAR_UNARY_IDENTITY, F32, BF16, ONE),
	  { 4 * ALL, 2 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "turn_f32",
	  "transposition, fp32",
	  build_turned,
	  CASE(0, F32, F32, ONE),
	  { 4 * ALL, 4 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "turn_bf16",
	  "transposition, bf16",
	  build_turned,
	  CASE(0, BF16, BF16, ONE),
	  { 2 * ALL, 2 * ALL, 2 * LINES, 0 },
	  70,
	  80 },
	{ "sum_rows_f32",
	  "sums of rows, fp32",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_SUM, F32, F32, COL),
	  { 4 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "sum_rows_bf16",
	  "sums of rows, bf16",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_SUM, BF16, F32, COL),
	  { 2 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "sum_columns_f32",
	  "sums of columns, fp32",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_SUM, F32, F32, ROW),
	  { 4 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "sum_columns_bf16",
	  "sums of columns, bf16",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_SUM, BF16, F32, ROW),
	  { 2 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "sum_all_f32",
	  "sum of all, fp32",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_SUM, F32, F32, ONE),
	  { 4 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "argmax_bf16",
	  "argmax of rows, bf16",
	  build_reduce,
	  CASE(ASHLAR_REDUCE_ARGMAX, BF16, ASHLAR_I32, COL),
	  { 4 * ALL, 0, 4 * LINES, 0 },
	  70,
	  80 },
	{ "calibrate_row",
	  "a scale for each column, bf16",
	  build_calibrate,
	  CASE(0, BF16, 0, ROW),
	  { 2 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "calibrate_one",
	  "one scale, bf16",
	  build_calibrate,
	  CASE(0, BF16, 0, ONE),
	  { 2 * ALL, 0, LINES, 0 },
	  70,
	  80 },
	{ "quantize_row",
	  "bf16 to int8, a scale for each column",
	  build_quantize,
	  CASE(0, BF16, 0, ROW),
	  { 2 * ALL, ALL, 2 * LINES, 0 },
	  70,
	  80 },
	{ "quantize_one",
	  "bf16 to int8, one scale",
	  build_quantize,
	  CASE(0, BF16, 0, ONE),
	  { 2 * ALL, ALL, LINES, 0 },
	  70,
	  80 },
	{ "dequantize_column",
	  "int8 to bf16, a scale for each row",
	  build_dequantize,
	  CASE(0, 0, BF16, COL),
	  { ALL, 2 * ALL, LINES, 0 },
	  70,
	  80 },
	{ "uniform_f32",
	  "uniform random numbers, fp32",
	  build_random,
	  CASE(ASHLAR_RANDOM_UNIFORM, 0, F32, ONE),
	  { 0, 4 * ALL, (97 + 4) * LINES / 4, 0 },
	  70,
	  80 },
	{ "normal_f32",
	  "normal random numbers, fp32",
	  build_random,
	  CASE(ASHLAR_RANDOM_NORMAL, 0, F32, ONE),
	  { 0, 4 * ALL, (97 + 2 * 23) * LINES / 4, 0 },
	  70,
	  80 },
	{ "dropout_bf16",
	  "dropout, bf16",
	  build_dropout,
	  CASE(0, BF16, BF16, ONE),
	  { 2 * ALL, 2 * ALL, (97 + 4 * 3) * LINES / 4, 0 },
	  70,
	  80 },
	{ "sgd_f32",
	  "SGD with momentum",
	  build_sgd,
	  NULL,
	  { 12 * ALL, 8 * ALL, 4 * LINES, 0 },
	  70,
	  80 },
	{ "adamw_f32",
	  "AdamW, and a copy in bf16",
	  build_adamw,
	  NULL,
	  { 16 * ALL, 14 * ALL, 13 * LINES, 0 },
	  70,
	  80 },
	{ .name = NULL },
};
