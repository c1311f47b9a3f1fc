// SPDX-License-Identifier: MIT
#include "check.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void check_begin(struct check *c, const char *op)
{
	memset(c, 0, sizeof(*c));
	c->op = op;
}

void check_end(struct check *c)
{
	free(c->spans);
	c->spans = NULL;
	c->span_count = 0;
	c->span_room = 0;
}

static int say(struct check *c, ashlar_result result, const char *format,
	       va_list ap)
{
	int at;

	if (c->result)
		return -1;
	c->result = result;
	at = snprintf(c->text, sizeof(c->text), "%s: ", c->op);
	if (c->array)
		at += snprintf(c->text + at, sizeof(c->text) - (size_t)at,
			       "%s[%u]: ", c->array, c->item);
	vsnprintf(c->text + at, sizeof(c->text) - (size_t)at, format, ap);
	return -1;
}

int check_fail(struct check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(c, ASHLAR_ERROR_INVALID, format, ap);
	va_end(ap);
	return -1;
}

int check_unsupported(struct check *c, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(c, ASHLAR_ERROR_UNSUPPORTED, format, ap);
	va_end(ap);
	return -1;
}

/* --- Parameters ------------------------------------------------------------- */

int check_range(struct check *c, const char *name, uint64_t value,
		uint64_t least, uint64_t most)
{
	if (value >= least && value <= most)
		return 0;
	return check_fail(c,
			  "%s is %" PRIu64 ", allowed %" PRIu64 " .. %" PRIu64,
			  name, value, least, most);
}

int check_flags(struct check *c, const char *name, uint32_t flags,
		uint32_t known)
{
	if (!(flags & ~known))
		return 0;
	return check_fail(c, "%s is 0x%x, allowed are bits of 0x%x", name,
			  flags, known);
}

int check_number(struct check *c, const char *name, float value, double least,
		 double most)
{
	if (isfinite(value) && value >= least && value <= most)
		return 0;
	return check_fail(c, "%s is %g, allowed %g .. %g", name, value, least,
			  most);
}

int check_reserved(struct check *c, uint32_t reserved)
{
	return check_range(c, "reserved", reserved, 0, 0);
}

/* --- One tensor ----------------------------------------------------------------- */

const char *format_name(uint32_t format)
{
	switch (format) {
	case ASHLAR_I32:
		return "i32";
	case ASHLAR_F32:
		return "f32";
	case ASHLAR_BF16:
		return "bf16";
	case ASHLAR_FP16:
		return "fp16";
	case ASHLAR_I8:
		return "i8";
	default:
		return "no format";
	}
}

const char *shape_text(const struct ashlar_tensor *t, char *text, size_t n)
{
	size_t at = 0;
	uint32_t i;

	snprintf(text, n, "one element");
	for (i = 0; i < t->dims && i < ASHLAR_DIMS_MAX && at < n; i++)
		at += (size_t)snprintf(text + at, n - at, "%s%" PRIu64,
				       i ? "x" : "", t->shape[i]);
	return text;
}

uint64_t tensor_count(const struct ashlar_tensor *t)
{
	uint64_t count = 1;
	uint32_t i;

	for (i = 0; i < t->dims; i++)
		count *= t->shape[i];
	return count;
}

uint64_t tensor_rows(const struct ashlar_tensor *t)
{
	uint64_t count = 1;
	uint32_t i;

	for (i = 0; i + 1 < t->dims; i++)
		count *= t->shape[i];
	return count;
}

bool tensor_packed(const struct ashlar_tensor *t)
{
	int64_t stride = 1;
	uint32_t i;

	for (i = t->dims; i-- > 0;) {
		if (t->shape[i] != 1 && t->stride[i] != stride)
			return false;
		stride *= (int64_t)t->shape[i];
	}
	return true;
}

bool tensor_same(const struct ashlar_tensor *a, const struct ashlar_tensor *b)
{
	uint32_t i;

	if (a->addr != b->addr || a->dims != b->dims ||
	    ashlar_format_bytes(a->format) != ashlar_format_bytes(b->format))
		return false;
	for (i = 0; i < a->dims; i++)
		if (a->shape[i] != b->shape[i] ||
		    (a->shape[i] != 1 && a->stride[i] != b->stride[i]))
			return false;
	return true;
}

static int check_format(struct check *c, const char *name, uint32_t format,
			uint32_t formats)
{
	char list[64] = "";
	uint32_t f;

	if (format < 32 && formats & 1u << format)
		return 0;
	for (f = 0; f < 32; f++)
		if (formats & 1u << f)
			snprintf(list + strlen(list),
				 sizeof(list) - strlen(list), "%s%s",
				 list[0] ? ", " : "", format_name(f));
	return check_fail(c, "%s has format %u (%s), allowed are %s", name,
			  format, format_name(format), list);
}

/* Count and reach of each dimension, so that all that follows fits. */
static int check_sizes(struct check *c, const char *name,
		       const struct ashlar_tensor *t)
{
	unsigned __int128 count = 1;
	uint32_t i;

	if (t->dims > ASHLAR_DIMS_MAX)
		return check_fail(c, "%s has %u dimensions, allowed 0 .. %d",
				  name, t->dims, ASHLAR_DIMS_MAX);
	for (i = 0; i < t->dims; i++) {
		if (t->shape[i] > CHECK_SIZE_MAX)
			return check_fail(c,
					  "%s: shape[%u] is %" PRIu64
					  ", allowed 0 .. 2^40",
					  name, i, t->shape[i]);
		if (t->stride[i] > (int64_t)CHECK_SIZE_MAX ||
		    t->stride[i] < -(int64_t)CHECK_SIZE_MAX)
			return check_fail(c,
					  "%s: stride[%u] is %" PRId64
					  ", allowed -2^40 .. 2^40",
					  name, i, t->stride[i]);
		if (count)
			count *= t->shape[i];
		if (count > CHECK_SIZE_MAX)
			return check_fail(c, "%s has more than 2^40 elements",
					  name);
	}
	return 0;
}

/* Every dimension steps over all that those with smaller strides reach. */
static int check_distinct(struct check *c, const char *name,
			  const struct ashlar_tensor *t)
{
	uint32_t order[ASHLAR_DIMS_MAX];
	uint64_t reach = 0;
	uint32_t i, j;

	for (i = 0; i < t->dims; i++) {
		for (j = i; j > 0 && t->stride[order[j - 1]] > t->stride[i];
		     j--)
			order[j] = order[j - 1];
		order[j] = i;
	}
	for (i = 0; i < t->dims; i++) {
		uint64_t size = t->shape[order[i]];
		int64_t stride = t->stride[order[i]];

		if (size == 1)
			continue;
		if (stride < 0)
			return check_fail(
				c,
				"%s: stride[%u] is %" PRId64
				", not negative in a tensor that is written",
				name, order[i], stride);
		if ((uint64_t)stride <= reach)
			return check_fail(
				c,
				"%s: stride[%u] is %" PRId64
				", more than %" PRIu64
				" are needed so that no two elements of what is written share a place",
				name, order[i], stride, reach);
		reach += (size - 1) * (uint64_t)stride;
	}
	return 0;
}

static int check_strides(struct check *c, const char *name,
			 const struct ashlar_tensor *t, uint32_t flags)
{
	uint32_t i, last = t->dims - 1;

	if (flags & CHECK_PACKED && !tensor_packed(t))
		return check_fail(
			c,
			"%s has gaps or another order of dimensions; it must be packed: copy it first",
			name);
	if (flags & CHECK_ROWS && t->dims && t->shape[last] != 1 &&
	    t->stride[last] != 1)
		return check_fail(
			c,
			"%s: stride[%u] is %" PRId64
			", but must be 1: the last dimension is contiguous; copy it first",
			name, last, t->stride[last]);
	for (i = 0; flags & CHECK_FORWARD && i < t->dims; i++)
		if (t->shape[i] != 1 && t->stride[i] < 0)
			return check_fail(c,
					  "%s: stride[%u] is %" PRId64
					  ", allowed 0 .. 2^40",
					  name, i, t->stride[i]);
	return flags & CHECK_WRITTEN ? check_distinct(c, name, t) : 0;
}

static struct check_span *remember(struct check *c)
{
	if (c->span_count == c->span_room) {
		uint32_t room = c->span_room ? 2 * c->span_room : 16;
		void *p = realloc(c->spans, room * sizeof(*c->spans));

		if (!p) {
			check_fail(c, "no host memory to check it");
			c->result = ASHLAR_ERROR_NO_MEMORY;
			return NULL;
		}
		c->spans = p;
		c->span_room = room;
	}
	return &c->spans[c->span_count++];
}

static int check_place(struct check *c, const char *name,
		       const struct ashlar_tensor *t, bool written)
{
	uint32_t bytes = ashlar_format_bytes(t->format);
	__int128 low = t->addr, high = t->addr;
	struct check_span *s;
	uint32_t i;

	if (t->addr == 0)
		return check_fail(c, "%s: addr is 0, not a device address",
				  name);
	if (t->addr % bytes)
		return check_fail(c,
				  "%s: addr is 0x%" PRIx64
				  ", not a multiple of %u, the bytes of %s",
				  name, t->addr, bytes, format_name(t->format));
	for (i = 0; i < t->dims; i++) {
		__int128 reach = (__int128)(t->shape[i] - 1) * t->stride[i] *
				 (int64_t)bytes;

		if (reach < 0)
			low += reach;
		else
			high += reach;
	}
	high += bytes - 1;
	if (low < 1 || high > UINT64_MAX)
		return check_fail(c,
				  "%s: addr is 0x%" PRIx64
				  ": the tensor runs over the end of addresses",
				  name, t->addr);
	s = remember(c);
	if (!s)
		return -1;
	*s = (struct check_span){ name, *t, (uint64_t)low, (uint64_t)high,
				  written };
	return 0;
}

int check_tensor(struct check *c, const char *name,
		 const struct ashlar_tensor *t, uint32_t formats,
		 uint32_t flags)
{
	if (c->result)
		return -1;
	if (tensor_none(t)) {
		if (flags & CHECK_OPTIONAL)
			return 0;
		return check_fail(c, "%s is missing: its addr and dims are 0",
				  name);
	}
	if (check_format(c, name, t->format, formats) ||
	    check_sizes(c, name, t))
		return -1;
	if (tensor_count(t) == 0)
		return 0;
	if (check_strides(c, name, t, flags))
		return -1;
	return check_place(c, name, t, flags & CHECK_WRITTEN);
}

/* --- Tensors together -------------------------------------------------------------- */

int check_dims(struct check *c, const char *name, const struct ashlar_tensor *t,
	       uint32_t least, uint32_t most)
{
	if (t->dims >= least && t->dims <= most)
		return 0;
	if (least == most)
		return check_fail(c, "%s has %u dimensions, but must have %u",
				  name, t->dims, least);
	return check_fail(c, "%s has %u dimensions, allowed %u .. %u", name,
			  t->dims, least, most);
}

int check_size(struct check *c, const char *name, const struct ashlar_tensor *t,
	       uint32_t dim, uint64_t size, const char *of)
{
	if (t->shape[dim] == size)
		return 0;
	return check_fail(c, "%s: shape[%u] is %" PRIu64 ", but %s is %" PRIu64,
			  name, dim, t->shape[dim], of, size);
}

int check_same_shape(struct check *c, const char *a,
		     const struct ashlar_tensor *ta, const char *b,
		     const struct ashlar_tensor *tb)
{
	char at[128], bt[128];

	if (ta->dims == tb->dims &&
	    !memcmp(ta->shape, tb->shape, ta->dims * sizeof(ta->shape[0])))
		return 0;
	return check_fail(c, "%s is %s, but must have the shape of %s, %s", a,
			  shape_text(ta, at, sizeof(at)), b,
			  shape_text(tb, bt, sizeof(bt)));
}

int check_same_format(struct check *c, const char *a,
		      const struct ashlar_tensor *ta, const char *b,
		      const struct ashlar_tensor *tb)
{
	if (ta->format == tb->format)
		return 0;
	return check_fail(c,
			  "%s has format %u (%s), but must have that of %s, "
			  "%s",
			  a, ta->format, format_name(ta->format), b,
			  format_name(tb->format));
}

int check_broadcast(struct check *c, const char *name,
		    const struct ashlar_tensor *t, const char *to_name,
		    const struct ashlar_tensor *to)
{
	char text[128], to_text[128];
	bool fits = t->dims <= to->dims;
	uint32_t i;

	for (i = 0; fits && i < t->dims; i++)
		fits = t->shape[i] == 1 ||
		       t->shape[i] == to->shape[to->dims - t->dims + i];
	if (fits)
		return 0;
	return check_fail(c,
			  "%s is %s, which does not repeat to the shape of "
			  "%s, %s",
			  name, shape_text(t, text, sizeof(text)), to_name,
			  shape_text(to, to_text, sizeof(to_text)));
}

/* --- Overlaps ---------------------------------------------------------------------- */

void check_may_share(struct check *c, const char *a, const char *b)
{
	if (c->share_count == CHECK_SHARE)
		abort(); /* more pairs than this file has room for */
	c->share[c->share_count].a = a;
	c->share[c->share_count].b = b;
	c->share_count++;
}

int check_bytes(struct check *c, const char *name, uint64_t addr,
		uint64_t bytes, bool written)
{
	struct check_span *s;

	if (c->result)
		return -1;
	if (!bytes)
		return 0;
	if (addr == 0 || bytes - 1 > UINT64_MAX - addr)
		return check_fail(c,
				  "%s: 0x%" PRIx64 " is no address of %" PRIu64
				  " bytes",
				  name, addr, bytes);
	s = remember(c);
	if (!s)
		return -1;
	/* To those who look at elements it is so many bytes. */
	*s = (struct check_span){
		.name = name,
		.t = { .addr = addr,
		       .format = ASHLAR_I8,
		       .dims = 1,
		       .shape = { bytes },
		       .stride = { 1 } },
		.low = addr,
		.high = addr + (bytes - 1),
		.written = written,
	};
	return 0;
}

static bool may_share(const struct check *c, const struct check_span *a,
		      const struct check_span *b)
{
	uint32_t i;

	for (i = 0; i < c->share_count; i++)
		if ((!strcmp(a->name, c->share[i].a) &&
		     !strcmp(b->name, c->share[i].b)) ||
		    (!strcmp(a->name, c->share[i].b) &&
		     !strcmp(b->name, c->share[i].a)))
			return tensor_same(&a->t, &b->t);
	return false;
}

/*
 * Do two tensors have a byte in common? Both lie in x = offset + sum of
 * n * step over dimensions, 0 <= n <= most; common bytes are the zeros of the
 * difference of two such sums. The search goes from the greatest step down: what is left
 * can only be made up by the smaller ones, so that it has one or two ways to
 * go in tensors whose dimensions lie inside each other. It gives up, and says
 * yes, when it has taken too many.
 */
struct term {
	uint64_t step; /* bytes */
	uint64_t most;
};

struct search {
	struct term term[2 * ASHLAR_DIMS_MAX + 2];
	__int128 reach[2 * ASHLAR_DIMS_MAX + 3]; /* of terms i and up */
	uint32_t count;
	uint32_t tries;
};

#define SEARCH_TRIES 20000

/* Add n * step, 0 <= n <= most; returns the least that it gives. */
static __int128 search_add(struct search *s, __int128 step, uint64_t most)
{
	uint64_t size = (uint64_t)(step < 0 ? -step : step);
	uint32_t i, at = 0;

	if (!most || !step)
		return 0;
	while (at < s->count && s->term[at].step > size)
		at++;
	if (at < s->count && s->term[at].step == size) {
		s->term[at].most += most;
	} else {
		for (i = s->count++; i > at; i--)
			s->term[i] = s->term[i - 1];
		s->term[at] = (struct term){ size, most };
	}
	return step < 0 ? step * (__int128)most : 0;
}

/* Is there a way to make `left` of the terms from `at` on? */
static bool search_from(struct search *s, uint32_t at, __int128 left)
{
	__int128 first, last, n;

	if (left < 0 || left > s->reach[at])
		return false;
	if (at == s->count)
		return left == 0;
	if (s->tries++ >= SEARCH_TRIES)
		return true;
	last = left / (__int128)s->term[at].step;
	if (last > (__int128)s->term[at].most)
		last = s->term[at].most;
	first = left - s->reach[at + 1];
	first = first <= 0 ? 0 :
			     (first + (__int128)s->term[at].step - 1) /
				     (__int128)s->term[at].step;
	for (n = last; n >= first; n--)
		if (search_from(s, at + 1,
				left - n * (__int128)s->term[at].step))
			return true;
	return false;
}

static bool overlap(const struct ashlar_tensor *a,
		    const struct ashlar_tensor *b)
{
	uint32_t ab = ashlar_format_bytes(a->format);
	uint32_t bb = ashlar_format_bytes(b->format);
	struct search s = { .count = 0 };
	__int128 base = (__int128)a->addr - b->addr;
	uint32_t i;

	/* Bytes of a less bytes of b is to be 0. */
	for (i = 0; i < a->dims; i++)
		base += search_add(&s, (__int128)a->stride[i] * ab,
				   a->shape[i] - 1);
	base += search_add(&s, 1, ab - 1);
	for (i = 0; i < b->dims; i++)
		base += search_add(&s, -(__int128)b->stride[i] * bb,
				   b->shape[i] - 1);
	base += search_add(&s, -1, bb - 1);
	for (i = s.count; i-- > 0;)
		s.reach[i] = s.reach[i + 1] +
			     (__int128)s.term[i].step * s.term[i].most;
	return search_from(&s, 0, -base);
}

static int compare_low(const void *a, const void *b)
{
	const struct check_span *x = a, *y = b;

	return (x->low > y->low) - (x->low < y->low);
}

int check_apart(struct check *c)
{
	uint32_t i, j;

	if (c->result)
		return -1;
	if (c->span_count)
		qsort(c->spans, c->span_count, sizeof(*c->spans), compare_low);
	for (i = 0; i < c->span_count; i++) {
		const struct check_span *a = &c->spans[i];

		for (j = i + 1; j < c->span_count && c->spans[j].low <= a->high;
		     j++) {
			const struct check_span *b = &c->spans[j];

			if ((!a->written && !b->written) ||
			    may_share(c, a, b) || !overlap(&a->t, &b->t))
				continue;
			if (!b->written) {
				const struct check_span *swap = a;

				a = b;
				b = swap;
			}
			return check_fail(
				c,
				"%s, which is written, overlaps %s (0x%" PRIx64
				" .. 0x%" PRIx64 " and 0x%" PRIx64
				" .. 0x%" PRIx64 ")",
				b->name, a->name, b->low, b->high, a->low,
				a->high);
		}
	}
	return 0;
}
