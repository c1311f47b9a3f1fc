/* SPDX-License-Identifier: MIT */
/* Sizes and places of everything in struct flow. */
#ifndef FLOW_LAYOUT_H
#define FLOW_LAYOUT_H

#include "flow_job.h"
#include "flow_mask.h"

static inline uint32_t flow_log(uint32_t n)
{
	uint32_t shift = 0;

	while (n > 1) {
		n >>= 1;
		shift++;
	}
	return shift;
}

static uint32_t flow_take(uint32_t *at, uint32_t bytes)
{
	uint32_t offset = *at;

	*at += bytes;
	return offset;
}

/*
 * Deal out the scratchpad. What the matrix unit reads comes first, what only
 * the vector unit works in begins in a bank of its own where there is room.
 * False: there is not enough.
 */
static bool flow_deal(struct flow *f, uint32_t share, uint32_t slots,
		      bool banked)
{
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t at = 0, i;

	f->share = share;
	f->slots = slots;
	f->outer_each = 2 * share * f->tile_pitch;
	f->words_each = 2 * share * f->line;
	f->sums_bytes = share * f->sums_each;
	f->outer_at = flow_take(&at, FLOW_PRODUCTS * f->outer_each);
	f->words_at = flow_take(
		&at, FLOW_OUTER_QUERIES ? FLOW_WORDS * f->words_each : 0);
	f->columns.at = flow_take(&at, slots * f->columns.bytes);
	f->rows.at = flow_take(&at, slots * f->rows.bytes);
	for (i = 0; i < 2; i++)
		f->item[i].operand =
			flow_take(&at, FLOW_OUTPUTS * f->operand_each);
	if (banked)
		at = (at + bank - 1) & ~(bank - 1);
	f->private_at = flow_take(
		&at, f->private_bytes + f->private_lines * f->block * f->line);
	f->sums_at = flow_take(&at, FLOW_OUTPUTS * f->sums_bytes);
	for (i = 0; i < 2; i++)
		f->item[i].own = flow_take(&at, f->item_bytes);
	f->mask_at = flow_take(&at, f->causal ? flow_mask_bytes(f) : 0);
	return at <= ash_spad_bytes();
}

/* Nothing is under way. Token 0 has been long ago. */
static void flow_reset(struct flow *f)
{
	f->round = 0;
	f->jobs = 0;
	f->shapes = 0;
	f->ahead.job = NULL;
	f->rows = (struct flow_ring){ 0 };
	f->columns = (struct flow_ring){ 0 };
	f->first_item = 0;
	f->scores_read = 0;
	f->stored = 0;
}

/* Rows of outer tiles that take nothing, and would be jobs without blocks. */
static uint32_t flow_dead_rows(const struct flow *f)
{
	if (f->inner_length == 0)
		return f->outer_length;
	if (!f->causal || !FLOW_OUTER_QUERIES ||
	    f->outer_length < f->inner_length)
		return 0;
	return (f->outer_length - f->inner_length) & ~(f->array - 1);
}

static void flow_sizes(struct flow *f)
{
	enum ash_type type = f->type == ASH_FMT_BF16 ? ASH_BF16 : ASH_FP16;

	f->array = ash_array();
	f->shift = flow_log(f->array);
	f->line = 4 * f->array;
	f->block = attention_block(f->array);
	f->pitch = (2 * f->d + f->line - 1) & ~(f->line - 1);
	f->tile_pitch = f->pitch << f->shift;
	f->tiles = (f->d + f->array - 1) >> f->shift;
	f->set_tiles = ash_accs() / (2 * FLOW_SETS);
	f->chunk_rows = f->set_tiles << f->shift;
	f->inner_each = f->block * f->pitch;
	f->rows.bytes = FLOW_PRODUCTS * f->inner_each;
	if (!FLOW_OUTER_QUERIES)
		f->rows.bytes += FLOW_WORDS * 4 * f->block;
	f->column_bytes = f->block * f->line / 2;
	f->columns.bytes = FLOW_OUTPUTS * f->tiles * f->column_bytes;
	f->operand_each = f->column_bytes;
	f->sums_each = f->tiles * f->line * f->array;
	f->rows_cfg = ash_matmul_cfg(type, ASH_ROWS, ASH_ROWS);
	f->columns_cfg = ash_matmul_cfg(type, ASH_KMAJOR, ASH_KMAJOR);
	/* Keys end on the diagonal; queries begin there, or one before. */
	f->mask_first = FLOW_OUTER_QUERIES ?
				(int32_t)(f->array - flow_mask_rows(f)) :
				0;
}

/* Choose sizes. */
static void flow_layout(struct flow *f)
{
	uint32_t share = ATTENTION_TILES;

	flow_reset(f);
	flow_sizes(f);
	f->dead = flow_dead_rows(f);
	/* Few jobs: all tiles of the board shall have some. */
	while (share > 1 &&
	       flow_jobs(f, share, &f->jobs_wide) < 2 * ash_count())
		share /= 2;
	while (!flow_deal(f, share, FLOW_SLOTS, true)) {
		if (share > 1) {
			share /= 2;
			continue;
		}
		ASH_ASSERT(flow_deal(f, 1, FLOW_SLOTS, false) ||
			   flow_deal(f, 1, 1, false));
		break;
	}
	f->jobs_all = flow_jobs(f, f->share, &f->jobs_wide);
}

#endif
