/* SPDX-License-Identifier: MIT */
/*
 * Which bytes of board memory the work of a tile touches that may not be done
 * (work.h). It is remembered by rows, as DMA moves them, so tiles whose rows lie
 * between each other's do not wait for each other.
 */
#ifndef ASH_FAST_PENDING_H
#define ASH_FAST_PENDING_H

#include <stdbool.h>
#include <stdint.h>

struct work_queue;

/* `rows` rows (1 at least) of so many bytes; the step from row to row. */
struct rows {
	uint64_t addr;
	int64_t step;
	uint32_t bytes, rows;
};

/*
 * Whether they have a byte in common. Of rows with different steps only their
 * spans are compared: true may be wrong, false is not.
 */
bool rows_meet(const struct rows *a, const struct rows *b);

#define PENDING 256u

/* The oldest at ring[first % PENDING]. */
struct pending {
	uint32_t first, end;
	struct {
		struct rows rows;
		uint32_t count; /* done when work_done() of this */
	} ring[PENDING];
};

/* What was given last touches these; waits for the oldest if there is no room. */
void pending_add(struct pending *p, struct work_queue *q, const struct rows *r);
/* Until none that is not done touches these. */
void pending_wait(struct pending *p, struct work_queue *q,
		  const struct rows *r);

#endif
