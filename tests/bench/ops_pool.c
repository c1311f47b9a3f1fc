// SPDX-License-Identifier: MIT
/*
 * Pooling, forward and backward, of bf16: what ResNet begins with (64 channels
 * of 112 x 112, windows of 3 x 3 and stride 2), 2 x 2 windows that do not
 * overlap, and the average of a whole image that it ends with. Vector operations
 * are counted in lines of 32 channels.
 */
#include "ops.h"

#define LANES 32.0

struct pool_case {
	uint32_t images, size, channels, kernel, stride, pad, mode;
};

static uint64_t windows(const struct pool_case *c)
{
	return (c->size + 2 * c->pad - c->kernel) / c->stride + 1;
}

/* The descriptors have the same members of these names. */
#define POOL_SET(op, c)                                        \
	do {                                                   \
		(op)->kernel[0] = (c)->kernel;                 \
		(op)->kernel[1] = (c)->kernel;                 \
		(op)->stride[0] = (c)->stride;                 \
		(op)->stride[1] = (c)->stride;                 \
		(op)->pad_top = (op)->pad_left = (c)->pad;     \
		(op)->pad_bottom = (op)->pad_right = (c)->pad; \
		(op)->mode = (c)->mode;                        \
	} while (0)

/* Few values, so that some of a window are its greatest. */
static struct ashlar_tensor image(struct ot *t, const struct pool_case *c,
				  uint64_t side)
{
	const uint64_t shape[] = { c->images, side, side, c->channels };
	struct ashlar_tensor x = ot_tensor(t, ASHLAR_BF16, 4, shape, OT_PACKED);

	ot_fill_uniform(t, &x, 1, 1.02);
	return x;
}

static const struct ashlar_op *build_forward(struct ot *t, const void *param)
{
	const struct pool_case *c = param;
	struct ashlar_op_pool2d *op = OT_OP(t, pool2d);

	POOL_SET(op, c);
	op->x = image(t, c, c->size);
	op->y = image(t, c, windows(c));
	return &op->op;
}

static const struct ashlar_op *build_backward(struct ot *t, const void *param)
{
	const struct pool_case *c = param;
	struct ashlar_op_pool2d_dx *op = OT_OP(t, pool2d_dx);

	POOL_SET(op, c);
	if (c->mode == ASHLAR_POOL_MAX) {
		op->x = image(t, c, c->size);
		op->y = image(t, c, windows(c));
	}
	op->dy = image(t, c, windows(c));
	op->dx = image(t, c, c->size);
	return &op->op;
}

#define MAX	ASHLAR_POOL_MAX
#define AVERAGE ASHLAR_POOL_AVERAGE

static const struct pool_case max_3x3 = { 1, 112, 64, 3, 2, 1, MAX };
static const struct pool_case average_3x3 = { 1, 112, 64, 3, 2, 1, AVERAGE };
static const struct pool_case max_2x2 = { 1, 112, 64, 2, 2, 0, MAX };
static const struct pool_case average_2x2 = { 1, 112, 64, 2, 2, 0, AVERAGE };
static const struct pool_case whole = { 8, 7, 2048, 7, 1, 0, AVERAGE };

/*
 * Of an image and its windows: bytes that are loaded and stored, lines of
 * operations for each pixel and for each window. (Versions of clang-format differ
 * about braces in macros.)
 */
/* clang-format off */
#define X	  (112.0 * 112 * 64)
#define WHOLE	  (8 * 2048.0)
#define Y	  (56.0 * 56 * 64)
#define BENCH(name_, text_, build_, case_, loads, stores, per_x, per_y)    \
	{                                                                  \
		.name = name_,                                             \
		.text = text_,                                             \
		.build = build_,                                           \
		.param = &(case_),                                         \
		.bound = { 2 * (loads), 2 * (stores),                      \
			   ((per_x) * X + (per_y) * Y) / LANES, 0 },       \
		.least = 70,                                               \
		.aim = 80,                                                 \
	}
/* clang-format on */

const struct ops_bench ops_benches[] = {
	/* rows of a window for each column (3 for 2 rows); columns; result */
	BENCH("pool_max_3x3", "max 3x3/2, 64 channels of 112 x 112",
	      build_forward, max_3x3, X, Y, 1.5, 3 + 1),
	BENCH("pool_average_3x3", "  average", build_forward, average_3x3, X, Y,
	      1.5, 3 + 1),
	BENCH("pool_max_2x2", "  max 2x2/2", build_forward, max_2x2, X, Y, 1,
	      2 + 1),
	BENCH("pool_average_2x2", "  average 2x2/2", build_forward, average_2x2,
	      X, Y, 1, 2 + 1),
	{ .name = "pool_average_7x7",
	  .text = "average of all, 8 x 2048 channels of 7 x 7",
	  .build = build_forward,
	  .param = &whole,
	  .bound = { 2 * 49 * WHOLE, 2 * WHOLE, (49 + 7 + 1) * WHOLE / LANES,
		     0 },
	  .least = 70,
	  .aim = 80 },
	/*
	 * What is left of dy (1); for each place of a window: equal (2), dy or
	 * nothing (2), sum (2), left (2), the last one no more. The first
	 * gradient of a pixel is not added. Result (1).
	 */
	BENCH("pool_max_3x3_dx", "gradient of max 3x3/2", build_backward,
	      max_3x3, X + 2 * Y, X, 6 + 1, 1 + 5 * 8 - 2),
	BENCH("pool_average_3x3_dx", "  of average", build_backward,
	      average_3x3, Y, X, 1 + 1, 1 + 5 * 2),
	BENCH("pool_max_2x2_dx", "  of max 2x2/2", build_backward, max_2x2,
	      X + 2 * Y, X, 6 + 1, 1 - 2),
	BENCH("pool_average_2x2_dx", "  of average 2x2/2", build_backward,
	      average_2x2, Y, X, 1 + 1, 1),
	{ .name = NULL },
};
