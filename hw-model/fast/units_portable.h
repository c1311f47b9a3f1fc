/* SPDX-License-Identifier: MIT */
/*
 * What the portable files share. The functions on numbers are written such
 * that a loop around them can be vectorised: no branches, 32 bits everywhere.
 */
#ifndef FAST_UNITS_PORTABLE_H
#define FAST_UNITS_PORTABLE_H

#include <stdint.h>
#include <string.h>

#include "units.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the memories of a tile are little endian, and so must be the host"
#endif

void fast_matrix_portable(struct ash_tile *t, const struct ash_matrix_cmd *c);
void fast_vector_portable(struct ash_tile *t, const struct fast_vector_part *p);

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
static inline uint32_t units_flush(uint32_t u)
{
	return u & ((u & 0x7f800000u) ? 0xffffffffu : 0x80000000u);
}

/* Numbers of a memory, which need not be aligned. */
static inline void units_load16(uint16_t *to, const uint8_t *from,
				uint32_t count)
{
	memcpy(to, from, 2 * count);
}

/* To fp32. NaNs stay as they are. */
static inline uint32_t units_bf16(uint32_t x)
{
	return units_flush(x << 16);
}

static inline uint32_t units_fp16(uint32_t x)
{
	/* the exponent is 112 too small; for denormals, too, in IEEE's way */
	float f = units_float((x & 0x7fff) << 13) * 0x1p112f;
	uint32_t special = (x & 0x7c00) == 0x7c00 ? 0x7f800000u : 0;

	return units_bits(f) | special | (x & 0x8000) << 16;
}

#endif
