/* SPDX-License-Identifier: MIT */
/*
 * What the shipped kernels must compute, in plain loops over hw-model/numerics:
 * the definition in ashlar/kernels.h, not a model of the units. Addresses in
 * the arguments are offsets into memory.
 */
#ifndef KT_REF_H
#define KT_REF_H

#include <stdbool.h>
#include <stdint.h>

#include <ashlar/kernels.h>

void kt_ref_gemm(const struct ashlar_gemm_args *g, uint8_t *memory);
void kt_ref_elementwise(const struct ashlar_elementwise_args *e,
			const uint8_t *before, uint8_t *after);
uint16_t kt_ref_to_f16(uint32_t f32_bits);

#endif
