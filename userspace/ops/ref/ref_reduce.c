// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "ref.h"
#include "ref_walk.h"

#define CHUNK 64u

/* One element of y, and how values are taken together. */
struct reduction {
	uint32_t function; /* enum ashlar_reduce */
	bool integer;
	bool rows; /* the last dimension with more than one element is reduced */
	uint32_t lanes;
};

static bool is_nan(uint32_t x)
{
	return (x & 0x7fffffffu) > ASH_F32_INF;
}

static uint32_t join(const struct reduction *r, uint32_t x, uint32_t y)
{
	switch (r->function) {
	case ASHLAR_REDUCE_SUM:
	case ASHLAR_REDUCE_MEAN:
	case ASHLAR_REDUCE_SUMSQ:
		return r->integer ? x + y : ash_f32_add(x, y);
	case ASHLAR_REDUCE_MIN:
		if (r->integer)
			return (int32_t)x < (int32_t)y ? x : y;
		return ash_f32_min(x, y);
	default:
		if (r->integer)
			return (int32_t)x > (int32_t)y ? x : y;
		return ash_f32_max(x, y);
	}
}

/* n <= 64 * lanes values as lanes, then over the lanes. */
static uint32_t join_lanes(const struct reduction *r, const uint32_t *v,
			   uint64_t n)
{
	uint32_t lane[64], width = r->lanes, have, i;

	have = (uint32_t)(n < width ? n : width);
	memcpy(lane, v, have * sizeof(lane[0]));
	for (i = width; i < n; i++)
		lane[i % width] = join(r, lane[i % width], v[i]);
	/* Lanes that are not there change nothing. */
	while (width > 1) {
		width /= 2;
		for (i = 0; i < width && i + width < have; i++)
			lane[i] = join(r, lane[i], lane[i + width]);
		if (have > width)
			have = width;
	}
	return lane[0];
}

/* The order that the descriptor tells; destroys the values. */
static uint32_t join_all(const struct reduction *r, uint32_t *v, uint64_t n)
{
	uint64_t chunk = r->rows ? CHUNK * r->lanes : CHUNK;

	while (n > 1) {
		uint64_t from, to = 0, i;

		for (from = 0; from < n; from += chunk) {
			uint64_t part = n - from < chunk ? n - from : chunk;
			uint32_t sum = v[from];

			if (r->rows)
				sum = join_lanes(r, v + from, part);
			else
				for (i = 1; i < part; i++)
					sum = join(r, sum, v[from + i]);
			v[to++] = sum;
		}
		n = to;
	}
	return v[0];
}

static uint32_t prepare(uint32_t function, struct ref_value v)
{
	uint32_t f;

	if (function == ASHLAR_REDUCE_ABSMAX)
		return ref_float(v) & 0x7fffffffu;
	if (function == ASHLAR_REDUCE_SUMSQ) {
		f = ref_float(v);
		return ash_f32_mul(f, f);
	}
	return v.bits;
}

/* NaN above all, both zeros the same. */
static bool better(bool integer, uint32_t x, uint32_t than)
{
	if (integer)
		return (int32_t)x > (int32_t)than;
	if (is_nan(than))
		return false;
	if (is_nan(x))
		return true;
	if (!((x | than) & 0x7fffffffu))
		return false;
	return x != than && ash_f32_max(x, than) == x;
}

static uint32_t first_greatest(bool integer, const uint32_t *v, uint64_t n)
{
	uint64_t i, at = 0;

	for (i = 1; i < n; i++)
		if (better(integer, v[i], v[at]))
			at = i;
	return (uint32_t)at;
}

/* The values of one element of y, in order. */
static uint64_t gather(const struct ashlar_op_reduce *op,
		       const struct ref_index *y, uint32_t *v)
{
	struct ashlar_tensor part = op->x;
	struct ref_index i;
	uint64_t n = 0;
	bool more;
	uint32_t d;

	for (d = 0; d < part.dims; d++) {
		if (op->axes & 1u << d)
			continue;
		part.addr +=
			(uint64_t)((int64_t)y->i[d] * part.stride[d] *
				   (int64_t)ashlar_format_bytes(part.format));
		part.shape[d] = 1;
	}
	for (more = ref_first(&i, &part); more; more = ref_next(&i))
		v[n++] = prepare(op->function,
				 ref_get(ref_at(&i, &part), part.format));
	return n;
}

static bool last_is_reduced(const struct ashlar_op_reduce *op)
{
	uint32_t d;

	for (d = op->x.dims; d-- > 0;)
		if (op->x.shape[d] != 1)
			return op->axes & 1u << d;
	return false;
}

void ref_reduce(const struct ashlar_op_reduce *op, uint32_t lanes)
{
	struct reduction r = {
		.function = op->function,
		.integer = ref_is_integer(op->x.format) &&
			   op->function != ASHLAR_REDUCE_ABSMAX &&
			   op->function != ASHLAR_REDUCE_SUMSQ,
		.rows = last_is_reduced(op),
		.lanes = lanes,
	};
	uint64_t most = 1, n;
	struct ref_index i;
	struct ref_value s;
	uint32_t *v, d;
	bool more;

	for (d = 0; d < op->x.dims; d++)
		if (op->axes & 1u << d)
			most *= op->x.shape[d];
	v = malloc(most * sizeof(*v) + 1);
	if (!v)
		abort();
	for (more = ref_first(&i, &op->y); more; more = ref_next(&i)) {
		n = gather(op, &i, v);
		s.integer = r.integer;
		if (op->function == ASHLAR_REDUCE_ARGMAX) {
			s.bits = first_greatest(r.integer, v, n);
			s.integer = true;
		} else {
			s.bits = join_all(&r, v, n);
		}
		if (op->function == ASHLAR_REDUCE_MEAN)
			s = ref_f32(ash_f32_mul(
				ref_float(s),
				ref_bits((float)(1.0 / (double)n))));
		ref_put(ref_at(&i, &op->y), op->y.format, s);
	}
	free(v);
}

void ref_calibrate(const struct ashlar_op_calibrate *op, uint32_t lanes)
{
	struct ashlar_op_reduce reduce = { .x = op->x, .y = op->scale };
	struct ref_index i;
	uint32_t *v, s, d;
	uint64_t most = 1, n, k;
	bool more;

	(void)lanes;
	reduce.function = ASHLAR_REDUCE_ABSMAX;
	for (d = 0; d < op->x.dims; d++)
		if (op->scale.shape[d] == 1) {
			reduce.axes |= 1u << d;
			most *= op->x.shape[d];
		}
	v = malloc(most * sizeof(*v) + 1);
	if (!v)
		abort();
	for (more = ref_first(&i, &op->scale); more; more = ref_next(&i)) {
		void *at = ref_at(&i, &op->scale);

		n = gather(&reduce, &i, v);
		for (s = v[0], k = 1; k < n; k++)
			s = ash_f32_max(s, v[k]);
		s = ash_f32_mul(s, ref_bits((float)(1.0 / 127)));
		if (op->flags & ASHLAR_CALIBRATE_RUNNING)
			s = ash_f32_max(s, ref_get(at, ASHLAR_F32).bits);
		ref_put(at, ASHLAR_F32,
			ref_f32(ash_f32_max(s, ref_bits(0x1p-100f))));
	}
	free(v);
}
