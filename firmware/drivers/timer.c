// SPDX-License-Identifier: MIT
#include "timer.h"

void timer_set(uint64_t at)
{
	/* High half all ones in between, so that no early match can occur. */
	io_write(TIMER_REG(MTIMECMP_HI), UINT32_MAX);
	io_write(TIMER_REG(MTIMECMP_LO), (uint32_t)at);
	io_write(TIMER_REG(MTIMECMP_HI), (uint32_t)(at >> 32));
}
