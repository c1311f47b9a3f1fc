/* SPDX-License-Identifier: MIT */
/*
 * What pooling and its gradient share. Work is dealt out in patches: a block of
 * rows and columns of the result, some lines of N channels of it. A patch is
 * loaded to one slot while the patch before is computed from the other and the
 * results of the one before that are stored (pool.c).
 *
 * In the scratchpad a pixel is the patch's lines of N channels, and pixels of
 * a row and rows lie one behind the other. Forward, the lines of a window are
 * reduced, first its rows, then its columns (pool_forward.c). Backward, the
 * gradients of a row of windows are added at one place of the window at a time
 * (pool_backward.c).
 */
#ifndef NORM_POOL_H
#define NORM_POOL_H

#include <ashlar/kernel.h>

#include "../pool_layout.h"

/* A range of rows or columns. */
struct pool_range {
	uint32_t first, count;
};

struct pool_patch {
	uint32_t image, channel, channels;
	uint32_t lines; /* of N channels */
	struct pool_range block[2]; /* of the result */
	struct pool_range in[2]; /* of x (or dx) that is touched */
	struct pool_range window[2]; /* of y that is touched */
	/*
	 * Backward: the patch is the one below the patch before, whose windows
	 * have been at so many of its rows. They are not gone through again.
	 */
	uint32_t carried;
};

struct pool {
	const struct norm_pool_args *args;
	uint32_t n, line;
	struct pool_layout at;
	uint32_t x, y, dy, dx; /* bytes of a line of each */
	bool backward, integer;
	const struct norm_image *to; /* results */
	uint32_t to_line;
	uint32_t blocks[2], chunks;
	/* From the one before that is computed to the one behind the next. */
	struct pool_patch patch[4];
	uint32_t first_item, patches; /* of this tile */
	uint32_t taken; /* patches of it */
	ash_token arrived[2], used[2], stored[2];
	/* What the factors are of: a range of windows, and rows. */
	struct pool_range counted;
	uint32_t counts, factor_rows;
};

static inline int32_t pool_least(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static inline int32_t pool_most(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* Least integer not below a / b; b is positive. */
static inline int32_t pool_up(int32_t a, int32_t b)
{
	return a > 0 ? (a + b - 1) / b : -(-a / b);
}

static inline struct pool_range pool_between(int32_t first, int32_t end)
{
	return (struct pool_range){ (uint32_t)first,
				    end > first ? (uint32_t)(end - first) : 0 };
}

static inline struct pool_patch *pool_patch(struct pool *p, uint32_t number)
{
	return &p->patch[number & 3];
}

/* Offset of a patch's slot, of its results. */
static inline uint32_t pool_slot(const struct pool *p, uint32_t number)
{
	return (number & 1) * (uint32_t)p->at.slot_bytes;
}

static inline uint32_t pool_out(const struct pool *p, uint32_t number)
{
	return (uint32_t)p->at.out + (number & 1) * (uint32_t)p->at.out_bytes;
}

/* Rows of the image in a row of windows. */
static inline struct pool_range pool_rows(const struct pool *p, uint32_t window)
{
	const struct norm_pool_args *args = p->args;
	int32_t first =
		(int32_t)(window * args->stride[0]) - (int32_t)args->pad[0];

	return pool_between(pool_most(first, 0),
			    pool_least(first + (int32_t)args->kernel[0],
				       (int32_t)args->size[0]));
}

/* Pixels as the vector unit sees them: step from one to the next. */
struct pool_at {
	uint32_t offset, step;
	uint32_t pitch; /* from line to line of a pixel */
};

/* dst = src through cfg for `count` pixels of some lines. */
static inline void pool_op(uint32_t cfg, uint32_t count, uint32_t lines,
			   struct pool_at dst, struct pool_at src,
			   struct pool_at src2)
{
	ash_vector_shape(cfg, dst.pitch, src.pitch);
	ash_vector_groups(count, dst.step, src.step, src2.step);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_vector_src2(src2.offset, src2.pitch);
	ash_vector_at(dst.offset, src.offset, lines);
}

static inline void pool_op1(uint32_t cfg, uint32_t count, uint32_t lines,
			    struct pool_at dst, struct pool_at src)
{
	pool_op(cfg, count, lines, dst, src, (struct pool_at){ 0 });
}

/* A 32-bit pattern for `count` runs of lines, step apart. */
void pool_fill(const struct pool *p, uint32_t offset, uint32_t lines,
	       uint32_t count, uint32_t step, uint32_t bits);

/*
 * Words of recip(elements) for the windows of a row, which has so many rows of
 * the image, become the words of SCALE.
 */
void pool_factors(struct pool *p, const struct pool_patch *patch,
		  uint32_t rows);

void pool_forward(struct pool *p, const struct pool_patch *patch);
void pool_backward(struct pool *p, const struct pool_patch *patch);

#endif
