/* SPDX-License-Identifier: MIT */
/*
 * Products and results of a GEMM, issued in order: of each column the product,
 * the drain of its sums, the store of its results. Units wait for each other
 * (ash_after()), the core for none of them.
 *
 * Only the first column of all goes tile by tile, as its A blocks arrive, and
 * the last one, so that the last store is short.
 *
 * With short k the core is what takes longest. So these functions are inlined
 * into one loop, whose state is in registers and not in struct gemm.
 */
#ifndef GEMM_SWEEP_H
#define GEMM_SWEEP_H

#include "gemm_job.h"
#include "gemm_load.h"
#include "gemm_split.h"

/* Rows of a column, one or more tiles. */
struct gemm_piece {
	uint32_t tiles, rows; /* rows of elements */
	uint32_t a; /* offset of the first A block */
};

/* A column that is computed, or its tiles one after the other. */
struct gemm_column {
	uint32_t b; /* offset of its block */
	uint32_t cfg; /* of the matrix unit, accumulator included */
	uint32_t acc; /* first row of the accumulators */
	uint32_t vec, add; /* offsets of its bias row, of its residual */
	ash_token drained; /* vector: the accumulators are free */
	struct gemm_step step; /* when its operands are there */
	uint32_t to; /* offset of its results */
	/* The stage that they belong to is stored now, or with a later one. */
	bool store;
	uint32_t stage, run; /* offset; bytes of a row */
	uint64_t c; /* global address */
};

/* What is the same for all columns that are computed in one piece. */
static inline void gemm_piece_registers(const struct gemm_piece *p)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, p->a);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_TILES, p->tiles);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, p->rows);
	ash_write(ASH_STORE + ASHLAR_STORE_COUNT1, p->rows);
}

/* Multiply, when the operands are there and the accumulators free. */
static inline ash_token gemm_multiply(const struct gemm *g,
				      const struct gemm_column *col,
				      const struct gemm_piece *p)
{
	ash_token after = col->drained;

	if (gemm_splits(g)) {
		if ((int32_t)(col->step.split - after) > 0)
			after = col->step.split;
		ash_after(ASH_MATRIX, ASH_VECTOR, after);
		return gemm_split_multiply(g, col->cfg, p->a, col->b);
	}
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, col->b);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, col->cfg);
	ash_after(ASH_MATRIX, ASH_LOAD, col->step.loaded);
	ash_after(ASH_MATRIX, ASH_VECTOR, after);
	return ash_go(ASH_MATRIX);
}

/*
 * Drain what the matrix unit's token made to its stage, and store that when it
 * is complete. Returns the vector token that frees the accumulators.
 */
static inline ash_token gemm_result(struct gemm *g,
				    const struct gemm_column *col,
				    const struct gemm_piece *p,
				    ash_token computed)
{
	struct gemm_epilogue *out = &g->out;
	ash_token drained, done;
	struct gemm_rows r;

	/* Stages are stored in turn: the one before in this stage. */
	ash_after(ASH_VECTOR, ASH_STORE,
		  ash_read(ASH_STORE + ASHLAR_STORE_ISSUED) + 1 - g->stages);
	ash_after(ASH_VECTOR, ASH_MATRIX, computed);
	if (GEMM_FULL && g->job->residual)
		ash_after(ASH_VECTOR, ASH_LOAD, col->step.loaded);
	r = gemm_epilogue_begin(out, col->to, col->vec, col->add, p->rows);
	if (GEMM_FULL && !out->fixed)
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, p->rows);
	gemm_epilogue_tile(&r, col->acc);
	drained = ash_go(ASH_VECTOR);
	done = drained;
	if (gemm_epilogue_late(out)) {
		gemm_epilogue_end(out, col->to, p->rows);
		done = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
	}
	if (col->store) {
		ash_write(ASH_STORE + ASHLAR_STORE_RUN, col->run);
		ash_after(ASH_STORE, ASH_VECTOR, done);
		gemm_dma(ASH_STORE, col->stage, col->c);
	}
	return drained;
}

/*
 * A column tile by tile; the first one is p's. arriving: its A blocks come one
 * by one. Returns the matrix unit's last token.
 */
static inline ash_token gemm_by_tiles(struct gemm *g, struct gemm_column col,
				      struct gemm_piece p, bool result,
				      bool arriving, struct gemm_set *set)
{
	const uint32_t array = g->a.array;
	const uint32_t stage = array * g->out.out_pitch;
	uint32_t left = p.rows;
	ash_token token;

	p.tiles = 1;
	if (arriving)
		col.step.loaded = g->first_a;
	for (;;) {
		p.rows = gemm_min(left, array);
		if (arriving)
			col.step.loaded++;
		gemm_piece_registers(&p);
		token = gemm_multiply(g, &col, &p);
		if (result)
			set->drained = gemm_result(g, &col, &p, token);
		left -= p.rows;
		if (!left)
			return token;
		p.a += g->a.block_bytes;
		col.cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
		col.acc += array;
		col.to += stage;
		col.stage += stage;
		col.c += (uint64_t)array * g->c_stride;
		if (GEMM_FULL)
			col.add += array * array *
				   ash_format_bytes(g->out.residual);
	}
}

static inline uint32_t gemm_next_stage(const struct gemm *g, uint32_t stage)
{
	stage += g->stage_bytes;
	return stage == g->stage_end ? g->stage_offset : stage;
}

/* A sweep: one chunk of k of a group, all columns of the panel. */
struct gemm_sweep {
	uint32_t cfg; /* of the matrix unit */
	uint32_t cols;
	uint32_t tiles, rows; /* of a column; rows of elements */
	uint32_t a; /* offset of the group's first block */
	uint32_t width; /* bytes of results from its first column on */
	uint64_t c; /* global address of its first result */
	bool steps; /* each column is a step; else the first one is */
	bool last_a, last_b; /* it is the last one to use its blocks */
	bool result; /* it is the group's last chunk */
	bool first, last; /* of all */
};

static inline void gemm_sweep(struct gemm *g, const struct gemm_sweep *s)
{
	const uint32_t wide = g->a.array * g->c_bytes;
	const uint32_t line = 4 * g->a.array;
	const uint32_t b_bytes = g->b.ring.slot_bytes;
	const uint32_t b_end = g->b.ring.offset + g->b.ring.slots * b_bytes;
	const uint32_t join = g->join - 1;
	const bool residual = GEMM_FULL && g->job->residual && s->result;
	const bool ends = s->first || s->last;
	const struct gemm_piece whole = { s->tiles, s->rows, s->a };
	struct gemm_set *const sets = g->sets, *const end = g->sets_end;
	struct gemm_set *set = g->set;
	struct gemm_column col;
	uint32_t left = s->width;
	uint32_t i = 0;

	col.b = gemm_ring_oldest(&g->b.ring);
	col.vec = gemm_ring_oldest(&g->vec);
	col.add = 0;
	col.stage = g->stage;
	col.to = col.stage;
	col.run = 0;
	col.c = s->c;
	col.step = *gemm_next_step(g);
	gemm_piece_registers(&whole);
	for (;;) {
		ash_token computed;

		i++;
		col.cfg = s->cfg + set->cfg;
		col.acc = set->acc;
		col.drained = set->drained;
		col.run += gemm_min(left, wide);
		col.store = (i & join) == 0 || i == s->cols;
		if (residual)
			col.add = gemm_ring_oldest(&g->residuals);
		if (ends &&
		    ((s->first && i == 1) || (s->last && i == s->cols))) {
			computed = gemm_by_tiles(g, col, whole, s->result,
						 s->first && i == 1, set);
			gemm_piece_registers(&whole);
		} else {
			computed = gemm_multiply(g, &col, &whole);
			if (s->result)
				set->drained =
					gemm_result(g, &col, &whole, computed);
		}
		if (++set == end)
			set = sets;
		if (residual)
			gemm_ring_release(
				&g->residuals,
				ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED));
		if (s->last_b)
			gemm_ring_release(&g->b.ring, computed);
		if (i == s->cols) {
			if (s->last_a)
				gemm_ring_release(&g->a.ring, computed);
			break;
		}
		if (s->steps) {
			gemm_load_ahead(g);
			col.step = *gemm_next_step(g);
		}
		col.b += b_bytes;
		if (col.b == b_end)
			col.b = g->b.ring.offset;
		col.vec += line;
		col.to += wide;
		left -= wide;
		if (!col.store)
			continue;
		col.c += col.run;
		col.run = 0;
		col.stage = gemm_next_stage(g, col.stage);
		col.to = col.stage;
	}
	if (s->result) {
		g->set = set;
		g->stage = gemm_next_stage(g, col.stage);
	}
	gemm_load_ahead(g);
}

/* All chunks of a group, whose products add up. */
static inline void gemm_group(struct gemm *g, struct gemm_sweep *s, bool last)
{
	const uint32_t cfg = s->cfg;
	uint32_t chunk;

	for (chunk = 0; chunk < g->plan.chunks; chunk++) {
		if (chunk)
			s->cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
		if (g->plan.chunks > 1)
			ash_write(ASH_MATRIX + ASHLAR_MATRIX_K,
				  gemm_chunk_k(g, chunk));
		s->result = chunk + 1 == g->plan.chunks;
		s->last = last && s->result;
		/* Blocks that leave are always the oldest. */
		if (s->last_a)
			s->a = gemm_ring_oldest(&g->a.ring);
		gemm_sweep(g, s);
		s->first = false;
	}
	s->cfg = cfg;
}

/* All groups of a panel, whose results begin at s->c. */
static inline void gemm_panel(struct gemm *g, struct gemm_sweep *s,
			      bool a_leaves, bool last)
{
	const struct gemm_plan *plan = &g->plan;
	struct gemm_ring *a = &g->a.ring;
	uint32_t left = plan->m_blocks, rows = g->a.extent;
	uint32_t slot = a->release_slot;
	const uint64_t c = s->c;

	s->last_a = a_leaves;
	s->steps = true;
	for (;;) {
		s->tiles = gemm_min(plan->group, left);
		s->rows = gemm_min(s->tiles * g->a.array, rows);
		s->a = gemm_ring_offset(a, slot);
		left -= s->tiles;
		s->last_b = plan->chunks > 1 || !left;
		gemm_group(g, s, last && !left);
		if (!left)
			break;
		slot = gemm_ring_slot(a, slot, 1);
		rows -= s->rows;
		s->steps = plan->chunks > 1 || (GEMM_FULL && g->job->residual);
		s->c += (uint64_t)s->rows * g->c_stride;
	}
	s->c = c;
	if (g->bias || g->scale)
		gemm_ring_release(&g->vec,
				  ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED));
}

/* All of it; cfg is the matrix unit's. */
static void gemm_run(struct gemm *g, uint32_t cfg)
{
	const struct gemm_plan *plan = &g->plan;
	const struct gemm_batch *batch = GEMM_FULL ? g->job->batch : NULL;
	const uint32_t wide = g->a.array * g->c_bytes;
	struct gemm_sweep s = { .cfg = cfg, .first = !gemm_splits(g) };
	struct gemm_place place;
	uint32_t i;

	if (batch)
		gemm_place_begin(batch, plan->batch_first, &place);
	for (i = 1; i <= plan->batches; i++) {
		uint32_t left = plan->n_blocks;

		s.width = g->b.extent * g->c_bytes;
		s.c = g->c;
		if (batch) {
			s.c += gemm_place_offset(&place, batch->c);
			gemm_place_on(batch, &place);
		}
		while (left) {
			s.cols = gemm_min(plan->panel, left);
			left -= s.cols;
			gemm_panel(g, &s, !plan->a_stays || !left,
				   !left && i == plan->batches);
			s.c += s.cols * wide;
			s.width -= s.cols * wide;
		}
	}
}

#endif
