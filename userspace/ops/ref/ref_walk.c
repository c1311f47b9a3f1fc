// SPDX-License-Identifier: MIT
#include "ref_walk.h"

bool ref_first(struct ref_index *x, const struct ashlar_tensor *shape)
{
	uint32_t d;

	memset(x, 0, sizeof(*x));
	x->dims = shape->dims;
	for (d = 0; d < x->dims; d++) {
		x->shape[d] = shape->shape[d];
		if (!x->shape[d])
			return false;
	}
	return true;
}

bool ref_next(struct ref_index *x)
{
	uint32_t d;

	for (d = x->dims; d-- > 0;) {
		if (++x->i[d] < x->shape[d])
			return true;
		x->i[d] = 0;
	}
	return false;
}

void *ref_at(const struct ref_index *x, const struct ashlar_tensor *t)
{
	uint32_t missing = x->dims - t->dims;
	int64_t at = 0;
	uint32_t d;

	for (d = 0; d < t->dims; d++)
		if (t->shape[d] != 1)
			at += (int64_t)x->i[missing + d] * t->stride[d];
	at *= ashlar_format_bytes(t->format);
	return (uint8_t *)(uintptr_t)t->addr + at;
}
