/* SPDX-License-Identifier: MIT */
/*
 * ew_map: vector operations on pieces of tensors; args_elementwise.h says what
 * its arguments mean. Loads run ahead of the vector unit as far as there are
 * slots; a piece is stored when the operations on the next one have begun, so
 * that the vector unit does not wait for the core. The core has some hundred
 * cycles for a piece: coordinates are counted up, not divided out.
 */
#include <ashlar/kernel.h>

#include "../args_elementwise.h"

/* This tile's pieces, in order: the present one, and what leads to the next. */
struct walk {
	uint32_t left; /* pieces from the present one on */
	uint32_t slot;
	uint32_t at[6]; /* number of the piece in each dimension */
	uint32_t hop[6]; /* ash_count() in these digits */
};

/* Where the present piece is, in elements. */
struct piece {
	uint32_t first[6];
	uint32_t count[3];
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void digits(const struct ew_map_args *a, uint32_t number, uint32_t *d)
{
	uint32_t i;

	for (i = 0; i < 6; i++) {
		d[i] = number % a->parts[i];
		number /= a->parts[i];
	}
}

static void walk_begin(const struct ew_map_args *a, struct walk *w)
{
	uint32_t index = ash_index(), count = ash_count();

	w->left = 0;
	if (index < a->pieces)
		w->left = (a->pieces - index - 1) / count + 1;
	w->slot = 0;
	digits(a, index, w->at);
	digits(a, count, w->hop);
}

static void walk_on(const struct ew_map_args *a, struct walk *w)
{
	uint32_t carry = 0, i;

	w->left--;
	w->slot = w->slot + 1 == a->slots ? 0 : w->slot + 1;
	for (i = 0; i < a->dims; i++) {
		uint32_t at = w->at[i] + w->hop[i] + carry;

		carry = at >= a->parts[i];
		w->at[i] = carry ? at - a->parts[i] : at;
	}
}

static void walk_piece(const struct ew_map_args *a, const struct walk *w,
		       struct piece *p)
{
	uint32_t i;

	for (i = 0; i < a->dims; i++)
		p->first[i] = w->at[i] * (i < 3 ? a->piece[i] : 1);
	for (i = 0; i < 3; i++)
		p->count[i] = i < a->dims ? smaller(a->piece[i],
						    a->size[i] - p->first[i]) :
					    1;
}

static uint32_t buffer_at(const struct map_buffer *b, uint32_t slot)
{
	return b->offset + slot * b->slot_bytes;
}

/* Lines of a row of so many elements. */
static uint32_t lines_of(uint32_t elements)
{
	uint32_t array = ash_array();

	return (elements + array - 1) / array;
}

static void dma_dim(enum ash_unit unit, uint32_t dim, uint32_t count,
		    int32_t global, uint32_t local)
{
	uint32_t reg = unit + 4 * dim;

	ash_write(reg + ASHLAR_LOAD_COUNT1, count);
	ash_write(reg + ASHLAR_LOAD_GSTRIDE1, (uint32_t)global);
	ash_write(reg + ASHLAR_LOAD_LSTRIDE1, local);
}

static ash_token move(const struct ew_map_args *a, enum ash_unit unit,
		      const struct map_operand *o, const struct piece *p,
		      uint32_t slot)
{
	const struct map_buffer *b = &a->buffer[o->buffer];
	uint32_t bytes = b->bytes;
	uint32_t n0 = p->count[0], n1 = p->count[1], n2 = p->count[2];
	uint32_t row = b->pitch * lines_of(n0), plane;
	uint64_t at = o->addr;
	ash_token token;
	uint32_t i;

	for (i = 0; i < a->dims; i++)
		at += (uint64_t)((i < 3 ? o->step[i] : o->outer[i - 3]) *
				 (int64_t)p->first[i]);
	if (b->extent == MAP_ROW) {
		n1 = 1;
		n2 = 1;
	} else if (b->extent == MAP_WORDS) {
		n0 = 1;
		row = bytes;
	}
	plane = n1 * row;
	if (n0 > 1 && o->step[0] != (int32_t)bytes) {
		/* Elements are runs. */
		ash_write(unit + ASHLAR_LOAD_RUN, bytes);
		dma_dim(unit, 0, n0, o->step[0], bytes);
		dma_dim(unit, 1, n1, o->step[1], row);
		dma_dim(unit, 2, n2, o->step[2], plane);
		token = ash_dma_at(unit, buffer_at(b, slot), at);
		ash_write(unit + ASHLAR_LOAD_COUNT2, 1);
		ash_write(unit + ASHLAR_LOAD_COUNT3, 1);
		return token;
	}
	/* Rows are, or several that follow each other. */
	n0 *= bytes;
	if (n1 > 1 && row == n0 && o->step[1] == (int32_t)row) {
		n0 = plane;
		n1 = 1;
	}
	ash_write(unit + ASHLAR_LOAD_RUN, n0);
	dma_dim(unit, 0, n1, o->step[1], row);
	if (n2 > 1)
		dma_dim(unit, 1, n2, o->step[2], plane);
	token = ash_dma_at(unit, buffer_at(b, slot), at);
	if (n2 > 1)
		ash_write(unit + ASHLAR_LOAD_COUNT2, 1);
	return token;
}

static void compute(const struct ew_map_args *a, const struct map_pass *pass,
		    const struct piece *p, uint32_t slot)
{
	const struct map_buffer *src = &a->buffer[pass->src_buffer];
	const struct map_buffer *dst = &a->buffer[pass->dst_buffer];
	uint32_t lines = lines_of(p->count[0]);
	uint32_t rows = p->count[1] * p->count[2];
	uint32_t src2 = pass->src2, src2_pitch = 0;
	uint32_t bias = pass->bias;

	if (pass->src2_buffer != MAP_NONE) {
		src2 = buffer_at(&a->buffer[pass->src2_buffer], slot);
		src2_pitch = a->buffer[pass->src2_buffer].pitch;
	}
	if (pass->bias_buffer != MAP_NONE)
		bias = buffer_at(&a->buffer[pass->bias_buffer], slot);
	ash_vector_src2(src2, src2_pitch);
	ash_vector_bias(bias);
	ash_vector_scale(pass->scale);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, pass->op);
	if (dst->extent == MAP_WORDS) /* as many as there are rows */
		lines = lines_of(rows);
	if (dst->extent != MAP_FULL)
		rows = 1;
	if (a->grouped) {
		uint32_t src2_gpitch = lines * src2_pitch;

		if (pass->src2_buffer != MAP_NONE &&
		    a->buffer[pass->src2_buffer].extent != MAP_FULL)
			src2_gpitch = 0;
		ash_vector_groups(rows, lines * dst->pitch,
				  src->extent == MAP_FULL ? lines * src->pitch :
							    0,
				  src2_gpitch);
	} else {
		lines *= rows;
	}
	ash_vector(pass->cfg, buffer_at(dst, slot), dst->pitch,
		   buffer_at(src, slot), src->pitch, lines);
}

/* What is in the slots. */
struct ring {
	ash_token loaded[MAP_SLOTS], stored[MAP_SLOTS];
	uint32_t used;
};

/* Load what comes next, as far as slots are free. */
static void load_ahead(const struct ew_map_args *a, struct walk *w,
		       struct ring *r)
{
	struct piece p;
	uint32_t i;

	for (; r->used < a->slots && w->left; r->used++) {
		walk_piece(a, w, &p);
		if (a->in_place)
			ash_wait(ASH_STORE, r->stored[w->slot]);
		for (i = 0; i < a->loads; i++)
			r->loaded[w->slot] =
				move(a, ASH_LOAD, &a->operand[i], &p, w->slot);
		walk_on(a, w);
	}
}

static void store(const struct ew_map_args *a, const struct piece *p,
		  uint32_t slot, struct ring *r)
{
	uint32_t i;

	for (i = 0; i < a->stores; i++)
		r->stored[slot] =
			move(a, ASH_STORE, &a->operand[a->loads + i], p, slot);
	r->used--;
}

ASHLAR_KERNEL(ew_map, struct ew_map_args)
{
	struct piece now, before = { 0 };
	struct ring ring = { 0 };
	struct walk load, done;
	uint32_t i, before_slot = 0;
	ash_token before_made = 0;

	walk_begin(args, &load);
	done = load;
	load_ahead(args, &load, &ring);
	while (done.left) {
		uint32_t slot = done.slot;
		ash_token made;

		walk_piece(args, &done, &now);
		ash_wait(ASH_LOAD, ring.loaded[slot]);
		ash_wait(ASH_STORE, ring.stored[slot]);
		for (i = 0; i < args->passes; i++)
			compute(args, &args->pass[i], &now, slot);
		made = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		if (before_made) {
			ash_wait(ASH_VECTOR, before_made);
			store(args, &before, before_slot, &ring);
		}
		before = now;
		before_slot = slot;
		before_made = made;
		walk_on(args, &done);
		load_ahead(args, &load, &ring);
	}
	if (before_made) {
		ash_wait(ASH_VECTOR, before_made);
		store(args, &before, before_slot, &ring);
	}
	return 0;
}
