/* SPDX-License-Identifier: MIT */
/* What the plan of attention, its reference and its tests share. */
#ifndef OPS_ATTENTION_H
#define OPS_ATTENTION_H

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Bits of the scale of a descriptor; 0 stands for 1 / sqrt(d). */
static inline uint32_t attention_scale(float scale, uint64_t d)
{
	uint32_t bits;

	if (scale == 0)
		scale = (float)(1.0 / sqrt((double)d));
	memcpy(&bits, &scale, sizeof(bits));
	return bits;
}

/*
 * Keys that the query sees, and the first query that sees the key (lq when
 * none does); lq and lk at most 2^24.
 */
static inline int64_t attention_seen(int causal, int64_t query, int64_t lq,
				     int64_t lk)
{
	int64_t n = causal ? query + lk - lq + 1 : lk;

	return n < 0 ? 0 : n > lk ? lk : n;
}

static inline int64_t attention_first(int causal, int64_t key, int64_t lq,
				      int64_t lk)
{
	int64_t i = causal ? key + lq - lk : 0;

	return i < 0 ? 0 : i > lq ? lq : i;
}

#endif
