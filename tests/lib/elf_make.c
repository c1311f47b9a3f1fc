// SPDX-License-Identifier: MIT
#include "elf_make.h"

#include <string.h>

#include "fake_board.h"

#define ABI 0x20000u

static const struct {
	const char *name;
	uint32_t op, arg_bytes, flags;
} kernels[ELF_KERNELS] = {
	{ "add", FAKE_ADD, sizeof(struct fake_add), 0 },
	{ "hang", FAKE_HANG, 0, 0 },
	{ "exit", FAKE_EXIT, sizeof(struct fake_exit), 0 },
	{ "illegal", FAKE_ILLEGAL, 0, 0 },
	{ "store", FAKE_STORE, sizeof(struct fake_store), 0 },
	{ "upto", FAKE_EXIT, 16, ASHLAR_KERNEL_ARGS_UP_TO },
};

static void put(uint8_t *file, size_t offset, const void *data, size_t bytes)
{
	memcpy(file + offset, data, bytes);
}

static void put_headers(uint8_t *file)
{
	const Elf32_Ehdr eh = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB,
			     EV_CURRENT },
		.e_type = ET_EXEC,
		.e_machine = 243,
		.e_version = EV_CURRENT,
		.e_entry = 4,
		.e_phoff = ELF_PHDR(0),
		.e_shoff = ELF_SHDRS,
		.e_flags = 1,
		.e_ehsize = sizeof(Elf32_Ehdr),
		.e_phentsize = sizeof(Elf32_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf32_Shdr),
		.e_shnum = ELF_SECTIONS,
		.e_shstrndx = 3,
	};
	const Elf32_Phdr text = {
		.p_type = PT_LOAD,
		.p_offset = ELF_TEXT,
		.p_filesz = ELF_TEXT_BYTES,
		.p_memsz = ELF_TEXT_BYTES,
		.p_flags = PF_R | PF_X,
		.p_align = 64,
	};
	const Elf32_Phdr data = {
		.p_type = PT_LOAD,
		.p_offset = ELF_DATA,
		.p_vaddr = ELF_TEXT_BYTES,
		.p_paddr = ELF_TEXT_BYTES,
		.p_filesz = 16,
		.p_memsz = 100,
		.p_flags = PF_R | PF_W,
		.p_align = 64,
	};

	put(file, 0, &eh, sizeof(eh));
	put(file, ELF_PHDR(0), &text, sizeof(text));
	put(file, ELF_PHDR(1), &data, sizeof(data));
}

static void put_sections(uint8_t *file)
{
	static const char names[64] = "\0.text\0.ashlar.kernels\0.shstrtab";
	const Elf32_Shdr sections[ELF_SECTIONS] = {
		{ 0 },
		{ .sh_name = 1,
		  .sh_type = SHT_PROGBITS,
		  .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
		  .sh_offset = ELF_TEXT,
		  .sh_size = ELF_TEXT_BYTES },
		{ .sh_name = 7,
		  .sh_type = SHT_PROGBITS,
		  .sh_offset = ELF_DESCS,
		  .sh_size = ELF_KERNELS * 128 },
		{ .sh_name = 23,
		  .sh_type = SHT_STRTAB,
		  .sh_offset = ELF_NAMES,
		  .sh_size = sizeof(names) },
	};

	put(file, ELF_NAMES, names, sizeof(names));
	put(file, ELF_SHDRS, sections, sizeof(sections));
}

void elf_make(uint8_t *file)
{
	memset(file, 0, ELF_BYTES);
	put_headers(file);
	put_sections(file);
	memset(file + ELF_DATA, 0xdd, 16);
	for (uint32_t i = 0; i < ELF_KERNELS; i++) {
		struct ashlar_kernel_desc d = {
			.magic = ASHLAR_KERNEL_MAGIC,
			.size = sizeof(d),
			.abi_min = ABI,
			.abi_max = ABI,
			.entry = 4 + 4 * i,
			.arg_bytes = kernels[i].arg_bytes,
			.flags = kernels[i].flags,
		};

		strcpy(d.name, kernels[i].name);
		put(file, ELF_DESC(i), &d, sizeof(d));
		put(file, ELF_TEXT + d.entry, &kernels[i].op, 4);
	}
}
