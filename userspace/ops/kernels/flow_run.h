/* SPDX-License-Identifier: MIT */
/* Items, one after the other: flow.h says what is started in which order. */
#ifndef FLOW_RUN_H
#define FLOW_RUN_H

#include "flow_load.h"
#include "flow_mask.h"

/* One macro-operation of the matrix unit; what is alike for several is set. */
static inline ash_token flow_matmul(uint32_t cfg, uint32_t acc, uint32_t tiles,
				    uint32_t a, uint32_t b)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_TILES, tiles);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG,
		  cfg | ASH_FIELD(MATRIX, CFG_ACC, acc));
	flow_go(ASH_MATRIX);
	return flow_issued(ASH_MATRIX);
}

/*
 * Scores of one product of a chunk, into the set that the vector unit is done
 * with at `read`. Returns when it is done again.
 */
static inline ash_token flow_chunk(struct flow *f, const struct flow_item *i,
				   uint32_t p, uint32_t row, uint32_t rows,
				   uint32_t a, uint32_t set, ash_token read)
{
	ash_after(ASH_MATRIX, ASH_VECTOR, read);
	ash_after(ASH_VECTOR, ASH_MATRIX,
		  flow_matmul(f->rows_cfg, set ? f->set_tiles : 0,
			      (rows + f->array - 1) >> f->shift,
			      a + (p ? f->inner_each : 0),
			      i->outer + (p ? f->outer_each : 0)));
	flow_read(f, i, p, row, rows, set ? f->chunk_rows : 0);
	return flow_issued(ASH_VECTOR);
}

/*
 * Scores of an item, chunk by chunk. While the vector unit reads the last ones
 * of an item, the matrix unit has products to make: so the next item may wait
 * for all of them.
 */
static inline void flow_scores(struct flow *f, const struct flow_item *i)
{
	ash_token older = f->scores_read, newer = older, token;
	ash_token loaded = f->rows.there[flow_slot(f, i->block)];
	uint32_t most = flow_most_rows(f);
	uint32_t a = i->rows_at;
	uint32_t row = 0, set = 0, rows;

	if (i->rows > most)
		most = f->chunk_rows;
	ash_matmul_shape(f->pitch, f->pitch, f->d);
	ash_matmul_tiles(1, (int32_t)f->tile_pitch, 0);
	if (f->first_item) {
		loaded = f->first_item;
		f->first_item = 0;
		ash_after(ASH_MATRIX, ASH_LOAD, f->first_chunk);
	} else {
		ash_after(ASH_MATRIX, ASH_LOAD, loaded);
	}
	flow_read_begin(f);
	do {
		rows = flow_min(most, i->rows - row);
		token = flow_chunk(f, i, 0, row, rows, a, set, older);
		older = newer;
		newer = token;
		if (FLOW_PRODUCTS > 1) {
			token = flow_chunk(f, i, 1, row, rows, a, set ^ 1,
					   older);
			older = newer;
			newer = token;
		} else {
			set ^= 1;
		}
		row += rows;
		a += most * f->pitch;
		ash_after(ASH_MATRIX, ASH_LOAD, loaded);
	} while (row < i->rows);
	f->scores_read = newer;
	f->scored = flow_issued(ASH_MATRIX);
}

/* The tile's results are complete, and those of its neighbours before it. */
static void flow_store(struct flow *f, const struct flow_item *i)
{
	const struct flow_tile *t = i->tile;
	uint32_t head = i->job->outer_head + t->head;
	uint32_t before = t->complete - 1; /* tiles */
	uint32_t row = t->first - (before << f->shift);
	uint32_t rows = t->first + t->count - row;
	uint32_t o;

	ash_after(ASH_STORE, ASH_VECTOR, f->parts_read);
	for (o = 0; o < FLOW_OUTPUTS; o++) {
		const struct attention_rows *out = f->out[o];
		uint32_t bytes = ash_format_bytes((enum ash_format)out->format);

		ash_store(flow_address(out, i->job->batch, head, row),
			  (int32_t)out->pos,
			  i->sums - before * f->sums_each + o * f->sums_bytes,
			  (int32_t)(f->tiles * f->line), f->d * bytes, rows);
	}
	flow_store_more(f, i, head, row, rows);
	f->stored = flow_issued(ASH_STORE);
}

/*
 * Products of an item, part by part, and where they go. What the vector unit
 * did last with parts of an earlier item came behind this one's operands.
 */
static inline void flow_products(struct flow *f, const struct flow_item *i)
{
	ash_token older = f->parts_read, newer = older;
	uint32_t a = i->operand, b = i->columns_at;
	uint32_t set = 0, o, at, tiles;

	ash_matmul_shape(f->line, f->line, i->rows);
	ash_matmul_tiles(1, 0, (int32_t)f->column_bytes);
	ash_after(ASH_MATRIX, ASH_LOAD,
		  f->columns.there[flow_slot(f, i->block)]);
	/* The tile's sums are in the place of earlier results. */
	if (i->first)
		ash_after(ASH_VECTOR, ASH_STORE, f->stored);
	for (o = 0; o < FLOW_OUTPUTS; o++) {
		for (at = 0; at < f->tiles; at += tiles) {
			uint32_t acc = (FLOW_SETS + set) * f->set_tiles;

			tiles = flow_min(f->set_tiles, f->tiles - at);
			ash_after(ASH_MATRIX, ASH_VECTOR, older);
			ash_after(
				ASH_VECTOR, ASH_MATRIX,
				flow_matmul(f->columns_cfg, acc, tiles, a, b));
			flow_part(f, i, o, at, tiles, acc);
			older = newer;
			newer = flow_issued(ASH_VECTOR);
			set ^= 1;
			b += tiles * f->column_bytes;
		}
		a += f->operand_each;
	}
	f->parts_read = newer;
	if (i->last && i->tile->complete)
		flow_store(f, i);
}

/* Tile t's item in block n; false: it takes nothing of it. */
static inline bool flow_meet(const struct flow *f, struct flow_item *i,
			     uint32_t n, const struct flow_block *b, uint32_t t)
{
	const struct flow_job *j = b->job;
	const struct flow_tile *tile = &j->shape->tile[t];
	uint32_t row = flow_max(b->row, tile->from);
	uint32_t end = flow_min(b->row + b->rows, tile->to);
	uint32_t skip = row - b->row;

	if (row >= end)
		return false;
	i->tile = tile;
	i->job = j;
	i->number = t;
	i->block = n;
	i->row = row;
	i->rows = end - row;
	i->k = (int32_t)row - tile->diagonal;
	i->first = row == tile->from && b->head == j->head;
	i->last = end == tile->to && b->head + 1 == j->end;
	i->place = j->place + t;
	i->outer = f->outer_at + i->place * f->tile_pitch;
	i->rows_at = b->rows_at + skip * f->pitch;
	i->columns_at = b->columns_at + skip * (f->line / 2);
	if (FLOW_WORDS)
		i->words = FLOW_OUTER_QUERIES ?
				   f->words_at + i->place * f->line :
				   b->words_at + 4 * skip;
	i->sums = f->sums_at + t * f->sums_each;
	return true;
}

/* The item; and the products of the one before, which may leave its block. */
static inline void flow_item(struct flow *f, struct flow_item *i,
			     const struct flow_item *before)
{
	flow_scores(f, i);
	flow_operands(f, i);
	if (!before) {
		f->parts_read = flow_issued(ASH_VECTOR);
		return;
	}
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
			for (o = 0; o < FLOW_OUTPUTS; o++) {
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
		const struct flow_block *b = &f->known[n % FLOW_KNOWN];
		uint32_t tiles = b->job->shape->tiles;

		for (t = 0; t < tiles; t++) {
			if (!flow_meet(f, i, n, b, t))
				continue;
			flow_item(f, i, before);
			flow_load(f);
			before = i;
			i = i == &f->item[0] ? &f->item[1] : &f->item[0];
		}
		flow_leave(f, &f->rows, f->scored, f->parts_read);
		flow_load(f);
	}
	if (before)
		flow_products(f, before);
}

#endif
