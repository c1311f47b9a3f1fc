// SPDX-License-Identifier: MIT
#include "ref_linear.h"

#include <stdlib.h>

#include "ash_gemm.h"
#include "ref_walk.h"

#define F32_ONE	      0x3f800000u
#define F32_MINUS_ONE 0xbf800000u
#define F32_HALF      0x3f000000u
#define F32_SQRT_HALF 0x3f3504f3u

void *ref_alloc(size_t bytes)
{
	void *p = calloc(bytes ? bytes : 1, 1);

	if (!p)
		abort();
	return p;
}

/* --- Products -------------------------------------------------------------------- */

void ref_product_alloc(struct ref_product *p, size_t m, size_t n, size_t k,
		       uint32_t format)
{
	size_t bytes = ashlar_format_bytes(format);

	*p = (struct ref_product){ .m = m, .n = n, .k = k, .format = format };
	p->a = ref_alloc(m * k * bytes);
	p->b = ref_alloc(n * k * bytes);
	p->sums = ref_alloc(m * n * sizeof(uint32_t));
}

void ref_product_free(struct ref_product *p)
{
	free(p->a);
	free(p->b);
	free(p->sums);
}

/* The six products, in order: which term of a, which of b. */
static const uint8_t terms[6][2] = { { 2, 0 }, { 1, 1 }, { 0, 2 },
				     { 1, 0 }, { 0, 1 }, { 0, 0 } };

/* rows of k fp32 to rows of 6 * k bf16: for each chunk its six parts. */
static uint16_t *split(const struct ref_product *p, const uint8_t *from,
		       size_t rows, int side)
{
	uint16_t *to = ref_alloc(rows * 6 * p->k * sizeof(*to));
	size_t r, i, begin, end, chunk, part;

	for (r = 0; r < rows; r++) {
		const uint8_t *x = from + r * p->k * 4;
		uint16_t *y = to + r * 6 * p->k;

		for (begin = 0, chunk = 0; begin < p->k; begin = end, chunk++) {
			end = p->ends ? p->ends[chunk] : begin + 128;
			if (end > p->k)
				end = p->k;
			for (i = begin; i < end; i++) {
				uint32_t v, rest;
				uint16_t t[3];

				memcpy(&v, x + 4 * i, 4);
				v = ash_f32_read(v);
				t[0] = ash_f32_to_bf16(v);
				rest = ash_f32_sub(v, ash_bf16_to_f32(t[0]));
				t[1] = ash_f32_to_bf16(rest);
				rest = ash_f32_sub(rest, ash_bf16_to_f32(t[1]));
				t[2] = ash_f32_to_bf16(rest);
				for (part = 0; part < 6; part++)
					y[6 * begin + part * (end - begin) +
					  (i - begin)] = t[terms[part][side]];
			}
		}
	}
	return to;
}

void ref_product_run(struct ref_product *p)
{
	struct ash_gemm g = {
		.m = p->m,
		.n = p->n,
		.k = p->k,
		.type = p->format == ASHLAR_I8	 ? ASH_INT8 :
			p->format == ASHLAR_FP16 ? ASH_FP16 :
						   ASH_BF16,
		.a = p->a,
		.b = p->b,
		.transpose_b = true,
		.out = p->format == ASHLAR_I8 ? ASH_I32 : ASH_F32,
		.c = p->sums,
		.ldc = p->n,
	};
	uint16_t *a = NULL, *b = NULL;

	if (p->format == ASHLAR_F32) {
		g.a = a = split(p, p->a, p->m, 0);
		g.b = b = split(p, p->b, p->n, 1);
		g.k = 6 * p->k;
	}
	g.lda = g.k;
	g.ldb = g.k;
	if (ash_ref_gemm(&g))
		abort();
	free(a);
	free(b);
}

/* --- Epilogue -------------------------------------------------------------------- */

static struct ref_value column_value(const struct ashlar_tensor *t,
				     uint64_t column)
{
	const uint8_t *at = (const uint8_t *)(uintptr_t)t->addr;

	return ref_get(at + 4 * (int64_t)column * t->stride[0], t->format);
}

static struct ref_value add(struct ref_value v, struct ref_value w)
{
	v.bits = v.integer ? v.bits + w.bits : ash_f32_add(v.bits, w.bits);
	return v;
}

static struct ref_value activate(uint32_t which, struct ref_value v)
{
	uint32_t x, e;

	switch (which) {
	case ASHLAR_ACTIVATION_NONE:
		return v;
	case ASHLAR_ACTIVATION_RELU:
		if (v.integer)
			v.bits = (int32_t)v.bits < 0 ? 0 : v.bits;
		else
			v.bits = ash_f32_relu(v.bits);
		return v;
	case ASHLAR_ACTIVATION_GELU:
		x = ref_float(v);
		e = ash_f32_erf(ash_f32_mul(x, F32_SQRT_HALF));
		e = ash_f32_mul(ash_f32_add(e, F32_ONE), x);
		return ref_f32(ash_f32_mul(e, F32_HALF));
	default:
		x = ref_float(v);
		e = ash_f32_exp(ash_f32_mul(x, F32_MINUS_ONE));
		e = ash_f32_recip(ash_f32_add(e, F32_ONE));
		return ref_f32(ash_f32_mul(e, x));
	}
}

void ref_epilogue(const struct ashlar_epilogue *e, uint32_t in, uint32_t sum,
		  uint64_t column, const void *residual, void *to, uint32_t out)
{
	struct ref_value v = { sum, in == ASHLAR_I8 };

	if (e->bias.addr)
		v = add(v, column_value(&e->bias, column));
	if (e->scale.addr)
		v = ref_f32(ash_f32_mul(ref_float(v),
					column_value(&e->scale, column).bits));
	else if (e->flags & ASHLAR_EPILOGUE_SCALE)
		v = ref_f32(
			ash_f32_mul(ref_float(v), ref_bits(e->scale_value)));
	if (residual) {
		struct ref_value r = ref_get(residual, e->residual.format);

		if (e->flags & ASHLAR_EPILOGUE_RESIDUAL_SCALE)
			r = ref_f32(ash_f32_mul(ref_float(r),
						ref_bits(e->residual_value)));
		v = add(v, r);
	}
	ref_put(to, out, activate(e->activation, v));
}
