/* SPDX-License-Identifier: MIT */
/* Interrupts: sources, priority, vectors, masking, WFI. Interrupts have their own handlers. */
#include "test.h"
	.equ	MSIP, 0x02000000
	.equ	MTIMECMP, 0x02004000
	.equ	MTIME, 0x0200bff8
	.equ	EXT, 0x03000000
	START
	la	t0, vectors + 1
	csrw	mtvec, t0
	li	s0, MSIP
	li	s1, MTIMECMP
	li	s2, EXT
	li	s3, 0			/* what the handlers saw: a digit each */
	li	t0, -1
	sw	t0, 4(s1)
	/* exceptions go to the base in vectored mode too */
	.option norvc
e1:	ecall
	.option rvc
	TRAPPED	11, e1, x0
	/* pending and enabled, but interrupts off */
	li	t0, 1
	sw	t0, 0(s0)
	li	t0, 0x888
	csrw	mie, t0
	lw	t0, 0(s0)
	nop
	nop
	csrr	a0, mip
	EQ	a0, 8
	EQ	s3, 0
	/* on: taken at once, in front of the next instruction */
	.option norvc
	csrsi	mstatus, 8
i1:	addi	s3, s3, 0
	.option rvc
	EQ	s3, 3
	la	a1, i1
	EQR	s10, a1
	EQ	s9, 0x80000003
	csrr	a0, mstatus
	EQ	a0, 0x1888
	/* not enabled: stays pending */
	csrwi	mie, 0
	li	s3, 0
	li	t0, 1
	sw	t0, 0(s0)
	lw	t0, 0(s0)
	nop
	nop
	EQ	s3, 0
	sw	x0, 0(s0)
	lw	t0, 0(s0)
	nop
	/* all three at once: external, software, timer */
	csrci	mstatus, 8
	li	t0, 0x888
	csrw	mie, t0
	li	t0, 1
	sw	t0, 0(s0)
	sw	x0, 0(s1)
	sw	x0, 4(s1)
	sw	t0, 0(s2)
1:	csrr	a0, mip
	li	a1, 0x888
	bne	a0, a1, 1b
	csrsi	mstatus, 8
	nop
	nop
	nop
	nop
	csrci	mstatus, 8
	EQ	s3, 0xb37
	/* timer, waking WFI; the handler returns behind it */
	csrsi	mstatus, 8
	li	s3, 0
	call	timer_50
	.option norvc
w1:	wfi
w2:	nop
	.option rvc
	EQ	s3, 7
	la	a1, w2
	EQR	s10, a1
	EQ	s9, 0x80000007
	/* WFI with interrupts off: wakes, takes nothing */
	csrci	mstatus, 8
	li	s3, 0
	call	timer_50
	wfi
	EQ	s3, 0
	csrr	a0, mip
	EQ	a0, 0x80
	/* WFI with it pending already does not wait */
	wfi
	li	t0, -1
	sw	t0, 4(s1)
	/* WFI sleeps through what is not enabled: external is, later than the timer, which is not */
	li	t0, 0x800
	csrw	mie, t0
	call	timer_50
	li	t0, 300
	sw	t0, 0(s2)
	wfi
	csrr	a0, mip
	EQ	a0, 0x880
	EQ	s3, 0
	csrsi	mstatus, 8
	nop
	nop
	EQ	s3, 0xb
	li	t0, -1
	sw	t0, 4(s1)
	/* direct mode: all to the base */
	csrci	mstatus, 8
	la	t0, direct
	csrw	mtvec, t0
	li	t0, 0x888
	csrw	mie, t0
	li	s3, 0
	csrsi	mstatus, 8
	li	t0, 1
	sw	t0, 0(s0)
	lw	t0, 0(s0)
	nop
	nop
	EQ	s3, 0xd
	EQ	s9, 0x80000003
	la	t0, vectors + 1
	csrw	mtvec, t0
	/* during a long division: given up, done again, right */
	li	s5, 40			/* moments tried */
1:	li	a0, 0xfffffff1
	li	a1, 3
	li	s3, 0
	li	a5, MTIME
	lw	a4, 0(a5)
	add	a4, a4, s5
	sw	a4, 0(s1)
	sw	x0, 4(s1)
	divu	a2, a0, a1
	remu	a3, a0, a1
	nop
	nop
	EQ	a2, 0x55555550
	EQ	a3, 1
	li	gp, 100
	li	a4, -1
	sw	a4, 4(s1)
	addi	s5, s5, -1
	bnez	s5, 1b
	/* during a store and load stream to one counter: nothing lost, nothing twice */
	la	a0, counter
	li	s5, 200
1:	li	s3, 0
	lw	a4, 0(a5)
	andi	a3, s5, 31
	add	a4, a4, a3
	sw	a4, 0(s1)
	sw	x0, 4(s1)
	.rept	8
	lw	a1, 0(a0)
	addi	a1, a1, 1
	sw	a1, 0(a0)
	.endr
	li	a4, -1
	sw	a4, 4(s1)
	addi	s5, s5, -1
	bnez	s5, 1b
	lw	a1, 0(a0)
	EQ	a1, 1600
	FINISH

timer_50:
	li	a5, MTIME
	lw	a4, 0(a5)
	addi	a4, a4, 50
	sw	a4, 0(s1)
	sw	x0, 4(s1)
	ret

	.macro HANDLER digit, clear:vararg
	csrw	mscratch, t0
	csrr	s9, mcause
	csrr	s10, mepc
	slli	s3, s3, 4
	addi	s3, s3, \digit
	\clear
	lw	t0, 0(s0)		/* the device has seen it; give the wire a cycle */
	csrr	t0, mscratch
	mret
	.endm

	.option norvc
	.balign 64
vectors:
	j	trap_entry
	j	fail
	j	fail
	j	software
	j	fail
	j	fail
	j	fail
	j	timer
	j	fail
	j	fail
	j	fail
	j	external
	.option rvc
	.balign 4
direct:
software:
	csrw	mscratch, t0
	csrr	t0, mtvec
	andi	t0, t0, 1
	bnez	t0, 1f
	csrr	t0, mscratch
	HANDLER	0xd, sw x0, 0(s0)
1:	csrr	t0, mscratch
	HANDLER	3, sw x0, 0(s0)
	.balign 4
timer:
	csrw	mscratch, t0
	li	t0, -1
	sw	t0, 4(s1)
	csrr	t0, mscratch
	HANDLER	7, nop
	.balign 4
external:
	HANDLER	0xb, sw x0, 0(s2)
	.bss
	.balign 4
counter: .space	4
