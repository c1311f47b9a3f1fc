// SPDX-License-Identifier: MIT
/*
 * reduce, calibrate. What is reduced is brought into one of two forms:
 *
 *	rows	[kept][reduced], the reduced ones contiguous: words for rows
 *	columns	[kept][reduced][kept], the last ones contiguous: rows become one
 *
 * by merging dimensions, or else by a copy in the workspace. Then the kernels
 * go from chunk to chunk, level by level.
 */
#include <string.h>

#include "kernels/args_reduce.h"
#include "map.h"

#define SLOTS		   3u
#define STEP_MAX	   0x7fffffffll
#define SIZE_MAX_31	   0x7fffffffull
#define FIELD(name, value) ((uint32_t)(value) << ASHLAR_VECTOR_##name##_SHIFT)

/* What is reduced. Strides in bytes. */
struct form {
	uint64_t addr;
	uint32_t format;
	bool columns;
	uint64_t outer; /* rows, or planes */
	int64_t outer_stride;
	uint64_t k;
	int64_t k_stride; /* columns */
	uint64_t inner; /* columns; else 1 */
};

/* How: one level. */
struct level {
	uint32_t fn, reduction;
	uint32_t word; /* format of what comes of it */
};

/* --- Checks ----------------------------------------------------------------------- */

static uint64_t reduced_count(const struct ashlar_op_reduce *op)
{
	uint64_t k = 1;
	uint32_t d;

	for (d = 0; d < op->x.dims; d++)
		if (op->axes & 1u << d)
			k *= op->x.shape[d];
	return k;
}

static int check(struct check *c, const struct ashlar_op_reduce *op)
{
	bool argmax = op->function == ASHLAR_REDUCE_ARGMAX;
	uint32_t d;

	if (check_range(c, "function", op->function, 0, ASHLAR_REDUCE_ARGMAX) ||
	    check_tensor(c, "x", &op->x, CHECK_ALL, CHECK_READ) ||
	    check_tensor(c, "y", &op->y, argmax ? CHECK_I32 : CHECK_ALL,
			 CHECK_WRITTEN))
		return -1;
	if (op->axes == 0 || op->axes >> op->x.dims)
		return check_fail(
			c,
			"axes are 0x%x, allowed is at least one of the %u dimensions of x",
			op->axes, op->x.dims);
	if (check_dims(c, "y", &op->y, op->x.dims, op->x.dims))
		return -1;
	for (d = 0; d < op->x.dims; d++) {
		if (op->axes & 1u << d ?
			    check_size(c, "y", &op->y, d, 1,
				       "that dimension reduced") :
			    check_size(c, "y", &op->y, d, op->x.shape[d],
				       "that of x"))
			return -1;
	}
	if (tensor_count(&op->y) == 0)
		return 0;
	if (reduced_count(op) == 0)
		return check_fail(c, "axes 0x%x of x have no elements",
				  op->axes);
	if (reduced_count(op) > SIZE_MAX_31)
		return check_unsupported(
			c, "axes 0x%x of x have more than 2^31 - 1 elements",
			op->axes);
	return 0;
}

/* --- Forms ------------------------------------------------------------------------ */

/*
 * Dimensions `which` (bits) of t as one: how many elements, and the stride in
 * elements from one to the next; false when there is no such.
 */
static bool merge(const struct ashlar_tensor *t, uint32_t which,
		  uint64_t *count, int64_t *stride)
{
	uint32_t d;

	*count = 1;
	*stride = 0;
	for (d = t->dims; d-- > 0;) {
		if (!(which & 1u << d) || t->shape[d] == 1)
			continue;
		if (*count == 1)
			*stride = t->stride[d];
		else if (t->stride[d] != *stride * (int64_t)*count)
			return false;
		*count *= t->shape[d];
	}
	return true;
}

/* Dimensions with more than one element: those kept behind all reduced. */
static uint32_t trailing(const struct ashlar_tensor *x, uint32_t axes)
{
	uint32_t set = 0, d;

	for (d = x->dims; d-- > 0;) {
		if (x->shape[d] == 1)
			continue;
		if (axes & 1u << d)
			break;
		set |= 1u << d;
	}
	return set;
}

static bool fits(int64_t stride, uint64_t count, uint32_t bytes)
{
	return count == 1 ||
	       (stride <= STEP_MAX / bytes && stride >= -STEP_MAX / bytes);
}

static bool find_form(const struct ashlar_tensor *x, uint32_t axes, bool rows,
		      struct form *f)
{
	uint32_t bytes = ashlar_format_bytes(x->format);
	uint32_t last = rows ? 0 : trailing(x, axes);
	uint32_t first = ((1u << x->dims) - 1) & ~axes & ~last;
	int64_t inner;

	f->addr = x->addr;
	f->format = x->format;
	f->columns = last != 0;
	if (!merge(x, first, &f->outer, &f->outer_stride) ||
	    !merge(x, axes, &f->k, &f->k_stride) ||
	    !merge(x, last, &f->inner, &inner))
		return false;
	if (!fits(f->outer_stride, f->outer, bytes) ||
	    !fits(f->k_stride, f->k, bytes))
		return false;
	if (f->columns ? inner != 1 : f->k > 1 && f->k_stride != 1)
		return false;
	f->outer_stride *= bytes;
	f->k_stride *= bytes;
	return true;
}

/* x in the order of a form, packed in the workspace. */
static int copy_form(struct plan *p, const struct ashlar_tensor *x,
		     uint32_t axes, bool rows, struct form *f)
{
	uint32_t last = rows ? 0 : trailing(x, axes);
	uint32_t first = ((1u << x->dims) - 1) & ~axes & ~last;
	uint32_t sets[3] = { first, axes, last };
	struct ashlar_tensor from = *x, to;
	uint32_t i, d, n = 0, moved = 0;
	struct map m;
	uint8_t room;

	for (i = 0; i < 3; i++) {
		for (d = 0; d < x->dims; d++) {
			if (!(sets[i] & 1u << d))
				continue;
			from.shape[n] = x->shape[d];
			from.stride[n] = x->stride[d];
			if (i == 1)
				moved |= 1u << n;
			n++;
		}
	}
	to = ashlar_tensor_packed(0, x->format, n, from.shape);
	to.addr = plan_workspace(p, tensor_count(x) *
					    ashlar_format_bytes(x->format));
	map_begin(&m, p, &to);
	room = map_load(&m, &from);
	map_pass(&m, room, map_store(&m, &to));
	if (map_end(&m))
		return -1;
	if (!find_form(&to, moved, rows, f))
		return check_unsupported(
			&p->check,
			"x has more than 2^31 bytes in what is reduced at once");
	return 0;
}

static int make_form(struct plan *p, const struct ashlar_tensor *x,
		     uint32_t axes, bool rows, struct form *f)
{
	if (!find_form(x, axes, rows, f) && copy_form(p, x, axes, rows, f))
		return -1;
	if (f->outer > SIZE_MAX_31 || f->inner > SIZE_MAX_31)
		return check_unsupported(
			&p->check,
			"x has more than 2^31 - 1 rows or columns to reduce");
	return 0;
}

/* --- Launches ----------------------------------------------------------------------- */

static uint32_t smaller(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

static uint32_t parts(uint64_t all, uint32_t part)
{
	return (uint32_t)((all + part - 1) / part);
}

static uint32_t chunk_of(const struct plan *p, const struct form *f)
{
	return f->columns ? REDUCE_CHUNK : REDUCE_CHUNK * p->board.array;
}

static uint32_t take(uint32_t *at, uint32_t bytes, uint32_t line)
{
	uint32_t from = *at;

	*at = from + (bytes + line - 1) / line * line;
	return from;
}

static struct reduce_slots take_slots(uint32_t *at, uint32_t bytes,
				      uint32_t line)
{
	struct reduce_slots s = { *at, (bytes + line - 1) / line * line };

	*at += SLOTS * s.bytes;
	return s;
}

static uint32_t reduce_cfg(const struct form *f)
{
	return FIELD(CFG_SRC_FMT, f->format);
}

static uint32_t reduce_op(const struct level *l, uint32_t mode)
{
	return FIELD(OP_FN, l->fn) | FIELD(OP_RED_MODE, mode) |
	       FIELD(OP_RED_OP, l->reduction);
}

/* From words to what is stored, 0 when they are that. */
static uint32_t out_cfg(uint32_t word, uint32_t format, bool scaled)
{
	if (word == format && !scaled)
		return 0;
	return FIELD(CFG_SRC_FMT, word) | FIELD(CFG_DST_FMT, format) |
	       FIELD(CFG_SCALE_SEL,
		     scaled ? ASHLAR_VECTOR_CFG_SRC2_SEL_IMM : 0);
}

/* Where a level's results go; MEAN scales them. */
struct out {
	uint64_t addr;
	uint32_t format;
	bool scaled;
	uint32_t scale;
};

/* Lines of a piece of rows, and their room in the scratchpad. */
static int rows_args(struct plan *p, const struct form *f, bool argmax,
		     uint32_t out_bytes, struct ew_reduce_rows_args *a)
{
	uint32_t array = p->board.array, line = 4 * array, at = 0;
	uint32_t bytes = ashlar_format_bytes(f->format);
	uint64_t row = parts(f->k, array);
	uint64_t per_tile = row * f->outer / (4 * p->board.tiles) + 1;
	uint32_t most = p->board.spad_bytes / (SLOTS * line) * 5 / 8;
	uint64_t pieces;
	uint32_t words;

	most = smaller(most, 1024);
	/* Enough pieces for all tiles, if that does not make them tiny. */
	if (per_tile < most)
		most = per_tile < 16 ? 16 : (uint32_t)per_tile;
	*a = (struct ew_reduce_rows_args){
		.x = f->addr,
		.stride = f->outer_stride,
		.rows = (uint32_t)f->outer,
		.k = (uint32_t)f->k,
		.bytes = bytes,
		.out_bytes = out_bytes,
		.slots = SLOTS,
	};
	if (row <= most) {
		a->rows_piece = smaller(f->outer, most / row);
		words = a->rows_piece * parts(row, REDUCE_CHUNK);
		pieces = parts(f->outer, a->rows_piece);
		most = a->rows_piece * (uint32_t)row;
	} else {
		if (most < REDUCE_CHUNK)
			most = REDUCE_CHUNK;
		a->chunks_piece = most / REDUCE_CHUNK;
		words = a->chunks_piece;
		pieces = f->outer *
			 parts(parts(row, REDUCE_CHUNK), a->chunks_piece);
		most = a->chunks_piece * REDUCE_CHUNK;
	}
	if (pieces > UINT32_MAX)
		return check_unsupported(&p->check,
					 "x has more than 2^32 - 1 pieces");
	a->pieces = (uint32_t)pieces;
	a->in = take_slots(&at, most * array * bytes, line);
	a->words = take_slots(&at, 4 * words, line);
	a->out = take_slots(&at, out_bytes * words, line);
	if (argmax) {
		a->greatest = take_slots(&at, 4 * words, line);
		a->mask = take(&at, REDUCE_CHUNK * array, line);
		a->iota = take(&at, REDUCE_CHUNK * line, line);
	}
	if (at > p->board.spad_bytes)
		return check_unsupported(&p->check,
					 "the scratchpad is too small");
	return 0;
}

static int launch_rows(struct plan *p, const struct form *f,
		       const struct level *l, const struct out *out)
{
	struct ew_reduce_rows_args a;

	if (rows_args(p, f, false, ashlar_format_bytes(out->format), &a))
		return -1;
	a.y = out->addr;
	a.cfg = reduce_cfg(f);
	a.op = reduce_op(l, ASHLAR_VECTOR_OP_RED_MODE_WORD);
	a.out_cfg = out_cfg(l->word, out->format, out->scaled);
	a.out_scale = out->scale;
	return plan_launch(p, "reduce", "ew_reduce_rows", &a, sizeof(a)) ? 0 :
									   -1;
}

static int launch_columns(struct plan *p, const struct form *f,
			  const struct level *l, const struct out *out)
{
	const struct plan_board *b = &p->board;
	uint32_t line = 4 * b->array, at = 0;
	uint32_t bytes = ashlar_format_bytes(f->format);
	uint32_t out_bytes = ashlar_format_bytes(out->format);
	uint32_t rows = smaller(f->k, REDUCE_CHUNK);
	uint32_t chunks = parts(f->k, REDUCE_CHUNK);
	uint64_t width = parts(f->inner, b->array);
	/* A line of input, and its part of a line of words and of results. */
	uint32_t cost = SLOTS * (b->array * bytes +
				 (line + b->array * out_bytes) / rows + 1);
	uint32_t most = smaller(b->spad_bytes / 8 * 7 / cost, 1024);
	uint64_t per_tile = width * f->k * f->outer / (4 * b->tiles) + 1;
	unsigned __int128 pieces;
	struct ew_reduce_columns_args a = {
		.x = f->addr,
		.y = out->addr,
		.a_stride = f->outer_stride,
		.k_stride = (int32_t)f->k_stride,
		.planes = (uint32_t)f->outer,
		.k = (uint32_t)f->k,
		.columns = (uint32_t)f->inner,
		.planes_piece = 1,
		.chunks_piece = 1,
		.lines_piece = 1,
		.cfg = reduce_cfg(f),
		.op = reduce_op(l, ASHLAR_VECTOR_OP_RED_MODE_LANES),
		.out_cfg = out_cfg(l->word, out->format, out->scaled),
		.out_scale = out->scale,
		.bytes = bytes,
		.out_bytes = out_bytes,
		.slots = SLOTS,
	};

	if (per_tile < most)
		most = per_tile < REDUCE_CHUNK ? REDUCE_CHUNK :
						 (uint32_t)per_tile;
	while (2 * a.lines_piece * rows <= most && a.lines_piece < width)
		a.lines_piece *= 2;
	a.lines_piece = smaller(a.lines_piece, width);
	most /= rows * a.lines_piece;
	a.chunks_piece = smaller(chunks, most ? most : 1);
	if (chunks == 1 && a.lines_piece == width)
		a.planes_piece = smaller(f->outer, most ? most : 1);
	pieces = (unsigned __int128)parts(f->outer, a.planes_piece) *
		 parts(chunks, a.chunks_piece) * parts(width, a.lines_piece);
	if (pieces > UINT32_MAX || f->inner * out_bytes > STEP_MAX)
		return check_unsupported(
			&p->check,
			"x has more than 2^32 - 1 pieces or 2^31 bytes of columns");
	a.pieces = (uint32_t)pieces;
	most = a.planes_piece * a.chunks_piece * a.lines_piece;
	a.in = take_slots(&at, most * rows * b->array * bytes, line);
	a.words = take_slots(&at, most * line, line);
	a.out = take_slots(&at, most * b->array * out_bytes, line);
	if (at > b->spad_bytes)
		return check_unsupported(&p->check,
					 "the scratchpad is too small");
	return plan_launch(p, "reduce", "ew_reduce_columns", &a, sizeof(a)) ?
		       0 :
		       -1;
}

/* Level after level until one is left of each k; that goes to `last`. */
static int launch_levels(struct plan *p, struct form f, struct level l,
			 const struct out *last)
{
	for (;;) {
		uint32_t left = parts(f.k, chunk_of(p, &f));
		struct out out = *last;

		if (left > 1) {
			out = (struct out){ .format = l.word };
			out.addr =
				plan_workspace(p, 4 * f.outer * left * f.inner);
		}
		if (f.columns ? launch_columns(p, &f, &l, &out) :
				launch_rows(p, &f, &l, &out))
			return -1;
		if (left == 1)
			return 0;
		f.addr = out.addr;
		f.format = l.word;
		f.k = left;
		f.k_stride = f.columns ? 4 * (int64_t)f.inner : 4;
		f.outer_stride = f.k_stride * left;
		if (!fits(f.outer_stride, f.outer, 1) ||
		    !fits(f.k_stride, 2, 1))
			return check_unsupported(
				&p->check,
				"x has more than 2^31 bytes of partial results");
		l.fn = MAP_FN(NONE);
	}
}

/* --- reduce ------------------------------------------------------------------------- */

static struct level first_level(const struct ashlar_op_reduce *op)
{
	struct level l = {
		.fn = MAP_FN(NONE),
		.reduction = ASHLAR_VECTOR_OP_RED_OP_SUM,
		.word = map_is_integer(op->x.format) ? ASHLAR_I32 : ASHLAR_F32,
	};

	switch (op->function) {
	case ASHLAR_REDUCE_MAX:
	case ASHLAR_REDUCE_ARGMAX:
		l.reduction = ASHLAR_VECTOR_OP_RED_OP_MAX;
		break;
	case ASHLAR_REDUCE_MIN:
		l.reduction = ASHLAR_VECTOR_OP_RED_OP_MIN;
		break;
	case ASHLAR_REDUCE_ABSMAX:
		l.reduction = ASHLAR_VECTOR_OP_RED_OP_MAX;
		l.fn = MAP_FN(ABS);
		l.word = ASHLAR_F32;
		break;
	case ASHLAR_REDUCE_SUMSQ:
		l.fn = MAP_FN(SQUARE);
		l.word = ASHLAR_F32;
		break;
	default:
		break;
	}
	return l;
}

/* Words in the workspace, of y's shape. */
static struct ashlar_tensor words_like(struct plan *p, uint32_t format,
				       const struct ashlar_tensor *y)
{
	return ashlar_tensor_packed(plan_workspace(p, 4 * tensor_count(y)),
				    format, y->dims, y->shape);
}

/* y = words, * scale if it is scaled. */
static int place_words(struct plan *p, const struct ashlar_tensor *words,
		       const struct ashlar_tensor *y, const struct out *out)
{
	struct map_step *s;
	struct map m;
	uint8_t room;

	map_begin(&m, p, y);
	room = map_load(&m, words);
	s = map_pass(&m, room, map_store(&m, y));
	if (out->scaled)
		map_scale(s, out->scale);
	return map_end(&m);
}

static int plan_plain(struct plan *p, const struct ashlar_op_reduce *op)
{
	struct level l = first_level(op);
	struct ashlar_tensor words;
	struct out out = {
		.addr = op->y.addr,
		.format = op->y.format,
		.scaled = op->function == ASHLAR_REDUCE_MEAN,
	};
	struct form f;

	if (make_form(p, &op->x, op->axes, false, &f))
		return -1;
	if (out.scaled)
		out.scale = map_bits((float)(1.0 / (double)f.k));
	if (tensor_packed(&op->y))
		return launch_levels(p, f, l, &out);
	words = words_like(p, l.word, &op->y);
	if (launch_levels(p, f, l,
			  &(struct out){ words.addr, l.word, false, 0 }))
		return -1;
	return place_words(p, &words, &op->y, &out);
}

/* y = k - words */
static int place_places(struct plan *p, const struct ashlar_tensor *words,
			const struct ashlar_tensor *y, uint64_t k)
{
	struct map_step *s;
	struct map m;
	uint8_t room;

	map_begin(&m, p, y);
	room = map_load(&m, words);
	s = map_pass(&m, room, map_store(&m, y));
	/* In integers: ~w + k + 1. */
	map_imm(s, 0xffffffffu, MAP_OP2(XOR), false);
	map_bias(s, (uint32_t)k + 1);
	s->early = true;
	return map_end(&m);
}

static int plan_argmax(struct plan *p, const struct ashlar_op_reduce *op)
{
	struct level l = first_level(op);
	struct level ints = { .reduction = l.reduction, .word = ASHLAR_I32 };
	struct ashlar_tensor words = words_like(p, l.word, &op->y);
	struct ew_reduce_rows_args a;
	struct form f;
	uint64_t chunks;

	if (make_form(p, &op->x, op->axes, true, &f) ||
	    launch_levels(p, f, l,
			  &(struct out){ words.addr, l.word, false, 0 }) ||
	    rows_args(p, &f, true, 4, &a))
		return -1;
	chunks = parts(f.k, chunk_of(p, &f));
	a.m = words.addr;
	a.y = plan_workspace(p, 4 * f.outer * chunks);
	a.cfg = reduce_cfg(&f) | FIELD(CFG_DST_FMT, ASHLAR_I8) |
		FIELD(CFG_SRC2_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR) |
		FIELD(CFG_SRC2_OP, MAP_OP2(EQ));
	a.keep_cfg = FIELD(CFG_SRC_FMT, ASHLAR_I32) |
		     FIELD(CFG_SRC2_FMT, ASHLAR_I8) |
		     FIELD(CFG_SRC2_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_ROW) |
		     FIELD(CFG_SRC2_OP, MAP_OP2(KEEP)) |
		     FIELD(CFG_SRC2_LATE, 1) |
		     FIELD(CFG_BIAS_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_IMM);
	a.keep_op = reduce_op(&ints, ASHLAR_VECTOR_OP_RED_MODE_WORD);
	if (!plan_launch(p, "reduce", "ew_argmax", &a, sizeof(a)))
		return -1;
	words.addr = a.y;
	words.format = ASHLAR_I32;
	if (chunks > 1) {
		struct form g = {
			.addr = a.y,
			.format = ASHLAR_I32,
			.outer = f.outer,
			.outer_stride = 4 * (int64_t)chunks,
			.k = chunks,
			.k_stride = 4,
			.inner = 1,
		};

		words = words_like(p, ASHLAR_I32, &op->y);
		if (launch_levels(
			    p, g, ints,
			    &(struct out){ words.addr, ASHLAR_I32, false, 0 }))
			return -1;
	}
	return place_places(p, &words, &op->y, f.k);
}

int plan_reduce(struct plan *p, const struct ashlar_op_reduce *op)
{
	if (check(&p->check, op))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	return op->function == ASHLAR_REDUCE_ARGMAX ? plan_argmax(p, op) :
						      plan_plain(p, op);
}

/* --- calibrate ---------------------------------------------------------------------- */

static int check_calibrate(struct check *c,
			   const struct ashlar_op_calibrate *op)
{
	if (check_tensor(c, "x", &op->x, CHECK_FLOATS, CHECK_READ) ||
	    check_tensor(c, "scale", &op->scale, CHECK_F32, CHECK_WRITTEN) ||
	    check_dims(c, "scale", &op->scale, op->x.dims, op->x.dims) ||
	    check_broadcast(c, "scale", &op->scale, "x", &op->x) ||
	    check_flags(c, "flags", op->flags, ASHLAR_CALIBRATE_RUNNING) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (tensor_count(&op->x) == 0 && tensor_count(&op->scale))
		return check_fail(c, "x has no elements to take a scale from");
	return 0;
}

int plan_calibrate(struct plan *p, const struct ashlar_op_calibrate *op)
{
	struct ashlar_op_reduce reduce = {
		.x = op->x,
		.function = ASHLAR_REDUCE_ABSMAX,
	};
	uint8_t greatest, scale, t;
	struct map_step *s;
	struct map m;
	uint32_t d;

	if (check_calibrate(&p->check, op))
		return -1;
	if (tensor_count(&op->scale) == 0)
		return 0;
	/* A dimension that is not reduced may have one element, too. */
	for (d = 0; d < op->x.dims; d++)
		if (op->scale.shape[d] == 1)
			reduce.axes |= 1u << d;
	reduce.y = words_like(p, ASHLAR_F32, &op->scale);
	if (plan_plain(p, &reduce))
		return -1;
	map_begin(&m, p, &op->scale);
	greatest = map_load(&m, &reduce.y);
	if (op->flags & ASHLAR_CALIBRATE_RUNNING) {
		scale = map_load(&m, &op->scale);
		map_store_too(&m, scale);
		t = map_temp(&m, ASHLAR_F32);
		s = map_pass(&m, greatest, t);
		map_scale(s, map_bits((float)(1.0 / 127)));
		map_src2(s, scale, MAP_OP2(MAX), true);
		s = map_pass(&m, t, scale);
	} else {
		scale = map_store(&m, &op->scale);
		s = map_pass(&m, greatest, scale);
		map_scale(s, map_bits((float)(1.0 / 127)));
	}
	map_imm(s, map_bits(0x1p-100f), MAP_OP2(MAX), true);
	return map_end(&m);
}
