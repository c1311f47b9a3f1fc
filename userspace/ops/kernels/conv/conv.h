/* SPDX-License-Identifier: MIT */
/*
 * The kernel conv: its state, and the walk over a tile's part. In reading
 * order: conv_geometry.h, this file, conv_load.h, conv_out.h, conv.c.
 *
 * Blocks are N consecutive pixel numbers of a strip, columns N channels of the
 * result. A tile's part is a range of blocks (of all phases, images and strips
 * in turn) times a range of columns (of all groups in turn). It is walked in
 * sets of columns; in a set, band after band of blocks, as many as a patch
 * holds; in a band, column after column; in a column, groups of as many blocks
 * as there are accumulators.
 *
 * Weights pass through a ring of slots in pieces: one step (tap, or chunk of
 * channels of a tap) of one column. When a set's pieces fit, they are loaded
 * once, else again for each group.
 */
#ifndef CONV_H
#define CONV_H

#include <ashlar/kernel.h>

#include "../linear/linear.h"
#include "conv_geometry.h"

#define CONV_SLOTS_MAX	  128u
#define CONV_CHUNKS_MAX	  64u /* parts in which a patch is loaded */
#define CONV_PRODUCTS_MAX 1024u /* the host refuses more */
#define CONV_SPLIT_K	  128u /* channels of a step of split operands */
#define CONV_ACCS_MAX	  16u
#define CONV_COLUMNS	  4u /* under way: computed, drained, stored */
#define CONV_VECS	  4u /* slots of bias and scale rows */
#define CONV_LOADS_MOST	  6u

/* A band, and all around it. */
struct conv_band {
	bool end;
	uint32_t number; /* bands before it */
	uint32_t epoch; /* sets and phases before it */
	uint32_t n; /* first column of its set, of all groups */
	uint32_t group, col, cols; /* the set: group, columns in it */
	uint32_t phase[2];
	struct conv_cut cut;
	bool zero; /* no tap hits */
	uint32_t image, strip;
	uint32_t index; /* of the strip's first block */
	uint32_t strip_blocks, strip_x, width, numbers;
	uint32_t block, blocks; /* in the strip */
	uint32_t y, rows; /* of the output, in the patch */
};

/* Where the next piece of weights belongs. */
struct conv_weights {
	struct conv_band band;
	uint32_t col, group; /* in the band */
	uint32_t ky, kx, channel;
	uint64_t from; /* global address of the piece */
};

/* Where the next part of a patch belongs. */
struct conv_patch {
	struct conv_band band;
	uint32_t row, part; /* row of cells; plane, or row of a cell and edge */
	uint32_t rows, chunk; /* of the patch; loaded at a time */
	uint32_t parts, h; /* of the chunk at row */
	/* With fold: cells of a row from first to last have no padding. */
	uint32_t first, last;
	bool inside; /* nor have the chunk's rows */
	uint32_t buffer;
	uint32_t to; /* offset of the chunk */
	uint64_t from; /* global address of pixel (0, 0), first channel */
	int32_t start; /* row of the input of the chunk's first row of cells */
};

/* A column of blocks that is computed. */
struct conv_column {
	ash_token first; /* matrix token of the first tile; the others follow */
	ash_token loaded; /* load token of bias, scale, residual */
	ash_token freed, drained; /* vector tokens: accumulators, all of it */
	uint32_t acc, tiles,
		done; /* first accumulator, tiles, of them drained */
	uint32_t vec, residual, stage; /* offsets */
	struct gemm_rows rows; /* that are drained next */
	uint64_t y, residual_from; /* global, of the strip's first pixel */
	uint32_t index; /* columns before it */
	uint32_t channels; /* of a pixel */
	uint32_t number, numbers; /* first pixel, pixels */
	uint32_t pitch, width;
};

/* A product of a column: macro-operations for all blocks of a group. */
struct conv_product {
	uint32_t a; /* bytes in the patch from the block's first cell */
	uint32_t b; /* bytes in the piece of weights */
	uint16_t k;
	bool first, last; /* of a piece of weights */
};

/* What is split next, when it has arrived. */
struct conv_split {
	bool pending;
	ash_token loaded;
	uint32_t from, to, term_bytes; /* offsets */
	uint32_t groups, lines, pitch; /* pitch: of the terms' groups */
	ash_token *arrived; /* gets the vector token */
};

struct conv {
	const struct linear_conv_args *a;
	uint32_t array, accs;
	enum ash_type type;
	uint32_t bytes, mem_bytes; /* of an element, here and in memory */
	uint32_t terms; /* 3: split */
	struct conv_board board;
	uint32_t cols; /* of a group */
	uint32_t m_first, m_end, n_first, n_end; /* this tile's part */
	/* Weights. */
	bool resident;
	uint32_t set; /* columns of a set, at most */
	/*
	 * A step is a piece of weights. Its elements follow each other along k
	 * in a row of weights: the channels of a tap, or of all kx if these are
	 * whole lines. The latter are one product, if they follow each other in
	 * the patch, too; else a product for each kx.
	 */
	uint32_t k_run,
		kx_steps; /* elements of a (ky, kx) or ky; steps of it */
	uint32_t chunk; /* elements of a step, at most */
	uint32_t products, product_k; /* of a step; elements of one, 0: all */
	bool k_major;
	uint32_t b_offset, b_pitch, b_term, slot_bytes, slots;
	struct conv_weights weights;
	uint32_t loaded, released, load_slot, release_slot;
	ash_token b_arrived[CONV_SLOTS_MAX], b_free[CONV_SLOTS_MAX];
	/* Patches. */
	uint32_t buffers; /* patches at a time */
	struct conv_patch patch;
	uint32_t bands_done;
	ash_token patch_free[2];
	ash_token a_arrived[2][CONV_CHUNKS_MAX];
	uint32_t a_chunk[2]; /* rows of a chunk */
	/* Splitting: two stages in turn. */
	struct conv_split split;
	uint32_t stage_offset, stage;
	ash_token stage_free[2];
	/* Computation. */
	struct conv_band band;
	struct conv_product product[CONV_PRODUCTS_MAX];
	uint32_t product_count;
	uint32_t products_epoch; /* they are those of this epoch */
	uint32_t acc; /* next accumulator */
	ash_token acc_free; /* vector token of the column before c->computed */
	uint64_t y_first, residual_first; /* of the band's strip */
	ash_token matmuls;
	uint32_t b_count, b_slot; /* first piece of the set or of the group */
	bool there; /* all pieces of the set have been used before */
	/* Results. */
	struct gemm_epilogue out;
	uint32_t group_most; /* blocks of a group */
	uint32_t out_bytes, residual_bytes; /* of elements */
	uint32_t y_step[2], residual_step[2]; /* bytes: row, pixel of a phase */
	uint32_t out_offset, out_stage; /* two stages of out_stage bytes */
	uint32_t residual_offset, residual_stage;
	uint32_t vec_offset, vec;
	uint32_t vec_col; /* column whose rows are in vec */
	struct conv_column column[CONV_COLUMNS];
	uint32_t columns; /* begun */
	struct conv_column *computed, *drained; /* or NULL */
	ash_token stored[2]; /* store token of a stage */
	ash_token residual_free[2]; /* vector token of a stage */
};

static inline uint32_t conv_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- Steps ------------------------------------------------------------------ */

/* Steps of a column of the band's phase. */
static inline uint32_t conv_steps(const struct conv *c,
				  const struct conv_band *b)
{
	if (b->zero)
		return 1;
	if (c->a->fold)
		return b->cut.y.taps;
	return b->cut.y.taps * (c->kx_steps == 1 ? 1 : b->cut.x.taps) *
	       conv_div_up(c->k_run, c->chunk);
}

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
	/* The same for all sets of columns, if there is only one phase. */
	if (b->epoch && !(c->a->flags & LINEAR_BACKWARD))
		return;
	/* The host has seen that it fits. */
	ASH_ASSERT(conv_cut(&b->cut, c->a, &c->board, b->phase[0], b->phase[1],
			    c->mem_bytes, c->terms));
	b->zero = !b->cut.y.taps || !b->cut.x.taps || !c->a->channels;
}

/* The strip's part that is the tile's; false if there is none. */
static bool conv_band_strip(const struct conv *c, struct conv_band *b)
{
	uint32_t last;

	if (!b->cut.y.out || !b->cut.x.out) {
		b->strip_blocks = 0;
		return false;
	}
	b->strip_x = b->strip * b->cut.width;
	b->width = conv_min(b->cut.width, b->cut.x.out - b->strip_x);
	b->numbers = conv_numbers(&b->cut, b->width);
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
	uint32_t pitch = b->cut.pitch;
	uint32_t most;

	b->y = b->block * c->array / pitch;
	most = (b->y + b->cut.rows) * pitch;
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
		if (++b->strip < b->cut.strips)
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

/* The first band; cut and zero are those of the first phase. */
static void conv_band_begin(const struct conv *c, struct conv_band *b)
{
	b->end = false;
	b->number = 0;
	b->epoch = 0;
	b->n = c->n_first;
	b->index = 0;
	b->phase[0] = 0;
	b->phase[1] = 0;
	b->image = 0;
	b->strip = 0;
	conv_band_set(c, b);
	conv_band_find(c, b);
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

/* Groups of a band's blocks, and blocks of each but the last. */
static inline uint32_t conv_group_size(const struct conv *c,
				       const struct conv_band *b)
{
	return conv_div_up(b->blocks, conv_div_up(b->blocks, c->group_most));
}

#endif
