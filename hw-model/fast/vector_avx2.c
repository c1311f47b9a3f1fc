// SPDX-License-Identifier: MIT
/*
 * The vector unit with AVX2: a row goes through one step after the other in
 * registers or the first-level cache, and is written when all of it was read,
 * so commands that work in place or on overlapping rows need no special care.
 */
#ifdef __x86_64__
#include <string.h>

#include "units_avx2.h"
#include "vector.h"

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

/* 1. Widening. Denormals stay: arithmetic takes them as zeros. */
UNITS_INLINE void widen(uint32_t fmt, uint32_t vecs, const uint8_t *at,
			struct row *r)
{
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

/* 2. SRC2. */
UNITS_INLINE void combine(const struct vector_job *j, uint32_t vecs,
			  struct row *r, const struct row *s)
{
#define EACH(what)                            \
	for (uint32_t i = 0; i < vecs; i++) { \
		__m256i x = r->x[i];          \
		__m256i y = s->x[i];          \
                                              \
		r->x[i] = what;               \
	}                                     \
	break
	if (j->integer) {
		switch (j->op) {
		case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
			EACH(_mm256_add_epi32(x, y));
		case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
			EACH(_mm256_sub_epi32(x, y));
		case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
			EACH(_mm256_mullo_epi32(x, y));
		case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
			EACH(_mm256_max_epi32(x, y));
		default:
			EACH(_mm256_min_epi32(x, y));
		}
		return;
	}
	switch (j->op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		EACH(bits(_mm256_add_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		EACH(bits(_mm256_sub_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		EACH(bits(_mm256_mul_ps(flt(x), flt(y))));
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		EACH(extreme(true, x, y));
	default:
		EACH(extreme(false, x, y));
	}
#undef EACH
}

/* 3. to 5. Bias, scale and ReLU; whether the row is of integers then. */
UNITS_INLINE bool finish(const struct vector_job *j, uint32_t vecs,
			 struct row *r, const struct row *bias,
			 const struct row *scale)
{
	bool integer = j->integer;

	if (j->bias_on && integer)
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = _mm256_add_epi32(r->x[i], bias->x[i]);
	else if (j->bias_on)
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = bits(
				_mm256_add_ps(flt(r->x[i]), flt(bias->x[i])));
	if (j->scale_on) {
		if (integer)
			for (uint32_t i = 0; i < vecs; i++)
				r->x[i] = bits(_mm256_cvtepi32_ps(r->x[i]));
		integer = false;
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = bits(
				_mm256_mul_ps(flt(r->x[i]), flt(scale->x[i])));
	}
	if (j->relu && integer)
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = _mm256_max_epi32(r->x[i],
						   _mm256_setzero_si256());
	else if (j->relu)
		/* the NaN first: it has no sign then */
		for (uint32_t i = 0; i < vecs; i++)
			r->x[i] = _mm256_max_epi32(units_nan_to_one(r->x[i]),
						   _mm256_setzero_si256());
	return integer;
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

/* 6. Conversion. */
UNITS_INLINE void narrow(uint32_t fmt, bool integer, uint32_t vecs,
			 struct row *r, uint8_t *to)
{
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

/* Not inline: no operation on numbers may leave the modes it needs. */
UNITS_AVX2 static __attribute__((noinline)) void
run_rows(const struct vector_job *j, const struct row *bias,
	 const struct row *scale)
{
	uint32_t vecs = j->n / 8;

	for (uint32_t n = 0; n < j->rows; n++) {
		struct row r, s;
		bool integer;

		widen(j->src_fmt, vecs, j->src.at + n * j->src.pitch, &r);
		if (j->src2_on) {
			widen(j->src_fmt, vecs, j->src2.at + n * j->src2.pitch,
			      &s);
			combine(j, vecs, &r, &s);
		}
		integer = finish(j, vecs, &r, bias, scale);
		narrow(j->dst_fmt, integer, vecs, &r,
		       j->dst.at + n * j->dst.pitch);
	}
}

UNITS_AVX2 void fast_vector_avx2(struct ash_tile *t,
				 const struct ash_vector_cmd *c)
{
	struct vector_job j = vector_job_of(t, c);
	unsigned int modes = _mm_getcsr();
	struct row bias, scale;

	if (j.bias_on)
		memcpy(&bias, j.bias, 4 * j.n);
	if (j.scalev)
		memcpy(&scale, j.scalev, 4 * j.n);
	else
		for (uint32_t i = 0; i < j.n / 8; i++)
			scale.x[i] = word(j.scale);
	_mm_setcsr(UNITS_MXCSR);
	run_rows(&j, &bias, &scale);
	_mm_setcsr(modes);
}
#endif
