/* SPDX-License-Identifier: MIT */
/*
 * ew_map: vector operations on pieces of tensors; args_elementwise.h says what
 * its arguments mean. Loads run ahead of the vector unit as far as there are
 * slots; a piece is stored when the operations on the next one have begun, so
 * that the vector unit never waits for the core.
 */
#include <ashlar/kernel.h>

#include "../args_elementwise.h"

/* Where a piece is, and how much of each dimension it has. */
struct piece {
	uint32_t at[6];
	uint32_t count[3];
};

/* This tile's pieces, in order. */
struct walk {
	uint64_t next;
	uint32_t slot;
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void piece_find(const struct ew_map_args *a, uint64_t number,
		       struct piece *p)
{
	uint32_t d;

	for (d = 0; d < 6; d++) {
		uint32_t step = d < 3 ? a->piece[d] : 1;
		uint32_t parts = (a->size[d] + step - 1) / step;

		/* 64-bit division is a call: not for small numbers. */
		if (parts == 1) {
			p->at[d] = 0;
		} else if (number >> 32) {
			p->at[d] = (uint32_t)(number % parts) * step;
			number /= parts;
		} else {
			p->at[d] = (uint32_t)number % parts * step;
			number = (uint32_t)number / parts;
		}
		if (d < 3)
			p->count[d] = smaller(step, a->size[d] - p->at[d]);
	}
}

static uint32_t buffer_at(const struct map_buffer *b, uint32_t slot)
{
	return b->offset + slot * b->slot_bytes;
}

/* Lines of a row of a piece. */
static uint32_t row_lines(uint32_t elements)
{
	uint32_t array = ash_array();

	return (elements + array - 1) / array;
}

static ash_token move(const struct ew_map_args *a, enum ash_unit unit,
		      const struct map_operand *o, const struct piece *p,
		      uint32_t slot)
{
	const struct map_buffer *b = &a->buffer[o->buffer];
	uint32_t bytes = b->bytes;
	struct ash_dma d = ASH_DMA_INIT(o->addr, buffer_at(b, slot), bytes);
	uint32_t counts[3] = { p->count[0], p->count[1], p->count[2] };
	uint32_t row = b->pitch * row_lines(p->count[0]);
	uint32_t i;

	for (i = 0; i < 3; i++)
		d.global += (uint64_t)((int64_t)o->step[i] * p->at[i]) +
			    (uint64_t)(o->outer[i] * p->at[3 + i]);
	if (b->extent == MAP_ROW) {
		counts[1] = 1;
		counts[2] = 1;
	} else if (b->extent == MAP_WORDS) {
		counts[0] = 1;
		row = bytes;
	}
	/* The longest runs that there are: a row of elements, or elements. */
	if (counts[0] == 1 || o->step[0] == (int32_t)bytes) {
		d.run = counts[0] * bytes;
		if (counts[1] > 1 && row == d.run &&
		    o->step[1] == (int32_t)row) {
			d.run *= counts[1];
			counts[1] = 1;
		}
		d.dim[0] = (struct ash_dma_dim){
			counts[1], o->step[1], (int32_t)row, 0, 1, ASH_NO_LIMIT
		};
		d.dim[1] = (struct ash_dma_dim){
			counts[2], o->step[2], (int32_t)(p->count[1] * row),
			0,	   1,	       ASH_NO_LIMIT
		};
	} else {
		d.dim[0] = (struct ash_dma_dim){
			counts[0], o->step[0], (int32_t)bytes,
			0,	   1,	       ASH_NO_LIMIT
		};
		d.dim[1] = (struct ash_dma_dim){
			counts[1], o->step[1], (int32_t)row, 0, 1, ASH_NO_LIMIT
		};
		d.dim[2] = (struct ash_dma_dim){
			counts[2], o->step[2], (int32_t)(p->count[1] * row),
			0,	   1,	       ASH_NO_LIMIT
		};
	}
	return ash_dma_nd(unit, &d);
}

static void compute(const struct ew_map_args *a, const struct map_pass *pass,
		    const struct piece *p, uint32_t slot, bool grouped)
{
	const struct map_buffer *src = &a->buffer[pass->src_buffer];
	const struct map_buffer *dst = &a->buffer[pass->dst_buffer];
	uint32_t lines = row_lines(p->count[0]);
	uint32_t rows = p->count[1] * p->count[2];
	uint32_t src2 = pass->src2, src2_pitch = 0, src2_gpitch = 0;
	uint32_t bias = pass->bias;

	if (pass->src2_buffer != MAP_NONE) {
		const struct map_buffer *b = &a->buffer[pass->src2_buffer];

		src2 = buffer_at(b, slot);
		src2_pitch = b->pitch;
		src2_gpitch = b->extent == MAP_FULL ? lines * b->pitch : 0;
	}
	if (pass->bias_buffer != MAP_NONE)
		bias = buffer_at(&a->buffer[pass->bias_buffer], slot);
	ash_vector_src2(src2, src2_pitch);
	ash_vector_bias(bias);
	ash_vector_scale(pass->scale);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, pass->op);
	/* Of words it takes as many as there are rows. */
	if (dst->extent == MAP_WORDS) {
		lines = row_lines(rows);
		rows = 1;
	}
	if (grouped && dst->extent == MAP_FULL)
		ash_vector_groups(rows, lines * dst->pitch,
				  src->extent == MAP_FULL ? lines * src->pitch :
							    0,
				  src2_gpitch);
	else
		ash_vector_groups(1, 0, 0, 0);
	ash_vector(pass->cfg, buffer_at(dst, slot), dst->pitch,
		   buffer_at(src, slot), src->pitch,
		   grouped && dst->extent == MAP_FULL ? lines : lines * rows);
}

static bool is_grouped(const struct ew_map_args *a)
{
	uint32_t i;

	for (i = 0; i < MAP_BUFFERS; i++)
		if (a->buffer[i].extent != MAP_FULL)
			return true;
	return false;
}

ASHLAR_KERNEL(ew_map, struct ew_map_args)
{
	const struct map_operand *loads = args->operand;
	const struct map_operand *stores = args->operand + args->loads;
	struct walk load = { ash_index(), 0 }, done = load;
	ash_token loaded[MAP_SLOTS] = { 0 }, stored[MAP_SLOTS] = { 0 };
	ash_token computed = 0;
	struct piece p, before;
	uint32_t i, ahead = 0, before_slot = 0;
	bool grouped = is_grouped(args), pending = false;

	while (done.next < args->pieces || pending) {
		bool more = done.next < args->pieces;
		ash_token last = computed;

		while (ahead < args->slots && load.next < args->pieces) {
			piece_find(args, load.next, &p);
			if (args->in_place)
				ash_wait(ASH_STORE, stored[load.slot]);
			for (i = 0; i < args->loads; i++)
				loaded[load.slot] = move(args, ASH_LOAD,
							 &loads[i], &p,
							 load.slot);
			load.next += ash_count();
			load.slot = load.slot + 1 == args->slots ?
					    0 :
					    load.slot + 1;
			ahead++;
		}
		if (more) {
			piece_find(args, done.next, &p);
			ash_wait(ASH_LOAD, loaded[done.slot]);
			ash_wait(ASH_STORE, stored[done.slot]);
			for (i = 0; i < args->passes; i++)
				compute(args, &args->pass[i], &p, done.slot,
					grouped);
			computed = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		}
		if (pending) {
			ash_wait(ASH_VECTOR, last);
			for (i = 0; i < args->stores; i++)
				stored[before_slot] = move(args, ASH_STORE,
							   &stores[i], &before,
							   before_slot);
			ahead--;
		}
		pending = more;
		if (more) {
			before = p;
			before_slot = done.slot;
			done.next += ash_count();
			done.slot = done.slot + 1 == args->slots ?
					    0 :
					    done.slot + 1;
		}
	}
	return 0;
}
