/* SPDX-License-Identifier: MIT */
/*
 * A board that behaves, for host tests of the firmware: timer, doorbells,
 * interrupts, watchdog, copy engines, tiles, board and host memory. Time
 * passes by two cycles an access and jumps in hal_wait(). What the hardware
 * would make impossible, and what the firmware must never do (start a tile on
 * another context's data, say), fails the test at once.
 */
#ifndef MOCK_H
#define MOCK_H

#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>

#include "ashlar_abi.h"
#include "ashlar_regs.h"

#define MOCK_MEM_BYTES	(4u << 20)
#define MOCK_CLOCK_KHZ	123456
#define MOCK_HOST_BASE	0x1234500000ull
#define MOCK_HOST_BYTES (4u << 20)
#define MOCK_TILES_MAX	32
#define MOCK_COPIES	16

/* How a run of a kernel on a tile goes. */
struct mock_plan {
	uint32_t cycles; /* from START */
	uint32_t end; /* ASHLAR_TILE_STATUS_DONE, _FAULT, or _RUNNING: hangs */
	uint32_t exit_code;
	uint32_t fault_cause, fault_unit, fault_sub;
	uint64_t fault_addr;
	int deaf; /* KILL does nothing either */
};

struct mock_tile {
	uint32_t reg[64];
	uint32_t status;
	uint64_t due; /* of the next change of state; UINT64_MAX = none */
	uint32_t then; /* the state it will have */
	struct mock_plan plan;
	uint32_t owner; /* context whose data the memories hold, 0 = clean */
	uint32_t tlb_owner; /* context with translations in the TLB */
	uint64_t text_va; /* text in local memory */
	uint32_t text_version, text_bytes;
	uint64_t drained; /* INVALIDATING until then */
	uint64_t drain; /* cycles that takes; 0 = 200, UINT64_MAX = for ever */
	uint32_t starts, scrubs, invalidates;
	int scrub_stuck;
};

struct mock_copy {
	uint32_t reg[16];
	uint32_t queue[MOCK_COPIES][16]; /* snapshots of reg */
	uint64_t due[MOCK_COPIES];
	uint32_t issued, done, error;
};

struct mock {
	uint64_t now;
	uint64_t mtimecmp;
	uint32_t irq_enable;
	uint32_t db_pending[2], db_tail[64], db_head[64], db_depth[64];
	uint32_t tile_event, post, wdt_period, host_err;
	uint64_t wdt_kicked;
	uint32_t reset_cause, tiles, hw_version;
	uint32_t boot_bytes;
	uint64_t boot_addr;
	uint32_t vectors[64]; /* times raised */
	struct mock_copy copy[2];
	struct mock_tile tile[MOCK_TILES_MAX];
	uint32_t copy_latency;
	uint32_t scrub_cycles;
	int idle; /* hal_wait() found nothing that will ever happen */
	int halted;
	int bitten; /* the watchdog expired */
	jmp_buf halt;
	uint64_t host_refuse; /* host address that is refused, 0 = none */
	/* Asked at START; NULL: DONE after 500 cycles. */
	void (*kernel)(unsigned int tile, struct mock_plan *plan);
	/* Version of the code at a virtual address of a context. */
	uint32_t (*code_version)(uint32_t context, uint64_t va);
	/* Called when vector v is raised. */
	void (*vector)(unsigned int v);
	uint8_t tcm[ASHLAR_MAP_MP_TCM_BYTES];
	uint32_t shared[ASHLAR_MAP_MP_SHARED_BYTES / 4];
	uint8_t mem[MOCK_MEM_BYTES];
	uint8_t host[MOCK_HOST_BYTES];
};

extern struct mock mock;

/* Power on with this many tiles. */
void mock_power_on(uint32_t tiles);

/* An object of the program at an address of its own in "TCM". */
void mock_map(void *object, size_t bytes);

/* Host side: ring a doorbell, as BAR0 would. Returns 1 if it was taken. */
int mock_ring(unsigned int n, uint32_t value);

/* Let time pass and what is due happen. */
void mock_advance(uint64_t cycles);

/* Watchdog reset: the processor's registers go, the rest stays. */
void mock_watchdog_reset(void);

#endif
