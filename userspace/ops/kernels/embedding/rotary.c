/* SPDX-License-Identifier: MIT */
/*
 * Rotary embedding. N positions of a head at a time: they are transposed, so
 * that a row is one element of all positions and pairs are pairs of rows. A
 * group of the vector unit is then a pair, times two rows of a table, summed up
 * lane by lane: a * cos + b * -sin, and a * sin + b * cos. The tables of N
 * positions serve all heads.
 */
#include <ashlar/kernel.h>

#include "args_attention.h"

#define MINUS_1	     0xbf800000u
#define INTERLEAVED  1u /* enum ashlar_rotary_flags */
#define INVERSE	     2u
#define ROTARY_SLOTS 2u

struct rotary {
	const struct rotary_args *args;
	uint32_t array, line;
	uint32_t tiles; /* columns of N elements in a row of x */
	uint32_t half, half_tiles; /* pairs; columns in a row of a table */
	uint32_t in_row, out_row; /* bytes of N elements */
	uint32_t in, turned, result, table[2], out; /* offsets */
	uint32_t in_bytes, out_bytes, out_slots;
};

/* N positions of a head. */
struct unit {
	uint32_t batch, head, first, count;
};

static void unit_find(const struct rotary *r, uint32_t number, struct unit *u)
{
	const struct rotary_args *args = r->args;
	uint32_t pairs = args->batch * args->heads;
	uint32_t block = number / pairs;
	uint32_t pair = number - block * pairs;

	u->batch = pair / args->heads;
	u->head = pair - u->batch * args->heads;
	u->first = block * r->array;
	u->count = args->l - u->first;
	if (u->count > r->array)
		u->count = r->array;
}

static uint64_t address(const struct attention_rows *t, const struct unit *u)
{
	return t->at + (uint64_t)(t->batch * (int64_t)u->batch) +
	       (uint64_t)(t->head * (int64_t)u->head) +
	       (uint64_t)t->pos * u->first;
}

static ash_token load(const struct rotary *r, const struct unit *u,
		      uint32_t slot)
{
	const struct rotary_args *args = r->args;

	return ash_load(
		r->in + slot * r->in_bytes, (int32_t)(r->tiles * r->in_row),
		address(&args->x, u), (int32_t)args->x.pos,
		args->d * ash_format_bytes((enum ash_format)args->x.format),
		u->count);
}

/* Columns of N to rows, `step` rows apart; times a number, if it is not 0. */
static void turn(const struct rotary *r, enum ash_format format, uint32_t to,
		 uint32_t step, uint32_t from, uint32_t columns, uint32_t rows,
		 uint32_t scale)
{
	uint32_t row = ash_format_bytes(format) * r->array;

	ash_vector_groups(columns, step * r->array * r->line, row, 0);
	ash_vector_scale(scale);
	ash_vector(ASH_VEC(format, ASH_FMT_F32) | ASH_VEC_TRANSPOSE |
			   (scale ? ASH_VEC_SCALE_IMM : 0),
		   to, step * r->line, from, columns * row, rows);
}

/* The tables of the unit's positions: (cos, -sin) and (sin, cos). */
static void make_tables(const struct rotary *r, const struct unit *u)
{
	const struct rotary_args *args = r->args;
	bool inverse = args->flags & INVERSE;
	/* The results' room is free when the vector unit is done. */
	uint32_t cos = r->result;
	uint32_t sin = cos + r->array * r->half_tiles * r->line;
	int32_t pitch = (int32_t)(r->half_tiles * r->line);

	ash_wait_all(ASH_VECTOR);
	ash_load(cos, pitch, args->cos + (uint64_t)args->cos_pitch * u->first,
		 (int32_t)args->cos_pitch, 4 * r->half, u->count);
	ash_wait(ASH_LOAD,
		 ash_load(sin, pitch,
			  args->sin + (uint64_t)args->sin_pitch * u->first,
			  (int32_t)args->sin_pitch, 4 * r->half, u->count));
	turn(r, ASH_FMT_F32, r->table[0], 2, cos, r->half_tiles, u->count, 0);
	turn(r, ASH_FMT_F32, r->table[0] + r->line, 2, sin, r->half_tiles,
	     u->count, inverse ? 0 : MINUS_1);
	turn(r, ASH_FMT_F32, r->table[1], 2, sin, r->half_tiles, u->count,
	     inverse ? MINUS_1 : 0);
	turn(r, ASH_FMT_F32, r->table[1] + r->line, 2, cos, r->half_tiles,
	     u->count, 0);
}

static ash_token compute(const struct rotary *r, const struct unit *u,
			 uint32_t in_slot, uint32_t out_slot)
{
	const struct rotary_args *args = r->args;
	bool interleaved = args->flags & INTERLEAVED;
	enum ash_format out = (enum ash_format)args->y.format;
	uint32_t line = r->line;
	uint32_t from = r->result;
	ash_token token;
	uint32_t i;

	turn(r, (enum ash_format)args->x.format, r->turned, 1,
	     r->in + in_slot * r->in_bytes, r->tiles, u->count, 0);
	for (i = 0; i < 2; i++) {
		ash_vector_groups(r->half, 0, interleaved ? 2 * line : line,
				  2 * line);
		ash_vector_src2(r->table[i], line);
		ash_vector_function(ASH_VEC_TO_LANES(ASH_SUM),
				    r->result + i * r->half * line);
		ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE) |
				   ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL),
			   0, 0, r->turned, interleaved ? line : r->half * line,
			   2);
	}
	ash_vector_plain();
	if (interleaved) {
		/* First and second ones in turn; what was turned is used up. */
		from = r->turned;
		for (i = 0; i < 2; i++)
			ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32),
				   from + i * line, 2 * line,
				   r->result + i * r->half * line, line,
				   r->half);
	}
	/* Back again. */
	ash_vector_groups(r->tiles, r->out_row, r->array * line, 0);
	token = ash_vector(ASH_VEC(ASH_FMT_F32, out) | ASH_VEC_TRANSPOSE,
			   r->out + out_slot * r->out_bytes,
			   r->tiles * r->out_row, from, line,
			   args->d < r->array ? args->d : r->array);
	ash_vector_plain();
	return token;
}

static ash_token store(const struct rotary *r, const struct unit *u,
		       uint32_t slot)
{
	const struct rotary_args *args = r->args;

	return ash_store(
		address(&args->y, u), (int32_t)args->y.pos,
		r->out + slot * r->out_bytes, (int32_t)(r->tiles * r->out_row),
		args->d * ash_format_bytes((enum ash_format)args->y.format),
		u->count);
}

static void layout(struct rotary *r)
{
	const struct rotary_args *args = r->args;
	uint32_t turned_bytes;

	r->array = ash_array();
	r->line = 4 * r->array;
	r->half = args->d / 2;
	r->tiles = (args->d + r->array - 1) / r->array;
	r->half_tiles = (r->half + r->array - 1) / r->array;
	r->in_row =
		r->array * ash_format_bytes((enum ash_format)args->x.format);
	r->out_row =
		r->array * ash_format_bytes((enum ash_format)args->y.format);
	r->in_bytes = r->array * r->tiles * r->in_row;
	r->out_bytes = r->array * r->tiles * r->out_row;
	/* In whole columns, of both halves. */
	turned_bytes = 2 * r->half_tiles * r->array * r->line;
	r->in = 0;
	r->turned = r->in + ROTARY_SLOTS * r->in_bytes;
	r->result = r->turned + turned_bytes;
	r->table[0] = r->result + turned_bytes;
	r->table[1] = r->table[0] + turned_bytes;
	r->out = r->table[1] + turned_bytes;
	r->out_slots = ROTARY_SLOTS;
	if (r->out + r->out_slots * r->out_bytes > ash_spad_bytes())
		r->out_slots = 1;
	ASH_ASSERT(r->out + r->out_slots * r->out_bytes <= ash_spad_bytes());
}

ASHLAR_KERNEL(rotary, struct rotary_args)
{
	struct rotary r = { .args = args };
	uint32_t blocks, all, number, end, slot = 0, out_slot = 0;
	ash_token loaded, token = 0, stored[ROTARY_SLOTS] = { 0, 0 };
	uint32_t tables = ~0u; /* positions that they are for */
	struct unit now, next;

	layout(&r);
	blocks = (args->l + r.array - 1) / r.array;
	all = blocks * args->batch * args->heads;
	number = (uint32_t)((uint64_t)all * ash_index() / ash_count());
	end = (uint32_t)((uint64_t)all * (ash_index() + 1) / ash_count());
	if (number == end)
		return 0;
	unit_find(&r, number, &next);
	loaded = load(&r, &next, slot);
	while (number < end) {
		ash_token arrived = loaded;

		now = next;
		if (now.first != tables)
			make_tables(&r, &now);
		tables = now.first;
		if (++number < end) {
			unit_find(&r, number, &next);
			/* The unit before, in this slot, has been computed. */
			ash_after(ASH_LOAD, ASH_VECTOR, token);
			loaded = load(&r, &next, slot ^ 1);
		}
		ash_wait(ASH_LOAD, arrived);
		ash_wait(ASH_STORE, stored[out_slot]);
		token = compute(&r, &now, slot, out_slot);
		ash_after(ASH_STORE, ASH_VECTOR, token);
		stored[out_slot] = store(&r, &now, out_slot);
		slot ^= 1;
		if (++out_slot == r.out_slots)
			out_slot = 0;
	}
	return 0;
}
