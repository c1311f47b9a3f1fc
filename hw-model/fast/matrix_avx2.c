// SPDX-License-Identifier: MIT
/*
 * The matrix unit with AVX2. k is cut into blocks; a block of each operand is
 * widened into a panel in the first-level cache, and tiles of the result are
 * summed up in registers.
 */
#ifdef __x86_64__
#include <string.h>

#include "matrix.h"
#include "units_avx2.h"

/* Units of k in a block: panels of 8 KiB each on a board of N = 32. */
#define BLOCK 64u

enum step {
	MUL_ADD, /* fp32 product, rounded, then added */
	MADD_PAIRS, /* two int16 products, added as int32 */
};

/* --- Panels --------------------------------------------------------------- */

/* Eight units to 32 bits each. */
UNITS_INLINE __m256i widen(uint32_t type, __m128i x)
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

UNITS_INLINE void put(uint32_t *to, __m256i x)
{
	_mm256_store_si256((__m256i *)to, x);
}

UNITS_INLINE __m128i get(const uint8_t *at)
{
	return _mm_loadu_si128((const __m128i *)at);
}

/*
 * Reading goes to the next multiple of 8 units: lines have 16 or more, and
 * all of a line is in the scratchpad.
 */

/* Row form to panel[row * BLOCK + k]. */
UNITS_INLINE void pack_rows(uint32_t type, uint32_t *panel,
			    const struct matrix_operand *o, uint32_t n,
			    uint32_t k0, uint32_t count)
{
	for (uint32_t row = 0; row < n; row++)
		for (uint32_t k = 0; k < count; k += 8)
			put(panel + row * BLOCK + k,
			    widen(type, get(matrix_row(o, row, k0 + k))));
}

/* k-major to panel[k * n + row]. */
UNITS_INLINE void pack_lines(uint32_t type, uint32_t *panel,
			     const struct matrix_operand *o, uint32_t n,
			     uint32_t k0, uint32_t count)
{
	for (uint32_t k = 0; k < count; k++) {
		const uint8_t *line = matrix_line(o, n, k0 + k);

		for (uint32_t row = 0; row < n; row += 8) {
			__m128i x;

			if (type == ASHLAR_MATRIX_CFG_TYPE_INT8)
				x = _mm_unpacklo_epi8(
					_mm_loadl_epi64(
						(const __m128i *)(line + row)),
					_mm_loadl_epi64(
						(const __m128i *)(line + n +
								  row)));
			else
				x = get(line + 2 * row);
			put(panel + k * n + row, widen(type, x));
		}
	}
}

/* x[row] of k to x[k] of rows. */
UNITS_INLINE void transpose(__m128i x[8])
{
	__m128i y[8], z[8];

	for (int i = 0; i < 4; i++) {
		y[2 * i] = _mm_unpacklo_epi16(x[2 * i], x[2 * i + 1]);
		y[2 * i + 1] = _mm_unpackhi_epi16(x[2 * i], x[2 * i + 1]);
	}
	for (int i = 0; i < 8; i += 4) {
		for (int j = 0; j < 2; j++) {
			z[i + 2 * j] =
				_mm_unpacklo_epi32(y[i + j], y[i + j + 2]);
			z[i + 2 * j + 1] =
				_mm_unpackhi_epi32(y[i + j], y[i + j + 2]);
		}
	}
	for (int i = 0; i < 4; i++) {
		x[2 * i] = _mm_unpacklo_epi64(z[i], z[i + 4]);
		x[2 * i + 1] = _mm_unpackhi_epi64(z[i], z[i + 4]);
	}
}

/* Row form to panel[k * n + row]. */
UNITS_INLINE void pack_across(uint32_t type, uint32_t *panel,
			      const struct matrix_operand *o, uint32_t n,
			      uint32_t k0, uint32_t count)
{
	for (uint32_t k = 0; k < count; k += 8) {
		for (uint32_t row = 0; row < n; row += 8) {
			__m128i x[8];

			for (uint32_t i = 0; i < 8; i++)
				x[i] = get(matrix_row(o, row + i, k0 + k));
			transpose(x);
			for (uint32_t i = 0; i < 8; i++)
				put(panel + (k + i) * n + row,
				    widen(type, x[i]));
		}
	}
}

UNITS_INLINE void pack_type(uint32_t type, const struct matrix_job *j,
			    uint32_t *a, uint32_t *b, uint32_t k0,
			    uint32_t count)
{
	if (j->a.kmajor)
		pack_lines(type, a, &j->a, j->n, k0, count);
	else
		pack_rows(type, a, &j->a, j->n, k0, count);
	if (j->b.kmajor)
		pack_lines(type, b, &j->b, j->n, k0, count);
	else
		pack_across(type, b, &j->b, j->n, k0, count);
}

UNITS_AVX2 static void pack(const struct matrix_job *j, uint32_t *a,
			    uint32_t *b, uint32_t k0, uint32_t count)
{
	switch (j->type) {
	case ASHLAR_MATRIX_CFG_TYPE_INT8:
		pack_type(ASHLAR_MATRIX_CFG_TYPE_INT8, j, a, b, k0, count);
		break;
	case ASHLAR_MATRIX_CFG_TYPE_BF16:
		pack_type(ASHLAR_MATRIX_CFG_TYPE_BF16, j, a, b, k0, count);
		break;
	default:
		pack_type(ASHLAR_MATRIX_CFG_TYPE_FP16, j, a, b, k0, count);
	}
	/* What is no element counts as 0; one zero makes the product zero. */
	if (j->half_unit && k0 + count == j->units)
		for (uint32_t row = 0; row < j->n; row++)
			a[j->a.kmajor ? (count - 1) * j->n + row :
					row * BLOCK + count - 1] &= 0xffff;
}

/* --- Sums ----------------------------------------------------------------- */

UNITS_INLINE __m256i add_product(enum step step, __m256i sum, __m256i x,
				 __m256i y)
{
	if (step == MADD_PAIRS)
		return _mm256_add_epi32(sum, _mm256_madd_epi16(x, y));
	return _mm256_castps_si256(_mm256_add_ps(
		_mm256_castsi256_ps(sum),
		_mm256_mul_ps(_mm256_castsi256_ps(x), _mm256_castsi256_ps(y))));
}

/* A tile of rows x (8 * vecs) results, at most 12 vectors. */
UNITS_INLINE void sum_tile(enum step step, bool kmajor, uint32_t rows,
			   uint32_t vecs, uint32_t *acc, uint32_t n,
			   const uint32_t *a, const uint32_t *b, uint32_t count)
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
UNITS_INLINE void sum_block(enum step step, bool kmajor, uint32_t *acc,
			    uint32_t n, const uint32_t *a, const uint32_t *b,
			    uint32_t count)
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
#define SUM(name, step, kmajor)                                \
	UNITS_AVX2 static __attribute__((noinline)) void name( \
		uint32_t *acc, uint32_t n, const uint32_t *a,  \
		const uint32_t *b, uint32_t count)             \
	{                                                      \
		sum_block(step, kmajor, acc, n, a, b, count);  \
	}
SUM(sum_float_rows, MUL_ADD, false)
SUM(sum_float_lines, MUL_ADD, true)
SUM(sum_pairs_rows, MADD_PAIRS, false)
SUM(sum_pairs_lines, MADD_PAIRS, true)

UNITS_AVX2 static void sum(const struct matrix_job *j, const uint32_t *a,
			   const uint32_t *b, uint32_t count)
{
	bool pairs = j->type == ASHLAR_MATRIX_CFG_TYPE_INT8;

	if (j->a.kmajor)
		(pairs ? sum_pairs_lines : sum_float_lines)(j->acc, j->n, a, b,
							    count);
	else
		(pairs ? sum_pairs_rows : sum_float_rows)(j->acc, j->n, a, b,
							  count);
}

UNITS_AVX2 void fast_matrix_avx2(struct ash_tile *t,
				 const struct ash_matrix_cmd *c)
{
	_Alignas(64) uint32_t a[MATRIX_N_MAX * BLOCK];
	_Alignas(64) uint32_t b[MATRIX_N_MAX * BLOCK];
	struct matrix_job j = matrix_job_of(t, c);
	uint32_t results = j.n * j.n;
	unsigned int modes = _mm_getcsr();

	if (!j.accumulate)
		memset(j.acc, 0, results * sizeof(*j.acc));
	_mm_setcsr(UNITS_MXCSR);
	for (uint32_t k = 0; k < j.units; k += BLOCK) {
		uint32_t left = j.units - k;
		uint32_t count = left < BLOCK ? left : BLOCK;

		pack(&j, a, b, k, count);
		sum(&j, a, b, count);
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
