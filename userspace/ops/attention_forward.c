// SPDX-License-Identifier: MIT
/* attention: checks and its one launch. */
#include "attention.h"

int plan_attention(struct plan *p, const struct ashlar_op_attention *op)
{
	struct check *c = &p->check;
	struct attention_args args;

	if (attention_check_inputs(c, &op->q, &op->k, &op->v, op->scale,
				   op->flags) ||
	    attention_check_rows(c, "o", &op->o, CHECK_FLOATS, CHECK_WRITTEN) ||
	    check_same_shape(c, "o", &op->o, "q", &op->q) ||
	    attention_check_lse(c, &op->lse, &op->q,
				CHECK_WRITTEN | CHECK_OPTIONAL))
		return -1;
	if (tensor_count(&op->q) == 0)
		return 0;
	args = (struct attention_args){
		.q = attention_rows(&op->q),
		.k = attention_rows(&op->k),
		.v = attention_rows(&op->v),
		.o = attention_rows(&op->o),
		.batch = (uint32_t)op->q.shape[0],
		.heads = (uint32_t)op->q.shape[1],
		.kv_heads = (uint32_t)op->k.shape[1],
		.lq = (uint32_t)op->q.shape[2],
		.lk = (uint32_t)op->k.shape[2],
		.d = (uint32_t)op->q.shape[3],
		.scale = attention_scale(op->scale, op->q.shape[3]),
		.causal = op->flags & ASHLAR_ATTENTION_CAUSAL,
	};
	if (!tensor_none(&op->lse))
		args.lse = attention_rows(&op->lse);
	return plan_launch(p, "attention", "attention", &args, sizeof(args)) ?
		       0 :
		       -1;
}
