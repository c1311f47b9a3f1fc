/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in ashlar-attention.elf, for host and kernels. */
#ifndef ARGS_ATTENTION_H
#define ARGS_ATTENTION_H

#include <assert.h>
#include <stdint.h>

/* Rows of a tensor [batch, heads, positions, d]; strides in bytes. */
struct attention_rows {
	uint64_t at; /* device address; 0: none */
	int64_t batch, head;
	uint32_t pos; /* below 2^31 */
	uint32_t format;
};

/* Most tiles of a job: what shares the blocks that pass by. */
#define ATTENTION_TILES 8u

/* Keys of a block, or queries, for N lanes. */
static inline uint32_t attention_block(uint32_t n)
{
	return n < 16 ? 4 * n : 8 * n;
}

struct attention_args {
	struct attention_rows q, k, v, o, lse;
	uint32_t batch, heads, kv_heads;
	uint32_t lq, lk, d;
	uint32_t scale; /* fp32 */
	uint32_t causal;
};
static_assert(sizeof(struct attention_args) == 192, "attention_args");

/* attention_prepare: delta and -lse of each query, packed. */
struct attention_prepare_args {
	struct attention_rows o, dout, lse;
	uint64_t delta, nlse; /* fp32 [batch, heads, lq] */
	uint32_t batch, heads, lq, d;
};
static_assert(sizeof(struct attention_prepare_args) == 128,
	      "attention_prepare_args");

/* attention_dq and attention_dkv. */
struct attention_dx_args {
	struct attention_rows q, k, v, dout, dq, dk, dv;
	uint64_t delta, nlse;
	uint32_t batch, heads, kv_heads;
	uint32_t lq, lk, d;
	uint32_t scale;
	uint32_t causal;
};
static_assert(sizeof(struct attention_dx_args) == 272, "attention_dx_args");

struct rotary_args {
	struct attention_rows x, y;
	uint64_t cos, sin; /* fp32 rows of d / 2 */
	uint32_t cos_pitch, sin_pitch; /* bytes */
	uint32_t batch, heads, l, d;
	uint32_t flags; /* enum ashlar_rotary_flags */
	uint32_t reserved;
};
static_assert(sizeof(struct rotary_args) == 112, "rotary_args");

/*
 * Scratchpad of rotary_rows, for so many heads at a time and N lanes: two slots of
 * three planes of a table and rows of x and y, whose elements have so many bytes
 * together; a head's results in fp32.
 */
#define ROTARY_ROWS_SLOTS  2u
#define ROTARY_ROWS_PLANES 3u

static inline uint64_t rotary_rows_bytes(uint32_t d, uint32_t bytes,
					 uint32_t heads, uint32_t n)
{
	uint64_t row = (uint64_t)n * d;

	return ROTARY_ROWS_SLOTS * row *
		       (ROTARY_ROWS_PLANES * 2 + (uint64_t)heads * bytes) +
	       4 * row;
}

struct embedding_args {
	uint64_t index, table, y;
	uint64_t tokens;
	uint32_t index_pitch, table_pitch, y_pitch; /* bytes */
	uint32_t rows, row_bytes;
	uint32_t reserved;
};
static_assert(sizeof(struct embedding_args) == 56, "embedding_args");

struct embedding_dx_args {
	uint64_t index, dy, dtable;
	uint64_t tokens;
	uint32_t index_pitch, dy_pitch, dtable_pitch; /* bytes */
	uint32_t rows, d;
	uint32_t format; /* of dy */
	int32_t padding; /* -1: none */
	uint32_t add;
};
static_assert(sizeof(struct embedding_dx_args) == 64, "embedding_dx_args");

#endif
