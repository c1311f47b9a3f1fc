/* SPDX-License-Identifier: MIT */
/*
 * Rules of descriptors. Every check returns 0, or -1 after it has left a
 * sentence that names operation, argument, value and rule; the first one
 * stays. So checks may be joined with ||, and nothing is done behind the first
 * that fails.
 *
 * A tensor that was checked is remembered: in the end check_apart() finds out
 * whether anything that the operation writes overlaps something else that it
 * reads or writes, but for the pairs that check_may_share() has named.
 */
#ifndef OPS_CHECK_H
#define OPS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ops.h>

#define CHECK_TEXT  320
#define CHECK_SHARE 8 /* pairs that may share */
/* The greatest fp32. */
#define CHECK_FLOAT_MAX 0x1.fffffep127
/* Most elements of a dimension, and of a stride. */
#define CHECK_SIZE_MAX (1ull << 40)

/* What was said to be read or written: bytes from low to high, both included. */
struct check_span {
	const char *name;
	struct ashlar_tensor t;
	uint64_t low, high;
	bool written;
};

struct check {
	const char *op;
	const char *array; /* not NULL: what is checked is array[item] */
	uint32_t item;
	ashlar_result result; /* OK as long as nothing is wrong */
	char text[CHECK_TEXT];
	struct check_span *spans;
	uint32_t span_count, span_room;
	struct {
		const char *a, *b;
	} share[CHECK_SHARE];
	uint32_t share_count;
};

void check_begin(struct check *c, const char *op);
void check_end(struct check *c); /* frees what it has remembered */

/* A rule of the operation's own is broken; always -1. */
int check_fail(struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* A combination that there is not: UNSUPPORTED; always -1. */
int check_unsupported(struct check *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* --- Parameters ------------------------------------------------------------- */

int check_range(struct check *c, const char *name, uint64_t value,
		uint64_t least, uint64_t most);
int check_flags(struct check *c, const char *name, uint32_t flags,
		uint32_t known);
/* A number, neither NaN nor infinite, from least to most. */
int check_number(struct check *c, const char *name, float value, double least,
		 double most);
int check_reserved(struct check *c, uint32_t reserved);

/* --- Tensors ------------------------------------------------------------------ */

/* Sets of formats. */
#define CHECK_FORMAT(f) (1u << (f))
#define CHECK_F32	CHECK_FORMAT(ASHLAR_F32)
#define CHECK_BF16	CHECK_FORMAT(ASHLAR_BF16)
#define CHECK_FP16	CHECK_FORMAT(ASHLAR_FP16)
#define CHECK_I8	CHECK_FORMAT(ASHLAR_I8)
#define CHECK_I32	CHECK_FORMAT(ASHLAR_I32)
#define CHECK_FLOATS	(CHECK_F32 | CHECK_BF16 | CHECK_FP16)
#define CHECK_ALL	(CHECK_FLOATS | CHECK_I8 | CHECK_I32)

enum check_tensor_flags {
	CHECK_READ = 0,
	CHECK_WRITTEN = 1u << 0, /* no two elements in one place, and so on */
	CHECK_OPTIONAL = 1u << 1, /* may be none: dims and addr 0 */
	CHECK_ROWS = 1u << 2, /* the last dimension is contiguous */
	CHECK_PACKED = 1u << 3, /* without gaps, the last dimension fastest */
	CHECK_FORWARD = 1u << 4, /* no negative strides */
};

/*
 * Check a tensor by itself: there (unless CHECK_OPTIONAL), one of these formats,
 * dims, sizes, strides, alignment to an element, within 64 bits.
 */
int check_tensor(struct check *c, const char *name,
		 const struct ashlar_tensor *t, uint32_t formats,
		 uint32_t flags);
int check_dims(struct check *c, const char *name, const struct ashlar_tensor *t,
	       uint32_t least, uint32_t most);
/* Dimension dim of t has size elements, which is what `of` is. */
int check_size(struct check *c, const char *name, const struct ashlar_tensor *t,
	       uint32_t dim, uint64_t size, const char *of);
int check_same_shape(struct check *c, const char *a,
		     const struct ashlar_tensor *ta, const char *b,
		     const struct ashlar_tensor *tb);
int check_same_format(struct check *c, const char *a,
		      const struct ashlar_tensor *ta, const char *b,
		      const struct ashlar_tensor *tb);

/* t repeats itself to the shape of `to`: equal sizes, 1, or missing in front. */
int check_broadcast(struct check *c, const char *name,
		    const struct ashlar_tensor *t, const char *to_name,
		    const struct ashlar_tensor *to);

/* Names of checked tensors that may be the same: address, shape, strides and
 * bytes of an element.
 */
void check_may_share(struct check *c, const char *a, const char *b);
/* Other memory that is read or written (workspace, arrays); bytes may be 0. */
int check_bytes(struct check *c, const char *name, uint64_t addr,
		uint64_t bytes, bool written);
/* Nothing written overlaps anything else; for plan_make(). */
int check_apart(struct check *c);

/* --- Questions ----------------------------------------------------------------- */

static inline bool tensor_none(const struct ashlar_tensor *t)
{
	return t->addr == 0 && t->dims == 0;
}

/* Elements. Of a checked tensor: fits. */
uint64_t tensor_count(const struct ashlar_tensor *t);
/* Elements of all dimensions before the last; 1 without. */
uint64_t tensor_rows(const struct ashlar_tensor *t);
bool tensor_packed(const struct ashlar_tensor *t);
bool tensor_same(const struct ashlar_tensor *a, const struct ashlar_tensor *b);
const char *format_name(uint32_t format);
/* "2x3x5" into text. */
const char *shape_text(const struct ashlar_tensor *t, char *text, size_t n);

#endif
