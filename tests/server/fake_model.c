// SPDX-License-Identifier: MIT
#include "fake_model.h"
#include "ashlar_model.h"
#include "ashlar_pci.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#define REGISTERS    0x140
#define R(m, offset) ((m)->regs[(offset) / 4])

struct ashlar_model {
	struct ashlar_model_callbacks cb;
	bool strict, dead;
	unsigned char *memory;
	uint32_t regs[REGISTERS / 4];
	uint64_t cycles;
	uint64_t vectors; /* to raise */
	_Atomic int inside;
};

static void enter(struct ashlar_model *m)
{
	if (atomic_fetch_add(&m->inside, 1))
		R(m, FAKE_OVERLAPS)++;
}

static void leave(struct ashlar_model *m)
{
	atomic_fetch_sub(&m->inside, 1);
}

static struct ashlar_model *create(const struct ashlar_model_callbacks *cb,
				   const struct ashlar_model_options *opt,
				   char *error, size_t error_bytes)
{
	struct ashlar_model *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->cb = *cb;
	m->strict = opt->strict;
	R(m, FAKE_ID) = FAKE_ID_VALUE;
	m->memory = mmap(NULL, FAKE_MEMORY, PROT_READ | PROT_WRITE, MAP_SHARED,
			 opt->memory_fd, 0);
	if (m->memory == MAP_FAILED) {
		snprintf(error, error_bytes, "memory_fd cannot be mapped");
		free(m);
		return NULL;
	}
	return m;
}

static void destroy(struct ashlar_model *m)
{
	munmap(m->memory, FAKE_MEMORY);
	free(m);
}

static bool fits(enum ashlar_model_bar bar, uint64_t offset, size_t bytes)
{
	if (bar == ASHLAR_MODEL_BAR0)
		return bytes == 4 && !(offset % 4) &&
		       offset < ASHLAR_PCI_BAR0_BYTES;
	return bar == ASHLAR_MODEL_BAR2 && bytes && offset < FAKE_MEMORY &&
	       bytes <= FAKE_MEMORY - offset;
}

/* An access that a board does not take must not come here: it is counted. */
static int check(struct ashlar_model *m, enum ashlar_model_bar bar,
		 uint64_t offset, size_t bytes)
{
	if (fits(bar, offset, bytes))
		return 0;
	R(m, FAKE_ACCESSES)++;
	return -EINVAL;
}

static int mmio_read(struct ashlar_model *m, enum ashlar_model_bar bar,
		     uint64_t offset, void *data, size_t bytes)
{
	int err = m->dead ? -EIO : check(m, bar, offset, bytes);
	uint32_t value = 0;

	if (err)
		return err;
	enter(m);
	if (bar == ASHLAR_MODEL_BAR2) {
		memcpy(data, m->memory + offset, bytes);
	} else {
		if (offset < REGISTERS)
			value = R(m, offset);
		if (offset == FAKE_CYCLES)
			value = (uint32_t)m->cycles;
		R(m, FAKE_ACCESSES)++;
		memcpy(data, &value, 4);
	}
	leave(m);
	return 0;
}

static void misuse(struct ashlar_model *m)
{
	m->cb.misuse(m->cb.ctx, "fake", "asked for");
	if (m->strict)
		m->dead = true;
}

static void write_register(struct ashlar_model *m, uint64_t offset,
			   uint32_t value)
{
	R(m, FAKE_ACCESSES)++;
	if (offset >= REGISTERS || offset == FAKE_ID || offset == FAKE_OVERLAPS)
		return;
	R(m, offset) = value;
	if (offset == FAKE_DMA_GO)
		R(m, FAKE_DMA_RESULT) = 0;
	else if (offset == FAKE_VECTOR)
		m->vectors |= 1ull << (value & 63);
	else if (offset == FAKE_MISUSE)
		misuse(m);
}

static int mmio_write(struct ashlar_model *m, enum ashlar_model_bar bar,
		      uint64_t offset, const void *data, size_t bytes)
{
	int err = m->dead ? -EIO : check(m, bar, offset, bytes);
	uint32_t value;

	if (err)
		return err;
	enter(m);
	if (bar == ASHLAR_MODEL_BAR2) {
		memcpy(m->memory + offset, data, bytes);
	} else {
		memcpy(&value, data, 4);
		write_register(m, offset, value);
	}
	leave(m);
	return 0;
}

static int dma(struct ashlar_model *m, uint32_t direction)
{
	uint64_t addr = (uint64_t)R(m, FAKE_DMA_HI) << 32 | R(m, FAKE_DMA_LO);
	uint32_t bytes = R(m, FAKE_DMA_BYTES);
	void *data = &R(m, FAKE_DATA);

	/* What a board never does: across a line, or nothing. */
	if (!bytes || bytes > 64 - addr % 64)
		return -EINVAL;
	return direction == FAKE_FROM_HOST ?
		       m->cb.dma_read(m->cb.ctx, addr, data, bytes) :
		       m->cb.dma_write(m->cb.ctx, addr, data, bytes);
}

static void take_time(uint32_t ns)
{
	struct timespec from, now;

	if (!ns)
		return;
	clock_gettime(CLOCK_MONOTONIC, &from);
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while ((now.tv_sec - from.tv_sec) * 1000000000ll + now.tv_nsec -
		       from.tv_nsec <
	       ns);
}

/* One cycle; false when there is nothing to do in it. */
static bool cycle(struct ashlar_model *m)
{
	if (R(m, FAKE_DMA_GO)) {
		R(m, FAKE_DMA_RESULT) = dma(m, R(m, FAKE_DMA_GO)) ? 2 : 1;
		R(m, FAKE_DMA_GO) = 0;
	} else if (m->vectors) {
		unsigned int v = (unsigned int)__builtin_ctzll(m->vectors);

		m->vectors &= m->vectors - 1;
		m->cb.raise_vector(m->cb.ctx, v);
	} else if (R(m, FAKE_BUSY)) {
		if (R(m, FAKE_BUSY) != UINT32_MAX)
			R(m, FAKE_BUSY)--;
		take_time(R(m, FAKE_CYCLE_NS));
		if (R(m, FAKE_STREAM))
			R(m, dma(m, FAKE_TO_HOST) ? FAKE_STREAM_REFUSED :
						    FAKE_STREAM_OK)
		++;
	} else {
		return false;
	}
	m->cycles++;
	return true;
}

static enum ashlar_model_stop run(struct ashlar_model *m, uint64_t max_cycles)
{
	enum ashlar_model_stop stop = ASHLAR_MODEL_BUDGET;
	uint64_t i;

	if (m->dead)
		return ASHLAR_MODEL_DEAD;
	enter(m);
	R(m, FAKE_RUNS)++;
	for (i = 0; i < max_cycles; i++) {
		if (!cycle(m)) {
			stop = ASHLAR_MODEL_IDLE;
			break;
		}
	}
	leave(m);
	return stop;
}

static void reset(struct ashlar_model *m)
{
	uint32_t resets = R(m, FAKE_RESETS) + 1;
	uint32_t overlaps = R(m, FAKE_OVERLAPS);

	enter(m);
	memset(m->regs, 0, sizeof(m->regs));
	R(m, FAKE_ID) = FAKE_ID_VALUE;
	R(m, FAKE_RESETS) = resets;
	R(m, FAKE_OVERLAPS) = overlaps;
	m->vectors = 0;
	leave(m);
}

static int info(struct ashlar_model *m, struct ashlar_model_info *to)
{
	struct ashlar_model_info all = {
		.size = to->size,
		.board = "fake",
		.bar0_bytes = ASHLAR_PCI_BAR0_BYTES,
		.bar2_bytes = FAKE_MEMORY,
		.memory = m->memory,
		.cycles = m->cycles,
		.clocked = m->cycles,
	};

	if (to->size != sizeof(all))
		return -EINVAL;
	*to = all;
	return 0;
}

__attribute__((visibility("default"))) const struct ashlar_model_ops *
ashlar_model_get(void)
{
	static const struct ashlar_model_ops ops = {
		.abi = ASHLAR_MODEL_ABI,
		.size = sizeof(ops),
		.name = "fake",
		.create = create,
		.destroy = destroy,
		.mmio_read = mmio_read,
		.mmio_write = mmio_write,
		.run = run,
		.reset = reset,
		.info = info,
	};

	return &ops;
}
