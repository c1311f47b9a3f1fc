/* SPDX-License-Identifier: MIT */
/* Device time and the timer compare. Unit: device cycles. */
#ifndef TIMER_H
#define TIMER_H

#include <stdint.h>

#include "hal.h"

#define TIMER_REG(reg) (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##reg)
#define TIMER_NEVER    UINT64_MAX

/* Device time. Not atomic in hardware: read until the high half is stable. */
static inline uint64_t timer_now(void)
{
	uint32_t hi, lo;

	do {
		hi = io_read(TIMER_REG(MTIME_HI));
		lo = io_read(TIMER_REG(MTIME_LO));
	} while (hi != io_read(TIMER_REG(MTIME_HI)));
	return (uint64_t)hi << 32 | lo;
}

/*
 * Device time from one register read, given a time base at most 2^32 - 1
 * cycles in the past.
 */
HAL_INLINE uint64_t timer_since(uint64_t base)
{
	return base + (uint32_t)(io_read(TIMER_REG(MTIME_LO)) - (uint32_t)base);
}

/* The low half now, for timer_at() later. */
HAL_INLINE uint32_t timer_stamp(void)
{
	return io_read(TIMER_REG(MTIME_LO));
}

HAL_INLINE uint64_t timer_at(uint64_t base, uint32_t stamp)
{
	return base + (uint32_t)(stamp - (uint32_t)base);
}

/* Timer interrupt from device time at on; TIMER_NEVER turns it off. */
void timer_set(uint64_t at);

#endif
