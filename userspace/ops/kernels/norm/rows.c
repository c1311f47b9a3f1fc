/* SPDX-License-Identifier: MIT */
/* Batches of rows through the scratchpad; rows.h says how. */
#include "rows.h"

#define ROWS_BATCH_MAX 512u

static inline uint32_t rows_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t rows_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) / to;
}

static inline uint32_t rows_ring(uint32_t slot, uint32_t slots)
{
	return slot + 1 == slots ? 0 : slot + 1;
}

/* --- The walk ---------------------------------------------------------------- */

static void rows_walk_batch(const struct rows *r, struct rows_walk *w)
{
	w->rows = rows_min(r->batch_rows, r->end - w->row);
}

/* The next unit. */
static void rows_walk_on(const struct rows *r, struct rows_walk *w)
{
	if (!r->resident) {
		if (++w->segment < r->segments)
			return;
		w->segment = 0;
		if (++w->pass < r->use->passes)
			return;
		w->pass = 0;
	}
	w->row += w->rows;
	w->batch++;
	rows_walk_batch(r, w);
}

/* First column of a unit, and how many. */
static uint32_t rows_first_col(const struct rows *r, const struct rows_walk *w)
{
	return w->segment * ROWS_SEGMENT * r->n;
}

static uint32_t rows_unit_cols(const struct rows *r, const struct rows_walk *w)
{
	if (r->resident)
		return r->cols;
	return rows_min(r->cols - rows_first_col(r, w), ROWS_SEGMENT * r->n);
}

/* --- Loads -------------------------------------------------------------------- */

static void rows_load_vectors(const struct rows *r, uint32_t to, uint32_t first,
			      uint32_t cols)
{
	uint32_t i;

	for (i = 0; i < r->vectors; i++, to += r->unit_lines * r->line) {
		if (r->use->vector[i])
			ash_load_1d(to, r->use->vector[i] + 4 * (uint64_t)first,
				    4 * cols);
	}
}

/* All that is known about the unit when it is loaded. */
static void rows_prepare(struct rows *r, struct rows_unit *unit)
{
	const struct rows_walk *w = &r->next;
	bool begins = w->pass == 0 && w->segment == 0;
	bool last_pass = r->resident || w->pass + 1 == r->use->passes;
	uint32_t slot = r->load_slot * r->slot_bytes;
	uint32_t i;

	unit->at = *w;
	unit->last = last_pass &&
		     (r->resident || w->segment + 1 == r->segments);
	unit->in[0] = slot;
	unit->in[1] = slot + r->in_offset[1];
	unit->vector = slot + r->vector_offset;
	unit->has_out = r->use->out && last_pass;
	if (unit->has_out) {
		unit->out_slot = r->load_out;
		unit->out = r->out_offset + r->load_out * r->out_bytes;
		r->load_out = rows_ring(r->load_out, r->outs);
	}
	if (begins) {
		r->load_list = rows_ring(r->load_list, ROWS_LIST_SLOTS);
		r->load_store = rows_ring(r->load_store, ROWS_STORE_SLOTS);
	}
	unit->store_slot = r->load_store;
	unit->list_in =
		r->list_in_offset + r->load_list * ROWS_LISTS * r->list_bytes;
	unit->list_out =
		r->list_out_offset + r->load_store * ROWS_LISTS * r->list_bytes;
	if (!begins || !r->lists_in)
		return;
	for (i = 0; i < ROWS_LISTS; i++) {
		if (r->use->list_in[i])
			ash_load_1d(unit->list_in + i * r->list_bytes,
				    r->use->list_in[i] + 4 * (uint64_t)w->row,
				    4 * w->rows);
	}
}

static void rows_load(struct rows *r)
{
	struct rows_unit *unit = &r->unit[r->load_slot];
	struct rows_walk *w = &r->next;
	uint32_t first = rows_first_col(r, w);
	uint32_t cols = rows_unit_cols(r, w);
	uint32_t i;

	rows_prepare(r, unit);
	if (!r->resident)
		rows_load_vectors(r, unit->vector, first, cols);
	for (i = 0; i < ROWS_INS && r->use->in[i]; i++) {
		const struct norm_rows *in = r->use->in[i];
		uint32_t bytes = ash_format_bytes((enum ash_format)in->format);

		ash_load(unit->in[i], (int32_t)(r->unit_lines * r->in_line[i]),
			 in->addr + (uint64_t)((int64_t)w->row * in->stride) +
				 (uint64_t)first * bytes,
			 in->stride, cols * bytes, w->rows);
	}
	unit->arrived = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
	r->load_slot = rows_ring(r->load_slot, r->slots);
	r->loaded++;
	rows_walk_on(r, w);
}

/* --- Units ---------------------------------------------------------------------- */

static void rows_store(struct rows *r, const struct rows_unit *unit)
{
	const struct rows_walk *w = &unit->at;
	const struct norm_rows *out = r->use->out;
	uint32_t i;

	if (unit->has_out) {
		uint32_t bytes = ash_format_bytes((enum ash_format)out->format);

		r->stored[unit->out_slot] = ash_store(
			out->addr + (uint64_t)((int64_t)w->row * out->stride) +
				(uint64_t)rows_first_col(r, w) * bytes,
			out->stride, unit->out,
			(int32_t)(r->unit_lines * r->out_line),
			rows_unit_cols(r, w) * bytes, w->rows);
	}
	if (!unit->last || !r->lists_out)
		return;
	for (i = 0; i < ROWS_LISTS; i++) {
		if (r->use->list_out[i])
			ash_store_1d(r->use->list_out[i] + 4 * (uint64_t)w->row,
				     unit->list_out + i * r->list_bytes,
				     4 * w->rows);
	}
	r->list_stored[unit->store_slot] =
		ash_read(ASH_STORE + ASHLAR_STORE_ISSUED);
}

static void rows_retire(struct rows *r)
{
	struct rows_unit *unit = r->oldest;

	ash_wait(ASH_VECTOR, unit->used);
	if (r->use->finish)
		r->use->finish(r, unit);
	rows_store(r, unit);
	r->retired++;
	if (++r->oldest == r->unit + r->slots)
		r->oldest = r->unit;
}

/* Nothing more will be started for the unit that was taken last. */
static void rows_leave(struct rows *r)
{
	if (r->taken)
		r->now->used = ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
}

/* Take the next unit. The vector unit may have to wait for this. */
static void rows_take(struct rows *r)
{
	struct rows_unit *unit = r->now + 1;

	rows_leave(r);
	if (unit >= r->unit + r->slots)
		unit = r->unit;
	r->now = unit;
	r->taken++;
	r->turned = false;
	r->in[0].offset = unit->in[0];
	r->in[1].offset = unit->in[1];
	if (unit->has_out) {
		r->out.offset = unit->out;
		ash_wait(ASH_STORE, r->stored[unit->out_slot]);
	}
	ash_wait(ASH_LOAD, unit->arrived);
}

void rows_turn(struct rows *r)
{
	if (r->turned)
		return;
	r->turned = true;
	if (r->taken >= 2)
		rows_retire(r);
	while (r->next.rows && r->loaded < r->retired + r->slots)
		rows_load(r);
}

/* Where the lists of its batch are. */
static void rows_lists(struct rows *r)
{
	uint32_t i;

	for (i = 0; i < ROWS_LISTS; i++) {
		r->list_in[i] = r->now->list_in + i * r->list_bytes;
		r->list_out[i] = r->now->list_out + i * r->list_bytes;
	}
}

bool rows_batch(struct rows *r)
{
	if (r->taken)
		rows_turn(r);
	if (r->loaded == r->taken)
		return false;
	rows_take(r);
	r->pass = 0;
	r->step = 0;
	r->batch = r->now->at.rows;
	rows_lists(r);
	ash_wait(ASH_STORE, r->list_stored[r->now->store_slot]);
	return true;
}

/* Where the segment is that comes next: so many lines behind. */
static void rows_place(struct rows *r)
{
	const struct rows_unit *unit = r->now;
	uint32_t lines = r->resident ? r->step * ROWS_SEGMENT : 0;
	bool last = r->step + 1 == r->segments;
	uint32_t i;

	r->segment_lines = last ? r->last_lines : ROWS_SEGMENT;
	r->segment_tail = last ? r->tail : 0;
	for (i = 0; i < ROWS_INS; i++)
		r->in[i].offset = unit->in[i] + lines * r->in_line[i];
	r->out.offset = unit->out + lines * r->out_line;
	for (i = 0; i < ROWS_TEMPS; i++)
		r->temp[i].offset = r->temp_offset + lines * r->line +
				    i * r->batch_rows * r->temp[i].gpitch;
	for (i = 0; i < ROWS_VECTORS; i++)
		r->vector[i].offset =
			(r->resident ? r->vector_offset : unit->vector) +
			(i * r->unit_lines + lines) * r->line;
}

bool rows_segment(struct rows *r)
{
	if (r->step == r->segments) {
		r->step = 0;
		r->pass++;
		return false;
	}
	/* By now the first operations have been started. */
	if (r->step || r->pass)
		rows_turn(r);
	/* rows_batch() has taken the first unit of the batch. */
	if (!r->resident && (r->step || r->pass))
		rows_take(r);
	/* A segment that is the whole row is where rows_take() has seen it. */
	if (r->segments > 1)
		rows_place(r);
	r->first = r->step == 0;
	r->step++;
	return true;
}

void rows_end(struct rows *r)
{
	rows_leave(r);
	while (r->retired < r->taken)
		rows_retire(r);
	ash_vector_plain();
}

/* --- Sizes ------------------------------------------------------------------------ */

static uint32_t rows_part(uint32_t half_banks)
{
	return half_banks * (ash_spad_bytes() / 16);
}

/* Bytes of an operand in a slot, aligned for what follows. */
static uint32_t rows_in_bytes(const struct rows *r, uint32_t lines, uint32_t in)
{
	return rows_up(lines * r->in_line[in], r->line) * r->line;
}

/*
 * Rows of a batch, when a unit has so many lines of each and a slot lines of so
 * many vectors; 0: does not fit.
 */
static uint32_t rows_fit(const struct rows *r, uint32_t lines, uint32_t vectors)
{
	const struct rows_use *use = r->use;
	uint32_t in = rows_part(use->in_part) / r->slots & ~(r->line - 1);
	uint32_t fixed = vectors * lines * r->line;
	uint32_t rows = r->batch_rows;

	if (in < fixed)
		return 0;
	rows = rows_min(
		rows, (in - fixed) / (lines * (r->in_line[0] + r->in_line[1])));
	if (rows && fixed + rows_in_bytes(r, rows * lines, 0) +
				    rows_in_bytes(r, rows * lines, 1) >
			    in)
		rows--;
	if (use->temps)
		rows = rows_min(rows, rows_part(use->temp_part) /
					      (lines * r->line * use->temps));
	if (use->out)
		rows = rows_min(rows, rows_part(use->out_part) / r->outs /
					      (lines * r->out_line));
	return rows;
}

/*
 * Choose what a unit is: whole rows if some fit, with as many slots as the kernel
 * wants or with two, else segments.
 */
static void rows_choose(struct rows *r, uint32_t words_bytes)
{
	uint32_t room = rows_part(2) - words_bytes;
	uint32_t rows = 0;

	r->slots = r->use->in_slots;
	r->outs = r->use->out_slots;
	r->resident = true;
	r->unit_lines = r->lines;
	/* The first condition keeps products of lines small. */
	if (r->lines <= ash_spad_bytes() / r->n &&
	    r->vectors * r->lines * r->line <= room) {
		rows = rows_fit(r, r->lines, 0);
		if (!rows) {
			r->slots = 2;
			r->outs = 2;
			rows = rows_fit(r, r->lines, 0);
		}
	}
	if (!rows) {
		r->slots = 2;
		r->outs = 2;
		r->resident = false;
		r->unit_lines = ROWS_SEGMENT;
		rows = rows_fit(r, ROWS_SEGMENT, r->vectors);
	}
	ASH_ASSERT(rows);
	r->batch_rows = rows;
}

static struct rows_at rows_strides(const struct rows *r, uint32_t offset,
				   uint32_t line)
{
	return (struct rows_at){ offset, line, r->unit_lines * line };
}

/* Deal out the scratchpad. */
static void rows_layout(struct rows *r)
{
	const struct rows_use *use = r->use;
	uint32_t lists =
		ROWS_LISTS * (ROWS_LIST_SLOTS + ROWS_STORE_SLOTS) + use->words;
	uint32_t at, i;

	/* Places are taken up to the last vector that is there. */
	for (i = ROWS_VECTORS; i > 0 && !use->vector[i - 1]; i--)
		;
	r->vectors = i;
	/* Half of a bank for words, at most; some units, so that they overlap. */
	r->batch_rows = rows_min(ROWS_BATCH_MAX, rows_part(1) / (4 * lists));
	r->batch_rows = rows_min(r->batch_rows & ~(r->n - 1),
				 rows_up(r->end - r->next.row, 4));
	if (r->batch_rows < 4)
		r->batch_rows = 4;
	r->list_bytes = rows_up(4 * r->batch_rows, r->line) * r->line;
	rows_choose(r, lists * r->list_bytes);

	at = 0;
	for (i = 0; i < ROWS_INS; i++) {
		r->in_offset[i] = at;
		at += rows_in_bytes(r, r->batch_rows * r->unit_lines, i);
	}
	r->vector_offset = at;
	if (!r->resident)
		at += r->vectors * r->unit_lines * r->line;
	r->slot_bytes = at;
	r->temp_offset = rows_part(use->in_part);
	r->out_offset = r->temp_offset + rows_part(use->temp_part);
	r->out_bytes = r->batch_rows * r->unit_lines * r->out_line;
	at = rows_part(14);
	r->list_in_offset = at;
	at += ROWS_LIST_SLOTS * ROWS_LISTS * r->list_bytes;
	r->list_out_offset = at;
	at += ROWS_STORE_SLOTS * ROWS_LISTS * r->list_bytes;
	r->words_offset = at;
	at += use->words * r->list_bytes;
	if (r->resident)
		r->vector_offset = at;
}

/* This tile's part of the rows. */
static void rows_split(struct rows *r, uint32_t rows)
{
	uint32_t tiles = ash_count();
	uint32_t tile = ash_index();
	uint32_t each = rows / tiles;
	uint32_t more = rows - each * tiles;

	r->next.row = tile * each + rows_min(tile, more);
	r->end = r->next.row + each + (tile < more);
}

void rows_begin(struct rows *r, const struct rows_use *use,
		const struct norm_shape *shape)
{
	uint32_t i;

	*r = (struct rows){ .use = use };
	r->n = ash_array();
	r->line = 4 * r->n;
	r->cols = shape->cols;
	r->lines = rows_up(r->cols, r->n);
	r->segments = rows_up(r->lines, ROWS_SEGMENT);
	r->last_lines = r->lines - (r->segments - 1) * ROWS_SEGMENT;
	r->tail = r->cols & (r->n - 1);
	r->lists_in = use->list_in[0] || use->list_in[1];
	r->lists_out = use->list_out[0] || use->list_out[1];
	for (i = 0; i < ROWS_INS && use->in[i]; i++)
		r->in_line[i] =
			r->n *
			ash_format_bytes((enum ash_format)use->in[i]->format);
	if (use->out)
		r->out_line = r->n * ash_format_bytes(
					     (enum ash_format)use->out->format);
	rows_split(r, shape->rows);
	rows_layout(r);
	/* The first unit and batch take the first slots. */
	r->oldest = r->unit;
	r->now = r->unit + ROWS_SLOTS;
	r->load_list = ROWS_LIST_SLOTS - 1;
	r->load_store = ROWS_STORE_SLOTS - 1;
	rows_walk_batch(r, &r->next);
	if (r->next.rows == 0)
		return;
	if (r->resident)
		rows_load_vectors(r, r->vector_offset, 0, r->cols);
	while (r->next.rows && r->loaded < r->slots)
		rows_load(r);
	for (i = 0; i < ROWS_INS; i++)
		r->in[i] = rows_strides(r, 0, r->in_line[i]);
	r->out = rows_strides(r, 0, r->out_line);
	for (i = 0; i < ROWS_TEMPS; i++)
		r->temp[i] = rows_strides(
			r,
			r->temp_offset +
				i * r->batch_rows * r->unit_lines * r->line,
			r->line);
	for (i = 0; i < ROWS_VECTORS; i++)
		r->vector[i] =
			(struct rows_at){ r->vector_offset +
						  i * r->unit_lines * r->line,
					  r->line, 0 };
	r->segment_lines = r->lines;
	r->segment_tail = r->tail;
}

/* --- Operations -------------------------------------------------------------------- */

void rows_run(const struct rows *r, uint32_t cfg, uint32_t op,
	      const struct rows_at *dst, const struct rows_at *src,
	      const struct rows_at *src2, uint32_t red)
{
	ash_vector_shape(cfg, dst ? dst->pitch : 0, src->pitch);
	ash_vector_groups(r->batch, dst ? dst->gpitch : 0, src->gpitch,
			  src2 ? src2->gpitch : 0);
	if (src2)
		ash_vector_src2(src2->offset, src2->pitch);
	ash_vector_tail(r->segment_tail);
	ash_vector_function(op, red);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src->offset);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst ? dst->offset : 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, r->segment_lines);
	ash_start(ASH_VECTOR);
}

void rows_reduce(const struct rows *r, uint32_t cfg, uint32_t op,
		 const struct rows_at *src, const struct rows_at *src2,
		 uint32_t to, uint32_t part, enum ash_vector_op join)
{
	rows_run(r, cfg, op, NULL, src, src2, r->first ? to : part);
	if (r->first)
		return;
	rows_with(r, part);
	rows_each(r,
		  ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
			  ASH_VEC_SRC2_ROWS(ASH_FMT_F32, join),
		  0, to, to);
}

void rows_each_to(const struct rows *r, uint32_t cfg, uint32_t op, uint32_t dst,
		  uint32_t dst_line, uint32_t src)
{
	ash_vector_shape(cfg, dst_line, r->line);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1);
	ash_vector_tail(0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, op);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS,
		  rows_up(4 * r->batch, r->line));
	ash_start(ASH_VECTOR);
}

/* Where the lines of the next operation of rows_columns() are. */
struct rows_line {
	uint32_t src, src2, dst, bias, scale;
};

/*
 * The core's part of an operation must be shorter than the unit's, which may be
 * some 16 cycles: all addresses are written always but that of SRC2, whose
 * operations are longer.
 */
static __attribute__((noinline)) void
rows_lines(const struct rows *r, struct rows_line *at, uint32_t lines,
	   uint32_t src_line, uint32_t dst_line)
{
	const uint32_t line = r->line;
	const uint32_t end = at->src + lines * src_line;
	uint32_t src = at->src, dst = at->dst;
	uint32_t bias = at->bias, scale = at->scale;

	while (src != end) {
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_BIAS, bias);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SCALE, scale);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
		ash_start(ASH_VECTOR);
		src += src_line;
		dst += dst_line;
		bias += line;
		scale += line;
	}
	at->src = src;
	at->dst = dst;
	at->bias = bias;
	at->scale = scale;
}

static __attribute__((noinline)) void
rows_lines2(const struct rows *r, struct rows_line *at, uint32_t lines,
	    uint32_t src_line, uint32_t src2_line, uint32_t dst_line)
{
	const uint32_t line = r->line;
	uint32_t src = at->src, src2 = at->src2, dst = at->dst;
	uint32_t bias = at->bias, scale = at->scale;

	while (lines--) {
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, src2);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_BIAS, bias);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SCALE, scale);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
		ash_start(ASH_VECTOR);
		src += src_line;
		src2 += src2_line;
		dst += dst_line;
		bias += line;
		scale += line;
	}
	*at = (struct rows_line){ src, src2, dst, bias, scale };
}

void rows_columns(struct rows *r, uint32_t cfg, const struct rows_at *dst,
		  const struct rows_at *src, const struct rows_at *src2,
		  const struct rows_at *bias, const struct rows_at *scale)
{
	struct rows_line at = {
		.src = src->offset,
		.src2 = src2 ? src2->offset : 0,
		.dst = dst->offset,
		.bias = bias ? bias->offset : 0,
		.scale = scale ? scale->offset : 0,
	};
	uint32_t lines = r->segment_lines, some;

	ash_vector_shape(cfg, 0, 0);
	ash_vector_groups(r->batch, dst->gpitch, src->gpitch,
			  src2 ? src2->gpitch : 0);
	ash_vector_tail(0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, 1);
	for (; lines; lines -= some) {
		/* Without another pass there is time when some are queued. */
		some = r->turned || r->use->passes > 1 ? lines :
							 rows_min(lines, 8);
		if (src2)
			rows_lines2(r, &at, some, src->pitch, src2->pitch,
				    dst->pitch);
		else
			rows_lines(r, &at, some, src->pitch, dst->pitch);
		if (some != lines)
			rows_turn(r);
	}
}
