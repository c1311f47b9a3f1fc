// SPDX-License-Identifier: MIT
/*
 * Macro-operations of the matrix and the vector unit: judged and done when
 * issued, with the time that hw-model/rtl/{matrix,vector} take. A vector
 * operation of more than MOST_ROWS is done in parts, as its time comes: it may
 * be meant to take for ever.
 */
#include "tile.h"

#include <string.h>

/* From the last step to DONE, and from GO to the first line asked for. */
#define MATRIX_END_CYCLES   5
#define MATRIX_BEGIN_CYCLES 2
#define VECTOR_END_CYCLES   6
#define VECTOR_FN_CYCLES    3 /* more, with a function */
#define CHECK_CYCLES	    2

/* In one part, but for the rows of a single group. */
#define MOST_ROWS 16384u

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static void refuse(struct unit *u, uint32_t n, uint32_t fault_unit, uint64_t at,
		   const struct ash_cmd_error *err)
{
	const struct fault fault = {
		.cause = ASHLAR_TILE_FAULT_CAUSE_COMMAND,
		.unit = fault_unit,
		.sub = err->sub,
		.addr = err->value,
	};

	unit_fails(u, n, later(at, u->free) + CHECK_CYCLES, &fault);
}

void matrix_go(struct tile *t, uint64_t at)
{
	struct unit *u = &t->unit[U_MATRIX];
	struct ash_matrix_cmd c;
	struct ash_cmd_error err;
	uint64_t words, steps, lines_a, lines_b, fill, begin, end;
	uint64_t last = unit_idle_at(u);
	uint32_t n;

	memcpy(&c, u->par, sizeof(c));
	n = unit_push(u);
	if (u->fault_at != NEVER)
		return;
	if (ash_matrix_check(&t->units, &c, &err)) {
		refuse(u, n, ASHLAR_TILE_FAULT_UNIT_MATRIX, at, &err);
		return;
	}
	work_matrix(t->work, &c);
	tile_work_given(t);

	if (FIELD(c.cfg, MATRIX_CFG_TYPE) == ASHLAR_MATRIX_CFG_TYPE_INT8) {
		words = (c.k + 3) / 4;
		steps = words;
	} else {
		words = (c.k + 1) / 2;
		steps = c.k;
	}
	/* Row form takes whole tiles of N lines, k-major form a line a word. */
	lines_a = lines_b = words;
	if (!(c.cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK))
		lines_a = (words + ARRAY - 1) / ARRAY * ARRAY;
	if (!(c.cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK))
		lines_b = (words + ARRAY - 1) / ARRAY * ARRAY;
	/* Products of tiles and parts follow each other without a gap. */
	steps *= c.tiles * c.parts;
	fill = later(lines_a, lines_b) * c.tiles * c.parts;

	/* Operands are fetched while the commands before are worked on. */
	begin = later(at, u->free);
	end = later(begin + MATRIX_BEGIN_CYCLES +
			    (fill < ARRAY ? fill : ARRAY) + steps,
		    begin + MATRIX_BEGIN_CYCLES + fill);
	end += MATRIX_END_CYCLES;
	if (last && end < last + steps)
		end = last + steps;
	t->perf.matrix_busy += (uint32_t)steps;
	if (last < end - steps)
		t->perf.matrix_stall +=
			(uint32_t)(end - steps - later(last, begin));
	unit_times(u, n, begin, end, begin + fill);
}

static bool vector_reduces(const struct ash_vector_cmd *c)
{
	return FIELD(c->op, VECTOR_OP_RED_MODE) !=
	       ASHLAR_VECTOR_OP_RED_MODE_NONE;
}

/* Whether rows are written, not just reduced. */
static bool vector_writes(const struct ash_vector_cmd *c)
{
	return FIELD(c->cfg, VECTOR_CFG_DST_FMT) != 0;
}

/* Cycles of a group's rows. */
static uint64_t vector_group_cycles(const struct ash_vector_cmd *c)
{
	uint64_t cycles = c->rows;

	/* The scratchpad has one read port for the unit, and one to write. */
	if (FIELD(c->cfg, VECTOR_CFG_SRC2_SEL) ==
		    ASHLAR_VECTOR_CFG_SRC2_SEL_ROW &&
	    FIELD(c->cfg, VECTOR_CFG_SRC_FMT) >
		    ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32)
		cycles *= 2;
	else if (vector_reduces(c) && vector_writes(c))
		cycles++;
	if (c->cfg & ASHLAR_VECTOR_CFG_TRANSPOSE_MASK)
		cycles += ARRAY;
	return cycles;
}

/* From the last read to DONE. */
static uint64_t vector_end_cycles(const struct ash_vector_cmd *c)
{
	uint64_t cycles = VECTOR_END_CYCLES;

	if (FIELD(c->op, VECTOR_OP_FN) != ASHLAR_VECTOR_OP_FN_NONE)
		cycles += VECTOR_FN_CYCLES;
	/* a reduction follows the last row, which may be written; its tree */
	if (vector_reduces(c))
		cycles += !vector_writes(c);
	if (FIELD(c->op, VECTOR_OP_RED_MODE) == ASHLAR_VECTOR_OP_RED_MODE_WORD)
		cycles += (uint64_t)__builtin_ctz(ARRAY) - 1;
	return cycles;
}

/* Lines of BIAS, SCALE or the words of SRC2 that some groups read. */
static uint64_t vector_side_lines(uint32_t sel, uint32_t at, uint32_t first,
				  uint32_t end)
{
	uint32_t word = at / 4 % ARRAY;

	if (sel == ASHLAR_VECTOR_CFG_SRC2_SEL_ROW)
		return first == 0;
	if (sel != ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR)
		return 0;
	return (word + end - 1) / ARRAY - (word + first) / ARRAY +
	       (first == 0 || (word + first) % ARRAY == 0);
}

/* Goes on until it is through, or for as long as one part may take. */
static void vector_part(struct tile *t)
{
	struct unit *u = &t->unit[U_VECTOR];
	struct vector_open *v = &t->vector;
	const struct ash_vector_cmd *c = &v->cmd;
	uint32_t src2 = FIELD(c->cfg, VECTOR_CFG_SRC2_SEL);
	uint32_t first = v->next, most = MOST_ROWS / c->rows;
	uint64_t cycles;

	if (most == 0)
		most = 1;
	v->next = c->groups - first < most ? c->groups : first + most;
	work_vector(t->work, c, first, v->next);
	tile_work_given(t);

	cycles = (v->next - first) * vector_group_cycles(c);
	if (src2 == ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR)
		cycles += vector_side_lines(src2, c->src2, first, v->next);
	cycles += vector_side_lines(FIELD(c->cfg, VECTOR_CFG_BIAS_SEL), c->bias,
				    first, v->next);
	cycles += vector_side_lines(FIELD(c->cfg, VECTOR_CFG_SCALE_SEL),
				    c->scale, first, v->next);
	t->perf.vector_busy += (uint32_t)cycles;
	v->at += cycles;
	if (v->next < c->groups) {
		u->goes_on_at = v->at;
		return;
	}
	u->goes_on_at = NEVER;
	unit_times(u, v->n, u->begins[v->n % UNIT_RING],
		   v->at + vector_end_cycles(c), v->at);
}

static void vector_begin(struct tile *t, uint32_t n, const uint32_t *par,
			 uint64_t at)
{
	struct unit *u = &t->unit[U_VECTOR];
	struct vector_open *v = &t->vector;
	struct ash_cmd_error err;

	memcpy(&v->cmd, par, sizeof(v->cmd));
	v->n = n;
	v->next = 0;
	v->at = later(at, u->free);
	if (ash_vector_check(&t->units, &v->cmd, &err)) {
		refuse(u, n, ASHLAR_TILE_FAULT_UNIT_VECTOR, at, &err);
		return;
	}
	u->begins[n % UNIT_RING] = v->at;
	vector_part(t);
}

void vector_go(struct tile *t, uint64_t at)
{
	struct unit *u = &t->unit[U_VECTOR];
	uint32_t n = unit_push(u);

	if (u->fault_at != NEVER)
		return;
	if (u->goes_on_at == NEVER)
		vector_begin(t, n, u->par, at);
	else
		unit_queue(u, n, at);
}

void vector_go_on(struct tile *t)
{
	struct unit *u = &t->unit[U_VECTOR];
	uint64_t at = u->goes_on_at;
	uint32_t n;

	vector_part(t);
	/* Those that were issued meanwhile. */
	for (n = t->vector.n + 1;
	     n != u->issued && u->goes_on_at == NEVER && u->fault_at == NEVER;
	     n++)
		vector_begin(t, n, u->queue[n % UNIT_QUEUE],
			     later(at, u->ready[n % UNIT_QUEUE]));
}
