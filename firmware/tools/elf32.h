/* SPDX-License-Identifier: MIT */
/*
 * The little of ELF that the image tool and the log decoder need: 32-bit,
 * little-endian, RISC-V. The file is untrusted; every offset is checked.
 */
#ifndef ELF32_H
#define ELF32_H

#include <stddef.h>
#include <stdint.h>

struct elf32 {
	const uint8_t *data;
	size_t bytes;
	uint32_t entry;
	uint32_t phoff, shoff;
	uint16_t phnum, shnum, shstrndx;
};

struct elf32_segment {
	uint32_t addr; /* physical */
	const uint8_t *data;
	uint32_t file_bytes;
};

/* Returns 0, or -1 with a sentence in *error. Keeps a pointer to data. */
int elf32_open(struct elf32 *e, const void *data, size_t bytes,
	       const char **error);

/* Loadable segment number n. Returns 1, 0 when it is none, -1 on a bad file. */
int elf32_segment(const struct elf32 *e, unsigned int n,
		  struct elf32_segment *s);

/* A section's bytes by name, or NULL. */
const uint8_t *elf32_section(const struct elf32 *e, const char *name,
			     size_t *bytes);

/* Copy the 20 bytes of the build id. Returns 0, or -1 when there is none. */
int elf32_build_id(const struct elf32 *e, uint8_t id[20]);

#endif
