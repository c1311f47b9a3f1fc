/* SPDX-License-Identifier: MIT */
/* Every compressed instruction of RV32C without F and D. */
#include "test.h"
	START
	.option rvc
	la	s0, buf
	mv	s1, sp
	mv	sp, s0
	c.li	a0, -32
	EQ	a0, -32
	c.li	a0, 31
	EQ	a0, 31
	c.lui	a0, 1
	EQ	a0, 0x1000
	c.lui	a0, 0xfffe0
	EQ	a0, 0xfffe0000
	c.li	a0, 5
	c.addi	a0, -32
	EQ	a0, -27
	c.addi	a0, 31
	EQ	a0, 4
	c.nop
	c.addi16sp sp, 496
	sub	a0, sp, s0
	EQ	a0, 496
	c.addi16sp sp, -512
	sub	a0, sp, s0
	EQ	a0, -16
	c.addi16sp sp, 16
	c.addi4spn a0, sp, 4
	sub	a0, a0, s0
	EQ	a0, 4
	c.addi4spn a5, sp, 1020
	sub	a0, a5, s0
	EQ	a0, 1020
	c.addi4spn a5, sp, 340
	sub	a0, a5, s0
	EQ	a0, 340
	c.addi4spn a5, sp, 680
	sub	a0, a5, s0
	EQ	a0, 680
	li	a4, 0x1234567
	c.swsp	a4, 0(sp)
	c.swsp	s0, 252(sp)
	c.swsp	a4, 84(sp)
	c.swsp	s0, 168(sp)
	lw	a0, 0(s0)
	EQ	a0, 0x1234567
	lw	a0, 84(s0)
	EQ	a0, 0x1234567
	lw	a0, 252(s0)
	EQR	a0, s0
	c.lwsp	t3, 84(sp)
	EQ	t3, 0x1234567
	c.lwsp	a0, 252(sp)
	EQR	a0, s0
	c.lwsp	a0, 168(sp)
	EQR	a0, s0
	mv	a3, s0
	c.sw	a4, 124(a3)
	c.sw	a3, 64(a3)
	c.sw	a4, 40(a3)
	c.lw	a2, 124(a3)
	EQ	a2, 0x1234567
	c.lw	a2, 64(a3)
	EQR	a2, s0
	c.lw	a2, 40(a3)
	EQ	a2, 0x1234567
	li	a0, 0x80000010
	c.srli	a0, 4
	EQ	a0, 0x08000001
	li	a0, 0x80000010
	c.srai	a0, 4
	EQ	a0, 0xf8000001
	c.srai	a0, 31
	EQ	a0, -1
	c.srli	a0, 31
	EQ	a0, 1
	c.slli	a0, 31
	EQ	a0, 0x80000000
	c.li	t3, 3
	c.slli	t3, 1
	EQ	t3, 6
	li	a0, 0xff
	c.andi	a0, -16
	EQ	a0, 0xf0
	c.andi	a0, 16
	EQ	a0, 0x10
	li	a0, 12
	li	a1, 10
	c.sub	a0, a1
	EQ	a0, 2
	li	a0, 12
	c.xor	a0, a1
	EQ	a0, 6
	li	a0, 12
	c.or	a0, a1
	EQ	a0, 14
	li	a0, 12
	c.and	a0, a1
	EQ	a0, 8
	c.mv	t4, a1
	EQ	t4, 10
	c.add	t4, a1
	EQ	t4, 20
	li	a0, 0
	c.j	1f
	li	a0, 1
1:	EQ	a0, 0
	li	t0, 1
2:	c.jal	3f
	li	t0, 2
	j	4f
3:	la	a1, 2b + 2
	EQR	ra, a1
	jr	ra
	li	t0, 3
4:	EQ	t0, 2
	la	t0, 5f
	c.jr	t0
	j	fail
5:	la	t0, 7f
6:	c.jalr	t0
	j	fail
7:	la	a1, 6b + 2
	EQR	ra, a1
	li	a0, 0
	li	a1, 3
	c.beqz	a0, 8f
	li	a1, 4
8:	c.bnez	a0, fail2
	EQ	a1, 3
	li	a0, 4
	li	a1, 0
9:	c.addi	a1, 2
	c.addi	a0, -1
	c.bnez	a0, 9b
	EQ	a1, 8
	c.beqz	a0, 1f
fail2:	j	fail
1:	/* hints do nothing */
	.half	0x0001 | 5 << 2		/* c.nop with an immediate */
	.half	0x4001 | 5 << 2		/* c.li x0 */
	.half	0x6001 | 5 << 2		/* c.lui x0 */
	.half	0x8002 | 10 << 2	/* c.mv x0, a0 */
	.half	0x9002 | 10 << 2	/* c.add x0, a0 */
	.half	0x0002 | 5 << 2		/* c.slli x0 */
	mv	a1, x0
	EQ	a1, 0
	mv	sp, s1
	FINISH
	.bss
	.balign 16
	.space	512
buf:	.space	1024
