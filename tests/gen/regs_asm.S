/* SPDX-License-Identifier: MIT */
/* Proves that the assembler takes the generated register header. */
#include "ashlar_regs.h"

	li a0, ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_DB_TAIL(3)
	lw a1, ASHLAR_HOST_ID(a0)
	li a2, ASHLAR_HOST_ID_RESET
	andi a3, a1, ASHLAR_COPY_SPACE_DST_MASK
	.if ASHLAR_MP_DB_TAIL(3) != ASHLAR_MP_DB_TAIL(0) + 12
	.error "array macro"
	.endif
