// SPDX-License-Identifier: MIT
/*
 * From the ROM's jump to an open control ring. After a watchdog reset the
 * tiles still run for a processor that has forgotten them, doorbells are
 * still open, and the driver goes on in ignorance: tiles are stopped and
 * scrubbed, doorbells closed, the log kept; the driver's next request gets
 * STATE, which tells it.
 */
#include <stddef.h>

#include "ctrl.h"
#include "doorbell.h"
#include "fetch.h"
#include "irq.h"
#include "ops.h"
#include "report.h"
#include "run.h"
#include "sched.h"
#include "telemetry.h"
#include "watchdog.h"

#define MP(reg) (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##reg)
#define INFO(field) \
	(ASHLAR_SHARED_INFO + (uint32_t)offsetof(struct ashlar_info, field))

HAL_NOINIT struct rt rt;
HAL_NOINIT struct rt_dma rt_dma;

static void put(uint32_t offset, uint32_t value)
{
	*hal_shared(offset) = value;
}

static void put_range(uint32_t offset, uint32_t min, uint32_t max)
{
	put(offset, min);
	put(offset + 4, max);
}

static void write_info(void)
{
	const uint8_t *id = hal_build_id();
	unsigned int i;

	put(INFO(bytes), sizeof(struct ashlar_info));
	put(INFO(firmware_version), RT_FIRMWARE_VERSION);
	put(INFO(hw_version), io_read(MP(HW_VERSION)));
	put_range(INFO(control), ASHLAR_ABI_CONTROL, ASHLAR_ABI_CONTROL);
	put_range(INFO(job), ASHLAR_ABI_JOB, ASHLAR_ABI_JOB);
	put_range(INFO(kernel), ASHLAR_ABI_KERNEL_MIN, ASHLAR_ABI_KERNEL);
	put(INFO(tiles), rt.tiles);
	put(INFO(queues), RT_QUEUES);
	put(INFO(contexts), RT_CONTEXTS);
	put(INFO(max_depth_log2), RT_DEPTH_LOG2_MAX);
	for (i = 0; i < 20; i += 4)
		put(INFO(build_id) + i, id[i] | (uint32_t)id[i + 1] << 8 |
						(uint32_t)id[i + 2] << 16 |
						(uint32_t)id[i + 3] << 24);
	put(INFO(capabilities), 0);
	put(INFO(clock_khz), io_read(MP(CFG_CLOCK_KHZ)));
	put(INFO(reserved), 0);
	hal_publish();
	put(INFO(magic), ASHLAR_SHARED_MAGIC);
}

/* Bring a tile to IDLE whatever it does. Returns 1 if it obeys in time. */
static int quiet(const struct tile *t)
{
	const uint64_t end = timer_now() + RT_TILE_GRACE;

	do {
		switch (tile_read(t, ASHLAR_TILE_STATUS)) {
		case ASHLAR_TILE_STATUS_IDLE:
			return 1;
		case ASHLAR_TILE_STATUS_LOADING:
		case ASHLAR_TILE_STATUS_RUNNING:
		case ASHLAR_TILE_STATUS_DRAINING:
			tile_command(t, ASHLAR_TILE_CTRL_KILL);
			break;
		case ASHLAR_TILE_STATUS_DONE:
		case ASHLAR_TILE_STATUS_FAULT:
		case ASHLAR_TILE_STATUS_KILLED:
			tile_command(t, ASHLAR_TILE_CTRL_SCRUB);
			break;
		default: /* on its way to one of these */
			break;
		}
	} while (timer_now() < end);
	return 0;
}

static void init_tiles(void)
{
	uint32_t n;

	rt.tiles = io_read(MP(CFG_TILES));
	RT_CHECK(rt.tiles >= 1 && rt.tiles <= TILES_MAX, rt.tiles);
	tile_init(rt.tile, rt.tiles);
	for (n = 0; n < rt.tiles; n++) {
		if (quiet(&rt.tile[n])) {
			rt.tiles_alive++;
			rt.alive |= 1u << n;
		} else {
			rt.tile[n].state = TILE_DEAD;
			LOG("tile %u does not obey, status %u: out of use", n,
			    tile_read(&rt.tile[n], ASHLAR_TILE_STATUS));
		}
	}
	RT_CHECK(rt.tiles_alive, rt.tiles);
	rt.free = rt.alive;
	rt.clean = rt.alive;
}

void runtime_init(void)
{
	const uint32_t cause = io_read(MP(RESET_CAUSE));
	const int keep = cause == ASHLAR_MP_RESET_CAUSE_WATCHDOG;
	uint32_t n;

	io_write(MP(POST), ASHLAR_POST_RUNTIME);
	watchdog_off();
	put(INFO(magic), 0);
	log_init(keep);
	doorbell_init();

	rt = (struct rt){ .alarm = TIMER_NEVER };
	timer_set(TIMER_NEVER);
	rt_time_sync();
	rt.lmem_bytes = io_read(MP(CFG_LMEM_BYTES));
	rt.mem_bytes = (uint64_t)io_read(MP(CFG_MEM_HI)) << 32 |
		       io_read(MP(CFG_MEM_LO));
	for (n = 0; n <= RT_QUEUES; n++)
		rt.queue[n].number = (uint8_t)n;
	init_tiles();
	run_init();
	sched_init();
	fetch_init();
	report_init();
	ops_init();
	telemetry_init();
	ctrl_init(keep);
	rt.ctrl_rung = 1; /* what was asked before we were there */
	irq_init();
	write_info();
	LOG("firmware %x on hardware %x: %u tiles, reset cause %u",
	    RT_FIRMWARE_VERSION, io_read(MP(HW_VERSION)), rt.tiles, cause);
	io_write(MP(POST), ASHLAR_POST_READY);
}

void rt_stop(uint32_t post)
{
	watchdog_off(); /* the host reads the log, then resets us */
	io_write(MP(POST), post);
	hal_halt();
}
