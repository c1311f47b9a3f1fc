/* SPDX-License-Identifier: MIT */
/*
 * Gradients of attention: ashlar/ops_attention.h says what, flow.h how it
 * flows. First dk and dv with keys as outer tiles, then dq with queries; p and
 * ds are made again for each, which costs more products but no sum is shared by
 * two tiles of the board. Whichever are outer, a lane is one of them.
 */
#include <ashlar/kernel.h>

#include "flow.h"

/* Words of queries, in lines or one by one; the latter behind the former. */
enum { WORDS_NLSE, WORDS_DELTA, WORDS };
/* Results: dq alone, or dk and dv. */
enum { OUT_FROM_DS, OUT_FROM_P };

struct attention_dx {
	struct flow flow;
	const struct attention_dx_args *args;
	uint32_t scale;
};

/* Where p of the item's rows goes; for dq, of the chunk's only. */
static inline uint32_t p_rows(const struct flow *f, const struct flow_item *i,
			      uint32_t row)
{
	if (f->outer_queries)
		return f->private_at;
	return i->operand + f->operand_each + row * (f->line / 2);
}

/*
 * One operation on rows: as one group with a row of bias, or each a group with
 * a word of it.
 */
static inline void score_rows(const struct flow *f, uint32_t cfg, uint32_t op,
			      uint32_t to, uint32_t acc_row, uint32_t rows)
{
	if (f->outer_queries) {
		flow_vector(cfg | ASH_VEC_BIAS_ROW, op, to, f->line / 2,
			    acc_row, 1, rows);
		return;
	}
	ash_vector_groups(rows, f->line / 2, 1, f->line / 2);
	flow_vector(cfg | ASH_VEC_BIAS_WORDS, op, to, f->line / 2, acc_row, 1,
		    1);
	flow_groups(1);
}

/* p of rows; k: row of the mask, or -1. */
static inline void p_of_rows(const struct flow *f, uint32_t to,
			     uint32_t acc_row, uint32_t bias, uint32_t rows,
			     int32_t k)
{
	uint32_t cfg = ASH_VEC(ASH_FMT_ACC_F32, f->type) | ASH_VEC_SCALE_IMM |
		       ASH_VEC_BIAS_LATE;

	if (k >= 0) {
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_GATE) | ASH_VEC_LATE;
		ash_vector_src2(flow_mask_row(f, k), f->line / 2);
	}
	ash_vector_bias(bias);
	score_rows(f, cfg, ASH_VEC_FN(ASH_FN_EXP), to, acc_row, rows);
}

static void flow_scores(struct flow *f, const struct flow_item *i, uint32_t row,
			uint32_t rows)
{
	const struct attention_dx *a = (const struct attention_dx *)f;
	uint32_t half = f->line / 2;
	uint32_t p = p_rows(f, i, row);
	uint32_t edge = i->edge <= row ? 0 : flow_min(i->edge - row, rows);
	int32_t k = (int32_t)(i->row + row) - i->tile->diagonal;
	uint32_t nlse, delta, step;

	if (f->outer_queries) {
		nlse = i->words;
		delta = nlse + f->words_each;
		step = 0;
	} else {
		if (row == 0)
			flow_need_again(f, i);
		nlse = i->words + 4 * row;
		delta = nlse + 4 * f->block;
		step = 4;
		k++;
	}
	ash_vector_scale(a->scale);
	/* Up to the edge, and beyond. */
	if (edge)
		p_of_rows(f, p, 0, nlse, edge, f->outer_queries ? -1 : k);
	if (edge < rows)
		p_of_rows(f, p + edge * half, edge, nlse + step * edge,
			  rows - edge,
			  f->outer_queries ? k + (int32_t)edge : -1);
	ash_vector_bias(delta);
	ash_vector_src2(p, half);
	score_rows(f,
		   ASH_VEC(ASH_FMT_ACC_F32, f->type) |
			   ASH_VEC_SRC2_ROWS(f->type, ASH_MUL) | ASH_VEC_LATE,
		   0, i->operand + row * half, f->chunk_rows, rows);
}

/* All is done chunk by chunk. */
static void flow_operands(struct flow *f, const struct flow_item *i)
{
	(void)f;
	(void)i;
}

static void flow_part(struct flow *f, const struct flow_out *p)
{
	const struct attention_dx *a = (const struct attention_dx *)f;
	const struct flow_item *i = p->item;
	uint32_t row = f->tiles * f->line;
	uint32_t sums = i->tile->sums + p->output * f->sums_bytes;
	uint32_t at = sums + p->at * f->line;
	uint32_t to = at, pitch = f->line;
	enum ash_format format = ASH_FMT_F32;
	uint32_t cfg = 0;

	if (!i->first) {
		ash_vector_src2(at, f->line);
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD);
	}
	if (i->last) {
		format = (enum ash_format)f->out[p->output]->format;
		pitch = ash_format_bytes(format) << f->shift;
		to = sums + p->at * pitch;
		ash_vector_scale(a->scale);
		if (p->output == OUT_FROM_DS)
			cfg |= ASH_VEC_SCALE_IMM;
	}
	/* Groups are lanes, their rows tiles side by side. */
	ash_vector_groups(i->tile->count, row, 1, row);
	flow_vector(cfg | ASH_VEC(ASH_FMT_ACC_F32, format), 0, to, pitch,
		    p->acc << f->shift, f->array, p->tiles);
	flow_groups(1);
}

static void flow_empty(struct flow *f, const struct flow_item *i)
{
	(void)f;
	(void)i;
}

static void flow_store_more(struct flow *f, const struct flow_job *j,
			    uint32_t t, uint32_t count)
{
	(void)f;
	(void)j;
	(void)t;
	(void)count;
}

/* All gradients by keys and values, or all by queries. */
static void run(struct attention_dx *a, bool by_query)
{
	const struct attention_dx_args *args = a->args;
	struct flow *f = &a->flow;

	f->outer[0] = by_query ? &args->q : &args->k;
	f->outer[1] = by_query ? &args->dout : &args->v;
	f->inner[0] = by_query ? &args->k : &args->q;
	f->inner[1] = by_query ? &args->v : &args->dout;
	f->again[OUT_FROM_DS] = f->inner[0];
	f->again[OUT_FROM_P] = f->inner[1];
	f->out[OUT_FROM_DS] = by_query ? &args->dq : &args->dk;
	f->out[OUT_FROM_P] = &args->dv;
	f->words[WORDS_NLSE] = args->nlse;
	f->words[WORDS_DELTA] = args->delta;
	f->words_outer = by_query;
	f->words_heads = args->heads;
	f->words_length = args->lq;
	f->word_lines = WORDS;
	f->products = 2;
	f->outputs = by_query ? 1 : 2;
	f->block = attention_block(ash_array());
	f->batch = args->batch;
	f->groups = args->kv_heads;
	f->outer_heads = by_query ? args->heads / args->kv_heads : 1;
	f->inner_heads = by_query ? 1 : args->heads / args->kv_heads;
	f->outer_length = by_query ? args->lq : args->lk;
	f->inner_length = by_query ? args->lk : args->lq;
	f->d = args->d;
	f->causal = args->causal;
	f->outer_queries = by_query;
	f->wide = 1;
	f->buffered = false;
	f->tile_bytes = 0;
	f->tile_line = false;
	/* p of a chunk: at most half of the accumulators. */
	f->private_bytes =
		by_query ? ash_accs() / 2 * ash_array() * 2 * ash_array() : 0;
	f->type = args->q.format;
	f->matrix_type = f->type == ASH_FMT_BF16 ? ASH_BF16 : ASH_FP16;
	flow_layout(f);
	if (f->causal)
		flow_mask(f, by_query ? 0xff800000 : 0x7f800000);
	flow_run(f);
	/* The scratchpad is dealt out anew. */
	ash_wait_all(ASH_STORE);
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
