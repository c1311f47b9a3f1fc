// SPDX-License-Identifier: MIT
/* BAR0: block HOST, device tree, shared SRAM, doorbells (ash_host_regs.sv). */
#include "fast.h"

#include <string.h>

/* The die's temperature, as ash_sensor.sv makes it up. */
#define TEMP_REST 45000u
#define TEMP_RISE (40000u / TILES)

enum view { V_NONE, V_HOST, V_DTB, V_SHARED, V_DOORBELL };

static enum view view_of(uint32_t offset)
{
	if (offset < ASHLAR_MAP_BAR0_HOST_BASE + ASHLAR_MAP_BAR0_HOST_BYTES)
		return V_HOST;
	if (offset - ASHLAR_MAP_BAR0_DTB_BASE < sizeof(((struct mp *)0)->dtb))
		return V_DTB;
	if (offset - ASHLAR_MAP_BAR0_SHARED_BASE < ASHLAR_BOARD_SHARED_BYTES)
		return V_SHARED;
	if (offset - ASHLAR_MAP_BAR0_DOORBELL_BASE <
		    BELLS * ASHLAR_MAP_BAR0_DOORBELL_STRIDE &&
	    offset % ASHLAR_MAP_BAR0_DOORBELL_STRIDE == ASHLAR_DOORBELL_RING)
		return V_DOORBELL;
	return V_NONE;
}

static uint32_t temperature(const struct engine *e)
{
	uint32_t temp = TEMP_REST;
	unsigned int i;

	for (i = 0; i < TILES; i++)
		if (tile_active(e->tiles[i]))
			temp += TEMP_RISE;
	return temp;
}

/* False: no such register. */
static bool read_block(struct engine *e, uint32_t offset, uint32_t *value)
{
	struct host *h = &e->host;
	uint64_t mtime = e->m->cycles - e->mp.zero;

	switch (offset) {
	case ASHLAR_HOST_ID:
		*value = ASHLAR_HOST_ID_RESET;
		break;
	case ASHLAR_HOST_HW_VERSION:
		*value = ASHLAR_HOST_HW_VERSION_RESET;
		break;
	case ASHLAR_HOST_PLATFORM:
		*value = engine_platform;
		break;
	case ASHLAR_HOST_DTB_BYTES:
		*value = ASHLAR_BOARD_DTB_BYTES;
		break;
	case ASHLAR_HOST_MP_CTRL:
		*value = e->mp.runs ? ASHLAR_HOST_MP_CTRL_RUN_MASK : 0;
		break;
	case ASHLAR_HOST_POST:
		*value = e->mp.post;
		break;
	case ASHLAR_HOST_BOOT_ADDR_LO:
		*value = h->boot_addr_lo;
		break;
	case ASHLAR_HOST_BOOT_ADDR_HI:
		*value = h->boot_addr_hi;
		break;
	case ASHLAR_HOST_BOOT_BYTES:
		*value = h->boot_bytes;
		break;
	case ASHLAR_HOST_RESET:
		*value = 0;
		break;
	case ASHLAR_HOST_CYCLE_LO:
		*value = (uint32_t)mtime;
		h->cycle_hi = (uint32_t)(mtime >> 32);
		break;
	case ASHLAR_HOST_CYCLE_HI:
		*value = h->cycle_hi;
		break;
	case ASHLAR_HOST_HOST_ERR:
		*value = h->error;
		break;
	case ASHLAR_HOST_HOST_ERR_ADDR:
		*value = h->error_addr;
		break;
	case ASHLAR_HOST_MEM_BYTES_LO:
		*value = (uint32_t)ASHLAR_BOARD_MEM_BYTES;
		break;
	case ASHLAR_HOST_MEM_BYTES_HI:
		*value = (uint32_t)(ASHLAR_BOARD_MEM_BYTES >> 32);
		break;
	case ASHLAR_HOST_TEMP:
		*value = temperature(e);
		break;
	default:
		if (offset < ASHLAR_HOST_SCRATCH(0) ||
		    offset >= ASHLAR_HOST_SCRATCH(0) +
				      4 * ASHLAR_HOST_SCRATCH_COUNT)
			return false;
		*value = h->scratch[(offset - ASHLAR_HOST_SCRATCH(0)) / 4];
	}
	return true;
}

/* False: no such register. A write to one that is read only is dropped. */
static bool write_block(struct engine *e, uint32_t offset, uint32_t value)
{
	struct host *h = &e->host;
	uint32_t unused;

	switch (offset) {
	case ASHLAR_HOST_MP_CTRL:
		mp_set_run(e, value & ASHLAR_HOST_MP_CTRL_RUN_MASK);
		break;
	case ASHLAR_HOST_BOOT_ADDR_LO:
		h->boot_addr_lo = value;
		break;
	case ASHLAR_HOST_BOOT_ADDR_HI:
		h->boot_addr_hi = value;
		break;
	case ASHLAR_HOST_BOOT_BYTES:
		h->boot_bytes = value;
		break;
	case ASHLAR_HOST_RESET:
		if (value == ASHLAR_HOST_RESET_KEY)
			board_reset(e, ASHLAR_MP_RESET_CAUSE_HOST);
		break;
	case ASHLAR_HOST_HOST_ERR:
		h->error &= ~value;
		mp_update_irq(e, e->m->cycles);
		break;
	case ASHLAR_HOST_CYCLE_LO:
		break;
	default:
		if (offset < ASHLAR_HOST_SCRATCH(0) ||
		    offset >= ASHLAR_HOST_SCRATCH(0) +
				      4 * ASHLAR_HOST_SCRATCH_COUNT)
			return read_block(e, offset, &unused);
		h->scratch[(offset - ASHLAR_HOST_SCRATCH(0)) / 4] = value;
	}
	return true;
}

static void unmapped(struct engine *e, uint32_t offset, bool we, uint32_t value)
{
	const struct model_misuse_values v = { .addr = offset,
					       .we = we,
					       .value = value };

	board_misuse(e, ASHLAR_HOST_HOST_ERR_UNMAPPED_MASK, &v);
}

uint32_t host_read(struct engine *e, uint32_t offset)
{
	uint32_t value = 0;

	switch (view_of(offset)) {
	case V_HOST:
		if (!read_block(e, offset, &value))
			unmapped(e, offset, false, 0);
		break;
	case V_DTB:
		memcpy(&value, e->mp.dtb + offset - ASHLAR_MAP_BAR0_DTB_BASE,
		       4);
		break;
	case V_SHARED:
		memcpy(&value,
		       e->mp.shared + offset - ASHLAR_MAP_BAR0_SHARED_BASE, 4);
		break;
	case V_DOORBELL:
		break;
	case V_NONE:
		unmapped(e, offset, false, 0);
		break;
	}
	return value;
}

void host_write(struct engine *e, uint32_t offset, uint32_t value)
{
	struct model_misuse_values v = { .addr = offset,
					 .we = true,
					 .value = value };
	uint32_t refused;

	switch (view_of(offset)) {
	case V_HOST:
		if (!write_block(e, offset, value))
			unmapped(e, offset, true, value);
		break;
	case V_SHARED:
		memcpy(e->mp.shared + offset - ASHLAR_MAP_BAR0_SHARED_BASE,
		       &value, 4);
		break;
	case V_DOORBELL:
		refused = mp_doorbell(e,
				      (offset - ASHLAR_MAP_BAR0_DOORBELL_BASE) /
					      ASHLAR_MAP_BAR0_DOORBELL_STRIDE,
				      value, &v);
		if (refused)
			board_misuse(e, refused, &v);
		break;
	case V_DTB:
		break;
	case V_NONE:
		unmapped(e, offset, true, value);
		break;
	}
}
