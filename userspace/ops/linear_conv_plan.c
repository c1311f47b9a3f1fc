// SPDX-License-Identifier: MIT
/* Plans of the kernel conv: how a convolution lies in the scratchpad. */
#include <inttypes.h>

#include "linear_conv.h"

/* Pieces of weights that there shall be room for. */
#define SLOTS 5u
/* Channels of a step of split operands, as in the reference. */
#define SPLIT_K 128u

/* --- Fold ------------------------------------------------------------------- */

/* What the core needs for a step of a block and for a column of it, about. */
#define CORE_STEP   16u
#define CORE_COLUMN 50u

/* Lines of N columns of words that the matrix unit fetches, and what it takes. */
static uint64_t step_cycles(uint64_t k, uint32_t format, uint32_t array)
{
	uint32_t bytes = ashlar_format_bytes(format);
	uint64_t fetch = (k * bytes + 4 * array - 1) / (4 * array) * array;
	uint64_t takes = bytes == 1 ? (k + 3) / 4 : k;

	return fetch > takes ? fetch : takes;
}

/*
 * Cycles for a block of pixels and all columns, if its cells take so many to
 * load, and each column so many products in so many steps.
 */
static uint64_t block_cycles(const struct linear_conv_args *a, uint32_t array,
			     uint64_t loads, uint64_t products, uint64_t steps)
{
	uint64_t columns = (a->columns + array - 1) / array;
	uint64_t core = CORE_COLUMN + steps * CORE_STEP;

	products = columns * (products > core ? products : core);
	return loads > products ? loads : products;
}

/* The same for cells that are a pixel. */
static uint64_t plain_cycles(const struct linear_conv_args *a, uint32_t array)
{
	uint64_t pixel = (uint64_t)a->channels * ashlar_format_bytes(a->type);
	uint32_t ky = a->kernel[0], kx = a->kernel[1];
	uint64_t loads = (uint64_t)array * a->stride[0] * a->stride[1] *
			 ((pixel + 63) / 64);
	uint64_t row;

	/* The taps of a row follow each other, if they are lines. */
	if (pixel % (4 * array) == 0)
		row = step_cycles((uint64_t)kx * a->channels, a->type, array);
	else
		row = kx * step_cycles(a->channels, a->type, array);
	return block_cycles(a, array, loads, ky * row, ky);
}

/* And for cells with `fold` rows of the input; UINT64_MAX: they are too long. */
static uint64_t fold_cycles(const struct plan *p,
			    const struct linear_conv_args *a, uint32_t fold)
{
	uint32_t array = p->board.array, line = 4 * array;
	uint64_t pixels = a->kernel[1] * (uint64_t)a->channels;
	uint64_t run = pixels * ashlar_format_bytes(a->type);
	uint64_t cell = (fold * run + line - 1) / line * line;
	uint32_t taps = a->kernel[0] / fold, rest = a->kernel[0] % fold;
	uint64_t halo = (a->kernel[0] - 1) / fold * (fold / a->stride[0]);
	/* Rows of a patch, of which there are two. */
	uint64_t rows = p->board.spad_bytes / 16 * 5 / (cell * a->out[1]);
	uint64_t loads, products;

	if (fold * run > 4096 || rows < halo + 2)
		return UINT64_MAX;
	/* Runs begin somewhere in a piece of 64 bytes. */
	loads = array * fold * (run % 64 ? run + 63 : run) / 64 * rows /
		(rows - halo);
	/* They overlap, so that tiles meet at the same channels of memory. */
	if (p->board.tiles > 1)
		loads *= 2;
	products = taps * step_cycles(fold * pixels, a->type, array) +
		   step_cycles(rest * pixels, a->type, array);
	return block_cycles(a, array, loads, products, taps + (rest > 0));
}

/*
 * How many rows of the input a cell should have: what computes and loads
 * quickest. 0: a cell is a pixel.
 */
static uint32_t choose_fold(const struct plan *p,
			    const struct linear_conv_args *a)
{
	uint64_t pixel = (uint64_t)a->channels * ashlar_format_bytes(a->type);
	uint64_t best, cycles;
	uint32_t best_fold = 0, fold;

	if (a->flags & (LINEAR_BACKWARD | LINEAR_NOTHING) ||
	    a->type == ASHLAR_F32 || a->groups != 1 || a->dilation[1] != 1 ||
	    a->x_stride[1] != pixel || a->dilation[0] != 1)
		return 0;
	best = plain_cycles(a, p->board.array);
	for (fold = a->stride[0]; fold < a->kernel[0] + a->stride[0];
	     fold += a->stride[0]) {
		cycles = fold_cycles(p, a, fold);
		if (cycles < best) {
			best = cycles;
			best_fold = fold;
		}
	}
	return best_fold;
}

/* --- Weights and patches --------------------------------------------------- */

/* Pieces of weights: whole rows of taps, if some of them fit, or chunks of a tap. */
static struct conv_pieces pieces(const struct linear_conv_args *a,
				 const struct conv_board *board, uint32_t terms)
{
	uint32_t line = 4 * board->array;
	uint32_t bytes = a->type == ASHLAR_I8 ? 1 : 2;
	/* Bytes of a row of a piece. */
	uint32_t most = board->weights_bytes / SLOTS / board->array &
			~(line - 1);
	struct conv_pieces b = { .tap_k = conv_max(conv_tap_k(a), 1) };
	uint32_t taps = conv_taps(a, 1);
	uint32_t row = conv_round_up(b.tap_k * bytes, line);

	b.k_major = a->flags & LINEAR_BACKWARD;
	/* Backward, of the taps in a row only some hit. */
	if (b.k_major)
		taps = conv_div_up(taps, conv_axis(a, 1, 0).every);
	b.by_rows = terms == 1 && (a->fold || (uint64_t)taps * row <= most);
	b.joined = b.by_rows && !b.k_major &&
		   (taps == 1 || (a->stride[1] % a->dilation[1] == 0 &&
				  b.tap_k * bytes == row));
	b.chunk = b.tap_k;
	if (!b.by_rows) {
		taps = 1;
		if (terms > 1)
			b.chunk = conv_min(b.tap_k, SPLIT_K);
		else if (row > most)
			b.chunk = conv_round_up(
					  conv_div_up(row,
						      conv_div_up(row, most)),
					  line) /
				  bytes;
		row = conv_round_up(b.chunk * bytes, line);
	}
	if (b.k_major) {
		b.tap = conv_round_up(b.chunk * board->array * bytes, line);
		b.pitch = line;
		b.term = taps * b.tap;
	} else {
		b.tap = row;
		b.pitch = taps * row;
		b.term = board->array * b.pitch;
	}
	b.bytes = terms * b.term;
	b.slots = conv_min(board->weights_bytes / b.bytes, CONV_SLOTS_MAX);
	return b;
}

/* Steps of a column of a phase. */
static uint64_t steps(const struct conv_pieces *b, const struct conv_cut *cut)
{
	if (cut->zero)
		return 1;
	if (b->by_rows)
		return cut->y.taps;
	return (uint64_t)cut->y.taps * cut->x.taps *
	       conv_div_up(b->tap_k, b->chunk);
}

/* Blocks of an image. */
static uint32_t blocks(const struct conv_cut *cut, uint32_t array)
{
	uint32_t full = cut->strips - 1;
	uint32_t last = cut->x.out - full * cut->width;

	return conv_div_up(conv_numbers(cut, last), array) +
	       full * conv_div_up(conv_numbers(cut, cut->width), array);
}

/* A phase: what it adds to the plan. */
static int add_phase(struct plan *p, struct conv_plan *plan,
		     const struct linear_conv_args *a,
		     const struct conv_cut *cut)
{
	uint64_t count = steps(&plan->pieces, cut);

	if (!cut->y.out || !cut->x.out)
		return 0;
	if (count > CONV_STEPS_MAX)
		return check_unsupported(
			&p->check,
			"a %ux%u kernel over %u channels takes %" PRIu64
			" steps, allowed are %u",
			a->kernel[0], a->kernel[1], a->channels, count,
			CONV_STEPS_MAX);
	plan->steps = conv_max(plan->steps, (uint32_t)count);
	plan->blocks += a->images * blocks(cut, plan->board.array);
	plan->buffers = conv_min(plan->buffers, cut->buffers);
	if (plan->patch_bytes)
		return 0;
	plan->patch_bytes = cut->patch_bytes;
	plan->patch_numbers = cut->rows * cut->pitch;
	if (cut->rows == cut->y.out)
		plan->whole = a->images * cut->strips;
	return 0;
}

int linear_conv_plan(struct plan *p, struct conv_args *args)
{
	const struct linear_conv_args *a = &args->conv;
	struct conv_plan *plan = &args->plan;
	uint32_t bytes = ashlar_format_bytes(a->type);
	uint32_t terms = a->type == ASHLAR_F32 ? 3 : 1;
	struct conv_cut cut;
	uint32_t y, x;

	args->conv.fold = choose_fold(p, a);
	*plan = (struct conv_plan){
		.board = conv_board(a, p->board.array, p->board.spad_bytes,
				    p->board.spad_banks, bytes, terms),
		.buffers = 2,
	};
	plan->pieces = pieces(a, &plan->board, terms);
	for (y = 0; y < conv_phases(a, 0); y++) {
		for (x = 0; x < conv_phases(a, 1); x++) {
			cut = (struct conv_cut){ 0 };
			if (!conv_cut(&cut, a, &plan->board, y, x, bytes,
				      terms))
				return check_unsupported(
					&p->check,
					"a %ux%u kernel over %u channels needs more input for %u pixels than the %u bytes of scratchpad that there are for it",
					a->kernel[0], a->kernel[1], a->channels,
					p->board.array,
					plan->board.patch_bytes);
			if (y == 0 && x == 0)
				plan->cut = cut;
			if (add_phase(p, plan, a, &cut))
				return -1;
		}
	}
	return 0;
}
