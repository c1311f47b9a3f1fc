// SPDX-License-Identifier: MIT
/*
 * ashlar-log FIRMWARE.elf SHARED.bin
 *
 * Prints the firmware's log from a dump of the shared SRAM (BAR0, SHARED),
 * one record a line: device time (low 32 bits, in cycles) and text.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logdecode.h"

static _Noreturn void die(const char *who, const char *why)
{
	fprintf(stderr, "ashlar-log: %s: %s\n", who, why);
	exit(1);
}

static void *read_file(const char *name, size_t limit, size_t *bytes)
{
	uint8_t *data = malloc(limit + 1);
	FILE *f = fopen(name, "rb");

	if (!f || !data)
		die(name, strerror(errno));
	*bytes = fread(data, 1, limit + 1, f);
	if (ferror(f))
		die(name, strerror(errno));
	if (*bytes > limit)
		die(name, "is too large to be what is asked for");
	fclose(f);
	return data;
}

static void emit(void *ctx, uint32_t cycles, const char *text)
{
	(void)ctx;
	printf("%10u %s\n", cycles, text);
}

int main(int argc, char **argv)
{
	struct logdecode_result r;
	struct ashlar_info info;
	struct ashlar_log *log;
	struct logdecode d;
	const char *error;
	uint8_t *shared;
	size_t bytes;
	void *elf;

	if (argc != 3) {
		fprintf(stderr, "usage: %s FIRMWARE.elf SHARED.bin\n", argv[0]);
		return 2;
	}
	elf = read_file(argv[1], 16 << 20, &bytes);
	if (logdecode_open(&d, elf, bytes, &error))
		die(argv[1], error);
	shared = read_file(argv[2], 1 << 20, &bytes);
	if (bytes < ASHLAR_SHARED_LOG + sizeof(*log))
		die(argv[2], "is too short for a dump of the shared SRAM");
	memcpy(&info, shared + ASHLAR_SHARED_INFO, sizeof(info));
	if (info.magic == ASHLAR_SHARED_MAGIC &&
	    memcmp(info.build_id, d.build_id, sizeof(d.build_id)))
		die(argv[1],
		    "has another build id than the firmware that wrote the log");
	if (info.magic != ASHLAR_SHARED_MAGIC)
		fprintf(stderr,
			"ashlar-log: %s: the firmware was not ready; its build id is not known\n",
			argv[2]);

	log = malloc(sizeof(*log));
	if (!log)
		die(argv[2], strerror(errno));
	memcpy(log, shared + ASHLAR_SHARED_LOG, sizeof(*log));
	r = logdecode_words(
		&d, log->words,
		log->head > ASHLAR_LOG_WORDS ? log->head - ASHLAR_LOG_WORDS : 0,
		log->head, log->head <= ASHLAR_LOG_WORDS, emit, NULL);
	if (r.skipped)
		printf("(%u words could not be read)\n", r.skipped);
	free(log);
	free(shared);
	free(elf);
	return 0;
}
