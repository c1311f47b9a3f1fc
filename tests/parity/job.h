/* SPDX-License-Identifier: MIT */
/* A tile's part of a case: its memories, page tables, parameters, runs. */
#ifndef PARITY_JOB_H
#define PARITY_JOB_H

#include "generate_kernel.h"

#define MB 0x100000u

/* Device virtual addresses; an entry of the root is 2 MiB. */
#define VA_IMAGE 0x000000u /* entry 0: a table; images, arguments */
#define VA_ARGS	 0x010000u
#define VA_PAGES 0x011000u /* pages of all kinds, in the same table */
#define PAGES	 40u
#define VA_DUMP	 0x200000u /* entry 1 */
#define VA_DATA	 0x400000u /* entry 2: read below half, written above */
#define ENTRIES	 8u

#define IMAGE_BYTES 0x8000u

/* A root table may have as many: far beyond its first page. */
#define FAR_ENTRIES 131072u
#define FAR_ROOTS   (12 * MB)

#define PTE_V	 1ull
#define PTE_R	 2ull
#define PTE_W	 4ull
#define PTE_HOST 8ull
#define PTE_LEAF 16ull

struct job {
	uint32_t tile;
	uint64_t root, table, image, args, data, dump, pages;
	uint32_t entries; /* of the root */
	uint32_t far[4]; /* indices of some of them */
	struct ground ground;
	bool loaded; /* the kernel's code is in local memory */
};

/* Everything of a tile lies apart. */
void job_place(struct gen *g, struct job *j, uint32_t tile);
/* Write page tables, with entries of all kinds; fill the memories. */
void job_tables(struct gen *g, const struct job *j);
void job_memories(struct gen *g, const struct job *j);
void job_pte(struct gen *g, uint64_t table, uint32_t index, uint64_t value);
/* Write other entries of all kinds; the tile is at rest. */
void job_other_pages(struct gen *g, const struct job *j);

/* Registers of block TILE. */
uint32_t job_reg(const struct job *j, uint32_t offset);
void job_set(struct gen *g, const struct job *j, uint32_t offset,
	     uint32_t value);
/* All of a run's; then one that the loader may refuse. */
void job_parameters(struct gen *g, struct job *j);
void job_bad_parameter(struct gen *g, struct job *j);
void job_start(struct gen *g, const struct job *j);
/* Until its end, and what it tells of it. */
void job_wait(struct gen *g, const struct job *j);

#endif
