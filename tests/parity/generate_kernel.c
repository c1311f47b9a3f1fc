// SPDX-License-Identifier: MIT
#include "generate_kernel.h"

#include "ash_units.h"

#define LOAD   ASHLAR_MAP_KERNEL_LOAD_BASE
#define STORE  ASHLAR_MAP_KERNEL_STORE_BASE
#define MATRIX ASHLAR_MAP_KERNEL_MATRIX_BASE
#define VECTOR ASHLAR_MAP_KERNEL_VECTOR_BASE
#define UNIT   ASHLAR_MAP_KERNEL_UNIT_BASE
#define SPAD   ASHLAR_MAP_KERNEL_SPAD_BASE

#define RESULTS_MAX 512 /* words that a dump stores */

/* A part of the scratchpad, and of the accumulators. */
struct area {
	uint32_t base, bytes;
	uint32_t acc, accs;
};

static void put(struct gen *g, uint32_t addr, uint32_t value)
{
	add(g, OP_K_WRITE, addr, 4, value, 0);
}

static void go(struct gen *g, uint32_t block, bool wait)
{
	add(g, wait ? OP_K_GO : OP_K_START, block, 0, 0, 0);
}

static struct area everything(const struct gen *g)
{
	return (struct area){ 0, g->board->spad_bytes, 0, g->board->accs };
}

static struct ash_tile tile_of(const struct gen *g, const struct area *a)
{
	return (struct ash_tile){ .n = g->board->array,
				  .accs = a->accs,
				  .spad_bytes = a->bytes };
}

/* --- DMA -------------------------------------------------------------------- */

struct span {
	int64_t lo, hi;
};

static void widen(struct span *s, int64_t first, int64_t last)
{
	s->lo += first < last ? first : last;
	s->hi += first < last ? last : first;
}

static int32_t stride(struct gen *g, uint32_t run)
{
	switch (pick(g, 0, 5)) {
	case 0:
		return 0;
	case 1:
		return -(int32_t)pick(g, 1, 700);
	case 2:
		return (int32_t)run;
	case 3:
		return (int32_t)(64 * pick(g, 0, 12));
	default:
		return (int32_t)pick(g, 1, 700);
	}
}

/*
 * Any shape, strides and padding, inside of the area and of bytes of global
 * memory at va. Returns false if this one does not fit.
 */
static bool dma_good(struct gen *g, uint32_t block, const struct area *a,
		     uint64_t va, uint64_t bytes)
{
	uint32_t run = chance(g, 4) ? pick(g, 1, 2000) :
		       chance(g, 2) ? 64 * pick(g, 1, 8) :
				      pick(g, 1, 150);
	struct span local = { 0, run - 1 }, global = { 0, run - 1 };
	int32_t gstride[3], lstride[3], start[4] = { 0 }, step[3];
	uint32_t count[3], limit[4], i, laddr;
	uint64_t gaddr;

	for (i = 0; i < 4; i++)
		limit[i] = 0x7fffffff;
	if (chance(g, 3)) {
		start[0] = (int32_t)pick(g, 0, 80) - 40;
		if (chance(g, 2))
			limit[0] = pick(g, 0, run + 40);
		else if (start[0] + (int32_t)run > 3) /* the end's last bytes */
			limit[0] = (uint32_t)start[0] + run - pick(g, 0, 3);
	}
	global.lo += start[0];
	global.hi += start[0];
	for (i = 0; i < 3; i++) {
		count[i] = chance(g, 2) ? 1 : pick(g, 1, 6);
		gstride[i] = stride(g, run);
		lstride[i] = stride(g, run);
		step[i] = 1;
		if (chance(g, 3)) {
			start[i + 1] = (int32_t)pick(g, 0, 6) - 3;
			step[i] = (int32_t)pick(g, 0, 6) - 2;
			if (chance(g, 2))
				limit[i + 1] = pick(g, 0, 8);
		}
		widen(&local, 0, (int64_t)(count[i] - 1) * lstride[i]);
		widen(&global, (int64_t)start[i + 1] * gstride[i],
		      ((int64_t)start[i + 1] +
		       (int64_t)(count[i] - 1) * step[i]) *
			      gstride[i]);
	}
	if (local.hi - local.lo >= a->bytes ||
	    global.hi - global.lo >= (int64_t)bytes)
		return false;
	laddr = a->base +
		pick(g, 0, (uint32_t)(a->bytes - 1 - (local.hi - local.lo)));
	laddr = (uint32_t)(laddr - local.lo);
	gaddr = va + rnd64(g) % (bytes - (uint64_t)(global.hi - global.lo));
	if (chance(g, 2))
		gaddr &= ~63ull;
	if (gaddr < va)
		gaddr = va;
	gaddr -= (uint64_t)global.lo;

	if (chance(g, 2))
		put(g, block + ASHLAR_LOAD_DEFAULTS, rnd(g));
	put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)gaddr);
	put(g, block + ASHLAR_LOAD_GADDR_HI, (uint32_t)(gaddr >> 32));
	put(g, block + ASHLAR_LOAD_LADDR, laddr);
	put(g, block + ASHLAR_LOAD_RUN, run);
	put(g, block + ASHLAR_LOAD_START0, (uint32_t)start[0]);
	put(g, block + ASHLAR_LOAD_LIMIT0, limit[0]);
	for (i = 0; i < 3; i++) {
		put(g, block + ASHLAR_LOAD_COUNT1 + 4 * i, count[i]);
		put(g, block + ASHLAR_LOAD_GSTRIDE1 + 4 * i,
		    (uint32_t)gstride[i]);
		put(g, block + ASHLAR_LOAD_LSTRIDE1 + 4 * i,
		    (uint32_t)lstride[i]);
		put(g, block + ASHLAR_LOAD_START1 + 4 * i,
		    (uint32_t)start[i + 1]);
		put(g, block + ASHLAR_LOAD_LIMIT1 + 4 * i, limit[i + 1]);
		put(g, block + ASHLAR_LOAD_STEP1 + 4 * i, (uint32_t)step[i]);
	}
	return true;
}

static void dma(struct gen *g, uint32_t block, const struct area *a,
		const struct ground *gr, bool wait)
{
	bool load = block == LOAD;
	uint32_t again = chance(g, 5) ? 2 : 1;

	while (!dma_good(g, block, a, load ? gr->from : gr->to,
			 load ? gr->from_bytes : gr->to_bytes))
		;
	while (again--)
		go(g, block, wait);
}

/* The page table decides what becomes of it. */
static void dma_strange(struct gen *g, const struct ground *gr)
{
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	struct area all = everything(g);
	uint64_t va = gr->strange + rnd64(g) % gr->strange_bytes;

	while (!dma_good(g, block, &all, gr->from, gr->from_bytes))
		;
	/* Around the ends of pages, too. */
	if (chance(g, 2))
		va = (va & ~4095ull) - pick(g, 0, 300) + 150;
	if (chance(g, 4))
		va = gr->far[pick(g, 0, 3)] + pick(g, 0, 0x1fffff);
	put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)va);
	put(g, block + ASHLAR_LOAD_GADDR_HI,
	    chance(g, 20) ? rnd(g) : (uint32_t)(va >> 32));
	go(g, block, true);
}

/* Some registers hold anything, but no work for ever. */
static void dma_wild(struct gen *g, const struct ground *gr)
{
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	bool load = block == LOAD;
	struct area all = everything(g);
	uint32_t n = pick(g, 1, 3);

	while (!dma_good(g, block, &all, load ? gr->from : gr->to,
			 load ? gr->from_bytes : gr->to_bytes))
		;
	while (n--) {
		uint32_t reg = 4 * pick(g, 2, ASHLAR_LOAD_STEP3 / 4);
		uint32_t value = edge(g);

		if (reg == ASHLAR_LOAD_RUN && value > 2000 &&
		    value <= g->board->spad_bytes) {
			put(g, block + ASHLAR_LOAD_COUNT1, 1);
			put(g, block + ASHLAR_LOAD_COUNT2, 1);
			put(g, block + ASHLAR_LOAD_COUNT3, pick(g, 1, 2));
		}
		if (reg >= ASHLAR_LOAD_COUNT1 && reg <= ASHLAR_LOAD_COUNT3 &&
		    value > 40 && value < 65536)
			value = chance(g, 2) ? 0 : 65536;
		put(g, block + reg, value);
	}
	go(g, block, true);
}

/* --- Matrix ------------------------------------------------------------------ */

static struct ash_matrix_cmd matrix_any(struct gen *g, const struct area *a)
{
	uint32_t line = 4 * g->board->array, lines = a->bytes / line;
	struct ash_matrix_cmd c = {
		.a_addr = line * pick(g, 0, lines - 1),
		.b_addr = line * pick(g, 0, lines - 1),
		.a_pitch = line * pick(g, 0, 8),
		.b_pitch = line * pick(g, 0, 8),
		.k = chance(g, 3) ? pick(g, 1, 200) : pick(g, 1, 40),
		.cfg = pick(g, 0, 2) | (rnd(g) & 0x130) |
		       pick(g, 0, a->accs - 1) << ASHLAR_MATRIX_CFG_ACC_SHIFT,
	};

	return c;
}

static void matrix_put(struct gen *g, const struct ash_matrix_cmd *c)
{
	put(g, MATRIX + ASHLAR_MATRIX_A_ADDR, c->a_addr);
	put(g, MATRIX + ASHLAR_MATRIX_A_PITCH, c->a_pitch);
	put(g, MATRIX + ASHLAR_MATRIX_B_ADDR, c->b_addr);
	put(g, MATRIX + ASHLAR_MATRIX_B_PITCH, c->b_pitch);
	put(g, MATRIX + ASHLAR_MATRIX_K, c->k);
	put(g, MATRIX + ASHLAR_MATRIX_CFG, c->cfg);
}

static void matrix(struct gen *g, const struct area *a, bool wait)
{
	struct ash_tile t = tile_of(g, a);
	struct ash_cmd_error error;
	struct ash_matrix_cmd c;

	do
		c = matrix_any(g, a);
	while (ash_matrix_check(&t, &c, &error));
	c.a_addr += a->base;
	c.b_addr += a->base;
	c.cfg += a->acc << ASHLAR_MATRIX_CFG_ACC_SHIFT;
	matrix_put(g, &c);
	go(g, MATRIX, wait);
}

static void matrix_wild(struct gen *g)
{
	struct area all = everything(g);
	struct ash_matrix_cmd c = matrix_any(g, &all);
	uint32_t n = pick(g, 0, 2);

	matrix_put(g, &c);
	while (n--)
		put(g, MATRIX + 4 * pick(g, 0, ASHLAR_MATRIX_CFG / 4), edge(g));
	go(g, MATRIX, true);
}

/* --- Vector ------------------------------------------------------------------- */

static uint32_t float_bits(struct gen *g)
{
	static const uint32_t special[] = { 0,		0x80000000, 0x3f800000,
					    0x7f800000, 0x7fc00001, 1,
					    0x00800000, 0x4b000000 };

	if (chance(g, 4))
		return special[pick(g, 0, 7)];
	return (rnd(g) & 0x807fffff) | pick(g, 110, 140) << 23;
}

static struct ash_vector_cmd vector_any(struct gen *g, const struct area *a)
{
	uint32_t line = 4 * g->board->array, lines = a->bytes / line;
	uint32_t src = pick(g, 0, 6), dst = pick(g, 2, 6);
	uint32_t small = g->board->array, size = chance(g, 2) ? line : small;
	struct ash_vector_cmd c = {
		.cfg = src | dst << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT |
		       (rnd(g) & 0x1700) |
		       pick(g, 0, 4) << ASHLAR_VECTOR_CFG_SRC2_OP_SHIFT,
		.src = src < 2 ? pick(g, 0, a->accs - 1) :
				 size * pick(g, 0, lines - 1),
		.src_pitch = size * pick(g, 0, 4),
		.src2 = line * pick(g, 0, lines - 1),
		.src2_pitch = line * pick(g, 0, 3),
		.bias = line * pick(g, 0, lines - 1),
		.scale = float_bits(g),
		.scalev = line * pick(g, 0, lines - 1),
		.dst = size * pick(g, 0, lines - 1),
		.dst_pitch = size * pick(g, 0, 4),
		.rows = pick(g, 1, src < 2 ? g->board->array : 60),
		.acc_row = 0,
	};

	if (chance(g, 4) && !(c.cfg & ASHLAR_VECTOR_CFG_SCALE_EN_MASK))
		c.cfg |= ASHLAR_VECTOR_CFG_SCALEV_EN_MASK;
	if (src < 2 && chance(g, 2)) {
		c.acc_row = pick(g, 0, g->board->array - 1);
		c.rows = pick(g, 1, g->board->array - c.acc_row);
	}
	return c;
}

static void vector_put(struct gen *g, const struct ash_vector_cmd *c)
{
	put(g, VECTOR + ASHLAR_VECTOR_CFG, c->cfg);
	put(g, VECTOR + ASHLAR_VECTOR_SRC, c->src);
	put(g, VECTOR + ASHLAR_VECTOR_SRC_PITCH, c->src_pitch);
	put(g, VECTOR + ASHLAR_VECTOR_SRC2, c->src2);
	put(g, VECTOR + ASHLAR_VECTOR_SRC2_PITCH, c->src2_pitch);
	put(g, VECTOR + ASHLAR_VECTOR_BIAS, c->bias);
	put(g, VECTOR + ASHLAR_VECTOR_SCALE, c->scale);
	put(g, VECTOR + ASHLAR_VECTOR_SCALEV, c->scalev);
	put(g, VECTOR + ASHLAR_VECTOR_DST, c->dst);
	put(g, VECTOR + ASHLAR_VECTOR_DST_PITCH, c->dst_pitch);
	put(g, VECTOR + ASHLAR_VECTOR_ROWS, c->rows);
	put(g, VECTOR + ASHLAR_VECTOR_ACC_ROW, c->acc_row);
}

static void vector(struct gen *g, const struct area *a, bool wait)
{
	struct ash_tile t = tile_of(g, a);
	struct ash_cmd_error error;
	struct ash_vector_cmd c;

	do
		c = vector_any(g, a);
	while (ash_vector_check(&t, &c, &error));
	c.src += (c.cfg & ASHLAR_VECTOR_CFG_SRC_FMT_MASK) < 2 ? a->acc :
								a->base;
	c.src2 += a->base;
	c.bias += a->base;
	c.scalev += a->base;
	c.dst += a->base;
	vector_put(g, &c);
	go(g, VECTOR, wait);
}

static void vector_wild(struct gen *g)
{
	struct area all = everything(g);
	struct ash_vector_cmd c = vector_any(g, &all);
	uint32_t n = pick(g, 0, 2);

	vector_put(g, &c);
	while (n--)
		put(g, VECTOR + 4 * pick(g, 0, ASHLAR_VECTOR_ACC_ROW / 4),
		    edge(g));
	go(g, VECTOR, true);
}

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
		put(g, LOAD + 0x100 * pick(g, 0, 3) + ASHLAR_LOAD_WAIT,
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
		/* Not the program, nor a unit's GO that nobody waits for. */
		if (chance(g, 3)) /* text, or just not */
			at = chance(g, 2) ? pick(g, 0x400, 0x7ff) :
					    pick(g, 0x7e00, 0x81ff);
		else
			at += pick(g, 0, 0xdf);
		if (at - UNIT < 0x500 && (at & 0xff) >= 0xe0)
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

	put(g, LOAD + ASHLAR_LOAD_DEFAULTS, 1);
	put(g, LOAD + ASHLAR_LOAD_GADDR_LO,
	    (uint32_t)gr->from + (pick(g, 0, room) & ~63u));
	put(g, LOAD + ASHLAR_LOAD_GADDR_HI, (uint32_t)(gr->from >> 32));
	put(g, LOAD + ASHLAR_LOAD_LADDR, 0);
	put(g, LOAD + ASHLAR_LOAD_RUN, bytes);
	go(g, LOAD, true);
}

static void leave(struct gen *g)
{
	if (chance(g, 2))
		add(g, OP_K_EXIT, chance(g, 2) ? 0 : rnd(g), 0, 0, 0);
}

static void wild(struct gen *g, const struct ground *gr)
{
	switch (pick(g, 0, 5)) {
	case 0:
		dma_wild(g, gr);
		break;
	case 1:
	case 2:
		dma_strange(g, gr);
		break;
	case 3:
		matrix_wild(g);
		break;
	case 4:
		vector_wild(g);
		break;
	default:
		core_wild(g);
		break;
	}
}

void program_random(struct gen *g, const struct ground *gr)
{
	uint32_t n = pick(g, 2, 14), wildness = pick(g, 0, 2);
	struct area all = everything(g);

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	if (!chance(g, 4))
		preload(g, gr);
	while (n--) {
		if (wildness && chance(g, wildness == 1 ? 10 : 4)) {
			wild(g, gr);
			continue;
		}
		switch (pick(g, 0, 7)) {
		case 0:
		case 1:
			dma(g, LOAD, &all, gr, true);
			break;
		case 2:
			dma(g, STORE, &all, gr, true);
			break;
		case 3:
		case 4:
			matrix(g, &all, true);
			break;
		case 5:
		case 6:
			vector(g, &all, true);
			break;
		default:
			core(g);
			break;
		}
	}
	leave(g);
}

void program_overlap(struct gen *g, const struct ground *gr)
{
	uint32_t rounds = pick(g, 1, 4), quarter = g->board->spad_bytes / 4;
	uint32_t half = g->board->accs / 2;

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	preload(g, gr);
	while (rounds--) {
		uint32_t turn = pick(g, 0, 3), n = pick(g, 2, 20), i;
		/* Each unit has a quarter, so that no order is open. */
		struct area area[4];

		for (i = 0; i < 4; i++)
			area[i] = (struct area){ (turn + i) % 4 * quarter,
						 quarter, (turn + i) % 2 * half,
						 half };
		while (n--) {
			switch (pick(g, 0, 3)) {
			case 0:
				dma(g, LOAD, &area[0], gr, false);
				break;
			case 1:
				dma(g, STORE, &area[1], gr, false);
				break;
			case 2:
				matrix(g, &area[2], false);
				break;
			default:
				vector(g, &area[3], false);
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

		put(g, block + ASHLAR_LOAD_DEFAULTS, 1);
		put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)va[i]);
		put(g, block + ASHLAR_LOAD_GADDR_HI, (uint32_t)(va[i] >> 32));
		put(g, block + ASHLAR_LOAD_LADDR, 64 * i);
		put(g, block + ASHLAR_LOAD_RUN, pick(g, 1, 100));
		go(g, block, true);
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
		put(g, LOAD + 0x100 * pick(g, 0, 3) + ASHLAR_LOAD_WAIT,
		    chance(g, 2) ? pick(g, 300, 1000) : 0x7fffff00);
}

void program_broken(struct gen *g, const struct ground *gr)
{
	uint32_t quarter = g->board->spad_bytes / 4, half = g->board->accs / 2;
	const struct area area[4] = { { 0, quarter, 0, half },
				      { quarter, quarter, 0, half },
				      { 2 * quarter, quarter, 0, half },
				      { 3 * quarter, quarter, half, half } };
	uint32_t n = pick(g, 0, 12), i;

	add(g, OP_K_BEGIN, 0, 0, 0, 0);
	while (n--) {
		switch (pick(g, 0, 3)) {
		case 0:
			dma(g, LOAD, &area[0], gr, false);
			break;
		case 1:
			dma(g, STORE, &area[1], gr, false);
			break;
		case 2:
			matrix(g, &area[2], false);
			break;
		default:
			vector(g, &area[3], false);
			break;
		}
	}
	wild(g, gr);
	if (g->k->steps[g->k->n - 1].op == OP_K_GO && chance(g, 2))
		g->k->steps[g->k->n - 1].op = OP_K_START;
	if (chance(g, 2))
		for (i = 0; i < 4; i++)
			add(g, OP_K_WAIT, LOAD + 0x100 * i, 0, 0, 0);
	leave(g);
}

static void store_plain(struct gen *g, uint64_t va, uint32_t bytes)
{
	put(g, STORE + ASHLAR_LOAD_DEFAULTS, 1);
	put(g, STORE + ASHLAR_LOAD_GADDR_LO, (uint32_t)va);
	put(g, STORE + ASHLAR_LOAD_GADDR_HI, (uint32_t)(va >> 32));
	put(g, STORE + ASHLAR_LOAD_LADDR, 0);
	put(g, STORE + ASHLAR_LOAD_RUN, bytes);
	go(g, STORE, true);
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
	for (i = 0; i <= ASHLAR_LOAD_STEP3; i += 4)
		add(g, OP_K_READ, LOAD + i, 4, 0, 0);
	for (i = 0; i <= ASHLAR_VECTOR_ACC_ROW; i += 4)
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
			.src = i,
			.dst = 0,
			.dst_pitch = line,
			.rows = n,
		};

		vector_put(g, &c);
		go(g, VECTOR, true);
		store_plain(g, dump, n * line);
		dump += n * line;
	}
}
