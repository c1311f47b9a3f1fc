/* SPDX-License-Identifier: MIT */
/*
 * Pooling and its gradient: ashlar/ops_norm.h. Work is dealt out in patches: a
 * block of rows and columns of the result, N channels of it. What a patch needs
 * is loaded to one slot while the patch before is computed from the other and the
 * results of the one before that are stored.
 *
 * A pixel is a line of N channels. Forward, for each row of results, lines of the
 * window's rows are reduced, which gives a line for each column; those beyond the
 * image hold what changes nothing; and then lines of the window's columns.
 * Backward, all windows of the patch are gone through row by row, and for each of
 * the window's elements the gradients of all windows of a row are added at once.
 */
#include <ashlar/kernel.h>

#include "../pool_layout.h"

#define POOL_ONE 0x3f800000u

/* A range of rows or columns. */
struct pool_range {
	uint32_t first, count;
};

struct pool_patch {
	uint32_t image, channel, channels;
	struct pool_range block[2]; /* of the result */
	struct pool_range in[2]; /* of x (or dx) that is touched */
	struct pool_range window[2]; /* of y that is touched */
};

struct pool {
	const struct norm_pool_args *args;
	uint32_t n, line;
	struct pool_layout at;
	uint32_t x, y, dy, dx; /* bytes of a line of each */
	bool backward, integer;
	const struct norm_image *to; /* results */
	uint32_t to_line;
	uint32_t blocks[2], chunks, patches;
	struct pool_patch now, before, next;
	uint32_t taken; /* patches */
	uint32_t item; /* of the next patch */
	bool turned; /* the patch before is stored, the next one loaded */
	ash_token arrived[2], used[2], stored[2];
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

/* --- Patches ------------------------------------------------------------------ */

static struct pool_range pool_between(int32_t first, int32_t end)
{
	return (struct pool_range){ (uint32_t)first,
				    end > first ? (uint32_t)(end - first) : 0 };
}

/* Ranges of a patch in one direction, from the number of its block. */
static void pool_ranges(const struct pool *p, struct pool_patch *patch,
			uint32_t d, uint32_t number)
{
	const struct norm_pool_args *args = p->args;
	int32_t stride = (int32_t)args->stride[d];
	int32_t kernel = (int32_t)args->kernel[d];
	int32_t pad = (int32_t)args->pad[d];
	int32_t size = (int32_t)args->size[d];
	int32_t out = (int32_t)args->out[d];
	int32_t first = (int32_t)(number * args->block[d]);
	int32_t end = first + (int32_t)args->block[d];
	int32_t low, high;

	end = pool_least(end, p->backward ? size : out);
	patch->block[d] = pool_between(first, end);
	patch->window[d] = patch->block[d];
	if (p->backward)
		patch->window[d] = pool_between(
			pool_most(0, pool_up(first + pad - kernel + 1, stride)),
			pool_least(out, (end - 1 + pad) / stride + 1));
	low = (int32_t)patch->window[d].first * stride - pad;
	high = low + ((int32_t)patch->window[d].count - 1) * stride + kernel;
	if (p->backward) {
		/* The block itself, too, which windows may not reach. */
		if (patch->window[d].count == 0) {
			low = first;
			high = end;
		}
		low = pool_least(low, first);
		high = pool_most(high, end);
	}
	patch->in[d] = pool_between(pool_most(low, 0), pool_least(high, size));
}

static void pool_patch_of(const struct pool *p, struct pool_patch *patch,
			  uint32_t item)
{
	uint32_t chunk = item % p->chunks;

	item /= p->chunks;
	patch->channel = chunk * p->n;
	patch->channels = p->args->channels - patch->channel;
	if (patch->channels > p->n)
		patch->channels = p->n;
	pool_ranges(p, patch, 1, item % p->blocks[1]);
	item /= p->blocks[1];
	pool_ranges(p, patch, 0, item % p->blocks[0]);
	patch->image = item / p->blocks[0];
}

/* --- Loads and stores ------------------------------------------------------------ */

/* Rows and columns of an image between memory and a dense patch of lines. */
static ash_token pool_move(enum ash_unit unit, const struct norm_image *image,
			   const struct pool_patch *patch,
			   const struct pool_range range[2], uint32_t offset,
			   uint32_t line, uint32_t bytes)
{
	uint64_t at = image->addr +
		      (uint64_t)((int64_t)patch->image * image->image) +
		      (uint64_t)((int64_t)range[0].first * image->row) +
		      (uint64_t)((int64_t)range[1].first * image->column) +
		      (uint64_t)patch->channel * bytes;
	ash_token token;

	ash_dma_shape(unit, patch->channels * bytes, range[1].count,
		      (int32_t)line, image->column);
	ash_write(unit + ASHLAR_LOAD_COUNT2, range[0].count);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE2, range[1].count * line);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE2, (uint32_t)image->row);
	token = ash_dma_at(unit, offset, at);
	ash_write(unit + ASHLAR_LOAD_COUNT2, 1);
	return token;
}

static uint32_t pool_slot(const struct pool *p, uint32_t number)
{
	return (number & 1) * (uint32_t)p->at.slot_bytes;
}

static uint32_t pool_out(const struct pool *p, uint32_t number)
{
	return (uint32_t)p->at.out + (number & 1) * (uint32_t)p->at.out_bytes;
}

static void pool_load(struct pool *p, uint32_t number)
{
	const struct norm_pool_args *args = p->args;
	const struct pool_patch *patch = &p->next;
	uint32_t slot = pool_slot(p, number);
	bool windows = patch->window[0].count && patch->window[1].count;

	if (windows && p->x)
		pool_move(ASH_LOAD, &args->x, patch, patch->in, slot, p->x,
			  p->x / p->n);
	if (windows && p->backward) {
		if (p->y)
			pool_move(ASH_LOAD, &args->y, patch, patch->window,
				  slot + (uint32_t)p->at.y, p->y, p->y / p->n);
		pool_move(ASH_LOAD, &args->dy, patch, patch->window,
			  slot + (uint32_t)p->at.dy, p->dy, p->dy / p->n);
	}
	p->arrived[number & 1] = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
}

/*
 * Called when the first operations of a patch have been started: store what the
 * patch before has made, load the one behind.
 */
static void pool_turn(struct pool *p)
{
	uint32_t number = p->taken;

	if (p->turned)
		return;
	p->turned = true;
	if (number > 0) {
		ash_wait(ASH_VECTOR, p->used[(number - 1) & 1]);
		p->stored[(number - 1) & 1] = pool_move(
			ASH_STORE, p->to, &p->before, p->before.block,
			pool_out(p, number - 1), p->to_line, p->to_line / p->n);
	}
	if (p->item < p->patches) {
		pool_patch_of(p, &p->next, p->item);
		pool_load(p, number + 1);
	}
}

/* --- Operations -------------------------------------------------------------------- */

/* Lines of a 32-bit pattern. */
static void pool_fill(uint32_t offset, uint32_t lines, uint32_t line,
		      uint32_t bits)
{
	if (!lines)
		return;
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	ash_vector_src2(0, 0);
	ash_vector_bias(bits);
	ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
			   ASH_VEC_SRC2_IMM(ASH_AND) | ASH_VEC_BIAS_IMM,
		   offset, line, offset, line, lines);
}

/*
 * dst = src through cfg for `count` lines, so far apart. SRC2 rows begin at src2.
 */
static void pool_lines(uint32_t cfg, uint32_t count, uint32_t dst,
		       uint32_t dst_step, uint32_t src, uint32_t src_step,
		       uint32_t src2, uint32_t src2_step)
{
	ash_vector_shape(cfg, 0, 0);
	ash_vector_groups(count, dst_step, src_step, src2_step);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, src2);
	ash_vector_at(dst, src, 1);
}

/* Elements of each window column that are there. */
static void pool_counts(const struct pool *p, const struct pool_patch *patch)
{
	const struct norm_pool_args *args = p->args;
	uint32_t *count = ash_spad(
		(uint32_t)(p->at.counts + (p->taken & 1) * p->at.counts_bytes));
	uint32_t i;

	for (i = 0; i < patch->window[1].count; i++) {
		int32_t first = (int32_t)((patch->window[1].first + i) *
					  args->stride[1]) -
				(int32_t)args->pad[1];
		int32_t end = first + (int32_t)args->kernel[1];

		count[i] = (uint32_t)(pool_least(end, (int32_t)args->size[1]) -
				      pool_most(first, 0));
		if (args->count_padding)
			count[i] = args->kernel[1];
	}
}

/* Words of recip(count) for a row of windows with so many rows. */
static void pool_factors(const struct pool *p, uint32_t windows, uint32_t rows)
{
	if (p->args->count_padding)
		rows = p->args->kernel[0];
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, ASH_VEC_FN(ASH_FN_RECIP));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	ash_vector_src2(rows, 0);
	ash_vector(
		ASH_VEC(ASH_FMT_I32, ASH_FMT_F32) | ASH_VEC_SRC2_IMM(ASH_MUL),
		(uint32_t)p->at.factors, p->line,
		(uint32_t)(p->at.counts + (p->taken & 1) * p->at.counts_bytes),
		p->line, (4 * windows + p->line - 1) / p->line);
	ash_vector_scale((uint32_t)p->at.factors);
}

/* Rows of the image in a row of windows. */
static struct pool_range pool_rows(const struct pool *p, uint32_t window)
{
	const struct norm_pool_args *args = p->args;
	int32_t first =
		(int32_t)(window * args->stride[0]) - (int32_t)args->pad[0];

	return pool_between(pool_most(first, 0),
			    pool_least(first + (int32_t)args->kernel[0],
				       (int32_t)args->size[0]));
}

/* --- Forward ------------------------------------------------------------------------ */

static void pool_forward_row(const struct pool *p,
			     const struct pool_patch *patch, uint32_t row)
{
	const struct norm_pool_args *args = p->args;
	uint32_t reduce =
		ASH_VEC_TO_LANES(args->average ? ASH_SUM : ASH_GREATEST);
	uint32_t wide = p->integer ? ASH_FMT_I32 : ASH_FMT_F32;
	uint32_t columns = (uint32_t)p->at.work[0];
	uint32_t windows = (uint32_t)p->at.work[1];
	uint32_t to =
		pool_out(p, p->taken) + row * patch->block[1].count * p->y;
	uint32_t count = patch->block[1].count;
	struct pool_range rows = pool_rows(p, patch->block[0].first + row);
	uint32_t pitch = patch->in[1].count * p->x;
	int32_t left = (int32_t)(patch->block[1].first * args->stride[1]) -
		       (int32_t)args->pad[1];
	bool direct = !args->average && args->y.format == wide;
	uint32_t cfg;

	/* Columns of the image. */
	ash_vector_shape(ASH_VEC(args->x.format, ASH_FMT_NONE), 0, pitch);
	ash_vector_groups(patch->in[1].count, 0, p->x, 0);
	ash_vector_function(
		reduce,
		columns + (uint32_t)((int32_t)patch->in[1].first - left) *
				  p->line);
	ash_vector_at(0,
		      pool_slot(p, p->taken) +
			      (rows.first - patch->in[0].first) * pitch,
		      rows.count);
	/* Windows. */
	ash_vector_shape(ASH_VEC(wide, ASH_FMT_NONE), 0, p->line);
	ash_vector_groups(count, 0, args->stride[1] * p->line, 0);
	ash_vector_function(reduce, direct ? to : windows);
	ash_vector_at(0, columns, args->kernel[1]);
	if (direct)
		return;
	cfg = ASH_VEC(wide, args->y.format);
	if (args->average) {
		pool_factors(p, count, rows.count);
		cfg |= ASH_VEC_SCALE_WORDS;
	}
	pool_lines(cfg, count, to, p->y, windows, p->line, 0, 0);
}

/* Columns beyond the image change nothing. */
static void pool_forward_edges(const struct pool *p,
			       const struct pool_patch *patch)
{
	const struct norm_pool_args *args = p->args;
	uint32_t columns = (uint32_t)p->at.work[0];
	int32_t left = (int32_t)(patch->block[1].first * args->stride[1]) -
		       (int32_t)args->pad[1];
	uint32_t wide =
		(patch->block[1].count - 1) * args->stride[1] + args->kernel[1];
	uint32_t before = (uint32_t)((int32_t)patch->in[1].first - left);
	uint32_t behind = before + patch->in[1].count;
	/* -0, the least int32, -infinity */
	uint32_t bits = args->average || p->integer ? 0x80000000u : 0xff800000u;

	pool_fill(columns, before, p->line, bits);
	pool_fill(columns + behind * p->line, wide - behind, p->line, bits);
}

static void pool_forward(struct pool *p, const struct pool_patch *patch)
{
	uint32_t row;

	if (p->args->average)
		pool_counts(p, patch);
	pool_forward_edges(p, patch);
	for (row = 0; row < patch->block[0].count; row++) {
		pool_forward_row(p, patch, row);
		pool_turn(p);
	}
}

/* --- Backward ------------------------------------------------------------------------ */

/* Elements at one place of the windows of a row, those that are there. */
struct pool_element {
	uint32_t count;
	uint32_t x, y, gradient; /* offsets; gradients are those of x */
	uint32_t rest; /* offset in a row of windows */
};

static struct pool_element pool_element(const struct pool *p,
					const struct pool_patch *patch,
					uint32_t window, uint32_t image_row,
					uint32_t kernel_column)
{
	const struct norm_pool_args *args = p->args;
	int32_t stride = (int32_t)args->stride[1];
	int32_t shift = (int32_t)args->pad[1] - (int32_t)kernel_column;
	int32_t first = pool_most((int32_t)patch->window[1].first,
				  pool_up(shift, stride));
	int32_t last = (int32_t)args->size[1] - 1 + shift;
	int32_t end =
		(int32_t)(patch->window[1].first + patch->window[1].count);
	uint32_t in, skipped;
	struct pool_element e = { 0 };

	if (last < 0)
		return e;
	end = pool_least(end, last / stride + 1);
	if (first >= end)
		return e;
	e.count = (uint32_t)(end - first);
	in = (image_row - patch->in[0].first) * patch->in[1].count +
	     (uint32_t)(first * stride - shift) - patch->in[1].first;
	skipped = (uint32_t)first - patch->window[1].first;
	e.x = pool_slot(p, p->taken) + in * p->x;
	e.gradient = (uint32_t)p->at.work[0] + in * p->line;
	e.y = pool_slot(p, p->taken) + (uint32_t)p->at.y +
	      ((window - patch->window[0].first) * patch->window[1].count +
	       skipped) *
		      p->y;
	e.rest = skipped * p->line;
	return e;
}

/* gradient += added, at an element of the windows of a row */
static void pool_add(const struct pool *p, const struct pool_element *e,
		     uint32_t added)
{
	uint32_t step = p->args->stride[1] * p->line;

	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, p->line);
	pool_lines(ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD),
		   e->count, e->gradient, step, e->gradient, step,
		   added + e->rest, p->line);
}

/*
 * What is left of a window's gradient goes to its element if that equals y; then
 * nothing is left.
 */
static void pool_give(const struct pool *p, const struct pool_element *e,
		      uint32_t rest, bool last)
{
	const struct norm_pool_args *args = p->args;
	const uint32_t f32 = ASH_VEC(ASH_FMT_F32, ASH_FMT_F32);
	uint32_t same = (uint32_t)p->at.work[2] + e->rest;
	uint32_t given = (uint32_t)p->at.work[3];

	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, p->line);
	pool_lines(ASH_VEC(args->x.format, ASH_FMT_F32) |
			   ASH_VEC_SRC2_ROWS(args->y.format, ASH_EQ),
		   e->count, same, p->line, e->x, args->stride[1] * p->x, e->y,
		   p->y);
	pool_lines(f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_KEEP), e->count,
		   given + e->rest, p->line, rest + e->rest, p->line, same,
		   p->line);
	pool_add(p, e, given);
	if (last)
		return;
	ash_vector_scale(0xbf800000);
	ash_vector_bias(POOL_ONE);
	pool_lines(f32 | ASH_VEC_SCALE_IMM | ASH_VEC_BIAS_IMM |
			   ASH_VEC_BIAS_LATE,
		   e->count, same, p->line, same, p->line, 0, 0);
	pool_lines(f32 | ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_KEEP), e->count,
		   rest + e->rest, p->line, rest + e->rest, p->line, same,
		   p->line);
}

/* All windows of a row. */
static void pool_backward_row(const struct pool *p,
			      const struct pool_patch *patch, uint32_t window)
{
	const struct norm_pool_args *args = p->args;
	struct pool_range rows = pool_rows(p, window);
	uint32_t rest = (uint32_t)p->at.work[1];
	uint32_t count = patch->window[1].count;
	uint32_t dy = pool_slot(p, p->taken) + (uint32_t)p->at.dy +
		      (window - patch->window[0].first) * count * p->dy;
	uint32_t cfg = ASH_VEC(args->dy.format, ASH_FMT_F32);
	uint32_t row, column;

	if (args->average) {
		pool_factors(p, count, rows.count);
		cfg |= ASH_VEC_SCALE_WORDS;
	}
	pool_lines(cfg, count, rest, p->line, dy, p->dy, 0, 0);
	for (row = rows.first; row < rows.first + rows.count; row++) {
		for (column = 0; column < args->kernel[1]; column++) {
			struct pool_element e =
				pool_element(p, patch, window, row, column);

			if (!e.count)
				continue;
			if (args->average)
				pool_add(p, &e, rest);
			else
				pool_give(p, &e, rest,
					  row + 1 == rows.first + rows.count &&
						  column + 1 ==
							  args->kernel[1]);
		}
	}
}

static void pool_backward(struct pool *p, const struct pool_patch *patch)
{
	uint32_t gradients = (uint32_t)p->at.work[0];
	uint32_t pitch = patch->in[1].count * p->line;
	uint32_t i;

	if (p->args->average)
		pool_counts(p, patch);
	pool_fill(gradients, patch->in[0].count * patch->in[1].count, p->line,
		  0);
	for (i = 0; patch->window[1].count && i < patch->window[0].count; i++) {
		pool_backward_row(p, patch, patch->window[0].first + i);
		pool_turn(p);
	}
	pool_turn(p);
	/* The block, in its format. */
	gradients += (patch->block[0].first - patch->in[0].first) * pitch +
		     (patch->block[1].first - patch->in[1].first) * p->line;
	ash_vector_groups(patch->block[0].count, patch->block[1].count * p->dx,
			  pitch, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_vector(ASH_VEC(ASH_FMT_F32, p->args->dx.format),
		   pool_out(p, p->taken), p->dx, gradients, p->line,
		   patch->block[1].count);
}

/* --- The kernels ------------------------------------------------------------------------ */

static uint32_t pool_bytes(const struct norm_image *image)
{
	if (!image->addr)
		return 0;
	return ash_format_bytes((enum ash_format)image->format);
}

static uint32_t pool_run(const struct norm_pool_args *args, bool backward)
{
	const uint32_t bytes[4] = { pool_bytes(&args->x), pool_bytes(&args->y),
				    pool_bytes(&args->dy),
				    pool_bytes(&args->dx) };
	struct pool p = { .args = args };
	uint32_t d;

	p.n = ash_array();
	p.line = 4 * p.n;
	p.at = pool_layout(args, bytes, p.n, ash_spad_bytes());
	ASH_ASSERT(p.at.fits);
	p.x = bytes[0] * p.n;
	p.y = bytes[1] * p.n;
	p.dy = bytes[2] * p.n;
	p.dx = bytes[3] * p.n;
	p.backward = backward;
	p.integer = args->x.format == ASH_FMT_I8;
	p.to = backward ? &args->dx : &args->y;
	p.to_line = backward ? p.dx : p.y;
	for (d = 0; d < 2; d++)
		p.blocks[d] = ((backward ? args->size[d] : args->out[d]) +
			       args->block[d] - 1) /
			      args->block[d];
	p.chunks = (args->channels + p.n - 1) / p.n;
	p.patches = args->images * p.blocks[0] * p.blocks[1] * p.chunks;
	p.item = ash_index();
	if (p.item >= p.patches)
		return 0;
	pool_patch_of(&p, &p.next, p.item);
	pool_load(&p, 0);
	for (;;) {
		uint32_t slot = p.taken & 1;

		p.now = p.next;
		p.item += ash_count();
		p.turned = false;
		ash_wait(ASH_LOAD, p.arrived[slot]);
		ash_wait(ASH_STORE, p.stored[slot]);
		if (backward)
			pool_backward(&p, &p.now);
		else
			pool_forward(&p, &p.now);
		p.used[slot] = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		p.before = p.now;
		p.taken++;
		if (p.item >= p.patches)
			break;
	}
	p.turned = false;
	pool_turn(&p);
	return 0;
}

ASHLAR_KERNEL(norm_pool, struct norm_pool_args)
{
	return pool_run(args, false);
}

ASHLAR_KERNEL(norm_pool_dx, struct norm_pool_args)
{
	return pool_run(args, true);
}
