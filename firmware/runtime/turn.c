// SPDX-License-Identifier: MIT
/*
 * The main loop. Each turn: sleep unless something is under way that ends
 * within microseconds; then what somebody waits for, most urgent first.
 * Nothing in a turn waits for the host or for a tile.
 */
#include "ctrl.h"
#include "doorbell.h"
#include "fetch.h"
#include "irq.h"
#include "ops.h"
#include "report.h"
#include "run.h"
#include "telemetry.h"
#include "watchdog.h"

static int busy(void)
{
	return rt.running || rt.tiles_busy || ops_count();
}

/* Take the doorbells; leaves with the time in step if any was rung. */
HAL_INLINE void doorbells(void)
{
	uint32_t low = doorbell_take(0), high;

	if (low && !fetch_expected(0, low)) {
		if (low & ~1u)
			fetch_doorbells(0, low & ~1u);
		if (low & 1)
			rt.ctrl_rung = 1;
	}
	high = doorbell_take(1);
	if (high && !fetch_expected(1, high))
		fetch_doorbells(1, high);
	/* While the descriptor travels. */
	if (low | high)
		rt_time_sync();
}

static void control(void)
{
	rt.ctrl_rung = (uint8_t)ctrl_poll();
	if (rt.ctrl_rung)
		return;
	rt.ctrl_stalled = (uint8_t)ctrl_stalled();
	if (rt.ctrl_stalled)
		run_alarm(rt_time() + OPS_AGAIN);
}

static void earlier(uint64_t *next, uint64_t at)
{
	if (at < *next)
		*next = at;
}

/* The timer: deadlines, operations, and the pulse until there is rest. */
static void tick(void)
{
	uint64_t next;

	rt_time_sync();
	telemetry_update(rt.time);
	rt.alarm = TIMER_NEVER;
	next = run_deadlines(rt.time);
	earlier(&next, ops_poll());
	if (rt.ctrl_stalled)
		rt.ctrl_rung = 1;
	/* Also between two jobs: the second one does not begin it anew. */
	if (rt.awake) {
		watchdog_kick();
		earlier(&next, rt.time + RT_TICK);
	}
	if (next == TIMER_NEVER && rt.alarm == TIMER_NEVER)
		timer_set(TIMER_NEVER);
	else
		run_alarm(next);
}

/* About to sleep: an idle board has no pulse, no watchdog and no timer. */
static void rest(void)
{
	fetch_expect();
	telemetry_update(rt_time());
	if (rt.awake && !busy()) {
		rt.awake = 0;
		watchdog_off();
		if (!rt.ctrl_stalled) {
			rt.alarm = TIMER_NEVER;
			timer_set(TIMER_NEVER);
		}
	}
}

void runtime_turn(void)
{
	uint32_t tiles;

	if (!fetch_waiting() && !report_waiting() && !rt.ctrl_rung &&
	    !rt.ops_dirty && !irq_waiting()) {
		rest();
		hal_wait();
	} else {
		fetch_unsure(); /* the turn before may have changed things */
	}
	tiles = irq_take_tiles();
	if (tiles) {
		fetch_unsure();
		run_tile_events(tiles);
	}
	doorbells();
	if (fetch_waiting())
		fetch_poll();
	if (report_waiting())
		report_poll();
	if (rt.ctrl_rung)
		control();
	if (rt.ops_dirty)
		run_alarm(ops_poll());
	if (hal_timer_pending())
		tick();
}
