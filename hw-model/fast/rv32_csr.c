// SPDX-License-Identifier: MIT
// CSRs: ash_core_csr of the RTL.
#include "rv32_int.h"

/* XLEN 32, extensions C, I, M */
#define MISA   0x40001104u
#define MIMPID 0x00010000u
#define IRQS   (RV32_MEIP | RV32_MTIP | RV32_MSIP)

#define INHIBIT_CYCLE	1u
#define INHIBIT_INSTRET 4u

/* mhpmcounter, its upper half and mhpmevent, 3 to 31: they read zero. */
static bool is_idle_counter(uint32_t addr)
{
	uint32_t row = addr >> 5;

	return (addr & 31) >= 3 &&
	       (row == 0xb00 >> 5 || row == 0xb80 >> 5 || row == 0x320 >> 5);
}

bool rv32_csr_ok(uint32_t addr, bool write)
{
	if (write && addr >> 10 == 3)
		return false;
	switch (addr) {
	case 0x300:
	case 0x301:
	case 0x304:
	case 0x305:
	case 0x310:
	case 0x320:
	case 0x340:
	case 0x341:
	case 0x342:
	case 0x343:
	case 0x344:
	case 0xb00:
	case 0xb02:
	case 0xb80:
	case 0xb82:
	case 0xc00:
	case 0xc02:
	case 0xc80:
	case 0xc82:
	case 0xf11:
	case 0xf12:
	case 0xf13:
	case 0xf14:
	case 0xf15:
		return true;
	default:
		return is_idle_counter(addr);
	}
}

static uint64_t mcycle(const struct rv32 *c)
{
	return c->mcycle + (c->inhibit & INHIBIT_CYCLE ? 0 : c->cycle);
}

static uint64_t minstret(const struct rv32 *c)
{
	return c->minstret +
	       (c->inhibit & INHIBIT_INSTRET ? 0 : rv32_instret(c));
}

uint32_t rv32_csr_read(const struct rv32 *c, uint32_t addr)
{
	switch (addr) {
	case 0x300: /* mstatus: MPP is M */
		return 0x1800u | (c->mpie ? 0x80 : 0) | (c->mie ? 8 : 0);
	case 0x301:
		return MISA;
	case 0x304:
		return c->ie;
	case 0x305:
		return c->tvec;
	case 0x320:
		return c->inhibit;
	case 0x340:
		return c->scratch;
	case 0x341:
		return c->epc;
	case 0x342:
		return c->cause;
	case 0x343:
		return c->tval;
	case 0x344:
		return c->ip;
	case 0xb00:
	case 0xc00:
		return (uint32_t)mcycle(c);
	case 0xb80:
	case 0xc80:
		return (uint32_t)(mcycle(c) >> 32);
	case 0xb02:
	case 0xc02:
		return (uint32_t)minstret(c);
	case 0xb82:
	case 0xc82:
		return (uint32_t)(minstret(c) >> 32);
	case 0xf13:
		return MIMPID;
	case 0xf14:
		return c->config.hart_id;
	default: /* the others that there are read zero */
		return 0;
	}
}

/*
 * A write takes the place of the count of its own cycle, and of its own
 * instruction: what is written is there for the next one.
 */
static void set_mcycle(struct rv32 *c, uint64_t value)
{
	c->mcycle = value - (c->inhibit & INHIBIT_CYCLE ? 0 : c->cycle + 1);
}

static void set_minstret(struct rv32 *c, uint64_t value)
{
	c->minstret = value -
		      (c->inhibit & INHIBIT_INSTRET ? 0 : rv32_instret(c) + 1);
}

/* The write itself is still counted, or not, as before. */
static void set_inhibit(struct rv32 *c, uint32_t value)
{
	uint64_t cycle = mcycle(c) + !(c->inhibit & INHIBIT_CYCLE);
	uint64_t instret = minstret(c) + !(c->inhibit & INHIBIT_INSTRET);

	c->inhibit = value & (INHIBIT_CYCLE | INHIBIT_INSTRET);
	set_mcycle(c, cycle);
	set_minstret(c, instret);
}

static uint64_t low(uint64_t old, uint32_t v)
{
	return (old & ~0xffffffffull) | v;
}

static uint64_t high(uint64_t old, uint32_t v)
{
	return (old & 0xffffffffu) | (uint64_t)v << 32;
}

void rv32_csr_write(struct rv32 *c, uint32_t addr, uint32_t value)
{
	switch (addr) {
	case 0x300:
		c->mie = value >> 3 & 1;
		c->mpie = value >> 7 & 1;
		break;
	case 0x304:
		c->ie = value & IRQS;
		break;
	case 0x305:
		c->tvec = value & ~2u;
		break;
	case 0x320:
		set_inhibit(c, value);
		break;
	case 0x340:
		c->scratch = value;
		break;
	case 0x341:
		c->epc = value & ~1u;
		break;
	case 0x342:
		c->cause = value & 0x8000000fu;
		break;
	case 0x343:
		c->tval = value;
		break;
	case 0xb00:
		set_mcycle(c, low(mcycle(c), value));
		break;
	case 0xb80:
		set_mcycle(c, high(mcycle(c), value));
		break;
	case 0xb02:
		set_minstret(c, low(minstret(c), value));
		break;
	case 0xb82:
		set_minstret(c, high(minstret(c), value));
		break;
	default: /* the others keep what they are */
		break;
	}
}

void rv32_csr_reset(struct rv32 *c)
{
	c->mie = false;
	c->mpie = false;
	c->ie = 0;
	c->tvec = 0;
	c->epc = 0;
	c->cause = 0;
	c->tval = 0;
	c->scratch = 0;
	c->inhibit = 0;
	c->mcycle = 0 - c->cycle;
	c->overhead = c->cycle; /* none retired */
	c->minstret = 0;
}
