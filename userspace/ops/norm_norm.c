// SPDX-License-Identifier: MIT
/* Layer norm and RMS norm, and their gradients. */
#include "norm.h"

static float reciprocal(uint64_t n)
{
	return (float)(1.0 / (double)n);
}

int plan_norm(struct plan *p, const struct ashlar_op_norm *op)
{
	bool rms = op->flags & ASHLAR_NORM_RMS;
	const uint32_t written = CHECK_WRITTEN | CHECK_OPTIONAL;
	struct norm_norm_args args;
	struct check *c = &p->check;

	if (norm_check_rows(c, "x", &op->x, CHECK_READ) ||
	    norm_check_like(c, "y", &op->y, CHECK_WRITTEN, "x", &op->x) ||
	    norm_check_vector(c, "gamma", &op->gamma, CHECK_OPTIONAL, &op->x) ||
	    norm_check_vector(c, "beta", &op->beta, CHECK_OPTIONAL, &op->x) ||
	    norm_check_list(c, "mean", &op->mean, ASHLAR_F32, written,
			    &op->x) ||
	    norm_check_list(c, "rstd", &op->rstd, ASHLAR_F32, written,
			    &op->x) ||
	    check_number(c, "eps", op->eps, 0, CHECK_FLOAT_MAX) ||
	    check_flags(c, "flags", op->flags, ASHLAR_NORM_RMS))
		return -1;
	if (op->x.shape[op->x.dims - 1] == 0 && tensor_rows(&op->x) != 0 &&
	    (op->mean.addr || op->rstd.addr))
		return check_fail(
			c,
			"x has rows of 0 elements: there is no mean and no rstd of them");
	if (rms && (norm_check_none(c, "beta", &op->beta, "flags say RMS") ||
		    norm_check_none(c, "mean", &op->mean, "flags say RMS")))
		return -1;
	check_may_share(c, "x", "y");
	if (tensor_count(&op->x) == 0)
		return 0;
	args = (struct norm_norm_args){
		.x = norm_rows_of(&op->x),
		.y = norm_rows_of(&op->y),
		.gamma = op->gamma.addr,
		.beta = op->beta.addr,
		.mean = op->mean.addr,
		.rstd = op->rstd.addr,
		.shape = norm_shape_of(&op->x),
		.eps = norm_bits(op->eps),
		.rms = rms,
	};
	args.c = norm_bits(reciprocal(args.shape.cols));
	return norm_launch(p, "norm_forward", &args, sizeof(args));
}

/* dgamma and dbeta. */
static int plan_vectors(struct plan *p, const struct ashlar_op_norm_dx *op,
			const struct norm_shape *shape)
{
	struct norm_columns_args columns = {
		.x = norm_rows_of(&op->x),
		.dy = norm_rows_of(&op->dy),
		.mean = op->mean.addr,
		.rstd = op->rstd.addr,
		.shape = *shape,
		.mode = NORM_COLUMNS_BY_ROW,
	};
	struct norm_totals_args totals = {
		.total = { op->dgamma.addr, op->dbeta.addr },
		.mode = NORM_TOTALS_ADD,
	};

	norm_sums(p, shape, totals.total, totals.sum);
	if (norm_plan_columns(p, &columns, totals.sum))
		return -1;
	/* The sums of one block are the totals. */
	if (totals.sum[0] == totals.total[0] &&
	    totals.sum[1] == totals.total[1])
		return 0;
	return norm_plan_totals(p, &totals, shape);
}

int plan_norm_dx(struct plan *p, const struct ashlar_op_norm_dx *op)
{
	bool rms = op->flags & ASHLAR_NORM_RMS;
	const uint32_t written = CHECK_WRITTEN | CHECK_OPTIONAL;
	struct norm_norm_dx_args args;
	struct check *c = &p->check;

	if (norm_check_rows(c, "x", &op->x, CHECK_READ) ||
	    norm_check_like(c, "dy", &op->dy, CHECK_READ, "x", &op->x) ||
	    norm_check_vector(c, "gamma", &op->gamma, CHECK_OPTIONAL, &op->x) ||
	    norm_check_list(c, "mean", &op->mean, ASHLAR_F32,
			    rms ? CHECK_OPTIONAL : 0, &op->x) ||
	    norm_check_list(c, "rstd", &op->rstd, ASHLAR_F32, CHECK_READ,
			    &op->x) ||
	    norm_check_like(c, "dx", &op->dx, written, "x", &op->x) ||
	    norm_check_vector(c, "dgamma", &op->dgamma, written, &op->x) ||
	    norm_check_vector(c, "dbeta", &op->dbeta, written, &op->x) ||
	    check_flags(c, "flags", op->flags, ASHLAR_NORM_RMS) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (rms && (norm_check_none(c, "mean", &op->mean, "flags say RMS") ||
		    norm_check_none(c, "dbeta", &op->dbeta, "flags say RMS")))
		return -1;
	check_may_share(c, "x", "dx");
	check_may_share(c, "dy", "dx");
	if (op->x.shape[op->x.dims - 1] == 0)
		return 0;
	if (tensor_rows(&op->x) == 0)
		return norm_plan_zeros(p, &op->dgamma, &op->dbeta,
				       op->x.shape[op->x.dims - 1]);
	args = (struct norm_norm_dx_args){
		.x = norm_rows_of(&op->x),
		.dy = norm_rows_of(&op->dy),
		.dx = norm_rows_of(&op->dx),
		.gamma = op->gamma.addr,
		.mean = op->mean.addr,
		.rstd = op->rstd.addr,
		.shape = norm_shape_of(&op->x),
	};
	args.c = norm_bits(reciprocal(args.shape.cols));
	/* dx may be x or dy: it comes last. */
	if ((op->dgamma.addr || op->dbeta.addr) &&
	    plan_vectors(p, op, &args.shape))
		return -1;
	if (!op->dx.addr)
		return 0;
	return norm_launch(p, "norm_backward", &args, sizeof(args));
}
