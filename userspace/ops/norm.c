// SPDX-License-Identifier: MIT
#include "norm.h"

#include <inttypes.h>
#include <string.h>

/*
 * Distance from row to row in elements; false if there is no such thing, with
 * the dimension that is to blame and what its stride should be.
 */
static bool row_stride(const struct ashlar_tensor *t, int64_t *stride,
		       uint32_t *dim, __int128 *should)
{
	bool found = false;
	uint32_t i;

	*stride = 0;
	*should = 0;
	for (i = t->dims - 1; i-- > 0;) {
		if (t->shape[i] == 1)
			continue;
		if (!found)
			*stride = t->stride[i];
		else if (t->stride[i] != *should) {
			*dim = i;
			return false;
		}
		found = true;
		*should = (__int128)t->stride[i] * (__int128)t->shape[i];
	}
	return true;
}

int norm_check_rows(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t flags)
{
	uint32_t dim, bytes;
	__int128 should;
	int64_t stride;

	if (check_tensor(c, name, t, NORM_FLOATS, flags))
		return -1;
	if (tensor_none(t))
		return 0;
	if (check_dims(c, name, t, 1, ASHLAR_DIMS_MAX))
		return -1;
	if (tensor_count(t) == 0)
		return 0;
	if (t->shape[t->dims - 1] != 1 && t->stride[t->dims - 1] != 1)
		return check_unsupported(
			c,
			"%s: stride[%u] is %" PRId64
			", but must be 1: elements of a row are contiguous; copy it first",
			name, t->dims - 1, t->stride[t->dims - 1]);
	if (tensor_rows(t) > NORM_SIZE_MAX ||
	    t->shape[t->dims - 1] > NORM_SIZE_MAX)
		return check_unsupported(c,
					 "%s has %" PRIu64 " rows of %" PRIu64
					 ", allowed are 2^31 - 1 of each",
					 name, tensor_rows(t),
					 t->shape[t->dims - 1]);
	if (!row_stride(t, &stride, &dim, &should))
		return check_unsupported(
			c,
			"%s: stride[%u] is %" PRId64 ", but must be %" PRId64
			": rows are at equal distances; copy it first",
			name, dim, t->stride[dim], (int64_t)should);
	bytes = ashlar_format_bytes(t->format);
	stride *= bytes;
	if (stride > (int64_t)NORM_SIZE_MAX || stride < -(int64_t)NORM_SIZE_MAX)
		return check_unsupported(
			c,
			"%s: from row to row are %" PRId64
			" bytes, allowed are 2^31 - 1; copy it first",
			name, stride);
	return 0;
}

int norm_check_like(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t flags,
		    const char *of, const struct ashlar_tensor *x)
{
	if (norm_check_rows(c, name, t, flags))
		return -1;
	return tensor_none(t) ? 0 : check_same_shape(c, name, t, of, x);
}

int norm_check_vector(struct check *c, const char *name,
		      const struct ashlar_tensor *t, uint32_t flags,
		      const struct ashlar_tensor *x)
{
	if (check_tensor(c, name, t, CHECK_F32, flags | CHECK_PACKED))
		return -1;
	if (tensor_none(t))
		return 0;
	return check_dims(c, name, t, 1, 1) ||
			       check_size(c, name, t, 0, x->shape[x->dims - 1],
					  "the last dimension of x") ?
		       -1 :
		       0;
}

int norm_check_list(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t format,
		    uint32_t flags, const struct ashlar_tensor *x)
{
	uint32_t i;

	if (check_tensor(c, name, t, CHECK_FORMAT(format),
			 flags | CHECK_PACKED))
		return -1;
	if (tensor_none(t))
		return 0;
	if (check_dims(c, name, t, x->dims - 1, x->dims - 1))
		return -1;
	for (i = 0; i < t->dims; i++)
		if (check_size(c, name, t, i, x->shape[i], "that of the rows"))
			return -1;
	return 0;
}

int norm_check_none(struct check *c, const char *name,
		    const struct ashlar_tensor *t, const char *why)
{
	if (tensor_none(t))
		return 0;
	return check_fail(c, "%s is given, but must be none: %s", name, why);
}

struct norm_rows norm_rows_of(const struct ashlar_tensor *t)
{
	struct norm_rows r = { 0 };
	int64_t stride;
	__int128 should;
	uint32_t dim;

	if (tensor_none(t))
		return r;
	row_stride(t, &stride, &dim, &should);
	r.addr = t->addr;
	r.stride = (int32_t)(stride * ashlar_format_bytes(t->format));
	r.format = t->format;
	return r;
}

struct norm_shape norm_shape_of(const struct ashlar_tensor *t)
{
	return (struct norm_shape){ (uint32_t)tensor_rows(t),
				    (uint32_t)t->shape[t->dims - 1] };
}

uint32_t norm_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return bits;
}

/* --- Sums over columns ------------------------------------------------------------- */

static uint32_t blocks_of(const struct norm_shape *shape)
{
	return shape->rows ? (shape->rows - 1) / NORM_BLOCK_ROWS + 1 : 0;
}

void norm_sums(struct plan *p, const struct norm_shape *shape,
	       const uint64_t total[2], uint64_t sums[2])
{
	uint32_t blocks = blocks_of(shape);
	uint32_t i;

	for (i = 0; i < 2; i++) {
		if (!total[i])
			sums[i] = 0;
		else if (blocks == 1)
			sums[i] = total[i];
		else
			sums[i] = plan_workspace(p, (uint64_t)blocks *
							    shape->cols * 4);
	}
}

int norm_plan_columns(struct plan *p, struct norm_columns_args *args,
		      const uint64_t sums[2])
{
	args->sum = sums[0];
	args->sum_dy = sums[1];
	return norm_launch(p, "norm_columns", args, sizeof(*args));
}

int norm_plan_totals(struct plan *p, struct norm_totals_args *args,
		     const struct norm_shape *shape)
{
	args->blocks = blocks_of(shape);
	args->cols = shape->cols;
	return norm_launch(p, "norm_totals", args, sizeof(*args));
}

int norm_plan_zeros(struct plan *p, const struct ashlar_tensor *a,
		    const struct ashlar_tensor *b, uint64_t cols)
{
	struct norm_totals_args args = {
		.sum = { a->addr, b->addr },
		.total = { a->addr, b->addr },
		.mode = NORM_TOTALS_ADD,
	};
	struct norm_shape shape = { 0, (uint32_t)cols };

	if (!a->addr && !b->addr)
		return 0;
	if (cols > NORM_SIZE_MAX)
		return check_unsupported(&p->check,
					 "x has %" PRIu64
					 " columns, allowed are 2^31 - 1",
					 cols);
	return norm_plan_totals(p, &args, &shape);
}

int norm_launch(struct plan *p, const char *kernel, const void *args,
		uint32_t bytes)
{
	return plan_launch(p, NORM_FILE, kernel, args, bytes) ? 0 : -1;
}
