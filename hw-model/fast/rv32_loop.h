/* SPDX-License-Identifier: MIT */
/*
 * The loop, for rv32_loop.c, which includes it twice: LOOP is its name, and
 * REPORTED is 1 if each instruction is to be reported.
 *
 * It keeps where it is (e) and how many cycles are left to c->limit (left) in
 * registers, and the number of cycles that were no instruction (overhead).
 * Everything it does not do itself goes to rv32_slow(), with the state in c.
 */

#define RD   x[e->rd]
#define RS1  x[e->rs1]
#define RS2  x[e->rs2]
#define IMM  e->imm
#define SRS1 ((int32_t)RS1)
#define SRS2 ((int32_t)RS2)

#define PC (c->code.base + (uint32_t)(e - c->code.insns) * 2)

#define SYNC()                                        \
	do {                                          \
		c->pc = PC;                           \
		c->cycle = c->limit - (uint64_t)left; \
		c->overhead = overhead;               \
	} while (0)

#if REPORTED
#define BEGIN() rv32_fetch(c, PC, &fetched)
#define REPORT(before)                                           \
	do {                                                     \
		c->cycle = c->limit - (uint64_t)left + (before); \
		c->overhead = overhead + (before);               \
		rv32_report(c, PC, fetched, e->rd, false);       \
	} while (0)
#else
#define BEGIN()	       ((void)0)
#define REPORT(before) ((void)0)
#endif

#define DISPATCH() goto *ops[e->op]

/* `before` cycles until the instruction is done, `after` lost behind it. */
#define GO(to, before, after)                        \
	do {                                         \
		struct rv32_insn *to_ = (to);        \
		uint32_t lost_ = (before) + (after); \
                                                     \
		REPORT(before);                      \
		e = to_;                             \
		overhead += lost_;                   \
		left -= 1 + (int64_t)lost_;          \
		if (RV32_UNLIKELY(left <= 0))        \
			goto out;                    \
		DISPATCH();                          \
	} while (0)

#define NEXT(before, after) GO(e + LEN, before, after)

#define JUMP(to)                                                               \
	do {                                                                   \
		struct rv32_insn *target_ = (to);                              \
                                                                               \
		if (RV32_UNLIKELY(!target_->op))                               \
			rv32_decode(c,                                         \
				    c->code.base + (uint32_t)(target_ -        \
							      c->code.insns) * \
							   2,                  \
				    target_);                                  \
		GO(target_, 0, 1u + target_->late);                            \
	} while (0)

/* One instruction, in both lengths. */
#define OP(name, ...)             \
	name##_2:                 \
	{                         \
		enum { LEN = 1 }; \
		BEGIN();          \
		__VA_ARGS__       \
	}                         \
	name##_4:                 \
	{                         \
		enum { LEN = 2 }; \
		BEGIN();          \
		__VA_ARGS__       \
	}

#define ALU(name, value)      \
	OP(name, {            \
		RD = (value); \
		NEXT(0, 0);   \
	})

#define PRODUCT(name, value)              \
	OP(name, {                        \
		uint32_t lost = e->extra; \
                                          \
		RD = (uint32_t)(value);   \
		NEXT(0, lost);            \
	})

/* A division that would go over the limit is cut in rv32_slow(). */
#define DIVISION(name, f3)                              \
	OP(name, {                                      \
		uint32_t a = RS1, b = RS2;              \
		uint32_t n = rv32_div_cycles(f3, a, b); \
                                                        \
		if (RV32_UNLIKELY((int64_t)n > left))   \
			goto slow;                      \
		RD = rv32_div(f3, a, b);                \
		NEXT(n - 1, 0);                         \
	})

#define LOAD(name, type, swap, extended)                       \
	OP(name, {                                             \
		uint32_t addr = RS1 + IMM;                     \
		uint32_t off = addr - c->load.base;            \
		uint32_t lost = e->extra;                      \
		type v;                                        \
                                                               \
		if (RV32_UNLIKELY(off >= c->load.bytes ||      \
				  (addr & (sizeof(v) - 1)))) { \
			if ((addr & (sizeof(v) - 1)) ||        \
			    !rv32_find_load(c, addr))          \
				goto slow;                     \
			DISPATCH(); /* again */                \
		}                                              \
		memcpy(&v, c->load.at + off, sizeof(v));       \
		v = swap(v);                                   \
		RD = (uint32_t)(extended)v;                    \
		NEXT(0, lost);                                 \
	})

#define STORE(name, type, swap)                                                \
	OP(name, {                                                             \
		uint32_t addr = RS1 + IMM;                                     \
		uint32_t off = addr - c->store.base;                           \
		type v = swap((type)RS2);                                      \
                                                                               \
		if (RV32_UNLIKELY(off >= c->store.bytes ||                     \
				  (addr & (sizeof(v) - 1)))) {                 \
			if ((addr & (sizeof(v) - 1)) ||                        \
			    !rv32_find_store(c, addr))                         \
				goto slow;                                     \
			DISPATCH(); /* again */                                \
		}                                                              \
		memcpy(c->store.at + off, &v, sizeof(v));                      \
		if (RV32_UNLIKELY(c->store.marks[(addr - c->store.area_base) / \
						 RV32_LINE]))                  \
			rv32_forget(c, addr, sizeof(v));                       \
		NEXT(0, 0);                                                    \
	})

#define BRANCH(name, condition)                 \
	OP(name, {                              \
		if (condition)                  \
			JUMP(e + (int32_t)IMM); \
		NEXT(0, 0);                     \
	})

#define AS_IS(v) (v)

enum rv32_stop LOOP(struct rv32 *c)
{
	static const void *const ops[] = { &&undecoded, &&slow, &&slow,
#define X(name) &&name##_2, &&name##_4,
					   RV32_OPS(X)
#undef X
	};
	uint32_t *const x = c->x;
	struct rv32_insn *e;
	enum rv32_stop stop;
	uint64_t overhead;
	int64_t left;
#if REPORTED
	uint32_t fetched;
#endif

enter:
	e = rv32_enter(c, &stop);
	if (!e)
		return stop;
	left = (int64_t)(c->limit - c->cycle);
	overhead = c->overhead;
	DISPATCH();

out:
	SYNC();
	goto enter;

slow:
	SYNC();
	rv32_slow(c);
	goto enter;

undecoded:
	if (PC - c->code.base >= c->code.bytes)
		goto out; /* behind the last of the area */
	rv32_decode(c, PC, e);
	DISPATCH();

	OP(NOP, NEXT(0, 0);)
	ALU(LI, IMM)
	ALU(ADDI, RS1 + IMM)
	ALU(SLTI, SRS1 < (int32_t)IMM)
	ALU(SLTIU, RS1 < IMM)
	ALU(XORI, RS1 ^ IMM)
	ALU(ORI, RS1 | IMM)
	ALU(ANDI, RS1 & IMM)
	ALU(SLLI, RS1 << IMM)
	ALU(SRLI, RS1 >> IMM)
	ALU(SRAI, (uint32_t)(SRS1 >> IMM))
	ALU(ADD, RS1 + RS2)
	ALU(SUB, RS1 - RS2)
	ALU(SLL, RS1 << (RS2 & 31))
	ALU(SLT, SRS1 < SRS2)
	ALU(SLTU, RS1 < RS2)
	ALU(XOR, RS1 ^ RS2)
	ALU(SRL, RS1 >> (RS2 & 31))
	ALU(SRA, (uint32_t)(SRS1 >> (RS2 & 31)))
	ALU(OR, RS1 | RS2)
	ALU(AND, RS1 & RS2)

	PRODUCT(MUL, RS1 * RS2)
	PRODUCT(MULH, (uint64_t)((int64_t)SRS1 * SRS2) >> 32)
	PRODUCT(MULHSU, (uint64_t)((int64_t)SRS1 * (int64_t)RS2) >> 32)
	PRODUCT(MULHU, (uint64_t)RS1 * RS2 >> 32)
	DIVISION(DIV, 4)
	DIVISION(DIVU, 5)
	DIVISION(REM, 6)
	DIVISION(REMU, 7)

	LOAD(LB, uint8_t, AS_IS, int8_t)
	LOAD(LH, uint16_t, le16toh, int16_t)
	LOAD(LW, uint32_t, le32toh, uint32_t)
	LOAD(LBU, uint8_t, AS_IS, uint8_t)
	LOAD(LHU, uint16_t, le16toh, uint16_t)
	STORE(SB, uint8_t, AS_IS)
	STORE(SH, uint16_t, htole16)
	STORE(SW, uint32_t, htole32)

	BRANCH(BEQ, RS1 == RS2)
	BRANCH(BNE, RS1 != RS2)
	BRANCH(BLT, SRS1 < SRS2)
	BRANCH(BGE, SRS1 >= SRS2)
	BRANCH(BLTU, RS1 < RS2)
	BRANCH(BGEU, RS1 >= RS2)

	OP(J, JUMP(e + (int32_t)IMM);)
	OP(JAL, {
		RD = PC + 2 * LEN;
		JUMP(e + (int32_t)IMM);
	})
	OP(JALR, {
		uint32_t off = ((RS1 + IMM) & ~1u) - c->code.base;

		if (RV32_UNLIKELY(off >= c->code.bytes))
			goto slow;
		RD = PC + 2 * LEN;
		JUMP(c->code.insns + off / 2);
	})
}

#undef RD
#undef RS1
#undef RS2
#undef IMM
#undef SRS1
#undef SRS2
#undef PC
#undef SYNC
#undef BEGIN
#undef REPORT
#undef DISPATCH
#undef GO
#undef NEXT
#undef JUMP
#undef OP
#undef ALU
#undef PRODUCT
#undef DIVISION
#undef LOAD
#undef STORE
#undef BRANCH
#undef AS_IS
