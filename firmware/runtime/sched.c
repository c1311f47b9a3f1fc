// SPDX-License-Identifier: MIT
#include "run.h"
#include "sched.h"

static struct {
	uint8_t first[RT_PRIORITIES]; /* run lists; 0 = empty */
	uint8_t last[RT_PRIORITIES];
	uint32_t passed[RT_PRIORITIES]; /* starts since first[] came first */
	uint32_t waiting; /* queues in the lists */
} sched;

void sched_init(void)
{
	unsigned int p;

	sched.waiting = 0;
	for (p = 0; p < RT_PRIORITIES; p++) {
		sched.first[p] = 0;
		sched.last[p] = 0;
		sched.passed[p] = 0;
	}
}

static void append(struct queue *q)
{
	const unsigned int p = q->priority;

	q->next = 0;
	if (sched.first[p]) {
		rt.queue[sched.last[p]].next = q->number;
	} else {
		sched.first[p] = q->number;
		sched.passed[p] = 0;
	}
	sched.last[p] = q->number;
	sched.waiting++;
}

void sched_remove(struct queue *q)
{
	const unsigned int p = q->priority;
	unsigned int n, before = 0;

	for (n = sched.first[p]; n != q->number; n = rt.queue[n].next) {
		RT_CHECK(n, q->number);
		before = n;
	}
	if (before) {
		rt.queue[before].next = q->next;
	} else {
		sched.first[p] = q->next;
		sched.passed[p] = 0;
	}
	if (sched.last[p] == q->number)
		sched.last[p] = (uint8_t)before;
	q->next = 0;
	sched.waiting--;
}

/* Tiles the front job of q takes. */
static unsigned int need(const struct queue *q)
{
	uint32_t wanted = q->jobs[q->done & 1].tiles;

	return wanted < rt.tiles_alive ? wanted : rt.tiles_alive;
}

/* n of the bits of from, lowest first. */
static uint32_t take(uint32_t from, unsigned int n)
{
	uint32_t taken = 0;

	for (; n && from; n--) {
		taken |= from & -from;
		from &= from - 1;
	}
	return taken;
}

/* n of the free tiles, best first. */
static uint32_t pick(const struct queue *q, unsigned int n)
{
	const struct ashlar_job *job = &q->jobs[q->done & 1];
	const uint32_t context = q->ctx->space.context;
	uint32_t code = 0, data = 0, left, picked;

	for (left = rt.free & ~rt.clean; left; left &= left - 1) {
		const uint32_t bit = left & -left;
		const struct tile *t = &rt.tile[bit_index(left)];

		if (t->context != context)
			continue;
		if (t->code_kept && t->code_va == job->code_va &&
		    t->code_serial == job->code_serial)
			code |= bit;
		else
			data |= bit;
	}
	picked = take(code, n);
	n -= bit_count(picked);
	if (n)
		picked |= take(data, n);
	n = need(q) - bit_count(picked);
	if (n)
		picked |= take(rt.clean, n);
	n = need(q) - bit_count(picked);
	if (n)
		picked |= take(rt.free & ~picked, n);
	return picked;
}

static void start(struct queue *q, unsigned int n)
{
	unsigned int p;

	for (p = 0; p < RT_PRIORITIES; p++) {
		if (sched.first[p] && sched.first[p] != q->number)
			sched.passed[p]++;
	}
	sched_remove(q);
	run_start(q, pick(q, n));
}

/*
 * Start one job of priority p. Returns 1 if it did, 0 if none fits, -1 if
 * none fits and the free tiles are kept for the first of the list.
 */
static int start_of(unsigned int p)
{
	const unsigned int nfree = bit_count(rt.free);
	struct queue *q = &rt.queue[sched.first[p]];
	unsigned int n = need(q);

	if (n <= nfree) {
		start(q, n);
		return 1;
	}
	if (sched.passed[p] >= SCHED_PASS_HOLD)
		return -1;
	while (q->next) {
		q = &rt.queue[q->next];
		n = need(q);
		if (n <= nfree) {
			start(q, n);
			return 1;
		}
	}
	return 0;
}

/* The priority whose first queue has been passed too often, or -1. */
static int overdue(void)
{
	int p;

	for (p = 0; p < RT_PRIORITIES; p++) {
		if (sched.first[p] && sched.passed[p] >= SCHED_PASS_FIRST)
			return p;
	}
	return -1;
}

static int start_one(void)
{
	int p = overdue();
	int started;

	if (p >= 0)
		return start_of((unsigned int)p) > 0;
	for (p = RT_PRIORITIES - 1; p >= 0; p--) {
		if (!sched.first[p])
			continue;
		started = start_of((unsigned int)p);
		if (started)
			return started > 0;
	}
	return 0;
}

int sched_waiting(void)
{
	return sched.waiting != 0;
}

void sched_run(void)
{
	while (sched.waiting && rt.free && start_one())
		;
}

void sched_front(struct queue *q)
{
	const unsigned int i = q->done & 1;
	const struct ashlar_job *job = &q->jobs[i];

	if (q->ctx->stopped || q->life != RT_LIVE) {
		run_refuse(q, ASHLAR_JOB_CANCELLED);
		return;
	}
	if (q->bad[i] || job->kind == ASHLAR_JOB_NOP) {
		run_refuse(q, q->bad[i] ? ASHLAR_JOB_BAD : ASHLAR_JOB_OK);
		return;
	}
	/*
	 * Nobody waits, and one tile is enough: the one of the queue's last
	 * job if it is still the context's, or a clean one. The same that
	 * pick() would find, or as good.
	 */
	if (job->tiles == 1 && !sched.waiting) {
		if (rt.free & (uint32_t)1 << q->last_tile &&
		    rt.tile[q->last_tile].context == q->ctx->space.context) {
			run_start_one(q, q->last_tile);
			return;
		}
		if (rt.clean) {
			run_start_one(q, bit_index(rt.clean));
			return;
		}
	}
	q->job = JOB_WAIT;
	append(q);
	sched_run();
}
