/* SPDX-License-Identifier: MIT */
/* A loss curve as a picture. */
#ifndef DEMO_CURVE_H
#define DEMO_CURVE_H

#include <stdint.h>

struct curve {
	const char *label;
	const float *y; /* finite, >= 0 */
	uint32_t n; /* 2 .. */
	float x_step; /* steps of training from point to point */
};

/*
 * Write an SVG of curves over training steps. Returns 0, or -1 with errno set
 * when the file cannot be written.
 */
int curve_write(const char *path, const char *title, const char *y_name,
		const struct curve *curves, uint32_t count);

#endif
