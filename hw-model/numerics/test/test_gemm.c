// SPDX-License-Identifier: MIT
/*
 * ash_ref_gemm against the scalars one by one, against the matrix and vector
 * commands, and against double precision within the bound of README.md.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <fenv.h>
#include <math.h>
#include <stdlib.h>

#include "ash_gemm.h"
#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "host_fp.h"

#define MAX 40

static struct host_random rnd = { 5 };
static uint8_t a[2 * MAX * 2 * MAX], b[2 * MAX * 2 * MAX], c[4 * MAX * MAX];
static uint32_t bias[MAX], scale[MAX];

/* kind 0: moderate numbers; 1: any bits; 2: few values and specials; 3: tiny and huge */
static void fill(uint8_t *p, enum ash_type type, int kind)
{
	static const uint16_t special[2][8] = {
		{ 0, 0x8000, 0x7f80, 0xff80, 0x7fc0, 0x0001, 0x0080, 0x7f7f },
		{ 0, 0x8000, 0x7c00, 0xfc00, 0x7e00, 0x0001, 0x0400, 0x7bff }
	};

	for (size_t i = 0; i < 2 * MAX * MAX; i++) {
		uint32_t v = host_next(&rnd);
		bool bf = type == ASH_BF16;

		if (kind == 0)
			v = bf ? (v & 0x81ff) | 0x3e00 : (v & 0x8fff) | 0x3000;
		else if (kind == 2)
			v = v >> 16 & 15 ?
				    (bf ? 0x3f80 : 0x3c00) | (v & 0x8040) :
				    special[!bf][v & 7];
		else if (kind == 3)
			v = bf ? (v & 0x80ff) | (v & 0x10000 ? 0x2000 :
						 v & 0x20000 ? 0x1f80 :
							       0x5f00) :
				 (v & 0x83ff) | (v & 0x10000 ? 0 : 0x7800);
		if (type == ASH_INT8)
			v = host_next(&rnd);
		p[2 * i] = (uint8_t)v;
		p[2 * i + 1] = (uint8_t)(v >> 8);
	}
}

static uint32_t wide(enum ash_type type, const uint8_t *p, size_t i)
{
	if (type == ASH_INT8)
		return (uint32_t)(int8_t)p[i];
	if (type == ASH_BF16)
		return ash_bf16_to_f32(
			(uint16_t)(p[2 * i] | p[2 * i + 1] << 8));
	return ash_f16_to_f32((uint16_t)(p[2 * i] | p[2 * i + 1] << 8));
}

static uint32_t at(const struct ash_gemm *g, bool of_b, size_t row, size_t col)
{
	const uint8_t *p = of_b ? b : a;
	size_t ld = of_b ? g->ldb : g->lda;
	bool t = of_b ? g->transpose_b : g->transpose_a;

	return wide(g->type, p, t ? col * ld + row : row * ld + col);
}

/* One element the slow way, in the unit's order of operations. */
static uint32_t expected(const struct ash_gemm *g, size_t row, size_t col)
{
	uint32_t sum = 0, s;
	bool integer = g->type == ASH_INT8;

	for (size_t k = 0; k < g->k; k++) {
		uint32_t x = at(g, false, row, k), y = at(g, true, k, col);

		sum = integer ? sum + x * y :
				ash_f32_add(sum, ash_f32_mul(x, y));
	}
	if (g->bias)
		sum = integer ? sum + g->bias[col] :
				ash_f32_add(sum, g->bias[col]);
	if (g->scale) {
		s = g->scale[g->scale_per_column ? col : 0];
		sum = ash_f32_mul(integer ? ash_i32_to_f32((int32_t)sum) : sum,
				  s);
		integer = false;
	}
	if (g->relu)
		sum = integer ? ((int32_t)sum < 0 ? 0 : sum) :
				ash_f32_relu(sum);
	if (integer && g->out == ASH_I32)
		return sum;
	if (integer && g->out == ASH_INT8)
		return (uint8_t)ash_i32_to_i8((int32_t)sum);
	if (integer)
		sum = ash_i32_to_f32((int32_t)sum);
	switch (g->out) {
	case ASH_I32:
		return (uint32_t)ash_f32_to_i32(sum);
	case ASH_INT8:
		return (uint8_t)ash_f32_to_i8(sum);
	case ASH_BF16:
		return ash_f32_to_bf16(sum);
	case ASH_FP16:
		return ash_f32_to_f16(sum);
	default:
		return sum;
	}
}

static uint32_t result(const struct ash_gemm *g, size_t row, size_t col)
{
	size_t size = ash_type_size(g->out);
	uint32_t v = 0;

	for (size_t i = 0; i < size; i++)
		v |= (uint32_t)c[(row * g->ldc + col) * size + i] << 8 * i;
	return v;
}

static size_t below(size_t n)
{
	return host_next(&rnd) % n;
}

static struct ash_gemm random_gemm(void)
{
	struct ash_gemm g = { 0 };

	g.type = (enum ash_type)below(3);
	g.out = (enum ash_type)below(5);
	g.m = 1 + below(MAX);
	g.n = 1 + below(MAX);
	g.k = below(MAX + 1);
	g.transpose_a = below(2);
	g.transpose_b = below(2);
	g.lda = (g.transpose_a ? g.m : g.k) + below(MAX);
	g.ldb = (g.transpose_b ? g.k : g.n) + below(MAX);
	g.ldc = g.n;
	g.a = a;
	g.b = b;
	g.c = c;
	g.bias = below(2) ? bias : NULL;
	g.scale = below(2) ? scale : NULL;
	g.scale_per_column = below(2);
	g.relu = below(2);
	return g;
}

static void test_scalars(void **state)
{
	(void)state;
	for (int i = 0; i < 3000; i++) {
		struct ash_gemm g = random_gemm();
		fenv_t modes;

		g.lda = g.lda > MAX ? MAX : g.lda;
		g.ldb = g.ldb > MAX ? MAX : g.ldb;
		fill(a, g.type, (int)below(4));
		fill(b, g.type, (int)below(4));
		for (size_t j = 0; j < MAX; j++) {
			bias[j] = g.type == ASH_INT8 ?
					  host_next(&rnd) >> 12 :
					  (host_next(&rnd) & 0x80ffffff) |
						  0x40000000;
			scale[j] = below(9) ?
					   (host_next(&rnd) & 0x807fffff) |
						   (uint32_t)(100 + below(50))
							   << 23 :
					   host_next(&rnd);
		}
		/* the host's rounding mode must not matter, nor be lost */
		fegetenv(&modes);
		fesetround(i & 1 ? FE_UPWARD : FE_TOWARDZERO);
		assert_int_equal(ash_ref_gemm(&g), 0);
		assert_int_equal(fegetround(),
				 i & 1 ? FE_UPWARD : FE_TOWARDZERO);
		fesetenv(&modes);
		for (size_t row = 0; row < g.m; row++)
			for (size_t col = 0; col < g.n; col++)
				if (result(&g, row, col) !=
				    expected(&g, row, col))
					fail_msg(
						"gemm %d type %d out %d k %zu: C[%zu][%zu] is %x, should be %x",
						i, (int)g.type, (int)g.out, g.k,
						row, col, result(&g, row, col),
						expected(&g, row, col));
	}
}

/* One tile through the commands of the units gives the same. */
static void test_units(void **state)
{
	enum { N = 8, K = 24 };
	static uint8_t spad[65536];
	static uint32_t acc[N * N];
	struct ash_tile t = { N, 1, sizeof(spad), spad, acc };
	const uint32_t types[] = { ASHLAR_MATRIX_CFG_TYPE_INT8,
				   ASHLAR_MATRIX_CFG_TYPE_BF16,
				   ASHLAR_MATRIX_CFG_TYPE_FP16 };

	(void)state;
	for (int i = 0; i < 600; i++) {
		struct ash_gemm g = { .m = N,
				      .n = N,
				      .k = K,
				      .a = a,
				      .b = b,
				      .c = c,
				      .out = ASH_F32,
				      .ldc = N };
		struct ash_matrix_cmd m = { .a_pitch = 64,
					    .b_addr = 4096,
					    .b_pitch = 64,
					    .k = K,
					    .tiles = 1,
					    .parts = 1 };
		struct ash_vector_cmd v = { .dst = 8192,
					    .dst_pitch = 4 * N,
					    .rows = N,
					    .groups = 1,
					    .src_pitch = 1 };
		struct ash_cmd_error err;

		g.type = (enum ash_type)(i % 3);
		g.lda = g.ldb = 64 / ash_type_size(g.type);
		g.transpose_b = true;
		g.relu = i & 1;
		fill(a, g.type, (int)below(4));
		fill(b, g.type, (int)below(4));
		memcpy(spad, a, N * 64);
		memcpy(spad + 4096, b, N * 64);
		m.cfg = types[g.type];
		v.cfg = g.type == ASH_INT8 ? ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32 :
					     ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32;
		v.cfg |= ASHLAR_VECTOR_CFG_SRC_FMT_F32
			 << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT;
		v.cfg |= g.relu ? ASHLAR_VECTOR_CFG_RELU_MASK : 0;
		assert_int_equal(ash_ref_gemm(&g), 0);
		assert_int_equal(ash_matrix_run(&t, &m, &err), 0);
		assert_int_equal(ash_vector_run(&t, &v, &err), 0);
		assert_memory_equal(c, spad + 8192, 4 * N * N);
	}
}

/* |result - exact| <= k * 2^-24 / (1 - k * 2^-24) * sum |products|, see README.md */
static void test_bound(void **state)
{
	(void)state;
	for (int i = 0; i < 400; i++) {
		struct ash_gemm g = { .m = MAX,
				      .n = MAX,
				      .k = MAX,
				      .a = a,
				      .b = b,
				      .c = c,
				      .out = ASH_F32 };

		g.type = i & 1 ? ASH_BF16 : ASH_FP16;
		g.lda = g.ldb = g.ldc = MAX;
		fill(a, g.type, 0);
		fill(b, g.type, 0);
		assert_int_equal(ash_ref_gemm(&g), 0);
		for (size_t row = 0; row < MAX; row++) {
			for (size_t col = 0; col < MAX; col++) {
				double sum = 0, mag = 0, e = MAX * 0x1p-24;

				for (size_t k = 0; k < MAX; k++) {
					double p = (double)host_float(at(
							   &g, false, row, k)) *
						   (double)host_float(at(
							   &g, true, k, col));

					sum += p;
					mag += fabs(p);
				}
				assert_true(fabs((double)host_float(
							 result(&g, row, col)) -
						 sum) <= e / (1 - e) * mag);
			}
		}
	}
}

static void test_refused(void **state)
{
	struct ash_gemm good = {
		.m = 3, .n = 4, .k = 5, .a = a, .b = b, .c = c, .out = ASH_F32
	};
	struct ash_gemm g;

	(void)state;
	good.lda = 5;
	good.ldb = good.ldc = 4;
	assert_int_equal(ash_ref_gemm(&good), 0);
#define REFUSED(change)                                      \
	do {                                                 \
		g = good;                                    \
		change;                                      \
		assert_int_equal(ash_ref_gemm(&g), -EINVAL); \
	} while (0)
	REFUSED(g.type = ASH_F32);
	REFUSED(g.type = (enum ash_type)9);
	REFUSED(g.out = (enum ash_type)9);
	REFUSED(g.lda = 4);
	REFUSED(g.ldb = 3);
	REFUSED(g.ldc = 3);
	REFUSED(g.transpose_b = true);
	REFUSED((g.transpose_a = true, g.lda = 2));
	REFUSED(g.a = NULL);
	REFUSED(g.b = NULL);
	REFUSED(g.c = NULL);
	g = good;
	g.n = SIZE_MAX / 8;
	g.ldb = g.ldc = SIZE_MAX / 8;
	assert_int_equal(ash_ref_gemm(&g), -ENOMEM);
	g = good;
	g.m = 0;
	g.c = NULL;
	assert_int_equal(ash_ref_gemm(&g), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scalars),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
