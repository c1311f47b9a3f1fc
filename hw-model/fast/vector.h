/* SPDX-License-Identifier: MIT */
/* A vector command as all implementations see it. */
#ifndef FAST_VECTOR_H
#define FAST_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ash_units.h"
#include "ashlar_regs.h"

#define VECTOR_N_MAX 64u

enum vector_format {
	ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32,
	ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32,
	I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

struct vector_rows {
	uint8_t *at;
	size_t pitch;
};

struct vector_job {
	uint32_t n, rows;
	uint32_t src_fmt, dst_fmt;
	uint32_t op; /* of SRC2 */
	bool integer; /* the source is */
	bool src2_on, bias_on, scale_on, relu;
	struct vector_rows src, src2, dst;
	const uint8_t *bias; /* a row, if bias_on */
	const uint8_t *scalev; /* a row, or NULL: the same scale for all */
	uint32_t scale;
};

static inline size_t vector_size_of(uint32_t fmt)
{
	if (fmt == I8)
		return 1;
	return fmt == BF16 || fmt == FP16 ? 2 : 4;
}

static inline struct vector_job vector_job_of(const struct ash_tile *t,
					      const struct ash_vector_cmd *c)
{
	bool scalev = c->cfg & ASHLAR_VECTOR_CFG_SCALEV_EN_MASK;
	struct vector_job j = {
		.n = t->n,
		.rows = c->rows,
		.src_fmt = (c->cfg & ASHLAR_VECTOR_CFG_SRC_FMT_MASK) >>
			   ASHLAR_VECTOR_CFG_SRC_FMT_SHIFT,
		.dst_fmt = (c->cfg & ASHLAR_VECTOR_CFG_DST_FMT_MASK) >>
			   ASHLAR_VECTOR_CFG_DST_FMT_SHIFT,
		.op = (c->cfg & ASHLAR_VECTOR_CFG_SRC2_OP_MASK) >>
		      ASHLAR_VECTOR_CFG_SRC2_OP_SHIFT,
		.src2_on = c->cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK,
		.bias_on = c->cfg & ASHLAR_VECTOR_CFG_BIAS_EN_MASK,
		.scale_on = scalev || c->cfg & ASHLAR_VECTOR_CFG_SCALE_EN_MASK,
		.relu = c->cfg & ASHLAR_VECTOR_CFG_RELU_MASK,
		.dst = { t->spad + c->dst, c->dst_pitch },
		.scale = c->scale,
	};

	/* Addresses that the command does not use may be anything. */
	if (j.src_fmt <= ACC_F32)
		j.src = (struct vector_rows){
			(uint8_t *)(t->acc +
				    ((size_t)c->src * t->n + c->acc_row) *
					    t->n),
			4 * t->n
		};
	else
		j.src = (struct vector_rows){ t->spad + c->src, c->src_pitch };
	if (j.src2_on)
		j.src2 = (struct vector_rows){ t->spad + c->src2,
					       c->src2_pitch };
	if (j.bias_on)
		j.bias = t->spad + c->bias;
	if (scalev)
		j.scalev = t->spad + c->scalev;
	j.integer = j.src_fmt == ACC_I32 || j.src_fmt == I32 || j.src_fmt == I8;
	return j;
}

#endif
