// SPDX-License-Identifier: MIT
/*
 * The vector unit with AVX2: a row stays in registers or the first-level cache
 * between the steps of vector_loop.h. Floats may be denormals there, which
 * arithmetic takes as zeros, and any NaN.
 */
#ifdef __x86_64__
#include <string.h>

#include "units_avx2.h"
#include "vector.h"
#include "vector_fn_avx2.h"

#define VECS_MAX (VECTOR_N_MAX / 8)

struct row {
	__m256i x[VECS_MAX];
};

UNITS_INLINE __m256 flt(__m256i x)
{
	return _mm256_castsi256_ps(x);
}

UNITS_INLINE __m256i bits(__m256 x)
{
	return _mm256_castps_si256(x);
}

UNITS_INLINE __m256i word(uint32_t x)
{
	return _mm256_set1_epi32((int)x);
}

UNITS_INLINE __m256i get256(const uint8_t *p)
{
	return _mm256_loadu_si256((const __m256i *)p);
}

UNITS_INLINE __m128i get128(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)p);
}

/* Denormals to signed zeros. Multiplying by 1 would be optimised away. */
UNITS_INLINE __m256i flush(__m256i x)
{
	__m256i zero = _mm256_cmpeq_epi32(_mm256_and_si256(x, word(0x7f800000)),
					  _mm256_setzero_si256());

	return _mm256_andnot_si256(_mm256_srli_epi32(zero, 1), x);
}

/* NaNs are made one only where it matters: for MAX, MIN and at the end. */
UNITS_INLINE __m256i canonical(__m256i x)
{
	return units_nan_to_one(flush(x));
}

UNITS_INLINE void vec_splat(uint32_t fmt, uint32_t n, uint32_t x, struct row *r)
{
	(void)fmt;
	for (uint32_t i = 0; i < n / 8; i++)
		r->x[i] = word(x);
}

UNITS_INLINE void vec_get(uint32_t fmt, uint32_t n, const uint8_t *at,
			  struct row *r)
{
	uint32_t vecs = n / 8;

	switch (fmt) {
	case I8:
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = _mm256_cvtepi8_epi32(
				_mm_loadl_epi64((const __m128i *)(at + 8 * i)));
		break;
	case BF16:
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = _mm256_slli_epi32(
				_mm256_cvtepu16_epi32(get128(at + 16 * i)), 16);
		break;
	case FP16:
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = bits(_mm256_cvtph_ps(get128(at + 16 * i)));
		break;
	default:
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = get256(at + 32 * i);
	}
}

/* Numbers in the order of signed integers; -0 just below +0. Its own inverse. */
UNITS_INLINE __m256i order(__m256i x)
{
	return _mm256_xor_si256(x,
				_mm256_srli_epi32(_mm256_srai_epi32(x, 31), 1));
}

UNITS_INLINE __m256i extreme(bool max, __m256i x, __m256i y)
{
	__m256 nan = _mm256_cmp_ps(flt(x), flt(y), _CMP_UNORD_Q);

	x = order(x);
	y = order(y);
	x = order(max ? _mm256_max_epi32(x, y) : _mm256_min_epi32(x, y));
	return bits(_mm256_blendv_ps(flt(x), flt(word(0x7fc00000)), nan));
}

/* 1 where a is greater than b, else 0. */
UNITS_INLINE __m256i greater(__m256i a, __m256i b)
{
	return _mm256_srli_epi32(_mm256_cmpgt_epi32(a, b), 31);
}

UNITS_INLINE __m256i mulhu(__m256i x, __m256i y)
{
	__m256i even = _mm256_mul_epu32(x, y);
	__m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32),
				       _mm256_srli_epi64(y, 32));

	return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

/* Each vector x of a row, with y of the other, becomes `what`. */
#define EACH(what)                            \
	for (uint32_t i = 0; i < vecs; i++) { \
		__m256i x = r->x[i];          \
		__m256i y = s->x[i];          \
                                              \
		r->x[i] = what;               \
	}                                     \
	break

UNITS_INLINE void combine_i32(uint32_t op, uint32_t vecs, struct row *r,
			      const struct row *s)
{
	const __m256i zero = _mm256_setzero_si256();

	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(_mm256_add_epi32(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(_mm256_sub_epi32(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(_mm256_mullo_epi32(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(_mm256_max_epi32(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		EACH(_mm256_min_epi32(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		EACH(greater(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		EACH(_mm256_xor_si256(greater(y, x), word(1)));
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		EACH(_mm256_srli_epi32(_mm256_cmpeq_epi32(x, y), 31));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		EACH(_mm256_and_si256(x, _mm256_cmpgt_epi32(y, zero)));
	case ASHLAR_VECTOR_CFG_SRC2_OP_KEEP:
		EACH(_mm256_andnot_si256(_mm256_cmpeq_epi32(y, zero), x));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MULHU:
		EACH(mulhu(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_AND:
		EACH(_mm256_and_si256(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_OR:
		EACH(_mm256_or_si256(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_XOR:
		EACH(_mm256_xor_si256(x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_SHL:
		EACH(_mm256_sllv_epi32(x, _mm256_and_si256(y, word(31))));
	default:
		EACH(_mm256_srlv_epi32(x, _mm256_and_si256(y, word(31))));
	}
}

UNITS_INLINE void combine_f32(uint32_t op, uint32_t vecs, struct row *r,
			      const struct row *s)
{
	const __m256 zero = _mm256_setzero_ps(), one = _mm256_set1_ps(1);

	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(bits(_mm256_add_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(bits(_mm256_sub_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(bits(_mm256_mul_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(extreme(true, x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		EACH(extreme(false, x, y));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		EACH(bits(_mm256_and_ps(
			one, _mm256_cmp_ps(flt(x), flt(y), _CMP_GT_OQ))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		EACH(bits(_mm256_and_ps(
			one, _mm256_cmp_ps(flt(x), flt(y), _CMP_GE_OQ))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		/* all NaNs are equal once they are one */
		EACH(bits(_mm256_and_ps(
			one,
			_mm256_or_ps(_mm256_cmp_ps(flt(x), flt(y), _CMP_EQ_OQ),
				     flt(_mm256_cmpeq_epi32(
					     units_nan_to_one(x),
					     units_nan_to_one(y)))))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		EACH(bits(_mm256_and_ps(
			flt(x), _mm256_cmp_ps(flt(y), zero, _CMP_GT_OQ))));
	default: /* KEEP */
		EACH(bits(_mm256_and_ps(
			flt(x), _mm256_cmp_ps(flt(y), zero, _CMP_NEQ_UQ))));
	}
}
#undef EACH

UNITS_INLINE void vec_combine(uint32_t op, bool integer, uint32_t n,
			      struct row *r, const struct row *s)
{
	if (integer)
		combine_i32(op, n / 8, r, s);
	else
		combine_f32(op, n / 8, r, s);
}

UNITS_INLINE void vec_to_f32(uint32_t n, struct row *r)
{
	for (uint32_t i = 0; i < n / 8; i++)
		r->x[i] = bits(_mm256_cvtepi32_ps(r->x[i]));
}

/* By itself: much code that few commands need. */
UNITS_AVX2 static __attribute__((noinline)) void
vec_function(uint32_t fn, uint32_t n, struct row *r)
{
#define EACH(what)                             \
	for (uint32_t i = 0; i < n / 8; i++) { \
		__m256i x = r->x[i];           \
                                               \
		r->x[i] = what;                \
	}                                      \
	break
	switch (fn) {
	case ASHLAR_VECTOR_OP_FN_EXP:
		EACH(fn_exp(x));
	case ASHLAR_VECTOR_OP_FN_LOG:
		EACH(fn_log(x));
	case ASHLAR_VECTOR_OP_FN_RECIP:
		EACH(fn_recip(x));
	case ASHLAR_VECTOR_OP_FN_RSQRT:
		EACH(fn_rsqrt(x));
	case ASHLAR_VECTOR_OP_FN_SQRT:
		EACH(fn_sqrt(x));
	case ASHLAR_VECTOR_OP_FN_TANH:
		EACH(fn_tanh(x));
	case ASHLAR_VECTOR_OP_FN_ERF:
		EACH(fn_erf(x));
	case ASHLAR_VECTOR_OP_FN_ABS:
		EACH(_mm256_and_si256(x, word(0x7fffffff)));
	default: /* SQUARE */
		EACH(bits(_mm256_mul_ps(flt(x), flt(x))));
	}
#undef EACH
}

UNITS_INLINE void vec_relu(bool integer, uint32_t n, struct row *r)
{
	/* the NaN first: it has no sign then */
	if (!integer)
		for (uint32_t i = 0; i < n / 8; i++)
			r->x[i] = units_nan_to_one(r->x[i]);
	for (uint32_t i = 0; i < n / 8; i++)
		r->x[i] = _mm256_max_epi32(r->x[i], _mm256_setzero_si256());
}

UNITS_INLINE void vec_blank(uint32_t n, uint32_t from, uint32_t x,
			    struct row *r)
{
	for (uint32_t i = 0; i < n / 8; i++) {
		__m256i lane = _mm256_add_epi32(
			word(8 * i), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
		__m256i there = _mm256_cmpgt_epi32(word(from), lane);

		r->x[i] = _mm256_blendv_epi8(word(x), r->x[i], there);
	}
}

UNITS_INLINE uint32_t vec_fold(uint32_t op, bool integer, uint32_t n,
			       struct row *r)
{
	struct row upper;

	for (uint32_t vecs = n / 16; vecs; vecs /= 2) {
		for (uint32_t i = 0; i < vecs; i++)
			upper.x[i] = r->x[i + vecs];
		vec_combine(op, integer, 8 * vecs, r, &upper);
	}
	upper.x[0] = _mm256_permute2x128_si256(r->x[0], r->x[0], 0x11);
	vec_combine(op, integer, 8, r, &upper);
	upper.x[0] = _mm256_shuffle_epi32(r->x[0], 0xee);
	vec_combine(op, integer, 8, r, &upper);
	upper.x[0] = _mm256_shuffle_epi32(r->x[0], 0x55);
	vec_combine(op, integer, 8, r, &upper);
	if (!integer)
		r->x[0] = canonical(r->x[0]);
	return (uint32_t)_mm256_cvtsi256_si32(r->x[0]);
}

UNITS_INLINE __m256i to_i32(__m256i x)
{
	__m256i i = _mm256_cvtps_epi32(flt(x));
	__m256i nan = bits(_mm256_cmp_ps(flt(x), flt(x), _CMP_UNORD_Q));
	__m256i big = bits(
		_mm256_cmp_ps(flt(x), _mm256_set1_ps(0x1p31f), _CMP_GE_OQ));

	/* out of range is 80000000; 7fffffff if too great */
	return _mm256_andnot_si256(nan, _mm256_xor_si256(i, big));
}

UNITS_INLINE __m256i to_bf16(__m256i x)
{
	__m256i odd;

	x = canonical(x);
	odd = _mm256_and_si256(_mm256_srli_epi32(x, 16), word(1));
	x = _mm256_add_epi32(x, _mm256_add_epi32(odd, word(0x7fff)));
	return _mm256_srli_epi32(x, 16);
}

/* 16 bits of each word. */
UNITS_INLINE void put16(uint8_t *to, __m256i x)
{
	x = _mm256_permute4x64_epi64(_mm256_packus_epi32(x, x), 0x08);
	_mm_storeu_si128((__m128i *)to, _mm256_castsi256_si128(x));
}

/* Each word limited to 8 bits. */
UNITS_INLINE void put8(uint8_t *to, __m256i x)
{
	__m128i y = _mm_packs_epi32(_mm256_castsi256_si128(x),
				    _mm256_extracti128_si256(x, 1));

	_mm_storel_epi64((__m128i *)to, _mm_packs_epi16(y, y));
}

UNITS_INLINE void put32(uint8_t *to, __m256i x)
{
	_mm256_storeu_si256((__m256i *)to, x);
}

UNITS_INLINE void vec_put(uint32_t fmt, bool integer, uint32_t n, struct row *r,
			  uint8_t *to)
{
	uint32_t vecs = n / 8;

	if (integer && fmt == I32) {
		for (uint32_t i = 0; i < vecs; i++)
			put32(to + 32 * i, r->x[i]);
		return;
	}
	if (integer && fmt == I8) {
		for (uint32_t i = 0; i < vecs; i++)
			put8(to + 8 * i, r->x[i]);
		return;
	}
	if (integer)
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = bits(_mm256_cvtepi32_ps(r->x[i]));
	switch (fmt) {
	case I32:
		for (uint32_t i = 0; i < vecs; i++)
			put32(to + 32 * i, to_i32(r->x[i]));
		break;
	case I8:
		for (uint32_t i = 0; i < vecs; i++)
			put8(to + 8 * i, to_i32(r->x[i]));
		break;
	case BF16:
		for (uint32_t i = 0; i < vecs; i++)
			put16(to + 16 * i, to_bf16(r->x[i]));
		break;
	case FP16:
		for (uint32_t i = 0; i < vecs; i++)
			_mm_storeu_si128(
				(__m128i *)(to + 16 * i),
				_mm256_cvtps_ph(flt(units_nan_to_one(r->x[i])),
						_MM_FROUND_TO_NEAREST_INT));
		break;
	default:
		for (uint32_t i = 0; i < vecs; i++)
			put32(to + 32 * i, canonical(r->x[i]));
	}
}

#define VECTOR_INLINE UNITS_INLINE
#define VECTOR_RUN    UNITS_AVX2
#include "vector_loop.h"

UNITS_AVX2 void fast_vector_avx2(struct ash_tile *t,
				 const struct fast_vector_part *p)
{
	struct vector_job j = vector_job_of(t, p);
	unsigned int modes = _mm_getcsr();

	_mm_setcsr(UNITS_MXCSR);
	run(&j);
	_mm_setcsr(modes);
}
#endif
