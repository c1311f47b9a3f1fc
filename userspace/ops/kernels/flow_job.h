/* SPDX-License-Identifier: MIT */
/* Which outer tiles and inner blocks a tile of the board takes, in what order. */
#ifndef FLOW_JOB_H
#define FLOW_JOB_H

#include "flow.h"

/* Quotient; the rest stays. Mostly one of them is small or the other 1. */
static inline uint32_t flow_divide(uint32_t *number, uint32_t by)
{
	uint32_t quotient = 0;

	if (by == 1) {
		quotient = *number;
		*number = 0;
	} else if (*number >= by) {
		quotient = *number / by;
		*number -= quotient * by;
	}
	return quotient;
}

/* Outer tiles of a group of heads that take something. */
static inline uint32_t flow_outer_tiles(const struct flow *f)
{
	uint32_t rows = f->outer_length - f->dead;

	return ((rows + f->array - 1) >> f->shift) * f->outer_heads;
}

/* Jobs when so many tiles make one. */
static uint32_t flow_jobs(const struct flow *f, uint32_t share, uint32_t *wide)
{
	*wide = (flow_outer_tiles(f) + share - 1) / share;
	return *wide * f->batch * f->groups;
}

/* What an outer tile takes of the inner rows; not nothing. */
static void flow_range(const struct flow *f, struct flow_tile *t)
{
	int32_t off = (int32_t)(f->inner_length - f->outer_length);

	t->from = 0;
	t->to = f->inner_length;
	/* Query i sees keys up to i + off; key j is seen from query j + off on. */
	t->diagonal = (int32_t)t->first + off;
	if (!f->causal)
		return;
	if (FLOW_OUTER_QUERIES)
		t->to = flow_min(t->to, (uint32_t)t->diagonal + t->count);
	else if (t->diagonal > 0)
		t->from = (uint32_t)t->diagonal & ~1u;
}

/* The tiles from at * share on. */
static void flow_shape_make(const struct flow *f, struct flow_shape *s,
			    uint32_t at)
{
	uint32_t head = at * f->share;
	uint32_t complete = 0, row, t;

	s->at = at;
	s->tiles = flow_min(f->share, flow_outer_tiles(f) - head);
	s->from = ~0u;
	s->to = 0;
	row = f->dead + (flow_divide(&head, f->outer_heads) << f->shift);
	for (t = 0; t < s->tiles; t++) {
		struct flow_tile *tile = &s->tile[t];

		tile->head = head;
		tile->first = row;
		tile->count = flow_min(f->array, f->outer_length - row);
		flow_range(f, tile);
		s->from = flow_min(s->from, tile->from);
		s->to = flow_max(s->to, tile->to);
		/* Of one head: none is complete later than the next. */
		complete++;
		tile->complete = 0;
		if (complete == FLOW_TOGETHER || t + 1 == s->tiles ||
		    f->outer_heads > 1) {
			tile->complete = complete;
			complete = 0;
		}
		if (++head == f->outer_heads) {
			head = 0;
			row += f->array;
		}
	}
}

/*
 * The job with this number. The jobs of the last tiles, which take the most
 * keys when causal (of the first ones: the most queries), come first; in
 * between all batches and groups.
 */
static void flow_job_make(struct flow *f, struct flow_job *j, uint32_t number)
{
	uint32_t at = flow_divide(&number, f->batch * f->groups);

	if (FLOW_OUTER_QUERIES)
		at = f->jobs_wide - 1 - at;
	if (f->shapes == 0 || f->shape[(f->shapes - 1) % FLOW_KNOWN].at != at)
		flow_shape_make(f, &f->shape[f->shapes++ % FLOW_KNOWN], at);
	j->shape = &f->shape[(f->shapes - 1) % FLOW_KNOWN];
	j->batch = flow_divide(&number, f->groups);
	j->head = number * f->inner_heads;
	j->end = j->head + f->inner_heads;
	j->outer_head = number * f->outer_heads;
	j->place = f->jobs & 1 ? f->share : 0;
}

/*
 * This tile's next job, dealt out there and back: the first ones are longest.
 * NULL: there are no more.
 */
static struct flow_job *flow_job_next(struct flow *f)
{
	uint32_t count = ash_count();
	uint32_t index = ash_index();
	uint32_t base = f->round * count;
	uint32_t number = base + (f->round & 1 ? count - 1 - index : index);
	struct flow_job *j = &f->job[f->jobs % FLOW_KNOWN];

	f->round++;
	/* The last round is not full; the tile may have one in it or not. */
	if (number >= f->jobs_all)
		return NULL;
	flow_job_make(f, j, number);
	f->jobs++;
	return j;
}

/* The block at this row of the job; it ends where blocks of its head do. */
static inline void flow_block_at(const struct flow *f, struct flow_block *b,
				 uint32_t row)
{
	uint32_t end = (row & ~(f->block - 1)) + f->block;

	b->row = row;
	b->rows = flow_min(end, b->job->shape->to) - row;
}

/*
 * The block behind f->ahead: the next one of its head, or the first one of the
 * next head or job. False: there are no more.
 */
static bool flow_block_next(struct flow *f)
{
	struct flow_block *b = &f->ahead;

	if (b->job && b->row + b->rows < b->job->shape->to) {
		flow_block_at(f, b, b->row + b->rows);
		return true;
	}
	if (b->job && b->head + 1 < b->job->end) {
		b->head++;
	} else {
		const struct flow_job *j = flow_job_next(f);

		if (!j)
			return false;
		b->job = j;
		b->head = j->head;
	}
	flow_block_at(f, b, b->job->shape->from);
	return true;
}

/* The block begins its job. */
static inline bool flow_block_first(const struct flow_block *b)
{
	return b->head == b->job->head && b->row == b->job->shape->from;
}

#endif
