/* SPDX-License-Identifier: MIT */
/* ROM and kernel, as bytes in the gate. */
	.section .rodata
	.globl parity_rom, parity_rom_end, parity_kernel, parity_kernel_end
parity_rom:
	.incbin ROM_IMAGE
parity_rom_end:
parity_kernel:
	.incbin KERNEL_IMAGE
parity_kernel_end:
	.section .note.GNU-stack, "", @progbits
