/* SPDX-License-Identifier: MIT */
/*
 * Softmax, cross entropy, normalisation, pooling. Included by ashlar/ops.h.
 *
 * Words used below. u is 2^-24. N is the number of vector lanes. Data tensors
 * (x, y, dx, ...) are fp32, bf16 or fp16, each in a format of its own; what is
 * computed in between is fp32, and rounded once to the format of what is
 * written. All other tensors are fp32, labels int32. exp, log, recip, rsqrt
 * are those of hw-model/numerics, every operation rounds, denormals are zeros.
 *
 * Rows. Where "rows" are spoken of, a tensor is a matrix whose rows are its
 * last dimension; the dimensions before may have any strides that make equal
 * distances from row to row (packed or a part of the columns, for instance).
 * Elements of a row are contiguous. Other strides are UNSUPPORTED: copy first.
 * Rows and columns are at most 2^31 - 1, from row to row are at most 2^31 - 1
 * bytes.
 *
 * Row sum: a row is cut into segments of 64 * N elements. In a segment lane l
 * adds the elements l, l + N, l + 2*N, ... in this order; then lane i takes in
 * lane i + N/2, then i + N/4, ... to the last; segments are added in order. It
 * is off by at most h*u / (1 - h*u) * (sum of magnitudes), where h = min(L, 64)
 * - 1 + log2(N) + (segments - 1) for a row of L lines of N.
 *
 * Column sum: over rows, for each column: 32 rows are added in order, such sums
 * within 1024 rows are added in order, and then those of 1024 rows. It is off
 * by at most h*u / (1 - h*u) * (sum of magnitudes), h = min(rows, 32) + 31 +
 * rows / 1024.
 *
 * A NaN makes what is computed from it NaN.
 */
#ifndef ASHLAR_OPS_NORM_H
#define ASHLAR_OPS_NORM_H

#include <ashlar/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Softmax ----------------------------------------------------------------- */

/*
 * softmax over the last dimension: m is the greatest of the row, e[i] =
 * exp(x[i] - m), s the row sum of e.
 *	y[i] = e[i] * recip(s)			or, with ASHLAR_SOFTMAX_LOG,
 *	y[i] = (x[i] - m) - log(s)
 * x: rows; y: rows, of the same shape. y may be x.
 *
 * With d = m - x[i], the result before it is converted is off by at most
 * (d + log(columns) + h + 16)*u*y + 2^-125, the logarithm by at most (2*d + 4 *
 * log(columns) + h + 4)*u. A row with +infinity, or with nothing but
 * -infinity, is NaN.
 */
struct ashlar_op_softmax {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint32_t flags; /* enum ashlar_softmax_flags */
	uint32_t reserved; /* zero */
};

enum ashlar_softmax_flags {
	ASHLAR_SOFTMAX_LOG = 1u << 0,
};

/*
 * Its gradient, from the result y and the gradient dy of y:
 *	dx[i] = (dy[i] - t) * y[i], t the row sum of dy*y;	or with LOG
 *	dx[i] = dy[i] + (exp(y[i]) * -t), t the row sum of dy
 * y, dy, dx: rows, of the same shape. dx may be y or dy. Before it is converted
 * it is off by at most, with a = (h + 3)*u times the sum of |dy*y| (LOG: of
 * |dy|): (a + 2*u*|dy[i] - t|) * |y[i]|, or (a + 4*u*|t|) * exp(y[i]) + 2*u*|dy[i]|;
 * and 2^-125.
 */
struct ashlar_op_softmax_dx {
	struct ashlar_op op;
	struct ashlar_tensor y, dy, dx;
	uint32_t flags; /* enum ashlar_softmax_flags */
	uint32_t reserved; /* zero */
};

/*
 * Cross entropy of logits (rows) and the class of each row. With m, e, s as in
 * softmax and l = label[row]:
 *	loss[row] = log(s) + (m - x[l])
 *	dlogits[i] = e[i] * (recip(s) * scale), and for i = l:
 *	dlogits[l] = e[l] * (recip(s) * scale) - scale
 * scale 1/rows gives the gradient of the mean loss. Either result may be none.
 *
 * With ASHLAR_CROSS_ENTROPY_IGNORE rows whose label is `ignore` have loss 0 and
 * gradients e[i] * 0: zero, if the row is free of NaN and infinity. Of another
 * label that is not 0 .. columns - 1 loss and gradients are NaN.
 *
 * labels and loss are packed, with the shape of logits but for the last
 * dimension. dlogits: rows, of the shape of logits, and may be logits. Errors
 * are as of softmax.
 */
struct ashlar_op_cross_entropy {
	struct ashlar_op op;
	struct ashlar_tensor logits, labels;
	struct ashlar_tensor loss; /* or none */
	struct ashlar_tensor dlogits; /* or none */
	float scale; /* a finite number */
	int32_t ignore;
	uint32_t flags; /* enum ashlar_cross_entropy_flags */
	uint32_t reserved; /* zero */
};

enum ashlar_cross_entropy_flags {
	ASHLAR_CROSS_ENTROPY_IGNORE = 1u << 0,
};

/* --- Layer norm, RMS norm ------------------------------------------------------ */

/*
 * Normalise rows. c is 1/columns, rounded.
 *	mean = (row sum of x) * c
 *	rstd = rsqrt((row sum of (x[i] - mean)^2) * c + eps)
 *	y[i] = ((x[i] - mean) * rstd) * gamma[i] + beta[i]
 * With ASHLAR_NORM_RMS:
 *	rstd = rsqrt((row sum of x[i]^2) * c + eps)
 *	y[i] = (x[i] * rstd) * gamma[i]
 * Without gamma or beta, their step is left out. x: rows; y: rows, of the same
 * shape; y may be x. gamma, beta: packed, one dimension. mean and rstd are
 * saved when they are given: packed, with the shape of x but for the last
 * dimension.
 *
 * Against exact arithmetic, with A the greatest magnitude in the row: mean is
 * off by at most (h + 3)*u*A, y before it is converted by at most
 * ((2*h + 16)*u*(A*rstd + |y0|) + |y0| * e2) * |gamma| + 2*u*|y|, where y0 is the
 * normalised value and e2 = ((h + 4)*u*A*rstd)^2.
 */
struct ashlar_op_norm {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	struct ashlar_tensor gamma, beta; /* or none; no beta with RMS */
	struct ashlar_tensor mean, rstd; /* or none; no mean with RMS */
	float eps; /* 0 or more */
	uint32_t flags; /* enum ashlar_norm_flags */
};

enum ashlar_norm_flags {
	ASHLAR_NORM_RMS = 1u << 0,
};

/*
 * Its gradients, from x, the gradient dy of y, and what norm saved.
 *	n[i] = (x[i] - mean) * rstd		RMS: x[i] * rstd
 *	g[i] = (dy[i] * gamma[i]) * rstd	without gamma: dy[i] * rstd
 *	s = row sum of g			LayerNorm only
 *	t = row sum of n*g
 *	dx[i] = (n[i] * -(t*c) - s*c) + g[i]	RMS: n[i] * -(t*c) + g[i]
 *	dgamma[i] = column sum of dy[i]*n[i]
 *	dbeta[i] = column sum of dy[i]
 * dx, dgamma and dbeta may each be none. dx may be x or dy.
 *
 * Against exact arithmetic on the same x, dy, mean and rstd, with S and T the sums
 * of |g| and |n*g| over the row: dx before it is converted is off by at most
 * ((h + 10)*c*(S + |n|*T) + 6*(|g| + |s*c| + |n*t*c|))*u; dgamma by (h + 4)*u times
 * the sum of |dy*n|, dbeta by h*u times the sum of |dy|; and 2^-100.
 */
struct ashlar_op_norm_dx {
	struct ashlar_op op;
	struct ashlar_tensor x, dy;
	struct ashlar_tensor gamma; /* or none */
	struct ashlar_tensor mean, rstd; /* as saved; no mean with RMS */
	struct ashlar_tensor dx, dgamma, dbeta; /* or none; no dbeta with RMS */
	uint32_t flags; /* enum ashlar_norm_flags */
	uint32_t reserved; /* zero */
};

/* --- Batch norm ------------------------------------------------------------------ */

/*
 * Normalise channels; channels are the last dimension (NHWC, or any rows). n is
 * the number of rows, c is 1/n, rounded.
 *
 * With ASHLAR_BATCH_NORM_TRAINING, over the rows:
 *	mean = (column sum of x) * c
 *	var = (column sum of (x - mean)^2) * c
 * and running averages, when they are given, become
 *	running_mean = running_mean * (1 - momentum) + mean * momentum
 *	running_var = running_var * (1 - momentum) + (var * b) * momentum
 * where b is n/(n-1), 1 for one row, rounded, and 1 - momentum is rounded.
 * Without it mean and var are the running averages, which are only read.
 *	rstd = rsqrt(var + eps)
 *	k = rstd * gamma			without gamma: rstd
 *	y = x * k + (mean * -k + beta)		without beta: x * k + mean * -k
 * mean and rstd are saved when they are given.
 *
 * x: rows; y: rows, of the same shape; y may be x. All others have one
 * dimension, the channels, packed. y before it is converted is off from the
 * exact function of mean and rstd by at most 4*u*(|x*k| + |mean*k| + |beta|).
 */
struct ashlar_op_batch_norm {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	struct ashlar_tensor gamma, beta; /* or none */
	struct ashlar_tensor running_mean, running_var; /* none if training */
	struct ashlar_tensor mean, rstd; /* saved; or none */
	float eps; /* 0 or more */
	float momentum; /* 0 .. 1 */
	uint32_t flags; /* enum ashlar_batch_norm_flags */
	uint32_t reserved; /* zero */
};

enum ashlar_batch_norm_flags {
	ASHLAR_BATCH_NORM_TRAINING = 1u << 0,
};

/*
 * Its gradients, from x, the gradient dy of y, and what batch_norm saved.
 *	n = (x - mean) * rstd
 *	dgamma = column sum of n*dy
 *	dbeta = column sum of dy
 *	k = rstd * gamma			without gamma: rstd
 * With ASHLAR_BATCH_NORM_TRAINING, where mean and rstd depend on x:
 *	p = (k * (dgamma*c)) * rstd
 *	dx = (dy * k - k * (dbeta*c)) + (x - mean) * -p
 * and without it
 *	dx = dy * k
 * dx, dgamma and dbeta may each be none. dx may be x or dy.
 *
 * Errors are as those of norm_dx with sums over columns: dgamma and dbeta the
 * same, dx before it is converted by at most ((h + 10)*c*|k|*(S + |n|*T) + 8*|k|*
 * (|dy| + |dbeta*c| + |n*dgamma*c|))*u with S and T the sums of |dy| and |n*dy|.
 */
struct ashlar_op_batch_norm_dx {
	struct ashlar_op op;
	struct ashlar_tensor x, dy;
	struct ashlar_tensor gamma; /* or none */
	struct ashlar_tensor mean, rstd; /* as saved */
	struct ashlar_tensor dx, dgamma, dbeta; /* or none */
	uint32_t flags; /* enum ashlar_batch_norm_flags */
	uint32_t reserved; /* zero */
};

/* --- Pooling ----------------------------------------------------------------------- */

/*
 * Pool windows of an image: x is [images, height, width, channels], y [images,
 * oh, ow, channels] with
 *	oh = (height + pad_top + pad_bottom - kernel[0]) / stride[0] + 1
 * rounded down, and ow likewise. Channels are contiguous; other strides are free,
 * but from row to row and pixel to pixel less than 2^31 bytes.
 *
 * ASHLAR_POOL_MAX: the greatest element that is there. x and y may both be int8,
 * too.
 * ASHLAR_POOL_AVERAGE: each column of the window is added from the top, then
 * their sums from the left, in fp32, and multiplied by recip(elements of the
 * window that are there), or with ASHLAR_POOL_COUNT_PADDING by recip(kernel[0] *
 * kernel[1]). It is off by at most (kernel[0] + kernel[1] + 2)*u times the sum of
 * magnitudes over their number.
 *
 * A window of N channels has to fit into a part of the scratchpad; a bigger one
 * is UNSUPPORTED.
 */
struct ashlar_op_pool2d {
	struct ashlar_op op;
	struct ashlar_tensor x, y;
	uint32_t kernel[2]; /* height, width; 1 .. 255 */
	uint32_t stride[2]; /* 1 .. 255; 0: 1 */
	uint32_t pad_top, pad_bottom; /* less than kernel[0] */
	uint32_t pad_left, pad_right; /* less than kernel[1] */
	uint32_t mode; /* enum ashlar_pool_mode */
	uint32_t flags; /* enum ashlar_pool_flags */
};

enum ashlar_pool_mode {
	ASHLAR_POOL_MAX = 1,
	ASHLAR_POOL_AVERAGE = 2,
};

enum ashlar_pool_flags {
	ASHLAR_POOL_COUNT_PADDING = 1u << 0, /* with AVERAGE */
};

/*
 * Its gradient, from the gradient dy of y. With MAX all of dy goes to the first
 * element of the window, row by row, that equals y (NaN equals NaN, -0 equals
 * +0). x and y are those of pool2d, of one format, fp32, bf16 or fp16; with
 * AVERAGE they are none. With AVERAGE each element of the window that is there
 * gets dy * recip(count). Gradients are added in fp32, to +0, in increasing order
 * of the window's row, and within it in decreasing order of its column.
 */
struct ashlar_op_pool2d_dx {
	struct ashlar_op op;
	struct ashlar_tensor x, y; /* MAX only */
	struct ashlar_tensor dy, dx;
	uint32_t kernel[2]; /* as of pool2d, as all that follows */
	uint32_t stride[2];
	uint32_t pad_top, pad_bottom;
	uint32_t pad_left, pad_right;
	uint32_t mode;
	uint32_t flags;
};

#ifdef __cplusplus
}
#endif

#endif
