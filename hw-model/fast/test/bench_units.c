// SPDX-License-Identifier: MIT
/*
 * How fast the units are, beside one thread of OpenBLAS's sgemm. All are
 * measured in turn, several times over; a ratio is the median of the ratios
 * within a turn, so that other load on the machine matters little.
 */
#include <cblas.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ashlar_regs.h"
#include "units_random.h"

#define N	32u
#define K	512u
#define SGEMM_N 512
#define TURNS	21
#define SPAD	(512u << 10)
#define BLOCKS	4u /* operands are as spread out as in a kernel */
#define BLOCK	(SPAD / 2 / BLOCKS)

/* Other load on the machine does not count. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int order(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(const double *values)
{
	double v[TURNS];

	memcpy(v, values, sizeof(v));
	qsort(v, TURNS, sizeof(v[0]), order);
	return v[TURNS / 2];
}

/* Multiplications a second. */
static double sgemm(float *m)
{
	const size_t size = (size_t)SGEMM_N * SGEMM_N;
	double start = now();

	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SGEMM_N, SGEMM_N,
		    SGEMM_N, 1, m, SGEMM_N, m + size, SGEMM_N, 0, m + 2 * size,
		    SGEMM_N);
	return (double)size * SGEMM_N / (now() - start);
}

struct matrix_case {
	const char *name;
	uint32_t cfg;
};

#define A_KMAJOR ASHLAR_MATRIX_CFG_A_KMAJOR_MASK
#define B_KMAJOR ASHLAR_MATRIX_CFG_B_KMAJOR_MASK
static const struct matrix_case matrix_cases[] = {
	{ "int8, A rows, B k-major", ASHLAR_MATRIX_CFG_TYPE_INT8 | B_KMAJOR },
	{ "int8, both k-major",
	  ASHLAR_MATRIX_CFG_TYPE_INT8 | A_KMAJOR | B_KMAJOR },
	{ "int8, both rows", ASHLAR_MATRIX_CFG_TYPE_INT8 },
	{ "bf16, A rows, B k-major", ASHLAR_MATRIX_CFG_TYPE_BF16 | B_KMAJOR },
	{ "bf16, both k-major",
	  ASHLAR_MATRIX_CFG_TYPE_BF16 | A_KMAJOR | B_KMAJOR },
	{ "bf16, both rows", ASHLAR_MATRIX_CFG_TYPE_BF16 },
	{ "fp16, A rows, B k-major", ASHLAR_MATRIX_CFG_TYPE_FP16 | B_KMAJOR },
	{ "fp16, both k-major",
	  ASHLAR_MATRIX_CFG_TYPE_FP16 | A_KMAJOR | B_KMAJOR },
	{ "fp16, both rows", ASHLAR_MATRIX_CFG_TYPE_FP16 },
};
#define MATRIX_CASES (sizeof(matrix_cases) / sizeof(matrix_cases[0]))

/* Multiplications a second. */
static double matrix(struct ash_tile *t, const struct fast_units *u,
		     const struct matrix_case *m, unsigned int commands)
{
	uint32_t type = m->cfg & ASHLAR_MATRIX_CFG_TYPE_MASK;
	uint32_t size = type == ASHLAR_MATRIX_CFG_TYPE_INT8 ? 1 : 2;
	struct ash_matrix_cmd c = {
		.k = K,
		.cfg = m->cfg | ASHLAR_MATRIX_CFG_ACCUMULATE_MASK,
		.tiles = 1,
		.parts = 1,
	};
	double start;

	c.a_pitch = m->cfg & A_KMAJOR ? 4 * N : K * size;
	c.b_pitch = m->cfg & B_KMAJOR ? 4 * N : K * size;
	start = now();
	for (unsigned int i = 0; i < commands; i++) {
		c.a_addr = i % BLOCKS * BLOCK;
		c.b_addr = SPAD / 2 + i / BLOCKS % BLOCKS * BLOCK;
		u->matrix(t, &c);
	}
	return (double)commands * N * N * K / (now() - start);
}

struct vector_case {
	const char *name;
	uint32_t cfg, op;
	uint32_t rows; /* of a group, N rows in all */
};

#define CFG(name, v) ((uint32_t)(v) << ASHLAR_VECTOR_CFG_##name##_SHIFT)
#define OP(name, v)  ((uint32_t)(v) << ASHLAR_VECTOR_OP_##name##_SHIFT)
#define FORMATS(src, dst)                                \
	(CFG(SRC_FMT, ASHLAR_VECTOR_CFG_SRC_FMT_##src) | \
	 CFG(DST_FMT, ASHLAR_VECTOR_CFG_SRC_FMT_##dst))
#define SRC2(fmt, op)                                                          \
	(CFG(SRC2_SEL, ROW) | CFG(SRC2_FMT, ASHLAR_VECTOR_CFG_SRC_FMT_##fmt) | \
	 CFG(SRC2_OP, ASHLAR_VECTOR_CFG_SRC2_OP_##op))
#define FN(name) OP(FN, ASHLAR_VECTOR_OP_FN_##name)
#define ROW	 ASHLAR_VECTOR_CFG_SRC2_SEL_ROW
#define WORDS	 ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR

static const struct vector_case vector_cases[] = {
	{ "fp32 accumulators to fp32", FORMATS(ACC_F32, F32), 0, N },
	{ "fp32 accumulators, bias, ReLU, to bf16",
	  FORMATS(ACC_F32, BF16) | CFG(BIAS_SEL, ROW) | CFG(RELU, 1), 0, N },
	{ "int32 accumulators, bias, scale row, ReLU, to int8",
	  FORMATS(ACC_I32, I8) | CFG(BIAS_SEL, ROW) | CFG(SCALE_SEL, ROW) |
		  CFG(RELU, 1),
	  0, N },
	{ "fp32 sum of two, to fp32", FORMATS(F32, F32) | SRC2(F32, ADD), 0,
	  N },
	{ "fp16 sum of two, ReLU, to fp16",
	  FORMATS(FP16, FP16) | SRC2(FP16, ADD) | CFG(RELU, 1), 0, N },
	{ "bf16 maximum of two, to bf16", FORMATS(BF16, BF16) | SRC2(BF16, MAX),
	  0, N },
	{ "fp32 comparison, to fp32", FORMATS(F32, F32) | SRC2(F32, GT), 0, N },
	{ "int32 upper product, to int32", FORMATS(I32, I32) | SRC2(I32, MULHU),
	  0, N },
	{ "fp32 exp, to fp32", FORMATS(F32, F32), FN(EXP), N },
	{ "fp32 log, to fp32", FORMATS(F32, F32), FN(LOG), N },
	{ "fp32 reciprocal, to fp32", FORMATS(F32, F32), FN(RECIP), N },
	{ "fp32 reciprocal root, to fp32", FORMATS(F32, F32), FN(RSQRT), N },
	{ "fp32 root, to fp32", FORMATS(F32, F32), FN(SQRT), N },
	{ "fp32 tanh, to fp32", FORMATS(F32, F32), FN(TANH), N },
	{ "fp32 erf, to fp32", FORMATS(F32, F32), FN(ERF), N },
	{ "bf16 exp behind a word's sum, reduced to a word",
	  FORMATS(BF16, BF16) | CFG(BIAS_SEL, WORDS),
	  FN(EXP) | OP(RED_MODE, ASHLAR_VECTOR_OP_RED_MODE_WORD), 4 },
	{ "fp32 sums of lanes", CFG(SRC_FMT, ASHLAR_VECTOR_CFG_SRC_FMT_F32),
	  OP(RED_MODE, ASHLAR_VECTOR_OP_RED_MODE_LANES), N },
	{ "fp32 sums of single rows",
	  CFG(SRC_FMT, ASHLAR_VECTOR_CFG_SRC_FMT_F32),
	  OP(RED_MODE, ASHLAR_VECTOR_OP_RED_MODE_WORD), 1 },
	{ "fp32 transposition", FORMATS(F32, F32) | CFG(TRANSPOSE, 1), 0, N },
	{ "bf16 transposition", FORMATS(BF16, BF16) | CFG(TRANSPOSE, 1), 0, N },
	{ "int8 transposition", FORMATS(I8, I8) | CFG(TRANSPOSE, 1), 0, N },
};
#define VECTOR_CASES (sizeof(vector_cases) / sizeof(vector_cases[0]))

static uint32_t row_bytes(uint32_t fmt)
{
	return fmt == ASHLAR_VECTOR_CFG_SRC_FMT_I8 ? N :
	       fmt == ASHLAR_VECTOR_CFG_SRC_FMT_BF16 ||
			       fmt == ASHLAR_VECTOR_CFG_SRC_FMT_FP16 ?
						     2 * N :
						     4 * N;
}

/* Nanoseconds a row. */
static double vector(struct ash_tile *t, const struct fast_units *u,
		     const struct vector_case *v, unsigned int commands)
{
	uint32_t src = v->cfg & ASHLAR_VECTOR_CFG_SRC_FMT_MASK;
	uint32_t dst = row_bytes((v->cfg & ASHLAR_VECTOR_CFG_DST_FMT_MASK) >>
				 ASHLAR_VECTOR_CFG_DST_FMT_SHIFT);
	bool acc = src <= ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32;
	struct ash_vector_cmd c = { .cfg = v->cfg, .op = v->op };
	struct fast_vector_kept kept;
	struct fast_vector_part part = { &c, 0, 0, &kept };
	struct ash_cmd_error err;
	double start;

	c.src = acc ? 0 : BLOCK;
	c.src_pitch = acc ? 1 : row_bytes(src);
	c.src_gpitch = v->rows * c.src_pitch;
	c.src2 = 2 * BLOCK;
	c.src2_pitch = c.src_pitch;
	c.src2_gpitch = c.src_gpitch;
	c.scale = 4 * N;
	c.dst = 3 * BLOCK;
	c.dst_pitch = dst;
	c.dst_gpitch = v->rows * dst;
	c.rows = v->rows;
	c.groups = part.end = N / v->rows;
	c.red = 4 * BLOCK;
	if (ash_vector_check(t, &c, &err)) {
		fprintf(stderr, "bench_units: \"%s\" is refused for %x\n",
			v->name, err.sub);
		exit(1);
	}
	start = now();
	for (unsigned int i = 0; i < commands; i++)
		u->vector(t, &part);
	return 1e9 * (now() - start) / (commands * N);
}

static void bench(const struct fast_units *u, struct ash_tile *t, float *m,
		  unsigned int effort)
{
	static double rate[MATRIX_CASES][TURNS], ratio[MATRIX_CASES][TURNS];
	static double row[VECTOR_CASES][TURNS], blas[TURNS];

	for (int turn = 0; turn < TURNS; turn++) {
		blas[turn] = sgemm(m);
		for (size_t i = 0; i < MATRIX_CASES; i++) {
			rate[i][turn] = matrix(t, u, &matrix_cases[i], effort);
			ratio[i][turn] = rate[i][turn] / blas[turn];
		}
		for (size_t i = 0; i < VECTOR_CASES; i++)
			row[i][turn] = vector(t, u, &vector_cases[i], effort);
	}
	printf("units \"%s\", N = %u, K = %u; OpenBLAS sgemm %d^3, one thread: %.1f G MAC/s\n",
	       u->name, N, K, SGEMM_N, 1e-9 * median(blas));
	for (size_t i = 0; i < MATRIX_CASES; i++)
		printf("  %-52s %7.1f G MAC/s, %.2f of sgemm\n",
		       matrix_cases[i].name, 1e-9 * median(rate[i]),
		       median(ratio[i]));
	for (size_t i = 0; i < VECTOR_CASES; i++)
		printf("  %-52s %7.1f ns a row\n", vector_cases[i].name,
		       median(row[i]));
}

int main(void)
{
	const size_t size = (size_t)SGEMM_N * SGEMM_N;
	float *m = calloc(3 * size, sizeof(*m));
	const struct fast_units *u;
	struct units_pair p;

	if (!m || units_pair_init(&p, N, SPAD, 1)) {
		fprintf(stderr, "bench_units: no memory\n");
		return 1;
	}
	/* Numbers around 1, as bf16, as fp16 and as fp32. */
	for (size_t i = 0; i < SPAD; i += 2) {
		uint16_t v = (uint16_t)(0x3c00 | (host_next(&p.rnd) & 0x83ff));

		memcpy(p.unit.spad + i, &v, 2);
	}
	for (size_t i = 0; i < 3 * size; i++)
		m[i] = host_float(0x3f800000 |
				  (host_next(&p.rnd) & 0x807fffff));
	openblas_set_num_threads(1);
	for (size_t i = 0; (u = fast_units_usable(i)) != NULL; i++)
		bench(u, &p.unit, m, i ? 8 : 100);
	units_pair_exit(&p);
	free(m);
	return 0;
}
