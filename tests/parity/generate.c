// SPDX-License-Identifier: MIT
/* Random cases: what the kinds share. */
#include "parity.h"

#include <string.h>

const struct kind kinds[] = {
	{ "registers", make_registers }, { "processor", make_processor },
	{ "tiles", make_tiles },	 { "pair", make_pair },
	{ "pages", make_pages },
};
const unsigned int kind_count = sizeof(kinds) / sizeof(kinds[0]);

uint64_t rnd64(struct gen *g)
{
	uint64_t x = g->state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

uint32_t rnd(struct gen *g)
{
	return (uint32_t)rnd64(g);
}

uint32_t pick(struct gen *g, uint32_t lo, uint32_t hi)
{
	return lo + (uint32_t)(rnd64(g) % ((uint64_t)hi - lo + 1));
}

bool chance(struct gen *g, uint32_t one_in)
{
	return pick(g, 1, one_in) == 1;
}

uint32_t edge(struct gen *g)
{
	static const uint32_t edges[] = {
		0,	    1,		2,	    3,		7,
		8,	    31,		32,	    63,		64,
		65,	    127,	128,	    255,	4095,
		4096,	    65535,	65536,	    65537,	0x7fff,
		0x8000,	    0xffff8000, 0x7fffffff, 0x80000000, 0xffffffff,
		0xfffffffc, 0xffffffc0, 0xfffff000, 0x80000001, 0x10000,
	};

	switch (pick(g, 0, 5)) {
	case 0:
		return g->board->spad_bytes - pick(g, 0, 260);
	case 1:
		return g->board->spad_bytes + pick(g, 0, 4);
	case 2:
		return rnd(g);
	default:
		return edges[pick(g, 0, sizeof(edges) / sizeof(edges[0]) - 1)];
	}
}

/* One of the compressed ones for a0 and a1, and a nop. */
static uint32_t short_insn(struct gen *g)
{
	uint32_t imm = rnd(g) & 0x107c, nop = 0x00010000;

	switch (pick(g, 0, 6)) {
	case 0: /* c.addi */
		return nop | 0x0501 | imm;
	case 1: /* c.li */
		return nop | 0x4501 | imm;
	case 2: /* c.lui */
		return nop | 0x6501 | imm;
	case 3: /* c.slli */
		return nop | 0x0502 | imm;
	case 4: /* c.srli, c.srai, c.andi */
		return nop | 0x8101 | pick(g, 0, 2) << 10 | imm;
	case 5: /* c.sub, c.xor, c.or, c.and, and what is reserved */
		return nop | 0x8d0d | (rnd(g) & 0x1060);
	default: /* c.mv, c.add */
		return nop | 0x852e | (rnd(g) & 0x1000);
	}
}

uint32_t insn(struct gen *g)
{
	uint32_t any = rnd(g);

	switch (pick(g, 0, 5)) {
	case 0: /* op, all functions, reserved ones too */
		return 0x00b50533 | (any & 0xfe007000);
	case 1:
		return 0x00b50533 | (any & 0x7000) |
		       (chance(g, 2) ? 0x02000000 : 0);
	case 2: /* op-imm */
		return 0x00050513 | (any & 0xfff07000);
	case 3: /* lui, auipc */
		return (chance(g, 2) ? 0x00000537 : 0x00000517) |
		       (any & 0xfffff000);
	default:
		return short_insn(g);
	}
}

void add(struct gen *g, enum op op, uint64_t a, uint64_t b, uint64_t c,
	 uint64_t d)
{
	case_add(g->k, op, a, b, c, d);
}

void generate(struct kase *k, const struct board *board,
	      const struct kind *kind, uint64_t seed)
{
	struct gen g = { seed * 0x2545f4914f6cdd1dull + 1, board, k, 0 };
	const char *p;

	for (p = kind->name; *p; p++)
		g.state = g.state * 31 + (uint8_t)*p;
	memset(k, 0, sizeof(*k));
	snprintf(k->board, sizeof(k->board), "%s", board->name);
	kind->make(&g);
}
