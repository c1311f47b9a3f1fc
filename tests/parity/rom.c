// SPDX-License-Identifier: MIT
/* The gate's ROM: does lists of operations on the management processor's bus (protocol.h). */
#include "ashlar_regs.h"
#include "onboard.h"

#define TIMER_LINE    (1u << 7)
#define EXTERNAL_LINE (1u << 11)
#define WAKE	      (TIMER_LINE | EXTERNAL_LINE)

void rom_main(void);

static volatile uint32_t *word(uint32_t addr)
{
	return (volatile uint32_t *)addr;
}

static volatile uint32_t *mp(uint32_t offset)
{
	return word(ASHLAR_MAP_MP_MP_BASE + offset);
}

static volatile uint32_t *copy(uint32_t engine, uint32_t offset)
{
	return word(ASHLAR_MAP_MP_COPY_BASE +
		    engine * ASHLAR_MAP_MP_COPY_STRIDE + offset);
}

static uint32_t interrupts(void)
{
	uint32_t mip;

	__asm__ volatile("csrr %0, mip" : "=r"(mip));
	return mip;
}

static void timer_off(void)
{
	*mp(ASHLAR_MP_MTIMECMP_LO) = 0xffffffff;
	*mp(ASHLAR_MP_MTIMECMP_HI) = 0xffffffff;
}

static void timer_in(uint32_t cycles)
{
	uint32_t hi, lo;

	do {
		hi = *mp(ASHLAR_MP_MTIME_HI);
		lo = *mp(ASHLAR_MP_MTIME_LO);
	} while (hi != *mp(ASHLAR_MP_MTIME_HI));
	timer_off();
	lo += cycles;
	*mp(ASHLAR_MP_MTIMECMP_LO) = lo;
	*mp(ASHLAR_MP_MTIMECMP_HI) = hi + (lo < cycles);
}

static uint32_t do_settle(uint32_t engine)
{
	while (*copy(engine, ASHLAR_COPY_DONE) !=
	       *copy(engine, ASHLAR_COPY_ISSUED)) {
		*copy(engine, ASHLAR_COPY_GO_IRQ) = 1;
		*mp(ASHLAR_MP_IRQ_ENABLE) = ASHLAR_MP_IRQ_PENDING_COPY_MASK;
		__asm__ volatile("wfi");
	}
	/* Whether it had to sleep is time, and must not be seen. */
	*copy(engine, ASHLAR_COPY_GO_IRQ) = 0;
	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	return *copy(engine, ASHLAR_COPY_ERROR);
}

static uint32_t do_timer(uint32_t cycles)
{
	uint32_t lines;

	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	timer_in(cycles);
	__asm__ volatile("wfi");
	lines = interrupts();
	timer_off();
	return lines;
}

static void do_watchdog(uint32_t period, uint32_t sleep)
{
	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	*mp(ASHLAR_MP_WDT_PERIOD) = period;
	*mp(ASHLAR_MP_WDT_KICK) = 1;
	for (;;)
		if (sleep)
			__asm__ volatile("wfi");
}

static uint32_t do_tile(uint32_t tile, uint32_t cycles)
{
	volatile uint32_t *status =
		word(ASHLAR_MAP_MP_TILE_BASE +
		     tile * ASHLAR_MAP_MP_TILE_STRIDE + ASHLAR_TILE_STATUS);
	uint32_t late = 0, state;

	*mp(ASHLAR_MP_IRQ_ENABLE) = ASHLAR_MP_IRQ_PENDING_TILE_MASK;
	timer_in(cycles);
	for (;;) {
		*mp(ASHLAR_MP_TILE_EVENT) = 0xffffffff;
		state = *status;
		if (state == ASHLAR_TILE_STATUS_IDLE ||
		    state == ASHLAR_TILE_STATUS_DONE ||
		    state == ASHLAR_TILE_STATUS_FAULT ||
		    state == ASHLAR_TILE_STATUS_KILLED)
			break;
		if (interrupts() & TIMER_LINE) {
			late = 256;
			break;
		}
		__asm__ volatile("wfi");
	}
	timer_off();
	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	return state + late;
}

static void do_irq(uint32_t enable, uint32_t mie)
{
	*mp(ASHLAR_MP_IRQ_ENABLE) = enable;
	__asm__ volatile("csrw mie, %0\n\t"
			 "csrsi mstatus, 8\n\t"
			 "nop\n\tnop\n\tnop\n\tnop\n\t"
			 "csrci mstatus, 8\n\t"
			 "csrw mie, %1" ::"r"(mie),
			 "r"(WAKE)
			 : "memory");
	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
}

static uint32_t do_op(uint32_t code, uint32_t a, uint32_t b, uint32_t c)
{
	switch (code) {
	case MP_READ:
		return read_at(a, b);
	case MP_WRITE:
		write_at(a, b, c);
		return 0;
	case MP_SETTLE:
		return do_settle(a);
	case MP_TIMER:
		return do_timer(a);
	case MP_WATCHDOG:
		do_watchdog(a, b);
		return 0;
	case MP_TILE:
		return do_tile(a, b);
	case MP_IRQ:
		do_irq(a, b);
		return 0;
	case MP_EXEC:
		return execute((volatile uint32_t *)MP_SLOT, a, b, c);
	case MP_CALL:
		return call(a, b, c);
	case MP_JUMP:
		jump(a);
		return 0;
	default:
		return 0;
	}
}

static void do_list(void)
{
	uint32_t n = *word(ASHLAR_MAP_MP_SHARED_BASE + MP_COUNT), i;
	volatile uint32_t *trap = word(MP_TRAP);

	for (i = 0; i < n && i < MP_OPS_MAX; i++) {
		volatile uint32_t *op =
			word(ASHLAR_MAP_MP_SHARED_BASE + MP_OPS + 16 * i);
		volatile uint32_t *result =
			word(ASHLAR_MAP_MP_SHARED_BASE + MP_RESULTS + 32 * i);

		trap[0] = 0;
		result[0] = do_op(op[0], op[1], op[2], op[3]);
		result[1] = trap[0];
		result[2] = trap[1];
		result[3] = trap[2];
		result[4] = trap[3];
	}
	timer_off();
}

void rom_main(void)
{
	uint32_t tail;

	__asm__ volatile("csrw mie, %0" : : "r"(WAKE));
	*mp(ASHLAR_MP_DB_DEPTH(0)) = 4;
	*mp(ASHLAR_MP_POST) = MP_POST_READY + ++*word(MP_BOOTS);
	for (;;) {
		*mp(ASHLAR_MP_IRQ_ENABLE) = ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK;
		while (!(*mp(ASHLAR_MP_DB_PENDING(0)) & 1))
			__asm__ volatile("wfi");
		*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
		*mp(ASHLAR_MP_DB_PENDING(0)) = 1;
		tail = *mp(ASHLAR_MP_DB_TAIL(0));
		do_list();
		*mp(ASHLAR_MP_DB_HEAD(0)) = tail;
		*mp(ASHLAR_MP_POST) = MP_POST_DONE + tail;
		*mp(ASHLAR_MP_VECTOR) = MP_VECTOR_DONE;
	}
}
