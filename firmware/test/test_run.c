// SPDX-License-Identifier: MIT
/* Jobs: completion, order, faults, timeouts, scheduling, destruction. */
#include "host.h"
#include "mock.h"
#include "ops.h"
#include "rt.h"
#include "sched.h"
#include "suite.h"

#define FAULT_VA 0xf000
#define HANG_VA	 0x4000
#define EXIT_VA	 0xe000
#define DEAF_VA	 0xd000
#define LONG_VA	 0xb000
#define TICK_VA	 0x9000 /* takes tick_cycles */
#define PART_VA	 0xa000 /* faults on the job's second tile, others hang */

static uint32_t tick_cycles;

/* The code's address says what the kernel does. */
static void kernel(unsigned int tile, struct mock_plan *p)
{
	const uint32_t *r = mock.tile[tile].reg;

	switch (r[ASHLAR_TILE_CODE_VA_LO / 4]) {
	case FAULT_VA:
		*p = (struct mock_plan){
			.cycles = 300,
			.end = ASHLAR_TILE_STATUS_FAULT,
			.fault_cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE,
			.fault_unit = ASHLAR_TILE_FAULT_UNIT_STORE,
			.fault_sub = 5,
			.fault_addr = 0x987654321000,
		};
		break;
	case PART_VA:
		p->end = ASHLAR_TILE_STATUS_RUNNING;
		if (r[ASHLAR_TILE_INDEX / 4] == 1) {
			p->end = ASHLAR_TILE_STATUS_FAULT;
			p->fault_cause = ASHLAR_TILE_FAULT_CAUSE_CORE;
		}
		break;
	case HANG_VA:
		p->end = ASHLAR_TILE_STATUS_RUNNING;
		break;
	case DEAF_VA:
		p->end = ASHLAR_TILE_STATUS_RUNNING;
		p->deaf = 1;
		break;
	case EXIT_VA:
		p->exit_code = 40 + r[ASHLAR_TILE_INDEX / 4];
		break;
	case LONG_VA:
		p->cycles = 1000000;
		break;
	case TICK_VA:
		p->cycles = tick_cycles;
		break;
	}
}

static struct host_queue q[8];

static void up(uint32_t tiles)
{
	host_up(tiles);
	mock.kernel = kernel;
}

static void one(struct host_queue *on, uint64_t va, uint32_t tiles)
{
	host_push(on, host_job(va, tiles));
	host_ring(on);
}

static int job_runs(void *arg)
{
	return rt.queue[((struct host_queue *)arg)->number].job == JOB_RUN;
}

static uint32_t status_of(const struct host_queue *on, uint32_t i)
{
	return host_completion(on, i)->status;
}

static void completes(void **state)
{
	const struct ashlar_completion *c;
	const struct ashlar_telemetry *t;
	struct ashlar_job j = host_job(0x1000, 1);

	(void)state;
	up(1);
	host_context(7);
	host_queue(&q[0], 33, 7, 1, 2);
	j.fence = 500;
	j.tag = 0xabcd;
	host_push(&q[0], j);
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(host_completed(&q[0]), 500);
	c = host_completion(&q[0], 0);
	assert_int_equal(c->fence, 500);
	assert_int_equal(c->status, ASHLAR_JOB_OK);
	assert_int_equal(c->tag, 0xabcd);
	assert_true(c->t_fetch > 0xfffff000 && c->t_fetch < c->t_start);
	assert_true(c->t_end >= c->t_start + 480 &&
		    c->t_end < c->t_start + 700);
	assert_int_equal(c->context, 7);
	assert_int_equal(c->tiles, 1);
	assert_int_equal(c->matrix_busy, 10);
	assert_int_equal(c->tlb_miss, 3);
	assert_int_equal(mock.vectors[33], 1);
	assert_int_equal(mock.db_head[33], 1);
	/* At rest: no watchdog, no timer. */
	assert_int_equal(mock.wdt_period, 0);
	assert_true(mock.mtimecmp == UINT64_MAX);
	t = (void *)(mock.shared + ASHLAR_SHARED_TELEMETRY / 4);
	assert_int_equal(t->bytes, sizeof(*t));
	assert_int_equal(t->sequence & 1, 0);
	assert_int_equal(t->jobs_completed, 1);
	assert_int_equal(t->jobs_failed, 0);
	assert_true(t->heartbeat > 0);

	/* The second run does not load the text again, and no flag, no vector. */
	j.fence = 501;
	j.flags = 0;
	host_push(&q[0], j);
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(host_completed(&q[0]), 501);
	assert_int_equal(mock.tile[0].reg[ASHLAR_TILE_LOAD_FROM / 4], 256);
	assert_int_equal(mock.vectors[33], 1);
	assert_int_equal(mock.tile[0].scrubs, 0);
}

static void nop_and_bad(void **state)
{
	struct ashlar_job j = host_job(0x1000, 1);

	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 1, 1, 3);
	j.kind = ASHLAR_JOB_NOP;
	host_push(&q[0], j);
	host_push(&q[0], j);
	j.reserved[3] = 1;
	host_push(&q[0], j);
	host_push(&q[0], host_job(0x1000, 1));
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(status_of(&q[0], 0), ASHLAR_JOB_OK);
	assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_OK);
	assert_int_equal(status_of(&q[0], 2), ASHLAR_JOB_BAD);
	assert_int_equal(host_completion(&q[0], 2)->fault_sub, 80 + 12);
	assert_int_equal(status_of(&q[0], 3), ASHLAR_JOB_CANCELLED);
	assert_int_equal(host_completed(&q[0]), 4);
	assert_int_equal(mock.tile[0].starts, 0);
	/* The context has stopped: its other queue too. */
	one(&q[1], 0x1000, 1);
	host_settle();
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_CANCELLED);
	assert_int_equal(host_completed(&q[1]), 1);
}

/* A fence that does not grow is refused and does not move the report back. */
static void fence_must_grow(void **state)
{
	struct ashlar_job j = host_job(0x1000, 1);

	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	j.fence = 9;
	host_push(&q[0], j);
	host_push(&q[0], j);
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_BAD);
	assert_int_equal(host_completion(&q[0], 1)->fault_sub, 8);
	assert_int_equal(host_completed(&q[0]), 9);
}

static void exit_codes(void **state)
{
	const struct ashlar_completion *c;

	(void)state;
	up(2);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	host_push(&q[0], host_job(EXIT_VA, 2));
	host_push(&q[0], host_job(0x1000, 1));
	host_ring(&q[0]);
	host_settle();
	c = host_completion(&q[0], 0);
	assert_int_equal(c->status, ASHLAR_JOB_EXIT);
	assert_int_equal(c->exit_code, 40);
	assert_int_equal(c->tile, 0);
	assert_int_equal(c->tiles, 2);
	assert_int_equal(c->matrix_busy, 10 + 11);
	assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_OK);
}

static void fault(void **state)
{
	const struct ashlar_completion *c;
	struct ashlar_ctrl_msg m;
	uint32_t n = 1;

	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3); /* guilty */
	host_queue(&q[1], 2, 1, 1, 3); /* of the same context */
	host_queue(&q[2], 3, 2, 1, 3); /* innocent */
	host_push(&q[1], host_job(LONG_VA, 1));
	host_push(&q[1], host_job(0x1000, 1));
	host_ring(&q[1]);
	host_push(&q[2], host_job(0x1000, 1));
	host_push(&q[2], host_job(0x1000, 2));
	host_ring(&q[2]);
	host_push(&q[0], host_job(FAULT_VA, 1));
	host_push(&q[0], host_job(0x1000, 1));
	host_push(&q[0], host_job(0x1000, 1));
	host_ring(&q[0]);
	host_settle();
	c = host_completion(&q[0], 0);
	assert_int_equal(c->status, ASHLAR_JOB_FAULT);
	assert_int_equal(c->fault_cause, ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE);
	assert_int_equal(c->fault_unit, ASHLAR_TILE_FAULT_UNIT_STORE);
	assert_int_equal(c->fault_sub, 5);
	assert_int_equal(c->fault_pc, 0x1234);
	assert_true(c->fault_addr == 0x987654321000);
	assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_CANCELLED);
	assert_int_equal(status_of(&q[0], 2), ASHLAR_JOB_CANCELLED);
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_CANCELLED);
	assert_int_equal(status_of(&q[1], 1), ASHLAR_JOB_CANCELLED);
	assert_int_equal(status_of(&q[2], 0), ASHLAR_JOB_OK);
	assert_int_equal(status_of(&q[2], 1), ASHLAR_JOB_OK);
	assert_int_equal(host_completed(&q[0]), 3);
	assert_int_equal(host_completed(&q[1]), 2);
	assert_int_equal(host_completed(&q[2]), 2);
	assert_int_equal(host_call(ASHLAR_CTRL_QUEUE_QUERY, &n, 4, &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(m.arg[1], ASHLAR_JOB_FAULT);
	assert_int_equal(m.arg[2], 3);
}

/* One tile of a job faults: the others are killed, one completion. */
static void fault_of_many(void **state)
{
	const struct ashlar_completion *c;

	(void)state;
	up(4);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	one(&q[0], PART_VA, 4);
	host_settle();
	c = host_completion(&q[0], 0);
	assert_int_equal(c->status, ASHLAR_JOB_FAULT);
	assert_int_equal(c->tile, 1);
	assert_int_equal(c->tiles, 4);
	assert_int_equal(rt.free, 0xf);
	assert_int_equal(rt.clean, 0xf); /* all scrubbed */
	assert_int_equal(host_completed(&q[0]), 1);
}

static void timeout(void **state)
{
	const struct ashlar_completion *c;
	struct ashlar_job j = host_job(HANG_VA, 1);

	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	j.timeout = 50000;
	host_push(&q[0], j);
	host_ring(&q[0]);
	one(&q[1], LONG_VA, 1);
	host_settle();
	c = host_completion(&q[0], 0);
	assert_int_equal(c->status, ASHLAR_JOB_TIMEOUT);
	assert_int_equal(c->fault_pc, 0x4321);
	assert_true(c->t_end - c->t_start >= 50000 &&
		    c->t_end - c->t_start < 52000);
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_OK);
	/* The default; ticks keep the watchdog quiet meanwhile. */
	host_context(3);
	host_queue(&q[2], 3, 3, 1, 3);
	one(&q[2], HANG_VA, 1);
	host_settle();
	c = host_completion(&q[2], 0);
	assert_int_equal(c->status, ASHLAR_JOB_TIMEOUT);
	assert_true(c->t_end - c->t_start >= ASHLAR_JOB_TIMEOUT_DEFAULT &&
		    c->t_end - c->t_start < ASHLAR_JOB_TIMEOUT_DEFAULT + 2000);
}

/* 2^64 - 1 cycles from now is not a moment ago. */
static void endless_timeout(void **state)
{
	struct ashlar_job j = host_job(LONG_VA, 1);

	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	j.timeout = UINT64_MAX;
	host_push(&q[0], j);
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(status_of(&q[0], 0), ASHLAR_JOB_OK);
}

/* A tile that ignores KILL is left out; what it did is not waited for. */
static void dead_tile(void **state)
{
	struct ashlar_job j = host_job(DEAF_VA, 1);
	uint32_t n = 1;

	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	j.timeout = 1000;
	host_push(&q[0], j);
	host_ring(&q[0]);
	host_settle();
	assert_int_equal(status_of(&q[0], 0), ASHLAR_JOB_TIMEOUT);
	assert_int_equal(rt.tiles_alive, 1);
	one(&q[1], 0x1000, 2); /* clamped to what is left */
	host_settle();
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_OK);
	assert_int_equal(host_completion(&q[1], 0)->tiles, 1);
	/* Its context cannot be reused: it might still write. */
	assert_int_equal(host_call(ASHLAR_CTRL_QUEUE_DESTROY, &n, 4, NULL),
			 ASHLAR_STATUS_OK);
	assert_int_equal(host_call(ASHLAR_CTRL_CTX_DESTROY, &n, 4, NULL),
			 ASHLAR_STATUS_BUSY);
}

static void stuck_scrub(void **state)
{
	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	one(&q[0], 0x1000, 2);
	host_settle();
	mock.tile[0].scrub_stuck = 1;
	one(&q[1], 0x1000, 2);
	host_settle();
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_OK);
	assert_int_equal(host_completion(&q[1], 0)->tiles, 1);
	assert_int_equal(rt.tiles_alive, 1);
}

/* No tile left: the firmware says so and stops. */
static void last_tile_dies(void **state)
{
	struct ashlar_job j = host_job(DEAF_VA, 1);

	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	j.timeout = 1000;
	host_push(&q[0], j);
	host_ring(&q[0]);
	if (!setjmp(mock.halt)) {
		for (;;)
			runtime_turn();
	}
	assert_int_equal(mock.post, ASHLAR_POST_ASSERT);
	assert_int_equal(mock.wdt_period, 0);
}

static void handover(void **state)
{
	unsigned int i;

	(void)state;
	up(1);
	for (i = 0; i < 3; i++) {
		host_context(i + 1);
		host_queue(&q[i], i + 1, i + 1, 1, 3);
	}
	for (i = 0; i < 9; i++)
		one(&q[i % 3], 0x1000, 1);
	host_settle();
	for (i = 0; i < 9; i++)
		assert_int_equal(status_of(&q[i % 3], i / 3), ASHLAR_JOB_OK);
	/* Round robin: every job met another context's data. */
	assert_int_equal(mock.tile[0].scrubs, 8);
	assert_int_equal(mock.tile[0].starts, 9);
}

/* Tiles of the own context first, then clean ones. */
static void affinity(void **state)
{
	(void)state;
	up(3);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	one(&q[0], 0x1000, 1);
	host_settle();
	one(&q[1], 0x1000, 1);
	host_settle();
	one(&q[1], 0x1000, 1);
	host_settle();
	one(&q[0], 0x1000, 1);
	host_settle();
	assert_int_equal(mock.tile[0].starts, 2);
	assert_int_equal(mock.tile[1].starts, 2);
	assert_int_equal(mock.tile[2].starts, 0);
	assert_int_equal(rt.scrubs, 0);
}

static uint64_t start_of(const struct host_queue *on, uint32_t i)
{
	return host_completion(on, i)->t_start;
}

static void priorities(void **state)
{
	unsigned int i;

	(void)state;
	up(1);
	host_context(1);
	for (i = 0; i < 3; i++)
		host_queue(&q[i], i + 1, 1, i, 3);
	one(&q[0], LONG_VA, 1);
	host_until(job_runs, &q[0]);
	for (i = 0; i < 3; i++) {
		host_push(&q[i], host_job(0x1000, 1));
		host_push(&q[i], host_job(0x1000, 1));
		host_ring(&q[i]);
	}
	host_settle();
	assert_true(start_of(&q[2], 0) < start_of(&q[1], 0));
	assert_true(start_of(&q[2], 1) < start_of(&q[1], 0));
	assert_true(start_of(&q[1], 1) < start_of(&q[0], 1));
	assert_int_equal(host_completed(&q[0]), 3);
}

/* Others keep all tiles busy; high priority, and single tiles. */
static void no_starvation(void **state)
{
	unsigned int i, k;

	(void)state;
	up(2);
	host_context(1);
	for (i = 0; i < 4; i++)
		host_queue(&q[i], i + 1, 1, 2, 8);
	host_queue(&q[4], 5, 1, 2, 3); /* wants both tiles */
	host_queue(&q[5], 6, 1, 0, 3); /* low priority, both tiles */
	for (k = 0; k < 200; k++) {
		for (i = 0; i < 4; i++)
			host_push(&q[i], host_job(0x1000, 1));
	}
	for (i = 0; i < 4; i++)
		host_ring(&q[i]);
	one(&q[4], 0x1000, 2);
	one(&q[5], 0x1000, 2);
	host_settle();
	/* Long before the others are through. */
	assert_true(start_of(&q[4], 0) < start_of(&q[0], 20));
	assert_true(start_of(&q[5], 0) < start_of(&q[0], 60));
	/* But not before high priority has had its part. */
	assert_true(start_of(&q[5], 0) > start_of(&q[0], 10));
	assert_int_equal(host_completed(&q[0]), 200);
}

static void two_contexts_at_once(void **state)
{
	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	one(&q[0], LONG_VA, 1);
	one(&q[1], LONG_VA, 1);
	host_settle();
	assert_true(start_of(&q[1], 0) < host_completion(&q[0], 0)->t_end);
	assert_true(start_of(&q[0], 0) < host_completion(&q[1], 0)->t_end);
}

static void destroy_running(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 1, id, id2;
	unsigned int i;

	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	for (i = 0; i < 5; i++)
		host_push(&q[0], host_job(i ? 0x1000 : HANG_VA, 1));
	host_ring(&q[0]);
	host_until(job_runs, &q[0]);
	one(&q[1], LONG_VA, 1);
	host_until(job_runs, &q[1]);
	/* Two more are rung for, and not yet seen, when it goes. */
	host_push(&q[0], host_job(0x1000, 1));
	host_push(&q[0], host_job(0x1000, 1));
	id = host_send(ASHLAR_CTRL_QUEUE_DESTROY, &n, 4);
	host_ring(&q[0]);
	id2 = host_send(ASHLAR_CTRL_CTX_DESTROY, &n, 4);
	host_settle();
	assert_true(host_reply(id, &m));
	assert_int_equal(m.status, ASHLAR_STATUS_OK);
	for (i = 0; i < 7; i++)
		assert_int_equal(status_of(&q[0], i), ASHLAR_JOB_CANCELLED);
	assert_int_equal(host_completed(&q[0]), 7);
	assert_true(host_reply(id2, &m)); /* asked while it was going */
	assert_int_equal(m.status, ASHLAR_STATUS_BUSY);
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_OK);
	assert_int_equal(host_call(ASHLAR_CTRL_CTX_DESTROY, &n, 4, NULL),
			 ASHLAR_STATUS_OK);
	for (i = 0; i < 2; i++)
		assert_true(mock.tile[i].owner != 1);
	/* The numbers can be used again, from the start. */
	host_context(1);
	host_queue(&q[2], 1, 1, 1, 3);
	one(&q[2], 0x1000, 1);
	host_settle();
	assert_int_equal(status_of(&q[2], 0), ASHLAR_JOB_OK);
}

/*
 * Jobs that wait are fetched while the queue goes; what was prepared for the
 * next of them is nothing that the next queue of that number should get.
 */
static void another_queue_of_the_number(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 1, id, jobs, i;

	(void)state;
	for (jobs = 1; jobs <= 8; jobs++) {
		up(1);
		host_context(1);
		host_queue(&q[0], 1, 1, 1, 3);
		for (i = 0; i < jobs; i++)
			host_push(&q[0], host_job(i ? 0x1000 : HANG_VA, 1));
		host_ring(&q[0]);
		host_until(job_runs, &q[0]);
		id = host_send(ASHLAR_CTRL_QUEUE_DESTROY, &n, 4);
		host_settle();
		assert_true(host_reply(id, &m));
		assert_int_equal(m.status, ASHLAR_STATUS_OK);

		host_queue(&q[1], 1, 1, 1, 3);
		for (i = 0; i < 3; i++) {
			one(&q[1], 0x1000, 1);
			host_settle();
			assert_int_equal(host_completed(&q[1]), i + 1);
			assert_int_equal(status_of(&q[1], i), ASHLAR_JOB_OK);
		}
	}
}

/* Destroyed while its tiles are being scrubbed for it. */
static void destroy_while_scrubbing(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 2, id;
	unsigned int i;

	(void)state;
	up(2);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	one(&q[0], 0x1000, 1);
	host_settle();
	one(&q[1], 0x1000, 2);
	for (i = 0; i < 40 && rt.queue[2].job != JOB_SCRUB; i++)
		runtime_turn();
	assert_int_equal(rt.queue[2].job, JOB_SCRUB);
	id = host_send(ASHLAR_CTRL_QUEUE_DESTROY, &n, 4);
	host_settle();
	assert_true(host_reply(id, &m));
	assert_int_equal(m.status, ASHLAR_STATUS_OK);
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_CANCELLED);
	assert_int_equal(rt.free, 3);
	assert_int_equal(rt.clean, 3);
	assert_int_equal(rt.running, 0);
}

static struct ashlar_ctrl_msg last_reply;

static int wait_reply(void *arg)
{
	return host_reply(*(uint32_t *)arg, &last_reply);
}

static uint32_t code_version_now;

static uint32_t code_version(uint32_t context, uint64_t va)
{
	(void)context;
	(void)va;
	return code_version_now;
}

static void invalidate(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 1, id;
	uint64_t before;

	(void)state;
	up(2);
	mock.code_version = code_version;
	code_version_now = 1;
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	one(&q[0], 0x1000, 1);
	host_settle();
	one(&q[1], LONG_VA, 1);
	host_until(job_runs, &q[1]);
	/* Idle tile: at once; the other context's is not touched. */
	before = mock.now;
	id = host_send(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4);
	host_until(wait_reply, &id);
	assert_true(mock.now - before < 2000);
	assert_int_equal(mock.tile[0].invalidates, 1);
	assert_int_equal(mock.tile[1].invalidates, 0);
	code_version_now = 2; /* same serial: the mock checks the reload */
	one(&q[0], 0x1000, 1);
	host_settle();
	assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_OK);

	/* Running: invalidated now, answered when old requests are through. */
	one(&q[0], LONG_VA, 1);
	host_until(job_runs, &q[0]);
	before = mock.now;
	assert_int_equal(host_call(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4, &m),
			 ASHLAR_STATUS_OK);
	assert_int_equal(mock.tile[0].invalidates, 2);
	code_version_now = 3;
	one(&q[0], LONG_VA, 1); /* what ran was old: not reused */
	host_settle();
	assert_int_equal(status_of(&q[0], 3), ASHLAR_JOB_OK);
}

/*
 * The loop has prepared for a repeated job, and does not sleep between the
 * invalidation and the doorbell.
 */
static void invalidate_then_doorbell(void **state)
{
	uint32_t n = 1;

	(void)state;
	up(1);
	mock.code_version = code_version;
	mock.copy_latency = 20; /* as fast as the board, seen from here */
	code_version_now = 1;
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	one(&q[0], 0x1000, 1);
	host_settle();
	one(&q[0], 0x1000, 1);
	host_settle();
	assert_int_equal(mock.tile[0].reg[ASHLAR_TILE_LOAD_FROM / 4], 256);
	host_send(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4);
	host_send(ASHLAR_CTRL_PING, NULL, 0);
	runtime_turn();
	assert_int_equal(mock.tile[0].invalidates, 1);
	code_version_now = 2;
	one(&q[0], 0x1000, 1);
	host_settle();
	/* The mock refuses to run text that is not there. */
	assert_int_equal(status_of(&q[0], 2), ASHLAR_JOB_OK);
}

static void invalidate_drains(void **state)
{
	static const uint32_t drain[] = { 1, 100, 5000, 100000 };
	uint32_t n = 1, id;
	uint64_t before;
	unsigned int i;

	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	one(&q[0], HANG_VA, 1);
	host_until(job_runs, &q[0]);
	/* However long it takes, and not much longer. */
	for (i = 0; i < ARRAY_SIZE(drain); i++) {
		mock.tile[0].drain = drain[i];
		before = mock.now;
		id = host_send(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4);
		host_until(wait_reply, &id);
		assert_true(mock.now >= mock.tile[0].drained);
		assert_true(mock.now - before >= drain[i]);
		assert_true(mock.now - before < drain[i] + 1000);
		assert_int_equal(last_reply.status, ASHLAR_STATUS_OK);
	}
}

/* A tile that neither drains nor obeys: refused, never answered as OK. */
static void invalidate_stuck(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t n = 1, id;
	unsigned int i;

	(void)state;
	up(2);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	one(&q[0], DEAF_VA, 1);
	host_until(job_runs, &q[0]);
	mock.tile[0].drain = UINT64_MAX;
	mock.tile[1].drain = UINT64_MAX;
	id = host_send(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4);
	for (i = 0; i < 50; i++) {
		mock_advance(1000);
		runtime_turn();
	}
	assert_false(host_reply(id, &m));
	host_settle(); /* the job's time runs out, then the tile's */
	assert_true(host_reply(id, &m));
	assert_int_equal(m.status, ASHLAR_STATUS_BUSY);
	/* Dead all the same: what it still asks for is waited for. */
	assert_int_equal(host_call(ASHLAR_CTRL_CTX_INVALIDATE, &n, 4, &m),
			 ASHLAR_STATUS_BUSY);
}

/* The host's memory refuses: the job is lost, the board is not. */
static void host_refuses(void **state)
{
	(void)state;
	up(1);
	host_context(1);
	host_context(2);
	host_queue(&q[0], 1, 1, 1, 3);
	host_queue(&q[1], 2, 2, 1, 3);
	mock.host_refuse = q[0].report;
	one(&q[0], 0x1000, 1);
	host_settle();
	one(&q[1], 0x1000, 1);
	host_settle();
	assert_int_equal(status_of(&q[1], 0), ASHLAR_JOB_OK);
	assert_int_equal(host_completed(&q[0]), 0);
	assert_int_equal(host_completed(&q[1]), 1);
}

/* Many queues at once: more descriptors than the engine takes. */
static void many_queues(void **state)
{
	static struct host_queue all[63];
	unsigned int i, k;

	(void)state;
	up(4);
	for (i = 0; i < 63; i++) {
		host_context(i + 1);
		host_queue(&all[i], i + 1, i + 1, i % 3, 3);
		for (k = 0; k < 8; k++)
			host_push(&all[i], host_job(0x1000, 1 + i % 4));
	}
	for (i = 0; i < 63; i++)
		host_ring(&all[i]);
	host_settle();
	for (i = 0; i < 63; i++) {
		assert_int_equal(host_completed(&all[i]), 8);
		for (k = 0; k < 8; k++)
			assert_int_equal(status_of(&all[i], k), ASHLAR_JOB_OK);
	}
}

static void bad_doorbells(void **state)
{
	(void)state;
	up(1);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 2);
	one(&q[0], 0x1000, 1);
	one(&q[0], 0x1000, 1);
	host_settle();
	/* Backwards: the hardware may let it through, the firmware not. */
	mock.db_tail[1] = 1;
	mock.db_pending[0] |= 2;
	host_settle();
	assert_int_equal(rt.bad_requests, 1);
	one(&q[0], 0x1000, 1);
	host_settle();
	assert_int_equal(host_completed(&q[0]), 3);
}

/* The host has its next job ready when it hears of the first one. */
static void next_job(unsigned int v)
{
	mock.vector = NULL;
	(void)v;
	one(&q[0], HANG_VA, 1);
}

/*
 * A job ends about when the tick is due, and the next one is there before the
 * processor comes to rest: the pulse goes on, or the watchdog ends the next one.
 */
static void tick_between_jobs(void **state)
{
	(void)state;
	for (tick_cycles = RT_TICK - 2000; tick_cycles < RT_TICK + 200;
	     tick_cycles += 3) {
		up(1);
		host_context(1);
		host_queue(&q[0], 1, 1, 1, 3);
		mock.vector = next_job;
		one(&q[0], TICK_VA, 1);
		host_settle();
		assert_int_equal(status_of(&q[0], 0), ASHLAR_JOB_OK);
		assert_int_equal(status_of(&q[0], 1), ASHLAR_JOB_TIMEOUT);
	}
}

/* Only the processor restarts; tiles run on, the driver does not know. */
static void watchdog_restart(void **state)
{
	struct ashlar_ctrl_msg m;
	uint32_t id, head;
	const struct ashlar_log *l;
	unsigned int i;

	(void)state;
	up(2);
	host_context(1);
	host_queue(&q[0], 1, 1, 1, 3);
	one(&q[0], HANG_VA, 2);
	host_until(job_runs, &q[0]);
	assert_int_equal(mock.tile[1].status, ASHLAR_TILE_STATUS_RUNNING);
	id = host_send(ASHLAR_CTRL_PING, NULL, 0);
	l = (void *)(mock.shared + ASHLAR_SHARED_LOG / 4);
	head = l->head;
	mock_watchdog_reset();
	if (setjmp(mock.halt))
		fail();
	runtime_init();
	assert_int_equal(mock.post, ASHLAR_POST_READY);
	for (i = 0; i < 2; i++)
		assert_int_equal(mock.tile[i].status, ASHLAR_TILE_STATUS_IDLE);
	assert_false(mock_ring(1, 2)); /* no queue */
	host_settle();
	assert_true(host_reply(id, &m));
	assert_int_equal(m.status, ASHLAR_STATUS_STATE);
	assert_true(l->head > head);
}

SUITE(suite_run, ((const struct CMUnitTest[]){
			 cmocka_unit_test(completes),
			 cmocka_unit_test(nop_and_bad),
			 cmocka_unit_test(fence_must_grow),
			 cmocka_unit_test(exit_codes),
			 cmocka_unit_test(fault),
			 cmocka_unit_test(fault_of_many),
			 cmocka_unit_test(timeout),
			 cmocka_unit_test(endless_timeout),
			 cmocka_unit_test(dead_tile),
			 cmocka_unit_test(stuck_scrub),
			 cmocka_unit_test(last_tile_dies),
			 cmocka_unit_test(handover),
			 cmocka_unit_test(affinity),
			 cmocka_unit_test(priorities),
			 cmocka_unit_test(no_starvation),
			 cmocka_unit_test(two_contexts_at_once),
			 cmocka_unit_test(destroy_running),
			 cmocka_unit_test(another_queue_of_the_number),
			 cmocka_unit_test(destroy_while_scrubbing),
			 cmocka_unit_test(invalidate),
			 cmocka_unit_test(invalidate_then_doorbell),
			 cmocka_unit_test(invalidate_drains),
			 cmocka_unit_test(invalidate_stuck),
			 cmocka_unit_test(host_refuses),
			 cmocka_unit_test(many_queues),
			 cmocka_unit_test(bad_doorbells),
			 cmocka_unit_test(tick_between_jobs),
			 cmocka_unit_test(watchdog_restart),
		 }))
