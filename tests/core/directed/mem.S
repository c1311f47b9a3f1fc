/* SPDX-License-Identifier: MIT */
/* Loads and stores of all sizes on all lanes; addresses and data fresh from other instructions. */
#include "test.h"
	START
	la	s0, buf
	li	a0, 0x83828180
	sw	a0, 0(s0)
	lw	a1, 0(s0)
	EQ	a1, 0x83828180
	lb	a1, 0(s0)
	EQ	a1, 0xffffff80
	lb	a1, 3(s0)
	EQ	a1, 0xffffff83
	lbu	a1, 1(s0)
	EQ	a1, 0x81
	lbu	a1, 2(s0)
	EQ	a1, 0x82
	lh	a1, 0(s0)
	EQ	a1, 0xffff8180
	lh	a1, 2(s0)
	EQ	a1, 0xffff8382
	lhu	a1, 0(s0)
	EQ	a1, 0x8180
	lhu	a1, 2(s0)
	EQ	a1, 0x8382
	li	a0, 0x7f
	sb	a0, 1(s0)
	lw	a1, 0(s0)
	EQ	a1, 0x83827f80
	sb	a0, 0(s0)
	sb	a0, 2(s0)
	sb	a0, 3(s0)
	lw	a1, 0(s0)
	EQ	a1, 0x7f7f7f7f
	li	a0, 0x12349abc
	sh	a0, 2(s0)
	lw	a1, 0(s0)
	EQ	a1, 0x9abc7f7f
	sh	a0, 0(s0)
	lw	a1, 0(s0)
	EQ	a1, 0x9abc9abc
	lb	a1, 1(s0)
	EQ	a1, 0xffffff9a
	/* negative offsets, far offsets */
	addi	s1, s0, 2047
	addi	s1, s1, 1
	sw	a0, -2048(s1)
	lw	a1, -2048(s1)
	EQ	a1, 0x12349abc
	sw	a1, 2044(s0)
	lw	a1, 2044(s0)
	EQ	a1, 0x12349abc
	/* pointer chase: each address is the value just loaded */
	la	a0, p0
	lw	a0, 0(a0)
	lw	a0, 0(a0)
	lw	a0, 0(a0)
	lw	a0, 0(a0)
	EQ	a0, 4711
	/* a stored value just loaded, just computed, just multiplied */
	la	a0, p3
	lw	a1, 0(a0)
	sw	a1, 4(s0)
	addi	a1, a1, 1
	sw	a1, 8(s0)
	mul	a1, a1, a1
	sw	a1, 12(s0)
	lw	a2, 4(s0)
	lw	a3, 8(s0)
	lw	a4, 12(s0)
	EQ	a2, 4711
	EQ	a3, 4712
	EQ	a4, 4712 * 4712
	/* load over its own base, then a write to the same register behind it */
	la	a0, p3
	lw	a0, 0(a0)
	EQ	a0, 4711
	la	a1, p3
	lw	a0, 0(a1)
	li	a0, 5
	mv	a2, a0
	EQ	a2, 5
	mul	a0, a2, a2
	li	a0, 6
	mv	a2, a0
	EQ	a2, 6
	/* a stream of stores, then of loads */
	li	t0, 64
	mv	t1, s0
1:	sw	t0, 0(t1)
	sh	t0, 4(t1)
	sb	t0, 6(t1)
	sb	x0, 7(t1)
	addi	t1, t1, 8
	addi	t0, t0, -1
	bnez	t0, 1b
	li	t0, 64
	mv	t1, s0
	li	t3, 0
1:	lw	t2, 0(t1)
	lw	t4, 4(t1)
	add	t3, t3, t2
	add	t3, t3, t4
	addi	t1, t1, 8
	addi	t0, t0, -1
	bnez	t0, 1b
	/* sum of n + n + (n << 16), n = 1..64 */
	EQ	t3, 2080 * 2 + 2080 * 65536
	FINISH
	.balign 4
p0:	.word	p1
p1:	.word	p2
p2:	.word	p3
p3:	.word	4711
	.bss
	.balign 4
buf:	.space	4096
