// SPDX-License-Identifier: MIT
//
// The vector unit with a scratchpad and accumulators around it, and beside it
// the reference of hw-model/numerics.
#ifndef VECTOR_TB_H
#define VECTOR_TB_H

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "Vash_vector_tb.h"
#include "ash_board.h"
#include "ash_num.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "verilated.h"

using Command = ash_vector_cmd;

constexpr uint32_t N = ASHLAR_BOARD_ARRAY;
constexpr uint32_t ACCS = ASHLAR_BOARD_ACCS;
constexpr uint32_t SPAD = ASHLAR_BOARD_SPAD_BYTES;
constexpr uint32_t LINE = 4 * N;
constexpr uint32_t LINES = SPAD / LINE;

enum Format : uint32_t {
	ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32,
	ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32,
	I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

enum Select : uint32_t {
	NONE = ASHLAR_VECTOR_CFG_SRC2_SEL_NONE,
	ROW = ASHLAR_VECTOR_CFG_SRC2_SEL_ROW,
	IMM = ASHLAR_VECTOR_CFG_SRC2_SEL_IMM,
	SCALAR = ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR,
};

constexpr uint32_t RELU = ASHLAR_VECTOR_CFG_RELU_MASK;
constexpr uint32_t TRANSPOSE = ASHLAR_VECTOR_CFG_TRANSPOSE_MASK;
constexpr uint32_t SRC2_LATE = ASHLAR_VECTOR_CFG_SRC2_LATE_MASK;
constexpr uint32_t BIAS_LATE = ASHLAR_VECTOR_CFG_BIAS_LATE_MASK;
constexpr uint32_t WORD = ASHLAR_VECTOR_OP_RED_MODE_WORD;
constexpr uint32_t LANES = ASHLAR_VECTOR_OP_RED_MODE_LANES;

// A field of CFG or OP, set or read.
#define PUT(reg, field, value) \
	(static_cast<uint32_t>(value) << ASHLAR_VECTOR_##reg##_##field##_SHIFT)
#define GET(reg, field, word)                               \
	((ASHLAR_VECTOR_##reg##_##field##_MASK & (word)) >> \
	 ASHLAR_VECTOR_##reg##_##field##_SHIFT)

// CFG and OP.
inline uint32_t formats(uint32_t src, uint32_t dst)
{
	return PUT(CFG, SRC_FMT, src) | PUT(CFG, DST_FMT, dst);
}
inline uint32_t src2(uint32_t sel, uint32_t op, uint32_t fmt = 0)
{
	return PUT(CFG, SRC2_SEL, sel) | PUT(CFG, SRC2_OP, op) |
	       PUT(CFG, SRC2_FMT, fmt);
}
inline uint32_t bias(uint32_t sel)
{
	return PUT(CFG, BIAS_SEL, sel);
}
inline uint32_t scale(uint32_t sel)
{
	return PUT(CFG, SCALE_SEL, sel);
}
inline uint32_t reduce(uint32_t mode, uint32_t op)
{
	return PUT(OP, RED_MODE, mode) | PUT(OP, RED_OP, op);
}

inline bool is_integer(uint32_t fmt)
{
	return fmt == ACC_I32 || fmt == I32 || fmt == I8;
}
inline uint32_t row_bytes(uint32_t fmt)
{
	return fmt == I8 ? N : fmt == BF16 || fmt == FP16 ? 2 * N : 4 * N;
}

// What a command is made of, for messages and for the bench itself.
std::string describe(const Command &c);
void check(bool ok, const std::string &what);

struct Random {
	uint64_t s;
	uint32_t next()
	{
		s ^= s << 13;
		s ^= s >> 7;
		s ^= s << 17;
		return static_cast<uint32_t>(s >> 32);
	}
	uint32_t below(uint32_t n)
	{
		return static_cast<uint32_t>(
			static_cast<uint64_t>(next()) * n >> 32);
	}
};

class Bench {
    public:
	VerilatedContext context;
	Vash_vector_tb top{ &context };
	// what the unit sees, and what the reference makes
	std::vector<uint8_t> spad = std::vector<uint8_t>(SPAD);
	std::vector<uint8_t> want = std::vector<uint8_t>(SPAD);
	std::vector<uint32_t> acc = std::vector<uint32_t>(ACCS * N * N);
	ash_tile ref{ N, ACCS, SPAD, want.data(), acc.data() };
	Random rnd{ 1 };
	unsigned stall = 0; // of 256: requests refused
	uint64_t cycle = 0, done = 0, refused = 0, stalled = 0;

	Bench();
	void step();
	void issue(const Command &c);
	bool wait_done(uint64_t count);
	bool same(std::string &why);
	void clear();
	// Memories of one kind of values (word()), the same for both.
	void fill(unsigned kind);
	void agree()
	{
		want = spad;
		ref.spad = want.data();
	}
	// On the reference; whether it is a good command.
	bool refer(const Command &c)
	{
		ash_cmd_error e;
		return !ash_vector_run(&ref, &c, &e);
	}
	// Both, and compare.
	void run(const Command &c, const char *what);

    private:
	uint8_t line[LINE], rdata[LINE];
};

// A word that is interesting as two 16-bit floats, as fp32 and as integers.
constexpr unsigned KINDS = 7;
uint32_t word(Random &r, unsigned kind);

// Part of the scratchpad.
struct Window {
	uint32_t base, size;
};
// A good command that reads in one window and writes in the other.
Command random_command(Bench &t, Window read, Window write);

// The number of cycles that commands take from the issue of the first to the
// last `done`, without refused requests and without a read of what is not
// written yet.
uint64_t cycles_of(const std::vector<Command> &commands);

void test_timing(Bench &t);
void test_values(Bench &t);
void test_hazards(Bench &t);
void test_faults(Bench &t);

#endif
