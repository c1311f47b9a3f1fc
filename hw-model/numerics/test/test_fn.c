// SPDX-License-Identifier: MIT
/*
 * The functions against the C library in double precision: how far each is off, in
 * units in the last place; special values; that none goes down where it should
 * go up, nor up where it should go down.
 *   test_fn          a sample of all arguments, and those around segments
 *   test_fn all      every argument; many minutes
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>

#include "ash_num.h"
#include "host_fp.h"

#define SIGN 0x80000000u

static uint32_t stride = 4099;

static double recip(double x)
{
	return 1 / x;
}

static double rsqrt(double x)
{
	return 1 / sqrt(x);
}

/* The bounds are those of README.md. */
static const struct function {
	const char *name;
	uint32_t (*f)(uint32_t);
	double (*exact)(double);
	double ulp;
	bool falls;
} functions[] = {
	{ "exp", ash_f32_exp, exp, 0.93, false },
	{ "log", ash_f32_log, log, 0.72, false },
	{ "recip", ash_f32_recip, recip, 0.90, true },
	{ "rsqrt", ash_f32_rsqrt, rsqrt, 0.65, true },
	{ "sqrt", ash_f32_sqrt, sqrt, 0.66, false },
	{ "tanh", ash_f32_tanh, tanh, 0.75, false },
	{ "erf", ash_f32_erf, erf, 0.75, false },
};
#define FUNCTIONS (sizeof(functions) / sizeof(functions[0]))

static void wrong(const struct function *f, uint32_t x, const char *what)
{
	fail_msg("%s(%08x) is %08x, %.9g of %.9g: %s", f->name, x, f->f(x),
		 (double)host_float(f->f(x)), (double)host_float(x), what);
}

/* An argument as the board reads it. */
static uint32_t as_read(uint32_t x)
{
	return (x & ~SIGN) < 0x00800000 ? x & SIGN : x;
}

/* What the rules say: infinity, NaN and zeros are the C library's. */
static uint32_t one(const struct function *f, uint32_t x)
{
	double y = f->exact((double)host_float(as_read(x)));
	uint32_t got = f->f(x);
	double mag = fabs(y), off;

	if (y != y) {
		if (got != ASH_F32_NAN)
			wrong(f, x, "should be NaN");
		return got;
	}
	if (!signbit(y) != !(got >> 31))
		wrong(f, x, "has the wrong sign");
	/* rounded to 24 bits first */
	if (mag < 0x1p-126 * (1 - 0x1p-25)) {
		if (got & ~SIGN)
			wrong(f, x, "should be flushed");
		return got;
	}
	if (mag >= 0x1p128 * (1 - 0x1p-25)) {
		if ((got & ~SIGN) != ASH_F32_INF)
			wrong(f, x, "should be infinite");
		return got;
	}
	off = fabs((double)host_float(got) - y);
	if (off > f->ulp * ldexp(1, ilogb(y) - 23))
		wrong(f, x, "is too far off");
	return got;
}

/*
 * The arguments from, from + step, ... to (of a magnitude, both signs): how far
 * off, and in order.
 */
static void walk(const struct function *f, uint32_t from, uint32_t to,
		 uint32_t step)
{
	for (uint32_t sign = 0; sign < 2; sign++) {
		bool falls = f->falls != sign;
		float before = NAN;

		for (uint64_t m = from; m <= to; m += step) {
			uint32_t x = (uint32_t)m | sign << 31;
			float y = host_float(one(f, x));

			/* NaN is in no order */
			if (falls ? y > before : y < before)
				wrong(f, x, "is not monotonic");
			before = y;
		}
	}
}

static void test_accuracy(void **state)
{
	(void)state;
	for (size_t i = 0; i < FUNCTIONS; i++) {
		walk(&functions[i], 0, 0x7fffffff, stride);
		walk(&functions[i], 0x7f7ffff0, 0x7f800010, 1);
	}
}

/*
 * Around every fraction at which a segment of any function may begin, for all
 * exponents.
 */
static void test_segments(void **state)
{
	(void)state;
	for (size_t i = 0; i < FUNCTIONS; i++)
		for (uint32_t at = 0x00800000; at < 0x7f800000; at += 1u << 15)
			walk(&functions[i], at - 1, at + 1, 1);
}

static void test_special(void **state)
{
	static const struct {
		uint32_t x;
		uint32_t y[FUNCTIONS];
	} cases[] = {
		/* exp, log, recip, rsqrt, sqrt, tanh, erf */
		{ 0x00000000,
		  { 0x3f800000, 0xff800000, 0x7f800000, 0x7f800000, 0, 0, 0 } },
		{ 0x80000000,
		  { 0x3f800000, 0xff800000, 0xff800000, 0xff800000, SIGN, SIGN,
		    SIGN } },
		{ 0x7f800000,
		  { 0x7f800000, 0x7f800000, 0, 0, 0x7f800000, 0x3f800000,
		    0x3f800000 } },
		{ 0xff800000,
		  { 0, ASH_F32_NAN, SIGN, ASH_F32_NAN, ASH_F32_NAN, 0xbf800000,
		    0xbf800000 } },
		/* denormals are zeros */
		{ 0x007fffff,
		  { 0x3f800000, 0xff800000, 0x7f800000, 0x7f800000, 0, 0, 0 } },
		{ 0x80000001,
		  { 0x3f800000, 0xff800000, 0xff800000, 0xff800000, SIGN, SIGN,
		    SIGN } },
		{ 0x7f800001,
		  { ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN,
		    ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN } },
		{ 0xffffffff,
		  { ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN,
		    ASH_F32_NAN, ASH_F32_NAN, ASH_F32_NAN } },
	};

	(void)state;
	for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++)
		for (size_t i = 0; i < FUNCTIONS; i++)
			if (functions[i].f(cases[c].x) != cases[c].y[i])
				wrong(&functions[i], cases[c].x, "is special");
}

/* Where the true result is an fp32 of few bits, it is the result. */
static void test_exact(void **state)
{
	(void)state;
	assert_int_equal(ash_f32_log(0x3f800000), 0);
	for (int e = -126; e <= 126; e++) {
		uint32_t two = host_bits(ldexpf(1, e));

		assert_int_equal(ash_f32_recip(two), host_bits(ldexpf(1, -e)));
		if (e % 2)
			continue;
		assert_int_equal(ash_f32_sqrt(two),
				 host_bits(ldexpf(1, e / 2)));
		assert_int_equal(ash_f32_rsqrt(two),
				 host_bits(ldexpf(1, -e / 2)));
	}
	/* all squares of 12-bit numbers, at two exponents */
	for (int i = 1; i < 4096; i++) {
		float x = (float)i;

		assert_int_equal(ash_f32_sqrt(host_bits(x * x)), host_bits(x));
		assert_int_equal(ash_f32_sqrt(host_bits(x * x * 0x1p-40f)),
				 host_bits(x * 0x1p-20f));
	}
}

/* -f(x) is f(-x), to the bit. */
static void test_odd(void **state)
{
	static const size_t odd[] = { 2, 5, 6 };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		const struct function *f = &functions[odd[i]];

		for (uint64_t x = 0; x <= 0x7f800000; x += stride)
			if ((f->f((uint32_t)x) ^ SIGN) !=
			    f->f((uint32_t)x | SIGN))
				wrong(f, (uint32_t)x, "is not odd");
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_special),
		cmocka_unit_test(test_exact),
		cmocka_unit_test(test_segments),
		cmocka_unit_test(test_accuracy),
		cmocka_unit_test(test_odd),
	};

	(void)argv;
	if (argc > 1)
		stride = 1;
	return cmocka_run_group_tests_name("functions", tests, NULL, NULL);
}
