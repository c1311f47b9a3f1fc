// SPDX-License-Identifier: MIT
/* binary, and quantize and dequantize, which are two of its functions. */
#include "map.h"

/* Functions that SRC2 has; LT and LE change the operands. */
static const uint8_t direct[] = {
	[ASHLAR_BINARY_ADD] = MAP_OP2(ADD),
	[ASHLAR_BINARY_SUB] = MAP_OP2(SUB),
	[ASHLAR_BINARY_MUL] = MAP_OP2(MUL),
	[ASHLAR_BINARY_MAX] = MAP_OP2(MAX),
	[ASHLAR_BINARY_MIN] = MAP_OP2(MIN),
	[ASHLAR_BINARY_GT] = MAP_OP2(GT),
	[ASHLAR_BINARY_GE] = MAP_OP2(GE),
	[ASHLAR_BINARY_EQ] = MAP_OP2(EQ),
	[ASHLAR_BINARY_LT] = MAP_OP2(GT),
	[ASHLAR_BINARY_LE] = MAP_OP2(GE),
	[ASHLAR_BINARY_NE] = MAP_OP2(EQ),
	[ASHLAR_BINARY_KEEP] = MAP_OP2(KEEP),
	[ASHLAR_BINARY_RELU_GRAD] = MAP_OP2(GATE),
};

static uint64_t size_from_end(const struct ashlar_tensor *t, uint32_t i)
{
	return i < t->dims ? t->shape[t->dims - 1 - i] : 1;
}

/* y has the shape that comes of a and b. */
static int check_result(struct check *c, const struct ashlar_op_binary *op)
{
	uint32_t dims = op->a.dims > op->b.dims ? op->a.dims : op->b.dims;
	char a_text[128], b_text[128], y_text[128];
	bool fits = op->y.dims == dims;
	uint32_t i;

	for (i = 0; fits && i < dims; i++) {
		uint64_t a = size_from_end(&op->a, i);
		uint64_t b = size_from_end(&op->b, i);

		fits = (a == b || a == 1 || b == 1) &&
		       size_from_end(&op->y, i) == (a == 1 ? b : a);
	}
	if (fits)
		return 0;
	return check_fail(c, "y is %s, which is not what %s and %s repeat to",
			  shape_text(&op->y, y_text, sizeof(y_text)),
			  shape_text(&op->a, a_text, sizeof(a_text)),
			  shape_text(&op->b, b_text, sizeof(b_text)));
}

static int check(struct check *c, const struct ashlar_op_binary *op)
{
	bool gradient = op->function >= ASHLAR_BINARY_RELU_GRAD;
	uint32_t formats = gradient ? CHECK_FLOATS : CHECK_ALL;

	if (check_range(c, "function", op->function, 0,
			ASHLAR_BINARY_GELU_GRAD) ||
	    check_tensor(c, "a", &op->a, formats, CHECK_READ) ||
	    check_tensor(c, "b", &op->b, formats, CHECK_READ) ||
	    check_tensor(c, "y", &op->y, formats, CHECK_WRITTEN) ||
	    check_result(c, op) ||
	    check_flags(c, "flags", op->flags,
			op->function <= ASHLAR_BINARY_MIN ?
				ASHLAR_BINARY_SCALE | ASHLAR_BINARY_RELU :
				0) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (op->flags & ASHLAR_BINARY_SCALE &&
	    check_number(c, "scale", op->scale, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX))
		return -1;
	check_may_share(c, "a", "y");
	check_may_share(c, "b", "y");
	return 0;
}

static uint8_t as_float(struct map *m, uint8_t room)
{
	uint8_t t;

	if (!map_is_integer(m->room[room].format))
		return room;
	t = map_temp(m, ASHLAR_F32);
	map_pass(m, room, t);
	return t;
}

static void add_direct(struct map *m, const struct ashlar_op_binary *op,
		       uint8_t a, uint8_t b, uint8_t y)
{
	bool swap = op->function == ASHLAR_BINARY_LT ||
		    op->function == ASHLAR_BINARY_LE;
	bool integer = map_is_integer(op->a.format) &&
		       map_is_integer(op->b.format) &&
		       !(op->flags & ASHLAR_BINARY_SCALE);
	struct map_step *s;

	if (!integer) {
		a = as_float(m, a);
		b = as_float(m, b);
	}
	s = map_pass(m, swap ? b : a, y);
	map_src2(s, swap ? a : b, direct[op->function], false);
	if (op->flags & ASHLAR_BINARY_SCALE) {
		map_scale(s, map_bits(op->scale));
		s->late = true;
	}
	if (op->function == ASHLAR_BINARY_NE) {
		map_scale(s, MAP_ONE | MAP_MINUS);
		map_bias(s, MAP_ONE);
	}
	s->relu = op->flags & ASHLAR_BINARY_RELU;
}

/* recip(b) * a; of a b that repeats the reciprocals are made once. */
static void add_div(struct map *m, uint8_t a, uint8_t b, uint8_t y,
		    bool repeats)
{
	struct map_step *s;

	a = as_float(m, a);
	if (repeats) {
		uint8_t r = map_temp_like(m, b);

		map_pass(m, b, r)->fn = MAP_FN(RECIP);
		map_src2(map_pass(m, a, y), r, MAP_OP2(MUL), false);
		return;
	}
	s = map_pass(m, b, y);
	s->fn = MAP_FN(RECIP);
	map_src2(s, a, MAP_OP2(MUL), true);
}

static void add_tanh_grad(struct map *m, uint8_t a, uint8_t b, uint8_t y)
{
	uint8_t t = map_temp(m, ASHLAR_F32);
	struct map_step *s = map_pass(m, b, t);

	s->fn = MAP_FN(SQUARE);
	map_imm(s, MAP_ONE, MAP_OP2(SUB), true);
	s = map_pass(m, t, y);
	map_src2(s, a, MAP_OP2(MUL), false);
	map_scale(s, MAP_ONE | MAP_MINUS);
}

/* dst = (src * -1 + 1) * b */
static void add_rest_times(struct map *m, uint8_t src, uint8_t b, uint8_t dst)
{
	struct map_step *s = map_pass(m, src, dst);

	map_scale(s, MAP_ONE | MAP_MINUS);
	map_bias(s, MAP_ONE);
	map_src2(s, b, MAP_OP2(MUL), true);
}

static void add_product(struct map *m, uint8_t src, uint8_t b, uint8_t dst)
{
	map_src2(map_pass(m, src, dst), b, MAP_OP2(MUL), false);
}

static void add_sigmoid_grad(struct map *m, uint8_t a, uint8_t b, uint8_t y)
{
	uint8_t t = map_temp(m, ASHLAR_F32);

	add_rest_times(m, b, b, t);
	add_product(m, t, a, y);
}

static void add_silu_grad(struct map *m, uint8_t a, uint8_t b, uint8_t y)
{
	uint8_t t = map_temp(m, ASHLAR_F32);
	uint8_t u = map_temp(m, ASHLAR_F32);
	struct map_step *s = map_pass(m, b, t);

	map_scale(s, MAP_ONE | MAP_MINUS);
	s->fn = MAP_FN(EXP);
	map_imm(s, MAP_ONE, MAP_OP2(ADD), true);
	map_pass(m, t, t)->fn = MAP_FN(RECIP);
	add_rest_times(m, t, b, u);
	s = map_pass(m, u, u);
	map_bias(s, MAP_ONE);
	map_src2(s, t, MAP_OP2(MUL), true);
	add_product(m, u, a, y);
}

static void add_gelu_grad(struct map *m, uint8_t a, uint8_t b, uint8_t y)
{
	uint8_t e = map_temp(m, ASHLAR_F32);
	uint8_t f = map_temp(m, ASHLAR_F32);
	struct map_step *s = map_pass(m, b, e);

	map_scale(s, MAP_SQRT_HALF);
	s->fn = MAP_FN(SQUARE);
	s = map_pass(m, e, e);
	map_scale(s, MAP_ONE | MAP_MINUS);
	s->fn = MAP_FN(EXP);
	map_src2(s, b, MAP_OP2(MUL), true);
	s = map_pass(m, b, f);
	map_scale(s, MAP_SQRT_HALF);
	s->fn = MAP_FN(ERF);
	map_imm(s, MAP_ONE, MAP_OP2(ADD), true);
	s = map_pass(m, e, e);
	map_scale(s, MAP_SQRT_2_PI);
	map_src2(s, f, MAP_OP2(ADD), true);
	s = map_pass(m, e, y);
	map_src2(s, a, MAP_OP2(MUL), false);
	map_scale(s, MAP_HALF);
}

int plan_binary(struct plan *p, const struct ashlar_op_binary *op)
{
	uint8_t a, b, y;
	struct map m;

	if (check(&p->check, op))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	map_begin(&m, p, &op->y);
	a = map_load(&m, &op->a);
	b = map_load(&m, &op->b);
	y = map_store(&m, &op->y);
	switch (op->function) {
	case ASHLAR_BINARY_DIV:
		add_div(&m, a, b, y,
			tensor_count(&op->b) < tensor_count(&op->y));
		break;
	case ASHLAR_BINARY_TANH_GRAD:
		add_tanh_grad(&m, a, b, y);
		break;
	case ASHLAR_BINARY_SIGMOID_GRAD:
		add_sigmoid_grad(&m, a, b, y);
		break;
	case ASHLAR_BINARY_SILU_GRAD:
		add_silu_grad(&m, a, b, y);
		break;
	case ASHLAR_BINARY_GELU_GRAD:
		add_gelu_grad(&m, a, b, y);
		break;
	default:
		add_direct(&m, op, a, b, y);
		break;
	}
	return map_end(&m);
}

/* --- int8 -------------------------------------------------------------------------- */

static int check_int8(struct check *c, const struct ashlar_tensor *x,
		      uint32_t x_formats, const struct ashlar_tensor *scale,
		      const struct ashlar_tensor *y, uint32_t y_formats)
{
	if (check_tensor(c, "x", x, x_formats, CHECK_READ) ||
	    check_tensor(c, "scale", scale, CHECK_F32, CHECK_READ) ||
	    check_tensor(c, "y", y, y_formats, CHECK_WRITTEN) ||
	    check_same_shape(c, "y", y, "x", x) ||
	    check_broadcast(c, "scale", scale, "x", x))
		return -1;
	return 0;
}

int plan_quantize(struct plan *p, const struct ashlar_op_quantize *op)
{
	uint8_t x, scale;
	struct map m;

	if (check_int8(&p->check, &op->x, CHECK_FLOATS, &op->scale, &op->y,
		       CHECK_I8))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	map_begin(&m, p, &op->y);
	x = map_load(&m, &op->x);
	scale = map_load(&m, &op->scale);
	add_div(&m, x, scale, map_store(&m, &op->y),
		tensor_count(&op->scale) < tensor_count(&op->y));
	return map_end(&m);
}

int plan_dequantize(struct plan *p, const struct ashlar_op_dequantize *op)
{
	struct map_step *s;
	uint8_t x, scale;
	struct map m;

	if (check_int8(&p->check, &op->x, CHECK_I8 | CHECK_I32, &op->scale,
		       &op->y, CHECK_FLOATS))
		return -1;
	check_may_share(&p->check, "x", "y");
	if (tensor_count(&op->y) == 0)
		return 0;
	map_begin(&m, p, &op->y);
	x = map_load(&m, &op->x);
	scale = map_load(&m, &op->scale);
	s = map_pass(&m, x, map_store(&m, &op->y));
	map_scale(s, MAP_ONE); /* makes fp32 of it */
	map_src2(s, scale, MAP_OP2(MUL), true);
	return map_end(&m);
}
