/* SPDX-License-Identifier: MIT */
/*
 * How a GEMM is cut: over tiles, along k, and into the scratchpad.
 *
 * In units of blocks (N rows or N columns). The tile's part is walked in
 * panels of columns; in a panel, group after group of rows; in a group, chunk
 * after chunk of k; in a chunk, column after column.
 *
 * A group times a column is one operation of the matrix unit, whose results are
 * as many accumulators as the group has blocks: a set. Columns take the sets in
 * turn, two or more, so that one is computed while another is drained.
 *
 * Resident plan (chunks == 1): blocks hold all of k. A panel's B blocks stay
 * for all groups; A blocks are loaded once, when all fit, or once a panel.
 *
 * Chunked plan: k is too long. A panel has as many columns as there are sets,
 * and sums stay in them while chunks of A and B pass through the scratchpad
 * once for each group.
 */
#ifndef GEMM_PLAN_H
#define GEMM_PLAN_H

#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "gemm_side.h"

/* Blocks of A that must fit for a resident plan: two groups of some size. */
#define GEMM_RESIDENT_I8 2u
#define GEMM_RESIDENT_16 4u
/* Groups and panels that fit in a chunked plan. */
#define GEMM_CHUNKED_A 3u
#define GEMM_CHUNKED_B 2u
/* Columns of a panel when all of A stays: few, so that A is soon wanted. */
#define GEMM_PANEL_A_STAYS 8u

#define GEMM_SETS_MAX 8u

struct gemm_plan {
	uint32_t m_blocks, n_blocks; /* of this tile's part */
	uint32_t m_first, n_first; /* its first block */
	uint32_t group; /* A blocks of a group */
	uint32_t sets; /* of accumulators, one for each of a group's blocks */
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
 * take other batches. Sets p->batches and p->batch_first, too. load: how many
 * products of two blocks take as long as the load of one.
 */
static inline void gemm_split_batches(struct gemm_plan *p, uint32_t batches,
				      uint32_t m_blocks, uint32_t n_blocks,
				      uint32_t load)
{
	uint32_t count = ash_count();
	uint32_t index = ash_index();
	uint32_t parts, best = 1;
	uint64_t least = UINT64_MAX;

	/* More parts are better among equals: they load less. */
	for (parts = 1; parts <= count; parts++) {
		uint32_t share = count / parts;
		uint64_t time, loads;

		if (parts * share != count || parts > batches)
			continue;
		/* Of the first tile, whose part is the largest. */
		time = gemm_split(p, m_blocks, n_blocks, share, 0);
		loads = (uint64_t)load * (p->m_blocks + p->n_blocks);
		if (time < loads)
			time = loads;
		time *= gemm_div_up(batches, parts);
		if (time <= least) {
			least = time;
			best = parts;
		}
	}
	gemm_split(p, m_blocks, n_blocks, count / best, index / best);
	p->batches = gemm_part(batches, index % best, best, &p->batch_first);
}

/*
 * Slots of a side's ring, of so many blocks each: as many as are wanted, or as
 * there is room for.
 */
static inline void gemm_slots(struct gemm_side *s, uint32_t room,
			      uint32_t blocks, uint32_t wanted)
{
	struct gemm_ring *r = &s->ring;

	r->slot_bytes = blocks * s->block_bytes;
	r->slots = gemm_min(wanted, GEMM_SLOTS_MAX);
	/* A division takes long. */
	if (r->slots * r->slot_bytes > room)
		r->slots = room / r->slot_bytes;
}

/*
 * Chunks of k so that groups and panels of them fit several times; about as
 * long as each other, of whole lines, so that both forms have the same size.
 */
static inline void gemm_cut_k(struct gemm_plan *p, const struct gemm_side *a,
			      uint32_t a_room, uint32_t b_room, uint32_t k)
{
	uint32_t line = 4 * a->array;
	uint32_t most = gemm_min(a_room / (GEMM_CHUNKED_A * p->group),
				 b_room / (GEMM_CHUNKED_B * p->sets)) /
			a->array;

	p->chunk = (most & ~(line - 1)) / a->bytes;
	p->chunks = gemm_div_up(k, p->chunk);
	p->chunk = gemm_div_up(k, p->chunks);
	p->chunk = ((p->chunk * a->bytes + line - 1) & ~(line - 1)) / a->bytes;
	p->chunks = gemm_div_up(k, p->chunk);
}

/*
 * Choose resident or chunked, and the sizes. a_room, b_room: scratchpad bytes
 * for the two rings. terms as for gemm_side_blocks(). chunk: elements of k in a
 * chunk when that is given, and chunks, else 0. Makes the sides' blocks and
 * rings.
 */
static inline void gemm_cut(struct gemm_plan *p, struct gemm_side *a,
			    struct gemm_side *b, uint32_t a_room,
			    uint32_t b_room, uint32_t k, uint32_t terms,
			    uint32_t chunk, uint32_t chunks)
{
	uint32_t accs = ash_accs();
	uint32_t least = a->bytes == 1 ? GEMM_RESIDENT_I8 : GEMM_RESIDENT_16;
	/* k beyond this is chunked; keeps products below 2^32. */
	uint32_t longest = 65535;
	uint32_t groups = 1, panels, most;

	p->group = p->m_blocks;
	if (p->group > accs / 2) {
		groups = gemm_div_up(p->m_blocks, accs / 2);
		p->group = gemm_div_up(p->m_blocks, groups);
		groups = gemm_div_up(p->m_blocks, p->group);
	}
	p->sets = gemm_min(accs / p->group, GEMM_SETS_MAX);
	p->chunk = gemm_min(chunk ? chunk : k, longest);
	p->chunks = chunk ? chunks : 1;
	gemm_side_blocks(a, p->chunk, terms);
	gemm_side_blocks(b, p->chunk, terms);
	if (!chunk &&
	    (k > longest || 2 * b->block_bytes > b_room ||
	     gemm_min(least, p->m_blocks) * a->block_bytes > a_room)) {
		gemm_cut_k(p, a, a_room, b_room, k);
		gemm_side_blocks(a, p->chunk, terms);
		gemm_side_blocks(b, p->chunk, terms);
	}

	most = p->batches > 1 || p->chunks > 1 ? GEMM_SLOTS_MAX : p->n_blocks;
	gemm_slots(b, b_room, 1, most);
	/* All of A, or two groups at least. */
	most = p->batches > 1 || p->chunks > 1 ? GEMM_SLOTS_MAX : groups;
	gemm_slots(a, a_room, p->group, most);
	p->a_stays = p->chunks == 1 && groups <= a->ring.slots;
	if (!p->a_stays && a->ring.slots < 2) {
		most = a_room / a->block_bytes;
		p->group = most > 1 ? most / 2 : 1;
		p->sets = gemm_min(accs / p->group, GEMM_SETS_MAX);
		gemm_slots(a, a_room, p->group, GEMM_SLOTS_MAX);
	}
	if (p->chunks > 1) {
		p->panel = gemm_min(p->sets, p->n_blocks);
		return;
	}
	/*
	 * A panel leaves a slot free, so that the next one can begin. When all
	 * groups stay, many small panels cost no more loads.
	 */
	most = b->ring.slots < p->n_blocks ? b->ring.slots - 1 : p->n_blocks;
	if (p->a_stays && groups > 1)
		most = gemm_min(most, GEMM_PANEL_A_STAYS);
	p->panel = p->n_blocks;
	if (p->panel > most) {
		panels = gemm_div_up(p->n_blocks, most);
		p->panel = gemm_div_up(p->n_blocks, panels);
	}
}

#endif
