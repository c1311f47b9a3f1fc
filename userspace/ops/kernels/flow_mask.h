/* SPDX-License-Identifier: MIT */
/*
 * A table for scores that lie on the diagonal: in its row k, bf16, lanes below
 * k have one infinity, the others the other one. It begins with row mask_first.
 * A key k behind that of lane 0 is hidden from lanes below k; a query k behind
 * it sees lanes below k + 1. Chunks of which not all is seen take rows of the
 * table, one for each of theirs.
 */
#ifndef FLOW_MASK_H
#define FLOW_MASK_H

#include "flow.h"

/* Rows that chunks can need. */
static inline uint32_t flow_mask_rows(const struct flow *f)
{
	return flow_most_rows(f) + f->array;
}

/* Bytes: the rows, and a word for each in whole lines. */
static inline uint32_t flow_mask_bytes(const struct flow *f)
{
	return flow_mask_rows(f) * (f->line / 2 + 4);
}

static void flow_mask(const struct flow *f)
{
	uint32_t rows = flow_mask_rows(f);
	uint32_t bytes = f->mask_at;
	uint32_t words = f->mask_at + rows * (f->line / 2);
	volatile uint32_t *w = ash_spad(bytes); /* see flow_go() */
	uint32_t i;

	/* Lanes' 2 * lane + 1, of a byte each: the core is slow at storing. */
	for (i = 0; i < f->array / 4; i++)
		w[i] = 0x07050301 + i * 0x08080808;
	/* Words 2 * k + 1. */
	for (i = 0; i < rows; i += f->array) {
		ash_vector_bias(2 * i);
		flow_vector(ASH_VEC(ASH_FMT_I8, ASH_FMT_I32) | ASH_VEC_BIAS_IMM,
			    0, words + 4 * i, f->line, bytes, f->array, 1);
	}
	/* 2 * (lane - k) + 1, times an infinity. */
	ash_vector_src2(words, 0);
	ash_vector_bias((uint32_t)(1 - 2 * f->mask_first));
	ash_vector_scale(f->mask_below ^ 0x80000000);
	ash_vector_groups(rows, f->line / 2, 0, 0);
	flow_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_BF16) |
			    ASH_VEC_SRC2_WORDS(ASH_SUB) | ASH_VEC_BIAS_IMM |
			    ASH_VEC_SCALE_IMM,
		    0, f->mask_at, f->line / 2, words, 0, 1);
	flow_groups(1);
}

/* Some lane may not see some of these rows of the item. */
static inline bool flow_masked(const struct flow *f, const struct flow_item *i,
			       uint32_t row, uint32_t rows)
{
	int32_t k = i->k + (int32_t)row;

	if (!f->causal)
		return false;
	if (FLOW_OUTER_QUERIES)
		return k + (int32_t)rows > 1;
	return k < (int32_t)f->array - 1;
}

/* SRC2 is the table, for rows of the item from this one on. */
static inline void flow_mask_src2(const struct flow *f,
				  const struct flow_item *i, uint32_t row)
{
	int32_t k = i->k + (int32_t)row - f->mask_first;

	if (!FLOW_OUTER_QUERIES)
		k++;
	ash_vector_src2(f->mask_at + (uint32_t)k * (f->line / 2), f->line / 2);
}

#endif
