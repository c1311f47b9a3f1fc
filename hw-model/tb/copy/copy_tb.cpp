// SPDX-License-Identifier: MIT
//
// One copy engine against a bus and memories of random patience: answers late
// and out of order, requests not taken, errors. Random copies between all
// spaces are compared with the same copies done by memcpy, and their order is
// checked: while a copy writes, all earlier ones have been acknowledged.
#include "Vash_copy.h"
#include "ash_board.h"
#include "ashlar_regs.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <deque>
#include <map>
#include <vector>

enum space { MEM, HOST, LOCAL, IMM };

static const uint32_t BYTES = 0x8000; // of each space that is used
static const uint64_t HOST_AT = 0x123400000000;

static unsigned long passed, failed;
static uint64_t cycle;
static Vash_copy *top;
static uint64_t seed = 88172645463325252ull;

static uint64_t rnd()
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void check(bool ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	if (failed++ < 20)
		printf("cycle %lu: %s\n", (unsigned long)cycle, what);
}

struct world {
	uint8_t bytes[3][BYTES];
};

static world real, wanted;

struct copy {
	space src, dst;
	uint64_t from, to; // full addresses
	uint32_t len;
	uint64_t imm;
	bool bad; // RANGE expected
	bool refused; // the host refuses its target
};

static uint64_t base(space s)
{
	return s == MEM ? 0 : s == HOST ? HOST_AT : ASHLAR_MAP_MP_TCM_BASE;
}

struct answer {
	uint64_t due;
	unsigned int tag;
	bool err;
	uint32_t data[16];
};

static std::vector<answer> reads;
static std::vector<answer> acks;
static std::deque<copy> started; // not counted as done yet
static unsigned int patience; // percent of cycles in which things are taken
static bool l_read;
static uint32_t l_data[16];
static unsigned long writes_seen;
static uint32_t done_before;
static bool cancelled; // what was under way may still write

// The byte of a space, or nullptr.
static uint8_t *place(world &w, space s, uint64_t addr)
{
	uint64_t at = addr - base(s);

	return at < BYTES ? &w.bytes[s][at] : nullptr;
}

static void do_wanted(const copy &c)
{
	std::vector<uint8_t> data(c.len);

	if (c.bad || c.refused)
		return;
	for (uint32_t i = 0; i < c.len; i++)
		data[i] = c.src == IMM ? (uint8_t)(c.imm >> (i % 8 * 8)) :
					 *place(wanted, c.src, c.from + i);
	for (uint32_t i = 0; i < c.len; i++)
		*place(wanted, c.dst, c.to + i) = data[i];
}

// A write that leaves the engine belongs to the oldest copy not done.
static void check_owner(space dst, uint64_t beat)
{
	const copy *c = started.empty() ? nullptr : &started.front();

	writes_seen++;
	check(cancelled || (c && c->dst == dst && beat + 64 > c->to &&
			    beat < c->to + c->len),
	      "a write that is not of the oldest copy");
}

static void apply_write(space dst, uint64_t beat, const uint32_t *data,
			uint64_t strb)
{
	for (unsigned int i = 0; i < 64; i++) {
		uint8_t *p = place(real, dst, beat + i);

		if (!(strb >> i & 1))
			continue;
		check(p, "a byte outside its space is written");
		if (p)
			*p = (uint8_t)(data[i / 4] >> (i % 4 * 8));
	}
}

static void one_cycle()
{
	bool rd_taken, wr_taken, l_taken;
	answer a;

	top->rd_ready = rnd() % 100 < patience;
	top->wr_ready = rnd() % 100 < patience;
	top->eval();
	top->l_gnt = top->l_req && rnd() % 100 < patience;
	top->eval();

	rd_taken = top->rd_valid && top->rd_ready;
	wr_taken = top->wr_valid && top->wr_ready;
	l_taken = top->l_gnt;
	if (rd_taken) {
		space s = top->rd_req >> 54 & 1 ? HOST : MEM;
		uint64_t beat = top->rd_req >> 6 & 0xffffffffffff;
		uint8_t *p = place(real, s, beat);

		memset(&a, 0, sizeof(a));
		a.tag = top->rd_req & 63;
		a.err = !p;
		a.due = cycle + 1 + rnd() % 60;
		if (p)
			memcpy(a.data, p, 64);
		reads.push_back(a);
	}
	if (wr_taken) {
		space s = top->wr_req >> 54 & 1 ? HOST : MEM;
		uint64_t beat = top->wr_req >> 6 & 0xffffffffffff;

		memset(&a, 0, sizeof(a));
		a.tag = top->wr_req & 63;
		a.err = !place(real, s, beat);
		a.due = cycle + 1 + rnd() % 20;
		check_owner(s, beat);
		if (!a.err)
			apply_write(s, beat, &top->wr_data[0], top->wr_strb);
		acks.push_back(a);
	}
	if (l_taken && top->l_we) {
		uint64_t strb = 0;

		for (int i = 0; i < 8; i++)
			if (top->l_strb >> i & 1)
				strb |= 0xffull << (8 * i);
		check_owner(LOCAL, top->l_addr);
		apply_write(LOCAL, top->l_addr, &top->l_wdata[0], strb);
	}
	l_read = l_taken && !top->l_we;
	if (l_read) {
		uint8_t *p = place(real, LOCAL, top->l_addr);

		check(p, "a local read outside");
		if (p)
			memcpy(l_data, p, 64);
	}

	top->clk = 1;
	top->eval();
	top->clk = 0;
	cycle++;

	// Any answer that is due, not the oldest.
	top->rsp_valid = 0;
	if (!reads.empty()) {
		size_t i = rnd() % reads.size();

		if (reads[i].due <= cycle) {
			top->rsp_valid = 1;
			top->rsp = reads[i].tag | (reads[i].err ? 64 : 0);
			memcpy(&top->rsp_data[0], reads[i].data, 64);
			reads.erase(reads.begin() + (long)i);
		}
	}
	top->wack_valid = 0;
	if (!acks.empty()) {
		size_t i = rnd() % acks.size();

		if (acks[i].due <= cycle) {
			top->wack_valid = 1;
			top->wack = acks[i].tag | (acks[i].err ? 64 : 0);
			acks.erase(acks.begin() + (long)i);
		}
	}
	for (int i = 0; i < 16; i++)
		top->l_rdata[i] = l_read ? l_data[i] : 0xdeadbeef;
	top->eval();

	if (cancelled)
		return;
	while (top->done != done_before) {
		done_before++;
		check(!started.empty(), "a copy done that never began");
		if (!started.empty())
			started.pop_front();
	}
}

static uint32_t access(bool we, uint32_t addr, uint32_t data)
{
	bool taken;

	top->req = 1;
	top->we = we;
	top->addr = addr;
	top->wdata = data;
	do {
		top->eval();
		taken = top->gnt;
		one_cycle();
	} while (!taken);
	top->req = 0;
	check(!top->err, "a register was refused");
	return top->rdata;
}

static void settle()
{
	for (int i = 0; i < 200000 && top->issued != top->done; i++) {
		top->req = 0;
		one_cycle();
	}
	check(top->issued == top->done, "copies do not end");
	check(started.empty(), "more copies than done");
	check(reads.empty() && acks.empty(), "done with requests in flight");
}

static void start(const copy &c)
{
	access(true, ASHLAR_COPY_SRC_LO, (uint32_t)c.from);
	access(true, ASHLAR_COPY_SRC_HI, (uint32_t)(c.from >> 32));
	access(true, ASHLAR_COPY_DST_LO, (uint32_t)c.to);
	access(true, ASHLAR_COPY_DST_HI, (uint32_t)(c.to >> 32));
	access(true, ASHLAR_COPY_LEN, c.src == IMM ? 0x123 : c.len);
	access(true, ASHLAR_COPY_SPACE, (uint32_t)c.src | (uint32_t)c.dst << 4);
	access(true, ASHLAR_COPY_IMM_LO, (uint32_t)c.imm);
	access(true, ASHLAR_COPY_IMM_HI, (uint32_t)(c.imm >> 32));
	started.push_back(c);
	access(true, ASHLAR_COPY_GO, 1);
}

static copy random_copy()
{
	uint32_t max = rnd() % 4 ? 256 : 4096;
	copy c;

	memset(&c, 0, sizeof(c));
	c.src = (space)(rnd() % 4);
	c.dst = (space)(rnd() % 3);
	c.imm = rnd();
	c.len = c.src == IMM ? 8 : (uint32_t)(rnd() % (max / 8 + 1)) * 8;
	c.from = base(c.src) + rnd() % ((BYTES - c.len) / 8) * 8;
	c.to = base(c.dst) + rnd() % ((BYTES - c.len) / 8) * 8;
	if (c.src == c.dst) { // overlapping copies are not defined
		uint32_t half = BYTES / 2;

		c.from = base(c.src) + rnd() % ((half - c.len) / 8) * 8;
		c.to = base(c.dst) + half + rnd() % ((half - c.len) / 8) * 8;
	}
	return c;
}

static void compare(const char *what)
{
	check(!memcmp(&real, &wanted, sizeof(real)), what);
	if (memcmp(&real, &wanted, sizeof(real)))
		wanted = real;
}

static void test_random()
{
	for (int round = 0; round < 120; round++) {
		static const unsigned int levels[] = { 100, 60, 20 };
		int n = 1 + (int)(rnd() % 20);

		patience = levels[round % 3];
		for (int i = 0; i < n; i++) {
			copy c = random_copy();

			do_wanted(c);
			start(c);
		}
		settle();
		compare("memories differ from the reference");
		check(access(false, ASHLAR_COPY_ERROR, 0) == 0, "an error");
	}
}

static void expect_error(copy c, uint32_t error, const char *what)
{
	copy good = random_copy();

	c.bad = true;
	start(c);
	do_wanted(good); // the next one is done all the same
	start(good);
	settle();
	check(access(false, ASHLAR_COPY_ERROR, 0) == error, what);
	access(true, ASHLAR_COPY_ERROR, error);
	check(access(false, ASHLAR_COPY_ERROR, 0) == 0, "error not cleared");
}

static copy make(space src, uint64_t from, space dst, uint64_t to, uint32_t len)
{
	copy c;

	memset(&c, 0, sizeof(c));
	c.src = src;
	c.dst = dst;
	c.from = from;
	c.to = to;
	c.len = len;
	return c;
}

static void test_errors()
{
	const uint32_t range = ASHLAR_COPY_ERROR_RANGE_MASK;
	const uint32_t bus = ASHLAR_COPY_ERROR_BUS_MASK;
	const uint64_t end = ASHLAR_BOARD_MEM_BYTES;
	const uint64_t tcm = ASHLAR_MAP_MP_TCM_BASE;

	patience = 80;
	expect_error(make(MEM, 4, MEM, 0x100, 8), range, "source not aligned");
	expect_error(make(MEM, 0, MEM, 0x102, 8), range, "target not aligned");
	expect_error(make(MEM, 0, MEM, 0x100, 12), range, "length not aligned");
	expect_error(make(MEM, end - 8, HOST, HOST_AT, 16), range,
		     "source end");
	expect_error(make(HOST, HOST_AT, MEM, end, 8), range, "target beyond");
	expect_error(make(HOST, 0xfffffffffff8, MEM, 0, 16), range, "host end");
	expect_error(make(MEM, 0, LOCAL, tcm + ASHLAR_BOARD_TCM_BYTES - 8, 16),
		     range, "TCM end");
	expect_error(make(MEM, 0, LOCAL, tcm - 8, 16), range, "before TCM");
	expect_error(make(MEM, 0, IMM, 0, 8), range, "IMM as a target");
	expect_error(make(LOCAL, 0x18010000 - 8, MEM, 0, 16), range,
		     "shared SRAM end");
	// The bus refuses: nothing of it may be written after that.
	expect_error(make(HOST, HOST_AT + BYTES, MEM, 0, 1024), bus,
		     "source refused");
	expect_error(make(MEM, 0, HOST, HOST_AT + BYTES, 2048), bus,
		     "target refused");
	compare("a copy in error wrote");
	check(access(false, ASHLAR_COPY_ISSUED, 0) ==
		      access(false, ASHLAR_COPY_DONE, 0),
	      "ISSUED and DONE");
}

static void test_cancel()
{
	patience = 50;
	for (int i = 0; i < 60; i++) {
		int n = (int)(rnd() % 150);

		for (int k = 0; k < 4; k++)
			start(random_copy());
		for (int k = 0; k < n; k++)
			one_cycle();
		cancelled = true;
		top->cancel = 1;
		one_cycle();
		if (rnd() & 1)
			one_cycle();
		top->cancel = 0;
		// What was under way may still end, but is not counted.
		for (int k = 0; k < 400 && !top->idle; k++)
			one_cycle();
		check(top->idle && !top->issued && !top->done, "not idle");
		check(reads.empty() && acks.empty(), "idle, but in flight");
		started.clear();
		done_before = 0;
		cancelled = false;
		wanted = real;
		copy c = random_copy();

		do_wanted(c);
		start(c);
		settle();
		compare("the copy after a cancelled one");
	}
}

// From GO to the write on the bus, for the fence.
static void test_latency()
{
	copy c = make(IMM, 0, HOST, HOST_AT + 64, 8);
	unsigned long before;
	uint64_t t;

	patience = 100;
	settle();
	before = writes_seen;
	do_wanted(c);
	start(c);
	t = cycle;
	while (writes_seen == before)
		one_cycle();
	check(cycle - t <= 4, "the fence write takes more than 4 cycles");
	printf("fence write: %lu cycles after GO\n",
	       (unsigned long)(cycle - t));
	settle();

	// A long copy moves nearly a beat a cycle.
	c = make(LOCAL, base(LOCAL), MEM, 0, 16384);
	do_wanted(c);
	start(c);
	t = cycle;
	settle();
	printf("16384 bytes: %lu cycles\n", (unsigned long)(cycle - t));
	check(cycle - t < 340, "a copy is slower than 0.75 beats a cycle");
	compare("the long copy");
}

int main()
{
	VerilatedContext context;

	top = new Vash_copy(&context);
	for (unsigned int s = 0; s < 3; s++)
		for (uint32_t i = 0; i < BYTES; i++)
			real.bytes[s][i] = (uint8_t)rnd();
	wanted = real;
	patience = 100;
	top->rst = 1;
	one_cycle();
	one_cycle();
	top->rst = 0;
	test_random();
	test_errors();
	test_cancel();
	test_latency();
	top->final();
	delete top;
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
