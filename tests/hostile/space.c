/* SPDX-License-Identifier: MIT */
/* Address spaces of the campaign. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernels.h>

#include "hostile.h"

/* Far beyond what any wait takes, on the slowest machine. */
#define WAIT_NS (300ull * 1000 * 1000 * 1000)

bool wrong(struct world *w, const char *fmt, ...)
{
	va_list ap;

	if (w->failed)
		return false;
	w->failed = true;
	va_start(ap, fmt);
	vsnprintf(w->why, sizeof(w->why), fmt, ap);
	va_end(ap);
	return false;
}

bool must(struct world *w, struct space *s, const char *what,
	  ashlar_result result)
{
	char text[400] = "";

	if (result == ASHLAR_OK)
		return true;
	if (s->dev)
		ashlar_device_error(s->dev, text, sizeof(text));
	return wrong(w, "%s: %s; %s", what, ashlar_result_str(result), text);
}

static void no_log(void *ctx, int level, const char *text)
{
	(void)ctx;
	if (level <= ASHLAR_LOG_WARNING)
		fprintf(stderr, "board: %s\n", text);
}

bool space_open(struct world *w, struct space *s, const char *name,
		ashlar_device *share, bool kernels)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	char error[500] = "";
	ashlar_result result;

	memset(s, 0, sizeof(*s));
	o.share = share;
	o.error = error;
	o.error_bytes = sizeof(error);
	if (!share)
		o.log = no_log;
	result = ashlar_device_open(share ? NULL : name, &o, &s->dev);
	if (result)
		return wrong(w, "open: %s; %s", ashlar_result_str(result),
			     error);
	if (kernels)
		return must(w, s, "kernels",
			    ashlar_kernels_load(s->dev, &s->module));
	return must(
		w, s, "module",
		ashlar_module_load(s->dev, w->elf, w->elf_bytes, &s->module));
}

bool space_queue(struct world *w, struct space *s, uint32_t i,
		 uint32_t priority)
{
	struct ashlar_queue_info info = ASHLAR_INIT(ashlar_queue_info);

	ashlar_queue_unref(s->queue[i]);
	s->queue[i] = NULL;
	info.priority = priority;
	info.depth = 1u << pick(w, 1, 6);
	return must(w, s, "queue",
		    ashlar_queue_create(s->dev, &info, &s->queue[i]));
}

bool space_buffer(struct world *w, struct space *s, uint32_t i, uint64_t bytes,
		  uint32_t flags)
{
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);

	ashlar_buffer_unref(s->buffer[i]);
	s->buffer[i] = NULL;
	info.bytes = bytes;
	info.flags = flags;
	if (!must(w, s, "buffer",
		  ashlar_buffer_create(s->dev, &info, &s->buffer[i])))
		return false;
	s->addr[i] = ashlar_buffer_addr(s->buffer[i]);
	s->bytes[i] = bytes;
	s->flags[i] = flags;
	return true;
}

void space_close(struct world *w, struct space *s)
{
	uint32_t first = pick(w, 0, 3), n;

	for (n = 0; n < 4; n++) {
		uint32_t i;

		switch ((first + n) % 4) {
		case 0:
			for (i = 0; i < SPACE_QUEUES; i++)
				ashlar_queue_unref(s->queue[i]);
			break;
		case 1:
			for (i = 0; i < SPACE_BUFFERS; i++)
				ashlar_buffer_unref(s->buffer[i]);
			break;
		case 2:
			ashlar_module_unref(s->module);
			break;
		default:
			ashlar_device_unref(s->dev);
			break;
		}
	}
	memset(s, 0, sizeof(*s));
}

ashlar_result space_launch(struct world *w, struct space *s, uint32_t queue,
			   const struct launch *l, ashlar_fence **fence)
{
	struct ashlar_launch_info i = ASHLAR_INIT(ashlar_launch_info);
	ashlar_kernel *kernel;
	ashlar_result result;

	*fence = NULL;
	result = ashlar_module_kernel(s->module, l->kernel, &kernel);
	if (!must(w, s, l->kernel, result))
		return result;
	i.kernel = kernel;
	i.args = l->args;
	i.arg_bytes = l->arg_bytes;
	i.tiles = l->tiles;
	i.timeout_cycles = l->timeout;
	i.tag = l->tag;
	result = ashlar_launch(s->queue[queue], &i, fence);
	ashlar_kernel_unref(kernel);
	return result;
}

ashlar_result space_wait(struct world *w, ashlar_fence *fence)
{
	ashlar_result result =
		ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, WAIT_NS);

	if (result == ASHLAR_ERROR_TIMEOUT || result == ASHLAR_ERROR_LOST)
		wrong(w, "a fence does not signal: %s",
		      ashlar_result_str(result));
	return result;
}
