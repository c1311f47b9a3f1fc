// SPDX-License-Identifier: MIT
/* The vector unit's checks (ash_units.h), in the order in which they count. */
#include "ash_units.h"
#include "ash_vector_int.h"

static int refuse(struct ash_cmd_error *err, uint32_t sub, uint32_t value)
{
	err->sub = sub;
	err->value = value;
	return -1;
}

static bool good_cfg(const struct ash_vector_cmd *c)
{
	uint32_t dst = FIELD(c->cfg, VECTOR_CFG_DST_FMT);
	uint32_t src2 = FIELD(c->cfg, VECTOR_CFG_SRC2_FMT);
	uint32_t sel = FIELD(c->cfg, VECTOR_CFG_SRC2_SEL);
	bool reduced = FIELD(c->op, VECTOR_OP_RED_MODE) !=
		       ASHLAR_VECTOR_OP_RED_MODE_NONE;
	bool integer = integer_at_src2(c->cfg, c->op);

	if (FIELD(c->cfg, VECTOR_CFG_SRC_FMT) > I8)
		return false;
	if (dst != 0 && (dst < I32 || dst > I8))
		return false;
	if (sel == ROW &&
	    (src2 < I32 || src2 > I8 || is_integer(src2) != integer))
		return false;
	if (sel != NONE && !integer &&
	    FIELD(c->cfg, VECTOR_CFG_SRC2_OP) > ASHLAR_VECTOR_CFG_SRC2_OP_KEEP)
		return false;
	if (dst == 0 && !reduced)
		return false;
	return !(c->cfg & ASHLAR_VECTOR_CFG_TRANSPOSE_MASK) ||
	       (dst != 0 && !reduced);
}

static bool good_op(uint32_t op)
{
	uint32_t mode = FIELD(op, VECTOR_OP_RED_MODE);

	return FIELD(op, VECTOR_OP_FN) <= ASHLAR_VECTOR_OP_FN_SQUARE &&
	       mode <= ASHLAR_VECTOR_OP_RED_MODE_LANES &&
	       (mode == ASHLAR_VECTOR_OP_RED_MODE_NONE ||
		FIELD(op, VECTOR_OP_RED_OP) <= ASHLAR_VECTOR_OP_RED_OP_MIN);
}

/* What a register must be a multiple of; 1 when it is not looked at. */
static uint32_t operand_unit(uint32_t sel, uint32_t row_bytes)
{
	if (sel == ROW)
		return row_bytes;
	return sel == SCALAR ? 4 : 1;
}

/* Whether all rows, of row_bytes each, end at or before `end`. */
static bool inside(const struct ash_vector_cmd *c, uint64_t at, uint64_t pitch,
		   uint64_t gpitch, uint64_t rows, uint64_t row_bytes,
		   uint64_t end)
{
	return at + pitch * (rows - 1) + gpitch * (c->groups - UINT64_C(1)) +
		       row_bytes <=
	       end;
}

/* The same for a BIAS or SCALE: one row, or a word for each group. */
static bool operand_inside(const struct ash_tile *t,
			   const struct ash_vector_cmd *c, uint32_t sel,
			   uint32_t at)
{
	if (sel == ROW)
		return inside(c, at, 0, 0, 1, 4 * t->n, t->spad_bytes);
	return sel != SCALAR || inside(c, at, 0, 4, 1, 4, t->spad_bytes);
}

int ash_vector_check(const struct ash_tile *t, const struct ash_vector_cmd *c,
		     struct ash_cmd_error *err)
{
	uint32_t src_fmt = FIELD(c->cfg, VECTOR_CFG_SRC_FMT);
	uint32_t dst_fmt = FIELD(c->cfg, VECTOR_CFG_DST_FMT);
	uint32_t src2 = FIELD(c->cfg, VECTOR_CFG_SRC2_SEL);
	uint32_t bias = FIELD(c->cfg, VECTOR_CFG_BIAS_SEL);
	uint32_t scale = FIELD(c->cfg, VECTOR_CFG_SCALE_SEL);
	uint32_t mode = FIELD(c->op, VECTOR_OP_RED_MODE);
	bool transpose = c->cfg & ASHLAR_VECTOR_CFG_TRANSPOSE_MASK;
	bool from_acc = src_fmt <= ACC_F32;
	bool grouped = c->groups != 1;
	uint32_t line = 4 * t->n;
	uint32_t src_row = from_acc ? 1 : t->n * size_of(src_fmt);
	uint32_t src2_row = t->n * size_of(FIELD(c->cfg, VECTOR_CFG_SRC2_FMT));
	uint32_t dst_row = dst_fmt ? t->n * size_of(dst_fmt) : 1;
	uint32_t src2_unit = operand_unit(src2, src2_row);
	uint32_t src2_step = src2 == ROW ? src2_row : 1;
	uint32_t red_bytes = mode == ASHLAR_VECTOR_OP_RED_MODE_NONE ? 1 :
			     mode == ASHLAR_VECTOR_OP_RED_MODE_WORD ? 4 :
								      line;

#define MULTIPLE(reg, field, unit)                                         \
	do {                                                               \
		if (c->field % (unit))                                     \
			return refuse(err, ASHLAR_VECTOR_##reg, c->field); \
	} while (0)
#define HOLDS(reg, field, condition)                                       \
	do {                                                               \
		if (!(condition))                                          \
			return refuse(err, ASHLAR_VECTOR_##reg, c->field); \
	} while (0)

	HOLDS(CFG, cfg, good_cfg(c));
	HOLDS(OP, op, good_op(c->op));

	MULTIPLE(SRC, src, src_row);
	MULTIPLE(SRC_PITCH, src_pitch, src_row);
	MULTIPLE(SRC_GPITCH, src_gpitch, grouped ? src_row : 1);
	MULTIPLE(SRC2, src2, src2_unit);
	MULTIPLE(SRC2_PITCH, src2_pitch, src2_step);
	MULTIPLE(SRC2_GPITCH, src2_gpitch, grouped ? src2_step : 1);
	MULTIPLE(BIAS, bias, operand_unit(bias, line));
	MULTIPLE(SCALE, scale, operand_unit(scale, line));
	MULTIPLE(DST, dst, dst_row);
	MULTIPLE(DST_PITCH, dst_pitch, dst_row);
	MULTIPLE(DST_GPITCH, dst_gpitch, grouped ? dst_row : 1);
	MULTIPLE(RED, red, red_bytes);

	HOLDS(ROWS, rows,
	      c->rows >= 1 && c->rows <= (transpose ? t->n : 65535));
	HOLDS(GROUPS, groups, c->groups >= 1 && c->groups <= 65535);
	HOLDS(TAIL, tail, c->tail <= t->n);

	HOLDS(SRC, src,
	      inside(c, c->src, c->src_pitch, c->src_gpitch, c->rows, src_row,
		     from_acc ? t->accs * t->n : t->spad_bytes));
	if (src2 == ROW)
		HOLDS(SRC2, src2,
		      inside(c, c->src2, c->src2_pitch, c->src2_gpitch, c->rows,
			     src2_row, t->spad_bytes));
	else
		HOLDS(SRC2, src2, operand_inside(t, c, src2, c->src2));
	HOLDS(BIAS, bias, operand_inside(t, c, bias, c->bias));
	HOLDS(SCALE, scale, operand_inside(t, c, scale, c->scale));
	HOLDS(DST, dst,
	      dst_fmt == 0 || inside(c, c->dst, c->dst_pitch, c->dst_gpitch,
				     transpose ? t->n : c->rows, dst_row,
				     t->spad_bytes));
	HOLDS(RED, red,
	      mode == ASHLAR_VECTOR_OP_RED_MODE_NONE ||
		      inside(c, c->red, 0, red_bytes, 1, red_bytes,
			     t->spad_bytes));
	return 0;
}
