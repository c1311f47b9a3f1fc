/* SPDX-License-Identifier: MIT */
/* Exceptions: cause, pc, value, nothing done by the instruction, nothing by those behind it. */
#include "test.h"
	START
	la	s0, buf
	li	s1, 0x00400000		/* nothing there */
	li	s2, 0x84000000		/* the end of RAM */
	mv	s3, x0
	/* environment calls and breakpoints */
	.option norvc
t1:	ecall
	TRAPPED	11, t1, x0
t2:	ebreak
	TRAPPED	3, t2, x0
	.option rvc
t3:	c.ebreak
	TRAPPED	3, t3, x0
	csrr	a0, mstatus		/* as before the trap */
	EQ	a0, 0x1880
	/* misaligned */
	.macro MIS cause, insn:vararg
	li	a0, 99
	.option push
	.option norvc
.Lm\@:	\insn
	.option pop
	TRAPPED	\cause, .Lm\@, a5
	EQ	a0, 99
	.endm
	li	a1, 0x11111111
	sw	a1, 0(s0)
	sw	a1, 4(s0)
	addi	a5, s0, 1
	MIS	4, lw a0, 1(s0)
	MIS	4, lh a0, 1(s0)
	MIS	4, lhu a0, 1(s0)
	MIS	6, sw a0, 1(s0)
	MIS	6, sh a0, 1(s0)
	addi	a5, s0, 2
	MIS	4, lw a0, 2(s0)
	MIS	6, sw a0, 2(s0)
	addi	a5, s0, 3
	MIS	4, lw a0, 3(s0)
	MIS	4, lh a0, 3(s0)
	MIS	6, sw a0, 3(s0)
	MIS	6, sh a0, 3(s0)
	lw	a0, 0(s0)
	EQ	a0, 0x11111111
	lw	a0, 4(s0)
	EQ	a0, 0x11111111
	/* access faults; what follows at once must not have happened before the handler ran */
	.macro FAULT cause, insn, follow:vararg
	li	a0, 99
	li	s4, 0
	.option push
	.option norvc
.Lf\@:	\insn
	\follow
	.option pop
	TRAPPED	\cause, .Lf\@, a5
	EQ	a0, 99
	.endm
	addi	a5, s1, 8
	FAULT	5, "lw a0, 8(s1)", nop
	FAULT	5, "lb a0, 8(s1)", nop
	FAULT	5, "lhu a0, 8(s1)", nop
	FAULT	7, "sw a0, 8(s1)", nop
	FAULT	7, "sb a0, 8(s1)", nop
	FAULT	7, "sh a0, 8(s1)", nop
	addi	a5, s1, 9
	FAULT	5, "lb a0, 9(s1)", nop
	FAULT	7, "sb a0, 9(s1)", nop
	addi	a5, s1, 8
	FAULT	5, "lw x0, 8(s1)", nop
	FAULT	7, "sw a0, 8(s1)", addi s4, s4, 1
	EQ	s4, 1			/* once, after the handler */
	FAULT	5, "lw a0, 8(s1)", sw s8, 0(s0)
	lw	a1, 0(s0)
	EQ	a1, 1			/* s8 as the handler left it */
	FAULT	7, "sw a0, 8(s1)", csrw mscratch, s8
	FAULT	5, "lw a0, 8(s1)", mul s4, s8, s8
	EQ	s4, 1
	FAULT	5, "lw a0, 8(s1)", div s4, s9, s8
	EQ	s4, 5
	/* a branch, and a second fault, behind a faulting access */
	li	a0, 99
	.option norvc
t4:	lw	a0, 8(s1)
	j	1f
	j	fail
1:	.option rvc
	TRAPPED	5, t4, a5
	/* two in a row: two traps, the second seen last */
	.option norvc
t5:	sw	a0, 8(s1)
t6_:	lw	a0, 8(s1)
	.option rvc
	EQ	s8, 2
	EQ	s9, 5
	la	a4, t6_
	EQR	s10, a4
	li	s8, 0
	/* fetch: nowhere, from each kind of jump */
	la	s7, 1f
	jr	s1
	j	fail
1:	EQ	s8, 1
	EQ	s9, 1
	EQR	s10, s1
	EQR	s11, s1
	li	s8, 0
	la	s7, 1f
	addi	a0, s1, 2
	jalr	a0
	j	fail
1:	EQ	s8, 1
	EQ	s9, 1
	addi	a0, s1, 2
	EQR	s10, a0
	EQR	s11, a0
	li	s8, 0
	/* run off the end of RAM: the last instruction is done, the one behind it faults */
	li	a0, 0x00150513		/* addi a0, a0, 1 */
	sw	a0, -4(s2)
	fence.i
	la	s7, 1f
	li	a0, 4
	addi	a1, s2, -4
	jr	a1
1:	EQ	a0, 5
	EQ	s8, 1
	EQ	s9, 1
	EQR	s10, s2
	EQR	s11, s2
	li	s8, 0
	/* a 32-bit instruction whose second half is beyond the end */
	li	a0, 0x05130505		/* c.addi a0, 1; first half of an addi */
	sw	a0, -4(s2)
	fence.i
	la	s7, 1f
	li	a0, 4
	addi	a1, s2, -4
	jr	a1
1:	EQ	a0, 5
	EQ	s8, 1
	EQ	s9, 1
	addi	a1, s2, -2
	EQR	s10, a1
	EQR	s11, s2
	li	s8, 0
	/* a 16-bit one there is fine; prefetch beyond it harms nobody */
	li	a0, 0x80820505		/* c.addi a0, 1; c.jr ra */
	sw	a0, -4(s2)
	fence.i
	li	a0, 4
	addi	a1, s2, -4
	jalr	a1
	EQ	a0, 5
	EQ	s8, 0
	/* illegal instructions, put into memory one by one */
	la	s4, list
	la	s5, list_end
	la	s6, slot
next:	lw	a3, 0(s4)
	sw	a3, 0(s6)
	fence.i
	li	a0, 99
	jalr	s6
	EQ	s8, 1
	EQ	s9, 2
	EQR	s10, s6
	lw	a3, 0(s4)
	andi	a4, a3, 3
	addi	a4, a4, -3
	beqz	a4, 1f
	slli	a3, a3, 16
	srli	a3, a3, 16
1:	EQR	s11, a3
	EQ	a0, 99
	li	gp, 100
	li	s8, 0
	addi	s4, s4, 4
	bne	s4, s5, next
	FINISH
	.balign 4
slot:	.word	0
	ret
	.balign 4
list:	.word	0xffffffff
	/* 16-bit ones; behind them stands c.jr ra */
	.macro H v
	.word	0x80820000 | \v
	.endm
	H	0x0000			/* all zero */
	H	0x0008			/* c.addi4spn, zero immediate */
	H	0x2000			/* c.fld */
	H	0x6000			/* c.flw */
	H	0x8000			/* reserved */
	H	0xa000			/* c.fsd */
	H	0xe000			/* c.fsw */
	H	0x6101			/* c.addi16sp, zero immediate */
	H	0x6501			/* c.lui, zero immediate */
	H	0x9105			/* c.srli, shift 33 */
	H	0x9505			/* c.srai, shift 33 */
	H	0x9d01			/* c.subw */
	H	0x9d21			/* c.addw */
	H	0x9d41			/* reserved */
	H	0x9d61
	H	0x1506			/* c.slli, shift 33 */
	H	0x2502			/* c.fldsp */
	H	0x4002			/* c.lwsp to x0 */
	H	0x6502			/* c.flwsp */
	H	0x8002			/* c.jr x0 */
	H	0xa02a			/* c.fsdsp */
	H	0xe02a			/* c.fswsp */
	/* major opcodes that are not there */
	.word	0x00052507		/* flw */
	.word	0x00a52027		/* fsw */
	.word	0x00a5252f		/* A */
	.word	0x00a50553		/* F */
	.word	0x50a50543
	.word	0x0000000b		/* custom-0 */
	.word	0x0000002b
	.word	0x0000005b
	.word	0x0000007b
	.word	0x0000001b		/* RV64 */
	.word	0x0000003b
	.word	0x00000057		/* V */
	.word	0x0000006b
	.word	0x0000001f
	.word	0x0000003f
	.word	0x0000007f
	/* holes in those that are */
	.word	0x00053503		/* ld */
	.word	0x00056503		/* lwu */
	.word	0x00057503
	.word	0x00a53023		/* sd */
	.word	0x00a54023
	.word	0x00a57023
	.word	0x00a52063		/* branches 2, 3 */
	.word	0x00a53063
	.word	0x00051567		/* jalr, funct3 1 */
	.word	0x02051513		/* slli, shift 32 */
	.word	0x40051513		/* slli with the sra bit */
	.word	0x02055513		/* srli, shift 32 */
	.word	0x42055513
	.word	0x80055513
	.word	0x04a50533		/* funct7 2 */
	.word	0x40a51533		/* sll with the sub bit */
	.word	0x40a52533
	.word	0x40a54533
	.word	0x40a57533
	.word	0x42a50533
	.word	0x80a50533
	.word	0x0000200f		/* misc-mem 2 */
	.word	0x0000700f
	.word	0x00004073		/* system 4 */
	.word	0x00200073		/* uret */
	.word	0x10200073		/* sret */
	.word	0x12000073		/* sfence.vma */
	.word	0x7b200073		/* dret */
	.word	0x30200573		/* mret with rd */
	.word	0x30208073		/* mret with rs1 */
	.word	0x10500573		/* wfi with rd */
	.word	0x00008073		/* ecall with rs1 */
	.word	0x00100573		/* ebreak with rd */
list_end:
	.bss
	.balign 4
buf:	.space	64
