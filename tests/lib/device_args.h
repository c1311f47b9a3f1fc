/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in device_kernels.c, for both sides. */
#ifndef DEVICE_ARGS_H
#define DEVICE_ARGS_H

#include <stdint.h>

/* dst[i] = a[i] + b[i]; tiles share the n words, n a multiple of tiles. */
struct device_sum {
	uint64_t dst, a, b; /* device addresses of uint32_t[n] */
	uint32_t n; /* 1 .. 2048 */
	uint32_t spin; /* loop turns before it begins */
};

struct device_word {
	uint64_t dst; /* device address of a uint32_t */
	uint32_t value;
	uint32_t spin;
};

struct device_code {
	uint32_t code;
	uint32_t spin;
};

/* A kernel without arguments has none to declare. */
struct device_none {
	uint32_t unused;
};

#endif
