// SPDX-License-Identifier: MIT
/* Cases of matmul. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "linear_cases.h"

/* How big cases may be. */
struct limits {
	uint32_t m, n, k;
	uint64_t products;
};

/* dims of which the last two may lie the other way round. */
static struct ashlar_tensor operand(struct ot *t, uint32_t format,
				    uint32_t dims, const uint64_t *shape)
{
	uint64_t turned[ASHLAR_DIMS_MAX];
	struct ashlar_tensor x;
	uint64_t swap_shape;
	int64_t swap;
	uint32_t d;

	memcpy(turned, shape, dims * sizeof(shape[0]));
	if (ot_range(t, 0, 1)) {
		x = ot_tensor(t, format, dims, shape, OT_ROWS);
	} else {
		turned[dims - 1] = shape[dims - 2];
		turned[dims - 2] = shape[dims - 1];
		x = ot_tensor(t, format, dims, turned, OT_ROWS);
		swap_shape = x.shape[dims - 1];
		x.shape[dims - 1] = x.shape[dims - 2];
		x.shape[dims - 2] = swap_shape;
		swap = x.stride[dims - 1];
		x.stride[dims - 1] = x.stride[dims - 2];
		x.stride[dims - 2] = swap;
	}
	for (d = 0; d + 2 < dims; d++)
		if (ot_range(t, 0, 4) == 0)
			x.stride[d] = 0;
	return x;
}

static const struct ashlar_op *build(struct ot *t, const void *param)
{
	const struct limits *l = param;
	struct ashlar_op_matmul *op = OT_OP(t, matmul);
	uint32_t in = ot_format(t, CHECK_FLOATS | CHECK_I8);
	uint32_t out = ot_format(t, CHECK_ALL);
	uint32_t extra = ot_range(t, 0, 1) ? 0 : ot_range(t, 1, 4);
	uint64_t a[ASHLAR_DIMS_MAX], b[ASHLAR_DIMS_MAX], c[ASHLAR_DIMS_MAX];
	uint64_t m, n, k, batches, most;
	uint32_t d;

	do {
		most = l->products / (in == ASHLAR_F32 ? 6 : 1);
		m = ot_size(t, l->m);
		n = ot_size(t, l->n);
		k = ot_size(t, l->k);
		for (d = 0, batches = 1; d < extra; d++) {
			c[d] = ot_range(t, 0, 30) ? ot_range(t, 1, 4) : 0;
			batches *= c[d];
		}
	} while (m * n * k * batches > most || m * n * batches > 400000 ||
		 batches * (m + n) * k > 1000000);
	memcpy(a, c, sizeof(a));
	memcpy(b, c, sizeof(b));
	a[extra] = c[extra] = m;
	b[extra] = a[extra + 1] = k;
	b[extra + 1] = c[extra + 1] = n;
	op->a = operand(t, in, extra + 2, a);
	op->b = operand(t, in, extra + 2, b);
	op->c = ot_tensor(t, out, extra + 2, c, OT_ROWS);
	linear_epilogue(t, &op->epilogue, in, &op->c);
	snprintf(
		t->text, sizeof(t->text),
		"matmul %u dims, %llux%llux%llu x%llu, %s to %s, strides a %lld %lld b %lld %lld c %lld, %s",
		extra + 2, (unsigned long long)m, (unsigned long long)n,
		(unsigned long long)k, (unsigned long long)batches,
		format_name(in), format_name(out),
		(long long)op->a.stride[extra],
		(long long)op->a.stride[extra + 1],
		(long long)op->b.stride[extra],
		(long long)op->b.stride[extra + 1],
		(long long)op->c.stride[extra],
		linear_epilogue_text(&op->epilogue));
	return &op->op;
}

void matmul_case(struct ot *t)
{
	static const struct limits tiny[] = { { 60, 60, 200, 200000 },
					      { 20, 20, 3000, 200000 },
					      { 150, 150, 20, 200000 } };
	static const struct limits sim[] = { { 150, 150, 200, 600000 },
					     { 70, 70, 5000, 600000 },
					     { 400, 400, 40, 600000 } };

	ot_run(t, build, &(t->lanes == 8 ? tiny : sim)[ot_range(t, 0, 2)]);
}

/* --- Without a device ------------------------------------------------------------ */

static const struct ashlar_op *build_exact(struct ot *t, const void *param)
{
	struct ashlar_op_matmul *op = OT_OP(t, matmul);
	uint32_t in = *(const uint32_t *)param;
	uint64_t m = ot_range(t, 1, 9), n = ot_range(t, 1, 9);
	uint64_t k = ot_range(t, 1, 700);

	op->a = ot_tensor(t, in, 2, (uint64_t[]){ m, k }, OT_PACKED);
	op->b = ot_tensor(t, in, 2, (uint64_t[]){ k, n }, OT_PACKED);
	op->c = ot_tensor(t, in == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32, 2,
			  (uint64_t[]){ m, n }, OT_PACKED);
	if (in != ASHLAR_I8) {
		ot_fill_uniform(t, &op->a, -1, 3);
		ot_fill_uniform(t, &op->b, -2, 2);
	}
	return &op->op;
}

/* Sums of the reference against double precision, within the stated bound. */
static void bounds(struct ot *t, uint32_t in)
{
	const struct ashlar_op_matmul *op =
		(const void *)ot_reference(t, build_exact, &in);
	const double u = 0x1p-24;
	uint64_t m = op->c.shape[0], n = op->c.shape[1], k = op->a.shape[1];
	uint64_t y, x, i;
	bool ok = true;

	for (y = 0; y < m; y++) {
		for (x = 0; x < n; x++) {
			double exact = 0, size = 0, bound = 0;
			double terms = (double)k;

			for (i = 0; i < k; i++) {
				double p = ot_get(&op->a, y * k + i) *
					   ot_get(&op->b, i * n + x);

				exact += p;
				size += fabs(p);
			}
			if (in == ASHLAR_F32) {
				terms *= 6;
				bound = terms * u / (1 - terms * u) *
						(1 + 0x1p-6) * size +
					0x1p-26 * size;
			} else if (in != ASHLAR_I8) {
				bound = terms * u / (1 - terms * u) * size;
			}
			/* Of the exact sum itself in double. */
			bound += (double)k * 0x1p-53 * size;
			ok = ok &&
			     ot_near("c", y * n + x, ot_get(&op->c, y * n + x),
				     exact, bound);
		}
	}
	ot_check(t, ok, "matmul %s: reference beside double, seed 0x%llx",
		 format_name(in), (unsigned long long)t->seed);
}

static const struct ashlar_op *build_simple(struct ot *t, const void *param)
{
	struct ashlar_op_matmul *op = OT_OP(t, matmul);
	uint64_t seven = 7;

	(void)param;
	op->a = ot_tensor(t, ASHLAR_I8, 3, (uint64_t[]){ 2, 5, 6 }, OT_PACKED);
	op->b = ot_tensor(t, ASHLAR_I8, 3, (uint64_t[]){ 2, 6, 7 }, OT_PACKED);
	op->c = ot_tensor(t, ASHLAR_BF16, 3, (uint64_t[]){ 2, 5, 7 },
			  OT_PACKED);
	op->epilogue.bias = ot_tensor(t, ASHLAR_I32, 1, &seven, OT_PACKED);
	op->epilogue.scale = ot_tensor(t, ASHLAR_F32, 1, &seven, OT_PACKED);
	op->epilogue.residual =
		ot_tensor(t, ASHLAR_F32, 3, (uint64_t[]){ 2, 5, 7 }, OT_PACKED);
	return &op->op;
}

static void refuse(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	const ashlar_result unsupported = ASHLAR_ERROR_UNSUPPORTED;
	const uint64_t huge = 1ull << 31;
	struct ashlar_op_matmul op;
	struct ashlar_epilogue *e = &op.epilogue;

	op = *(const struct ashlar_op_matmul *)ot_built(t, build_simple, NULL);
	ot_break_tensor(t, &op.op, &op.a, "a", false);
	ot_break_tensor(t, &op.op, &op.b, "b", false);
	ot_break_tensor(t, &op.op, &op.c, "c", true);
	ot_break_tensor(t, &op.op, &e->bias, "epilogue.bias", false);
	ot_break_tensor(t, &op.op, &e->scale, "epilogue.scale", false);
	ot_break_tensor(t, &op.op, &e->residual, "epilogue.residual", false);
	OT_BREAK(t, &op, a.dims, 2, invalid, "matmul: a has 2 dimensions");
	OT_BREAK(t, &op, b.dims, 2, invalid, "b has 2 dimensions");
	OT_BREAK(t, &op, c.dims, 2, invalid, "c: stride[1] is 7, but must");
	OT_BREAK(t, &op, a.shape[1], 4, invalid, "a: shape[1] is 4, but c's");
	OT_BREAK(t, &op, a.shape[2], 5, invalid, "b: shape[1] is 6, but a's");
	OT_BREAK(t, &op, b.shape[2], 8, invalid, "b: shape[2] is 8, but c's");
	OT_BREAK(t, &op, a.shape[0], 3, invalid, "a: shape[0] is 3, but c's");
	OT_BREAK(t, &op, b.shape[0], 3, invalid, "b: shape[0] is 3, but c's");
	OT_BREAK(t, &op, a.format, ASHLAR_I32, invalid, "a has format 2");
	OT_BREAK(t, &op, b.format, ASHLAR_FP16, invalid, "b has format 5");
	OT_BREAK(t, &op, a.stride[2], 2, unsupported, "one must be 1");
	OT_BREAK(t, &op, b.stride[2], 2, unsupported, "one must be 1");
	OT_BREAK(t, &op, c.stride[2], 2, invalid, "contiguous");
	OT_BREAK(t, &op, a.stride[1], -6, unsupported, "a: stride[1] is -6");
	OT_BREAK(t, &op, a.stride[1], (int64_t)huge, unsupported,
		 "a: stride[1]");
	OT_BREAK(t, &op, b.stride[1], (int64_t)huge, unsupported,
		 "b: stride[1]");
	OT_BREAK(t, &op, c.stride[1], (int64_t)huge, unsupported,
		 "c: stride[1]");
	OT_BREAK(t, &op, c.addr, op.a.addr & ~1ull, invalid, "overlaps");
	OT_BREAK(t, &op, c.addr, e->residual.addr, invalid, "overlaps");
	OT_BREAK(t, &op, epilogue.flags, 4, invalid, "epilogue.flags is 0x4");
	OT_BREAK(t, &op, epilogue.flags, ASHLAR_EPILOGUE_SCALE, invalid,
		 "choose one");
	OT_BREAK(t, &op, epilogue.activation, 4, invalid,
		 "epilogue.activation is 4");
	OT_BREAK(t, &op, epilogue.bias.format, ASHLAR_F32, invalid,
		 "epilogue.bias has format 3");
	OT_BREAK(t, &op, epilogue.scale.format, ASHLAR_BF16, invalid,
		 "epilogue.scale has format 4");
	OT_BREAK(t, &op, epilogue.bias.shape[0], 6, invalid,
		 "epilogue.bias: shape[0] is 6");
	OT_BREAK(t, &op, epilogue.scale.shape[0], 6, invalid,
		 "epilogue.scale: shape[0] is 6");
	OT_BREAK(t, &op, epilogue.bias.stride[0], 2, invalid,
		 "epilogue.bias: stride[0] is 2");
	OT_BREAK(t, &op, epilogue.residual.shape[1], 4, invalid,
		 "epilogue.residual is 2x4x7, but must");
	OT_BREAK(t, &op, epilogue.residual.stride[2], 2, invalid, "contiguous");
	OT_BREAK(t, &op, epilogue.residual.stride[1], -7, unsupported,
		 "epilogue.residual: stride[1] is -7");
	OT_BREAK(t, &op, epilogue.residual.format, ASHLAR_I8, unsupported,
		 "epilogue.residual has format i8");
	e->flags = ASHLAR_EPILOGUE_RESIDUAL_SCALE;
	OT_BREAK(t, &op, epilogue.residual_value, NAN, invalid,
		 "epilogue.residual_value");
	ot_fuzz(t, &op.op, 5000);
	memset(&e->scale, 0, sizeof(e->scale));
	ot_refused(t, &op.op, unsupported, "with a scale only");
	e->flags = 0;
	ot_refused(t, &op.op, unsupported, "which only a scale makes fp32");
	e->flags = ASHLAR_EPILOGUE_SCALE;
	OT_BREAK(t, &op, epilogue.scale_value, INFINITY, invalid,
		 "epilogue.scale_value");
	memset(&e->residual, 0, sizeof(e->residual));
	OT_BREAK(t, &op, epilogue.flags, ASHLAR_EPILOGUE_RESIDUAL_SCALE,
		 invalid, "there is no epilogue.residual");
	op.a.shape[1] = op.c.shape[1] = huge;
	op.a.stride[1] = 0;
	op.c.stride[0] = op.c.shape[1] * op.c.shape[2];
	ot_refused(t, &op.op, invalid, "c's rows (m) is 2147483648");
	ot_fuzz(t, &op.op, 5000);
}

void matmul_host(struct ot *t)
{
	static const uint32_t formats[] = { ASHLAR_I8, ASHLAR_BF16, ASHLAR_FP16,
					    ASHLAR_F32 };
	uint32_t i;

	refuse(t);
	for (i = 0; i < 200; i++)
		bounds(t, formats[i % 4]);
}
