// SPDX-License-Identifier: MIT
/* Cases through libashlar. */
#include <stdio.h>
#include <stdlib.h>

#include "ot.h"

struct device_backend {
	ashlar_device *device;
	ashlar_queue *queue;
	ashlar_buffer *buffer;
	ashlar_ops *ops;
	uint64_t cycles;
};

static void say(struct device_backend *b, ashlar_result result, char *text,
		size_t n)
{
	char error[400] = "";

	if (b->device)
		ashlar_device_error(b->device, error, sizeof(error));
	snprintf(text, n, "%s: %s", ashlar_result_str(result), error);
}

bool ot_backend_open(struct ot *t, const char *name)
{
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_device_info info = ASHLAR_INIT(ashlar_device_info);
	struct device_backend *b = calloc(1, sizeof(*b));
	char text[400] = "";
	ashlar_result result;

	if (!b)
		return false;
	t->backend = b;
	options.error = text;
	options.error_bytes = sizeof(text);
	result = ashlar_device_open(name, &options, &b->device);
	if (result) {
		printf("FAIL open %s: %s\n", name, text);
		return false;
	}
	buffer.bytes = t->bytes;
	result = ashlar_device_query(b->device, &info);
	if (!result)
		result = ashlar_queue_create(b->device, NULL, &b->queue);
	if (!result)
		result = ashlar_buffer_create(b->device, &buffer, &b->buffer);
	if (!result)
		result = ashlar_ops_open(b->device, &b->ops);
	if (result) {
		say(b, result, text, sizeof(text));
		printf("FAIL open %s: %s\n", name, text);
	}
	t->lanes = info.array;
	t->tiles = info.tiles;
	return result == ASHLAR_OK;
}

void ot_backend_close(struct ot *t)
{
	struct device_backend *b = t->backend;

	if (!b)
		return;
	ashlar_ops_unref(b->ops);
	ashlar_buffer_unref(b->buffer);
	ashlar_queue_unref(b->queue);
	ashlar_device_unref(b->device);
	free(b);
}

uint64_t ot_backend_base(struct ot *t)
{
	struct device_backend *b = t->backend;

	return ashlar_buffer_addr(b->buffer);
}

uint64_t ot_backend_cycles(const struct ot *t)
{
	const struct device_backend *b = t->backend;

	return b->cycles;
}

ashlar_result ot_backend_check(struct ot *t, const struct ashlar_op *op,
			       uint64_t *workspace, char *text, size_t n)
{
	struct device_backend *b = t->backend;
	ashlar_result result = ashlar_op_workspace(b->ops, op, workspace);

	if (result)
		ashlar_device_error(b->device, text, n);
	return result;
}

ashlar_result ot_backend_run(struct ot *t, const struct ashlar_op *op,
			     uint64_t workspace, uint64_t workspace_bytes,
			     size_t bytes, uint32_t tiles, char *text, size_t n)
{
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	struct ashlar_fence_info info = ASHLAR_INIT(ashlar_fence_info);
	struct device_backend *b = t->backend;
	ashlar_fence *fence = NULL;
	ashlar_result result;

	place.queue = b->queue;
	place.workspace = workspace;
	place.workspace_bytes = workspace_bytes;
	place.tiles = tiles;
	result = ashlar_buffer_write(b->buffer, 0, t->memory, bytes);
	if (!result)
		result = ashlar_op_submit(b->ops, op, &place, &fence);
	if (!result)
		result = ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					   ASHLAR_FOREVER);
	if (!result)
		result = ashlar_fence_query(fence, &info);
	if (!result)
		result = ashlar_buffer_read(b->buffer, 0, t->got, bytes);
	b->cycles = info.t_end - info.t_start;
	if (result) {
		say(b, result, text, n);
		/* A queue that has failed takes no more. */
		ashlar_queue_unref(b->queue);
		b->queue = NULL;
		if (ashlar_queue_create(b->device, NULL, &b->queue))
			exit(1);
	}
	ashlar_fence_unref(fence);
	return result;
}
