// SPDX-License-Identifier: MIT
/*
 * Random jobs of random contexts on random boards, with faults, hangs, bad
 * descriptors, invalidations and destruction at random moments. Checked: each
 * job completes exactly once, in order, with the status it must have; a stopped
 * context stops nobody else; the mock checks that no tile ever meets another
 * context's data, translations or outdated code.
 */
#include "host.h"
#include "mock.h"
#include "rt.h"
#include "suite.h"

#define CONTEXTS 5
#define QUEUES	 12
#define JOBS	 40
#define ROUNDS	 60

enum fate { FINE, EXITS, FAULTS, HANGS, BAD, NOP };

static uint32_t seed;

static uint32_t dice(uint32_t sides)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % sides;
}

static struct {
	struct host_queue q;
	enum fate fate[JOBS];
	uint32_t rung;
	uint32_t checked; /* completions seen in order */
	int destroyed;
} queues[QUEUES];

/* Of all code of a context: the bytes, and what the driver calls them. */
static uint32_t version[CONTEXTS + 1], serial[CONTEXTS + 1];

static uint32_t code_version(uint32_t context, uint64_t va)
{
	(void)va;
	return version[context];
}

/* grid[2] carries the fate to the tile. */
static void kernel(unsigned int tile, struct mock_plan *p)
{
	const uint32_t *r = mock.tile[tile].reg;
	uint32_t index = r[ASHLAR_TILE_INDEX / 4];
	uint32_t count = r[ASHLAR_TILE_COUNT / 4];

	p->cycles = 100 + dice(5000);
	switch (r[ASHLAR_TILE_GRID_Z / 4] - 1) {
	case EXITS:
		p->exit_code = index + 1;
		break;
	case FAULTS: /* on the last tile */
		if (index == count - 1) {
			p->end = ASHLAR_TILE_STATUS_FAULT;
			p->fault_cause = ASHLAR_TILE_FAULT_CAUSE_CORE;
		} else if (dice(2)) {
			p->end = ASHLAR_TILE_STATUS_RUNNING;
		}
		break;
	case HANGS:
		p->end = ASHLAR_TILE_STATUS_RUNNING;
		break;
	}
}

static void push(unsigned int n, unsigned int peaceful)
{
	static const enum fate fates[] = { FINE, FINE,	FINE,	FINE,  NOP,
					   NOP,	 EXITS, FAULTS, HANGS, BAD };
	enum fate f = fates[dice(peaceful ? 7 : 10)];
	struct host_queue *q = &queues[n].q;
	struct ashlar_job j = host_job(0x1000 * (1 + dice(3)), 1 + dice(6));

	queues[n].fate[q->pushed] = f;
	j.code_serial = serial[q->context];
	j.grid[2] = f + 1;
	j.timeout = f == HANGS ? 1000 + dice(20000) : 0;
	j.flags = dice(2);
	if (f == NOP)
		j.kind = ASHLAR_JOB_NOP;
	if (f == BAD)
		j.reserved[dice(12)] = 1u << dice(32);
	host_push(q, j);
}

/* The statuses of a queue's jobs up to what its report says is complete. */
static void check(unsigned int n)
{
	const struct host_queue *q = &queues[n].q;
	uint64_t done = host_completed(q);
	int stopped = 0;
	uint32_t i;

	assert_true(done <= q->pushed);
	assert_true(done >= queues[n].checked);
	queues[n].checked = (uint32_t)done;
	for (i = 0; i < done; i++) {
		const struct ashlar_completion *c = host_completion(q, i);
		enum fate f = queues[n].fate[i];

		assert_int_equal(c->fence, i + 1);
		assert_int_equal(c->tag, 1000 * q->number + i);
		assert_int_equal(c->context, q->context);
		if (c->status == ASHLAR_JOB_CANCELLED) {
			stopped = 1;
			continue;
		}
		/* Nothing runs in a context after it has stopped. */
		assert_false(stopped);
		switch (f) {
		case FINE:
		case NOP:
			assert_int_equal(c->status, ASHLAR_JOB_OK);
			break;
		case EXITS:
			assert_int_equal(c->status, ASHLAR_JOB_EXIT);
			assert_in_range(c->exit_code, 1, c->tiles);
			break;
		case FAULTS:
			assert_int_equal(c->status, ASHLAR_JOB_FAULT);
			stopped = 1;
			break;
		case HANGS:
			assert_int_equal(c->status, ASHLAR_JOB_TIMEOUT);
			stopped = 1;
			break;
		case BAD:
			assert_int_equal(c->status, ASHLAR_JOB_BAD);
			assert_in_range(c->fault_sub, 80, 124);
			stopped = 1;
			break;
		}
	}
}

static void one_round(uint32_t tiles)
{
	int guilty[CONTEXTS + 1] = { 0 };
	unsigned int i, k, step;

	host_up(tiles);
	mock.kernel = kernel;
	mock.code_version = code_version;
	mock.copy_latency = 20 + dice(400);
	mock.scrub_cycles = 100 + dice(3000);
	for (i = 1; i <= CONTEXTS; i++) {
		version[i] = 1;
		serial[i] = 1;
		host_context(i);
	}
	memset(queues, 0, sizeof(queues));
	for (i = 0; i < QUEUES; i++)
		host_queue(&queues[i].q, 1 + i * 5, 1 + i % CONTEXTS, dice(3),
			   6);

	for (step = 0; step < 400; step++) {
		struct ashlar_ctrl_msg m;

		i = dice(QUEUES);
		if (!queues[i].destroyed && queues[i].q.pushed < JOBS) {
			/* Contexts 1 and 2 are innocent. */
			push(i, queues[i].q.context <= 2);
			if (dice(3)) {
				host_ring(&queues[i].q);
				queues[i].rung = queues[i].q.pushed;
			}
		}
		for (k = dice(60); k; k--)
			runtime_turn();
		if (dice(40) == 0) {
			/* New code: the driver invalidates, then uses it. */
			uint32_t c = 1 + dice(CONTEXTS), settled = 1;

			for (k = 0; k < QUEUES; k++)
				settled &= queues[k].q.context != c ||
					   host_completed(&queues[k].q) ==
						   queues[k].q.pushed;
			if (settled) {
				version[c]++;
				if (dice(2)) { /* either of the two suffices */
					serial[c]++;
				} else {
					uint32_t id = host_send(
						ASHLAR_CTRL_CTX_INVALIDATE, &c,
						4);

					while (!host_reply(id, &m))
						runtime_turn();
					assert_int_equal(m.status,
							 ASHLAR_STATUS_OK);
				}
			}
		}
		if (dice(150) == 0 && queues[i].q.context > 2 &&
		    !queues[i].destroyed) {
			uint32_t id = host_send(ASHLAR_CTRL_QUEUE_DESTROY,
						&queues[i].q.number, 4);

			queues[i].destroyed = 1;
			host_settle();
			assert_true(host_reply(id, &m));
			assert_int_equal(m.status, ASHLAR_STATUS_OK);
			assert_int_equal(host_completed(&queues[i].q),
					 queues[i].rung);
			check(i);
		}
		{ /* take replies, so that there is always room */
			struct ashlar_ctrl_msg none;

			(void)host_reply(0, &none);
		}
		check(dice(QUEUES));
	}
	for (i = 0; i < QUEUES; i++) {
		if (!queues[i].destroyed &&
		    queues[i].rung < queues[i].q.pushed) {
			host_ring(&queues[i].q);
			queues[i].rung = queues[i].q.pushed;
		}
	}
	host_settle();
	for (i = 0; i < QUEUES; i++) {
		check(i);
		assert_int_equal(queues[i].checked, queues[i].rung);
		for (k = 0; k < queues[i].rung; k++) {
			uint32_t s = host_completion(&queues[i].q, k)->status;

			guilty[queues[i].q.context] |=
				s == ASHLAR_JOB_FAULT ||
				s == ASHLAR_JOB_TIMEOUT || s == ASHLAR_JOB_BAD;
		}
	}
	/* Cancelled only where somebody failed, or by destruction. */
	for (i = 0; i < QUEUES; i++) {
		for (k = 0; k < queues[i].rung; k++) {
			if (host_completion(&queues[i].q, k)->status ==
			    ASHLAR_JOB_CANCELLED)
				assert_true(guilty[queues[i].q.context] ||
					    queues[i].destroyed);
		}
	}
	assert_int_equal(guilty[1] | guilty[2], 0);
	/* At rest: everything given back. */
	assert_int_equal(rt.free, (1u << tiles) - 1);
	assert_int_equal(rt.tiles_busy, 0);
	assert_true(rt.running == 0);
	assert_int_equal(mock.wdt_period, 0);
	assert_true(mock.mtimecmp == UINT64_MAX);
}

static void random_jobs(void **state)
{
	unsigned int n;

	(void)state;
	for (n = 0; n < ROUNDS; n++) {
		seed = 1000 + n;
		one_round(1 + n % 6);
	}
}

SUITE(suite_random, ((const struct CMUnitTest[]){
			    cmocka_unit_test(random_jobs),
		    }))
