/* SPDX-License-Identifier: MIT */
/*
 * The kernel depthwise: its pieces, and what is moved for them. In reading order:
 * depthwise_layout.h, this file, depthwise.c.
 *
 * Pieces lie in two slots: while one is computed the next one is loaded to the
 * other slot, and the one before is stored from there. Units wait for each
 * other's tokens, the core for none.
 */
#ifndef DEPTHWISE_H
#define DEPTHWISE_H

#include <ashlar/kernel.h>

#include "../linear/linear.h"
#include "depthwise_layout.h"

struct depthwise_piece {
	uint32_t key; /* channels and phase: what weights it has */
	uint32_t image, channel, channels;
	uint32_t phase[2];
	struct depthwise_axis axis[2];
	bool zero; /* no tap hits */
	uint32_t y, x, rows, width; /* of the result, in the phase */
};

struct depthwise {
	const struct linear_depthwise_args *args;
	const struct linear_conv_args *a;
	uint32_t n, bytes; /* lanes; of an element */
	uint32_t terms; /* of an element, 3: split fp32 */
	uint32_t out_bytes, residual_bytes;
	uint32_t strips, bands, phases[2], blocks; /* of a pixel's channels */
	uint32_t number, pieces; /* the next one, all */
	struct depthwise_piece piece[2]; /* of the slots */
	uint32_t known; /* pieces that are loaded, or will be next */
	uint32_t keys[2]; /* of the weights in a slot, and 1; 0: none */
	bool fresh[2]; /* weights have been loaded for the slot's piece */
	ash_token loaded[2], computed[2], stored[2];
	struct gemm_epilogue out;
	/* The matrix unit's: halves of its accumulators, the next one. */
	uint32_t accs, half;
	ash_token drained[2], products;
};

static inline uint32_t depthwise_slot(const struct linear_area *area,
				      uint32_t slot)
{
	return area->at + slot * area->bytes;
}

static inline struct depthwise_piece *depthwise_piece(struct depthwise *d,
						      uint32_t i)
{
	return &d->piece[i & 1];
}

static inline uint32_t depthwise_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- Pieces ------------------------------------------------------------------ */

/* Pieces are numbered strip by strip, band, image, phase, N channels. */
static void depthwise_next(struct depthwise *d)
{
	const struct linear_conv_args *a = d->a;
	const struct depthwise_piece *before =
		d->known ? depthwise_piece(d, d->known - 1) : NULL;
	struct depthwise_piece *p = depthwise_piece(d, d->known++);
	uint32_t number = d->number, block, phase, i;
	uint32_t out[2];

	d->number += ash_count();
	p->x = number % d->strips * d->args->width;
	number /= d->strips;
	p->y = number % d->bands * d->args->rows;
	number /= d->bands;
	p->image = number % a->images;
	p->key = number / a->images;
	phase = p->key % (d->phases[0] * d->phases[1]);
	block = p->key / (d->phases[0] * d->phases[1]);
	p->channel = block * d->n;
	p->channels = depthwise_min(a->groups * a->channels - p->channel, d->n);
	p->phase[0] = phase / d->phases[1];
	p->phase[1] = phase % d->phases[1];
	for (i = 0; i < 2; i++) {
		if (before && before->phase[i] == p->phase[i])
			p->axis[i] = before->axis[i];
		else
			p->axis[i] = depthwise_axis(a, (int)i, p->phase[i]);
		out[i] = a->out[i] > p->phase[i] ?
				 conv_div_up(a->out[i] - p->phase[i],
					     d->phases[i]) :
				 0;
	}
	p->zero = !p->axis[0].taps || !p->axis[1].taps;
	/* Of phases that have fewer, there may be nothing in the last ones. */
	p->rows = p->y < out[0] ? depthwise_min(out[0] - p->y, d->args->rows) :
				  0;
	p->width = p->x < out[1] ?
			   depthwise_min(out[1] - p->x, d->args->width) :
			   0;
	if (!p->rows)
		p->width = 0;
}

/* Pixels of the result. */
static inline uint32_t depthwise_pixels(const struct depthwise_piece *p)
{
	return p->rows * p->width;
}

/* --- Loads ------------------------------------------------------------------- */

static void depthwise_load_patch(const struct depthwise *d,
				 const struct depthwise_piece *p, uint32_t to)
{
	const struct linear_conv_args *a = d->a;
	const struct depthwise_axis *y = &p->axis[0], *x = &p->axis[1];
	uint64_t from = a->x + (uint64_t)(p->image * a->x_image) +
			(uint64_t)p->channel * d->bytes;
	int32_t step_y = (int32_t)conv_step(a, 0);
	int32_t step_x = (int32_t)conv_step(a, 1);
	uint32_t i, plane;

	ash_dma_shape(ASH_LOAD, p->channels * d->bytes, p->width,
		      (int32_t)d->args->cell, (int32_t)a->x_stride[1]);
	ash_write(ASH_LOAD + ASHLAR_LOAD_STEP1, (uint32_t)step_x);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT1, a->in[1]);
	ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, p->rows + y->span);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE2, p->width * d->args->cell);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE2, a->x_stride[0]);
	ash_write(ASH_LOAD + ASHLAR_LOAD_STEP2, (uint32_t)step_y);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT2, a->in[0]);
	for (plane = 0; y->planes >> plane; plane++) {
		if (!(y->planes >> plane & 1))
			continue;
		ash_write(ASH_LOAD + ASHLAR_LOAD_START2,
			  (uint32_t)(((int32_t)p->y + y->low) * step_y +
				     (int32_t)plane));
		for (i = 0; i < x->taps; i++) {
			struct conv_tap t = conv_tap(a, 1, p->phase[1],
						     x->first + i * x->step);

			ash_write(
				ASH_LOAD + ASHLAR_LOAD_START1,
				(uint32_t)(((int32_t)p->x + t.offset) * step_x +
					   (int32_t)t.plane));
			ash_dma_at(ASH_LOAD,
				   to + plane * d->args->plane_bytes +
					   i * d->n * d->bytes,
				   from);
		}
	}
	ash_dma_plain(ASH_LOAD);
}

/*
 * Floats: a row of fp32 for each term of each tap, and behind them rows as they
 * are loaded.
 */
static inline uint32_t depthwise_raw(const struct depthwise *d,
				     const struct depthwise_piece *p,
				     uint32_t slot)
{
	return depthwise_slot(&d->args->weights, slot) +
	       d->terms * p->axis[0].taps * p->axis[1].taps * 4 * d->n;
}

static void depthwise_load_rows(const struct depthwise *d,
				const struct depthwise_piece *p, uint32_t slot)
{
	const struct linear_conv_args *a = d->a;
	const struct depthwise_axis *y = &p->axis[0], *x = &p->axis[1];
	uint32_t row = d->n * d->bytes;
	struct ash_dma dma = ASH_DMA_INIT(
		a->w + (uint64_t)p->channel * a->w_stride +
			(y->first * a->kernel[1] + x->first) * d->bytes,
		depthwise_raw(d, p, slot), d->bytes);

	dma.dim[0].count = p->channels;
	dma.dim[0].global_stride = (int32_t)a->w_stride;
	dma.dim[0].local_stride = (int32_t)d->bytes;
	dma.dim[1].count = x->taps;
	dma.dim[1].global_stride = (int32_t)(x->step * d->bytes);
	dma.dim[1].local_stride = (int32_t)row;
	dma.dim[2].count = y->taps;
	dma.dim[2].global_stride = (int32_t)(y->step * a->kernel[1] * d->bytes);
	dma.dim[2].local_stride = (int32_t)(x->taps * row);
	(void)ash_dma_nd(ASH_LOAD, &dma);
}

/*
 * For each ky a matrix, whose columns lie like cells: groups' weights in the
 * diagonal, for each kx one below the other. The rest was made zero once.
 */
static void depthwise_load_diagonals(const struct depthwise *d,
				     const struct depthwise_piece *p,
				     uint32_t slot)
{
	const struct linear_conv_args *a = d->a;
	uint32_t cell = d->args->cell, width = a->channels, ky;
	struct ash_dma dma =
		ASH_DMA_INIT(a->w + (uint64_t)p->channel * a->w_stride,
			     depthwise_slot(&d->args->weights, slot), width);

	dma.dim[0].count = width; /* columns of a group */
	dma.dim[0].global_stride = (int32_t)a->w_stride;
	dma.dim[0].local_stride = (int32_t)cell;
	dma.dim[1].count = p->channels / width;
	dma.dim[1].global_stride = (int32_t)(width * a->w_stride);
	dma.dim[1].local_stride = (int32_t)(width * cell + width);
	dma.dim[2].count = a->kernel[1];
	dma.dim[2].global_stride = (int32_t)width;
	dma.dim[2].local_stride = (int32_t)d->n;
	for (ky = 0; ky < a->kernel[0]; ky++) {
		(void)ash_dma_nd(ASH_LOAD, &dma);
		dma.global += a->kernel[1] * width;
		dma.offset += d->n * cell;
	}
}

static void depthwise_load_vec(const struct depthwise *d,
			       const struct depthwise_piece *p, uint32_t to)
{
	const struct linear_epilogue *e = &d->a->epilogue;

	if (e->bias)
		ash_load(to, 4, e->bias + (uint64_t)p->channel * e->bias_step,
			 (int32_t)e->bias_step, 4, p->channels);
	if (e->scale)
		ash_load(to + 4 * d->n, 4,
			 e->scale + (uint64_t)p->channel * e->scale_step,
			 (int32_t)e->scale_step, 4, p->channels);
}

/* Pixels of a piece between memory and rows of N channels. */
static ash_token depthwise_move(const struct depthwise *d,
				const struct depthwise_piece *p,
				enum ash_unit unit, uint64_t global,
				const uint32_t *stride, uint32_t offset,
				uint32_t bytes)
{
	uint32_t step_y = stride[0] * d->phases[0];
	uint32_t step_x = stride[1] * d->phases[1];
	uint32_t row = d->n * bytes;
	ash_token token;

	global += (uint64_t)p->phase[0] * stride[0] +
		  (uint64_t)p->phase[1] * stride[1] + (uint64_t)p->y * step_y +
		  (uint64_t)p->x * step_x + (uint64_t)p->channel * bytes;
	ash_dma_shape(unit, p->channels * bytes, p->width, (int32_t)row,
		      (int32_t)step_x);
	ash_write(unit + ASHLAR_LOAD_COUNT2, p->rows);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE2, p->width * row);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE2, step_y);
	token = ash_dma_at(unit, offset, global);
	ash_write(unit + ASHLAR_LOAD_COUNT2, 1);
	return token;
}

/* All that piece i needs, when the one before it in the slot is computed. */
static void depthwise_load(struct depthwise *d, uint32_t i)
{
	const struct linear_conv_args *a = d->a;
	const struct depthwise_piece *p = depthwise_piece(d, i);
	uint32_t slot = i & 1;

	if (!p->width)
		return;
	ash_after(ASH_LOAD, ASH_VECTOR, d->computed[slot]);
	if (!p->zero)
		depthwise_load_patch(d, p,
				     depthwise_slot(&d->args->patch, slot));
	d->fresh[slot] = d->keys[slot] != p->key + 1;
	if (d->fresh[slot]) {
		d->keys[slot] = p->key + 1;
		depthwise_load_vec(d, p, depthwise_slot(&d->args->vec, slot));
		if (depthwise_matrix(a))
			depthwise_load_diagonals(d, p, slot);
		else if (!p->zero)
			depthwise_load_rows(d, p, slot);
	}
	if (a->epilogue.residual)
		depthwise_move(d, p, ASH_LOAD,
			       a->epilogue.residual +
				       (uint64_t)(p->image * a->residual_image),
			       a->residual_stride,
			       depthwise_slot(&d->args->residual, slot),
			       d->residual_bytes);
	d->loaded[slot] = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
}

/* Piece i is being computed: load the next one, unless that has been done. */
static void depthwise_ahead(struct depthwise *d, uint32_t i)
{
	if (d->known > i + 1 || d->number >= d->pieces)
		return;
	depthwise_next(d);
	depthwise_load(d, i + 1);
}

/* Piece i, when it is computed. */
static void depthwise_store(struct depthwise *d, uint32_t i)
{
	const struct linear_conv_args *a = d->a;
	uint32_t slot = i & 1;

	ash_after(ASH_STORE, ASH_VECTOR, d->computed[slot]);
	d->stored[slot] = depthwise_move(
		d, depthwise_piece(d, i), ASH_STORE,
		a->y + (uint64_t)(depthwise_piece(d, i)->image * a->y_image),
		a->y_stride, depthwise_slot(&d->args->result, slot),
		d->out_bytes);
}

#endif
