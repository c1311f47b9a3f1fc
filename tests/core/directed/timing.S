/* SPDX-License-Identifier: MIT */
/* The timing table of hw-model/rtl/core/README.md, in cycles, from a memory that does not stall. */
#include "test.h"
	START
	la	s0, buf
	li	a2, 100
	li	a3, 7
	.macro BEGIN
	.balign 16
	csrr	a0, mcycle
	.endm
	.macro END n
	csrr	a1, mcycle
	sub	a1, a1, a0
	addi	a1, a1, -1
	EQ	a1, \n
	.endm
	.option norvc
	BEGIN
	END	0
	BEGIN
	nop
	END	1
	BEGIN
	.rept 8
	add a4, a4, a2
	.endr
	END	8
	.option rvc
	BEGIN
	.rept 8
	c.add a4, a2
	.endr
	END	8
	BEGIN
	addi a4, a4, 1000
	c.add a4, a2
	addi a4, a4, 1000
	END	3
	.option norvc
	BEGIN
	.rept 8
	lw a4, 0(s0)
	.endr
	END	8
	BEGIN
	.rept 8
	sw a4, 0(s0)
	.endr
	END	8
	BEGIN
	.rept 4
	sw a4, 0(s0)
	lw a5, 0(s0)
	.endr
	END	8
	BEGIN
	lw a4, 0(s0)
	add a4, a4, a2
	END	3
	BEGIN
	lw a4, 0(s0)
	nop
	add a4, a4, a2
	END	3
	BEGIN
	.rept 8
	mul a4, a2, a3
	.endr
	END	8
	BEGIN
	mul a4, a2, a3
	add a4, a4, a2
	END	3
	BEGIN
	divu a4, a3, a2		/* quotient 0 */
	END	3
	BEGIN
	divu a4, a2, a3		/* 14: aligned by 4, 5 steps */
	END	8
	BEGIN
	divu a4, a2, x0
	END	2
	li	a5, -1
	li	a6, 1
	BEGIN
	divu a4, a5, a6
	END	35
	BEGIN
	bne a2, a2, 1f
	1:
	END	1
	BEGIN
	beq a2, a2, 1f
	nop
	1:
	END	2
	BEGIN
	j 1f
	nop
	1:
	END	2
	BEGIN
	csrw mscratch, a2
	END	1
	BEGIN
	fence.i
	END	2
	BEGIN
	fence
	END	1
	la	a4, 2f
	BEGIN
	jr a4
	2:
	END	2
	/* a trap and back */
	la	t0, quick
	csrw	mtvec, t0
	la	t1, 3f
	csrw	mepc, t1
	li	gp, 50
	csrr	a0, mcycle
	ecall
3:	csrr	a1, mcycle
	sub	a2, a5, a0
	EQ	a2, 3			/* csrr, ecall and the jump */
	sub	a1, a1, a5
	EQ	a1, 5			/* csrr, addi, csrw, and mret with the jump back */
	/* asleep, from the wire to the first instruction of the handler */
	la	t0, woken
	csrw	mtvec, t0
	li	t1, 0x03000000
	li	t0, 0x800
	csrw	mie, t0
	csrsi	mstatus, 8
	li	t0, 50
	li	t2, 0x0200bff8		/* mtime: mcycle rests in WFI */
	lw	s3, 0(t2)
	sw	t0, 0(t1)
	wfi
	nop
	j	fail
	.balign 4
quick:	csrr	a5, mcycle
	addi	t1, t1, 0
	csrw	mepc, t1
	mret
	.balign 4
woken:	lw	s4, 0(t2)
	sw	x0, 0(t1)
	sub	s4, s4, s3
	addi	s4, s4, -1 - 50		/* the store is granted a cycle behind the load */
	EQ	s4, 4
	FINISH
	.bss
	.balign 4
buf:	.space	16
