/* SPDX-License-Identifier: MIT */
/*
 * A tile, emulated on the host for tests of kernels: the units of
 * hw-model/regs/ashlar.regs with the arithmetic of hw-model/numerics, without
 * time. The kernel is compiled for the host with ASHLAR_EMU and calls what
 * kernel.h declares.
 *
 * Units lag on purpose. A macro-operation is done when it is waited for, when
 * its queue is full, or by chance after any register access, with a
 * probability of its own for each unit; so a kernel that forgets a wait, or
 * reuses memory too early, computes something else for some seed.
 */
#ifndef ASHLAR_EMU_H
#define ASHLAR_EMU_H

#include <stddef.h>
#include <stdint.h>

struct emu_board {
	uint32_t array; /* power of two, 1 .. 64 */
	uint32_t accs; /* 1 .. 16 */
	uint32_t spad_bytes; /* power of two */
	uint32_t spad_banks; /* power of two */
	uint32_t lmem_bytes;
};

extern const struct emu_board emu_tiny; /* as hw-model/board/tiny.dts */
extern const struct emu_board emu_sim; /* as hw-model/board/sim.dts */

/* Device memory that the kernel may reach. */
struct emu_region {
	uint64_t base;
	uint64_t bytes;
	uint8_t *memory;
	int writable;
};

struct emu_job {
	const struct emu_board *board;
	const struct emu_region *regions;
	size_t region_count;
	uint32_t count; /* tiles, run one after the other */
	uint32_t grid[3];
	uint64_t seed; /* of the lag, and of the memories' first contents */
	/* Out: macro-operations done by all tiles. */
	uint64_t loads, stores, matmuls, vectors;
	char fault[160]; /* what went wrong, "" if nothing */
};

/*
 * Run the kernel on job->count tiles. Returns 0, or the first exit code that
 * is not 0, or UINT32_MAX and a sentence in job->fault.
 */
uint32_t emu_run(struct emu_job *job, uint32_t (*kernel)(const void *args),
		 const void *args, uint32_t arg_bytes);

#endif
