// SPDX-License-Identifier: MIT
/*
 * ops_FAMILY FOLDER GOLDEN COMPILER [--update | NAME...]: cycles of operations
 * on the RTL, on one tile and on all, results checked. Figures go to
 * FOLDER/ops_FAMILY.json; cycles are compared with GOLDEN, as bench.c does.
 * With names only those are measured, and nothing is compared; then
 * ASHLAR_DEVICE names another RTL device than "sim:rtl" (insn-trace=FILE).
 */
#include "ops.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

#define ARENA (96u << 20)

static double bound_of(const struct ops_bound *b)
{
	double most = b->load_bytes / 64;

	if (b->store_bytes / 64 > most)
		most = b->store_bytes / 64;
	if (b->vector > most)
		most = b->vector;
	return b->matrix > most ? b->matrix : most;
}

/*
 * The second of two runs: then the kernel is in the tiles already, whatever ran
 * before.
 */
static uint64_t measure(struct ot *t, const struct ops_bench *b, uint32_t tiles)
{
	int i;

	t->aligned = true;
	for (i = 0; i < 2; i++)
		if (!ot_run_tiles(t, b->build, b->param, tiles))
			bench_fail("%s: the result is wrong", b->name);
	return ot_cycles(t);
}

static void add(struct figures *f, struct ot *t, const struct ops_bench *b)
{
	double bound = bound_of(&b->bound);
	struct figure *figure;
	char key[48], text[96];
	uint64_t one, all;

	one = measure(t, b, 1);
	all = measure(t, b, 0);
	snprintf(key, sizeof(key), "%s_cycles", b->name);
	figure_add(f, key, (double)one, "cycles", b->text)->exact = true;
	snprintf(key, sizeof(key), "%s_share", b->name);
	figure = figure_add(f, key, 100 * bound / (double)one, "%",
			    "  share of its bound, one tile");
	figure->least = b->least;
	figure->aim = b->aim;
	snprintf(key, sizeof(key), "%s_all_cycles", b->name);
	snprintf(text, sizeof(text), "  %u tiles", t->tiles);
	figure_add(f, key, (double)all, "cycles", text)->exact = true;
	snprintf(key, sizeof(key), "%s_gain", b->name);
	figure_add(f, key, (double)one / (double)all, "times", "  as fast");
}

static bool wanted(const struct ops_bench *b, int argc, char **argv)
{
	int i;

	for (i = 4; i < argc; i++)
		if (!strcmp(argv[i], b->name))
			return true;
	return argc <= 4 || !strcmp(argv[4], "--update");
}

int main(int argc, char **argv)
{
	static struct figures figures;
	static struct ot t;
	const struct ops_bench *b;
	bool update = argc == 5 && !strcmp(argv[4], "--update");
	bool names = argc > 4 && !update;
	const char *device = getenv("ASHLAR_DEVICE");
	const char *family = strrchr(argv[0], '/');
	char json[4096];
	int differ;

	if (argc < 4) {
		fprintf(stderr,
			"use: %s FOLDER GOLDEN COMPILER [--update | NAME...]\n",
			argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!ot_open(&t, device && names ? device : "sim:rtl", 1, ARENA))
		return 2;
	for (b = ops_benches; b->name; b++)
		if (wanted(b, argc, argv))
			add(&figures, &t, b);
	ot_close(&t);
	figures_print(&figures);
	if (names)
		return 0;
	snprintf(json, sizeof(json), "%s/%s.json", argv[1],
		 family ? family + 1 : argv[0]);
	if (figures_write(&figures, json, argv[3], false))
		return 2;
	if (update)
		return figures_write(&figures, argv[2], argv[3], true) ? 2 : 0;
	differ = figures_compare(&figures, argv[2], argv[3]);
	if (differ < 0)
		bench_fail("no golden file %s; --update makes it", argv[2]);
	if (differ == 0)
		printf("bench: cycle counts are those of %s\n", argv[2]);
	return differ != 0;
}
