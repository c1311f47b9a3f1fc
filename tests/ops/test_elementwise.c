// SPDX-License-Identifier: MIT
/* Elementwise operations. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "ot.h"
#include "ref_random.h"

/* A random shape of at most so many elements. */
static uint32_t random_shape(struct ot *t, uint64_t *shape, uint64_t most)
{
	uint32_t dims = ot_range(t, 0, 4), i;

	if (ot_range(t, 0, 9) == 0)
		dims = ot_range(t, 5, 6);
	for (i = 0; i < dims; i++) {
		shape[i] = ot_size(t, (uint32_t)(most > 20000 ? 20000 : most));
		if (shape[i])
			most /= shape[i];
		if (!most)
			most = 1;
	}
	return dims;
}

static const struct ashlar_op *build_unary(struct ot *t, const void *param)
{
	struct ashlar_op_unary *op = OT_OP(t, unary);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	char text[128];

	op->function = ot_range(t, 0, ASHLAR_UNARY_GELU);
	op->flags = ot_range(t, 0, 1) ? 0 : ot_range(t, 0, 3);
	op->scale = (float)((int)ot_range(t, 0, 8) - 4) * 0.75f;
	op->shift = (float)((int)ot_range(t, 0, 8) - 4) * 0.3f;
	op->x = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_READ);
	op->y = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_WRITTEN);
	if (ot_range(t, 0, 3) == 0) {
		op->x = op->y;
		if (ot_range(t, 0, 1) && op->x.format == ASHLAR_F32)
			op->x.format = ASHLAR_I32;
	}
	snprintf(t->text, sizeof(t->text), "unary %u flags %u %s %s to %s%s",
		 op->function, op->flags,
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format),
		 op->x.addr == op->y.addr ? " in place" : "");
	return &op->op;
}

static const struct ashlar_op *build_simple(struct ot *t, const void *param)
{
	struct ashlar_op_unary *op = OT_OP(t, unary);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_BF16, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->function = ASHLAR_UNARY_GELU;
	return &op->op;
}

static void refuse_unary(struct ot *t)
{
	struct ashlar_op_unary op;

	op = *(const struct ashlar_op_unary *)ot_built(t, build_simple, NULL);
	ot_break_tensor(t, &op.op, &op.x, "x", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, function, ASHLAR_UNARY_GELU + 1, ASHLAR_ERROR_INVALID,
		 "unary: function is 15, allowed 0 .. 14");
	OT_BREAK(t, &op, flags, 4, ASHLAR_ERROR_INVALID, "flags");
	OT_BREAK(t, &op, y.shape[0], 6, ASHLAR_ERROR_INVALID,
		 "shape of x, 5x7");
	OT_BREAK(t, &op, op.size, op.op.size - 1, ASHLAR_ERROR_INVALID, "size");
	OT_BREAK(t, &op, y.addr, op.x.addr, ASHLAR_ERROR_INVALID, "overlaps");
	op.flags = ASHLAR_UNARY_SCALE | ASHLAR_UNARY_SHIFT;
	OT_BREAK(t, &op, scale, 1.0f / 0.0f, ASHLAR_ERROR_INVALID, "scale");
	OT_BREAK(t, &op, shift, 0.0f / 0.0f, ASHLAR_ERROR_INVALID, "shift");
	ot_fuzz(t, &op.op, 20000);
}

/* --- Binary ------------------------------------------------------------------- */

/*
 * A shape that repeats to `shape`: some dimensions become 1, some in front go.
 * Each of the other's that is 1 is kept by it.
 */
static uint32_t repeat_shape(struct ot *t, uint32_t dims, const uint64_t *shape,
			     uint64_t *out)
{
	uint32_t drop = ot_range(t, 0, 3) ? 0 : ot_range(t, 0, dims);
	uint32_t i;

	for (i = drop; i < dims; i++)
		out[i - drop] = ot_range(t, 0, 3) ? shape[i] : 1;
	return dims - drop;
}

static const struct ashlar_op *build_binary(struct ot *t, const void *param)
{
	struct ashlar_op_binary *op = OT_OP(t, binary);
	uint64_t shape[ASHLAR_DIMS_MAX], part[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	uint32_t formats = CHECK_ALL;
	uint32_t part_dims;
	bool same = ot_range(t, 0, 2) == 0;
	char y[128], p[128];

	op->function = ot_range(t, 0, ASHLAR_BINARY_GELU_GRAD);
	if (op->function >= ASHLAR_BINARY_RELU_GRAD)
		formats = CHECK_FLOATS;
	if (op->function <= ASHLAR_BINARY_MIN && ot_range(t, 0, 2) == 0) {
		op->flags = ot_range(t, 0, 3);
		op->scale = (float)((int)ot_range(t, 0, 8) - 4) * 0.75f;
	}
	memcpy(part, shape, sizeof(part));
	part_dims = same ? dims : repeat_shape(t, dims, shape, part);
	op->a = ot_tensor(t, ot_format(t, formats), dims, shape, OT_READ);
	op->b = ot_tensor(t, ot_format(t, formats), part_dims, part, OT_READ);
	op->y = ot_tensor(t, ot_format(t, formats), dims, shape, OT_WRITTEN);
	if (ot_range(t, 0, 4) == 0)
		op->a = op->y;
	if (same && ot_range(t, 0, 4) == 0)
		op->b = op->y;
	if (ot_range(t, 0, 1)) {
		struct ashlar_tensor swap = op->a;

		/* Gradients and others take either where it repeats. */
		op->a = op->b;
		op->b = swap;
	}
	snprintf(t->text, sizeof(t->text),
		 "binary %u flags %u %s, %s part %s, %s %s to %s", op->function,
		 op->flags, shape_text(&op->y, y, sizeof(y)),
		 op->a.dims == part_dims ? "a or b" : "one",
		 shape_text(op->a.dims == part_dims ? &op->a : &op->b, p,
			    sizeof(p)),
		 format_name(op->a.format), format_name(op->b.format),
		 format_name(op->y.format));
	return &op->op;
}

static const struct ashlar_op *build_simple_binary(struct ot *t,
						   const void *param)
{
	struct ashlar_op_binary *op = OT_OP(t, binary);

	(void)param;
	op->a = ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->b = ot_tensor(t, ASHLAR_F32, 1, (uint64_t[]){ 7 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->flags = 3;
	op->scale = 2;
	return &op->op;
}

static void refuse_binary(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	struct ashlar_op_binary op;

	op = *(const struct ashlar_op_binary *)ot_built(t, build_simple_binary,
							NULL);
	ot_break_tensor(t, &op.op, &op.a, "a", false);
	ot_break_tensor(t, &op.op, &op.b, "b", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, function, 18, invalid,
		 "binary: function is 18, allowed 0 .. 17");
	OT_BREAK(t, &op, function, ASHLAR_BINARY_DIV, invalid, "flags");
	OT_BREAK(t, &op, flags, 4, invalid, "flags");
	OT_BREAK(t, &op, scale, 0.0f / 0.0f, invalid, "scale");
	OT_BREAK(t, &op, reserved, 1, invalid, "reserved");
	OT_BREAK(t, &op, b.shape[0], 6, invalid,
		 "y is 5x7, which is not what 5x7 and 6 repeat to");
	OT_BREAK(t, &op, y.addr, op.a.addr + 4, invalid, "overlaps");
	ot_fuzz(t, &op.op, 20000);
}

/* --- int8, copy ------------------------------------------------------------------ */

static const struct ashlar_op *build_quantize(struct ot *t, const void *param)
{
	struct ashlar_op_quantize *op = OT_OP(t, quantize);
	uint64_t shape[ASHLAR_DIMS_MAX], part[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	uint32_t part_dims = repeat_shape(t, dims, shape, part);
	char text[128];

	op->x = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims, shape, OT_READ);
	op->scale = ot_tensor(t, ASHLAR_F32, part_dims, part, OT_READ);
	op->y = ot_tensor(t, ASHLAR_I8, dims, shape, OT_WRITTEN);
	if (t->pattern == KT_PLAIN)
		ot_fill_uniform(t, &op->scale, 0.001, 0.1);
	snprintf(t->text, sizeof(t->text), "quantize %s %s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format));
	return &op->op;
}

static const struct ashlar_op *build_dequantize(struct ot *t, const void *param)
{
	struct ashlar_op_dequantize *op = OT_OP(t, dequantize);
	uint64_t shape[ASHLAR_DIMS_MAX], part[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	uint32_t part_dims = repeat_shape(t, dims, shape, part);
	char text[128];

	op->x = ot_tensor(t, ot_format(t, CHECK_I8 | CHECK_I32), dims, shape,
			  OT_READ);
	op->scale = ot_tensor(t, ASHLAR_F32, part_dims, part, OT_READ);
	op->y = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims, shape,
			  OT_WRITTEN);
	snprintf(t->text, sizeof(t->text), "dequantize %s %s to %s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format));
	return &op->op;
}

static const struct ashlar_op *build_copy(struct ot *t, const void *param)
{
	struct ashlar_op_copy *op = OT_OP(t, copy);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	char text[128];

	op->x = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_READ);
	op->y = ot_tensor(
		t, ot_range(t, 0, 1) ? op->x.format : ot_format(t, CHECK_ALL),
		dims, shape, OT_WRITTEN);
	snprintf(t->text, sizeof(t->text), "copy %s %s to %s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format));
	return &op->op;
}

/* Permuted dimensions: each is contiguous along another one. */
static const struct ashlar_op *build_transpose(struct ot *t, const void *param)
{
	struct ashlar_op_copy *op = OT_OP(t, copy);
	uint64_t shape[ASHLAR_DIMS_MAX], turned[ASHLAR_DIMS_MAX];
	uint32_t dims = ot_range(t, 2, 5), order[ASHLAR_DIMS_MAX], d;
	uint64_t most = *(const uint32_t *)param;
	struct ashlar_tensor y;
	char text[128];

	for (d = 0; d < dims; d++) {
		uint32_t fit = (uint32_t)(most > 300 ? 300 : most);

		shape[d] = ot_range(t, 1, d < 2 ? fit : (fit < 5 ? fit : 5));
		most /= shape[d];
		order[d] = d;
	}
	for (d = dims; d > 1; d--) {
		uint32_t j = ot_range(t, 0, d - 1), swap = order[d - 1];

		order[d - 1] = order[j];
		order[j] = swap;
	}
	for (d = 0; d < dims; d++)
		turned[d] = shape[order[d]];
	op->x = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape,
			  ot_range(t, 0, 1) ? OT_ROWS : OT_READ);
	y = ot_tensor(t, ot_format(t, CHECK_ALL), dims, turned, OT_ROWS);
	op->y = y;
	for (d = 0; d < dims; d++) {
		op->y.shape[order[d]] = y.shape[d];
		op->y.stride[order[d]] = y.stride[d];
	}
	snprintf(t->text, sizeof(t->text), "copy, turned, %s %s to %s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format));
	return &op->op;
}

/* --- Reductions ------------------------------------------------------------------- */

/* Sometimes long in one dimension, so that there are several levels. */
static uint32_t reduce_shape(struct ot *t, uint64_t *shape, uint64_t most)
{
	uint32_t dims, d;

	if (ot_range(t, 0, 1)) {
		do
			dims = random_shape(t, shape, most);
		while (!dims);
		return dims;
	}
	dims = ot_range(t, 1, 4);
	for (d = 0; d < dims; d++) {
		shape[d] = ot_range(t, 1, 4);
		most /= shape[d];
	}
	d = ot_range(t, 0, dims - 1);
	shape[d] *= ot_range(t, 1, (uint32_t)most);
	return dims;
}

static const struct ashlar_op *build_reduce(struct ot *t, const void *param)
{
	struct ashlar_op_reduce *op = OT_OP(t, reduce);
	uint64_t shape[ASHLAR_DIMS_MAX], out[ASHLAR_DIMS_MAX], k;
	uint32_t dims, d;
	char text[128];

	do {
		dims = reduce_shape(t, shape, *(const uint32_t *)param);
		op->axes = ot_range(t, 1, (1u << dims) - 1);
		for (d = 0, k = 1; d < dims; d++) {
			out[d] = op->axes & 1u << d ? 1 : shape[d];
			k *= op->axes & 1u << d ? shape[d] : 1;
		}
	} while (!k);
	op->function = ot_range(t, 0, ASHLAR_REDUCE_ARGMAX);
	op->x = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_READ);
	op->y = ot_tensor(t,
			  op->function == ASHLAR_REDUCE_ARGMAX ?
				  (uint32_t)ASHLAR_I32 :
				  ot_format(t, CHECK_ALL),
			  dims, out, OT_WRITTEN);
	snprintf(t->text, sizeof(t->text), "reduce %u axes 0x%x of %s %s to %s",
		 op->function, op->axes, shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format));
	return &op->op;
}

static const struct ashlar_op *build_calibrate(struct ot *t, const void *param)
{
	struct ashlar_op_calibrate *op = OT_OP(t, calibrate);
	uint64_t shape[ASHLAR_DIMS_MAX], out[ASHLAR_DIMS_MAX];
	uint32_t dims, d;
	char text[128];

	do {
		dims = reduce_shape(t, shape, *(const uint32_t *)param);
		for (d = 0; d < dims; d++)
			if (!shape[d])
				shape[d] = 1;
	} while (!dims);
	for (d = 0; d < dims; d++)
		out[d] = ot_range(t, 0, 2) ? 1 : shape[d];
	op->flags = ot_range(t, 0, 1);
	op->x = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims, shape, OT_READ);
	op->scale = ot_tensor(t, ASHLAR_F32, dims, out, OT_WRITTEN);
	snprintf(t->text, sizeof(t->text), "calibrate %s %s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format));
	return &op->op;
}

static const struct ashlar_op *build_simple_reduce(struct ot *t,
						   const void *param)
{
	struct ashlar_op_reduce *op = OT_OP(t, reduce);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 3, (uint64_t[]){ 4, 5, 7 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 3, (uint64_t[]){ 4, 1, 7 }, OT_PACKED);
	op->axes = 2;
	return &op->op;
}

static void refuse_reduce(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	struct ashlar_op_calibrate calibrate = ASHLAR_OP_INIT(calibrate);
	struct ashlar_op_reduce op;

	op = *(const struct ashlar_op_reduce *)ot_built(t, build_simple_reduce,
							NULL);
	ot_break_tensor(t, &op.op, &op.x, "x", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, axes, 0, invalid, "reduce: axes are 0x0");
	OT_BREAK(t, &op, axes, 8, invalid, "axes are 0x8");
	OT_BREAK(t, &op, axes, 3, invalid, "y: shape[0] is 4, but");
	OT_BREAK(t, &op, function, 7, invalid, "function is 7");
	OT_BREAK(t, &op, function, ASHLAR_REDUCE_ARGMAX, invalid,
		 "y has format 3 (f32), allowed are i32");
	OT_BREAK(t, &op, x.shape[1], 0, invalid, "no elements");
	OT_BREAK(t, &op, y.shape[2], 6, invalid, "y: shape[2] is 6");
	OT_BREAK(t, &op, y.dims, 2, invalid, "y has 2 dimensions");
	OT_BREAK(t, &op, y.addr, op.x.addr, invalid, "overlaps");
	ot_fuzz(t, &op.op, 20000);
	calibrate.x = op.x;
	calibrate.scale = op.y;
	ot_break_tensor(t, &calibrate.op, &calibrate.x, "x", false);
	ot_break_tensor(t, &calibrate.op, &calibrate.scale, "scale", true);
	OT_BREAK(t, &calibrate, scale.shape[1], 2, invalid, "scale");
	OT_BREAK(t, &calibrate, scale.dims, 2, invalid, "scale");
	OT_BREAK(t, &calibrate, flags, 2, invalid, "flags");
	OT_BREAK(t, &calibrate, reserved, 1, invalid, "reserved");
	ot_fuzz(t, &calibrate.op, 5000);
}

/* --- Random numbers ------------------------------------------------------------------ */

static uint64_t random_word(struct ot *t)
{
	static const uint64_t edges[] = { 0, 1, UINT32_MAX, 1ull << 32,
					  UINT64_MAX };
	uint64_t v = kt_random(&t->random);

	return ot_range(t, 0, 1) ? v : edges[ot_range(t, 0, 4)];
}

/* Several blocks of 4096, or parts of one. */
static uint32_t random_count(struct ot *t, uint64_t *shape)
{
	static const uint64_t edges[] = { 0,	1,    1023, 1024, 1025,
					  3072, 4095, 4096, 4097, 9000 };

	if (ot_range(t, 0, 2) == 0)
		return random_shape(t, shape, 12000);
	shape[0] = edges[ot_range(t, 0, 9)];
	return 1;
}

static const struct ashlar_op *build_random(struct ot *t, const void *param)
{
	struct ashlar_op_random *op = OT_OP(t, random);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_count(t, shape);
	char text[128];

	(void)param;
	op->seed = random_word(t);
	op->stream = random_word(t);
	op->function = ot_range(t, 0, ASHLAR_RANDOM_NORMAL);
	op->a = (float)ot_range(t, 0, 8) * 0.3f - 1;
	op->b = (float)ot_range(t, 0, 3) * 0.7f;
	op->y = ot_tensor(t,
			  op->function == ASHLAR_RANDOM_WORDS ?
				  (uint32_t)ASHLAR_I32 :
				  ot_format(t, CHECK_FLOATS),
			  dims, shape, OT_PACKED);
	snprintf(t->text, sizeof(t->text), "random %u %s %s", op->function,
		 shape_text(&op->y, text, sizeof(text)),
		 format_name(op->y.format));
	return &op->op;
}

static const struct ashlar_op *build_dropout(struct ot *t, const void *param)
{
	struct ashlar_op_dropout *op = OT_OP(t, dropout);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_count(t, shape);
	char text[128];

	(void)param;
	op->seed = random_word(t);
	op->stream = random_word(t);
	op->p = (float)ot_range(t, 0, 99) * 0.01f;
	op->x = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims, shape,
			  OT_PACKED);
	op->y = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims, shape,
			  OT_PACKED);
	if (ot_range(t, 0, 2) == 0)
		op->x = op->y;
	snprintf(t->text, sizeof(t->text), "dropout p %g %s %s to %s", op->p,
		 shape_text(&op->y, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format));
	return &op->op;
}

/* Known answers of Random123 1.09 (kat_vectors, philox4x32 10). */
static void known_answers(struct ot *t)
{
	static const struct {
		uint32_t counter[4], key[2], words[4];
	} known[] = {
		{ { 0, 0, 0, 0 },
		  { 0, 0 },
		  { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
		{ { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
		  { 0xffffffff, 0xffffffff },
		  { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
		{ { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
		  { 0xa4093822, 0x299f31d0 },
		  { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
	};
	uint32_t words[4];
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		ref_philox(known[i].counter, known[i].key, words);
		ot_check(t, !memcmp(words, known[i].words, sizeof(words)),
			 "philox: known answer %zu", i);
	}
}

static const struct ashlar_op *build_many(struct ot *t, const void *param)
{
	struct ashlar_op_random *op = OT_OP(t, random);

	*op = *(const struct ashlar_op_random *)param;
	op->y = ot_tensor(t, ASHLAR_F32, 1, (uint64_t[]){ 400000 }, OT_PACKED);
	return &op->op;
}

/*
 * Moments of many numbers, within five times their own deviation; neighbours
 * and the numbers of one counter do not go together.
 */
static void moments(struct ot *t)
{
	struct ashlar_op_random op = ASHLAR_OP_INIT(random);
	static const uint32_t far[] = { 1, 1024, 2048, 3072, 4096 };
	const double n = 400000;
	double mean, power[5], with[5];
	uint32_t f, i, k;

	for (f = ASHLAR_RANDOM_UNIFORM; f <= ASHLAR_RANDOM_NORMAL; f++) {
		const struct ashlar_op_random *made;
		bool normal = f == ASHLAR_RANDOM_NORMAL;

		op.function = f;
		op.seed = 12345;
		op.stream = f;
		op.b = 1;
		made = (const struct ashlar_op_random *)ot_reference(
			t, build_many, &op);
		mean = normal ? 0 : 0.5;
		memset(power, 0, sizeof(power));
		memset(with, 0, sizeof(with));
		for (i = 0; i < n; i++) {
			double x = ot_get(&made->y, i) - mean, p = x;

			for (k = 1; k < 5; k++, p *= x)
				power[k] += p / n;
			for (k = 0; k < 5; k++)
				if (i >= far[k])
					with[k] +=
						x *
						(ot_get(&made->y, i - far[k]) -
						 mean) /
						n;
		}
		ot_check(t,
			 ot_near("mean", f, power[1], 0,
				 5 * sqrt(normal ? 1 / n : 1 / (12 * n))) &&
				 ot_near("variance", f, power[2],
					 normal ? 1 : 1 / 12.0,
					 5 * sqrt(normal ? 2 / n :
							   1 / (180 * n))) &&
				 ot_near("third moment", f, power[3], 0,
					 5 * sqrt(normal ? 15 / n :
							   1 / (448 * n))) &&
				 ot_near("fourth moment", f, power[4],
					 normal ? 3 : 1 / 80.0,
					 5 * sqrt(normal ? 96 / n :
							   1 / (3600 * n))),
			 "moments of random %u", f);
		for (k = 0; k < 5; k++)
			ot_check(t,
				 ot_near("product", far[k], with[k], 0,
					 5 * (normal ? 1 : 1 / 12.0) / sqrt(n)),
				 "random %u: elements %u apart", f, far[k]);
	}
}

static void refuse_random(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	struct ashlar_op_dropout dropout = ASHLAR_OP_INIT(dropout);
	struct ashlar_op_random op = ASHLAR_OP_INIT(random);

	op = *(const struct ashlar_op_random *)ot_built(t, build_many, &op);
	op.function = ASHLAR_RANDOM_NORMAL;
	op.y.shape[0] = 2000;
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, function, 3, invalid, "random: function is 3");
	OT_BREAK(t, &op, function, ASHLAR_RANDOM_WORDS, invalid,
		 "y has format 3 (f32), allowed are i32");
	OT_BREAK(t, &op, a, 0.0f / 0.0f, invalid, "a is");
	OT_BREAK(t, &op, b, -1.0f, invalid, "b is -1");
	OT_BREAK(t, &op, y.stride[0], 2, invalid, "packed");
	OT_BREAK(t, &op, reserved, 1, invalid, "reserved");
	ot_fuzz(t, &op.op, 5000);
	dropout.x = op.y;
	dropout.y = op.y;
	ot_accepted(t, &dropout.op);
	dropout.y.addr += 8192;
	ot_break_tensor(t, &dropout.op, &dropout.x, "x", false);
	ot_break_tensor(t, &dropout.op, &dropout.y, "y", true);
	OT_BREAK(t, &dropout, p, 1.0f, invalid, "p is 1, allowed 0 .. 0.99");
	OT_BREAK(t, &dropout, p, -0.5f, invalid, "p is");
	OT_BREAK(t, &dropout, reserved, 1, invalid, "reserved");
	OT_BREAK(t, &dropout, y.shape[0], 1999, invalid, "shape of x");
	OT_BREAK(t, &dropout, y.addr, dropout.x.addr + 4, invalid, "overlaps");
	ot_fuzz(t, &dropout.op, 5000);
}

/* --- Optimizers -------------------------------------------------------------------- */

static struct ashlar_parameter *make_parameters(struct ot *t, uint32_t count,
						uint64_t most, bool m, bool v)
{
	struct ashlar_parameter *p = ot_array(t, count * sizeof(*p) + 1);
	uint32_t i;

	for (i = 0; i < count; i++) {
		uint64_t shape[ASHLAR_DIMS_MAX];
		uint32_t dims = random_shape(t, shape, most / count);

		p[i].value = ot_tensor(t, ASHLAR_F32, dims, shape, OT_PACKED);
		p[i].grad = ot_tensor(t, ot_format(t, CHECK_FLOATS), dims,
				      shape, OT_PACKED);
		if (m)
			p[i].m = ot_tensor(t, ASHLAR_F32, dims, shape,
					   OT_PACKED);
		if (v)
			p[i].v = ot_tensor(t, ASHLAR_F32, dims, shape,
					   OT_PACKED);
		if (ot_range(t, 0, 1))
			p[i].copy = ot_tensor(
				t, ot_format(t, CHECK_BF16 | CHECK_FP16), dims,
				shape, OT_PACKED);
		if (v && t->pattern == KT_PLAIN)
			ot_fill_uniform(t, &p[i].v, 0, 1);
	}
	return p;
}

/* Slices of tensors of one dimension: they follow each other, or nearly. */
static struct ashlar_parameter *slice_parameters(struct ot *t, uint32_t count,
						 uint64_t most, bool m, bool v)
{
	struct ashlar_parameter *p = ot_array(t, count * sizeof(*p) + 1);
	struct ashlar_parameter all = { .value = { .addr = 0 } };
	uint64_t size = most / count, from = 0;
	uint32_t i;

	all.value = ot_tensor(t, ASHLAR_F32, 1, &most, OT_PACKED);
	all.grad =
		ot_tensor(t, ot_format(t, CHECK_FLOATS), 1, &most, OT_PACKED);
	if (m)
		all.m = ot_tensor(t, ASHLAR_F32, 1, &most, OT_PACKED);
	if (v)
		all.v = ot_tensor(t, ASHLAR_F32, 1, &most, OT_PACKED);
	all.copy = ot_tensor(t, ASHLAR_BF16, 1, &most, OT_PACKED);
	for (i = 0; i < count; i++) {
		struct ashlar_tensor *x[] = { &p[i].value, &p[i].grad, &p[i].m,
					      &p[i].v, &p[i].copy };
		uint64_t n = ot_range(t, 0, (uint32_t)size - 1);
		uint32_t k;

		p[i] = all;
		for (k = 0; k < 5; k++) {
			if (!x[k]->dims)
				continue;
			x[k]->addr += from * ashlar_format_bytes(x[k]->format);
			x[k]->shape[0] = n;
		}
		/* Sometimes there is a gap. */
		from += n + (ot_range(t, 0, 2) == 0);
	}
	return p;
}

static struct ashlar_parameter *some_parameters(struct ot *t, uint32_t count,
						uint64_t most, bool m, bool v)
{
	if (count && ot_range(t, 0, 2) == 0)
		return slice_parameters(t, count, most, m, v);
	return make_parameters(t, count, most, m, v);
}

static float pick(struct ot *t, float a, float b)
{
	return ot_range(t, 0, 1) ? a : b;
}

static const struct ashlar_op *build_sgd(struct ot *t, const void *param)
{
	struct ashlar_op_sgd *op = OT_OP(t, sgd);

	op->count = ot_range(t, 0, 3);
	op->rate = 0.01f;
	op->momentum = pick(t, 0, 0.9f);
	op->weight_decay = pick(t, 0, 0.001f);
	op->grad_scale = pick(t, 1, 0.125f);
	if (op->momentum > 0)
		op->flags = ot_range(t, 0, 1) * ASHLAR_SGD_NESTEROV;
	op->parameters = some_parameters(t, op->count, *(const uint32_t *)param,
					 op->momentum > 0, false);
	snprintf(t->text, sizeof(t->text),
		 "sgd %u parameters flags %u momentum %g decay %g scale %g",
		 op->count, op->flags, op->momentum, op->weight_decay,
		 op->grad_scale);
	return &op->op;
}

static const struct ashlar_op *build_adamw(struct ot *t, const void *param)
{
	struct ashlar_op_adamw *op = OT_OP(t, adamw);

	op->count = ot_range(t, 0, 3);
	op->step = ot_range(t, 1, 1000);
	op->rate = 0.001f;
	op->beta1 = pick(t, 0.9f, 0);
	op->beta2 = pick(t, 0.999f, 0.95f);
	op->epsilon = 1e-8f;
	op->weight_decay = pick(t, 0, 0.1f);
	op->grad_scale = pick(t, 1, 0.125f);
	op->parameters = some_parameters(t, op->count, *(const uint32_t *)param,
					 true, true);
	snprintf(t->text, sizeof(t->text), "adamw %u parameters step %u",
		 op->count, op->step);
	return &op->op;
}

static void refuse_optimizers(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	const uint32_t most = 3000;
	struct ashlar_parameter *p;
	struct ashlar_op_adamw op;
	struct ashlar_op_sgd sgd;
	struct ashlar_tensor good;

	/* One that has something in it. */
	do
		op = *(const struct ashlar_op_adamw *)ot_built(t, build_adamw,
							       &most);
	while (op.count < 2 || op.parameters[1].value.dims < 2 ||
	       op.parameters[1].value.shape[0] < 2 ||
	       op.parameters[1].value.shape[1] < 2 ||
	       op.parameters[1].copy.dims == 0);
	p = (struct ashlar_parameter *)op.parameters;
	ot_break_tensor(t, &op.op, &p[1].value, "adamw: parameters[1]: value",
			true);
	ot_break_tensor(t, &op.op, &p[1].grad, "grad", false);
	ot_break_tensor(t, &op.op, &p[1].m, "m", true);
	ot_break_tensor(t, &op.op, &p[1].v, "v", true);
	OT_BREAK(t, &op, parameters, NULL, invalid, "parameters is NULL");
	OT_BREAK(t, &op, step, 0, invalid, "adamw: step is 0, allowed 1 ..");
	OT_BREAK(t, &op, rate, -1.0f, invalid, "rate");
	OT_BREAK(t, &op, beta1, 1.0f, invalid, "beta1");
	OT_BREAK(t, &op, beta2, 0.0f / 0.0f, invalid, "beta2");
	OT_BREAK(t, &op, epsilon, 0.0f, invalid, "epsilon");
	OT_BREAK(t, &op, weight_decay, -1.0f, invalid, "weight_decay");
	OT_BREAK(t, &op, grad_scale, 1.0f / 0.0f, invalid, "grad_scale");
	good = p[1].copy;
	p[1].copy.shape[0]++;
	ot_refused(t, &op.op, invalid, "copy");
	p[1].copy = good;
	good = p[1].v;
	p[1].v = p[1].m;
	ot_refused(t, &op.op, invalid, "overlaps");
	p[1].v = good;
	sgd = (struct ashlar_op_sgd){
		.op = { sizeof(sgd), ASHLAR_OP_KIND_sgd },
		.parameters = p,
		.count = op.count,
		.momentum = 0.9f,
		.grad_scale = 1,
	};
	ot_refused(t, &sgd.op, invalid, "v is there, but is not used");
	memset(&p[0].v, 0, sizeof(p[0].v));
	memset(&p[1].v, 0, sizeof(p[1].v));
	if (op.count == 3)
		memset(&p[2].v, 0, sizeof(p[2].v));
	ot_accepted(t, &sgd.op);
	OT_BREAK(t, &sgd, flags, 2, invalid, "flags");
	OT_BREAK(t, &sgd, rate, 0.0f / 0.0f, invalid, "rate");
	OT_BREAK(t, &sgd, momentum, 2.0f, invalid, "momentum");
	OT_BREAK(t, &sgd, weight_decay, -1.0f, invalid, "weight_decay");
	OT_BREAK(t, &sgd, grad_scale, 0.0f / 0.0f, invalid, "grad_scale");
	OT_BREAK(t, &sgd, momentum, 0.0f, invalid, "m is there");
}

/* --- References against double precision ------------------------------------------------ */

#define U 0x1p-24 /* half of an ULP of 1 */

/* Error of rounding to a format, relative. */
static double format_error(uint32_t format)
{
	if (format == ASHLAR_BF16)
		return 0x1p-8;
	return format == ASHLAR_FP16 ? 0x1p-10 : 0;
}

static double exact_unary(uint32_t function, double v)
{
	switch (function) {
	case ASHLAR_UNARY_IDENTITY:
		return v;
	case ASHLAR_UNARY_NEG:
		return -v;
	case ASHLAR_UNARY_ABS:
		return fabs(v);
	case ASHLAR_UNARY_SQUARE:
		return v * v;
	case ASHLAR_UNARY_SQRT:
		return sqrt(v);
	case ASHLAR_UNARY_RSQRT:
		return 1 / sqrt(v);
	case ASHLAR_UNARY_RECIP:
		return 1 / v;
	case ASHLAR_UNARY_EXP:
		return exp(v);
	case ASHLAR_UNARY_LOG:
		return log(v);
	case ASHLAR_UNARY_TANH:
		return tanh(v);
	case ASHLAR_UNARY_ERF:
		return erf(v);
	case ASHLAR_UNARY_RELU:
		return v > 0 ? v : 0;
	case ASHLAR_UNARY_SIGMOID:
		return 1 / (1 + exp(-v));
	case ASHLAR_UNARY_SILU:
		return v / (1 + exp(-v));
	default:
		return 0.5 * v * (1 + erf(v * sqrt(0.5)));
	}
}

/* What ops_elementwise.h says, in fp32. */
static double unary_bound(uint32_t function, double v, double exact)
{
	switch (function) {
	case ASHLAR_UNARY_GELU:
		return 6 * U * fabs(v);
	case ASHLAR_UNARY_SIGMOID:
	case ASHLAR_UNARY_SILU:
		return 8 * U * fabs(exact);
	default:
		return 2 * U * fabs(exact);
	}
}

/* One function on values from least to most. */
struct smooth {
	uint32_t function, in, out;
	double least, most;
};

static const struct ashlar_op *build_smooth_unary(struct ot *t,
						  const void *param)
{
	const struct smooth *s = param;
	struct ashlar_op_unary *op = OT_OP(t, unary);

	op->function = s->function;
	op->x = ot_tensor(t, s->in, 1, (uint64_t[]){ 4000 }, OT_PACKED);
	op->y = ot_tensor(t, s->out, 1, (uint64_t[]){ 4000 }, OT_PACKED);
	ot_fill_uniform(t, &op->x, s->least, s->most);
	return &op->op;
}

static void bound_unary(struct ot *t)
{
	static const uint32_t outs[] = { ASHLAR_F32, ASHLAR_BF16, ASHLAR_FP16 };
	uint32_t f, o, i;

	for (f = 0; f <= ASHLAR_UNARY_GELU; f++) {
		bool positive = f == ASHLAR_UNARY_SQRT ||
				f == ASHLAR_UNARY_RSQRT ||
				f == ASHLAR_UNARY_LOG;

		for (o = 0; o < 3; o++) {
			struct smooth s = { f, ASHLAR_F32, outs[o],
					    positive ? 0.01 : -8, 8 };
			const struct ashlar_op_unary *op =
				(const struct ashlar_op_unary *)ot_reference(
					t, build_smooth_unary, &s);
			bool ok = true;

			for (i = 0; ok && i < 4000; i++) {
				double v = ot_get(&op->x, i);
				double exact = exact_unary(f, v);

				ok = ot_near("y", i, ot_get(&op->y, i), exact,
					     unary_bound(f, v, exact) +
						     format_error(outs[o]) *
							     fabs(exact) +
						     0x1p-25);
			}
			ot_check(t, ok, "unary %u to %s is too far off", f,
				 format_name(outs[o]));
		}
	}
}

/* --- Gradients ------------------------------------------------------------------------- */

static const struct {
	uint32_t function; /* enum ashlar_unary */
	uint32_t gradient; /* enum ashlar_binary */
	bool of_result;
} gradients[] = {
	{ ASHLAR_UNARY_RELU, ASHLAR_BINARY_RELU_GRAD, false },
	{ ASHLAR_UNARY_TANH, ASHLAR_BINARY_TANH_GRAD, true },
	{ ASHLAR_UNARY_SIGMOID, ASHLAR_BINARY_SIGMOID_GRAD, true },
	{ ASHLAR_UNARY_SILU, ASHLAR_BINARY_SILU_GRAD, false },
	{ ASHLAR_UNARY_GELU, ASHLAR_BINARY_GELU_GRAD, false },
};

#define POINTS 300u

static const struct ashlar_op *build_gradient(struct ot *t, const void *param)
{
	const uint32_t which = *(const uint32_t *)param;
	struct ashlar_op_binary *op = OT_OP(t, binary);
	uint64_t shape[] = { POINTS };
	uint32_t i;

	op->function = gradients[which].gradient;
	op->a = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	op->b = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	ot_fill_uniform(t, &op->a, -1, 1);
	/* Not too near to where RELU bends. */
	for (i = 0; i < POINTS; i++) {
		double x = ((double)i - POINTS / 2.0 + 0.25) * 8 / POINTS;

		if (gradients[which].of_result)
			x = exact_unary(gradients[which].function, x);
		ot_set(t, &op->b, i, x);
	}
	return &op->op;
}

struct weighted {
	uint32_t function;
	const struct ashlar_tensor *weights;
};

static double weighted_sum(const double *x, void *ctx)
{
	const struct weighted *w = ctx;
	double sum = 0;
	uint32_t i;

	for (i = 0; i < POINTS; i++)
		sum += ot_get(w->weights, i) * exact_unary(w->function, x[i]);
	return sum;
}

static void check_gradients(struct ot *t)
{
	double x[POINTS], dx[POINTS];
	uint32_t g, i;
	char name[40];

	for (g = 0; g < sizeof(gradients) / sizeof(gradients[0]); g++) {
		const struct ashlar_op_binary *op =
			(const struct ashlar_op_binary *)ot_reference(
				t, build_gradient, &g);
		struct weighted w = { gradients[g].function, &op->a };

		for (i = 0; i < POINTS; i++) {
			x[i] = ((double)i - POINTS / 2.0 + 0.25) * 8 / POINTS;
			dx[i] = ot_get(&op->y, i);
		}
		snprintf(name, sizeof(name), "of unary %u",
			 gradients[g].function);
		ot_gradient(t, name, weighted_sum, &w, x, POINTS, dx, 1e-6);
	}
}

/* --- Sums, optimizers --------------------------------------------------------------------- */

static const struct ashlar_op *build_sum(struct ot *t, const void *param)
{
	struct ashlar_op_reduce *op = OT_OP(t, reduce);
	uint64_t shape[2], out[2];

	op->axes = *(const uint32_t *)param;
	shape[0] = op->axes & 1 ? 20000 : 3;
	shape[1] = op->axes & 2 ? 20000 : 3;
	out[0] = op->axes & 1 ? 1 : 3;
	out[1] = op->axes & 2 ? 1 : 3;
	op->function = ot_range(t, 0, 1);
	op->x = ot_tensor(t, ASHLAR_F32, 2, shape, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 2, out, OT_PACKED);
	ot_fill_uniform(t, &op->x, -1, 3);
	return &op->op;
}

static void bound_sums(struct ot *t)
{
	uint32_t round, k, i;

	for (round = 0; round < 8; round++) {
		uint32_t axes = 1 + round % 2;
		const struct ashlar_op_reduce *op =
			(const struct ashlar_op_reduce *)ot_reference(
				t, build_sum, &axes);
		/* 20000 is three levels of 64; of 64 lanes or fewer, two. */
		double steps = 3 * 64 + 12;
		bool ok = true;

		for (i = 0; ok && i < 3; i++) {
			double sum = 0, all = 0;

			for (k = 0; k < 20000; k++) {
				double x = ot_get(&op->x,
						  axes & 1 ? 3 * k + i :
							     20000 * i + k);

				sum += x;
				all += fabs(x);
			}
			if (op->function == ASHLAR_REDUCE_MEAN) {
				sum /= 20000;
				all /= 20000;
			}
			ok = ot_near("sum", i, ot_get(&op->y, i), sum,
				     steps * U * all);
		}
		ot_check(t, ok, "sums along axes %u are too far off", axes);
	}
}

static const struct ashlar_op *build_step(struct ot *t, const void *param)
{
	struct ashlar_op_adamw *op = OT_OP(t, adamw);
	struct ashlar_parameter *p = ot_array(t, sizeof(*p));
	uint64_t shape[] = { 500 };

	op->step = *(const uint32_t *)param;
	op->rate = 0.01f;
	op->beta1 = 0.9f;
	op->beta2 = 0.999f;
	op->epsilon = 1e-8f;
	op->weight_decay = 0.1f;
	op->grad_scale = 0.5f;
	op->count = 1;
	op->parameters = p;
	p->value = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	p->grad = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	p->m = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	p->v = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);
	ot_fill_uniform(t, &p->value, -1, 1);
	ot_fill_uniform(t, &p->grad, -1, 1);
	ot_fill_uniform(t, &p->m, -1, 1);
	ot_fill_uniform(t, &p->v, 0.01, 1);
	return &op->op;
}

/* As the paper has it, in double precision. */
static void bound_adamw(struct ot *t)
{
	uint32_t step, i, k;

	for (step = 1; step < 5000; step *= 7) {
		static double was[4][500];
		const struct ashlar_op_adamw *op;
		const struct ashlar_parameter *p;
		uint64_t seed = t->seed;
		bool ok = true;

		op = (const struct ashlar_op_adamw *)ot_built(t, build_step,
							      &step);
		p = op->parameters;
		for (i = 0; i < 500; i++) {
			was[0][i] = ot_get(&p->value, i);
			was[1][i] = ot_get(&p->grad, i) * 0.5;
			was[2][i] = ot_get(&p->m, i);
			was[3][i] = ot_get(&p->v, i);
		}
		t->seed = seed;
		ot_reference(t, build_step, &step);
		for (i = 0; ok && i < 500; i++) {
			double b1 = op->beta1, b2 = op->beta2, r = op->rate;
			double g = was[1][i], c1 = 1, c2 = 1, m, v, d;

			for (k = 0; k < step; k++) {
				c1 *= b1;
				c2 *= b2;
			}
			m = b1 * was[2][i] + (1 - b1) * g;
			v = b2 * was[3][i] + (1 - b2) * g * g;
			d = r * (m / (1 - c1)) /
			    (sqrt(v / (1 - c2)) + op->epsilon);
			ok = ot_near("m", i, ot_get(&p->m, i), m, 4 * U) &&
			     ot_near("v", i, ot_get(&p->v, i), v, 6 * U * v) &&
			     ot_near("value", i, ot_get(&p->value, i),
				     was[0][i] * (1 - r * op->weight_decay) - d,
				     4 * U * fabs(was[0][i]) +
					     4 * U * r / (1 - c1) / sqrt(v) +
					     16 * U * fabs(d));
		}
		ot_check(t, ok, "adamw is too far off in step %u", step);
	}
}

/* --- All ------------------------------------------------------------------------------ */

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	static const ot_build builds[] = {
		build_unary,  build_binary,    build_reduce,	 build_random,
		build_binary, build_calibrate, build_dropout,	 build_quantize,
		build_copy,   build_reduce,    build_dequantize, build_sgd,
		build_adamw,  build_transpose,
	};
	uint32_t most = t->lanes == 8 ? 6000 : 40000;
	unsigned long i;

	if (host) {
		refuse_unary(t);
		refuse_binary(t);
		refuse_optimizers(t);
		refuse_reduce(t);
		refuse_random(t);
		known_answers(t);
		moments(t);
		bound_unary(t);
		bound_sums(t);
		bound_adamw(t);
		check_gradients(t);
	}
	for (i = 0; i < cases; i++)
		ot_run(t, builds[i % (sizeof(builds) / sizeof(builds[0]))],
		       &most);
}
