/* SPDX-License-Identifier: MIT */
/*
 * The kernels that come with Ashlar (ashlar-kernels.elf in the data
 * directory): their names and arguments, for the host and for the kernels.
 *
 * Addresses are device addresses (ashlar_buffer_addr() plus an offset) of any
 * alignment; multiples of 64 are fastest. Each kernel works on any number of
 * tiles. Fill in a structure, have the host check it (ashlar_gemm_check() and
 * so on: a kernel itself checks nothing), launch it. What a check cannot know
 * is whether the memory is there: a launch that leaves its buffers faults.
 */
#ifndef ASHLAR_KERNELS_H
#define ASHLAR_KERNELS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#ifndef __riscv
#include <ashlar/ashlar.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* File name in the data directory, and names of the kernels in it. */
#define ASHLAR_KERNELS_FILE	  "ashlar-kernels.elf"
#define ASHLAR_KERNEL_GEMM	  "gemm"
#define ASHLAR_KERNEL_ELEMENTWISE "elementwise"
#define ASHLAR_KERNEL_COPY	  "copy"
#define ASHLAR_KERNEL_FILL	  "fill"

/* Element formats in memory (the vector unit's numbers). */
enum ashlar_format {
	ASHLAR_I32 = 2,
	ASHLAR_F32 = 3,
	ASHLAR_BF16 = 4,
	ASHLAR_FP16 = 5,
	ASHLAR_I8 = 6,
};

/*
 * gemm: C = epilogue(op(A) * op(B)).
 *
 * op(A) is M x K and op(B) K x N. A matrix is stored row after row; lda, ldb
 * and ldc are the elements from one stored row to the next. Without
 * ASHLAR_GEMM_TRANS_A, A is stored as M rows of K, else as K rows of M; B as K
 * rows of N, else as N rows of K.
 *
 * type ASHLAR_I8 sums in int32 (wraps), ASHLAR_BF16 and ASHLAR_FP16 in fp32, k
 * increasing, one rounding (nearest even) per addition. Then, for each
 * element, in this order:
 *	+ bias[column]			if bias is not 0: int32 for ASHLAR_I8,
 *					else fp32
 *	* scale[column]			if scale is not 0: fp32
 *	* scale_bits			with ASHLAR_GEMM_SCALE: one fp32 for all;
 *					not together with scale
 *	negative values become 0	with ASHLAR_GEMM_RELU
 *	conversion to out		nearest even; integers saturate
 *
 * A and B may overlap each other; C must not overlap what is read.
 */
struct ashlar_gemm_args {
	uint64_t a; /* device addresses */
	uint64_t b;
	uint64_t c;
	uint64_t bias; /* N elements, or 0 */
	uint64_t scale; /* N fp32, or 0 */
	uint32_t m; /* 1 .. 2^31 - 1, each */
	uint32_t n;
	uint32_t k;
	uint32_t lda; /* elements; a row has fewer than 2^31 bytes */
	uint32_t ldb;
	uint32_t ldc;
	uint32_t type; /* of A and B: ASHLAR_I8, ASHLAR_BF16 or ASHLAR_FP16 */
	uint32_t out; /* of C: any format */
	uint32_t flags; /* enum ashlar_gemm_flags */
	uint32_t scale_bits; /* an fp32's bits */
};
static_assert(sizeof(struct ashlar_gemm_args) == 80,
	      "struct ashlar_gemm_args must not change size");
static_assert(offsetof(struct ashlar_gemm_args, m) == 40,
	      "struct ashlar_gemm_args: m is at 40");

enum ashlar_gemm_flags {
	ASHLAR_GEMM_TRANS_A = 1u << 0,
	ASHLAR_GEMM_TRANS_B = 1u << 1,
	ASHLAR_GEMM_RELU = 1u << 2,
	ASHLAR_GEMM_SCALE = 1u << 3,
};
#define ASHLAR_GEMM_FLAGS 0xfu /* all that are defined */

/*
 * elementwise: dst[i] = convert(relu(scale * (a[i] op b[i]))) for count
 * contiguous elements. a and b have format in; int8 and int32 are combined as
 * int32 (wraps), the others as fp32. With op ASHLAR_OP_NONE b is not read: this
 * converts. Conversions round to nearest even and saturate integers, so int8
 * addition saturates. dst may be a or b if in and out have the same size.
 */
struct ashlar_elementwise_args {
	uint64_t dst; /* device addresses */
	uint64_t a;
	uint64_t b;
	uint64_t count; /* elements, 1 .. 2^40 */
	uint32_t in; /* enum ashlar_format of a and b */
	uint32_t out; /* enum ashlar_format of dst */
	uint32_t op; /* enum ashlar_elementwise_op */
	uint32_t flags; /* enum ashlar_elementwise_flags */
	uint32_t scale_bits; /* with ASHLAR_ELEMENTWISE_SCALE: an fp32's bits */
	uint32_t reserved; /* zero */
};
static_assert(sizeof(struct ashlar_elementwise_args) == 56,
	      "struct ashlar_elementwise_args must not change size");

enum ashlar_elementwise_op {
	ASHLAR_OP_ADD = 0, /* the vector unit's numbers */
	ASHLAR_OP_SUB = 1,
	ASHLAR_OP_MUL = 2,
	ASHLAR_OP_MAX = 3, /* NaN if either is NaN */
	ASHLAR_OP_MIN = 4,
	ASHLAR_OP_NONE = 5, /* a alone */
};

enum ashlar_elementwise_flags {
	ASHLAR_ELEMENTWISE_RELU = 1u << 0,
	ASHLAR_ELEMENTWISE_SCALE = 1u << 1,
};
#define ASHLAR_ELEMENTWISE_FLAGS 0x3u

/* copy: rows of row_bytes, pitches in bytes apart. No overlap. */
struct ashlar_copy_args {
	uint64_t dst; /* device addresses */
	uint64_t src;
	uint64_t row_bytes; /* 1 .. 2^40 */
	int64_t dst_pitch; /* -2^40 .. 2^40; not used for one row */
	int64_t src_pitch;
	uint32_t rows; /* 1 .. 2^31 - 1 */
	uint32_t reserved; /* zero */
};
static_assert(sizeof(struct ashlar_copy_args) == 48,
	      "struct ashlar_copy_args must not change size");

/* fill: bytes at dst become pattern, whose byte 0 (lowest) goes to dst. */
struct ashlar_fill_args {
	uint64_t dst; /* device address */
	uint64_t bytes; /* 1 .. 2^40 */
	uint32_t pattern; /* four bytes, repeated; the last one may be cut */
	uint32_t reserved; /* zero */
};
static_assert(sizeof(struct ashlar_fill_args) == 24,
	      "struct ashlar_fill_args must not change size");

#ifndef __riscv
/*
 * Load the file with these kernels from the data directory (ASHLAR_DATA_DIR,
 * else as installed); ashlar_module_kernel() then finds them by name. Errors:
 * NOT_FOUND and IO (the file), and those of ashlar_module_load().
 */
ASHLAR_API ashlar_result ashlar_kernels_load(ashlar_device *device,
					     ashlar_module **module);

/*
 * Checks for the host. Return 0 when the arguments are good, else -1 with a
 * sentence in text (n bytes, may be NULL when n is 0) that names the member,
 * its value and the limit. They are in libashlar.
 */
ASHLAR_API int ashlar_gemm_check(const struct ashlar_gemm_args *args,
				 char *text, size_t n);
ASHLAR_API int
ashlar_elementwise_check(const struct ashlar_elementwise_args *args, char *text,
			 size_t n);
ASHLAR_API int ashlar_copy_check(const struct ashlar_copy_args *args,
				 char *text, size_t n);
ASHLAR_API int ashlar_fill_check(const struct ashlar_fill_args *args,
				 char *text, size_t n);

/* Bytes of an element; 0 for a format that there is not. */
static inline uint32_t ashlar_format_bytes(uint32_t format)
{
	switch (format) {
	case ASHLAR_I8:
		return 1;
	case ASHLAR_BF16:
	case ASHLAR_FP16:
		return 2;
	case ASHLAR_I32:
	case ASHLAR_F32:
		return 4;
	default:
		return 0;
	}
}
#endif

#ifdef __cplusplus
}
#endif
#endif
