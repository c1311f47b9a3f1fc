// SPDX-License-Identifier: MIT
/* conv2d and its gradient by x, and what is checked of all convolutions. */
#include <inttypes.h>
#include <stdio.h>

#include "kernels/conv/conv_geometry.h"
#include "linear_conv.h"

#define SIDE_MAX    32767u /* rows, columns */
#define KERNEL_MAX  255u
#define STRIDE_MAX  16u
#define PAD_MAX	    4096u
#define PIXELS_MAX  (1ull << 34) /* of all images, with what lies between */
#define CHANNEL_MAX (1u << 20)

/* Steps for which the kernel has room, CONV_PRODUCTS_MAX. */
#define PRODUCTS_MAX 1024u

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
				s->dilation[d], 0, KERNEL_MAX))
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
			KERNEL_MAX) ||
	    check_range(c, "columns of the kernel", v->w->shape[2], 1,
			KERNEL_MAX) ||
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

/* What the core needs for a step of a block, about. */
#define STEP_CYCLES 40u

/* Lines of N columns of words that the matrix unit fetches, and what it takes. */
static uint64_t step_cycles(uint64_t k, uint32_t format, uint32_t array)
{
	uint32_t bytes = ashlar_format_bytes(format);
	uint64_t fetch = (k * bytes + 4 * array - 1) / (4 * array) * array;
	uint64_t takes = bytes == 1 ? (k + 3) / 4 : k;

	return fetch > takes ? fetch : takes;
}

/*
 * How many rows of the input a cell should have: what computes and loads
 * quickest, in cycles for a block of pixels. 0: a cell is a pixel.
 */
static uint32_t choose_fold(const struct plan *p,
			    const struct linear_conv_args *a)
{
	uint32_t array = p->board.array;
	uint32_t bytes = ashlar_format_bytes(a->type);
	uint64_t columns = (a->columns + array - 1) / array;
	uint64_t pixel = (uint64_t)a->channels * bytes;
	uint64_t best, cycles, loads, run;
	uint32_t best_fold = 0, fold, taps, line = 4 * array;

	if (a->flags & (LINEAR_BACKWARD | LINEAR_NOTHING) ||
	    a->type == ASHLAR_F32 || a->groups != 1 || a->dilation[1] != 1 ||
	    a->x_stride[1] != pixel || a->dilation[0] != 1)
		return 0;
	/* Kernels with stride 1 take all columns in a step, if that is lines. */
	taps = a->kernel[0] * a->kernel[1];
	best = columns * taps * step_cycles(a->channels, a->type, array);
	if (a->stride[1] == 1 && pixel % (4 * array) == 0)
		taps = a->kernel[0];
	if (best < columns * taps * STEP_CYCLES)
		best = columns * taps * STEP_CYCLES;
	loads = (uint64_t)array * a->stride[0] * a->stride[1] *
		((pixel + 63) / 64);
	if (loads > best)
		best = loads;
	run = pixel * a->kernel[1];
	for (fold = a->stride[0]; fold < a->kernel[0] + a->stride[0];
	     fold += a->stride[0]) {
		uint64_t cell = (fold * run + line - 1) / line * line;
		uint64_t rows, halo;

		if (fold * run > 4096)
			break;
		taps = a->kernel[0] / fold;
		halo = (a->kernel[0] - 1) / fold * (fold / a->stride[0]);
		/* Rows of a patch, of which there are two. */
		rows = p->board.spad_bytes / 16 * 5 / (cell * a->out[1]);
		if (rows < halo + 2)
			break;
		cycles = taps * step_cycles(fold * a->kernel[1] * a->channels,
					    a->type, array);
		if (a->kernel[0] % fold) {
			cycles +=
				step_cycles(a->kernel[0] % fold * a->kernel[1] *
						    a->channels,
					    a->type, array);
			taps++;
		}
		if (cycles < taps * STEP_CYCLES)
			cycles = taps * STEP_CYCLES;
		cycles *= columns;
		/* Most runs begin somewhere in a piece of 64 bytes. */
		loads = array * fold * ((run + 63) / 64 + (run % 64 != 0)) *
			rows / (rows - halo);
		if (loads > cycles)
			cycles = loads;
		if (cycles < best) {
			best = cycles;
			best_fold = fold;
		}
	}
	return best_fold;
}

static int check_fits(struct plan *p, const struct linear_conv_args *a)
{
	uint32_t bytes = ashlar_format_bytes(a->type);
	uint32_t terms = a->type == ASHLAR_F32 ? 3 : 1;
	struct conv_board board = conv_board(a, p->board.array,
					     p->board.spad_bytes,
					     p->board.spad_banks, bytes, terms);
	struct conv_cut cut;
	uint64_t products;
	uint32_t y, x;

	for (y = 0; y < conv_phases(a, 0); y++)
		for (x = 0; x < conv_phases(a, 1); x++)
			if (!conv_cut(&cut, a, &board, y, x, bytes, terms))
				return check_unsupported(
					&p->check,
					"a %ux%u kernel over %u channels needs more input for %u pixels than the %u bytes of scratchpad that there are for it",
					a->kernel[0], a->kernel[1], a->channels,
					p->board.array, board.patch_bytes);
	/* A row of a piece of weights has 256 bytes or more. */
	products = (uint64_t)a->kernel[0] * a->kernel[1] *
		   (1 + a->channels * (uint64_t)bytes * terms / 256);
	if (products > PRODUCTS_MAX)
		return check_unsupported(
			&p->check,
			"a %ux%u kernel over %u channels takes about %" PRIu64
			" steps, allowed are %u",
			a->kernel[0], a->kernel[1], a->channels, products,
			PRODUCTS_MAX);

	return 0;
}

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
	a.fold = choose_fold(p, &a);
	if (check_fits(p, &a)) {
		return -1;
	}
	return plan_launch(p, "conv", "conv", &a, sizeof(a)) ? 0 : -1;
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
