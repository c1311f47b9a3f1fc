// SPDX-License-Identifier: MIT
/* matmul: checks, and arguments of the kernel. */
#include <inttypes.h>

#include "linear.h"

/* How an operand lies in memory. */
struct side {
	const char *name;
	const struct ashlar_tensor *t;
	uint32_t row, k; /* dimensions: m or n, and k */
	bool k_rows; /* stored rows run along k */
	uint32_t stride; /* bytes from stored row to stored row */
};

static int check_side(struct check *c, struct side *s)
{
	const struct ashlar_tensor *t = s->t;
	bool k_ok = t->shape[s->k] == 1 || t->stride[s->k] == 1;
	bool row_ok = t->shape[s->row] == 1 || t->stride[s->row] == 1;
	uint32_t other;

	if (tensor_count(t) == 0)
		return 0; /* k is 0 */
	if (!k_ok && !row_ok)
		return check_unsupported(
			c,
			"%s: strides of the last two dimensions are %" PRId64
			" and %" PRId64 ", one must be 1: copy it first",
			s->name, t->stride[t->dims - 2],
			t->stride[t->dims - 1]);
	/* With one element along k, rows along the other side are longer. */
	s->k_rows = k_ok && !(row_ok && t->shape[s->k] == 1);
	other = s->k_rows ? s->row : s->k;
	if (linear_check_stride(c, s->name, t, other))
		return -1;
	if (t->shape[other] > 1)
		s->stride = (uint32_t)linear_bytes(t, other);
	return 0;
}

static int check(struct check *c, const struct ashlar_op_matmul *op,
		 struct side *a, struct side *b)
{
	const struct ashlar_tensor *r = &op->c;
	uint64_t batches = 1;
	uint32_t d, dims = r->dims;

	if (check_tensor(c, "a", &op->a, LINEAR_FORMATS, CHECK_READ) ||
	    check_tensor(c, "b", &op->b, LINEAR_FORMATS, CHECK_READ) ||
	    check_tensor(c, "c", r, CHECK_ALL, CHECK_WRITTEN | CHECK_ROWS) ||
	    check_dims(c, "c", r, 2, 2 + LINEAR_BATCH_DIMS) ||
	    check_dims(c, "a", &op->a, dims, dims) ||
	    check_dims(c, "b", &op->b, dims, dims) ||
	    check_same_format(c, "b", &op->b, "a", &op->a) ||
	    check_size(c, "a", &op->a, dims - 2, r->shape[dims - 2],
		       "c's rows (m)") ||
	    check_size(c, "b", &op->b, dims - 1, r->shape[dims - 1],
		       "c's columns (n)") ||
	    check_size(c, "b", &op->b, dims - 2, op->a.shape[dims - 1],
		       "a's columns (k)") ||
	    check_range(c, "c's rows (m)", r->shape[dims - 2], 0,
			LINEAR_SIZE_MAX) ||
	    check_range(c, "c's columns (n)", r->shape[dims - 1], 0,
			LINEAR_SIZE_MAX) ||
	    check_range(c, "a's columns (k)", op->a.shape[dims - 1], 0,
			LINEAR_SIZE_MAX))
		return -1;
	for (d = 0; d + 2 < dims; d++) {
		if (check_size(c, "a", &op->a, d, r->shape[d], "c's") ||
		    check_size(c, "b", &op->b, d, r->shape[d], "c's"))
			return -1;
		/* No product of sizes is more than 2^40. */
		batches *= r->shape[d];
	}
	if (linear_check_epilogue(c, &op->epilogue, op->a.format, "c", r))
		return -1;
	if (tensor_count(r) == 0)
		return 0;
	if (check_range(c, "the number of products", batches, 0,
			LINEAR_SIZE_MAX) ||
	    check_side(c, a) || check_side(c, b) ||
	    linear_check_stride(c, "c", r, dims - 2))
		return -1;
	if (!tensor_none(&op->epilogue.residual))
		return linear_check_stride(c, "epilogue.residual",
					   &op->epilogue.residual, dims - 2);
	return 0;
}

static void batch_strides(int64_t *to, const struct ashlar_tensor *t)
{
	uint32_t d, first = LINEAR_BATCH_DIMS - (t->dims - 2);

	for (d = 0; d + 2 < t->dims; d++)
		to[first + d] = linear_bytes(t, d);
}

int plan_matmul(struct plan *p, const struct ashlar_op_matmul *op)
{
	uint32_t dims = op->c.dims, d;
	struct side a = { "a", &op->a, dims - 2, dims - 1, true, 0 };
	struct side b = { "b", &op->b, dims - 1, dims - 2, true, 0 };
	struct linear_matmul_args args = { 0 };

	if (check(&p->check, op, &a, &b))
		return -1;
	if (tensor_count(&op->c) == 0)
		return 0;
	args.a = op->a.addr;
	args.b = op->b.addr;
	args.c = op->c.addr;
	args.m = (uint32_t)op->c.shape[dims - 2];
	args.n = (uint32_t)op->c.shape[dims - 1];
	args.k = (uint32_t)op->a.shape[dims - 1];
	args.type = op->a.format;
	args.a_stride = a.stride;
	args.b_stride = b.stride;
	args.c_stride = (uint32_t)linear_bytes(&op->c, dims - 2);
	if (a.k_rows)
		args.flags |= LINEAR_A_ROWS;
	if (b.k_rows)
		args.flags |= LINEAR_B_ROWS;
	if (args.k == 0) {
		args.flags |= LINEAR_ZERO;
		args.k = 1;
	}
	for (d = 0; d < LINEAR_BATCH_DIMS; d++)
		args.batch[d] = 1;
	for (d = 0; d + 2 < dims; d++)
		args.batch[LINEAR_BATCH_DIMS - (dims - 2) + d] =
			(uint32_t)op->c.shape[d];
	batch_strides(args.a_batch, &op->a);
	batch_strides(args.b_batch, &op->b);
	batch_strides(args.c_batch, &op->c);
	linear_epilogue_args(&args.epilogue, &op->epilogue, op->c.format);
	if (!tensor_none(&op->epilogue.residual)) {
		args.residual_stride = (uint32_t)linear_bytes(
			&op->epilogue.residual, dims - 2);
		batch_strides(args.residual_batch, &op->epilogue.residual);
	}
	return linear_launch(p, &args);
}
