/* SPDX-License-Identifier: MIT */
/*
 * Convolution and its gradient by the input: products of the weights and a
 * patch of the input that is kept in the scratchpad; arguments in
 * args_linear.h, how it lies there in conv_geometry.h, the walk in conv.h.
 *
 * Loads run ahead as far as there is room, the matrix unit computes a column of
 * blocks, step after step, while the vector unit drains the column before and
 * the store DMA writes the one before that. Patches, weights and results have
 * banks of their own.
 */
#include <ashlar/kernel.h>

#include "conv.h"
#include "conv_load.h"
#include "conv_out.h"
#include "gemm_plan.h"

/* --- Set-up --------------------------------------------------------------------- */

/* What of all blocks and columns is this tile's; false: nothing. */
static bool conv_part(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	uint32_t columns = a->groups * c->cols, blocks = c->plan->blocks;
	/* Phases have not as many taps: tiles rather share columns. */
	bool whole = conv_phases(a, 0) * conv_phases(a, 1) > 1 &&
		     columns % ash_count() == 0;
	struct gemm_plan part;

	gemm_split(&part, whole ? 1 : blocks, columns, ash_count(),
		   ash_index());
	if (whole)
		part.m_blocks = blocks;
	c->m_first = part.m_first;
	c->m_end = part.m_first + part.m_blocks;
	c->n_first = part.n_first;
	c->n_end = part.n_first + part.n_blocks;
	return part.m_blocks && part.n_blocks;
}

/* Choose what is loaded once and what again: weights or patches. */
static void conv_choose_set(struct conv *c)
{
	const struct conv_plan *n = c->plan;
	uint32_t mine = conv_min(c->n_end - c->n_first, c->cols);
	uint32_t keep = c->b.slots / n->steps; /* columns whose weights fit */
	uint32_t blocks = c->m_end - c->m_first;
	uint32_t bands =
		n->whole ? n->whole :
			   conv_div_up(blocks * c->array, n->patch_numbers);
	uint32_t passes =
		conv_div_up(conv_div_up(blocks, bands), c->group_most);
	uint64_t weights = (uint64_t)mine * n->steps * c->b.bytes;
	uint64_t patches = (uint64_t)bands * n->patch_bytes;

	c->resident = false;
	c->set = conv_min(c->cols, CONV_VECS);
	if (keep > c->set)
		keep = c->set;
	if (keep > mine)
		keep = mine;
	if (keep == 0)
		return;
	/* One patch that stays is not loaded again for the next set. */
	if (keep < mine && weights + conv_div_up(mine, keep) * patches >=
				   weights * bands * passes + patches)
		return;
	c->resident = true;
	c->set = keep;
}

/* Rooms for results; fewer blocks in a group if they do not fit. */
static void conv_layout_results(struct conv *c, uint32_t from, uint32_t room)
{
	bool residual = c->a->epilogue.residual;
	uint32_t i;

	c->vec_offset = from;
	c->vec_bytes = conv_min(c->cols, CONV_VECS) * 4 * c->array;
	for (c->group_most = conv_min(ash_accs(), CONV_ACCS_MAX) / 2;;
	     c->group_most >>= 1) {
		uint32_t rows = c->group_most * c->array * c->array;
		uint32_t at = from + 4 * c->vec_bytes;

		ASH_ASSERT(c->group_most > 0);
		for (i = 0; i < 2; i++) {
			c->half[i] = (struct conv_half){
				.acc = i * c->group_most,
				.stage = at,
				.residual = at + rows * c->out_bytes,
			};
			at += rows * c->out_bytes;
			if (residual)
				at += rows * c->residual_bytes;
		}
		c->out.temp[0] = at;
		c->out.temp[1] = at + 4 * rows;
		if (gemm_epilogue_temp(&c->out))
			at += 8 * rows;
		if (at <= from + room)
			return;
	}
}

static bool conv_init(struct conv *c, const struct conv_args *args)
{
	const struct linear_conv_args *a = &args->conv;
	uint32_t d, i;

	c->a = a;
	c->plan = &args->plan;
	c->array = ash_array();
	c->type = linear_type(a->type);
	c->mem_bytes = ash_format_bytes((enum ash_format)a->type);
	c->bytes = ash_type_bytes(c->type);
	c->terms = a->type == ASHLAR_F32 ? 3 : 1;
	c->board = c->plan->board;
	c->b = c->plan->pieces;
	c->buffers = c->plan->buffers;
	c->cols = conv_div_up(a->columns, c->array);
	c->out_bytes = ash_format_bytes((enum ash_format)a->epilogue.out);
	c->residual_bytes =
		ash_format_bytes((enum ash_format)a->epilogue.residual_format);
	for (d = 0; d < 2; d++) {
		c->y_step[d] = a->y_stride[d] * conv_phases(a, (int)d);
		c->residual_step[d] = a->residual_stride[d];
	}
	linear_epilogue(&c->out, &a->epilogue,
			c->type == ASH_INT8 ? ASH_FMT_ACC_I32 :
					      ASH_FMT_ACC_F32);
	gemm_epilogue_init(&c->out);
	conv_layout_results(c, c->board.results, c->board.result_bytes);
	c->out.scale_gap = c->vec_bytes;
	gemm_epilogue_registers(&c->out, c->terms == 1);
	c->cfg = ash_matmul_cfg(c->type, ASH_ROWS,
				c->b.k_major ? ASH_KMAJOR : ASH_ROWS);

	if (!conv_part(c))
		return false;
	conv_choose_set(c);

	c->loaded = 0;
	c->released = 0;
	c->load_slot = 0;
	c->release_slot = 0;
	for (i = 0; i < c->b.slots; i++)
		c->b_free[i] = 0;
	c->bands_done = 0;
	c->stage = 0;
	for (i = 0; i < 2; i++) {
		c->patch_free[i] = 0;
		c->stage_free[i] = 0;
	}
	c->matmuls = 0;
	c->needed = 0;
	c->operands = 0;
	c->b_count = 0;
	c->b_slot = 0;
	c->vec = 0;
	c->vec_n = UINT32_MAX;
	c->products_epoch = UINT32_MAX;
	c->columns = 0;
	return true;
}

/* --- Computation ------------------------------------------------------------------- */

/* The products of a column, in order; the same for all sets of a phase. */
static void conv_products(struct conv *c)
{
	const struct conv_band *b = &c->band;
	uint32_t parts = c->b.joined && !b->cut->zero ? b->cut->x.taps : 1;
	struct conv_step step;

	if (c->products_epoch == b->epoch || (c->products_epoch != UINT32_MAX &&
					      !(c->a->flags & LINEAR_BACKWARD)))
		return;
	c->products_epoch = b->epoch;
	c->products = 0;
	conv_step_begin(b, &step);
	do {
		ASH_ASSERT(c->products < CONV_STEPS_MAX);
		c->product[c->products++] = (struct conv_product){
			.a = conv_step_cells(c, b, &step),
			.k = conv_step_k(c, b, &step) * parts,
		};
	} while (conv_step_next(c, b, &step));
}

/* The unit waits for what a load or a split makes, besides what it did before. */
static inline void conv_need(struct conv *c, ash_token token)
{
	if ((int32_t)(token - c->needed) > 0)
		c->needed = token;
	ash_after(ASH_MATRIX, c->terms > 1 ? ASH_VECTOR : ASH_LOAD, c->needed);
}

/* All products of split operands, in this order. */
static void conv_start_split(const struct conv *c, uint32_t cfg, uint32_t a,
			     uint32_t b)
{
	static const uint8_t terms[6][2] = { { 2, 0 }, { 1, 1 }, { 0, 2 },
					     { 1, 0 }, { 0, 1 }, { 0, 0 } };
	uint32_t i;

	for (i = 0; i < 6; i++) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR,
			  a + terms[i][0] * c->band.cut->term_bytes);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  b + terms[i][1] * c->b.term);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
		ash_start(ASH_MATRIX);
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
	}
}

/* What uses the next piece of weights that is given up has been started. */
static inline void conv_release(struct conv *c, ash_token token)
{
	c->b_free[c->release_slot] = token;
	c->released++;
	if (++c->release_slot == c->b.slots)
		c->release_slot = 0;
}

/*
 * Start the steps of a column for a group of blocks. there: weights stay from
 * the group before; last: to use them.
 */
static __attribute__((noinline)) void
conv_steps_start(struct conv *c, const struct conv_group *g, uint32_t cfg,
		 bool there, bool last)
{
	const struct conv_product *p = c->product, *end = p + c->products;
	uint32_t count = c->b_count, slot = c->b_slot, slots = c->b.slots;
	uint32_t bytes = c->b.bytes, from = g->a;
	uint32_t b = c->board.weights + slot * bytes;
	uint32_t splits = c->terms > 1 ? 6 : 1;
	ash_token token = c->matmuls;

	do {
		if (!there) {
			conv_need_weights(c, count);
			conv_need(c, c->b_arrived[slot]);
		}
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_K, p->k);
		if (splits > 1) {
			conv_start_split(c, cfg, from + p->a, b);
		} else {
			ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR,
				  from + p->a);
			ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
			ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
			ash_start(ASH_MATRIX);
		}
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
		token += splits;
		if (last)
			conv_release(c, token);
		if (!there)
			conv_weights_ahead(c);
		count++;
		b += bytes;
		if (++slot == slots) {
			slot = 0;
			b = c->board.weights;
		}
	} while (++p != end);
	c->b_count = count;
	c->b_slot = slot;
	c->matmuls = token;
}

/* All columns of the band for a group of blocks. */
static __attribute__((noinline)) void
conv_group(struct conv *c, const struct conv_group *g, bool there, bool last)
{
	struct conv_half *h = &c->half[c->columns & 1];
	struct conv_half *other = &c->half[~c->columns & 1];
	uint32_t col, cols = c->band.cols;

	c->columns += cols;
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_TILES, g->blocks);
	conv_need(c, conv_need_rows(c, g->block + g->blocks));
	for (col = 0; col < cols; col++) {
		struct conv_half *next = other;

		/* Split operands come from the vector unit, too. */
		if (c->terms > 1)
			conv_need(c, h->freed);
		else
			ash_after(ASH_MATRIX, ASH_VECTOR, h->freed);
		conv_steps_start(c, g,
				 c->cfg | ASH_FIELD(MATRIX, CFG_ACC, h->acc),
				 there, last);
		conv_results(c, h, g, col);
		conv_patch_ahead(c);
		other = h;
		h = next;
	}
}

/* What is the same for all of a band. */
static void conv_band_shape(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	const struct conv_axis *x = &b->cut->x;
	uint32_t cell = x->sub * b->cut->cell; /* from number to number */

	c->y_first = a->y + (uint64_t)(b->image * a->y_image) +
		     (uint64_t)b->phase[0] * a->y_stride[0] +
		     (uint64_t)b->phase[1] * a->y_stride[1] +
		     (uint64_t)b->strip_x * c->y_step[1];
	c->residual_first = a->epilogue.residual +
			    (uint64_t)(b->image * a->residual_image) +
			    (uint64_t)b->strip_x * c->residual_step[1];
	conv_store_shape(c);
	ash_matmul_shape(cell, c->b.pitch, 1);
	ash_matmul_tiles(1, (int32_t)(c->array * cell), 0);
	if (c->b.by_rows && !c->b.joined && !b->cut->zero)
		ash_matmul_parts(x->taps, x->by * (int32_t)b->cut->cell,
				 (int32_t)c->b.tap);
	else
		ash_matmul_parts(1, 0, 0);
}

/* A band. there: its weights stay from the one before; last: to use them. */
static void conv_band_run(struct conv *c, bool there, bool last)
{
	const struct conv_band *b = &c->band;
	uint32_t size = conv_group_size(c, b), pitch = b->cut->pitch;
	uint32_t count = c->b_count, slot = c->b_slot, width = b->width;
	uint32_t number = b->block * c->array;
	uint32_t pixel = b->cut->x.sub * b->cut->cell;
	struct conv_group g;

	g.a = conv_patch_offset(c, b) + (number - b->y * pitch) * pixel;
	/* Then all numbers are one row. */
	if (conv_flat(c, b))
		pitch = width = b->numbers;
	g.y = number / pitch;
	g.x = number - g.y * pitch;
	conv_band_shape(c);
	conv_products(c);
	if (c->vec_n != b->n)
		conv_load_vec(c);
	for (g.block = 0; g.block < b->blocks; g.block += size) {
		bool end = g.block + size >= b->blocks;

		g.blocks = conv_min(size, b->blocks - g.block);
		conv_pixels(c, &g, pitch, width,
			    conv_min(g.blocks * c->array, b->numbers - number));
		number += g.blocks * c->array;
		if (c->resident) {
			c->b_count = count;
			c->b_slot = slot;
		}
		conv_group(c, &g, c->resident && (there || g.block),
			   !c->resident || (last && end));
		g.a += g.blocks * c->array * pixel;
	}
	if (c->resident && !last) {
		c->b_count = count;
		c->b_slot = slot;
	}
	c->patch_free[conv_buffer(c, b)] = c->matmuls;
	c->bands_done++;
}

static void conv_run(struct conv *c)
{
	bool there = false;

	conv_band_begin(c, &c->band, &c->cuts[0]);
	/* What is waited for first. */
	c->patch.band = c->band;
	c->patch.band.own = &c->cuts[1];
	conv_patch_begin(c);
	conv_load_patch(c);
	c->weights.band = c->band;
	c->weights.band.own = &c->cuts[2];
	c->weights.col = 0;
	c->weights.group = 0;
	conv_weights_column(c, &c->weights);
	conv_load_weights(c);
	while (!c->band.end) {
		bool last = conv_band_last(c, &c->band);

		conv_band_run(c, there, last);
		there = !last;
		conv_band_next(c, &c->band);
	}
}

ASHLAR_KERNEL(conv, struct conv_args)
{
	struct conv c;

	if (conv_init(&c, args))
		conv_run(&c);
	return 0;
}
