/* SPDX-License-Identifier: MIT */
/*
 * Doorbells 0..63. The hardware judges a ring by head and depth: one beyond
 * head + depth, or of a doorbell of depth 0, never gets here.
 */
#ifndef DOORBELL_H
#define DOORBELL_H

#include <stdint.h>

#include "hal.h"

#define DOORBELLS	  64
#define DOORBELL_REG(reg) (ASHLAR_MAP_MP_MP_BASE + (reg))

/* Refuse all doorbells and forget those rung. */
void doorbell_init(void);

/* Take rings of doorbell n from now on: head 0, depth entries. */
void doorbell_open(unsigned int n, uint32_t depth);

/*
 * Refuse rings of doorbell n from now on. Returns 1 if one was pending, whose
 * value is still in doorbell_tail().
 */
int doorbell_close(unsigned int n);

/* Doorbells 32 * word + bit rung since last asked, and forget them. */
HAL_INLINE uint32_t doorbell_take(unsigned int word)
{
	uint32_t rung = io_read(DOORBELL_REG(ASHLAR_MP_DB_PENDING(word)));

	if (rung)
		io_write(DOORBELL_REG(ASHLAR_MP_DB_PENDING(word)), rung);
	return rung;
}

HAL_INLINE uint32_t doorbell_tail(unsigned int n)
{
	return io_read(DOORBELL_REG(ASHLAR_MP_DB_TAIL(n)));
}

HAL_INLINE void doorbell_set_head(unsigned int n, uint32_t head)
{
	io_write(DOORBELL_REG(ASHLAR_MP_DB_HEAD(n)), head);
}

#endif
