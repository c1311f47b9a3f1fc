// SPDX-License-Identifier: MIT
// Runs one 32-bit RISC-V ELF on the interpreter, as hw-model/tb/core/core_tb.cpp
// does on the RTL core: the same arguments, memory map, exit statuses and trace.
// --stall-seed makes memory and bus behave in all the ways they may: accesses
// wait, RAM is reached directly or over the bus, runs are cut short.
// --halt-on-trap is the bench built with HALT_ON_TRAP.
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "../rv32.h"

#define RAM	 0x80000000u
#define RAM_SIZE (64u << 20)
#define NEVER	 UINT64_MAX

struct bench {
	struct rv32 *core;
	uint8_t *ram;
	uint64_t mtimecmp, ext_at;
	bool msip, finished;
	int code;
	uint32_t random; /* 0: no stalls */
	FILE *trace;
	bool cycles; /* in the trace */
};

static uint32_t next_random(struct bench *b)
{
	b->random ^= b->random << 13;
	b->random ^= b->random >> 17;
	b->random ^= b->random << 5;
	return b->random;
}

/* The lines as a core sees them that looks `late` cycles from now on. */
static void set_irq(struct bench *b, uint64_t now)
{
	rv32_set_irq(b->core, now >= b->mtimecmp, now >= b->ext_at, b->msip);
}

static uint32_t lanes(uint32_t word, uint32_t addr, unsigned int bytes,
		      uint32_t v)
{
	unsigned int shift = 8 * (addr & 3);
	uint32_t mask = (bytes < 4 ? (1u << 8 * bytes) - 1 : ~0u) << shift;

	return (word & ~mask) | (v << shift & mask);
}

/* A store of `v`, as the lanes of its word have it; false: nothing there. */
static bool write_device(struct bench *b, uint32_t addr, unsigned int bytes,
			 uint32_t v)
{
	/* The RTL puts a narrow value on every lane. */
	uint32_t word = bytes == 1 ? v * 0x01010101u :
			bytes == 2 ? v * 0x00010001u :
				     v;

	switch (addr & ~3u) {
	case 0x00100000:
		if (b->finished)
			break;
		b->finished = true;
		b->code = (word & 0xffff) == 0x5555 ? 0 :
			  (word >> 16 & 0x7f)	    ? word >> 16 & 0x7f :
						      1;
		break;
	case 0x02000000:
		b->msip = word & 1;
		break;
	case 0x02004000:
		b->mtimecmp = (b->mtimecmp & ~0xffffffffull) | word;
		break;
	case 0x02004004:
		b->mtimecmp = (b->mtimecmp & 0xffffffffu) | (uint64_t)word
								    << 32;
		break;
	case 0x03000000:
		b->ext_at = word ? rv32_cycle(b->core) + word : NEVER;
		break;
	case 0x10000000:
		if (!(addr & 3))
			putchar((int)(v & 0xff));
		break;
	case 0x10000004:
		break;
	default:
		return addr >> 16 == 0x0200;
	}
	return true;
}

static bool read_device(struct bench *b, uint32_t addr, uint32_t *word)
{
	uint64_t now = rv32_cycle(b->core);

	*word = 0;
	switch (addr & ~3u) {
	case 0x00100000:
	case 0x10000000:
		break;
	case 0x02000000:
		*word = b->msip;
		break;
	case 0x02004000:
		*word = (uint32_t)b->mtimecmp;
		break;
	case 0x02004004:
		*word = (uint32_t)(b->mtimecmp >> 32);
		break;
	case 0x0200bff8:
		*word = (uint32_t)now;
		break;
	case 0x0200bffc:
		*word = (uint32_t)(now >> 32);
		break;
	case 0x03000000:
		*word = now >= b->ext_at;
		break;
	case 0x10000004:
		*word = 0x6000;
		break;
	default:
		return addr >> 16 == 0x0200;
	}
	return true;
}

static bool not_granted(struct bench *b)
{
	return b->random && !(next_random(b) & 3);
}

static enum rv32_answer load(void *ctx, uint32_t addr, unsigned int bytes,
			     uint32_t *value)
{
	struct bench *b = ctx;
	uint32_t word;

	if (not_granted(b))
		return RV32_WAIT;
	if (addr - RAM < RAM_SIZE)
		memcpy(&word, b->ram + (addr - RAM) / 4 * 4, 4);
	else if (!read_device(b, addr, &word))
		return RV32_ERROR;
	*value = word >> 8 * (addr & 3);
	if (bytes < 4)
		*value &= (1u << 8 * bytes) - 1;
	return RV32_OK;
}

static enum rv32_answer store(void *ctx, uint32_t addr, unsigned int bytes,
			      uint32_t value)
{
	struct bench *b = ctx;
	uint32_t word;

	if (not_granted(b))
		return RV32_WAIT;
	if (addr - RAM < RAM_SIZE) {
		uint8_t *at = b->ram + (addr - RAM) / 4 * 4;

		memcpy(&word, at, 4);
		word = lanes(word, addr, bytes, value);
		memcpy(at, &word, 4);
		return RV32_OK;
	}
	if (!write_device(b, addr, bytes, value))
		return RV32_ERROR;
	/* The wires change with the next cycle. */
	set_irq(b, rv32_cycle(b->core) + 1);
	rv32_yield(b->core);
	return RV32_OK;
}

static void retired(void *ctx, const struct rv32_retired *r)
{
	const struct bench *b = ctx;

	if (b->cycles)
		fprintf(b->trace, "%llu ",
			(unsigned long long)rv32_cycle(b->core));
	fprintf(b->trace, "%08x %0*x", r->pc, (r->insn & 3) == 3 ? 8 : 4,
		r->insn);
	if (r->rd)
		fprintf(b->trace, " x%u %08x", r->rd, r->value);
	fputs(r->trap ? " trap\n" : "\n", b->trace);
}

static bool load_segment(struct bench *b, FILE *f, const Elf32_Phdr *p)
{
	uint32_t at = p->p_paddr - RAM;

	if (p->p_type != PT_LOAD || !p->p_memsz)
		return true;
	if (at >= RAM_SIZE || p->p_memsz > RAM_SIZE - at ||
	    p->p_filesz > p->p_memsz)
		return false;
	return !p->p_filesz || (!fseek(f, (long)p->p_offset, SEEK_SET) &&
				fread(b->ram + at, p->p_filesz, 1, f) == 1);
}

static bool load_elf(struct bench *b, const char *name, uint32_t *entry)
{
	FILE *f = fopen(name, "rb");
	bool ok = true;
	Elf32_Ehdr h;
	Elf32_Phdr p;

	if (!f) {
		perror(name);
		return false;
	}
	if (fread(&h, sizeof(h), 1, f) != 1 ||
	    memcmp(h.e_ident, ELFMAG, SELFMAG) != 0 ||
	    h.e_ident[EI_CLASS] != ELFCLASS32 || h.e_machine != EM_RISCV) {
		fprintf(stderr, "%s: not a 32-bit RISC-V ELF file\n", name);
		fclose(f);
		return false;
	}
	for (unsigned int i = 0; ok && i < h.e_phnum; i++) {
		ok = !fseek(f, (long)(h.e_phoff + i * h.e_phentsize),
			    SEEK_SET) &&
		     fread(&p, sizeof(p), 1, f) == 1 && load_segment(b, f, &p);
		if (!ok)
			fprintf(stderr, "%s: segment %u does not load\n", name,
				i);
	}
	fclose(f);
	*entry = h.e_entry;
	return ok;
}

/* How far the core may run before the lines change or the time is up. */
static uint64_t next_event(struct bench *b, uint64_t max_cycles)
{
	uint64_t now = rv32_cycle(b->core), until = max_cycles;

	/* mip shows a wire a cycle later. */
	if (b->mtimecmp < NEVER && b->mtimecmp + 1 > now &&
	    b->mtimecmp + 1 < until)
		until = b->mtimecmp + 1;
	if (b->ext_at < NEVER && b->ext_at + 1 > now && b->ext_at + 1 < until)
		until = b->ext_at + 1;
	return until;
}

/* Runs to the end; cycles asleep. */
static uint64_t run(struct bench *b, uint64_t max_cycles)
{
	uint64_t asleep = 0;

	while (!b->finished && rv32_cycle(b->core) < max_cycles) {
		uint64_t now = rv32_cycle(b->core);
		uint64_t event = next_event(b, max_cycles), until = event;

		if (b->random) {
			rv32_set_memory(b->core, 0,
					next_random(b) & 1 ? b->ram : NULL);
			until = now + 1 + (next_random(b) & 63);
			until = until < event ? until : event;
		}
		switch (rv32_run(b->core, until)) {
		case RV32_ASLEEP:
			now = rv32_cycle(b->core);
			event = next_event(b, max_cycles);
			asleep += event - now;
			rv32_set_cycle(b->core, event, true);
			set_irq(b, event - 1);
			break;
		case RV32_WAITS:
			now = rv32_cycle(b->core);
			rv32_set_cycle(b->core, now + 1, false);
			set_irq(b, now);
			break;
		case RV32_UNTIL:
			set_irq(b, rv32_cycle(b->core) - 1);
			break;
		case RV32_YIELD:
			break;
		case RV32_HALTED:
			return asleep;
		}
	}
	return asleep;
}

static int usage(void)
{
	fprintf(stderr, "usage: rv32-run [--max-cycles N] [--stall-seed N] "
			"[--trace FILE|-] [--trace-cycles] [--stats] "
			"[--halt-on-trap] ELF\n");
	return 126;
}

struct arguments {
	uint64_t max_cycles;
	const char *elf, *trace;
	bool stats, halt_on_trap;
};

static bool parse(struct bench *b, struct arguments *a, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		bool more = i + 1 < argc;

		if (!strcmp(argv[i], "--max-cycles") && more)
			a->max_cycles = strtoull(argv[++i], NULL, 0);
		else if (!strcmp(argv[i], "--stall-seed") && more)
			b->random = (uint32_t)strtoul(argv[++i], NULL, 0) *
				    2654435761u;
		else if (!strcmp(argv[i], "--trace") && more)
			a->trace = argv[++i];
		else if (!strcmp(argv[i], "--trace-cycles"))
			b->cycles = true;
		else if (!strcmp(argv[i], "--stats"))
			a->stats = true;
		else if (!strcmp(argv[i], "--halt-on-trap"))
			a->halt_on_trap = true;
		else if (argv[i][0] != '-' && !a->elf)
			a->elf = argv[i];
		else
			return false;
	}
	return a->elf != NULL;
}

static bool set_up(struct bench *b, const struct arguments *a)
{
	struct rv32_config config = {
		.halt_on_trap = a->halt_on_trap,
		.bus = { load, store, b },
		.retired_ctx = b,
	};
	struct rv32_region ram = { RAM, RAM_SIZE, NULL, true, true, 0 };
	uint32_t entry;

	if (a->trace) {
		b->trace = strcmp(a->trace, "-") != 0 ? fopen(a->trace, "w") :
							stdout;
		config.retired = retired;
		if (!b->trace) {
			perror(a->trace);
			return false;
		}
	}
	b->ram = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (b->ram == MAP_FAILED) {
		perror("mmap");
		return false;
	}
	ram.at = b->ram;
	b->core = rv32_new(&config);
	if (!b->core || !rv32_set_region(b->core, 0, &ram)) {
		fprintf(stderr, "no memory for the core\n");
		return false;
	}
	if (!load_elf(b, a->elf, &entry))
		return false;
	rv32_reset(b->core, entry);
	return true;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void print_stats(const struct bench *b, uint64_t asleep, double dt)
{
	uint64_t now = rv32_cycle(b->core), n = rv32_instret(b->core);

	fprintf(stderr,
		"cycles %llu retired %llu asleep %llu cpi %.3f khz %.0f mips %.1f\n",
		(unsigned long long)now, (unsigned long long)n,
		(unsigned long long)asleep,
		n ? (double)(now - asleep) / (double)n : 0.0,
		(double)now / dt / 1e3, (double)n / dt / 1e6);
}

int main(int argc, char **argv)
{
	struct bench b = { .mtimecmp = NEVER, .ext_at = NEVER };
	struct arguments a = { .max_cycles = 100000000 };
	enum rv32_stop stop;
	uint64_t asleep;
	double t0;

	if (!parse(&b, &a, argc, argv))
		return usage();
	if (!set_up(&b, &a))
		return 126;
	t0 = seconds();
	asleep = run(&b, a.max_cycles);
	fflush(stdout);
	if (a.stats)
		print_stats(&b, asleep, seconds() - t0);
	/* A halted core says so again, and does nothing. */
	stop = b.finished ? RV32_UNTIL : rv32_run(b.core, 0);
	if (stop == RV32_HALTED) {
		struct rv32_halt h;

		rv32_halt(b.core, &h);
		printf("halted: cause %u pc %08x tval %08x\n", h.cause, h.pc,
		       h.tval);
		b.code = 125;
	} else if (!b.finished) {
		fprintf(stderr, "%s: no end after %llu cycles, pc %08x\n",
			a.elf, (unsigned long long)rv32_cycle(b.core),
			rv32_pc(b.core));
		b.code = 124;
	}
	if (b.trace && b.trace != stdout)
		fclose(b.trace);
	rv32_delete(b.core);
	munmap(b.ram, RAM_SIZE);
	return b.code;
}
