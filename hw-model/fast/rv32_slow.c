// SPDX-License-Identifier: MIT
// What the loop leaves: traps, CSRs, WFI, the bus, jumps out of an area.
#include "rv32_int.h"

/* In the RTL, from WFI's first cycle until the clock may stop. */
#define DOZE_CYCLES 2

void rv32_report(struct rv32 *c, uint32_t pc, uint32_t insn, uint32_t rd,
		 bool trap)
{
	struct rv32_retired r = { .pc = pc, .insn = insn, .trap = trap };

	if (rd && rd != RV32_NOWHERE) {
		r.rd = rd;
		r.value = c->x[rd];
	}
	c->config.retired(c->config.retired_ctx, &r);
}

/* Cycles in which nothing retires. */
static void lose(struct rv32 *c, uint64_t cycles)
{
	c->cycle += cycles;
	c->overhead += cycles;
}

void rv32_sync_irq(struct rv32 *c)
{
	while (c->changes && c->cycle >= c->change[0].at) {
		c->ip = c->change[0].ip;
		c->change[0] = c->change[1];
		c->changes--;
	}
}

static void enter_trap(struct rv32 *c, uint32_t cause, uint32_t tval)
{
	c->mpie = c->mie;
	c->mie = false;
	c->epc = c->pc;
	c->cause = cause;
	c->tval = tval;
	c->pc = c->tvec & ~3u;
	c->div_left = 0;
}

void rv32_interrupt(struct rv32 *c)
{
	uint32_t pending = c->ip & c->ie;
	uint32_t cause = pending & RV32_MEIP ? 11 : pending & RV32_MSIP ? 3 : 7;

	enter_trap(c, 0x80000000u | cause, 0);
	if (c->tvec & 1)
		c->pc += 4 * cause;
	lose(c, 2);
}

/* cycles: to the first instruction of the handler. */
static void exception(struct rv32 *c, uint32_t insn, enum rv32_cause cause,
		      uint32_t tval, unsigned int cycles)
{
	if (c->config.retired)
		rv32_report(c, c->pc, insn, 0, true);
	if (c->config.halt_on_trap) {
		c->halted = true;
		c->halt = (struct rv32_halt){ cause, c->pc, tval };
		lose(c, cycles - 1);
		return;
	}
	enter_trap(c, cause, tval);
	lose(c, cycles);
}

/* The instruction is done: `before` cycles until then, `after` lost behind it. */
static void finish(struct rv32 *c, uint32_t insn, uint32_t rd, uint32_t value,
		   uint32_t next, unsigned int before, unsigned int after)
{
	if (rd)
		c->x[rd] = value;
	lose(c, before);
	if (c->config.retired)
		rv32_report(c, c->pc, insn, rd, false);
	c->pc = next;
	c->cycle++;
	lose(c, after);
}

static void jump(struct rv32 *c, uint32_t fetched, uint32_t rd, uint32_t link,
		 uint32_t target)
{
	finish(c, fetched, rd, link, target, 0, 1 + rv32_late(c, target));
}

/* A bus access has been tried. True: it is over, one way or the other. */
static bool answered(struct rv32 *c, enum rv32_answer answer)
{
	c->stuck = answer == RV32_WAIT;
	if (c->stuck)
		c->stop = RV32_WAITS;
	return !c->stuck;
}

static void load(struct rv32 *c, uint32_t fetched, uint32_t insn, uint32_t next)
{
	uint32_t rd = rv32_rd(insn), f3 = rv32_f3(insn);
	uint32_t addr = c->x[rv32_rs1(insn)] + rv32_imm(insn), v;
	unsigned int bytes = 1u << (f3 & 3);
	enum rv32_answer answer;

	if (addr & (bytes - 1)) {
		exception(c, fetched, RV32_LOAD_ALIGN, addr, 2);
		return;
	}
	answer = rv32_load(c, addr, bytes, &v);
	if (!answered(c, answer))
		return;
	if (answer != RV32_OK) {
		exception(c, fetched, RV32_LOAD_FAULT, addr, 3);
		return;
	}
	if (f3 == 0)
		v = (uint32_t)(int8_t)v;
	else if (f3 == 1)
		v = (uint32_t)(int16_t)v;
	finish(c, fetched, rd, v, next, 0, rv32_hazard(c, next, rd));
}

static void store(struct rv32 *c, uint32_t fetched, uint32_t insn,
		  uint32_t next)
{
	uint32_t addr = c->x[rv32_rs1(insn)] + rv32_imm(insn);
	unsigned int bytes = 1u << rv32_f3(insn);
	enum rv32_answer answer;

	if (addr & (bytes - 1)) {
		exception(c, fetched, RV32_STORE_ALIGN, addr, 2);
		return;
	}
	answer = rv32_store(c, addr, bytes, c->x[rv32_rs2(insn)]);
	if (!answered(c, answer))
		return;
	if (answer != RV32_OK)
		exception(c, fetched, RV32_STORE_FAULT, addr, 3);
	else
		finish(c, fetched, 0, 0, next, 0, 0);
}

/*
 * A division that does not end within `limit` stops there, so that an interrupt
 * can come then; it goes on unless one did.
 */
static void divide(struct rv32 *c, uint32_t fetched, uint32_t insn,
		   uint32_t next)
{
	uint32_t a = c->x[rv32_rs1(insn)], b = c->x[rv32_rs2(insn)];
	uint32_t f3 = rv32_f3(insn);
	uint32_t n = c->div_left ? c->div_left : rv32_div_cycles(f3, a, b);

	if (n > c->limit - c->cycle) {
		c->div_left = n - (uint32_t)(c->limit - c->cycle);
		lose(c, c->limit - c->cycle);
		return;
	}
	c->div_left = 0;
	finish(c, fetched, rv32_rd(insn), rv32_div(f3, a, b), next, n - 1, 0);
}

static bool is_taken(const struct rv32 *c, uint32_t insn)
{
	uint32_t a = c->x[rv32_rs1(insn)], b = c->x[rv32_rs2(insn)];
	uint32_t f3 = rv32_f3(insn);
	bool yes;

	if (f3 >> 1 == 0)
		yes = a == b;
	else if (f3 >> 1 == 2)
		yes = (int32_t)a < (int32_t)b;
	else
		yes = a < b;
	return yes != (f3 & 1);
}

static void csr(struct rv32 *c, uint32_t fetched, uint32_t insn, uint32_t next)
{
	uint32_t addr = insn >> 20, f3 = rv32_f3(insn), rs1 = rv32_rs1(insn);
	uint32_t operand = f3 & 4 ? rs1 : c->x[rs1];
	uint32_t old = rv32_csr_read(c, addr);

	if ((f3 & 3) == 1)
		rv32_csr_write(c, addr, operand);
	else if (rs1)
		rv32_csr_write(c, addr,
			       f3 & 1 ? old & ~operand : old | operand);
	finish(c, fetched, rv32_rd(insn), old, next, 0, 0);
}

static void wfi(struct rv32 *c, uint32_t next)
{
	if (c->ip & c->ie) {
		/* The clock came back a cycle before mip shows it. */
		c->mcycle += c->slept;
		c->slept = false;
		c->dozing = false;
		finish(c, RV32_INSN_WFI, 0, 0, next, 0, 0);
		return;
	}
	if (c->changes) {
		lose(c, c->limit - c->cycle);
		return;
	}
	if (!c->dozing)
		c->doze_at = c->cycle + DOZE_CYCLES;
	c->dozing = true;
	c->stop = RV32_ASLEEP;
}

static void system(struct rv32 *c, uint32_t insn, uint32_t next)
{
	switch (insn) {
	case RV32_INSN_ECALL:
		exception(c, insn, RV32_ECALL, 0, 2);
		break;
	case RV32_INSN_MRET:
		c->mie = c->mpie;
		c->mpie = true;
		jump(c, insn, 0, 0, c->epc);
		break;
	case RV32_INSN_WFI:
		wfi(c, next);
		break;
	default:
		csr(c, insn, insn, next);
		break;
	}
}

void rv32_slow(struct rv32 *c)
{
	uint32_t fetched, insn, next, rd;
	unsigned int bytes = rv32_fetch(c, c->pc, &fetched);
	bool illegal = false;

	if (bytes < rv32_bytes(fetched)) {
		exception(c, fetched, RV32_FETCH_FAULT, c->pc + bytes, 2);
		return;
	}
	insn = rv32_expand(fetched, &illegal);
	if (illegal || rv32_is_illegal(insn)) {
		exception(c, fetched, RV32_ILLEGAL, fetched, 2);
		return;
	}
	if (insn == RV32_INSN_EBREAK) {
		exception(c, fetched, RV32_BREAK, 0, 2);
		return;
	}
	next = c->pc + bytes;
	rd = rv32_rd(insn);
	switch (insn & 0x7f) {
	case RV32_OP_LOAD:
		load(c, fetched, insn, next);
		break;
	case RV32_OP_STORE:
		store(c, fetched, insn, next);
		break;
	case RV32_OP_JAL:
		jump(c, fetched, rd, next, c->pc + rv32_imm(insn));
		break;
	case RV32_OP_JALR:
		jump(c, fetched, rd, next,
		     (c->x[rv32_rs1(insn)] + rv32_imm(insn)) & ~1u);
		break;
	case RV32_OP_BRANCH:
		if (is_taken(c, insn))
			jump(c, fetched, 0, 0, c->pc + rv32_imm(insn));
		else
			finish(c, fetched, 0, 0, next, 0, 0);
		break;
	case RV32_OP_FENCE: /* fence.i: the RTL fetches anew */
		jump(c, fetched, 0, 0, next);
		break;
	case RV32_OP_REG: /* of which only divisions come here */
		divide(c, fetched, insn, next);
		break;
	default:
		system(c, insn, next);
		break;
	}
}
