/* SPDX-License-Identifier: MIT */
/* Arguments of the softmax kernels, for kernel and host. */
#ifndef SOFTMAX_ARGS_H
#define SOFTMAX_ARGS_H

#include <stdint.h>

/* dst[r][c] = e^src[r][c] / sum over c of e^src[r][c]; fp32, contiguous. */
struct softmax_args {
	uint64_t src; /* device addresses */
	uint64_t dst;
	uint32_t rows; /* 1 .. 2^24 */
	uint32_t cols; /* 1 .. 512 */
};

#endif
