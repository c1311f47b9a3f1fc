// SPDX-License-Identifier: MIT
/*
 * From a submission to its completion. A queue holds submissions in order;
 * the first of them hands commands to the board's ring as long as its waits
 * are done and there is room. Copies and fills are done here when everything
 * before them in the queue is complete.
 */
#include <stdlib.h>

#include "internal.h"

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
	uint64_t now = board_cycles(device_of(q)->board);

	while (q->first) {
		struct submission *s = backlog_pop(q);

		fence_fail(s->fence, result, now, why);
		s->fence->info.state = ASHLAR_FENCE_PENDING;
		if (s->completed == s->started)
			finish(s);
		else
			s->count = s->started;
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
		for (uint32_t i = 0; i < s->queue->hwq.depth; i++)
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
		.queue = q->hwq.number,
		.context = device_of(q)->vm.context,
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

static void command_done(struct ashlar_queue *q, struct submission *s,
			 const struct command *cmd,
			 const struct ashlar_completion *c)
{
	struct ashlar_device *dev = device_of(q);
	ashlar_result result = result_of_job(c->status);
	char why[ERROR_BYTES];

	account(&s->fence->info, c, !s->completed);
	if (dev->board->trace)
		trace_command(dev->board->trace, q, cmd, c);
	if (result && !s->fence->info.result)
		record_fault(q, s->fence, cmd, c, result);
	snprintf(why, sizeof(why), "after a failure: %s", s->fence->fault.text);

	s->completed++;
	if (s->completed == s->count)
		finish(s);
	if (result == ASHLAR_ERROR_FAULT || result == ASHLAR_ERROR_HUNG ||
	    result == ASHLAR_ERROR_REFUSED)
		stop_device(dev, why);
}

static bool take_completions(struct ashlar_queue *q)
{
	struct ashlar_completion c;
	bool moved = false;

	for (;;) {
		struct flight *f =
			&q->flights[q->hwq.popped & (q->hwq.depth - 1)];
		struct submission *s = f->submission;

		if (ashlar_hwq_pop(&q->hwq, &c) <= 0)
			return moved;
		f->submission = NULL;
		if (s)
			command_done(q, s, &s->commands[f->command], &c);
		moved = true;
	}
}

/* --- Starting ------------------------------------------------------------------------ */

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

static bool start_on_board(struct ashlar_queue *q, struct submission *s)
{
	const struct command *c = &s->commands[s->started];
	uint64_t slot = q->hwq.pushed & (q->hwq.depth - 1);
	const uint8_t *args = c->args;

	if (s->args && s->args[s->started])
		args = s->args[s->started];
	if (ashlar_hwq_push(&q->hwq, &c->job, args))
		return false;
	q->flights[slot] = (struct flight){ s, s->started };
	s->started++;
	return true;
}

/* Returns false when it has to wait for what is before it. */
static bool do_here(struct ashlar_queue *q, struct submission *s)
{
	const struct command *c = &s->commands[s->started];
	struct ashlar_completion done = { 0 };
	bool ok;

	if (q->hwq.pushed != q->hwq.popped)
		return false;
	ok = command_execute(device_of(q), c);
	if (!ok) {
		fence_fail(s->fence, ASHLAR_ERROR_NO_MEMORY,
			   board_cycles(device_of(q)->board),
			   "no host memory for a row of a copy");
		s->fence->info.state = ASHLAR_FENCE_PENDING;
	}
	done.t_fetch = board_cycles(device_of(q)->board);
	done.t_start = done.t_fetch;
	done.t_end = done.t_fetch;
	s->started++;
	if (s->started == s->count)
		backlog_pop(q);
	command_done(q, s, c, &done);
	if (!ok)
		poison_and_drop(q, "a copy before it failed");
	return true;
}

static bool start_commands(struct ashlar_queue *q)
{
	uint64_t pushed = q->hwq.pushed;
	bool moved = false;

	while (q->first) {
		struct submission *s = q->first;
		int waits = s->started ? 1 : waits_state(s);

		if (!waits)
			break;
		if (waits < 0) {
			poison_and_drop(q, "a fence it waited for has failed");
			moved = true;
			break;
		}
		if (s->commands[s->started].kind != COMMAND_LAUNCH) {
			if (!do_here(q, s))
				break;
			moved = true;
			continue;
		}
		if (!start_on_board(q, s))
			break;
		moved = true;
		if (s->started == s->count)
			backlog_pop(q);
	}
	if (q->hwq.pushed != pushed)
		ashlar_hwq_ring(&q->hwq);
	return moved;
}

bool queue_step(struct ashlar_queue *q)
{
	bool moved;

	if (!q->hwq.vm)
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

	if (dev->board->dev.lost)
		return fail(dev, ASHLAR_ERROR_LOST, "the board is lost: %s",
			    dev->board->os.error);
	if (q->poisoned)
		return fail(dev, ASHLAR_ERROR_POISONED,
			    "queue %u takes nothing any more: %s",
			    q->hwq.number, q->poison);
	if (q->backlog >= q->backlog_max)
		return fail(
			dev, ASHLAR_ERROR_BUSY,
			"queue %u holds %u submissions that have not started, which is its limit",
			q->hwq.number, q->backlog);
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
