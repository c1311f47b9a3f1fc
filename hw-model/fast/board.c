// SPDX-License-Identifier: MIT
/* The functional board as an engine: who acts next, the bus, resets. */
#include "tile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char engine_name[] = "fast";
const uint32_t engine_platform = ASHLAR_HOST_PLATFORM_FAST;

/* What a register access takes when nothing holds it up. */
#define WRITE_CYCLES 1
#define READ_CYCLES  2

/* --- Time ------------------------------------------------------------------ */

/* Who acts: TILES is the management processor. */
struct turn {
	unsigned int who;
	uint64_t at; /* when it acts */
	uint64_t next; /* when the next one does */
};

static struct turn find_turn(const struct engine *e)
{
	struct turn t = { TILES, mp_next(e), NEVER };
	unsigned int i;

	for (i = 0; i < TILES; i++) {
		uint64_t at = tile_next(e->tiles[i]);

		if (at < t.at) {
			t.next = t.at;
			t.at = at;
			t.who = i;
		} else if (at < t.next) {
			t.next = at;
		}
	}
	return t;
}

/* Device time is at least this; what was not idle of it was simulated. */
static void advance(struct engine *e, uint64_t to, bool idle)
{
	struct ashlar_model *m = e->m;

	if (to <= m->cycles)
		return;
	if (!idle)
		m->clocked += to - m->cycles;
	m->cycles = to;
}

/* All that happens before end, or up to a vector if that is asked for. */
static enum ashlar_model_stop run_until(struct engine *e, uint64_t end,
					bool stop_at_vector)
{
	struct ashlar_model *m = e->m;

	while (!m->dead) {
		struct turn t = find_turn(e);
		uint64_t until = end;
		bool idle;

		if (t.at == NEVER) {
			/* The last that acted was ahead. */
			advance(e, rv32_cycle(e->mp.core), false);
			return ASHLAR_MODEL_IDLE;
		}
		idle = t.who == TILES && e->mp.asleep;
		if (t.at >= end) {
			advance(e, end, idle);
			return ASHLAR_MODEL_BUDGET;
		}
		advance(e, t.at, idle);
		if (t.next < end && end - t.next > BOARD_SLICE)
			until = t.next + BOARD_SLICE;
		m->vector_raised = false;
		if (t.who == TILES)
			mp_run(e, until);
		else
			tile_run(e->tiles[t.who], until);
		if (m->vector_raised && stop_at_vector && !m->dead)
			return ASHLAR_MODEL_VECTOR;
	}
	return ASHLAR_MODEL_DEAD;
}

/* Outside the model nothing goes on. */
static void settle(struct engine *e)
{
	while (e->at_work)
		tile_work_wait(e->tiles[__builtin_ctzll(e->at_work)]);
}

enum ashlar_model_stop engine_run(struct ashlar_model *m, uint64_t max_cycles)
{
	struct engine *e = m->engine;
	uint64_t end = m->cycles + max_cycles;
	enum ashlar_model_stop stop;

	/* Nothing is ever at the end of time. */
	if (max_cycles >= NEVER - m->cycles)
		end = NEVER - 1;
	if (m->dead)
		return ASHLAR_MODEL_DEAD;
	stop = run_until(e, end, true);
	settle(e);
	return stop;
}

/* An access takes this long; what happens meanwhile does. */
static int pass(struct engine *e, uint64_t cycles)
{
	uint64_t end = e->m->cycles + cycles;
	enum ashlar_model_stop stop = run_until(e, end, false);

	settle(e);
	if (stop == ASHLAR_MODEL_DEAD)
		return -EIO;
	advance(e, end, false);
	return 0;
}

int engine_read(struct ashlar_model *m, uint32_t offset, uint32_t *value)
{
	*value = host_read(m->engine, offset);
	return pass(m->engine, READ_CYCLES);
}

int engine_write(struct ashlar_model *m, uint32_t offset, uint32_t value)
{
	host_write(m->engine, offset, value);
	return pass(m->engine, WRITE_CYCLES);
}

/* --- Errors ---------------------------------------------------------------- */

void board_misuse(struct engine *e, uint32_t bits,
		  const struct model_misuse_values *v)
{
	if (!e->host.error)
		e->host.error_addr = (uint32_t)v->addr;
	e->host.error |= bits;
	mp_update_irq(e, e->m->cycles);
	model_board_misuse(e->m, bits, v);
}

void board_refused(struct engine *e, uint64_t addr)
{
	const struct model_misuse_values v = {
		.addr = addr & ~(uint64_t)(MODEL_BEAT - 1)
	};

	board_misuse(e, ASHLAR_HOST_HOST_ERR_DMA_RANGE_MASK, &v);
}

/* --- The bus --------------------------------------------------------------- */

void board_job(struct engine *e, int more)
{
	unsigned int i;
	bool later;

	e->jobs = (unsigned int)((int)e->jobs + more);
	/* A record wants board memory as it is at each access. */
	later = e->jobs > 1 && !e->m->rec;
	for (i = 0; i < TILES; i++)
		work_allow(e->tiles[i]->work, later);
}

void board_order(struct engine *e, const struct tile *self,
		 const struct rows *r, bool write)
{
	uint64_t left;

	if (!self && e->gathers)
		dma_give(e->gathers);
	for (left = e->at_work; left; left &= left - 1) {
		struct tile *t = e->tiles[__builtin_ctzll(left)];

		if (t == self)
			continue;
		pending_wait(&t->stores, t->work, r);
		if (write)
			pending_wait(&t->loads, t->work, r);
	}
}

/* The same of a few bytes, for what is no tile's work. */
static void order_bytes(struct engine *e, uint64_t addr, size_t bytes,
			bool write)
{
	const struct rows r = { .addr = addr,
				.bytes = (uint32_t)bytes,
				.rows = 1 };

	board_order(e, NULL, &r, write);
}

bool bus_read(struct engine *e, bool host, uint64_t addr, void *data,
	      size_t bytes)
{
	uint64_t beat = addr & ~(uint64_t)(MODEL_BEAT - 1);
	uint8_t line[MODEL_BEAT];

	if (!host) {
		if (!board_in_memory(addr, bytes)) {
			board_refused(e, addr);
			return false;
		}
		order_bytes(e, addr, bytes, false);
		model_memory_used(e->m, addr, bytes);
		memcpy(data, e->m->memory + addr, bytes);
		return true;
	}
	/* Reads of the host are whole beats. */
	if (model_host_read(e->m, beat, line)) {
		board_refused(e, addr);
		return false;
	}
	memcpy(data, line + (addr - beat), bytes);
	return true;
}

bool bus_write(struct engine *e, bool host, uint64_t addr, const void *data,
	       size_t bytes)
{
	uint64_t beat = addr & ~(uint64_t)(MODEL_BEAT - 1);
	uint8_t line[MODEL_BEAT] = { 0 };
	uint64_t strb = bytes == MODEL_BEAT ? ~0ull : (1ull << bytes) - 1;

	if (!host) {
		if (!board_in_memory(addr, bytes)) {
			board_refused(e, addr);
			return false;
		}
		order_bytes(e, addr, bytes, true);
		model_memory_used(e->m, addr, bytes);
		memcpy(e->m->memory + addr, data, bytes);
		model_memory_written(e->m, addr, bytes);
		return true;
	}
	memcpy(line + (addr - beat), data, bytes);
	if (model_host_write(e->m, beat, line, strb << (addr - beat))) {
		board_refused(e, addr);
		return false;
	}
	return true;
}

/* --- Life ------------------------------------------------------------------ */

void board_reset(struct engine *e, uint32_t cause)
{
	unsigned int i;

	memset(&e->host, 0, sizeof(e->host));
	e->mp.zero = e->m->cycles;
	e->mp.runs = false;
	e->jobs = 0;
	mp_reset(e, cause);
	for (i = 0; i < TILES; i++)
		tile_reset(e->tiles[i]);
}

void engine_power_on(struct ashlar_model *m)
{
	board_reset(m->engine, ASHLAR_MP_RESET_CAUSE_POWER);
}

bool engine_new(struct ashlar_model *m, const struct ashlar_model_options *opt,
		char *error, size_t error_bytes)
{
	struct engine *e;
	unsigned int i;

	if (opt->wave) {
		snprintf(
			error, error_bytes,
			"waveform %s: a functional model has no signals; take an RTL model",
			opt->wave);
		return false;
	}
	e = calloc(1, sizeof(*e));
	m->engine = e;
	if (!e)
		goto no_memory;
	e->m = m;
	e->pool = work_pool_new(TILES);
	if (!e->pool || !mp_new(e))
		goto no_memory;
	for (i = 0; i < TILES; i++) {
		e->tiles[i] = tile_new(e, i);
		if (!e->tiles[i])
			goto no_memory;
	}
	return true;

no_memory:
	snprintf(error, error_bytes, "out of memory");
	return false;
}

void engine_delete(struct ashlar_model *m)
{
	struct engine *e = m->engine;
	unsigned int i;

	if (!e)
		return;
	work_pool_delete(e->pool);
	for (i = 0; i < TILES; i++)
		if (e->tiles[i])
			tile_delete(e->tiles[i]);
	mp_delete(e);
	free(e);
	m->engine = NULL;
}
