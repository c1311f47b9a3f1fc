// SPDX-License-Identifier: MIT
#include "generate_units.h"

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
		k_put(g, block + ASHLAR_LOAD_DEFAULTS, rnd(g));
	k_put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)gaddr);
	k_put(g, block + ASHLAR_LOAD_GADDR_HI, (uint32_t)(gaddr >> 32));
	k_put(g, block + ASHLAR_LOAD_LADDR, laddr);
	k_put(g, block + ASHLAR_LOAD_RUN, run);
	k_put(g, block + ASHLAR_LOAD_START0, (uint32_t)start[0]);
	k_put(g, block + ASHLAR_LOAD_LIMIT0, limit[0]);
	for (i = 0; i < 3; i++) {
		k_put(g, block + ASHLAR_LOAD_COUNT1 + 4 * i, count[i]);
		k_put(g, block + ASHLAR_LOAD_GSTRIDE1 + 4 * i,
		      (uint32_t)gstride[i]);
		k_put(g, block + ASHLAR_LOAD_LSTRIDE1 + 4 * i,
		      (uint32_t)lstride[i]);
		k_put(g, block + ASHLAR_LOAD_START1 + 4 * i,
		      (uint32_t)start[i + 1]);
		k_put(g, block + ASHLAR_LOAD_LIMIT1 + 4 * i, limit[i + 1]);
		k_put(g, block + ASHLAR_LOAD_STEP1 + 4 * i, (uint32_t)step[i]);
	}
	return true;
}

void add_dma(struct gen *g, uint32_t block, const struct area *a,
	     const struct ground *gr, bool wait)
{
	bool load = block == LOAD;
	uint32_t again = chance(g, 5) ? 2 : 1;

	while (!dma_good(g, block, a, load ? gr->from : gr->to,
			 load ? gr->from_bytes : gr->to_bytes))
		;
	while (again--)
		k_go(g, block, wait);
}

/* The page table decides what becomes of it. */
void add_dma_strange(struct gen *g, const struct ground *gr)
{
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	struct area all = whole_tile(g);
	uint64_t va = gr->strange + rnd64(g) % gr->strange_bytes;

	while (!dma_good(g, block, &all, gr->from, gr->from_bytes))
		;
	/* Around the ends of pages, too. */
	if (chance(g, 2))
		va = (va & ~4095ull) - pick(g, 0, 300) + 150;
	if (chance(g, 4))
		va = gr->far[pick(g, 0, 3)] + pick(g, 0, 0x1fffff);
	k_put(g, block + ASHLAR_LOAD_GADDR_LO, (uint32_t)va);
	k_put(g, block + ASHLAR_LOAD_GADDR_HI,
	      chance(g, 20) ? rnd(g) : (uint32_t)(va >> 32));
	k_go(g, block, true);
}

/* Some registers hold anything, but no work for ever. */
void add_dma_wild(struct gen *g, const struct ground *gr)
{
	uint32_t block = chance(g, 2) ? LOAD : STORE;
	bool load = block == LOAD;
	struct area all = whole_tile(g);
	uint32_t n = pick(g, 1, 3);

	while (!dma_good(g, block, &all, load ? gr->from : gr->to,
			 load ? gr->from_bytes : gr->to_bytes))
		;
	while (n--) {
		uint32_t reg = 4 * pick(g, 2, ASHLAR_LOAD_STEP3 / 4);
		uint32_t value = edge(g);

		if (reg == ASHLAR_LOAD_RUN && value > 2000 &&
		    value <= g->board->spad_bytes) {
			k_put(g, block + ASHLAR_LOAD_COUNT1, 1);
			k_put(g, block + ASHLAR_LOAD_COUNT2, 1);
			k_put(g, block + ASHLAR_LOAD_COUNT3, pick(g, 1, 2));
		}
		if (reg >= ASHLAR_LOAD_COUNT1 && reg <= ASHLAR_LOAD_COUNT3 &&
		    value > 40 && value < 65536)
			value = chance(g, 2) ? 0 : 65536;
		k_put(g, block + reg, value);
	}
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
		k_put(g, MATRIX + 4 * pick(g, 0, ASHLAR_MATRIX_CFG / 4),
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

void vector_put(struct gen *g, const struct ash_vector_cmd *c)
{
	k_put(g, VECTOR + ASHLAR_VECTOR_CFG, c->cfg);
	k_put(g, VECTOR + ASHLAR_VECTOR_SRC, c->src);
	k_put(g, VECTOR + ASHLAR_VECTOR_SRC_PITCH, c->src_pitch);
	k_put(g, VECTOR + ASHLAR_VECTOR_SRC2, c->src2);
	k_put(g, VECTOR + ASHLAR_VECTOR_SRC2_PITCH, c->src2_pitch);
	k_put(g, VECTOR + ASHLAR_VECTOR_BIAS, c->bias);
	k_put(g, VECTOR + ASHLAR_VECTOR_SCALE, c->scale);
	k_put(g, VECTOR + ASHLAR_VECTOR_SCALEV, c->scalev);
	k_put(g, VECTOR + ASHLAR_VECTOR_DST, c->dst);
	k_put(g, VECTOR + ASHLAR_VECTOR_DST_PITCH, c->dst_pitch);
	k_put(g, VECTOR + ASHLAR_VECTOR_ROWS, c->rows);
	k_put(g, VECTOR + ASHLAR_VECTOR_ACC_ROW, c->acc_row);
}

void add_vector(struct gen *g, const struct area *a, bool wait)
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
	k_go(g, VECTOR, wait);
}

void add_vector_wild(struct gen *g)
{
	struct area all = whole_tile(g);
	struct ash_vector_cmd c = vector_any(g, &all);
	uint32_t n = pick(g, 0, 2);

	vector_put(g, &c);
	while (n--)
		k_put(g, VECTOR + 4 * pick(g, 0, ASHLAR_VECTOR_ACC_ROW / 4),
		      edge(g));
	k_go(g, VECTOR, true);
}
