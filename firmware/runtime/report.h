/* SPDX-License-Identifier: MIT */
/* Completions, fences and vectors: what goes to the host. */
#ifndef REPORT_H
#define REPORT_H

#include <stdint.h>

#include "rt.h"

void report_init(void);

/*
 * The job at the front of q is about to run: set up its completion as if all
 * went well, except for t_start, t_end, tiles and counters.
 */
struct ashlar_completion *report_begin(struct queue *q);

/* The completion that report_begin() made for the job at the front of q. */
static inline struct ashlar_completion *report_record(struct queue *q)
{
	return &q->records[q->done & 1];
}

/*
 * Send the completion and then the fence of the job at the front of q to the
 * host, and raise its vector after them when irq is set. Counts q->done.
 */
void report_send(struct queue *q, uint64_t fence, int irq);

/*
 * Load the engine with the parameters of the completion that q will send, so
 * that sending it takes less. Harmless when another queue sends first.
 */
void report_prepare(struct queue *q, uint64_t fence);

/* Something is on its way to the host that a vector waits for. */
int report_waiting(void);
/* Raise the vectors whose turn has come. */
void report_poll(void);

/* q is new: no record of it is on its way. q goes: forget it. */
void report_adopt(struct queue *q);
void report_disown(const struct queue *q);

/* No completion of q is still on its way to the host. */
int report_idle(const struct queue *q);

#endif
