// SPDX-License-Identifier: MIT
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "board.h"

#define CTRL (ASHLAR_MAP_BAR0_SHARED_BASE + ASHLAR_SHARED_CTRL)
#define REPORT_BYTES                    \
	(sizeof(struct ashlar_report) + \
	 (sizeof(struct ashlar_completion) << QUEUE_DEPTH_LOG2))

static uint8_t *host_at(struct board *b, uint64_t addr, size_t bytes)
{
	if (addr < HOST_BASE || addr - HOST_BASE > HOST_BYTES ||
	    bytes > HOST_BYTES - (addr - HOST_BASE))
		return NULL;
	return b->host + (addr - HOST_BASE);
}

static int dma_read(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	uint8_t *p = host_at(ctx, addr, bytes);

	if (!p)
		return -1;
	memcpy(data, p, bytes);
	return 0;
}

static int dma_write(void *ctx, uint64_t addr, const void *data, size_t bytes)
{
	uint8_t *p = host_at(ctx, addr, bytes);

	if (!p)
		return -1;
	memcpy(p, data, bytes);
	return 0;
}

static void raise_vector(void *ctx, unsigned int vector)
{
	((struct board *)ctx)->vectors[vector & 63]++;
}

static void misuse(void *ctx, const char *name, const char *text)
{
	(void)ctx;
	fprintf(stderr, "misuse: %s: %s\n", name, text);
}

int board_open(struct board *b, const char *so, const void *rom,
	       size_t rom_bytes, const char *insn_trace)
{
	const struct ashlar_model_ops *(*get)(void);
	struct ashlar_model_callbacks cb = {
		.dma_read = dma_read,
		.dma_write = dma_write,
		.raise_vector = raise_vector,
		.misuse = misuse,
		.ctx = b,
	};
	struct ashlar_model_options opt = {
		.size = sizeof(opt),
		.rom = rom,
		.rom_bytes = rom_bytes,
		.memory_fd = -1,
		.insn_trace = insn_trace,
	};
	struct ashlar_model_info info = { .size = sizeof(info) };
	char error[256] = "";
	void *dl = dlopen(so, RTLD_NOW);

	memset(b, 0, sizeof(*b));
	if (!dl) {
		fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	*(void **)&get = dlsym(dl, "ashlar_model_get");
	if (!get) {
		fprintf(stderr, "%s: no ashlar_model_get\n", so);
		return -1;
	}
	b->ops = get();
	b->model = b->ops->create(&cb, &opt, error, sizeof(error));
	if (!b->model) {
		fprintf(stderr, "%s: %s\n", so, error);
		return -1;
	}
	if (b->ops->info(b->model, &info))
		return -1;
	b->memory = info.memory;
	b->next_id = 1;
	return 0;
}

void board_close(struct board *b)
{
	b->ops->destroy(b->model);
	b->model = NULL;
}

uint64_t board_cycles(struct board *b)
{
	struct ashlar_model_info info = { .size = sizeof(info) };

	b->ops->info(b->model, &info);
	return info.cycles;
}

uint32_t board_read(struct board *b, uint64_t offset)
{
	uint32_t v = ~0u;

	b->ops->mmio_read(b->model, ASHLAR_MODEL_BAR0, offset, &v, 4);
	return v;
}

void board_write(struct board *b, uint64_t offset, uint32_t value)
{
	b->ops->mmio_write(b->model, ASHLAR_MODEL_BAR0, offset, &value, 4);
}

int board_until(struct board *b, const volatile uint64_t *word, uint64_t value,
		uint64_t limit, int exactly)
{
	uint64_t end = board_cycles(b) + limit;

	while (*word < value) {
		enum ashlar_model_stop stop =
			b->ops->run(b->model, exactly ? 1 : 1000);

		if (stop == ASHLAR_MODEL_DEAD ||
		    (stop == ASHLAR_MODEL_IDLE && *word < value) ||
		    board_cycles(b) > end)
			return *word < value ? -1 : 0;
	}
	return 0;
}

uint32_t board_boot(struct board *b, const void *image, uint32_t bytes)
{
	unsigned int i;
	uint32_t post = 0;

	memcpy(b->memory + MEM_IMAGE, image, bytes);
	board_write(b, ASHLAR_HOST_BOOT_ADDR_LO, MEM_IMAGE);
	board_write(b, ASHLAR_HOST_BOOT_ADDR_HI, 0);
	board_write(b, ASHLAR_HOST_BOOT_BYTES, bytes);
	board_write(b, ASHLAR_HOST_MP_CTRL, 1);
	for (i = 0; i < 2000; i++) {
		b->ops->run(b->model, 1000);
		post = board_read(b, ASHLAR_HOST_POST);
		if (post == ASHLAR_POST_READY || post >= 0x80)
			break;
	}
	return post;
}

uint32_t board_call(struct board *b, uint32_t op, const void *args,
		    uint32_t bytes, struct ashlar_ctrl_msg *reply)
{
	struct ashlar_ctrl_msg m = { .op = (uint16_t)op, .id = b->next_id++ };
	uint64_t slot = CTRL + offsetof(struct ashlar_ctrl_ring, req) +
			sizeof(m) * (b->req_tail % ASHLAR_CTRL_SLOTS);
	uint32_t words[16];
	unsigned int i;

	memcpy(m.arg, args, bytes);
	memcpy(words, &m, sizeof(m));
	for (i = 0; i < 16; i++)
		board_write(b, slot + 4 * i, words[i]);
	b->req_tail++;
	board_write(b, CTRL + offsetof(struct ashlar_ctrl_ring, req_tail),
		    b->req_tail);
	board_write(b, ASHLAR_MAP_BAR0_DOORBELL_BASE, b->req_tail);
	for (i = 0; i < 1000; i++) {
		b->ops->run(b->model, 200);
		if (board_read(b, CTRL + offsetof(struct ashlar_ctrl_ring,
						  rep_tail)) != b->rep_head)
			break;
	}
	if (i == 1000)
		return ~0u;
	slot = CTRL + offsetof(struct ashlar_ctrl_ring, rep) +
	       sizeof(m) * (b->rep_head % ASHLAR_CTRL_SLOTS);
	for (i = 0; i < 16; i++)
		words[i] = board_read(b, slot + 4 * i);
	b->rep_head++;
	board_write(b, CTRL + offsetof(struct ashlar_ctrl_ring, rep_head),
		    b->rep_head);
	memcpy(&m, words, sizeof(m));
	if (reply)
		*reply = m;
	return m.id == b->next_id - 1 && m.op == op ? m.status : ~0u;
}

uint32_t board_hello(struct board *b)
{
	struct ashlar_ctrl_hello h = {
		{ ASHLAR_ABI_CONTROL, ASHLAR_ABI_CONTROL },
		{ ASHLAR_ABI_JOB, ASHLAR_ABI_JOB },
		{ ASHLAR_ABI_KERNEL, ASHLAR_ABI_KERNEL },
	};

	return board_call(b, ASHLAR_CTRL_HELLO, &h, sizeof(h), NULL);
}

/* Virtual 0..128 KiB is code and arguments, readable; the rest faults. */
uint32_t board_context(struct board *b, uint32_t n)
{
	uint64_t root = MEM_TABLES + 0x2000 * n;
	struct ashlar_ctrl_ctx c = { .context = n,
				     .pt_entries = 1,
				     .pt_root = root };
	uint64_t entry = (root + 0x1000) | 1;
	unsigned int i;

	memset(b->memory + root, 0, 0x2000);
	memcpy(b->memory + root, &entry, 8);
	for (i = 0; i < 32; i++) {
		entry = (MEM_CODE + 0x1000 * i) | 3; /* valid, readable */
		memcpy(b->memory + root + 0x1000 + 8 * i, &entry, 8);
	}
	return board_call(b, ASHLAR_CTRL_CTX_CREATE, &c, sizeof(c), NULL);
}

uint32_t board_queue(struct board *b, uint32_t n, uint32_t context)
{
	struct ashlar_ctrl_queue q = {
		.queue = n,
		.context = context,
		.priority = ASHLAR_PRIORITY_NORMAL,
		.depth_log2 = QUEUE_DEPTH_LOG2,
		.ring = MEM_RINGS + 0x1000 * n,
		.report = HOST_BASE + REPORT_BYTES * n,
		.vector = n,
	};

	b->pushed[n] = 0;
	memset(b->host + REPORT_BYTES * n, 0, REPORT_BYTES);
	return board_call(b, ASHLAR_CTRL_QUEUE_CREATE, &q, sizeof(q), NULL);
}

struct ashlar_job board_job(uint32_t entry, uint32_t kernel_bytes)
{
	return (struct ashlar_job){
		.kind = ASHLAR_JOB_KERNEL,
		.flags = ASHLAR_JOB_FLAG_IRQ,
		.code_va = 0,
		.code_bytes = kernel_bytes,
		.text_bytes = kernel_bytes - 64, /* data is the last line */
		.entry = entry,
		.arg_va = VA_ARGS,
		.arg_bytes = 64,
		.tiles = 1,
		.grid = { 1, 1, 1 },
	};
}

void board_push(struct board *b, uint32_t queue, struct ashlar_job job)
{
	uint32_t slot = b->pushed[queue]++ & ((1u << QUEUE_DEPTH_LOG2) - 1);

	job.fence = b->pushed[queue];
	memcpy(b->memory + MEM_RINGS + 0x1000 * queue + slot * sizeof(job),
	       &job, sizeof(job));
}

void board_ring(struct board *b, uint32_t queue)
{
	board_write(b,
		    ASHLAR_MAP_BAR0_DOORBELL_BASE +
			    queue * ASHLAR_MAP_BAR0_DOORBELL_STRIDE,
		    b->pushed[queue]);
}

volatile uint64_t *board_completed(struct board *b, uint32_t queue)
{
	return (volatile uint64_t *)(void *)(b->host + REPORT_BYTES * queue);
}

const struct ashlar_completion *board_completion(struct board *b,
						 uint32_t queue, uint32_t i)
{
	i &= (1u << QUEUE_DEPTH_LOG2) - 1;
	return (const void *)(b->host + REPORT_BYTES * queue +
			      sizeof(struct ashlar_report) +
			      i * sizeof(struct ashlar_completion));
}
