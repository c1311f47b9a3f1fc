/* SPDX-License-Identifier: MIT */
/*
 * The gradient of pooling. The windows of a patch are gone through row by row, and
 * for each place in the window the gradients of all windows of a row are added
 * at once, to sums in fp32.
 *
 * The first gradient of a pixel is not added but written, so that nothing has to
 * be cleared, where windows leave no gaps: rows that no row of windows has
 * been at yet, and there the first places of a window, as many as its stride.
 */
#include "pool.h"

#define BACKWARD_COLUMNS 255u

/* Columns of windows side by side that are in the image for the same windows. */
struct backward_run {
	uint16_t columns;
	uint16_t skipped, count; /* windows of the patch */
	uint16_t in; /* pixels of the patch before the first one's */
	bool first; /* where windows overlap, they give gradients first */
};

struct backward {
	struct pool *p;
	const struct pool_patch *patch;
	uint32_t lines; /* of a pixel */
	uint32_t x, y, dy, wide; /* bytes of a pixel; wide: fp32 */
	uint32_t stride; /* pixels from window to window */
	uint32_t gradients; /* offset */
	uint32_t rest, same, given; /* offsets of a row of windows each */
	bool gaps; /* between windows */
	int32_t fresh; /* first row where no window has been */
	uint32_t runs;
	struct backward_run run[BACKWARD_COLUMNS];
};

/* The same place of some windows: offsets of the first one. */
struct backward_place {
	uint32_t count;
	uint32_t x, y, gradient, rest;
	bool fresh;
};

static void backward_runs(struct backward *b)
{
	const struct norm_pool_args *args = b->p->args;
	const struct pool_patch *patch = b->patch;
	int32_t stride = (int32_t)args->stride[1];
	int32_t pad = (int32_t)args->pad[1], size = (int32_t)args->size[1];
	int32_t left = (int32_t)patch->window[1].first;
	int32_t right = left + (int32_t)patch->window[1].count;
	/* Those with column 0. */
	int32_t first =
		pool_least(pool_most(left, pool_up(pad, stride)), right);
	int32_t end = pool_least((size - 1 + pad) / stride + 1, right);
	int32_t column, before = 0;
	struct backward_run *run = NULL;

	for (column = 0; column < (int32_t)args->kernel[1]; column++) {
		int32_t at = column - pad; /* of window 0 */

		while (first > left && (first - 1) * stride + at >= 0)
			first--;
		while (end > first && (end - 1) * stride + at >= size)
			end--;
		if (first >= end) {
			run = NULL;
			continue;
		}
		if (run && first == before && column != stride &&
		    run->count == (uint32_t)(end - first)) {
			run->columns++;
			continue;
		}
		before = first;
		run = &b->run[b->runs++];
		*run = (struct backward_run){
			.columns = 1,
			.skipped = (uint16_t)(first - left),
			.count = (uint16_t)(end - first),
			.in = (uint16_t)(first * stride + at -
					 (int32_t)patch->in[1].first),
			.first = column < stride,
		};
	}
}

/* --- Operations ---------------------------------------------------------------- */

/* Sums, or rows of windows. */
static inline struct pool_at backward_at(const struct backward *b,
					 uint32_t offset, uint32_t step)
{
	return (struct pool_at){ offset, step, b->p->line };
}

static inline void backward_add(const struct backward *b, uint32_t count,
				uint32_t gradient, uint32_t added)
{
	struct pool_at to = backward_at(b, gradient, b->stride * b->wide);

	pool_op(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD),
		count, b->lines, to, to, backward_at(b, added, b->wide));
}

/* All that is left goes to each of some columns. */
static void backward_spread(const struct backward *b,
			    const struct backward_place *e, uint32_t columns)
{
	uint32_t gradient = e->gradient;

	if (!e->fresh) {
		for (; columns; columns--, gradient += b->wide)
			backward_add(b, e->count, gradient, e->rest);
		return;
	}
	ash_vector_bias(0);
	for (; columns; columns--, gradient += b->wide)
		pool_op1(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) | ASH_VEC_BIAS_IMM,
			 e->count, b->lines,
			 backward_at(b, gradient, b->stride * b->wide),
			 backward_at(b, e->rest, b->wide));
}

/*
 * What is left of a window's gradient goes to its element if that equals y; then
 * nothing is left.
 */
static void backward_give(const struct backward *b,
			  const struct backward_place *e, bool last)
{
	const struct pool *p = b->p;
	const struct norm_pool_args *args = p->args;
	const uint32_t keep = ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			      ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_KEEP);
	struct pool_at rest = backward_at(b, e->rest, b->wide);
	struct pool_at same = backward_at(b, b->same, b->wide);
	struct pool_at given = backward_at(b, b->given, b->wide);

	pool_op(ASH_VEC(args->x.format, ASH_FMT_F32) |
			ASH_VEC_SRC2_ROWS(args->y.format, ASH_EQ),
		e->count, b->lines, same,
		(struct pool_at){ e->x, b->stride * b->x, p->x },
		(struct pool_at){ e->y, b->y, p->y });
	if (e->fresh) {
		given = backward_at(b, e->gradient, b->stride * b->wide);
		ash_vector_bias(0);
		pool_op(keep | ASH_VEC_BIAS_IMM, e->count, b->lines, given,
			rest, same);
	} else {
		pool_op(keep, e->count, b->lines, given, rest, same);
		backward_add(b, e->count, e->gradient, b->given);
	}
	if (last)
		return;
	/*
	 * The bits that were given go; what then remains of a NaN or of -0 is
	 * zero when it is added.
	 */
	pool_op(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
			ASH_VEC_SRC2_ROWS(ASH_FMT_I32, ASH_XOR),
		e->count, b->lines, rest, rest, given);
}

/* --- Rows ----------------------------------------------------------------------- */

/* All windows of a row, whose first pixel of y is `y`, at one row of the image. */
static void backward_image_row(const struct backward *b, uint32_t y,
			       int32_t row, bool last)
{
	const struct pool *p = b->p;
	const struct pool_patch *patch = b->patch;
	uint32_t before =
		((uint32_t)row - patch->in[0].first) * patch->in[1].count;
	uint32_t x = pool_slot(p, p->taken) + before * b->x;
	uint32_t gradient = b->gradients + before * b->wide;
	const struct backward_run *run = b->run, *end = run + b->runs;

	for (; run < end; run++) {
		struct backward_place e = {
			.count = run->count,
			.x = x + run->in * b->x,
			.y = y + run->skipped * b->y,
			.gradient = gradient + run->in * b->wide,
			.rest = b->rest + run->skipped * b->wide,
			.fresh = run->first && !b->gaps && row >= b->fresh,
		};
		uint32_t left = run->columns;

		if (p->args->average) {
			backward_spread(b, &e, left);
			continue;
		}
		while (left--) {
			backward_give(b, &e, last && run + 1 == end && !left);
			e.x += b->x;
			e.gradient += b->wide;
		}
	}
}

static void backward_row(struct backward *b, uint32_t window)
{
	struct pool *p = b->p;
	const struct pool_patch *patch = b->patch;
	struct pool_range rows = pool_rows(p, window);
	int32_t row = (int32_t)rows.first, end = row + (int32_t)rows.count;
	uint32_t count = patch->window[1].count;
	uint32_t before = (window - patch->window[0].first) * count;
	uint32_t slot = pool_slot(p, p->taken);
	uint32_t y = slot + (uint32_t)p->at.y + before * b->y;
	uint32_t dy = slot + (uint32_t)p->at.dy + before * b->dy;
	uint32_t cfg = ASH_VEC(p->args->dy.format, ASH_FMT_F32);

	if (p->args->average) {
		pool_factors(p, patch, rows.count);
		cfg |= ASH_VEC_SCALE_WORDS;
	}
	pool_op1(cfg, count, b->lines, backward_at(b, b->rest, b->wide),
		 (struct pool_at){ dy, b->dy, p->dy });
	for (; row < end; row++)
		backward_image_row(b, y, row, row + 1 == end);
	b->fresh = pool_most(b->fresh, end);
}

/* --- A patch ------------------------------------------------------------------- */

/* Columns of the patch up to those that no window begins at or before. */
static uint32_t backward_right(const struct backward *b)
{
	const struct norm_pool_args *args = b->p->args;
	const struct pool_patch *patch = b->patch;
	uint32_t window = patch->window[1].first + patch->window[1].count;
	int32_t end = (int32_t)(window * args->stride[1] - args->pad[1] -
				patch->in[1].first);

	return (uint32_t)pool_most(end, 0);
}

/*
 * The sums that the patch before leaves, and zeros where no gradient will be
 * written first: right of where windows begin, below them.
 */
static void backward_begin(const struct backward *b)
{
	struct pool *p = b->p;
	const struct pool_patch *patch = b->patch;
	const struct pool_patch *before = pool_patch(p, p->taken - 1);
	uint32_t wide = patch->in[1].count * b->lines;
	uint32_t pitch = patch->in[1].count * b->wide;
	uint32_t rows = patch->carried;

	if (rows) {
		ash_vector_groups(1, 0, 0, 0);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
		ash_vector(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32), b->gradients,
			   p->line,
			   b->gradients + (patch->block[0].first -
					   before->in[0].first) *
						  pitch,
			   p->line, rows * wide);
	}
	if (!b->gaps && patch->window[0].count && patch->window[1].count) {
		struct pool_range last = pool_rows(
			p, patch->window[0].first + patch->window[0].count - 1);
		uint32_t below = last.first + last.count - patch->in[0].first;
		uint32_t right = backward_right(b) * b->lines;

		if (right < wide)
			pool_fill(p,
				  b->gradients + rows * pitch + right * p->line,
				  wide - right, below - rows, pitch, 0);
		rows = below;
	}
	pool_fill(p, b->gradients + rows * pitch,
		  (patch->in[0].count - rows) * wide, 1, 0, 0);
}

void pool_backward(struct pool *p, const struct pool_patch *patch)
{
	const struct norm_pool_args *args = p->args;
	struct backward b;
	uint32_t i;

	b.p = p;
	b.patch = patch;
	b.lines = patch->lines;
	b.x = b.lines * p->x;
	b.y = b.lines * p->y;
	b.dy = b.lines * p->dy;
	b.wide = b.lines * p->line;
	b.stride = args->stride[1];
	b.gradients = (uint32_t)p->at.work[0];
	b.rest = (uint32_t)p->at.work[1];
	b.same = (uint32_t)p->at.work[2];
	b.given = (uint32_t)p->at.work[3];
	b.gaps = args->kernel[0] < args->stride[0] ||
		 args->kernel[1] < args->stride[1];
	b.fresh = (int32_t)(patch->in[0].first + patch->carried);
	b.runs = 0;
	backward_begin(&b);
	backward_runs(&b);
	for (i = 0; patch->window[1].count && i < patch->window[0].count; i++)
		backward_row(&b, patch->window[0].first + i);
	/* The block, in its format. */
	ash_vector_groups(patch->block[0].count,
			  patch->block[1].count * b.lines * p->dx,
			  patch->in[1].count * b.wide, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_vector(ASH_VEC(ASH_FMT_F32, args->dx.format), pool_out(p, p->taken),
		   p->dx,
		   b.gradients + ((patch->block[0].first - patch->in[0].first) *
					  patch->in[1].count +
				  patch->block[1].first - patch->in[1].first) *
					 b.wide,
		   p->line, patch->block[1].count * b.lines);
}
