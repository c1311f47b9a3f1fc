// SPDX-License-Identifier: MIT
/*
 * Writes the C header and the SystemVerilog package. Both give one constant
 * per fact; the header holds plain #defines without suffixes so that the
 * assembler takes them too.
 */
#include "regs.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* Long enough for VIEW, NAME, FIELD, VALUE and the fixed parts. */
#define SYMBOL_MAX 160

struct writer {
	FILE *out;
	bool sv;
	bool ok;
	char **symbols;
	size_t count;
};

/* Remembers a symbol; two items must not make the same one. */
static void claim(struct writer *w, const char *symbol)
{
	size_t bytes = strlen(symbol) + 1;
	size_t i;

	for (i = 0; i < w->count; i++) {
		if (strcmp(w->symbols[i], symbol))
			continue;
		fprintf(stderr, "regsgen: two items make the name %s\n",
			symbol);
		w->ok = false;
		return;
	}
	w->symbols = regs_grow(w->symbols, w->count + 1, sizeof(char *));
	w->symbols[w->count++] =
		memcpy(regs_grow(NULL, bytes, 1), symbol, bytes);
}

/* One 32-bit constant, its name given as a format. */
__attribute__((format(printf, 3, 4))) static void
constant(struct writer *w, uint32_t value, const char *format, ...)
{
	char symbol[SYMBOL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(symbol, sizeof(symbol), format, args);
	va_end(args);
	claim(w, symbol);
	if (w->sv)
		fprintf(w->out, "\tlocalparam logic [31:0] %s = 32'h%08x;\n",
			symbol, value);
	else
		fprintf(w->out, "#define ASHLAR_%s 0x%x\n", symbol, value);
}

/* A small number: an int in SystemVerilog, decimal in C. */
__attribute__((format(printf, 3, 4))) static void
number(struct writer *w, uint32_t value, const char *format, ...)
{
	char symbol[SYMBOL_MAX];
	va_list args;

	va_start(args, format);
	vsnprintf(symbol, sizeof(symbol), format, args);
	va_end(args);
	claim(w, symbol);
	if (w->sv)
		fprintf(w->out, "\tlocalparam int %s = %u;\n", symbol, value);
	else
		fprintf(w->out, "#define ASHLAR_%s %u\n", symbol, value);
}

/* A text as a comment, one line of it a line. */
static void comment(struct writer *w, const char *text)
{
	const char *line;
	const char *end;

	if (!w->sv && strchr(text, '\n'))
		fprintf(w->out, "/*\n");
	for (line = text; line; line = *end ? end + 1 : NULL) {
		int length;

		end = line + strcspn(line, "\n");
		length = (int)(end - line);
		if (w->sv)
			fprintf(w->out, "\t// %.*s\n", length, line);
		else if (strchr(text, '\n'))
			fprintf(w->out, " * %.*s\n", length, line);
		else
			fprintf(w->out, "/* %.*s */\n", length, line);
	}
	if (!w->sv && strchr(text, '\n'))
		fprintf(w->out, " */\n");
}

static void write_map(struct writer *w, const struct regs_map *map)
{
	comment(w, map->text);
	constant(w, map->base, "MAP_%s_%s_BASE", map->view, map->name);
	if (map->bytes)
		constant(w, map->bytes, "MAP_%s_%s_BYTES", map->view,
			 map->name);
	if (map->count > 1) {
		constant(w, map->stride, "MAP_%s_%s_STRIDE", map->view,
			 map->name);
		number(w, map->count, "MAP_%s_%s_COUNT", map->view, map->name);
	}
}

static void write_field(struct writer *w, const char *reg,
			const struct regs_field *field)
{
	unsigned int width = field->msb - field->lsb + 1;
	size_t i;

	if (w->sv) {
		number(w, field->lsb, "%s_%s_LSB", reg, field->name);
		number(w, field->msb, "%s_%s_MSB", reg, field->name);
	} else {
		constant(w, (UINT32_MAX >> (32 - width)) << field->lsb,
			 "%s_%s_MASK", reg, field->name);
		number(w, field->lsb, "%s_%s_SHIFT", reg, field->name);
	}
	for (i = 0; i < field->enum_count; i++)
		constant(w, field->enums[i].value, "%s_%s_%s", reg, field->name,
			 field->enums[i].name);
}

/* The offset of an array's element n is a macro in C. */
static void write_array(struct writer *w, const char *symbol,
			const struct regs_reg *reg)
{
	if (w->sv) {
		constant(w, reg->offset, "%s", symbol);
	} else {
		claim(w, symbol);
		fprintf(w->out, "#define ASHLAR_%s(n) (0x%x + 4 * (n))\n",
			symbol, reg->offset);
	}
	number(w, reg->count, "%s_COUNT", symbol);
}

static void write_reg(struct writer *w, const struct regs_block *block,
		      const struct regs_reg *reg)
{
	char symbol[2 * REGS_NAME_MAX + 2];
	size_t i;

	snprintf(symbol, sizeof(symbol), "%s_%s", block->name, reg->name);
	comment(w, reg->text);
	if (reg->count > 1)
		write_array(w, symbol, reg);
	else
		constant(w, reg->offset, "%s", symbol);
	/* A read-only register without a reset value shows live state. */
	if (reg->has_reset || reg->access == REGS_RW || reg->access == REGS_W1C)
		constant(w, reg->reset, "%s_RESET", symbol);
	for (i = 0; i < reg->field_count; i++)
		write_field(w, symbol, &reg->fields[i]);
	for (i = 0; i < reg->enum_count; i++)
		constant(w, reg->enums[i].value, "%s_%s", symbol,
			 reg->enums[i].name);
}

static void write_all(struct writer *w, const struct regs *regs)
{
	size_t i, j;

	for (i = 0; i < regs->map_count; i++)
		write_map(w, &regs->maps[i]);
	for (i = 0; i < regs->block_count; i++) {
		const struct regs_block *block = &regs->blocks[i];

		fputc('\n', w->out);
		comment(w, block->title);
		constant(w, block->bytes, "%s_BLOCK_BYTES", block->name);
		if (block->text)
			comment(w, block->text);
		for (j = 0; j < block->reg_count; j++)
			write_reg(w, block, &block->regs[j]);
	}
}

/*
 * No design uses every constant. Verilator warns of a parameter that nothing
 * reads, unless its name holds "unused": one such parameter reads them all.
 */
static void write_used(struct writer *w)
{
	size_t i;

	fprintf(w->out, "\n\tlocalparam logic unused_regs = &{1'b0");
	for (i = 0; i < w->count; i++)
		fprintf(w->out, ",\n\t\t|%s", w->symbols[i]);
	fprintf(w->out, "};\n");
}

static bool finish(struct writer *w)
{
	while (w->count)
		free(w->symbols[--w->count]);
	free(w->symbols);
	return w->ok && !ferror(w->out);
}

bool regs_write_c(const struct regs *regs, FILE *out)
{
	struct writer w = { .out = out, .ok = true };

	fprintf(out,
		"/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */\n"
		"/*\n"
		" * The registers of the Ashlar board. Made by regsgen from\n"
		" * hw-model/regs/ashlar.regs; change that, then run `make regs`.\n"
		" * Names without suffix are byte offsets in their block.\n"
		" */\n"
		"/* clang-format off */\n"
		"#ifndef ASHLAR_REGS_H\n"
		"#define ASHLAR_REGS_H\n\n");
	write_all(&w, regs);
	fprintf(out, "\n#endif\n");
	return finish(&w);
}

bool regs_write_sv(const struct regs *regs, FILE *out)
{
	struct writer w = { .out = out, .sv = true, .ok = true };

	fprintf(out,
		"// SPDX-License-Identifier: MIT\n"
		"//\n"
		"// The registers of the Ashlar board. Made by regsgen from\n"
		"// hw-model/regs/ashlar.regs. Names without suffix are byte\n"
		"// offsets in their block.\n"
		"package ash_regs_pkg;\n");
	write_all(&w, regs);
	write_used(&w);
	fprintf(out, "endpackage\n");
	return finish(&w);
}
