// SPDX-License-Identifier: MIT
/* Cases of the host alone: both BARs everywhere, doorbells, resets, misuse. */
#include "parity.h"

#define REG(block, name) ASHLAR_##block##_##name

static uint32_t doorbell(uint32_t n)
{
	return ASHLAR_MAP_BAR0_DOORBELL_BASE +
	       n * ASHLAR_MAP_BAR0_DOORBELL_STRIDE + ASHLAR_DOORBELL_RING;
}

static uint32_t bar0_offset(struct gen *g)
{
	switch (pick(g, 0, 7)) {
	case 0:
	case 1:
	case 2:
		return 4 * pick(g, 0, ASHLAR_HOST_TEMP / 4 + 1);
	case 3:
		return 4 * pick(g, 0, ASHLAR_MAP_BAR0_HOST_BYTES / 4);
	case 4:
		return ASHLAR_MAP_BAR0_DTB_BASE + 4 * pick(g, 0, 300);
	case 5:
		return ASHLAR_MAP_BAR0_SHARED_BASE +
		       4 * pick(g, 0, ASHLAR_MAP_BAR0_SHARED_BYTES / 4);
	case 6:
		return doorbell(pick(g, 0, 64)) + (chance(g, 3) ? 4 : 0);
	default:
		return 4 * pick(g, 0, 0x40000);
	}
}

/* What must not be written by chance: it starts the ROM, or rings for it. */
static bool acts(uint32_t offset)
{
	return offset == ASHLAR_HOST_MP_CTRL || offset == ASHLAR_HOST_RESET ||
	       offset == doorbell(0);
}

static void registers(struct gen *g)
{
	uint32_t offset = bar0_offset(g);

	if (chance(g, 2) && !acts(offset))
		add(g, OP_WRITE, 0, offset, 4, chance(g, 2) ? rnd(g) : edge(g));
	if (chance(g, 2))
		add(g, OP_READ, 0, offset, 4, 0);
}

static void strange(struct gen *g)
{
	static const uint32_t sizes[] = { 0, 1, 2, 3, 5, 8, 16, 64 };
	uint32_t bytes = sizes[pick(g, 0, 7)], bar = pick(g, 0, 3);
	uint64_t offset = bar0_offset(g);

	switch (pick(g, 0, 3)) {
	case 0:
		offset += pick(g, 1, 3);
		bytes = 4;
		break;
	case 1:
		offset = 0x100000 - 4 + 4 * (uint64_t)pick(g, 0, 3);
		bytes = 4;
		break;
	case 2:
		offset = rnd64(g);
		break;
	}
	if (bar == 2 && bytes == 0)
		bytes = 4;
	if (bar == 0 && bytes == 4 && acts((uint32_t)offset))
		return;
	add(g, chance(g, 2) ? OP_READ : OP_WRITE, bar, offset, bytes, rnd64(g));
}

static void memory(struct gen *g)
{
	uint64_t end = g->board->mem_bytes;
	uint32_t bytes = chance(g, 2) ? pick(g, 1, 16) : pick(g, 1, 5000);
	uint64_t offset;

	switch (pick(g, 0, 5)) {
	case 0:
		offset = end - pick(g, 0, 20);
		break;
	case 1:
		offset = rnd64(g) >> pick(g, 0, 63);
		break;
	default:
		offset = pick(g, 0, 0x20000);
		break;
	}
	if (chance(g, 2))
		add(g, OP_WRITE, 2, offset, bytes, rnd64(g));
	add(g, OP_READ, 2, offset, chance(g, 2) ? bytes : pick(g, 1, 300), 0);
}

static void bell(struct gen *g)
{
	uint32_t n = pick(g, 1, 63);

	if (chance(g, 3)) {
		add(g, OP_MP_WRITE, 0x20000000 + REG(MP, DB_DEPTH(n)), 4,
		    pick(g, 0, 40), 0);
		add(g, OP_MP_WRITE, 0x20000000 + REG(MP, DB_HEAD(n)), 4,
		    chance(g, 2) ? 0xfffffff0 + pick(g, 0, 31) : pick(g, 0, 9),
		    0);
	}
	add(g, OP_WRITE, 0, doorbell(n), 4,
	    chance(g, 3) ? rnd(g) : pick(g, 0, 30));
	if (chance(g, 2)) {
		add(g, OP_MP_READ, 0x20000000 + REG(MP, DB_PENDING(n / 32)), 4,
		    0, 0);
		add(g, OP_MP_READ, 0x20000000 + REG(MP, DB_TAIL(n)), 4, 0, 0);
		add(g, OP_MP_READ, 0x20000000 + REG(MP, IRQ_PENDING), 4, 0, 0);
	}
	if (chance(g, 3))
		add(g, OP_MP_WRITE, 0x20000000 + REG(MP, DB_PENDING(n / 32)), 4,
		    1u << n % 32, 0);
}

/* Power of some kind; afterwards the ROM may run again. */
static bool power(struct gen *g, bool runs)
{
	switch (pick(g, 0, 4)) {
	case 0:
		add(g, OP_RESET, 0, 0, 0, 0);
		return false;
	case 1:
		add(g, OP_WRITE, 0, ASHLAR_HOST_RESET, 4,
		    ASHLAR_HOST_RESET_KEY);
		return false;
	case 2:
		add(g, OP_WRITE, 0, ASHLAR_HOST_RESET, 4, rnd(g));
		return runs;
	case 3:
		add(g, OP_WRITE, 0, ASHLAR_HOST_MP_CTRL, 4, rnd(g) & ~1u);
		/* Queues end in the cycle that follows. */
		add(g, OP_READ, 0, ASHLAR_HOST_MP_CTRL, 4, 0);
		return false;
	default:
		add(g, OP_BOOT, 0, 0, 0, 0);
		add(g, OP_MP_READ, 0x20000000 + REG(MP, RESET_CAUSE), 4, 0, 0);
		add(g, OP_SYNC, 0, 0, 0, 0);
		return true;
	}
}

void make_registers(struct gen *g)
{
	uint32_t n = pick(g, 20, 120);
	bool runs = false;

	if (chance(g, 6))
		add(g, OP_STRICT, 0, 0, 0, 0);
	while (n--) {
		switch (pick(g, 0, 19)) {
		case 0:
			runs = power(g, runs);
			break;
		case 1:
			if (chance(g, 3))
				strange(g);
			break;
		case 2:
		case 3:
			memory(g);
			break;
		case 4:
		case 5:
			if (runs)
				bell(g);
			else
				add(g, OP_WRITE, 0, doorbell(pick(g, 0, 63)), 4,
				    pick(g, 0, 9));
			break;
		case 6:
			add(g, OP_READ, 0, ASHLAR_HOST_HOST_ERR, 4, 0);
			add(g, OP_READ, 0, ASHLAR_HOST_HOST_ERR_ADDR, 4, 0);
			if (chance(g, 2))
				add(g, OP_WRITE, 0, ASHLAR_HOST_HOST_ERR, 4,
				    pick(g, 0, 31));
			break;
		case 7:
			add(g, OP_QUIET, pick(g, 1, 500), 0, 0, 0);
			break;
		default:
			registers(g);
			break;
		}
	}
}
