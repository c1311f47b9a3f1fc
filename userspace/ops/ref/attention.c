// SPDX-License-Identifier: MIT
/*
 * Attention and its gradients as ashlar/ops_attention.h says, a tile of N
 * queries (or keys) at a time. Products of matrices are ash_ref_gemm()'s.
 */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ash_gemm.h"
#include "ash_num.h"
#include "attention.h"
#include "ref.h"

#define D_MAX	 128u
#define TILE	 64u /* most lanes */
#define BLOCK	 (8 * TILE)
#define GREATEST 0x7f7fffffu
#define LEAST	 0x00800000u
#define MINUS	 0x80000000u

static uint32_t least64(uint64_t a, uint64_t b)
{
	return (uint32_t)(a < b ? a : b);
}

/* --- Tensors ------------------------------------------------------------------ */

static uint8_t *row_at(const struct ashlar_tensor *t, uint64_t b, uint64_t h,
		       uint64_t i)
{
	int64_t at = (int64_t)b * t->stride[0] + (int64_t)h * t->stride[1] +
		     (int64_t)i * t->stride[2];

	return (uint8_t *)(uintptr_t)t->addr +
	       at * (int64_t)ashlar_format_bytes(t->format);
}

static uint32_t read_float(uint32_t format, const uint8_t *p)
{
	uint32_t v = 0;

	memcpy(&v, p, ashlar_format_bytes(format));
	if (format == ASHLAR_BF16)
		return ash_bf16_to_f32((uint16_t)v);
	return format == ASHLAR_FP16 ? ash_f16_to_f32((uint16_t)v) :
				       ash_f32_read(v);
}

static uint16_t to_16(uint32_t format, uint32_t v)
{
	return format == ASHLAR_BF16 ? ash_f32_to_bf16(v) : ash_f32_to_f16(v);
}

static void write_float(uint32_t format, uint8_t *p, uint32_t v)
{
	uint16_t half;

	if (format == ASHLAR_F32) {
		v = ash_f32_read(v);
		memcpy(p, &v, 4);
	} else {
		half = to_16(format, v);
		memcpy(p, &half, 2);
	}
}

/* Rows of 16-bit elements, side by side. */
static void gather(uint16_t *to, const struct ashlar_tensor *t, uint64_t b,
		   uint64_t h, uint64_t first, uint32_t rows)
{
	uint64_t d = t->shape[3];

	for (uint32_t r = 0; r < rows; r++)
		memcpy(to + r * d, row_at(t, b, h, first + r), 2 * d);
}

/* --- Products ------------------------------------------------------------------- */

static void product(uint32_t format, const uint16_t *a, bool ta,
		    const uint16_t *b, bool tb, uint32_t m, uint32_t n,
		    uint32_t k, uint32_t *c)
{
	struct ash_gemm g = {
		.m = m,
		.n = n,
		.k = k,
		.type = format == ASHLAR_BF16 ? ASH_BF16 : ASH_FP16,
		.a = a,
		.b = b,
		.lda = ta ? m : k,
		.ldb = tb ? k : n,
		.transpose_a = ta,
		.transpose_b = tb,
		.out = ASH_F32,
		.c = c,
		.ldc = n,
	};

	if (ash_ref_gemm(&g))
		abort();
}

/* --- Forward ---------------------------------------------------------------------- */

struct forward {
	const struct ashlar_op_attention *op;
	uint32_t n, scale;
	bool causal;
	int64_t lq, lk;
	uint32_t d;
	/* A tile of queries. */
	uint16_t q[TILE * D_MAX];
	uint32_t rows;
	uint32_t b[TILE], l[TILE], a[TILE];
	uint32_t o[TILE * D_MAX];
	/* A block of keys. */
	uint16_t k[BLOCK * D_MAX], v[BLOCK * D_MAX];
	uint32_t u[TILE * BLOCK], acc[TILE * D_MAX];
	uint16_t p[TILE * BLOCK];
};

/* A row of u to p: b, l and a of the query. */
static void softmax_row(struct forward *f, uint32_t r, uint32_t keys,
			int64_t seen, bool first)
{
	uint32_t format = f->op->q.format;
	uint32_t *u = f->u + (size_t)r * keys;
	uint32_t b = first ? GREATEST : f->b[r];
	uint32_t sum = 0;

	for (uint32_t j = 0; j < keys; j++) {
		u[j] = ash_f32_mul(u[j], f->scale ^ MINUS);
		if (j >= seen)
			u[j] = ash_f32_max(u[j], ASH_F32_INF);
		b = ash_f32_min(b, u[j]);
	}
	if (!first)
		f->a[r] = ash_f32_exp(ash_f32_sub(b, f->b[r]));
	f->b[r] = b;
	for (uint32_t j = 0; j < keys; j++) {
		uint32_t p = ash_f32_exp(ash_f32_sub(b, u[j]));

		sum = j ? ash_f32_add(sum, p) : p;
		f->p[(size_t)r * keys + j] = to_16(format, p);
	}
	f->l[r] = first ? sum : ash_f32_add(ash_f32_mul(f->l[r], f->a[r]), sum);
}

static void accumulate(struct forward *f, bool first)
{
	for (uint32_t r = 0; r < f->rows; r++)
		for (uint32_t c = 0; c < f->d; c++) {
			uint32_t *o = &f->o[r * f->d + c];
			uint32_t x = f->acc[r * f->d + c];

			*o = first ? x :
				     ash_f32_add(ash_f32_mul(*o, f->a[r]), x);
		}
}

static void finish(struct forward *f, uint64_t b, uint64_t h, uint64_t i0,
		   bool dead)
{
	const struct ashlar_tensor *o = &f->op->o, *lse = &f->op->lse;
	uint32_t bytes = ashlar_format_bytes(o->format);

	for (uint32_t r = 0; r < f->rows; r++) {
		uint32_t rl = ash_f32_recip(ash_f32_max(f->l[r], LEAST));
		uint32_t e = ash_f32_sub(ash_f32_log(f->l[r]), f->b[r]);
		uint8_t *to = row_at(o, b, h, i0 + r);

		for (uint32_t c = 0; c < f->d; c++)
			write_float(o->format, to + c * bytes,
				    dead ? 0 :
					   ash_f32_mul(f->o[r * f->d + c], rl));
		if (dead)
			e = ASH_F32_INF | MINUS;
		if (lse->addr)
			write_float(ASHLAR_F32, row_at(lse, b, h, i0 + r), e);
	}
}

static void forward_tile(struct forward *f, uint64_t b, uint64_t h, uint64_t i0)
{
	const struct ashlar_op_attention *op = f->op;
	uint64_t kv = h / (op->q.shape[1] / op->k.shape[1]);
	uint32_t format = op->q.format;
	int64_t last, seen;

	f->rows = least64(f->n, (uint64_t)f->lq - i0);
	last = (int64_t)i0 + f->rows - 1;
	seen = attention_seen(f->causal, last, f->lq, f->lk);
	gather(f->q, &op->q, b, h, i0, f->rows);
	for (int64_t j0 = 0; j0 < seen; j0 += 8 * f->n) {
		uint32_t keys = least64(8 * f->n, (uint64_t)(seen - j0));

		gather(f->k, &op->k, b, kv, (uint64_t)j0, keys);
		gather(f->v, &op->v, b, kv, (uint64_t)j0, keys);
		product(format, f->q, false, f->k, true, f->rows, keys, f->d,
			f->u);
		for (uint32_t r = 0; r < f->rows; r++)
			softmax_row(f, r, keys,
				    attention_seen(f->causal, (int64_t)i0 + r,
						   f->lq, f->lk) -
					    j0,
				    j0 == 0);
		product(format, f->p, false, f->v, false, f->rows, f->d, keys,
			f->acc);
		accumulate(f, j0 == 0);
	}
	finish(f, b, h, i0, seen == 0);
}

void ref_attention(const struct ashlar_op_attention *op, uint32_t lanes)
{
	struct forward *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	f->op = op;
	f->n = lanes;
	f->causal = op->flags & ASHLAR_ATTENTION_CAUSAL;
	f->lq = (int64_t)op->q.shape[2];
	f->lk = (int64_t)op->k.shape[2];
	f->d = (uint32_t)op->q.shape[3];
	f->scale = attention_scale(op->scale, f->d);
	for (uint64_t b = 0; b < op->q.shape[0]; b++)
		for (uint64_t h = 0; h < op->q.shape[1]; h++)
			for (uint64_t i = 0; i < op->q.shape[2]; i += lanes)
				forward_tile(f, b, h, i);
	free(f);
}

/* --- Backward ----------------------------------------------------------------------- */

struct backward {
	const struct ashlar_op_attention_dx *op;
	uint32_t n, scale, format;
	bool causal;
	int64_t lq, lk;
	uint32_t d;
	uint32_t *delta, *nlse; /* of all queries */
	/* Rows of queries and of keys, and what is between them. */
	uint16_t q[BLOCK * D_MAX], dout[BLOCK * D_MAX];
	uint16_t k[BLOCK * D_MAX], v[BLOCK * D_MAX];
	uint32_t s[TILE * BLOCK], dp[TILE * BLOCK];
	uint16_t p[TILE * BLOCK], ds[TILE * BLOCK];
	uint32_t acc[TILE * D_MAX], x[TILE * D_MAX], y[TILE * D_MAX];
};

/* -sum of o * dout, over lanes as the vector unit does. */
static uint32_t minus_delta(const struct backward *w, const uint8_t *o,
			    uint32_t o_format, const uint8_t *dout)
{
	uint32_t sum[TILE];

	for (uint32_t i = 0; i < w->n; i++)
		sum[i] = MINUS;
	for (uint32_t c = 0; c < w->d; c++) {
		uint32_t *at = &sum[c % w->n];
		uint32_t v = ash_f32_mul(
			read_float(o_format,
				   o + c * ashlar_format_bytes(o_format)),
			read_float(w->format, dout + 2 * (size_t)c));

		v = ash_f32_mul(v, 0xbf800000);
		*at = c < w->n ? v : ash_f32_add(*at, v);
	}
	for (uint32_t half = w->n / 2; half; half /= 2)
		for (uint32_t i = 0; i < half; i++)
			sum[i] = ash_f32_add(sum[i], sum[i + half]);
	return sum[0];
}

static void prepare(struct backward *w)
{
	const struct ashlar_op_attention_dx *op = w->op;
	uint64_t heads = op->q.shape[1];
	size_t at = 0;

	for (uint64_t b = 0; b < op->q.shape[0]; b++)
		for (uint64_t h = 0; h < heads; h++)
			for (uint64_t i = 0; i < op->q.shape[2]; i++, at++) {
				uint32_t e = read_float(
					ASHLAR_F32, row_at(&op->lse, b, h, i));

				w->delta[at] =
					minus_delta(w, row_at(&op->o, b, h, i),
						    op->o.format,
						    row_at(&op->dout, b, h, i));
				w->nlse[at] =
					ash_f32_min(ash_f32_mul(e, 0xbf800000),
						    GREATEST);
			}
}

/* p and ds of queries i0.. and keys j0.., a query a row. */
static void scores(struct backward *w, uint64_t bh, int64_t i0,
		   uint32_t queries, int64_t j0, uint32_t keys)
{
	product(w->format, w->q, false, w->k, true, queries, keys, w->d, w->s);
	product(w->format, w->dout, false, w->v, true, queries, keys, w->d,
		w->dp);
	for (uint32_t r = 0; r < queries; r++) {
		size_t row = bh * (uint64_t)w->lq + (uint64_t)i0 + r;
		int64_t seen =
			attention_seen(w->causal, i0 + r, w->lq, w->lk) - j0;

		for (uint32_t c = 0; c < keys; c++) {
			size_t at = (size_t)r * keys + c;
			uint32_t p = ash_f32_exp(
				ash_f32_add(ash_f32_mul(w->s[at], w->scale),
					    w->nlse[row]));
			uint32_t ds = ash_f32_add(w->dp[at], w->delta[row]);

			w->p[at] = to_16(w->format, c < seen ? p : 0);
			p = w->format == ASHLAR_BF16 ?
				    ash_bf16_to_f32(w->p[at]) :
				    ash_f16_to_f32(w->p[at]);
			w->ds[at] = to_16(w->format, ash_f32_mul(ds, p));
		}
	}
}

static void add_block(struct backward *w, uint32_t *sum, uint32_t rows,
		      bool first)
{
	for (uint32_t i = 0; i < rows * w->d; i++)
		sum[i] = first ? w->acc[i] : ash_f32_add(sum[i], w->acc[i]);
}

static void put(const struct backward *w, const struct ashlar_tensor *t,
		uint64_t b, uint64_t h, uint64_t first, uint32_t rows,
		const uint32_t *sum, const uint32_t *scale)
{
	uint32_t bytes = ashlar_format_bytes(t->format);

	for (uint32_t r = 0; r < rows; r++)
		for (uint32_t c = 0; c < w->d; c++) {
			uint32_t v = sum ? sum[r * w->d + c] : 0;

			if (sum && scale)
				v = ash_f32_mul(v, *scale);
			write_float(t->format,
				    row_at(t, b, h, first + r) + c * bytes, v);
		}
}

/* dq of a tile of queries. */
static void query_tile(struct backward *w, uint64_t b, uint64_t h, uint64_t i0)
{
	const struct ashlar_op_attention_dx *op = w->op;
	uint64_t kv = h / (op->q.shape[1] / op->k.shape[1]);
	uint32_t rows = least64(w->n, (uint64_t)w->lq - i0);
	int64_t last = (int64_t)i0 + rows - 1;
	int64_t seen = attention_seen(w->causal, last, w->lq, w->lk);

	gather(w->q, &op->q, b, h, i0, rows);
	gather(w->dout, &op->dout, b, h, i0, rows);
	for (int64_t j0 = 0; j0 < seen; j0 += 4 * w->n) {
		uint32_t keys = least64(4 * w->n, (uint64_t)(seen - j0));

		gather(w->k, &op->k, b, kv, (uint64_t)j0, keys);
		gather(w->v, &op->v, b, kv, (uint64_t)j0, keys);
		scores(w, b * op->q.shape[1] + h, (int64_t)i0, rows, j0, keys);
		product(w->format, w->ds, false, w->k, false, rows, w->d, keys,
			w->acc);
		add_block(w, w->x, rows, j0 == 0);
	}
	put(w, &op->dq, b, h, i0, rows, seen ? w->x : NULL, &w->scale);
}

/* dk and dv of a tile of keys. */
static void key_tile(struct backward *w, uint64_t b, uint64_t kv, uint64_t j0)
{
	const struct ashlar_op_attention_dx *op = w->op;
	uint64_t group = op->q.shape[1] / op->k.shape[1];
	uint32_t keys = least64(w->n, (uint64_t)w->lk - j0);
	int64_t block = 4 * w->n;
	int64_t from =
		attention_first(w->causal, (int64_t)j0, w->lq, w->lk) & ~1;
	bool first = true;

	gather(w->k, &op->k, b, kv, j0, keys);
	gather(w->v, &op->v, b, kv, j0, keys);
	for (uint64_t h = kv * group; h < (kv + 1) * group; h++) {
		for (int64_t i0 = from, end; i0 < w->lq; i0 = end) {
			uint32_t rows;

			end = (i0 / block + 1) * block;
			rows = least64((uint64_t)(end - i0),
				       (uint64_t)(w->lq - i0));
			gather(w->q, &op->q, b, h, (uint64_t)i0, rows);
			gather(w->dout, &op->dout, b, h, (uint64_t)i0, rows);
			scores(w, b * op->q.shape[1] + h, i0, rows, (int64_t)j0,
			       keys);
			product(w->format, w->ds, true, w->q, false, keys, w->d,
				rows, w->acc);
			add_block(w, w->x, keys, first);
			product(w->format, w->p, true, w->dout, false, keys,
				w->d, rows, w->acc);
			add_block(w, w->y, keys, first);
			first = false;
		}
	}
	put(w, &op->dk, b, kv, j0, keys, first ? NULL : w->x, &w->scale);
	put(w, &op->dv, b, kv, j0, keys, first ? NULL : w->y, NULL);
}

void ref_attention_dx(const struct ashlar_op_attention_dx *op, uint32_t lanes)
{
	struct backward *w = calloc(1, sizeof(*w));
	size_t rows = op->q.shape[0] * op->q.shape[1] * op->q.shape[2];

	if (!w)
		abort();
	w->op = op;
	w->n = lanes;
	w->format = op->q.format;
	w->causal = op->flags & ASHLAR_ATTENTION_CAUSAL;
	w->lq = (int64_t)op->q.shape[2];
	w->lk = (int64_t)op->k.shape[2];
	w->d = (uint32_t)op->q.shape[3];
	w->scale = attention_scale(op->scale, w->d);
	w->delta = malloc((rows + 1) * sizeof(*w->delta));
	w->nlse = malloc((rows + 1) * sizeof(*w->nlse));
	if (!w->delta || !w->nlse)
		abort();
	prepare(w);
	for (uint64_t b = 0; b < op->q.shape[0]; b++) {
		for (uint64_t h = 0; h < op->q.shape[1]; h++)
			for (uint64_t i = 0; i < op->q.shape[2]; i += lanes)
				query_tile(w, b, h, i);
		for (uint64_t h = 0; h < op->k.shape[1]; h++)
			for (uint64_t j = 0; j < op->k.shape[2]; j += lanes)
				key_tile(w, b, h, j);
	}
	free(w->delta);
	free(w->nlse);
	free(w);
}
