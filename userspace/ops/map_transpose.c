// SPDX-License-Identifier: MIT
/* Copies that transpose: the vector unit turns blocks of N x N. */
#include "map.h"

#define SLOTS	 3u
#define STEP_MAX 0x7fffffffll
#define BLOCKS	 4u /* of a piece, each way */
#define LEAST	 8u /* elements each way: else it is not worth it */

static bool fits(int64_t step)
{
	return step <= STEP_MAX && step >= -STEP_MAX;
}

/* The dimension along which x is contiguous; 0: none that serves. */
static uint32_t find_other(const struct map *m, const struct map_order *o)
{
	const struct map_step *s = &m->step[0];
	int64_t bytes = ashlar_format_bytes(m->room[s->src].format);
	uint32_t d;

	for (d = 1; d < ASHLAR_DIMS_MAX; d++)
		if (o->size[d] >= LEAST && o->step[d][s->src] == bytes &&
		    fits(o->step[d][s->dst]))
			return d;
	return 0;
}

bool map_is_transpose(const struct map *m, const struct map_order *o)
{
	const struct map_step *s = &m->step[0];

	if (m->steps != 1 || m->rooms != 2 || s->src == s->dst || s->scaled ||
	    s->biased || s->imm2 || s->relu || s->fn || s->src2 != MAP_NONE)
		return false;
	if (o->size[0] < LEAST || !fits(o->step[0][s->src]) ||
	    o->step[0][s->dst] !=
		    (int64_t)ashlar_format_bytes(m->room[s->dst].format) ||
	    o->step[0][s->src] ==
		    (int64_t)ashlar_format_bytes(m->room[s->src].format))
		return false;
	return find_other(m, o) != 0;
}

static uint32_t round_up(uint32_t bytes, uint32_t line)
{
	return (bytes + line - 1) / line * line;
}

int map_transpose(struct map *m, const struct map_order *o)
{
	const struct plan_board *b = &m->p->board;
	const struct map_room *x = &m->room[m->step[0].src];
	const struct map_room *y = &m->room[m->step[0].dst];
	uint32_t src = m->step[0].src, dst = m->step[0].dst;
	uint32_t other = find_other(m, o), bank = b->spad_bytes / b->spad_banks;
	unsigned __int128 pieces = 1;
	uint32_t d, n = 0, elements;
	struct ew_transpose_args a = {
		.x = x->t.addr,
		.y = y->t.addr,
		.size = { (uint32_t)o->size[0], (uint32_t)o->size[other] },
		.x_step = (int32_t)o->step[0][src],
		.y_step = (int32_t)o->step[other][dst],
		.outer = { 1, 1, 1, 1 },
		.slots = SLOTS,
		.x_bytes = ashlar_format_bytes(x->format),
		.y_bytes = ashlar_format_bytes(y->format),
		.cfg = x->format << ASHLAR_VECTOR_CFG_SRC_FMT_SHIFT |
		       y->format << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT |
		       1u << ASHLAR_VECTOR_CFG_TRANSPOSE_SHIFT,
	};

	for (d = 1; d < ASHLAR_DIMS_MAX; d++) {
		if (d == other)
			continue;
		a.outer[n] = (uint32_t)o->size[d];
		a.x_outer[n] = o->step[d][src];
		a.y_outer[n] = o->step[d][dst];
		pieces *= o->size[d];
		n++;
	}
	for (d = 0; d < 2; d++) {
		uint32_t whole = round_up(a.size[d], b->array);

		a.piece[d] = whole < BLOCKS * b->array ? whole :
							 BLOCKS * b->array;
		pieces *= (a.size[d] + a.piece[d] - 1) / a.piece[d];
	}
	if (pieces > UINT32_MAX)
		return check_unsupported(&m->p->check,
					 "more than 2^32 - 1 pieces");
	a.pieces = (uint32_t)pieces;
	elements = a.piece[0] * a.piece[1];
	a.in_slot = round_up(elements * a.x_bytes, 4 * b->array);
	a.out_slot = round_up(elements * a.y_bytes, 4 * b->array);
	/* In banks of their own, if there is room. */
	a.out = round_up(SLOTS * a.in_slot, bank);
	if (a.out + SLOTS * a.out_slot > b->spad_bytes)
		a.out = SLOTS * a.in_slot;
	if (a.out + SLOTS * a.out_slot > b->spad_bytes)
		return check_unsupported(&m->p->check,
					 "the scratchpad is too small");
	return plan_launch(m->p, "elementwise", "ew_transpose", &a, sizeof(a)) ?
		       0 :
		       -1;
}
