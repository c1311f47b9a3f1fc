// SPDX-License-Identifier: MIT
/* Device tree blobs: the real one, and ones that must be refused. */
#include <libfdt.h>
#include <stdbool.h>
#include <string.h>

#include "ash_board.h"
#include "counted.h"
#include "topology.h"

#define ROOM 8192

/* A copy of the board's blob that can grow. */
static void *open_blob(void)
{
	void *blob = aligned_alloc(8, ROOM);

	assert_non_null(blob);
	assert_int_equal(fdt_open_into(ashlar_board_dtb, blob, ROOM), 0);
	return blob;
}

static void assert_refused(const void *blob, size_t bytes, const char *text)
{
	struct topology t;
	char error[256] = "";

	assert_int_equal(topology_parse(blob, bytes, &t, error, sizeof(error)),
			 -1);
	if (!strstr(error, text))
		fail_msg("\"%s\" does not contain \"%s\"", error, text);
}

/* Refuse the packed form of an edited blob, and free it. */
static void refuse(void *blob, const char *text)
{
	assert_int_equal(fdt_pack(blob), 0);
	assert_refused(blob, fdt_totalsize(blob), text);
	free(blob);
}

static int node(void *blob, const char *path)
{
	int at = fdt_path_offset(blob, path);

	assert_true(at >= 0);
	return at;
}

static void reads_the_board(void **state)
{
	struct topology t;
	char error[256] = "";

	(void)state;
	if (topology_parse(ashlar_board_dtb, ASHLAR_BOARD_DTB_BYTES, &t, error,
			   sizeof(error)))
		fail_msg("%s", error);
	assert_string_equal(t.board, "tiny");
	assert_int_equal(t.tiles, 1);
	assert_int_equal(t.array, 8);
	assert_int_equal(t.accs, 4);
	assert_int_equal(t.lmem_bytes, 65536);
	assert_int_equal(t.spad_bytes, 65536);
	assert_int_equal(t.spad_banks, 8);
	assert_int_equal(t.clock_khz, 500000);
	assert_int_equal(t.mem_bytes, 16u << 20);
}

static void refuses_a_bad_frame(void **state)
{
	uint8_t *blob = open_blob();
	size_t bytes = fdt_totalsize(ashlar_board_dtb);

	(void)state;
	memcpy(blob, ashlar_board_dtb, bytes);
	assert_refused(blob, bytes - 4, "it says it has");
	assert_refused(blob, bytes + 4, "it says it has");
	assert_refused(blob, 39, "39 bytes");
	assert_refused(blob, 0, "0 bytes");
	assert_refused(blob, 2u << 20, "2097152 bytes");
	memmove(blob + 4, blob, bytes);
	assert_refused(blob + 4, bytes, "not a multiple of 8");
	memmove(blob + 1, blob + 4, bytes);
	assert_refused(blob + 1, bytes, "not a multiple of 8");
	memcpy(blob, ashlar_board_dtb, bytes);
	blob[0] = 0;
	assert_refused(blob, bytes, "magic");
	memcpy(blob, ashlar_board_dtb, bytes);
	fdt_set_version(blob, 16);
	assert_refused(blob, bytes, "version 16");
	free(blob);
}

static void refuses_every_truncation(void **state)
{
	uint8_t *blob = open_blob();
	size_t bytes = fdt_totalsize(ashlar_board_dtb);

	(void)state;
	/* Also with a total size that agrees with the truncation. */
	for (size_t n = 0; n < bytes; n++) {
		memcpy(blob, ashlar_board_dtb, bytes);
		assert_refused(blob, n, "device tree blob: ");
		if (n >= 8) {
			fdt_set_totalsize(blob, (uint32_t)n);
			assert_refused(blob, n, "device tree blob: ");
		}
	}
	free(blob);
}

static void refuses_missing_nodes(void **state)
{
	static const char *const nodes[] = { "/tiles", "/memory" };
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++) {
		void *blob = open_blob();

		assert_int_equal(fdt_del_node(blob, node(blob, nodes[i])), 0);
		snprintf(text, sizeof(text), "node %s is missing", nodes[i]);
		refuse(blob, text);
	}
}

struct property {
	const char *node, *name;
	uint32_t low, high; /* values just outside */
};

static const struct property properties[] = {
	{ "/", "ashlar,clock-khz", 0, 10000001 },
	{ "/tiles", "ashlar,count", 0, 65 },
	{ "/tiles", "ashlar,array", 2, 512 },
	{ "/tiles", "ashlar,accumulators", 0, 17 },
	{ "/tiles", "ashlar,local-bytes", 4096, 131072 },
	{ "/tiles", "ashlar,scratchpad-bytes", 512, 2u << 20 },
	{ "/tiles", "ashlar,scratchpad-banks", 0, 128 },
};

static void refuses_bad_properties(void **state)
{
	static const char *const powers[] = { "ashlar,array",
					      "ashlar,local-bytes",
					      "ashlar,scratchpad-bytes",
					      "ashlar,scratchpad-banks" };

	(void)state;
	for (size_t i = 0; i < sizeof(properties) / sizeof(properties[0]);
	     i++) {
		const struct property *p = &properties[i];
		const char long_value[8] = { 0 };
		void *blob = open_blob();

		fdt_delprop(blob, node(blob, p->node), p->name);
		refuse(blob, p->name);
		blob = open_blob();
		fdt_setprop(blob, node(blob, p->node), p->name, long_value, 8);
		refuse(blob, "has 8 bytes");
		blob = open_blob();
		fdt_setprop(blob, node(blob, p->node), p->name, long_value, 3);
		refuse(blob, "has 3 bytes");
		blob = open_blob();
		fdt_setprop_u32(blob, node(blob, p->node), p->name, p->low);
		refuse(blob, p->name);
		blob = open_blob();
		fdt_setprop_u32(blob, node(blob, p->node), p->name, p->high);
		refuse(blob, p->name);
	}
	for (size_t i = 0; i < sizeof(powers) / sizeof(powers[0]); i++) {
		void *blob = open_blob();

		fdt_setprop_u32(blob, node(blob, "/tiles"), powers[i],
				i == 0 ? 24 :
				i == 3 ? 6 :
					 24576);
		refuse(blob, "not a power of two");
	}
}

static void refuses_bad_texts_and_sizes(void **state)
{
	void *blob = open_blob();

	(void)state;
	fdt_setprop(blob, 0, "compatible", "other,board", 12);
	refuse(blob, "not compatible");
	blob = open_blob();
	fdt_delprop(blob, 0, "model");
	refuse(blob, "property model is missing");
	blob = open_blob();
	fdt_setprop(blob, 0, "model", "abc", 3);
	refuse(blob, "not one text");
	blob = open_blob();
	fdt_setprop(blob, 0, "model", "a\0b", 4);
	refuse(blob, "not one text");
	blob = open_blob();
	fdt_setprop_string(blob, 0, "model",
			   "a-name-that-is-far-too-long-for-it");
	refuse(blob, "not one text");
	blob = open_blob();
	fdt_setprop_u32(blob, node(blob, "/memory"), "ashlar,bytes", 1u << 30);
	refuse(blob, "not two cells");
	blob = open_blob();
	fdt_delprop(blob, node(blob, "/memory"), "ashlar,bytes");
	refuse(blob, "ashlar,bytes is missing");
	blob = open_blob();
	fdt_setprop_u64(blob, node(blob, "/memory"), "ashlar,bytes", 4095);
	refuse(blob, "ashlar,bytes is 4095");
	blob = open_blob();
	fdt_setprop_u64(blob, node(blob, "/memory"), "ashlar,bytes",
			UINT64_MAX);
	refuse(blob, "ashlar,bytes is 18446744073709551615");
}

static void refuses_bad_references(void **state)
{
	void *blob = open_blob();

	(void)state;
	fdt_setprop_u32(blob, node(blob, "/tiles"), "phandle", 0);
	refuse(blob, "phandle 0x0 is reserved");
	blob = open_blob();
	fdt_setprop_u32(blob, node(blob, "/tiles"), "phandle", 77);
	fdt_setprop_u32(blob, node(blob, "/memory"), "phandle", 77);
	refuse(blob, "phandle 0x4d is used twice");
	blob = open_blob();
	fdt_setprop(blob, node(blob, "/tiles"), "phandle", "ab", 2);
	refuse(blob, "phandle has 2 bytes");
	blob = open_blob();
	fdt_setprop_u32(blob, node(blob, "/tiles"), "interrupt-parent", 99);
	refuse(blob, "interrupt-parent 0x63 leads nowhere");
	blob = open_blob();
	fdt_setprop_u32(blob, node(blob, "/tiles"), "phandle", 77);
	fdt_setprop_u32(blob, node(blob, "/memory"), "phandle", 78);
	fdt_setprop_u32(blob, node(blob, "/tiles"), "interrupt-parent", 78);
	fdt_setprop_u32(blob, node(blob, "/memory"), "interrupt-parent", 77);
	refuse(blob, "form a cycle");
	blob = open_blob();
	fdt_setprop_u32(blob, 0, "#address-cells", 5);
	refuse(blob, "#address-cells is 5");
	blob = open_blob();
	fdt_setprop(blob, 0, "#size-cells", "x", 1);
	refuse(blob, "#size-cells has 1 bytes");
}

static void refuses_deep_nesting(void **state)
{
	void *blob = open_blob();
	int at = 0;

	(void)state;
	for (int i = 0; i < 20; i++) {
		at = fdt_add_subnode(blob, at, "deeper");
		assert_true(at >= 0);
	}
	refuse(blob, "nested deeper than 16");
}

static void survives_mutation(void **state)
{
	size_t bytes = fdt_totalsize(ashlar_board_dtb);
	uint64_t seed = 0xd7b;
	int good = 0, refused = 0;

	(void)state;
	for (int round = 0; round < 100000; round++) {
		/* Of exactly its size, so that overruns are seen. */
		uint8_t *blob = aligned_alloc(8, (bytes + 7) & ~7ull);
		int changes = 1 + (int)(rnd(&seed) % 3);
		struct topology t;
		char error[256];

		memcpy(blob, ashlar_board_dtb, bytes);
		while (changes--)
			blob[rnd(&seed) % bytes] = (uint8_t)rnd(&seed);
		if (topology_parse(blob, bytes, &t, error, sizeof(error))) {
			refused++;
		} else {
			good++;
			assert_true(t.tiles >= 1 && t.tiles <= 64);
			assert_true(t.mem_bytes >= 1u << 20);
			assert_true(strlen(t.board) < sizeof(t.board));
		}
		free(blob);
	}
	assert_true(good > 1000 && refused > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_the_board),
		cmocka_unit_test(refuses_a_bad_frame),
		cmocka_unit_test(refuses_every_truncation),
		cmocka_unit_test(refuses_missing_nodes),
		cmocka_unit_test(refuses_bad_properties),
		cmocka_unit_test(refuses_bad_texts_and_sizes),
		cmocka_unit_test(refuses_bad_references),
		cmocka_unit_test(refuses_deep_nesting),
		cmocka_unit_test(survives_mutation),
	};

	return RUN_COUNTED(tests);
}
