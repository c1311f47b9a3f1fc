// SPDX-License-Identifier: MIT
/* Names of registers, for the comments in a case. */
#include "parity.h"

struct name {
	uint32_t offset;
	const char *name;
};

/* Versions of clang-format differ about this. */
/* clang-format off */
#define R(block, reg) { ASHLAR_##block##_##reg, #block "." #reg }
/* clang-format on */

static const struct name host[] = {
	R(HOST, ID),	       R(HOST, HW_VERSION),    R(HOST, PLATFORM),
	R(HOST, DTB_BYTES),    R(HOST, MP_CTRL),       R(HOST, POST),
	R(HOST, BOOT_ADDR_LO), R(HOST, BOOT_ADDR_HI),  R(HOST, BOOT_BYTES),
	R(HOST, RESET),	       R(HOST, CYCLE_LO),      R(HOST, CYCLE_HI),
	R(HOST, HOST_ERR),     R(HOST, HOST_ERR_ADDR), R(HOST, MEM_BYTES_LO),
	R(HOST, MEM_BYTES_HI), R(HOST, TEMP),	       { 0, NULL },
};

static const struct name mp[] = {
	R(MP, MTIME_LO),       R(MP, MTIME_HI),	     R(MP, MTIMECMP_LO),
	R(MP, MTIMECMP_HI),    R(MP, IRQ_PENDING),   R(MP, IRQ_ENABLE),
	R(MP, TILE_EVENT),     R(MP, VECTOR),	     R(MP, POST),
	R(MP, WDT_PERIOD),     R(MP, WDT_KICK),	     R(MP, RESET_CAUSE),
	R(MP, BOOT_ADDR_LO),   R(MP, BOOT_ADDR_HI),  R(MP, BOOT_BYTES),
	R(MP, HOST_ERR),       R(MP, HOST_ERR_ADDR), R(MP, HW_VERSION),
	R(MP, PLATFORM),       R(MP, CFG_TILES),     R(MP, CFG_LMEM_BYTES),
	R(MP, CFG_SPAD_BYTES), R(MP, CFG_CLOCK_KHZ), R(MP, CFG_MEM_LO),
	R(MP, CFG_MEM_HI),     R(MP, CFG_ARRAY),     R(MP, DTB_BYTES),
	{ 0, NULL },
};

static const struct name copy[] = {
	R(COPY, SRC_LO), R(COPY, SRC_HI), R(COPY, DST_LO), R(COPY, DST_HI),
	R(COPY, LEN),	 R(COPY, SPACE),  R(COPY, IMM_LO), R(COPY, IMM_HI),
	R(COPY, GO),	 R(COPY, ISSUED), R(COPY, DONE),   R(COPY, ERROR),
	R(COPY, GO_IRQ), { 0, NULL },
};

static const struct name tile[] = {
	R(TILE, CTRL),
	R(TILE, STATUS),
	R(TILE, CONTEXT),
	R(TILE, PT_ROOT_LO),
	R(TILE, PT_ROOT_HI),
	R(TILE, PT_ENTRIES),
	R(TILE, CODE_VA_LO),
	R(TILE, CODE_VA_HI),
	R(TILE, CODE_BYTES),
	R(TILE, TEXT_BYTES),
	R(TILE, LOAD_FROM),
	R(TILE, ENTRY),
	R(TILE, ARG_VA_LO),
	R(TILE, ARG_VA_HI),
	R(TILE, ARG_BYTES),
	R(TILE, INDEX),
	R(TILE, COUNT),
	R(TILE, GRID_X),
	R(TILE, GRID_Y),
	R(TILE, GRID_Z),
	R(TILE, EXIT_CODE),
	R(TILE, FAULT_CAUSE),
	R(TILE, FAULT_UNIT),
	R(TILE, FAULT_SUB),
	R(TILE, FAULT_ADDR_LO),
	R(TILE, FAULT_ADDR_HI),
	R(TILE, FAULT_PC),
	R(TILE, FAULT_TOKEN),
	R(TILE, INVALIDATING),
	R(TILE, PERF_INSTRET),
	R(TILE, PERF_MATRIX_BUSY),
	R(TILE, PERF_LOAD_BEATS),
	R(TILE, PERF_STORE_BEATS),
	{ 0, NULL },
};

static const struct name unit[] = {
	R(UNIT, INDEX),	     R(UNIT, COUNT),	  R(UNIT, GRID_X),
	R(UNIT, GRID_Y),     R(UNIT, GRID_Z),	  R(UNIT, ARG_BYTES),
	R(UNIT, LMEM_BYTES), R(UNIT, SPAD_BYTES), R(UNIT, ARRAY),
	R(UNIT, ACCS),	     R(UNIT, SPAD_BANKS), R(UNIT, CYCLE),
	R(UNIT, EXIT),	     { 0, NULL },
};

/* Versions of clang-format differ about this one. */
/* clang-format off */
#define D(reg) { ASHLAR_LOAD_##reg, "DMA." #reg }
/* clang-format on */

static const struct name dma[] = {
	D(GADDR_LO), D(GADDR_HI), D(LADDR),    D(RUN),	    D(COUNT1),
	D(COUNT2),   D(COUNT3),	  D(GSTRIDE1), D(GSTRIDE2), D(GSTRIDE3),
	D(LSTRIDE1), D(LSTRIDE2), D(LSTRIDE3), D(START0),   D(START1),
	D(START2),   D(START3),	  D(LIMIT0),   D(LIMIT1),   D(LIMIT2),
	D(LIMIT3),   D(STEP1),	  D(STEP2),    D(STEP3),    D(DEFAULTS),
	D(GATHER),   D(INDEX),	  D(GO),       D(ISSUED),   D(DONE),
	D(WAIT),     { 0, NULL },
};

static const struct name matrix[] = {
	R(MATRIX, A_ADDR),  R(MATRIX, A_PITCH), R(MATRIX, B_ADDR),
	R(MATRIX, B_PITCH), R(MATRIX, K),	R(MATRIX, CFG),
	R(MATRIX, GO),	    R(MATRIX, ISSUED),	R(MATRIX, DONE),
	R(MATRIX, WAIT),    { 0, NULL },
};

static const struct name vector[] = {
	R(VECTOR, CFG),	       R(VECTOR, OP),
	R(VECTOR, SRC),	       R(VECTOR, SRC_PITCH),
	R(VECTOR, SRC_GPITCH), R(VECTOR, SRC2),
	R(VECTOR, SRC2_PITCH), R(VECTOR, SRC2_GPITCH),
	R(VECTOR, BIAS),       R(VECTOR, SCALE),
	R(VECTOR, DST),	       R(VECTOR, DST_PITCH),
	R(VECTOR, DST_GPITCH), R(VECTOR, ROWS),
	R(VECTOR, GROUPS),     R(VECTOR, TAIL),
	R(VECTOR, RED),	       R(VECTOR, DEFAULTS),
	R(VECTOR, GO),	       R(VECTOR, ISSUED),
	R(VECTOR, DONE),       R(VECTOR, WAIT),
	{ 0, NULL },
};

static const char *find(const struct name *names, uint32_t offset)
{
	for (; names->name; names++)
		if (names->offset == offset)
			return names->name;
	return "";
}

const char *name_of_host(uint32_t offset)
{
	if (offset >= ASHLAR_MAP_BAR0_DOORBELL_BASE)
		return "doorbell";
	return find(host, offset);
}

const char *name_of_mp(uint32_t addr)
{
	if (addr - ASHLAR_MAP_MP_MP_BASE < ASHLAR_MAP_MP_MP_BYTES)
		return find(mp, addr - ASHLAR_MAP_MP_MP_BASE);
	if (addr - ASHLAR_MAP_MP_COPY_BASE < 2 * ASHLAR_MAP_MP_COPY_STRIDE)
		return find(copy, addr % ASHLAR_MAP_MP_COPY_STRIDE);
	if (addr - ASHLAR_MAP_MP_TILE_BASE < 64 * ASHLAR_MAP_MP_TILE_STRIDE)
		return find(tile, addr % ASHLAR_MAP_MP_TILE_STRIDE);
	return "";
}

const char *name_of_kernel(uint32_t addr)
{
	uint32_t block = addr & ~0xffu;

	switch (block) {
	case ASHLAR_MAP_KERNEL_UNIT_BASE:
		return find(unit, addr - block);
	case ASHLAR_MAP_KERNEL_LOAD_BASE:
	case ASHLAR_MAP_KERNEL_STORE_BASE:
		if (addr == ASHLAR_MAP_KERNEL_LOAD_BASE)
			return "LOAD.GADDR_LO";
		if (addr == ASHLAR_MAP_KERNEL_STORE_BASE)
			return "STORE.GADDR_LO";
		return find(dma, addr - block);
	case ASHLAR_MAP_KERNEL_MATRIX_BASE:
		return find(matrix, addr - block);
	case ASHLAR_MAP_KERNEL_VECTOR_BASE:
		return find(vector, addr - block);
	default:
		return "";
	}
}
