// SPDX-License-Identifier: MIT
#include "ref.h"
#include "ref_walk.h"

#define ONE	  0x3f800000u
#define MINUS	  0x80000000u
#define HALF	  0x3f000000u
#define SQRT_HALF 0x3f3504f3u

static uint32_t sigmoid(uint32_t v)
{
	uint32_t e = ash_f32_exp(ash_f32_mul(v, ONE | MINUS));

	return ash_f32_recip(ash_f32_add(e, ONE));
}

static uint32_t gelu(uint32_t v)
{
	uint32_t e = ash_f32_erf(ash_f32_mul(v, SQRT_HALF));

	return ash_f32_mul(ash_f32_mul(ash_f32_add(e, ONE), v), HALF);
}

static uint32_t function(uint32_t which, uint32_t v)
{
	switch (which) {
	case ASHLAR_UNARY_ABS:
		return ash_f32_read(v) & ~MINUS;
	case ASHLAR_UNARY_SQUARE:
		return ash_f32_mul(v, v);
	case ASHLAR_UNARY_SQRT:
		return ash_f32_sqrt(v);
	case ASHLAR_UNARY_RSQRT:
		return ash_f32_rsqrt(v);
	case ASHLAR_UNARY_RECIP:
		return ash_f32_recip(v);
	case ASHLAR_UNARY_EXP:
		return ash_f32_exp(v);
	case ASHLAR_UNARY_LOG:
		return ash_f32_log(v);
	case ASHLAR_UNARY_TANH:
		return ash_f32_tanh(v);
	case ASHLAR_UNARY_ERF:
		return ash_f32_erf(v);
	case ASHLAR_UNARY_SIGMOID:
		return sigmoid(v);
	case ASHLAR_UNARY_SILU:
		return ash_f32_mul(sigmoid(v), v);
	default:
		return gelu(v);
	}
}

static struct ref_value element(const struct ashlar_op_unary *op,
				struct ref_value v)
{
	if (op->flags & ASHLAR_UNARY_SCALE)
		v = ref_f32(ash_f32_mul(ref_float(v), ref_bits(op->scale)));
	if (op->flags & ASHLAR_UNARY_SHIFT)
		v = ref_f32(ash_f32_add(ref_float(v), ref_bits(op->shift)));
	switch (op->function) {
	case ASHLAR_UNARY_IDENTITY:
		break;
	case ASHLAR_UNARY_NEG:
		v.bits = v.integer ? 0u - v.bits :
				     ash_f32_mul(v.bits, ONE | MINUS);
		break;
	case ASHLAR_UNARY_RELU:
		if (v.integer)
			v.bits = (int32_t)v.bits < 0 ? 0 : v.bits;
		else
			v.bits = ash_f32_relu(v.bits);
		break;
	default:
		return ref_f32(function(op->function, ref_float(v)));
	}
	return v;
}

void ref_unary(const struct ashlar_op_unary *op, uint32_t lanes)
{
	struct ref_index i;
	bool more;

	(void)lanes;
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i))
		ref_put(ref_at(&i, &op->y), op->y.format,
			element(op, ref_get(ref_at(&i, &op->x), op->x.format)));
}
