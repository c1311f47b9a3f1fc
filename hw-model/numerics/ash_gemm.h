/* SPDX-License-Identifier: MIT */
/* What a matrix product on the board is, bit for bit, for matrices of any size. */
#ifndef ASH_GEMM_H
#define ASH_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum ash_type {
	ASH_INT8,
	ASH_BF16,
	ASH_FP16,
	ASH_F32, /* results only */
	ASH_I32, /* results only */
};

/* Bytes of an element; 0 for a value that is no type. */
size_t ash_type_size(enum ash_type type);

/*
 * C[m][n] = out(relu(scale * (sum over k of A[m][k] * B[k][n] + bias[n]))).
 * The sum is int32 (wrapping) for int8 and else fp32, in the order of k. Bias
 * is of the sum's type. A scale turns an int32 sum into fp32 first. This is
 * what the matrix unit followed by the vector unit does.
 *
 * Matrices are stored by rows, ld elements apart. With transpose_a, A is
 * stored as k rows of m; with transpose_b, B as n rows of k.
 */
struct ash_gemm {
	size_t m, n, k;
	enum ash_type type; /* of A and B: INT8, BF16 or FP16 */
	const void *a, *b;
	size_t lda, ldb;
	bool transpose_a, transpose_b;
	const uint32_t *bias; /* n of int32 or fp32, or NULL */
	const uint32_t *scale; /* fp32, or NULL */
	bool scale_per_column; /* scale has n elements, else one */
	bool relu;
	enum ash_type out;
	void *c;
	size_t ldc;
};

/*
 * Returns 0; -EINVAL when a type, a leading dimension or a pointer is wrong;
 * -ENOMEM. Takes about a second for 2^30 multiplications.
 */
int ash_ref_gemm(const struct ash_gemm *g);

#ifdef __cplusplus
}
#endif

#endif
