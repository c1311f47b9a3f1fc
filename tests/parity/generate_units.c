// SPDX-License-Identifier: MIT
#include "generate_units.h"

#include <stddef.h>
#include <string.h>

void k_put(struct gen *g, uint32_t addr, uint32_t value)
{
	add(g, OP_K_WRITE, addr, 4, value, 0);
}

void k_go(struct gen *g, uint32_t block, bool wait)
{
	add(g, wait ? OP_K_GO : OP_K_START, block, 0, 0, 0);
}

struct area whole_tile(const struct gen *g)
{
	return (struct area){ 0, g->board->spad_bytes, 0, g->board->accs };
}

struct area part_of_tile(const struct gen *g, uint32_t quarter, uint32_t half)
{
	uint32_t bytes = g->board->spad_bytes / 4, accs = g->board->accs / 2;

	return (struct area){ quarter * bytes, bytes - TABLES_BYTES,
			      half * accs, accs };
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

/* The parameter registers of a DMA, by offset / 4. */
struct dma {
	uint32_t reg[ASHLAR_LOAD_INDEX / 4 + 1];
};

#define REG(d, name) ((d)->reg[ASHLAR_LOAD_##name / 4])

static void dma_put(struct gen *g, uint32_t block, const struct dma *d)
{
	uint32_t i;

	for (i = 0; i <= ASHLAR_LOAD_INDEX / 4; i++)
		if (i != ASHLAR_LOAD_DEFAULTS / 4)
			k_put(g, block + 4 * i, d->reg[i]);
}

/*
 * Coordinates for GATHER, 0 .. most - 1 and what LIMIT1 keeps out, in the
 * block's part of the scratchpad's end; places of tables are used again after
 * so many that none is waited for any more.
 */
static void dma_table(struct gen *g, uint32_t block, struct dma *d,
		      uint32_t most)
{
	uint32_t quarter = g->board->spad_bytes / 4, i, word;
	uint32_t at = (block == LOAD ? 1 : 2) * quarter - TABLES_BYTES;

	REG(d, GATHER) = ASHLAR_LOAD_GATHER_ON;
	REG(d, INDEX) = at + 4 * TABLE_WORDS * (g->tables++ % TABLES);
	/* It need not begin a line. */
	REG(d, INDEX) += 4 * pick(g, 0, TABLE_WORDS - REG(d, COUNT1));
	REG(d, LIMIT1) = most;
	for (i = 0; i < REG(d, COUNT1); i++) {
		word = chance(g, 6) ? most - 1 + edge(g) : pick(g, 0, most - 1);
		k_put(g, SPAD + REG(d, INDEX) + 4 * i, word);
	}
}

/*
 * Any shape, strides, padding and tables, inside of the area and of bytes of
 * global memory at va. Returns false if this one does not fit.
 */
static bool dma_good(struct gen *g, uint32_t block, const struct area *a,
		     uint64_t va, uint64_t bytes, struct dma *d)
{
	uint32_t run = chance(g, 4) ? pick(g, 1, 2000) :
		       chance(g, 2) ? 64 * pick(g, 1, 8) :
				      pick(g, 1, 150);
	struct span local = { 0, run - 1 }, global = { 0, run - 1 };
	bool gather = chance(g, 3);
	uint32_t i, most = pick(g, 1, 20), room = a->bytes;
	int64_t laddr;
	uint64_t gaddr;

	/* Not over the tables, where the area is all. */
	if (room == g->board->spad_bytes && gather && block == LOAD)
		room = room / 4 - TABLES_BYTES;
	*d = (struct dma){ { 0 } };
	REG(d, RUN) = run;
	for (i = 0; i < 4; i++)
		d->reg[ASHLAR_LOAD_LIMIT0 / 4 + i] = 0x7fffffff;
	if (chance(g, 3)) {
		int32_t start = (int32_t)pick(g, 0, 80) - 40;

		REG(d, START0) = (uint32_t)start;
		if (chance(g, 2))
			REG(d, LIMIT0) = pick(g, 0, run + 40);
		else if (start + (int32_t)run > 3) /* the end's last bytes */
			REG(d, LIMIT0) = (uint32_t)start + run - pick(g, 0, 3);
		global.lo += start;
		global.hi += start;
	}
	for (i = 0; i < 3; i++) {
		uint32_t count = chance(g, 2) ? 1 : pick(g, 1, 6);
		int32_t gstride = stride(g, run), lstride = stride(g, run);
		int32_t start = 0, step = 1;
		int64_t first, last;

		if (i == 0 && gather)
			count = pick(g, 1, TABLE_WORDS);
		if (chance(g, 3)) {
			start = (int32_t)pick(g, 0, 6) - 3;
			step = (int32_t)pick(g, 0, 6) - 2;
			if (chance(g, 2))
				d->reg[ASHLAR_LOAD_LIMIT1 / 4 + i] =
					pick(g, 0, 8);
		}
		d->reg[ASHLAR_LOAD_COUNT1 / 4 + i] = count;
		d->reg[ASHLAR_LOAD_GSTRIDE1 / 4 + i] = (uint32_t)gstride;
		d->reg[ASHLAR_LOAD_LSTRIDE1 / 4 + i] = (uint32_t)lstride;
		d->reg[ASHLAR_LOAD_START1 / 4 + i] = (uint32_t)start;
		d->reg[ASHLAR_LOAD_STEP1 / 4 + i] = (uint32_t)step;
		first = i == 0 && gather ? 0 : start;
		last = i == 0 && gather ? most - 1 :
					  start + (int64_t)(count - 1) * step;
		widen(&local, 0, (int64_t)(count - 1) * lstride);
		widen(&global, first * gstride, last * gstride);
	}
	if (local.hi - local.lo >= room ||
	    global.hi - global.lo >= (int64_t)bytes)
		return false;
	laddr = a->base +
		(int64_t)pick(g, 0,
			      (uint32_t)(room - 1 - (local.hi - local.lo)));
	REG(d, LADDR) = (uint32_t)(laddr - local.lo);
	gaddr = va + rnd64(g) % (bytes - (uint64_t)(global.hi - global.lo));
	if (chance(g, 2))
		gaddr &= ~63ull;
	if (gaddr < va)
		gaddr = va;
	gaddr -= (uint64_t)global.lo;
	REG(d, GADDR_LO) = (uint32_t)gaddr;
	REG(d, GADDR_HI) = (uint32_t)(gaddr >> 32);
	if (gather)
		dma_table(g, block, d, most);
	return true;
}

static void dma_choose(struct gen *g, uint32_t block, const struct area *a,
		       const struct ground *gr, struct dma *d)
{
	bool load = block == LOAD;

	while (!dma_good(g, block, a, load ? gr->from : gr->to,
			 load ? gr->from_bytes : gr->to_bytes, d))
		;
	if (chance(g, 2))
		k_put(g, block + ASHLAR_LOAD_DEFAULTS, rnd(g));
}

void add_dma(struct gen *g, uint32_t block, const struct area *a,
	     const struct ground *gr, bool wait)
{
	uint32_t again = chance(g, 5) ? 2 : 1;
	struct dma d;

	dma_choose(g, block, a, gr, &d);
	dma_put(g, block, &d);
	while (again--)
		k_go(g, block, wait);
}

/* The page table decides what becomes of it. */
void add_dma_strange(struct gen *g, const struct ground *gr)
{
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	struct area all = whole_tile(g);
	uint64_t va = gr->strange + rnd64(g) % gr->strange_bytes;
	struct dma d;

	while (!dma_good(g, block, &all, gr->from, gr->from_bytes, &d))
		;
	/* Around the ends of pages, too. */
	if (chance(g, 2))
		va = (va & ~4095ull) - pick(g, 0, 300) + 150;
	if (chance(g, 4))
		va = gr->far[pick(g, 0, 3)] + pick(g, 0, 0x1fffff);
	REG(&d, GADDR_LO) = (uint32_t)va;
	REG(&d, GADDR_HI) = chance(g, 20) ? rnd(g) : (uint32_t)(va >> 32);
	dma_put(g, block, &d);
	k_go(g, block, true);
}

/*
 * Whether a run of it, before one that is not inside the scratchpad, begins in
 * its table: what it does then is not said.
 */
static bool dma_hits_table(const struct gen *g, const struct dma *d)
{
	uint64_t from = REG(d, INDEX);
	uint64_t to = from + 4 * (uint64_t)REG(d, COUNT1);
	uint32_t i, j, k;

	if (to > g->board->spad_bytes || REG(d, RUN) > g->board->spad_bytes)
		return false;
	for (i = 0; i < 3; i++)
		if (d->reg[ASHLAR_LOAD_COUNT1 / 4 + i] > 65535)
			return false;
	for (k = 0; k < REG(d, COUNT3); k++)
		for (j = 0; j < REG(d, COUNT2); j++)
			for (i = 0; i < REG(d, COUNT1); i++) {
				uint32_t at = REG(d, LADDR) +
					      i * REG(d, LSTRIDE1) +
					      j * REG(d, LSTRIDE2) +
					      k * REG(d, LSTRIDE3);

				if (at > g->board->spad_bytes - REG(d, RUN))
					return false;
				if (at < to && at + REG(d, RUN) > from)
					return true;
			}
	return false;
}

/* Some registers hold anything, but no work for ever. */
void add_dma_wild(struct gen *g, const struct ground *gr, bool calm)
{
	static const uint32_t last[] = { ASHLAR_LOAD_STEP3, ASHLAR_LOAD_INDEX };
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	struct area all = whole_tile(g);
	struct dma good, d;
	uint32_t n;

	dma_choose(g, block, &all, gr, &good);
	do {
		d = good;
		for (n = pick(g, 1, 3); n; n--) {
			uint32_t reg = 4 * pick(g, 2, last[calm] / 4);
			uint32_t value = edge(g);

			if (reg == ASHLAR_LOAD_RUN && value > 2000 &&
			    value <= g->board->spad_bytes) {
				REG(&d, COUNT1) = 1;
				REG(&d, COUNT2) = 1;
				REG(&d, COUNT3) = pick(g, 1, 2);
			}
			if (reg >= ASHLAR_LOAD_COUNT1 &&
			    reg <= ASHLAR_LOAD_COUNT3 && value > 40 &&
			    value < 65536)
				value = chance(g, 2) ? 0 : 65536;
			if (reg == ASHLAR_LOAD_GATHER && chance(g, 2))
				value = ASHLAR_LOAD_GATHER_ON;
			d.reg[reg / 4] = value;
		}
		/* Tables are where nobody writes. */
		if (!calm && d.reg[ASHLAR_LOAD_COUNT1 / 4] !=
				     good.reg[ASHLAR_LOAD_COUNT1 / 4])
			REG(&d, GATHER) = ASHLAR_LOAD_GATHER_OFF;
	} while (REG(&d, GATHER) == ASHLAR_LOAD_GATHER_ON && block == LOAD &&
		 dma_hits_table(g, &d));
	dma_put(g, block, &d);
	k_go(g, block, true);
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
		.tiles = chance(g, 2) ? pick(g, 1, a->accs) : 1,
		.a_tile = line * (pick(g, 0, 40) - 20),
		.b_tile = line * (pick(g, 0, 40) - 20),
		.parts = chance(g, 2) ? pick(g, 1, 5) : 1,
		.a_part = line * (pick(g, 0, 40) - 20),
		.b_part = line * (pick(g, 0, 40) - 20),
	};

	return c;
}

static void matrix_put(struct gen *g, const struct ash_matrix_cmd *c)
{
	k_put(g, MATRIX + ASHLAR_MATRIX_A_ADDR, c->a_addr);
	k_put(g, MATRIX + ASHLAR_MATRIX_A_PITCH, c->a_pitch);
	k_put(g, MATRIX + ASHLAR_MATRIX_B_ADDR, c->b_addr);
	k_put(g, MATRIX + ASHLAR_MATRIX_B_PITCH, c->b_pitch);
	k_put(g, MATRIX + ASHLAR_MATRIX_K, c->k);
	k_put(g, MATRIX + ASHLAR_MATRIX_CFG, c->cfg);
	k_put(g, MATRIX + ASHLAR_MATRIX_TILES, c->tiles);
	k_put(g, MATRIX + ASHLAR_MATRIX_A_TILE, c->a_tile);
	k_put(g, MATRIX + ASHLAR_MATRIX_B_TILE, c->b_tile);
	k_put(g, MATRIX + ASHLAR_MATRIX_PARTS, c->parts);
	k_put(g, MATRIX + ASHLAR_MATRIX_A_PART, c->a_part);
	k_put(g, MATRIX + ASHLAR_MATRIX_B_PART, c->b_part);
}

void add_matrix(struct gen *g, const struct area *a, bool wait)
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
	k_go(g, MATRIX, wait);
}

void add_matrix_wild(struct gen *g)
{
	struct area all = whole_tile(g);
	struct ash_matrix_cmd c = matrix_any(g, &all);
	uint32_t n = pick(g, 0, 2);

	matrix_put(g, &c);
	while (n--)
		k_put(g, MATRIX + 4 * pick(g, 0, ASHLAR_MATRIX_B_PART / 4),
		      edge(g));
	k_go(g, MATRIX, true);
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

/* The operand's register: a row or words in the area, or an immediate. */
static uint32_t operand_any(struct gen *g, uint32_t sel, uint32_t line,
			    uint32_t lines)
{
	if (sel == ASHLAR_VECTOR_CFG_SRC2_SEL_IMM)
		return chance(g, 3) ? edge(g) : float_bits(g);
	return line * pick(g, 0, lines - 1) +
	       (sel == ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR ?
			4 * pick(g, 0, line / 4 - 1) :
			0);
}

static bool is_integer(uint32_t format)
{
	return format == ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32 ||
	       format == ASHLAR_VECTOR_CFG_SRC_FMT_I32 ||
	       format == ASHLAR_VECTOR_CFG_SRC_FMT_I8;
}

#define VEC(field, value)                                     \
	((uint32_t)(value) << ASHLAR_VECTOR_##field##_SHIFT & \
	 ASHLAR_VECTOR_##field##_MASK)

static struct ash_vector_cmd vector_any(struct gen *g, const struct area *a)
{
	uint32_t n = g->board->array, line = 4 * n, lines = a->bytes / line;
	uint32_t src = pick(g, 0, 6), dst = chance(g, 8) ? 0 : pick(g, 2, 6);
	uint32_t size = chance(g, 2) ? line : n;
	uint32_t src_size = src < 2 ? 1 : size;
	uint32_t sel2 = chance(g, 2) ? pick(g, 1, 3) : 0;
	uint32_t bias = chance(g, 3) ? pick(g, 1, 3) : 0;
	uint32_t scale = chance(g, 3) ? pick(g, 1, 3) : 0;
	uint32_t fn = chance(g, 2) ? pick(g, 1, 9) : 0;
	uint32_t red = chance(g, 2) ? pick(g, 1, 2) : 0;
	bool late = chance(g, 3), transpose = !red && chance(g, 4);
	bool integer = is_integer(src) && !(late && (fn || scale));
	uint32_t src2 = integer ? (chance(g, 2) ? 2 : 6) : pick(g, 3, 5);
	struct ash_vector_cmd c = {
		.cfg = VEC(CFG_SRC_FMT, src) | VEC(CFG_DST_FMT, dst) |
		       VEC(CFG_SRC2_FMT, src2) |
		       VEC(CFG_SRC2_OP, pick(g, 0, integer ? 15 : 9)) |
		       VEC(CFG_SRC2_SEL, sel2) | VEC(CFG_SRC2_LATE, late) |
		       VEC(CFG_BIAS_SEL, bias) |
		       VEC(CFG_BIAS_LATE, chance(g, 2)) |
		       VEC(CFG_SCALE_SEL, scale) | VEC(CFG_RELU, chance(g, 4)) |
		       VEC(CFG_TRANSPOSE, transpose) |
		       (rnd(g) & 0xfc000000), /* bits without a name */
		.op = VEC(OP_FN, fn) | VEC(OP_RED_MODE, red) |
		      VEC(OP_RED_OP, pick(g, 0, 2)),
		.src = src < 2 ? pick(g, 0, a->accs * n - 1) :
				 size * pick(g, 0, lines - 1),
		.src_pitch = src_size * pick(g, 0, 4),
		.src_gpitch = src_size * pick(g, 0, 9),
		.src2 = operand_any(g, sel2, line, lines),
		.src2_pitch = line * pick(g, 0, 3),
		.src2_gpitch = line * pick(g, 0, 5),
		.bias = operand_any(g, bias, line, lines),
		.scale = operand_any(g, scale, line, lines),
		.dst = size * pick(g, 0, lines - 1),
		.dst_pitch = size * pick(g, 0, 4),
		.dst_gpitch = size * pick(g, 0, 40),
		.rows = pick(g, 1,
			     transpose	  ? n :
			     chance(g, 3) ? 60 :
					    6),
		.groups = chance(g, 3) ? pick(g, 2, chance(g, 4) ? 40 : 5) : 1,
		.tail = chance(g, 3) ? pick(g, 1, n) : 0,
		.red = (red == 1 ? 4 : line) * pick(g, 0, lines - 1),
	};

	return c;
}

/* The registers' order is the structure's. */
#define VECTOR_WORDS (sizeof(struct ash_vector_cmd) / 4)
_Static_assert(VECTOR_WORDS == ASHLAR_VECTOR_RED / 4 + 1 &&
		       offsetof(struct ash_vector_cmd, dst) ==
			       ASHLAR_VECTOR_DST,
	       "block VECTOR and ash_vector_cmd");

void vector_put(struct gen *g, const struct ash_vector_cmd *c)
{
	uint32_t reg[VECTOR_WORDS], i;

	memcpy(reg, c, sizeof(reg));
	for (i = 0; i < VECTOR_WORDS; i++)
		k_put(g, VECTOR + 4 * i, reg[i]);
}

static void move_operand(uint32_t cfg_sel, uint32_t *at, uint32_t base)
{
	if (cfg_sel == ASHLAR_VECTOR_CFG_SRC2_SEL_ROW ||
	    cfg_sel == ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR)
		*at += base;
}

#define CFG(c, field)                                     \
	(((c)->cfg & ASHLAR_VECTOR_CFG_##field##_MASK) >> \
	 ASHLAR_VECTOR_CFG_##field##_SHIFT)

void add_vector(struct gen *g, const struct area *a, bool wait)
{
	struct ash_tile t = tile_of(g, a);
	struct ash_cmd_error error;
	struct ash_vector_cmd c;

	do
		c = vector_any(g, a);
	while (ash_vector_check(&t, &c, &error));
	c.src += CFG(&c, SRC_FMT) < 2 ? a->acc * t.n : a->base;
	move_operand(CFG(&c, SRC2_SEL), &c.src2, a->base);
	move_operand(CFG(&c, BIAS_SEL), &c.bias, a->base);
	move_operand(CFG(&c, SCALE_SEL), &c.scale, a->base);
	c.dst += a->base;
	c.red += a->base;
	if (chance(g, 8))
		k_put(g, VECTOR + ASHLAR_VECTOR_DEFAULTS, rnd(g));
	vector_put(g, &c);
	k_go(g, VECTOR, wait);
}

void add_vector_wild(struct gen *g)
{
	struct area all = whole_tile(g);
	struct ash_vector_cmd c;
	uint32_t reg[VECTOR_WORDS], n;

	do {
		c = vector_any(g, &all);
		memcpy(reg, &c, sizeof(reg));
		for (n = pick(g, 0, 2); n; n--)
			reg[pick(g, 0, VECTOR_WORDS - 1)] = edge(g);
		/* Formats and operations that do not fit, too. */
		for (n = pick(g, 0, 2); n; n--)
			reg[pick(g, 0, 1)] ^= 1u << pick(g, 0, 25);
		memcpy(&c, reg, sizeof(reg));
	} while ((uint64_t)c.rows * c.groups > 70000 && c.rows <= 65535 &&
		 c.groups <= 65535);
	vector_put(g, &c);
	k_go(g, VECTOR, true);
}
