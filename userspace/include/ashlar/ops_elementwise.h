/* SPDX-License-Identifier: MIT */
/*
 * Operations that look at each element by itself, and reductions. Included by
 * ashlar/ops.h.
 */
#ifndef ASHLAR_OPS_ELEMENTWISE_H
#define ASHLAR_OPS_ELEMENTWISE_H

#include <ashlar/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Unary -------------------------------------------------------------------- */

/*
 * v = x, or x * scale, and then v + shift if flags say so; y = function(v).
 *
 * x and y have one shape and any formats and strides; y may be x when their
 * elements have as many bytes. The steps are those of hw-model/numerics, each
 * rounded to fp32, the last one to y's format. bf16 and fp16 are widened, which
 * is exact. int8 and int32 stay integers as long as scale, shift and function
 * let them: IDENTITY, NEG and RELU without flags do; all else first converts
 * them to fp32, rounded.
 */
struct ashlar_op_unary {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint32_t function; /* enum ashlar_unary */
	uint32_t flags; /* enum ashlar_unary_flags */
	float scale, shift; /* looked at when flags say so */
};

/*
 * How far y in fp32 may be from the exact function of v (u = 2^-24): less than
 * 2u * |y| where the vector unit has the function (hw-model/numerics, in ULP),
 * 8u * |y| for SIGMOID and SILU, 6u * |v| for GELU.
 */
enum ashlar_unary {
	ASHLAR_UNARY_IDENTITY = 0, /* converts */
	ASHLAR_UNARY_NEG = 1,
	ASHLAR_UNARY_ABS = 2,
	ASHLAR_UNARY_SQUARE = 3,
	ASHLAR_UNARY_SQRT = 4,
	ASHLAR_UNARY_RSQRT = 5,
	ASHLAR_UNARY_RECIP = 6,
	ASHLAR_UNARY_EXP = 7,
	ASHLAR_UNARY_LOG = 8,
	ASHLAR_UNARY_TANH = 9,
	ASHLAR_UNARY_ERF = 10,
	ASHLAR_UNARY_RELU = 11, /* NaN stays NaN */
	ASHLAR_UNARY_SIGMOID = 12, /* recip(exp(-v) + 1) */
	ASHLAR_UNARY_SILU = 13, /* recip(exp(-v) + 1) * v; -infinity: NaN */
	ASHLAR_UNARY_GELU = 14, /* ((erf(v * sqrt(0.5)) + 1) * v) * 0.5, with
				 * sqrt(0.5) in fp32; -infinity: NaN
				 */
};

enum ashlar_unary_flags {
	ASHLAR_UNARY_SCALE = 1u << 0,
	ASHLAR_UNARY_SHIFT = 1u << 1,
};

/* --- Binary ------------------------------------------------------------------- */

/*
 * y = a function b, with broadcasting as in numpy: dimensions are matched from
 * the last one on, and one that is missing or has one element repeats. The
 * shape of y is what comes of that. Any strides; y may be a or b when they are
 * the same in address, shape, strides and bytes of an element.
 *
 * When a and b are both int8 or int32, ADD to NE compute in int32 (wraps); in
 * all other cases integers are first converted to fp32, rounded. The result is
 * converted to y's format. fp32 steps are as written, each rounded. Gradients
 * take bf16, fp16, fp32 only.
 */
struct ashlar_op_binary {
	struct ashlar_op op;
	struct ashlar_tensor a, b, y;
	uint32_t function; /* enum ashlar_binary */
	uint32_t flags; /* enum ashlar_binary_flags, for ADD to MIN */
	float scale; /* looked at with SCALE */
	uint32_t reserved; /* zero */
};

enum ashlar_binary {
	ASHLAR_BINARY_ADD = 0,
	ASHLAR_BINARY_SUB = 1,
	ASHLAR_BINARY_MUL = 2,
	ASHLAR_BINARY_MAX = 3, /* NaN if either is NaN; -0 < +0 */
	ASHLAR_BINARY_MIN = 4,
	/* 1 or 0; NaN is only EQ, to NaN */
	ASHLAR_BINARY_GT = 5,
	ASHLAR_BINARY_GE = 6,
	ASHLAR_BINARY_EQ = 7,
	ASHLAR_BINARY_LT = 8,
	ASHLAR_BINARY_LE = 9,
	ASHLAR_BINARY_NE = 10,
	ASHLAR_BINARY_DIV = 11, /* recip(b) * a, in fp32: a few ULP off */
	/* Where b is not 0, a, else +0. NaN is not 0. */
	ASHLAR_BINARY_KEEP = 12,
	/*
	 * Gradients: a is that of the function's result, b what it was made
	 * from, or the result (TANH, SIGMOID; RELU: either).
	 */
	ASHLAR_BINARY_RELU_GRAD = 13, /* b > 0 ? a : +0 */
	ASHLAR_BINARY_TANH_GRAD = 14, /* ((b*b - 1) * a) * -1 */
	ASHLAR_BINARY_SIGMOID_GRAD = 15, /* ((b * -1 + 1) * b) * a */
	/*
	 * s = recip(exp(b * -1) + 1); ((((s * -1 + 1) * b) + 1) * s) * a
	 */
	ASHLAR_BINARY_SILU_GRAD = 16,
	/*
	 * h = sqrt(0.5) in fp32, c = sqrt(2 / pi) in fp32:
	 * e = exp(square(b * h) * -1) * b;
	 * (((e * c) + (erf(b * h) + 1)) * a) * 0.5
	 */
	ASHLAR_BINARY_GELU_GRAD = 17,
};

enum ashlar_binary_flags {
	/* a * scale, in fp32, takes the place of a */
	ASHLAR_BINARY_SCALE = 1u << 0,
	/* Negative results become +0; NaN stays. */
	ASHLAR_BINARY_RELU = 1u << 1,
};

/* --- Copy ----------------------------------------------------------------------- */

/*
 * y = x, converted: any strides to any strides, so also transposition,
 * permutation of dimensions, repetition, gathering of slices. Same shape; bits
 * as ASHLAR_UNARY_IDENTITY, so NaNs of fp32 become one and denormals zeros.
 *
 * Runs along the last dimensions move at memory speed; so does a transposition
 * in which x is contiguous along one dimension and y along another. Else each element is a
 * run of its own, and takes a cycle.
 */
struct ashlar_op_copy {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
};

/* --- Reductions -------------------------------------------------------------------- */

/*
 * y = function of all elements of x along axes (bit i: dimension i of x). y has
 * the dimensions of x, with one element in those that are reduced. x has any
 * strides. At least one element is reduced for each of y, and at most 2^31 - 1.
 *
 * Sums of int8 and int32 are int32 (wrap), all else is fp32. Order of sums:
 * dimensions with one element do not count. The reduced elements are taken in
 * the order of x's dimensions, the last one fastest: k = 0 .. K-1.
 *
 *  - The last dimension is reduced: k is cut into chunks of 64 * N (N lanes).
 *    In a chunk, lane l sums k = l, l + N, l + 2N ... in this order, the
 *    missing ones being -0; then lane i and i + N/2 are added, i and i + N/4,
 *    and so on. The sums of the chunks are again summed like this, until
 *    one is left.
 *  - Else: k is cut into chunks of 64, each is summed in order, and the chunks'
 *    sums again like this, until one is left.
 *
 * So an element of y is off by at most (64 * chunk levels + log2 N) * u / (1 -
 * ...) times the sum of magnitudes, u = 2^-24, and the conversion to y's
 * format.
 */
struct ashlar_op_reduce {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint32_t function; /* enum ashlar_reduce */
	uint32_t axes; /* 1 .. */
};

enum ashlar_reduce {
	ASHLAR_REDUCE_SUM = 0,
	ASHLAR_REDUCE_MEAN = 1, /* the sum as fp32, * (1 / K as fp32) */
	ASHLAR_REDUCE_MAX = 2, /* NaN if one is NaN */
	ASHLAR_REDUCE_MIN = 3,
	ASHLAR_REDUCE_ABSMAX = 4, /* the greatest magnitude, in fp32 */
	ASHLAR_REDUCE_SUMSQ = 5, /* sum of squares, in fp32 */
	/*
	 * int32: the first k whose element is the greatest; a NaN is greater
	 * than anything, and -0 is as great as +0.
	 */
	ASHLAR_REDUCE_ARGMAX = 6,
};

/* --- int8 -------------------------------------------------------------------------- */

/*
 * Scales for quantize: scale = the greatest |x| * (1 / 127 as fp32), at least
 * 2^-100. scale is fp32, has the dimensions of x, and in each either its size
 * (a scale for each, as for channels) or one element. x is bf16, fp16 or fp32.
 */
struct ashlar_op_calibrate {
	struct ashlar_op op;
	struct ashlar_tensor x, scale;
	uint32_t flags; /* enum ashlar_calibrate_flags */
	uint32_t reserved; /* zero */
};

enum ashlar_calibrate_flags {
	/* Never less than what scale was before: for several batches. */
	ASHLAR_CALIBRATE_RUNNING = 1u << 0,
};

/*
 * y = recip(scale) * x, to nearest even and within -128 .. 127 (NaN: 0). x is
 * bf16, fp16 or fp32, y int8 of the same shape, scale fp32 of a shape that
 * broadcasts to it.
 */
struct ashlar_op_quantize {
	struct ashlar_op op;
	struct ashlar_tensor x, scale, y;
};

/* y = x as fp32 * scale; x is int8 or int32, y bf16, fp16 or fp32. */
struct ashlar_op_dequantize {
	struct ashlar_op op;
	struct ashlar_tensor x, scale, y;
};

/* --- Random numbers ------------------------------------------------------------------ */

/*
 * Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3",
 * SC 2011): four words from a counter of 128 bits and a key of 64. The key is
 * seed. Element i (as if packed) of a tensor takes, with j = i / 4096 and
 * r = i % 4096,
 *	word r / 1024 of counter { j * 1024 + r % 1024 (64 bits), stream (64) }
 * low words first. So an operation with 4 * n elements uses some n counters of
 * its stream; give each operation a stream of its own.
 *
 * u = (word >> 8) * 2^-24, 0 .. 1 - 2^-24.
 */
struct ashlar_op_random {
	struct ashlar_op op;
	struct ashlar_tensor
		y; /* packed; bf16, fp16, fp32, or int32 for WORDS */
	uint64_t seed, stream;
	uint32_t function; /* enum ashlar_random */
	float a, b;
	uint32_t reserved; /* zero */
};

enum ashlar_random {
	ASHLAR_RANDOM_WORDS = 0, /* the words */
	/*
	 * (word >> 8) * ((b - a) * 2^-24) + a, the factor rounded to fp32: so u
	 * * (b - a) + a
	 */
	ASHLAR_RANDOM_UNIFORM = 1,
	/*
	 * Box-Muller, mean a, deviation b >= 0: words 0 and 1 of a counter make
	 * the first two elements that it has, words 2 and 3 the others. With w
	 * and v the two, in fp32 steps:
	 *	r = sqrt(log((w >> 8) * 2^-24 + 2^-24) * -2)
	 *	t = (v, signed) * 2^-32, so -0.5 .. 0.5
	 *	s = sin(pi t): the polynomial in userspace/ops/ops_normal.h
	 *	first: ((square(s * sqrt(2)) - 1) * r) * b + a
	 *	second: (((sqrt(min(square(s), 1) * -1 + 1) * s) * r) * (2 * b)) + a
	 */
	ASHLAR_RANDOM_NORMAL = 2,
};

/*
 * y = x * (1 / (1 - p)) where (word >> 8) >= p * 2^24 (rounded), else +0; words
 * as above. The gradient is the same operation on the gradient, with the same
 * seed and stream. p is 0 .. 0.99; 1 / (1 - p) is computed in double precision and
 * rounded. x and y are packed, bf16, fp16 or fp32; y may be x.
 */
struct ashlar_op_dropout {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint64_t seed, stream;
	float p;
	uint32_t reserved; /* zero */
};

/* --- Optimizers -------------------------------------------------------------------- */

/*
 * A parameter, its gradient and what the optimizer keeps for it: same shape,
 * packed. value, m and v are fp32 and are changed in place; grad is bf16, fp16
 * or fp32; copy, if there is one, is bf16 or fp16 and becomes value, rounded.
 * Parameters whose tensors all follow each other in memory without gaps cost
 * no more than one of their size; each other one is a launch.
 */
struct ashlar_parameter {
	struct ashlar_tensor value, grad;
	struct ashlar_tensor m; /* momentum; sgd without momentum: none */
	struct ashlar_tensor v; /* second moment; sgd: none */
	struct ashlar_tensor copy; /* or none */
};

/*
 * Stochastic gradient descent, for each element:
 *	g = grad * grad_scale
 *	g = value * weight_decay + g			if weight_decay is not 0
 *	m = m * momentum + g				with momentum
 *	g = m, NESTEROV: m * momentum + g		with momentum
 *	value = g * -rate + value
 */
struct ashlar_op_sgd {
	struct ashlar_op op;
	const struct ashlar_parameter *parameters; /* of the host */
	uint32_t count; /* of parameters */
	uint32_t flags; /* enum ashlar_sgd_flags */
	float rate, momentum, weight_decay;
	float grad_scale; /* 1, or one over what the loss was scaled by */
};

enum ashlar_sgd_flags {
	ASHLAR_SGD_NESTEROV = 1u << 0,
};

/*
 * AdamW (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019).
 * c1 = rate / (1 - beta1^step), c2 = 1 / (1 - beta2^step) and sqrt(1 - beta2)
 * are computed in double precision and rounded to fp32. For each element:
 *	m = m * beta1 + grad * (grad_scale * (1 - beta1))
 *	v = v * beta2 + square(grad * (grad_scale * sqrt(1 - beta2)))
 *	d = recip(sqrt(v * c2) + epsilon) * m
 *	value = d * -c1 + value * (1 - rate * weight_decay)
 * The factors in parentheses are computed in double precision, too, and
 * rounded.
 */
struct ashlar_op_adamw {
	struct ashlar_op op;
	const struct ashlar_parameter *parameters; /* of the host */
	uint32_t count;
	uint32_t step; /* 1, 2, ... */
	float rate, beta1, beta2, epsilon, weight_decay;
	float grad_scale; /* as in sgd */
};

#ifdef __cplusplus
}
#endif

#endif
