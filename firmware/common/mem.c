// SPDX-License-Identifier: MIT
/*
 * The two library functions that the compiler calls on its own. Word copies:
 * everything they are used on is aligned.
 */
#include <stddef.h>
#include <stdint.h>

void *memcpy(void *to, const void *from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

__attribute__((used)) void *memcpy(void *to, const void *from, size_t bytes)
{
	uint8_t *d = to;
	const uint8_t *s = from;

	if (!(((uintptr_t)d | (uintptr_t)s) & 3)) {
		for (; bytes >= 4; bytes -= 4, d += 4, s += 4)
			*(uint32_t *)(void *)d =
				*(const uint32_t *)(const void *)s;
	}
	while (bytes--)
		*d++ = *s++;
	return to;
}

__attribute__((used)) void *memset(void *to, int value, size_t bytes)
{
	uint8_t *d = to;

	if (!((uintptr_t)d & 3)) {
		uint32_t word = (uint8_t)value * 0x01010101u;

		for (; bytes >= 4; bytes -= 4, d += 4)
			*(uint32_t *)(void *)d = word;
	}
	while (bytes--)
		*d++ = (uint8_t)value;
	return to;
}
