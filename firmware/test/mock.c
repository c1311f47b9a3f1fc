// SPDX-License-Identifier: MIT
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "hal.h"
#include "mock.h"

#define REG(block, name) \
	(ASHLAR_MAP_MP_##block##_BASE + ASHLAR_##block##_##name)
#define NEVER	  UINT64_MAX
#define MAPPED_AT 0x10000 /* in TCM: where mock_map() puts its object */

struct mock mock;
static uint8_t *mapped;
static size_t mapped_bytes;

static _Noreturn void broken(const char *fmt, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	print_error("mock board: %s\n", text);
	_fail(__FILE__, __LINE__);
	abort();
}

void mock_map(void *object, size_t bytes)
{
	if (bytes > ASHLAR_MAP_MP_TCM_BYTES - MAPPED_AT)
		broken("object of %zu bytes does not fit TCM", bytes);
	mapped = object;
	mapped_bytes = bytes;
}

void mock_power_on(uint32_t tiles)
{
	unsigned int i;

	memset(&mock, 0, sizeof(mock));
	mock.tiles = tiles;
	mock.mtimecmp = NEVER;
	mock.reset_cause = ASHLAR_MP_RESET_CAUSE_POWER;
	mock.hw_version = ASHLAR_HOST_HW_VERSION_RESET;
	mock.copy_latency = 30; /* about as many accesses as on the board */
	mock.scrub_cycles = 4096;
	mock.now = 0xfffff000; /* soon over 32 bits */
	for (i = 0; i < MOCK_TILES_MAX; i++)
		mock.tile[i].due = NEVER;
}

void mock_watchdog_reset(void)
{
	mock.reset_cause = ASHLAR_MP_RESET_CAUSE_WATCHDOG;
	mock.irq_enable = 0;
	mock.mtimecmp = NEVER;
	mock.wdt_period = 0;
	mock.bitten = 0;
	mock.halted = 0;
	mock.idle = 0;
}

int mock_ring(unsigned int n, uint32_t value)
{
	if (!mock.db_depth[n] || value - mock.db_head[n] > mock.db_depth[n])
		return 0;
	mock.db_tail[n] = value;
	mock.db_pending[n / 32] |= 1u << n % 32;
	mock.idle = 0;
	return 1;
}

/* ---- memories */

static uint8_t *local(uint32_t addr, uint32_t bytes)
{
	uint32_t at = addr - ASHLAR_MAP_MP_TCM_BASE;

	if (at <= sizeof(mock.tcm) && bytes <= sizeof(mock.tcm) - at) {
		if (at >= MAPPED_AT && at - MAPPED_AT <= mapped_bytes &&
		    bytes <= mapped_bytes - (at - MAPPED_AT))
			return mapped + (at - MAPPED_AT);
		return mock.tcm + at;
	}
	at = addr - ASHLAR_MAP_MP_SHARED_BASE;
	if (at <= sizeof(mock.shared) && bytes <= sizeof(mock.shared) - at)
		return (uint8_t *)mock.shared + at;
	return NULL;
}

static uint8_t *space(uint32_t which, uint64_t addr, uint32_t bytes)
{
	switch (which) {
	case ASHLAR_COPY_SPACE_DST_MEM:
		if (addr > MOCK_MEM_BYTES || bytes > MOCK_MEM_BYTES - addr)
			return NULL;
		return mock.mem + addr;
	case ASHLAR_COPY_SPACE_DST_HOST:
		if (addr < MOCK_HOST_BASE ||
		    addr - MOCK_HOST_BASE > MOCK_HOST_BYTES ||
		    bytes > MOCK_HOST_BYTES - (addr - MOCK_HOST_BASE) ||
		    (mock.host_refuse && addr == mock.host_refuse))
			return NULL;
		return mock.host + (addr - MOCK_HOST_BASE);
	case ASHLAR_COPY_SPACE_DST_LOCAL:
		return local((uint32_t)addr, bytes);
	}
	return NULL;
}

uint32_t hal_local(const volatile void *p)
{
	const uint8_t *b = (const uint8_t *)(uintptr_t)p;

	if (b >= mock.tcm && b < mock.tcm + sizeof(mock.tcm))
		return ASHLAR_MAP_MP_TCM_BASE + (uint32_t)(b - mock.tcm);
	if (b >= mapped && b < mapped + mapped_bytes)
		return ASHLAR_MAP_MP_TCM_BASE + MAPPED_AT +
		       (uint32_t)(b - mapped);
	broken("object %p is not in TCM", (const void *)b);
}

void *hal_pointer(uint32_t addr)
{
	void *p = local(addr, 0);

	if (!p)
		broken("MP address %#x is not memory", addr);
	return p;
}

volatile uint32_t *hal_shared(uint32_t offset)
{
	if (offset & 3 || offset >= sizeof(mock.shared))
		broken("shared SRAM offset %#x", offset);
	return mock.shared + offset / 4;
}

const uint8_t *hal_build_id(void)
{
	return (const uint8_t *)"host tests, no build";
}

/* ---- copy engines */

static void copy_do(struct mock_copy *c, const uint32_t *r)
{
	uint32_t how = r[ASHLAR_COPY_SPACE / 4];
	uint32_t from = (how & ASHLAR_COPY_SPACE_SRC_MASK) >>
			ASHLAR_COPY_SPACE_SRC_SHIFT;
	uint32_t to = (how & ASHLAR_COPY_SPACE_DST_MASK) >>
		      ASHLAR_COPY_SPACE_DST_SHIFT;
	uint64_t src = (uint64_t)r[1] << 32 | r[0];
	uint64_t dst = (uint64_t)r[3] << 32 | r[2];
	uint32_t len = from == ASHLAR_COPY_SPACE_DST_IMM ? 8 : r[4];
	const uint8_t *s;
	uint8_t *d = space(to, dst, len);

	if (from == ASHLAR_COPY_SPACE_DST_IMM)
		s = (const uint8_t *)&r[ASHLAR_COPY_IMM_LO / 4];
	else
		s = space(from, src, len);
	if (!s || !d || len & 7 || dst & 7 ||
	    (from != ASHLAR_COPY_SPACE_DST_IMM && src & 7))
		c->error |= to == ASHLAR_COPY_SPACE_DST_HOST ?
				    ASHLAR_COPY_ERROR_BUS_MASK :
				    ASHLAR_COPY_ERROR_RANGE_MASK;
	else
		memcpy(d, s, len);
}

static void copies_due(struct mock_copy *c)
{
	while (c->done != c->issued &&
	       c->due[c->done % MOCK_COPIES] <= mock.now) {
		copy_do(c, c->queue[c->done % MOCK_COPIES]);
		c->done++;
	}
}

static void copy_go(struct mock_copy *c)
{
	uint64_t after = mock.now;

	/* GO stalls the processor while the queue is full. */
	while (c->issued - c->done > 8) {
		if (c->due[c->done % MOCK_COPIES] > mock.now)
			mock_advance(c->due[c->done % MOCK_COPIES] - mock.now);
		copies_due(c);
	}
	if (c->issued != c->done)
		after = c->due[(c->issued - 1) % MOCK_COPIES];
	memcpy(c->queue[c->issued % MOCK_COPIES], c->reg, sizeof(c->reg));
	c->due[c->issued % MOCK_COPIES] = after + mock.copy_latency;
	c->issued++;
}

/* ---- tiles */

static uint32_t *treg(struct mock_tile *t, uint32_t offset)
{
	return &t->reg[offset / 4];
}

static void tile_start(struct mock_tile *t, unsigned int n)
{
	uint32_t context = *treg(t, ASHLAR_TILE_CONTEXT);
	uint32_t from = *treg(t, ASHLAR_TILE_LOAD_FROM);
	uint64_t va = (uint64_t)*treg(t, ASHLAR_TILE_CODE_VA_HI) << 32 |
		      *treg(t, ASHLAR_TILE_CODE_VA_LO);
	uint32_t version = mock.code_version ? mock.code_version(context, va) :
					       0;

	if (!context)
		broken("tile %u started without a context", n);
	if (t->owner && t->owner != context)
		broken("tile %u started for context %u on data of context %u",
		       n, context, t->owner);
	if (t->tlb_owner && t->tlb_owner != context)
		broken("tile %u has translations of context %u", n,
		       t->tlb_owner);
	if (from > *treg(t, ASHLAR_TILE_CODE_BYTES))
		broken("tile %u: LOAD_FROM %u beyond the image", n, from);
	if (from && (t->text_va != va || t->text_version != version ||
		     t->text_bytes < from || !t->owner))
		broken("tile %u runs %u bytes of code that is not there", n,
		       from);
	t->owner = context;
	t->tlb_owner = context;
	t->text_va = va;
	t->text_version = version;
	t->text_bytes = *treg(t, ASHLAR_TILE_TEXT_BYTES);
	t->starts++;
	t->plan = (struct mock_plan){ .cycles = 500,
				      .end = ASHLAR_TILE_STATUS_DONE };
	if (mock.kernel)
		mock.kernel(n, &t->plan);
	t->status = ASHLAR_TILE_STATUS_RUNNING;
	t->then = t->plan.end;
	t->due = t->plan.end == ASHLAR_TILE_STATUS_RUNNING ?
			 NEVER :
			 mock.now + t->plan.cycles;
	*treg(t, ASHLAR_TILE_FAULT_CAUSE) = 0;
	*treg(t, ASHLAR_TILE_EXIT_CODE) = 0;
}

static int tile_stopped(const struct mock_tile *t)
{
	return t->status == ASHLAR_TILE_STATUS_IDLE ||
	       t->status == ASHLAR_TILE_STATUS_DONE ||
	       t->status == ASHLAR_TILE_STATUS_FAULT ||
	       t->status == ASHLAR_TILE_STATUS_KILLED;
}

static void tile_command(struct mock_tile *t, unsigned int n, uint32_t command)
{
	switch (command) {
	case ASHLAR_TILE_CTRL_START:
		if (!tile_stopped(t))
			broken("START in state %u of tile %u", t->status, n);
		tile_start(t, n);
		break;
	case ASHLAR_TILE_CTRL_KILL:
		if (t->status == ASHLAR_TILE_STATUS_RUNNING) {
			t->status = ASHLAR_TILE_STATUS_STOPPING;
			t->then = ASHLAR_TILE_STATUS_KILLED;
			t->due = t->plan.deaf ? NEVER : mock.now + 200;
		}
		break;
	case ASHLAR_TILE_CTRL_SCRUB:
		if (!tile_stopped(t))
			break;
		t->status = ASHLAR_TILE_STATUS_SCRUBBING;
		t->then = ASHLAR_TILE_STATUS_IDLE;
		t->due = t->scrub_stuck ? NEVER : mock.now + mock.scrub_cycles;
		t->scrubs++;
		break;
	case ASHLAR_TILE_CTRL_TLB_INVALIDATE:
		t->tlb_owner = 0;
		t->invalidates++;
		if (tile_stopped(t))
			break;
		t->drained = NEVER;
		if (t->drain != NEVER)
			t->drained = mock.now + (t->drain ? t->drain : 200);
		break;
	default:
		broken("command %u of tile %u", command, n);
	}
}

static void tile_due(struct mock_tile *t, unsigned int n)
{
	if (t->due > mock.now)
		return;
	t->due = NEVER;
	t->status = t->then;
	mock.tile_event |= 1u << n;
	*treg(t, ASHLAR_TILE_PERF_CYCLES) = t->plan.cycles;
	*treg(t, ASHLAR_TILE_PERF_MATRIX_BUSY) = 10 + n;
	*treg(t, ASHLAR_TILE_PERF_TLB_MISS) = 3;
	switch (t->status) {
	case ASHLAR_TILE_STATUS_IDLE:
		t->owner = 0;
		t->tlb_owner = 0;
		t->text_bytes = 0;
		break;
	case ASHLAR_TILE_STATUS_DONE:
		*treg(t, ASHLAR_TILE_EXIT_CODE) = t->plan.exit_code;
		break;
	case ASHLAR_TILE_STATUS_FAULT:
		*treg(t, ASHLAR_TILE_FAULT_CAUSE) = t->plan.fault_cause;
		*treg(t, ASHLAR_TILE_FAULT_UNIT) = t->plan.fault_unit;
		*treg(t, ASHLAR_TILE_FAULT_SUB) = t->plan.fault_sub;
		*treg(t, ASHLAR_TILE_FAULT_ADDR_LO) =
			(uint32_t)t->plan.fault_addr;
		*treg(t, ASHLAR_TILE_FAULT_ADDR_HI) =
			(uint32_t)(t->plan.fault_addr >> 32);
		*treg(t, ASHLAR_TILE_FAULT_PC) = 0x1234;
		break;
	case ASHLAR_TILE_STATUS_KILLED:
		*treg(t, ASHLAR_TILE_FAULT_PC) = 0x4321;
		break;
	}
}

/* ---- time */

static uint64_t next_event(void)
{
	uint64_t next = mock.mtimecmp;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		const struct mock_copy *c = &mock.copy[i];

		if (c->done != c->issued &&
		    c->due[c->done % MOCK_COPIES] < next)
			next = c->due[c->done % MOCK_COPIES];
	}
	for (i = 0; i < mock.tiles; i++) {
		if (mock.tile[i].due < next)
			next = mock.tile[i].due;
	}
	return next;
}

static void due(void)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		copies_due(&mock.copy[i]);
	for (i = 0; i < mock.tiles; i++)
		tile_due(&mock.tile[i], i);
	if (mock.wdt_period && mock.now - mock.wdt_kicked >= mock.wdt_period)
		mock.bitten = 1;
}

void mock_advance(uint64_t cycles)
{
	mock.now += cycles;
	due();
}

static uint32_t irq_pending(void)
{
	uint32_t pending = 0;

	if (mock.db_pending[0] | mock.db_pending[1])
		pending |= ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK;
	if (mock.tile_event)
		pending |= ASHLAR_MP_IRQ_PENDING_TILE_MASK;
	return pending;
}

int hal_timer_pending(void)
{
	return mock.now >= mock.mtimecmp;
}

void hal_wait(void)
{
	uint64_t next;

	while (!(irq_pending() & mock.irq_enable) && !hal_timer_pending()) {
		next = next_event();
		if (next == NEVER) {
			mock.idle = 1;
			return;
		}
		mock_advance(next > mock.now ? next - mock.now : 1);
	}
}

_Noreturn void hal_halt(void)
{
	mock.halted = 1;
	longjmp(mock.halt, 1);
}

/* ---- registers */

static uint32_t mp_read(uint32_t offset)
{
	if (offset >= ASHLAR_MP_DB_TAIL(0) && offset < ASHLAR_MP_DB_TAIL(64))
		return mock.db_tail[(offset - ASHLAR_MP_DB_TAIL(0)) / 4];
	switch (offset) {
	case ASHLAR_MP_MTIME_LO:
		return (uint32_t)mock.now;
	case ASHLAR_MP_MTIME_HI:
		return (uint32_t)(mock.now >> 32);
	case ASHLAR_MP_IRQ_PENDING:
		return irq_pending();
	case ASHLAR_MP_DB_PENDING(0):
	case ASHLAR_MP_DB_PENDING(1):
		return mock.db_pending[(offset - ASHLAR_MP_DB_PENDING(0)) / 4];
	case ASHLAR_MP_TILE_EVENT:
		return mock.tile_event;
	case ASHLAR_MP_RESET_CAUSE:
		return mock.reset_cause;
	case ASHLAR_MP_BOOT_ADDR_LO:
		return (uint32_t)mock.boot_addr;
	case ASHLAR_MP_BOOT_ADDR_HI:
		return (uint32_t)(mock.boot_addr >> 32);
	case ASHLAR_MP_BOOT_BYTES:
		return mock.boot_bytes;
	case ASHLAR_MP_HW_VERSION:
		return mock.hw_version;
	case ASHLAR_MP_CFG_TILES:
		return mock.tiles;
	case ASHLAR_MP_CFG_CLOCK_KHZ:
		return MOCK_CLOCK_KHZ;
	case ASHLAR_MP_CFG_LMEM_BYTES:
		return 0x10000;
	case ASHLAR_MP_CFG_MEM_LO:
		return MOCK_MEM_BYTES;
	case ASHLAR_MP_CFG_MEM_HI:
		return 0;
	}
	broken("read of MP register %#x", offset);
}

static void mp_write(uint32_t offset, uint32_t v)
{
	if (offset >= ASHLAR_MP_DB_HEAD(0) && offset < ASHLAR_MP_DB_HEAD(64)) {
		mock.db_head[(offset - ASHLAR_MP_DB_HEAD(0)) / 4] = v;
		return;
	}
	if (offset >= ASHLAR_MP_DB_DEPTH(0) &&
	    offset < ASHLAR_MP_DB_DEPTH(64)) {
		mock.db_depth[(offset - ASHLAR_MP_DB_DEPTH(0)) / 4] = v;
		return;
	}
	switch (offset) {
	case ASHLAR_MP_MTIMECMP_LO:
		mock.mtimecmp = (mock.mtimecmp & ~0xffffffffull) | v;
		break;
	case ASHLAR_MP_MTIMECMP_HI:
		mock.mtimecmp = (mock.mtimecmp & 0xffffffffull) | (uint64_t)v
									  << 32;
		break;
	case ASHLAR_MP_IRQ_ENABLE:
		mock.irq_enable = v;
		break;
	case ASHLAR_MP_DB_PENDING(0):
	case ASHLAR_MP_DB_PENDING(1):
		mock.db_pending[(offset - ASHLAR_MP_DB_PENDING(0)) / 4] &= ~v;
		break;
	case ASHLAR_MP_TILE_EVENT:
		mock.tile_event &= ~v;
		break;
	case ASHLAR_MP_VECTOR:
		if (v > 63)
			broken("vector %u", v);
		mock.vectors[v]++;
		if (mock.vector)
			mock.vector(v);
		break;
	case ASHLAR_MP_POST:
		mock.post = v;
		break;
	case ASHLAR_MP_WDT_PERIOD:
		mock.wdt_period = v;
		mock.wdt_kicked = mock.now;
		break;
	case ASHLAR_MP_WDT_KICK:
		mock.wdt_kicked = mock.now;
		break;
	default:
		broken("write of MP register %#x", offset);
	}
}

static uint32_t copy_read(struct mock_copy *c, uint32_t offset)
{
	switch (offset) {
	case ASHLAR_COPY_ISSUED:
		return c->issued;
	case ASHLAR_COPY_DONE:
		return c->done;
	case ASHLAR_COPY_ERROR:
		return c->error;
	}
	broken("read of copy engine register %#x", offset);
}

static void copy_write(struct mock_copy *c, uint32_t offset, uint32_t v)
{
	if (offset == ASHLAR_COPY_GO)
		copy_go(c);
	else if (offset == ASHLAR_COPY_ERROR)
		c->error &= ~v;
	else if (offset <= ASHLAR_COPY_IMM_HI)
		c->reg[offset / 4] = v;
	else
		broken("write of copy engine register %#x", offset);
}

uint32_t io_read(uint32_t addr)
{
	uint32_t at;

	mock_advance(2);
	at = addr - ASHLAR_MAP_MP_TILE_BASE;
	if (addr >= ASHLAR_MAP_MP_TILE_BASE &&
	    at < mock.tiles * ASHLAR_MAP_MP_TILE_STRIDE) {
		struct mock_tile *t =
			&mock.tile[at / ASHLAR_MAP_MP_TILE_STRIDE];

		at %= ASHLAR_MAP_MP_TILE_STRIDE;
		if (at == ASHLAR_TILE_STATUS)
			return t->status;
		if (at == ASHLAR_TILE_INVALIDATING)
			return mock.now < t->drained;
		if (at >= sizeof(t->reg))
			broken("read of tile register %#x", at);
		return t->reg[at / 4];
	}
	at = addr - ASHLAR_MAP_MP_COPY_BASE;
	if (addr >= ASHLAR_MAP_MP_COPY_BASE &&
	    at < 2 * ASHLAR_MAP_MP_COPY_STRIDE)
		return copy_read(&mock.copy[at / ASHLAR_MAP_MP_COPY_STRIDE],
				 at % ASHLAR_MAP_MP_COPY_STRIDE);
	at = addr - ASHLAR_MAP_MP_MP_BASE;
	if (addr >= ASHLAR_MAP_MP_MP_BASE && at < ASHLAR_MAP_MP_MP_BYTES)
		return mp_read(at);
	broken("read of address %#x", addr);
}

void io_write(uint32_t addr, uint32_t value)
{
	uint32_t at;

	mock_advance(2);
	at = addr - ASHLAR_MAP_MP_TILE_BASE;
	if (addr >= ASHLAR_MAP_MP_TILE_BASE &&
	    at < mock.tiles * ASHLAR_MAP_MP_TILE_STRIDE) {
		unsigned int n = at / ASHLAR_MAP_MP_TILE_STRIDE;
		struct mock_tile *t = &mock.tile[n];

		at %= ASHLAR_MAP_MP_TILE_STRIDE;
		if (at == ASHLAR_TILE_CTRL) {
			tile_command(t, n, value);
			return;
		}
		if (at < ASHLAR_TILE_CONTEXT || at > ASHLAR_TILE_GRID_Z)
			broken("write of tile register %#x", at);
		if (!tile_stopped(t))
			broken("write of register %#x of tile %u, which runs",
			       at, n);
		t->reg[at / 4] = value;
		return;
	}
	at = addr - ASHLAR_MAP_MP_COPY_BASE;
	if (addr >= ASHLAR_MAP_MP_COPY_BASE &&
	    at < 2 * ASHLAR_MAP_MP_COPY_STRIDE) {
		copy_write(&mock.copy[at / ASHLAR_MAP_MP_COPY_STRIDE],
			   at % ASHLAR_MAP_MP_COPY_STRIDE, value);
		return;
	}
	at = addr - ASHLAR_MAP_MP_MP_BASE;
	if (addr >= ASHLAR_MAP_MP_MP_BASE && at < ASHLAR_MAP_MP_MP_BYTES) {
		mp_write(at, value);
		return;
	}
	broken("write of address %#x", addr);
}
