/* SPDX-License-Identifier: MIT */
/* Batches of rows through the scratchpad; rows.h says how. */
#include "rows.h"

#define ROWS_BATCH_MAX 256u

static inline uint32_t rows_min(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static inline uint32_t rows_up(uint32_t value, uint32_t to)
{
	return (value + to - 1) / to;
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
	if (++w->list == ROWS_LIST_SLOTS)
		w->list = 0;
	rows_walk_batch(r, w);
}

static inline bool rows_walk_first(const struct rows_walk *w)
{
	return w->pass == 0 && w->segment == 0;
}

static inline bool rows_last_pass(const struct rows *r, uint32_t pass)
{
	return r->resident || pass + 1 == r->use->passes;
}

/* Columns of a unit. */
static uint32_t rows_unit_cols(const struct rows *r, const struct rows_walk *w)
{
	uint32_t first;

	if (r->resident)
		return r->cols;
	first = w->segment * ROWS_SEGMENT * r->n;
	return rows_min(r->cols - first, ROWS_SEGMENT * r->n);
}

/* --- Loads -------------------------------------------------------------------- */

static void rows_load_vectors(const struct rows *r, uint32_t to, uint32_t first,
			      uint32_t cols)
{
	uint32_t i;

	for (i = 0; i < ROWS_VECTORS; i++, to += r->unit_lines * r->line) {
		if (r->use->vector[i])
			ash_load_1d(to,
				    r->use->vector[i] + 4 * (uint64_t)first,
				    4 * cols);
	}
}

static void rows_load(struct rows *r)
{
	struct rows_walk *w = &r->next;
	uint32_t slot = r->loaded % r->slots;
	uint32_t first = w->segment * ROWS_SEGMENT * r->n;
	uint32_t cols = rows_unit_cols(r, w);
	uint32_t i;

	if (rows_walk_first(w)) {
		for (i = 0; i < ROWS_LISTS; i++) {
			if (r->use->list_in[i])
				ash_load_1d(r->list_in_offset +
						    (w->list * ROWS_LISTS + i) *
							    r->list_bytes,
					    r->use->list_in[i] +
						    4 * (uint64_t)w->row,
					    4 * w->rows);
		}
	}
	if (!r->resident)
		rows_load_vectors(r, r->in_slot[slot] + r->vector_offset, first,
				  cols);
	for (i = 0; i < ROWS_INS && r->use->in[i]; i++) {
		const struct norm_rows *in = r->use->in[i];
		uint32_t bytes = r->in_line[i] / r->n;

		ash_load(r->in_slot[slot] + r->in_offset[i],
			 (int32_t)(r->unit_lines * r->in_line[i]),
			 in->addr + (uint64_t)((int64_t)w->row * in->stride) +
				 (uint64_t)first * bytes,
			 in->stride, cols * bytes, w->rows);
	}
	r->arrived[slot] = ash_read(ASH_LOAD + ASHLAR_LOAD_ISSUED);
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
		uint32_t bytes = r->out_line / r->n;
		uint32_t first = w->segment * ROWS_SEGMENT * r->n;

		r->stored[r->store_slot] = ash_store(
			out->addr + (uint64_t)((int64_t)w->row * out->stride) +
				(uint64_t)first * bytes,
			out->stride, unit->out,
			(int32_t)(r->unit_lines * r->out_line),
			rows_unit_cols(r, w) * bytes, w->rows);
		if (++r->store_slot == r->outs)
			r->store_slot = 0;
	}
	if (!unit->last)
		return;
	for (i = 0; i < ROWS_LISTS; i++) {
		if (r->use->list_out[i])
			ash_store_1d(r->use->list_out[i] + 4 * (uint64_t)w->row,
				     r->list_out_offset +
					     (unit->store_list * ROWS_LISTS +
					      i) * r->list_bytes,
				     4 * w->rows);
	}
	r->list_stored[unit->store_list] =
		ash_read(ASH_STORE + ASHLAR_STORE_ISSUED);
}

static void rows_retire(struct rows *r)
{
	struct rows_unit *unit = &r->unit[r->retired % ROWS_SLOTS];

	ash_wait(ASH_VECTOR, unit->used);
	if (r->use->finish)
		r->use->finish(r, unit);
	if (unit->has_out || unit->last)
		rows_store(r, unit);
	r->retired++;
}

/* Nothing more will be started for the unit that was taken last. */
static void rows_leave(struct rows *r)
{
	if (r->taken)
		r->unit[(r->taken - 1) % ROWS_SLOTS].used =
			ash_read(ASH_VECTOR + ASHLAR_VECTOR_ISSUED);
}

/* Take the next unit; its walk is r->now. */
static void rows_take(struct rows *r)
{
	struct rows_unit *unit = &r->unit[r->taken % ROWS_SLOTS];
	uint32_t slot = r->taken % r->slots;

	rows_leave(r);
	if (r->taken >= 2)
		rows_retire(r);
	while (r->next.rows && r->loaded < r->retired + r->slots)
		rows_load(r);
	ash_wait(ASH_LOAD, r->arrived[slot]);
	unit->at = r->now;
	unit->slot = slot;
	unit->has_out = r->use->out && rows_last_pass(r, r->now.pass);
	unit->last = r->resident || (r->now.pass + 1 == r->use->passes &&
				     r->now.segment + 1 == r->segments);
	unit->store_list = r->now.batch % ROWS_STORE_SLOTS;
	if (unit->has_out) {
		unit->out = r->out_offset + r->out_slot * r->out_bytes;
		ash_wait(ASH_STORE, r->stored[r->out_slot]);
		if (++r->out_slot == r->outs)
			r->out_slot = 0;
	}
	r->taken++;
}

bool rows_batch(struct rows *r)
{
	uint32_t i, slot;

	if (r->begun && r->resident)
		rows_walk_on(r, &r->now);
	r->begun = true;
	if (r->now.rows == 0)
		return false;
	r->batch = r->now.rows;
	r->step = 0;
	rows_take(r);
	slot = r->now.batch % ROWS_STORE_SLOTS;
	ash_wait(ASH_STORE, r->list_stored[slot]);
	for (i = 0; i < ROWS_LISTS; i++) {
		r->list_in[i] = r->list_in_offset +
				(r->now.list * ROWS_LISTS + i) * r->list_bytes;
		r->list_out[i] = r->list_out_offset +
				 (slot * ROWS_LISTS + i) * r->list_bytes;
	}
	return true;
}

static struct rows_at rows_segment_at(const struct rows *r, uint32_t offset,
				      uint32_t line, uint32_t lines)
{
	return (struct rows_at){ offset + lines * line, line,
				 r->unit_lines * line };
}

bool rows_segment(struct rows *r)
{
	const struct rows_unit *unit;
	uint32_t lines, slot, i, vector;

	if (r->step == r->segments) {
		r->step = 0;
		return false;
	}
	/* rows_batch() has taken the first unit of the batch. */
	if (!r->resident && !rows_walk_first(&r->now))
		rows_take(r);
	unit = &r->unit[(r->taken - 1) % ROWS_SLOTS];
	slot = r->in_slot[unit->slot];
	/* Lines of the unit that lie before the segment. */
	lines = r->resident ? r->step * ROWS_SEGMENT : 0;
	r->first = r->step == 0;
	r->step++;
	r->segment_lines = ROWS_SEGMENT;
	r->segment_tail = 0;
	if (r->step == r->segments) {
		r->segment_lines =
			r->lines - (r->segments - 1) * ROWS_SEGMENT;
		r->segment_tail = r->tail;
	}
	for (i = 0; i < ROWS_INS; i++)
		r->in[i] = rows_segment_at(r, slot + r->in_offset[i],
					   r->in_line[i], lines);
	for (i = 0; i < ROWS_TEMPS; i++)
		r->temp[i] = rows_segment_at(r, r->temp_offset[i], r->line,
					     lines);
	r->out = rows_segment_at(r, unit->out, r->out_line, lines);
	vector = r->resident ? r->vector_offset : slot + r->vector_offset;
	for (i = 0; i < ROWS_VECTORS; i++) {
		r->vector[i] = (struct rows_at){ vector + lines * r->line,
						 r->line, 0 };
		vector += r->unit_lines * r->line;
	}
	if (!r->resident)
		rows_walk_on(r, &r->now);
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

static uint32_t rows_vectors(const struct rows_use *use)
{
	uint32_t i;

	/* Places are taken up to the last one that is there. */
	for (i = ROWS_VECTORS; i > 0 && !use->vector[i - 1]; i--)
		;
	return i;
}

/*
 * Rows of a batch, when a unit has so many lines of each and its ring so many
 * slots; 0: does not fit.
 */
static uint32_t rows_fit(const struct rows *r, uint32_t lines, uint32_t slots,
			 uint32_t slot_vectors)
{
	uint32_t bank = ash_spad_bytes() / 8;
	/* Less than a line goes to alignment behind each part of a slot. */
	uint32_t in = bank * r->use->in_banks / slots - ROWS_INS * r->line;
	uint32_t vectors = slot_vectors * lines * r->line;
	uint32_t rows = r->batch_rows;

	if (in < vectors)
		return 0;
	rows = rows_min(rows, (in - vectors) /
				      (lines * (r->in_line[0] + r->in_line[1])));
	if (r->use->temps)
		rows = rows_min(rows, bank * r->use->temp_banks /
					      (lines * r->line * r->use->temps));
	if (r->use->out)
		rows = rows_min(rows, bank * r->use->out_banks / slots /
					      (lines * r->out_line));
	return rows;
}

/* Deal out the scratchpad. */
static void rows_layout(struct rows *r)
{
	const struct rows_use *use = r->use;
	uint32_t eighth = ash_spad_bytes() / 8;
	uint32_t vectors = rows_vectors(use);
	uint32_t lists = ROWS_LISTS * (ROWS_LIST_SLOTS + ROWS_STORE_SLOTS) +
			 use->words;
	uint32_t rows, at, i;

	/* Half of a bank for words, at most. */
	r->batch_rows = rows_min(ROWS_BATCH_MAX, eighth / 2 / (4 * lists));
	r->batch_rows = rows_min(r->batch_rows & ~(r->n - 1),
				 rows_up(r->end - r->next.row, 4));
	if (r->batch_rows < 4)
		r->batch_rows = 4;
	r->list_bytes = rows_up(4 * r->batch_rows, r->line) * r->line;
	r->resident = true;
	r->slots = ROWS_SLOTS;
	rows = 0;
	/* The first condition keeps products of lines small. */
	if (r->lines <= ash_spad_bytes() / r->n &&
	    vectors * r->lines * r->line <= eighth - lists * r->list_bytes) {
		rows = rows_fit(r, r->lines, ROWS_SLOTS, 0);
		if (!rows) {
			r->slots = 2;
			rows = rows_fit(r, r->lines, 2, 0);
		}
	}
	r->unit_lines = r->lines;
	if (!rows) {
		r->resident = false;
		r->slots = ROWS_SLOTS;
		r->unit_lines = ROWS_SEGMENT;
		rows = rows_fit(r, ROWS_SEGMENT, ROWS_SLOTS, vectors);
		if (!rows) {
			r->slots = 2;
			rows = rows_fit(r, ROWS_SEGMENT, 2, vectors);
		}
	}
	ASH_ASSERT(rows);
	r->batch_rows = rows;
	r->outs = r->slots;

	at = 0;
	for (i = 0; i < ROWS_INS; i++) {
		r->in_offset[i] = at;
		at += rows_up(rows * r->unit_lines * r->in_line[i], r->line) *
		      r->line;
	}
	if (!r->resident) {
		r->vector_offset = at;
		at += vectors * r->unit_lines * r->line;
	}
	for (i = 0; i < r->slots; i++)
		r->in_slot[i] = i * at;
	at = use->in_banks * eighth;
	for (i = 0; i < ROWS_TEMPS; i++)
		r->temp_offset[i] = at + i * rows * r->unit_lines * r->line;
	at += use->temp_banks * eighth;
	r->out_offset = at;
	r->out_bytes = rows * r->unit_lines * r->out_line;
	at = 7 * eighth;
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
	uint32_t more = rows % tiles;

	r->now.row = tile * each + rows_min(tile, more);
	r->end = r->now.row + each + (tile < more);
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
	r->tail = r->cols & (r->n - 1);
	for (i = 0; i < ROWS_INS && use->in[i]; i++)
		r->in_line[i] =
			r->n * ash_format_bytes(
				       (enum ash_format)use->in[i]->format);
	if (use->out)
		r->out_line = r->n * ash_format_bytes(
					     (enum ash_format)use->out->format);
	rows_split(r, shape->rows);
	r->next.row = r->now.row;
	rows_layout(r);
	rows_walk_batch(r, &r->now);
	r->next = r->now;
	if (r->now.rows == 0)
		return;
	if (r->resident)
		rows_load_vectors(r, r->vector_offset, 0, r->cols);
	while (r->next.rows && r->loaded < r->slots)
		rows_load(r);
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
	rows_each(r, ASH_VEC(ASH_FMT_F32, ASH_FMT_F32) |
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

void rows_columns(const struct rows *r, uint32_t cfg, const struct rows_at *dst,
		  const struct rows_at *src, const struct rows_at *src2,
		  const struct rows_at *bias, const struct rows_at *scale)
{
	uint32_t from = src->offset, to = dst->offset;
	uint32_t from2 = src2 ? src2->offset : 0;
	uint32_t add = bias ? bias->offset : 0;
	uint32_t times = scale ? scale->offset : 0;
	uint32_t i;

	ash_vector_shape(cfg, 0, 0);
	ash_vector_groups(r->batch, dst->gpitch, src->gpitch,
			  src2 ? src2->gpitch : 0);
	ash_vector_tail(0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, 0);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, 1);
	for (i = 0; i < r->segment_lines; i++) {
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, from);
		ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, to);
		if (src2)
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, from2);
		if (bias)
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_BIAS, add);
		if (scale)
			ash_write(ASH_VECTOR + ASHLAR_VECTOR_SCALE, times);
		ash_start(ASH_VECTOR);
		from += src->pitch;
		to += dst->pitch;
		from2 += src2 ? src2->pitch : 0;
		add += r->line;
		times += r->line;
	}
}
