/* SPDX-License-Identifier: MIT */
/*
 * sim_campaign DEVICE SEED CASES: the shipped kernels through libashlar, on
 * the device; first every shape of a small set (tiny boards only), then random
 * cases. Results and everything around them must be right to the bit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernels.h>

#include "kt.h"

#define BUFFER_BYTES (4u << 20)

struct bench {
	ashlar_device *device;
	ashlar_module *module;
	ashlar_queue *queue;
	ashlar_buffer *buffer;
	uint32_t tiles, array;
	unsigned long passed, failed;
};

static int explain(struct bench *b, const char *what, ashlar_result result)
{
	char text[320] = "";

	if (b->device)
		ashlar_device_error(b->device, text, sizeof(text));
	printf("FAIL %s: %s %s\n", what, ashlar_result_str(result), text);
	return -1;
}

static ashlar_result launch(struct bench *b, const struct kt_case *c,
			    uint32_t tiles)
{
	struct ashlar_launch_info info = ASHLAR_INIT(ashlar_launch_info);
	ashlar_kernel *kernel;
	ashlar_fence *fence;
	ashlar_result result;

	result = ashlar_module_kernel(b->module, c->kernel, &kernel);
	if (result != ASHLAR_OK)
		return result;
	info.kernel = kernel;
	info.args = &c->args;
	info.arg_bytes = c->arg_bytes;
	info.tiles = tiles;
	result = ashlar_launch(b->queue, &info, &fence);
	ashlar_kernel_unref(kernel);
	if (result != ASHLAR_OK)
		return result;
	result = ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER);
	ashlar_fence_unref(fence);
	return result;
}

/* A queue that has failed takes no more: the next case gets a new one. */
static void renew_queue(struct bench *b)
{
	ashlar_queue_unref(b->queue);
	b->queue = NULL;
	if (ashlar_queue_create(b->device, NULL, &b->queue) != ASHLAR_OK)
		exit(1);
}

static int run_case(struct bench *b, struct kt_case *c, uint32_t tiles)
{
	static uint8_t got[BUFFER_BYTES];
	ashlar_result result;

	if (c->bytes > BUFFER_BYTES) {
		printf("FAIL %s: needs %zu bytes\n", c->name, c->bytes);
		return -1;
	}
	kt_place(c, ashlar_buffer_addr(b->buffer));
	result = ashlar_buffer_write(b->buffer, 0, c->memory, c->bytes);
	if (result == ASHLAR_OK)
		result = launch(b, c, tiles);
	if (result == ASHLAR_OK)
		result = ashlar_buffer_read(b->buffer, 0, got, c->bytes);
	if (result != ASHLAR_OK) {
		explain(b, c->name, result);
		renew_queue(b);
		return -1;
	}
	return kt_compare(c, got);
}

static void count(struct bench *b, struct kt_case *c, uint32_t tiles)
{
	if (run_case(b, c, tiles)) {
		printf("  on %u tiles\n", tiles);
		b->failed++;
	} else {
		b->passed++;
	}
	kt_free(c);
	if (b->failed == 10) {
		printf("stopped after 10 failures\n");
		printf("%lu passed, %lu failed\n", b->passed, b->failed);
		exit(1);
	}
}

/* Every shape around the array's size. */
static void small_shapes(struct bench *b, struct kt_random *r)
{
	const uint32_t n = b->array;
	const uint32_t size[] = { 1, n - 1, n, n + 1, 2 * n + 1 };
	const uint32_t sizes = sizeof(size) / sizeof(size[0]);
	uint32_t i;

	for (i = 0; i < sizes * sizes * sizes; i++) {
		struct kt_random one = { kt_random(r) };
		struct kt_case c;

		kt_gemm_shape(&c, &one, size[i % sizes],
			      size[i / sizes % sizes], size[i / sizes / sizes]);
		count(b, &c, 1);
	}
}

static void random_cases(struct bench *b, struct kt_random *r,
			 unsigned long cases)
{
	/* Cycles are dear: a case is a few thousand of them. */
	const struct kt_limits limits = { 5 * b->array, 5 * b->array, 1500,
					  b->array * b->array * 1500,
					  BUFFER_BYTES - 65536 };
	unsigned long i;

	for (i = 0; i < cases; i++) {
		struct kt_random one = { kt_random(r) };
		uint32_t tiles = kt_range(&one, 1, b->tiles);
		struct kt_case c;

		switch (i % 8) {
		case 0:
			kt_elementwise(&c, &one, 20000);
			break;
		case 1:
			kt_copy(&c, &one, 60000);
			break;
		case 2:
			kt_fill_case(&c, &one, 60000);
			break;
		default:
			kt_gemm(&c, &one, &limits);
			break;
		}
		count(b, &c, tiles);
	}
}

static int open_bench(struct bench *b, const char *name)
{
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	struct ashlar_device_info info = ASHLAR_INIT(ashlar_device_info);
	char error[320] = "";
	ashlar_result result;

	options.error = error;
	options.error_bytes = sizeof(error);
	result = ashlar_device_open(name, &options, &b->device);
	if (result != ASHLAR_OK) {
		printf("FAIL open %s: %s\n", name, error);
		return -1;
	}
	result = ashlar_device_query(b->device, &info);
	if (result == ASHLAR_OK)
		result = ashlar_kernels_load(b->device, &b->module);
	if (result == ASHLAR_OK)
		result = ashlar_queue_create(b->device, NULL, &b->queue);
	buffer.bytes = BUFFER_BYTES;
	if (result == ASHLAR_OK)
		result = ashlar_buffer_create(b->device, &buffer, &b->buffer);
	b->tiles = info.tiles;
	b->array = info.array;
	return result == ASHLAR_OK ? 0 : explain(b, name, result);
}

int main(int argc, char **argv)
{
	struct bench b = { .passed = 0 };
	struct kt_random r;

	if (argc != 4) {
		fprintf(stderr, "use: %s DEVICE SEED CASES\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	r.state = strtoull(argv[2], NULL, 0);
	if (open_bench(&b, argv[1])) {
		b.failed++;
	} else {
		if (b.array < 16)
			small_shapes(&b, &r);
		random_cases(&b, &r, strtoul(argv[3], NULL, 0));
	}
	ashlar_buffer_unref(b.buffer);
	ashlar_queue_unref(b.queue);
	ashlar_module_unref(b.module);
	ashlar_device_unref(b.device);
	printf("%lu passed, %lu failed\n", b.passed, b.failed);
	return b.failed != 0;
}
