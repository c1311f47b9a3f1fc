/* SPDX-License-Identifier: MIT */
/*
 * How a convolution lies in the scratchpad; for the kernel, and for the host,
 * which refuses what does not fit.
 *
 * A patch of the input is kept as cells, whole lines each, pixel after pixel
 * and row after row without a gap in between. Then the rows of A that the
 * matrix unit reads for consecutive output pixels and one tap of the kernel are
 * consecutive cells, also from one row of the output to the next: output pixel
 * (y, x) is number y * pitch + x, tap (ky, kx) is so many cells further. Numbers
 * with x beyond the output are computed in vain and not stored. The columns of
 * padding right of a row serve the next row as columns left of it, so that
 * pitch is little more than the output's width.
 *
 * With a stride, input rows and columns are dealt out to planes by their
 * remainder, and each tap reads one plane. The gradient by x is such a
 * convolution for each remainder of its own rows and columns (phase): with
 * those taps that hit a row and a column of dy.
 *
 * Few channels would fill few of a cell's lines. Then a cell holds what all kx
 * of some ky need (fold): more loads, less in vain.
 *
 * What does not fit as a whole is cut in strips of columns, these in bands of
 * rows.
 */
#ifndef CONV_GEOMETRY_H
#define CONV_GEOMETRY_H

#include <stdbool.h>
#include <stdint.h>

#include "../args_linear.h"

/* The board, as far as it matters here: rooms in the scratchpad. */
struct conv_board {
	uint32_t array;
	uint32_t patch_bytes, weights_bytes;
	uint32_t stage_bytes; /* of one of two stages of fp32, for splitting */
	uint32_t result_bytes;
	uint32_t patch, weights, stages, results; /* offsets */
};

/* Rows or columns of a phase: where its taps reach. */
struct conv_axis {
	uint32_t out; /* rows or columns of the output in this phase */
	int32_t low, high; /* least and greatest offset of a tap, in cells */
	uint32_t planes; /* that taps read */
	uint32_t taps; /* 0: none hits; counts as one of zeros */
};

/* A phase cut in strips. */
struct conv_cut {
	struct conv_axis y, x;
	uint32_t cell; /* bytes of a cell, of a term of it */
	uint32_t terms; /* 3 for split fp32 */
	uint32_t strips, width; /* output columns of a strip but the last */
	uint32_t pitch; /* cells of a row */
	uint32_t tail; /* cells behind a row that taps may read */
	uint32_t buffers; /* patches at a time */
	uint32_t rows; /* of the output in a patch, at most */
	uint32_t plane_bytes, term_bytes, patch_bytes;
};

static inline int32_t conv_floor(int32_t a, int32_t b)
{
	return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static inline uint32_t conv_div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* A tap: how many cells further, in which plane. */
struct conv_tap {
	int32_t offset;
	uint32_t plane;
	bool hit;
};

static inline struct conv_tap conv_tap(const struct linear_conv_args *a, int d,
				       uint32_t phase, uint32_t k)
{
	int32_t stride = (int32_t)a->stride[d];
	int32_t reach = (int32_t)(k * a->dilation[d]) - (int32_t)a->pad[d];
	struct conv_tap t;

	if (a->flags & LINEAR_BACKWARD) {
		t.offset = conv_floor((int32_t)phase - reach, stride);
		t.hit = t.offset * stride == (int32_t)phase - reach;
		t.plane = 0;
	} else {
		t.offset = conv_floor(reach, stride);
		t.plane = (uint32_t)(reach - t.offset * stride);
		t.hit = true;
	}
	return t;
}

/* Rows (or columns) from one cell to the next. */
static inline uint32_t conv_step(const struct linear_conv_args *a, int d)
{
	return a->flags & LINEAR_BACKWARD ? 1 : a->stride[d];
}

/* Phases of an axis. */
static inline uint32_t conv_phases(const struct linear_conv_args *a, int d)
{
	return a->flags & LINEAR_BACKWARD ? a->stride[d] : 1;
}

static inline struct conv_axis conv_axis(const struct linear_conv_args *a,
					 int d, uint32_t phase)
{
	struct conv_axis x = { 0 };
	uint32_t phases = conv_phases(a, d);
	uint32_t k, planes = 0;

	x.out = a->out[d] > phase ? conv_div_up(a->out[d] - phase, phases) : 0;
	if (a->fold) {
		/* Of the rows: fold of them are a cell. */
		x.taps = d == 0 ? conv_div_up(a->kernel[0], a->fold) : 1;
		x.high = d == 0 ? (int32_t)((x.taps - 1) *
					    (a->fold / a->stride[0])) :
				  0;
		x.planes = 1;
		return x;
	}
	for (k = 0; k < a->kernel[d]; k++) {
		struct conv_tap t = conv_tap(a, d, phase, k);

		if (!t.hit)
			continue;
		if (!x.taps || t.offset < x.low)
			x.low = t.offset;
		if (!x.taps || t.offset > x.high)
			x.high = t.offset;
		if (t.plane >= planes)
			planes = t.plane + 1;
		x.taps++;
	}
	x.planes = planes ? planes : 1;
	return x;
}

/* Bytes of a cell, of one term if split. */
static inline uint32_t conv_cell(const struct linear_conv_args *a,
				 uint32_t array, uint32_t bytes)
{
	uint32_t line = 4 * array;
	uint32_t n = a->channels;

	if (a->fold)
		n *= a->fold * a->kernel[1];
	return n ? (n * bytes + line - 1) & ~(line - 1) : line;
}

/* Number of the last output pixel of a strip, and one. */
static inline uint32_t conv_numbers(const struct conv_cut *c, uint32_t width)
{
	return (c->y.out - 1) * c->pitch + width;
}

/* Cut in so many strips: width, pitch and tail. */
static inline void conv_strips(struct conv_cut *c,
			       const struct linear_conv_args *a,
			       uint32_t strips)
{
	int32_t in, most;

	c->strips = strips;
	c->width = conv_div_up(c->x.out, strips);
	c->pitch = c->width + (uint32_t)(c->x.high - c->x.low);
	c->tail = 0;
	if (strips > 1 || a->fold || c->x.low > 0)
		return;
	/*
	 * Columns left of a row are the padding right of the row before: behind
	 * all that is read, or that the input has.
	 */
	in = (int32_t)conv_div_up(a->in[1], conv_step(a, 1)) - c->x.low;
	most = (int32_t)c->width + (c->x.high > 0 ? c->x.high : 0);
	if (most < in)
		most = in;
	if ((uint32_t)most < c->pitch) {
		c->tail = c->pitch - (uint32_t)most;
		c->pitch = (uint32_t)most;
	}
}

/* Try so many strips and buffers. */
static inline bool conv_try(struct conv_cut *c,
			    const struct linear_conv_args *a,
			    const struct conv_board *b, uint32_t strips,
			    uint32_t buffers)
{
	uint32_t span_y = (uint32_t)(c->y.high - c->y.low);
	uint32_t planes = c->y.planes * c->x.planes * c->terms;
	uint64_t room, row;
	uint32_t least;

	conv_strips(c, a, strips);
	c->buffers = buffers;
	row = (uint64_t)planes * c->pitch * c->cell;
	room = b->patch_bytes / buffers;
	if ((uint64_t)planes * c->tail * c->cell >= room)
		return false;
	room = (room - (uint64_t)planes * c->tail * c->cell) / row;
	if (room <= span_y)
		return false;
	if (c->terms > 1 &&
	    (uint64_t)(c->pitch + c->tail) * 2 * c->cell > b->stage_bytes)
		return false;
	c->rows = (uint32_t)(room - span_y);
	if (c->rows > c->y.out)
		c->rows = c->y.out;
	/* A block of pixels wherever it begins. */
	least = (c->pitch + b->array - 2) / c->pitch + 1;
	if (c->rows < least && c->rows < c->y.out)
		return false;
	c->plane_bytes = ((c->rows + span_y) * c->pitch + c->tail) * c->cell;
	c->term_bytes = c->plane_bytes * c->y.planes * c->x.planes;
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
	uint32_t line = 4 * array;
	uint32_t stages = terms > 1, most = 3 - stages, banks = 1, left, patch;
	uint32_t results =
		a->epilogue.residual || a->epilogue.activation > 1 ? 2 : 1;
	uint64_t row = a->channels * (uint64_t)(terms > 1 ? 2 : bytes);
	uint64_t all;
	struct conv_cut c;

	left = spad_banks - results - stages;
	if (a->fold)
		row *= a->kernel[1];
	else
		row = (row + line - 1) / line * line * a->kernel[1];
	row = (row * a->kernel[0] + a->kernel[0] * line) * terms;
	all = row * ((a->columns + array - 1) / array * array);
	while (banks < most && (uint64_t)banks * bank < all)
		banks++;
	if ((uint64_t)banks * bank < all)
		banks = 2;
	/* A patch of a whole image, or two of them if there are more. */
	c.y = conv_axis(a, 0, 0);
	c.x = conv_axis(a, 1, 0);
	c.cell = conv_cell(a, array, terms > 1 ? 2 : bytes);
	conv_strips(&c, a, 1);
	all = (uint64_t)(c.y.out + (uint32_t)(c.y.high - c.y.low)) * c.pitch +
	      c.tail;
	all *= (uint64_t)c.y.planes * c.x.planes * terms * c.cell;
	if (a->images * a->groups * conv_phases(a, 0) * conv_phases(a, 1) > 1)
		all = 2 * all + 2 * bank;
	for (patch = 1; patch < left - banks && (uint64_t)patch * bank < all;)
		patch++;
	return (struct conv_board){
		.array = array,
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
