/* SPDX-License-Identifier: MIT */
/*
 * What a launch costs, from the model's own logs: the record of what crossed
 * the border (doorbell write, fence write) and the trace of instructions.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ashlar_regs.h"
#include "record.h"

#define LAUNCHES 3 /* the first finds cold caches */

/* Cycles of one launch's events. */
struct events {
	uint64_t doorbell, first, last, fence;
};

/* --- The record ----------------------------------------------------------- */

struct record {
	FILE *file;
	const char *path;
	uint64_t cycle;
	uint32_t bar;
	uint64_t offset; /* of 'W', 'R'; address of 'D', 'd' */
	uint64_t bytes;
};

static void take(struct record *r, void *to, size_t bytes)
{
	if (fread(to, 1, bytes, r->file) != bytes)
		bench_fail("%s: cut short", r->path);
}

static uint64_t take_u64(struct record *r)
{
	uint8_t b[8];
	uint64_t v = 0;
	int i;

	take(r, b, sizeof(b));
	for (i = 7; i >= 0; i--)
		v = v << 8 | b[i];
	return v;
}

static uint32_t take_u32(struct record *r)
{
	uint8_t b[4];

	take(r, b, sizeof(b));
	return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 |
	       (uint32_t)b[3] << 24;
}

static uint64_t skip_blob(struct record *r)
{
	uint64_t bytes = take_u64(r);

	if (fseek(r->file, (long)bytes, SEEK_CUR))
		bench_fail("%s: cut short", r->path);
	return bytes;
}

static void record_begin(struct record *r, const char *path)
{
	char magic[8];

	r->path = path;
	r->file = fopen(path, "rb");
	if (!r->file)
		bench_fail("%s: cannot be read", path);
	take(r, magic, sizeof(magic));
	if (memcmp(magic, RECORD_MAGIC, sizeof(magic)))
		bench_fail("%s: no record", path);
	skip_blob(r);
	take_u32(r);
	skip_blob(r);
}

/* The next record's kind; RECORD_END at the end. */
static int record_next(struct record *r)
{
	int kind = fgetc(r->file);

	if (kind == EOF)
		bench_fail("%s: cut short", r->path);
	r->cycle = take_u64(r);
	switch (kind) {
	case RECORD_MMIO_WRITE:
		r->bar = take_u32(r);
		r->offset = take_u64(r);
		r->bytes = skip_blob(r);
		break;
	case RECORD_MMIO_READ:
		r->bar = take_u32(r);
		r->offset = take_u64(r);
		take_u64(r);
		break;
	case RECORD_RUN:
		take_u64(r);
		break;
	case RECORD_RESULT:
		take_u32(r);
		take_u64(r);
		take_u64(r);
		skip_blob(r);
		break;
	case RECORD_DMA_READ:
	case RECORD_DMA_WRITE:
		r->offset = take_u64(r);
		take_u32(r);
		r->bytes = skip_blob(r);
		break;
	case RECORD_VECTOR:
		take_u32(r);
		break;
	case RECORD_MISUSE:
		skip_blob(r);
		skip_blob(r);
		break;
	case RECORD_PATCH:
		take_u64(r);
		if (fseek(r->file, RECORD_LINE, SEEK_CUR))
			bench_fail("%s: cut short", r->path);
		break;
	case RECORD_RESET:
	case RECORD_END:
		break;
	default:
		bench_fail("%s: unknown record '%c'", r->path, kind);
	}
	return kind;
}

/* A write to a doorbell page of a job queue (page 0 is the control ring). */
static bool is_doorbell(const struct record *r)
{
	uint64_t first =
		ASHLAR_MAP_BAR0_DOORBELL_BASE + ASHLAR_MAP_BAR0_DOORBELL_STRIDE;
	uint64_t end = ASHLAR_MAP_BAR0_DOORBELL_BASE +
		       (uint64_t)ASHLAR_MAP_BAR0_DOORBELL_COUNT *
			       ASHLAR_MAP_BAR0_DOORBELL_STRIDE;

	return r->bar == 0 && r->offset >= first && r->offset < end;
}

/* Doorbells, and the last DMA write before the vector that follows each. */
static void read_record(const char *path, struct events *e)
{
	struct record r;
	uint64_t written = 0;
	int kind, n = 0;
	bool open = false;

	record_begin(&r, path);
	while ((kind = record_next(&r)) != RECORD_END) {
		if (kind == RECORD_MMIO_WRITE && is_doorbell(&r)) {
			if (n == LAUNCHES || open)
				bench_fail("%s: a doorbell too many", path);
			e[n].doorbell = r.cycle;
			open = true;
		} else if (kind == RECORD_DMA_WRITE) {
			written = r.cycle;
		} else if (kind == RECORD_VECTOR && open) {
			e[n++].fence = written;
			open = false;
		}
	}
	fclose(r.file);
	if (n != LAUNCHES)
		bench_fail("%s: %d launches, %d expected", path, n, LAUNCHES);
}

/* --- The trace of instructions -------------------------------------------- */

static void read_trace(const char *path, struct events *e)
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
			if (!e[i].first)
				e[i].first = cycle;
			e[i].last = cycle;
		}
	}
	fclose(in);
}

/* --- Measuring ------------------------------------------------------------ */

static ashlar_module *load(struct bench *b, const char *path)
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
	struct events e[LAUNCHES] = { { 0 } };
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
	module = load(&b, kernel);
	bench_check(&b, ashlar_module_kernel(module, "empty", &empty), "empty");
	for (i = 0; i < LAUNCHES; i++)
		bench_run(&b, empty, &args, sizeof(args), 1);
	ashlar_kernel_unref(empty);
	ashlar_module_unref(module);
	bench_close(&b);

	read_record(record, e);
	read_trace(trace, e);
	for (i = 0; i < LAUNCHES; i++) {
		if (!e[i].first)
			bench_fail("%s: launch %d ran no instruction", trace,
				   i);
	}
	add(f, "doorbell_to_first_cold", e[0].first - e[0].doorbell, 0, 0,
	    "doorbell to first kernel instruction, first launch");
	add(f, "doorbell_to_first",
	    e[LAUNCHES - 1].first - e[LAUNCHES - 1].doorbell, 1000, 300,
	    "doorbell to first kernel instruction");
	add(f, "last_to_fence", e[LAUNCHES - 1].fence - e[LAUNCHES - 1].last,
	    300, 120, "last kernel instruction to fence in host memory");
	remove(record);
	remove(trace);
}
