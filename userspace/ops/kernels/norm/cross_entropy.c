/* SPDX-License-Identifier: MIT */
/*
 * Cross entropy over rows: ashlar/ops_norm.h. The core picks the logit of each
 * row's class out of the row, the vector unit makes of these, row by row in its
 * lanes, the losses and the gradients at the classes, and the core puts those
 * where they belong once the rest of the row is there. What the core writes for
 * one batch and reads of another has two places, taken in turn.
 */
#include "softmax.h"

enum { CE_LABELS }; /* list in */
enum { CE_LOSS }; /* list out */
enum {
	CE_DIFFERENCE = SOFTMAX_WORDS, /* x[l] - greatest */
	CE_LOGIT, /* x[l], in the format of x; two places */
	CE_WEIGHT = CE_LOGIT + 2, /* scale; two places */
	CE_COUNTS = CE_WEIGHT + 2, /* 0: no loss; two places */
	CE_AT_CLASS = CE_COUNTS + 2, /* dx[l], in its format; two places */
	CE_WORDS = CE_AT_CLASS + 2,
};

#define CE_F32_NAN 0x7fc00000u
#define CE_ONE	   0x3f800000u

static uint32_t ce_nan(uint32_t format)
{
	if (format == ASH_FMT_F32)
		return CE_F32_NAN;
	return format == ASH_FMT_BF16 ? 0x7fc0 : 0x7e00;
}

/* Arrays of two places: that of a batch. */
static uint32_t ce_words(const struct rows *r, uint32_t which, uint32_t batch)
{
	return rows_words(r, which + (batch & 1));
}

/* Elements of 2 or 4 bytes. */
static inline uint32_t ce_get(uint32_t from, uint32_t bytes)
{
	if (bytes == 2)
		return *(const uint16_t *)ash_spad(from);
	return *(const uint32_t *)ash_spad(from);
}

static inline void ce_put(uint32_t to, uint32_t value, uint32_t bytes)
{
	if (bytes == 2)
		*(uint16_t *)ash_spad(to) = (uint16_t)value;
	else
		*(uint32_t *)ash_spad(to) = value;
}

/*
 * Logits of the classes that lie in a unit; with its first columns, weights of the
 * batch, and logits of labels that there are not.
 */
static void ce_pick(const struct rows *r, const struct rows_unit *unit)
{
	const struct norm_cross_entropy_args *args = r->use->args;
	const struct rows_walk *w = &unit->at;
	const uint32_t *label = ash_spad(unit->list_in);
	uint32_t *weight = ash_spad(ce_words(r, CE_WEIGHT, w->batch));
	uint32_t *counts = ash_spad(ce_words(r, CE_COUNTS, w->batch));
	uint32_t logit = ce_words(r, CE_LOGIT, w->batch);
	uint32_t nan = ce_nan(args->x.format);
	uint32_t bytes = r->in_line[0] / r->n;
	uint32_t first = w->segment * ROWS_SEGMENT * r->n;
	uint32_t pitch = r->unit_lines * r->in_line[0];
	uint32_t cols = r->unit_lines * r->n;
	uint32_t row = unit->in[0], i;

	if (cols > r->cols - first)
		cols = r->cols - first;
	for (i = 0; i < w->rows; i++, logit += bytes, row += pitch) {
		uint32_t class = label[i];
		bool there = class < r->cols;

		if (first == 0) {
			bool ignored = args->ignores &&
				       class == (uint32_t)args->ignore;

			weight[i] = ignored ? 0 :
				    there   ? args->scale :
					      CE_F32_NAN;
			counts[i] = ignored ? 0 : CE_ONE;
			if (!there)
				ce_put(logit, nan, bytes);
		}
		if (there && class - first < cols)
			ce_put(logit,
			       ce_get(row + (class - first) * bytes, bytes),
			       bytes);
	}
}

static void ce_pick_now(struct rows *r)
{
	ce_pick(r, r->now);
}

/*
 * Whole rows: those of the next unit, which are in other banks than what the
 * vector unit reads, since it goes before the core.
 */
static void ce_pick_next(struct rows *r)
{
	const struct rows_unit *unit = rows_next(r);

	if (!unit)
		return;
	ash_wait(ASH_LOAD, unit->arrived);
	ce_pick(r, unit);
}

/* Put the gradients at the classes into the results of a unit. */
static void ce_finish(struct rows *r, const struct rows_unit *unit)
{
	const struct norm_cross_entropy_args *args = r->use->args;
	const struct rows_walk *w = &unit->at;
	const int32_t *label = ash_spad(unit->list_in);
	uint32_t bytes = r->out_line / r->n;
	uint32_t from = ce_words(r, CE_AT_CLASS, w->batch);
	uint32_t first = w->segment * ROWS_SEGMENT * r->n;
	uint32_t cols = r->unit_lines * r->n;
	uint32_t row = unit->out;
	uint32_t i;

	if (!unit->has_out)
		return;
	if (cols > r->cols - first)
		cols = r->cols - first;
	for (i = 0; i < w->rows;
	     i++, from += bytes, row += r->unit_lines * r->out_line) {
		uint32_t col = (uint32_t)label[i] - first;

		if (args->ignores && label[i] == args->ignore)
			continue;
		if ((uint32_t)label[i] >= first && col < cols)
			ce_put(row + col * bytes, ce_get(from, bytes), bytes);
	}
}

/* Losses of the batch, factors of its rows, gradients at the classes. */
static void ce_words_of_batch(const struct rows *r,
			      const struct norm_cross_entropy_args *args,
			      uint32_t batch)
{
	const uint32_t f32 = ASH_VEC(ASH_FMT_F32, ASH_FMT_F32);
	uint32_t difference = rows_words(r, CE_DIFFERENCE);
	uint32_t factor = rows_words(r, SOFTMAX_FACTOR);
	uint32_t sum = rows_words(r, SOFTMAX_SUM);
	uint32_t part = rows_words(r, SOFTMAX_PART);
	uint32_t weight = ce_words(r, CE_WEIGHT, batch);

	/* x[l] - m */
	ash_vector_src2(ce_words(r, CE_LOGIT, batch), r->in_line[0]);
	rows_each(r, f32 | ASH_VEC_SRC2_ROWS(args->x.format, ASH_ADD), 0,
		  difference, rows_words(r, SOFTMAX_LESS));
	if (args->loss) {
		/* log(s) - (x[l] - m), if it counts */
		rows_with(r, difference);
		rows_each(r,
			  f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB) |
				  ASH_VEC_LATE,
			  ASH_VEC_FN(ASH_FN_LOG), part, sum);
		rows_with(r, ce_words(r, CE_COUNTS, batch));
		rows_each(r, f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_KEEP), 0,
			  r->list_out[CE_LOSS], part);
	}
	if (!args->dx.addr)
		return;
	/* recip(s) * scale */
	rows_with(r, weight);
	rows_each(r,
		  f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL) | ASH_VEC_LATE,
		  ASH_VEC_FN(ASH_FN_RECIP), factor, sum);
	/* e[l] * that - scale */
	rows_with(r, factor);
	rows_each(r,
		  f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL) | ASH_VEC_LATE,
		  ASH_VEC_FN(ASH_FN_EXP), part, difference);
	rows_with(r, weight);
	rows_each_to(r,
		     ASH_VEC(ASH_FMT_F32, args->dx.format) |
			     ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB),
		     0, ce_words(r, CE_AT_CLASS, batch), r->out_line, part);
}

ASHLAR_KERNEL(norm_cross_entropy, struct norm_cross_entropy_args)
{
	const struct rows_use use = {
		.in = { &args->x },
		.out = args->dx.addr ? &args->dx : NULL,
		.passes = args->dx.addr ? 3 : 2,
		.list_in = { args->labels },
		.list_out = { args->loss },
		.words = CE_WORDS,
		.in_part = 8,
		.out_part = 6,
		.in_slots = 3,
		.out_slots = 3,
		.finish = ce_finish,
		.args = args,
	};
	struct rows r;
	bool ahead;

	rows_begin(&r, &use, &args->shape);
	/* With two slots the next unit comes when this one is half done. */
	ahead = r.resident && r.slots > 2;
	while (rows_batch(&r)) {
		uint32_t batch = r.now->at.batch;

		if (ahead && batch == 0)
			ce_pick(&r, r.now);
		softmax_sums(&r, args->x.format,
			     ahead ? ce_pick_next : ce_pick_now);
		ce_words_of_batch(&r, args, batch);
		if (args->dx.addr)
			softmax_results(&r, args->x.format, args->dx.format);
	}
	rows_end(&r);
	return 0;
}
