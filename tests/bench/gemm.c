/* SPDX-License-Identifier: MIT */
/* GEMM 512 x 512 x 512, checked: how near to peak, and how fast simulated. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernels.h>

#include "kernels_ref.h"
#include "kt.h"

#define SIDE  512u
#define MACS  ((double)SIDE * SIDE * SIDE)
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
	double host;
};

static void gemm_type(struct gemm_bench *g, struct figures *f, uint32_t type,
		      const char *name, double least, double aim,
		      double macs_least, double macs_aim)
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
	uint32_t array = g->b.info.array;
	double lanes = (double)array * array * (type == ASHLAR_I8 ? 4 : 1);
	struct kt_random r = { 1 };
	struct ashlar_fence_info info;
	struct ashlar_gemm_args at;
	struct figure *figure;
	double cycles, start, took;
	char key[48], text[96];

	kt_fill(&r, g->memory + A_AT, SIDE * SIDE, type, KT_PLAIN);
	kt_fill(&r, g->memory + B_AT, SIDE * SIDE, type, KT_PLAIN);
	bench_check(&g->b, ashlar_buffer_write(g->buffer, 0, g->memory, BYTES),
		    "write");
	ref_gemm(&args, g->memory);
	at = args;
	at.a += base;
	at.b += base;
	at.c += base;

	info = bench_run(&g->b, g->kernel, &at, sizeof(at), 1);
	cycles = (double)(info.t_end - info.t_start);
	bench_check(&g->b, ashlar_buffer_read(g->buffer, 0, g->got, BYTES),
		    "read");
	if (memcmp(g->got, g->memory, BYTES))
		bench_fail("%s: the result is wrong", name);
	snprintf(key, sizeof(key), "gemm_512_%s_cycles", name);
	snprintf(text, sizeof(text), "GEMM 512x512x512 %s, one tile", name);
	figure_add(f, key, cycles, "cycles", text)->exact = true;
	snprintf(key, sizeof(key), "gemm_512_%s_share", name);
	snprintf(text, sizeof(text), "  share of peak MACs");
	figure = figure_add(f, key, 100 * MACS / lanes / cycles, "%", text);
	figure->least = least;
	figure->aim = aim;

	start = bench_seconds();
	info = bench_run(&g->b, g->kernel, &at, sizeof(at), 0);
	took = bench_seconds() - start;
	cycles = (double)(info.t_end - info.t_start);
	snprintf(key, sizeof(key), "gemm_512_%s_all_cycles", name);
	snprintf(text, sizeof(text), "GEMM 512x512x512 %s, %u tiles", name,
		 info.tiles);
	figure_add(f, key, cycles, "cycles", text)->exact = true;
	snprintf(key, sizeof(key), "rtl_%s_mmacs", name);
	figure = figure_add(f, key, MACS / took / 1e6, "M MAC/s",
			    "  simulated, one host core");
	figure->least = macs_least;
	figure->aim = macs_aim;
	snprintf(key, sizeof(key), "rtl_%s_ratio", name);
	figure_add(f, key, MACS / took / g->host, "ratio",
		   "  to a plain int32 loop on this host");
	snprintf(key, sizeof(key), "rtl_%s_khz", name);
	figure_add(f, key, cycles / took / 1e3, "kHz", "  simulated clock");
}

void bench_gemm(struct figures *f)
{
	struct ashlar_buffer_info buffer = ASHLAR_INIT(ashlar_buffer_info);
	struct gemm_bench g;

	bench_open(&g.b, "sim:rtl");
	g.memory = calloc(1, BYTES);
	g.got = malloc(BYTES);
	if (!g.memory || !g.got)
		bench_fail("no memory");
	bench_check(&g.b, ashlar_kernels_load(g.b.device, &g.module),
		    "kernels");
	bench_check(
		&g.b,
		ashlar_module_kernel(g.module, ASHLAR_KERNEL_GEMM, &g.kernel),
		"gemm");
	buffer.bytes = BYTES;
	bench_check(&g.b, ashlar_buffer_create(g.b.device, &buffer, &g.buffer),
		    "buffer");
	g.host = host_macs();
	gemm_type(&g, f, ASHLAR_I8, "int8", 75, 90, 300, 1000);
	gemm_type(&g, f, ASHLAR_BF16, "bf16", 85, 95, 150, 500);
	ashlar_buffer_unref(g.buffer);
	ashlar_kernel_unref(g.kernel);
	ashlar_module_unref(g.module);
	bench_close(&g.b);
	free(g.memory);
	free(g.got);
}
