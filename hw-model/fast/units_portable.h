/* SPDX-License-Identifier: MIT */
/* What the portable files share. */
#ifndef FAST_UNITS_PORTABLE_H
#define FAST_UNITS_PORTABLE_H

#include <stdint.h>
#include <string.h>

#include "ash_units.h"

void fast_matrix_portable(struct ash_tile *t, const struct ash_matrix_cmd *c);
void fast_vector_portable(struct ash_tile *t, const struct ash_vector_cmd *c);

static inline float units_float(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

static inline uint32_t units_bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

/* Denormals to signed zeros. */
static inline uint32_t units_flush(float x)
{
	uint32_t u = units_bits(x);

	return u & ((u & 0x7f800000u) ? 0xffffffffu : 0x80000000u);
}

#endif
