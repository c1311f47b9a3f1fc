/* SPDX-License-Identifier: MIT */
/*
 * One operand of a GEMM: how its blocks lie in memory, and the ring of
 * scratchpad slots through which they pass.
 *
 * A block is what one matrix macro-operation reads: N rows of A (columns of
 * B), one chunk of k. Blocks are loaded in the order in which they are first
 * used; the n-th goes to slot n % slots. Three counts say where the ring is:
 * loaded >= taken >= released. A slot may be loaded again when its block was
 * released and the matrix unit has passed the token of the release.
 */
#ifndef GEMM_SIDE_H
#define GEMM_SIDE_H

#include <ashlar/kernel.h>

#define GEMM_SLOTS_MAX 32u

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
	ash_token arrived[GEMM_SLOTS_MAX]; /* load token of a slot's block */
	ash_token free[GEMM_SLOTS_MAX]; /* matrix token of its last release */
};

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
 * Load block, count elements along k from k on, to the next slot. There is
 * room; wait until the matrix unit has left the slot, which costs nothing when
 * the caller has seen that it has.
 */
static inline void gemm_side_load(struct gemm_side *s, uint32_t block,
				  uint32_t k, uint32_t count)
{
	uint32_t slot = s->load_slot;
	uint32_t row = block * s->array;
	uint32_t rows = s->extent - row;
	uint64_t from = s->base + (uint64_t)row * s->row_step;

	if (rows > s->array)
		rows = s->array;
	if (k)
		from += (uint64_t)k * s->k_step;
	if (s->loaded >= s->slots)
		ash_wait(ASH_MATRIX, s->free[slot]);
	/*
	 * Only what exists is loaded. Rows and columns beyond the matrix take
	 * whatever the slot held: they end in results that are not stored.
	 */
	if (s->form == ASH_ROWS)
		ash_dma_shape(ASH_LOAD, count * s->bytes, rows,
			      (int32_t)s->pitch, (int32_t)s->stride);
	else
		ash_dma_shape(ASH_LOAD, rows * s->bytes, count,
			      (int32_t)(s->array * s->bytes),
			      (int32_t)s->stride);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GADDR_LO, (uint32_t)from);
	ash_write(ASH_LOAD + ASHLAR_LOAD_GADDR_HI, (uint32_t)(from >> 32));
	ash_write(ASH_LOAD + ASHLAR_LOAD_LADDR,
		  s->offset + slot * s->slot_bytes);
	s->arrived[slot] = ash_go(ASH_LOAD);
	s->loaded++;
	s->load_slot = slot + 1 == s->slots ? 0 : slot + 1;
}

/* Whether the matrix unit has left the slot of the next load. */
static inline bool gemm_side_left(const struct gemm_side *s)
{
	return s->loaded < s->slots ||
	       ash_done(ASH_MATRIX, s->free[s->load_slot]);
}

/* The oldest block is not used after the matrix token. */
static inline void gemm_side_release(struct gemm_side *s, ash_token token)
{
	uint32_t slot = s->release_slot;

	s->free[slot] = token;
	s->released++;
	s->release_slot = slot + 1 == s->slots ? 0 : slot + 1;
}

#endif
