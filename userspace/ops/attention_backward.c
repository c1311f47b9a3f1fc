// SPDX-License-Identifier: MIT
/* attention_dx: checks and its two launches. */
#include "attention.h"

static int check_gradient(struct check *c, const char *name,
			  const struct ashlar_tensor *t, const char *of,
			  const struct ashlar_tensor *x)
{
	if (attention_check_rows(c, name, t, CHECK_FLOATS, CHECK_WRITTEN))
		return -1;
	return check_same_shape(c, name, t, of, x);
}

static int check(struct check *c, const struct ashlar_op_attention_dx *op)
{
	if (attention_check_inputs(c, &op->q, &op->k, &op->v, op->scale,
				   op->flags) ||
	    attention_check_rows(c, "o", &op->o, CHECK_FLOATS, CHECK_READ) ||
	    check_same_shape(c, "o", &op->o, "q", &op->q) ||
	    attention_check_lse(c, &op->lse, &op->q, CHECK_READ) ||
	    attention_check_rows(c, "dout", &op->dout, CHECK_BF16 | CHECK_FP16,
				 CHECK_READ) ||
	    check_same_format(c, "dout", &op->dout, "q", &op->q) ||
	    check_same_shape(c, "dout", &op->dout, "q", &op->q) ||
	    check_gradient(c, "dq", &op->dq, "q", &op->q) ||
	    check_gradient(c, "dk", &op->dk, "k", &op->k))
		return -1;
	return check_gradient(c, "dv", &op->dv, "k", &op->k);
}

int plan_attention_dx(struct plan *p, const struct ashlar_op_attention_dx *op)
{
	struct attention_prepare_args prepare;
	struct attention_dx_args args;
	uint64_t words;

	if (check(&p->check, op))
		return -1;
	if (tensor_count(&op->q) == 0 && tensor_count(&op->k) == 0)
		return 0;
	words = 4 * op->q.shape[0] * op->q.shape[1] * op->q.shape[2];
	prepare = (struct attention_prepare_args){
		.o = attention_rows(&op->o),
		.dout = attention_rows(&op->dout),
		.lse = attention_rows(&op->lse),
		.delta = plan_workspace(p, words),
		.nlse = plan_workspace(p, words),
		.batch = (uint32_t)op->q.shape[0],
		.heads = (uint32_t)op->q.shape[1],
		.lq = (uint32_t)op->q.shape[2],
		.d = (uint32_t)op->q.shape[3],
	};
	args = (struct attention_dx_args){
		.q = attention_rows(&op->q),
		.k = attention_rows(&op->k),
		.v = attention_rows(&op->v),
		.dout = prepare.dout,
		.dq = attention_rows(&op->dq),
		.dk = attention_rows(&op->dk),
		.dv = attention_rows(&op->dv),
		.delta = prepare.delta,
		.nlse = prepare.nlse,
		.batch = prepare.batch,
		.heads = prepare.heads,
		.kv_heads = (uint32_t)op->k.shape[1],
		.lq = prepare.lq,
		.lk = (uint32_t)op->k.shape[2],
		.d = prepare.d,
		.scale = attention_scale(op->scale, op->q.shape[3]),
		.causal = op->flags & ASHLAR_ATTENTION_CAUSAL,
	};
	/* Without queries, the gradients by keys are zeros. */
	if (!words)
		args.lq = 0;
	if (words && !plan_launch(p, "attention_dx", "attention_prepare",
				  &prepare, sizeof(prepare)))
		return -1;
	return plan_launch(p, "attention_dx", "attention_dx", &args,
			   sizeof(args)) ?
		       0 :
		       -1;
}
