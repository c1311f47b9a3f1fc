/* SPDX-License-Identifier: MIT */
/*
 * The interconnect and the memories as a tile's benches see them: board memory
 * and host memory as plain arrays, random latency, order and backpressure.
 * Writes take effect in the order in which they are taken.
 */
#ifndef BUS_MODEL_H
#define BUS_MODEL_H

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <vector>

/* xorshift64*: the same numbers everywhere. */
struct Rng {
	uint64_t s;
	explicit Rng(uint64_t seed) : s(seed * 2654435769u + 88172645463325252u)
	{
	}
	uint64_t next()
	{
		s ^= s >> 12;
		s ^= s << 25;
		s ^= s >> 27;
		return s * 2685821657736338717u;
	}
	/* lo .. hi, both included */
	int64_t in(int64_t lo, int64_t hi)
	{
		return lo + (int64_t)((next() >> 11) % (uint64_t)(hi - lo + 1));
	}
	bool chance(int percent)
	{
		return in(0, 99) < percent;
	}
};

struct BusReq {
	bool host;
	uint64_t addr;
	unsigned int tag;
};

struct BusTiming {
	int min_latency = 40, max_latency = 40; /* cycles */
	int ready = 100; /* percent of cycles in which requests are taken */
	bool reorder = false;
};

class BusModel {
    public:
	std::vector<uint8_t> mem, host;
	BusTiming timing;
	uint64_t reads = 0, writes = 0;

	BusModel(size_t mem_bytes, size_t host_bytes, uint64_t seed)
	    : mem(mem_bytes), host(host_bytes), rng(seed)
	{
		for (size_t i = 0; i < mem.size(); i += 8)
			put64(mem.data() + i, rng.next());
		for (size_t i = 0; i < host.size(); i += 8)
			put64(host.data() + i, rng.next());
	}

	static void put64(uint8_t *p, uint64_t v)
	{
		memcpy(p, &v, 8);
	}

	/* What the 64 bytes at addr are, or NULL when refused. */
	uint8_t *beat(bool is_host, uint64_t addr)
	{
		std::vector<uint8_t> &m = is_host ? host : mem;
		if (addr + 64 > m.size() || addr % 64)
			return nullptr;
		return m.data() + addr;
	}

	/* Whether requests are taken in this cycle. */
	void draw_ready()
	{
		rd_ready = rng.chance(timing.ready);
		wr_ready = rng.chance(timing.ready);
	}

	void take_read(const BusReq &r)
	{
		reads++;
		const uint8_t *p = beat(r.host, r.addr);
		Answer a = { now + delay(), r.tag, !p, {} };
		if (p)
			memcpy(a.data, p, 64);
		rd.push_back(a);
	}

	void take_write(const BusReq &r, const uint8_t *data, uint64_t strb)
	{
		writes++;
		uint8_t *p = beat(r.host, r.addr);
		for (int i = 0; p && i < 64; i++)
			if (strb >> i & 1)
				p[i] = data[i];
		wr.push_back({ now + delay(), r.tag, !p, {} });
	}

	struct Answer {
		uint64_t due;
		unsigned int tag;
		bool err;
		uint8_t data[64];
	};

	/* The answers of this cycle, if any; then time moves on. */
	bool next_read(Answer *a)
	{
		return pick(rd, a);
	}
	bool next_ack(Answer *a)
	{
		return pick(wr, a);
	}
	void tick()
	{
		now++;
	}
	bool quiet() const
	{
		return rd.empty() && wr.empty();
	}

	bool rd_ready = false, wr_ready = false;

    private:
	Rng rng;
	uint64_t now = 0;
	std::deque<Answer> rd, wr;

	uint64_t delay()
	{
		return (uint64_t)rng.in(timing.min_latency, timing.max_latency);
	}

	bool pick(std::deque<Answer> &q, Answer *a)
	{
		size_t n = 0, found = q.size();
		for (size_t i = 0; i < q.size(); i++) {
			if (q[i].due > now) {
				if (!timing.reorder)
					break;
				continue;
			}
			/* one of those that are due, all alike likely */
			if (found == q.size() || rng.in(0, (int64_t)n) == 0)
				found = i;
			n++;
			if (!timing.reorder)
				break;
		}
		if (found == q.size())
			return false;
		*a = q[found];
		q.erase(q.begin() + (long)found);
		return true;
	}
};

/*
 * Page tables in board memory, built page by page. Tables are taken from
 * [base, end) upwards.
 */
class PageTables {
    public:
	enum { V = 1, R = 2, W = 4, HOST = 8, LARGE = 16 };

	PageTables(BusModel &b, uint64_t base, uint64_t bytes,
		   uint32_t root_entries)
	    : entries(root_entries), root(base), bus(b), end(base + bytes)
	{
		free = (base + root_entries * 8ull + 4095) & ~4095ull;
		memset(&bus.mem[base], 0, bytes);
	}

	uint64_t entry(uint64_t addr) const
	{
		uint64_t v;
		memcpy(&v, &bus.mem[addr], 8);
		return v;
	}

	/* Where the 4 KiB entry of va is; makes the table when there is none. */
	uint64_t small(uint64_t va)
	{
		uint64_t at = root + (va >> 21) * 8;
		if (!(entry(at) & V)) {
			if (free + 4096 > end) {
				fprintf(stderr, "page tables: none left\n");
				exit(2);
			}
			bus.put64(&bus.mem[at], free | V);
			free += 4096;
		}
		return (entry(at) & ~4095ull) + (va >> 12 & 511) * 8;
	}

	void map(uint64_t va, uint64_t pa, unsigned int flags)
	{
		uint64_t at = flags & LARGE ? root + (va >> 21) * 8 : small(va);
		bus.put64(&bus.mem[at], (pa & ~4095ull) | flags);
	}

	struct Result {
		unsigned int cause; /* TILE.FAULT_CAUSE, 0 when translated */
		bool host;
		uint64_t pa;
	};

	/* The walk as registers.md has it. */
	Result walk(uint64_t va, bool write) const
	{
		const Result invalid = { 2, false, 0 },
			     refused = { 5, false, 0 };

		if (va >> 21 >= entries || va >> 40)
			return invalid;
		uint64_t at = root + (va >> 21) * 8;
		if (!bus.beat(false, at & ~63ull))
			return refused;
		uint64_t e = entry(at), in_page = va & 4095;
		if (!(e & V))
			return invalid;
		if (e & LARGE) {
			in_page = va & 0x1fffff;
			e &= ~0x1ff000ull;
		} else {
			uint64_t table = e >> 12 & ((1ull << 40) - 1);
			at = (table << 12) + (va >> 12 & 511) * 8;
			if (!bus.beat(false, at & ~63ull))
				return refused;
			e = entry(at);
			if (!(e & V))
				return invalid;
		}
		if (!(e & (write ? W : R)))
			return { write ? 4u : 3u, false, 0 };
		uint64_t pa = (e & 0xffffffffff000ull) + in_page;
		if (pa >> 48)
			return refused;
		return { 0, (e & HOST) != 0, pa };
	}

	uint32_t entries;
	uint64_t root;

    private:
	BusModel &bus;
	uint64_t free, end;
};

#endif
