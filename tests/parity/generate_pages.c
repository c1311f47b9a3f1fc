// SPDX-License-Identifier: MIT
/* Cases of the MMU: many short runs over all kinds of pages. */
#include "job.h"

static uint64_t target(struct gen *g, const struct job *j)
{
	uint64_t va;

	switch (pick(g, 0, 9)) {
	case 0: /* readable, not writable */
		va = chance(g, 2) ? VA_ARGS : VA_IMAGE;
		break;
	case 1:
	case 2:
		va = j->ground.far[pick(g, 0, 3)];
		break;
	case 3:
	case 4:
		va = 2ull * MB * pick(g, 0, ENTRIES);
		if (chance(g, 2))
			va += pick(g, 0, 2 * MB - 1);
		break;
	case 5:
		if (chance(g, 3))
			va = rnd64(g) >> pick(g, 0, 40);
		else
			va = VA_PAGES | 1ull << pick(g, 24, 63);
		break;
	default:
		va = VA_PAGES + 4096 * pick(g, 0, PAGES - 1);
		break;
	}
	if (chance(g, 4)) /* over its end */
		return va + 4096 - pick(g, 0, 80);
	return va + pick(g, 0, 3900);
}

/* What must be forgotten when a context changes, one register at a time. */
static void other_context(struct gen *g, struct job *j)
{
	job_other_pages(g, j);
	switch (pick(g, 0, 3)) {
	case 0:
		job_set(g, j, ASHLAR_TILE_CONTEXT, rnd(g));
		break;
	case 1:
		job_set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries + 1);
		job_set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries);
		break;
	case 2:
		job_set(g, j, ASHLAR_TILE_PT_ROOT_HI, 1);
		job_set(g, j, ASHLAR_TILE_PT_ROOT_HI, 0);
		break;
	default:
		job_set(g, j, ASHLAR_TILE_CTRL,
			ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		break;
	}
}

/* Many short runs over all kinds of pages, which change between them. */
void make_pages(struct gen *g)
{
	uint32_t runs = pick(g, 4, 20), i;
	uint64_t va[8];
	struct job j;

	job_place(g, &j, pick(g, 0, g->board->tiles - 1));
	job_tables(g, &j);
	job_memories(g, &j);
	add(g, OP_BOOT, 0, 0, 0, 0);
	job_parameters(g, &j);
	job_set(g, &j, ASHLAR_TILE_CODE_BYTES, 0x1000);
	job_set(g, &j, ASHLAR_TILE_TEXT_BYTES, 0);
	while (runs--) {
		uint32_t n = pick(g, 1, 8);

		for (i = 0; i < n; i++)
			va[i] = target(g, &j);
		program_touch(g, va, n);
		add(g, OP_K_IMAGE, j.image, 0, 0, 0);
		job_start(g, &j);
		job_wait(g, &j);
		if (chance(g, 3))
			other_context(g, &j);
	}
	program_dump(g, VA_DUMP);
	add(g, OP_K_IMAGE, j.image, 0, 0, 0);
	job_set(g, &j, ASHLAR_TILE_CODE_BYTES, IMAGE_BYTES);
	job_start(g, &j);
	job_wait(g, &j);
}
