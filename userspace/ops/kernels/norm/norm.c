/* SPDX-License-Identifier: MIT */
/* Layer norm and RMS norm over rows, and dx of both: ashlar/ops_norm.h. */
#include "rows.h"

#define F32_TO_F32 ASH_VEC(ASH_FMT_F32, ASH_FMT_F32)
#define F32_SIGN   0x80000000u

/* Vectors and lists. */
enum { NORM_GAMMA, NORM_BETA };
enum { NORM_MEAN, NORM_RSTD };
/* Other arrays of words. */
enum { NORM_LESS_MEAN, NORM_SUM, NORM_PART, NORM_WORDS };

/* The sum of x, and of it minus the mean, in words. */
static void norm_mean(struct rows *r, const struct norm_norm_args *args)
{
	uint32_t sum = rows_words(r, NORM_SUM);

	while (rows_segment(r))
		rows_reduce(r, ASH_VEC(args->x.format, ASH_FMT_NONE),
			    ASH_VEC_TO_WORD(ASH_SUM), &r->in[0], NULL, sum,
			    rows_words(r, NORM_PART), ASH_ADD);
	ash_vector_scale(args->c ^ F32_SIGN);
	rows_each(r, F32_TO_F32 | ASH_VEC_SCALE_IMM, 0,
		  rows_words(r, NORM_LESS_MEAN), sum);
	if (args->mean) {
		ash_vector_scale(args->c);
		rows_each(r, F32_TO_F32 | ASH_VEC_SCALE_IMM, 0,
			  r->list_out[NORM_MEAN], sum);
	}
}

/* The sum of squares, and of it rstd, in words. */
static void norm_rstd(struct rows *r, const struct norm_norm_args *args)
{
	uint32_t sum = rows_words(r, NORM_SUM);
	uint32_t cfg = ASH_VEC(args->x.format, ASH_FMT_NONE);

	if (!args->rms)
		cfg |= ASH_VEC_BIAS_WORDS;
	ash_vector_bias(rows_words(r, NORM_LESS_MEAN));
	while (rows_segment(r))
		rows_reduce(r, cfg,
			    ASH_VEC_FN(ASH_FN_SQUARE) |
				    ASH_VEC_TO_WORD(ASH_SUM),
			    &r->in[0], NULL, sum, rows_words(r, NORM_PART),
			    ASH_ADD);
	ash_vector_scale(args->c);
	ash_vector_bias(args->eps);
	rows_each(r,
		  F32_TO_F32 | ASH_VEC_SCALE_IMM | ASH_VEC_BIAS_IMM |
			  ASH_VEC_BIAS_LATE,
		  ASH_VEC_FN(ASH_FN_RSQRT), r->list_out[NORM_RSTD], sum);
}

/* y of a segment of RMS norm: x * rstd (* gamma). */
static void norm_rms_results(struct rows *r, const struct norm_norm_args *args)
{
	uint32_t cfg = ASH_VEC(args->x.format, args->y.format) |
		       ASH_VEC_SRC2_WORDS(ASH_MUL);

	ash_vector_src2(r->list_out[NORM_RSTD], 0);
	if (args->gamma)
		rows_columns(r, cfg | ASH_VEC_SCALE_ROW, &r->out, &r->in[0],
			     NULL, NULL, &r->vector[NORM_GAMMA]);
	else
		rows_run(r, cfg, 0, &r->out, &r->in[0], NULL, 0);
}

/* fp32 results are made where they are stored from, otherwise in a temporary. */
static bool norm_in_place(const struct norm_norm_args *args)
{
	return args->y.format == ASH_FMT_F32;
}

/* y of a segment of layer norm: (x - mean) * rstd (* gamma) (+ beta). */
static void norm_layer_results(struct rows *r,
			       const struct norm_norm_args *args)
{
	bool more = args->gamma || args->beta;
	const struct rows_at *made =
		more && !norm_in_place(args) ? &r->temp[0] : &r->out;
	uint32_t cfg =
		ASH_VEC(args->x.format, more ? ASH_FMT_F32 : args->y.format);

	ash_vector_bias(rows_words(r, NORM_LESS_MEAN));
	ash_vector_scale(r->list_out[NORM_RSTD]);
	rows_run(r, cfg | ASH_VEC_BIAS_WORDS | ASH_VEC_SCALE_WORDS, 0, made,
		 &r->in[0], NULL, 0);
	if (!more)
		return;
	cfg = ASH_VEC(ASH_FMT_F32, args->y.format);
	if (args->gamma)
		cfg |= ASH_VEC_SCALE_ROW;
	if (args->beta)
		cfg |= ASH_VEC_BIAS_ROW | ASH_VEC_BIAS_LATE;
	rows_columns(r, cfg, &r->out, made, NULL,
		     args->beta ? &r->vector[NORM_BETA] : NULL,
		     args->gamma ? &r->vector[NORM_GAMMA] : NULL);
}

ASHLAR_KERNEL(norm_forward, struct norm_norm_args)
{
	struct rows_use use = {
		.in = { &args->x },
		.out = &args->y,
		.temps = !norm_in_place(args) && !args->rms &&
			 (args->gamma || args->beta),
		.passes = args->rms ? 2 : 3,
		.vector = { args->gamma, args->beta },
		.list_out = { args->mean, args->rstd },
		.words = NORM_WORDS,
		.in_part = 7,
		.out_part = 7,
		/* RMS norm is as fast as memory. */
		.in_slots = args->rms ? 3 : 2,
		.out_slots = args->rms ? 3 : 2,
	};
	struct rows r;

	if (use.temps) {
		use.in_part = 4;
		use.temp_part = 6;
		use.out_part = 4;
	}

	rows_begin(&r, &use, &args->shape);
	while (rows_batch(&r)) {
		if (!args->rms)
			norm_mean(&r, args);
		norm_rstd(&r, args);
		while (rows_segment(&r)) {
			if (args->rms)
				norm_rms_results(&r, args);
			else
				norm_layer_results(&r, args);
		}
	}
	rows_end(&r);
	return 0;
}

/* --- dx --------------------------------------------------------------------- */

enum { DX_X, DX_DY }; /* in */
enum { DX_N, DX_G }; /* temporaries */
enum { DX_LESS_S, DX_S, DX_LESS_T, DX_T, DX_PART, DX_WORDS };

/* n = (x - mean) * rstd of a segment */
static void norm_dx_n(const struct rows *r,
		      const struct norm_norm_dx_args *args)
{
	uint32_t cfg = ASH_VEC(args->x.format, ASH_FMT_F32) |
		       ASH_VEC_SCALE_WORDS;

	ash_vector_scale(r->list_in[NORM_RSTD]);
	if (args->mean) {
		cfg |= ASH_VEC_SRC2_WORDS(ASH_SUB);
		ash_vector_src2(r->list_in[NORM_MEAN], 0);
	}
	rows_run(r, cfg, 0, &r->temp[DX_N], &r->in[DX_X], NULL, 0);
}

/*
 * g = (dy * gamma) * rstd of a segment, and its sum to the words at sum, if not 0.
 * Without a sum, column by column: gamma as a line of SCALE costs no reads.
 */
static void norm_dx_g(struct rows *r, const struct norm_norm_dx_args *args,
		      uint32_t sum)
{
	uint32_t cfg = ASH_VEC(args->dy.format, ASH_FMT_F32);
	const struct rows_at *gamma = args->gamma ? &r->vector[NORM_GAMMA] :
						    NULL;

	if (gamma && !sum) {
		ash_vector_src2(r->list_in[NORM_RSTD], 0);
		rows_columns(r,
			     cfg | ASH_VEC_SCALE_ROW |
				     ASH_VEC_SRC2_WORDS(ASH_MUL) | ASH_VEC_LATE,
			     &r->temp[DX_G], &r->in[DX_DY], NULL, NULL, gamma);
		return;
	}
	if (gamma)
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL);
	ash_vector_scale(r->list_in[NORM_RSTD]);
	rows_run(r, cfg | ASH_VEC_SCALE_WORDS,
		 sum ? ASH_VEC_TO_WORD(ASH_SUM) : 0, &r->temp[DX_G],
		 &r->in[DX_DY], gamma, sum);
}

/* Segments behind the first: part joins the sum. */
static void norm_dx_join(const struct rows *r, uint32_t sum)
{
	if (r->first)
		return;
	rows_with(r, rows_words(r, DX_PART));
	rows_each(r, F32_TO_F32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD), 0,
		  sum, sum);
}

/* The sums of g and of n * g, and n and g themselves if rows are resident. */
static void norm_dx_sums(struct rows *r, const struct norm_norm_dx_args *args)
{
	uint32_t s = rows_words(r, DX_S);
	uint32_t part = rows_words(r, DX_PART);

	while (rows_segment(r)) {
		norm_dx_n(r, args);
		/* What follows may keep the core for long. */
		rows_turn(r);
		if (args->mean) {
			norm_dx_g(r, args, r->first ? s : part);
			norm_dx_join(r, s);
		} else {
			norm_dx_g(r, args, 0);
		}
		rows_reduce(r,
			    ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE) |
				    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL),
			    ASH_VEC_TO_WORD(ASH_SUM), &r->temp[DX_N],
			    &r->temp[DX_G], rows_words(r, DX_T), part, ASH_ADD);
	}
	ash_vector_scale(args->c ^ F32_SIGN);
	if (args->mean)
		rows_each(r, F32_TO_F32 | ASH_VEC_SCALE_IMM, 0,
			  rows_words(r, DX_LESS_S), s);
	rows_each(r, F32_TO_F32 | ASH_VEC_SCALE_IMM, 0,
		  rows_words(r, DX_LESS_T), rows_words(r, DX_T));
}

ASHLAR_KERNEL(norm_backward, struct norm_norm_dx_args)
{
	const struct rows_use use = {
		.in = { &args->x, &args->dy },
		.out = &args->dx,
		.temps = 2,
		.passes = 2,
		.vector = { args->gamma },
		.list_in = { args->mean, args->rstd },
		.words = DX_WORDS,
		.in_part = 6,
		.temp_part = 4,
		.out_part = 4,
		.in_slots = 2,
		.out_slots = 2,
	};
	uint32_t cfg = ASH_VEC(ASH_FMT_F32, args->dx.format) |
		       ASH_VEC_SCALE_WORDS |
		       ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) | ASH_VEC_LATE;
	struct rows r;

	if (args->mean)
		cfg |= ASH_VEC_BIAS_WORDS | ASH_VEC_BIAS_LATE;
	rows_begin(&r, &use, &args->shape);
	while (rows_batch(&r)) {
		norm_dx_sums(&r, args);
		/* n * -(t * c) - s * c + g */
		while (rows_segment(&r)) {
			if (!r.resident) {
				norm_dx_n(&r, args);
				norm_dx_g(&r, args, 0);
			}
			ash_vector_scale(rows_words(&r, DX_LESS_T));
			ash_vector_bias(rows_words(&r, DX_LESS_S));
			rows_run(&r, cfg, 0, &r.out, &r.temp[DX_N],
				 &r.temp[DX_G], 0);
		}
	}
	rows_end(&r);
	return 0;
}
