/* SPDX-License-Identifier: MIT */
/* Rows of [batch, heads, length, d] and products of them, for the references. */
#ifndef REF_ATTENTION_H
#define REF_ATTENTION_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ash_gemm.h"
#include "ash_num.h"
#include "attention.h"
#include "ref.h"

#define D_MAX	 128u
#define TILE	 64u /* most lanes */
#define BLOCK	 (8 * TILE)
#define GREATEST 0x7f7fffffu
#define LEAST	 0x00800000u
#define MINUS	 0x80000000u

static inline uint32_t least64(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* --- Tensors ------------------------------------------------------------------ */

static inline uint8_t *row_at(const struct ashlar_tensor *t, uint64_t b,
			      uint64_t h, uint64_t i)
{
	int64_t at = (int64_t)b * t->stride[0] + (int64_t)h * t->stride[1] +
		     (int64_t)i * t->stride[2];

	return (uint8_t *)(uintptr_t)t->addr +
	       at * (int64_t)ashlar_format_bytes(t->format);
}

static inline uint32_t read_float(uint32_t format, const uint8_t *p)
{
	uint32_t v = 0;

	memcpy(&v, p, ashlar_format_bytes(format));
	if (format == ASHLAR_BF16)
		return ash_bf16_to_f32((uint16_t)v);
	return format == ASHLAR_FP16 ? ash_f16_to_f32((uint16_t)v) :
				       ash_f32_read(v);
}

static inline uint16_t to_16(uint32_t format, uint32_t v)
{
	return format == ASHLAR_BF16 ? ash_f32_to_bf16(v) : ash_f32_to_f16(v);
}

static inline void write_float(uint32_t format, uint8_t *p, uint32_t v)
{
	uint16_t half;

	if (format == ASHLAR_F32) {
		v = ash_f32_read(v);
		memcpy(p, &v, 4);
	} else {
		half = to_16(format, v);
		memcpy(p, &half, 2);
	}
}

/* Rows of 16-bit elements, side by side. */
static inline void gather(uint16_t *to, const struct ashlar_tensor *t,
			  uint64_t b, uint64_t h, uint64_t first, uint32_t rows)
{
	uint64_t d = t->shape[3];

	for (uint32_t r = 0; r < rows; r++)
		memcpy(to + r * d, row_at(t, b, h, first + r), 2 * d);
}

/* --- Products ------------------------------------------------------------------- */

static inline void product(uint32_t format, const uint16_t *a, bool ta,
			   const uint16_t *b, bool tb, uint32_t m, uint32_t n,
			   uint32_t k, uint32_t *c)
{
	struct ash_gemm g = {
		.m = m,
		.n = n,
		.k = k,
		.type = format == ASHLAR_BF16 ? ASH_BF16 : ASH_FP16,
		.a = a,
		.b = b,
		.lda = ta ? m : k,
		.ldb = tb ? k : n,
		.transpose_a = ta,
		.transpose_b = tb,
		.out = ASH_F32,
		.c = c,
		.ldc = n,
	};

	if (ash_ref_gemm(&g))
		abort();
}

#endif
