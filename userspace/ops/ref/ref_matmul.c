// SPDX-License-Identifier: MIT
#include "ref.h"
#include "ref_linear.h"
#include "ref_walk.h"

/* A matrix by its strides, in elements. */
struct matrix {
	uint8_t *at;
	int64_t row, col;
	uint32_t format;
};

/* The matrix that is the last two dimensions of t. */
static struct matrix matrix(const struct ref_index *i,
			    const struct ashlar_tensor *t, bool transposed)
{
	struct matrix m = { .format = t->format };
	int64_t at = 0;
	uint32_t d;

	for (d = 0; d + 2 < t->dims; d++)
		at += (int64_t)i->i[d] * t->stride[d];
	m.at = (uint8_t *)(uintptr_t)t->addr +
	       at * ashlar_format_bytes(t->format);
	m.row = t->stride[t->dims - 2 + transposed];
	m.col = t->stride[t->dims - 1 - transposed];
	return m;
}

static void *element(const struct matrix *m, size_t row, size_t col)
{
	return m->at + ((int64_t)row * m->row + (int64_t)col * m->col) *
			       ashlar_format_bytes(m->format);
}

static void gather(uint8_t *to, const struct matrix *m, size_t rows,
		   size_t cols)
{
	size_t bytes = ashlar_format_bytes(m->format);
	size_t r, c;

	for (r = 0; r < rows; r++)
		for (c = 0; c < cols; c++, to += bytes)
			memcpy(to, element(m, r, c), bytes);
}

void ref_matmul(const struct ashlar_op_matmul *op, uint32_t lanes)
{
	uint32_t dims = op->c.dims;
	struct ashlar_tensor batches = op->c;
	struct ref_index i;
	bool more;

	(void)lanes;
	if (!op->c.shape[dims - 2] || !op->c.shape[dims - 1])
		return;
	batches.dims -= 2;
	for (more = ref_first(&i, &batches); more; more = ref_next(&i)) {
		struct matrix a = matrix(&i, &op->a, false);
		struct matrix b = matrix(&i, &op->b, true);
		struct matrix c = matrix(&i, &op->c, false);
		struct matrix r = { 0 };
		struct ref_product p;
		size_t y, x;

		ref_product_alloc(&p, op->c.shape[dims - 2],
				  op->c.shape[dims - 1], op->a.shape[dims - 1],
				  op->a.format);
		gather(p.a, &a, p.m, p.k);
		gather(p.b, &b, p.n, p.k);
		ref_product_run(&p);
		if (op->epilogue.residual.addr)
			r = matrix(&i, &op->epilogue.residual, false);
		for (y = 0; y < p.m; y++)
			for (x = 0; x < p.n; x++)
				ref_epilogue(&op->epilogue, op->a.format,
					     p.sums[y * p.n + x], x,
					     r.at ? element(&r, y, x) : NULL,
					     element(&c, y, x), c.format);
		ref_product_free(&p);
	}
}
