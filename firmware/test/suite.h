/* SPDX-License-Identifier: MIT */
/* The suites of the firmware's host tests; each returns how many failed. */
#ifndef SUITE_H
#define SUITE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#define SUITE(name, tests)                                                     \
	struct suite_result name(void)                                         \
	{                                                                      \
		int failed =                                                   \
			cmocka_run_group_tests_name(#name, tests, NULL, NULL); \
		return (struct suite_result){                                  \
			.total = (int)(sizeof(tests) / sizeof(tests[0])),      \
			.failed = failed,                                      \
		};                                                             \
	}

struct suite_result {
	int total, failed;
};

struct suite_result suite_drivers(void);
struct suite_result suite_rom(void);
struct suite_result suite_job(void);
struct suite_result suite_ctrl(void);
struct suite_result suite_run(void);
struct suite_result suite_random(void);
struct suite_result suite_log(void);

#endif
