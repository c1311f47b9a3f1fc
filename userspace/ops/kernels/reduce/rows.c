/* SPDX-License-Identifier: MIT */
/*
 * ew_reduce_rows, ew_argmax: what is contiguous becomes words; arguments in
 * args_reduce.h.
 */
#include <ashlar/kernel.h>

#include "../args_reduce.h"
#include "../ring.h"

/* Some rows, or some chunks of one. */
struct piece {
	uint32_t row, rows;
	uint32_t chunk, chunks; /* of each row */
	uint32_t elements; /* of each row */
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t chunk_elements(void)
{
	return REDUCE_CHUNK * ash_array();
}

static uint32_t lines_of(uint32_t elements)
{
	return (elements + ash_array() - 1) / ash_array();
}

static void piece_find(const struct ew_reduce_rows_args *a, uint32_t number,
		       struct piece *p)
{
	uint32_t size = chunk_elements();
	uint32_t chunks = (a->k + size - 1) / size;

	if (a->rows_piece) {
		p->row = number * a->rows_piece;
		p->rows = smaller(a->rows_piece, a->rows - p->row);
		p->chunk = 0;
		p->chunks = chunks;
		p->elements = a->k;
	} else {
		uint32_t parts =
			(chunks + a->chunks_piece - 1) / a->chunks_piece;

		p->row = number / parts;
		p->rows = 1;
		p->chunk = number % parts * a->chunks_piece;
		p->chunks = smaller(a->chunks_piece, chunks - p->chunk);
		p->elements = smaller(p->chunks * size, a->k - p->chunk * size);
	}
}

static uint32_t slot_at(const struct reduce_slots *s, uint32_t slot)
{
	return s->offset + slot * s->bytes;
}

static ash_token load(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_rows_args *a = args;
	uint32_t run, row;
	uint64_t from;
	struct piece p;

	piece_find(a, number, &p);
	run = p.elements * a->bytes;
	row = lines_of(p.elements) * ash_array() * a->bytes;
	from = a->x + (uint64_t)(a->stride * (int64_t)p.row) +
	       (uint64_t)p.chunk * (chunk_elements() * a->bytes);
	/* Rows without gaps on either side are one. */
	if (run == row && a->stride == (int64_t)row) {
		run *= p.rows;
		p.rows = 1;
	}
	return ash_load(slot_at(&a->in, slot), (int32_t)row, from,
			(int32_t)a->stride, run, p.rows);
}

static ash_token load_argmax(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_rows_args *a = args;
	struct piece p;

	load(args, number, slot);
	piece_find(a, number, &p);
	return ash_load_1d(slot_at(&a->greatest, slot), a->m + 4ull * p.row,
			   4 * p.rows);
}

/* Words of the piece to what is stored, if that is something else. */
static void finish(const struct ew_reduce_rows_args *a, const struct piece *p,
		   uint32_t slot)
{
	uint32_t array = ash_array();

	if (!a->out_cfg)
		return;
	ash_vector_plain();
	ash_vector_scale(a->out_scale);
	ash_vector(a->out_cfg, slot_at(&a->out, slot), array * a->out_bytes,
		   slot_at(&a->words, slot), 4 * array,
		   lines_of(p->rows * p->chunks));
}

static void compute(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_rows_args *a = args;
	uint32_t words = slot_at(&a->words, slot);
	uint32_t at = slot_at(&a->in, slot);
	uint32_t pitch = ash_array() * a->bytes;
	uint32_t whole, rest, lines, i;
	struct piece p;

	piece_find(a, number, &p);
	lines = lines_of(p.elements);
	ash_vector_shape(a->cfg, 0, pitch);
	if (p.chunks == 1) {
		ash_vector_function(a->op, words);
		ash_vector_groups(p.rows, 0, lines * pitch, 0);
		ash_vector_tail(p.elements % ash_array());
		ash_vector_at(0, at, lines);
		finish(a, &p, slot);
		return;
	}
	/* Whole chunks of a row, then what is left of it. */
	whole = p.elements / chunk_elements();
	rest = lines - whole * REDUCE_CHUNK;
	for (i = 0; i < p.rows; i++, at += lines * pitch) {
		if (whole) {
			ash_vector_function(a->op, words);
			ash_vector_groups(whole, 0, REDUCE_CHUNK * pitch, 0);
			ash_vector_tail(0);
			ash_vector_at(0, at, REDUCE_CHUNK);
			words += 4 * whole;
		}
		if (rest) {
			ash_vector_function(a->op, words);
			ash_vector_groups(1, 0, 0, 0);
			ash_vector_tail(p.elements % ash_array());
			ash_vector_at(0, at + whole * REDUCE_CHUNK * pitch,
				      rest);
			words += 4;
		}
	}
	finish(a, &p, slot);
}

/* Row after row, chunk after chunk: a mask, then the greatest of iota in it. */
static void compute_argmax(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_rows_args *a = args;
	uint32_t words = slot_at(&a->words, slot);
	uint32_t at = slot_at(&a->in, slot);
	uint32_t array = ash_array(), pitch = array * a->bytes;
	uint32_t i, c;
	struct piece p;

	piece_find(a, number, &p);
	ash_vector_plain();
	for (i = 0; i < p.rows; i++) {
		uint32_t left = p.elements;

		for (c = p.chunk; left; c++, words += 4) {
			uint32_t n = smaller(left, chunk_elements());
			uint32_t lines = lines_of(n);

			ash_vector_tail(n % array);
			ash_vector_src2(slot_at(&a->greatest, slot) + 4 * i, 0);
			ash_vector_function(0, 0);
			ash_vector(a->cfg, a->mask, array, at, pitch, lines);
			ash_vector_src2(a->mask, array);
			ash_vector_bias(a->k - c * chunk_elements());
			ash_vector_function(a->keep_op, words);
			ash_vector(a->keep_cfg, 0, 0, a->iota, 4 * array,
				   lines);
			at += lines * pitch;
			left -= n;
		}
	}
}

static ash_token store(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_rows_args *a = args;
	const struct reduce_slots *from = a->out_cfg ? &a->out : &a->words;
	uint32_t size = chunk_elements();
	uint64_t first;
	struct piece p;

	piece_find(a, number, &p);
	first = (uint64_t)p.row * ((a->k + size - 1) / size) + p.chunk;
	return ash_store_1d(a->y + first * a->out_bytes, slot_at(from, slot),
			    p.rows * p.chunks * a->out_bytes);
}

ASHLAR_KERNEL(ew_reduce_rows, struct ew_reduce_rows_args)
{
	ring_run(args, args->pieces, args->slots, load, compute, store);
	return 0;
}

/* 0, -1, -2, ... for a chunk: a line by the core, then twice as many each time. */
static void make_iota(uint32_t offset)
{
	uint32_t array = ash_array(), n;
	int32_t *line = ash_spad(offset);

	for (n = 0; n < array; n++)
		line[n] = -(int32_t)n;
	for (n = 1; n < REDUCE_CHUNK; n *= 2) {
		ash_vector_bias(0u - n * array);
		ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) | ASH_VEC_BIAS_IMM,
			   offset + n * 4 * array, 4 * array, offset, 4 * array,
			   n);
	}
}

ASHLAR_KERNEL(ew_argmax, struct ew_reduce_rows_args)
{
	make_iota(args->iota);
	ring_run(args, args->pieces, args->slots, load_argmax, compute_argmax,
		 store);
	return 0;
}
