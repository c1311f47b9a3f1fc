/* SPDX-License-Identifier: MIT */
/*
 * Reset entry of the management processor. The stack is the end of TCM, above
 * everything an image may load (ROM_RESERVED_BYTES).
 */
#include "ashlar_abi_asm.h"

	.section .text.start, "ax"
	.globl	_start
_start:
	csrw	mie, zero
	la	t0, rom_trap
	csrw	mtvec, t0
	li	sp, TCM_END
	addi	sp, sp, -16
	mv	a0, sp			/* &entry */
	call	boot_load
	bnez	a0, rom_stop
	lw	t0, 0(sp)
	fence.i
	jr	t0

	.balign	4
rom_trap:
	li	t0, MP_POST
	li	t1, POST_TRAP
	sw	t1, 0(t0)
rom_stop:
	wfi
	j	rom_stop
