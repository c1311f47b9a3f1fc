/* SPDX-License-Identifier: MIT */
/*
 * Copy rows through the scratchpad; arguments in ashlar/kernels.h. Short rows
 * go many to a piece, long ones are cut into pieces.
 */
#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "pieces.h"

struct copy_ring {
	uint32_t slot_bytes;
	uint32_t slot; /* of the next piece */
	ash_token stored[PIECES_SLOTS];
	/* The piece that is loaded but not stored yet. */
	bool pending;
	ash_token loaded;
	uint64_t dst;
	uint32_t offset, run, runs, at;
};

/* Start to store the piece whose load is under way. */
static void copy_flush(struct copy_ring *r, int32_t dst_pitch)
{
	if (!r->pending)
		return;
	ash_wait(ASH_LOAD, r->loaded);
	r->stored[r->at] = ash_store(r->dst, dst_pitch, r->offset,
				     (int32_t)r->run, r->run, r->runs);
	r->pending = false;
}

static void copy_piece(struct copy_ring *r, const struct ashlar_copy_args *args,
		       uint64_t dst, uint64_t src, uint32_t run, uint32_t runs)
{
	uint32_t offset = r->slot * r->slot_bytes;
	ash_token loaded;

	ash_wait(ASH_STORE, r->stored[r->slot]);
	loaded = ash_load(offset, (int32_t)run, src, (int32_t)args->src_pitch,
			  run, runs);
	copy_flush(r, (int32_t)args->dst_pitch);
	r->pending = true;
	r->loaded = loaded;
	r->dst = dst;
	r->offset = offset;
	r->run = run;
	r->runs = runs;
	r->at = r->slot;
	r->slot = (r->slot + 1) % PIECES_SLOTS;
}

static bool copy_fits(int64_t pitch)
{
	return pitch == (int32_t)pitch;
}

ASHLAR_KERNEL(copy, struct ashlar_copy_args)
{
	struct copy_ring ring = { .slot_bytes =
					  ash_spad_bytes() / PIECES_SLOTS };
	uint32_t size = ring.slot_bytes;

	if (args->rows > 1 && args->row_bytes <= size / 2 &&
	    copy_fits(args->dst_pitch) && copy_fits(args->src_pitch)) {
		/* At most 65535 rows a piece: the DMA's limit. */
		uint32_t rows = size / (uint32_t)args->row_bytes;
		struct pieces p =
			pieces_begin(args->rows, rows < 65535 ? rows : 65535);

		for (; pieces_now(&p); pieces_on(&p))
			copy_piece(&ring, args,
				   args->dst + p.at * (uint64_t)args->dst_pitch,
				   args->src + p.at * (uint64_t)args->src_pitch,
				   (uint32_t)args->row_bytes, pieces_now(&p));
	} else {
		uint32_t row;

		for (row = 0; row < args->rows; row++) {
			uint64_t dst =
				args->dst + row * (uint64_t)args->dst_pitch;
			uint64_t src =
				args->src + row * (uint64_t)args->src_pitch;
			struct pieces p = pieces_begin(args->row_bytes, size);

			for (; pieces_now(&p); pieces_on(&p))
				copy_piece(&ring, args, dst + p.at, src + p.at,
					   pieces_now(&p), 1);
		}
	}
	copy_flush(&ring, (int32_t)args->dst_pitch);
	return 0;
}
