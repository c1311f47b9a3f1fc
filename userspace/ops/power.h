/* SPDX-License-Identifier: MIT */
/* x^n in double precision, the same on every host, for plans and references. */
#ifndef OPS_POWER_H
#define OPS_POWER_H

#include <stdint.h>

static inline double ops_power(double x, uint32_t n)
{
	double y = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}

#endif
