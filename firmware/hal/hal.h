/* SPDX-License-Identifier: MIT */
/*
 * The processor and its buses, as the firmware sees them on the board. The
 * host tests put test/hal/hal.h, which has the same functions over a mock
 * board, in front of this one in the include path; nothing above this file
 * knows which of the two it was compiled against.
 */
#ifndef HAL_H
#define HAL_H

#include <stdint.h>

#include "ashlar_regs.h"

#define HAL_LOGSTR	   __attribute__((section(".logstr")))
#define HAL_LOG_ID(string) ((uint32_t)(uintptr_t)(string))
#define HAL_NOINIT	   __attribute__((section(".noinit")))
#define HAL_INLINE	   static inline __attribute__((always_inline))

/* A 32-bit register at MP address addr. */
HAL_INLINE uint32_t io_read(uint32_t addr)
{
	return *(volatile uint32_t *)addr;
}

HAL_INLINE void io_write(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)addr = value;
}

/*
 * Has a log record's arguments checked against its text; on the host only,
 * where uint32_t is what %u takes (here it is unsigned long).
 */
static inline void hal_log_check(const char *fmt, ...)
{
	(void)fmt;
}

/* The shared SRAM at a byte offset. */
HAL_INLINE volatile uint32_t *hal_shared(uint32_t offset)
{
	return (volatile uint32_t *)(ASHLAR_MAP_MP_SHARED_BASE + offset);
}

/* The address a copy engine knows an object of ours by, and the reverse. */
HAL_INLINE uint32_t hal_local(const volatile void *p)
{
	return (uint32_t)(uintptr_t)p;
}

HAL_INLINE void *hal_pointer(uint32_t local)
{
	return (void *)(uintptr_t)local;
}

/* Our stores so far are visible to whom the next register write starts. */
HAL_INLINE void hal_publish(void)
{
	__asm__ volatile("fence w,o" ::: "memory");
}

/* What the last register read says has been written, our loads now see. */
HAL_INLINE void hal_acquire(void)
{
	__asm__ volatile("fence i,r" ::: "memory");
}

/*
 * Sleep until the timer or an external interrupt is pending. Interrupts stay
 * masked in mstatus, so there is no handler and no race: one that is already
 * pending makes this return at once.
 */
HAL_INLINE void hal_wait(void)
{
	__asm__ volatile("wfi" ::: "memory");
}

HAL_INLINE int hal_timer_pending(void)
{
	uint32_t mip;

	__asm__ volatile("csrr %0, mip" : "=r"(mip));
	return (mip & 0x80) != 0;
}

/* The 20 bytes of this ELF's build id, from its note. */
static inline const uint8_t *hal_build_id(void)
{
	extern const uint8_t build_id_note[]; /* runtime.ld */

	return build_id_note + 16;
}

/* What wakes hal_wait(): mie.MTIE and mie.MEIE. */
HAL_INLINE void hal_wake_sources(void)
{
	__asm__ volatile("csrw mie, %0" ::"r"(0x880));
}

/* Nothing more can be done; only a reset leaves this. */
__attribute__((noreturn)) HAL_INLINE void hal_halt(void)
{
	__asm__ volatile("csrw mie, zero");
	for (;;)
		__asm__ volatile("wfi");
}

#endif
