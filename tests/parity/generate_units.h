/* SPDX-License-Identifier: MIT */
/* Random macro-operations. */
#ifndef PARITY_GENERATE_UNITS_H
#define PARITY_GENERATE_UNITS_H

#include "ash_units.h"
#include "generate_kernel.h"

#define LOAD   ASHLAR_MAP_KERNEL_LOAD_BASE
#define STORE  ASHLAR_MAP_KERNEL_STORE_BASE
#define MATRIX ASHLAR_MAP_KERNEL_MATRIX_BASE
#define VECTOR ASHLAR_MAP_KERNEL_VECTOR_BASE
#define UNIT   ASHLAR_MAP_KERNEL_UNIT_BASE
#define SPAD   ASHLAR_MAP_KERNEL_SPAD_BASE

/* A part of the scratchpad, and of the accumulators. */
struct area {
	uint32_t base, bytes;
	uint32_t acc, accs;
};

/*
 * The end of each quarter of the scratchpad is for tables of GATHER: those of
 * loads in the first, of stores in the second. What is not waited for keeps
 * away from there.
 */
#define TABLE_WORDS  16u
#define TABLES	     32u
#define TABLES_BYTES (4 * TABLE_WORDS * TABLES)

struct area whole_tile(const struct gen *g);
/* A quarter of the scratchpad but for tables, half of the accumulators. */
struct area part_of_tile(const struct gen *g, uint32_t quarter, uint32_t half);

/* The kernel writes a register; starts a unit, and waits for it or not. */
void k_put(struct gen *g, uint32_t addr, uint32_t value);
void k_go(struct gen *g, uint32_t block, bool wait);

/* Good ones, that touch nothing outside of the area and the ground. */
void add_dma(struct gen *g, uint32_t block, const struct area *a,
	     const struct ground *gr, bool wait);
void add_matrix(struct gen *g, const struct area *a, bool wait);
void add_vector(struct gen *g, const struct area *a, bool wait);
/* Good ones for pages of all kinds. */
void add_dma_strange(struct gen *g, const struct ground *gr);
/* Some parameters are anything, but no work for ever. calm: nothing is on. */
void add_dma_wild(struct gen *g, const struct ground *gr, bool calm);
void add_matrix_wild(struct gen *g);
void add_vector_wild(struct gen *g);
/* Parameters of the vector unit. */
void vector_put(struct gen *g, const struct ash_vector_cmd *c);

#endif
