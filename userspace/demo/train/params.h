/* SPDX-License-Identifier: MIT */
/*
 * The parameters of a network: one block of fp32 that the optimizer works on,
 * their gradients, and a copy in bf16 that the matrix units multiply with.
 */
#ifndef DEMO_PARAMS_H
#define DEMO_PARAMS_H

#include "machine.h"

/* A parameter: the same elements in three blocks. */
struct param {
	struct ashlar_tensor value; /* fp32 */
	struct ashlar_tensor bf16;
	struct ashlar_tensor grad; /* fp32 */
};

struct params {
	struct machine *machine;
	struct ashlar_tensor value, bf16, grad; /* whole, one dimension */
	struct ashlar_tensor first, second; /* AdamW's moments */
	uint64_t count, used;
	uint64_t seed;
	uint32_t step;
};

/* Blocks for `count` parameters in all. */
void params_init(struct params *p, struct machine *m, uint64_t count,
		 uint64_t seed);
/* Take the next ones, for a packed tensor. */
struct param params_take(struct params *p, uint32_t dims,
			 const uint64_t *shape);
#define PARAM(params, ...)                                                  \
	params_take(params,                                                 \
		    sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		    (uint64_t[]){ __VA_ARGS__ })

/* Fill one on the machine: all the same, or uniform in -bound .. bound. */
int params_fill(struct params *p, const struct param *t, float value);
int params_random(struct params *p, const struct param *t, float bound);
/* Make the bf16 copy of all. */
int params_round(struct params *p);
/* One step of AdamW over all, and the bf16 copy. */
int params_adamw(struct params *p, float rate, float beta2, float decay);

/* A part of a packed tensor, from element `first` on, and a swapped matrix. */
struct ashlar_tensor tensor_part(const struct ashlar_tensor *t, uint64_t first,
				 uint32_t dims, const uint64_t *shape);
#define PART(tensor, first, ...)                                            \
	tensor_part(tensor, first,                                          \
		    sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		    (uint64_t[]){ __VA_ARGS__ })
struct ashlar_tensor tensor_swapped(const struct ashlar_tensor *t);

#endif
