/* SPDX-License-Identifier: MIT */
/* The kernel conv: results, from accumulators to memory. */
#ifndef CONV_OUT_H
#define CONV_OUT_H

#include "conv_load.h"

/*
 * Move the pixels of a column between the scratchpad, where they lie number
 * after number, local bytes each, and memory: rows of pixels as far as they
 * are of the strip's width. global: the strip's first pixel.
 */
static void conv_move(enum ash_unit unit, const struct conv_column *col,
		      uint32_t offset, uint32_t local, uint64_t global,
		      const uint32_t *stride, uint32_t run)
{
	uint32_t y = col->number / col->pitch;
	uint32_t x = col->number - y * col->pitch;
	uint32_t left = col->numbers;

	/* The rest of a row, whole rows, the beginning of one. */
	while (left) {
		uint32_t rows = 1, n = col->pitch;

		if (x || left < n)
			n = conv_min(n - x, left);
		else
			rows = left / n;
		if (x < col->width)
			(void)conv_dma(
				unit, global, offset, run,
				(struct ash_dma_dim){
					.count = conv_min(n, col->width - x),
					.global_stride = (int32_t)stride[1],
					.local_stride = (int32_t)local,
					.start = (int32_t)x,
					.step = 1,
					.limit = ASH_NO_LIMIT,
				},
				(struct ash_dma_dim){
					.count = rows,
					.global_stride = (int32_t)stride[0],
					.local_stride =
						(int32_t)(col->pitch * local),
					.start = (int32_t)y,
					.step = 1,
					.limit = ASH_NO_LIMIT,
				});
		left -= rows * n;
		offset += rows * n * local;
		y += rows;
		x = 0;
	}
}

/* Load bias, scale and residual of a column. */
static void conv_column_loads(struct conv *c, struct conv_column *col,
			      uint32_t n, uint32_t in_group)
{
	const struct linear_conv_args *a = c->a;
	const struct linear_epilogue *e = &a->epilogue;
	uint32_t line = 4 * c->array;

	if ((e->bias || e->scale) && c->vec_col != n) {
		uint32_t first =
			c->band.group * a->columns + in_group * c->array;
		uint32_t words = col->channels;

		c->vec_col = n;
		c->vec = c->vec + 1 == CONV_VECS ? 0 : c->vec + 1;
		col->vec = c->vec_offset + c->vec * 2 * line;
		if (e->bias)
			ash_load(col->vec, 4,
				 e->bias + (uint64_t)first * e->bias_step,
				 (int32_t)e->bias_step, 4, words);
		if (e->scale)
			ash_load(col->vec + line, 4,
				 e->scale + (uint64_t)first * e->scale_step,
				 (int32_t)e->scale_step, 4, words);
	}
	col->vec = c->vec_offset + c->vec * 2 * line;
	if (e->residual) {
		uint32_t pitch = c->array * c->residual_bytes;

		ash_wait(ASH_VECTOR, c->residual_free[col->index & 1]);
		col->residual = c->residual_offset +
				(col->index & 1) * c->residual_stage;
		conv_move(ASH_LOAD, col, col->residual, pitch,
			  col->residual_from, c->residual_step,
			  col->channels * c->residual_bytes);
	}
	col->loaded = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
}

/* Store what was drained before. */
static void conv_store(struct conv *c)
{
	struct conv_column *col = c->drained;

	if (!col)
		return;
	ash_wait(ASH_VECTOR, col->drained);
	conv_move(ASH_STORE, col, col->stage, c->out.out_pitch, col->y,
		  c->y_step, col->channels * c->out_bytes);
	c->stored[col->index & 1] = ash_read(ASH_STORE + ASHLAR_STORE_ISSUED);
	c->drained = NULL;
}

static void conv_drain_begin(struct conv *c, struct conv_column *col)
{
	uint32_t stage = col->index & 1;

	conv_store(c);
	ash_wait(ASH_LOAD, col->loaded);
	ash_wait(ASH_STORE, c->stored[stage]);
	col->rows = gemm_epilogue_begin(&c->out, col->stage, col->vec,
					col->residual, col->tiles * c->array);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, c->array);
}

/* All tiles of the column that was computed last are drained. */
static void conv_drain_end(struct conv *c)
{
	struct conv_column *col = c->computed;

	col->freed = c->out.vectors;
	gemm_epilogue_end(&c->out, col->stage, col->tiles * c->array);
	col->drained = c->out.vectors;
	c->residual_free[col->index & 1] = col->drained;
	c->acc_free = col->freed;
	c->computed = NULL;
	c->drained = col;
}

/* Drain count more tiles of the column that was computed last. */
static void conv_drain_tiles(struct conv *c, uint32_t count)
{
	struct conv_column *col = c->computed;
	uint32_t acc = col->acc + col->done, accs = c->accs;
	uint32_t array = c->array;
	ash_token token = col->first + col->done;
	struct gemm_rows rows;

	if (col->done == 0)
		conv_drain_begin(c, col);
	rows = col->rows;
	col->done += count;
	c->out.vectors += count;
	for (; count; count--) {
		if (acc >= accs)
			acc -= accs;
		gemm_epilogue_tile(&rows, acc * array);
		ash_wait(ASH_MATRIX, token);
		ash_start(ASH_VECTOR);
		acc++;
		token++;
	}
	col->rows = rows;
	if (col->done == col->tiles)
		conv_drain_end(c);
}

/* Drain what is left of the column that was computed last. */
static void conv_drain_rest(struct conv *c)
{
	if (c->computed)
		conv_drain_tiles(c, c->computed->tiles - c->computed->done);
}

#endif
