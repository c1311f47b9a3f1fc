// SPDX-License-Identifier: MIT
/* The first thing in which two outcomes differ. */
#include "parity.h"

#include <string.h>
#include <unistd.h>

#define PAGE 4096

static void differ(struct difference *d, uint32_t step, const char *kind,
		   const char *a, const char *b)
{
	d->found = true;
	d->step = step;
	snprintf(d->kind, sizeof(d->kind), "%s", kind);
	snprintf(d->what, sizeof(d->what), "%.*s", (int)strcspn(a, " "), a);
	snprintf(d->a, sizeof(d->a), "%s", a);
	snprintf(d->b, sizeof(d->b), "%s", b);
}

static void compare_events(const struct outcome *a, const struct outcome *b,
			   struct difference *d)
{
	uint32_t i;

	for (i = 0; i < a->events || i < b->events; i++) {
		const struct event *x = &a->event[i], *y = &b->event[i];

		if (i >= a->events) {
			differ(d, y->step, "event", "(nothing more)", y->text);
			return;
		}
		if (i >= b->events) {
			differ(d, x->step, "event", x->text, "(nothing more)");
			return;
		}
		d->compared += strlen(x->text);
		if (x->step != y->step || strcmp(x->text, y->text)) {
			differ(d, x->step < y->step ? x->step : y->step,
			       "event", x->text, y->text);
			return;
		}
	}
}

static void compare_vectors(const struct kase *k, const struct outcome *a,
			    const struct outcome *b, struct difference *d)
{
	uint32_t most = a->vectors > b->vectors ? a->vectors : b->vectors, i;
	char x[32], y[32];

	if (most > VECTORS_MAX)
		most = VECTORS_MAX;
	for (i = 0; i < most; i++) {
		d->compared++;
		if (i < a->vectors && i < b->vectors &&
		    a->vector[i] == b->vector[i])
			continue;
		snprintf(x, sizeof(x), "vector %u of %u: %d", i, a->vectors,
			 i < a->vectors ? a->vector[i] : -1);
		snprintf(y, sizeof(y), "vector %u of %u: %d", i, b->vectors,
			 i < b->vectors ? b->vector[i] : -1);
		differ(d, k->n, "vectors", x, y);
		return;
	}
}

/* Returns whether they are equal. */
static bool compare_bytes(const struct kase *k, const char *kind, uint64_t base,
			  const uint8_t *a, const uint8_t *b, size_t bytes,
			  struct difference *d)
{
	char x[64], y[64];
	size_t i;

	d->compared += bytes;
	if (!memcmp(a, b, bytes))
		return true;
	for (i = 0; a[i] == b[i]; i++)
		;
	snprintf(x, sizeof(x), "byte 0x%llx: 0x%02x",
		 (unsigned long long)(base + i), a[i]);
	snprintf(y, sizeof(y), "byte 0x%llx: 0x%02x",
		 (unsigned long long)(base + i), b[i]);
	differ(d, k->n, kind, x, y);
	return false;
}

/* The next page that the memory has, or the end of it. */
static off_t next_data(int fd, off_t at)
{
	off_t next = lseek(fd, at, SEEK_DATA);

	return next < 0 ? INT64_MAX : next;
}

/* Only pages that one of them ever touched. */
static void compare_memory(const struct kase *k, const struct outcome *a,
			   const struct outcome *b, struct difference *d)
{
	uint8_t x[PAGE], y[PAGE];
	off_t at = 0;

	for (;;) {
		off_t na = next_data(a->memory_fd, at);
		off_t nb = next_data(b->memory_fd, at);

		at = na < nb ? na : nb;
		if (at == INT64_MAX)
			return;
		if (pread(a->memory_fd, x, PAGE, at) != PAGE ||
		    pread(b->memory_fd, y, PAGE, at) != PAGE) {
			differ(d, k->n, "memory", "cannot be read", "");
			return;
		}
		if (!compare_bytes(k, "memory", (uint64_t)at, x, y, PAGE, d))
			return;
		at += PAGE;
	}
}

void compare(const struct kase *k, struct outcome *a, struct outcome *b,
	     struct difference *d)
{
	memset(d, 0, sizeof(*d));
	compare_events(a, b, d);
	if (!d->found)
		compare_vectors(k, a, b, d);
	if (d->found || a->open || b->open)
		return;
	if (compare_bytes(k, "host memory", 0, a->host, b->host, HOST_BYTES, d))
		compare_memory(k, a, b, d);
}
