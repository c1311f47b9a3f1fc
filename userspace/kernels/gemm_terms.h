/* SPDX-License-Identifier: MIT */
/* fp32 as three terms of bf16, for products: ashlar/ops_linear.h, "Sums". */
#ifndef GEMM_TERMS_H
#define GEMM_TERMS_H

#include <ashlar/kernel.h>

/*
 * Groups of lines at offset from, one after the other, to groups of rows of bf16
 * at offset to, pitch bytes from group to group: hi; term_bytes further mid, and
 * lo. What was at from is spoilt. Returns the vector token.
 */
static inline ash_token gemm_terms(uint32_t to, uint32_t term_bytes,
				   uint32_t from, uint32_t lines,
				   uint32_t groups, uint32_t pitch)
{
	uint32_t wide = 4 * ash_array(), narrow = wide / 2;
	ash_token made;

	/* hi = x; x - hi twice, as rounded (mid) and exact; lo = that - mid */
	ash_vector_groups(groups, pitch, 2 * pitch, pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to, narrow, from, wide,
		   lines);
	ash_vector_src2(to, narrow);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, 2 * pitch);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
		   from, wide, from, wide, lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, pitch);
	to += term_bytes;
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16), to, narrow, from, wide,
		   lines);
	ash_vector_src2(to, narrow);
	made = ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_BF16) |
				  ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_SUB),
			  to + term_bytes, narrow, from, wide, lines);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	return made;
}

#endif
