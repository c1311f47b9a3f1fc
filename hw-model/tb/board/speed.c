// SPDX-License-Identifier: MIT
/*
 * speed ROM KERNEL SPEED_KERNEL: how fast the shipped model of a board runs,
 * in cycles simulated per second of processor time:
 *   - asleep but clocked (idle skipping off),
 *   - the management processor spinning, tiles idle,
 *   - one tile's matrix unit busy with int8 in every cycle.
 */
#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define VA	 0x200000u
#define ROOT	 0x10000u
#define CODE	 0x400000u /* a large page */
#define PRODUCTS 20u

unsigned int passed, failed;
unsigned char *rom_image, *kernel_image;
size_t rom_bytes, kernel_bytes;
const char *out_folder = ".";

static unsigned char *load(const char *path, size_t *bytes)
{
	FILE *in = fopen(path, "rb");
	unsigned char *data = calloc(1, 0x10000);

	if (!in || !data) {
		printf("cannot read %s\n", path);
		exit(1);
	}
	*bytes = fread(data, 1, 0x10000, in);
	fclose(in);
	return data;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void report(const char *what, uint64_t cycles, double from)
{
	double s = seconds() - from;

	printf("%-28s %8llu cycles %8.0f kHz\n", what,
	       (unsigned long long)cycles, (double)cycles / s / 1000);
}

int main(int argc, char **argv)
{
	uint64_t root[3] = { 0, CODE | 1 | 2 | 1 << 4, 0 };
	uint64_t kernel_args[1] = { PRODUCTS };
	uint32_t args[18] = { HOST_BASE, 1, ROOT, 2, VA };
	struct host *h;
	uint64_t c;
	double t;

	if (argc != 3) {
		printf("usage: speed ROM KERNEL\n");
		return 1;
	}
	rom_image = load(argv[1], &rom_bytes);
	kernel_image = load(argv[2], &kernel_bytes);
	h = host_new(NULL);
	h->model->no_skip = true;
	start(h);

	args[0] = 300000;
	t = seconds();
	c = clocked(h);
	command(h, TB_TIMER, args, 1, 100000000);
	report("asleep, clocked", clocked(h) - c, t);

	args[0] = 200000;
	args[1] = 0;
	t = seconds();
	c = clocked(h);
	send(h, TB_WATCHDOG, args, 2);
	h->ops->run(h->model, 190000);
	report("processor spinning", clocked(h) - c, t);
	wr(h, ASHLAR_HOST_MP_CTRL, 0);
	start(h);

	wr_mem(h, ROOT, root, sizeof(root));
	wr_mem(h, CODE, kernel_image, kernel_bytes);
	wr_mem(h, CODE + 0x1000, kernel_args, sizeof(kernel_args));
	args[0] = HOST_BASE;
	args[6] = (uint32_t)kernel_bytes;
	args[7] = (uint32_t)kernel_bytes;
	args[10] = VA + 0x1000;
	args[12] = sizeof(kernel_args);
	args[14] = args[15] = args[16] = args[17] = 1;
	args[1] = 1;
	t = seconds();
	c = clocked(h);
	if (!command(h, TB_TILE, args, 18, 10000000) ||
	    result(h, 0) != ASHLAR_TILE_STATUS_DONE) {
		printf("the kernel did not end: status %u, cause %u\n",
		       result(h, 0), result(h, 2));
		return 1;
	}
	report("matrix unit, int8", clocked(h) - c, t);
	host_delete(h);
	free(rom_image);
	free(kernel_image);
	return 0;
}
