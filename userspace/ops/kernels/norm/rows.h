/* SPDX-License-Identifier: MIT */
/*
 * What the kernels over rows share: rows come in batches, a batch is taken
 * through several passes of the vector unit, results go out, and all of it
 * overlaps. A kernel says what it uses and then reads like its formulas:
 *
 *	rows_begin(&r, &use, &args->shape);
 *	while (rows_batch(&r)) {
 *		while (rows_segment(&r))	one pass
 *			rows_run(&r, ...);
 *		...				words of the batch
 *		while (rows_segment(&r))	the next pass
 *			rows_run(&r, ...);
 *	}
 *	rows_end(&r);
 *
 * A row is lines of N elements; a batch of G rows is G groups for the vector
 * unit, each with one word of every array of words. Rows are cut into segments
 * of ROWS_SEGMENT lines, which fixes the order of sums; a vector operation works
 * on one segment of all rows of a batch.
 *
 * A unit is what is loaded at once, to a slot of the ring: whole rows if some fit
 * (they are resident, and every pass finds them there), else one segment of the
 * batch's rows, again for each pass. When the first operations of a unit have been
 * started, and the vector unit is busy with them, comes its turn: the unit before
 * is retired, its results are stored, its slot is loaded with the unit that comes
 * next.
 *
 * Banks: slots, temporaries and results have banks of their own, arrays of words
 * the last one, so that units do not meet in them.
 */
#ifndef NORM_ROWS_H
#define NORM_ROWS_H

#include <ashlar/kernel.h>

#include "../args_norm.h"

#define ROWS_SEGMENT 64u /* lines */
#define ROWS_INS     2u
#define ROWS_TEMPS   2u
#define ROWS_VECTORS 4u
#define ROWS_LISTS   2u
#define ROWS_SLOTS   3u
/* Lists that are loaded: a batch is at most a ring ahead. */
#define ROWS_LIST_SLOTS (ROWS_SLOTS + 1)
/* A list that is stored may be under way when the next but one is made. */
#define ROWS_STORE_SLOTS 3u

struct rows;
struct rows_unit;

/* What a kernel does with its rows. */
struct rows_use {
	const struct norm_rows *in[ROWS_INS]; /* NULL: no more */
	const struct norm_rows *out; /* or NULL */
	uint32_t temps; /* fp32 temporaries of a whole unit */
	uint32_t passes;
	uint64_t vector[ROWS_VECTORS]; /* fp32 rows of all columns; 0: none */
	uint64_t list_in[ROWS_LISTS]; /* a word for each row; 0: none */
	uint64_t list_out[ROWS_LISTS];
	uint32_t words; /* other arrays of words */
	/* Parts of the scratchpad in half banks: 14 in sum. */
	uint8_t in_part, temp_part, out_part;
	/* 2, or 3 where memory must never wait. */
	uint8_t in_slots, out_slots;
	/* Called with a unit whose results are made and will be stored. */
	void (*finish)(struct rows *r, const struct rows_unit *unit);
	const void *args; /* the kernel's own */
};

/* A segment of the rows of a batch, as the vector unit sees it. */
struct rows_at {
	uint32_t offset, pitch, gpitch;
};

/* Which unit: a walk over all of them. */
struct rows_walk {
	uint32_t row, rows; /* of the batch */
	uint32_t batch, pass, segment; /* numbers */
};

/* A unit, made when its load is started. */
struct rows_unit {
	struct rows_walk at;
	bool has_out, last; /* whether it has results, ends its batch */
	uint32_t in[ROWS_INS], vector, out; /* offsets */
	uint32_t list_in, list_out; /* offsets of the first lists */
	uint32_t out_slot, store_slot; /* of its results and its lists */
	ash_token arrived; /* load token */
	ash_token used; /* vector token of its last operation */
};

struct rows {
	const struct rows_use *use;
	/* Sizes. */
	uint32_t n, line; /* lanes, bytes of N words */
	uint32_t cols, lines, segments; /* of a row */
	uint32_t tail; /* lanes of its last line; 0: all */
	uint32_t last_lines; /* of its last segment */
	uint32_t end; /* row behind this tile's last */
	uint32_t batch_rows; /* G */
	bool resident;
	uint32_t unit_lines; /* lines of each row in a unit */
	uint32_t list_bytes;
	bool lists_in, lists_out; /* whether there are such */
	uint32_t in_line[ROWS_INS], out_line; /* bytes of a line */
	/* Places. */
	uint32_t slots, slot_bytes, outs, out_bytes;
	uint32_t in_offset[ROWS_INS]; /* in a slot */
	uint32_t vector_offset; /* in a slot, or of the resident ones */
	uint32_t vectors;
	uint32_t temp_offset, out_offset;
	uint32_t list_in_offset, list_out_offset, words_offset;
	/* The ring: unit i is in slot i % slots. */
	struct rows_walk next; /* to be loaded */
	uint32_t load_slot, load_list, load_out, load_store;
	uint32_t loaded, taken, retired; /* units */
	struct rows_unit unit[ROWS_SLOTS], *now, *oldest;
	bool turned; /* it has had its turn */
	uint32_t pass,
		step; /* where its batch is; the segment that comes next */
	ash_token stored[ROWS_SLOTS], list_stored[ROWS_STORE_SLOTS];
	/* Of the batch. */
	uint32_t batch; /* rows in it */
	uint32_t list_in[ROWS_LISTS], list_out[ROWS_LISTS]; /* offsets */
	/* Of the segment. */
	bool first; /* of its row */
	uint32_t segment_lines, segment_tail;
	struct rows_at in[ROWS_INS], temp[ROWS_TEMPS], out;
	struct rows_at vector[ROWS_VECTORS];
};

void rows_begin(struct rows *r, const struct rows_use *use,
		const struct norm_shape *shape);
bool rows_batch(struct rows *r);
bool rows_segment(struct rows *r);
/* The turn of the unit, unless it has had it; rows_segment() sees to it, too. */
void rows_turn(struct rows *r);
void rows_end(struct rows *r);

/* The unit behind the one that was taken last; NULL: it is not being loaded. */
static inline const struct rows_unit *rows_next(const struct rows *r)
{
	const struct rows_unit *unit = r->now + 1;

	if (r->loaded == r->taken)
		return NULL;
	return unit == r->unit + r->slots ? r->unit : unit;
}

/* Offset of array of words `which`. */
static inline uint32_t rows_words(const struct rows *r, uint32_t which)
{
	return r->words_offset + which * r->list_bytes;
}

/*
 * One operation on the segment of all rows of the batch. dst, src2: NULL for
 * none. Bias, scale and words of SRC2 are set before.
 */
void rows_run(const struct rows *r, uint32_t cfg, uint32_t op,
	      const struct rows_at *dst, const struct rows_at *src,
	      const struct rows_at *src2, uint32_t red);

/*
 * The same, reduced to the array of words `to`. Segments behind the first go
 * through `part` and are joined.
 */
void rows_reduce(const struct rows *r, uint32_t cfg, uint32_t op,
		 const struct rows_at *src, const struct rows_at *src2,
		 uint32_t to, uint32_t part, enum ash_vector_op join);

/*
 * One operation on each line of the segment: its rows are the rows of the
 * batch, so that BIAS and SCALE can be the line of a vector.
 */
void rows_columns(struct rows *r, uint32_t cfg, const struct rows_at *dst,
		  const struct rows_at *src, const struct rows_at *src2,
		  const struct rows_at *bias, const struct rows_at *scale);

/*
 * One operation on an array of words, from fp32, to elements whose lines have so
 * many bytes. op: a function.
 */
void rows_each_to(const struct rows *r, uint32_t cfg, uint32_t op, uint32_t dst,
		  uint32_t dst_line, uint32_t src);

static inline void rows_each(const struct rows *r, uint32_t cfg, uint32_t op,
			     uint32_t dst, uint32_t src)
{
	rows_each_to(r, cfg, op, dst, r->line, src);
}

/* SRC2 of the following rows_each(): an array of words. */
static inline void rows_with(const struct rows *r, uint32_t words)
{
	ash_vector_src2(words, r->line);
}

#endif
