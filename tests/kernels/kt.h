/* SPDX-License-Identifier: MIT */
/*
 * Kernel tests: random cases with their memory and what must come out,
 * independent of what runs the kernel (the emulator, a simulated board).
 */
#ifndef KT_H
#define KT_H

#include <stddef.h>
#include <stdint.h>

#include <ashlar/kernels.h>

/* splitmix64: the same cases for the same seed, everywhere. */
struct kt_random {
	uint64_t state;
};

uint64_t kt_random(struct kt_random *r);
/* least .. most, each as likely. */
uint32_t kt_range(struct kt_random *r, uint32_t least, uint32_t most);

/* How operands are filled. */
enum kt_pattern {
	KT_PLAIN, /* small values: sums stay finite */
	KT_BITS, /* any bits: NaN, infinities, denormals, extremes */
	KT_EDGES, /* mostly zeros, ones, extremes, denormals */
	KT_PATTERNS,
};

void kt_fill(struct kt_random *r, void *at, size_t count, uint32_t format,
	     enum kt_pattern pattern);

/*
 * A test case: one block of memory that the kernel works in; arguments hold
 * offsets into it until kt_*_place() adds where the block is.
 */
struct kt_case {
	char name[200];
	uint8_t *memory; /* as it is before the launch */
	uint8_t *expect; /* as it must be afterwards */
	size_t bytes;
	const char *kernel;
	union {
		struct ashlar_gemm_args gemm;
		struct ashlar_elementwise_args elementwise;
		struct ashlar_copy_args copy;
		struct ashlar_fill_args fill;
	} args;
	uint32_t arg_bytes;
};

/* Sizes that a random GEMM may have. */
struct kt_limits {
	uint32_t m, n, k; /* most */
	uint64_t macs; /* most of m * n * k */
	uint64_t bytes; /* most of the whole block of memory */
};

/* Make a case; release it with kt_free(). */
void kt_gemm(struct kt_case *c, struct kt_random *r,
	     const struct kt_limits *limits);
/* A GEMM of this shape; the rest random. */
void kt_gemm_shape(struct kt_case *c, struct kt_random *r, uint32_t m,
		   uint32_t n, uint32_t k);
void kt_elementwise(struct kt_case *c, struct kt_random *r, uint32_t most);
void kt_copy(struct kt_case *c, struct kt_random *r, uint32_t most);
void kt_fill_case(struct kt_case *c, struct kt_random *r, uint32_t most);
void kt_free(struct kt_case *c);

/* Turn offsets into addresses: the block begins at base. */
void kt_place(struct kt_case *c, uint64_t base);

/*
 * Compare memory after the launch with what was expected, byte by byte, also
 * what lies between rows and around matrices. Returns 0, or -1 after it has
 * printed the case and the first difference.
 */
int kt_compare(const struct kt_case *c, const uint8_t *memory);

#endif
