// SPDX-License-Identifier: MIT
// Arithmetic in registers: random numbers, digests, now and then a division.
#include <stdint.h>

static uint32_t mix(uint32_t h, uint32_t v)
{
	h ^= v;
	h *= 0x01000193;
	h = h << 13 | h >> 19;
	return h + (h << 3);
}

int main(void)
{
	uint32_t a = 1, h = 0x811c9dc5, sum = 0;

	for (uint32_t i = 1; i <= 20000000; i++) {
		a ^= a << 13;
		a ^= a >> 17;
		a ^= a << 5;
		h = mix(h, a);
		sum += h >> 7 ^ a;
		if (!(i & 63))
			sum += h / (a | 1);
	}
	return (h ^ sum) == 0;
}
