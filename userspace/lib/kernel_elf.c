// SPDX-License-Identifier: MIT
#include "kernel_elf.h"

#include <elf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MACHINE_RISCV 243
#define FLAG_RVC      0x1u
#define IMAGE_ALIGN   64u
#define LOCAL_MAX     65536u /* of any board; also bounds what is allocated */
#define PHDRS_MAX     16
#define SHDRS_MAX     1024

struct parser {
	const uint8_t *file;
	size_t bytes;
	Elf32_Ehdr eh;
	Elf32_Phdr text, data;
	bool has_text, has_data;
	char *error;
	size_t error_bytes;
};

static int bad(struct parser *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

static int bad(struct parser *p, const char *fmt, ...)
{
	int n = snprintf(p->error, p->error_bytes, "kernel file: ");
	va_list ap;

	if (n >= 0 && (size_t)n < p->error_bytes) {
		va_start(ap, fmt);
		vsnprintf(p->error + n, p->error_bytes - (size_t)n, fmt, ap);
		va_end(ap);
	}
	return -1;
}

static bool inside(const struct parser *p, uint32_t offset, uint64_t bytes)
{
	return offset <= p->bytes && bytes <= p->bytes - offset;
}

static uint32_t align_up(uint32_t value)
{
	return (value + IMAGE_ALIGN - 1) & ~(IMAGE_ALIGN - 1);
}

static int check_ident(struct parser *p)
{
	const unsigned char *id = p->eh.e_ident;
	int i;

	if (memcmp(id, ELFMAG, SELFMAG))
		return bad(p, "it does not begin with the ELF magic");
	if (id[EI_CLASS] != ELFCLASS32)
		return bad(p, "ELF class %u, not 1 (32 bit)", id[EI_CLASS]);
	if (id[EI_DATA] != ELFDATA2LSB)
		return bad(p, "ELF data %u, not 1 (little endian)",
			   id[EI_DATA]);
	if (id[EI_VERSION] != EV_CURRENT)
		return bad(p, "ELF version %u, not 1", id[EI_VERSION]);
	if (id[EI_OSABI] || id[EI_ABIVERSION])
		return bad(p, "OS ABI %u.%u, not 0.0", id[EI_OSABI],
			   id[EI_ABIVERSION]);
	for (i = EI_PAD; i < EI_NIDENT; i++)
		if (id[i])
			return bad(
				p,
				"padding byte %d of the ELF identification is %u, not 0",
				i, id[i]);
	return 0;
}

static int check_header(struct parser *p)
{
	const Elf32_Ehdr *eh = &p->eh;

	if (eh->e_type != ET_EXEC)
		return bad(p, "type %u, not 2 (executable)", eh->e_type);
	if (eh->e_machine != MACHINE_RISCV)
		return bad(p, "machine %u, not %u (RISC-V)", eh->e_machine,
			   MACHINE_RISCV);
	if (eh->e_version != EV_CURRENT)
		return bad(p, "version %u, not 1", eh->e_version);
	if (eh->e_flags & ~FLAG_RVC)
		return bad(
			p,
			"flags 0x%x: only soft-float RV32I and RV32IC code can run",
			eh->e_flags);
	if (eh->e_ehsize != sizeof(Elf32_Ehdr) ||
	    eh->e_phentsize != sizeof(Elf32_Phdr) ||
	    eh->e_shentsize != sizeof(Elf32_Shdr))
		return bad(p, "header sizes %u, %u, %u are not %zu, %zu, %zu",
			   eh->e_ehsize, eh->e_phentsize, eh->e_shentsize,
			   sizeof(Elf32_Ehdr), sizeof(Elf32_Phdr),
			   sizeof(Elf32_Shdr));
	if (!eh->e_phnum || eh->e_phnum > PHDRS_MAX)
		return bad(p, "%u program headers, not 1 to %d", eh->e_phnum,
			   PHDRS_MAX);
	if (eh->e_phoff % 4 ||
	    !inside(p, eh->e_phoff, (uint64_t)eh->e_phnum * sizeof(Elf32_Phdr)))
		return bad(
			p,
			"program headers at 0x%x are misaligned or outside the file",
			eh->e_phoff);
	if (eh->e_shnum < 2 || eh->e_shnum > SHDRS_MAX)
		return bad(p, "%u section headers, not 2 to %d", eh->e_shnum,
			   SHDRS_MAX);
	if (eh->e_shoff % 4 ||
	    !inside(p, eh->e_shoff, (uint64_t)eh->e_shnum * sizeof(Elf32_Shdr)))
		return bad(
			p,
			"section headers at 0x%x are misaligned or outside the file",
			eh->e_shoff);
	if (eh->e_shstrndx >= eh->e_shnum)
		return bad(p, "section name table %u of %u sections",
			   eh->e_shstrndx, eh->e_shnum);
	return 0;
}

static int take_load(struct parser *p, const Elf32_Phdr *ph, unsigned int i)
{
	if (!inside(p, ph->p_offset, ph->p_filesz))
		return bad(p, "segment %u lies outside the file", i);
	if (ph->p_filesz > ph->p_memsz)
		return bad(
			p,
			"segment %u has %u bytes in the file and %u in memory",
			i, ph->p_filesz, ph->p_memsz);
	if (ph->p_vaddr > LOCAL_MAX || ph->p_memsz > LOCAL_MAX - ph->p_vaddr)
		return bad(
			p,
			"segment %u ends behind %u, the largest local memory",
			i, LOCAL_MAX);
	if (ph->p_align & (ph->p_align - 1))
		return bad(p, "segment %u has alignment %u, not a power of two",
			   i, ph->p_align);

	switch (ph->p_flags) {
	case PF_R:
	case PF_R | PF_X:
		if (p->has_text || p->has_data)
			return bad(p, "segment %u: text is not the first", i);
		if (ph->p_vaddr)
			return bad(p, "text is linked at 0x%x, not at 0",
				   ph->p_vaddr);
		if (!ph->p_filesz || ph->p_filesz != ph->p_memsz)
			return bad(
				p,
				"text has %u bytes in the file and %u in memory",
				ph->p_filesz, ph->p_memsz);
		p->text = *ph;
		p->has_text = true;
		return 0;
	case PF_R | PF_W:
		if (!p->has_text || p->has_data)
			return bad(p, "segment %u: data is not the second", i);
		if (ph->p_vaddr % IMAGE_ALIGN || ph->p_vaddr < p->text.p_memsz)
			return bad(
				p,
				"data is linked at 0x%x: not a multiple of %u behind text, which ends at 0x%x",
				ph->p_vaddr, IMAGE_ALIGN, p->text.p_memsz);
		p->data = *ph;
		p->has_data = true;
		return 0;
	default:
		return bad(
			p,
			"segment %u has flags 0x%x: neither text (R, R+X) nor data (R+W)",
			i, ph->p_flags);
	}
}

static int scan_segments(struct parser *p)
{
	Elf32_Phdr ph;
	unsigned int i;

	for (i = 0; i < p->eh.e_phnum; i++) {
		memcpy(&ph, p->file + p->eh.e_phoff + i * sizeof(ph),
		       sizeof(ph));
		switch (ph.p_type) {
		case PT_LOAD:
			if (take_load(p, &ph, i))
				return -1;
			break;
		case PT_NULL:
		case PT_NOTE:
		case PT_GNU_STACK:
		case 0x70000003: /* PT_RISCV_ATTRIBUTES */
			break;
		default:
			return bad(
				p,
				"segment %u has type 0x%x: link it statically, without thread-local data",
				i, ph.p_type);
		}
	}
	return p->has_text ? 0 : bad(p, "there is no text segment");
}

static int check_entry(struct parser *p, const char *what, uint32_t entry,
		       uint32_t text_bytes)
{
	if (entry & 1 || entry >= text_bytes)
		return bad(
			p,
			"%s 0x%x is odd or outside text, which has 0x%x bytes",
			what, entry, text_bytes);
	return 0;
}

static int flatten(struct parser *p, struct kernel_elf *k)
{
	uint32_t end = p->has_data ? p->data.p_vaddr + p->data.p_filesz :
				     p->text.p_memsz;

	k->image_bytes = align_up(end);
	k->text_bytes = p->has_data ? p->data.p_vaddr : k->image_bytes;
	k->memory_bytes = k->image_bytes;
	if (p->has_data && p->data.p_vaddr + p->data.p_memsz > k->memory_bytes)
		k->memory_bytes = p->data.p_vaddr + p->data.p_memsz;

	k->image = calloc(1, k->image_bytes);
	if (!k->image)
		return -2;
	memcpy(k->image, p->file + p->text.p_offset, p->text.p_filesz);
	if (p->has_data && p->data.p_filesz)
		memcpy(k->image + p->data.p_vaddr, p->file + p->data.p_offset,
		       p->data.p_filesz);
	return check_entry(p, "entry", p->eh.e_entry, k->text_bytes);
}

static void get_section(const struct parser *p, unsigned int i, Elf32_Shdr *sh)
{
	memcpy(sh, p->file + p->eh.e_shoff + i * sizeof(*sh), sizeof(*sh));
}

static int find_section(struct parser *p, Elf32_Shdr *found)
{
	const char name[] = ASHLAR_KERNEL_SECTION;
	Elf32_Shdr names, sh;
	unsigned int i, hits = 0;

	get_section(p, p->eh.e_shstrndx, &names);
	if (names.sh_type != SHT_STRTAB ||
	    !inside(p, names.sh_offset, names.sh_size))
		return bad(
			p,
			"the section name table is of type %u or outside the file",
			names.sh_type);
	for (i = 1; i < p->eh.e_shnum; i++) {
		get_section(p, i, &sh);
		if (sh.sh_name >= names.sh_size)
			return bad(p,
				   "section %u: its name is outside the table",
				   i);
		if (names.sh_size - sh.sh_name < sizeof(name) ||
		    memcmp(p->file + names.sh_offset + sh.sh_name, name,
			   sizeof(name)))
			continue;
		*found = sh;
		hits++;
	}
	if (hits != 1)
		return bad(p,
			   "%u sections " ASHLAR_KERNEL_SECTION
			   ", not one; declare kernels as ashlar/kernel.h says",
			   hits);
	if (found->sh_type != SHT_PROGBITS ||
	    !inside(p, found->sh_offset, found->sh_size))
		return bad(p,
			   "section " ASHLAR_KERNEL_SECTION
			   " is of type %u or outside the file",
			   found->sh_type);
	return 0;
}

static bool name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";
	size_t len = strnlen(name, ASHLAR_KERNEL_NAME_MAX);

	return len && len < ASHLAR_KERNEL_NAME_MAX &&
	       strspn(name, allowed) == len;
}

static int check_desc(struct parser *p, const struct kernel_elf *k, uint32_t i)
{
	const struct ashlar_kernel_desc *d = &k->kernels[i];
	size_t r;

	if (d->magic != ASHLAR_KERNEL_MAGIC || d->size != sizeof(*d))
		return bad(
			p,
			"descriptor %u has magic 0x%08x and size %u, not 0x%08x and %zu",
			i, d->magic, d->size, ASHLAR_KERNEL_MAGIC, sizeof(*d));
	if (!name_ok(d->name))
		return bad(
			p,
			"descriptor %u has no name of 1 to %d letters, digits, \"_.-\"",
			i, ASHLAR_KERNEL_NAME_MAX - 1);
	for (uint32_t j = 0; j < i; j++)
		if (!strcmp(d->name, k->kernels[j].name))
			return bad(p, "two kernels are called %s", d->name);
	if (d->abi_min > d->abi_max)
		return bad(p,
			   "kernel %s: interface range 0x%x to 0x%x is empty",
			   d->name, d->abi_min, d->abi_max);
	if (d->arg_bytes > ASHLAR_KERNEL_ARG_MAX)
		return bad(p, "kernel %s: %u bytes of arguments, more than %d",
			   d->name, d->arg_bytes, ASHLAR_KERNEL_ARG_MAX);
	if (d->flags & ~ASHLAR_KERNEL_FLAGS)
		return bad(p, "kernel %s: unknown flags 0x%x", d->name,
			   d->flags & ~ASHLAR_KERNEL_FLAGS);
	if (d->array_max && d->array_max < d->array_min)
		return bad(p, "kernel %s: array range %u to %u is empty",
			   d->name, d->array_min, d->array_max);
	for (r = 0; r < sizeof(d->reserved) / sizeof(d->reserved[0]); r++)
		if (d->reserved[r])
			return bad(
				p,
				"kernel %s: reserved word %zu is 0x%x, not 0",
				d->name, r, d->reserved[r]);
	return check_entry(p, "kernel entry", d->entry, k->text_bytes);
}

static int read_descs(struct parser *p, struct kernel_elf *k)
{
	const size_t one = sizeof(struct ashlar_kernel_desc);
	Elf32_Shdr sh = { 0 };

	if (find_section(p, &sh))
		return -1;
	if (!sh.sh_size || sh.sh_size % one ||
	    sh.sh_size / one > ASHLAR_KERNELS_MAX)
		return bad(p,
			   "section " ASHLAR_KERNEL_SECTION
			   " has %u bytes, not 1 to %d times %zu",
			   sh.sh_size, ASHLAR_KERNELS_MAX, one);
	k->kernel_count = (uint32_t)(sh.sh_size / one);
	k->kernels = malloc(sh.sh_size);
	if (!k->kernels)
		return -2;
	memcpy(k->kernels, p->file + sh.sh_offset, sh.sh_size);
	for (uint32_t i = 0; i < k->kernel_count; i++)
		if (check_desc(p, k, i))
			return -1;
	return 0;
}

int kernel_elf_parse(const void *file, size_t bytes, struct kernel_elf *k,
		     char *error, size_t error_bytes)
{
	struct parser p = {
		.file = file,
		.bytes = bytes,
		.error = error,
		.error_bytes = error_bytes,
	};
	int r;

	memset(k, 0, sizeof(*k));
	if (bytes < sizeof(p.eh))
		return bad(&p, "%zu bytes are less than an ELF header", bytes);
	memcpy(&p.eh, file, sizeof(p.eh));
	if (check_ident(&p) || check_header(&p) || scan_segments(&p))
		return -1;
	r = flatten(&p, k);
	if (!r)
		r = read_descs(&p, k);
	if (r)
		kernel_elf_free(k);
	return r;
}

void kernel_elf_free(struct kernel_elf *k)
{
	free(k->image);
	free(k->kernels);
	memset(k, 0, sizeof(*k));
}
