// SPDX-License-Identifier: MIT
/* conv2d and its gradient by x, and what is checked of all convolutions. */
#include <inttypes.h>
#include <stdio.h>

#include "linear_conv.h"

#define SIDE_MAX    32767u /* rows, columns */
#define STRIDE_MAX  16u
#define PAD_MAX	    4096u
#define PIXELS_MAX  (1ull << 34) /* of all images, with what lies between */
#define CHANNEL_MAX (1u << 20)

static uint32_t or_one(uint32_t v)
{
	return v ? v : 1;
}

static int check_shape(struct check *c, const struct ashlar_conv_shape *s)
{
	uint32_t d;

	for (d = 0; d < 2; d++)
		if (check_range(c, d ? "shape.stride[1]" : "shape.stride[0]",
				s->stride[d], 0, STRIDE_MAX) ||
		    check_range(c,
				d ? "shape.dilation[1]" : "shape.dilation[0]",
				s->dilation[d], 0, LINEAR_KERNEL_MAX))
			return -1;
	if (check_range(c, "shape.pad_top", s->pad_top, 0, PAD_MAX) ||
	    check_range(c, "shape.pad_bottom", s->pad_bottom, 0, PAD_MAX) ||
	    check_range(c, "shape.pad_left", s->pad_left, 0, PAD_MAX) ||
	    check_range(c, "shape.pad_right", s->pad_right, 0, PAD_MAX) ||
	    check_range(c, "shape.groups", s->groups, 0, CHANNEL_MAX) ||
	    check_range(c, "shape.reserved", s->reserved, 0, 0))
		return -1;
	return 0;
}

/* Output rows (d = 0) or columns. */
static uint64_t out_size(const struct conv *v, uint32_t d, uint32_t pad)
{
	uint64_t window = v->dilation[d] * (v->w->shape[1 + d] - 1) + 1;
	uint64_t in = v->x->shape[1 + d] + pad;

	return in < window ? 0 : (in - window) / v->stride[d] + 1;
}

static int check_sides(struct check *c, const char *name,
		       const struct ashlar_tensor *t)
{
	char text[32];
	uint32_t d;

	for (d = 0; d < 4; d++) {
		snprintf(text, sizeof(text), "%s: shape[%u]", name, d);
		if (check_range(c, text, t->shape[d], 0,
				d == 0 ? LINEAR_SIZE_MAX :
				d == 3 ? CHANNEL_MAX :
					 SIDE_MAX))
			return -1;
	}
	return 0;
}

int linear_conv_weights(struct check *c, const char *name,
			const struct ashlar_tensor *w)
{
	int64_t stride = 1;
	uint32_t d;

	for (d = 3; d >= 1; d--) {
		if (w->shape[d] > 1 && w->stride[d] != stride)
			return check_unsupported(
				c,
				"%s: stride[%u] is %" PRId64
				", but must be %" PRId64
				": only the first dimension may have gaps; copy it first",
				name, d, w->stride[d], stride);
		stride *= (int64_t)w->shape[d];
	}
	return linear_check_stride(c, name, w, 0);
}

int linear_conv_pixels(struct check *c, const char *name,
		       const struct ashlar_tensor *t, const uint32_t *stride)
{
	uint32_t d;

	for (d = 1; d <= 2; d++) {
		if (linear_check_stride(c, name, t, d))
			return -1;
		if (t->shape[d] > 1 && linear_bytes(t, d) * stride[d - 1] >
					       (int64_t)LINEAR_SIZE_MAX)
			return check_unsupported(
				c,
				"%s: stride[%u] is %" PRId64
				", so that so many pixels as the convolution's stride are more than 2^31 - 1 bytes",
				name, d, t->stride[d]);
	}
	return 0;
}

int linear_conv_check(struct check *c, struct conv *v,
		      const struct ashlar_conv_shape *s)
{
	uint64_t pixels;
	uint32_t d;

	if (check_shape(c, s) || check_dims(c, v->x_name, v->x, 4, 4) ||
	    check_dims(c, v->w_name, v->w, 4, 4) ||
	    check_dims(c, v->y_name, v->y, 4, 4) ||
	    check_sides(c, v->x_name, v->x) ||
	    check_sides(c, v->y_name, v->y) || check_sides(c, v->w_name, v->w))
		return -1;
	v->groups = or_one(s->groups);
	v->pad[0] = s->pad_top;
	v->pad[1] = s->pad_left;
	for (d = 0; d < 2; d++) {
		v->stride[d] = or_one(s->stride[d]);
		v->dilation[d] = or_one(s->dilation[d]);
	}
	if (check_range(c, "rows of the kernel", v->w->shape[1], 1,
			LINEAR_KERNEL_MAX) ||
	    check_range(c, "columns of the kernel", v->w->shape[2], 1,
			LINEAR_KERNEL_MAX) ||
	    check_range(c, "output channels", v->w->shape[0], 0, CHANNEL_MAX))
		return -1;
	if (v->x->shape[3] % v->groups || v->w->shape[0] % v->groups)
		return check_fail(
			c,
			"shape.groups is %u, which does not divide %" PRIu64
			" input and %" PRIu64 " output channels",
			v->groups, v->x->shape[3], v->w->shape[0]);
	if (check_size(c, v->w_name, v->w, 3, v->x->shape[3] / v->groups,
		       "input channels of a group") ||
	    check_size(c, v->y_name, v->y, 0, v->x->shape[0],
		       "the number of images") ||
	    check_size(c, v->y_name, v->y, 1,
		       out_size(v, 0, s->pad_top + s->pad_bottom),
		       "what stride, dilation and padding give") ||
	    check_size(c, v->y_name, v->y, 2,
		       out_size(v, 1, s->pad_left + s->pad_right),
		       "what stride, dilation and padding give") ||
	    check_size(c, v->y_name, v->y, 3, v->w->shape[0],
		       "the number of output channels"))
		return -1;
	/* Between images lies padding, in gradients as much as a kernel reaches. */
	pixels = v->x->shape[0] *
		 (v->x->shape[1] + s->pad_top + s->pad_bottom +
		  2 * v->dilation[0] * (v->w->shape[1] - 1)) *
		 (v->x->shape[2] + s->pad_left + s->pad_right +
		  2 * v->dilation[1] * (v->w->shape[2] - 1));
	if (pixels > PIXELS_MAX && v->x->shape[0] > 1)
		return check_unsupported(
			c,
			"%s has %" PRIu64
			" images of so many pixels: more than 2^34 with their padding; take fewer at a time",
			v->x_name, v->x->shape[0]);
	return 0;
}

/* --- A kernel of one pixel ------------------------------------------------------ */

static bool is_product(const struct conv *v)
{
	return v->w->shape[1] == 1 && v->w->shape[2] == 1 && v->groups == 1 &&
	       v->stride[0] == 1 && v->stride[1] == 1 &&
	       v->x->shape[1] == v->y->shape[1] &&
	       v->x->shape[2] == v->y->shape[2] && v->pad[0] == 0 &&
	       v->pad[1] == 0;
}

/*
 * Make the last `merged` + 1 of the dimensions of pixels [images, rows, columns]
 * one; false if strides do not let them be.
 */
static bool merge_pixels(struct ashlar_tensor *to,
			 const struct ashlar_tensor *t, uint32_t merged)
{
	uint64_t size = t->shape[2];
	int64_t stride = t->stride[2];
	uint32_t d = 2;

	while (merged--) {
		d--;
		if (t->shape[d] == 1)
			continue;
		if (size == 1)
			stride = t->stride[d];
		else if (t->stride[d] != stride * (int64_t)size)
			return false;
		size *= t->shape[d];
	}
	if (size > LINEAR_SIZE_MAX)
		return false;
	*to = *t;
	to->shape[d] = size;
	to->stride[d] = stride;
	return true;
}

/*
 * A convolution that is a product of pixels and weights: forward from, to are
 * x and y, else dy and dx.
 */
static int plan_product(struct plan *p, const struct conv *v, bool backward,
			const struct ashlar_epilogue *e)
{
	const struct ashlar_tensor *from = backward ? v->y : v->x;
	const struct ashlar_tensor *to = backward ? v->x : v->y;
	const struct ashlar_tensor *residual = &e->residual;
	struct ashlar_tensor a, c, r = { 0 };
	struct linear_matmul_args args = { 0 };
	uint32_t rows = 0, d;

	/* The dimension that the rows of the matrices are. */
	while (!merge_pixels(&a, from, 2 - rows) ||
	       !merge_pixels(&c, to, 2 - rows) ||
	       (!tensor_none(residual) &&
		!merge_pixels(&r, residual, 2 - rows)))
		rows++;
	args.a = from->addr;
	args.b = v->w->addr;
	args.c = to->addr;
	args.m = (uint32_t)c.shape[rows];
	args.n = (uint32_t)to->shape[3];
	args.k = (uint32_t)from->shape[3];
	args.type = from->format;
	args.a_stride = a.shape[rows] > 1 ? (uint32_t)linear_bytes(&a, rows) :
					    0;
	args.b_stride = v->w->shape[0] > 1 ? (uint32_t)linear_bytes(v->w, 0) :
					     0;
	args.c_stride = c.shape[rows] > 1 ? (uint32_t)linear_bytes(&c, rows) :
					    0;
	args.flags = LINEAR_A_ROWS | (backward ? 0 : LINEAR_B_ROWS);
	if (args.k == 0) {
		args.flags |= LINEAR_ZERO;
		args.k = 1;
	}
	for (d = 0; d < LINEAR_BATCH_DIMS; d++)
		args.batch[d] = 1;
	linear_epilogue_args(&args.epilogue, e, to->format);
	if (!tensor_none(residual) && r.shape[rows] > 1)
		args.residual_stride = (uint32_t)linear_bytes(&r, rows);
	for (d = 0; d < rows; d++) {
		args.batch[d] = (uint32_t)c.shape[d];
		args.a_batch[d] = linear_bytes(&a, d);
		args.c_batch[d] = linear_bytes(&c, d);
		if (!tensor_none(residual))
			args.residual_batch[d] = linear_bytes(&r, d);
	}
	return linear_launch(p, &args);
}

/* --- The kernel conv ------------------------------------------------------------- */

void linear_conv_strides(uint32_t *to, const struct ashlar_tensor *t)
{
	uint32_t d;

	for (d = 0; d < 2; d++)
		to[d] = t->shape[1 + d] > 1 ? (uint32_t)linear_bytes(t, 1 + d) :
					      0;
}

static int plan_conv(struct plan *p, const struct conv *v, bool backward,
		     const struct ashlar_epilogue *e)
{
	const struct ashlar_tensor *from = backward ? v->y : v->x;
	const struct ashlar_tensor *to = backward ? v->x : v->y;
	struct linear_conv_args a = {
		.x = from->addr,
		.w = v->w->addr,
		.y = to->addr,
		.x_image = linear_bytes(from, 0),
		.y_image = linear_bytes(to, 0),
		.w_stride = v->w->shape[0] > 1 ?
				    (uint32_t)linear_bytes(v->w, 0) :
				    0,
		.type = from->format,
		.flags = backward ? LINEAR_BACKWARD : 0,
		.images = (uint32_t)to->shape[0],
		.groups = v->groups,
		.channels = (uint32_t)from->shape[3] / v->groups,
		.columns = (uint32_t)to->shape[3] / v->groups,
	};
	struct linear_depthwise_args depthwise;
	struct conv_args args;
	uint32_t d;

	linear_epilogue_args(&a.epilogue, e, to->format);
	linear_conv_strides(a.x_stride, from);
	linear_conv_strides(a.y_stride, to);
	/* A row of one pixel may have any stride. */
	if (from->shape[2] <= 1)
		a.x_stride[1] = a.channels * ashlar_format_bytes(a.type);
	if (!tensor_none(&e->residual)) {
		a.residual_image = linear_bytes(&e->residual, 0);
		linear_conv_strides(a.residual_stride, &e->residual);
	}
	for (d = 0; d < 2; d++) {
		a.in[d] = (uint32_t)from->shape[1 + d];
		a.out[d] = (uint32_t)to->shape[1 + d];
		a.kernel[d] = (uint32_t)v->w->shape[1 + d];
		a.stride[d] = v->stride[d];
		a.dilation[d] = v->dilation[d];
		a.pad[d] = v->pad[d];
	}
	if (a.channels == 0)
		a.flags |= LINEAR_NOTHING;
	if (linear_depthwise(p, &a, &depthwise))
		return plan_launch(p, "depthwise", "depthwise", &depthwise,
				   sizeof(depthwise)) ?
			       0 :
			       -1;
	args.conv = a;
	if (linear_conv_plan(p, &args))
		return -1;
	return plan_launch(p, "conv", "conv", &args, sizeof(args)) ? 0 : -1;
}

/* --- Operations ------------------------------------------------------------------- */

int plan_conv2d(struct plan *p, const struct ashlar_op_conv2d *op)
{
	struct conv v = { .x_name = "x",
			  .w_name = "w",
			  .y_name = "y",
			  .x = &op->x,
			  .w = &op->w,
			  .y = &op->y };
	const struct ashlar_tensor *r = &op->epilogue.residual;
	const uint32_t ones[2] = { 1, 1 };
	struct check *c = &p->check;

	if (check_tensor(c, "x", &op->x, LINEAR_FORMATS, CHECK_ROWS) ||
	    check_tensor(c, "w", &op->w, LINEAR_FORMATS, CHECK_ROWS) ||
	    check_tensor(c, "y", &op->y, CHECK_ALL,
			 CHECK_WRITTEN | CHECK_ROWS) ||
	    check_same_format(c, "w", &op->w, "x", &op->x) ||
	    linear_conv_check(c, &v, &op->shape) ||
	    linear_check_epilogue(c, &op->epilogue, op->x.format, "y", &op->y))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	if (linear_conv_pixels(c, "x", &op->x, ones) ||
	    linear_conv_pixels(c, "y", &op->y, ones) ||
	    linear_conv_weights(c, "w", &op->w))
		return -1;
	if (!tensor_none(r) &&
	    linear_conv_pixels(c, "epilogue.residual", r, ones))
		return -1;
	if (is_product(&v))
		return plan_product(p, &v, false, &op->epilogue);
	return plan_conv(p, &v, false, &op->epilogue);
}

int plan_conv2d_dx(struct plan *p, const struct ashlar_op_conv2d_dx *op)
{
	struct conv v = { .x_name = "dx",
			  .w_name = "w",
			  .y_name = "dy",
			  .x = &op->dx,
			  .w = &op->w,
			  .y = &op->dy };
	static const struct ashlar_epilogue none;
	const uint32_t ones[2] = { 1, 1 };
	struct check *c = &p->check;

	if (check_tensor(c, "dy", &op->dy, CHECK_FLOATS, CHECK_ROWS) ||
	    check_tensor(c, "w", &op->w, CHECK_FLOATS, CHECK_ROWS) ||
	    check_tensor(c, "dx", &op->dx, CHECK_FLOATS,
			 CHECK_WRITTEN | CHECK_ROWS) ||
	    check_same_format(c, "w", &op->w, "dy", &op->dy) ||
	    linear_conv_check(c, &v, &op->shape))
		return -1;
	if (tensor_count(&op->dx) == 0)
		return 0;
	if (linear_conv_pixels(c, "dx", &op->dx, v.stride) ||
	    linear_conv_pixels(c, "dy", &op->dy, ones) ||
	    linear_conv_weights(c, "w", &op->w))
		return -1;
	if (is_product(&v))
		return plan_product(p, &v, true, &none);
	return plan_conv(p, &v, true, &none);
}
