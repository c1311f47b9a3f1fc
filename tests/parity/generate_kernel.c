// SPDX-License-Identifier: MIT
#include "generate_units.h"

#define RESULTS_MAX 512 /* words that a dump stores */

/* --- The core ------------------------------------------------------------------ */

/* csrrw or csrrs of a0: state of the core that does not tell time. */
static void csr(struct gen *g)
{
	static const uint32_t csrs[] = { 0x300, 0x301, 0x304, 0x305, 0x306,
					 0x310, 0x323, 0x33f, 0x340, 0x341,
					 0x342, 0x343, 0x344, 0xb02, 0xb03,
					 0xb1f, 0xb82, 0xb83, 0xc02, 0xc82,
					 0xf11, 0xf12, 0xf13, 0xf14, 0xf15 };
	uint32_t which = csrs[pick(g, 0, 24)] << 20;

	/* With x0 it only reads; with a1 it writes a1. */
	if (chance(g, 2) || which >= 0xb0200000)
		add(g, OP_K_EXEC, which | 0x2573, rnd(g), rnd(g), 0);
	else
		add(g, OP_K_EXEC, which | 0x59573, rnd(g),
		    chance(g, 2) ? rnd(g) : edge(g), 0);
}

static void core(struct gen *g)
{
	static const uint32_t sizes[] = { 1, 2, 4 };
	static const uint32_t past[] = { 0, 0xffffffff, 0xfffff000,
					 0x80001000 };
	uint32_t bytes = sizes[pick(g, 0, 2)], at;

	switch (pick(g, 0, 8)) {
	case 6: /* what has been is not waited for */
		k_put(g, LOAD + 0x100 * pick(g, 0, 3) + ASHLAR_LOAD_WAIT,
		      past[pick(g, 0, 3)]);
		break;
	case 7:
		csr(g);
		break;
	case 8: /* lb, lh, lw, lbu, lhu; sb, sh, sw */
		at = SPAD + (pick(g, 0, g->board->spad_bytes - 64) & ~3u);
		if (chance(g, 2))
			add(g, OP_K_EXEC,
			    0x00058503 | (rnd(g) & 0x5000) |
				    pick(g, 0, 3) << 20,
			    0, at, 0);
		else
			add(g, OP_K_EXEC, 0x00a58023 | pick(g, 0, 2) << 12,
			    rnd(g), at, 0);
		break;
	case 0:
		at = pick(g, 0, g->board->spad_bytes - 1) & ~(bytes - 1);
		add(g, OP_K_WRITE, SPAD + at, bytes, rnd(g), 0);
		break;
	case 1:
		at = pick(g, 0, g->board->spad_bytes - 1) & ~(bytes - 1);
		add(g, OP_K_READ, SPAD + at, bytes, 0, 0);
		break;
	case 2:
		if (chance(g, 2))
			add(g, OP_K_READ, UNIT + 4 * pick(g, 0, 10), 4, 0, 0);
		else
			add(g, OP_K_READ,
			    (g->board->lmem_bytes - 1024 + pick(g, 0, 1023)) &
				    ~(bytes - 1),
			    bytes, 0, 0);
		break;
	case 3:
		at = LOAD + 0x100 * pick(g, 0, 3);
		add(g, OP_K_READ,
		    at + (chance(g, 3) ?
				  ASHLAR_LOAD_ISSUED + 4 * pick(g, 0, 1) :
				  4 * pick(g, 0, 5)),
		    4, 0, 0);
		break;
	case 4:
		at = 4 * pick(g, 0, g->board->spad_bytes / 4 - 100);
		add(g, OP_K_FILL, SPAD + at, pick(g, 1, 90), rnd(g) | 1, 0);
		break;
	default:
		add(g, OP_K_EXEC, insn(g), chance(g, 2) ? rnd(g) : edge(g),
		    chance(g, 2) ? rnd(g) : edge(g), 0);
		break;
	}
}

static void core_wild(struct gen *g)
{
	static const uint32_t insns[] = { 0xffffffff, 0x00000000, 0x7c0012f3,
					  0xf1401073, 0x00100073, 0x00000073,
					  0x1005252f, 0x00009002 };
	static const uint32_t bases[] = { 0,	       SPAD,	   UNIT,
					  LOAD,	       STORE,	   MATRIX,
					  VECTOR,      0x20000500, 0x80000000,
					  0x30000000u, 0xfffff000 };
	uint32_t at = bases[pick(g, 0, 10)], bytes = 1u << pick(g, 0, 2);

	if (at == SPAD)
		at += g->board->spad_bytes - 4;
	switch (pick(g, 0, 4)) {
	case 0:
		add(g, OP_K_EXEC, insns[pick(g, 0, 7)], rnd(g), rnd(g), 0);
		break;
	case 1:
		add(g, OP_K_JUMP,
		    chance(g, 2) ? SPAD + 2 * pick(g, 0, 1000) :
				   0x40000000u + 2 * pick(g, 0, 1000),
		    0, 0, 0);
		break;
	case 2:
		at += pick(g, 0, 0xff);
		if (at != UNIT + ASHLAR_UNIT_CYCLE)
			add(g, OP_K_READ, at, bytes, 0, 0);
		break;
	case 3:
		/*
		 * Not the program, nor a unit's GO that nobody waits for; but
		 * AFTER, which is another unit's business.
		 */
		if (chance(g, 3)) /* text, or just not */
			at = chance(g, 2) ? pick(g, 0x400, 0x7ff) :
					    pick(g, 0x7e00, 0x81ff);
		else
			at += pick(g, 0, 0xff);
		if (at - UNIT < 0x500 && (at & 0xff) >= ASHLAR_LOAD_GO &&
		    (at & 0xff) < ASHLAR_LOAD_AFTER_LOAD)
			break;
		if (at >= 0x400 && at != UNIT + ASHLAR_UNIT_EXIT)
			add(g, OP_K_WRITE, at, bytes, rnd(g), 0);
		break;
	default:
		add(g, OP_K_READ,
		    UNIT + 0x100 * pick(g, 0, 4) + 4 * pick(g, 0, 63), 4, 0, 0);
		if (g->k->steps[g->k->n - 1].arg[0] == UNIT + ASHLAR_UNIT_CYCLE)
			g->k->n--;
		break;
	}
}

/* --- Programs -------------------------------------------------------------------- */

/* The whole scratchpad is something. */
static void preload(struct gen *g, const struct ground *gr)
{
	uint32_t bytes = chance(g, 2) ? 32768 : g->board->spad_bytes;
	uint32_t room = (uint32_t)gr->from_bytes - bytes;

	k_put(g, LOAD + ASHLAR_LOAD_DEFAULTS, 1);
	k_put(g, LOAD + ASHLAR_LOAD_GADDR_LO,
	      (uint32_t)gr->from + (pick(g, 0, room) & ~63u));
	k_put(g, LOAD + ASHLAR_LOAD_GADDR_HI, (uint32_t)(gr->from >> 32));
	k_put(g, LOAD + ASHLAR_LOAD_LADDR, 0);
	k_put(g, LOAD + ASHLAR_LOAD_RUN, bytes);
	k_go(g, LOAD, true);
}

static void leave(struct gen *g)
{
	if (chance(g, 2))
		add(g, OP_K_EXIT, chance(g, 2) ? 0 : rnd(g), 0, 0, 0);
}

static void wild(struct gen *g, const struct ground *gr, bool calm)
{
	switch (pick(g, 0, 5)) {
	case 0:
		add_dma_wild(g, gr, calm);
		break;
	case 1:
	case 2:
		add_dma_strange(g, gr);
		break;
	case 3:
		add_matrix_wild(g);
		break;
	case 4:
		add_vector_wild(g);
		break;
	default:
		core_wild(g);
		break;
	}
}

void program_random(struct gen *g, const struct ground *gr)
{
	uint32_t n = pick(g, 2, 14), wildness = pick(g, 0, 2);
	struct area all = whole_tile(g);

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	if (!chance(g, 4))
		preload(g, gr);
	while (n--) {
		if (wildness && chance(g, wildness == 1 ? 10 : 4)) {
			wild(g, gr, true);
			continue;
		}
		switch (pick(g, 0, 7)) {
		case 0:
		case 1:
			add_dma(g, LOAD, &all, gr, true);
			break;
		case 2:
			add_dma(g, STORE, &all, gr, true);
			break;
		case 3:
		case 4:
			add_matrix(g, &all, true);
			break;
		case 5:
		case 6:
			add_vector(g, &all, true);
			break;
		default:
			core(g);
			break;
		}
	}
	leave(g);
}

/* Macro-operations of a unit that the program has started. */
static uint32_t started(const struct gen *g, uint32_t block)
{
	uint32_t count = 0, i;

	for (i = 0; i < g->k->n; i++)
		if ((g->k->steps[i].op == OP_K_GO ||
		     g->k->steps[i].op == OP_K_START) &&
		    g->k->steps[i].arg[0] == block)
			count++;
	return count;
}

void program_after(struct gen *g, const struct ground *gr)
{
	/* All use the same bytes: each comes after all that was started. */
	struct area area = part_of_tile(g, pick(g, 0, 3), 0);
	uint32_t n = pick(g, 2, 40), i, u;

	area.accs = g->board->accs;
	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	preload(g, gr);
	while (n--) {
		u = pick(g, 0, 3);
		for (i = 0; i < 4; i++)
			k_put(g,
			      LOAD + 0x100 * u + ASHLAR_LOAD_AFTER_LOAD + 4 * i,
			      started(g, LOAD + 0x100 * i));
		switch (u) {
		case 0:
			add_dma(g, LOAD, &area, gr, false);
			break;
		case 1:
			add_dma(g, STORE, &area, gr, false);
			break;
		case 2:
			add_matrix(g, &area, false);
			break;
		default:
			add_vector(g, &area, false);
			break;
		}
	}
	if (chance(g, 2))
		for (i = 0; i < 4; i++)
			add(g, OP_K_WAIT, LOAD + 0x100 * i, 0, 0, 0);
	leave(g);
}

void program_overlap(struct gen *g, const struct ground *gr)
{
	uint32_t rounds = pick(g, 1, 4);

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	preload(g, gr);
	while (rounds--) {
		uint32_t turn = pick(g, 0, 3), n = pick(g, 2, 20), i;
		/* Each unit has a quarter, so that no order is open. */
		struct area area[4];

		for (i = 0; i < 4; i++)
			area[i] =
				part_of_tile(g, (turn + i) % 4, (turn + i) % 2);
		while (n--) {
			switch (pick(g, 0, 3)) {
			case 0:
				add_dma(g, LOAD, &area[0], gr, false);
				break;
			case 1:
				add_dma(g, STORE, &area[1], gr, false);
				break;
			case 2:
				add_matrix(g, &area[2], false);
				break;
			default:
				add_vector(g, &area[3], false);
				break;
			}
		}
		for (i = 0; i < 4; i++)
			add(g, OP_K_WAIT, LOAD + 0x100 * i, 0, 0, 0);
	}
	leave(g);
}

void program_touch(struct gen *g, const uint64_t *va, uint32_t n)
{
	uint32_t i;

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	for (i = 0; i < n; i++) {
		uint32_t block = chance(g, 3) ? STORE : LOAD;

		k_put(g, block + ASHLAR_LOAD_DEFAULTS, 1);
		k_put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)va[i]);
		k_put(g, block + ASHLAR_LOAD_GADDR_HI, (uint32_t)(va[i] >> 32));
		k_put(g, block + ASHLAR_LOAD_LADDR, 64 * i);
		k_put(g, block + ASHLAR_LOAD_RUN, pick(g, 1, 100));
		k_go(g, block, true);
	}
}

void program_hang(struct gen *g, const struct ground *gr)
{
	program_random(g, gr);
	/* Not its end, which would come first. */
	if (g->k->steps[g->k->n - 1].op == OP_K_EXIT)
		g->k->n--;
	if (chance(g, 2))
		add(g, OP_K_SLEEP, 0, 0, 0, 0);
	else
		k_put(g, LOAD + 0x100 * pick(g, 0, 3) + ASHLAR_LOAD_WAIT,
		      chance(g, 2) ? pick(g, 300, 1000) : 0x7fffff00);
}

void program_broken(struct gen *g, const struct ground *gr)
{
	const struct area area[4] = { part_of_tile(g, 0, 0),
				      part_of_tile(g, 1, 0),
				      part_of_tile(g, 2, 0),
				      part_of_tile(g, 3, 1) };
	uint32_t n = pick(g, 0, 12), i;

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	while (n--) {
		switch (pick(g, 0, 3)) {
		case 0:
			add_dma(g, LOAD, &area[0], gr, false);
			break;
		case 1:
			add_dma(g, STORE, &area[1], gr, false);
			break;
		case 2:
			add_matrix(g, &area[2], false);
			break;
		default:
			add_vector(g, &area[3], false);
			break;
		}
	}
	wild(g, gr, false);
	if (g->k->steps[g->k->n - 1].op == OP_K_GO && chance(g, 2))
		g->k->steps[g->k->n - 1].op = OP_K_START;
	if (chance(g, 2))
		for (i = 0; i < 4; i++)
			add(g, OP_K_WAIT, LOAD + 0x100 * i, 0, 0, 0);
	leave(g);
}

static void store_plain(struct gen *g, uint64_t va, uint32_t bytes)
{
	k_put(g, STORE + ASHLAR_LOAD_DEFAULTS, 1);
	k_put(g, STORE + ASHLAR_LOAD_GADDR_LO, (uint32_t)va);
	k_put(g, STORE + ASHLAR_LOAD_GADDR_HI, (uint32_t)(va >> 32));
	k_put(g, STORE + ASHLAR_LOAD_LADDR, 0);
	k_put(g, STORE + ASHLAR_LOAD_RUN, bytes);
	k_go(g, STORE, true);
}

void program_dump(struct gen *g, uint64_t dump)
{
	uint32_t n = g->board->array, line = 4 * n, from, i;

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	store_plain(g, dump, g->board->spad_bytes);
	dump += g->board->spad_bytes;
	/* What the run before read, then parameters, which stay. */
	add(g, OP_K_FLUSH, SPAD, RESULTS_MAX, 0, 0);
	store_plain(g, dump, 4 * RESULTS_MAX);
	dump += 4 * RESULTS_MAX;
	/* Arguments, and sometimes all of the local memory. */
	from = chance(g, 12) ? K_RESULTS / 2 : g->board->lmem_bytes - 1024;
	add(g, OP_K_MOVE, SPAD, from, (g->board->lmem_bytes - from) / 4, 0);
	store_plain(g, dump, g->board->lmem_bytes - from);
	dump += g->board->lmem_bytes - from;
	for (i = 0; i <= ASHLAR_LOAD_INDEX; i += 4)
		if (i != ASHLAR_LOAD_DEFAULTS)
			add(g, OP_K_READ, LOAD + i, 4, 0, 0);
	for (i = 0; i <= ASHLAR_VECTOR_RED; i += 4)
		add(g, OP_K_READ, VECTOR + i, 4, 0, 0);
	for (i = 0; i <= ASHLAR_MATRIX_CFG; i += 4)
		add(g, OP_K_READ, MATRIX + i, 4, 0, 0);
	add(g, OP_K_FLUSH, SPAD, RESULTS_MAX, 0, 0);
	store_plain(g, dump, 4 * RESULTS_MAX);
	dump += 4 * RESULTS_MAX;
	for (i = 0; i < g->board->accs; i++) {
		const struct ash_vector_cmd c = {
			.cfg = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32 |
			       ASHLAR_VECTOR_CFG_SRC_FMT_I32
				       << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT,
			.src = i * n,
			.src_pitch = 1,
			.dst_pitch = line,
			.rows = n,
			.groups = 1,
		};

		vector_put(g, &c);
		k_go(g, VECTOR, true);
		store_plain(g, dump, n * line);
		dump += n * line;
	}
}
