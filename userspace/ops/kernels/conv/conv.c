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

/* Blocks of all phases, and what phases need at most. */
struct conv_needs {
	uint32_t blocks;
	uint32_t steps; /* of a column */
	uint32_t buffers; /* patches at a time that all phases allow */
	uint32_t patch_bytes, patch_numbers; /* of the first phase */
	uint32_t whole; /* patches of it, if they hold whole strips; or 0 */
};

static uint32_t conv_phase_blocks(const struct conv *c,
				  const struct conv_cut *cut)
{
	uint32_t full = cut->strips - 1;
	uint32_t last = cut->x.out - full * cut->width;
	uint32_t blocks = conv_div_up(conv_numbers(cut, last), c->array);

	if (full)
		blocks += full *
			  conv_div_up(conv_numbers(cut, cut->width), c->array);
	return c->a->images * blocks;
}

static void conv_needs(struct conv *c, struct conv_needs *n)
{
	const struct linear_conv_args *a = c->a;
	uint32_t left = conv_phases(a, 0) * conv_phases(a, 1);
	struct conv_band *b = &c->weights.band;
	const struct conv_cut *cut = &b->cut;

	*n = (struct conv_needs){ .buffers = 2 };
	b->epoch = 0;
	b->phase[0] = 0;
	b->phase[1] = 0;
	for (;;) {
		conv_band_phase(c, b);
		if (b->epoch == 0)
			c->band = *b;
		if (cut->y.out && cut->x.out) {
			n->blocks += conv_phase_blocks(c, cut);
			n->steps = conv_max(n->steps, conv_steps(c, b));
			n->buffers = conv_min(n->buffers, cut->buffers);
			if (!n->patch_bytes) {
				n->patch_bytes = cut->patch_bytes;
				n->patch_numbers = cut->rows * cut->pitch;
				if (cut->rows == cut->y.out)
					n->whole = a->images * cut->strips;
			}
		}
		if (--left == 0)
			return;
		b->epoch++;
		if (++b->phase[1] == conv_phases(a, 1)) {
			b->phase[1] = 0;
			b->phase[0]++;
		}
	}
}

/* Steps and the ring of their weights. */
static void conv_cut_weights(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	uint32_t line = 4 * c->array, room = c->board.weights_bytes;
	/* Bytes of a row of a piece; so that some fit. */
	uint32_t most = room / CONV_SLOTS / c->array & ~(line - 1);
	uint32_t taps = conv_taps(a, 1), bytes;

	c->k_major = a->flags & LINEAR_BACKWARD;
	/* Backward, of the taps in a row only some hit. */
	if (c->k_major)
		taps = conv_div_up(
			taps,
			a->stride[1] / conv_gcd(a->stride[1], a->dilation[1]));
	c->tap_k = conv_max(conv_tap_k(a), 1);
	bytes = conv_round_up(c->tap_k * c->bytes, line);
	c->by_rows = c->terms == 1 && (a->fold || taps * bytes <= most);
	c->joined = c->by_rows && !c->k_major &&
		    (taps == 1 || (a->stride[1] % a->dilation[1] == 0 &&
				   c->tap_k * c->bytes == bytes));
	c->chunk = c->tap_k;
	if (!c->by_rows) {
		taps = 1;
		if (c->terms > 1) {
			c->chunk = conv_min(c->tap_k, CONV_SPLIT_K);
		} else if (bytes > most) {
			bytes = conv_round_up(
				conv_div_up(bytes, conv_div_up(bytes, most)),
				line);
			c->chunk = bytes / c->bytes;
		}
		bytes = conv_round_up(c->chunk * c->bytes, line);
	}
	if (c->k_major) {
		c->b_tap = conv_round_up(c->chunk * c->array * c->bytes, line);
		c->b_pitch = line;
		c->b_term = taps * c->b_tap;
	} else {
		c->b_tap = bytes;
		c->b_pitch = taps * bytes;
		c->b_term = c->array * c->b_pitch;
	}
	c->slot_bytes = c->terms * c->b_term;
	c->slots = conv_min(room / c->slot_bytes, CONV_SLOTS_MAX);
	ASH_ASSERT(c->slots > 0);
}

/* Choose what is loaded once and what again: weights or patches. */
static void conv_choose_set(struct conv *c, const struct conv_needs *n)
{
	uint32_t mine = conv_min(c->n_end - c->n_first, c->cols);
	uint32_t keep = c->slots / n->steps; /* columns whose weights fit */
	uint32_t blocks = c->m_end - c->m_first;
	uint32_t bands =
		n->whole ? n->whole :
			   conv_div_up(blocks * c->array, n->patch_numbers);
	uint32_t passes =
		conv_div_up(conv_div_up(blocks, bands), c->group_most);
	uint64_t weights = (uint64_t)mine * n->steps * c->slot_bytes;
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

static bool conv_init(struct conv *c, const struct linear_conv_args *a)
{
	struct gemm_plan part;
	struct conv_needs needs;
	uint32_t d, i;

	c->a = a;
	c->array = ash_array();
	c->type = linear_type(a->type);
	c->mem_bytes = ash_format_bytes((enum ash_format)a->type);
	c->bytes = ash_type_bytes(c->type);
	c->terms = a->type == ASHLAR_F32 ? 3 : 1;
	c->board = conv_board(a, c->array, ash_spad_bytes(), ash_spad_banks(),
			      c->mem_bytes, c->terms);
	c->cols = conv_div_up(a->columns, c->array);
	c->set = c->cols;
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
	conv_cut_weights(c);
	conv_needs(c, &needs);
	c->buffers = needs.buffers;
	c->cfg = ash_matmul_cfg(c->type, ASH_ROWS,
				c->k_major ? ASH_KMAJOR : ASH_ROWS);

	gemm_split(&part, needs.blocks, a->groups * c->cols, ash_count(),
		   ash_index());
	if (!part.m_blocks || !part.n_blocks)
		return false;
	c->m_first = part.m_first;
	c->m_end = part.m_first + part.m_blocks;
	c->n_first = part.n_first;
	c->n_end = part.n_first + part.n_blocks;
	conv_choose_set(c, &needs);

	c->loaded = 0;
	c->released = 0;
	c->load_slot = 0;
	c->release_slot = 0;
	for (i = 0; i < c->slots; i++)
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
	uint32_t parts = c->joined && !b->zero ? b->cut.x.taps : 1;
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
			  a + terms[i][0] * c->band.cut.term_bytes);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  b + terms[i][1] * c->b_term);
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
	if (++c->release_slot == c->slots)
		c->release_slot = 0;
}

/*
 * Start the steps of a column for a group of blocks. there: weights stay from
 * the group before; last: to use them.
 */
static void conv_steps_start(struct conv *c, const struct conv_group *g,
			     uint32_t cfg, bool there, bool last)
{
	const struct conv_product *p = c->product, *end = p + c->products;
	uint32_t count = c->b_count, slot = c->b_slot, slots = c->slots;
	uint32_t bytes = c->slot_bytes, from = g->a;
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

/* The cells that the group's blocks read are needed. */
static void conv_need_group(struct conv *c, const struct conv_group *g)
{
	const struct conv_band *b = &c->band;
	uint32_t last = (b->block + g->block + g->blocks) * c->array;

	last = (conv_min(last, b->numbers) - 1) / b->cut.pitch;
	conv_need(c, conv_need_rows(c, last - b->y + b->cut.y.span));
}

/* All columns of the band for a group of blocks. */
static void conv_group(struct conv *c, const struct conv_group *g, bool there,
		       bool last)
{
	uint32_t col, cols = c->band.cols;

	ash_write(ASH_MATRIX + ASHLAR_MATRIX_TILES, g->blocks);
	conv_need_group(c, g);
	for (col = 0; col < cols; col++) {
		struct conv_half *h = &c->half[c->columns++ & 1];

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
	}
}

/* What is the same for all of a band. */
static void conv_band_shape(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	const struct conv_axis *x = &b->cut.x;
	uint32_t cell = x->sub * b->cut.cell; /* from number to number */

	c->y_first = a->y + (uint64_t)(b->image * a->y_image) +
		     (uint64_t)b->phase[0] * a->y_stride[0] +
		     (uint64_t)b->phase[1] * a->y_stride[1] +
		     (uint64_t)b->strip_x * c->y_step[1];
	c->residual_first = a->epilogue.residual +
			    (uint64_t)(b->image * a->residual_image) +
			    (uint64_t)b->strip_x * c->residual_step[1];
	conv_store_shape(c);
	ash_matmul_shape(cell, c->b_pitch, 1);
	ash_matmul_tiles(1, (int32_t)(c->array * cell), 0);
	if (c->by_rows && !c->joined && !b->zero)
		ash_matmul_parts(x->taps, x->by * (int32_t)b->cut.cell,
				 (int32_t)c->b_tap);
	else
		ash_matmul_parts(1, 0, 0);
}

/* A band. there: its weights stay from the one before; last: to use them. */
static void conv_band_run(struct conv *c, bool there, bool last)
{
	const struct conv_band *b = &c->band;
	uint32_t size = conv_group_size(c, b), pitch = b->cut.pitch;
	uint32_t count = c->b_count, slot = c->b_slot, width = b->width;
	uint32_t number = b->block * c->array;
	uint32_t pixel = b->cut.x.sub * b->cut.cell;
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
	struct conv_band next;
	bool there = false, last;

	conv_band_begin(c, &c->band);
	c->patch.band = c->band;
	conv_patch_begin(c);
	c->weights.band = c->band;
	c->weights.col = 0;
	c->weights.group = 0;
	conv_weights_column(c, &c->weights);
	while (!c->band.end) {
		next = c->band;
		conv_band_next(c, &next);
		last = next.end || next.epoch != c->band.epoch;
		conv_band_run(c, there, last);
		there = !last;
		c->band = next;
	}
}

ASHLAR_KERNEL(conv, struct linear_conv_args)
{
	struct conv c;

	if (conv_init(&c, args))
		conv_run(&c);
	return 0;
}
