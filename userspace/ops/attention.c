// SPDX-License-Identifier: MIT
/* Checks that operations on [batch, heads, length, d] share. */
#include "attention.h"

#include <inttypes.h>

/* Strides of dimensions that are stepped over, in bytes. */
static int check_reach(struct check *c, const char *name,
		       const struct ashlar_tensor *t)
{
	uint64_t bytes = ashlar_format_bytes(t->format);

	if (t->shape[2] > 1 && (uint64_t)t->stride[2] * bytes > INT32_MAX)
		return check_fail(c,
				  "%s: stride[2] is %" PRId64 ", %" PRIu64
				  " bytes, allowed less than 2^31",
				  name, t->stride[2],
				  (uint64_t)t->stride[2] * bytes);
	return 0;
}

int attention_check_rows(struct check *c, const char *name,
			 const struct ashlar_tensor *t, uint32_t formats,
			 uint32_t flags)
{
	if (check_tensor(c, name, t, formats,
			 flags | CHECK_ROWS | CHECK_FORWARD) ||
	    check_dims(c, name, t, 4, 4))
		return -1;
	if (t->shape[2] > ATTENTION_LENGTH_MAX)
		return check_fail(c,
				  "%s: shape[2] is %" PRIu64
				  ", allowed 0 .. 2^24 positions",
				  name, t->shape[2]);
	if (t->shape[0] > ATTENTION_LENGTH_MAX ||
	    t->shape[1] > ATTENTION_LENGTH_MAX ||
	    t->shape[0] * t->shape[1] > ATTENTION_LENGTH_MAX)
		return check_fail(c,
				  "%s: shape[0] * shape[1] is %" PRIu64
				  " * %" PRIu64
				  ", allowed 0 .. 2^24 batches times heads",
				  name, t->shape[0], t->shape[1]);
	if (tensor_rows(t) > INT32_MAX)
		return check_fail(c,
				  "%s has %" PRIu64
				  " rows of d, allowed less than 2^31",
				  name, tensor_rows(t));
	return tensor_count(t) ? check_reach(c, name, t) : 0;
}

int attention_check_inputs(struct check *c, const struct ashlar_tensor *q,
			   const struct ashlar_tensor *k,
			   const struct ashlar_tensor *v, float scale,
			   uint32_t flags)
{
	if (q->format == ASHLAR_F32)
		return check_unsupported(
			c,
			"q has format %u (f32), but the matrix unit takes bf16 and fp16: convert q, k and v with copy",
			q->format);
	if (attention_check_rows(c, "q", q, CHECK_BF16 | CHECK_FP16,
				 CHECK_READ) ||
	    attention_check_rows(c, "k", k, CHECK_BF16 | CHECK_FP16,
				 CHECK_READ) ||
	    attention_check_rows(c, "v", v, CHECK_BF16 | CHECK_FP16,
				 CHECK_READ) ||
	    check_same_format(c, "k", k, "q", q) ||
	    check_same_format(c, "v", v, "q", q) ||
	    check_size(c, "k", k, 0, q->shape[0], "the batch of q") ||
	    check_size(c, "k", k, 3, q->shape[3], "d of q") ||
	    check_same_shape(c, "v", v, "k", k))
		return -1;
	if (q->shape[3] < 1 || q->shape[3] > ATTENTION_D_MAX)
		return check_fail(c,
				  "q: shape[3] is %" PRIu64
				  ", allowed 1 .. %u elements of a head",
				  q->shape[3], ATTENTION_D_MAX);
	if (k->shape[1] ? q->shape[1] % k->shape[1] : q->shape[1])
		return check_fail(
			c,
			"q: shape[1] is %" PRIu64
			", not a multiple of the heads of k, %" PRIu64,
			q->shape[1], k->shape[1]);
	if (check_number(c, "scale", scale, 0, 3.4028235e38))
		return -1;
	return check_flags(c, "flags", flags, ASHLAR_ATTENTION_FLAGS);
}

int attention_check_lse(struct check *c, const struct ashlar_tensor *lse,
			const struct ashlar_tensor *q, uint32_t flags)
{
	uint32_t i;

	if (check_tensor(c, "lse", lse, CHECK_F32,
			 flags | CHECK_ROWS | CHECK_FORWARD))
		return -1;
	if (tensor_none(lse))
		return 0;
	if (check_dims(c, "lse", lse, 3, 3))
		return -1;
	for (i = 0; i < 3; i++)
		if (check_size(c, "lse", lse, i, q->shape[i],
			       "that dimension of q"))
			return -1;
	return 0;
}

struct attention_rows attention_rows(const struct ashlar_tensor *t)
{
	struct attention_rows r = { .at = t->addr, .format = t->format };
	int64_t bytes = ashlar_format_bytes(t->format);

	/* What is not stepped over does not count. */
	if (t->shape[0] > 1)
		r.batch = t->stride[0] * bytes;
	if (t->shape[1] > 1)
		r.head = t->stride[1] * bytes;
	if (t->dims > 3 && t->shape[2] > 1)
		r.pos = (uint32_t)(t->stride[2] * bytes);
	else if (t->dims == 3)
		r.pos = (uint32_t)bytes; /* lse: a word for each position */
	return r;
}
