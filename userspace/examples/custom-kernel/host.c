/* SPDX-License-Identifier: MIT */
/* host KERNEL.elf: runs row_max on a board and checks it. */
#include <stdio.h>
#include <stdlib.h>

#include <ashlar/ashlar.h>

#include "row_max_args.h"

enum { COUNT = 1000, POOL = 3 };

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

int main(int argc, char **argv)
{
	static float src[COUNT][POOL], dst[COUNT];
	struct ashlar_buffer_info info = ASHLAR_INIT(ashlar_buffer_info);
	struct ashlar_launch_info launch = ASHLAR_INIT(ashlar_launch_info);
	struct row_max_args args = { .count = COUNT, .pool = POOL };
	ashlar_buffer *from, *to;
	ashlar_module *module;
	ashlar_kernel *kernel;
	ashlar_queue *queue;
	ashlar_fence *fence;
	size_t bytes;
	void *elf;
	int i, wrong = 0;

	if (argc != 2) {
		fprintf(stderr, "use: %s KERNEL.elf\n", argv[0]);
		return 2;
	}
	elf = read_file(argv[1], &bytes);
	for (i = 0; i < COUNT * POOL; i++)
		src[i / POOL][i % POOL] = (float)((i * 7919) % 2001 - 1000) / 8;

	check(ashlar_device_open(NULL, NULL, &dev), "open");
	check(ashlar_module_load(dev, elf, bytes, &module), "load");
	check(ashlar_module_kernel(module, "row_max", &kernel), "kernel");
	check(ashlar_queue_create(dev, NULL, &queue), "queue");
	info.bytes = sizeof(src);
	check(ashlar_buffer_create(dev, &info, &from), "buffer");
	info.bytes = sizeof(dst);
	check(ashlar_buffer_create(dev, &info, &to), "buffer");
	check(ashlar_buffer_write(from, 0, src, sizeof(src)), "write");

	args.src = ashlar_buffer_addr(from);
	args.dst = ashlar_buffer_addr(to);
	launch.kernel = kernel;
	launch.args = &args;
	launch.arg_bytes = sizeof(args);
	check(ashlar_launch(queue, &launch, &fence), "launch");
	check(ashlar_fence_wait(&fence, 1, ASHLAR_WAIT_ALL, ASHLAR_FOREVER),
	      "row_max");
	check(ashlar_buffer_read(to, 0, dst, sizeof(dst)), "read");

	for (i = 0; i < COUNT; i++) {
		float most = src[i][0];
		int j;

		for (j = 1; j < POOL; j++)
			most = src[i][j] > most ? src[i][j] : most;
		wrong += dst[i] != most;
	}
	printf("row_max: %d of %d results wrong\n", wrong, COUNT);

	ashlar_fence_unref(fence);
	ashlar_buffer_unref(from);
	ashlar_buffer_unref(to);
	ashlar_queue_unref(queue);
	ashlar_kernel_unref(kernel);
	ashlar_module_unref(module);
	ashlar_device_unref(dev);
	return wrong != 0;
}
