// SPDX-License-Identifier: MIT
/*
 * The gradient of conv2d by its weights: a batch of products, one for each group
 * and tap, whose k runs over pixels.
 *
 * Groups with few channels would leave most of the matrix unit idle. So as many
 * of them as fill it are one product, of all their outputs and all their inputs:
 * the blocks on its diagonal are the groups' gradients, the others nothing. It
 * goes to the workspace, from where the blocks are taken; sums are the same.
 */
#include <string.h>

#include "linear_conv.h"
#include "map.h"

/*
 * Pixels in a chunk of the sums, at most: so many that the core has time to start
 * the next one, and so few that two of each operand fit in the scratchpad. fp32
 * is kept as three terms.
 */
#define DW_CHUNK_16  512u
#define DW_CHUNK_F32 128u

/* Products of groups (or sets of them) with m outputs and n inputs each. */
struct dw_products {
	uint32_t first; /* group of the convolution */
	uint32_t groups, m, n;
	struct ashlar_tensor to; /* [groups, m, kh, kw, n] */
	bool accumulate;
};

static void image_of(struct linear_image *to, const struct ashlar_tensor *t)
{
	*to = (struct linear_image){
		.step = { 1, 1 },
		.limit = { (uint32_t)t->shape[1], (uint32_t)t->shape[2] },
		.image_stride = linear_bytes(t, 0),
	};
	linear_conv_strides(to->stride, t);
}

static int plan_products(struct plan *p, const struct conv *v,
			 const struct dw_products *g)
{
	const struct ashlar_tensor *to = &g->to;
	uint32_t bytes = ashlar_format_bytes(v->x->format);
	uint64_t outputs = v->w->shape[0] / v->groups;
	uint64_t inputs = v->w->shape[3];
	struct linear_matmul_args a = {
		.a = v->y->addr + g->first * outputs * bytes,
		.b = v->x->addr + g->first * inputs * bytes,
		.c = to->addr,
		.m = g->m,
		.n = g->n,
		.k = 1,
		.type = v->x->format,
		.c_stride = v->w->shape[0] > 1 ? (uint32_t)linear_bytes(to, 1) :
						 0,
		.batch = { 1, g->groups, (uint32_t)to->shape[2],
			   (uint32_t)to->shape[3] },
		.a_batch = { 0, (int64_t)g->m * bytes, 0, 0 },
		.b_batch = { 0, (int64_t)g->n * bytes, 0, 0 },
		.c_batch = { 0, linear_bytes(to, 0), linear_bytes(to, 2),
			     linear_bytes(to, 3) },
		.epilogue = { .out = to->format },
	};
	struct linear_images *im = &a.images;
	uint64_t pixels = v->y->shape[0] * v->y->shape[1] * v->y->shape[2];
	uint32_t chunk, d;

	if (g->accumulate) {
		a.epilogue.residual = to->addr;
		a.epilogue.residual_format = to->format;
		a.residual_stride = a.c_stride;
		for (d = 0; d < LINEAR_BATCH_DIMS; d++)
			a.residual_batch[d] = a.c_batch[d];
	}
	if (pixels == 0) {
		a.flags = LINEAR_ZERO;
		return linear_launch(p, &a);
	}
	if (check_range(&p->check, "the number of pixels of dy", pixels, 1,
			LINEAR_SIZE_MAX))
		return -1;
	a.flags = LINEAR_IMAGES;
	image_of(&im->a, v->y);
	image_of(&im->b, v->x);
	for (d = 0; d < 2; d++) {
		im->b.start[d] = -(int32_t)v->pad[d];
		im->b.step[d] = v->stride[d];
		im->tap_step[d] = v->dilation[d];
	}
	im->images = (uint32_t)v->y->shape[0];
	im->height = (uint32_t)v->y->shape[1];
	im->width = (uint32_t)v->y->shape[2];
	chunk = v->x->format == ASHLAR_F32 ? DW_CHUNK_F32 : DW_CHUNK_16;
	im->chunk_cols = im->width < chunk ? im->width : chunk;
	im->chunk_rows = chunk / im->chunk_cols;
	if (im->chunk_rows > im->height)
		im->chunk_rows = im->height;
	return linear_launch(p, &a);
}

/* dw of groups from `first` on, as [groups, outputs, kh, kw, inputs]. */
static struct ashlar_tensor groups_of(const struct conv *v, uint32_t first,
				      uint32_t groups)
{
	const struct ashlar_tensor *dw = v->w;
	uint64_t m = dw->shape[0] / v->groups;
	int64_t row = dw->shape[0] > 1 ? dw->stride[0] : 0;
	uint64_t bytes = ashlar_format_bytes(dw->format);
	int64_t n = (int64_t)dw->shape[3];

	return (struct ashlar_tensor){
		.addr = dw->addr + first * m * (uint64_t)row * bytes,
		.format = dw->format,
		.dims = 5,
		.shape = { groups, m, dw->shape[1], dw->shape[2],
			   dw->shape[3] },
		.stride = { (int64_t)m * row, row, (int64_t)dw->shape[2] * n, n,
			    1 },
	};
}

/*
 * `sets` times `merged` groups, from `first` on, by way of the workspace. A set's
 * products have rows and columns of all its groups.
 */
static int plan_sets(struct plan *p, const struct conv *v, uint32_t first,
		     uint32_t sets, uint32_t merged, bool accumulate)
{
	struct ashlar_tensor dw = groups_of(v, first, sets * merged);
	uint64_t m = dw.shape[1], kh = dw.shape[2], kw = dw.shape[3];
	uint64_t n = dw.shape[4], rows = merged * m, cols = merged * n;
	int64_t tap = (int64_t)(rows * cols);
	struct dw_products g = {
		.first = first,
		.groups = sets,
		.m = (uint32_t)rows,
		.n = (uint32_t)cols,
		.to = { .addr = plan_workspace(p, sets * kh * kw * rows * cols *
							  sizeof(float)),
			.format = ASHLAR_F32,
			.dims = 5,
			.shape = { sets, rows, kh, kw, cols },
			.stride = { (int64_t)(kh * kw) * tap, (int64_t)cols,
				    (int64_t)kw * tap, tap, 1 } },
	};
	/* The blocks on the diagonal, and dw, as [sets, merged, m, kh, kw, n]. */
	struct ashlar_tensor from = {
		.addr = g.to.addr,
		.format = ASHLAR_F32,
		.dims = 6,
		.shape = { sets, merged, m, kh, kw, n },
		.stride = { g.to.stride[0], (int64_t)(m * cols + n),
			    (int64_t)cols, g.to.stride[2], tap, 1 },
	};
	struct ashlar_tensor to = from;
	struct map_step *s;
	struct map map;
	uint8_t sum, result;

	if (plan_products(p, v, &g))
		return -1;
	to.addr = dw.addr;
	to.format = dw.format;
	to.stride[0] = (int64_t)merged * dw.stride[0];
	memcpy(&to.stride[1], dw.stride, 5 * sizeof(to.stride[0]));
	map_begin(&map, p, &to);
	sum = map_load(&map, &from);
	if (accumulate) {
		result = map_load(&map, &to);
		map_store_too(&map, result);
	} else {
		result = map_store(&map, &to);
	}
	s = map_pass(&map, sum, result);
	if (accumulate)
		map_src2(s, result, MAP_OP2(ADD), false);
	return map_end(&map);
}

static int plan_dw(struct plan *p, const struct conv *v, bool accumulate)
{
	struct dw_products all = {
		.groups = v->groups,
		.m = (uint32_t)(v->w->shape[0] / v->groups),
		.n = (uint32_t)v->w->shape[3],
		.to = groups_of(v, 0, v->groups),
		.accumulate = accumulate,
	};
	uint32_t merged = p->board.array / (all.m > all.n ? all.m : all.n);
	uint32_t rest;

	if (tensor_count(v->y) == 0 || merged < 2 || v->groups < 2)
		return plan_products(p, v, &all);
	rest = v->groups % merged;
	if (v->groups >= merged &&
	    plan_sets(p, v, 0, v->groups / merged, merged, accumulate))
		return -1;
	return rest ? plan_sets(p, v, v->groups - rest, 1, rest, accumulate) :
		      0;
}

int plan_conv2d_dw(struct plan *p, const struct ashlar_op_conv2d_dw *op)
{
	struct conv v = { .x_name = "x",
			  .w_name = "dw",
			  .y_name = "dy",
			  .x = &op->x,
			  .w = &op->dw,
			  .y = &op->dy };
	const uint32_t ones[2] = { 1, 1 };
	struct check *c = &p->check;

	if (check_tensor(c, "dy", &op->dy, CHECK_FLOATS, CHECK_ROWS) ||
	    check_tensor(c, "x", &op->x, CHECK_FLOATS, CHECK_ROWS) ||
	    check_tensor(c, "dw", &op->dw, CHECK_FLOATS,
			 CHECK_WRITTEN | CHECK_ROWS) ||
	    check_same_format(c, "x", &op->x, "dy", &op->dy) ||
	    check_flags(c, "flags", op->flags, ASHLAR_CONV2D_DW_ACCUMULATE) ||
	    check_reserved(c, op->reserved) ||
	    linear_conv_check(c, &v, &op->shape))
		return -1;
	if (tensor_count(&op->dw) == 0)
		return 0;
	if (linear_conv_pixels(c, "x", &op->x, ones) ||
	    linear_conv_pixels(c, "dy", &op->dy, ones) ||
	    linear_conv_weights(c, "dw", &op->dw))
		return -1;
	return plan_dw(p, &v, op->flags & ASHLAR_CONV2D_DW_ACCUMULATE);
}
