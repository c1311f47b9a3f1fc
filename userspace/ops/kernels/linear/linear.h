/* SPDX-License-Identifier: MIT */
/* What the kernels of the family share: arguments as the core takes them. */
#ifndef LINEAR_H
#define LINEAR_H

#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "args_linear.h"
#include "gemm_epilogue.h"

static inline enum ash_type linear_type(uint32_t format)
{
	switch (format) {
	case ASHLAR_I8:
		return ASH_INT8;
	case ASHLAR_FP16:
		return ASH_FP16;
	default: /* fp32: as terms of bf16 */
		return ASH_BF16;
	}
}

static inline void linear_epilogue(struct gemm_epilogue *e,
				   const struct linear_epilogue *a,
				   enum ash_format sum)
{
	e->sum = sum;
	e->out = (enum ash_format)a->out;
	e->bias = a->bias != 0;
	e->scale = a->scale != 0;
	e->scale_imm = a->flags & LINEAR_SCALE;
	e->scale_bits = a->scale_bits;
	e->residual = a->residual ? (enum ash_format)a->residual_format :
				    ASH_FMT_NONE;
	e->residual_scaled = a->flags & LINEAR_RESIDUAL_SCALE;
	e->residual_bits = a->residual_bits;
	e->activation = (enum gemm_activation)a->activation;
}

#endif
