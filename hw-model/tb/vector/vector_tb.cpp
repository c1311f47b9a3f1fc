// SPDX-License-Identifier: MIT
//
// Drives the vector unit with random and directed commands and compares the
// whole scratchpad with the reference in hw-model/numerics, bit for bit.
//   vector-tb [SEED [STREAMS]]
//   vector-tb bench               processor time of a simulated cycle
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>

#include "vector_tb.h"

namespace {

unsigned passed, failed;

void test_random(Bench &t, unsigned streams)
{
	for (unsigned s = 0; s < streams; s++) {
		if (s % 8 == 0)
			t.fill(t.rnd.below(KINDS));
		t.stall = s % 3 == 0 ? 0 : t.rnd.below(230);
		uint64_t goal = t.done;
		std::string list;
		unsigned count = 1 + t.rnd.below(12);
		static const uint32_t sizes[] = { 4, 16, 3 * N, 16 * N, LINES };
		uint32_t lines = sizes[t.rnd.below(5)];
		Window w = { t.rnd.below(LINES - lines + 1) * LINE,
			     lines * LINE };
		for (unsigned i = 0; i < count; i++) {
			Command c = random_command(t, w, w);
			if (!t.refer(c)) {
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

// clear at any moment leaves a unit that works.
void test_clear(Bench &t)
{
	const Window all = { 0, SPAD };
	t.fill(2);
	for (uint32_t wait = 0; wait < 120; wait++) {
		t.stall = wait % 2 ? 120 : 0;
		for (int i = 0; i < 3; i++)
			t.issue(random_command(t, all, all));
		for (uint32_t i = 0; i < wait; i++)
			t.step();
		t.clear();
		t.agree();
		check(t.top.idle && !t.top.fault_valid && !t.top.wr_req &&
			      !t.top.rd_req,
		      "idle after clear");
		uint64_t done = t.done;
		for (int i = 0; i < 3; i++)
			t.run(random_command(t, all, all), "after clear");
		for (int i = 0; i < 20; i++)
			t.step();
		check(t.done == done + 3, "only new commands after clear");
	}
}

void bench(Bench &t)
{
	const uint32_t exp = PUT(OP, FN, ASHLAR_VECTOR_OP_FN_EXP);
	const uint32_t tanh = PUT(OP, FN, ASHLAR_VECTOR_OP_FN_TANH);
	struct {
		const char *name;
		uint32_t cfg, op, rows, groups;
	} cases[] = {
		{ "fp32 to fp32", formats(F32, F32), 0, N, 1 },
		{ "drain to int8",
		  formats(ACC_I32, I8) | bias(ROW) | scale(ROW) | RELU, 0, N,
		  1 },
		{ "drain to bf16", formats(ACC_F32, BF16) | bias(ROW), 0, N,
		  1 },
		{ "bf16 + bf16", formats(BF16, BF16) | src2(ROW, 0, BF16), 0, N,
		  1 },
		{ "exp", formats(F32, F32), exp, N, 1 },
		{ "tanh", formats(F32, F32), tanh, N, 1 },
		{ "sum of rows", formats(F32, 0), reduce(WORD, 0), 8, N },
		{ "sums of a row", formats(F32, 0), reduce(WORD, 0), 1, N },
		{ "transposition", formats(F32, F32) | TRANSPOSE, 0, N, 1 }
	};
	auto report = [&](const char *name, uint64_t cycles, clock_t ticks) {
		printf("%-16s %6.3f us/cycle\n", name,
		       1e6 * static_cast<double>(ticks) / CLOCKS_PER_SEC /
			       static_cast<double>(cycles));
	};
	t.fill(5);
	for (const auto &k : cases) {
		Command c{};
		c.cfg = k.cfg;
		c.op = k.op;
		c.src_pitch = GET(CFG, SRC_FMT, k.cfg) <= ACC_F32 ?
				      1 :
				      row_bytes(GET(CFG, SRC_FMT, k.cfg));
		c.src_gpitch = c.src_pitch * k.rows;
		c.src2 = SPAD / 4;
		c.src2_pitch = row_bytes(GET(CFG, SRC2_FMT, k.cfg));
		c.dst = SPAD / 2;
		c.dst_pitch = row_bytes(GET(CFG, DST_FMT, k.cfg));
		c.rows = k.rows;
		c.groups = k.groups;
		c.red = SPAD / 4 * 3;
		uint64_t start = t.cycle, goal = t.done + 2000;
		clock_t ticks = clock();
		for (int i = 0; i < 2000; i++)
			t.issue(c);
		t.wait_done(goal);
		report(k.name, t.cycle - start, clock() - ticks);
	}
	clock_t ticks = clock();
	for (int i = 0; i < 300000; i++)
		t.step();
	report("idle", 300000, clock() - ticks);
	puts("The driver is in all of them.");
}

} // namespace

void check(bool ok, const std::string &what)
{
	ok ? passed++ : failed++;
	if (!ok && failed < 20)
		printf("FAILED: %s\n", what.c_str());
}

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
	test_timing(*t);
	test_values(*t);
	test_hazards(*t);
	test_faults(*t);
	test_clear(*t);
	test_random(*t, argc > 2 ? static_cast<unsigned>(
					   strtoul(argv[2], nullptr, 0)) :
				   300);
	printf("vector %u lanes:\n%u passed, %u failed\n", N, passed, failed);
	return failed != 0;
}
