/* SPDX-License-Identifier: MIT */
/*
 * ew_transpose: what is contiguous along one dimension becomes contiguous along
 * another; arguments in args_elementwise.h. Blocks of N x N are turned by the
 * vector unit, a row of blocks with each command.
 */
#include <ashlar/kernel.h>

#include "../args_elementwise.h"
#include "../ring.h"

struct piece {
	uint32_t i, j, count_i, count_j;
	uint64_t x, y; /* addresses of its first element */
	/* Lines of a row along j, as loaded, and along i, as stored. */
	uint32_t in_lines, out_lines;
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t parts(uint32_t all, uint32_t part)
{
	return (all + part - 1) / part;
}

static void piece_find(const struct ew_transpose_args *a, uint32_t number,
		       struct piece *p)
{
	uint32_t in_i = parts(a->size[0], a->piece[0]);
	uint32_t in_j = parts(a->size[1], a->piece[1]);
	uint32_t d;

	p->i = number % in_i * a->piece[0];
	number /= in_i;
	p->j = number % in_j * a->piece[1];
	number /= in_j;
	p->count_i = smaller(a->piece[0], a->size[0] - p->i);
	p->count_j = smaller(a->piece[1], a->size[1] - p->j);
	p->in_lines = parts(p->count_j, ash_array());
	p->out_lines = parts(p->count_i, ash_array());
	p->x = a->x + (uint64_t)((int64_t)a->x_step * (int64_t)p->i) +
	       (uint64_t)p->j * a->x_bytes;
	p->y = a->y + (uint64_t)((int64_t)a->y_step * (int64_t)p->j) +
	       (uint64_t)p->i * a->y_bytes;
	for (d = 0; number && d < 4; d++) {
		int64_t at = number % a->outer[d];

		number /= a->outer[d];
		p->x += (uint64_t)(a->x_outer[d] * at);
		p->y += (uint64_t)(a->y_outer[d] * at);
	}
}

static ash_token load(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_transpose_args *a = args;
	struct piece p;

	piece_find(a, number, &p);
	return ash_load(a->in + slot * a->in_slot,
			(int32_t)(p.in_lines * ash_array() * a->x_bytes), p.x,
			a->x_step, p.count_j * a->x_bytes, p.count_i);
}

static void compute(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_transpose_args *a = args;
	uint32_t array = ash_array(), at = a->in + slot * a->in_slot;
	uint32_t to = a->out + slot * a->out_slot;
	uint32_t in_row, out_row, left;
	struct piece p;

	piece_find(a, number, &p);
	in_row = p.in_lines * array * a->x_bytes;
	out_row = p.out_lines * array * a->y_bytes;
	ash_vector_shape(a->cfg, out_row, in_row);
	ash_vector_groups(p.in_lines, array * out_row, array * a->x_bytes, 0);
	for (left = p.count_i; left;) {
		uint32_t rows = smaller(left, array);

		ash_vector_at(to, at, rows);
		at += array * in_row;
		to += array * a->y_bytes;
		left -= rows;
	}
}

static ash_token store(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_transpose_args *a = args;
	struct piece p;

	piece_find(a, number, &p);
	return ash_store(p.y, a->y_step, a->out + slot * a->out_slot,
			 (int32_t)(p.out_lines * ash_array() * a->y_bytes),
			 p.count_i * a->y_bytes, p.count_j);
}

ASHLAR_KERNEL(ew_transpose, struct ew_transpose_args)
{
	ring_run(args, args->pieces, args->slots, load, compute, store);
	return 0;
}
