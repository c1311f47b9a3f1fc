/* SPDX-License-Identifier: MIT */
/*
 * Loads of a GEMM. A step is what has loads of its own: a column with its B
 * block or its residual, and the sweep's first one with its A blocks, too. Steps
 * are loaded in their order, as far ahead as there are slots that were given
 * up; the DMA itself then waits until they are free.
 *
 * With short k a step must not take the core longer than the matrix unit: so
 * what is the same for a sweep is found out once (gemm_load_sweep()).
 */
#ifndef GEMM_LOAD_H
#define GEMM_LOAD_H

#include "gemm_job.h"
#include "gemm_split.h"

/* Point the sides at the batch that is loaded next. */
static void gemm_load_batch(struct gemm *g)
{
	const struct gemm_job *job = g->job;
	const struct gemm_place *at = &g->next_place;
	uint64_t row = (uint64_t)g->plan.m_first * g->a.array;
	uint64_t col = (uint64_t)g->plan.n_first * g->a.array;
	int d;

	if (!job->batch)
		return;
	g->a.base = job->a + row * g->a.row_step +
		    gemm_place_offset(at, job->batch->a);
	g->b.base = job->b + col * g->b.row_step +
		    gemm_place_offset(at, job->batch->b);
	g->residual = job->residual + row * job->residual_stride +
		      col * ash_format_bytes(g->out.residual) +
		      gemm_place_offset(at, job->batch->residual);
	for (d = 0; job->images && d < 2; d++)
		g->b_image.start[d] =
			job->images->b.start[d] +
			(int32_t)(at->at[GEMM_BATCH_DIMS - 2 + d] *
				  job->images->tap_step[d]);
}

/* A panel's row of words, or with step 0 n times one word. */
static inline void gemm_load_words(uint32_t offset, uint64_t global,
				   uint32_t step, uint32_t first, uint32_t n)
{
	global += (uint64_t)first * step;
	if (!GEMM_FULL || step)
		ash_load_1d(offset, global, 4 * n);
	else
		ash_load(offset, 4, global, 0, 4, n);
}

/* The bias and scale rows of a panel. */
static void gemm_load_vec(struct gemm *g)
{
	const struct gemm_walk *w = &g->next;
	uint32_t first = w->panel * g->b.array;
	uint32_t n = gemm_min(g->b.extent - first, w->panel_cols * g->b.array);
	uint32_t bias = GEMM_FULL ? g->job->bias_step : 4;
	uint32_t scale = GEMM_FULL ? g->job->scale_step : 4;
	uint32_t offset;

	ash_after(ASH_LOAD, ASH_VECTOR, gemm_ring_free(&g->vec));
	offset = gemm_ring_take(&g->vec);
	if (g->bias)
		gemm_load_words(offset, g->bias, bias, first, n);
	if (g->scale)
		gemm_load_words(offset + g->scale_gap, g->scale, scale, first,
				n);
}

/* The residual of a column: rows as its results lie. */
static void gemm_load_residual(struct gemm *g)
{
	const struct gemm_walk *w = &g->next;
	uint32_t array = g->a.array;
	uint32_t bytes = ash_format_bytes(g->out.residual);
	uint32_t row = w->group * array;
	uint32_t col = (w->panel + w->col) * array;

	ash_after(ASH_LOAD, ASH_VECTOR, gemm_ring_free(&g->residuals));
	ash_load(gemm_ring_take(&g->residuals), (int32_t)(array * bytes),
		 g->residual + (uint64_t)row * g->job->residual_stride +
			 col * bytes,
		 (int32_t)g->job->residual_stride,
		 gemm_min(g->b.extent - col, array) * bytes,
		 gemm_min(g->a.extent - row, w->group_rows * array));
}

/* A block that is split or made of pixels, to offset `to` of a slot. */
static void gemm_load_special(struct gemm *g, struct gemm_side *s, uint32_t to,
			      ash_token free)
{
	bool split = gemm_splits(g);

	if (split)
		to = gemm_split_stage(g, s, to, s->k, free);
	if (s->image) {
		struct gemm_pixels p =
			gemm_chunk_pixels(g->job->images, g->next.chunk);

		gemm_side_load_pixels(s, &p, to);
	} else {
		gemm_side_load(s, s->array, to, split);
	}
}

static inline bool gemm_special(const struct gemm *g)
{
	return GEMM_FULL && (g->job->split || g->job->images);
}

/*
 * The next `blocks` blocks of A or B, to so many slots, which follow each other.
 * each: one by one.
 */
static inline void gemm_load_blocks(struct gemm *g, struct gemm_side *s,
				    uint32_t blocks, uint32_t slots, bool each)
{
	uint32_t to = gemm_ring_offset(&s->ring, s->ring.load_slot);
	ash_token free;

	do {
		free = gemm_ring_free(&s->ring);
		gemm_ring_take(&s->ring);
	} while (--slots);

	if (!gemm_splits(g))
		ash_after(ASH_LOAD, ASH_MATRIX, free);
	if (GEMM_FULL && g->job->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
	if (blocks > 1 && !each && !gemm_special(g)) {
		gemm_side_load_group(s, blocks, to);
	} else {
		for (; blocks; blocks--) {
			if (gemm_special(g))
				gemm_load_special(g, s, to, free);
			else
				gemm_side_load(s, s->array, to, false);
			to += s->block_bytes;
		}
	}
	if (GEMM_FULL && g->job->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, ASH_NO_LIMIT);
}

/* What the sweep that is loaded next needs. */
static inline void gemm_load_sweep(struct gemm *g)
{
	const struct gemm_plan *plan = &g->plan;
	const struct gemm_walk *w = &g->next;
	bool chunked = plan->chunks > 1;
	uint32_t k = 0;

	g->load_a = !(plan->a_stays && w->panel);
	g->load_b = chunked || w->group == 0;
	g->load_vec = false;
	if (GEMM_FULL)
		g->load_residual = g->job->residual &&
				   w->chunk + 1 == plan->chunks;
	/* A's next blocks follow the last ones. */
	if (!g->load_b)
		return;
	g->load_vec = (g->bias || g->scale) && !w->group && !w->chunk;
	/* Pixels say themselves where they are. */
	if (chunked && !(GEMM_FULL && g->job->images))
		k = w->chunk * plan->chunk;
	gemm_side_at(&g->a, w->group, k, gemm_chunk_k(g, w->chunk));
	gemm_side_at(&g->b, w->panel, k, g->a.k);
}

/*
 * How many groups of A come with one load: several short ones, when nothing else
 * is loaded for them, once the core is ahead.
 */
static inline uint32_t gemm_load_groups(const struct gemm *g)
{
	const struct gemm_walk *w = &g->next;
	const struct gemm_ring *r = &g->a.ring;
	uint32_t groups, left = g->plan.m_blocks - w->group;

	if (g->load_b || (GEMM_FULL && g->load_residual) || gemm_special(g) ||
	    r->slot_bytes > GEMM_SHORT_GROUP ||
	    g->steps_loaded - g->steps_used < 2)
		return 1;
	groups = gemm_min(GEMM_AHEAD / 2, r->slots - (r->loaded - r->released));
	groups = gemm_min(groups, r->slots - r->load_slot);
	while (groups > 1 && groups * g->plan.group > left)
		groups--;
	return groups;
}

/* Behind the last step of a sweep. */
static inline void gemm_load_on(struct gemm *g)
{
	struct gemm_walk *w = &g->next;
	uint32_t batch = w->batch;

	gemm_walk_on(&g->plan, w);
	if (w->end)
		return;
	if (GEMM_FULL && w->batch != batch) {
		gemm_place_on(g->job->batch, &g->next_place);
		gemm_load_batch(g);
	}
	gemm_load_sweep(g);
}

/* The next step's loads have been started: those up to the token. */
static inline void gemm_step_loaded(struct gemm *g, ash_token loaded)
{
	struct gemm_step *step = &g->step[g->steps_loaded++ % GEMM_AHEAD];

	step->loaded = loaded;
	step->split = 0;
}

/*
 * Start the loads of the next step, or of some, if it has slots. There is a next
 * step, and half of GEMM_AHEAD at most are under way.
 */
static __attribute__((noinline)) bool gemm_load_step(struct gemm *g)
{
	struct gemm_walk *w = &g->next;
	bool first = w->col == 0;
	bool a = first && g->load_a, vec = first && g->load_vec;
	uint32_t groups = 1;
	ash_token loaded;

	if ((g->load_b && !gemm_ring_room(&g->b.ring)) ||
	    (a && !gemm_ring_room(&g->a.ring)) ||
	    (vec && !gemm_ring_room(&g->vec)) ||
	    (GEMM_FULL && g->load_residual && !gemm_ring_room(&g->residuals)))
		return false;
	if (gemm_splits(g))
		gemm_split_step(g);
	if (vec)
		gemm_load_vec(g);
	if (GEMM_FULL && g->load_residual)
		gemm_load_residual(g);
	if (g->load_b)
		gemm_load_blocks(g, &g->b, 1, 1, true);
	if (a) {
		/* The first ones are computed with as they arrive. */
		bool each = g->steps_loaded == 0;

		if (each)
			g->first_a = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
		groups = gemm_load_groups(g);
		gemm_load_blocks(g, &g->a, groups * w->group_rows, groups,
				 each);
	}
	loaded = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
	gemm_step_loaded(g, loaded);
	while (--groups) {
		gemm_walk_on(&g->plan, w);
		gemm_step_loaded(g, loaded);
	}
	if (!(g->load_b || (GEMM_FULL && g->load_residual)) ||
	    ++w->col == w->panel_cols)
		gemm_load_on(g);
	return true;
}

/* Whether there are too few steps under way, and more of them. */
static inline bool gemm_load_more(const struct gemm *g)
{
	return !g->next.end &&
	       g->steps_loaded - g->steps_used <= GEMM_AHEAD / 2;
}

/*
 * Start loads of steps to come: twice for each column, so that they get ahead,
 * and the core soon starts the next product.
 */
static inline void gemm_load_ahead(struct gemm *g)
{
	if (gemm_load_more(g) && gemm_load_step(g) && gemm_load_more(g))
		gemm_load_step(g);
}

/* The next step: its loads have been started. */
static inline const struct gemm_step *gemm_next_step(struct gemm *g)
{
	if (g->steps_loaded == g->steps_used)
		ASH_ASSERT(!g->next.end && gemm_load_step(g));
	if (gemm_splits(g) && g->steps_loaded - g->steps_used == 1)
		gemm_split_step(g);
	return &g->step[g->steps_used++ % GEMM_AHEAD];
}

#endif
