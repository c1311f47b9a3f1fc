/* SPDX-License-Identifier: MIT */
/* A matrix command as all implementations see it. */
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
	uint32_t k;
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
		.k = c->k,
		.accumulate = c->cfg & ASHLAR_MATRIX_CFG_ACCUMULATE_MASK,
		.acc = t->acc + (size_t)acc * t->n * t->n,
		.a = { t->spad + c->a_addr, c->a_pitch,
		       c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK },
		.b = { t->spad + c->b_addr, c->b_pitch,
		       c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK },
	};

	return j;
}

static inline uint32_t matrix_size_of(uint32_t type)
{
	return type == ASHLAR_MATRIX_CFG_TYPE_INT8 ? 1 : 2;
}

/*
 * Row form: element k of a row and those behind it; k-major: element k of all
 * rows. `size` is that of an element.
 */
static inline const uint8_t *matrix_row(const struct matrix_operand *o,
					uint32_t size, size_t row, size_t k)
{
	return o->at + row * o->pitch + k * size;
}

static inline const uint8_t *matrix_line(const struct matrix_operand *o,
					 uint32_t size, uint32_t n, size_t k)
{
	size_t per_word = 4 / size;

	return o->at + k / per_word * o->pitch + k % per_word * size * n;
}

#endif
