// SPDX-License-Identifier: MIT
#include "host.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SHARED	     ASHLAR_MAP_BAR0_SHARED_BASE
#define ERR_UNMAPPED ASHLAR_HOST_HOST_ERR_UNMAPPED_MASK
#define ERR_DISABLED ASHLAR_HOST_HOST_ERR_DB_DISABLED_MASK
#define ERR_OVERRUN  ASHLAR_HOST_HOST_ERR_DB_OVERRUN_MASK
#define ERR_DMA	     ASHLAR_HOST_HOST_ERR_DMA_RANGE_MASK

#define LONG 1000000 /* cycles in which any command is done */

static uint32_t doorbell(unsigned int n)
{
	return ASHLAR_MAP_BAR0_DOORBELL_BASE +
	       n * ASHLAR_MAP_BAR0_DOORBELL_STRIDE + ASHLAR_DOORBELL_RING;
}

static uint32_t spaces(uint32_t src, uint32_t dst)
{
	return src << ASHLAR_COPY_SPACE_SRC_SHIFT |
	       dst << ASHLAR_COPY_SPACE_DST_SHIFT;
}

void test_registers(void)
{
	struct host *h = host_new(NULL);
	unsigned int i;
	uint64_t a, b;

	CHECK_EQ(rd(h, ASHLAR_HOST_ID), 0x4c485341);
	CHECK_EQ(rd(h, ASHLAR_HOST_HW_VERSION), ASHLAR_HOST_HW_VERSION_RESET);
	CHECK_EQ(rd(h, ASHLAR_HOST_TEMP), 45000);
	CHECK_EQ(rd(h, ASHLAR_HOST_PLATFORM), ASHLAR_HOST_PLATFORM_RTL);
	CHECK_EQ(rd(h, ASHLAR_HOST_DTB_BYTES), ASHLAR_BOARD_DTB_BYTES);
	CHECK_EQ(rd(h, ASHLAR_HOST_MP_CTRL), 0);
	CHECK_EQ(rd(h, ASHLAR_HOST_POST), 0);
	CHECK_EQ(rd(h, ASHLAR_HOST_MEM_BYTES_LO),
		 (uint32_t)ASHLAR_BOARD_MEM_BYTES);
	CHECK_EQ(rd(h, ASHLAR_HOST_MEM_BYTES_HI), ASHLAR_BOARD_MEM_BYTES >> 32);
	for (i = 0; i < ASHLAR_BOARD_DTB_BYTES; i += 4) {
		uint32_t word = 0;
		size_t left = ASHLAR_BOARD_DTB_BYTES - i;

		memcpy(&word, ashlar_board_dtb + i, left < 4 ? left : 4);
		CHECK_EQ(rd(h, ASHLAR_MAP_BAR0_DTB_BASE + i), word);
	}
	for (i = 0; i < 4; i++)
		wr(h, ASHLAR_HOST_SCRATCH(i), 0x11111111 * (i + 1));
	for (i = 0; i < 4; i++)
		CHECK_EQ(rd(h, ASHLAR_HOST_SCRATCH(i)), 0x11111111 * (i + 1));
	wr(h, ASHLAR_HOST_ID, 0);
	CHECK_EQ(rd(h, ASHLAR_HOST_ID), 0x4c485341);

	for (i = 0; i < ASHLAR_BOARD_SHARED_BYTES; i += 0x124)
		wr(h, SHARED + i, i * 0x9e3779b9u);
	for (i = 0; i < ASHLAR_BOARD_SHARED_BYTES; i += 0x124)
		CHECK_EQ(rd(h, SHARED + i), i * 0x9e3779b9u);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), 0);

	/* Time: both halves belong together, and go on by what passed. */
	a = rd(h, ASHLAR_HOST_CYCLE_LO);
	a |= (uint64_t)rd(h, ASHLAR_HOST_CYCLE_HI) << 32;
	b = now(h);
	rd(h, ASHLAR_HOST_CYCLE_LO);
	CHECK_EQ(rd(h, ASHLAR_HOST_CYCLE_HI), 0);
	CHECK_EQ(rd(h, ASHLAR_HOST_CYCLE_LO) - a, now(h) - 1 - (b - 2));
	CHECK_EQ(h->misuses, 0);
	host_delete(h);
}

void test_misuse(void)
{
	struct ashlar_model_options strict = { .size = sizeof(strict),
					       .strict = 1,
					       .memory_fd = -1 };
	struct host *h = host_new(NULL);
	unsigned char bytes[8];
	uint32_t value;

	/* Unmapped. */
	CHECK_EQ(rd(h, 0x5000), 0);
	CHECK_EQ(h->misuses, 1);
	CHECK(!strcmp(h->misuse, "unmapped-register"), "%s", h->misuse);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), ERR_UNMAPPED);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR_ADDR), 0x5000);
	wr(h, 0x84, 1); /* in block HOST; the first address stays */
	CHECK_EQ(h->misuses, 2);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR_ADDR), 0x5000);
	wr(h, ASHLAR_HOST_HOST_ERR, ERR_UNMAPPED);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), 0);
	rd(h, doorbell(3) + 4);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR_ADDR), doorbell(3) + 4);
	rd(h, ASHLAR_MAP_BAR0_DTB_BASE + ASHLAR_MAP_BAR0_DTB_BYTES - 4);
	CHECK_EQ(h->misuses, 4);
	wr(h, ASHLAR_HOST_HOST_ERR, 0xf);

	/* Doorbells, before and after their queue exists. */
	wr(h, doorbell(0), 1);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), ERR_DISABLED);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR_ADDR), doorbell(0));
	CHECK(!strcmp(h->misuse, "doorbell-disabled"), "%s", h->misuse);
	CHECK_EQ(rd(h, doorbell(0)), 0); /* write only, but there */
	wr(h, ASHLAR_HOST_HOST_ERR, ERR_DISABLED);
	start(h);
	wr(h, doorbell(0), 5); /* the ROM's ring has depth 4 */
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), ERR_OVERRUN);
	CHECK(!strcmp(h->misuse, "doorbell-overrun"), "%s", h->misuse);
	CHECK(strstr(h->misuse_text, "head 0 + depth 4"), "%s", h->misuse_text);
	wr(h, ASHLAR_HOST_HOST_ERR, 0xf);
	wr(h, doorbell(63), 5);
	CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR), ERR_DISABLED);
	CHECK_EQ(h->misuses, 7);

	/* Accesses that are none. */
	memset(bytes, 0, sizeof(bytes));
	CHECK_EQ(-h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR0, 0, bytes, 8),
		 EINVAL);
	CHECK(!strcmp(h->misuse, "bad-size"), "%s", h->misuse);
	CHECK_EQ(-h->ops->mmio_write(h->model, ASHLAR_MODEL_BAR0, 2, bytes, 4),
		 EINVAL);
	CHECK_EQ(-h->ops->mmio_write(h->model, ASHLAR_MODEL_BAR0, 0x100000,
				     bytes, 4),
		 EINVAL);
	CHECK(!strcmp(h->misuse, "bar-range"), "%s", h->misuse);
	CHECK_EQ(-h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR2,
				    ASHLAR_BOARD_MEM_BYTES - 4, bytes, 8),
		 EINVAL);
	CHECK_EQ(-h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR2, UINT64_MAX,
				    bytes, 8),
		 EINVAL);
	CHECK_EQ(-h->ops->mmio_read(h->model, (enum ashlar_model_bar)1, 0,
				    bytes, 4),
		 EINVAL);
	CHECK_EQ(-h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR2, 0, bytes, 0),
		 EINVAL);
	CHECK_EQ(h->misuses, 14);
	host_delete(h);

	/* A strict model does not outlive it. */
	h = host_new(&strict);
	value = 7;
	CHECK_EQ(-h->ops->mmio_write(h->model, ASHLAR_MODEL_BAR0, doorbell(1),
				     &value, 4),
		 EIO);
	CHECK_EQ(h->misuses, 1);
	CHECK_EQ(-h->ops->mmio_read(h->model, ASHLAR_MODEL_BAR0, ASHLAR_HOST_ID,
				    &value, 4),
		 EIO);
	CHECK_EQ(h->ops->run(h->model, 100), ASHLAR_MODEL_DEAD);
	CHECK_EQ(h->misuses, 1);
	host_delete(h);
}

void test_processor(void)
{
	static const uint32_t causes[] = { 5, 7, 5, 7, 5, 5, 7 };
	static const uint32_t config[] = {
		ASHLAR_MP_RESET_CAUSE_POWER,
		ASHLAR_HOST_HW_VERSION_RESET,
		ASHLAR_HOST_PLATFORM_RTL,
		ASHLAR_BOARD_TILES,
		ASHLAR_BOARD_LMEM_BYTES,
		ASHLAR_BOARD_SPAD_BYTES,
		ASHLAR_BOARD_CLOCK_KHZ,
		(uint32_t)ASHLAR_BOARD_MEM_BYTES,
		ASHLAR_BOARD_MEM_BYTES >> 32,
		ASHLAR_BOARD_ARRAY,
		ASHLAR_BOARD_DTB_BYTES,
		0x123440,
		0x5,
		4711,
		ERR_UNMAPPED,
		0x5000,
	};
	struct host *h = host_new(NULL);
	uint32_t args[4];
	unsigned int i;

	wr(h, ASHLAR_HOST_BOOT_ADDR_LO, 0x123440);
	wr(h, ASHLAR_HOST_BOOT_ADDR_HI, 5);
	wr(h, ASHLAR_HOST_BOOT_BYTES, 4711);
	rd(h, 0x5000);
	start(h);
	CHECK(command(h, TB_CONFIG, NULL, 0, LONG), "TB_CONFIG is not done");
	for (i = 0; i < sizeof(config) / sizeof(config[0]); i++)
		CHECK(result(h, i) == config[i],
		      "configuration word %u is 0x%x, expected 0x%x", i,
		      result(h, i), config[i]);
	CHECK_EQ(h->vectors, 1);
	CHECK_EQ(h->vector[0], TB_VECTOR_DONE);

	CHECK(command(h, TB_PROBES, NULL, 0, LONG), "TB_PROBES is not done");
	CHECK_EQ(result(h, 0), sizeof(causes) / sizeof(causes[0]));
	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++)
		CHECK(result(h, 1 + 2 * i) == causes[i],
		      "probe %u: mcause %u, expected %u", i,
		      result(h, 1 + 2 * i), causes[i]);
	CHECK_EQ(result(h, 2), 0x30000000);

	/* The device tree from the other side. */
	for (i = 0; i + 4 <= ASHLAR_BOARD_DTB_BYTES; i += 256) {
		uint32_t word;

		args[0] = ASHLAR_MAP_MP_DTB_BASE + i;
		memcpy(&word, ashlar_board_dtb + i, 4);
		CHECK(command(h, TB_PEEK, args, 1, LONG), "not done");
		CHECK_EQ(result(h, 0), word);
		CHECK_EQ(result(h, 1), 0);
	}
	args[0] = ASHLAR_MAP_MP_DTB_BASE + 0xfffc;
	CHECK(command(h, TB_PEEK, args, 1, LONG), "not done");
	CHECK_EQ(result(h, 1), 1);

	for (i = 0; i < 64; i += 9) {
		args[0] = i;
		h->vectors = 0;
		CHECK(command(h, TB_VECTOR, args, 1, LONG), "not done");
		CHECK_EQ(h->vectors, 2);
		CHECK_EQ(h->vector[0], i);
	}
	host_delete(h);
}

/* A command with WFI and timer, with and without idle skipping. */
void test_time(void)
{
	static const uint32_t waits[] = { 100, 5000, 123457, 3000000 };
	uint64_t end[2][4], busy[2] = { 0, 0 };
	unsigned int i, k;

	for (k = 0; k < 2; k++) {
		struct host *h = host_new(NULL);

		h->model->no_skip = k == 1;
		start(h);
		for (i = 0; i < 4; i++) {
			uint32_t woke;

			CHECK(command(h, TB_TIMER, &waits[i], 1, 10000000),
			      "TB_TIMER is not done");
			woke = result(h, 1) - result(h, 0);
			CHECK(woke >= waits[i] && woke < waits[i] + 20,
			      "slept %u cycles for %u", woke, waits[i]);
			CHECK_EQ(result(h, 2), 1 << 7); /* mip.MTIP */
			end[k][i] = now(h);
		}
		busy[k] = clocked(h);
		host_delete(h);
	}
	for (i = 0; i < 4; i++)
		CHECK_EQ(end[0][i], end[1][i]);
	CHECK(busy[0] < 10000 && busy[1] == end[1][3],
	      "%llu and %llu cycles simulated", (unsigned long long)busy[0],
	      (unsigned long long)busy[1]);
}

struct copy_case {
	uint32_t src, dst, len, src_space, dst_space;
	uint32_t error; /* COPY.ERROR expected */
};

#define MEM	 ASHLAR_COPY_SPACE_DST_MEM
#define HOST	 ASHLAR_COPY_SPACE_DST_HOST
#define LOCAL	 ASHLAR_COPY_SPACE_DST_LOCAL
#define IMM	 ASHLAR_COPY_SPACE_DST_IMM
#define L_SHARED (ASHLAR_MAP_MP_SHARED_BASE + TB_AREA)
#define RANGE	 ASHLAR_COPY_ERROR_RANGE_MASK
#define BUS	 ASHLAR_COPY_ERROR_BUS_MASK

static const struct copy_case copies[] = {
	{ 0x1000, 0x9008, 4096, MEM, MEM, 0 },
	{ 0x1038, HOST_BASE + 0x10, 1000, MEM, HOST, 0 },
	{ HOST_BASE + 0x28, 0x2000, 2048, HOST, MEM, 0 },
	{ HOST_BASE, HOST_BASE + 0x8000, 520, HOST, HOST, 0 },
	{ 0x1000, L_SHARED + 8, 776, MEM, LOCAL, 0 },
	{ L_SHARED + 8, HOST_BASE + 0x4000, 776, LOCAL, HOST, 0 },
	{ L_SHARED, L_SHARED + 0x2018, 256, LOCAL, LOCAL, 0 },
	{ 0, HOST_BASE + 0x108, 8, IMM, HOST, 0 },
	{ 0, 0x3000, 999, IMM, MEM, 0 }, /* LEN is taken as 8 */
	{ 0x1000, 0x9000, 0, MEM, MEM, 0 },
	{ 0x1004, 0x9000, 64, MEM, MEM, RANGE },
	{ 0x1000, 0x9001, 64, MEM, MEM, RANGE },
	{ 0x1000, 0x9000, 63, MEM, MEM, RANGE },
	{ ASHLAR_BOARD_MEM_BYTES - 64, 0x9000, 72, MEM, MEM, RANGE },
	{ 0x1000, ASHLAR_MAP_MP_ROM_BASE, 64, MEM, LOCAL, RANGE },
	{ 0x1000, ASHLAR_MAP_MP_TCM_BASE + ASHLAR_BOARD_TCM_BYTES - 8, 16, MEM,
	  LOCAL, RANGE },
	{ 0x1000, 0x9000, 64, MEM, IMM, RANGE },
	{ HOST_BASE + HOST_BYTES - 64, 0x9000, 1024, HOST, MEM, BUS },
	{ 0x1000, HOST_BASE + HOST_BYTES - 64, 1024, MEM, HOST, BUS },
	{ 0x1000, HOST_BASE - 8, 8, MEM, HOST, BUS },
};

/* The bytes of a space as the bench sees them; NULL: not a place. */
static void look(struct host *h, uint32_t space, uint32_t at, unsigned char *to,
		 uint32_t bytes)
{
	uint32_t i;

	for (i = 0; i < bytes; i += 4) {
		uint32_t word = 0;

		if (space == MEM)
			rd_mem(h, at + i, &word, 4);
		else if (space == HOST)
			memcpy(&word, h->memory + (at - HOST_BASE) + i, 4);
		else if (space == LOCAL)
			word = rd(h, SHARED + (at & 0xffff) + i);
		else /* what the copy engines' IMM holds after reset */
			word = 0;
		memcpy(to + i, &word, 4);
	}
}

static void try_copy(struct host *h, const struct copy_case *c, uint32_t engine)
{
	uint32_t args[6] = {
		engine, 1,	c->src,
		c->dst, c->len, spaces(c->src_space, c->dst_space)
	};
	uint32_t len = c->src_space == IMM ? 8 : c->len;
	unsigned char before[8192], after[8192];

	if (!c->error)
		look(h, c->src_space, c->src, before, len);
	CHECK(command(h, TB_COPY, args, 6, LONG), "TB_COPY is not done");
	CHECK_EQ(result(h, 0), c->error);
	if (c->error)
		return;
	look(h, c->dst_space, c->dst, after, len);
	CHECK(!memcmp(before, after, len),
	      "%u bytes from 0x%x to 0x%x are not equal", len, c->src, c->dst);
}

void test_copies(void)
{
	struct host *h = host_new(NULL);
	unsigned char *random = malloc(0x10000);
	unsigned char got[8];
	uint32_t args[3], i, refused = 0;
	uint32_t fence;

	for (i = 0; i < 0x10000; i++)
		random[i] = (unsigned char)(i * 2654435761u >> 13);
	wr_mem(h, 0, random, 0x10000);
	for (i = 0; i < HOST_BYTES; i++)
		h->memory[i] = (unsigned char)(i * 40503u >> 7);
	start(h);
	for (i = 0; i < sizeof(copies) / sizeof(copies[0]); i++) {
		wr(h, ASHLAR_HOST_HOST_ERR, 0xf);
		h->misuses = 0;
		try_copy(h, &copies[i], i % ASHLAR_BOARD_COPY_ENGINES);
		refused += copies[i].error == BUS;
		CHECK_EQ(rd(h, ASHLAR_HOST_HOST_ERR),
			 copies[i].error == BUS ? ERR_DMA : 0);
		CHECK((h->misuses != 0) == (copies[i].error == BUS),
		      "%u misuses", h->misuses);
	}
	CHECK_EQ(refused, 3);

	/* A vector never overtakes what was started before it. */
	h->fence_at = HOST_BASE + 0x200;
	for (i = 0; i < 8; i++) {
		args[0] = i % ASHLAR_BOARD_COPY_ENGINES;
		args[1] = h->fence_at;
		args[2] = 0xf0f00000 + i;
		h->vectors = 0;
		CHECK(command(h, TB_FENCE, args, 3, LONG), "not done");
		CHECK_EQ(h->vectors, 2);
		CHECK_EQ(h->vector[0], TB_VECTOR_FENCE);
		CHECK_EQ(h->fence[0], args[2]);
		memcpy(got, h->memory + 0x200, 8);
		memcpy(&fence, got + 4, 4);
		CHECK_EQ(fence, ~args[2]);
	}
	h->fence_at = 0;

	/* The queue's end: the processor waits, nothing is lost. */
	args[0] = HOST_BASE + 0x400;
	args[1] = 512;
	CHECK(command(h, TB_FLOOD, args, 2, LONG), "not done");
	CHECK_EQ(result(h, 1), 0);
	for (i = 0; i < 20; i++) {
		unsigned char part[512];

		rd_mem(h, i * 512, part, 512);
		CHECK(!memcmp(part, h->memory + 0x400, 512), "copy %u", i);
	}
	free(random);
	host_delete(h);
}

void test_resets(void)
{
	struct host *h = host_new(NULL);
	uint32_t args[2], i;
	uint64_t t;

	/* The watchdog, spinning and asleep, resets the processor alone. */
	for (i = 0; i < 2; i++) {
		start(h);
		wr_mem(h, 0x100, "kept", 4);
		args[0] = 20000;
		args[1] = i;
		send(h, TB_WATCHDOG, args, 2);
		t = now(h);
		h->ops->run(h->model, 15000);
		CHECK_EQ(rd(h, ASHLAR_HOST_POST), TB_POST_READY);
		wr(h, SHARED + TB_RESULTS, 0x600d);
		CHECK_EQ(h->ops->run(h->model, 10000), ASHLAR_MODEL_IDLE);
		CHECK(now(h) > t + 20000 && now(h) < t + 20500, "%llu cycles",
		      (unsigned long long)(now(h) - t));
		CHECK_EQ(rd(h, ASHLAR_HOST_POST), TB_POST_READY);
		CHECK_EQ(rd(h, SHARED + TB_RESULTS), 0x600d);
		h->rings = 0;
		CHECK(command(h, TB_CONFIG, NULL, 0, LONG), "not done");
		CHECK_EQ(result(h, 0), ASHLAR_MP_RESET_CAUSE_WATCHDOG);
		CHECK_EQ(h->misuses, 0);
		wr(h, ASHLAR_HOST_MP_CTRL, 0);
		CHECK_EQ(rd(h, ASHLAR_HOST_POST), 0);
	}
	start(h);
	CHECK(command(h, TB_CONFIG, NULL, 0, LONG), "not done");
	CHECK_EQ(result(h, 0), ASHLAR_MP_RESET_CAUSE_POWER);

	/* HOST.RESET: everything but board memory, and only by its key. */
	wr(h, ASHLAR_HOST_SCRATCH(1), 5);
	wr(h, ASHLAR_HOST_RESET, 1);
	CHECK_EQ(rd(h, ASHLAR_HOST_SCRATCH(1)), 5);
	wr(h, ASHLAR_HOST_RESET, ASHLAR_HOST_RESET_KEY);
	CHECK_EQ(rd(h, ASHLAR_HOST_SCRATCH(1)), 0);
	CHECK_EQ(rd(h, ASHLAR_HOST_MP_CTRL), 0);
	CHECK(rd(h, ASHLAR_HOST_CYCLE_LO) < 20, "time goes on");
	start(h);
	CHECK(command(h, TB_CONFIG, NULL, 0, LONG), "not done");
	CHECK_EQ(result(h, 0), ASHLAR_MP_RESET_CAUSE_HOST);

	/* In the middle of copies. */
	args[0] = HOST_BASE;
	args[1] = 4096;
	for (i = 0; i < 40; i++) {
		send(h, TB_FLOOD, args, 2);
		h->ops->run(h->model, 50 + 7 * i);
		wr(h, ASHLAR_HOST_MP_CTRL, 0);
		start(h);
		if (i % 4 == 0) {
			wr(h, ASHLAR_HOST_RESET, ASHLAR_HOST_RESET_KEY);
			start(h);
		}
		CHECK(command(h, TB_FLOOD, args, 2, LONG), "not done");
		CHECK_EQ(result(h, 0), 20);
		CHECK_EQ(result(h, 1), 0);
	}

	/* The model's own reset is a power cycle. */
	h->ops->reset(h->model);
	start(h);
	CHECK(command(h, TB_CONFIG, NULL, 0, LONG), "not done");
	CHECK_EQ(result(h, 0), ASHLAR_MP_RESET_CAUSE_POWER);
	{
		char kept[4];

		h->ops->reset(h->model);
		wr_mem(h, 0x100, "kept", 4);
		h->ops->reset(h->model);
		rd_mem(h, 0x100, kept, 4);
		CHECK(!memcmp(kept, "kept", 4), "board memory is lost");
	}
	host_delete(h);
}

static void test_budget(void)
{
	struct host *h = host_new(NULL);
	uint32_t args[2];
	uint64_t t;

	/* Held in reset: nothing will ever happen. */
	t = now(h);
	CHECK_EQ(h->ops->run(h->model, 1000), ASHLAR_MODEL_IDLE);
	CHECK_EQ(now(h), t);
	start(h);
	CHECK_EQ(h->ops->run(h->model, 1000), ASHLAR_MODEL_IDLE);

	/* A timer within reach and beyond: cycles are counted exactly. */
	args[0] = 10000;
	send(h, TB_TIMER, args, 1);
	t = now(h);
	CHECK_EQ(h->ops->run(h->model, 4000), ASHLAR_MODEL_BUDGET);
	CHECK_EQ(now(h), t + 4000);
	CHECK_EQ(h->ops->run(h->model, 1), ASHLAR_MODEL_BUDGET);
	CHECK_EQ(now(h), t + 4001);
	CHECK_EQ(h->ops->run(h->model, 0), ASHLAR_MODEL_BUDGET);
	CHECK_EQ(h->ops->run(h->model, 100000), ASHLAR_MODEL_VECTOR);
	CHECK(now(h) > t + 10000 && now(h) < t + 10200, "%llu cycles",
	      (unsigned long long)(now(h) - t));
	CHECK_EQ(h->ops->run(h->model, 100000), ASHLAR_MODEL_IDLE);
	host_delete(h);
}

static void test_memory_fd(void)
{
	struct ashlar_model_options opt = { .size = sizeof(opt) };
	struct ashlar_model_callbacks none = { 0 };
	struct host *a, *b;
	char error[256], text[8];
	uint32_t args[6] = { 0, 1, 0x1000, 0x2000, 64, spaces(MEM, MEM) };
	int fd = memfd_create("board", 0);

	CHECK(fd >= 0 && !ftruncate(fd, ASHLAR_BOARD_MEM_BYTES), "no memfd");
	opt.memory_fd = fd;
	a = host_new(&opt);
	b = host_new(NULL); /* two boards in a process, each its own */
	start(a);
	start(b);
	CHECK_EQ(pwrite(fd, "outside", 8, 0x1000), 8);
	wr_mem(b, 0x1000, "another", 8);
	CHECK(command(a, TB_COPY, args, 6, LONG), "not done");
	CHECK(command(b, TB_COPY, args, 6, LONG), "not done");
	CHECK_EQ(pread(fd, text, 8, 0x2000), 8);
	CHECK(!memcmp(text, "outside", 8), "%.8s", text);
	rd_mem(b, 0x2000, text, 8);
	CHECK(!memcmp(text, "another", 8), "%.8s", text);
	CHECK_EQ(now(a), now(b)); /* the same calls, the same cycles */
	host_delete(a);
	host_delete(b);

	/* What cannot be made says why. */
	CHECK(!ftruncate(fd, 4096), "ftruncate");
	CHECK(!ashlar_model_get()->create(&none, &opt, error, sizeof(error)),
	      "a model without callbacks");
	CHECK(strstr(error, "dma_read"), "%s", error);
	close(fd);
}

static int refuse(void *ctx, uint64_t addr, void *data, size_t bytes)
{
	(void)ctx;
	(void)addr;
	(void)data;
	(void)bytes;
	return -1;
}

static int refuse_write(void *ctx, uint64_t addr, const void *data,
			size_t bytes)
{
	(void)ctx;
	(void)addr;
	(void)data;
	(void)bytes;
	return -1;
}

static void ignore(void *ctx, unsigned int vector)
{
	(void)ctx;
	(void)vector;
}

/* Each set of options is refused, with a sentence that holds `why`. */
static void test_options(void)
{
	static const unsigned char rom[ASHLAR_BOARD_ROM_BYTES + 4];
	const struct ashlar_model_callbacks cb = {
		.dma_read = refuse,
		.dma_write = refuse_write,
		.raise_vector = ignore,
	};
	const struct ashlar_model_options good = { .size = sizeof(good),
						   .memory_fd = -1,
						   .rom = rom,
						   .rom_bytes = 4 };
	struct {
		struct ashlar_model_options opt;
		const char *why;
	} cases[7];
	char error[256];
	unsigned int i;

	for (i = 0; i < 7; i++)
		cases[i].opt = good;
	cases[0].opt.size = 8;
	cases[0].why = "options.size is 8";
	cases[1].opt.rom_bytes = sizeof(rom);
	cases[1].why = "the ROM holds 16384";
	cases[2].opt.reserved = 1;
	cases[2].why = "reserved";
	cases[3].opt.memory_fd = 12345;
	cases[3].why = "memory_fd 12345";
	cases[4].opt.wave = "/nowhere/w.fst";
	cases[4].why = "make model-trace";
	cases[5].opt.insn_trace = "/nowhere/i.txt";
	cases[5].why = "/nowhere/i.txt cannot be written";
	cases[6].opt.record = "/nowhere/r.log";
	cases[6].why = "/nowhere/r.log cannot be written";
	for (i = 0; i < 7; i++) {
		struct ashlar_model *m = ashlar_model_get()->create(
			&cb, &cases[i].opt, error, sizeof(error));

		CHECK(!m, "case %u was taken", i);
		if (!m)
			CHECK(strstr(error, cases[i].why), "case %u: %s", i,
			      error);
	}
}

static void test_insn_trace(void)
{
	struct ashlar_model_options opt = { .size = sizeof(opt),
					    .memory_fd = -1,
					    .trace_begin = 100,
					    .trace_end = 300 };
	unsigned long long cycle, last = 0;
	unsigned int core, pc, insn, lines = 0;
	char path[512], line[128];
	struct host *h;
	FILE *in;

	snprintf(path, sizeof(path), "%s/insn.txt", out_folder);
	opt.insn_trace = path;
	h = host_new(&opt);
	start(h);
	command(h, TB_CONFIG, NULL, 0, LONG);
	host_delete(h);
	in = fopen(path, "r");
	CHECK(in, "no trace");
	if (!in)
		return;
	CHECK(fgets(line, sizeof(line), in) && line[0] == '#', "no heading");
	while (fgets(line, sizeof(line), in)) {
		lines++;
		if (sscanf(line, "%llu %u %x %x", &cycle, &core, &pc, &insn) !=
			    4 ||
		    core > ASHLAR_BOARD_TILES || cycle < 100 || cycle >= 300 ||
		    cycle < last || pc >= rom_bytes)
			CHECK(false, "line %u: %s", lines, line);
		last = cycle;
	}
	fclose(in);
	CHECK(lines > 20 && lines <= 200, "%u lines", lines);
}

void test_model(void)
{
	test_budget();
	test_memory_fd();
	test_options();
	test_insn_trace();
}

void record_run_of_all(const char *path)
{
	struct ashlar_model_options opt = { .size = sizeof(opt),
					    .memory_fd = -1 };
	struct ashlar_model_info info = { .size = sizeof(info) };
	uint32_t args[6] = { 0,	     1,
			     0x1000, HOST_BASE + 64,
			     512,    spaces(MEM, HOST) };
	unsigned char bytes[300];
	struct host *h;

	opt.record = path;
	h = host_new(&opt);
	memset(bytes, 0x5a, sizeof(bytes));
	wr_mem(h, 0x1000, bytes, sizeof(bytes));
	start(h);
	command(h, TB_COPY, args, 6, LONG);
	/* Behind the model's back. */
	h->ops->info(h->model, &info);
	memset((unsigned char *)info.memory + 0x1080, 0xa5, 100);
	command(h, TB_COPY, args, 6, LONG);
	args[2] = HOST_BASE + 0x100;
	args[3] = 0x3000;
	args[5] = spaces(HOST, MEM);
	command(h, TB_COPY, args, 6, LONG);
	args[2] = HOST_BASE + HOST_BYTES; /* refused */
	command(h, TB_COPY, args, 6, LONG);
	rd_mem(h, 0x2ff0, bytes, sizeof(bytes));
	args[0] = 5000;
	command(h, TB_TIMER, args, 1, LONG);
	rd(h, 0x5000);
	h->ops->reset(h->model);
	start(h);
	command(h, TB_CONFIG, NULL, 0, LONG);
	host_delete(h);
}
