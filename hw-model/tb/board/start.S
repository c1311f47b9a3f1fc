/* SPDX-License-Identifier: MIT */
/*
 * Start and trap entry of the test ROM. An exception is noted in `trap` and
 * the instruction skipped; interrupts stay off (WFI wakes all the same).
 */
#define STACK_TOP 0x10020000

	.section .text.start, "ax"
	.globl _start
_start:
	la	t0, trap_entry
	csrw	mtvec, t0
	li	sp, STACK_TOP
	j	rom_main

	.balign 4
trap_entry:
	csrw	mscratch, sp
	addi	sp, sp, -16
	sw	t0, 0(sp)
	sw	t1, 4(sp)
	sw	t2, 8(sp)
	li	t0, 0x10010000		/* TRAP_RECORD in rom.c */
	csrr	t1, mcause
	sw	t1, 4(t0)
	csrr	t1, mtval
	sw	t1, 8(t0)
	lw	t1, 0(t0)
	addi	t1, t1, 1
	sw	t1, 0(t0)
	csrr	t1, mepc
	lhu	t2, 0(t1)
	andi	t2, t2, 3
	addi	t1, t1, 2
	addi	t2, t2, -3
	bnez	t2, 1f
	addi	t1, t1, 2
1:	csrw	mepc, t1
	lw	t0, 0(sp)
	lw	t1, 4(sp)
	lw	t2, 8(sp)
	addi	sp, sp, 16
	mret
