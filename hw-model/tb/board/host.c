// SPDX-License-Identifier: MIT
#include "host.h"

#include <stdlib.h>
#include <string.h>

static bool inside(uint64_t addr, size_t bytes)
{
	return addr >= HOST_BASE && addr + bytes <= HOST_BASE + HOST_BYTES;
}

static int on_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	struct host *h = ctx;

	if (!inside(addr, bytes))
		return -1;
	memcpy(data, h->memory + (addr - HOST_BASE), bytes);
	return 0;
}

static int on_write(void *ctx, uint64_t addr, const void *data, size_t bytes)
{
	struct host *h = ctx;

	if (!inside(addr, bytes))
		return -1;
	memcpy(h->memory + (addr - HOST_BASE), data, bytes);
	if (h->fence_at && addr == h->fence_at)
		h->fence_cycle = now(h);
	return 0;
}

static void on_vector(void *ctx, unsigned int vector)
{
	struct host *h = ctx;

	if (h->vectors < NOTES_MAX) {
		h->vector[h->vectors] = vector;
		if (h->fence_at)
			memcpy(&h->fence[h->vectors],
			       h->memory + (h->fence_at - HOST_BASE), 4);
	}
	h->vectors++;
}

static void on_misuse(void *ctx, const char *name, const char *text)
{
	struct host *h = ctx;

	h->misuses++;
	snprintf(h->misuse, sizeof(h->misuse), "%s", name);
	snprintf(h->misuse_text, sizeof(h->misuse_text), "%s", text);
}

struct host *host_new(const struct ashlar_model_options *opt)
{
	struct ashlar_model_options o = { .size = sizeof(o), .memory_fd = -1 };
	struct host *h = calloc(1, sizeof(*h));
	struct ashlar_model_callbacks cb = {
		.dma_read = on_read,
		.dma_write = on_write,
		.raise_vector = on_vector,
		.misuse = on_misuse,
		.ctx = h,
	};
	char error[256];

	if (!h) {
		printf("out of memory\n");
		exit(1);
	}
	if (opt)
		o = *opt;
	o.rom = rom_image;
	o.rom_bytes = rom_bytes;
	h->ops = ashlar_model_get();
	h->model = h->ops->create(&cb, &o, error, sizeof(error));
	if (!h->model) {
		printf("no model: %s\n", error);
		exit(1);
	}
	return h;
}

void host_delete(struct host *h)
{
	h->ops->destroy(h->model);
	free(h);
}

uint32_t rd(struct host *h, uint32_t offset)
{
	uint32_t value = 0xdeadbeef;

	h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR0, offset, &value, 4);
	return value;
}

void wr(struct host *h, uint32_t offset, uint32_t value)
{
	h->ops->mmio_write(h->model, ASHLAR_MODEL_BAR0, offset, &value, 4);
}

void wr_mem(struct host *h, uint64_t at, const void *data, size_t bytes)
{
	h->ops->mmio_write(h->model, ASHLAR_MODEL_BAR2, at, data, bytes);
}

void rd_mem(struct host *h, uint64_t at, void *data, size_t bytes)
{
	h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR2, at, data, bytes);
}

uint64_t now(struct host *h)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	h->ops->info(h->model, &info);
	return info.cycles;
}

uint64_t clocked(struct host *h)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	h->ops->info(h->model, &info);
	return info.clocked;
}

void start(struct host *h)
{
	int i;

	h->rings = 0;
	wr(h, ASHLAR_HOST_MP_CTRL, ASHLAR_HOST_MP_CTRL_RUN_MASK);
	for (i = 0; i < 100; i++) {
		if (rd(h, ASHLAR_HOST_POST) == TB_POST_READY)
			return;
		h->ops->run(h->model, 100);
	}
	CHECK(false, "the ROM is not ready, post code 0x%x",
	      rd(h, ASHLAR_HOST_POST));
}

void send(struct host *h, enum tb_command command, const uint32_t *args,
	  unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		wr(h, ASHLAR_MAP_BAR0_SHARED_BASE + TB_ARGS + 4 * i, args[i]);
	wr(h, ASHLAR_MAP_BAR0_SHARED_BASE + TB_COMMAND, command);
	wr(h, ASHLAR_MAP_BAR0_DOORBELL_BASE + ASHLAR_DOORBELL_RING, ++h->rings);
}

bool command(struct host *h, enum tb_command command, const uint32_t *args,
	     unsigned int n, uint64_t max)
{
	uint64_t end = now(h) + max;
	unsigned int raised = h->vectors;

	send(h, command, args, n);
	for (;;) {
		uint64_t t = now(h);

		if (h->vectors > raised &&
		    rd(h, ASHLAR_HOST_POST) == TB_POST_DONE + h->rings)
			return true;
		if (t >= end)
			return false;
		if (h->ops->run(h->model, end - t) == ASHLAR_MODEL_IDLE)
			return false;
	}
}

uint32_t result(struct host *h, unsigned int n)
{
	return rd(h, ASHLAR_MAP_BAR0_SHARED_BASE + TB_RESULTS + 4 * n);
}
