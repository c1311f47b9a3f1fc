/* SPDX-License-Identifier: MIT */
/*
 * What the shipped kernels must compute, in plain loops over hw-model/numerics:
 * the definition in ashlar/kernels.h, not a model of the units. Addresses in
 * the arguments are offsets into memory.
 */
#ifndef KERNELS_REF_H
#define KERNELS_REF_H

#include <stdbool.h>
#include <stdint.h>

#include <ashlar/kernels.h>

/* Writes C. */
void ref_gemm(const struct ashlar_gemm_args *g, uint8_t *memory);
/* Reads a and b in before, writes dst in after. */
void ref_elementwise(const struct ashlar_elementwise_args *e,
		     const uint8_t *before, uint8_t *after);

#endif
