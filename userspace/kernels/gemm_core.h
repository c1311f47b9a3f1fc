/* SPDX-License-Identifier: MIT */
/*
 * The matrix product as a kernel: C = epilogue(A . B), also of many matrices
 * in turn. A kernel fills in a gemm_job and calls gemm_main(); the cutting is
 * in gemm_plan.h, operand rings in gemm_side.h, results in gemm_epilogue.h.
 *
 * Four things overlap: loads run ahead of the matrix unit as far as there are
 * slots (gemm_pump), the matrix unit computes one column of tiles while the
 * vector unit drains the column before and the store DMA writes the one
 * before that. Scratchpad banks are dealt out so that they do not meet: A
 * blocks, B blocks and results have banks of their own.
 *
 * fp32 operands (split) are loaded to a ring of stages; from there the vector
 * unit splits each block into three of bf16, which lie one behind the other in
 * its slot. A column then takes six products of them for each chunk of k.
 */
#ifndef GEMM_CORE_H
#define GEMM_CORE_H

#include <ashlar/kernel.h>

#include "gemm_epilogue.h"
#include "gemm_plan.h"
#include "gemm_side.h"

#define GEMM_GROUP_MAX 8u

/* Loads under way: one B block takes up to three places in the queue of 8. */
#define GEMM_LOADS_MOST 6u

/* Elements of k in a chunk of split operands. */
#define GEMM_SPLIT_CHUNK 128u
#define GEMM_STAGES_MAX	 8u

#define GEMM_BATCH_DIMS 4

/* Batches: so many in each dimension, and bytes from one to the next. */
struct gemm_batch {
	uint32_t count[GEMM_BATCH_DIMS];
	int64_t a[GEMM_BATCH_DIMS], b[GEMM_BATCH_DIMS], c[GEMM_BATCH_DIMS];
	int64_t residual[GEMM_BATCH_DIMS];
};

/*
 * An operand pair whose k runs over pixels. The image of B begins tap_step
 * further for each step in the last two dimensions of the batch.
 */
struct gemm_images {
	struct gemm_image a, b;
	uint32_t images, height, width; /* the pixels that k counts */
	uint32_t chunk_rows, chunk_cols; /* of a chunk, at most */
	uint32_t tap_step[2];
};

/* What is to be computed. Strides in bytes. */
struct gemm_job {
	uint32_t m, n, k;
	enum ash_type type;
	uint32_t bytes; /* of an element of A and B */
	bool a_rows, b_rows; /* stored rows run along k */
	uint64_t a, b, c;
	uint32_t a_stride, b_stride, c_stride; /* from stored row to row */
	uint64_t bias, scale; /* 0: none */
	/* Only with GEMM_FULL; zero otherwise. */
	uint32_t bias_step, scale_step; /* 4, or 0: one for all columns */
	uint64_t residual;
	uint32_t residual_stride;
	bool split; /* fp32: type is ASH_BF16, bytes 4 */
	bool zero; /* A and B are zero whatever memory holds; k is 1 */
	const struct gemm_batch *batch; /* NULL: one */
	const struct gemm_images *images; /* NULL: k is one range */
};

/* A walk over the plan; loads and computation each have one. */
struct gemm_walk {
	uint32_t batch;
	uint32_t panel, panel_cols; /* first column of the panel, columns */
	uint32_t group, group_rows; /* first row of the group, rows */
	uint32_t chunk;
	uint32_t col; /* in the panel */
	bool end;
};

/* The batch a walk is in. */
struct gemm_place {
	uint32_t at[GEMM_BATCH_DIMS];
};

/* A column that is computed: what its drain and its store need. */
struct gemm_column {
	ash_token first; /* matrix token of the first tile; the others follow */
	uint32_t acc; /* first row of the first tile, as a source */
	uint32_t tiles;
	uint32_t rows; /* of elements */
	uint32_t vec; /* offset of its bias row */
	uint32_t run; /* bytes of a row */
	uint64_t c; /* global address */
	uint32_t stage; /* offset */
	ash_token freed; /* vector token that frees the last accumulator */
	ash_token drained; /* vector token of the last tile's results */
};

/* A block on its way from a stage to its slot. */
struct gemm_stage {
	struct gemm_side *side;
	uint32_t slot, k;
	ash_token arrived; /* load token */
	ash_token free; /* vector token */
};

struct gemm {
	const struct gemm_job *job;
	struct gemm_plan plan;
	struct gemm_side a, b;
	uint32_t k_last; /* elements of the last chunk */
	/* Loading. */
	struct gemm_walk next; /* where the next load belongs */
	uint32_t phase; /* which load of that column is next */
	struct gemm_side *next_side; /* whose it is; NULL: no more */
	uint32_t vec_load; /* slot of the next bias and scale rows */
	/* Bias and scale rows: one slot a column, a line for each. */
	uint64_t bias, scale; /* global; 0 for none */
	uint32_t vec_offset, vec_slots;
	/* Results. */
	uint64_t c; /* first element of this tile's part */
	uint32_t c_stride, c_bytes;
	uint32_t stage_offset, stage_bytes, stages, stage;
	ash_token matmuls, stores; /* last tokens given out */
	struct gemm_epilogue out;
	/* Only with GEMM_FULL. */
	struct gemm_side residual; /* a column is a block */
	uint32_t residual_slot; /* of the next drain */
	uint32_t residual_used; /* columns drained */
	struct gemm_place load_place, place;
	struct gemm_image b_image;
	struct gemm_stage staged[GEMM_STAGES_MAX];
	uint32_t staged_offset, staged_bytes, staged_slots;
	uint32_t staged_count, split_count; /* blocks loaded, split */
};

/* --- The walk ------------------------------------------------------------- */

static inline void gemm_walk_panel(const struct gemm *g, struct gemm_walk *w)
{
	w->panel_cols = gemm_min(g->plan.panel, g->plan.n_blocks - w->panel);
}

static inline void gemm_walk_group(const struct gemm *g, struct gemm_walk *w)
{
	w->group_rows = gemm_min(g->plan.group, g->plan.m_blocks - w->group);
}

static inline void gemm_walk_begin(const struct gemm *g, struct gemm_walk *w)
{
	*w = (struct gemm_walk){ 0 };
	gemm_walk_panel(g, w);
	gemm_walk_group(g, w);
}

/*
 * The next column, in the next chunk, in the next group, in the next panel, in
 * the next batch.
 */
static void gemm_walk_on(const struct gemm *g, struct gemm_walk *w)
{
	if (++w->col < w->panel_cols)
		return;
	w->col = 0;
	if (++w->chunk < g->plan.chunks)
		return;
	w->chunk = 0;
	w->group += w->group_rows;
	if (w->group == g->plan.m_blocks) {
		w->group = 0;
		w->panel += w->panel_cols;
		if (w->panel == g->plan.n_blocks) {
			w->panel = 0;
			if (!GEMM_FULL || ++w->batch == g->plan.batches) {
				w->end = true;
				return;
			}
		}
		gemm_walk_panel(g, w);
	}
	gemm_walk_group(g, w);
}

/* Whether the column at w is the first to use its A blocks, its B block. */
static inline bool gemm_first_a(const struct gemm *g, const struct gemm_walk *w)
{
	return w->col == 0 && !(g->plan.a_stays && w->panel > 0);
}

static inline bool gemm_first_b(const struct gemm *g, const struct gemm_walk *w)
{
	return g->plan.chunks > 1 || w->group == 0;
}

/* Whether it is the last to use its B block. */
static inline bool gemm_last_b(const struct gemm *g, const struct gemm_walk *w)
{
	return g->plan.chunks > 1 ||
	       w->group + w->group_rows == g->plan.m_blocks;
}

/* Whether the walk's panel is the last to use its A blocks. */
static inline bool gemm_last_a(const struct gemm *g, const struct gemm_walk *w)
{
	return !g->plan.a_stays ||
	       (GEMM_FULL && w->panel + w->panel_cols == g->plan.n_blocks);
}

static inline bool gemm_last_chunk(const struct gemm *g,
				   const struct gemm_walk *w)
{
	return w->chunk + 1 == g->plan.chunks;
}

/* The pixels of a chunk of k. */
static struct gemm_pixels gemm_chunk_pixels(const struct gemm_images *im,
					    uint32_t chunk)
{
	uint32_t across = gemm_div_up(im->width, im->chunk_cols);
	uint32_t each = across * gemm_div_up(im->height, im->chunk_rows);
	struct gemm_pixels p;
	uint32_t in;

	p.image = chunk / each;
	in = chunk - p.image * each;
	p.y = in / across * im->chunk_rows;
	p.x = in % across * im->chunk_cols;
	p.rows = gemm_min(im->chunk_rows, im->height - p.y);
	p.cols = gemm_min(im->chunk_cols, im->width - p.x);
	return p;
}

static inline uint32_t gemm_chunk_k(const struct gemm *g, uint32_t chunk)
{
	if (GEMM_FULL && g->job->images) {
		struct gemm_pixels p = gemm_chunk_pixels(g->job->images, chunk);

		return p.rows * p.cols;
	}
	return chunk + 1 == g->plan.chunks ? g->k_last : g->plan.chunk;
}

/* --- Batches -------------------------------------------------------------- */

static void gemm_place_begin(const struct gemm *g, struct gemm_place *p)
{
	uint32_t left = g->plan.batch_first;
	int d;

	for (d = GEMM_BATCH_DIMS - 1; d >= 0; d--) {
		uint32_t count = g->job->batch->count[d];

		p->at[d] = left % count;
		left /= count;
	}
}

static void gemm_place_on(const struct gemm *g, struct gemm_place *p)
{
	int d;

	for (d = GEMM_BATCH_DIMS - 1; d >= 0; d--) {
		if (++p->at[d] < g->job->batch->count[d])
			return;
		p->at[d] = 0;
	}
}

static uint64_t gemm_place_offset(const struct gemm_place *p,
				  const int64_t *stride)
{
	uint64_t offset = 0;
	int d;

	for (d = 0; d < GEMM_BATCH_DIMS; d++)
		offset += p->at[d] * (uint64_t)stride[d];
	return offset;
}

/* Point the sides at the batch that is loaded next. */
static void gemm_place_loads(struct gemm *g)
{
	const struct gemm_job *job = g->job;
	const struct gemm_place *p = &g->load_place;
	uint64_t row = (uint64_t)g->plan.m_first * g->a.array;
	uint64_t col = (uint64_t)g->plan.n_first * g->a.array;

	g->a.base = job->a + row * g->a.row_step +
		    gemm_place_offset(p, job->batch->a);
	g->b.base = job->b + col * g->b.row_step +
		    gemm_place_offset(p, job->batch->b);
	g->residual.base = job->residual + row * job->residual_stride +
			   col * g->residual.bytes +
			   gemm_place_offset(p, job->batch->residual);
	if (job->images) {
		const uint32_t *tap = &p->at[GEMM_BATCH_DIMS - 2];
		int d;

		for (d = 0; d < 2; d++)
			g->b_image.start[d] =
				job->images->b.start[d] +
				(int32_t)(tap[d] * job->images->tap_step[d]);
	}
}

static void gemm_place_results(struct gemm *g)
{
	const struct gemm_job *job = g->job;

	g->c = job->c + (uint64_t)g->plan.m_first * g->a.array * job->c_stride +
	       (uint64_t)g->plan.n_first * g->a.array * g->c_bytes +
	       gemm_place_offset(&g->place, job->batch->c);
}

/* --- Loads ---------------------------------------------------------------- */

static void gemm_next_walk(struct gemm *g)
{
	struct gemm_walk *w = &g->next;
	uint32_t batch = w->batch;

	gemm_walk_on(g, w);
	if (GEMM_FULL && w->batch != batch && !w->end) {
		gemm_place_on(g, &g->load_place);
		gemm_place_loads(g);
	}
}

/* Find the side of the next load; NULL when all are started. */
static void gemm_find_load(struct gemm *g)
{
	struct gemm_walk *w = &g->next;

	/*
	 * A column's loads in the order of need: its first A block, its B
	 * block, the other A blocks, its residual.
	 */
	while (!w->end) {
		bool a = gemm_first_a(g, w);
		bool b = gemm_first_b(g, w);
		bool r = GEMM_FULL && g->job->residual && gemm_last_chunk(g, w);

		if (g->phase == 0 && !a)
			g->phase = 1;
		if (g->phase == 1 && !b)
			g->phase = 2;
		if (g->phase == 1) {
			g->next_side = &g->b;
			return;
		}
		if (a && g->phase <= w->group_rows) {
			g->next_side = &g->a;
			return;
		}
		if (r && g->phase <= w->group_rows + 1) {
			g->phase = w->group_rows + 1;
			g->next_side = &g->residual;
			return;
		}
		/* Without new B blocks, the other columns need nothing. */
		if (!b && !r)
			w->col = w->panel_cols - 1;
		gemm_next_walk(g);
		g->phase = 0;
	}
	g->next_side = NULL;
}

/* One row of n words, or with step 0 n times one word. */
static inline void gemm_load_words(uint32_t offset, uint64_t global,
				   uint32_t step, uint32_t n)
{
	if (!GEMM_FULL || step)
		ash_load_1d(offset, global, 4 * n);
	else
		ash_load(offset, 4, global, 0, 4, n);
}

/* The bias and scale rows of a column, ahead of its first B block. */
static void gemm_load_vec(struct gemm *g, uint32_t block)
{
	uint32_t line = 4 * g->b.array;
	uint32_t first = block * g->b.array;
	uint32_t n = gemm_min(g->b.extent - first, g->b.array);
	uint32_t offset = g->vec_offset + g->vec_load * 2 * line;
	uint32_t bias = GEMM_FULL ? g->job->bias_step : 4;
	uint32_t scale = GEMM_FULL ? g->job->scale_step : 4;

	if (g->bias)
		gemm_load_words(offset, g->bias + bias * (uint64_t)first, bias,
				n);
	if (g->scale)
		gemm_load_words(offset + line,
				g->scale + scale * (uint64_t)first, scale, n);
	if (++g->vec_load == g->vec_slots)
		g->vec_load = 0;
}

/* The residual of a column: rows as its results lie. */
static void gemm_load_residual(struct gemm *g)
{
	struct gemm_side *s = &g->residual;
	const struct gemm_walk *w = &g->next;
	uint32_t row = w->group * s->array;
	uint32_t col = (w->panel + w->col) * s->array;
	uint32_t line = s->array * s->bytes;

	gemm_side_clear(s);
	ash_load(gemm_side_slot(s), (int32_t)line,
		 s->base + (uint64_t)row * s->stride + col * s->bytes,
		 (int32_t)s->stride,
		 gemm_min((g->b.extent - col) * s->bytes, line),
		 gemm_min(g->a.extent - row, w->group_rows * s->array));
	gemm_side_loaded(s, ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED));
}

/* Split the oldest staged block into the terms in its slot. */
static __attribute__((noinline)) void gemm_split_block(struct gemm *g)
{
	struct gemm_stage *st = &g->staged[g->split_count % g->staged_slots];
	struct gemm_side *s = st->side;
	uint32_t from = g->staged_offset +
			g->split_count % g->staged_slots * g->staged_bytes;
	uint32_t to = s->offset + st->slot * s->slot_bytes;
	bool rows = s->form == ASH_ROWS;
	uint32_t wide = 4 * s->array, narrow = 2 * s->array;
	uint32_t groups = rows ? s->array : 1;
	uint32_t lines = rows ? gemm_blocks(st->k, s->array) : st->k;

	if (s->ready >= s->slots)
		ash_wait(ASH_MATRIX, s->free[st->slot]);
	ash_wait(ASH_LOAD, st->arrived);
	/* hi = x; x - hi twice, as rounded (mid) and exact; lo = that - mid */
	ash_vector_groups(groups, s->pitch, 2 * s->pitch, s->pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to, narrow, from, wide,
		   lines);
	ash_vector_src2(to, narrow);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, 2 * s->pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
		   from, wide, from, wide, lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, s->pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to + s->term_bytes,
		   narrow, from, wide, lines);
	ash_vector_src2(to + s->term_bytes, narrow);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
		   to + 2 * s->term_bytes, narrow, from, wide, lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	g->out.vectors += 4;
	st->free = g->out.vectors;
	s->arrived[st->slot] = st->free;
	s->ready++;
	g->split_count++;
}

/* Start to load a block of A or B, to its slot or to a stage. */
static inline void gemm_load_block(struct gemm *g, struct gemm_side *s,
				   uint32_t block)
{
	uint32_t chunk = g->next.chunk;
	struct gemm_stage *st = NULL;
	uint32_t offset;

	if (GEMM_FULL && g->job->split) {
		uint32_t at = g->staged_count % g->staged_slots;

		if (g->staged_count - g->split_count == g->staged_slots)
			gemm_split_block(g);
		st = &g->staged[at];
		if (g->staged_count >= g->staged_slots)
			ash_wait(ASH_VECTOR, st->free);
		st->side = s;
		st->slot = s->load_slot;
		st->k = gemm_chunk_k(g, chunk);
		offset = g->staged_offset + at * g->staged_bytes;
		g->staged_count++;
	} else {
		gemm_side_clear(s);
		offset = gemm_side_slot(s);
	}
	if (GEMM_FULL && g->job->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
	if (GEMM_FULL && s->image) {
		struct gemm_pixels p = gemm_chunk_pixels(g->job->images, chunk);

		gemm_load_image(
			s, block, &p, offset,
			gemm_min(s->extent - block * s->array, s->array));
	} else {
		gemm_side_fetch(s, block, chunk * g->plan.chunk,
				gemm_chunk_k(g, chunk), offset, st != NULL);
		ash_start(ASH_LOAD);
	}
	gemm_side_loaded(s, ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED));
	if (st)
		st->arrived = s->arrived[st->slot];
	if (GEMM_FULL && g->job->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, ASH_NO_LIMIT);
}

/* Start the next load, which there is; its slot has been released. */
static __attribute__((noinline)) void gemm_start_load(struct gemm *g)
{
	const struct gemm_walk *w = &g->next;
	struct gemm_side *s = g->next_side;
	uint32_t block;

	if (s == &g->b) {
		block = w->panel + w->col;
		if (w->chunk == 0 && (g->bias || g->scale))
			gemm_load_vec(g, block);
	} else {
		block = w->group + (g->phase ? g->phase - 1 : 0);
	}
	if (GEMM_FULL && s == &g->residual)
		gemm_load_residual(g);
	else
		gemm_load_block(g, s, block);
	g->phase++;
	gemm_find_load(g);
}

/*
 * Whether the next load can start without waiting, with fewer than `ahead`
 * under way.
 */
static inline bool gemm_can_load(const struct gemm *g, uint32_t ahead)
{
	const struct gemm_side *s = g->next_side;

	if (!s || !gemm_side_room(s) || ash_pending(ASH_LOAD) >= ahead)
		return false;
	if (GEMM_FULL && g->job->split && s != &g->residual)
		return g->staged_count - g->split_count < g->staged_slots &&
		       (g->staged_count < g->staged_slots ||
			ash_done(ASH_VECTOR,
				 g->staged[g->staged_count % g->staged_slots]
					 .free));
	return gemm_side_left(s);
}

/* Whether a staged block can be split without waiting. */
static inline bool gemm_can_split(const struct gemm *g)
{
	const struct gemm_stage *st =
		&g->staged[g->split_count % g->staged_slots];

	return g->split_count != g->staged_count &&
	       ash_pending(ASH_VECTOR) < 4 && ash_done(ASH_LOAD, st->arrived) &&
	       (st->side->ready < st->side->slots ||
		ash_done(ASH_MATRIX, st->side->free[st->slot]));
}

/*
 * Start a load, if one can start without waiting. One for each column keeps
 * the load DMA ahead; more would keep the core from feeding the matrix unit.
 */
static inline void gemm_pump(struct gemm *g)
{
	if (GEMM_FULL && g->job->split && gemm_can_split(g))
		gemm_split_block(g);
	if (gemm_can_load(g, GEMM_LOADS_MOST))
		gemm_start_load(g);
}

/* Time that is waited for is free for starting other loads. */
static __attribute__((noinline)) void gemm_need_more(struct gemm *g,
						     struct gemm_side *s,
						     uint32_t count,
						     uint32_t slot)
{
	while ((int32_t)(s->loaded - count) < 0) {
		ASH_ASSERT(g->next_side && gemm_side_room(g->next_side));
		gemm_start_load(g);
	}
	if (GEMM_FULL && g->job->split && s != &g->residual) {
		while ((int32_t)(s->ready - count) < 0)
			gemm_split_block(g);
		while (!ash_done(ASH_VECTOR, s->arrived[slot]) &&
		       gemm_can_load(g, GEMM_LOADS_MOST))
			gemm_start_load(g);
		ash_wait(ASH_VECTOR, s->arrived[slot]);
		return;
	}
	while (!ash_done(ASH_LOAD, s->arrived[slot]) &&
	       gemm_can_load(g, GEMM_LOADS_MOST))
		gemm_start_load(g);
	ash_wait(ASH_LOAD, s->arrived[slot]);
}

/* Wait until the side's first `count` blocks are loaded, the last in slot. */
static inline void gemm_need(struct gemm *g, struct gemm_side *s,
			     uint32_t count, uint32_t slot)
{
	if ((int32_t)(s->loaded - count) < 0 || (GEMM_FULL && g->job->split) ||
	    !ash_done(ASH_LOAD, s->arrived[slot]))
		gemm_need_more(g, s, count, slot);
}

/* --- Results -------------------------------------------------------------- */

/* Start to drain a column into the next stage, tile after tile. */
static void gemm_drain(struct gemm *g, struct gemm_column *col)
{
	struct gemm_epilogue *out = &g->out;
	uint32_t array = g->a.array;
	uint32_t to = g->stage_offset + g->stage * g->stage_bytes;
	uint32_t left = col->rows;
	uint32_t acc = col->acc;
	ash_token token = col->first;
	uint32_t add = 0;
	struct gemm_rows r;

	if (GEMM_FULL && g->job->residual) {
		struct gemm_side *s = &g->residual;

		gemm_need(g, s, ++g->residual_used, g->residual_slot);
		add = s->offset + g->residual_slot * s->slot_bytes;
		if (++g->residual_slot == s->slots)
			g->residual_slot = 0;
	}
	/* Stages are stored in turn: the one before in this stage. */
	ash_wait(ASH_STORE, g->stores + 1 - g->stages);
	r = gemm_epilogue_begin(out, to, col->vec, add, col->rows);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, array);
	col->stage = to;
	for (;;) {
		gemm_epilogue_tile(&r, acc);
		if (left < array)
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, left);
		ash_wait(ASH_MATRIX, token);
		ash_start(ASH_VECTOR);
		if (left <= array)
			break;
		token++;
		acc += array;
		left -= array;
	}
	out->vectors += col->tiles;
	col->freed = out->vectors;
	if (GEMM_FULL) {
		if (g->job->residual)
			gemm_side_release(&g->residual, out->vectors);
		gemm_epilogue_end(out, to, col->rows);
	}
	g->stores++;
	col->drained = out->vectors;
	if (++g->stage == g->stages)
		g->stage = 0;
}

/* Start to store a drained column. The strides were set at the beginning. */
static inline void gemm_store(const struct gemm_column *col)
{
	ash_write(ASH_STORE + ASHLAR_STORE_RUN, col->run);
	ash_write(ASH_STORE + ASHLAR_STORE_COUNT1, col->rows);
	ash_write(ASH_STORE + ASHLAR_STORE_GADDR_LO, (uint32_t)col->c);
	ash_write(ASH_STORE + ASHLAR_STORE_GADDR_HI, (uint32_t)(col->c >> 32));
	ash_write(ASH_STORE + ASHLAR_STORE_LADDR, col->stage);
	ash_wait(ASH_VECTOR, col->drained);
	ash_start(ASH_STORE);
}

/*
 * Store the last column of all: nothing follows it, so tile by tile as they
 * are drained, and the last store is short.
 */
static void gemm_store_last(const struct gemm *g, const struct gemm_column *col)
{
	struct gemm_column tile = *col;
	uint32_t array = g->a.array;
	uint32_t left = col->rows;

	if (gemm_epilogue_late(&g->out)) {
		gemm_store(col);
		return;
	}
	tile.drained -= col->tiles;
	while (left) {
		tile.rows = gemm_min(left, array);
		tile.drained++;
		gemm_store(&tile);
		tile.c += (uint64_t)array * g->c_stride;
		tile.stage += array * g->out.out_pitch;
		left -= tile.rows;
	}
}

/* --- Set-up --------------------------------------------------------------- */

/* Describe an operand whose M (or N) blocks begin at `first`. */
static void gemm_side_init(struct gemm_side *s, uint64_t base, uint32_t stride,
			   bool k_rows, uint32_t array, uint32_t bytes,
			   uint32_t first, uint32_t extent)
{
	s->array = array;
	s->bytes = bytes;
	s->stride = stride;
	s->form = k_rows ? ASH_ROWS : ASH_KMAJOR;
	s->row_step = k_rows ? s->stride : bytes;
	s->k_step = k_rows ? bytes : s->stride;
	s->base = base + (uint64_t)(first * array) * s->row_step;
	s->extent = extent - first * array;
	s->loaded = 0;
	s->released = 0;
	s->load_slot = 0;
	s->release_slot = 0;
	if (GEMM_FULL) {
		s->user = ASH_MATRIX;
		s->image = NULL;
		s->ready = 0;
	}
}

/* Rings and columns that an epilogue may need, from offset on. */
static uint32_t gemm_layout_extras(struct gemm *g, uint32_t offset)
{
	uint32_t lines = g->plan.group * g->a.array * g->a.array;
	struct gemm_side *r = &g->residual;
	int i;

	if (gemm_epilogue_temp(&g->out)) {
		for (i = 0; i < 2; i++) {
			g->out.temp[i] = offset;
			offset += 4 * lines;
		}
	}
	if (g->job->residual) {
		r->array = g->a.array;
		r->bytes = ash_format_bytes(g->out.residual);
		r->stride = g->job->residual_stride;
		r->user = ASH_VECTOR;
		r->offset = offset;
		r->slot_bytes = lines * r->bytes;
		r->slots = 2;
		r->loaded = 0;
		r->released = 0;
		r->load_slot = 0;
		r->release_slot = 0;
		g->residual_slot = 0;
		g->residual_used = 0;
		offset += r->slots * r->slot_bytes;
	}
	return offset;
}

/*
 * Deal out the banks. Of eight: four for A, three for B, one for results and
 * vector rows. With residuals, temporary columns or stages one more of these,
 * one less of A and B each.
 */
static inline void gemm_layout(struct gemm *g, const struct gemm_job *job)
{
	bool split = GEMM_FULL && job->split;
	bool extras = GEMM_FULL &&
		      (job->residual || gemm_epilogue_temp(&g->out));
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t banks = ash_spad_banks();
	uint32_t a_banks = banks / 2 - split;
	uint32_t b_banks = banks - 1 - split - extras - a_banks;
	uint32_t line = 4 * g->a.array;
	uint32_t k = job->k, chunk = 0, chunks = 0;

	if (GEMM_FULL && job->images) {
		const struct gemm_images *im = job->images;

		chunk = im->chunk_rows * im->chunk_cols;
		chunks = im->images * gemm_div_up(im->height, im->chunk_rows) *
			 gemm_div_up(im->width, im->chunk_cols);
	} else if (split) {
		chunk = gemm_min(k, GEMM_SPLIT_CHUNK);
		chunks = gemm_div_up(k, chunk);
	}
	g->a.offset = 0;
	g->b.offset = a_banks * bank;
	gemm_cut(&g->plan, &g->a, &g->b, a_banks * bank, b_banks * bank, k,
		 split ? 3 : 1, chunk, chunks);
	g->k_last = k - (g->plan.chunks - 1) * g->plan.chunk;

	if (split) {
		uint32_t a = 2 * g->a.term_bytes, b = 2 * g->b.term_bytes;

		g->staged_offset = g->b.offset + b_banks * bank;
		g->staged_bytes = a > b ? a : b;
		g->staged_slots =
			gemm_min(bank / g->staged_bytes, GEMM_STAGES_MAX);
		g->staged_count = 0;
		g->split_count = 0;
		ASH_ASSERT(g->staged_slots > 0);
	}
	/*
	 * A column's vector rows are loaded with its B block, at most
	 * b.slots columns ahead of the column that computes, which is one
	 * ahead of the one that drains.
	 */
	g->vec_offset = (banks - 1) * bank;
	g->vec_slots = g->b.slots + 2;
	g->stage_offset = g->vec_offset + g->vec_slots * 2 * line;
	g->stage_bytes = g->plan.group * g->a.array * g->out.out_pitch;
	if (extras)
		ASH_ASSERT(gemm_layout_extras(g, (banks - 2) * bank) <=
			   (banks - 1) * bank);
	g->stages = (banks * bank - g->stage_offset) / g->stage_bytes;
	ASH_ASSERT(g->stages > 0);
}

/* --- Computation ---------------------------------------------------------- */

static inline uint32_t gemm_ring(uint32_t slot, uint32_t slots)
{
	return slot >= slots ? slot - slots : slot;
}

/*
 * Vector tokens of the column that used the accumulators before: each is
 * computed into again when its own drain is done.
 */
struct gemm_drains {
	ash_token next, last;
};

/* Compute `count` tiles: A blocks from `a` on with the B block that is set. */
static inline void gemm_tiles(struct gemm_drains *d, uint32_t cfg, uint32_t a,
			      uint32_t step, uint32_t count)
{
	for (; count; count--) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
		ash_wait(ASH_VECTOR, d->next);
		ash_start(ASH_MATRIX);
		if (d->next != d->last)
			d->next++;
		a += step;
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
	}
}

/*
 * The same for the first or last column of a sweep: with `first`, the blocks
 * are new, and the first one is block number `count`; with `last` they are not
 * used again.
 */
static void gemm_tiles_at_end(struct gemm *g, struct gemm_drains *d,
			      uint32_t cfg, uint32_t slot, uint32_t rows,
			      bool first, bool last, uint32_t count)
{
	struct gemm_side *a = &g->a;
	uint32_t i;

	for (i = 0; i < rows; i++) {
		if (first)
			gemm_need(g, a, count + i + 1, slot);
		gemm_tiles(d, cfg, a->offset + slot * a->slot_bytes, 0, 1);
		g->matmuls++;
		if (last)
			gemm_side_release(a, g->matmuls);
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
		slot = gemm_ring(slot + 1, a->slots);
	}
}

/*
 * A column of split operands: six products of their terms, in this order. The
 * A blocks begin in slot, straight of them before the ring's end.
 */
static void gemm_tiles_split(struct gemm *g, struct gemm_drains *d,
			     uint32_t cfg, uint32_t b, uint32_t slot,
			     uint32_t rows, uint32_t straight)
{
	static const uint8_t terms[6][2] = { { 2, 0 }, { 1, 1 }, { 0, 2 },
					     { 1, 0 }, { 0, 1 }, { 0, 0 } };
	const struct gemm_side *a = &g->a;
	const uint32_t acc_step = ASH_FIELD(MATRIX, CFG_ACC, 1);
	uint32_t i;

	for (i = 0; i < 6; i++) {
		uint32_t at = a->offset + terms[i][0] * a->term_bytes;

		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  b + terms[i][1] * g->b.term_bytes);
		gemm_tiles(d, cfg, at + slot * a->slot_bytes, a->slot_bytes,
			   straight);
		gemm_tiles(d, cfg + straight * acc_step, at, a->slot_bytes,
			   rows - straight);
		g->matmuls += rows;
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
		gemm_pump(g);
	}
}

/* Where the computation is. */
struct gemm_at {
	/* The first A block of the group, the first B block of the panel. */
	uint32_t a_count, a_slot; /* number, slot */
	uint32_t b_count, b_slot;
	uint32_t batch_count, batch_slot; /* the first A block of the batch */
	uint32_t vec; /* slot of the panel's first bias and scale rows */
	uint32_t half; /* bit 0: half of the accumulators of column 0 */
	/* The last column computed, and the one before, drained; or NULL. */
	struct gemm_column *computed, *drained;
	struct gemm_column columns[2];
};

static inline void gemm_store_drained(struct gemm_at *at)
{
	if (at->drained)
		gemm_store(at->drained);
	at->drained = NULL;
}

/* Wait for all A blocks of a group, and give them up, at once. */
static void gemm_group_need(struct gemm *g, const struct gemm_at *at,
			    uint32_t rows)
{
	uint32_t slot = at->a_slot;
	uint32_t i;

	for (i = 0; i < rows; i++) {
		gemm_need(g, &g->a, at->a_count + i + 1, slot);
		slot = gemm_ring(slot + 1, g->a.slots);
	}
}

static void gemm_group_release(struct gemm *g, uint32_t rows)
{
	while (rows--)
		gemm_side_release(&g->a, g->matmuls);
}

/*
 * One chunk of k of a group: all columns of the panel. w stands at the first
 * of them.
 */
static void gemm_sweep(struct gemm *g, struct gemm_at *at,
		       const struct gemm_walk *w, uint32_t cfg)
{
	const uint32_t half = ash_accs() / 2;
	const uint32_t array = g->a.array;
	const uint32_t rows = w->group_rows;
	const uint32_t cols = w->panel_cols;
	const bool first_a = gemm_first_a(g, w);
	const bool last_a = gemm_last_a(g, w);
	const bool first_b = gemm_first_b(g, w);
	const bool last_b = gemm_last_b(g, w);
	const bool last_chunk = gemm_last_chunk(g, w);
	const uint32_t acc_step = ASH_FIELD(MATRIX, CFG_ACC, 1);
	const uint32_t a_step = g->a.slot_bytes;
	const uint32_t a = g->a.offset + at->a_slot * a_step;
	/* A blocks up to the end of the ring; the others are at its start. */
	const uint32_t straight = gemm_min(rows, g->a.slots - at->a_slot);
	const uint32_t height =
		gemm_min(g->a.extent - w->group * array, rows * array);
	const uint32_t step = array * g->c_bytes;
	uint64_t c = g->c + (uint64_t)(w->group * array) * g->c_stride +
		     w->panel * step;
	uint32_t width = g->b.extent * g->c_bytes - w->panel * step;
	uint32_t slot = at->b_slot;
	uint32_t vec = at->vec;
	struct gemm_drains drains = { 0, 0 };
	uint32_t col;

	if (w->chunk)
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
	if (g->plan.chunks > 1)
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_K,
			  gemm_chunk_k(g, w->chunk));
	for (col = 0; col < cols; col++) {
		uint32_t acc = ((at->half + col) & 1) * half;
		uint32_t word = cfg + acc * acc_step;
		struct gemm_column *now;

		gemm_pump(g);
		if (first_b)
			gemm_need(g, &g->b, at->b_count + col + 1, slot);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  g->b.offset + slot * g->b.slot_bytes);
		if (at->drained) {
			drains.last = at->drained->freed;
			drains.next = drains.last + 1 - at->drained->tiles;
		}
		if (GEMM_FULL && g->job->split) {
			if (first_a && col == 0)
				gemm_group_need(g, at, rows);
			gemm_tiles_split(g, &drains, word,
					 g->b.offset + slot * g->b.slot_bytes,
					 at->a_slot, rows, straight);
			if (last_a && col + 1 == cols)
				gemm_group_release(g, rows);
		} else if ((first_a && col == 0) ||
			   (last_a && col + 1 == cols)) {
			gemm_tiles_at_end(g, &drains, word, at->a_slot, rows,
					  first_a && col == 0,
					  last_a && col + 1 == cols,
					  at->a_count);
		} else {
			gemm_tiles(&drains, word, a, a_step, straight);
			gemm_tiles(&drains, word + straight * acc_step,
				   g->a.offset, a_step, rows - straight);
			g->matmuls += rows;
		}
		gemm_store_drained(at);
		if (last_b)
			gemm_side_release(&g->b, g->matmuls);
		slot = gemm_ring(slot + 1, g->b.slots);
		if (at->computed) {
			gemm_drain(g, at->computed);
			at->drained = at->computed;
			at->computed = NULL;
		}
		if (!last_chunk)
			continue;
		now = &at->columns[at->drained == &at->columns[0]];
		now->first = g->matmuls - rows + 1;
		now->acc = acc * array;
		now->tiles = rows;
		now->rows = height;
		now->vec = g->vec_offset + vec * 8 * array;
		now->run = gemm_min(width, step);
		now->c = c;
		at->computed = now;
		c += step;
		width -= step;
		vec = gemm_ring(vec + 1, g->vec_slots);
	}
}

/* After the last chunk of the group at w. */
static inline void gemm_group_done(struct gemm *g, struct gemm_at *at,
				   const struct gemm_walk *w)
{
	if (!g->plan.a_stays || w->group + w->group_rows != g->plan.m_blocks)
		return;
	if (GEMM_FULL && w->panel + w->panel_cols == g->plan.n_blocks) {
		at->batch_count = at->a_count;
		at->batch_slot = at->a_slot;
	} else {
		at->a_count = at->batch_count;
		at->a_slot = at->batch_slot;
	}
}

static void gemm_run(struct gemm *g, uint32_t cfg)
{
	struct gemm_at at;
	struct gemm_walk w;

	/* Not all of it: columns are filled in when they are computed. */
	at.a_count = 0;
	at.a_slot = 0;
	at.b_count = 0;
	at.b_slot = 0;
	at.batch_count = 0;
	at.batch_slot = 0;
	at.vec = 0;
	at.half = 0;
	at.computed = NULL;
	at.drained = NULL;

	gemm_walk_begin(g, &w);
	while (!w.end) {
		bool last_chunk = gemm_last_chunk(g, &w);
		uint32_t batch = w.batch;

		gemm_sweep(g, &at, &w, cfg);
		at.a_count += w.group_rows;
		at.a_slot = gemm_ring(at.a_slot + w.group_rows, g->a.slots);
		gemm_group_done(g, &at, &w);
		if (gemm_last_b(g, &w)) {
			at.b_count += w.panel_cols;
			at.b_slot =
				gemm_ring(at.b_slot + w.panel_cols, g->b.slots);
			if (last_chunk)
				at.vec = gemm_ring(at.vec + w.panel_cols,
						   g->vec_slots);
		}
		if (last_chunk)
			at.half += w.panel_cols;
		w.col = w.panel_cols - 1;
		gemm_walk_on(g, &w);
		if (GEMM_FULL && w.batch != batch && !w.end) {
			gemm_place_on(g, &g->place);
			gemm_place_results(g);
		}
	}
	gemm_store_drained(&at);
	gemm_drain(g, at.computed);
	gemm_store_last(g, at.computed);
}

/* What gemm_main() does with more than a plain product. */
static void gemm_begin_full(struct gemm *g)
{
	const struct gemm_job *job = g->job;

	g->residual.bytes = ash_format_bytes(g->out.residual);
	if (job->images) {
		g->b_image = job->images->b;
		g->a.image = &job->images->a;
		g->b.image = &g->b_image;
	}
	if (job->batch) {
		gemm_place_begin(g, &g->load_place);
		gemm_place_begin(g, &g->place);
		gemm_place_loads(g);
		gemm_place_results(g);
	}
}

/*
 * This tile's part of a job. What g->out is has been set, the rest of g is
 * made here.
 */
static inline void gemm_main(struct gemm *g, const struct gemm_job *job)
{
	const uint32_t array = ash_array();
	uint32_t m_blocks = gemm_blocks(job->m, array);
	uint32_t n_blocks = gemm_blocks(job->n, array);
	uint64_t row, col;

	/* A plain product's job need not be memory. */
	if (GEMM_FULL)
		g->job = job;
	g->plan.batches = 1;
	if (GEMM_FULL && job->batch)
		gemm_split_batches(&g->plan,
				   job->batch->count[0] * job->batch->count[1] *
					   job->batch->count[2] *
					   job->batch->count[3],
				   m_blocks, n_blocks);
	else
		gemm_split(&g->plan, m_blocks, n_blocks, ash_count(),
			   ash_index());
	if (!g->plan.batches || !g->plan.m_blocks || !g->plan.n_blocks)
		return; /* more tiles than blocks */

	row = (uint64_t)(g->plan.m_first * array);
	col = (uint64_t)(g->plan.n_first * array);
	gemm_side_init(&g->a, job->a, job->a_stride, job->a_rows, array,
		       job->bytes, g->plan.m_first, job->m);
	gemm_side_init(&g->b, job->b, job->b_stride, job->b_rows, array,
		       job->bytes, g->plan.n_first, job->n);
	gemm_epilogue_init(&g->out);
	g->c_bytes = ash_format_bytes(g->out.out);
	g->c_stride = job->c_stride;
	g->c = job->c + row * job->c_stride + col * g->c_bytes;
	g->bias = job->bias ?
			  job->bias + col * (GEMM_FULL ? job->bias_step : 4) :
			  0;
	g->scale =
		job->scale ?
			job->scale + col * (GEMM_FULL ? job->scale_step : 4) :
			0;
	if (GEMM_FULL) {
		g->residual.base = job->residual + row * job->residual_stride +
				   col * ash_format_bytes(g->out.residual);
		gemm_begin_full(g);
	}
	gemm_layout(g, job);

	g->phase = 0;
	g->vec_load = 0;
	g->stage = 0;
	g->matmuls = 0;
	g->stores = 0;
	gemm_walk_begin(g, &g->next);
	gemm_find_load(g);
	/* The first column's A and B block, and one more, before all else. */
	gemm_start_load(g);
	gemm_start_load(g);
	gemm_pump(g);
	ash_matmul_shape(g->a.pitch, g->b.pitch, gemm_chunk_k(g, 0));
	gemm_epilogue_registers(&g->out);
	ash_dma_shape(ASH_STORE, 0, 0, (int32_t)g->out.out_pitch,
		      (int32_t)g->c_stride);
	gemm_run(g, ash_matmul_cfg(job->type, g->a.form, g->b.form));
}

#endif
