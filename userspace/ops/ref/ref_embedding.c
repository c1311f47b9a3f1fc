// SPDX-License-Identifier: MIT
/* Rotary embedding and embedding, as ashlar/ops_attention.h says. */
#include "ref_attention.h"

static uint8_t *matrix_row(const struct ashlar_tensor *t, uint64_t i)
{
	return (uint8_t *)(uintptr_t)t->addr +
	       (int64_t)i * t->stride[0] *
		       (int64_t)ashlar_format_bytes(t->format);
}

/* One row of x to one of y. */
static void turn_row(const struct ashlar_op_rotary *op, const uint8_t *x,
		     uint8_t *y, const uint8_t *cos, const uint8_t *sin)
{
	uint64_t half = op->x.shape[3] / 2;
	bool pairs = op->flags & ASHLAR_ROTARY_INTERLEAVED;
	uint32_t in = ashlar_format_bytes(op->x.format);
	uint32_t out = ashlar_format_bytes(op->y.format);

	for (uint64_t i = 0; i < half; i++) {
		uint64_t first = pairs ? 2 * i : i;
		uint64_t second = pairs ? 2 * i + 1 : i + half;
		uint32_t a = read_float(op->x.format, x + first * in);
		uint32_t b = read_float(op->x.format, x + second * in);
		uint32_t c = read_float(ASHLAR_F32, cos + 4 * i);
		uint32_t s = read_float(ASHLAR_F32, sin + 4 * i);

		if (op->flags & ASHLAR_ROTARY_INVERSE)
			s = ash_f32_mul(s, MINUS | 0x3f800000);
		write_float(op->y.format, y + first * out,
			    ash_f32_sub(ash_f32_mul(a, c), ash_f32_mul(b, s)));
		write_float(op->y.format, y + second * out,
			    ash_f32_add(ash_f32_mul(b, c), ash_f32_mul(a, s)));
	}
}

void ref_rotary(const struct ashlar_op_rotary *op, uint32_t lanes)
{
	(void)lanes;
	for (uint64_t b = 0; b < op->x.shape[0]; b++)
		for (uint64_t h = 0; h < op->x.shape[1]; h++)
			for (uint64_t i = 0; i < op->x.shape[2]; i++)
				turn_row(op, row_at(&op->x, b, h, i),
					 row_at(&op->y, b, h, i),
					 matrix_row(&op->cos, i),
					 matrix_row(&op->sin, i));
}

static int64_t index_at(const struct ashlar_tensor *index, uint64_t t)
{
	int32_t v;

	memcpy(&v, matrix_row(index, t), sizeof(v));
	return v;
}

void ref_embedding(const struct ashlar_op_embedding *op, uint32_t lanes)
{
	size_t bytes = op->y.shape[1] * ashlar_format_bytes(op->y.format);

	(void)lanes;
	for (uint64_t t = 0; t < op->y.shape[0]; t++) {
		int64_t row = index_at(&op->index, t);
		uint8_t *to = matrix_row(&op->y, t);

		if (bytes == 0)
			continue;
		if (row < 0 || row >= (int64_t)op->table.shape[0])
			memset(to, 0, bytes);
		else
			memcpy(to, matrix_row(&op->table, (uint64_t)row),
			       bytes);
	}
}

void ref_embedding_dx(const struct ashlar_op_embedding_dx *op, uint32_t lanes)
{
	uint64_t rows = op->dtable.shape[0], d = op->dtable.shape[1];
	uint32_t bytes = ashlar_format_bytes(op->dy.format);

	(void)lanes;
	for (uint64_t r = 0; r < rows && !(op->flags & ASHLAR_EMBEDDING_ADD);
	     r++)
		memset(matrix_row(&op->dtable, r), 0, 4 * d);
	for (uint64_t t = 0; t < op->dy.shape[0]; t++) {
		int64_t row = index_at(&op->index, t);
		const uint8_t *dy = matrix_row(&op->dy, t);
		uint8_t *to;

		if (row < 0 || row >= (int64_t)rows || row == op->padding)
			continue;
		to = matrix_row(&op->dtable, (uint64_t)row);
		for (uint64_t c = 0; c < d; c++)
			write_float(
				ASHLAR_F32, to + 4 * c,
				ash_f32_add(read_float(ASHLAR_F32, to + 4 * c),
					    read_float(op->dy.format,
						       dy + c * bytes)));
	}
}
