// SPDX-License-Identifier: MIT
/* Pooling and its gradient: ashlar/ops_norm.h, to the bit. */
#include <stdlib.h>

#include "ref.h"
#include "ref_walk.h"

#define MINUS_ZERO     0x80000000u
#define MINUS_INFINITY 0xff800000u

/* A window: rows and columns of the image that are there, and their number. */
struct window {
	int64_t row, row_end, column, column_end;
	uint32_t factor; /* of an average */
};

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static uint8_t *pixel(const struct ashlar_tensor *t, uint64_t image, int64_t y,
		      int64_t x, uint64_t channel)
{
	int64_t at = (int64_t)image * t->stride[0] + y * t->stride[1] +
		     x * t->stride[2];

	/* The stride of one channel is not looked at. */
	if (t->shape[3] != 1)
		at += (int64_t)channel * t->stride[3];
	return (uint8_t *)(uintptr_t)t->addr +
	       at * ashlar_format_bytes(t->format);
}

static struct window window_at(const struct ashlar_op_pool2d *op, uint64_t oy,
			       uint64_t ox)
{
	int64_t row = (int64_t)(oy * (op->stride[0] ? op->stride[0] : 1)) -
		      op->pad_top;
	int64_t column = (int64_t)(ox * (op->stride[1] ? op->stride[1] : 1)) -
			 op->pad_left;
	struct window w = {
		.row = row < 0 ? 0 : row,
		.row_end = least(row + op->kernel[0], (int64_t)op->x.shape[1]),
		.column = column < 0 ? 0 : column,
		.column_end =
			least(column + op->kernel[1], (int64_t)op->x.shape[2]),
	};
	int64_t count = (w.row_end - w.row) * (w.column_end - w.column);

	if (op->flags & ASHLAR_POOL_COUNT_PADDING)
		count = (int64_t)op->kernel[0] * op->kernel[1];
	w.factor = ash_f32_recip(ash_i32_to_f32((int32_t)count));
	return w;
}

static struct ref_value pool_max(const struct ashlar_tensor *x,
				 const struct window *w, uint64_t image,
				 uint64_t channel)
{
	struct ref_value m = { MINUS_INFINITY, false };
	int64_t r, c;

	if (x->format == ASHLAR_I8)
		m = (struct ref_value){ 0x80000000u, true };
	for (r = w->row; r < w->row_end; r++) {
		for (c = w->column; c < w->column_end; c++) {
			struct ref_value v = ref_get(
				pixel(x, image, r, c, channel), x->format);

			if (!m.integer)
				m.bits = ash_f32_max(m.bits, v.bits);
			else if ((int32_t)v.bits > (int32_t)m.bits)
				m = v;
		}
	}
	return m;
}

static struct ref_value pool_average(const struct ashlar_tensor *x,
				     const struct window *w, uint64_t image,
				     uint64_t channel)
{
	uint32_t sum = MINUS_ZERO;
	int64_t r, c;

	for (c = w->column; c < w->column_end; c++) {
		uint32_t column = MINUS_ZERO;

		for (r = w->row; r < w->row_end; r++)
			column = ash_f32_add(
				column, ref_get(pixel(x, image, r, c, channel),
						x->format)
						.bits);
		sum = ash_f32_add(sum, column);
	}
	return ref_f32(ash_f32_mul(sum, w->factor));
}

void ref_pool2d(const struct ashlar_op_pool2d *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i)) {
		struct window w = window_at(op, i.i[1], i.i[2]);
		struct ref_value v =
			op->mode == ASHLAR_POOL_MAX ?
				pool_max(&op->x, &w, i.i[0], i.i[3]) :
				pool_average(&op->x, &w, i.i[0], i.i[3]);

		ref_put(pixel(&op->y, i.i[0], (int64_t)i.i[1], (int64_t)i.i[2],
			      i.i[3]),
			op->y.format, v);
	}
}

/* --- Its gradient ------------------------------------------------------------------ */

static bool same(uint32_t a, uint32_t b)
{
	return a == b || !((a | b) << 1);
}

static void give(uint32_t *gradient, uint32_t value)
{
	*gradient = ash_f32_add(*gradient, value);
}

/* Where the gradient of a window's greatest element goes. */
static void give_max(const struct ashlar_op_pool2d_dx *op,
		     const struct window *w, const struct ref_index *i,
		     uint32_t dy, uint32_t *gradient)
{
	uint32_t m = ref_get(pixel(&op->y, i->i[0], (int64_t)i->i[1],
				   (int64_t)i->i[2], i->i[3]),
			     op->y.format)
			     .bits;
	int64_t r, c;

	for (r = w->row; r < w->row_end; r++) {
		for (c = w->column; c < w->column_end; c++) {
			uint32_t x =
				ref_get(pixel(&op->x, i->i[0], r, c, i->i[3]),
					op->x.format)
					.bits;

			if (same(x, m)) {
				give(&gradient[r * (int64_t)op->dx.shape[2] +
					       c],
				     dy);
				return;
			}
		}
	}
}

/*
 * One image's channel: windows row by row, in a row from the last to the first,
 * which is the order in which an element gets its gradients.
 */
static void gradient_plane(const struct ashlar_op_pool2d_dx *op,
			   const struct ashlar_op_pool2d *forward,
			   uint64_t image, uint64_t channel, uint32_t *gradient)
{
	struct ref_index i = { .i = { image, 0, 0, channel } };
	int64_t r, c, width = (int64_t)op->dx.shape[2];

	memset(gradient, 0, op->dx.shape[1] * op->dx.shape[2] * 4);
	for (; i.i[1] < op->dy.shape[1]; i.i[1]++) {
		for (i.i[2] = op->dy.shape[2]; i.i[2]-- > 0;) {
			struct window w = window_at(forward, i.i[1], i.i[2]);
			uint32_t dy =
				ref_get(pixel(&op->dy, image, (int64_t)i.i[1],
					      (int64_t)i.i[2], channel),
					op->dy.format)
					.bits;

			if (op->mode == ASHLAR_POOL_MAX) {
				give_max(op, &w, &i, dy, gradient);
				continue;
			}
			dy = ash_f32_mul(dy, w.factor);
			for (r = w.row; r < w.row_end; r++)
				for (c = w.column; c < w.column_end; c++)
					give(&gradient[r * width + c], dy);
		}
	}
}

void ref_pool2d_dx(const struct ashlar_op_pool2d_dx *op, uint32_t lanes)
{
	const struct ashlar_tensor *dx = &op->dx;
	struct ashlar_op_pool2d forward = {
		.x = *dx,
		.kernel = { op->kernel[0], op->kernel[1] },
		.stride = { op->stride[0], op->stride[1] },
		.pad_top = op->pad_top,
		.pad_left = op->pad_left,
		.flags = op->flags,
	};
	uint64_t image, channel;
	uint32_t *gradient;
	int64_t r, c;

	(void)lanes;
	if (!dx->shape[0] || !dx->shape[3])
		return;
	gradient = malloc(dx->shape[1] * dx->shape[2] * 4);
	if (!gradient)
		abort();
	for (image = 0; image < dx->shape[0]; image++) {
		for (channel = 0; channel < dx->shape[3]; channel++) {
			gradient_plane(op, &forward, image, channel, gradient);
			for (r = 0; r < (int64_t)dx->shape[1]; r++)
				for (c = 0; c < (int64_t)dx->shape[2]; c++)
					ref_put(pixel(dx, image, r, c, channel),
						dx->format,
						ref_f32(gradient[r * (int64_t)dx->shape
										 [2] +
								 c]));
		}
	}
	free(gradient);
}
