/* SPDX-License-Identifier: MIT */
/* What plans of attention share; some of it also with the reference. */
#ifndef OPS_ATTENTION_H
#define OPS_ATTENTION_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "kernels/args_attention.h"
#include "plan.h"

/* Most positions, and most of batch * heads. */
#define ATTENTION_LENGTH_MAX (1u << 24)
#define ATTENTION_D_MAX	     128u

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

/*
 * A tensor of four dimensions, [batch, heads, length, d], the last one
 * contiguous, whose rows the load or store DMA can step over. Formats and
 * flags as for check_tensor().
 */
int attention_check_rows(struct check *c, const char *name,
			 const struct ashlar_tensor *t, uint32_t formats,
			 uint32_t flags);
/* q, k and v alike, the heads of one a multiple of the other's; scale, flags. */
int attention_check_inputs(struct check *c, const struct ashlar_tensor *q,
			   const struct ashlar_tensor *k,
			   const struct ashlar_tensor *v, float scale,
			   uint32_t flags);
/* [batch, heads, lq] of fp32. */
int attention_check_lse(struct check *c, const struct ashlar_tensor *lse,
			const struct ashlar_tensor *q, uint32_t flags);
/* A checked tensor for a kernel. */
struct attention_rows attention_rows(const struct ashlar_tensor *t);

#endif
