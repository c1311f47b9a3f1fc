/* SPDX-License-Identifier: MIT */
/* Host's part of products and convolutions: what the operations share. */
#ifndef OPS_LINEAR_H
#define OPS_LINEAR_H

#include "kernels/args_linear.h"
#include "plan.h"

/* Formats of operands. */
#define LINEAR_FORMATS (CHECK_FLOATS | CHECK_I8)

/* Most elements of a dimension, and bytes from a row to the next. */
#define LINEAR_SIZE_MAX 0x7fffffffull

/*
 * Check an epilogue to sums of operands in format `in` and the tensor that it
 * ends in, called name, whose last dimension is the columns.
 */
int linear_check_epilogue(struct check *c, const struct ashlar_epilogue *e,
			  uint32_t in, const char *name,
			  const struct ashlar_tensor *result);
/* As arguments of a kernel. */
void linear_epilogue_args(struct linear_epilogue *to,
			  const struct ashlar_epilogue *e, uint32_t out);

/*
 * Launch a product: by the kernel gemm of ashlar/kernels.h, which is quicker,
 * when that knows all that is asked for, else by matmul.
 */
int linear_launch(struct plan *p, const struct linear_matmul_args *args);

/* A checked stride, in elements, as bytes. */
static inline int64_t linear_bytes(const struct ashlar_tensor *t, uint32_t dim)
{
	return t->stride[dim] * (int64_t)ashlar_format_bytes(t->format);
}

/* The stride of a dimension is 0 .. 2^31 - 1 bytes, unless it is never taken. */
int linear_check_stride(struct check *c, const char *name,
			const struct ashlar_tensor *t, uint32_t dim);

#endif
