// SPDX-License-Identifier: MIT
#include "ops.h"

#define HEADS 8u
#define D     64u

/*
 * Products that are really needed, in cycles of a 32 x 32 array: q . k and
 * p * v for all pairs of positions, half of them (and half a diagonal) when
 * causal. Backward five: q . k again, dout . v, ds * k, ds * q, p * dout.
 */
#define PAIRS(n, causal) ((causal) ? (n) * ((n) + 1.0) / 2 : (double)(n) * (n))
#define CYCLES(products, n, causal) \
	(PAIRS(n, causal) * HEADS * D / 1024 * (products))

struct attention_case {
	uint32_t length, flags;
};

static const struct ashlar_op *build_forward(struct ot *t, const void *param)
{
	const struct attention_case *c = param;
	struct ashlar_op_attention *op = OT_OP(t, attention);
	uint64_t shape[] = { 1, HEADS, c->length, D };

	t->pattern = KT_PLAIN;
	op->q = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->k = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->v = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->o = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, shape, OT_PACKED);
	op->flags = c->flags;
	return &op->op;
}

static const struct ashlar_op *build_backward(struct ot *t, const void *param)
{
	const struct attention_case *c = param;
	struct ashlar_op_attention_dx *op = OT_OP(t, attention_dx);
	uint64_t shape[] = { 1, HEADS, c->length, D };

	t->pattern = KT_PLAIN;
	op->q = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->k = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->v = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->o = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, shape, OT_PACKED);
	op->dout = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->dq = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->dk = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->dv = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);
	op->flags = c->flags;
	return &op->op;
}

#define CASE(n)                                                \
	static const struct attention_case all_##n = { n, 0 }; \
	static const struct attention_case causal_##n = {      \
		n, ASHLAR_ATTENTION_CAUSAL                     \
	}
CASE(128);
CASE(256);
CASE(512);
CASE(1024);

/* Versions of clang-format differ about braces in macros. */
/* clang-format off */
#define FORWARD(n, all, causal)                                               \
	{ "attention_" #n, "attention, 8 heads of 64, " #n " positions",      \
	  build_forward, &all_##n, { .matrix = CYCLES(2, n, 0) }, all, 60 },  \
	{ "attention_causal_" #n, "  causal: of the half that is needed",     \
	  build_forward, &causal_##n, { .matrix = CYCLES(2, n, 1) }, causal, 60 }
#define BACKWARD(n, all, causal)                                              \
	{ "attention_dx_" #n, "attention backward, " #n " positions",         \
	  build_backward, &all_##n, { .matrix = CYCLES(5, n, 0) }, all, 50 }, \
	{ "attention_dx_causal_" #n, "  causal", build_backward, &causal_##n, \
	  { .matrix = CYCLES(5, n, 1) }, causal, 50 }
/* clang-format on */

/* With the least shares: what was measured, less 3 %. */
const struct ops_bench ops_benches[] = {
	FORWARD(128, 68, 31),  FORWARD(256, 93, 67),  FORWARD(512, 96, 81),
	FORWARD(1024, 96, 88), BACKWARD(256, 63, 46), { .name = NULL },
};
