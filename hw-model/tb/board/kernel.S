/* SPDX-License-Identifier: MIT */
/*
 * The bench's kernel: loads 1024 bytes from the address in its first argument
 * to the scratchpad, stores them at the second, exits with the third plus its
 * index in the job.
 */
#include "ashlar_regs.h"

#define LOCAL_BYTES 0x10000
#define ARGS (LOCAL_BYTES - 1024)
#define BYTES 1024

	.globl _start
_start:
	li	s0, ARGS
	li	s1, ASHLAR_MAP_KERNEL_LOAD_BASE
	lw	t0, 0(s0)
	lw	t1, 4(s0)
	sw	t0, ASHLAR_LOAD_GADDR_LO(s1)
	sw	t1, ASHLAR_LOAD_GADDR_HI(s1)
	sw	zero, ASHLAR_LOAD_LADDR(s1)
	li	t0, BYTES
	sw	t0, ASHLAR_LOAD_RUN(s1)
	sw	t0, ASHLAR_LOAD_GO(s1)
	lw	t0, ASHLAR_LOAD_ISSUED(s1)
	sw	t0, ASHLAR_LOAD_WAIT(s1)

	li	s1, ASHLAR_MAP_KERNEL_STORE_BASE
	lw	t0, 8(s0)
	lw	t1, 12(s0)
	sw	t0, ASHLAR_STORE_GADDR_LO(s1)
	sw	t1, ASHLAR_STORE_GADDR_HI(s1)
	sw	zero, ASHLAR_STORE_LADDR(s1)
	li	t0, BYTES
	sw	t0, ASHLAR_STORE_RUN(s1)
	sw	t0, ASHLAR_STORE_GO(s1)
	lw	t0, ASHLAR_STORE_ISSUED(s1)
	sw	t0, ASHLAR_STORE_WAIT(s1)

	li	s1, ASHLAR_MAP_KERNEL_UNIT_BASE
	lw	t0, 16(s0)
	lw	t1, ASHLAR_UNIT_INDEX(s1)
	add	t0, t0, t1
	sw	t0, ASHLAR_UNIT_EXIT(s1)
1:	j	1b
