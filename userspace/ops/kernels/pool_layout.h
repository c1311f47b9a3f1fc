/* SPDX-License-Identifier: MIT */
/*
 * How pooling uses the scratchpad, for the plan, which chooses the size of a
 * block so that it fits, and for the kernels. A pixel is lines of N channels.
 *
 * Banks (eighths): what is loaded, two slots; lines that are worked on; results,
 * two slots.
 */
#ifndef POOL_LAYOUT_H
#define POOL_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

#include "args_norm.h"

struct pool_layout {
	/* In a slot of what is loaded. */
	uint64_t y, dy, slot_bytes;
	/* Lines that are worked on; offsets. */
	uint64_t work[4];
	uint64_t counts, counts_bytes; /* words of columns; two places */
	uint64_t factors;
	uint64_t out, out_bytes; /* of a slot */
	bool fits;
};

static inline uint64_t pool_min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static inline uint64_t pool_pixels(uint64_t pixels, uint32_t lanes,
				   uint32_t bytes)
{
	uint64_t line = 4 * lanes;

	return (pixels * lanes * bytes + line - 1) / line * line;
}

/*
 * For blocks of args->block[]; bytes: of an element of x, y, dy, dx; 0: not
 * there.
 */
static inline struct pool_layout pool_layout(const struct norm_pool_args *args,
					     const uint32_t bytes[4],
					     uint32_t lanes, uint64_t spad)
{
	bool backward = bytes[3];
	uint64_t line = 4 * lanes, eighth = spad / 8;
	uint64_t lines = args->lines, pixel = lines * line;
	uint64_t in_banks = backward ? 3 : 4, work_banks = backward ? 3 : 1;
	uint64_t in[2], windows[2], wide, at;
	struct pool_layout l;
	uint32_t i;

	for (i = 0; i < 2; i++) {
		uint64_t block = args->block[i], kernel = args->kernel[i];
		uint64_t stride = args->stride[i];

		/* Of the windows that touch a block of dx. */
		windows[i] = pool_min((block + kernel - 2) / stride + 1,
				      args->out[i]);
		in[i] = block + 2 * (kernel - 1);
		if (!backward) {
			windows[i] = block;
			in[i] = (block - 1) * stride + kernel;
		}
	}
	wide = in[1];
	in[0] = pool_min(in[0], args->size[0]);
	in[1] = pool_min(in[1], args->size[1]);
	l.y = pool_pixels(lines * in[0] * in[1], lanes, bytes[0]);
	l.dy = l.y;
	if (backward)
		l.dy += pool_pixels(lines * windows[0] * windows[1], lanes,
				    bytes[1]);
	l.slot_bytes = l.dy;
	if (backward)
		l.slot_bytes += pool_pixels(lines * windows[0] * windows[1],
					    lanes, bytes[2]);
	at = in_banks * eighth;
	/* Sums of columns and of windows; or gradients, and three rows. */
	for (i = 0; i < 4; i++) {
		l.work[i] = at;
		if (backward)
			at += (i ? windows[1] : in[0] * in[1]) * pixel;
		else if (i < 2)
			at += (i ? windows[1] : wide) * pixel;
	}
	l.counts = at;
	l.counts_bytes = (4 * windows[1] + line - 1) / line * line;
	at += 2 * l.counts_bytes;
	l.factors = at;
	at += l.counts_bytes;
	l.fits = at <= (in_banks + work_banks) * eighth;
	l.out = (in_banks + work_banks) * eighth;
	l.out_bytes = pool_pixels(lines * args->block[0] * args->block[1],
				  lanes, bytes[backward ? 3 : 1]);
	l.fits = l.fits && 2 * l.slot_bytes <= in_banks * eighth &&
		 l.out + 2 * l.out_bytes <= spad;
	return l;
}

#endif
