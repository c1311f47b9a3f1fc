/* SPDX-License-Identifier: MIT */
/*
 * What the AVX2 files share. Their functions are compiled for AVX2 whatever
 * the compiler's flags are; without FMA, so that no compiler joins a
 * multiplication and an addition by itself.
 */
#ifndef FAST_UNITS_AVX2_H
#define FAST_UNITS_AVX2_H

#include <immintrin.h>

#include "units.h"

#define UNITS_AVX2   __attribute__((target("avx2,f16c")))
#define UNITS_INLINE static inline __attribute__((always_inline)) UNITS_AVX2

/* Nearest even, denormals are zeros on the way in and out, no exceptions. */
#define UNITS_MXCSR 0x9fc0u

void fast_matrix_avx2(struct ash_tile *t, const struct ash_matrix_cmd *c);
void fast_vector_avx2(struct ash_tile *t, const struct fast_vector_part *p);

UNITS_INLINE __m256i units_nan_to_one(__m256i x)
{
	__m256 f = _mm256_castsi256_ps(x);
	__m256 nan = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fc00000));

	return _mm256_castps_si256(
		_mm256_blendv_ps(f, nan, _mm256_cmp_ps(f, f, _CMP_UNORD_Q)));
}

#endif
