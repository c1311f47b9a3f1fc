// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* What a failed job's completion means, in words. */
#include "ashlar_queue.h"
#include "ashlar_regs.h"

static const char *unit_name(u32 unit)
{
	switch (unit) {
	case ASHLAR_TILE_FAULT_UNIT_CORE:
		return "tile core";
	case ASHLAR_TILE_FAULT_UNIT_LOADER:
		return "loader";
	case ASHLAR_TILE_FAULT_UNIT_LOAD:
		return "load DMA";
	case ASHLAR_TILE_FAULT_UNIT_STORE:
		return "store DMA";
	case ASHLAR_TILE_FAULT_UNIT_MATRIX:
		return "matrix unit";
	case ASHLAR_TILE_FAULT_UNIT_VECTOR:
		return "vector unit";
	default:
		return "unknown unit";
	}
}

/* RISC-V mcause of exceptions. */
static const char *exception_name(u32 mcause)
{
	switch (mcause) {
	case 0:
		return "misaligned jump";
	case 1:
		return "fetch from an address without memory";
	case 2:
		return "illegal instruction";
	case 3:
		return "breakpoint";
	case 4:
		return "misaligned load";
	case 5:
		return "load from an address without memory";
	case 6:
		return "misaligned store";
	case 7:
		return "store to an address without writable memory";
	case 8:
	case 11:
		return "environment call";
	default:
		return "exception";
	}
}

static int fault(char *text, size_t bytes, const char *name,
		 const struct ashlar_completion *c)
{
	const char *what;

	switch (c->fault_cause) {
	case ASHLAR_TILE_FAULT_CAUSE_CORE:
		return snprintf(text, bytes,
				"kernel %s on tile %u: %s (mcause %u), address 0x%llx, pc 0x%x",
				name, c->tile, exception_name(c->fault_sub),
				c->fault_sub, (unsigned long long)c->fault_addr,
				c->fault_pc);
	case ASHLAR_TILE_FAULT_CAUSE_COMMAND:
		return snprintf(text, bytes,
				"kernel %s on tile %u: the %s refused a parameter: register 0x%x of its block is 0x%llx, pc 0x%x",
				name, c->tile, unit_name(c->fault_unit),
				c->fault_sub, (unsigned long long)c->fault_addr,
				c->fault_pc);
	case ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID:
		what = "is not mapped";
		break;
	case ASHLAR_TILE_FAULT_CAUSE_PAGE_READ:
		what = "is not readable";
		break;
	case ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE:
		what = "is not writable";
		break;
	case ASHLAR_TILE_FAULT_CAUSE_BUS:
		what = "was refused by memory or host";
		break;
	default:
		what = "failed for an unknown cause";
		break;
	}
	return snprintf(text, bytes,
			"kernel %s on tile %u: %s: device address 0x%llx %s (cause %u), pc 0x%x",
			name, c->tile, unit_name(c->fault_unit),
			(unsigned long long)c->fault_addr, what, c->fault_cause,
			c->fault_pc);
}

int ashlar_fault_text(char *text, size_t bytes, const char *name,
		      const struct ashlar_completion *c)
{
	switch (c->status) {
	case ASHLAR_JOB_OK:
		return snprintf(text, bytes, "kernel %s: complete", name);
	case ASHLAR_JOB_EXIT:
		return snprintf(text, bytes,
				"kernel %s on tile %u: exited with code %u",
				name, c->tile, c->exit_code);
	case ASHLAR_JOB_FAULT:
		return fault(text, bytes, name, c);
	case ASHLAR_JOB_TIMEOUT:
		return snprintf(text, bytes,
				"kernel %s on tile %u: did not end within its timeout, pc 0x%x",
				name, c->tile, c->fault_pc);
	case ASHLAR_JOB_CANCELLED:
		return snprintf(text, bytes,
				"kernel %s: cancelled, because something before it failed or its queue was released",
				name);
	case ASHLAR_JOB_BAD:
		return snprintf(text, bytes,
				"kernel %s: the firmware refused the job: the field at byte %u of its descriptor",
				name, c->fault_sub);
	default:
		return snprintf(text, bytes, "kernel %s: unknown status %u",
				name, c->status);
	}
}
