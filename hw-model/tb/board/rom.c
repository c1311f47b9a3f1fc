// SPDX-License-Identifier: MIT
/* The test ROM of the board bench: does single commands (protocol.h). */
#include "ashlar_regs.h"
#include "protocol.h"

#include <stdint.h>

#define TRAP_RECORD 0x10010000u /* start.S */

#define FLOOD_COPIES 20

/* What start.S notes. */
struct trap {
	uint32_t count, cause, value;
};

void rom_main(void);

static volatile uint32_t *reg(uint32_t addr)
{
	return (volatile uint32_t *)addr;
}

static volatile uint32_t *mp(uint32_t offset)
{
	return reg(ASHLAR_MAP_MP_MP_BASE + offset);
}

static volatile uint32_t *copy(uint32_t engine, uint32_t offset)
{
	return reg(ASHLAR_MAP_MP_COPY_BASE +
		   engine * ASHLAR_MAP_MP_COPY_STRIDE + offset);
}

static volatile uint32_t *tile(uint32_t offset)
{
	return reg(ASHLAR_MAP_MP_TILE_BASE + offset);
}

static volatile uint32_t *shared(uint32_t offset)
{
	return reg(ASHLAR_MAP_MP_SHARED_BASE + offset);
}

static volatile struct trap *trap(void)
{
	return (volatile struct trap *)TRAP_RECORD;
}

static void sleep_until(uint32_t irq)
{
	*mp(ASHLAR_MP_IRQ_ENABLE) = irq;
	while (!(*mp(ASHLAR_MP_IRQ_PENDING) & irq))
		__asm__ volatile("wfi");
}

static void set_timer(uint32_t hi, uint32_t lo)
{
	*mp(ASHLAR_MP_MTIMECMP_HI) = 0xffffffff;
	*mp(ASHLAR_MP_MTIMECMP_LO) = lo;
	*mp(ASHLAR_MP_MTIMECMP_HI) = hi;
}

static void do_timer(volatile uint32_t *args, volatile uint32_t *results)
{
	uint32_t start = *mp(ASHLAR_MP_MTIME_LO);
	uint32_t mip;

	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	set_timer(0, start + args[0]);
	__asm__ volatile("wfi");
	results[1] = *mp(ASHLAR_MP_MTIME_LO);
	__asm__ volatile("csrr %0, mip" : "=r"(mip));
	results[2] = mip;
	results[0] = start;
	set_timer(0xffffffff, 0xffffffff);
}

static void do_watchdog(volatile uint32_t *args)
{
	*mp(ASHLAR_MP_IRQ_ENABLE) = 0;
	*mp(ASHLAR_MP_WDT_PERIOD) = args[0];
	*mp(ASHLAR_MP_WDT_KICK) = 1;
	for (;;)
		if (args[1])
			__asm__ volatile("wfi");
}

static uint32_t probe_count(volatile uint32_t *results, uint32_t n)
{
	results[1 + 2 * n] = trap()->cause;
	results[2 + 2 * n] = trap()->value;
	return n + 1;
}

static void do_probes(volatile uint32_t *results)
{
	uint32_t n = 0;

	trap()->count = 0;
	(void)*reg(0x30000000); /* nothing there */
	n = probe_count(results, n);
	*reg(ASHLAR_MAP_MP_ROM_BASE + 0x2000) = 0; /* read only */
	n = probe_count(results, n);
	(void)*mp(0xf00); /* no register */
	n = probe_count(results, n);
	*(volatile uint8_t *)mp(ASHLAR_MP_POST) = 0; /* not a word */
	n = probe_count(results, n);
	(void)*copy(0, 0xf0);
	n = probe_count(results, n);
	(void)*reg(ASHLAR_MAP_MP_TILE_BASE +
		   63 * ASHLAR_MAP_MP_TILE_STRIDE); /* no such tile */
	n = probe_count(results, n);
	*mp(ASHLAR_MP_VECTOR) = 64; /* no such vector */
	probe_count(results, n);
	results[0] = trap()->count;
}

static void do_copy(volatile uint32_t *args, volatile uint32_t *results)
{
	uint32_t e = args[0], n = args[1], i;
	uint32_t start = *mp(ASHLAR_MP_MTIME_LO);

	*copy(e, ASHLAR_COPY_ERROR) = 3;
	for (i = 0; i < n; i++) {
		*copy(e, ASHLAR_COPY_SRC_LO) = args[2 + 4 * i];
		*copy(e, ASHLAR_COPY_DST_LO) = args[3 + 4 * i];
		*copy(e, ASHLAR_COPY_LEN) = args[4 + 4 * i];
		*copy(e, ASHLAR_COPY_SPACE) = args[5 + 4 * i];
		*copy(e, ASHLAR_COPY_GO) = 1;
	}
	*copy(e, ASHLAR_COPY_GO_IRQ) = 1;
	sleep_until(ASHLAR_MP_IRQ_PENDING_COPY_MASK);
	*copy(e, ASHLAR_COPY_GO_IRQ) = 0;
	results[0] = *copy(e, ASHLAR_COPY_ERROR);
	results[1] = *mp(ASHLAR_MP_MTIME_LO) - start;
}

static void start_fence(uint32_t e, uint32_t addr, uint32_t value)
{
	*copy(e, ASHLAR_COPY_DST_LO) = addr;
	*copy(e, ASHLAR_COPY_IMM_LO) = value;
	*copy(e, ASHLAR_COPY_IMM_HI) = ~value;
	*copy(e, ASHLAR_COPY_SPACE) =
		ASHLAR_COPY_SPACE_DST_HOST << ASHLAR_COPY_SPACE_DST_SHIFT |
		ASHLAR_COPY_SPACE_DST_IMM << ASHLAR_COPY_SPACE_SRC_SHIFT;
	*copy(e, ASHLAR_COPY_GO) = 1;
}

static void do_fence(volatile uint32_t *args, volatile uint32_t *results)
{
	start_fence(args[0], args[1], args[2]);
	*mp(ASHLAR_MP_VECTOR) = TB_VECTOR_FENCE;
	results[0] = *copy(args[0], ASHLAR_COPY_DONE);
}

/* More copies than the queue takes: the processor waits at GO. */
static void do_flood(volatile uint32_t *args, volatile uint32_t *results)
{
	uint32_t i;

	*copy(0, ASHLAR_COPY_ERROR) = 3;
	for (i = 0; i < FLOOD_COPIES; i++) {
		*copy(0, ASHLAR_COPY_SRC_LO) = args[0];
		*copy(0, ASHLAR_COPY_DST_LO) = i * args[1];
		*copy(0, ASHLAR_COPY_LEN) = args[1];
		*copy(0, ASHLAR_COPY_SPACE) = ASHLAR_COPY_SPACE_DST_HOST
					      << ASHLAR_COPY_SPACE_SRC_SHIFT;
		*copy(0, ASHLAR_COPY_GO) = 1;
	}
	results[0] = *copy(0, ASHLAR_COPY_ISSUED);
	while (*copy(0, ASHLAR_COPY_DONE) != results[0])
		;
	results[1] = *copy(0, ASHLAR_COPY_ERROR);
}

/*
 * args: host address and value of the fence, then what CODE_VA .. GRID_Z and
 * PT_ROOT, PT_ENTRIES take. Starts tile 0, waits for its event, writes the
 * fence. results: STATUS, EXIT_CODE, FAULT_CAUSE, cycles from START to the
 * event, to the fence.
 */
static void do_tile(volatile uint32_t *args, volatile uint32_t *results)
{
	uint32_t start, ended, i;

	*tile(ASHLAR_TILE_CONTEXT) = 1;
	*tile(ASHLAR_TILE_PT_ROOT_LO) = args[2];
	*tile(ASHLAR_TILE_PT_ROOT_HI) = 0;
	*tile(ASHLAR_TILE_PT_ENTRIES) = args[3];
	for (i = 0; ASHLAR_TILE_CODE_VA_LO + 4 * i <= ASHLAR_TILE_GRID_Z; i++)
		*tile(ASHLAR_TILE_CODE_VA_LO + 4 * i) = args[4 + i];
	*mp(ASHLAR_MP_TILE_EVENT) = 0xffffffff;
	*tile(ASHLAR_TILE_CTRL) = ASHLAR_TILE_CTRL_TLB_INVALIDATE;
	start = *mp(ASHLAR_MP_MTIME_LO);
	*tile(ASHLAR_TILE_CTRL) = ASHLAR_TILE_CTRL_START;
	sleep_until(ASHLAR_MP_IRQ_PENDING_TILE_MASK);
	ended = *mp(ASHLAR_MP_MTIME_LO);
	start_fence(1, args[0], args[1]);
	results[4] = *mp(ASHLAR_MP_MTIME_LO) - start;
	results[3] = ended - start;
	results[0] = *tile(ASHLAR_TILE_STATUS);
	results[1] = *tile(ASHLAR_TILE_EXIT_CODE);
	results[2] = *tile(ASHLAR_TILE_FAULT_CAUSE);
	results[5] = *tile(ASHLAR_TILE_PERF_CYCLES);
	results[6] = *mp(ASHLAR_MP_TILE_EVENT);
	*mp(ASHLAR_MP_TILE_EVENT) = 1;
	results[7] = *mp(ASHLAR_MP_TILE_EVENT);
}

static void do_config(volatile uint32_t *results)
{
	static const uint16_t offsets[] = {
		ASHLAR_MP_RESET_CAUSE,	  ASHLAR_MP_HW_VERSION,
		ASHLAR_MP_PLATFORM,	  ASHLAR_MP_CFG_TILES,
		ASHLAR_MP_CFG_LMEM_BYTES, ASHLAR_MP_CFG_SPAD_BYTES,
		ASHLAR_MP_CFG_CLOCK_KHZ,  ASHLAR_MP_CFG_MEM_LO,
		ASHLAR_MP_CFG_MEM_HI,	  ASHLAR_MP_CFG_ARRAY,
		ASHLAR_MP_DTB_BYTES,	  ASHLAR_MP_BOOT_ADDR_LO,
		ASHLAR_MP_BOOT_ADDR_HI,	  ASHLAR_MP_BOOT_BYTES,
		ASHLAR_MP_HOST_ERR,	  ASHLAR_MP_HOST_ERR_ADDR,
	};
	uint32_t i;

	for (i = 0; i < sizeof(offsets) / sizeof(offsets[0]); i++)
		results[i] = *mp(offsets[i]);
}

static void do_command(void)
{
	volatile uint32_t *args = shared(TB_ARGS);
	volatile uint32_t *results = shared(TB_RESULTS);

	switch (*shared(TB_COMMAND)) {
	case TB_TIMER:
		do_timer(args, results);
		break;
	case TB_WATCHDOG:
		do_watchdog(args);
		break;
	case TB_PROBES:
		do_probes(results);
		break;
	case TB_COPY:
		do_copy(args, results);
		break;
	case TB_FENCE:
		do_fence(args, results);
		break;
	case TB_TILE:
		do_tile(args, results);
		break;
	case TB_VECTOR:
		*mp(ASHLAR_MP_VECTOR) = args[0];
		break;
	case TB_CONFIG:
		do_config(results);
		break;
	case TB_PEEK:
		trap()->count = 0;
		results[0] = *reg(args[0]);
		results[1] = trap()->count;
		break;
	case TB_FLOOD:
		do_flood(args, results);
		break;
	default:
		results[0] = 0xffffffff;
		break;
	}
}

void rom_main(void)
{
	uint32_t tail;

	trap()->count = 0;
	/* WFI wakes for the external and the timer interrupt. */
	__asm__ volatile("csrw mie, %0" : : "r"(1u << 11 | 1u << 7));
	*mp(ASHLAR_MP_DB_DEPTH(0)) = 4;
	*mp(ASHLAR_MP_POST) = TB_POST_READY;
	for (;;) {
		sleep_until(ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK);
		*mp(ASHLAR_MP_DB_PENDING(0)) = 1;
		tail = *mp(ASHLAR_MP_DB_TAIL(0));
		do_command();
		*mp(ASHLAR_MP_DB_HEAD(0)) = tail;
		*mp(ASHLAR_MP_POST) = TB_POST_DONE + tail;
		*mp(ASHLAR_MP_VECTOR) = TB_VECTOR_DONE;
	}
}
