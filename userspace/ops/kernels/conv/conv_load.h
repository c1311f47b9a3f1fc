/* SPDX-License-Identifier: MIT */
/*
 * The kernel conv: loads of weights and patches, ahead of the computation, and
 * splitting of fp32.
 */
#ifndef CONV_LOAD_H
#define CONV_LOAD_H

#include "conv.h"
#include "gemm_terms.h"

/*
 * Start a load of two dimensions; the rest is at its defaults, but what the
 * caller has set of dimensions 0 and 3.
 */
static inline ash_token conv_load(uint64_t global, uint32_t offset,
				  uint32_t run, struct ash_dma_dim d1,
				  struct ash_dma_dim d2)
{
	ash_token token;

	ash_write(ASH_LOAD + ASHLAR_LOAD_RUN, run);
	ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT1, d1.count);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE1, (uint32_t)d1.global_stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE1, (uint32_t)d1.local_stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_START1, (uint32_t)d1.start);
	ash_write(ASH_LOAD + ASHLAR_LOAD_STEP1, (uint32_t)d1.step);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT1, d1.limit);
	ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, d2.count);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE2, (uint32_t)d2.global_stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE2, (uint32_t)d2.local_stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_START2, (uint32_t)d2.start);
	ash_write(ASH_LOAD + ASHLAR_LOAD_STEP2, (uint32_t)d2.step);
	ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT2, d2.limit);
	token = ash_dma_at(ASH_LOAD, offset, global);
	ash_write(ASH_LOAD + ASHLAR_LOAD_DEFAULTS, 1);
	return token;
}

/* A dimension without padding. */
static inline struct ash_dma_dim conv_dim(uint32_t count, uint32_t global,
					  uint32_t local)
{
	return (struct ash_dma_dim){ .count = count,
				     .global_stride = (int32_t)global,
				     .local_stride = (int32_t)local,
				     .step = 1,
				     .limit = ASH_NO_LIMIT };
}

/* --- Splitting ---------------------------------------------------------------- */

/* Lines of fp32 that become terms, and what was read from there before. */
struct conv_terms {
	uint32_t to, term_bytes; /* offset; from term to term */
	uint32_t groups, lines,
		pitch; /* groups of lines; pitch of the terms' */
	ash_token free; /* matrix */
};

/*
 * Where a load goes that becomes operands when `free` (a matrix token) is done:
 * there (to), or to a stage first.
 */
static uint32_t conv_load_begin(struct conv *c, uint32_t to, ash_token free)
{
	if (c->terms == 1) {
		ash_after(ASH_LOAD, ASH_MATRIX, free);
		return to;
	}
	ash_after(ASH_LOAD, ASH_VECTOR, c->stage_free[c->stage]);
	return c->board.stages + c->stage * c->board.stage_bytes;
}

/* Split what was loaded to the stage. Returns the vector token. */
static ash_token conv_split(struct conv *c, ash_token loaded,
			    struct conv_terms t)
{
	uint32_t from = c->board.stages + c->stage * c->board.stage_bytes;

	ash_after(ASH_VECTOR, ASH_LOAD, loaded);
	ash_after(ASH_VECTOR, ASH_MATRIX, t.free);
	c->out.vectors = gemm_terms(t.to, t.term_bytes, from, t.lines, t.groups,
				    t.pitch);
	c->stage_free[c->stage] = c->out.vectors;
	c->stage ^= 1;
	return c->out.vectors;
}

/* --- Weights --------------------------------------------------------------------- */

static void conv_weights_column(const struct conv *c, struct conv_weights *w)
{
	const struct linear_conv_args *a = c->a;
	uint32_t first = (w->band.col + w->col) * c->array;

	conv_step_begin(&w->band, &w->step);
	if (c->b.k_major)
		w->from =
			a->w +
			(uint64_t)(w->band.group * a->channels) * a->w_stride +
			first * c->mem_bytes;
	else
		w->from =
			a->w + (uint64_t)(w->band.group * a->columns + first) *
				       a->w_stride;
}

static void conv_weights_next(const struct conv *c, struct conv_weights *w)
{
	if (conv_step_next(c, &w->band, &w->step))
		return;
	if (++w->col == w->band.cols) {
		w->col = 0;
		if (c->resident) {
			conv_band_skip(c, &w->band);
		} else {
			w->group += conv_group_size(c, &w->band);
			if (w->group >= w->band.blocks) {
				w->group = 0;
				conv_band_next(c, &w->band);
			}
		}
		if (w->band.end)
			return;
	}
	conv_weights_column(c, w);
}

/* Channels of a column. */
static inline uint32_t conv_column_width(const struct conv *c, uint32_t col)
{
	return conv_min(c->a->columns - col * c->array, c->array);
}

/* Load the next piece of weights; the steps that used its slot are started. */
static __attribute__((noinline)) void conv_load_weights(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	struct conv_weights *w = &c->weights;
	const struct conv_axis *x = &w->band.cut->x;
	uint32_t slot = c->load_slot;
	uint32_t to = c->board.weights + slot * c->b.bytes;
	uint32_t n = conv_column_width(c, w->band.col + w->col);
	uint32_t k = conv_step_k(c, &w->band, &w->step);
	uint64_t from = w->from + conv_step_weights(c, &w->band, &w->step);
	uint32_t parts = c->b.by_rows && !w->band.cut->zero ? x->taps : 1;
	uint32_t split = c->terms > 1;
	uint32_t at = conv_load_begin(c, to, c->b_free[slot]);
	ash_token token;

	if (w->band.cut->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
	if (c->b.k_major) {
		token = conv_load(
			from, at, n * c->mem_bytes,
			conv_dim(k, a->w_stride, c->array * c->mem_bytes),
			conv_dim(parts, x->every * a->columns * c->mem_bytes,
				 c->b.tap));
	} else {
		/* The taps of a row follow each other in memory. */
		uint32_t run = k * c->mem_bytes;

		if (c->b.joined && !w->band.cut->zero) {
			run *= parts;
			parts = 1;
		}
		token = conv_load(
			from, at, run, conv_dim(parts, run, c->b.tap),
			conv_dim(n, a->w_stride, c->b.pitch << split));
	}
	if (split)
		token = conv_split(
			c, token,
			(struct conv_terms){
				.to = to,
				.term_bytes = c->b.term,
				.groups = c->b.k_major ? 1 : n,
				.lines = c->b.k_major ?
						 k :
						 conv_div_up(k, c->array),
				.pitch = c->b.pitch,
				.free = c->b_free[slot],
			});
	c->b_arrived[slot] = token;
	c->loaded++;
	c->load_slot = slot + 1 == c->b.slots ? 0 : slot + 1;
	conv_weights_next(c, w);
}

static inline bool conv_weights_left(const struct conv *c)
{
	return c->loaded - c->released < c->b.slots && !c->weights.band.end;
}

/* See that piece `count` is on its way. */
static inline void conv_need_weights(struct conv *c, uint32_t count)
{
	if (c->loaded == count)
		conv_load_weights(c);
}

/* Some further pieces, while there is room. */
static inline void conv_weights_ahead(struct conv *c)
{
	uint32_t i;

	for (i = 0; i < CONV_AHEAD && conv_weights_left(c); i++)
		conv_load_weights(c);
}

/* --- Patches --------------------------------------------------------------------- */

/* Rows of cells of a band. */
static inline uint32_t conv_patch_rows(const struct conv_band *b)
{
	return b->rows + b->cut->y.span;
}

/* Of them, those that the blocks before `end` read. */
static inline uint32_t conv_rows_before(const struct conv *c,
					const struct conv_band *b, uint32_t end)
{
	uint32_t last = conv_min((b->block + end) * c->array, b->numbers) - 1;

	return last / b->cut->pitch - b->y + 1 + b->cut->y.span;
}

/* Which of the buffers for patches a band has. */
static inline uint32_t conv_buffer(const struct conv *c,
				   const struct conv_band *b)
{
	return c->buffers == 2 ? b->number & 1 : 0;
}

static inline uint32_t conv_patch_offset(const struct conv *c,
					 const struct conv_band *b)
{
	return c->board.patch + conv_buffer(c, b) * (c->board.patch_bytes / 2);
}

/* A chunk of rows of cells of the patch: where it comes from and goes to. */
struct conv_rows {
	uint32_t h; /* rows */
	uint32_t to; /* offset */
	int32_t y, x; /* row and column of the input in the first cell */
};

/*
 * Cells of a row that have no padding, with fold: from first to last of the
 * strip.
 */
static void conv_inside(const struct conv *c, const struct conv_band *b,
			int32_t x, uint32_t *first, uint32_t *last)
{
	const struct linear_conv_args *a = c->a;
	uint32_t step = b->cut->x.step;
	int32_t most = (int32_t)a->in[1] - (int32_t)a->kernel[1] - x;

	*first = x < 0 ? conv_min(conv_div_up((uint32_t)-x, step), b->width) :
			 0;
	*last = most < 0 ? 0 : conv_min((uint32_t)most / step + 1, b->width);
	*last = conv_max(*first, *last);
}

/*
 * Load count cells from x on with fold: row f of the input in each, or, with
 * f = fold, all of them, where none is padding. A cell with padding left or
 * right is loaded alone.
 */
static void conv_load_cells(const struct conv *c, const struct conv_patch *p,
			    const struct conv_rows *r, uint32_t x,
			    uint32_t count, bool edge, uint32_t f)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_cut *cut = p->band.cut;
	uint32_t pixel = a->channels * c->bytes;
	uint32_t run = a->kernel[1] * pixel;
	int32_t column = r->x + (int32_t)(x * cut->x.step);
	uint32_t to = r->to + x * cut->cell;

	if (edge) {
		ash_write(ASH_LOAD + ASHLAR_LOAD_START0,
			  (uint32_t)(column * (int32_t)pixel));
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, a->in[1] * pixel);
		column = 0;
	}
	if (f == a->fold) {
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT3, f);
		ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE3, a->x_stride[0]);
		ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE3, run);
		f = 0;
	}
	(void)conv_load(p->from, to + f * run, run,
			(struct ash_dma_dim){
				.count = count,
				.global_stride = (int32_t)pixel,
				.local_stride = (int32_t)cut->cell,
				.start = column,
				.step = (int32_t)cut->x.step,
				.limit = ASH_NO_LIMIT,
			},
			(struct ash_dma_dim){
				.count = r->h,
				.global_stride = (int32_t)a->x_stride[0],
				.local_stride = (int32_t)cut->row,
				.start = r->y + (int32_t)f,
				.step = (int32_t)cut->y.step,
				.limit = a->in[0],
			});
}

/* Load a chunk of folded cells. */
static void conv_load_fold(const struct conv *c, const struct conv_patch *p,
			   const struct conv_rows *r)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &p->band;
	int32_t last_row =
		r->y + (int32_t)((r->h - 1) * b->cut->y.step + a->fold) - 1;
	uint32_t f = 0, first, last, x;

	conv_inside(c, b, r->x, &first, &last);
	if (r->y >= 0 && last_row < (int32_t)a->in[0])
		f = a->fold;
	do {
		if (first < last)
			conv_load_cells(c, p, r, first, last - first, false, f);
		for (x = first ? 0 : last; x < b->width;
		     x = x + 1 == first ? last : x + 1)
			conv_load_cells(c, p, r, x, 1, true, f);
	} while (++f < a->fold);
}

/* The same without fold: plane after plane. */
static ash_token conv_load_planes(struct conv *c, const struct conv_patch *p,
				  const struct conv_rows *r)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &p->band;
	const struct conv_cut *cut = b->cut;
	ash_token free = c->patch_free[p->buffer], token;
	bool split = c->terms > 1;
	uint32_t y = 0, to = r->to;

	do {
		uint32_t at = conv_load_begin(c, to, free);

		if (b->cut->zero)
			ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
		token = conv_load(
			p->from, at,
			b->cut->zero ? c->mem_bytes :
				       a->channels * c->mem_bytes,
			(struct ash_dma_dim){
				.count = cut->reach,
				.global_stride = (int32_t)a->x_stride[1],
				.local_stride = (int32_t)(cut->cell << split),
				.start = r->x,
				.step = (int32_t)cut->x.step,
				.limit = a->in[1],
			},
			(struct ash_dma_dim){
				.count = r->h,
				.global_stride = (int32_t)a->x_stride[0],
				.local_stride = (int32_t)(cut->row << split),
				.start = r->y + (int32_t)y,
				.step = (int32_t)cut->y.step,
				.limit = a->in[0],
			});
		if (split)
			token = conv_split(
				c, token,
				(struct conv_terms){
					.to = to,
					.term_bytes = cut->term_bytes,
					.groups = 1,
					.lines = (r->h * cut->row +
						  conv_tail(cut)) /
						 (2 * c->array),
					.free = free,
				});
		to += cut->plane_bytes;
	} while (++y < cut->y.planes);
	return token;
}

/* Whether the next band needs the patch that the one before has. */
static inline bool conv_same_patch(const struct conv *c,
				   const struct conv_band *b,
				   const struct conv_band *before)
{
	return c->buffers == 1 && b->block == before->block &&
	       b->index == before->index && b->group == before->group &&
	       b->phase[0] == before->phase[0] &&
	       b->phase[1] == before->phase[1];
}

/* A patch begins. */
static void conv_patch_begin(struct conv *c)
{
	struct conv_patch *p = &c->patch;
	const struct conv_band *b = &p->band;
	const struct conv_cut *cut = b->cut;

	if (b->end)
		return;
	p->row = 0;
	p->rows = conv_patch_rows(b);
	p->buffer = conv_buffer(c, b);
	p->from = c->a->x + (uint64_t)(b->image * c->a->x_image) +
		  (uint64_t)(b->group * c->a->channels) * c->mem_bytes;
	p->chunk = p->rows;
	/* The first group is waited for, and other loads wait for a chunk. */
	if (b->number == 0)
		p->chunk =
			conv_max(conv_rows_before(c, b, conv_group_size(c, b)),
				 conv_div_up(p->rows, CONV_CHUNKS_MAX));
	else if (p->rows > 8 && (!c->resident || c->a->epilogue.residual))
		p->chunk = (p->rows + 3) / 4;
	if (c->terms > 1)
		p->chunk = conv_min(
			p->chunk,
			(c->board.stage_bytes / 2 - conv_tail(cut)) / cut->row);
}

/* Load the next chunk of the next patch; what used its buffer is started. */
static __attribute__((noinline)) void conv_load_patch(struct conv *c)
{
	struct conv_patch *p = &c->patch;
	const struct conv_band *b = &p->band;
	const struct conv_axis *y = &b->cut->y, *x = &b->cut->x;
	const struct conv_rows r = {
		.h = conv_min(p->chunk, p->rows - p->row),
		.to = conv_patch_offset(c, b) + p->row * b->cut->row,
		.y = y->start + (int32_t)((b->y + p->row) * y->step),
		.x = x->start + (int32_t)(b->strip_x * x->sub * x->step),
	};
	ash_token *arrived = &c->a_arrived[p->buffer][p->row / p->chunk];
	struct conv_band before;

	c->a_chunk[p->buffer] = p->chunk;
	if (c->a->fold) {
		ash_after(ASH_LOAD, ASH_MATRIX, c->patch_free[p->buffer]);
		conv_load_fold(c, p, &r);
		*arrived = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
	} else {
		*arrived = conv_load_planes(c, p, &r);
	}
	p->row += r.h;
	if (p->row < p->rows)
		return;
	before = p->band;
	do
		conv_band_next(c, &p->band);
	while (!p->band.end && conv_same_patch(c, &p->band, &before));
	conv_patch_begin(c);
}

/* A chunk of the next patch, if there is room for it. */
static inline void conv_patch_ahead(struct conv *c)
{
	if (!c->patch.band.end &&
	    c->patch.band.number - c->bands_done < c->buffers)
		conv_load_patch(c);
}

/*
 * See that what the blocks before `end` of the band that is computed read is on
 * its way. Returns the token that brings the last of it.
 */
static ash_token conv_need_rows(struct conv *c, uint32_t end)
{
	const struct conv_band *b = &c->band;
	uint32_t buffer = conv_buffer(c, b);
	uint32_t rows = conv_rows_before(c, b, end);

	while (c->patch.band.number == b->number && !c->patch.band.end &&
	       c->patch.row < rows)
		conv_load_patch(c);
	return c->a_arrived[buffer][(rows - 1) / c->a_chunk[buffer]];
}

#endif
