/* SPDX-License-Identifier: MIT */
/* Kernel files (ashlar/kernel_abi.h): from untrusted bytes to an image. */
#ifndef ASHLAR_LIB_KERNEL_ELF_H
#define ASHLAR_LIB_KERNEL_ELF_H

#include <ashlar/kernel_abi.h>

struct kernel_elf {
	uint8_t *image; /* what a tile loads to address 0 */
	uint32_t image_bytes; /* multiple of 64, at least 64 */
	uint32_t text_bytes; /* multiple of 64, at most image_bytes */
	uint32_t memory_bytes; /* image and .bss */
	struct ashlar_kernel_desc *kernels;
	uint32_t kernel_count; /* 1 .. ASHLAR_KERNELS_MAX */
};

/*
 * Returns 0, -1 with a sentence in error when the file is malformed, or -2
 * when memory is short. What it gives is consistent in itself; whether it fits
 * a board is for the caller to judge.
 */
int kernel_elf_parse(const void *file, size_t bytes, struct kernel_elf *k,
		     char *error, size_t error_bytes);
void kernel_elf_free(struct kernel_elf *k);

#endif
