// SPDX-License-Identifier: MIT
/*
 * The kernel of the tile bench: one image, the test is its first argument. The
 * exit code is 0, or the line of the check that failed.
 */
#include <stdint.h>

#include "ashlar_regs.h"
#include "tests.h"

#define UNIT   ASHLAR_MAP_KERNEL_UNIT_BASE
#define LOAD   ASHLAR_MAP_KERNEL_LOAD_BASE
#define STORE  ASHLAR_MAP_KERNEL_STORE_BASE
#define MATRIX ASHLAR_MAP_KERNEL_MATRIX_BASE
#define VECTOR ASHLAR_MAP_KERNEL_VECTOR_BASE
#define SPAD   ASHLAR_MAP_KERNEL_SPAD_BASE

#define GO     ASHLAR_LOAD_GO
#define ISSUED ASHLAR_LOAD_ISSUED
#define DONE   ASHLAR_LOAD_DONE
#define WAIT   ASHLAR_LOAD_WAIT
#define AFTER  ASHLAR_LOAD_AFTER_LOAD /* and those of the other units */

#define CHECK(cond)                      \
	do {                             \
		if (!(cond))             \
			return __LINE__; \
	} while (0)

extern uint8_t text_end[], image_end[];
uint32_t kernel_main(const volatile uint32_t *args);

static uint32_t get(uint32_t addr)
{
	return *(volatile uint32_t *)(uintptr_t)addr;
}

static void put(uint32_t addr, uint32_t value)
{
	*(volatile uint32_t *)(uintptr_t)addr = value;
}

static uint32_t go(uint32_t unit)
{
	put(unit + GO, 0);
	return get(unit + ISSUED);
}

static void go_wait(uint32_t unit)
{
	put(unit + WAIT, go(unit));
}

/* One run between the global address at where[0..1] and the scratchpad. */
static void dma(uint32_t unit, const volatile uint32_t *where, uint32_t local,
		uint32_t bytes)
{
	put(unit + ASHLAR_LOAD_DEFAULTS, 0);
	put(unit + ASHLAR_LOAD_GADDR_LO, where[0]);
	put(unit + ASHLAR_LOAD_GADDR_HI, where[1]);
	put(unit + ASHLAR_LOAD_LADDR, local);
	put(unit + ASHLAR_LOAD_RUN, bytes);
}

static uint32_t identity(const volatile uint32_t *args)
{
	static const uint8_t regs[] = {
		ASHLAR_UNIT_INDEX,	ASHLAR_UNIT_COUNT,
		ASHLAR_UNIT_GRID_X,	ASHLAR_UNIT_GRID_Y,
		ASHLAR_UNIT_GRID_Z,	ASHLAR_UNIT_ARG_BYTES,
		ASHLAR_UNIT_SPAD_BYTES, ASHLAR_UNIT_ARRAY,
		ASHLAR_UNIT_ACCS,	ASHLAR_UNIT_SPAD_BANKS,
	};
	uint32_t i, t;

	for (i = 0; i < sizeof(regs); i++)
		if (get(UNIT + regs[i]) != args[1 + i])
			return __LINE__ * 100 + i;
	t = get(UNIT + ASHLAR_UNIT_CYCLE);
	CHECK(get(UNIT + ASHLAR_UNIT_CYCLE) - t < 100);
	CHECK(get(UNIT + ASHLAR_UNIT_CYCLE) > t);
	return 0;
}

static uint32_t default_of(uint32_t base, uint32_t offset)
{
	if (base == VECTOR)
		return offset == ASHLAR_VECTOR_GROUPS;
	if (base == MATRIX)
		return offset == ASHLAR_MATRIX_TILES ||
		       offset == ASHLAR_MATRIX_PARTS;
	if (offset >= ASHLAR_LOAD_COUNT1 && offset <= ASHLAR_LOAD_COUNT3)
		return 1;
	if (offset >= ASHLAR_LOAD_LIMIT0 && offset <= ASHLAR_LOAD_LIMIT3)
		return 0x7fffffff;
	if (offset >= ASHLAR_LOAD_STEP1 && offset <= ASHLAR_LOAD_STEP3)
		return 1;
	return 0;
}

static uint32_t some_value(uint32_t unit, uint32_t offset)
{
	return 0x9e3779b9 * (unit * 64 + offset + 1);
}

static uint32_t registers(void)
{
	/* Parameters are at 0 .. end, and of DMA at GATHER and INDEX. */
	static const struct {
		uint32_t base, end;
	} unit[] = {
		{ LOAD, ASHLAR_LOAD_INDEX },
		{ STORE, ASHLAR_STORE_INDEX },
		{ MATRIX, ASHLAR_MATRIX_B_PART },
		{ VECTOR, ASHLAR_VECTOR_RED },
	};
	uint32_t u, r;

	for (u = 0; u < 4; u++) {
		for (r = 0; r <= unit[u].end; r += 4)
			if (r != ASHLAR_LOAD_DEFAULTS)
				CHECK(get(unit[u].base + r) ==
				      default_of(unit[u].base, r));
		CHECK(get(unit[u].base + ISSUED) == 0);
		CHECK(get(unit[u].base + DONE) == 0);
		for (r = AFTER; r < AFTER + 16; r += 4) {
			CHECK(get(unit[u].base + r) == 0);
			put(unit[u].base + r, some_value(u, r));
		}
		/* Nothing issued: 0 and what lies before it is reached. */
		put(unit[u].base + WAIT, 0);
		put(unit[u].base + WAIT, 0x80000001);
	}
	for (u = 0; u < 4; u++)
		for (r = 0; r <= unit[u].end; r += 4)
			if (r != ASHLAR_LOAD_DEFAULTS)
				put(unit[u].base + r, some_value(u, r));
	for (u = 0; u < 4; u++)
		for (r = 0; r <= unit[u].end; r += 4)
			if (r != ASHLAR_LOAD_DEFAULTS)
				CHECK(get(unit[u].base + r) ==
				      some_value(u, r));
	for (u = 0; u < 4; u++)
		for (r = AFTER; r < AFTER + 16; r += 4)
			CHECK(get(unit[u].base + r) == some_value(u, r));
	/* Of one unit, and of no other. */
	put(LOAD + ASHLAR_LOAD_DEFAULTS, 1);
	put(VECTOR + ASHLAR_VECTOR_DEFAULTS, 1);
	for (u = 0; u < 4; u++)
		for (r = 0; r <= unit[u].end; r += 4)
			if (r != ASHLAR_LOAD_DEFAULTS)
				CHECK(get(unit[u].base + r) ==
				      (unit[u].base == LOAD ||
						       unit[u].base == VECTOR ?
					       default_of(unit[u].base, r) :
					       some_value(u, r)));
	return 0;
}

static uint32_t copy(const volatile uint32_t *args)
{
	uint32_t at = SPAD + args[6];
	volatile uint8_t *b = (volatile uint8_t *)(uintptr_t)at;
	volatile uint16_t *h = (volatile uint16_t *)(uintptr_t)(at + 6);

	dma(LOAD, args + 1, args[6], args[5]);
	go_wait(LOAD);
	b[0] ^= 0xff;
	b[3] = (uint8_t)(b[3] + b[4]);
	*h = (uint16_t)(*h + 0x1234);
	put(at + 8, get(at + 8) * 3);
	dma(STORE, args + 3, args[6], args[5]);
	go(STORE);
	/* No wait: the end of a kernel waits for its units. */
	return 0;
}

static uint32_t queue(const volatile uint32_t *args)
{
	uint32_t i, first[4];

	dma(LOAD, args + 1, 0, 64);
	for (i = 0; i < 12; i++) {
		put(LOAD + ASHLAR_LOAD_GADDR_LO, args[1] + 64 * i);
		put(LOAD + ASHLAR_LOAD_LADDR, 128 * i);
		CHECK(go(LOAD) == i + 1);
	}
	for (i = 0; i < 12; i++) {
		put(LOAD + WAIT, i + 1);
		CHECK((int32_t)(get(LOAD + DONE) - (i + 1)) >= 0);
		first[i % 4] = get(SPAD + 128 * i);
	}
	CHECK(get(LOAD + ISSUED) == 12);
	CHECK(get(LOAD + DONE) == 12);
	CHECK(first[3] == get(SPAD + 128 * 11));
	return 0;
}

static void gemm_command(uint32_t n, uint32_t acc)
{
	put(MATRIX + ASHLAR_MATRIX_A_ADDR, 0);
	put(MATRIX + ASHLAR_MATRIX_A_PITCH, n * 4 > 64 ? n * 4 : 64);
	put(MATRIX + ASHLAR_MATRIX_B_ADDR, 8192);
	put(MATRIX + ASHLAR_MATRIX_B_PITCH, n * 4 > 64 ? n * 4 : 64);
	put(MATRIX + ASHLAR_MATRIX_K, 64);
	put(MATRIX + ASHLAR_MATRIX_CFG, acc << ASHLAR_MATRIX_CFG_ACC_SHIFT);
}

/* Accumulator tile acc, int32, to the scratchpad. */
static void drain_command(uint32_t n, uint32_t acc, uint32_t to)
{
	put(VECTOR + ASHLAR_VECTOR_CFG,
	    ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32
			    << ASHLAR_VECTOR_CFG_SRC_FMT_SHIFT |
		    ASHLAR_VECTOR_CFG_SRC_FMT_I32
			    << ASHLAR_VECTOR_CFG_DST_FMT_SHIFT);
	put(VECTOR + ASHLAR_VECTOR_SRC, n * acc);
	put(VECTOR + ASHLAR_VECTOR_SRC_PITCH, 1);
	put(VECTOR + ASHLAR_VECTOR_DST, to);
	put(VECTOR + ASHLAR_VECTOR_DST_PITCH, 4 * n);
	put(VECTOR + ASHLAR_VECTOR_ROWS, n);
}

static uint32_t gemm(const volatile uint32_t *args)
{
	uint32_t n = get(UNIT + ASHLAR_UNIT_ARRAY);

	/* Rows of 64 bytes, each at the start of a line. */
	dma(LOAD, args + 1, 0, 64);
	put(LOAD + ASHLAR_LOAD_COUNT1, n);
	put(LOAD + ASHLAR_LOAD_GSTRIDE1, 64);
	put(LOAD + ASHLAR_LOAD_LSTRIDE1, n * 4 > 64 ? n * 4 : 64);
	go(LOAD);
	put(LOAD + ASHLAR_LOAD_GADDR_LO, args[3]);
	put(LOAD + ASHLAR_LOAD_GADDR_HI, args[4]);
	put(LOAD + ASHLAR_LOAD_LADDR, 8192);
	go_wait(LOAD);
	gemm_command(n, 1);
	go_wait(MATRIX);
	drain_command(n, 1, 16384);
	go_wait(VECTOR);
	CHECK(get(MATRIX + DONE) == 1);
	CHECK(get(VECTOR + DONE) == 1);
	dma(STORE, args + 5, 16384, 4 * n * n);
	go(STORE);
	return 0;
}

/*
 * The same times two, the second column of tiles from rows of B that are one
 * further; the core waits nowhere.
 */
static uint32_t chain(const volatile uint32_t *args)
{
	uint32_t n = get(UNIT + ASHLAR_UNIT_ARRAY);
	uint32_t pitch = n * 4 > 64 ? n * 4 : 64;

	dma(LOAD, args + 1, 0, 64);
	put(LOAD + ASHLAR_LOAD_COUNT1, n);
	put(LOAD + ASHLAR_LOAD_GSTRIDE1, 64);
	put(LOAD + ASHLAR_LOAD_LSTRIDE1, pitch);
	go(LOAD);
	put(LOAD + ASHLAR_LOAD_GADDR_LO, args[3]);
	put(LOAD + ASHLAR_LOAD_GADDR_HI, args[4]);
	put(LOAD + ASHLAR_LOAD_LADDR, 8192);
	put(LOAD + ASHLAR_LOAD_COUNT1, n + 1);
	CHECK(go(LOAD) == 2);
	gemm_command(n, 1);
	put(MATRIX + ASHLAR_MATRIX_TILES, 2);
	put(MATRIX + ASHLAR_MATRIX_B_TILE, pitch);
	put(MATRIX + ASHLAR_MATRIX_AFTER_LOAD, 2);
	CHECK(go(MATRIX) == 1);
	drain_command(n, 1, 16384);
	put(VECTOR + ASHLAR_VECTOR_ROWS, 2 * n);
	put(VECTOR + ASHLAR_VECTOR_AFTER_MATRIX, 1);
	CHECK(go(VECTOR) == 1);
	dma(STORE, args + 5, 16384, 2 * 4 * n * n);
	put(STORE + ASHLAR_STORE_AFTER_VECTOR, 1);
	/* What it names is not there yet: no fault for who only writes it. */
	put(LOAD + ASHLAR_LOAD_AFTER_STORE, 1);
	CHECK(go(STORE) == 1);
	CHECK(get(STORE + DONE) == 0);
	/* Over what the matrix unit has read; after all of it, no harm. */
	put(LOAD + ASHLAR_LOAD_LADDR, 0);
	CHECK(go(LOAD) == 3);
	put(LOAD + WAIT, 3);
	CHECK(get(STORE + DONE) == 1);
	return 0;
}

static uint32_t gather(const volatile uint32_t *args)
{
	uint32_t i, j, row;

	dma(LOAD, args + 1, 0, 16 * 64);
	go(LOAD);
	dma(LOAD, args + 3, 4096, 64);
	put(LOAD + ASHLAR_LOAD_AFTER_LOAD, go(LOAD));
	dma(LOAD, args + 1, 8192, 64);
	put(LOAD + ASHLAR_LOAD_COUNT1, 16);
	put(LOAD + ASHLAR_LOAD_GSTRIDE1, 64);
	put(LOAD + ASHLAR_LOAD_LSTRIDE1, 64);
	put(LOAD + ASHLAR_LOAD_GATHER, ASHLAR_LOAD_GATHER_ON);
	put(LOAD + ASHLAR_LOAD_INDEX, 4096);
	go_wait(LOAD);
	for (i = 0; i < 16; i++) {
		row = get(SPAD + 4096 + 4 * i);
		CHECK(row < 16);
		for (j = 0; j < 64; j += 4)
			CHECK(get(SPAD + 8192 + 64 * i + j) ==
			      get(SPAD + 64 * row + j));
	}
	return 0;
}

static uint32_t jump(uint32_t addr)
{
	uint32_t (*f)(void) = (void *)(uintptr_t)addr;

	return f();
}

/* Each one must stop the kernel. */
static uint32_t bad_access(uint32_t which)
{
	uint32_t lmem = get(UNIT + ASHLAR_UNIT_LMEM_BYTES);
	uint32_t spad = SPAD + get(UNIT + ASHLAR_UNIT_SPAD_BYTES);

	switch (which) {
	case ACCESS_LOAD_UNMAPPED:
		return get(0x30000000);
	case ACCESS_STORE_UNMAPPED:
		put(0x30000000, 1);
		break;
	case ACCESS_LOAD_BEYOND_LMEM:
		return get(lmem);
	case ACCESS_LOAD_BEYOND_SPAD:
		return get(spad);
	case ACCESS_STORE_BEYOND_SPAD:
		put(spad, 1);
		break;
	case ACCESS_FETCH_BEYOND_LMEM:
		return jump(lmem);
	case ACCESS_FETCH_SPAD:
		return jump(SPAD);
	case ACCESS_STORE_TEXT:
		put(0, 1);
		break;
	case ACCESS_STORE_TEXT_BYTE:
		*(volatile uint8_t *)((uintptr_t)text_end - 1) = 1;
		break;
	case ACCESS_BYTE_OF_REGISTER:
		return *(volatile uint8_t *)(UNIT + ASHLAR_UNIT_INDEX);
	case ACCESS_HALF_STORE_OF_REGISTER:
		*(volatile uint16_t *)(LOAD + ASHLAR_LOAD_RUN) = 1;
		break;
	case ACCESS_REGISTER_HOLE:
		return get(VECTOR + ASHLAR_VECTOR_RED + 4);
	case ACCESS_WRITE_READ_ONLY:
		put(STORE + DONE, 0);
		break;
	case ACCESS_READ_WRITE_ONLY:
		return get(MATRIX + WAIT);
	case ACCESS_GO_AFTER_UNKNOWN:
		put(LOAD + ASHLAR_LOAD_AFTER_STORE, 1);
		go(LOAD);
		break;
	case ACCESS_BEHIND_VECTOR:
		return get(VECTOR + 0x100);
	case ACCESS_MISALIGNED:
		/* In C the compiler would make bytes of it. */
		__asm__ volatile("lw zero, 2(%0)" : : "r"(UNIT));
		break;
	case ACCESS_ECALL:
		__asm__ volatile("ecall");
		break;
	case ACCESS_EBREAK:
		__asm__ volatile("ebreak");
		break;
	case ACCESS_ILLEGAL:
		__asm__ volatile(".4byte 0xffffffff");
		break;
	}
	return __LINE__;
}

static void script(const volatile uint32_t *pair)
{
	put(LOAD + ASHLAR_LOAD_DEFAULTS, 0);
	put(STORE + ASHLAR_STORE_DEFAULTS, 0);
	for (; pair[0]; pair += 2)
		put(pair[0], pair[1]);
	for (;;)
		;
}

static void spin(const volatile uint32_t *args)
{
	uint32_t n = get(UNIT + ASHLAR_UNIT_ARRAY), i;

	dma(LOAD, args + 1, 0, 3000);
	dma(STORE, args + 3, 4096, 1777);
	gemm_command(n, 0);
	drain_command(n, 0, 16384);
	for (i = 0;; i++) {
		put(LOAD + ASHLAR_LOAD_LADDR, i & 1023);
		go(LOAD);
		go(STORE);
		go(MATRIX);
		go(VECTOR);
		put(SPAD + 32768 + 4 * (i & 255), i);
	}
}

static uint32_t scrubbed(const volatile uint32_t *args)
{
	uint32_t n = get(UNIT + ASHLAR_UNIT_ARRAY);
	uint32_t accs = get(UNIT + ASHLAR_UNIT_ACCS);
	uint32_t spad = get(UNIT + ASHLAR_UNIT_SPAD_BYTES), i;
	const volatile uint32_t *p;

	for (p = (const volatile uint32_t *)image_end; p + 32 < args; p++)
		CHECK(*p == 0);
	/* First the scratchpad as it is, then the accumulators through it. */
	dma(STORE, args + 3, 0, spad);
	go_wait(STORE);
	for (i = 0; i < accs; i++) {
		drain_command(n, i, 0);
		go_wait(VECTOR);
		dma(STORE, args + 1, 0, 4 * n * n);
		put(STORE + ASHLAR_STORE_GADDR_LO, args[1] + i * 4 * n * n);
		go_wait(STORE);
	}
	return 0;
}

uint32_t kernel_main(const volatile uint32_t *args)
{
	switch (args[0]) {
	case TEST_EXIT:
		return args[1];
	case TEST_IDENTITY:
		return identity(args);
	case TEST_REGISTERS:
		return registers();
	case TEST_COPY:
		return copy(args);
	case TEST_QUEUE:
		return queue(args);
	case TEST_GEMM:
		return gemm(args);
	case TEST_CHAIN:
		return chain(args);
	case TEST_GATHER:
		return gather(args);
	case TEST_ACCESS:
		return bad_access(args[1]);
	case TEST_SCRIPT:
		script(args + 1);
		break;
	case TEST_WFI:
		for (;;)
			__asm__ volatile("wfi");
	case TEST_SPIN:
		spin(args);
		break;
	case TEST_SCRUBBED:
		return scrubbed(args);
	}
	return __LINE__;
}
