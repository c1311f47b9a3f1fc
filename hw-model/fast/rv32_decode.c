// SPDX-License-Identifier: MIT
// From bytes of code to entries that the loop executes: ash_core_expand and
// ash_core_decode of the RTL, and those of its delays that hang on the code
// alone.
#include "rv32_int.h"

/* Bits `low` and up, `n` of them, of v, put at bit `to`. */
static uint32_t move(uint32_t v, unsigned int low, unsigned int n,
		     unsigned int to)
{
	return (v >> low & ((1u << n) - 1)) << to;
}

static uint32_t sign(uint32_t v, unsigned int bit)
{
	return v >> bit & 1 ? ~0u << bit : 0;
}

uint32_t rv32_imm(uint32_t insn)
{
	uint32_t top = sign(insn, 31);

	switch (insn & 0x7f) {
	case RV32_OP_LUI:
	case RV32_OP_AUIPC:
		return insn & 0xfffff000u;
	case RV32_OP_JAL:
		return (top ? ~0u << 20 : 0) | move(insn, 12, 8, 12) |
		       move(insn, 20, 1, 11) | move(insn, 21, 10, 1);
	case RV32_OP_BRANCH:
		return (top ? ~0u << 12 : 0) | move(insn, 7, 1, 11) |
		       move(insn, 25, 6, 5) | move(insn, 8, 4, 1);
	case RV32_OP_STORE:
		return (top ? ~0u << 11 : 0) | move(insn, 25, 6, 5) |
		       move(insn, 7, 5, 0);
	default:
		return (top ? ~0u << 11 : 0) | move(insn, 20, 11, 0);
	}
}

/* ---- 16-bit instructions */

static uint32_t i_type(uint32_t op, uint32_t f3, uint32_t rd, uint32_t rs1,
		       uint32_t imm)
{
	return imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}

static uint32_t r_type(uint32_t f7, uint32_t f3, uint32_t rd, uint32_t rs1,
		       uint32_t rs2)
{
	return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 |
	       RV32_OP_REG;
}

static uint32_t sw(uint32_t rs1, uint32_t rs2, uint32_t imm)
{
	return (imm >> 5) << 25 | rs2 << 20 | rs1 << 15 | 2u << 12 |
	       (imm & 31) << 7 | RV32_OP_STORE;
}

static uint32_t jal(uint32_t rd, uint32_t imm)
{
	return move(imm, 20, 1, 31) | move(imm, 1, 10, 21) |
	       move(imm, 11, 1, 20) | move(imm, 12, 8, 12) | rd << 7 |
	       RV32_OP_JAL;
}

static uint32_t branch(uint32_t f3, uint32_t rs1, uint32_t imm)
{
	return move(imm, 12, 1, 31) | move(imm, 5, 6, 25) | rs1 << 15 |
	       f3 << 12 | move(imm, 1, 4, 8) | move(imm, 11, 1, 7) |
	       RV32_OP_BRANCH;
}

/* Quadrant 1, arithmetic on x8..x15. */
static uint32_t expand_arithmetic(uint32_t h, uint32_t imm6, bool *illegal)
{
	static const uint8_t f3[4] = { 0, 4, 6, 7 };
	uint32_t r = 8 | (h >> 7 & 7), s = 8 | (h >> 2 & 7);
	uint32_t bit12 = h >> 12 & 1, kind = h >> 10 & 3, which = h >> 5 & 3;

	if (kind == 2)
		return i_type(RV32_OP_IMM, 7, r, r, imm6);
	*illegal |= bit12;
	if (kind < 2)
		return i_type(RV32_OP_IMM, 5, r, r, kind << 10 | (h >> 2 & 31));
	return r_type(which ? 0 : 0x20, f3[which], r, r, s);
}

/* Quadrant 2, register moves and jumps. */
static uint32_t expand_register(uint32_t h, uint32_t rd, uint32_t rs2,
				bool *illegal)
{
	uint32_t bit12 = h >> 12 & 1;

	if (rs2)
		return r_type(0, 0, rd, bit12 ? rd : 0, rs2);
	if (rd)
		return i_type(RV32_OP_JALR, 0, bit12, rd, 0);
	*illegal |= !bit12;
	return RV32_INSN_EBREAK;
}

uint32_t rv32_expand(uint32_t fetched, bool *illegal)
{
	uint32_t h = fetched & 0xffff;
	uint32_t rd = h >> 7 & 31, rs2 = h >> 2 & 31;
	uint32_t rdp = 8 | (h >> 7 & 7), rs2p = 8 | (h >> 2 & 7);
	uint32_t neg = h >> 12 & 1 ? ~0u : 0;
	uint32_t imm6 = neg << 5 | rs2;
	uint32_t lw = move(h, 5, 1, 6) | move(h, 10, 3, 3) | move(h, 6, 1, 2);
	uint32_t imm;

	switch ((h >> 13) << 2 | (h & 3)) {
	case 0 << 2 | 0: /* c.addi4spn */
		*illegal |= !(h >> 5 & 0xff);
		imm = move(h, 7, 4, 6) | move(h, 11, 2, 4) | move(h, 5, 1, 3) |
		      move(h, 6, 1, 2);
		return i_type(RV32_OP_IMM, 0, rs2p, 2, imm);
	case 2 << 2 | 0:
		return i_type(RV32_OP_LOAD, 2, rs2p, rdp, lw);
	case 6 << 2 | 0:
		return sw(rdp, rs2p, lw);
	case 0 << 2 | 1: /* c.addi */
		return i_type(RV32_OP_IMM, 0, rd, rd, imm6);
	case 1 << 2 | 1: /* c.jal */
	case 5 << 2 | 1: /* c.j */
		imm = neg << 11 | move(h, 8, 1, 10) | move(h, 9, 2, 8) |
		      move(h, 6, 1, 7) | move(h, 7, 1, 6) | move(h, 2, 1, 5) |
		      move(h, 11, 1, 4) | move(h, 3, 3, 1);
		return jal(!(h >> 15), imm);
	case 2 << 2 | 1: /* c.li */
		return i_type(RV32_OP_IMM, 0, rd, 0, imm6);
	case 3 << 2 | 1:
		*illegal |= !(h & 0x107c);
		if (rd != 2) /* c.lui */
			return imm6 << 12 | rd << 7 | RV32_OP_LUI;
		imm = neg << 9 | move(h, 3, 2, 7) | move(h, 5, 1, 6) |
		      move(h, 2, 1, 5) | move(h, 6, 1, 4);
		return i_type(RV32_OP_IMM, 0, 2, 2, imm); /* c.addi16sp */
	case 4 << 2 | 1:
		return expand_arithmetic(h, imm6, illegal);
	case 6 << 2 | 1: /* c.beqz */
	case 7 << 2 | 1: /* c.bnez */
		imm = neg << 8 | move(h, 5, 2, 6) | move(h, 2, 1, 5) |
		      move(h, 10, 2, 3) | move(h, 3, 2, 1);
		return branch(h >> 13 & 1, rdp, imm);
	case 0 << 2 | 2: /* c.slli */
		*illegal |= h >> 12 & 1;
		return i_type(RV32_OP_IMM, 1, rd, rd, rs2);
	case 2 << 2 | 2: /* c.lwsp */
		*illegal |= !rd;
		imm = move(h, 2, 2, 6) | move(h, 12, 1, 5) | move(h, 4, 3, 2);
		return i_type(RV32_OP_LOAD, 2, rd, 2, imm);
	case 4 << 2 | 2:
		return expand_register(h, rd, rs2, illegal);
	case 6 << 2 | 2: /* c.swsp */
		return sw(2, rs2, move(h, 7, 2, 6) | move(h, 9, 4, 2));
	default:
		if ((fetched & 3) == 3)
			return fetched;
		*illegal = true;
		return 0;
	}
}

/* ---- 32-bit instructions */

static bool is_illegal_system(uint32_t insn)
{
	uint32_t f3 = rv32_f3(insn);

	if (f3 & 3)
		return !rv32_csr_ok(insn >> 20,
				    !(f3 & 2) || rv32_rs1(insn) != 0);
	return insn != RV32_INSN_ECALL && insn != RV32_INSN_EBREAK &&
	       insn != RV32_INSN_MRET && insn != RV32_INSN_WFI;
}

bool rv32_is_illegal(uint32_t insn)
{
	uint32_t f3 = rv32_f3(insn), f7 = insn >> 25;

	switch (insn & 0x7f) {
	case RV32_OP_LUI:
	case RV32_OP_AUIPC:
	case RV32_OP_JAL:
		return false;
	case RV32_OP_JALR:
		return f3 != 0;
	case RV32_OP_BRANCH:
		return f3 >> 1 == 1;
	case RV32_OP_LOAD:
		return (f3 & 3) == 3 || f3 == 6;
	case RV32_OP_STORE:
		return f3 > 2;
	case RV32_OP_IMM:
		return (f3 == 1 && f7) || (f3 == 5 && (f7 & 0x5f));
	case RV32_OP_REG:
		return f7 > 1 && !(f7 == 0x20 && (f3 == 0 || f3 == 5));
	case RV32_OP_FENCE:
		return f3 > 1;
	case RV32_OP_SYSTEM:
		return is_illegal_system(insn);
	default:
		return true;
	}
}

/* As the RTL's decoder has it: by the opcode alone, legal or not. */
static bool reads_register(uint32_t insn, uint32_t r)
{
	bool first = rv32_rs1(insn) == r, second = rv32_rs2(insn) == r;

	switch (insn & 0x7f) {
	case RV32_OP_JALR:
	case RV32_OP_LOAD:
	case RV32_OP_IMM:
		return first;
	case RV32_OP_BRANCH:
	case RV32_OP_STORE:
	case RV32_OP_REG:
		return first || second;
	case RV32_OP_SYSTEM:
		return first && (insn >> 12 & 3) && !(insn >> 14 & 1);
	default:
		return false;
	}
}

/* For instructions of the loop; what rv32_slow() does it decodes itself. */
static bool writes_register(uint32_t insn)
{
	uint32_t op = insn & 0x7f;

	return rv32_rd(insn) && op != RV32_OP_STORE && op != RV32_OP_BRANCH &&
	       op != RV32_OP_FENCE;
}

unsigned int rv32_hazard(const struct rv32 *c, uint32_t pc, uint32_t rd)
{
	bool illegal = false;
	uint32_t insn;

	if (!rd)
		return 0;
	rv32_fetch(c, pc, &insn);
	return reads_register(rv32_expand(insn, &illegal), rd);
}

unsigned int rv32_late(const struct rv32 *c, uint32_t pc)
{
	uint32_t insn;

	return pc & 2 && rv32_fetch(c, pc, &insn) && (insn & 3) == 3;
}

/* ---- entries */

static enum rv32_op op_imm(uint32_t insn)
{
	static const uint8_t op[8] = {
		RV32_ADDI_2, RV32_SLLI_2, RV32_SLTI_2, RV32_SLTIU_2,
		RV32_XORI_2, RV32_SRLI_2, RV32_ORI_2,  RV32_ANDI_2,
	};

	if (rv32_f3(insn) == 5 && insn >> 30 & 1)
		return RV32_SRAI_2;
	return op[rv32_f3(insn)];
}

static enum rv32_op op_reg(uint32_t insn)
{
	static const uint8_t op[16] = {
		RV32_ADD_2, RV32_SLL_2,	 RV32_SLT_2,	RV32_SLTU_2,
		RV32_XOR_2, RV32_SRL_2,	 RV32_OR_2,	RV32_AND_2,
		RV32_MUL_2, RV32_MULH_2, RV32_MULHSU_2, RV32_MULHU_2,
		RV32_DIV_2, RV32_DIVU_2, RV32_REM_2,	RV32_REMU_2,
	};
	uint32_t f3 = rv32_f3(insn);

	if (insn >> 30 & 1)
		return f3 ? RV32_SRA_2 : RV32_SUB_2;
	return op[f3 | (insn >> 25 & 1) << 3];
}

/* The operation of a legal instruction, in its 16-bit form; sets e->imm. */
static enum rv32_op choose(const struct rv32 *c, uint32_t pc, uint32_t insn,
			   struct rv32_insn *e)
{
	static const uint8_t load[8] = { RV32_LB_2, RV32_LH_2,	RV32_LW_2,
					 0,	    RV32_LBU_2, RV32_LHU_2 };
	static const uint8_t store[4] = { RV32_SB_2, RV32_SH_2, RV32_SW_2 };
	static const uint8_t branch_op[8] = { RV32_BEQ_2,  RV32_BNE_2,
					      0,	   0,
					      RV32_BLT_2,  RV32_BGE_2,
					      RV32_BLTU_2, RV32_BGEU_2 };
	bool nowhere = !rv32_rd(insn);
	uint32_t f3 = rv32_f3(insn);
	enum rv32_op op;

	switch (insn & 0x7f) {
	case RV32_OP_AUIPC:
		e->imm += pc;
		return nowhere ? RV32_NOP_2 : RV32_LI_2;
	case RV32_OP_LUI:
		return nowhere ? RV32_NOP_2 : RV32_LI_2;
	case RV32_OP_IMM:
		op = op_imm(insn);
		if (op == RV32_SLLI_2 || op == RV32_SRLI_2 || op == RV32_SRAI_2)
			e->imm &= 31;
		if (op == RV32_ADDI_2 && !e->rs1)
			op = RV32_LI_2;
		return nowhere ? RV32_NOP_2 : op;
	case RV32_OP_REG:
		op = op_reg(insn);
		/* A division takes its time even if nobody wants it. */
		return nowhere && op < RV32_DIV_2 ? RV32_NOP_2 : op;
	case RV32_OP_LOAD:
		return load[f3];
	case RV32_OP_STORE:
		return store[f3];
	case RV32_OP_BRANCH:
	case RV32_OP_JAL:
		/* The loop jumps only within an area. */
		if (pc + e->imm - c->code.base >= c->code.bytes)
			return RV32_SLOW;
		e->imm = (uint32_t)((int32_t)e->imm / 2);
		if ((insn & 0x7f) == RV32_OP_BRANCH)
			return branch_op[f3];
		return nowhere ? RV32_J_2 : RV32_JAL_2;
	case RV32_OP_JALR:
		return RV32_JALR_2;
	case RV32_OP_FENCE:
		return f3 ? RV32_SLOW : RV32_NOP_2;
	default:
		return insn == RV32_INSN_WFI ? RV32_WFI : RV32_SLOW;
	}
}

void rv32_decode(struct rv32 *c, uint32_t pc, struct rv32_insn *e)
{
	uint32_t fetched, insn, bytes;
	bool illegal = false;
	enum rv32_op op;

	bytes = rv32_fetch(c, pc, &fetched);
	*e = (struct rv32_insn){ .op = RV32_SLOW,
				 .late = (uint8_t)rv32_late(c, pc) };
	insn = rv32_expand(fetched, &illegal);
	/* The entry hangs on the instruction behind it too (rv32_hazard()). */
	rv32_mark(c, pc, 8);
	if (bytes < rv32_bytes(fetched) || illegal || rv32_is_illegal(insn))
		return;
	e->rd = (uint8_t)(writes_register(insn) ? rv32_rd(insn) : RV32_NOWHERE);
	e->rs1 = (uint8_t)rv32_rs1(insn);
	e->rs2 = (uint8_t)rv32_rs2(insn);
	e->imm = rv32_imm(insn);
	op = choose(c, pc, insn, e);
	if ((op >= RV32_LB_2 && op <= RV32_LHU_4) ||
	    (op >= RV32_MUL_2 && op <= RV32_MULHU_4))
		e->extra = (uint8_t)rv32_hazard(c, pc + bytes, rv32_rd(insn));
	if (op >= RV32_NOP_2 && bytes == 4)
		op++; /* its 32-bit form */
	e->op = (uint16_t)op;
}
