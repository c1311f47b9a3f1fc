// SPDX-License-Identifier: MIT
// The interpreter as its owner sees it (rv32.h).
#include <stdlib.h>

#include "rv32_int.h"

/* From the end of reset to the first instruction in the execute stage. */
#define RESET_CYCLES 3

struct rv32 *rv32_new(const struct rv32_config *config)
{
	struct rv32 *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->config = *config;
	c->in_reset = true;
	return c;
}

void rv32_delete(struct rv32 *c)
{
	if (!c)
		return;
	rv32_drop_regions(c);
	free(c);
}

void rv32_reset(struct rv32 *c, uint32_t pc)
{
	for (unsigned int i = 0; i < sizeof(c->x) / sizeof(c->x[0]); i++)
		c->x[i] = 0;
	c->pc = pc & ~1u;
	c->in_reset = false;
	c->fresh = true;
	c->halted = false;
	c->stuck = false;
	c->yield = false;
	c->stop = -1;
	c->halt = (struct rv32_halt){ 0 };
	c->div_left = 0;
	c->dozing = false;
	c->slept = false;
	rv32_csr_reset(c);
}

void rv32_set_irq(struct rv32 *c, bool timer, bool external, bool software)
{
	uint32_t ip = (timer ? RV32_MTIP : 0) | (external ? RV32_MEIP : 0) |
		      (software ? RV32_MSIP : 0);

	if (!c->in_access) {
		c->changes = 0;
		c->ip = ip;
		return;
	}
	/* The access is done at the end of the cycle, then comes mip. */
	rv32_sync_irq(c);
	if (c->changes && c->change[c->changes - 1].at >= c->cycle + 2)
		c->changes--;
	c->change[c->changes].ip = ip;
	c->change[c->changes].at = c->cycle + 2;
	c->changes++;
}

void rv32_yield(struct rv32 *c)
{
	c->yield = c->in_access;
}

uint64_t rv32_cycle(const struct rv32 *c)
{
	return c->cycle;
}

void rv32_set_cycle(struct rv32 *c, uint64_t cycle, bool asleep)
{
	uint64_t from = c->cycle > c->doze_at ? c->cycle : c->doze_at;

	if (asleep && c->dozing && cycle > from) {
		if (!(c->inhibit & 1)) {
			c->mcycle -= cycle - from;
			c->slept = true;
		}
	}
	c->overhead += cycle - c->cycle;
	c->cycle = cycle;
}

uint64_t rv32_instret(const struct rv32 *c)
{
	return c->cycle - c->overhead;
}

uint32_t rv32_pc(const struct rv32 *c)
{
	return c->pc;
}

void rv32_halt(const struct rv32 *c, struct rv32_halt *halt)
{
	*halt = c->halt;
}

static bool stops(struct rv32 *c, enum rv32_stop *stop)
{
	if (c->halted || c->in_reset) {
		c->yield = false;
		*stop = RV32_HALTED;
		return true;
	}
	if (c->stop >= 0) {
		c->yield = false;
		*stop = (enum rv32_stop)c->stop;
		c->stop = -1;
		return true;
	}
	if (c->yield) {
		c->yield = false;
		*stop = RV32_YIELD;
		return true;
	}
	*stop = RV32_UNTIL;
	return c->cycle >= c->until;
}

struct rv32_insn *rv32_enter(struct rv32 *c, enum rv32_stop *stop)
{
	while (!stops(c, stop)) {
		struct rv32_insn *e = rv32_find(c, c->pc);

		rv32_sync_irq(c);
		c->limit = c->until;
		if (c->changes && c->change[0].at < c->limit)
			c->limit = c->change[0].at;
		if (c->mie && (c->ip & c->ie) && !c->stuck &&
		    !(e && e->op == RV32_WFI)) {
			rv32_interrupt(c);
			continue;
		}
		if (e && !c->div_left && !c->stuck)
			return e;
		/* Nothing to fetch; a division or an access goes on. */
		rv32_slow(c);
	}
	return NULL;
}

enum rv32_stop rv32_run(struct rv32 *c, uint64_t until)
{
	c->until = until;
	if (c->fresh) {
		uint64_t cycles = RESET_CYCLES + rv32_late(c, c->pc);

		c->fresh = false;
		c->cycle += cycles;
		c->overhead += cycles;
	}
	return c->config.retired ? rv32_loop_reported(c) : rv32_loop(c);
}
