/* SPDX-License-Identifier: MIT */
/*
 * The order of things: batch after batch, in a batch panel after panel, in a
 * panel group after group, in a group chunk after chunk, in a chunk column after
 * column (gemm_plan.h says what they are). The columns of a chunk are a sweep.
 *
 * Products follow it by loops (gemm_sweep.h), loads, some columns ahead, by a
 * walk.
 */
#ifndef GEMM_WALK_H
#define GEMM_WALK_H

#include <ashlar/kernel.h>

#include "gemm_plan.h"

#define GEMM_BATCH_DIMS 4

/* Batches: so many in each dimension, and bytes from one to the next. */
struct gemm_batch {
	uint32_t count[GEMM_BATCH_DIMS];
	int64_t a[GEMM_BATCH_DIMS], b[GEMM_BATCH_DIMS], c[GEMM_BATCH_DIMS];
	int64_t residual[GEMM_BATCH_DIMS];
};

/* A batch. */
struct gemm_place {
	uint32_t at[GEMM_BATCH_DIMS];
};

static inline void gemm_place_begin(const struct gemm_batch *batch,
				    uint32_t number, struct gemm_place *p)
{
	int d;

	for (d = GEMM_BATCH_DIMS - 1; d >= 0; d--) {
		p->at[d] = number % batch->count[d];
		number /= batch->count[d];
	}
}

/* The next one. */
static inline void gemm_place_on(const struct gemm_batch *batch,
				 struct gemm_place *p)
{
	int d;

	for (d = GEMM_BATCH_DIMS - 1; d >= 0; d--) {
		if (++p->at[d] < batch->count[d])
			return;
		p->at[d] = 0;
	}
}

/* Bytes from the first batch's operand to that of this one. */
static inline uint64_t gemm_place_offset(const struct gemm_place *p,
					 const int64_t *stride)
{
	uint64_t offset = 0;
	int d;

	for (d = 0; d < GEMM_BATCH_DIMS; d++)
		offset += p->at[d] * (uint64_t)stride[d];
	return offset;
}

struct gemm_walk {
	uint32_t batch; /* of this tile's */
	uint32_t panel, panel_cols; /* first column of the panel, columns */
	uint32_t group, group_rows; /* first row of the group, rows */
	uint32_t chunk;
	uint32_t col; /* in the panel */
	bool end;
};

static inline void gemm_walk_panel(const struct gemm_plan *p,
				   struct gemm_walk *w)
{
	w->panel_cols = gemm_min(p->panel, p->n_blocks - w->panel);
}

static inline void gemm_walk_group(const struct gemm_plan *p,
				   struct gemm_walk *w)
{
	w->group_rows = gemm_min(p->group, p->m_blocks - w->group);
}

static inline void gemm_walk_begin(const struct gemm_plan *p,
				   struct gemm_walk *w)
{
	w->batch = 0;
	w->panel = 0;
	w->group = 0;
	w->chunk = 0;
	w->col = 0;
	w->end = false;
	gemm_walk_panel(p, w);
	gemm_walk_group(p, w);
}

/* The next sweep. */
static inline void gemm_walk_on(const struct gemm_plan *p, struct gemm_walk *w)
{
	w->col = 0;
	if (++w->chunk < p->chunks)
		return;
	w->chunk = 0;
	w->group += w->group_rows;
	if (w->group == p->m_blocks) {
		w->group = 0;
		w->panel += w->panel_cols;
		if (w->panel == p->n_blocks) {
			w->panel = 0;
			w->end = ++w->batch == p->batches;
		}
		gemm_walk_panel(p, w);
	}
	gemm_walk_group(p, w);
}

#endif
