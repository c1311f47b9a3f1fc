// SPDX-License-Identifier: MIT
#include "ops.h"

#define SIDE 1024u
#define ALL  (SIDE * SIDE)

struct unary_case {
	uint32_t function, in, out;
};

static const struct ashlar_op *build_unary(struct ot *t, const void *param)
{
	const struct unary_case *c = param;
	struct ashlar_op_unary *op = OT_OP(t, unary);
	uint64_t shape[] = { SIDE, SIDE };

	t->pattern = KT_PLAIN;
	op->function = c->function;
	op->x = ot_tensor(t, c->in, 2, shape, OT_PACKED);
	op->y = ot_tensor(t, c->out, 2, shape, OT_PACKED);
	return &op->op;
}

static const struct unary_case exp_f32 = { ASHLAR_UNARY_EXP, ASHLAR_F32,
					   ASHLAR_F32 };
static const struct unary_case gelu_bf16 = { ASHLAR_UNARY_GELU, ASHLAR_BF16,
					     ASHLAR_BF16 };

const struct ops_bench ops_benches[] = {
	{ "exp_f32",
	  "exp of 1024 x 1024 fp32",
	  build_unary,
	  &exp_f32,
	  { 4.0 * ALL, 4.0 * ALL, ALL / 32, 0 },
	  70,
	  80 },
	{ "gelu_bf16",
	  "GELU of 1024 x 1024 bf16",
	  build_unary,
	  &gelu_bf16,
	  { 2.0 * ALL, 2.0 * ALL, 3.0 * ALL / 32, 0 },
	  70,
	  80 },
	{ .name = NULL },
};
