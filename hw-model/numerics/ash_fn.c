// SPDX-License-Identifier: MIT
/*
 * The functions of ash_num.h: a reduced argument chooses a segment of the
 * table, a parabola in it gives the value in fixed point, and one rounding
 * makes it fp32 (README.md, "Functions").
 */
#include "ash_fn_table.h"
#include "ash_num.h"

#define SIGN	 0x80000000u
#define MAG	 0x7fffffffu
#define FRACTION 0x007fffffu
#define HIDDEN	 0x00800000u

#define AT_BITS 20 /* of a position in a segment */

#define LOG2_E 3098164009u /* in 2^-31 */
#define LN_2   1488522236 /* in 2^-31 */

static uint32_t exponent(uint32_t x)
{
	return x >> 23 & 255;
}

/* base and the upper bits of u: the segment; the lower: where in it. In 2^-30. */
static uint32_t interpolate(uint32_t base, uint32_t u)
{
	const struct ash_fn_segment *s = &ash_fn_table[base + (u >> AT_BITS)];
	int32_t at = (int32_t)(u & ((1u << AT_BITS) - 1));
	int32_t slope = s->c1 + (int32_t)(((int64_t)s->c2 * at) >> 14);

	return (uint32_t)(s->c0 + (int32_t)(((int64_t)slope * at) >> 26));
}

uint32_t ash_f32_exp(uint32_t x)
{
	uint32_t e, y;
	uint64_t t;
	int n;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN)
		return x;
	e = exponent(x);
	if (e > 133) /* 128 and more */
		return x & SIGN ? 0 : ASH_F32_INF;
	/* |x| * log2(e) in 2^-26, rounded: less than 2^34 */
	t = (uint64_t)((x & FRACTION) | HIDDEN) * LOG2_E;
	t = e < 92 ? 0 : ((t >> (154 - e)) + 1) >> 1;
	/* with the sign; 2^10 more, to stay positive */
	t = (UINT64_C(1) << 36) + (x & SIGN ? 0 - t : t);
	n = (int)(t >> 26) - 1024;
	y = interpolate(ASH_FN_EXP, (uint32_t)t & 0x3ffffff);
	return ash_f32_pack(0, n + 150 - 30, y);
}

uint32_t ash_f32_log(uint32_t x)
{
	uint32_t f, upper, g;
	int32_t d, e;
	int64_t s;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN || x == ASH_F32_INF)
		return x;
	if ((x & MAG) == 0)
		return SIGN | ASH_F32_INF;
	if (x & SIGN)
		return ASH_F32_NAN;
	/* x = 2^e * (1 + d), d in -0.25 .. 0.5, counted in 2^-24 */
	f = x & FRACTION;
	upper = f >> 22;
	d = upper ? (int32_t)f - (int32_t)HIDDEN : (int32_t)(2 * f);
	e = (int32_t)(exponent(x) - 127 + upper);
	/* ln(1 + d) / d in 2^-29; the sum in 2^-53, of at most 53 bits */
	g = interpolate(ASH_FN_LOG, (uint32_t)(d + 0x400000) << 3) >> 1;
	s = (int64_t)d * (int32_t)g;
	if (e)
		s = (s & ~INT64_C(255)) + (int64_t)e * LN_2 * (1 << 22);
	return ash_f32_pack(s < 0 ? SIGN : 0, 150 - 53,
			    (uint64_t)(s < 0 ? -s : s));
}

uint32_t ash_f32_recip(uint32_t x)
{
	uint32_t sign = x & SIGN, y;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN)
		return x;
	if ((x & MAG) == 0)
		return sign | ASH_F32_INF;
	if ((x & MAG) == ASH_F32_INF)
		return sign;
	y = interpolate(ASH_FN_RECIP, (x & FRACTION) << 4);
	return ash_f32_pack(sign, 127 - (int)exponent(x) + 150 - 30, y);
}

/* The same for both roots: an odd exponent takes the upper half of the range. */
uint32_t ash_f32_rsqrt(uint32_t x)
{
	uint32_t odd, y;
	int half;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN)
		return x;
	if ((x & MAG) == 0)
		return x | ASH_F32_INF;
	if (x & SIGN)
		return ASH_F32_NAN;
	if (x == ASH_F32_INF)
		return 0;
	odd = ~exponent(x) & 1;
	half = (int)(exponent(x) - odd - 127) / 2;
	y = interpolate(ASH_FN_RSQRT, odd << 27 | (x & FRACTION) << 4);
	return ash_f32_pack(0, -half + 150 - 30, y);
}

uint32_t ash_f32_sqrt(uint32_t x)
{
	uint32_t odd, y;
	int half;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN || (x & MAG) == 0 || x == ASH_F32_INF)
		return x;
	if (x & SIGN)
		return ASH_F32_NAN;
	odd = ~exponent(x) & 1;
	half = (int)(exponent(x) - odd - 127) / 2;
	y = interpolate(ASH_FN_SQRT, odd << 26 | (x & FRACTION) << 3);
	return ash_f32_pack(0, half + 150 - 30, y);
}

/*
 * An odd function: x * h(|x|) below 0.5, from there a range of the table for
 * each power of two; +-1 from those on that have none.
 */
struct range {
	uint16_t base;
	uint16_t shift; /* a fraction of x to u: segments / 16 is 2^shift */
};

static uint32_t odd_function(uint32_t x, uint32_t low,
			     const struct range *ranges, uint32_t count)
{
	uint32_t sign = x & SIGN, e, f, sig, u, h;

	x = ash_f32_read(x);
	if (x == ASH_F32_NAN || (x & MAG) == 0)
		return x;
	e = exponent(x);
	f = x & FRACTION;
	sig = f | HIDDEN;
	if (e < 126) {
		/* |x| in 2^-27; h in 2^-28 */
		u = e < 94 ? 0 : (sig << 2) >> (125 - e);
		h = interpolate(low, u) >> 2;
		return ash_f32_pack(sign, (int)e - 28, (uint64_t)sig * h);
	}
	if (e - 126 >= count)
		return sign | 0x3f800000;
	return ash_f32_pack(
		sign, 150 - 30,
		interpolate(ranges[e - 126].base, f << ranges[e - 126].shift));
}

uint32_t ash_f32_tanh(uint32_t x)
{
	static const struct range ranges[] = {
		{ ASH_FN_TANH_0, 3 }, { ASH_FN_TANH_1, 4 },
		{ ASH_FN_TANH_2, 4 }, { ASH_FN_TANH_3, 3 },
		{ ASH_FN_TANH_4, 2 },
	};

	return odd_function(x, ASH_FN_TANH_LOW, ranges, 5);
}

uint32_t ash_f32_erf(uint32_t x)
{
	static const struct range ranges[] = {
		{ ASH_FN_ERF_0, 3 },
		{ ASH_FN_ERF_1, 4 },
		{ ASH_FN_ERF_2, 4 },
	};

	return odd_function(x, ASH_FN_ERF_LOW, ranges, 3);
}
