/* SPDX-License-Identifier: MIT */
/*
 * Pieces through a ring of slots: loads run ahead as far as there are slots,
 * and a piece is stored when the work on the next one has been given out, so
 * that units do not wait for the core. Piece p of a job belongs to tile
 * p % count.
 *
 * load() and store() start DMAs for a piece and return the last token of
 * theirs; compute() starts vector operations. What compute() reads is loaded,
 * and what it writes is free, when it is called.
 */
#ifndef RING_H
#define RING_H

#include <ashlar/kernel.h>

#define RING_SLOTS 4u

typedef ash_token (*ring_move)(const void *args, uint32_t piece, uint32_t slot);
typedef void (*ring_work)(const void *args, uint32_t piece, uint32_t slot);

__attribute__((always_inline)) static inline void
ring_run(const void *args, uint32_t pieces, uint32_t slots, ring_move load,
	 ring_work compute, ring_move store)
{
	ash_token loaded[RING_SLOTS] = { 0 }, stored[RING_SLOTS] = { 0 };
	uint32_t count = ash_count(), next = ash_index(), now = next;
	uint32_t load_slot = 0, slot = 0, used = 0, before_slot = 0;
	ash_token before = 0;
	uint32_t left = next < pieces ? (pieces - next - 1) / count + 1 : 0;
	uint32_t to_load = left;

	for (;;) {
		ash_token made = 0;

		for (; used < slots && to_load; to_load--, used++) {
			loaded[load_slot] = load(args, next, load_slot);
			load_slot = load_slot + 1 == slots ? 0 : load_slot + 1;
			next += count;
		}
		if (left) {
			ash_wait(ASH_LOAD, loaded[slot]);
			ash_wait(ASH_STORE, stored[slot]);
			compute(args, now, slot);
			made = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		}
		if (before) {
			ash_wait(ASH_VECTOR, before);
			stored[before_slot] =
				store(args, now - count, before_slot);
			used--;
		}
		if (!left)
			return;
		before = made;
		before_slot = slot;
		slot = slot + 1 == slots ? 0 : slot + 1;
		now += count;
		left--;
	}
}

#endif
