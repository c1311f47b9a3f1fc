/* SPDX-License-Identifier: MIT */
/*
 * The runtime's state: contexts, queues, tiles. All of it is static; nothing
 * is allocated. Numbers of contexts and queues start at 1; entry 0 of their
 * tables is not used.
 */
#ifndef RT_H
#define RT_H

#include <stdint.h>

#include "ashlar_abi.h"
#include "bits.h"
#include "hal.h"
#include "log.h"
#include "tile.h"
#include "timer.h"

#define RT_QUEUES	  63 /* doorbell 0 is the control ring's */
#define RT_CONTEXTS	  63
#define RT_DEPTH_LOG2_MAX 12
#define RT_PRIORITIES	  3

#define RT_FIRMWARE_VERSION ASHLAR_VERSION(1, 0)

/* Cycles after which a tile that was killed or scrubbed counts as dead. */
#define RT_TILE_GRACE 4000000u
/* Period of the timer while there is work: heartbeat, watchdog, time base. */
#define RT_TICK 5000000u

enum rt_life {
	RT_NONE,
	RT_LIVE,
	RT_DYING, /* being destroyed; a control request waits for it */
};

struct context {
	struct tile_space space;
	uint64_t queues; /* bit = queue, LIVE or DYING */
	uint8_t life; /* enum rt_life */
	uint8_t stopped; /* enum ashlar_job_status that stopped it, 0 = runs */
};

/* Where the job at the front of a queue is. */
enum job_state {
	JOB_NONE, /* nothing fetched, or waiting for its turn to be judged */
	JOB_WAIT, /* in the run list, for tiles */
	JOB_SCRUB, /* has tiles; some are being scrubbed for it */
	JOB_RUN, /* on its tiles */
	JOB_STOP, /* on its tiles, some of them killed */
};

/*
 * A queue. The counts are free-running numbers of jobs: rung by the host,
 * fetches issued, descriptors here, completed. At most two descriptors are
 * here or on their way: the job at the front and the one behind it.
 */
struct queue {
	uint32_t tail, issued, taken, done;
	uint32_t mask; /* depth - 1 */
	uint32_t ring_lo, ring_hi;
	uint32_t report_lo, report_hi;
	uint32_t run; /* tiles (bits) whose part of the job has not ended */
	uint32_t scrub; /* tiles being scrubbed for the job */
	uint32_t held; /* all tiles of the job */
	struct context *ctx;
	struct ashlar_job *jobs; /* [2]: job n is in place n & 1 */
	struct ashlar_completion *records; /* [2] */
	uint32_t doorbell; /* address of its DB_TAIL register */
	uint8_t last_tile; /* of the last job that took one tile */
	uint8_t number;
	uint8_t life; /* enum rt_life */
	uint8_t job; /* enum job_state */
	uint8_t outcome; /* enum ashlar_job_status so far */
	uint8_t priority;
	uint8_t vector;
	uint8_t next; /* in the run list; 0 = last */
	uint8_t want_fetch; /* a fetch waits for room in the engine */
	uint16_t bad[2]; /* 1 + offset of the refused field; 0 = good */
	uint32_t record_mark[2]; /* copy that carries the record to the host */
	uint64_t fetched_fence; /* of the last descriptor judged */
	uint64_t completed; /* as in the report */
	uint64_t t_fetch[2];
	uint64_t deadline;
} __attribute__((aligned(256))); /* indexed by a shift */

/* What the copy engines read and write for us. */
struct rt_dma {
	struct ashlar_job job[RT_QUEUES + 1][2];
	struct ashlar_completion record[RT_QUEUES + 1][2];
};

struct rt {
	uint32_t tiles; /* of the board */
	uint32_t tiles_alive; /* of these, not DEAD */
	uint32_t alive; /* the same as bits */
	uint32_t free; /* bit = tile FREE */
	uint32_t clean; /* bit = tile FREE and scrubbed */
	uint32_t lmem_bytes;
	uint64_t mem_bytes;
	uint64_t time; /* base for timer_since(), see rt_time() */
	uint64_t alarm; /* what the timer is set to */
	uint64_t running; /* bit = queue with a job in SCRUB, RUN or STOP */
	uint32_t tiles_busy; /* bit = tile RUNNING, STOPPING or SCRUBBING */
	uint8_t awake; /* watchdog and tick are on */
	uint8_t ops_dirty; /* an operation in progress may have finished */
	uint8_t ctrl_rung; /* look at the control ring */
	uint8_t ctrl_stalled; /* look again from time to time */
	uint8_t hello; /* versions are agreed */
	/* Telemetry. */
	uint32_t jobs_completed, jobs_failed, bad_requests, scrubs;
	uint64_t heartbeat;
	struct tile tile[TILES_MAX];
	struct context context[RT_CONTEXTS + 1];
	struct queue queue[RT_QUEUES + 1];
};

extern struct rt rt;
extern struct rt_dma rt_dma;

/*
 * Device time by one register read. rt.time is refreshed by rt_time_sync() on
 * every tick and doorbell, so it is never 2^32 cycles old while there is work.
 */
HAL_INLINE uint64_t rt_time(void)
{
	return timer_since(rt.time);
}

static inline void rt_time_sync(void)
{
	rt.time = timer_now();
}

/* Stop for good with this post code; the log says why. */
__attribute__((noreturn)) void rt_stop(uint32_t post);

/* A condition that only a defect of this firmware or board can break. */
#define RT_CHECK(condition, value)                                    \
	do {                                                          \
		if (!(condition)) {                                   \
			LOG("check failed: " #condition ", value %u", \
			    (uint32_t)(value));                       \
			rt_stop(ASHLAR_POST_ASSERT);                  \
		}                                                     \
	} while (0)

/* main.c: set everything up (once after reset); one turn of the main loop. */
void runtime_init(void);
void runtime_turn(void);

#endif
