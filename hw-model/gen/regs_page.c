// SPDX-License-Identifier: MIT
/* Writes the reference page: one table per view, one section per block. */
#include "regs.h"

#include <string.h>

/* A text inside a table cell: '|' and newlines would break the row. */
static void cell(FILE *out, const char *text)
{
	const char *c;

	for (c = text; *c; c++) {
		if (*c == '\n')
			fputc(' ', out);
		else if (strchr("|*_<>[]`", *c))
			fprintf(out, "\\%c", *c);
		else
			fputc(*c, out);
	}
}

static void write_maps(const struct regs *regs, FILE *out)
{
	const char *view = "";
	size_t i;

	fprintf(out, "## Address maps\n");
	for (i = 0; i < regs->map_count; i++) {
		const struct regs_map *map = &regs->maps[i];

		if (strcmp(view, map->view)) {
			view = map->view;
			fprintf(out,
				"\n### %s\n\n"
				"| base | size | name | copies | what |\n"
				"|---|---|---|---|---|\n",
				view);
		}
		fprintf(out, "| 0x%08x | ", map->base);
		if (map->bytes)
			fprintf(out, "0x%x", map->bytes);
		else
			fprintf(out, "board");
		fprintf(out, " | %s | ", map->name);
		if (map->count > 1)
			fprintf(out, "%u, 0x%x apart", map->count, map->stride);
		else
			fprintf(out, "1");
		fprintf(out, " | ");
		cell(out, map->text);
		fprintf(out, " |\n");
	}
}

static void write_enums(const struct regs_enum *enums, size_t count, FILE *out)
{
	size_t i;

	for (i = 0; i < count; i++) {
		fprintf(out, "| | | | = 0x%x `%s` | ", enums[i].value,
			enums[i].name);
		cell(out, enums[i].text);
		fprintf(out, " |\n");
	}
}

static void write_field(const struct regs_field *field, FILE *out)
{
	if (field->msb == field->lsb)
		fprintf(out, "| | | | [%u] `%s` | ", field->msb, field->name);
	else
		fprintf(out, "| | | | [%u:%u] `%s` | ", field->msb, field->lsb,
			field->name);
	cell(out, field->text);
	fprintf(out, " |\n");
	write_enums(field->enums, field->enum_count, out);
}

static void write_reg(const struct regs_reg *reg, FILE *out)
{
	size_t i;

	fprintf(out, "| 0x%03x | %s | ", reg->offset,
		regs_access_names[reg->access]);
	if (reg->has_reset || reg->access == REGS_RW || reg->access == REGS_W1C)
		fprintf(out, "0x%x", reg->reset);
	fprintf(out, " | `%s", reg->name);
	if (reg->count > 1)
		fprintf(out, "[%u]", reg->count);
	fprintf(out, "` | ");
	cell(out, reg->text);
	fprintf(out, " |\n");
	for (i = 0; i < reg->field_count; i++)
		write_field(&reg->fields[i], out);
	write_enums(reg->enums, reg->enum_count, out);
}

bool regs_write_md(const struct regs *regs, FILE *out)
{
	size_t i, j;

	fprintf(out,
		"<!-- SPDX-License-Identifier: MIT -->\n"
		"# Registers\n\n"
		"Made by regsgen from [ashlar.regs](ashlar.regs); change that, "
		"then run `make regs`.\n\n"
		"All registers are 32 bits wide. Access: `ro` read only, `rw` "
		"read and write, `wo` write only, `w1c` write one\n"
		"to clear. A reset value that is not given belongs to a "
		"register that shows live state. `NAME[n]` is an array of\n"
		"registers 4 bytes apart.\n\n");
	write_maps(regs, out);
	for (i = 0; i < regs->block_count; i++) {
		const struct regs_block *block = &regs->blocks[i];

		fprintf(out, "\n## %s: ", block->name);
		cell(out, block->title);
		fprintf(out, "\n\n0x%x bytes.\n\n", block->bytes);
		if (block->text)
			fprintf(out, "```\n%s\n```\n\n", block->text);
		if (block->like[0]) {
			fprintf(out,
				"The registers are those of %s, at the same "
				"offsets.\n",
				block->like);
			continue;
		}
		fprintf(out, "| offset | access | reset | name | what |\n"
			     "|---|---|---|---|---|\n");
		for (j = 0; j < block->reg_count; j++)
			write_reg(&block->regs[j], out);
	}
	return !ferror(out);
}
