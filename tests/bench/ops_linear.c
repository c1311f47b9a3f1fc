// SPDX-License-Identifier: MIT
/* Matrix products, and convolutions of ResNet-50, one image. */
#include "ops.h"

/* Products a cycle. */
#define RATE_I8	  4096.0
#define RATE_BF16 1024.0

struct cube {
	uint32_t size, in, out;
};

static const struct ashlar_op *build_matmul(struct ot *t, const void *param)
{
	const struct cube *c = param;
	struct ashlar_op_matmul *op = OT_OP(t, matmul);
	uint64_t shape[] = { c->size, c->size };

	t->pattern = KT_PLAIN;
	op->a = ot_tensor(t, c->in, 2, shape, OT_PACKED);
	op->b = ot_tensor(t, c->in, 2, shape, OT_PACKED);
	op->c = ot_tensor(t, c->out, 2, shape, OT_PACKED);
	return &op->op;
}

#define CUBE(n, in, out) (&(const struct cube){ n, ASHLAR_##in, ASHLAR_##out })
/* Bytes of operands and results; rows that are drained. */
#define CUBE_BOUND(n, bytes, out_bytes, rate)                                \
	{                                                                    \
		2.0 * (n) * (n) * (bytes), 1.0 * (n) * (n) * (out_bytes),    \
			1.0 * (n) * (n) / 32, 1.0 * (n) * (n) * (n) / (rate) \
	}

const struct ops_bench ops_benches[] = {
	{ "matmul_128_bf16", "bf16 128 x 128 x 128 to bf16", build_matmul,
	  CUBE(128, BF16, BF16), CUBE_BOUND(128, 2, 2, RATE_BF16), 50, 90 },
	{ "matmul_256_bf16", "bf16 256 cubed to bf16", build_matmul,
	  CUBE(256, BF16, BF16), CUBE_BOUND(256, 2, 2, RATE_BF16), 85, 90 },
	{ "matmul_512_bf16", "bf16 512 cubed to bf16", build_matmul,
	  CUBE(512, BF16, BF16), CUBE_BOUND(512, 2, 2, RATE_BF16), 90, 95 },
	{ "matmul_1024_bf16", "bf16 1024 cubed to bf16", build_matmul,
	  CUBE(1024, BF16, BF16), CUBE_BOUND(1024, 2, 2, RATE_BF16), 90, 95 },
	{ "matmul_128_int8", "int8 128 cubed to int8", build_matmul,
	  CUBE(128, I8, I8), CUBE_BOUND(128, 1, 1, RATE_I8), 25, 90 },
	{ "matmul_256_int8", "int8 256 cubed to int8", build_matmul,
	  CUBE(256, I8, I8), CUBE_BOUND(256, 1, 1, RATE_I8), 60, 90 },
	{ "matmul_512_int8", "int8 512 cubed to int8", build_matmul,
	  CUBE(512, I8, I8), CUBE_BOUND(512, 1, 1, RATE_I8), 85, 90 },
	{ "matmul_1024_int8", "int8 1024 cubed to int8", build_matmul,
	  CUBE(1024, I8, I8), CUBE_BOUND(1024, 1, 1, RATE_I8), 85, 90 },
	{ .name = NULL },
};
