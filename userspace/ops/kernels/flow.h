/* SPDX-License-Identifier: MIT */
/*
 * The flow of the attention kernels. Outer tiles of N rows meet inner blocks of
 * rows: scores X[inner][outer lanes] are products of rows of both, the vector
 * unit makes operands of them, and these times the inner rows again are summed
 * up for each outer tile. Forward and for dq, outer are queries and inner keys;
 * for dk and dv the other way round.
 *
 *	job	some outer tiles that share what is loaded
 *	block	inner rows that are loaded at once
 *	item	one outer tile and one block: those of its rows that the tile takes
 *	chunk	rows of an item whose scores fill a set of accumulators
 *	part	output tiles whose sums fill a set of accumulators
 *
 * Of an item the core starts, in this order:
 *
 *	matrix		vector
 *	scores of a chunk
 *			these scores to the scratchpad, chunk after chunk
 *			operands of the item
 *	products of the item before
 *			these added to the sums of its tile
 *
 * and nothing else orders them than ash_after(): so the matrix unit is on the
 * products of one item while the vector unit makes the operands of the next.
 *
 * Accumulators are four sets of as many: scores take two in turn (or both at
 * once, where a whole item fits), parts the other two.
 *
 *	flow.h		what there is, and what a kernel defines
 *	flow_job.h	which tiles and blocks, in which order
 *	flow_load.h	loads, ahead of all that
 *	flow_run.h	items
 *	flow_mask.h	what hides keys from queries
 *	flow_layout.h	sizes and places
 *
 * A kernel includes flow_layout.h and flow_run.h, and defines what the vector
 * unit does (see below). It fills in the first part of struct flow, then calls
 * flow_layout() and flow_run(). Before it includes them it defines these, as
 * expressions of f, but as constants where it can, for what they spare:
 *
 *	FLOW_PRODUCTS		of scores, 1 or 2
 *	FLOW_OUTPUTS		1 or 2
 *	FLOW_WORDS		words that belong to a query, 0 or 2
 *	FLOW_OUTER_QUERIES	outer tiles are queries
 */
#ifndef FLOW_H
#define FLOW_H

#include <ashlar/kernel.h>

#include "args_attention.h"

#define FLOW_SLOTS    2u /* most slots for blocks */
#define FLOW_OPERAND  2u /* most operands of a kind */
#define FLOW_SETS     2u /* sets of accumulators of a kind */
#define FLOW_TOGETHER 4u /* most outer tiles whose results are stored at once */
#define FLOW_RUNS     65535u /* most rows of a store */
/* Jobs and blocks that are known: that before, the present one, those ahead. */
#define FLOW_KNOWN (FLOW_SLOTS + 2)

/* An outer tile. */
struct flow_tile {
	uint32_t head; /* of the group */
	uint32_t first, count;
	uint32_t from, to; /* inner rows that it takes of each inner head */
	int32_t diagonal; /* inner row that lane 0 is on */
	/* When its results are there, those of so many tiles are stored. */
	uint32_t complete;
};

/* What jobs of several batches and groups have in common. */
struct flow_shape {
	uint32_t at; /* number of the first tile, counted in shares */
	uint32_t tiles;
	uint32_t from, to; /* inner rows of each head that some tile takes */
	struct flow_tile tile[ATTENTION_TILES];
};

struct flow_job {
	const struct flow_shape *shape;
	uint32_t batch;
	uint32_t head, end; /* inner ones */
	uint32_t outer_head; /* the first one */
	uint32_t place; /* of its first tile among two jobs' */
};

struct flow_block {
	const struct flow_job *job;
	uint32_t head, row, rows;
	/* Offsets: rows for scores, for products, words. */
	uint32_t rows_at, columns_at, words_at;
};

struct flow_item {
	const struct flow_tile *tile;
	const struct flow_job *job;
	uint32_t number; /* of the tile in its job */
	uint32_t place; /* of the tile among two jobs' */
	uint32_t block; /* number of the block */
	uint32_t row, rows; /* inner rows that the tile takes of the block */
	int32_t k; /* of the first one, from the diagonal on */
	bool first, last; /* of its tile */
	/* Offsets of the tile's rows and sums. */
	uint32_t outer, sums;
	/* Of the first inner row: for scores, for products. */
	uint32_t rows_at, columns_at;
	uint32_t words; /* of the tile, or of the first inner row */
	uint32_t operand; /* offset of the first one */
	uint32_t own; /* offset of the kernel's bytes for it */
};

/* Slots for blocks. */
struct flow_ring {
	uint32_t at, bytes; /* offset of the first slot, bytes of each */
	uint32_t loaded, left; /* blocks */
	ash_token there[FLOW_SLOTS];
	ash_token free_matrix[FLOW_SLOTS], free_vector[FLOW_SLOTS];
};

struct flow {
	/* To be filled in. */
	const struct attention_rows *outer[FLOW_OPERAND]; /* rows of tiles */
	const struct attention_rows *inner[FLOW_OPERAND]; /* rows of scores */
	const struct attention_rows *again[FLOW_OPERAND]; /* of products */
	const struct attention_rows *out[FLOW_OPERAND];
	/* Words of queries, FLOW_WORDS of them. */
	uint64_t words[FLOW_OPERAND];
	uint32_t words_heads, words_length; /* of a batch, of a head */
	uint32_t batch, groups; /* batches, heads of the rarer kind */
	uint32_t outer_heads, inner_heads; /* of a group */
	uint32_t outer_length, inner_length;
	uint32_t d;
	bool causal;
	bool outer_queries; /* for kernels that do both */
	uint32_t mask_below; /* the infinity of lanes below the diagonal */
	/* The kernel's own bytes: of an item, besides. */
	uint32_t item_bytes, private_bytes;
	uint32_t private_lines; /* lines of 4 * N bytes for each inner row */
	uint32_t type; /* of the operands: the vector unit's number */

	/* Sizes. */
	uint32_t array, shift; /* N and its logarithm */
	uint32_t line; /* 4 * N */
	uint32_t block; /* inner rows of a block */
	uint32_t pitch; /* of a row of d elements */
	uint32_t tile_pitch; /* of N rows */
	uint32_t tiles; /* output tiles side by side */
	uint32_t share; /* outer tiles of a job */
	uint32_t slots; /* of the rings */
	uint32_t set_tiles, chunk_rows; /* of a set of accumulators */
	uint32_t rows_cfg, columns_cfg; /* of the matrix unit */
	/* Offsets. */
	uint32_t outer_at, outer_each, words_at, words_each;
	uint32_t inner_each, column_bytes;
	uint32_t operand_each;
	uint32_t sums_at, sums_bytes, sums_each;
	uint32_t private_at, mask_at;
	int32_t mask_first; /* number of the first row there */

	/* Jobs: rows of outer tiles that take nothing come before them. */
	uint32_t dead;
	uint32_t jobs_all, jobs_wide; /* jobs; of one share of tiles */
	uint32_t round; /* of dealing out */
	uint32_t jobs; /* made */
	struct flow_block ahead; /* the block before the next one */

	/* Loads. */
	struct flow_ring rows, columns; /* for scores, for products */
	/* What the very first chunk and the rest of its item need, or 0. */
	ash_token first_chunk, first_item;

	/* The last operations that were started. */
	ash_token scored; /* matrix: scores */
	ash_token scores_read, parts_read; /* vector */
	ash_token stored; /* store */

	uint32_t shapes; /* made */
	struct flow_shape shape[FLOW_KNOWN];
	struct flow_job job[FLOW_KNOWN];
	struct flow_block known[FLOW_KNOWN];
	struct flow_item item[2]; /* the present one, that before */
};

/*
 * What a kernel defines, as operations of the vector unit that may be started
 * at once. Rows count from the item's first one.
 */

/* What is alike for all chunks of an item. */
static void flow_read_begin(struct flow *f);
/* Scores of a chunk, of product p: from the accumulators, acc_row on. */
static void flow_read(struct flow *f, const struct flow_item *i, uint32_t p,
		      uint32_t row, uint32_t rows, uint32_t acc_row);
/* Behind the last chunk of an item: its operands are made. */
static void flow_operands(struct flow *f, const struct flow_item *i);
/*
 * Output tiles at .. at + tiles - 1, in accumulators from acc on: into the
 * running sums, or with them into the result, in place.
 */
static void flow_part(struct flow *f, const struct flow_item *i,
		      uint32_t output, uint32_t at, uint32_t tiles,
		      uint32_t acc);
/*
 * Store what else belongs to results: of rows of a head, the last of which are
 * those of the item's tile.
 */
static void flow_store_more(struct flow *f, const struct flow_item *i,
			    uint32_t head, uint32_t row, uint32_t rows);
/* The same for `rows` first rows of a head that take nothing. */
static void flow_store_dead(struct flow *f, uint32_t batch, uint32_t head,
			    uint32_t rows);

static inline uint32_t flow_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t flow_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/* Most rows of a chunk. One product may take all sets that are for scores. */
static inline uint32_t flow_most_rows(const struct flow *f)
{
	return FLOW_PRODUCTS == 1 ? FLOW_SETS * f->chunk_rows : f->chunk_rows;
}

static inline ash_token flow_issued(enum ash_unit unit)
{
	return ash_read(unit + ASHLAR_LOAD_ISSUED);
}

static uint64_t flow_address(const struct attention_rows *r, uint32_t batch,
			     uint32_t head, uint32_t row)
{
	uint64_t at = r->at + (uint64_t)r->pos * row;

	/* Strides of 64 bits take long to multiply by. */
	if (batch)
		at += (uint64_t)(r->batch * (int64_t)batch);
	if (head)
		at += (uint64_t)(r->head * (int64_t)head);
	return at;
}

/*
 * Start a unit. Not ash_start(): there the compiler brings to memory what the
 * core may have written to the scratchpad, and fetches all of struct flow anew.
 */
static inline void flow_go(enum ash_unit unit)
{
	ash_write(unit + ASHLAR_LOAD_GO, 1);
}

/*
 * One operation of the vector unit; SRC2, BIAS, SCALE, RED and what concerns
 * groups are written before; pitches too, or they come with the operation.
 */
static inline void flow_rows(uint32_t cfg, uint32_t op, uint32_t dst,
			     uint32_t src, uint32_t rows)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, op);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_CFG, cfg);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, rows);
	flow_go(ASH_VECTOR);
}

static inline void flow_pitches(uint32_t dst_pitch, uint32_t src_pitch)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH, dst_pitch);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_PITCH, src_pitch);
}

static inline void flow_vector(uint32_t cfg, uint32_t op, uint32_t dst,
			       uint32_t dst_pitch, uint32_t src,
			       uint32_t src_pitch, uint32_t rows)
{
	flow_pitches(dst_pitch, src_pitch);
	flow_rows(cfg, op, dst, src, rows);
}

static inline void flow_groups(uint32_t groups)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, groups);
}

#endif
