// SPDX-License-Identifier: MIT
/*
 * Makes a case smaller while its difference stays: first fewer steps, then
 * smaller numbers. A step that waits for something goes only with what it
 * waits for, so that a small case asks for nothing that is not defined.
 */
#include "parity.h"

#include <string.h>
#include <time.h>

#define TRIES	1500
#define SECONDS 120

struct shrinker {
	const struct gate *g;
	struct kase *k;
	struct difference *d; /* of k */
	unsigned int tries;
	time_t end;
};

static bool tired(const struct shrinker *s)
{
	return s->tries >= TRIES || time(NULL) >= s->end;
}

/* Takes the candidate if it differs in the same way. */
static bool accept(struct shrinker *s, struct kase *candidate)
{
	struct difference d;
	uint64_t operations;

	s->tries++;
	gate_try(s->g, candidate, &d, &operations);
	if (!d.found || strcmp(d.kind, s->d->kind) ||
	    strcmp(d.what, s->d->what)) {
		case_free(candidate);
		return false;
	}
	case_free(s->k);
	*s->k = *candidate;
	*s->d = d;
	return true;
}

static bool is_copy_go(const struct step *s)
{
	return s->op == OP_MP_WRITE &&
	       s->arg[0] - ASHLAR_MAP_MP_COPY_BASE <
		       ASHLAR_MAP_MP_COPY_COUNT * ASHLAR_MAP_MP_COPY_STRIDE &&
	       s->arg[0] % ASHLAR_MAP_MP_COPY_STRIDE == ASHLAR_COPY_GO;
}

static bool is_tile_command(const struct step *s)
{
	return s->op == OP_MP_WRITE &&
	       s->arg[0] - ASHLAR_MAP_MP_TILE_BASE <
		       64 * ASHLAR_MAP_MP_TILE_STRIDE &&
	       s->arg[0] % ASHLAR_MAP_MP_TILE_STRIDE == ASHLAR_TILE_CTRL;
}

/* Whether this step waits for a step before it that is not waited for. */
static bool is_needed(const struct kase *k, uint32_t at)
{
	enum op op = k->steps[at].op;
	uint32_t i = at;

	if (op != OP_MP_SETTLE && op != OP_MP_TILE && op != OP_K_WAIT &&
	    op != OP_BOOT && op != OP_OPEN)
		return false;
	if (op == OP_BOOT || op == OP_OPEN)
		return true;
	while (i--) {
		const struct step *s = &k->steps[i];

		if (s->op == op && s->arg[0] == k->steps[at].arg[0])
			return false;
		if ((op == OP_MP_SETTLE && is_copy_go(s)) ||
		    (op == OP_MP_TILE && is_tile_command(s)) ||
		    (op == OP_K_WAIT && s->op == OP_K_START))
			return true;
	}
	return false;
}

/* Without steps from .. to-1, but those that are needed by what stays. */
static bool cut(const struct kase *k, struct kase *without, uint32_t from,
		uint32_t to)
{
	uint32_t i;

	memset(without, 0, sizeof(*without));
	memcpy(without->board, k->board, sizeof(k->board));
	for (i = 0; i < k->n; i++) {
		const struct step *s = &k->steps[i];

		case_add(without, s->op, s->arg[0], s->arg[1], s->arg[2],
			 s->arg[3]);
		if (i >= from && i < to && !is_needed(without, without->n - 1))
			without->n--;
	}
	return without->n < k->n;
}

static bool cut_steps(struct shrinker *s)
{
	uint32_t size = s->k->n / 2;
	bool any = false;

	for (; size; size /= 2) {
		uint32_t at = 0;

		while (at < s->k->n && !tired(s)) {
			struct kase c;

			if (!cut(s->k, &c, at, at + size)) {
				case_free(&c);
				at += size;
			} else if (accept(s, &c)) {
				any = true;
			} else {
				at += size;
			}
		}
	}
	return any;
}

static bool set_number(struct shrinker *s, uint32_t step, unsigned int arg,
		       uint64_t value)
{
	struct kase c;

	if (value >= s->k->steps[step].arg[arg] || tired(s))
		return false;
	case_copy(&c, s->k);
	c.steps[step].arg[arg] = value;
	return accept(s, &c);
}

/* Addresses of registers stay: another register is another question. */
static unsigned int first_number(enum op op)
{
	switch (op) {
	case OP_READ:
	case OP_WRITE:
		return 2;
	case OP_MP_READ:
	case OP_MP_WRITE:
	case OP_K_READ:
	case OP_K_WRITE:
		return 2;
	case OP_K_START:
	case OP_K_WAIT:
	case OP_K_GO:
	case OP_MP_EXEC:
	case OP_K_EXEC:
		return 1;
	case OP_MP_TILE:
	case OP_MP_SETTLE:
		return STEP_ARGS;
	default:
		return 0;
	}
}

static void lower_numbers(struct shrinker *s)
{
	uint32_t i;
	unsigned int arg;

	for (i = 0; i < s->k->n; i++) {
		for (arg = first_number(s->k->steps[i].op);
		     arg < case_args(s->k->steps[i].op); arg++) {
			uint64_t *v = &s->k->steps[i].arg[arg];

			if (!*v || set_number(s, i, arg, 0) ||
			    set_number(s, i, arg, 1))
				continue;
			do
				v = &s->k->steps[i].arg[arg];
			while (set_number(s, i, arg, *v / 2));
			v = &s->k->steps[i].arg[arg];
			set_number(s, i, arg, *v & ~63ull);
			v = &s->k->steps[i].arg[arg];
			set_number(s, i, arg, *v - 1);
		}
	}
}

static bool overlaps(const struct kase *k)
{
	uint32_t i;

	for (i = 0; i < k->n; i++)
		if (k->steps[i].op == OP_K_START)
			return true;
	return false;
}

/* Every macro-operation waited for: then no order is open. */
static void serialise(struct shrinker *s)
{
	struct kase c;
	uint32_t i;

	case_copy(&c, s->k);
	for (i = 0; i < c.n; i++)
		if (c.steps[i].op == OP_K_START)
			c.steps[i].op = OP_K_GO;
	accept(s, &c);
}

void shrink(const struct gate *g, struct kase *k, struct difference *d)
{
	struct shrinker s = { g, k, d, 0, time(NULL) + SECONDS };

	if (overlaps(k))
		serialise(&s);
	while (cut_steps(&s) && !tired(&s))
		;
	/* Other numbers could make overlapping operations depend. */
	if (!overlaps(k))
		lower_numbers(&s);
	cut_steps(&s);
}
