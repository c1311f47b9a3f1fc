/* SPDX-License-Identifier: MIT */
/*
 * Keeps the matrix unit busy: its argument says how many products of full
 * depth (int8, both operands k-major, K such that A fills half the
 * scratchpad) are accumulated one after the other.
 */
#include "ashlar_regs.h"

#define LOCAL_BYTES 0x10000
#define ARGS (LOCAL_BYTES - 1024)

	.globl _start
_start:
	li	s0, ARGS
	li	s1, ASHLAR_MAP_KERNEL_MATRIX_BASE
	li	s2, ASHLAR_MAP_KERNEL_UNIT_BASE
	lw	t0, ASHLAR_UNIT_ARRAY(s2)
	lw	t1, ASHLAR_UNIT_SPAD_BYTES(s2)
	srli	t1, t1, 1		/* bytes of an operand */
	slli	t2, t0, 2		/* a line */
	divu	t3, t1, t2
	slli	t3, t3, 2		/* K: 4 a line */
	sw	zero, ASHLAR_MATRIX_A_ADDR(s1)
	sw	t1, ASHLAR_MATRIX_B_ADDR(s1)
	sw	t2, ASHLAR_MATRIX_A_PITCH(s1)
	sw	t2, ASHLAR_MATRIX_B_PITCH(s1)
	sw	t3, ASHLAR_MATRIX_K(s1)
	li	t0, ASHLAR_MATRIX_CFG_A_KMAJOR_MASK | ASHLAR_MATRIX_CFG_B_KMAJOR_MASK | ASHLAR_MATRIX_CFG_ACCUMULATE_MASK
	sw	t0, ASHLAR_MATRIX_CFG(s1)
	lw	t0, 0(s0)
1:	sw	zero, ASHLAR_MATRIX_GO(s1)
	addi	t0, t0, -1
	bnez	t0, 1b
	lw	t0, ASHLAR_MATRIX_ISSUED(s1)
	sw	t0, ASHLAR_MATRIX_WAIT(s1)
	sw	zero, ASHLAR_UNIT_EXIT(s2)
2:	j	2b
