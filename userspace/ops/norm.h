/* SPDX-License-Identifier: MIT */
/* What the plans of the family norm share. */
#ifndef OPS_NORM_H
#define OPS_NORM_H

#include "kernels/args_norm.h"
#include "plan.h"

#define NORM_FILE     "norm"
#define NORM_SIZE_MAX 0x7fffffffu /* rows, columns, bytes from row to row */
#define NORM_FLOATS   (CHECK_F32 | CHECK_BF16 | CHECK_FP16)

/*
 * Check a tensor as rows (ashlar/ops_norm.h). flags: enum check_tensor_flags,
 * to which this adds CHECK_ROWS.
 */
int norm_check_rows(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t flags);
/* Another one of the same shape. */
int norm_check_like(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t flags,
		    const char *of, const struct ashlar_tensor *x);
/* A vector of x's columns. */
int norm_check_vector(struct check *c, const char *name,
		      const struct ashlar_tensor *t, uint32_t flags,
		      const struct ashlar_tensor *x);
/* A word for each row of x. */
int norm_check_list(struct check *c, const char *name,
		    const struct ashlar_tensor *t, uint32_t format,
		    uint32_t flags, const struct ashlar_tensor *x);
/* A tensor that must be none, because of what `why` says. */
int norm_check_none(struct check *c, const char *name,
		    const struct ashlar_tensor *t, const char *why);

/* Of checked tensors with elements; none becomes all zeros. */
struct norm_rows norm_rows_of(const struct ashlar_tensor *t);
struct norm_shape norm_shape_of(const struct ashlar_tensor *t);

/*
 * Where sums of blocks go whose totals are wanted at total (0: not wanted): to
 * workspace, or there, when there is only one block.
 */
void norm_sums(struct plan *p, const struct norm_shape *shape,
	       const uint64_t total[2], uint64_t sums[2]);
/* Sums over columns, and what becomes of them. */
int norm_plan_columns(struct plan *p, struct norm_columns_args *args,
		      const uint64_t sums[2]);
int norm_plan_totals(struct plan *p, struct norm_totals_args *args,
		     const struct norm_shape *shape);
/* Totals over no rows, of so many columns. */
int norm_plan_zeros(struct plan *p, const struct ashlar_tensor *a,
		    const struct ashlar_tensor *b, uint64_t cols);

int norm_launch(struct plan *p, const char *kernel, const void *args,
		uint32_t bytes);
uint32_t norm_bits(float f);

#endif
