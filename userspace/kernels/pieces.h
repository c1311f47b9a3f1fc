/* SPDX-License-Identifier: MIT */
/*
 * Long ranges in pieces: what the kernels without reuse (copy, fill,
 * elementwise) share. Piece p of a job belongs to tile p % count, and passes
 * through slot p' % slots of the scratchpad, p' counting the tile's own
 * pieces.
 */
#ifndef PIECES_H
#define PIECES_H

#include <ashlar/kernel.h>

#define PIECES_SLOTS 4u

struct pieces {
	uint64_t left; /* units (bytes, elements) from `at` to the end */
	uint64_t at; /* first unit of this tile's next piece */
	uint64_t hop; /* from one piece of this tile to the next */
	uint32_t size; /* units of a piece, but for the last */
};

static inline struct pieces pieces_begin(uint64_t total, uint32_t size)
{
	uint64_t first = (uint64_t)ash_index() * size;

	return (struct pieces){
		.left = total > first ? total - first : 0,
		.at = first,
		.hop = (uint64_t)ash_count() * size,
		.size = size,
	};
}

/* Units of the piece at p->at; 0 when this tile has no more. */
static inline uint32_t pieces_now(const struct pieces *p)
{
	return p->left < p->size ? (uint32_t)p->left : p->size;
}

static inline void pieces_on(struct pieces *p)
{
	p->left = p->left > p->hop ? p->left - p->hop : 0;
	p->at += p->hop;
}

#endif
