/* SPDX-License-Identifier: MIT */
#include "kernels_ref.h"

#include <stdlib.h>
#include <string.h>

#include "ash_gemm.h"
#include "ash_num.h"

static uint32_t get(const uint8_t *p, uint32_t bytes)
{
	uint32_t v = 0;
	uint32_t i;

	for (i = 0; i < bytes; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void put(uint8_t *p, uint32_t bytes, uint32_t v)
{
	uint32_t i;

	for (i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static bool is_integer(uint32_t format)
{
	return format == ASHLAR_I8 || format == ASHLAR_I32;
}

/* An element as int32 or fp32 bits. */
static uint32_t widen(uint32_t format, const uint8_t *p)
{
	uint32_t v = get(p, ashlar_format_bytes(format));

	switch (format) {
	case ASHLAR_I8:
		return (uint32_t)(int32_t)(int8_t)v;
	case ASHLAR_I32:
		return v;
	case ASHLAR_F32:
		return ash_f32_read(v);
	case ASHLAR_BF16:
		return ash_bf16_to_f32((uint16_t)v);
	default:
		return ash_f16_to_f32((uint16_t)v);
	}
}

/* Scale (if any), ReLU, conversion: from int32 or fp32 bits to format. */
static void finish(uint8_t *to, uint32_t format, bool integer, uint32_t v,
		   const uint32_t *scale, bool relu)
{
	uint32_t bytes = ashlar_format_bytes(format);

	if (scale) {
		v = ash_f32_mul(integer ? ash_i32_to_f32((int32_t)v) : v,
				*scale);
		integer = false;
	}
	if (relu && integer)
		v = (int32_t)v < 0 ? 0 : v;
	else if (relu)
		v = ash_f32_relu(v);
	if (integer && format == ASHLAR_I8) {
		put(to, bytes, (uint8_t)ash_i32_to_i8((int32_t)v));
		return;
	}
	if (integer && format == ASHLAR_I32) {
		put(to, bytes, v);
		return;
	}
	if (integer)
		v = ash_i32_to_f32((int32_t)v);
	switch (format) {
	case ASHLAR_I8:
		v = (uint8_t)ash_f32_to_i8(v);
		break;
	case ASHLAR_I32:
		v = (uint32_t)ash_f32_to_i32(v);
		break;
	case ASHLAR_BF16:
		v = ash_f32_to_bf16(v);
		break;
	case ASHLAR_FP16:
		v = ash_f32_to_f16(v);
		break;
	default:
		v = ash_f32_read(v);
		break;
	}
	put(to, bytes, v);
}

static enum ash_type gemm_type(uint32_t format)
{
	switch (format) {
	case ASHLAR_I8:
		return ASH_INT8;
	case ASHLAR_BF16:
		return ASH_BF16;
	case ASHLAR_FP16:
		return ASH_FP16;
	case ASHLAR_I32:
		return ASH_I32;
	default:
		return ASH_F32;
	}
}

/* A row of n words from memory of any alignment; NULL for address 0. */
static uint32_t *words(const uint8_t *memory, uint64_t at, uint32_t n)
{
	uint32_t *w = NULL;
	uint32_t i;

	if (!at)
		return NULL;
	w = malloc((size_t)n * sizeof(*w));
	if (!w)
		abort();
	for (i = 0; i < n; i++)
		w[i] = get(memory + at + 4 * (uint64_t)i, 4);
	return w;
}

void ref_gemm(const struct ashlar_gemm_args *g, uint8_t *memory)
{
	uint32_t *bias = words(memory, g->bias, g->n);
	uint32_t *scale = words(memory, g->scale, g->n);
	struct ash_gemm r = {
		.m = g->m,
		.n = g->n,
		.k = g->k,
		.type = gemm_type(g->type),
		.a = memory + g->a,
		.b = memory + g->b,
		.lda = g->lda,
		.ldb = g->ldb,
		.transpose_a = g->flags & ASHLAR_GEMM_TRANS_A,
		.transpose_b = g->flags & ASHLAR_GEMM_TRANS_B,
		.bias = bias,
		.scale = scale,
		.scale_per_column = scale != NULL,
		.relu = g->flags & ASHLAR_GEMM_RELU,
		.out = gemm_type(g->out),
		.c = memory + g->c,
		.ldc = g->ldc,
	};

	if (!scale && g->flags & ASHLAR_GEMM_SCALE)
		r.scale = &g->scale_bits;
	if (ash_ref_gemm(&r))
		abort();
	free(bias);
	free(scale);
}

static uint32_t combine(uint32_t op, bool integer, uint32_t x, uint32_t y)
{
	int32_t sx = (int32_t)x, sy = (int32_t)y;

	switch (op) {
	case ASHLAR_OP_ADD:
		return integer ? x + y : ash_f32_add(x, y);
	case ASHLAR_OP_SUB:
		return integer ? x - y : ash_f32_sub(x, y);
	case ASHLAR_OP_MUL:
		return integer ? x * y : ash_f32_mul(x, y);
	case ASHLAR_OP_MAX:
		return integer ? (sx > sy ? x : y) : ash_f32_max(x, y);
	case ASHLAR_OP_MIN:
		return integer ? (sx < sy ? x : y) : ash_f32_min(x, y);
	default:
		return x;
	}
}

void ref_elementwise(const struct ashlar_elementwise_args *e,
		     const uint8_t *before, uint8_t *after)
{
	bool integer = is_integer(e->in);
	uint32_t in = ashlar_format_bytes(e->in);
	uint32_t out = ashlar_format_bytes(e->out);
	uint64_t i;

	for (i = 0; i < e->count; i++) {
		uint32_t v = combine(e->op, integer,
				     widen(e->in, before + e->a + i * in),
				     widen(e->in, before + e->b + i * in));

		finish(after + e->dst + i * out, e->out, integer, v,
		       e->flags & ASHLAR_ELEMENTWISE_SCALE ? &e->scale_bits :
							     NULL,
		       e->flags & ASHLAR_ELEMENTWISE_RELU);
	}
}
