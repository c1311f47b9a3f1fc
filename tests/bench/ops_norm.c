// SPDX-License-Identifier: MIT
/*
 * Softmax, layer norm and RMS norm over 1024 x 1024, forward and backward. Passes
 * are vector operations over all lines, those with rows of SRC2 count twice. Two
 * launches' bounds are added.
 */
#include "ops.h"

#define SIDE  1024u
#define ALL   ((double)SIDE * SIDE)
#define LINES (ALL / 32)

static const uint64_t shape[] = { SIDE, SIDE };

static struct ashlar_tensor matrix(struct ot *t, uint32_t format)
{
	struct ashlar_tensor x = ot_tensor(t, format, 2, shape, OT_PACKED);

	ot_fill_uniform(t, &x, -4, 4);
	return x;
}

static struct ashlar_tensor line(struct ot *t)
{
	struct ashlar_tensor x = ot_tensor(t, ASHLAR_F32, 1, shape, OT_PACKED);

	ot_fill_uniform(t, &x, 0.5, 1.5);
	return x;
}

static const struct ashlar_op *build_softmax(struct ot *t, const void *param)
{
	struct ashlar_op_softmax *op = OT_OP(t, softmax);
	uint32_t format = *(const uint32_t *)param;

	op->x = matrix(t, format);
	op->y = matrix(t, format);
	return &op->op;
}

static const struct ashlar_op *build_softmax_dx(struct ot *t, const void *param)
{
	struct ashlar_op_softmax_dx *op = OT_OP(t, softmax_dx);
	uint32_t format = *(const uint32_t *)param;

	op->y = matrix(t, format);
	op->dy = matrix(t, format);
	op->dx = matrix(t, format);
	return &op->op;
}

static const struct ashlar_op *norm(struct ot *t, uint32_t format,
				    uint32_t flags)
{
	struct ashlar_op_norm *op = OT_OP(t, norm);

	op->flags = flags;
	op->eps = 1e-5f;
	op->x = matrix(t, format);
	op->y = matrix(t, format);
	op->gamma = line(t);
	op->rstd = line(t);
	if (!flags) {
		op->beta = line(t);
		op->mean = line(t);
	}
	return &op->op;
}

static const struct ashlar_op *build_layer(struct ot *t, const void *param)
{
	return norm(t, *(const uint32_t *)param, 0);
}

static const struct ashlar_op *build_rms(struct ot *t, const void *param)
{
	return norm(t, *(const uint32_t *)param, ASHLAR_NORM_RMS);
}

static const struct ashlar_op *norm_dx(struct ot *t, uint32_t format,
				       uint32_t flags)
{
	struct ashlar_op_norm_dx *op = OT_OP(t, norm_dx);

	op->flags = flags;
	op->x = matrix(t, format);
	op->dy = matrix(t, format);
	op->dx = matrix(t, format);
	op->gamma = line(t);
	op->dgamma = line(t);
	op->rstd = line(t);
	if (!flags) {
		op->mean = line(t);
		op->dbeta = line(t);
	}
	return &op->op;
}

static const struct ashlar_op *build_layer_dx(struct ot *t, const void *param)
{
	return norm_dx(t, *(const uint32_t *)param, 0);
}

static const struct ashlar_op *build_rms_dx(struct ot *t, const void *param)
{
	return norm_dx(t, *(const uint32_t *)param, ASHLAR_NORM_RMS);
}

static const uint32_t f32 = ASHLAR_F32, bf16 = ASHLAR_BF16;

/*
 * Bytes of matrices that are loaded and stored, and passes. (Versions of
 * clang-format differ about braces in macros.)
 */
/* clang-format off */
#define BENCH(name_, text_, build_, format, bytes, loads, stores, passes)     \
	{                                                                     \
		.name = name_,                                                \
		.text = text_,                                                \
		.build = build_,                                              \
		.param = &(format),                                           \
		.bound = { (loads) * (bytes) * ALL, (stores) * (bytes) * ALL, \
			   (passes) * LINES, 0 },                             \
		.least = 70,                                                  \
		.aim = 80,                                                    \
	}
/* clang-format on */

const struct ops_bench ops_benches[] = {
	/* greatest; exponentials and their sum; results */
	BENCH("softmax_f32", "softmax 1024 x 1024 fp32, 3 passes",
	      build_softmax, f32, 4, 1, 1, 3),
	BENCH("softmax_bf16", "  bf16", build_softmax, bf16, 2, 1, 1, 3),
	/* sum of dy*y (2); results (2) */
	BENCH("softmax_dx_f32", "  gradient, fp32, 4 passes", build_softmax_dx,
	      f32, 4, 2, 1, 4),
	BENCH("softmax_dx_bf16", "  gradient, bf16", build_softmax_dx, bf16, 2,
	      2, 1, 4),
	/* sum; squares; normalised; gamma and beta */
	BENCH("layer_norm_f32", "layer norm 1024 x 1024 fp32, 4 passes",
	      build_layer, f32, 4, 1, 1, 4),
	BENCH("layer_norm_bf16", "  bf16", build_layer, bf16, 2, 1, 1, 4),
	/*
	 * n; g and its sum (2); sum of n*g (2); results (2); and for dgamma and
	 * dbeta: n; sum of dy*n (2); sum of dy. All is loaded twice.
	 */
	BENCH("layer_norm_dx_f32", "  gradients, fp32, 11 passes",
	      build_layer_dx, f32, 4, 4, 1, 11),
	BENCH("layer_norm_dx_bf16", "  gradients, bf16", build_layer_dx, bf16,
	      2, 4, 1, 11),
	/* squares; results: as long as memory takes in fp32 */
	BENCH("rms_norm_f32", "RMS norm 1024 x 1024 fp32, 2 passes", build_rms,
	      f32, 4, 1, 1, 2),
	BENCH("rms_norm_bf16", "  bf16", build_rms, bf16, 2, 1, 1, 2),
	/*
	 * n; g; sum of n*g (2); results (2); for dgamma: n; sum of dy*n (2). The
	 * latter load fp32 for as long as 4 passes take.
	 */
	BENCH("rms_norm_dx_f32", "  gradients, fp32, 9 passes", build_rms_dx,
	      f32, 4, 4, 1, 10),
	BENCH("rms_norm_dx_bf16", "  gradients, bf16", build_rms_dx, bf16, 2, 4,
	      1, 9),
	{ .name = NULL },
};
