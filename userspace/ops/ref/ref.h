/* SPDX-License-Identifier: MIT */
/*
 * What operations must compute, to the bit: plain loops over
 * hw-model/numerics. A descriptor is that of the board, but its addresses are
 * pointers of the host. It must be good (plan_make() has said so); lanes is
 * the board's array, for the order of sums.
 */
#ifndef OPS_REF_H
#define OPS_REF_H

#include <stdint.h>

#include <ashlar/ops.h>

#include "kinds.h"

/* 0, or -1 for a kind that there is not. */
int ref_op(const struct ashlar_op *op, uint32_t lanes);

#define REF_DECLARE(name) \
	void ref_##name(const struct ashlar_op_##name *op, uint32_t lanes);
OPS_KINDS(REF_DECLARE)
/* References that are there before their plans. */
REF_DECLARE(attention)
REF_DECLARE(attention_dx)
#undef REF_DECLARE

#endif
