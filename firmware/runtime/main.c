// SPDX-License-Identifier: MIT
/* Where start.S goes: the runtime, and what happens when it takes a trap. */
#include "rt.h"

__attribute__((noreturn)) void runtime_main(void);
__attribute__((noreturn)) void runtime_trap(uint32_t cause, uint32_t pc,
					    uint32_t value, uint32_t ra,
					    uint32_t sp);

void runtime_main(void)
{
	runtime_init();
	for (;;)
		runtime_turn();
}

void runtime_trap(uint32_t cause, uint32_t pc, uint32_t value, uint32_t ra,
		  uint32_t sp)
{
	LOG("trap: mcause %x mepc %x mtval %x ra %x sp %x", cause, pc, value,
	    ra, sp);
	rt_stop(ASHLAR_POST_TRAP);
}
