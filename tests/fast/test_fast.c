// SPDX-License-Identifier: MIT
/*
 * test_fast DEVICE: what is promised of the functional model besides the
 * board's own behaviour. DEVICE is a name for ashlar_device_open(), as
 * sim:fast[,model=FILE].
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

#include "counted.h"
#include "kernels_ref.h"
#include "kt.h"

#define SIDE  192u
#define A_AT  0x20000u
#define B_AT  0x60000u
#define C_AT  0xa0000u
#define BYTES 0x100000u

static const char *name;

struct board {
	ashlar_device *device;
	ashlar_queue *queue;
	ashlar_module *module;
	ashlar_kernel *gemm;
	ashlar_buffer *buffer;
};

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
	assert_int_equal(ashlar_kernels_load(b->device, &b->module), ASHLAR_OK);
	assert_int_equal(
		ashlar_module_kernel(b->module, ASHLAR_KERNEL_GEMM, &b->gemm),
		ASHLAR_OK);
	buffer.bytes = BYTES;
	assert_int_equal(ashlar_buffer_create(b->device, &buffer, &b->buffer),
			 ASHLAR_OK);
}

static void board_close(struct board *b)
{
	ashlar_buffer_unref(b->buffer);
	ashlar_kernel_unref(b->gemm);
	ashlar_module_unref(b->module);
	ashlar_queue_unref(b->queue);
	ashlar_device_unref(b->device);
}

/* The product that all of this is about, and its result in want. */
static struct ashlar_gemm_args prepare(uint32_t seed, uint8_t *memory)
{
	struct ashlar_gemm_args args = {
		.a = A_AT,
		.b = B_AT,
		.c = C_AT,
		.m = SIDE,
		.n = SIDE,
		.k = SIDE,
		.lda = SIDE,
		.ldb = SIDE,
		.ldc = SIDE,
		.type = seed % 2 ? ASHLAR_I8 : ASHLAR_BF16,
		.out = seed % 2 ? ASHLAR_I32 : ASHLAR_F32,
	};
	struct kt_random r = { seed + 1 };

	memset(memory, 0, BYTES);
	kt_fill(&r, memory + A_AT, SIDE * SIDE, args.type, KT_PLAIN);
	kt_fill(&r, memory + B_AT, SIDE * SIDE, args.type, KT_PLAIN);
	return args;
}

static ashlar_fence *launch(struct board *b, struct ashlar_gemm_args args)
{
	struct ashlar_launch_info info = ASHLAR_INIT(ashlar_launch_info);
	uint64_t base = ashlar_buffer_addr(b->buffer);
	ashlar_fence *fence = NULL;

	args.a += base;
	args.b += base;
	args.c += base;
	info.kernel = b->gemm;
	info.args = &args;
	info.arg_bytes = sizeof(args);
	assert_int_equal(ashlar_launch(b->queue, &info, &fence), ASHLAR_OK);
	return fence;
}

static uint64_t finish(struct board *b, ashlar_fence *fence,
		       const struct ashlar_gemm_args *args, uint8_t *memory)
{
	struct ashlar_fence_info info = ASHLAR_INIT(ashlar_fence_info);
	uint8_t *got = malloc(BYTES);

	assert_non_null(got);
	assert_int_equal(
		ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, 60000000000ull),
		ASHLAR_OK);
	assert_int_equal(ashlar_fence_query(fence, &info), ASHLAR_OK);
	assert_int_equal(info.state, ASHLAR_FENCE_DONE);
	assert_int_equal(ashlar_buffer_read(b->buffer, 0, got, BYTES),
			 ASHLAR_OK);
	ref_gemm(args, memory);
	assert_memory_equal(got, memory, BYTES);
	ashlar_fence_unref(fence);
	free(got);
	return info.t_end - info.t_start;
}

static void sixty_four_boards_in_a_process(void **state)
{
	enum { BOARDS = 64 };
	static struct board boards[BOARDS];
	struct ashlar_gemm_args args[BOARDS];
	ashlar_fence *fences[BOARDS];
	uint8_t *memory = malloc(BYTES);

	(void)state;
	assert_non_null(memory);
	for (uint32_t i = 0; i < BOARDS; i++) {
		board_open(&boards[i]);
		args[i] = prepare(i, memory);
		assert_int_equal(
			ashlar_buffer_write(boards[i].buffer, 0, memory, BYTES),
			ASHLAR_OK);
	}
	for (uint32_t i = 0; i < BOARDS; i++)
		fences[i] = launch(&boards[i], args[i]);
	for (uint32_t i = BOARDS; i-- > 0;) {
		prepare(i, memory);
		finish(&boards[i], fences[i], &args[i], memory);
	}
	for (uint32_t i = 0; i < BOARDS; i++)
		board_close(&boards[i]);
	free(memory);
}

/* Host threads compute for several tiles; nothing depends on how they run. */
static void the_same_run_takes_the_same_time(void **state)
{
	uint8_t *memory = malloc(BYTES);
	uint64_t first[4] = { 0 };

	(void)state;
	assert_non_null(memory);
	for (uint32_t round = 0; round < 6; round++) {
		struct board b;

		board_open(&b);
		for (uint32_t i = 0; i < 4; i++) {
			struct ashlar_gemm_args args = prepare(i, memory);
			uint64_t cycles;

			assert_int_equal(
				ashlar_buffer_write(b.buffer, 0, memory, BYTES),
				ASHLAR_OK);
			cycles = finish(&b, launch(&b, args), &args, memory);
			if (!round)
				first[i] = cycles;
			assert_int_equal(cycles, first[i]);
		}
		board_close(&b);
	}
	free(memory);
}

static double processor_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void an_idle_board_costs_nothing(void **state)
{
	const struct timespec second = { .tv_sec = 1 };
	uint8_t *memory = malloc(BYTES);
	struct ashlar_gemm_args args;
	struct board b;
	double before;

	(void)state;
	assert_non_null(memory);
	board_open(&b);
	args = prepare(3, memory);
	assert_int_equal(ashlar_buffer_write(b.buffer, 0, memory, BYTES),
			 ASHLAR_OK);
	finish(&b, launch(&b, args), &args, memory);
	before = processor_seconds();
	nanosleep(&second, NULL);
	/* A thread that spins would take all of a second. */
	assert_true(processor_seconds() - before < 0.1);
	board_close(&b);
	free(memory);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sixty_four_boards_in_a_process),
		cmocka_unit_test(the_same_run_takes_the_same_time),
		cmocka_unit_test(an_idle_board_costs_nothing),
	};

	if (argc != 2) {
		fprintf(stderr, "use: %s DEVICE\n", argv[0]);
		return 2;
	}
	name = argv[1];
	return RUN_COUNTED(tests);
}
