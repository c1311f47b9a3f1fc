/* SPDX-License-Identifier: MIT */
/*
 * Gradients of attention: ashlar/ops_attention.h says what, flow.h how it
 * flows. First dk and dv with keys as outer tiles, then dq with queries; p and
 * ds are made again for each, which costs more products but no sum is shared by
 * two tiles of the board. Whichever are outer, a lane is one of them.
 */
#include <ashlar/kernel.h>

/* Results: dq alone, or dk and dv. */
#define FLOW_PRODUCTS	   2u
#define FLOW_OUTPUTS	   (f->outer_queries ? 1u : 2u)
#define FLOW_WORDS	   2u
#define FLOW_OUTER_QUERIES (f->outer_queries)

#include "flow_layout.h"
#include "flow_run.h"

/* Products of scores, and with words of queries: p of those, ds of these. */
enum { OF_QUERIES, OF_DOUT };
/* Results. */
enum { OUT_FROM_DS, OUT_FROM_P };

struct attention_dx {
	struct flow flow;
	const struct attention_dx_args *args;
	uint32_t scale;
};

/*
 * Rows of scores are rows of one group, with a row of bias, or each a group
 * with a word of it.
 */
static void flow_read_begin(struct flow *f)
{
	const struct attention_dx *a = (const struct attention_dx *)f;
	uint32_t half = f->line / 2;

	ash_vector_scale(a->scale);
	ash_vector_groups(1, half, 1, half);
	flow_pitches(half, 1);
}

static inline void read_rows(const struct flow *f, uint32_t cfg, uint32_t op,
			     uint32_t to, uint32_t acc_row, uint32_t rows)
{
	cfg |= ASH_VEC(ASH_FMT_ACC_F32, f->type);
	if (f->outer_queries) {
		flow_rows(cfg | ASH_VEC_BIAS_ROW, op, to, acc_row, rows);
		return;
	}
	flow_groups(rows);
	flow_rows(cfg | ASH_VEC_BIAS_WORDS, op, to, acc_row, 1);
}

/* p, then ds. */
static void flow_read(struct flow *f, const struct flow_item *i, uint32_t p,
		      uint32_t row, uint32_t rows, uint32_t acc_row)
{
	uint32_t half = f->line / 2;
	uint32_t ds = i->operand + row * half;
	/* For dq, p of the chunk is of no use later. */
	uint32_t p_at = f->outer_queries ? f->private_at : ds + f->operand_each;
	uint32_t cfg = 0;
	uint32_t words;

	if (f->outer_queries)
		words = i->words + p * f->words_each;
	else
		words = i->words + 4 * (p * f->block + row);
	ash_vector_bias(words);
	if (p == OF_DOUT) {
		ash_vector_src2(p_at, half);
		read_rows(f, ASH_VEC_SRC2_ROWS(f->type, ASH_MUL) | ASH_VEC_LATE,
			  0, ds, acc_row, rows);
		return;
	}
	if (flow_masked(f, i, row, rows)) {
		cfg = ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_GATE) | ASH_VEC_LATE;
		flow_mask_src2(f, i, row);
	}
	read_rows(f, cfg | ASH_VEC_SCALE_IMM | ASH_VEC_BIAS_LATE,
		  ASH_VEC_FN(ASH_FN_EXP), p_at, acc_row, rows);
}

/* All is done chunk by chunk. */
static void flow_operands(struct flow *f, const struct flow_item *i)
{
	(void)f;
	(void)i;
}

static void flow_part(struct flow *f, const struct flow_item *i,
		      uint32_t output, uint32_t at, uint32_t tiles,
		      uint32_t acc)
{
	const struct attention_dx *a = (const struct attention_dx *)f;
	uint32_t row = f->tiles * f->line;
	uint32_t sums = i->sums + output * f->sums_bytes;
	uint32_t from = sums + at * f->line;
	uint32_t to = from, pitch = f->line;
	enum ash_format format = ASH_FMT_F32;
	uint32_t cfg = 0;

	if (!i->first) {
		ash_vector_src2(from, f->line);
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD);
	}
	if (i->last) {
		format = (enum ash_format)f->out[output]->format;
		pitch = ash_format_bytes(format) << f->shift;
		to = sums + at * pitch;
		ash_vector_scale(a->scale);
		if (output == OUT_FROM_DS)
			cfg |= ASH_VEC_SCALE_IMM;
	}
	/* Groups are lanes, their rows tiles side by side. */
	ash_vector_groups(i->tile->count, row, 1, row);
	flow_vector(cfg | ASH_VEC(ASH_FMT_ACC_F32, format), 0, to, pitch,
		    acc << f->shift, f->array, tiles);
}

/* Nothing else belongs to results. */
static void flow_store_more(struct flow *f, const struct flow_item *i,
			    uint32_t head, uint32_t row, uint32_t rows)
{
	(void)f;
	(void)i;
	(void)head;
	(void)row;
	(void)rows;
}

static void flow_store_dead(struct flow *f, uint32_t batch, uint32_t head,
			    uint32_t rows)
{
	(void)f;
	(void)batch;
	(void)head;
	(void)rows;
}

/* All gradients by keys and values, or all by queries. */
static void run(struct attention_dx *a, bool by_query)
{
	const struct attention_dx_args *args = a->args;
	struct flow *f = &a->flow;

	f->outer[OF_QUERIES] = by_query ? &args->q : &args->k;
	f->outer[OF_DOUT] = by_query ? &args->dout : &args->v;
	f->inner[OF_QUERIES] = by_query ? &args->k : &args->q;
	f->inner[OF_DOUT] = by_query ? &args->v : &args->dout;
	f->again[OUT_FROM_DS] = f->inner[OF_QUERIES];
	f->again[OUT_FROM_P] = f->inner[OF_DOUT];
	f->out[OUT_FROM_DS] = by_query ? &args->dq : &args->dk;
	f->out[OUT_FROM_P] = &args->dv;
	f->words[OF_QUERIES] = args->nlse;
	f->words[OF_DOUT] = args->delta;
	f->words_heads = args->heads;
	f->words_length = args->lq;
	f->batch = args->batch;
	f->groups = args->kv_heads;
	f->outer_heads = by_query ? args->heads / args->kv_heads : 1;
	f->inner_heads = by_query ? 1 : args->heads / args->kv_heads;
	f->outer_length = by_query ? args->lq : args->lk;
	f->inner_length = by_query ? args->lk : args->lq;
	f->d = args->d;
	f->causal = args->causal;
	f->outer_queries = by_query;
	f->mask_below = by_query ? 0xff800000 : 0x7f800000;
	f->item_bytes = 0;
	/* p of a chunk, 16 bits: it fills less than all accumulators. */
	f->private_bytes =
		by_query ? ash_accs() * ash_array() * 2 * ash_array() : 0;
	f->private_lines = 0;
	f->type = args->q.format;
	flow_layout(f);
	flow_run(f);
	/* The scratchpad is dealt out anew. */
	ash_wait_all(ASH_STORE);
	ash_vector_plain();
}

ASHLAR_KERNEL(attention_dx, struct attention_dx_args)
{
	struct attention_dx a;

	a.args = args;
	a.scale = args->scale;
	run(&a, false);
	run(&a, true);
	return 0;
}
