/* SPDX-License-Identifier: MIT */
/* Kernels for the tests on a real device: a good one, and every kind of bad one. */
#include <ashlar/kernel.h>

#include "device_args.h"

static void spin(uint32_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

ASHLAR_KERNEL(sum, struct device_sum)
{
	uint32_t n = args->n / ash_count();
	uint64_t from = 4ull * n * ash_index();
	uint32_t *x = ash_spad(0), *y = ash_spad(4 * 2048);

	spin(args->spin);
	ash_load_1d(0, args->a + from, 4 * n);
	ash_wait(ASH_LOAD, ash_load_1d(4 * 2048, args->b + from, 4 * n));
	for (uint32_t i = 0; i < n; i++)
		x[i] += y[i];
	ash_wait(ASH_STORE, ash_store_1d(args->dst + from, 0, 4 * n));
	return 0;
}

ASHLAR_KERNEL(word, struct device_word)
{
	uint32_t *x = ash_spad(0);

	spin(args->spin);
	*x = args->value;
	ash_wait(ASH_STORE, ash_store_1d(args->dst, 0, 4));
	return 0;
}

ASHLAR_KERNEL(leave, struct device_code)
{
	spin(args->spin);
	return args->code;
}

ASHLAR_KERNEL(hang, struct device_none)
{
	(void)args;
	for (;;)
		__asm__ volatile("");
	return 0;
}

ASHLAR_KERNEL(illegal, struct device_none)
{
	(void)args;
	__asm__ volatile(".word 0");
	return 0;
}

/* Reads where nothing is mapped, through the load DMA. */
ASHLAR_KERNEL(wild, struct device_word)
{
	spin(args->spin);
	ash_wait(ASH_LOAD, ash_load_1d(0, args->dst, 4));
	return 0;
}

/* A load of no bytes, which the unit refuses. */
ASHLAR_KERNEL(refused, struct device_none)
{
	(void)args;
	ash_wait(ASH_LOAD, ash_load_1d(0, 0x200000, 0));
	return 0;
}

/* Leaves marks in all memories of the tile that a core can write. */
ASHLAR_KERNEL(mark, struct device_none)
{
	(void)args;
	for (uint32_t at = 0; at < 4096; at += 4)
		*(volatile uint32_t *)ash_spad(at) = 0x5ec2e7;
	return 0;
}

/* Stores what it finds in the scratchpad. */
ASHLAR_KERNEL(peek, struct device_word)
{
	ash_wait(ASH_STORE, ash_store_1d(args->dst, 0, 4096));
	return 0;
}
