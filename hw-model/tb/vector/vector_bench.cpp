// SPDX-License-Identifier: MIT
//
// The driver: one cycle, one command, comparisons.
#include <cstdio>

#include "vector_tb.h"

std::string describe(const Command &c)
{
	char s[300];
	snprintf(
		s, sizeof(s),
		"cfg %x op %x src %x/%x/%x src2 %x/%x/%x bias %x scale %x dst %x/%x/%x rows %u groups %u tail %u red %x",
		c.cfg, c.op, c.src, c.src_pitch, c.src_gpitch, c.src2,
		c.src2_pitch, c.src2_gpitch, c.bias, c.scale, c.dst,
		c.dst_pitch, c.dst_gpitch, c.rows, c.groups, c.tail, c.red);
	return s;
}

Bench::Bench()
{
	top.rst = 1;
	step();
	step();
	top.rst = 0;
	top.eval();
}

void Bench::step()
{
	top.rd_gnt = rnd.below(256) >= stall;
	top.wr_gnt = rnd.below(256) >= stall;
	top.eval();
	bool rd = top.rd_req && top.rd_gnt, wr = top.wr_req && top.wr_gnt,
	     ac = top.acc_req;
	refused += (top.rd_req && !top.rd_gnt) || (top.wr_req && !top.wr_gnt);
	stalled += top.perf_stall;
	uint32_t at = (top.acc_idx * N + top.acc_row) * N, wl = top.wr_line;
	uint8_t strb[LINE / 8];
	// when there was no read, anything
	for (uint32_t i = 0; i < LINE && !rd; i += 4) {
		uint32_t v = rnd.next();
		memcpy(rdata + i, &v, 4);
	}
	if (rd)
		memcpy(rdata, &spad[top.rd_line * LINE], LINE);
	if (wr) {
		memcpy(line, &top.wr_data[0], LINE);
		// a 32-bit member for 8 lanes, an array of words for more
		memcpy(strb, &top.wr_strb, LINE / 8);
	}
	top.clk = 0;
	top.eval();
	top.clk = 1;
	top.eval();
	memcpy(&top.rd_rdata[0], rdata, LINE);
	for (uint32_t i = 0; i < N; i++)
		top.acc_rdata[i] = ac ? acc[at + i] : rnd.next();
	for (uint32_t i = 0; wr && i < LINE; i++)
		if (strb[i / 8] >> i % 8 & 1)
			spad[wl * LINE + i] = line[i];
	top.eval();
	cycle++;
	done += top.done;
}

void Bench::issue(const Command &c)
{
	static_assert(sizeof(c) == 17 * 4, "as many words as registers");
	while (!top.cmd_ready)
		step();
	top.cmd_valid = 1;
	memcpy(&top.cmd_word[0], &c, sizeof(c));
	step();
	top.cmd_valid = 0;
	top.eval();
}

bool Bench::wait_done(uint64_t count)
{
	uint64_t limit = cycle + 1000000;
	while (done < count && cycle < limit && !top.fault_valid)
		step();
	return done >= count;
}

bool Bench::same(std::string &why)
{
	if (spad == want)
		return true;
	char s[100];
	uint32_t i = 0;
	while (spad[i] == want[i])
		i++;
	snprintf(s, sizeof(s), "scratchpad byte %x is %02x, should be %02x", i,
		 spad[i], want[i]);
	why = s;
	spad = want;
	return false;
}

void Bench::clear()
{
	top.clear = 1;
	step();
	top.clear = 0;
	top.eval();
}

void Bench::fill(unsigned kind)
{
	for (uint32_t i = 0; i < SPAD; i += 4) {
		uint32_t v = word(rnd, rnd.below(8) ? kind : rnd.below(KINDS));
		memcpy(&spad[i], &v, 4);
	}
	agree();
	for (auto &a : acc)
		a = word(rnd, rnd.below(8) ? kind : rnd.below(KINDS));
}

void Bench::run(const Command &c, const char *what)
{
	std::string why = "refused or not done";
	bool ok = refer(c);
	issue(c);
	check(ok && wait_done(done + 1) && same(why),
	      std::string(what) + ": " + why + ": " + describe(c));
}
