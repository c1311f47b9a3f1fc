/* SPDX-License-Identifier: MIT */
/* Elements of tensors in the host's memory, for references. */
#ifndef OPS_REF_WALK_H
#define OPS_REF_WALK_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <ashlar/ops.h>

#include "ash_num.h"

/* A value as the vector unit has it: int32, or an fp32's bits. */
struct ref_value {
	uint32_t bits;
	bool integer;
};

static inline bool ref_is_integer(uint32_t format)
{
	return format == ASHLAR_I8 || format == ASHLAR_I32;
}

static inline struct ref_value ref_get(const void *at, uint32_t format)
{
	uint32_t w;
	uint16_t h;
	int8_t b;

	switch (format) {
	case ASHLAR_I8:
		memcpy(&b, at, 1);
		return (struct ref_value){ (uint32_t)b, true };
	case ASHLAR_I32:
		memcpy(&w, at, 4);
		return (struct ref_value){ w, true };
	case ASHLAR_F32:
		memcpy(&w, at, 4);
		return (struct ref_value){ ash_f32_read(w), false };
	case ASHLAR_BF16:
		memcpy(&h, at, 2);
		return (struct ref_value){ ash_bf16_to_f32(h), false };
	default:
		memcpy(&h, at, 2);
		return (struct ref_value){ ash_f16_to_f32(h), false };
	}
}

/* As fp32; an int32 is rounded. */
static inline uint32_t ref_float(struct ref_value v)
{
	return v.integer ? ash_i32_to_f32((int32_t)v.bits) : v.bits;
}

static inline void ref_put(void *at, uint32_t format, struct ref_value v)
{
	uint32_t w;
	uint16_t h;

	switch (format) {
	case ASHLAR_I8:
		*(int8_t *)at = v.integer ? ash_i32_to_i8((int32_t)v.bits) :
					    ash_f32_to_i8(v.bits);
		break;
	case ASHLAR_I32:
		w = v.integer ? v.bits : (uint32_t)ash_f32_to_i32(v.bits);
		memcpy(at, &w, 4);
		break;
	case ASHLAR_F32:
		w = ref_float(v);
		memcpy(at, &w, 4);
		break;
	case ASHLAR_BF16:
		h = ash_f32_to_bf16(ref_float(v));
		memcpy(at, &h, 2);
		break;
	default:
		h = ash_f32_to_f16(ref_float(v));
		memcpy(at, &h, 2);
		break;
	}
}

/* An fp32 result. */
static inline struct ref_value ref_f32(uint32_t bits)
{
	return (struct ref_value){ bits, false };
}

static inline uint32_t ref_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, 4);
	return bits;
}

/*
 * All indices of a shape, the last one fastest: begin with ref_first(), which
 * says whether there is any.
 */
struct ref_index {
	uint32_t dims;
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint64_t i[ASHLAR_DIMS_MAX];
};

bool ref_first(struct ref_index *x, const struct ashlar_tensor *shape);
bool ref_next(struct ref_index *x);
/*
 * The element there of a tensor that has the last dimensions of the shape, of
 * its size or 1.
 */
void *ref_at(const struct ref_index *x, const struct ashlar_tensor *t);

#endif
