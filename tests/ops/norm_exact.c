// SPDX-License-Identifier: MIT
/*
 * The references of the family norm against double precision, within the bounds
 * of ashlar/ops_norm.h, and their gradients against differences of the forward
 * functions in double precision. On memory of the host, without a device.
 */
#include "norm_cases.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ref.h"

#define U    0x1p-24
#define TINY 0x1p-125

struct room {
	struct ot *t;
	float *memory[24];
	uint32_t used;
};

static struct ashlar_tensor make(struct room *m, uint32_t dims,
				 const uint64_t *shape, double least,
				 double most)
{
	uint64_t count = 1, i;
	float *at;

	for (i = 0; i < dims; i++)
		count *= shape[i];
	at = malloc((count + 1) * sizeof(*at));
	if (!at || m->used == 24)
		abort();
	m->memory[m->used++] = at;
	for (i = 0; i < count; i++)
		at[i] = (float)(least +
				(most - least) *
					(double)(kt_random(&m->t->random) >>
						 11) *
					0x1p-53);
	return ashlar_tensor_packed((uint64_t)(uintptr_t)at, ASHLAR_F32, dims,
				    shape);
}

static float *floats(const struct ashlar_tensor *t)
{
	return (float *)(uintptr_t)t->addr;
}

static void release(struct room *m)
{
	while (m->used)
		free(m->memory[--m->used]);
}

/* What the bounds of row and column sums call h. */
static double row_depth(const struct ot *t, uint64_t cols)
{
	uint64_t lines = (cols + t->lanes - 1) / t->lanes;
	uint64_t segments = (lines + 63) / 64;

	return (double)(lines < 64 ? lines : 64) - 1 + log2(t->lanes) +
	       (double)(segments - 1);
}

static double column_depth(uint64_t rows)
{
	return (double)(rows < 32 ? rows : 32) + 31 + (double)rows / 1024;
}

static uint64_t size(struct ot *t, uint32_t most)
{
	uint32_t n = ot_size(t, most);

	return n ? n : 1;
}

/* --- Softmax -------------------------------------------------------------------------- */

static void exact_softmax(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { size(t, 5), size(t, 3000) };
	double wide = ot_range(t, 0, 1) ? 4 : 120;
	struct ashlar_op_softmax op = ASHLAR_OP_INIT(softmax);
	double n = (double)shape[1], h = row_depth(t, shape[1]);
	bool ok = true;
	uint64_t r, i;

	op.flags = ot_range(t, 0, 1);
	op.x = make(m, 2, shape, -wide, wide);
	op.y = make(m, 2, shape, 0, 1);
	ref_op(&op.op, t->lanes);
	for (r = 0; ok && r < shape[0]; r++) {
		const float *x = floats(&op.x) + r * shape[1];
		const float *y = floats(&op.y) + r * shape[1];
		double greatest = x[0], sum = 0;

		for (i = 0; i < shape[1]; i++)
			greatest = fmax(greatest, (double)x[i]);
		for (i = 0; i < shape[1]; i++)
			sum += exp((double)x[i] - greatest);
		for (i = 0; ok && i < shape[1]; i++) {
			double d = greatest - (double)x[i];
			double soft = exp(-d) / sum;

			if (op.flags)
				ok = ot_near("log_softmax", i, (double)y[i],
					     -d - log(sum),
					     (2 * d + 4 * log(n) + h + 4) * U);
			else
				ok = ot_near("softmax", i, (double)y[i], soft,
					     (d + log(n) + h + 16) * U * soft +
						     TINY);
		}
	}
	ot_check(t, ok, "softmax of %llu against exact",
		 (unsigned long long)shape[1]);
}

static void exact_softmax_dx(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { 1, size(t, 3000) };
	struct ashlar_op_softmax_dx op = ASHLAR_OP_INIT(softmax_dx);
	double h = row_depth(t, shape[1]), sum = 0, all = 0;
	const float *y, *dy;
	bool ok = true;
	uint64_t i;

	op.flags = ot_range(t, 0, 1);
	op.y = make(m, 2, shape, op.flags ? -9 : 0, op.flags ? 0 : 1);
	op.dy = make(m, 2, shape, -2, 2);
	op.dx = make(m, 2, shape, 0, 1);
	y = floats(&op.y);
	dy = floats(&op.dy);
	ref_op(&op.op, t->lanes);
	for (i = 0; i < shape[1]; i++) {
		double v = (double)dy[i] * (op.flags ? 1 : (double)y[i]);

		sum += v;
		all += fabs(v);
	}
	for (i = 0; ok && i < shape[1]; i++) {
		double a = (h + 3) * U * all, e = exp((double)y[i]);

		if (op.flags)
			ok = ot_near(
				"log_softmax dx", i, (double)floats(&op.dx)[i],
				(double)dy[i] - e * sum,
				(a + 4 * U * fabs(sum)) * e +
					2 * U * fabs((double)dy[i]) + TINY);
		else
			ok = ot_near("softmax dx", i, (double)floats(&op.dx)[i],
				     ((double)dy[i] - sum) * (double)y[i],
				     (a + 2 * U * fabs((double)dy[i] - sum)) *
						     fabs((double)y[i]) +
					     TINY);
	}
	ot_check(t, ok, "softmax_dx of %llu against exact",
		 (unsigned long long)shape[1]);
}

/* Sum of w * log softmax or softmax, or the loss. */
struct soft {
	size_t n;
	const float *w;
	bool log;
};

static double soft_value(const double *x, void *ctx)
{
	const struct soft *s = ctx;
	double sum = 0, value = 0;
	size_t i;

	for (i = 0; i < s->n; i++)
		sum += exp(x[i]);
	for (i = 0; i < s->n; i++)
		value += (double)s->w[i] *
			 (s->log ? x[i] - log(sum) : exp(x[i]) / sum);
	return value;
}

static void gradient(struct ot *t, const char *name,
		     double (*f)(const double *x, void *ctx), void *ctx,
		     const struct ashlar_tensor *x,
		     const struct ashlar_tensor *dx)
{
	size_t n = tensor_count(x), i;
	double *at = malloc(2 * n * sizeof(*at));

	if (!at)
		abort();
	for (i = 0; i < n; i++) {
		at[i] = (double)floats(x)[i];
		at[n + i] = (double)floats(dx)[i];
	}
	ot_gradient(t, name, f, ctx, at, n, at + n, 1e-4);
	free(at);
}

static void gradient_softmax(struct ot *t, struct room *m)
{
	uint64_t shape[1] = { 19 };
	struct ashlar_op_softmax f = ASHLAR_OP_INIT(softmax);
	struct ashlar_op_softmax_dx b = ASHLAR_OP_INIT(softmax_dx);
	struct soft s = { 19, NULL, false };

	f.flags = ot_range(t, 0, 1);
	b.flags = f.flags;
	f.x = make(m, 1, shape, -2, 2);
	f.y = make(m, 1, shape, 0, 1);
	ref_op(&f.op, t->lanes);
	b.y = f.y;
	b.dy = make(m, 1, shape, -2, 2);
	b.dx = make(m, 1, shape, 0, 1);
	ref_op(&b.op, t->lanes);
	s.w = floats(&b.dy);
	s.log = f.flags;
	gradient(t, "softmax", soft_value, &s, &f.x, &b.dx);
}

static void gradient_cross_entropy(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { 1, 23 };
	struct ashlar_op_cross_entropy op = ASHLAR_OP_INIT(cross_entropy);
	float w[23] = { 0 };
	struct soft s = { 23, w, true };
	int32_t label = (int32_t)ot_range(t, 0, 22);
	double x[23];
	uint32_t i;

	op.logits = make(m, 2, shape, -2, 2);
	op.labels = ashlar_tensor_packed((uint64_t)(uintptr_t)&label,
					 ASHLAR_I32, 1, shape);
	op.loss = make(m, 1, shape, 0, 1);
	op.dlogits = make(m, 2, shape, 0, 1);
	op.scale = 0.75f;
	ref_op(&op.op, t->lanes);
	w[label] = -1;
	for (i = 0; i < 23; i++)
		x[i] = (double)floats(&op.logits)[i];
	ot_check(t,
		 ot_near("loss", 0, (double)floats(&op.loss)[0],
			 soft_value(x, &s), 60 * U),
		 "cross entropy against exact");
	w[label] = -0.75f;
	gradient(t, "cross entropy", soft_value, &s, &op.logits, &op.dlogits);
}

/* --- Norms ------------------------------------------------------------------------------- */

static void exact_norm(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { size(t, 4), size(t, 3000) };
	bool rms = ot_range(t, 0, 1);
	/* Some far from 0, where the mean is hard. */
	double off = ot_range(t, 0, 1) ? 0 : 30, eps = 1e-5;
	struct ashlar_op_norm op = ASHLAR_OP_INIT(norm);
	double h = row_depth(t, shape[1]), n = (double)shape[1];
	bool ok = true;
	uint64_t r, i;

	op.flags = rms ? ASHLAR_NORM_RMS : 0;
	op.eps = (float)eps;
	eps = (double)op.eps;
	op.x = make(m, 2, shape, off - 2, off + 2);
	op.y = make(m, 2, shape, 0, 1);
	op.gamma = make(m, 1, &shape[1], -2, 2);
	op.rstd = make(m, 1, shape, 0, 1);
	if (!rms) {
		op.beta = make(m, 1, &shape[1], -2, 2);
		op.mean = make(m, 1, shape, 0, 1);
	}
	ref_op(&op.op, t->lanes);
	for (r = 0; ok && r < shape[0]; r++) {
		const float *x = floats(&op.x) + r * shape[1];
		double mean = 0, var = 0, most = 0, rstd;

		for (i = 0; i < shape[1]; i++) {
			mean += rms ? 0 : (double)x[i] / n;
			most = fmax(most, fabs((double)x[i]));
		}
		for (i = 0; i < shape[1]; i++)
			var += ((double)x[i] - mean) * ((double)x[i] - mean) /
			       n;
		rstd = 1 / sqrt(var + eps);
		if (!rms)
			ok = ot_near("mean", r, (double)floats(&op.mean)[r],
				     mean, (h + 3) * U * most);
		for (i = 0; ok && i < shape[1]; i++) {
			double y0 = ((double)x[i] - mean) * rstd;
			double g = (double)floats(&op.gamma)[i];
			double y = y0 * g +
				   (rms ? 0 : (double)floats(&op.beta)[i]);
			double e = (h + 4) * U * most * rstd;

			ok = ot_near(
				"norm", r * shape[1] + i,
				(double)floats(&op.y)[r * shape[1] + i], y,
				((2 * h + 16) * U * (most * rstd + fabs(y0)) +
				 fabs(y0) * e * e) *
						fabs(g) +
					2 * U * fabs(y));
		}
	}
	ot_check(t, ok, "norm of %llu against exact, flags %u",
		 (unsigned long long)shape[1], op.flags);
}

/*
 * Sum of w * y of a norm over rows or, over columns, over batches. What is
 * varied is x, gamma or beta.
 */
struct normal {
	uint64_t rows, cols;
	const float *x, *gamma, *beta, *w;
	const double *vx, *vgamma, *vbeta; /* instead of them; or NULL */
	bool rms, columns, fixed;
	const float *mean, *rstd; /* fixed */
};

static double pick(const float *fixed, const double *varied, uint64_t i,
		   double missing)
{
	if (varied)
		return varied[i];
	return fixed ? (double)fixed[i] : missing;
}

static double normal_value(const struct normal *s)
{
	uint64_t outer = s->columns ? s->cols : s->rows;
	uint64_t inner = s->columns ? s->rows : s->cols, a, b;
	double value = 0;

	for (a = 0; a < outer; a++) {
		double mean = 0, var = 0, rstd;

#define AT(b) (s->columns ? s->cols * (b) + a : a * s->cols + (b))
		for (b = 0; b < inner && !s->rms; b++)
			mean += pick(s->x, s->vx, AT(b), 0) / (double)inner;
		for (b = 0; b < inner; b++)
			var += pow(pick(s->x, s->vx, AT(b), 0) - mean, 2) /
			       (double)inner;
		rstd = 1 / sqrt(var + 1e-5);
		if (s->fixed) {
			mean = (double)s->mean[a];
			rstd = (double)s->rstd[a];
		}
		for (b = 0; b < inner; b++) {
			uint64_t c = s->columns ? a : b;

			value += (double)s->w[AT(b)] *
				 ((pick(s->x, s->vx, AT(b), 0) - mean) * rstd *
					  pick(s->gamma, s->vgamma, c, 1) +
				  pick(s->beta, s->vbeta, c, 0));
		}
#undef AT
	}
	return value;
}

static double by_x(const double *x, void *ctx)
{
	struct normal s = *(const struct normal *)ctx;

	s.vx = x;
	return normal_value(&s);
}

static double by_gamma(const double *x, void *ctx)
{
	struct normal s = *(const struct normal *)ctx;

	s.vgamma = x;
	return normal_value(&s);
}

static double by_beta(const double *x, void *ctx)
{
	struct normal s = *(const struct normal *)ctx;

	s.vbeta = x;
	return normal_value(&s);
}

static void gradient_norm(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { ot_range(t, 1, 5), ot_range(t, 8, 30) };
	bool rms = ot_range(t, 0, 1);
	struct ashlar_op_norm f = ASHLAR_OP_INIT(norm);
	struct ashlar_op_norm_dx b = ASHLAR_OP_INIT(norm_dx);
	struct normal s = { .rows = shape[0], .cols = shape[1], .rms = rms };

	f.flags = rms ? ASHLAR_NORM_RMS : 0;
	f.eps = 1e-5f;
	f.x = make(m, 2, shape, -1, 2);
	f.y = make(m, 2, shape, 0, 1);
	f.gamma = make(m, 1, &shape[1], -2, 2);
	f.rstd = make(m, 1, shape, 0, 1);
	if (!rms)
		f.mean = make(m, 1, shape, 0, 1);
	ref_op(&f.op, t->lanes);
	b.flags = f.flags;
	b.x = f.x;
	b.gamma = f.gamma;
	b.mean = f.mean;
	b.rstd = f.rstd;
	b.dy = make(m, 2, shape, -2, 2);
	b.dx = make(m, 2, shape, 0, 1);
	b.dgamma = make(m, 1, &shape[1], 0, 1);
	if (!rms)
		b.dbeta = make(m, 1, &shape[1], 0, 1);
	ref_op(&b.op, t->lanes);
	s.x = floats(&f.x);
	s.gamma = floats(&f.gamma);
	s.w = floats(&b.dy);
	gradient(t, "norm by x", by_x, &s, &f.x, &b.dx);
	gradient(t, "norm by gamma", by_gamma, &s, &f.gamma, &b.dgamma);
	if (!rms)
		gradient(t, "norm by beta", by_beta, &s, &f.gamma, &b.dbeta);
}

static void gradient_batch_norm(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { ot_range(t, 8, 40), ot_range(t, 1, 5) };
	bool training = ot_range(t, 0, 1);
	struct ashlar_op_batch_norm f = ASHLAR_OP_INIT(batch_norm);
	struct ashlar_op_batch_norm_dx b = ASHLAR_OP_INIT(batch_norm_dx);
	struct normal s = { .rows = shape[0],
			    .cols = shape[1],
			    .columns = true,
			    .fixed = !training };

	f.flags = training ? ASHLAR_BATCH_NORM_TRAINING : 0;
	f.eps = 1e-5f;
	f.momentum = 0.25f;
	f.x = make(m, 2, shape, -1, 2);
	f.y = make(m, 2, shape, 0, 1);
	f.gamma = make(m, 1, &shape[1], -2, 2);
	f.running_mean = make(m, 1, &shape[1], -1, 1);
	f.running_var = make(m, 1, &shape[1], 1, 2);
	f.mean = make(m, 1, &shape[1], 0, 1);
	f.rstd = make(m, 1, &shape[1], 0, 1);
	ref_op(&f.op, t->lanes);
	b.flags = f.flags;
	b.x = f.x;
	b.gamma = f.gamma;
	b.mean = f.mean;
	b.rstd = f.rstd;
	b.dy = make(m, 2, shape, -2, 2);
	b.dx = make(m, 2, shape, 0, 1);
	b.dgamma = make(m, 1, &shape[1], 0, 1);
	b.dbeta = make(m, 1, &shape[1], 0, 1);
	ref_op(&b.op, t->lanes);
	s.x = floats(&f.x);
	s.gamma = floats(&f.gamma);
	s.w = floats(&b.dy);
	s.mean = floats(&f.mean);
	s.rstd = floats(&f.rstd);
	gradient(t, "batch norm by x", by_x, &s, &f.x, &b.dx);
	gradient(t, "batch norm by gamma", by_gamma, &s, &f.gamma, &b.dgamma);
	gradient(t, "batch norm by beta", by_beta, &s, &f.gamma, &b.dbeta);
}

/*
 * Gradients of a norm over rows or columns against exact ones, with a mean and
 * rstd that need not be those of x.
 */
struct exact_dx {
	uint64_t rows, cols;
	const float *x, *dy, *gamma, *mean, *rstd, *dx, *dgamma, *dbeta;
	bool columns; /* batch norm */
	double h; /* of column sums, and of the sums of dx */
	double h_dx;
};

static double exact_n(const struct exact_dx *e, uint64_t r, uint64_t c)
{
	uint64_t i = e->columns ? c : r;

	return ((double)e->x[r * e->cols + c] -
		(e->mean ? (double)e->mean[i] : 0)) *
	       (double)e->rstd[i];
}

static bool exact_vectors(const struct exact_dx *e)
{
	bool ok = true;
	uint64_t r, c;

	for (c = 0; ok && c < e->cols; c++) {
		double gamma = 0, beta = 0, most_gamma = 0, most_beta = 0;

		for (r = 0; r < e->rows; r++) {
			double dy = (double)e->dy[r * e->cols + c];
			double v = dy * exact_n(e, r, c);

			gamma += v;
			beta += dy;
			most_gamma += fabs(v);
			most_beta += fabs(dy);
		}
		ok = ot_near("dgamma", c, (double)e->dgamma[c], gamma,
			     (e->h + 4) * U * most_gamma + 0x1p-100) &&
		     (!e->dbeta ||
		      ot_near("dbeta", c, (double)e->dbeta[c], beta,
			      e->h * U * most_beta + 0x1p-100));
	}
	return ok;
}

static bool exact_dx_of(const struct exact_dx *e)
{
	uint64_t outer = e->columns ? e->cols : e->rows;
	uint64_t inner = e->columns ? e->rows : e->cols, a, b;
	bool ok = true;

	for (a = 0; ok && a < outer; a++) {
		double s = 0, t = 0, all_s = 0, all_t = 0;
		double n, g, bound;

#define ROW (e->columns ? b : a)
#define COL (e->columns ? a : b)
#define G                                                             \
	((double)e->dy[ROW * e->cols + COL] * (double)e->gamma[COL] * \
	 (double)e->rstd[e->columns ? COL : ROW])
		for (b = 0; b < inner; b++) {
			s += e->mean ? G : 0;
			t += exact_n(e, ROW, COL) * G;
			all_s += fabs(G);
			all_t += fabs(exact_n(e, ROW, COL) * G);
		}
		for (b = 0; ok && b < inner; b++) {
			n = exact_n(e, ROW, COL);
			g = G;
			bound = (e->h_dx + 10) * (all_s + fabs(n) * all_t) /
					(double)inner +
				(e->columns ? 8 : 6) *
					(fabs(g) + fabs(s / (double)inner) +
					 fabs(n * t / (double)inner));
			ok = ot_near("dx", ROW * e->cols + COL,
				     (double)e->dx[ROW * e->cols + COL],
				     g - (s + n * t) / (double)inner,
				     bound * U + 0x1p-100);
		}
#undef G
#undef COL
#undef ROW
	}
	return ok;
}

static void exact_norm_dx(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { size(t, 40), size(t, 600) };
	bool rms = ot_range(t, 0, 1);
	struct ashlar_op_norm_dx op = ASHLAR_OP_INIT(norm_dx);
	struct exact_dx e = { .rows = shape[0], .cols = shape[1] };

	op.flags = rms ? ASHLAR_NORM_RMS : 0;
	op.x = make(m, 2, shape, -1, 3);
	op.dy = make(m, 2, shape, -2, 2);
	op.gamma = make(m, 1, &shape[1], -2, 2);
	op.rstd = make(m, 1, shape, 0.5, 1.5);
	op.dx = make(m, 2, shape, 0, 1);
	op.dgamma = make(m, 1, &shape[1], 0, 1);
	if (!rms) {
		op.mean = make(m, 1, shape, 0.5, 1.5);
		op.dbeta = make(m, 1, &shape[1], 0, 1);
		e.mean = floats(&op.mean);
		e.dbeta = floats(&op.dbeta);
	}
	ref_op(&op.op, t->lanes);
	e.x = floats(&op.x);
	e.dy = floats(&op.dy);
	e.gamma = floats(&op.gamma);
	e.rstd = floats(&op.rstd);
	e.dx = floats(&op.dx);
	e.dgamma = floats(&op.dgamma);
	e.h = column_depth(shape[0]);
	e.h_dx = row_depth(t, shape[1]);
	ot_check(t, exact_vectors(&e) && exact_dx_of(&e),
		 "norm_dx of %llux%llu against exact, flags %u",
		 (unsigned long long)shape[0], (unsigned long long)shape[1],
		 op.flags);
}

static void exact_batch_norm_dx(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { size(t, 2000), size(t, 9) };
	struct ashlar_op_batch_norm_dx op = ASHLAR_OP_INIT(batch_norm_dx);
	struct exact_dx e = { .rows = shape[0],
			      .cols = shape[1],
			      .columns = true };

	op.flags = ASHLAR_BATCH_NORM_TRAINING;
	op.x = make(m, 2, shape, -1, 3);
	op.dy = make(m, 2, shape, -2, 2);
	op.gamma = make(m, 1, &shape[1], -2, 2);
	op.mean = make(m, 1, &shape[1], 0.5, 1.5);
	op.rstd = make(m, 1, &shape[1], 0.5, 1.5);
	op.dx = make(m, 2, shape, 0, 1);
	op.dgamma = make(m, 1, &shape[1], 0, 1);
	op.dbeta = make(m, 1, &shape[1], 0, 1);
	ref_op(&op.op, t->lanes);
	e.x = floats(&op.x);
	e.dy = floats(&op.dy);
	e.gamma = floats(&op.gamma);
	e.mean = floats(&op.mean);
	e.rstd = floats(&op.rstd);
	e.dx = floats(&op.dx);
	e.dgamma = floats(&op.dgamma);
	e.dbeta = floats(&op.dbeta);
	e.h = column_depth(shape[0]);
	e.h_dx = e.h;
	ot_check(t, exact_vectors(&e) && exact_dx_of(&e),
		 "batch_norm_dx of %llux%llu against exact",
		 (unsigned long long)shape[0], (unsigned long long)shape[1]);
}

/* Statistics, running averages and results of batch norm. */
static void exact_batch_norm(struct ot *t, struct room *m)
{
	uint64_t shape[2] = { size(t, 3000), size(t, 9) };
	struct ashlar_op_batch_norm op = ASHLAR_OP_INIT(batch_norm);
	double n = (double)shape[0], h = column_depth(shape[0]);
	double old_mean[9], old_var[9];
	bool ok = true;
	uint64_t r, i;

	op.flags = ASHLAR_BATCH_NORM_TRAINING;
	op.eps = 1e-5f;
	op.momentum = 0.125f;
	op.x = make(m, 2, shape, -1, 3);
	op.y = make(m, 2, shape, 0, 1);
	op.gamma = make(m, 1, &shape[1], -2, 2);
	op.beta = make(m, 1, &shape[1], -2, 2);
	op.running_mean = make(m, 1, &shape[1], -1, 1);
	op.running_var = make(m, 1, &shape[1], 1, 2);
	op.mean = make(m, 1, &shape[1], 0, 1);
	op.rstd = make(m, 1, &shape[1], 0, 1);
	for (i = 0; i < shape[1]; i++) {
		old_mean[i] = (double)floats(&op.running_mean)[i];
		old_var[i] = (double)floats(&op.running_var)[i];
	}
	ref_op(&op.op, t->lanes);
	for (i = 0; ok && i < shape[1]; i++) {
		double mean = 0, var = 0, saved, k, b;

		for (r = 0; r < shape[0]; r++)
			mean += (double)floats(&op.x)[r * shape[1] + i] / n;
		for (r = 0; r < shape[0]; r++)
			var += pow((double)floats(&op.x)[r * shape[1] + i] -
					   mean,
				   2) /
			       n;
		saved = (double)floats(&op.mean)[i];
		k = (double)floats(&op.rstd)[i] * (double)floats(&op.gamma)[i];
		b = (double)floats(&op.beta)[i];
		ok = ot_near("mean", i, saved, mean, (h + 3) * U * 3) &&
		     ot_near("rstd", i, (double)floats(&op.rstd)[i],
			     1 / sqrt(var + (double)op.eps),
			     (h + 8) * U / sqrt(var + (double)op.eps) *
				     (1 +
				      9 / (var + (double)op.eps) * U * h)) &&
		     ot_near("running_mean", i,
			     (double)floats(&op.running_mean)[i],
			     old_mean[i] * 0.875 + mean * 0.125,
			     (h + 8) * U * 4) &&
		     ot_near("running_var", i,
			     (double)floats(&op.running_var)[i],
			     old_var[i] * 0.875 +
				     var * 0.125 * (n > 1 ? n / (n - 1) : 1),
			     (2 * h + 16) * U * 8);
		for (r = 0; ok && r < shape[0]; r++) {
			double x = (double)floats(&op.x)[r * shape[1] + i];

			ok = ot_near("batch norm", r,
				     (double)floats(&op.y)[r * shape[1] + i],
				     (x - saved) * k + b,
				     4 * U *
					     (fabs(x * k) + fabs(saved * k) +
					      fabs(b)));
		}
	}
	ot_check(t, ok, "batch norm of %llu rows against exact",
		 (unsigned long long)shape[0]);
}

/* --- Pooling --------------------------------------------------------------------------------- */

struct pool_value {
	struct ashlar_op_pool2d op;
	const float *w;
};

/* Sum of w * y; and each y, if it is not NULL. */
static double pool_sum(const struct pool_value *s, const double *x, double *y,
		       double *magnitude)
{
	const struct ashlar_op_pool2d *op = &s->op;
	const int64_t height = (int64_t)op->x.shape[1];
	const int64_t width = (int64_t)op->x.shape[2];
	const uint64_t channels = op->x.shape[3];
	double value = 0;
	uint64_t n;

	for (n = 0; n < tensor_count(&op->y); n++) {
		uint64_t c = n % channels, ow = n / channels % op->y.shape[2];
		uint64_t oh = n / channels / op->y.shape[2] % op->y.shape[1];
		double most = -INFINITY, sum = 0, all = 0, v;
		int64_t count = 0, kh, kw;

		for (kh = 0; kh < op->kernel[0]; kh++) {
			for (kw = 0; kw < op->kernel[1]; kw++) {
				int64_t h = (int64_t)oh * op->stride[0] + kh -
					    op->pad_top;
				int64_t w = (int64_t)ow * op->stride[1] + kw -
					    op->pad_left;

				if (h < 0 || h >= height || w < 0 || w >= width)
					continue;
				v = x[((uint64_t)h * (uint64_t)width +
				       (uint64_t)w) *
					      channels +
				      c];
				most = fmax(most, v);
				sum += v;
				all += fabs(v);
				count++;
			}
		}
		if (op->flags & ASHLAR_POOL_COUNT_PADDING)
			count = (int64_t)op->kernel[0] * op->kernel[1];
		v = op->mode == ASHLAR_POOL_MAX ? most : sum / (double)count;
		if (y) {
			y[n] = v;
			magnitude[n] = all / (double)count;
		}
		value += (double)s->w[n] * v;
	}
	return value;
}

static double pool_by_x(const double *x, void *ctx)
{
	return pool_sum(ctx, x, NULL, NULL);
}

static void exact_pool(struct ot *t, struct room *m)
{
	struct pool_value s = { .op = ASHLAR_OP_INIT(pool2d) };
	struct ashlar_op_pool2d_dx b = ASHLAR_OP_INIT(pool2d_dx);
	uint64_t x[4] = { 1, ot_range(t, 3, 9), ot_range(t, 3, 9),
			  ot_range(t, 1, 3) };
	uint64_t y[4] = { 1, 0, 0, x[3] };
	uint32_t d, pad[2];
	double value[1000], was[1000], magnitude[1000], bound;
	bool ok = true;
	uint64_t i;

	for (d = 0; d < 2; d++) {
		s.op.kernel[d] = ot_range(t, 1, 3);
		s.op.stride[d] = ot_range(t, 1, 3);
		pad[d] = ot_range(t, 0, s.op.kernel[d] - 1);
		y[1 + d] =
			(x[1 + d] + pad[d] - s.op.kernel[d]) / s.op.stride[d] +
			1;
	}
	s.op.pad_top = pad[0];
	s.op.pad_left = pad[1];
	s.op.mode = ot_range(t, ASHLAR_POOL_MAX, ASHLAR_POOL_AVERAGE);
	if (s.op.mode == ASHLAR_POOL_AVERAGE)
		s.op.flags = ot_range(t, 0, 1);
	s.op.x = make(m, 4, x, -2, 2);
	s.op.y = make(m, 4, y, 0, 1);
	ref_op(&s.op.op, t->lanes);
	b.dy = make(m, 4, y, -2, 2);
	b.dx = make(m, 4, x, 0, 1);
	if (s.op.mode == ASHLAR_POOL_MAX) {
		b.x = s.op.x;
		b.y = s.op.y;
	}
	memcpy(b.kernel, s.op.kernel, sizeof(b.kernel));
	memcpy(b.stride, s.op.stride, sizeof(b.stride));
	b.pad_top = pad[0];
	b.pad_left = pad[1];
	b.mode = s.op.mode;
	b.flags = s.op.flags;
	ref_op(&b.op, t->lanes);
	s.w = floats(&b.dy);
	for (i = 0; i < tensor_count(&s.op.x); i++)
		was[i] = (double)floats(&s.op.x)[i];
	pool_sum(&s, was, value, magnitude);
	for (i = 0; ok && i < tensor_count(&s.op.y); i++) {
		bound = s.op.mode == ASHLAR_POOL_MAX ?
				0 :
				(s.op.kernel[0] + s.op.kernel[1] + 2) * U *
					magnitude[i];
		ok = ot_near("pool", i, (double)floats(&s.op.y)[i], value[i],
			     bound);
	}
	ot_check(t, ok, "pooling against exact, mode %u", s.op.mode);
	gradient(t, "pool", pool_by_x, &s, &s.op.x, &b.dx);
}

typedef void exact_test(struct ot *t, struct room *m);

void norm_exact(struct ot *t, unsigned long rounds)
{
	static exact_test *const tests[] = {
		exact_softmax,		exact_softmax_dx,    gradient_softmax,
		gradient_cross_entropy, exact_norm,	     gradient_norm,
		exact_batch_norm,	gradient_batch_norm, exact_pool,
		exact_norm_dx,		exact_batch_norm_dx,
	};
	const size_t count = sizeof(tests) / sizeof(tests[0]);
	struct room m = { .t = t };
	unsigned long i;

	for (i = 0; i < rounds * count; i++) {
		t->random.state = t->seed + i;
		tests[i % count](t, &m);
		release(&m);
	}
}
