/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * All that the driver core wants from where it runs. The kernel glue and the
 * library each implement these functions; the core calls nothing else, except
 * memcpy, memset and vsnprintf, which both have.
 *
 * Errors are negative errno values. Functions that may sleep say so.
 */
#ifndef ASHLAR_OS_H
#define ASHLAR_OS_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/stdarg.h>
#include <linux/stddef.h>
#include <linux/string.h>
#include <linux/types.h>

#define ASHLAR_PRINTF(a, b) __printf(a, b)
#define ASHLAR_READ_ONCE(x) READ_ONCE(x)
#else
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define ASHLAR_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define ASHLAR_READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#endif

/* The environment's side of one board; the core only passes it back. */
struct ashlar_os;

/* --- MMIO ------------------------------------------------------------------- */

/* A register of BAR0. All ones when the board is gone. */
u32 ashlar_os_read32(struct ashlar_os *os, u32 offset);
/* Posted; earlier writes to BAR0, BAR2 and DMA memory are visible before it. */
void ashlar_os_write32(struct ashlar_os *os, u32 offset, u32 value);

/*
 * Board memory through BAR2. The core has checked address and length against
 * the board's memory. Reads give all ones when the board is gone.
 */
void ashlar_os_mem_read(struct ashlar_os *os, u64 addr, void *data, size_t bytes);
void ashlar_os_mem_write(struct ashlar_os *os, u64 addr, const void *data,
			 size_t bytes);

/* --- Memory ----------------------------------------------------------------- */

/* Zeroed memory of any size (the kernel: kvzalloc), or NULL. May sleep. */
void *ashlar_os_alloc(size_t bytes);
void ashlar_os_free(void *p);

/*
 * Zeroed, coherent memory that the board may read and write at *dma, a
 * multiple of 4096. NULL when there is none. May sleep.
 */
void *ashlar_os_dma_alloc(struct ashlar_os *os, size_t bytes, u64 *dma);
void ashlar_os_dma_free(struct ashlar_os *os, void *cpu, u64 dma, size_t bytes);

/* What the core wrote to DMA memory is visible before what follows. */
void ashlar_os_wmb(void);
/* What follows is read after what the core read before. */
void ashlar_os_rmb(void);

/* --- Locks, time, messages -------------------------------------------------- */

/*
 * Short locks around indices and lists: no sleep, no wait, no allocation while
 * one is held, and the core never holds two. The kernel glue makes them
 * spinlocks that exclude the interrupt handler.
 */
struct ashlar_os_lock;
struct ashlar_os_lock *ashlar_os_lock_new(void); /* NULL: no memory */
void ashlar_os_lock_free(struct ashlar_os_lock *lock);
void ashlar_os_lock(struct ashlar_os_lock *lock);
void ashlar_os_unlock(struct ashlar_os_lock *lock);

/*
 * Let about `cycles` of device time pass; may come back earlier, at once when
 * an interrupt vector was raised. Sleeps. Returns 0, or -ENODEV when the board
 * is gone.
 */
int ashlar_os_pause(struct ashlar_os *os, u32 cycles);

enum ashlar_os_level {
	ASHLAR_OS_ERROR = 0,
	ASHLAR_OS_WARNING = 1,
	ASHLAR_OS_INFO = 2,
	ASHLAR_OS_DEBUG = 3,
};

/*
 * A message, without newline. ERROR is the sentence that belongs to the error
 * that the core is about to return; the library hands it to its caller.
 */
void ashlar_os_log(struct ashlar_os *os, enum ashlar_os_level level,
		   const char *fmt, ...) ASHLAR_PRINTF(3, 4);

#endif
