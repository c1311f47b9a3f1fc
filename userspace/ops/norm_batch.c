// SPDX-License-Identifier: MIT
/* Batch norm and its gradient. */
#include "norm.h"

static float reciprocal(uint64_t n)
{
	return (float)(1.0 / (double)n);
}

static uint64_t vector(struct plan *p, const struct norm_shape *shape)
{
	return plan_workspace(p, 4 * (uint64_t)shape->cols);
}

static int check_size_of(struct check *c, const struct ashlar_tensor *x)
{
	if (x->shape[x->dims - 1] > NORM_SIZE_MAX)
		return check_unsupported(c,
					 "x has more than 2^31 - 1 channels");
	return 0;
}

static int check_batch_norm(struct check *c,
			    const struct ashlar_op_batch_norm *op)
{
	bool training = op->flags & ASHLAR_BATCH_NORM_TRAINING;
	const uint32_t written = CHECK_WRITTEN | CHECK_OPTIONAL;
	const uint32_t running = training ? written : CHECK_READ;

	if (norm_check_rows(c, "x", &op->x, CHECK_READ) ||
	    norm_check_like(c, "y", &op->y, CHECK_WRITTEN, "x", &op->x) ||
	    check_size_of(c, &op->x) ||
	    norm_check_vector(c, "gamma", &op->gamma, CHECK_OPTIONAL, &op->x) ||
	    norm_check_vector(c, "beta", &op->beta, CHECK_OPTIONAL, &op->x) ||
	    norm_check_vector(c, "running_mean", &op->running_mean, running,
			      &op->x) ||
	    norm_check_vector(c, "running_var", &op->running_var, running,
			      &op->x) ||
	    norm_check_vector(c, "mean", &op->mean, written, &op->x) ||
	    norm_check_vector(c, "rstd", &op->rstd, written, &op->x) ||
	    check_number(c, "eps", op->eps, 0, CHECK_FLOAT_MAX) ||
	    check_number(c, "momentum", op->momentum, 0, 1) ||
	    check_flags(c, "flags", op->flags, ASHLAR_BATCH_NORM_TRAINING) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (training && tensor_rows(&op->x) == 0)
		return check_fail(
			c, "x has no rows: there are no statistics of them");
	check_may_share(c, "x", "y");
	return 0;
}

/* Mean and variance of the rows, and running averages. */
static int plan_statistics(struct plan *p,
			   const struct ashlar_op_batch_norm *op,
			   struct norm_totals_args *totals)
{
	struct norm_columns_args columns = {
		.x = norm_rows_of(&op->x),
		.shape = norm_shape_of(&op->x),
		.mode = NORM_COLUMNS_SUM,
	};
	struct norm_totals_args mean = {
		.mode = NORM_TOTALS_MEAN,
		.c = norm_bits(reciprocal(columns.shape.rows)),
		.mean = totals->mean,
	};
	const uint64_t rows = columns.shape.rows;
	const uint64_t total[2] = { vector(p, &columns.shape), 0 };

	norm_sums(p, &columns.shape, total, mean.sum);
	if (norm_plan_columns(p, &columns, mean.sum) ||
	    norm_plan_totals(p, &mean, &columns.shape))
		return -1;
	columns.mode = NORM_COLUMNS_SQUARES;
	columns.col_mean = totals->mean;
	if (norm_plan_columns(p, &columns, mean.sum))
		return -1;
	totals->mode = NORM_TOTALS_TRAIN;
	totals->sum[0] = mean.sum[0];
	totals->c = mean.c;
	totals->running_mean = op->running_mean.addr;
	totals->running_var = op->running_var.addr;
	totals->momentum = norm_bits(op->momentum);
	totals->rest = norm_bits(1.0f - op->momentum);
	totals->unbias = norm_bits(
		rows > 1 ? (float)((double)rows / (double)(rows - 1)) : 1.0f);
	return 0;
}

int plan_batch_norm(struct plan *p, const struct ashlar_op_batch_norm *op)
{
	struct norm_totals_args totals = {
		.rstd = op->rstd.addr,
		.gamma = op->gamma.addr,
		.beta = op->beta.addr,
		.eps = norm_bits(op->eps),
		.mode = NORM_TOTALS_INFER,
	};
	struct norm_affine_args args = { 0 };
	struct norm_shape shape;

	if (check_batch_norm(&p->check, op))
		return -1;
	shape = norm_shape_of(&op->x);
	if (shape.cols == 0)
		return 0;
	totals.scale = vector(p, &shape);
	totals.bias = vector(p, &shape);
	if (op->flags & ASHLAR_BATCH_NORM_TRAINING) {
		totals.mean = op->mean.addr ? op->mean.addr : vector(p, &shape);
		if (plan_statistics(p, op, &totals))
			return -1;
	} else {
		totals.mean = op->running_mean.addr;
		totals.var = op->running_var.addr;
		totals.mean_saved = op->mean.addr;
	}
	if (norm_plan_totals(p, &totals, &shape))
		return -1;
	if (shape.rows == 0)
		return 0;
	args = (struct norm_affine_args){
		.x = norm_rows_of(&op->x),
		.y = norm_rows_of(&op->y),
		.scale = totals.scale,
		.bias = totals.bias,
		.shape = shape,
	};
	return norm_launch(p, "norm_affine", &args, sizeof(args));
}

static int check_batch_norm_dx(struct check *c,
			       const struct ashlar_op_batch_norm_dx *op)
{
	const uint32_t written = CHECK_WRITTEN | CHECK_OPTIONAL;

	if (norm_check_rows(c, "x", &op->x, CHECK_READ) ||
	    norm_check_like(c, "dy", &op->dy, CHECK_READ, "x", &op->x) ||
	    check_size_of(c, &op->x) ||
	    norm_check_vector(c, "gamma", &op->gamma, CHECK_OPTIONAL, &op->x) ||
	    norm_check_vector(c, "mean", &op->mean, CHECK_READ, &op->x) ||
	    norm_check_vector(c, "rstd", &op->rstd, CHECK_READ, &op->x) ||
	    norm_check_like(c, "dx", &op->dx, written, "x", &op->x) ||
	    norm_check_vector(c, "dgamma", &op->dgamma, written, &op->x) ||
	    norm_check_vector(c, "dbeta", &op->dbeta, written, &op->x) ||
	    check_flags(c, "flags", op->flags, ASHLAR_BATCH_NORM_TRAINING) ||
	    check_reserved(c, op->reserved))
		return -1;
	check_may_share(c, "x", "dx");
	check_may_share(c, "dy", "dx");
	return 0;
}

int plan_batch_norm_dx(struct plan *p, const struct ashlar_op_batch_norm_dx *op)
{
	bool dx = op->dx.addr;
	bool both = dx && op->flags & ASHLAR_BATCH_NORM_TRAINING;
	struct norm_columns_args columns = { 0 };
	struct norm_totals_args totals = { 0 };
	struct norm_affine_args args = { 0 };
	struct norm_shape shape;
	uint64_t wanted[2];

	if (check_batch_norm_dx(&p->check, op))
		return -1;
	shape = norm_shape_of(&op->x);
	if (shape.cols == 0)
		return 0;
	if (shape.rows == 0)
		return norm_plan_zeros(p, &op->dgamma, &op->dbeta, shape.cols);
	columns = (struct norm_columns_args){
		.x = norm_rows_of(&op->x),
		.dy = norm_rows_of(&op->dy),
		.col_mean = op->mean.addr,
		.col_rstd = op->rstd.addr,
		.shape = shape,
		.mode = NORM_COLUMNS_BY_COLUMN,
	};
	totals = (struct norm_totals_args){
		.total = { op->dgamma.addr, op->dbeta.addr },
		.mean = op->mean.addr,
		.rstd = op->rstd.addr,
		.gamma = op->gamma.addr,
		.mode = NORM_TOTALS_DX,
		.c = norm_bits(reciprocal(shape.rows)),
	};
	if (dx)
		totals.scale = vector(p, &shape);
	if (both) {
		totals.bias = vector(p, &shape);
		totals.bias2 = vector(p, &shape);
		totals.scale2 = vector(p, &shape);
	}
	wanted[0] = op->dgamma.addr || !both ? op->dgamma.addr :
					       vector(p, &shape);
	wanted[1] = op->dbeta.addr || !both ? op->dbeta.addr :
					      vector(p, &shape);
	norm_sums(p, &shape, wanted, totals.sum);
	if ((totals.sum[0] || totals.sum[1]) &&
	    norm_plan_columns(p, &columns, totals.sum))
		return -1;
	/* Sums of one block are there already. */
	if (totals.sum[0] == totals.total[0])
		totals.total[0] = 0;
	if (totals.sum[1] == totals.total[1])
		totals.total[1] = 0;
	if ((dx || totals.total[0] || totals.total[1]) &&
	    norm_plan_totals(p, &totals, &shape))
		return -1;
	if (!dx)
		return 0;
	args = (struct norm_affine_args){
		.x = norm_rows_of(&op->dy),
		.y = norm_rows_of(&op->dx),
		.scale = totals.scale,
		.bias = totals.bias,
		.shape = shape,
	};
	if (both) {
		args.x2 = norm_rows_of(&op->x);
		args.bias2 = totals.bias2;
		args.scale2 = totals.scale2;
	}
	return norm_launch(p, "norm_affine", &args, sizeof(args));
}
