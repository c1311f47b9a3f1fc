// SPDX-License-Identifier: MIT
/* Epilogues of products and convolutions: checks, arguments. */
#include <float.h>
#include <inttypes.h>
#include <string.h>

#include "linear.h"

int linear_check_stride(struct check *c, const char *name,
			const struct ashlar_tensor *t, uint32_t dim)
{
	int64_t bytes = linear_bytes(t, dim);

	if (t->shape[dim] <= 1 ||
	    (bytes >= 0 && bytes <= (int64_t)LINEAR_SIZE_MAX))
		return 0;
	return check_unsupported(
		c,
		"%s: stride[%u] is %" PRId64
		", allowed are 0 .. 2^31 - 1 bytes: copy it first",
		name, dim, t->stride[dim]);
}

/* One number for each column, or for all. */
static int check_columns(struct check *c, const char *name,
			 const struct ashlar_tensor *t, uint32_t format,
			 uint64_t columns)
{
	if (tensor_none(t))
		return 0;
	if (check_tensor(c, name, t, CHECK_FORMAT(format), CHECK_READ) ||
	    check_dims(c, name, t, 1, 1) ||
	    check_size(c, name, t, 0, columns, "the number of columns"))
		return -1;
	if (columns > 1 && t->stride[0] != 0 && t->stride[0] != 1)
		return check_fail(c,
				  "%s: stride[0] is %" PRId64
				  ", but must be 1, or 0 for one number",
				  name, t->stride[0]);
	return 0;
}

static bool is_integer(uint32_t format)
{
	return format == ASHLAR_I8 || format == ASHLAR_I32;
}

static int check_residual(struct check *c, const struct ashlar_epilogue *e,
			  bool integer, const char *name,
			  const struct ashlar_tensor *result)
{
	const struct ashlar_tensor *r = &e->residual;
	bool scaled = e->flags & ASHLAR_EPILOGUE_RESIDUAL_SCALE;

	if (tensor_none(r)) {
		if (scaled)
			return check_fail(
				c,
				"epilogue.flags ask for residual_value, but there is no epilogue.residual");
		return 0;
	}
	if (check_tensor(c, "epilogue.residual", r, CHECK_ALL, CHECK_ROWS) ||
	    check_same_shape(c, "epilogue.residual", r, name, result))
		return -1;
	if (scaled && check_number(c, "epilogue.residual_value",
				   e->residual_value, -FLT_MAX, FLT_MAX))
		return -1;
	if (scaled && integer)
		return check_unsupported(
			c,
			"epilogue.flags ask for residual_value, which sums of int8 take with a scale only");
	if (!scaled && integer != is_integer(r->format))
		return check_unsupported(
			c,
			"epilogue.residual has format %s, but is added to %s: with residual_value (1) it may",
			format_name(r->format),
			integer ? "int32, which only a scale makes fp32" :
				  "fp32");
	check_may_share(c, "epilogue.residual", name);
	return 0;
}

int linear_check_epilogue(struct check *c, const struct ashlar_epilogue *e,
			  uint32_t in, const char *name,
			  const struct ashlar_tensor *result)
{
	uint64_t columns = result->shape[result->dims - 1];
	bool integer = in == ASHLAR_I8;
	bool scale = e->flags & ASHLAR_EPILOGUE_SCALE;

	if (check_flags(c, "epilogue.flags", e->flags,
			ASHLAR_EPILOGUE_SCALE |
				ASHLAR_EPILOGUE_RESIDUAL_SCALE) ||
	    check_range(c, "epilogue.activation", e->activation, 0,
			ASHLAR_ACTIVATION_SILU) ||
	    check_columns(c, "epilogue.bias", &e->bias,
			  integer ? ASHLAR_I32 : ASHLAR_F32, columns) ||
	    check_columns(c, "epilogue.scale", &e->scale, ASHLAR_F32, columns))
		return -1;
	if (scale && !tensor_none(&e->scale))
		return check_fail(
			c,
			"epilogue.flags ask for scale_value, and there is epilogue.scale: choose one");
	if (scale && check_number(c, "epilogue.scale_value", e->scale_value,
				  -FLT_MAX, FLT_MAX))
		return -1;
	if (scale || !tensor_none(&e->scale))
		integer = false;
	return check_residual(c, e, integer, name, result);
}

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof(u));
	return u;
}

static uint32_t step(const struct ashlar_tensor *t)
{
	return t->shape[0] > 1 && t->stride[0] == 0 ? 0 : 4;
}

void linear_epilogue_args(struct linear_epilogue *to,
			  const struct ashlar_epilogue *e, uint32_t out)
{
	*to = (struct linear_epilogue){
		.bias = e->bias.addr,
		.scale = e->scale.addr,
		.residual = e->residual.addr,
		.bias_step = step(&e->bias),
		.scale_step = step(&e->scale),
		.out = out,
		.residual_format = e->residual.format,
		.activation = e->activation,
	};
	if (e->flags & ASHLAR_EPILOGUE_SCALE) {
		to->flags |= LINEAR_SCALE;
		to->scale_bits = bits(e->scale_value);
	}
	if (e->flags & ASHLAR_EPILOGUE_RESIDUAL_SCALE) {
		to->flags |= LINEAR_RESIDUAL_SCALE;
		to->residual_bits = bits(e->residual_value);
	}
}

/* The arguments for the kernel gemm; false: it does not do that. */
static bool plain(struct ashlar_gemm_args *g,
		  const struct linear_matmul_args *a)
{
	const struct linear_epilogue *e = &a->epilogue;
	uint32_t in = ashlar_format_bytes(a->type);
	uint32_t out = ashlar_format_bytes(e->out), d;

	for (d = 0; d < LINEAR_BATCH_DIMS; d++)
		if (a->batch[d] != 1)
			return false;
	if (a->type == ASHLAR_F32 || e->residual ||
	    e->activation > ASHLAR_ACTIVATION_RELU ||
	    a->flags & (LINEAR_ZERO | LINEAR_IMAGES) ||
	    (e->bias && !e->bias_step) || (e->scale && !e->scale_step) ||
	    a->a_stride % in || a->b_stride % in || a->c_stride % out)
		return false;
	*g = (struct ashlar_gemm_args){
		.a = a->a,
		.b = a->b,
		.c = a->c,
		.bias = e->bias,
		.scale = e->scale,
		.m = a->m,
		.n = a->n,
		.k = a->k,
		.lda = a->a_stride / in,
		.ldb = a->b_stride / in,
		.ldc = a->c_stride / out,
		.type = a->type,
		.out = e->out,
		.scale_bits = e->scale_bits,
	};
	if (!(a->flags & LINEAR_A_ROWS))
		g->flags |= ASHLAR_GEMM_TRANS_A;
	if (a->flags & LINEAR_B_ROWS)
		g->flags |= ASHLAR_GEMM_TRANS_B;
	if (e->activation == ASHLAR_ACTIVATION_RELU)
		g->flags |= ASHLAR_GEMM_RELU;
	if (e->flags & LINEAR_SCALE)
		g->flags |= ASHLAR_GEMM_SCALE;
	return true;
}

int linear_launch(struct plan *p, const struct linear_matmul_args *args)
{
	struct ashlar_gemm_args gemm;
	struct plan_launch *l;

	if (plain(&gemm, args))
		l = plan_launch(p, "kernels", ASHLAR_KERNEL_GEMM, &gemm,
				sizeof(gemm));
	else
		l = plan_launch(p, "linear", "matmul", args, sizeof(*args));
	return l ? 0 : -1;
}
