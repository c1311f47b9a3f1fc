// SPDX-License-Identifier: MIT
/* A tile's life and block TILE (ash_tile_ctrl.sv, ash_tile.sv). */
#include "tile.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_INSN_CYCLES 3 /* from the end of loading */
#define DRAIN_CYCLES	  2 /* from the last unit's end to DONE */
#define STOP_CYCLES	  2 /* from a fault or KILL to its event */

enum {
	IDLE = ASHLAR_TILE_STATUS_IDLE,
	LOADING = ASHLAR_TILE_STATUS_LOADING,
	RUNNING = ASHLAR_TILE_STATUS_RUNNING,
	DRAINING = ASHLAR_TILE_STATUS_DRAINING,
	DONE = ASHLAR_TILE_STATUS_DONE,
	FAULT = ASHLAR_TILE_STATUS_FAULT,
	KILLED = ASHLAR_TILE_STATUS_KILLED,
	SCRUBBING = ASHLAR_TILE_STATUS_SCRUBBING,
	STOPPING = ASHLAR_TILE_STATUS_STOPPING
};

enum { LMEM, SPAD }; /* regions of the core */

static bool stopped(const struct tile *t)
{
	return t->state == IDLE || t->state == DONE || t->state == FAULT ||
	       t->state == KILLED;
}

/* From START to the end of the run. */
static bool has_job(const struct tile *t)
{
	return !stopped(t) && t->state != SCRUBBING;
}

bool tile_active(const struct tile *t)
{
	return t->next != NEVER;
}

uint64_t tile_next(const struct tile *t)
{
	return t->next;
}

uint64_t tile_fault_at(const struct tile *t, unsigned int *unit)
{
	uint64_t first = NEVER;
	unsigned int u;

	for (u = 0; u < UNITS; u++)
		if (t->unit[u].fault_at < first) {
			first = t->unit[u].fault_at;
			*unit = u;
		}
	return first;
}

uint64_t tile_unit_event(const struct tile *t)
{
	unsigned int u;
	uint64_t first = tile_fault_at(t, &u);

	for (u = 0; u < UNITS; u++)
		if (t->unit[u].goes_on_at < first)
			first = t->unit[u].goes_on_at;
	return first;
}

/* --- Work of another thread ------------------------------------------------- */

void tile_work_given(struct tile *t)
{
	if (work_idle(t->work))
		return;
	t->e->at_work |= 1ull << t->number;
	/* The core's accesses are to come by kernel_load(), and wait. */
	if (t->spad_is_open)
		rv32_set_memory(t->core, SPAD, NULL);
	t->spad_is_open = false;
}

void tile_work_wait(struct tile *t)
{
	work_wait(t->work, work_given(t->work));
	t->e->at_work &= ~(1ull << t->number);
	t->loads.first = t->loads.end;
	t->stores.first = t->stores.end;
}

uint8_t *tile_open_spad(struct tile *t)
{
	tile_work_wait(t);
	rv32_set_memory(t->core, SPAD, t->units.spad);
	t->spad_is_open = true;
	return t->units.spad;
}

/* --- The run --------------------------------------------------------------- */

static void settle(struct tile *t, uint32_t state, uint64_t at)
{
	if (has_job(t))
		board_job(t->e, -1);
	t->state = state;
	t->next = NEVER;
	mp_tile_event(t->e, t->number, at);
}

static void stop(struct tile *t, uint64_t at)
{
	if (t->state == RUNNING)
		t->instret = (uint32_t)rv32_instret(t->core);
	t->state = STOPPING;
	t->next = at + STOP_CYCLES;
	if (t->end_at == NEVER)
		t->end_at = t->next;
}

static void fail(struct tile *t, const struct fault *fault, uint64_t at)
{
	t->fault = *fault;
	stop(t, at);
}

static void fail_unit(struct tile *t, unsigned int u, uint64_t at)
{
	t->unit[u].fault.pc = rv32_pc(t->core);
	fail(t, &t->unit[u].fault, at);
}

static void start(struct tile *t, uint64_t at)
{
	unsigned int u;

	memset(&t->perf, 0, sizeof(t->perf));
	memset(&t->fault, 0, sizeof(t->fault));
	for (u = 0; u < UNITS; u++)
		unit_reset(&t->unit[u]);
	kernel_regs_reset(t);
	t->killed = false;
	t->exited = false;
	t->exit_code = 0;
	t->instret = 0;
	t->sleeps_at = NEVER;
	t->start_at = at;
	t->end_at = NEVER;
	t->state = LOADING;
	board_job(t->e, 1);
	t->next = at + loader_run(t, &t->loader_fault);
	t->perf.loading = (uint32_t)(t->next - at);
}

/* When all units are idle, `at` or later; NEVER: not known. */
static uint64_t units_idle(const struct tile *t, uint64_t at)
{
	unsigned int u;

	for (u = 0; u < UNITS; u++)
		if (unit_idle_at(&t->unit[u]) > at)
			at = unit_idle_at(&t->unit[u]);
	return at;
}

/* Whether units had something to do by this time that was not known before. */
static bool run_units(struct tile *t, uint64_t at)
{
	unsigned int u = 0;
	uint64_t bad = tile_fault_at(t, &u);
	bool some = false;

	if (bad <= at) {
		fail_unit(t, u, bad);
		return true;
	}
	for (u = 0; u < UNITS; u++) {
		if (t->unit[u].goes_on_at <= at) {
			if (u == U_VECTOR)
				vector_go_on(t);
			else
				dma_go_on(t, u);
			some = true;
		}
	}
	return some;
}

static void run_core(struct tile *t, uint64_t until)
{
	struct rv32_halt halt;
	struct fault fault = { .cause = ASHLAR_TILE_FAULT_CAUSE_CORE,
			       .unit = ASHLAR_TILE_FAULT_UNIT_CORE };
	uint64_t event = tile_unit_event(t);
	enum rv32_stop why;

	why = rv32_run(t->core, event < until ? event : until);
	t->next = rv32_cycle(t->core);
	if (run_units(t, t->next))
		return;
	switch (why) {
	case RV32_HALTED:
		rv32_halt(t->core, &halt);
		fault.sub = halt.cause;
		fault.addr = halt.tval;
		fault.pc = halt.pc;
		fail(t, &fault, t->next);
		break;
	case RV32_ASLEEP:
	case RV32_WAITS:
		/* It goes on when a unit does something, or never. */
		event = tile_unit_event(t);
		if (event == NEVER) {
			t->sleeps_at = units_idle(t, t->next);
		} else {
			rv32_set_cycle(t->core, event, why == RV32_ASLEEP);
			run_units(t, event);
		}
		if (t->state == RUNNING)
			t->next = event;
		break;
	default:
		if (t->exited) {
			t->state = DRAINING;
			t->instret = (uint32_t)rv32_instret(t->core);
		}
	}
}

/* The units' work ends, or one of them fails. */
static void drain(struct tile *t)
{
	uint64_t event = tile_unit_event(t);

	if (event != NEVER) {
		if (event > t->next)
			t->next = event;
		else
			run_units(t, t->next);
		return;
	}
	if (t->end_at == NEVER) {
		t->end_at = units_idle(t, t->next) + DRAIN_CYCLES;
		t->next = t->end_at;
		return;
	}
	settle(t, DONE, t->end_at);
}

void tile_run(struct tile *t, uint64_t until)
{
	while (t->next < until && !t->e->m->dead) {
		uint64_t at = t->next;

		switch (t->state) {
		case LOADING:
			if (t->loader_fault.cause) {
				fail(t, &t->loader_fault, at);
				break;
			}
			t->state = RUNNING;
			rv32_set_write_from(
				t->core, LMEM,
				tile_par(t, ASHLAR_TILE_TEXT_BYTES));
			/* A run that was killed may have been ahead of now. */
			rv32_set_cycle(t->core, at + FIRST_INSN_CYCLES, false);
			rv32_reset(t->core, tile_par(t, ASHLAR_TILE_ENTRY));
			t->next = at + FIRST_INSN_CYCLES;
			break;
		case RUNNING:
			run_core(t, until);
			break;
		case DRAINING:
			drain(t);
			break;
		case STOPPING:
			settle(t, t->killed ? KILLED : FAULT, at);
			break;
		case SCRUBBING:
			settle(t, IDLE, at);
			break;
		default:
			return;
		}
	}
}

static uint64_t scrub(struct tile *t)
{
	uint64_t spad = SPAD_BYTES / LINE_BYTES / ASHLAR_BOARD_SPAD_BANKS;
	uint64_t lmem = LMEM_BYTES / (2 * MODEL_BEAT);
	unsigned int u;

	tile_work_wait(t);
	memset(t->lmem, 0, LMEM_BYTES);
	rv32_written(t->core, 0, LMEM_BYTES);
	memset(t->units.spad, 0, SPAD_BYTES);
	memset(t->units.acc, 0,
	       ASHLAR_BOARD_ACCS * ARRAY * ARRAY * sizeof(*t->units.acc));
	for (u = 0; u < UNITS; u++)
		unit_reset(&t->unit[u]);
	kernel_regs_reset(t);
	mmu_flush(&t->mmu);
	return (spad > lmem ? spad : lmem) + 2;
}

static void kill(struct tile *t, uint64_t at)
{
	if (stopped(t)) {
		settle(t, KILLED, at);
		return;
	}
	if (t->state == SCRUBBING)
		return;
	t->killed = true;
	if (t->state == STOPPING)
		return;
	t->fault.pc = rv32_pc(t->core);
	/* A tile that sleeps has no clock: its time ended then. */
	if (t->sleeps_at != NEVER)
		t->end_at = t->sleeps_at + STOP_CYCLES;
	stop(t, at);
}

static void command(struct tile *t, uint32_t value, uint64_t at)
{
	switch (value) {
	case ASHLAR_TILE_CTRL_START:
		if (stopped(t))
			start(t, at);
		break;
	case ASHLAR_TILE_CTRL_KILL:
		kill(t, at);
		break;
	case ASHLAR_TILE_CTRL_SCRUB:
		if (stopped(t)) {
			t->state = SCRUBBING;
			t->next = at + scrub(t);
		}
		break;
	case ASHLAR_TILE_CTRL_TLB_INVALIDATE:
		/* Nothing is in flight: macro-operations act at once. */
		mmu_flush(&t->mmu);
		break;
	}
}

/* --- Block TILE ------------------------------------------------------------ */

static uint32_t cycles(const struct tile *t, uint64_t at)
{
	uint64_t end = t->end_at < at ? t->end_at : at;

	if (t->sleeps_at < end)
		end = t->sleeps_at;
	return end > t->start_at ? (uint32_t)(end - t->start_at) : 0;
}

static bool read_live(const struct tile *t, uint32_t offset, uint64_t at,
		      uint32_t *value)
{
	const struct perf *p = &t->perf;

	switch (offset) {
	case ASHLAR_TILE_CTRL:
	case ASHLAR_TILE_INVALIDATING:
		*value = 0;
		return true;
	case ASHLAR_TILE_STATUS:
		*value = t->state;
		return true;
	case ASHLAR_TILE_EXIT_CODE:
		*value = t->exit_code;
		return true;
	case ASHLAR_TILE_FAULT_CAUSE:
		*value = t->fault.cause;
		return true;
	case ASHLAR_TILE_FAULT_UNIT:
		*value = t->fault.unit;
		return true;
	case ASHLAR_TILE_FAULT_SUB:
		*value = t->fault.sub;
		return true;
	case ASHLAR_TILE_FAULT_ADDR_LO:
		*value = (uint32_t)t->fault.addr;
		return true;
	case ASHLAR_TILE_FAULT_ADDR_HI:
		*value = (uint32_t)(t->fault.addr >> 32);
		return true;
	case ASHLAR_TILE_FAULT_PC:
		*value = t->fault.pc;
		return true;
	case ASHLAR_TILE_FAULT_TOKEN:
		*value = t->fault.token;
		return true;
	case ASHLAR_TILE_PERF_CYCLES:
		*value = cycles(t, at);
		return true;
	case ASHLAR_TILE_PERF_LOADING:
		*value = p->loading;
		return true;
	case ASHLAR_TILE_PERF_INSTRET:
		*value = t->state == RUNNING ? (uint32_t)rv32_instret(t->core) :
					       t->instret;
		return true;
	case ASHLAR_TILE_PERF_CORE_WAIT:
		*value = p->core_wait;
		return true;
	case ASHLAR_TILE_PERF_MATRIX_BUSY:
		*value = p->matrix_busy;
		return true;
	case ASHLAR_TILE_PERF_MATRIX_STALL:
		*value = p->matrix_stall;
		return true;
	case ASHLAR_TILE_PERF_VECTOR_BUSY:
		*value = p->vector_busy;
		return true;
	case ASHLAR_TILE_PERF_VECTOR_STALL:
		*value = p->vector_stall;
		return true;
	case ASHLAR_TILE_PERF_LOAD_BUSY:
		*value = p->load_busy;
		return true;
	case ASHLAR_TILE_PERF_LOAD_STALL:
		*value = p->load_stall;
		return true;
	case ASHLAR_TILE_PERF_LOAD_BEATS:
		*value = p->load_beats;
		return true;
	case ASHLAR_TILE_PERF_STORE_BUSY:
		*value = p->store_busy;
		return true;
	case ASHLAR_TILE_PERF_STORE_STALL:
		*value = p->store_stall;
		return true;
	case ASHLAR_TILE_PERF_STORE_BEATS:
		*value = p->store_beats;
		return true;
	case ASHLAR_TILE_PERF_TLB_MISS:
		*value = p->tlb_miss;
		return true;
	default:
		return false;
	}
}

static bool is_par(uint32_t offset)
{
	return offset >= ASHLAR_TILE_CONTEXT && offset <= ASHLAR_TILE_GRID_Z &&
	       offset % 4 == 0;
}

enum rv32_answer tile_ctrl_read(struct tile *t, uint32_t offset, uint64_t at,
				uint32_t *value)
{
	*value = 0;
	if (is_par(offset)) {
		*value = tile_par(t, offset);
		return RV32_OK;
	}
	return read_live(t, offset, at, value) ? RV32_OK : RV32_ERROR;
}

enum rv32_answer tile_ctrl_write(struct tile *t, uint32_t offset,
				 uint32_t value, uint64_t at)
{
	uint32_t unused;

	if (offset == ASHLAR_TILE_CTRL) {
		command(t, value, at);
		return RV32_OK;
	}
	if (!is_par(offset))
		return read_live(t, offset, at, &unused) ? RV32_OK : RV32_ERROR;
	if (has_job(t))
		return RV32_OK;
	if (offset <= ASHLAR_TILE_PT_ENTRIES && value != tile_par(t, offset))
		mmu_flush(&t->mmu);
	t->par[offset / 4] = value;
	return RV32_OK;
}

/* --- Life ------------------------------------------------------------------ */

void tile_reset(struct tile *t)
{
	unsigned int u;

	tile_work_wait(t);
	memset(t->par, 0, sizeof(t->par));
	memset(&t->fault, 0, sizeof(t->fault));
	memset(&t->perf, 0, sizeof(t->perf));
	mmu_flush(&t->mmu);
	for (u = 0; u < UNITS; u++)
		unit_reset(&t->unit[u]);
	kernel_regs_reset(t);
	t->state = IDLE;
	t->killed = false;
	t->exited = false;
	t->exit_code = 0;
	t->instret = 0;
	t->next = NEVER;
	t->start_at = 0;
	t->end_at = 0;
	t->sleeps_at = NEVER;
}

static void retired(void *ctx, const struct rv32_retired *r)
{
	struct tile *t = ctx;
	struct ashlar_model *m = t->e->m;
	uint64_t at = rv32_cycle(t->core);

	if (model_in_window(m, at))
		model_insn_write(m, at, 1 + t->number, r->pc, r->insn, r->rd,
				 r->value);
}

struct tile *tile_new(struct engine *e, unsigned int number)
{
	struct tile *t = calloc(1, sizeof(*t));
	const struct rv32_config config = {
		.hart_id = number,
		.halt_on_trap = true,
		.bus = { .load = kernel_load, .store = kernel_store, .ctx = t },
		.retired = e->m->insn_trace ? retired : NULL,
		.retired_ctx = t,
	};
	struct rv32_region lmem = {
		.base = ASHLAR_MAP_KERNEL_LMEM_BASE,
		.bytes = LMEM_BYTES,
		.fetch = true,
		.read = true,
	};
	struct rv32_region spad = {
		.base = ASHLAR_MAP_KERNEL_SPAD_BASE,
		.bytes = SPAD_BYTES,
		.read = true,
	};

	if (!t)
		return NULL;
	t->e = e;
	t->number = number;
	t->units.n = ARRAY;
	t->units.accs = ASHLAR_BOARD_ACCS;
	t->units.spad_bytes = SPAD_BYTES;
	t->lmem = calloc(1, LMEM_BYTES);
	t->units.spad = calloc(1, SPAD_BYTES);
	t->units.acc = calloc(ASHLAR_BOARD_ACCS * ARRAY * ARRAY,
			      sizeof(*t->units.acc));
	t->core = rv32_new(&config);
	t->work = work_queue(e->pool, number, &t->units);
	t->spad_is_open = true;
	lmem.at = t->lmem;
	spad.at = t->units.spad;
	if (!t->lmem || !t->units.spad || !t->units.acc || !t->core ||
	    !dma_new(&t->unit[U_LOAD]) || !dma_new(&t->unit[U_STORE]) ||
	    !rv32_set_region(t->core, LMEM, &lmem) ||
	    !rv32_set_region(t->core, SPAD, &spad)) {
		tile_delete(t);
		return NULL;
	}
	return t;
}

void tile_delete(struct tile *t)
{
	if (t->core)
		rv32_delete(t->core);
	dma_delete(&t->unit[U_LOAD]);
	dma_delete(&t->unit[U_STORE]);
	free(t->lmem);
	free(t->units.spad);
	free(t->units.acc);
	free(t);
}
