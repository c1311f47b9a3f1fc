// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "internal.h"

#define DEPTH_DEFAULT	64
#define BACKLOG_DEFAULT 65536

/* Take it off the board. */
static void take_off(struct ashlar_queue *q)
{
	if (q->port)
		q->port->space->port->ops->queue_free(q->port);
	q->port = NULL;
}

static void queue_destroy(struct handle *h)
{
	struct ashlar_queue *q = (struct ashlar_queue *)h;
	struct ashlar_queue **at = &h->dev->queues;

	while (*at != q)
		at = &(*at)->next;
	*at = q->next;
	take_off(q);
	free(q->flights);
}

/* The context was stopped by a fault: take its queues off and start it again. */
static ashlar_result revive(struct ashlar_device *dev)
{
	int err;

	device_cancel(dev, ASHLAR_ERROR_CANCELLED,
		      "the address space was started again after a failure");
	for (struct ashlar_queue *q = dev->queues; q; q = q->next)
		take_off(q);
	err = dev->space->port->ops->space_restart(dev->space);
	if (err)
		return fail_port(dev, err,
				 "cannot start the address space again");
	dev->stopped = false;
	return ASHLAR_OK;
}

static ashlar_result check_info(struct ashlar_device *dev,
				const struct ashlar_queue_info *info,
				struct ashlar_queue_info *i)
{
	uint32_t most = dev->board->port->facts.depth;
	ashlar_result result;

	memset(i, 0, sizeof(*i));
	if (info) {
		result = take_struct(dev, info,
				     END_OF(struct ashlar_queue_info, backlog),
				     0, i, sizeof(*i), "queue info");
		if (result)
			return result;
	}
	if (i->priority > ASHLAR_QUEUE_HIGH)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"priority %u: there are 0 (normal), 1 (low), 2 (high)",
			i->priority);
	if (!i->depth)
		i->depth = most < DEPTH_DEFAULT ? most : DEPTH_DEFAULT;
	if (i->depth < 2 || i->depth > most || i->depth & (i->depth - 1))
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "depth %u is not a power of two from 2 to %u",
			    i->depth, most);
	if (!i->backlog)
		i->backlog = BACKLOG_DEFAULT;
	return ASHLAR_OK;
}

static ashlar_result put_on(struct ashlar_device *dev, struct ashlar_queue *q,
			    const struct ashlar_queue_info *i)
{
	static const uint32_t priorities[] = {
		[ASHLAR_QUEUE_NORMAL] = ASHLAR_PRIORITY_NORMAL,
		[ASHLAR_QUEUE_LOW] = ASHLAR_PRIORITY_LOW,
		[ASHLAR_QUEUE_HIGH] = ASHLAR_PRIORITY_HIGH,
	};
	const struct port_ops *ops = dev->board->port->ops;
	ashlar_result result;
	int err;

	err = ops->queue_new(dev->space, priorities[i->priority], i->depth,
			     &q->port);
	/* Something has stopped the space that no job has told us of. */
	if (err == -ECANCELED) {
		result = revive(dev);
		if (result)
			return result;
		err = ops->queue_new(dev->space, priorities[i->priority],
				     i->depth, &q->port);
	}
	return err ? fail_port(dev, err, "no queue") : ASHLAR_OK;
}

static ashlar_result create(struct ashlar_device *dev,
			    const struct ashlar_queue_info *info,
			    ashlar_queue **out)
{
	struct ashlar_queue_info i;
	struct ashlar_queue *q, **at;
	ashlar_result result;

	result = check_info(dev, info, &i);
	if (!result)
		result = check_lost(dev);
	if (!result && dev->stopped)
		result = revive(dev);
	if (result)
		return result;

	q = calloc(1, sizeof(*q));
	if (q)
		q->flights = calloc(i.depth, sizeof(*q->flights));
	if (!q || !q->flights) {
		free(q);
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for a queue");
	}
	result = put_on(dev, q, &i);
	if (result) {
		free(q->flights);
		free(q);
		return result;
	}
	q->backlog_max = i.backlog;
	for (at = &dev->queues; *at;)
		at = &(*at)->next;
	*at = q;
	handle_init(&q->h, KIND_QUEUE, dev, queue_destroy);
	result = handle_publish(&q->h);
	if (result) {
		handle_put(&q->h);
		handle_put(&dev->h);
		return fail(dev, result, "no host memory for a queue");
	}
	if (dev->board->trace)
		trace_queue(dev->board->trace, q);
	*out = q;
	return ASHLAR_OK;
}

ashlar_result ashlar_queue_create(ashlar_device *device,
				  const struct ashlar_queue_info *info,
				  ashlar_queue **queue)
{
	ashlar_result result = enter(device, KIND_DEVICE);

	if (result)
		return result;
	if (queue) {
		*queue = NULL;
		result = create(device, info, queue);
	} else {
		result = fail(device, ASHLAR_ERROR_INVALID,
			      "nowhere to store the queue: NULL");
	}
	leave(device);
	return result;
}

void ashlar_queue_unref(ashlar_queue *queue)
{
	release(queue, KIND_QUEUE);
}

/* --- Single commands ------------------------------------------------------------ */

static ashlar_result submit_single(struct ashlar_queue *q, struct submission *s,
				   ashlar_fence *const *waits,
				   uint32_t wait_count, ashlar_fence **fence)
{
	s->commands = &s->single;
	s->count = 1;
	return submit(q, s, waits, wait_count, fence);
}

static struct submission *new_submission(struct ashlar_device *dev,
					 ashlar_result *result)
{
	struct submission *s = calloc(1, sizeof(*s));

	if (!s)
		*result = fail(dev, ASHLAR_ERROR_NO_MEMORY,
			       "no host memory for a submission");
	return s;
}

ashlar_result ashlar_launch(ashlar_queue *queue,
			    const struct ashlar_launch_info *info,
			    ashlar_fence **fence)
{
	struct ashlar_launch_info i;
	struct submission *s = NULL;
	ashlar_result result;

	if (fence)
		*fence = NULL;
	result = enter(queue, KIND_QUEUE);
	if (result)
		return result;
	result = take_struct(queue->h.dev, info,
			     END_OF(struct ashlar_launch_info, reserved), 0, &i,
			     sizeof(i), "launch info");
	if (!result)
		s = new_submission(queue->h.dev, &result);
	if (!result)
		result = command_launch(queue->h.dev, &s->single, &i);
	if (!result)
		result = submit_single(queue, s, i.waits, i.wait_count, fence);
	if (result && s)
		submission_free(s);
	leave(queue);
	return result;
}

ashlar_result ashlar_copy(ashlar_queue *queue,
			  const struct ashlar_copy_info *info,
			  ashlar_fence **fence)
{
	struct ashlar_copy_info i;
	struct submission *s = NULL;
	ashlar_result result;

	if (fence)
		*fence = NULL;
	result = enter(queue, KIND_QUEUE);
	if (result)
		return result;
	result = take_struct(queue->h.dev, info,
			     END_OF(struct ashlar_copy_info, reserved), 0, &i,
			     sizeof(i), "copy info");
	if (!result)
		s = new_submission(queue->h.dev, &result);
	if (!result)
		result = command_copy(queue->h.dev, &s->single, &i);
	if (!result)
		result = submit_single(queue, s, i.waits, i.wait_count, fence);
	if (result && s)
		submission_free(s);
	leave(queue);
	return result;
}

ashlar_result ashlar_fill(ashlar_queue *queue,
			  const struct ashlar_fill_info *info,
			  ashlar_fence **fence)
{
	struct ashlar_fill_info i;
	struct submission *s = NULL;
	ashlar_result result;

	if (fence)
		*fence = NULL;
	result = enter(queue, KIND_QUEUE);
	if (result)
		return result;
	result = take_struct(queue->h.dev, info,
			     END_OF(struct ashlar_fill_info, reserved), 0, &i,
			     sizeof(i), "fill info");
	if (!result)
		s = new_submission(queue->h.dev, &result);
	if (!result)
		result = command_fill(queue->h.dev, &s->single, &i);
	if (!result)
		result = submit_single(queue, s, i.waits, i.wait_count, fence);
	if (result && s)
		submission_free(s);
	leave(queue);
	return result;
}

/* --- Several launches ------------------------------------------------------------- */

static ashlar_result take_launches(struct ashlar_device *dev,
				   struct submission *s,
				   const struct ashlar_launch_info *infos,
				   uint32_t count)
{
	ashlar_result result;

	if (count > 1) {
		s->list = cmdlist_new(dev);
		if (!s->list)
			return fail(dev, ASHLAR_ERROR_NO_MEMORY,
				    "no host memory for %u launches", count);
		result = cmdlist_add(s->list, infos, count);
		s->commands = s->list->commands;
		s->count = s->list->count;
		return result;
	}
	s->commands = &s->single;
	s->count = 1;
	s->single.kind = COMMAND_NOTHING;
	return count ? command_launch(dev, &s->single, infos) : ASHLAR_OK;
}

ashlar_result submit_launches(struct ashlar_queue *q,
			      const struct ashlar_launch_info *infos,
			      uint32_t count, ashlar_fence *const *waits,
			      uint32_t wait_count, ashlar_fence **fence)
{
	ashlar_result result = ASHLAR_OK;
	struct submission *s = new_submission(q->h.dev, &result);

	if (!s)
		return result;
	result = take_launches(q->h.dev, s, infos, count);
	if (!result)
		result = submit(q, s, waits, wait_count, fence);
	if (result)
		submission_free(s);
	return result;
}
