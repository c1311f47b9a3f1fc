// SPDX-License-Identifier: MIT
#include "tile.h"

#define SET(reg, value) io_write(base + ASHLAR_TILE_##reg, (value))

void tile_init(struct tile *t, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++, t++) {
		*t = (struct tile){ .base = TILE_REG(i, CTRL) };
		t->load_from = UINT32_MAX; /* no register value */
	}
}

void tile_program(struct tile *t, const struct tile_space *space,
		  const struct ashlar_job *job, uint32_t index, uint32_t count)
{
	const uint32_t base = t->base;
	uint32_t from = 0;
	int same;

	same = t->pt_context == space->context;
	if (!same) {
		t->pt_context = (uint8_t)space->context;
		SET(CONTEXT, space->context);
		SET(PT_ROOT_LO, space->root_lo);
		SET(PT_ROOT_HI, space->root_hi);
		SET(PT_ENTRIES, space->entries);
	}

	same = same && t->code_va == job->code_va &&
	       t->code_serial == job->code_serial &&
	       t->code_bytes == job->code_bytes &&
	       t->text_bytes == job->text_bytes && t->entry == job->entry;
	if (same) {
		if (t->code_kept)
			from = job->text_bytes & ~63u;
	} else {
		t->code_va = job->code_va;
		t->code_serial = job->code_serial;
		t->code_bytes = job->code_bytes;
		t->text_bytes = job->text_bytes;
		t->entry = job->entry;
		SET(CODE_VA_LO, (uint32_t)job->code_va);
		SET(CODE_VA_HI, (uint32_t)(job->code_va >> 32));
		SET(CODE_BYTES, job->code_bytes);
		SET(TEXT_BYTES, job->text_bytes);
		SET(ENTRY, job->entry);
	}
	if (from != t->load_from) {
		t->load_from = from;
		SET(LOAD_FROM, from);
	}
	/* Only the end of this run says that its text was loaded. */
	t->code_kept = 0;
	t->code_stale = 0;

	SET(ARG_VA_LO, (uint32_t)job->arg_va);
	SET(ARG_VA_HI, (uint32_t)(job->arg_va >> 32));
	SET(ARG_BYTES, job->arg_bytes);
	t->count = count;
	SET(INDEX, index);
	SET(COUNT, count);
	SET(GRID_X, job->grid[0]);
	SET(GRID_Y, job->grid[1]);
	SET(GRID_Z, job->grid[2]);
}

void tile_add_counters(const struct tile *t, struct ashlar_completion *c)
{
	const uint32_t base = t->base;

#define X(field, reg) c->field += io_read(base + ASHLAR_TILE_##reg);
	TILE_COUNTERS(X)
#undef X
}

void tile_read_fault(const struct tile *t, struct ashlar_completion *c)
{
	c->fault_cause = tile_read(t, ASHLAR_TILE_FAULT_CAUSE);
	c->fault_unit = tile_read(t, ASHLAR_TILE_FAULT_UNIT);
	c->fault_sub = tile_read(t, ASHLAR_TILE_FAULT_SUB);
	c->fault_pc = tile_read(t, ASHLAR_TILE_FAULT_PC);
	c->fault_addr = (uint64_t)tile_read(t, ASHLAR_TILE_FAULT_ADDR_HI)
				<< 32 |
			tile_read(t, ASHLAR_TILE_FAULT_ADDR_LO);
}
