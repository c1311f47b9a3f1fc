// SPDX-License-Identifier: MIT
/*
 * Bench of the DMA units with MMU and scratchpad: random macro-operations
 * against dma_ref under random bus behaviour, faults, and exact cycle counts.
 *   dma-tb [SEED [BATCHES]]
 */
#include <algorithm>
#include <memory>

#include "../tile/bus_model.h"
#include "Vash_dma_tb.h"
#include "ash_board.h"
#include "dma_ref.h"
#include "verilated.h"

static const uint32_t SPAD = ASHLAR_BOARD_SPAD_BYTES;
static const uint32_t LINE = 4 * ASHLAR_BOARD_ARRAY;
static const uint64_t MIB = 1 << 20;
/* The end of the scratchpad is for tables of GATHER; no load writes there. */
static const uint32_t TABLES = SPAD - 8192;

static int passed, failed;

static bool check(bool ok, const char *what, long long got, long long want)
{
	if (ok) {
		passed++;
		return true;
	}
	failed++;
	if (failed < 20)
		printf("FAIL %s: got %lld (0x%llx), want %lld (0x%llx)\n", what,
		       got, got, want, want);
	return false;
}

static bool same(const char *what, uint64_t got, uint64_t want)
{
	return check(got == want, what, (long long)got, (long long)want);
}

/* Device virtual addresses: 8 MiB to load from, 8 MiB to store to. */
static const uint64_t LOAD_VA = 0x10000000, STORE_VA = 0x20000000;
static const uint64_t REGION = 8 * MIB;
/* 8 pages, each with something wrong with it but the first. */
static const uint64_t TRAP_VA = 0x30000000;
static const uint32_t ROOT_ENTRIES = 0x200;

class Bench {
    public:
	Rng rng;
	BusModel bus;
	PageTables pt;
	Vash_dma_tb dut;
	std::vector<uint8_t> spad; /* what it must hold */
	std::vector<uint8_t> mem, host; /* likewise */
	uint64_t cycles = 0;
	unsigned int done[2] = {}, beats[2] = {}, stalls[2] = {};
	int noise = 0; /* percent of cycles in which a bank is taken */

	explicit Bench(uint64_t seed)
	    : rng(seed), bus(16 * MIB, 8 * MIB, seed),
	      pt(bus, 1 * MIB, 1 * MIB, ROOT_ENTRIES), spad(SPAD)
	{
		map_all();
		dut.rst = 1;
		dut.clear = dut.flush = dut.cmd_valid = 0;
		dut.peek = dut.poke = 0;
		step();
		step();
		dut.rst = 0;
		dut.pt_root = pt.root;
		dut.pt_entries = pt.entries;
		fill();
		mem = bus.mem;
		host = bus.host;
	}

	void step()
	{
		BusModel::Answer a;

		dut.clk = 0;
		bus.draw_ready();
		dut.rd_ready = bus.rd_ready;
		dut.wr_ready = bus.wr_ready;
		dut.rsp_valid = bus.next_read(&a);
		if (dut.rsp_valid) {
			dut.rsp_err = a.err;
			dut.rsp_tag = a.tag;
			memcpy(&dut.rsp_data, a.data, 64);
		}
		dut.wack_valid = bus.next_ack(&a);
		if (dut.wack_valid) {
			dut.wack_err = a.err;
			dut.wack_tag = a.tag;
		}
		dut.noise_rd = rng.chance(noise);
		dut.noise_wr = rng.chance(noise);
		dut.noise_line = (uint32_t)rng.next();
		dut.eval();
		if (!dut.rst && dut.rd_valid && dut.rd_ready)
			bus.take_read(
				{ (bool)dut.rd_host, dut.rd_addr, dut.rd_tag });
		if (!dut.rst && dut.wr_valid && dut.wr_ready)
			bus.take_write(
				{ (bool)dut.wr_host, dut.wr_addr, dut.wr_tag },
				(const uint8_t *)&dut.wr_data, dut.wr_strb);
		for (int u = 0; u < 2; u++) {
			done[u] += dut.done >> u & 1;
			beats[u] += dut.beats >> u & 1;
			stalls[u] += dut.stall >> u & 1;
		}
		dut.clk = 1;
		dut.eval();
		bus.tick();
		cycles++;
	}

	void set_cmd(const dma_ref_cmd &c)
	{
		/* As ash_pkg::dma_cmd_t, lowest word first. */
		uint32_t w[26], n = 0;

		w[n++] = c.index;
		w[n++] = c.gather;
		for (int i = 0; i < 3; i++)
			w[n++] = c.step[i];
		for (int i = 0; i < 4; i++)
			w[n++] = c.limit[i];
		for (int i = 0; i < 4; i++)
			w[n++] = c.start[i];
		for (int i = 0; i < 3; i++)
			w[n++] = c.lstride[i];
		for (int i = 0; i < 3; i++)
			w[n++] = c.gstride[i];
		for (int i = 0; i < 3; i++)
			w[n++] = c.count[i];
		w[n++] = c.run;
		w[n++] = c.laddr;
		w[n++] = (uint32_t)c.gaddr;
		w[n++] = (uint32_t)(c.gaddr >> 32);
		memcpy(&dut.cmd, w, sizeof(w));
	}

	/* The scratchpad as the core would read it. */
	void dump(std::vector<uint8_t> &out)
	{
		noise = 0;
		out.resize(SPAD);
		for (uint32_t i = 0; i <= SPAD / LINE; i++) {
			dut.peek = i < SPAD / LINE;
			dut.peek_line = i;
			if (i > 0) {
				dut.clk = 0;
				dut.eval();
				memcpy(&out[(i - 1) * LINE], &dut.peek_data,
				       LINE);
			}
			step();
		}
		dut.peek = 0;
	}

	/* What spad holds from TABLES on, through the core's port. */
	void write_tables()
	{
		noise = 0;
		for (uint32_t i = TABLES / LINE; i < SPAD / LINE; i++)
			poke_line(i);
	}

	/* Commands to both units at once, until all are done or one faults. */
	bool run(const std::vector<dma_ref_cmd> cmds[2], int flush_percent)
	{
		size_t next[2] = { 0, 0 };
		uint64_t limit = cycles + 4000000;

		done[0] = done[1] = 0;
		for (;;) {
			int u = (int)rng.in(0, 1);

			if (next[u] == cmds[u].size())
				u ^= 1;
			dut.cmd_valid = 0;
			if (next[u] < cmds[u].size() && rng.chance(70)) {
				set_cmd(cmds[u][next[u]]);
				dut.cmd_valid = (uint8_t)(1 << u);
				/* ready depends on state alone */
				if (dut.cmd_ready >> u & 1)
					next[u]++;
			}
			dut.flush = rng.chance(flush_percent);
			step();
			dut.cmd_valid = 0;
			dut.flush = 0;
			if (dut.fault_valid)
				return true;
			if (next[0] == cmds[0].size() &&
			    next[1] == cmds[1].size() &&
			    done[0] == cmds[0].size() &&
			    done[1] == cmds[1].size() && dut.idle == 3)
				return true;
			if (cycles > limit)
				return false;
		}
	}

	void stop()
	{
		dut.clear = 1;
		do
			step();
		while (dut.bus_busy);
		step();
		dut.clear = 0;
		step();
	}

	/* dma_ref_byte on the golden memory. */
	static unsigned int byte(void *ctx, uint64_t va, uint8_t *b, bool store)
	{
		Bench *t = (Bench *)ctx;
		uint64_t page = va >> 12 << 1 | store;

		if (page != t->last_page) {
			t->last = t->pt.walk(va & ~4095ull, store);
			t->last_page = page;
		}
		if (t->last.cause)
			return t->last.cause;
		std::vector<uint8_t> &m = t->last.host ? t->host : t->mem;
		uint64_t at = t->last.pa + (va & 4095);
		if (at >= m.size())
			return 5;
		if (store)
			m[at] = *b;
		else
			*b = m[at];
		return 0;
	}

    private:
	PageTables::Result last = {};
	uint64_t last_page = ~0ull;

	/* Writes the scratchpad through the core's port. */
	void fill()
	{
		for (uint32_t i = 0; i < SPAD; i++)
			spad[i] = (uint8_t)rng.next();
		for (uint32_t i = 0; i < SPAD / LINE; i++)
			poke_line(i);
	}

	void poke_line(uint32_t line)
	{
		dut.poke = 1;
		dut.peek_line = line;
		memcpy(&dut.poke_data, &spad[line * LINE], LINE);
		step();
		dut.poke = 0;
	}

	/*
	 * Each region: a large page of board memory, one of host memory, 4 MiB
	 * of small pages of both in no order.
	 */
	void map_all()
	{
		const unsigned int V = PageTables::V, R = PageTables::R,
				   W = PageTables::W, H = PageTables::HOST,
				   L = PageTables::LARGE;
		std::vector<uint64_t> pages; /* bit 0: host */

		for (uint64_t i = 0; i < 1024; i++)
			pages.push_back(4 * MIB + i * 4096);
		for (uint64_t i = 0; i < 512; i++) {
			pages.push_back(i * 4096 + 1);
			pages.push_back(6 * MIB + i * 4096 + 1);
		}
		for (size_t i = pages.size() - 1; i > 0; i--)
			std::swap(pages[i],
				  pages[(size_t)rng.in(0, (int64_t)i)]);
		for (unsigned int s = 0; s < 2; s++) {
			uint64_t va = s ? STORE_VA : LOAD_VA;
			unsigned int f = V | (s ? W : R);

			pt.map(va, (8 + 2 * s) * MIB, f | L);
			pt.map(va + 2 * MIB, (2 + 2 * s) * MIB, f | L | H);
			for (uint64_t i = 0; i < 1024; i++) {
				uint64_t p = pages[s * 1024 + i];

				pt.map(va + 4 * MIB + i * 4096, p & ~1ull,
				       f | (p & 1 ? H : 0));
			}
		}
		pt.map(TRAP_VA, 12 * MIB, V | R | W);
		pt.map(TRAP_VA + 2 * 4096, 12 * MIB + 4096, V | R);
		pt.map(TRAP_VA + 4 * 4096, 12 * MIB + 8192, V | W);
		pt.map(TRAP_VA + 6 * 4096, 16 * MIB, V | R | W);
		/* beyond 48 bits */
		pt.map(TRAP_VA + 7 * 4096, 1ull << 50, V | R | W);
	}
};

/* ---- random commands */

static uint32_t pick_run(Rng &r)
{
	switch (r.in(0, 5)) {
	case 0:
		return (uint32_t)r.in(1, 8);
	case 1:
		return (uint32_t)r.in(1, 16) * 32;
	case 2:
		return 64;
	case 3:
		return (uint32_t)r.in(1, 2000);
	default:
		return (uint32_t)r.in(1, 200);
	}
}

/*
 * Tables that commands of a batch read are laid into the scratchpad one behind
 * the other.
 */
struct Tables {
	std::vector<uint8_t> &spad;
	uint32_t at = TABLES;

	void add(int32_t value)
	{
		memcpy(&spad[at], &value, 4);
		at += 4;
	}
};

/*
 * A table for c: coordinates 0 .. most - 1, some of them out of LIMIT1, and
 * some that would be anywhere.
 */
static void random_table(Rng &r, Tables &tables, dma_ref_cmd &c, int64_t most)
{
	static const int32_t edges[] = { -1, INT32_MIN, INT32_MAX, -65536 };

	c.gather = 1;
	c.limit[1] = (uint32_t)r.in(most / 2, most);
	c.index = tables.at;
	for (uint32_t i = 0; i < c.count[0]; i++)
		tables.add(r.chance(15) ? edges[r.in(0, 3)] :
					  (int32_t)r.in(0, most - 1));
	/* Not looked at. */
	c.start[1] = (uint32_t)r.next();
	c.step[0] = (uint32_t)r.in(-32768, 32767);
	if (r.chance(30))
		tables.at += 4 * (uint32_t)r.in(1, 40);
}

/* A command that stays in [lo, hi) and in the region at va. */
static dma_ref_cmd random_cmd(Rng &r, Tables &tables, uint32_t lo, uint32_t hi,
			      uint64_t va)
{
	dma_ref_cmd c;
	int64_t lmin = 0, lmax = 0, gmin, gmax;
	bool plain = r.chance(25), pads = r.chance(60), gather = r.chance(40);

	memset(&c, 0, sizeof(c));
	c.run = gather && r.chance(50) ? 64 : pick_run(r);
	for (int d = 0; d < 4; d++) {
		c.limit[d] = 0x7fffffff;
		if (d < 3)
			c.step[d] = 1;
	}
	for (int d = 0; d < 3; d++) {
		c.count[d] = (uint32_t)(r.chance(50) ? 1 :
						       r.in(1, d      ? 5 :
							       gather ? 60 :
									12));
		int64_t n = c.count[d] - 1, room = hi - lo - c.run;
		int64_t most = n ? room / (3 * n) : room / 3;
		int64_t s = r.chance(40) ? std::min<int64_t>(c.run, most) :
					   r.in(-most, most);

		if (plain)
			s = s / 64 * 64;
		c.lstride[d] = (uint32_t)s;
		(s < 0 ? lmin : lmax) += s * n;
	}
	int64_t at = r.in(lo - lmin, hi - c.run - lmax);
	if (plain)
		at = std::max<int64_t>(at / 64 * 64,
				       (lo - lmin + 63) / 64 * 64);
	if (at + c.run + lmax > hi)
		at = hi - c.run - lmax;
	c.laddr = (uint32_t)at;

	if (pads) {
		c.start[0] = (uint32_t)r.in(-(int64_t)c.run - 3, c.run / 2);
		c.limit[0] = (uint32_t)r.in(0, 2 * c.run);
	}
	gmin = (int32_t)c.start[0];
	gmax = gmin + c.run - 1;
	for (int d = 0; d < 3; d++) {
		int64_t n = c.count[d] - 1, first, last;

		if (pads && r.chance(60)) {
			c.start[d + 1] = (uint32_t)r.in(-4, 4);
			c.step[d] = (uint32_t)r.in(-3, 3);
			c.limit[d + 1] = (uint32_t)r.in(0, 10);
		}
		first = (int32_t)c.start[d + 1];
		last = first + n * (int32_t)c.step[d];
		if (gather && d == 0) {
			first = 0;
			last = r.in(1, 300) - 1;
			random_table(r, tables, c, last + 1);
		}
		int64_t far = std::max(
			{ std::abs(first), std::abs(last), (int64_t)1 });
		int64_t most = (int64_t)REGION / 8 / far;
		int64_t s = r.chance(50) ? r.in(-5000, 5000) :
					   r.in(-most, most);
		s = std::max(-most, std::min(most, s));
		if (plain)
			s = s / 64 * 64;
		c.gstride[d] = (uint32_t)s;
		gmin += std::min(first * s, last * s);
		gmax += std::max(first * s, last * s);
	}
	uint64_t g = (uint64_t)r.in((int64_t)va - gmin,
				    (int64_t)(va + REGION) - 1 - gmax);
	c.gaddr = plain ? std::max((g & ~63ull),
				   (va + 63 - (uint64_t)gmin) & ~63ull) :
			  g;
	return c;
}

/* Makes c wrong in some way; the reference says how. */
static void spoil(Rng &r, dma_ref_cmd &c)
{
	static const uint32_t bad_step[] = { 0x8000, 0xffff7fff, 0x7fffffff };

	switch (r.in(0, 8)) {
	case 0:
		c.run = r.chance(50) ? 0 : SPAD + (uint32_t)r.in(1, 100);
		break;
	case 1:
		c.count[r.in(0, 2)] = r.chance(50) ? 0 : 65536;
		break;
	case 2:
		c.limit[r.in(0, 3)] = 0x80000000u + (uint32_t)r.in(0, 5);
		break;
	case 3:
		c.step[r.in(0, 2)] = bad_step[r.in(0, 2)];
		break;
	case 4:
		c.laddr = r.chance(50) ? SPAD - c.run + 1 :
					 (uint32_t)-r.in(1, 5000);
		break;
	case 5:
		c.gaddr = r.chance(50) ? (uint64_t)ROOT_ENTRIES << 21 :
					 r.next() | 1ull << 45;
		break;
	case 6:
		c.gather = r.chance(50) ? 2 : (uint32_t)r.next() | 4;
		break;
	case 7:
		c.gather = 1;
		switch (r.in(0, 2)) {
		case 0: /* one word too far */
			c.index = SPAD - 4 * c.count[0] + 4;
			break;
		case 1:
			c.index = TABLES + (uint32_t)r.in(1, 3);
			break;
		default:
			c.index = (uint32_t)r.next() & ~3u;
		}
		break;
	default:
		/* a long run into the trap pages */
		c.gather = 0;
		c.gaddr = TRAP_VA + (uint64_t)r.in(0, 8 * 4096);
		c.run = (uint32_t)r.in(1, 20000);
		c.laddr = 0;
		for (int d = 0; d < 3; d++)
			c.start[d + 1] = c.lstride[d] = 0;
		c.start[0] = 0;
		break;
	}
}

static bool random_batch(Bench &t, bool faulty)
{
	std::vector<dma_ref_cmd> cmds[2];
	std::vector<uint8_t> got;
	Tables tables = { t.spad };
	Rng &r = t.rng;
	dma_ref_fault want = {}, fault = {};
	unsigned int n_done[2] = { 0, 0 };
	int unit = (int)r.in(0, 1); /* the one that faults */
	bool upper = r.chance(50); /* loads use the upper half */

	t.bus.timing.min_latency = (int)r.in(1, 50);
	t.bus.timing.max_latency = t.bus.timing.min_latency +
				   (r.chance(50) ? 0 : (int)r.in(0, 60));
	t.bus.timing.ready = r.chance(50) ? 100 : (int)r.in(20, 100);
	t.bus.timing.reorder = r.chance(70);
	t.noise = r.chance(50) ? 0 : (int)r.in(0, 60);

	for (int u = 0; u < 2; u++) {
		bool up = upper != (u == 1);
		int n = faulty && u != unit ? 0 : (int)r.in(1, 12);

		for (int i = 0; i < n; i++)
			cmds[u].push_back(random_cmd(r, tables,
						     up ? SPAD / 2 : 0,
						     up ? TABLES : SPAD / 2,
						     u ? STORE_VA : LOAD_VA));
		if (faulty && u == unit) {
			dma_ref_cmd &bad = cmds[u][(size_t)r.in(0, n - 1)];

			spoil(r, bad);
			if (r.chance(20))
				spoil(r, bad);
		}
	}
	int noise = t.noise;
	t.write_tables();
	t.noise = noise;
	for (int u = 0; u < 2; u++) {
		for (const dma_ref_cmd &c : cmds[u]) {
			if (!dma_ref_run(&c, u, t.spad.data(), SPAD,
					 Bench::byte, &t, &want))
				break;
			n_done[u]++;
		}
	}
	if (!check(t.run(cmds, r.chance(20) ? 2 : 0), "batch ends", 0, 1))
		return false;

	bool faulted = n_done[unit] != cmds[unit].size();
	/* Loads before the fault are done; stores are acknowledged. */
	if (faulted && same("fault raised", t.dut.fault_valid, 1u << unit)) {
		fault.cause = unit ? t.dut.store_cause : t.dut.load_cause;
		fault.sub = unit ? t.dut.store_sub : t.dut.load_sub;
		fault.addr = unit ? t.dut.store_addr : t.dut.load_addr;
		same("fault cause", fault.cause, want.cause);
		same("fault sub", fault.sub, want.sub);
		same("fault address", fault.addr, want.addr);
		same("done before the fault", t.done[unit], n_done[unit]);
	} else if (!faulted) {
		same("no fault", t.dut.fault_valid, 0);
	}
	if (faulted)
		t.stop();
	t.dump(got);
	uint32_t i = 0;
	while (i < SPAD && got[i] == t.spad[i])
		i++;
	check(i == SPAD, "scratchpad differs at", i, SPAD);
	if (faulted && unit == 1 && want.cause == 5) {
		/* Writes behind a refused one may have been done. */
		t.mem = t.bus.mem;
		t.host = t.bus.host;
	} else {
		check(t.bus.mem == t.mem, "board memory", 0, 1);
		check(t.bus.host == t.host, "host memory", 0, 1);
	}
	return failed == 0;
}

/* ---- cycle counts */

/* Cycles from the one that takes c to the one of done; of n, one a cycle. */
static uint64_t measure(Bench &t, int unit, const dma_ref_cmd &c,
			unsigned int n = 1)
{
	uint64_t from;

	t.noise = 0;
	t.done[unit] = 0;
	t.set_cmd(c);
	t.dut.cmd_valid = (uint8_t)(1 << unit);
	from = t.cycles;
	for (unsigned int i = 0; i < n; i++)
		t.step();
	t.dut.cmd_valid = 0;
	while (t.done[unit] != n && t.cycles < from + 100000)
		t.step();
	return t.cycles - from - 1;
}

static dma_ref_cmd bulk(uint64_t va, uint32_t run, uint32_t runs,
			uint32_t gstride)
{
	dma_ref_cmd c;

	memset(&c, 0, sizeof(c));
	c.gaddr = va;
	c.run = run;
	c.count[0] = runs;
	c.count[1] = c.count[2] = 1;
	c.gstride[0] = gstride;
	c.lstride[0] = run;
	for (int d = 0; d < 4; d++)
		c.limit[d] = 0x7fffffff;
	for (int d = 0; d < 3; d++)
		c.step[d] = 1;
	return c;
}

/*
 * GATHER costs the time in which the first line of the table comes, unless an
 * earlier command is on meanwhile; then a run a cycle, however the table lies
 * and however short it is.
 */
static void gather_cycle_counts(Bench &t, int latency, int pipe)
{
	const int TABLE = 3;
	const uint32_t chunk = std::min(LINE, 64u);
	const struct {
		const char *name;
		uint32_t run, count1, count2, word; /* of the table in a line */
	} cases[] = {
		{ "one run", chunk, 1, 1, 0 },
		{ "256 runs", chunk, 256, 1, 0 },
		{ "256 runs, table across lines", chunk, 256, 1, 5 },
		{ "256 runs of 32 bytes", 32, 256, 1, 0 },
		{ "64 runs of 256 bytes", 256, 64, 1, 7 },
		{ "64 times the same run", chunk, 1, 64, 3 },
		{ "64 times two, across lines", chunk, 2, 64, LINE / 4 - 1 },
	};

	for (int u = 0; u < 2; u++) {
		for (const auto &k : cases) {
			dma_ref_cmd c = bulk(u ? STORE_VA : LOAD_VA, k.run,
					     k.count1, 512);
			uint64_t n = (uint64_t)std::max(k.run / chunk, 1u) *
				     k.count1 * k.count2;
			Tables tables = { t.spad };
			char what[80];

			tables.at += 4 * k.word;
			c.gather = 1;
			c.index = tables.at;
			c.count[1] = k.count2;
			for (uint32_t i = 0; i < k.count1; i++)
				tables.add((int32_t)t.rng.in(0, 1000));
			t.write_tables();
			measure(t, u, c);
			snprintf(what, sizeof(what), "%s, gather, %s: cycles",
				 u ? "store" : "load", k.name);
			n += (unsigned)(latency + pipe + TABLE);
			same(what, measure(t, u, c), n);
			printf("%s %u\n", what, (unsigned int)n);
			/* Their tables are read behind others' backs. */
			n += 3 * (n - (unsigned)(latency + pipe + TABLE));
			if (k.count1 * k.count2 > 1)
				same("four of them", measure(t, u, c, 4), n);
		}
	}
}

/*
 * With a fixed latency, aligned data and known translations, a command of n
 * chunks takes n cycles, the latency, and the pipeline's length. The first of
 * each pair fills the TLB.
 */
static void cycle_counts(Bench &t)
{
	const int LATENCY = 40, LOAD_PIPE = 6, STORE_PIPE = 6;
	const uint32_t chunk = std::min(LINE, 64u);
	const struct {
		const char *name;
		uint32_t run, runs, gstride;
	} cases[] = {
		{ "one beat", chunk, 1, 0 },
		{ "16 KiB", 16384, 1, 0 },
		{ "256 runs of 64 bytes", 64, 256, 192 },
		{ "256 runs of 32 bytes", 32, 256, 32 },
		{ "256 runs of 32 bytes, strided", 32, 256, 4096 - 64 },
		{ "8 pages in turn", 64, 8, 4096 },
	};

	t.bus.timing = BusTiming();
	t.bus.timing.min_latency = t.bus.timing.max_latency = LATENCY;
	for (int u = 0; u < 2; u++) {
		uint64_t va = u ? STORE_VA : LOAD_VA;
		int pipe = u ? STORE_PIPE : LOAD_PIPE;

		for (const auto &k : cases) {
			dma_ref_cmd c = bulk(va, k.run, k.runs, k.gstride);
			uint64_t n = k.run < chunk ?
					     k.runs :
					     (uint64_t)k.run / chunk * k.runs;
			char what[80];

			measure(t, u, c);
			t.beats[u] = t.stalls[u] = 0;
			snprintf(what, sizeof(what), "%s, %s: cycles",
				 u ? "store" : "load", k.name);
			same(what, measure(t, u, c),
			     n + LATENCY + (unsigned)pipe);
			same("beats", t.beats[u], n);
			printf("%s %u (%u chunks, latency %d)\n", what,
			       (unsigned int)(n + LATENCY + (unsigned)pipe),
			       (unsigned int)n, LATENCY);
		}
	}
	/* Small pages, new 4 KiB page each run: 8 of them share a TLB entry. */
	dma_ref_cmd c = bulk(LOAD_VA + 4 * MIB, 64, 64, 4096);
	measure(t, 0, c);
	same("load, 64 small pages in turn: cycles", measure(t, 0, c),
	     64ull * (64 / chunk) + LATENCY + LOAD_PIPE);
	/* Padding needs no bus. */
	c = bulk(LOAD_VA, chunk, 128, 0);
	c.limit[0] = 0;
	same("load, only padding: cycles", measure(t, 0, c),
	     128 + LOAD_PIPE - 1);
	gather_cycle_counts(t, LATENCY, LOAD_PIPE);
	static_assert(LOAD_PIPE == STORE_PIPE, "one pipe for both");
	/* Keep the golden scratchpad and memory in step. */
	t.dump(t.spad);
	t.mem = t.bus.mem;
	t.host = t.bus.host;
}

int main(int argc, char **argv)
{
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 0) : 1;
	int batches = argc > 2 ? atoi(argv[2]) : 300;
	unsigned long long commands = 0;
	Verilated::randReset(2);
	Verilated::randSeed((int)seed);
	auto t = std::make_unique<Bench>(seed);

	cycle_counts(*t);
	for (int i = 0; i < batches && !failed; i++) {
		if (!random_batch(*t, i % 3 == 2))
			printf("FAIL in batch %d of seed %llu\n", i,
			       (unsigned long long)seed);
		commands += t->done[0] + t->done[1];
	}
	t->dut.final();
	printf("board %s, seed %llu: %llu macro-operations, %llu reads, %llu writes, %llu cycles\n",
	       ASHLAR_BOARD_MODEL, (unsigned long long)seed, commands,
	       (unsigned long long)t->bus.reads,
	       (unsigned long long)t->bus.writes,
	       (unsigned long long)t->cycles);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
