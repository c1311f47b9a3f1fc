/* SPDX-License-Identifier: MIT */
/* Arguments of the kernel row_max, for kernel and host. */
#ifndef ROW_MAX_ARGS_H
#define ROW_MAX_ARGS_H

#include <stdint.h>

/* dst[i] = the greatest of the `pool` fp32 values src[i * pool ...]. */
struct row_max_args {
	uint64_t src; /* device addresses */
	uint64_t dst;
	uint32_t count; /* results, 1 .. 2^24 */
	uint32_t pool; /* 1 .. 64 */
};

#endif
