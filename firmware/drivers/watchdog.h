/* SPDX-License-Identifier: MIT */
/*
 * The watchdog: resets this processor, and nothing else, when it is not
 * kicked for a period. It is on while there is work; an idle processor sleeps
 * with it off, so that an idle board does nothing at all.
 */
#ifndef WATCHDOG_H
#define WATCHDOG_H

#include <stdint.h>

#include "hal.h"

#define WATCHDOG_REG(reg) (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##reg)

/* Cycles. Below every host timeout, above the longest turn of the loop. */
#define WATCHDOG_PERIOD 20000000u

HAL_INLINE void watchdog_on(void)
{
	io_write(WATCHDOG_REG(WDT_PERIOD), WATCHDOG_PERIOD);
	io_write(WATCHDOG_REG(WDT_KICK), 1);
}

HAL_INLINE void watchdog_off(void)
{
	io_write(WATCHDOG_REG(WDT_PERIOD), 0);
}

HAL_INLINE void watchdog_kick(void)
{
	io_write(WATCHDOG_REG(WDT_KICK), 1);
}

#endif
