// SPDX-License-Identifier: MIT
/*
 * Tests how the board generator reads device tree blobs: that every value
 * reaches its place, that each limit holds on both sides, and that damaged
 * blobs are refused with a message and without a stray read. Blobs lie
 * against a page that cannot be read.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <libfdt.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ashlar_regs.h"
#include "board.h"

#define SPACE 4096

/* A page to read and one that ends the program. */
static unsigned char *guarded;
static size_t page;

static unsigned char tree[SPACE] __attribute__((aligned(8)));
static struct board board;
static char error[512];

/* Names, values and limits of all one-cell properties. */
struct cell {
	const char *node;
	const char *name;
	uint32_t good;
	uint32_t low;
	uint32_t high;
	bool power_of_two;
	size_t member;
};

#define M(member) offsetof(struct board, member)

static const struct cell cells[] = {
	{ "/", "ashlar,clock-khz", 123456, 1000, 10000000, false,
	  M(clock_khz) },
	{ "/host-interface", "ashlar,doorbells", 33, 2, 64, false,
	  M(doorbells) },
	{ "/host-interface", "ashlar,vectors", 17, 1, 64, false, M(vectors) },
	{ "/host-interface", "ashlar,latency-cycles", 151, 1, 10000, false,
	  M(host_latency) },
	{ "/host-interface", "ashlar,copy-engines", 1, 1,
	  ASHLAR_MAP_MP_COPY_COUNT, false, M(copy_engines) },
	{ "/host-interface", "ashlar,shared-bytes", 0x2000, 0x1000,
	  ASHLAR_MAP_MP_SHARED_BYTES, true, M(shared_bytes) },
	{ "/management-processor", "ashlar,rom-bytes", 0x800, 0x400,
	  ASHLAR_MAP_MP_ROM_BYTES, true, M(rom_bytes) },
	{ "/management-processor", "ashlar,tcm-bytes", 0x8000, 0x1000,
	  ASHLAR_MAP_MP_TCM_BYTES, true, M(tcm_bytes) },
	{ "/memory", "ashlar,channels", 4, 1, 16, true, M(mem_channels) },
	{ "/memory", "ashlar,latency-cycles", 41, 1, 10000, false,
	  M(mem_latency) },
	{ "/tiles", "ashlar,count", 3, 1, 32, false, M(tiles) },
	{ "/tiles", "ashlar,array", 16, 8, 32, true, M(array) },
	{ "/tiles", "ashlar,accumulators", 8, 2, 16, true, M(accs) },
	{ "/tiles", "ashlar,local-bytes", 0x4000, 0x1000,
	  ASHLAR_MAP_KERNEL_LMEM_BYTES, true, M(lmem_bytes) },
	{ "/tiles", "ashlar,scratchpad-bytes", 0x40000, 0x4000,
	  ASHLAR_MAP_KERNEL_SPAD_BYTES, true, M(spad_bytes) },
	{ "/tiles", "ashlar,scratchpad-banks", 4, 4, 16, true, M(spad_banks) },
	{ "/tiles", "ashlar,tlb-entries", 32, 4, 64, true, M(tlb_entries) },
};

#define CELLS (sizeof(cells) / sizeof(cells[0]))

static const struct {
	const char *node;
	const char *name;
	const char *text;
} strings[] = {
	{ "/", "compatible", "ashlar,board" },
	{ "/", "model", "odd-1" },
	{ "/host-interface", "compatible", "ashlar,host-interface" },
	{ "/management-processor", "compatible", "ashlar,mp" },
	{ "/management-processor", "riscv,isa", "rv32imc" },
	{ "/memory", "compatible", "ashlar,memory" },
	{ "/memory", "device_type", "memory" },
	{ "/tiles", "compatible", "ashlar,tiles" },
	{ "/tiles", "riscv,isa", "rv32imc" },
};

#define STRINGS (sizeof(strings) / sizeof(strings[0]))

static int node(const char *path)
{
	int offset = fdt_path_offset(tree, path);

	assert_true(offset >= 0);
	return offset;
}

/* Makes `tree` a good board, still open for changes. */
static void make_tree(void)
{
	static const char *const nodes[] = { "tiles", "memory",
					     "management-processor",
					     "host-interface" };
	size_t i;

	assert_int_equal(fdt_create_empty_tree(tree, SPACE), 0);
	for (i = 0; i < 4; i++)
		assert_true(fdt_add_subnode(tree, 0, nodes[i]) >= 0);
	for (i = 0; i < CELLS; i++)
		assert_int_equal(fdt_setprop_u32(tree, node(cells[i].node),
						 cells[i].name, cells[i].good),
				 0);
	for (i = 0; i < STRINGS; i++)
		assert_int_equal(fdt_setprop_string(tree, node(strings[i].node),
						    strings[i].name,
						    strings[i].text),
				 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#address-cells", 2), 0);
	assert_int_equal(fdt_setprop_u32(tree, 0, "#size-cells", 2), 0);
	assert_int_equal(fdt_setprop_u64(tree, node("/memory"), "ashlar,bytes",
					 1ull << 33),
			 0);
}

/* Parses `bytes` bytes that end, but for alignment, at the guard page. */
static bool parse_bytes(const void *blob, size_t bytes)
{
	unsigned char *at = guarded + page - (bytes + 7) / 8 * 8;

	memset(guarded, 0xa5, page);
	memcpy(at, blob, bytes);
	error[0] = '\0';
	return board_parse(at, bytes, &board, error, sizeof(error));
}

static bool parse_tree(void)
{
	assert_int_equal(fdt_pack(tree), 0);
	return parse_bytes(tree, fdt_totalsize(tree));
}

static void expect_error(bool parsed, const char *text)
{
	if (!parsed && strstr(error, text))
		return;
	fail_msg("expected '%s', got '%s'", text, parsed ? "success" : error);
}

static void good_values(void **state)
{
	size_t i;

	(void)state;
	make_tree();
	if (!parse_tree())
		fail_msg("%s", error);
	for (i = 0; i < CELLS; i++) {
		uint32_t value;

		memcpy(&value, (char *)&board + cells[i].member, 4);
		assert_int_equal(value, cells[i].good);
	}
	assert_true(board.mem_bytes == 1ull << 33);
	assert_string_equal(board.model, "odd-1");
}

static const char *path(const char *in, const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s%s%s", in, strcmp(in, "/") ? "/" : "",
		 name);
	return text;
}

/* Sets one cell of a good tree and parses it. */
static bool parse_with(const struct cell *cell, uint32_t value)
{
	make_tree();
	/* The smallest scratchpad goes with the smallest array and the most
	 * banks with the largest; limits of one are tested at the other's. */
	if (cell->member == M(spad_bytes))
		assert_int_equal(fdt_setprop_u32(tree, node("/tiles"),
						 "ashlar,array", 8),
				 0);
	assert_int_equal(
		fdt_setprop_u32(tree, node(cell->node), cell->name, value), 0);
	return parse_tree();
}

static void cell_limits(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < CELLS; i++) {
		const struct cell *cell = &cells[i];
		char text[200];

		if (!parse_with(cell, cell->low) ||
		    !parse_with(cell, cell->high))
			fail_msg("at a limit: %s", error);
		snprintf(text, sizeof(text), "%s is %u, limits are",
			 path(cell->node, cell->name), cell->high + 1);
		expect_error(parse_with(cell, cell->high + 1), text);
		expect_error(parse_with(cell, 0), "is 0, limits are");
		expect_error(parse_with(cell, UINT32_MAX),
			     "is 4294967295, limits are");
		if (!cell->power_of_two)
			continue;
		snprintf(text, sizeof(text), "%s is %u, not a power of two",
			 path(cell->node, cell->name), cell->high - 1);
		if (cell->high - 1 > cell->low)
			expect_error(parse_with(cell, cell->high - 1), text);
	}
}

static void cell_lengths(void **state)
{
	static const unsigned char zeros[8];
	size_t i;
	int length;

	(void)state;
	for (i = 0; i < CELLS; i++) {
		const struct cell *cell = &cells[i];
		char text[200];

		for (length = 0; length <= 8; length++) {
			if (length == 4)
				continue;
			make_tree();
			assert_int_equal(fdt_setprop(tree, node(cell->node),
						     cell->name, zeros, length),
					 0);
			snprintf(text, sizeof(text), "%s has %d bytes, not 4",
				 path(cell->node, cell->name), length);
			expect_error(parse_tree(), text);
		}
		make_tree();
		assert_int_equal(
			fdt_delprop(tree, node(cell->node), cell->name), 0);
		snprintf(text, sizeof(text), "%s is missing",
			 path(cell->node, cell->name));
		expect_error(parse_tree(), text);
	}
}

static void wrong_strings(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < STRINGS; i++) {
		char text[200];

		make_tree();
		assert_int_equal(fdt_delprop(tree, node(strings[i].node),
					     strings[i].name),
				 0);
		snprintf(text, sizeof(text), "%s is missing",
			 path(strings[i].node, strings[i].name));
		expect_error(parse_tree(), text);
		if (!strcmp(strings[i].name, "model"))
			continue;
		make_tree();
		assert_int_equal(fdt_setprop_string(tree, node(strings[i].node),
						    strings[i].name, "other"),
				 0);
		snprintf(text, sizeof(text), "%s is 'other', not '%s'",
			 path(strings[i].node, strings[i].name),
			 strings[i].text);
		expect_error(parse_tree(), text);
		/* The same text without its zero byte. */
		make_tree();
		assert_int_equal(fdt_setprop(tree, node(strings[i].node),
					     strings[i].name, strings[i].text,
					     (int)strlen(strings[i].text)),
				 0);
		expect_error(parse_tree(),
			     path(strings[i].node, strings[i].name));
	}
}

static void wrong_models(void **state)
{
	static const struct {
		const char *bytes;
		int length;
		const char *message;
	} models[] = {
		{ "", 0, "/model has 0 bytes" },
		{ "", 1, "/model has 1 bytes" },
		{ "abc", 3, "a zero byte last" },
		{ "a\0b", 4, "byte 0x00 at 1" },
		{ "A", 2, "byte 0x41 at 0" },
		{ "a\"b", 4, "byte 0x22 at 1" },
		{ "abcdefghijklmnopqrstuvwxyz012345", 33, "has 33 bytes" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(models) / sizeof(models[0]); i++) {
		make_tree();
		assert_int_equal(fdt_setprop(tree, 0, "model", models[i].bytes,
					     models[i].length),
				 0);
		expect_error(parse_tree(), models[i].message);
	}
}

static void missing_nodes(void **state)
{
	static const char *const paths[] = { "/tiles", "/memory",
					     "/management-processor",
					     "/host-interface" };
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		make_tree();
		assert_int_equal(fdt_del_node(tree, node(paths[i])), 0);
		snprintf(text, sizeof(text), "node %s is missing", paths[i]);
		expect_error(parse_tree(), text);
	}
}

static void wrong_cell_counts(void **state)
{
	static const char *const names[] = { "#address-cells", "#size-cells" };
	char text[100];
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		make_tree();
		assert_int_equal(fdt_setprop_u32(tree, 0, names[i], 1), 0);
		snprintf(text, sizeof(text), "/%s is 1, must be 2", names[i]);
		expect_error(parse_tree(), text);
	}
}

static bool parse_memory(uint64_t bytes)
{
	make_tree();
	assert_int_equal(
		fdt_setprop_u64(tree, node("/memory"), "ashlar,bytes", bytes),
		0);
	return parse_tree();
}

static void memory_size(void **state)
{
	(void)state;
	assert_true(parse_memory(1ull << 20));
	assert_true(parse_memory(1ull << 48));
	expect_error(parse_memory(1ull << 19), "is 0x80000, limits are");
	expect_error(parse_memory(1ull << 49), "is 0x2000000000000, limits");
	expect_error(parse_memory(0), "is 0x0, limits are");
	expect_error(parse_memory(UINT64_MAX), "is 0xffffffffffffffff, limits");
	expect_error(parse_memory(3ull << 30), "is 0xc0000000, not a power");
	make_tree();
	assert_int_equal(
		fdt_setprop_u32(tree, node("/memory"), "ashlar,bytes", 1 << 30),
		0);
	expect_error(parse_tree(), "/memory/ashlar,bytes has 4 bytes, not 8");
}

static void small_banks(void **state)
{
	(void)state;
	make_tree();
	/* 32 x 32 x 4 bytes is 4096; 16 banks of 64 KiB hold exactly that. */
	assert_int_equal(
		fdt_setprop_u32(tree, node("/tiles"), "ashlar,array", 32), 0);
	assert_int_equal(fdt_setprop_u32(tree, node("/tiles"),
					 "ashlar,scratchpad-banks", 16),
			 0);
	assert_int_equal(fdt_setprop_u32(tree, node("/tiles"),
					 "ashlar,scratchpad-bytes", 0x10000),
			 0);
	assert_true(parse_tree());
	assert_int_equal(fdt_setprop_u32(tree, node("/tiles"),
					 "ashlar,scratchpad-bytes", 0x8000),
			 0);
	expect_error(parse_tree(), "a bank of 2048 bytes is less than");
}

static void misaligned(void **state)
{
	size_t bytes;
	int i;

	(void)state;
	make_tree();
	assert_int_equal(fdt_pack(tree), 0);
	bytes = fdt_totalsize(tree);
	for (i = 1; i < 8; i++) {
		unsigned char *at = guarded + 64 + i;

		memcpy(at, tree, bytes);
		expect_error(
			board_parse(at, bytes, &board, error, sizeof(error)),
			"not a multiple of 8");
	}
	fdt_set_off_dt_struct(tree, fdt_off_dt_struct(tree) + 2);
	expect_error(parse_bytes(tree, bytes), "blob is misaligned");
}

static void truncated(void **state)
{
	size_t bytes;
	size_t cut;

	(void)state;
	make_tree();
	assert_int_equal(fdt_pack(tree), 0);
	bytes = fdt_totalsize(tree);
	for (cut = 0; cut < bytes; cut++) {
		char text[100];

		if (cut < sizeof(struct fdt_header))
			snprintf(text, sizeof(text),
				 "blob has %zu bytes, its header alone", cut);
		else
			snprintf(text, sizeof(text),
				 "blob has %zu bytes, its totalsize says %zu",
				 cut, bytes);
		expect_error(parse_bytes(tree, cut), text);
	}
	/* The same, with a totalsize that agrees with the cut. */
	for (cut = sizeof(struct fdt_header); cut < bytes; cut++) {
		fdt_set_totalsize(tree, (uint32_t)cut);
		expect_error(parse_bytes(tree, cut),
			     "blob is not a device tree");
	}
}

static void too_long(void **state)
{
	static unsigned char blob[ASHLAR_MAP_MP_DTB_BYTES + 8]
		__attribute__((aligned(8)));

	(void)state;
	make_tree();
	assert_int_equal(fdt_open_into(tree, blob, ASHLAR_MAP_MP_DTB_BYTES), 0);
	if (!board_parse(blob, ASHLAR_MAP_MP_DTB_BYTES, &board, error,
			 sizeof(error)))
		fail_msg("%s", error);
	expect_error(board_parse(blob, ASHLAR_MAP_MP_DTB_BYTES + 1, &board,
				 error, sizeof(error)),
		     "blob has 65537 bytes, limit 65536");
	make_tree();
	expect_error(parse_bytes(tree, SPACE - 8), "its totalsize says 4096");
}

/*
 * Changes every byte of a good blob in several ways. Whatever comes, it is
 * refused with a message or gives values within their limits.
 */
static void damaged(void **state)
{
	static const unsigned char flips[] = { 0x01, 0x04, 0x80, 0xff };
	size_t bytes;
	size_t at;
	size_t refused = 0;
	size_t i, j;

	(void)state;
	make_tree();
	assert_int_equal(fdt_pack(tree), 0);
	bytes = fdt_totalsize(tree);
	for (at = 0; at < bytes; at++) {
		for (i = 0; i < sizeof(flips); i++) {
			bool parsed;

			tree[at] ^= flips[i];
			parsed = parse_bytes(tree, bytes);
			tree[at] ^= flips[i];
			refused += !parsed;
			assert_true(parsed == (error[0] == '\0'));
			for (j = 0; parsed && j < CELLS; j++) {
				uint32_t value;

				memcpy(&value, (char *)&board + cells[j].member,
				       4);
				assert_in_range(value, 1, cells[j].high);
			}
		}
	}
	/* Most bytes are names, lengths and tokens, where no change is good. */
	assert_true(refused > 3 * bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_values),
		cmocka_unit_test(cell_limits),
		cmocka_unit_test(cell_lengths),
		cmocka_unit_test(wrong_strings),
		cmocka_unit_test(wrong_models),
		cmocka_unit_test(missing_nodes),
		cmocka_unit_test(wrong_cell_counts),
		cmocka_unit_test(memory_size),
		cmocka_unit_test(small_banks),
		cmocka_unit_test(misaligned),
		cmocka_unit_test(truncated),
		cmocka_unit_test(too_long),
		cmocka_unit_test(damaged),
	};
	int failed;

	page = (size_t)sysconf(_SC_PAGESIZE);
	guarded = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (guarded == MAP_FAILED ||
	    mprotect(guarded + page, page, PROT_NONE)) {
		perror("mmap");
		return 1;
	}
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	printf("%zu passed, %d failed\n",
	       sizeof(tests) / sizeof(tests[0]) - (size_t)failed, failed);
	return failed ? 1 : 0;
}
