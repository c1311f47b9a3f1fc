/* SPDX-License-Identifier: MIT */
/*
 * The copy engines. Engine 0 fetches job descriptors from board memory,
 * engine 1 writes completions to host memory; copies of one engine are done
 * in order, which is what orders a completion before its fence.
 */
#ifndef COPY_H
#define COPY_H

#include <stdint.h>

#include "hal.h"

enum copy_engine {
	COPY_FETCH = 0,
	COPY_REPORT = 1,
};

#define COPY_QUEUE 8 /* copies an engine takes before GO stalls */

#define COPY_REG(engine, reg)      \
	(ASHLAR_MAP_MP_COPY_BASE + \
	 ASHLAR_MAP_MP_COPY_STRIDE * (uint32_t)(engine) + ASHLAR_COPY_##reg)
#define COPY_SPACE(src, dst)                                          \
	(ASHLAR_COPY_SPACE_DST_##src << ASHLAR_COPY_SPACE_SRC_SHIFT | \
	 ASHLAR_COPY_SPACE_DST_##dst << ASHLAR_COPY_SPACE_DST_SHIFT)

/*
 * Wait until the engine has nothing left from an earlier life of this
 * processor, clear its errors and set the parameters that never change:
 * copies of len bytes (multiple of 8) between the given spaces. Returns the
 * engine's count of copies, which is both started and done.
 */
uint32_t copy_init(enum copy_engine engine, uint32_t len, uint32_t space);

/* Errors since last asked (ASHLAR_COPY_ERROR_*_MASK), and forget them. */
uint32_t copy_take_errors(enum copy_engine engine);

/* Copies ever done, wrapping. */
HAL_INLINE uint32_t copy_done(enum copy_engine engine)
{
	return io_read(COPY_REG(engine, DONE));
}

HAL_INLINE void copy_set(enum copy_engine engine, uint32_t reg, uint32_t value)
{
	io_write(COPY_REG(engine, SRC_LO) + reg, value);
}

/* Start a copy with the parameters as they are; stalls when the queue is full. */
HAL_INLINE void copy_go(enum copy_engine engine)
{
	io_write(COPY_REG(engine, GO), 1);
}

#endif
