// SPDX-License-Identifier: MIT
/* The decoder of the log: what the firmware wrote, and what nobody wrote. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "log.h"
#include "logdecode.h"
#include "mock.h"
#include "suite.h"

static char lines[1 << 16];

static void collect(void *ctx, uint32_t cycles, const char *text)
{
	size_t used = strlen(lines);

	(void)cycles;
	(void)ctx;
	assert_true(strlen(text) < LOGDECODE_TEXT);
	snprintf(lines + used, sizeof(lines) - used, "%s\n", text);
}

static void count(void *ctx, uint32_t cycles, const char *text)
{
	(void)ctx;
	(void)cycles;
	assert_true(strlen(text) < LOGDECODE_TEXT);
}

/*
 * The strings as the section .logstr would be: on the host ids count from 1
 * at __start_logstr, and a zero byte stands before.
 */
static struct logdecode strings(void)
{
	size_t bytes = (size_t)(__stop_logstr - __start_logstr);
	uint8_t *s = calloc(1, bytes + 1);

	assert_non_null(s);
	memcpy(s + 1, __start_logstr, bytes);
	return (struct logdecode){ .strings = s, .bytes = bytes + 1 };
}

static const struct ashlar_log *ring(void)
{
	return (void *)(mock.shared + ASHLAR_SHARED_LOG / 4);
}

static void round_trip(void **state)
{
	struct logdecode d = strings();
	struct logdecode_result r;

	(void)state;
	mock_power_on(1);
	log_init(0);
	LOG("plain");
	LOG("u %u x %08x d %d", 7, 0xbeef, (uint32_t)-5);
	LOG("100 %% of %u", 3);
	LOG("char %c and %c", 'A', 7);
	lines[0] = 0;
	r = logdecode_words(&d, ring()->words, 0, ring()->head, 1, collect,
			    NULL);
	assert_string_equal(lines, "plain\nu 7 x 0000beef d -5\n"
				   "100 % of 3\nchar A and ?\n");
	assert_int_equal(r.records, 4);
	assert_int_equal(r.skipped, 0);
	assert_int_equal(r.next, ring()->head);
	free((void *)(uintptr_t)d.strings);
}

static void wrapped(void **state)
{
	struct logdecode d = strings();
	struct logdecode_result r;
	unsigned int i;

	(void)state;
	mock_power_on(1);
	log_init(0);
	for (i = 0; i < 2000; i++)
		LOG("number %u and %u", i, i + 1);
	lines[0] = 0;
	r = logdecode_words(&d, ring()->words, 0, ring()->head, 1, collect,
			    NULL);
	assert_int_equal(r.records, ASHLAR_LOG_WORDS / 4);
	assert_int_equal(r.skipped, 2000 * 4 - ASHLAR_LOG_WORDS);
	assert_non_null(strstr(lines, "number 1999 and 2000\n"));
	assert_null(strstr(lines, "number 975 and"));
	/* From the middle of a record. */
	r = logdecode_words(&d, ring()->words, ring()->head - 4 * 10 - 2,
			    ring()->head, 0, count, NULL);
	assert_int_equal(r.records, 10);
	assert_int_equal(r.skipped, 2);
	free((void *)(uintptr_t)d.strings);
}

static void damaged(void **state)
{
	struct logdecode d = strings();
	static uint32_t words[ASHLAR_LOG_WORDS];
	struct logdecode_result r;
	unsigned int i;

	(void)state;
	mock_power_on(1);
	log_init(0);
	for (i = 0; i < 100; i++)
		LOG("number %u and %u", i, i + 1);
	memcpy(words, ring()->words, sizeof(words));
	words[40 * 4] = 0xdeadbeef;
	lines[0] = 0;
	r = logdecode_words(&d, words, 0, 400, 1, collect, NULL);
	assert_int_equal(r.records, 99);
	assert_int_equal(r.skipped, 4);
	assert_null(strstr(lines, "number 40 and"));
	assert_non_null(strstr(lines, "number 41 and"));
	/* A last record that is not whole. */
	r = logdecode_words(&d, words, 0, 39 * 4 + 3, 1, count, NULL);
	assert_int_equal(r.records, 39);
	assert_int_equal(r.skipped, 3);
	free((void *)(uintptr_t)d.strings);
}

static void garbage(void **state)
{
	static uint32_t words[ASHLAR_LOG_WORDS];
	struct logdecode d = strings();
	uint32_t seed = 99;
	unsigned int i, k;

	(void)state;
	for (i = 0; i < 300; i++) {
		struct logdecode_result r;
		uint32_t from, to;

		for (k = 0; k < ASHLAR_LOG_WORDS; k++) {
			seed = seed * 1664525 + 1013904223;
			words[k] = i & 1 ? seed :
					   (seed >> 12) % (d.bytes + 20) << 8 |
						   (seed >> 4 & 9);
		}
		from = seed;
		to = from + (seed >> 7) % (3 * ASHLAR_LOG_WORDS);
		r = logdecode_words(&d, words, from, to, (int)(i >> 1 & 1),
				    count, NULL);
		assert_int_equal(r.next, to);
		assert_true(r.skipped <= to - from);
		assert_true(r.records * 2 + r.skipped <= to - from);
	}
	free((void *)(uintptr_t)d.strings);
}

static void no_strings(void **state)
{
	/* No end, and conversions that are none. */
	static const uint8_t text[] = "\0%s\0%5\0%123u\0%lu\0no end";
	struct logdecode d = { .strings = text, .bytes = sizeof(text) - 1 };
	uint32_t words[ASHLAR_LOG_WORDS] = { 0 };
	unsigned int id, n;

	(void)state;
	for (id = 0; id < 32; id++) {
		for (n = 0; n < 10; n++) {
			words[0] = id << 8 | n;
			assert_int_equal(logdecode_words(&d, words, 0, 20, 1,
							 count, NULL)
						 .records,
					 0);
		}
	}
}

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, 4);
}

/* An ELF file turned over bit by bit is refused or read, never overrun. */
static void bad_elf(void **state)
{
	static uint8_t elf[256];
	struct logdecode d;
	const char *error = NULL;
	unsigned int i, refused = 0;
	size_t n;

	(void)state;
	memcpy(elf, "\177ELF\1\1\1", 7);
	elf[18] = 243;
	put32(elf + 32, 52); /* section headers */
	elf[46] = 40;
	elf[48] = 3;
	/* 0: names at 172, 1: .logstr at 200, 2: note at 208 */
	put32(elf + 52 + 16, 172);
	put32(elf + 52 + 20, 28);
	memcpy(elf + 172, "\0.logstr\0.note.gnu.build-id", 28);
	put32(elf + 92, 1);
	put32(elf + 92 + 16, 200);
	put32(elf + 92 + 20, 8);
	put32(elf + 132, 9);
	put32(elf + 132 + 16, 208);
	put32(elf + 132 + 20, 36);
	memcpy(elf + 201, "text", 4);
	put32(elf + 208, 4);
	put32(elf + 212, 20);
	put32(elf + 216, 3);
	memcpy(elf + 220, "GNU", 4);
	memset(elf + 224, 0x5a, 20);
	assert_int_equal(logdecode_open(&d, elf, sizeof(elf), &error), 0);
	assert_int_equal(d.bytes, 8);
	assert_int_equal(d.build_id[19], 0x5a);
	for (i = 0; i < 8 * 256; i++) {
		elf[i / 8] ^= (uint8_t)(1u << i % 8);
		if (logdecode_open(&d, elf, sizeof(elf), &error))
			refused++;
		else
			assert_true(d.strings >= elf &&
				    d.bytes <= sizeof(elf) &&
				    d.strings + d.bytes <= elf + sizeof(elf));
		elf[i / 8] ^= (uint8_t)(1u << i % 8);
	}
	assert_true(refused > 100);
	for (n = 0; n < 244; n++) {
		uint8_t *part = malloc(n ? n : 1);

		assert_non_null(part);
		memcpy(part, elf, n);
		assert_int_equal(logdecode_open(&d, part, n, &error), -1);
		assert_non_null(error);
		free(part);
	}
}

SUITE(suite_log, ((const struct CMUnitTest[]){
			 cmocka_unit_test(round_trip),
			 cmocka_unit_test(wrapped),
			 cmocka_unit_test(damaged),
			 cmocka_unit_test(garbage),
			 cmocka_unit_test(no_strings),
			 cmocka_unit_test(bad_elf),
		 }))
