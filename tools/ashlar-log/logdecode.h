/* SPDX-License-Identifier: MIT */
/*
 * From the binary log ring of the firmware (struct ashlar_log) to text. The
 * ring may be torn, wrapped, or garbage; the format strings come from the
 * section .logstr of the firmware's ELF file. Nothing here trusts either.
 */
#ifndef LOGDECODE_H
#define LOGDECODE_H

#include <stddef.h>
#include <stdint.h>

#include "ashlar_abi.h"

#define LOGDECODE_TEXT 256 /* longest line, its end included */

struct logdecode {
	const uint8_t *strings; /* ids are offsets into it */
	size_t bytes;
	uint8_t build_id[20];
};

/* One record. cycles: the low 32 bits of the device time. */
typedef void logdecode_emit(void *ctx, uint32_t cycles, const char *text);

struct logdecode_result {
	uint32_t next; /* where to go on: start of a record */
	uint32_t records;
	uint32_t skipped; /* words that belong to no readable record */
};

/*
 * Take the strings and the build id of an ELF file in memory, which must stay.
 * Returns 0, or -1 and a sentence in *error.
 */
int logdecode_open(struct logdecode *d, const void *elf, size_t bytes,
		   const char **error);

/*
 * Decode a copy of the ring's words. from and to are free-running counts, as
 * ashlar_log.head; what is more than ASHLAR_LOG_WORDS before to has been
 * overwritten and counts as skipped. synced: from is the start of a record
 * (0, or next of an earlier call); else the first one is searched for.
 *
 * To read a live ring: read head, copy the words, read head again as after;
 * pass the first head as to, and as from the greater of where you were and
 * after - ASHLAR_LOG_WORDS (not synced in the second case).
 */
struct logdecode_result logdecode_words(const struct logdecode *d,
					const uint32_t words[ASHLAR_LOG_WORDS],
					uint32_t from, uint32_t to, int synced,
					logdecode_emit *emit, void *ctx);

#endif
