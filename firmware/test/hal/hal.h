/* SPDX-License-Identifier: MIT */
/*
 * The processor and its buses for host tests: the same functions as
 * firmware/hal/hal.h, over the mock board of mock.h.
 */
#ifndef HAL_H
#define HAL_H

#include <stdint.h>

#include "ashlar_regs.h"

#define HAL_LOGSTR	   __attribute__((section("logstr")))
#define HAL_LOG_ID(string) (1 + (uint32_t)(&(string)[0] - __start_logstr))
#define HAL_NOINIT
#define HAL_INLINE static inline

extern const char __start_logstr[];
extern const char __stop_logstr[];

uint32_t io_read(uint32_t addr);
void io_write(uint32_t addr, uint32_t value);
volatile uint32_t *hal_shared(uint32_t offset);
uint32_t hal_local(const volatile void *p);
void *hal_pointer(uint32_t local);
void hal_wait(void);
int hal_timer_pending(void);
const uint8_t *hal_build_id(void);
_Noreturn void hal_halt(void);

static inline void hal_publish(void)
{
}

static inline void hal_acquire(void)
{
}

static inline void hal_wake_sources(void)
{
}

__attribute__((format(printf, 1, 2))) static inline void
hal_log_check(const char *fmt, ...)
{
	(void)fmt;
}

#endif
