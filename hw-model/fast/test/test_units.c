// SPDX-License-Identifier: MIT
/*
 * Each implementation that this processor can run against the references:
 *   test_units [SEED [COMMANDS [threads]]]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "ashlar_regs.h"
#include "units_random.h"

#define MATRIX_SPAD (256u << 10)
#define VECTOR_SPAD (16u << 10)
#define THREADS	    4

static const uint32_t sizes[] = { 8, 16, 32, 64 };
static uint64_t seed = 1;
static unsigned int commands = 100; /* of each test at random, for a size */

/* Loops over the implementations. */
#define EACH_UNITS(i, u) \
	for (size_t i = 0; (u = fast_units_usable(i)) != NULL; i++)

static void start(struct units_pair *p, uint32_t n, uint32_t spad, uint64_t s)
{
	assert_int_equal(units_pair_init(p, n, spad, s), 0);
}

/* Every type, form and ACCUMULATE with each of the ends of a block of k. */
static void test_matrix_all(void **state)
{
	static const uint32_t ks[] = { 1, 2, 3, 63, 64, 65, 129 };

	const struct fast_units *u;

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;

		start(&p, sizes[s], MATRIX_SPAD, seed);
		for (uint32_t i = 0; i < 3 * 8 * 7; i++) {
			uint32_t cfg = i % 3, k = ks[i / 24];
			struct ash_matrix_cmd c;

			cfg |= i / 3 & 1 ? ASHLAR_MATRIX_CFG_A_KMAJOR_MASK : 0;
			cfg |= i / 3 & 2 ? ASHLAR_MATRIX_CFG_B_KMAJOR_MASK : 0;
			cfg |= i / 3 & 4 ? ASHLAR_MATRIX_CFG_ACCUMULATE_MASK :
					   0;
			if (sizes[s] == 64 && k > 65)
				continue;
			EACH_UNITS(m, u)
			{
				units_fill_matrix(&p, i % 3);
				c = units_matrix_cmd(&p, cfg, k);
				assert_int_equal(
					units_matrix_differs(&p, u, &c), 0);
			}
		}
		units_pair_exit(&p);
	}
}

static void test_matrix_random(void **state)
{
	const struct fast_units *u;

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;

		start(&p, sizes[s], MATRIX_SPAD, seed + 1);
		for (unsigned int i = 0; i < commands; i++)
			EACH_UNITS(m, u)
		assert_int_equal(units_random_matrix(&p, u), 0);
		units_pair_exit(&p);
	}
}

/* The greatest K, with rows that lie across each other. */
static void test_matrix_longest(void **state)
{
	const struct fast_units *u;
	struct units_pair p;

	(void)state;
	start(&p, 8, MATRIX_SPAD, seed + 2);
	for (uint32_t type = 0; type < 3; type++) {
		EACH_UNITS(m, u)
		{
			struct ash_matrix_cmd c = {
				.a_pitch = 32,
				.b_addr = 64,
				.k = 65535,
				.tiles = 1,
				.parts = 1,
				.cfg = type | ASHLAR_MATRIX_CFG_ACCUMULATE_MASK
			};

			units_fill_matrix(&p, type);
			assert_int_equal(units_matrix_differs(&p, u, &c), 0);
		}
	}
	units_pair_exit(&p);
}

/* Returns how many times there is a command with these bits. */
static uint32_t vector_with(struct units_pair *p, uint32_t cfg,
			    uint32_t cfg_mask, uint32_t op, uint32_t op_mask)
{
	const struct units_vector_bits bits = { cfg, cfg_mask, op, op_mask };
	const struct fast_units *u;
	struct ash_vector_cmd c;

	EACH_UNITS(m, u)
	{
		if (units_vector_cmd(p, &bits, &c))
			return 0;
		units_fill_vector(p, c.cfg);
		assert_int_equal(units_vector_differs(p, u, &c), 0);
	}
	return 1;
}

#define CFG_MASK(name) ASHLAR_VECTOR_CFG_##name##_MASK
#define CFG(name, v)   ((uint32_t)(v) << ASHLAR_VECTOR_CFG_##name##_SHIFT)
#define OP_MASK(name)  ASHLAR_VECTOR_OP_##name##_MASK
#define OP(name, v)    ((uint32_t)(v) << ASHLAR_VECTOR_OP_##name##_SHIFT)

/* Every format with every function, reduction and transposition. */
static void test_vector_formats(void **state)
{
	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;
		uint32_t good = 0;

		start(&p, sizes[s], VECTOR_SPAD, seed + 3);
		for (uint32_t i = 0; i < 7 * 7; i++) {
			uint32_t cfg = CFG(SRC_FMT, i % 7) |
				       CFG(DST_FMT, i / 7);
			uint32_t mask = CFG_MASK(SRC_FMT) | CFG_MASK(DST_FMT);

			for (uint32_t fn = 0; fn < 10; fn++)
				good += vector_with(&p, cfg, mask, OP(FN, fn),
						    OP_MASK(FN));
			for (uint32_t red = 0; red < 9; red++)
				good += vector_with(&p, cfg, mask,
						    OP(RED_MODE, red % 3) |
							    OP(RED_OP, red / 3),
						    OP_MASK(RED_MODE) |
							    OP_MASK(RED_OP));
			good += vector_with(&p, cfg | CFG(TRANSPOSE, 1),
					    mask | CFG_MASK(TRANSPOSE), 0, 0);
		}
		/* 7 sources and 5 destinations, or nothing but a reduction */
		assert_int_equal(good, 7 * 5 * 20 + 7 * (10 + 6));
		units_pair_exit(&p);
	}
}

/* Every operation of SRC2, in both places and in every form. */
static void test_vector_src2(void **state)
{
	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;
		uint32_t good = 0;

		start(&p, sizes[s], VECTOR_SPAD, seed + 4);
		for (uint32_t i = 0; i < 7 * 16 * 7 * 2; i++) {
			/* 0, 1: immediate, words; others: rows of a format */
			uint32_t form = i / 112 % 7;
			uint32_t cfg =
				CFG(SRC_FMT, i % 7) | CFG(SRC2_OP, i / 7 % 16) |
				CFG(SRC2_LATE, i / 784) | CFG(SRC2_FMT, form) |
				CFG(SRC2_SEL, form > 1 ? 1 : 2 + form);
			uint32_t mask = CFG_MASK(SRC_FMT) | CFG_MASK(SRC2_OP) |
					CFG_MASK(SRC2_LATE) |
					CFG_MASK(SRC2_FMT) | CFG_MASK(SRC2_SEL);

			good += vector_with(&p, cfg, mask, 0, 0);
		}
		/*
		 * Early: 3 integer sources with 16 operations and 2 + 2 forms,
		 * 4 others with 10 and 2 + 3. Late, integers may have become
		 * fp32: 3 rows of fp32 with 10 operations more.
		 */
		assert_int_equal(good,
				 2 * (3 * 16 * 4 + 4 * 10 * 5) + 3 * 10 * 3);
		units_pair_exit(&p);
	}
}

/* Where everything is at its greatest. */
static void test_vector_longest(void **state)
{
	const struct fast_units *u;
	struct units_pair p;

	(void)state;
	start(&p, 8, 512u << 10, seed + 5);
	for (uint32_t most_groups = 0; most_groups < 2; most_groups++) {
		EACH_UNITS(m, u)
		{
			struct ash_vector_cmd c = {
				.cfg = CFG(SRC_FMT, 3) | CFG(DST_FMT, 3) |
				       CFG(BIAS_SEL, 3),
				.op = OP(RED_MODE, 1),
				.bias = 1024,
				.red = 1024,
				.dst = 32,
				.rows = most_groups ? 1 : 65535,
				.groups = most_groups ? 65535 : 1,
			};

			units_fill_vector(&p, c.cfg);
			assert_int_equal(units_vector_differs(&p, u, &c), 0);
		}
	}
	units_pair_exit(&p);
}

static void test_vector_random(void **state)
{
	const struct fast_units *u;

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;

		start(&p, sizes[s], VECTOR_SPAD, seed + 6);
		for (unsigned int i = 0; i < 3 * commands; i++)
			EACH_UNITS(m, u)
		assert_int_equal(units_random_vector(&p, u), 0);
		units_pair_exit(&p);
	}
}

static const struct fast_units chosen = { "chosen", fast_matrix_run,
					  fast_vector_run_part };

static void *thread(void *arg)
{
	uintptr_t number = (uintptr_t)arg, bad = 0;
	struct units_pair p;

	if (units_pair_init(&p, sizes[number % 4], 4 * VECTOR_SPAD,
			    seed + number))
		return (void *)1;
	for (unsigned int i = 0; i < commands / 4; i++) {
		bad += (uintptr_t)units_random_matrix(&p, &chosen);
		bad += (uintptr_t)units_random_vector(&p, &chosen);
	}
	units_pair_exit(&p);
	return (void *)bad;
}

/* The first calls, which choose the implementation, come from several threads. */
static void test_threads(void **state)
{
	pthread_t t[THREADS];

	(void)state;
	for (uintptr_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&t[i], NULL, thread, (void *)i),
				 0);
	for (int i = 0; i < THREADS; i++) {
		void *bad;

		assert_int_equal(pthread_join(t[i], &bad), 0);
		assert_null(bad);
	}
	assert_string_equal(fast_units_name(), fast_units_usable(0)->name);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads), /* first: it finds no choice made */
		cmocka_unit_test(test_matrix_all),
		cmocka_unit_test(test_matrix_random),
		cmocka_unit_test(test_matrix_longest),
		cmocka_unit_test(test_vector_formats),
		cmocka_unit_test(test_vector_src2),
		cmocka_unit_test(test_vector_longest),
		cmocka_unit_test(test_vector_random),
	};
	const int count = sizeof(tests) / sizeof(tests[0]);
	int failed;

	if (argc > 1)
		seed = strtoull(argv[1], NULL, 0);
	if (argc > 2)
		commands = (unsigned int)strtoul(argv[2], NULL, 0);
	if (argc > 3)
		cmocka_set_test_filter("test_threads");
	failed = cmocka_run_group_tests_name("fast units", tests, NULL, NULL);
	printf("%d passed, %d failed\n", (argc > 3 ? 1 : count) - failed,
	       failed);
	return failed != 0;
}
