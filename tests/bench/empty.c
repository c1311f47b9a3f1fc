/* SPDX-License-Identifier: MIT */
/* A kernel that does nothing: what a launch itself costs. */
#include <ashlar/kernel.h>

struct empty_args {
	uint32_t unused;
};

ASHLAR_KERNEL(empty, struct empty_args)
{
	return args->unused;
}
