/* SPDX-License-Identifier: MIT */
/* GEMM 512 x 512 x 512, checked: how near to peak, and how fast simulated. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernels.h>

#include "kernels_ref.h"
#include "kt.h"

#define SIDE  GEMM_SIDE
#define A_AT  0x100000u
#define B_AT  0x200000u
#define C_AT  0x300000u
#define BYTES 0x400000u

/* Multiplications and additions a second of a plain loop on this host. */
static double host_macs(void)
{
	static int32_t x[4096], y[4096];
	volatile int32_t sink = 0;
	double start, took;
	uint32_t i, rounds = 0;

	for (i = 0; i < 4096; i++) {
		x[i] = (int32_t)i;
		y[i] = (int32_t)(i * 7);
	}
	start = bench_seconds();
	do {
		uint32_t sum = 0;

		for (i = 0; i < 4096; i++)
			sum += (uint32_t)x[i] * (uint32_t)y[i];
		sink = sink + (int32_t)sum;
		rounds++;
		took = bench_seconds() - start;
	} while (took < 0.3);
	return 4096.0 * rounds / took;
}

struct gemm_bench {
	struct bench b;
	ashlar_module *module;
	ashlar_kernel *kernel;
	ashlar_buffer *buffer;
	uint8_t *memory, *got;
};

struct gemm_bench *gemm_open(const char *device)
{
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	struct gemm_bench *g = calloc(1, sizeof(*g));

	if (!g)
		bench_fail("no memory");
	bench_open(&g->b, device);
	g->memory = calloc(1, BYTES);
	g->got = malloc(BYTES);
	if (!g->memory || !g->got)
		bench_fail("no memory");
	bench_check(&g->b, ashlar_kernels_load(g->b.device, &g->module),
		    "kernels");
	bench_check(
		&g->b,
		ashlar_module_kernel(g->module, ASHLAR_KERNEL_GEMM, &g->kernel),
		"gemm");
	buffer.bytes = BYTES;
	bench_check(&g->b,
		    ashlar_buffer_create(g->b.device, &buffer, &g->buffer),
		    "buffer");
	return g;
}

void gemm_close(struct gemm_bench *g)
{
	ashlar_buffer_unref(g->buffer);
	ashlar_kernel_unref(g->kernel);
	ashlar_module_unref(g->module);
	bench_close(&g->b);
	free(g->memory);
	free(g->got);
	free(g);
}

void gemm_measure(struct gemm_bench *g, uint32_t type, uint32_t tiles,
		  struct gemm_result *r)
{
	struct ashlar_gemm_args args = {
		.a = A_AT,
		.b = B_AT,
		.c = C_AT,
		.m = SIDE,
		.n = SIDE,
		.k = SIDE,
		.lda = SIDE,
		.ldb = SIDE,
		.ldc = SIDE,
		.type = type,
		.out = type == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32,
	};
	uint64_t base = ashlar_buffer_addr(g->buffer);
	struct kt_random random = { 1 };
	struct ashlar_fence_info info;
	struct ashlar_gemm_args at;
	double start, wall;

	kt_fill(&random, g->memory + A_AT, SIDE * SIDE, type, KT_PLAIN);
	kt_fill(&random, g->memory + B_AT, SIDE * SIDE, type, KT_PLAIN);
	bench_check(&g->b, ashlar_buffer_write(g->buffer, 0, g->memory, BYTES),
		    "write");
	ref_gemm(&args, g->memory);
	at = args;
	at.a += base;
	at.b += base;
	at.c += base;

	wall = bench_wall_seconds();
	start = bench_seconds();
	info = bench_run(&g->b, g->kernel, &at, sizeof(at), tiles);
	r->wall_seconds = bench_wall_seconds() - wall;
	r->macs_per_second = GEMM_MACS / (bench_seconds() - start);
	r->cycles = (double)(info.t_end - info.t_start);
	r->tiles = info.tiles;
	r->array = g->b.info.array;
	bench_check(&g->b, ashlar_buffer_read(g->buffer, 0, g->got, BYTES),
		    "read");
	if (memcmp(g->got, g->memory, BYTES))
		bench_fail("GEMM: the result is wrong");
}

static void add_type(struct gemm_bench *g, struct figures *f, uint32_t type,
		     const char *name, double host, double least, double aim,
		     double macs_least, double macs_aim)
{
	struct gemm_result r;
	struct figure *figure;
	double lanes;
	char key[48], text[96];

	gemm_measure(g, type, 1, &r);
	lanes = (double)r.array * r.array * (type == ASHLAR_I8 ? 4 : 1);
	snprintf(key, sizeof(key), "gemm_512_%s_cycles", name);
	snprintf(text, sizeof(text), "GEMM 512x512x512 %s, one tile", name);
	figure_add(f, key, r.cycles, "cycles", text)->exact = true;
	snprintf(key, sizeof(key), "gemm_512_%s_share", name);
	snprintf(text, sizeof(text), "  share of peak MACs");
	figure = figure_add(f, key, 100 * GEMM_MACS / lanes / r.cycles, "%",
			    text);
	figure->least = least;
	figure->aim = aim;

	gemm_measure(g, type, 0, &r);
	snprintf(key, sizeof(key), "gemm_512_%s_all_cycles", name);
	snprintf(text, sizeof(text), "GEMM 512x512x512 %s, %u tiles", name,
		 r.tiles);
	figure_add(f, key, r.cycles, "cycles", text)->exact = true;
	snprintf(key, sizeof(key), "rtl_%s_mmacs", name);
	figure = figure_add(f, key, r.macs_per_second / 1e6, "M MAC/s",
			    "  simulated, one host core");
	figure->least = macs_least;
	figure->aim = macs_aim;
	snprintf(key, sizeof(key), "rtl_%s_ratio", name);
	figure_add(f, key, r.macs_per_second / host, "ratio",
		   "  to a plain int32 loop on this host");
	snprintf(key, sizeof(key), "rtl_%s_khz", name);
	figure_add(f, key, r.cycles * r.macs_per_second / GEMM_MACS / 1e3,
		   "kHz", "  simulated clock");
}

void bench_gemm(struct figures *f)
{
	struct gemm_bench *g = gemm_open("sim:rtl");
	double host = host_macs();

	add_type(g, f, ASHLAR_I8, "int8", host, 75, 90, 300, 1000);
	add_type(g, f, ASHLAR_BF16, "bf16", host, 85, 95, 150, 500);
	gemm_close(g);
}
