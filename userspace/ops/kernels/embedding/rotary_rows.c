/* SPDX-License-Identifier: MIT */
/*
 * Rotary embedding of halves of whole lines. A position's pairs then lie in two
 * lines, a and b: a group of the vector unit is these two, times two lines of the
 * tables, summed up lane by lane: a * cos + b * -sin, and a * sin + b * cos. A
 * piece is N positions of some heads, which share its tables.
 */
#include <ashlar/kernel.h>

#include "../ring.h"
#include "args_attention.h"

#define MINUS_1 0xbf800000u
#define INVERSE 2u /* enum ashlar_rotary_flags */

struct rotary_rows {
	const struct rotary_args *args;
	uint32_t n, line;
	uint32_t lines; /* of half of a row */
	uint32_t in_row, out_row; /* bytes of N elements */
	uint32_t heads, groups; /* of a piece; groups of heads */
	uint32_t blocks; /* of N positions */
	/* Planes of a slot's table: sin, cos, -sin; two follow each other. */
	uint32_t plane;
	uint32_t table_bytes, in_bytes, out_bytes; /* of a slot */
	uint32_t table, in, out, result; /* offsets */
};

struct rotary_piece {
	uint32_t batch, head, heads, first, count;
};

static struct rotary_piece piece_of(const struct rotary_rows *r,
				    uint32_t number)
{
	const struct rotary_args *args = r->args;
	uint32_t group = number / r->blocks;
	struct rotary_piece p = { .batch = group / r->groups };

	p.first = (number - group * r->blocks) * r->n;
	p.count = args->l - p.first < r->n ? args->l - p.first : r->n;
	p.head = (group - p.batch * r->groups) * r->heads;
	p.heads = args->heads - p.head < r->heads ? args->heads - p.head :
						    r->heads;
	return p;
}

/* Each head's rows between memory and a slot, where they are dense. */
static ash_token move(enum ash_unit unit, const struct rotary_rows *r,
		      const struct attention_rows *t,
		      const struct rotary_piece *p, uint32_t offset,
		      uint32_t row)
{
	uint64_t at = t->at + (uint64_t)(t->batch * (int64_t)p->batch) +
		      (uint64_t)(t->head * (int64_t)p->head) +
		      (uint64_t)t->pos * p->first;
	uint32_t bytes = 2 * r->lines * row, i;
	ash_token token = 0;

	ash_dma_shape(unit, bytes, p->count, (int32_t)bytes, (int32_t)t->pos);
	for (i = 0; i < p->heads; i++) {
		token = ash_dma_at(unit, offset, at);
		offset += r->n * bytes;
		at += (uint64_t)t->head;
	}
	return token;
}

static ash_token load(const void *state, uint32_t piece, uint32_t slot)
{
	const struct rotary_rows *r = state;
	const struct rotary_args *args = r->args;
	struct rotary_piece p = piece_of(r, piece);
	uint32_t bytes = r->lines * r->line;
	uint32_t sin = r->table + slot * r->table_bytes;

	ash_load(sin + r->plane, (int32_t)bytes,
		 args->cos + (uint64_t)args->cos_pitch * p.first,
		 (int32_t)args->cos_pitch, bytes, p.count);
	if (args->flags & INVERSE)
		sin += 2 * r->plane;
	ash_load(sin, (int32_t)bytes,
		 args->sin + (uint64_t)args->sin_pitch * p.first,
		 (int32_t)args->sin_pitch, bytes, p.count);
	return move(ASH_LOAD, r, &args->x, &p, r->in + slot * r->in_bytes,
		    r->in_row);
}

/* Of each pair the first (0) or second (1) element, line by line of all rows. */
static void turn(const struct rotary_rows *r, uint32_t positions, uint32_t rows,
		 uint32_t table, uint32_t which)
{
	uint32_t i;

	ash_vector_shape(ASH_VEC(r->args->x.format, ASH_FMT_NONE) |
				 ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL),
			 0, r->lines * r->in_row);
	ash_vector_groups(positions, 0, 2 * r->lines * r->in_row,
			  r->lines * r->line);
	for (i = 0; i < r->lines; i++) {
		ash_vector_src2(table + i * r->line, r->plane);
		ash_vector_function(ASH_VEC_TO_LANES(ASH_SUM),
				    r->result + (which * r->lines + i) * r->n *
							r->line);
		ash_vector_at(0, rows + i * r->in_row, 2);
	}
}

static void compute(const void *state, uint32_t piece, uint32_t slot)
{
	const struct rotary_rows *r = state;
	const struct rotary_args *args = r->args;
	struct rotary_piece p = piece_of(r, piece);
	uint32_t sin = r->table + slot * r->table_bytes;
	uint32_t minus = sin + 2 * r->plane, tiles = 2 * r->lines;
	uint32_t x = r->in + slot * r->in_bytes;
	uint32_t y = r->out + slot * r->out_bytes;
	uint32_t i;

	ash_vector_plain();
	ash_vector_scale(MINUS_1);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) | ASH_VEC_SCALE_IMM,
		   args->flags & INVERSE ? sin : minus, r->line,
		   args->flags & INVERSE ? minus : sin, r->line,
		   p.count * r->lines);
	for (i = 0; i < p.heads; i++) {
		turn(r, p.count, x, sin + r->plane, 0);
		turn(r, p.count, x, sin, 1);
		/* Rows again, in their format. */
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
		ash_vector_groups(tiles, r->out_row, r->n * r->line, 0);
		ash_vector(ASH_VEC(ASH_FMT_F32, args->y.format), y,
			   tiles * r->out_row, r->result, r->line, p.count);
		x += r->n * tiles * r->in_row;
		y += r->n * tiles * r->out_row;
	}
}

static ash_token store(const void *state, uint32_t piece, uint32_t slot)
{
	const struct rotary_rows *r = state;
	struct rotary_piece p = piece_of(r, piece);

	return move(ASH_STORE, r, &r->args->y, &p, r->out + slot * r->out_bytes,
		    r->out_row);
}

/* As many heads as fit, if all tiles have pieces then. */
static void layout(struct rotary_rows *r)
{
	const struct rotary_args *args = r->args;
	uint32_t bytes = ash_format_bytes((enum ash_format)args->x.format) +
			 ash_format_bytes((enum ash_format)args->y.format);

	r->n = ash_array();
	r->line = 4 * r->n;
	r->lines = args->d / 2 / r->n;
	r->in_row = r->n * ash_format_bytes((enum ash_format)args->x.format);
	r->out_row = r->n * ash_format_bytes((enum ash_format)args->y.format);
	r->blocks = (args->l + r->n - 1) / r->n;
	r->plane = r->n * r->lines * r->line;
	r->table_bytes = ROTARY_ROWS_PLANES * r->plane;
	r->heads = args->heads;
	while (r->heads > 1 &&
	       (rotary_rows_bytes(args->d, bytes, r->heads, r->n) >
			ash_spad_bytes() ||
		args->batch * r->blocks * ((args->heads - 1) / r->heads + 1) <
			ash_count()))
		r->heads = (r->heads + 1) / 2;
	r->groups = (args->heads - 1) / r->heads + 1;
	r->in_bytes = r->heads * r->n * 2 * r->lines * r->in_row;
	r->out_bytes = r->heads * r->n * 2 * r->lines * r->out_row;
	r->table = 0;
	r->in = r->table + ROTARY_ROWS_SLOTS * r->table_bytes;
	r->out = r->in + ROTARY_ROWS_SLOTS * r->in_bytes;
	r->result = r->out + ROTARY_ROWS_SLOTS * r->out_bytes;
	ASH_ASSERT(r->result + 2 * r->plane <= ash_spad_bytes());
}

ASHLAR_KERNEL(rotary_rows, struct rotary_args)
{
	struct rotary_rows r = { .args = args };

	layout(&r);
	ring_run(&r, args->batch * r.groups * r.blocks, ROTARY_ROWS_SLOTS, load,
		 compute, store);
	return 0;
}
