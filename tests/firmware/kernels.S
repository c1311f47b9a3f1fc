/* SPDX-License-Identifier: MIT */
/* Hand-made kernels, one in each 64 bytes; a job picks one by its entry. */
	.option	norelax
	.text
	.globl	_start
_start:

/* 0x00: ends at once, exit code 0 */
	lui	t0, 0x20000
	sw	zero, 0x30(t0)		/* UNIT.EXIT */
1:	j	1b

/* 0x40: exit code = first argument word + tile number */
	.balign	64
	lui	t0, 0x20000
	lui	t1, 0x10		/* arguments: last 1 KiB of 64 KiB */
	lw	t1, -1024(t1)
	lw	t2, 0(t0)		/* UNIT.INDEX */
	add	t1, t1, t2
	sw	t1, 0x30(t0)
1:	j	1b

/* 0x80: for ever */
	.balign	64
1:	j	1b

/* 0xc0: a load from where there is nothing */
	.balign	64
	lui	t0, 0x60000
	lw	t0, 4(t0)
1:	j	1b

/* 0x100: runs for some thousand cycles, exit code 0 */
	.balign	64
	li	t1, 1000
1:	addi	t1, t1, -1
	bnez	t1, 1b
	lui	t0, 0x20000
	sw	zero, 0x30(t0)
2:	j	2b

/* 0x140: counts in local data; exit code is the count: data is loaded anew */
	.balign	64
	lui	t0, 0x20000
	lw	t1, 0x180(zero)
	addi	t1, t1, 1
	sw	t1, 0x180(zero)
	sw	t1, 0x30(t0)
1:	j	1b

/* 0x180: data */
	.balign	64
	.word	0
	.balign	64
