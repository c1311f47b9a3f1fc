// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <time.h>

#include "internal.h"

static void fence_destroy(struct handle *h)
{
	(void)h;
}

struct ashlar_fence *fence_new(struct ashlar_device *dev)
{
	struct ashlar_fence *f = calloc(1, sizeof(*f));

	if (!f)
		return NULL;
	f->info.t_submit = board_cycles(dev->board);
	handle_init(&f->h, KIND_FENCE, dev, fence_destroy);
	return f;
}

void fence_fail(struct ashlar_fence *f, ashlar_result result, uint64_t now,
		const char *text)
{
	f->info.state = ASHLAR_FENCE_FAILED;
	if (f->info.result)
		return;
	f->info.result = result;
	f->info.t_end = now;
	f->fault.result = result;
	f->fault.cycles = now;
	f->fault.context = f->h.dev->space->number;
	snprintf(f->fault.text, sizeof(f->fault.text), "%s", text);
	f->has_fault = true;
}

static uint64_t host_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Whether the wait is over; *result then is what it returns. */
static bool satisfied(ashlar_fence *const *fences, uint32_t count,
		      uint32_t mode, ashlar_result *result)
{
	uint32_t done = 0;

	*result = ASHLAR_OK;
	for (uint32_t i = 0; i < count; i++) {
		if (fences[i]->info.state == ASHLAR_FENCE_PENDING)
			continue;
		done++;
		if (!*result)
			*result = fences[i]->info.result;
	}
	return mode == ASHLAR_WAIT_ANY ? done > 0 : done == count;
}

/* The message of a failed wait is that of the fence that failed. */
static ashlar_result report(struct ashlar_device *dev,
			    ashlar_fence *const *fences, uint32_t count,
			    ashlar_result result)
{
	for (uint32_t i = 0; i < count; i++)
		if (fences[i]->info.state == ASHLAR_FENCE_FAILED)
			return fail(dev, result, "fence %u: %s", i,
				    fences[i]->fault.text);
	return result;
}

/* --- Sleeping, on a board whose time passes by itself ------------------------------- */

static struct ashlar_queue *queue_behind(struct board *b,
					 const struct port_queue *p)
{
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		for (struct ashlar_queue *q = d->queues; q; q = q->next)
			if (q->port == p)
				return q;
	return NULL;
}

/* Let the queue wake us at a point; all: at its latest, else at its earliest. */
static void wake_at(struct ashlar_queue *q, uint64_t seq, bool all)
{
	if (!q)
		return;
	/* What the board was not given ends when all it was given has. */
	if (seq > q->port->given)
		seq = q->port->given;
	if (seq <= q->port->popped)
		return;
	if (!q->wake || (all ? seq > q->wake : seq < q->wake))
		q->wake = seq;
}

/* What the first submission of a backlog waits for. */
static void wake_for_backlog(struct board *b, struct ashlar_queue *q)
{
	const struct submission *s = q->first;
	const struct port_queue *p = q->port;
	uint64_t running = p->pushed - p->popped;

	for (uint32_t i = 0; !s->started && i < s->wait_count; i++) {
		const struct ashlar_fence *f = s->waits[i];

		if (f->info.state == ASHLAR_FENCE_PENDING && f->point.queue)
			wake_at(queue_behind(b, f->point.queue), f->point.seq,
				false);
	}
	/* Half of the ring at once; a copy or fill needs all before it. */
	if (s->commands[s->started].kind != COMMAND_LAUNCH)
		wake_at(q, p->pushed, false);
	else if (running)
		wake_at(q, p->popped + (running + 1) / 2, false);
}

/* Sets where each queue is to wake us; returns how many do. */
static uint32_t choose_points(struct board *b, ashlar_fence *const *fences,
			      uint32_t count, uint32_t mode)
{
	struct ashlar_device *d;
	struct ashlar_queue *q;
	uint32_t n = 0;

	for (d = b->devices; d; d = d->next)
		for (q = d->queues; q; q = q->next)
			q->wake = 0;
	for (uint32_t i = 0; i < count; i++)
		if (fences[i]->info.state == ASHLAR_FENCE_PENDING &&
		    fences[i]->point.queue)
			wake_at(queue_behind(b, fences[i]->point.queue),
				fences[i]->point.seq, mode == ASHLAR_WAIT_ALL);
	for (d = b->devices; d; d = d->next)
		for (q = d->queues; q; q = q->next)
			if (q->first && q->port)
				wake_for_backlog(b, q);
	for (d = b->devices; d; d = d->next)
		for (q = d->queues; q; q = q->next)
			n += q->wake != 0;
	return n;
}

/* What keeps the fences from being done; -ENOENT: nothing does. */
static int prepare(struct board *b, ashlar_fence *const *fences, uint32_t count,
		   uint32_t mode, struct port_wait **w)
{
	uint32_t n = choose_points(b, fences, count, mode);
	struct port_point *points;
	uint32_t at = 0;
	int err;

	if (!n)
		return -ENOENT;
	points = calloc(n, sizeof(*points));
	if (!points)
		return -ENOMEM;
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		for (struct ashlar_queue *q = d->queues; q; q = q->next)
			if (q->wake)
				points[at++] =
					(struct port_point){ q->port, q->wake };
	err = b->port->ops->wait_begin(b->port, points, n, w);
	free(points);
	return err;
}

/* Others have their turn meanwhile. */
static void sleep_until(struct board *b, struct port_wait *w, uint64_t deadline)
{
	b->waiters++;
	board_unlock(b);
	b->port->ops->wait(w, deadline);
	board_lock(b);
	b->waiters--;
	b->port->ops->wait_end(w);
	board_pump(b);
}

/* --- Waiting ----------------------------------------------------------------------- */

/* Fences depend on earlier ones only, so this is final. */
static void lose_work(struct board *b)
{
	port_lose(
		b->port,
		"the board is idle but work given to it is not complete; the firmware has lost it");
}

static ashlar_result wait_fences(ashlar_fence *const *fences, uint32_t count,
				 uint32_t mode, uint64_t timeout_ns)
{
	struct ashlar_device *dev = fences[0]->h.dev;
	struct board *b = dev->board;
	uint64_t start = timeout_ns == ASHLAR_FOREVER ? 0 : host_ns();
	uint64_t deadline = start + timeout_ns;
	ashlar_result result;

	if (timeout_ns == ASHLAR_FOREVER || deadline < start)
		deadline = UINT64_MAX;
	board_pump(b);
	for (;;) {
		struct port_wait *w = NULL;
		int err = 0;

		if (satisfied(fences, count, mode, &result))
			return report(dev, fences, count, result);
		if (!b->port->ops->run)
			err = prepare(b, fences, count, mode, &w);
		else if (!board_slice(b, ASHLAR_SLICE_CYCLES))
			err = -ENOENT;
		if (!w && satisfied(fences, count, mode, &result))
			return report(dev, fences, count, result);
		if (err == -ENOENT)
			lose_work(b);
		if (b->port->lost) {
			board_pump(b);
			continue;
		}
		if (err)
			return fail(dev, ASHLAR_ERROR_NO_MEMORY,
				    "no host memory to wait for %u fences",
				    count);
		if (timeout_ns != ASHLAR_FOREVER &&
		    host_ns() - start >= timeout_ns) {
			if (w)
				b->port->ops->wait_end(w);
			return fail(dev, ASHLAR_ERROR_TIMEOUT,
				    "not done after %llu ns",
				    (unsigned long long)timeout_ns);
		}
		if (w) {
			sleep_until(b, w, deadline);
			continue;
		}
		/* Let others have their turn. */
		board_unlock(b);
		board_lock(b);
	}
}

/* Takes references, since the lock is given away in between. */
static ashlar_result hold(ashlar_fence *const *fences, uint32_t count,
			  ashlar_fence ***held)
{
	struct ashlar_device *dev = fences[0]->h.dev;
	ashlar_result result = ASHLAR_OK;
	uint32_t n;

	*held = malloc(count * sizeof(**held));
	if (!*held)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory to wait for %u fences", count);
	for (n = 0; n < count; n++) {
		result = borrow(dev, fences[n], KIND_FENCE, "fence");
		if (result)
			break;
		(*held)[n] = fences[n];
		handle_ref(&fences[n]->h);
	}
	if (!result)
		return ASHLAR_OK;
	while (n--)
		handle_put(&fences[n]->h);
	free(*held);
	return result;
}

ashlar_result ashlar_fence_wait(ashlar_fence *const *fences, uint32_t count,
				uint32_t mode, uint64_t timeout_ns)
{
	ashlar_fence *first;
	ashlar_fence **held;
	ashlar_result result;

	if (!fences || !count || mode > ASHLAR_WAIT_ANY)
		return ASHLAR_ERROR_INVALID;
	first = fences[0];
	result = enter(first, KIND_FENCE);
	if (result)
		return result;
	result = hold(fences, count, &held);
	if (!result) {
		result = wait_fences(held, count, mode, timeout_ns);
		for (uint32_t i = 0; i < count; i++)
			handle_put(&held[i]->h);
		free(held);
	}
	leave(first);
	return result;
}

ashlar_result ashlar_fence_query(ashlar_fence *fence,
				 struct ashlar_fence_info *info)
{
	ashlar_result result = enter(fence, KIND_FENCE);
	struct board *b;

	if (result)
		return result;
	b = fence->h.dev->board;
	board_pump(b);
	if (fence->info.state == ASHLAR_FENCE_PENDING && b->port->ops->run)
		board_slice(b, ASHLAR_SLICE_CYCLES);
	result = give_struct(fence->h.dev, info,
			     END_OF(struct ashlar_fence_info, tlb_misses),
			     &fence->info, sizeof(fence->info), "info");
	leave(fence);
	return result;
}

ashlar_result ashlar_fence_fault(ashlar_fence *fence,
				 struct ashlar_fault *fault)
{
	ashlar_result result = enter(fence, KIND_FENCE);

	if (result)
		return result;
	if (fence->has_fault && fence->info.state == ASHLAR_FENCE_FAILED)
		result = give_struct(
			fence->h.dev, fault, END_OF(struct ashlar_fault, text),
			&fence->fault, sizeof(fence->fault), "fault");
	else
		result = fail(fence->h.dev, ASHLAR_ERROR_NOT_FOUND,
			      "the fence has not failed");
	leave(fence);
	return result;
}

ashlar_result ashlar_fence_export(ashlar_fence *fence, int *fd)
{
	ashlar_result result = enter(fence, KIND_FENCE);
	struct ashlar_device *dev;
	struct port *p;
	int err = 0;

	if (result)
		return result;
	dev = fence->h.dev;
	p = dev->board->port;
	if (!fd) {
		result = fail(dev, ASHLAR_ERROR_INVALID,
			      "nowhere to store the descriptor: NULL");
		goto out;
	}
	*fd = -1;
	board_pump(dev->board);
	/* A simulated board has none of any fence, which comes first. */
	if (!p->ops->run && fence->info.state == ASHLAR_FENCE_PENDING &&
	    (!fence->point.queue ||
	     fence->point.seq > fence->point.queue->given))
		result = fail(
			dev, ASHLAR_ERROR_BUSY,
			"no sync_file yet: the driver does not have all work of the fence, which waits here for other fences or for room, or ends with a copy or fill");
	else
		err = p->ops->point_export(dev->space, fence->point, fd);
	if (err)
		result = fail_port(dev, err, "no sync_file");
out:
	leave(fence);
	return result;
}

void ashlar_fence_unref(ashlar_fence *fence)
{
	release(fence, KIND_FENCE);
}
