/* SPDX-License-Identifier: MIT */
/*
 * C = epilogue(A . B), batched; arguments in args_linear.h. The product itself
 * is that of the kernel gemm: userspace/kernels/gemm_core.h.
 */
#include <ashlar/kernel.h>

#include "gemm_core.h"
#include "linear.h"

static void matmul_image(struct gemm_image *to, const struct linear_image *from)
{
	int d;

	for (d = 0; d < 2; d++) {
		to->start[d] = from->start[d];
		to->step[d] = from->step[d];
		to->limit[d] = from->limit[d];
		to->stride[d] = from->stride[d];
	}
	to->image_stride = from->image_stride;
}

static void matmul_images(struct gemm_images *to,
			  const struct linear_images *from)
{
	matmul_image(&to->a, &from->a);
	matmul_image(&to->b, &from->b);
	to->images = from->images;
	to->height = from->height;
	to->width = from->width;
	to->chunk_rows = from->chunk_rows;
	to->chunk_cols = from->chunk_cols;
	to->tap_step[0] = from->tap_step[0];
	to->tap_step[1] = from->tap_step[1];
}

ASHLAR_KERNEL(matmul, struct linear_matmul_args)
{
	const struct linear_epilogue *e = &args->epilogue;
	enum ash_type type = linear_type(args->type);
	struct gemm_batch batch;
	struct gemm_images images;
	struct gemm_job job;
	struct gemm g;
	int d;

	job.m = args->m;
	job.n = args->n;
	job.k = args->k;
	job.type = type;
	job.bytes = ash_format_bytes((enum ash_format)args->type);
	job.a_rows = args->flags & LINEAR_A_ROWS;
	job.b_rows = args->flags & LINEAR_B_ROWS;
	job.a = args->a;
	job.b = args->b;
	job.c = args->c;
	job.a_stride = args->a_stride;
	job.b_stride = args->b_stride;
	job.c_stride = args->c_stride;
	job.bias = e->bias;
	job.scale = e->scale;
	job.bias_step = e->bias_step;
	job.scale_step = e->scale_step;
	job.residual = e->residual;
	job.residual_stride = args->residual_stride;
	job.split = args->type == ASHLAR_F32;
	job.zero = args->flags & LINEAR_ZERO;
	job.batch = NULL;
	job.images = NULL;
	for (d = 0; d < GEMM_BATCH_DIMS; d++) {
		batch.count[d] = args->batch[d];
		batch.a[d] = args->a_batch[d];
		batch.b[d] = args->b_batch[d];
		batch.c[d] = args->c_batch[d];
		batch.residual[d] = args->residual_batch[d];
		if (args->batch[d] != 1)
			job.batch = &batch;
	}
	if (args->flags & LINEAR_IMAGES) {
		matmul_images(&images, &args->images);
		job.batch = &batch;
		job.images = &images;
	}
	linear_epilogue(&g.out, e,
			type == ASH_INT8 ? ASH_FMT_ACC_I32 : ASH_FMT_ACC_F32);
	gemm_main(&g, &job);
	return 0;
}
