/* SPDX-License-Identifier: MIT */
/* What the programs of the bench share: devices, launches, failure. */
#include "bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void bench_fail(const char *format, ...)
{
	va_list ap;

	fprintf(stderr, "bench: ");
	va_start(ap, format);
	vfprintf(stderr, format, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	exit(2);
}

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

double bench_seconds(void)
{
	return seconds(CLOCK_PROCESS_CPUTIME_ID);
}

double bench_wall_seconds(void)
{
	return seconds(CLOCK_MONOTONIC);
}

void bench_check(struct bench *b, ashlar_result result, const char *what)
{
	char text[320] = "";

	if (result == ASHLAR_OK)
		return;
	ashlar_device_error(b->device, text, sizeof(text));
	bench_fail("%s: %s %s", what, ashlar_result_str(result), text);
}

void bench_open(struct bench *b, const char *name)
{
	struct ashlar_open_options options = ASHLAR_INIT(ashlar_open_options);
	char error[320] = "";

	memset(b, 0, sizeof(*b));
	options.error = error;
	options.error_bytes = sizeof(error);
	if (ashlar_device_open(name, &options, &b->device) != ASHLAR_OK)
		bench_fail("%s: %s", name, error);
	b->info.size = sizeof(b->info);
	bench_check(b, ashlar_device_query(b->device, &b->info), "query");
	bench_check(b, ashlar_queue_create(b->device, NULL, &b->queue),
		    "queue");
}

void bench_close(struct bench *b)
{
	ashlar_queue_unref(b->queue);
	ashlar_device_unref(b->device);
}

struct ashlar_fence_info bench_run(struct bench *b, ashlar_kernel *kernel,
				   const void *args, uint32_t arg_bytes,
				   uint32_t tiles)
{
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_fence_info info = ASHLAR_INIT(ashlar_fence_info);
	ashlar_fence *fence;

	launch.kernel = kernel;
	launch.args = args;
	launch.arg_bytes = arg_bytes;
	launch.tiles = tiles;
	bench_check(b, ashlar_launch(b->queue, &launch, &fence), "launch");
	bench_check(
		b,
		ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER),
		"wait");
	bench_check(b, ashlar_fence_query(fence, &info), "fence");
	ashlar_fence_unref(fence);
	return info;
}

ashlar_module *bench_load(struct bench *b, const char *path)
{
	static uint8_t elf[1 << 20];
	FILE *f = fopen(path, "rb");
	ashlar_module *module;
	size_t bytes;

	if (!f)
		bench_fail("%s: cannot be read", path);
	bytes = fread(elf, 1, sizeof(elf), f);
	fclose(f);
	bench_check(b, ashlar_module_load(b->device, elf, bytes, &module),
		    path);
	return module;
}
