// SPDX-License-Identifier: MIT
// A sort, a checksum with multiplications, divisions and recursion, first undisturbed, then
// again and again under interrupts at random moments. The results must not differ.
#include <stdint.h>

#define MTIME	 (*(volatile uint32_t *)0x0200bff8)
#define MTIMECMP ((volatile uint32_t *)0x02004000)

static volatile uint32_t interrupts;
static uint32_t moment = 1, data[64];

__attribute__((interrupt("machine"), aligned(4))) static void handler(void)
{
	uint32_t cause;

	__asm__ volatile(".option arch, +zicsr\n csrr %0, mcause"
			 : "=r"(cause));
	if (cause != 0x80000007) {
		*(volatile uint32_t *)0x00100000 = 97u << 16 | 0x3333;
		for (;;)
			;
	}
	interrupts++;
	moment ^= moment << 13;
	moment ^= moment >> 17;
	moment ^= moment << 5;
	MTIMECMP[0] = MTIME + 20 + (moment & 127);
}

static uint32_t next(uint32_t *s)
{
	return *s = *s * 1664525u + 1013904223u;
}

static void sort(uint32_t *a, int lo, int hi)
{
	if (lo >= hi)
		return;
	uint32_t p = a[(lo + hi) / 2], t;
	int i = lo, j = hi;
	while (i <= j) {
		while (a[i] < p)
			i++;
		while (a[j] > p)
			j--;
		if (i <= j) {
			t = a[i];
			a[i++] = a[j];
			a[j--] = t;
		}
	}
	sort(a, lo, j);
	sort(a, i, hi);
}

static uint32_t work(void)
{
	uint32_t s = 42, sum = 0;

	for (int i = 0; i < 64; i++)
		data[i] = next(&s);
	sort(data, 0, 63);
	for (int i = 0; i < 64; i++) {
		uint8_t *b = (uint8_t *)&data[i];
		uint64_t p = (uint64_t)data[i] * (sum | 1);
		sum = sum * 31 + (uint32_t)(p >> 32) + (uint32_t)p +
		      b[0] * b[3];
		sum += data[i] / (b[1] + 1) +
		       (uint32_t)((int32_t)data[i] % (int32_t)(b[2] + 7));
		if (i && data[i - 1] > data[i])
			return 0;
	}
	return sum;
}

int main(void)
{
	uint32_t want, got;

	want = work();
	MTIMECMP[0] = MTIME + 100;
	MTIMECMP[1] = 0;
	__asm__ volatile(
		".option arch, +zicsr\n csrw mtvec, %0\n csrw mie, %1\n csrsi mstatus, 8" ::
			"r"(handler),
		"r"(0x80));
	for (int i = 0; i < 20; i++) {
		got = work();
		if (!got || got != want)
			return 1;
	}
	__asm__ volatile(".option arch, +zicsr\n csrci mstatus, 8");
	return interrupts > 100 ? 0 : 2;
}
