/* SPDX-License-Identifier: MIT */
/*
 * One operand of a GEMM: how its blocks lie in memory and in the scratchpad.
 *
 * A block is what one product of the matrix unit reads: N rows of A (columns of
 * B), one chunk of k. A slot of A's ring holds the blocks of a group, one after
 * the other, a slot of B's ring one block.
 */
#ifndef GEMM_SIDE_H
#define GEMM_SIDE_H

#include <ashlar/kernel.h>

#include "gemm_epilogue.h" /* GEMM_FULL */
#include "gemm_ring.h"

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
	/* The next block to be loaded, of those of a sweep. */
	uint64_t from; /* its first element */
	uint32_t left; /* rows or columns from it on */
	uint32_t k; /* elements along k */
	/* In the scratchpad. */
	uint32_t pitch; /* for the matrix unit */
	uint32_t block_bytes; /* from block to block in a slot */
	struct gemm_ring ring;
	/* Only with GEMM_FULL. */
	const struct gemm_image *image; /* k counts its pixels; or NULL */
	uint32_t term_bytes; /* split: from term to term in a block; else 0 */
};

/* Start what ash_dma_shape() said; who counts tokens need not read them. */
static inline void gemm_dma(enum ash_unit unit, uint32_t offset,
			    uint64_t global)
{
	ash_write(unit + ASHLAR_LOAD_GADDR_LO, (uint32_t)global);
	ash_write(unit + ASHLAR_LOAD_GADDR_HI, (uint32_t)(global >> 32));
	ash_write(unit + ASHLAR_LOAD_LADDR, offset);
	ash_start(unit);
}

/* Describe an operand whose M (or N) blocks begin at `first`. */
static inline void gemm_side_init(struct gemm_side *s, uint64_t base,
				  uint32_t stride, bool k_rows, uint32_t array,
				  uint32_t bytes, uint32_t first,
				  uint32_t extent)
{
	s->array = array;
	s->bytes = bytes;
	s->stride = stride;
	s->form = k_rows ? ASH_ROWS : ASH_KMAJOR;
	s->row_step = k_rows ? s->stride : bytes;
	s->k_step = k_rows ? bytes : s->stride;
	s->base = base + (uint64_t)(first * array) * s->row_step;
	s->extent = extent - first * array;
	s->image = NULL;
	gemm_ring_init(&s->ring);
}

/*
 * Pitch and size of blocks of k elements. terms: in how many parts of 2 bytes
 * an element is kept (3), or 1 for as it is.
 */
static inline void gemm_side_blocks(struct gemm_side *s, uint32_t k,
				    uint32_t terms)
{
	uint32_t line = 4 * s->array;
	uint32_t row = k * (terms > 1 ? 2 : s->bytes);
	uint32_t bytes;

	if (s->form == ASH_ROWS) {
		s->pitch = (row + line - 1) & ~(line - 1);
		bytes = s->array * s->pitch;
	} else {
		s->pitch = line;
		bytes = (s->array * row + line - 1) & ~(line - 1);
	}
	s->term_bytes = terms > 1 ? bytes : 0;
	s->block_bytes = bytes * terms;
}

/* The next block is number `block`, of count elements of k from k on. */
static inline void gemm_side_at(struct gemm_side *s, uint32_t block, uint32_t k,
				uint32_t count)
{
	uint32_t row = block * s->array;

	s->from = s->base + (uint64_t)row * s->row_step;
	if (k)
		s->from += (uint64_t)k * s->k_step;
	s->left = s->extent - row;
	s->k = count;
}

/*
 * Start to load the next rows (or columns), up to `array` of them, or in row
 * form any number, to offset. split: to a stage, where rows are twice as far
 * from each other. Only what exists is loaded: rows and columns beyond the
 * matrix take whatever the slot held, and end in results that are not stored.
 */
static inline void gemm_side_load(struct gemm_side *s, uint32_t rows,
				  uint32_t offset, bool split)
{
	uint64_t from = s->from;

	s->from = from + (uint64_t)rows * s->row_step;
	if (rows > s->left)
		rows = s->left;
	s->left -= rows;
	if (s->form == ASH_ROWS)
		ash_dma_shape(ASH_LOAD, s->k * s->bytes, rows,
			      (int32_t)(s->pitch << split), (int32_t)s->stride);
	else
		ash_dma_shape(ASH_LOAD, rows * s->bytes, s->k,
			      (int32_t)(s->array * s->bytes),
			      (int32_t)s->stride);
	gemm_dma(ASH_LOAD, offset, from);
}

/* The same for so many blocks, which lie one behind the other. */
static inline void gemm_side_load_group(struct gemm_side *s, uint32_t blocks,
					uint32_t offset)
{
	uint32_t line = s->array * s->bytes;
	uint32_t whole;

	if (s->form == ASH_ROWS) {
		gemm_side_load(s, blocks * s->array, offset, false);
		return;
	}
	whole = blocks * s->array > s->left ? blocks - 1 : blocks;
	if (whole) {
		ash_dma_shape(ASH_LOAD, line, s->k, (int32_t)line,
			      (int32_t)s->stride);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, whole);
		ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE2, s->block_bytes);
		ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE2, line);
		gemm_dma(ASH_LOAD, offset, s->from);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, 1);
		s->from += whole * line;
		s->left -= whole * s->array;
	}
	if (whole < blocks)
		gemm_side_load(s, s->array, offset + whole * s->block_bytes,
			       false);
}

/*
 * Start to load the next block, of an image's pixels, to offset: a line of array
 * elements for each pixel.
 */
static inline void gemm_side_load_pixels(struct gemm_side *s,
					 const struct gemm_pixels *p,
					 uint32_t offset)
{
	const struct gemm_image *m = s->image;
	uint32_t line = s->array * s->bytes;
	uint32_t columns = s->left < s->array ? s->left : s->array;
	struct ash_dma d =
		ASH_DMA_INIT(s->from + (uint64_t)(p->image * m->image_stride),
			     offset, columns * s->bytes);

	s->from += line;
	s->left -= columns;
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

#endif
