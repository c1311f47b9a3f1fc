/* SPDX-License-Identifier: MIT */
/*
 * Start-up of a kernel. Each kernel's entry (ASHLAR_KERNEL) puts the address
 * of its function into t0 and jumps here.
 *
 * Stack and arguments: the arguments are in the last 1024 bytes of local
 * memory, whose size the tile tells; the stack grows down from there. Between
 * the data and the stack lies a guard word that is checked at the end: a stack
 * that grew into it ends the job with ASH_EXIT_STACK.
 */
#include "ashlar_regs.h"

#define ARG_AREA   1024
#define GUARD	   0x4b435453 /* "STCK" */
#define EXIT_STACK 0xffff0001 /* ASH_EXIT_STACK */

	.section .text.ash_start, "ax", @progbits
	.globl ash_start
	.type ash_start, @function
ash_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	li	t1, ASHLAR_MAP_KERNEL_UNIT_BASE
	lw	sp, ASHLAR_UNIT_LMEM_BYTES(t1)
	addi	sp, sp, -ARG_AREA
	mv	a0, sp

	la	t2, ash_bss_begin
	la	t3, ash_bss_end
1:	bgeu	t2, t3, 2f
	sw	zero, 0(t2)
	addi	t2, t2, 4
	j	1b
2:
	li	t4, GUARD
	la	t5, ash_stack_guard
	sw	t4, 0(t5)

	/* What an earlier kernel left; kernel.h counts on these. */
	li	t1, ASHLAR_MAP_KERNEL_LOAD_BASE
	sw	zero, ASHLAR_LOAD_DEFAULTS(t1)
	li	t1, ASHLAR_MAP_KERNEL_STORE_BASE
	sw	zero, ASHLAR_STORE_DEFAULTS(t1)
	li	t1, ASHLAR_MAP_KERNEL_VECTOR_BASE
	sw	zero, ASHLAR_VECTOR_DEFAULTS(t1)

	jalr	t0

	la	t5, ash_stack_guard
	lw	t5, 0(t5)
	li	t4, GUARD
	beq	t4, t5, 3f
	li	a0, EXIT_STACK
3:	li	t1, ASHLAR_MAP_KERNEL_UNIT_BASE
	sw	a0, ASHLAR_UNIT_EXIT(t1)
4:	j	4b
	.size ash_start, . - ash_start
