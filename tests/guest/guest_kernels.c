/* SPDX-License-Identifier: MIT */
/* Small kernels whose every effect the tests can foretell. */
#include <ashlar/kernel.h>

#include "guest_args.h"

static void idle(uint32_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

/* Write the word value at to. */
ASHLAR_KERNEL(put, struct guest_args)
{
	idle(args->turns);
	*(volatile uint32_t *)ash_spad(0) = args->value;
	ash_wait(ASH_STORE, ash_store_1d(args->to, 0, 4));
	return 0;
}

/* Copy bytes, at most a scratchpad full. */
ASHLAR_KERNEL(copy, struct guest_args)
{
	idle(args->turns);
	ash_wait(ASH_LOAD, ash_load_1d(0, args->from, args->bytes));
	ash_wait(ASH_STORE, ash_store_1d(args->to, 0, args->bytes));
	return 0;
}

/* Mix value into the word at from, and put the result at to. */
ASHLAR_KERNEL(mix, struct guest_args)
{
	volatile uint32_t *word = ash_spad(0);

	idle(args->turns);
	ash_wait(ASH_LOAD, ash_load_1d(0, args->from, 4));
	*word = guest_mix(*word, args->value);
	ash_wait(ASH_STORE, ash_store_1d(args->to, 0, 4));
	return 0;
}

/* Exit with value. */
ASHLAR_KERNEL(leave, struct guest_args)
{
	idle(args->turns);
	return args->value;
}

ASHLAR_KERNEL(hang, struct guest_args)
{
	for (;;)
		idle(args->turns);
	return 0;
}

struct guest_bytes {
	uint8_t byte[1024];
};

/* Exit with what guest_sum() makes of arguments and grid. */
ASHLAR_KERNEL(sum, struct guest_bytes)
{
	return guest_sum(args->byte, ash_arg_bytes(), ash_grid_x(),
			 ash_grid_y(), ash_grid_z());
}
