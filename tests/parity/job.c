// SPDX-License-Identifier: MIT
#include "job.h"

uint32_t job_reg(const struct job *j, uint32_t offset)
{
	return ASHLAR_MAP_MP_TILE_BASE + j->tile * ASHLAR_MAP_MP_TILE_STRIDE +
	       offset;
}

void job_set(struct gen *g, const struct job *j, uint32_t offset,
	     uint32_t value)
{
	add(g, OP_MP_WRITE, job_reg(j, offset), 4, value, 0);
}

void job_pte(struct gen *g, uint64_t table, uint32_t index, uint64_t value)
{
	add(g, OP_PTE, table + 8 * (uint64_t)index, value, 0, 0);
}

/* --- Page tables -------------------------------------------------------------- */

/* A page of any kind; those that can be written are this tile's alone. */
static uint64_t any_page(struct gen *g, const struct job *j)
{
	uint64_t own = j->pages + 4096ull * pick(g, 0, 31);
	uint64_t host =
		HOST_BASE + 0x10000 * j->tile + 4096ull * pick(g, 0, 15);
	uint64_t odd = chance(g, 20) ? (rnd64(g) & 0xfe0) : 0;

	switch (pick(g, 0, 12)) {
	case 12: /* beyond 48 bits */
		return own | PTE_V | PTE_R | PTE_W | 1ull << pick(g, 48, 63);
	case 0:
		return odd;
	case 1:
		return own | PTE_R | PTE_W; /* not valid */
	case 2:
		return own | PTE_V | PTE_W | odd;
	case 3:
	case 4:
		return own | PTE_V | PTE_R | odd;
	case 5:
		return host | PTE_V | PTE_R | PTE_W | PTE_HOST;
	case 6: /* where the host has nothing */
		return (HOST_BASE + HOST_BYTES + 4096ull * pick(g, 0, 3)) |
		       PTE_V | PTE_R | PTE_W | PTE_HOST;
	case 7: /* beyond the memory */
		return (g->board->mem_bytes + 4096ull * pick(g, 0, 300)) |
		       PTE_V | PTE_R | PTE_W;
	case 8:
		return own | PTE_V | (rnd(g) & 6) | PTE_LEAF;
	default:
		return own | PTE_V | PTE_R | PTE_W | odd;
	}
}

static uint64_t any_entry(struct gen *g, const struct job *j)
{
	switch (pick(g, 0, 12)) {
	case 10: /* beyond 48 bits */
		return j->table | PTE_V | 1ull << pick(g, 48, 63);
	case 11:
		return j->data | PTE_V | PTE_R | PTE_LEAF |
		       1ull << pick(g, 48, 63);
	case 12: /* a large page has no low bits */
		return j->data | 0x1000ull * pick(g, 0, 511) | PTE_V | PTE_R |
		       PTE_LEAF;
	case 0:
		return 0;
	case 1:
	case 2:
		return j->table | PTE_V;
	case 3: /* a table beyond the memory */
		return (g->board->mem_bytes << pick(g, 0, 8)) | PTE_V;
	case 4:
		return j->data | PTE_V | PTE_W | PTE_LEAF;
	case 5:
		return j->data | PTE_V | PTE_R | PTE_LEAF;
	case 6:
		return HOST_BASE | PTE_V | PTE_R | PTE_HOST | PTE_LEAF;
	case 7:
		return (g->board->mem_bytes + 2 * MB) | PTE_V | PTE_R | PTE_W |
		       PTE_LEAF;
	case 8: /* not aligned, or beyond 48 bits */
		return (rnd64(g) & ~0xfffull) | PTE_V | PTE_LEAF;
	default:
		return j->data | PTE_R | PTE_W | PTE_LEAF;
	}
}

void job_tables(struct gen *g, const struct job *j)
{
	uint32_t i;

	job_pte(g, j->root, 0, j->table | PTE_V);
	job_pte(g, j->root, 1, j->dump | PTE_V | PTE_R | PTE_W | PTE_LEAF);
	job_pte(g, j->root, 2, j->data | PTE_V | PTE_R | PTE_W | PTE_LEAF);
	for (i = 3; i < ENTRIES; i++)
		job_pte(g, j->root, i, any_entry(g, j));
	for (i = 0; i < 4 && j->entries > ENTRIES; i++)
		job_pte(g, j->root, j->far[i],
			chance(g, 3) ? any_entry(g, j) :
				       j->data | PTE_V | PTE_R | PTE_LEAF);
	for (i = 0; i < 16; i++)
		job_pte(g, j->table, i, (j->image + 4096 * i) | PTE_V | PTE_R);
	job_pte(g, j->table, 16, j->args | PTE_V | PTE_R);
	for (i = 0; i < PAGES; i++)
		job_pte(g, j->table, 17 + i, any_page(g, j));
}

void job_place(struct gen *g, struct job *j, uint32_t tile)
{
	static const uint32_t ends[] = { 511, 512, 1023, 4096 };
	uint32_t i;

	/* Everything of a tile lies apart; 2 MiB pages where they must. */
	j->tile = tile;
	j->root = 0x10000 + 0x4000 * tile;
	j->table = j->root + 0x1000;
	j->entries = ENTRIES;
	if (chance(g, 3)) {
		j->root = FAR_ROOTS + MB * tile;
		j->entries = FAR_ENTRIES;
	}
	j->args = 0x20000 + 0x1000 * tile;
	j->image = 0x40000 + 0x10000 * tile;
	j->pages = MB + 0x40000 * tile;
	j->data = 2 * MB + 4 * MB * tile;
	j->dump = 4 * MB + 4 * MB * tile;
	j->ground = (struct ground){ .from = VA_DATA,
				     .from_bytes = MB,
				     .to = VA_DATA + MB,
				     .to_bytes = MB,
				     .strange = VA_PAGES,
				     .strange_bytes = 4096 * PAGES };
	if (chance(g, 3)) {
		j->ground.strange = 0;
		j->ground.strange_bytes = (ENTRIES + 1) * 2ull * MB;
	}
	for (i = 0; i < 4; i++) {
		j->far[i] = chance(g, 2) ? ends[i] :
					   pick(g, ENTRIES, FAR_ENTRIES);
		j->ground.far[i] = (uint64_t)j->far[i] * 2 * MB;
	}
	j->loaded = false;
}

void job_memories(struct gen *g, const struct job *j)
{
	uint32_t i;

	for (i = 0; i < 16; i++)
		add(g, OP_FILL, j->data + 0x10000 * i, 0x10000, rnd(g), 0);
	add(g, OP_FILL, j->pages, 0x20000, rnd(g), 0);
	add(g, OP_FILL, j->args, 4096, rnd(g), 0);
	add(g, OP_HOSTFILL, 0x10000 * j->tile, 0x10000, rnd(g), 0);
}

/* --- Runs ---------------------------------------------------------------------- */

void job_parameters(struct gen *g, struct job *j)
{
	job_set(g, j, ASHLAR_TILE_CONTEXT, pick(g, 0, 3));
	/* The low bits are no part of it. */
	job_set(g, j, ASHLAR_TILE_PT_ROOT_LO,
		(uint32_t)j->root | (chance(g, 8) ? pick(g, 0, 4095) : 0));
	job_set(g, j, ASHLAR_TILE_PT_ROOT_HI, 0);
	job_set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries);
	job_set(g, j, ASHLAR_TILE_CODE_VA_LO, VA_IMAGE);
	job_set(g, j, ASHLAR_TILE_CODE_VA_HI, 0);
	job_set(g, j, ASHLAR_TILE_CODE_BYTES, IMAGE_BYTES);
	job_set(g, j, ASHLAR_TILE_TEXT_BYTES,
		chance(g, 3) ? pick(g, 0x400, 0x800) : pick(g, 0, IMAGE_BYTES));
	job_set(g, j, ASHLAR_TILE_LOAD_FROM, 0);
	job_set(g, j, ASHLAR_TILE_ENTRY, 0);
	job_set(g, j, ASHLAR_TILE_ARG_VA_LO, VA_ARGS);
	job_set(g, j, ASHLAR_TILE_ARG_VA_HI, 0);
	job_set(g, j, ASHLAR_TILE_ARG_BYTES, pick(g, 0, 1024));
	job_set(g, j, ASHLAR_TILE_INDEX, j->tile);
	job_set(g, j, ASHLAR_TILE_COUNT, 2);
	job_set(g, j, ASHLAR_TILE_GRID_X, rnd(g));
	job_set(g, j, ASHLAR_TILE_GRID_Y, rnd(g));
	job_set(g, j, ASHLAR_TILE_GRID_Z, rnd(g));
}

/* One that the loader may refuse. */
void job_bad_parameter(struct gen *g, struct job *j)
{
	switch (pick(g, 0, 9)) {
	case 0:
		job_set(g, j, ASHLAR_TILE_PT_ENTRIES, pick(g, 0, 2));
		break;
	case 1:
		job_set(g, j, ASHLAR_TILE_CODE_VA_LO, edge(g));
		break;
	case 2:
		job_set(g, j, ASHLAR_TILE_CODE_VA_HI, edge(g));
		break;
	case 3:
		job_set(g, j, ASHLAR_TILE_CODE_BYTES,
			chance(g, 2) ? edge(g) :
				       g->board->lmem_bytes - 1024 +
					       64 * pick(g, 0, 3));
		break;
	case 4:
		job_set(g, j, ASHLAR_TILE_LOAD_FROM,
			chance(g, 2) ? 64 * pick(g, 0, 3000) : edge(g));
		break;
	case 5: /* nothing that can be executed is there */
		job_set(g, j, ASHLAR_TILE_ENTRY,
			0x10000 + 4 * pick(g, 0, 100000) + pick(g, 0, 1));
		break;
	case 6:
		job_set(g, j, ASHLAR_TILE_ARG_VA_LO,
			chance(g, 2) ? VA_PAGES + 64 * pick(g, 0, 2600) :
				       edge(g));
		break;
	case 7:
		job_set(g, j, ASHLAR_TILE_ARG_BYTES, edge(g));
		break;
	case 8:
		job_set(g, j, ASHLAR_TILE_PT_ROOT_LO, edge(g) & ~0xfffu);
		break;
	default:
		job_set(g, j, ASHLAR_TILE_PT_ROOT_HI, edge(g));
		break;
	}
}

void job_start(struct gen *g, const struct job *j)
{
	job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
}

void job_wait(struct gen *g, const struct job *j)
{
	add(g, OP_MP_TILE, j->tile, 2000000, 0, 0);
	add(g, OP_MP_STATE, j->tile, 0, 0, 0);
}

void job_other_pages(struct gen *g, const struct job *j)
{
	uint32_t i;

	add(g, OP_SYNC, 0, 0, 0, 0);
	for (i = 0; i < PAGES; i++)
		if (chance(g, 2))
			job_pte(g, j->table, 17 + i, any_page(g, j));
}
