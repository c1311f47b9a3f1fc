/* SPDX-License-Identifier: MIT */
#include "params.h"

#include <stdio.h>
#include <stdlib.h>

#define PARAMS_BETA1   0.9f
#define PARAMS_EPSILON 1e-8f

void params_init(struct params *p, struct machine *m, uint64_t count,
		 uint64_t seed)
{
	*p = (struct params){ .machine = m, .count = count, .seed = seed };
	p->value = TENSOR(m, ASHLAR_F32, count);
	p->bf16 = TENSOR(m, ASHLAR_BF16, count);
	p->grad = TENSOR(m, ASHLAR_F32, count);
	p->first = TENSOR(m, ASHLAR_F32, count);
	p->second = TENSOR(m, ASHLAR_F32, count);
}

struct param params_take(struct params *p, uint32_t dims, const uint64_t *shape)
{
	uint64_t count = 1;
	struct param t;
	uint32_t i;

	for (i = 0; i < dims; i++)
		count *= shape[i];
	if (count > p->count - p->used) {
		fprintf(stderr, "a parameter of %llu elements, %llu are left\n",
			(unsigned long long)count,
			(unsigned long long)(p->count - p->used));
		exit(1);
	}
	t.value = tensor_part(&p->value, p->used, dims, shape);
	t.bf16 = tensor_part(&p->bf16, p->used, dims, shape);
	t.grad = tensor_part(&p->grad, p->used, dims, shape);
	p->used += count;
	return t;
}

int params_fill(struct params *p, const struct param *t, float value)
{
	struct ashlar_op_random op = ASHLAR_OP_INIT(random);

	op.y = t->value;
	op.function = ASHLAR_RANDOM_UNIFORM;
	op.a = value;
	op.b = value;
	return machine_run(p->machine, &op.op);
}

int params_random(struct params *p, const struct param *t, float bound)
{
	struct ashlar_op_random op = ASHLAR_OP_INIT(random);

	op.y = t->value;
	op.function = ASHLAR_RANDOM_UNIFORM;
	op.seed = p->seed;
	/* One stream for each parameter: where it begins in the block. */
	op.stream = (t->value.addr - p->value.addr) / sizeof(float);
	op.a = -bound;
	op.b = bound;
	return machine_run(p->machine, &op.op);
}

int params_round(struct params *p)
{
	struct ashlar_op_copy op = ASHLAR_OP_INIT(copy);

	op.x = p->value;
	op.y = p->bf16;
	return machine_run(p->machine, &op.op);
}

int params_adamw(struct params *p, float rate, float beta2, float decay)
{
	const struct ashlar_parameter all = {
		.value = p->value,
		.grad = p->grad,
		.m = p->first,
		.v = p->second,
		.copy = p->bf16,
	};
	struct ashlar_op_adamw op = ASHLAR_OP_INIT(adamw);

	op.parameters = &all;
	op.count = 1;
	op.step = ++p->step;
	op.rate = rate;
	op.beta1 = PARAMS_BETA1;
	op.beta2 = beta2;
	op.epsilon = PARAMS_EPSILON;
	op.weight_decay = decay;
	op.grad_scale = 1;
	return machine_run(p->machine, &op.op);
}

struct ashlar_tensor tensor_part(const struct ashlar_tensor *t, uint64_t first,
				 uint32_t dims, const uint64_t *shape)
{
	uint64_t at = t->addr + first * ashlar_format_bytes(t->format);

	return ashlar_tensor_packed(at, t->format, dims, shape);
}

struct ashlar_tensor tensor_swapped(const struct ashlar_tensor *t)
{
	struct ashlar_tensor s = *t;

	s.shape[0] = t->shape[1];
	s.shape[1] = t->shape[0];
	s.stride[0] = t->stride[1];
	s.stride[1] = t->stride[0];
	return s;
}
