/* SPDX-License-Identifier: MIT */
/* The host's floating point with denormals as zeros, as far as it has that. */
#ifndef HOST_FP_H
#define HOST_FP_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <xmmintrin.h>
#define HOST_HAS_FTZ 1
#else
#define HOST_HAS_FTZ 0
#endif

static inline float host_float(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

static inline uint32_t host_bits(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

/* Any NaN to the one the board makes. */
static inline uint32_t host_canonical(float x)
{
	return x != x ? 0x7fc00000u : host_bits(x);
}

struct host_random {
	uint64_t s;
};

static inline uint32_t host_next(struct host_random *r)
{
	r->s ^= r->s << 13;
	r->s ^= r->s >> 7;
	r->s ^= r->s << 17;
	return (uint32_t)(r->s >> 32);
}

#endif
