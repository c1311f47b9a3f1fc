// SPDX-License-Identifier: MIT
//
// The host registers alone: every offset of BAR0 read and written against a
// list of what is there, doorbell verdicts, the shared SRAM behind a port that
// makes it wait, HOST_ERR from all its sources at once.
#include "Vash_host_regs.h"
extern "C" {
#include "ash_board.h"
}
#include "ashlar_regs.h"
#include "verilated.h"

#include <cstdint>
#include <cstdio>
#include <cstring>

static unsigned long passed, failed;
static Vash_host_regs *top;
static uint32_t sram[ASHLAR_BOARD_SHARED_BYTES / 4];
static bool sram_read;
static uint32_t sram_at;
static unsigned int patience = 100; // percent
static uint64_t seed = 88172645463325252ull;

// Doorbells seen by the judge.
static unsigned int bells;
static uint32_t bell_index, bell_value;
static unsigned int resets;
static unsigned int misuses;
static uint32_t misuse_bits;

static uint64_t rnd()
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static void check(bool ok, const char *what, uint32_t value = 0)
{
	if (ok) {
		passed++;
		return;
	}
	if (failed++ < 20)
		printf("%s (0x%x)\n", what, value);
}

static void one_cycle()
{
	top->sh_gnt = 0;
	top->eval();
	top->sh_gnt = top->sh_req && rnd() % 100 < patience;
	// Even doorbells have no queue, those above 32 are overrun.
	top->db_disabled = !(top->db_index & 1);
	top->db_overrun = (top->db_index & 1) && top->db_index > 32;
	top->eval();
	if (top->db_valid) {
		bells++;
		bell_index = top->db_index;
		bell_value = top->db_value;
	}
	sram_read = top->sh_gnt && !top->sh_we;
	sram_at = top->sh_addr;
	if (top->sh_gnt && top->sh_we)
		sram[sram_at] = top->sh_wdata;
	top->clk = 1;
	top->eval();
	top->clk = 0;
	top->mtime++;
	top->sh_rdata = sram_read ? sram[sram_at] : 0xdeadbeef;
	top->eval();
	resets += top->reset_request;
	misuse_bits |= top->misuse;
	misuses += top->misuse != 0;
	top->dma_refused = 0;
	top->host_err_clear = 0;
}

static void request(bool we, uint32_t addr, uint32_t data)
{
	for (int i = 0; i < 1000 && !top->reg_ready; i++)
		one_cycle();
	check(top->reg_ready, "not ready");
	top->reg_valid = 1;
	top->reg_we = we;
	top->reg_addr = addr;
	top->reg_wdata = data;
	one_cycle();
	top->reg_valid = 0;
}

static uint32_t rd(uint32_t addr)
{
	request(false, addr, 0);
	for (int i = 0; i < 1000 && !top->reg_rvalid; i++)
		one_cycle();
	check(top->reg_rvalid, "no answer", addr);
	return top->reg_rdata;
}

static void wr(uint32_t addr, uint32_t data)
{
	request(true, addr, data);
}

enum kind { NONE, HOST, DTB, SHARED, BELL };

static kind what(uint32_t at)
{
	static const uint16_t host[] = {
		0x00, 0x04, 0x08, 0x0c, 0x10, 0x14, 0x18,
		0x1c, 0x20, 0x24, 0x28, 0x2c, 0x30, 0x34,
		0x38, 0x3c, 0x40, 0x44, 0x48, 0x4c, 0x50,
	};

	if (at < 0x1000) {
		for (uint16_t h : host)
			if (at == h)
				return HOST;
		return NONE;
	}
	if (at >= 0x10000 && at < 0x10000 + ASHLAR_BOARD_DTB_BYTES)
		return DTB;
	if (at >= 0x20000 && at < 0x20000 + ASHLAR_BOARD_SHARED_BYTES)
		return SHARED;
	if (at >= 0x80000 && at < 0xc0000 && at % 0x1000 == 0)
		return BELL;
	return NONE;
}

// Every word of BAR0: unmapped exactly where nothing is; reads give 0 there.
static void test_map()
{
	for (uint32_t at = 0; at < 0x100000; at += 4) {
		uint32_t value;

		if (what(at) == SHARED && at % 0x100)
			continue;
		misuse_bits = 0;
		value = rd(at);
		check((misuse_bits == ASHLAR_HOST_HOST_ERR_UNMAPPED_MASK) ==
			      (what(at) == NONE),
		      "unmapped", at);
		check((misuse_bits & ~1u) == 0, "another error", at);
		if (what(at) == NONE || what(at) == BELL)
			check(value == 0, "a value where none is", at);
		if (what(at) == DTB)
			check(!memcmp(&value, ashlar_board_dtb + (at & 0xffff),
				      4),
			      "device tree", at);
		if (what(at) != NONE && what(at) != HOST)
			continue;
		if (at < 0x1000 && what(at) == HOST)
			continue; // written in test_host
		misuse_bits = 0;
		wr(at, 0xffffffff);
		one_cycle();
		check(misuse_bits == 1, "a write to nothing", at);
		if (at > 0x1000)
			at += (uint32_t)(rnd() % 64) * 4;
	}
	wr(ASHLAR_HOST_HOST_ERR, 0xf);
	check(bells == 0, "a doorbell was rung by reading");
}

static void test_host()
{
	check(rd(ASHLAR_HOST_ID) == 0x4c485341, "ID");
	check(rd(ASHLAR_HOST_DTB_BYTES) == ASHLAR_BOARD_DTB_BYTES, "DTB_BYTES");
	top->post = 0x4321;
	check(rd(ASHLAR_HOST_POST) == 0x4321, "POST");
	top->temp = (uint32_t)-12500;
	check(rd(ASHLAR_HOST_TEMP) == (uint32_t)-12500, "TEMP");
	check(!top->mp_run, "RUN after reset");
	wr(ASHLAR_HOST_MP_CTRL, 0xfffffffe);
	check(!top->mp_run && rd(ASHLAR_HOST_MP_CTRL) == 0, "RUN");
	wr(ASHLAR_HOST_MP_CTRL, 1);
	check(top->mp_run && rd(ASHLAR_HOST_MP_CTRL) == 1, "RUN");
	wr(ASHLAR_HOST_BOOT_ADDR_LO, 0x11);
	wr(ASHLAR_HOST_BOOT_ADDR_HI, 0x22);
	wr(ASHLAR_HOST_BOOT_BYTES, 0x33);
	check(top->boot_addr_lo == 0x11 && top->boot_addr_hi == 0x22 &&
		      top->boot_bytes == 0x33,
	      "BOOT");
	for (uint32_t ro :
	     { ASHLAR_HOST_ID, ASHLAR_HOST_HW_VERSION, ASHLAR_HOST_PLATFORM,
	       ASHLAR_HOST_DTB_BYTES, ASHLAR_HOST_POST, ASHLAR_HOST_TEMP,
	       ASHLAR_HOST_MEM_BYTES_LO, ASHLAR_HOST_MEM_BYTES_HI }) {
		uint32_t before = rd(ro);

		wr(ro, ~before);
		check(rd(ro) == before, "a read-only register changed", ro);
	}
	check(rd(ASHLAR_HOST_HOST_ERR) == 0, "an error of a write to it");

	// CYCLE_LO holds CYCLE_HI over the carry.
	top->mtime = 0x5ffffffff;
	check(rd(ASHLAR_HOST_CYCLE_LO) == 0xffffffff, "CYCLE_LO");
	one_cycle();
	check(rd(ASHLAR_HOST_CYCLE_HI) == 5, "CYCLE_HI");
	rd(ASHLAR_HOST_CYCLE_LO);
	check(rd(ASHLAR_HOST_CYCLE_HI) == 6, "CYCLE_HI");

	wr(ASHLAR_HOST_RESET, 0x52534555);
	one_cycle();
	check(!resets, "reset by another value");
	wr(ASHLAR_HOST_RESET, ASHLAR_HOST_RESET_KEY);
	one_cycle();
	check(resets == 1, "reset");
	check(rd(ASHLAR_HOST_RESET) == 0, "RESET reads zero");
}

static void test_doorbells()
{
	for (uint32_t n = 0; n < 64; n++) {
		uint32_t bit = !(n & 1) ?
				       ASHLAR_HOST_HOST_ERR_DB_DISABLED_MASK :
			       n > 32 ? ASHLAR_HOST_HOST_ERR_DB_OVERRUN_MASK :
					0;
		uint32_t at = ASHLAR_MAP_BAR0_DOORBELL_BASE +
			      n * ASHLAR_MAP_BAR0_DOORBELL_STRIDE;

		bells = 0;
		wr(at, n * 77);
		check(bells == 1 && bell_index == n && bell_value == n * 77,
		      "doorbell", n);
		check(rd(ASHLAR_HOST_HOST_ERR) == bit, "its verdict", n);
		if (bit)
			check(rd(ASHLAR_HOST_HOST_ERR_ADDR) == at, "address",
			      n);
		wr(ASHLAR_HOST_HOST_ERR, bit);
		check(rd(ASHLAR_HOST_HOST_ERR) == 0, "cleared", n);
	}
}

static void test_shared()
{
	static uint32_t wanted[ASHLAR_BOARD_SHARED_BYTES / 4];

	memset(sram, 0, sizeof(sram));
	for (int i = 0; i < 20000; i++) {
		uint32_t at = rnd() % (ASHLAR_BOARD_SHARED_BYTES / 4);

		patience = i < 5000 ? 100 : 20;
		if (rnd() & 1) {
			wanted[at] = (uint32_t)rnd();
			wr(ASHLAR_MAP_BAR0_SHARED_BASE + 4 * at, wanted[at]);
		} else {
			check(rd(ASHLAR_MAP_BAR0_SHARED_BASE + 4 * at) ==
				      wanted[at],
			      "shared SRAM", at);
		}
	}
	patience = 100;
	for (int i = 0; i < 4; i++)
		one_cycle();
	check(!memcmp(sram, wanted, sizeof(sram)), "shared SRAM in the end");
	check(top->idle, "not idle");
}

static void test_errors()
{
	// First address wins, each bit is its own, a new error beats a clear.
	top->dma_refused = 1;
	top->dma_refused_addr = 0x123456789ac0;
	one_cycle();
	check(rd(ASHLAR_HOST_HOST_ERR) == ASHLAR_HOST_HOST_ERR_DMA_RANGE_MASK,
	      "DMA_RANGE");
	check(rd(ASHLAR_HOST_HOST_ERR_ADDR) == 0x56789ac0, "DMA address");
	rd(0xff000);
	check(rd(ASHLAR_HOST_HOST_ERR_ADDR) == 0x56789ac0, "first address");
	check(rd(ASHLAR_HOST_HOST_ERR) == 9, "both");
	wr(ASHLAR_HOST_HOST_ERR, 8);
	check(rd(ASHLAR_HOST_HOST_ERR) == 1, "one left");
	check(top->host_err == 1, "to the processor");
	top->host_err_clear = 1;
	one_cycle();
	check(rd(ASHLAR_HOST_HOST_ERR) == 0, "cleared by the processor");
	top->dma_refused = 1;
	top->dma_refused_addr = 0x40;
	top->host_err_clear = 0xf;
	one_cycle();
	check(top->host_err == 8 && top->host_err_addr == 0x40,
	      "cleared together with a new one");
	top->rst = 1;
	one_cycle();
	check(!top->reg_ready, "ready in reset");
	top->rst = 0;
	top->eval();
	check(top->host_err == 0 && !top->mp_run && top->boot_bytes == 0,
	      "reset");
}

int main()
{
	VerilatedContext context;

	top = new Vash_host_regs(&context);
	top->rst = 1;
	one_cycle();
	one_cycle();
	top->rst = 0;
	top->eval();
	test_map();
	test_host();
	test_doorbells();
	test_shared();
	test_errors();
	top->final();
	delete top;
	printf("%lu passed, %lu failed\n", passed, failed);
	return failed != 0;
}
