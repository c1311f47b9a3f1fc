/* SPDX-License-Identifier: MIT */
/*
 * bench KERNEL.elf FOLDER GOLDEN COMPILER [--update]: measures the RTL model
 * and prints a table; figures go to FOLDER/bench.json. Cycle counts are
 * compared with GOLDEN: a difference is an error (after a change that is meant,
 * --update writes them). Speeds are given beside a loop on this host and never
 * judged.
 */
#include <stdio.h>
#include <string.h>

#include "bench.h"

int main(int argc, char **argv)
{
	static struct figures figures;
	char json[4096];
	int differ;
	bool update = argc == 6 && !strcmp(argv[5], "--update");

	if (argc != 5 && !update) {
		fprintf(stderr,
			"use: %s KERNEL.elf FOLDER GOLDEN COMPILER [--update]\n",
			argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	bench_latency(&figures, argv[1], argv[2]);
	bench_gemm(&figures);
	figures_print(&figures);
	snprintf(json, sizeof(json), "%s/bench.json", argv[2]);
	if (figures_write(&figures, json, argv[4], false))
		return 2;
	if (update)
		return figures_write(&figures, argv[3], argv[4], true) ? 2 : 0;
	differ = figures_compare(&figures, argv[3], argv[4]);
	if (differ < 0)
		bench_fail("no golden file %s; --update makes it", argv[3]);
	if (differ == 0)
		printf("bench: cycle counts are those of %s\n", argv[3]);
	return differ != 0;
}
