// SPDX-License-Identifier: MIT
/* Softmax, cross entropy, norms. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ot.h"

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

static const ot_build builds[] = {
	build_softmax,	  build_softmax_dx,    build_cross_entropy,
	build_norm,	  build_norm_dx,       build_batch_norm,
	build_batch_norm_dx,
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

	(void)host;
	for (i = 0; i < cases; i++)
		ot_run(t, builds[i % count],
		       i / count % 8 == 7 ? &big : &usual);
}
