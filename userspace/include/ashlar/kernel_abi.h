/* SPDX-License-Identifier: MIT */
/*
 * What a kernel file says about itself: written by the kernel toolchain
 * (ashlar/kernel.h declares one descriptor per kernel), read by libashlar.
 *
 * A kernel file is an ELF32 little-endian RISC-V executable linked at local
 * address 0, with at most two PT_LOAD segments:
 *
 *   text  flags R or R+X, p_vaddr 0; write protected while a kernel runs
 *   data  flags R+W, p_vaddr a multiple of 64, at or behind the end of text
 *
 * The library flattens both to the image that a tile loads to address 0:
 * text, zeros up to the data segment, data, zeros up to a multiple of 64. It
 * sets TILE.TEXT_BYTES to the address of the data segment (without one: to
 * the size of the image). The bytes of data behind p_filesz (.bss) are not in
 * the image; start-up code clears them. p_memsz of data must end at or below
 * local memory minus ASHLAR_KERNEL_ARG_AREA.
 *
 * Section ASHLAR_KERNEL_SECTION is an array of struct ashlar_kernel_desc with
 * all relocations resolved. It needs no SHF_ALLOC: local memory is dear, and
 * only the library reads it.
 */
#ifndef ASHLAR_KERNEL_ABI_H
#define ASHLAR_KERNEL_ABI_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define ASHLAR_KERNEL_SECTION  ".ashlar.kernels"
#define ASHLAR_KERNEL_MAGIC    0x4e524b41u /* "AKRN" */
#define ASHLAR_KERNEL_NAME_MAX 48 /* with the terminating zero */
#define ASHLAR_KERNEL_ARG_AREA 1024 /* last bytes of local memory: arguments */
#define ASHLAR_KERNEL_ARG_MAX  1024 /* bytes of arguments */
#define ASHLAR_KERNELS_MAX     256 /* descriptors in one file */

/* flags */
/* Arguments may be shorter than arg_bytes (else exactly that size). */
#define ASHLAR_KERNEL_ARGS_UP_TO 1u
#define ASHLAR_KERNEL_FLAGS	 1u /* all that are defined */

struct ashlar_kernel_desc {
	uint32_t magic; /* ASHLAR_KERNEL_MAGIC */
	uint32_t size; /* sizeof(struct ashlar_kernel_desc) */
	/*
	 * Range of the kernel interface (registers as a kernel sees them) that
	 * the kernel runs on; major << 16 | minor, ASHLAR_ABI_KERNEL of
	 * driver/abi/ashlar_abi.h when it was built.
	 */
	uint32_t abi_min;
	uint32_t abi_max;
	char name[ASHLAR_KERNEL_NAME_MAX]; /* zero-terminated, [A-Za-z0-9_.-] */
	uint32_t entry; /* local address, even, inside text */
	uint32_t arg_bytes; /* 0 .. ASHLAR_KERNEL_ARG_MAX */
	/*
	 * Local memory the kernel needs: image, .bss, stack, argument area.
	 * 0: no more than image, .bss and argument area.
	 */
	uint32_t lmem_bytes;
	uint32_t spad_bytes; /* scratchpad it needs; 0: it asks the board */
	uint32_t array_min; /* least array size (UNIT.ARRAY); 0: any */
	uint32_t array_max; /* greatest; 0: any */
	uint32_t accs_min; /* least number of accumulator tiles; 0: any */
	uint32_t tiles_max; /* tiles it can use; 0: any number */
	uint32_t flags; /* ASHLAR_KERNEL_* */
	uint32_t reserved[7]; /* zero */
};

static_assert(sizeof(struct ashlar_kernel_desc) == 128,
	      "struct ashlar_kernel_desc must not change size");
static_assert(offsetof(struct ashlar_kernel_desc, entry) == 64,
	      "struct ashlar_kernel_desc: entry is at 64");
static_assert(offsetof(struct ashlar_kernel_desc, flags) == 96,
	      "struct ashlar_kernel_desc: flags is at 96");

#endif
