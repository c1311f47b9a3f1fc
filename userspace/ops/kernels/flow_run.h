/* SPDX-License-Identifier: MIT */
/* Items, one after the other: flow.h says what is started in which order. */
#ifndef FLOW_RUN_H
#define FLOW_RUN_H

#include "flow_load.h"
#include "flow_mask.h"

/* Scores of an item, chunk by chunk. */
static inline void flow_scores(struct flow *f, const struct flow_item *i)
{
	uint32_t chunk_bytes = f->chunk_rows * f->pitch;
	uint32_t at = i->rows_at;
	uint32_t row = 0;

	ash_matmul_shape(f->pitch, f->pitch, f->d);
	ash_after(ASH_MATRIX, ASH_LOAD, i->begun);
	do {
		uint32_t rows = flow_min(f->chunk_rows, i->rows - row);
		uint32_t a = at, b = i->tile->outer;
		uint32_t p;

		ash_matmul_tiles((rows + f->array - 1) >> f->shift,
				 (int32_t)f->tile_pitch, 0);
		for (p = 0; p < f->products; p++) {
			uint32_t set = f->score_set;
			uint32_t acc = set ? f->set_tiles : 0;

			ash_after(ASH_MATRIX, ASH_VECTOR, f->score_read[set]);
			f->scored = ash_matmul(f->rows_cfg, acc, false, a, b);
			ash_after(ASH_VECTOR, ASH_MATRIX, f->scored);
			flow_read(f, i, p, row, rows, acc << f->shift);
			f->score_read[set] = flow_issued(ASH_VECTOR);
			f->score_set = set ^ 1;
			a += f->inner_each;
			b += f->outer_each;
		}
		row += rows;
		at += chunk_bytes;
		ash_after(ASH_MATRIX, ASH_LOAD, i->loaded);
	} while (row < i->rows);
}

/* The tile's results are complete. */
static void flow_store(struct flow *f, const struct flow_item *i)
{
	const struct flow_tile *t = i->tile;
	uint32_t o;

	ash_after(ASH_STORE, ASH_VECTOR, flow_issued(ASH_VECTOR));
	for (o = 0; o < f->outputs; o++) {
		const struct attention_rows *out = f->out[o];
		uint32_t bytes = ash_format_bytes((enum ash_format)out->format);

		ash_store(flow_address(out, i->batch, t->head, t->first),
			  (int32_t)out->pos, t->sums + o * f->sums_bytes,
			  (int32_t)(f->tiles * f->line), f->d * bytes,
			  t->count);
	}
	flow_store_more(f, i);
	f->stored = flow_issued(ASH_STORE);
}

/* Products of an item, part by part, and where they go. */
static inline void flow_products(struct flow *f, const struct flow_item *i)
{
	uint32_t a = i->operand, b = i->columns_at;
	uint32_t o, at, tiles;

	ash_matmul_shape(f->line, f->line, i->rows);
	ash_after(ASH_MATRIX, ASH_LOAD,
		  f->columns.there[flow_slot(f, i->block)]);
	/* The tile's sums are in the place of earlier results. */
	if (i->first)
		ash_after(ASH_VECTOR, ASH_STORE, f->stored);
	for (o = 0; o < f->outputs; o++) {
		for (at = 0; at < f->tiles; at += tiles) {
			uint32_t set = f->part_set;
			uint32_t acc = (FLOW_SETS + set) * f->set_tiles;

			tiles = flow_min(f->set_tiles, f->tiles - at);
			/* Of the vector unit's operations the later one. */
			ash_after(ASH_MATRIX, ASH_VECTOR,
				  flow_max(i->made, f->part_read[set]));
			ash_matmul_tiles(tiles, 0, (int32_t)f->column_bytes);
			ash_after(ASH_VECTOR, ASH_MATRIX,
				  ash_matmul(f->columns_cfg, acc, false, a, b));
			flow_part(f, i, o, at, tiles, acc);
			f->part_read[set] = flow_issued(ASH_VECTOR);
			f->part_set = set ^ 1;
			b += tiles * f->column_bytes;
		}
		a += f->operand_each;
	}
	if (i->last)
		flow_store(f, i);
}

/* Tile t's item in block n; false: it takes nothing of it. */
static inline bool flow_meet(struct flow *f, struct flow_item *i, uint32_t n,
			     uint32_t t)
{
	const struct flow_block *b = &f->known[n % FLOW_KNOWN];
	const struct flow_job *j = b->job;
	const struct flow_tile *tile = &j->tile[t];
	uint32_t row = flow_max(b->row, tile->from);
	uint32_t end = flow_min(b->row + b->rows, tile->to);
	uint32_t slot = flow_slot(f, n);
	uint32_t skip = row - b->row;

	if (row >= end)
		return false;
	i->tile = tile;
	i->batch = j->batch;
	i->block = n;
	i->row = row;
	i->rows = end - row;
	i->k = (int32_t)row - tile->diagonal;
	i->first = row == tile->from && b->head == j->head;
	i->last = end == tile->to && b->head + 1 == j->head + j->heads;
	i->rows_at = f->rows.at;
	i->columns_at = f->columns.at;
	if (slot) {
		i->rows_at += f->rows.bytes;
		i->columns_at += f->columns.bytes;
	}
	if (f->words_outer)
		i->words = tile->words;
	else
		i->words = i->rows_at + f->products * f->inner_each + 4 * skip;
	if (skip) {
		i->rows_at += skip * f->pitch;
		i->columns_at += skip * (f->line / 2);
	}
	i->loaded = flow_max(f->rows.there[slot], tile->loaded);
	i->begun = i->loaded;
	if (f->first_rows) {
		i->begun = f->first_rows;
		f->first_rows = 0;
	}
	return true;
}

/* The item; and the products of the one before, which may leave its block. */
static inline void flow_item(struct flow *f, struct flow_item *i,
			     const struct flow_item *before)
{
	flow_scores(f, i);
	flow_operands(f, i);
	i->made = flow_issued(ASH_VECTOR);
	if (!before)
		return;
	flow_products(f, before);
	if (before->block != i->block)
		flow_leave(f, &f->columns, flow_issued(ASH_MATRIX), 0);
}

/* Zeros for the rows of each head that take nothing. */
static __attribute__((noinline)) void flow_dead(struct flow *f)
{
	uint32_t heads = f->groups * f->outer_heads;
	uint32_t pair, o;

	/* A row of them: whatever is there passes a gate that is shut. */
	ash_vector_src2(0, 0);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			    ASH_VEC_SRC2_IMM(ASH_GATE),
		    0, f->sums_at, f->line, f->sums_at, f->line, f->tiles);
	ash_after(ASH_STORE, ASH_VECTOR, flow_issued(ASH_VECTOR));
	for (pair = ash_index(); pair < f->batch * heads; pair += ash_count()) {
		uint32_t batch = pair / heads, head = pair - batch * heads;
		uint32_t row = 0, rows;

		for (; row < f->dead; row += rows) {
			rows = flow_min(f->dead - row, FLOW_RUNS);
			for (o = 0; o < f->outputs; o++) {
				const struct attention_rows *out = f->out[o];
				enum ash_format format =
					(enum ash_format)out->format;

				ash_store(flow_address(out, batch, head, row),
					  (int32_t)out->pos, f->sums_at, 0,
					  f->d * ash_format_bytes(format),
					  rows);
			}
		}
		flow_store_dead(f, batch, head, f->dead);
	}
	f->stored = flow_issued(ASH_STORE);
}

static void flow_run(struct flow *f)
{
	struct flow_item *i = &f->item[0], *before = NULL;
	uint32_t n, t;

	flow_load(f);
	if (f->causal)
		flow_mask(f);
	if (f->dead)
		flow_dead(f);
	for (n = 0; n != f->rows.loaded; n++) {
		const struct flow_job *j = f->known[n % FLOW_KNOWN].job;

		for (t = 0; t < j->tiles; t++) {
			if (!flow_meet(f, i, n, t))
				continue;
			flow_item(f, i, before);
			flow_load(f);
			before = i;
			i = i == &f->item[0] ? &f->item[1] : &f->item[0];
		}
		flow_leave(f, &f->rows, f->scored, before->made);
		flow_load(f);
	}
	if (before)
		flow_products(f, before);
}

#endif
