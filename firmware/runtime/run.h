/* SPDX-License-Identifier: MIT */
/* The life of a job on its tiles, from start to completion. */
#ifndef RUN_H
#define RUN_H

#include "rt.h"

void run_init(void);

/*
 * Give the tiles in held (bits; all FREE) to the job at the front of q. It
 * starts now, or when hardware has scrubbed those that need it.
 */
void run_start(struct queue *q, uint32_t held);

/* The same for one FREE tile, clean or with data of the context of q. */
void run_start_one(struct queue *q, uint32_t number);

/* The tile has just been started for the job, which takes only this one. */
void run_started_one(struct queue *q, const struct ashlar_job *job,
		     struct tile *t, uint32_t number);

/* Complete the job at the front of q, which has no tiles, with this status. */
void run_refuse(struct queue *q, unsigned int status);

/* Tiles (bits) had events. */
void run_tile_events(uint32_t tiles);

/* Jobs and tiles whose deadline is before now. Returns the next deadline. */
uint64_t run_deadlines(uint64_t now);

/*
 * Take the job at the front of q off its tiles or out of the run list; it
 * completes with status, at once or when its tiles have stopped.
 */
void run_cancel(struct queue *q, unsigned int status);

/* Start scrubbing the free tiles in mask (bits). */
void run_scrub(uint32_t mask);

/* Have the timer fire at device time at, or before. */
void run_alarm(uint64_t at);

/* Turn the tick and the watchdog on (a job or an operation has begun). */
void run_awake(void);

#endif
