# SPDX-License-Identifier: MIT
# Start of a C test program. Any trap ends it with code 99.
	.section .init, "ax"
	.globl _start
	.option arch, +zicsr
_start:
	.option push
	.option norelax
	la	gp, __global_pointer$
	.option pop
	la	sp, __stack
	la	tp, __tls_base
	la	t0, trapped
	csrw	mtvec, t0
	li	a0, 0
	li	a1, 0
	li	a2, 0		# QEMU leaves an address here, and some program passes it on
	call	main
	tail	exit
	.balign 4
trapped:
	li	a0, 99
	tail	_exit
