// SPDX-License-Identifier: MIT
/* The implementation for x86 with AVX2, F16C and FMA. */
#ifdef __x86_64__
#include "units_avx2.h"
#include "units_impl.h"

const struct fast_units fast_units_avx2 = { "avx2", fast_matrix_avx2,
					    fast_vector_avx2 };
#endif
