/* SPDX-License-Identifier: MIT */
/*
 * Directed tests of the control core. gp holds the number of the check under way; a check that
 * fails ends the program with that number. A trap is expected only by the TRAP macros.
 *
 * s7: where to go on after a fetch fault; s8: traps so far; s9, s10, s11: mcause, mepc, mtval.
 */
/* clang-format off */
	.option arch, +zicsr, +zifencei

	.macro START
	.section .init, "ax"
	.globl _start
_start:
	la	sp, __stack
	la	t0, trap_entry
	csrw	mtvec, t0
	li	gp, 0
	li	s8, 0
	.endm

	.macro EQ reg, val
	addi	gp, gp, 1
	li	t6, \val
	beq	\reg, t6, .Leq\@
	j	fail
.Leq\@:
	.endm

	.macro EQR reg, other
	addi	gp, gp, 1
	beq	\reg, \other, .Leqr\@
	j	fail
.Leqr\@:
	.endm

	/* The trap just taken: its cause, the instruction's label, mtval in a register. */
	.macro TRAPPED cause, label, valreg
	EQ	s8, 1
	EQ	s9, \cause
	la	t6, \label
	EQR	s10, t6
	EQR	s11, \valreg
	li	s8, 0
	.endm

	.macro FINISH
	li	t0, 0x5555
	li	t1, 0x100000
	sw	t0, 0(t1)
1:	j	1b
fail:
	slli	t0, gp, 16
	li	t1, 0x3333
	or	t0, t0, t1
	li	t1, 0x100000
	sw	t0, 0(t1)
1:	j	1b

	.balign 64
trap_entry:
	csrw	mscratch, t0
	csrr	s9, mcause
	csrr	s10, mepc
	csrr	s11, mtval
	addi	s8, s8, 1
	li	t0, 1
	beq	s9, t0, 2f		/* nothing to read at mepc */
	lhu	t0, 0(s10)
	andi	t0, t0, 3
	addi	t0, t0, -3
	snez	t0, t0
	slli	t0, t0, 1
	neg	t0, t0
	addi	t0, t0, 4
	add	t0, t0, s10
	j	3f
2:	mv	t0, s7
3:	csrw	mepc, t0
	csrr	t0, mscratch
	mret
	.endm
