// SPDX-License-Identifier: MIT
/*
 * boardgen: makes a board's constants from its device tree blob.
 *
 *	boardgen BOARD.dtb OUTPUT-DIRECTORY
 *
 * Writes ash_board_pkg.sv, ash_dtb_pkg.sv (the blob as a ROM), ash_board.h
 * and board.dtb.c (the blob as an array). Nothing is written unless the blob
 * is good. Exit status 0, or 1 after a message.
 */
#include "board.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One more than a good blob may have, so that a longer file is noticed. */
#define FILE_MAX 0x10001

static const struct {
	const char *name;
	size_t member;
} values[] = {
	{ "TILES", offsetof(struct board, tiles) },
	{ "ARRAY", offsetof(struct board, array) },
	{ "ACCS", offsetof(struct board, accs) },
	{ "LMEM_BYTES", offsetof(struct board, lmem_bytes) },
	{ "SPAD_BYTES", offsetof(struct board, spad_bytes) },
	{ "SPAD_BANKS", offsetof(struct board, spad_banks) },
	{ "TLB_ENTRIES", offsetof(struct board, tlb_entries) },
	{ "CLOCK_KHZ", offsetof(struct board, clock_khz) },
	{ "MEM_CHANNELS", offsetof(struct board, mem_channels) },
	{ "MEM_LATENCY", offsetof(struct board, mem_latency) },
	{ "HOST_LATENCY", offsetof(struct board, host_latency) },
	{ "COPY_ENGINES", offsetof(struct board, copy_engines) },
	{ "DOORBELLS", offsetof(struct board, doorbells) },
	{ "VECTORS", offsetof(struct board, vectors) },
	{ "ROM_BYTES", offsetof(struct board, rom_bytes) },
	{ "TCM_BYTES", offsetof(struct board, tcm_bytes) },
	{ "SHARED_BYTES", offsetof(struct board, shared_bytes) },
};

#define VALUES (sizeof(values) / sizeof(values[0]))

struct blob {
	unsigned char *data;
	size_t bytes;
};

static uint32_t value_of(const struct board *board, size_t i)
{
	uint32_t value;

	memcpy(&value, (const char *)board + values[i].member, sizeof(value));
	return value;
}

/* Verilator warns of parameters nothing reads unless "unused" names them. */
static void write_package(FILE *out, const struct board *board,
			  const struct blob *blob)
{
	size_t i;

	(void)blob;
	fprintf(out,
		"// SPDX-License-Identifier: MIT\n"
		"// The sizes of board \"%s\". Made by boardgen from its device tree.\n"
		"package ash_board_pkg;\n",
		board->model);
	for (i = 0; i < VALUES; i++)
		fprintf(out, "\tlocalparam int %s = %u;\n", values[i].name,
			value_of(board, i));
	fprintf(out, "\tlocalparam longint MEM_BYTES = 64'd%llu;\n\n",
		(unsigned long long)board->mem_bytes);
	fprintf(out, "\tlocalparam logic unused_board = &{1'b0, |MEM_BYTES");
	for (i = 0; i < VALUES; i++)
		fprintf(out, ",\n\t\t|%s", values[i].name);
	fprintf(out, "};\nendpackage\n");
}

/* The blob in 32-bit words, byte 0 in bits 7:0, the last word padded with 0. */
static void write_rom(FILE *out, const struct board *board,
		      const struct blob *blob)
{
	size_t words = (blob->bytes + 3) / 4;
	size_t i, j;

	fprintf(out,
		"// SPDX-License-Identifier: MIT\n"
		"// The device tree blob of board \"%s\" in 32-bit words, byte 0 in\n"
		"// bits 7:0 of word 0. Made by boardgen.\n"
		"package ash_dtb_pkg;\n"
		"\tlocalparam int DTB_BYTES = %zu;\n"
		"\tlocalparam int DTB_WORDS = %zu;\n"
		"\tlocalparam logic [31:0] DTB [DTB_WORDS] = '{",
		board->model, blob->bytes, words);
	for (i = 0; i < words; i++) {
		uint32_t word = 0;

		for (j = 0; j < 4 && 4 * i + j < blob->bytes; j++)
			word |= (uint32_t)blob->data[4 * i + j] << (8 * j);
		fprintf(out, "%s%s32'h%08x", i ? "," : "",
			i % 6 ? " " : "\n\t\t", word);
	}
	fprintf(out, "\n\t};\n\n"
		     "\tlocalparam logic unused_dtb =\n"
		     "\t\t&{1'b0, |DTB_BYTES, |DTB_WORDS, |DTB[0]};\n"
		     "endpackage\n");
}

static void write_header(FILE *out, const struct board *board,
			 const struct blob *blob)
{
	size_t i;

	fprintf(out,
		"/* SPDX-License-Identifier: MIT */\n"
		"/* The sizes of board \"%s\". Made by boardgen from its device tree. */\n"
		"#ifndef ASHLAR_BOARD_H\n"
		"#define ASHLAR_BOARD_H\n\n"
		"#define ASHLAR_BOARD_MODEL \"%s\"\n",
		board->model, board->model);
	for (i = 0; i < VALUES; i++)
		fprintf(out, "#define ASHLAR_BOARD_%s %u\n", values[i].name,
			value_of(board, i));
	fprintf(out, "#define ASHLAR_BOARD_MEM_BYTES 0x%llxull\n",
		(unsigned long long)board->mem_bytes);
	fprintf(out, "#define ASHLAR_BOARD_DTB_BYTES %zu\n\n", blob->bytes);
	fprintf(out,
		"/* The device tree blob, 8-byte aligned (board.dtb.c). */\n"
		"extern const unsigned char "
		"ashlar_board_dtb[ASHLAR_BOARD_DTB_BYTES];\n\n"
		"#endif\n");
}

static void write_array(FILE *out, const struct board *board,
			const struct blob *blob)
{
	size_t i;

	fprintf(out,
		"// SPDX-License-Identifier: MIT\n"
		"/* The device tree blob of board \"%s\". Made by boardgen. */\n"
		"#include \"ash_board.h\"\n\n"
		"_Alignas(8) const unsigned char "
		"ashlar_board_dtb[ASHLAR_BOARD_DTB_BYTES] = {",
		board->model);
	for (i = 0; i < blob->bytes; i++)
		fprintf(out, "%s0x%02x,", i % 12 ? " " : "\n\t", blob->data[i]);
	fprintf(out, "\n};\n");
}

static bool read_blob(const char *path, struct blob *blob)
{
	FILE *in = fopen(path, "rb");
	bool ok;

	if (!in) {
		fprintf(stderr, "boardgen: cannot read %s: %s\n", path,
			strerror(errno));
		return false;
	}
	blob->data = malloc(FILE_MAX);
	if (!blob->data) {
		fprintf(stderr, "boardgen: out of memory\n");
		exit(1);
	}
	blob->bytes = fread(blob->data, 1, FILE_MAX, in);
	ok = !ferror(in);
	if (!ok)
		fprintf(stderr, "boardgen: cannot read %s\n", path);
	fclose(in);
	return ok;
}

static bool write_file(const char *directory, const char *name,
		       void (*write)(FILE *out, const struct board *board,
				     const struct blob *blob),
		       const struct board *board, const struct blob *blob)
{
	char path[4096];
	bool ok;
	FILE *out;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", directory, name) >=
	    sizeof(path)) {
		fprintf(stderr, "boardgen: path is longer than %zu bytes\n",
			sizeof(path) - 1);
		return false;
	}
	out = fopen(path, "w");
	if (!out) {
		fprintf(stderr, "boardgen: cannot write %s: %s\n", path,
			strerror(errno));
		return false;
	}
	write(out, board, blob);
	ok = !ferror(out);
	if (fclose(out) || !ok) {
		fprintf(stderr, "boardgen: %s is not complete\n", path);
		remove(path);
		return false;
	}
	return true;
}

int main(int argc, char **argv)
{
	struct blob blob = { 0 };
	struct board board;
	char error[512];
	bool ok;

	if (argc != 3) {
		fprintf(stderr, "usage: boardgen BOARD.dtb OUTPUT-DIRECTORY\n");
		return 1;
	}
	if (!read_blob(argv[1], &blob)) {
		free(blob.data);
		return 1;
	}
	ok = board_parse(blob.data, blob.bytes, &board, error, sizeof(error));
	if (!ok)
		fprintf(stderr, "boardgen: %s: %s\n", argv[1], error);
	ok = ok &&
	     write_file(argv[2], "ash_board_pkg.sv", write_package, &board,
			&blob) &&
	     write_file(argv[2], "ash_dtb_pkg.sv", write_rom, &board, &blob) &&
	     write_file(argv[2], "ash_board.h", write_header, &board, &blob) &&
	     write_file(argv[2], "board.dtb.c", write_array, &board, &blob);
	free(blob.data);
	return ok ? 0 : 1;
}
