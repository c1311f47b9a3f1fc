/* SPDX-License-Identifier: MIT */
/* Contexts and queues: making, stopping, taking apart. */
#ifndef CONTEXT_H
#define CONTEXT_H

#include "rt.h"

/*
 * A job of ctx failed with status (FAULT, TIMEOUT, BAD): all its jobs that
 * have not completed, on any queue, complete as CANCELLED, and so do later
 * ones. Other contexts do not notice.
 */
void context_stop(struct context *ctx, unsigned int status);

/*
 * The rest serves the control ring; arguments have been checked. Destroying
 * goes on by itself after _end() and is over when _ended().
 */
void context_make(uint32_t number, uint64_t pt_root, uint32_t pt_entries);
void context_end(struct context *ctx);

enum context_end_state {
	CONTEXT_ENDING,
	CONTEXT_ENDED,
	CONTEXT_STUCK, /* a dead tile may still use it: only a reset helps */
};
enum context_end_state context_ended(struct context *ctx);

/* Tiles (bits) that hold data or translations of ctx. */
uint32_t context_tiles(const struct context *ctx);

void queue_make(const struct ashlar_ctrl_queue *args);
void queue_end(struct queue *q);
int queue_ended(struct queue *q);

#endif
