// SPDX-License-Identifier: MIT
/* Random cases: what the kinds share. */
#include "parity.h"

#include <string.h>

const struct kind kinds[] = {
	{ "registers", make_registers },
	{ "processor", make_processor },
	{ "tiles", make_tiles },
	{ "pair", make_pair },
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

void add(struct gen *g, enum op op, uint64_t a, uint64_t b, uint64_t c,
	 uint64_t d)
{
	case_add(g->k, op, a, b, c, d);
}

void generate(struct kase *k, const struct board *board,
	      const struct kind *kind, uint64_t seed)
{
	struct gen g = { seed * 0x2545f4914f6cdd1dull + 1, board, k };
	const char *p;

	for (p = kind->name; *p; p++)
		g.state = g.state * 31 + (uint8_t)*p;
	memset(k, 0, sizeof(*k));
	snprintf(k->board, sizeof(k->board), "%s", board->name);
	kind->make(&g);
}
