// SPDX-License-Identifier: MIT
/* Boot and hello, and all the ways in which they fail. */
#include "core_board.h"

static void boots(void **state)
{
	struct core_board *b = core_board_booted();
	struct ashlar_telemetry t;

	(void)state;
	assert_int_equal(b->dev.mem_bytes, 16u << 20);
	assert_int_equal(b->dev.info.firmware_version, ASHLAR_VERSION(0, 7));
	assert_int_equal(b->dev.control_abi, ASHLAR_ABI_CONTROL);
	assert_int_equal(ashlar_dev_telemetry(&b->dev, &t), 0);
	assert_int_equal(t.bytes, sizeof(t));
	/* The image's memory is free again. */
	assert_int_equal(ashlar_dev_mem_left(&b->dev), (16u << 20) - 4096);
	/* And again, on the same board. */
	assert_int_equal(core_board_boot(b), 0);
	core_board_free(b);
}

static void refuses_bad_sizes(void **state)
{
	struct core_board *b = core_board_new();
	uint8_t *large = calloc(1, 17u << 20);

	(void)state;
	assert_int_equal(ashlar_dev_boot(&b->dev, &b->image, 63), -EINVAL);
	assert_error(b, "63 bytes");
	assert_int_equal(ashlar_dev_boot(&b->dev, large, 17u << 20), -ENOSPC);
	assert_error(b, "17825792 bytes");
	free(large);
	core_board_free(b);
}

struct post_case {
	uint32_t code;
	const char *cure;
};

static void every_post_error_names_its_cure(void **state)
{
	static const struct post_case cases[] = {
		{ ASHLAR_POST_BAD_SIZE, "install the firmware again" },
		{ ASHLAR_POST_BAD_MAGIC, "give the path of one" },
		{ ASHLAR_POST_BAD_HEADER, "install the firmware again" },
		{ ASHLAR_POST_BAD_PAYLOAD, "test board memory" },
		{ ASHLAR_POST_BAD_HW, "names the board's hardware interface" },
		{ ASHLAR_POST_COPY_ERROR, "reset the board" },
		{ ASHLAR_POST_TRAP, "report it" },
		{ ASHLAR_POST_ASSERT, "report it" },
		{ 0xfe, "update both" },
	};
	struct core_board *b = core_board_new();
	char code[20];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		quirks(b)->post = cases[i].code;
		assert_int_equal(core_board_boot(b), -EIO);
		assert_error(b, cases[i].cure);
		snprintf(code, sizeof(code), "0x%02x", cases[i].code);
		assert_error(b, code);
	}
	quirks(b)->post = 0;
	assert_int_equal(core_board_boot(b), 0);
	core_board_free(b);
}

static void gives_up_on_a_stuck_boot(void **state)
{
	struct core_board *b = core_board_new();

	(void)state;
	quirks(b)->stuck_post = ASHLAR_POST_ROM_LOAD;
	assert_int_equal(core_board_boot(b), -ETIMEDOUT);
	assert_error(b, "copies the image");
	core_board_free(b);
}

static void gives_up_on_a_stopped_clock(void **state)
{
	struct core_board *b = core_board_new();

	(void)state;
	quirks(b)->frozen = 1;
	assert_int_equal(core_board_boot(b), -ETIMEDOUT);
	core_board_free(b);
}

static void telemetry_of_a_dead_board_ends(void **state)
{
	struct core_board *b = core_board_booted();
	struct ashlar_telemetry t;

	(void)state;
	assert_int_equal(ashlar_dev_telemetry(&b->dev, &t), 0);
	quirks(b)->dead = 1;
	assert_int_equal(ashlar_dev_telemetry(&b->dev, &t), -ENODEV);
	assert_true(b->dev.lost);
	core_board_free(b);
}

static void refuses_nonsense_info(void **state)
{
	/* Words of struct ashlar_info, counted from 1, and bad values. */
	static const struct {
		uint32_t word, value;
		const char *name;
	} cases[] = {
		{ 1, 0x12345678, "magic" },   { 2, 79, "bytes" },
		{ 2, 0xffffffff, "bytes" },   { 11, 0, "tiles" },
		{ 11, 65, "tiles" },	      { 12, 0, "queues" },
		{ 13, 0, "contexts" },	      { 14, 0, "max_depth_log2" },
		{ 14, 17, "max_depth_log2" }, { 21, 0, "clock_khz" },
	};
	struct core_board *b = core_board_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		quirks(b)->info_word = cases[i].word;
		quirks(b)->info_value = cases[i].value;
		assert_int_equal(core_board_boot(b), -EPROTO);
		assert_error(b, cases[i].name);
	}
	core_board_free(b);
}

static void clamps_what_is_too_much(void **state)
{
	struct core_board *b = core_board_new();

	(void)state;
	quirks(b)->info_word = 12;
	quirks(b)->info_value = 0xfffffff0;
	assert_int_equal(core_board_boot(b), 0);
	assert_int_equal(b->dev.info.queues, 63);
	quirks(b)->info_word = 13;
	assert_int_equal(core_board_boot(b), 0);
	assert_int_equal(b->dev.info.contexts, 63);
	core_board_free(b);
}

/* Words 5 .. 10 of the info are the ranges of control, job and kernel. */
static void names_both_version_ranges(void **state)
{
	static const struct {
		const char *name, *ours, *both;
	} kinds[] = {
		{ "control", "driver speaks 1.0 to 1.0", "7.3 to 1.0" },
		{ "job", "driver speaks 1.0 to 1.0", "7.3 to 1.0" },
		{ "kernel", "driver speaks 2.0 to 2.1", "7.3 to 2.1" },
	};
	struct core_board *b = core_board_new();

	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		/* The firmware's oldest is newer than ours. */
		quirks(b)->info_word = 5 + 2 * i;
		quirks(b)->info_value = ASHLAR_VERSION(7, 3);
		assert_int_equal(core_board_boot(b), -EPROTONOSUPPORT);
		assert_error(b, kinds[i].name);
		assert_error(b, kinds[i].ours);
		assert_error(b, kinds[i].both);
		assert_error(b, "update the driver");
		/* Its newest is older than ours. */
		quirks(b)->info_word = 6 + 2 * i;
		quirks(b)->info_value = ASHLAR_VERSION(0, 9);
		assert_int_equal(core_board_boot(b), -EPROTONOSUPPORT);
		assert_error(b, "to 0.9");
		assert_error(b, "update the firmware");
		/* It knows more than we do. */
		quirks(b)->info_value = ASHLAR_VERSION(3, 0);
		assert_int_equal(core_board_boot(b), 0);
	}
	core_board_free(b);
}

static void notices_a_lying_hello(void **state)
{
	struct core_board *b = core_board_new();

	(void)state;
	quirks(b)->hello_lie = 1;
	assert_int_equal(core_board_boot(b), -EPROTO);
	assert_error(b, "other versions");
	core_board_free(b);
}

static void a_dead_board_is_named(void **state)
{
	struct core_board *b = core_board_new();
	struct ashlar_dev other;

	(void)state;
	quirks(b)->dead = 1;
	assert_int_equal(ashlar_dev_attach(&other, &b->os), -ENODEV);
	assert_error(b, "all ones");
	assert_int_equal(core_board_boot(b), -ENODEV);
	assert_error(b, "all ones");
	core_board_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boots),
		cmocka_unit_test(refuses_bad_sizes),
		cmocka_unit_test(every_post_error_names_its_cure),
		cmocka_unit_test(gives_up_on_a_stuck_boot),
		cmocka_unit_test(gives_up_on_a_stopped_clock),
		cmocka_unit_test(telemetry_of_a_dead_board_ends),
		cmocka_unit_test(refuses_nonsense_info),
		cmocka_unit_test(clamps_what_is_too_much),
		cmocka_unit_test(names_both_version_ranges),
		cmocka_unit_test(notices_a_lying_hello),
		cmocka_unit_test(a_dead_board_is_named),
	};

	return RUN_COUNTED(tests);
}
