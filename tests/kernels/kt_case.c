/* SPDX-License-Identifier: MIT */
/* Random kernel test cases. */
#include "kt.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ash_num.h"
#include "kernels_ref.h"

uint64_t kt_random(struct kt_random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t kt_range(struct kt_random *r, uint32_t least, uint32_t most)
{
	return least + (uint32_t)(kt_random(r) % ((uint64_t)most - least + 1));
}

/* --- Values --------------------------------------------------------------- */

/* A small fp32 value with few bits: exact in bf16 and fp16. */
static uint32_t kt_plain_f32(struct kt_random *r)
{
	float f = (float)((int)kt_range(r, 0, 254) - 127) / 64.0f;
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

static uint32_t kt_edge_f32(struct kt_random *r)
{
	static const uint32_t edges[] = {
		0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000,
		0xff800000, 0x7fc00000, 0x7f7f0000, 0xff7f0000, 0x00800000,
		0x00010000, 0x007f0000, 0x80400000, 0x477fe000, 0x38800000,
		0x33800000, 0x3f810000, 0x4b800000, 0x4f000000, 0xcf000000,
	};

	return edges[kt_range(r, 0, sizeof(edges) / sizeof(edges[0]) - 1)];
}

static uint16_t kt_edge_f16(struct kt_random *r)
{
	static const uint16_t edges[] = {
		0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00,
		0x7bff, 0xfbff, 0x0400, 0x0001, 0x03ff, 0x8001, 0x3c01,
	};

	return edges[kt_range(r, 0, sizeof(edges) / sizeof(edges[0]) - 1)];
}

static uint32_t kt_edge_int(struct kt_random *r)
{
	static const uint32_t edges[] = { 0,	      1,	  0xffffffff,
					  0x7f,	      0xffffff80, 0x80,
					  0x7fffffff, 0x80000000, 0x40000000 };

	return edges[kt_range(r, 0, sizeof(edges) / sizeof(edges[0]) - 1)];
}

static uint32_t kt_value(struct kt_random *r, uint32_t format,
			 enum kt_pattern pattern)
{
	uint32_t bits = (uint32_t)kt_random(r);
	bool edge = pattern == KT_EDGES;

	if (pattern == KT_BITS)
		return bits;
	switch (format) {
	case ASHLAR_I8:
		return edge ? kt_edge_int(r) : bits;
	case ASHLAR_I32:
		return edge ? kt_edge_int(r) : bits % 20001 - 10000;
	case ASHLAR_F32:
		return edge ? kt_edge_f32(r) : kt_plain_f32(r);
	case ASHLAR_BF16:
		return (edge ? kt_edge_f32(r) : kt_plain_f32(r)) >> 16;
	default:
		return edge ? kt_edge_f16(r) : ash_f32_to_f16(kt_plain_f32(r));
	}
}

void kt_fill(struct kt_random *r, void *at, size_t count, uint32_t format,
	     enum kt_pattern pattern)
{
	uint32_t bytes = ashlar_format_bytes(format);
	uint8_t *p = at;
	size_t i;

	for (i = 0; i < count; i++, p += bytes) {
		uint32_t v = kt_value(r, format, pattern);
		uint32_t b;

		for (b = 0; b < bytes; b++)
			p[b] = (uint8_t)(v >> 8 * b);
	}
}

/* --- Memory --------------------------------------------------------------- */

#define KT_GAP 64

/*
 * Take bytes from the block, after a gap, at any alignment: mostly a multiple
 * of 64, as frameworks do, else odd.
 */
static uint64_t kt_take(struct kt_case *c, struct kt_random *r, uint64_t bytes)
{
	uint64_t at = (c->bytes + KT_GAP + 63) & ~63ull;

	if (kt_range(r, 0, 2) == 0)
		at += kt_range(r, 0, 63);
	c->bytes = at + bytes;
	return at;
}

static void kt_allocate(struct kt_case *c, struct kt_random *r)
{
	size_t i;

	c->bytes += KT_GAP;
	c->memory = malloc(c->bytes);
	c->expect = malloc(c->bytes);
	if (!c->memory || !c->expect)
		abort();
	for (i = 0; i < c->bytes; i++)
		c->memory[i] = (uint8_t)kt_random(r);
}

void kt_free(struct kt_case *c)
{
	free(c->memory);
	free(c->expect);
	c->memory = NULL;
	c->expect = NULL;
}

/* --- GEMM ----------------------------------------------------------------- */

/* A leading dimension for rows of cols: mostly tight or a little more. */
static uint32_t kt_ld(struct kt_random *r, uint32_t cols)
{
	switch (kt_range(r, 0, 3)) {
	case 0:
		return cols + kt_range(r, 1, 40);
	case 1:
		return (cols + 63) & ~63u;
	default:
		return cols;
	}
}

static uint64_t kt_matrix(struct kt_case *c, struct kt_random *r, uint32_t rows,
			  uint32_t cols, uint32_t ld, uint32_t bytes)
{
	return kt_take(c, r, ((uint64_t)(rows - 1) * ld + cols) * bytes);
}

void kt_gemm_shape(struct kt_case *c, struct kt_random *r, uint32_t m,
		   uint32_t n, uint32_t k)
{
	static const uint32_t types[] = { ASHLAR_I8, ASHLAR_BF16, ASHLAR_FP16 };
	static const uint32_t outs[] = { ASHLAR_I32, ASHLAR_F32, ASHLAR_BF16,
					 ASHLAR_FP16, ASHLAR_I8 };
	static const uint32_t scales[] = { 0x3f800000, 0x3c23d70a, 0xbe99999a,
					   0x3a83126f, 0x447a0000 };
	struct ashlar_gemm_args *g = &c->args.gemm;
	enum kt_pattern pattern;
	bool ta, tb;
	uint32_t in;

	memset(c, 0, sizeof(*c));
	c->kernel = ASHLAR_KERNEL_GEMM;
	c->arg_bytes = sizeof(*g);
	g->m = m;
	g->n = n;
	g->k = k;
	g->type = types[kt_range(r, 0, 2)];
	/* Half of them the natural format. */
	if (kt_range(r, 0, 1))
		g->out = g->type == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32;
	else
		g->out = outs[kt_range(r, 0, 4)];
	g->flags = (uint32_t)kt_random(r) & ASHLAR_GEMM_FLAGS;
	g->scale_bits = scales[kt_range(r, 0, 4)];
	ta = g->flags & ASHLAR_GEMM_TRANS_A;
	tb = g->flags & ASHLAR_GEMM_TRANS_B;
	in = ashlar_format_bytes(g->type);

	g->lda = kt_ld(r, ta ? m : k);
	g->ldb = kt_ld(r, tb ? k : n);
	g->ldc = kt_ld(r, n);
	g->a = kt_matrix(c, r, ta ? k : m, ta ? m : k, g->lda, in);
	g->b = kt_matrix(c, r, tb ? n : k, tb ? k : n, g->ldb, in);
	g->c = kt_matrix(c, r, m, n, g->ldc, ashlar_format_bytes(g->out));
	if (kt_range(r, 0, 1))
		g->bias = kt_take(c, r, 4 * (uint64_t)n);
	if (!(g->flags & ASHLAR_GEMM_SCALE) && kt_range(r, 0, 1))
		g->scale = kt_take(c, r, 4 * (uint64_t)n);
	kt_allocate(c, r);

	pattern = (enum kt_pattern)kt_range(r, 0, KT_PATTERNS - 1);
	kt_fill(r, c->memory + g->a, (g->b - g->a) / in, g->type, pattern);
	kt_fill(r, c->memory + g->b, (g->c - g->b) / in, g->type, pattern);
	if (g->bias)
		kt_fill(r, c->memory + g->bias, n,
			g->type == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32,
			pattern);
	if (g->scale)
		kt_fill(r, c->memory + g->scale, n, ASHLAR_F32, pattern);
	memcpy(c->expect, c->memory, c->bytes);
	ref_gemm(g, c->expect);
	snprintf(c->name, sizeof(c->name),
		 "gemm %ux%ux%u type %u out %u flags 0x%x ld %u %u %u bias %d "
		 "scale %d pattern %d",
		 m, n, k, g->type, g->out, g->flags, g->lda, g->ldb, g->ldc,
		 g->bias != 0, g->scale != 0, pattern);
}

/* A size up to most: small, near a multiple of 32, or any. */
static uint32_t kt_size(struct kt_random *r, uint32_t most)
{
	uint32_t size;

	switch (kt_range(r, 0, 3)) {
	case 0:
		size = kt_range(r, 1, 9);
		break;
	case 1:
		size = 32 * kt_range(r, 1, most / 32 + 1) + kt_range(r, 0, 2) -
		       1;
		break;
	default:
		size = kt_range(r, 1, most);
		break;
	}
	return size > most ? most : size;
}

void kt_gemm(struct kt_case *c, struct kt_random *r,
	     const struct kt_limits *limits)
{
	uint32_t m, n, k;

	do {
		m = kt_size(r, limits->m);
		n = kt_size(r, limits->n);
		k = kt_size(r, limits->k);
		/* A matrix takes at most 4 bytes an element and ld / cols. */
	} while ((uint64_t)m * n * k > limits->macs ||
		 4 * ((uint64_t)m * (k + 64) + (uint64_t)k * (n + 64) +
		      (uint64_t)n * (m + 64)) >
			 limits->bytes);
	kt_gemm_shape(c, r, m, n, k);
}

/* --- The others ----------------------------------------------------------- */

void kt_elementwise(struct kt_case *c, struct kt_random *r, uint32_t most)
{
	struct ashlar_elementwise_args *e = &c->args.elementwise;
	enum kt_pattern pattern =
		(enum kt_pattern)kt_range(r, 0, KT_PATTERNS - 1);
	uint32_t in, out;

	memset(c, 0, sizeof(*c));
	c->kernel = ASHLAR_KERNEL_ELEMENTWISE;
	c->arg_bytes = sizeof(*e);
	e->count = kt_size(r, most);
	e->in = kt_range(r, ASHLAR_I32, ASHLAR_I8);
	e->out = kt_range(r, 0, 1) ? e->in : kt_range(r, ASHLAR_I32, ASHLAR_I8);
	e->op = kt_range(r, ASHLAR_OP_ADD, ASHLAR_OP_NONE);
	e->flags = (uint32_t)kt_random(r) & ASHLAR_ELEMENTWISE_FLAGS;
	e->scale_bits = 0xbe99999a;
	in = ashlar_format_bytes(e->in);
	out = ashlar_format_bytes(e->out);
	e->a = kt_take(c, r, e->count * in);
	e->b = kt_take(c, r, e->count * in);
	e->dst = in == out && kt_range(r, 0, 3) == 0 ?
			 e->a :
			 kt_take(c, r, e->count * out);
	kt_allocate(c, r);
	kt_fill(r, c->memory + e->a, e->count, e->in, pattern);
	kt_fill(r, c->memory + e->b, e->count, e->in, pattern);
	memcpy(c->expect, c->memory, c->bytes);
	ref_elementwise(e, c->memory, c->expect);
	snprintf(c->name, sizeof(c->name),
		 "elementwise %" PRIu64 " op %u in %u out %u flags %u pattern "
		 "%d%s",
		 e->count, e->op, e->in, e->out, e->flags, pattern,
		 e->dst == e->a ? " in place" : "");
}

void kt_copy(struct kt_case *c, struct kt_random *r, uint32_t most)
{
	struct ashlar_copy_args *a = &c->args.copy;
	uint32_t bytes, rows, i, dst_pitch, src_pitch;

	memset(c, 0, sizeof(*c));
	c->kernel = ASHLAR_KERNEL_COPY;
	c->arg_bytes = sizeof(*a);
	bytes = kt_size(r, most);
	rows = kt_range(r, 1, 1 + most / bytes);
	if (rows > 500)
		rows = 500;
	dst_pitch = kt_ld(r, bytes);
	src_pitch = kt_ld(r, bytes);
	a->row_bytes = bytes;
	a->rows = rows;
	a->dst_pitch = dst_pitch;
	a->src_pitch = src_pitch;
	a->dst = kt_take(c, r, (uint64_t)dst_pitch * rows);
	a->src = kt_take(c, r, (uint64_t)src_pitch * rows);
	/* Some upside down. */
	if (kt_range(r, 0, 3) == 0) {
		a->src += (uint64_t)src_pitch * (rows - 1);
		a->src_pitch = -a->src_pitch;
	}
	kt_allocate(c, r);
	memcpy(c->expect, c->memory, c->bytes);
	for (i = 0; i < rows; i++)
		memcpy(c->expect + a->dst + (uint64_t)i * dst_pitch,
		       c->memory + (int64_t)a->src + i * a->src_pitch, bytes);
	snprintf(c->name, sizeof(c->name),
		 "copy %u rows of %u, pitches %" PRId64 " %" PRId64, rows,
		 bytes, a->dst_pitch, a->src_pitch);
}

void kt_fill_case(struct kt_case *c, struct kt_random *r, uint32_t most)
{
	struct ashlar_fill_args *f = &c->args.fill;
	uint64_t i;

	memset(c, 0, sizeof(*c));
	c->kernel = ASHLAR_KERNEL_FILL;
	c->arg_bytes = sizeof(*f);
	f->bytes = kt_size(r, most);
	f->pattern = (uint32_t)kt_random(r);
	f->dst = kt_take(c, r, f->bytes);
	kt_allocate(c, r);
	memcpy(c->expect, c->memory, c->bytes);
	for (i = 0; i < f->bytes; i++)
		c->expect[f->dst + i] = (uint8_t)(f->pattern >> 8 * (i % 4));
	snprintf(c->name, sizeof(c->name), "fill %" PRIu64, f->bytes);
}

/* --- Running -------------------------------------------------------------- */

void kt_place(struct kt_case *c, uint64_t base)
{
	if (!strcmp(c->kernel, ASHLAR_KERNEL_GEMM)) {
		struct ashlar_gemm_args *g = &c->args.gemm;

		g->a += base;
		g->b += base;
		g->c += base;
		g->bias += g->bias ? base : 0;
		g->scale += g->scale ? base : 0;
	} else if (!strcmp(c->kernel, ASHLAR_KERNEL_ELEMENTWISE)) {
		c->args.elementwise.dst += base;
		c->args.elementwise.a += base;
		c->args.elementwise.b += base;
	} else if (!strcmp(c->kernel, ASHLAR_KERNEL_COPY)) {
		c->args.copy.dst += base;
		c->args.copy.src += base;
	} else {
		c->args.fill.dst += base;
	}
}

int kt_compare(const struct kt_case *c, const uint8_t *memory)
{
	size_t i, wrong = 0, first = 0;

	if (!memcmp(memory, c->expect, c->bytes))
		return 0;
	for (i = 0; i < c->bytes; i++) {
		if (memory[i] != c->expect[i] && wrong++ == 0)
			first = i;
	}
	printf("FAIL %s: %zu of %zu bytes differ, the first at %zu is 0x%02x, "
	       "expected 0x%02x\n",
	       c->name, wrong, c->bytes, first, memory[first],
	       c->expect[first]);
	return -1;
}
