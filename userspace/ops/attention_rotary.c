// SPDX-License-Identifier: MIT
/* rotary: checks and its launch. */
#include "attention.h"

#include <inttypes.h>

#define ROTARY_D_MAX 256u

static int check_table(struct check *c, const char *name,
		       const struct ashlar_tensor *t,
		       const struct ashlar_tensor *x)
{
	if (check_tensor(c, name, t, CHECK_F32,
			 CHECK_READ | CHECK_ROWS | CHECK_FORWARD) ||
	    check_dims(c, name, t, 2, 2) ||
	    check_size(c, name, t, 0, x->shape[2], "the length of x") ||
	    check_size(c, name, t, 1, x->shape[3] / 2, "half of d"))
		return -1;
	if (t->shape[0] > 1 && t->stride[0] > INT32_MAX / 4)
		return check_fail(c,
				  "%s: stride[0] is %" PRId64
				  ", allowed less than 2^29",
				  name, t->stride[0]);
	return 0;
}

static uint32_t table_pitch(const struct ashlar_tensor *t)
{
	return t->shape[0] > 1 ? (uint32_t)(4 * t->stride[0]) : 0;
}

int plan_rotary(struct plan *p, const struct ashlar_op_rotary *op)
{
	const char *kernel = "rotary";
	struct check *c = &p->check;
	struct rotary_args args;

	if (attention_check_rows(c, "x", &op->x, CHECK_FLOATS, CHECK_READ) ||
	    attention_check_rows(c, "y", &op->y, CHECK_FLOATS, CHECK_WRITTEN) ||
	    check_same_shape(c, "y", &op->y, "x", &op->x))
		return -1;
	if (op->x.shape[3] < 2 || op->x.shape[3] > ROTARY_D_MAX ||
	    op->x.shape[3] % 2)
		return check_fail(c,
				  "x: shape[3] is %" PRIu64
				  ", allowed are even ones, 2 .. %u",
				  op->x.shape[3], ROTARY_D_MAX);
	if (check_table(c, "cos", &op->cos, &op->x) ||
	    check_table(c, "sin", &op->sin, &op->x) ||
	    check_flags(c, "flags", op->flags, ASHLAR_ROTARY_FLAGS) ||
	    check_reserved(c, op->reserved))
		return -1;
	check_may_share(c, "x", "y");
	if (tensor_count(&op->x) == 0)
		return 0;
	args = (struct rotary_args){
		.x = attention_rows(&op->x),
		.y = attention_rows(&op->y),
		.cos = op->cos.addr,
		.sin = op->sin.addr,
		.cos_pitch = table_pitch(&op->cos),
		.sin_pitch = table_pitch(&op->sin),
		.batch = (uint32_t)op->x.shape[0],
		.heads = (uint32_t)op->x.shape[1],
		.l = (uint32_t)op->x.shape[2],
		.d = (uint32_t)op->x.shape[3],
		.flags = op->flags,
	};
	/* Halves of whole lines need no transposition. */
	if (!(op->flags & ASHLAR_ROTARY_INTERLEAVED) &&
	    args.d / 2 % p->board.array == 0 &&
	    rotary_rows_bytes(args.d,
			      ashlar_format_bytes(op->x.format) +
				      ashlar_format_bytes(op->y.format),
			      1, p->board.array) <= p->board.spad_bytes)
		kernel = "rotary_rows";
	return plan_launch(p, "embedding", kernel, &args, sizeof(args)) ? 0 :
									  -1;
}
