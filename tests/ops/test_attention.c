// SPDX-License-Identifier: MIT
/* Attention, rotary embedding, embedding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "ot.h"
#include "ref.h"

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

/* Of queries and keys together: gradients take 12 bytes of the arena for each. */
#define ELEMENTS_MAX 500000u

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
	/* With few or no scores, tensors may still be large. */
	if (s.q[2] * s.k[2] == 0 ||
	    s.q[0] * s.k[1] * (group * s.q[2] + s.k[2]) * s.q[3] >
		    ELEMENTS_MAX) {
		s.q[0] = 1;
		group = ot_range(t, 1, 2);
		s.k[1] = 1;
	}
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
	snprintf(t->text, sizeof(t->text),
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

/* --- Against double precision --------------------------------------------------- */

/* Number of an element of [batch, heads, length, d]. */
static uint64_t element(const struct ashlar_tensor *x, uint64_t b, uint64_t h,
			uint64_t i, uint64_t c)
{
	return ((b * x->shape[1] + h) * x->shape[2] + i) * x->shape[3] + c;
}

/* Attention in double: o and lse of a query; the sum of |q * k| of its worst. */
struct exact {
	double o[128], lse, terms, greatest_v;
};

static void exact_attention(const struct ashlar_op_attention *op, uint64_t b,
			    uint64_t h, uint64_t i, struct exact *x)
{
	uint64_t lq = op->q.shape[2], lk = op->k.shape[2], d = op->q.shape[3];
	uint64_t kv = h / (op->q.shape[1] / op->k.shape[1]);
	double scale = op->scale ? op->scale : 1 / sqrt((double)d);
	double *s = calloc(lk + 1, sizeof(*s));
	double most = -INFINITY, sum = 0;
	uint64_t j, c, seen = lk;

	if (!s)
		abort();
	if (op->flags & ASHLAR_ATTENTION_CAUSAL)
		seen = i + lk + 1 > lq ? i + lk + 1 - lq : 0;
	*x = (struct exact){ .lse = -INFINITY };
	for (j = 0; j < seen; j++) {
		double terms = 0;

		for (c = 0; c < d; c++) {
			double p = ot_get(&op->q, element(&op->q, b, h, i, c)) *
				   ot_get(&op->k, element(&op->k, b, kv, j, c));

			s[j] += scale * p;
			terms += scale * fabs(p);
		}
		x->terms = fmax(x->terms, terms);
		most = fmax(most, s[j]);
	}
	for (j = 0; j < seen; j++)
		sum += exp(s[j] - most);
	for (j = 0; j < seen; j++) {
		double p = exp(s[j] - most) / sum;

		for (c = 0; c < d; c++) {
			double v = ot_get(&op->v, element(&op->v, b, kv, j, c));

			x->o[c] += p * v;
			x->greatest_v = fmax(x->greatest_v, fabs(v));
		}
	}
	if (seen)
		x->lse = most + log(sum);
	free(s);
}

/* Half a unit in the last place of a result of this size. */
static double rounding(uint32_t format, double x)
{
	double u = format == ASHLAR_F32	 ? ldexp(1, -24) :
		   format == ASHLAR_BF16 ? ldexp(1, -8) :
					   ldexp(1, -11);

	return fabs(x) * u + (format == ASHLAR_FP16 ? ldexp(1, -25) : 1e-37);
}

static const struct ashlar_op *build_uniform(struct ot *t, const void *param)
{
	struct ashlar_op_attention *op = OT_OP(t, attention);
	struct attention_shape s = random_attention(t, param);
	double range = ot_range(t, 0, 1) ? 1 : 3;

	if (s.scale > 1)
		s.scale = 0;
	op->q = ot_tensor(t, s.format, 4, s.q, OT_PACKED);
	op->k = ot_tensor(t, s.format, 4, s.k, OT_PACKED);
	op->v = ot_tensor(t, s.format, 4, s.k, OT_PACKED);
	op->o = ot_tensor(t, s.out, 4, s.q, OT_PACKED);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, s.q, OT_PACKED);
	op->scale = s.scale;
	op->flags = s.flags;
	ot_fill_uniform(t, &op->q, -range, range);
	ot_fill_uniform(t, &op->k, -range, range);
	ot_fill_uniform(t, &op->v, -range, range);
	snprintf(t->text, sizeof(t->text), "lq %u lk %u d %u %s flags %u",
		 (unsigned)s.q[2], (unsigned)s.k[2], (unsigned)s.q[3],
		 format_name(s.format), s.flags);
	return &op->op;
}

/* The bound of ashlar/ops_attention.h. */
static void near_exact(struct ot *t, const struct attention_limits *limits)
{
	const struct ashlar_op_attention *op =
		(const struct ashlar_op_attention *)(const void *)ot_reference(
			t, build_uniform, limits);
	double u = ldexp(1, -24), lk = (double)op->k.shape[2];
	double r = op->q.format == ASHLAR_BF16 ? ldexp(1, -8) :
						 ldexp(1, -11) + lk * u;
	uint64_t b, h, i, c;
	bool ok = true;

	for (b = 0; ok && b < op->q.shape[0]; b++)
		for (h = 0; ok && h < op->q.shape[1]; h++)
			for (i = 0; ok && i < op->q.shape[2]; i++) {
				struct exact x;
				double e;

				exact_attention(op, b, h, i, &x);
				e = ((double)op->q.shape[3] + 4) * u * x.terms;
				for (c = 0; ok && c < op->q.shape[3]; c++) {
					uint64_t n =
						element(&op->o, b, h, i, c);

					ok = ot_near(
						"o", n, ot_get(&op->o, n),
						x.o[c],
						(r + 3 * e + (lk + 40) * u) *
								x.greatest_v +
							rounding(op->o.format,
								 x.o[c]));
				}
				ok = ok &&
				     ot_near("lse",
					     element(&op->q, b, h, i, 0) /
						     op->q.shape[3],
					     ot_get(&op->lse,
						    element(&op->q, b, h, i,
							    0) /
							    op->q.shape[3]),
					     x.lse,
					     2 * e + (lk + 40) * u +
						     fabs(x.lse) * 2 * u);
			}
	ot_check(t, ok, "attention near the exact one: %s", t->text);
}

/* --- Gradients ------------------------------------------------------------------- */

#define GRAD_HEADS 4u
#define GRAD_KV	   2u
#define GRAD_D	   6u

struct gradient_case {
	uint32_t format, flags, lq, lk;
	struct ashlar_op_attention *forward;
};

/* Forward with what backward needs of it, and backward. */
static const struct ashlar_op *build_gradient(struct ot *t, const void *param)
{
	struct gradient_case *g = (struct gradient_case *)(uintptr_t)param;
	struct ashlar_op_attention *f = OT_OP(t, attention);
	struct ashlar_op_attention_dx *op = OT_OP(t, attention_dx);
	uint64_t q[] = { 1, GRAD_HEADS, g->lq, GRAD_D };
	uint64_t k[] = { 1, GRAD_KV, g->lk, GRAD_D };

	op->q = ot_tensor(t, g->format, 4, q, OT_PACKED);
	op->k = ot_tensor(t, g->format, 4, k, OT_PACKED);
	op->v = ot_tensor(t, g->format, 4, k, OT_PACKED);
	op->dout = ot_tensor(t, g->format, 4, q, OT_PACKED);
	ot_fill_uniform(t, &op->q, -1.5, 1.5);
	ot_fill_uniform(t, &op->k, -1.5, 1.5);
	ot_fill_uniform(t, &op->v, -1, 1);
	ot_fill_uniform(t, &op->dout, -1, 1);
	op->o = ot_tensor(t, ASHLAR_F32, 4, q, OT_PACKED);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, q, OT_PACKED);
	op->dq = ot_tensor(t, ASHLAR_F32, 4, q, OT_PACKED);
	op->dk = ot_tensor(t, ASHLAR_F32, 4, k, OT_PACKED);
	op->dv = ot_tensor(t, ASHLAR_F32, 4, k, OT_PACKED);
	op->flags = g->flags;
	f->q = op->q;
	f->k = op->k;
	f->v = op->v;
	f->o = op->o;
	f->lse = op->lse;
	f->flags = g->flags;
	g->forward = f;
	/* Addresses are the host's: this is for ot_reference() only. */
	ref_op(&f->op, t->lanes);
	return &op->op;
}

struct loss {
	struct ashlar_op_attention op; /* on doubles below, as packed */
	double *q, *k, *v, *dout;
	double *x; /* the one of them that is varied */
};

/* The sum of dout * o in double. */
static double attention_loss(const double *varied, void *ctx)
{
	const struct loss *l = ctx;
	uint64_t lq = l->op.q.shape[2], lk = l->op.k.shape[2], h, i, j, c;
	double sum = 0;

	(void)varied; /* is l->x, in place */
	for (h = 0; h < GRAD_HEADS; h++)
		for (i = 0; i < lq; i++) {
			uint64_t kv = h / (GRAD_HEADS / GRAD_KV);
			uint64_t seen = lk;
			double p[64], total = 0;
			const double *q = l->q + (h * lq + i) * GRAD_D;

			if (l->op.flags & ASHLAR_ATTENTION_CAUSAL)
				seen = i + lk + 1 > lq ? i + lk + 1 - lq : 0;
			for (j = 0; j < seen; j++) {
				const double *k = l->k + (kv * lk + j) * GRAD_D;

				p[j] = 0;
				for (c = 0; c < GRAD_D; c++)
					p[j] += q[c] * k[c];
				p[j] = exp(p[j] / sqrt(GRAD_D));
				total += p[j];
			}
			for (j = 0; j < seen; j++)
				for (c = 0; c < GRAD_D; c++)
					sum += p[j] / total *
					       l->v[(kv * lk + j) * GRAD_D +
						    c] *
					       l->dout[(h * lq + i) * GRAD_D +
						       c];
		}
	return sum;
}

static double *doubles(const struct ashlar_tensor *x)
{
	uint64_t n = x->shape[0] * x->shape[1] * x->shape[2] * x->shape[3], i;
	double *v = calloc(n + 1, sizeof(*v));

	if (!v)
		abort();
	for (i = 0; i < n; i++)
		v[i] = ot_get(x, i);
	return v;
}

static void attention_gradient(struct ot *t, uint32_t format, uint32_t flags,
			       uint32_t lq, uint32_t lk)
{
	struct gradient_case g = { format, flags, lq, lk, NULL };
	const struct ashlar_op_attention_dx *op =
		(const struct ashlar_op_attention_dx *)(const void *)
			ot_reference(t, build_gradient, &g);
	struct loss l = { .op = *g.forward };
	double *dq = doubles(&op->dq), *dk = doubles(&op->dk),
	       *dv = doubles(&op->dv);
	double tolerance = format == ASHLAR_BF16 ? 0.02 : 0.004;
	size_t queries = (size_t)GRAD_HEADS * lq * GRAD_D;
	size_t keys = (size_t)GRAD_KV * lk * GRAD_D;

	l.q = doubles(&op->q);
	l.k = doubles(&op->k);
	l.v = doubles(&op->v);
	l.dout = doubles(&op->dout);
	ot_gradient(t, "dq", attention_loss, &l, l.q, queries, dq, tolerance);
	ot_gradient(t, "dk", attention_loss, &l, l.k, keys, dk, tolerance);
	ot_gradient(t, "dv", attention_loss, &l, l.v, keys, dv, tolerance);
	free(l.q);
	free(l.k);
	free(l.v);
	free(l.dout);
	free(dq);
	free(dk);
	free(dv);
}

/* Turned one way and back again, all is as before; lengths of pairs stay. */
static const struct ashlar_op *build_turn(struct ot *t, const void *param)
{
	struct ashlar_op_rotary *op = OT_OP(t, rotary);
	uint64_t shape[] = { 2, 3, 11, 20 }, table[] = { 11, 10 }, i;

	op->x = ot_tensor(t, ASHLAR_F32, 4, shape, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 4, shape, OT_PACKED);
	op->cos = ot_tensor(t, ASHLAR_F32, 2, table, OT_PACKED);
	op->sin = ot_tensor(t, ASHLAR_F32, 2, table, OT_PACKED);
	ot_fill_uniform(t, &op->x, -2, 2);
	for (i = 0; i < 110; i++) {
		double angle =
			(double)(i / 10) * pow(100, -(double)(i % 10) / 10);

		ot_set(t, &op->cos, i, cos(angle));
		ot_set(t, &op->sin, i, sin(angle));
	}
	op->flags = *(const uint32_t *)param;
	return &op->op;
}

static void rotary_exact(struct ot *t, uint32_t flags)
{
	const struct ashlar_op_rotary *op =
		(const struct ashlar_op_rotary *)(const void *)ot_reference(
			t, build_turn, &flags);
	uint64_t row, i;
	bool ok = true;

	for (row = 0; row < 66; row++)
		for (i = 0; ok && i < 10; i++) {
			bool pairs = flags & ASHLAR_ROTARY_INTERLEAVED;
			uint64_t first = 20 * row + (pairs ? 2 * i : i);
			uint64_t second = first + (pairs ? 1 : 10);
			uint64_t at = row % 11 * 10 + i;
			double c = ot_get(&op->cos, at),
			       s = ot_get(&op->sin, at);
			double a = ot_get(&op->x, first);
			double b = ot_get(&op->x, second);
			double bound = 3 * ldexp(1, -24) * (fabs(a) + fabs(b));

			if (flags & ASHLAR_ROTARY_INVERSE)
				s = -s;
			ok = ot_near("y", first, ot_get(&op->y, first),
				     a * c - b * s, bound) &&
			     ot_near("y", second, ot_get(&op->y, second),
				     b * c + a * s, bound);
		}
	ot_check(t, ok, "rotary near the exact one, flags %u", flags);
}

/* --- Refusals ----------------------------------------------------------------------- */

#define INVALID ASHLAR_ERROR_INVALID

static const struct ashlar_op *build_small(struct ot *t, const void *param)
{
	struct ashlar_op_attention *op = OT_OP(t, attention);
	uint64_t q[] = { 2, 4, 5, 16 }, k[] = { 2, 2, 7, 16 };

	(void)param;
	op->q = ot_tensor(t, ASHLAR_BF16, 4, q, OT_PACKED);
	op->k = ot_tensor(t, ASHLAR_BF16, 4, k, OT_PACKED);
	op->v = ot_tensor(t, ASHLAR_BF16, 4, k, OT_PACKED);
	op->o = ot_tensor(t, ASHLAR_F32, 4, q, OT_PACKED);
	op->lse = ot_tensor(t, ASHLAR_F32, 3, q, OT_PACKED);
	return &op->op;
}

static void refuse_attention(struct ot *t)
{
	struct ashlar_op_attention op =
		*(const struct ashlar_op_attention *)ot_built(t, build_small,
							      NULL);

	ot_break_tensor(t, &op.op, &op.q, "q", false);
	ot_break_tensor(t, &op.op, &op.k, "k", false);
	ot_break_tensor(t, &op.op, &op.v, "v", false);
	ot_break_tensor(t, &op.op, &op.o, "o", true);
	ot_break_tensor(t, &op.op, &op.lse, "lse", true);
	OT_BREAK(t, &op, q.format, ASHLAR_F32, ASHLAR_ERROR_UNSUPPORTED,
		 "convert q, k and v with copy");
	OT_BREAK(t, &op, k.format, ASHLAR_FP16, INVALID, "k has format");
	OT_BREAK(t, &op, v.format, ASHLAR_FP16, INVALID, "v has format");
	OT_BREAK(t, &op, o.format, ASHLAR_I8, INVALID, "o has format");
	OT_BREAK(t, &op, lse.format, ASHLAR_I32, INVALID, "lse has format");
	OT_BREAK(t, &op, q.dims, 5, INVALID, "q has 5 dimensions");
	OT_BREAK(t, &op, lse.dims, 4, INVALID, "lse has 4 dimensions");
	OT_BREAK(t, &op, q.shape[3], 8, INVALID,
		 "k: shape[3] is 16, but d of q is 8");
	OT_BREAK(t, &op, k.shape[0], 1, INVALID, "k: shape[0] is 1");
	OT_BREAK(t, &op, q.shape[1], 3, INVALID,
		 "q: shape[1] is 3, not a multiple of the heads of k, 2");
	OT_BREAK(t, &op, v.shape[2], 6, INVALID, "shape of k");
	OT_BREAK(t, &op, o.shape[2], 4, INVALID, "shape of q");
	OT_BREAK(t, &op, lse.shape[1], 3, INVALID, "lse: shape[1] is 3");
	OT_BREAK(t, &op, k.stride[3], 2, INVALID, "contiguous");
	OT_BREAK(t, &op, k.stride[2], -16, INVALID, "k: stride[2]");
	OT_BREAK(t, &op, k.stride[2], 1ll << 30, INVALID, "less than 2^31");
	OT_BREAK(t, &op, k.shape[2], 1u << 25, INVALID, "2^24 positions");
	OT_BREAK(t, &op, q.shape[0], 1u << 25, INVALID, "batches times heads");
	OT_BREAK(t, &op, scale, -1.0f, INVALID, "scale is -1");
	OT_BREAK(t, &op, scale, 0.0f / 0.0f, INVALID, "scale");
	OT_BREAK(t, &op, scale, 1.0f / 0.0f, INVALID, "scale");
	OT_BREAK(t, &op, flags, 2, INVALID, "flags is 0x2");
	OT_BREAK(t, &op, o.addr, op.q.addr, INVALID, "overlaps");
	OT_BREAK(t, &op, lse.addr, op.v.addr, INVALID, "overlaps");
	ot_fuzz(t, &op.op, 5000);
}

static void refuse_attention_dx(struct ot *t)
{
	struct gradient_case g = { ASHLAR_BF16, 0, 5, 7, NULL };
	struct ashlar_op_attention_dx op =
		*(const struct ashlar_op_attention_dx *)ot_built(
			t, build_gradient, &g);

	ot_break_tensor(t, &op.op, &op.q, "q", false);
	ot_break_tensor(t, &op.op, &op.k, "k", false);
	ot_break_tensor(t, &op.op, &op.v, "v", false);
	ot_break_tensor(t, &op.op, &op.o, "o", false);
	ot_break_tensor(t, &op.op, &op.lse, "lse", false);
	ot_break_tensor(t, &op.op, &op.dout, "dout", false);
	ot_break_tensor(t, &op.op, &op.dq, "dq", true);
	ot_break_tensor(t, &op.op, &op.dk, "dk", true);
	ot_break_tensor(t, &op.op, &op.dv, "dv", true);
	OT_BREAK(t, &op, dout.format, ASHLAR_FP16, INVALID, "dout has format");
	OT_BREAK(t, &op, dq.shape[2], 4, INVALID, "shape of q");
	OT_BREAK(t, &op, dk.shape[2], 4, INVALID, "shape of k");
	OT_BREAK(t, &op, dv.shape[1], 1, INVALID, "shape of k");
	OT_BREAK(t, &op, o.shape[2], 4, INVALID, "shape of q");
	OT_BREAK(t, &op, lse.addr, 0, INVALID, "lse");
	OT_BREAK(t, &op, dq.addr, op.q.addr, INVALID, "overlaps");
	OT_BREAK(t, &op, dv.addr, op.dk.addr, INVALID, "overlaps");
	OT_BREAK(t, &op, scale, -1.0f, INVALID, "scale is -1");
	OT_BREAK(t, &op, flags, 4, INVALID, "flags is 0x4");
	ot_fuzz(t, &op.op, 5000);
}

static void refuse_rotary(struct ot *t)
{
	uint32_t flags = 0;
	struct ashlar_op_rotary op = *(const struct ashlar_op_rotary *)ot_built(
		t, build_turn, &flags);

	ot_break_tensor(t, &op.op, &op.x, "x", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	ot_break_tensor(t, &op.op, &op.cos, "cos", false);
	ot_break_tensor(t, &op.op, &op.sin, "sin", false);
	OT_BREAK(t, &op, x.format, ASHLAR_I8, INVALID, "x has format");
	OT_BREAK(t, &op, cos.format, ASHLAR_BF16, INVALID, "cos has format");
	OT_BREAK(t, &op, y.shape[1], 2, INVALID, "shape of x");
	OT_BREAK(t, &op, cos.shape[0], 10, INVALID, "cos: shape[0] is 10");
	OT_BREAK(t, &op, sin.shape[1], 9, INVALID, "sin: shape[1] is 9");
	OT_BREAK(t, &op, cos.stride[1], 2, INVALID, "contiguous");
	OT_BREAK(t, &op, cos.stride[0], 1ll << 29, INVALID, "less than 2^29");
	OT_BREAK(t, &op, flags, 4, INVALID, "flags is 0x4");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	OT_BREAK(t, &op, y.addr, op.x.addr + 8, INVALID, "overlaps");
	op.x.shape[3] = 19;
	op.y.shape[3] = 19;
	ot_refused(t, &op.op, INVALID, "x: shape[3] is 19");
	op.x.shape[3] = 20;
	op.y.shape[3] = 20;
	ot_fuzz(t, &op.op, 5000);
}

static const struct ashlar_op *build_lookup(struct ot *t, const void *param)
{
	struct ashlar_op_embedding *op = OT_OP(t, embedding);

	(void)param;
	op->index = ot_tensor(t, ASHLAR_I32, 1, (uint64_t[]){ 6 }, OT_PACKED);
	op->table =
		ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 6, 7 }, OT_PACKED);
	return &op->op;
}

static void refuse_embedding(struct ot *t)
{
	struct ashlar_op_embedding op =
		*(const struct ashlar_op_embedding *)ot_built(t, build_lookup,
							      NULL);
	struct ashlar_op_embedding_dx dx = ASHLAR_OP_INIT(embedding_dx);

	ot_break_tensor(t, &op.op, &op.index, "index", false);
	ot_break_tensor(t, &op.op, &op.table, "table", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, index.format, ASHLAR_F32, INVALID, "index has format");
	OT_BREAK(t, &op, y.format, ASHLAR_I32, INVALID, "that of table");
	OT_BREAK(t, &op, y.shape[1], 6, INVALID, "y: shape[1] is 6");
	OT_BREAK(t, &op, y.shape[0], 5, INVALID, "y: shape[0] is 5");
	OT_BREAK(t, &op, index.dims, 0, INVALID, "index has 0 dimensions");
	OT_BREAK(t, &op, index.stride[0], 1ll << 29, INVALID, "less than 2^29");
	OT_BREAK(t, &op, table.stride[0], 1ll << 29, INVALID, "2^31 - 1 bytes");
	OT_BREAK(t, &op, table.shape[0], 1ull << 31, INVALID, "table is");
	OT_BREAK(t, &op, y.addr, op.table.addr, INVALID, "overlaps");
	ot_fuzz(t, &op.op, 5000);

	dx.index = op.index;
	dx.dy = op.y;
	dx.dtable = op.table;
	dx.padding = -1;
	ot_break_tensor(t, &dx.op, &dx.index, "index", false);
	ot_break_tensor(t, &dx.op, &dx.dy, "dy", false);
	ot_break_tensor(t, &dx.op, &dx.dtable, "dtable", true);
	OT_BREAK(t, &dx, dy.format, ASHLAR_I32, INVALID, "dy has format");
	OT_BREAK(t, &dx, dtable.format, ASHLAR_BF16, INVALID,
		 "dtable has format");
	OT_BREAK(t, &dx, padding, -2, INVALID, "padding is -2");
	OT_BREAK(t, &dx, padding, 5, INVALID, "padding is 5, allowed -1 .. 4");
	OT_BREAK(t, &dx, dy.shape[0], 5, INVALID, "dy: shape[0] is 5");
	OT_BREAK(t, &dx, dy.shape[1], 6, INVALID, "dy: shape[1] is 6");
	OT_BREAK(t, &dx, flags, 2, INVALID, "flags is 0x2");
	OT_BREAK(t, &dx, reserved, 7, INVALID, "reserved");
	OT_BREAK(t, &dx, dtable.addr, dx.dy.addr, INVALID, "overlaps");
	ot_fuzz(t, &dx.op, 5000);
}

static void host_tests(struct ot *t, const struct attention_limits *limits)
{
	uint32_t i;

	refuse_attention(t);
	refuse_attention_dx(t);
	refuse_rotary(t);
	refuse_embedding(t);
	for (i = 0; i < 15; i++)
		near_exact(t, limits);
	for (i = 0; i < 8; i++)
		attention_gradient(t, i & 1 ? ASHLAR_FP16 : ASHLAR_BF16,
				   i >> 1 & 1, i & 4 ? 9 : 13, 11);
	for (i = 0; i < 4; i++)
		rotary_exact(t, i);
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	struct attention_limits limits = {
		.scores = t->lanes == 8 ? 15000 :
			  t->emulated	? 12000 :
					  150000,
		.length = t->lanes == 8 ? 300 :
			  t->emulated	? 600 :
					  900,
	};
	uint32_t elements = t->lanes == 8 ? 9000 : t->emulated ? 15000 : 40000;
	unsigned long i;

	if (host)
		host_tests(t, &limits);
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
