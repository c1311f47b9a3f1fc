// SPDX-License-Identifier: MIT
/*
 * Attention as ashlar/ops_attention.h says, a tile of N queries at a time.
 * Products of matrices are ash_ref_gemm()'s.
 */
#include "ref_attention.h"

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
	uint32_t block = attention_block(f->n);
	int64_t last, seen;

	f->rows = least64(f->n, (uint64_t)f->lq - i0);
	last = (int64_t)i0 + f->rows - 1;
	seen = attention_seen(f->causal, last, f->lq, f->lk);
	gather(f->q, &op->q, b, h, i0, f->rows);
	for (int64_t j0 = 0; j0 < seen; j0 += block) {
		uint32_t keys = least64(block, (uint64_t)(seen - j0));

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
