/* SPDX-License-Identifier: MIT */
/*
 * sin(pi * t) for t in -0.5 .. 0.5, in fp32 steps, for plans and references:
 *	x = t * t
 *	((((x * s4 + s3) * x + s2) * x + s1) * x + s0) * t
 * Chebyshev interpolation of sin(pi * sqrt(x)) / sqrt(x) on 0 .. 0.25; with
 * the coefficients rounded it is 3.2e-8 off at most, before the steps' rounding.
 */
#ifndef OPS_NORMAL_H
#define OPS_NORMAL_H

#define OPS_SIN0 0x40490fdbu
#define OPS_SIN1 0xc0a55de2u
#define OPS_SIN2 0x40233478u
#define OPS_SIN3 0xbf19298fu
#define OPS_SIN4 0x3d9f0a10u

#endif
