/* SPDX-License-Identifier: MIT */
/*
 * The log of everything that crosses a model's border, for ashlar-replay.
 *
 * A log is a header and records, little endian and without padding:
 *
 *	header   "ASHREC01", string board, u32 strict, u64 bytes and ROM image
 *	record   u8 kind, u64 cycle, then by kind:
 *	'W'      mmio_write: u32 bar, u64 offset, blob data
 *	'R'      mmio_read: u32 bar, u64 offset, u64 bytes
 *	'N'      run: u64 max_cycles
 *	'X'      reset
 *	'='      end of the operation: i32 return value, u64 cycles, u64
 *		 clocked, blob data (of mmio_read)
 *	'D' 'd'  dma_read, dma_write: u64 addr, i32 return value, blob data
 *	'V'      raise_vector: u32 vector
 *	'M'      misuse: string name, string text
 *	'P'      board memory was changed from outside: u64 addr, 64 bytes
 *	'E'      end of the log
 *
 * blob is u64 bytes and the bytes, string a blob without the final zero. An
 * operation's record comes before the callbacks made in it, '=' after them.
 *
 * Board memory may also be written directly (info.memory, memory_fd). The
 * recorder therefore keeps a copy of what it knows to be in memory, and notes
 * a line that differs when the board or an mmio access touches it ('P').
 */
#ifndef ASHLAR_MODEL_RECORD_H
#define ASHLAR_MODEL_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RECORD_MAGIC "ASHREC01"
#define RECORD_LINE  64

enum record_kind {
	RECORD_MMIO_WRITE = 'W',
	RECORD_MMIO_READ = 'R',
	RECORD_RUN = 'N',
	RECORD_RESET = 'X',
	RECORD_RESULT = '=',
	RECORD_DMA_READ = 'D',
	RECORD_DMA_WRITE = 'd',
	RECORD_VECTOR = 'V',
	RECORD_MISUSE = 'M',
	RECORD_PATCH = 'P',
	RECORD_END = 'E',
};

struct recorder;

/* memory is the board's, of memory_bytes; NULL and a sentence on failure. */
struct recorder *record_open(const char *path, const char *board, bool strict,
			     const void *rom, size_t rom_bytes,
			     const void *memory, uint64_t memory_bytes,
			     char *error, size_t error_bytes);
/* Writes the end record. A log that could not be written has none. */
void record_close(struct recorder *r, uint64_t cycle);

void record_write(struct recorder *r, uint64_t cycle, uint32_t bar,
		  uint64_t offset, const void *data, uint64_t bytes);
void record_read(struct recorder *r, uint64_t cycle, uint32_t bar,
		 uint64_t offset, uint64_t bytes);
void record_run(struct recorder *r, uint64_t cycle, uint64_t max_cycles);
void record_reset(struct recorder *r, uint64_t cycle);
void record_result(struct recorder *r, uint64_t cycles, uint64_t clocked,
		   int value, const void *data, uint64_t bytes);

/* kind: RECORD_DMA_READ or _WRITE; data is kept of a refused read too. */
void record_dma(struct recorder *r, uint64_t cycle, enum record_kind kind,
		uint64_t addr, const void *data, uint64_t bytes, int value);
void record_vector(struct recorder *r, uint64_t cycle, uint32_t vector);
void record_misuse(struct recorder *r, uint64_t cycle, const char *name,
		   const char *text);

/* Notes lines of the range that were changed from outside. */
void record_sync_memory(struct recorder *r, uint64_t cycle, uint64_t addr,
			uint64_t bytes);
/* The model itself has written the range. */
void record_own_write(struct recorder *r, uint64_t addr, uint64_t bytes);

#endif
