/* SPDX-License-Identifier: MIT */
/*
 * Arguments of the kernels of the family linear, for host and kernels.
 * Addresses are device addresses, strides bytes; nothing is checked by the
 * kernels.
 */
#ifndef ARGS_LINEAR_H
#define ARGS_LINEAR_H

#include <assert.h>
#include <stdint.h>

enum linear_epilogue_flags {
	LINEAR_SCALE = 1u << 0, /* scale_bits for all columns */
	LINEAR_RESIDUAL_SCALE = 1u << 1, /* residual_bits */
};

/* ashlar_epilogue, and the result's format. */
struct linear_epilogue {
	uint64_t bias, scale, residual; /* 0: none */
	uint32_t bias_step, scale_step; /* 4, or 0: one for all columns */
	uint32_t scale_bits, residual_bits; /* fp32 */
	uint32_t out, residual_format; /* enum ashlar_format */
	uint32_t activation; /* enum ashlar_activation */
	uint32_t flags; /* enum linear_epilogue_flags */
};
static_assert(sizeof(struct linear_epilogue) == 56,
	      "struct linear_epilogue: host and kernel agree");

enum linear_matmul_flags {
	LINEAR_A_ROWS = 1u << 0, /* A's stored rows run along k */
	LINEAR_B_ROWS = 1u << 1,
	LINEAR_ZERO = 1u << 2, /* k is 1, and A and B count as zeros */
	LINEAR_IMAGES = 1u << 3, /* k runs over pixels: linear_images is used */
};

#define LINEAR_BATCH_DIMS 4

/* Pixels of an operand; as struct gemm_image. */
struct linear_image {
	int32_t start[2];
	uint32_t step[2], limit[2], stride[2];
	int64_t image_stride;
};

struct linear_images {
	struct linear_image a, b;
	uint32_t images, height, width;
	uint32_t chunk_rows, chunk_cols;
	uint32_t tap_step[2]; /* of b, in the last two batch dimensions */
	uint32_t reserved;
};

/* matmul, and the gradient of a convolution by its weights. */
struct linear_matmul_args {
	uint64_t a, b, c;
	struct linear_epilogue epilogue;
	uint32_t m, n, k;
	uint32_t type; /* enum ashlar_format of A and B */
	uint32_t a_stride, b_stride, c_stride, residual_stride;
	uint32_t flags; /* enum linear_matmul_flags */
	uint32_t batch[LINEAR_BATCH_DIMS];
	uint32_t reserved[3];
	int64_t a_batch[LINEAR_BATCH_DIMS], b_batch[LINEAR_BATCH_DIMS];
	int64_t c_batch[LINEAR_BATCH_DIMS], residual_batch[LINEAR_BATCH_DIMS];
	struct linear_images images;
};
static_assert(sizeof(struct linear_matmul_args) == 384,
	      "struct linear_matmul_args: host and kernel agree");

enum linear_conv_flags {
	LINEAR_BACKWARD = 1u << 0, /* the gradient by x: dy is x, dx is y */
	LINEAR_NOTHING = 1u << 1, /* no channels to sum over: sums are 0 */
};

#define LINEAR_KERNEL_MAX 255u /* rows or columns of a kernel */

/*
 * conv. Forward, x is [images, in[0], in[1], groups * channels], w has
 * groups * columns rows of kernel[0] * kernel[1] * channels elements, y is
 * [images, out[0], out[1], groups * columns]. Backward, x is the gradient by
 * the convolution's output, w has groups * channels rows of kernel[0] *
 * kernel[1] * columns elements, and y, the gradient by its input.
 */
struct linear_conv_args {
	uint64_t x, w, y;
	struct linear_epilogue epilogue;
	int64_t x_image, y_image, residual_image; /* bytes, image to image */
	uint32_t x_stride[2], y_stride[2], residual_stride[2]; /* row, pixel */
	uint32_t w_stride; /* from row to row */
	uint32_t type; /* enum ashlar_format of x and w */
	uint32_t flags; /* enum linear_conv_flags */
	uint32_t images, groups, channels, columns;
	uint32_t in[2], out[2], kernel[2], stride[2], dilation[2];
	uint32_t pad[2]; /* before the first row, column */
	/*
	 * Rows of the input in a cell (conv_geometry.h), which then has the
	 * pixels of a whole row of the kernel; 0: a cell is a pixel.
	 */
	uint32_t fold;
};
static_assert(sizeof(struct linear_conv_args) == 208,
	      "struct linear_conv_args: host and kernel agree");

/* A place in the scratchpad, of the first slot if there are two. */
struct linear_area {
	uint32_t at, bytes; /* of a slot */
};

/*
 * depthwise: as conv, with as many columns as channels in a group, which divide
 * N. The rest is what depthwise_layout.h says.
 */
struct linear_depthwise_args {
	struct linear_conv_args conv;
	uint32_t rows, width; /* of a piece of the result, at most */
	uint32_t cell, plane_bytes;
	struct linear_area patch, weights, vec, residual,
		result; /* two slots */
	struct linear_area sums, temp, terms; /* one */
};
static_assert(sizeof(struct linear_depthwise_args) == 288,
	      "struct linear_depthwise_args: host and kernel agree");

#endif
