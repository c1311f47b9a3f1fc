/* SPDX-License-Identifier: MIT */
/* Load and store DMA, run by run. */
#include "emu_priv.h"

#include <string.h>

static uint8_t *emu_global(struct emu_tile *t, uint64_t address, uint64_t bytes,
			   bool store)
{
	size_t i;

	for (i = 0; i < t->job->region_count; i++) {
		const struct emu_region *r = &t->job->regions[i];

		if (address - r->base >= r->bytes)
			continue;
		if (bytes > r->bytes - (address - r->base))
			break;
		if (store && !r->writable)
			emu_fault(t, "store to read-only address 0x%llx",
				  (unsigned long long)address);
		return r->memory + (address - r->base);
	}
	emu_fault(t, "%s of %llu bytes at 0x%llx: not mapped",
		  store ? "store" : "load", (unsigned long long)bytes,
		  (unsigned long long)address);
}

static void emu_check(struct emu_tile *t, const char *name, uint32_t value,
		      uint32_t most)
{
	if (value < 1 || value > most)
		emu_fault(t, "DMA %s is %u, allowed 1 .. %u", name, value,
			  most);
}

static int32_t emu_index(const uint8_t *table, uint32_t i)
{
	int32_t index;

	memcpy(&index, table + 4 * (size_t)i, sizeof(index));
	return index;
}

static bool emu_has_table(const struct emu_tile *t, const uint32_t *reg)
{
	uint32_t index = reg[ASHLAR_LOAD_INDEX / 4];
	uint64_t words = reg[ASHLAR_LOAD_COUNT1 / 4];

	return reg[ASHLAR_LOAD_GATHER / 4] == ASHLAR_LOAD_GATHER_ON &&
	       index % 4 == 0 && index + 4 * words <= t->board.spad_bytes;
}

uint64_t emu_dma_table(const struct emu_tile *t, const uint32_t *reg)
{
	uint64_t hash = 0xcbf29ce484222325;
	uint32_t i;

	if (!emu_has_table(t, reg))
		return 0;
	for (i = 0; i < 4 * reg[ASHLAR_LOAD_COUNT1 / 4]; i++)
		hash = (hash ^ t->spad[reg[ASHLAR_LOAD_INDEX / 4] + i]) *
		       0x100000001b3;
	return hash;
}

void emu_dma(struct emu_tile *t, const uint32_t *reg, bool store)
{
#define REG(name) reg[ASHLAR_LOAD_##name / 4]
	uint64_t gaddr = REG(GADDR_LO) | (uint64_t)REG(GADDR_HI) << 32;
	uint32_t run = REG(RUN);
	uint32_t count[3], i[3];
	int64_t start[3], gstride[3], lstride[3], step[3], limit[3];
	int64_t start0 = (int32_t)REG(START0), limit0 = REG(LIMIT0);
	const uint8_t *table = NULL;
	int d;

	for (d = 0; d < 3; d++) {
		count[d] = reg[ASHLAR_LOAD_COUNT1 / 4 + d];
		gstride[d] = (int32_t)reg[ASHLAR_LOAD_GSTRIDE1 / 4 + d];
		lstride[d] = (int32_t)reg[ASHLAR_LOAD_LSTRIDE1 / 4 + d];
		start[d] = (int32_t)reg[ASHLAR_LOAD_START1 / 4 + d];
		limit[d] = reg[ASHLAR_LOAD_LIMIT1 / 4 + d];
		step[d] = (int16_t)reg[ASHLAR_LOAD_STEP1 / 4 + d];
		emu_check(t, "count", count[d], 65535);
	}
	emu_check(t, "run", run, t->board.spad_bytes);
	if (REG(GATHER) > ASHLAR_LOAD_GATHER_ON)
		emu_fault(t, "DMA GATHER is %u", REG(GATHER));
	if (REG(GATHER)) {
		if (!emu_has_table(t, reg))
			emu_fault(
				t,
				"DMA table of %u words at scratchpad offset 0x%x, size 0x%x",
				count[0], REG(INDEX), t->board.spad_bytes);
		table = t->spad + REG(INDEX);
	}

	for (i[2] = 0; i[2] < count[2]; i[2]++)
		for (i[1] = 0; i[1] < count[1]; i[1]++)
			for (i[0] = 0; i[0] < count[0]; i[0]++) {
				int64_t local = (int64_t)REG(LADDR);
				uint64_t global = gaddr;
				int64_t low = -start0, high = limit0 - start0;
				bool inside = true;

				for (d = 0; d < 3; d++) {
					int64_t c = start[d] + i[d] * step[d];

					if (d == 0 && table)
						c = emu_index(table, i[0]);
					inside &= c >= 0 && c < limit[d];
					local += i[d] * lstride[d];
					global += (uint64_t)(c * gstride[d]);
				}
				/* Bytes low .. high - 1 of the run exist. */
				low = low < 0 ? 0 : low;
				high = high > run ? run : high;
				if (!inside || high < low)
					low = high = 0;
				if (local < 0 ||
				    local + run > t->board.spad_bytes)
					emu_fault(
						t,
						"DMA run of %u at scratchpad offset %lld, size %u",
						run, (long long)local,
						t->board.spad_bytes);
				if (!store) {
					memset(t->spad + local, 0, run);
					if (high > low)
						memcpy(t->spad + local + low,
						       emu_global(
							       t,
							       global + start0 +
								       low,
							       high - low,
							       false),
						       high - low);
				} else if (high > low) {
					memcpy(emu_global(t,
							  global + start0 + low,
							  high - low, true),
					       t->spad + local + low,
					       high - low);
				}
			}
#undef REG
}
