// SPDX-License-Identifier: MIT
/*
 * The gradients of attention as ashlar/ops_attention.h says, a tile of N
 * queries (dq) or keys (dk, dv) at a time.
 */
#include "ref_attention.h"

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
				w->nlse[at] = ash_f32_min(
					ash_f32_mul(e, 0xbf800000), GREATEST);
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
			uint32_t p = ash_f32_exp(ash_f32_add(
				ash_f32_mul(w->s[at], w->scale), w->nlse[row]));
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
	for (int64_t j0 = 0; j0 < seen; j0 += attention_block(w->n)) {
		uint32_t keys =
			least64(attention_block(w->n), (uint64_t)(seen - j0));

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
	int64_t block = attention_block(w->n);
	int64_t from = attention_first(w->causal, (int64_t)j0, w->lq, w->lk) &
		       ~1;
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
