// SPDX-License-Identifier: MIT
/*
 * board_tb ROM KERNEL FOLDER [LOG]: all tests; with LOG instead a run that is
 * recorded there.
 */
#include "host.h"

#include <stdlib.h>

unsigned int passed, failed;
unsigned char *rom_image, *kernel_image;
size_t rom_bytes, kernel_bytes;
const char *out_folder;

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

int main(int argc, char **argv)
{
	if (argc < 4) {
		printf("usage: board_tb ROM KERNEL FOLDER [LOG]\n");
		return 1;
	}
	rom_image = load(argv[1], &rom_bytes);
	kernel_image = load(argv[2], &kernel_bytes);
	out_folder = argv[3];
	if (argc > 4) {
		record_run_of_all(argv[4]);
	} else {
		test_registers();
		test_misuse();
		test_processor();
		test_time();
		test_copies();
		test_resets();
		test_model();
		test_tile();
		printf("%u passed, %u failed\n", passed, failed);
	}
	free(rom_image);
	free(kernel_image);
	return failed != 0;
}
