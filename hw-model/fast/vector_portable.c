// SPDX-License-Identifier: MIT
/*
 * The vector unit in C for any processor. A row goes through one step after
 * the other, each a loop that compilers vectorise, and is written when all of
 * it was read; so commands that work in place or on overlapping rows need no
 * special care. Nothing is asked of the host but IEEE arithmetic. Between the
 * steps, floats are no denormals; NaNs are made one only at the end.
 */
#include <fenv.h>
#include <float.h>
#include <string.h>

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

/* 1. */
static void widen(uint32_t fmt, uint32_t n, const uint8_t *at, struct row *r)
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

/* 2. SRC2. */
static void combine_i32(uint32_t op, uint32_t n, struct row *r,
			const struct row *s)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(x + s->x[i]);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(x - s->x[i]);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(x * s->x[i]);
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(max_i32((int32_t)x, (int32_t)s->x[i]));
		break;
	default:
		EACH(min_i32((int32_t)x, (int32_t)s->x[i]));
	}
}

static void combine_f32(uint32_t op, uint32_t n, struct row *r,
			const struct row *s)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(add(x, s->x[i]));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(add(x, s->x[i] ^ 0x80000000));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(mul(x, s->x[i]));
		break;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(max(x, s->x[i]));
		break;
	default:
		EACH(min(x, s->x[i]));
	}
}

/* 3. to 5. Bias, scale and ReLU; whether the row is of integers then. */
static bool finish(const struct vector_job *j, uint32_t n, struct row *r,
		   const struct row *bias, const struct row *scale)
{
	bool integer = j->integer;

	if (j->bias_on && integer)
		EACH(x + bias->x[i]);
	else if (j->bias_on)
		EACH(add(x, bias->x[i]));
	if (j->scale_on && integer)
		EACH(from_i32(x));
	if (j->scale_on) {
		EACH(mul(x, scale->x[i]));
		integer = false;
	}
	if (j->relu && integer)
		EACH(max_i32((int32_t)x, 0));
	else if (j->relu)
		EACH(relu(x));
	return integer;
}

/* 6. To the bits of the format in each word. */
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

static void store(uint32_t fmt, uint32_t n, uint8_t *to, const struct row *r)
{
	uint16_t h[VECTOR_N_MAX];

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

/* Not inline: no operation on numbers may leave the modes it needs. */
static __attribute__((noinline)) void run_rows(const struct vector_job *j,
					       const struct row *bias,
					       const struct row *scale)
{
	uint32_t n = j->n;

	for (uint32_t i = 0; i < j->rows; i++) {
		struct row r, s;
		bool integer;

		widen(j->src_fmt, n, j->src.at + i * j->src.pitch, &r);
		if (j->src2_on) {
			widen(j->src_fmt, n, j->src2.at + i * j->src2.pitch,
			      &s);
			(j->integer ? combine_i32 : combine_f32)(j->op, n, &r,
								 &s);
		}
		integer = finish(j, n, &r, bias, scale);
		convert(j->dst_fmt, integer, n, &r);
		store(j->dst_fmt, n, j->dst.at + i * j->dst.pitch, &r);
	}
}

void fast_vector_portable(struct ash_tile *t, const struct ash_vector_cmd *c)
{
	struct vector_job j = vector_job_of(t, c);
	struct row bias, scale;
	fenv_t modes;

	if (j.bias_on)
		widen(j.integer ? I32 : F32, j.n, j.bias, &bias);
	if (j.scalev)
		widen(F32, j.n, j.scalev, &scale);
	else
		for (uint32_t i = 0; i < j.n; i++)
			scale.x[i] = units_flush(j.scale);
	fegetenv(&modes);
	fesetenv(FE_DFL_ENV);
	run_rows(&j, &bias, &scale);
	fesetenv(&modes);
}
