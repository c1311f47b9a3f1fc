// SPDX-License-Identifier: MIT
//
// Drives the matrix unit with random and directed commands and compares with
// the reference in hw-model/numerics, bit for bit.
//   matrix-tb [SEED [STREAMS]]    the tests
//   matrix-tb bench               simulated MACs a second
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "Vash_matrix_tb.h"
#include "ash_board.h"
#include "ash_units.h"
#include "ashlar_regs.h"
#include "verilated.h"

namespace {

constexpr uint32_t N = ASHLAR_BOARD_ARRAY;
constexpr uint32_t ACCS = ASHLAR_BOARD_ACCS;
constexpr uint32_t SPAD = ASHLAR_BOARD_SPAD_BYTES;
constexpr uint32_t LINE = 4 * N;
constexpr uint32_t INT8 = ASHLAR_MATRIX_CFG_TYPE_INT8;
constexpr uint32_t BF16 = ASHLAR_MATRIX_CFG_TYPE_BF16;
constexpr uint32_t FP16 = ASHLAR_MATRIX_CFG_TYPE_FP16;

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

uint32_t make_cfg(uint32_t type, bool akm, bool bkm, bool accumulate,
		  uint32_t acc)
{
	return type | (akm ? ASHLAR_MATRIX_CFG_A_KMAJOR_MASK : 0) |
	       (bkm ? ASHLAR_MATRIX_CFG_B_KMAJOR_MASK : 0) |
	       (accumulate ? ASHLAR_MATRIX_CFG_ACCUMULATE_MASK : 0) |
	       acc << ASHLAR_MATRIX_CFG_ACC_SHIFT;
}

uint32_t words_of(uint32_t type, uint32_t k)
{
	return type == INT8 ? (k + 3) / 4 : (k + 1) / 2;
}

class Bench {
    public:
	VerilatedContext context;
	Vash_matrix_tb top{ &context };
	std::vector<uint8_t> spad = std::vector<uint8_t>(SPAD);
	std::vector<uint32_t> acc = std::vector<uint32_t>(ACCS * N * N);
	ash_tile ref{ N, ACCS, SPAD, spad.data(), acc.data() };
	Random rnd{ 1 };
	unsigned stall = 0; // of 256: requests refused
	uint64_t cycle = 0, done = 0, busy = 0, stalled = 0;

	Bench()
	{
		top.rst = 1;
		top.go_ahead = 1;
		step();
		step();
		top.rst = 0;
	}

	// One cycle. What was set before holds in it; outputs are read after it.
	void step()
	{
		top.a_gnt = rnd.below(256) >= stall;
		top.b_gnt = rnd.below(256) >= stall;
		bool a = top.a_req && top.a_gnt, b = top.b_req && top.b_gnt;
		uint32_t al = top.a_line, bl = top.b_line;
		busy += top.perf_busy;
		stalled += top.perf_stall;
		top.clk = 0;
		top.eval();
		top.clk = 1;
		top.eval();
		// data of the granted requests; anything when there was none
		if (a)
			memcpy(&top.a_rdata[0], &spad[al * LINE], LINE);
		else
			top.a_rdata[0] = rnd.next();
		if (b)
			memcpy(&top.b_rdata[0], &spad[bl * LINE], LINE);
		else
			top.b_rdata[0] = rnd.next();
		cycle++;
		done += top.done;
	}

	void issue(const ash_matrix_cmd &c)
	{
		for (uint32_t i = 0; !top.cmd_ready; i++) {
			if (i == 10000000) {
				fprintf(stderr, "the unit hangs\n");
				exit(1);
			}
			step();
		}
		top.cmd_valid = 1;
		top.cmd_a_addr = c.a_addr;
		top.cmd_a_pitch = c.a_pitch;
		top.cmd_b_addr = c.b_addr;
		top.cmd_b_pitch = c.b_pitch;
		top.cmd_k = c.k;
		top.cmd_cfg = c.cfg;
		top.cmd_tiles = c.tiles;
		top.cmd_a_tile = c.a_tile;
		top.cmd_b_tile = c.b_tile;
		top.cmd_parts = c.parts;
		top.cmd_a_part = c.a_part;
		top.cmd_b_part = c.b_part;
		step();
		top.cmd_valid = 0;
	}

	bool wait_done(uint64_t count)
	{
		uint64_t limit = cycle + 4000000;
		while (done < count && cycle < limit && !top.fault_valid)
			step();
		return done >= count;
	}

	// Compares one tile, reading a row a cycle from the next cycle on.
	bool same_tile(uint32_t t, std::string &why)
	{
		for (uint32_t r = 0; r < N; r++) {
			top.acc_req = 1;
			top.acc_idx = t;
			top.acc_row = r;
			step();
			top.acc_req = 0;
			for (uint32_t c = 0; c < N; c++) {
				uint32_t want = acc[(t * N + r) * N + c];
				if (top.acc_rdata[c] != want) {
					char s[120];
					snprintf(
						s, sizeof(s),
						"acc %u row %u column %u is %08x, should be %08x",
						t, r, c, top.acc_rdata[c],
						want);
					why = s;
					return false;
				}
			}
		}
		return true;
	}

	void clear()
	{
		top.clear = 1;
		step();
		top.clear = 0;
	}
};

uint16_t special16(Random &r, bool bf)
{
	static const uint16_t b[] = { 0,      0x8000, 1,      0x807f,
				      0x0080, 0x7f7f, 0xff7f, 0x7f80,
				      0xff80, 0x7fc1, 0x3f80, 0xbf80,
				      0x0081, 0x1f80, 0x5f80, 0x2000 };
	static const uint16_t h[] = { 0,      0x8000, 1,      0x83ff,
				      0x0400, 0x7bff, 0xfbff, 0x7c00,
				      0xfc00, 0x7e01, 0x3c00, 0xbc00,
				      0x0200, 0x8010, 0x0401, 0x7801 };
	return bf ? b[r.below(16)] : h[r.below(16)];
}

// Fills the scratchpad with numbers of one kind.
void fill(Bench &t, uint32_t type, unsigned kind)
{
	uint32_t *w = reinterpret_cast<uint32_t *>(t.spad.data());
	for (uint32_t i = 0; i < SPAD / 4; i++) {
		uint32_t v = 0;
		for (int h = 0; h < 2 && type != INT8; h++) {
			uint16_t e = static_cast<uint16_t>(t.rnd.next());
			if (kind == 0) // near one, both signs
				e = type == BF16 ?
					    (e & 0x81ff) | (0x3e00 +
							    (e >> 3 & 0x180)) :
					    (e & 0x8fff) | 0x3000;
			else if (kind == 1 && (e & 7) == 0)
				e = special16(t.rnd, type == BF16);
			else if (kind == 2) // few values: cancellation
				e = static_cast<uint16_t>(
					(type == BF16 ? 0x3f80 : 0x3c00) |
					(e & 0x8041));
			else if (kind == 3) // tiny and huge: flushes, overflow
				e = type == BF16 ?
					    (e & 0x80ff) |
						    (e & 0x100 ? 0x2000 :
						     e & 0x200 ? 0x1f00 :
								 0x5f00) :
					    (e & 0x83ff) |
						    (e & 0x400 ? 0 : 0x7800);
			// kind 4: any bits
			v |= static_cast<uint32_t>(e) << 16 * h;
		}
		if (type == INT8) {
			v = t.rnd.next();
			if (kind == 3)
				v = v & 0x01010101 ? 0x80808080 : 0x7f7f7f80;
		}
		w[i] = v;
	}
}

// A command of one tile and one part, else empty.
ash_matrix_cmd single()
{
	ash_matrix_cmd c{};
	c.tiles = c.parts = 1;
	return c;
}

// How an operand of `span` lines repeats: steps of lines, up or down, such that
// all of it fits somewhere. Returns its first line.
uint32_t random_repeat(Bench &t, uint32_t span, uint32_t tiles, uint32_t parts,
		       uint32_t &tile, uint32_t &part)
{
	const int lines = SPAD / LINE;
	int steps[2] = { 0, 0 }, low = 0, high = static_cast<int>(span) - 1;
	const uint32_t counts[2] = { tiles, parts };
	for (int d = 0; d < 2; d++) {
		int most = (lines - 1 - (high - low)) /
			   static_cast<int>(counts[d] > 1 ? counts[d] - 1 : 1);
		if (most > 40)
			most = 40;
		steps[d] = static_cast<int>(t.rnd.below(
				   2 * static_cast<uint32_t>(most) + 1)) -
			   most;
		int reach = steps[d] * static_cast<int>(counts[d] - 1);
		(reach < 0 ? low : high) += reach;
	}
	tile = static_cast<uint32_t>(steps[0]) * LINE;
	part = static_cast<uint32_t>(steps[1]) * LINE;
	return t.rnd.below(static_cast<uint32_t>(lines - (high - low))) -
	       static_cast<uint32_t>(low);
}

ash_matrix_cmd random_cmd(Bench &t, uint32_t type, uint32_t max_k, uint32_t acc,
			  bool accumulate)
{
	ash_matrix_cmd c = single();
	bool akm = t.rnd.below(2), bkm = t.rnd.below(2);
	c.k = 1 + t.rnd.below(max_k);
	c.cfg = make_cfg(type, akm, bkm, accumulate, acc);
	if (t.rnd.below(3) == 0)
		c.tiles = 1 + t.rnd.below(ACCS - acc);
	if (t.rnd.below(3) == 0)
		c.parts = 1 + t.rnd.below(5);
	uint32_t words = words_of(type, c.k);
	for (int side = 0; side < 2; side++) {
		bool km = side ? bkm : akm;
		uint32_t rows = km ? words : N;
		uint32_t row_lines = km ? 1 : (words + N - 1) / N;
		uint32_t pitch = row_lines + t.rnd.below(3);
		if (t.rnd.below(8) == 0)
			pitch = 0;
		uint32_t span = pitch * (rows - 1) + row_lines;
		uint32_t &tile = side ? c.b_tile : c.a_tile;
		uint32_t &part = side ? c.b_part : c.a_part;
		uint32_t addr =
			random_repeat(t, span, c.tiles, c.parts, tile, part);
		if (c.tiles == 1 && c.parts == 1 && t.rnd.below(8) == 0)
			addr = SPAD / LINE - span; // up to the last line
		(side ? c.b_addr : c.a_addr) = addr * LINE;
		(side ? c.b_pitch : c.a_pitch) = pitch * LINE;
	}
	return c;
}

std::string describe(const ash_matrix_cmd &c)
{
	char s[240];
	snprintf(s, sizeof(s),
		 "a %x/%x b %x/%x k %u cfg %x tiles %u %x %x parts %u %x %x",
		 c.a_addr, c.a_pitch, c.b_addr, c.b_pitch, c.k, c.cfg, c.tiles,
		 c.a_tile, c.b_tile, c.parts, c.a_part, c.b_part);
	return s;
}

// Streams of commands issued without waiting, stalls of every density.
void test_random(Bench &t, unsigned streams)
{
	for (unsigned s = 0; s < streams; s++) {
		uint32_t type = s % 3;
		fill(t, type, t.rnd.below(5));
		t.stall = s % 4 == 0 ? 0 : t.rnd.below(230);
		uint64_t want = t.done;
		std::string list;
		unsigned count = 1 + t.rnd.below(10);
		uint64_t k_steps = 0, busy = t.busy;
		for (unsigned i = 0; i < count; i++) {
			uint32_t max_k = t.rnd.below(6) ? 3 * N : 12 * N;
			// now and then another type, on what an earlier one left
			uint32_t ty = t.rnd.below(10) ? type : t.rnd.below(3);
			ash_matrix_cmd c = random_cmd(t, ty, max_k,
						      t.rnd.below(ACCS),
						      t.rnd.below(3));
			ash_cmd_error e;
			if (ash_matrix_run(&t.ref, &c, &e)) {
				check(false,
				      "the reference refuses " + describe(c));
				return;
			}
			t.issue(c);
			want++;
			k_steps += (ty == INT8 ? (c.k + 3) / 4 : c.k) *
				   c.tiles * c.parts;
			list += "\n  " + describe(c);
		}
		bool ok = t.wait_done(want);
		std::string why = "commands not done";
		for (uint32_t a = 0; ok && a < ACCS; a++)
			ok = t.same_tile(a, why);
		check(ok, why + list);
		if (!ok)
			return;
		check(t.done == want && t.top.idle,
		      "idle after as many pulses as commands");
		check(t.busy - busy == k_steps, "perf_busy counts the steps");
	}
}

// Every small K, every type and layout; K bytes beyond the last are not zero.
void test_k(Bench &t)
{
	for (uint32_t type = 0; type < 3; type++) {
		fill(t, type, 0);
		for (uint32_t k = 1; k <= 8 * N + 5;
		     k += N > 8 && k > 9 ? 7 : 1) {
			for (uint32_t layout = 0; layout < 4; layout++) {
				ash_matrix_cmd c = single();
				c.k = k;
				c.cfg = make_cfg(type, layout & 1, layout & 2,
						 k & 1, layout % ACCS);
				c.a_pitch = LINE * 8;
				c.b_addr = SPAD / 2;
				c.b_pitch = LINE * 5;
				ash_cmd_error e;
				bool ok = !ash_matrix_run(&t.ref, &c, &e);
				t.issue(c);
				std::string why = "not done";
				ok = ok && t.wait_done(t.done + 1) &&
				     t.same_tile(layout % ACCS, why);
				check(ok, why + ": " + describe(c));
			}
		}
	}
}

// Accumulators can be read in the cycle of the done pulse.
void test_done(Bench &t)
{
	fill(t, INT8, 4);
	t.stall = 0;
	for (uint32_t i = 0; i < 50; i++) {
		ash_matrix_cmd c = random_cmd(t, i % 3, 3 * N, i % ACCS, false);
		ash_cmd_error e;
		bool ok = !ash_matrix_run(&t.ref, &c, &e);
		t.issue(c);
		std::string why = "not done";
		ok = ok && t.wait_done(t.done + 1) && t.top.done &&
		     t.same_tile(i % ACCS, why);
		check(ok, why + " at done: " + describe(c));
	}
}

uint64_t run_stream(Bench &t, uint32_t type, uint32_t k, bool km,
		    unsigned count)
{
	std::deque<ash_matrix_cmd> todo;
	for (unsigned i = 0; i < count; i++) {
		ash_matrix_cmd c = single();
		c.k = k;
		c.cfg = make_cfg(type, km, km, i > 0, 0);
		c.a_pitch = LINE;
		c.b_addr = SPAD / 2;
		c.b_pitch = LINE;
		if (!km && words_of(type, k) > N)
			c.a_pitch = c.b_pitch =
				LINE * ((words_of(type, k) + N - 1) / N);
		ash_cmd_error e;
		check(!ash_matrix_run(&t.ref, &c, &e),
		      "stream command is good");
		todo.push_back(c);
	}
	uint64_t start = t.cycle;
	uint64_t want = t.done + count;
	for (const auto &c : todo)
		t.issue(c);
	check(t.wait_done(want), "stream is done");
	std::string why;
	check(t.same_tile(0, why), "stream: " + why);
	return t.cycle - start - N; // without the N cycles of reading
}

// Without conflicts a stream takes its k-steps and the latency of one tile:
// LATENCY cycles from GO to the first request and from the last line to done,
// and the lines of the first tile.
void test_timing(Bench &t)
{
	constexpr uint64_t LATENCY = 5;
	struct {
		uint32_t type, k;
		bool km;
		unsigned count;
		uint64_t first, steps;
	} cases[] = {
		{ INT8, 4 * N, false, 8, N, 8 * N },
		{ INT8, 4 * N, true, 8, N, 8 * N },
		{ INT8, 4 * N, false, 1, N, N },
		{ INT8, 16 * N, false, 8, N, 32 * N },
		{ INT8, 16, true, 1, 4, 4 },
		{ BF16, 2 * N, false, 8, N, 16 * N },
		{ FP16, 8 * N, true, 4, N, 32 * N },
		{ BF16, 2 * N - 1, false, 8, N, 8 * (2 * N - 1) },
	};
	t.stall = 0;
	fill(t, INT8, 4);
	for (const auto &c : cases) {
		uint64_t got = run_stream(t, c.type, c.k, c.km, c.count);
		uint64_t want = LATENCY + c.first + c.steps;
		char s[120];
		snprintf(s, sizeof(s),
			 "%u x type %u k %u %s: %llu cycles, should be %llu",
			 c.count, c.type, c.k, c.km ? "k-major" : "rows",
			 static_cast<unsigned long long>(got),
			 static_cast<unsigned long long>(want));
		check(got == want, s);
	}
}

// The products of a command follow each other as commands do, and it counts as
// one of the queue.
void test_repeats(Bench &t)
{
	fill(t, BF16, 0);
	t.stall = 0;
	for (uint32_t type : { INT8, BF16 }) {
		ash_matrix_cmd c = single();
		c.k = type == INT8 ? 4 * N : 2 * N;
		c.cfg = make_cfg(type, false, false, false, ACCS - 3);
		c.tiles = 3;
		c.parts = 2;
		c.a_pitch = c.b_pitch = LINE;
		c.b_addr = SPAD / 2;
		c.a_tile = N * LINE;
		c.b_part = c.a_part = LINE;
		ash_cmd_error e;
		check(!ash_matrix_run(&t.ref, &c, &e), "it is good");
		uint64_t start = t.cycle, want = t.done + 1;
		t.issue(c);
		check(t.wait_done(want), "it is done");
		uint64_t cycles = t.cycle - start;
		uint64_t steps = 6 * (type == INT8 ? N : 2 * N);
		check(cycles == 5 + N + steps,
		      "tiles and parts without a gap: " +
			      std::to_string(cycles));
		for (uint32_t i = 0; i < 2 * N; i++)
			t.step();
		check(t.done == want, "one pulse for it");
		std::string why;
		for (uint32_t a = 0; a < ACCS; a++)
			check(t.same_tile(a, why), "repeated: " + why);
	}
}

// Nothing of a command happens before its time; those behind it wait, too.
void test_held(Bench &t)
{
	fill(t, INT8, 4);
	t.stall = 0;
	ash_matrix_cmd c = random_cmd(t, INT8, 3 * N, 0, false);
	ash_cmd_error e;
	ash_matrix_run(&t.ref, &c, &e);
	t.top.go_ahead = 0;
	uint64_t want = t.done;
	t.issue(c);
	t.issue(c);
	bool asked = false;
	for (uint32_t i = 0; i < 4 * N; i++) {
		t.step();
		asked |= t.top.a_req || t.top.b_req || t.top.taken;
	}
	check(!asked && t.done == want && !t.top.idle,
	      "a command that is held waits, and is work");
	t.top.go_ahead = 1;
	std::string why = "not done";
	check(t.wait_done(want + 2) && t.same_tile(0, why),
	      "then it is done: " + why);
}

void expect_fault(Bench &t, ash_matrix_cmd c, uint32_t sub, uint32_t value)
{
	ash_cmd_error e{};
	ash_matrix_cmd good = single();
	good.k = 4 * N;
	good.a_pitch = good.b_pitch = LINE;
	bool refused = ash_matrix_run(&t.ref, &c, &e) != 0;
	check(refused && e.sub == sub && e.value == value,
	      "the reference refuses " + describe(c));
	// commands before it are done, those behind it are not
	ash_cmd_error none;
	ash_matrix_run(&t.ref, &good, &none);
	uint64_t want = t.done + 1;
	t.issue(good);
	t.issue(c);
	good.cfg = make_cfg(INT8, true, false, false, 1);
	t.issue(good);
	for (int i = 0; i < 1000 && !t.top.fault_valid; i++)
		t.step();
	check(t.done == want,
	      "fault after the commands before it: " + describe(c));
	for (uint32_t i = 0; i < 3 * N; i++)
		t.step();
	check(t.top.fault_valid &&
		      t.top.fault_cause == ASHLAR_TILE_FAULT_CAUSE_COMMAND &&
		      t.top.fault_sub == sub && t.top.fault_addr == value,
	      "fault names the register: " + describe(c));
	check(t.done == want && !t.top.idle, "nothing is done behind a fault");
	t.clear();
	t.step();
	check(!t.top.fault_valid && t.top.idle, "clear ends the fault");
	std::string why;
	check(t.same_tile(0, why) && t.same_tile(1, why),
	      "after a fault: " + why);
}

void test_faults(Bench &t)
{
	ash_matrix_cmd good = single();
	good.k = 4 * N;
	good.a_pitch = good.b_pitch = LINE;
	good.cfg = make_cfg(INT8, false, false, false, 1 % ACCS);
	auto with = [&](uint32_t ash_matrix_cmd::*f, uint32_t v, uint32_t cfg) {
		ash_matrix_cmd c = good;
		c.cfg = cfg;
		c.*f = v;
		return c;
	};
	using C = ash_matrix_cmd;
	t.stall = 64;
	const uint32_t rows = good.cfg,
		       km = make_cfg(INT8, true, true, false, 0);
	for (uint32_t bit = 1; bit < LINE; bit *= 2) {
		expect_fault(t, with(&C::a_addr, bit, rows),
			     ASHLAR_MATRIX_A_ADDR, bit);
		expect_fault(t, with(&C::a_pitch, LINE + bit, rows),
			     ASHLAR_MATRIX_A_PITCH, LINE + bit);
		expect_fault(t, with(&C::b_addr, LINE + bit, rows),
			     ASHLAR_MATRIX_B_ADDR, LINE + bit);
		expect_fault(t, with(&C::b_pitch, bit, rows),
			     ASHLAR_MATRIX_B_PITCH, bit);
	}
	for (uint32_t k : { 0u, 65536u, 65540u, 0x80000000u, 0xffffffffu })
		expect_fault(t, with(&C::k, k, rows), ASHLAR_MATRIX_K, k);
	for (uint32_t cfg : { 3u, make_cfg(INT8, false, false, false, ACCS),
			      make_cfg(BF16, true, false, true, 15) })
		expect_fault(t, with(&C::cfg, cfg, cfg), ASHLAR_MATRIX_CFG,
			     cfg);
	for (uint32_t n : { 0u, ACCS, 17u, 0xffffffffu })
		expect_fault(t, with(&C::tiles, n, rows), ASHLAR_MATRIX_TILES,
			     n);
	for (uint32_t n : { 0u, 65536u, 65535 / good.k + 1, 0xffffffffu })
		expect_fault(t, with(&C::parts, n, rows), ASHLAR_MATRIX_PARTS,
			     n);
	struct {
		uint32_t C::*step, C::*count;
		uint32_t sub, addr;
	} steps[] = {
		{ &C::a_tile, &C::tiles, ASHLAR_MATRIX_A_TILE,
		  ASHLAR_MATRIX_A_ADDR },
		{ &C::b_tile, &C::tiles, ASHLAR_MATRIX_B_TILE,
		  ASHLAR_MATRIX_B_ADDR },
		{ &C::a_part, &C::parts, ASHLAR_MATRIX_A_PART,
		  ASHLAR_MATRIX_A_ADDR },
		{ &C::b_part, &C::parts, ASHLAR_MATRIX_B_PART,
		  ASHLAR_MATRIX_B_ADDR },
	};
	for (const auto &s : steps) {
		expect_fault(t, with(s.step, LINE / 2, rows), s.sub, LINE / 2);
		// the last of them does not fit: behind the end, before 0
		for (uint32_t step :
		     { SPAD - (N - 1) * LINE, 0u - LINE, 1u << 31 }) {
			ash_matrix_cmd c = with(s.step, step, rows);
			c.*s.count = 2;
			expect_fault(t, c, s.addr, 0);
			// a step that is not taken does not count
			c.*s.count = 1;
			ash_cmd_error e;
			check(!ash_matrix_check(&t.ref, &c, &e),
			      "no step is taken: " + describe(c));
		}
	}
	// one line too far, and far enough for 32 bits to wrap
	const uint32_t end = SPAD - N * LINE + LINE;
	for (uint32_t cfg : { rows, km }) {
		for (uint32_t a :
		     { end, SPAD, 0x80000000u, 0u - LINE, 0u - N * LINE }) {
			expect_fault(t, with(&C::a_addr, a, cfg),
				     ASHLAR_MATRIX_A_ADDR, a);
			expect_fault(t, with(&C::b_addr, a, cfg),
				     ASHLAR_MATRIX_B_ADDR, a);
		}
		for (uint32_t p : { SPAD, SPAD / (N - 1) / LINE * LINE + LINE,
				    0u - LINE, 1u << 31 }) {
			expect_fault(t, with(&C::a_pitch, p, cfg),
				     ASHLAR_MATRIX_A_ADDR, 0);
			expect_fault(t, with(&C::b_pitch, p, cfg),
				     ASHLAR_MATRIX_B_ADDR, 0);
		}
		uint32_t k = cfg == km ? SPAD / LINE * 4 + 1 : 65535;
		if (k <= 65535 &&
		    (cfg == km || (N - 1) * LINE + 65536 > SPAD)) {
			ash_matrix_cmd c = with(&C::k, k, cfg);
			c.b_pitch = 0;
			expect_fault(t, c, ASHLAR_MATRIX_A_ADDR, 0);
		}
	}
	// a single k-major line does not use its pitch
	ash_matrix_cmd c = good;
	ash_cmd_error e;
	c.cfg = km;
	c.k = 3;
	c.a_addr = c.b_addr = SPAD - LINE;
	c.a_pitch = c.b_pitch = 0u - LINE;
	check(!ash_matrix_run(&t.ref, &c, &e), "one line, any pitch");
	t.issue(c);
	std::string why = "not done";
	check(t.wait_done(t.done + 1) && t.same_tile(0, why),
	      "one line, any pitch: " + why);
}

// clear at any moment leaves a unit that works.
void test_clear(Bench &t)
{
	fill(t, BF16, 0);
	const uint32_t step = N > 8 ? 5 : 1;

	for (uint32_t wait = 0; wait < 6 * N; wait += step) {
		t.stall = wait % 2 ? 100 : 0;
		for (int i = 0; i < 3; i++)
			t.issue(random_cmd(t, t.rnd.below(3), 5 * N, 0, false));
		for (uint32_t i = 0; i < wait; i++)
			t.step();
		t.clear();
		uint64_t done = t.done;
		check(t.top.idle && !t.top.fault_valid, "idle after clear");
		ash_matrix_cmd c =
			random_cmd(t, t.rnd.below(3), 5 * N, 0, false);
		ash_cmd_error e;
		bool ok = !ash_matrix_run(&t.ref, &c, &e);
		t.issue(c);
		std::string why = "not done";
		ok = ok && t.wait_done(done + 1) && t.same_tile(0, why);
		for (uint32_t i = 0; i < 2 * N; i++)
			t.step();
		check(ok && t.done == done + 1, "command after clear: " + why);
	}
}

void test_scrub(Bench &t)
{
	std::fill(t.acc.begin(), t.acc.end(), 0);
	t.top.scrub_valid = 1;
	uint32_t cycles = 0;
	while (!t.top.scrub_done && cycles < 2 * ACCS * N) {
		t.step();
		cycles++;
	}
	check(cycles == ACCS * N, "scrub takes a cycle a row");
	t.step();
	check(t.top.scrub_done, "scrub_done stays");
	t.top.scrub_valid = 0;
	t.step();
	check(!t.top.scrub_done, "scrub_done ends with scrub_valid");
	std::string why;
	bool ok = true;
	for (uint32_t a = 0; ok && a < ACCS; a++)
		ok = t.same_tile(a, why);
	check(ok, "scrubbed: " + why);
}

// Processor time: other programs on the machine do not count.
double seconds()
{
	return static_cast<double>(clock()) / CLOCKS_PER_SEC;
}

void bench(Bench &t)
{
	struct {
		const char *name;
		uint32_t type;
		bool km;
		unsigned kind;
	} cases[] = { { "int8 rows", INT8, false, 4 },
		      { "int8 k-major", INT8, true, 4 },
		      { "bf16 rows", BF16, false, 0 },
		      { "bf16 k-major", BF16, true, 0 },
		      { "fp16 rows", FP16, false, 0 },
		      { "bf16 special values", BF16, false, 4 } };
	for (const auto &c : cases) {
		fill(t, c.type, c.kind);
		ash_matrix_cmd m = single();
		m.k = c.type == INT8 ? 16 * N : 8 * N;
		m.cfg = make_cfg(c.type, c.km, c.km, true, 0);
		m.a_pitch = m.b_pitch = c.km ? LINE : 4 * LINE;
		m.b_addr = SPAD / 2;
		unsigned count = c.type == INT8 ? 3000 : 600;
		uint64_t start = t.cycle, want = t.done + count;
		double s = seconds();
		for (unsigned i = 0; i < count; i++)
			t.issue(m);
		t.wait_done(want);
		s = seconds() - s;
		printf("%-20s %8.1f M MAC/s, %6.3f us/cycle\n", c.name,
		       1e-6 * count * m.k * N * N / s,
		       1e6 * s / static_cast<double>(t.cycle - start));
	}
	double s = seconds();
	for (int i = 0; i < 1000000; i++)
		t.step();
	printf("%-20s %6.3f us/cycle (with the driver)\n", "idle",
	       seconds() - s);
}

} // namespace

int main(int argc, char **argv)
{
	auto t = std::make_unique<Bench>();
	if (argc > 1 && !strcmp(argv[1], "bench")) {
		bench(*t);
		return 0;
	}
	t->rnd.s = argc > 1 ? strtoull(argv[1], nullptr, 0) * 2 + 1 : 1;
	for (int i = 0; i < 20; i++)
		t->rnd.next();
	test_scrub(*t);
	test_timing(*t);
	test_k(*t);
	test_done(*t);
	test_repeats(*t);
	test_held(*t);
	test_faults(*t);
	test_clear(*t);
	test_scrub(*t); // what was dropped has left anything in other tiles
	test_random(*t, argc > 2 ? static_cast<unsigned>(
					   strtoul(argv[2], nullptr, 0)) :
				   300);
	test_scrub(*t);
	printf("matrix %ux%u:\n%u passed, %u failed\n", N, N, passed, failed);
	return failed != 0;
}
