// SPDX-License-Identifier: MIT
/*
 * From a submission to its completion. A queue holds submissions in order;
 * the first of them hands commands to the board's ring as long as its waits
 * are done and there is room. Copies and fills are done here when everything
 * before them in the queue is complete.
 */
#include <stdlib.h>

#include "ashlar_queue.h"
#include "internal.h"

#define WAITS_MAX 16 /* points that one job leaves to the board */

static struct ashlar_device *device_of(const struct ashlar_queue *q)
{
	return q->h.dev;
}

/* --- Lists ----------------------------------------------------------------------- */

static void device_add(struct ashlar_device *dev, struct submission *s)
{
	s->stamp = ++dev->submitted;
	s->older = dev->newest;
	s->newer = NULL;
	*(dev->newest ? &dev->newest->newer : &dev->oldest) = s;
	dev->newest = s;
}

static void device_remove(struct ashlar_device *dev, struct submission *s)
{
	*(s->older ? &s->older->newer : &dev->oldest) = s->newer;
	*(s->newer ? &s->newer->older : &dev->newest) = s->older;
}

static void backlog_add(struct ashlar_queue *q, struct submission *s)
{
	s->next = NULL;
	*(q->first ? &q->last->next : &q->first) = s;
	q->last = s;
	q->backlog++;
}

static struct submission *backlog_pop(struct ashlar_queue *q)
{
	struct submission *s = q->first;

	q->first = s->next;
	if (!q->first)
		q->last = NULL;
	q->backlog--;
	return s;
}

void submission_free(struct submission *s)
{
	for (uint32_t i = 0; i < s->wait_count; i++)
		handle_put(&s->waits[i]->h);
	free(s->waits);
	for (uint32_t i = 0; s->args && i < s->list->count; i++)
		free(s->args[i]);
	free(s->args);
	command_clear(&s->single);
	if (s->list)
		handle_put(&s->list->h);
	if (s->fence)
		handle_put(&s->fence->h);
	if (s->queue)
		handle_put(&s->queue->h);
	free(s);
}

/* --- The end of a submission ------------------------------------------------------ */

/* It is in no list of its queue any more. */
static void finish(struct submission *s)
{
	struct ashlar_fence *f = s->fence;

	f->point.queue = NULL;
	if (f->info.state == ASHLAR_FENCE_PENDING)
		f->info.state = f->info.result ? ASHLAR_FENCE_FAILED :
						 ASHLAR_FENCE_DONE;
	device_remove(s->queue->h.dev, s);
	submission_free(s);
}

static void poison(struct ashlar_queue *q, const char *why)
{
	if (q->poisoned)
		return;
	q->poisoned = true;
	snprintf(q->poison, sizeof(q->poison), "%s", why);
}

/* End what has not reached the board; what has will still complete. */
static void drop_backlog(struct ashlar_queue *q, ashlar_result result,
			 const char *why)
{
	struct board *b = device_of(q)->board;
	uint64_t now = q->first ? board_cycles(b) : 0;

	if (q->first)
		board_wake(b);
	while (q->first) {
		struct submission *s = backlog_pop(q);

		fence_fail(s->fence, result, now, why);
		s->fence->info.state = ASHLAR_FENCE_PENDING;
		if (s->completed == s->started) {
			finish(s);
			continue;
		}
		/* It ends with what of it is on the board, the last there. */
		s->count = s->started;
		s->fence->point =
			(struct port_point){ q->port, q->port->pushed };
	}
}

static void poison_and_drop(struct ashlar_queue *q, const char *why)
{
	poison(q, why);
	drop_backlog(q, ASHLAR_ERROR_CANCELLED, why);
}

/* A fault has stopped the device's context: none of its queues goes on. */
static void stop_device(struct ashlar_device *dev, const char *why)
{
	dev->stopped = true;
	for (struct ashlar_queue *q = dev->queues, *next; q; q = next) {
		handle_ref(&q->h);
		poison_and_drop(q, why);
		next = q->next;
		handle_put(&q->h);
	}
}

void device_cancel(struct ashlar_device *dev, ashlar_result result,
		   const char *text)
{
	uint64_t now = board_cycles(dev->board);

	board_wake(dev->board);
	dev->stopped = true;
	for (struct ashlar_queue *q = dev->queues; q; q = q->next) {
		poison(q, text);
		q->first = NULL;
		q->last = NULL;
		q->backlog = 0;
	}
	while (dev->oldest) {
		struct submission *s = dev->oldest;

		fence_fail(s->fence, result, now, text);
		/* Completions that still come find nobody. */
		for (uint32_t i = 0;
		     s->queue->port && i < s->queue->port->depth; i++)
			if (s->queue->flights[i].submission == s)
				s->queue->flights[i].submission = NULL;
		finish(s);
	}
}

/* --- Completions ------------------------------------------------------------------- */

static ashlar_result result_of_job(uint32_t status)
{
	switch (status) {
	case ASHLAR_JOB_OK:
		return ASHLAR_OK;
	case ASHLAR_JOB_EXIT:
		return ASHLAR_ERROR_EXIT;
	case ASHLAR_JOB_FAULT:
		return ASHLAR_ERROR_FAULT;
	case ASHLAR_JOB_TIMEOUT:
		return ASHLAR_ERROR_HUNG;
	case ASHLAR_JOB_BAD:
		return ASHLAR_ERROR_REFUSED;
	default:
		return ASHLAR_ERROR_CANCELLED;
	}
}

static void account(struct ashlar_fence_info *i,
		    const struct ashlar_completion *c, bool first)
{
	if (first) {
		i->t_fetch = c->t_fetch;
		i->t_start = c->t_start;
	}
	i->t_end = c->t_end;
	if (c->tiles > i->tiles)
		i->tiles = c->tiles;
	i->matrix_busy += c->matrix_busy;
	i->matrix_stall += c->matrix_stall;
	i->vector_busy += c->vector_busy;
	i->core_wait += c->core_wait;
	i->load_beats += c->load_beats;
	i->store_beats += c->store_beats;
	i->loading += c->loading;
	i->tlb_misses += c->tlb_miss;
}

static void record_fault(struct ashlar_queue *q, struct ashlar_fence *f,
			 const struct command *cmd,
			 const struct ashlar_completion *c,
			 ashlar_result result)
{
	struct ashlar_fault *r = &f->fault;

	*r = (struct ashlar_fault){
		.result = result,
		.queue = q->port->number,
		.context = c->context ? c->context :
					device_of(q)->space->number,
		.tile = c->tile,
		.unit = c->fault_unit,
		.cause = c->fault_cause,
		.sub = c->fault_sub,
		.exit_code = c->exit_code,
		.pc = c->fault_pc,
		.tag = c->tag,
		.address = c->fault_addr,
		.cycles = c->t_end,
	};
	snprintf(r->kernel, sizeof(r->kernel), "%s", command_name(cmd));
	ashlar_fault_text(r->text, sizeof(r->text), r->kernel, c);
	f->has_fault = true;
	f->info.result = result;
	f->info.exit_code = c->exit_code;
	if (result != ASHLAR_ERROR_CANCELLED) {
		device_of(q)->fault = *r;
		device_of(q)->has_fault = true;
	}
}

/* Fail it without touching its state, which finish() sets. */
static void fail_pending(struct ashlar_fence *f, ashlar_result result,
			 uint64_t now, const char *text)
{
	fence_fail(f, result, now, text);
	f->info.state = ASHLAR_FENCE_PENDING;
}

static void command_done(struct ashlar_queue *q, struct submission *s,
			 const struct command *cmd, const struct port_end *end)
{
	const struct ashlar_completion *c = &end->c;
	struct ashlar_device *dev = device_of(q);
	ashlar_result result = result_of_job(c->status);
	char why[ERROR_BYTES];

	account(&s->fence->info, c, !s->completed);
	if (dev->board->trace)
		trace_command(dev->board->trace, q, cmd, c);
	if (end->err)
		fail_pending(s->fence, result_of(end->err), c->t_end, end->why);
	else if (result && !s->fence->info.result && end->why)
		fail_pending(s->fence, result, c->t_end, end->why);
	else if (result && !s->fence->info.result)
		record_fault(q, s->fence, cmd, c, result);
	snprintf(why, sizeof(why), "after a failure: %s", s->fence->fault.text);

	s->completed++;
	if (s->completed == s->count)
		finish(s);
	if (result == ASHLAR_ERROR_FAULT || result == ASHLAR_ERROR_HUNG ||
	    result == ASHLAR_ERROR_REFUSED || end->stopped)
		stop_device(dev, why);
	else if (end->err)
		poison_and_drop(q, why);
}

/* 1: all done; 0: some pending; -1: one has failed. */
static int waits_state(const struct submission *s)
{
	int state = 1;

	for (uint32_t i = 0; i < s->wait_count; i++) {
		if (s->waits[i]->info.state == ASHLAR_FENCE_FAILED)
			return -1;
		if (s->waits[i]->info.state == ASHLAR_FENCE_PENDING)
			state = 0;
	}
	return state;
}

/*
 * The port has waited for other jobs before this one, and has cancelled it and
 * what is behind it if one has failed. They have ended, but we may not have heard
 * of it: then later.
 */
static bool look_back(struct ashlar_queue *q, struct submission *s)
{
	int waits = waits_state(s);

	if (!waits)
		return false;
	s->overtakes = false;
	if (waits < 0)
		poison_and_drop(q, PORT_WAIT_FAILED);
	return true;
}

static bool take_completions(struct ashlar_queue *q)
{
	struct port_queue *p = q->port;
	struct port_end end;
	bool moved = false;

	for (;;) {
		struct flight *f = &q->flights[p->popped & (p->depth - 1)];
		struct submission *s = f->submission;

		if (s && s->overtakes && !look_back(q, s))
			return moved;
		if (p->space->port->ops->pop(p, &end) <= 0)
			return moved;
		f->submission = NULL;
		if (s)
			command_done(q, s, &s->commands[f->command], &end);
		moved = true;
	}
}

/* --- Starting ------------------------------------------------------------------------ */

/*
 * What the port can wait for instead of us: launches of the same space that the
 * board already has, each of which has to succeed. Returns the number of points,
 * or -1 when we have to wait.
 */
static int board_waits(struct ashlar_queue *q, const struct submission *s,
		       struct port_point *points)
{
	uint32_t most = device_of(q)->board->port->facts.waits;
	uint32_t n = 0;

	if (most > WAITS_MAX)
		most = WAITS_MAX;
	if (!most || s->commands[0].kind != COMMAND_LAUNCH)
		return -1;
	for (uint32_t i = 0; i < s->wait_count; i++) {
		const struct ashlar_fence *f = s->waits[i];
		uint64_t seq = f->first;

		if (f->info.state != ASHLAR_FENCE_PENDING)
			continue;
		/* One that will fail is not worth it. */
		if (f->info.result || !f->point.queue ||
		    f->point.queue->space != q->port->space ||
		    f->point.seq > f->point.queue->given)
			return -1;
		/* Of those that have ended we know: it has not failed. */
		if (seq <= f->point.queue->popped)
			seq = f->point.queue->popped + 1;
		if (f->point.seq - seq >= most - n)
			return -1;
		for (; seq <= f->point.seq; seq++)
			points[n++] =
				(struct port_point){ f->point.queue, seq };
	}
	return (int)n;
}

static bool start_on_board(struct ashlar_queue *q, struct submission *s,
			   const struct port_point *points, uint32_t count)
{
	const struct command *c = &s->commands[s->started];
	struct port_queue *p = q->port;
	uint64_t slot = p->pushed & (p->depth - 1);
	const uint8_t *args = c->args;

	if (s->args && s->args[s->started])
		args = s->args[s->started];
	if (p->space->port->ops->push(p, &c->job, args, points, count))
		return false;
	q->flights[slot] = (struct flight){ s, s->started };
	if (!s->fence->first)
		s->fence->first = p->pushed;
	s->started++;
	return true;
}

/* Returns false when it has to wait for what is before it. */
static bool do_here(struct ashlar_queue *q, struct submission *s)
{
	const struct command *c = &s->commands[s->started];
	struct ashlar_device *dev = device_of(q);
	struct port_end done = { 0 };
	char error[ERROR_BYTES];
	ashlar_result result;

	if (q->port->pushed != q->port->popped)
		return false;
	result = command_execute(dev, c);
	done.c.t_fetch = board_cycles(dev->board);
	done.c.t_start = done.c.t_fetch;
	done.c.t_end = done.c.t_fetch;
	if (result) {
		snprintf(error, sizeof(error), "%s", last_message(dev));
		fail_pending(s->fence, result, done.c.t_end, error);
	}
	s->started++;
	if (s->started == s->count)
		backlog_pop(q);
	command_done(q, s, c, &done);
	if (result)
		poison_and_drop(q, "a copy before it failed");
	return true;
}

/* All of it is with the board: where it ends, if that is a launch. */
static void set_point(struct ashlar_queue *q, struct submission *s)
{
	if (s->commands[s->count - 1].kind == COMMAND_LAUNCH)
		s->fence->point =
			(struct port_point){ q->port, q->port->pushed };
}

static bool start_commands(struct ashlar_queue *q)
{
	struct port_point points[WAITS_MAX];
	uint64_t pushed = q->port->pushed;
	bool moved = false;

	while (q->first) {
		struct submission *s = q->first;
		int waits = s->started ? 1 : waits_state(s);
		int count = 0;

		if (!waits)
			count = board_waits(q, s, points);
		if (count < 0)
			break;
		if (waits < 0) {
			poison_and_drop(q, PORT_WAIT_FAILED);
			moved = true;
			break;
		}
		if (s->commands[s->started].kind != COMMAND_LAUNCH) {
			if (!do_here(q, s))
				break;
			moved = true;
			continue;
		}
		if (!start_on_board(q, s, points, (uint32_t)count))
			break;
		if (!waits)
			s->overtakes = true;
		moved = true;
		if (s->started == s->count) {
			set_point(q, s);
			backlog_pop(q);
		}
	}
	if (q->port->pushed != pushed)
		q->port->space->port->ops->flush(q->port);
	return moved;
}

bool queue_step(struct ashlar_queue *q)
{
	bool moved;

	if (!q->port)
		return false;
	moved = take_completions(q);
	return start_commands(q) || moved;
}

/* --- Submission ------------------------------------------------------------------------ */

static ashlar_result take_waits(struct ashlar_device *dev, struct submission *s,
				ashlar_fence *const *waits, uint32_t count)
{
	ashlar_result result;

	if (!count)
		return ASHLAR_OK;
	if (!waits)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "waits is NULL for %u fences", count);
	s->waits = calloc(count, sizeof(*s->waits));
	if (!s->waits)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for %u wait fences", count);
	for (uint32_t i = 0; i < count; i++) {
		result = borrow(dev, waits[i], KIND_FENCE, "wait fence");
		if (result)
			return result;
		s->waits[s->wait_count++] = waits[i];
		handle_ref(&waits[i]->h);
	}
	return ASHLAR_OK;
}

static ashlar_result check_queue(struct ashlar_queue *q)
{
	struct ashlar_device *dev = device_of(q);

	ashlar_result result = check_lost(dev);

	if (result)
		return result;
	if (q->poisoned)
		return fail(dev, ASHLAR_ERROR_POISONED,
			    "queue %u takes nothing any more: %s",
			    q->port ? q->port->number : 0, q->poison);
	if (q->backlog >= q->backlog_max)
		return fail(
			dev, ASHLAR_ERROR_BUSY,
			"queue %u holds %u submissions that have not started, which is its limit",
			q->port->number, q->backlog);
	return ASHLAR_OK;
}

ashlar_result submit(struct ashlar_queue *q, struct submission *s,
		     ashlar_fence *const *waits, uint32_t wait_count,
		     ashlar_fence **out)
{
	struct ashlar_device *dev = device_of(q);
	ashlar_result result = check_queue(q);

	if (!result)
		result = take_waits(dev, s, waits, wait_count);
	if (result)
		return result;
	s->fence = fence_new(dev);
	if (!s->fence)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a fence");
	if (out) {
		result = handle_publish(&s->fence->h);
		if (result) {
			handle_put(&dev->h);
			return fail(dev, result, "no host memory for a fence");
		}
		/* The application's reference, and the submission's. */
		handle_ref(&s->fence->h);
		*out = s->fence;
	} else {
		/* Nobody outside has it: it is no reason to keep the device. */
		handle_put(&dev->h);
	}
	s->queue = q;
	handle_ref(&q->h);
	device_add(dev, s);
	backlog_add(q, s);
	board_pump(dev->board);
	return ASHLAR_OK;
}
