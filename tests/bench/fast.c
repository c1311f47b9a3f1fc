/* SPDX-License-Identifier: MIT */
/*
 * bench-fast GOLDEN FOLDER: the functional model through the whole stack.
 * Speed of GEMM on one host processor beside OpenBLAS's sgemm and beside the
 * RTL model, in the same run, interleaved; what its host threads gain; its
 * estimates of device time beside the RTL's (GOLDEN); how long a board takes to
 * its first job. Figures go to FOLDER/bench-fast.json; none is judged but by the
 * table's least and aim.
 */
#include <cblas.h>
#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernels.h>

#include "bench.h"

#define ROUNDS 7

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_value);
	return values[ROUNDS / 2];
}

/* On one processor, as OpenBLAS is asked to be; those there are go to all. */
static void one_processor(cpu_set_t *all)
{
	cpu_set_t set;
	int i = 0;

	sched_getaffinity(0, sizeof(*all), all);
	while (!CPU_ISSET(i, all))
		i++;
	CPU_ZERO(&set);
	CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* MAC/s of sgemm of the same size. */
static double sgemm(void)
{
	static float a[GEMM_SIDE * GEMM_SIDE], b[GEMM_SIDE * GEMM_SIDE],
		c[GEMM_SIDE * GEMM_SIDE];
	double start;
	size_t i;

	for (i = 0; i < sizeof(a) / sizeof(a[0]); i++) {
		a[i] = (float)(i % 17);
		b[i] = (float)(i % 13);
	}
	start = bench_seconds();
	cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, GEMM_SIDE,
		    GEMM_SIDE, GEMM_SIDE, 1, a, GEMM_SIDE, b, GEMM_SIDE, 0, c,
		    GEMM_SIDE);
	return GEMM_MACS / (bench_seconds() - start);
}

static void add_speed(struct figures *f, const char *name, const char *text,
		      double *macs, double *blas)
{
	double ratio[ROUNDS];
	struct figure *figure;
	char key[48];
	int i;

	for (i = 0; i < ROUNDS; i++)
		ratio[i] = macs[i] / blas[i];
	snprintf(key, sizeof(key), "fast_%s_mmacs", name);
	figure_add(f, key, median(macs) / 1e6, "M MAC/s", text);
	snprintf(key, sizeof(key), "fast_%s_to_sgemm", name);
	figure = figure_add(f, key, median(ratio), "ratio",
			    "  to sgemm on the same core");
	figure->least = 0.1;
	figure->aim = 0.5;
}

static void add_estimate(struct figures *f, const char *golden,
			 const char *name, double cycles, const char *text)
{
	char key[64];
	double is;

	if (!figures_find(golden, name, &is))
		bench_fail("%s has no %s", golden, name);
	snprintf(key, sizeof(key), "fast_error_%s", name);
	figure_add(f, key, 100 * (cycles - is) / is, "%", text);
}

static void speed(struct figures *f, const char *golden)
{
	struct gemm_bench *fast = gemm_open("sim:fast");
	struct gemm_bench *rtl = gemm_open("sim:rtl");
	double int8[ROUNDS], bf16[ROUNDS], blas[ROUNDS];
	struct gemm_result r = { 0 }, hardware;
	double int8_cycles = 0, bf16_cycles = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		blas[i] = sgemm();
		gemm_measure(fast, ASHLAR_I8, 1, &r);
		int8[i] = r.macs_per_second;
		int8_cycles = r.cycles;
		gemm_measure(fast, ASHLAR_BF16, 1, &r);
		bf16[i] = r.macs_per_second;
		bf16_cycles = r.cycles;
	}
	add_speed(f, "int8", "GEMM 512x512x512 int8, one host core", int8,
		  blas);
	gemm_measure(rtl, ASHLAR_I8, 1, &hardware);
	figure_add(f, "fast_int8_to_rtl",
		   median(int8) / hardware.macs_per_second, "ratio",
		   "  to the RTL model");
	add_speed(f, "bf16", "GEMM 512x512x512 bf16, one host core", bf16,
		  blas);
	gemm_measure(rtl, ASHLAR_BF16, 1, &hardware);
	figure_add(f, "fast_bf16_to_rtl",
		   median(bf16) / hardware.macs_per_second, "ratio",
		   "  to the RTL model");

	add_estimate(f, golden, "gemm_512_int8_cycles", int8_cycles,
		     "estimated cycles less the RTL's: int8, one tile");
	gemm_measure(fast, ASHLAR_I8, 0, &r);
	add_estimate(f, golden, "gemm_512_int8_all_cycles", r.cycles,
		     "  int8, all tiles");
	add_estimate(f, golden, "gemm_512_bf16_cycles", bf16_cycles,
		     "  bf16, one tile");
	gemm_measure(fast, ASHLAR_BF16, 0, &r);
	add_estimate(f, golden, "gemm_512_bf16_all_cycles", r.cycles,
		     "  bf16, all tiles");
	gemm_close(fast);
	gemm_close(rtl);
}

/* Least wall times, since other load makes any run longer. */
static void add_threads(struct figures *f, struct gemm_bench *with,
			struct gemm_bench *without, uint32_t type,
			const char *name)
{
	struct gemm_bench *g[2] = { with, without };
	double least[2] = { HUGE_VAL, HUGE_VAL };
	struct gemm_result r;
	char key[48], text[96];
	int i;

	for (i = 0; i < 2 * ROUNDS; i++) {
		gemm_measure(g[i % 2], type, 2, &r);
		if (r.wall_seconds < least[i % 2])
			least[i % 2] = r.wall_seconds;
	}
	snprintf(key, sizeof(key), "fast_%s_threads", name);
	snprintf(text, sizeof(text),
		 "%s, two tiles: speed with host threads to without", name);
	figure_add(f, key, least[1] / least[0], "ratio", text);
}

/* A board that is opened on one processor has no threads. */
static void threads(struct figures *f, const cpu_set_t *all)
{
	struct gemm_bench *with, *without = gemm_open("sim:fast");

	sched_setaffinity(0, sizeof(*all), all);
	with = gemm_open("sim:fast");
	add_threads(f, with, without, ASHLAR_I8, "int8");
	add_threads(f, with, without, ASHLAR_BF16, "bf16");
	gemm_close(with);
	gemm_close(without);
}

/* From open to the end of a first job. */
static void first_job(struct figures *f, const char *elf)
{
	double took[ROUNDS];
	struct figure *figure;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		uint32_t args = 100;
		ashlar_module *module;
		ashlar_kernel *empty;
		struct bench b;
		double start = bench_wall_seconds();

		bench_open(&b, "sim:fast");
		module = bench_load(&b, elf);
		bench_check(&b, ashlar_module_kernel(module, "empty", &empty),
			    "empty");
		bench_run(&b, empty, &args, sizeof(args), 1);
		took[i] = bench_wall_seconds() - start;
		ashlar_kernel_unref(empty);
		ashlar_module_unref(module);
		bench_close(&b);
	}
	figure = figure_add(f, "fast_open_ms", median(took) * 1e3, "ms",
			    "open to first job done");
	figure->least = 100;
	figure->aim = 20;
	figure->low = true;
}

int main(int argc, char **argv)
{
	static struct figures figures;
	cpu_set_t all;
	char json[4096];

	if (argc != 4) {
		fprintf(stderr, "use: %s KERNEL.elf GOLDEN FOLDER\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	one_processor(&all);
	first_job(&figures, argv[1]);
	speed(&figures, argv[2]);
	if (CPU_COUNT(&all) > 1)
		threads(&figures, &all);
	figures_print(&figures);
	snprintf(json, sizeof(json), "%s/bench-fast.json", argv[3]);
	return figures_write(&figures, json, "", false) ? 2 : 0;
}
