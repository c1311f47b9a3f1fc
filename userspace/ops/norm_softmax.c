// SPDX-License-Identifier: MIT
/* softmax, its gradient, cross entropy. */
#include "norm.h"

int plan_softmax(struct plan *p, const struct ashlar_op_softmax *op)
{
	struct norm_softmax_args args;
	struct check *c = &p->check;

	if (norm_check_rows(c, "x", &op->x, CHECK_READ) ||
	    norm_check_like(c, "y", &op->y, CHECK_WRITTEN, "x", &op->x) ||
	    check_flags(c, "flags", op->flags, ASHLAR_SOFTMAX_LOG) ||
	    check_reserved(c, op->reserved))
		return -1;
	check_may_share(c, "x", "y");
	if (tensor_count(&op->x) == 0)
		return 0;
	args = (struct norm_softmax_args){
		.x = norm_rows_of(&op->x),
		.y = norm_rows_of(&op->y),
		.shape = norm_shape_of(&op->x),
		.log = op->flags & ASHLAR_SOFTMAX_LOG,
	};
	return norm_launch(p, "norm_softmax", &args, sizeof(args));
}

int plan_softmax_dx(struct plan *p, const struct ashlar_op_softmax_dx *op)
{
	struct norm_softmax_dx_args args;
	struct check *c = &p->check;

	if (norm_check_rows(c, "y", &op->y, CHECK_READ) ||
	    norm_check_like(c, "dy", &op->dy, CHECK_READ, "y", &op->y) ||
	    norm_check_like(c, "dx", &op->dx, CHECK_WRITTEN, "y", &op->y) ||
	    check_flags(c, "flags", op->flags, ASHLAR_SOFTMAX_LOG) ||
	    check_reserved(c, op->reserved))
		return -1;
	check_may_share(c, "y", "dx");
	check_may_share(c, "dy", "dx");
	if (tensor_count(&op->y) == 0)
		return 0;
	args = (struct norm_softmax_dx_args){
		.y = norm_rows_of(&op->y),
		.dy = norm_rows_of(&op->dy),
		.dx = norm_rows_of(&op->dx),
		.shape = norm_shape_of(&op->y),
		.log = op->flags & ASHLAR_SOFTMAX_LOG,
	};
	return norm_launch(p, "norm_softmax_dx", &args, sizeof(args));
}

int plan_cross_entropy(struct plan *p, const struct ashlar_op_cross_entropy *op)
{
	struct norm_cross_entropy_args args;
	struct check *c = &p->check;

	if (norm_check_rows(c, "logits", &op->logits, CHECK_READ) ||
	    norm_check_list(c, "labels", &op->labels, ASHLAR_I32, CHECK_READ,
			    &op->logits) ||
	    norm_check_list(c, "loss", &op->loss, ASHLAR_F32,
			    CHECK_WRITTEN | CHECK_OPTIONAL, &op->logits) ||
	    norm_check_like(c, "dlogits", &op->dlogits,
			    CHECK_WRITTEN | CHECK_OPTIONAL, "logits",
			    &op->logits) ||
	    check_number(c, "scale", op->scale, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX) ||
	    check_flags(c, "flags", op->flags, ASHLAR_CROSS_ENTROPY_IGNORE) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (tensor_none(&op->loss) && tensor_none(&op->dlogits))
		return check_fail(
			c,
			"loss and dlogits are both none: nothing is asked for");
	if (op->logits.shape[op->logits.dims - 1] == 0 &&
	    tensor_rows(&op->logits) != 0)
		return check_fail(c, "logits has rows of 0 classes");
	check_may_share(c, "logits", "dlogits");
	if (tensor_count(&op->logits) == 0)
		return 0;
	args = (struct norm_cross_entropy_args){
		.x = norm_rows_of(&op->logits),
		.dx = norm_rows_of(&op->dlogits),
		.labels = op->labels.addr,
		.loss = op->loss.addr,
		.shape = norm_shape_of(&op->logits),
		.scale = norm_bits(op->scale),
		.ignore = op->ignore,
		.ignores = op->flags & ASHLAR_CROSS_ENTROPY_IGNORE,
	};
	return norm_launch(p, "norm_cross_entropy", &args, sizeof(args));
}
