// SPDX-License-Identifier: MIT
/* What a kernel sees at 0x20000000: UNIT and the units (ash_tile_regs.sv). */
#include "tile.h"

#include <string.h>

/* Blocks are this far apart, UNIT first, then the units in order. */
#define BLOCK_BYTES (ASHLAR_MAP_KERNEL_LOAD_BASE - ASHLAR_MAP_KERNEL_UNIT_BASE)

_Static_assert(ASHLAR_LOAD_DEFAULTS == ASHLAR_VECTOR_DEFAULTS &&
		       ASHLAR_LOAD_DEFAULTS > ASHLAR_MATRIX_B_PART,
	       "DEFAULTS is at one offset, and of no use to the matrix unit");

/* Whether offset is one of the unit's parameter registers. */
static bool is_par(unsigned int unit, uint32_t offset)
{
	switch (unit) {
	case U_MATRIX:
		return offset <= ASHLAR_MATRIX_B_PART;
	case U_VECTOR:
		return offset <= ASHLAR_VECTOR_RED;
	default:
		return offset <= ASHLAR_LOAD_STEP3 ||
		       offset == ASHLAR_LOAD_GATHER ||
		       offset == ASHLAR_LOAD_INDEX;
	}
}

/* Offsets are within a block, which ends with AFTER_VECTOR. */
static bool is_after(uint32_t offset)
{
	return offset >= ASHLAR_LOAD_AFTER_LOAD && offset % 4 == 0;
}

static void dma_defaults(struct unit *u)
{
	unsigned int d;

	memset(u->par, 0, sizeof(u->par));
	for (d = 0; d < 3; d++) {
		u->par[ASHLAR_LOAD_COUNT1 / 4 + d] = ASHLAR_LOAD_COUNT1_RESET;
		u->par[ASHLAR_LOAD_STEP1 / 4 + d] = ASHLAR_LOAD_STEP1_RESET;
	}
	for (d = 0; d < 4; d++)
		u->par[ASHLAR_LOAD_LIMIT0 / 4 + d] = ASHLAR_LOAD_LIMIT0_RESET;
}

static void matrix_defaults(struct unit *u)
{
	memset(u->par, 0, sizeof(u->par));
	u->par[ASHLAR_MATRIX_TILES / 4] = ASHLAR_MATRIX_TILES_RESET;
	u->par[ASHLAR_MATRIX_PARTS / 4] = ASHLAR_MATRIX_PARTS_RESET;
}

static void vector_defaults(struct unit *u)
{
	memset(u->par, 0, sizeof(u->par));
	u->par[ASHLAR_VECTOR_GROUPS / 4] = ASHLAR_VECTOR_GROUPS_RESET;
}

void kernel_regs_reset(struct tile *t)
{
	dma_defaults(&t->unit[U_LOAD]);
	dma_defaults(&t->unit[U_STORE]);
	matrix_defaults(&t->unit[U_MATRIX]);
	vector_defaults(&t->unit[U_VECTOR]);
}

static enum rv32_answer read_identity(const struct tile *t, uint32_t offset,
				      uint32_t *value)
{
	switch (offset) {
	case ASHLAR_UNIT_INDEX:
		*value = tile_par(t, ASHLAR_TILE_INDEX);
		break;
	case ASHLAR_UNIT_COUNT:
		*value = tile_par(t, ASHLAR_TILE_COUNT);
		break;
	case ASHLAR_UNIT_GRID_X:
		*value = tile_par(t, ASHLAR_TILE_GRID_X);
		break;
	case ASHLAR_UNIT_GRID_Y:
		*value = tile_par(t, ASHLAR_TILE_GRID_Y);
		break;
	case ASHLAR_UNIT_GRID_Z:
		*value = tile_par(t, ASHLAR_TILE_GRID_Z);
		break;
	case ASHLAR_UNIT_ARG_BYTES:
		*value = tile_par(t, ASHLAR_TILE_ARG_BYTES);
		break;
	case ASHLAR_UNIT_LMEM_BYTES:
		*value = LMEM_BYTES;
		break;
	case ASHLAR_UNIT_SPAD_BYTES:
		*value = SPAD_BYTES;
		break;
	case ASHLAR_UNIT_ARRAY:
		*value = ARRAY;
		break;
	case ASHLAR_UNIT_ACCS:
		*value = ASHLAR_BOARD_ACCS;
		break;
	case ASHLAR_UNIT_SPAD_BANKS:
		*value = ASHLAR_BOARD_SPAD_BANKS;
		break;
	case ASHLAR_UNIT_CYCLE:
		*value = (uint32_t)(rv32_cycle(t->core) - t->start_at);
		break;
	default:
		return RV32_ERROR;
	}
	return RV32_OK;
}

static bool is_spad(uint32_t addr)
{
	return addr - ASHLAR_MAP_KERNEL_SPAD_BASE < SPAD_BYTES;
}

enum rv32_answer kernel_load(void *ctx, uint32_t addr, unsigned int bytes,
			     uint32_t *value)
{
	struct tile *t = ctx;
	uint32_t offset = addr - ASHLAR_MAP_KERNEL_UNIT_BASE;
	uint32_t block = offset / BLOCK_BYTES;
	struct unit *u;

	*value = 0;
	if (is_spad(addr)) {
		memcpy(value,
		       tile_open_spad(t) + addr - ASHLAR_MAP_KERNEL_SPAD_BASE,
		       bytes);
		return RV32_OK;
	}
	if (bytes != 4 || block > UNITS)
		return RV32_ERROR;
	offset %= BLOCK_BYTES;
	if (!block)
		return read_identity(t, offset, value);
	u = &t->unit[block - 1];
	if (offset == ASHLAR_LOAD_ISSUED) {
		*value = u->issued;
	} else if (offset == ASHLAR_LOAD_DONE) {
		unit_settle(u, rv32_cycle(t->core));
		*value = u->done;
	} else if (is_par(block - 1, offset)) {
		*value = u->par[offset / 4];
	} else if (is_after(offset)) {
		*value = u->after[(offset - ASHLAR_LOAD_AFTER_LOAD) / 4];
	} else {
		return RV32_ERROR;
	}
	return RV32_OK;
}

/*
 * The core's access takes until then; false: something of a unit comes before,
 * or it is not known when.
 */
static bool wait_until(struct tile *t, uint64_t then)
{
	uint64_t now = rv32_cycle(t->core);
	uint64_t event = tile_unit_event(t);
	uint64_t end = then < event ? then : event;

	if (end == NEVER)
		return false;
	if (end > now) {
		t->perf.core_wait += (uint32_t)(end - now);
		rv32_set_cycle(t->core, end, false);
	}
	return then < event || then <= now;
}

/*
 * When what a macro-operation comes after is done; NEVER: that is behind a
 * fault, or still open.
 */
static uint64_t after_at(struct tile *t, const struct unit *u, uint64_t now)
{
	uint64_t at = 0;
	unsigned int i;

	for (i = 0; i < UNITS; i++) {
		uint64_t then;

		unit_settle(&t->unit[i], now);
		then = unit_reaches(&t->unit[i], u->after[i]);
		if (then > at)
			at = then;
	}
	return at;
}

/* Whether it comes after what will never be done. */
static bool after_fault(const struct tile *t, const struct unit *u)
{
	unsigned int i;

	for (i = 0; i < UNITS; i++)
		if ((t->unit[i].blocked || t->unit[i].fault_at != NEVER) &&
		    unit_reaches(&t->unit[i], u->after[i]) == NEVER)
			return true;
	return false;
}

static enum rv32_answer go(struct tile *t, unsigned int unit)
{
	struct unit *u = &t->unit[unit];
	uint64_t now = rv32_cycle(t->core);
	uint64_t after;
	unsigned int i;

	for (i = 0; i < UNITS; i++)
		if ((int32_t)(t->unit[i].issued - u->after[i]) < 0)
			return RV32_ERROR;
	unit_settle(u, now);
	if (!wait_until(t, unit_room(u, now)))
		return RV32_WAIT;
	now = rv32_cycle(t->core);
	unit_settle(u, now);
	if (u->blocked || after_fault(t, u)) {
		u->blocked = true;
		unit_push(u);
		return RV32_OK;
	}
	/*
	 * The hardware's core goes on, but when one ends that is still open is
	 * not known yet; these are very long ones.
	 */
	after = after_at(t, u, now);
	if (after == NEVER) {
		wait_until(t, NEVER);
		return RV32_WAIT;
	}
	if (after > now)
		now = after;
	switch (unit) {
	case U_MATRIX:
		matrix_go(t, now);
		break;
	case U_VECTOR:
		vector_go(t, now);
		break;
	default:
		dma_go(t, unit, now);
	}
	return RV32_OK;
}

enum rv32_answer kernel_store(void *ctx, uint32_t addr, unsigned int bytes,
			      uint32_t value)
{
	struct tile *t = ctx;
	uint32_t offset = addr - ASHLAR_MAP_KERNEL_UNIT_BASE;
	uint32_t block = offset / BLOCK_BYTES;
	struct unit *u;

	if (is_spad(addr)) {
		memcpy(tile_open_spad(t) + addr - ASHLAR_MAP_KERNEL_SPAD_BASE,
		       &value, bytes);
		return RV32_OK;
	}
	if (bytes != 4 || block > UNITS)
		return RV32_ERROR;
	offset %= BLOCK_BYTES;
	if (!block) {
		if (offset != ASHLAR_UNIT_EXIT)
			return RV32_ERROR;
		t->exited = true;
		t->exit_code = value;
		rv32_yield(t->core);
		return RV32_OK;
	}
	u = &t->unit[block - 1];
	if (is_par(block - 1, offset)) {
		u->par[offset / 4] = value;
		return RV32_OK;
	}
	if (is_after(offset)) {
		u->after[(offset - ASHLAR_LOAD_AFTER_LOAD) / 4] = value;
		return RV32_OK;
	}
	switch (offset) {
	case ASHLAR_LOAD_GO:
		return go(t, block - 1);
	case ASHLAR_LOAD_WAIT:
		unit_settle(u, rv32_cycle(t->core));
		return wait_until(t, unit_reaches(u, value)) ? RV32_OK :
							       RV32_WAIT;
	case ASHLAR_LOAD_DEFAULTS:
		if (block - 1 == U_MATRIX)
			return RV32_ERROR;
		if (block - 1 == U_VECTOR)
			vector_defaults(u);
		else
			dma_defaults(u);
		return RV32_OK;
	default:
		return RV32_ERROR;
	}
}
