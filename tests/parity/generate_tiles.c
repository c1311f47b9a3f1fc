// SPDX-License-Identifier: MIT
/*
 * Cases of the tiles: START with good and bad parameters, random programs,
 * then all that the tile holds is stored and compared.
 */
#include "job.h"

static void program(struct gen *g, struct job *j)
{
	if (chance(g, 4))
		program_after(g, &j->ground);
	else if (chance(g, 3))
		program_overlap(g, &j->ground);
	else
		program_random(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
}

/* What the run wrote is there for everybody. */
static void look(struct gen *g, const struct job *j)
{
	uint64_t at = j->data + MB + 8 * (uint64_t)pick(g, 0, 100000);
	uint32_t copy = ASHLAR_MAP_MP_COPY_BASE;

	switch (pick(g, 0, 3)) {
	case 0:
		add(g, OP_READ, 2, j->data + MB, MB, 0);
		break;
	case 1:
		add(g, OP_MP_WRITE, copy + ASHLAR_COPY_SRC_LO, 4, at, 0);
		add(g, OP_MP_WRITE, copy + ASHLAR_COPY_DST_LO, 4,
		    ASHLAR_MAP_MP_TCM_BASE, 0);
		add(g, OP_MP_WRITE, copy + ASHLAR_COPY_LEN, 4, 0x8000, 0);
		add(g, OP_MP_WRITE, copy + ASHLAR_COPY_SPACE, 4,
		    ASHLAR_COPY_SPACE_DST_LOCAL << 4, 0);
		add(g, OP_MP_WRITE, copy + ASHLAR_COPY_GO, 4, 1, 0);
		add(g, OP_MP_SETTLE, 0, 0, 0, 0);
		add(g, OP_MP_READ,
		    ASHLAR_MAP_MP_TCM_BASE + 4 * pick(g, 0, 0x1fff), 4, 0, 0);
		break;
	default:
		break;
	}
	/* And others may write what the next one reads. */
	if (chance(g, 3))
		add(g, OP_FILL, j->data + 0x1000 * pick(g, 0, 200),
		    pick(g, 1, 40000), rnd(g), 0);
}

/* Between two runs; the tile is at rest. */
static void between(struct gen *g, struct job *j)
{
	switch (pick(g, 0, 6)) {
	case 0:
		job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_SCRUB);
		add(g, OP_MP_TILE, j->tile, 2000000, 0, 0);
		j->loaded = false;
		break;
	case 1: /* other pages; what is remembered is forgotten */
		job_other_pages(g, j);
		job_set(g, j, ASHLAR_TILE_CTRL,
			ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		add(g, OP_MP_READ, job_reg(j, ASHLAR_TILE_INVALIDATING), 4, 0,
		    0);
		break;
	case 2:
		job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_KILL);
		add(g, OP_MP_STATE, j->tile, 0, 0, 0);
		break;
	case 3: /* a command that does not exist */
		job_set(g, j, ASHLAR_TILE_CTRL, pick(g, 5, 50));
		add(g, OP_MP_READ, job_reg(j, ASHLAR_TILE_STATUS), 4, 0, 0);
		break;
	case 4: /* another context forgets as well */
		job_other_pages(g, j);
		job_set(g, j, ASHLAR_TILE_CONTEXT, rnd(g) | 4);
		break;
	default:
		break;
	}
}

static void dump(struct gen *g, struct job *j)
{
	program_dump(g, VA_DUMP);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	job_parameters(g, j);
	job_set(g, j, ASHLAR_TILE_TEXT_BYTES, 0);
	job_start(g, j);
	job_wait(g, j);
}

/* While it is at work, most writes are dropped. */
static void disturb(struct gen *g, const struct job *j)
{
	uint32_t offset =
		ASHLAR_TILE_CONTEXT +
		4 * pick(g, 0, (ASHLAR_TILE_GRID_Z - ASHLAR_TILE_CONTEXT) / 4);

	switch (pick(g, 0, 3)) {
	case 0:
		job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
		break;
	case 1:
		job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_SCRUB);
		break;
	case 2:
		job_set(g, j, ASHLAR_TILE_CTRL,
			ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		break;
	default:
		job_set(g, j, offset, edge(g));
		add(g, OP_MP_READ, job_reg(j, offset), 4, 0, 0);
		break;
	}
}

static void stop(struct gen *g, const struct job *j)
{
	job_set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_KILL);
	job_wait(g, j);
}

/* A run that has to be killed, at rest. */
static void hang(struct gen *g, struct job *j)
{
	program_hang(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	job_parameters(g, j);
	job_start(g, j);
	add(g, OP_MP_TILE, j->tile, 300000, 0, 0);
	if (chance(g, 2))
		add(g, OP_MP_READ, job_reg(j, ASHLAR_TILE_STATUS), 4, 0, 0);
	stop(g, j);
}

/* A run that ends by a fault or by force with work under way. */
static void broken(struct gen *g, struct job *j)
{
	program_broken(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	job_parameters(g, j);
	job_start(g, j);
	add(g, OP_OPEN, 0, 0, 0, 0);
	switch (pick(g, 0, 9)) {
	case 0:
		stop(g, j);
		break;
	case 1:
		add(g, chance(g, 2) ? OP_RESET : OP_SYNC, 0, 0, 0, 0);
		add(g, OP_WRITE, 0, ASHLAR_HOST_RESET, 4,
		    ASHLAR_HOST_RESET_KEY);
		add(g, OP_BOOT, 0, 0, 0, 0);
		add(g, OP_MP_STATE, j->tile, 0, 0, 0);
		break;
	case 2: /* the tile goes on without the processor */
		add(g, OP_MP_WATCHDOG, pick(g, 100, 400), 1, 0, 0);
		job_wait(g, j);
		break;
	default:
		job_wait(g, j);
		break;
	}
}

void make_tiles(struct gen *g)
{
	uint32_t runs = pick(g, 1, 3);
	struct job j;
	bool bad;

	if (chance(g, 30))
		add(g, OP_STRICT, 0, 0, 0, 0);
	job_place(g, &j, pick(g, 0, g->board->tiles - 1));
	job_tables(g, &j);
	job_memories(g, &j);
	add(g, OP_BOOT, 0, 0, 0, 0);
	if (chance(g, 8)) {
		broken(g, &j);
		return;
	}
	while (runs--) {
		if (chance(g, 10)) {
			hang(g, &j);
			j.loaded = true;
			continue;
		}
		program(g, &j);
		job_parameters(g, &j);
		if (j.loaded && chance(g, 2))
			job_set(g, &j, ASHLAR_TILE_LOAD_FROM, K_PROGRAM);
		bad = chance(g, 5);
		if (bad)
			job_bad_parameter(g, &j);
		else
			j.loaded = true;
		job_start(g, &j);
		/* One that is refused may end at once. */
		if (!bad && chance(g, 4))
			disturb(g, &j);
		job_wait(g, &j);
		look(g, &j);
		between(g, &j);
	}
	dump(g, &j);
}

void make_pair(struct gen *g)
{
	uint32_t runs = pick(g, 1, 2), tiles = g->board->tiles, i;
	struct job j[2];
	bool chain = chance(g, 3);

	if (tiles > 2)
		tiles = 2;
	for (i = 0; i < tiles; i++) {
		job_place(g, &j[i], i);
		job_tables(g, &j[i]);
		job_memories(g, &j[i]);
		if (!i || chance(g, 2))
			continue;
		/* Reads what the other one reads, or has written. */
		job_pte(g, j[i].root, 3, j[0].data | PTE_V | PTE_R | PTE_LEAF);
		j[i].ground.from = VA_DATA + 2 * MB + (chain ? MB : 0);
	}
	add(g, OP_BOOT, 0, 0, 0, 0);
	while (runs--) {
		for (i = 0; i < tiles; i++) {
			program(g, &j[i]);
			job_parameters(g, &j[i]);
		}
		for (i = 0; i < tiles; i++) {
			job_start(g, &j[i]);
			/* One after the other, or at once. */
			if (chain)
				job_wait(g, &j[i]);
		}
		for (i = 0; i < tiles; i++)
			job_wait(g, &j[i]);
		for (i = 0; i < tiles; i++)
			look(g, &j[i]);
		for (i = 0; i < tiles; i++)
			between(g, &j[i]);
	}
	for (i = 0; i < tiles; i++)
		dump(g, &j[i]);
}
