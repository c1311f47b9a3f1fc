/* SPDX-License-Identifier: MIT */
/*
 * Fill memory with a pattern; arguments in ashlar/kernels.h. The core writes
 * one vector row of the pattern, the vector unit makes a bank of it, and the
 * store DMA writes that bank over and over.
 */
#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "pieces.h"

ASHLAR_KERNEL(fill, struct ashlar_fill_args)
{
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t line = 4 * ash_array();
	volatile uint32_t *row = ash_spad(0);
	/* Multiples of 4, so that each piece begins with the pattern. */
	struct pieces p = pieces_begin(args->bytes, bank);
	uint32_t n = pieces_now(&p);
	uint32_t i;

	if (n == 0)
		return 0;
	for (i = 0; i < ash_array(); i++)
		row[i] = args->pattern;
	/* int32 to int32 leaves every bit as it is. */
	ash_wait(ASH_VECTOR, ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32), bank,
					line, 0, 0, (n + line - 1) / line));
	for (; (n = pieces_now(&p)) != 0; pieces_on(&p))
		ash_store_1d(args->dst + p.at, bank, n);
	return 0;
}
