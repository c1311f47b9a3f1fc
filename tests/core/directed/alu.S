/* SPDX-License-Identifier: MIT */
/* Register and immediate arithmetic, results used at every distance, x0. */
#include "test.h"
	START
	.option norvc
	.macro RR op, a, b, want
	li	a0, \a
	li	a1, \b
	\op	a2, a0, a1
	EQ	a2, \want
	li	a1, \b
	li	a0, \a
	\op	a0, a0, a1		/* result over a source */
	EQ	a0, \want
	.endm
	.macro RI op, a, imm, want
	li	a0, \a
	\op	a2, a0, \imm
	EQ	a2, \want
	.endm
	RR	add, 0x7fffffff, 1, 0x80000000
	RR	add, -1, 1, 0
	RR	sub, 0, 1, -1
	RR	sub, 0x80000000, 1, 0x7fffffff
	RR	sll, 1, 31, 0x80000000
	RR	sll, 1, 33, 2
	RR	srl, 0x80000000, 31, 1
	RR	srl, -1, 0xffffffe1, 0x7fffffff
	RR	sra, 0x80000000, 31, -1
	RR	sra, 0x40000000, 30, 1
	RR	slt, -1, 0, 1
	RR	slt, 0x7fffffff, 0x80000000, 0
	RR	sltu, -1, 0, 0
	RR	sltu, 0x7fffffff, 0x80000000, 1
	RR	xor, 0x55aa55aa, -1, 0xaa55aa55
	RR	or, 0x50505050, 0x0a0a0a0a, 0x5a5a5a5a
	RR	and, 0x0ff00ff0, 0x00ffff00, 0x00f00f00
	RI	addi, 0, -2048, 0xfffff800
	RI	addi, 0x7fffffff, 2047, 0x800007fe
	RI	slti, -1, -1, 0
	RI	slti, 0x80000000, -2048, 1
	RI	sltiu, 0, -1, 1
	RI	sltiu, -1, -1, 0
	RI	xori, 0x12345678, -1, 0xedcba987
	RI	ori, 0x12345000, 0x7ff, 0x123457ff
	RI	andi, -1, -2048, 0xfffff800
	RI	slli, 0x12345678, 4, 0x23456780
	RI	srli, 0x92345678, 4, 0x09234567
	RI	srai, 0x92345678, 4, 0xf9234567
	RI	srai, 0x92345678, 0, 0x92345678
	lui	a0, 0xfffff
	EQ	a0, 0xfffff000
here:	auipc	a0, 0x12345
	la	a1, here
	sub	a0, a0, a1
	EQ	a0, 0x12345000
	/* chains: distance 1, 2, 3 */
	li	a0, 1
	add	a0, a0, a0
	add	a0, a0, a0
	add	a1, a0, a0
	add	a2, a0, a1
	add	a3, a0, a1
	add	a3, a3, a2
	EQ	a3, 24
	/* x0 takes nothing and forwards nothing */
	li	a0, 5
	addi	x0, a0, 7
	add	a1, x0, x0
	EQ	a1, 0
	la	a2, word
	lw	x0, 0(a2)
	mv	a1, x0
	EQ	a1, 0
	mul	x0, a0, a0
	mv	a1, x0
	EQ	a1, 0
	jal	x0, 1f
1:	mv	a1, x0
	EQ	a1, 0
	csrr	x0, mtvec
	mv	a1, x0
	EQ	a1, 0
	FINISH
	.balign 4
word:	.word	0xdeadbeef
