/* SPDX-License-Identifier: MIT */
/* The corner cases of M, and products used at once. */
#include "test.h"
	START
	.macro RR op, a, b, want
	li	a0, \a
	li	a1, \b
	\op	a2, a0, a1
	EQ	a2, \want
	li	a1, \b
	\op	a0, a0, a1
	mv	a3, a0
	EQ	a3, \want
	.endm
	RR	mul, 3, 7, 21
	RR	mul, -1, -1, 1
	RR	mul, 0x80000000, 0x80000000, 0
	RR	mul, 0x12345678, 0x9abcdef0, 0x242d2080
	RR	mulh, -1, -1, 0
	RR	mulh, 0x80000000, 0x80000000, 0x40000000
	RR	mulh, 0x80000000, 0x7fffffff, 0xc0000000
	RR	mulh, 0x80000000, 1, -1
	RR	mulhu, -1, -1, 0xfffffffe
	RR	mulhu, 0x80000000, 0x80000000, 0x40000000
	RR	mulhsu, -1, -1, -1
	RR	mulhsu, 0x80000000, -1, 0x80000000
	RR	mulhsu, 1, -1, 0
	RR	div, 20, 6, 3
	RR	div, -20, 6, -3
	RR	div, 20, -6, -3
	RR	div, -20, -6, 3
	RR	div, 5, 0, -1
	RR	div, -5, 0, -1
	RR	div, 0x80000000, -1, 0x80000000
	RR	div, 0x80000000, 1, 0x80000000
	RR	div, 0, 9, 0
	RR	divu, -1, 1, -1
	RR	divu, -1, -1, 1
	RR	divu, 0x80000000, -1, 0
	RR	divu, 7, 0, -1
	RR	divu, -1, 10, 0x19999999
	RR	rem, 20, 6, 2
	RR	rem, -20, 6, -2
	RR	rem, 20, -6, 2
	RR	rem, -20, -6, -2
	RR	rem, 5, 0, 5
	RR	rem, -5, 0, -5
	RR	rem, 0x80000000, -1, 0
	RR	remu, -1, 10, 5
	RR	remu, 7, 0, 7
	RR	remu, 3, 7, 3
	/* back to back, mixed */
	li	a0, 1000
	li	a1, 7
	mul	a2, a0, a1
	div	a3, a0, a1
	mul	a4, a2, a3
	rem	a5, a4, a1
	mul	a5, a4, a4
	divu	a5, a5, a0
	EQ	a2, 7000
	EQ	a3, 142
	EQ	a4, 994000
	EQ	a5, 193521		/* (994000 * 994000 mod 2^32) / 1000 */
	FINISH
