// SPDX-License-Identifier: MIT
#include "ot.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ash_num.h"
#include "ref.h"

#define GAP 64

bool ot_check(struct ot *t, bool ok, const char *format, ...)
{
	va_list ap;

	if (ok) {
		t->passed++;
		return true;
	}
	t->failed++;
	printf("FAIL ");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\n");
	if (t->failed >= 10) {
		printf("stopped after 10 failures\n");
		printf("%lu passed, %lu failed\n", t->passed, t->failed);
		exit(1);
	}
	return false;
}

/* --- Building ------------------------------------------------------------------ */

void *ot_array(struct ot *t, size_t bytes)
{
	uint8_t *at = (uint8_t *)t->op_storage + t->op_used;

	bytes = (bytes + 15) & ~(size_t)15;
	if (t->op_used + bytes > sizeof(t->op_storage)) {
		fprintf(stderr, "a case has too big descriptors\n");
		exit(2);
	}
	t->op_used += bytes;
	memset(at, 0, bytes);
	return at;
}

void *ot_op(struct ot *t, uint32_t kind, size_t bytes)
{
	struct ashlar_op *op = ot_array(t, bytes);

	op->size = (uint32_t)bytes;
	op->kind = kind;
	return op;
}

uint32_t ot_range(struct ot *t, uint32_t least, uint32_t most)
{
	return kt_range(&t->random, least, most);
}

uint32_t ot_size(struct ot *t, uint32_t most)
{
	uint32_t size;

	switch (ot_range(t, 0, 20)) {
	case 0:
		return 0;
	case 1 ... 6:
		size = ot_range(t, 1, 9);
		break;
	case 7 ... 12:
		size = t->lanes * ot_range(t, 1, most / t->lanes + 1) +
		       ot_range(t, 0, 2) - 1;
		break;
	default:
		size = ot_range(t, 1, most);
		break;
	}
	return size > most ? most : size;
}

uint32_t ot_format(struct ot *t, uint32_t formats)
{
	uint32_t pick = ot_range(t, 1, (uint32_t)__builtin_popcount(formats));

	while (--pick)
		formats &= formats - 1;
	return (uint32_t)__builtin_ctz(formats);
}

/* Place bytes after a gap, mostly at multiples of 64. */
static uint64_t take(struct ot *t, uint64_t bytes, uint32_t align)
{
	size_t at = (t->used + GAP + 63) & ~(size_t)63;

	if (!t->aligned && ot_range(t, 0, 2) == 0)
		at += ot_range(t, 0, 15) * 4 / align * align;
	if (at + 2 * GAP > t->bytes || bytes > t->bytes - 2 * GAP - at) {
		fprintf(stderr, "a case needs more than the arena: %s\n",
			t->text);
		exit(2);
	}
	t->used = at + bytes;
	return t->base + at;
}

static void shuffle(struct ot *t, uint32_t *order, uint32_t n)
{
	uint32_t i;

	for (i = n; i > 1; i--) {
		uint32_t j = ot_range(t, 0, i - 1);
		uint32_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

/* Strides of a layout; returns elements from the lowest to the highest. */
static uint64_t make_strides(struct ot *t, struct ashlar_tensor *x,
			     enum ot_layout layout)
{
	uint32_t order[ASHLAR_DIMS_MAX];
	uint64_t extent = 1;
	uint32_t i, d;

	for (i = 0; i < x->dims; i++)
		order[i] = x->dims - 1 - i;
	if (layout >= OT_WRITTEN && ot_range(t, 0, 1))
		shuffle(t, order, x->dims);
	for (i = 0; i < x->dims; i++) {
		d = order[i];
		x->stride[d] = (int64_t)extent;
		if (layout == OT_READ && ot_range(t, 0, 7) == 0) {
			x->stride[d] = 0;
			continue;
		}
		extent *= x->shape[d];
		/* A row that is longer than it says, of all but OT_PACKED. */
		if (layout != OT_PACKED && ot_range(t, 0, 2) == 0)
			extent += ot_range(t, 1, 3);
	}
	return extent;
}

struct ashlar_tensor ot_tensor(struct ot *t, uint32_t format, uint32_t dims,
			       const uint64_t *shape, enum ot_layout layout)
{
	uint32_t bytes = ashlar_format_bytes(format);
	struct ashlar_tensor x = { .format = format, .dims = dims };
	struct kt_random fill;
	uint64_t extent;
	uint32_t i;

	memcpy(x.shape, shape, dims * sizeof(shape[0]));
	if (ot_range(t, 0, 1))
		layout = OT_PACKED;
	extent = make_strides(t, &x, layout);
	x.addr = take(t, extent * bytes, bytes);
	fill.state = kt_random(&t->random);
	kt_fill(&fill, t->memory + (x.addr - t->base), extent, format,
		t->pattern);
	for (i = 0; i < dims; i++) {
		if (layout != OT_READ || x.shape[i] == 0 ||
		    ot_range(t, 0, 7) != 0)
			continue;
		x.addr += (x.shape[i] - 1) * (uint64_t)x.stride[i] * bytes;
		x.stride[i] = -x.stride[i];
	}
	return x;
}

/* Where element n, as if packed, of a tensor is in the host's memory. */
static void *element(const struct ashlar_tensor *x, uint64_t n)
{
	int64_t at = 0;
	uint32_t d;

	for (d = x->dims; d-- > 0;) {
		at += (int64_t)(n % x->shape[d]) * x->stride[d];
		n /= x->shape[d];
	}
	return (uint8_t *)(uintptr_t)x->addr +
	       at * ashlar_format_bytes(x->format);
}

static uint64_t count(const struct ashlar_tensor *x)
{
	uint64_t n = 1;
	uint32_t d;

	for (d = 0; d < x->dims; d++)
		n *= x->shape[d];
	return n;
}

double ot_get(const struct ashlar_tensor *x, uint64_t n)
{
	const void *at = element(x, n);
	uint32_t bits;
	uint16_t half;
	float f;

	switch (x->format) {
	case ASHLAR_I8:
		return *(const int8_t *)at;
	case ASHLAR_I32:
		memcpy(&bits, at, 4);
		return (int32_t)bits;
	case ASHLAR_F32:
		memcpy(&bits, at, 4);
		break;
	case ASHLAR_BF16:
		memcpy(&half, at, 2);
		bits = ash_bf16_to_f32(half);
		break;
	default:
		memcpy(&half, at, 2);
		bits = ash_f16_to_f32(half);
		break;
	}
	memcpy(&f, &bits, 4);
	return f;
}

void ot_set(struct ot *t, const struct ashlar_tensor *x, uint64_t n, double v)
{
	struct ashlar_tensor host = *x;
	float f = (float)v;
	uint32_t bits;
	uint16_t half;
	int8_t byte;
	void *at;

	host.addr = x->addr - t->base + (uint64_t)(uintptr_t)t->memory;
	at = element(&host, n);
	memcpy(&bits, &f, 4);
	switch (x->format) {
	case ASHLAR_I8:
		byte = (int8_t)v;
		memcpy(at, &byte, 1);
		break;
	case ASHLAR_I32:
		bits = (uint32_t)(int32_t)v;
		memcpy(at, &bits, 4);
		break;
	case ASHLAR_F32:
		memcpy(at, &bits, 4);
		break;
	case ASHLAR_BF16:
		half = ash_f32_to_bf16(bits);
		memcpy(at, &half, 2);
		break;
	default:
		half = ash_f32_to_f16(bits);
		memcpy(at, &half, 2);
		break;
	}
}

void ot_fill_range(struct ot *t, const struct ashlar_tensor *x, int32_t least,
		   int32_t most)
{
	struct kt_random fill = { kt_random(&t->random) };
	uint64_t n;

	for (n = 0; n < count(x); n++)
		ot_set(t, x, n,
		       least + (double)kt_range(&fill, 0,
						(uint32_t)(most - least)));
}

void ot_fill_uniform(struct ot *t, const struct ashlar_tensor *x, double least,
		     double most)
{
	struct kt_random fill = { kt_random(&t->random) };
	uint64_t n;

	for (n = 0; n < count(x); n++)
		ot_set(t, x, n,
		       least + (most - least) *
				       (double)(kt_random(&fill) >> 11) *
				       0x1p-53);
}

/* --- Running ------------------------------------------------------------------- */

/* Build with addresses of the host's memory or of the device's. */
static const struct ashlar_op *build_at(struct ot *t, uint64_t base,
					ot_build build, const void *param)
{
	t->base = base;
	t->used = 0;
	t->op_used = 0;
	t->random.state = t->seed;
	t->pattern = (enum kt_pattern)ot_range(t, 0, KT_PATTERNS - 1);
	t->text[0] = 0;
	return build(t, param);
}

static uint64_t host_base(const struct ot *t)
{
	return (uint64_t)(uintptr_t)t->memory;
}

static void next_seed(struct ot *t)
{
	struct kt_random r = { t->seed };

	t->seed = kt_random(&r);
}

const struct ashlar_op *ot_built(struct ot *t, ot_build build,
				 const void *param)
{
	next_seed(t);
	return build_at(t, host_base(t), build, param);
}

const struct ashlar_op *ot_reference(struct ot *t, ot_build build,
				     const void *param)
{
	const struct ashlar_op *op = ot_built(t, build, param);

	ref_op(op, t->lanes);
	return op;
}

static bool compare(struct ot *t, size_t bytes)
{
	size_t i, wrong = 0, first = 0;

	if (!memcmp(t->memory, t->got, bytes))
		return true;
	for (i = 0; i < bytes; i++)
		if (t->memory[i] != t->got[i] && wrong++ == 0)
			first = i;
	printf("  %zu of %zu bytes differ, the first at %zu is 0x%02x, expected 0x%02x\n",
	       wrong, bytes, first, t->got[first], t->memory[first]);
	return false;
}

bool ot_run(struct ot *t, ot_build build, const void *param)
{
	return ot_run_tiles(t, build, param, 0);
}

bool ot_run_tiles(struct ot *t, ot_build build, const void *param,
		  uint32_t tiles)
{
	uint64_t workspace = 0, workspace_bytes = 0;
	const struct ashlar_op *op;
	char text[400] = "";
	ashlar_result result;
	size_t bytes;
	bool same;

	next_seed(t);
	op = build_at(t, ot_backend_base(t), build, param);
	result = ot_backend_check(t, op, &workspace_bytes, text, sizeof(text));
	if (result)
		return ot_check(t, false, "%s, seed 0x%" PRIx64 ": refused: %s",
				t->text, t->seed, text);
	/* What is left in it is nobody's business, but around it is. */
	bytes = t->used + GAP;
	if (workspace_bytes)
		workspace = take(t, workspace_bytes, 64);
	result = ot_backend_run(t, op, workspace, workspace_bytes,
				t->used + 2 * GAP, tiles, text, sizeof(text));
	if (result)
		return ot_check(t, false, "%s, seed 0x%" PRIx64 ": %s", t->text,
				t->seed, text);
	/* What lies behind the workspace must be as it was. */
	same = !workspace_bytes ||
	       !memcmp(t->got + t->used, t->memory + t->used, GAP);
	op = build_at(t, host_base(t), build, param);
	ref_op(op, t->lanes);
	same = compare(t, bytes) && same;
	return ot_check(t, same, "%s, seed 0x%" PRIx64, t->text, t->seed);
}

uint64_t ot_cycles(const struct ot *t)
{
	return ot_backend_cycles(t);
}

bool ot_near(const char *name, uint64_t n, double got, double exact,
	     double bound)
{
	if ((isnan(got) && isnan(exact)) || got == exact ||
	    fabs(got - exact) <= bound)
		return true;
	printf("  %s[%" PRIu64
	       "] is %.9g, exact %.9g, %.3g away, allowed %.3g\n",
	       name, n, got, exact, fabs(got - exact), bound);
	return false;
}

/* --- Descriptors that are refused ----------------------------------------------- */

bool ot_accepted(struct ot *t, const struct ashlar_op *op)
{
	char text[400] = "";
	uint64_t bytes;

	return ot_check(t,
			ot_backend_check(t, op, &bytes, text, sizeof(text)) ==
				ASHLAR_OK,
			"refused, but should not be: %s", text);
}

bool ot_refused(struct ot *t, const struct ashlar_op *op, ashlar_result result,
		const char *words)
{
	char text[400] = "";
	uint64_t bytes;
	ashlar_result is = ot_backend_check(t, op, &bytes, text, sizeof(text));

	return ot_check(
		t, is == result && (is == ASHLAR_OK || strstr(text, words)),
		"result %d (%s), expected %d (... %s ...)", is, text, result,
		words);
}

void ot_break_tensor(struct ot *t, const struct ashlar_op *op,
		     struct ashlar_tensor *tensor, const char *name,
		     bool written)
{
	const struct ashlar_tensor good = *tensor;
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	uint32_t bytes = ashlar_format_bytes(good.format);
	uint32_t d;

	tensor->format = 0;
	ot_refused(t, op, invalid, name);
	tensor->format = 33;
	ot_refused(t, op, invalid, name);
	*tensor = good;
	tensor->dims = ASHLAR_DIMS_MAX + 1;
	ot_refused(t, op, invalid, name);
	*tensor = good;
	tensor->addr = 0;
	ot_refused(t, op, invalid, name);
	if (bytes > 1) {
		tensor->addr = good.addr + 1;
		ot_refused(t, op, invalid, name);
	}
	tensor->addr = UINT64_MAX - bytes + 1;
	if (good.dims && count(&good) > 1)
		ot_refused(t, op, invalid, name);
	for (d = 0; d < good.dims; d++) {
		*tensor = good;
		tensor->shape[d] = (1ull << 40) + 1;
		ot_refused(t, op, invalid, name);
		*tensor = good;
		tensor->stride[d] = (1ll << 40) + 1;
		ot_refused(t, op, invalid, name);
		tensor->stride[d] = INT64_MIN;
		ot_refused(t, op, invalid, name);
		if (written && good.shape[d] > 1) {
			tensor->stride[d] = 0;
			ot_refused(t, op, invalid, name);
			tensor->stride[d] = -good.stride[d];
			ot_refused(t, op, invalid, name);
		}
	}
	*tensor = good;
	ot_accepted(t, op);
}

void ot_fuzz(struct ot *t, const struct ashlar_op *op, unsigned long rounds)
{
	static const uint64_t evil[] = {
		0,
		1,
		2,
		3,
		7,
		0x7fffffff,
		0x80000000,
		0xffffffff,
		0x100000000,
		1ull << 40,
		(1ull << 40) - 1,
		1ull << 62,
		1ull << 63,
		UINT64_MAX,
		UINT64_MAX - 1,
		0x7fc00000,
	};
	uint64_t copy[1024];
	unsigned long i;
	bool ok = true;

	for (i = 0; ok && i < rounds; i++) {
		uint32_t n = ot_range(t, 1, 3);
		char text[400] = "";
		ashlar_result result;
		uint64_t bytes;

		memcpy(copy, op, op->size);
		while (n--) {
			uint32_t width = ot_range(t, 0, 1) ? 8 : 4;
			uint64_t v = kt_random(&t->random);
			uint32_t at;

			/* Behind the head: its own tests break that. */
			at = ot_range(t, 2, op->size / 4 - 1) * 4;
			at = at / width * width;
			if (ot_range(t, 0, 2))
				v = evil[ot_range(t, 0, 15)];
			memcpy((uint8_t *)copy + at, &v, width);
		}
		result = ot_backend_check(t, (const struct ashlar_op *)copy,
					  &bytes, text, sizeof(text));
		ok = result == ASHLAR_OK || strchr(text, ':');
	}
	ot_check(t, ok, "refused without a sentence");
}

/* --- Gradients -------------------------------------------------------------------- */

bool ot_gradient(struct ot *t, const char *name,
		 double (*f)(const double *x, void *ctx), void *ctx, double *x,
		 size_t n, const double *dx, double tolerance)
{
	double greatest = 1e-6;
	bool ok = true;
	size_t i;

	for (i = 0; i < n; i++)
		if (fabs(dx[i]) > greatest)
			greatest = fabs(dx[i]);
	for (i = 0; ok && i < n; i++) {
		double was = x[i], h = 1e-5 * (fabs(was) > 1 ? fabs(was) : 1);
		double up, down;

		x[i] = was + h;
		up = f(x, ctx);
		x[i] = was - h;
		down = f(x, ctx);
		x[i] = was;
		ok = ot_near(name, i, dx[i], (up - down) / (2 * h),
			     tolerance * greatest);
	}
	return ot_check(t, ok, "gradient %s", name);
}

/* --- Life -------------------------------------------------------------------------- */

bool ot_open(struct ot *t, const char *device, uint64_t seed, size_t bytes)
{
	struct kt_random r = { seed };
	size_t i;

	t->device = device;
	t->bytes = bytes;
	t->seed = kt_random(&r);
	t->memory = aligned_alloc(4096, bytes);
	t->got = aligned_alloc(4096, bytes);
	if (!t->memory || !t->got) {
		printf("FAIL no memory for an arena of %zu bytes\n", bytes);
		return false;
	}
	for (i = 0; i < bytes; i += 8) {
		uint64_t v = kt_random(&r);

		memcpy(t->memory + i, &v, 8);
	}
	return ot_backend_open(t, device);
}

void ot_close(struct ot *t)
{
	ot_backend_close(t);
	free(t->memory);
	free(t->got);
}
