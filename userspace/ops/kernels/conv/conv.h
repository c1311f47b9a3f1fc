/* SPDX-License-Identifier: MIT */
/*
 * The kernel conv: its state, and the walk over a tile's part. In reading
 * order: conv_geometry.h, this file, conv_load.h, conv_out.h, conv.c.
 *
 * Blocks are N consecutive pixel numbers of a strip, columns N channels of the
 * result. A tile's part is a range of blocks (of all phases, images and strips
 * in turn) times a range of columns (of all groups in turn). It is walked in
 * sets of columns; in a set, band after band of blocks, as many as a patch
 * holds; in a band, group after group of as many blocks as half of the
 * accumulators; in a group, column after column.
 *
 * The sums of a column are made in steps: a row of taps, or, if its weights are
 * too many, a chunk of channels of one tap. A step is one macro-operation for
 * all blocks of a group. Its weights are a piece; pieces pass through a ring of
 * slots. When a set's pieces fit, they are loaded once, else again for each
 * group.
 *
 * Nothing waits but the units, for each other (ash_after()); the core starts all
 * in an order in which each needs only what was started before.
 */
#ifndef CONV_H
#define CONV_H

#include <ashlar/kernel.h>

#include "../linear/linear.h"
#include "conv_geometry.h"

#define CONV_CHUNKS_MAX 64u /* parts in which a patch is loaded */
#define CONV_ACCS_MAX	16u
#define CONV_AHEAD	2u /* pieces loaded for each step, while there is room */
#define CONV_VECS	32u /* columns of a set with bias or scale, at most */

/* A band, and all around it. */
struct conv_band {
	bool end;
	uint32_t number; /* bands before it */
	uint32_t epoch; /* sets and phases before it */
	uint32_t n; /* first column of its set, of all groups */
	uint32_t group, col, cols; /* the set: group, columns in it */
	uint32_t phase[2];
	const struct conv_cut *cut;
	struct conv_cut *own; /* for phases behind the first one */
	uint32_t image, strip;
	uint32_t index; /* of the strip's first block */
	uint32_t strip_blocks, strip_x, width, numbers;
	uint32_t block, blocks; /* in the strip */
	uint32_t y, rows; /* of the output, in the patch */
};

/* A step of a column: where it is among the taps that hit. */
struct conv_step {
	uint32_t y, x;
	uint32_t channel; /* first element along k */
	uint32_t row; /* bytes of the patch before the cells of y, */
	uint32_t plane; /* in this plane */
};

/* The same as a macro-operation takes it. */
struct conv_product {
	uint32_t a; /* bytes in the patch from the block's first cell */
	uint32_t k;
};

/* Where the next piece of weights belongs. */
struct conv_weights {
	struct conv_band band;
	uint32_t col, group; /* in the band */
	struct conv_step step;
	uint64_t from; /* global address of the column's first weight */
};

/* Where the next chunk of rows of a patch belongs. */
struct conv_patch {
	struct conv_band band;
	uint32_t row; /* of cells */
	uint32_t rows, chunk; /* of the patch; loaded at a time */
	uint32_t buffer;
	uint64_t from; /* global address of pixel (0, 0), first channel */
};

/* Every other group of blocks has the same half of what there is for results. */
struct conv_half {
	uint32_t acc; /* first accumulator */
	uint32_t stage, residual; /* offsets */
	ash_token freed, drained; /* vector: accumulators, all else */
	ash_token stored; /* store */
};

/*
 * Arrays come last: the core's instructions reach 2 KiB behind a pointer, and
 * what lies there costs three.
 */
struct conv {
	const struct linear_conv_args *a;
	const struct conv_plan *plan;
	uint32_t array;
	enum ash_type type;
	uint32_t bytes, mem_bytes; /* of an element, here and in memory */
	uint32_t terms; /* 3: split */
	struct conv_board board;
	uint32_t cols; /* of a group */
	uint32_t m_first, m_end, n_first, n_end; /* this tile's part */
	/* Weights. */
	bool resident;
	uint32_t set; /* columns of a set, at most */
	struct conv_pieces b;
	uint32_t loaded, released, load_slot, release_slot;
	/* Patches. */
	uint32_t buffers; /* patches at a time */
	uint32_t bands_done;
	ash_token patch_free[2];
	uint32_t a_chunk[2]; /* rows of a chunk */
	/* Splitting: two stages in turn. */
	uint32_t stage;
	ash_token stage_free[2];
	/* Computation. */
	uint32_t cfg;
	uint32_t products, products_epoch; /* they are those of this epoch */
	ash_token matmuls; /* last matrix token given out */
	ash_token needed; /* load or, if split, vector token: operands so far */
	uint32_t b_count, b_slot; /* next piece that is used */
	/* Results. */
	struct gemm_epilogue out;
	uint32_t group_most; /* blocks of a group */
	uint32_t out_bytes, residual_bytes; /* of elements */
	uint32_t y_step[2], residual_step[2]; /* bytes: row, pixel of a phase */
	uint64_t y_first, residual_first; /* of the band's strip */
	uint32_t vec_offset, vec_bytes; /* bias of a set, scale behind it */
	uint32_t vec, vec_n; /* offset of one's; its first column */
	ash_token operands; /* load: all that results so far are made with */
	uint32_t columns; /* begun, of all groups of blocks */
	struct conv_half half[2];
	/* Where each is: computation, loads. */
	struct conv_band band;
	struct conv_weights weights;
	struct conv_patch patch;
	struct conv_cut cuts[3]; /* of these bands, when there are phases */
	ash_token a_arrived[2][CONV_CHUNKS_MAX]; /* of a patch's chunks */
	ash_token b_arrived[CONV_SLOTS_MAX], b_free[CONV_SLOTS_MAX];
	struct conv_product product[CONV_STEPS_MAX]; /* of a column */
};

/* --- Bands ------------------------------------------------------------------- */

static void conv_band_set(const struct conv *c, struct conv_band *b)
{
	b->group = b->n / c->cols;
	b->col = b->n - b->group * c->cols;
	b->cols = conv_min(conv_min(c->set, c->cols - b->col), c->n_end - b->n);
}

static void conv_band_phase(const struct conv *c, struct conv_band *b)
{
	b->image = 0;
	b->strip = 0;
	if (!(c->a->flags & LINEAR_BACKWARD))
		return;
	/* The host has seen that it fits. */
	ASH_ASSERT(conv_cut(b->own, c->a, &c->board, b->phase[0], b->phase[1],
			    c->mem_bytes, c->terms));
	b->cut = b->own;
}

/* The strip's part that is the tile's; false if there is none. */
static bool conv_band_strip(const struct conv *c, struct conv_band *b)
{
	uint32_t last;

	if (!b->cut->y.out || !b->cut->x.out) {
		b->strip_blocks = 0;
		return false;
	}
	b->strip_x = b->strip * b->cut->width;
	b->width = conv_min(b->cut->width, b->cut->x.out - b->strip_x);
	b->numbers = conv_numbers(b->cut, b->width);
	b->strip_blocks = conv_div_up(b->numbers, c->array);
	last = conv_min(b->index + b->strip_blocks, c->m_end);
	if (last <= c->m_first || last <= b->index)
		return false;
	b->block = c->m_first > b->index ? c->m_first - b->index : 0;
	return true;
}

/* As many blocks from b->block on as a patch holds. */
static void conv_band_blocks(const struct conv *c, struct conv_band *b)
{
	uint32_t last = conv_min(b->strip_blocks, c->m_end - b->index);
	uint32_t pitch = b->cut->pitch;
	uint32_t most;

	b->y = b->block * c->array / pitch;
	most = (b->y + b->cut->rows) * pitch;
	if (most < b->numbers)
		last = conv_min(last, most / c->array);
	b->blocks = last - b->block;
	b->rows =
		(conv_min(last * c->array, b->numbers) - 1) / pitch - b->y + 1;
}

/* Behind the strip: the next one, of the next image, phase, set. */
static void conv_band_advance(const struct conv *c, struct conv_band *b)
{
	b->index += b->strip_blocks;
	if (b->strip_blocks) {
		if (++b->strip < b->cut->strips)
			return;
		b->strip = 0;
		if (++b->image < c->a->images)
			return;
	}
	b->epoch++;
	if (++b->phase[1] == conv_phases(c->a, 1)) {
		b->phase[1] = 0;
		if (++b->phase[0] == conv_phases(c->a, 0)) {
			b->phase[0] = 0;
			b->index = 0;
			b->n += b->cols;
			if (b->n == c->n_end) {
				b->end = true;
				return;
			}
			conv_band_set(c, b);
		}
	}
	conv_band_phase(c, b);
}

/* From where b stands to the first strip with a part of the tile's. */
static void conv_band_find(const struct conv *c, struct conv_band *b)
{
	while (!conv_band_strip(c, b)) {
		conv_band_advance(c, b);
		if (b->end)
			return;
	}
	conv_band_blocks(c, b);
}

/* The first band; own: what it may keep a cut in. */
static void conv_band_begin(const struct conv *c, struct conv_band *b,
			    struct conv_cut *own)
{
	b->end = false;
	b->number = 0;
	b->epoch = 0;
	b->n = c->n_first;
	b->phase[0] = 0;
	b->phase[1] = 0;
	b->cut = &c->plan->cut;
	b->own = own;
	b->image = 0;
	b->strip = 0;
	b->index = 0;
	conv_band_set(c, b);
	conv_band_find(c, b);
}

/* Whether no band of its epoch comes behind b. */
static inline bool conv_band_last(const struct conv *c,
				  const struct conv_band *b)
{
	uint32_t next = b->index + b->strip_blocks;

	if (b->index + b->block + b->blocks < conv_min(next, c->m_end))
		return false;
	return next >= c->m_end ||
	       (b->strip + 1 == b->cut->strips && b->image + 1 == c->a->images);
}

static void conv_band_next(const struct conv *c, struct conv_band *b)
{
	b->number++;
	b->block += b->blocks;
	if (b->block < conv_min(b->strip_blocks, c->m_end - b->index)) {
		conv_band_blocks(c, b);
		return;
	}
	conv_band_advance(c, b);
	if (!b->end)
		conv_band_find(c, b);
}

/* To the first band of the next epoch. */
static void conv_band_skip(const struct conv *c, struct conv_band *b)
{
	uint32_t epoch = b->epoch;

	if (b->n + b->cols == c->n_end && !(c->a->flags & LINEAR_BACKWARD))
		b->end = true; /* what is mostly so, without walking there */
	while (!b->end && b->epoch == epoch)
		conv_band_next(c, b);
}

/* Groups of a band's blocks, and blocks of each but the last. */
static inline uint32_t conv_group_size(const struct conv *c,
				       const struct conv_band *b)
{
	return conv_div_up(b->blocks, conv_div_up(b->blocks, c->group_most));
}

/* --- Steps ------------------------------------------------------------------ */

static inline void conv_step_begin(const struct conv_band *b,
				   struct conv_step *s)
{
	*s = (struct conv_step){ .row = b->cut->y.at * b->cut->row };
}

/* To the column's next step; false: it was the last. */
static inline bool conv_step_next(const struct conv *c,
				  const struct conv_band *b,
				  struct conv_step *s)
{
	const struct conv_axis *y = &b->cut->y;

	if (b->cut->zero)
		return false;
	s->channel += c->b.chunk;
	if (s->channel < c->b.tap_k)
		return true;
	s->channel = 0;
	if (!c->b.by_rows && ++s->x < b->cut->x.taps)
		return true;
	s->x = 0;
	if (++s->y == y->taps)
		return false;
	s->row += (uint32_t)y->by * b->cut->row;
	s->plane += (uint32_t)y->plane_by;
	if (s->plane >= y->step) {
		s->plane -= y->step;
		s->row += b->cut->row;
	}
	return true;
}

/* Elements along k of each of the step's parts. */
static inline uint32_t conv_step_k(const struct conv *c,
				   const struct conv_band *b,
				   const struct conv_step *s)
{
	const struct linear_conv_args *a = c->a;

	if (b->cut->zero)
		return 1;
	/* With fold, the last rows of the kernel may be fewer. */
	if (a->fold)
		return conv_min(a->fold, a->kernel[0] - s->y * a->fold) *
		       a->kernel[1] * a->channels;
	return conv_min(c->b.chunk, c->b.tap_k - s->channel);
}

/* What the step reads: bytes in the patch from the block's first cell. */
static inline uint32_t conv_step_cells(const struct conv *c,
				       const struct conv_band *b,
				       const struct conv_step *s)
{
	const struct conv_cut *cut = b->cut;

	return s->row + s->plane * cut->plane_bytes +
	       (cut->x.at + s->x * (uint32_t)cut->x.by) * cut->cell +
	       s->channel * c->bytes;
}

/* Bytes in memory from the column's first weight to the step's. */
static inline uint64_t conv_step_weights(const struct conv *c,
					 const struct conv_band *b,
					 const struct conv_step *s)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_cut *cut = b->cut;
	uint32_t tap;

	if (b->cut->zero)
		return 0;
	if (a->fold)
		return s->y * c->b.tap_k * c->mem_bytes;
	tap = (cut->y.first + s->y * cut->y.every) * a->kernel[1] +
	      cut->x.first + s->x * cut->x.every;
	if (c->b.k_major)
		return (uint64_t)tap * a->columns * c->mem_bytes +
		       (uint64_t)s->channel * a->w_stride;
	return ((uint64_t)tap * a->channels + s->channel) * c->mem_bytes;
}

#endif
