/* SPDX-License-Identifier: MIT */
/* What the two files of the vector unit share. */
#ifndef ASH_VECTOR_INT_H
#define ASH_VECTOR_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "ashlar_regs.h"

#define FIELD(reg, name) \
	((ASHLAR_##name##_MASK & (reg)) >> ASHLAR_##name##_SHIFT)

enum format {
	ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32,
	ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32,
	I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

/* What an operand is: values of CFG.SRC2_SEL, BIAS_SEL and SCALE_SEL. */
enum select {
	NONE = ASHLAR_VECTOR_CFG_SRC2_SEL_NONE,
	ROW = ASHLAR_VECTOR_CFG_SRC2_SEL_ROW,
	IMM = ASHLAR_VECTOR_CFG_SRC2_SEL_IMM,
	SCALAR = ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR,
};

static inline bool is_integer(uint32_t fmt)
{
	return fmt == ACC_I32 || fmt == I32 || fmt == I8;
}

static inline uint32_t size_of(uint32_t fmt)
{
	if (fmt == I8)
		return 1;
	return fmt == BF16 || fmt == FP16 ? 2 : 4;
}

/* Whether the value is an integer where SRC2 meets it. */
static inline bool integer_at_src2(uint32_t cfg, uint32_t op)
{
	if (!is_integer(FIELD(cfg, VECTOR_CFG_SRC_FMT)))
		return false;
	return !(cfg & ASHLAR_VECTOR_CFG_SRC2_LATE_MASK) ||
	       (FIELD(cfg, VECTOR_CFG_SCALE_SEL) == NONE &&
		FIELD(op, VECTOR_OP_FN) == ASHLAR_VECTOR_OP_FN_NONE);
}

#endif
