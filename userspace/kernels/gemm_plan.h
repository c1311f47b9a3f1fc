/* SPDX-License-Identifier: MIT */
/*
 * How a GEMM is cut: over tiles, along k, and into the scratchpad.
 *
 * In units of blocks (N rows or N columns). The tile's part is walked in
 * panels of columns; in a panel, group after group of rows; in a group, chunk
 * after chunk of k; in a chunk, column after column.
 *
 * Resident plan (chunks == 1): blocks hold all of k. A panel's B blocks stay
 * for all groups; A blocks are loaded once, when all fit, or once a panel. Each
 * column uses the half of the accumulators that the one before does not.
 *
 * Chunked plan: k is too long. A group times a panel is as many tiles as there
 * are accumulators, and they stay in them while chunks of A and B pass through
 * the scratchpad once for each group.
 */
#ifndef GEMM_PLAN_H
#define GEMM_PLAN_H

#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "gemm_side.h"

/* Least slots for a resident plan, A's share of them above all. */
#define GEMM_RESIDENT_I8 2u
#define GEMM_RESIDENT_16 4u
/* Slots that the chunks of a chunked plan are made for. */
#define GEMM_CHUNKED_A 12u
#define GEMM_CHUNKED_B 8u

struct gemm_plan {
	uint32_t m_blocks, n_blocks; /* of this tile's part */
	uint32_t m_first, n_first; /* its first block */
	uint32_t group; /* A blocks of a group */
	uint32_t panel; /* B blocks of a panel */
	uint32_t chunk; /* elements of k in a chunk, but for the last one */
	uint32_t chunks;
	bool a_stays; /* all A blocks have slots of their own */
	uint32_t batches, batch_first; /* of this tile's part */
};

static inline uint32_t gemm_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t gemm_div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* Blocks of `array` (a power of two) elements: total / array, rounded up. */
static inline uint32_t gemm_blocks(uint32_t total, uint32_t array)
{
	uint32_t blocks = total + array - 1;

	/* Quicker than a division. */
	for (; array > 1; array >>= 1)
		blocks >>= 1;
	return blocks;
}

/* Part `index` of `count` near-equal parts of total: first and size. */
static inline uint32_t gemm_part(uint32_t total, uint32_t index, uint32_t count,
				 uint32_t *first)
{
	uint32_t each = total / count;
	uint32_t more = total - each * count;

	*first = index * each + gemm_min(index, more);
	return each + (index < more);
}

/*
 * Split the blocks over count tiles as rows x columns of parts so that the
 * largest part is as small as can be; among equals, the squarest, which loads
 * least. Sets the part of tile index; returns the tiles of the largest part.
 */
static inline uint64_t gemm_split(struct gemm_plan *p, uint32_t m_blocks,
				  uint32_t n_blocks, uint32_t count,
				  uint32_t index)
{
	uint32_t rows, best_rows = 1, best_m = 0, best_n = 0;

	if (count == 1) {
		p->m_blocks = m_blocks;
		p->n_blocks = n_blocks;
		p->m_first = 0;
		p->n_first = 0;
		return (uint64_t)m_blocks * n_blocks;
	}
	for (rows = 1; rows <= count; rows++) {
		uint32_t cols = count / rows;
		uint32_t m, n;

		if (rows * cols != count)
			continue;
		m = gemm_div_up(m_blocks, rows);
		n = gemm_div_up(n_blocks, cols);
		if (best_m == 0 ||
		    (uint64_t)m * n < (uint64_t)best_m * best_n ||
		    ((uint64_t)m * n == (uint64_t)best_m * best_n &&
		     m + n < best_m + best_n)) {
			best_m = m;
			best_n = n;
			best_rows = rows;
		}
	}
	p->m_blocks =
		gemm_part(m_blocks, index % best_rows, best_rows, &p->m_first);
	p->n_blocks = gemm_part(n_blocks, index / best_rows, count / best_rows,
				&p->n_first);
	return (uint64_t)best_m * best_n;
}

/*
 * The same with batches of such products: some tiles share a batch, the others
 * take other batches. Sets p->batches and p->batch_first, too.
 */
static inline void gemm_split_batches(struct gemm_plan *p, uint32_t batches,
				      uint32_t m_blocks, uint32_t n_blocks)
{
	uint32_t count = ash_count();
	uint32_t index = ash_index();
	uint32_t parts, best = 1;
	uint64_t least = UINT64_MAX;

	/* More parts are better among equals: they load less. */
	for (parts = 1; parts <= count; parts++) {
		uint32_t share = count / parts;
		uint64_t tiles;

		if (parts * share != count || parts > batches)
			continue;
		tiles = gemm_div_up(batches, parts) *
			gemm_split(p, m_blocks, n_blocks, share, 0);
		if (tiles <= least) {
			least = tiles;
			best = parts;
		}
	}
	gemm_split(p, m_blocks, n_blocks, count / best, index / best);
	p->batches = gemm_part(batches, index % best, best, &p->batch_first);
}

/*
 * Set a side's pitch, slots and their size for blocks of k elements. terms: in
 * how many parts of 2 bytes an element is kept (3), or 1 for as it is.
 */
static inline void gemm_slots(struct gemm_side *s, uint32_t room, uint32_t k,
			      uint32_t terms)
{
	uint32_t bytes = terms > 1 ? 2 : s->bytes;
	uint32_t block = gemm_block_bytes(s->form, s->array, bytes, k);

	s->pitch = s->form == ASH_ROWS ? block / s->array : 4 * s->array;
	s->term_bytes = terms > 1 ? block : 0;
	s->slot_bytes = block * terms;
	s->slots = gemm_min(room / s->slot_bytes, GEMM_SLOTS_MAX);
}

/*
 * Choose resident or chunked, and the sizes. a_room, b_room: scratchpad bytes
 * for the two rings. terms as for gemm_slots(). chunk: elements of k in a
 * chunk when that is given, and chunks, else 0. Sets the sides' pitch,
 * slot_bytes and slots.
 */
static inline void gemm_cut(struct gemm_plan *p, struct gemm_side *a,
			    struct gemm_side *b, uint32_t a_room,
			    uint32_t b_room, uint32_t k, uint32_t terms,
			    uint32_t chunk, uint32_t chunks)
{
	uint32_t line = 4 * a->array;
	uint32_t half = ash_accs() / 2;
	uint32_t least = a->bytes == 1 ? GEMM_RESIDENT_I8 : GEMM_RESIDENT_16;
	/* k beyond this is chunked; keeps products below 2^32. */
	uint32_t longest = 65535;

	p->chunk = chunk ? chunk : k;
	p->chunks = chunk ? chunks : 1;
	if (p->chunk <= longest) {
		gemm_slots(a, a_room, p->chunk, terms);
		gemm_slots(b, b_room, p->chunk, terms);
	}
	if (!chunk && (k > longest || a->slots < least || b->slots < 2)) {
		uint32_t most = gemm_min(a_room / GEMM_CHUNKED_A,
					 b_room / GEMM_CHUNKED_B) /
				a->array;

		/* Whole lines, so that both forms have the same size. */
		p->chunk = (most & ~(line - 1)) / a->bytes;
		p->chunks = gemm_div_up(k, p->chunk);
		gemm_slots(a, a_room, p->chunk, terms);
		gemm_slots(b, b_room, p->chunk, terms);
	}

	if (p->chunks > 1) {
		p->group = gemm_min(half, p->m_blocks);
		p->panel = gemm_min(2, p->n_blocks);
		p->a_stays = false;
		return;
	}
	p->a_stays = p->m_blocks <= a->slots;
	p->group = gemm_min(half, p->m_blocks);
	/* One slot more than a group, so that the next one can begin. */
	if (!p->a_stays && p->group == a->slots)
		p->group--;
	/*
	 * Half of B's slots for a panel, so that the next one can be loaded
	 * meanwhile. When A stays, many small panels cost no more loads, and
	 * the first one is soon there; else a few B blocks that all fit spare
	 * loading A again.
	 */
	p->panel = p->n_blocks;
	if (p->panel > b->slots || (p->a_stays && p->panel > b->slots / 2)) {
		uint32_t panels = gemm_div_up(p->n_blocks, b->slots / 2);

		p->panel = gemm_div_up(p->n_blocks, panels);
	}
}

#endif
