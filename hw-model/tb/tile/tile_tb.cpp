// SPDX-License-Identifier: MIT
/*
 * Bench of a whole tile with its real core and units. The bench is management
 * processor, bus and memory; kernel.c is the other half.
 *   tile-tb KERNEL.bin TEXT_BYTES [SEED [KILLS]]
 */
#include <algorithm>
#include <cinttypes>
#include <memory>
#include <string>

#include "Vash_tile.h"
#include "ash_board.h"
#include "ashlar_regs.h"
#include "bus_model.h"
#include "tests.h"
#include "verilated.h"

static const uint64_t MIB = 1 << 20;
static const unsigned int V = PageTables::V, R = PageTables::R,
			  W = PageTables::W, H = PageTables::HOST,
			  L = PageTables::LARGE;
static const uint32_t N = ASHLAR_BOARD_ARRAY;
static const uint32_t SPAD = ASHLAR_BOARD_SPAD_BYTES;

/* Device virtual addresses. The same holds for context 2 but for DATA. */
static const uint64_t CODE_VA = 0x10000000; /* small pages */
static const uint64_t ARG_VA = 0x10200000; /* small page, another table */
static const uint64_t DATA_VA = 0x20000000; /* 2 MiB page, board memory */
static const uint64_t HOST_VA = 0x20200000; /* 2 MiB page, host memory */
static const uint64_t READ_VA = 0x30000000; /* small pages */
static const uint64_t WRITE_VA = 0x30001000;
static const uint64_t NONE_VA = 0x30002000;
static const uint64_t REFUSED_VA = 0x30003000;
static const uint32_t ROOT_ENTRIES = 0x200;

static const uint64_t CODE_PA = 4 * MIB, ARG_PA = 5 * MIB, DATA_PA = 6 * MIB,
		      DATA2_PA = 8 * MIB, HOST_PA = 0, READ_PA = 10 * MIB;

static int passed, failed;
static std::string where;

static bool same(const char *what, uint64_t got, uint64_t want)
{
	if (got == want) {
		passed++;
		return true;
	}
	failed++;
	if (failed < 20)
		printf("FAIL %s: %s: got 0x%" PRIx64 ", want 0x%" PRIx64 "\n",
		       where.c_str(), what, got, want);
	return false;
}

typedef std::vector<uint32_t> Args;

class Bench {
    public:
	Rng rng;
	BusModel bus;
	PageTables pt, pt2;
	Vash_tile dut;
	uint64_t cycles = 0, first_insn = 0, event_at = 0, last_insn = 0;
	unsigned int events = 0, insns = 0;
	/* Requests with addresses in [watch, watch + 2 MiB) of board memory. */
	uint64_t watch = ~0ull, watched = 0, flying = 0;
	std::vector<uint8_t> code;
	uint32_t text_bytes;

	Bench(uint64_t seed, const std::vector<uint8_t> &image, uint32_t text)
	    : rng(seed), bus(16 * MIB, 4 * MIB, seed),
	      pt(bus, 1 * MIB, 1 * MIB, ROOT_ENTRIES),
	      pt2(bus, 2 * MIB, 1 * MIB, ROOT_ENTRIES), code(image),
	      text_bytes(text)
	{
		for (PageTables *p : { &pt, &pt2 }) {
			for (uint64_t i = 0; i < 16; i++)
				p->map(CODE_VA + i * 4096, CODE_PA + i * 4096,
				       V | R);
			p->map(ARG_VA, ARG_PA, V | R);
			p->map(DATA_VA, p == &pt ? DATA_PA : DATA2_PA,
			       V | R | W | L);
			p->map(HOST_VA, HOST_PA, V | R | W | L | H);
			p->map(READ_VA, READ_PA, V | R);
			p->map(WRITE_VA, READ_PA + 4096, V | W);
			p->map(REFUSED_VA, 0x800000000, V | R | W);
		}
		memcpy(&bus.mem[CODE_PA], code.data(), code.size());
		dut.rst = 1;
		dut.reg_req = 0;
		step();
		step();
		dut.rst = 0;
		step();
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
			dut.rsp = (uint8_t)(a.err << 6 | a.tag);
			memcpy(&dut.rsp_data, a.data, 64);
			flying -= rd_watched[a.tag];
			rd_watched[a.tag] = false;
		}
		dut.wack_valid = bus.next_ack(&a);
		if (dut.wack_valid) {
			dut.wack = (uint8_t)(a.err << 6 | a.tag);
			flying -= wr_watched[a.tag];
			wr_watched[a.tag] = false;
		}
		dut.eval();
		if (!dut.rst && dut.rd_valid && dut.rd_ready) {
			bus.take_read(request(dut.rd_req));
			note(request(dut.rd_req), rd_watched);
		}
		if (!dut.rst && dut.wr_valid && dut.wr_ready) {
			bus.take_write(request(dut.wr_req),
				       (const uint8_t *)&dut.wr_data,
				       dut.wr_strb);
			note(request(dut.wr_req), wr_watched);
		}
		if (!dut.rst && dut.rv_valid) {
			if (!insns++)
				first_insn = cycles;
			last_insn = cycles;
		}
		if (!dut.rst && dut.event_pulse) {
			events++;
			event_at = cycles;
		}
		dut.clk = 1;
		dut.eval();
		bus.tick();
		cycles++;
	}

	void wr(uint32_t reg, uint32_t value)
	{
		dut.reg_req = dut.reg_we = 1;
		dut.reg_addr = (uint16_t)reg;
		dut.reg_wdata = value;
		step();
		dut.reg_req = dut.reg_we = 0;
	}

	uint32_t rd(uint32_t reg, bool *err = nullptr)
	{
		dut.reg_req = 1;
		dut.reg_we = 0;
		dut.reg_addr = (uint16_t)reg;
		step();
		dut.reg_req = 0;
		dut.clk = 0;
		dut.eval();
		same("register answered", dut.reg_rvalid, 1);
		if (err)
			*err = dut.reg_err;
		return dut.reg_rdata;
	}

	/* All parameters of a job; args go to memory. */
	void program(const Args &args, const PageTables &space)
	{
		wr(ASHLAR_TILE_PT_ROOT_LO, (uint32_t)space.root);
		wr(ASHLAR_TILE_PT_ROOT_HI, (uint32_t)(space.root >> 32));
		wr(ASHLAR_TILE_PT_ENTRIES, space.entries);
		wr(ASHLAR_TILE_CODE_VA_LO, (uint32_t)CODE_VA);
		wr(ASHLAR_TILE_CODE_VA_HI, CODE_VA >> 32);
		wr(ASHLAR_TILE_CODE_BYTES, (uint32_t)code.size());
		wr(ASHLAR_TILE_TEXT_BYTES, text_bytes);
		wr(ASHLAR_TILE_LOAD_FROM, 0);
		wr(ASHLAR_TILE_ENTRY, 0);
		wr(ASHLAR_TILE_ARG_VA_LO, (uint32_t)ARG_VA);
		wr(ASHLAR_TILE_ARG_VA_HI, ARG_VA >> 32);
		wr(ASHLAR_TILE_ARG_BYTES, (uint32_t)args.size() * 4);
		wr(ASHLAR_TILE_INDEX, 3);
		wr(ASHLAR_TILE_COUNT, 4);
		wr(ASHLAR_TILE_GRID_X, 5);
		wr(ASHLAR_TILE_GRID_Y, 6);
		wr(ASHLAR_TILE_GRID_Z, 7);
		memcpy(&bus.mem[ARG_PA], args.data(), args.size() * 4);
	}

	void start()
	{
		events = insns = 0;
		wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
	}

	bool wait_event(uint64_t limit = 400000)
	{
		uint64_t end = cycles + limit;

		while (!events && cycles < end)
			step();
		return same("an event came", events, 1);
	}

	/* Runs a job to its end; returns the state. */
	uint32_t run(const char *name, const Args &args,
		     PageTables *space = NULL)
	{
		where = name;
		program(args, space ? *space : pt);
		start();
		wait_event();
		uint32_t state = rd(ASHLAR_TILE_STATUS);
		same("bus is quiet", bus.quiet(), 1);
		/* Nothing after the event. */
		uint64_t traffic = bus.reads + bus.writes;
		for (int i = 0; i < 20; i++)
			step();
		same("no traffic after the end", bus.reads + bus.writes,
		     traffic);
		same("one event", events, 1);
		same("idle", dut.idle, 1);
		return state;
	}

	void run_ok(const char *name, const Args &args, uint32_t exit_code,
		    PageTables *space = NULL)
	{
		same("state", run(name, args, space), ASHLAR_TILE_STATUS_DONE);
		if (rd(ASHLAR_TILE_STATUS) == ASHLAR_TILE_STATUS_FAULT)
			printf("fault cause %u unit %u sub %x addr %x pc %x\n",
			       rd(ASHLAR_TILE_FAULT_CAUSE),
			       rd(ASHLAR_TILE_FAULT_UNIT),
			       rd(ASHLAR_TILE_FAULT_SUB),
			       rd(ASHLAR_TILE_FAULT_ADDR_LO),
			       rd(ASHLAR_TILE_FAULT_PC));
		same("exit code", rd(ASHLAR_TILE_EXIT_CODE), exit_code);
		same("no fault", rd(ASHLAR_TILE_FAULT_CAUSE), 0);
	}

	void command(uint32_t cmd, uint32_t state, const char *name)
	{
		events = 0;
		wr(ASHLAR_TILE_CTRL, cmd);
		wait_event();
		same(name, rd(ASHLAR_TILE_STATUS), state);
		same("bus is quiet", bus.quiet(), 1);
	}

	uint8_t *at(uint64_t va)
	{
		PageTables::Result r = pt.walk(va, false);

		return r.host ? &bus.host[r.pa] : &bus.mem[r.pa];
	}

    private:
	bool rd_watched[64] = {}, wr_watched[64] = {};

	void note(const BusReq &r, bool *in_flight)
	{
		if (r.host || r.addr - watch >= 2 * MIB)
			return;
		watched++;
		flying++;
		in_flight[r.tag] = true;
	}

	static BusReq request(uint64_t r)
	{
		return { (bool)(r >> 54 & 1), r >> 6 & 0xffffffffffff,
			 (unsigned int)(r & 63) };
	}
};

static uint32_t lo(uint64_t v)
{
	return (uint32_t)v;
}

/* ---- what works */

static void copy_test(Bench &t, uint64_t src, uint64_t dst, uint32_t bytes,
		      uint32_t local, PageTables *space = NULL)
{
	uint64_t data = space == &t.pt2 ? DATA2_PA - DATA_PA : 0;
	uint8_t *s = t.at(src), *d = t.at(dst);
	std::vector<uint8_t> want;
	uint32_t w;
	uint16_t h;

	if (src < HOST_VA)
		s += data;
	if (dst < HOST_VA)
		d += data;
	for (uint32_t i = 0; i < bytes; i++)
		s[i] = (uint8_t)t.rng.next();
	want.assign(s, s + bytes);
	want[0] ^= 0xff;
	want[3] = (uint8_t)(want[3] + want[4]);
	memcpy(&h, &want[6], 2);
	h = (uint16_t)(h + 0x1234);
	memcpy(&want[6], &h, 2);
	memcpy(&w, &want[8], 4);
	w *= 3;
	memcpy(&want[8], &w, 4);
	t.run_ok("copy", { TEST_COPY, lo(src), 0, lo(dst), 0, bytes, local }, 0,
		 space);
	same("copied", memcmp(d, want.data(), bytes), 0);
}

static void gemm_test(Bench &t)
{
	const uint64_t A = DATA_VA, B = DATA_VA + 0x3000, C = HOST_VA + 0x8000;
	const int8_t *a = (const int8_t *)t.at(A), *b = (const int8_t *)t.at(B);
	/* Products that differ, of A and the rows of B from `first` on. */
	auto differ = [&](uint32_t first) {
		const uint8_t *c = t.at(C) + 4 * N * N * first;
		uint32_t bad = 0;

		for (uint32_t i = 0; i < N; i++) {
			for (uint32_t j = 0; j < N; j++) {
				int32_t want = 0, got;

				for (uint32_t k = 0; k < 64; k++)
					want += a[64 * i + k] *
						b[64 * (first + j) + k];
				memcpy(&got, c + 4 * (N * i + j), 4);
				bad += got != want;
			}
		}
		return bad;
	};

	t.run_ok("gemm", { TEST_GEMM, lo(A), 0, lo(B), 0, lo(C), 0 }, 0);
	same("products that differ", differ(0), 0);
	same("k-steps counted", t.rd(ASHLAR_TILE_PERF_MATRIX_BUSY), 16);
	memset(t.at(C), 0, 8 * N * N);
	t.run_ok("chain", { TEST_CHAIN, lo(A), 0, lo(B), 0, lo(C), 0 }, 0);
	same("products that differ", differ(0), 0);
	same("of the second tile", differ(1), 0);
	same("k-steps counted", t.rd(ASHLAR_TILE_PERF_MATRIX_BUSY), 32);
}

static void good_kernels(Bench &t)
{
	t.run_ok("exit", { TEST_EXIT, 0xc0ffee }, 0xc0ffee);
	t.run_ok("identity",
		 { TEST_IDENTITY, 3, 4, 5, 6, 7, 44, SPAD, N, ASHLAR_BOARD_ACCS,
		   ASHLAR_BOARD_SPAD_BANKS },
		 0);
	t.run_ok("registers", { TEST_REGISTERS }, 0);
	/* The registers are as at first, although the last kernel wrote them. */
	t.run_ok("registers", { TEST_REGISTERS }, 0);
	copy_test(t, DATA_VA, DATA_VA + 0x10000, 4096, 0);
	copy_test(t, DATA_VA + 77, HOST_VA + 33, 12345, 512);
	copy_test(t, HOST_VA + 5, DATA_VA + 0x10001, 16384, 4096);
	/* The same addresses in another context are other memory. */
	copy_test(t, DATA_VA, DATA_VA + 0x10000, 4096, 0, &t.pt2);
	copy_test(t, DATA_VA, DATA_VA + 0x10000, 4096, 0, &t.pt);
	t.run_ok("queue", { TEST_QUEUE, lo(DATA_VA), 0 }, 0);
	same("beats", t.rd(ASHLAR_TILE_PERF_LOAD_BEATS),
	     12 * (64 / std::min(64u, 4 * N)));
	gemm_test(t);
	for (uint32_t i = 0; i < 16; i++) {
		uint32_t row = (5 * i + 3) % 16;

		memcpy(t.at(DATA_VA + 0x6000) + 4 * i, &row, 4);
	}
	t.run_ok("gather",
		 { TEST_GATHER, lo(DATA_VA), 0, lo(DATA_VA + 0x6000), 0 }, 0);
}

/* The loader fetches what it must and no more. */
static void loader_test(Bench &t)
{
	uint64_t reads;

	where = "loader";
	t.run("loader", { TEST_EXIT, 1 });
	reads = t.bus.reads;
	t.run("loader, translations known", { TEST_EXIT, 1 });
	same("lines read", t.bus.reads - reads, t.code.size() / 64 + 1);
	t.program({ TEST_EXIT, 2 }, t.pt);
	t.wr(ASHLAR_TILE_LOAD_FROM, t.text_bytes);
	/* What is left out need not even be readable. */
	memset(&t.bus.mem[CODE_PA], 0xff, t.text_bytes);
	reads = t.bus.reads;
	t.start();
	t.wait_event();
	memcpy(&t.bus.mem[CODE_PA], t.code.data(), t.code.size());
	same("state", t.rd(ASHLAR_TILE_STATUS), ASHLAR_TILE_STATUS_DONE);
	same("exit code", t.rd(ASHLAR_TILE_EXIT_CODE), 2);
	same("lines read without the text", t.bus.reads - reads,
	     (t.code.size() - t.text_bytes) / 64 + 1);
	Args most(256, 0x11111111);
	most[0] = TEST_EXIT;
	t.run_ok("1024 bytes of arguments", most, 0x11111111);
	same("lines read with most arguments", t.bus.reads - reads > 16, 1);
}

/* ---- what must fail */

struct Fault {
	uint32_t cause, unit, sub;
	uint64_t addr;
	uint32_t token;
};

static void expect_fault(Bench &t, uint32_t state, const Fault &f)
{
	same("state", state, ASHLAR_TILE_STATUS_FAULT);
	same("cause", t.rd(ASHLAR_TILE_FAULT_CAUSE), f.cause);
	same("unit", t.rd(ASHLAR_TILE_FAULT_UNIT), f.unit);
	same("sub", t.rd(ASHLAR_TILE_FAULT_SUB), f.sub);
	same("address",
	     (uint64_t)t.rd(ASHLAR_TILE_FAULT_ADDR_HI) << 32 |
		     t.rd(ASHLAR_TILE_FAULT_ADDR_LO),
	     f.addr);
	same("token", t.rd(ASHLAR_TILE_FAULT_TOKEN), f.token);
	same("exit code", t.rd(ASHLAR_TILE_EXIT_CODE), 0);
}

static void core_faults(Bench &t)
{
	/* mcause: 1 fetch, 2 illegal, 3 break, 4/6 misaligned, 5/7 access. */
	static const struct {
		const char *name;
		uint32_t which, cause, tval;
		bool any_tval;
	} cases[] = {
		{ "load unmapped", ACCESS_LOAD_UNMAPPED, 5, 0x30000000, false },
		{ "store unmapped", ACCESS_STORE_UNMAPPED, 7, 0x30000000,
		  false },
		{ "load beyond local memory", ACCESS_LOAD_BEYOND_LMEM, 5,
		  ASHLAR_BOARD_LMEM_BYTES, false },
		{ "load beyond scratchpad", ACCESS_LOAD_BEYOND_SPAD, 5,
		  0x10000000 + SPAD, false },
		{ "store beyond scratchpad", ACCESS_STORE_BEYOND_SPAD, 7,
		  0x10000000 + SPAD, false },
		{ "fetch beyond local memory", ACCESS_FETCH_BEYOND_LMEM, 1,
		  ASHLAR_BOARD_LMEM_BYTES, false },
		{ "fetch from scratchpad", ACCESS_FETCH_SPAD, 1, 0x10000000,
		  false },
		{ "store to text", ACCESS_STORE_TEXT, 7, 0, false },
		{ "store to last text byte", ACCESS_STORE_TEXT_BYTE, 7, 0,
		  true },
		{ "byte of a register", ACCESS_BYTE_OF_REGISTER, 5, 0x20000000,
		  false },
		{ "half store of a register", ACCESS_HALF_STORE_OF_REGISTER, 7,
		  0x2000010c, false },
		{ "no register", ACCESS_REGISTER_HOLE, 5, 0x20000444, false },
		{ "write to read-only", ACCESS_WRITE_READ_ONLY, 7, 0x200002e8,
		  false },
		{ "read of write-only", ACCESS_READ_WRITE_ONLY, 5, 0x200003ec,
		  false },
		{ "GO after what was not started", ACCESS_GO_AFTER_UNKNOWN, 7,
		  0x200001e0, false },
		{ "behind the last block", ACCESS_BEHIND_VECTOR, 5, 0x20000500,
		  false },
		{ "misaligned", ACCESS_MISALIGNED, 4, 0x20000002, false },
		{ "ecall", ACCESS_ECALL, 11, 0, true },
		{ "ebreak", ACCESS_EBREAK, 3, 0, true },
		{ "illegal instruction", ACCESS_ILLEGAL, 2, 0, true },
	};

	static_assert(sizeof(cases) / sizeof(cases[0]) == ACCESS_COUNT,
		      "a case for each access");
	for (const auto &c : cases) {
		uint32_t state = t.run(c.name, { TEST_ACCESS, c.which });
		uint32_t tval = t.rd(ASHLAR_TILE_FAULT_ADDR_LO);

		expect_fault(t, state,
			     { ASHLAR_TILE_FAULT_CAUSE_CORE,
			       ASHLAR_TILE_FAULT_UNIT_CORE, c.cause,
			       c.any_tval ? tval : c.tval, 0 });
		if (c.which == ACCESS_STORE_TEXT_BYTE)
			same("text end", tval, t.text_bytes - 1);
		same("pc in the text or at the target",
		     t.rd(ASHLAR_TILE_FAULT_PC) < t.text_bytes ||
			     t.rd(ASHLAR_TILE_FAULT_PC) == c.tval,
		     1);
	}
}

static void unit_faults(Bench &t)
{
	const uint32_t LD = ASHLAR_MAP_KERNEL_LOAD_BASE,
		       ST = ASHLAR_MAP_KERNEL_STORE_BASE,
		       MX = ASHLAR_MAP_KERNEL_MATRIX_BASE,
		       VC = ASHLAR_MAP_KERNEL_VECTOR_BASE;
	const uint32_t GO = ASHLAR_LOAD_GO, RUN = ASHLAR_LOAD_RUN,
		       GA = ASHLAR_LOAD_GADDR_LO, LA = ASHLAR_LOAD_LADDR,
		       COUNT1 = ASHLAR_LOAD_COUNT1, GATHER = ASHLAR_LOAD_GATHER,
		       INDEX = ASHLAR_LOAD_INDEX;
	const uint32_t PI = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID,
		       PR = ASHLAR_TILE_FAULT_CAUSE_PAGE_READ,
		       PW = ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE,
		       BUS = ASHLAR_TILE_FAULT_CAUSE_BUS,
		       CMD = ASHLAR_TILE_FAULT_CAUSE_COMMAND;
	const struct {
		const char *name;
		Args script;
		Fault fault;
	} cases[] = {
		{ "load, run 0", { LD + GO, 0 }, { CMD, 2, RUN, 0, 1 } },
		{ "load, second bad",
		  { LD + RUN, 64, LD + GA, lo(DATA_VA), LD + GO, 0, LD + RUN,
		    SPAD + 1, LD + GO, 0, LD + GO, 0 },
		  { CMD, 2, RUN, SPAD + 1, 2 } },
		{ "load, invalid page",
		  { LD + RUN, 64, LD + GA, lo(NONE_VA) + 100, LD + GO, 0 },
		  { PI, 2, 0, NONE_VA + 100, 1 } },
		{ "load, runs into unreadable page",
		  { LD + RUN, 4096, LD + GA, lo(READ_VA) + 100, LD + GO, 0 },
		  { PR, 2, 0, WRITE_VA, 1 } },
		{ "load, refused",
		  { LD + RUN, 64, LD + GA, lo(REFUSED_VA) + 8, LD + GO, 0 },
		  { BUS, 2, 0, REFUSED_VA + 8, 1 } },
		{ "load, beyond the scratchpad",
		  { LD + RUN, 64, LD + GA, lo(DATA_VA), LD + LA, SPAD - 63,
		    LD + GO, 0 },
		  { CMD, 2, LA, SPAD - 63, 1 } },
		{ "store, read-only page",
		  { ST + RUN, 64, ST + GA, lo(READ_VA), ST + GO, 0 },
		  { PW, 3, 0, READ_VA, 1 } },
		{ "store, refused",
		  { ST + RUN, 64, ST + GA, lo(WRITE_VA), ST + GO, 0, ST + GA,
		    lo(REFUSED_VA), ST + GO, 0 },
		  { BUS, 3, 0, REFUSED_VA, 2 } },
		{ "store, beyond the root table",
		  { ST + RUN, 1, ST + GA, ROOT_ENTRIES << 21, ST + GO, 0 },
		  { PI, 3, 0, (uint64_t)ROOT_ENTRIES << 21, 1 } },
		{ "matrix, k 0",
		  { MX + GO, 0 },
		  { CMD, 4, ASHLAR_MATRIX_K, 0, 1 } },
		{ "load, odd table",
		  { LD + RUN, 64, LD + GA, lo(DATA_VA), LD + GATHER, 1,
		    LD + INDEX, 2, LD + GO, 0 },
		  { CMD, 2, INDEX, 2, 1 } },
		{ "store, table beyond the scratchpad",
		  { ST + RUN, 64, ST + GA, lo(WRITE_VA), ST + COUNT1, 2,
		    ST + GATHER, 1, ST + INDEX, SPAD - 4, ST + GO, 0 },
		  { CMD, 3, INDEX, SPAD - 4, 1 } },
		{ "vector, rows 0",
		  { VC,
		    ASHLAR_VECTOR_CFG_SRC_FMT_I32
			    << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT,
		    VC + GO, 0 },
		  { CMD, 5, ASHLAR_VECTOR_ROWS, 0, 1 } },
	};

	for (const auto &c : cases) {
		Args args = { TEST_SCRIPT };

		args.insert(args.end(), c.script.begin(), c.script.end());
		args.push_back(0);
		expect_fault(t, t.run(c.name, args), c.fault);
	}
	t.run_ok("after the faults", { TEST_EXIT, 5 }, 5);
}

static void loader_faults(Bench &t)
{
	const uint32_t PI = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID,
		       PR = ASHLAR_TILE_FAULT_CAUSE_PAGE_READ,
		       BUS = ASHLAR_TILE_FAULT_CAUSE_BUS,
		       CMD = ASHLAR_TILE_FAULT_CAUSE_COMMAND;
	const struct {
		const char *name;
		uint32_t reg, value;
		Fault fault;
	} cases[] = {
		{ "image at an odd address",
		  ASHLAR_TILE_CODE_VA_LO,
		  lo(CODE_VA) + 32,
		  { CMD, 1, ASHLAR_TILE_CODE_VA_LO, CODE_VA + 32, 0 } },
		{ "image too long",
		  ASHLAR_TILE_CODE_BYTES,
		  ASHLAR_BOARD_LMEM_BYTES - 1024 + 64,
		  { CMD, 1, ASHLAR_TILE_CODE_BYTES,
		    ASHLAR_BOARD_LMEM_BYTES - 1024 + 64, 0 } },
		{ "image of odd length",
		  ASHLAR_TILE_CODE_BYTES,
		  100,
		  { CMD, 1, ASHLAR_TILE_CODE_BYTES, 100, 0 } },
		{ "odd LOAD_FROM",
		  ASHLAR_TILE_LOAD_FROM,
		  1,
		  { CMD, 1, ASHLAR_TILE_LOAD_FROM, 1, 0 } },
		{ "arguments at an odd address",
		  ASHLAR_TILE_ARG_VA_LO,
		  lo(ARG_VA) + 4,
		  { CMD, 1, ASHLAR_TILE_ARG_VA_LO, ARG_VA + 4, 0 } },
		{ "too many arguments",
		  ASHLAR_TILE_ARG_BYTES,
		  1025,
		  { CMD, 1, ASHLAR_TILE_ARG_BYTES, 1025, 0 } },
		{ "image not mapped",
		  ASHLAR_TILE_CODE_VA_LO,
		  lo(NONE_VA),
		  { PI, 1, 0, NONE_VA, 0 } },
		{ "image runs into unreadable page",
		  ASHLAR_TILE_CODE_VA_LO,
		  lo(READ_VA) + 4096 - 128,
		  { PR, 1, 0, WRITE_VA, 0 } },
		{ "image refused",
		  ASHLAR_TILE_CODE_VA_LO,
		  lo(REFUSED_VA),
		  { BUS, 1, 0, REFUSED_VA, 0 } },
		{ "arguments not mapped",
		  ASHLAR_TILE_ARG_VA_LO,
		  lo(NONE_VA),
		  { PI, 1, 0, NONE_VA, 0 } },
		{ "no root table",
		  ASHLAR_TILE_PT_ENTRIES,
		  0,
		  { PI, 1, 0, CODE_VA, 0 } },
		{ "root table refused",
		  ASHLAR_TILE_PT_ROOT_HI,
		  1,
		  { BUS, 1, 0, CODE_VA, 0 } },
	};

	for (const auto &c : cases) {
		where = c.name;
		t.program({ TEST_EXIT, 1 }, t.pt);
		t.wr(c.reg, c.value);
		t.start();
		t.wait_event();
		expect_fault(t, t.rd(ASHLAR_TILE_STATUS), c.fault);
		same("no instruction", t.insns, 0);
	}
	t.run_ok("after the loader's faults", { TEST_EXIT, 5 }, 5);
}

/* ---- commands */

static void hang(Bench &t, const char *name, const Args &args)
{
	where = name;
	t.program(args, t.pt);
	t.start();
	for (int i = 0; i < 3000; i++)
		t.step();
	same("still running", t.rd(ASHLAR_TILE_STATUS),
	     ASHLAR_TILE_STATUS_RUNNING);
	t.step();
	t.step();
	same("idle", t.dut.idle, 1);
	/* Parameters stay, START and SCRUB are not taken. */
	t.wr(ASHLAR_TILE_INDEX, 99);
	t.wr(ASHLAR_TILE_PT_ENTRIES, 99);
	same("parameters stay", t.rd(ASHLAR_TILE_INDEX), 3);
	same("parameters stay", t.rd(ASHLAR_TILE_PT_ENTRIES), ROOT_ENTRIES);
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_START);
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_SCRUB);
	same("still running", t.rd(ASHLAR_TILE_STATUS),
	     ASHLAR_TILE_STATUS_RUNNING);
	t.command(ASHLAR_TILE_CTRL_KILL, ASHLAR_TILE_STATUS_KILLED, "killed");
	same("no fault", t.rd(ASHLAR_TILE_FAULT_CAUSE), 0);
	same("no exit code", t.rd(ASHLAR_TILE_EXIT_CODE), 0);
}

static void check_scrubbed(Bench &t)
{
	const uint32_t accs = 4 * N * N * ASHLAR_BOARD_ACCS;
	uint8_t *a = t.at(DATA_VA + 0x100000), *s = t.at(HOST_VA + 0x100000);

	memset(a, 0xa5, accs);
	memset(s, 0xa5, SPAD);
	t.run_ok("scrubbed",
		 { TEST_SCRUBBED, lo(DATA_VA) + 0x100000, 0,
		   lo(HOST_VA) + 0x100000, 0 },
		 0);
	same("accumulators are zero", std::count(a, a + accs, 0) == (long)accs,
	     1);
	same("scratchpad is zero", std::count(s, s + SPAD, 0) == (long)SPAD, 1);
}

/* KILL at any time, then a scrub, then all is as new. */
static void kills(Bench &t, int n)
{
	for (int i = 0; i < n && !failed; i++) {
		t.bus.timing.min_latency = (int)t.rng.in(1, 60);
		t.bus.timing.max_latency =
			t.bus.timing.min_latency + (int)t.rng.in(0, 60);
		t.bus.timing.ready = (int)t.rng.in(20, 100);
		t.bus.timing.reorder = true;
		where = "kill";
		t.program({ TEST_SPIN, lo(HOST_VA) + 7, 0,
			    lo(DATA_VA) + 0x20003, 0 },
			  t.pt);
		t.start();
		int64_t life = t.rng.in(0, i % 2 ? 400 : 4000);
		for (int64_t k = 0; k < life; k++) {
			if (t.rng.chance(1))
				t.wr(ASHLAR_TILE_CTRL,
				     ASHLAR_TILE_CTRL_TLB_INVALIDATE);
			else
				t.step();
		}
		same("runs until killed", t.events, 0);
		t.command(ASHLAR_TILE_CTRL_KILL, ASHLAR_TILE_STATUS_KILLED,
			  "killed");
		/* Killed tiles run again at once, or after a scrub. */
		if (t.rng.chance(50)) {
			where = "scrub";
			t.command(ASHLAR_TILE_CTRL_SCRUB,
				  ASHLAR_TILE_STATUS_IDLE, "scrubbed");
			if (i % 8 == 0)
				check_scrubbed(t);
		}
		copy_test(t, DATA_VA + (uint64_t)t.rng.in(0, 100),
			  HOST_VA + 0x10000 + (uint64_t)t.rng.in(0, 100), 999,
			  64);
	}
	t.bus.timing = BusTiming();
}

static void commands(Bench &t)
{
	bool err;

	hang(t, "wait for ever",
	     { TEST_SCRIPT, ASHLAR_MAP_KERNEL_STORE_BASE + ASHLAR_STORE_WAIT, 1,
	       0 });
	hang(t, "wfi", { TEST_WFI });
	where = "commands";
	t.command(ASHLAR_TILE_CTRL_SCRUB, ASHLAR_TILE_STATUS_IDLE, "scrubbed");
	check_scrubbed(t);
	t.command(ASHLAR_TILE_CTRL_KILL, ASHLAR_TILE_STATUS_KILLED,
		  "killed when done");
	where = "registers of the tile";
	t.rd(ASHLAR_TILE_STATUS, &err);
	same("no error", err, 0);
	t.rd(ASHLAR_TILE_PERF_TLB_MISS + 4, &err);
	same("error behind the last register", err, 1);
	t.rd(0x8000, &err);
	same("error far behind", err, 1);
	t.rd(ASHLAR_TILE_STATUS + 1, &err);
	same("error between registers", err, 1);
}

/* ---- invalidation while DMA runs */

/* In DATA's page: 256 runs of 64 bytes, and where they go. */
static const uint32_t RUNS = 256, FROM_STRIDE = 320, TO = 0x100000,
		      TO_STRIDE = 192;

/* Loads all runs, loads them again while it stores what has come first. */
static Args strided(void)
{
	const uint32_t l = ASHLAR_MAP_KERNEL_LOAD_BASE,
		       s = ASHLAR_MAP_KERNEL_STORE_BASE;

	return { TEST_SCRIPT,
		 l + ASHLAR_LOAD_GADDR_LO,
		 lo(DATA_VA),
		 l + ASHLAR_LOAD_RUN,
		 64,
		 l + ASHLAR_LOAD_COUNT1,
		 RUNS,
		 l + ASHLAR_LOAD_GSTRIDE1,
		 FROM_STRIDE,
		 l + ASHLAR_LOAD_LSTRIDE1,
		 64,
		 l + ASHLAR_LOAD_GO,
		 0,
		 l + ASHLAR_LOAD_WAIT,
		 1,
		 s + ASHLAR_STORE_GADDR_LO,
		 lo(DATA_VA) + TO,
		 s + ASHLAR_STORE_RUN,
		 64,
		 s + ASHLAR_STORE_COUNT1,
		 RUNS,
		 s + ASHLAR_STORE_GSTRIDE1,
		 TO_STRIDE,
		 s + ASHLAR_STORE_LSTRIDE1,
		 64,
		 s + ASHLAR_STORE_GO,
		 0,
		 l + ASHLAR_LOAD_GO,
		 0,
		 ASHLAR_MAP_KERNEL_UNIT_BASE + ASHLAR_UNIT_EXIT,
		 77,
		 0 };
}

/*
 * Moves DATA's page to another place after `life` cycles. From the moment at
 * which INVALIDATING is 0 the old place is not touched any more; the driver
 * would give it to somebody else. Returns the cycles that took.
 */
static uint64_t move_page(Bench &t, int64_t life, bool *caught)
{
	const uint64_t NEW_PA = 12 * MIB;
	uint8_t *from = &t.bus.mem[DATA_PA], *to = &t.bus.mem[NEW_PA];
	uint32_t set, bad = 0;
	uint64_t began, before, quiet = 0, end;

	for (uint32_t i = 0; i < 2 * MIB; i++)
		from[i] = (uint8_t)t.rng.next();
	std::vector<uint8_t> was(from, from + 2 * MIB);
	memcpy(to, from, 2 * MIB);
	t.pt.map(DATA_VA, DATA_PA, V | R | W | L);
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
	t.program(strided(), t.pt);
	t.watch = DATA_PA;
	t.start();
	for (int64_t i = 0; i < life && !t.events; i++)
		t.step();
	t.pt.map(DATA_VA, NEW_PA, V | R | W | L);
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
	began = t.cycles;
	*caught = t.flying != 0;
	do {
		before = t.flying;
		quiet = t.bus.quiet() ? quiet + 1 : 0;
		set = t.rd(ASHLAR_TILE_INVALIDATING);
		if (before)
			same("set while old requests are open", set, 1);
		if (set)
			same("no longer than it takes", quiet < 4, 1);
	} while (set && !failed);
	end = t.cycles;
	same("old requests are answered", t.flying, 0);
	before = t.watched;
	/* What the stores wrote in time moves, too; then it is another's. */
	for (uint32_t i = 0; i < 2 * MIB; i++)
		if (from[i] != was[i])
			to[i] = from[i];
	memset(from, 0xee, 2 * MIB);
	t.wait_event();
	same("state", t.rd(ASHLAR_TILE_STATUS), ASHLAR_TILE_STATUS_DONE);
	same("exit code", t.rd(ASHLAR_TILE_EXIT_CODE), 77);
	same("the old place is left alone", t.watched, before);
	same("the old place is as it was",
	     std::count(from, from + 2 * MIB, 0xee) == 2 * MIB, 1);
	for (uint32_t i = 0; i < RUNS; i++)
		bad += memcmp(to + TO + i * TO_STRIDE, &was[i * FROM_STRIDE],
			      64) != 0;
	same("runs that differ", bad, 0);
	t.watch = ~0ull;
	t.pt.map(DATA_VA, DATA_PA, V | R | W | L);
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
	return end - began;
}

static void invalidations(Bench &t, int n)
{
	const int LATENCY = 300;
	uint64_t from, plain, drain, total = 0;
	int in_time = 0;
	bool caught;

	where = "invalidation";
	t.wr(ASHLAR_TILE_CTRL, ASHLAR_TILE_CTRL_TLB_INVALIDATE);
	for (int i = 0; i < 3; i++)
		t.step();
	same("idle tile: at once", t.rd(ASHLAR_TILE_INVALIDATING), 0);

	/* Slow memory: it costs the latency once, a walk, and no more. */
	t.bus.timing = BusTiming();
	t.bus.timing.min_latency = t.bus.timing.max_latency = LATENCY;
	move_page(t, 1000000, &caught);
	same("nothing to wait for", caught, 0);
	plain = t.rd(ASHLAR_TILE_PERF_CYCLES);
	for (from = plain / 3; from < plain; from += plain / 7) {
		drain = move_page(t, (int64_t)from, &caught);
		total = t.rd(ASHLAR_TILE_PERF_CYCLES);
		same("requests were open", caught, 1);
		same("drained in a latency", drain <= LATENCY + 10, 1);
		same("full speed again",
		     total <= plain + drain + 3 * LATENCY + 20, 1);
	}
	printf("strided copy: %" PRIu64 " cycles, %" PRIu64
	       " with an invalidation that took %" PRIu64 "\n",
	       plain, total, drain);

	for (int i = 0; i < n && !failed; i++) {
		t.bus.timing.min_latency = (int)t.rng.in(1, 200);
		t.bus.timing.max_latency =
			t.bus.timing.min_latency + (int)t.rng.in(0, 200);
		t.bus.timing.ready = (int)t.rng.in(20, 100);
		t.bus.timing.reorder = true;
		move_page(t, t.rng.in(0, (int64_t)plain), &caught);
		in_time += caught;
	}
	/* Half of them, more or less. */
	same("requests were open in many", in_time > n / 4, 1);
	t.bus.timing = BusTiming();
}

/* ---- cycles, with memory latency 40 */

static void latencies(Bench &t)
{
	uint64_t from;

	t.bus.timing = BusTiming();
	t.run("warm up", { TEST_EXIT, 1 });
	where = "latency";
	t.program({ TEST_EXIT, 1 }, t.pt2); /* forgets all translations */
	t.start();
	from = t.cycles - 1;
	t.wait_event();
	printf("START to first instruction retired: %" PRIu64
	       " cycles, nothing known (image of %zu bytes)\n",
	       t.first_insn - from, t.code.size());
	/* two walks of two reads side by side, then the lines */
	same("at most 3 latencies, the lines, and 20",
	     t.first_insn - from <= 3 * 40 + t.code.size() / 64 + 1 + 20, 1);
	printf("last instruction to event: %" PRIu64 " cycles\n",
	       t.event_at - t.last_insn);
	same("event within 4 cycles", t.event_at - t.last_insn <= 4, 1);
	t.program({ TEST_EXIT, 1 }, t.pt2);
	t.wr(ASHLAR_TILE_LOAD_FROM, t.text_bytes & ~63u);
	t.start();
	from = t.cycles - 1;
	t.wait_event();
	printf("START to first instruction retired: %" PRIu64
	       " cycles, text and translations kept\n",
	       t.first_insn - from);
	same("at most one latency, the lines, and 20",
	     t.first_insn - from <=
		     40 + (t.code.size() - t.text_bytes) / 64 + 1 + 20,
	     1);
	same("cycles", t.rd(ASHLAR_TILE_PERF_CYCLES), t.event_at - from - 1);
	same("instructions", t.rd(ASHLAR_TILE_PERF_INSTRET), t.insns);
}

int main(int argc, char **argv)
{
	if (argc < 3) {
		fprintf(stderr,
			"usage: %s KERNEL.bin TEXT_BYTES [SEED [KILLS]]\n",
			argv[0]);
		return 2;
	}
	FILE *f = fopen(argv[1], "rb");
	if (!f) {
		perror(argv[1]);
		return 2;
	}
	std::vector<uint8_t> image(65536);
	image.resize(fread(image.data(), 1, image.size(), f));
	image.resize((image.size() + 63) / 64 * 64);
	fclose(f);
	uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 0) : 1;

	Verilated::randReset(2);
	Verilated::randSeed((int)seed);
	auto t = std::make_unique<Bench>(seed, image,
					 (uint32_t)strtoul(argv[2], NULL, 0));
	where = "reset";
	same("state", t->rd(ASHLAR_TILE_STATUS), ASHLAR_TILE_STATUS_IDLE);
	t->command(ASHLAR_TILE_CTRL_SCRUB, ASHLAR_TILE_STATUS_IDLE, "scrub");
	check_scrubbed(*t);
	good_kernels(*t);
	loader_test(*t);
	core_faults(*t);
	unit_faults(*t);
	loader_faults(*t);
	commands(*t);
	kills(*t, argc > 4 ? atoi(argv[4]) : 40);
	invalidations(*t, argc > 4 ? atoi(argv[4]) : 40);
	latencies(*t);
	t->dut.final();
	printf("board %s, seed %" PRIu64 ": %" PRIu64 " cycles\n",
	       ASHLAR_BOARD_MODEL, seed, t->cycles);
	printf("%d passed, %d failed\n", passed, failed);
	return failed != 0;
}
