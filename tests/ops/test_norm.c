// SPDX-License-Identifier: MIT
/* Softmax, cross entropy, norms. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "norm_cases.h"

#define NORM_FORMATS CHECK_FLOATS

/* --- Random cases ---------------------------------------------------------------- */

struct limits {
	uint32_t elements, cols;
};

/* Rows: mostly a few dimensions of any size, sometimes many or long ones. */
static uint32_t random_shape(struct ot *t, uint64_t *shape,
			     const struct limits *l)
{
	uint32_t dims = ot_range(t, 1, 4), i;
	uint64_t most = l->elements;

	shape[dims - 1] = ot_size(t, ot_range(t, 0, 5) ? 300 : l->cols);
	if (shape[dims - 1])
		most /= shape[dims - 1];
	for (i = 0; i + 1 < dims; i++) {
		if (!most)
			most = 1;
		shape[i] = ot_size(t, (uint32_t)most);
		if (shape[i])
			most /= shape[i];
	}
	return dims;
}

/* Rows at equal distances, packed or not; those that are read also backwards. */
static struct ashlar_tensor random_rows(struct ot *t, uint32_t dims,
					const uint64_t *shape, bool read)
{
	uint64_t wide[2] = { 1, shape[dims - 1] };
	struct ashlar_tensor x;
	int64_t stride;
	uint32_t i;

	for (i = 0; i + 1 < dims; i++)
		wide[0] *= shape[i];
	x = ot_tensor(t, ot_format(t, NORM_FORMATS), 2, wide, OT_ROWS);
	stride = x.stride[0];
	if (read && wide[0] && ot_range(t, 0, 7) == 0) {
		x.addr += (wide[0] - 1) * (uint64_t)stride *
			  ashlar_format_bytes(x.format);
		stride = -stride;
	}
	x.dims = dims;
	memcpy(x.shape, shape, dims * sizeof(shape[0]));
	x.stride[dims - 1] = 1;
	for (i = dims - 1; i-- > 0;) {
		x.stride[i] = stride;
		stride *= (int64_t)shape[i];
	}
	return x;
}

static struct ashlar_tensor list(struct ot *t, uint32_t format, uint32_t dims,
				 const uint64_t *shape)
{
	return ot_tensor(t, format, dims - 1, shape, OT_PACKED);
}

static struct ashlar_tensor vector(struct ot *t, uint32_t dims,
				   const uint64_t *shape)
{
	return ot_tensor(t, ASHLAR_F32, 1, &shape[dims - 1], OT_PACKED);
}

static void describe(struct ot *t, const char *name,
		     const struct ashlar_tensor *x,
		     const struct ashlar_tensor *y, uint32_t flags)
{
	char text[128];

	snprintf(t->text, sizeof(t->text),
		 "%s %s stride %lld, %s to %s, flags %u, pattern %u%s", name,
		 shape_text(x, text, sizeof(text)),
		 x->dims > 1 ? (long long)x->stride[x->dims - 2] : 0,
		 format_name(x->format), format_name(y->format), flags,
		 t->pattern, x->addr == y->addr ? ", in place" : "");
}

/* One time of four the result takes the place of an operand. */
static void maybe_in_place(struct ot *t, struct ashlar_tensor *y,
			   const struct ashlar_tensor *x)
{
	if (ot_range(t, 0, 3) == 0 &&
	    (x->dims < 2 || x->stride[x->dims - 2] >= 0))
		*y = *x;
}

static const struct ashlar_op *build_softmax(struct ot *t, const void *param)
{
	struct ashlar_op_softmax *op = OT_OP(t, softmax);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);

	op->flags = ot_range(t, 0, 1);
	op->x = random_rows(t, dims, shape, true);
	op->y = random_rows(t, dims, shape, false);
	maybe_in_place(t, &op->y, &op->x);
	describe(t, "softmax", &op->x, &op->y, op->flags);
	return &op->op;
}

static const struct ashlar_op *build_softmax_dx(struct ot *t, const void *param)
{
	struct ashlar_op_softmax_dx *op = OT_OP(t, softmax_dx);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);

	op->flags = ot_range(t, 0, 1);
	op->y = random_rows(t, dims, shape, true);
	op->dy = random_rows(t, dims, shape, true);
	op->dx = random_rows(t, dims, shape, false);
	maybe_in_place(t, &op->dx, ot_range(t, 0, 1) ? &op->y : &op->dy);
	describe(t, "softmax_dx", &op->y, &op->dx, op->flags);
	return &op->op;
}

static const struct ashlar_op *build_cross_entropy(struct ot *t,
						   const void *param)
{
	struct ashlar_op_cross_entropy *op = OT_OP(t, cross_entropy);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);
	uint32_t results = ot_range(t, 1, 3);

	if (!shape[dims - 1])
		shape[dims - 1] = 1;
	op->flags = ot_range(t, 0, 1);
	op->scale = 0.0625f * (float)ot_range(t, 1, 40);
	op->logits = random_rows(t, dims, shape, true);
	op->labels = list(t, ASHLAR_I32, dims, shape);
	/* Some out of range. */
	ot_fill_range(t, &op->labels, -1, (int32_t)shape[dims - 1]);
	op->ignore = (int32_t)ot_range(t, 0, 3) - 1;
	if (results & 1)
		op->loss = list(t, ASHLAR_F32, dims, shape);
	if (results & 2) {
		op->dlogits = random_rows(t, dims, shape, false);
		maybe_in_place(t, &op->dlogits, &op->logits);
	}
	describe(t, "cross_entropy", &op->logits,
		 results & 2 ? &op->dlogits : &op->loss, op->flags);
	return &op->op;
}

static const struct ashlar_op *build_norm(struct ot *t, const void *param)
{
	struct ashlar_op_norm *op = OT_OP(t, norm);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);
	bool rms = ot_range(t, 0, 1);

	op->flags = rms ? ASHLAR_NORM_RMS : 0;
	op->eps = ot_range(t, 0, 3) ? 1e-5f : 0;
	op->x = random_rows(t, dims, shape, true);
	op->y = random_rows(t, dims, shape, false);
	maybe_in_place(t, &op->y, &op->x);
	if (ot_range(t, 0, 2))
		op->gamma = vector(t, dims, shape);
	if (!rms && ot_range(t, 0, 2))
		op->beta = vector(t, dims, shape);
	if (!rms && shape[dims - 1] && ot_range(t, 0, 2))
		op->mean = list(t, ASHLAR_F32, dims, shape);
	if (shape[dims - 1] && ot_range(t, 0, 2))
		op->rstd = list(t, ASHLAR_F32, dims, shape);
	describe(t, "norm", &op->x, &op->y, op->flags);
	return &op->op;
}

static const struct ashlar_op *build_norm_dx(struct ot *t, const void *param)
{
	struct ashlar_op_norm_dx *op = OT_OP(t, norm_dx);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);
	bool rms = ot_range(t, 0, 1);

	op->flags = rms ? ASHLAR_NORM_RMS : 0;
	op->x = random_rows(t, dims, shape, true);
	op->dy = random_rows(t, dims, shape, true);
	if (ot_range(t, 0, 2))
		op->gamma = vector(t, dims, shape);
	if (!rms)
		op->mean = list(t, ASHLAR_F32, dims, shape);
	op->rstd = list(t, ASHLAR_F32, dims, shape);
	if (ot_range(t, 0, 3)) {
		op->dx = random_rows(t, dims, shape, false);
		maybe_in_place(t, &op->dx,
			       ot_range(t, 0, 1) ? &op->x : &op->dy);
	}
	if (ot_range(t, 0, 2))
		op->dgamma = vector(t, dims, shape);
	if (!rms && ot_range(t, 0, 2))
		op->dbeta = vector(t, dims, shape);
	describe(t, "norm_dx", &op->x, &op->dx, op->flags);
	return &op->op;
}

/* Rows that there are, for statistics of them. */
static uint32_t shape_with_rows(struct ot *t, uint64_t *shape,
				const struct limits *l)
{
	uint32_t dims = random_shape(t, shape, l), i;

	for (i = 0; i + 1 < dims; i++)
		shape[i] += !shape[i];
	return dims;
}

static const struct ashlar_op *build_batch_norm(struct ot *t, const void *param)
{
	struct ashlar_op_batch_norm *op = OT_OP(t, batch_norm);
	uint64_t shape[ASHLAR_DIMS_MAX];
	bool training = ot_range(t, 0, 2);
	uint32_t dims = training ? shape_with_rows(t, shape, param) :
				   random_shape(t, shape, param);

	op->flags = training ? ASHLAR_BATCH_NORM_TRAINING : 0;
	op->eps = ot_range(t, 0, 3) ? 1e-5f : 0;
	op->momentum = 0.1f * (float)ot_range(t, 0, 10);
	if (op->momentum > 1)
		op->momentum = 1;
	op->x = random_rows(t, dims, shape, true);
	op->y = random_rows(t, dims, shape, false);
	maybe_in_place(t, &op->y, &op->x);
	if (ot_range(t, 0, 2))
		op->gamma = vector(t, dims, shape);
	if (ot_range(t, 0, 2))
		op->beta = vector(t, dims, shape);
	if (!training || ot_range(t, 0, 2))
		op->running_mean = vector(t, dims, shape);
	if (!training || ot_range(t, 0, 2))
		op->running_var = vector(t, dims, shape);
	if (ot_range(t, 0, 2))
		op->mean = vector(t, dims, shape);
	if (ot_range(t, 0, 2))
		op->rstd = vector(t, dims, shape);
	describe(t, "batch_norm", &op->x, &op->y, op->flags);
	return &op->op;
}

static const struct ashlar_op *build_batch_norm_dx(struct ot *t,
						   const void *param)
{
	struct ashlar_op_batch_norm_dx *op = OT_OP(t, batch_norm_dx);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, param);

	op->flags = ot_range(t, 0, 2) ? ASHLAR_BATCH_NORM_TRAINING : 0;
	op->x = random_rows(t, dims, shape, true);
	op->dy = random_rows(t, dims, shape, true);
	if (ot_range(t, 0, 2))
		op->gamma = vector(t, dims, shape);
	op->mean = vector(t, dims, shape);
	op->rstd = vector(t, dims, shape);
	if (ot_range(t, 0, 3)) {
		op->dx = random_rows(t, dims, shape, false);
		maybe_in_place(t, &op->dx,
			       ot_range(t, 0, 1) ? &op->x : &op->dy);
	}
	if (ot_range(t, 0, 2))
		op->dgamma = vector(t, dims, shape);
	if (ot_range(t, 0, 2))
		op->dbeta = vector(t, dims, shape);
	describe(t, "batch_norm_dx", &op->x, &op->dx, op->flags);
	return &op->op;
}

/* Sizes and windows of pooling; returns whether it is forward. */
struct pool_case {
	uint64_t x[4], y[4];
	uint32_t kernel[2], stride[2], before[2], after[2], mode, flags;
};

static struct pool_case random_pool(struct ot *t, uint32_t most)
{
	struct pool_case c = { 0 };
	uint32_t d;

	c.mode = ot_range(t, ASHLAR_POOL_MAX, ASHLAR_POOL_AVERAGE);
	if (c.mode == ASHLAR_POOL_AVERAGE)
		c.flags = ot_range(t, 0, 1);
	for (d = 0; d < 2; d++) {
		c.kernel[d] = ot_range(t, 0, 15) ? ot_range(t, 1, 4) :
						   ot_range(t, 5, 9);
		c.stride[d] = ot_range(t, 0, 4);
		c.before[d] =
			ot_range(t, 0, 1) * ot_range(t, 0, c.kernel[d] - 1);
		c.after[d] =
			ot_range(t, 0, 1) * ot_range(t, 0, c.kernel[d] - 1);
		c.x[1 + d] = ot_range(t, 1, ot_range(t, 0, 2) ? 12 : 60);
		if (c.x[1 + d] < c.kernel[d])
			c.x[1 + d] = c.kernel[d];
		c.y[1 + d] =
			(c.x[1 + d] + c.before[d] + c.after[d] - c.kernel[d]) /
				(c.stride[d] ? c.stride[d] : 1) +
			1;
	}
	c.x[3] = ot_size(t, 3 * t->lanes);
	most /= c.x[1] * c.x[2] * (c.x[3] ? c.x[3] : 1);
	c.x[0] = ot_range(t, 0, 20) ? ot_range(t, 1,
					       most > 4 ? 4 :
					       most	? most :
							  1) :
				      0;
	c.y[0] = c.x[0];
	c.y[3] = c.x[3];
	return c;
}

/* Channels are contiguous, all else lies anyhow. */
static struct ashlar_tensor random_image(struct ot *t, uint32_t format,
					 const uint64_t *shape, bool read)
{
	struct ashlar_tensor x;

	do {
		x = ot_tensor(t, format, 4, shape, read ? OT_READ : OT_WRITTEN);
	} while (shape[3] != 1 && x.stride[3] != 1);
	return x;
}

static void describe_pool(struct ot *t, const char *name,
			  const struct pool_case *c,
			  const struct ashlar_tensor *x,
			  const struct ashlar_tensor *y)
{
	char text[128];

	snprintf(
		t->text, sizeof(t->text),
		"%s %s kernel %ux%u stride %ux%u padding %u,%u %u,%u mode %u flags %u %s to %s pattern %u",
		name, shape_text(x, text, sizeof(text)), c->kernel[0],
		c->kernel[1], c->stride[0], c->stride[1], c->before[0],
		c->after[0], c->before[1], c->after[1], c->mode, c->flags,
		format_name(x->format), format_name(y->format), t->pattern);
}

#define POOL_SET(op, c)                                               \
	do {                                                          \
		memcpy((op)->kernel, (c).kernel, sizeof((c).kernel)); \
		memcpy((op)->stride, (c).stride, sizeof((c).stride)); \
		(op)->pad_top = (c).before[0];                        \
		(op)->pad_bottom = (c).after[0];                      \
		(op)->pad_left = (c).before[1];                       \
		(op)->pad_right = (c).after[1];                       \
		(op)->mode = (c).mode;                                \
		(op)->flags = (c).flags;                              \
	} while (0)

static const struct ashlar_op *build_pool(struct ot *t, const void *param)
{
	const struct limits *l = param;
	struct ashlar_op_pool2d *op = OT_OP(t, pool2d);
	struct pool_case c = random_pool(t, l->elements);
	bool bytes = c.mode == ASHLAR_POOL_MAX && ot_range(t, 0, 3) == 0;

	POOL_SET(op, c);
	op->x = random_image(t, bytes ? ASHLAR_I8 : ot_format(t, NORM_FORMATS),
			     c.x, true);
	op->y = random_image(t, bytes ? ASHLAR_I8 : ot_format(t, NORM_FORMATS),
			     c.y, false);
	describe_pool(t, "pool2d", &c, &op->x, &op->y);
	return &op->op;
}

static const struct ashlar_op *build_pool_dx(struct ot *t, const void *param)
{
	const struct limits *l = param;
	struct ashlar_op_pool2d_dx *op = OT_OP(t, pool2d_dx);
	struct pool_case c = random_pool(t, l->elements);

	POOL_SET(op, c);
	op->dy = random_image(t, ot_format(t, NORM_FORMATS), c.y, true);
	op->dx = random_image(t, ot_format(t, NORM_FORMATS), c.x, false);
	if (c.mode == ASHLAR_POOL_MAX) {
		uint32_t format = ot_format(t, NORM_FORMATS);

		op->x = random_image(t, format, c.x, true);
		op->y = random_image(t, format, c.y, true);
		/* Few values, so that many are the same and equal y. */
		if (ot_range(t, 0, 3)) {
			ot_fill_uniform(t, &op->x, 1, 1.02);
			ot_fill_uniform(t, &op->y, 1, 1.02);
		}
	}
	describe_pool(t, "pool2d_dx", &c, &op->dx, &op->dy);
	return &op->op;
}

static const ot_build builds[] = {
	build_softmax,	     build_softmax_dx, build_cross_entropy,
	build_norm,	     build_norm_dx,    build_batch_norm,
	build_batch_norm_dx, build_pool,       build_pool_dx,
};

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	const bool tiny = t->lanes == 8;
	/* Mostly short, so that there are many; some do not fit a scratchpad. */
	const struct limits usual = { tiny ? 6000 : 30000, tiny ? 3000 : 6000 };
	const struct limits big = { tiny ? 30000 : 300000,
				    tiny ? 20000 : 120000 };
	const uint32_t count = sizeof(builds) / sizeof(builds[0]);
	unsigned long i;

	if (host) {
		norm_refused(t);
		norm_exact(t, 20);
	}
	for (i = 0; i < cases; i++)
		ot_run(t, builds[i % count],
		       i / count % 8 == 7 ? &big : &usual);
}
