/* SPDX-License-Identifier: MIT */
/*
 * What a launch costs, from the model's own logs: the record of what crossed
 * the border (doorbell write, fence write) and the trace of instructions.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launches.h"

#define LAUNCHES 3 /* the first finds cold caches */

/* Cycles of a launch's first and last instruction. */
struct span {
	uint64_t first, last;
};

/* --- The trace of instructions -------------------------------------------- */

static void read_trace(const char *path, const struct launch *e, struct span *s)
{
	FILE *in = fopen(path, "r");
	char line[128];

	if (!in)
		bench_fail("%s: cannot be read", path);
	while (fgets(line, sizeof(line), in)) {
		unsigned long long cycle;
		unsigned int core;
		int i;

		/* Core 1 is tile 0's. */
		if (sscanf(line, "%llu %u", &cycle, &core) != 2 || core != 1)
			continue;
		for (i = 0; i < LAUNCHES; i++) {
			if (cycle < e[i].doorbell || cycle > e[i].fence)
				continue;
			if (!s[i].first)
				s[i].first = cycle;
			s[i].last = cycle;
		}
	}
	fclose(in);
}

/* --- Measuring ------------------------------------------------------------ */

static void add(struct figures *f, const char *name, uint64_t cycles,
		double least, double aim, const char *text)
{
	struct figure *g = figure_add(f, name, (double)cycles, "cycles", text);

	g->exact = true;
	g->low = true;
	g->least = least;
	g->aim = aim;
}

void bench_latency(struct figures *f, const char *kernel, const char *folder)
{
	struct launch e[LAUNCHES];
	struct span s[LAUNCHES] = { { 0 } };
	char name[4096], record[2000], trace[2000];
	uint32_t args = 2000;
	struct bench b;
	ashlar_module *module;
	ashlar_kernel *empty;
	int i;

	snprintf(record, sizeof(record), "%s/bench.record", folder);
	snprintf(trace, sizeof(trace), "%s/bench.insn", folder);
	snprintf(name, sizeof(name), "sim:rtl,record=%s,insn-trace=%s", record,
		 trace);
	bench_open(&b, name);
	module = bench_load(&b, kernel);
	bench_check(&b, ashlar_module_kernel(module, "empty", &empty), "empty");
	for (i = 0; i < LAUNCHES; i++)
		bench_run(&b, empty, &args, sizeof(args), 1);
	ashlar_kernel_unref(empty);
	ashlar_module_unref(module);
	bench_close(&b);

	launches_read(record, e, LAUNCHES);
	read_trace(trace, e, s);
	for (i = 0; i < LAUNCHES; i++) {
		if (!s[i].first)
			bench_fail("%s: launch %d ran no instruction", trace,
				   i);
	}
	add(f, "doorbell_to_first_cold", s[0].first - e[0].doorbell, 0, 0,
	    "doorbell to first kernel instruction, first launch");
	add(f, "doorbell_to_first",
	    s[LAUNCHES - 1].first - e[LAUNCHES - 1].doorbell, 1000, 300,
	    "doorbell to first kernel instruction");
	add(f, "last_to_fence", e[LAUNCHES - 1].fence - s[LAUNCHES - 1].last,
	    300, 120, "last kernel instruction to fence in host memory");
	remove(record);
	remove(trace);
}
