// SPDX-License-Identifier: MIT
/*
 * The matrix unit with AVX2. k is cut into blocks; a block of each operand is
 * widened into a panel in the first-level cache, and tiles of the result are
 * summed up in registers.
 *
 * k is counted in units of 16 bits: an element of bf16 or fp16, or two of int8.
 * A unit is widened to 32 bits: an fp32, or two int16.
 */
#ifdef __x86_64__
#include <string.h>

#include "matrix.h"
#include "units_avx2.h"

#define TARGET __attribute__((target("avx2,f16c,fma")))
#define INLINE static inline __attribute__((always_inline)) TARGET

/* Units of k in a block: panels of 8 KiB each on a board of N = 32. */
#define BLOCK 64u

enum step {
	MUL_ADD, /* fp32 product, rounded, then added */
	FUSED, /* the same in one, if no product leaves the range of fp32 */
	MADD_PAIRS, /* two int16 products, added as int32 */
};

/* The magnitudes of bf16 in a panel, shifted left by one. */
struct range {
	__m256i most;
	__m256i least; /* but zero; less one */
};

/* --- Panels --------------------------------------------------------------- */

/* Eight units to 32 bits each. */
INLINE __m256i widen(uint32_t type, __m128i x)
{
	switch (type) {
	case ASHLAR_MATRIX_CFG_TYPE_INT8:
		return _mm256_cvtepi8_epi16(x);
	case ASHLAR_MATRIX_CFG_TYPE_BF16:
		return _mm256_slli_epi32(_mm256_cvtepu16_epi32(x), 16);
	default:
		return _mm256_castps_si256(_mm256_cvtph_ps(x));
	}
}

/* 16 units; each half goes to a place of its own. */
INLINE void put(uint32_t type, uint32_t *low, uint32_t *high, __m256i x)
{
	_mm256_store_si256((__m256i *)low,
			   widen(type, _mm256_castsi256_si128(x)));
	_mm256_store_si256((__m256i *)high,
			   widen(type, _mm256_extracti128_si256(x, 1)));
}

/*
 * 16 units; what is behind the last one is read, too: lines have a multiple of
 * 16 units, and all of a line is in the scratchpad.
 */
INLINE __m256i get(uint32_t type, struct range *r, const uint8_t *at)
{
	__m256i x = _mm256_loadu_si256((const __m256i *)at);

	if (type == ASHLAR_MATRIX_CFG_TYPE_BF16) {
		__m256i mag = _mm256_add_epi16(x, x);
		__m256i less = _mm256_add_epi16(mag, _mm256_set1_epi16(-1));

		r->most = _mm256_max_epu16(r->most, mag);
		r->least = _mm256_min_epu16(r->least, less);
	}
	return x;
}

/* Row form to panel[row * BLOCK + k]. */
INLINE void pack_rows(uint32_t type, struct range *r, uint32_t *panel,
		      const struct matrix_operand *o, uint32_t n, uint32_t k0,
		      uint32_t count)
{
	for (uint32_t row = 0; row < n; row++) {
		const uint8_t *at = matrix_row(o, 2, row, k0);
		uint32_t *to = panel + row * BLOCK;

		for (uint32_t k = 0; k < count; k += 16)
			put(type, to + k, to + k + 8, get(type, r, at + 2 * k));
	}
}

/* 8 units of int8 in k-major form; their elements are n apart. */
INLINE __m128i get_pairs(const uint8_t *at, uint32_t n)
{
	return _mm_unpacklo_epi8(_mm_loadl_epi64((const __m128i *)at),
				 _mm_loadl_epi64((const __m128i *)(at + n)));
}

/* k-major to panel[k * n + row]: a line becomes two rows of the panel. */
INLINE void pack_lines(uint32_t type, struct range *r, uint32_t *panel,
		       const struct matrix_operand *o, uint32_t n, uint32_t k0,
		       uint32_t count)
{
	for (uint32_t k = 0; k < count; k += 2) {
		const uint8_t *line = matrix_line(o, 2, n, k0 + k);
		uint32_t *to = panel + k * n;

		if (type != ASHLAR_MATRIX_CFG_TYPE_INT8) {
			for (uint32_t i = 0; i < 2 * n; i += 16)
				put(type, to + i, to + i + 8,
				    get(type, r, line + 2 * i));
			continue;
		}
		for (uint32_t row = 0; row < n; row += 8)
			put(type, to + row, to + n + row,
			    _mm256_set_m128i(get_pairs(line + 2 * n + row, n),
					     get_pairs(line + row, n)));
	}
}

/* In each half of the vectors: x[row] of k to x[k] of rows. */
INLINE void transpose(__m256i x[8])
{
	__m256i y[8], z[8];

	for (int i = 0; i < 4; i++) {
		y[2 * i] = _mm256_unpacklo_epi16(x[2 * i], x[2 * i + 1]);
		y[2 * i + 1] = _mm256_unpackhi_epi16(x[2 * i], x[2 * i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		for (int j = 0; j < 2; j++) {
			z[i + 2 * j] =
				_mm256_unpacklo_epi32(y[i + j], y[i + j + 2]);
			z[i + 2 * j + 1] =
				_mm256_unpackhi_epi32(y[i + j], y[i + j + 2]);
		}
	}
	for (int i = 0; i < 4; i++) {
		x[2 * i] = _mm256_unpacklo_epi64(z[i], z[i + 4]);
		x[2 * i + 1] = _mm256_unpackhi_epi64(z[i], z[i + 4]);
	}
}

/* Row form to panel[k * n + row]. */
INLINE void pack_across(uint32_t type, struct range *r, uint32_t *panel,
			const struct matrix_operand *o, uint32_t n, uint32_t k0,
			uint32_t count)
{
	for (uint32_t k = 0; k < count; k += 16) {
		for (uint32_t row = 0; row < n; row += 8) {
			uint32_t *to = panel + k * n + row;
			__m256i x[8];

			for (uint32_t i = 0; i < 8; i++)
				x[i] = get(type, r,
					   matrix_row(o, 2, row + i, k0 + k));
			transpose(x);
			for (uint32_t i = 0; i < 8; i++)
				put(type, to + i * n, to + (i + 8) * n, x[i]);
		}
	}
}

/* The least of 16 numbers without sign. */
INLINE uint32_t least16(__m256i x)
{
	__m128i y = _mm_min_epu16(_mm256_castsi256_si128(x),
				  _mm256_extracti128_si256(x, 1));

	return (uint32_t)_mm_cvtsi128_si32(_mm_minpos_epu16(y)) & 0xffff;
}

/* Whether every product of finite numbers is 0 or a normal fp32. */
INLINE bool products_fit(const struct range *a, const struct range *b)
{
	const __m256i ones = _mm256_set1_epi16(-1);
	uint32_t a_most = 0xffff - least16(_mm256_xor_si256(a->most, ones));
	uint32_t b_most = 0xffff - least16(_mm256_xor_si256(b->most, ones));
	uint32_t a_least = least16(a->least) + 1,
		 b_least = least16(b->least) + 1;

	/* By exponents: below 2^(most - 252), not below 2^(least - 254). */
	return (a_most >> 8) + (b_most >> 8) <= 380 &&
	       (a_least >> 8) + (b_least >> 8) >= 128;
}

INLINE enum step pack_type(uint32_t type, const struct matrix_job *j,
			   uint32_t *a, uint32_t *b, uint32_t k0,
			   uint32_t count)
{
	struct range ra = { _mm256_setzero_si256(), _mm256_set1_epi16(-1) };
	struct range rb = ra;

	if (j->a.kmajor)
		pack_lines(type, &ra, a, &j->a, j->n, k0, count);
	else
		pack_rows(type, &ra, a, &j->a, j->n, k0, count);
	if (j->b.kmajor)
		pack_lines(type, &rb, b, &j->b, j->n, k0, count);
	else
		pack_across(type, &rb, b, &j->b, j->n, k0, count);
	if (type == ASHLAR_MATRIX_CFG_TYPE_INT8)
		return MADD_PAIRS;
	/* products of fp16 always fit */
	return type == ASHLAR_MATRIX_CFG_TYPE_FP16 || products_fit(&ra, &rb) ?
		       FUSED :
		       MUL_ADD;
}

/* Returns how the panels can be multiplied. */
TARGET static enum step pack(const struct matrix_job *j, uint32_t *a,
			     uint32_t *b, uint32_t k0, uint32_t count)
{
	if (j->type == ASHLAR_MATRIX_CFG_TYPE_BF16)
		return pack_type(ASHLAR_MATRIX_CFG_TYPE_BF16, j, a, b, k0,
				 count);
	if (j->type == ASHLAR_MATRIX_CFG_TYPE_FP16)
		return pack_type(ASHLAR_MATRIX_CFG_TYPE_FP16, j, a, b, k0,
				 count);
	pack_type(ASHLAR_MATRIX_CFG_TYPE_INT8, j, a, b, k0, count);
	/* The other half of the last unit counts as 0, in one operand. */
	if (j->k % 2 && k0 + count == (j->k + 1) / 2)
		for (uint32_t row = 0; row < j->n; row++)
			a[j->a.kmajor ? (count - 1) * j->n + row :
					row * BLOCK + count - 1] &= 0xffff;
	return MADD_PAIRS;
}

/* --- Sums ----------------------------------------------------------------- */

INLINE __m256i add_product(enum step step, __m256i sum, __m256i x, __m256i y)
{
	__m256 f = _mm256_castsi256_ps(x), g = _mm256_castsi256_ps(y);
	__m256 s = _mm256_castsi256_ps(sum);

	if (step == MADD_PAIRS)
		return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
	if (step == FUSED)
		return _mm256_castps_si256(_mm256_fmadd_ps(f, g, s));
	f = _mm256_mul_ps(f, g);
	/* the compiler shall not fuse them, whatever its flags */
	__asm__("" : "+x"(f));
	return _mm256_castps_si256(_mm256_add_ps(s, f));
}

/* A tile of rows x (8 * vecs) results, at most 12 vectors. */
INLINE void sum_tile(enum step step, bool kmajor, uint32_t rows, uint32_t vecs,
		     uint32_t *acc, uint32_t n, const uint32_t *a,
		     const uint32_t *b, uint32_t count)
{
	uint32_t a_row = kmajor ? 1 : BLOCK, a_k = kmajor ? n : 1;
	__m256i sum[12];

#pragma GCC unroll 8
	for (uint32_t i = 0; i < rows; i++)
#pragma GCC unroll 2
		for (uint32_t v = 0; v < vecs; v++)
			sum[i * vecs + v] = _mm256_loadu_si256(
				(const __m256i *)(acc + i * n + 8 * v));
	for (uint32_t k = 0; k < count; k++) {
		__m256i y[2];

#pragma GCC unroll 2
		for (uint32_t v = 0; v < vecs; v++)
			y[v] = _mm256_load_si256((const __m256i *)(b + 8 * v));
#pragma GCC unroll 8
		for (uint32_t i = 0; i < rows; i++) {
			__m256i x = _mm256_set1_epi32((int)a[i * a_row]);

#pragma GCC unroll 2
			for (uint32_t v = 0; v < vecs; v++)
				sum[i * vecs + v] = add_product(
					step, sum[i * vecs + v], x, y[v]);
		}
		a += a_k;
		b += n;
	}
#pragma GCC unroll 8
	for (uint32_t i = 0; i < rows; i++)
#pragma GCC unroll 2
		for (uint32_t v = 0; v < vecs; v++)
			_mm256_storeu_si256((__m256i *)(acc + i * n + 8 * v),
					    sum[i * vecs + v]);
}

/* One block of k into all results. */
INLINE void sum_block(enum step step, bool kmajor, uint32_t *acc, uint32_t n,
		      const uint32_t *a, const uint32_t *b, uint32_t count)
{
	uint32_t a_row = kmajor ? 1 : BLOCK;

	if (n == 8) {
		sum_tile(step, kmajor, 8, 1, acc, n, a, b, count);
		return;
	}
	for (uint32_t col = 0; col < n; col += 16) {
		uint32_t row = 0;

		/* 12 sums in flight where possible; n is not 4 more than a multiple of 6 */
		for (; (n - row) % 4 || n - row > 8; row += 6)
			sum_tile(step, kmajor, 6, 2, acc + row * n + col, n,
				 a + row * a_row, b + col, count);
		for (; row < n; row += 4)
			sum_tile(step, kmajor, 4, 2, acc + row * n + col, n,
				 a + row * a_row, b + col, count);
	}
}

/* Not inline: no operation on numbers may leave the modes it needs. */
#define SUM(name, step, kmajor)                               \
	TARGET static __attribute__((noinline)) void name(    \
		uint32_t *acc, uint32_t n, const uint32_t *a, \
		const uint32_t *b, uint32_t count)            \
	{                                                     \
		sum_block(step, kmajor, acc, n, a, b, count); \
	}
SUM(sum_rounded_rows, MUL_ADD, false)
SUM(sum_rounded_lines, MUL_ADD, true)
SUM(sum_fused_rows, FUSED, false)
SUM(sum_fused_lines, FUSED, true)
SUM(sum_pairs_rows, MADD_PAIRS, false)
SUM(sum_pairs_lines, MADD_PAIRS, true)

TARGET static void sum(enum step step, const struct matrix_job *j,
		       const uint32_t *a, const uint32_t *b, uint32_t count)
{
	static void (*const how[][2])(uint32_t *, uint32_t, const uint32_t *,
				      const uint32_t *, uint32_t) = {
		[MUL_ADD] = { sum_rounded_rows, sum_rounded_lines },
		[FUSED] = { sum_fused_rows, sum_fused_lines },
		[MADD_PAIRS] = { sum_pairs_rows, sum_pairs_lines },
	};

	how[step][j->a.kmajor](j->acc, j->n, a, b, count);
}

TARGET void fast_matrix_avx2(struct ash_tile *t, const struct ash_matrix_cmd *c)
{
	_Alignas(64) uint32_t a[MATRIX_N_MAX * BLOCK];
	_Alignas(64) uint32_t b[MATRIX_N_MAX * BLOCK];
	struct matrix_job j = matrix_job_of(t, c);
	uint32_t units = j.type == ASHLAR_MATRIX_CFG_TYPE_INT8 ? (j.k + 1) / 2 :
								 j.k;
	uint32_t results = j.n * j.n;
	unsigned int modes = _mm_getcsr();

	if (!j.accumulate)
		memset(j.acc, 0, results * sizeof(*j.acc));
	_mm_setcsr(UNITS_MXCSR);
	for (uint32_t k = 0; k < units; k += BLOCK) {
		uint32_t left = units - k;
		uint32_t count = left < BLOCK ? left : BLOCK;

		sum(pack(&j, a, b, k, count), &j, a, b, count);
	}
	_mm_setcsr(modes);
	if (j.type == ASHLAR_MATRIX_CFG_TYPE_INT8)
		return;
	for (uint32_t i = 0; i < results; i += 8) {
		__m256i *at = (__m256i *)(j.acc + i);

		_mm256_storeu_si256(at,
				    units_nan_to_one(_mm256_loadu_si256(at)));
	}
}
#endif
