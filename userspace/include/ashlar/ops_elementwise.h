/* SPDX-License-Identifier: MIT */
/*
 * Operations that look at each element by itself, and reductions. Included by
 * ashlar/ops.h.
 */
#ifndef ASHLAR_OPS_ELEMENTWISE_H
#define ASHLAR_OPS_ELEMENTWISE_H

#include <ashlar/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Unary -------------------------------------------------------------------- */

/*
 * v = x, or x * scale, and then v + shift if flags say so; y = function(v).
 *
 * x and y have one shape and any formats and strides; y may be x when their
 * elements have as many bytes. The steps are those of hw-model/numerics, each
 * rounded to fp32, the last one to y's format. bf16 and fp16 are widened, which
 * is exact. int8 and int32 stay integers as long as scale, shift and function
 * let them: IDENTITY, NEG and RELU without flags do; all else first converts
 * them to fp32, rounded.
 */
struct ashlar_op_unary {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint32_t function; /* enum ashlar_unary */
	uint32_t flags; /* enum ashlar_unary_flags */
	float scale, shift; /* looked at when flags say so */
};

/*
 * How far y in fp32 may be from the exact function of v, next to the error of
 * EXP, RECIP, ERF and so on alone, which hw-model/numerics gives (u = 2^-24).
 */
enum ashlar_unary {
	ASHLAR_UNARY_IDENTITY = 0, /* converts */
	ASHLAR_UNARY_NEG = 1,
	ASHLAR_UNARY_ABS = 2,
	ASHLAR_UNARY_SQUARE = 3,
	ASHLAR_UNARY_SQRT = 4,
	ASHLAR_UNARY_RSQRT = 5,
	ASHLAR_UNARY_RECIP = 6,
	ASHLAR_UNARY_EXP = 7,
	ASHLAR_UNARY_LOG = 8,
	ASHLAR_UNARY_TANH = 9,
	ASHLAR_UNARY_ERF = 10,
	ASHLAR_UNARY_RELU = 11, /* NaN stays NaN */
	ASHLAR_UNARY_SIGMOID = 12, /* recip(exp(-v) + 1) */
	ASHLAR_UNARY_SILU = 13, /* recip(exp(-v) + 1) * v; -infinity: NaN */
	ASHLAR_UNARY_GELU = 14, /* ((erf(v * sqrt(0.5)) + 1) * v) * 0.5, with
				 * sqrt(0.5) in fp32; -infinity: NaN
				 */
};

enum ashlar_unary_flags {
	ASHLAR_UNARY_SCALE = 1u << 0,
	ASHLAR_UNARY_SHIFT = 1u << 1,
};

#ifdef __cplusplus
}
#endif

#endif
