/* SPDX-License-Identifier: MIT */
/*
 * What wakes the main loop, and the vectors it raises at the host. There are
 * no interrupt handlers: hal_wait() returns, the loop reads what is pending.
 */
#ifndef IRQ_H
#define IRQ_H

#include <stdint.h>

#include "hal.h"

#define IRQ_REG(reg) (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##reg)
#define IRQ_DOORBELL ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK
#define IRQ_TILE     ASHLAR_MP_IRQ_PENDING_TILE_MASK

#define IRQ_VECTORS 64

/* Whether a doorbell or a tile event waits to be taken. */
HAL_INLINE int irq_waiting(void)
{
	return !!(io_read(IRQ_REG(IRQ_PENDING)) & (IRQ_DOORBELL | IRQ_TILE));
}

/* Clear tile events of an earlier life, enable doorbells and tiles. */
void irq_init(void);

HAL_INLINE uint32_t irq_pending(void)
{
	return io_read(IRQ_REG(IRQ_PENDING));
}

/* Tiles (bit = tile) with an event since last asked, and forget them. */
HAL_INLINE uint32_t irq_take_tiles(void)
{
	uint32_t tiles = io_read(IRQ_REG(TILE_EVENT));

	if (tiles)
		io_write(IRQ_REG(TILE_EVENT), tiles);
	return tiles;
}

/* Raise host vector 0 .. IRQ_VECTORS - 1. */
HAL_INLINE void irq_raise(uint32_t vector)
{
	io_write(IRQ_REG(VECTOR), vector);
}

#endif
