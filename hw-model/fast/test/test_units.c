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
				.cfg = type | ASHLAR_MATRIX_CFG_ACCUMULATE_MASK
			};

			units_fill_matrix(&p, type);
			assert_int_equal(units_matrix_differs(&p, u, &c), 0);
		}
	}
	units_pair_exit(&p);
}

/* Every CFG that the unit takes, on each size of the array. */
static void test_vector_all(void **state)
{
	const struct fast_units *u;

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;
		uint32_t good = 0;

		start(&p, sizes[s], VECTOR_SPAD, seed + 3);
		for (uint32_t cfg = 0; cfg < 1u << 16; cfg++) {
			struct ash_vector_cmd c = { .cfg = cfg, .rows = 1 };
			struct ash_cmd_error err;

			/* without SRC2, its operation is not looked at */
			if (!(cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK) &&
			    cfg >> ASHLAR_VECTOR_CFG_SRC2_OP_SHIFT)
				continue;
			if (ash_vector_check(&p.ref, &c, &err))
				continue;
			good++;
			EACH_UNITS(m, u)
			{
				units_fill_vector(&p, cfg);
				c = units_vector_cmd(&p, cfg);
				assert_int_equal(
					units_vector_differs(&p, u, &c), 0);
			}
		}
		assert_int_equal(good, 7 * 5 * 6 * 2 * 3 * 2);
		units_pair_exit(&p);
	}
}

static void test_vector_random(void **state)
{
	const struct fast_units *u;

	(void)state;
	for (size_t s = 0; s < 4; s++) {
		struct units_pair p;

		start(&p, sizes[s], VECTOR_SPAD, seed + 4);
		for (unsigned int i = 0; i < 3 * commands; i++)
			EACH_UNITS(m, u)
		assert_int_equal(units_random_vector(&p, u), 0);
		units_pair_exit(&p);
	}
}

static const struct fast_units chosen = { "chosen", fast_matrix_run,
					  fast_vector_run };

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
		cmocka_unit_test(test_vector_all),
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
