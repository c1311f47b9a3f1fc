// SPDX-License-Identifier: MIT
/* The gate's kernel: does the list of operations in its image (protocol.h). */
#include "ashlar_regs.h"
#include "onboard.h"

void kernel_main(void);
__attribute__((naked, section(".text.start"))) void _start(void);

void _start(void)
{
	__asm__("li sp, %0\n\tj kernel_main" ::"i"(K_STACK));
}

static void start(uint32_t block)
{
	write_at(block + ASHLAR_LOAD_GO, 4, 1);
}

static void wait(uint32_t block)
{
	write_at(block + ASHLAR_LOAD_WAIT, 4,
		 read_at(block + ASHLAR_LOAD_ISSUED, 4));
}

static void fill(uint32_t addr, uint32_t words, uint32_t x)
{
	uint32_t i;

	for (i = 0; i < words; i++) {
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
		write_at(addr + 4 * i, 4, x);
	}
}

static void move(uint32_t to, uint32_t from, uint32_t words)
{
	uint32_t i;

	for (i = 0; i < words; i++)
		write_at(to + 4 * i, 4, read_at(from + 4 * i, 4));
}

static _Noreturn void leave(uint32_t code)
{
	write_at(ASHLAR_MAP_KERNEL_UNIT_BASE + ASHLAR_UNIT_EXIT, 4, code);
	for (;;)
		;
}

void kernel_main(void)
{
	uint32_t at = K_PROGRAM, result = K_RESULTS;

	for (;; at += 16) {
		uint32_t a = read_at(at + 4, 4);
		uint32_t b = read_at(at + 8, 4);
		uint32_t c = read_at(at + 12, 4);

		switch (read_at(at, 4)) {
		case K_READ:
			write_at(result, 4, read_at(a, b));
			result += 4;
			break;
		case K_WRITE:
			write_at(a, b, c);
			break;
		case K_START:
			start(a);
			break;
		case K_WAIT:
			wait(a);
			break;
		case K_GO:
			start(a);
			wait(a);
			break;
		case K_EXEC:
			write_at(result, 4,
				 execute((volatile uint32_t *)K_SLOT, a, b, c));
			result += 4;
			break;
		case K_JUMP:
			jump(a);
			break;
		case K_FILL:
			fill(a, b, c);
			break;
		case K_MOVE:
			move(a, b, c);
			break;
		case K_SLEEP:
			for (;;)
				__asm__ volatile("wfi");
		case K_FLUSH:
			move(a, K_RESULTS, b);
			break;
		case K_EXIT:
			leave(a);
		default:
			leave(0);
		}
	}
}
