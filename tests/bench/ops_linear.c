// SPDX-License-Identifier: MIT
/* Matrix products, and convolutions of ResNet-50, one image. */
#include "ops.h"

/* Products a cycle. */
#define RATE_I8	  4096.0
#define RATE_BF16 1024.0

struct cube {
	uint32_t size, in, out;
};

static const struct ashlar_op *build_matmul(struct ot *t, const void *param)
{
	const struct cube *c = param;
	struct ashlar_op_matmul *op = OT_OP(t, matmul);
	uint64_t shape[] = { c->size, c->size };

	t->pattern = KT_PLAIN;
	op->a = ot_tensor(t, c->in, 2, shape, OT_PACKED);
	op->b = ot_tensor(t, c->in, 2, shape, OT_PACKED);
	op->c = ot_tensor(t, c->out, 2, shape, OT_PACKED);
	return &op->op;
}

#define CUBE(n, in, out) (&(const struct cube){ n, ASHLAR_##in, ASHLAR_##out })
/*
 * Bytes of operands and results; rows that are drained. (Versions of
 * clang-format differ about braces in macros.)
 */
/* clang-format off */
#define CUBE_BOUND(n, bytes, out_bytes, rate)                       \
	{ 2.0 * (n) * (n) * (bytes), 1.0 * (n) * (n) * (out_bytes), \
	  1.0 * (n) * (n) / 32, 1.0 * (n) * (n) * (n) / (rate) }
/* clang-format on */

/* A layer: square images and kernels, bf16 or int8 all over. */
struct layer {
	uint32_t side, c, co, kernel, stride, pad, format, groups;
};

static struct ashlar_tensor layer_x(struct ot *t, const struct layer *l)
{
	return ot_tensor(t, l->format, 4,
			 (uint64_t[]){ 1, l->side, l->side, l->c }, OT_PACKED);
}

static struct ashlar_tensor layer_w(struct ot *t, const struct layer *l)
{
	return ot_tensor(
		t, l->format, 4,
		(uint64_t[]){ l->co, l->kernel, l->kernel, l->c / l->groups },
		OT_PACKED);
}

static struct ashlar_tensor layer_y(struct ot *t, const struct layer *l)
{
	uint64_t out = (l->side + 2 * l->pad - l->kernel) / l->stride + 1;

	return ot_tensor(t, l->format, 4, (uint64_t[]){ 1, out, out, l->co },
			 OT_PACKED);
}

static struct ashlar_conv_shape layer_shape(const struct layer *l)
{
	return (struct ashlar_conv_shape){
		.groups = l->groups,
		.stride = { l->stride, l->stride },
		.pad_top = l->pad,
		.pad_bottom = l->pad,
		.pad_left = l->pad,
		.pad_right = l->pad,
	};
}

static const struct ashlar_op *build_conv(struct ot *t, const void *param)
{
	const struct layer *l = param;
	struct ashlar_op_conv2d *op = OT_OP(t, conv2d);
	uint64_t bias = l->co;

	t->pattern = KT_PLAIN;
	op->x = layer_x(t, l);
	op->w = layer_w(t, l);
	op->y = layer_y(t, l);
	op->shape = layer_shape(l);
	op->epilogue.bias =
		ot_tensor(t, l->format == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32,
			  1, &bias, OT_PACKED);
	op->epilogue.flags = ASHLAR_EPILOGUE_SCALE;
	op->epilogue.scale_value = 0.015625f;
	op->epilogue.activation = ASHLAR_ACTIVATION_RELU;
	return &op->op;
}

/* The gradients of the same, by the weights and by the input. */
static const struct ashlar_op *build_conv_dw(struct ot *t, const void *param)
{
	const struct layer *l = param;
	struct ashlar_op_conv2d_dw *op = OT_OP(t, conv2d_dw);

	t->pattern = KT_PLAIN;
	op->x = layer_x(t, l);
	op->dy = layer_y(t, l);
	op->dw = layer_w(t, l);
	op->shape = layer_shape(l);
	return &op->op;
}

static const struct ashlar_op *build_conv_dx(struct ot *t, const void *param)
{
	const struct layer *l = param;
	struct ashlar_op_conv2d_dx *op = OT_OP(t, conv2d_dx);

	t->pattern = KT_PLAIN;
	op->dy = layer_y(t, l);
	op->w = layer_w(t, l);
	op->dx = layer_x(t, l);
	op->shape = layer_shape(l);
	return &op->op;
}

#define LAYER(side, c, co, k, s, p, format) \
	(&(const struct layer){ side, c, co, k, s, p, ASHLAR_##format, 1 })
#define OUT(side, k, s, p)    (((side) + 2 * (p) - (k)) / (s) + 1.0)
#define PIXELS(side, k, s, p) (OUT(side, k, s, p) * OUT(side, k, s, p))
/* clang-format off */
#define LAYER_BOUND(side, c, co, k, s, p, bytes, rate)                        \
	{ ((side) * (side) * (c) + (k) * (k) * (c) * (double)(co)) * (bytes), \
	  PIXELS(side, k, s, p) * (co) * (bytes),                             \
	  PIXELS(side, k, s, p) * (co) / 32,                                  \
	  PIXELS(side, k, s, p) * (co) * (k) * (k) * (c) / (rate) }
/* clang-format on */
#define DEPTHWISE(side, c, k, s, p, format) \
	(&(const struct layer){ side, c, c, k, s, p, ASHLAR_##format, c })
/*
 * Floats: each tap (of fp32, six products of it) of each line of N channels,
 * which is two operations but for the first, and one for the result. int8: lines that the matrix unit fetches,
 * up to four kx of N channels each.
 */
/* clang-format off */
#define DEPTHWISE_BOUND(side, c, k, s, p, bytes, vector, matrix)     \
	{ ((side) * (side) + (k) * (k)) * (double)(c) * (bytes),      \
	  PIXELS(side, k, s, p) * (c) * (bytes),                      \
	  PIXELS(side, k, s, p) * ((c) / 32) * (vector),              \
	  PIXELS(side, k, s, p) * ((c) / 32) * (matrix) }
/* clang-format on */
#define sizeof_f32  4
#define sizeof_bf16 2
#define sizeof_int8 1

/*
 * The least share is what was measured, less 3 %: it tells when one gets worse,
 * not what would be good. That is the aim.
 */
const struct ops_bench ops_benches[] = {
	{ "matmul_128_bf16", "bf16 128 x 128 x 128", build_matmul,
	  CUBE(128, BF16, BF16), CUBE_BOUND(128, 2, 2, RATE_BF16), 55, 90 },
	{ "matmul_256_bf16", "bf16 256 x 256 x 256", build_matmul,
	  CUBE(256, BF16, BF16), CUBE_BOUND(256, 2, 2, RATE_BF16), 89, 90 },
	{ "matmul_512_bf16", "bf16 512 x 512 x 512", build_matmul,
	  CUBE(512, BF16, BF16), CUBE_BOUND(512, 2, 2, RATE_BF16), 95, 90 },
	{ "matmul_1024_bf16", "bf16 1024 x 1024 x 1024", build_matmul,
	  CUBE(1024, BF16, BF16), CUBE_BOUND(1024, 2, 2, RATE_BF16), 96, 90 },
	{ "matmul_128_int8", "int8 128 x 128 x 128", build_matmul,
	  CUBE(128, I8, I8), CUBE_BOUND(128, 1, 1, RATE_I8), 16, 90 },
	{ "matmul_256_int8", "int8 256 x 256 x 256", build_matmul,
	  CUBE(256, I8, I8), CUBE_BOUND(256, 1, 1, RATE_I8), 63, 90 },
	{ "matmul_512_int8", "int8 512 x 512 x 512", build_matmul,
	  CUBE(512, I8, I8), CUBE_BOUND(512, 1, 1, RATE_I8), 88, 90 },
	{ "matmul_1024_int8", "int8 1024 x 1024 x 1024", build_matmul,
	  CUBE(1024, I8, I8), CUBE_BOUND(1024, 1, 1, RATE_I8), 95, 90 },
	{ "conv1_bf16", "bf16 7x7/2 3 to 64 at 224", build_conv,
	  LAYER(224, 3, 64, 7, 2, 3, BF16),
	  LAYER_BOUND(224, 3, 64, 7, 2, 3, sizeof_bf16, RATE_BF16), 85, 80 },
	{ "conv2_1x1_64_bf16", "bf16 1x1 64 to 64 at 56", build_conv,
	  LAYER(56, 64, 64, 1, 1, 0, BF16),
	  LAYER_BOUND(56, 64, 64, 1, 1, 0, sizeof_bf16, RATE_BF16), 80, 80 },
	{ "conv2_1x1_256_bf16", "bf16 1x1 64 to 256 at 56", build_conv,
	  LAYER(56, 64, 256, 1, 1, 0, BF16),
	  LAYER_BOUND(56, 64, 256, 1, 1, 0, sizeof_bf16, RATE_BF16), 92, 80 },
	{ "conv2_3x3_bf16", "bf16 3x3 64 to 64 at 56", build_conv,
	  LAYER(56, 64, 64, 3, 1, 1, BF16),
	  LAYER_BOUND(56, 64, 64, 3, 1, 1, sizeof_bf16, RATE_BF16), 92, 80 },
	{ "conv3_3x3_2_bf16", "bf16 3x3/2 128 to 128 at 56", build_conv,
	  LAYER(56, 128, 128, 3, 2, 1, BF16),
	  LAYER_BOUND(56, 128, 128, 3, 2, 1, sizeof_bf16, RATE_BF16), 88, 80 },
	{ "conv4_3x3_bf16", "bf16 3x3 256 to 256 at 14", build_conv,
	  LAYER(14, 256, 256, 3, 1, 1, BF16),
	  LAYER_BOUND(14, 256, 256, 3, 1, 1, sizeof_bf16, RATE_BF16), 82, 80 },
	{ "conv5_3x3_bf16", "bf16 3x3 512 to 512 at 7", build_conv,
	  LAYER(7, 512, 512, 3, 1, 1, BF16),
	  LAYER_BOUND(7, 512, 512, 3, 1, 1, sizeof_bf16, RATE_BF16), 72, 80 },
	{ "conv5_1x1_bf16", "bf16 1x1 2048 to 512 at 7", build_conv,
	  LAYER(7, 2048, 512, 1, 1, 0, BF16),
	  LAYER_BOUND(7, 2048, 512, 1, 1, 0, sizeof_bf16, RATE_BF16), 71, 80 },
	{ "conv1_int8", "int8 7x7/2 3 to 64 at 224", build_conv,
	  LAYER(224, 3, 64, 7, 2, 3, I8),
	  LAYER_BOUND(224, 3, 64, 7, 2, 3, sizeof_int8, RATE_I8), 27, 80 },
	{ "conv2_1x1_64_int8", "int8 1x1 64 to 64 at 56", build_conv,
	  LAYER(56, 64, 64, 1, 1, 0, I8),
	  LAYER_BOUND(56, 64, 64, 1, 1, 0, sizeof_int8, RATE_I8), 44, 80 },
	{ "conv2_1x1_256_int8", "int8 1x1 64 to 256 at 56", build_conv,
	  LAYER(56, 64, 256, 1, 1, 0, I8),
	  LAYER_BOUND(56, 64, 256, 1, 1, 0, sizeof_int8, RATE_I8), 77, 80 },
	{ "conv2_3x3_int8", "int8 3x3 64 to 64 at 56", build_conv,
	  LAYER(56, 64, 64, 3, 1, 1, I8),
	  LAYER_BOUND(56, 64, 64, 3, 1, 1, sizeof_int8, RATE_I8), 76, 80 },
	{ "conv3_3x3_2_int8", "int8 3x3/2 128 to 128 at 56", build_conv,
	  LAYER(56, 128, 128, 3, 2, 1, I8),
	  LAYER_BOUND(56, 128, 128, 3, 2, 1, sizeof_int8, RATE_I8), 78, 80 },
	{ "conv4_3x3_int8", "int8 3x3 256 to 256 at 14", build_conv,
	  LAYER(14, 256, 256, 3, 1, 1, I8),
	  LAYER_BOUND(14, 256, 256, 3, 1, 1, sizeof_int8, RATE_I8), 78, 80 },
	{ "conv5_3x3_int8", "int8 3x3 512 to 512 at 7", build_conv,
	  LAYER(7, 512, 512, 3, 1, 1, I8),
	  LAYER_BOUND(7, 512, 512, 3, 1, 1, sizeof_int8, RATE_I8), 90, 80 },
	{ "conv5_1x1_int8", "int8 1x1 2048 to 512 at 7", build_conv,
	  LAYER(7, 2048, 512, 1, 1, 0, I8),
	  LAYER_BOUND(7, 2048, 512, 1, 1, 0, sizeof_int8, RATE_I8), 87, 80 },
	{ "conv2_3x3_dx_bf16", "by the input: bf16 3x3 64 to 64 at 56",
	  build_conv_dx, LAYER(56, 64, 64, 3, 1, 1, BF16),
	  LAYER_BOUND(56, 64, 64, 3, 1, 1, sizeof_bf16, RATE_BF16), 92, 80 },
	{ "conv3_3x3_2_dx_bf16", "by the input: bf16 3x3/2 128 to 128 at 56",
	  build_conv_dx, LAYER(56, 128, 128, 3, 2, 1, BF16),
	  LAYER_BOUND(56, 128, 128, 3, 2, 1, sizeof_bf16, RATE_BF16), 80, 80 },
	{ "conv2_3x3_dw_bf16", "by the weights: bf16 3x3 64 to 64 at 56",
	  build_conv_dw, LAYER(56, 64, 64, 3, 1, 1, BF16),
	  LAYER_BOUND(56, 64, 64, 3, 1, 1, sizeof_bf16, RATE_BF16), 71, 80 },
	{ "conv3_3x3_2_dw_bf16", "by the weights: bf16 3x3/2 128 to 128 at 56",
	  build_conv_dw, LAYER(56, 128, 128, 3, 2, 1, BF16),
	  LAYER_BOUND(56, 128, 128, 3, 2, 1, sizeof_bf16, RATE_BF16), 89, 80 },
	{ "depthwise_bf16", "bf16 depthwise 3x3 of 64 at 56", build_conv,
	  DEPTHWISE(56, 64, 3, 1, 1, BF16),
	  DEPTHWISE_BOUND(56, 64, 3, 1, 1, sizeof_bf16, 18, 0), 93, 80 },
	{ "depthwise_2_bf16", "bf16 depthwise 3x3/2 of 64 at 56", build_conv,
	  DEPTHWISE(56, 64, 3, 2, 1, BF16),
	  DEPTHWISE_BOUND(56, 64, 3, 2, 1, sizeof_bf16, 18, 0), 86, 80 },
	{ "depthwise_int8", "int8 depthwise 3x3 of 64 at 56", build_conv,
	  DEPTHWISE(56, 64, 3, 1, 1, I8),
	  DEPTHWISE_BOUND(56, 64, 3, 1, 1, sizeof_int8, 1, 3), 70, 80 },
	{ "depthwise_2_int8", "int8 depthwise 3x3/2 of 64 at 56", build_conv,
	  DEPTHWISE(56, 64, 3, 2, 1, I8),
	  DEPTHWISE_BOUND(56, 64, 3, 2, 1, sizeof_int8, 1, 3), 34, 80 },
	{ "depthwise_f32", "fp32 depthwise 3x3 of 64 at 28", build_conv,
	  DEPTHWISE(28, 64, 3, 1, 1, F32),
	  DEPTHWISE_BOUND(28, 64, 3, 1, 1, sizeof_f32, 108, 0), 80, 80 },
	{ "depthwise_dw_bf16", "by the weights: bf16 depthwise 3x3 of 64 at 56",
	  build_conv_dw, DEPTHWISE(56, 64, 3, 1, 1, BF16),
	  DEPTHWISE_BOUND(56, 64, 3, 1, 1, sizeof_bf16, 0, 9), 27, 80 },
	{ .name = NULL },
};
