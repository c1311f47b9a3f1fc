/* SPDX-License-Identifier: MIT */
/*
 * The four functions that the compiler may call on its own. Kernels get no C
 * library; what is declared here is all there is (besides libgcc's
 * arithmetic).
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memmove(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);
int memcmp(const void *a, const void *b, size_t bytes);

void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if ((((uintptr_t)t | (uintptr_t)f) & 3) == 0) {
		for (; bytes >= 4; bytes -= 4, t += 4, f += 4)
			*(uint32_t *)t = *(const uint32_t *)f;
	}
	while (bytes--)
		*t++ = *f++;
	return to;
}

void *memmove(void *to, const void *from, size_t bytes)
{
	uint8_t *t = to;
	const uint8_t *f = from;

	if ((uintptr_t)t - (uintptr_t)f >= bytes)
		return memcpy(to, from, bytes);
	while (bytes--)
		t[bytes] = f[bytes];
	return to;
}

void *memset(void *to, int value, size_t bytes)
{
	uint32_t word = (uint8_t)value * 0x01010101u;
	uint8_t *t = to;

	if (((uintptr_t)t & 3) == 0) {
		for (; bytes >= 4; bytes -= 4, t += 4)
			*(uint32_t *)t = word;
	}
	while (bytes--)
		*t++ = (uint8_t)value;
	return to;
}

int memcmp(const void *a, const void *b, size_t bytes)
{
	const uint8_t *x = a;
	const uint8_t *y = b;

	for (; bytes; bytes--, x++, y++) {
		if (*x != *y)
			return *x - *y;
	}
	return 0;
}
