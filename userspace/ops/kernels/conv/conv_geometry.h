/* SPDX-License-Identifier: MIT */
/*
 * How a convolution lies in the scratchpad; for the kernel, and for the host,
 * which refuses what does not fit.
 *
 * A patch of the input is kept as cells, whole lines each, column after column
 * and row after row without a gap in between. Then what the matrix unit reads
 * for consecutive output pixels and one tap of the kernel are cells at a
 * constant distance (sub), also from one row of the output to the next: output
 * pixel (y, x) is number y * pitch + x, tap (ky, kx) is so many cells further.
 * Numbers with x beyond the output are computed in vain and not stored. The
 * columns of padding right of a row serve the next row as columns left of it,
 * so that pitch is little more than the output's width.
 *
 * With a stride, input rows are dealt out to planes by their remainder, and
 * each tap reads one plane. The gradient by x is such a convolution for each
 * remainder of its own rows and columns (phase): with those taps that hit a row
 * and a column of dy.
 *
 * Few channels would fill few of a cell's lines. Then a cell holds what all kx
 * of some ky need (fold): more loads, less in vain. Such ky count as one tap.
 *
 * What does not fit as a whole is cut in strips of columns, these in bands of
 * rows.
 */
#ifndef CONV_GEOMETRY_H
#define CONV_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "conv_taps.h"

/* The board, as far as it matters here: rooms in the scratchpad. */
struct conv_board {
	uint32_t array, spad_bytes;
	uint32_t patch_bytes, weights_bytes;
	uint32_t stage_bytes; /* of one of two stages of fp32, for splitting */
	uint32_t result_bytes;
	uint32_t patch, weights, stages, results; /* offsets */
};

/* Rows or columns of a phase: which cells its taps read. */
struct conv_axis {
	uint32_t out; /* rows or columns of the output in this phase */
	uint32_t taps; /* that hit; 0 counts as one of zeros */
	uint32_t first, every; /* the first of them; from one to the next */
	int32_t start; /* row or column of the input in cell 0 */
	uint32_t step; /* of them, from cell to cell */
	uint32_t sub; /* cells from one pixel of the output to the next */
	uint32_t planes; /* that taps read */
	uint32_t at, span; /* cells from 0 to the first tap, to the last cell */
	int32_t by, plane_by; /* cells and planes from tap to tap */
};

/* A phase cut in strips. */
struct conv_cut {
	struct conv_axis y, x;
	uint32_t cell; /* bytes of a cell, of a term of it */
	uint32_t terms; /* 3 for split fp32 */
	uint32_t zero; /* no tap hits: sums are 0 */
	uint32_t strips, width; /* output columns of a strip but the last */
	uint32_t pitch; /* numbers of a row of the output */
	uint32_t row; /* bytes from a row of cells to the next */
	uint32_t reach; /* cells of a row that taps read */
	uint32_t buffers; /* patches at a time */
	uint32_t rows; /* of the output in a patch, at most */
	uint32_t plane_bytes, term_bytes, patch_bytes;
};

#define CONV_SLOTS_MAX 128u
#define CONV_STEPS_MAX 1024u

/*
 * Weights of a step of a column (conv.h), a piece: its elements along k lie in
 * rows, each a column of the result, or, backward, in lines, k-major.
 */
struct conv_pieces {
	uint32_t tap_k,
		chunk; /* elements of a tap; of a step's part, at most */
	uint32_t by_rows; /* a step is a row of taps, each a part */
	uint32_t joined; /* and these follow each other: one part */
	uint32_t k_major;
	uint32_t tap; /* bytes from one part to the next */
	uint32_t pitch, term; /* from row to row, term to term */
	uint32_t bytes, slots; /* of a piece; that there is room for */
};

/* What the host finds out for all tiles. */
struct conv_plan {
	struct conv_board board;
	struct conv_cut cut; /* of the first phase */
	struct conv_pieces pieces;
	/* Of all phases. */
	uint32_t blocks;
	uint32_t steps; /* of a column, at most */
	uint32_t buffers; /* patches at a time that all allow */
	/* Of the first one with any pixels. */
	uint32_t patch_bytes, patch_numbers;
	uint32_t whole; /* patches of it, if they hold whole strips; or 0 */
};

/* The kernel's arguments. */
struct conv_args {
	struct linear_conv_args conv;
	struct conv_plan plan;
};
static_assert(sizeof(struct conv_args) == 464,
	      "struct conv_args: host and kernel agree");

static inline uint32_t conv_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t conv_max(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static inline uint32_t conv_round_up(uint32_t a, uint32_t power_of_two)
{
	return (a + power_of_two - 1) & ~(power_of_two - 1);
}

static inline uint32_t conv_gcd(uint32_t a, uint32_t b)
{
	while (b) {
		uint32_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

/* Taps of an axis as cells are: with fold, one for so many rows. */
static inline uint32_t conv_taps(const struct linear_conv_args *a, int d)
{
	if (!a->fold)
		return a->kernel[d];
	return d == 0 ? conv_div_up(a->kernel[0], a->fold) : 1;
}

static inline struct conv_axis
conv_axis_forward(const struct linear_conv_args *a, int d)
{
	uint32_t stride = a->stride[d];
	uint32_t dilation = a->fold && d == 0 ? a->fold : a->dilation[d];
	struct conv_axis x = {
		.out = a->out[d],
		.taps = conv_taps(a, d),
		.every = 1,
		.start = -(int32_t)a->pad[d],
		.step = stride,
		.sub = 1,
		.planes = 1,
	};
	uint32_t k;

	if (d == 1) {
		/* No column is left out that a tap reads. */
		if (x.taps > 1)
			x.step = conv_gcd(stride, dilation);
		x.sub = stride / x.step;
		x.by = (int32_t)(dilation / x.step);
		x.span = (x.taps - 1) * (uint32_t)x.by;
		return x;
	}
	x.by = (int32_t)(dilation / stride);
	x.plane_by = (int32_t)(dilation % stride);
	x.span = (x.taps - 1) * dilation / stride;
	for (k = 1; k < x.taps; k++)
		x.planes = conv_max(x.planes, k * dilation % stride + 1);
	return x;
}

static inline struct conv_axis
conv_axis_backward(const struct linear_conv_args *a, int d, uint32_t phase)
{
	uint32_t gcd = conv_gcd(a->stride[d], a->dilation[d]);
	struct conv_axis x = {
		.every = a->stride[d] / gcd,
		.step = 1,
		.sub = 1,
		.planes = 1,
		.by = -(int32_t)(a->dilation[d] / gcd),
	};

	if (a->out[d] > phase)
		x.out = conv_div_up(a->out[d] - phase, a->stride[d]);
	while (x.first < x.every && !conv_tap(a, d, phase, x.first).hit)
		x.first++;
	if (x.first < x.every && x.first < a->kernel[d]) {
		x.taps = (a->kernel[d] - 1 - x.first) / x.every + 1;
		x.span = (x.taps - 1) * (uint32_t)-x.by;
		x.at = x.span;
		x.start =
			conv_tap(a, d, phase, x.first).offset - (int32_t)x.span;
	}
	return x;
}

static inline struct conv_axis conv_axis(const struct linear_conv_args *a,
					 int d, uint32_t phase)
{
	return a->flags & LINEAR_BACKWARD ? conv_axis_backward(a, d, phase) :
					    conv_axis_forward(a, d);
}

/* Elements of a tap along k: channels, with fold of all its pixels. */
static inline uint32_t conv_tap_k(const struct linear_conv_args *a)
{
	return a->fold ? a->fold * a->kernel[1] * a->channels : a->channels;
}

/* Bytes of a cell, of one term if split. */
static inline uint32_t conv_cell(const struct linear_conv_args *a,
				 uint32_t array, uint32_t bytes)
{
	return conv_round_up(conv_max(conv_tap_k(a) * bytes, 1), 4 * array);
}

/* Number of the last output pixel of a strip, and one. */
static inline uint32_t conv_numbers(const struct conv_cut *c, uint32_t width)
{
	return (c->y.out - 1) * c->pitch + width;
}

/* Cut in so many strips: width, pitch, and cells of a row. */
static inline void conv_strips(struct conv_cut *c,
			       const struct linear_conv_args *a,
			       uint32_t strips)
{
	const struct conv_axis *x = &c->x;
	uint32_t least, left = 0, in = 0;

	c->strips = strips;
	c->width = conv_div_up(x->out, strips);
	c->reach = x->sub * (c->width - 1) + x->span + 1;
	least = c->reach;
	if (strips == 1) {
		/*
		 * Cells of padding left of a row are the padding right of the
		 * row before: behind all that is read, or that the input has.
		 */
		if (x->start < 0)
			left = conv_div_up((uint32_t)-x->start, x->step);
		if ((int32_t)a->in[1] > x->start)
			in = conv_div_up(
				(uint32_t)((int32_t)a->in[1] - x->start),
				x->step);
		least = conv_max(c->reach - conv_min(left, c->reach),
				 conv_min(c->reach, in));
	}
	c->pitch = conv_max(conv_div_up(least, x->sub), c->width);
	c->row = c->pitch * x->sub * c->cell;
}

/* Bytes behind a plane's last row. */
static inline uint32_t conv_tail(const struct conv_cut *c)
{
	uint32_t reach = c->reach * c->cell;

	return reach > c->row ? reach - c->row : 0;
}

/* Try so many strips and buffers. */
static inline bool conv_try(struct conv_cut *c,
			    const struct linear_conv_args *a,
			    const struct conv_board *b, uint32_t strips,
			    uint32_t buffers)
{
	uint32_t planes = c->y.planes * c->terms;
	/* What the last block reads behind the patch, in vain. */
	uint64_t beyond = (uint64_t)(b->array - 1) * c->x.sub * c->cell;
	uint64_t room, end, tail;
	uint32_t least;

	conv_strips(c, a, strips);
	c->buffers = buffers;
	/* So that no product below overflows. */
	if ((uint64_t)conv_max(c->pitch * c->x.sub, c->reach) * c->cell >
	    b->spad_bytes)
		return false;
	room = b->patch_bytes / buffers;
	end = b->spad_bytes - (buffers - 1) * room;
	if (beyond >= end)
		return false;
	if (room > end - beyond)
		room = end - beyond;
	tail = (uint64_t)planes * conv_tail(c);
	if (tail >= room)
		return false;
	room = (room - tail) / ((uint64_t)planes * c->row);
	if (room <= c->y.span)
		return false;
	if (c->terms > 1 &&
	    (uint64_t)(c->row + conv_tail(c)) * 2 > b->stage_bytes)
		return false;
	c->rows = (uint32_t)(room - c->y.span);
	if (c->rows > c->y.out)
		c->rows = c->y.out;
	/* A block of pixels wherever it begins. */
	least = (c->pitch + b->array - 2) / c->pitch + 1;
	if (c->rows < least && c->rows < c->y.out)
		return false;
	c->plane_bytes = (c->rows + c->y.span) * c->row + conv_tail(c);
	c->term_bytes = c->plane_bytes * c->y.planes;
	c->patch_bytes = c->term_bytes * c->terms;
	return true;
}

/*
 * Deal out banks. One for results, two with residuals and passes of their own;
 * one for stages, if any. Weights have as many as all of them take, up to
 * three, else two that they pass through; but what patches do not need is
 * theirs, too.
 */
static inline struct conv_board conv_board(const struct linear_conv_args *a,
					   uint32_t array, uint32_t spad_bytes,
					   uint32_t spad_banks, uint32_t bytes,
					   uint32_t terms)
{
	uint32_t bank = spad_bytes / spad_banks;
	uint32_t stages = terms > 1, most = 3 - stages, banks = 1, left, patch;
	uint32_t results =
		a->epilogue.residual || a->epilogue.activation > 1 ? 2 : 1;
	uint64_t all;
	struct conv_cut c;

	left = spad_banks - results - stages;
	c.cell = conv_cell(a, array, terms > 1 ? 2 : bytes);
	all = (uint64_t)conv_taps(a, 0) * conv_taps(a, 1) * c.cell * terms *
	      conv_round_up(a->columns, array);
	while (banks < most && (uint64_t)banks * bank < all)
		banks++;
	if ((uint64_t)banks * bank < all)
		banks = 2;
	/* A patch of a whole image, or two of them if there are more. */
	c.y = conv_axis(a, 0, 0);
	c.x = conv_axis(a, 1, 0);
	conv_strips(&c, a, 1);
	all = (uint64_t)(c.y.out + c.y.span) * c.pitch * c.x.sub;
	all = (all + c.reach) * c.y.planes * terms * c.cell;
	if (a->images * a->groups * conv_phases(a, 0) * conv_phases(a, 1) > 1)
		all = 2 * all + 2 * bank;
	for (patch = 1; patch < left - banks && (uint64_t)patch * bank < all;)
		patch++;
	return (struct conv_board){
		.array = array,
		.spad_bytes = spad_bytes,
		.patch_bytes = patch * bank,
		.weights_bytes = (left - patch) * bank,
		.stage_bytes = bank / 2,
		.result_bytes = results * bank,
		.patch = 0,
		.weights = patch * bank,
		.stages = left * bank,
		.results = (spad_banks - results) * bank,
	};
}

/*
 * Cut a phase; bytes are those of an element. False: not even one block's patch
 * fits. Two patches at a time, if they fit, or all as one.
 */
static inline bool conv_cut(struct conv_cut *c,
			    const struct linear_conv_args *a,
			    const struct conv_board *b, uint32_t phase_y,
			    uint32_t phase_x, uint32_t bytes, uint32_t terms)
{
	uint32_t buffers, strips;

	c->y = conv_axis(a, 0, phase_y);
	c->x = conv_axis(a, 1, phase_x);
	c->terms = terms;
	c->zero = !c->y.taps || !c->x.taps || !a->channels;
	c->cell = conv_cell(a, b->array, terms > 1 ? 2 : bytes);
	if (!c->y.out || !c->x.out)
		return true; /* nothing of this phase */
	if (a->images == 1 && conv_try(c, a, b, 1, 1) && c->rows == c->y.out)
		return true;
	for (buffers = 2; buffers >= 1; buffers--) {
		for (strips = 1; strips <= c->x.out; strips++) {
			/* No more of them than make a difference. */
			if (strips > 1 &&
			    conv_div_up(c->x.out, strips) ==
				    conv_div_up(c->x.out, strips - 1))
				continue;
			if (conv_try(c, a, b, strips, buffers))
				return true;
		}
	}
	return false;
}

#endif
