// SPDX-License-Identifier: MIT
/*
 * Macro-operations of the matrix and the vector unit: judged and done when
 * issued, with the time that hw-model/rtl/{matrix,vector} take.
 */
#include "tile.h"

#include <string.h>

/* From the last step to DONE, and from GO to the first line asked for. */
#define MATRIX_END_CYCLES   5
#define MATRIX_BEGIN_CYCLES 2
#define VECTOR_END_CYCLES   6
#define CHECK_CYCLES	    2

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
	fill = later(lines_a, lines_b);

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

void vector_go(struct tile *t, uint64_t at)
{
	struct unit *u = &t->unit[U_VECTOR];
	struct ash_vector_cmd c;
	struct ash_cmd_error err;
	uint64_t rows, begin;
	uint32_t n;

	memcpy(&c, u->par, sizeof(c));
	n = unit_push(u);
	if (u->fault_at != NEVER)
		return;
	if (ash_vector_check(&t->units, &c, &err)) {
		refuse(u, n, ASHLAR_TILE_FAULT_UNIT_VECTOR, at, &err);
		return;
	}
	work_vector(t->work, &c);
	tile_work_given(t);

	rows = c.rows;
	/* The scratchpad has one read port for the unit. */
	if ((c.cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK) &&
	    FIELD(c.cfg, VECTOR_CFG_SRC_FMT) >
		    ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32)
		rows *= 2;
	rows += !!(c.cfg & ASHLAR_VECTOR_CFG_BIAS_EN_MASK);
	rows += !!(c.cfg & ASHLAR_VECTOR_CFG_SCALEV_EN_MASK);
	begin = later(at, u->free);
	t->perf.vector_busy += (uint32_t)rows;
	unit_times(u, n, begin, begin + rows + VECTOR_END_CYCLES, begin + rows);
}
