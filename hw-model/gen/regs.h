/* SPDX-License-Identifier: MIT */
/*
 * The register description as regsgen holds it between reading ashlar.regs
 * and writing its outputs.
 */
#ifndef ASHLAR_GEN_REGS_H
#define ASHLAR_GEN_REGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Longest accepted name, without its terminator. */
#define REGS_NAME_MAX 31
/* Longest accepted line, without its newline. */
#define REGS_LINE_MAX 1000

enum regs_access { REGS_RO, REGS_RW, REGS_WO, REGS_W1C };

/* A value of a field or of a register. */
struct regs_enum {
	unsigned int line;
	char name[REGS_NAME_MAX + 1];
	uint32_t value;
	char *text;
};

struct regs_field {
	unsigned int line;
	char name[REGS_NAME_MAX + 1];
	unsigned int msb;
	unsigned int lsb;
	char *text;
	struct regs_enum *enums;
	size_t enum_count;
};

struct regs_reg {
	unsigned int line;
	char name[REGS_NAME_MAX + 1];
	uint32_t offset; /* bytes from the start of the block */
	enum regs_access access;
	bool has_reset;
	uint32_t reset;
	uint32_t count; /* registers, 4 bytes apart; 1 is not an array */
	char *text;
	struct regs_field *fields;
	size_t field_count;
	struct regs_enum *enums;
	size_t enum_count;
};

struct regs_block {
	unsigned int line;
	char name[REGS_NAME_MAX + 1];
	char like[REGS_NAME_MAX + 1]; /* "" or the block it repeats */
	uint32_t bytes;
	char *title;
	char *text; /* NULL when there is none */
	struct regs_reg *regs;
	size_t reg_count;
};

/* A window in the address space of one view (BAR0, MP, KERNEL, ...). */
struct regs_map {
	unsigned int line;
	char view[REGS_NAME_MAX + 1];
	char name[REGS_NAME_MAX + 1];
	uint32_t base;
	uint32_t bytes; /* 0: as large as the board says */
	uint32_t count; /* 1 is not an array */
	uint32_t stride;
	char *text;
};

struct regs {
	struct regs_map *maps;
	size_t map_count;
	struct regs_block *blocks;
	size_t block_count;
};

/*
 * Reads a description. `name` is what messages call the input. Returns false
 * after one message on stderr that names line, value and limit.
 */
bool regs_parse(FILE *in, const char *name, struct regs *out);
void regs_free(struct regs *regs);

/*
 * Write one output each. False, with a message on stderr, when two items make
 * the same symbol or the output cannot be written.
 */
bool regs_write_c(const struct regs *regs, FILE *out);
bool regs_write_sv(const struct regs *regs, FILE *out);
bool regs_write_md(const struct regs *regs, FILE *out);

/* Names of the access kinds as written in the description. */
extern const char *const regs_access_names[4];

/* realloc that ends the program when memory is out. */
void *regs_grow(void *array, size_t count, size_t size);

#endif
