/* SPDX-License-Identifier: MIT */
/* Between the files of the bench. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ashlar.h>

/* --- Figures -------------------------------------------------------------- */

struct figure {
	char name[48]; /* key in the files */
	char text[96]; /* what it is */
	double value;
	const char *unit;
	double least, aim; /* 0: none */
	bool low; /* lower is better */
	bool exact; /* cycles: compared with the golden file */
};

#define FIGURES_MAX 192

struct figures {
	struct figure figure[FIGURES_MAX];
	uint32_t count;
};

struct figure *figure_add(struct figures *f, const char *name, double value,
			  const char *unit, const char *text);
void figures_print(const struct figures *f);
/* Write all as JSON; only the exact ones when exact. 0 or -1, explained. */
int figures_write(const struct figures *f, const char *path,
		  const char *compiler, bool exact);
/*
 * Compare the exact ones with the file. Returns the number of differences, or
 * -1 when there is no such file. Another compiler makes other kernels: then
 * differences are shown, and 0 is returned.
 */
int figures_compare(const struct figures *f, const char *path,
		    const char *compiler);
/* A figure of a file of figures_write(); false: it is not there. */
bool figures_find(const char *path, const char *name, double *value);

/* --- Device --------------------------------------------------------------- */

struct bench {
	ashlar_device *device;
	ashlar_queue *queue;
	struct ashlar_device_info info;
};

/* All of these end the program with a sentence when something fails. */
void bench_open(struct bench *b, const char *name);
void bench_close(struct bench *b);
void bench_check(struct bench *b, ashlar_result result, const char *what);
ashlar_module *bench_load(struct bench *b, const char *path);
/* Launch and wait. */
struct ashlar_fence_info bench_run(struct bench *b, ashlar_kernel *kernel,
				   const void *args, uint32_t arg_bytes,
				   uint32_t tiles);
_Noreturn void bench_fail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));
/* Processor time of this process: what other load takes does not count. */
double bench_seconds(void);
double bench_wall_seconds(void);

/* --- GEMM of GEMM_SIDE cubed ------------------------------------------------ */

#define GEMM_SIDE 512u
#define GEMM_MACS ((double)GEMM_SIDE * GEMM_SIDE * GEMM_SIDE)

struct gemm_bench;

struct gemm_result {
	double cycles; /* device time of the kernel */
	double macs_per_second; /* of this process's processor time */
	double wall_seconds;
	uint32_t tiles, array;
};

/* Opens a board; these too end the program when something fails. */
struct gemm_bench *gemm_open(const char *device);
void gemm_close(struct gemm_bench *g);
/* On so many tiles (0: all), with a type of <ashlar/kernels.h>; checked. */
void gemm_measure(struct gemm_bench *g, uint32_t type, uint32_t tiles,
		  struct gemm_result *r);

/* --- What is measured ----------------------------------------------------- */

/* GEMM 512 x 512 x 512: cycles on one tile, speed on all. */
void bench_gemm(struct figures *f);
/* Launch latencies with the kernel of the file; traces go to folder. */
void bench_latency(struct figures *f, const char *kernel, const char *folder);

#endif
