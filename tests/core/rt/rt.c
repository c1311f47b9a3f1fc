// SPDX-License-Identifier: MIT
// What the test programs need below the C library: an end, a console, and a bounded heap.
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define TEST_EXIT (*(volatile uint32_t *)0x00100000)
#define UART	  (*(volatile uint8_t *)0x10000000)

_Noreturn void _exit(int code)
{
	TEST_EXIT = code ? ((uint32_t)(code & 0x7f ? code & 0x7f : 1) << 16 |
			    0x3333) :
			   0x5555;
	for (;;)
		;
}

_Noreturn void exit(int code)
{
	_exit(code);
}

_Noreturn void abort(void)
{
	_exit(98);
}

static int put(char c, FILE *f)
{
	(void)f;
	UART = (uint8_t)c;
	return (unsigned char)c;
}

static FILE console = FDEV_SETUP_STREAM(put, NULL, NULL, _FDEV_SETUP_WRITE);
FILE *const stdin = &console;
FILE *const stdout = &console;
FILE *const stderr = &console;
