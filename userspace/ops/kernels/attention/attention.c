/* SPDX-License-Identifier: MIT */
/*
 * Attention forward: ashlar/ops_attention.h says what, flow.h how it flows.
 *
 * Scores are kept as u = -scale * q . k, so that the greatest score is the
 * least u and softmax's shift is b itself. A chunk's u goes to the scratchpad
 * while its minimum is taken; behind the last chunk, b, the factor of the sums
 * so far, and p follow: a line of N words is a row with a lane for each query,
 * and also a word for each row of the running sums.
 */
#include <ashlar/kernel.h>

#define FLOW_PRODUCTS	   1u
#define FLOW_OUTPUTS	   1u
#define FLOW_WORDS	   0u
#define FLOW_OUTER_QUERIES true

#include "flow_layout.h"
#include "flow_run.h"

#define GREATEST 0x7f7fffffu
#define LEAST	 0x00800000u
#define MINUS_1	 0xbf800000u

/* Lines of each tile: b, of blocks in turn, and l. */
enum { LINE_B, LINE_B_ODD, LINE_L, TILE_LINES };
/* Of each item: factors of what was summed up, and of the result. */
enum { LINE_A, LINE_END, ITEM_LINES };

struct attention {
	struct flow flow;
	const struct attention_args *args;
	uint32_t minus_scale;
	uint32_t buffer, sum, infinity, minima, lines, lse; /* offsets */
	uint32_t minimum; /* offset of the next one */
};

static void flow_read_begin(struct flow *f)
{
	struct attention *a = (struct attention *)f;

	a->minimum = a->minima;
	ash_vector_scale(a->minus_scale);
	flow_pitches(f->line, 1);
}

/* u of rows, and its minimum in each lane. */
static void flow_read(struct flow *f, const struct flow_item *i, uint32_t p,
		      uint32_t row, uint32_t rows, uint32_t acc_row)
{
	struct attention *a = (struct attention *)f;
	uint32_t line = f->line;
	uint32_t cfg = ASH_VEC(ASH_FMT_ACC_F32, ASH_FMT_F32) |
		       ASH_VEC_SCALE_IMM;

	(void)p;
	if (flow_masked(f, i, row, rows)) {
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_MAX) | ASH_VEC_LATE;
		flow_mask_src2(f, i, row);
	}
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, a->minimum);
	a->minimum += line;
	flow_rows(cfg, ASH_VEC_TO_LANES(ASH_LEAST), a->buffer + row * line,
		  acc_row, rows);
}

/* b: the least of the chunks' minima and of b before. */
static inline void find_b(struct attention *a, const struct flow_item *i,
			  uint32_t b, uint32_t before)
{
	const struct flow *f = &a->flow;
	uint32_t cfg = ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE);

	if (i->first) {
		cfg |= ASH_VEC_SRC2_IMM(ASH_MIN);
		ash_vector_src2(GREATEST, 0);
	} else {
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MIN);
		ash_vector_src2(before, 0);
	}
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, b);
	flow_vector(cfg, ASH_VEC_TO_LANES(ASH_LEAST), 0, f->line, a->minima,
		    f->line, (a->minimum - a->minima) >> (f->shift + 2));
}

/* p and its sum. */
static inline void exponentials(struct attention *a, const struct flow_item *i,
				uint32_t b, uint32_t sum)
{
	const struct flow *f = &a->flow;

	ash_vector_bias(b);
	ash_vector_scale(MINUS_1);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, sum);
	flow_vector(ASH_VEC(ASH_FMT_F32, f->type) | ASH_VEC_SCALE_IMM |
			    ASH_VEC_BIAS_ROW | ASH_VEC_BIAS_LATE,
		    ASH_VEC_FN(ASH_FN_EXP) | ASH_VEC_TO_LANES(ASH_SUM),
		    i->operand, f->line / 2, a->buffer, f->line, i->rows);
}

/* The factor 1 / l, and lse = log(l) - b. */
static inline void finish_lines(struct attention *a, const struct flow_item *i,
				uint32_t b, uint32_t l)
{
	uint32_t line = a->flow.line;

	ash_vector_src2(LEAST, 0);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			    ASH_VEC_SRC2_IMM(ASH_MAX),
		    ASH_VEC_FN(ASH_FN_RECIP), i->own + LINE_END * line, line, l,
		    line, 1);
	if (!a->args->lse.at)
		return;
	/* In the place of one that may not be stored yet. */
	ash_after(ASH_VECTOR, ASH_STORE, a->flow.stored);
	ash_vector_src2(b, line);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB) |
			    ASH_VEC_LATE,
		    ASH_VEC_FN(ASH_FN_LOG), a->lse + i->place * line, line, l,
		    line, 1);
}

static void flow_operands(struct flow *f, const struct flow_item *i)
{
	struct attention *a = (struct attention *)f;
	uint32_t line = f->line;
	uint32_t own = a->lines + i->number * (TILE_LINES * line);
	/* b of a tile's blocks changes its place from one to the next. */
	bool odd = i->row & f->block;
	uint32_t b = own + (odd ? LINE_B_ODD : LINE_B) * line;
	uint32_t before = own + (odd ? LINE_B : LINE_B_ODD) * line;
	uint32_t l = own + LINE_L * line;

	find_b(a, i, b, before);
	if (i->first) {
		exponentials(a, i, b, l);
	} else {
		uint32_t factor = i->own + LINE_A * line;

		ash_vector_src2(before, line);
		flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB),
			    ASH_VEC_FN(ASH_FN_EXP), factor, line, b, line, 1);
		exponentials(a, i, b, a->sum);
		/* l' * a + sum. */
		ash_vector_scale(factor);
		ash_vector_src2(a->sum, line);
		flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				    ASH_VEC_SCALE_ROW |
				    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) |
				    ASH_VEC_LATE,
			    0, l, line, l, line, 1);
	}
	if (i->last)
		finish_lines(a, i, b, l);
}

static void flow_part(struct flow *f, const struct flow_item *i,
		      uint32_t output, uint32_t at, uint32_t tiles,
		      uint32_t acc)
{
	struct attention *a = (struct attention *)f;
	uint32_t line = f->line;
	uint32_t row = f->tiles * line;
	uint32_t sums = i->sums;
	uint32_t from = sums + at * line;
	uint32_t to = from, pitch = line;
	enum ash_format format = ASH_FMT_F32;
	uint32_t cfg = 0;

	(void)output;
	/* Groups are queries, their rows tiles side by side. */
	ash_vector_groups(i->tile->count, row, i->first ? 1 : row, row);
	if (!i->first) {
		ash_vector_scale(i->own + LINE_A * line);
		flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				    ASH_VEC_SCALE_WORDS,
			    0, from, line, from, line, tiles);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_GPITCH, 1);
		ash_vector_src2(from, line);
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD);
	}
	if (i->last) {
		format = (enum ash_format)a->args->o.format;
		pitch = ash_format_bytes(format) << f->shift;
		to = sums + at * pitch;
		ash_vector_scale(i->own + LINE_END * line);
		cfg |= ASH_VEC_SCALE_WORDS;
	}
	flow_vector(cfg | ASH_VEC(ASH_FMT_ACC_F32, format), 0, to, pitch,
		    acc << f->shift, f->array, tiles);
	flow_groups(1);
}

static void flow_store_more(struct flow *f, const struct flow_item *i,
			    uint32_t head, uint32_t row, uint32_t rows)
{
	const struct attention_rows *lse = &((struct attention *)f)->args->lse;

	uint32_t first = i->place + 1 - i->tile->complete;

	if (lse->at)
		ash_store_1d(flow_address(lse, i->job->batch, head, row),
			     ((struct attention *)f)->lse + first * f->line,
			     4 * rows);
}

/* lse is -infinity. */
static void flow_store_dead(struct flow *f, uint32_t batch, uint32_t head,
			    uint32_t rows)
{
	const struct attention *a = (const struct attention *)f;
	uint32_t row, count;

	if (!a->args->lse.at)
		return;
	*(uint32_t *)ash_spad(a->infinity) = 0xff800000;
	for (row = 0; row < rows; row += count) {
		count = flow_min(rows - row, FLOW_RUNS);
		ash_store(flow_address(&a->args->lse, batch, head, row), 4,
			  a->infinity, 0, 4, count);
	}
}

ASHLAR_KERNEL(attention, struct attention_args)
{
	struct attention a;
	struct flow *f = &a.flow;
	uint32_t line = 4 * ash_array();
	/* Sum, infinity, a minimum for each chunk, lines of tiles, lse. */
	uint32_t minima = attention_block(ash_array()) / ash_array();

	a.args = args;
	a.minus_scale = args->scale ^ 0x80000000;
	f->outer[0] = &args->q;
	f->inner[0] = &args->k;
	f->again[0] = &args->v;
	f->out[0] = &args->o;
	f->batch = args->batch;
	f->groups = args->kv_heads;
	f->outer_heads = args->heads / args->kv_heads;
	f->inner_heads = 1;
	f->outer_length = args->lq;
	f->inner_length = args->lk;
	f->d = args->d;
	f->causal = args->causal;
	f->mask_below = 0x7f800000;
	f->item_bytes = ITEM_LINES * line;
	f->private_bytes =
		(2 + minima + ATTENTION_TILES * (TILE_LINES + 2)) * line;
	f->private_lines = 1;
	f->type = args->q.format;
	flow_layout(f);
	a.sum = f->private_at;
	a.infinity = a.sum + line;
	a.minima = a.infinity + line;
	a.lines = a.minima + minima * line;
	a.lse = a.lines + ATTENTION_TILES * TILE_LINES * line;
	a.buffer = f->private_at + f->private_bytes;
	flow_run(f);
	return 0;
}
