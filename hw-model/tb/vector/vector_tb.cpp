// SPDX-License-Identifier: MIT
//
// Drives the vector unit with random and directed commands and compares the
// whole scratchpad with the reference in hw-model/numerics, bit for bit.
//   vector-tb [SEED [STREAMS]]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "Vash_vector_tb.h"
#include "ash_board.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "verilated.h"

namespace {

constexpr uint32_t N = ASHLAR_BOARD_ARRAY;
constexpr uint32_t ACCS = ASHLAR_BOARD_ACCS;
constexpr uint32_t SPAD = ASHLAR_BOARD_SPAD_BYTES;
constexpr uint32_t LINE = 4 * N;
constexpr uint32_t ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32;
constexpr uint32_t ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32;
constexpr uint32_t I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32;
constexpr uint32_t F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32;
constexpr uint32_t BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16;
constexpr uint32_t FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16;
constexpr uint32_t I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8;
constexpr uint32_t SRC2 = ASHLAR_VECTOR_CFG_SRC2_EN_MASK;
constexpr uint32_t BIAS = ASHLAR_VECTOR_CFG_BIAS_EN_MASK;
constexpr uint32_t SCALE = ASHLAR_VECTOR_CFG_SCALE_EN_MASK;
constexpr uint32_t SCALEV = ASHLAR_VECTOR_CFG_SCALEV_EN_MASK;
constexpr uint32_t RELU = ASHLAR_VECTOR_CFG_RELU_MASK;

unsigned passed, failed;

void check(bool ok, const std::string &what)
{
	ok ? passed++ : failed++;
	if (!ok && failed < 20)
		printf("FAILED: %s\n", what.c_str());
}

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

uint32_t make_cfg(uint32_t src, uint32_t dst, uint32_t flags, uint32_t op = 0)
{
	return src | dst << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT | flags |
	       op << ASHLAR_VECTOR_CFG_SRC2_OP_SHIFT;
}

uint32_t row_bytes(uint32_t fmt)
{
	return fmt == I8 ? N : fmt == BF16 || fmt == FP16 ? 2 * N : 4 * N;
}

std::string describe(const ash_vector_cmd &c)
{
	char s[240];
	snprintf(
		s, sizeof(s),
		"cfg %x src %x/%x src2 %x/%x bias %x scale %x scalev %x dst %x/%x rows %u acc_row %u",
		c.cfg, c.src, c.src_pitch, c.src2, c.src2_pitch, c.bias,
		c.scale, c.scalev, c.dst, c.dst_pitch, c.rows, c.acc_row);
	return s;
}

class Bench {
    public:
	VerilatedContext context;
	Vash_vector_tb top{ &context };
	std::vector<uint8_t> spad =
		std::vector<uint8_t>(SPAD); // what the unit sees
	std::vector<uint8_t> want =
		std::vector<uint8_t>(SPAD); // what the reference makes
	std::vector<uint32_t> acc = std::vector<uint32_t>(ACCS * N * N);
	ash_tile ref{ N, ACCS, SPAD, want.data(), acc.data() };
	Random rnd{ 1 };
	unsigned stall = 0; // of 256: requests refused
	uint64_t cycle = 0, done = 0, refused = 0, stalled = 0;

	Bench()
	{
		top.rst = 1;
		step();
		step();
		top.rst = 0;
		top.eval();
	}

	void step()
	{
		top.rd_gnt = rnd.below(256) >= stall;
		top.wr_gnt = rnd.below(256) >= stall;
		top.eval();
		bool rd = top.rd_req && top.rd_gnt,
		     wr = top.wr_req && top.wr_gnt, ac = top.acc_req;
		refused += (top.rd_req && !top.rd_gnt) ||
			   (top.wr_req && !top.wr_gnt);
		stalled += top.perf_stall;
		std::vector<uint8_t> line(LINE), strb(LINE);
		uint32_t wl = top.wr_line,
			 at = (top.acc_idx * N + top.acc_row) * N;
		std::vector<uint32_t> rdata(N);
		for (auto &v : rdata)
			v = rnd.next(); // when there was no read
		if (rd)
			memcpy(rdata.data(), &spad[top.rd_line * LINE], LINE);
		for (uint32_t i = 0; wr && i < LINE; i++) {
			strb[i] = strobe(i);
			line[i] = static_cast<uint8_t>(top.wr_data[i / 4] >>
						       8 * (i % 4));
		}
		top.clk = 0;
		top.eval();
		top.clk = 1;
		top.eval();
		memcpy(&top.rd_rdata[0], rdata.data(), LINE);
		for (uint32_t i = 0; i < N; i++)
			top.acc_rdata[i] = ac ? acc[at + i] : rnd.next();
		for (uint32_t i = 0; wr && i < LINE; i++)
			if (strb[i])
				spad[wl * LINE + i] = line[i];
		top.eval();
		cycle++;
		done += top.done;
	}

	void issue(const ash_vector_cmd &c)
	{
		while (!top.cmd_ready)
			step();
		top.cmd_valid = 1;
		const uint32_t w[12] = { c.cfg,	      c.src,	    c.src_pitch,
					 c.src2,      c.src2_pitch, c.bias,
					 c.scale,     c.scalev,	    c.dst,
					 c.dst_pitch, c.rows,	    c.acc_row };
		for (int i = 0; i < 12; i++)
			top.cmd_word[i] = w[i];
		step();
		top.cmd_valid = 0;
		top.eval();
	}

	bool wait_done(uint64_t count)
	{
		uint64_t limit = cycle + 1000000;
		while (done < count && cycle < limit && !top.fault_valid)
			step();
		return done >= count;
	}

	bool same(std::string &why)
	{
		for (uint32_t i = 0; i < SPAD; i++) {
			if (spad[i] == want[i])
				continue;
			char s[100];
			snprintf(s, sizeof(s),
				 "scratchpad byte %x is %02x, should be %02x",
				 i, spad[i], want[i]);
			why = s;
			spad = want;
			return false;
		}
		return true;
	}

	void clear()
	{
		top.clear = 1;
		step();
		top.clear = 0;
		top.eval();
	}

    private:
	bool strobe(uint32_t i)
	{
		// a 32-bit member for 8 lanes, an array of words for more
		uint32_t v;
		memcpy(&v,
		       reinterpret_cast<const char *>(&top.wr_strb) +
			       i / 32 * 4,
		       sizeof(v));
		return v >> i % 32 & 1;
	}
};

// A word that is interesting as two 16-bit floats, as fp32 and as integers.
uint32_t word(Random &r, unsigned kind)
{
	static const uint32_t f[] = {
		0,	    0x80000000, 0x00000001, 0x807fffff, 0x00800000,
		0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000,
		0xffc00001, 0x7f800001, 0x3f800000, 0xbf800000, 0x4b000001,
		0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001, 0x42fe0000,
		0x42fefffe, 0x42ff0000, 0xc3008000, 0x3f000000, 0x3fc00000,
		0x477fe000, 0x477ff000, 0x477fefff, 0x33000000, 0x33000001,
		0x387fe000, 0x38800000, 0x7fffffff, 0x0000007f, 0x00000080,
		0xffffff80, 0xffffff7f, 0x01000001, 0x03c003ff, 0x7c007c01,
		0xfc000001, 0x7bff8400
	};
	uint32_t v = r.next();
	switch (kind) {
	case 0:
		return v;
	case 1:
		return f[r.below(sizeof(f) / sizeof(f[0]))];
	case 2: // near one
		return (v & 0x80ffffff) | 0x3f000000;
	case 3: // small integers
		return static_cast<uint32_t>(static_cast<int32_t>(v) >>
					     (16 + v % 14));
	case 4: // fp16-sized fp32
		return (v & 0x83ffffff) |
		       (v & 0x04000000 ? 0x44000000 : 0x30000000);
	default: // few values: cancellation, ties
		return (v & 0x8000c000) | 0x3f804000;
	}
}

void fill(Bench &t, unsigned kind)
{
	for (uint32_t i = 0; i < SPAD; i += 4) {
		uint32_t v =
			word(t.rnd, t.rnd.below(8) ? kind : t.rnd.below(6));
		memcpy(&t.spad[i], &v, 4);
	}
	t.want = t.spad;
	t.ref.spad = t.want.data();
	for (auto &a : t.acc)
		a = word(t.rnd, t.rnd.below(8) ? kind : t.rnd.below(6));
}

// Rows in a window of the scratchpad, so that commands touch each other's.
void place(Bench &t, uint32_t rows, uint32_t bytes, uint32_t window,
	   uint32_t &addr, uint32_t &pitch)
{
	pitch = bytes * (t.rnd.below(6) ? 1 + t.rnd.below(3) : 0);
	uint32_t span = pitch * (rows - 1) + bytes;
	if (span > window) {
		pitch = bytes;
		span = bytes * rows;
	}
	addr = (t.rnd.below(8) ? t.rnd.below((window - span) / bytes + 1) :
				 (window - span) / bytes) *
	       bytes;
}

ash_vector_cmd random_cmd(Bench &t)
{
	ash_vector_cmd c{};
	uint32_t src = t.rnd.below(7), dst = 2 + t.rnd.below(5);
	uint32_t flags = 0;
	for (uint32_t f : { SRC2, BIAS, SCALE, RELU })
		flags |= t.rnd.below(3) ? 0 : f;
	if (!(flags & SCALE) && !t.rnd.below(3))
		flags |= SCALEV;
	c.cfg = make_cfg(src, dst, flags, t.rnd.below(flags & SRC2 ? 5 : 8));
	bool acc = src <= ACC_F32;
	c.rows = 1 + t.rnd.below(acc ? N : t.rnd.below(4) ? 20 : 3 * N);
	c.acc_row = acc ? t.rnd.below(N - c.rows + 1) : t.rnd.next();
	uint32_t window = t.rnd.below(3) ? 16 * N * LINE : SPAD;
	if (t.rnd.below(4) == 0)
		window = 4 * N * LINE;
	place(t, c.rows, row_bytes(src), window, c.src, c.src_pitch);
	if (acc) {
		c.src = t.rnd.below(ACCS);
		c.src_pitch = t.rnd.next(); // not used
	}
	place(t, c.rows, row_bytes(src), window, c.src2, c.src2_pitch);
	place(t, c.rows, row_bytes(dst), window, c.dst, c.dst_pitch);
	c.bias = t.rnd.below(window / LINE) * LINE;
	c.scalev = t.rnd.below(window / LINE) * LINE;
	c.scale = word(t.rnd, t.rnd.below(6));
	if (!(flags & SRC2))
		c.src2 = t.rnd.next();
	if (!(flags & BIAS))
		c.bias = t.rnd.next();
	if (!(flags & SCALEV))
		c.scalev = t.rnd.next();
	return c;
}

void test_random(Bench &t, unsigned streams)
{
	for (unsigned s = 0; s < streams; s++) {
		if (s % 8 == 0)
			fill(t, t.rnd.below(6));
		t.stall = s % 3 == 0 ? 0 : t.rnd.below(230);
		uint64_t goal = t.done;
		std::string list;
		unsigned count = 1 + t.rnd.below(12);
		for (unsigned i = 0; i < count; i++) {
			ash_vector_cmd c = random_cmd(t);
			ash_cmd_error e;
			if (ash_vector_run(&t.ref, &c, &e)) {
				check(false,
				      "the reference refuses " + describe(c));
				return;
			}
			t.issue(c);
			goal++;
			list += "\n  " + describe(c);
		}
		std::string why = "commands not done";
		check(t.wait_done(goal) && t.same(why), why + list);
		check(t.done == goal && t.top.idle && !t.top.perf_busy,
		      "idle after as many pulses as commands");
	}
	check(t.stalled == t.refused, "perf_stall counts refused requests");
}

void run_one(Bench &t, const ash_vector_cmd &c)
{
	ash_cmd_error e;
	bool ok = !ash_vector_run(&t.ref, &c, &e);
	std::string why = "refused or not done";
	t.issue(c);
	check(ok && t.wait_done(t.done + 1) && t.same(why),
	      why + ": " + describe(c));
}

// Every bf16, fp16 and int8 as a source, to every format; one value at a time
// with the special values as the other operand.
void test_values(Bench &t)
{
	t.stall = 0;
	const uint32_t rows = SPAD / 4 / (2 * N);
	for (uint32_t base = 0; base < 65536; base += rows * N) {
		fill(t, 1);
		for (uint32_t i = 0; i < rows * N; i++) {
			t.spad[2 * i] = static_cast<uint8_t>(base + i);
			t.spad[2 * i + 1] =
				static_cast<uint8_t>((base + i) >> 8);
		}
		t.want = t.spad;
		for (uint32_t src : { BF16, FP16 }) {
			for (uint32_t dst : { I32, F32, BF16, FP16, I8 }) {
				ash_vector_cmd c{};
				c.cfg = make_cfg(src, dst, 0);
				c.src_pitch = row_bytes(src);
				c.dst = SPAD / 2;
				c.dst_pitch = row_bytes(dst);
				c.rows = rows;
				run_one(t, c);
			}
		}
	}
	for (unsigned kind = 0; kind < 6; kind++) {
		fill(t, kind);
		for (uint32_t src = 0; src < 7; src++) {
			for (uint32_t op = 0; op < 5; op++) {
				ash_vector_cmd c{};
				c.cfg = make_cfg(src, src < 2 ? src + 2 : src,
						 SRC2, op);
				c.src_pitch = c.src2_pitch = c.dst_pitch =
					row_bytes(src);
				c.src2 = SPAD / 4;
				c.dst = SPAD / 2;
				c.rows = src < 2 ? N : 2 * N;
				run_one(t, c);
				c.cfg = make_cfg(src, F32,
						 SCALEV | (op & 1 ? RELU : 0) |
							 BIAS);
				c.scalev = SPAD / 2 + op * LINE;
				c.bias = SPAD / 4 + op * LINE;
				c.dst_pitch = LINE;
				run_one(t, c);
			}
		}
	}
}

// Without conflicts: a row a cycle, two with SRC2 from the scratchpad, one
// cycle for each of bias and scale row, and LATENCY once for a stream.
void test_timing(Bench &t)
{
	constexpr uint64_t LATENCY = 6;
	struct {
		const char *name;
		uint32_t cfg;
		uint64_t per_row, extra;
	} cases[] = {
		{ "accumulator to int8",
		  make_cfg(ACC_I32, I8, SCALEV | BIAS | RELU), 1, 2 },
		{ "accumulator to bf16", make_cfg(ACC_F32, BF16, 0), 1, 0 },
		{ "fp32", make_cfg(F32, F32, SCALE | RELU), 1, 0 },
		{ "int8", make_cfg(I8, I8, BIAS), 1, 1 },
		{ "fp32 with SRC2", make_cfg(F32, F32, SRC2), 2, 0 },
		{ "accumulator with SRC2", make_cfg(ACC_F32, F32, SRC2), 1, 0 },
	};
	t.stall = 0;
	fill(t, 2);
	for (const auto &k : cases) {
		for (unsigned count : { 1u, 8u }) {
			uint64_t start = t.cycle, goal = t.done + count;
			for (unsigned i = 0; i < count; i++) {
				ash_vector_cmd c{};
				c.cfg = k.cfg;
				c.src = (k.cfg & 15) <= ACC_F32 ? i % ACCS : 0;
				c.src_pitch = c.src2_pitch =
					row_bytes(k.cfg & 15);
				c.src2 = SPAD / 4;
				c.bias = SPAD / 8;
				c.scalev = SPAD / 8 + LINE;
				c.scale = 0x3f000000;
				c.dst = SPAD / 2 + i * N * LINE;
				c.dst_pitch = row_bytes(k.cfg >> 4 & 15);
				c.rows = N;
				ash_cmd_error e;
				check(!ash_vector_run(&t.ref, &c, &e),
				      "stream command is good");
				t.issue(c);
			}
			std::string why = "not done";
			check(t.wait_done(goal) && t.same(why),
			      std::string(k.name) + ": " + why);
			uint64_t got = t.cycle - start,
				 want = LATENCY +
					count * (N * k.per_row + k.extra);
			check(got == want, std::string(k.name) + " x " +
						   std::to_string(count) +
						   ": " + std::to_string(got) +
						   " cycles, should be " +
						   std::to_string(want));
		}
	}
}

void expect_fault(Bench &t, ash_vector_cmd c, uint32_t sub, uint32_t value)
{
	ash_cmd_error e{}, none;
	bool refused = ash_vector_run(&t.ref, &c, &e) != 0;
	check(refused && e.sub == sub && e.value == value,
	      "the reference refuses " + describe(c));
	ash_vector_cmd good{};
	good.cfg = make_cfg(F32, BF16, 0);
	good.src_pitch = LINE;
	good.dst = SPAD / 2 + t.rnd.below(16) * 2 * N;
	good.dst_pitch = 2 * N;
	good.rows = 5;
	ash_vector_run(&t.ref, &good, &none);
	uint64_t goal = t.done + 1;
	t.issue(good);
	t.issue(c);
	good.src = LINE * 7;
	t.issue(good);
	for (int i = 0; i < 1000 && !t.top.fault_valid; i++)
		t.step();
	for (int i = 0; i < 30; i++)
		t.step();
	check(t.top.fault_valid &&
		      t.top.fault_cause == ASHLAR_TILE_FAULT_CAUSE_COMMAND &&
		      t.top.fault_sub == sub && t.top.fault_addr == value,
	      "fault names the register: " + describe(c));
	std::string why = "wrong count";
	check(t.done == goal && !t.top.idle && t.same(why),
	      "done before the fault, nothing behind it: " + why);
	t.clear();
	t.step();
	check(!t.top.fault_valid && t.top.idle, "clear ends the fault");
}

void test_faults(Bench &t)
{
	using C = ash_vector_cmd;
	ash_vector_cmd good{};
	good.cfg = make_cfg(F32, F32, SRC2 | BIAS | SCALEV);
	good.src_pitch = good.src2_pitch = good.dst_pitch = LINE;
	good.rows = 4;
	auto with = [&](uint32_t C::*f, uint32_t v, uint32_t cfg = 0) {
		ash_vector_cmd c = good;
		if (cfg)
			c.cfg = cfg;
		c.*f = v;
		return c;
	};
	t.stall = 64;
	fill(t, 2);
	for (uint32_t cfg :
	     { make_cfg(7, F32, 0), make_cfg(15, F32, 0), make_cfg(8, F32, 0),
	       make_cfg(F32, 0, 0), make_cfg(F32, 1, 0), make_cfg(F32, 7, 0),
	       make_cfg(F32, 10, 0), make_cfg(F32, F32, SCALE | SCALEV),
	       make_cfg(F32, F32, SRC2, 5), make_cfg(I32, I8, SRC2, 7) })
		expect_fault(t, with(&C::cfg, cfg, cfg), ASHLAR_VECTOR_CFG,
			     cfg);
	struct {
		uint32_t C::*field;
		uint32_t sub;
	} rows[] = { { &C::src, ASHLAR_VECTOR_SRC },
		     { &C::src_pitch, ASHLAR_VECTOR_SRC_PITCH },
		     { &C::src2, ASHLAR_VECTOR_SRC2 },
		     { &C::src2_pitch, ASHLAR_VECTOR_SRC2_PITCH },
		     { &C::bias, ASHLAR_VECTOR_BIAS },
		     { &C::scalev, ASHLAR_VECTOR_SCALEV },
		     { &C::dst, ASHLAR_VECTOR_DST },
		     { &C::dst_pitch, ASHLAR_VECTOR_DST_PITCH } };
	for (const auto &r : rows) {
		bool line = r.field == &C::bias || r.field == &C::scalev;
		for (uint32_t bit = 1; bit < LINE; bit *= 2) {
			expect_fault(t, with(r.field, LINE + bit), r.sub,
				     LINE + bit);
			uint32_t half = make_cfg(
				BF16, FP16, good.cfg & (SRC2 | BIAS | SCALEV));
			if (bit < 2 * N || line)
				expect_fault(t, with(r.field, bit, half), r.sub,
					     bit);
			uint32_t byte = make_cfg(
				I8, I8, good.cfg & (SRC2 | BIAS | SCALEV));
			if (bit < N || line)
				expect_fault(t, with(r.field, bit, byte), r.sub,
					     bit);
		}
	}
	for (uint32_t n : { 0u, 65536u, 0xffffffffu })
		expect_fault(t, with(&C::rows, n), ASHLAR_VECTOR_ROWS, n);
	const uint32_t acc = make_cfg(ACC_I32, I32, 0);
	for (uint32_t n : { 0u, N + 1, 65536u + 4 })
		expect_fault(t, with(&C::rows, n, acc), ASHLAR_VECTOR_ROWS, n);
	for (uint32_t a : { ACCS, 64u, 0x80000000u })
		expect_fault(t, with(&C::src, a, acc), ASHLAR_VECTOR_SRC, a);
	for (uint32_t r : { N - 3, N, 0x80000000u, 0xfffffffcu })
		expect_fault(t, with(&C::acc_row, r, acc),
			     ASHLAR_VECTOR_ACC_ROW, r);
	// outside the scratchpad: one row too far; so far that 32 bits wrap
	for (const auto &r : rows) {
		bool pitch = r.field == &C::src_pitch ||
			     r.field == &C::src2_pitch ||
			     r.field == &C::dst_pitch;
		bool line = r.field == &C::bias || r.field == &C::scalev;
		uint32_t sub = pitch ? r.sub - 4 : r.sub;
		if (pitch) {
			for (uint32_t p :
			     { (SPAD - LINE) / 3 / LINE * LINE + LINE, SPAD,
			       0x80000000u, 0u - LINE })
				expect_fault(t, with(r.field, p), sub, 0);
		} else {
			for (uint32_t a : { line ? SPAD : SPAD - 3 * LINE, SPAD,
					    0x80000000u, 0u - LINE })
				expect_fault(t, with(r.field, a), sub, a);
		}
	}
	// the last rows are inside
	t.stall = 0;
	run_one(t, with(&C::src, SPAD - 4 * LINE));
	run_one(t, with(&C::dst, SPAD - 4 * LINE));
	run_one(t, with(&C::bias, SPAD - LINE));
	good.dst_pitch = N;
	run_one(t, with(&C::dst, SPAD - 4 * N, make_cfg(F32, I8, 0)));
}

// clear at any moment leaves a unit that works.
void test_clear(Bench &t)
{
	fill(t, 2);
	for (uint32_t wait = 0; wait < 60; wait++) {
		t.stall = wait % 2 ? 120 : 0;
		for (int i = 0; i < 3; i++)
			t.issue(random_cmd(t));
		for (uint32_t i = 0; i < wait; i++)
			t.step();
		t.clear();
		t.want = t.spad;
		check(t.top.idle && !t.top.fault_valid && !t.top.wr_req &&
			      !t.top.rd_req,
		      "idle after clear");
		uint64_t done = t.done;
		for (int i = 0; i < 3; i++)
			run_one(t, random_cmd(t));
		for (int i = 0; i < 20; i++)
			t.step();
		check(t.done == done + 3, "only new commands after clear");
	}
}

} // namespace

int main(int argc, char **argv)
{
	auto t = std::make_unique<Bench>();
	t->rnd.s = argc > 1 ? strtoull(argv[1], nullptr, 0) * 2 + 1 : 1;
	for (int i = 0; i < 20; i++)
		t->rnd.next();
	test_timing(*t);
	test_values(*t);
	test_faults(*t);
	test_clear(*t);
	test_random(*t, argc > 2 ? static_cast<unsigned>(
					   strtoul(argv[2], nullptr, 0)) :
				   300);
	printf("vector %u lanes:\n%u passed, %u failed\n", N, passed, failed);
	return failed != 0;
}
