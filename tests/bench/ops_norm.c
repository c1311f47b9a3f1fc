// SPDX-License-Identifier: MIT
/*
 * Softmax, layer norm and RMS norm over 1024 x 1024, cross entropy over 1024 x
 * 1000, batch norm of 4 images of 56 x 56 with 64 channels, forward and backward.
 * Passes are vector operations over all lines, those with rows of SRC2 count
 * twice. Bounds of an operation's launches are added.
 */
#include "ops.h"

#define SIDE  1024u
#define ALL   ((double)SIDE * SIDE)
#define LINES (ALL / 32)

/*
 * Rows of 4000 bytes: of every second one, which begins in the middle of 64 bytes,
 * half of the pieces lie in two lines, and take a cycle for each.
 */
#define CLASSES	 1000u
#define CHUNKS	 (SIDE * (63 + 94) / 2.0)
#define CHANNELS 64u
#define IMAGES	 (4.0 * 56 * 56 * CHANNELS)

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

/* softmax, or its logarithm */
struct softmax_case {
	uint32_t format, flags;
};

static const struct ashlar_op *build_softmax(struct ot *t, const void *param)
{
	const struct softmax_case *c = param;
	struct ashlar_op_softmax *op = OT_OP(t, softmax);

	op->flags = c->flags;
	op->x = matrix(t, c->format);
	op->y = matrix(t, c->format);
	return &op->op;
}

static const struct ashlar_op *build_softmax_dx(struct ot *t, const void *param)
{
	const struct softmax_case *c = param;
	struct ashlar_op_softmax_dx *op = OT_OP(t, softmax_dx);

	op->flags = c->flags;
	op->y = matrix(t, c->format);
	op->dy = matrix(t, c->format);
	op->dx = matrix(t, c->format);
	return &op->op;
}

/* With the gradient if param says so. */
static const struct ashlar_op *build_cross_entropy(struct ot *t,
						   const void *param)
{
	static const uint64_t logits[] = { SIDE, CLASSES };
	struct ashlar_op_cross_entropy *op = OT_OP(t, cross_entropy);

	op->scale = 1.0f / SIDE;
	op->logits = ot_tensor(t, ASHLAR_F32, 2, logits, OT_PACKED);
	ot_fill_uniform(t, &op->logits, -4, 4);
	op->labels = ot_tensor(t, ASHLAR_I32, 1, logits, OT_PACKED);
	ot_fill_range(t, &op->labels, 0, CLASSES - 1);
	op->loss = ot_tensor(t, ASHLAR_F32, 1, logits, OT_PACKED);
	if (*(const bool *)param)
		op->dlogits = ot_tensor(t, ASHLAR_F32, 2, logits, OT_PACKED);
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

static struct ashlar_tensor images(struct ot *t)
{
	static const uint64_t nhwc[] = { 4, 56, 56, CHANNELS };
	struct ashlar_tensor x = ot_tensor(t, ASHLAR_BF16, 4, nhwc, OT_PACKED);

	ot_fill_uniform(t, &x, -4, 4);
	return x;
}

static struct ashlar_tensor channels(struct ot *t)
{
	static const uint64_t size[] = { CHANNELS };
	struct ashlar_tensor x = ot_tensor(t, ASHLAR_F32, 1, size, OT_PACKED);

	ot_fill_uniform(t, &x, 0.5, 1.5);
	return x;
}

static const struct ashlar_op *build_batch_norm(struct ot *t, const void *param)
{
	struct ashlar_op_batch_norm *op = OT_OP(t, batch_norm);

	op->flags = *(const uint32_t *)param;
	op->eps = 1e-5f;
	op->momentum = 0.1f;
	op->x = images(t);
	op->y = images(t);
	op->gamma = channels(t);
	op->beta = channels(t);
	op->running_mean = channels(t);
	op->running_var = channels(t);
	if (op->flags) {
		op->mean = channels(t);
		op->rstd = channels(t);
	}
	return &op->op;
}

static const struct ashlar_op *build_batch_norm_dx(struct ot *t,
						   const void *param)
{
	struct ashlar_op_batch_norm_dx *op = OT_OP(t, batch_norm_dx);

	op->flags = *(const uint32_t *)param;
	op->x = images(t);
	op->dy = images(t);
	op->gamma = channels(t);
	op->mean = channels(t);
	op->rstd = channels(t);
	op->dx = images(t);
	op->dgamma = channels(t);
	op->dbeta = channels(t);
	return &op->op;
}

static const uint32_t f32 = ASHLAR_F32, bf16 = ASHLAR_BF16;
static const struct softmax_case softmax_f32 = { ASHLAR_F32, 0 };
static const struct softmax_case softmax_bf16 = { ASHLAR_BF16, 0 };
static const struct softmax_case log_f32 = { ASHLAR_F32, ASHLAR_SOFTMAX_LOG };
static const struct softmax_case log_bf16 = { ASHLAR_BF16, ASHLAR_SOFTMAX_LOG };
static const bool with_gradient = true, without = false;
static const uint32_t inference = 0, training = ASHLAR_BATCH_NORM_TRAINING;

/*
 * Elements of a matrix and their bytes, matrices that are loaded and stored, and
 * passes over lines. (Versions of clang-format differ about braces in macros.)
 */
/* clang-format off */
#define BENCH_OF(name_, text_, build_, case_, all, bytes, loads, stores, work) \
	{                                                                     \
		.name = name_,                                                \
		.text = text_,                                                \
		.build = build_,                                              \
		.param = &(case_),                                            \
		.bound = { (loads) * (bytes) * (all),                         \
			   (stores) * (bytes) * (all), work, 0 },             \
		.least = 57,                                                  \
		.aim = 80,                                                    \
	}
#define BENCH(name_, text_, build_, case_, bytes, loads, stores, passes)      \
	BENCH_OF(name_, text_, build_, case_, ALL, bytes, loads, stores,      \
		 (passes) * LINES)
#define BENCH_IMAGES(name_, text_, build_, case_, loads, stores, passes)      \
	BENCH_OF(name_, text_, build_, case_, IMAGES, 2, loads, stores,       \
		 (passes) * IMAGES / 32)
/* clang-format on */

const struct ops_bench ops_benches[] = {
	/* greatest; exponentials and their sum; results */
	BENCH("softmax_f32", "softmax 1024 x 1024 fp32, 3 passes",
	      build_softmax, softmax_f32, 4, 1, 1, 3),
	BENCH("softmax_bf16", "  bf16", build_softmax, softmax_bf16, 2, 1, 1,
	      3),
	/* sum of dy*y (2); results (2) */
	BENCH("softmax_dx_f32", "  gradient, fp32, 4 passes", build_softmax_dx,
	      softmax_f32, 4, 2, 1, 4),
	BENCH("softmax_dx_bf16", "  gradient, bf16", build_softmax_dx,
	      softmax_bf16, 2, 2, 1, 4),
	/* the same; results are those less two words */
	BENCH("log_softmax_f32", "log softmax 1024 x 1024 fp32, 3 passes",
	      build_softmax, log_f32, 4, 1, 1, 3),
	/* sum of dy; exp(y) times it; results (2) */
	BENCH("log_softmax_dx_bf16", "  gradient, bf16, 4 passes",
	      build_softmax_dx, log_bf16, 2, 2, 1, 4),
	/* greatest; exponentials and their sum; gradients */
	BENCH_OF("cross_entropy", "cross entropy 1024 x 1000 fp32, 2 passes",
		 build_cross_entropy, without, CHUNKS, 64, 1, 0, 2 * LINES),
	BENCH_OF("cross_entropy_dx", "  and gradient, 3 passes",
		 build_cross_entropy, with_gradient, CHUNKS, 64, 1, 1,
		 3 * LINES),
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
	/* result; training: sum; squares; result, all of it loaded each time */
	BENCH_IMAGES("batch_norm", "batch norm 4 x 56 x 56 x 64 bf16, 1 pass",
		     build_batch_norm, inference, 1, 1, 1),
	BENCH_IMAGES("batch_norm_training", "  training, 3 passes",
		     build_batch_norm, training, 3, 1, 3),
	/* sum of dy*n (2); sum of dy; results: 1; training: 3 */
	BENCH_IMAGES("batch_norm_dx", "  gradients, 4 passes",
		     build_batch_norm_dx, inference, 3, 1, 4),
	BENCH_IMAGES("batch_norm_training_dx", "  training, 6 passes",
		     build_batch_norm_dx, training, 4, 1, 6),
	{ .name = NULL },
};
