/* SPDX-License-Identifier: MIT */
/* A board as its device tree describes it, checked. */
#ifndef ASHLAR_GEN_BOARD_H
#define ASHLAR_GEN_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* hw-model/board/README.md says what each value is. */
struct board {
	char model[32];
	uint32_t tiles;
	uint32_t array;
	uint32_t accs;
	uint32_t lmem_bytes;
	uint32_t spad_bytes;
	uint32_t spad_banks;
	uint32_t tlb_entries;
	uint32_t clock_khz;
	uint32_t mem_channels;
	uint32_t mem_latency;
	uint32_t host_latency;
	uint32_t copy_engines;
	uint32_t doorbells;
	uint32_t vectors;
	uint32_t rom_bytes;
	uint32_t tcm_bytes;
	uint32_t shared_bytes;
	uint64_t mem_bytes;
};

/*
 * Reads a device tree blob of `bytes` bytes. The blob may come from anywhere:
 * it is checked whole before anything in it is used. Returns false with a
 * message in `error` that names the property, its value and the limit.
 */
bool board_parse(const void *blob, size_t bytes, struct board *board,
		 char *error, size_t error_bytes);

#endif
