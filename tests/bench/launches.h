/* SPDX-License-Identifier: MIT */
/* Launches in the model's record of what crossed the board's border. */
#ifndef LAUNCHES_H
#define LAUNCHES_H

#include <stdint.h>

/* Device cycles of one launch's events. */
struct launch {
	uint64_t doorbell; /* of the job's queue */
	uint64_t fence; /* the last DMA write before the vector */
};

/*
 * The first `count` launches of a record, each waited for before the next. Ends
 * the program with a sentence when the file holds something else.
 */
void launches_read(const char *path, struct launch *launches, uint32_t count);

#endif
