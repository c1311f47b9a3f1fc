// SPDX-License-Identifier: MIT
#include "context.h"
#include "doorbell.h"
#include "fetch.h"
#include "log.h"
#include "report.h"
#include "run.h"
#include "sched.h"
#include "watchdog.h"

/* The tile that was started last, alone: the likeliest to end next. */
static struct {
	uint32_t bit;
	struct tile *tile;
} run;

void run_init(void)
{
	run.bit = 0;
	run.tile = rt.tile;
}

static struct ashlar_job *front(struct queue *q)
{
	return &q->jobs[q->done & 1];
}

void run_alarm(uint64_t at)
{
	if (at < rt.alarm) {
		rt.alarm = at;
		timer_set(at);
	}
}

void run_awake(void)
{
	if (rt.awake)
		return;
	rt.awake = 1;
	rt_time_sync();
	watchdog_on();
	run_alarm(rt.time + RT_TICK);
}

void run_scrub(uint32_t mask)
{
	for (; mask; mask &= mask - 1) {
		struct tile *t = &rt.tile[bit_index(mask)];
		uint32_t bit = mask & -mask;

		rt.free &= ~bit;
		rt.clean &= ~bit;
		rt.tiles_busy |= bit;
		rt.scrubs++;
		t->state = TILE_SCRUBBING;
		t->queue = 0;
		tile_forget_code(t);
		tile_command(t, ASHLAR_TILE_CTRL_SCRUB);
		run_awake();
		t->deadline = rt_time() + RT_TILE_GRACE;
		run_alarm(t->deadline);
	}
}

/* The tiles in held have been started: what there is to do once per job. */
static void started(struct queue *q, const struct ashlar_job *job,
		    uint32_t held, uint32_t count, uint64_t start)
{
	struct ashlar_completion *c;

	q->job = JOB_RUN;
	q->held = held;
	q->run = held;
	q->outcome = ASHLAR_JOB_OK;
	q->deadline = start + (job->timeout ? job->timeout :
					      ASHLAR_JOB_TIMEOUT_DEFAULT);
	if (q->deadline < start)
		q->deadline = TIMER_NEVER;
	c = report_begin(q);
	c->t_start = start;
	c->tiles = count;
	report_prepare(q, job->fence);
	run_awake();
	run_alarm(q->deadline);
}

/* All tiles of the job at the front of q are clean or of its context. */
static void launch(struct queue *q)
{
	const struct ashlar_job *job = front(q);
	const uint32_t count = bit_count(q->held);
	uint32_t left, index = 0;

	for (left = q->held; left; left &= left - 1) {
		const uint32_t number = bit_index(left);
		struct tile *t = &rt.tile[number];

		tile_program(t, &q->ctx->space, job, index++, count);
		tile_command(t, ASHLAR_TILE_CTRL_START);
		t->state = TILE_RUNNING;
		t->queue = q->number;
		t->context = (uint8_t)q->ctx->space.context;
		if (count == 1) {
			q->last_tile = (uint8_t)number;
			t->alone = q;
			run.bit = q->held;
			run.tile = t;
		}
	}
	started(q, job, q->held, count, rt_time());
}

void run_started_one(struct queue *q, const struct ashlar_job *job,
		     struct tile *t, uint32_t number)
{
	const uint64_t start = rt_time();
	const uint32_t bit = (uint32_t)1 << number;

	/* The kernel loads; from here on nothing costs latency. */
	t->state = TILE_RUNNING;
	t->queue = q->number;
	t->alone = q;
	run.bit = bit;
	run.tile = t;
	rt.free &= ~bit;
	rt.clean &= ~bit;
	rt.tiles_busy |= bit;
	rt.running |= bit64(q->number);
	started(q, job, bit, 1, start);
}

void run_start_one(struct queue *q, uint32_t number)
{
	const struct ashlar_job *job = front(q);
	struct tile *t = &rt.tile[number];

	tile_program(t, &q->ctx->space, job, 0, 1);
	tile_command(t, ASHLAR_TILE_CTRL_START);
	t->context = (uint8_t)q->ctx->space.context;
	q->last_tile = (uint8_t)number;
	run_started_one(q, job, t, number);
}

void run_start(struct queue *q, uint32_t held)
{
	const uint32_t context = q->ctx->space.context;
	uint32_t left, foreign = 0;

	for (left = held & ~rt.clean; left; left &= left - 1) {
		if (rt.tile[bit_index(left)].context != context)
			foreign |= left & -left;
	}
	rt.free &= ~held;
	rt.clean &= ~held;
	rt.tiles_busy |= held;
	rt.running |= bit64(q->number);
	q->held = held;
	q->scrub = foreign;
	if (!foreign) {
		launch(q);
		return;
	}
	q->job = JOB_SCRUB;
	run_scrub(foreign);
	for (left = foreign; left; left &= left - 1)
		rt.tile[bit_index(left)].queue = q->number;
}

/* A tile is in use no more; keep: its memories may stay for its context. */
static void release(struct tile *t, uint32_t bit, int keep)
{
	t->state = TILE_FREE;
	t->queue = 0;
	t->alone = 0;
	rt.tiles_busy &= ~bit;
	rt.free |= bit;
	if (!t->context)
		rt.clean |= bit;
	if (!keep)
		run_scrub(bit);
}

/* The front job has completed and has no tiles: on to the next. */
static void next_job(struct queue *q)
{
	q->job = JOB_NONE;
	rt.ops_dirty = 1;
	fetch_more(q);
	if (q->taken != q->done)
		sched_front(q);
}

/* The completion of the front job of q has been sent: the rest. */
static void finished(struct queue *q)
{
	rt.running &= ~bit64(q->number);
	rt.jobs_completed++;
	next_job(q);
}

/* All tiles of the front job of q have ended. */
static void finish(struct queue *q)
{
	const struct ashlar_job *job = front(q);
	struct ashlar_completion *c = report_record(q);

	c->t_end = rt_time();
	if (q->outcome == ASHLAR_JOB_OK && c->exit_code)
		q->outcome = ASHLAR_JOB_EXIT;
	c->status = q->outcome;
	if (q->outcome == ASHLAR_JOB_OK) {
		report_send(q, job->fence, job->flags & ASHLAR_JOB_FLAG_IRQ);
	} else {
		report_send(q, job->fence, 1);
		rt.jobs_failed++;
		LOG("queue %u: job %u ended with status %u on tile %u, cause %u, sub %x, pc %x",
		    q->number, q->done - 1, q->outcome, c->tile, c->fault_cause,
		    c->fault_sub, c->fault_pc);
	}
	finished(q);
}

void run_refuse(struct queue *q, unsigned int status)
{
	const unsigned int i = q->done & 1;
	const struct ashlar_job *job = front(q);
	struct ashlar_completion *c = report_begin(q);
	uint64_t fence = job->fence;

	c->status = status;
	if (status == ASHLAR_JOB_BAD) {
		c->fault_sub = q->bad[i] - 1;
		LOG("queue %u: job %u refused, field at byte %u", q->number,
		    q->done, c->fault_sub);
	}
	c->t_start = c->t_fetch;
	c->t_end = rt_time();
	/* A refused fence must not make the report go back. */
	if (fence < q->completed)
		fence = q->completed;
	rt.jobs_completed++;
	if (status != ASHLAR_JOB_OK)
		rt.jobs_failed++;
	doorbell_set_head(q->number, q->taken);
	report_send(q, fence,
		    status != ASHLAR_JOB_OK ||
			    job->flags & ASHLAR_JOB_FLAG_IRQ);
	if (status == ASHLAR_JOB_BAD)
		context_stop(q->ctx, ASHLAR_JOB_BAD);
	next_job(q);
}

/* Kill what still runs of the front job of q. */
static void kill(struct queue *q)
{
	uint32_t left;

	q->job = JOB_STOP;
	for (left = q->run; left; left &= left - 1) {
		struct tile *t = &rt.tile[bit_index(left)];

		if (t->state != TILE_RUNNING)
			continue;
		t->state = TILE_STOPPING;
		t->alone = 0;
		t->deadline = rt_time() + RT_TILE_GRACE;
		run_alarm(t->deadline);
		tile_command(t, ASHLAR_TILE_CTRL_KILL);
	}
}

/* Take back the tiles of a job that waits for scrubs. */
static void give_back(struct queue *q)
{
	uint32_t left;

	for (left = q->held; left; left &= left - 1) {
		struct tile *t = &rt.tile[bit_index(left)];

		if (q->scrub & left & -left)
			t->queue = 0; /* its scrub goes on, for nobody */
		else
			release(t, left & -left, 1);
	}
	q->scrub = 0;
	q->job = JOB_NONE;
	rt.running &= ~bit64(q->number);
}

void run_cancel(struct queue *q, unsigned int status)
{
	switch (q->job) {
	case JOB_WAIT:
		sched_remove(q);
		q->job = JOB_NONE;
		run_refuse(q, status);
		break;
	case JOB_SCRUB:
		give_back(q);
		run_refuse(q, status);
		sched_run();
		break;
	case JOB_RUN:
		q->outcome = (uint8_t)status;
		kill(q);
		break;
	default: /* nothing here, or already on its way out */
		break;
	}
}

/*
 * The front job of q failed with what makes its context stop: take it off
 * all its tiles, and with it all other jobs of the context.
 */
static void fail(struct queue *q, unsigned int status)
{
	q->outcome = (uint8_t)status;
	kill(q);
	context_stop(q->ctx, status);
}

/* A tile's part of the job has ended; the job too when it was the last. */
static void part_ended(struct tile *t, uint32_t bit, int keep)
{
	struct queue *q = &rt.queue[t->queue];

	q->run &= ~bit;
	release(t, bit, keep);
	if (!q->run)
		finish(q);
	sched_run();
}

static void ended(struct tile *t, uint32_t number)
{
	struct queue *q = &rt.queue[t->queue];
	struct ashlar_completion *c = report_record(q);
	uint32_t code = tile_read(t, ASHLAR_TILE_EXIT_CODE);

	tile_keep_code(t);
	tile_add_counters(t, report_record(q));
	if (code && q->outcome == ASHLAR_JOB_OK && !c->exit_code) {
		c->exit_code = code;
		c->tile = number;
	}
	part_ended(t, 1u << number, 1);
}

static void faulted(struct tile *t, uint32_t number)
{
	struct queue *q = &rt.queue[t->queue];

	tile_add_counters(t, report_record(q));
	if (q->outcome == ASHLAR_JOB_OK) {
		struct ashlar_completion *c = report_record(q);

		c->tile = number;
		tile_read_fault(t, c);
		t->state = TILE_STOPPING; /* nothing left to kill here */
		t->alone = 0;
		fail(q, ASHLAR_JOB_FAULT);
	}
	part_ended(t, 1u << number, 0);
}

static void killed(struct tile *t, uint32_t number)
{
	struct queue *q = &rt.queue[t->queue];
	struct ashlar_completion *c = report_record(q);

	tile_add_counters(t, report_record(q));
	if (q->outcome == ASHLAR_JOB_TIMEOUT && !c->fault_pc) {
		c->tile = number;
		c->fault_pc = tile_read(t, ASHLAR_TILE_FAULT_PC);
	}
	part_ended(t, 1u << number, 0);
}

static void scrubbed(struct tile *t, uint32_t number)
{
	const uint32_t bit = 1u << number;
	struct queue *q = &rt.queue[t->queue];

	t->context = 0;
	if (!t->queue) {
		release(t, bit, 1);
		rt.clean |= bit;
		rt.ops_dirty = 1;
		sched_run();
		return;
	}
	/* It keeps its place in the job: neither free nor clean for others. */
	t->state = TILE_FREE;
	t->queue = 0;
	q->scrub &= ~bit;
	if (!q->scrub)
		launch(q);
}

/*
 * The common case, and the one whose latency counts: the only tile of a job
 * has ended well. Completion and fence go out before anything else.
 */
HAL_INLINE int ended_well(struct tile *t)
{
	struct queue *q = t->alone;
	struct ashlar_completion *c = report_record(q);
	const struct ashlar_job *job = front(q);

	if (tile_read(t, ASHLAR_TILE_STATUS) != ASHLAR_TILE_STATUS_DONE ||
	    tile_read(t, ASHLAR_TILE_EXIT_CODE))
		return 0;
	tile_set_counters(t, c);
	c->t_end = rt_time();
	report_send(q, job->fence, job->flags & ASHLAR_JOB_FLAG_IRQ);
	tile_keep_code(t);
	q->run = 0;
	release(t, q->held, 1);
	finished(q);
	sched_run();
	return 1;
}

static void tile_event(uint32_t number)
{
	struct tile *t = &rt.tile[number];
	uint32_t status = tile_read(t, ASHLAR_TILE_STATUS);

	if (t->state == TILE_RUNNING || t->state == TILE_STOPPING) {
		switch (status) {
		case ASHLAR_TILE_STATUS_DONE:
			ended(t, number);
			break;
		case ASHLAR_TILE_STATUS_FAULT:
			faulted(t, number);
			break;
		case ASHLAR_TILE_STATUS_KILLED:
			killed(t, number);
			break;
		}
	} else if (t->state == TILE_SCRUBBING &&
		   status == ASHLAR_TILE_STATUS_IDLE) {
		scrubbed(t, number);
	}
}

void run_tile_events(uint32_t tiles)
{
	if (tiles == run.bit && run.tile->alone && ended_well(run.tile))
		return;
	for (; tiles; tiles &= tiles - 1) {
		const uint32_t number = bit_index(tiles);
		struct tile *t = &rt.tile[number];

		if (!t->alone || !ended_well(t))
			tile_event(number);
	}
}

/*
 * A tile did not do what it was told in time: the board goes on without it.
 * Its context keeps it in mind (tile.context), since it may still write.
 */
static void tile_died(struct tile *t, uint32_t number)
{
	const uint32_t bit = 1u << number;
	struct queue *q = &rt.queue[t->queue];
	const int scrubbing = t->state == TILE_SCRUBBING;
	const int job = t->queue != 0;

	LOG("tile %u does not obey, status %u: out of use", number,
	    tile_read(t, ASHLAR_TILE_STATUS));
	t->state = TILE_DEAD;
	t->queue = 0;
	t->alone = 0;
	rt.tiles_alive--;
	rt.alive &= ~bit;
	rt.tiles_busy &= ~bit;
	rt.ops_dirty = 1;
	RT_CHECK(rt.tiles_alive, number);
	if (job && scrubbing) {
		/* The job looks for other tiles. */
		q->held &= ~bit;
		q->scrub &= ~bit;
		give_back(q);
		sched_front(q);
	} else if (job) {
		q->run &= ~bit;
		if (!q->run)
			finish(q);
	}
	sched_run();
}

uint64_t run_deadlines(uint64_t now)
{
	uint64_t next = TIMER_NEVER, left = rt.running;
	uint32_t number;

	while (left) {
		struct queue *q = &rt.queue[bit64_take(&left)];

		if (q->job != JOB_RUN)
			continue;
		if (q->deadline <= now) {
			LOG("queue %u: job %u runs longer than %u cycles",
			    q->number, q->done,
			    (uint32_t)(now - report_record(q)->t_start));
			fail(q, ASHLAR_JOB_TIMEOUT);
		} else if (q->deadline < next) {
			next = q->deadline;
		}
	}
	for (number = 0; number < rt.tiles; number++) {
		struct tile *t = &rt.tile[number];

		if (t->state != TILE_SCRUBBING && t->state != TILE_STOPPING)
			continue;
		if (t->deadline <= now)
			tile_died(t, number);
		else if (t->deadline < next)
			next = t->deadline;
	}
	return next;
}
