// SPDX-License-Identifier: MIT
/*
 * Cases of the tiles: random page tables, START with good and bad parameters,
 * random programs, then all that the tile holds is stored and compared.
 */
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

static uint32_t reg(const struct job *j, uint32_t offset)
{
	return ASHLAR_MAP_MP_TILE_BASE + j->tile * ASHLAR_MAP_MP_TILE_STRIDE +
	       offset;
}

static void set(struct gen *g, const struct job *j, uint32_t offset,
		uint32_t value)
{
	add(g, OP_MP_WRITE, reg(j, offset), 4, value, 0);
}

static void pte(struct gen *g, uint64_t table, uint32_t index, uint64_t value)
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

static void tables(struct gen *g, const struct job *j)
{
	uint32_t i;

	pte(g, j->root, 0, j->table | PTE_V);
	pte(g, j->root, 1, j->dump | PTE_V | PTE_R | PTE_W | PTE_LEAF);
	pte(g, j->root, 2, j->data | PTE_V | PTE_R | PTE_W | PTE_LEAF);
	for (i = 3; i < ENTRIES; i++)
		pte(g, j->root, i, any_entry(g, j));
	for (i = 0; i < 4 && j->entries > ENTRIES; i++)
		pte(g, j->root, j->far[i],
		    chance(g, 3) ? any_entry(g, j) :
				   j->data | PTE_V | PTE_R | PTE_LEAF);
	for (i = 0; i < 16; i++)
		pte(g, j->table, i, (j->image + 4096 * i) | PTE_V | PTE_R);
	pte(g, j->table, 16, j->args | PTE_V | PTE_R);
	for (i = 0; i < PAGES; i++)
		pte(g, j->table, 17 + i, any_page(g, j));
}

static void place(struct gen *g, struct job *j, uint32_t tile)
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

static void memories(struct gen *g, const struct job *j)
{
	uint32_t i;

	for (i = 0; i < 16; i++)
		add(g, OP_FILL, j->data + 0x10000 * i, 0x10000, rnd(g), 0);
	add(g, OP_FILL, j->pages, 0x20000, rnd(g), 0);
	add(g, OP_FILL, j->args, 4096, rnd(g), 0);
	add(g, OP_HOSTFILL, 0x10000 * j->tile, 0x10000, rnd(g), 0);
}

/* --- Runs ---------------------------------------------------------------------- */

static void parameters(struct gen *g, struct job *j)
{
	set(g, j, ASHLAR_TILE_CONTEXT, pick(g, 0, 3));
	/* The low bits are no part of it. */
	set(g, j, ASHLAR_TILE_PT_ROOT_LO,
	    (uint32_t)j->root | (chance(g, 8) ? pick(g, 0, 4095) : 0));
	set(g, j, ASHLAR_TILE_PT_ROOT_HI, 0);
	set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries);
	set(g, j, ASHLAR_TILE_CODE_VA_LO, VA_IMAGE);
	set(g, j, ASHLAR_TILE_CODE_VA_HI, 0);
	set(g, j, ASHLAR_TILE_CODE_BYTES, IMAGE_BYTES);
	set(g, j, ASHLAR_TILE_TEXT_BYTES,
	    chance(g, 3) ? pick(g, 0x400, 0x800) : pick(g, 0, IMAGE_BYTES));
	set(g, j, ASHLAR_TILE_LOAD_FROM, 0);
	set(g, j, ASHLAR_TILE_ENTRY, 0);
	set(g, j, ASHLAR_TILE_ARG_VA_LO, VA_ARGS);
	set(g, j, ASHLAR_TILE_ARG_VA_HI, 0);
	set(g, j, ASHLAR_TILE_ARG_BYTES, pick(g, 0, 1024));
	set(g, j, ASHLAR_TILE_INDEX, j->tile);
	set(g, j, ASHLAR_TILE_COUNT, 2);
	set(g, j, ASHLAR_TILE_GRID_X, rnd(g));
	set(g, j, ASHLAR_TILE_GRID_Y, rnd(g));
	set(g, j, ASHLAR_TILE_GRID_Z, rnd(g));
}

/* One that the loader may refuse. */
static void bad_parameter(struct gen *g, struct job *j)
{
	switch (pick(g, 0, 9)) {
	case 0:
		set(g, j, ASHLAR_TILE_PT_ENTRIES, pick(g, 0, 2));
		break;
	case 1:
		set(g, j, ASHLAR_TILE_CODE_VA_LO, edge(g));
		break;
	case 2:
		set(g, j, ASHLAR_TILE_CODE_VA_HI, edge(g));
		break;
	case 3:
		set(g, j, ASHLAR_TILE_CODE_BYTES,
		    chance(g, 2) ?
			    edge(g) :
			    g->board->lmem_bytes - 1024 + 64 * pick(g, 0, 3));
		break;
	case 4:
		set(g, j, ASHLAR_TILE_LOAD_FROM,
		    chance(g, 2) ? 64 * pick(g, 0, 3000) : edge(g));
		break;
	case 5: /* nothing that can be executed is there */
		set(g, j, ASHLAR_TILE_ENTRY,
		    0x10000 + 4 * pick(g, 0, 100000) + pick(g, 0, 1));
		break;
	case 6:
		set(g, j, ASHLAR_TILE_ARG_VA_LO,
		    chance(g, 2) ? VA_PAGES + 64 * pick(g, 0, 2600) : edge(g));
		break;
	case 7:
		set(g, j, ASHLAR_TILE_ARG_BYTES, edge(g));
		break;
	case 8:
		set(g, j, ASHLAR_TILE_PT_ROOT_LO, edge(g) & ~0xfffu);
		break;
	default:
		set(g, j, ASHLAR_TILE_PT_ROOT_HI, edge(g));
		break;
	}
}

static void start(struct gen *g, const struct job *j)
{
	set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
}

static void wait(struct gen *g, const struct job *j)
{
	add(g, OP_MP_TILE, j->tile, 2000000, 0, 0);
	add(g, OP_MP_STATE, j->tile, 0, 0, 0);
}

static void program(struct gen *g, struct job *j)
{
	if (chance(g, 3))
		program_overlap(g, &j->ground);
	else
		program_random(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
}

static void other_pages(struct gen *g, const struct job *j)
{
	uint32_t i;

	add(g, OP_SYNC, 0, 0, 0, 0);
	for (i = 0; i < PAGES; i++)
		if (chance(g, 2))
			pte(g, j->table, 17 + i, any_page(g, j));
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
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_SCRUB);
		add(g, OP_MP_TILE, j->tile, 2000000, 0, 0);
		j->loaded = false;
		break;
	case 1: /* other pages; what is remembered is forgotten */
		other_pages(g, j);
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		add(g, OP_MP_READ, reg(j, ASHLAR_TILE_INVALIDATING), 4, 0, 0);
		break;
	case 2:
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_KILL);
		add(g, OP_MP_STATE, j->tile, 0, 0, 0);
		break;
	case 3: /* a command that does not exist */
		set(g, j, ASHLAR_TILE_CTRL, pick(g, 5, 50));
		add(g, OP_MP_READ, reg(j, ASHLAR_TILE_STATUS), 4, 0, 0);
		break;
	case 4: /* another context forgets as well */
		other_pages(g, j);
		set(g, j, ASHLAR_TILE_CONTEXT, rnd(g) | 4);
		break;
	default:
		break;
	}
}

static void dump(struct gen *g, struct job *j)
{
	program_dump(g, VA_DUMP);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	parameters(g, j);
	set(g, j, ASHLAR_TILE_TEXT_BYTES, 0);
	start(g, j);
	wait(g, j);
}

/* While it is at work, most writes are dropped. */
static void disturb(struct gen *g, const struct job *j)
{
	uint32_t offset =
		ASHLAR_TILE_CONTEXT +
		4 * pick(g, 0, (ASHLAR_TILE_GRID_Z - ASHLAR_TILE_CONTEXT) / 4);

	switch (pick(g, 0, 3)) {
	case 0:
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
		break;
	case 1:
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_SCRUB);
		break;
	case 2:
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		break;
	default:
		set(g, j, offset, edge(g));
		add(g, OP_MP_READ, reg(j, offset), 4, 0, 0);
		break;
	}
}

static void stop(struct gen *g, const struct job *j)
{
	set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_KILL);
	wait(g, j);
}

/* A run that has to be killed, at rest. */
static void hang(struct gen *g, struct job *j)
{
	program_hang(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	parameters(g, j);
	start(g, j);
	add(g, OP_MP_TILE, j->tile, 300000, 0, 0);
	if (chance(g, 2))
		add(g, OP_MP_READ, reg(j, ASHLAR_TILE_STATUS), 4, 0, 0);
	stop(g, j);
}

/* A run that ends by a fault or by force with work under way. */
static void broken(struct gen *g, struct job *j)
{
	program_broken(g, &j->ground);
	add(g, OP_K_IMAGE, j->image, 0, 0, 0);
	parameters(g, j);
	start(g, j);
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
		wait(g, j);
		break;
	default:
		wait(g, j);
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
	place(g, &j, pick(g, 0, g->board->tiles - 1));
	tables(g, &j);
	memories(g, &j);
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
		parameters(g, &j);
		if (j.loaded && chance(g, 2))
			set(g, &j, ASHLAR_TILE_LOAD_FROM, K_PROGRAM);
		bad = chance(g, 5);
		if (bad)
			bad_parameter(g, &j);
		else
			j.loaded = true;
		start(g, &j);
		/* One that is refused may end at once. */
		if (!bad && chance(g, 4))
			disturb(g, &j);
		wait(g, &j);
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
		place(g, &j[i], i);
		tables(g, &j[i]);
		memories(g, &j[i]);
		if (!i || chance(g, 2))
			continue;
		/* Reads what the other one reads, or has written. */
		pte(g, j[i].root, 3, j[0].data | PTE_V | PTE_R | PTE_LEAF);
		j[i].ground.from = VA_DATA + 2 * MB + (chain ? MB : 0);
	}
	add(g, OP_BOOT, 0, 0, 0, 0);
	while (runs--) {
		for (i = 0; i < tiles; i++) {
			program(g, &j[i]);
			parameters(g, &j[i]);
		}
		for (i = 0; i < tiles; i++) {
			start(g, &j[i]);
			/* One after the other, or at once. */
			if (chain)
				wait(g, &j[i]);
		}
		for (i = 0; i < tiles; i++)
			wait(g, &j[i]);
		for (i = 0; i < tiles; i++)
			look(g, &j[i]);
		for (i = 0; i < tiles; i++)
			between(g, &j[i]);
	}
	for (i = 0; i < tiles; i++)
		dump(g, &j[i]);
}

/* --- Pages ------------------------------------------------------------------------ */

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
	other_pages(g, j);
	switch (pick(g, 0, 3)) {
	case 0:
		set(g, j, ASHLAR_TILE_CONTEXT, rnd(g));
		break;
	case 1:
		set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries + 1);
		set(g, j, ASHLAR_TILE_PT_ENTRIES, j->entries);
		break;
	case 2:
		set(g, j, ASHLAR_TILE_PT_ROOT_HI, 1);
		set(g, j, ASHLAR_TILE_PT_ROOT_HI, 0);
		break;
	default:
		set(g, j, ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
		break;
	}
}

/* Many short runs over all kinds of pages, which change between them. */
void make_pages(struct gen *g)
{
	uint32_t runs = pick(g, 4, 20), i;
	uint64_t va[8];
	struct job j;

	place(g, &j, pick(g, 0, g->board->tiles - 1));
	tables(g, &j);
	memories(g, &j);
	add(g, OP_BOOT, 0, 0, 0, 0);
	parameters(g, &j);
	set(g, &j, ASHLAR_TILE_CODE_BYTES, 0x1000);
	set(g, &j, ASHLAR_TILE_TEXT_BYTES, 0);
	while (runs--) {
		uint32_t n = pick(g, 1, 8);

		for (i = 0; i < n; i++)
			va[i] = target(g, &j);
		program_touch(g, va, n);
		add(g, OP_K_IMAGE, j.image, 0, 0, 0);
		start(g, &j);
		wait(g, &j);
		if (chance(g, 3))
			other_context(g, &j);
	}
	program_dump(g, VA_DUMP);
	add(g, OP_K_IMAGE, j.image, 0, 0, 0);
	set(g, &j, ASHLAR_TILE_CODE_BYTES, IMAGE_BYTES);
	start(g, &j);
	wait(g, &j);
}
