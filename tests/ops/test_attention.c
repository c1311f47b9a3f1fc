// SPDX-License-Identifier: MIT
/* Attention, rotary embedding, embedding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "ot.h"

/* --- Cases ---------------------------------------------------------------------- */

/* [batch, heads, length, d]: as it stands, or [batch, length, heads, d]. */
static struct ashlar_tensor heads_tensor(struct ot *t, uint32_t format,
					 const uint64_t *shape)
{
	enum ot_layout layout = ot_range(t, 0, 1) ? OT_PACKED : OT_ROWS;
	uint64_t turned[4] = { shape[0], shape[2], shape[1], shape[3] };
	struct ashlar_tensor x;
	int64_t stride;

	if (ot_range(t, 0, 1))
		return ot_tensor(t, format, 4, shape, layout);
	x = ot_tensor(t, format, 4, turned, layout);
	stride = x.stride[1];
	x.stride[1] = x.stride[2];
	x.stride[2] = stride;
	x.shape[1] = shape[1];
	x.shape[2] = shape[2];
	return x;
}

struct attention_limits {
	uint64_t scores; /* most of batch * heads * lq * lk */
	uint32_t length;
};

struct attention_shape {
	uint64_t q[4], k[4];
	uint32_t format, out, flags;
	float scale;
	bool plain; /* values for which results are finite */
};

/* Lengths up to the scores that are allowed; often near tiles and blocks. */
static struct attention_shape random_attention(struct ot *t,
					       const struct attention_limits *m)
{
	static const float scales[] = { 0, 0.125f, 1, 3e-5f, 40 };
	struct attention_shape s = { .q = { 1, 1, 1, 1 } };
	uint64_t left = m->scores;
	uint32_t group;

	s.q[3] = ot_range(t, 0, 3) ? ot_range(t, 1, 128) :
				     32u << ot_range(t, 0, 2);
	if (ot_range(t, 0, 2) == 0)
		s.q[3] = 64;
	s.q[2] = ot_size(t, m->length);
	left /= s.q[2] ? s.q[2] : 1;
	if (left > m->length)
		left = m->length;
	s.k[2] = ot_size(t, (uint32_t)(left ? left : 1));
	if (ot_range(t, 0, 3) == 0)
		s.k[2] = s.q[2];
	left = m->scores / (s.q[2] * s.k[2] + 1);
	s.q[0] = left > 1 ? ot_range(t, 1, left < 3 ? (uint32_t)left : 3) : 1;
	left /= s.q[0];
	group = left > 1 ? ot_range(t, 1, left < 4 ? (uint32_t)left : 4) : 1;
	left /= group;
	s.k[1] = left > 1 ? ot_range(t, 1, left < 4 ? (uint32_t)left : 4) : 1;
	s.q[1] = s.k[1] * group;
	s.k[0] = s.q[0];
	s.k[3] = s.q[3];
	s.format = ot_format(t, CHECK_BF16 | CHECK_FP16);
	s.out = ot_format(t, CHECK_FLOATS);
	s.flags = ot_range(t, 0, 1);
	s.scale = scales[ot_range(t, 0, 4)];
	return s;
}

static const struct ashlar_op *build_attention(struct ot *t, const void *param)
{
	struct ashlar_op_attention *op = OT_OP(t, attention);
	struct attention_shape s = random_attention(t, param);
	bool uniform = ot_range(t, 0, 1);

	op->q = heads_tensor(t, s.format, s.q);
	op->k = heads_tensor(t, s.format, s.k);
	op->v = heads_tensor(t, s.format, s.k);
	op->o = heads_tensor(t, s.out, s.q);
	if (ot_range(t, 0, 1))
		op->lse = ot_tensor(t, ASHLAR_F32, 3, s.q, OT_ROWS);
	op->scale = s.scale;
	op->flags = s.flags;
	if (uniform) {
		ot_fill_uniform(t, &op->q, -2, 2);
		ot_fill_uniform(t, &op->k, -2, 2);
		ot_fill_uniform(t, &op->v, -2, 2);
	}
	snprintf(
		t->text, sizeof(t->text),
		"attention q %ux%ux%ux%u kv heads %u lk %u %s to %s%s%s scale %g",
		(unsigned)s.q[0], (unsigned)s.q[1], (unsigned)s.q[2],
		(unsigned)s.q[3], (unsigned)s.k[1], (unsigned)s.k[2],
		format_name(s.format), format_name(s.out),
		s.flags ? " causal" : "", uniform ? " uniform" : "", s.scale);
	return &op->op;
}

static const struct ashlar_op *build_attention_dx(struct ot *t,
						  const void *param)
{
	struct ashlar_op_attention_dx *op = OT_OP(t, attention_dx);
	struct attention_shape s = random_attention(t, param);
	bool uniform = ot_range(t, 0, 1);

	op->q = heads_tensor(t, s.format, s.q);
	op->k = heads_tensor(t, s.format, s.k);
	op->v = heads_tensor(t, s.format, s.k);
	op->o = heads_tensor(t, s.out, s.q);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, s.q, OT_ROWS);
	op->dout = heads_tensor(t, s.format, s.q);
	op->dq = heads_tensor(t, ot_format(t, CHECK_FLOATS), s.q);
	op->dk = heads_tensor(t, ot_format(t, CHECK_FLOATS), s.k);
	op->dv = heads_tensor(t, ot_format(t, CHECK_FLOATS), s.k);
	op->scale = s.scale;
	op->flags = s.flags;
	if (uniform) {
		ot_fill_uniform(t, &op->q, -2, 2);
		ot_fill_uniform(t, &op->k, -2, 2);
		ot_fill_uniform(t, &op->v, -2, 2);
		ot_fill_uniform(t, &op->o, -2, 2);
		ot_fill_uniform(t, &op->dout, -2, 2);
		ot_fill_uniform(t, &op->lse, 0, 9);
	}
	snprintf(
		t->text, sizeof(t->text),
		"attention_dx q %ux%ux%ux%u kv heads %u lk %u %s%s%s scale %g",
		(unsigned)s.q[0], (unsigned)s.q[1], (unsigned)s.q[2],
		(unsigned)s.q[3], (unsigned)s.k[1], (unsigned)s.k[2],
		format_name(s.format), s.flags ? " causal" : "",
		uniform ? " uniform" : "", s.scale);
	return &op->op;
}

static const struct ashlar_op *build_rotary(struct ot *t, const void *param)
{
	struct ashlar_op_rotary *op = OT_OP(t, rotary);
	uint64_t shape[4] = { ot_range(t, 1, 3), ot_range(t, 1, 4),
			      ot_size(t, t->lanes * 4), 0 };
	uint64_t table[2];
	char text[64];

	(void)param;
	shape[3] = 2 * (ot_range(t, 0, 1) ? ot_range(t, 1, 128) :
					    1u << ot_range(t, 0, 7));
	table[0] = shape[2];
	table[1] = shape[3] / 2;
	op->x = heads_tensor(t, ot_format(t, CHECK_FLOATS), shape);
	op->y = heads_tensor(t, ot_format(t, CHECK_FLOATS), shape);
	op->cos = ot_tensor(t, ASHLAR_F32, 2, table, OT_ROWS);
	op->sin = ot_tensor(t, ASHLAR_F32, 2, table, OT_ROWS);
	op->flags = ot_range(t, 0, 3);
	if (ot_range(t, 0, 3) == 0)
		op->x = op->y;
	snprintf(t->text, sizeof(t->text), "rotary %s %s to %s flags %u%s",
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format),
		 op->flags, op->x.addr == op->y.addr ? " in place" : "");
	return &op->op;
}

/* Tokens, rows and columns; indices of which some are outside. */
struct embedding_shape {
	uint64_t table[2], rows[2];
};

static struct embedding_shape random_embedding(struct ot *t, uint32_t most)
{
	struct embedding_shape s;

	s.rows[1] = ot_size(t, ot_range(t, 0, 4) ? most / 20 : most);
	s.rows[0] = ot_size(t, most / ((uint32_t)s.rows[1] + 1) + 1);
	s.table[1] = s.rows[1];
	s.table[0] = ot_size(t, most / ((uint32_t)s.rows[1] + 1) + 1);
	/* Few rows: each comes often. */
	if (ot_range(t, 0, 2) == 0)
		s.table[0] = ot_range(t, 1, 5);
	return s;
}

static struct ashlar_tensor index_tensor(struct ot *t,
					 const struct embedding_shape *s)
{
	/* Repeats are read, backwards not. */
	struct ashlar_tensor x =
		ot_tensor(t, ASHLAR_I32, 1, s->rows,
			  ot_range(t, 0, 1) ? OT_PACKED : OT_WRITTEN);
	int32_t rows = (int32_t)s->table[0];

	if (ot_range(t, 0, 1))
		ot_fill_range(t, &x, 0, rows ? rows - 1 : 0);
	else
		ot_fill_range(t, &x, -2, rows + 1);
	return x;
}

static const struct ashlar_op *build_embedding(struct ot *t, const void *param)
{
	struct ashlar_op_embedding *op = OT_OP(t, embedding);
	struct embedding_shape s =
		random_embedding(t, *(const uint32_t *)param);
	uint32_t format = ot_format(t, CHECK_ALL);
	char text[64], text2[64];

	op->index = index_tensor(t, &s);
	op->table = ot_tensor(t, format, 2, s.table, OT_ROWS);
	op->y = ot_tensor(t, format, 2, s.rows, OT_ROWS);
	snprintf(t->text, sizeof(t->text), "embedding %s of %s %s",
		 shape_text(&op->y, text, sizeof(text)),
		 shape_text(&op->table, text2, sizeof(text2)),
		 format_name(format));
	return &op->op;
}

static const struct ashlar_op *build_embedding_dx(struct ot *t,
						  const void *param)
{
	struct ashlar_op_embedding_dx *op = OT_OP(t, embedding_dx);
	struct embedding_shape s =
		random_embedding(t, *(const uint32_t *)param);
	char text[64], text2[64];

	if (s.rows[1] == 0)
		s.rows[1] = 1;
	if (s.rows[1] > 16384)
		s.rows[1] = 16384;
	s.table[1] = s.rows[1];
	op->index = index_tensor(t, &s);
	op->dy = ot_tensor(t, ot_format(t, CHECK_FLOATS), 2, s.rows, OT_ROWS);
	op->dtable = ot_tensor(t, ASHLAR_F32, 2, s.table, OT_ROWS);
	op->padding = (int64_t)ot_range(t, 0, (uint32_t)s.table[0]) - 1;
	op->flags = ot_range(t, 0, 1);
	snprintf(t->text, sizeof(t->text),
		 "embedding_dx %s %s of %s padding %d flags %u",
		 shape_text(&op->dy, text, sizeof(text)),
		 format_name(op->dy.format),
		 shape_text(&op->dtable, text2, sizeof(text2)),
		 (int)op->padding, op->flags);
	return &op->op;
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	struct attention_limits limits = {
		.scores = t->lanes == 8 ? 20000 : 150000,
		.length = t->lanes == 8 ? 300 : 900,
	};
	uint32_t elements = t->lanes == 8 ? 9000 : 40000;
	unsigned long i;

	(void)host;
	for (i = 0; i < cases; i++) {
		switch (i % 7) {
		case 0:
			ot_run(t, build_rotary, NULL);
			break;
		case 1:
			ot_run(t, build_embedding, &elements);
			break;
		case 2:
			ot_run(t, build_embedding_dx, &elements);
			break;
		case 3:
		case 4:
			ot_run(t, build_attention_dx, &limits);
			break;
		default:
			ot_run(t, build_attention, &limits);
			break;
		}
	}
}
