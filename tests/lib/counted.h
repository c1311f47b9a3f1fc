/* SPDX-License-Identifier: MIT */
/* cmocka, with the line that the test runner reads, and random numbers. */
#ifndef COUNTED_H
#define COUNTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Runs an array of struct CMUnitTest; the exit status of a test program. */
#define RUN_COUNTED(tests) \
	run_counted(tests, sizeof(tests) / sizeof((tests)[0]))

static inline int run_counted(const struct CMUnitTest *tests, size_t count)
{
	int failed = _cmocka_run_group_tests("", tests, count, NULL, NULL);

	if (failed < 0)
		failed = (int)count;
	printf("%zu passed, %d failed\n", count - (size_t)failed, failed);
	return failed != 0;
}

/* xorshift64*: the same numbers everywhere. State is any value but 0. */
static inline uint64_t rnd(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dull;
}

#endif
