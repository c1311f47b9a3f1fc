/* SPDX-License-Identifier: MIT */
/*
 * The operations that there are, family by family: X(NAME) for each struct
 * ashlar_op_NAME. A name here has plan_NAME() in this folder and ref_NAME() in
 * ref/.
 */
#ifndef OPS_KINDS_H
#define OPS_KINDS_H

#define OPS_LINEAR(X) X(matmul) X(conv2d) X(conv2d_dx) X(conv2d_dw)

#define OPS_ELEMENTWISE(X) \
	X(unary)           \
	X(binary)          \
	X(copy)            \
	X(reduce)          \
	X(calibrate)       \
	X(random)          \
	X(dropout)         \
	X(quantize)        \
	X(dequantize)      \
	X(sgd)             \
	X(adamw)

#define OPS_NORM(X)      \
	X(softmax)       \
	X(softmax_dx)    \
	X(cross_entropy) \
	X(norm)          \
	X(norm_dx)       \
	X(batch_norm)    \
	X(batch_norm_dx) \
	X(pool2d)        \
	X(pool2d_dx)

#define OPS_ATTENTION(X) \
	X(attention)     \
	X(attention_dx)  \
	X(rotary)        \
	X(embedding)     \
	X(embedding_dx)

#define OPS_KINDS(X)       \
	OPS_LINEAR(X)      \
	OPS_ELEMENTWISE(X) \
	OPS_NORM(X)        \
	OPS_ATTENTION(X)

#endif
