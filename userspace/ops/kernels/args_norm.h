/* SPDX-License-Identifier: MIT */
/*
 * Arguments of the kernels of the family norm, for the host, which fills them
 * in from a checked descriptor, and for the kernels, which trust them. What is
 * computed stands in ashlar/ops_norm.h. An address 0 means: none.
 */
#ifndef ARGS_NORM_H
#define ARGS_NORM_H

#include <stdint.h>

/* Rows of a matrix; elements of a row are contiguous. */
struct norm_rows {
	uint64_t addr;
	int32_t stride; /* bytes from row to row */
	uint32_t format; /* enum ashlar_format */
};

/* Sizes of all matrices of a launch, 1 or more. */
struct norm_shape {
	uint32_t rows, cols;
};

struct norm_softmax_args {
	struct norm_rows x, y;
	struct norm_shape shape;
	uint32_t log;
	uint32_t reserved;
};

struct norm_softmax_dx_args {
	struct norm_rows y, dy, dx;
	struct norm_shape shape;
	uint32_t log;
	uint32_t reserved;
};

struct norm_cross_entropy_args {
	struct norm_rows x;
	struct norm_rows dx; /* or none */
	uint64_t labels;
	uint64_t loss; /* or none */
	struct norm_shape shape;
	uint32_t scale; /* fp32 bits, as all that follow of such names */
	int32_t ignore;
	uint32_t ignores; /* whether there is such a label */
	uint32_t reserved;
};

struct norm_norm_args {
	struct norm_rows x, y;
	uint64_t gamma, beta; /* or none */
	uint64_t mean, rstd; /* or none */
	struct norm_shape shape;
	uint32_t c, eps;
	uint32_t rms;
	uint32_t reserved;
};

struct norm_norm_dx_args {
	struct norm_rows x, dy, dx;
	uint64_t gamma; /* or none */
	uint64_t mean; /* none: RMS */
	uint64_t rstd;
	struct norm_shape shape;
	uint32_t c;
	uint32_t reserved;
};

/* y = x * scale + bias, rows of columns; with x2: + (x2 + bias2) * scale2. */
struct norm_affine_args {
	struct norm_rows x, x2, y;
	uint64_t scale;
	uint64_t bias; /* or none */
	uint64_t bias2, scale2;
	struct norm_shape shape;
};

/*
 * Sums over the rows of each column, for each NORM_BLOCK_ROWS rows:
 * sum[block][column]. For N lanes, rows of sums are cols fp32.
 */
#define NORM_SUB_ROWS	32u /* are added in order, */
#define NORM_BLOCK_ROWS 1024u /* then their sums, in order */

enum norm_columns_mode {
	NORM_COLUMNS_SUM, /* x */
	NORM_COLUMNS_SQUARES, /* (x - col_mean)^2 */
	NORM_COLUMNS_BY_ROW, /* dy * (x - mean[row]) * rstd[row], and dy */
	NORM_COLUMNS_BY_COLUMN, /* the same with col_mean, col_rstd */
};

struct norm_columns_args {
	struct norm_rows x;
	struct norm_rows dy; /* BY_* only */
	uint64_t mean, rstd; /* BY_ROW: a word for each row; no mean: RMS */
	uint64_t col_mean; /* of columns; SQUARES, BY_COLUMN */
	uint64_t col_rstd; /* BY_COLUMN */
	uint64_t sum; /* or none: of x, the squares, the products */
	uint64_t sum_dy; /* or none */
	struct norm_shape shape;
	uint32_t mode;
	uint32_t reserved;
};

/* Adds sums of blocks, in order, and makes of the totals what follows. */
enum norm_totals_mode {
	NORM_TOTALS_ADD, /* total[0] = sum[0], total[1] = sum[1] */
	NORM_TOTALS_MEAN, /* mean = sum[0] * c */
	NORM_TOTALS_TRAIN, /* of sum[0], squares, and mean: all that y needs */
	NORM_TOTALS_INFER, /* of mean and var */
	NORM_TOTALS_DX, /* of sum[0], products, and sum[1], dy: what dx needs */
};

struct norm_totals_args {
	uint64_t sum[2]; /* or none */
	uint64_t total[2]; /* or none */
	uint64_t mean; /* read; MEAN: written */
	uint64_t var; /* INFER */
	uint64_t rstd; /* TRAIN, INFER: written, or none; DX: read */
	uint64_t mean_saved; /* a copy of mean; or none */
	uint64_t gamma, beta; /* or none */
	uint64_t running_mean, running_var; /* TRAIN: renewed; or none */
	uint64_t scale, bias, bias2, scale2; /* of norm_affine_args; written */
	uint32_t blocks, cols;
	uint32_t mode;
	uint32_t c, eps;
	uint32_t momentum, rest; /* and 1 - momentum */
	uint32_t unbias; /* n / (n - 1) */
};

/* Strides are bytes. */
struct norm_image {
	uint64_t addr;
	int64_t image; /* from image to image */
	int32_t row, column;
	uint32_t format;
	uint32_t reserved;
};

struct norm_pool_args {
	struct norm_image x, y; /* none: of the gradient of an average */
	struct norm_image dy, dx; /* of a gradient */
	uint32_t images, size[2], channels; /* size: height, width of x */
	uint32_t out[2]; /* height, width of y */
	uint32_t kernel[2], stride[2], pad[2]; /* pad: at the top, left */
	uint32_t block[2]; /* rows and columns of y or dx made at once */
	uint32_t lines; /* and lines of N channels, most */
	uint32_t reserved;
	uint32_t average, count_padding;
};

#endif
