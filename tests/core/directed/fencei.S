/* SPDX-License-Identifier: MIT */
/* Code written, then run, at every distance behind the fence, in both halves of a word. */
#include "test.h"
	START
	la	s0, patch
	li	s1, 0			/* distance in bytes */
	li	s2, 0			/* sum wanted */
	li	s3, 0			/* sum */
loop:	la	a0, patch		/* all c.nop again */
	li	a1, 0x00010001
	li	a2, 16
1:	sw	a1, 0(a0)
	addi	a0, a0, 4
	addi	a2, a2, -1
	bnez	a2, 1b
	fence.i
	add	a0, s0, s1
	li	a1, 0x0985		/* c.addi s3, 1 */
	addi	s2, s2, 1
	call	store_and_go
	EQR	s3, s2
	li	gp, 1
	addi	s1, s1, 2
	li	a0, 64
	bne	s1, a0, loop
	/* without the fence the old code may run, but no other */
	EQ	s8, 0
	FINISH
	.balign 4
store_and_go:
	sh	a1, 0(a0)
	fence.i
patch:	.space	64
	ret
