/* SPDX-License-Identifier: MIT */
/* The implementations behind units.h; only units.c and the tests know them. */
#ifndef FAST_UNITS_IMPL_H
#define FAST_UNITS_IMPL_H

#include <stddef.h>

#include "units.h"

struct fast_units {
	const char *name;
	/* A single product: one tile, one part. */
	void (*matrix)(struct ash_tile *t, const struct ash_matrix_cmd *c);
	void (*vector)(struct ash_tile *t, const struct fast_vector_part *p);
};

extern const struct fast_units fast_units_portable;
#ifdef __x86_64__
extern const struct fast_units fast_units_avx2;
#endif

/* All products of a command. */
void fast_units_matrix(const struct fast_units *u, struct ash_tile *t,
		       const struct ash_matrix_cmd *c);

/* Those that this processor can run, the best first; NULL behind the last. */
const struct fast_units *fast_units_usable(size_t i);

#endif
