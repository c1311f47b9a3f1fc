// SPDX-License-Identifier: MIT
/*
 * Reads ashlar.regs. The grammar is in the head of that file. Everything that
 * would make a wrong constant is refused here, so that the writers can trust
 * what they are given.
 */
#include "regs.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *const regs_access_names[4] = { "ro", "rw", "wo", "w1c" };

/* What a '|' line adds to. */
enum item { ITEM_NONE, ITEM_MAP, ITEM_BLOCK, ITEM_REG, ITEM_FIELD, ITEM_ENUM };

struct parser {
	const char *file;
	unsigned int line;
	char *at; /* what is left of the line */
	struct regs *regs;
	enum item last;
	char **last_text; /* text of the last item */
};

void *regs_grow(void *array, size_t count, size_t size)
{
	void *grown = realloc(array, count * size);

	if (!grown) {
		fprintf(stderr, "regsgen: out of memory\n");
		exit(1);
	}
	return grown;
}

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p,
						       const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s:%u: ", p->file, p->line);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return false;
}

static char *duplicate(const char *text)
{
	size_t bytes = strlen(text) + 1;

	return memcpy(regs_grow(NULL, bytes, 1), text, bytes);
}

static void skip_blanks(struct parser *p)
{
	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
}

/* The next word, or NULL at the end of the line or before a quoted text. */
static char *next_word(struct parser *p)
{
	char *word;

	skip_blanks(p);
	if (*p->at == '\0' || *p->at == '"')
		return NULL;
	word = p->at;
	while (*p->at != '\0' && *p->at != ' ' && *p->at != '\t')
		p->at++;
	if (*p->at != '\0')
		*p->at++ = '\0';
	return word;
}

static bool to_number(struct parser *p, const char *what, const char *word,
		      uint32_t *value)
{
	unsigned long long number;
	char *end;

	/* strtoull would take signs, blanks and octal. */
	if (!isdigit((unsigned char)word[0]) ||
	    (word[0] == '0' && isdigit((unsigned char)word[1])))
		return fail(p, "%s '%s' is not a decimal or 0x number", what,
			    word);
	errno = 0;
	number = strtoull(word, &end, 0);
	if (*end != '\0' || (end[-1] == 'x' || end[-1] == 'X'))
		return fail(p, "%s '%s' is not a decimal or 0x number", what,
			    word);
	if (errno || number > UINT32_MAX)
		return fail(p, "%s %s is beyond 32 bits (0xffffffff)", what,
			    word);
	*value = (uint32_t)number;
	return true;
}

static bool need_number(struct parser *p, const char *what, uint32_t *value)
{
	const char *word = next_word(p);

	if (!word)
		return fail(p, "%s is missing", what);
	return to_number(p, what, word, value);
}

static bool need_name(struct parser *p, const char *what, char *name)
{
	const char *word = next_word(p);
	size_t i;

	if (!word)
		return fail(p, "%s is missing", what);
	if (strlen(word) > REGS_NAME_MAX)
		return fail(p, "%s '%s' has %zu characters, limit %d", what,
			    word, strlen(word), REGS_NAME_MAX);
	for (i = 0; word[i]; i++) {
		bool letter = word[i] >= 'A' && word[i] <= 'Z';
		bool digit = word[i] >= '0' && word[i] <= '9';

		if (!letter && (i == 0 || (!digit && word[i] != '_')))
			return fail(p,
				    "%s '%s': names are capitals, digits and "
				    "_, a capital first",
				    what, word);
	}
	strcpy(name, word);
	return true;
}

/* A text in quotes; only \" and \\ are escapes. */
static bool need_text(struct parser *p, char **text)
{
	char *from;
	char *to;

	skip_blanks(p);
	if (*p->at != '"')
		return fail(p, "text in quotes expected, found '%s'", p->at);
	from = p->at + 1;
	to = from;
	p->at = to;
	while (*from != '"') {
		if (*from == '\\' && from[1] != '"' && from[1] != '\\')
			return fail(p, "escape '\\%c' is not \\\" or \\\\",
				    from[1] ? from[1] : ' ');
		if (*from == '\\')
			from++;
		if (*from == '\0')
			return fail(p, "text without closing quote");
		*to++ = *from++;
	}
	*to = '\0';
	if (p->at[0] == '\0')
		return fail(p, "text is empty");
	*text = duplicate(p->at);
	p->at = from + 1;
	return true;
}

static bool need_end(struct parser *p)
{
	skip_blanks(p);
	if (*p->at != '\0')
		return fail(p, "unknown words at the end: '%s'", p->at);
	return true;
}

static void remember(struct parser *p, enum item item, char **text)
{
	p->last = item;
	p->last_text = text;
}

static bool power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static struct regs_block *last_block(struct parser *p)
{
	if (!p->regs->block_count)
		return NULL;
	return &p->regs->blocks[p->regs->block_count - 1];
}

static struct regs_reg *last_reg(struct parser *p)
{
	struct regs_block *block = last_block(p);

	if (!block || !block->reg_count)
		return NULL;
	return &block->regs[block->reg_count - 1];
}

/* Bytes from the first to behind the last copy of a window. */
static uint64_t map_span(const struct regs_map *map)
{
	return (uint64_t)map->stride * (map->count - 1) + map->bytes;
}

static bool check_map(struct parser *p, const struct regs_map *map)
{
	const struct regs_map *other;

	if (map->base % 4 || map->bytes % 4 || map->stride % 4)
		return fail(p,
			    "map %s.%s: base 0x%x, size 0x%x and stride 0x%x "
			    "must be multiples of 4",
			    map->view, map->name, map->base, map->bytes,
			    map->stride);
	if (map->count > 1 && map->stride < map->bytes)
		return fail(p, "map %s.%s: stride 0x%x is less than size 0x%x",
			    map->view, map->name, map->stride, map->bytes);
	if (map->base + map_span(map) > 1ull << 32)
		return fail(p, "map %s.%s ends beyond 32 bits (0xffffffff)",
			    map->view, map->name);
	for (other = p->regs->maps; other != map; other++) {
		if (strcmp(other->view, map->view))
			continue;
		if (!strcmp(other->name, map->name))
			return fail(p, "map %s.%s is already on line %u",
				    map->view, map->name, other->line);
		if (!map->bytes || !other->bytes)
			return fail(p,
				    "map %s.%s: size 0 is only for the one "
				    "window of a view (line %u has another)",
				    map->view, map->name, other->line);
		if (map->base < other->base + map_span(other) &&
		    other->base < map->base + map_span(map))
			return fail(
				p,
				"map %s.%s at 0x%x overlaps %s.%s of line %u",
				map->view, map->name, map->base, other->view,
				other->name, other->line);
	}
	return true;
}

static bool parse_map(struct parser *p)
{
	struct regs *regs = p->regs;
	struct regs_map *map;
	bool has_count = false;
	bool has_stride = false;
	char *word;

	regs->maps = regs_grow(regs->maps, regs->map_count + 1, sizeof(*map));
	map = &regs->maps[regs->map_count++];
	*map = (struct regs_map){ .line = p->line, .count = 1 };
	if (!need_name(p, "view", map->view) ||
	    !need_number(p, "base", &map->base) ||
	    !need_number(p, "size", &map->bytes) ||
	    !need_name(p, "map name", map->name))
		return false;
	while ((word = next_word(p))) {
		if (!strncmp(word, "count=", 6) && !has_count) {
			if (!to_number(p, "count", word + 6, &map->count))
				return false;
			if (map->count < 2 || map->count > 65536)
				return fail(p, "count %u is not 2..65536",
					    map->count);
			has_count = true;
		} else if (!strncmp(word, "stride=", 7) && !has_stride) {
			if (!to_number(p, "stride", word + 7, &map->stride))
				return false;
			has_stride = true;
		} else {
			return fail(p, "unknown or repeated word '%s' in a map",
				    word);
		}
	}
	if (has_count != has_stride)
		return fail(p, "map %s.%s: count= and stride= go together",
			    map->view, map->name);
	if (!need_text(p, &map->text) || !need_end(p) || !check_map(p, map))
		return false;
	remember(p, ITEM_MAP, &map->text);
	return true;
}

static struct regs_enum *copy_enums(const struct regs_enum *from, size_t count)
{
	struct regs_enum *to;
	size_t i;

	if (!count)
		return NULL;
	to = regs_grow(NULL, count, sizeof(*to));
	for (i = 0; i < count; i++) {
		to[i] = from[i];
		to[i].text = duplicate(from[i].text);
	}
	return to;
}

/* Gives `to` its own copy of all registers of `from`. */
static void copy_regs(struct regs_block *to, const struct regs_block *from)
{
	size_t i;
	size_t j;

	if (!from->reg_count)
		return;
	to->regs = regs_grow(NULL, from->reg_count, sizeof(*to->regs));
	to->reg_count = from->reg_count;
	for (i = 0; i < to->reg_count; i++) {
		struct regs_reg *reg = &to->regs[i];

		*reg = from->regs[i];
		reg->text = duplicate(reg->text);
		reg->enums = copy_enums(reg->enums, reg->enum_count);
		if (!reg->field_count)
			continue;
		reg->fields =
			regs_grow(NULL, reg->field_count, sizeof(*reg->fields));
		for (j = 0; j < reg->field_count; j++) {
			struct regs_field *field = &reg->fields[j];

			*field = from->regs[i].fields[j];
			field->text = duplicate(field->text);
			field->enums =
				copy_enums(field->enums, field->enum_count);
		}
	}
}

static bool parse_like(struct parser *p, struct regs_block *block)
{
	const struct regs_block *from;
	const char *word = next_word(p);

	if (!word)
		return true;
	if (strcmp(word, "like"))
		return fail(p, "unknown word '%s' after a block's title", word);
	if (!need_name(p, "block to be like", block->like))
		return false;
	for (from = p->regs->blocks; from != block; from++)
		if (!strcmp(from->name, block->like))
			break;
	if (from == block)
		return fail(p, "block %s is like %s, which is not above it",
			    block->name, block->like);
	if (from->bytes != block->bytes)
		return fail(p, "block %s has 0x%x bytes, %s it is like 0x%x",
			    block->name, block->bytes, from->name, from->bytes);
	copy_regs(block, from);
	return true;
}

static bool parse_block(struct parser *p)
{
	struct regs *regs = p->regs;
	const struct regs_block *other;
	struct regs_block *block;
	size_t i;

	regs->blocks =
		regs_grow(regs->blocks, regs->block_count + 1, sizeof(*block));
	block = &regs->blocks[regs->block_count++];
	*block = (struct regs_block){ .line = p->line };
	if (!need_name(p, "block name", block->name) ||
	    !need_number(p, "block size", &block->bytes) ||
	    !need_text(p, &block->title))
		return false;
	for (other = regs->blocks; other != block; other++)
		if (!strcmp(other->name, block->name))
			return fail(p, "block %s is already on line %u",
				    block->name, other->line);
	if (!power_of_two(block->bytes) || block->bytes < 4)
		return fail(p,
			    "block %s: size 0x%x is not a power of two of at "
			    "least 4",
			    block->name, block->bytes);
	for (i = 0; i < regs->map_count; i++) {
		const struct regs_map *map = &regs->maps[i];

		if (!strcmp(map->name, block->name) &&
		    map->bytes != block->bytes)
			return fail(p,
				    "block %s has 0x%x bytes, its window %s.%s "
				    "(line %u) 0x%x",
				    block->name, block->bytes, map->view,
				    map->name, map->line, map->bytes);
	}
	if (!parse_like(p, block) || !need_end(p))
		return false;
	remember(p, ITEM_BLOCK, &block->text);
	return true;
}

static bool check_reg(struct parser *p, const struct regs_block *block,
		      const struct regs_reg *reg)
{
	uint64_t end = (uint64_t)reg->offset + 4ull * reg->count;
	const struct regs_reg *other;

	if (reg->offset % 4)
		return fail(p, "%s.%s: offset 0x%x is not a multiple of 4",
			    block->name, reg->name, reg->offset);
	if (end > block->bytes)
		return fail(p, "%s.%s: ends at 0x%llx, beyond the block's 0x%x",
			    block->name, reg->name, (unsigned long long)end,
			    block->bytes);
	for (other = block->regs; other != reg; other++) {
		if (!strcmp(other->name, reg->name))
			return fail(p, "%s.%s is already on line %u",
				    block->name, reg->name, other->line);
		if (reg->offset < other->offset + 4 * other->count &&
		    other->offset < end)
			return fail(
				p,
				"%s.%s: offset 0x%x is taken by %s of line %u",
				block->name, reg->name, reg->offset,
				other->name, other->line);
	}
	if (reg->has_reset && reg->access == REGS_WO)
		return fail(p, "%s.%s: a wo register has no reset value",
			    block->name, reg->name);
	return true;
}

static bool parse_access(struct parser *p, struct regs_reg *reg)
{
	const char *word = next_word(p);
	int i;

	if (!word)
		return fail(p, "access is missing");
	for (i = 0; i < 4; i++) {
		if (!strcmp(word, regs_access_names[i])) {
			reg->access = (enum regs_access)i;
			return true;
		}
	}
	return fail(p, "access '%s' is not ro, rw, wo or w1c", word);
}

static bool parse_reg(struct parser *p)
{
	struct regs_block *block = last_block(p);
	struct regs_reg *reg;
	bool has_count = false;
	char *word;

	if (!block)
		return fail(p, "a register before the first block");
	if (block->like[0])
		return fail(
			p,
			"block %s is like %s and has no registers of its own",
			block->name, block->like);
	block->regs =
		regs_grow(block->regs, block->reg_count + 1, sizeof(*reg));
	reg = &block->regs[block->reg_count++];
	*reg = (struct regs_reg){ .line = p->line, .count = 1 };
	if (!need_number(p, "offset", &reg->offset) ||
	    !need_name(p, "register name", reg->name) || !parse_access(p, reg))
		return false;
	while ((word = next_word(p))) {
		if (!strncmp(word, "reset=", 6) && !reg->has_reset) {
			if (!to_number(p, "reset", word + 6, &reg->reset))
				return false;
			reg->has_reset = true;
		} else if (!strncmp(word, "count=", 6) && !has_count) {
			if (!to_number(p, "count", word + 6, &reg->count))
				return false;
			if (reg->count < 2 || reg->count > 1024)
				return fail(p, "count %u is not 2..1024",
					    reg->count);
			has_count = true;
		} else {
			return fail(
				p,
				"unknown or repeated word '%s' in a register",
				word);
		}
	}
	if (!need_text(p, &reg->text) || !need_end(p) ||
	    !check_reg(p, block, reg))
		return false;
	remember(p, ITEM_REG, &reg->text);
	return true;
}

static bool parse_bits(struct parser *p, struct regs_field *field)
{
	char *word = next_word(p);
	char *colon;
	uint32_t msb;
	uint32_t lsb;

	if (!word)
		return fail(p, "field bits are missing");
	colon = strchr(word, ':');
	if (colon)
		*colon = '\0';
	if (!to_number(p, "bit", word, &msb))
		return false;
	lsb = msb;
	if (colon && !to_number(p, "bit", colon + 1, &lsb))
		return false;
	if (msb > 31)
		return fail(p, "bit %u is beyond 31", msb);
	if (lsb > msb)
		return fail(p, "field %u:%u is upside down", msb, lsb);
	field->msb = msb;
	field->lsb = lsb;
	return true;
}

static bool parse_field(struct parser *p)
{
	struct regs_reg *reg = last_reg(p);
	const struct regs_field *other;
	struct regs_field *field;

	if (!reg || p->last < ITEM_REG)
		return fail(p, "a field without a register above it");
	if (reg->enum_count)
		return fail(
			p,
			"%s has values of the whole register (line %u), not fields",
			reg->name, reg->enums[0].line);
	reg->fields =
		regs_grow(reg->fields, reg->field_count + 1, sizeof(*field));
	field = &reg->fields[reg->field_count++];
	*field = (struct regs_field){ .line = p->line };
	if (!parse_bits(p, field) || !need_name(p, "field name", field->name) ||
	    !need_text(p, &field->text) || !need_end(p))
		return false;
	for (other = reg->fields; other != field; other++) {
		if (!strcmp(other->name, field->name))
			return fail(p, "%s.%s is already on line %u", reg->name,
				    field->name, other->line);
		if (field->lsb <= other->msb && other->lsb <= field->msb)
			return fail(p,
				    "%s.%s %u:%u overlaps %s %u:%u of line %u",
				    reg->name, field->name, field->msb,
				    field->lsb, other->name, other->msb,
				    other->lsb, other->line);
	}
	remember(p, ITEM_FIELD, &field->text);
	return true;
}

static bool parse_enum(struct parser *p)
{
	struct regs_reg *reg = last_reg(p);
	struct regs_field *field = NULL;
	const struct regs_enum *other;
	struct regs_enum *value;
	struct regs_enum **list;
	size_t *count;

	if (!reg || p->last < ITEM_REG)
		return fail(p, "a value without a register or field above it");
	if (reg->field_count)
		field = &reg->fields[reg->field_count - 1];
	list = field ? &field->enums : &reg->enums;
	count = field ? &field->enum_count : &reg->enum_count;
	*list = regs_grow(*list, *count + 1, sizeof(*value));
	value = &(*list)[(*count)++];
	*value = (struct regs_enum){ .line = p->line };
	if (!need_number(p, "value", &value->value) ||
	    !need_name(p, "value name", value->name) ||
	    !need_text(p, &value->text) || !need_end(p))
		return false;
	if (field && (uint64_t)value->value >> (field->msb - field->lsb + 1))
		return fail(p,
			    "value 0x%x of %s.%s is beyond its field's %u bits",
			    value->value, field->name, value->name,
			    field->msb - field->lsb + 1);
	for (other = *list; other != value; other++)
		if (!strcmp(other->name, value->name) ||
		    other->value == value->value)
			return fail(p,
				    "value 0x%x %s repeats 0x%x %s of line %u",
				    value->value, value->name, other->value,
				    other->name, other->line);
	remember(p, ITEM_ENUM, &value->text);
	return true;
}

/* "| more": one more line of text for the item above. */
static bool parse_more(struct parser *p)
{
	const char *more = p->at;
	size_t had;
	size_t adds;

	if (p->last == ITEM_NONE)
		return fail(p, "text without an item above it");
	if (*more == ' ')
		more++;
	had = *p->last_text ? strlen(*p->last_text) : 0;
	adds = strlen(more);
	*p->last_text = regs_grow(*p->last_text, had + adds + 2, 1);
	if (had)
		(*p->last_text)[had++] = '\n';
	memcpy(*p->last_text + had, more, adds + 1);
	return true;
}

static bool parse_line(struct parser *p, char *line)
{
	static const struct {
		const char *word;
		bool (*parse)(struct parser *p);
	} items[] = {
		{ "map", parse_map },	{ "block", parse_block },
		{ "reg", parse_reg },	{ "field", parse_field },
		{ "enum", parse_enum },
	};
	const char *word;
	const char *c;
	size_t i;

	for (c = line; *c; c++)
		if ((*c < ' ' || *c > '~') && *c != '\t')
			return fail(p, "byte 0x%02x is not printable ASCII",
				    (unsigned char)*c);
	if (strstr(line, "*/"))
		return fail(p, "'*/' would end a comment of the C output");
	p->at = line;
	if (line[0] == '|') {
		p->at++;
		return parse_more(p);
	}
	skip_blanks(p);
	if (*p->at == '\0' || *p->at == '#')
		return true;
	word = next_word(p);
	for (i = 0; word && i < sizeof(items) / sizeof(items[0]); i++)
		if (!strcmp(word, items[i].word))
			return items[i].parse(p);
	return fail(
		p,
		"unknown word '%s'; an item is map, block, reg, field or enum",
		word ? word : "\"");
}

/* A reset value may only set bits that the register has. */
static bool check_resets(struct parser *p)
{
	size_t i, j, k;

	for (i = 0; i < p->regs->block_count; i++) {
		const struct regs_block *block = &p->regs->blocks[i];

		for (j = 0; j < block->reg_count; j++) {
			const struct regs_reg *reg = &block->regs[j];
			uint32_t bits = 0;

			for (k = 0; k < reg->field_count; k++)
				bits |= (UINT32_MAX >>
					 (31 - reg->fields[k].msb +
					  reg->fields[k].lsb))
					<< reg->fields[k].lsb;
			p->line = reg->line;
			if (reg->field_count && (reg->reset & ~bits))
				return fail(p,
					    "%s.%s: reset 0x%x is beyond its "
					    "fields' bits 0x%x",
					    block->name, reg->name, reg->reset,
					    bits);
		}
	}
	return true;
}

bool regs_parse(FILE *in, const char *name, struct regs *out)
{
	struct parser p = { .file = name, .regs = out };
	char line[REGS_LINE_MAX + 2];

	*out = (struct regs){ 0 };
	while (fgets(line, sizeof(line), in)) {
		size_t length = strlen(line);

		p.line++;
		if (length && line[length - 1] == '\n')
			line[length - 1] = '\0';
		else if (length == REGS_LINE_MAX + 1)
			return fail(&p, "line is longer than %d characters",
				    REGS_LINE_MAX);
		else
			return fail(&p,
				    "line has no newline or holds a zero byte");
		if (strlen(line) != length - 1)
			return fail(&p, "line holds a zero byte");
		if (!parse_line(&p, line))
			return false;
	}
	if (ferror(in))
		return fail(&p, "cannot read: %s", strerror(errno));
	if (!out->block_count)
		return fail(&p, "no block in the description");
	return check_resets(&p);
}

static void free_enums(struct regs_enum *enums, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		free(enums[i].text);
	free(enums);
}

static void free_reg(struct regs_reg *reg)
{
	size_t i;

	for (i = 0; i < reg->field_count; i++) {
		free(reg->fields[i].text);
		free_enums(reg->fields[i].enums, reg->fields[i].enum_count);
	}
	free(reg->fields);
	free_enums(reg->enums, reg->enum_count);
	free(reg->text);
}

void regs_free(struct regs *regs)
{
	size_t i, j;

	for (i = 0; i < regs->map_count; i++)
		free(regs->maps[i].text);
	free(regs->maps);
	for (i = 0; i < regs->block_count; i++) {
		struct regs_block *block = &regs->blocks[i];

		for (j = 0; j < block->reg_count; j++)
			free_reg(&block->regs[j]);
		free(block->regs);
		free(block->title);
		free(block->text);
	}
	free(regs->blocks);
}
