// SPDX-License-Identifier: MIT
//
// How many cycles commands take: the rules of hw-model/rtl/vector/README.md,
// once as figures for plain cases and once as a model for random streams.
#include <algorithm>
#include <deque>

#include "vector_tb.h"

namespace {

constexpr uint64_t LATENCY = 6; // of a row
constexpr uint64_t FUNCTION = 3; // more
constexpr uint64_t SLOTS = 16;

uint64_t levels()
{
	uint64_t k = 0;
	while (1u << k < N)
		k++;
	return k;
}

// Reads and writes as they are issued, one of each a cycle.
class Issue {
    public:
	uint64_t now =
		0; // first cycle in which the next row or line may be issued

	void line()
	{
		now++;
	}
	void row(bool writes, bool fn)
	{
		now = std::max(now, fn ? 0 : behind_fn);
		if (writes)
			put(fn, 0);
		else if (free > now) // a result has to wait
			now = std::max(now, result);
		if (fn)
			behind_fn = now + FUNCTION + 1;
		now++;
	}
	void column(bool fn)
	{
		put(fn, 0);
		if (fn)
			behind_fn = now + FUNCTION + 1;
		now++;
	}
	// Behind the row before, beside what comes.
	void reduction(bool word, bool fn)
	{
		uint64_t next = now;
		put(fn, word ? levels() - 1 : 0);
		result = now;
		if (fn)
			behind_fn = now + FUNCTION + 1;
		now = next;
	}
	uint64_t end() const
	{
		return written.back() + LATENCY - 2;
	}

    private:
	uint64_t free = 0; // first cycle in which a write may be issued
	uint64_t result = 0; // when the last reduction was
	uint64_t behind_fn = 0; // what has no function comes after it
	std::deque<uint64_t> written; // the last SLOTS writes, in order

	void put(bool fn, uint64_t more)
	{
		now = std::max(now, free);
		if (written.size() == SLOTS) {
			now = std::max(now, written.front() + 1);
			written.pop_front();
		}
		free = now + 1;
		uint64_t at = now + 3 + more + (fn ? FUNCTION : 0);
		if (!written.empty())
			at = std::max(at, written.back() + 1);
		written.push_back(at);
	}
};

Command basic(uint32_t cfg, uint32_t op, uint32_t rows, uint32_t groups)
{
	uint32_t src = GET(CFG, SRC_FMT, cfg), dst = GET(CFG, DST_FMT, cfg);
	uint32_t fmt2 = GET(CFG, SRC2_FMT, cfg);
	Command c{};
	c.cfg = cfg;
	c.op = op;
	c.src_pitch = src <= ACC_F32 ? 1 : row_bytes(src);
	c.src_gpitch = c.src_pitch * rows;
	c.src2 = SPAD / 8;
	c.src2_pitch = row_bytes(fmt2);
	c.src2_gpitch = c.src2_pitch * rows;
	c.bias = SPAD / 4;
	c.scale = SPAD / 4 + 16 * LINE;
	c.dst = SPAD / 2;
	c.dst_pitch = row_bytes(dst);
	c.dst_gpitch = c.dst_pitch * (cfg & TRANSPOSE ? N : rows);
	c.rows = rows;
	c.groups = groups;
	c.red = SPAD / 4 * 3;
	return c;
}

// Cycles of a stream, and whether it did what it should.
uint64_t measure(Bench &t, const std::vector<Command> &commands,
		 std::string &why)
{
	uint64_t start = t.cycle, goal = t.done + commands.size();
	for (const Command &c : commands) {
		if (!t.refer(c))
			why += "refused ";
		t.issue(c);
	}
	std::string wrong = "not done";
	if (!t.wait_done(goal) || !t.same(wrong))
		why += wrong;
	return t.cycle - start;
}

} // namespace

uint64_t cycles_of(const std::vector<Command> &commands)
{
	Issue x;
	uint64_t number = 0;

	for (const Command &c : commands) {
		bool fn = GET(OP, FN, c.op), writes = GET(CFG, DST_FMT, c.cfg);
		bool transpose = c.cfg & TRANSPOSE;
		uint32_t mode = GET(OP, RED_MODE, c.op);
		bool two = GET(CFG, SRC_FMT, c.cfg) > ACC_F32 &&
			   GET(CFG, SRC2_SEL, c.cfg) == ROW;
		struct {
			uint32_t sel, at;
		} operands[] = { { GET(CFG, SRC2_SEL, c.cfg), c.src2 },
				 { GET(CFG, BIAS_SEL, c.cfg), c.bias },
				 { GET(CFG, SCALE_SEL, c.cfg), c.scale } };

		// one command a cycle is checked
		x.now = std::max(x.now, number++);
		for (uint32_t g = 0; g < c.groups; g++) {
			for (int i = 0; i < 3; i++) {
				if (operands[i].sel == SCALAR &&
				    (g == 0 ||
				     (operands[i].at / 4 + g) % N == 0))
					x.line();
				if (i > 0 && operands[i].sel == ROW && g == 0)
					x.line();
			}
			for (uint32_t r = 0; r < c.rows; r++) {
				if (two)
					x.line();
				x.row(writes && !transpose, fn);
			}
			for (uint32_t j = 0; transpose && j < N; j++)
				x.column(fn);
			if (mode)
				x.reduction(mode == WORD, fn);
		}
	}
	return x.end();
}

void test_timing(Bench &t)
{
	const uint64_t L = levels();
	struct {
		const char *name;
		uint32_t cfg, op, rows, groups;
		uint64_t cycles; // of a command
		uint64_t latency;
	} cases[] = {
		{ "accumulator to int8",
		  formats(ACC_I32, I8) | scale(ROW) | bias(ROW) | RELU, 0, N, 1,
		  N + 2, LATENCY },
		{ "accumulator to bf16", formats(ACC_F32, BF16), 0, N, 1, N,
		  LATENCY },
		{ "fp32", formats(F32, F32) | scale(IMM) | RELU, 0, N, 1, N,
		  LATENCY },
		{ "int8", formats(I8, I8) | bias(ROW), 0, N, 1, N + 1,
		  LATENCY },
		{ "fp32 with SRC2", formats(F32, F32) | src2(ROW, 0, F32), 0, N,
		  1, 2 * N, LATENCY },
		{ "accumulator with SRC2",
		  formats(ACC_F32, F32) | src2(ROW, 0, BF16), 0, N, 1, N,
		  LATENCY },
		{ "groups", formats(F32, BF16), 0, 3, 5, 15, LATENCY },
		{ "scalars",
		  formats(F32, F32) | src2(SCALAR, 2) | bias(SCALAR) |
			  scale(SCALAR),
		  0, 2, N, 2 * N + 3, LATENCY },
		{ "scalars of two lines", formats(F32, F32) | scale(SCALAR), 0,
		  1, 2 * N, 2 * N + 2, LATENCY },
		{ "function", formats(F32, F32),
		  PUT(OP, FN, ASHLAR_VECTOR_OP_FN_EXP), N, 1, N,
		  LATENCY + FUNCTION },
		{ "word of a row", formats(F32, 0), reduce(WORD, 0), 1, N, N,
		  LATENCY + L },
		{ "word of a row that is written", formats(F32, F32),
		  reduce(WORD, 0), 1, N, 2 * N, LATENCY + L - 1 },
		{ "word of three rows, two reads each",
		  formats(F32, F32) | src2(ROW, 2, F32), reduce(WORD, 0), 3, 4,
		  24, LATENCY + L },
		{ "lanes", formats(F32, 0), reduce(LANES, 1), 4, 4, 16,
		  LATENCY + 1 },
		{ "function and word", formats(ACC_F32, 0),
		  PUT(OP, FN, ASHLAR_VECTOR_OP_FN_EXP) | reduce(WORD, 0), 2, 4,
		  8, LATENCY + FUNCTION + L },
		{ "transposition", formats(F32, F32) | TRANSPOSE, 0, N, 2,
		  4 * N, LATENCY },
		{ "short transposition", formats(BF16, BF16) | TRANSPOSE, 0, 3,
		  2, 2 * (N + 3), LATENCY },
	};

	t.stall = 0;
	t.fill(2);
	for (const auto &k : cases) {
		for (unsigned count : { 1u, 8u }) {
			std::vector<Command> list;
			for (unsigned i = 0; i < count; i++) {
				list.push_back(
					basic(k.cfg, k.op, k.rows, k.groups));
				list[i].dst += i * LINE;
				list[i].red += i * LINE;
			}
			std::string why;
			uint64_t got = measure(t, list, why);
			uint64_t want = k.latency + count * k.cycles;
			std::string name = std::string(k.name) + " x " +
					   std::to_string(count) + ": ";
			check(why.empty(), name + why);
			check(got == want, name + std::to_string(got) +
						   " cycles, should be " +
						   std::to_string(want));
			got = cycles_of(list);
			check(got == want, name + std::to_string(got) +
						   " in the model, should be " +
						   std::to_string(want));
		}
	}
	// In place: a row is not waited for that is beside the one it becomes.
	for (uint32_t fmt : { F32, BF16, I8 }) {
		Command c = basic(formats(fmt, fmt), 0, 2 * N, 1);
		c.dst = c.src;
		std::string why;
		uint64_t got = measure(t, { c }, why);
		check(why.empty() && got == LATENCY + 2 * N,
		      "in place: " + std::to_string(got) + " cycles " + why);
	}
	for (unsigned s = 0; s < (N > 8 ? 100 : 600); s++) {
		std::vector<Command> list;
		std::string text;
		for (unsigned i = 1 + t.rnd.below(8); i > 0; i--) {
			list.push_back(random_command(t, { 0, SPAD / 2 },
						      { SPAD / 2, SPAD / 2 }));
			text += "\n  " + describe(list.back());
		}
		std::string why;
		uint64_t got = measure(t, list, why), want = cycles_of(list);
		check(why.empty(), why + text);
		check(got == want, std::to_string(got) + " cycles, should be " +
					   std::to_string(want) + text);
	}
}
