// SPDX-License-Identifier: MIT
/* Bytes for memories: the seed's last three bits say what kind of numbers. */
#include "run.h"

#include <string.h>

static uint64_t next(uint64_t *state)
{
	uint64_t x = *state += 0x9e3779b97f4a7c15ull;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ull;
	x = (x ^ x >> 27) * 0x94d049bb133111ebull;
	return x ^ x >> 31;
}

/* 16 bits that are a number near 1 in bf16 or fp16, or one at an edge. */
static uint16_t half(uint64_t x, bool bf16, bool edges)
{
	static const uint16_t special[] = { 0x0000, 0x8000, 0x0001, 0x8001,
					    0x7f80, 0xff80, 0x7c00, 0xfc00,
					    0x7fc0, 0x7e00, 0x0080, 0x0400,
					    0x7f7f, 0x7bff, 0x007f, 0x03ff };
	uint16_t sign = x & 1 ? 0x8000 : 0;

	if (edges && (x >> 8) % 16 == 0)
		return special[x >> 16 & 15];
	if (bf16)
		return sign | (uint16_t)((120 + (x >> 1) % 12) << 7) |
		       (x >> 20 & 0x7f);
	return sign | (uint16_t)((8 + (x >> 1) % 12) << 10) | (x >> 20 & 0x3ff);
}

static uint32_t single(uint64_t x, bool edges)
{
	static const uint32_t special[] = { 0x00000000, 0x80000000, 0x00000001,
					    0x807fffff, 0x00800000, 0x7f800000,
					    0xff800000, 0x7fc00000, 0x7fffffff,
					    0xffc00001, 0x7f7fffff, 0x4f000000,
					    0xcf000000, 0x3f000000, 0x42ff0000,
					    0x477fe000 };

	if (edges && (x >> 8) % 16 == 0)
		return special[x >> 16 & 15];
	return (x & 1 ? 0x80000000u : 0) |
	       (uint32_t)((110 + (x >> 1) % 40) << 23) |
	       (uint32_t)(x >> 30 & 0x7fffff);
}

static uint64_t eight(uint64_t x, unsigned int kind)
{
	uint64_t y = x * 0x2545f4914f6cdd1dull;

	switch (kind) {
	case 1: /* bf16 */
	case 2:
		return half(x, true, kind == 2) |
		       (uint64_t)half(y, true, kind == 2) << 16 |
		       (uint64_t)half(x >> 24, true, false) << 32 |
		       (uint64_t)half(y >> 24, true, false) << 48;
	case 3: /* fp16 */
	case 4:
		return half(x, false, kind == 4) |
		       (uint64_t)half(y, false, kind == 4) << 16 |
		       (uint64_t)half(x >> 24, false, false) << 32 |
		       (uint64_t)half(y >> 24, false, false) << 48;
	case 5: /* fp32 */
		return single(x, true) | (uint64_t)single(y, false) << 32;
	case 6: /* small int32 */
		return (uint32_t)((int32_t)(x & 0xffff) - 0x8000) |
		       (uint64_t)(uint32_t)((int32_t)(y & 0xff) - 0x80) << 32;
	case 7:
		return 0;
	default:
		return x;
	}
}

void pattern(uint8_t *to, size_t bytes, uint64_t seed)
{
	uint64_t state = seed, word;
	size_t i;

	for (i = 0; i < bytes; i += 8) {
		word = eight(next(&state), seed & 7);
		memcpy(to + i, &word, bytes - i < 8 ? bytes - i : 8);
	}
}
