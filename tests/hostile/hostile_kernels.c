/* SPDX-License-Identifier: MIT */
/* Kernels that misbehave in every way a kernel can, and one that looks for what they left. */
#include <ashlar/kernel.h>

#include "hostile_args.h"

#define ARG_AREA 1024

static void spin(uint32_t turns)
{
	while (turns--)
		__asm__ volatile("");
}

static _Noreturn void spin_for_ever(void)
{
	for (;;)
		__asm__ volatile("");
}

/* What every attack begins with; tiles that take no part end here. */
static void begin(const struct hostile_args *args)
{
	spin(args->spin);
	if (ash_index() == args->only)
		return;
	if (args->rest)
		spin_for_ever();
	ash_exit(0);
}

/* Tell the host which instruction is going to fault. */
static void note(const struct hostile_args *args, const void *pc)
{
	if (!args->note)
		return;
	*(volatile uint32_t *)ash_spad(0) = (uint32_t)pc;
	ash_wait(ASH_STORE, ash_store_1d(args->note, 0, 4));
	ash_write(ASH_STORE + ASHLAR_STORE_DEFAULTS, 1);
}

static enum ash_unit unit_of(uint32_t unit)
{
	return (enum ash_unit)(ASH_LOAD + 0x100 * (unit - 2));
}

/* --- Hangs ------------------------------------------------------------------ */

ASHLAR_KERNEL(leave, struct hostile_args)
{
	spin(args->spin);
	return ash_index() == args->only ? args->value : 0;
}

ASHLAR_KERNEL(hang, struct hostile_args)
{
	begin(args);
	spin_for_ever();
}

/* Sleeps for an interrupt that nobody sends. */
ASHLAR_KERNEL(doze, struct hostile_args)
{
	begin(args);
	for (;;)
		__asm__ volatile("csrwi mie, 0\n\twfi");
	return 0;
}

/* Waits for a token of the unit that is value macro-operations away. */
ASHLAR_KERNEL(wait_never, struct hostile_args)
{
	begin(args);
	ash_wait(unit_of(args->unit), args->value);
	return 0;
}

/* Exits while a unit has work for longer than anybody waits. */
static void endless(uint32_t unit, uint64_t target)
{
	uint32_t base = unit_of(unit), i, line = 4 * ash_array();

	if (unit == 2 || unit == 3) {
		ash_write(base + ASHLAR_LOAD_DEFAULTS, 1);
		ash_write(base + ASHLAR_LOAD_GADDR_LO, (uint32_t)target);
		ash_write(base + ASHLAR_LOAD_GADDR_HI,
			  (uint32_t)(target >> 32));
		ash_write(base + ASHLAR_LOAD_LADDR, 0);
		ash_write(base + ASHLAR_LOAD_RUN, 64);
		for (i = 0; i < 3; i++)
			ash_write(base + ASHLAR_LOAD_COUNT1 + 4 * i, 65535);
	} else if (unit == 4) {
		ash_write(base + ASHLAR_MATRIX_A_PITCH, 0);
		ash_write(base + ASHLAR_MATRIX_B_PITCH, 0);
		ash_write(base + ASHLAR_MATRIX_K, 65535);
		ash_write(base + ASHLAR_MATRIX_CFG, 0x31);
	} else {
		ash_vector_plain();
		ash_vector_shape(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32), 0, 0);
		ash_vector_groups(65535, 0, 0, 0);
		ash_write(base + ASHLAR_VECTOR_DST, line);
		ash_write(base + ASHLAR_VECTOR_ROWS, 65535);
	}
	for (i = 0; i < 8; i++)
		ash_start((enum ash_unit)base);
}

ASHLAR_KERNEL(drain_never, struct hostile_args)
{
	begin(args);
	endless(args->unit, args->target);
	return 0;
}

/* Loads from target and stores to other for ever. */
ASHLAR_KERNEL(pound, struct hostile_args)
{
	begin(args);
	for (;;) {
		ash_load_1d(0, args->target, args->bytes);
		ash_wait(ASH_STORE, ash_store_1d(args->other, 0, args->bytes));
	}
	return 0;
}

/* --- Faults ------------------------------------------------------------------ */

/* DMA of bytes at target by unit 2 (load) or 3 (store). */
ASHLAR_KERNEL(reach, struct hostile_args)
{
	begin(args);
	ash_wait(unit_of(args->unit),
		 ash_dma_1d(unit_of(args->unit), args->offset, args->target,
			    args->bytes));
	return 0;
}

/* A good macro-operation but for one register. */
ASHLAR_KERNEL(refused, struct hostile_args)
{
	uint32_t base = unit_of(args->unit), line = 4 * ash_array();

	begin(args);
	switch (args->unit) {
	case 2:
	case 3:
		ash_write(base + ASHLAR_LOAD_GADDR_LO, (uint32_t)args->target);
		ash_write(base + ASHLAR_LOAD_GADDR_HI,
			  (uint32_t)(args->target >> 32));
		ash_write(base + ASHLAR_LOAD_RUN, 64);
		/* It is on for the registers that mean nothing without. */
		ash_write(base + ASHLAR_LOAD_GATHER,
			  args->offset == ASHLAR_LOAD_INDEX);
		break;
	case 4:
		ash_matmul_shape(line, line, 4);
		ash_write(base + ASHLAR_MATRIX_A_ADDR, 0);
		ash_write(base + ASHLAR_MATRIX_B_ADDR, 0);
		ash_write(base + ASHLAR_MATRIX_CFG, 0);
		break;
	default:
		ash_vector_shape(ASH_VEC(ASH_FMT_I32, ASH_FMT_I32) |
					 ASH_VEC_BIAS_ROW | ASH_VEC_SCALE_WORDS,
				 line, line);
		ash_vector_function(ASH_VEC_TO_WORD(ASH_SUM), 0);
		ash_vector_groups(2, line, line, line);
		ash_write(base + ASHLAR_VECTOR_SRC, 0);
		ash_write(base + ASHLAR_VECTOR_DST, line);
		ash_write(base + ASHLAR_VECTOR_ROWS, 1);
		break;
	}
	ash_write(base + args->offset, args->value);
	ash_wait((enum ash_unit)base, ash_go((enum ash_unit)base));
	return 0;
}

static __attribute__((noinline)) uint32_t recurse(uint32_t n)
{
	volatile uint32_t frame[64];

	frame[n & 63] = n;
	if (n == 0xffffffff)
		return 0;
	return recurse(n + 1) + frame[n & 63];
}

extern const char pc_illegal[], pc_short[], pc_csr[], pc_ro_csr[], pc_ebreak[],
	pc_ecall[], pc_handled[], pc_load[], pc_store[], pc_load_byte[],
	pc_store_byte[];

#define FAULT_AT(label, text, ...)                            \
	do {                                                  \
		note(args, label);                            \
		__asm__ volatile(".globl " #label "\n" #label \
				 ": " text ::__VA_ARGS__);    \
	} while (0)

ASHLAR_KERNEL(core_attack, struct hostile_args)
{
	uint32_t at = (uint32_t)args->target;

	begin(args);
	switch (args->mode) {
	case CORE_ILLEGAL:
		FAULT_AT(pc_illegal, ".word 0xffffffff");
		break;
	case CORE_ILLEGAL_SHORT:
		FAULT_AT(pc_short, ".half 0\n\t.half 0");
		break;
	case CORE_BAD_CSR:
		FAULT_AT(pc_csr, ".word 0x7c0012f3"); /* csrrw t0, 0x7c0, x0 */
		break;
	case CORE_RO_CSR:
		FAULT_AT(pc_ro_csr, ".word 0xf1401073"); /* csrw mhartid, x0 */
		break;
	case CORE_EBREAK:
		FAULT_AT(pc_ebreak, ".word 0x00100073");
		break;
	case CORE_ECALL:
		FAULT_AT(pc_ecall, "ecall");
		break;
	case CORE_ECALL_HANDLED:
		__asm__ volatile("csrw mtvec, %0\n\t"
				 "csrw mie, %1\n\t"
				 "csrsi mstatus, 8" ::"r"(spin_for_ever),
				 "r"(0xffffffff));
		FAULT_AT(pc_handled, "ecall");
		break;
	case CORE_LOAD:
		FAULT_AT(pc_load, "lw t0, 0(%0)", "r"(at));
		break;
	case CORE_STORE:
		FAULT_AT(pc_store, "sw zero, 0(%0)", "r"(at));
		break;
	case CORE_LOAD_BYTE:
		FAULT_AT(pc_load_byte, "lbu t0, 0(%0)", "r"(at));
		break;
	case CORE_STORE_BYTE:
		FAULT_AT(pc_store_byte, "sb zero, 0(%0)", "r"(at));
		break;
	case CORE_JUMP:
		note(args, (const void *)at);
		__asm__ volatile("jr %0" ::"r"(at));
		break;
	case CORE_RECURSE:
		return recurse(0);
	}
	return 0;
}

/* --- Anything ------------------------------------------------------------------ */

struct random {
	uint32_t state;
};

static uint32_t rnd(struct random *r)
{
	r->state ^= r->state << 13;
	r->state ^= r->state >> 17;
	r->state ^= r->state << 5;
	return r->state;
}

static uint32_t below(struct random *r, uint32_t limit)
{
	return (uint32_t)(((uint64_t)rnd(r) * limit) >> 32);
}

static uint32_t edge(struct random *r)
{
	static const uint32_t edges[] = {
		0,	    1,		2,	    3,		7,
		8,	    31,		32,	    63,		64,
		65,	    127,	128,	    255,	4095,
		4096,	    65535,	65536,	    65537,	0x7fff,
		0x8000,	    0xffff8000, 0x7fffffff, 0x80000000, 0xffffffff,
		0xfffffffc, 0xffffffc0, 0xfffff000, 0x80000001, 0x10000,
	};
	uint32_t spad = ash_spad_bytes();

	switch (below(r, 6)) {
	case 0:
		return spad - below(r, 260);
	case 1:
		return spad + below(r, 4);
	case 2:
		return rnd(r);
	default:
		return edges[below(r, sizeof(edges) / sizeof(edges[0]))];
	}
}

/* Mostly what makes sense, so that a macro-operation gets somewhere. */
static void fuzz_dma(const struct hostile_args *args, struct random *r,
		     uint32_t base)
{
	uint32_t wild = below(r, 3) == 0 ? 3 : 24; /* one register in so many */
	uint64_t at = below(r, 2) ? args->target : args->other;
	uint32_t i;

	at += below(r, args->bytes);
	if (below(r, 8) == 0)
		at += (uint64_t)1 << below(r, 64);
	ash_write(base + ASHLAR_LOAD_DEFAULTS, 1);
	ash_write(base + ASHLAR_LOAD_GADDR_LO, (uint32_t)at);
	ash_write(base + ASHLAR_LOAD_GADDR_HI, (uint32_t)(at >> 32));
	ash_write(base + ASHLAR_LOAD_LADDR, below(r, ash_spad_bytes() / 2));
	ash_write(base + ASHLAR_LOAD_RUN, 1 + below(r, 300));
	for (i = 0; i < 3; i++) {
		ash_write(base + ASHLAR_LOAD_COUNT1 + 4 * i, 1 + below(r, 5));
		ash_write(base + ASHLAR_LOAD_GSTRIDE1 + 4 * i,
			  below(r, 600) - 100);
		ash_write(base + ASHLAR_LOAD_LSTRIDE1 + 4 * i,
			  below(r, 600) - 100);
	}
	ash_write(base + ASHLAR_LOAD_GATHER, below(r, 2));
	ash_write(base + ASHLAR_LOAD_INDEX, 4 * below(r, ash_spad_bytes() / 8));
	for (i = 0; i <= ASHLAR_LOAD_INDEX; i += 4) {
		if (below(r, wild) == 0)
			ash_write(base + i, edge(r));
	}
}

static void fuzz_matrix(struct random *r)
{
	uint32_t line = 4 * ash_array(), lines = ash_spad_bytes() / line;
	uint32_t i, wild = below(r, 3) == 0 ? 3 : 16;

	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, line * below(r, lines));
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, line * below(r, lines));
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_PITCH, line * below(r, 8));
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_PITCH, line * below(r, 8));
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_K, 1 + below(r, 200));
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG,
		  below(r, 3) | (rnd(r) & 0x130) | below(r, ash_accs()) << 16);
	for (i = 0; i <= ASHLAR_MATRIX_CFG; i += 4) {
		if (below(r, wild) == 0)
			ash_write(ASH_MATRIX + i, edge(r));
	}
}

static void fuzz_vector(struct random *r)
{
	uint32_t line = 4 * ash_array(), lines = ash_spad_bytes() / line;
	uint32_t i, wild = below(r, 3) == 0 ? 4 : 30, src = below(r, 7);
	/* Of an accumulator pitches count rows. */
	uint32_t unit = src < 2 ? 1 : line;
	uint32_t integer = src < 3 || src == 6;
	uint32_t cfg = src | below(r, 7) << 4 |
		       (integer ? below(r, 2) ? 6 : 2 : 3 + below(r, 3)) << 8 |
		       below(r, integer ? 16 : 10) << 12 | (rnd(r) & 0x3ff0000);

	ash_write(ASH_VECTOR + ASHLAR_VECTOR_CFG, cfg);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP,
		  below(r, 10) | below(r, 3) << 8 | below(r, 3) << 12);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC,
		  src < 2 ? below(r, ash_accs() * ash_array()) :
			    line * below(r, lines));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_PITCH, unit * below(r, 4));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_GPITCH, unit * below(r, 4));
	for (i = ASHLAR_VECTOR_SRC2; i <= ASHLAR_VECTOR_DST; i += 4)
		ash_write(ASH_VECTOR + i, line * below(r, lines));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, line * below(r, 4));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_GPITCH, line * below(r, 4));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH, line * below(r, 4));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, line * below(r, 4));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS,
		  1 + below(r, below(r, 2) ? ash_array() : 100));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, 1 + below(r, 5));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_TAIL, below(r, ash_array() + 1));
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, line * below(r, lines));
	for (i = 0; i <= ASHLAR_VECTOR_RED; i += 4) {
		if (below(r, wild) == 0)
			ash_write(ASH_VECTOR + i, edge(r));
	}
}

/* count random steps: parameters, starts, waits, the scratchpad, an exit. */
ASHLAR_KERNEL(fuzz, struct hostile_args)
{
	struct random r = { args->seed + 7919 * ash_index() };
	uint32_t i, unit;

	spin(args->spin);
	for (i = 0; i < args->count; i++) {
		unit = 2 + below(&r, 4);
		if (unit < 4)
			fuzz_dma(args, &r, unit_of(unit));
		else if (unit == 4)
			fuzz_matrix(&r);
		else
			fuzz_vector(&r);
		for (uint32_t n = below(&r, 4); n; n--)
			ash_start(unit_of(unit));
		switch (below(&r, 8)) {
		case 0:
			ash_wait_all(unit_of(2 + below(&r, 4)));
			break;
		case 1:
			*(volatile uint32_t *)ash_spad(
				below(&r, ash_spad_bytes()) & ~3u) = rnd(&r);
			break;
		case 2:
			if (below(&r, 8) == 0)
				ash_wait(unit_of(2 + below(&r, 4)), edge(&r));
			break;
		case 3:
			if (below(&r, 30) == 0)
				ash_exit(below(&r, 2));
			break;
		}
	}
	return 0;
}

/* --- Traces -------------------------------------------------------------------- */

/* From here to the stack nobody has anything. */
static volatile uint32_t *local_begin(void)
{
	uint32_t at = (uint32_t)ash_lmem_need - 2048 - ARG_AREA;

	return (volatile uint32_t *)((at + 63) & ~63u);
}

static volatile uint32_t *local_end(void)
{
	uint32_t at;

	__asm__ volatile("mv %0, sp" : "=r"(at));
	return (volatile uint32_t *)((at - 128) & ~63u);
}

/* All parameters of the units. */
const struct {
	uint32_t address, words;
} clean_spans[] = {
	{ ASH_LOAD, ASHLAR_LOAD_STEP3 / 4 + 1 },
	{ ASH_LOAD + ASHLAR_LOAD_GATHER, 2 },
	{ ASH_STORE, ASHLAR_STORE_STEP3 / 4 + 1 },
	{ ASH_STORE + ASHLAR_STORE_GATHER, 2 },
	{ ASH_VECTOR, ASHLAR_VECTOR_RED / 4 + 1 },
	{ ASH_MATRIX, ASHLAR_MATRIX_CFG / 4 + 1 },
	{ 0, 0 },
};

#define PARAMETERS (2 * 26 + 17 + 6)

/*
 * Write the secret, of which a page is at target, into everything that a
 * kernel can write, then end as mode says. Local memory takes long: only if
 * value says so.
 */
ASHLAR_KERNEL(dirty, struct hostile_args)
{
	uint32_t spad = ash_spad_bytes(), i;
	volatile uint32_t *p = local_begin();
	volatile uint32_t *end = local_end();

	spin(args->spin);
	ash_wait(ASH_LOAD,
		 ash_load(0, 4096, args->target, 0, 4096, spad / 4096));
	for (i = 0; i < ash_accs(); i++) {
		ash_matmul_shape(4 * ash_array(), 4 * ash_array(), 9);
		ash_matmul(ash_matmul_cfg(ASH_INT8, ASH_KMAJOR, ASH_KMAJOR), i,
			   false, 0, spad / 2);
	}
	for (; args->value && p < end; p += 8) {
		p[0] = HOSTILE_SECRET;
		p[1] = HOSTILE_SECRET;
		p[2] = HOSTILE_SECRET;
		p[3] = HOSTILE_SECRET;
		p[4] = HOSTILE_SECRET;
		p[5] = HOSTILE_SECRET;
		p[6] = HOSTILE_SECRET;
		p[7] = HOSTILE_SECRET;
	}
	p = (volatile uint32_t *)(ash_lmem_bytes() - ARG_AREA + 128);
	end = (volatile uint32_t *)ash_lmem_bytes();
	while (p < end)
		*p++ = HOSTILE_SECRET;
	ash_wait_all(ASH_MATRIX);
	if (args->mode == DIRTY_BUSY)
		endless(args->unit, args->target);
	for (i = 0; clean_spans[i].words; i++) {
		uint32_t at = clean_spans[i].address;
		uint32_t beyond = at + 4 * clean_spans[i].words;

		for (; at < beyond; at += 4)
			ash_write(at, HOSTILE_SECRET);
	}
	__asm__ volatile(
		"csrw mscratch, %0\n\t"
		"csrw mepc, %0\n\t"
		"csrw mcause, %0\n\t"
		"csrw mtval, %0\n\t"
		"csrw mtvec, %0\n\t"
		"mv x3, %0\n\tmv x4, %0\n\tmv x18, %0\n\tmv x19, %0\n\t"
		"mv x26, %0\n\tmv x27, %0\n\tmv x31, %0" ::"r"(HOSTILE_SECRET)
		: "x18", "x19", "x26", "x27", "x31");
	switch (args->mode) {
	case DIRTY_SPIN:
		spin_for_ever();
	case DIRTY_ILLEGAL:
		__asm__ volatile(".word 0xffffffff");
		break;
	case DIRTY_BAD_LOAD:
		ash_write(ASH_LOAD + ASHLAR_LOAD_DEFAULTS, 1);
		ash_wait(ASH_LOAD, ash_load_1d(64, 4096, 64));
		break;
	default:
		break;
	}
	ash_exit(0);
}

/*
 * Before the start-up code, which would hide it: what do the core's registers
 * (or-ed), its CSRs (or-ed) and the parameters of the units hold?
 */
uint32_t clean_entry[2 + PARAMETERS] = { 1, 1 };
uint32_t clean(const struct hostile_args *args);
extern const char ash_entry_clean[];
__asm__(".pushsection .text.ash_entry,\"ax\",@progbits\n"
	".balign 4\n"
	".option push\n"
	".option norelax\n"
	".globl ash_entry_clean\n"
	"ash_entry_clean:\n"
	"	or x31, x31, x1\n	or x31, x31, x2\n	or x31, x31, x3\n"
	"	or x31, x31, x4\n	or x31, x31, x5\n	or x31, x31, x6\n"
	"	or x31, x31, x7\n	or x31, x31, x8\n	or x31, x31, x9\n"
	"	or x31, x31, x10\n	or x31, x31, x11\n	or x31, x31, x12\n"
	"	or x31, x31, x13\n	or x31, x31, x14\n	or x31, x31, x15\n"
	"	or x31, x31, x16\n	or x31, x31, x17\n	or x31, x31, x18\n"
	"	or x31, x31, x19\n	or x31, x31, x20\n	or x31, x31, x21\n"
	"	or x31, x31, x22\n	or x31, x31, x23\n	or x31, x31, x24\n"
	"	or x31, x31, x25\n	or x31, x31, x26\n	or x31, x31, x27\n"
	"	or x31, x31, x28\n	or x31, x31, x29\n	or x31, x31, x30\n"
	"	la t0, clean_entry\n"
	"	sw x31, 0(t0)\n"
	"	csrr t1, minstret\n"
	"	srli t1, t1, 8\n"
	"	csrr t2, minstreth\n	or t1, t1, t2\n"
	"	csrr t2, mcycleh\n	or t1, t1, t2\n"
	"	csrr t2, mscratch\n	or t1, t1, t2\n"
	"	csrr t2, mepc\n	or t1, t1, t2\n"
	"	csrr t2, mcause\n	or t1, t1, t2\n"
	"	csrr t2, mtval\n	or t1, t1, t2\n"
	"	csrr t2, mtvec\n	or t1, t1, t2\n"
	"	csrr t2, mie\n	or t1, t1, t2\n"
	"	sw t1, 4(t0)\n"
	"	la a4, clean_spans\n"
	"	addi a2, t0, 8\n"
	"1:	lw a1, 0(a4)\n"
	"	lw a3, 4(a4)\n"
	"	addi a4, a4, 8\n"
	"	beqz a3, 3f\n"
	"2:	lw t1, 0(a1)\n"
	"	sw t1, 0(a2)\n"
	"	addi a1, a1, 4\n"
	"	addi a2, a2, 4\n"
	"	addi a3, a3, -1\n"
	"	bnez a3, 2b\n"
	"	j 1b\n"
	"3:	lui t0, %hi(clean)\n"
	"	addi t0, t0, %lo(clean)\n"
	"	j ash_start\n"
	".option pop\n"
	".popsection\n");
ASH_KERNEL_DESC(clean, struct hostile_args);

uint32_t clean(const struct hostile_args *args)
{
	struct hostile_clean c = { 0 };
	uint32_t n = ash_array(), spad = ash_spad_bytes(), i;
	uint32_t accs = 4 * n * n * ash_accs();
	uint64_t to = args->target +
		      (uint64_t)ash_index() * (spad + accs + sizeof(c));
	volatile uint32_t *p = local_begin();
	volatile uint32_t *end = local_end();
	volatile uint32_t *words = ash_spad(0);
	const uint32_t *entry = clean_entry + 2;
	uint32_t or = 0;

	c.registers = clean_entry[0];
	c.csrs = clean_entry[1];
	/* The start-up code has set the defaults since, but for MATRIX: 0. */
	for (i = 0; clean_spans[i].words; i++) {
		uint32_t at = clean_spans[i].address;
		uint32_t beyond = at + 4 * clean_spans[i].words;

		for (; at < beyond; at += 4)
			c.units |= *entry++ ^
				   (at < ASH_MATRIX || at >= ASH_VECTOR ?
					    ash_read(at) :
					    0);
	}
	ash_wait(ASH_STORE, ash_store_1d(to, 0, spad));
	to += spad;

	for (i = 0; i < ash_accs(); i++)
		ash_vector(ASH_VEC(ASH_FMT_ACC_I32, ASH_FMT_I32), 4 * n * n * i,
			   4 * n, ash_acc_row(i, 0), 1, n);
	ash_wait_all(ASH_VECTOR);
	ash_wait(ASH_STORE, ash_store_1d(to, 0, accs));
	to += accs;

	if (args->mode) {
		for (; p < end; p += 8) {
			uint32_t a = p[0], b = p[1], d = p[2], e = p[3];

			or |= a | b | d | e;
			a = p[4], b = p[5], d = p[6], e = p[7];
			or |= a | b | d | e;
		}
	}
	c.local = or ;
	p = (volatile uint32_t *)(ash_lmem_bytes() - ARG_AREA + 128);
	for (end = (volatile uint32_t *)ash_lmem_bytes(); p < end; p++)
		c.arguments |= *p;
	for (i = 0; i < sizeof(c) / 4; i++)
		words[i] = ((const uint32_t *)&c)[i];
	ash_wait(ASH_STORE, ash_store_1d(to, 0, sizeof(c)));
	return 0;
}
