// SPDX-License-Identifier: MIT
/* embedding and embedding_dx: checks and their launches. */
#include <inttypes.h>

#include "kernels/args_attention.h"
#include "plan.h"

#define D_MAX 16384u

/* A matrix with contiguous rows that a DMA can step over. */
static int check_matrix(struct check *c, const char *name,
			const struct ashlar_tensor *t, uint32_t formats,
			uint32_t flags)
{
	uint64_t bytes;

	if (check_tensor(c, name, t, formats,
			 flags | CHECK_ROWS | CHECK_FORWARD) ||
	    check_dims(c, name, t, 2, 2) ||
	    check_range(c, name, t->shape[0], 0, INT32_MAX))
		return -1;
	bytes = ashlar_format_bytes(t->format);
	if (t->shape[1] * bytes > 1u << 30)
		return check_fail(c,
				  "%s: shape[1] is %" PRIu64
				  ", a row of more than 2^30 bytes",
				  name, t->shape[1]);
	if (t->shape[0] > 1 && t->shape[1] &&
	    (uint64_t)t->stride[0] * bytes > INT32_MAX)
		return check_fail(c,
				  "%s: stride[0] is %" PRId64
				  ", more than 2^31 - 1 bytes",
				  name, t->stride[0]);
	return 0;
}

static int check_index(struct check *c, const struct ashlar_tensor *index,
		       const char *name, const struct ashlar_tensor *rows)
{
	if (check_tensor(c, "index", index, CHECK_I32,
			 CHECK_READ | CHECK_FORWARD) ||
	    check_dims(c, "index", index, 1, 1))
		return -1;
	if (index->shape[0] > 1 && index->stride[0] > INT32_MAX / 4)
		return check_fail(c,
				  "index: stride[0] is %" PRId64
				  ", allowed less than 2^29",
				  index->stride[0]);
	return check_size(c, name, rows, 0, index->shape[0], "tokens in index");
}

static uint32_t pitch(const struct ashlar_tensor *t)
{
	if (t->shape[0] < 2)
		return ashlar_format_bytes(t->format);
	return (uint32_t)t->stride[0] * ashlar_format_bytes(t->format);
}

int plan_embedding(struct plan *p, const struct ashlar_op_embedding *op)
{
	struct check *c = &p->check;
	struct embedding_args args;

	if (check_matrix(c, "table", &op->table, CHECK_ALL, CHECK_READ) ||
	    check_matrix(c, "y", &op->y, CHECK_ALL, CHECK_WRITTEN) ||
	    check_same_format(c, "y", &op->y, "table", &op->table) ||
	    check_size(c, "y", &op->y, 1, op->table.shape[1],
		       "a row of table") ||
	    check_index(c, &op->index, "y", &op->y))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	args = (struct embedding_args){
		.index = op->index.addr,
		.table = op->table.addr,
		.y = op->y.addr,
		.tokens = op->y.shape[0],
		.index_pitch = pitch(&op->index),
		.table_pitch = pitch(&op->table),
		.y_pitch = pitch(&op->y),
		.rows = (uint32_t)op->table.shape[0],
		.row_bytes = (uint32_t)op->y.shape[1] *
			     ashlar_format_bytes(op->y.format),
	};
	return plan_launch(p, "embedding", "embedding", &args, sizeof(args)) ?
		       0 :
		       -1;
}

int plan_embedding_dx(struct plan *p, const struct ashlar_op_embedding_dx *op)
{
	struct check *c = &p->check;
	struct embedding_dx_args args;

	if (check_matrix(c, "dy", &op->dy, CHECK_FLOATS, CHECK_READ) ||
	    check_matrix(c, "dtable", &op->dtable, CHECK_F32, CHECK_WRITTEN) ||
	    check_size(c, "dy", &op->dy, 1, op->dtable.shape[1],
		       "a row of dtable") ||
	    check_range(c, "dtable: shape[1]", op->dtable.shape[1], 1, D_MAX) ||
	    check_index(c, &op->index, "dy", &op->dy) ||
	    check_flags(c, "flags", op->flags, ASHLAR_EMBEDDING_FLAGS) ||
	    check_reserved(c, op->reserved))
		return -1;
	if (op->padding < -1 || op->padding >= (int64_t)op->dtable.shape[0])
		return check_fail(
			c,
			"padding is %" PRId64 ", allowed -1 .. %" PRId64
			", a row of dtable or -1 for none",
			op->padding, (int64_t)op->dtable.shape[0] - 1);
	if (op->dtable.shape[0] == 0)
		return 0;
	args = (struct embedding_dx_args){
		.index = op->index.addr,
		.dy = op->dy.addr,
		.dtable = op->dtable.addr,
		.tokens = op->dy.shape[0],
		.index_pitch = pitch(&op->index),
		.dy_pitch = pitch(&op->dy),
		.dtable_pitch = pitch(&op->dtable),
		.rows = (uint32_t)op->dtable.shape[0],
		.d = (uint32_t)op->dtable.shape[1],
		.format = op->dy.format,
		.padding = (int32_t)op->padding,
		.add = op->flags & ASHLAR_EMBEDDING_ADD,
	};
	return plan_launch(p, "embedding", "embedding_dx", &args,
			   sizeof(args)) ?
		       0 :
		       -1;
}
