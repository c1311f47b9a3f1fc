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

/* The addresses of an operand in all tiles and parts. */
struct range {
	uint32_t addr, pitch, tile, part;
	bool kmajor;
};

/* Whether all lines of an operand are in the scratchpad. */
static bool inside(const struct ash_tile *t, const struct ash_matrix_cmd *c,
		   const struct range *r)
{
	int64_t line = 4 * t->n, words = words_of(c);
	int64_t tiles = (int64_t)(int32_t)r->tile * (c->tiles - 1);
	int64_t parts = (int64_t)(int32_t)r->part * (c->parts - 1);
	int64_t first = r->addr, last = r->addr;

	*(tiles < 0 ? &first : &last) += tiles;
	*(parts < 0 ? &first : &last) += parts;
	if (r->kmajor)
		last += r->pitch * (words - 1);
	else
		last += (int64_t)r->pitch * (t->n - 1) +
			(words - 1) / t->n * line;
	return first >= 0 && last + line <= t->spad_bytes;
}

/* Registers that say how operands repeat. */
static int check_repeats(const struct ash_tile *t,
			 const struct ash_matrix_cmd *c,
			 struct ash_cmd_error *err)
{
	uint32_t line = 4 * t->n;

	if (c->tiles < 1 || c->tiles > t->accs - FIELD(c->cfg, MATRIX_CFG_ACC))
		return refuse(err, ASHLAR_MATRIX_TILES, c->tiles);
	if (c->a_tile % line)
		return refuse(err, ASHLAR_MATRIX_A_TILE, c->a_tile);
	if (c->b_tile % line)
		return refuse(err, ASHLAR_MATRIX_B_TILE, c->b_tile);
	if (c->parts < 1 || (uint64_t)c->parts * c->k > 65535)
		return refuse(err, ASHLAR_MATRIX_PARTS, c->parts);
	if (c->a_part % line)
		return refuse(err, ASHLAR_MATRIX_A_PART, c->a_part);
	if (c->b_part % line)
		return refuse(err, ASHLAR_MATRIX_B_PART, c->b_part);
	return 0;
}

int ash_matrix_check(const struct ash_tile *t, const struct ash_matrix_cmd *c,
		     struct ash_cmd_error *err)
{
	const struct range a = { c->a_addr, c->a_pitch, c->a_tile, c->a_part,
				 c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK };
	const struct range b = { c->b_addr, c->b_pitch, c->b_tile, c->b_part,
				 c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK };
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
	if (check_repeats(t, c, err))
		return -1;
	if (!inside(t, c, &a))
		return refuse(err, ASHLAR_MATRIX_A_ADDR, c->a_addr);
	if (!inside(t, c, &b))
		return refuse(err, ASHLAR_MATRIX_B_ADDR, c->b_addr);
	return 0;
}

struct ash_matrix_cmd ash_matrix_product(const struct ash_matrix_cmd *c,
					 uint32_t tile, uint32_t part)
{
	struct ash_matrix_cmd p = *c;

	p.a_addr += tile * c->a_tile + part * c->a_part;
	p.b_addr += tile * c->b_tile + part * c->b_part;
	p.cfg += tile << ASHLAR_MATRIX_CFG_ACC_SHIFT;
	if (part)
		p.cfg |= ASHLAR_MATRIX_CFG_ACCUMULATE_MASK;
	p.tiles = 1;
	p.parts = 1;
	return p;
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

static void run_product(struct ash_tile *t, const struct ash_matrix_cmd *c)
{
	uint32_t type = FIELD(c->cfg, MATRIX_CFG_TYPE);
	uint32_t size = type == ASHLAR_MATRIX_CFG_TYPE_INT8 ? 1 : 2;
	struct operand a = { t->spad + c->a_addr, c->a_pitch, t->n,
			     c->cfg & ASHLAR_MATRIX_CFG_A_KMAJOR_MASK, size };
	struct operand b = { t->spad + c->b_addr, c->b_pitch, t->n,
			     c->cfg & ASHLAR_MATRIX_CFG_B_KMAJOR_MASK, size };
	uint32_t *acc = t->acc + FIELD(c->cfg, MATRIX_CFG_ACC) * t->n * t->n;

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
}

int ash_matrix_run(struct ash_tile *t, const struct ash_matrix_cmd *c,
		   struct ash_cmd_error *err)
{
	if (ash_matrix_check(t, c, err))
		return -1;
	for (uint32_t tile = 0; tile < c->tiles; tile++) {
		for (uint32_t part = 0; part < c->parts; part++) {
			const struct ash_matrix_cmd p =
				ash_matrix_product(c, tile, part);

			run_product(t, &p);
		}
	}
	return 0;
}
