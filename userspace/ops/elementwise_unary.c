// SPDX-License-Identifier: MIT
/* unary: checks and passes of the vector unit. */
#include "map.h"

/* Functions that the unit has. */
static const uint8_t direct[] = {
	[ASHLAR_UNARY_ABS] = MAP_FN(ABS),
	[ASHLAR_UNARY_SQUARE] = MAP_FN(SQUARE),
	[ASHLAR_UNARY_SQRT] = MAP_FN(SQRT),
	[ASHLAR_UNARY_RSQRT] = MAP_FN(RSQRT),
	[ASHLAR_UNARY_RECIP] = MAP_FN(RECIP),
	[ASHLAR_UNARY_EXP] = MAP_FN(EXP),
	[ASHLAR_UNARY_LOG] = MAP_FN(LOG),
	[ASHLAR_UNARY_TANH] = MAP_FN(TANH),
	[ASHLAR_UNARY_ERF] = MAP_FN(ERF),
	[ASHLAR_UNARY_RELU] = MAP_FN(NONE),
	[ASHLAR_UNARY_IDENTITY] = MAP_FN(NONE),
};

static int check(struct check *c, const struct ashlar_op_unary *op)
{
	if (check_tensor(c, "x", &op->x, CHECK_ALL, CHECK_READ) ||
	    check_tensor(c, "y", &op->y, CHECK_ALL, CHECK_WRITTEN) ||
	    check_same_shape(c, "y", &op->y, "x", &op->x) ||
	    check_range(c, "function", op->function, 0, ASHLAR_UNARY_GELU) ||
	    check_flags(c, "flags", op->flags,
			ASHLAR_UNARY_SCALE | ASHLAR_UNARY_SHIFT))
		return -1;
	if (op->flags & ASHLAR_UNARY_SCALE &&
	    check_number(c, "scale", op->scale, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX))
		return -1;
	if (op->flags & ASHLAR_UNARY_SHIFT &&
	    check_number(c, "shift", op->shift, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX))
		return -1;
	check_may_share(c, "x", "y");
	return 0;
}

/* v = x * scale + shift, as flags say. */
static void set_affine(struct map_step *s, const struct ashlar_op_unary *op)
{
	s->scaled = op->flags & ASHLAR_UNARY_SCALE;
	s->scale = map_bits(op->scale);
	s->biased = op->flags & ASHLAR_UNARY_SHIFT;
	s->bias = map_bits(op->shift);
	/* What makes an fp32 of an integer, to add one to. */
	if (s->biased && !s->scaled && map_is_integer(op->x.format)) {
		s->scaled = true;
		s->scale = MAP_ONE;
	}
}

/* One pass: y = function(v). */
static void add_direct(struct map *m, const struct ashlar_op_unary *op,
		       uint8_t x, uint8_t y)
{
	struct map_step *s = map_pass(m, x, y);

	set_affine(s, op);
	if (op->function == ASHLAR_UNARY_NEG) {
		s->imm2 = true;
		s->late = true;
		s->src2_op = MAP_OP2(MUL);
		s->imm = map_is_integer(op->x.format) && !op->flags ?
				 0xffffffffu :
				 MAP_ONE | MAP_MINUS;
		return;
	}
	s->fn = direct[op->function];
	s->relu = op->function == ASHLAR_UNARY_RELU;
}

/*
 * Two passes; SILU and GELU want v again in the second, as fp32 or as x has it.
 */
static void add_composed(struct map *m, const struct ashlar_op_unary *op,
			 uint8_t x, uint8_t y)
{
	bool again = op->function != ASHLAR_UNARY_SIGMOID;
	uint8_t t = map_temp(m, ASHLAR_F32);
	uint8_t v = x;
	struct map_step *s;

	if (again && (op->flags || map_is_integer(op->x.format))) {
		v = map_temp(m, ASHLAR_F32);
		set_affine(map_pass(m, x, v), op);
	}
	s = map_pass(m, v, t);
	if (v == x)
		set_affine(s, op);
	if (op->function == ASHLAR_UNARY_GELU) {
		s->scaled = true;
		s->scale = MAP_SQRT_HALF;
		s->fn = MAP_FN(ERF);
	} else {
		/* exp(-v): both signs change, which is exact. */
		s->scale = (s->scaled ? s->scale : MAP_ONE) ^ MAP_MINUS;
		s->scaled = true;
		s->bias ^= MAP_MINUS;
		s->fn = MAP_FN(EXP);
	}
	s->imm2 = true;
	s->late = true;
	s->src2_op = MAP_OP2(ADD);
	s->imm = MAP_ONE;

	s = map_pass(m, t, y);
	if (again) {
		s->src2 = v;
		s->src2_op = MAP_OP2(MUL);
	}
	if (op->function == ASHLAR_UNARY_GELU) {
		s->scaled = true;
		s->scale = MAP_HALF;
	} else {
		s->fn = MAP_FN(RECIP);
		s->late = true;
	}
}

int plan_unary(struct plan *p, const struct ashlar_op_unary *op)
{
	struct map m;
	uint8_t x, y;

	if (check(&p->check, op))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	map_begin(&m, p, &op->y);
	x = map_load(&m, &op->x);
	y = map_store(&m, &op->y);
	if (op->function >= ASHLAR_UNARY_SIGMOID)
		add_composed(&m, op, x, y);
	else
		add_direct(&m, op, x, y);
	return map_end(&m);
}
