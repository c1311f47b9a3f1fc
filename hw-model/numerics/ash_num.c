// SPDX-License-Identifier: MIT
/*
 * See ash_num.h. A finite number is handled as sign, exponent and significand
 * with value significand * 2^(exponent - 150), the significand of a normal
 * number being 2^23 .. 2^24 - 1.
 */
#include <stdbool.h>

#include "ash_num.h"

#define SIGN	 0x80000000u
#define MAG	 0x7fffffffu
#define FRACTION 0x007fffffu
#define HIDDEN	 0x00800000u

static bool is_nan(uint32_t x)
{
	return (x & MAG) > ASH_F32_INF;
}

static bool is_inf(uint32_t x)
{
	return (x & MAG) == ASH_F32_INF;
}

static int exponent(uint32_t x)
{
	return (int)(x >> 23 & 255);
}

static uint32_t significand(uint32_t x)
{
	return exponent(x) ? (x & FRACTION) | HIDDEN : 0;
}

/* x / 2^n to nearest even; n is 0..63 */
static uint64_t round_shift(uint64_t x, int n)
{
	uint64_t kept, rest, half;

	if (n == 0)
		return x;
	kept = x >> n;
	rest = x & ((UINT64_C(1) << n) - 1);
	half = UINT64_C(1) << (n - 1);
	if (rest > half || (rest == half && (kept & 1)))
		kept++;
	return kept;
}

uint32_t ash_f32_pack(uint32_t sign, int exp, uint64_t sig)
{
	int top;

	if (sig == 0)
		return sign;
	top = 63 - __builtin_clzll(sig);
	exp += top - 23;
	if (top > 23)
		sig = round_shift(sig, top - 23);
	else
		sig <<= 23 - top;
	if (sig == UINT64_C(1) << 24) {
		sig >>= 1;
		exp++;
	}
	if (exp < 1)
		return sign;
	if (exp > 254)
		return sign | ASH_F32_INF;
	return sign | (uint32_t)exp << 23 | ((uint32_t)sig & FRACTION);
}

uint32_t ash_f32_read(uint32_t x)
{
	if (is_nan(x))
		return ASH_F32_NAN;
	return exponent(x) ? x : x & SIGN;
}

uint32_t ash_bf16_to_f32(uint16_t x)
{
	return ash_f32_read((uint32_t)x << 16);
}

uint32_t ash_f16_to_f32(uint16_t x)
{
	uint32_t sign = (uint32_t)(x & 0x8000) << 16;
	int exp = x >> 10 & 31;
	uint32_t frac = x & 0x3ff;

	if (exp == 31)
		return frac ? ASH_F32_NAN : sign | ASH_F32_INF;
	/* a denormal is frac * 2^-24, 1.0 is 2^10 * 2^-10 with exponent 15 */
	if (exp == 0)
		return ash_f32_pack(sign, 150 - 24, frac);
	return ash_f32_pack(sign, 150 - 25 + exp, frac | 0x400);
}

uint16_t ash_f32_to_bf16(uint32_t x)
{
	x = ash_f32_read(x);
	if (is_nan(x))
		return ASH_BF16_NAN;
	/* the carry of the rounding may run into the exponent, as it should */
	return (uint16_t)round_shift(x, 16);
}

uint16_t ash_f32_to_f16(uint32_t x)
{
	uint16_t sign = (uint16_t)(x >> 16 & 0x8000);
	int exp = exponent(x) - 112;
	uint64_t out;

	if (is_nan(x))
		return ASH_F16_NAN;
	if (exp > 30)
		return sign | 0x7c00;
	if (exp > 0)
		out = round_shift((uint64_t)exp << 23 | (x & FRACTION), 13);
	else if (exp > -12)
		out = round_shift(significand(x), 14 - exp);
	else
		out = 0;
	return (uint16_t)(sign | out);
}

uint32_t ash_f32_add(uint32_t x, uint32_t y)
{
	uint32_t big, small;
	uint64_t a, b, lost;
	int d;

	x = ash_f32_read(x);
	y = ash_f32_read(y);
	if (is_nan(x) || is_nan(y))
		return ASH_F32_NAN;
	if (is_inf(x) || is_inf(y)) {
		if (is_inf(x) && is_inf(y) && x != y)
			return ASH_F32_NAN;
		return is_inf(x) ? x : y;
	}
	if ((x & MAG) == 0 && (y & MAG) == 0)
		return x & y;
	big = (x & MAG) >= (y & MAG) ? x : y;
	small = big ^ x ^ y;
	a = (uint64_t)significand(big) << 32;
	b = (uint64_t)significand(small) << 32;
	d = exponent(big) - exponent(small);
	if (d > 60)
		d = 60;
	lost = b & ((UINT64_C(1) << d) - 1);
	b = b >> d | (lost != 0);
	if ((x ^ y) & SIGN) {
		if (a == b)
			return 0;
		return ash_f32_pack(big & SIGN, exponent(big) - 32, a - b);
	}
	return ash_f32_pack(big & SIGN, exponent(big) - 32, a + b);
}

uint32_t ash_f32_sub(uint32_t x, uint32_t y)
{
	return ash_f32_add(x, y ^ SIGN);
}

uint32_t ash_f32_mul(uint32_t x, uint32_t y)
{
	uint32_t sign = (x ^ y) & SIGN;

	x = ash_f32_read(x);
	y = ash_f32_read(y);
	if (is_nan(x) || is_nan(y))
		return ASH_F32_NAN;
	if (is_inf(x) || is_inf(y)) {
		if ((x & MAG) == 0 || (y & MAG) == 0)
			return ASH_F32_NAN;
		return sign | ASH_F32_INF;
	}
	return ash_f32_pack(sign, exponent(x) + exponent(y) - 150,
			    (uint64_t)significand(x) * significand(y));
}

/* Orders all numbers: the more positive, the greater; -0 just below +0. */
static int32_t order(uint32_t x)
{
	return x & SIGN ? -1 - (int32_t)(x & MAG) : (int32_t)x;
}

uint32_t ash_f32_max(uint32_t x, uint32_t y)
{
	x = ash_f32_read(x);
	y = ash_f32_read(y);
	if (is_nan(x) || is_nan(y))
		return ASH_F32_NAN;
	return order(x) > order(y) ? x : y;
}

uint32_t ash_f32_min(uint32_t x, uint32_t y)
{
	x = ash_f32_read(x);
	y = ash_f32_read(y);
	if (is_nan(x) || is_nan(y))
		return ASH_F32_NAN;
	return order(x) < order(y) ? x : y;
}

uint32_t ash_f32_relu(uint32_t x)
{
	x = ash_f32_read(x);
	return (x & SIGN) && !is_nan(x) ? 0 : x;
}

uint32_t ash_i32_to_f32(int32_t x)
{
	uint32_t mag = x < 0 ? 0u - (uint32_t)x : (uint32_t)x;

	return ash_f32_pack(x < 0 ? SIGN : 0, 150, mag);
}

static int32_t to_int(uint32_t x, int32_t min, int32_t max)
{
	int shift = exponent(x) - 150;
	int64_t v;

	if (is_nan(x))
		return 0;
	if (shift > 8)
		return x & SIGN ? min : max;
	if (shift < -25)
		return 0;
	if (shift >= 0)
		v = (int64_t)significand(x) << shift;
	else
		v = (int64_t)round_shift(significand(x), -shift);
	if (x & SIGN)
		v = -v;
	if (v < min)
		return min;
	return v > max ? max : (int32_t)v;
}

int32_t ash_f32_to_i32(uint32_t x)
{
	return to_int(x, INT32_MIN, INT32_MAX);
}

int8_t ash_f32_to_i8(uint32_t x)
{
	return (int8_t)to_int(x, INT8_MIN, INT8_MAX);
}

int8_t ash_i32_to_i8(int32_t x)
{
	if (x < INT8_MIN)
		return INT8_MIN;
	return x > INT8_MAX ? INT8_MAX : (int8_t)x;
}
