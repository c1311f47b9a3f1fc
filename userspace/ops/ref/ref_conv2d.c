// SPDX-License-Identifier: MIT
/*
 * Convolutions as products: for one group at a time the pixels that a sum goes
 * over, side by side. Slow in memory, plain to read.
 */
#include <stdlib.h>

#include "ref.h"
#include "ref_linear.h"
#include "ref_walk.h"

/* Geometry, with 0 as 1. */
struct shape {
	int64_t stride[2], dilation[2], pad[2];
	uint64_t groups;
};

static struct shape shape_of(const struct ashlar_conv_shape *s)
{
	struct shape r = { .groups = s->groups ? s->groups : 1 };
	int d;

	r.pad[0] = s->pad_top;
	r.pad[1] = s->pad_left;
	for (d = 0; d < 2; d++) {
		r.stride[d] = s->stride[d] ? s->stride[d] : 1;
		r.dilation[d] = s->dilation[d] ? s->dilation[d] : 1;
	}
	return r;
}

/* Channel c of pixel (y, x) of image n; NULL outside of the image. */
static uint8_t *pixel(const struct ashlar_tensor *t, uint64_t n, int64_t y,
		      int64_t x, uint64_t c)
{
	if (y < 0 || x < 0 || y >= (int64_t)t->shape[1] ||
	    x >= (int64_t)t->shape[2])
		return NULL;
	return (uint8_t *)(uintptr_t)t->addr +
	       ((int64_t)n * t->stride[0] + y * t->stride[1] +
		x * t->stride[2] + (int64_t)c) *
		       ashlar_format_bytes(t->format);
}

/* n elements from a pixel on; zeros from none. */
static void copy(uint8_t *to, const uint8_t *from, uint64_t n, uint32_t format)
{
	size_t bytes = n * ashlar_format_bytes(format);

	if (from)
		memcpy(to, from, bytes);
	else
		memset(to, 0, bytes);
}

/* Ends of chunks of 128 channels, of each tap. */
static size_t *tap_ends(size_t taps, size_t channels)
{
	size_t each = (channels + 127) / 128, i, j;
	size_t *ends = ref_alloc((taps * each + 1) * sizeof(*ends));

	for (i = 0; i < taps; i++)
		for (j = 0; j < each; j++)
			ends[i * each + j] =
				i * channels + (128 * (j + 1) < channels ?
							128 * (j + 1) :
							channels);
	return ends;
}

/* Images whose pixels are summed at a time. */
static uint64_t images_at_a_time(uint64_t pixels, uint64_t k)
{
	uint64_t n = (4u << 20) / (pixels * k + 1);

	return n ? n : 1;
}

/* --- Forward ---------------------------------------------------------------------- */

static void forward(const struct ashlar_op_conv2d *op, const struct shape *s,
		    uint64_t group, uint64_t first, uint64_t images)
{
	const struct ashlar_tensor *x = &op->x, *w = &op->w, *y = &op->y;
	const struct ashlar_tensor *r = &op->epilogue.residual;
	uint64_t oh = y->shape[1], ow = y->shape[2];
	uint64_t kh = w->shape[1], kw = w->shape[2], ci = w->shape[3];
	uint64_t co = w->shape[0] / s->groups, bytes;
	uint64_t n, oy, ox, ky, kx, o;
	struct ref_product p;
	size_t *ends = tap_ends(kh * kw, ci);
	uint8_t *at;
	uint32_t *sum;

	ref_product_alloc(&p, images * oh * ow, co, kh * kw * ci, x->format);
	bytes = ashlar_format_bytes(x->format);
	p.ends = ends;
	for (at = p.a, n = 0; n < images; n++)
		for (oy = 0; oy < oh; oy++)
			for (ox = 0; ox < ow; ox++)
				for (ky = 0; ky < kh; ky++)
					for (kx = 0; kx < kw; kx++) {
						copy(at,
						     pixel(x, first + n,
							   (int64_t)oy * s->stride[0] +
								   (int64_t)ky *
									   s->dilation
										   [0] -
								   s->pad[0],
							   (int64_t)ox * s->stride[1] +
								   (int64_t)kx *
									   s->dilation
										   [1] -
								   s->pad[1],
							   group * ci),
						     ci, x->format);
						at += ci * bytes;
					}
	for (o = 0; o < co; o++)
		copy(p.b + o * p.k * bytes,
		     (const uint8_t *)(uintptr_t)w->addr +
			     (int64_t)(group * co + o) * w->stride[0] *
				     (int64_t)bytes,
		     p.k, x->format);
	ref_product_run(&p);
	for (sum = p.sums, n = first; n < first + images; n++)
		for (oy = 0; oy < oh; oy++)
			for (ox = 0; ox < ow; ox++)
				for (o = group * co; o < (group + 1) * co; o++)
					ref_epilogue(
						&op->epilogue, x->format,
						*sum++, o,
						r->addr ?
							pixel(r, n, (int64_t)oy,
							      (int64_t)ox, o) :
							NULL,
						pixel(y, n, (int64_t)oy,
						      (int64_t)ox, o),
						y->format);
	ref_product_free(&p);
	free(ends);
}

void ref_conv2d(const struct ashlar_op_conv2d *op, uint32_t lanes)
{
	struct shape s = shape_of(&op->shape);
	uint64_t most = images_at_a_time(op->y.shape[1] * op->y.shape[2],
					 op->w.shape[1] * op->w.shape[2] *
						 op->w.shape[3]);
	uint64_t group, n;

	(void)lanes;
	for (group = 0; group < s.groups; group++)
		for (n = 0; n < op->y.shape[0]; n += most)
			forward(op, &s, group, n,
				op->y.shape[0] - n < most ? op->y.shape[0] - n :
							    most);
}

/* --- By x --------------------------------------------------------------------------- */

/* Taps of an axis that hit an output from a pixel with this remainder. */
static uint64_t taps_of(const struct shape *s, int d, uint64_t size,
			int64_t phase, uint64_t *taps, int64_t *offset)
{
	uint64_t k, n = 0;

	for (k = 0; k < size; k++) {
		int64_t at = phase + s->pad[d] - (int64_t)k * s->dilation[d];
		int64_t rest =
			(at % s->stride[d] + s->stride[d]) % s->stride[d];

		if (rest)
			continue;
		taps[n] = k;
		offset[n++] = at / s->stride[d];
	}
	return n;
}

static void by_x(const struct ashlar_op_conv2d_dx *op, const struct shape *s,
		 uint64_t group, uint64_t n, int64_t phase_y, int64_t phase_x)
{
	const struct ashlar_tensor *dx = &op->dx, *dy = &op->dy, *w = &op->w;
	uint64_t h = dx->shape[1], width = dx->shape[2], ci = w->shape[3];
	uint64_t co = w->shape[0] / s->groups;
	uint64_t ky[256], kx[256], ys, xs, rows, cols;
	int64_t oy[256], ox[256];
	uint64_t y, x, i, j, o, c;
	struct ref_product p;
	size_t bytes = ashlar_format_bytes(dy->format);
	size_t *ends;
	uint8_t *at;

	ys = taps_of(s, 0, w->shape[1], phase_y, ky, oy);
	xs = taps_of(s, 1, w->shape[2], phase_x, kx, ox);
	rows = ((uint64_t)phase_y < h) *
	       ((h - (uint64_t)phase_y + (uint64_t)s->stride[0] - 1) /
		(uint64_t)s->stride[0]);
	cols = ((uint64_t)phase_x < width) *
	       ((width - (uint64_t)phase_x + (uint64_t)s->stride[1] - 1) /
		(uint64_t)s->stride[1]);
	if (!rows || !cols)
		return;
	ref_product_alloc(&p, rows * cols, ci, ys * xs * co, dy->format);
	p.ends = ends = tap_ends(ys * xs, co);
	at = p.a;
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			for (i = 0; i < ys; i++)
				for (j = 0; j < xs; j++) {
					copy(at,
					     pixel(dy, n, (int64_t)y + oy[i],
						   (int64_t)x + ox[j],
						   group * co),
					     co, dy->format);
					at += co * bytes;
				}
	at = p.b;
	for (c = 0; c < ci; c++)
		for (i = 0; i < ys; i++)
			for (j = 0; j < xs; j++)
				for (o = 0; o < co; o++) {
					memcpy(at,
					       (const uint8_t *)(uintptr_t)
							       w->addr +
						       ((int64_t)(group * co +
								  o) *
								w->stride[0] +
							(int64_t)((ky[i] * w->shape[2] +
								   kx[j]) *
									  ci +
								  c)) *
							       (int64_t)bytes,
					       bytes);
					at += bytes;
				}
	ref_product_run(&p);
	for (y = 0; y < rows; y++)
		for (x = 0; x < cols; x++)
			for (c = 0; c < ci; c++)
				ref_put(pixel(dx, n,
					      (int64_t)y * s->stride[0] +
						      phase_y,
					      (int64_t)x * s->stride[1] +
						      phase_x,
					      group * ci + c),
					dx->format,
					ref_f32(p.sums[(y * cols + x) * ci +
						       c]));
	ref_product_free(&p);
	free(ends);
}

void ref_conv2d_dx(const struct ashlar_op_conv2d_dx *op, uint32_t lanes)
{
	struct shape s = shape_of(&op->shape);
	uint64_t group, n;
	int64_t y, x;

	(void)lanes;
	for (group = 0; group < s.groups; group++)
		for (n = 0; n < op->dx.shape[0]; n++)
			for (y = 0; y < s.stride[0]; y++)
				for (x = 0; x < s.stride[1]; x++)
					by_x(op, &s, group, n, y, x);
}

/* --- By w --------------------------------------------------------------------------- */

/* Ends of chunks of pixels: whole rows, or parts of one. */
static size_t *pixel_ends(uint64_t images, uint64_t oh, uint64_t ow)
{
	uint64_t cols = ow < 128 ? ow : 128;
	uint64_t rows = 128 / cols < oh ? 128 / cols : oh;
	size_t *ends = ref_alloc((images * oh * ((ow + 127) / 128) + 1) *
				 sizeof(*ends));
	size_t n = 0, at = 0;
	uint64_t i, y, x;

	for (i = 0; i < images; i++)
		for (y = 0; y < oh; y += rows)
			for (x = 0; x < ow; x += cols) {
				at += (oh - y < rows ? oh - y : rows) *
				      (ow - x < cols ? ow - x : cols);
				ends[n++] = at;
			}
	return ends;
}

static void by_w(const struct ashlar_op_conv2d_dw *op, const struct shape *s,
		 uint64_t group)
{
	const struct ashlar_tensor *dw = &op->dw, *dy = &op->dy, *x = &op->x;
	uint64_t oh = dy->shape[1], ow = dy->shape[2], n;
	uint64_t kh = dw->shape[1], kw = dw->shape[2], ci = dw->shape[3];
	uint64_t co = dw->shape[0] / s->groups;
	size_t bytes = ashlar_format_bytes(dy->format), k;
	uint64_t oy, ox, ky, kx, i, o;
	struct ref_product p;
	size_t *ends;

	ref_product_alloc(&p, co, kh * kw * ci, dy->shape[0] * oh * ow,
			  dy->format);
	ends = NULL;
	if (p.k)
		p.ends = ends = pixel_ends(dy->shape[0], oh, ow);
	for (k = 0, n = 0; n < dy->shape[0]; n++)
		for (oy = 0; oy < oh; oy++)
			for (ox = 0; ox < ow; ox++, k++) {
				const uint8_t *d = pixel(dy, n, (int64_t)oy,
							 (int64_t)ox,
							 group * co);

				for (o = 0; o < co; o++)
					memcpy(p.a + (o * p.k + k) * bytes,
					       d + o * bytes, bytes);
				for (ky = 0; ky < kh; ky++)
					for (kx = 0; kx < kw; kx++) {
						const uint8_t *v = pixel(
							x, n,
							(int64_t)oy * s->stride[0] +
								(int64_t)ky *
									s->dilation
										[0] -
								s->pad[0],
							(int64_t)ox * s->stride[1] +
								(int64_t)kx *
									s->dilation
										[1] -
								s->pad[1],
							group * ci);

						for (i = 0; v && i < ci; i++)
							memcpy(p.b + (((ky * kw +
									kx) * ci +
								       i) * p.k +
								      k) * bytes,
							       v + i * bytes,
							       bytes);
					}
			}
	ref_product_run(&p);
	for (o = 0; o < co; o++)
		for (i = 0; i < p.n; i++) {
			uint8_t *at =
				(uint8_t *)(uintptr_t)dw->addr +
				((int64_t)(group * co + o) * dw->stride[0] +
				 (int64_t)i) *
					ashlar_format_bytes(dw->format);
			uint32_t v = p.sums[o * p.n + i];

			if (op->flags & ASHLAR_CONV2D_DW_ACCUMULATE)
				v = ash_f32_add(v,
						ref_get(at, dw->format).bits);
			ref_put(at, dw->format, ref_f32(v));
		}
	ref_product_free(&p);
	free(ends);
}

void ref_conv2d_dw(const struct ashlar_op_conv2d_dw *op, uint32_t lanes)
{
	struct shape s = shape_of(&op->shape);
	uint64_t group;

	(void)lanes;
	for (group = 0; group < s.groups; group++)
		by_w(op, &s, group);
}
