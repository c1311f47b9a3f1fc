/* SPDX-License-Identifier: MIT */
/*
 * The flow of the attention kernels. Outer tiles of N or 2 * N rows meet inner
 * blocks of rows: scores X[inner][outer lanes] are products of rows of both,
 * the vector unit makes operands of them, and these times the inner rows again
 * are summed up for each outer tile. Forward and for dq, outer are queries and inner keys;
 * for dk and dv the other way round.
 *
 *	job	some outer tiles that share what is loaded
 *	item	one outer tile and one inner block: its rows that the tile takes
 *	chunk	inner tiles of an item whose scores fill their accumulators
 *	part	output tiles that fill a set of accumulators
 *
 * The core is the slowest unit when items are small. So the order of things is
 * fixed (flow_read()), addresses are computed once for a job or an item, and
 * loads and stores are those of a job. Half of the accumulators are for scores,
 * half for parts (in two sets, unless tiles are wide).
 *
 * A kernel includes this file and defines what the vector unit does (see
 * below). It fills in the first part of struct flow, then calls flow_layout()
 * and flow_run().
 */
#ifndef FLOW_H
#define FLOW_H

#include <ashlar/kernel.h>

#include "args_attention.h"

#define FLOW_ITEMS   8u /* items under way */
#define FLOW_JOBS    8u /* jobs, the same */
#define FLOW_SLOTS   2u /* most slots for inner blocks */
#define FLOW_OPERAND 2u /* most operands of a kind */
#define FLOW_PIECES  8u /* most pieces that a block is loaded in */

/* An outer tile. */
struct flow_tile {
	uint32_t head, first, count;
	/* Inner rows that it takes of each inner head; none: it is empty. */
	uint32_t from, to;
	int32_t diagonal; /* inner row that lane 0 is on */
	uint32_t outer, words, sums; /* offsets */
	uint32_t own; /* offset of the kernel's bytes for it */
	uint32_t line; /* offset of a line of words, until results are stored */
};

struct flow_job {
	uint32_t number;
	uint32_t batch, tiles;
	uint32_t head, heads; /* inner ones */
	uint32_t begin, blocks; /* inner blocks of each head */
	uint32_t empty; /* tiles that take nothing */
	uint32_t results; /* not complete yet */
	ash_token done; /* vector: all results are there */
	ash_token stored;
	struct flow_tile tile[ATTENTION_TILES];
};

struct flow_item {
	struct flow_item *next; /* all of them in a ring */
	struct flow_job *job;
	const struct flow_tile *tile;
	uint32_t row, rows; /* inner rows that the tile takes of the block */
	/*
	 * Outer queries: rows before those that some lane does not see. Outer
	 * keys: rows from 0 on that some lane is not seen by.
	 */
	uint32_t edge;
	/* Offsets, at the first row: rows for scores, for products, words. */
	uint32_t a, b, words;
	uint32_t operand; /* offset of the first one */
	uint32_t lines; /* offset of the kernel's own lines */
	uint32_t skip; /* rows of the block before them */
	uint32_t number; /* of the tile among all, counted in shares */
	uint32_t block; /* number of the block among all loaded */
	uint32_t block_slot;
	ash_token read; /* vector: its operands are made */
	bool two; /* its tile has more than N rows */
	bool first, last; /* of its tile */
	bool empty; /* its tile takes nothing */
	bool leaves_block, leaves_job; /* it is their last one */
};

/* A part under way. */
struct flow_out {
	const struct flow_item *item;
	uint32_t output, at, tiles; /* output tiles at .. at + tiles - 1 */
	uint32_t acc;
	ash_token done; /* matrix */
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
	uint32_t batch, groups; /* batches, heads of the rarer kind */
	uint32_t outer_heads, inner_heads; /* of a group */
	uint32_t outer_length, inner_length;
	uint32_t d;
	bool causal;
	bool outer_queries;
	uint32_t wide; /* an outer tile has so many times N rows, 1 or 2 */
	uint32_t tile_bytes; /* the kernel's own of each tile under way */
	bool tile_line; /* and a line until its results are stored */
	uint32_t private_bytes; /* the kernel's own besides */
	bool buffered; /* scores pass through the scratchpad */
	uint32_t type; /* of the operands: the vector unit's number */
	enum ash_type matrix_type;

	/* Sizes. */
	uint32_t array, shift; /* N and its logarithm */
	uint32_t line; /* 4 * N */
	uint32_t pitch; /* of a row of d elements */
	uint32_t tile_pitch; /* of N rows */
	uint32_t outer_shift; /* logarithm of wide * N */
	uint32_t tiles; /* output tiles side by side */
	uint32_t share; /* outer tiles of a job */
	uint32_t slots; /* of inner blocks */
	uint32_t block_shift;
	uint32_t chunk_tiles, chunk_rows;
	uint32_t part_tiles, part_acc, part_sets;
	uint32_t pieces, piece_rows, piece_shift;
	uint32_t rows_cfg, columns_cfg; /* of the matrix unit */
	/* Offsets. */
	uint32_t outer_at, outer_each, words_at, words_each;
	uint32_t inner_at, inner_bytes, inner_each;
	uint32_t again_at, again_bytes, again_each, column_bytes;
	uint32_t operand_at, operand_bytes, operand_each, operand_slots;
	uint32_t sums_at, sums_bytes, sums_each;
	uint32_t buffer_at;
	uint32_t own_at, lines_at, private_at, mask_at;

	/* Scores. */
	struct flow_item *fed; /* the item that is fed next, or NULL */
	uint32_t fed_row;
	bool ahead; /* a chunk was fed and is not read */
	ash_token scored, read; /* the last chunk */
	uint32_t inner_here, again_here; /* blocks that have arrived */
	uint32_t outer_here; /* tiles, counted in shares */

	/* Products: parts are numbered. */
	struct flow_item *pending; /* they come next, or NULL */
	/* The next one: part, or NULL; output, tile, half; offsets. */
	struct flow_out *mul_part;
	uint32_t mul_output, mul_at, mul_tile, mul_half;
	uint32_t mul_a, mul_b, mul_column;
	uint32_t share_out; /* products behind a chunk */
	uint32_t parts_begun, parts_read;
	struct flow_out part[2];
	ash_token part_read[2];

	/* Items. */
	struct flow_item *begun; /* the last one */
	uint32_t jobs_scored; /* all their items begun */
	struct flow_job *open; /* the job of the next item, or NULL */
	uint32_t next_empty, next_head, next_block, next_tile;
	uint32_t block_count, block_slot; /* of the block of the next item */
	uint32_t slot_a, slot_b; /* offsets of its slots */
	uint32_t job_first; /* number of the job's first tile */
	uint32_t operand_slot, operand_next;
	bool item_end; /* there are no more */
	uint32_t items_ahead; /* begun, but not read */

	/* Jobs, and the loads. */
	uint32_t jobs_all, jobs_wide; /* jobs; of one share of tiles */
	uint32_t job_round; /* of dealing out */
	bool job_end;
	uint32_t jobs_begun; /* by loads */
	uint32_t jobs_left; /* by the vector unit */
	uint32_t jobs_ready, jobs_stored;
	ash_token job_left[2]; /* vector */
	bool loading; /* a job is under way */
	uint32_t phase; /* of its loads */
	uint32_t load_head, load_block, load_piece, load_tile;
	uint32_t outer_loaded; /* tiles, counted in shares */
	uint32_t inner_loaded; /* pieces, counted in blocks */
	uint32_t again_loaded; /* blocks */
	uint32_t load_slot; /* of inner and of again */
	ash_token outer_token[2];
	ash_token inner_token[FLOW_SLOTS * FLOW_PIECES];
	ash_token again_token[FLOW_SLOTS];
	uint32_t inner_left, again_left; /* blocks not wanted any more */
	ash_token inner_free[FLOW_SLOTS], again_free[FLOW_SLOTS]; /* matrix */
	struct flow_job job[FLOW_JOBS];
	struct flow_item item[FLOW_ITEMS];
};

/* What a kernel defines. Rows count from the item's first one. */

/* Scores of a chunk: from accumulators, from 0 on, to the scratchpad. */
static void flow_scores(struct flow *f, const struct flow_item *i, uint32_t row,
			uint32_t rows);
/* Behind the last chunk of an item: its operands are made. */
static void flow_operands(struct flow *f, const struct flow_item *i);
/* A part into the running sums, or with them into the result, in place. */
static void flow_part(struct flow *f, const struct flow_out *p);
/* For a tile that takes nothing, besides zeros as its result. */
static void flow_empty(struct flow *f, const struct flow_item *i);
/* Store what else belongs to results: `count` rows from tile t of the job on. */
static void flow_store_more(struct flow *f, const struct flow_job *j,
			    uint32_t t, uint32_t count);

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

static inline ash_token flow_issued(enum ash_unit unit)
{
	return ash_read(unit + ASHLAR_LOAD_ISSUED);
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

static inline void flow_groups(uint32_t groups)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, groups);
}

/* Quotient; the rest stays. Mostly one of them is small or the other 1. */
static inline uint32_t flow_divide(uint32_t *number, uint32_t by)
{
	uint32_t quotient = 0;

	if (by == 1) {
		quotient = *number;
		*number = 0;
	} else if (*number >= by) {
		quotient = *number / by;
		*number -= quotient * by;
	}
	return quotient;
}

/* --- Jobs ---------------------------------------------------------------------- */

/* Outer tiles of a group of heads. */
static inline uint32_t flow_outer_tiles(const struct flow *f)
{
	uint32_t rows = f->wide << f->shift;

	return ((f->outer_length + rows - 1) >> f->outer_shift) *
	       f->outer_heads;
}

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
		/* Query i sees keys up to i + off. */
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
			  uint32_t number)
{
	uint32_t parity = f->jobs_begun & 1;
	uint32_t pairs = f->batch * f->groups;
	uint32_t at = flow_divide(&number, pairs);
	uint32_t batch = flow_divide(&number, f->groups);
	uint32_t group = number;
	uint32_t all = flow_outer_tiles(f);
	uint32_t wide = f->wide;
	uint32_t slot = parity * f->share;
	uint32_t line = f->lines_at + f->jobs_begun % FLOW_JOBS * f->share *
					      f->wide * f->line;
	uint32_t begin = ~0u, end = 0;
	uint32_t first, row, head, t;

	if (f->outer_queries)
		at = f->jobs_wide - 1 - at;
	first = at * f->share;
	head = first;
	row = flow_divide(&head, f->outer_heads);
	j->number = f->jobs_begun;
	j->batch = batch;
	j->head = group * f->inner_heads;
	j->heads = f->inner_heads;
	j->tiles = flow_min(f->share, all - first);
	j->results = j->tiles * f->outputs;
	j->empty = 0;
	for (t = 0; t < j->tiles; t++) {
		struct flow_tile *tile = &j->tile[t];

		tile->head = group * f->outer_heads + head;
		tile->first = row << f->outer_shift;
		tile->count = flow_min(wide << f->shift,
				       f->outer_length - tile->first);
		tile->outer = f->outer_at + slot * wide * f->tile_pitch;
		tile->words = f->words_at + slot * wide * f->line;
		tile->sums = f->sums_at + slot * f->sums_each;
		tile->own = f->own_at + slot * f->tile_bytes;
		tile->line = line;
		line += wide * f->line;
		flow_range(f, tile);
		if (tile->from < tile->to) {
			begin = flow_min(begin, tile->from >> f->block_shift);
			if (end < tile->to)
				end = tile->to;
		} else {
			j->empty++;
		}
		slot++;
		if (++head == f->outer_heads) {
			head = 0;
			row++;
		}
	}
	j->begin = begin;
	j->blocks = end ? ((end + f->block - 1) >> f->block_shift) - begin : 0;
}

/* This tile's next job, dealt out there and back: the first ones are longest. */
static bool flow_job_next(struct flow *f)
{
	uint32_t count = ash_count();
	uint32_t index = ash_index();

	for (;;) {
		uint32_t base = f->job_round * count;
		uint32_t number =
			base + (f->job_round & 1 ? count - 1 - index : index);

		if (base >= f->jobs_all) {
			f->job_end = true;
			return false;
		}
		f->job_round++;
		if (number < f->jobs_all) {
			/* Items under way are fewer than jobs have places. */
			ASH_ASSERT(f->jobs_begun - f->jobs_stored < FLOW_JOBS);
			flow_job_make(f, &f->job[f->jobs_begun % FLOW_JOBS],
				      number);
			f->jobs_begun++;
			return true;
		}
	}
}

/* Tiles from t on that lie side by side in one head, and their rows. */
static uint32_t flow_run_of(const struct flow_job *j, uint32_t t,
			    uint32_t *rows)
{
	const struct flow_tile *tile = &j->tile[t];
	uint32_t n = 1;

	*rows = tile->count;
	while (t + n < j->tiles && tile[n].head == tile->head) {
		*rows += tile[n].count;
		n++;
	}
	return n;
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

static uint64_t flow_words_address(const struct flow *f, uint32_t which,
				   uint32_t batch, uint32_t head, uint32_t row)
{
	uint64_t at = (uint64_t)batch * f->words_heads + head;

	return f->words[which] + 4 * (at * f->words_length + row);
}

/*
 * Outer tiles of the job: all that lie side by side, but of the first job
 * only one, so that the matrix unit begins soon.
 */
static void flow_load_outer(struct flow *f, const struct flow_job *j)
{
	const struct flow_tile *t = &j->tile[f->load_tile];
	uint32_t rows = t->count, n = 1, i;

	if (j->number || f->load_tile)
		n = flow_run_of(j, f->load_tile, &rows);
	for (i = 0; i < f->products; i++)
		flow_load_rows(f, f->outer[i], j->batch, t->head, t->first,
			       rows, t->outer + i * f->outer_each);
	for (i = 0; f->words_outer && i < f->word_lines; i++)
		ash_load_1d(
			t->words + i * f->words_each,
			flow_words_address(f, i, j->batch, t->head, t->first),
			4 * rows);
	f->outer_token[j->number & 1] = flow_issued(ASH_LOAD);
	f->outer_loaded += n;
	f->load_tile += n;
	if (f->load_tile == j->tiles)
		f->outer_loaded += f->share - j->tiles;
}

static inline uint32_t flow_block_rows(const struct flow *f, uint32_t block)
{
	uint32_t row = block << f->block_shift;

	return flow_min(f->block, f->inner_length - row);
}

/*
 * The next piece of an inner block; true: that was the last one. The first
 * block comes in small pieces, the others at once.
 */
static bool flow_load_inner(struct flow *f, const struct flow_job *j)
{
	uint32_t row = f->load_block << f->block_shift;
	uint32_t left = flow_block_rows(f, f->load_block);
	uint32_t at = f->load_piece << f->piece_shift;
	uint32_t to =
		f->inner_at + f->load_slot * f->inner_bytes + at * f->pitch;
	uint32_t rows = left - at;
	uint32_t pieces, i;

	if (f->again_loaded == 0)
		rows = flow_min(rows, f->piece_rows);
	for (i = 0; i < f->products; i++)
		flow_load_rows(f, f->inner[i], j->batch, f->load_head, row + at,
			       rows, to + i * f->inner_each);
	pieces = (rows + f->piece_rows - 1) >> f->piece_shift;
	for (i = 0; i < pieces; i++)
		f->inner_token[f->load_slot * FLOW_PIECES + f->load_piece + i] =
			flow_issued(ASH_LOAD);
	f->inner_loaded += pieces;
	f->load_piece += pieces;
	if (at + rows < left)
		return false;
	f->inner_loaded += f->pieces - f->load_piece;
	f->load_piece = 0;
	return true;
}

static inline uint32_t flow_inner_words(const struct flow *f, uint32_t slot)
{
	return f->again_at + slot * f->again_bytes + f->outputs * f->again_each;
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
		ash_load_1d(
			flow_inner_words(f, f->load_slot) + i * 4 * f->block,
			flow_words_address(f, i, j->batch, f->load_head, row),
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

/* The next job's loads begin, if there is one and its places are free. */
static bool flow_load_job(struct flow *f, bool wait)
{
	const struct flow_job *j;

	if (f->job_end ||
	    !flow_left(ASH_VECTOR, f->jobs_begun, f->jobs_left, 2,
		       f->job_left[f->jobs_begun & 1], wait) ||
	    !flow_job_next(f))
		return false;
	j = &f->job[(f->jobs_begun - 1) % FLOW_JOBS];
	f->loading = true;
	f->phase = FLOW_OUTER_FIRST;
	f->load_tile = 0;
	f->load_head = j->head;
	f->load_block = j->begin;
	f->load_piece = 0;
	return true;
}

/* The next load of the job; false: what it overwrites was not left yet. */
static inline bool flow_load_step(struct flow *f, struct flow_job *j, bool wait)
{
	switch (f->phase) {
	case FLOW_OUTER_FIRST:
		flow_load_outer(f, j);
		f->phase = j->blocks ? FLOW_INNER : FLOW_OUTER_REST;
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

/*
 * With `wait`: start the next load; false: there is none, or not yet. Without:
 * start all that need not wait.
 */
static __attribute__((noinline)) bool flow_load(struct flow *f, bool wait)
{
	for (;;) {
		if (!f->loading && !flow_load_job(f, wait))
			return false;
		if (!wait && ash_pending(ASH_LOAD) >= 6)
			return false;
		if (!flow_load_step(f, &f->job[(f->jobs_begun - 1) % FLOW_JOBS],
				    wait))
			return false;
		if (wait)
			return true;
	}
}

/* Start what loads can be started without waiting. */
static inline void flow_load_ahead(struct flow *f)
{
	/* Mostly there is nothing to do, which is seen at once. */
	if (!f->loading) {
		if (f->job_end || f->jobs_begun - f->jobs_left >= 2)
			return;
	} else if (f->phase == FLOW_INNER) {
		if (f->again_loaded - f->inner_left >= f->slots)
			return;
	} else if (f->phase == FLOW_AGAIN) {
		if (f->again_loaded - f->again_left >= f->slots)
			return;
	}
	flow_load(f, false);
}

static void flow_multiply_some(struct flow *f, uint32_t count);

/*
 * Start loads until the counter says that so many were. Where there is one slot
 * only, the products that it is kept for may have to come first.
 */
static void flow_need(struct flow *f, const uint32_t *loaded, uint32_t count)
{
	while ((int32_t)(*loaded - count) < 0) {
		if (flow_load(f, true))
			continue;
		ASH_ASSERT(f->pending);
		flow_multiply_some(f, ~0u);
	}
}

/* The rows of the item for products, and words, are there. */
static inline void flow_need_again(struct flow *f, const struct flow_item *i)
{
	if (f->again_here > i->block)
		return;
	flow_need(f, &f->again_loaded, i->block + 1);
	ash_wait(ASH_LOAD, f->again_token[i->block_slot]);
	f->again_here = i->block + 1;
}

/* --- Items ---------------------------------------------------------------------- */

/* Rows of the block that the tile takes. */
static inline bool flow_meet(const struct flow *f, const struct flow_tile *t,
			     uint32_t *row, uint32_t *end)
{
	*row = f->next_block << f->block_shift;
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
		if (flow_meet(f, &j->tile[f->next_tile], &row, &end))
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
	struct flow_job *j;

	while (f->jobs_begun == f->jobs_scored) {
		if (!flow_load(f, true)) {
			f->item_end = f->job_end && !f->loading;
			return false;
		}
	}
	j = &f->job[f->jobs_scored % FLOW_JOBS];
	f->open = j;
	f->job_first = j->number * f->share;
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
static inline uint32_t flow_edge(const struct flow *f,
				 const struct flow_tile *t, uint32_t row,
				 uint32_t rows)
{
	int32_t edge = t->diagonal - (int32_t)row;

	edge += f->outer_queries ? 1 : (int32_t)f->array - 1;
	return edge < 0 ? 0 : flow_min((uint32_t)edge, rows);
}

/* The walk goes on to the next item; true: that was the last of its block. */
static inline bool flow_walk_on(struct flow *f, const struct flow_job *j)
{
	f->next_tile++;
	if (flow_find_tile(f, j))
		return false;
	f->block_count++;
	f->slot_a += f->inner_bytes;
	f->slot_b += f->again_bytes;
	if (++f->block_slot == f->slots) {
		f->block_slot = 0;
		f->slot_a = f->inner_at;
		f->slot_b = f->again_at;
	}
	f->next_tile = 0;
	if (++f->next_block == j->begin + j->blocks) {
		f->next_block = j->begin;
		if (++f->next_head == j->head + j->heads) {
			f->open = NULL;
			return true;
		}
	}
	flow_find_tile(f, j);
	return true;
}

static void flow_open_empty(struct flow *f, struct flow_item *i)
{
	struct flow_job *j = i->job;

	i->empty = true;
	i->two = false;
	i->first = true;
	i->last = true;
	i->rows = 0;
	i->leaves_block = false;
	f->next_tile++;
	if (--f->next_empty) {
		flow_find_empty(f, j);
	} else {
		f->next_tile = 0;
		if (!j->blocks)
			f->open = NULL;
		flow_find_tile(f, j);
	}
}

/* Begin the next item; NULL: there is none, or not yet. */
static struct flow_item *flow_open_item(struct flow *f)
{
	struct flow_item *i = f->begun->next;
	const struct flow_tile *t;
	struct flow_job *j = f->open;
	uint32_t row, end, skip;

	if (!j) {
		if (f->item_end || !flow_open_job(f))
			return NULL;
		j = f->open;
	}
	f->begun = i;
	f->items_ahead++;
	t = &j->tile[f->next_tile];
	i->job = j;
	i->tile = t;
	i->number = f->job_first + f->next_tile;
	if (f->next_empty) {
		flow_open_empty(f, i);
	} else {
		flow_meet(f, t, &row, &end);
		skip = row - (f->next_block << f->block_shift);
		i->row = row;
		i->rows = end - row;
		i->skip = skip;
		i->edge = f->outer_queries ? i->rows : 0;
		if (f->causal)
			i->edge = flow_edge(f, t, row, i->rows);
		i->a = f->slot_a;
		i->b = f->slot_b;
		i->block = f->block_count;
		i->block_slot = f->block_slot;
		if (f->words_outer)
			i->words = t->words;
		else
			i->words = i->b + f->outputs * f->again_each + 4 * skip;
		if (skip) {
			i->a += skip * f->pitch;
			i->b += skip * (f->line / 2);
		}
		i->operand = f->operand_next;
		f->operand_next += f->operand_bytes;
		if (++f->operand_slot == f->operand_slots) {
			f->operand_slot = 0;
			f->operand_next = f->operand_at;
		}
		i->empty = false;
		i->two = t->count > f->array;
		i->first = row == t->from && f->next_head == j->head;
		i->last = end == t->to &&
			  f->next_head + 1 == j->head + j->heads;
		i->leaves_block = flow_walk_on(f, j);
	}
	i->leaves_job = !f->open;
	if (i->leaves_job)
		f->jobs_scored++;
	return i;
}

/* --- Results -------------------------------------------------------------------- */

/* Store all results of the oldest job that has them. */
static __attribute__((noinline)) void flow_store_job(struct flow *f)
{
	struct flow_job *j = &f->job[f->jobs_stored % FLOW_JOBS];
	uint32_t t, n, rows, o;

	ash_wait(ASH_VECTOR, j->done);
	for (t = 0; t < j->tiles; t += n) {
		const struct flow_tile *tile = &j->tile[t];

		n = flow_run_of(j, t, &rows);
		for (o = 0; o < f->outputs; o++) {
			const struct attention_rows *out = f->out[o];

			ash_store(flow_address(out, j->batch, tile->head,
					       tile->first),
				  (int32_t)out->pos,
				  tile->sums + o * f->sums_bytes,
				  (int32_t)(f->tiles * f->line),
				  f->d * ash_format_bytes(
						 (enum ash_format)out->format),
				  rows);
		}
		flow_store_more(f, j, t, rows);
	}
	j->stored = flow_issued(ASH_STORE);
	f->jobs_stored++;
}

/* A result of the job is complete. */
static void flow_result(struct flow *f, struct flow_job *j)
{
	if (--j->results)
		return;
	/* The one before has waited for its turn only. */
	if (f->jobs_ready != f->jobs_stored)
		flow_store_job(f);
	j->done = flow_issued(ASH_VECTOR);
	f->jobs_ready++;
}

/* The sums of a job's tiles are those of the job before last. */
static inline void flow_sums_free(struct flow *f, const struct flow_job *j)
{
	if (j->number < 2)
		return;
	while (f->jobs_stored < j->number - 1)
		flow_store_job(f);
	ash_wait(ASH_STORE, f->job[(j->number - 2) % FLOW_JOBS].stored);
}

/* Read the oldest part from its accumulators. */
static inline __attribute__((always_inline)) void
flow_part_inline(struct flow *f)
{
	uint32_t set = f->part_sets == 1 ? 0 : f->parts_read & 1;
	const struct flow_out *p = &f->part[set];
	const struct flow_item *i = p->item;

	f->parts_read++;
	if (i->first && p->at == 0)
		flow_sums_free(f, i->job);
	ash_wait(ASH_MATRIX, p->done);
	flow_part(f, p);
	f->part_read[set] = flow_issued(ASH_VECTOR);
	if (i->last && p->at + p->tiles == f->tiles)
		flow_result(f, i->job);
}

/* The same where it is rare. */
static __attribute__((noinline)) void flow_part_oldest(struct flow *f)
{
	flow_part_inline(f);
}

/* An empty tile's result: zeros. */
static __attribute__((noinline)) void flow_zeros(struct flow *f,
						 const struct flow_item *i)
{
	uint32_t pitch = f->tiles * f->line;
	uint32_t o;

	while (f->parts_read != f->parts_begun)
		flow_part_oldest(f);
	flow_sums_free(f, i->job);
	flow_empty(f, i);
	ash_vector_src2(0, 0);
	for (o = 0; o < f->outputs; o++) {
		enum ash_format format = (enum ash_format)f->out[o]->format;
		uint32_t at = i->tile->sums + o * f->sums_bytes;

		/* Whatever is there passes a gate that is shut. */
		ash_vector_groups(i->tile->count, pitch, pitch, 0);
		flow_vector(ASH_VEC(ASH_FMT_F32, format) |
				    ASH_VEC_SRC2_IMM(ASH_GATE),
			    0, at, ash_format_bytes(format) << f->shift, at,
			    f->line, f->tiles);
		flow_groups(1);
		flow_result(f, i->job);
	}
}

/* --- Matrix unit ---------------------------------------------------------------------- */

/* Rows of a block are there, as many as the item has up to `end`. */
static __attribute__((noinline)) void
flow_need_inner(struct flow *f, const struct flow_item *i, uint32_t end)
{
	uint32_t piece = (i->skip + end - 1) >> f->piece_shift;

	flow_need(f, &f->inner_loaded, i->block * f->pieces + piece + 1);
	ash_wait(ASH_LOAD, f->inner_token[i->block_slot * FLOW_PIECES + piece]);
	/* All but the first block come at once. */
	if (i->block ||
	    i->skip + end ==
		    flow_min(f->block, f->inner_length - (i->row - i->skip)))
		f->inner_here = i->block + 1;
}

static __attribute__((noinline)) void flow_need_outer(struct flow *f,
						      const struct flow_item *i)
{
	const struct flow_job *j = i->job;

	flow_need(f, &f->outer_loaded, i->number + 1);
	ash_wait(ASH_LOAD, f->outer_token[j->number & 1]);
	/* All that were started have arrived. */
	f->outer_here = j->number * f->share + f->load_tile;
	if (f->jobs_begun - 1 != j->number)
		f->outer_here = (j->number + 1) * f->share;
}

/* Find the item that is fed next, if it is not known yet; empty ones are not. */
static struct flow_item *flow_next_fed(struct flow *f)
{
	struct flow_item *i;

	/* Those that are ahead have places. */
	while (f->items_ahead < FLOW_ITEMS - 3) {
		i = flow_open_item(f);
		if (!i)
			return NULL;
		if (i->empty)
			continue;
		f->fed = i;
		f->fed_row = 0;
		return i;
	}
	return NULL;
}

/* Scores of one product of a chunk. */
static inline void flow_score(const struct flow *f, uint32_t a, uint32_t b,
			      uint32_t acc, uint32_t rows)
{
	uint32_t cfg = f->rows_cfg | ASH_FIELD(MATRIX, CFG_ACC, acc);
	uint32_t step = f->tile_pitch;
	int32_t left = (int32_t)rows;

	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
	do {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_GO, 1);
		a += step;
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
		left -= (int32_t)f->array;
	} while (left > 0);
}

/* Scores of the next chunk, if there is one. */
static inline __attribute__((always_inline)) void
flow_feed_inline(struct flow *f)
{
	struct flow_item *i = f->fed;
	uint32_t row, rows, a;
	ash_token token;

	if (!i) {
		i = flow_next_fed(f);
		if (!i)
			return;
	}
	row = f->fed_row;
	rows = flow_min(f->chunk_rows, i->rows - row);
	if (f->outer_here <= i->number)
		flow_need_outer(f, i);
	if (f->inner_here <= i->block)
		flow_need_inner(f, i, row + rows);
	ash_wait(ASH_VECTOR, f->read);
	ash_matmul_shape(f->pitch, f->pitch, f->d);
	a = i->a;
	if (row)
		a += row * f->pitch;
	flow_score(f, a, i->tile->outer, 0, rows);
	if (f->products > 1)
		flow_score(f, a + f->inner_each, i->tile->outer + f->outer_each,
			   f->chunk_tiles, rows);
	else if (i->two)
		flow_score(f, a, i->tile->outer + f->tile_pitch, f->chunk_tiles,
			   rows);
	token = flow_issued(ASH_MATRIX);
	f->scored = token;
	f->ahead = true;
	row += rows;
	f->fed_row = row;
	if (row < i->rows)
		return;
	if (i->leaves_block) {
		f->inner_free[i->block_slot] = token;
		f->inner_left = i->block + 1;
	}
	f->fed = NULL;
	/* Time for this, as the matrix unit has work. */
	flow_next_fed(f);
}

/* The same where it is rare. */
static __attribute__((noinline)) void flow_feed(struct flow *f)
{
	flow_feed_inline(f);
}

/*
 * A part begins: an output's tiles for which there are accumulators. In these
 * both halves of a wide tile lie side by side, so that its rows are numbered
 * without a gap.
 */
static inline void flow_part_begin(struct flow *f, const struct flow_item *i)
{
	uint32_t set = f->part_sets == 1 ? 0 : f->parts_begun & 1;
	struct flow_out *p = &f->part[set];

	if (f->parts_begun - f->parts_read == f->part_sets)
		flow_part_oldest(f);
	p->item = i;
	p->output = f->mul_output;
	p->at = f->mul_at;
	p->tiles = flow_min(f->part_tiles, f->tiles - f->mul_at);
	p->acc = set ? f->part_acc + f->part_tiles : f->part_acc;
	f->mul_part = p;
	f->mul_half = 0;
	f->mul_tile = 0;
	f->mul_a = i->operand;
	f->mul_b = i->b;
	if (f->mul_output) {
		f->mul_a += f->wide * f->operand_each;
		f->mul_b += f->again_each;
	}
	if (f->mul_at)
		f->mul_b += f->mul_at * f->column_bytes;
	f->mul_column = f->mul_b;
	ash_wait(ASH_VECTOR, f->part_read[set]);
}

static void flow_multiplied(struct flow *f, const struct flow_item *i)
{
	f->mul_output = 0;
	f->pending = NULL;
	if (i->leaves_block) {
		f->again_free[i->block_slot] = flow_issued(ASH_MATRIX);
		f->again_left = i->block + 1;
	}
}

/* All products of the pending item, from the beginning of a part on. */
static inline void
flow_multiply_parts(struct flow *f, const struct flow_item *i, uint32_t halves)
{
	uint32_t next = ASH_FIELD(MATRIX, CFG_ACC, f->wide);
	uint32_t column = f->column_bytes;

	do {
		struct flow_out *p;
		uint32_t a, acc, half;

		flow_part_begin(f, i);
		p = f->mul_part;
		a = f->mul_a;
		acc = p->acc;
		for (half = halves; half > 0; half--) {
			uint32_t cfg = f->columns_cfg |
				       ASH_FIELD(MATRIX, CFG_ACC, acc++);
			uint32_t b = f->mul_b, tiles = p->tiles;

			ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
			do {
				ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
				ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
				ash_write(ASH_MATRIX + ASHLAR_MATRIX_GO, 1);
				b += column;
				cfg += next;
			} while (--tiles);
			a += f->operand_each;
		}
		p->done = flow_issued(ASH_MATRIX);
		f->parts_begun++;
		f->mul_at += p->tiles;
		if (f->mul_at >= f->tiles) {
			f->mul_at = 0;
			f->mul_output++;
		}
	} while (f->mul_output < f->outputs);
	f->mul_part = NULL;
	flow_multiplied(f, i);
}

/* The next products of the pending item, so many; to the last one: ~0. */
static void flow_multiply_some(struct flow *f, uint32_t count)
{
	const struct flow_item *i = f->pending;
	uint32_t halves = i->two ? 2 : 1;
	struct flow_out *p = f->mul_part;

	if (!p && f->mul_at == 0 && f->mul_output == 0) {
		if (i->empty) {
			f->pending = NULL;
			flow_zeros(f, i);
			return;
		}
		flow_need_again(f, i);
		ash_wait(ASH_VECTOR, i->read);
	}
	ash_matmul_shape(f->line, f->line, i->rows);
	if (count == ~0u && !p) {
		flow_multiply_parts(f, i, halves);
		return;
	}
	while (count--) {
		uint32_t acc;

		if (!p) {
			flow_part_begin(f, i);
			p = f->mul_part;
		}
		acc = p->acc + f->mul_tile * f->wide + f->mul_half;
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, f->mul_a);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, f->mul_column);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG,
			  f->columns_cfg | ASH_FIELD(MATRIX, CFG_ACC, acc));
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_GO, 1);
		f->mul_column += f->column_bytes;
		if (++f->mul_tile < p->tiles)
			continue;
		f->mul_tile = 0;
		f->mul_column = f->mul_b;
		f->mul_a += f->operand_each;
		if (++f->mul_half < halves)
			continue;
		/* The part is under way. */
		p->done = flow_issued(ASH_MATRIX);
		f->parts_begun++;
		f->mul_at += p->tiles;
		p = NULL;
		if (f->mul_at < f->tiles)
			continue;
		f->mul_at = 0;
		if (++f->mul_output < f->outputs)
			continue;
		flow_multiplied(f, i);
		break;
	}
	f->mul_part = p;
}

/* --- Vector unit ------------------------------------------------------------------------ */

/* Finish what is pending, and read its parts. */
static void flow_finish(struct flow *f)
{
	if (f->pending)
		flow_multiply_some(f, ~0u);
	while (f->parts_read != f->parts_begun)
		flow_part_oldest(f);
}

/*
 * The vector unit's work on an item, and what comes in between. Behind the
 * scores of each chunk but the first the matrix unit gets products of the item
 * before, which it is on while the vector unit reads these scores; by then the
 * item before has its operands. An item of one chunk gets its own products, and
 * these wait for the vector unit while the matrix unit is on the next scores.
 * Parts are read behind the next item's first chunk.
 */
static void flow_read(struct flow *f, struct flow_item *i)
{
	uint32_t row = 0;

	if (i->empty)
		flow_finish(f);
	while (row < i->rows) {
		uint32_t rows = flow_min(f->chunk_rows, i->rows - row);

		while (!f->ahead)
			flow_feed(f);
		ash_wait(ASH_MATRIX, f->scored);
		flow_scores(f, i, row, rows);
		f->read = flow_issued(ASH_VECTOR);
		f->ahead = false;
		if (row == 0) {
			while (f->parts_read != f->parts_begun)
				flow_part_inline(f);
		}
		row += rows;
		if (row == i->rows) {
			flow_operands(f, i);
			i->read = flow_issued(ASH_VECTOR);
		}
		flow_feed_inline(f);
		if (f->pending)
			flow_multiply_some(f, row + f->chunk_rows < i->rows ?
						      f->share_out :
						      ~0u);
	}
	f->items_ahead--;
	f->pending = i;
	if (i->leaves_job) {
		f->job_left[f->jobs_left & 1] = flow_issued(ASH_VECTOR);
		f->jobs_left++;
	}
	if (i->rows <= f->chunk_rows)
		flow_multiply_some(f, ~0u);
	flow_load_ahead(f);
}

static void flow_run(struct flow *f)
{
	struct flow_item *i = f->begun;

	for (;;) {
		if (!f->items_ahead) {
			flow_feed(f);
			if (!f->items_ahead) {
				if (f->item_end)
					break;
				flow_finish(f);
				continue;
			}
		}
		i = i->next;
		flow_read(f, i);
	}
	flow_finish(f);
	while (f->jobs_stored != f->jobs_ready)
		flow_store_job(f);
}

/* --- Sizes --------------------------------------------------------------------------------- */

/*
 * Rows k = -N .. 2 * N - 1 of bf16: lanes below k are `below` (an infinity's
 * bits), the others the other infinity. Its words lie behind it.
 */
static void flow_mask(struct flow *f, uint32_t below)
{
	uint32_t rows = 3 * f->array;
	uint32_t words = f->mask_at + rows * (f->line / 2);
	uint32_t *w = ash_spad(words);
	uint32_t i;

	for (i = 0; i < f->array; i++)
		w[i] = 2 * i + 1;
	for (i = 1; i < 3; i++) {
		ash_vector_bias(2 * i * f->array);
		flow_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
				    ASH_VEC_BIAS_IMM,
			    0, words + i * f->line, f->line, words, f->line, 1);
	}
	/* 2 * lane + 1 - (2 * (k + N) + 1) + 2 * N + 1, times an infinity. */
	ash_vector_src2(words, 0);
	ash_vector_bias(2 * f->array + 1);
	ash_vector_scale(below ^ 0x80000000);
	ash_vector_groups(rows, f->line / 2, 0, 0);
	flow_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_BF16) |
			    ASH_VEC_SRC2_WORDS(ASH_SUB) | ASH_VEC_BIAS_IMM |
			    ASH_VEC_SCALE_IMM,
		    0, f->mask_at, f->line / 2, words, 0, 1);
	flow_groups(1);
}

/* Offset of row k. */
static inline uint32_t flow_mask_row(const struct flow *f, int32_t k)
{
	return f->mask_at + (uint32_t)(k + (int32_t)f->array) * (f->line / 2);
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
	f->outer_each = 2 * share * f->wide * f->tile_pitch;
	f->words_each = 2 * share * f->wide * f->line;
	f->sums_bytes = 2 * share * f->sums_each;
	f->outer_at = flow_take(&at, f->products * f->outer_each);
	f->words_at = flow_take(
		&at, f->words_outer ? f->word_lines * f->words_each : 0);
	f->again_at = flow_take(&at, slots * f->again_bytes);
	f->inner_at = flow_take(&at, slots * f->inner_bytes);
	f->operand_at = flow_take(&at, f->operand_slots * f->operand_bytes);
	if (banked)
		at = (at + bank - 1) & ~(bank - 1);
	f->buffer_at =
		flow_take(&at, f->buffered ? f->wide * f->block * f->line : 0);
	f->sums_at = flow_take(&at, f->outputs * f->sums_bytes);
	f->own_at = flow_take(&at, 2 * share * f->tile_bytes);
	f->lines_at = flow_take(
		&at, f->tile_line ? FLOW_JOBS * share * f->wide * f->line : 0);
	f->private_at = flow_take(&at, f->private_bytes);
	f->mask_at = flow_take(
		&at, f->causal ? f->array * f->line * 3 / 2 + 3 * f->line : 0);
	return at <= ash_spad_bytes();
}

/* Jobs when so many tiles make one. */
static uint32_t flow_jobs(const struct flow *f, uint32_t share, uint32_t *wide)
{
	*wide = (flow_outer_tiles(f) + share - 1) / share;
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
	f->jobs_ready = 0;
	f->jobs_stored = 0;
	f->loading = false;
	f->outer_loaded = 0;
	f->inner_loaded = 0;
	f->again_loaded = 0;
	f->load_slot = 0;
	f->inner_left = 0;
	f->again_left = 0;
	f->jobs_scored = 0;
	f->open = NULL;
	f->block_count = 0;
	f->block_slot = 0;
	f->inner_here = 0;
	f->again_here = 0;
	f->outer_here = 0;
	f->item_end = false;
	f->items_ahead = 0;
	f->fed = NULL;
	f->ahead = false;
	f->operand_slot = 0;
	f->pending = NULL;
	f->mul_part = NULL;
	f->mul_output = 0;
	f->mul_at = 0;
	f->parts_begun = 0;
	f->parts_read = 0;
	for (i = 0; i < FLOW_ITEMS; i++)
		f->item[i].next = &f->item[(i + 1) % FLOW_ITEMS];
	f->begun = &f->item[0];
	/* Token 0 has been long ago. */
	f->read = 0;
	f->part_read[0] = 0;
	f->part_read[1] = 0;
}

/* Accumulators, and pieces that blocks are fed in. */
static void flow_sets(struct flow *f)
{
	uint32_t accs = ash_accs();

	f->part_tiles = accs / 4;
	f->part_acc = accs / 2;
	f->part_sets = 3 - f->wide;
	f->chunk_tiles = accs / 2 / f->products / f->wide;
	f->chunk_rows = f->chunk_tiles << f->shift;
	f->pieces = f->block / f->chunk_rows;
	f->piece_rows = f->chunk_rows;
	f->piece_shift = flow_log(f->piece_rows);
	/* All of them behind the chunks of a whole block but the first. */
	f->share_out = f->outputs * f->tiles * f->wide;
	if (f->pieces > 2)
		f->share_out = (f->share_out + f->pieces - 2) / (f->pieces - 1);
}

/* Choose sizes. */
static void flow_layout(struct flow *f)
{
	uint32_t share = ATTENTION_TILES / f->wide;

	flow_reset(f);
	f->array = ash_array();
	f->shift = flow_log(f->array);
	f->line = 4 * f->array;
	f->block_shift = flow_log(f->block);
	f->pitch = (2 * f->d + f->line - 1) & ~(f->line - 1);
	f->tile_pitch = f->pitch << f->shift;
	f->outer_shift = f->shift + f->wide - 1;
	f->tiles = (f->d + f->array - 1) >> f->shift;
	f->inner_each = f->block * f->pitch;
	f->inner_bytes = f->products * f->inner_each;
	f->column_bytes = f->block * f->line / 2;
	f->again_each = f->tiles * f->column_bytes;
	f->again_bytes = f->outputs * f->again_each +
			 (f->words_outer ? 0 : f->word_lines * 4 * f->block);
	f->operand_each = f->block * f->line / 2;
	f->operand_bytes = f->outputs * f->wide * f->operand_each;
	/*
	 * Of an item and the one before. Products of the one before that may
	 * still be under way when the first scores are read, which makes
	 * operands unless they are buffered.
	 */
	f->operand_slots = f->buffered ? 2 : 3;
	f->sums_each = f->tiles * f->line * f->array * f->wide;
	f->rows_cfg = ash_matmul_cfg(f->matrix_type, ASH_ROWS, ASH_ROWS);
	f->columns_cfg = ash_matmul_cfg(f->matrix_type, ASH_KMAJOR, ASH_KMAJOR);
	flow_sets(f);

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
	f->slot_a = f->inner_at;
	f->slot_b = f->again_at;
	f->operand_next = f->operand_at;
}

#endif
