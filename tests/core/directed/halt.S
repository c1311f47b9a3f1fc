/* SPDX-License-Identifier: MIT */
/*
 * HALT_ON_TRAP: one exception for each CASE. The line "expect N: ..." of a case is what the
 * bench must print; 80000100 is the address of the culprit in all of them. A store behind the
 * culprit, which would end the program, must not be done.
 *
 * expect 1: halted: cause 3 pc 80000100 tval 00000000
 * expect 2: halted: cause 11 pc 80000100 tval 00000000
 * expect 3: halted: cause 2 pc 80000100 tval ffffffff
 * expect 4: halted: cause 5 pc 80000100 tval 00400004
 * expect 5: halted: cause 7 pc 80000100 tval 00400008
 * expect 6: halted: cause 4 pc 80000100 tval 80000101
 * expect 7: halted: cause 6 pc 80000100 tval 80000102
 * expect 8: halted: cause 1 pc 00400000 tval 00400000
 * expect 9: halted: cause 3 pc 80000100 tval 00000000
 * expect 10: halted: cause 2 pc 80000100 tval 00000000
 */
	.option arch, +zicsr
	.option norvc
	.section .init, "ax"
	.globl _start
_start:
	li	s0, 0x100000
	li	s1, 0x5555
	li	s2, 0x00400000
	la	s3, culprit
	csrw	mtvec, s0
	/* a wake-up without interrupts enabled is no trap */
	li	t0, 0x02000000
	li	t1, 1
	csrwi	mie, 8
	sw	t1, 0(t0)
	wfi
	/* with them enabled it is, and an interrupt does not halt */
	la	t2, handler
	csrw	mtvec, t2
	csrsi	mstatus, 8
	nop
	nop
	j	culprit
	.balign 64
handler:
	sw	x0, 0(t0)
	lw	t1, 0(t0)
	nop
	mret
	.balign 256
culprit:
#if CASE == 1
	ebreak
#elif CASE == 2
	ecall
#elif CASE == 3
	.word	0xffffffff
#elif CASE == 4
	lw	a0, 4(s2)
#elif CASE == 5
	sw	s1, 8(s2)
#elif CASE == 6
	lh	a0, 1(s3)
#elif CASE == 7
	sw	a0, 2(s3)
#elif CASE == 8
	jr	s2
#elif CASE == 9
	.option rvc
	c.ebreak
#elif CASE == 10
	.half	0
#endif
	sw	s1, 0(s0)
1:	j	1b
