// SPDX-License-Identifier: MIT
/*
 * Bench of the MMU: directed checks of what is walked and what is kept, then
 * random page tables and addresses on both ports against a software walk.
 *   mmu-tb [SEED [ROUNDS]]
 */
#include <algorithm>
#include <memory>

#include "../tile/bus_model.h"
#include "Vash_mmu_tb.h"
#include "ash_board.h"
#include "verilated.h"

static const uint64_t MIB = 1 << 20;
static const unsigned int V = PageTables::V, R = PageTables::R,
			  W = PageTables::W, H = PageTables::HOST,
			  L = PageTables::LARGE;
/* More than one page of root entries, and not a multiple of a beat's 8. */
static const uint32_t ROOT_ENTRIES = 603;

static int passed, failed;

static bool same(const char *what, uint64_t va, uint64_t got, uint64_t want)
{
	if (got == want) {
		passed++;
		return true;
	}
	failed++;
	if (failed < 20)
		printf("FAIL %s at va 0x%llx: got 0x%llx, want 0x%llx\n", what,
		       (unsigned long long)va, (unsigned long long)got,
		       (unsigned long long)want);
	return false;
}

struct Answer {
	bool ok, fault, host;
	unsigned int cause;
	uint64_t pa;
};

class Bench {
    public:
	Rng rng;
	BusModel bus;
	PageTables pt;
	Vash_mmu_tb dut;
	uint64_t cycles = 0, walks = 0, va[2] = {};

	explicit Bench(uint64_t seed)
	    : rng(seed), bus(16 * MIB, 64, seed),
	      pt(bus, 1 * MIB, 2 * MIB, ROOT_ENTRIES)
	{
		dut.rst = 1;
		dut.flush = dut.hold = dut.clear = dut.req = 0;
		dut.we = 0;
		dut.pt_root = pt.root;
		dut.pt_entries = pt.entries;
		step();
		step();
		dut.rst = 0;
		step();
	}

	Answer answer(int port)
	{
		return { (bool)(dut.ok >> port & 1),
			 (bool)(dut.fault >> port & 1),
			 (bool)(dut.host >> port & 1),
			 (unsigned int)(port ? dut.cause1 : dut.cause0),
			 port ? dut.pa1 : dut.pa0 };
	}

	void set_va(int port, uint64_t a)
	{
		va[port] = a;
		if (port)
			dut.va1 = a;
		else
			dut.va0 = a;
	}

	/* Inputs settle; answer() is that of this cycle. */
	void settle()
	{
		BusModel::Answer a;

		dut.clk = 0;
		bus.draw_ready();
		dut.wk_rsp = 0;
		if (bus.next_read(&a)) {
			dut.wk_rsp = (uint8_t)(1 << a.tag);
			dut.wk_err = a.err;
			memcpy(&dut.wk_data, a.data, 64);
		}
		/* one of the two walkers is served */
		int first = (int)rng.in(0, 1);
		int serve = dut.wk_valid >> first & 1 ? first : first ^ 1;
		dut.wk_ready = bus.rd_ready ? (uint8_t)(1 << serve) : 0;
		dut.eval();
		if (!dut.rst && !dut.clear && (dut.wk_valid & dut.wk_ready))
			bus.take_read({ false,
					serve ? dut.wk_addr1 : dut.wk_addr0,
					(unsigned int)serve });
		walks += (dut.perf_miss & 1) + (dut.perf_miss >> 1 & 1);
	}
	void edge()
	{
		dut.clk = 1;
		dut.eval();
		bus.tick();
		cycles++;
	}
	void step()
	{
		settle();
		edge();
	}

	/* Asks on one port until there is an answer; cycles it took in *took. */
	Answer ask(int port, uint64_t addr, bool we,
		   unsigned int *took = nullptr)
	{
		unsigned int n = 0;
		Answer a;

		set_va(port, addr);
		dut.we = (uint8_t)((dut.we & ~(1 << port)) | we << port);
		dut.req |= (uint8_t)(1 << port);
		for (;;) {
			settle();
			a = answer(port);
			if (a.ok || a.fault || n > 1000)
				break;
			edge();
			n++;
		}
		edge();
		dut.req &= 0xff & ~(1 << port);
		if (took)
			*took = n;
		return a;
	}

	void flush()
	{
		dut.flush = 1;
		step();
		dut.flush = 0;
	}

	/* As a tile that stops: what is in flight is waited for and lost. */
	void clear()
	{
		BusModel::Answer a;

		dut.req = 0;
		dut.clear = 1;
		step();
		while (!bus.quiet()) {
			bus.next_read(&a);
			bus.tick();
		}
		dut.clear = 0;
		step();
	}

	void judge(const Answer &a, uint64_t at, bool we)
	{
		PageTables::Result w = pt.walk(at, we);

		same("answered", at, a.ok || a.fault, 1);
		same("ok", at, a.ok, w.cause == 0);
		if (w.cause) {
			same("cause", at, a.cause, w.cause);
		} else {
			same("pa", at, a.pa, w.pa);
			same("host", at, a.host, w.host);
		}
	}
};

/* ---- directed */

/*
 * Held after a flush, as the tile does it: nothing more is asked for, nothing
 * answered, although the port still wants to know.
 */
static void hold(Bench &t, uint64_t at)
{
	uint64_t reads = t.bus.reads;
	int after = 5;

	t.dut.hold = 1;
	while (!t.bus.quiet() || after--) {
		t.settle();
		same("answers when held", at, t.dut.ok | t.dut.fault, 0);
		t.edge();
	}
	same("reads when held", at, t.bus.reads - reads, 0);
	t.dut.hold = 0;
}

static void directed(Bench &t)
{
	const uint64_t A = 5 * 2 * MIB; /* a 2 MiB of small pages */
	uint64_t reads;
	unsigned int took;

	for (uint64_t i = 0; i < 512; i++)
		t.pt.map(A + i * 4096, 4 * MIB + i * 4096,
			 V | (i & 1 ? R : R | W) | (i & 2 ? H : 0));
	t.pt.map(A + 2 * MIB, 0xabcd00000000, V | R | W | L | H);

	reads = t.bus.reads;
	t.judge(t.ask(0, A + 0x123, false), A + 0x123, false);
	same("cold walk reads", A, t.bus.reads - reads, 2);
	for (uint64_t i = 0; i < 8; i++) {
		reads = t.bus.reads;
		t.judge(t.ask(0, A + i * 4096 + i, false, &took),
			A + i * 4096 + i, false);
		same("in the same beat: reads", A, t.bus.reads - reads, 0);
		same("in the same beat: cycles", A, took, 0);
	}
	reads = t.bus.reads;
	t.judge(t.ask(1, A + 8 * 4096, true), A + 8 * 4096, true);
	same("root entry known: reads", A, t.bus.reads - reads, 1);
	t.judge(t.ask(1, A + 9 * 4096, true), A + 9 * 4096, true);
	t.judge(t.ask(0, A + 9 * 4096, false), A + 9 * 4096, false);
	reads = t.bus.reads;
	t.judge(t.ask(0, A + 2 * MIB + 0x155555, false), A + 2 * MIB + 0x155555,
		false);
	same("large page beside: reads", A, t.bus.reads - reads, 0);
	t.flush();
	reads = t.bus.reads;
	t.judge(t.ask(1, A + 2 * MIB + 0x1fffff, true), A + 2 * MIB + 0x1fffff,
		true);
	same("large page, cold: reads", A, t.bus.reads - reads, 1);

	/* Both ports, another page each cycle. */
	for (uint64_t i = 0; i < 16; i++)
		t.ask(0, A + i * 4096, false);
	t.dut.req = 3;
	t.dut.we = 0;
	for (uint64_t i = 0; i < 64; i++) {
		uint64_t va[2] = { A + i % 16 * 4096,
				   A + (i * 5 + 3) % 16 * 4096 };

		t.set_va(0, va[0]);
		t.set_va(1, va[1]);
		t.settle();
		for (int p = 0; p < 2; p++)
			t.judge(t.answer(p), va[p], false);
		t.edge();
	}
	t.dut.req = 0;

	/* A change is seen after a flush, not before; the last page too. */
	PageTables::Result old = t.pt.walk(A, false);
	t.ask(0, A, false);
	t.pt.map(A, 9 * MIB, V | R);
	same("changed, not flushed", A, t.ask(0, A, false).pa, old.pa);
	t.flush();
	t.judge(t.ask(0, A, false), A, false);

	/* An entry that becomes valid needs no flush. */
	const uint64_t B = 40 * MIB;
	t.pt.map(B, 10 * MIB, V | R);
	t.judge(t.ask(0, B, false), B, false);
	t.pt.map(B + 4096, 11 * MIB, V | R);
	t.judge(t.ask(0, B + 4096, false), B + 4096, false);
	t.judge(t.ask(1, B + 8192, false), B + 8192, false);
	t.clear();
	t.pt.map(B + 8192, 11 * MIB, V | R);
	t.judge(t.ask(1, B + 8192, false), B + 8192, false);

	/* Flushed in each cycle of a walk: never an old translation. */
	for (unsigned int at = 0; at < 120; at++) {
		uint64_t pa = 12 * MIB + (at & 1) * 4096;

		t.flush();
		t.set_va(0, B);
		t.dut.we = 0;
		t.dut.req = 1;
		for (unsigned int i = 0; i < at; i++)
			t.step();
		t.pt.map(B, pa, V | R);
		t.flush();
		if (at % 3)
			hold(t, B);
		t.dut.req = 0;
		t.judge(t.ask(0, B, false), B, false);
	}

	/* More beats than the TLB has entries: the oldest have to go. */
	t.flush();
	for (uint64_t i = 0; i < ASHLAR_BOARD_TLB_ENTRIES + 2; i++)
		t.judge(t.ask(0, A + i * 0x8000, false), A + i * 0x8000, false);
	reads = t.bus.reads;
	t.judge(t.ask(0, A, false), A, false);
	same("pushed out: walked again", A, t.bus.reads > reads, 1);

	/* The root table's end, and addresses it could never reach. */
	const uint64_t END = (uint64_t)ROOT_ENTRIES << 21;
	static const uint64_t beyond[] = { 0,	       0x1fffff,   1ull << 40,
					   1ull << 63, ~0ull - 63, 1ull << 41 };
	t.pt.map(END - 2 * MIB, 4 * MIB, V | R | W | L);
	t.judge(t.ask(0, END - 1, false), END - 1, false);
	for (uint64_t b : beyond) {
		uint64_t va = b < END ? END + b : b;

		reads = t.bus.reads;
		t.judge(t.ask(0, va, false), va, false);
		t.judge(t.ask(1, va, true), va, true);
		same("beyond the table: reads", va, t.bus.reads - reads, 0);
	}
}

/* ---- random */

static uint64_t random_pa(Rng &r, uint64_t align)
{
	uint64_t pa = r.next() & ((1ull << 48) - 1) & ~(align - 1);

	/* now and then beyond 48 bits */
	return r.chance(5) ? pa | 1ull << r.in(48, 51) : pa;
}

static unsigned int random_flags(Rng &r)
{
	return (r.chance(85) ? V : 0) | (r.chance(80) ? R : 0) |
	       (r.chance(80) ? W : 0) | (r.chance(40) ? H : 0);
}

/* Bits without a meaning. */
static uint64_t noise(Rng &r)
{
	return (r.next() & 0xfff0000000000000ull) | (r.next() & 0xfe0);
}

/* New contents for some root entries and some small pages. */
static void scramble(Bench &t, const std::vector<uint64_t> &spots)
{
	Rng &r = t.rng;

	for (uint64_t va : spots) {
		uint64_t at = t.pt.root + (va >> 21) * 8, e = t.pt.entry(at);

		if (r.chance(50))
			continue;
		if ((e & V) && !(e & L) && (e >> 12 & 0xffffffffff) < 4096) {
			at = t.pt.small(va);
			t.bus.put64(&t.bus.mem[at], random_pa(r, 4096) |
							    random_flags(r) |
							    noise(r));
			continue;
		}
		switch (r.in(0, 9)) {
		case 0: /* a table that cannot be read */
			e = 17 * MIB | V | noise(r);
			break;
		case 1: /* one beyond 48 bits */
			e = 1ull << 49 | V | noise(r);
			break;
		case 2:
			e = 0;
			break;
		default:
			e = random_pa(r, 4096) | random_flags(r) | L | noise(r);
			break;
		}
		t.bus.put64(&t.bus.mem[at], e);
	}
}

static void random_round(Bench &t, const std::vector<uint64_t> &spots)
{
	Rng &r = t.rng;
	uint64_t limit = t.cycles + 3000;

	t.bus.timing.min_latency = (int)r.in(1, 30);
	t.bus.timing.max_latency = t.bus.timing.min_latency + (int)r.in(0, 30);
	t.bus.timing.ready = (int)r.in(30, 100);
	t.bus.timing.reorder = true;
	scramble(t, spots);
	t.flush();
	t.dut.req = 0;
	while (t.cycles < limit && !failed) {
		bool faulted = false;

		for (int p = 0; p < 2; p++) {
			if ((t.dut.req >> p & 1) || !r.chance(60))
				continue;
			uint64_t va = spots[(size_t)r.in(
				0, (int64_t)spots.size() - 1)];
			bool we = r.chance(50);

			t.set_va(p, va ^ (r.next() & 0xfff));
			t.dut.we = (uint8_t)((t.dut.we & ~(1 << p)) | we << p);
			t.dut.req |= (uint8_t)(1 << p);
		}
		t.dut.flush = r.chance(2);
		t.settle();
		for (int p = 0; p < 2; p++) {
			Answer a = t.answer(p);

			if (!(t.dut.req >> p & 1) || !(a.ok || a.fault))
				continue;
			t.judge(a, t.va[p], t.dut.we >> p & 1);
			faulted |= a.fault;
		}
		uint8_t answered = 0;
		for (int p = 0; p < 2; p++)
			if (t.answer(p).ok)
				answered |= (uint8_t)(1 << p);
		t.edge();
		t.dut.flush = 0;
		t.dut.req &= (uint8_t)~answered;
		/* A fault stops a tile; a stop may come at any time. */
		if (faulted || r.chance(1))
			t.clear();
	}
	t.clear();
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int rounds = argc > 2 ? atoi(argv[2]) : 100;
	std::vector<uint64_t> spots;

	Verilated::randReset(2);
	Verilated::randSeed((int)seed);
	auto t = std::make_unique<Bench>(seed);
	directed(*t);

	/* 12 tables, some pages of each, and as many large pages. */
	for (int i = 0; i < 12; i++) {
		uint64_t base = (uint64_t)t->rng.in(100, ROOT_ENTRIES - 10)
				<< 21;

		for (int k = 0; k < 6; k++) {
			spots.push_back(base +
					((uint64_t)t->rng.in(0, 511) << 12));
			t->pt.map(spots.back(), 0, 0);
		}
		spots.push_back((uint64_t)t->rng.in(0, ROOT_ENTRIES + 8) << 21);
	}
	spots.erase(std::remove_if(spots.begin(), spots.end(),
				   [](uint64_t va) {
					   return va >> 21 >= ROOT_ENTRIES;
				   }),
		    spots.end());
	for (int i = 0; i < rounds && !failed; i++)
		random_round(*t, spots);
	t->dut.final();
	printf("seed %llu: %llu cycles, %llu walks\n", (unsigned long long)seed,
	       (unsigned long long)t->cycles, (unsigned long long)t->walks);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
