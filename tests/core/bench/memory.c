// SPDX-License-Identifier: MIT
// Loads and stores: copies, a prefix sum, a table walked in steps.
#include <stdint.h>

#define N 16384

static uint32_t a[N], b[N];
static uint8_t bytes[N];

int main(void)
{
	uint32_t sum = 0, at = 0;

	for (uint32_t i = 0; i < N; i++)
		a[i] = i * 2654435761u;
	for (int round = 0; round < 500; round++) {
		for (uint32_t i = 0; i < N; i++)
			b[i] = a[i];
		for (uint32_t i = 1; i < N; i++)
			b[i] += b[i - 1];
		for (uint32_t i = 0; i < N; i++) {
			bytes[at] = (uint8_t)b[i];
			at = (at + 4099) % N;
			sum += bytes[i];
		}
		a[round] ^= sum;
	}
	return sum == 0;
}
