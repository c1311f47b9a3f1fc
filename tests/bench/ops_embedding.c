// SPDX-License-Identifier: MIT
/*
 * Rotary embedding of 8 heads of 64 and 1024 positions, in bf16, and 1024 rows of
 * a table of 1000 x 256. Vector operations are counted in lines of 32 elements.
 */
#include "ops.h"

#define HEADS	  8u
#define POSITIONS 1024u
#define D	  64u
#define ROTARY	  ((double)HEADS * POSITIONS * D)
#define ANGLES	  (POSITIONS * D / 2.0) /* elements of a table */

#define TOKENS 1024u
#define ROWS   1000u
#define WIDTH  256u
#define PICKED ((double)TOKENS * WIDTH)
#define TABLE  ((double)ROWS * WIDTH)

static const struct ashlar_op *build_rotary(struct ot *t, const void *param)
{
	static const uint64_t shape[] = { 1, HEADS, POSITIONS, D };
	static const uint64_t angles[] = { POSITIONS, D / 2 };
	struct ashlar_op_rotary *op = OT_OP(t, rotary);

	t->pattern = KT_PLAIN;
	op->flags = *(const uint32_t *)param;
	op->x = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->cos = ot_tensor(t, ASHLAR_F32, 2, angles, OT_PACKED);
	op->sin = ot_tensor(t, ASHLAR_F32, 2, angles, OT_PACKED);
	return &op->op;
}

/* Any rows, some more than once. */
static struct ashlar_tensor indices(struct ot *t)
{
	static const uint64_t shape[] = { TOKENS };
	struct ashlar_tensor x = ot_tensor(t, ASHLAR_I32, 1, shape, OT_PACKED);

	ot_fill_range(t, &x, 0, ROWS - 1);
	return x;
}

static struct ashlar_tensor rows(struct ot *t, uint32_t format, uint64_t count)
{
	const uint64_t shape[] = { count, WIDTH };

	t->pattern = KT_PLAIN;
	return ot_tensor(t, format, 2, shape, OT_PACKED);
}

static const struct ashlar_op *build_embedding(struct ot *t, const void *param)
{
	struct ashlar_op_embedding *op = OT_OP(t, embedding);
	uint32_t format = *(const uint32_t *)param;

	op->index = indices(t);
	op->table = rows(t, format, ROWS);
	op->y = rows(t, format, TOKENS);
	return &op->op;
}

static const struct ashlar_op *build_embedding_dx(struct ot *t,
						  const void *param)
{
	struct ashlar_op_embedding_dx *op = OT_OP(t, embedding_dx);

	op->index = indices(t);
	op->dy = rows(t, *(const uint32_t *)param, TOKENS);
	op->dtable = rows(t, ASHLAR_F32, ROWS);
	op->padding = -1;
	return &op->op;
}

static const uint32_t halves = 0, interleaved = ASHLAR_ROTARY_INTERLEAVED;
static const uint32_t f32 = ASHLAR_F32, bf16 = ASHLAR_BF16;

/* Versions of clang-format differ about braces in macros. */
/* clang-format off */
#define BENCH(name_, text_, build_, case_, ...)   \
	{                                         \
		.name = name_,                    \
		.text = text_,                    \
		.build = build_,                  \
		.param = &(case_),                \
		.bound = { __VA_ARGS__ },         \
		.least = 33,                      \
		.aim = 80,                        \
	}
/* clang-format on */

const struct ops_bench ops_benches[] = {
	/* two products (4); result */
	BENCH("rotary", "rotary embedding, 8 heads of 64, 1024 positions",
	      build_rotary, halves, 2 * ROTARY + 8 * ANGLES, 2 * ROTARY,
	      5 * ROTARY / 32),
	/* transposed (2); two products (4); again, in turn; transposed (2) */
	BENCH("rotary_interleaved", "  interleaved", build_rotary, interleaved,
	      2 * ROTARY + 8 * ANGLES, 2 * ROTARY, 9 * ROTARY / 32),
	BENCH("embedding_bf16", "embedding, 1024 of 1000 rows of 256, bf16",
	      build_embedding, bf16, 2 * PICKED, 2 * PICKED),
	BENCH("embedding_f32", "  fp32", build_embedding, f32, 4 * PICKED,
	      4 * PICKED),
	/* zeros, and the rows of tokens once more */
	BENCH("embedding_dx_bf16", "  gradient, bf16", build_embedding_dx, bf16,
	      2 * PICKED + 4 * PICKED, 4 * (TABLE + PICKED), 2 * PICKED / 32),
	{ .name = NULL },
};
