/* SPDX-License-Identifier: MIT */
/* ew_reduce_columns: rows become one row; arguments in args_reduce.h. */
#include <ashlar/kernel.h>

#include "../args_reduce.h"
#include "../ring.h"

struct piece {
	uint32_t plane, planes;
	uint32_t chunk, chunks;
	uint32_t rows; /* of each plane */
	uint32_t column, columns;
	uint32_t lines; /* of a row */
};

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t parts(uint32_t all, uint32_t part)
{
	return (all + part - 1) / part;
}

/* Columns fastest, then chunks: tiles walk through memory side by side. */
static void piece_find(const struct ew_reduce_columns_args *a, uint32_t number,
		       struct piece *p)
{
	uint32_t array = ash_array();
	uint32_t width = a->lines_piece * array;
	uint32_t strips = parts(a->columns, width);
	uint32_t chunks = parts(a->k, REDUCE_CHUNK);
	uint32_t groups = parts(chunks, a->chunks_piece);
	uint32_t first;

	p->column = number % strips * width;
	number /= strips;
	p->chunk = number % groups * a->chunks_piece;
	p->plane = number / groups * a->planes_piece;
	p->planes = smaller(a->planes_piece, a->planes - p->plane);
	p->columns = smaller(width, a->columns - p->column);
	p->lines = parts(p->columns, array);
	p->chunks = smaller(a->chunks_piece, chunks - p->chunk);
	first = p->chunk * REDUCE_CHUNK;
	p->rows = smaller(p->chunks * REDUCE_CHUNK, a->k - first);
}

static uint32_t slot_at(const struct reduce_slots *s, uint32_t slot)
{
	return s->offset + slot * s->bytes;
}

static ash_token load(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_columns_args *a = args;
	ash_token token = 0;
	uint32_t pitch, i;
	struct piece p;
	uint64_t from;

	piece_find(a, number, &p);
	pitch = p.lines * ash_array() * a->bytes;
	from = a->x + (uint64_t)(a->a_stride * (int64_t)p.plane) +
	       (uint64_t)((int64_t)a->k_stride *
			  (int64_t)(p.chunk * REDUCE_CHUNK)) +
	       (uint64_t)p.column * a->bytes;
	ash_dma_shape(ASH_LOAD, p.columns * a->bytes, p.rows, (int32_t)pitch,
		      a->k_stride);
	for (i = 0; i < p.planes; i++)
		token = ash_dma_at(ASH_LOAD,
				   slot_at(&a->in, slot) + i * p.rows * pitch,
				   from + (uint64_t)(a->a_stride * (int64_t)i));
	return token;
}

static void compute(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_columns_args *a = args;
	uint32_t array = ash_array(), line = array * a->bytes;
	uint32_t words = slot_at(&a->words, slot);
	uint32_t at = slot_at(&a->in, slot);
	uint32_t left, i;
	struct piece p;

	piece_find(a, number, &p);
	ash_vector_shape(a->cfg, 0, p.lines * line);
	ash_vector_groups(p.lines, 0, line, 0);
	for (i = 0; i < p.planes; i++) {
		for (left = p.rows; left;) {
			uint32_t n = smaller(left, REDUCE_CHUNK);

			ash_vector_function(a->op, words);
			ash_vector_at(0, at, n);
			words += 4 * array * p.lines;
			at += n * p.lines * line;
			left -= n;
		}
	}
	if (!a->out_cfg)
		return;
	ash_vector_plain();
	ash_vector_scale(a->out_scale);
	ash_vector(a->out_cfg, slot_at(&a->out, slot), array * a->out_bytes,
		   slot_at(&a->words, slot), 4 * array,
		   p.planes * p.chunks * p.lines);
}

static ash_token store(const void *args, uint32_t number, uint32_t slot)
{
	const struct ew_reduce_columns_args *a = args;
	const struct reduce_slots *from = a->out_cfg ? &a->out : &a->words;
	uint64_t row;
	struct piece p;

	piece_find(a, number, &p);
	/* Planes of one chunk follow each other as chunks of a plane do. */
	row = (uint64_t)p.plane * parts(a->k, REDUCE_CHUNK) + p.chunk;
	return ash_store(a->y + (row * a->columns + p.column) * a->out_bytes,
			 (int32_t)(a->columns * a->out_bytes),
			 slot_at(from, slot),
			 (int32_t)(p.lines * ash_array() * a->out_bytes),
			 p.columns * a->out_bytes, p.planes * p.chunks);
}

ASHLAR_KERNEL(ew_reduce_columns, struct ew_reduce_columns_args)
{
	ring_run(args, args->pieces, args->slots, load, compute, store);
	return 0;
}
