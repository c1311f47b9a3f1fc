// SPDX-License-Identifier: MIT
#include <math.h>

#include "power.h"
#include "ref.h"
#include "ref_walk.h"

/* x * scale + y */
static uint32_t axpy(uint32_t x, double scale, uint32_t y)
{
	return ash_f32_add(ash_f32_mul(x, ref_bits((float)scale)), y);
}

static uint32_t times(uint32_t x, double scale)
{
	return ash_f32_mul(x, ref_bits((float)scale));
}

/* An element of all tensors of a parameter: where it is, and its value. */
struct element {
	void *value_at, *m_at, *v_at, *copy_at;
	uint32_t value, m, v, grad;
};

static void *at(const struct ashlar_tensor *t, uint64_t i)
{
	if (t->addr == 0)
		return NULL;
	return (uint8_t *)(uintptr_t)t->addr +
	       i * ashlar_format_bytes(t->format);
}

static uint32_t get(const void *from)
{
	return from ? ref_get(from, ASHLAR_F32).bits : 0;
}

static void take(struct element *e, const struct ashlar_parameter *p,
		 uint64_t i)
{
	e->value_at = at(&p->value, i);
	e->m_at = at(&p->m, i);
	e->v_at = at(&p->v, i);
	e->copy_at = at(&p->copy, i);
	e->value = get(e->value_at);
	e->m = get(e->m_at);
	e->v = get(e->v_at);
	e->grad = ref_get(at(&p->grad, i), p->grad.format).bits;
}

static void give(const struct element *e, const struct ashlar_parameter *p)
{
	ref_put(e->value_at, ASHLAR_F32, ref_f32(e->value));
	if (e->m_at)
		ref_put(e->m_at, ASHLAR_F32, ref_f32(e->m));
	if (e->v_at)
		ref_put(e->v_at, ASHLAR_F32, ref_f32(e->v));
	if (e->copy_at)
		ref_put(e->copy_at, p->copy.format, ref_f32(e->value));
}

static uint64_t elements(const struct ashlar_tensor *t)
{
	uint64_t n = 1;
	uint32_t d;

	for (d = 0; d < t->dims; d++)
		n *= t->shape[d];
	return n;
}

static void sgd(struct element *e, const struct ashlar_op_sgd *op)
{
	uint32_t g = times(e->grad, op->grad_scale);

	if (op->weight_decay != 0.0f)
		g = axpy(e->value, op->weight_decay, g);
	if (op->momentum != 0.0f) {
		e->m = axpy(e->m, op->momentum, g);
		g = op->flags & ASHLAR_SGD_NESTEROV ?
			    axpy(e->m, op->momentum, g) :
			    e->m;
	}
	e->value = axpy(g, -op->rate, e->value);
}

void ref_sgd(const struct ashlar_op_sgd *op, uint32_t lanes)
{
	struct element e;
	uint32_t p;
	uint64_t i;

	(void)lanes;
	for (p = 0; p < op->count; p++) {
		const struct ashlar_parameter *x = &op->parameters[p];

		for (i = 0; i < elements(&x->value); i++) {
			take(&e, x, i);
			sgd(&e, op);
			give(&e, x);
		}
	}
}

static void adamw(struct element *e, const struct ashlar_op_adamw *op)
{
	double b1 = op->beta1, b2 = op->beta2;
	double scale = op->grad_scale;
	uint32_t g, d;

	e->m = axpy(e->m, b1, times(e->grad, scale * (1 - b1)));
	g = times(e->grad, scale * sqrt(1 - b2));
	e->v = axpy(e->v, b2, ash_f32_mul(g, g));
	d = ash_f32_sqrt(times(e->v, 1 / (1 - ops_power(b2, op->step))));
	d = ash_f32_recip(ash_f32_add(d, ref_bits(op->epsilon)));
	d = ash_f32_mul(d, e->m);
	e->value =
		axpy(d, -(op->rate / (1 - ops_power(b1, op->step))),
		     times(e->value, 1 - (double)op->rate * op->weight_decay));
}

void ref_adamw(const struct ashlar_op_adamw *op, uint32_t lanes)
{
	struct element e;
	uint32_t p;
	uint64_t i;

	(void)lanes;
	for (p = 0; p < op->count; p++) {
		const struct ashlar_parameter *x = &op->parameters[p];

		for (i = 0; i < elements(&x->value); i++) {
			take(&e, x, i);
			adamw(&e, op);
			give(&e, x);
		}
	}
}
