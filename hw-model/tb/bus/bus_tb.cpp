// SPDX-License-Identifier: MIT
//
// Random traffic of all masters to memory and host, against a reference. Each
// master has its own lines, so that what a read must give is known; a line
// with a write under way is left alone until the acknowledgement, after which
// every read must see it.
#include "Vash_bus_tb.h"
#include "Vash_bus_tb__Dpi.h"
#include "ash_board.h"
#include "verilated.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <vector>

typedef std::array<uint8_t, 64> line_t;
typedef std::pair<bool, uint64_t> place_t; // host, address

static const unsigned int M = sizeof(Vash_bus_tb::rd_req) / 8;
static const uint64_t LINES = 24; // of a master, in each space
static const uint64_t BEYOND = ASHLAR_BOARD_MEM_BYTES;
static const uint64_t REFUSED = 0x700000000000; // the host refuses from here

static unsigned long passed, failed;
static uint64_t cycle;
static std::map<place_t, line_t> storage;
static std::vector<unsigned int> vectors;
static unsigned long host_writes;

static void check(bool ok, const char *what)
{
	if (ok) {
		passed++;
		return;
	}
	if (failed++ < 20)
		printf("cycle %lu: %s\n", (unsigned long)cycle, what);
}

static void store(place_t at, const svBitVecVal *data, uint64_t strb)
{
	line_t &line = storage[at];

	for (unsigned int i = 0; i < 64; i++)
		if (strb >> i & 1)
			line[i] = ((const uint8_t *)data)[i];
}

void ashlar_mem_read(unsigned long long addr, svBitVecVal *data)
{
	check(addr < BEYOND, "memory read beyond its end");
	memcpy(data, storage[place_t(false, addr)].data(), 64);
}

void ashlar_mem_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	check(addr < BEYOND, "memory written beyond its end");
	store(place_t(false, addr), data, strb);
}

int ashlar_host_read(unsigned long long addr, svBitVecVal *data)
{
	if (addr >= REFUSED)
		return 1;
	memcpy(data, storage[place_t(true, addr)].data(), 64);
	return 0;
}

int ashlar_host_write(unsigned long long addr, const svBitVecVal *data,
		      unsigned long long strb)
{
	host_writes++;
	if (addr >= REFUSED)
		return 1;
	store(place_t(true, addr), data, strb);
	return 0;
}

void ashlar_host_vector(unsigned int vec)
{
	vectors.push_back(vec);
}

static uint64_t seed = 88172645463325252ull;

static uint64_t rnd()
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

struct request {
	bool busy = false; // tag in use
	bool accepted = false;
	place_t at;
	uint64_t when = 0; // cycle of acceptance
	line_t wanted;
};

struct master {
	request read[64], write[64];
	int rd_now = -1, wr_now = -1; // tags on the wires
	std::map<place_t, int> writing, reading; // requests on a line
	std::map<place_t, line_t> wanted; // what memory must hold
	unsigned long reads = 0, writes = 0;
};

static master masters[M];
static Vash_bus_tb *top;

static place_t pick(unsigned int m)
{
	uint64_t r = rnd();
	bool host = r >> 60 & 1;

	if ((r & 63) == 0) // refused
		return place_t(host, (host ? REFUSED : BEYOND) +
					     ((r >> 8 & 0xffff) << 6));
	// Neighbouring masters have neighbouring lines, so channels collide.
	return place_t(host, ((r >> 8) % LINES * M + m) * 64);
}

static bool bad(place_t at)
{
	return at.second >= (at.first ? REFUSED : BEYOND);
}

static int free_tag(const request *r)
{
	unsigned int first = rnd() % 64;

	for (unsigned int i = 0; i < 64; i++)
		if (!r[(first + i) % 64].busy)
			return (int)((first + i) % 64);
	return -1;
}

static uint64_t encode(place_t at, int tag)
{
	return (uint64_t)at.first << 54 | at.second << 6 | (uint64_t)tag;
}

static void drive(unsigned int m, unsigned int percent)
{
	master &s = masters[m];

	if (s.rd_now < 0 && rnd() % 100 < percent) {
		int tag = free_tag(s.read);
		place_t at = pick(m);

		if (tag >= 0 && !s.writing[at]) {
			s.rd_now = tag;
			s.read[tag] = request();
			s.read[tag].busy = true;
			s.read[tag].at = at;
			s.read[tag].wanted = s.wanted[at];
			s.reading[at]++;
			top->rd_req[m] = encode(at, tag);
		}
	}
	if (s.wr_now < 0 && rnd() % 100 < percent) {
		int tag = free_tag(s.write);
		place_t at = pick(m);

		if (tag >= 0 && !s.writing[at] && !s.reading[at]) {
			uint64_t strb = rnd() % 3 ? ~0ull : rnd();
			line_t &w = s.wanted[at];

			s.wr_now = tag;
			s.write[tag] = request();
			s.write[tag].busy = true;
			s.write[tag].at = at;
			s.writing[at]++;
			top->wr_req[m] = encode(at, tag);
			top->wr_strb[m] = strb;
			for (int i = 0; i < 16; i++)
				top->wr_data[m][i] = (uint32_t)rnd();
			for (int i = 0; i < 64 && !bad(at); i++)
				if (strb >> i & 1)
					w[i] = (uint8_t)(top->wr_data[m]
								     [i / 4] >>
							 (i % 4 * 8));
		}
	}
	top->rd_valid = (top->rd_valid & ~(1u << m)) |
			(unsigned int)(s.rd_now >= 0) << m;
	top->wr_valid = (top->wr_valid & ~(1u << m)) |
			(unsigned int)(s.wr_now >= 0) << m;
}

static void answers(unsigned int m)
{
	master &s = masters[m];

	if (top->rsp_valid >> m & 1) {
		request &r = s.read[top->rsp[m] & 63];
		bool err = top->rsp[m] >> 6;
		uint64_t least = r.at.first ? ASHLAR_BOARD_HOST_LATENCY :
					      ASHLAR_BOARD_MEM_LATENCY;

		check(r.busy && r.accepted, "answer to a read nobody made");
		check(err == bad(r.at), "wrong error of a read");
		check(cycle - r.when >= least, "answer too early");
		check(!memcmp(&top->rsp_data[m][0],
			      err ? line_t().data() : r.wanted.data(), 64),
		      "wrong data");
		s.reading[r.at]--;
		r.busy = false;
		s.reads++;
	}
	if (top->wack_valid >> m & 1) {
		request &r = s.write[top->wack[m] & 63];

		check(r.busy && r.accepted, "acknowledgement of no write");
		check((top->wack[m] >> 6) == bad(r.at),
		      "wrong error of a write");
		s.writing[r.at]--;
		r.busy = false;
		s.writes++;
	}
}

// What the cycle that begins now takes, seen before its edge.
static void accept(unsigned int m)
{
	master &s = masters[m];

	if (s.rd_now >= 0 && top->rd_ready >> m & 1) {
		s.read[s.rd_now].accepted = true;
		s.read[s.rd_now].when = cycle;
		s.rd_now = -1;
	}
	if (s.wr_now >= 0 && top->wr_ready >> m & 1) {
		s.write[s.wr_now].accepted = true;
		s.wr_now = -1;
	}
}

static void one_cycle(unsigned int percent)
{
	for (unsigned int m = 0; m < M; m++)
		drive(m, percent);
	top->eval();
	for (unsigned int m = 0; m < M; m++)
		accept(m);
	top->clk = 1;
	top->eval();
	top->clk = 0;
	top->eval();
	cycle++;
	for (unsigned int m = 0; m < M; m++)
		answers(m);
}

// The next read of a master, if it has none on the wires and a tag is free.
static bool read_next(unsigned int m, place_t at)
{
	master &s = masters[m];
	int tag = s.rd_now < 0 ? free_tag(s.read) : -1;

	if (tag < 0)
		return false;
	s.rd_now = tag;
	s.read[tag] = request();
	s.read[tag].busy = true;
	s.read[tag].at = at;
	s.read[tag].wanted = s.wanted[at];
	s.reading[at]++;
	top->rd_req[m] = encode(at, tag);
	return true;
}

// One master alone reads one channel as fast as it can.
static void test_rate()
{
	unsigned long before = masters[0].reads;

	for (int i = 0; i < 3000; i++) {
		read_next(0, place_t(false, 0));
		one_cycle(0);
	}
	check(masters[0].reads - before > 2900,
	      "a channel gives less than a line a cycle");
}

// As many masters as channels read on and on, all from the same channel at
// first: together they get nearly all that the channels have.
static void test_streams()
{
	const unsigned int streams =
		ASHLAR_BOARD_MEM_CHANNELS < M ? ASHLAR_BOARD_MEM_CHANNELS : M;
	std::array<uint64_t, M> next{};
	std::array<unsigned long, M> before{};

	for (int i = 0; i < 500; i++)
		one_cycle(0);
	for (unsigned int m = 0; m < streams; m++)
		before[m] = masters[m].reads;
	for (int i = 0; i < 3000; i++) {
		for (unsigned int m = 0; m < streams; m++)
			if (read_next(m, place_t(false, (m << 20) + next[m])))
				next[m] += 64;
		one_cycle(0);
	}
	for (unsigned int m = 0; m < streams; m++)
		check(masters[m].reads - before[m] > 2700,
		      "streams meet at the channels");
}

int main()
{
	VerilatedContext context;

	top = new Vash_bus_tb(&context);
	top->rst = 1;
	for (int i = 0; i < 4; i++)
		one_cycle(0);
	top->rst = 0;
	test_rate();
	test_streams();
	for (int i = 0; i < 40000; i++)
		one_cycle(i < 10000 ? 100 :
			  i < 20000 ? 30 :
			  i < 30000 ? 5 :
				      60);
	for (int i = 0; i < 1000; i++)
		one_cycle(0);
	for (unsigned int m = 0; m < M; m++) {
		for (int t = 0; t < 64; t++)
			check(!masters[m].read[t].busy &&
				      !masters[m].write[t].busy,
			      "a request was never answered");
		check(masters[m].reads > 2000 && masters[m].writes > 2000,
		      "a master was not served");
		printf("master %u: %lu reads, %lu writes\n", m,
		       masters[m].reads, masters[m].writes);
	}
	check(top->idle == (1u << (ASHLAR_BOARD_MEM_CHANNELS + 1)) - 1,
	      "not idle in the end");
	for (unsigned int v = 0; v < 64; v++) {
		top->vec_valid = 1;
		top->vec = v;
		one_cycle(0);
	}
	top->vec_valid = 0;
	one_cycle(0);
	check(vectors.size() == 64 && vectors[63] == 63, "vectors");
	top->final();
	delete top;
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
