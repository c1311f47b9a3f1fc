// SPDX-License-Identifier: MIT
/*
 * Cases of the management processor: its registers and memories, copies,
 * traps, interrupts, watchdog. Copies that run at the same time read and
 * write apart, since their order is open.
 */
#include "parity.h"

#define MP(name)   (ASHLAR_MAP_MP_MP_BASE + ASHLAR_MP_##name)
#define TILE(name) (ASHLAR_MAP_MP_TILE_BASE + ASHLAR_TILE_##name)
#define COPY(e, name)                                                \
	(ASHLAR_MAP_MP_COPY_BASE + ASHLAR_MAP_MP_COPY_STRIDE * (e) + \
	 ASHLAR_COPY_##name)

/* Board memory of copies: sources, then a part for each engine to write. */
#define SOURCES	    0x200000u
#define DESTS	    0x280000u
#define PART	    0x20000u
#define HOST_PART   0x8000u /* of the host's memory: sources, engine 0, 1 */
#define LOCAL_PART  0x4000u /* of the TCM, the same */
#define SHARED_PART 0x3000u /* of the shared SRAM, from MP_FREE on */

static void mp_write(struct gen *g, uint32_t addr, uint32_t value)
{
	add(g, OP_MP_WRITE, addr, 4, value, 0);
}

static void mp_read(struct gen *g, uint32_t addr)
{
	add(g, OP_MP_READ, addr, 4, 0, 0);
}

/* --- Registers and memories -------------------------------------------------- */

/* The ROM itself lives by these. */
static bool is_forbidden(uint32_t addr)
{
	uint32_t at = addr & ~3u;

	return at == MP(DB_HEAD(0)) || at == MP(DB_DEPTH(0)) ||
	       at == MP(WDT_PERIOD) || at == COPY(0, GO) || at == COPY(1, GO) ||
	       at == COPY(0, GO_IRQ) || at == COPY(1, GO_IRQ) ||
	       at == MP(DB_PENDING(0)) || at == MP(VECTOR) || at == MP(POST) ||
	       at == TILE(CTRL) || at == TILE(CTRL) + ASHLAR_MAP_MP_TILE_STRIDE;
}

static uint32_t any_address(struct gen *g)
{
	switch (pick(g, 0, 11)) {
	case 0:
		return pick(g, 0, ASHLAR_MAP_MP_ROM_BYTES + 64);
	case 1:
		return ASHLAR_MAP_MP_TCM_BASE + pick(g, 0, 0xffff);
	case 2:
		return ASHLAR_MAP_MP_TCM_BASE + ASHLAR_MAP_MP_TCM_BYTES +
		       pick(g, 0, 64);
	case 3:
		return ASHLAR_MAP_MP_SHARED_BASE + MP_FREE + pick(g, 0, 0xbfff);
	case 4:
	case 5:
		return ASHLAR_MAP_MP_MP_BASE + 4 * pick(g, 0, 0x1c);
	case 6:
		return ASHLAR_MAP_MP_MP_BASE + 4 * pick(g, 0, 0x3ff);
	case 7:
		return ASHLAR_MAP_MP_COPY_BASE + 4 * pick(g, 0, 0xc0);
	case 8:
		return ASHLAR_MAP_MP_DTB_BASE + 4 * pick(g, 0, 300);
	case 9:
		return ASHLAR_MAP_MP_TILE_BASE +
		       pick(g, 0, 2) * ASHLAR_MAP_MP_TILE_STRIDE +
		       4 * pick(g, 0, 0x40);
	case 10:
		return ASHLAR_MAP_MP_TILE_BASE +
		       pick(g, 0, 64) * ASHLAR_MAP_MP_TILE_STRIDE +
		       4 * pick(g, 0, 0x3fff);
	default:
		return rnd(g);
	}
}

static void access(struct gen *g)
{
	static const uint32_t sizes[] = { 1, 2, 4, 4, 4, 4, 4, 4 };
	uint32_t addr = any_address(g), bytes = sizes[pick(g, 0, 7)];

	if (chance(g, 12))
		addr += pick(g, 1, 3);
	else
		addr &= ~(bytes - 1);
	if (addr - ASHLAR_MAP_MP_TCM_BASE >= 0x10000 &&
	    addr - ASHLAR_MAP_MP_TCM_BASE < ASHLAR_MAP_MP_TCM_BYTES)
		return;
	if (addr - ASHLAR_MAP_MP_SHARED_BASE < MP_FREE)
		return;
	if (chance(g, 2) && !is_forbidden(addr))
		add(g, OP_MP_WRITE, addr, bytes,
		    chance(g, 2) ? rnd(g) : edge(g), 0);
	add(g, OP_MP_READ, addr, bytes, 0, 0);
}

static void trap(struct gen *g)
{
	/* Illegal ones, CSRs that are not there, and what works. */
	static const uint32_t insns[] = {
		0xffffffff, 0x00000000, 0x7c0012f3, 0xf1401073, 0x00100073,
		0x00000073, 0xc0102573, 0x00009002, 0x00010000, 0x0000100f,
		0x0ff0000f, 0x30102573, 0xf1402573, 0xf1102573, 0xf1202573,
		0xf1302573, 0x30002573, 0x02b50533, 0x02b51533, 0x02b52533,
		0x02b53533, 0x02b54533, 0x02b55533, 0x02b56533, 0x02b57533,
		0x40b50533, 0x40b55533, 0x00b53533, 0x0aa52533, 0x1005252f,
	};
	uint32_t fixed = insns[pick(g, 0, sizeof(insns) / sizeof(*insns) - 1)];

	switch (pick(g, 0, 6)) {
	case 4:
	case 5:
		add(g, OP_MP_EXEC, insn(g), chance(g, 2) ? rnd(g) : edge(g),
		    chance(g, 2) ? rnd(g) : edge(g), 0);
		break;
	case 0:
		add(g, OP_MP_JUMP, 0x30000000u + 2 * pick(g, 0, 99), 0, 0, 0);
		break;
	case 1:
		add(g, OP_MP_JUMP, ASHLAR_MAP_MP_MP_BASE + 4 * pick(g, 0, 99),
		    0, 0, 0);
		break;
	default:
		add(g, OP_MP_EXEC, fixed, chance(g, 2) ? rnd(g) : edge(g),
		    chance(g, 2) ? rnd(g) : edge(g), 0);
		break;
	}
}

/* Functions that somebody else wrote: a copy engine, the host, the core. */
static void call(struct gen *g)
{
	uint32_t insn = 0x00b50533 | (rnd(g) & 0x7000) |
			(chance(g, 2) ? 0x02000000 : 0);
	uint32_t tcm = ASHLAR_MAP_MP_TCM_BASE + 0xc000 + 8 * pick(g, 0, 3);
	uint32_t shared = ASHLAR_MAP_MP_SHARED_BASE + 0xe000;
	uint32_t ret = 0x00008067, e = pick(g, 0, 1), at = tcm;

	switch (pick(g, 0, 3)) {
	case 0:
		mp_write(g, tcm, insn);
		mp_write(g, tcm + 4, ret);
		break;
	case 1: /* whether it can be fetched from there or not */
		at = shared;
		mp_write(g, at, insn);
		mp_write(g, at + 4, ret);
		break;
	case 2:
		at = shared;
		add(g, OP_WRITE, 0, ASHLAR_MAP_BAR0_SHARED_BASE + 0xe000, 4,
		    insn);
		add(g, OP_WRITE, 0, ASHLAR_MAP_BAR0_SHARED_BASE + 0xe004, 4,
		    ret);
		break;
	default:
		mp_write(g, COPY(e, IMM_LO), insn);
		mp_write(g, COPY(e, IMM_HI), ret);
		mp_write(g, COPY(e, DST_LO), tcm);
		mp_write(g, COPY(e, DST_HI), 0);
		mp_write(g, COPY(e, SPACE),
			 ASHLAR_COPY_SPACE_DST_IMM | ASHLAR_COPY_SPACE_DST_LOCAL
							     << 4);
		mp_write(g, COPY(e, GO), 1);
		add(g, OP_MP_SETTLE, e, 0, 0, 0);
		break;
	}
	add(g, OP_MP_CALL, at, rnd(g), chance(g, 2) ? rnd(g) : edge(g), 0);
}

static void interrupt(struct gen *g)
{
	switch (pick(g, 0, 5)) {
	case 5: /* a copy engine at rest, armed */
		mp_write(g, COPY(1, GO_IRQ), 1);
		mp_read(g, MP(IRQ_PENDING));
		mp_read(g, COPY(1, GO_IRQ));
		add(g, OP_MP_IRQ, pick(g, 0, 15), 0x880, 0, 0);
		mp_write(g, COPY(1, GO_IRQ), rnd(g) & ~1u);
		break;
	case 0:
		add(g, OP_MP_TIMER, pick(g, 1, 3000), 0, 0, 0);
		break;
	case 1: /* the timer is due already */
		mp_write(g, MP(MTIMECMP_HI), 0);
		mp_write(g, MP(MTIMECMP_LO), 0);
		add(g, OP_MP_IRQ, pick(g, 0, 15), chance(g, 4) ? rnd(g) : 0x880,
		    0, 0);
		break;
	case 2: /* a tile has an event */
		mp_write(g, MP(TILE_EVENT), 0xffffffff);
		mp_write(g, TILE(CTRL), ASHLAR_TILE_CTRL_KILL);
		mp_read(g, MP(TILE_EVENT));
		mp_read(g, MP(IRQ_PENDING));
		add(g, OP_MP_IRQ, pick(g, 0, 15), 0x880, 0, 0);
		mp_read(g, TILE(STATUS));
		break;
	case 3:
		mp_write(g, MP(VECTOR), pick(g, 0, 62));
		break;
	default:
		mp_write(g, MP(VECTOR), chance(g, 2) ? 64 : rnd(g) | 64);
		break;
	}
}

static void watchdog(struct gen *g)
{
	add(g, OP_MP_WATCHDOG, pick(g, 100, 2000), pick(g, 0, 1), 0, 0);
	mp_read(g, MP(RESET_CAUSE));
	mp_read(g, MP(IRQ_ENABLE));
	mp_read(g, COPY(0, ISSUED));
}

static void host(struct gen *g)
{
	uint32_t n = pick(g, 1, 63);

	switch (pick(g, 0, 3)) {
	case 0:
		mp_write(g, MP(DB_DEPTH(n)), pick(g, 0, 20));
		mp_write(g, MP(DB_HEAD(n)), pick(g, 0, 9));
		add(g, OP_WRITE, 0,
		    ASHLAR_MAP_BAR0_DOORBELL_BASE +
			    n * ASHLAR_MAP_BAR0_DOORBELL_STRIDE,
		    4, pick(g, 0, 30));
		mp_read(g, MP(IRQ_PENDING));
		mp_read(g, MP(DB_PENDING(n / 32)));
		mp_read(g, MP(DB_TAIL(n)));
		add(g, OP_MP_IRQ, pick(g, 0, 15), 0x880, 0, 0);
		mp_write(g, MP(DB_PENDING(n / 32)), 1u << n % 32);
		break;
	case 1:
		mp_read(g, MP(HOST_ERR));
		mp_read(g, MP(HOST_ERR_ADDR));
		if (chance(g, 2))
			mp_write(g, MP(HOST_ERR), pick(g, 0, 15));
		else
			add(g, OP_WRITE, 0, ASHLAR_HOST_HOST_ERR, 4,
			    pick(g, 0, 15));
		add(g, OP_READ, 0, ASHLAR_HOST_HOST_ERR, 4, 0);
		add(g, OP_READ, 0, ASHLAR_HOST_HOST_ERR_ADDR, 4, 0);
		break;
	case 2:
		add(g, OP_WRITE, 0,
		    ASHLAR_HOST_BOOT_ADDR_LO + 4 * pick(g, 0, 2), 4, rnd(g));
		mp_read(g, MP(BOOT_ADDR_LO) + 4 * pick(g, 0, 2));
		break;
	default:
		add(g, OP_READ, 0,
		    ASHLAR_MAP_BAR0_SHARED_BASE + MP_FREE +
			    4 * pick(g, 0, 0x2fff),
		    4, 0);
		break;
	}
}

/* --- Copies -------------------------------------------------------------------- */

static uint32_t place(struct gen *g, uint32_t bytes, uint32_t room)
{
	return 8 * pick(g, 0, (room - bytes) / 8);
}

/* An address of the space, in the part that copies of this role have. */
static uint64_t side(struct gen *g, uint32_t space, uint32_t part,
		     uint32_t bytes)
{
	switch (space) {
	case ASHLAR_COPY_SPACE_DST_MEM:
		return (part ? DESTS + (part - 1) * PART : SOURCES) +
		       place(g, bytes, PART);
	case ASHLAR_COPY_SPACE_DST_HOST:
		return HOST_BASE + part * HOST_PART +
		       place(g, bytes, HOST_PART);
	default:
		if (chance(g, 2))
			return ASHLAR_MAP_MP_TCM_BASE + part * LOCAL_PART +
			       place(g, bytes, LOCAL_PART);
		return ASHLAR_MAP_MP_SHARED_BASE + MP_FREE +
		       part * SHARED_PART + place(g, bytes, SHARED_PART);
	}
}

/*
 * One that is outside of its space. Host memory may only end inside of a copy
 * that writes: what is read ahead of a refused read may be written or not.
 */
static uint64_t outside(struct gen *g, uint32_t space, uint32_t bytes,
			bool write)
{
	uint32_t back = 8 * pick(g, 0, bytes / 8);

	switch (space) {
	case ASHLAR_COPY_SPACE_DST_MEM:
		if (chance(g, 3))
			return rnd64(g) & 0xfffffffffff8ull;
		return g->board->mem_bytes - back;
	case ASHLAR_COPY_SPACE_DST_HOST:
		if (chance(g, 3))
			return rnd64(g) & 0xfffffffffff8ull;
		if (chance(g, 2))
			return (uint64_t)HOST_BASE - bytes;
		return HOST_BASE + HOST_BYTES - (write ? back : 0);
	default:
		switch (pick(g, 0, 3)) {
		case 0:
			return ASHLAR_MAP_MP_TCM_BASE + ASHLAR_MAP_MP_TCM_BYTES;
		case 1:
			return ASHLAR_MAP_MP_SHARED_BASE +
			       ASHLAR_MAP_MP_SHARED_BYTES - (back ? 8 : 0);
		case 2:
			return 8 * pick(g, 0, 512);
		default:
			return rnd(g) & ~7u;
		}
	}
}

static void copy(struct gen *g, uint32_t e, bool bad)
{
	uint32_t src = pick(g, 0, 3), dst = pick(g, 0, 2);
	uint32_t bytes = 8 * (chance(g, 3) ? pick(g, 0, 400) : pick(g, 1, 24));
	uint32_t space = src | dst << 4;
	uint64_t from, to;

	from = src == ASHLAR_COPY_SPACE_DST_IMM ? rnd64(g) & 0xffffffffffff :
						  side(g, src, 0, bytes);
	to = side(g, dst, 1 + e, bytes);
	if (bad) {
		switch (pick(g, 0, 5)) {
		case 0:
			from += pick(g, 1, 7);
			break;
		case 1:
			to += pick(g, 1, 7);
			break;
		case 2:
			bytes += pick(g, 1, 7);
			break;
		case 3:
			space = src | 3 << 4;
			break;
		case 4:
			from = src == ASHLAR_COPY_SPACE_DST_IMM ?
				       from :
				       outside(g, src, bytes, false);
			break;
		default:
			to = outside(g, dst, bytes, true);
			break;
		}
	}
	mp_write(g, COPY(e, SRC_LO), (uint32_t)from);
	/* The registers have 16 bits of it. */
	mp_write(g, COPY(e, SRC_HI),
		 (uint32_t)(from >> 32) | (chance(g, 4) ? rnd(g) << 16 : 0));
	mp_write(g, COPY(e, DST_LO), (uint32_t)to);
	mp_write(g, COPY(e, DST_HI),
		 (uint32_t)(to >> 32) | (chance(g, 4) ? rnd(g) << 16 : 0));
	mp_write(g, COPY(e, LEN), bytes);
	mp_write(g, COPY(e, SPACE),
		 chance(g, 8) ? space | (rnd(g) & 0xffffff00) : space);
	if (chance(g, 2)) {
		mp_write(g, COPY(e, IMM_LO), rnd(g));
		mp_write(g, COPY(e, IMM_HI), rnd(g));
	}
	mp_write(g, COPY(e, GO), 1);
}

static void settle(struct gen *g, uint32_t e)
{
	add(g, OP_MP_SETTLE, e, 0, 0, 0);
	mp_read(g, COPY(e, ISSUED));
	mp_read(g, COPY(e, DONE));
	if (chance(g, 2))
		mp_write(g, COPY(e, ERROR), pick(g, 0, 3));
}

static void copies(struct gen *g)
{
	uint32_t n = pick(g, 1, 12), both = pick(g, 0, 1), i;
	uint32_t e = pick(g, 0, 1);

	/* A refused copy alone: what others saw of it is not defined. */
	if (chance(g, 2)) {
		copy(g, e, true);
		settle(g, e);
		if (chance(g, 2)) {
			mp_read(g, MP(HOST_ERR));
			mp_read(g, MP(HOST_ERR_ADDR));
			mp_write(g, MP(HOST_ERR), 0xf);
		}
		return;
	}
	for (i = 0; i < n; i++)
		copy(g, both ? pick(g, 0, 1) : e, false);
	if (chance(g, 3))
		mp_write(g, MP(VECTOR), pick(g, 0, 62));
	settle(g, 0);
	settle(g, 1);
	/* What was written may be read now. */
	if (chance(g, 2))
		add(g, OP_READ, 2, SOURCES + PART * pick(g, 4, 5), 5000, 0);
	else
		mp_read(g, ASHLAR_MAP_MP_TCM_BASE + 4 * pick(g, 0, 0x2fff));
}

void make_processor(struct gen *g)
{
	uint32_t n = pick(g, 10, 60);

	if (chance(g, 10))
		add(g, OP_STRICT, 0, 0, 0, 0);
	add(g, OP_FILL, SOURCES, PART, rnd(g) & ~7u, 0);
	add(g, OP_HOSTFILL, 0, HOST_PART, rnd(g) & ~7u, 0);
	add(g, OP_BOOT, 0, 0, 0, 0);
	while (n--) {
		switch (pick(g, 0, 19)) {
		case 0:
		case 1:
		case 2:
			copies(g);
			break;
		case 3:
		case 4:
			trap(g);
			break;
		case 5:
		case 6:
			interrupt(g);
			break;
		case 7:
			if (chance(g, 3))
				watchdog(g);
			break;
		case 8:
		case 9:
			host(g);
			break;
		case 12:
			call(g);
			break;
		case 10:
			add(g, OP_SYNC, 0, 0, 0, 0);
			break;
		case 11:
			if (chance(g, 6)) {
				add(g, chance(g, 2) ? OP_RESET : OP_SYNC, 0, 0,
				    0, 0);
				add(g, OP_WRITE, 0, ASHLAR_HOST_MP_CTRL, 4, 0);
				add(g, OP_BOOT, 0, 0, 0, 0);
			}
			break;
		default:
			access(g);
			break;
		}
	}
}
