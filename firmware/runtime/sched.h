/* SPDX-License-Identifier: MIT */
/*
 * Which job runs where.
 *
 * A job takes min(tiles wanted, tiles of the board that work) tiles, all at
 * once. Queues whose front job waits for tiles are in one list per priority,
 * in the order in which they came: round robin, because a queue goes to the
 * end with each job. The choice, as long as tiles are free:
 *
 *   1. Priorities from high to low; in each, the first queue of the list.
 *   2. If its job does not fit in the free tiles, the next queue of the list
 *      whose job does may go before it, and then lower priorities. A front
 *      queue that has been passed SCHED_PASS_HOLD times like this is passed
 *      no more by its own and lower priorities: tiles are kept free for it.
 *   3. A front queue that has been passed SCHED_PASS_FIRST times by anyone
 *      goes before all priorities.
 *
 * So priority decides, big jobs run, and nobody waits for ever.
 *
 * Tiles for a job: first those that hold the context's data (their code and
 * translations may still be good), then clean ones, then those of other
 * contexts, which hardware scrubs first.
 */
#ifndef SCHED_H
#define SCHED_H

#include "rt.h"

#define SCHED_PASS_HOLD	 8
#define SCHED_PASS_FIRST 64

void sched_init(void);

/* The job at the front of q has arrived, or has become the front. */
void sched_front(struct queue *q);

/* Queues wait for tiles. */
int sched_waiting(void);

/* Give free tiles to waiting jobs. */
void sched_run(void);

/* Take q out of the run list (its job is WAIT). */
void sched_remove(struct queue *q);

#endif
