/* SPDX-License-Identifier: MIT */
/* softmax and its gradient over rows: ashlar/ops_norm.h. */
#include "softmax.h"

/* y = (x - greatest) - log(sum) */
static void softmax_log_results(struct rows *r, uint32_t format, uint32_t out)
{
	uint32_t less_log = rows_words(r, SOFTMAX_FACTOR);

	ash_vector_src2(0xbf800000, 0);
	rows_each(r,
		  ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			  ASH_VEC_SRC2_IMM(ASH_MUL) | ASH_VEC_LATE,
		  ASH_VEC_FN(ASH_FN_LOG), less_log, rows_words(r, SOFTMAX_SUM));
	ash_vector_src2(rows_words(r, SOFTMAX_LESS), 0);
	ash_vector_bias(less_log);
	while (rows_segment(r))
		rows_run(r,
			 ASH_VEC(format, out) | ASH_VEC_SRC2_WORDS(ASH_ADD) |
				 ASH_VEC_BIAS_WORDS,
			 0, &r->out, &r->in[0], NULL, 0);
}

ASHLAR_KERNEL(norm_softmax, struct norm_softmax_args)
{
	const struct rows_use use = {
		.in = { &args->x },
		.out = &args->y,
		.passes = 3,
		.words = SOFTMAX_WORDS,
		.in_part = 8,
		.out_part = 6,
		.in_slots = 3,
		.out_slots = 3,
	};
	struct rows r;

	rows_begin(&r, &use, &args->shape);
	while (rows_batch(&r)) {
		softmax_sums(&r, args->x.format, NULL);
		if (args->log) {
			softmax_log_results(&r, args->x.format, args->y.format);
			continue;
		}
		rows_each(&r, ASH_VEC(ASH_FMT_F32, ASH_FMT_F32),
			  ASH_VEC_FN(ASH_FN_RECIP),
			  rows_words(&r, SOFTMAX_FACTOR),
			  rows_words(&r, SOFTMAX_SUM));
		softmax_results(&r, args->x.format, args->y.format);
	}
	rows_end(&r);
	return 0;
}

/* Arrays of words of softmax_dx. */
enum { DX_LESS_SUM, DX_SUM, DX_PART, DX_WORDS };

ASHLAR_KERNEL(norm_softmax_dx, struct norm_softmax_dx_args)
{
	const struct rows_use use = {
		.in = { &args->y, &args->dy },
		.out = &args->dx,
		.temps = args->log,
		.passes = 2,
		.words = DX_WORDS,
		.in_part = 8,
		.temp_part = 2,
		.out_part = 4,
		.in_slots = 3,
		.out_slots = 3,
	};
	uint32_t y = args->y.format, dy = args->dy.format;
	uint32_t sum, less, part;
	struct rows r;

	rows_begin(&r, &use, &args->shape);
	sum = rows_words(&r, DX_SUM);
	less = rows_words(&r, DX_LESS_SUM);
	part = rows_words(&r, DX_PART);
	while (rows_batch(&r)) {
		/* t, the sum of dy * y or of dy */
		while (rows_segment(&r)) {
			if (args->log)
				rows_reduce(&r, ASH_VEC(dy, ASH_FMT_NONE),
					    ASH_VEC_TO_WORD(ASH_SUM), &r.in[1],
					    NULL, sum, part, ASH_ADD);
			else
				rows_reduce(
					&r,
					ASH_VEC(dy, ASH_FMT_NONE) |
						ASH_VEC_SRC2_ROWS(y, ASH_MUL),
					ASH_VEC_TO_WORD(ASH_SUM), &r.in[1],
					&r.in[0], sum, part, ASH_ADD);
		}
		ash_vector_scale(0xbf800000);
		rows_each(&r,
			  ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) | ASH_VEC_SCALE_IMM,
			  0, less, sum);
		while (rows_segment(&r)) {
			if (!args->log) {
				/* (dy - t) * y */
				ash_vector_bias(less);
				rows_run(&r,
					 ASH_VEC(dy, args->dx.format) |
						 ASH_VEC_BIAS_WORDS |
						 ASH_VEC_SRC2_ROWS(y, ASH_MUL) |
						 ASH_VEC_LATE,
					 0, &r.out, &r.in[1], &r.in[0], 0);
				continue;
			}
			/* exp(y) * -t, and with dy */
			ash_vector_src2(less, 0);
			rows_run(&r,
				 ASH_VEC(y, ASH_FMT_F32) |
					 ASH_VEC_SRC2_WORDS(ASH_MUL) |
					 ASH_VEC_LATE,
				 ASH_VEC_FN(ASH_FN_EXP), &r.temp[0], &r.in[0],
				 NULL, 0);
			rows_run(&r,
				 ASH_VEC(ASH_FMT_F32, args->dx.format) |
					 ASH_VEC_SRC2_ROWS(dy, ASH_ADD),
				 0, &r.out, &r.temp[0], &r.in[1], 0);
		}
	}
	rows_end(&r);
	return 0;
}
