// SPDX-License-Identifier: MIT
#include "irq.h"

void irq_init(void)
{
	io_write(IRQ_REG(TILE_EVENT), UINT32_MAX);
	io_write(IRQ_REG(IRQ_ENABLE), IRQ_DOORBELL | IRQ_TILE);
	hal_wake_sources();
}
