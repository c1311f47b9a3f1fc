/* SPDX-License-Identifier: MIT */
/*
 * The kernel conv: loads of weights and patches, ahead of the computation, and
 * splitting of fp32.
 */
#ifndef CONV_LOAD_H
#define CONV_LOAD_H

#include "conv.h"

/*
 * Start a DMA of two dimensions; the rest is at its defaults, but what the
 * caller has set of dimension 0.
 */
static inline ash_token conv_dma(enum ash_unit unit, uint64_t global,
				 uint32_t offset, uint32_t run,
				 struct ash_dma_dim d1, struct ash_dma_dim d2)
{
	ash_token token;

	ash_write(unit + ASHLAR_LOAD_RUN, run);
	ash_write(unit + ASHLAR_LOAD_COUNT1, d1.count);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE1, (uint32_t)d1.global_stride);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE1, (uint32_t)d1.local_stride);
	ash_write(unit + ASHLAR_LOAD_START1, (uint32_t)d1.start);
	ash_write(unit + ASHLAR_LOAD_STEP1, (uint32_t)d1.step);
	ash_write(unit + ASHLAR_LOAD_LIMIT1, d1.limit);
	ash_write(unit + ASHLAR_LOAD_COUNT2, d2.count);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE2, (uint32_t)d2.global_stride);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE2, (uint32_t)d2.local_stride);
	ash_write(unit + ASHLAR_LOAD_START2, (uint32_t)d2.start);
	ash_write(unit + ASHLAR_LOAD_STEP2, (uint32_t)d2.step);
	ash_write(unit + ASHLAR_LOAD_LIMIT2, d2.limit);
	token = ash_dma_at(unit, offset, global);
	ash_write(unit + ASHLAR_LOAD_DEFAULTS, 1);
	return token;
}

/* --- Splitting ---------------------------------------------------------------- */

/* Split what was loaded last. hi = x; mid and lo of what is left. */
static __attribute__((noinline)) void conv_split_now(struct conv *c)
{
	struct conv_split *s = &c->split;
	uint32_t wide = 4 * c->array, narrow = 2 * c->array;
	uint32_t to = s->to;

	if (!s->pending)
		return;
	s->pending = false;
	ash_wait(ASH_LOAD, s->loaded);
	ash_vector_groups(s->groups, s->pitch, 2 * s->pitch, s->pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to, narrow, s->from,
		   wide, s->lines);
	ash_vector_src2(to, narrow);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, 2 * s->pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
		   s->from, wide, s->from, wide, s->lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, s->pitch);
	to += s->term_bytes;
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to, narrow, s->from,
		   wide, s->lines);
	ash_vector_src2(to, narrow);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
		   to + s->term_bytes, narrow, s->from, wide, s->lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	c->out.vectors += 4;
	*s->arrived = c->out.vectors;
	c->stage_free[c->stage ^ 1] = c->out.vectors;
}

/* Where the next load goes that has to be split: a stage. */
static uint32_t conv_stage(struct conv *c)
{
	conv_split_now(c);
	ash_wait(ASH_VECTOR, c->stage_free[c->stage]);
	return c->stage_offset + c->stage * c->board.stage_bytes;
}

/* It was loaded; splitting is due. */
static void conv_staged(struct conv *c, ash_token loaded, uint32_t to,
			uint32_t term_bytes, uint32_t groups, uint32_t lines,
			uint32_t pitch, ash_token *arrived)
{
	c->split = (struct conv_split){
		.pending = true,
		.loaded = loaded,
		.from = c->stage_offset + c->stage * c->board.stage_bytes,
		.to = to,
		.term_bytes = term_bytes,
		.groups = groups,
		.lines = lines,
		.pitch = pitch,
		.arrived = arrived,
	};
	c->stage ^= 1;
}

/* Wait for what a load or a split has made. */
static inline void conv_arrived(struct conv *c, ash_token *token)
{
	if (c->terms > 1) {
		if (c->split.pending && c->split.arrived == token)
			conv_split_now(c);
		ash_wait(ASH_VECTOR, *token);
	} else {
		ash_wait(ASH_LOAD, *token);
	}
}

/* --- Weights --------------------------------------------------------------------- */

static inline uint32_t conv_round_line(const struct conv *c, uint32_t bytes)
{
	return (bytes + 4 * c->array - 1) & ~(4 * c->array - 1);
}

/* Elements along k of the step that w stands at. */
static inline uint32_t conv_weights_k(const struct conv *c,
				      const struct conv_weights *w)
{
	const struct linear_conv_args *a = c->a;

	if (w->band.zero)
		return 1;
	if (a->fold)
		return conv_min(a->fold, a->kernel[0] - w->ky) * c->k_run;
	return conv_min(c->chunk, c->k_run - w->channel);
}

/* To the next tap that hits, from (ky, kx) on; false: none is left. */
static bool conv_weights_hit(const struct conv *c, struct conv_weights *w)
{
	const struct linear_conv_args *a = c->a;

	if (!(a->flags & LINEAR_BACKWARD))
		return w->ky < a->kernel[0];
	for (; w->ky < a->kernel[0]; w->ky++, w->kx = 0) {
		if (!conv_tap(a, 0, w->band.phase[0], w->ky).hit)
			continue;
		for (; w->kx < a->kernel[1]; w->kx++)
			if (conv_tap(a, 1, w->band.phase[1], w->kx).hit)
				return true;
	}
	return false;
}

/* Where the step's weights begin. */
static void conv_weights_from(const struct conv *c, struct conv_weights *w)
{
	const struct linear_conv_args *a = c->a;
	uint32_t first = (w->band.col + w->col) * c->array;
	uint32_t tap = w->ky * a->kernel[1] + w->kx;

	w->from = a->w;
	if (c->k_major)
		w->from +=
			(uint64_t)(w->band.group * a->channels + w->channel) *
				a->w_stride +
			(uint64_t)(tap * a->columns + first) * c->mem_bytes;
	else
		w->from += (uint64_t)(w->band.group * a->columns + first) *
				   a->w_stride +
			   (uint64_t)(tap * a->channels + w->channel) *
				   c->mem_bytes;
}

static void conv_weights_column(const struct conv *c, struct conv_weights *w)
{
	w->ky = 0;
	w->kx = 0;
	w->channel = 0;
	if (!w->band.zero)
		conv_weights_hit(c, w);
	conv_weights_from(c, w);
}

/* To the next step of the column; false: it was the last. */
static bool conv_weights_step(const struct conv *c, struct conv_weights *w)
{
	const struct linear_conv_args *a = c->a;
	uint32_t k = conv_weights_k(c, w);

	if (w->band.zero)
		return false;
	/* In a row of weights steps follow each other. */
	if (!c->k_major)
		w->from += k * c->mem_bytes;
	if (a->fold) {
		w->ky += a->fold;
		return w->ky < a->kernel[0];
	}
	w->channel += k;
	if (w->channel == c->k_run) {
		w->channel = 0;
		if (++w->kx >= c->kx_steps) {
			w->kx = 0;
			w->ky++;
		}
		if (!conv_weights_hit(c, w))
			return false;
	}
	if (c->k_major)
		conv_weights_from(c, w);
	return true;
}

static void conv_weights_on(const struct conv *c, struct conv_weights *w)
{
	uint32_t size, epoch;

	if (conv_weights_step(c, w))
		return;
	if (!c->resident) {
		size = conv_group_size(c, &w->band);
		w->group += size;
		if (w->group < w->band.blocks) {
			conv_weights_column(c, w);
			return;
		}
		w->group = 0;
	}
	if (++w->col == w->band.cols) {
		w->col = 0;
		epoch = w->band.epoch;
		do
			conv_band_next(c, &w->band);
		while (c->resident && !w->band.end && w->band.epoch == epoch);
		if (w->band.end)
			return;
	}
	conv_weights_column(c, w);
}

/* First channel of a column and how many it has. */
static inline uint32_t conv_column_width(const struct conv *c, uint32_t col)
{
	return conv_min(c->a->columns - col * c->array, c->array);
}

/* Load the next piece of weights; its slot has been released. */
static __attribute__((noinline)) void conv_load_weights(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	struct conv_weights *w = &c->weights;
	uint32_t slot = c->load_slot;
	uint32_t to = c->b_offset + slot * c->slot_bytes;
	uint32_t n = conv_column_width(c, w->band.col + w->col);
	uint32_t k = conv_weights_k(c, w);
	uint32_t at = to;
	ash_token token;

	if (c->terms > 1)
		at = conv_stage(c);
	if (c->loaded >= c->slots)
		ash_wait(ASH_MATRIX, c->b_free[slot]);
	if (w->band.zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
	if (c->k_major)
		token = ash_load(at, (int32_t)(c->array * c->mem_bytes),
				 w->from, (int32_t)a->w_stride,
				 n * c->mem_bytes, k);
	else
		token = ash_load(at, (int32_t)(c->b_pitch << (c->terms > 1)),
				 w->from, (int32_t)a->w_stride,
				 k * c->mem_bytes, n);
	if (w->band.zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, ASH_NO_LIMIT);
	c->b_arrived[slot] = token;
	if (c->terms > 1)
		conv_staged(c, token, to, c->b_term, c->k_major ? 1 : n,
			    c->k_major ? k : conv_div_up(k, c->array),
			    c->b_pitch, &c->b_arrived[slot]);
	c->loaded++;
	c->load_slot = slot + 1 == c->slots ? 0 : slot + 1;
	conv_weights_on(c, w);
}

/* --- Patches --------------------------------------------------------------------- */

/* Rows of cells of a band. */
static inline uint32_t conv_patch_rows(const struct conv_band *b)
{
	return b->rows + (uint32_t)(b->cut.y.high - b->cut.y.low);
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
	return conv_buffer(c, b) * (c->board.patch_bytes / 2);
}

/*
 * Cells whose pixels are all inside of a row of the input: from first to last
 * of the strip. The others have padding.
 */
static void conv_inside(const struct conv *c, const struct conv_band *b,
			uint32_t *first, uint32_t *last)
{
	const struct linear_conv_args *a = c->a;
	int32_t step = (int32_t)a->stride[1], pad = (int32_t)a->pad[1];
	int32_t at = (int32_t)b->strip_x, width = (int32_t)b->width;
	int32_t low = conv_floor(pad + step - 1, step) - at;
	int32_t high =
		conv_floor((int32_t)a->in[1] - (int32_t)a->kernel[1] + pad,
			   step) +
		1 - at;

	low = low < 0 ? 0 : low > width ? width : low;
	high = high > width ? width : high < low ? low : high;
	*first = (uint32_t)low;
	*last = (uint32_t)high;
}

/*
 * A part of a chunk of folded cells: those without padding left and right, or
 * one with. And all rows of a cell, where none is padding, or one.
 */
static void conv_load_fold(struct conv *c, const struct conv_patch *p)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &p->band;
	uint32_t parts = 1 + p->first + (b->width - p->last);
	uint32_t f = p->inside ? 0 : p->part / parts;
	uint32_t part = p->part - f * parts;
	uint32_t pixel = a->channels * c->bytes;
	uint32_t run = a->kernel[1] * pixel;
	uint32_t x = part == 0	      ? p->first :
		     part <= p->first ? part - 1 :
					p->last + part - p->first - 1;
	int32_t at =
		(int32_t)((b->strip_x + x) * a->stride[1]) - (int32_t)a->pad[1];
	uint32_t row = b->cut.pitch * b->cut.cell;

	if (part == 0 && p->first == p->last)
		return; /* nothing inside */
	if (part != 0) {
		ash_write(ASH_LOAD + ASHLAR_LOAD_START0,
			  (uint32_t)(at * (int32_t)pixel));
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, a->in[1] * pixel);
	}
	if (p->inside) {
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT3, a->fold);
		ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE3, a->x_stride[0]);
		ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE3, run);
	}
	(void)conv_dma(ASH_LOAD, p->from, p->to + x * b->cut.cell + f * run,
		       run,
		       (struct ash_dma_dim){
			       .count = part == 0 ? p->last - p->first : 1,
			       .global_stride = (int32_t)pixel,
			       .local_stride = (int32_t)b->cut.cell,
			       .start = part == 0 ? at : 0,
			       .step = (int32_t)a->stride[1],
			       .limit = ASH_NO_LIMIT,
		       },
		       (struct ash_dma_dim){
			       .count = p->h,
			       .global_stride = (int32_t)a->x_stride[0],
			       .local_stride = (int32_t)row,
			       .start = p->start + (int32_t)f,
			       .step = (int32_t)a->stride[0],
			       .limit = a->in[0],
		       });
}

/* The same without fold: a plane. */
static void conv_load_plane(struct conv *c, const struct conv_patch *p,
			    ash_token *arrived)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &p->band;
	const struct conv_cut *cut = &b->cut;
	bool split = c->terms > 1;
	uint32_t py = p->part / cut->x.planes;
	uint32_t px = p->part - py * cut->x.planes;
	int32_t step_y = (int32_t)conv_step(a, 0);
	int32_t step_x = (int32_t)conv_step(a, 1);
	uint32_t to = p->to + p->part * cut->plane_bytes;
	uint32_t at = split ? conv_stage(c) : to;

	if (b->zero)
		ash_write(ASH_LOAD + ASHLAR_LOAD_LIMIT0, 0);
	*arrived = conv_dma(
		ASH_LOAD, p->from, at,
		b->zero ? c->mem_bytes : a->channels * c->mem_bytes,
		(struct ash_dma_dim){
			.count = cut->pitch + cut->tail,
			.global_stride = (int32_t)a->x_stride[1],
			.local_stride = (int32_t)(cut->cell << split),
			.start = step_x * ((int32_t)b->strip_x + cut->x.low) +
				 (int32_t)px,
			.step = step_x,
			.limit = a->in[1],
		},
		(struct ash_dma_dim){
			.count = p->h,
			.global_stride = (int32_t)a->x_stride[0],
			.local_stride =
				(int32_t)((cut->pitch * cut->cell) << split),
			.start = p->start + (int32_t)py,
			.step = step_y,
			.limit = a->in[0],
		});
	if (split)
		conv_staged(c, *arrived, to, cut->term_bytes, 1,
			    (p->h * cut->pitch + cut->tail) * cut->cell /
				    (2 * c->array),
			    0, arrived);
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

/* A chunk of rows begins. */
static void conv_patch_chunk(const struct conv *c, struct conv_patch *p)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &p->band;
	int32_t step = (int32_t)conv_step(a, 0), last;

	p->part = 0;
	p->h = conv_min(p->chunk, p->rows - p->row);
	p->to = conv_patch_offset(c, b) + p->row * b->cut.pitch * b->cut.cell;
	if (!a->fold) {
		p->start = step * ((int32_t)(b->y + p->row) + b->cut.y.low);
		p->parts = b->cut.y.planes * b->cut.x.planes;
		return;
	}
	p->start = step * (int32_t)(b->y + p->row) - (int32_t)a->pad[0];
	last = p->start + (int32_t)(p->h - 1) * step + (int32_t)a->fold - 1;
	p->inside = p->start >= 0 && last < (int32_t)a->in[0];
	p->parts = (1 + p->first + (b->width - p->last)) *
		   (p->inside ? 1 : a->fold);
}

/* A patch begins. */
static void conv_patch_begin(struct conv *c)
{
	struct conv_patch *p = &c->patch;
	const struct conv_cut *cut = &p->band.cut;

	if (p->band.end)
		return;
	p->row = 0;
	p->rows = conv_patch_rows(&p->band);
	p->buffer = conv_buffer(c, &p->band);
	p->from = c->a->x + (uint64_t)(p->band.image * c->a->x_image) +
		  (uint64_t)(p->band.group * c->a->channels) * c->mem_bytes;
	/* The first one is waited for: what comes first, comes soon. */
	p->chunk = p->rows;
	/* Nor must weights that are streamed wait long for the others. */
	if (p->band.number == 0 || (p->rows > 8 && !c->resident))
		p->chunk = (p->rows + 3) / 4;
	if (c->terms > 1)
		p->chunk = conv_min(p->chunk, (c->board.stage_bytes / 2 -
					       cut->tail * cut->cell) /
						      (cut->pitch * cut->cell));
	if (c->a->fold)
		conv_inside(c, &p->band, &p->first, &p->last);
	conv_patch_chunk(c, p);
}

/* Load the next part of the next patch; its buffer is free. */
static __attribute__((noinline)) void conv_load_patch(struct conv *c)
{
	struct conv_patch *p = &c->patch;
	uint32_t buffer = p->buffer;
	ash_token *arrived = &c->a_arrived[buffer][p->row / p->chunk];
	struct conv_band before;

	ash_wait(ASH_MATRIX, c->patch_free[buffer]);
	c->a_chunk[buffer] = p->chunk;
	if (c->a->fold) {
		conv_load_fold(c, p);
		*arrived = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
	} else {
		conv_load_plane(c, p, arrived);
	}
	if (++p->part < p->parts)
		return;
	p->row += p->h;
	if (p->row < p->rows) {
		conv_patch_chunk(c, p);
		return;
	}
	before = p->band;
	do
		conv_band_next(c, &p->band);
	while (!p->band.end && conv_same_patch(c, &p->band, &before));
	conv_patch_begin(c);
}

/* --- Ahead ------------------------------------------------------------------------ */

static inline bool conv_weights_left(const struct conv *c)
{
	return !c->weights.band.end && c->loaded - c->released < c->slots;
}

static inline bool conv_patch_left(const struct conv *c)
{
	return !c->patch.band.end &&
	       c->patch.band.number - c->bands_done < c->buffers;
}

/*
 * Start a load that can start without waiting: weights first. False: there was
 * none.
 */
static bool conv_pump(struct conv *c)
{
	if (ash_pending(ASH_LOAD) >= CONV_LOADS_MOST)
		return false;
	if (conv_weights_left(c) &&
	    (c->loaded < c->slots ||
	     ash_done(ASH_MATRIX, c->b_free[c->load_slot])))
		conv_load_weights(c);
	else if (conv_patch_left(c) &&
		 ash_done(ASH_MATRIX,
			  c->patch_free[conv_buffer(c, &c->patch.band)]))
		conv_load_patch(c);
	else
		return false;
	return true;
}

/* Whether what a load or a split makes is there. */
static inline bool conv_is_there(const struct conv *c, const ash_token *token)
{
	if (c->terms == 1)
		return ash_done(ASH_LOAD, *token);
	return !(c->split.pending && c->split.arrived == token) &&
	       ash_done(ASH_VECTOR, *token);
}

/* Wait for it; time that is waited for is free for starting other loads. */
static __attribute__((noinline)) void conv_wait(struct conv *c,
						ash_token *token)
{
	while (!conv_is_there(c, token) && conv_pump(c))
		;
	conv_arrived(c, token);
}

/* Wait until the first `count` pieces of weights are loaded, the last in slot. */
static inline void conv_need_weights(struct conv *c, uint32_t count,
				     uint32_t slot)
{
	while ((int32_t)(c->loaded - count) < 0) {
		ASH_ASSERT(conv_weights_left(c));
		conv_load_weights(c);
	}
	if (!conv_is_there(c, &c->b_arrived[slot]))
		conv_wait(c, &c->b_arrived[slot]);
}

/* Wait until the rows of the band that is computed are loaded, up to row. */
static void conv_need_rows(struct conv *c, uint32_t row)
{
	const struct conv_band *b = &c->band;
	uint32_t last;

	while (c->patch.band.number == b->number && !c->patch.band.end &&
	       c->patch.row <= row)
		conv_load_patch(c);
	last = row / c->a_chunk[conv_buffer(c, b)];
	conv_wait(c, &c->a_arrived[conv_buffer(c, b)][last]);
}

#endif
