/* SPDX-License-Identifier: MIT */
/*
 * Tests of operations: cases in an arena, run on a device or on the emulator
 * and compared byte by byte with the reference.
 *
 * A case is a function that makes a descriptor, with its tensors in the arena:
 *
 *	static const struct ashlar_op *build(struct ot *t, const void *param)
 *	{
 *		struct ashlar_op_unary *op = OT_OP(t, unary);
 *
 *		op->x = ot_tensor(t, ASHLAR_F32, 2, shape, OT_READ);
 *		...
 *		return &op->op;
 *	}
 *
 * It is called twice, with addresses of the device and with pointers of the
 * host; ot_range() and ot_tensor() give the same both times. All else that
 * it does must not differ either.
 */
#ifndef OT_H
#define OT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ops.h>

#include "kt.h"

#define OT_ARENA (12u << 20) /* bytes: tensors and workspace of a test's case */

struct ot {
	/* For the case that is built. */
	struct kt_random random;
	enum kt_pattern pattern; /* of what is filled */
	char text[400]; /* about the case; shown when it fails */
	bool aligned; /* tensors are at multiples of 64 from now on */
	/* The board. */
	const char *device;
	uint32_t lanes, tiles;
	bool emulated;
	/* The harness's own. */
	uint64_t base; /* what the arena's first byte is called */
	uint8_t *memory; /* as the host has it; then as it must become */
	uint8_t *got;
	size_t bytes, used; /* of the arena */
	uint64_t op_storage[2048];
	size_t op_used;
	uint64_t seed; /* of the next case */
	unsigned long passed, failed;
	void *backend;
};

typedef const struct ashlar_op *(*ot_build)(struct ot *t, const void *param);

/* --- The program ------------------------------------------------------------- */

/*
 * Each test program defines this; about so many random cases are wanted. What
 * does not need a device is done when `host` says so.
 */
void ot_family(struct ot *t, unsigned long cases, bool host);

/* An arena of so many bytes on the device; false is explained. */
bool ot_open(struct ot *t, const char *device, uint64_t seed, size_t bytes);
void ot_close(struct ot *t);

/* Count a check of the test's own; false is explained. Returns ok. */
bool ot_check(struct ot *t, bool ok, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* --- Building ------------------------------------------------------------------ */

/* A zeroed descriptor with its head set; a few fit into one case. */
#define OT_OP(t, name)                                              \
	((struct ashlar_op_##name *)ot_op(t, ASHLAR_OP_KIND_##name, \
					  sizeof(struct ashlar_op_##name)))
void *ot_op(struct ot *t, uint32_t kind, size_t bytes);
/* Memory of the host for arrays in a descriptor, zeroed. */
void *ot_array(struct ot *t, size_t bytes);

uint32_t ot_range(struct ot *t, uint32_t least, uint32_t most);
/* 1 .. most: small, near a multiple of the lanes, or any; sometimes 0 too. */
uint32_t ot_size(struct ot *t, uint32_t most);
/* One of a set, as in CHECK_FLOATS: bits are formats. */
uint32_t ot_format(struct ot *t, uint32_t formats);

enum ot_layout {
	OT_PACKED = 0,
	OT_ROWS = 1, /* gaps between rows, the last dimension contiguous */
	OT_WRITTEN = 2, /* any order of dimensions, gaps */
	OT_READ = 3, /* negative strides and repeats (stride 0), too */
};

/* A tensor in the arena, filled with values of the pattern. */
struct ashlar_tensor ot_tensor(struct ot *t, uint32_t format, uint32_t dims,
			       const uint64_t *shape, enum ot_layout layout);
/* Set element n (as if packed) of a tensor, or all; in the host's memory. */
void ot_set(struct ot *t, const struct ashlar_tensor *x, uint64_t n, double v);
/* int32 elements from least to most. */
void ot_fill_range(struct ot *t, const struct ashlar_tensor *x, int32_t least,
		   int32_t most);
/* Elements as values from least to most, rounded to the format. */
void ot_fill_uniform(struct ot *t, const struct ashlar_tensor *x, double least,
		     double most);

/* --- Running ------------------------------------------------------------------- */

/*
 * Build with the next seed, run, compare all bytes of the arena. Counts, and
 * returns whether it passed.
 */
bool ot_run(struct ot *t, ot_build build, const void *param);
/* The same on so many tiles; 0: all. */
bool ot_run_tiles(struct ot *t, ot_build build, const void *param,
		  uint32_t tiles);
/* Cycles of the last case, on devices that count. */
uint64_t ot_cycles(const struct ot *t);

/*
 * Only the reference: the descriptor with the host's addresses, after it. Then
 * ot_get() reads what it made.
 */
const struct ashlar_op *ot_reference(struct ot *t, ot_build build,
				     const void *param);
/* Only the descriptor, with the host's addresses. */
const struct ashlar_op *ot_built(struct ot *t, ot_build build,
				 const void *param);
/* Element n, as if packed, of a tensor with the host's address. */
double ot_get(const struct ashlar_tensor *x, uint64_t n);

/*
 * |got - exact| <= bound, both NaN, or the same infinity. Explains with the
 * name and n otherwise. Does not count: use with ot_check().
 */
bool ot_near(const char *name, uint64_t n, double got, double exact,
	     double bound);

/* --- Descriptors that are refused ----------------------------------------------- */

/*
 * The descriptor is refused with the result; the sentence begins with the
 * operation's name and contains words.
 */
bool ot_refused(struct ot *t, const struct ashlar_op *op, ashlar_result result,
		const char *words);
bool ot_accepted(struct ot *t, const struct ashlar_op *op);

/* A copy of *op with a member changed is refused. */
#define OT_BREAK(t, descriptor, member, value, result, words)               \
	do {                                                                \
		__typeof__(*(descriptor)) broken_ = *(descriptor);          \
		broken_.member = (value);                                   \
		if (!ot_refused((t), &broken_.op, (result), (words)))       \
			printf("  with " #member " = " #value " (%s:%d)\n", \
			       __FILE__, __LINE__);                         \
	} while (0)

/*
 * Every member of a tensor in the descriptor broken in turn: format, dims,
 * sizes, strides, address. name is how sentences call it.
 */
void ot_break_tensor(struct ot *t, const struct ashlar_op *op,
		     struct ashlar_tensor *tensor, const char *name,
		     bool written);

/*
 * Random words of the descriptor become random or evil ones: it must be
 * refused with a sentence, or be planned, and nothing else must happen (under
 * sanitizers).
 */
void ot_fuzz(struct ot *t, const struct ashlar_op *op, unsigned long rounds);

/* --- Gradients -------------------------------------------------------------------- */

/*
 * dx[i] is the derivative of f at x by x[i], as central differences say: within
 * tolerance times the greatest |dx|. Counts one check for all.
 */
bool ot_gradient(struct ot *t, const char *name,
		 double (*f)(const double *x, void *ctx), void *ctx, double *x,
		 size_t n, const double *dx, double tolerance);

/* --- What runs it (ot_device.c, ot_emu.c) ------------------------------------------- */

bool ot_backend_open(struct ot *t, const char *device);
void ot_backend_close(struct ot *t);
/* Result and sentence of a check; workspace that is needed. */
ashlar_result ot_backend_check(struct ot *t, const struct ashlar_op *op,
			       uint64_t *workspace, char *text, size_t n);
/*
 * Write the arena's first bytes, run, read them to t->got. Returns OK, or
 * explains in text.
 */
ashlar_result ot_backend_run(struct ot *t, const struct ashlar_op *op,
			     uint64_t workspace, uint64_t workspace_bytes,
			     size_t bytes, uint32_t tiles, char *text,
			     size_t n);
/* The device's address of the arena. */
uint64_t ot_backend_base(struct ot *t);
uint64_t ot_backend_cycles(const struct ot *t);

#endif
