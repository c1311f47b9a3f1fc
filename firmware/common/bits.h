/* SPDX-License-Identifier: MIT */
/* Small helpers without state. */
#ifndef BITS_H
#define BITS_H

#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

extern const uint8_t bit_index_table[32];

/*
 * Number of the lowest bit set in x, which must not be 0. The core has no
 * count instruction; a de Bruijn product is the shortest way.
 */
static inline unsigned int bit_index(uint32_t x)
{
	return bit_index_table[((x & -x) * 0x077cb531u) >> 27];
}

/* Bit n of 64, without a 64-bit shift (which would be a library call). */
static inline uint64_t bit64(unsigned int n)
{
	uint32_t bit = (uint32_t)1 << (n & 31);

	return n & 32 ? (uint64_t)bit << 32 : bit;
}

/* Number of the lowest bit set in *set, which must not be 0; takes it out. */
static inline unsigned int bit64_take(uint64_t *set)
{
	uint32_t low = (uint32_t)*set;
	unsigned int n = low ? bit_index(low) :
			       32 + bit_index((uint32_t)(*set >> 32));

	*set &= *set - 1;
	return n;
}

static inline unsigned int bit_count(uint32_t x)
{
	x -= (x >> 1) & 0x55555555u;
	x = (x & 0x33333333u) + ((x >> 2) & 0x33333333u);
	x = (x + (x >> 4)) & 0x0f0f0f0fu;
	return (x * 0x01010101u) >> 24;
}

#endif
