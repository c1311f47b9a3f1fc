// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "internal.h"

#define COMMANDS_MAX 1000000u

static void cmdlist_destroy(struct handle *h)
{
	struct ashlar_cmdlist *l = (struct ashlar_cmdlist *)h;

	for (uint32_t i = 0; i < l->count; i++)
		command_clear(&l->commands[i]);
	free(l->commands);
}

ashlar_result ashlar_cmdlist_create(ashlar_device *device,
				    ashlar_cmdlist **list)
{
	ashlar_result result = enter(device, KIND_DEVICE);
	struct ashlar_cmdlist *l = NULL;

	if (result)
		return result;
	if (!list) {
		result = fail(device, ASHLAR_ERROR_INVALID,
			      "nowhere to store the list: NULL");
		goto out;
	}
	*list = NULL;
	l = calloc(1, sizeof(*l));
	if (l) {
		handle_init(&l->h, KIND_CMDLIST, device, cmdlist_destroy);
		result = handle_publish(&l->h);
		if (result) {
			handle_put(&l->h);
			handle_put(&device->h);
		}
	}
	if (!l || result)
		result = fail(device, ASHLAR_ERROR_NO_MEMORY,
			      "no host memory for a command list");
	else
		*list = l;
out:
	leave(device);
	return result;
}

void ashlar_cmdlist_unref(ashlar_cmdlist *list)
{
	release(list, KIND_CMDLIST);
}

/* --- Recording -------------------------------------------------------------------- */

/* The next command, zeroed; it counts after commit(). */
static ashlar_result next_command(struct ashlar_cmdlist *l, uint32_t wait_count,
				  struct command **c)
{
	struct ashlar_device *dev = l->h.dev;

	if (l->ended)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "the list has ended and takes no more commands");
	if (wait_count)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"%u wait fences in a list; its submission waits, not its commands",
			wait_count);
	if (l->count == COMMANDS_MAX)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "the list has %u commands, which is the limit",
			    COMMANDS_MAX);
	if (l->count == l->room) {
		uint32_t room = l->room ? 2 * l->room : 16;
		void *p = realloc(l->commands, room * sizeof(*l->commands));

		if (!p)
			return fail(dev, ASHLAR_ERROR_NO_MEMORY,
				    "no host memory for %u commands", room);
		l->commands = p;
		l->room = room;
	}
	*c = &l->commands[l->count];
	memset(*c, 0, sizeof(**c));
	return ASHLAR_OK;
}

static void commit(struct ashlar_cmdlist *l, uint32_t *index)
{
	if (index)
		*index = l->count;
	l->count++;
}

struct ashlar_cmdlist *cmdlist_new(struct ashlar_device *dev)
{
	struct ashlar_cmdlist *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	handle_init(&l->h, KIND_CMDLIST, dev, cmdlist_destroy);
	/* Nobody outside has it: it is no reason to keep the device. */
	handle_put(&dev->h);
	return l;
}

ashlar_result cmdlist_add(struct ashlar_cmdlist *l,
			  const struct ashlar_launch_info *infos,
			  uint32_t count)
{
	ashlar_result result = ASHLAR_OK;
	uint32_t before = l->count;

	for (uint32_t n = 0; !result && n < count; n++) {
		struct command *c = NULL;

		result = next_command(l, infos[n].wait_count, &c);
		if (!result)
			result = command_launch(l->h.dev, c, &infos[n]);
		if (!result)
			commit(l, NULL);
	}
	while (result && l->count > before)
		command_clear(&l->commands[--l->count]);
	return result;
}

ashlar_result ashlar_cmdlist_launch(ashlar_cmdlist *list,
				    const struct ashlar_launch_info *info,
				    uint32_t *index)
{
	ashlar_result result = enter(list, KIND_CMDLIST);
	struct ashlar_launch_info i;
	struct command *c = NULL;

	if (result)
		return result;
	result = take_struct(list->h.dev, info,
			     END_OF(struct ashlar_launch_info, reserved), 0, &i,
			     sizeof(i), "launch info");
	if (!result)
		result = next_command(list, i.wait_count, &c);
	if (!result)
		result = command_launch(list->h.dev, c, &i);
	if (!result)
		commit(list, index);
	leave(list);
	return result;
}

ashlar_result ashlar_cmdlist_copy(ashlar_cmdlist *list,
				  const struct ashlar_copy_info *info,
				  uint32_t *index)
{
	ashlar_result result = enter(list, KIND_CMDLIST);
	struct ashlar_copy_info i;
	struct command *c = NULL;

	if (result)
		return result;
	result = take_struct(list->h.dev, info,
			     END_OF(struct ashlar_copy_info, reserved), 0, &i,
			     sizeof(i), "copy info");
	if (!result)
		result = next_command(list, i.wait_count, &c);
	if (!result)
		result = command_copy(list->h.dev, c, &i);
	if (!result)
		commit(list, index);
	leave(list);
	return result;
}

ashlar_result ashlar_cmdlist_fill(ashlar_cmdlist *list,
				  const struct ashlar_fill_info *info,
				  uint32_t *index)
{
	ashlar_result result = enter(list, KIND_CMDLIST);
	struct ashlar_fill_info i;
	struct command *c = NULL;

	if (result)
		return result;
	result = take_struct(list->h.dev, info,
			     END_OF(struct ashlar_fill_info, reserved), 0, &i,
			     sizeof(i), "fill info");
	if (!result)
		result = next_command(list, i.wait_count, &c);
	if (!result)
		result = command_fill(list->h.dev, c, &i);
	if (!result)
		commit(list, index);
	leave(list);
	return result;
}

ashlar_result ashlar_cmdlist_end(ashlar_cmdlist *list)
{
	ashlar_result result = enter(list, KIND_CMDLIST);

	if (result)
		return result;
	if (!list->count)
		result = fail(list->h.dev, ASHLAR_ERROR_INVALID,
			      "the list is empty");
	else
		list->ended = true;
	leave(list);
	return result;
}

/* --- Submitting -------------------------------------------------------------------- */

static ashlar_result patch(struct ashlar_device *dev, struct submission *s,
			   const struct ashlar_patch *p)
{
	const struct command *c;
	uint8_t **args;

	if (p->index >= s->list->count ||
	    s->list->commands[p->index].kind != COMMAND_LAUNCH)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"patch of command %u, which is not a launch among the list's %u commands",
			p->index, s->list->count);
	c = &s->list->commands[p->index];
	if (!p->bytes || !p->data || p->reserved ||
	    p->offset > c->job.arg_bytes ||
	    p->bytes > c->job.arg_bytes - p->offset)
		return fail(
			dev, ASHLAR_ERROR_INVALID,
			"patch of %u bytes at offset %u of command %u, which has %u bytes of arguments",
			p->bytes, p->offset, p->index, c->job.arg_bytes);
	args = &s->args[p->index];
	if (!*args) {
		*args = malloc(c->job.arg_bytes);
		if (!*args)
			return fail(dev, ASHLAR_ERROR_NO_MEMORY,
				    "no host memory for arguments");
		memcpy(*args, c->args, c->job.arg_bytes);
	}
	memcpy(*args + p->offset, p->data, p->bytes);
	return ASHLAR_OK;
}

static ashlar_result prepare(struct ashlar_queue *q, ashlar_cmdlist *list,
			     const struct ashlar_submit_info *i,
			     struct submission *s)
{
	struct ashlar_device *dev = q->h.dev;
	ashlar_result result = borrow(dev, list, KIND_CMDLIST, "list");

	if (result)
		return result;
	if (!list->ended)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "the list is not ended; call ashlar_cmdlist_end()");
	if (i->patch_count && !i->patches)
		return fail(dev, ASHLAR_ERROR_INVALID,
			    "patches is NULL for %u patches", i->patch_count);
	s->list = list;
	handle_ref(&list->h);
	s->commands = list->commands;
	s->count = list->count;
	if (!i->patch_count)
		return ASHLAR_OK;
	s->args = calloc(s->count, sizeof(*s->args));
	if (!s->args)
		return fail(dev, ASHLAR_ERROR_NO_MEMORY,
			    "no host memory for patches");
	for (uint32_t n = 0; !result && n < i->patch_count; n++)
		result = patch(dev, s, &i->patches[n]);
	return result;
}

ashlar_result ashlar_cmdlist_submit(ashlar_queue *queue, ashlar_cmdlist *list,
				    const struct ashlar_submit_info *info,
				    ashlar_fence **fence)
{
	struct ashlar_submit_info i = { .size = sizeof(i) };
	struct submission *s = NULL;
	ashlar_result result;

	if (fence)
		*fence = NULL;
	result = enter(queue, KIND_QUEUE);
	if (result)
		return result;
	if (info)
		result = take_struct(queue->h.dev, info,
				     END_OF(struct ashlar_submit_info, waits),
				     0, &i, sizeof(i), "submit info");
	if (!result) {
		s = calloc(1, sizeof(*s));
		if (!s)
			result = fail(queue->h.dev, ASHLAR_ERROR_NO_MEMORY,
				      "no host memory for a submission");
	}
	if (!result)
		result = prepare(queue, list, &i, s);
	if (!result)
		result = submit(queue, s, i.waits, i.wait_count, fence);
	if (result && s)
		submission_free(s);
	leave(queue);
	return result;
}
