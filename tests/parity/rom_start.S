/* SPDX-License-Identifier: MIT */
/*
 * Start and trap entry of the gate's ROM. A trap is noted at MP_TRAP. An
 * exception goes on behind its instruction, a failed fetch at the caller; an
 * interrupt disables all interrupts.
 */
#include "protocol.h"

	.section .text.start, "ax"
	.globl _start
_start:
	la	t0, trap_entry
	csrw	mtvec, t0
	li	sp, MP_STACK
	j	rom_main

	.balign 4
trap_entry:
	addi	sp, sp, -16
	sw	t0, 0(sp)
	sw	t1, 4(sp)
	sw	t2, 8(sp)
	li	t0, MP_TRAP
	lw	t1, 0(t0)
	addi	t1, t1, 1
	sw	t1, 0(t0)
	csrr	t2, mtval
	sw	t2, 8(t0)
	csrr	t1, mepc
	sw	t1, 12(t0)
	csrr	t2, mcause
	sw	t2, 4(t0)
	bltz	t2, 3f
	addi	t2, t2, -1
	beqz	t2, 2f
	lhu	t2, 0(t1)
	andi	t2, t2, 3
	addi	t1, t1, 2
	addi	t2, t2, -3
	bnez	t2, 1f
	addi	t1, t1, 2
1:	csrw	mepc, t1
	j	4f
2:	csrw	mepc, ra
	j	4f
3:	csrw	mie, zero
4:	lw	t0, 0(sp)
	lw	t1, 4(sp)
	lw	t2, 8(sp)
	addi	sp, sp, 16
	mret
