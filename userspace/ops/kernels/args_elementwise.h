/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in kernels/elementwise, for host and kernels. */
#ifndef ARGS_ELEMENTWISE_H
#define ARGS_ELEMENTWISE_H

#include <assert.h>
#include <stdint.h>

/*
 * map: vector operations on pieces of tensors.
 *
 * Elements are walked in rows (dimension 0, size[0] elements), planes of rows
 * (1), and so on; a piece is at most piece[0] x piece[1] x piece[2] of them.
 * Pieces are numbered, dimension 0 fastest; piece p belongs to tile p % count
 * and passes through slot p' % slots, p' counting a tile's own pieces. A
 * buffer in the scratchpad has a slot for each (or one for all, slot_bytes 0):
 * rows padded to whole lines of N elements.
 */
#define MAP_OPERANDS 8
#define MAP_BUFFERS  14
#define MAP_PASSES   11
#define MAP_SLOTS    4

/* What of a piece a buffer has. */
enum map_extent {
	MAP_FULL, /* all elements */
	MAP_ROW, /* one row, the same for all rows */
	MAP_WORDS, /* one element for each row, contiguous */
};

struct map_buffer {
	uint32_t offset; /* of slot 0 */
	uint32_t slot_bytes;
	uint16_t pitch; /* bytes of a line of N elements */
	uint8_t bytes; /* of an element */
	uint8_t extent; /* enum map_extent */
};

/* A tensor that is loaded to a buffer or stored from one. */
struct map_operand {
	uint64_t addr;
	int64_t outer[3]; /* bytes from step to step of dimensions 3 to 5 */
	int32_t step[3]; /* the same of dimensions 0 to 2 */
	uint8_t buffer;
	uint8_t reserved[3];
};

#define MAP_NONE 0xff /* no buffer */

/* A vector operation. Its immediates are used where it has no buffers. */
struct map_pass {
	uint32_t cfg, op; /* VECTOR.CFG, VECTOR.OP */
	uint32_t src2, bias, scale;
	uint8_t src_buffer, src2_buffer, dst_buffer;
	uint8_t bias_buffer; /* words */
};

struct ew_map_args {
	uint32_t pieces; /* in all */
	uint32_t size[6]; /* of the dimensions */
	uint32_t parts[6]; /* pieces in each dimension */
	uint32_t piece[3]; /* elements; of dimensions 3 to 5: 1 */
	uint8_t dims; /* of the others the size is 1 */
	uint8_t slots;
	uint8_t loads; /* operands 0 .. loads - 1 */
	uint8_t stores; /* those behind them */
	uint8_t passes;
	uint8_t in_place; /* a buffer is loaded and stored */
	uint8_t grouped; /* a buffer has less than all elements */
	uint8_t reserved;
	struct map_buffer buffer[MAP_BUFFERS];
	struct map_operand operand[MAP_OPERANDS];
	struct map_pass pass[MAP_PASSES];
};
static_assert(sizeof(struct ew_map_args) <= 1024, "arguments: 1024 bytes");

/*
 * ew_transpose: y[j][i] = x[i][j], converted, for all of four more dimensions. x
 * is contiguous along j, y along i. A piece is at most piece[0] of i and
 * piece[1] of j; they are numbered i first, then j, then the others.
 */
struct ew_transpose_args {
	uint64_t x, y;
	uint32_t size[2]; /* of i and j */
	uint32_t piece[2]; /* multiples of N */
	int32_t x_step; /* bytes from i to i */
	int32_t y_step; /* from j to j */
	uint32_t outer[4]; /* sizes */
	int64_t x_outer[4], y_outer[4]; /* bytes */
	uint32_t pieces, slots;
	uint32_t cfg; /* VECTOR.CFG */
	uint32_t x_bytes, y_bytes; /* of an element */
	uint32_t in, in_slot, out, out_slot; /* offset, bytes of a slot */
};
static_assert(sizeof(struct ew_transpose_args) <= 1024, "arguments");

#endif
