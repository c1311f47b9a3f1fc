/* SPDX-License-Identifier: MIT */
/* The boot ROM image of the firmware, as built (ROM_IMAGE), or none. */
	.section .rodata
	.balign 8
	.globl ashlar_builtin_rom, ashlar_builtin_rom_end
	.hidden ashlar_builtin_rom, ashlar_builtin_rom_end
ashlar_builtin_rom:
#ifdef ROM_IMAGE
	.incbin ROM_IMAGE
#endif
ashlar_builtin_rom_end:
	.byte 0
	.section .note.GNU-stack, "", @progbits
