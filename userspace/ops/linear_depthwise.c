// SPDX-License-Identifier: MIT
/* Convolutions that the kernel depthwise makes: which, and how they are cut. */
#include "linear_conv.h"

#include "kernels/depthwise/depthwise_layout.h"

/*
 * Pieces for each tile, if there is enough to do, as the first one is waited
 * for; lines of pixels that are worth what a piece costs the core.
 */
#define PIECES_WANTED 8u
#define PIECES_LEAST  2u
#define PIECE_LINES   8u

/*
 * Groups that fill lanes side by side; of floats each is a channel. Groups of
 * more than half of the lanes are no worse off in the kernel conv.
 */
static bool knows(const struct plan_board *board,
		  const struct linear_conv_args *a)
{
	if (a->groups == 1 || a->channels != a->columns || a->channels == 0)
		return false;
	if (!depthwise_matrix(a))
		return a->channels == 1;
	return board->array % a->channels == 0 &&
	       a->channels <= board->array / 2 &&
	       (uint64_t)a->channels * a->w_stride <= LINEAR_SIZE_MAX;
}

/* What the phases need at most. */
struct most {
	uint32_t planes, span, taps[2];
};

static struct most most_of(const struct linear_conv_args *a)
{
	struct most m = { 0 };
	uint32_t d, phase;

	for (d = 0; d < 2; d++)
		for (phase = 0; phase < conv_phases(a, (int)d); phase++) {
			struct depthwise_axis x =
				depthwise_axis(a, (int)d, phase);

			if (x.taps > m.taps[d])
				m.taps[d] = x.taps;
			for (; d == 0 && x.planes >> m.planes; m.planes++)
				;
			if (d == 0 && x.span > m.span)
				m.span = x.span;
		}
	return m;
}

/* Give out bytes for each of slots, in lines; returns what is given out. */
static uint64_t give(struct linear_area *area, uint64_t at, uint64_t bytes,
		     uint32_t slots, uint32_t line)
{
	bytes = (bytes + line - 1) / line * line;
	area->at = (uint32_t)at;
	area->bytes = (uint32_t)bytes;
	return at + slots * bytes;
}

/* Deal out the scratchpad for pieces of rows and width; false: too small. */
static bool layout(const struct plan_board *board,
		   struct linear_depthwise_args *d, const struct most *m)
{
	const struct linear_conv_args *a = &d->conv;
	const struct linear_epilogue *e = &a->epilogue;
	bool matrix = depthwise_matrix(a), late, scaled;
	uint32_t n = board->array, line = 4 * n;
	uint32_t bytes = ashlar_format_bytes(a->type);
	uint32_t bank = board->spad_bytes / board->spad_banks;
	uint64_t pixels = (uint64_t)d->rows * d->width;
	uint64_t cell = (uint64_t)m->taps[1] * n * bytes, plane, weights, at;

	late = e->activation > ASHLAR_ACTIVATION_RELU;
	scaled = e->residual && e->flags & LINEAR_RESIDUAL_SCALE;
	if (matrix) {
		cell = (cell + line - 1) / line * line;
		pixels = (pixels + n - 1) / n * n;
		weights = m->taps[0] * n * cell;
	} else {
		weights = (uint64_t)m->taps[0] * m->taps[1] *
			  depthwise_tap_bytes(a, n);
	}
	plane = ((uint64_t)d->rows + m->span) * d->width * cell;
	d->cell = (uint32_t)cell;
	d->plane_bytes = (uint32_t)plane;
	/* The last product of a piece may begin with its last pixel. */
	at = give(&d->patch, 0, m->planes * plane + (matrix ? n * cell : 0), 2,
		  line);
	/* The matrix unit reads two banks all the time, and others wait. */
	at = (at + bank - 1) / bank * bank;
	at = give(&d->weights, at, weights, 2, line);
	at = (at + bank - 1) / bank * bank;
	at = give(&d->vec, at, 2 * line, 2, line);
	at = give(&d->residual, at,
		  e->residual ?
			  pixels * n * ashlar_format_bytes(e->residual_format) :
			  0,
		  2, line);
	at = give(&d->terms, at,
		  a->type == ASHLAR_F32 ? m->planes * plane / 2 * 3 : 0, 1,
		  line);
	at = give(&d->sums, at, !matrix || late ? pixels * line : 0, 1, line);
	at = give(&d->temp, at, late || scaled ? pixels * line : 0, 1, line);
	at = give(&d->result, at, pixels * n * ashlar_format_bytes(e->out), 2,
		  line);
	return at <= board->spad_bytes && pixels <= 0xffff;
}

/* As pieces of equal size, as far as they can be. */
static uint32_t even(uint32_t all, uint32_t part)
{
	return conv_div_up(all, conv_div_up(all, part));
}

/*
 * All rows of a few columns, if they fit: rows between pieces are loaded for
 * both, columns for each kx anyway. Then more columns, as many as fit and keep
 * all tiles busy.
 */
static bool cut(const struct plan_board *board, struct linear_depthwise_args *d)
{
	const struct linear_conv_args *a = &d->conv;
	uint32_t out[2] = { depthwise_out(a, 0), depthwise_out(a, 1) };
	const struct most m = most_of(a);
	uint64_t others = (uint64_t)a->images * conv_phases(a, 0) *
			  conv_phases(a, 1) *
			  conv_div_up(a->groups * a->channels, board->array);
	uint32_t width;

	d->rows = out[0];
	d->width = 1;
	while (!layout(board, d, &m)) {
		if (d->rows == 1)
			return false;
		d->rows = (d->rows + 1) / 2;
	}
	d->rows = even(out[0], d->rows);
	others *= conv_div_up(out[0], d->rows);
	for (width = 2; width <= out[1]; width++) {
		bool small = d->rows * d->width < PIECE_LINES * board->array;

		d->width = width;
		if (others * conv_div_up(out[1], width) <
			    (small ? PIECES_LEAST : PIECES_WANTED) *
				    board->tiles ||
		    !layout(board, d, &m))
			break;
	}
	d->width = even(out[1], width - 1);
	return layout(board, d, &m) &&
	       others * conv_div_up(out[1], d->width) <= LINEAR_SIZE_MAX;
}

bool linear_depthwise(struct plan *p, const struct linear_conv_args *a,
		      struct linear_depthwise_args *d)
{
	*d = (struct linear_depthwise_args){ .conv = *a };
	return knows(&p->board, a) && cut(&p->board, d);
}
