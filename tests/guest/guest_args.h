/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in guest_kernels.c, for both sides. */
#ifndef GUEST_ARGS_H
#define GUEST_ARGS_H

#include <stdint.h>

struct guest_args {
	uint64_t to; /* device address written */
	uint64_t from; /* device address read */
	uint32_t bytes; /* of the copy */
	uint32_t value;
	uint32_t turns; /* of an idle loop before it begins */
	uint32_t pad;
};

/* What `mix` makes of a word: order shows, as it does not commute. */
static inline uint32_t guest_mix(uint32_t word, uint32_t value)
{
	return word * 3u + value;
}

/* What `sum` exits with. */
static inline uint32_t guest_sum(const uint8_t *args, uint32_t bytes,
				 uint32_t x, uint32_t y, uint32_t z)
{
	uint32_t sum = 1 + bytes + 31 * x + 961 * y + 29791 * z;

	for (uint32_t i = 0; i < bytes; i++)
		sum = sum * 33 + args[i];
	/* Not success, and no code of the start-up code's. */
	return (sum & 0x7fffffff) | 1;
}

#endif
