// SPDX-License-Identifier: MIT
/*
 * The sum of products uses the host's floating point: a product is exact, an
 * addition is rounded as IEEE 754 says, and what IEEE makes a denormal is exact
 * too, so that flushing it afterwards gives the board's result. Modes that
 * could change this are set aside meanwhile. The tests compare with ash_num.
 */
#include <errno.h>
#include <fenv.h>
#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "ash_gemm.h"
#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"

#if FLT_EVAL_METHOD != 0
#error "float arithmetic must be done in float"
#endif

size_t ash_type_size(enum ash_type type)
{
	switch (type) {
	case ASH_INT8:
		return 1;
	case ASH_BF16:
	case ASH_FP16:
		return 2;
	case ASH_F32:
	case ASH_I32:
		return 4;
	}
	return 0;
}

static uint32_t bits_of(float x)
{
	uint32_t u;

	memcpy(&u, &x, sizeof(u));
	return u;
}

static float float_of(uint32_t u)
{
	float x;

	memcpy(&x, &u, sizeof(x));
	return x;
}

/* Denormals to signed zeros. */
static float flush(float x)
{
	uint32_t u = bits_of(x);

	return float_of(u & ((u & ASH_F32_INF) ? 0xffffffffu : 0x80000000u));
}

/* An element as the array sees it: int32 or fp32. */
static uint32_t element(enum ash_type type, const void *base, size_t i)
{
	const uint8_t *p = (const uint8_t *)base + i * ash_type_size(type);
	uint16_t h;

	if (type == ASH_INT8)
		return (uint32_t)(int8_t)*p;
	h = (uint16_t)(p[0] | p[1] << 8);
	return type == ASH_BF16 ? ash_bf16_to_f32(h) : ash_f16_to_f32(h);
}

static void sum_f32(uint32_t *acc, const uint32_t *a, const uint32_t *b,
		    size_t n, size_t k)
{
	for (size_t i = 0; i < k; i++) {
		const uint32_t *row = b + i * n;
		float x = float_of(a[i]);

		for (size_t j = 0; j < n; j++)
			acc[j] = bits_of(flush(float_of(acc[j]) +
					       flush(x * float_of(row[j]))));
	}
}

static void sum_i32(uint32_t *acc, const uint32_t *a, const uint32_t *b,
		    size_t n, size_t k)
{
	for (size_t i = 0; i < k; i++) {
		const uint32_t *row = b + i * n;

		for (size_t j = 0; j < n; j++)
			acc[j] += a[i] * row[j];
	}
}

static uint32_t out_format(enum ash_type type)
{
	switch (type) {
	case ASH_INT8:
		return ASHLAR_VECTOR_CFG_SRC_FMT_I8;
	case ASH_BF16:
		return ASHLAR_VECTOR_CFG_SRC_FMT_BF16;
	case ASH_FP16:
		return ASHLAR_VECTOR_CFG_SRC_FMT_FP16;
	case ASH_I32:
		return ASHLAR_VECTOR_CFG_SRC_FMT_I32;
	default:
		return ASHLAR_VECTOR_CFG_SRC_FMT_F32;
	}
}

/* From sums to a row of C, as the vector unit does it. */
static void finish(const struct ash_gemm *g, size_t row, const uint32_t *acc)
{
	size_t size = ash_type_size(g->out);
	uint8_t *c = (uint8_t *)g->c + row * g->ldc * size;
	struct ash_vector_lane l = { 0 };

	l.cfg = g->type == ASH_INT8 ? ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32 :
				      ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32;
	l.cfg |= out_format(g->out) << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT;
	if (g->bias)
		l.cfg |= ASHLAR_VECTOR_CFG_SRC2_SEL_ROW
			 << ASHLAR_VECTOR_CFG_BIAS_SEL_SHIFT;
	if (g->scale)
		l.cfg |= ASHLAR_VECTOR_CFG_SRC2_SEL_ROW
			 << ASHLAR_VECTOR_CFG_SCALE_SEL_SHIFT;
	if (g->relu)
		l.cfg |= ASHLAR_VECTOR_CFG_RELU_MASK;
	for (size_t j = 0; j < g->n; j++) {
		uint32_t v;
		int integer;

		l.x = g->type == ASH_INT8 ? acc[j] : ash_f32_read(acc[j]);
		l.bias = g->bias ? g->bias[j] : 0;
		l.scale = g->scale ? g->scale[g->scale_per_column ? j : 0] : 0;
		v = ash_vector_value(&l, &integer);
		v = ash_vector_convert(l.cfg, v, integer);
		for (size_t i = 0; i < size; i++)
			c[j * size + i] = (uint8_t)(v >> 8 * i);
	}
}

static bool valid(const struct ash_gemm *g)
{
	if (g->type != ASH_INT8 && g->type != ASH_BF16 && g->type != ASH_FP16)
		return false;
	if (!ash_type_size(g->out) || g->ldc < g->n)
		return false;
	if (g->lda < (g->transpose_a ? g->m : g->k) ||
	    g->ldb < (g->transpose_b ? g->k : g->n))
		return false;
	if (!g->m || !g->n)
		return true;
	return g->c && (!g->k || (g->a && g->b));
}

int ash_ref_gemm(const struct ash_gemm *g)
{
	uint32_t *a, *b, *acc;
	fenv_t modes;

	if (!valid(g))
		return -EINVAL;
	if (g->n && g->k > SIZE_MAX / 4 / g->n)
		return -ENOMEM;
	a = malloc((g->k + 1) * sizeof(*a));
	b = malloc((g->k * g->n + 1) * sizeof(*b));
	acc = malloc((g->n + 1) * sizeof(*acc));
	if (!a || !b || !acc) {
		free(a);
		free(b);
		free(acc);
		return -ENOMEM;
	}
	for (size_t i = 0; i < g->k; i++)
		for (size_t j = 0; j < g->n; j++)
			b[i * g->n + j] = element(g->type, g->b,
						  g->transpose_b ?
							  j * g->ldb + i :
							  i * g->ldb + j);

	fegetenv(&modes);
	fesetenv(FE_DFL_ENV);
	for (size_t row = 0; row < g->m; row++) {
		for (size_t i = 0; i < g->k; i++)
			a[i] = element(g->type, g->a,
				       g->transpose_a ? i * g->lda + row :
							row * g->lda + i);
		memset(acc, 0, g->n * sizeof(*acc));
		if (g->type == ASH_INT8)
			sum_i32(acc, a, b, g->n, g->k);
		else
			sum_f32(acc, a, b, g->n, g->k);
		finish(g, row, acc);
	}
	fesetenv(&modes);
	free(a);
	free(b);
	free(acc);
	return 0;
}
