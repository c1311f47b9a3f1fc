/* SPDX-License-Identifier: MIT */
#include "ashlar_regs.h"

	.section .text.start
	.globl _start
_start:
	li	s0, ASHLAR_MAP_KERNEL_UNIT_BASE
	lw	a0, ASHLAR_UNIT_LMEM_BYTES(s0)
	addi	a0, a0, -1024		/* the arguments; the stack below */
	mv	sp, a0
	jal	kernel_main
	sw	a0, ASHLAR_UNIT_EXIT(s0)
1:	j	1b
