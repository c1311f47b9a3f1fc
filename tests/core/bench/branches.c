// SPDX-License-Identifier: MIT
// Calls, and branches that are hard to foretell: a sieve, a search tree, sorting.
#include <stdint.h>
#include <stdlib.h>

#define N 4096

static uint8_t composite[65536];
static int32_t data[N];

static int compare(const void *p, const void *q)
{
	int32_t a = *(const int32_t *)p, b = *(const int32_t *)q;

	return (a > b) - (a < b);
}

static uint32_t collatz(uint32_t n)
{
	uint32_t steps = 0;

	for (; n != 1; steps++)
		n = n & 1 ? 3 * n + 1 : n / 2;
	return steps;
}

int main(void)
{
	uint32_t sum = 0, x = 1;

	for (uint32_t i = 2; i < sizeof(composite); i++) {
		if (composite[i])
			continue;
		sum += i;
		for (uint32_t j = 2 * i; j < sizeof(composite); j += i)
			composite[j] = 1;
	}
	for (int round = 0; round < 40; round++) {
		for (int i = 0; i < N; i++) {
			x = x * 1664525 + 1013904223;
			data[i] = (int32_t)x;
		}
		qsort(data, N, sizeof(*data), compare);
		sum += (uint32_t)data[round];
	}
	for (uint32_t n = 1; n < 300000; n++)
		sum += collatz(n);
	return sum == 0;
}
