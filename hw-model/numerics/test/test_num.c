// SPDX-License-Identifier: MIT
/* Scalars: against the host's arithmetic, and conversions against all neighbours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>

#include "ash_num.h"
#include "host_fp.h"

/* fp32 values at which something changes, each with both signs */
static const uint32_t edges[] = {
	0,	    1,		0x007fffff, 0x00800000, 0x00800001, 0x00ffffff,
	0x01000000, 0x0c000000, 0x0c7fffff, 0x1f800000, 0x20000000, 0x203504f3,
	0x207fffff, 0x33000000, 0x33800000, 0x3effffff, 0x3f000000, 0x3f000001,
	0x3f7fffff, 0x3f800000, 0x3f800001, 0x3fffffff, 0x40000000, 0x4affffff,
	0x4b000000, 0x4b000001, 0x4b7fffff, 0x4b800000, 0x4effffff, 0x4f000000,
	0x5f7fffff, 0x5f800000, 0x7effffff, 0x7f000000, 0x7f7ffffe, 0x7f7fffff,
	0x7f800000, 0x7f800001, 0x7fbfffff, 0x7fc00000, 0x7fffffff,
};
#define EDGES (2 * sizeof(edges) / sizeof(edges[0]))

static uint32_t edge(size_t i)
{
	return edges[i / 2] | (i & 1 ? 0x80000000u : 0);
}

static void one_pair(uint32_t x, uint32_t y)
{
	volatile float a = host_float(x), b = host_float(y);
	uint32_t sum = host_canonical(a + b), diff = host_canonical(a - b),
		 prod = host_canonical(a * b);

	if (ash_f32_add(x, y) != sum || ash_f32_sub(x, y) != diff ||
	    ash_f32_mul(x, y) != prod)
		fail_msg(
			"%08x, %08x: sum %08x host %08x, difference %08x host %08x, product %08x host %08x",
			x, y, ash_f32_add(x, y), sum, ash_f32_sub(x, y), diff,
			ash_f32_mul(x, y), prod);
}

/* The board's rules are the host's with flush-to-zero and denormals-are-zeros. */
static void test_host(void **state)
{
	struct host_random r = { 1 };
#if HOST_HAS_FTZ
	unsigned int modes = _mm_getcsr();

	_mm_setcsr(0x1f80 | 0x8040);
#else
	skip();
#endif
	(void)state;
	for (size_t i = 0; i < EDGES; i++)
		for (size_t j = 0; j < EDGES; j++)
			one_pair(edge(i), edge(j));
	for (int i = 0; i < 6000000; i++) {
		uint32_t x = host_next(&r), y = host_next(&r);

		switch (i % 6) {
		case 1: /* close exponents: cancellation */
			y = (x & 0x7f800000) + (y & 0x81ffffff) - 0x00800000;
			break;
		case 2: /* up to 31 apart: every alignment */
			y = (x & 0x7f800000) - (y & 0x0f800000) +
			    (y & 0x807fffff);
			break;
		case 3: /* few significant bits: ties */
			x &= 0xfffff000;
			y &= 0xff800fff;
			break;
		case 4: /* products around the smallest normal number */
			y = 0x40000000 - (x & 0x7f800000) + (y & 0x80ffffff);
			break;
		case 5:
			y = edge(y % EDGES);
			break;
		}
		one_pair(x, y);
	}
#if HOST_HAS_FTZ
	_mm_setcsr(modes);
#endif
}

/* Products of 16-bit floats are exact, so rounding never happens in them. */
static void test_exact_products(void **state)
{
	struct host_random r = { 2 };

	(void)state;
	for (int i = 0; i < 2000000; i++) {
		uint32_t v = host_next(&r);
		uint16_t x = (uint16_t)v, y = (uint16_t)(v >> 16);
		uint32_t fx = ash_f16_to_f32(x), fy = ash_f16_to_f32(y);
		uint32_t bx = ash_bf16_to_f32(x), by = ash_bf16_to_f32(y);
		double p = (double)host_float(fx) * (double)host_float(fy);
		double q = (double)host_float(bx) * (double)host_float(by);

		if (p == p)
			assert_true((double)host_float(ash_f32_mul(fx, fy)) ==
				    p);
		else
			assert_int_equal(ash_f32_mul(fx, fy), ASH_F32_NAN);
		if (q == q && fabs(q) < 0x1p-126)
			assert_int_equal(ash_f32_mul(bx, by) & 0x7fffffff, 0);
		else if (q == q && fabs(q) >= 0x1p128)
			assert_int_equal(ash_f32_mul(bx, by) & 0x7fffffff,
					 ASH_F32_INF);
		else if (q == q)
			assert_true((double)host_float(ash_f32_mul(bx, by)) ==
				    q);
		else
			assert_int_equal(ash_f32_mul(bx, by), ASH_F32_NAN);
	}
}

static double f16_value(uint16_t h)
{
	int e = h >> 10 & 31;
	double m = h & 0x3ff;
	double v = e ? ldexp(m + 1024, e - 25) : ldexp(m, -24);

	return h & 0x8000 ? -v : v;
}

/* Widening: all values. Narrowing: all values and all points between two. */
static void test_f16(void **state)
{
	(void)state;
	for (uint32_t h = 0; h < 0x10000; h++) {
		uint32_t f = ash_f16_to_f32((uint16_t)h);
		uint32_t mag = h & 0x7fff, sign = h & 0x8000, half;

		if (mag > 0x7c00) {
			assert_int_equal(f, ASH_F32_NAN);
			assert_int_equal(ash_f32_to_f16(0x7f800001 | h << 16),
					 ASH_F16_NAN);
			continue;
		}
		assert_int_equal(ash_f32_to_f16(f), h);
		if (mag == 0x7c00) {
			assert_int_equal(f & 0x7fffffff, ASH_F32_INF);
			continue;
		}
		assert_true((double)host_float(f) == f16_value((uint16_t)h));
		/* the point halfway to the next, and its neighbours */
		half = host_bits((float)((f16_value((uint16_t)h) +
					  f16_value((uint16_t)(h + 1))) /
					 2));
		if (mag == 0x7bff)
			half = 0x477ff000 | sign << 16;
		assert_int_equal(ash_f32_to_f16(half - 1), h);
		assert_int_equal(ash_f32_to_f16(half), h & 1 ? h + 1 : h);
		assert_int_equal(ash_f32_to_f16(half + 1), h + 1);
	}
	assert_int_equal(ash_f32_to_f16(0x00000001), 0);
	assert_int_equal(ash_f32_to_f16(0x807fffff), 0x8000);
	assert_int_equal(ash_f32_to_f16(0x7f7fffff), 0x7c00);
}

static void test_bf16(void **state)
{
	(void)state;
	for (uint32_t h = 0; h < 0x10000; h++) {
		uint32_t f = ash_bf16_to_f32((uint16_t)h);
		uint32_t mag = h & 0x7fff;

		if (mag > 0x7f80) {
			assert_int_equal(f, ASH_F32_NAN);
			assert_int_equal(ash_f32_to_bf16(h << 16 | 1),
					 ASH_BF16_NAN);
			continue;
		}
		assert_int_equal(f, mag < 0x80 ? (h & 0x8000) << 16 : h << 16);
		assert_int_equal(ash_f32_to_bf16(h << 16),
				 mag < 0x80 ? h & 0x8000 : h);
		if (mag < 0x80 || mag == 0x7f80)
			continue;
		assert_int_equal(ash_f32_to_bf16(h << 16 | 0x7fff), h);
		assert_int_equal(ash_f32_to_bf16(h << 16 | 0x8000),
				 h & 1 ? h + 1 : h);
		assert_int_equal(ash_f32_to_bf16(h << 16 | 0x8001), h + 1);
	}
	assert_int_equal(ash_f32_to_bf16(0x007fffff), 0);
}

static void one_to_int(uint32_t x)
{
	double v = (double)host_float(x);
	double n = nearbyint(v);
	int32_t i32 = n != n		? 0 :
		      n >= 2147483648.0 ? INT32_MAX :
		      n < -2147483648.0 ? INT32_MIN :
					  (int32_t)n;
	int8_t i8 = (int8_t)(n != n ? 0 : n > 127 ? 127 : n < -128 ? -128 : n);

	if (ash_f32_to_i32(x) != i32 || ash_f32_to_i8(x) != i8)
		fail_msg("%08x: %d should be %d, %d should be %d", x,
			 ash_f32_to_i32(x), i32, ash_f32_to_i8(x), i8);
}

static void one_from_int(uint32_t x)
{
	int32_t i = (int32_t)x;
	volatile float f = (float)i;

	assert_int_equal(ash_i32_to_f32(i), host_bits(f));
	assert_int_equal(ash_i32_to_i8(i), i > 127 ? 127 : i < -128 ? -128 : i);
}

static void test_integers(void **state)
{
	struct host_random r = { 3 };

	(void)state;
	for (size_t i = 0; i < EDGES; i++)
		one_to_int(edge(i));
	/* every half and its neighbours where rounding can still happen */
	for (int e = -3; e < 34; e++) {
		for (int i = 0; i < 4000; i++) {
			float v = (float)ldexp(
				1.0 + (host_next(&r) >> (8 + i % 20)) * 0x1p-24,
				e);
			uint32_t half =
				host_bits((float)(floor((double)v) + 0.5));

			for (uint32_t s = 0; s < 2; s++) {
				one_to_int(host_bits(v) ^ s << 31);
				one_to_int((half - 1) ^ s << 31);
				one_to_int(half ^ s << 31);
				one_to_int((half + 1) ^ s << 31);
			}
		}
	}
	for (uint32_t i = 0; i < 3000000; i++) {
		uint32_t v = host_next(&r);

		one_to_int(v);
		one_from_int(i % 2 ? v : v >> v % 32);
		one_from_int(0u - (v >> v % 32));
	}
	for (int s = 0; s < 32; s++) {
		for (int d = -300; d <= 300; d++) {
			one_from_int((1u << s) + (uint32_t)d);
			one_from_int((3u << s) + (uint32_t)d);
		}
	}
}

static void one_order(uint32_t x, uint32_t y)
{
	uint32_t a = ash_f32_read(x), b = ash_f32_read(y);
	float fa = host_float(a), fb = host_float(b);
	uint32_t max, min;

	if (fa != fa || fb != fb) {
		max = min = ASH_F32_NAN;
	} else if (fa == fb) {
		max = a & b; /* equal, or zeros of which one is +0 */
		min = a | b;
	} else {
		max = fa > fb ? a : b;
		min = fa > fb ? b : a;
	}
	assert_int_equal(ash_f32_max(x, y), max);
	assert_int_equal(ash_f32_min(x, y), min);
}

static void test_order(void **state)
{
	struct host_random r = { 4 };

	(void)state;
	for (size_t i = 0; i < EDGES; i++) {
		uint32_t x = edge(i);
		uint32_t mag = x & 0x7fffffff;

		for (size_t j = 0; j < EDGES; j++)
			one_order(x, edge(j));
		assert_int_equal(ash_f32_read(x), mag > ASH_F32_INF ?
							  ASH_F32_NAN :
						  mag < 0x800000 ? x - mag :
								   x);
		assert_int_equal(ash_f32_relu(x),
				 mag > ASH_F32_INF	   ? ASH_F32_NAN :
				 x >> 31 || mag < 0x800000 ? 0 :
							     x);
	}
	for (int i = 0; i < 1000000; i++) {
		uint32_t x = host_next(&r);

		one_order(x, host_next(&r));
		one_order(x, x ^ (host_next(&r) & 0x80000003));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_exact_products),
		cmocka_unit_test(test_f16),
		cmocka_unit_test(test_bf16),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("scalars", tests, NULL, NULL);
}
