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

/* The word of a query. */
static uint64_t flow_words(const struct flow *f, uint32_t which, uint32_t batch,
			   uint32_t head, uint32_t row)
{
	uint64_t at = (uint64_t)batch * f->words_heads + head;

	return f->words[which] + 4 * (at * f->words_length + row);
}

/* Tiles from .. to - 1 of the job: what lies side by side at once. */
static void flow_load_outer(struct flow *f, struct flow_job *j, uint32_t from,
			    uint32_t to)
{
	while (from < to) {
		const struct flow_tile *t = &j->tile[from];
		uint32_t first = from, rows = 0, i;
		ash_token loaded;

		for (; from < to && j->tile[from].head == t->head; from++)
			rows += j->tile[from].count;
		for (i = 0; i < f->products; i++)
			flow_dma_rows(f, f->outer[i], j->batch, t->head,
				      t->first, rows,
				      t->outer + i * f->outer_each);
		for (i = 0; f->words_outer && i < f->word_lines; i++)
			ash_load_1d(
				t->words + i * f->words_each,
				flow_words(f, i, j->batch, t->head, t->first),
				4 * rows);
		loaded = flow_issued(ASH_LOAD);
		while (first < from)
			j->tile[first++].loaded = loaded;
	}
}

/* Rows at .. at + rows - 1 of the block. */
static void flow_load_inner(const struct flow *f, const struct flow_block *b,
			    uint32_t at, uint32_t rows, uint32_t to)
{
	uint32_t i;

	for (i = 0; i < f->products; i++)
		flow_dma_rows(f, f->inner[i], b->job->batch, b->head,
			      b->row + at, rows,
			      to + i * f->inner_each + at * f->pitch);
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

/* The first block's first chunk comes alone, so that there is work soon. */
static void flow_load_rows(struct flow *f)
{
	struct flow_block *b = &f->known[f->rows.loaded % FLOW_KNOWN];
	uint32_t slot = flow_ring_next(f, &f->rows);
	uint32_t to = f->rows.at + (slot ? f->rows.bytes : 0);
	uint32_t rows = 0, i;
	bool first;

	*b = f->ahead;
	first = flow_block_first(b);
	if (first)
		flow_load_outer(f, b->job, 0, 1);
	for (i = 0; !f->words_outer && i < f->word_lines; i++)
		ash_load_1d(to + f->products * f->inner_each + i * 4 * f->block,
			    flow_words(f, i, b->job->batch, b->head, b->row),
			    4 * b->rows);
	if (f->rows.loaded == 0) {
		rows = flow_min(f->chunk_rows, b->rows);
		flow_load_inner(f, b, 0, rows, to);
		f->first_rows = flow_issued(ASH_LOAD);
	}
	if (rows < b->rows)
		flow_load_inner(f, b, rows, b->rows - rows, to);
	f->rows.there[slot] = flow_issued(ASH_LOAD);
	f->rows.loaded++;
	if (first)
		flow_load_outer(f, b->job, 1, b->job->tiles);
}

static void flow_load_columns(struct flow *f)
{
	const struct flow_block *b = &f->known[f->columns.loaded % FLOW_KNOWN];
	uint32_t slot = flow_ring_next(f, &f->columns);
	uint32_t to = f->columns.at + (slot ? f->columns.bytes : 0);
	uint32_t i;

	for (i = 0; i < f->outputs; i++)
		flow_dma_columns(f, f->again[i], b,
				 to + i * f->tiles * f->column_bytes);
	f->columns.there[slot] = flow_issued(ASH_LOAD);
	f->columns.loaded++;
}

static inline bool flow_ring_room(const struct flow *f,
				  const struct flow_ring *r)
{
	return r->loaded - r->left < f->slots;
}

/* Start what loads can be started: one block's of a kind at most. */
static inline void flow_load(struct flow *f)
{
	if (flow_ring_room(f, &f->rows) && flow_block_next(f))
		flow_load_rows(f);
	if (f->columns.loaded != f->rows.loaded &&
	    flow_ring_room(f, &f->columns))
		flow_load_columns(f);
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
