// SPDX-License-Identifier: MIT
#include "copy.h"
#include "doorbell.h"
#include "fetch.h"
#include "job.h"
#include "log.h"
#include "run.h"
#include "sched.h"

/* Which queue each copy in the engine is for; counts as the engine counts. */
static struct {
	uint32_t in, out;
	uint32_t src_hi; /* what the register holds */
	uint32_t wanting; /* queues with want_fetch */
	struct queue *last; /* whose descriptor was fetched last */
	/* Set up for a GO: all registers, and the poisoned target. */
	struct queue *expected;
	uint32_t expected_rung; /* its doorbell bit */
	uint32_t expected_word; /* and the word of it */
	struct tile *again; /* see same_tile(); of expected; 0 = not known */
	uint8_t queue[COPY_QUEUE];
} fetch;

void fetch_init(void)
{
	fetch.in = copy_init(COPY_FETCH, sizeof(struct ashlar_job),
			     COPY_SPACE(MEM, LOCAL));
	fetch.out = fetch.in;
	fetch.src_hi = 0;
	fetch.wanting = 0;
	fetch.last = 0;
	fetch.expected = 0;
	fetch.expected_rung = 0;
}

int fetch_waiting(void)
{
	return fetch.in != fetch.out;
}

/* Set the engine up to fetch job q->issued. */
HAL_INLINE void aim(struct queue *q)
{
	struct ashlar_job *job = &q->jobs[q->issued & 1];
	uint32_t offset =
		(q->issued & q->mask) * (uint32_t)sizeof(struct ashlar_job);
	uint32_t lo = q->ring_lo + offset;
	uint32_t hi = q->ring_hi + (lo < offset);

	/* A copy that the engine abandons leaves a job to refuse. */
	job->kind = UINT32_MAX;
	hal_publish();
	if (hi != fetch.src_hi) {
		fetch.src_hi = hi;
		copy_set(COPY_FETCH, ASHLAR_COPY_SRC_HI, hi);
	}
	copy_set(COPY_FETCH, ASHLAR_COPY_SRC_LO, lo);
	copy_set(COPY_FETCH, ASHLAR_COPY_DST_LO, hal_local(job));
}

HAL_INLINE void go(struct queue *q)
{
	copy_go(COPY_FETCH);
	fetch.expected_rung = 0;
	if (q != fetch.expected)
		fetch.again = 0;
	fetch.last = q;
	fetch.queue[fetch.in % COPY_QUEUE] = q->number;
	fetch.in++;
	q->issued++;
}

void fetch_forget(const struct queue *q)
{
	if (fetch.last == q)
		fetch.last = 0;
	if (fetch.expected == q)
		fetch.expected_rung = 0;
}

/*
 * Will the next descriptor of q, if it asks for the same again, start on the
 * tile of the one before? Asked, and prepared, before or while it
 * travels.
 */
static struct tile *same_tile(const struct queue *q)
{
	struct tile *t = &rt.tile[q->last_tile];
	const uint32_t context = q->ctx->space.context;

	if (q->taken != q->done || q->life != RT_LIVE || q->ctx->stopped ||
	    sched_waiting() || !(rt.free & (uint32_t)1 << q->last_tile) ||
	    t->context != context || t->pt_context != context || !t->code_kept)
		return 0;
	tile_prepare_again(t);
	return t;
}

void fetch_expect(void)
{
	struct queue *q = fetch.last;

	if (!q || q->issued != q->done)
		return;
	fetch.again = same_tile(q);
	if (fetch.expected_rung)
		return;
	aim(q);
	fetch.expected = q;
	fetch.expected_rung = (uint32_t)1 << q->number % 32;
	fetch.expected_word = q->number / 32;
}

int fetch_expected(unsigned int word, uint32_t rung)
{
	struct queue *q = fetch.expected;
	uint32_t tail;

	if (rung != fetch.expected_rung || word != fetch.expected_word)
		return 0;
	tail = io_read(q->doorbell);
	if (tail - q->issued - 1 > q->mask)
		return 0;
	q->tail = tail;
	go(q);
	return 1; /* fetch.again is still what fetch_expect() found */
}

void fetch_more(struct queue *q)
{
	if (q->want_fetch) {
		q->want_fetch = 0;
		fetch.wanting--;
	}
	while (q->issued != q->tail && q->issued - q->done < 2) {
		if (fetch.in - fetch.out == COPY_QUEUE) {
			q->want_fetch = 1;
			fetch.wanting++;
			return;
		}
		aim(q);
		go(q);
	}
}

void fetch_rung(struct queue *q)
{
	uint32_t tail = doorbell_tail(q->number);

	/* A value that goes back is as bad as one that goes too far. */
	if (tail - q->issued > q->mask + 1) {
		rt.bad_requests++;
		LOG("queue %u: doorbell %u is not within %u after %u",
		    q->number, tail, q->mask + 1, q->issued);
		return;
	}
	q->tail = tail;
	fetch_more(q);
}

void fetch_doorbells(unsigned int word, uint32_t rung)
{
	for (; rung; rung &= rung - 1) {
		struct queue *q = &rt.queue[32 * word + bit_index(rung)];

		if (q->life == RT_LIVE)
			fetch_rung(q);
	}
}

/* Give the engine's free places to queues that found it full. */
static void serve_wanting(void)
{
	static unsigned int turn;
	unsigned int n;

	for (n = 0; n < RT_QUEUES && fetch.wanting; n++) {
		struct queue *q;

		if (fetch.in - fetch.out == COPY_QUEUE)
			return;
		turn = turn % RT_QUEUES + 1;
		q = &rt.queue[turn];
		if (q->want_fetch)
			fetch_more(q);
	}
}

/* A descriptor of q has arrived: judge it, and start it if it is the front. */
static void arrived(struct queue *q)
{
	const unsigned int i = q->taken & 1;
	const struct ashlar_job *job = &q->jobs[i];
	const unsigned int bad =
		job_check(job, rt.lmem_bytes, q->fetched_fence);

	q->bad[i] = (uint16_t)bad;
	if (!bad)
		q->fetched_fence = job->fence;
	q->taken++;
	if (bad) {
		uint32_t errors = copy_take_errors(COPY_FETCH);

		if (errors)
			LOG("queue %u: fetch of job %u failed, error %x",
			    q->number, q->taken - 1, errors);
	}
	if (q->job == JOB_NONE)
		sched_front(q);
}

/*
 * The common case, and the one whose latency counts: the descriptor of q says
 * what the one before said. Returns 1 if it was that.
 */
HAL_INLINE int started_again(struct queue *q, struct tile *t, uint32_t stamp)
{
	const unsigned int i = q->taken & 1;
	const struct ashlar_job *job = &q->jobs[i];

	if (!job_again(job, t, q->fetched_fence))
		return 0;
	tile_start_again(t, job);
	q->t_fetch[i] = timer_at(rt.time, stamp);
	q->bad[i] = 0;
	q->fetched_fence = job->fence;
	q->taken++;
	run_started_one(q, job, t, q->last_tile);
	return 1;
}

void fetch_unsure(void)
{
	fetch.again = 0;
}

/* A descriptor travels for some tens of cycles: worth looking this often. */
#define LOOKS 16

void fetch_poll(void)
{
	struct queue *q = &rt.queue[fetch.queue[fetch.out % COPY_QUEUE]];
	struct tile *t = fetch.again;
	uint32_t done = copy_done(COPY_FETCH);
	unsigned int n;

	if (!t)
		t = same_tile(q);
	fetch.again = 0;
	for (n = LOOKS; n && done == fetch.out; n--)
		done = copy_done(COPY_FETCH);
	while (fetch.out != done) {
		const uint32_t stamp = timer_stamp();

		hal_acquire();
		fetch.out++;
		if (!t || !started_again(q, t, stamp)) {
			q->t_fetch[q->taken & 1] = timer_at(rt.time, stamp);
			arrived(q);
		}
		/*
		 * Consumed: the host may reuse the place. It learns that from
		 * the fence, which nobody has written before this.
		 */
		doorbell_set_head(q->number, q->taken);
		fetch_more(q);
		t = 0;
		q = &rt.queue[fetch.queue[fetch.out % COPY_QUEUE]];
	}
	if (fetch.wanting)
		serve_wanting();
}
