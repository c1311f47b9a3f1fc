/* SPDX-License-Identifier: MIT */
/*
 * Max-pooling over rows: dst[i] = max(src[i * pool] .. src[i * pool + pool - 1])
 * in fp32. A kernel of your own: it is not in the library.
 *
 * The load DMA transposes while it loads: value j of every result goes to its
 * own contiguous plane, so that the vector unit can take the maximum of whole
 * planes, N lanes at a time.
 */
#include <ashlar/kernel.h>

#include "row_max_args.h"

ASHLAR_KERNEL(row_max, struct row_max_args)
{
	/* Planes in the first half of the scratchpad, the results behind it. */
	struct ash_arena arena = ash_arena_all();
	uint32_t lanes = ash_array();
	uint32_t room = ash_spad_bytes() / 2 / (4 * args->pool);
	uint32_t piece = room & ~(lanes - 1); /* results at a time */
	uint32_t most = 65535 & ~(lanes - 1); /* runs of a DMA */
	uint32_t planes, out, at;

	ASH_ASSERT(args->pool > 0 && piece > 0);
	if (piece > most)
		piece = most;
	planes = ash_alloc(&arena, piece * 4 * args->pool);
	out = ash_alloc(&arena, piece * 4);

	/* Pieces are dealt out to the tiles in turn. */
	for (at = ash_index() * piece; at < args->count;
	     at += ash_count() * piece) {
		uint32_t n = args->count - at;
		uint32_t j, rows;
		ash_token token;

		if (n > piece)
			n = piece;
		rows = (n + lanes - 1) / lanes;

		/* Plane j: one fp32 of each result, pool * 4 bytes apart. */
		token = 0;
		for (j = 0; j < args->pool; j++)
			token = ash_load(
				planes + j * piece * 4, 4,
				args->src + 4 * ((uint64_t)at * args->pool + j),
				(int32_t)args->pool * 4, 4, n);
		ash_wait(ASH_LOAD, token);
		/* What was stored from `out` before must have left it. */
		ash_wait_all(ASH_STORE);

		token = ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32), out,
				   4 * lanes, planes, 4 * lanes, rows);
		for (j = 1; j < args->pool; j++) {
			ash_vector_src2(planes + j * piece * 4, 4 * lanes);
			token = ash_vector(
				ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
					ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_MAX),
				out, 4 * lanes, out, 4 * lanes, rows);
		}
		ash_wait(ASH_VECTOR, token);
		ash_store_1d(args->dst + 4 * (uint64_t)at, out, 4 * n);
	}
	return 0;
}
