/* SPDX-License-Identifier: MIT */
/* What softmax and cross entropy begin with. */
#ifndef NORM_SOFTMAX_H
#define NORM_SOFTMAX_H

#include "rows.h"

/* Arrays of words. */
enum {
	SOFTMAX_LESS, /* minus the greatest of the row */
	SOFTMAX_SUM, /* of exp(x - greatest) */
	SOFTMAX_PART,
	SOFTMAX_FACTOR, /* of each row's results */
	SOFTMAX_WORDS,
};

/* Called for each unit of the second pass, when it has been started. */
typedef void softmax_look(struct rows *r);

/* Two passes over in[0]. */
static inline void softmax_sums(struct rows *r, uint32_t format,
				softmax_look *look)
{
	uint32_t less = rows_words(r, SOFTMAX_LESS);
	uint32_t part = rows_words(r, SOFTMAX_PART);

	ash_vector_scale(0xbf800000); /* -1: the least of -x */
	while (rows_segment(r))
		rows_reduce(r,
			    ASH_VEC(format, ASH_FMT_NONE) | ASH_VEC_SCALE_IMM,
			    ASH_VEC_TO_WORD(ASH_LEAST), &r->in[0], NULL, less,
			    part, ASH_MIN);
	ash_vector_bias(less);
	while (rows_segment(r)) {
		rows_reduce(r,
			    ASH_VEC(format, ASH_FMT_NONE) | ASH_VEC_BIAS_WORDS,
			    ASH_VEC_FN(ASH_FN_EXP) | ASH_VEC_TO_WORD(ASH_SUM),
			    &r->in[0], NULL, rows_words(r, SOFTMAX_SUM), part,
			    ASH_ADD);
		if (look && (r->first || !r->resident))
			look(r);
	}
}

/* out = exp(x - greatest) * factor, the third pass. */
static inline void softmax_results(struct rows *r, uint32_t format,
				   uint32_t out)
{
	ash_vector_bias(rows_words(r, SOFTMAX_LESS));
	ash_vector_src2(rows_words(r, SOFTMAX_FACTOR), 0);
	while (rows_segment(r))
		rows_run(r,
			 ASH_VEC(format, out) | ASH_VEC_BIAS_WORDS |
				 ASH_VEC_SRC2_WORDS(ASH_MUL) | ASH_VEC_LATE,
			 ASH_VEC_FN(ASH_FN_EXP), &r->out, &r->in[0], NULL, 0);
}

#endif
