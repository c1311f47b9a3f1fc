/* SPDX-License-Identifier: MIT */
/*
 * Which pixels of the input the taps of a convolution's kernel read; for host
 * and kernels. With a stride, rows (or columns) of the input are dealt out to
 * planes by their remainder: each tap reads one plane. The gradient by x is a
 * convolution for each remainder of its own rows and columns (phase), with
 * those taps that hit a row and a column of dy.
 */
#ifndef CONV_TAPS_H
#define CONV_TAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "../args_linear.h"

static inline int32_t conv_floor(int32_t a, int32_t b)
{
	return a >= 0 ? a / b : -((b - 1 - a) / b);
}

static inline uint32_t conv_div_up(uint32_t a, uint32_t b)
{
	return (a + b - 1) / b;
}

/* A tap: how many rows (or columns) of its plane further, which plane. */
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

/* Rows (or columns) of the input from one of a plane to the next. */
static inline uint32_t conv_step(const struct linear_conv_args *a, int d)
{
	return a->flags & LINEAR_BACKWARD ? 1 : a->stride[d];
}

/* Phases of an axis. */
static inline uint32_t conv_phases(const struct linear_conv_args *a, int d)
{
	return a->flags & LINEAR_BACKWARD ? a->stride[d] : 1;
}

#endif
