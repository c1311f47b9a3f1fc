/* SPDX-License-Identifier: MIT */
/*
 * The emulated tile, where a campaign of kernels does not reach: gather, both
 * ways, against copies by the host; what it refuses; waits that are missing;
 * the kernels of the guide "Writing a kernel".
 *   emu_test [SEED [CASES]]
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/kernel.h>

#include "emu.h"
#include "kt.h"
#include "softmax_args.h"

#define ROWS_MOST 64u
#define MEMORY	  0x10000u
#define FROM	  0x40000000ull
#define TO	  0x50000000ull
#define TABLE	  0x60000000ull

struct gather_args {
	uint32_t rows, run, limit;
	int32_t pitch; /* of the rows in memory that are chosen */
	uint32_t scatter; /* store by the table instead */
	uint32_t hasty; /* leaves out the wait for the table */
	uint32_t after; /* the unit waits for it, not the core */
	uint32_t table; /* its offset in the scratchpad */
};

ASHLAR_KERNEL(gather, struct gather_args)
{
	enum ash_unit unit = args->scatter ? ASH_STORE : ASH_LOAD;
	uint32_t rows = args->rows, run = args->run;
	ash_token token = ash_load_1d(args->table & ~3u, TABLE, 4 * rows);

	if (args->after)
		ash_after(unit, ASH_LOAD, token);
	else if (!args->hasty)
		ash_wait(ASH_LOAD, token);
	if (args->scatter)
		ash_wait(ASH_LOAD, ash_load_1d(0, FROM, run * rows));
	ash_dma_gather(unit, args->table, args->limit);
	if (args->scatter) {
		token = ash_store(TO, args->pitch, 0, (int32_t)run, run, rows);
	} else {
		token = ash_load(0, (int32_t)run, FROM, args->pitch, run, rows);
	}
	ash_wait(unit, token);
	ash_dma_plain(unit);
	if (!args->scatter)
		ash_store_1d(TO, 0, run * rows);
	return 0;
}

static uint32_t run_gather(const void *args)
{
	return gather(args);
}

/*
 * Copies `rows` lines through the scratchpad, each by a vector operation; the
 * core waits for nothing. hasty: the store is started after a vector operation
 * that was not.
 */
ASHLAR_KERNEL(chain, struct gather_args)
{
	uint32_t line = 4 * ash_array(), i;

	ash_vector_shape(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32), line, line);
	for (i = 1; i <= args->rows; i++) {
		uint32_t at = 2 * line * (i % 2);

		/* The second to last one is through with the slot. */
		if (i > 2) {
			ash_after(ASH_LOAD, ASH_VECTOR, i - 2);
			ash_after(ASH_VECTOR, ASH_STORE, i - 2);
		}
		ash_load_1d(at, FROM + (i - 1) * line, line);
		ash_after(ASH_VECTOR, ASH_LOAD, i);
		ash_vector_at(at + line, at, 1);
		ash_after(ASH_STORE, ASH_VECTOR, i + args->hasty);
		ash_store_1d(TO + (i - 1) * line, at + line, line);
	}
	return 0;
}

static uint32_t run_chain(const void *args)
{
	return chain(args);
}

static uint8_t from[MEMORY], to[MEMORY], want[MEMORY];
static int32_t table[ROWS_MOST];
static unsigned long passed, failed;

static void judge(bool ok, const char *what, uint64_t seed, const char *fault)
{
	if (ok) {
		passed++;
		return;
	}
	failed++;
	printf("FAIL %s, seed %llu: \"%s\"\n", what, (unsigned long long)seed,
	       fault);
}

static uint32_t launch(struct emu_job *job, uint32_t (*run)(const void *args),
		       const struct gather_args *args, uint64_t seed)
{
	const struct emu_region regions[] = {
		{ FROM, MEMORY, from, 0 },
		{ TO, MEMORY, to, 1 },
		{ TABLE, sizeof(table), (uint8_t *)table, 0 },
	};

	*job = (struct emu_job){ .board = seed % 2 ? &emu_sim : &emu_tiny,
				 .regions = regions,
				 .region_count = 3,
				 .count = 1,
				 .grid = { 1, 1, 1 },
				 .seed = seed };
	return emu_run(job, run, args, sizeof(*args));
}

static void random_case(uint64_t seed)
{
	struct kt_random r = { seed };
	struct gather_args args = {
		.rows = kt_range(&r, 1, ROWS_MOST),
		.run = kt_range(&r, 1, 200),
		.limit = kt_range(&r, 0, 200),
		.scatter = kt_range(&r, 0, 1),
		.table = 0x8000 + 4 * kt_range(&r, 0, 100),
	};
	struct emu_job job;
	uint32_t code, i;

	args.pitch = (int32_t)(args.run + kt_range(&r, 0, 100));
	for (i = 0; i < MEMORY; i++) {
		from[i] = (uint8_t)kt_range(&r, 0, 255);
		to[i] = want[i] = (uint8_t)kt_range(&r, 0, 255);
	}
	for (i = 0; i < args.rows; i++) {
		uint8_t *chosen = want + i * args.run;
		const uint8_t *source = from + i * args.run;
		bool inside;

		table[i] = kt_range(&r, 0, 9) ?
				   (int32_t)kt_range(&r, 0, 199) :
				   INT32_MIN + (int32_t)kt_range(&r, 0, 1);
		inside = table[i] >= 0 && (uint32_t)table[i] < args.limit;
		if (inside && args.scatter)
			chosen = want + table[i] * args.pitch;
		else if (inside)
			source = from + table[i] * args.pitch;
		if (inside)
			memcpy(chosen, source, args.run);
		else if (!args.scatter)
			memset(chosen, 0, args.run);
	}
	code = launch(&job, run_gather, &args, seed);
	judge(code == 0 && !memcmp(to, want, MEMORY), "gather", seed,
	      job.fault);

	args.after = 1;
	code = launch(&job, run_gather, &args, seed);
	judge(code == 0 && !memcmp(to, want, MEMORY), "gather, the unit waits",
	      seed, job.fault);
	args.after = 0;

	/* All lags: with none, the table is there without a wait. */
	args.hasty = 1;
	code = launch(&job, run_gather, &args, seed);
	judge(code == 0 ? !memcmp(to, want, MEMORY) :
			  strstr(job.fault, "a wait is missing") != NULL,
	      "without a wait", seed, job.fault);
}

static void chain_case(uint64_t seed)
{
	struct kt_random r = { seed };
	struct gather_args args = { .rows = kt_range(&r, 1, 60) };
	uint32_t bytes = args.rows * 4 * (seed % 2 ? 32 : 8), i;
	struct emu_job job;

	for (i = 0; i < MEMORY; i++)
		from[i] = (uint8_t)kt_range(&r, 0, 255);
	memset(to, 0, MEMORY);
	judge(launch(&job, run_chain, &args, seed) == 0 &&
		      !memcmp(to, from, bytes),
	      "chain", seed, job.fault);
}

static void refuses(void)
{
	struct gather_args args = { .rows = 2, .run = 8, .limit = 9 };
	struct emu_job job;
	unsigned long hasty = 0;
	uint64_t seed;

	args.table = 0x402;
	launch(&job, run_gather, &args, 1);
	judge(strstr(job.fault, "table of 2 words") != NULL, "odd table", 1,
	      job.fault);
	/* Most lags show it. */
	args.table = 0x400;
	args.hasty = 1;
	for (seed = 0; seed < 100; seed++)
		hasty += launch(&job, run_gather, &args, seed) != 0;
	judge(hasty > 30, "hasty kernels found", hasty, "");
	args.rows = 3;
	launch(&job, run_chain, &args, 1);
	judge(strstr(job.fault, "after token 2 of unit 3, only 1 started"),
	      "after what was not started", 1, job.fault);
}

/* --- userspace/examples/fused-kernel ---------------------------------------- */

#define SOFTMAX(name)                                \
	uint32_t name(const struct softmax_args *);  \
	static uint32_t run_##name(const void *args) \
	{                                            \
		return name(args);                   \
	}

SOFTMAX(softmax_row)
SOFTMAX(softmax_groups)
SOFTMAX(softmax_overlap)
SOFTMAX(softmax_ahead)

static bool is_softmax(const float *x, const float *y, uint32_t cols)
{
	double sum = 0;
	uint32_t i;

	for (i = 0; i < cols; i++)
		sum += exp(x[i]);
	for (i = 0; i < cols; i++)
		if (!(fabs(y[i] * sum / exp(x[i]) - 1) < 1e-5))
			return false;
	return true;
}

static void softmax_case(uint64_t seed)
{
	static const struct {
		const char *name;
		uint32_t (*run)(const void *args);
	} kernels[] = {
		{ "softmax_row", run_softmax_row },
		{ "softmax_groups", run_softmax_groups },
		{ "softmax_overlap", run_softmax_overlap },
		{ "softmax_ahead", run_softmax_ahead },
	};
	struct kt_random r = { seed };
	struct softmax_args args = { .src = FROM,
				     .dst = TO,
				     .rows = kt_range(&r, 1, 80),
				     .cols = kt_range(&r, 1, 512) };
	uint32_t count = args.rows * args.cols, i, k;
	float *x = malloc(4 * count), *y = malloc(4 * count + 4);

	if (!x || !y)
		abort();
	for (i = 0; i < count; i++)
		x[i] = (float)kt_range(&r, 0, 4000) / 100 - 20;
	for (k = 0; k < 4; k++) {
		const struct emu_region regions[] = {
			{ FROM, 4 * count, (uint8_t *)x, 0 },
			{ TO, 4 * count, (uint8_t *)y, 1 },
		};
		struct emu_job job = {
			.board = seed % 3 ? &emu_sim : &emu_tiny,
			.regions = regions,
			.region_count = 2,
			.count = kt_range(&r, 1, 3),
			.grid = { 1, 1, 1 },
			.seed = seed,
		};
		bool ok;

		memset(y, 0xff, 4 * count + 4);
		ok = emu_run(&job, kernels[k].run, &args, sizeof(args)) == 0;
		for (i = 0; i < args.rows; i++)
			ok &= is_softmax(x + i * args.cols, y + i * args.cols,
					 args.cols);
		judge(ok, kernels[k].name, seed, job.fault);
	}
	free(x);
	free(y);
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	uint64_t cases = argc > 2 ? strtoull(argv[2], NULL, 0) : 300;
	uint64_t i;

	refuses();
	for (i = 0; i < cases; i++)
		random_case(seed + i);
	for (i = 0; i < cases; i++)
		chain_case(seed + i);
	for (i = 0; i < cases / 3; i++)
		softmax_case(seed + i);
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
