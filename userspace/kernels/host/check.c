/* SPDX-License-Identifier: MIT */
/*
 * Checks of kernel arguments on the host, before a launch: the kernels
 * themselves check nothing. Part of libashlar.
 */
#include <ashlar/kernels.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#define SIZE_MAX_32 0x7fffffffu /* rows, columns, bytes of a row */
#define SIZE_MAX_40 (1ull << 40)

/* Where the sentence goes. */
struct check {
	const char *kernel;
	char *text;
	size_t n;
};

static int check_fail(const struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static int check_fail(const struct check *c, const char *format, ...)
{
	va_list ap;
	int at;

	if (c->n == 0)
		return -1;
	at = snprintf(c->text, c->n, "%s: ", c->kernel);
	if (at < 0 || (size_t)at >= c->n)
		return -1;
	va_start(ap, format);
	vsnprintf(c->text + at, c->n - (size_t)at, format, ap);
	va_end(ap);
	return -1;
}

static int check_range(const struct check *c, const char *name, uint64_t value,
		       uint64_t least, uint64_t most)
{
	if (value >= least && value <= most)
		return 0;
	return check_fail(c,
			  "%s is %" PRIu64 ", allowed %" PRIu64 " .. %" PRIu64,
			  name, value, least, most);
}

static int check_flags(const struct check *c, uint32_t flags, uint32_t known)
{
	if (!(flags & ~known))
		return 0;
	return check_fail(c, "flags are 0x%x, allowed are 0x%x", flags, known);
}

static int check_format(const struct check *c, const char *name,
			uint32_t format)
{
	if (ashlar_format_bytes(format))
		return 0;
	return check_fail(c,
			  "%s is %u, allowed are 2 (i32), 3 (f32), 4 (bf16), "
			  "5 (fp16), 6 (i8)",
			  name, format);
}

static int check_reserved(const struct check *c, uint32_t reserved)
{
	return check_range(c, "reserved", reserved, 0, 0);
}

/* rows of bytes, pitch apart, from address: inside 64 bits, not at 0. */
static int check_extent(const struct check *c, const char *name,
			uint64_t address, uint64_t rows, uint64_t pitch,
			uint64_t bytes)
{
	/* Each below 2^41, so two multiplications suffice to be safe. */
	unsigned __int128 last =
		(unsigned __int128)(rows - 1) * pitch + bytes - 1;

	if (address == 0)
		return check_fail(c, "%s is 0, not a device address", name);
	if (last > UINT64_MAX - address)
		return check_fail(c,
				  "%s is 0x%" PRIx64
				  ": the matrix runs over the end of addresses",
				  name, address);
	return 0;
}

/* A stored matrix of rows x cols. */
static int check_matrix(const struct check *c, const char *name,
			const char *ld_name, uint64_t address, uint32_t rows,
			uint32_t cols, uint32_t ld, uint32_t bytes)
{
	if (ld < cols)
		return check_fail(c, "%s is %u, at least %u are needed",
				  ld_name, ld, cols);
	if (check_range(c, ld_name, ld, cols, SIZE_MAX_32 / bytes))
		return -1;
	return check_extent(c, name, address, rows, (uint64_t)ld * bytes,
			    (uint64_t)cols * bytes);
}

int ashlar_gemm_check(const struct ashlar_gemm_args *args, char *text, size_t n)
{
	const struct check c = { "gemm", text, n };
	int trans_a = (args->flags & ASHLAR_GEMM_TRANS_A) != 0;
	int trans_b = (args->flags & ASHLAR_GEMM_TRANS_B) != 0;
	uint32_t in = ashlar_format_bytes(args->type);

	if (check_range(&c, "m", args->m, 1, SIZE_MAX_32) ||
	    check_range(&c, "n", args->n, 1, SIZE_MAX_32) ||
	    check_range(&c, "k", args->k, 1, SIZE_MAX_32) ||
	    check_flags(&c, args->flags, ASHLAR_GEMM_FLAGS))
		return -1;
	if (args->type != ASHLAR_I8 && args->type != ASHLAR_BF16 &&
	    args->type != ASHLAR_FP16)
		return check_fail(&c,
				  "type is %u, allowed are 4 (bf16), 5 (fp16), "
				  "6 (i8)",
				  args->type);
	if (check_format(&c, "out", args->out))
		return -1;
	if (args->scale && (args->flags & ASHLAR_GEMM_SCALE))
		return check_fail(&c,
				  "scale is 0x%" PRIx64
				  " and flags ask for scale_bits: choose one",
				  args->scale);
	if (check_matrix(&c, "a", "lda", args->a, trans_a ? args->k : args->m,
			 trans_a ? args->m : args->k, args->lda, in) ||
	    check_matrix(&c, "b", "ldb", args->b, trans_b ? args->n : args->k,
			 trans_b ? args->k : args->n, args->ldb, in) ||
	    check_matrix(&c, "c", "ldc", args->c, args->m, args->n, args->ldc,
			 ashlar_format_bytes(args->out)))
		return -1;
	if (args->bias &&
	    check_extent(&c, "bias", args->bias, 1, 0, 4 * (uint64_t)args->n))
		return -1;
	if (args->scale &&
	    check_extent(&c, "scale", args->scale, 1, 0, 4 * (uint64_t)args->n))
		return -1;
	return 0;
}

int ashlar_elementwise_check(const struct ashlar_elementwise_args *args,
			     char *text, size_t n)
{
	const struct check c = { "elementwise", text, n };

	if (check_range(&c, "count", args->count, 1, SIZE_MAX_40) ||
	    check_format(&c, "in", args->in) ||
	    check_format(&c, "out", args->out) ||
	    check_range(&c, "op", args->op, 0, ASHLAR_OP_NONE) ||
	    check_flags(&c, args->flags, ASHLAR_ELEMENTWISE_FLAGS) ||
	    check_reserved(&c, args->reserved) ||
	    check_extent(&c, "dst", args->dst, 1, 0,
			 args->count * ashlar_format_bytes(args->out)) ||
	    check_extent(&c, "a", args->a, 1, 0,
			 args->count * ashlar_format_bytes(args->in)))
		return -1;
	if (args->op != ASHLAR_OP_NONE &&
	    check_extent(&c, "b", args->b, 1, 0,
			 args->count * ashlar_format_bytes(args->in)))
		return -1;
	return 0;
}

static int check_pitch(const struct check *c, const char *name, int64_t pitch)
{
	if (pitch >= -(int64_t)SIZE_MAX_40 && pitch <= (int64_t)SIZE_MAX_40)
		return 0;
	return check_fail(c, "%s is %" PRId64 ", allowed -2^40 .. 2^40", name,
			  pitch);
}

int ashlar_copy_check(const struct ashlar_copy_args *args, char *text, size_t n)
{
	const struct check c = { "copy", text, n };

	if (check_range(&c, "row_bytes", args->row_bytes, 1, SIZE_MAX_40) ||
	    check_range(&c, "rows", args->rows, 1, SIZE_MAX_32) ||
	    check_pitch(&c, "dst_pitch", args->dst_pitch) ||
	    check_pitch(&c, "src_pitch", args->src_pitch) ||
	    check_reserved(&c, args->reserved) ||
	    check_extent(&c, "dst", args->dst, 1, 0, args->row_bytes) ||
	    check_extent(&c, "src", args->src, 1, 0, args->row_bytes))
		return -1;
	return 0;
}

int ashlar_fill_check(const struct ashlar_fill_args *args, char *text, size_t n)
{
	const struct check c = { "fill", text, n };

	if (check_range(&c, "bytes", args->bytes, 1, SIZE_MAX_40) ||
	    check_reserved(&c, args->reserved) ||
	    check_extent(&c, "dst", args->dst, 1, 0, args->bytes))
		return -1;
	return 0;
}
