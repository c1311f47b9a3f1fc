/* SPDX-License-Identifier: MIT */
/*
 * How a convolution of many groups with few channels lies in the scratchpad;
 * for the host, which chooses it, and for the kernel.
 *
 * Work is dealt out in pieces: some rows and columns of the result (of a
 * phase, conv_taps.h), N channels of it. What a piece needs of the input is a
 * cell for each of its rows and each column of the result: the pixels that all
 * kx meet there, N channels each, side by side. So what a tap needs for all
 * pixels of the piece is one series of cells without gaps, for any stride or
 * dilation, and with all kx of a ky so is what a product needs whose k runs over
 * them. Rows of the input are dealt out to planes by their remainder, as those of
 * conv are.
 *
 * Floats, a channel a group, are multiplied and added by the vector unit, a tap
 * for all pixels of the piece at a time: the matrix unit would add products with
 * the zeros between the groups' weights, which are NaN when an element is
 * infinite. fp32 is split as for the matrix unit, so that sums are the same. int8
 * has no such numbers: the matrix unit takes N channels at once, with the weights
 * of the groups in the diagonal of a matrix of zeros.
 */
#ifndef DEPTHWISE_LAYOUT_H
#define DEPTHWISE_LAYOUT_H

#include "../conv/conv_taps.h"

/* The taps of an axis that hit, in a phase: first + i * step. */
struct depthwise_axis {
	uint32_t first, step, taps;
	int32_t low; /* least offset of a tap, in rows of cells */
	uint32_t span; /* greatest, less the least */
	uint32_t planes; /* bits of those that are read */
};

static inline struct depthwise_axis
depthwise_axis(const struct linear_conv_args *a, int d, uint32_t phase)
{
	struct depthwise_axis x = { .step = 1 };
	int32_t high = 0;
	uint32_t k;

	for (k = 0; k < a->kernel[d]; k++) {
		struct conv_tap t = conv_tap(a, d, phase, k);

		if (!t.hit)
			continue;
		if (x.taps == 0) {
			x.first = k;
			x.low = t.offset;
			high = t.offset;
		} else if (x.taps == 1) {
			x.step = k - x.first;
		}
		if (t.offset < x.low)
			x.low = t.offset;
		if (t.offset > high)
			high = t.offset;
		x.planes |= 1u << t.plane;
		x.taps++;
	}
	x.span = (uint32_t)(high - x.low);
	return x;
}

/* Sums are made by the matrix unit. */
static inline bool depthwise_matrix(const struct linear_conv_args *a)
{
	return a->type == ASHLAR_I8;
}

/*
 * Bytes of a tap's floats of N channels: as fp32, and as they are loaded; of fp32,
 * which is split in three terms, of each, and of the terms as bf16.
 */
static inline uint32_t depthwise_tap_bytes(const struct linear_conv_args *a,
					   uint32_t n)
{
	return n * (a->type == ASHLAR_F32 ? 3 * 4 + 4 + 3 * 2 : 4 + 2);
}

/* Rows or columns of the result of a phase, at most. */
static inline uint32_t depthwise_out(const struct linear_conv_args *a, int d)
{
	return conv_div_up(a->out[d], conv_phases(a, d));
}

#endif
