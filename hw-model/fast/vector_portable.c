// SPDX-License-Identifier: MIT
/*
 * The vector unit in C for any processor: each step of vector_loop.h is a loop
 * that compilers vectorise, but for the functions. Nothing is asked of the
 * host but IEEE arithmetic. Between the steps, floats are no denormals; NaNs
 * are made one only at the end.
 */
#include <fenv.h>
#include <float.h>
#include <string.h>

#include "ash_num.h"
#include "units_portable.h"
#include "vector.h"

#if FLT_EVAL_METHOD != 0
#error "float arithmetic must be done in float"
#endif

struct row {
	uint32_t x[VECTOR_N_MAX];
};

static uint32_t is_nan(uint32_t x)
{
	return (x & 0x7fffffff) > 0x7f800000;
}

static uint32_t canonical(uint32_t x)
{
	return is_nan(x) ? 0x7fc00000 : x;
}

static uint32_t add(uint32_t x, uint32_t y)
{
	return units_flush(units_bits(units_float(x) + units_float(y)));
}

/*
 * The product is exact in double precision. Rounded to 24 bits, what is below
 * 2^-126 - 2^-151 stays below 2^-126.
 */
static uint32_t mul(uint32_t x, uint32_t y)
{
	double exact = (double)units_float(x) * (double)units_float(y);
	double mag = exact < 0 ? -exact : exact;
	uint32_t p = units_bits((float)exact);

	return mag < 0x1.ffffffp-127 ? p & 0x80000000u : p;
}

/* Numbers in the order of signed integers; -0 just below +0. */
static int32_t order(uint32_t x)
{
	return (int32_t)(x ^ (x & 0x80000000u ? 0x7fffffffu : 0));
}

static uint32_t max(uint32_t x, uint32_t y)
{
	uint32_t m = order(x) > order(y) ? x : y;

	return (is_nan(x) | is_nan(y)) ? 0x7fc00000 : m;
}

static uint32_t min(uint32_t x, uint32_t y)
{
	uint32_t m = order(x) < order(y) ? x : y;

	return (is_nan(x) | is_nan(y)) ? 0x7fc00000 : m;
}

/* The same as numbers: -0 is +0, and nothing is above NaN or below it. */
static uint32_t above(uint32_t x, uint32_t y)
{
	return units_float(x) > units_float(y);
}

static uint32_t from(uint32_t x, uint32_t y)
{
	return units_float(x) >= units_float(y);
}

/* NaN equals NaN. */
static uint32_t equal(uint32_t x, uint32_t y)
{
	return (units_float(x) == units_float(y)) | (is_nan(x) & is_nan(y));
}

/* 1 to 1.0 */
static uint32_t truth(uint32_t x)
{
	return x ? 0x3f800000 : 0;
}

static int32_t max_i32(int32_t x, int32_t y)
{
	return x > y ? x : y;
}

static int32_t min_i32(int32_t x, int32_t y)
{
	return x < y ? x : y;
}

static uint32_t relu(uint32_t x)
{
	return (x & 0x80000000u) && !is_nan(x) ? 0 : x;
}

static uint32_t from_i32(uint32_t x)
{
	return units_bits((float)(int32_t)x);
}

static uint32_t to_i32(uint32_t x)
{
	float mag = units_float(x & 0x7fffffff);
	/* from 2^23 on, numbers are integers; below, adding it rounds */
	float whole = mag < 0x1p23f ? (mag + 0x1p23f) - 0x1p23f : mag;
	uint32_t fits = whole < 0x1p31f;
	uint32_t i = (uint32_t)(int32_t)(fits ? whole : 0.0f);
	uint32_t limit = x & 0x80000000u ? 0x80000000u : 0x7fffffffu;

	i = x & 0x80000000u ? 0u - i : i;
	i = fits ? i : limit;
	return is_nan(x) ? 0 : i;
}

static uint32_t to_bf16(uint32_t x)
{
	return is_nan(x) ? 0x7fc0 : (x + 0x7fff + (x >> 16 & 1)) >> 16;
}

static uint32_t to_fp16(uint32_t x)
{
	uint32_t sign = x >> 16 & 0x8000, mag = x & 0x7fffffff;
	/* the units of 0.5 are those of fp16 denormals: adding it rounds */
	uint32_t low = units_bits(units_float(mag) + 0.5f) - 0x3f000000u;
	uint32_t out = (mag - (112u << 23) + 0xfff + (mag >> 13 & 1)) >> 13;

	out = mag < 0x38800000u ? low : out;
	out = mag >= 0x477ff000u ? 0x7c00 : out;
	return mag > 0x7f800000u ? 0x7e00 : sign | out;
}

static uint32_t to_i8(uint32_t x)
{
	return (uint32_t)max_i32(-128, min_i32(127, (int32_t)x));
}

/* Each lane x of a row becomes `what`. */
#define EACH(what)                                  \
	do {                                        \
		for (uint32_t i = 0; i < n; i++) {  \
			uint32_t x = r->x[i];       \
                                                    \
			r->x[i] = (uint32_t)(what); \
		}                                   \
	} while (0)

static void vec_splat(uint32_t fmt, uint32_t n, uint32_t word, struct row *r)
{
	if (fmt == F32)
		word = units_flush(word);
	for (uint32_t i = 0; i < n; i++)
		r->x[i] = word;
}

static void vec_get(uint32_t fmt, uint32_t n, const uint8_t *at, struct row *r)
{
	uint16_t h[VECTOR_N_MAX];

	switch (fmt) {
	case I8:
		for (uint32_t i = 0; i < n; i++)
			r->x[i] = (uint32_t)(int8_t)at[i];
		break;
	case BF16:
		units_load16(h, at, n);
		for (uint32_t i = 0; i < n; i++)
			r->x[i] = units_bf16(h[i]);
		break;
	case FP16:
		units_load16(h, at, n);
		for (uint32_t i = 0; i < n; i++)
			r->x[i] = units_fp16(h[i]);
		break;
	case F32:
	case ACC_F32:
		memcpy(r->x, at, 4 * n);
		EACH(units_flush(x));
		break;
	default:
		memcpy(r->x, at, 4 * n);
	}
}

static void combine_i32(uint32_t op, uint32_t n, struct row *r,
			const struct row *s)
{
#define Y s->x[i]
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(x + Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(x - Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(x * Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(max_i32((int32_t)x, (int32_t)Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		EACH(min_i32((int32_t)x, (int32_t)Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		EACH((int32_t)x > (int32_t)Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		EACH((int32_t)x >= (int32_t)Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		EACH(x == Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		EACH((int32_t)Y > 0 ? x : 0);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_KEEP:
		EACH(Y ? x : 0);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MULHU:
		EACH((uint64_t)x * Y >> 32);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_AND:
		EACH(x & Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_OR:
		EACH(x | Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_XOR:
		EACH(x ^ Y);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SHL:
		EACH(x << (Y & 31));
		break;
	default:
		EACH(x >> (Y & 31));
	}
}

static void combine_f32(uint32_t op, uint32_t n, struct row *r,
			const struct row *s)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(add(x, Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(add(x, Y ^ 0x80000000));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(mul(x, Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(max(x, Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		EACH(min(x, Y));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		EACH(truth(above(x, Y)));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		EACH(truth(from(x, Y)));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		EACH(truth(equal(x, Y)));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		EACH(above(Y, 0) ? x : 0);
		break;
	default: /* KEEP */
		EACH((Y & 0x7fffffff) ? x : 0);
	}
#undef Y
}

static void vec_combine(uint32_t op, bool integer, uint32_t n, struct row *r,
			const struct row *s)
{
	(integer ? combine_i32 : combine_f32)(op, n, r, s);
}

static void vec_to_f32(uint32_t n, struct row *r)
{
	EACH(from_i32(x));
}

static void vec_function(uint32_t fn, uint32_t n, struct row *r)
{
	switch (fn) {
	case ASHLAR_VECTOR_OP_FN_EXP:
		EACH(ash_f32_exp(x));
		break;
	case ASHLAR_VECTOR_OP_FN_LOG:
		EACH(ash_f32_log(x));
		break;
	case ASHLAR_VECTOR_OP_FN_RECIP:
		EACH(ash_f32_recip(x));
		break;
	case ASHLAR_VECTOR_OP_FN_RSQRT:
		EACH(ash_f32_rsqrt(x));
		break;
	case ASHLAR_VECTOR_OP_FN_SQRT:
		EACH(ash_f32_sqrt(x));
		break;
	case ASHLAR_VECTOR_OP_FN_TANH:
		EACH(ash_f32_tanh(x));
		break;
	case ASHLAR_VECTOR_OP_FN_ERF:
		EACH(ash_f32_erf(x));
		break;
	case ASHLAR_VECTOR_OP_FN_ABS:
		EACH(x & 0x7fffffff);
		break;
	default: /* SQUARE */
		EACH(mul(x, x));
	}
}

static void vec_relu(bool integer, uint32_t n, struct row *r)
{
	if (integer)
		EACH(max_i32((int32_t)x, 0));
	else
		EACH(relu(x));
}

static void vec_blank(uint32_t n, uint32_t from_lane, uint32_t word,
		      struct row *r)
{
	for (uint32_t i = from_lane; i < n; i++)
		r->x[i] = word;
}

static uint32_t vec_fold(uint32_t op, bool integer, uint32_t n, struct row *r)
{
	for (uint32_t half = n / 2; half; half /= 2) {
		struct row upper;

		memcpy(upper.x, r->x + half, 4 * half);
		vec_combine(op, integer, half, r, &upper);
	}
	return integer ? r->x[0] : canonical(r->x[0]);
}

/* To the bits of the format in each word. */
static void convert(uint32_t fmt, bool integer, uint32_t n, struct row *r)
{
	if (integer && fmt != I32 && fmt != I8)
		EACH(from_i32(x));
	else if (!integer && (fmt == I32 || fmt == I8))
		EACH(to_i32(x));
	switch (fmt) {
	case I8:
		EACH(to_i8(x));
		break;
	case BF16:
		EACH(to_bf16(x));
		break;
	case FP16:
		EACH(to_fp16(x));
		break;
	case F32:
		EACH(canonical(x));
		break;
	}
}

static void vec_put(uint32_t fmt, bool integer, uint32_t n, struct row *r,
		    uint8_t *to)
{
	uint16_t h[VECTOR_N_MAX];

	convert(fmt, integer, n, r);
	switch (vector_size_of(fmt)) {
	case 1:
		for (uint32_t i = 0; i < n; i++)
			to[i] = (uint8_t)r->x[i];
		break;
	case 2:
		for (uint32_t i = 0; i < n; i++)
			h[i] = (uint16_t)r->x[i];
		memcpy(to, h, 2 * n);
		break;
	default:
		memcpy(to, r->x, 4 * n);
	}
}

#define VECTOR_INLINE static
#define VECTOR_RUN
#include "vector_loop.h"

void fast_vector_portable(struct ash_tile *t, const struct fast_vector_part *p)
{
	struct vector_job j = vector_job_of(t, p);
	fenv_t modes;

	fegetenv(&modes);
	fesetenv(FE_DFL_ENV);
	run(&j);
	fesetenv(&modes);
}
