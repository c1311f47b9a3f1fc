// SPDX-License-Identifier: MIT
/* Misuse reports: a fixed name and a sentence with the values. */
#include "model.h"
#include "ashlar_regs.h"
#include "record.h"

#include <inttypes.h>
#include <stdarg.h>

void model_misuse(struct ashlar_model *m, const char *name, const char *format,
		  ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (m->rec)
		record_misuse(m->rec, m->cycles, name, text);
	if (m->cb.misuse)
		m->cb.misuse(m->cb.ctx, name, text);
	if (m->strict)
		m->dead = true;
}

void model_board_misuse(struct ashlar_model *m, unsigned int bits,
			const struct model_misuse_values *v)
{
	unsigned int bell;

	bell = (unsigned int)(v->addr - ASHLAR_MAP_BAR0_DOORBELL_BASE) /
	       ASHLAR_MAP_BAR0_DOORBELL_STRIDE;
	if (bits & ASHLAR_HOST_HOST_ERR_UNMAPPED_MASK)
		model_misuse(m, "unmapped-register",
			     "%s BAR0 offset 0x%05" PRIx64
			     ", where no register is",
			     v->we ? "write to" : "read of", v->addr);
	if (bits & ASHLAR_HOST_HOST_ERR_DB_DISABLED_MASK)
		model_misuse(m, "doorbell-disabled",
			     "doorbell %u rung with %" PRIu32
			     ", but its queue does not exist (depth 0)",
			     bell, v->value);
	if (bits & ASHLAR_HOST_HOST_ERR_DB_OVERRUN_MASK)
		model_misuse(m, "doorbell-overrun",
			     "doorbell %u rung with %" PRIu32
			     ", beyond head %" PRIu32 " + depth %" PRIu32,
			     bell, v->value, v->head, v->depth);
	if (bits & ASHLAR_HOST_HOST_ERR_DMA_RANGE_MASK)
		model_misuse(
			m, "dma-range",
			"DMA address 0x%" PRIx64
			" was refused by the host or is beyond board memory",
			v->addr);
}
