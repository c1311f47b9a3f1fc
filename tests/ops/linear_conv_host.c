// SPDX-License-Identifier: MIT
/*
 * conv2d and its gradients without a device: references against double
 * precision, gradients against differences, refusals.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "linear_cases.h"

/* A small convolution, and what its tensors hold, in double precision. */
struct problem {
	struct ashlar_conv_shape shape;
	uint64_t x[4], w[4], y[4];
	double *xs, *ws, *ys; /* ys: what y, or the gradient by it, is */
};

static uint64_t count4(const uint64_t *s)
{
	return s[0] * s[1] * s[2] * s[3];
}

static uint64_t at4(const uint64_t *s, uint64_t a, uint64_t b, uint64_t c,
		    uint64_t d)
{
	return ((a * s[1] + b) * s[2] + c) * s[3] + d;
}

static void random_problem(struct ot *t, struct problem *p)
{
	struct ashlar_conv_shape *s = &p->shape;
	uint64_t groups = ot_range(t, 1, 2), d;

	memset(p, 0, sizeof(*p));
	s->groups = (uint32_t)groups;
	for (d = 0; d < 2; d++) {
		s->stride[d] = ot_range(t, 1, 3);
		s->dilation[d] = ot_range(t, 1, 2);
	}
	s->pad_top = ot_range(t, 0, 2);
	s->pad_bottom = ot_range(t, 0, 2);
	s->pad_left = ot_range(t, 0, 2);
	s->pad_right = ot_range(t, 0, 2);
	p->x[0] = ot_range(t, 1, 2);
	p->x[1] = ot_range(t, 5, 8);
	p->x[2] = ot_range(t, 5, 8);
	p->x[3] = groups * ot_range(t, 1, 5);
	p->w[0] = groups * ot_range(t, 1, 4);
	p->w[1] = ot_range(t, 1, 3);
	p->w[2] = ot_range(t, 1, 3);
	p->w[3] = p->x[3] / groups;
	p->y[0] = p->x[0];
	p->y[1] = (p->x[1] + s->pad_top + s->pad_bottom -
		   s->dilation[0] * (p->w[1] - 1) - 1) /
			  s->stride[0] +
		  1;
	p->y[2] = (p->x[2] + s->pad_left + s->pad_right -
		   s->dilation[1] * (p->w[2] - 1) - 1) /
			  s->stride[1] +
		  1;
	p->y[3] = p->w[0];
}

static void alloc_problem(struct problem *p)
{
	p->xs = calloc(count4(p->x), sizeof(double));
	p->ws = calloc(count4(p->w), sizeof(double));
	p->ys = calloc(count4(p->y), sizeof(double));
	if (!p->xs || !p->ws || !p->ys)
		abort();
}

static void free_problem(struct problem *p)
{
	free(p->xs);
	free(p->ws);
	free(p->ys);
}

/*
 * All products: f(which x, which w, which y). The order is that of the
 * mathematical definition, not of any implementation.
 */
static void each_product(const struct problem *p,
			 void (*f)(uint64_t x, uint64_t w, uint64_t y,
				   void *ctx),
			 void *ctx)
{
	const struct ashlar_conv_shape *s = &p->shape;
	uint64_t each = p->w[0] / s->groups, ci = p->w[3];
	uint64_t n, oy, ox, o, ky, kx, i;

	for (n = 0; n < p->y[0]; n++)
		for (oy = 0; oy < p->y[1]; oy++)
			for (ox = 0; ox < p->y[2]; ox++)
				for (o = 0; o < p->y[3]; o++)
					for (ky = 0; ky < p->w[1]; ky++)
						for (kx = 0; kx < p->w[2];
						     kx++) {
							int64_t iy =
								(int64_t)(oy * s->stride[0] +
									  ky * s->dilation[0]) -
								s->pad_top;
							int64_t ix =
								(int64_t)(ox * s->stride[1] +
									  kx * s->dilation[1]) -
								s->pad_left;

							if (iy < 0 || ix < 0 ||
							    iy >= (int64_t)p->x
									    [1] ||
							    ix >= (int64_t)p->x
									    [2])
								continue;
							for (i = 0; i < ci; i++)
								f(at4(p->x, n,
								      (uint64_t)
									      iy,
								      (uint64_t)
									      ix,
								      o / each * ci +
									      i),
								  at4(p->w, o,
								      ky, kx,
								      i),
								  at4(p->y, n,
								      oy, ox,
								      o),
								  ctx);
						}
}

/* A sum of the products that go to one element, and of their magnitudes. */
struct sums {
	const struct problem *p;
	int which; /* 0: y, 1: the gradient by x, 2: by w */
	double *sum, *size, *terms;
};

static void add_product(uint64_t x, uint64_t w, uint64_t y, void *ctx)
{
	struct sums *s = ctx;
	const struct problem *p = s->p;
	double v = s->which == 0 ? p->xs[x] * p->ws[w] :
		   s->which == 1 ? p->ys[y] * p->ws[w] :
				   p->ys[y] * p->xs[x];
	uint64_t to = s->which == 0 ? y : s->which == 1 ? x : w;

	s->sum[to] += v;
	s->size[to] += fabs(v);
	s->terms[to]++;
}

/* --- References against double precision --------------------------------------------- */

struct build {
	uint32_t in;
	struct problem *p;
};

static void fill(struct ot *t, const struct ashlar_tensor *x)
{
	ot_fill_uniform(t, x, -1, 3);
}

static const struct ashlar_op *build_forward(struct ot *t, const void *param)
{
	const struct build *b = param;
	struct ashlar_op_conv2d *op = OT_OP(t, conv2d);

	random_problem(t, b->p);
	op->shape = b->p->shape;
	op->x = ot_tensor(t, b->in, 4, b->p->x, OT_PACKED);
	op->w = ot_tensor(t, b->in, 4, b->p->w, OT_PACKED);
	op->y = ot_tensor(t, b->in == ASHLAR_I8 ? ASHLAR_I32 : ASHLAR_F32, 4,
			  b->p->y, OT_PACKED);
	if (b->in != ASHLAR_I8) {
		fill(t, &op->x);
		fill(t, &op->w);
	}
	return &op->op;
}

static const struct ashlar_op *build_dx(struct ot *t, const void *param)
{
	const struct build *b = param;
	struct ashlar_op_conv2d_dx *op = OT_OP(t, conv2d_dx);

	random_problem(t, b->p);
	op->shape = b->p->shape;
	op->dy = ot_tensor(t, b->in, 4, b->p->y, OT_PACKED);
	op->w = ot_tensor(t, b->in, 4, b->p->w, OT_PACKED);
	op->dx = ot_tensor(t, ASHLAR_F32, 4, b->p->x, OT_PACKED);
	fill(t, &op->dy);
	fill(t, &op->w);
	return &op->op;
}

static const struct ashlar_op *build_dw(struct ot *t, const void *param)
{
	const struct build *b = param;
	struct ashlar_op_conv2d_dw *op = OT_OP(t, conv2d_dw);

	random_problem(t, b->p);
	op->shape = b->p->shape;
	op->dy = ot_tensor(t, b->in, 4, b->p->y, OT_PACKED);
	op->x = ot_tensor(t, b->in, 4, b->p->x, OT_PACKED);
	op->dw = ot_tensor(t, ASHLAR_F32, 4, b->p->w, OT_PACKED);
	fill(t, &op->dy);
	fill(t, &op->x);
	return &op->op;
}

static void read_tensor(double *to, const struct ashlar_tensor *from,
			const uint64_t *shape)
{
	uint64_t i;

	for (i = 0; i < count4(shape); i++)
		to[i] = ot_get(from, i);
}

/* f(v) is a linear function: the sum of what it weighs with dy. */
struct gradient {
	struct problem *p;
	double *v; /* xs or ws */
	uint64_t n;
};

static void add_loss(uint64_t x, uint64_t w, uint64_t y, void *ctx)
{
	struct gradient *g = ctx;

	g->v[g->n] += g->p->xs[x] * g->p->ws[w] * g->p->ys[y];
}

static double loss(const double *v, void *ctx)
{
	struct gradient *g = ctx;
	double sum = 0;
	struct gradient to = { g->p, &sum, 0 };

	memcpy(g->v, v, g->n * sizeof(*v));
	each_product(g->p, add_loss, &to);
	return sum;
}

static void differences(struct ot *t, struct problem *p, int which,
			const struct ashlar_tensor *d)
{
	uint64_t n = count4(which == 1 ? p->x : p->w), i;
	double *v = which == 1 ? p->xs : p->ws;
	double *copy = malloc(n * sizeof(*copy));
	double *dv = malloc(n * sizeof(*dv));
	struct gradient g = { p, v, n };

	if (!copy || !dv)
		abort();
	/* The gradient does not depend on it, but the function does. */
	for (i = 0; i < n; i++)
		copy[i] = (double)(i % 7) - 3;
	for (i = 0; i < n; i++)
		dv[i] = ot_get(d, i);
	ot_gradient(t, which == 1 ? "conv2d_dx" : "conv2d_dw", loss, &g, copy,
		    n, dv, 1e-5);
	free(copy);
	free(dv);
}

static void one(struct ot *t, uint32_t in, int which)
{
	static const char *const names[] = { "conv2d", "conv2d_dx",
					     "conv2d_dw" };
	const double u = 0x1p-24;
	struct problem p;
	struct build b = { in, &p };
	struct sums s = { .p = &p, .which = which };
	const struct ashlar_op *op;
	const struct ashlar_tensor *result;
	const uint64_t *shape;
	uint64_t i, n;
	bool ok = true;

	op = ot_reference(t,
			  which == 0 ? build_forward :
			  which == 1 ? build_dx :
				       build_dw,
			  &b);
	alloc_problem(&p);
	if (which == 0) {
		const struct ashlar_op_conv2d *c = (const void *)op;

		read_tensor(p.xs, &c->x, p.x);
		read_tensor(p.ws, &c->w, p.w);
		result = &c->y;
		shape = p.y;
	} else if (which == 1) {
		const struct ashlar_op_conv2d_dx *c = (const void *)op;

		read_tensor(p.ys, &c->dy, p.y);
		read_tensor(p.ws, &c->w, p.w);
		result = &c->dx;
		shape = p.x;
	} else {
		const struct ashlar_op_conv2d_dw *c = (const void *)op;

		read_tensor(p.ys, &c->dy, p.y);
		read_tensor(p.xs, &c->x, p.x);
		result = &c->dw;
		shape = p.w;
	}
	n = count4(shape);
	s.sum = calloc(n, sizeof(double));
	s.size = calloc(n, sizeof(double));
	s.terms = calloc(n, sizeof(double));
	if (!s.sum || !s.size || !s.terms)
		abort();
	each_product(&p, add_product, &s);
	for (i = 0; i < n; i++) {
		/* Zeros of the padding are added, too, but exactly. */
		double k = s.terms[i] * (in == ASHLAR_F32 ? 6 : 1);
		double bound = in == ASHLAR_I8 ? 0 : k * u / (1 - k * u);

		if (in == ASHLAR_F32)
			bound = bound * (1 + 0x1p-6) + 0x1p-26;
		bound = bound * s.size[i] + s.terms[i] * 0x1p-53 * s.size[i];
		ok = ok && ot_near(names[which], i, ot_get(result, i), s.sum[i],
				   bound);
	}
	ot_check(t, ok, "%s %s: reference beside double, seed 0x%llx",
		 names[which], format_name(in), (unsigned long long)t->seed);
	if (which && in == ASHLAR_F32)
		differences(t, &p, which, result);
	free(s.sum);
	free(s.size);
	free(s.terms);
	free_problem(&p);
}

/* --- Refusals ------------------------------------------------------------------------ */

static const struct ashlar_op *build_simple(struct ot *t, const void *param)
{
	struct ashlar_op_conv2d *op = OT_OP(t, conv2d);
	uint64_t co = 6;

	(void)param;
	op->x = ot_tensor(t, ASHLAR_BF16, 4, (uint64_t[]){ 2, 9, 8, 4 },
			  OT_PACKED);
	op->w = ot_tensor(t, ASHLAR_BF16, 4, (uint64_t[]){ 6, 3, 3, 2 },
			  OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 4, (uint64_t[]){ 2, 5, 8, 6 },
			  OT_PACKED);
	op->shape = (struct ashlar_conv_shape){
		.stride = { 2, 1 },
		.pad_top = 1,
		.pad_bottom = 1,
		.pad_left = 1,
		.pad_right = 1,
		.groups = 2,
	};
	op->epilogue.bias = ot_tensor(t, ASHLAR_F32, 1, &co, OT_PACKED);
	op->epilogue.residual = ot_tensor(
		t, ASHLAR_BF16, 4, (uint64_t[]){ 2, 5, 8, 6 }, OT_PACKED);
	return &op->op;
}

static void refuse_shape(struct ot *t, struct ashlar_op_conv2d *op)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;

	OT_BREAK(t, op, shape.stride[0], 17, invalid, "shape.stride[0] is 17");
	OT_BREAK(t, op, shape.stride[1], 17, invalid, "shape.stride[1] is 17");
	OT_BREAK(t, op, shape.stride[0], 3, invalid, "y: shape[1] is 5, but");
	OT_BREAK(t, op, shape.stride[1], 2, invalid, "y: shape[2] is 8, but");
	OT_BREAK(t, op, shape.dilation[0], 256, invalid, "shape.dilation[0]");
	OT_BREAK(t, op, shape.dilation[1], 256, invalid, "shape.dilation[1]");
	OT_BREAK(t, op, shape.dilation[1], 2, invalid, "y: shape[2] is 8, but");
	OT_BREAK(t, op, shape.dilation[0], 200, invalid,
		 "y: shape[1] is 5, but");
	OT_BREAK(t, op, shape.pad_top, 4097, invalid, "shape.pad_top is 4097");
	OT_BREAK(t, op, shape.pad_bottom, 4097, invalid, "shape.pad_bottom");
	OT_BREAK(t, op, shape.pad_left, 4097, invalid, "shape.pad_left");
	OT_BREAK(t, op, shape.pad_right, 4097, invalid, "shape.pad_right");
	OT_BREAK(t, op, shape.pad_right, 2, invalid, "y: shape[2] is 8, but");
	OT_BREAK(t, op, shape.groups, 3, invalid, "shape.groups is 3, which");
	OT_BREAK(t, op, shape.groups, 1, invalid, "w: shape[3] is 2, but");
	OT_BREAK(t, op, shape.groups, 1u << 21, invalid, "shape.groups");
	OT_BREAK(t, op, shape.reserved, 1, invalid, "shape.reserved is 1");
}

static void refuse(struct ot *t)
{
	const ashlar_result invalid = ASHLAR_ERROR_INVALID;
	const ashlar_result unsupported = ASHLAR_ERROR_UNSUPPORTED;
	struct ashlar_op_conv2d op, big;
	struct ashlar_op_conv2d_dx dx = ASHLAR_OP_INIT(conv2d_dx);
	struct ashlar_op_conv2d_dw dw = ASHLAR_OP_INIT(conv2d_dw);

	op = *(const struct ashlar_op_conv2d *)ot_built(t, build_simple, NULL);
	ot_break_tensor(t, &op.op, &op.x, "x", false);
	ot_break_tensor(t, &op.op, &op.w, "w", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	ot_break_tensor(t, &op.op, &op.epilogue.bias, "epilogue.bias", false);
	ot_break_tensor(t, &op.op, &op.epilogue.residual, "epilogue.residual",
			false);
	refuse_shape(t, &op);
	OT_BREAK(t, &op, w.format, ASHLAR_FP16, invalid, "w has format 5");
	OT_BREAK(t, &op, x.shape[0], 3, invalid, "y: shape[0] is 2, but");
	OT_BREAK(t, &op, x.shape[1], 32768, invalid, "x: shape[1] is 32768");
	OT_BREAK(t, &op, y.shape[3], 4, invalid, "y: shape[3] is 4, but");
	OT_BREAK(t, &op, w.shape[1], 0, invalid, "rows of the kernel is 0");
	OT_BREAK(t, &op, w.shape[2], 256, invalid, "columns of the kernel");
	OT_BREAK(t, &op, w.stride[1], 7, unsupported, "w: stride[1] is 7");
	OT_BREAK(t, &op, x.stride[3], 2, invalid, "contiguous");
	OT_BREAK(t, &op, y.stride[3], 2, invalid, "contiguous");
	OT_BREAK(t, &op, x.stride[2], -4, unsupported, "x: stride[2] is -4");
	OT_BREAK(t, &op, x.stride[1], 1ll << 31, unsupported, "x: stride[1]");
	OT_BREAK(t, &op, y.addr, op.x.addr & ~3ull, invalid, "overlaps");
	ot_fuzz(t, &op.op, 5000);

	/* A patch that no scratchpad holds. */
	big = op;
	memset(&big.epilogue, 0, sizeof(big.epilogue));
	big.shape.groups = 1;
	big.x.shape[3] = big.w.shape[3] = 1u << 18;
	big.x.stride[2] = 1 << 18;
	big.x.stride[1] = big.x.stride[2] * 8;
	big.x.stride[0] = big.x.stride[1] * 9;
	big.w.stride[2] = 1 << 18;
	big.w.stride[1] = big.w.stride[2] * 3;
	big.w.stride[0] = big.w.stride[1] * 3;
	big.x.addr = 1ull << 40;
	big.w.addr = 1ull << 41;
	ot_refused(t, &big.op, unsupported, "needs more input");
	/* What ops_linear.h promises of boards with 512 KiB. */
	big.x.shape[3] = big.w.shape[3] = 2048;
	big.w.stride[2] = 2048;
	big.w.stride[1] = big.w.stride[2] * 3;
	big.w.stride[0] = big.w.stride[1] * 3;
	if (t->lanes == 32)
		ot_accepted(t, &big.op);
	/*
	 * A kernel with more taps than there is room for; of one group rows of
	 * its taps would be one.
	 */
	big.shape.groups = 2;
	big.x.shape[3] = 4;
	big.w.shape[3] = 2;
	big.x.shape[1] = big.x.shape[2] = 40;
	big.x.stride[2] = 4;
	big.x.stride[1] = 160;
	big.x.stride[0] = 6400;
	big.w.shape[1] = big.w.shape[2] = 33;
	big.w.stride[2] = 2;
	big.w.stride[1] = 66;
	big.w.stride[0] = 33 * 66;
	big.y.shape[1] = 5;
	big.y.shape[2] = 10;
	big.y.stride[1] = 60;
	big.y.stride[0] = 300;
	ot_refused(t, &big.op, unsupported, "steps, allowed are 1024");

	dx.dy = op.x;
	dx.w = op.w;
	dx.dx = op.y;
	dx.shape = op.shape;
	/* The shapes of a convolution from dx to dy: turned round. */
	ot_refused(t, &dx.op, invalid, "conv2d_dx: ");
	dx.dx = op.x;
	dx.dy = op.y;
	dx.w.format = ASHLAR_F32;
	dx.w.addr &= ~3ull;
	ot_accepted(t, &dx.op);
	OT_BREAK(t, &dx, dy.format, ASHLAR_I8, invalid, "dy has format 6");
	OT_BREAK(t, &dx, w.format, ASHLAR_BF16, invalid, "w has format 4");
	OT_BREAK(t, &dx, dx.format, ASHLAR_I32, invalid, "dx has format 2");
	OT_BREAK(t, &dx, dx.shape[3], 6, invalid, "conv2d_dx: ");
	OT_BREAK(t, &dx, dx.stride[1], 1ll << 29, unsupported, "dx: stride[1]");
	OT_BREAK(t, &dx, dx.addr, op.y.addr, invalid, "overlaps");
	ot_fuzz(t, &dx.op, 5000);

	dw.dy = op.y;
	dw.x = op.x;
	dw.x.format = ASHLAR_F32;
	dw.x.addr &= ~3ull;
	dw.dw = op.w;
	dw.dw.addr = 1ull << 40; /* nothing is read or written */
	dw.dw.stride[0] = 40;
	dw.shape = op.shape;
	ot_accepted(t, &dw.op);
	OT_BREAK(t, &dw, flags, 2, invalid, "flags is 0x2");
	OT_BREAK(t, &dw, reserved, 1, invalid, "reserved is 1");
	OT_BREAK(t, &dw, x.format, ASHLAR_BF16, invalid, "x has format 4");
	OT_BREAK(t, &dw, dw.format, ASHLAR_I32, invalid, "dw has format 2");
	OT_BREAK(t, &dw, dw.shape[0], 8, invalid, "conv2d_dw: ");
	OT_BREAK(t, &dw, dw.stride[1], 7, unsupported, "dw: stride[1] is 7");
	OT_BREAK(t, &dw, dw.addr, op.y.addr, invalid, "overlaps");
	ot_fuzz(t, &dw.op, 5000);
}

void conv_host(struct ot *t)
{
	static const uint32_t formats[] = { ASHLAR_F32, ASHLAR_BF16,
					    ASHLAR_FP16, ASHLAR_I8 };
	uint32_t i;

	refuse(t);
	for (i = 0; i < 120; i++) {
		one(t, formats[i % 4], 0);
		one(t, formats[i % 3], 1);
		one(t, formats[i % 3], 2);
	}
}
