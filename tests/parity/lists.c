// SPDX-License-Identifier: MIT
/* Lists of operations for the ROM: given, waited for, their results noted. */
#include "run.h"

#include <string.h>

#define SHARED		      ASHLAR_MAP_BAR0_SHARED_BASE
#define PATIENCE	      400000u /* cycles in which a list without sleep is done */
#define TILE(t)		      (ASHLAR_MAP_MP_TILE_BASE + ASHLAR_MAP_MP_TILE_STRIDE * (t))
#define IN(addr, base, bytes) ((addr) - (base) < (bytes))

/* What a tile tells of its run, in this order. */
static const struct {
	uint32_t offset;
	enum { ALWAYS, FAULTED, CORE_FAULT, UNIT_FAULT, DONE } when;
} state[] = {
	{ ASHLAR_TILE_STATUS, ALWAYS },
	{ ASHLAR_TILE_FAULT_CAUSE, ALWAYS },
	{ ASHLAR_TILE_FAULT_UNIT, FAULTED },
	{ ASHLAR_TILE_FAULT_SUB, FAULTED },
	{ ASHLAR_TILE_FAULT_ADDR_LO, FAULTED },
	{ ASHLAR_TILE_FAULT_ADDR_HI, FAULTED },
	{ ASHLAR_TILE_FAULT_TOKEN, UNIT_FAULT },
	{ ASHLAR_TILE_FAULT_PC, CORE_FAULT },
	{ ASHLAR_TILE_EXIT_CODE, DONE },
	{ ASHLAR_TILE_PERF_INSTRET, DONE },
	{ ASHLAR_TILE_PERF_LOAD_BEATS, DONE },
	{ ASHLAR_TILE_PERF_STORE_BEATS, DONE },
	{ ASHLAR_TILE_PERF_MATRIX_BUSY, DONE },
};
#define STATES (sizeof(state) / sizeof(state[0]))

static void put(struct run *r, enum op op, uint32_t code, uint64_t a,
		uint64_t b, uint64_t c)
{
	r->list[r->listed++] = (struct mp_op){
		r->step, op, { code, (uint32_t)a, (uint32_t)b, (uint32_t)c }
	};
}

void list_add(struct run *r, const struct step *s)
{
	static const uint32_t codes[OPS] = {
		[OP_MP_READ] = MP_READ,		[OP_MP_WRITE] = MP_WRITE,
		[OP_MP_SETTLE] = MP_SETTLE,	[OP_MP_TIMER] = MP_TIMER,
		[OP_MP_TILE] = MP_TILE,		[OP_MP_IRQ] = MP_IRQ,
		[OP_MP_EXEC] = MP_EXEC,		[OP_MP_JUMP] = MP_JUMP,
		[OP_MP_WATCHDOG] = MP_WATCHDOG, [OP_MP_CALL] = MP_CALL,
	};
	unsigned int i;

	if (r->listed + STATES >= MP_OPS_MAX)
		list_flush(r);
	if (s->op == OP_MP_STATE) {
		for (i = 0; i < STATES; i++)
			put(r, s->op, MP_READ,
			    TILE((uint32_t)s->arg[0]) + state[i].offset, 4, 0);
		return;
	}
	put(r, s->op, codes[s->op], s->arg[0], s->arg[1], s->arg[2]);
	if (s->op == OP_MP_WATCHDOG)
		list_flush(r);
}

/* --- Waiting -------------------------------------------------------------- */

/* Until the post code is this; false: it will not be. */
static bool wait_post(struct run *r, uint32_t post, uint64_t cycles)
{
	struct ashlar_model_info info = { .size = sizeof(info) };
	uint64_t end;

	r->ops->info(r->m, &info);
	end = info.cycles + cycles;
	while (host_get(r, ASHLAR_HOST_POST) != post) {
		enum ashlar_model_stop stop;

		r->ops->info(r->m, &info);
		if (info.cycles >= end) {
			note(r, "stuck: too slow");
			return false;
		}
		stop = r->ops->run(r->m, end - info.cycles);
		if (stop == ASHLAR_MODEL_DEAD) {
			note(r, "dead");
			return false;
		}
		if (stop == ASHLAR_MODEL_IDLE &&
		    host_get(r, ASHLAR_HOST_POST) != post) {
			note(r, "stuck: idle");
			return false;
		}
	}
	return true;
}

void rom_wait(struct run *r)
{
	r->rings = 0;
	r->boots++;
	r->running = wait_post(r, MP_POST_READY + r->boots, PATIENCE);
	if (!r->running)
		r->stopped = true;
}

/* --- Results --------------------------------------------------------------- */

/* Registers that tell time or the platform, or change with time. */
static bool is_time(uint32_t addr)
{
	uint32_t offset = addr & ~3u;

	if (IN(offset, ASHLAR_MAP_MP_MP_BASE, ASHLAR_MAP_MP_MP_BYTES)) {
		offset -= ASHLAR_MAP_MP_MP_BASE;
		return offset == ASHLAR_MP_MTIME_LO ||
		       offset == ASHLAR_MP_MTIME_HI ||
		       offset == ASHLAR_MP_PLATFORM;
	}
	if (IN(offset, ASHLAR_MAP_MP_TILE_BASE,
	       64 * ASHLAR_MAP_MP_TILE_STRIDE)) {
		offset %= ASHLAR_MAP_MP_TILE_STRIDE;
		return (offset >= ASHLAR_TILE_PERF_CYCLES &&
			offset <= ASHLAR_TILE_PERF_TLB_MISS) ||
		       (offset >= ASHLAR_TILE_EXIT_CODE &&
			offset <= ASHLAR_TILE_FAULT_TOKEN);
	}
	return false;
}

static uint32_t get_result(struct run *r, uint32_t op, uint32_t word)
{
	return host_get(r, SHARED + MP_RESULTS + 32 * op + 4 * word);
}

static void note_result(struct run *r, uint32_t i, bool hide)
{
	const struct mp_op *op = &r->list[i];
	struct step s = { op->op, { op->word[1], op->word[2], op->word[3] } };
	uint32_t value = get_result(r, i, 0);
	uint32_t traps = get_result(r, i, 1);
	char text[72], trap[64] = "";

	if (op->op == OP_MP_STATE)
		s.op = OP_MP_READ;
	step_text(&s, text, sizeof(text));
	if (traps)
		snprintf(trap, sizeof(trap),
			 " traps %u cause 0x%x mtval 0x%x mepc 0x%x", traps,
			 get_result(r, i, 2), get_result(r, i, 3),
			 op->op == OP_MP_IRQ ? 0 : get_result(r, i, 4));
	text[strcspn(text, "#")] = 0;
	if (hide)
		value = 0;
	note(r, "%s = 0x%x%s", text, value, trap);
}

static bool wanted(uint32_t when, uint32_t status, uint32_t cause)
{
	switch (when) {
	case FAULTED:
		return cause != ASHLAR_TILE_FAULT_CAUSE_NONE;
	case CORE_FAULT:
		return cause == ASHLAR_TILE_FAULT_CAUSE_CORE;
	case UNIT_FAULT:
		return cause > ASHLAR_TILE_FAULT_CAUSE_CORE;
	case DONE:
		return status == ASHLAR_TILE_STATUS_DONE;
	default:
		return true;
	}
}

/* Returns how many operations it was. */
static uint32_t note_state(struct run *r, uint32_t from)
{
	uint32_t status = get_result(r, from, 0);
	uint32_t cause = get_result(r, from + 1, 0);
	uint32_t unit = get_result(r, from + 2, 0);
	uint32_t i;

	for (i = 0; i < STATES; i++)
		note_result(r, from + i, !wanted(state[i].when, status, cause));
	/* Stores behind the one that was refused may have been done. */
	if (cause == ASHLAR_TILE_FAULT_CAUSE_BUS &&
	    unit == ASHLAR_TILE_FAULT_UNIT_STORE)
		r->o->open = true;
	return STATES;
}

static void note_results(struct run *r, uint32_t n)
{
	uint32_t step = r->step, i = 0;

	while (i < n) {
		const struct mp_op *op = &r->list[i];

		r->step = op->step;
		if (op->op == OP_MP_STATE) {
			i += note_state(r, i);
			continue;
		}
		note_result(r, i, op->op == OP_MP_READ && is_time(op->word[1]));
		i++;
	}
	r->step = step;
}

/* --- The list --------------------------------------------------------------- */

/*
 * How many requests may be refused in an order that nothing defines: a copy
 * has one target and one source; a tile several pages.
 */
static uint32_t starts(const struct mp_op *op)
{
	uint32_t addr = op->word[1];

	if (op->op != OP_MP_WRITE)
		return 0;
	if (IN(addr, ASHLAR_MAP_MP_COPY_BASE,
	       ASHLAR_MAP_MP_COPY_COUNT * ASHLAR_MAP_MP_COPY_STRIDE))
		return addr % ASHLAR_MAP_MP_COPY_STRIDE == ASHLAR_COPY_GO;
	return IN(addr, ASHLAR_MAP_MP_TILE_BASE,
		  64 * ASHLAR_MAP_MP_TILE_STRIDE) ?
		       2 :
		       0;
}

static void give(struct run *r)
{
	uint32_t i, j;

	for (i = 0; i < r->listed; i++)
		for (j = 0; j < 4; j++)
			host_set(r, SHARED + MP_OPS + 16 * i + 4 * j,
				 r->list[i].word[j]);
	host_set(r, SHARED + MP_COUNT, r->listed);
	r->rings++;
	host_set(r, ASHLAR_MAP_BAR0_DOORBELL_BASE + ASHLAR_DOORBELL_RING,
		 r->rings);
}

void list_flush(struct run *r)
{
	uint64_t patience = PATIENCE;
	uint32_t n = r->listed, many = 0, i;
	bool restarts = false;

	if (!n || r->stopped)
		return;
	if (!r->running) {
		note(r, "no ROM runs");
		r->stopped = true;
		return;
	}
	for (i = 0; i < n; i++) {
		const struct mp_op *op = &r->list[i];

		many += starts(op);
		if (op->op == OP_MP_TIMER)
			patience += op->word[1];
		if (op->op == OP_MP_TILE)
			patience += op->word[2];
		if (op->op == OP_MP_WATCHDOG) {
			patience += op->word[1];
			restarts = true;
		}
	}
	give(r);
	if (restarts) {
		rom_wait(r);
	} else if (!wait_post(r, MP_POST_DONE + r->rings, patience)) {
		r->stopped = true;
	}
	if (r->refused)
		note(r, "dma-range %s", many > 1 ? "" : r->refused_text);
	r->refused = 0;
	if (!r->stopped)
		note_results(r, n);
	r->o->operations += n;
	r->listed = 0;
}
