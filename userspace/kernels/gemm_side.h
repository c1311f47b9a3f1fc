/* SPDX-License-Identifier: MIT */
/*
 * One operand of a GEMM: how its blocks lie in memory, and the ring of
 * scratchpad slots through which they pass.
 *
 * A block is what one matrix macro-operation reads: N rows of A (columns of
 * B), one chunk of k. Blocks are loaded in the order in which they are first
 * used; the n-th goes to slot n % slots. Three counts say where the ring is:
 * loaded >= taken >= released. A slot may be loaded again when its block was
 * released and its user, mostly the matrix unit, has passed the token of the
 * release.
 */
#ifndef GEMM_SIDE_H
#define GEMM_SIDE_H

#include <ashlar/kernel.h>

#include "gemm_epilogue.h" /* GEMM_FULL */

#define GEMM_SLOTS_MAX 32u

/*
 * An operand whose k runs over the pixels of images, rows (y) before columns:
 * what the gradient of a convolution's weights sums over. Pixels outside of
 * an image are zeros.
 */
struct gemm_image {
	int32_t start[2]; /* y and x of pixel (0, 0) */
	uint32_t step[2]; /* of y and x from pixel to pixel */
	uint32_t limit[2]; /* height and width of the image */
	uint32_t stride[2]; /* bytes, of y and x */
	int64_t image_stride;
};

/* The pixels of a chunk of k. */
struct gemm_pixels {
	uint32_t image, y, x; /* the first one */
	uint32_t rows, cols;
};

struct gemm_side {
	/* In global memory; strides in bytes. */
	uint64_t base; /* first element of this tile's part */
	uint32_t stride; /* from stored row to stored row */
	uint32_t row_step; /* from row of A or column of B to the next */
	uint32_t k_step; /* from k to k */
	uint32_t extent; /* rows of A or columns of B in this tile's part */
	uint32_t array; /* N */
	uint32_t bytes; /* of an element */
	enum ash_form form;
	/* In the scratchpad. */
	uint32_t offset; /* of slot 0 */
	uint32_t slot_bytes;
	uint32_t slots;
	uint32_t pitch; /* for the matrix unit */
	/* The ring. */
	uint32_t loaded, released;
	uint32_t load_slot, release_slot; /* of the next load, release */
	ash_token arrived[GEMM_SLOTS_MAX]; /* token of what filled a slot */
	ash_token free[GEMM_SLOTS_MAX]; /* user's token of its last release */
	enum ash_unit user; /* who reads the slots */
	/* Only with GEMM_FULL. */
	const struct gemm_image *image; /* k counts its pixels; or NULL */
	uint32_t term_bytes; /* split: from term to term in a slot; else 0 */
	uint32_t ready; /* blocks that were split */
};

/* Who reads the slots; a constant where it can be. */
static inline enum ash_unit gemm_user(const struct gemm_side *s)
{
	return GEMM_FULL ? s->user : ASH_MATRIX;
}

/* Scratchpad bytes of a block with k elements along k. */
static inline uint32_t gemm_block_bytes(enum ash_form form, uint32_t array,
					uint32_t bytes, uint32_t k)
{
	uint32_t line = 4 * array;

	if (form == ASH_ROWS)
		return array * ((k * bytes + line - 1) & ~(line - 1));
	return (k * array * bytes + line - 1) & ~(line - 1);
}

/* Whether the next load has a slot whose block is no longer wanted. */
static inline bool gemm_side_room(const struct gemm_side *s)
{
	return s->loaded - s->released < s->slots;
}

/*
 * Load block, count elements along k from k on, to offset, which is free.
 * split: the offset is not a slot; rows are twice as far from each other.
 */
static inline void gemm_side_fetch(const struct gemm_side *s, uint32_t block,
				   uint32_t k, uint32_t count, uint32_t offset,
				   bool split)
{
	uint32_t row = block * s->array;
	uint32_t rows = s->extent - row;
	uint64_t from = s->base + (uint64_t)row * s->row_step;

	if (rows > s->array)
		rows = s->array;
	if (k)
		from += (uint64_t)k * s->k_step;
	/*
	 * Only what exists is loaded. Rows and columns beyond the matrix take
	 * whatever the slot held: they end in results that are not stored.
	 */
	if (s->form == ASH_ROWS)
		ash_dma_shape(ASH_LOAD, count * s->bytes, rows,
			      (int32_t)(s->pitch << split), (int32_t)s->stride);
	else
		ash_dma_shape(ASH_LOAD, rows * s->bytes, count,
			      (int32_t)(s->array * s->bytes),
			      (int32_t)s->stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GADDR_LO, (uint32_t)from);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GADDR_HI, (uint32_t)(from >> 32));
	ash_write(ASH_LOAD + ASHLAR_LOAD_LADDR, offset);
}

/* Offset of the slot of the next load; there is room. */
static inline uint32_t gemm_side_slot(const struct gemm_side *s)
{
	return s->offset + s->load_slot * s->slot_bytes;
}

/*
 * Wait until the slot of the next load may be written; costs nothing when the
 * caller has seen that it may.
 */
static inline void gemm_side_clear(const struct gemm_side *s)
{
	if (s->loaded >= s->slots)
		ash_wait(gemm_user(s), s->free[s->load_slot]);
}

/* The slot of the next load is filled when the token is done. */
static inline void gemm_side_loaded(struct gemm_side *s, ash_token token)
{
	s->arrived[s->load_slot] = token;
	s->loaded++;
	s->load_slot = s->load_slot + 1 == s->slots ? 0 : s->load_slot + 1;
}

/*
 * Load a block of an image's pixels to offset: a line of array elements for
 * each pixel. There are rows elements.
 */
static inline void gemm_load_image(const struct gemm_side *s, uint32_t block,
				   const struct gemm_pixels *p, uint32_t offset,
				   uint32_t rows)
{
	const struct gemm_image *m = s->image;
	uint32_t line = s->array * s->bytes;
	struct ash_dma d =
		ASH_DMA_INIT(s->base + (uint64_t)(p->image * m->image_stride) +
				     (uint64_t)(block * s->array) * s->bytes,
			     offset, rows * s->bytes);

	d.dim[0] = (struct ash_dma_dim){
		.count = p->cols,
		.global_stride = (int32_t)m->stride[1],
		.local_stride = (int32_t)line,
		.start = m->start[1] + (int32_t)(p->x * m->step[1]),
		.step = (int32_t)m->step[1],
		.limit = m->limit[1],
	};
	d.dim[1] = (struct ash_dma_dim){
		.count = p->rows,
		.global_stride = (int32_t)m->stride[0],
		.local_stride = (int32_t)(p->cols * line),
		.start = m->start[0] + (int32_t)(p->y * m->step[0]),
		.step = (int32_t)m->step[0],
		.limit = m->limit[0],
	};
	(void)ash_dma_nd(ASH_LOAD, &d);
}

/* Whether the slot of the next load is not read any more. */
static inline bool gemm_side_left(const struct gemm_side *s)
{
	return s->loaded < s->slots ||
	       ash_done(gemm_user(s), s->free[s->load_slot]);
}

/* The oldest block is not used after the user's token. */
static inline void gemm_side_release(struct gemm_side *s, ash_token token)
{
	uint32_t slot = s->release_slot;

	s->free[slot] = token;
	s->released++;
	s->release_slot = slot + 1 == s->slots ? 0 : slot + 1;
}

#endif
