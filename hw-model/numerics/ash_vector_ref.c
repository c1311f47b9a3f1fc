// SPDX-License-Identifier: MIT
/* The vector unit: the result of a command (ash_units.h), element by element. */
#include <stddef.h>

#include "ash_num.h"
#include "ash_units.h"
#include "ash_vector_int.h"

#define LANES 64
#define ONE   0x3f800000u

static uint32_t load(const uint8_t *p, uint32_t size)
{
	uint32_t v = 0;

	for (uint32_t i = 0; i < size; i++)
		v |= (uint32_t)p[i] << 8 * i;
	return v;
}

static void store(uint8_t *p, uint32_t size, uint32_t v)
{
	for (uint32_t i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * i);
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
	int32_t a = (int32_t)x, b = (int32_t)y;

	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		return x + y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		return x - y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		return (uint32_t)((uint64_t)x * y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		return a > b ? x : y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		return a < b ? x : y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		return a > b;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		return a >= b;
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		return a == b;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		return b > 0 ? x : 0;
	case ASHLAR_VECTOR_CFG_SRC2_OP_KEEP:
		return b != 0 ? x : 0;
	case ASHLAR_VECTOR_CFG_SRC2_OP_MULHU:
		return (uint32_t)((uint64_t)x * y >> 32);
	case ASHLAR_VECTOR_CFG_SRC2_OP_AND:
		return x & y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_OR:
		return x | y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_XOR:
		return x ^ y;
	case ASHLAR_VECTOR_CFG_SRC2_OP_SHL:
		return x << (y & 31);
	default:
		return x >> (y & 31);
	}
}

static bool is_zero(uint32_t x)
{
	return (x & 0x7fffffff) == 0;
}

static bool above(uint32_t x, uint32_t y)
{
	if (x == ASH_F32_NAN || y == ASH_F32_NAN || (is_zero(x) && is_zero(y)))
		return false;
	return x != y && ash_f32_max(x, y) == x;
}

/* NaN equals NaN. */
static bool equal(uint32_t x, uint32_t y)
{
	return x == y || (is_zero(x) && is_zero(y));
}

static uint32_t combine_f32(uint32_t op, uint32_t x, uint32_t y)
{
	x = ash_f32_read(x);
	y = ash_f32_read(y);
	switch (op) {
	case ASHLAR_VECTOR_CFG_SRC2_OP_ADD:
		return ash_f32_add(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_SUB:
		return ash_f32_sub(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MUL:
		return ash_f32_mul(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MAX:
		return ash_f32_max(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_MIN:
		return ash_f32_min(x, y);
	case ASHLAR_VECTOR_CFG_SRC2_OP_GT:
		return above(x, y) ? ONE : 0;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GE:
		return above(x, y) || (equal(x, y) && x != ASH_F32_NAN) ? ONE :
									  0;
	case ASHLAR_VECTOR_CFG_SRC2_OP_EQ:
		return equal(x, y) ? ONE : 0;
	case ASHLAR_VECTOR_CFG_SRC2_OP_GATE:
		return above(y, 0) ? x : 0;
	default: /* KEEP */
		return is_zero(y) ? 0 : x;
	}
}

static uint32_t function(uint32_t fn, uint32_t x)
{
	switch (fn) {
	case ASHLAR_VECTOR_OP_FN_EXP:
		return ash_f32_exp(x);
	case ASHLAR_VECTOR_OP_FN_LOG:
		return ash_f32_log(x);
	case ASHLAR_VECTOR_OP_FN_RECIP:
		return ash_f32_recip(x);
	case ASHLAR_VECTOR_OP_FN_RSQRT:
		return ash_f32_rsqrt(x);
	case ASHLAR_VECTOR_OP_FN_SQRT:
		return ash_f32_sqrt(x);
	case ASHLAR_VECTOR_OP_FN_TANH:
		return ash_f32_tanh(x);
	case ASHLAR_VECTOR_OP_FN_ERF:
		return ash_f32_erf(x);
	case ASHLAR_VECTOR_OP_FN_ABS:
		return ash_f32_read(x) & 0x7fffffff;
	default: /* SQUARE */
		return ash_f32_mul(x, x);
	}
}

static uint32_t to_f32(bool *integer, uint32_t x)
{
	if (*integer)
		x = ash_i32_to_f32((int32_t)x);
	*integer = false;
	return x;
}

static uint32_t combine(bool integer, uint32_t op, uint32_t x, uint32_t y)
{
	return integer ? combine_i32(op, x, y) : combine_f32(op, x, y);
}

uint32_t ash_vector_value(const struct ash_vector_lane *l, int *integer_out)
{
	bool integer = is_integer(FIELD(l->cfg, VECTOR_CFG_SRC_FMT));
	bool src2 = FIELD(l->cfg, VECTOR_CFG_SRC2_SEL) != NONE;
	bool bias = FIELD(l->cfg, VECTOR_CFG_BIAS_SEL) != NONE;
	bool src2_late = l->cfg & ASHLAR_VECTOR_CFG_SRC2_LATE_MASK;
	bool bias_late = l->cfg & ASHLAR_VECTOR_CFG_BIAS_LATE_MASK;
	uint32_t op = FIELD(l->cfg, VECTOR_CFG_SRC2_OP);
	uint32_t fn = FIELD(l->op, VECTOR_OP_FN);
	uint32_t x = l->x;

	if (src2 && !src2_late)
		x = combine(integer, op, x, l->y);
	if (bias && !bias_late)
		x = integer ? x + l->bias : ash_f32_add(x, l->bias);
	if (FIELD(l->cfg, VECTOR_CFG_SCALE_SEL) != NONE) {
		x = to_f32(&integer, x);
		x = ash_f32_mul(x, l->scale);
	}
	if (bias && bias_late)
		x = integer ? x + l->bias : ash_f32_add(x, l->bias);
	if (fn != ASHLAR_VECTOR_OP_FN_NONE) {
		x = to_f32(&integer, x);
		x = function(fn, x);
	}
	if (src2 && src2_late)
		x = combine(integer, op, x, l->y);
	if (l->cfg & ASHLAR_VECTOR_CFG_RELU_MASK)
		x = !integer ? ash_f32_relu(x) : (int32_t)x < 0 ? 0 : x;
	*integer_out = integer;
	return x;
}

uint32_t ash_vector_convert(uint32_t cfg, uint32_t x, int integer)
{
	uint32_t fmt = FIELD(cfg, VECTOR_CFG_DST_FMT);

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

uint32_t ash_vector_reduce(uint32_t op, int integer, uint32_t x, uint32_t y)
{
	static const uint8_t src2_op[] = {
		[ASHLAR_VECTOR_OP_RED_OP_SUM] = ASHLAR_VECTOR_CFG_SRC2_OP_ADD,
		[ASHLAR_VECTOR_OP_RED_OP_MAX] = ASHLAR_VECTOR_CFG_SRC2_OP_MAX,
		[ASHLAR_VECTOR_OP_RED_OP_MIN] = ASHLAR_VECTOR_CFG_SRC2_OP_MIN,
	};

	return combine(integer, src2_op[FIELD(op, VECTOR_OP_RED_OP)], x, y);
}

uint32_t ash_vector_identity(uint32_t op, int integer)
{
	switch (FIELD(op, VECTOR_OP_RED_OP)) {
	case ASHLAR_VECTOR_OP_RED_OP_SUM:
		return integer ? 0 : 0x80000000;
	case ASHLAR_VECTOR_OP_RED_OP_MAX:
		return integer ? 0x80000000 : 0xff800000;
	default:
		return integer ? 0x7fffffff : 0x7f800000;
	}
}

/* SRC2, BIAS or SCALE while a command runs. */
struct operand {
	uint32_t sel, at;
	uint32_t lane[LANES]; /* a row; all alike otherwise */
	uint32_t line[LANES]; /* of scalars, as it was when it was read */
};

/* Rows of BIAS and SCALE are read once; SRC2 reads its own. */
static struct operand operand_of(const struct ash_tile *t, uint32_t sel,
				 uint32_t at, bool own_rows)
{
	struct operand o = { .sel = sel, .at = at };

	for (uint32_t i = 0; i < t->n; i++) {
		if (sel == IMM)
			o.lane[i] = at;
		else if (sel == ROW && !own_rows)
			o.lane[i] = load(t->spad + at + 4 * i, 4);
	}
	return o;
}

static void operand_group(const struct ash_tile *t, struct operand *o,
			  uint32_t group)
{
	uint32_t word = o->at / 4 + group;

	if (o->sel != SCALAR)
		return;
	for (uint32_t i = 0; i < t->n; i++)
		if (group == 0 || word % t->n == 0)
			o->line[i] =
				load(t->spad + 4 * (word / t->n * t->n + i), 4);
	for (uint32_t i = 0; i < t->n; i++)
		o->lane[i] = o->line[word % t->n];
}

struct run {
	const struct ash_tile *t;
	const struct ash_vector_cmd *c;
	struct operand src2, bias, scale;
	uint32_t dst_fmt;
	int integer; /* the values are */
	/* a group: what is to be written, and the reduction */
	uint32_t out[LANES][LANES];
	uint32_t sum[LANES];
};

/* The lanes of a row of a group, before reduction and conversion. */
static void row_values(struct run *x, uint32_t g, uint32_t r, uint32_t *value)
{
	const struct ash_tile *t = x->t;
	const struct ash_vector_cmd *c = x->c;
	uint32_t fmt = FIELD(c->cfg, VECTOR_CFG_SRC_FMT);
	uint32_t fmt2 = FIELD(c->cfg, VECTOR_CFG_SRC2_FMT);
	size_t src =
		c->src + (size_t)r * c->src_pitch + (size_t)g * c->src_gpitch;
	size_t src2 = c->src2 + (size_t)r * c->src2_pitch +
		      (size_t)g * c->src2_gpitch;

	for (uint32_t i = 0; i < t->n; i++) {
		struct ash_vector_lane l = { .cfg = c->cfg,
					     .op = c->op,
					     .y = x->src2.lane[i],
					     .bias = x->bias.lane[i],
					     .scale = x->scale.lane[i] };
		uint32_t size = size_of(fmt), size2 = size_of(fmt2);

		l.x = fmt <= ACC_F32 ?
			      t->acc[src * t->n + i] :
			      load(t->spad + src + (size_t)i * size, size);
		l.x = widen(fmt, l.x);
		if (x->src2.sel == ROW)
			l.y = widen(fmt2,
				    load(t->spad + src2 + (size_t)i * size2,
					 size2));
		value[i] = ash_vector_value(&l, &x->integer);
	}
}

static void write_row(const struct run *x, uint32_t g, uint32_t r,
		      const uint32_t *out)
{
	uint32_t size = size_of(x->dst_fmt);
	uint8_t *dst = x->t->spad + x->c->dst + (size_t)r * x->c->dst_pitch +
		       (size_t)g * x->c->dst_gpitch;

	for (uint32_t i = 0; i < x->t->n; i++)
		store(dst + (size_t)i * size, size, out[i]);
}

static void do_row(struct run *x, uint32_t g, uint32_t r)
{
	const struct ash_vector_cmd *c = x->c;
	bool transpose = c->cfg & ASHLAR_VECTOR_CFG_TRANSPOSE_MASK;
	uint32_t n = x->t->n;
	uint32_t lanes = c->tail && r == c->rows - 1 ? c->tail : n;
	uint32_t value[LANES], out[LANES];

	row_values(x, g, r, value);
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = value[i];

		out[i] = i < lanes ? ash_vector_convert(c->cfg, v, x->integer) :
				     0;
		if (i >= lanes)
			v = ash_vector_identity(c->op, x->integer);
		x->sum[i] = r == 0 ? v :
				     ash_vector_reduce(c->op, x->integer,
						       x->sum[i], v);
		if (transpose)
			x->out[i][r] = out[i];
	}
	if (x->dst_fmt && !transpose)
		write_row(x, g, r, out);
}

static void write_reduction(struct run *x, uint32_t g)
{
	uint32_t mode = FIELD(x->c->op, VECTOR_OP_RED_MODE);
	uint32_t n = x->t->n;

	if (mode == ASHLAR_VECTOR_OP_RED_MODE_WORD) {
		for (uint32_t half = n / 2; half; half /= 2)
			for (uint32_t i = 0; i < half; i++)
				x->sum[i] = ash_vector_reduce(
					x->c->op, x->integer, x->sum[i],
					x->sum[i + half]);
		store(x->t->spad + x->c->red + 4 * (size_t)g, 4, x->sum[0]);
	}
	if (mode == ASHLAR_VECTOR_OP_RED_MODE_LANES)
		for (uint32_t i = 0; i < n; i++)
			store(x->t->spad + x->c->red + 4 * ((size_t)g * n + i),
			      4, x->sum[i]);
}

int ash_vector_run(struct ash_tile *t, const struct ash_vector_cmd *c,
		   struct ash_cmd_error *err)
{
	struct run x = { .t = t,
			 .c = c,
			 .dst_fmt = FIELD(c->cfg, VECTOR_CFG_DST_FMT) };

	if (ash_vector_check(t, c, err))
		return -1;
	x.src2 = operand_of(t, FIELD(c->cfg, VECTOR_CFG_SRC2_SEL), c->src2,
			    true);
	x.bias = operand_of(t, FIELD(c->cfg, VECTOR_CFG_BIAS_SEL), c->bias,
			    false);
	x.scale = operand_of(t, FIELD(c->cfg, VECTOR_CFG_SCALE_SEL), c->scale,
			     false);
	for (uint32_t g = 0; g < c->groups; g++) {
		operand_group(t, &x.src2, g);
		operand_group(t, &x.bias, g);
		operand_group(t, &x.scale, g);
		for (uint32_t r = 0; r < c->rows; r++)
			do_row(&x, g, r);
		/* lanes ROWS and up are zero: nothing has been put there */
		if (c->cfg & ASHLAR_VECTOR_CFG_TRANSPOSE_MASK)
			for (uint32_t j = 0; j < t->n; j++)
				write_row(&x, g, j, x.out[j]);
		write_reduction(&x, g);
	}
	return 0;
}
