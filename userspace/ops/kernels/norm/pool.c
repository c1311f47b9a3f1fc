/* SPDX-License-Identifier: MIT */
/* Pooling and its gradient, patch by patch: pool.h says how. */
#include "pool.h"

/* --- Patches ------------------------------------------------------------------ */

/* Columns or rows that windows touch, and the block, which they may not reach. */
static struct pool_range pool_touched(const struct pool *p, uint32_t d,
				      struct pool_range window,
				      struct pool_range block)
{
	const struct norm_pool_args *args = p->args;
	int32_t low = (int32_t)(window.first * args->stride[d]) -
		      (int32_t)args->pad[d];
	int32_t high = low + (int32_t)((window.count - 1) * args->stride[d] +
				       args->kernel[d]);

	if (p->backward) {
		if (window.count == 0) {
			low = (int32_t)block.first;
			high = low;
		}
		low = pool_least(low, (int32_t)block.first);
		high = pool_most(high, (int32_t)(block.first + block.count));
	}
	return pool_between(pool_most(low, 0),
			    pool_least(high, (int32_t)args->size[d]));
}

/* Ranges of a patch in one direction, from the number of its block. */
static void pool_ranges(const struct pool *p, struct pool_patch *patch,
			uint32_t d, uint32_t number)
{
	const struct norm_pool_args *args = p->args;
	int32_t stride = (int32_t)args->stride[d];
	int32_t pad = (int32_t)args->pad[d];
	int32_t size = (int32_t)args->size[d];
	int32_t out = (int32_t)args->out[d];
	int32_t first = (int32_t)(number * args->block[d]);
	int32_t end = first + (int32_t)args->block[d];

	end = pool_least(end, p->backward ? size : out);
	patch->block[d] = pool_between(first, end);
	patch->window[d] = patch->block[d];
	if (p->backward)
		patch->window[d] = pool_between(
			pool_most(0, pool_up(first + pad + 1 -
						     (int32_t)args->kernel[d],
					     stride)),
			pool_least(out, (end - 1 + pad) / stride + 1));
	patch->in[d] = pool_touched(p, d, patch->window[d], patch->block[d]);
}

/* The patch is the one below that before: without the windows of the latter. */
static void pool_continue(const struct pool *p, struct pool_patch *patch)
{
	const struct norm_pool_args *args = p->args;
	struct pool_range *window = &patch->window[0], *in = &patch->in[0];
	uint32_t first = patch->block[0].first;
	uint32_t done = (first - 1 + args->pad[0]) / args->stride[0] + 1;
	int32_t end;

	if (done > args->out[0])
		done = args->out[0];
	*window = pool_between((int32_t)done,
			       (int32_t)(window->first + window->count));
	*in = pool_touched(p, 0, *window, patch->block[0]);
	if (!done)
		return;
	end = pool_least((int32_t)((done - 1) * args->stride[0] +
				   args->kernel[0] - args->pad[0]),
			 (int32_t)args->size[0]);
	patch->carried = pool_between((int32_t)first, end).count;
	if (in->count < patch->carried)
		in->count = patch->carried;
}

/* The patches go row by row of blocks, so that most patches are below the one before. */
static void pool_prepare(struct pool *p, uint32_t number)
{
	const struct norm_pool_args *args = p->args;
	struct pool_patch *patch = pool_patch(p, number);
	uint32_t item = p->first_item + number;
	uint32_t above = item / p->blocks[0];
	uint32_t row = item - above * p->blocks[0];
	uint32_t rest = above / p->blocks[1];
	uint32_t most = args->lines * p->n;

	patch->image = rest / p->chunks;
	patch->channel = (rest - patch->image * p->chunks) * most;
	patch->channels = args->channels - patch->channel;
	if (patch->channels > most)
		patch->channels = most;
	patch->lines = (patch->channels + p->n - 1) / p->n;
	patch->carried = 0;
	pool_ranges(p, patch, 1, above - rest * p->blocks[1]);
	pool_ranges(p, patch, 0, row);
	if (p->backward && row > 0 && number > 0)
		pool_continue(p, patch);
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
	uint32_t pixel = patch->lines * line;
	ash_token token;

	ash_dma_shape(unit, patch->channels * bytes, range[1].count,
		      (int32_t)pixel, image->column);
	ash_write(unit + ASHLAR_LOAD_COUNT2, range[0].count);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE2, range[1].count * pixel);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE2, (uint32_t)image->row);
	token = ash_dma_at(unit, offset, at);
	ash_write(unit + ASHLAR_LOAD_COUNT2, 1);
	return token;
}

static void pool_load(struct pool *p, uint32_t number)
{
	const struct norm_pool_args *args = p->args;
	const struct pool_patch *patch = pool_patch(p, number);
	uint32_t slot = pool_slot(p, number);
	bool windows = patch->window[0].count && patch->window[1].count;

	/* The patch before the last one has left the slot then. */
	ash_after(ASH_LOAD, ASH_VECTOR, p->used[number & 1]);
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

/* Store what a patch has made. Units wait for each other, the core does not. */
static void pool_store(struct pool *p, uint32_t number)
{
	const struct pool_patch *patch = pool_patch(p, number);

	ash_after(ASH_STORE, ASH_VECTOR, p->used[number & 1]);
	p->stored[number & 1] = pool_move(ASH_STORE, p->to, patch, patch->block,
					  pool_out(p, number), p->to_line,
					  p->to_line / p->n);
}

/* --- Operations -------------------------------------------------------------------- */

void pool_fill(const struct pool *p, uint32_t offset, uint32_t lines,
	       uint32_t count, uint32_t step, uint32_t bits)
{
	if (!lines || !count)
		return;
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_vector_groups(count, step, step, 0);
	ash_vector_src2(0, 0);
	ash_vector_bias(bits);
	ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
			   ASH_VEC_SRC2_IMM(ASH_AND) | ASH_VEC_BIAS_IMM,
		   offset, p->line, offset, p->line, lines);
}

/* Elements of each window column that are there; the unit may read the others. */
static void pool_counts(struct pool *p, struct pool_range windows)
{
	const struct norm_pool_args *args = p->args;
	uint32_t *count, i;

	p->counts ^= (uint32_t)p->at.counts_bytes;
	count = ash_spad((uint32_t)p->at.counts + p->counts);
	for (i = 0; i < windows.count; i++) {
		int32_t first =
			(int32_t)((windows.first + i) * args->stride[1]) -
			(int32_t)args->pad[1];
		int32_t end = first + (int32_t)args->kernel[1];

		count[i] = (uint32_t)(pool_least(end, (int32_t)args->size[1]) -
				      pool_most(first, 0));
		if (args->count_padding)
			count[i] = args->kernel[1];
	}
	p->counted = windows;
	p->factor_rows = 0;
}

void pool_factors(struct pool *p, const struct pool_patch *patch, uint32_t rows)
{
	struct pool_range windows = patch->window[1];

	if (windows.first != p->counted.first ||
	    windows.count != p->counted.count)
		pool_counts(p, windows);
	if (p->args->count_padding)
		rows = p->args->kernel[0];
	ash_vector_scale((uint32_t)p->at.factors);
	if (rows == p->factor_rows)
		return;
	p->factor_rows = rows;
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, ASH_VEC_FN(ASH_FN_RECIP));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	ash_vector_src2(rows, 0);
	ash_vector(ASH_VEC(ASH_FMT_I32, ASH_FMT_F32) |
			   ASH_VEC_SRC2_IMM(ASH_MUL),
		   (uint32_t)p->at.factors, p->line,
		   (uint32_t)p->at.counts + p->counts, p->line,
		   (4 * windows.count + p->line - 1) / p->line);
}

/* --- The kernels ------------------------------------------------------------------------ */

static uint32_t pool_bytes(const struct norm_image *image)
{
	if (!image->addr)
		return 0;
	return ash_format_bytes((enum ash_format)image->format);
}

/* This tile's part of the patches. */
static void pool_split(struct pool *p)
{
	uint32_t patches =
		p->args->images * p->chunks * p->blocks[1] * p->blocks[0];
	uint32_t tiles = ash_count(), tile = ash_index();
	uint32_t each = patches / tiles, more = patches - each * tiles;

	p->first_item = tile * each + (tile < more ? tile : more);
	p->patches = each + (tile < more);
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
	p.chunks = (args->channels - 1) / (args->lines * p.n) + 1;
	pool_split(&p);
	if (p.patches == 0)
		return 0;
	pool_prepare(&p, 0);
	pool_load(&p, 0);
	pool_prepare(&p, 1);
	for (; p.taken < p.patches; p.taken++) {
		uint32_t slot = p.taken & 1;

		if (p.taken > 0)
			pool_store(&p, p.taken - 1);
		if (p.taken + 1 < p.patches)
			pool_load(&p, p.taken + 1);
		ash_wait(ASH_LOAD, p.arrived[slot]);
		ash_wait(ASH_STORE, p.stored[slot]);
		if (backward)
			pool_backward(&p, pool_patch(&p, p.taken));
		else
			pool_forward(&p, pool_patch(&p, p.taken));
		p.used[slot] = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
		pool_prepare(&p, p.taken + 2);
	}
	pool_store(&p, p.taken - 1);
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
