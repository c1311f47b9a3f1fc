// SPDX-License-Identifier: MIT
#include <stdio.h>
#include <string.h>

#include "elf32.h"
#include "logdecode.h"

#define ARGS_MAX 8

int logdecode_open(struct logdecode *d, const void *elf, size_t bytes,
		   const char **error)
{
	struct elf32 e;

	if (elf32_open(&e, elf, bytes, error))
		return -1;
	d->strings = elf32_section(&e, ".logstr", &d->bytes);
	if (!d->strings) {
		*error = "the ELF file has no section .logstr";
		return -1;
	}
	if (elf32_build_id(&e, d->build_id)) {
		*error = "the ELF file has no build id";
		return -1;
	}
	return 0;
}

/*
 * The conversion at s, which is a '%': its length with the conversion letter
 * last, or 0 if it is none that a log record may have.
 */
static size_t conversion(const char *s)
{
	size_t n = 1;
	unsigned int digits = 0;

	while (s[n] && strchr("-+ #0", s[n]))
		n++;
	while (s[n] >= '0' && s[n] <= '9') {
		n++;
		if (++digits > 2)
			return 0;
	}
	return s[n] && strchr("uxXdic", s[n]) ? n + 1 : 0;
}

/* Number of arguments a string takes, or -1 if it is not a format. */
static int arguments(const char *s)
{
	int n = 0;

	while ((s = strchr(s, '%')) != NULL) {
		size_t length;

		if (s[1] == '%') {
			s += 2;
			continue;
		}
		length = conversion(s);
		if (!length)
			return -1;
		s += length;
		n++;
	}
	return n;
}

static uint32_t word(const uint32_t *words, uint32_t at)
{
	return words[at % ASHLAR_LOG_WORDS];
}

/* The string of a record header, or NULL when the header cannot be one. */
static const char *format_of(const struct logdecode *d, uint32_t header)
{
	uint32_t id = header >> 8;
	const char *s = (const char *)d->strings + id;

	if ((header & 0xff) > ARGS_MAX || id < 1 || id >= d->bytes ||
	    d->strings[id - 1] || !*s || !memchr(s, 0, d->bytes - id))
		return NULL;
	return arguments(s) == (int)(header & 0xff) ? s : NULL;
}

/* Words of the record at at, or 0 when there is none that ends before to. */
static uint32_t record_words(const struct logdecode *d, const uint32_t *words,
			     uint32_t at, uint32_t to)
{
	uint32_t header = word(words, at);

	if (!format_of(d, header) || to - at < 2 + (header & 0xff))
		return 0;
	return 2 + (header & 0xff);
}

static void print(const struct logdecode *d, const uint32_t *words, uint32_t at,
		  logdecode_emit *emit, void *ctx)
{
	const char *s = format_of(d, word(words, at));
	uint32_t arg = at + 2;
	char text[LOGDECODE_TEXT];
	size_t used = 0;

	while (*s && used < sizeof(text) - 1) {
		char spec[16];
		size_t n = 1;
		int length;

		if (*s != '%') {
			text[used++] = *s++;
			continue;
		}
		if (s[1] == '%') {
			text[used++] = '%';
			s += 2;
			continue;
		}
		n = conversion(s);
		if (n >= sizeof(spec))
			break;
		memcpy(spec, s, n);
		spec[n] = 0;
		if (spec[n - 1] == 'c') { /* never a control character */
			uint32_t c = word(words, arg);

			length = snprintf(text + used, sizeof(text) - used,
					  "%c",
					  c >= ' ' && c < 127 ? (int)c : '?');
		} else {
			length = snprintf(text + used, sizeof(text) - used,
					  spec, (unsigned int)word(words, arg));
		}
		arg++;
		s += n;
		if (length < 0)
			break;
		used += (size_t)length;
		if (used > sizeof(text) - 1)
			used = sizeof(text) - 1;
	}
	text[used] = 0;
	emit(ctx, word(words, at + 1), text);
}

/* The first place from which records follow each other up to to, or to. */
static uint32_t resync(const struct logdecode *d, const uint32_t *words,
		       uint32_t from, uint32_t to)
{
	uint8_t good[ASHLAR_LOG_WORDS + 1] = { 0 };
	uint32_t n = to - from, first = n, i, length;

	good[n] = 1;
	for (i = n; i-- > 0;) {
		length = record_words(d, words, from + i, to);
		good[i] = length && good[i + length];
		if (good[i])
			first = i;
	}
	return from + first;
}

struct logdecode_result logdecode_words(const struct logdecode *d,
					const uint32_t words[ASHLAR_LOG_WORDS],
					uint32_t from, uint32_t to, int synced,
					logdecode_emit *emit, void *ctx)
{
	struct logdecode_result r = { 0 };
	uint32_t at, length;

	if (to - from > ASHLAR_LOG_WORDS) {
		r.skipped = to - from - ASHLAR_LOG_WORDS;
		from = to - ASHLAR_LOG_WORDS;
		synced = 0;
	}
	for (at = from; at != to; at += length) {
		length = synced ? record_words(d, words, at, to) : 0;
		if (length) {
			print(d, words, at, emit, ctx);
			r.records++;
			continue;
		}
		length = resync(d, words, at, to) - at;
		r.skipped += length;
		synced = 1;
	}
	r.next = to;
	return r;
}
