// SPDX-License-Identifier: MIT
/* The implementation for any processor. */
#include "units_impl.h"
#include "units_portable.h"

const struct fast_units fast_units_portable = { "portable",
						fast_matrix_portable,
						fast_vector_portable };
