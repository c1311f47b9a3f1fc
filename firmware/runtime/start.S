/* SPDX-License-Identifier: MIT */
/* Entry of the runtime, from the ROM; and its trap entry. */
#include "ashlar_abi_asm.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	.option	push
	.option	norelax
	la	gp, __global_pointer$
	.option	pop
	csrw	mie, zero
	la	t0, trap
	csrw	mtvec, t0
	li	sp, TCM_END
	la	t0, bss_begin
	la	t1, bss_end
1:	bgeu	t0, t1, 2f
	sw	zero, 0(t0)
	addi	t0, t0, 4
	j	1b
2:	call	runtime_main

	/*
	 * Interrupts are never enabled, so this is an exception: a defect. The
	 * stack may be what is broken; start a new one. A second trap inside
	 * comes here again and posts.
	 */
	.balign	4
trap:
	li	a5, MP_POST
	li	a4, POST_TRAP
	lw	a3, 0(a5)
	beq	a3, a4, 3f
	sw	a4, 0(a5)
	mv	a3, ra
	mv	a4, sp
	li	sp, TCM_END
	csrr	a0, mcause
	csrr	a1, mepc
	csrr	a2, mtval
	call	runtime_trap
3:	wfi
	j	3b
