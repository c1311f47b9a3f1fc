/* SPDX-License-Identifier: MIT */
/* Kernel files for the fake board, made in memory. */
#ifndef ELF_MAKE_H
#define ELF_MAKE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/kernel_abi.h>

#define ELF_KERNELS    6
#define ELF_TEXT       0x100 /* file offset of text, 128 bytes */
#define ELF_TEXT_BYTES 128
#define ELF_DATA       0x180 /* 16 bytes at address 128, 100 in memory */
#define ELF_DESCS      0x200
#define ELF_NAMES      (ELF_DESCS + ELF_KERNELS * 128)
#define ELF_SHDRS      (ELF_NAMES + 64)
#define ELF_SECTIONS   4
#define ELF_BYTES      (ELF_SHDRS + ELF_SECTIONS * 40)

/* Offsets of the headers. */
#define ELF_PHDR(n) (sizeof(Elf32_Ehdr) + (n) * sizeof(Elf32_Phdr))
#define ELF_SHDR(n) (ELF_SHDRS + (n) * sizeof(Elf32_Shdr))
#define ELF_DESC(n) (ELF_DESCS + (n) * sizeof(struct ashlar_kernel_desc))

/*
 * Kernels add, hang, exit, illegal, store, upto (an exit with arguments up to
 * 16 bytes) in ELF_BYTES bytes.
 */
void elf_make(uint8_t *file);

#endif
