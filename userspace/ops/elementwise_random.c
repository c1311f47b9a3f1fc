// SPDX-License-Identifier: MIT
/* random, dropout. */
#include <math.h>

#include "kernels/args_random.h"
#include "map.h"
#include "ops_normal.h"

#define SLOTS 2u

/* Counters of a piece, as many as there is room for, and their places. */
static int place(struct plan *p, struct ew_random_args *a)
{
	uint32_t counters = RANDOM_COUNTERS, at, i;
	uint64_t pieces;

	for (;; counters /= 2) {
		/* iota, state and temporaries are 7 words a counter. */
		at = counters * (7 * 4 + SLOTS * 4 * (a->x_bytes + a->y_bytes));
		if (at <= p->board.spad_bytes)
			break;
		if (counters == p->board.array)
			return check_unsupported(&p->check,
						 "the scratchpad is too small");
	}
	a->counters = counters;
	pieces = (a->count + RANDOM_BLOCK - 1) / RANDOM_BLOCK *
		 (RANDOM_COUNTERS / counters);
	if (pieces > UINT32_MAX)
		return check_unsupported(
			&p->check, "more than 2^32 - 1 pieces of %u elements",
			4 * counters);
	a->pieces = (uint32_t)pieces;
	at = 0;
	a->iota = at;
	for (i = 0; i < 4; i++)
		a->state[i] = at += 4 * counters;
	for (i = 0; i < 2; i++)
		a->temp[i] = at += 4 * counters;
	a->in = at += 4 * counters;
	a->out = at + SLOTS * 4 * counters * a->x_bytes;
	return 0;
}

static int launch(struct plan *p, struct ew_random_args *a,
		  const struct ashlar_tensor *y, uint64_t seed, uint64_t stream)
{
	a->y = y->addr;
	a->count = tensor_count(y);
	a->y_format = y->format;
	a->y_bytes = ashlar_format_bytes(y->format);
	a->seed[0] = (uint32_t)seed;
	a->seed[1] = (uint32_t)(seed >> 32);
	a->stream[0] = (uint32_t)stream;
	a->stream[1] = (uint32_t)(stream >> 32);
	if (place(p, a))
		return -1;
	return plan_launch(p, "random", "ew_random", a, sizeof(*a)) ? 0 : -1;
}

int plan_random(struct plan *p, const struct ashlar_op_random *op)
{
	struct check *c = &p->check;
	struct ew_random_args a = {
		.sine = { OPS_SIN0, OPS_SIN1, OPS_SIN2, OPS_SIN3, OPS_SIN4 },
	};

	if (check_range(c, "function", op->function, 0, ASHLAR_RANDOM_NORMAL) ||
	    check_tensor(c, "y", &op->y,
			 op->function == ASHLAR_RANDOM_WORDS ? CHECK_I32 :
							       CHECK_FLOATS,
			 CHECK_WRITTEN | CHECK_PACKED) ||
	    check_reserved(c, op->reserved))
		return -1;
	switch (op->function) {
	case ASHLAR_RANDOM_UNIFORM:
		if (check_number(c, "a", op->a, -0x1p126, 0x1p126) ||
		    check_number(c, "b", op->b, -0x1p126, 0x1p126))
			return -1;
		a.work = RANDOM_WORK_UNIFORM;
		/* Of u: 2^-24 of a word. */
		a.scale = map_bits((op->b - op->a) * 0x1p-24f);
		a.shift = map_bits(op->a);
		break;
	case ASHLAR_RANDOM_NORMAL:
		if (check_number(c, "a", op->a, -0x1p126, 0x1p126) ||
		    check_number(c, "b", op->b, 0, 0x1p126))
			return -1;
		a.work = RANDOM_WORK_NORMAL;
		a.scale = map_bits(op->b);
		a.shift = map_bits(op->a);
		break;
	default:
		a.work = RANDOM_WORK_WORDS;
		break;
	}
	if (tensor_count(&op->y) == 0)
		return 0;
	return launch(p, &a, &op->y, op->seed, op->stream);
}

int plan_dropout(struct plan *p, const struct ashlar_op_dropout *op)
{
	struct check *c = &p->check;
	struct ew_random_args a = { .work = RANDOM_WORK_DROPOUT };

	if (check_tensor(c, "x", &op->x, CHECK_FLOATS, CHECK_PACKED) ||
	    check_tensor(c, "y", &op->y, CHECK_FLOATS,
			 CHECK_WRITTEN | CHECK_PACKED) ||
	    check_same_shape(c, "y", &op->y, "x", &op->x) ||
	    check_number(c, "p", op->p, 0, 0.99f) ||
	    check_reserved(c, op->reserved))
		return -1;
	check_may_share(c, "x", "y");
	if (tensor_count(&op->y) == 0)
		return 0;
	a.x = op->x.addr;
	a.x_format = op->x.format;
	a.x_bytes = ashlar_format_bytes(op->x.format);
	a.scale = map_bits((float)(1 / (1 - (double)op->p)));
	a.least = (uint32_t)lrint((double)op->p * 0x1p24);
	return launch(p, &a, &op->y, op->seed, op->stream);
}
