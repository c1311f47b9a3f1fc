// SPDX-License-Identifier: MIT
/* Image and arguments into local memory (ash_loader.sv). */
#include "tile.h"

#include <string.h>

#define CODE_MAX (LMEM_BYTES - ARG_AREA)
#define BEAT	 MODEL_BEAT

/* Cycles besides waiting for memory: from START, and a walk's steps. */
#define BASE_CYCLES 4
#define WALK_CYCLES 4

static bool check(const struct tile *t, struct fault *fault)
{
	static const struct {
		uint32_t offset, multiple, max;
	} rules[] = {
		{ ASHLAR_TILE_CODE_VA_LO, BEAT, UINT32_MAX },
		{ ASHLAR_TILE_CODE_BYTES, BEAT, CODE_MAX },
		{ ASHLAR_TILE_LOAD_FROM, BEAT, UINT32_MAX },
		{ ASHLAR_TILE_ARG_VA_LO, BEAT, UINT32_MAX },
		{ ASHLAR_TILE_ARG_BYTES, 1, ARG_AREA },
	};
	unsigned int i;

	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		uint32_t value = tile_par(t, rules[i].offset);

		if (value % rules[i].multiple || value > rules[i].max) {
			fault->cause = ASHLAR_TILE_FAULT_CAUSE_COMMAND;
			fault->sub = rules[i].offset;
			fault->addr = value;
			return false;
		}
	}
	return true;
}

/*
 * Lines from..to-1 of a stream at va to local memory at `at`. The first that
 * cannot be read is the fault; reads counts page table lines.
 */
static void stream(struct tile *t, unsigned int port, uint64_t va,
		   uint32_t from, uint32_t to, uint8_t *at, struct fault *fault,
		   uint32_t *reads)
{
	uint32_t i;

	for (i = from; i < to; i++) {
		struct translation tr =
			mmu_translate(t, port, false, va + (uint64_t)i * BEAT);

		*reads += tr.reads;
		if (!tr.cause && !bus_read(t->e, tr.host, tr.pa,
					   at + (size_t)i * BEAT, BEAT))
			tr.cause = ASHLAR_TILE_FAULT_CAUSE_BUS;
		if (tr.cause) {
			fault->cause = tr.cause;
			fault->addr = va + (uint64_t)i * BEAT;
			return;
		}
	}
}

uint64_t loader_run(struct tile *t, struct fault *fault)
{
	uint32_t from = tile_par(t, ASHLAR_TILE_LOAD_FROM) / BEAT;
	uint32_t to = tile_par(t, ASHLAR_TILE_CODE_BYTES) / BEAT;
	uint32_t args = (tile_par(t, ASHLAR_TILE_ARG_BYTES) + BEAT - 1) / BEAT;
	uint32_t code_reads = 0, arg_reads = 0, reads, lines;
	struct fault arg_fault;

	memset(fault, 0, sizeof(*fault));
	fault->unit = ASHLAR_TILE_FAULT_UNIT_LOADER;
	fault->pc = tile_par(t, ASHLAR_TILE_ENTRY);
	if (!check(t, fault))
		return BASE_CYCLES;
	arg_fault = *fault;
	stream(t, PORT_READ, tile_par64(t, ASHLAR_TILE_CODE_VA_LO), from, to,
	       t->lmem, fault, &code_reads);
	stream(t, PORT_WRITE, tile_par64(t, ASHLAR_TILE_ARG_VA_LO), 0, args,
	       t->lmem + CODE_MAX, &arg_fault, &arg_reads);
	if (to > from)
		rv32_written(t->core, from * BEAT, (to - from) * BEAT);
	if (args)
		rv32_written(t->core, CODE_MAX, args * BEAT);
	/* The image's fault is the one reported. */
	if (!fault->cause)
		*fault = arg_fault;

	lines = (to > from ? to - from : 0) + args;
	/* The two streams walk side by side. */
	reads = code_reads > arg_reads ? code_reads : arg_reads;
	return BASE_CYCLES +
	       (uint64_t)reads * (ASHLAR_BOARD_MEM_LATENCY + WALK_CYCLES) +
	       (lines ? lines + ASHLAR_BOARD_MEM_LATENCY + 1 : 0);
}
