/* SPDX-License-Identifier: MIT */
/* CSRs: which exist, which bits hold, the six instructions, the counters. */
#include "test.h"
	START
	/* write all ones and all zeroes, then look */
	.macro BITS csr, ones, zeroes
	csrr	a5, \csr
	li	a0, -1
	csrw	\csr, a0
	csrr	a1, \csr
	csrw	\csr, x0
	csrr	a2, \csr
	csrw	\csr, a5
	EQ	a1, \ones
	EQ	a2, \zeroes
	.endm
	csrw	mie, x0
	BITS	0x300, 0x1888, 0x1800
	BITS	0x301, 0x40001104, 0x40001104
	BITS	0x304, 0x888, 0
	BITS	0x305, 0xfffffffd, 0
	BITS	0x310, 0, 0
	BITS	0x320, 5, 0
	BITS	0x340, -1, 0
	BITS	0x341, 0xfffffffe, 0
	BITS	0x342, 0x8000000f, 0
	BITS	0x343, -1, 0
	BITS	0x344, 0, 0
	BITS	0xb03, 0, 0
	BITS	0xb1f, 0, 0
	BITS	0xb83, 0, 0
	BITS	0xb9f, 0, 0
	BITS	0x323, 0, 0
	BITS	0x33f, 0, 0
	csrr	a0, mhartid
	EQ	a0, 0
	csrr	a0, mvendorid
	EQ	a0, 0
	csrr	a0, marchid
	EQ	a0, 0
	csrr	a0, mimpid
	EQ	a0, 0x10000
	csrr	a0, 0xf15
	EQ	a0, 0
	/* the six */
	li	a0, 0x0ff0
	csrw	mscratch, a0
	li	a1, 0x5a5a
	csrrs	a2, mscratch, a1
	EQ	a2, 0x0ff0
	csrrc	a2, mscratch, a0
	EQ	a2, 0x5ffa
	csrrw	a2, mscratch, a1
	EQ	a2, 0x500a
	csrrwi	a2, mscratch, 21
	EQ	a2, 0x5a5a
	csrrsi	a2, mscratch, 10
	EQ	a2, 21
	csrrci	a2, mscratch, 5
	EQ	a2, 31
	csrr	a2, mscratch
	EQ	a2, 26
	csrrw	a2, mscratch, a2	/* source and destination one register */
	EQ	a2, 26
	/* operand fresh from a load and from a multiply */
	la	a0, word
	lw	a0, 0(a0)
	csrw	mscratch, a0
	csrr	a1, mscratch
	EQ	a1, 0x600d
	mul	a0, a1, a1
	csrw	mscratch, a0
	csrr	a1, mscratch
	EQ	a1, 0x600d * 0x600d & 0xffffffff
	/* read-only ones: reading is fine in every form that does not write */
	csrrs	a0, mhartid, x0
	csrrci	a0, mhartid, 0
	EQ	s8, 0
	.macro BAD insn:vararg
	.balign 4
	la	t0, .Lb\@
	.option push
	.option norvc
.Lb\@:	\insn
	.option pop
	lw	a5, 0(t0)
	TRAPPED	2, .Lb\@, a5
	.endm
	BAD	csrw mhartid, x0
	BAD	csrrs a0, mhartid, a0
	BAD	csrrsi a0, mhartid, 1
	BAD	csrrw a0, 0xc00, a0
	BAD	csrrci x0, 0xf11, 2
	BAD	csrr a0, 0x000
	BAD	csrr a0, 0x100
	BAD	csrr a0, 0x180
	BAD	csrr a0, 0x302
	BAD	csrr a0, 0x303
	BAD	csrr a0, 0x306
	BAD	csrr a0, 0x321
	BAD	csrr a0, 0x322
	BAD	csrr a0, 0x34a
	BAD	csrr a0, 0x3a0
	BAD	csrr a0, 0x7a0
	BAD	csrr a0, 0x7b0
	BAD	csrr a0, 0x7c0
	BAD	csrr a0, 0xb01
	BAD	csrr a0, 0xb20
	BAD	csrr a0, 0xc01
	BAD	csrr a0, 0xc03
	BAD	csrr a0, 0xf10
	BAD	csrr a0, 0xf16
	BAD	csrw 0x7c0, a0
	/* a faulting CSR access writes no register */
	li	a0, 99
	BAD	csrr a0, 0x7c0
	EQ	a0, 99
	/* counters */
	csrr	a0, minstret
	csrr	a1, minstret
	sub	a1, a1, a0
	EQ	a1, 1
	csrw	minstret, x0
	csrr	a0, minstret
	EQ	a0, 0
	csrr	a0, instret
	EQ	a0, 4			/* csrr and the check in between */
	li	a0, 1
	csrw	minstreth, a0
	li	a0, -1
	csrw	minstret, a0
	nop
	csrr	a0, minstret		/* -1 + nop */
	csrr	a1, minstreth
	EQ	a0, 0
	EQ	a1, 2
	csrw	minstret, x0
	lw	a0, word		/* auipc and load */
	sw	a0, 0(sp)
	mul	a0, a0, a0
	div	a0, a0, a0
	csrr	a1, instret
	EQ	a1, 5
	/* what traps does not count */
	la	t0, 1f
	csrw	minstret, x0
	.option norvc
1:	ecall
	csrr	a1, minstret
	.option rvc
	li	s8, 0
	mv	a2, a1
	csrw	minstret, x0
	li	a0, 0x00400000		/* nothing there: faults behind the execute stage */
	lw	a0, 0(a0)
	csrr	a1, minstret
	li	s8, 0
	addi	a1, a1, -1		/* the li */
	EQR	a1, a2			/* so both are the handler alone, which has no branch on the cause */
	csrwi	mcountinhibit, 5
	csrr	a0, mcycle
	csrr	a2, minstret
	nop
	nop
	csrr	a1, mcycle
	csrr	a3, minstret
	EQR	a0, a1
	EQR	a2, a3
	csrwi	mcountinhibit, 0
	csrr	a0, mcycle
	csrr	a1, cycle
	sltu	a2, a0, a1
	EQ	a2, 1
	li	a0, -1
	csrw	mcycle, a0
	csrr	a0, mcycleh
	csrr	a1, cycleh
	csrw	mcycleh, x0
	csrr	a2, cycleh
	EQ	a2, 0
	FINISH
	.balign 4
word:	.word	0x600d
