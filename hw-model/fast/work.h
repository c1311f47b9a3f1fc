/* SPDX-License-Identifier: MIT */
/*
 * The data side of the tiles on other host threads. The thread that runs the
 * model decides everything (what an operation reads and writes, its time, its
 * fault) and hands over what only moves or computes bytes of scratchpad,
 * accumulators and board memory. A tile's work is done in the order in which it
 * was given, by one thread at a time, so results do not depend on how threads
 * run; who else needs these bytes waits for the work first (work_wait), and
 * does what is left of it meanwhile.
 *
 * A board has a thread less than the host has processors, and no more than it
 * has tiles. They are made when there is work worth it and sleep when there is
 * none. On a host with one processor work is done when it is given.
 */
#ifndef ASH_FAST_WORK_H
#define ASH_FAST_WORK_H

#include "ash_units.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The threads of a board, and a queue for each tile. */
struct work_pool;
struct work_queue;

/* Of a board with so many tiles; NULL when there is no memory. */
struct work_pool *work_pool_new(unsigned int tiles);
/* When all work is done. */
void work_pool_delete(struct work_pool *p);
/* The queue of a tile with these memories. */
struct work_queue *work_queue(struct work_pool *p, unsigned int number,
			      struct ash_tile *tile);

/*
 * May work given from now on be done later? Else, and at first, it is done at
 * once, when none is left from before.
 */
void work_allow(struct work_queue *q, bool later);

/* `rows` rows of so many bytes; steps from row to row, which may be negative. */
struct work_rows {
	uint8_t *to;
	const uint8_t *from;
	uint32_t bytes, rows;
	int64_t to_step, from_step;
};

void work_matrix(struct work_queue *q, const struct ash_matrix_cmd *c);
/* Groups first .. end - 1 of a command; in order, from 0 on. */
void work_vector(struct work_queue *q, const struct ash_vector_cmd *c,
		 uint32_t first, uint32_t end);
void work_copy(struct work_queue *q, const struct work_rows *r);
void work_zero(struct work_queue *q, void *to, size_t bytes);

/* How much was given; counts may wrap, after 2^32. */
uint32_t work_given(const struct work_queue *q);
/* What was given when work_given() was `count` is done. */
bool work_done(const struct work_queue *q, uint32_t count);
/* Until work_done(). */
void work_wait(struct work_queue *q, uint32_t count);
/* Nothing is left to do. */
bool work_idle(const struct work_queue *q);

#endif
