/* SPDX-License-Identifier: MIT */
/*
 * Sums over the rows of each column. Work is dealt out in items, a block of
 * NORM_BLOCK_ROWS rows of some lines of columns; each makes its sums alone, so
 * that they do not depend on who makes them.
 *
 * An item is loaded piece by piece, each some times NORM_SUB_ROWS rows, to a ring
 * of slots. Of a piece the vector unit makes a line of sums for each
 * NORM_SUB_ROWS rows (a group each), behind the line with the sum so far, and then
 * adds up these lines, in order.
 */
#include <ashlar/kernel.h>

#include "../args_norm.h"

#define COLUMNS_SLOTS 3u
#define COLUMNS_LINES 4u /* of an item, most */
#define COLUMNS_OUTS  3u
#define COLUMNS_F32   ASH_VEC(ASH_FMT_F32, ASH_FMT_F32)

/* A walk over the pieces of this tile's items. */
struct columns_walk {
	uint32_t item;
	uint32_t row, rows; /* of the piece */
	uint32_t block_end; /* row behind the item's last */
	uint32_t line, lines; /* of the item */
};

/* One of the two sums that are made. */
struct columns_sum {
	uint64_t global;
	uint32_t
		lines; /* offset of each line's sums: so far, then of a piece */
	uint32_t out; /* offset of finished sums, COLUMNS_OUTS places */
};

struct columns {
	const struct norm_columns_args *args;
	uint32_t n, line;
	uint32_t lines, chunks, items; /* of all */
	uint32_t item_lines, subs, piece_rows; /* most of an item, a piece */
	uint32_t x_line, dy_line; /* bytes */
	/* In a slot. */
	uint32_t slot_bytes, dy, mean, rstd, col_mean, col_rstd;
	uint32_t temp, less_mean;
	struct columns_sum sum[2];
	ash_token arrived[COLUMNS_SLOTS], used[COLUMNS_SLOTS];
	ash_token stored[COLUMNS_OUTS];
	struct columns_walk next;
	uint32_t loaded, taken;
};

static inline uint32_t columns_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t columns_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) / to;
}

/* --- The walk ---------------------------------------------------------------- */

static void columns_walk_piece(const struct columns *c, struct columns_walk *w)
{
	w->rows = columns_min(c->piece_rows, w->block_end - w->row);
}

static void columns_walk_item(const struct columns *c, struct columns_walk *w,
			      uint32_t item)
{
	uint32_t block = item / c->chunks;

	w->item = item;
	if (item >= c->items) {
		w->rows = 0;
		return;
	}
	w->row = block * NORM_BLOCK_ROWS;
	w->block_end = w->row + columns_min(NORM_BLOCK_ROWS,
					    c->args->shape.rows - w->row);
	w->line = (item - block * c->chunks) * c->item_lines;
	w->lines = columns_min(c->item_lines, c->lines - w->line);
	columns_walk_piece(c, w);
}

static void columns_walk_on(const struct columns *c, struct columns_walk *w)
{
	w->row += w->rows;
	if (w->row == w->block_end)
		columns_walk_item(c, w, w->item + ash_count());
	else
		columns_walk_piece(c, w);
}

static uint32_t columns_cols(const struct columns *c,
			     const struct columns_walk *w)
{
	return columns_min(w->lines * c->n,
			   c->args->shape.cols - w->line * c->n);
}

/* --- Loads -------------------------------------------------------------------- */

static void columns_load_rows(const struct norm_rows *from, uint32_t line,
			      uint32_t n, const struct columns_walk *w,
			      uint32_t cols, uint32_t to, uint32_t item_lines)
{
	uint32_t bytes = line / n;

	ash_load(to, (int32_t)(item_lines * line),
		 from->addr + (uint64_t)((int64_t)w->row * from->stride) +
			 (uint64_t)w->line * line,
		 from->stride, cols * bytes, w->rows);
}

static void columns_load(struct columns *c)
{
	const struct norm_columns_args *args = c->args;
	struct columns_walk *w = &c->next;
	uint32_t slot = c->loaded % COLUMNS_SLOTS;
	uint32_t at = slot * c->slot_bytes;
	uint32_t cols = columns_cols(c, w);
	uint64_t first = 4 * (uint64_t)(w->line * c->n);

	if (args->mean)
		ash_load_1d(at + c->mean, args->mean + 4 * (uint64_t)w->row,
			    4 * w->rows);
	if (args->rstd)
		ash_load_1d(at + c->rstd, args->rstd + 4 * (uint64_t)w->row,
			    4 * w->rows);
	if (args->col_mean)
		ash_load_1d(at + c->col_mean, args->col_mean + first, 4 * cols);
	if (args->col_rstd)
		ash_load_1d(at + c->col_rstd, args->col_rstd + first, 4 * cols);
	columns_load_rows(&args->x, c->x_line, c->n, w, cols, at,
			  c->item_lines);
	if (args->dy.addr)
		columns_load_rows(&args->dy, c->dy_line, c->n, w, cols,
				  at + c->dy, c->item_lines);
	c->arrived[slot] = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
	c->loaded++;
	columns_walk_on(c, w);
}

/* --- Sums of a piece ------------------------------------------------------------- */

static uint32_t columns_so_far(const struct columns *c,
			       const struct columns_sum *s, uint32_t line)
{
	return s->lines + line * (c->subs + 1) * c->line;
}

/*
 * For each line of columns the sums of each NORM_SUB_ROWS rows. src2: offset or
 * 0. The rows of a piece are item_lines lines apart.
 */
static void columns_subs(const struct columns *c, const struct columns_walk *w,
			 const struct columns_sum *s, uint32_t cfg,
			 uint32_t function, uint32_t src, uint32_t src_line,
			 uint32_t src2, uint32_t src2_line, bool by_column,
			 uint32_t scale)
{
	uint32_t full = w->rows / NORM_SUB_ROWS;
	uint32_t rest = w->rows % NORM_SUB_ROWS;
	uint32_t pitch = c->item_lines * src_line;
	uint32_t pitch2 = c->item_lines * src2_line;
	uint32_t i;

	ash_vector_shape(cfg, 0, pitch);
	ash_vector_groups(full, 0, NORM_SUB_ROWS * pitch,
			  NORM_SUB_ROWS * pitch2);
	ash_vector_function(function | ASH_VEC_TO_LANES(ASH_SUM), 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, pitch2);
	for (i = 0; i < w->lines; i++) {
		uint32_t red = columns_so_far(c, s, i) + c->line;

		if (by_column) {
			ash_vector_bias(c->less_mean + i * c->line);
			ash_vector_scale(scale + i * c->line);
		}
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src + i * src_line);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2,
			  src2 + i * src2_line);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, red);
		if (full) {
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, full);
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS,
				  NORM_SUB_ROWS);
			ash_start(ASH_VECTOR);
		}
		if (rest) {
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC,
				  src + i * src_line +
					  full * NORM_SUB_ROWS * pitch);
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2,
				  src2 + i * src2_line +
					  full * NORM_SUB_ROWS * pitch2);
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED,
				  red + full * c->line);
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, rest);
			ash_start(ASH_VECTOR);
		}
	}
}

/* Add them to the sums so far, or, of an item's last piece, to its results. */
static void columns_join(const struct columns *c, const struct columns_walk *w,
			 const struct columns_sum *s, bool first, uint32_t out)
{
	uint32_t subs = columns_up(w->rows, NORM_SUB_ROWS);
	bool last = w->row + w->rows == w->block_end;
	uint32_t i;

	ash_vector_shape(ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE), 0, c->line);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, ASH_VEC_TO_LANES(ASH_SUM));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, first ? subs : subs + 1);
	for (i = 0; i < w->lines; i++) {
		uint32_t at = columns_so_far(c, s, i);

		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC,
			  first ? at + c->line : at);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED,
			  last ? s->out + (out * c->item_lines + i) * c->line :
				 at);
		ash_start(ASH_VECTOR);
	}
}

/* n = (x - mean) * rstd with the mean and rstd of each row. */
static void columns_normalise(const struct columns *c,
			      const struct columns_walk *w, uint32_t slot)
{
	uint32_t pitch = c->item_lines * c->x_line;
	uint32_t cfg = ASH_VEC(c->args->x.format, ASH_FMT_F32) |
		       ASH_VEC_SCALE_WORDS;

	if (c->args->mean)
		cfg |= ASH_VEC_SRC2_WORDS(ASH_SUB);
	ash_vector_src2(slot + c->mean, 0);
	ash_vector_scale(slot + c->rstd);
	ash_vector_groups(w->rows, c->item_lines * c->line, pitch, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_vector(cfg, c->temp, c->line, slot, c->x_line, w->lines);
}

/* All operations of a piece. */
static void columns_piece(const struct columns *c, const struct columns_walk *w,
			  uint32_t slot, bool first, uint32_t out)
{
	const struct norm_columns_args *args = c->args;
	const struct columns_sum *s = c->sum;
	uint32_t x = ASH_VEC(args->x.format, ASH_FMT_NONE);
	uint32_t dy = ASH_VEC(args->dy.format, ASH_FMT_NONE);

	if (args->col_mean) {
		ash_vector_scale(0xbf800000); /* -1 */
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
		ash_vector(COLUMNS_F32 | ASH_VEC_SCALE_IMM, c->less_mean,
			   c->line, slot + c->col_mean, c->line, w->lines);
	}
	if (s[0].global) {
		switch (args->mode) {
		case NORM_COLUMNS_SUM:
			columns_subs(c, w, &s[0], x, 0, slot, c->x_line, 0, 0,
				     false, 0);
			break;
		case NORM_COLUMNS_SQUARES:
			columns_subs(c, w, &s[0], x | ASH_VEC_BIAS_ROW,
				     ASH_VEC_FN(ASH_FN_SQUARE), slot, c->x_line,
				     0, 0, true, 0);
			break;
		case NORM_COLUMNS_BY_ROW:
			columns_normalise(c, w, slot);
			columns_subs(
				c, w, &s[0],
				dy | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL), 0,
				slot + c->dy, c->dy_line, c->temp, c->line,
				false, 0);
			break;
		default:
			columns_subs(c, w, &s[0],
				     x | ASH_VEC_BIAS_ROW | ASH_VEC_SCALE_ROW |
					     ASH_VEC_LATE |
					     ASH_VEC_SRC2_ROWS(args->dy.format,
							       ASH_MUL),
				     0, slot, c->x_line, slot + c->dy,
				     c->dy_line, true, slot + c->col_rstd);
			break;
		}
	}
	if (s[1].global)
		columns_subs(c, w, &s[1], dy, 0, slot + c->dy, c->dy_line, 0, 0,
			     false, 0);
	if (s[0].global)
		columns_join(c, w, &s[0], first, out);
	if (s[1].global)
		columns_join(c, w, &s[1], first, out);
}

/* --- Items -------------------------------------------------------------------------- */

/* Store the sums of an item whose last operation has the vector token. */
static void columns_store(struct columns *c, const struct columns_walk *w,
			  uint32_t out, ash_token made)
{
	uint32_t block = w->row / NORM_BLOCK_ROWS;
	uint64_t at =
		4 * ((uint64_t)block * c->args->shape.cols + w->line * c->n);
	uint32_t i;

	ash_wait(ASH_VECTOR, made);
	for (i = 0; i < 2; i++) {
		if (c->sum[i].global)
			ash_store_1d(c->sum[i].global + at,
				     c->sum[i].out +
					     out * c->item_lines * c->line,
				     4 * columns_cols(c, w));
	}
	c->stored[out] = ash_read(ASH_STORE + ASHLAR_STORE_ISSUED);
}

static void columns_run(struct columns *c)
{
	struct columns_walk w, made;
	ash_token made_at = 0;
	bool first = true, pending = false;
	uint32_t out = 0, made_out = 0;

	columns_walk_item(c, &c->next, ash_index());
	w = c->next;
	made = w;
	while (w.rows) {
		uint32_t slot = c->taken % COLUMNS_SLOTS;

		/* The piece before the last one has left its slot by now. */
		while (c->next.rows && c->loaded < c->taken + 2) {
			ash_wait(ASH_VECTOR,
				 c->used[c->loaded % COLUMNS_SLOTS]);
			columns_load(c);
		}
		ash_wait(ASH_LOAD, c->arrived[slot]);
		if (first)
			ash_wait(ASH_STORE, c->stored[out]);
		columns_piece(c, &w, slot * c->slot_bytes, first, out);
		c->used[slot] = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		c->taken++;
		if (pending) {
			columns_store(c, &made, made_out, made_at);
			pending = false;
		}
		first = w.row + w.rows == w.block_end;
		if (first) {
			made = w;
			made_at = c->used[slot];
			made_out = out;
			pending = true;
			if (++out == COLUMNS_OUTS)
				out = 0;
		}
		columns_walk_on(c, &w);
	}
	if (pending)
		columns_store(c, &made, made_out, made_at);
}

/* Bytes of a slot with pieces of so many rows. */
static uint32_t columns_slot(struct columns *c, uint32_t rows)
{
	uint32_t lines = rows * c->item_lines;
	uint32_t words = columns_up(4 * rows, c->line) * c->line;

	c->dy = columns_up(lines * c->x_line, c->line) * c->line;
	c->mean = c->dy + columns_up(lines * c->dy_line, c->line) * c->line;
	c->rstd = c->mean + words;
	c->col_mean = c->rstd + words;
	c->col_rstd = c->col_mean + c->item_lines * c->line;
	return c->col_rstd + c->item_lines * c->line;
}

/* Half of the scratchpad for slots, a quarter for n, an eighth for sums. */
static void columns_layout(struct columns *c)
{
	uint32_t eighth = ash_spad_bytes() / 8;
	uint32_t blocks = columns_up(c->args->shape.rows, NORM_BLOCK_ROWS);
	uint32_t room = 4 * eighth / COLUMNS_SLOTS & ~(c->line - 1);
	uint32_t at, i;

	c->item_lines = COLUMNS_LINES;
	while (c->item_lines > 1 &&
	       (c->item_lines >= 2 * c->lines ||
		columns_slot(c, NORM_SUB_ROWS) > room ||
		NORM_SUB_ROWS * c->item_lines * c->line > 2 * eighth ||
		blocks * columns_up(c->lines, c->item_lines) < ash_count()))
		c->item_lines /= 2;
	c->subs = NORM_BLOCK_ROWS / NORM_SUB_ROWS;
	while (columns_slot(c, c->subs * NORM_SUB_ROWS) > room ||
	       c->subs * NORM_SUB_ROWS * c->item_lines * c->line > 2 * eighth)
		c->subs--;
	ASH_ASSERT(c->subs);
	c->piece_rows = c->subs * NORM_SUB_ROWS;
	c->slot_bytes = columns_slot(c, c->piece_rows);
	c->chunks = columns_up(c->lines, c->item_lines);
	c->items = blocks * c->chunks;
	c->temp = 4 * eighth;
	at = 7 * eighth;
	c->less_mean = at;
	at += c->item_lines * c->line;
	for (i = 0; i < 2; i++) {
		c->sum[i].lines = at;
		at += c->item_lines * (c->subs + 1) * c->line;
		c->sum[i].out = at;
		at += COLUMNS_OUTS * c->item_lines * c->line;
	}
	ASH_ASSERT(at <= 8 * eighth);
}

ASHLAR_KERNEL(norm_columns, struct norm_columns_args)
{
	struct columns c = { .args = args };

	c.n = ash_array();
	c.line = 4 * c.n;
	c.lines = columns_up(args->shape.cols, c.n);
	c.x_line = c.n * ash_format_bytes((enum ash_format)args->x.format);
	if (args->dy.addr)
		c.dy_line = c.n *
			    ash_format_bytes((enum ash_format)args->dy.format);
	c.sum[0].global = args->sum;
	c.sum[1].global = args->sum_dy;
	columns_layout(&c);
	columns_run(&c);
	return 0;
}

/* --- Totals -------------------------------------------------------------------------- */

#define TOTALS_LINES 16u

/* Lines of a chunk of columns in the scratchpad, by what they hold. */
enum totals_place {
	T_SUM0,
	T_SUM1,
	T_MEAN,
	T_VAR,
	T_RSTD,
	T_GAMMA,
	T_BETA,
	T_RUNNING_MEAN,
	T_RUNNING_VAR,
	T_SCALE,
	T_BIAS,
	T_SCALE2,
	T_BIAS2,
	T_A,
	T_PLACES,
};

struct totals {
	const struct norm_totals_args *args;
	uint32_t line, lines; /* of the chunk */
	uint32_t first, cols; /* columns of the chunk */
	uint32_t most; /* lines of a chunk */
	uint32_t sums, sum_rows; /* where blocks are loaded, and how many */
};

static uint32_t totals_at(const struct totals *t, enum totals_place place)
{
	return place * t->most * t->line;
}

static void totals_load(const struct totals *t, enum totals_place to,
			uint64_t from)
{
	if (from)
		ash_load_1d(totals_at(t, to), from + 4 * (uint64_t)t->first,
			    4 * t->cols);
}

static void totals_store(const struct totals *t, uint64_t to,
			 enum totals_place from)
{
	if (to)
		ash_store_1d(to + 4 * (uint64_t)t->first, totals_at(t, from),
			     4 * t->cols);
}

/* dst = src through cfg; SRC2 rows are those of src2. */
static void totals_op(const struct totals *t, uint32_t cfg, uint32_t function,
		      enum totals_place dst, enum totals_place src,
		      enum totals_place src2)
{
	if (cfg & ASH_VEC_SEL(SRC2, ROW))
		ash_vector_src2(totals_at(t, src2), t->line);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, function);
	ash_vector(cfg, totals_at(t, dst), t->line, totals_at(t, src), t->line,
		   t->lines);
}

/* The total of one sum over all blocks. */
static void totals_add(const struct totals *t, uint64_t from,
		       enum totals_place to)
{
	uint32_t pitch = t->lines * t->line;
	uint32_t cols = t->args->cols;
	uint32_t block, rows;

	if (!from)
		return;
	if (!t->args->blocks) {
		ash_vector_src2(0, 0);
		totals_op(t,
			  ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
				  ASH_VEC_SRC2_IMM(ASH_AND),
			  0, to, to, to);
	}
	for (block = 0; block < t->args->blocks; block += rows) {
		/* Behind the first ones, row 0 is the total so far. */
		uint32_t so_far = block ? 1 : 0;
		uint32_t i;

		rows = t->args->blocks - block;
		if (rows > t->sum_rows - so_far)
			rows = t->sum_rows - so_far;
		for (i = 0; i < t->lines; i++) {
			uint32_t col = i * (t->line / 4);
			uint32_t left = t->cols - col;

			ash_load(t->sums + so_far * pitch + i * t->line,
				 (int32_t)pitch,
				 from + 4 * ((uint64_t)block * cols + t->first +
					     col),
				 (int32_t)(4 * cols),
				 4 * (left < t->line / 4 ? left : t->line / 4),
				 rows);
		}
		ash_wait_all(ASH_LOAD);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP,
			  ASH_VEC_TO_LANES(ASH_SUM));
		ash_vector_groups(t->lines, 0, t->line, 0);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED,
			  block + rows < t->args->blocks ? t->sums :
							   totals_at(t, to));
		ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_NONE), 0, 0, t->sums,
			   pitch, so_far + rows);
		ash_wait_all(ASH_VECTOR);
	}
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
}

/* old * rest + new * momentum, in place of old. */
static void totals_running(const struct totals *t, enum totals_place old)
{
	ash_vector_scale(t->args->rest);
	totals_op(t,
		  COLUMNS_F32 | ASH_VEC_SCALE_IMM |
			  ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) |
			  ASH_VEC_LATE,
		  0, old, old, T_A);
}

/* k = rstd * gamma */
static void totals_scale(const struct totals *t)
{
	uint32_t cfg = COLUMNS_F32;

	if (t->args->gamma)
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL);
	totals_op(t, cfg, 0, T_SCALE, T_RSTD, T_GAMMA);
}

/* k and mean * -k + beta of mean and rstd. */
static void totals_affine(const struct totals *t)
{
	totals_scale(t);
	ash_vector_scale(0xbf800000);
	totals_op(t,
		  COLUMNS_F32 | ASH_VEC_SCALE_IMM |
			  ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL),
		  0, T_BIAS, T_MEAN, T_SCALE);
	if (t->args->beta)
		totals_op(t,
			  COLUMNS_F32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD),
			  0, T_BIAS, T_BIAS, T_BETA);
}

static void totals_train(const struct totals *t)
{
	const struct norm_totals_args *args = t->args;

	/* var, rstd */
	ash_vector_scale(args->c);
	ash_vector_bias(args->eps);
	totals_op(t, COLUMNS_F32 | ASH_VEC_SCALE_IMM, 0, T_VAR, T_SUM0, T_SUM0);
	totals_op(t, COLUMNS_F32 | ASH_VEC_BIAS_IMM, ASH_VEC_FN(ASH_FN_RSQRT),
		  T_RSTD, T_VAR, T_VAR);
	totals_affine(t);
	if (args->running_mean) {
		ash_vector_scale(args->momentum);
		totals_op(t, COLUMNS_F32 | ASH_VEC_SCALE_IMM, 0, T_A, T_MEAN,
			  T_MEAN);
		totals_running(t, T_RUNNING_MEAN);
	}
	if (args->running_var) {
		ash_vector_scale(args->momentum);
		ash_vector_src2(args->unbias, 0);
		totals_op(t,
			  COLUMNS_F32 | ASH_VEC_SRC2_IMM(ASH_MUL) |
				  ASH_VEC_SCALE_IMM,
			  0, T_A, T_VAR, T_VAR);
		totals_running(t, T_RUNNING_VAR);
	}
}

static void totals_dx(const struct totals *t)
{
	const struct norm_totals_args *args = t->args;
	const uint32_t minus = 0xbf800000;
	const uint32_t times_k = COLUMNS_F32 | ASH_VEC_SCALE_IMM |
				 ASH_VEC_LATE |
				 ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL);

	totals_scale(t);
	if (!args->scale2)
		return;
	/* -((dgamma * c) * k * rstd), -((dbeta * c) * k), -mean */
	ash_vector_scale(args->c);
	totals_op(t, times_k, 0, T_A, T_SUM0, T_SCALE);
	totals_op(t, times_k, 0, T_BIAS, T_SUM1, T_SCALE);
	ash_vector_scale(minus);
	totals_op(t,
		  COLUMNS_F32 | ASH_VEC_SCALE_IMM |
			  ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MUL),
		  0, T_SCALE2, T_A, T_RSTD);
	totals_op(t, COLUMNS_F32 | ASH_VEC_SCALE_IMM, 0, T_BIAS, T_BIAS,
		  T_BIAS);
	totals_op(t, COLUMNS_F32 | ASH_VEC_SCALE_IMM, 0, T_BIAS2, T_MEAN,
		  T_MEAN);
}

static void totals_chunk(const struct totals *t)
{
	const struct norm_totals_args *args = t->args;

	totals_load(t, T_GAMMA, args->gamma);
	totals_load(t, T_BETA, args->beta);
	totals_load(t, T_RUNNING_MEAN, args->running_mean);
	totals_load(t, T_RUNNING_VAR, args->running_var);
	totals_load(t, T_VAR, args->var);
	if (args->mode != NORM_TOTALS_MEAN)
		totals_load(t, T_MEAN, args->mean);
	if (args->mode == NORM_TOTALS_DX)
		totals_load(t, T_RSTD, args->rstd);
	totals_add(t, args->sum[0], T_SUM0);
	totals_add(t, args->sum[1], T_SUM1);
	ash_wait_all(ASH_LOAD);
	switch (args->mode) {
	case NORM_TOTALS_MEAN:
		ash_vector_scale(args->c);
		totals_op(t, COLUMNS_F32 | ASH_VEC_SCALE_IMM, 0, T_MEAN, T_SUM0,
			  T_SUM0);
		break;
	case NORM_TOTALS_TRAIN:
		totals_train(t);
		break;
	case NORM_TOTALS_INFER:
		/* As the unit reads it, for mean_saved. */
		totals_op(t, COLUMNS_F32, 0, T_MEAN, T_MEAN, T_MEAN);
		ash_vector_bias(args->eps);
		totals_op(t, COLUMNS_F32 | ASH_VEC_BIAS_IMM,
			  ASH_VEC_FN(ASH_FN_RSQRT), T_RSTD, T_VAR, T_VAR);
		totals_affine(t);
		break;
	case NORM_TOTALS_DX:
		totals_dx(t);
		break;
	default:
		break;
	}
	ash_wait_all(ASH_VECTOR);
	totals_store(t, args->total[0], T_SUM0);
	totals_store(t, args->total[1], T_SUM1);
	if (args->mode == NORM_TOTALS_MEAN)
		totals_store(t, args->mean, T_MEAN);
	if (args->mode != NORM_TOTALS_DX)
		totals_store(t, args->rstd, T_RSTD);
	totals_store(t, args->mean_saved, T_MEAN);
	if (args->mode == NORM_TOTALS_TRAIN) {
		totals_store(t, args->running_mean, T_RUNNING_MEAN);
		totals_store(t, args->running_var, T_RUNNING_VAR);
	}
	totals_store(t, args->scale, T_SCALE);
	totals_store(t, args->bias, T_BIAS);
	totals_store(t, args->scale2, T_SCALE2);
	totals_store(t, args->bias2, T_BIAS2);
	/* The next chunk lies in the same places. */
	ash_wait_all(ASH_STORE);
}

ASHLAR_KERNEL(norm_totals, struct norm_totals_args)
{
	uint32_t n = ash_array();
	uint32_t lines = columns_up(args->cols, n);
	struct totals t = { .args = args, .line = 4 * n };
	uint32_t chunk;

	t.most = columns_min(TOTALS_LINES, columns_up(lines, ash_count()));
	t.sums = ash_spad_bytes() / 2;
	t.sum_rows =
		columns_min(ash_spad_bytes() / 2 / (t.most * t.line), 65535);
	ASH_ASSERT(T_PLACES * t.most * t.line <= t.sums);
	for (chunk = ash_index(); chunk * t.most < lines;
	     chunk += ash_count()) {
		t.first = chunk * t.most * n;
		t.cols = columns_min(args->cols - t.first, t.most * n);
		t.lines = columns_up(t.cols, n);
		totals_chunk(&t);
	}
	return 0;
}
