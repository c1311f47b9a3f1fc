/* SPDX-License-Identifier: MIT */
/*
 * Softmax of the rows of a matrix, four times: the steps of the guide "Writing
 * a kernel" (userspace/sdk/KERNELS.md), each a kernel of its own.
 *
 *   softmax_row      a row at a time, all waited for
 *   softmax_groups   many rows in one macro-operation
 *   softmax_overlap  load, compute and store at once
 *   softmax_ahead    ... and the vector unit never waits for the core
 *
 * x - max keeps e^x in range. The sum is taken by the operation that computes
 * e^x, so that nothing is read for it alone.
 */
#include <ashlar/kernel.h>

#include "softmax_args.h"

/* How rows lie in the scratchpad: whole vector rows, the last one in part. */
struct shape {
	uint32_t cols;
	uint32_t line; /* bytes of a vector row of fp32 */
	uint32_t count; /* vector rows of a row */
	uint32_t pitch; /* bytes from row to row */
	uint32_t tail; /* lanes of the last vector row */
};

static struct shape shape_of(const struct softmax_args *args)
{
	uint32_t lanes = ash_array();
	struct shape s = { .cols = args->cols, .line = 4 * lanes };

	ASH_ASSERT(args->cols > 0 && args->cols <= 512);
	s.count = (args->cols + lanes - 1) / lanes;
	s.pitch = s.count * s.line;
	s.tail = args->cols % lanes;
	return s;
}

static ash_token load_rows(const struct shape *s, uint32_t at,
			   const struct softmax_args *args, uint32_t first,
			   uint32_t rows)
{
	return ash_load(at, (int32_t)s->pitch,
			args->src + 4 * (uint64_t)first * s->cols,
			(int32_t)(4 * s->cols), 4 * s->cols, rows);
}

static ash_token store_rows(const struct shape *s, uint32_t at,
			    const struct softmax_args *args, uint32_t first,
			    uint32_t rows)
{
	return ash_store(args->dst + 4 * (uint64_t)first * s->cols,
			 (int32_t)(4 * s->cols), at, (int32_t)s->pitch,
			 4 * s->cols, rows);
}

/*
 * Rows at `from` to `to`; words is room for two words for each row, the second
 * half behind the first. Each row is a group. Nothing is waited for in between:
 * the vector unit does its operations in order.
 */
static ash_token softmax(const struct shape *s, uint32_t to, uint32_t from,
			 uint32_t words, uint32_t rows)
{
	const uint32_t f32 = ASH_VEC(ASH_FMT_F32, ASH_FMT_F32);
	uint32_t word_rows = (4 * rows + s->line - 1) / s->line;
	uint32_t sums = words + word_rows * s->line;

	/* The greatest of each row: nothing else is written. */
	ash_vector_groups(rows, s->pitch, s->pitch, 0);
	ash_vector_tail(s->tail);
	ash_vector_function(ASH_VEC_TO_WORD(ASH_GREATEST), words);
	ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE), 0, 0, from, s->line,
		   s->count);
	/* e^(x - greatest), and the sum of it. */
	ash_vector_src2(words, 0);
	ash_vector_function(ASH_VEC_FN(ASH_FN_EXP) | ASH_VEC_TO_WORD(ASH_SUM),
			    sums);
	ash_vector(f32 | ASH_VEC_SRC2_WORDS(ASH_SUB), from, s->line, from,
		   s->line, s->count);
	/* 1 / sum: words of neighbours are a vector row. */
	ash_vector_plain();
	ash_vector_function(ASH_VEC_FN(ASH_FN_RECIP), 0);
	ash_vector(f32, sums, s->line, sums, s->line, word_rows);
	/* Times that. */
	ash_vector_plain();
	ash_vector_groups(rows, s->pitch, s->pitch, 0);
	ash_vector_scale(sums);
	return ash_vector(f32 | ASH_VEC_SCALE_WORDS, to, s->line, from, s->line,
			  s->count);
}

/* --- 1: a row at a time ----------------------------------------------------- */

ASHLAR_KERNEL(softmax_row, struct softmax_args)
{
	struct shape s = shape_of(args);
	struct ash_arena arena = ash_arena_all();
	uint32_t at = ash_alloc(&arena, s.pitch);
	uint32_t words = ash_alloc(&arena, 2 * s.line);
	uint32_t row;

	for (row = ash_index(); row < args->rows; row += ash_count()) {
		ash_wait(ASH_LOAD, load_rows(&s, at, args, row, 1));
		ash_wait(ASH_VECTOR, softmax(&s, at, at, words, 1));
		ash_wait(ASH_STORE, store_rows(&s, at, args, row, 1));
	}
	return 0;
}

/* --- 2: many rows in one macro-operation ------------------------------------ */

/* Rows of a piece: a slot of a quarter of a bank. */
static uint32_t piece_rows(const struct shape *s)
{
	uint32_t rows = ash_spad_bytes() / ash_spad_banks() / 4 / s->pitch;

	return rows ? rows : 1;
}

static uint32_t rows_from(const struct softmax_args *args, uint32_t row,
			  uint32_t piece)
{
	return args->rows - row < piece ? args->rows - row : piece;
}

ASHLAR_KERNEL(softmax_groups, struct softmax_args)
{
	struct shape s = shape_of(args);
	struct ash_arena arena = ash_arena_all();
	uint32_t piece = piece_rows(&s);
	uint32_t at = ash_alloc(&arena, piece * s.pitch);
	uint32_t words = ash_alloc(&arena, 8 * piece + 2 * s.line);
	uint32_t row;

	for (row = ash_index() * piece; row < args->rows;
	     row += ash_count() * piece) {
		uint32_t n = rows_from(args, row, piece);

		ash_wait(ASH_LOAD, load_rows(&s, at, args, row, n));
		ash_wait(ASH_VECTOR, softmax(&s, at, at, words, n));
		ash_wait(ASH_STORE, store_rows(&s, at, args, row, n));
	}
	return 0;
}

/* --- 3: load, compute and store at once -------------------------------------- */

#define SLOTS 3

struct slot {
	uint32_t at, words;
	ash_token loaded, stored;
};

/*
 * Piece i uses slot i % SLOTS: it is loaded while the pieces before it are
 * computed, and stored while those behind it are.
 */
ASHLAR_KERNEL(softmax_overlap, struct softmax_args)
{
	struct shape s = shape_of(args);
	struct ash_arena arena = ash_arena_all();
	uint32_t piece = piece_rows(&s), step = ash_count() * piece;
	uint32_t load = ash_index() * piece, row = load;
	uint32_t ahead = 0, next = 0, now = 0, i;
	struct slot slot[SLOTS];

	for (i = 0; i < SLOTS; i++) {
		slot[i].at = ash_alloc(&arena, piece * s.pitch);
		slot[i].words = ash_alloc(&arena, 8 * piece + 2 * s.line);
		slot[i].stored = 0;
	}
	for (; row < args->rows; row += step) {
		uint32_t n = rows_from(args, row, piece);
		struct slot *w = &slot[now];

		for (; ahead < SLOTS && load < args->rows; load += step) {
			struct slot *l = &slot[next];

			/* The results that were there have left. */
			ash_wait(ASH_STORE, l->stored);
			l->loaded = load_rows(&s, l->at, args, load,
					      rows_from(args, load, piece));
			next = (next + 1) % SLOTS;
			ahead++;
		}
		ash_wait(ASH_LOAD, w->loaded);
		ash_wait(ASH_VECTOR, softmax(&s, w->at, w->at, w->words, n));
		w->stored = store_rows(&s, w->at, args, row, n);
		now = (now + 1) % SLOTS;
		ahead--;
	}
	return 0;
}

/* --- 4: the core never waits --------------------------------------------------- */

struct stage {
	uint32_t in, out, words;
	ash_token computed, stored; /* of the piece that was in it last */
};

/*
 * A piece is started whole, in the order in which it happens; the units wait
 * for each other, and the core is pieces ahead of them. What is loaded, what is
 * stored and the words have banks of their own.
 */
ASHLAR_KERNEL(softmax_ahead, struct softmax_args)
{
	struct shape s = shape_of(args);
	struct ash_arena in = ash_arena_banks(0, 3);
	struct ash_arena out = ash_arena_banks(3, 3);
	struct ash_arena words = ash_arena_banks(6, 1);
	uint32_t piece = piece_rows(&s), step = ash_count() * piece;
	uint32_t row, now = 0, i;
	struct stage stage[SLOTS];

	for (i = 0; i < SLOTS; i++) {
		stage[i].in = ash_alloc(&in, piece * s.pitch);
		stage[i].out = ash_alloc(&out, piece * s.pitch);
		stage[i].words = ash_alloc(&words, 8 * piece + 2 * s.line);
		stage[i].computed = 0;
		stage[i].stored = 0;
	}
	for (row = ash_index() * piece; row < args->rows; row += step) {
		uint32_t n = rows_from(args, row, piece);
		struct stage *g = &stage[now];

		ash_after(ASH_LOAD, ASH_VECTOR, g->computed);
		ash_after(ASH_VECTOR, ASH_LOAD,
			  load_rows(&s, g->in, args, row, n));
		ash_after(ASH_VECTOR, ASH_STORE, g->stored);
		g->computed = softmax(&s, g->out, g->in, g->words, n);
		ash_after(ASH_STORE, ASH_VECTOR, g->computed);
		g->stored = store_rows(&s, g->out, args, row, n);
		now = (now + 1) % SLOTS;
	}
	return 0;
}
