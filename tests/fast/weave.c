/* SPDX-License-Identifier: MIT */
/*
 * Two tiles write rows to the same area, round after round, behind matrix
 * operations that take a host thread long, and look at all of it.
 */
#include <ashlar/kernel.h>

#include "weave_args.h"

#define MINE  0u
#define OTHER (WEAVE_AREA * 2)

ASHLAR_KERNEL(weave, struct weave)
{
	uint32_t i = ash_index() % WEAVE_TILES;
	uint64_t seen = args->seen + (uint64_t)i * WEAVE_SEEN * WEAVE_AREA;
	uint32_t cfg = ash_matmul_cfg(ASH_INT8, ASH_KMAJOR, ASH_KMAJOR);
	uint32_t line = 4 * ash_array();
	uint32_t local = WEAVE_AREA / WEAVE_ROWS;

	ash_wait(ASH_LOAD,
		 ash_load_1d(MINE, args->from + (uint64_t)i * WEAVE_AREA,
			     WEAVE_AREA));
	ash_matmul_shape(line, line, args->k[i]);
	for (uint32_t r = 0; r < args->rounds; r++) {
		uint64_t to = seen + (uint64_t)(r % WEAVE_SEEN) * WEAVE_AREA;

		ash_wait(ASH_MATRIX, ash_matmul(cfg, 0, true, MINE, MINE));
		ash_wait(ASH_STORE,
			 ash_store(args->area + args->first[i], args->step[i],
				   MINE + r % 8 * 8, (int32_t)local - 64,
				   args->run, WEAVE_ROWS));
		ash_wait(ASH_LOAD, ash_load_1d(OTHER, args->area, WEAVE_AREA));
		ash_wait(ASH_STORE, ash_store_1d(to, OTHER, WEAVE_AREA));
	}
	return 0;
}
