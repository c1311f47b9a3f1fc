// SPDX-License-Identifier: MIT
/*
 * The matrix unit in C for any processor, with the vectors that compilers make
 * of whatever there is. Nothing is asked of the host but IEEE arithmetic: a
 * product of 16-bit floats is exact until it leaves the range of fp32, and a
 * sum below 2^-126 is exact, so flushing what IEEE makes a denormal gives the
 * board's result. Sums of int8 products are done in fp32, too; those of one
 * block are less than 2^24 and so exact.
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

#define INLINE static inline __attribute__((always_inline))
#define BLOCK  64u /* elements of k */

typedef float vec __attribute__((vector_size(16)));
typedef uint32_t vec_bits __attribute__((vector_size(16)));

enum sums {
	FLOAT, /* products and sums may be denormals */
	FLOAT_FIT, /* sums may */
	INTEGER, /* neither; the sum of a block is added as an integer */
};

struct panels {
	float a[MATRIX_N_MAX * BLOCK]; /* [row][k], k-major: [k][row] */
	float b[BLOCK * MATRIX_N_MAX]; /* [k][column] */
};

/* --- Panels --------------------------------------------------------------- */

static void widen(uint32_t type, float *to, const uint8_t *from, uint32_t count)
{
	uint16_t x[MATRIX_N_MAX];

	if (type == ASHLAR_MATRIX_CFG_TYPE_INT8) {
		for (uint32_t i = 0; i < count; i++)
			to[i] = (float)(int8_t)from[i];
		return;
	}
	units_load16(x, from, count);
	if (type == ASHLAR_MATRIX_CFG_TYPE_BF16)
		for (uint32_t i = 0; i < count; i++)
			to[i] = units_float(units_bf16(x[i]));
	else
		for (uint32_t i = 0; i < count; i++)
			to[i] = units_float(units_fp16(x[i]));
}

static void pack_lines(const struct matrix_job *j, float *panel,
		       const struct matrix_operand *o, uint32_t k0,
		       uint32_t count)
{
	uint32_t size = matrix_size_of(j->type);

	for (uint32_t k = 0; k < count; k++)
		widen(j->type, panel + k * j->n,
		      matrix_line(o, size, j->n, k0 + k), j->n);
}

/* Each element `step` behind the one before, rows `pitch` apart. */
static void pack_rows(const struct matrix_job *j, float *panel,
		      const struct matrix_operand *o, uint32_t pitch,
		      uint32_t step, uint32_t k0, uint32_t count)
{
	uint32_t size = matrix_size_of(j->type);
	float x[BLOCK];

	for (uint32_t row = 0; row < j->n; row++) {
		widen(j->type, x, matrix_row(o, size, row, k0), count);
		for (uint32_t k = 0; k < count; k++)
			panel[row * pitch + k * step] = x[k];
	}
}

/* Whether no product of these with ones like them is a denormal. */
static bool fits(const float *panel, uint32_t count)
{
	uint32_t bad = 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t mag = units_bits(panel[i]) & 0x7fffffffu;

		bad |= (mag < 0x20000000u) & (mag != 0); /* 2^-63 */
	}
	return !bad;
}

static enum sums pack(const struct matrix_job *j, struct panels *p, uint32_t k0,
		      uint32_t count)
{
	uint32_t n = j->n;
	bool fit = true;

	if (j->a.kmajor)
		pack_lines(j, p->a, &j->a, k0, count);
	else
		pack_rows(j, p->a, &j->a, BLOCK, 1, k0, count);
	if (j->b.kmajor)
		pack_lines(j, p->b, &j->b, k0, count);
	else
		pack_rows(j, p->b, &j->b, 1, n, k0, count);
	if (j->type == ASHLAR_MATRIX_CFG_TYPE_INT8)
		return INTEGER;
	/* products of fp16 always fit */
	if (j->type == ASHLAR_MATRIX_CFG_TYPE_BF16) {
		fit = fits(p->b, n * count);
		if (j->a.kmajor)
			fit = fit && fits(p->a, n * count);
		else
			for (uint32_t i = 0; i < n; i++)
				fit = fit && fits(p->a + i * BLOCK, count);
	}
	return fit ? FLOAT_FIT : FLOAT;
}

/* --- Sums ----------------------------------------------------------------- */

/* Denormals to signed zeros. */
INLINE vec flush(vec x)
{
	vec_bits u = (vec_bits)x;
	vec_bits normal = (vec_bits)((u & 0x7f800000u) != 0);

	return (vec)(u & (normal | 0x80000000u));
}

INLINE vec load(const void *at)
{
	vec x;

	memcpy(&x, at, sizeof(x));
	return x;
}

/* 4 x 8 results. */
INLINE void sum_tile(enum sums how, bool kmajor, uint32_t *acc, uint32_t n,
		     const float *a, const float *b, uint32_t count)
{
	uint32_t a_row = kmajor ? 1 : BLOCK, a_k = kmajor ? n : 1;
	vec sum[4][2] = { 0 };

	for (int i = 0; i < 4 && how != INTEGER; i++)
		for (int v = 0; v < 2; v++)
			sum[i][v] = load(acc + (uint32_t)i * n + 4 * v);
	for (uint32_t k = 0; k < count; k++) {
		vec y[2] = { load(b), load(b + 4) };

		for (uint32_t i = 0; i < 4; i++) {
			for (int v = 0; v < 2; v++) {
				vec p = a[i * a_row] * y[v];

				if (how == FLOAT)
					p = flush(p);
				p = sum[i][v] + p;
				sum[i][v] = how == INTEGER ? p : flush(p);
			}
		}
		a += a_k;
		b += n;
	}
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t c = 0; c < 8; c++) {
			uint32_t *to = acc + i * n + c;
			float s = sum[i][c / 4][c % 4];

			*to = how == INTEGER ? *to + (uint32_t)(int32_t)s :
					       units_bits(s);
		}
	}
}

/* Not inline: no operation on numbers may leave the modes it needs. */
#define SUM(name, how, kmajor)                                                \
	static __attribute__((noinline)) void name(uint32_t *acc, uint32_t n, \
						   const struct panels *p,    \
						   uint32_t count)            \
	{                                                                     \
		for (uint32_t row = 0; row < n; row += 4)                     \
			for (uint32_t col = 0; col < n; col += 8)             \
				sum_tile(how, kmajor, acc + row * n + col, n, \
					 p->a + row * (kmajor ? 1 : BLOCK),   \
					 p->b + col, count);                  \
	}
SUM(sum_float_rows, FLOAT, false)
SUM(sum_float_lines, FLOAT, true)
SUM(sum_fit_rows, FLOAT_FIT, false)
SUM(sum_fit_lines, FLOAT_FIT, true)
SUM(sum_integer_rows, INTEGER, false)
SUM(sum_integer_lines, INTEGER, true)

static void sum(enum sums how, const struct matrix_job *j,
		const struct panels *p, uint32_t count)
{
	static void (*const sums[][2])(uint32_t *, uint32_t,
				       const struct panels *, uint32_t) = {
		[FLOAT] = { sum_float_rows, sum_float_lines },
		[FLOAT_FIT] = { sum_fit_rows, sum_fit_lines },
		[INTEGER] = { sum_integer_rows, sum_integer_lines },
	};

	sums[how][j->a.kmajor](j->acc, j->n, p, count);
}

void fast_matrix_portable(struct ash_tile *t, const struct ash_matrix_cmd *c)
{
	struct matrix_job j = matrix_job_of(t, c);
	bool integer = j.type == ASHLAR_MATRIX_CFG_TYPE_INT8;
	uint32_t results = j.n * j.n;
	struct panels p;
	fenv_t modes;

	if (!j.accumulate)
		memset(j.acc, 0, results * sizeof(*j.acc));
	for (uint32_t i = 0; i < results && !integer; i++)
		j.acc[i] = ash_f32_read(j.acc[i]);
	fegetenv(&modes);
	fesetenv(FE_DFL_ENV);
	for (uint32_t k = 0; k < j.k; k += BLOCK) {
		uint32_t left = j.k - k;
		uint32_t count = left < BLOCK ? left : BLOCK;

		sum(pack(&j, &p, k, count), &j, &p, count);
	}
	fesetenv(&modes);
	for (uint32_t i = 0; i < results && !integer; i++)
		j.acc[i] = ash_f32_read(j.acc[i]);
}
