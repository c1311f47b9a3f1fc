// SPDX-License-Identifier: MIT
#include "ref.h"
#include "ref_walk.h"

#define ONE	  0x3f800000u
#define MINUS_ONE 0xbf800000u
#define HALF	  0x3f000000u
#define SQRT_HALF 0x3f3504f3u
#define SQRT_2_PI 0x3f4c422au

static uint32_t mul(uint32_t x, uint32_t y)
{
	return ash_f32_mul(x, y);
}

static uint32_t add(uint32_t x, uint32_t y)
{
	return ash_f32_add(x, y);
}

/* --- Integers --------------------------------------------------------------------- */

static uint32_t integer(uint32_t function, uint32_t a, uint32_t b)
{
	int32_t x = (int32_t)a, y = (int32_t)b;

	switch (function) {
	case ASHLAR_BINARY_ADD:
		return a + b;
	case ASHLAR_BINARY_SUB:
		return a - b;
	case ASHLAR_BINARY_MUL:
		return a * b;
	case ASHLAR_BINARY_MAX:
		return x > y ? a : b;
	case ASHLAR_BINARY_MIN:
		return x < y ? a : b;
	case ASHLAR_BINARY_GT:
		return x > y;
	case ASHLAR_BINARY_GE:
		return x >= y;
	case ASHLAR_BINARY_EQ:
		return x == y;
	case ASHLAR_BINARY_LT:
		return x < y;
	case ASHLAR_BINARY_LE:
		return x <= y;
	case ASHLAR_BINARY_NE:
		return x != y;
	default:
		return y ? a : 0;
	}
}

/* --- fp32 ------------------------------------------------------------------------- */

static bool is_nan(uint32_t x)
{
	return (x & 0x7fffffffu) > ASH_F32_INF;
}

/* Of two that are not NaN; both zeros are 0. */
static int32_t order(uint32_t x)
{
	return (int32_t)(x & 0x80000000u ? 0u - (x & 0x7fffffffu) : x);
}

static bool greater(uint32_t x, uint32_t y)
{
	return !is_nan(x) && !is_nan(y) && order(x) > order(y);
}

static bool equal(uint32_t x, uint32_t y)
{
	if (is_nan(x) || is_nan(y))
		return is_nan(x) && is_nan(y);
	return order(x) == order(y);
}

/* NaN GE NaN is false, though they are equal. */
static bool at_least(uint32_t x, uint32_t y)
{
	return greater(x, y) || (!is_nan(x) && equal(x, y));
}

static uint32_t truth(bool is)
{
	return is ? ONE : 0;
}

static uint32_t silu_grad(uint32_t a, uint32_t b)
{
	uint32_t s = ash_f32_recip(add(ash_f32_exp(mul(b, MINUS_ONE)), ONE));
	uint32_t t = mul(add(mul(s, MINUS_ONE), ONE), b);

	return mul(mul(add(t, ONE), s), a);
}

static uint32_t gelu_grad(uint32_t a, uint32_t b)
{
	uint32_t h = mul(b, SQRT_HALF);
	uint32_t e = mul(ash_f32_exp(mul(mul(h, h), MINUS_ONE)), b);
	uint32_t f = add(ash_f32_erf(h), ONE);

	return mul(mul(add(mul(e, SQRT_2_PI), f), a), HALF);
}

static uint32_t real(uint32_t function, uint32_t a, uint32_t b)
{
	switch (function) {
	case ASHLAR_BINARY_ADD:
		return add(a, b);
	case ASHLAR_BINARY_SUB:
		return ash_f32_sub(a, b);
	case ASHLAR_BINARY_MUL:
		return mul(a, b);
	case ASHLAR_BINARY_MAX:
		return ash_f32_max(a, b);
	case ASHLAR_BINARY_MIN:
		return ash_f32_min(a, b);
	case ASHLAR_BINARY_GT:
		return truth(greater(a, b));
	case ASHLAR_BINARY_GE:
		return truth(at_least(a, b));
	case ASHLAR_BINARY_EQ:
		return truth(equal(a, b));
	case ASHLAR_BINARY_LT:
		return truth(greater(b, a));
	case ASHLAR_BINARY_LE:
		return truth(at_least(b, a));
	case ASHLAR_BINARY_NE:
		return truth(!equal(a, b));
	case ASHLAR_BINARY_DIV:
		return mul(ash_f32_recip(b), a);
	case ASHLAR_BINARY_KEEP:
		return b & 0x7fffffffu ? a : 0;
	case ASHLAR_BINARY_RELU_GRAD:
		return greater(b, 0) ? a : 0;
	case ASHLAR_BINARY_TANH_GRAD:
		return mul(mul(ash_f32_sub(mul(b, b), ONE), a), MINUS_ONE);
	case ASHLAR_BINARY_SIGMOID_GRAD:
		return mul(mul(add(mul(b, MINUS_ONE), ONE), b), a);
	case ASHLAR_BINARY_SILU_GRAD:
		return silu_grad(a, b);
	default:
		return gelu_grad(a, b);
	}
}

static struct ref_value element(const struct ashlar_op_binary *op,
				struct ref_value a, struct ref_value b)
{
	bool scaled = op->flags & ASHLAR_BINARY_SCALE;
	struct ref_value v;

	if (a.integer && b.integer && !scaled &&
	    op->function != ASHLAR_BINARY_DIV) {
		v.integer = true;
		v.bits = integer(op->function, a.bits, b.bits);
		if (op->flags & ASHLAR_BINARY_RELU && (int32_t)v.bits < 0)
			v.bits = 0;
		return v;
	}
	a = ref_f32(ref_float(a));
	if (scaled)
		a.bits = mul(a.bits, ref_bits(op->scale));
	v = ref_f32(real(op->function, a.bits, ref_float(b)));
	if (op->flags & ASHLAR_BINARY_RELU)
		v.bits = ash_f32_relu(v.bits);
	return v;
}

void ref_binary(const struct ashlar_op_binary *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i))
		ref_put(ref_at(&i, &op->y), op->y.format,
			element(op, ref_get(ref_at(&i, &op->a), op->a.format),
				ref_get(ref_at(&i, &op->b), op->b.format)));
}

/* --- int8, copy ---------------------------------------------------------------------- */

void ref_quantize(const struct ashlar_op_quantize *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i)) {
		uint32_t x = ref_get(ref_at(&i, &op->x), op->x.format).bits;
		uint32_t s = ref_get(ref_at(&i, &op->scale), ASHLAR_F32).bits;

		ref_put(ref_at(&i, &op->y), ASHLAR_I8,
			ref_f32(mul(ash_f32_recip(s), x)));
	}
}

void ref_dequantize(const struct ashlar_op_dequantize *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i)) {
		uint32_t x =
			ref_float(ref_get(ref_at(&i, &op->x), op->x.format));
		uint32_t s = ref_get(ref_at(&i, &op->scale), ASHLAR_F32).bits;

		ref_put(ref_at(&i, &op->y), op->y.format, ref_f32(mul(x, s)));
	}
}

void ref_copy(const struct ashlar_op_copy *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i))
		ref_put(ref_at(&i, &op->y), op->y.format,
			ref_get(ref_at(&i, &op->x), op->x.format));
}
