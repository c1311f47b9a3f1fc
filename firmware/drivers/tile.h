/* SPDX-License-Identifier: MIT */
/*
 * The tiles' control registers, and what we know of each tile: whose data it
 * holds, which code is loaded. A value that a tile's registers already hold
 * is not written again.
 */
#ifndef TILE_H
#define TILE_H

#include <stdint.h>

#include "ashlar_abi.h"
#include "hal.h"

#define TILES_MAX 32 /* bits of MP.TILE_EVENT */
#define TILE_REG(n, reg)                                                       \
	(ASHLAR_MAP_MP_TILE_BASE + ASHLAR_MAP_MP_TILE_STRIDE * (uint32_t)(n) + \
	 ASHLAR_TILE_##reg)

enum tile_state {
	TILE_FREE, /* may start or scrub */
	TILE_SCRUBBING,
	TILE_RUNNING, /* for tile.queue */
	TILE_STOPPING, /* killed, for tile.queue */
	TILE_DEAD, /* did not obey in time; never used again */
};

struct queue;

struct tile {
	uint32_t base; /* of its registers */
	uint8_t state; /* enum tile_state */
	uint8_t context; /* whose data it holds; 0 = clean */
	uint8_t queue; /* SCRUBBING (0 = none waits), RUNNING, STOPPING */
	uint8_t pt_context; /* whose page table it has; 0 = none */
	uint8_t code_kept; /* the text of the image below is in local memory */
	uint8_t code_stale; /* invalidated while running: will not be kept */
	/* RUNNING a job of one tile, nothing known against it: its queue. */
	struct queue *alone;
	uint32_t load_from, count; /* registers */
	uint64_t code_va; /* registers, valid for pt_context */
	uint32_t code_serial, code_bytes, text_bytes, entry;
	uint64_t deadline; /* SCRUBBING, STOPPING: when it counts as dead */
} __attribute__((aligned(64))); /* indexed by a shift */

/* Where a context's page table is. */
struct tile_space {
	uint32_t root_lo, root_hi;
	uint32_t entries;
	uint32_t context;
};

/* Forget everything about the n tiles (the registers are written in full). */
void tile_init(struct tile *t, unsigned int n);

/*
 * Set the registers for a job, for this tile as number index of count. The
 * tile is FREE and clean or of the same context.
 */
void tile_program(struct tile *t, const struct tile_space *space,
		  const struct ashlar_job *job, uint32_t index, uint32_t count);

/*
 * A job of one tile whose image the tile has kept: the registers that do not
 * depend on the job. The tile's context is the job's.
 */
HAL_INLINE void tile_prepare_again(struct tile *t)
{
	const uint32_t from = t->text_bytes & ~63u;

	if (t->load_from != from) {
		t->load_from = from;
		io_write(t->base + ASHLAR_TILE_LOAD_FROM, from);
	}
	if (t->count != 1) {
		t->count = 1;
		io_write(t->base + ASHLAR_TILE_INDEX, 0);
		io_write(t->base + ASHLAR_TILE_COUNT, 1);
	}
}

/* After tile_prepare_again(): those that do, and START. */
HAL_INLINE void tile_start_again(struct tile *t, const struct ashlar_job *job)
{
	const uint32_t base = t->base;

	io_write(base + ASHLAR_TILE_ARG_VA_LO, (uint32_t)job->arg_va);
	io_write(base + ASHLAR_TILE_ARG_VA_HI, (uint32_t)(job->arg_va >> 32));
	io_write(base + ASHLAR_TILE_ARG_BYTES, job->arg_bytes);
	io_write(base + ASHLAR_TILE_GRID_X, job->grid[0]);
	io_write(base + ASHLAR_TILE_GRID_Y, job->grid[1]);
	io_write(base + ASHLAR_TILE_GRID_Z, job->grid[2]);
	io_write(base + ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
	t->code_kept = 0;
	t->code_stale = 0;
}

/* The text in local memory may be gone, or no longer be the image's. */
static inline void tile_forget_code(struct tile *t)
{
	t->code_kept = 0;
	t->code_stale = 1;
}

/* The run has ended as it should: its text was loaded, and write protected. */
HAL_INLINE void tile_keep_code(struct tile *t)
{
	t->code_kept = !t->code_stale;
}

HAL_INLINE uint32_t tile_read(const struct tile *t, uint32_t reg)
{
	return io_read(t->base + reg);
}

HAL_INLINE void tile_command(const struct tile *t, uint32_t command)
{
	io_write(t->base + ASHLAR_TILE_CTRL, command);
}

/* Are requests under way that are older than the last TLB_INVALIDATE? */
HAL_INLINE int tile_invalidating(const struct tile *t)
{
	return tile_read(t, ASHLAR_TILE_INVALIDATING) != 0;
}

/* X(field of the completion, register) */
#define TILE_COUNTERS(X)                   \
	X(matrix_busy, PERF_MATRIX_BUSY)   \
	X(matrix_stall, PERF_MATRIX_STALL) \
	X(vector_busy, PERF_VECTOR_BUSY)   \
	X(core_wait, PERF_CORE_WAIT)       \
	X(load_beats, PERF_LOAD_BEATS)     \
	X(store_beats, PERF_STORE_BEATS)   \
	X(loading, PERF_LOADING)           \
	X(tlb_miss, PERF_TLB_MISS)

/* Copy the tile's counters to a completion. */
HAL_INLINE void tile_set_counters(const struct tile *t,
				  struct ashlar_completion *c)
{
	const uint32_t base = t->base;

#define X(field, reg) c->field = io_read(base + ASHLAR_TILE_##reg);
	TILE_COUNTERS(X)
#undef X
}

/* Add them, for a job of several tiles. */
void tile_add_counters(const struct tile *t, struct ashlar_completion *c);

/* Copy the fault registers into a completion. */
void tile_read_fault(const struct tile *t, struct ashlar_completion *c);

#endif
