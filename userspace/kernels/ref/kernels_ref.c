/* SPDX-License-Identifier: MIT */
#include "kernels_ref.h"

#include <stdlib.h>
#include <string.h>

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

/* op(X) as rows x k words, widened, row by row. */
static uint32_t *operand(const uint8_t *x, uint32_t format, uint32_t ld,
			 bool k_along_rows, uint32_t rows, uint32_t k)
{
	uint32_t bytes = ashlar_format_bytes(format);
	uint32_t *w = malloc((size_t)rows * k * sizeof(*w));
	uint32_t i, j;

	if (!w)
		abort();
	for (i = 0; i < rows; i++) {
		for (j = 0; j < k; j++) {
			uint64_t at = k_along_rows ? (uint64_t)i * ld + j :
						     (uint64_t)j * ld + i;

			w[(size_t)i * k + j] = widen(format, x + at * bytes);
		}
	}
	return w;
}

static uint32_t dot_int(const uint32_t *x, const uint32_t *y, uint32_t k)
{
	uint32_t sum = 0;
	uint32_t i;

	for (i = 0; i < k; i++)
		sum += x[i] * y[i];
	return sum;
}

static uint32_t dot_float(const uint32_t *x, const uint32_t *y, uint32_t k)
{
	uint32_t sum = 0;
	uint32_t i;

	for (i = 0; i < k; i++)
		sum = ash_f32_add(sum, ash_f32_mul(x[i], y[i]));
	return sum;
}

void ref_gemm(const struct ashlar_gemm_args *g, uint8_t *memory)
{
	bool integer = g->type == ASHLAR_I8;
	uint32_t out = ashlar_format_bytes(g->out);
	uint32_t *a = operand(memory + g->a, g->type, g->lda,
			      !(g->flags & ASHLAR_GEMM_TRANS_A), g->m, g->k);
	uint32_t *b = operand(memory + g->b, g->type, g->ldb,
			      g->flags & ASHLAR_GEMM_TRANS_B, g->n, g->k);
	uint32_t i, j;

	for (i = 0; i < g->m; i++) {
		for (j = 0; j < g->n; j++) {
			const uint32_t *x = a + (size_t)i * g->k;
			const uint32_t *y = b + (size_t)j * g->k;
			const uint32_t *scale = NULL;
			uint32_t v = integer ? dot_int(x, y, g->k) :
					       dot_float(x, y, g->k);
			uint32_t column;

			if (g->bias) {
				uint32_t bias = get(
					memory + g->bias + 4 * (uint64_t)j, 4);

				v = integer ? v + bias : ash_f32_add(v, bias);
			}
			if (g->scale) {
				column = get(
					memory + g->scale + 4 * (uint64_t)j, 4);
				scale = &column;
			} else if (g->flags & ASHLAR_GEMM_SCALE) {
				scale = &g->scale_bits;
			}
			finish(memory + g->c + ((uint64_t)i * g->ldc + j) * out,
			       g->out, integer, v, scale,
			       g->flags & ASHLAR_GEMM_RELU);
		}
	}
	free(a);
	free(b);
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
