// SPDX-License-Identifier: MIT
/* The vector unit: checks and reference (ash_units.h). */
#include <stdbool.h>

#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"

#define FIELD(reg, name) \
	((ASHLAR_##name##_MASK & (reg)) >> ASHLAR_##name##_SHIFT)
#define LANES 64

enum format {
	ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32,
	ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32,
	I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

static bool is_integer(uint32_t fmt)
{
	return fmt == ACC_I32 || fmt == I32 || fmt == I8;
}

static uint32_t size_of(uint32_t fmt)
{
	if (fmt == I8)
		return 1;
	return fmt == BF16 || fmt == FP16 ? 2 : 4;
}

static int refuse(struct ash_cmd_error *err, uint32_t sub, uint32_t value)
{
	err->sub = sub;
	err->value = value;
	return -1;
}

/* Whether all rows, of row_bytes each, are in the scratchpad. */
static bool inside(const struct ash_tile *t, uint64_t addr, uint64_t pitch,
		   uint64_t rows, uint32_t row_bytes)
{
	return addr + pitch * (rows - 1) + row_bytes <= t->spad_bytes;
}

int ash_vector_check(const struct ash_tile *t, const struct ash_vector_cmd *c,
		     struct ash_cmd_error *err)
{
	uint32_t src_fmt = FIELD(c->cfg, VECTOR_CFG_SRC_FMT);
	uint32_t dst_fmt = FIELD(c->cfg, VECTOR_CFG_DST_FMT);
	bool from_acc = src_fmt <= ACC_F32;
	bool src2 = c->cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK;
	bool bias = c->cfg & ASHLAR_VECTOR_CFG_BIAS_EN_MASK;
	bool scale = c->cfg & ASHLAR_VECTOR_CFG_SCALE_EN_MASK;
	bool scalev = c->cfg & ASHLAR_VECTOR_CFG_SCALEV_EN_MASK;
	uint32_t src_row = t->n * size_of(src_fmt);
	uint32_t dst_row = t->n * size_of(dst_fmt);
	uint32_t line = t->n * 4;

	if (src_fmt > I8 || dst_fmt < I32 || dst_fmt > I8 ||
	    (scale && scalev) ||
	    (src2 &&
	     FIELD(c->cfg, VECTOR_CFG_SRC2_OP) > ASHLAR_VECTOR_CFG_SRC2_OP_MIN))
		return refuse(err, ASHLAR_VECTOR_CFG, c->cfg);
	if (from_acc ? c->src >= t->accs : c->src % src_row)
		return refuse(err, ASHLAR_VECTOR_SRC, c->src);
	if (!from_acc && c->src_pitch % src_row)
		return refuse(err, ASHLAR_VECTOR_SRC_PITCH, c->src_pitch);
	if (src2 && c->src2 % src_row)
		return refuse(err, ASHLAR_VECTOR_SRC2, c->src2);
	if (src2 && c->src2_pitch % src_row)
		return refuse(err, ASHLAR_VECTOR_SRC2_PITCH, c->src2_pitch);
	if (bias && c->bias % line)
		return refuse(err, ASHLAR_VECTOR_BIAS, c->bias);
	if (scalev && c->scalev % line)
		return refuse(err, ASHLAR_VECTOR_SCALEV, c->scalev);
	if (c->dst % dst_row)
		return refuse(err, ASHLAR_VECTOR_DST, c->dst);
	if (c->dst_pitch % dst_row)
		return refuse(err, ASHLAR_VECTOR_DST_PITCH, c->dst_pitch);
	if (c->rows < 1 || c->rows > (from_acc ? t->n : 65535))
		return refuse(err, ASHLAR_VECTOR_ROWS, c->rows);
	if (from_acc && (uint64_t)c->acc_row + c->rows > t->n)
		return refuse(err, ASHLAR_VECTOR_ACC_ROW, c->acc_row);
	if (!from_acc && !inside(t, c->src, c->src_pitch, c->rows, src_row))
		return refuse(err, ASHLAR_VECTOR_SRC, c->src);
	if (src2 && !inside(t, c->src2, c->src2_pitch, c->rows, src_row))
		return refuse(err, ASHLAR_VECTOR_SRC2, c->src2);
	if (bias && !inside(t, c->bias, 0, 1, line))
		return refuse(err, ASHLAR_VECTOR_BIAS, c->bias);
	if (scalev && !inside(t, c->scalev, 0, 1, line))
		return refuse(err, ASHLAR_VECTOR_SCALEV, c->scalev);
	if (!inside(t, c->dst, c->dst_pitch, c->rows, dst_row))
		return refuse(err, ASHLAR_VECTOR_DST, c->dst);
	return 0;
}

static uint32_t load(const uint8_t *p, uint32_t size)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < size; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static uint32_t widen(uint32_t fmt, uint32_t v)
{
	switch (fmt) {
	case I8:
		return (uint32_t)(int8_t)v;
	case BF16:
		return ash_bf16_to_f32((uint16_t)v);
	case FP16:
		return ash_f16_to_f32((uint16_t)v);
	case F32:
	case ACC_F32:
		return ash_f32_read(v);
	default:
		return v;
	}
}

static uint32_t combine_i32(uint32_t op, uint32_t x, uint32_t y)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		return x + y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		return x - y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		return (uint32_t)((uint64_t)x * y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		return (int32_t)x > (int32_t)y ? x : y;
	default:
		return (int32_t)x < (int32_t)y ? x : y;
	}
}

static uint32_t combine_f32(uint32_t op, uint32_t x, uint32_t y)
{
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		return ash_f32_add(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		return ash_f32_sub(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		return ash_f32_mul(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		return ash_f32_max(x, y);
	default:
		return ash_f32_min(x, y);
	}
}

static uint32_t narrow(uint32_t fmt, bool integer, uint32_t x)
{
	if (integer) {
		if (fmt == I32)
			return x;
		if (fmt == I8)
			return (uint8_t)ash_i32_to_i8((int32_t)x);
		x = ash_i32_to_f32((int32_t)x);
	}
	switch (fmt) {
	case I32:
		return (uint32_t)ash_f32_to_i32(x);
	case I8:
		return (uint8_t)ash_f32_to_i8(x);
	case BF16:
		return ash_f32_to_bf16(x);
	case FP16:
		return ash_f32_to_f16(x);
	default:
		return ash_f32_read(x);
	}
}

uint32_t ash_vector_lane(const struct ash_vector_lane *l)
{
	bool integer = is_integer(FIELD(l->cfg, VECTOR_CFG_SRC_FMT));
	uint32_t op = FIELD(l->cfg, VECTOR_CFG_SRC2_OP);
	uint32_t x = l->x;

	if (l->cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK)
		x = integer ? combine_i32(op, x, l->y) :
			      combine_f32(op, x, l->y);
	if (l->cfg & ASHLAR_VECTOR_CFG_BIAS_EN_MASK)
		x = integer ? x + l->bias : ash_f32_add(x, l->bias);
	if (l->cfg & (ASHLAR_VECTOR_CFG_SCALE_EN_MASK |
		      ASHLAR_VECTOR_CFG_SCALEV_EN_MASK)) {
		x = ash_f32_mul(integer ? ash_i32_to_f32((int32_t)x) : x,
				l->scale);
		integer = false;
	}
	if (l->cfg & ASHLAR_VECTOR_CFG_RELU_MASK)
		x = !integer ? ash_f32_relu(x) : (int32_t)x < 0 ? 0 : x;
	return narrow(FIELD(l->cfg, VECTOR_CFG_DST_FMT), integer, x);
}

int ash_vector_run(struct ash_tile *t, const struct ash_vector_cmd *c,
		   struct ash_cmd_error *err)
{
	uint32_t src_fmt = FIELD(c->cfg, VECTOR_CFG_SRC_FMT);
	uint32_t src_size = size_of(src_fmt);
	uint32_t dst_size = size_of(FIELD(c->cfg, VECTOR_CFG_DST_FMT));
	uint32_t bias[LANES] = { 0 }, scale[LANES], out[LANES];

	if (ash_vector_check(t, c, err))
		return -1;
	for (uint32_t i = 0; i < t->n; i++) {
		if (c->cfg & ASHLAR_VECTOR_CFG_BIAS_EN_MASK)
			bias[i] = load(t->spad + c->bias + 4 * i, 4);
		scale[i] = c->scale;
		if (c->cfg & ASHLAR_VECTOR_CFG_SCALEV_EN_MASK)
			scale[i] = load(t->spad + c->scalev + 4 * i, 4);
	}
	for (uint32_t r = 0; r < c->rows; r++) {
		uint8_t *dst = t->spad + c->dst + (uint64_t)r * c->dst_pitch;

		for (uint32_t i = 0; i < t->n; i++) {
			struct ash_vector_lane l = { .cfg = c->cfg,
						     .bias = bias[i],
						     .scale = scale[i] };

			if (src_fmt <= ACC_F32)
				l.x = t->acc[(c->src * t->n + c->acc_row + r) *
						     t->n +
					     i];
			else
				l.x = load(t->spad + c->src +
						   (uint64_t)r * c->src_pitch +
						   i * src_size,
					   src_size);
			l.x = widen(src_fmt, l.x);
			if (c->cfg & ASHLAR_VECTOR_CFG_SRC2_EN_MASK)
				l.y = widen(src_fmt,
					    load(t->spad + c->src2 +
							 (uint64_t)r *
								 c->src2_pitch +
							 i * src_size,
						 src_size));
			out[i] = ash_vector_lane(&l);
		}
		for (uint32_t i = 0; i < t->n * dst_size; i++)
			dst[i] = (uint8_t)(out[i / dst_size] >>
					   8 * (i % dst_size));
	}
	return 0;
}
