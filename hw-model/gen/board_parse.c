// SPDX-License-Identifier: MIT
/*
 * Reads a board's device tree blob. Limits that follow from the address maps
 * come from the generated register header, so that neither can outgrow the
 * other.
 */
#include "board.h"

#include <libfdt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ashlar_regs.h"

/* Every multi-byte member of the blob's header lies on this alignment. */
#define BLOB_ALIGN 8

struct parser {
	const void *blob;
	char *error;
	size_t error_bytes;
};

enum shape { ANY, POWER_OF_TWO };

/* A property of one cell. */
struct rule {
	const char *node;
	const char *property;
	enum shape shape;
	uint32_t low;
	uint32_t high;
	size_t member; /* offset of the value in struct board */
};

#define MEMBER(name) offsetof(struct board, name)

static const struct rule rules[] = {
	{ "/", "ashlar,clock-khz", ANY, 1000, 10000000, MEMBER(clock_khz) },
	/* Doorbell 0 is the control ring's; one queue is the least. */
	{ "/host-interface", "ashlar,doorbells", ANY, 2,
	  ASHLAR_MAP_BAR0_DOORBELL_COUNT, MEMBER(doorbells) },
	{ "/host-interface", "ashlar,vectors", ANY, 1, 64, MEMBER(vectors) },
	{ "/host-interface", "ashlar,latency-cycles", ANY, 1, 10000,
	  MEMBER(host_latency) },
	{ "/host-interface", "ashlar,copy-engines", ANY, 1,
	  ASHLAR_MAP_MP_COPY_COUNT, MEMBER(copy_engines) },
	{ "/host-interface", "ashlar,shared-bytes", POWER_OF_TWO, 4096,
	  ASHLAR_MAP_MP_SHARED_BYTES, MEMBER(shared_bytes) },
	{ "/management-processor", "ashlar,rom-bytes", POWER_OF_TWO, 1024,
	  ASHLAR_MAP_MP_ROM_BYTES, MEMBER(rom_bytes) },
	{ "/management-processor", "ashlar,tcm-bytes", POWER_OF_TWO, 4096,
	  ASHLAR_MAP_MP_TCM_BYTES, MEMBER(tcm_bytes) },
	{ "/memory", "ashlar,channels", POWER_OF_TWO, 1, 16,
	  MEMBER(mem_channels) },
	{ "/memory", "ashlar,latency-cycles", ANY, 1, 10000,
	  MEMBER(mem_latency) },
	/* MP.TILE_EVENT has a bit for each tile. */
	{ "/tiles", "ashlar,count", ANY, 1, 32, MEMBER(tiles) },
	{ "/tiles", "ashlar,array", POWER_OF_TWO, 8, 32, MEMBER(array) },
	/* MATRIX.CFG.ACC is four bits wide. */
	{ "/tiles", "ashlar,accumulators", POWER_OF_TWO, 2, 16, MEMBER(accs) },
	{ "/tiles", "ashlar,local-bytes", POWER_OF_TWO, 4096,
	  ASHLAR_MAP_KERNEL_LMEM_BYTES, MEMBER(lmem_bytes) },
	{ "/tiles", "ashlar,scratchpad-bytes", POWER_OF_TWO, 16384,
	  ASHLAR_MAP_KERNEL_SPAD_BYTES, MEMBER(spad_bytes) },
	{ "/tiles", "ashlar,scratchpad-banks", POWER_OF_TWO, 4, 16,
	  MEMBER(spad_banks) },
	{ "/tiles", "ashlar,tlb-entries", POWER_OF_TWO, 4, 64,
	  MEMBER(tlb_entries) },
};

/* Board memory: the least that holds firmware, tables and buffers, and what
 * 48 address bits reach. */
#define MEM_BYTES_LOW  (1ull << 20)
#define MEM_BYTES_HIGH (1ull << 48)

__attribute__((format(printf, 2, 3))) static bool fail(struct parser *p,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->error, p->error_bytes, format, args);
	va_end(args);
	return false;
}

/* Root properties print as "/name", others as "/node/name". */
static const char *slash(const char *node)
{
	return strcmp(node, "/") ? "/" : "";
}

/* The property's value; it must have exactly `bytes` bytes. */
static const void *property(struct parser *p, const char *node,
			    const char *name, int bytes)
{
	const void *value;
	int offset = fdt_path_offset(p->blob, node);
	int length;

	if (offset < 0) {
		fail(p, "node %s is missing (%s)", node, fdt_strerror(offset));
		return NULL;
	}
	value = fdt_getprop(p->blob, offset, name, &length);
	if (!value) {
		fail(p, "property %s%s%s is missing", node, slash(node), name);
		return NULL;
	}
	if (length != bytes) {
		fail(p, "property %s%s%s has %d bytes, not %d", node,
		     slash(node), name, length, bytes);
		return NULL;
	}
	return value;
}

/* The property must be exactly this string. */
static bool expect(struct parser *p, const char *node, const char *name,
		   const char *text)
{
	int offset = fdt_path_offset(p->blob, node);
	const char *value;
	int length;

	if (offset < 0)
		return fail(p, "node %s is missing (%s)", node,
			    fdt_strerror(offset));
	value = fdt_getprop(p->blob, offset, name, &length);
	if (!value)
		return fail(p, "property %s%s%s is missing", node, slash(node),
			    name);
	if ((size_t)length != strlen(text) + 1 || memcmp(value, text, length))
		return fail(p, "property %s%s%s is '%.*s', not '%s'", node,
			    slash(node), name, (int)strnlen(value, length),
			    value, text);
	return true;
}

static bool power_of_two(uint64_t value)
{
	return value && !(value & (value - 1));
}

static bool apply(struct parser *p, const struct rule *rule,
		  struct board *board)
{
	const fdt32_t *cell = property(p, rule->node, rule->property, 4);
	uint32_t value;

	if (!cell)
		return false;
	value = fdt32_ld(cell);
	if (value < rule->low || value > rule->high)
		return fail(p, "property %s%s%s is %u, limits are %u..%u",
			    rule->node, slash(rule->node), rule->property,
			    value, rule->low, rule->high);
	if (rule->shape == POWER_OF_TWO && !power_of_two(value))
		return fail(p, "property %s%s%s is %u, not a power of two",
			    rule->node, slash(rule->node), rule->property,
			    value);
	memcpy((char *)board + rule->member, &value, sizeof(value));
	return true;
}

static bool parse_model(struct parser *p, struct board *board)
{
	const char *value;
	int length;
	int i;

	value = fdt_getprop(p->blob, 0, "model", &length);
	if (!value)
		return fail(p, "property /model is missing");
	if (length < 2 || (size_t)length > sizeof(board->model) ||
	    value[length - 1] != '\0')
		return fail(
			p,
			"property /model has %d bytes, limits are 2..%zu, a zero byte last",
			length, sizeof(board->model));
	for (i = 0; i < length - 1; i++)
		if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789-",
			    value[i]) ||
		    !value[i])
			return fail(
				p,
				"property /model has byte 0x%02x at %d; small letters, digits and - are allowed",
				(unsigned char)value[i], i);
	memcpy(board->model, value, length);
	return true;
}

static bool parse_memory_size(struct parser *p, struct board *board)
{
	const fdt64_t *cells = property(p, "/memory", "ashlar,bytes", 8);
	uint64_t value;

	if (!cells)
		return false;
	value = fdt64_ld(cells);
	if (value < MEM_BYTES_LOW || value > MEM_BYTES_HIGH)
		return fail(
			p,
			"property /memory/ashlar,bytes is 0x%llx, limits are 0x%llx..0x%llx",
			(unsigned long long)value, MEM_BYTES_LOW,
			MEM_BYTES_HIGH);
	if (!power_of_two(value))
		return fail(
			p,
			"property /memory/ashlar,bytes is 0x%llx, not a power of two",
			(unsigned long long)value);
	board->mem_bytes = value;
	return true;
}

static bool check_blob(struct parser *p, size_t bytes)
{
	uint32_t total;
	int status;

	if ((uintptr_t)p->blob % BLOB_ALIGN)
		return fail(
			p, "blob is at an address that is not a multiple of %d",
			BLOB_ALIGN);
	if (bytes < sizeof(struct fdt_header))
		return fail(p, "blob has %zu bytes, its header alone %zu",
			    bytes, sizeof(struct fdt_header));
	if (bytes > ASHLAR_MAP_MP_DTB_BYTES)
		return fail(p, "blob has %zu bytes, limit %d", bytes,
			    ASHLAR_MAP_MP_DTB_BYTES);
	total = fdt_totalsize(p->blob);
	if (fdt_magic(p->blob) == FDT_MAGIC && total != bytes)
		return fail(p, "blob has %zu bytes, its totalsize says %u",
			    bytes, total);
	/* libfdt reads the structure with aligned loads. */
	if (fdt_magic(p->blob) == FDT_MAGIC &&
	    (fdt_off_dt_struct(p->blob) % 4 || fdt_off_mem_rsvmap(p->blob) % 8))
		return fail(
			p,
			"blob is misaligned: off_dt_struct %u is not a multiple of 4 or off_mem_rsvmap %u not of 8",
			fdt_off_dt_struct(p->blob),
			fdt_off_mem_rsvmap(p->blob));
	status = fdt_check_full(p->blob, bytes);
	if (status)
		return fail(p, "blob is not a device tree: %s",
			    fdt_strerror(status));
	return true;
}

static bool check_identity(struct parser *p)
{
	return expect(p, "/", "compatible", "ashlar,board") &&
	       expect(p, "/host-interface", "compatible",
		      "ashlar,host-interface") &&
	       expect(p, "/management-processor", "compatible", "ashlar,mp") &&
	       expect(p, "/management-processor", "riscv,isa", "rv32imc") &&
	       expect(p, "/memory", "compatible", "ashlar,memory") &&
	       expect(p, "/memory", "device_type", "memory") &&
	       expect(p, "/tiles", "compatible", "ashlar,tiles") &&
	       expect(p, "/tiles", "riscv,isa", "rv32imc");
}

/* ashlar,bytes is two cells because the tree says addresses and sizes are. */
static bool check_cells(struct parser *p, const char *name)
{
	const fdt32_t *cell = property(p, "/", name, 4);

	if (!cell)
		return false;
	if (fdt32_ld(cell) != 2)
		return fail(p, "property /%s is %u, must be 2", name,
			    fdt32_ld(cell));
	return true;
}

bool board_parse(const void *blob, size_t bytes, struct board *board,
		 char *error, size_t error_bytes)
{
	struct parser p = { blob, error, error_bytes };
	uint32_t bank_bytes;
	size_t i;

	*board = (struct board){ 0 };
	if (!check_blob(&p, bytes) || !check_identity(&p) ||
	    !check_cells(&p, "#address-cells") ||
	    !check_cells(&p, "#size-cells") || !parse_model(&p, board) ||
	    !parse_memory_size(&p, board))
		return false;
	for (i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (!apply(&p, &rules[i], board))
			return false;
	/* A bank holds at least one whole array's worth of lines. */
	bank_bytes = board->spad_bytes / board->spad_banks;
	if (bank_bytes < 4 * board->array * board->array)
		return fail(
			&p,
			"property /tiles/ashlar,scratchpad-bytes is %u: a bank of %u bytes is less than an array tile's %u",
			board->spad_bytes, bank_bytes,
			4 * board->array * board->array);
	return true;
}
