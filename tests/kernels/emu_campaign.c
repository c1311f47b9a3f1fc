/* SPDX-License-Identifier: MIT */
/*
 * emu_campaign SEED CASES: random cases of the shipped kernels, compiled for
 * the host, on emulated tiles that lag at random (userspace/sdk/emu).
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emu.h"
#include "kt.h"

/* As ASHLAR_KERNEL defines them with ASHLAR_EMU. */
uint32_t gemm(const struct ashlar_gemm_args *args);
uint32_t elementwise(const struct ashlar_elementwise_args *args);
uint32_t copy(const struct ashlar_copy_args *args);
uint32_t fill(const struct ashlar_fill_args *args);

static uint32_t call_gemm(const void *args)
{
	return gemm(args);
}

static uint32_t call_elementwise(const void *args)
{
	return elementwise(args);
}

static uint32_t call_copy(const void *args)
{
	return copy(args);
}

static uint32_t call_fill(const void *args)
{
	return fill(args);
}

static int check_args(const struct kt_case *c, char *text, size_t n)
{
	if (!strcmp(c->kernel, ASHLAR_KERNEL_GEMM))
		return ashlar_gemm_check(&c->args.gemm, text, n);
	if (!strcmp(c->kernel, ASHLAR_KERNEL_ELEMENTWISE))
		return ashlar_elementwise_check(&c->args.elementwise, text, n);
	if (!strcmp(c->kernel, ASHLAR_KERNEL_COPY))
		return ashlar_copy_check(&c->args.copy, text, n);
	return ashlar_fill_check(&c->args.fill, text, n);
}

/* Where the case's memory lies for the kernel: above 4 GiB. */
#define BASE 0x7654300000ull

static int run_case(struct kt_case *c, struct kt_random *r,
		    uint32_t (*kernel)(const void *args), bool tiny)
{
	struct emu_region region = { BASE, c->bytes, NULL, 1 };
	struct emu_job job = {
		.board = tiny ? &emu_tiny : &emu_sim,
		.regions = &region,
		.region_count = 1,
		.count = kt_range(r, 0, 2) ? 1 : kt_range(r, 2, 6),
		.grid = { 1, 1, 1 },
		.seed = kt_random(r),
	};
	char text[200];
	uint32_t code;
	int status;

	kt_place(c, BASE);
	if (check_args(c, text, sizeof(text))) {
		printf("FAIL %s: refused: %s\n", c->name, text);
		return -1;
	}
	region.memory = malloc(c->bytes);
	if (!region.memory)
		abort();
	memcpy(region.memory, c->memory, c->bytes);
	code = emu_run(&job, kernel, &c->args, c->arg_bytes);
	if (code) {
		printf("FAIL %s: exit code 0x%x %s\n", c->name, code,
		       job.fault);
		status = -1;
	} else {
		status = kt_compare(c, region.memory);
	}
	if (status)
		printf("  on %s, %u tiles\n", tiny ? "tiny" : "sim", job.count);
	free(region.memory);
	return status;
}

int main(int argc, char **argv)
{
	static const struct kt_limits limits[] = {
		/* Tiny board: many blocks are cheap there. */
		{ 150, 150, 400, 400000, 4000000 },
		{ 60, 60, 6000, 400000, 4000000 },
		/* sim board. */
		{ 400, 400, 100, 700000, 4000000 },
		{ 70, 70, 5000, 700000, 4000000 },
	};
	struct kt_random r;
	unsigned long cases, i, passed = 0, failed = 0;

	if (argc != 3) {
		fprintf(stderr, "use: %s SEED CASES\n", argv[0]);
		return 2;
	}
	r.state = strtoull(argv[1], NULL, 0);
	cases = strtoul(argv[2], NULL, 0);
	for (i = 0; i < cases; i++) {
		struct kt_random one = { kt_random(&r) };
		bool tiny = i % 3 != 0;
		struct kt_case c;
		int status;

		switch (i % 8) {
		case 0:
			kt_elementwise(&c, &one, 50000);
			status = run_case(&c, &one, call_elementwise, tiny);
			break;
		case 1:
			kt_copy(&c, &one, 300000);
			status = run_case(&c, &one, call_copy, tiny);
			break;
		case 2:
			kt_fill_case(&c, &one, 300000);
			status = run_case(&c, &one, call_fill, tiny);
			break;
		default:
			kt_gemm(&c, &one,
				&limits[(tiny ? 0 : 2) + kt_range(&one, 0, 1)]);
			status = run_case(&c, &one, call_gemm, tiny);
			break;
		}
		kt_free(&c);
		if (status)
			failed++;
		else
			passed++;
		if (failed == 10) {
			printf("stopped after 10 failures\n");
			break;
		}
	}
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
