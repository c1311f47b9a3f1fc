/* SPDX-License-Identifier: MIT */
/*
 * A ring of scratchpad slots. What is loaded goes to the next slot, and is given
 * up in the same order, so two counts say which slots are free: loaded >=
 * released. A slot that was given up may be written again when its user has
 * finished the token of the release: the writer comes after it, the core does
 * not wait.
 */
#ifndef GEMM_RING_H
#define GEMM_RING_H

#include <ashlar/kernel.h>

#define GEMM_SLOTS_MAX 32u

struct gemm_ring {
	uint32_t offset; /* of slot 0 */
	uint32_t slot_bytes, slots;
	uint32_t loaded, released;
	uint32_t load_slot, release_slot; /* of the next load, release */
	ash_token free[GEMM_SLOTS_MAX]; /* user's token of the last release */
};

static inline void gemm_ring_init(struct gemm_ring *r)
{
	r->loaded = 0;
	r->released = 0;
	r->load_slot = 0;
	r->release_slot = 0;
}

/* Whether a slot is free, or will be when its user has come so far. */
static inline bool gemm_ring_room(const struct gemm_ring *r)
{
	return r->loaded - r->released < r->slots;
}

/* The slot that is `further` (at most slots) behind `slot`. */
static inline uint32_t gemm_ring_slot(const struct gemm_ring *r, uint32_t slot,
				      uint32_t further)
{
	slot += further;
	return slot >= r->slots ? slot - r->slots : slot;
}

static inline uint32_t gemm_ring_offset(const struct gemm_ring *r,
					uint32_t slot)
{
	return r->offset + slot * r->slot_bytes;
}

/* Offset of the oldest slot that was not given up. */
static inline uint32_t gemm_ring_oldest(const struct gemm_ring *r)
{
	return gemm_ring_offset(r, r->release_slot);
}

/* The token that the writer of the next slot comes after. */
static inline ash_token gemm_ring_free(const struct gemm_ring *r)
{
	return r->loaded < r->slots ? 0 : r->free[r->load_slot];
}

/* Take the next slot, for which there is room; returns its offset. */
static inline uint32_t gemm_ring_take(struct gemm_ring *r)
{
	uint32_t slot = r->load_slot;

	r->loaded++;
	r->load_slot = gemm_ring_slot(r, slot, 1);
	return gemm_ring_offset(r, slot);
}

/* The oldest slot is not used after its user's token. */
static inline void gemm_ring_release(struct gemm_ring *r, ash_token token)
{
	uint32_t slot = r->release_slot;

	r->free[slot] = token;
	r->released++;
	r->release_slot = gemm_ring_slot(r, slot, 1);
}

#endif
