/* SPDX-License-Identifier: MIT */
/*
 * A kernel that computes nothing: what a launch itself costs. It waits, so
 * that its end does not meet the firmware still at work on its start.
 */
#include <ashlar/kernel.h>

struct empty_args {
	uint32_t cycles; /* to run */
};

ASHLAR_KERNEL(empty, struct empty_args)
{
	while (ash_cycle() < args->cycles)
		;
	return 0;
}
