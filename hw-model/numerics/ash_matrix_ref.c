// SPDX-License-Identifier: MIT
/* The matrix unit: checks and reference (ash_units.h). */
#include <stdbool.h>

#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"

#define FIELD(reg, name) \
	((ASHLAR_##name##_MASK & (reg)) >> ASHLAR_##name##_SHIFT)

static int refuse(struct ash_cmd_error *err, uint32_t sub, uint32_t value)
{
	err->sub = sub;
	err->value = value;
	return -1;
}

static uint32_t words_of(const struct ash_matrix_cmd *c)
{
	return FIELD(c->cfg, MATRIX_CFG_TYPE) == ASHLAR_MATRIX_CFG_TYPE_INT8 ?
		       (c->k + 3) / 4 :
		       (c->k + 1) / 2;
}

/* Whether all lines of an operand are in the scratchpad. */
static bool inside(const struct ash_tile *t, uint64_t addr, uint64_t pitch,
		   bool kmajor, uint64_t words)
{
	uint64_t line = 4 * t->n;
	uint64_t last;

	if (kmajor)
		last = addr + pitch * (words - 1);
	else
		last = addr + pitch * (t->n - 1) + (words - 1) / t->n * line;
	return last + line <= t->spad_bytes;
}

int ash_matrix_check(const struct ash_tile *t, const struct ash_matrix_cmd *c,
		     struct ash_cmd_error *err)
{
	uint32_t line = 4 * t->n;

	if (c->a_addr % line)
		return refuse(err, ASHLAR_MATRIX_A_ADDR, c->a_addr);
	if (c->a_pitch % line)
		return refuse(err, ASHLAR_MATRIX_A_PITCH, c->a_pitch);
	if (c->b_addr % line)
		return refuse(err, ASHLAR_MATRIX_B_ADDR, c->b_addr);
	if (c->b_pitch % line)
		return refuse(err, ASHLAR_MATRIX_B_PITCH, c->b_pitch);
	if (c->k < 1 || c->k > 65535)
		return refuse(err, ASHLAR_MATRIX_K, c->k);
	if (FIELD(c->cfg, MATRIX_CFG_TYPE) > ASHLAR_MATRIX_CFG_TYPE_FP16 ||
	    FIELD(c->cfg, MATRIX_CFG_ACC) >= t->accs)
		return refuse(err, ASHLAR_MATRIX_CFG, c->cfg);
	if (!inside(t, c->a_addr, c->a_pitch,
		    c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK, words_of(c)))
		return refuse(err, ASHLAR_MATRIX_A_ADDR, c->a_addr);
	if (!inside(t, c->b_addr, c->b_pitch,
		    c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK, words_of(c)))
		return refuse(err, ASHLAR_MATRIX_B_ADDR, c->b_addr);
	return 0;
}

struct operand {
	const uint8_t *at;
	uint32_t pitch;
	uint32_t n;
	bool kmajor;
	uint32_t size; /* of an element */
};

static const uint8_t *element(const struct operand *o, uint32_t row, uint32_t k)
{
	uint32_t per_word = 4 / o->size;

	if (!o->kmajor)
		return o->at + (uint64_t)row * o->pitch + (uint64_t)k * o->size;
	return o->at + (uint64_t)(k / per_word) * o->pitch +
	       (k % per_word * o->n + row) * o->size;
}

static uint32_t product(uint32_t type, const uint8_t *a, const uint8_t *b)
{
	uint16_t x, y;

	if (type == ASHLAR_MATRIX_CFG_TYPE_INT8)
		return (uint32_t)((int8_t)*a * (int8_t)*b);
	x = (uint16_t)(a[0] | a[1] << 8);
	y = (uint16_t)(b[0] | b[1] << 8);
	if (type == ASHLAR_MATRIX_CFG_TYPE_BF16)
		return ash_f32_mul(ash_bf16_to_f32(x), ash_bf16_to_f32(y));
	return ash_f32_mul(ash_f16_to_f32(x), ash_f16_to_f32(y));
}

int ash_matrix_run(struct ash_tile *t, const struct ash_matrix_cmd *c,
		   struct ash_cmd_error *err)
{
	uint32_t type = FIELD(c->cfg, MATRIX_CFG_TYPE);
	uint32_t size = type == ASHLAR_MATRIX_CFG_TYPE_INT8 ? 1 : 2;
	struct operand a = { t->spad + c->a_addr, c->a_pitch, t->n,
			     c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK, size };
	struct operand b = { t->spad + c->b_addr, c->b_pitch, t->n,
			     c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK, size };
	uint32_t *acc;

	if (ash_matrix_check(t, c, err))
		return -1;
	acc = t->acc + FIELD(c->cfg, MATRIX_CFG_ACC) * t->n * t->n;
	for (uint32_t row = 0; row < t->n; row++) {
		for (uint32_t col = 0; col < t->n; col++) {
			uint32_t sum =
				c->cfg & ASHLAR_MATRIX_CFG_ACCUMULATE_MASK ?
					acc[row * t->n + col] :
					0;

			for (uint32_t k = 0; k < c->k; k++) {
				uint32_t p = product(type, element(&a, row, k),
						     element(&b, col, k));

				sum = size == 1 ? sum + p : ash_f32_add(sum, p);
			}
			acc[row * t->n + col] = sum;
		}
	}
	return 0;
}
