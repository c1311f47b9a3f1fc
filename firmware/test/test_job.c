// SPDX-License-Identifier: MIT
/* Every field of a descriptor at and beyond its limits. */
#include "host.h"
#include "job.h"
#include "suite.h"

#define LMEM	      0x10000
#define OFFSET(field) (1 + offsetof(struct ashlar_job, field))

static struct ashlar_job good(void)
{
	struct ashlar_job j = host_job(0x40000, 1);

	j.fence = 8;
	return j;
}

#define EXPECT(code, change)                                      \
	do {                                                      \
		struct ashlar_job j = good();                     \
		change;                                           \
		assert_int_equal(job_check(&j, LMEM, 7), (code)); \
	} while (0)

static void limits(void **state)
{
	(void)state;
	EXPECT(0, (void)j);
	EXPECT(0, j.kind = ASHLAR_JOB_NOP);
	EXPECT(OFFSET(kind), j.kind = 2);
	EXPECT(OFFSET(kind), j.kind = UINT32_MAX);
	EXPECT(0, j.flags = 0);
	EXPECT(OFFSET(flags), j.flags = 2);
	EXPECT(OFFSET(flags), j.flags = 0x80000001);
	EXPECT(OFFSET(fence), j.fence = 7);
	EXPECT(OFFSET(fence), j.fence = 0);
	EXPECT(0, j.fence = UINT64_MAX);
	EXPECT(OFFSET(code_va), j.code_va = 32);
	EXPECT(OFFSET(code_va), j.code_va = UINT64_MAX - 63);
	EXPECT(0, j.code_va = UINT64_MAX - LMEM + 1 - 64);
	EXPECT(OFFSET(code_bytes), j.code_bytes = 0);
	EXPECT(OFFSET(code_bytes), j.code_bytes = 511);
	EXPECT(OFFSET(code_bytes), j.code_bytes = LMEM);
	EXPECT(OFFSET(code_bytes), j.code_bytes = LMEM - ASHLAR_ARG_MAX + 64);
	EXPECT(0, j.code_bytes = LMEM - ASHLAR_ARG_MAX);
	EXPECT(OFFSET(code_bytes), j.code_bytes = 0xffffffc0);
	EXPECT(OFFSET(text_bytes), j.text_bytes = 513);
	EXPECT(0, j.text_bytes = 512);
	EXPECT(OFFSET(entry), j.entry = 300);
	EXPECT(OFFSET(entry), j.entry = 1);
	EXPECT(0, j.entry = 298);
	EXPECT(OFFSET(entry), j.text_bytes = 0);
	EXPECT(0, j.code_serial = UINT32_MAX);
	EXPECT(OFFSET(arg_va), j.arg_va = 8);
	EXPECT(0, j.arg_bytes = ASHLAR_ARG_MAX);
	EXPECT(OFFSET(arg_bytes), j.arg_bytes = ASHLAR_ARG_MAX + 1);
	EXPECT(OFFSET(tiles), j.tiles = 0);
	EXPECT(0, j.tiles = UINT32_MAX);
	EXPECT(OFFSET(grid[0]), j.grid[0] = 0);
	EXPECT(OFFSET(grid[1]), j.grid[1] = 0);
	EXPECT(OFFSET(grid[2]), j.grid[2] = 0);
	EXPECT(0, j.tag = UINT32_MAX);
	EXPECT(0, j.timeout = UINT64_MAX);
}

static void reserved(void **state)
{
	unsigned int i, bit;

	(void)state;
	for (i = 0; i < 12; i++) {
		for (bit = 0; bit < 32; bit++) {
			EXPECT(OFFSET(reserved[0]) + 4 * i,
			       j.reserved[i] = 1u << bit);
			EXPECT(OFFSET(reserved[0]) + 4 * i,
			       (j.kind = ASHLAR_JOB_NOP,
				j.reserved[i] = 1u << bit));
		}
	}
}

static void nop_ignores_kernel_fields(void **state)
{
	(void)state;
	EXPECT(0, (j.kind = ASHLAR_JOB_NOP, j.code_bytes = 3, j.tiles = 0,
		   j.grid[1] = 0, j.code_va = 1));
	EXPECT(OFFSET(fence), (j.kind = ASHLAR_JOB_NOP, j.fence = 7));
	EXPECT(OFFSET(flags), (j.kind = ASHLAR_JOB_NOP, j.flags = 4));
}

SUITE(suite_job, ((const struct CMUnitTest[]){
			 cmocka_unit_test(limits),
			 cmocka_unit_test(reserved),
			 cmocka_unit_test(nop_ignores_kernel_fields),
		 }))
