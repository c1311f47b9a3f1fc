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
		uint32_t full, last;

		conv_band_phase(c, b);
		if (b->epoch == 0)
			c->band = *b;
		if (cut->y.out && cut->x.out) {
			full = cut->strips - 1;
			last = cut->x.out - full * cut->width;
			last = conv_div_up(conv_numbers(cut, last), c->array);
			if (full)
				last += full *
					conv_div_up(
						conv_numbers(cut, cut->width),
						c->array);
			n->blocks += a->images * last;
			last = conv_steps(c, b);
			n->steps = n->steps > last ? n->steps : last;
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
static void conv_cut_weights(struct conv *c, uint32_t room)
{
	const struct linear_conv_args *a = c->a;
	uint32_t line = 4 * c->array;
	/* Bytes of a row of a piece; so that a few fit. */
	uint32_t most = room / 4 / c->array;
	uint32_t k = a->channels ? a->channels : 1;

	c->kx_steps = a->kernel[1];
	c->products = 1;
	c->product_k = 0;
	if (a->fold) {
		c->kx_steps = 1;
		k *= a->kernel[1];
	} else if (!(a->flags & LINEAR_BACKWARD) && c->terms == 1 &&
		   k * c->bytes == conv_cell(a, c->array, c->bytes)) {
		bool joined = a->stride[1] == 1 && a->dilation[1] == 1;

		/* Products for each kx only of whole steps. */
		if (joined || k * a->kernel[1] * c->bytes <= most) {
			c->kx_steps = 1;
			c->product_k = joined ? 0 : k;
			c->products = joined ? 1 : a->kernel[1];
			k *= a->kernel[1];
		}
	}
	c->k_run = k;
	c->chunk = a->fold ? k * a->fold : k;
	if (c->terms > 1) {
		c->chunk = conv_min(k, CONV_SPLIT_K);
	} else if (!a->fold && conv_round_line(c, k * c->bytes) > most) {
		uint32_t parts = conv_div_up(k * c->bytes, most & ~(line - 1));

		c->chunk =
			conv_round_line(c, conv_div_up(k * c->bytes, parts)) /
			c->bytes;
	}
	c->k_major = a->flags & LINEAR_BACKWARD;
	if (c->k_major) {
		c->b_pitch = line;
		c->b_term = conv_round_line(c, c->chunk * c->array * c->bytes);
	} else {
		c->b_pitch = conv_round_line(c, c->chunk * c->bytes);
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
	c->set = c->cols;
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
	uint32_t line = 4 * c->array;

	c->vec_offset = from;
	for (c->group_most = conv_min(c->accs, CONV_ACCS_MAX);;
	     c->group_most >>= 1) {
		uint32_t rows = c->group_most * c->array * c->array;
		uint32_t at = from + CONV_VECS * 2 * line;

		ASH_ASSERT(c->group_most > 0);
		c->out_offset = at;
		c->out_stage = rows * c->out_bytes;
		at += 2 * c->out_stage;
		c->residual_offset = at;
		c->residual_stage = rows * c->residual_bytes;
		if (c->a->epilogue.residual)
			at += 2 * c->residual_stage;
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
	c->accs = conv_min(ash_accs(), CONV_ACCS_MAX);
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

	c->b_offset = c->board.weights;
	c->stage_offset = c->board.stages;
	conv_layout_results(c, c->board.results, c->board.result_bytes);
	conv_cut_weights(c, c->board.weights_bytes);
	conv_needs(c, &needs);
	c->buffers = needs.buffers;

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
	c->bands_done = 0;
	c->split.pending = false;
	c->stage = 0;
	for (i = 0; i < 2; i++) {
		c->patch_free[i] = 0;
		c->stage_free[i] = 0;
		c->stored[i] = 0;
		c->residual_free[i] = 0;
	}
	c->acc = 0;
	c->acc_free = 0;
	c->matmuls = 0;
	c->b_count = 0;
	c->b_slot = 0;
	c->vec = 0;
	c->vec_col = UINT32_MAX;
	c->columns = 0;
	c->computed = NULL;
	c->drained = NULL;
	c->products_epoch = UINT32_MAX;
	c->there = false;
	return true;
}

/* --- Computation ------------------------------------------------------------------- */

/* Add the products of a piece of weights: k elements at a of the patch. */
static void conv_add_product(struct conv *c, uint32_t a, uint32_t b, uint32_t k,
			     bool first, bool last)
{
	ASH_ASSERT(c->product_count < CONV_PRODUCTS_MAX);
	c->product[c->product_count++] = (struct conv_product){
		.a = a, .b = b, .k = (uint16_t)k, .first = first, .last = last
	};
}

/* Products of the taps of a row of the kernel, y bytes into the patch. */
static void conv_add_row(struct conv *c, uint32_t y)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	const struct conv_cut *cut = &b->cut;
	uint32_t kx, at, taps = c->kx_steps * c->products;

	for (kx = 0; kx < taps; kx++) {
		struct conv_tap t = conv_tap(a, 1, b->phase[1], kx);
		uint32_t x = (uint32_t)(t.offset - cut->x.low) * cut->cell +
			     t.plane * cut->plane_bytes;

		if (!t.hit)
			continue;
		if (c->product_k) {
			conv_add_product(c, y + x, kx * c->product_k * c->bytes,
					 c->product_k, kx == 0, kx + 1 == taps);
			continue;
		}
		for (at = 0; at < c->k_run; at += c->chunk)
			conv_add_product(c, y + x + at * c->bytes, 0,
					 conv_min(c->chunk, c->k_run - at),
					 true, true);
	}
}

/* The products of a column, in order. */
static void conv_products(struct conv *c)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	const struct conv_cut *cut = &b->cut;
	uint32_t row = cut->pitch * cut->cell, ky;

	c->products_epoch = b->epoch;
	c->product_count = 0;
	if (b->zero) {
		conv_add_product(c, 0, 0, 1, true, true);
		return;
	}
	if (a->fold) {
		for (ky = 0; ky < a->kernel[0]; ky += a->fold)
			conv_add_product(c, ky / a->stride[0] * row, 0,
					 conv_min(a->fold, a->kernel[0] - ky) *
						 c->k_run,
					 true, true);
		return;
	}
	for (ky = 0; ky < a->kernel[0]; ky++) {
		struct conv_tap t = conv_tap(a, 0, b->phase[0], ky);

		if (t.hit)
			conv_add_row(c,
				     (uint32_t)(t.offset - cut->y.low) * row +
					     t.plane * cut->x.planes *
						     cut->plane_bytes);
	}
}

/* A group of blocks of the band: what its macro-operations need. */
struct conv_group {
	uint32_t block, blocks; /* in the band */
	uint32_t acc;
	uint32_t a; /* offset of its first pixel's cell */
	uint32_t a_step; /* bytes from block to block */
};

/*
 * Start the products of count blocks with the weights that are set. cfg names
 * the first one's accumulator; the others follow.
 */
static inline void conv_start(uint32_t cfg, uint32_t a, uint32_t step,
			      uint32_t count)
{
	for (; count; count--) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
		ash_start(ASH_MATRIX);
		a += step;
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
	}
}

/* All blocks of the group. */
static inline void conv_tiles(struct conv *c, const struct conv_group *g,
			      uint32_t cfg, uint32_t a)
{
	uint32_t straight = conv_min(g->blocks, c->accs - g->acc);

	conv_start(cfg | ASH_FIELD(MATRIX, CFG_ACC, g->acc), a, g->a_step,
		   straight);
	conv_start(cfg, a + straight * g->a_step, g->a_step,
		   g->blocks - straight);
	c->matmuls += g->blocks;
}

/*
 * The same for the column's first product. What was computed before may still
 * be in the accumulators: if there are too few for both, each is drained right
 * before it is computed into.
 */
static void conv_tiles_first(struct conv *c, const struct conv_group *g,
			     uint32_t cfg, uint32_t a)
{
	uint32_t acc = g->acc, room = c->accs, accs, i;
	struct conv_column *col;
	struct gemm_rows rows;
	ash_token free;

	ash_wait(ASH_VECTOR, c->acc_free);
	if (c->computed)
		room -= c->computed->tiles;
	if (g->blocks <= room) {
		conv_tiles(c, g, cfg, a);
		return;
	}
	col = c->computed;
	if (col->done == 0)
		conv_drain_begin(c, col);
	rows = col->rows;
	accs = c->accs;
	/* The tile that is drained n-th is done with token free + n + 1. */
	free = c->out.vectors - col->done;
	room += col->done;
	for (i = 0; i < g->blocks; i++) {
		/* One drain ahead of the one that is waited for. */
		uint32_t want = i < room ? 0 : i - room + 2;

		for (want = conv_min(want, col->tiles); col->done < want;) {
			uint32_t full = col->acc + col->done;

			if (full >= accs)
				full -= accs;
			gemm_epilogue_tile(&rows, full * c->array);
			ash_wait(ASH_MATRIX, col->first + col->done);
			ash_start(ASH_VECTOR);
			col->done++;
		}
		if (i >= room)
			ash_wait(ASH_VECTOR, free + i - room + 1);
		conv_start(cfg | ASH_FIELD(MATRIX, CFG_ACC, acc), a, 0, 1);
		a += g->a_step;
		if (++acc == accs)
			acc = 0;
	}
	col->rows = rows;
	c->out.vectors = free + col->done;
	c->matmuls += g->blocks;
	if (col->done == col->tiles)
		conv_drain_end(c);
}

/* All products of a step; split operands have six, in this order. */
static inline void conv_step_tiles(struct conv *c, const struct conv_group *g,
				   uint32_t cfg, uint32_t a, uint32_t b,
				   bool first)
{
	static const uint8_t terms[6][2] = { { 2, 0 }, { 1, 1 }, { 0, 2 },
					     { 1, 0 }, { 0, 1 }, { 0, 0 } };
	uint32_t i;

	if (!first)
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
	if (c->terms == 1) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
		if (first)
			conv_tiles_first(c, g, cfg, a);
		else
			conv_tiles(c, g, cfg, a);
		return;
	}
	for (i = 0; i < 6; i++) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  b + terms[i][1] * c->b_term);
		/* Nothing is left to be drained. */
		if (first && i == 0)
			ash_wait(ASH_VECTOR, c->acc_free);
		conv_tiles(c, g, cfg, a + terms[i][0] * c->band.cut.term_bytes);
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
		conv_pump(c);
	}
}

/* Wait for the cells that the group's blocks read. */
static void conv_need_group(struct conv *c, const struct conv_group *g)
{
	const struct conv_band *b = &c->band;
	uint32_t last = (b->block + g->block + g->blocks) * c->array;

	last = (conv_min(last, b->numbers) - 1) / b->cut.pitch;
	conv_need_rows(c, last - b->y + conv_patch_rows(b) - b->rows);
}

/* A new column: what its results need. */
static struct conv_column *
conv_column_begin(struct conv *c, const struct conv_group *g, uint32_t in_group)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	struct conv_column *col = &c->column[c->columns % CONV_COLUMNS];
	uint32_t channel = b->group * a->columns + in_group * c->array;

	col->index = c->columns++;
	col->acc = g->acc;
	col->tiles = g->blocks;
	col->done = 0;
	col->channels = conv_column_width(c, in_group);
	col->number = (b->block + g->block) * c->array;
	col->numbers = conv_min(g->blocks * c->array, b->numbers - col->number);
	col->pitch = b->cut.pitch;
	col->width = b->width;
	col->stage = c->out_offset + (col->index & 1) * c->out_stage;
	col->y = c->y_first + channel * c->out_bytes;
	col->residual_from = c->residual_first + channel * c->residual_bytes;
	return col;
}

/* The step's piece of weights is used no more, or not by this column. */
static inline void conv_step_done(struct conv *c, bool last)
{
	c->b_count++;
	if (++c->b_slot == c->slots)
		c->b_slot = 0;
	if (!last)
		return;
	c->b_free[c->release_slot] = c->matmuls;
	c->released++;
	if (++c->release_slot == c->slots)
		c->release_slot = 0;
}

/*
 * Column n of all groups, `in_group` of its group, for a group of blocks. first:
 * of the band; last: to use these weights.
 */
static void conv_column(struct conv *c, const struct conv_group *g, uint32_t n,
			uint32_t in_group, bool first, bool last, uint32_t cfg)
{
	struct conv_column *col = conv_column_begin(c, g, in_group);
	const struct conv_product *p = c->product;
	const struct conv_product *end = p + c->product_count;
	/* Weights that are there and stay: nothing to wait for or to give up. */
	const bool quick = c->there && !last;
	uint32_t k = 0;

	if (c->terms > 1)
		conv_drain_rest(c); /* splitting changes registers */
	if (first)
		conv_need_group(c, g);
	if (quick)
		conv_pump(c);
	do {
		if (p->first && !quick) {
			conv_pump(c);
			conv_need_weights(c, c->b_count + 1, c->b_slot);
		}
		if (p->k != k) {
			k = p->k;
			ash_write(ASH_MATRIX + ASHLAR_MATRIX_K, k);
		}
		conv_step_tiles(c, g, cfg, g->a + p->a,
				c->b_offset + c->b_slot * c->slot_bytes + p->b,
				p == c->product);
		if (p->last)
			conv_step_done(c, last);
		if (p == c->product) {
			conv_drain_rest(c);
			conv_column_loads(c, col, n, in_group);
		}
	} while (++p != end);
	col->first = c->matmuls - g->blocks + 1;
	c->computed = col;
}

/* All columns of the set for the blocks of a band. */
static void conv_band_run(struct conv *c, bool last_of_epoch, uint32_t cfg)
{
	const struct linear_conv_args *a = c->a;
	const struct conv_band *b = &c->band;
	uint32_t size = conv_group_size(c, b);
	uint32_t set_count = c->b_count, set_slot = c->b_slot;
	uint32_t col, count, slot;
	struct conv_group g;

	if (c->products_epoch != b->epoch &&
	    (c->products_epoch == UINT32_MAX || a->flags & LINEAR_BACKWARD))
		conv_products(c);
	c->y_first = a->y + (uint64_t)(b->image * a->y_image) +
		     (uint64_t)b->phase[0] * a->y_stride[0] +
		     (uint64_t)b->phase[1] * a->y_stride[1] +
		     (uint64_t)b->strip_x * c->y_step[1];
	c->residual_first = a->epilogue.residual +
			    (uint64_t)(b->image * a->residual_image) +
			    (uint64_t)b->strip_x * c->residual_step[1];
	ash_matmul_shape(b->cut.cell, c->b_pitch, 1);
	g.a_step = c->array * b->cut.cell;
	for (col = 0; col < b->cols; col++) {
		count = c->b_count;
		slot = c->b_slot;
		for (g.block = 0; g.block < b->blocks; g.block += size) {
			bool last = g.block + size >= b->blocks;

			g.blocks = conv_min(size, b->blocks - g.block);
			g.acc = c->acc;
			g.a = conv_patch_offset(c, b) +
			      ((b->block + g.block) * c->array -
			       b->y * b->cut.pitch) *
				      b->cut.cell;
			if (c->resident) {
				c->b_count = count;
				c->b_slot = slot;
				last = last && last_of_epoch;
			} else {
				last = true;
			}
			conv_column(c, &g, b->n + col, b->col + col, col == 0,
				    last, cfg);
			c->acc += g.blocks;
			if (c->acc >= c->accs)
				c->acc -= c->accs;
		}
	}
	if (c->resident && !last_of_epoch) {
		c->b_count = set_count;
		c->b_slot = set_slot;
	}
	c->patch_free[conv_buffer(c, b)] = c->matmuls;
	c->bands_done++;
	c->there = c->resident && !last_of_epoch;
}

static void conv_run(struct conv *c)
{
	uint32_t cfg = ash_matmul_cfg(c->type, ASH_ROWS,
				      c->k_major ? ASH_KMAJOR : ASH_ROWS);
	struct conv_band next;

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
		conv_band_run(c, next.end || next.epoch != c->band.epoch, cfg);
		c->band = next;
	}
	conv_drain_rest(c);
	conv_store(c);
}

ASHLAR_KERNEL(conv, struct linear_conv_args)
{
	struct conv c;

	if (conv_init(&c, args))
		conv_run(&c);
	return 0;
}
