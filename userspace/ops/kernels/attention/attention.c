/* SPDX-License-Identifier: MIT */
/*
 * Attention forward: ashlar/ops_attention.h says what, flow.h how it flows.
 *
 * Scores are kept as u = -scale * q . k, so that the greatest score is the
 * least u and softmax's shift is b itself. A chunk's u goes to the scratchpad
 * while its minimum is taken; behind the last chunk, b, the factor of the sums
 * so far, and p follow: a line of N words is a row with a lane for each query,
 * and also a word for each row of the running sums. A tile has 2 * N queries:
 * two lines of everything, by one operation where there is one.
 */
#include <ashlar/kernel.h>

#include "flow.h"

#define GREATEST 0x7f7fffffu
#define LEAST	 0x00800000u
#define MINUS_1	 0xbf800000u

#define WIDE 2u

/* Lines of each tile, two each: b of blocks in turn, and l. */
enum { LINE_B = 0, LINE_B_ODD = 2, LINE_L = 4, TILE_LINES = 6 };
/* Of each item: the factor of what was summed up, and that of the result. */
enum { LINE_A = 0, LINE_END = 2, ITEM_LINES = 4 };
/* Minima of parts of a block: of its chunks, two more on the diagonal. */
#define MINIMA (2 * (FLOW_PIECES + 2))

struct attention {
	struct flow flow;
	const struct attention_args *args;
	uint32_t minus_scale;
	uint32_t minima, sum; /* offsets */
	uint32_t minimum; /* offset of the next one */
};

/*
 * u of rows, and its minimum in each lane. Both halves of the tile, with groups
 * 2, or one of them, with a mask: k is its row.
 */
static inline void score_rows(struct attention *a, uint32_t half, uint32_t row,
			      uint32_t rows, uint32_t at, int32_t k, bool mask)
{
	const struct flow *f = &a->flow;
	uint32_t line = f->line;
	uint32_t cfg = ASH_VEC(ASH_FMT_ACC_F32, ASH_FMT_F32) |
		       ASH_VEC_SCALE_IMM;
	uint32_t to = f->buffer_at + row * line;
	uint32_t acc_row = at;

	if (mask) {
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_BF16, ASH_MAX) | ASH_VEC_LATE;
		ash_vector_src2(flow_mask_row(f, k), line / 2);
	}
	if (half) {
		to += f->block * line;
		acc_row += f->chunk_rows;
	}
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, a->minimum + half * line);
	flow_vector(cfg, ASH_VEC_TO_LANES(ASH_LEAST), to, line, acc_row, 1,
		    rows);
}

static void flow_scores(struct flow *f, const struct flow_item *i, uint32_t row,
			uint32_t rows)
{
	struct attention *a = (struct attention *)f;
	uint32_t plain = i->edge <= row ? 0 : flow_min(i->edge - row, rows);

	if (row == 0)
		a->minimum = a->minima;
	ash_vector_scale(a->minus_scale);
	if (plain) {
		if (i->two)
			ash_vector_groups(2, f->block * f->line, f->chunk_rows,
					  0);
		score_rows(a, 0, row, plain, 0, 0, false);
		flow_groups(1);
		a->minimum += 2 * f->line;
	}
	if (plain < rows) {
		int32_t k = (int32_t)(i->row + row + plain) - i->tile->diagonal;

		score_rows(a, 0, row + plain, rows - plain, plain, k, true);
		if (i->two)
			score_rows(a, 1, row + plain, rows - plain, plain,
				   k - (int32_t)f->array, true);
		a->minimum += 2 * f->line;
	}
}

/* lse = log(l) - b, and the factor 1 / l. */
static inline void finish_lines(struct attention *a, const struct flow_item *i,
				uint32_t b, uint32_t l, uint32_t halves)
{
	uint32_t line = a->flow.line;

	ash_vector_src2(LEAST, 0);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			    ASH_VEC_SRC2_IMM(ASH_MAX),
		    ASH_VEC_FN(ASH_FN_RECIP), i->lines + LINE_END * line, line,
		    l, line, halves);
	if (!a->args->lse.at)
		return;
	ash_vector_src2(b, line);
	flow_vector(
		ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB) | ASH_VEC_LATE,
		ASH_VEC_FN(ASH_FN_LOG), i->tile->line, line, l, line, halves);
}

/* p of a half and its sum; l' * a + sum, unless it is the first. */
static inline void exponentials(struct attention *a, const struct flow_item *i,
				uint32_t half, uint32_t b, uint32_t l)
{
	const struct flow *f = &a->flow;
	uint32_t line = f->line;
	uint32_t from = f->buffer_at, to = i->operand;

	if (half) {
		from += f->block * line;
		to += f->operand_each;
	}
	ash_vector_bias(b);
	ash_vector_scale(MINUS_1);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, i->first ? l : a->sum);
	flow_vector(ASH_VEC(ASH_FMT_F32, f->type) | ASH_VEC_SCALE_IMM |
			    ASH_VEC_BIAS_ROW | ASH_VEC_BIAS_LATE,
		    ASH_VEC_FN(ASH_FN_EXP) | ASH_VEC_TO_LANES(ASH_SUM), to,
		    line / 2, from, line, i->rows);
	if (i->first)
		return;
	ash_vector_scale(i->lines + (LINE_A + half) * line);
	ash_vector_src2(a->sum, line);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) | ASH_VEC_SCALE_ROW |
			    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) |
			    ASH_VEC_LATE,
		    0, l, line, l, line, 1);
}

static void flow_operands(struct flow *f, const struct flow_item *i)
{
	struct attention *a = (struct attention *)f;
	uint32_t line = f->line;
	/* b of a tile's blocks changes its place from one to the next. */
	uint32_t odd = (i->row >> f->block_shift) & 1;
	uint32_t own = i->tile->own;
	uint32_t b = odd ? own + LINE_B_ODD * line : own;
	uint32_t before = odd ? own : own + LINE_B_ODD * line;
	uint32_t l = own + LINE_L * line;
	uint32_t halves = i->two ? 2 : 1;
	uint32_t cfg = ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE);

	/* b: the least of the minima and of b before. */
	ash_vector_groups(halves, 0, line, line);
	if (i->first) {
		cfg |= ASH_VEC_SRC2_IMM(ASH_MIN);
		ash_vector_src2(GREATEST, 0);
	} else {
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MIN);
		ash_vector_src2(before, 0);
	}
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, b);
	flow_vector(cfg, ASH_VEC_TO_LANES(ASH_LEAST), 0, line, a->minima,
		    2 * line, (a->minimum - a->minima) >> (f->shift + 3));
	flow_groups(1);
	if (!i->first) {
		ash_vector_src2(before, line);
		flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
				    ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_SUB),
			    ASH_VEC_FN(ASH_FN_EXP), i->lines + LINE_A * line,
			    line, b, line, halves);
	}
	exponentials(a, i, 0, b, l);
	if (i->two)
		exponentials(a, i, 1, b + line, l + line);
	if (i->last)
		finish_lines(a, i, b, l, halves);
}

static void flow_part(struct flow *f, const struct flow_out *p)
{
	struct attention *a = (struct attention *)f;
	const struct flow_item *i = p->item;
	uint32_t line = f->line;
	uint32_t row = f->tiles * line;
	uint32_t sums = i->tile->sums;
	uint32_t cfg = ASH_FIELD(VECTOR, CFG_SRC_FMT, ASH_FMT_ACC_F32);
	uint32_t at = sums + p->at * line;
	uint32_t to = at, pitch = line;

	/* Groups are queries, their rows tiles side by side. */
	ash_vector_groups(i->tile->count, row, i->first ? 1 : row, row);
	if (!i->first) {
		ash_vector_scale(i->lines + LINE_A * line);
		if (p->at == 0)
			flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
					    ASH_VEC_SCALE_WORDS,
				    0, sums, line, sums, line, f->tiles);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_GPITCH, 1);
		ash_vector_src2(at, line);
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD);
	}
	if (i->last) {
		enum ash_format format = (enum ash_format)a->args->o.format;

		pitch = ash_format_bytes(format) << f->shift;
		to = sums + p->at * pitch;
		ash_vector_scale(i->lines + LINE_END * line);
		cfg |= ASH_VEC_SCALE_WORDS |
		       ASH_FIELD(VECTOR, CFG_DST_FMT, format);
	} else {
		cfg |= ASH_FIELD(VECTOR, CFG_DST_FMT, ASH_FMT_F32);
	}
	flow_vector(cfg, 0, to, pitch, p->acc << f->shift, WIDE * f->array,
		    p->tiles);
	flow_groups(1);
}

/* lse is -infinity, whatever is there. */
static void flow_empty(struct flow *f, const struct flow_item *i)
{
	uint32_t line = i->tile->line;

	if (!f->tile_line)
		return;
	ash_vector_src2(0, 0);
	ash_vector_bias(0xff800000);
	flow_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			    ASH_VEC_SRC2_IMM(ASH_GATE) | ASH_VEC_BIAS_IMM,
		    0, line, f->line, line, f->line, WIDE);
}

static void flow_store_more(struct flow *f, const struct flow_job *j,
			    uint32_t t, uint32_t count)
{
	const struct attention *a = (const struct attention *)f;
	const struct flow_tile *tile = &j->tile[t];

	if (a->args->lse.at)
		ash_store_1d(flow_address(&a->args->lse, j->batch, tile->head,
					  tile->first),
			     tile->line, 4 * count);
}

ASHLAR_KERNEL(attention, struct attention_args)
{
	struct attention a;
	struct flow *f = &a.flow;
	uint32_t line = 4 * ash_array();
	uint32_t item_bytes = FLOW_ITEMS * ITEM_LINES * line;
	uint32_t n;

	a.args = args;
	a.minus_scale = args->scale ^ 0x80000000;
	f->outer[0] = &args->q;
	f->inner[0] = &args->k;
	f->again[0] = &args->v;
	f->out[0] = &args->o;
	f->products = 1;
	f->outputs = 1;
	f->words_outer = false;
	f->word_lines = 0;
	f->block = attention_block(ash_array());
	f->batch = args->batch;
	f->groups = args->kv_heads;
	f->outer_heads = args->heads / args->kv_heads;
	f->inner_heads = 1;
	f->outer_length = args->lq;
	f->inner_length = args->lk;
	f->d = args->d;
	f->causal = args->causal;
	f->outer_queries = true;
	f->wide = WIDE;
	f->buffered = true;
	f->tile_bytes = TILE_LINES * line;
	f->tile_line = args->lse.at;
	f->private_bytes = item_bytes + (MINIMA + 1) * line;
	f->type = args->q.format;
	f->matrix_type = f->type == ASH_FMT_BF16 ? ASH_BF16 : ASH_FP16;
	flow_layout(f);
	a.minima = f->private_at + item_bytes;
	a.sum = a.minima + MINIMA * line;
	for (n = 0; n < FLOW_ITEMS; n++)
		f->item[n].lines = f->private_at + n * ITEM_LINES * line;
	if (f->causal)
		flow_mask(f, 0x7f800000);
	flow_run(f);
	return 0;
}
