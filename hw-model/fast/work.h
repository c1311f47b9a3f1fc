/* SPDX-License-Identifier: MIT */
/*
 * The data side of a tile on a host thread of its own. The thread that runs
 * the model decides everything (what an operation reads and writes, its time,
 * its fault) and hands over what only moves or computes bytes of scratchpad,
 * accumulators and board memory. A tile's work is done in the order in which it
 * was given, so results do not depend on how threads run; who else needs these
 * bytes waits for the work first (work_wait).
 *
 * The thread is made when there is work worth it and sleeps when there is none.
 * On a host with fewer than three processors there is none: work is done when it
 * is given.
 */
#ifndef ASH_FAST_WORK_H
#define ASH_FAST_WORK_H

#include "ash_units.h"

#include <stdbool.h>
#include <stddef.h>

struct worker;

/* tile: its memories; NULL when there is no memory. */
struct worker *work_new(struct ash_tile *tile);
void work_delete(struct worker *w);

/*
 * May work given from now on be done later? Else, and at first, it is done at
 * once, when none is left from before.
 */
void work_allow(struct worker *w, bool later);

void work_matrix(struct worker *w, const struct ash_matrix_cmd *c);
void work_vector(struct worker *w, const struct ash_vector_cmd *c);
void work_copy(struct worker *w, void *to, const void *from, size_t bytes);
void work_zero(struct worker *w, void *to, size_t bytes);

/* Nothing is left to do. */
bool work_idle(const struct worker *w);
/* Until work_idle(). */
void work_wait(struct worker *w);

#endif
