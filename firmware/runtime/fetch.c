// SPDX-License-Identifier: MIT
#include "copy.h"
#include "doorbell.h"
#include "fetch.h"
#include "irq.h"
#include "job.h"
#include "log.h"
#include "sched.h"

/* Which queue each copy in the engine is for; counts as the engine counts. */
static struct {
	uint32_t in, out;
	uint32_t src_hi; /* what the register holds */
	uint32_t wanting; /* queues with want_fetch */
	uint8_t queue[COPY_QUEUE];
} fetch;

void fetch_init(void)
{
	fetch.in = copy_init(COPY_FETCH, sizeof(struct ashlar_job),
			     COPY_SPACE(MEM, LOCAL));
	fetch.out = fetch.in;
	fetch.src_hi = 0;
	fetch.wanting = 0;
}

int fetch_waiting(void)
{
	return fetch.in != fetch.out;
}

/* Fetch job q->issued; the engine has room. */
HAL_INLINE void issue(struct queue *q)
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
	copy_go(COPY_FETCH);
	fetch.queue[fetch.in % COPY_QUEUE] = q->number;
	fetch.in++;
	q->issued++;
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
		issue(q);
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
	if (q->issued == q->done && tail != q->done &&
	    fetch.in - fetch.out < COPY_QUEUE)
		issue(q); /* nothing of it is here: the first one, now */
	else
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
HAL_INLINE void arrived(struct queue *q)
{
	const unsigned int i = q->taken & 1;
	const struct ashlar_job *job = &q->jobs[i];
	const unsigned int bad =
		job_check(job, rt.lmem_bytes, q->fetched_fence);

	q->bad[i] = (uint16_t)bad;
	if (!bad)
		q->fetched_fence = job->fence;
	q->taken++;
	if (q->job == JOB_NONE)
		sched_front(q);
	/*
	 * Consumed: the host may reuse the place. It learns that the place is
	 * free from the fence, which cannot have been written before.
	 */
	doorbell_set_head(q->number, q->taken);
	if (bad) {
		uint32_t errors = copy_take_errors(COPY_FETCH);

		if (errors)
			LOG("queue %u: fetch of job %u failed, error %x",
			    q->number, q->taken - 1, errors);
	}
	fetch_more(q);
}

void fetch_poll(void)
{
	uint32_t done = copy_done(COPY_FETCH);

	/*
	 * A descriptor travels for some tens of cycles. Look for it more often
	 * than once a turn, unless something else happens; it always arrives.
	 */
	while (done == fetch.out && !irq_pending())
		done = copy_done(COPY_FETCH);
	while (fetch.out != done) {
		struct queue *q = &rt.queue[fetch.queue[fetch.out % COPY_QUEUE]];

		fetch.out++;
		hal_acquire();
		q->t_fetch[q->taken & 1] = rt_time();
		arrived(q);
	}
	if (fetch.wanting)
		serve_wanting();
}
