/* SPDX-License-Identifier: MIT */
/*
 * Operations of the matrix unit: products and convolutions. Included by
 * ashlar/ops.h, which says what holds for all operations.
 *
 * Sums. Operands of one product have one format:
 *
 *	int8		exact products, int32 sums that wrap
 *	bf16, fp16	fp32 sums: from +0 on, one fp32 addition for each k, in
 *			increasing order, rounded to nearest even (hw-model/
 *			numerics, "Matrix unit": products, denormals)
 *	fp32		fp32 sums of products of bf16 terms: each operand is
 *			split, x = hi + mid + lo with hi = bf16(x), mid =
 *			bf16(x - hi), lo = bf16((x - hi) - mid), which is exact
 *			above 2^-100. k is taken in chunks (128 elements and the
 *			rest, unless an operation says otherwise), and for each
 *			chunk six products are summed, each over the chunk's k in
 *			increasing order, a's term first:
 *			lo*hi, mid*mid, hi*lo, mid*hi, hi*mid, hi*hi
 *
 * So a sum does not depend on shapes, tiles or lanes. With u = 2^-24 and K
 * products, it differs from the exact one by at most
 *	K*u / (1 - K*u) * S + 2*K*2^-126				bf16, fp16
 *	(6*K*u / (1 - 6*K*u) * (1 + 2^-6) + 2^-26) * S + 12*K*2^-118	fp32
 * where S is the sum of |a*b|, if nothing overflows, no operand is a NaN or an
 * infinity, and, for fp32, the operands that are not 0 are from 2^-100 to 2^127
 * in magnitude (smaller ones lose the bits below 2^-126). With fp32, an
 * operand that is a NaN, infinite, or rounds to an infinite bf16 makes every
 * sum that it takes part in a NaN.
 *
 * Elements in the padding of a convolution are zeros that are multiplied like
 * others: with a weight that is infinite or a NaN they give a NaN.
 */
#ifndef ASHLAR_OPS_LINEAR_H
#define ASHLAR_OPS_LINEAR_H

#include <ashlar/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Epilogue ------------------------------------------------------------------ */

enum ashlar_activation {
	ASHLAR_ACTIVATION_NONE = 0,
	ASHLAR_ACTIVATION_RELU = 1, /* what is negative, and -0, becomes +0 */
	ASHLAR_ACTIVATION_GELU = 2, /* x/2 * (1 + erf(x / sqrt 2)) */
	ASHLAR_ACTIVATION_SILU = 3, /* x / (1 + exp(-x)) */
};

enum ashlar_epilogue_flags {
	ASHLAR_EPILOGUE_SCALE = 1u << 0, /* scale_value is used */
	ASHLAR_EPILOGUE_RESIDUAL_SCALE = 1u << 1, /* residual_value is used */
};

/*
 * From sums to results. In this order, on the sum v (int32 for int8 operands,
 * else fp32), each operation rounded:
 *
 *	v + bias[column]	 int32 or fp32, as v is
 *	v * scale[column]	 or * scale_value; an int32 becomes fp32 first
 *	v + residual		 its elements as int32 or fp32, as v is then; with
 *				 residual_value they are made fp32 and multiplied
 *				 by it before
 *	activation		 relu of v as it is; gelu and silu of v as fp32:
 *				   gelu: (erf(v * 0x3f3504f3) + 1) * v * 0.5
 *				   silu: recip(exp(v * -1) + 1) * v
 *				 from left to right, erf, exp, recip as in
 *				 hw-model/numerics, "Functions"; v = -infinity
 *				 gives NaN
 *	conversion		 to the result's format, to nearest even; integers
 *				 saturate, NaN becomes 0
 *
 * A residual in an integer format needs residual_value when v is fp32, one in
 * a floating-point format when v is int32 (a scale makes it fp32). All parts
 * are optional; a zeroed epilogue converts.
 */
struct ashlar_epilogue {
	/*
	 * One number for each column of the result (its last dimension): [n] with
	 * stride 1, or 0 for one number for all. bias int32 or fp32, scale fp32.
	 */
	struct ashlar_tensor bias;
	struct ashlar_tensor scale; /* not with ASHLAR_EPILOGUE_SCALE */
	/*
	 * The result's shape, last stride 1, any format. May be the result itself:
	 * with a scale_value and a residual_value, c = alpha*a*b + beta*c.
	 */
	struct ashlar_tensor residual;
	float scale_value;
	float residual_value;
	uint32_t activation; /* enum ashlar_activation */
	uint32_t flags; /* enum ashlar_epilogue_flags */
};

/* --- Matrix product ------------------------------------------------------------- */

/*
 * c = epilogue(a . b): a [..., m, k], b [..., k, n], c [..., m, n]; up to four
 * dimensions before the last two, the same in all three (broadcast a or b with
 * stride 0). Of a's and of b's last two strides one must be 1 (or its
 * dimension's size 1) and the other positive: transposed operands need no copy.
 * c has last stride 1 and row stride positive. With k = 0 the sums are 0.
 *
 * a, b: the same format, int8, bf16, fp16 or fp32. c: any format.
 * c may be the epilogue's residual. m, n, k: up to 2^31 - 1; rows of all of
 * them have fewer than 2^31 bytes from one to the next.
 */
struct ashlar_op_matmul {
	struct ashlar_op op;
	struct ashlar_tensor a, b, c;
	struct ashlar_epilogue epilogue;
};

/* --- Convolutions --------------------------------------------------------------- */

/*
 * Geometry, rows (y) before columns (x):
 *	oh = (h + pad_top + pad_bottom - dilation[0]*(kh - 1) - 1) / stride[0] + 1
 * rounded down, ow alike. 0 for stride, dilation or groups means 1.
 */
struct ashlar_conv_shape {
	uint32_t stride[2]; /* up to 16 */
	uint32_t dilation[2]; /* up to 255 */
	uint32_t pad_top, pad_bottom, pad_left, pad_right; /* up to 4096 */
	uint32_t groups; /* input and output channels in so many parts */
	uint32_t reserved; /* zero */
};

/*
 * y[n, oy, ox, o] = epilogue(sum over ky, kx, i, in this order of nesting, of
 *	x[n, oy*stride + ky*dilation - pad, ..., g*ci + i] * w[o, ky, kx, i])
 * g = o / (co / groups), ci = c / groups. Column of the epilogue: o.
 *
 *	x [n, h, w, c]		channels contiguous, other strides positive
 *	w [co, kh, kw, c/groups] kh, kw and c/groups without gaps
 *	y [n, oh, ow, co]	channels contiguous
 *
 * x, w: the same format, int8, bf16, fp16 or fp32; y: any format; y may be the
 * epilogue's residual. kh and kw up to 255.
 *
 * fp32: the chunks of k are of one (ky, kx) each.
 *
 * Limits (UNSUPPORTED, also of conv2d_dx): what input a block of N output
 * pixels needs, with all channels of a group, must fit into the scratchpad's
 * part for it; on boards with 512 KiB, 3x3 kernels take 2048 channels of 16
 * bits. And kernels of more than 1024 taps, each of them counted again for
 * each further 256 bytes of a group's channels (fp32: 128 channels), may be
 * refused.
 */
struct ashlar_op_conv2d {
	struct ashlar_op op;
	struct ashlar_tensor x, w, y;
	struct ashlar_conv_shape shape;
	struct ashlar_epilogue epilogue;
};

/*
 * The gradient by x: dx[n, iy, ix, i] = sum over ky, kx, o, in this order, of
 *	dy[n, oy, ox, o] * w[o, ky, kx, i]
 * for which oy*stride + ky*dilation - pad = iy and ox alike; where oy or ox is
 * outside of dy, its elements count as zeros, as in a padding. ky and kx for
 * which no whole oy or ox exists are left out.
 *
 * Shapes as for conv2d. dy, w: the same format, bf16, fp16 or fp32; dx: any of
 * these. fp32 as for conv2d.
 */
struct ashlar_op_conv2d_dx {
	struct ashlar_op op;
	struct ashlar_tensor dy, w, dx;
	struct ashlar_conv_shape shape;
};

enum ashlar_conv2d_dw_flags {
	ASHLAR_CONV2D_DW_ACCUMULATE = 1u << 0, /* dw is added to */
};

/*
 * The gradient by w: dw[o, ky, kx, i] (+)= sum over n, oy, ox, in this order of
 * nesting, of
 *	dy[n, oy, ox, o] * x[n, oy*stride + ky*dilation - pad, ..., g*ci + i]
 *
 * Shapes as for conv2d. dy, x: the same format, bf16, fp16 or fp32; dw: any of
 * these. Accumulated is the finished sum, as fp32, to what dw holds.
 *
 * fp32: a chunk is as many whole rows (oy) of one image as have at most 128
 * pixels together; of a wider row 128 pixels and the rest.
 */
struct ashlar_op_conv2d_dw {
	struct ashlar_op op;
	struct ashlar_tensor dy, x, dw;
	struct ashlar_conv_shape shape;
	uint32_t flags; /* enum ashlar_conv2d_dw_flags */
	uint32_t reserved; /* zero */
};

#ifdef __cplusplus
}
#endif

#endif
