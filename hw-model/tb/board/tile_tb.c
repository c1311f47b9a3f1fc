// SPDX-License-Identifier: MIT
/*
 * A tile without firmware: the test ROM starts it on the bench's kernel with a
 * page table made here, waits for its event and writes a fence.
 */
#include "host.h"

#include <string.h>

#define PAGE   4096u
#define ROOT   0x10000u /* two tables of one page in board memory */
#define TABLE  0x11000u
#define CODE   0x12000u /* pages in board memory */
#define ARGS   0x13000u
#define INPUT  0x14000u
#define OUTPUT (HOST_BASE + 0x3000u) /* page in host memory */
#define FENCE  (HOST_BASE + 0x100u)
#define VA     0x200000u /* second entry of the root */
#define INDEX  3

#define PTE_V	 1ull
#define PTE_R	 2ull
#define PTE_W	 4ull
#define PTE_HOST 8ull

/* An entry for the page at addr; the address's place is that of the bits. */
static uint64_t pte(uint64_t addr, uint64_t bits)
{
	return (addr >> 12) << 12 | bits;
}

static void make_tables(struct host *h)
{
	uint64_t root[2] = { 0, pte(TABLE, PTE_V) };
	uint64_t table[4] = {
		pte(CODE, PTE_V | PTE_R),
		pte(ARGS, PTE_V | PTE_R),
		pte(INPUT, PTE_V | PTE_R),
		pte(OUTPUT, PTE_V | PTE_R | PTE_W | PTE_HOST),
	};

	wr_mem(h, ROOT, root, sizeof(root));
	wr_mem(h, TABLE, table, sizeof(table));
}

void test_tile(void)
{
	struct host *h = host_new(NULL);
	uint64_t kernel_args[3] = { VA + 2 * PAGE, VA + 3 * PAGE, 40 };
	unsigned char input[1024];
	uint32_t args[] = {
		FENCE,	   0xabcd1234, ROOT,
		2,	   VA,	       0,
		0, /* CODE_BYTES, below */
		0, /* TEXT_BYTES */
		0, /* LOAD_FROM */
		0, /* ENTRY */
		VA + PAGE, 0,	       sizeof(kernel_args),
		INDEX,	   8,	       1,
		1,	   1,
	};
	unsigned int i, kinds;
	uint32_t fence;

	for (i = 0; i < sizeof(input); i++)
		input[i] = (unsigned char)(i * 7 + (i >> 8));
	make_tables(h);
	wr_mem(h, CODE, kernel_image, kernel_bytes);
	wr_mem(h, ARGS, kernel_args, sizeof(kernel_args));
	wr_mem(h, INPUT, input, sizeof(input));
	args[6] = (uint32_t)kernel_bytes;
	args[7] = (uint32_t)kernel_bytes;
	start(h);

	h->fence_at = FENCE;
	CHECK(command(h, TB_TILE, args, sizeof(args) / 4, 100000),
	      "the tile's event did not come");
	CHECK_EQ(result(h, 0), ASHLAR_TILE_STATUS_DONE);
	CHECK_EQ(result(h, 1), 40 + INDEX);
	CHECK_EQ(result(h, 2), ASHLAR_TILE_FAULT_CAUSE_NONE);
	CHECK_EQ(result(h, 6), 1);
	CHECK_EQ(result(h, 7), 0);
	memcpy(&fence, h->memory + (FENCE - HOST_BASE), 4);
	CHECK_EQ(fence, 0xabcd1234);
	CHECK(!memcmp(input, h->memory + (OUTPUT - HOST_BASE), sizeof(input)),
	      "the kernel's output is wrong");
	printf("tile: %u cycles, %u from start to event\n", result(h, 5),
	       result(h, 3));

	/* Without its input page it faults; the fence comes all the same. */
	memset(h->memory, 0, sizeof(h->memory));
	wr_mem(h, TABLE + 16, "\0\0\0\0\0\0\0", 8);
	CHECK(command(h, TB_TILE, args, sizeof(args) / 4, 100000),
	      "the tile's event did not come");
	CHECK_EQ(result(h, 0), ASHLAR_TILE_STATUS_FAULT);
	kinds = result(h, 2);
	CHECK_EQ(kinds, ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID);
	memcpy(&fence, h->memory + (FENCE - HOST_BASE), 4);
	CHECK_EQ(fence, 0xabcd1234);
	host_delete(h);
}
