/* SPDX-License-Identifier: MIT */
/* The board as its device tree blob describes it, checked. */
#ifndef ASHLAR_LIB_TOPOLOGY_H
#define ASHLAR_LIB_TOPOLOGY_H

#include <stddef.h>
#include <stdint.h>

struct topology {
	char board[32];
	uint32_t clock_khz;
	uint32_t tiles;
	uint32_t array;
	uint32_t accs;
	uint32_t lmem_bytes;
	uint32_t spad_bytes;
	uint32_t spad_banks;
	uint64_t mem_bytes;
};

/*
 * Read a blob of bytes bytes. Anything may be in it. Returns 0, or -1 with a
 * sentence in error that names what is wrong.
 */
int topology_parse(const void *blob, size_t bytes, struct topology *t,
		   char *error, size_t error_bytes);

#endif
