// SPDX-License-Identifier: MIT
// Runs one 32-bit RISC-V ELF on the Verilated core. The memory map is that of QEMU's `virt`
// machine as far as it goes, so that the same file runs on both:
//
//   0x00100000  exit: 0x5555 passes, (code << 16) | 0x3333 fails with that code
//   0x02000000  msip; 0x02004000 mtimecmp; 0x0200bff8 mtime (here: the cycle count)
//   0x03000000  (bench only) external interrupt: n != 0 raises it n cycles later, 0 clears it
//   0x10000000  uart: a byte written is printed; 0x10000005 reads as transmitter empty
//   0x80000000  RAM, 64 MiB
//
// Anything else answers with an error.
//
// Exit status: 0 passed, 1..125 the program's code, 124 cycles used up, 126 bench error,
// 125 halted on a trap (HALT_ON_TRAP build; the cause is printed).
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <elf.h>
#include <sys/mman.h>
#include "Vash_core_tb.h"
#include "Vash_core_tb__Dpi.h"
#include "verilated.h"

static const uint32_t RAM = 0x80000000u, RAM_SIZE = 64u << 20;

static uint8_t *ram;
static uint64_t now; // cycles since reset
static uint64_t mtimecmp = ~0ull;
static uint64_t ext_at = ~0ull;
static bool msip, finished;
static int code;

static uint32_t clint(bool we, uint32_t off, uint32_t v)
{
	switch (off) {
	case 0x0:
		if (we)
			msip = v & 1;
		return msip;
	case 0x4000:
		if (we)
			mtimecmp = (mtimecmp & ~0xffffffffull) | v;
		return (uint32_t)mtimecmp;
	case 0x4004:
		if (we)
			mtimecmp = (mtimecmp & 0xffffffffull) | (uint64_t)v
									<< 32;
		return (uint32_t)(mtimecmp >> 32);
	case 0xbff8:
		return (uint32_t)now;
	case 0xbffc:
		return (uint32_t)(now >> 32);
	}
	return 0;
}

long long tb_access(int fetch, int we, int be, int addr_, int wdata)
{
	uint32_t addr = (uint32_t)addr_ & ~3u;
	uint32_t v = (uint32_t)wdata;

	if (addr - RAM < RAM_SIZE) {
		uint32_t *p = (uint32_t *)(ram + (addr - RAM));
		if (!we)
			return *p;
		uint32_t m = (be & 1 ? 0xffu : 0) | (be & 2 ? 0xff00u : 0) |
			     (be & 4 ? 0xff0000u : 0) |
			     (be & 8 ? 0xff000000u : 0);
		*p = (*p & ~m) | (v & m);
		return 0;
	}
	if (!fetch) {
		if (addr == 0x00100000u) {
			if (we && !finished) {
				finished = true;
				code = (v & 0xffff) == 0x5555 ? 0 :
				       (v >> 16 & 0x7f)	      ? v >> 16 & 0x7f :
								1;
			}
			return 0;
		}
		if (addr >> 16 == 0x0200)
			return clint(we, addr & 0xffff, v);
		if (addr == 0x03000000u) {
			if (we)
				ext_at = v ? now + v : ~0ull;
			return now >= ext_at;
		}
		if (addr >> 3 == 0x10000000u >> 3) {
			if (we && addr == 0x10000000u && (be & 1))
				putchar(v & 0xff);
			return addr == 0x10000004u ? 0x6000 : 0;
		}
	}
	return 1ll << 32;
}

static bool load(const char *name, uint32_t *entry)
{
	FILE *f = fopen(name, "rb");
	Elf32_Ehdr h;
	Elf32_Phdr p;

	if (!f) {
		perror(name);
		return false;
	}
	if (fread(&h, sizeof h, 1, f) != 1 ||
	    memcmp(h.e_ident, ELFMAG, SELFMAG) ||
	    h.e_ident[EI_CLASS] != ELFCLASS32 || h.e_machine != EM_RISCV) {
		fprintf(stderr, "%s: not a 32-bit RISC-V ELF file\n", name);
		fclose(f);
		return false;
	}
	for (int i = 0; i < h.e_phnum; i++) {
		bool ok = !fseek(f, h.e_phoff + i * h.e_phentsize, SEEK_SET) &&
			  fread(&p, sizeof p, 1, f) == 1;
		if (ok && (p.p_type != PT_LOAD || !p.p_memsz))
			continue;
		uint32_t at = p.p_paddr - RAM;
		ok = ok && at < RAM_SIZE && p.p_memsz <= RAM_SIZE - at &&
		     p.p_filesz <= p.p_memsz;
		if (ok && p.p_filesz)
			ok = !fseek(f, p.p_offset, SEEK_SET) &&
			     fread(ram + at, p.p_filesz, 1, f) == 1;
		if (!ok) {
			fprintf(stderr, "%s: segment %d does not load\n", name,
				i);
			fclose(f);
			return false;
		}
	}
	fclose(f);
	*entry = h.e_entry;
	return true;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: core-tb [--max-cycles N] [--stall-seed N] [--trace FILE|-] [--trace-cycles] [--stats] ELF\n");
	return 126;
}

int main(int argc, char **argv)
{
	uint64_t max_cycles = 100000000, retired = 0, asleep = 0;
	uint32_t seed = 0, entry;
	const char *elf = nullptr;
	FILE *trace = nullptr;
	bool stats = false, cycles = false;

	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;
		if (!strcmp(argv[i], "--max-cycles") && more)
			max_cycles = strtoull(argv[++i], nullptr, 0);
		else if (!strcmp(argv[i], "--stall-seed") && more)
			seed = (uint32_t)strtoul(argv[++i], nullptr, 0);
		else if (!strcmp(argv[i], "--trace") && more) {
			i++;
			trace = strcmp(argv[i], "-") ? fopen(argv[i], "w") :
						       stdout;
			if (!trace) {
				perror(argv[i]);
				return 126;
			}
		} else if (!strcmp(argv[i], "--trace-cycles"))
			cycles = true;
		else if (!strcmp(argv[i], "--stats"))
			stats = true;
		else if (argv[i][0] != '-' && !elf)
			elf = argv[i];
		else
			return usage();
	}
	if (!elf)
		return usage();

	ram = (uint8_t *)mmap(nullptr, RAM_SIZE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			      0);
	if (ram == MAP_FAILED) {
		perror("mmap");
		return 126;
	}
	if (!load(elf, &entry))
		return 126;

	VerilatedContext *ctx = new VerilatedContext;
	// Registers the reset does not reach start at random, from the seed.
	ctx->randReset(2);
	ctx->randSeed((int)seed + 1);
	Vash_core_tb *top = new Vash_core_tb{ ctx };

	top->seed = seed;
	top->reset_pc = entry;
	top->rst = 1;
	for (int i = 0; i < 4; i++) {
		top->clk = 0;
		top->eval();
		top->clk = 1;
		top->eval();
	}
	top->rst = 0;

	auto t0 = std::chrono::steady_clock::now();
	while (!finished && now < max_cycles && !top->halted) {
		top->irq_timer = now >= mtimecmp;
		top->irq_software = msip;
		top->irq_external = now >= ext_at;
		top->clk = 0;
		top->eval();
		top->clk = 1;
		top->eval();
		now++;
		asleep += top->sleeping;
		if (top->rv_valid) {
			retired++;
			if (trace) {
				// when it left the execute stage
				if (cycles)
					fprintf(trace, "%llu ",
						(unsigned long long)now - 1);
				fprintf(trace, "%08x %0*x", top->rv_pc,
					(top->rv_insn & 3) == 3 ? 8 : 4,
					top->rv_insn);
				if (top->rv_rd)
					fprintf(trace, " x%d %08x", top->rv_rd,
						top->rv_rd_wdata);
				fputs(top->rv_trap ? " trap\n" : "\n", trace);
			}
		}
	}
	std::chrono::duration<double> dt =
		std::chrono::steady_clock::now() - t0;
	fflush(stdout);

	if (stats)
		fprintf(stderr,
			"cycles %llu retired %llu asleep %llu cpi %.3f khz %.0f\n",
			(unsigned long long)now, (unsigned long long)retired,
			(unsigned long long)asleep,
			retired ? (double)(now - asleep) / (double)retired :
				  0.0,
			(double)now / dt.count() / 1e3);
	if (top->halted) {
		printf("halted: cause %u pc %08x tval %08x\n", top->halt_cause,
		       top->halt_pc, top->halt_tval);
		code = 125;
	} else if (!finished) {
		fprintf(stderr, "%s: no end after %llu cycles, pc %08x\n", elf,
			(unsigned long long)now, top->rv_pc);
		code = 124;
	}
	if (trace && trace != stdout)
		fclose(trace);
	top->final();
	delete top;
	delete ctx;
	return code;
}
