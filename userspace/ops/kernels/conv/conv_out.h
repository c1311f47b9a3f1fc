/* SPDX-License-Identifier: MIT */
/* The kernel conv: results, from accumulators to memory. */
#ifndef CONV_OUT_H
#define CONV_OUT_H

#include "conv_load.h"

/*
 * The pixels of a group of blocks, number after number in the scratchpad, as
 * they lie in memory: the rest of a row, whole rows, the beginning of one.
 */
struct conv_run {
	uint32_t number; /* in the group */
	uint32_t n, rows;
	uint64_t y, residual; /* global addresses of the first one */
};

struct conv_pixels {
	uint32_t runs;
	struct conv_run run[3];
};

/* A group of blocks of the band. */
struct conv_group {
	uint32_t block, blocks; /* in the band */
	uint32_t y, x; /* of its first number, in the strip */
	uint32_t a; /* offset of its first pixel's cell */
	struct conv_pixels pixels;
};

/* Address of a pixel of the strip whose first one is at `first`. */
static inline uint64_t conv_at(uint64_t first, const uint32_t *step, uint32_t y,
			       uint32_t x)
{
	return first + (uint64_t)y * step[0] + (uint64_t)x * step[1];
}

/*
 * Its pixels, `left` numbers in rows of pitch, of which width are pixels; y and
 * x become those of the next group.
 */
static void conv_pixels(const struct conv *c, struct conv_group *g,
			uint32_t pitch, uint32_t width, uint32_t left)
{
	uint32_t number = 0, y = g->y, x = g->x;
	struct conv_run *run = g->pixels.run;

	while (left) {
		uint32_t n = conv_min(pitch - x, left), rows = 1;

		if (n == pitch)
			rows = left / pitch;
		if (x < width) {
			run->number = number;
			run->n = conv_min(n, width - x);
			run->rows = rows;
			run->y = conv_at(c->y_first, c->y_step, y, x);
			if (c->a->epilogue.residual)
				run->residual = conv_at(c->residual_first,
							c->residual_step, y, x);
			run++;
		}
		number += rows * n;
		left -= rows * n;
		x += n;
		if (x == pitch) {
			x = 0;
			y += rows;
		}
	}
	g->pixels.runs = (uint32_t)(run - g->pixels.run);
	g->y = y;
	g->x = x;
}

/* Whether a strip's pixels are at a constant distance, also row to row. */
static inline bool conv_flat(const struct conv *c, const struct conv_band *b)
{
	const uint32_t *y = c->y_step, *residual = c->residual_step;
	uint64_t width = b->width;

	return b->cut->pitch == width && y[0] == width * y[1] &&
	       (!c->a->epilogue.residual || residual[0] == width * residual[1]);
}

/* A row of words for the columns of a set. */
static void conv_load_row(struct conv *c, uint32_t to, uint64_t from,
			  uint32_t step, uint32_t words)
{
	/* One run, or a word again and again. */
	if (from)
		c->operands = ash_load(to, 4, from, 0, step ? 4 * words : 4,
				       step ? 1 : words);
}

/* Load bias and scale of the band's set, which is a new one. */
static void conv_load_vec(struct conv *c)
{
	const struct linear_epilogue *e = &c->a->epilogue;
	const struct conv_band *b = &c->band;
	uint32_t first = b->col * c->array;
	uint32_t words = conv_min(b->cols * c->array, c->a->columns - first);
	uint32_t to;

	first += b->group * c->a->columns;
	c->vec_n = b->n;
	c->vec = c->vec_offset + (c->vec == c->vec_offset) * 2 * c->vec_bytes;
	to = c->vec;
	/* What used them is drained: the set before the one before. */
	ash_after(ASH_LOAD, ASH_VECTOR, c->half[c->columns & 1].drained);
	conv_load_row(c, to,
		      e->bias ? e->bias + (uint64_t)first * e->bias_step : 0,
		      e->bias_step, words);
	conv_load_row(c, to + c->vec_bytes,
		      e->scale ? e->scale + (uint64_t)first * e->scale_step : 0,
		      e->scale_step, words);
}

/* Load a column's residual; the half's last one has been added before. */
static void conv_load_residual(struct conv *c, const struct conv_half *h,
			       const struct conv_group *g, uint32_t channel,
			       uint32_t channels)
{
	const struct conv_run *run = g->pixels.run;
	const struct conv_run *end = run + g->pixels.runs;
	uint32_t pitch = c->array * c->residual_bytes;

	ash_after(ASH_LOAD, ASH_VECTOR, h->drained);
	for (; run != end; run++)
		c->operands =
			conv_load(run->residual + channel * c->residual_bytes,
				  h->residual + run->number * pitch,
				  channels * c->residual_bytes,
				  conv_dim(run->n, c->residual_step[1], pitch),
				  conv_dim(run->rows, c->residual_step[0],
					   c->band.cut->pitch * pitch));
}

/* What all stores of a band have in common. */
static inline void conv_store_shape(const struct conv *c)
{
	uint32_t pitch = c->out.out_pitch;

	ash_write(ASH_STORE + ASHLAR_STORE_GSTRIDE1, c->y_step[1]);
	ash_write(ASH_STORE + ASHLAR_STORE_LSTRIDE1, pitch);
	ash_write(ASH_STORE + ASHLAR_STORE_GSTRIDE2, c->y_step[0]);
	ash_write(ASH_STORE + ASHLAR_STORE_LSTRIDE2,
		  c->band.cut->pitch * pitch);
}

static void conv_store(const struct conv *c, struct conv_half *h,
		       const struct conv_group *g, uint32_t first)
{
	const struct conv_run *run = g->pixels.run;
	const struct conv_run *end = run + g->pixels.runs;
	uint32_t stage = h->stage, pitch = c->out.out_pitch;
	ash_token token = 0;

	ash_after(ASH_STORE, ASH_VECTOR, h->drained);
	for (; run != end; run++) {
		ash_write(ASH_STORE + ASHLAR_STORE_COUNT1, run->n);
		ash_write(ASH_STORE + ASHLAR_STORE_COUNT2, run->rows);
		token = ash_dma_at(ASH_STORE, stage + run->number * pitch,
				   run->y + first);
	}
	h->stored = token;
}

/*
 * What the last macro-operation left in the half's accumulators, column `col` of
 * the band for a group of blocks, to memory.
 */
static void conv_results(struct conv *c, struct conv_half *h,
			 const struct conv_group *g, uint32_t col)
{
	const struct conv_band *b = &c->band;
	uint32_t in_group = (b->col + col) * c->array;
	uint32_t channels = conv_min(c->a->columns - in_group, c->array);
	uint32_t channel = b->group * c->a->columns + in_group;
	uint32_t rows = g->blocks * c->array;
	struct gemm_rows to;

	if (c->a->epilogue.residual)
		conv_load_residual(c, h, g, channel, channels);
	ash_after(ASH_VECTOR, ASH_MATRIX, c->matmuls);
	ash_after(ASH_VECTOR, ASH_LOAD, c->operands);
	ash_after(ASH_VECTOR, ASH_STORE, h->stored);
	to = gemm_epilogue_begin(&c->out, h->stage, c->vec + 4 * c->array * col,
				 h->residual, rows);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, rows);
	gemm_epilogue_tile(&to, h->acc * c->array);
	ash_start(ASH_VECTOR);
	h->freed = ++c->out.vectors;
	gemm_epilogue_end(&c->out, h->stage, rows);
	h->drained = c->out.vectors;
	ash_write(ASH_STORE + ASHLAR_STORE_RUN, channels * c->out_bytes);
	conv_store(c, h, g, channel * c->out_bytes);
}

#endif
