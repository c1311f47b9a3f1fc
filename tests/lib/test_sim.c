// SPDX-License-Identifier: MIT
/*
 * What is true of simulated boards alone: names and options, time that passes
 * only inside calls, runs that repeat to the cycle. On the fake board.
 */
#include "lib_board.h"

/* --- Names ---------------------------------------------------------------------- */

struct name_case {
	const char *name;
	ashlar_result result;
	const char *text;
};

static void refuses_bad_names(void **state)
{
	static const struct name_case cases[] = {
		{ "accel:255", ASHLAR_ERROR_NOT_FOUND,
		  "no card at /dev/accel/accel255" },
		{ "accel:/nowhere/accel0", ASHLAR_ERROR_NOT_FOUND,
		  "no card at /nowhere/accel0" },
		{ "accel:/dev/null", ASHLAR_ERROR_NOT_FOUND,
		  "/dev/null: DRM_IOCTL_VERSION" },
		{ "accel:256", ASHLAR_ERROR_INVALID, "from 0 to 255" },
		{ "accel:", ASHLAR_ERROR_INVALID, "from 0 to 255" },
		{ "accel:1x", ASHLAR_ERROR_INVALID, "from 0 to 255" },
		{ "accel:0,strict=0", ASHLAR_ERROR_INVALID,
		  "a card takes no options" },
		{ "sim:fast,model=/nowhere/x.so", ASHLAR_ERROR_NOT_FOUND,
		  "no fast model of board sim: /nowhere/x.so is not there" },
		{ "sim,model=/nowhere/x.so", ASHLAR_ERROR_NOT_FOUND,
		  "no fast model" },
		{ "sim:fast,wave=x", ASHLAR_ERROR_UNSUPPORTED, "use sim:rtl" },
		{ "cuda:0", ASHLAR_ERROR_INVALID, "unknown device cuda:0" },
		{ "sim:rtl2", ASHLAR_ERROR_INVALID, "unknown device" },
		{ "sim:rtl,board=big", ASHLAR_ERROR_INVALID, "board=big" },
		{ "sim:rtl,strict=2", ASHLAR_ERROR_INVALID, "strict=2" },
		{ "sim:rtl,speed=9", ASHLAR_ERROR_INVALID, "option speed" },
		{ "sim:rtl,", ASHLAR_ERROR_INVALID, "unknown option" },
		{ "sim:rtl,record=", ASHLAR_ERROR_INVALID, "names no file" },
		{ "sim:rtl,window=5", ASHLAR_ERROR_INVALID, "window=5" },
		{ "sim:rtl,window=9-5", ASHLAR_ERROR_INVALID, "window=9-5" },
		{ "sim:rtl,window=1-2x", ASHLAR_ERROR_INVALID, "window" },
		{ "sim:rtl,window=99999999999999999999-", ASHLAR_ERROR_INVALID,
		  "window" },
		{ "sim:rtl,model=/nowhere/x.so", ASHLAR_ERROR_NOT_FOUND,
		  "/nowhere/x.so is not there" },
		{ "sim:rtl,model=" LIB_FIRMWARE, ASHLAR_ERROR_IO,
		  "cannot load the model" },
	};

	(void)state;
	lib_firmware();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
		ashlar_device *dev = (void *)&o;
		char error[400] = "";

		o.error = error;
		o.error_bytes = sizeof(error);
		assert_int_equal(ashlar_device_open(cases[i].name, &o, &dev),
				 cases[i].result);
		assert_null(dev);
		if (!strstr(error, cases[i].text))
			fail_msg("%s: \"%s\"", cases[i].name, error);
	}
}

static void refuses_bad_options(void **state)
{
	struct ashlar_open_options o = ASHLAR_INIT(ashlar_open_options);
	ashlar_device *dev, *other;
	char error[400] = "";

	(void)state;
	assert_int_equal(ashlar_device_open(NULL, NULL, NULL),
			 ASHLAR_ERROR_INVALID);
	o.size = 16;
	assert_int_equal(ashlar_device_open(NULL, &o, &dev),
			 ASHLAR_ERROR_INVALID);
	o.size = sizeof(o);
	o.flags = 1;
	assert_int_equal(ashlar_device_open(NULL, &o, &dev),
			 ASHLAR_ERROR_INVALID);
	o.flags = 0;
	o.error = error;
	o.error_bytes = sizeof(error);
	o.firmware = "/nowhere/fw.bin";
	assert_int_equal(
		ashlar_device_open("sim:rtl,model=" LIB_MODEL, &o, &dev),
		ASHLAR_ERROR_NOT_FOUND);
	assert_non_null(strstr(error, "/nowhere/fw.bin"));
	/* A firmware file that is none. */
	o.firmware = LIB_MODEL;
	assert_int_equal(
		ashlar_device_open("sim:rtl,model=" LIB_MODEL, &o, &dev),
		ASHLAR_ERROR_BOOT);
	assert_non_null(strstr(error, "AWFI"));
	/* The board model has another board's name, but says what it is. */
	o.firmware = lib_firmware();
	o.trace = "/nowhere/trace.json";
	assert_int_equal(
		ashlar_device_open("sim:rtl,model=" LIB_MODEL, &o, &dev),
		ASHLAR_ERROR_IO);
	assert_non_null(strstr(error, "/nowhere/trace.json"));
	o.trace = NULL;
	dev = lib_device(NULL, NULL);
	o.share = dev;
	assert_int_equal(ashlar_device_open("sim:rtl", &o, &other),
			 ASHLAR_ERROR_INVALID);
	ashlar_device_unref(dev);
	assert_int_equal(ashlar_device_open(NULL, &o, &other),
			 ASHLAR_ERROR_HANDLE);
}

static void says_what_was_opened(void **state)
{
	struct ashlar_device_info i = ASHLAR_INIT(ashlar_device_info);
	ashlar_device *dev = lib_device(NULL, NULL);

	(void)state;
	assert_ok(ashlar_device_query(dev, &i));
	assert_string_equal(i.name, "sim:rtl,board=tiny,strict=1");
	ashlar_device_unref(dev);
}

/* --- Time ------------------------------------------------------------------------- */

static void polling_makes_progress(void **state)
{
	struct ashlar_fence_info i = ASHLAR_INIT(ashlar_fence_info);
	struct fake_exit args = { 0, 200000 };
	struct ashlar_launch_info launch;
	struct lib_board l;
	ashlar_fence *f;
	int polls = 0;

	(void)state;
	lib_open(&l, NULL);
	launch = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &launch, &f));
	do {
		assert_ok(ashlar_fence_query(f, &i));
		polls++;
	} while (i.state == ASHLAR_FENCE_PENDING);
	assert_true(polls >= 200000 / ASHLAR_SLICE_CYCLES);
	ashlar_fence_unref(f);

	assert_ok(ashlar_launch(l.q, &launch, &f));
	polls = 0;
	while (ashlar_fence_wait(&f, 1, ASHLAR_WAIT_ALL, 0) ==
	       ASHLAR_ERROR_TIMEOUT)
		polls++;
	assert_true(polls >= 5);
	ashlar_fence_unref(f);
	lib_close(&l);
}

static uint64_t run_a_program(void)
{
	struct ashlar_device_perf p = ASHLAR_INIT(ashlar_device_perf);
	struct lib_board l;

	lib_open(&l, NULL);
	for (uint32_t i = 0; i < 30; i++) {
		ashlar_buffer *b = lib_buffer(l.dev, 1u << 18, i % 2);
		struct fake_store s = { ashlar_buffer_addr(b), i, 100 * i };

		assert_ok(lib_run(l.q, l.store, &s, sizeof(s)));
		ashlar_buffer_unref(b);
	}
	assert_ok(ashlar_device_perf(l.dev, &p));
	lib_close(&l);
	return p.cycles;
}

static void repeats_to_the_cycle(void **state)
{
	uint64_t first = run_a_program();

	(void)state;
	for (int i = 0; i < 5; i++)
		assert_int_equal(run_a_program(), first);
}

/* --- Files of the kernel ------------------------------------------------------------ */

static void has_no_descriptors(void **state)
{
	struct fake_exit args = { 0, 1 };
	struct ashlar_launch_info i;
	struct lib_board l;
	ashlar_buffer *b;
	ashlar_fence *f;
	int fd = 0;

	(void)state;
	lib_open(&l, NULL);
	i = lib_launch(l.exit, &args, sizeof(args));
	assert_ok(ashlar_launch(l.q, &i, &f));
	assert_int_equal(ashlar_fence_export(f, &fd), ASHLAR_ERROR_UNSUPPORTED);
	assert_int_equal(fd, -1);
	lib_assert_error(l.dev, "have no sync_file");
	assert_ok(lib_wait(f));
	b = lib_buffer(l.dev, 4096, ASHLAR_BUFFER_HOST);
	fd = 0;
	assert_int_equal(ashlar_buffer_export(b, &fd),
			 ASHLAR_ERROR_UNSUPPORTED);
	assert_int_equal(fd, -1);
	ashlar_buffer_unref(b);
	lib_close(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(refuses_bad_names),
		cmocka_unit_test(refuses_bad_options),
		cmocka_unit_test(says_what_was_opened),
		cmocka_unit_test(polling_makes_progress),
		cmocka_unit_test(repeats_to_the_cycle),
		cmocka_unit_test(has_no_descriptors),
	};

	return RUN_COUNTED(tests);
}
