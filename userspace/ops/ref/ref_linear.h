/* SPDX-License-Identifier: MIT */
/* Products and epilogues, for the references of the family linear. */
#ifndef OPS_REF_LINEAR_H
#define OPS_REF_LINEAR_H

#include <stddef.h>
#include <stdint.h>

#include <ashlar/ops.h>

/*
 * Two operands without gaps, a [m][k] and b [n][k], in their format, and room
 * for the sums [m][n].
 */
struct ref_product {
	size_t m, n, k;
	uint32_t format;
	uint8_t *a, *b;
	uint32_t *sums; /* int32 or fp32 */
	/*
	 * fp32: where the chunks of k end, in increasing order, the last one at
	 * k; NULL: every 128 elements.
	 */
	const size_t *ends;
};

void ref_product_alloc(struct ref_product *p, size_t m, size_t n, size_t k,
		       uint32_t format);
void ref_product_free(struct ref_product *p);
/* Make the sums. */
void ref_product_run(struct ref_product *p);

/*
 * From a sum (of operands in format `in`) to the result at `to`, in column;
 * residual: its element, if there is one.
 */
void ref_epilogue(const struct ashlar_epilogue *e, uint32_t in, uint32_t sum,
		  uint64_t column, const void *residual, void *to,
		  uint32_t out);

void *ref_alloc(size_t bytes);

#endif
