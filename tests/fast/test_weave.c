// SPDX-License-Identifier: MIT
/*
 * test_weave DEVICE KERNEL.elf: two tiles write to one area, side by side, into
 * each other's lines, over each other's bytes. With host threads all comes out
 * as without: bytes, what was seen of them on the way, device time.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/ashlar.h>

#include "counted.h"
#include "weave_args.h"

#define FROM_AT 0u
#define AREA_AT (FROM_AT + WEAVE_TILES * WEAVE_AREA)
#define SEEN_AT (AREA_AT + WEAVE_AREA)
#define BYTES	(SEEN_AT + WEAVE_TILES * WEAVE_SEEN * WEAVE_AREA)
#define ROUNDS	12u
#define TIMES	8

static const char *name;
static uint8_t elf[1 << 20];
static size_t elf_bytes;

struct board {
	ashlar_device *device;
	ashlar_queue *queue;
	ashlar_module *module;
	ashlar_kernel *weave;
	ashlar_buffer *buffer;
};

/* threads: one for each processor, where there are several; else none. */
static struct board threads, inline_;

static void board_open(struct board *b)
{
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	char error[400] = "";

	options.error = error;
	options.error_bytes = sizeof(error);
	if (ashlar_device_open(name, &options, &b->device))
		fail_msg("%s: %s", name, error);
	assert_int_equal(ashlar_queue_create(b->device, NULL, &b->queue),
			 ASHLAR_OK);
	assert_int_equal(
		ashlar_module_load(b->device, elf, elf_bytes, &b->module),
		ASHLAR_OK);
	assert_int_equal(ashlar_module_kernel(b->module, "weave", &b->weave),
			 ASHLAR_OK);
	buffer.bytes = BYTES;
	assert_int_equal(ashlar_buffer_create(b->device, &buffer, &b->buffer),
			 ASHLAR_OK);
}

static void board_close(struct board *b)
{
	ashlar_buffer_unref(b->buffer);
	ashlar_kernel_unref(b->weave);
	ashlar_module_unref(b->module);
	ashlar_queue_unref(b->queue);
	ashlar_device_unref(b->device);
}

/* A board that is opened on one processor has no threads. */
static int open_boards(void **state)
{
	cpu_set_t all, one;
	int i = 0;

	(void)state;
	board_open(&threads);
	assert_int_equal(sched_getaffinity(0, sizeof(all), &all), 0);
	while (!CPU_ISSET(i, &all))
		i++;
	CPU_ZERO(&one);
	CPU_SET(i, &one);
	assert_int_equal(sched_setaffinity(0, sizeof(one), &one), 0);
	board_open(&inline_);
	assert_int_equal(sched_setaffinity(0, sizeof(all), &all), 0);
	return 0;
}

static int close_boards(void **state)
{
	(void)state;
	board_close(&threads);
	board_close(&inline_);
	return 0;
}

/* The memory before the run becomes that behind it; returns device time. */
static uint64_t weave(struct board *b, struct weave args, uint8_t *memory)
{
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_fence_info info = ASHLAR_INIT(ashlar_fence_info);
	uint64_t base = ashlar_buffer_addr(b->buffer);
	ashlar_fence *fence = NULL;

	assert_int_equal(ashlar_buffer_write(b->buffer, 0, memory, BYTES),
			 ASHLAR_OK);
	args.from = base + FROM_AT;
	args.area = base + AREA_AT;
	args.seen = base + SEEN_AT;
	args.rounds = ROUNDS;
	launch.kernel = b->weave;
	launch.args = &args;
	launch.arg_bytes = sizeof(args);
	launch.tiles = WEAVE_TILES;
	assert_int_equal(ashlar_launch(b->queue, &launch, &fence), ASHLAR_OK);
	assert_int_equal(
		ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, 60000000000ull),
		ASHLAR_OK);
	assert_int_equal(ashlar_fence_query(fence, &info), ASHLAR_OK);
	assert_int_equal(info.state, ASHLAR_FENCE_DONE);
	ashlar_fence_unref(fence);
	assert_int_equal(ashlar_buffer_read(b->buffer, 0, memory, BYTES),
			 ASHLAR_OK);
	return info.t_end - info.t_start;
}

/* first1, step: of the second tile; the first begins at 0, 128 apart. */
static void compare(uint32_t run, uint32_t first1, int32_t step)
{
	static uint8_t before[BYTES], want[BYTES], got[BYTES];
	struct weave args = {
		.run = run,
		.first = { 0, first1 },
		.step = { 128, step },
	};
	uint64_t state = run + first1;

	for (uint32_t i = 0; i < BYTES; i++)
		before[i] = (uint8_t)rnd(&state);
	for (int i = 0; i < TIMES; i++) {
		uint64_t cycles;

		/* Now the one is long at work before its rows, now the other. */
		args.k[0] = i % 2 ? 64 : 4096;
		args.k[1] = i % 3 ? 4096 : 1024;
		memcpy(want, before, BYTES);
		memcpy(got, before, BYTES);
		cycles = weave(&inline_, args, want);
		assert_int_equal(weave(&threads, args, got), cycles);
		assert_memory_equal(got, want, BYTES);
	}
	/* They did write, and saw it. */
	assert_memory_not_equal(want + AREA_AT, before + AREA_AT, run);
	assert_memory_not_equal(want + SEEN_AT, before + SEEN_AT, WEAVE_AREA);
}

static void rows_of_each_tile_in_turn(void **state)
{
	(void)state;
	compare(64, 64, 128);
}

static void both_in_one_line(void **state)
{
	(void)state;
	compare(16, 40, 128);
}

static void byte_beside_byte(void **state)
{
	(void)state;
	compare(13, 13, 128);
}

static void over_each_others_bytes(void **state)
{
	(void)state;
	compare(64, 32, 128);
}

static void one_byte_of_overlap(void **state)
{
	(void)state;
	compare(33, 32, 128);
}

static void rows_of_different_steps(void **state)
{
	(void)state;
	compare(24, 64, 192);
}

static void one_upwards_one_downwards(void **state)
{
	(void)state;
	compare(48, 63 * 128 + 24, -128);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_of_each_tile_in_turn),
		cmocka_unit_test(both_in_one_line),
		cmocka_unit_test(byte_beside_byte),
		cmocka_unit_test(over_each_others_bytes),
		cmocka_unit_test(one_byte_of_overlap),
		cmocka_unit_test(rows_of_different_steps),
		cmocka_unit_test(one_upwards_one_downwards),
	};
	FILE *f;
	int failed;

	if (argc != 3) {
		fprintf(stderr, "use: %s DEVICE KERNEL.elf\n", argv[0]);
		return 2;
	}
	name = argv[1];
	f = fopen(argv[2], "rb");
	if (!f) {
		perror(argv[2]);
		return 2;
	}
	elf_bytes = fread(elf, 1, sizeof(elf), f);
	fclose(f);
	open_boards(NULL);
	failed = RUN_COUNTED(tests);
	close_boards(NULL);
	return failed;
}
