/* SPDX-License-Identifier: MIT */
/*
 * dst[i] = convert(relu(scale * (a[i] op b[i]))); arguments in
 * ashlar/kernels.h. Loads run up to three pieces ahead of the vector unit,
 * stores follow it. Operands a and b and the results have banks of their own.
 */
#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "pieces.h"

struct stream {
	uint32_t offset; /* of slot 0 */
	uint32_t slot_bytes;
	uint32_t pitch; /* bytes of a row of N */
};

static uint32_t stream_slot(const struct stream *s, uint32_t slot)
{
	return s->offset + slot * s->slot_bytes;
}

static uint32_t elementwise_cfg(const struct ashlar_elementwise_args *args)
{
	uint32_t cfg = ASH_VEC(args->in, args->out);

	if (args->op != ASHLAR_OP_NONE)
		cfg |= ASH_VEC_SRC2_ROWS(args->in, args->op);
	if (args->flags & ASHLAR_ELEMENTWISE_SCALE)
		cfg |= ASH_VEC_SCALE_IMM;
	if (args->flags & ASHLAR_ELEMENTWISE_RELU)
		cfg |= ASH_VEC_RELU;
	return cfg;
}

ASHLAR_KERNEL(elementwise, struct ashlar_elementwise_args)
{
	uint32_t array = ash_array();
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t in = ash_format_bytes(args->in);
	uint32_t out = ash_format_bytes(args->out);
	/* Two banks for each stream; a piece is whole rows. */
	uint32_t slot = 2 * bank / PIECES_SLOTS;
	uint32_t size = slot / (in > out ? in : out);
	struct stream a = { 0, slot, array * in };
	struct stream b = { 2 * bank, slot, array * in };
	struct stream d = { 4 * bank, slot, array * out };
	struct pieces load = pieces_begin(args->count, size);
	struct pieces done = load;
	ash_token loaded[PIECES_SLOTS] = { 0 };
	ash_token stored[PIECES_SLOTS] = { 0 };
	uint32_t ahead = 0, load_slot = 0, done_slot = 0;
	uint32_t n;

	ash_vector_shape(elementwise_cfg(args), d.pitch, a.pitch);
	ash_vector_scale(args->scale_bits);
	while ((n = pieces_now(&done)) != 0) {
		uint32_t to = stream_slot(&d, done_slot);
		ash_token token;

		/* A piece's sources are free once its results are made. */
		while (ahead < PIECES_SLOTS && pieces_now(&load)) {
			uint32_t bytes = pieces_now(&load) * in;

			token = ash_load_1d(stream_slot(&a, load_slot),
					    args->a + load.at * in, bytes);
			if (args->op != ASHLAR_OP_NONE)
				token = ash_load_1d(stream_slot(&b, load_slot),
						    args->b + load.at * in,
						    bytes);
			loaded[load_slot] = token;
			load_slot = (load_slot + 1) % PIECES_SLOTS;
			ahead++;
			pieces_on(&load);
		}
		ash_wait(ASH_LOAD, loaded[done_slot]);
		ash_wait(ASH_STORE, stored[done_slot]);
		ash_vector_src2(stream_slot(&b, done_slot), b.pitch);
		token = ash_vector_at(to, stream_slot(&a, done_slot),
				      (n + array - 1) / array);
		ash_wait(ASH_VECTOR, token);
		stored[done_slot] =
			ash_store_1d(args->dst + done.at * out, to, n * out);
		done_slot = (done_slot + 1) % PIECES_SLOTS;
		ahead--;
		pieces_on(&done);
	}
	return 0;
}
