// SPDX-License-Identifier: MIT
/* Softmax, cross entropy and norms: ashlar/ops_norm.h, to the bit. */
#include <stdlib.h>

#include "ref.h"
#include "ref_walk.h"

#define ONE	0x3f800000u
#define MINUS	0x80000000u
#define SEGMENT 64u /* lines of a row sum's segments */
#define SUB	32u /* rows of a column sum */
#define BLOCK	1024u

static uint32_t neg(uint32_t x)
{
	return ash_f32_mul(x, ONE | MINUS);
}

static void *allocate(uint64_t count)
{
	void *p = calloc(count + 1, 4);

	if (!p)
		abort();
	return p;
}

static bool none(const struct ashlar_tensor *t)
{
	return t->addr == 0 && t->dims == 0;
}

/* --- Rows ---------------------------------------------------------------------- */

static uint64_t rows_of(const struct ashlar_tensor *t)
{
	uint64_t rows = 1;
	uint32_t i;

	for (i = 0; i + 1 < t->dims; i++)
		rows *= t->shape[i];
	return rows;
}

static uint64_t cols_of(const struct ashlar_tensor *t)
{
	return t->shape[t->dims - 1];
}

static uint8_t *row_at(const struct ashlar_tensor *t, uint64_t row)
{
	int64_t at = 0;
	uint32_t d;

	for (d = t->dims - 1; d-- > 0;) {
		at += (int64_t)(row % t->shape[d]) * t->stride[d];
		row /= t->shape[d];
	}
	return (uint8_t *)(uintptr_t)t->addr +
	       at * ashlar_format_bytes(t->format);
}

static void read_row(const struct ashlar_tensor *t, uint64_t row, uint32_t *to)
{
	uint32_t bytes = ashlar_format_bytes(t->format);
	const uint8_t *at = row_at(t, row);
	uint64_t i;

	for (i = 0; i < cols_of(t); i++, at += bytes)
		to[i] = ref_get(at, t->format).bits;
}

static void write_row(const struct ashlar_tensor *t, uint64_t row,
		      const uint32_t *from)
{
	uint32_t bytes = ashlar_format_bytes(t->format);
	uint8_t *at = row_at(t, row);
	uint64_t i;

	for (i = 0; i < cols_of(t); i++, at += bytes)
		ref_put(at, t->format, ref_f32(from[i]));
}

/* Word i of a packed fp32 tensor; `missing` if it is none. */
static uint32_t word(const struct ashlar_tensor *t, uint64_t i,
		     uint32_t missing)
{
	if (none(t))
		return missing;
	return ref_get((uint8_t *)(uintptr_t)t->addr + 4 * i, ASHLAR_F32).bits;
}

static void set_word(const struct ashlar_tensor *t, uint64_t i, uint32_t value)
{
	if (!none(t))
		memcpy((uint8_t *)(uintptr_t)t->addr + 4 * i, &value, 4);
}

static uint32_t segment_sum(const uint32_t *x, uint64_t n, uint32_t lanes)
{
	uint32_t lane[64];
	uint32_t i, half;

	for (i = 0; i < lanes; i++) {
		uint64_t at = i;

		lane[i] = at < n ? x[at] : MINUS;
		for (at += lanes; at < n; at += lanes)
			lane[i] = ash_f32_add(lane[i], x[at]);
	}
	for (half = lanes / 2; half; half /= 2)
		for (i = 0; i < half; i++)
			lane[i] = ash_f32_add(lane[i], lane[i + half]);
	return lane[0];
}

static uint32_t row_sum(const uint32_t *x, uint64_t n, uint32_t lanes)
{
	uint64_t size = (uint64_t)SEGMENT * lanes;
	uint32_t sum = 0;
	uint64_t at;

	for (at = 0; at < n; at += size) {
		uint32_t s = segment_sum(x + at, n - at < size ? n - at : size,
					 lanes);

		sum = at ? ash_f32_add(sum, s) : s;
	}
	return sum;
}

static uint32_t greatest(const uint32_t *x, uint64_t n)
{
	uint32_t m = x[0];
	uint64_t i;

	for (i = 1; i < n; i++)
		m = ash_f32_max(m, x[i]);
	return m;
}

/* --- Softmax --------------------------------------------------------------------- */

/* e = exp(x - m), and its sum. Returns -m. */
static uint32_t exponentials(const uint32_t *x, uint32_t *e, uint64_t n,
			     uint32_t lanes, uint32_t *sum)
{
	uint32_t less = neg(greatest(x, n));
	uint64_t i;

	for (i = 0; i < n; i++)
		e[i] = ash_f32_exp(ash_f32_add(x[i], less));
	*sum = row_sum(e, n, lanes);
	return less;
}

void ref_softmax(const struct ashlar_op_softmax *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->x), rows = n ? rows_of(&op->x) : 0;
	uint32_t *x = allocate(n), *e = allocate(n);
	uint64_t r, i;

	for (r = 0; r < rows; r++) {
		uint32_t less, sum, factor;

		read_row(&op->x, r, x);
		less = exponentials(x, e, n, lanes, &sum);
		if (op->flags & ASHLAR_SOFTMAX_LOG) {
			factor = neg(ash_f32_log(sum));
			for (i = 0; i < n; i++)
				e[i] = ash_f32_add(ash_f32_add(x[i], less),
						   factor);
		} else {
			factor = ash_f32_recip(sum);
			for (i = 0; i < n; i++)
				e[i] = ash_f32_mul(e[i], factor);
		}
		write_row(&op->y, r, e);
	}
	free(x);
	free(e);
}

void ref_softmax_dx(const struct ashlar_op_softmax_dx *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->y), rows = n ? rows_of(&op->y) : 0;
	uint32_t *y = allocate(n), *dy = allocate(n), *t = allocate(n);
	bool log = op->flags & ASHLAR_SOFTMAX_LOG;
	uint64_t r, i;

	for (r = 0; r < rows; r++) {
		uint32_t less;

		read_row(&op->y, r, y);
		read_row(&op->dy, r, dy);
		for (i = 0; i < n && !log; i++)
			t[i] = ash_f32_mul(dy[i], y[i]);
		less = neg(row_sum(log ? dy : t, n, lanes));
		for (i = 0; i < n; i++)
			t[i] = log ? ash_f32_add(ash_f32_mul(ash_f32_exp(y[i]),
							     less),
						 dy[i]) :
				     ash_f32_mul(ash_f32_add(dy[i], less),
						 y[i]);
		write_row(&op->dx, r, t);
	}
	free(y);
	free(dy);
	free(t);
}

void ref_cross_entropy(const struct ashlar_op_cross_entropy *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->logits), rows = n ? rows_of(&op->logits) : 0;
	uint32_t *x = allocate(n), *e = allocate(n);
	uint64_t r, i;

	for (r = 0; r < rows; r++) {
		uint32_t less, sum, factor, difference, scale, loss;
		bool ignored;
		int32_t label;

		memcpy(&label, (uint8_t *)(uintptr_t)op->labels.addr + 4 * r,
		       4);
		ignored = op->flags & ASHLAR_CROSS_ENTROPY_IGNORE &&
			  label == op->ignore;
		scale = ref_bits(op->scale);
		read_row(&op->logits, r, x);
		less = exponentials(x, e, n, lanes, &sum);
		difference = ASH_F32_NAN;
		if (label >= 0 && (uint64_t)label < n)
			difference = ash_f32_add(less, x[label]);
		else
			scale = ASH_F32_NAN;
		if (ignored)
			scale = 0;
		loss = ash_f32_sub(ash_f32_log(sum), difference);
		set_word(&op->loss, r, ignored ? 0 : loss);
		if (none(&op->dlogits))
			continue;
		factor = ash_f32_mul(ash_f32_recip(sum), scale);
		for (i = 0; i < n; i++)
			e[i] = ash_f32_mul(e[i], factor);
		if (!ignored && label >= 0 && (uint64_t)label < n)
			e[label] = ash_f32_sub(e[label], scale);
		write_row(&op->dlogits, r, e);
	}
	free(x);
	free(e);
}

/* --- Layer norm, RMS norm ---------------------------------------------------------- */

static uint32_t reciprocal(uint64_t n)
{
	return ref_bits((float)(1.0 / (double)n));
}

void ref_norm(const struct ashlar_op_norm *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->x), rows = n ? rows_of(&op->x) : 0;
	uint32_t *x = allocate(n), *t = allocate(n);
	bool rms = op->flags & ASHLAR_NORM_RMS;
	uint32_t c = n ? reciprocal(n) : 0;
	uint64_t r, i;

	for (r = 0; r < rows; r++) {
		uint32_t rstd, mean = 0;

		read_row(&op->x, r, x);
		if (!rms) {
			mean = ash_f32_mul(row_sum(x, n, lanes), c);
			for (i = 0; i < n; i++)
				x[i] = ash_f32_sub(x[i], mean);
		}
		for (i = 0; i < n; i++)
			t[i] = ash_f32_mul(x[i], x[i]);
		rstd = ash_f32_rsqrt(
			ash_f32_add(ash_f32_mul(row_sum(t, n, lanes), c),
				    ash_f32_read(ref_bits(op->eps))));
		for (i = 0; i < n; i++) {
			t[i] = ash_f32_mul(x[i], rstd);
			if (!none(&op->gamma))
				t[i] = ash_f32_mul(t[i],
						   word(&op->gamma, i, 0));
			if (!none(&op->beta))
				t[i] = ash_f32_add(t[i], word(&op->beta, i, 0));
		}
		write_row(&op->y, r, t);
		set_word(&op->mean, r, mean);
		set_word(&op->rstd, r, rstd);
	}
	free(x);
	free(t);
}

/* --- Column sums -------------------------------------------------------------------- */

struct column_sum {
	uint64_t cols;
	uint32_t *sub, *block, *total;
};

static void column_begin(struct column_sum *s, uint64_t cols)
{
	s->cols = cols;
	s->sub = allocate(cols);
	s->block = allocate(cols);
	s->total = allocate(cols);
}

static void column_join(uint32_t *to, const uint32_t *from, uint64_t n,
			bool first)
{
	uint64_t i;

	for (i = 0; i < n; i++)
		to[i] = first ? from[i] : ash_f32_add(to[i], from[i]);
}

/* Row r of so many. */
static void column_add(struct column_sum *s, const uint32_t *x, uint64_t r,
		       uint64_t rows)
{
	bool last = r + 1 == rows;

	column_join(s->sub, x, s->cols, r % SUB == 0);
	if (!last && (r + 1) % SUB)
		return;
	column_join(s->block, s->sub, s->cols, r % BLOCK < SUB);
	if (!last && (r + 1) % BLOCK)
		return;
	column_join(s->total, s->block, s->cols, r < BLOCK);
}

/* The totals, of no rows zeros, go where they are wanted. */
static void column_end(struct column_sum *s, const struct ashlar_tensor *to)
{
	uint64_t i;

	for (i = 0; i < s->cols; i++)
		set_word(to, i, s->total[i]);
	free(s->sub);
	free(s->block);
	free(s->total);
}

void ref_norm_dx(const struct ashlar_op_norm_dx *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->x), rows = n ? rows_of(&op->x) : 0;
	uint32_t *x = allocate(n), *dy = allocate(n), *g = allocate(n),
		 *t = allocate(n);
	bool rms = op->flags & ASHLAR_NORM_RMS;
	uint32_t less_c = n ? neg(reciprocal(n)) : 0;
	struct column_sum dgamma, dbeta;
	uint64_t r, i;

	column_begin(&dgamma, n);
	column_begin(&dbeta, n);
	for (r = 0; r < rows; r++) {
		uint32_t mean = word(&op->mean, r, 0);
		uint32_t rstd = word(&op->rstd, r, 0);
		uint32_t less_s, less_t;

		read_row(&op->x, r, x);
		read_row(&op->dy, r, dy);
		column_add(&dbeta, dy, r, rows);
		for (i = 0; i < n; i++) {
			if (!rms)
				x[i] = ash_f32_sub(x[i], mean);
			x[i] = ash_f32_mul(x[i], rstd);
			t[i] = ash_f32_mul(dy[i], x[i]);
		}
		column_add(&dgamma, t, r, rows);
		if (none(&op->dx))
			continue;
		for (i = 0; i < n; i++) {
			g[i] = dy[i];
			if (!none(&op->gamma))
				g[i] = ash_f32_mul(g[i],
						   word(&op->gamma, i, 0));
			g[i] = ash_f32_mul(g[i], rstd);
			t[i] = ash_f32_mul(x[i], g[i]);
		}
		less_s = ash_f32_mul(row_sum(g, n, lanes), less_c);
		less_t = ash_f32_mul(row_sum(t, n, lanes), less_c);
		for (i = 0; i < n; i++) {
			t[i] = ash_f32_mul(x[i], less_t);
			if (!rms)
				t[i] = ash_f32_add(t[i], less_s);
			t[i] = ash_f32_add(t[i], g[i]);
		}
		write_row(&op->dx, r, t);
	}
	column_end(&dgamma, &op->dgamma);
	column_end(&dbeta, &op->dbeta);
	free(x);
	free(dy);
	free(g);
	free(t);
}

/* --- Batch norm ------------------------------------------------------------------------ */

/* old * (1 - momentum) + now * momentum */
static void run_on(const struct ashlar_tensor *running, uint64_t i,
		   uint32_t now, float momentum)
{
	if (none(running))
		return;
	set_word(running, i,
		 ash_f32_add(ash_f32_mul(word(running, i, 0),
					 ref_bits(1.0f - momentum)),
			     ash_f32_mul(now, ref_bits(momentum))));
}

/* Mean and variance of the rows. */
static void statistics(const struct ashlar_op_batch_norm *op, uint32_t *mean,
		       uint32_t *var)
{
	uint64_t n = cols_of(&op->x), rows = rows_of(&op->x), r, i;
	const struct ashlar_tensor nowhere = { 0 };
	uint32_t *x = allocate(n);
	uint32_t c = reciprocal(rows);
	struct column_sum sum;
	uint32_t pass;

	for (pass = 0; pass < 2; pass++) {
		column_begin(&sum, n);
		for (r = 0; r < rows; r++) {
			read_row(&op->x, r, x);
			for (i = 0; pass && i < n; i++) {
				x[i] = ash_f32_sub(x[i], mean[i]);
				x[i] = ash_f32_mul(x[i], x[i]);
			}
			column_add(&sum, x, r, rows);
		}
		for (i = 0; i < n; i++)
			(pass ? var : mean)[i] = ash_f32_mul(sum.total[i], c);
		column_end(&sum, &nowhere);
	}
	free(x);
	for (i = 0; i < n; i++) {
		float unbias = 1.0f;

		if (rows > 1)
			unbias = (float)((double)rows / (double)(rows - 1));
		run_on(&op->running_mean, i, mean[i], op->momentum);
		run_on(&op->running_var, i,
		       ash_f32_mul(var[i], ref_bits(unbias)), op->momentum);
	}
}

void ref_batch_norm(const struct ashlar_op_batch_norm *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->x), rows = n ? rows_of(&op->x) : 0, r, i;
	uint32_t *x = allocate(n), *mean = allocate(n), *var = allocate(n);
	uint32_t *k = allocate(n), *b = allocate(n);

	(void)lanes;
	if (op->flags & ASHLAR_BATCH_NORM_TRAINING) {
		if (rows)
			statistics(op, mean, var);
	} else {
		for (i = 0; i < n; i++) {
			mean[i] = word(&op->running_mean, i, 0);
			var[i] = word(&op->running_var, i, 0);
		}
	}
	for (i = 0; i < n; i++) {
		uint32_t rstd = ash_f32_rsqrt(
			ash_f32_add(var[i], ash_f32_read(ref_bits(op->eps))));

		k[i] = rstd;
		if (!none(&op->gamma))
			k[i] = ash_f32_mul(rstd, word(&op->gamma, i, 0));
		b[i] = ash_f32_mul(mean[i], neg(k[i]));
		if (!none(&op->beta))
			b[i] = ash_f32_add(b[i], word(&op->beta, i, 0));
		set_word(&op->mean, i, mean[i]);
		set_word(&op->rstd, i, rstd);
	}
	for (r = 0; r < rows; r++) {
		read_row(&op->x, r, x);
		for (i = 0; i < n; i++)
			x[i] = ash_f32_add(ash_f32_mul(x[i], k[i]), b[i]);
		write_row(&op->y, r, x);
	}
	free(x);
	free(mean);
	free(var);
	free(k);
	free(b);
}

void ref_batch_norm_dx(const struct ashlar_op_batch_norm_dx *op, uint32_t lanes)
{
	uint64_t n = cols_of(&op->x), rows = n ? rows_of(&op->x) : 0, r, i;
	bool training = op->flags & ASHLAR_BATCH_NORM_TRAINING;
	uint32_t *x = allocate(n), *dy = allocate(n);
	struct column_sum dgamma, dbeta;

	(void)lanes;
	column_begin(&dgamma, n);
	column_begin(&dbeta, n);
	for (r = 0; r < rows; r++) {
		read_row(&op->x, r, x);
		read_row(&op->dy, r, dy);
		column_add(&dbeta, dy, r, rows);
		for (i = 0; i < n; i++) {
			x[i] = ash_f32_sub(x[i], word(&op->mean, i, 0));
			x[i] = ash_f32_mul(x[i], word(&op->rstd, i, 0));
			x[i] = ash_f32_mul(x[i], dy[i]);
		}
		column_add(&dgamma, x, r, rows);
	}
	for (r = 0; r < rows && !none(&op->dx); r++) {
		uint32_t c = reciprocal(rows);

		read_row(&op->x, r, x);
		read_row(&op->dy, r, dy);
		for (i = 0; i < n; i++) {
			uint32_t rstd = word(&op->rstd, i, 0), k = rstd, p, q;

			if (!none(&op->gamma))
				k = ash_f32_mul(rstd, word(&op->gamma, i, 0));
			dy[i] = ash_f32_mul(dy[i], k);
			if (!training)
				continue;
			p = ash_f32_mul(
				ash_f32_mul(ash_f32_mul(dgamma.total[i], c), k),
				rstd);
			q = ash_f32_mul(ash_f32_mul(dbeta.total[i], c), k);
			dy[i] = ash_f32_sub(dy[i], q);
			x[i] = ash_f32_mul(
				ash_f32_sub(x[i], word(&op->mean, i, 0)),
				neg(p));
			dy[i] = ash_f32_add(dy[i], x[i]);
		}
		write_row(&op->dx, r, dy);
	}
	column_end(&dgamma, &op->dgamma);
	column_end(&dbeta, &op->dbeta);
	free(x);
	free(dy);
}
