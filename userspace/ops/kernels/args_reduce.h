/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in kernels/reduce, for host and kernels. */
#ifndef ARGS_REDUCE_H
#define ARGS_REDUCE_H

#include <assert.h>
#include <stdint.h>

#define REDUCE_CHUNK 64u /* lines, or rows, that are summed at once */

/* A ring of slots in the scratchpad. */
struct reduce_slots {
	uint32_t offset, bytes; /* of a slot */
};

/*
 * ew_reduce_rows: rows of k contiguous elements, `stride` bytes apart. A row
 * is cut into chunks of 64 lines, each becomes a word; they are stored as y,
 * [rows][chunks] without gaps. A piece is rows_piece whole rows, or, when
 * that is 0, chunks_piece chunks of one.
 *
 * ew_argmax has the greatest of each row in m, [rows], and makes of each chunk
 * k less the place of the first element equal to it, or less than any such.
 */
struct ew_reduce_rows_args {
	uint64_t x, y, m;
	int64_t stride;
	uint32_t rows, k;
	uint32_t rows_piece, chunks_piece;
	uint32_t pieces;
	uint32_t cfg, op; /* VECTOR.CFG and .OP of the reduction */
	uint32_t out_cfg, out_scale; /* from words to y */
	uint32_t bytes, out_bytes; /* of an element of x, of y */
	uint32_t slots;
	struct reduce_slots in, words, out;
	/* ew_argmax */
	uint32_t keep_cfg, keep_op; /* of its second operation */
	uint32_t mask, iota; /* offsets: 1 byte an element, chunk of int32 */
	struct reduce_slots greatest;
};
static_assert(sizeof(struct ew_reduce_rows_args) <= 1024, "arguments");

/*
 * ew_reduce_columns: planes of k rows of columns contiguous elements, a_stride
 * and k_stride bytes apart. k is cut into chunks of 64, each becomes a row of
 * columns; they are stored as y, [planes][chunks][columns] without gaps. A
 * piece is planes_piece planes (only when one chunk is all), chunks_piece
 * chunks, and lines_piece lines of N columns.
 */
struct ew_reduce_columns_args {
	uint64_t x, y;
	int64_t a_stride;
	int32_t k_stride;
	uint32_t planes, k, columns;
	uint32_t planes_piece, chunks_piece, lines_piece;
	uint32_t pieces;
	uint32_t cfg, op;
	uint32_t out_cfg, out_scale;
	uint32_t bytes, out_bytes;
	uint32_t slots;
	struct reduce_slots in, words, out;
};
static_assert(sizeof(struct ew_reduce_columns_args) <= 1024, "arguments");

#endif
