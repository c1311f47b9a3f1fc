/* SPDX-License-Identifier: MIT */
/*
 * Loads. A block's rows come twice: as they are, for scores, and in columns of
 * N elements, for products; each in a ring of its own, as the former are left
 * an item earlier. The tiles of a job come with the rows of its first block, in
 * one of two sets. So far ahead as slots are free, but never before the
 * operations have been started that leave them.
 */
#ifndef FLOW_LOAD_H
#define FLOW_LOAD_H

#include "flow_job.h"

/* Rows, contiguous along d. */
static void flow_dma_rows(const struct flow *f, const struct attention_rows *r,
			  uint32_t batch, uint32_t head, uint32_t row,
			  uint32_t rows, uint32_t to)
{
	ash_load(to, (int32_t)f->pitch, flow_address(r, batch, head, row),
		 (int32_t)r->pos, 2 * f->d, rows);
}

/* Columns of N elements, each for all rows. */
static void flow_dma_columns(const struct flow *f,
			     const struct attention_rows *r,
			     const struct flow_block *b, uint32_t to)
{
	uint64_t from = flow_address(r, b->job->batch, b->head, b->row);
	uint32_t whole = f->d >> f->shift;
	uint32_t rest = f->d - (whole << f->shift);
	uint32_t run = f->line / 2;

	if (whole) {
		ash_dma_shape(ASH_LOAD, run, b->rows, (int32_t)run,
			      (int32_t)r->pos);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, whole);
		ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE2, run);
		ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE2, f->column_bytes);
		ash_dma_at(ASH_LOAD, to, from);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, 1);
	}
	if (rest)
		ash_load(to + whole * f->column_bytes, (int32_t)run,
			 from + whole * run, (int32_t)r->pos, 2 * rest,
			 b->rows);
}

/* Words of queries; those of a kind `each` bytes behind those of another. */
static void flow_dma_words(const struct flow *f, uint32_t batch, uint32_t head,
			   uint32_t row, uint32_t rows, uint32_t to,
			   uint32_t each)
{
	uint64_t at = (uint64_t)batch * f->words_heads + head;
	uint32_t i;

	at = 4 * (at * f->words_length + row);
	for (i = 0; i != FLOW_WORDS; i++)
		ash_load_1d(to + i * each, f->words[i] + at, 4 * rows);
}

/* Tiles from .. to - 1 of the job: what lies side by side at once. */
static void flow_load_outer(const struct flow *f, const struct flow_job *j,
			    uint32_t from, uint32_t to)
{
	uint32_t place = j->place + from;
	const struct flow_tile *t = &j->shape->tile[from];
	const struct flow_tile *end = &j->shape->tile[to];

	while (t < end) {
		uint32_t head = j->outer_head + t->head;
		uint32_t first = t->first, tiles = 0, rows = 0, i;
		uint32_t outer = f->outer_at + place * f->tile_pitch;
		uint32_t words = f->words_at + place * f->line;

		do {
			rows += t->count;
			tiles++;
			t++;
		} while (t < end && t->head == t[-1].head);
		for (i = 0; i < FLOW_PRODUCTS; i++)
			flow_dma_rows(f, f->outer[i], j->batch, head, first,
				      rows, outer + i * f->outer_each);
		if (FLOW_WORDS && FLOW_OUTER_QUERIES)
			flow_dma_words(f, j->batch, head, first, rows, words,
				       f->words_each);
		place += tiles;
	}
}

/* Rows at .. at + rows - 1 of the block. */
static void flow_load_inner(const struct flow *f, const struct flow_block *b,
			    uint32_t at, uint32_t rows)
{
	uint32_t i;

	for (i = 0; i < FLOW_PRODUCTS; i++)
		flow_dma_rows(f, f->inner[i], b->job->batch, b->head,
			      b->row + at, rows,
			      b->rows_at + i * f->inner_each + at * f->pitch);
}

static inline uint32_t flow_slot(const struct flow *f, uint32_t block)
{
	return block & (f->slots - 1);
}

/* The slot of the next block, when its operations are through. */
static uint32_t flow_ring_next(const struct flow *f, const struct flow_ring *r)
{
	uint32_t slot = flow_slot(f, r->loaded);

	ash_after(ASH_LOAD, ASH_MATRIX, r->free_matrix[slot]);
	ash_after(ASH_LOAD, ASH_VECTOR, r->free_vector[slot]);
	return slot;
}

/*
 * The rows of the next block, and the tiles when it begins a job. Of the very
 * first one the first tile and chunk come first, so that there is work soon.
 */
static void flow_load_rows(struct flow *f)
{
	struct flow_block *b = &f->known[f->rows.loaded % FLOW_KNOWN];
	uint32_t slot = flow_ring_next(f, &f->rows);
	uint32_t tiles = 0, rows = 0;

	*b = f->ahead;
	b->rows_at = f->rows.at + (slot ? f->rows.bytes : 0);
	b->words_at = b->rows_at + FLOW_PRODUCTS * f->inner_each;
	b->columns_at = f->columns.at + (slot ? f->columns.bytes : 0);
	if (flow_block_first(b))
		tiles = b->job->shape->tiles;
	if (f->rows.loaded)
		flow_load_outer(f, b->job, 0, tiles);
	else
		flow_load_outer(f, b->job, 0, 1);
	if (FLOW_WORDS && !FLOW_OUTER_QUERIES)
		flow_dma_words(f, b->job->batch, b->head, b->row, b->rows,
			       b->words_at, 4 * f->block);
	if (f->rows.loaded == 0) {
		rows = flow_min(flow_most_rows(f), b->rows);
		flow_load_inner(f, b, 0, rows);
		f->first_chunk = flow_issued(ASH_LOAD);
	}
	if (rows < b->rows)
		flow_load_inner(f, b, rows, b->rows - rows);
	if (f->rows.loaded == 0) {
		f->first_item = flow_issued(ASH_LOAD);
		flow_load_outer(f, b->job, 1, tiles);
	}
	f->rows.there[slot] = flow_issued(ASH_LOAD);
	f->rows.loaded++;
}

static void flow_load_columns(struct flow *f)
{
	const struct flow_block *b = &f->known[f->columns.loaded % FLOW_KNOWN];
	uint32_t slot = flow_ring_next(f, &f->columns);
	uint32_t i;

	for (i = 0; i != FLOW_OUTPUTS; i++)
		flow_dma_columns(f, f->again[i], b,
				 b->columns_at +
					 i * f->tiles * f->column_bytes);
	f->columns.there[slot] = flow_issued(ASH_LOAD);
	f->columns.loaded++;
}

static inline bool flow_ring_room(const struct flow *f,
				  const struct flow_ring *r)
{
	return r->loaded - r->left < f->slots;
}

/*
 * Start what loads can be started: one block's of a kind at most. A block's
 * columns come after its rows, when scores of it are under way.
 */
static inline void flow_load(struct flow *f)
{
	if (f->columns.loaded != f->rows.loaded &&
	    flow_ring_room(f, &f->columns))
		flow_load_columns(f);
	if (flow_ring_room(f, &f->rows) && flow_block_next(f))
		flow_load_rows(f);
}

/* All operations on the oldest block have been started, the last ones these. */
static inline void flow_leave(const struct flow *f, struct flow_ring *r,
			      ash_token matrix, ash_token vector)
{
	uint32_t slot = flow_slot(f, r->left);

	r->left++;
	r->free_matrix[slot] = matrix;
	r->free_vector[slot] = vector;
}

#endif
