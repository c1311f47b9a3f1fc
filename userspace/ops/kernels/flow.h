/* SPDX-License-Identifier: MIT */
/*
 * The flow of the attention kernels. Outer tiles of N rows meet inner blocks of
 * rows: scores X[inner][outer lanes] are products of rows of both, the vector
 * unit makes operands of them, and these times the inner rows again are summed
 * up for each outer tile. Forward and for dq, outer are queries and inner keys;
 * for dk and dv the other way round.
 *
 *	job	up to ATTENTION_TILES outer tiles that share what is loaded
 *	item	one outer tile and one inner block: its rows that the tile takes
 *	chunk	inner tiles of an item whose scores fill a set of accumulators
 *	part	output tiles that fill a set of accumulators
 *
 * Order on the matrix unit: scores of item m, then products of item m - depth,
 * then scores of item m + 1; on the vector unit: scores of the items in order,
 * parts in between when they are ready. So the matrix unit has work while the
 * vector unit is on an item, and the other way round. Accumulators: half of
 * them for scores, half for parts, each in two sets where there are enough.
 *
 * A kernel includes this file and defines what the vector unit does:
 *	flow_scores()	of a chunk: from accumulators to the scratchpad
 *	flow_operands()	of an item, behind its last chunk
 *	flow_part()	a part: from accumulators into the running sums, or from
 *			both into the result, in place
 * It fills in the first part of struct flow, then calls flow_layout() and
 * flow_run().
 */
#ifndef FLOW_H
#define FLOW_H

#include <ashlar/kernel.h>

#include "args_attention.h"

#define FLOW_ITEMS   8u /* items under way, a power of two */
#define FLOW_SLOTS   2u /* most slots for inner blocks */
#define FLOW_OPERAND 2u /* most operands of a kind */
#define FLOW_PIECES  8u /* most pieces that a block is loaded in */
#define FLOW_TILES   (2u * ATTENTION_TILES) /* tiles of two jobs */
#define FLOW_STORES  4u /* results that wait for their store */

/* An outer tile. */
struct flow_tile {
	uint32_t head, first, count;
	/* Inner rows that it takes of each inner head; none: it is empty. */
	uint32_t from, to;
	int32_t diagonal; /* inner row that lane 0 is on */
	uint32_t slot; /* of its rows and sums */
	uint32_t number; /* the tile's place among all loads of outer tiles */
};

struct flow_job {
	uint32_t batch, tiles;
	uint32_t head, heads; /* inner ones */
	uint32_t begin, blocks; /* inner blocks of each head */
	uint32_t empty; /* tiles that take nothing */
	struct flow_tile tile[ATTENTION_TILES];
};

struct flow_item {
	struct flow_tile tile; /* a copy: the job may be gone */
	uint32_t batch, head; /* head: of the inner rows */
	uint32_t row, rows; /* inner rows that the tile takes of the block */
	uint32_t skip; /* rows of the block before them */
	/*
	 * Outer queries: rows before those that some lane does not see. Outer
	 * keys: rows from 0 on that some lane is not seen by.
	 */
	uint32_t edge;
	uint32_t ring; /* its number modulo FLOW_ITEMS */
	uint32_t operand; /* slot */
	uint32_t block; /* number of the block among all loaded */
	uint32_t block_slot;
	bool first, last; /* of its tile */
	bool empty; /* its tile takes nothing */
	bool leaves_block, leaves_job; /* it is their last one */
};

/* Parts under way. */
struct flow_out {
	const struct flow_item *item;
	uint32_t output, at, tiles; /* output tiles at .. at + tiles - 1 */
	uint32_t set, acc;
	ash_token done; /* matrix */
};

/* A result to be stored, and a line of words with it. */
struct flow_store {
	uint32_t slot, output, count;
	uint32_t ring; /* of its item */
	uint64_t to;
	uint64_t line_to; /* 0: none */
	uint32_t line;
	ash_token done; /* vector */
};

struct flow {
	/* To be filled in. */
	const struct attention_rows *outer[FLOW_OPERAND]; /* rows of tiles */
	const struct attention_rows *inner[FLOW_OPERAND]; /* rows of scores */
	const struct attention_rows *again[FLOW_OPERAND]; /* of products */
	const struct attention_rows *out[FLOW_OPERAND];
	/* A line of words for each outer tile, or words for inner rows. */
	uint64_t words[FLOW_OPERAND];
	bool words_outer;
	uint32_t words_heads, words_length; /* of a batch, of a head */
	uint32_t products; /* of scores, 1 or 2 */
	uint32_t outputs; /* 1 or 2 */
	uint32_t word_lines; /* 0 or 2 */
	uint32_t block; /* inner rows of a block */
	uint32_t block_shift;
	uint32_t batch, groups; /* batches, heads of the rarer kind */
	uint32_t outer_heads, inner_heads; /* of a group */
	uint32_t outer_length, inner_length;
	uint32_t d;
	bool causal;
	bool outer_queries;
	uint32_t private_bytes; /* scratchpad of the kernel's own */
	bool buffered; /* scores pass through the scratchpad */
	uint32_t type; /* of the operands: the vector unit's number */
	enum ash_type matrix_type;

	/* Sizes. */
	uint32_t array, shift; /* N and its logarithm */
	uint32_t line; /* 4 * N */
	uint32_t pitch; /* of a row of d elements */
	uint32_t tiles; /* output tiles side by side */
	uint32_t share; /* outer tiles of a job */
	uint32_t depth; /* items between scores and products */
	uint32_t slots; /* of inner blocks */
	uint32_t chunk_tiles, chunk_rows, chunk_shift, chunk_sets, set_accs;
	uint32_t part_tiles;
	uint32_t pieces, piece_rows, piece_shift;
	/* Offsets. */
	uint32_t outer_at, outer_bytes;
	uint32_t inner_at, inner_bytes, inner_each;
	uint32_t again_at, again_bytes, again_each, column_bytes;
	uint32_t operand_at, operand_bytes, operand_each;
	uint32_t sums_at, sums_bytes, sums_each;
	uint32_t buffer_at;
	uint32_t private_at;
	uint32_t mask_at;

	/* The walk over jobs, and the loads. */
	struct flow_job job[2];
	uint32_t jobs_all, jobs_wide; /* jobs; of one share of tiles */
	uint32_t job_round; /* next job of this tile: how many before it */
	bool job_end;
	uint32_t jobs_begun, jobs_left; /* by loads, by the vector unit */
	ash_token job_left[2]; /* vector token */
	bool loading; /* a job is under way */
	uint32_t phase; /* of its loads */
	uint32_t load_head, load_block, load_piece, load_tile;
	uint32_t outer_loaded; /* tiles, counted in shares */
	uint32_t inner_loaded; /* pieces, counted in blocks */
	uint32_t again_loaded; /* blocks */
	uint32_t load_slot; /* of inner and of again */
	ash_token outer_token[FLOW_TILES];
	ash_token inner_token[FLOW_SLOTS * FLOW_PIECES];
	ash_token again_token[FLOW_SLOTS];
	uint32_t inner_left, again_left; /* blocks not wanted any more */
	ash_token inner_free[FLOW_SLOTS], again_free[FLOW_SLOTS]; /* matrix */

	/* Scores. */
	struct flow_item item[FLOW_ITEMS];
	uint32_t jobs_scored; /* all their items begun */
	bool job_open;
	uint32_t next_empty, next_head, next_block, next_tile;
	uint32_t block_count, block_slot; /* of the block of the next item */
	bool item_end; /* there are no more */
	uint32_t items_begun, items_fed; /* fed: all their scores started */
	bool item_open;
	uint32_t fed_row;
	uint32_t chunks_fed, chunks_read, feed_set, read_set;
	ash_token set_scored[2], set_read[2];
	uint32_t items_read; /* all their vector work started */
	ash_token item_read[FLOW_ITEMS];
	uint32_t operand_slot;

	/* Products. */
	uint32_t items_multiplied;
	uint32_t part_set, part_count;
	struct flow_out part[2];
	ash_token part_read[2];
	struct flow_store store[FLOW_STORES];
	uint32_t store_count;
	ash_token stored[FLOW_TILES], line_stored[FLOW_ITEMS];
};

/* What a kernel defines. Rows count from the item's first one. */
static void flow_scores(struct flow *f, const struct flow_item *i, uint32_t acc,
			uint32_t row, uint32_t rows);
static void flow_operands(struct flow *f, const struct flow_item *i);
static void flow_part(struct flow *f, const struct flow_out *p);
/*
 * Offset of a line of words that is stored with a result, for attention's lse,
 * and where to; 0: none.
 */
static uint32_t flow_line(const struct flow *f, const struct flow_item *i,
			  uint64_t *to);

/* --- Little things ------------------------------------------------------------- */

static inline uint32_t flow_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t flow_log(uint32_t n)
{
	uint32_t shift = 0;

	while (n > 1) {
		n >>= 1;
		shift++;
	}
	return shift;
}

static inline uint64_t flow_address(const struct attention_rows *r,
				    uint32_t batch, uint32_t head, uint32_t row)
{
	return r->at + (uint64_t)(r->batch * (int64_t)batch) +
	       (uint64_t)(r->head * (int64_t)head) + (uint64_t)r->pos * row;
}

static inline ash_token flow_issued(enum ash_unit unit)
{
	return ash_read(unit + ASHLAR_LOAD_ISSUED);
}

/* Offsets of what belongs to a tile or an item. */
static inline uint32_t flow_outer(const struct flow *f, uint32_t slot,
				  uint32_t operand)
{
	return f->outer_at + slot * f->outer_bytes +
	       operand * (f->pitch << f->shift);
}

static inline uint32_t flow_outer_words(const struct flow *f, uint32_t slot)
{
	return flow_outer(f, slot, f->products);
}

/* Words of inner rows, in the slot of `again`. */
static inline uint32_t flow_inner_words(const struct flow *f, uint32_t slot,
					uint32_t which)
{
	return f->again_at + slot * f->again_bytes +
	       f->outputs * f->again_each + which * 4 * f->block;
}

static inline uint32_t flow_sums(const struct flow *f, uint32_t slot,
				 uint32_t output)
{
	return f->sums_at + slot * f->sums_bytes + output * f->sums_each;
}

static inline uint32_t flow_operand(const struct flow *f, uint32_t slot,
				    uint32_t output)
{
	return f->operand_at + slot * f->operand_bytes +
	       output * f->operand_each;
}

/*
 * One operation of the vector unit; SRC2, BIAS, SCALE, RED and what concerns
 * groups are written before.
 */
static inline void flow_vector(uint32_t cfg, uint32_t op, uint32_t dst,
			       uint32_t dst_pitch, uint32_t src,
			       uint32_t src_pitch, uint32_t rows)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, op);
	ash_vector_shape(cfg, dst_pitch, src_pitch);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, rows);
	ash_start(ASH_VECTOR);
}

/* --- Jobs ---------------------------------------------------------------------- */

/* What an outer tile takes of the inner rows. */
static void flow_range(const struct flow *f, struct flow_tile *t)
{
	int32_t last = (int32_t)(t->first + t->count) - 1;

	t->from = 0;
	t->to = f->inner_length;
	t->diagonal = 0;
	if (!f->causal)
		return;
	if (f->outer_queries) {
		/* Query i sees keys up to i + diagonal - first. */
		int32_t off = (int32_t)(f->inner_length - f->outer_length);
		int32_t to = last + off + 1;

		t->diagonal = (int32_t)t->first + off;
		t->to = to < 0 ? 0 : flow_min((uint32_t)to, f->inner_length);
	} else {
		/* Key j is seen from query j - off on. */
		int32_t off = (int32_t)(f->outer_length - f->inner_length);
		int32_t from = (int32_t)t->first - off;

		t->diagonal = from;
		t->from = from < 0 ? 0 : (uint32_t)from & ~1u;
		t->from = flow_min(t->from, f->inner_length);
	}
}

/*
 * The job with this number. The jobs of the last tiles, which take the most
 * queries or keys when causal (of the first ones: outer keys), come first; in
 * between all batches and groups.
 */
static void flow_job_make(const struct flow *f, struct flow_job *j,
			  uint32_t number, uint32_t parity)
{
	uint32_t pairs = f->batch * f->groups;
	uint32_t at = number / pairs;
	uint32_t pair = number - at * pairs;
	uint32_t group = pair % f->groups;
	uint32_t length_tiles =
		(f->outer_length + f->array - 1) >> f->shift;
	uint32_t all = length_tiles * f->outer_heads;
	uint32_t first, t, begin = ~0u, end = 0;

	if (f->outer_queries)
		at = f->jobs_wide - 1 - at;
	first = at * f->share;
	j->batch = pair / f->groups;
	j->head = group * f->inner_heads;
	j->heads = f->inner_heads;
	j->tiles = flow_min(f->share, all - first);
	j->empty = 0;
	for (t = 0; t < j->tiles; t++) {
		struct flow_tile *tile = &j->tile[t];
		uint32_t row = (first + t) / f->outer_heads;

		tile->head = group * f->outer_heads + first + t -
			     row * f->outer_heads;
		tile->first = row << f->shift;
		tile->count = flow_min(f->array,
				       f->outer_length - tile->first);
		tile->slot = parity * f->share + t;
		tile->number = f->jobs_begun * f->share + t;
		flow_range(f, tile);
		if (tile->from >= tile->to) {
			j->empty++;
			continue;
		}
		begin = flow_min(begin, tile->from >> f->block_shift);
		if (end < tile->to)
			end = tile->to;
	}
		j->begin = begin;
	j->blocks = end ? ((end + f->block - 1) >> f->block_shift) - begin : 0;
}

/* This tile's next job, dealt out there and back: the first ones are longest. */
static bool flow_job_next(struct flow *f)
{
	uint32_t count = ash_count();
	uint32_t index = ash_index();
	uint32_t round = f->job_round++;
	uint32_t number = round * count +
			  (round & 1 ? count - 1 - index : index);
	uint32_t parity = f->jobs_begun & 1;

	if (number >= f->jobs_all) {
		/* A later round may still have one: not behind the last. */
		if (round * count >= f->jobs_all)
			f->job_end = true;
		return false;
	}
	flow_job_make(f, &f->job[parity], number, parity);
	f->jobs_begun++;
	return true;
}

/* --- Loads ------------------------------------------------------------------------ */

/* Rows, contiguous along d. */
static void flow_load_rows(const struct flow *f, const struct attention_rows *r,
			   uint32_t batch, uint32_t head, uint32_t row,
			   uint32_t rows, uint32_t to)
{
	ash_dma_shape(ASH_LOAD, 2 * f->d, rows, (int32_t)f->pitch,
		      (int32_t)r->pos);
	ash_dma_at(ASH_LOAD, to, flow_address(r, batch, head, row));
}

/* Columns of N elements, each for all rows. */
static void flow_load_columns(const struct flow *f,
			      const struct attention_rows *r, uint32_t batch,
			      uint32_t head, uint32_t row, uint32_t rows,
			      uint32_t to)
{
	uint64_t from = flow_address(r, batch, head, row);
	uint32_t whole = f->d >> f->shift;
	uint32_t rest = f->d - (whole << f->shift);
	uint32_t run = f->line / 2;

	if (whole) {
		ash_dma_shape(ASH_LOAD, run, rows, (int32_t)run,
			      (int32_t)r->pos);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, whole);
		ash_write(ASH_LOAD + ASHLAR_LOAD_GSTRIDE2, run);
		ash_write(ASH_LOAD + ASHLAR_LOAD_LSTRIDE2, f->column_bytes);
		ash_dma_at(ASH_LOAD, to, from);
		ash_write(ASH_LOAD + ASHLAR_LOAD_COUNT2, 1);
	}
	if (rest) {
		ash_dma_shape(ASH_LOAD, 2 * rest, rows, (int32_t)run,
			      (int32_t)r->pos);
		ash_dma_at(ASH_LOAD, to + whole * f->column_bytes,
			   from + whole * run);
	}
}

static inline uint64_t flow_words_address(const struct flow *f, uint32_t which,
					  uint32_t batch, uint32_t head,
					  uint32_t row)
{
	uint64_t at = (uint64_t)batch * f->words_heads + head;

	return f->words[which] + 4 * (at * f->words_length + row);
}

/* The next outer tile of the job. */
static void flow_load_outer(struct flow *f, const struct flow_job *j)
{
	const struct flow_tile *t = &j->tile[f->load_tile];
	uint32_t i;

	if (t->from < t->to) {
		for (i = 0; i < f->products; i++)
			flow_load_rows(f, f->outer[i], j->batch, t->head,
				       t->first, t->count,
				       flow_outer(f, t->slot, i));
		for (i = 0; f->words_outer && i < f->word_lines; i++)
			ash_load_1d(flow_outer_words(f, t->slot) + i * f->line,
				    flow_words_address(f, i, j->batch, t->head,
						       t->first),
				    4 * t->count);
	}
	f->outer_token[t->slot] = flow_issued(ASH_LOAD);
	f->outer_loaded++;
	if (++f->load_tile == j->tiles)
		f->outer_loaded += f->share - j->tiles;
}

static inline uint32_t flow_block_rows(const struct flow *f, uint32_t block)
{
	uint32_t row = block << f->block_shift;

	return flow_min(f->block, f->inner_length - row);
}

/* The next piece of an inner block; true: that was the last one. */
static bool flow_load_inner(struct flow *f, const struct flow_job *j)
{
	uint32_t row = f->load_block << f->block_shift;
	uint32_t rows = flow_block_rows(f, f->load_block);
	uint32_t at = f->load_piece << f->piece_shift;
	uint32_t to = f->inner_at + f->load_slot * f->inner_bytes;
	uint32_t i;

	for (i = 0; i < f->products; i++)
		flow_load_rows(f, f->inner[i], j->batch, f->load_head, row + at,
			       flow_min(rows - at, f->piece_rows),
			       to + i * f->inner_each + at * f->pitch);
	f->inner_token[f->load_slot * FLOW_PIECES + f->load_piece] =
		flow_issued(ASH_LOAD);
	f->inner_loaded++;
	f->load_piece++;
	if (at + f->piece_rows < rows)
		return false;
	f->inner_loaded += f->pieces - f->load_piece;
	f->load_piece = 0;
	return true;
}

static void flow_load_again(struct flow *f, const struct flow_job *j)
{
	uint32_t row = f->load_block << f->block_shift;
	uint32_t rows = flow_block_rows(f, f->load_block);
	uint32_t to = f->again_at + f->load_slot * f->again_bytes;
	uint32_t i;

	for (i = 0; i < f->outputs; i++)
		flow_load_columns(f, f->again[i], j->batch, f->load_head, row,
				  rows, to + i * f->again_each);
	for (i = 0; !f->words_outer && i < f->word_lines; i++)
		ash_load_1d(flow_inner_words(f, f->load_slot, i),
			    flow_words_address(f, i, j->batch, f->load_head,
					       row),
			    4 * rows);
	f->again_token[f->load_slot] = flow_issued(ASH_LOAD);
	f->again_loaded++;
	if (++f->load_slot == f->slots)
		f->load_slot = 0;
}

/* Phases of a job's loads. */
enum { FLOW_OUTER_FIRST, FLOW_INNER, FLOW_OUTER_REST, FLOW_AGAIN };

/*
 * Whether what the next load overwrites was left; then it waits for the unit
 * that left it, unless it must not.
 */
static bool flow_left(enum ash_unit unit, uint32_t loaded, uint32_t left,
		      uint32_t slots, ash_token token, bool wait)
{
	if (loaded < slots)
		return true;
	if (loaded - left >= slots)
		return false;
	if (!wait && !ash_done(unit, token))
		return false;
	ash_wait(unit, token);
	return true;
}

/*
 * Start the next load. False: there is none, or not yet; without `wait` also
 * when it would have to wait.
 */
static bool flow_load(struct flow *f, bool wait)
{
	struct flow_job *j;

	if (!wait && ash_pending(ASH_LOAD) >= 6)
		return false;
	if (!f->loading) {
		uint32_t parity = f->jobs_begun & 1;

		if (f->job_end ||
		    !flow_left(ASH_VECTOR, f->jobs_begun, f->jobs_left, 2,
			       f->job_left[parity], wait))
			return false;
		while (!flow_job_next(f)) {
			if (f->job_end)
				return false;
		}
		j = &f->job[parity];
		f->loading = true;
		f->phase = FLOW_OUTER_FIRST;
		f->load_tile = 0;
		f->load_head = j->head;
		f->load_block = j->begin;
		f->load_piece = 0;
	}
	j = &f->job[(f->jobs_begun - 1) & 1];
	switch (f->phase) {
	case FLOW_OUTER_FIRST:
		flow_load_outer(f, j);
		f->phase = !j->blocks ? FLOW_OUTER_REST : FLOW_INNER;
		break;
	case FLOW_INNER:
		if (f->load_piece == 0 &&
		    !flow_left(ASH_MATRIX, f->again_loaded, f->inner_left,
			       f->slots, f->inner_free[f->load_slot], wait))
			return false;
		if (flow_load_inner(f, j))
			f->phase = f->load_tile < j->tiles ? FLOW_OUTER_REST :
							     FLOW_AGAIN;
		break;
	case FLOW_OUTER_REST:
		if (f->load_tile < j->tiles)
			flow_load_outer(f, j);
		if (f->load_tile < j->tiles)
			break;
		if (!j->blocks)
			f->loading = false;
		f->phase = FLOW_AGAIN;
		break;
	case FLOW_AGAIN:
		if (!flow_left(ASH_MATRIX, f->again_loaded, f->again_left,
			       f->slots, f->again_free[f->load_slot], wait))
			return false;
		flow_load_again(f, j);
		f->phase = FLOW_INNER;
		if (++f->load_block < j->begin + j->blocks)
			break;
		f->load_block = j->begin;
		if (++f->load_head == j->head + j->heads)
			f->loading = false;
		break;
	}
	return true;
}

static void flow_multiply(struct flow *f);

/*
 * Start loads until the counter says that so many were. Where there is one slot
 * only, the products that it is kept for may have to come first.
 */
static void flow_need(struct flow *f, const uint32_t *loaded, uint32_t count)
{
	while ((int32_t)(*loaded - count) < 0) {
		if (flow_load(f, true))
			continue;
		ASH_ASSERT(f->items_read != f->items_multiplied);
		flow_multiply(f);
	}
}

/* --- Items ---------------------------------------------------------------------- */

/* Rows of the block that the tile takes. */
static bool flow_meet(const struct flow *f, const struct flow_tile *t,
		      uint32_t block, uint32_t *row, uint32_t *end)
{
	*row = block << f->block_shift;
	*end = flow_min(t->to, *row + f->block);
	if (*row < t->from)
		*row = t->from;
	return *row < *end;
}

/* From next_tile on, the next one that meets the block; false: none. */
static bool flow_find_tile(struct flow *f, const struct flow_job *j)
{
	uint32_t row, end;

	for (; f->next_tile < j->tiles; f->next_tile++) {
		if (flow_meet(f, &j->tile[f->next_tile], f->next_block, &row,
			      &end))
			return true;
	}
	return false;
}

static void flow_find_empty(struct flow *f, const struct flow_job *j)
{
	while (j->tile[f->next_tile].from < j->tile[f->next_tile].to)
		f->next_tile++;
}

/* A job whose items come next is open, if there is one and it may begin. */
static bool flow_open_job(struct flow *f)
{
	const struct flow_job *j;

	while (f->jobs_begun == f->jobs_scored) {
		if (!flow_load(f, true)) {
			f->item_end = f->job_end && !f->loading;
			return false;
		}
	}
	j = &f->job[f->jobs_scored & 1];
	f->job_open = true;
	f->next_empty = j->empty;
	f->next_head = j->head;
	f->next_block = j->begin;
	f->next_tile = 0;
	if (j->empty)
		flow_find_empty(f, j);
	else
		flow_find_tile(f, j);
	return true;
}

/* Where score rows lie to the diagonal: see struct flow_item. */
static uint32_t flow_edge(const struct flow *f, const struct flow_tile *t,
			  uint32_t row, uint32_t rows)
{
	int32_t edge = t->diagonal - (int32_t)row;

	if (!f->causal)
		return f->outer_queries ? rows : 0;
	edge += f->outer_queries ? 1 : (int32_t)f->array - 1;
	return edge < 0 ? 0 : flow_min((uint32_t)edge, rows);
}

/* The walk goes on to the next item; true: that was the last of its block. */
static bool flow_walk_on(struct flow *f, const struct flow_job *j)
{
	f->next_tile++;
	if (flow_find_tile(f, j))
		return false;
	f->block_count++;
	if (++f->block_slot == f->slots)
		f->block_slot = 0;
	f->next_tile = 0;
	if (++f->next_block == j->begin + j->blocks) {
		f->next_block = j->begin;
		if (++f->next_head == j->head + j->heads) {
			f->job_open = false;
			return true;
		}
	}
	flow_find_tile(f, j);
	return true;
}

/* Begin the next item; false: there is none, or not yet. */
static bool flow_open_item(struct flow *f)
{
	struct flow_item *i = &f->item[f->items_begun % FLOW_ITEMS];
	const struct flow_job *j;
	uint32_t end;

	if (f->item_end || (!f->job_open && !flow_open_job(f)))
		return false;
	j = &f->job[f->jobs_scored & 1];
	i->tile = j->tile[f->next_tile];
	i->batch = j->batch;
	i->ring = f->items_begun % FLOW_ITEMS;
	i->operand = f->operand_slot;
	i->empty = f->next_empty;
	if (++f->operand_slot > f->depth)
		f->operand_slot = 0;
	f->items_begun++;
	if (i->empty) {
		i->first = true;
		i->last = true;
		i->rows = 0;
		i->leaves_block = false;
		f->next_tile++;
		if (--f->next_empty) {
			flow_find_empty(f, j);
		} else {
			f->next_tile = 0;
			f->job_open = j->blocks;
			flow_find_tile(f, j);
		}
	} else {
		flow_meet(f, &i->tile, f->next_block, &i->row, &end);
		i->head = f->next_head;
		i->rows = end - i->row;
		i->skip = i->row - (f->next_block << f->block_shift);
		i->edge = flow_edge(f, &i->tile, i->row, i->rows);
		i->block = f->block_count;
		i->block_slot = f->block_slot;
		i->first = i->row == i->tile.from && i->head == j->head;
		i->last = end == i->tile.to &&
			  i->head + 1 == j->head + j->heads;
		i->leaves_block = flow_walk_on(f, j);
	}
	i->leaves_job = !f->job_open;
	if (i->leaves_job)
		f->jobs_scored++;
	f->item_open = true;
	f->fed_row = 0;
	return true;
}

/* --- Results -------------------------------------------------------------------- */

static void flow_store_oldest(struct flow *f)
{
	const struct flow_store *s = &f->store[0];
	const struct attention_rows *out = f->out[s->output];
	uint32_t i;

	ash_wait(ASH_VECTOR, s->done);
	ash_store(s->to, (int32_t)out->pos,
		  flow_sums(f, s->slot, s->output),
		  (int32_t)(f->tiles * f->line),
		  f->d * ash_format_bytes((enum ash_format)out->format),
		  s->count);
	if (s->line_to)
		ash_store_1d(s->line_to, s->line, 4 * s->count);
	f->stored[s->slot] = flow_issued(ASH_STORE);
	f->line_stored[s->ring] = f->stored[s->slot];
	f->store_count--;
	for (i = 0; i < f->store_count; i++)
		f->store[i] = f->store[i + 1];
}

/* The result of an item's tile is complete. */
static void flow_result(struct flow *f, const struct flow_item *i,
			uint32_t output)
{
	const struct flow_tile *t = &i->tile;
	struct flow_store *s;
	uint64_t line_to = 0;
	uint32_t line = 0;

	if (output == 0)
		line = flow_line(f, i, &line_to);
	if (f->store_count == FLOW_STORES)
		flow_store_oldest(f);
	s = &f->store[f->store_count++];
	s->slot = t->slot;
	s->output = output;
	s->count = t->count;
	s->ring = i->ring;
	s->to = flow_address(f->out[output], i->batch, t->head, t->first);
	s->line_to = line_to;
	s->line = line;
	s->done = flow_issued(ASH_VECTOR);
}

/* Nothing waits to be stored from the tile's sums any more. */
static void flow_sums_free(struct flow *f, uint32_t slot)
{
	uint32_t i;

	for (i = f->store_count; i > 0; i--) {
		if (f->store[i - 1].slot != slot)
			continue;
		while (i-- > 0)
			flow_store_oldest(f);
		break;
	}
	ash_wait(ASH_STORE, f->stored[slot]);
}

/* The same for the item's line of words. */
static inline void flow_line_free(struct flow *f, uint32_t ring)
{
	uint32_t i;

	for (i = f->store_count; i > 0; i--) {
		if (f->store[i - 1].ring != ring)
			continue;
		while (i-- > 0)
			flow_store_oldest(f);
		break;
	}
	ash_wait(ASH_STORE, f->line_stored[ring]);
}

/* Read the oldest part from its accumulators. */
static void flow_part_oldest(struct flow *f)
{
	const struct flow_out *p = &f->part[0];
	const struct flow_item *i = p->item;

	if (i->first && p->at == 0 && p->output == 0)
		flow_sums_free(f, i->tile.slot);
	ash_wait(ASH_MATRIX, p->done);
	flow_part(f, p);
	f->part_read[p->set] = flow_issued(ASH_VECTOR);
	if (i->last && p->at + p->tiles == f->tiles)
		flow_result(f, i, p->output);
	f->part[0] = f->part[1];
	f->part_count--;
}

/* An empty tile's result: zeros. */
static void flow_zeros(struct flow *f, const struct flow_item *i)
{
	uint32_t o;

	while (f->part_count)
		flow_part_oldest(f);
	flow_sums_free(f, i->tile.slot);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, 0);
	for (o = 0; o < f->outputs; o++) {
		enum ash_format format = (enum ash_format)f->out[o]->format;
		uint32_t row = ash_format_bytes(format) << f->shift;
		uint32_t at = flow_sums(f, i->tile.slot, o);

		/* Whatever is there passes a gate that is shut. */
		ash_vector_groups(i->tile.count, f->tiles * f->line,
				  f->tiles * f->line, 0);
		flow_vector(ASH_VEC(ASH_FMT_F32, format) |
				    ASH_VEC_SRC2_IMM(ASH_GATE),
			    0, at, row, at, f->line, f->tiles);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
		flow_result(f, i, o);
	}
}

/* --- Matrix unit ---------------------------------------------------------------------- */

/* Scores of the open item's next chunk; the set of accumulators is free. */
static void flow_feed_chunk(struct flow *f)
{
	struct flow_item *i = &f->item[(f->items_begun - 1) % FLOW_ITEMS];
	uint32_t rows = flow_min(f->chunk_rows, i->rows - f->fed_row);
	uint32_t row = i->skip + f->fed_row;
	uint32_t piece = (row + rows - 1) >> f->piece_shift;
	uint32_t cfg = ash_matmul_cfg(f->matrix_type, ASH_ROWS, ASH_ROWS);
	uint32_t a = f->inner_at + i->block_slot * f->inner_bytes +
		     row * f->pitch;
	uint32_t acc = f->feed_set * f->set_accs;
	ash_token token = 0;
	uint32_t p, t;

	if (f->fed_row == 0) {
		uint32_t tile = i->tile.slot;

		/* Slots of even and odd jobs, in order. */
		flow_need(f, &f->outer_loaded, i->tile.number + 1);
		ash_wait(ASH_LOAD, f->outer_token[tile]);
	}
	flow_need(f, &f->inner_loaded, i->block * f->pieces + piece + 1);
	ash_wait(ASH_LOAD,
		 f->inner_token[i->block_slot * FLOW_PIECES + piece]);
	ash_wait(ASH_VECTOR, f->set_read[f->feed_set]);
	ash_matmul_shape(f->pitch, f->pitch, f->d);
	for (t = 0; t < rows; t += f->array) {
		for (p = 0; p < f->products; p++)
			token = ash_matmul(cfg, acc + p * f->chunk_tiles, false,
					   a + p * f->inner_each,
					   flow_outer(f, i->tile.slot, p));
		a += f->pitch << f->shift;
		acc++;
	}
	f->set_scored[f->feed_set] = token;
	if (++f->feed_set == f->chunk_sets)
		f->feed_set = 0;
	f->chunks_fed++;
	f->fed_row += rows;
	if (f->fed_row < i->rows)
		return;
	if (i->leaves_block) {
		f->inner_free[i->block_slot] = token;
		f->inner_left = i->block + 1;
	}
	f->item_open = false;
	f->items_fed++;
}

/* Products of the oldest item whose operands are on their way. */
static void flow_multiply(struct flow *f)
{
	struct flow_item *i = &f->item[f->items_multiplied % FLOW_ITEMS];
	uint32_t cfg = ash_matmul_cfg(f->matrix_type, ASH_KMAJOR, ASH_KMAJOR);
	uint32_t b = f->again_at + i->block_slot * f->again_bytes +
		     i->skip * (f->line / 2);
	ash_token token = 0;
	uint32_t o, at, t;

	f->items_multiplied++;
	if (i->empty) {
		flow_zeros(f, i);
		return;
	}
	flow_need(f, &f->again_loaded, i->block + 1);
	ash_wait(ASH_LOAD, f->again_token[i->block_slot]);
	ash_wait(ASH_VECTOR, f->item_read[i->ring]);
	for (o = 0; o < f->outputs; o++) {
		uint32_t a = flow_operand(f, i->operand, o);

		for (at = 0; at < f->tiles; at += f->part_tiles) {
			struct flow_out *p;

			if (f->part_count == 2)
				flow_part_oldest(f);
			p = &f->part[f->part_count++];
			p->item = i;
			p->output = o;
			p->at = at;
			p->tiles = flow_min(f->part_tiles, f->tiles - at);
			p->set = f->part_set;
			p->acc = f->chunk_sets * f->set_accs +
				 p->set * f->part_tiles;
			f->part_set ^= 1;
			ash_wait(ASH_VECTOR, f->part_read[p->set]);
			ash_matmul_shape(f->line, f->line, i->rows);
			for (t = 0; t < p->tiles; t++)
				token = ash_matmul(
					cfg, p->acc + t, false, a,
					b + (at + t) * f->column_bytes);
			p->done = token;
		}
		b += f->again_each;
	}
	if (i->leaves_block) {
		f->again_free[i->block_slot] = token;
		f->again_left = i->block + 1;
	}
}

/* Give the matrix unit all that it can have by now, in order. */
static void flow_feed(struct flow *f)
{
	for (;;) {
		uint32_t between = f->items_fed - f->items_multiplied;

		if (between > f->depth || (f->item_end && between)) {
			if (f->items_read == f->items_multiplied)
				return;
			flow_multiply(f);
			continue;
		}
		if (!f->item_open && !flow_open_item(f)) {
			/* Some are left when there are no more. */
			if (f->item_end && between)
				continue;
			return;
		}
		if (f->item[(f->items_begun - 1) % FLOW_ITEMS].empty) {
			f->item_open = false;
			f->items_fed++;
			continue;
		}
		if (f->chunks_fed - f->chunks_read == f->chunk_sets)
			return;
		flow_feed_chunk(f);
	}
}

/* --- Vector unit ------------------------------------------------------------------------ */

/* Whatever is due and does not keep the core. */
static void flow_poll(struct flow *f)
{
	if (f->part_count && ash_done(ASH_MATRIX, f->part[0].done))
		flow_part_oldest(f);
	if (f->store_count && ash_done(ASH_VECTOR, f->store[0].done))
		flow_store_oldest(f);
	flow_load(f, false);
}

/* The vector unit's work on the next item. */
static void flow_read(struct flow *f)
{
	struct flow_item *i = &f->item[f->items_read % FLOW_ITEMS];
	uint32_t row, rows;

	for (row = 0; row < i->rows; row += rows) {
		uint32_t set = f->read_set;

		rows = flow_min(f->chunk_rows, i->rows - row);
		while (f->chunks_fed == f->chunks_read)
			flow_feed(f);
		do
			flow_poll(f);
		while (!ash_done(ASH_MATRIX, f->set_scored[set]));
		flow_scores(f, i, set * f->set_accs, row, rows);
		f->set_read[set] = flow_issued(ASH_VECTOR);
		if (++f->read_set == f->chunk_sets)
			f->read_set = 0;
		f->chunks_read++;
		if (row + rows < i->rows)
			flow_feed(f);
	}
	if (!i->empty)
		flow_operands(f, i);
	f->item_read[i->ring] = flow_issued(ASH_VECTOR);
	if (i->leaves_job) {
		f->job_left[f->jobs_left & 1] = f->item_read[i->ring];
		f->jobs_left++;
	}
	f->items_read++;
}

static void flow_run(struct flow *f)
{
	for (;;) {
		flow_feed(f);
		if (f->items_read != f->items_begun)
			flow_read(f);
		else if (f->items_multiplied != f->items_read)
			flow_multiply(f);
		else if (f->item_end)
			break;
	}
	while (f->part_count)
		flow_part_oldest(f);
	while (f->store_count)
		flow_store_oldest(f);
}

/* --- Sizes --------------------------------------------------------------------------------- */

/*
 * Rows k = 0 .. N of bf16: lanes below k are `below` (an infinity's bits), the
 * others the other infinity. Its words lie behind it.
 */
static void flow_mask(struct flow *f, uint32_t below)
{
	uint32_t words = f->mask_at + ((f->array + 1) * f->line / 2);
	uint32_t *w;
	uint32_t i;

	words = (words + f->line - 1) & ~(f->line - 1);
	w = ash_spad(words);
	for (i = 0; i <= f->array; i++)
		w[i] = 2 * i + 1;
	/* 2 * lane + 1 - (2 * k + 1) + 1, times an infinity. */
	ash_vector_src2(words, 0);
	ash_vector_bias(1);
	ash_vector_scale(below ^ 0x80000000);
	ash_vector_groups(f->array + 1, f->line / 2, 0, 0);
	flow_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_BF16) |
			    ASH_VEC_SRC2_WORDS(ASH_SUB) | ASH_VEC_BIAS_IMM |
			    ASH_VEC_SCALE_IMM,
		    0, f->mask_at, f->line / 2, words, 0, 1);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
}

static uint32_t flow_take(uint32_t *at, uint32_t bytes)
{
	uint32_t offset = *at;

	*at += bytes;
	return offset;
}

/*
 * Deal out the scratchpad. What the matrix unit reads comes first, what only
 * the vector unit works in begins in a bank of its own where there is room.
 * False: there is not enough.
 */
static bool flow_deal(struct flow *f, uint32_t share, uint32_t slots,
		      bool banked)
{
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t at = 0;

	f->share = share;
	f->slots = slots;
	/* Words of inner rows keep a slot that products will leave. */
	f->depth = f->words_outer || !f->word_lines || slots == 1 ? slots :
								    slots - 1;
	f->outer_at = flow_take(&at, 2 * share * f->outer_bytes);
	f->again_at = flow_take(&at, slots * f->again_bytes);
	f->inner_at = flow_take(&at, slots * f->inner_bytes);
	f->operand_at = flow_take(&at, (f->depth + 1) * f->operand_bytes);
	if (banked)
		at = (at + bank - 1) & ~(bank - 1);
	f->buffer_at = flow_take(&at, f->buffered ? f->block * f->line : 0);
	f->sums_at = flow_take(&at, 2 * share * f->sums_bytes);
	f->private_at = flow_take(&at, f->private_bytes);
	f->mask_at = flow_take(&at, f->causal ? (f->array + 1) * f->line / 2 +
							3 * f->line :
						0);
	return at <= ash_spad_bytes();
}

/* Jobs when so many tiles make one. */
static uint32_t flow_jobs(const struct flow *f, uint32_t share, uint32_t *wide)
{
	uint32_t tiles = ((f->outer_length + f->array - 1) >> f->shift) *
			 f->outer_heads;

	*wide = (tiles + share - 1) / share;
	return *wide * f->batch * f->groups;
}

/* Nothing is under way. Slower in one sweep: most of it needs no beginning. */
static void flow_reset(struct flow *f)
{
	uint32_t i;

	f->job_round = 0;
	f->job_end = false;
	f->jobs_begun = 0;
	f->jobs_left = 0;
	f->loading = false;
	f->outer_loaded = 0;
	f->inner_loaded = 0;
	f->again_loaded = 0;
	f->load_slot = 0;
	f->inner_left = 0;
	f->again_left = 0;
	f->jobs_scored = 0;
	f->job_open = false;
	f->block_count = 0;
	f->block_slot = 0;
	f->item_end = false;
	f->items_begun = 0;
	f->items_fed = 0;
	f->item_open = false;
	f->chunks_fed = 0;
	f->chunks_read = 0;
	f->feed_set = 0;
	f->read_set = 0;
	f->items_read = 0;
	f->operand_slot = 0;
	f->items_multiplied = 0;
	f->part_set = 0;
	f->part_count = 0;
	f->store_count = 0;
	/* Token 0 has been long ago. */
	for (i = 0; i < 2; i++) {
		f->set_read[i] = 0;
		f->part_read[i] = 0;
	}
	for (i = 0; i < FLOW_ITEMS; i++) {
		f->stored[i] = 0;
		f->line_stored[i] = 0;
	}
}

/* Choose sizes. */
static void flow_layout(struct flow *f)
{
	uint32_t accs = ash_accs();
	uint32_t share = ATTENTION_TILES;

	_Static_assert(FLOW_TILES == FLOW_ITEMS, "flow_reset() counts once");
	flow_reset(f);

	f->array = ash_array();
	f->shift = flow_log(f->array);
	f->line = 4 * f->array;
	f->block_shift = flow_log(f->block);
	f->pitch = (2 * f->d + f->line - 1) & ~(f->line - 1);
	f->tiles = (f->d + f->array - 1) >> f->shift;
	f->outer_bytes = f->products * (f->pitch << f->shift) +
			 (f->words_outer ? f->word_lines * f->line : 0);
	f->inner_each = f->block * f->pitch;
	f->inner_bytes = f->products * f->inner_each;
	f->column_bytes = f->block * f->line / 2;
	f->again_each = f->tiles * f->column_bytes;
	f->again_bytes = f->outputs * f->again_each +
			 (f->words_outer ? 0 : f->word_lines * 4 * f->block);
	f->operand_each = f->block * f->line / 2;
	f->operand_bytes = f->outputs * f->operand_each;
	f->sums_each = f->tiles * f->line * f->array;
	f->sums_bytes = f->outputs * f->sums_each;

	f->part_tiles = accs / 4;
	f->chunk_tiles = accs / 4 / f->products;
	f->chunk_sets = 2;
	if (f->chunk_tiles == 0) {
		f->chunk_tiles = 1;
		f->chunk_sets = 1;
	}
	f->set_accs = f->chunk_tiles * f->products;
	f->chunk_rows = f->chunk_tiles << f->shift;
	f->pieces = f->block / f->chunk_rows;
	f->piece_rows = f->chunk_rows;
	f->piece_shift = flow_log(f->piece_rows);

	/* Few jobs: all tiles of the board shall have some. */
	while (share > 1 &&
	       flow_jobs(f, share, &f->jobs_wide) < 2 * ash_count())
		share /= 2;
	while (!flow_deal(f, share, FLOW_SLOTS, true)) {
		if (share > 1) {
			share /= 2;
			continue;
		}
		ASH_ASSERT(flow_deal(f, 1, FLOW_SLOTS, false) ||
			   flow_deal(f, 1, 1, false));
		break;
	}
	f->jobs_all = flow_jobs(f, f->share, &f->jobs_wide);
}

#endif
