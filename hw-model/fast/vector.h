/* SPDX-License-Identifier: MIT */
/* A vector command as all implementations see it. */
#ifndef FAST_VECTOR_H
#define FAST_VECTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar_regs.h"
#include "units.h"

#define VECTOR_N_MAX FAST_N_MAX

#define VECTOR_FIELD(reg, name) \
	((ASHLAR_VECTOR_##name##_MASK & (reg)) >> ASHLAR_VECTOR_##name##_SHIFT)

enum vector_format {
	ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32,
	ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32,
	I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

/* What an operand is: CFG.SRC2_SEL, BIAS_SEL and SCALE_SEL. */
enum vector_select {
	SEL_NONE = ASHLAR_VECTOR_CFG_SRC2_SEL_NONE,
	SEL_ROW = ASHLAR_VECTOR_CFG_SRC2_SEL_ROW,
	SEL_IMM = ASHLAR_VECTOR_CFG_SRC2_SEL_IMM,
	SEL_SCALAR = ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR,
};

enum vector_reduction {
	RED_NONE = ASHLAR_VECTOR_OP_RED_MODE_NONE,
	RED_WORD = ASHLAR_VECTOR_OP_RED_MODE_WORD,
	RED_LANES = ASHLAR_VECTOR_OP_RED_MODE_LANES,
};

/* Rows of groups. `at` may be anything when nothing is read or written there. */
struct vector_rows {
	uint8_t *at;
	size_t pitch, gpitch;
};

struct vector_operand {
	uint32_t sel;
	uint32_t word; /* an immediate, or an offset */
	uint32_t fmt; /* of its words: I32 or F32, as the value it meets */
};

struct vector_job {
	uint8_t *spad;
	uint32_t n, rows;
	uint32_t last_lanes; /* lanes of a group's last row */
	uint32_t src_fmt, src2_fmt, dst_fmt;
	uint32_t op; /* of SRC2 */
	uint32_t fn;
	uint32_t red; /* mode */
	uint32_t red_op; /* as an operation of SRC2 */
	bool integer; /* the source is */
	bool src2_late, bias_late, relu, transpose;
	struct vector_rows src, src2_rows, dst;
	struct vector_operand src2, bias, scale;
	uint8_t *sums; /* where the reduction goes */
	/* what of it is to be done, and what is kept for the rest */
	uint32_t first, end;
	struct fast_vector_kept *kept;
};

static inline size_t vector_size_of(uint32_t fmt)
{
	if (fmt == I8)
		return 1;
	return fmt == BF16 || fmt == FP16 ? 2 : 4;
}

static inline struct vector_job
vector_job_of(const struct ash_tile *t, const struct fast_vector_part *part)
{
	const struct ash_vector_cmd *c = part->cmd;
	static const uint8_t as_src2[4] = {
		[ASHLAR_VECTOR_OP_RED_OP_SUM] = ASHLAR_VECTOR_CFG_SRC2_OP_ADD,
		[ASHLAR_VECTOR_OP_RED_OP_MAX] = ASHLAR_VECTOR_CFG_SRC2_OP_MAX,
		[ASHLAR_VECTOR_OP_RED_OP_MIN] = ASHLAR_VECTOR_CFG_SRC2_OP_MIN,
	};
	struct vector_job j = {
		.spad = t->spad,
		.n = t->n,
		.rows = c->rows,
		.first = part->first,
		.end = part->end,
		.kept = part->kept,
		.last_lanes = c->tail ? c->tail : t->n,
		.src_fmt = VECTOR_FIELD(c->cfg, CFG_SRC_FMT),
		.src2_fmt = VECTOR_FIELD(c->cfg, CFG_SRC2_FMT),
		.dst_fmt = VECTOR_FIELD(c->cfg, CFG_DST_FMT),
		.op = VECTOR_FIELD(c->cfg, CFG_SRC2_OP),
		.fn = VECTOR_FIELD(c->op, OP_FN),
		.red = VECTOR_FIELD(c->op, OP_RED_MODE),
		.red_op = as_src2[VECTOR_FIELD(c->op, OP_RED_OP)],
		.src2_late = VECTOR_FIELD(c->cfg, CFG_SRC2_LATE),
		.bias_late = VECTOR_FIELD(c->cfg, CFG_BIAS_LATE),
		.relu = VECTOR_FIELD(c->cfg, CFG_RELU),
		.transpose = VECTOR_FIELD(c->cfg, CFG_TRANSPOSE),
		.src2 = { VECTOR_FIELD(c->cfg, CFG_SRC2_SEL), c->src2, F32 },
		.bias = { VECTOR_FIELD(c->cfg, CFG_BIAS_SEL), c->bias, F32 },
		.scale = { VECTOR_FIELD(c->cfg, CFG_SCALE_SEL), c->scale, F32 },
	};
	size_t row = 4 * (size_t)t->n;
	bool scaled = j.scale.sel != SEL_NONE;

	/* Addresses that the command does not use may be anything. */
	if (j.src_fmt <= ACC_F32)
		j.src = (struct vector_rows){ (uint8_t *)t->acc + c->src * row,
					      c->src_pitch * row,
					      c->src_gpitch * row };
	else
		j.src = (struct vector_rows){ t->spad + c->src, c->src_pitch,
					      c->src_gpitch };
	if (j.src2.sel == SEL_ROW)
		j.src2_rows = (struct vector_rows){ t->spad + c->src2,
						    c->src2_pitch,
						    c->src2_gpitch };
	if (j.dst_fmt)
		j.dst = (struct vector_rows){ t->spad + c->dst, c->dst_pitch,
					      c->dst_gpitch };
	if (j.red != RED_NONE)
		j.sums = t->spad + c->red;
	j.integer = j.src_fmt == ACC_I32 || j.src_fmt == I32 || j.src_fmt == I8;
	if (j.integer && !(j.bias_late && scaled))
		j.bias.fmt = I32;
	if (j.integer && !(j.src2_late && (scaled || j.fn)))
		j.src2.fmt = I32;
	return j;
}

#endif
