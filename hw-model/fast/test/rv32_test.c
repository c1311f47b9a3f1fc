// SPDX-License-Identifier: MIT
// The interpreter's interface: regions, the bus, time, interrupts, decoded code.
#include <string.h>

#include "../rv32.h"
#include "counted.h"

#define CODE	0x1000u
#define DATA	0x20000000u
#define BUS	0x40000000u
#define SIZE	4096u
#define FOREVER 1000000u

/* Words of memory as the core sees it, and a bus that remembers. */
struct world {
	struct rv32 *core;
	uint8_t code[SIZE], data[SIZE];
	unsigned int loads, stores, bytes;
	uint32_t addr, stored, answer_value;
	enum rv32_answer answer;
	void (*in_access)(struct world *w);
	unsigned int retired;
	struct rv32_retired last;
};

/* ---- instructions */

enum { X0, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3 };

static uint32_t i_type(uint32_t op, uint32_t f3, uint32_t rd, uint32_t rs1,
		       uint32_t imm)
{
	return imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}

static uint32_t addi(uint32_t rd, uint32_t rs1, uint32_t imm)
{
	return i_type(0x13, 0, rd, rs1, imm & 0xfff);
}

static uint32_t lui(uint32_t rd, uint32_t value)
{
	return (value & 0xfffff000u) | rd << 7 | 0x37;
}

static uint32_t lw(uint32_t rd, uint32_t rs1, uint32_t imm)
{
	return i_type(0x03, 2, rd, rs1, imm);
}

static uint32_t lbu(uint32_t rd, uint32_t rs1, uint32_t imm)
{
	return i_type(0x03, 4, rd, rs1, imm);
}

static uint32_t store(uint32_t f3, uint32_t rs2, uint32_t rs1, uint32_t imm)
{
	return (imm >> 5) << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 |
	       (imm & 31) << 7 | 0x23;
}

static uint32_t sw(uint32_t rs2, uint32_t rs1, uint32_t imm)
{
	return store(2, rs2, rs1, imm);
}

static uint32_t csrrw(uint32_t rd, uint32_t csr, uint32_t rs1)
{
	return i_type(0x73, 1, rd, rs1, csr);
}

static uint32_t csrr(uint32_t rd, uint32_t csr)
{
	return i_type(0x73, 2, rd, X0, csr);
}

static uint32_t divu(uint32_t rd, uint32_t rs1, uint32_t rs2)
{
	return 1u << 25 | rs2 << 20 | rs1 << 15 | 5u << 12 | rd << 7 | 0x33;
}

#define NOP	0x00000013u
#define SELF	0x0000006fu /* jal x0, . */
#define WFI	0x10500073u
#define EBREAK	0x00100073u
#define MIE	0x304
#define MTVEC	0x305
#define MSTATUS 0x300
#define MCAUSE	0x342
#define MEPC	0x341
#define MCYCLE	0xb00

/* ---- the world */

static enum rv32_answer bus_load(void *ctx, uint32_t addr, unsigned int bytes,
				 uint32_t *value)
{
	struct world *w = ctx;

	w->loads++;
	w->addr = addr;
	w->bytes = bytes;
	*value = w->answer_value;
	if (w->in_access)
		w->in_access(w);
	return w->answer;
}

static enum rv32_answer bus_store(void *ctx, uint32_t addr, unsigned int bytes,
				  uint32_t value)
{
	struct world *w = ctx;

	w->stores++;
	w->addr = addr;
	w->bytes = bytes;
	w->stored = value;
	if (w->in_access)
		w->in_access(w);
	return w->answer;
}

static void on_retired(void *ctx, const struct rv32_retired *r)
{
	struct world *w = ctx;

	w->retired++;
	w->last = *r;
}

static void put(struct world *w, const uint32_t *insns, size_t n)
{
	memcpy(w->code, insns, n * sizeof(*insns));
}

static void start(struct world *w, const uint32_t *insns, size_t n)
{
	put(w, insns, n);
	rv32_written(w->core, CODE, (uint32_t)(n * sizeof(*insns)));
	rv32_reset(w->core, CODE);
}

/* Runs a program from reset on. */
#define PROGRAM(w, ...)                                               \
	do {                                                          \
		const uint32_t insns_[] = { __VA_ARGS__ };            \
		start((w), insns_, sizeof(insns_) / sizeof(*insns_)); \
	} while (0)

static struct world *new_world(bool halt_on_trap, bool report)
{
	struct world *w = calloc(1, sizeof(*w));
	struct rv32_config config = { .hart_id = 7,
				      .halt_on_trap = halt_on_trap };
	struct rv32_region r = { CODE, SIZE, NULL, true, true, 0 };

	assert_non_null(w);
	config.bus = (struct rv32_bus){ bus_load, bus_store, w };
	config.retired = report ? on_retired : NULL;
	config.retired_ctx = w;
	w->core = rv32_new(&config);
	assert_non_null(w->core);
	r.at = w->code;
	assert_true(rv32_set_region(w->core, 0, &r));
	r = (struct rv32_region){ DATA, SIZE, w->data, false, true, 0 };
	assert_true(rv32_set_region(w->core, 1, &r));
	return w;
}

static int set_up(void **state)
{
	*state = new_world(true, false);
	return 0;
}

static int set_up_traps(void **state)
{
	*state = new_world(false, false);
	return 0;
}

static int set_up_reports(void **state)
{
	*state = new_world(true, true);
	return 0;
}

static int tear_down(void **state)
{
	struct world *w = *state;

	rv32_delete(w->core);
	free(w);
	return 0;
}

static void run(struct world *w, enum rv32_stop want)
{
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + FOREVER),
			 want);
}

static void halts(struct world *w, uint32_t cause, uint32_t pc, uint32_t tval)
{
	struct rv32_halt h;

	run(w, RV32_HALTED);
	rv32_halt(w->core, &h);
	assert_int_equal(h.cause, cause);
	assert_int_equal(h.pc, pc);
	assert_int_equal(h.tval, tval);
}

/* ---- time */

static void until_is_kept(void **state)
{
	struct world *w = *state;

	PROGRAM(w, NOP, NOP, NOP, SELF);
	assert_int_equal(rv32_cycle(w->core), 0);
	assert_int_equal(rv32_run(w->core, 5), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), 5); /* the first is at 3 */
	assert_int_equal(rv32_instret(w->core), 2);
	assert_int_equal(rv32_pc(w->core), CODE + 8);
	assert_int_equal(rv32_run(w->core, 5), RV32_UNTIL);
	assert_int_equal(rv32_instret(w->core), 2);
	assert_int_equal(rv32_run(w->core, 7), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), 8); /* a jump takes two */
	rv32_set_cycle(w->core, 100, false);
	assert_int_equal(rv32_instret(w->core), 4);
	assert_int_equal(rv32_run(w->core, 101), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), 102);
	assert_int_equal(rv32_instret(w->core), 5);
}

static void reset_clears(void **state)
{
	struct world *w = *state;
	uint64_t before;

	PROGRAM(w, addi(A0, X0, 5), csrrw(X0, 0x340, A0), lui(T0, BUS), EBREAK);
	halts(w, 3, CODE + 12, 0);
	PROGRAM(w, lui(T0, BUS), sw(A0, T0, 0), csrr(A1, 0x340), sw(A1, T0, 0),
		csrr(A1, MCYCLE), sw(A1, T0, 0), EBREAK);
	before = rv32_cycle(w->core);
	w->stored = 1;
	w->in_access = NULL;
	assert_int_equal(rv32_instret(w->core), 0);
	assert_int_equal(rv32_run(w->core, before + 5), RV32_UNTIL);
	assert_int_equal(w->stores, 1);
	assert_int_equal(w->stored, 0);
	assert_int_equal(rv32_run(w->core, before + 7), RV32_UNTIL);
	assert_int_equal(w->stores, 2);
	assert_int_equal(w->stored, 0);
	assert_int_equal(rv32_run(w->core, before + 9), RV32_UNTIL);
	assert_int_equal(w->stored, 7); /* since this reset */
}

static void never_reset_does_nothing(void **state)
{
	struct world *w = *state;

	run(w, RV32_HALTED);
	assert_int_equal(rv32_cycle(w->core), 0);
}

static void access_may_take_time(struct world *w)
{
	rv32_set_cycle(w->core, rv32_cycle(w->core) + 10, false);
}

static void time_moves_in_an_access(void **state)
{
	struct world *w = *state;

	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 0), SELF);
	w->in_access = access_may_take_time;
	assert_int_equal(rv32_run(w->core, 6), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), 15);
	assert_int_equal(rv32_instret(w->core), 2);
}

/* ---- memory */

static void region_not_read_faults(void **state)
{
	struct world *w = *state;
	struct rv32_region r = { DATA, SIZE, w->data, false, false, 0 };

	assert_true(rv32_set_region(w->core, 1, &r));
	PROGRAM(w, lui(T0, DATA), sw(T0, T0, 4), lw(A0, T0, 4));
	halts(w, 5, CODE + 8, DATA + 4);
	assert_int_equal(w->data[7], DATA >> 24);
	assert_int_equal(w->loads, 0);
}

static void stores_below_write_from_fault(void **state)
{
	struct world *w = *state;
	struct rv32_region r = { DATA, SIZE, w->data, false, true, 64 };

	assert_true(rv32_set_region(w->core, 1, &r));
	PROGRAM(w, lui(T0, DATA), sw(T0, T0, 64), lw(A0, T0, 0),
		sw(T0, T0, 60));
	halts(w, 7, CODE + 12, DATA + 60);
	assert_int_equal(w->data[67], DATA >> 24);
	assert_int_equal(w->data[63], 0);
	r.write_from = SIZE;
	assert_true(rv32_set_region(w->core, 1, &r));
	PROGRAM(w, lui(T0, DATA), store(0, T0, T0, 2047));
	halts(w, 7, CODE + 4, DATA + 2047);
	assert_int_equal(w->stores, 0);
}

static void no_memory_means_the_bus(void **state)
{
	struct world *w = *state;

	w->data[8] = 0x11;
	w->answer_value = 0xffffff22u; /* no other bits count */
	PROGRAM(w, lui(T0, DATA), lbu(A0, T0, 8), lbu(A0, T0, 8),
		store(1, T0, T0, 10), lw(A0, T0, 8), EBREAK);
	assert_int_equal(rv32_run(w->core, 5), RV32_UNTIL);
	assert_int_equal(w->loads, 0);
	rv32_set_memory(w->core, 1, NULL);
	assert_int_equal(rv32_run(w->core, 6), RV32_UNTIL);
	assert_int_equal(w->loads, 1);
	assert_int_equal(w->addr, DATA + 8);
	assert_int_equal(w->bytes, 1);
	assert_int_equal(rv32_run(w->core, 7), RV32_UNTIL);
	assert_int_equal(w->stores, 1);
	assert_int_equal(w->bytes, 2);
	assert_int_equal(w->stored, DATA & 0xffff);
	rv32_set_memory(w->core, 1, w->data);
	halts(w, 3, CODE + 20, 0);
	assert_int_equal(w->loads, 1);
}

static void narrow_values_are_cut(void **state)
{
	struct world *w = *state;

	w->answer_value = 0xffffff22u;
	PROGRAM(w, lui(T0, BUS), lbu(A0, T0, 1), sw(A0, T0, 0), EBREAK);
	halts(w, 3, CODE + 12, 0);
	assert_int_equal(w->stored, 0x22);
}

static void bus_errors_fault(void **state)
{
	struct world *w = *state;

	w->answer = RV32_ERROR;
	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 4));
	halts(w, 5, CODE + 4, BUS + 4);
	PROGRAM(w, lui(T0, BUS), store(0, A0, T0, 3));
	halts(w, 7, CODE + 4, BUS + 3);
	/* misaligned ones never get there */
	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 2));
	halts(w, 4, CODE + 4, BUS + 2);
	assert_int_equal(w->loads, 1);
}

static void impossible_regions_are_refused(void **state)
{
	struct world *w = *state;
	struct rv32_region odd = { 0x2002, 64, w->data, false, true, 0 };
	struct rv32_region cut = { 0x2000, 62, w->data, false, true, 0 };
	struct rv32_region wraps = { 0xffffff00u, 512, w->data, 0, true, 0 };
	struct rv32_region last = { 0xffffff00u, 256, w->data, 0, true, 0 };

	assert_false(rv32_set_region(w->core, 2, &odd));
	assert_false(rv32_set_region(w->core, 2, &cut));
	assert_false(rv32_set_region(w->core, 2, &wraps));
	assert_false(rv32_set_region(w->core, RV32_REGIONS, &last));
	assert_true(rv32_set_region(w->core, 2, &last));
	w->data[255] = 99;
	PROGRAM(w, lui(T0, BUS), lbu(A0, X0, 0xfff), sw(A0, T0, 0), EBREAK);
	halts(w, 3, CODE + 12, 0);
	assert_int_equal(w->stored, 99);
}

/* ---- the bus that waits, and that yields */

static void wait_keeps_the_instruction(void **state)
{
	struct world *w = *state;
	uint64_t cycle, instret;

	PROGRAM(w, lui(T0, BUS), sw(T0, T0, 8), addi(A0, X0, 1), SELF);
	w->answer = RV32_WAIT;
	run(w, RV32_WAITS);
	cycle = rv32_cycle(w->core);
	instret = rv32_instret(w->core);
	assert_int_equal(rv32_pc(w->core), CODE + 4);
	assert_int_equal(instret, 1);
	rv32_set_cycle(w->core, cycle + 3, false);
	run(w, RV32_WAITS);
	assert_int_equal(w->stores, 2);
	assert_int_equal(rv32_instret(w->core), 1);
	w->answer = RV32_OK;
	assert_int_equal(rv32_run(w->core, cycle + 4), RV32_UNTIL);
	assert_int_equal(w->stores, 3);
	assert_int_equal(rv32_instret(w->core), 2);
}

/* mtvec to CODE + 0x100, software interrupts on; four instructions. */
#define INTERRUPTS                                                       \
	addi(T0, X0, 8), csrrw(X0, MIE, T0),                             \
		i_type(0x37, 0, T1, 0, 0) | 0x1000, addi(T1, T1, 0x100), \
		csrrw(X0, MTVEC, T1), csrrw(X0, MSTATUS, T0), lui(T0, BUS)
#define AFTER_INTERRUPTS (CODE + 28)

static void handler(struct world *w)
{
	const uint32_t insns[] = { csrr(A2, MEPC), sw(A2, T0, 0x100), SELF };

	memcpy(w->code + 0x100, insns, sizeof(insns));
}

/* mepc as the handler stored it. */
static uint32_t interrupted(struct world *w)
{
	w->answer = RV32_OK;
	w->in_access = NULL;
	w->addr = 0;
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + 30),
			 RV32_UNTIL);
	assert_int_equal(w->addr, BUS + 0x100);
	return w->stored;
}

static void no_interrupt_before_a_waiting_access(void **state)
{
	struct world *w = *state;

	handler(w);
	PROGRAM(w, INTERRUPTS, sw(A0, T0, 8), NOP, SELF);
	w->answer = RV32_WAIT;
	run(w, RV32_WAITS);
	rv32_set_irq(w->core, false, false, true);
	run(w, RV32_WAITS);
	assert_int_equal(rv32_pc(w->core), AFTER_INTERRUPTS);
	/* Then the memory is there, and the access is done from there. */
	assert_int_equal(interrupted(w), AFTER_INTERRUPTS + 4);
}

static void yields(struct world *w)
{
	rv32_yield(w->core);
}

static void yield_is_after_the_access(void **state)
{
	struct world *w = *state;

	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 8), sw(A0, T0, 12), SELF);
	rv32_yield(w->core); /* in vain */
	w->in_access = yields;
	w->answer_value = 1234;
	run(w, RV32_YIELD);
	assert_int_equal(rv32_pc(w->core), CODE + 8);
	assert_int_equal(rv32_instret(w->core), 2);
	run(w, RV32_YIELD);
	assert_int_equal(w->stored, 1234);
	assert_int_equal(rv32_pc(w->core), CODE + 12);
	w->answer = RV32_WAIT;
	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 8), SELF);
	run(w, RV32_WAITS);
	w->answer = RV32_OK;
	w->in_access = NULL;
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + 9),
			 RV32_UNTIL);
}

/* ---- interrupts */

static void raises(struct world *w)
{
	rv32_set_irq(w->core, false, false, true);
}

static void interrupt_from_an_access(void **state)
{
	struct world *w = *state;

	handler(w);
	PROGRAM(w, INTERRUPTS, sw(A0, T0, 8), NOP, NOP, SELF);
	w->in_access = raises;
	assert_int_equal(rv32_run(w->core, 11), RV32_UNTIL);
	assert_int_equal(w->stores, 1);
	/* The one behind the access is still executed. */
	assert_int_equal(interrupted(w), AFTER_INTERRUPTS + 8);
	rv32_set_irq(w->core, false, false, false);
}

static void interrupt_between_runs(void **state)
{
	struct world *w = *state;

	handler(w);
	PROGRAM(w, INTERRUPTS, NOP, NOP, SELF);
	assert_int_equal(rv32_run(w->core, 11), RV32_UNTIL);
	assert_int_equal(rv32_pc(w->core), AFTER_INTERRUPTS + 4);
	rv32_set_irq(w->core, true, true, false); /* not enabled */
	assert_int_equal(rv32_run(w->core, 12), RV32_UNTIL);
	rv32_set_irq(w->core, true, true, true);
	assert_int_equal(interrupted(w), AFTER_INTERRUPTS + 8);
}

static void interrupt_in_a_division(void **state)
{
	struct world *w = *state;

	handler(w);
	PROGRAM(w, INTERRUPTS, addi(A0, X0, 0xfff), addi(A1, X0, 1),
		divu(A3, A0, A1), sw(A3, T0, 0), SELF);
	/* The division is from 12 to 46. */
	assert_int_equal(rv32_run(w->core, 30), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), 30);
	assert_int_equal(rv32_instret(w->core), 9);
	assert_int_equal(rv32_run(w->core, 46), RV32_UNTIL);
	assert_int_equal(rv32_instret(w->core), 9);
	rv32_set_irq(w->core, false, false, true);
	assert_int_equal(interrupted(w), AFTER_INTERRUPTS + 8);
	rv32_set_irq(w->core, false, false, false);
	/* Cut in pieces it takes no longer, and comes out right. */
	PROGRAM(w, INTERRUPTS, addi(A0, X0, 0xfff), addi(A1, X0, 1),
		divu(A3, A0, A1), sw(A3, T0, 0), SELF);
	for (uint64_t t = rv32_cycle(w->core), end = t + 47; t < end; t++)
		assert_int_equal(rv32_run(w->core, t + 1), RV32_UNTIL);
	assert_int_equal(rv32_instret(w->core), 10);
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + 1),
			 RV32_UNTIL);
	assert_int_equal(w->stored, ~0u);
}

static void wfi_sleeps(void **state)
{
	struct world *w = *state;
	uint64_t at;

	handler(w);
	PROGRAM(w, INTERRUPTS, csrr(A0, MCYCLE), WFI, csrr(A1, MCYCLE), NOP,
		SELF);
	run(w, RV32_ASLEEP);
	at = rv32_cycle(w->core);
	assert_int_equal(rv32_pc(w->core), AFTER_INTERRUPTS + 4);
	run(w, RV32_ASLEEP);
	assert_int_equal(rv32_cycle(w->core), at);
	rv32_set_irq(w->core, true, false, false); /* not enabled */
	run(w, RV32_ASLEEP);
	rv32_set_cycle(w->core, at + 500, true);
	rv32_set_cycle(w->core, at + 1000, true);
	rv32_set_irq(w->core, false, false, true);
	/* WFI completes, then the interrupt is taken. */
	assert_int_equal(interrupted(w), AFTER_INTERRUPTS + 8);
}

static void mcycle_rests_in_wfi(void **state)
{
	struct world *w = *state;
	uint32_t before;

	PROGRAM(w, lui(T0, BUS), addi(A0, X0, 8), csrrw(X0, MIE, A0),
		csrr(A0, MCYCLE), sw(A0, T0, 0), WFI, csrr(A0, MCYCLE),
		sw(A0, T0, 0), SELF);
	run(w, RV32_ASLEEP);
	before = w->stored;
	rv32_set_cycle(w->core, rv32_cycle(w->core) + 100000, true);
	rv32_set_irq(w->core, false, false, true);
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + 4),
			 RV32_UNTIL);
	assert_int_equal(w->stores, 2);
	assert_in_range(w->stored - before, 3, 7);
}

/* ---- decoded code */

static void own_stores_change_code(void **state)
{
	struct world *w = *state;

	/* Over the instruction behind the store, which was executed before. */
	PROGRAM(w, lui(T1, CODE), lui(T0, BUS), lw(A0, T1, 0x100),
		addi(A1, X0, 1), sw(A1, T0, 0), sw(A0, T1, 12),
		0xff9ff06f /* jal x0, -8 */);
	memcpy(w->code + 0x100, &(uint32_t){ EBREAK }, 4);
	w->in_access = yields;
	run(w, RV32_YIELD);
	run(w, RV32_YIELD);
	PROGRAM(w, lui(T1, CODE), lui(T0, BUS), lw(A0, T1, 0x100), NOP,
		sw(A0, T1, 12), 0xff9ff06f);
	halts(w, 3, CODE + 12, 0);
}

static void stores_over_the_bus_change_code(void **state)
{
	struct world *w = *state;
	const uint32_t trap = EBREAK;

	PROGRAM(w, lui(T1, CODE), NOP, sw(A0, T1, 4), 0xff9ff06f);
	rv32_set_memory(w->core, 0, NULL);
	w->in_access = yields;
	run(w, RV32_YIELD);
	run(w, RV32_YIELD);
	assert_int_equal(w->stores, 2);
	memcpy(w->code + 4, &trap, 4); /* what the next one is to write */
	halts(w, 3, CODE + 4, 0);
	assert_int_equal(w->stores, 2);
}

static void written_changes_code(void **state)
{
	struct world *w = *state;
	const uint32_t trap = EBREAK;

	PROGRAM(w, NOP, NOP, 0xff9ff06f);
	assert_int_equal(rv32_run(w->core, 20), RV32_UNTIL);
	memcpy(w->code + 4, &trap, 4);
	rv32_written(w->core, CODE + 6, 2); /* any of its bytes */
	halts(w, 3, CODE + 4, 0);
	/* a large piece, beyond both ends */
	PROGRAM(w, NOP, NOP, 0xff9ff06f);
	rv32_reset(w->core, CODE);
	assert_int_equal(rv32_run(w->core, rv32_cycle(w->core) + 20),
			 RV32_UNTIL);
	memcpy(w->code, &trap, 4);
	rv32_written(w->core, 0, 0x10000);
	halts(w, 3, CODE, 0);
}

static void delay_of_a_load_follows_the_code(void **state)
{
	struct world *w = *state;
	const uint32_t user = addi(A1, A0, 0);
	uint64_t t;

	PROGRAM(w, lui(T0, DATA), lw(A0, T0, 0), NOP, SELF);
	t = rv32_cycle(w->core);
	assert_int_equal(rv32_run(w->core, t + 5), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), t + 5);
	memcpy(w->code + 8, &user, 4);
	rv32_written(w->core, CODE + 8, 4);
	rv32_reset(w->core, CODE);
	t = rv32_cycle(w->core);
	assert_int_equal(rv32_run(w->core, t + 5), RV32_UNTIL);
	assert_int_equal(rv32_cycle(w->core), t + 6);
}

static void code_goes_on_in_the_next_region(void **state)
{
	struct world *w = *state;
	struct rv32_region next = { CODE + SIZE, SIZE, w->data, true, true, 0 };
	const uint32_t halves[] = { addi(A0, X0, 77), sw(A0, T0, 0), EBREAK };
	const uint8_t *bytes = (const uint8_t *)halves;

	memcpy(w->code + SIZE - 2, bytes, 2);
	memcpy(w->data, bytes + 2, sizeof(halves) - 2);
	rv32_reset(w->core, CODE + SIZE - 2);
	/* Nothing there yet: the second half cannot be fetched. */
	halts(w, 1, CODE + SIZE - 2, CODE + SIZE);
	assert_true(rv32_set_region(w->core, 1, &next));
	rv32_reset(w->core, CODE + SIZE - 2);
	halts(w, 3, CODE + SIZE + 6, 0);
	assert_int_equal(w->stored, 77);
	/* The half in the next region is changed. */
	w->data[1] += 1 << 4;
	rv32_written(w->core, CODE + SIZE, 2);
	rv32_reset(w->core, CODE + SIZE - 2);
	halts(w, 3, CODE + SIZE + 6, 0);
	assert_int_equal(w->stored, 77 + 256);
	/* And a jump where there is nothing. */
	rv32_reset(w->core, 0x70000000);
	halts(w, 1, 0x70000000, 0x70000000);
}

static void moves_code(struct world *w)
{
	const struct rv32_region none = { 0 };
	struct rv32_region r = { CODE, SIZE, w->data, true, true, 0 };

	w->in_access = NULL;
	memcpy(w->data, w->code, SIZE);
	memcpy(w->data + 8, &(uint32_t){ EBREAK }, 4);
	assert_true(rv32_set_region(w->core, 1, &none));
	assert_true(rv32_set_region(w->core, 0, &r));
}

static void regions_change_in_an_access(void **state)
{
	struct world *w = *state;

	PROGRAM(w, lui(T0, BUS), lw(A0, T0, 0), SELF);
	w->in_access = moves_code;
	halts(w, 3, CODE + 8, 0);
}

static void other_memory_is_other_code(void **state)
{
	struct world *w = *state;

	PROGRAM(w, NOP, SELF);
	assert_int_equal(rv32_run(w->core, 20), RV32_UNTIL);
	memcpy(w->data + 4, &(uint32_t){ EBREAK }, 4);
	rv32_set_memory(w->core, 0, w->data);
	halts(w, 3, CODE + 4, 0);
}

/* ---- reports */

static void instructions_are_reported(void **state)
{
	struct world *w = *state;

	PROGRAM(w, addi(A0, X0, 5), 0x95aa0001 /* c.nop; c.add a1, a0 */,
		divu(A2, A0, A1), sw(A0, X0, 0), EBREAK);
	assert_int_equal(rv32_run(w->core, 4), RV32_UNTIL);
	assert_int_equal(w->retired, 1);
	assert_int_equal(w->last.pc, CODE);
	assert_int_equal(w->last.rd, A0);
	assert_int_equal(w->last.value, 5);
	assert_false(w->last.trap);
	assert_int_equal(rv32_run(w->core, 5), RV32_UNTIL);
	assert_int_equal(w->last.rd, 0);
	assert_int_equal(w->last.insn, 1);
	assert_int_equal(rv32_run(w->core, 6), RV32_UNTIL);
	assert_int_equal(w->last.insn, 0x95aa);
	assert_int_equal(w->last.rd, A1);
	halts(w, 3, CODE + 16, 0);
	assert_int_equal(w->retired, 6);
	assert_true(w->last.trap);
	assert_int_equal(w->last.insn, EBREAK);
	assert_int_equal(rv32_instret(w->core), 5);
}

#define HALTING(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TRAPPING(name) \
	cmocka_unit_test_setup_teardown(name, set_up_traps, tear_down)
#define REPORTING(name) \
	cmocka_unit_test_setup_teardown(name, set_up_reports, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HALTING(until_is_kept),
		HALTING(reset_clears),
		HALTING(never_reset_does_nothing),
		HALTING(time_moves_in_an_access),
		HALTING(region_not_read_faults),
		HALTING(stores_below_write_from_fault),
		HALTING(no_memory_means_the_bus),
		HALTING(narrow_values_are_cut),
		HALTING(bus_errors_fault),
		HALTING(impossible_regions_are_refused),
		HALTING(wait_keeps_the_instruction),
		TRAPPING(no_interrupt_before_a_waiting_access),
		HALTING(yield_is_after_the_access),
		TRAPPING(interrupt_from_an_access),
		TRAPPING(interrupt_between_runs),
		TRAPPING(interrupt_in_a_division),
		TRAPPING(wfi_sleeps),
		HALTING(mcycle_rests_in_wfi),
		HALTING(own_stores_change_code),
		HALTING(stores_over_the_bus_change_code),
		HALTING(written_changes_code),
		HALTING(delay_of_a_load_follows_the_code),
		HALTING(code_goes_on_in_the_next_region),
		HALTING(regions_change_in_an_access),
		HALTING(other_memory_is_other_code),
		REPORTING(instructions_are_reported),
	};

	return RUN_COUNTED(tests);
}
