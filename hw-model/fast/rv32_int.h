/* SPDX-License-Identifier: MIT */
/* What the files of the interpreter share (rv32.h is its interface). */
#ifndef ASH_FAST_RV32_INT_H
#define ASH_FAST_RV32_INT_H

#include "rv32.h"

#define RV32_LIKELY(x)	 __builtin_expect(!!(x), 1)
#define RV32_UNLIKELY(x) __builtin_expect(!!(x), 0)

/*
 * Instructions that the loop executes itself. Each has two operations, of 16
 * and of 32 bits, so that the way to the next one is a constant.
 */
/* clang-format off */
#define RV32_OPS(X)                                                            \
	X(NOP) X(LI)                                                           \
	X(ADDI) X(SLTI) X(SLTIU) X(XORI) X(ORI) X(ANDI) X(SLLI) X(SRLI)        \
	X(SRAI)                                                                \
	X(ADD) X(SUB) X(SLL) X(SLT) X(SLTU) X(XOR) X(SRL) X(SRA) X(OR) X(AND)  \
	X(MUL) X(MULH) X(MULHSU) X(MULHU) X(DIV) X(DIVU) X(REM) X(REMU)        \
	X(LB) X(LH) X(LW) X(LBU) X(LHU) X(SB) X(SH) X(SW)                      \
	X(BEQ) X(BNE) X(BLT) X(BGE) X(BLTU) X(BGEU) X(J) X(JAL) X(JALR)
/* clang-format on */

enum rv32_op {
	RV32_UNDECODED, /* 0: what fresh memory holds */
	RV32_SLOW, /* rv32_slow() does it */
	RV32_WFI, /* so too; an interrupt does not go before it */
#define X(name) RV32_##name##_2, RV32_##name##_4,
	RV32_OPS(X)
#undef X
};

/* One for each halfword of code. */
struct rv32_insn {
	uint16_t op;
	uint8_t rd; /* RV32_NOWHERE in place of x0 */
	uint8_t rs1, rs2;
	uint8_t extra; /* cycles for which the next one waits for rd */
	uint8_t late; /* cycles lost when jumped to: it is in two words */
	uint8_t pad[5];
	uint32_t imm; /* of branches and jumps: in halfwords */
};

_Static_assert(sizeof(struct rv32_insn) == 16, "memory of decoded code");

#define RV32_NOWHERE 32
/* Bytes of code for which there is one mark that some of it is decoded. */
#define RV32_LINE 64

struct rv32_area {
	struct rv32_region r;
	uint8_t *code; /* where instructions are: r.at when last not NULL */
	uint8_t *marks; /* for each line: something depends on it */
	struct rv32_insn *insns; /* NULL: not for instructions */
	size_t insns_bytes, marks_bytes;
};

struct rv32 {
	uint32_t x[33]; /* and RV32_NOWHERE */
	uint32_t pc;
	uint64_t cycle;
	uint64_t overhead; /* cycle less the instructions retired */
	uint64_t limit,
		until; /* the loop ends at `limit`, rv32_run() at `until` */

	/* The areas last used, as the loop wants them. */
	struct {
		uint32_t base, bytes;
		struct rv32_insn *insns;
	} code;
	struct {
		uint32_t base, bytes;
		uint8_t *at;
	} load;
	struct {
		uint32_t base, bytes, area_base;
		uint8_t *at, *marks;
	} store;

	struct rv32_area areas[RV32_REGIONS];
	struct rv32_config config;

	bool in_reset, fresh, halted;
	bool in_access, stuck; /* in a bus access; one was not granted */
	bool yield;
	int stop; /* enum rv32_stop, or -1 */
	struct rv32_halt halt;
	uint32_t div_left; /* cycles left of a division that `limit` cut */

	/* Interrupt lines, as bits of mip; up to two changes to come. */
	uint32_t ip;
	struct {
		uint32_t ip;
		uint64_t at;
	} change[2];
	unsigned int changes;

	bool mie, mpie;
	uint32_t ie, tvec, epc, cause, tval, scratch;
	uint32_t inhibit;
	/* The counters less their clocks; the counters themselves if inhibited. */
	uint64_t mcycle, minstret;
	bool dozing, slept;
	uint64_t doze_at; /* mcycle rests from here on */
};

#define RV32_MEIP (1u << 11)
#define RV32_MTIP (1u << 7)
#define RV32_MSIP (1u << 3)

enum rv32_cause {
	RV32_FETCH_FAULT = 1,
	RV32_ILLEGAL = 2,
	RV32_BREAK = 3,
	RV32_LOAD_ALIGN = 4,
	RV32_LOAD_FAULT = 5,
	RV32_STORE_ALIGN = 6,
	RV32_STORE_FAULT = 7,
	RV32_ECALL = 11,
};

/* ---- rv32_decode.c */

enum rv32_opcode {
	RV32_OP_LOAD = 0x03,
	RV32_OP_FENCE = 0x0f,
	RV32_OP_IMM = 0x13,
	RV32_OP_AUIPC = 0x17,
	RV32_OP_STORE = 0x23,
	RV32_OP_REG = 0x33,
	RV32_OP_LUI = 0x37,
	RV32_OP_BRANCH = 0x63,
	RV32_OP_JALR = 0x67,
	RV32_OP_JAL = 0x6f,
	RV32_OP_SYSTEM = 0x73,
};

#define RV32_INSN_ECALL	 0x00000073u
#define RV32_INSN_EBREAK 0x00100073u
#define RV32_INSN_MRET	 0x30200073u
#define RV32_INSN_WFI	 0x10500073u

static inline uint32_t rv32_rd(uint32_t insn)
{
	return insn >> 7 & 31;
}

static inline uint32_t rv32_f3(uint32_t insn)
{
	return insn >> 12 & 7;
}

static inline uint32_t rv32_rs1(uint32_t insn)
{
	return insn >> 15 & 31;
}

static inline uint32_t rv32_rs2(uint32_t insn)
{
	return insn >> 20 & 31;
}

static inline uint32_t rv32_bytes(uint32_t insn)
{
	return (insn & 3) == 3 ? 4 : 2;
}

/* The immediate of an instruction, whatever its format. */
uint32_t rv32_imm(uint32_t insn);
/* The 32-bit instruction for one as fetched; sets *illegal or leaves it. */
uint32_t rv32_expand(uint32_t fetched, bool *illegal);
bool rv32_is_illegal(uint32_t insn);
/* Cycles that the instruction at pc waits for rd of a load or product before it. */
unsigned int rv32_hazard(const struct rv32 *c, uint32_t pc, uint32_t rd);
/* Cycles lost at a jump to pc. */
unsigned int rv32_late(const struct rv32 *c, uint32_t pc);
/* Fills in the entry of pc, which is in an area with instructions. */
void rv32_decode(struct rv32 *c, uint32_t pc, struct rv32_insn *e);

/* ---- rv32_memory.c */

/* Bytes of the instruction that could be fetched: 0, 2 or 4; the rest is 0. */
unsigned int rv32_fetch(const struct rv32 *c, uint32_t pc, uint32_t *insn);
/* Makes `code` the area of pc and gives its entry, decoded; NULL: none. */
struct rv32_insn *rv32_find(struct rv32 *c, uint32_t pc);
/* Makes `load` or `store` the area of addr; false: not reached directly. */
bool rv32_find_load(struct rv32 *c, uint32_t addr);
bool rv32_find_store(struct rv32 *c, uint32_t addr);
/* Something decoded depends on these bytes. */
void rv32_mark(struct rv32 *c, uint32_t addr, uint32_t bytes);
/* Forgets what was decoded from these bytes. */
void rv32_forget(struct rv32 *c, uint32_t addr, uint32_t bytes);
/* A data access, aligned, wherever it goes. */
enum rv32_answer rv32_load(struct rv32 *c, uint32_t addr, unsigned int bytes,
			   uint32_t *value);
enum rv32_answer rv32_store(struct rv32 *c, uint32_t addr, unsigned int bytes,
			    uint32_t value);

void rv32_drop_regions(struct rv32 *c);

/* ---- rv32_csr.c */

bool rv32_csr_ok(uint32_t addr, bool write);
uint32_t rv32_csr_read(const struct rv32 *c, uint32_t addr);
/* By the instruction that executes now, and has not been counted yet. */
void rv32_csr_write(struct rv32 *c, uint32_t addr, uint32_t value);
void rv32_csr_reset(struct rv32 *c);

/* ---- rv32_slow.c */

/* Executes the instruction at pc, whatever it is but plain arithmetic. */
void rv32_slow(struct rv32 *c);
void rv32_interrupt(struct rv32 *c);
/* Makes `ip` what the lines are at this cycle. */
void rv32_sync_irq(struct rv32 *c);
/* Reports the instruction to the owner; c->cycle is when it completed. */
void rv32_report(struct rv32 *c, uint32_t pc, uint32_t insn, uint32_t rd,
		 bool trap);

/* ---- rv32.c */

/* Where the loop goes on; NULL: it does not, *stop says why. */
struct rv32_insn *rv32_enter(struct rv32 *c, enum rv32_stop *stop);

/* ---- rv32_loop.c */

enum rv32_stop rv32_loop(struct rv32 *c);
/* The same, with a report of each instruction. */
enum rv32_stop rv32_loop_reported(struct rv32 *c);

/* ---- division, for the loop and for rv32_slow() */

static inline uint32_t rv32_negate_if(bool negate, uint32_t v)
{
	return negate ? 0u - v : v;
}

/* Cycles from the first in the execute stage to the last, both counted. */
static inline uint32_t rv32_div_cycles(uint32_t f3, uint32_t a, uint32_t b)
{
	bool is_signed = !(f3 & 1);

	if (!b)
		return 2;
	a = rv32_negate_if(is_signed && a >> 31, a);
	b = rv32_negate_if(is_signed && b >> 31, b);
	if (a < b)
		return 3;
	return 4u + (uint32_t)(__builtin_clz(b) - __builtin_clz(a));
}

static inline uint32_t rv32_div(uint32_t f3, uint32_t a, uint32_t b)
{
	bool is_signed = !(f3 & 1), rest = f3 & 2;
	bool na = is_signed && a >> 31, nb = is_signed && b >> 31;
	uint32_t ua = rv32_negate_if(na, a), ub = rv32_negate_if(nb, b);

	if (!b)
		return rest ? a : ~0u;
	if (rest)
		return rv32_negate_if(na, ua % ub);
	return rv32_negate_if(na != nb, ua / ub);
}

#endif
