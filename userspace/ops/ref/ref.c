// SPDX-License-Identifier: MIT
#include "ref.h"

#define REF_CASE(name)                                                        \
	case ASHLAR_OP_KIND_##name:                                           \
		ref_##name((const struct ashlar_op_##name *)(const void *)op, \
			   lanes);                                            \
		return 0;

int ref_op(const struct ashlar_op *op, uint32_t lanes)
{
	switch (op->kind) {
		OPS_KINDS(REF_CASE)
	default:
		return -1;
	}
}
