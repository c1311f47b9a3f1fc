/* SPDX-License-Identifier: MIT */
/* Launches in the model's record of what crossed the board's border. */
#include "launches.h"

#include <stdio.h>
#include <string.h>

#include "ashlar_regs.h"
#include "bench.h"
#include "record.h"

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

void launches_read(const char *path, struct launch *launches, uint32_t count)
{
	struct record r;
	uint64_t written = 0;
	uint32_t n = 0;
	bool open = false;

	record_begin(&r, path);
	while (n < count) {
		int kind = record_next(&r);

		if (kind == RECORD_END)
			bench_fail("%s: %u launches, %u expected", path, n,
				   count);
		if (kind == RECORD_MMIO_WRITE && is_doorbell(&r)) {
			if (open)
				bench_fail("%s: two launches at a time", path);
			launches[n].doorbell = r.cycle;
			open = true;
		} else if (kind == RECORD_DMA_WRITE) {
			written = r.cycle;
		} else if (kind == RECORD_VECTOR && open) {
			launches[n++].fence = written;
			open = false;
		}
	}
	fclose(r.file);
}
