/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of the board, bit for bit, in integer operations only: the
 * result never depends on the host's floating-point modes. README.md has the
 * rules; this is their executable form. A float is its bits in a uint32_t, a
 * bf16 or fp16 its bits in a uint16_t. Every function takes every value.
 */
#ifndef ASH_NUM_H
#define ASH_NUM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ASH_F32_NAN  0x7fc00000u
#define ASH_F32_INF  0x7f800000u
#define ASH_BF16_NAN 0x7fc0u
#define ASH_F16_NAN  0x7e00u

/* An fp32 as units see it when they read it: denormals are signed zeros, any NaN is the NaN. */
uint32_t ash_f32_read(uint32_t x);

/* Widening, exact. bf16 denormals are signed zeros, fp16 denormals are honoured. */
uint32_t ash_bf16_to_f32(uint16_t x);
uint32_t ash_f16_to_f32(uint16_t x);
/* Narrowing, to nearest even, overflow to infinity; fp16 denormals are made. */
uint16_t ash_f32_to_bf16(uint32_t x);
uint16_t ash_f32_to_f16(uint32_t x);

/* To nearest even; denormals are zeros on the way in and out. */
uint32_t ash_f32_add(uint32_t x, uint32_t y);
uint32_t ash_f32_sub(uint32_t x, uint32_t y);
uint32_t ash_f32_mul(uint32_t x, uint32_t y);
/* The greater or lesser; NaN if either is; -0 < +0. */
uint32_t ash_f32_max(uint32_t x, uint32_t y);
uint32_t ash_f32_min(uint32_t x, uint32_t y);
/* Negative values and -0 become +0; NaN stays. */
uint32_t ash_f32_relu(uint32_t x);

/*
 * The fp32 nearest to sig * 2^(exp - 150), sig < 2^62, with this sign (bit 31):
 * the end of each operation. Bit 0 of sig may stand for anything that is lost
 * below it if sig has more than 26 bits.
 */
uint32_t ash_f32_pack(uint32_t sign, int exp, uint64_t sig);

/*
 * Functions, by tables (README.md has the method and how far each is off).
 * Denormals are zeros on the way in and out.
 */
uint32_t ash_f32_exp(uint32_t x);
uint32_t ash_f32_log(uint32_t x);
uint32_t ash_f32_recip(uint32_t x);
uint32_t ash_f32_rsqrt(uint32_t x);
uint32_t ash_f32_sqrt(uint32_t x);
uint32_t ash_f32_tanh(uint32_t x);
uint32_t ash_f32_erf(uint32_t x);

/* Conversions: to nearest even; to an integer saturating, NaN to 0. */
uint32_t ash_i32_to_f32(int32_t x);
int32_t ash_f32_to_i32(uint32_t x);
int8_t ash_f32_to_i8(uint32_t x);
int8_t ash_i32_to_i8(int32_t x);

#ifdef __cplusplus
}
#endif

#endif
