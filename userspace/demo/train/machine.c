/* SPDX-License-Identifier: MIT */
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ref.h"

#define WORKSPACE_STEP (1u << 20)

static int machine_fail(const struct machine *m, const char *what)
{
	char text[512] = "";

	ashlar_device_error(m->device, text, sizeof(text));
	fprintf(stderr, "%s: %s: %s\n", m->name, what, text);
	return -1;
}

static int open_device(struct machine *m, const char *name)
{
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_device_info info = ASHLAR_INIT(ashlar_device_info);
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	char error[512] = "";
	void *memory;

	options.error = error;
	options.error_bytes = sizeof(error);
	if (ashlar_device_open(name, &options, &m->device)) {
		fprintf(stderr, "no device: %s\n", error);
		return -1;
	}
	if (ashlar_device_query(m->device, &info))
		return machine_fail(m, "query");
	memcpy(m->name, info.name, sizeof(m->name));
	m->lanes = info.array;
	buffer.bytes = m->bytes;
	if (ashlar_queue_create(m->device, NULL, &m->queue))
		return machine_fail(m, "queue");
	if (ashlar_ops_open(m->device, &m->library))
		return machine_fail(m, "operator library");
	if (ashlar_buffer_create(m->device, &buffer, &m->buffer) ||
	    ashlar_buffer_map(m->buffer, &memory))
		return machine_fail(m, "memory");
	m->memory = memory;
	m->base = ashlar_buffer_addr(m->buffer);
	return 0;
}

int machine_open(struct machine *m, const char *name, uint32_t lanes,
		 uint64_t bytes)
{
	*m = (struct machine){ .bytes = bytes };
	if (!name || strcmp(name, MACHINE_REFERENCE)) {
		if (!open_device(m, name))
			return 0;
		machine_close(m);
		return -1;
	}
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->lanes = lanes;
	m->memory = aligned_alloc(4096, (bytes + 4095) & ~4095ull);
	if (!m->memory) {
		fprintf(stderr, "no memory for %llu bytes\n",
			(unsigned long long)bytes);
		return -1;
	}
	memset(m->memory, 0, bytes);
	m->base = (uintptr_t)m->memory;
	return 0;
}

void machine_close(struct machine *m)
{
	if (!m->device)
		free(m->memory);
	ashlar_fence_unref(m->last);
	ashlar_buffer_unref(m->workspace);
	ashlar_buffer_unref(m->buffer);
	ashlar_ops_unref(m->library);
	ashlar_queue_unref(m->queue);
	ashlar_device_unref(m->device);
	*m = (struct machine){ 0 };
}

struct ashlar_tensor machine_tensor(struct machine *m, uint32_t format,
				    uint32_t dims, const uint64_t *shape)
{
	uint64_t bytes = ashlar_format_bytes(format);
	uint64_t at = (m->used + 63) & ~63ull;
	uint32_t i;

	for (i = 0; i < dims; i++)
		bytes *= shape[i];
	if (at > m->bytes || bytes > m->bytes - at) {
		fprintf(stderr,
			"%s: a tensor of %llu bytes, %llu are left of %llu\n",
			m->name, (unsigned long long)bytes,
			(unsigned long long)(m->bytes - m->used),
			(unsigned long long)m->bytes);
		exit(1);
	}
	m->used = at + bytes;
	return ashlar_tensor_packed(m->base + at, format, dims, shape);
}

void *machine_at(const struct machine *m, const struct ashlar_tensor *t)
{
	return m->memory + (t->addr - m->base);
}

/* Workspace for an operation; what is under way keeps the old one alive. */
static int need_workspace(struct machine *m, uint64_t bytes)
{
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);

	if (bytes <= m->workspace_bytes)
		return 0;
	info.bytes = (bytes + WORKSPACE_STEP - 1) & ~(WORKSPACE_STEP - 1ull);
	ashlar_buffer_unref(m->workspace);
	m->workspace = NULL;
	m->workspace_bytes = 0;
	if (ashlar_buffer_create(m->device, &info, &m->workspace))
		return machine_fail(m, "workspace");
	m->workspace_bytes = info.bytes;
	return 0;
}

static int run_device(struct machine *m, const struct ashlar_op *op)
{
	struct ashlar_op_place place = ASHLAR_INIT(ashlar_op_place);
	ashlar_fence *fence;
	uint64_t bytes;

	if (ashlar_op_workspace(m->library, op, &bytes))
		return machine_fail(m, "operation");
	if (need_workspace(m, bytes))
		return -1;
	place.queue = m->queue;
	if (bytes)
		place.workspace = ashlar_buffer_addr(m->workspace);
	place.workspace_bytes = m->workspace_bytes;
	if (ashlar_op_submit(m->library, op, &place, &fence))
		return machine_fail(m, "operation");
	ashlar_fence_unref(m->last);
	m->last = fence;
	return 0;
}

int machine_run(struct machine *m, const struct ashlar_op *op)
{
	m->ops++;
	if (m->device)
		return run_device(m, op);
	if (ref_op(op, m->lanes)) {
		fprintf(stderr, "%s: no operation of kind %u\n", m->name,
			op->kind);
		return -1;
	}
	return 0;
}

int machine_finish(struct machine *m)
{
	if (!m->last)
		return 0;
	if (ashlar_fence_wait(&m->last, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER))
		return machine_fail(m, "run");
	return 0;
}

uint64_t machine_differ(const struct machine *a, const struct machine *b)
{
	uint64_t i;

	if (a->used != b->used)
		return 0;
	for (i = 0; i < a->used; i++)
		if (a->memory[i] != b->memory[i])
			return i;
	return UINT64_MAX;
}
