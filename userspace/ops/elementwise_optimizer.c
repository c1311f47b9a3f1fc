// SPDX-License-Identifier: MIT
/*
 * sgd, adamw: a launch for each parameter, or for several whose tensors follow
 * each other in memory without gaps, as in an arena.
 */
#include <math.h>

#include "map.h"
#include "power.h"

/* Tensors of a parameter as buffers. */
struct rooms {
	uint8_t value, grad, m, v, copy;
};

static int check_state(struct check *c, const char *name,
		       const struct ashlar_tensor *t,
		       const struct ashlar_tensor *value, bool wanted)
{
	if (!wanted) {
		if (tensor_none(t))
			return 0;
		return check_fail(c,
				  "%s is there, but is not used: its addr "
				  "and dims must be 0",
				  name);
	}
	if (check_tensor(c, name, t, CHECK_F32, CHECK_WRITTEN | CHECK_PACKED) ||
	    check_same_shape(c, name, t, "value", value))
		return -1;
	return 0;
}

static int check_parameter(struct check *c, const struct ashlar_parameter *x,
			   bool m, bool v)
{
	if (check_tensor(c, "value", &x->value, CHECK_F32,
			 CHECK_WRITTEN | CHECK_PACKED) ||
	    check_tensor(c, "grad", &x->grad, CHECK_FLOATS, CHECK_PACKED) ||
	    check_same_shape(c, "grad", &x->grad, "value", &x->value) ||
	    check_state(c, "m", &x->m, &x->value, m) ||
	    check_state(c, "v", &x->v, &x->value, v))
		return -1;
	if (check_tensor(c, "copy", &x->copy, CHECK_BF16 | CHECK_FP16,
			 CHECK_WRITTEN | CHECK_PACKED | CHECK_OPTIONAL))
		return -1;
	return tensor_none(&x->copy) ? 0 :
				       check_same_shape(c, "copy", &x->copy,
							"value", &x->value);
}

static int check_parameters(struct check *c,
			    const struct ashlar_parameter *parameters,
			    uint32_t count, bool m, bool v)
{
	uint32_t i;

	if (count && !parameters)
		return check_fail(c, "parameters is NULL for %u of them",
				  count);
	c->array = "parameters";
	for (i = 0; i < count; i++) {
		c->item = i;
		if (check_parameter(c, &parameters[i], m, v))
			return -1;
	}
	c->array = NULL;
	return 0;
}

/* --- Joining ------------------------------------------------------------------------ */

#define JOINED_MAX 0x40000000u /* elements */

static bool follows(const struct ashlar_tensor *a,
		    const struct ashlar_tensor *b)
{
	if (tensor_none(a) || tensor_none(b))
		return tensor_none(a) && tensor_none(b);
	return a->format == b->format &&
	       b->addr == a->addr + tensor_count(a) *
					    ashlar_format_bytes(a->format);
}

/* One dimension of so many elements, from where t begins. */
static void flatten(struct ashlar_tensor *t, uint64_t count)
{
	if (!tensor_none(t))
		*t = ashlar_tensor_packed(t->addr, t->format, 1, &count);
}

/* Parameters from the first on as one; returns how many. */
static uint32_t join(const struct ashlar_parameter *p, uint32_t count,
		     struct ashlar_parameter *joined)
{
	uint64_t elements = tensor_count(&p[0].value);
	uint32_t n;

	for (n = 1; n < count; n++) {
		const struct ashlar_parameter *a = &p[n - 1], *b = &p[n];

		if (!follows(&a->value, &b->value) ||
		    !follows(&a->grad, &b->grad) || !follows(&a->m, &b->m) ||
		    !follows(&a->v, &b->v) || !follows(&a->copy, &b->copy) ||
		    elements + tensor_count(&b->value) > JOINED_MAX)
			break;
		elements += tensor_count(&b->value);
	}
	*joined = p[0];
	if (n == 1)
		return 1;
	flatten(&joined->value, elements);
	flatten(&joined->grad, elements);
	flatten(&joined->m, elements);
	flatten(&joined->v, elements);
	flatten(&joined->copy, elements);
	return n;
}

/* --- Plans -------------------------------------------------------------------------- */

static struct rooms load_parameter(struct map *m, struct plan *p,
				   const struct ashlar_parameter *x)
{
	struct rooms r = { 0 };

	map_begin(m, p, &x->value);
	r.value = map_load(m, &x->value);
	map_store_too(m, r.value);
	r.grad = map_load(m, &x->grad);
	if (!tensor_none(&x->m)) {
		r.m = map_load(m, &x->m);
		map_store_too(m, r.m);
	}
	if (!tensor_none(&x->v)) {
		r.v = map_load(m, &x->v);
		map_store_too(m, r.v);
	}
	return r;
}

static int finish_parameter(struct map *m, const struct ashlar_parameter *x,
			    const struct rooms *r)
{
	if (!tensor_none(&x->copy))
		map_pass(m, r->value, map_store(m, &x->copy));
	return map_end(m);
}

/* dst = src * scale + add */
static void add_axpy(struct map *m, uint8_t src, float scale, uint8_t add,
		     uint8_t dst)
{
	struct map_step *s = map_pass(m, src, dst);

	map_scale(s, map_bits(scale));
	map_src2(s, add, MAP_OP2(ADD), true);
}

/* --- SGD ------------------------------------------------------------------------- */

static int sgd_parameter(struct plan *p, const struct ashlar_op_sgd *op,
			 const struct ashlar_parameter *x)
{
	struct map m;
	struct rooms r = load_parameter(&m, p, x);
	uint8_t t = map_temp(&m, ASHLAR_F32);
	uint8_t g = r.grad;

	/* Times 1 changes nothing. */
	if (op->grad_scale != 1.0f) {
		map_scale(map_pass(&m, g, t), map_bits(op->grad_scale));
		g = t;
	}
	if (op->weight_decay != 0.0f) {
		add_axpy(&m, r.value, op->weight_decay, g, t);
		g = t;
	}
	if (op->momentum != 0.0f) {
		add_axpy(&m, r.m, op->momentum, g, r.m);
		if (op->flags & ASHLAR_SGD_NESTEROV) {
			add_axpy(&m, r.m, op->momentum, g, t);
			g = t;
		} else {
			g = r.m;
		}
	}
	add_axpy(&m, g, -op->rate, r.value, r.value);
	return finish_parameter(&m, x, &r);
}

int plan_sgd(struct plan *p, const struct ashlar_op_sgd *op)
{
	struct check *c = &p->check;
	uint32_t i;

	if (check_flags(c, "flags", op->flags, ASHLAR_SGD_NESTEROV) ||
	    check_number(c, "rate", op->rate, 0, CHECK_FLOAT_MAX) ||
	    check_number(c, "momentum", op->momentum, 0, 1) ||
	    check_number(c, "weight_decay", op->weight_decay, 0,
			 CHECK_FLOAT_MAX) ||
	    check_number(c, "grad_scale", op->grad_scale, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX))
		return -1;
	if (op->flags & ASHLAR_SGD_NESTEROV && op->momentum == 0.0f)
		return check_fail(c,
				  "flags ask for NESTEROV, and momentum is 0");
	if (check_parameters(c, op->parameters, op->count, op->momentum != 0.0f,
			     false))
		return -1;
	for (i = 0; i < op->count;) {
		struct ashlar_parameter x;

		i += join(&op->parameters[i], op->count - i, &x);
		if (tensor_count(&x.value) && sgd_parameter(p, op, &x))
			return -1;
	}
	return 0;
}

/* --- AdamW ----------------------------------------------------------------------- */

static int adamw_parameter(struct plan *p, const struct ashlar_op_adamw *op,
			   const struct ashlar_parameter *x)
{
	double b1 = op->beta1, b2 = op->beta2;
	double decay = 1 - (double)op->rate * op->weight_decay;
	struct map m;
	struct rooms r = load_parameter(&m, p, x);
	uint8_t t = map_temp(&m, ASHLAR_F32);
	uint8_t kept = r.value;
	struct map_step *s;

	map_scale(map_pass(&m, r.grad, t),
		  map_bits((float)(op->grad_scale * (1 - b1))));
	add_axpy(&m, r.m, op->beta1, t, r.m);
	s = map_pass(&m, r.grad, t);
	map_scale(s, map_bits((float)(op->grad_scale * sqrt(1 - b2))));
	s->fn = MAP_FN(SQUARE);
	add_axpy(&m, r.v, op->beta2, t, r.v);
	s = map_pass(&m, r.v, t);
	map_scale(s, map_bits((float)(1 / (1 - ops_power(b2, op->step)))));
	s->fn = MAP_FN(SQRT);
	map_imm(s, map_bits(op->epsilon), MAP_OP2(ADD), true);
	s = map_pass(&m, t, t);
	s->fn = MAP_FN(RECIP);
	map_src2(s, r.m, MAP_OP2(MUL), true);
	if ((float)decay != 1.0f) {
		kept = map_temp(&m, ASHLAR_F32);
		map_scale(map_pass(&m, r.value, kept), map_bits((float)decay));
	}
	add_axpy(&m, t, -(float)(op->rate / (1 - ops_power(b1, op->step))),
		 kept, r.value);
	return finish_parameter(&m, x, &r);
}

int plan_adamw(struct plan *p, const struct ashlar_op_adamw *op)
{
	struct check *c = &p->check;
	uint32_t i;

	if (check_range(c, "step", op->step, 1, UINT32_MAX) ||
	    check_number(c, "rate", op->rate, 0, CHECK_FLOAT_MAX) ||
	    check_number(c, "beta1", op->beta1, 0, 0.99999) ||
	    check_number(c, "beta2", op->beta2, 0, 0.99999) ||
	    check_number(c, "epsilon", op->epsilon, 0x1p-126, 1) ||
	    check_number(c, "weight_decay", op->weight_decay, 0,
			 CHECK_FLOAT_MAX) ||
	    check_number(c, "grad_scale", op->grad_scale, -CHECK_FLOAT_MAX,
			 CHECK_FLOAT_MAX) ||
	    check_parameters(c, op->parameters, op->count, true, true))
		return -1;
	for (i = 0; i < op->count;) {
		struct ashlar_parameter x;

		i += join(&op->parameters[i], op->count - i, &x);
		if (tensor_count(&x.value) && adamw_parameter(p, op, &x))
			return -1;
	}
	return 0;
}
