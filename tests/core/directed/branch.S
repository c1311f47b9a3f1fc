/* SPDX-License-Identifier: MIT */
/* Branches and jumps, from and to both halves of a word. */
#include "test.h"
	START
	/* op, a, b, taken? */
	.macro BR op, a, b, taken
	li	a0, \a
	li	a1, \b
	li	a2, 0
	\op	a0, a1, .Lt\@
	addi	a2, a2, 1
	j	.Le\@
.Lb\@:	addi	a2, a2, 4
	j	.Le\@
.Lt\@:	addi	a2, a2, 2
	\op	a0, a1, .Lb\@		/* and backwards */
.Le\@:	EQ	a2, 1 + \taken * 5
	.endm
	.macro ALL
	BR	beq, 1, 1, 1
	BR	beq, 1, 2, 0
	BR	bne, 1, 1, 0
	BR	bne, -1, 1, 1
	BR	blt, -1, 0, 1
	BR	blt, 0, -1, 0
	BR	blt, 3, 3, 0
	BR	bge, -1, 0, 0
	BR	bge, 0, 0x80000000, 1
	BR	bge, 3, 3, 1
	BR	bltu, -1, 0, 0
	BR	bltu, 0, -1, 1
	BR	bgeu, -1, 0, 1
	BR	bgeu, 0, 0x80000000, 0
	BR	bgeu, 3, 3, 1
	.endm
	ALL
	c.nop			/* everything on the other half */
	.option push
	.option norvc
	ALL
	.option pop
	.option norvc
	/* links */
1:	jal	a0, 2f
	nop
2:	la	a1, 1b + 4
	EQR	a0, a1
	la	a0, 4f
3:	jalr	a0, 0(a0)	/* target and link in one register */
	nop
4:	la	a1, 3b + 4
	EQR	a0, a1
	la	a0, 5f + 1	/* bit 0 is dropped */
	jalr	ra, 0(a0)
5:	.option rvc
	la	a0, 7f
6:	c.jalr	a0
	nop
	c.nop
7:	la	a1, 6b + 2
	EQR	ra, a1
	/* a loaded address, a multiplied one */
	la	a2, table
	lw	a0, 0(a2)
	jr	a0
	j	fail
8:	la	a0, 9f
	li	a1, 1
	mul	a0, a0, a1
	jr	a0
	j	fail
9:	/* a tight loop of one instruction and a branch */
	li	a0, 100
	li	a1, 0
1:	addi	a1, a1, 3
	addi	a0, a0, -1
	bnez	a0, 1b
	EQ	a1, 300
	/* jump onto a 32-bit instruction that starts at the second half of a word, from each half */
	.balign 4
	li	a0, 0
	.option norvc
	j	1f
	.option rvc
	.balign 4
	c.nop
1:	.option norvc
	li	a0, 77
	.option rvc
	EQ	a0, 77
	FINISH
	.balign 4
table:	.word	8b
