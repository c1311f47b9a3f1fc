/* SPDX-License-Identifier: MIT */
/* Random programs for the kernel. */
#ifndef PARITY_GENERATE_KERNEL_H
#define PARITY_GENERATE_KERNEL_H

#include "parity.h"

/* What a program may reach, as device virtual addresses. */
struct ground {
	uint64_t from, from_bytes; /* readable */
	uint64_t to, to_bytes; /* writable, and read by nobody else */
	uint64_t strange; /* pages of all kinds */
	uint64_t strange_bytes;
	uint64_t
		far[4]; /* large pages, far up; whether they are there or not */
};

/* Operations one after the other; a fault may end it. */
void program_random(struct gen *g, const struct ground *gr);
/*
 * Operations of all units on the same bytes, each after all before it by the
 * AFTER registers; none faults.
 */
void program_after(struct gen *g, const struct ground *gr);
/* Operations of all units at the same time, none of which faults. */
void program_overlap(struct gen *g, const struct ground *gr);
/*
 * Loads and stores of a few bytes, one after the other, at these addresses;
 * 6 operations each.
 */
void program_touch(struct gen *g, const uint64_t *va, uint32_t n);
/* Does not end by itself; all it started is done. */
void program_hang(struct gen *g, const struct ground *gr);
/*
 * One of many operations fails while others are under way, or runs when the
 * kernel exits. What those did is open.
 */
void program_broken(struct gen *g, const struct ground *gr);
/* Stores all that the tile holds, dump bytes at most. */
void program_dump(struct gen *g, uint64_t dump);

#endif
