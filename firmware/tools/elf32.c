// SPDX-License-Identifier: MIT
#include <string.h>

#include "elf32.h"

#define EHDR_BYTES    52
#define PHDR_BYTES    32
#define SHDR_BYTES    40
#define MACHINE_RISCV 243
#define PT_LOAD	      1
#define SHT_NOBITS    8

static uint32_t u32(const uint8_t *p)
{
	return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static uint16_t u16(const uint8_t *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static int inside(const struct elf32 *e, uint64_t offset, uint64_t bytes)
{
	return offset <= e->bytes && bytes <= e->bytes - offset;
}

int elf32_open(struct elf32 *e, const void *data, size_t bytes,
	       const char **error)
{
	const uint8_t *d = data;

	if (bytes < EHDR_BYTES || memcmp(d, "\177ELF\1\1\1", 7)) {
		*error = "not a 32-bit little-endian ELF file";
		return -1;
	}
	if (u16(d + 18) != MACHINE_RISCV) {
		*error = "not for RISC-V";
		return -1;
	}
	*e = (struct elf32){
		.data = d,
		.bytes = bytes,
		.entry = u32(d + 24),
		.phoff = u32(d + 28),
		.shoff = u32(d + 32),
		.phnum = u16(d + 44),
		.shnum = u16(d + 48),
		.shstrndx = u16(d + 50),
	};
	if ((e->phnum && u16(d + 42) != PHDR_BYTES) ||
	    (e->shnum && u16(d + 46) != SHDR_BYTES) ||
	    !inside(e, e->phoff, (uint64_t)e->phnum * PHDR_BYTES) ||
	    !inside(e, e->shoff, (uint64_t)e->shnum * SHDR_BYTES)) {
		*error = "header tables outside the file";
		return -1;
	}
	return 0;
}

int elf32_segment(const struct elf32 *e, unsigned int n,
		  struct elf32_segment *s)
{
	const uint8_t *p;

	if (n >= e->phnum)
		return 0;
	p = e->data + e->phoff + (size_t)n * PHDR_BYTES;
	*s = (struct elf32_segment){ .addr = u32(p + 12) };
	if (u32(p) != PT_LOAD)
		return 1;
	if (!inside(e, u32(p + 4), u32(p + 16)))
		return -1;
	s->data = e->data + u32(p + 4);
	s->file_bytes = u32(p + 16);
	return 1;
}

static const uint8_t *section_header(const struct elf32 *e, unsigned int n)
{
	return e->data + e->shoff + (size_t)n * SHDR_BYTES;
}

const uint8_t *elf32_section(const struct elf32 *e, const char *name,
			     size_t *bytes)
{
	const uint8_t *strings;
	uint32_t strings_bytes;
	unsigned int n;

	if (e->shstrndx >= e->shnum)
		return NULL;
	strings = section_header(e, e->shstrndx);
	strings_bytes = u32(strings + 20);
	if (!inside(e, u32(strings + 16), strings_bytes))
		return NULL;
	strings = e->data + u32(strings + 16);
	for (n = 0; n < e->shnum; n++) {
		const uint8_t *h = section_header(e, n);
		uint32_t at = u32(h);
		size_t length = strlen(name) + 1;

		if (at > strings_bytes || strings_bytes - at < length ||
		    memcmp(strings + at, name, length))
			continue;
		if (u32(h + 4) == SHT_NOBITS ||
		    !inside(e, u32(h + 16), u32(h + 20)))
			return NULL;
		*bytes = u32(h + 20);
		return e->data + u32(h + 16);
	}
	return NULL;
}

int elf32_build_id(const struct elf32 *e, uint8_t id[20])
{
	size_t bytes;
	const uint8_t *note = elf32_section(e, ".note.gnu.build-id", &bytes);

	if (!note || bytes < 36 || u32(note) != 4 || u32(note + 4) != 20 ||
	    u32(note + 8) != 3 || memcmp(note + 12, "GNU", 4))
		return -1;
	memcpy(id, note + 16, 20);
	return 0;
}
