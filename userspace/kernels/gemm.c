/* SPDX-License-Identifier: MIT */
/*
 * C = epilogue(op(A) * op(B)); arguments in ashlar/kernels.h, the cutting in
 * gemm_plan.h, operand rings in gemm_side.h.
 *
 * Four things overlap: loads run ahead of the matrix unit as far as there are
 * slots (gemm_pump), the matrix unit computes one column of tiles while the
 * vector unit drains the column before and the store DMA writes the one
 * before that. Scratchpad banks are dealt out so that they do not meet: A
 * blocks, B blocks and results have banks of their own.
 */
#include <ashlar/kernel.h>
#include <ashlar/kernels.h>

#include "gemm_plan.h"
#include "gemm_side.h"

#define GEMM_GROUP_MAX 8u

/* Loads under way: one B block takes up to three places in the queue of 8. */
#define GEMM_LOADS_MOST 6u

/* A walk over the plan; loads and computation each have one. */
struct gemm_walk {
	uint32_t panel, panel_cols; /* first column of the panel, columns */
	uint32_t group, group_rows; /* first row of the group, rows */
	uint32_t chunk;
	uint32_t col; /* in the panel */
	bool end;
};

/* A column that is computed: what its drain and its store need. */
struct gemm_column {
	ash_token first; /* matrix token of the first tile; the others follow */
	uint32_t acc; /* first row of the first tile, as a source */
	uint32_t tiles;
	uint32_t rows; /* of elements */
	uint32_t vec; /* offset of its bias row */
	uint32_t run; /* bytes of a row */
	uint64_t c; /* global address */
	uint32_t stage; /* offset */
	ash_token drained; /* vector token of the last tile */
};

struct gemm {
	struct gemm_plan plan;
	struct gemm_side a, b;
	uint32_t k_last; /* elements of the last chunk */
	/* Loading. */
	struct gemm_walk next; /* where the next load belongs */
	uint32_t phase; /* which load of that column is next */
	struct gemm_side *next_side; /* whose it is; NULL: no more */
	uint32_t vec_load; /* slot of the next bias and scale rows */
	/* Bias and scale rows: one slot a column, a line for each. */
	uint64_t bias, scale; /* global; 0 for none */
	uint32_t vec_offset, vec_slots;
	/* Results. */
	uint64_t c; /* first element of this tile's part */
	uint32_t c_stride, c_bytes;
	uint32_t stage_offset, stage_bytes, stages, stage;
	ash_token matmuls, drained, stores; /* last tokens given out */
	uint32_t tile_bytes; /* of one drained tile */
};

/* --- The walk ------------------------------------------------------------- */

static inline void gemm_walk_panel(const struct gemm *g, struct gemm_walk *w)
{
	w->panel_cols = gemm_min(g->plan.panel, g->plan.n_blocks - w->panel);
}

static inline void gemm_walk_group(const struct gemm *g, struct gemm_walk *w)
{
	w->group_rows = gemm_min(g->plan.group, g->plan.m_blocks - w->group);
}

static inline void gemm_walk_begin(const struct gemm *g, struct gemm_walk *w)
{
	*w = (struct gemm_walk){ 0 };
	gemm_walk_panel(g, w);
	gemm_walk_group(g, w);
}

/* The next column, in the next chunk, in the next group, in the next panel. */
static void gemm_walk_on(const struct gemm *g, struct gemm_walk *w)
{
	if (++w->col < w->panel_cols)
		return;
	w->col = 0;
	if (++w->chunk < g->plan.chunks)
		return;
	w->chunk = 0;
	w->group += w->group_rows;
	if (w->group == g->plan.m_blocks) {
		w->group = 0;
		w->panel += w->panel_cols;
		if (w->panel == g->plan.n_blocks) {
			w->end = true;
			return;
		}
		gemm_walk_panel(g, w);
	}
	gemm_walk_group(g, w);
}

/* Whether the column at w is the first to use its A blocks, its B block. */
static inline bool gemm_first_a(const struct gemm *g, const struct gemm_walk *w)
{
	return w->col == 0 && !(g->plan.a_stays && w->panel > 0);
}

static inline bool gemm_first_b(const struct gemm *g, const struct gemm_walk *w)
{
	return g->plan.chunks > 1 || w->group == 0;
}

/* Whether it is the last to use its B block. */
static inline bool gemm_last_b(const struct gemm *g, const struct gemm_walk *w)
{
	return g->plan.chunks > 1 ||
	       w->group + w->group_rows == g->plan.m_blocks;
}

static inline uint32_t gemm_chunk_k(const struct gemm *g, uint32_t chunk)
{
	return chunk + 1 == g->plan.chunks ? g->k_last : g->plan.chunk;
}

/* --- Loads ---------------------------------------------------------------- */

/* Find the side of the next load; NULL when all are started. */
static void gemm_find_load(struct gemm *g)
{
	struct gemm_walk *w = &g->next;

	/*
	 * A column's loads in the order of need: its first A block, its B
	 * block, the other A blocks.
	 */
	while (!w->end) {
		bool a = gemm_first_a(g, w);
		bool b = gemm_first_b(g, w);

		if (g->phase == 0 && !a)
			g->phase = 1;
		if (g->phase == 1 && !b)
			g->phase = 2;
		if (g->phase == 1) {
			g->next_side = &g->b;
			return;
		}
		if (a && g->phase <= w->group_rows) {
			g->next_side = &g->a;
			return;
		}
		/* Without new B blocks, the other columns need nothing. */
		if (!b)
			w->col = w->panel_cols - 1;
		gemm_walk_on(g, w);
		g->phase = 0;
	}
	g->next_side = NULL;
}

/* The bias and scale rows of a column, ahead of its first B block. */
static void gemm_load_vec(struct gemm *g, uint32_t block)
{
	uint32_t line = 4 * g->b.array;
	uint32_t first = block * g->b.array;
	uint32_t bytes = 4 * gemm_min(g->b.extent - first, g->b.array);
	uint32_t offset = g->vec_offset + g->vec_load * 2 * line;

	if (g->bias)
		ash_load_1d(offset, g->bias + 4 * (uint64_t)first, bytes);
	if (g->scale)
		ash_load_1d(offset + line, g->scale + 4 * (uint64_t)first,
			    bytes);
	if (++g->vec_load == g->vec_slots)
		g->vec_load = 0;
}

/* Start the next load, which there is; its slot has been released. */
static __attribute__((noinline)) void gemm_start_load(struct gemm *g)
{
	const struct gemm_walk *w = &g->next;
	struct gemm_side *s = g->next_side;
	uint32_t block;

	if (s == &g->b) {
		block = w->panel + w->col;
		if (w->chunk == 0 && (g->bias || g->scale))
			gemm_load_vec(g, block);
	} else {
		block = w->group + (g->phase ? g->phase - 1 : 0);
	}
	gemm_side_load(s, block, w->chunk * g->plan.chunk,
		       gemm_chunk_k(g, w->chunk));
	g->phase++;
	gemm_find_load(g);
}

/*
 * Whether the next load can start without waiting, with fewer than `ahead`
 * under way.
 */
static inline bool gemm_can_load(const struct gemm *g, uint32_t ahead)
{
	return g->next_side && gemm_side_room(g->next_side) &&
	       ash_pending(ASH_LOAD) < ahead && gemm_side_left(g->next_side);
}

/*
 * Start a load, if one can start without waiting. One for each column keeps
 * the load DMA ahead; more would keep the core from feeding the matrix unit.
 */
static inline void gemm_pump(struct gemm *g)
{
	if (gemm_can_load(g, GEMM_LOADS_MOST))
		gemm_start_load(g);
}

/* Time that is waited for is free for starting other loads. */
static __attribute__((noinline)) void gemm_need_more(struct gemm *g,
						     struct gemm_side *s,
						     uint32_t count,
						     uint32_t slot)
{
	while ((int32_t)(s->loaded - count) < 0) {
		ASH_ASSERT(g->next_side && gemm_side_room(g->next_side));
		gemm_start_load(g);
	}
	while (!ash_done(ASH_LOAD, s->arrived[slot]) &&
	       gemm_can_load(g, GEMM_LOADS_MOST))
		gemm_start_load(g);
	ash_wait(ASH_LOAD, s->arrived[slot]);
}

/* Wait until the side's first `count` blocks are loaded, the last in slot. */
static inline void gemm_need(struct gemm *g, struct gemm_side *s,
			     uint32_t count, uint32_t slot)
{
	if ((int32_t)(s->loaded - count) < 0 ||
	    !ash_done(ASH_LOAD, s->arrived[slot]))
		gemm_need_more(g, s, count, slot);
}

/* --- Results -------------------------------------------------------------- */

/* Start to drain a column into the next stage, tile after tile. */
static void gemm_drain(struct gemm *g, struct gemm_column *col)
{
	uint32_t array = g->a.array;
	uint32_t step = g->tile_bytes;
	uint32_t to = g->stage_offset + g->stage * g->stage_bytes;
	uint32_t left = col->rows;
	uint32_t acc = col->acc;
	ash_token token = col->first;

	/* Stages are stored in turn: the one before in this stage. */
	ash_wait(ASH_STORE, g->stores + 1 - g->stages);
	if (g->bias)
		ash_vector_bias(col->vec);
	if (g->scale)
		ash_vector_scale(col->vec + 4 * array);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, array);
	col->stage = to;
	for (;;) {
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, acc);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, to);
		if (left < array)
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, left);
		ash_wait(ASH_MATRIX, token);
		ash_start(ASH_VECTOR);
		if (left <= array)
			break;
		token++;
		acc += array;
		to += step;
		left -= array;
	}
	g->drained += col->tiles;
	g->stores++;
	col->drained = g->drained;
	if (++g->stage == g->stages)
		g->stage = 0;
}

/* Start to store a drained column. The strides were set at the beginning. */
static inline void gemm_store(const struct gemm_column *col)
{
	ash_write(ASH_STORE + ASHLAR_STORE_RUN, col->run);
	ash_write(ASH_STORE + ASHLAR_STORE_COUNT1, col->rows);
	ash_write(ASH_STORE + ASHLAR_STORE_GADDR_LO, (uint32_t)col->c);
	ash_write(ASH_STORE + ASHLAR_STORE_GADDR_HI, (uint32_t)(col->c >> 32));
	ash_write(ASH_STORE + ASHLAR_STORE_LADDR, col->stage);
	ash_wait(ASH_VECTOR, col->drained);
	ash_start(ASH_STORE);
}

/*
 * Store the last column of all: nothing follows it, so tile by tile as they
 * are drained, and the last store is short.
 */
static void gemm_store_last(const struct gemm *g, const struct gemm_column *col)
{
	struct gemm_column tile = *col;
	uint32_t array = g->a.array;
	uint32_t left = col->rows;

	tile.drained -= col->tiles;
	while (left) {
		tile.rows = gemm_min(left, array);
		tile.drained++;
		gemm_store(&tile);
		tile.c += (uint64_t)array * g->c_stride;
		tile.stage += g->tile_bytes;
		left -= tile.rows;
	}
}

/* --- Set-up --------------------------------------------------------------- */

static inline enum ash_type gemm_type(uint32_t format)
{
	if (format == ASHLAR_I8)
		return ASH_INT8;
	return format == ASHLAR_BF16 ? ASH_BF16 : ASH_FP16;
}

/*
 * Describe an operand whose M (or N) blocks begin at `first`. k_rows: its
 * stored rows run along k, so that a block's k-th row is contiguous.
 */
static void gemm_side_init(struct gemm_side *s, uint64_t base, uint32_t ld,
			   bool k_rows, uint32_t array, uint32_t bytes,
			   uint32_t first, uint32_t extent)
{
	s->array = array;
	s->bytes = bytes;
	s->stride = ld * bytes;
	s->form = k_rows ? ASH_ROWS : ASH_KMAJOR;
	s->row_step = k_rows ? s->stride : bytes;
	s->k_step = k_rows ? bytes : s->stride;
	s->base = base + (uint64_t)(first * array) * s->row_step;
	s->extent = extent - first * array;
	s->loaded = 0;
	s->released = 0;
	s->load_slot = 0;
	s->release_slot = 0;
}

/*
 * Deal out the banks: of eight, four for A, three for B, one for results and
 * vector rows.
 */
static void gemm_layout(struct gemm *g, uint32_t k)
{
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();
	uint32_t banks = ash_spad_banks();
	uint32_t a_banks = banks / 2;
	uint32_t b_banks = banks - 1 - a_banks;
	uint32_t line = 4 * g->a.array;

	g->a.offset = 0;
	g->b.offset = a_banks * bank;
	gemm_cut(&g->plan, &g->a, &g->b, a_banks * bank, b_banks * bank, k);
	g->k_last = k - (g->plan.chunks - 1) * g->plan.chunk;

	/*
	 * A column's vector rows are loaded with its B block, at most
	 * b.slots columns ahead of the column that computes, which is one
	 * ahead of the one that drains.
	 */
	g->vec_offset = (banks - 1) * bank;
	g->vec_slots = g->b.slots + 2;
	g->stage_offset = g->vec_offset + g->vec_slots * 2 * line;
	g->tile_bytes = g->a.array * g->a.array * g->c_bytes;
	g->stage_bytes = g->plan.group * g->tile_bytes;
	g->stages = (banks * bank - g->stage_offset) / g->stage_bytes;
	ASH_ASSERT(g->stages > 0);
}

static uint32_t gemm_vector_cfg(const struct ashlar_gemm_args *args)
{
	uint32_t cfg = ASH_VEC(args->type == ASHLAR_I8 ? ASH_FMT_ACC_I32 :
							 ASH_FMT_ACC_F32,
			       args->out);

	if (args->bias)
		cfg |= ASH_VEC_BIAS_ROW;
	if (args->scale)
		cfg |= ASH_VEC_SCALE_ROW;
	else if (args->flags & ASHLAR_GEMM_SCALE)
		cfg |= ASH_VEC_SCALE_IMM;
	if (args->flags & ASHLAR_GEMM_RELU)
		cfg |= ASH_VEC_RELU;
	return cfg;
}

/* --- Computation ---------------------------------------------------------- */

static inline uint32_t gemm_ring(uint32_t slot, uint32_t slots)
{
	return slot >= slots ? slot - slots : slot;
}

/*
 * Vector tokens of the column that used the accumulators before: each is
 * computed into again when its own drain is done.
 */
struct gemm_drains {
	ash_token next, last;
};

/* Compute `count` tiles: A blocks from `a` on with the B block that is set. */
static inline void gemm_tiles(struct gemm_drains *d, uint32_t cfg, uint32_t a,
			      uint32_t step, uint32_t count)
{
	for (; count; count--) {
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG, cfg);
		ash_wait(ASH_VECTOR, d->next);
		ash_start(ASH_MATRIX);
		if (d->next != d->last)
			d->next++;
		a += step;
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
	}
}

/*
 * The same for the first or last column of a sweep: with `first`, the blocks
 * are new, and the first one is block number `count`; with `last` they are not
 * used again.
 */
static void gemm_tiles_at_end(struct gemm *g, struct gemm_drains *d,
			      uint32_t cfg, uint32_t slot, uint32_t rows,
			      bool first, bool last, uint32_t count)
{
	struct gemm_side *a = &g->a;
	uint32_t i;

	for (i = 0; i < rows; i++) {
		if (first)
			gemm_need(g, a, count + i + 1, slot);
		gemm_tiles(d, cfg, a->offset + slot * a->slot_bytes, 0, 1);
		g->matmuls++;
		if (last)
			gemm_side_release(a, g->matmuls);
		cfg += ASH_FIELD(MATRIX, CFG_ACC, 1);
		slot = gemm_ring(slot + 1, a->slots);
	}
}

/* Where the computation is. */
struct gemm_at {
	/* The first A block of the group, the first B block of the panel. */
	uint32_t a_count, a_slot; /* number, slot */
	uint32_t b_count, b_slot;
	uint32_t vec; /* slot of the panel's first bias and scale rows */
	uint32_t half; /* bit 0: half of the accumulators of column 0 */
	/* The last column computed, and the one before, drained; or NULL. */
	struct gemm_column *computed, *drained;
	struct gemm_column columns[2];
};

static inline void gemm_store_drained(struct gemm_at *at)
{
	if (at->drained)
		gemm_store(at->drained);
	at->drained = NULL;
}

/*
 * One chunk of k of a group: all columns of the panel. w stands at the first
 * of them.
 */
static void gemm_sweep(struct gemm *g, struct gemm_at *at,
		       const struct gemm_walk *w, uint32_t cfg)
{
	const uint32_t half = ash_accs() / 2;
	const uint32_t array = g->a.array;
	const uint32_t rows = w->group_rows;
	const uint32_t cols = w->panel_cols;
	const bool first_a = gemm_first_a(g, w);
	const bool last_a = !g->plan.a_stays;
	const bool first_b = gemm_first_b(g, w);
	const bool last_b = gemm_last_b(g, w);
	const bool last_chunk = w->chunk + 1 == g->plan.chunks;
	const uint32_t acc_step = ASH_FIELD(MATRIX, CFG_ACC, 1);
	const uint32_t a_step = g->a.slot_bytes;
	const uint32_t a = g->a.offset + at->a_slot * a_step;
	/* A blocks up to the end of the ring; the others are at its start. */
	const uint32_t straight = gemm_min(rows, g->a.slots - at->a_slot);
	const uint32_t height =
		gemm_min(g->a.extent - w->group * array, rows * array);
	const uint32_t step = array * g->c_bytes;
	uint64_t c = g->c + (uint64_t)(w->group * array) * g->c_stride +
		     w->panel * step;
	uint32_t width = g->b.extent * g->c_bytes - w->panel * step;
	uint32_t slot = at->b_slot;
	uint32_t vec = at->vec;
	struct gemm_drains drains = { 0, 0 };
	uint32_t col;

	if (w->chunk)
		cfg |= ASH_FIELD(MATRIX, CFG_ACCUMULATE, 1);
	if (g->plan.chunks > 1)
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_K,
			  gemm_chunk_k(g, w->chunk));
	for (col = 0; col < cols; col++) {
		uint32_t acc = ((at->half + col) & 1) * half;
		uint32_t word = cfg + acc * acc_step;
		struct gemm_column *now;

		gemm_pump(g);
		if (first_b)
			gemm_need(g, &g->b, at->b_count + col + 1, slot);
		ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR,
			  g->b.offset + slot * g->b.slot_bytes);
		if (at->drained) {
			drains.last = at->drained->drained;
			drains.next = drains.last + 1 - at->drained->tiles;
		}
		if ((first_a && col == 0) || (last_a && col + 1 == cols)) {
			gemm_tiles_at_end(g, &drains, word, at->a_slot, rows,
					  first_a && col == 0,
					  last_a && col + 1 == cols,
					  at->a_count);
		} else {
			gemm_tiles(&drains, word, a, a_step, straight);
			gemm_tiles(&drains, word + straight * acc_step,
				   g->a.offset, a_step, rows - straight);
			g->matmuls += rows;
		}
		gemm_store_drained(at);
		if (last_b)
			gemm_side_release(&g->b, g->matmuls);
		slot = gemm_ring(slot + 1, g->b.slots);
		if (at->computed) {
			gemm_drain(g, at->computed);
			at->drained = at->computed;
			at->computed = NULL;
		}
		if (!last_chunk)
			continue;
		now = &at->columns[at->drained == &at->columns[0]];
		now->first = g->matmuls - rows + 1;
		now->acc = acc * array;
		now->tiles = rows;
		now->rows = height;
		now->vec = g->vec_offset + vec * 8 * array;
		now->run = gemm_min(width, step);
		now->c = c;
		at->computed = now;
		c += step;
		width -= step;
		vec = gemm_ring(vec + 1, g->vec_slots);
	}
}

static void gemm_run(struct gemm *g, uint32_t cfg)
{
	struct gemm_at at;
	struct gemm_walk w;

	/* Not all of it: columns are filled in when they are computed. */
	at.a_count = 0;
	at.a_slot = 0;
	at.b_count = 0;
	at.b_slot = 0;
	at.vec = 0;
	at.half = 0;
	at.computed = NULL;
	at.drained = NULL;

	gemm_walk_begin(g, &w);
	while (!w.end) {
		bool last_chunk = w.chunk + 1 == g->plan.chunks;

		gemm_sweep(g, &at, &w, cfg);
		at.a_count += w.group_rows;
		at.a_slot = gemm_ring(at.a_slot + w.group_rows, g->a.slots);
		if (g->plan.a_stays &&
		    w.group + w.group_rows == g->plan.m_blocks) {
			at.a_count = 0;
			at.a_slot = 0;
		}
		if (gemm_last_b(g, &w)) {
			at.b_count += w.panel_cols;
			at.b_slot =
				gemm_ring(at.b_slot + w.panel_cols, g->b.slots);
			if (last_chunk)
				at.vec = gemm_ring(at.vec + w.panel_cols,
						   g->vec_slots);
		}
		if (last_chunk)
			at.half += w.panel_cols;
		w.col = w.panel_cols - 1;
		gemm_walk_on(g, &w);
	}
	gemm_store_drained(&at);
	gemm_drain(g, at.computed);
	gemm_store_last(g, at.computed);
}

ASHLAR_KERNEL(gemm, struct ashlar_gemm_args)
{
	uint32_t array = ash_array();
	enum ash_type type = gemm_type(args->type);
	uint32_t bytes = ash_type_bytes(type);
	bool a_rows = !(args->flags & ASHLAR_GEMM_TRANS_A);
	bool b_rows = args->flags & ASHLAR_GEMM_TRANS_B;
	uint64_t first;
	struct gemm g;

	gemm_split(&g.plan, gemm_blocks(args->m, array),
		   gemm_blocks(args->n, array));
	if (!g.plan.m_blocks || !g.plan.n_blocks)
		return 0; /* more tiles than blocks */

	gemm_side_init(&g.a, args->a, args->lda, a_rows, array, bytes,
		       g.plan.m_first, args->m);
	gemm_side_init(&g.b, args->b, args->ldb, b_rows, array, bytes,
		       g.plan.n_first, args->n);
	g.c_bytes = ash_format_bytes(args->out);
	g.c_stride = args->ldc * g.c_bytes;
	g.c = args->c + (uint64_t)(g.plan.m_first * array) * g.c_stride +
	      (uint64_t)(g.plan.n_first * array) * g.c_bytes;
	first = 4 * (uint64_t)(g.plan.n_first * array);
	g.bias = args->bias ? args->bias + first : 0;
	g.scale = args->scale ? args->scale + first : 0;
	gemm_layout(&g, args->k);

	g.phase = 0;
	g.vec_load = 0;
	g.stage = 0;
	g.matmuls = 0;
	g.drained = 0;
	g.stores = 0;
	gemm_walk_begin(&g, &g.next);
	gemm_find_load(&g);
	/* The first column's A and B block, and one more, before all else. */
	gemm_start_load(&g);
	gemm_start_load(&g);
	gemm_pump(&g);
	ash_matmul_shape(g.a.pitch, g.b.pitch, g.plan.chunk);
	ash_vector_shape(gemm_vector_cfg(args), array * g.c_bytes, 1);
	ash_vector_scale(args->scale_bits);
	ash_dma_shape(ASH_STORE, 0, 0, (int32_t)(array * g.c_bytes),
		      (int32_t)g.c_stride);
	gemm_run(&g, ash_matmul_cfg(type, g.a.form, g.b.form));
	return 0;
}
