/* SPDX-License-Identifier: MIT */
/* Arguments of the kernel in kernels/random, for host and kernels. */
#ifndef ARGS_RANDOM_H
#define ARGS_RANDOM_H

#include <assert.h>
#include <stdint.h>

/* Elements that take their words from one run of counters. */
#define RANDOM_BLOCK	4096u
#define RANDOM_COUNTERS (RANDOM_BLOCK / 4)

enum random_work {
	RANDOM_WORK_WORDS,
	RANDOM_WORK_UNIFORM, /* scale, shift */
	RANDOM_WORK_NORMAL, /* scale, shift */
	RANDOM_WORK_DROPOUT, /* scale, least */
};

/*
 * ew_random: a piece is `counters` counters of a block, so four runs of as
 * many elements, RANDOM_COUNTERS apart.
 */
struct ew_random_args {
	uint64_t x, y; /* x: DROPOUT */
	uint64_t count; /* elements */
	uint32_t seed[2], stream[2]; /* low words first */
	uint32_t work; /* enum random_work */
	uint32_t counters, pieces;
	uint32_t scale, shift; /* bits of fp32 */
	uint32_t least; /* word >> 8 that is kept, of 0 .. 2^24 */
	uint32_t sine[5]; /* ops_normal.h */
	uint32_t x_format, y_format;
	uint32_t x_bytes, y_bytes; /* of an element */
	/* Offsets: counters words each; x and y of slot 0, slots follow. */
	uint32_t iota, state[4], temp[2], in, out;
};
static_assert(sizeof(struct ew_random_args) <= 1024, "arguments");

#endif
