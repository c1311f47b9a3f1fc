/* SPDX-License-Identifier: MIT */
/*
 * Executes one encoding after the other, each from the same registers, for
 * cycles.py: what is legal, what it does, how it traps and how long it takes is
 * in the trace. Numbers FIRST to LAST - 1 of one KIND:
 *   0  16-bit: the number itself
 *   1  32-bit: each opcode, funct3 and funct7, the registers at random (32768)
 *   2  CSRs: each address, funct3, with x0 and with a register (65536)
 *   3  32-bit at random
 * Left out: what would never end (jumps to themselves, WFI, mret to here) or
 * would lose the handler (writes of mtvec).
 */
	.option arch, +zicsr, +zifencei
	.equ	SLOT, 0x80800000	/* nothing but zeroes, illegal, for 2 MiB around */
	.equ	STATE, 0x80200000
	.section .init, "ax"
	.globl _start
_start:
	la	t0, handler
	csrw	mtvec, t0
	li	s0, STATE
	li	s1, FIRST
	sw	s1, 0(s0)
	j	next
	.balign 4
handler:
	csrr	a0, mcause
	csrr	a1, mepc
	csrr	a2, mtval
	csrr	a3, mstatus
	csrr	a4, mcycle
	csrr	a5, minstret
next:
	li	s0, STATE
	lw	s1, 0(s0)
	li	s2, LAST
	bltu	s1, s2, 1f
	li	a0, 0x5555
	li	a1, 0x100000
	sw	a0, 0(a1)
	j	.
1:	addi	s2, s1, 1
	sw	s2, 0(s0)
	/* s3: bits at random */
	li	a0, 0x9e3779b1
	mul	s3, s1, a0
	srli	a0, s3, 15
	xor	s3, s3, a0
	li	a0, 0x85ebca6b
	mul	s3, s3, a0
	srli	a0, s3, 13
	xor	s3, s3, a0
	/* s4: the encoding */
#if KIND == 0
	mv	s4, s1
	andi	a0, s4, 3
	addi	a0, a0, -3
	beqz	a0, next
	li	a1, 0x1ffc		/* c.jal, c.j to itself */
	and	a2, s4, a1
	bnez	a2, 1f
	li	a1, 0x2001
	beq	s4, a1, next
	li	a1, 0xa001
	beq	s4, a1, next
1:	li	a1, 0xdc7f		/* c.beqz, c.bnez to itself */
	and	a2, s4, a1
	li	a1, 0xc001
	beq	a2, a1, next
	li	a1, 0x90020000		/* behind it stands c.ebreak */
	or	s4, s4, a1
#elif KIND == 1
	andi	s4, s1, 31
	slli	s4, s4, 2
	addi	s4, s4, 3
	srli	a0, s1, 5
	andi	a0, a0, 7
	slli	a0, a0, 12
	or	s4, s4, a0
	srli	a0, s1, 8
	slli	a0, a0, 25
	or	s4, s4, a0
	li	a0, 0x01ff8f80
	and	a0, a0, s3
	or	s4, s4, a0
#elif KIND == 2
	srli	s4, s1, 4
	slli	s4, s4, 20
	andi	a0, s1, 7
	slli	a0, a0, 12
	or	s4, s4, a0
	andi	a0, s1, 8
	beqz	a0, 1f
	li	a0, 0x000f8000
	and	a0, a0, s3
	or	s4, s4, a0
1:	andi	a0, s3, 31
	slli	a0, a0, 7
	or	s4, s4, a0
	addi	s4, s4, 0x73
#else
	ori	s4, s3, 3
#endif
#if KIND != 0
	andi	a0, s4, 0x7f
	li	a1, 0x6f
	bne	a0, a1, 1f
	srli	a2, s4, 12		/* jal to itself */
	beqz	a2, next
1:	li	a1, 0x63
	bne	a0, a1, 1f
	li	a2, 0xfe000f80		/* branch to itself */
	and	a2, a2, s4
	beqz	a2, next
1:	li	a1, 0x73
	bne	a0, a1, 1f
	li	a2, 0x30200073		/* mret */
	beq	a2, s4, next
	li	a2, 0x10500073		/* wfi */
	beq	a2, s4, next
	srli	a2, s4, 20
	li	a1, 0x305		/* mtvec */
	beq	a2, a1, next
1:
#endif
	/* in both halves of a word by turns */
	andi	a0, s1, 1
	slli	a0, a0, 1
	li	s5, SLOT
	sw	x0, 0(s5)
	sw	x0, 4(s5)
	add	s5, s5, a0
	sh	s4, 0(s5)
	srli	s4, s4, 16
	sh	s4, 2(s5)
	fence.i
	csrwi	mcountinhibit, 0
	csrwi	mie, 0
	csrw	mepc, s5
	.macro	SET reg
	lui	x\reg, 0x80900 + \reg
	addi	x\reg, x\reg, 0x7c0 + \reg * 2 + (\reg == 9)
	.endm
	.irp	i, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	SET	\i
	.endr
	li	x29, 7
	li	x30, -5
	li	x31, 0x7ffffff3
	mret
