// SPDX-License-Identifier: MIT
/* The management processor: its core, its map, its time (ash_mp.sv). */
#include "fast.h"

#include <stdlib.h>
#include <string.h>

/* Regions of the core: what it reaches without asking. */
enum { ROM, TCM, SHARED, DTB };

/* --- Time ------------------------------------------------------------------ */

static uint64_t timer_at(const struct mp *mp)
{
	if (mp->mtimecmp > NEVER - mp->zero)
		return NEVER;
	return mp->zero + mp->mtimecmp;
}

void mp_set_lines(struct engine *e, uint64_t at)
{
	struct mp *mp = &e->mp;
	bool external = mp_irq_pending(e, at) & mp->irq_enable;

	rv32_set_irq(mp->core, at >= timer_at(mp), external, false);
}

/* The first thing behind `after` that happens whatever the core does. */
static uint64_t next_event(const struct mp *mp, uint64_t after)
{
	uint64_t next = mp->wdt_at;
	uint64_t timer = timer_at(mp);
	unsigned int i;

	if (timer > after && timer < next)
		next = timer;
	if (mp->vector_count && mp->vectors[0].at < next)
		next = mp->vectors[0].at;
	for (i = 0; i < COPIES; i++) {
		uint64_t ends = copy_ends(&mp->copy[i]);

		if (mp->copy[i].armed && ends > after && ends < next)
			next = ends;
	}
	return next;
}

uint64_t mp_next(const struct engine *e)
{
	const struct mp *mp = &e->mp;
	uint64_t now = rv32_cycle(mp->core);

	if (!mp->runs)
		return NEVER;
	return mp->asleep ? next_event(mp, now) : now;
}

void mp_wake(struct engine *e, uint64_t at)
{
	struct mp *mp = &e->mp;

	if (!mp->asleep && mp->runs)
		return;
	if (at > rv32_cycle(mp->core))
		rv32_set_cycle(mp->core, at, mp->asleep);
	mp->asleep = false;
}

void mp_update_irq(struct engine *e, uint64_t at)
{
	mp_wake(e, at);
	mp_set_lines(e, rv32_cycle(e->mp.core));
}

void mp_tile_event(struct engine *e, unsigned int tile, uint64_t at)
{
	e->mp.tile_pending |= 1ull << tile;
	mp_update_irq(e, at);
}

void mp_raise_vectors(struct engine *e, uint64_t at)
{
	struct mp *mp = &e->mp;

	while (mp->vector_count && mp->vectors[0].at <= at) {
		unsigned int number = mp->vectors[0].number;

		mp->vector_count--;
		memmove(&mp->vectors[0], &mp->vectors[1],
			mp->vector_count * sizeof(mp->vectors[0]));
		if (at > e->m->cycles)
			e->m->cycles = at;
		model_host_vector(e->m, number);
	}
}

void mp_run(struct engine *e, uint64_t until)
{
	struct mp *mp = &e->mp;

	if (mp->asleep) {
		uint64_t event = mp_next(e);

		if (event > until)
			return;
		if (event > rv32_cycle(mp->core))
			rv32_set_cycle(mp->core, event, true);
		mp->asleep = false;
	}
	while (!mp->asleep && mp->runs && !e->m->dead && !e->m->vector_raised) {
		uint64_t now = rv32_cycle(mp->core);
		uint64_t event;

		if (now >= mp->wdt_at) {
			mp_reset(e, ASHLAR_MP_RESET_CAUSE_WATCHDOG);
			continue;
		}
		if (mp->vector_count && mp->vectors[0].at <= now) {
			mp_raise_vectors(e, now);
			continue;
		}
		if (now >= until)
			return;
		mp_set_lines(e, now);
		event = next_event(mp, now);
		mp->asleep =
			rv32_run(mp->core, event < until ? event : until) ==
			RV32_ASLEEP;
	}
}

/* --- Resets ---------------------------------------------------------------- */

void mp_reset(struct engine *e, uint32_t cause)
{
	struct mp *mp = &e->mp;
	unsigned int i;

	mp->mtimecmp = (uint64_t)ASHLAR_MP_MTIMECMP_HI_RESET << 32 |
		       ASHLAR_MP_MTIMECMP_LO_RESET;
	mp->irq_enable = 0;
	mp->post = 0;
	mp->wdt_period = 0;
	mp->wdt_at = NEVER;
	mp->db_pending = 0;
	mp->tile_pending = 0;
	memset(mp->db_tail, 0, sizeof(mp->db_tail));
	memset(mp->db_head, 0, sizeof(mp->db_head));
	memset(mp->db_depth, 0, sizeof(mp->db_depth));
	mp->vector_count = 0;
	for (i = 0; i < COPIES; i++)
		copy_reset(&mp->copy[i]);
	if (cause)
		mp->reset_cause = cause;
	mp->asleep = false;
	rv32_reset(mp->core, ASHLAR_MAP_MP_ROM_BASE);
}

void mp_set_run(struct engine *e, bool run)
{
	struct mp *mp = &e->mp;

	if (run == mp->runs)
		return;
	mp_reset(e, run ? 0 : ASHLAR_MP_RESET_CAUSE_POWER);
	mp_wake(e, e->m->cycles);
	mp->runs = run;
}

/* --- The bus --------------------------------------------------------------- */

static enum rv32_answer read_word(struct engine *e, uint32_t addr,
				  uint32_t *value)
{
	uint64_t at = rv32_cycle(e->mp.core);
	uint32_t offset;

	if (addr - ASHLAR_MAP_MP_MP_BASE < ASHLAR_MAP_MP_MP_BYTES)
		return mp_regs_read(e, addr - ASHLAR_MAP_MP_MP_BASE, value);
	offset = addr - ASHLAR_MAP_MP_COPY_BASE;
	if (offset < COPIES * ASHLAR_MAP_MP_COPY_STRIDE)
		return copy_read(e, offset / ASHLAR_MAP_MP_COPY_STRIDE,
				 offset % ASHLAR_MAP_MP_COPY_STRIDE, at, value);
	offset = addr - ASHLAR_MAP_MP_TILE_BASE;
	if (offset < TILES * ASHLAR_MAP_MP_TILE_STRIDE)
		return tile_ctrl_read(
			e->tiles[offset / ASHLAR_MAP_MP_TILE_STRIDE],
			offset % ASHLAR_MAP_MP_TILE_STRIDE, at, value);
	return RV32_ERROR;
}

static enum rv32_answer load(void *ctx, uint32_t addr, unsigned int bytes,
			     uint32_t *value)
{
	uint32_t word = 0;
	enum rv32_answer answer = read_word(ctx, addr, &word);

	/* Registers answer with words; the core takes its lanes of them. */
	word >>= 8 * (addr % 4);
	*value = bytes == 4 ? word : word & ((1u << 8 * bytes) - 1);
	return answer;
}

static enum rv32_answer store(void *ctx, uint32_t addr, unsigned int bytes,
			      uint32_t value)
{
	struct engine *e = ctx;
	uint64_t at = rv32_cycle(e->mp.core);
	uint32_t offset;

	if (bytes != 4)
		return RV32_ERROR;
	if (addr - ASHLAR_MAP_MP_MP_BASE < ASHLAR_MAP_MP_MP_BYTES)
		return mp_regs_write(e, addr - ASHLAR_MAP_MP_MP_BASE, value);
	offset = addr - ASHLAR_MAP_MP_COPY_BASE;
	if (offset < COPIES * ASHLAR_MAP_MP_COPY_STRIDE) {
		enum rv32_answer answer = copy_write(
			e, offset / ASHLAR_MAP_MP_COPY_STRIDE,
			offset % ASHLAR_MAP_MP_COPY_STRIDE, value, at);

		/* When it ends is an event. */
		rv32_yield(e->mp.core);
		return answer;
	}
	offset = addr - ASHLAR_MAP_MP_TILE_BASE;
	if (offset < TILES * ASHLAR_MAP_MP_TILE_STRIDE) {
		/* The tile may have to act before the core goes on. */
		rv32_yield(e->mp.core);
		return tile_ctrl_write(
			e->tiles[offset / ASHLAR_MAP_MP_TILE_STRIDE],
			offset % ASHLAR_MAP_MP_TILE_STRIDE, value, at);
	}
	return RV32_ERROR;
}

static void retired(void *ctx, const struct rv32_retired *r)
{
	struct engine *e = ctx;
	uint64_t at = rv32_cycle(e->mp.core);

	if (model_in_window(e->m, at))
		model_insn_write(e->m, at, 0, r->pc, r->insn, r->rd, r->value);
}

bool mp_new(struct engine *e)
{
	const struct rv32_config config = {
		.bus = { .load = load, .store = store, .ctx = e },
		.retired = e->m->insn_trace ? retired : NULL,
		.retired_ctx = e,
	};
	struct mp *mp = &e->mp;
	const struct rv32_region rom = {
		.base = ASHLAR_MAP_MP_ROM_BASE,
		.bytes = sizeof(mp->rom),
		.at = mp->rom,
		.fetch = true,
		.read = true,
		.write_from = sizeof(mp->rom),
	};
	const struct rv32_region tcm = {
		.base = ASHLAR_MAP_MP_TCM_BASE,
		.bytes = sizeof(mp->tcm),
		.at = mp->tcm,
		.fetch = true,
		.read = true,
	};
	const struct rv32_region shared = {
		.base = ASHLAR_MAP_MP_SHARED_BASE,
		.bytes = sizeof(mp->shared),
		.at = mp->shared,
		.read = true,
	};
	const struct rv32_region dtb = {
		.base = ASHLAR_MAP_MP_DTB_BASE,
		.bytes = sizeof(mp->dtb),
		.at = mp->dtb,
		.read = true,
		.write_from = sizeof(mp->dtb),
	};
	uint32_t i;

	for (i = 0; i < sizeof(mp->rom) / 4; i++) {
		uint32_t word = model_rom_word(e->m, i);

		memcpy(mp->rom + 4 * (size_t)i, &word, 4);
	}
	memcpy(mp->dtb, ashlar_board_dtb, ASHLAR_BOARD_DTB_BYTES);
	mp->core = rv32_new(&config);
	return mp->core && rv32_set_region(mp->core, ROM, &rom) &&
	       rv32_set_region(mp->core, TCM, &tcm) &&
	       rv32_set_region(mp->core, SHARED, &shared) &&
	       rv32_set_region(mp->core, DTB, &dtb);
}

void mp_delete(struct engine *e)
{
	if (e->mp.core)
		rv32_delete(e->mp.core);
}
