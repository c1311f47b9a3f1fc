/* SPDX-License-Identifier: MIT */
/* What ROM and kernel have in common: accesses of any size, single instructions. */
#ifndef PARITY_ONBOARD_H
#define PARITY_ONBOARD_H

#include "protocol.h"

#include <stdint.h>

#define INSN_RET 0x00008067u

static inline uint32_t read_at(uint32_t addr, uint32_t bytes)
{
	uint32_t value;

	/* The destination is zero when the access traps. */
	if (bytes == 1)
		__asm__ volatile("li %0, 0\n\tlbu %0, 0(%1)"
				 : "=&r"(value)
				 : "r"(addr)
				 : "memory");
	else if (bytes == 2)
		__asm__ volatile("li %0, 0\n\tlhu %0, 0(%1)"
				 : "=&r"(value)
				 : "r"(addr)
				 : "memory");
	else
		__asm__ volatile("li %0, 0\n\tlw %0, 0(%1)"
				 : "=&r"(value)
				 : "r"(addr)
				 : "memory");
	return value;
}

static inline void write_at(uint32_t addr, uint32_t bytes, uint32_t value)
{
	if (bytes == 1)
		__asm__ volatile("sb %0, 0(%1)" ::"r"(value), "r"(addr)
				 : "memory");
	else if (bytes == 2)
		__asm__ volatile("sh %0, 0(%1)" ::"r"(value), "r"(addr)
				 : "memory");
	else
		__asm__ volatile("sw %0, 0(%1)" ::"r"(value), "r"(addr)
				 : "memory");
}

/* A function, which may have been written by others; returns a0. */
static inline uint32_t call(uint32_t addr, uint32_t x, uint32_t y)
{
	register uint32_t a0 __asm__("a0") = x;
	register uint32_t a1 __asm__("a1") = y;

	__asm__ volatile("fence.i\n\tjalr ra, %2"
			 : "+r"(a0), "+r"(a1)
			 : "r"(addr)
			 : "ra", "t0", "t1", "t2", "t3", "t4", "t5", "t6", "a2",
			   "a3", "a4", "a5", "a6", "a7", "memory");
	return a0;
}

/* One instruction from memory, with a0 and a1; returns a0. */
static inline uint32_t execute(volatile uint32_t *slot, uint32_t insn,
			       uint32_t x, uint32_t y)
{
	slot[0] = insn;
	slot[1] = INSN_RET;
	return call((uint32_t)slot, x, y);
}

static inline void jump(uint32_t addr)
{
	__asm__ volatile("jalr ra, %0" ::"r"(addr) : "ra", "memory");
}

#endif
