// SPDX-License-Identifier: MIT
/* No code: the constants of the assembly files are those of the headers. */
#include "ashlar_abi.h"
#include "ashlar_abi_asm.h"
#include "ashlar_regs.h"

static_assert(TCM_END == ASHLAR_MAP_MP_TCM_BASE + ASHLAR_MAP_MP_TCM_BYTES,
	      "TCM_END");
static_assert(MP_POST == ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_POST, "MP_POST");
static_assert(POST_TRAP == ASHLAR_POST_TRAP, "POST_TRAP");
