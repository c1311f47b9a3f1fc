// SPDX-License-Identifier: MIT
/*
 * The matrix unit in plain C that compilers vectorise. Products of 16-bit
 * floats are exact in fp32 until they leave its range, and a sum below 2^-126
 * is exact, so flushing what IEEE makes a denormal gives the board's result.
 */
#include <fenv.h>
#include <float.h>
#include <string.h>

#include "ash_num.h"
#include "matrix.h"
#include "units_portable.h"

#if FLT_EVAL_METHOD != 0
#error "float arithmetic must be done in float"
#endif

#define BLOCK 64u

/* A block of k: two planes for the elements of int8 units, else one. */
struct panels {
	uint32_t a[2][MATRIX_N_MAX][BLOCK]; /* [plane][row][unit] */
	uint32_t b[2][BLOCK][MATRIX_N_MAX]; /* [plane][unit][column] */
};

static uint32_t float_of_unit(uint32_t type, uint16_t unit)
{
	return type == ASHLAR_MATRIX_CFG_TYPE_BF16 ? ash_bf16_to_f32(unit) :
						     ash_f16_to_f32(unit);
}

/* The elements of a unit, widened. */
static void unit(const struct matrix_job *j, const struct matrix_operand *o,
		 uint32_t row, uint32_t k, uint32_t out[2])
{
	const uint8_t *p = o->kmajor ? matrix_line(o, j->n, k) :
				       matrix_row(o, row, k);

	if (j->type == ASHLAR_MATRIX_CFG_TYPE_INT8) {
		p += o->kmajor ? row : 0;
		out[0] = (uint32_t)(int8_t)p[0];
		out[1] = (uint32_t)(int8_t)p[o->kmajor ? j->n : 1];
		if (j->half_unit && k + 1 == j->units)
			out[1] = 0;
		return;
	}
	p += o->kmajor ? 2 * row : 0;
	out[0] = float_of_unit(j->type, (uint16_t)(p[0] | p[1] << 8));
	out[1] = 0;
}

static void pack(const struct matrix_job *j, struct panels *p, uint32_t k0,
		 uint32_t count)
{
	uint32_t u[2];

	for (uint32_t row = 0; row < j->n; row++) {
		for (uint32_t k = 0; k < count; k++) {
			unit(j, &j->a, row, k0 + k, u);
			p->a[0][row][k] = u[0];
			p->a[1][row][k] = u[1];
			unit(j, &j->b, row, k0 + k, u);
			p->b[0][k][row] = u[0];
			p->b[1][k][row] = u[1];
		}
	}
}

/* 8 results side by side, in registers. Not inline: modes were set for it. */
static __attribute__((noinline)) void sum_float(uint32_t *acc,
						const struct panels *p,
						uint32_t row, uint32_t col,
						uint32_t count)
{
	uint32_t sum[8];

	memcpy(sum, acc, sizeof(sum));
	for (uint32_t k = 0; k < count; k++) {
		float x = units_float(p->a[0][row][k]);
		const uint32_t *b = &p->b[0][k][col];

		for (int i = 0; i < 8; i++)
			sum[i] = units_flush(units_float(sum[i]) +
					     units_float(units_flush(
						     x * units_float(b[i]))));
	}
	memcpy(acc, sum, sizeof(sum));
}

static void sum_pairs(uint32_t *acc, const struct panels *p, uint32_t row,
		      uint32_t col, uint32_t count)
{
	uint32_t sum[8];

	memcpy(sum, acc, sizeof(sum));
	for (uint32_t k = 0; k < count; k++)
		for (int i = 0; i < 8; i++)
			sum[i] += p->a[0][row][k] * p->b[0][k][col + i] +
				  p->a[1][row][k] * p->b[1][k][col + i];
	memcpy(acc, sum, sizeof(sum));
}

void fast_matrix_portable(struct ash_tile *t, const struct ash_matrix_cmd *c)
{
	struct matrix_job j = matrix_job_of(t, c);
	bool pairs = j.type == ASHLAR_MATRIX_CFG_TYPE_INT8;
	uint32_t results = j.n * j.n;
	struct panels p;
	fenv_t modes;

	if (!j.accumulate)
		memset(j.acc, 0, results * sizeof(*j.acc));
	for (uint32_t i = 0; i < results && !pairs; i++)
		j.acc[i] = ash_f32_read(j.acc[i]);
	fegetenv(&modes);
	fesetenv(FE_DFL_ENV);
	for (uint32_t k = 0; k < j.units; k += BLOCK) {
		uint32_t left = j.units - k;
		uint32_t count = left < BLOCK ? left : BLOCK;

		pack(&j, &p, k, count);
		for (uint32_t row = 0; row < j.n; row++)
			for (uint32_t col = 0; col < j.n; col += 8)
				(pairs ? sum_pairs :
					 sum_float)(j.acc + row * j.n + col, &p,
						    row, col, count);
	}
	fesetenv(&modes);
	for (uint32_t i = 0; i < results && !pairs; i++)
		j.acc[i] = ash_f32_read(j.acc[i]);
}
