// SPDX-License-Identifier: MIT
#include <math.h>

#include "ops_normal.h"
#include "ref.h"
#include "ref_random.h"
#include "ref_walk.h"

#define BLOCK	 4096u
#define COUNTERS 1024u

void ref_philox(const uint32_t counter[4], const uint32_t key[2],
		uint32_t words[4])
{
	uint32_t k0 = key[0], k1 = key[1], round;

	memcpy(words, counter, 4 * sizeof(words[0]));
	for (round = 0; round < 10; round++) {
		uint64_t p0 = 0xd2511f53ull * words[0];
		uint64_t p1 = 0xcd9e8d57ull * words[2];

		words[0] = (uint32_t)(p1 >> 32) ^ words[1] ^ k0;
		words[1] = (uint32_t)p1;
		words[2] = (uint32_t)(p0 >> 32) ^ words[3] ^ k1;
		words[3] = (uint32_t)p0;
		k0 += 0x9e3779b9u;
		k1 += 0xbb67ae85u;
	}
}

/* The words of element i, and which of them is its own. */
static uint32_t element_words(uint64_t seed, uint64_t stream, uint64_t i,
			      uint32_t words[4])
{
	uint64_t counter = i / BLOCK * COUNTERS + i % COUNTERS;
	uint32_t c[4] = { (uint32_t)counter, (uint32_t)(counter >> 32),
			  (uint32_t)stream, (uint32_t)(stream >> 32) };
	uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };

	ref_philox(c, key, words);
	return (uint32_t)(i % BLOCK / COUNTERS);
}

static uint32_t mul(uint32_t x, uint32_t y)
{
	return ash_f32_mul(x, y);
}

static uint32_t add(uint32_t x, uint32_t y)
{
	return ash_f32_add(x, y);
}

static uint32_t square(uint32_t x)
{
	return mul(x, x);
}

static uint32_t sine(uint32_t t)
{
	uint32_t x = square(t);
	uint32_t s = add(mul(x, OPS_SIN4), OPS_SIN3);

	s = add(mul(s, x), OPS_SIN2);
	s = add(mul(s, x), OPS_SIN1);
	s = add(mul(s, x), OPS_SIN0);
	return mul(s, t);
}

static uint32_t normal(const struct ashlar_op_random *op,
		       const uint32_t words[4], uint32_t which)
{
	const uint32_t one = ref_bits(1), minus_one = ref_bits(-1);
	uint32_t w = words[which & 2], v = words[(which & 2) + 1];
	uint32_t u = ash_i32_to_f32((int32_t)(w >> 8));
	uint32_t r, s, z;

	u = add(mul(u, ref_bits(0x1p-24f)), ref_bits(0x1p-24f));
	r = ash_f32_sqrt(mul(ash_f32_log(u), ref_bits(-2)));
	s = sine(mul(ash_i32_to_f32((int32_t)v), ref_bits(0x1p-32f)));
	if (which & 1) {
		z = ash_f32_min(square(s), one);
		z = mul(ash_f32_sqrt(add(mul(z, minus_one), one)), s);
		return add(mul(mul(z, r), ref_bits(2 * op->b)),
			   ref_bits(op->a));
	}
	z = ash_f32_sub(square(mul(s, ref_bits(0x1.6a09e6p+0f))), one);
	return add(mul(mul(z, r), ref_bits(op->b)), ref_bits(op->a));
}

static uint64_t elements(const struct ashlar_tensor *t)
{
	uint64_t n = 1;
	uint32_t d;

	for (d = 0; d < t->dims; d++)
		n *= t->shape[d];
	return n;
}

void ref_random(const struct ashlar_op_random *op, uint32_t lanes)
{
	uint32_t bytes = ashlar_format_bytes(op->y.format);
	uint32_t range = ref_bits((op->b - op->a) * 0x1p-24f);
	uint64_t i;

	(void)lanes;
	for (i = 0; i < elements(&op->y); i++) {
		uint32_t words[4];
		uint32_t which = element_words(op->seed, op->stream, i, words);
		struct ref_value v = { words[which], true };

		if (op->function == ASHLAR_RANDOM_UNIFORM)
			v = ref_f32(
				add(mul(ash_i32_to_f32((int32_t)(v.bits >> 8)),
					range),
				    ref_bits(op->a)));
		else if (op->function == ASHLAR_RANDOM_NORMAL)
			v = ref_f32(normal(op, words, which));
		ref_put((uint8_t *)(uintptr_t)op->y.addr + i * bytes,
			op->y.format, v);
	}
}

void ref_dropout(const struct ashlar_op_dropout *op, uint32_t lanes)
{
	uint32_t x_bytes = ashlar_format_bytes(op->x.format);
	uint32_t y_bytes = ashlar_format_bytes(op->y.format);
	uint32_t scale = ref_bits((float)(1 / (1 - (double)op->p)));
	uint32_t least = (uint32_t)lrint((double)op->p * 0x1p24);
	uint64_t i;

	(void)lanes;
	for (i = 0; i < elements(&op->y); i++) {
		uint32_t words[4];
		uint32_t which = element_words(op->seed, op->stream, i, words);
		struct ref_value v =
			ref_get((uint8_t *)(uintptr_t)op->x.addr + i * x_bytes,
				op->x.format);

		v.bits = words[which] >> 8 >= least ? mul(v.bits, scale) : 0;
		ref_put((uint8_t *)(uintptr_t)op->y.addr + i * y_bytes,
			op->y.format, v);
	}
}
