// SPDX-License-Identifier: MIT
#include <stdio.h>

#include "suite.h"

int main(void)
{
	struct suite_result (*const suites[])(void) = {
		suite_drivers, suite_rom, suite_job,	suite_ctrl,
		suite_run,     suite_log, suite_random,
	};
	int total = 0, failed = 0;
	size_t i;

	for (i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct suite_result r = suites[i]();

		total += r.total;
		failed += r.failed;
	}
	printf("%d passed, %d failed\n", total - failed, failed);
	return failed != 0;
}
