/* SPDX-License-Identifier: MIT */
/*
 * A matrix command as all implementations see it. The operands are cut into
 * units of 16 bits: one bf16 or fp16 element, or two int8 elements that follow
 * each other in k. A unit is widened to 32 bits: an fp32, or two int16.
 */
#ifndef FAST_MATRIX_H
#define FAST_MATRIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ash_units.h"
#include "ashlar_regs.h"

#define MATRIX_N_MAX 64u

struct matrix_operand {
	const uint8_t *at;
	size_t pitch;
	bool kmajor;
};

struct matrix_job {
	uint32_t type; /* ASHLAR_MATRIX_CFG_TYPE_ */
	uint32_t n;
	uint32_t units; /* K in units */
	bool half_unit; /* the second element of the last unit does not exist */
	bool accumulate;
	uint32_t *acc;
	struct matrix_operand a, b;
};

static inline struct matrix_job matrix_job_of(const struct ash_tile *t,
					      const struct ash_matrix_cmd *c)
{
	uint32_t acc = (c->cfg & ASHLAR_MATRIX_CFG_ACC_MASK) >>
		       ASHLAR_MATRIX_CFG_ACC_SHIFT;
	struct matrix_job j = {
		.type = c->cfg & ASHLAR_MATRIX_CFG_TYPE_MASK,
		.n = t->n,
		.units = c->k,
		.accumulate = c->cfg & ASHLAR_MATRIX_CFG_ACCUMULATE_MASK,
		.acc = t->acc + (size_t)acc * t->n * t->n,
		.a = { t->spad + c->a_addr, c->a_pitch,
		       c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK },
		.b = { t->spad + c->b_addr, c->b_pitch,
		       c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK },
	};

	if (j.type == ASHLAR_MATRIX_CFG_TYPE_INT8) {
		j.units = (c->k + 1) / 2;
		j.half_unit = c->k & 1;
	}
	return j;
}

/* Row form: the units of a row, k after k. */
static inline const uint8_t *matrix_row(const struct matrix_operand *o,
					size_t row, size_t unit)
{
	return o->at + row * o->pitch + 2 * unit;
}

/*
 * k-major: a unit of all rows in 2 * n bytes. With int8, the first elements of
 * the units come before the second ones.
 */
static inline const uint8_t *matrix_line(const struct matrix_operand *o,
					 uint32_t n, size_t unit)
{
	return o->at + unit / 2 * o->pitch + unit % 2 * 2 * n;
}

#endif
