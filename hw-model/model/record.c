// SPDX-License-Identifier: MIT
/* Writes the log described in record.h. */
#include "record.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct recorder {
	FILE *out;
	const unsigned char *memory;
	unsigned char *known; /* what memory held when last looked at */
	uint64_t memory_bytes;
};

static void put(struct recorder *r, const void *data, size_t bytes)
{
	if (bytes)
		fwrite(data, 1, bytes, r->out);
}

static void put32(struct recorder *r, uint32_t v)
{
	put(r, &v, sizeof(v));
}

static void put64(struct recorder *r, uint64_t v)
{
	put(r, &v, sizeof(v));
}

static void put_blob(struct recorder *r, const void *data, uint64_t bytes)
{
	put64(r, bytes);
	put(r, data, bytes);
}

static void put_string(struct recorder *r, const char *text)
{
	put_blob(r, text, strlen(text));
}

static void begin(struct recorder *r, enum record_kind kind, uint64_t cycle)
{
	unsigned char byte = (unsigned char)kind;

	put(r, &byte, 1);
	put64(r, cycle);
}

struct recorder *record_open(const char *path, const char *board, bool strict,
			     const void *rom, size_t rom_bytes,
			     const void *memory, uint64_t memory_bytes,
			     char *error, size_t error_bytes)
{
	struct recorder *r = calloc(1, sizeof(*r));

	if (!r) {
		snprintf(error, error_bytes, "out of memory");
		return NULL;
	}
	r->known = mmap(NULL, memory_bytes, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->known == MAP_FAILED) {
		snprintf(error, error_bytes,
			 "no address space to record board memory: %s",
			 strerror(errno));
		free(r);
		return NULL;
	}
	r->out = fopen(path, "wb");
	if (!r->out) {
		snprintf(error, error_bytes, "record %s cannot be written: %s",
			 path, strerror(errno));
		munmap(r->known, memory_bytes);
		free(r);
		return NULL;
	}
	r->memory = memory;
	r->memory_bytes = memory_bytes;
	put(r, RECORD_MAGIC, sizeof(RECORD_MAGIC) - 1);
	put_string(r, board);
	put32(r, strict);
	put_blob(r, rom, rom_bytes);
	return r;
}

void record_close(struct recorder *r, uint64_t cycle)
{
	if (!ferror(r->out))
		begin(r, RECORD_END, cycle);
	fclose(r->out);
	munmap(r->known, r->memory_bytes);
	free(r);
}

void record_write(struct recorder *r, uint64_t cycle, uint32_t bar,
		  uint64_t offset, const void *data, uint64_t bytes)
{
	begin(r, RECORD_MMIO_WRITE, cycle);
	put32(r, bar);
	put64(r, offset);
	put_blob(r, data, bytes);
}

void record_read(struct recorder *r, uint64_t cycle, uint32_t bar,
		 uint64_t offset, uint64_t bytes)
{
	begin(r, RECORD_MMIO_READ, cycle);
	put32(r, bar);
	put64(r, offset);
	put64(r, bytes);
}

void record_run(struct recorder *r, uint64_t cycle, uint64_t max_cycles)
{
	begin(r, RECORD_RUN, cycle);
	put64(r, max_cycles);
}

void record_reset(struct recorder *r, uint64_t cycle)
{
	begin(r, RECORD_RESET, cycle);
}

void record_result(struct recorder *r, uint64_t cycles, uint64_t clocked,
		   int value, const void *data, uint64_t bytes)
{
	begin(r, RECORD_RESULT, cycles);
	put32(r, (uint32_t)value);
	put64(r, cycles);
	put64(r, clocked);
	put_blob(r, data, bytes);
}

void record_dma(struct recorder *r, uint64_t cycle, enum record_kind kind,
		uint64_t addr, const void *data, uint64_t bytes, int value)
{
	begin(r, kind, cycle);
	put64(r, addr);
	put32(r, (uint32_t)value);
	put_blob(r, data, bytes);
}

void record_vector(struct recorder *r, uint64_t cycle, uint32_t vector)
{
	begin(r, RECORD_VECTOR, cycle);
	put32(r, vector);
}

void record_misuse(struct recorder *r, uint64_t cycle, const char *name,
		   const char *text)
{
	begin(r, RECORD_MISUSE, cycle);
	put_string(r, name);
	put_string(r, text);
}

void record_sync_memory(struct recorder *r, uint64_t cycle, uint64_t addr,
			uint64_t bytes)
{
	uint64_t end = addr + bytes;
	uint64_t line;

	for (line = addr & ~(uint64_t)(RECORD_LINE - 1); line < end;
	     line += RECORD_LINE) {
		if (!memcmp(r->memory + line, r->known + line, RECORD_LINE))
			continue;
		memcpy(r->known + line, r->memory + line, RECORD_LINE);
		begin(r, RECORD_PATCH, cycle);
		put64(r, line);
		put(r, r->known + line, RECORD_LINE);
	}
}

void record_own_write(struct recorder *r, uint64_t addr, uint64_t bytes)
{
	memcpy(r->known + addr, r->memory + addr, bytes);
}
