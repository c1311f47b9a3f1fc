/* SPDX-License-Identifier: MIT */
/*
 * C = epilogue(op(A) * op(B)); arguments in ashlar/kernels.h, the product
 * itself in gemm_core.h.
 */
#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#define GEMM_SIMPLE
#include "gemm_core.h"

static inline enum ash_type gemm_type(uint32_t format)
{
	if (format == ASHLAR_I8)
		return ASH_INT8;
	return format == ASHLAR_BF16 ? ASH_BF16 : ASH_FP16;
}

ASHLAR_KERNEL(gemm, struct ashlar_gemm_args)
{
	enum ash_type type = gemm_type(args->type);
	uint32_t bytes = ash_type_bytes(type);
	struct gemm_job job;
	struct gemm g;

	job.m = args->m;
	job.n = args->n;
	job.k = args->k;
	job.type = type;
	job.bytes = bytes;
	job.a_rows = !(args->flags & ASHLAR_GEMM_TRANS_A);
	job.b_rows = args->flags & ASHLAR_GEMM_TRANS_B;
	job.a = args->a;
	job.b = args->b;
	job.c = args->c;
	job.a_stride = args->lda * bytes;
	job.b_stride = args->ldb * bytes;
	job.c_stride = args->ldc * ash_format_bytes(args->out);
	job.bias = args->bias;
	job.scale = args->scale;

	g.out.sum = type == ASH_INT8 ? ASH_FMT_ACC_I32 : ASH_FMT_ACC_F32;
	g.out.out = args->out;
	g.out.bias = args->bias != 0;
	g.out.scale = args->scale != 0;
	g.out.scale_imm = args->flags & ASHLAR_GEMM_SCALE;
	g.out.scale_bits = args->scale_bits;
	g.out.activation = args->flags & ASHLAR_GEMM_RELU ? GEMM_RELU :
							    GEMM_NONE;
	gemm_main(&g, &job);
	return 0;
}
