/* SPDX-License-Identifier: MIT */
/*
 * host KERNEL.elf [ROWS COLS]: runs each of the softmax kernels, checks it, and
 * prints where its cycles went.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>

#include "softmax_args.h"

static ashlar_device *dev;

static void check(ashlar_result r, const char *what)
{
	char text[320] = "";

	if (r == ASHLAR_OK)
		return;
	ashlar_device_error(dev, text, sizeof(text));
	fprintf(stderr, "%s: %s %s\n", what, ashlar_result_str(r), text);
	exit(1);
}

static void *read_file(const char *path, size_t *bytes)
{
	static char elf[1 << 20];
	FILE *f = fopen(path, "rb");

	if (!f) {
		perror(path);
		exit(1);
	}
	*bytes = fread(elf, 1, sizeof(elf), f);
	fclose(f);
	return elf;
}

/* The greatest difference from softmax in double precision, of the greatest. */
static double error_of(const float *x, const float *y, uint32_t rows,
		       uint32_t cols)
{
	double worst = 0;

	for (uint32_t r = 0; r < rows; r++, x += cols, y += cols) {
		double most = x[0], sum = 0;

		for (uint32_t c = 1; c < cols; c++)
			most = x[c] > most ? x[c] : most;
		for (uint32_t c = 0; c < cols; c++)
			sum += exp(x[c] - most);
		for (uint32_t c = 0; c < cols; c++) {
			double off = fabs(y[c] - exp(x[c] - most) / sum) * sum;

			/* Not "greater": NaN counts. */
			if (!(off <= worst))
				worst = off;
		}
	}
	return worst;
}

struct run {
	ashlar_queue *queue;
	ashlar_module *module;
	ashlar_buffer *to;
	struct softmax_args args;
	const float *x;
	float *y;
};

/* Returns whether the results are right. */
static int run(struct run *r, const char *name, uint32_t tiles)
{
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	struct ashlar_fence_info f = ASHLAR_INIT(ashlar_fence_info);
	size_t bytes = 4 * (size_t)r->args.rows * r->args.cols;
	double error;

	check(ashlar_module_kernel(r->module, name, &launch.kernel), name);
	launch.args = &r->args;
	launch.arg_bytes = sizeof(r->args);
	launch.tiles = tiles;
	/* The second time is counted: code and translations are there. */
	for (int i = 0; i < 2; i++) {
		ashlar_fence *fence;

		for (size_t j = 0; j < bytes / 4; j++)
			r->y[j] = NAN;
		check(ashlar_buffer_write(r->to, 0, r->y, bytes), "write");
		check(ashlar_launch(r->queue, &launch, &fence), name);
		check(ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL,
					ASHLAR_FOREVER),
		      name);
		check(ashlar_fence_query(fence, &f), "query");
		ashlar_fence_unref(fence);
	}
	ashlar_kernel_unref(launch.kernel);
	check(ashlar_buffer_read(r->to, 0, r->y, bytes), "read");
	error = error_of(r->x, r->y, r->args.rows, r->args.cols);
	printf("%-16s %5u %8llu %8llu %8llu %8llu %8llu %9.1e\n", name, f.tiles,
	       (unsigned long long)(f.t_end - f.t_start),
	       (unsigned long long)f.vector_busy,
	       (unsigned long long)f.load_beats,
	       (unsigned long long)f.store_beats,
	       (unsigned long long)f.core_wait, error);
	return error < 1e-5;
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "softmax_row", "softmax_groups",
					     "softmax_overlap",
					     "softmax_ahead" };
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);
	struct run r = { .args = { .rows = 1024, .cols = 256 } };
	ashlar_buffer *from;
	size_t bytes, i;
	int good = 1;
	float *x;
	void *elf;

	if (argc != 2 && argc != 4) {
		fprintf(stderr, "use: %s KERNEL.elf [ROWS COLS]\n", argv[0]);
		return 2;
	}
	if (argc == 4) {
		r.args.rows = (uint32_t)atoi(argv[2]);
		r.args.cols = (uint32_t)atoi(argv[3]);
	}
	elf = read_file(argv[1], &bytes);
	check(ashlar_device_open(NULL, NULL, &dev), "open");
	check(ashlar_module_load(dev, elf, bytes, &r.module), "load");
	check(ashlar_queue_create(dev, NULL, &r.queue), "queue");

	info.bytes = 4 * (size_t)r.args.rows * r.args.cols;
	x = malloc(info.bytes);
	r.y = malloc(info.bytes);
	if (!x || !r.y)
		return 1;
	for (i = 0; i < info.bytes / 4; i++)
		x[i] = (float)((i * 7919) % 4001) / 100 - 20;
	r.x = x;
	check(ashlar_buffer_create(dev, &info, &from), "buffer");
	check(ashlar_buffer_create(dev, &info, &r.to), "buffer");
	check(ashlar_buffer_write(from, 0, x, info.bytes), "write");
	r.args.src = ashlar_buffer_addr(from);
	r.args.dst = ashlar_buffer_addr(r.to);

	printf("%-16s %5s %8s %8s %8s %8s %8s %9s\n", "kernel", "tiles",
	       "cycles", "vector", "loads", "stores", "core", "error");
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		good &= run(&r, names[i], 1);
	/* The last one, on all tiles: pieces are dealt out. */
	good &= run(&r, names[i - 1], 0);

	free(x);
	free(r.y);
	ashlar_buffer_unref(from);
	ashlar_buffer_unref(r.to);
	ashlar_queue_unref(r.queue);
	ashlar_module_unref(r.module);
	ashlar_device_unref(dev);
	return !good;
}
