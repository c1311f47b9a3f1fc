// SPDX-License-Identifier: MIT
/* Kernel files: a good one, each field made bad in turn, random bytes. */
#include <stdbool.h>
#include <string.h>

#include "counted.h"
#include "elf_make.h"
#include "fake_board.h"
#include "kernel_elf.h"

/* The file in memory of exactly its size, so that overruns are seen. */
static int parse(const uint8_t *file, size_t bytes, struct kernel_elf *k,
		 char *error, size_t n)
{
	uint8_t *copy = malloc(bytes ? bytes : 1);
	int r;

	assert_non_null(copy);
	memcpy(copy, file, bytes);
	r = kernel_elf_parse(copy, bytes, k, error, n);
	free(copy);
	return r;
}

static void check_good(const struct kernel_elf *k)
{
	assert_true(k->image_bytes >= 64 && k->image_bytes % 64 == 0);
	assert_true(k->image_bytes <= 65536 && k->memory_bytes <= 65536);
	assert_true(k->text_bytes <= k->image_bytes && k->text_bytes % 64 == 0);
	assert_true(k->memory_bytes >= k->image_bytes);
	assert_true(k->kernel_count >= 1 &&
		    k->kernel_count <= ASHLAR_KERNELS_MAX);
	for (uint32_t i = 0; i < k->kernel_count; i++) {
		assert_true(k->kernels[i].entry < k->text_bytes);
		assert_true(k->kernels[i].arg_bytes <= 1024);
		assert_non_null(
			memchr(k->kernels[i].name, 0, ASHLAR_KERNEL_NAME_MAX));
	}
}

static void takes_a_good_file(void **state)
{
	uint8_t file[ELF_BYTES];
	struct kernel_elf k;
	char error[256] = "";
	uint32_t word;

	(void)state;
	elf_make(file);
	if (parse(file, sizeof(file), &k, error, sizeof(error)))
		fail_msg("%s", error);
	check_good(&k);
	assert_int_equal(k.text_bytes, 128);
	assert_int_equal(k.image_bytes, 192);
	assert_int_equal(k.memory_bytes, 228);
	assert_int_equal(k.kernel_count, ELF_KERNELS);
	memcpy(&word, k.image + 4, 4);
	assert_int_equal(word, FAKE_ADD);
	assert_int_equal(k.image[128], 0xdd);
	assert_int_equal(k.image[143], 0xdd);
	assert_int_equal(k.image[144], 0);
	kernel_elf_free(&k);
}

/* A field of the file and a value that must be refused with these words. */
struct bad {
	size_t offset, bytes;
	uint32_t value;
	const char *text;
};

/* Versions of clang-format differ about braces in macros. */
/* clang-format off */
#define EH(member, value, text) \
	{ offsetof(Elf32_Ehdr, member), sizeof(((Elf32_Ehdr *)0)->member), \
	  value, text }
#define ID(index, value, text) { index, 1, value, text }
#define PH(n, member, value, text) \
	{ ELF_PHDR(n) + offsetof(Elf32_Phdr, member), 4, value, text }
#define SH(n, member, value, text) \
	{ ELF_SHDR(n) + offsetof(Elf32_Shdr, member), 4, value, text }
#define KD(n, member, value, text) \
	{ ELF_DESC(n) + offsetof(struct ashlar_kernel_desc, member), 4, \
	  value, text }
/* clang-format on */

static const struct bad bads[] = {
	ID(0, 0x7e, "magic"),
	ID(3, 'f', "magic"),
	ID(EI_CLASS, 2, "class 2"),
	ID(EI_DATA, 2, "data 2"),
	ID(EI_VERSION, 0, "ELF version 0"),
	ID(EI_OSABI, 3, "OS ABI 3"),
	ID(EI_ABIVERSION, 1, "OS ABI 0.1"),
	ID(EI_PAD, 1, "padding byte 9"),
	ID(15, 1, "padding byte 15"),
	EH(e_type, ET_DYN, "type 3"),
	EH(e_type, ET_REL, "type 1"),
	EH(e_machine, EM_X86_64, "machine 62"),
	EH(e_version, 2, "version 2"),
	EH(e_entry, 5, "entry 0x5"),
	EH(e_entry, 128, "entry 0x80"),
	EH(e_entry, 0xffffffff, "entry 0xffffffff"),
	EH(e_phoff, 53, "program headers at 0x35"),
	EH(e_phoff, ELF_BYTES - 32, "outside the file"),
	EH(e_phoff, 0xfffffffc, "outside the file"),
	EH(e_shoff, ELF_SHDRS + 1, "section headers at"),
	EH(e_shoff, ELF_SHDRS + 4, "section headers at"),
	EH(e_shoff, 0xfffffff0, "section headers at"),
	EH(e_flags, 2, "flags 0x2"),
	EH(e_flags, 0x9, "flags 0x9"),
	EH(e_ehsize, 51, "header sizes 51"),
	EH(e_phentsize, 56, "header sizes 52, 56"),
	EH(e_shentsize, 64, "header sizes 52, 32, 64"),
	EH(e_phnum, 0, "0 program headers"),
	EH(e_phnum, 17, "17 program headers"),
	EH(e_phnum, 0xffff, "65535 program headers"),
	EH(e_shnum, 0, "0 section headers"),
	EH(e_shnum, 1025, "1025 section headers"),
	EH(e_shnum, 5, "section headers at"),
	EH(e_shstrndx, 4, "name table 4"),
	EH(e_shstrndx, 0, "name table is of type 0"),
	PH(0, p_type, PT_DYNAMIC, "type 0x2"),
	PH(0, p_type, PT_INTERP, "type 0x3"),
	PH(0, p_type, PT_TLS, "type 0x7"),
	PH(0, p_type, PT_NULL, "data is not the second"),
	PH(0, p_offset, ELF_BYTES, "segment 0 lies outside"),
	PH(0, p_offset, 0xffffffff, "segment 0 lies outside"),
	PH(0, p_vaddr, 64, "text is linked at 0x40"),
	PH(0, p_filesz, 0, "text has 0 bytes"),
	PH(0, p_filesz, 127, "text has 127 bytes"),
	PH(0, p_filesz, 129, "129 bytes in the file and 128"),
	PH(0, p_filesz, 0xffffffff, "segment 0 lies outside"),
	PH(0, p_memsz, 65537, "ends behind 65536"),
	PH(0, p_memsz, 0xffffffff, "ends behind 65536"),
	PH(0, p_memsz, 0, "128 bytes in the file and 0"),
	PH(0, p_flags, 7, "flags 0x7"),
	PH(0, p_flags, 0, "flags 0x0"),
	PH(0, p_flags, 6, "data is not the second"),
	PH(0, p_align, 3, "alignment 3"),
	PH(1, p_flags, 5, "text is not the first"),
	PH(1, p_vaddr, 64, "data is linked at 0x40"),
	PH(1, p_vaddr, 130, "data is linked at 0x82"),
	PH(1, p_vaddr, 0xffffffc0, "ends behind 65536"),
	PH(1, p_memsz, 15, "16 bytes in the file and 15"),
	PH(1, p_memsz, 65409, "ends behind 65536"),
	SH(3, sh_type, SHT_PROGBITS, "name table is of type 1"),
	SH(3, sh_offset, 0xfffffff0, "outside the file"),
	SH(3, sh_size, 0xffffffff, "outside the file"),
	SH(3, sh_size, 8, "section 3: its name"),
	SH(3, sh_size, 0, "section 1: its name"),
	SH(1, sh_name, 0xffffffff, "section 1: its name"),
	SH(1, sh_name, 7, "2 sections"),
	SH(2, sh_name, 1, "0 sections"),
	SH(2, sh_type, SHT_NOBITS, "is of type 8"),
	SH(2, sh_offset, 0xffffff00, "outside the file"),
	SH(2, sh_size, 0xffffff80, "outside the file"),
	SH(2, sh_size, 0, "has 0 bytes"),
	SH(2, sh_size, 127, "has 127 bytes"),
	SH(2, sh_size, 129, "has 129 bytes"),
	KD(1, magic, 0, "descriptor 1 has magic"),
	KD(1, size, 124, "size 124"),
	KD(0, abi_min, 0x20001, "is empty"),
	KD(1, name, 0, "no name"),
	KD(1, name, 0x2f2e2e2e, "no name"),
	KD(2, entry, 5, "kernel entry 0x5"),
	KD(2, entry, 128, "kernel entry 0x80"),
	KD(2, arg_bytes, 1025, "1025 bytes of arguments"),
	KD(2, flags, 2, "unknown flags 0x2"),
	KD(2, flags, 0x80000000, "unknown flags"),
	KD(5, reserved, 1, "reserved word 0"),
	KD(5, reserved[6], 9, "reserved word 6"),
};

static void names_each_bad_field(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
		uint8_t file[ELF_BYTES];
		char error[256] = "";
		struct kernel_elf k;

		elf_make(file);
		memcpy(file + bads[i].offset, &bads[i].value, bads[i].bytes);
		assert_int_equal(
			parse(file, sizeof(file), &k, error, sizeof(error)),
			-1);
		if (!strstr(error, bads[i].text))
			fail_msg("case %zu: \"%s\" does not contain \"%s\"", i,
				 error, bads[i].text);
	}
}

static void refuses_special_combinations(void **state)
{
	uint8_t file[ELF_BYTES];
	struct ashlar_kernel_desc *d = (void *)(file + ELF_DESC(0));
	char error[256];
	struct kernel_elf k;

	(void)state;
	elf_make(file);
	memcpy(d[3].name, d[0].name, sizeof(d[0].name));
	assert_int_equal(parse(file, sizeof(file), &k, error, sizeof(error)),
			 -1);
	assert_string_equal(error, "kernel file: two kernels are called add");

	elf_make(file);
	memset(d[2].name, 'x', sizeof(d[2].name));
	assert_int_equal(parse(file, sizeof(file), &k, error, sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "descriptor 2 has no name"));

	elf_make(file);
	d[0].array_min = 16;
	d[0].array_max = 8;
	assert_int_equal(parse(file, sizeof(file), &k, error, sizeof(error)),
			 -1);
	assert_non_null(strstr(error, "array range 16 to 8"));
}

static void refuses_every_truncation(void **state)
{
	uint8_t file[ELF_BYTES];
	char error[256];
	struct kernel_elf k;

	(void)state;
	elf_make(file);
	for (size_t n = 0; n < sizeof(file); n++)
		assert_int_equal(parse(file, n, &k, error, sizeof(error)), -1);
}

/* Every byte of the file, set to every interesting value. */
static void survives_every_byte(void **state)
{
	static const uint8_t values[] = { 0, 1, 0x7f, 0x80, 0xff };
	uint8_t file[ELF_BYTES];
	char error[256];
	struct kernel_elf k;
	int good = 0, refused = 0;

	(void)state;
	for (size_t at = 0; at < sizeof(file); at++) {
		for (size_t v = 0; v < sizeof(values); v++) {
			elf_make(file);
			file[at] = values[v];
			if (parse(file, sizeof(file), &k, error,
				  sizeof(error))) {
				refused++;
				continue;
			}
			check_good(&k);
			kernel_elf_free(&k);
			good++;
		}
	}
	assert_true(good > 100 && refused > 100);
}

static void survives_mutation(void **state)
{
	uint8_t file[ELF_BYTES];
	uint64_t seed = 0x5eed;
	struct kernel_elf k;
	char error[256];
	int good = 0;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		size_t bytes = sizeof(file);
		int changes = 1 + (int)(rnd(&seed) % 4);

		elf_make(file);
		while (changes--) {
			/* Mostly headers, where it matters. */
			size_t at = rnd(&seed) % 3 ?
					    rnd(&seed) % (ELF_PHDR(2)) :
					    rnd(&seed) % sizeof(file);
			uint32_t value = (uint32_t)rnd(&seed);

			if (rnd(&seed) % 2)
				value = 1u << value % 32;
			memcpy(file + (at & ~3ull), &value, 4);
		}
		if (rnd(&seed) % 8 == 0)
			bytes = rnd(&seed) % sizeof(file);
		if (parse(file, bytes, &k, error, sizeof(error)))
			continue;
		check_good(&k);
		kernel_elf_free(&k);
		good++;
	}
	/* Some mutations do no harm; if none passed this would test nothing. */
	assert_true(good > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_a_good_file),
		cmocka_unit_test(names_each_bad_field),
		cmocka_unit_test(refuses_special_combinations),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(survives_every_byte),
		cmocka_unit_test(survives_mutation),
	};

	return RUN_COUNTED(tests);
}
