/* SPDX-License-Identifier: MIT */
/*
 * What a kernel is written with: the tile's identity, its units and their
 * waits. Compiled by ashlar-cc (userspace/sdk/README.md) for the tile's
 * RV32IMC core; everything here is static inline.
 *
 * Words used below.
 *   N          ash_array(): rows, columns and vector lanes of the matrix unit
 *   line       4 * N bytes of scratchpad: what a bank moves in a cycle
 *   offset     byte offset in the scratchpad, 0 .. ash_spad_bytes() - 1
 *   token      names a started macro-operation of one unit; give it to that
 *              unit's wait or done function
 *
 * Units run beside the core and beside each other. Each does its own
 * macro-operations in order; between units nothing is ordered: whoever uses
 * what another unit makes, waits for its token first: the core (ash_wait()), or
 * the unit itself (ash_after()). A unit queues 8
 * macro-operations; starting a ninth stalls the core until there is room. A
 * bad parameter (misaligned, out of range) ends the job with a fault that
 * names the register and its value.
 *
 * Cost: starting a macro-operation is one store instruction for each
 * parameter written plus one for the start and one load for the token.
 */
#ifndef ASHLAR_KERNEL_H
#define ASHLAR_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/kernel_abi.h>

/* From driver/abi; installed beside this header. */
#include "ashlar_abi.h"
#include "ashlar_regs.h"

#if !defined(__riscv) && !defined(ASHLAR_EMU)
#error "a kernel is compiled with ashlar-cc, not with the host's compiler"
#endif

/* Exit codes that the start-up code and this header give. */
#define ASH_EXIT_STACK	0xffff0001u /* the stack grew into data */
#define ASH_EXIT_ASSERT 0xffff0002u /* an ASH_ASSERT failed */

/* --- Registers ----------------------------------------------------------- */

#ifdef ASHLAR_EMU
/* Host emulation of a tile, for tests: userspace/sdk/emu. */
void ash_emu_write(uint32_t address, uint32_t value);
uint32_t ash_emu_read(uint32_t address);
void *ash_emu_spad(uint32_t offset);
_Noreturn void ash_emu_exit(uint32_t code);
#endif

/* Write a register of the KERNEL map; address as in ashlar_regs.h. */
static inline void ash_write(uint32_t address, uint32_t value)
{
#ifdef ASHLAR_EMU
	ash_emu_write(address, value);
#else
	*(volatile uint32_t *)address = value;
#endif
}

/* Read a register of the KERNEL map. */
static inline uint32_t ash_read(uint32_t address)
{
#ifdef ASHLAR_EMU
	return ash_emu_read(address);
#else
	return *(volatile uint32_t *)address;
#endif
}

/* --- The tile ------------------------------------------------------------ */

#define ASH_UNIT_REG(name) (ASHLAR_MAP_KERNEL_UNIT_BASE + ASHLAR_UNIT_##name)

/* This tile's number in the job, 0 .. ash_count() - 1. */
static inline uint32_t ash_index(void)
{
	return ash_read(ASH_UNIT_REG(INDEX));
}

/* Tiles that run this job, 1 or more; each runs the whole kernel once. */
static inline uint32_t ash_count(void)
{
	return ash_read(ASH_UNIT_REG(COUNT));
}

/* The grid given at launch, for the kernel's own use; each 1 or more. */
static inline uint32_t ash_grid_x(void)
{
	return ash_read(ASH_UNIT_REG(GRID_X));
}

static inline uint32_t ash_grid_y(void)
{
	return ash_read(ASH_UNIT_REG(GRID_Y));
}

static inline uint32_t ash_grid_z(void)
{
	return ash_read(ASH_UNIT_REG(GRID_Z));
}

/* N: 8 on the tiny board, 32 on the others. */
static inline uint32_t ash_array(void)
{
	return ash_read(ASH_UNIT_REG(ARRAY));
}

/* Accumulator tiles of the matrix unit, 4 or more. */
static inline uint32_t ash_accs(void)
{
	return ash_read(ASH_UNIT_REG(ACCS));
}

/* Scratchpad size in bytes, a power of two. */
static inline uint32_t ash_spad_bytes(void)
{
	return ash_read(ASH_UNIT_REG(SPAD_BYTES));
}

/*
 * Scratchpad banks, a power of two. A bank is a contiguous range of
 * ash_spad_bytes() / ash_spad_banks() bytes that reads one line and writes one
 * line each cycle; units that want more of it than that take turns.
 */
static inline uint32_t ash_spad_banks(void)
{
	return ash_read(ASH_UNIT_REG(SPAD_BANKS));
}

/* Local memory in bytes: code, data, stack, and 1 KiB of arguments. */
static inline uint32_t ash_lmem_bytes(void)
{
	return ash_read(ASH_UNIT_REG(LMEM_BYTES));
}

/* Bytes of arguments that the launch gave, 0 .. 1024. */
static inline uint32_t ash_arg_bytes(void)
{
	return ash_read(ASH_UNIT_REG(ARG_BYTES));
}

/* Device cycles since this tile started the job; wraps. */
static inline uint32_t ash_cycle(void)
{
	return ash_read(ASH_UNIT_REG(CYCLE));
}

/*
 * The scratchpad at offset, as memory of the core: 32-bit accesses or
 * narrower, a few cycles each. The compiler may move accesses across anything
 * but the wait functions.
 */
static inline void *ash_spad(uint32_t offset)
{
#ifdef ASHLAR_EMU
	return ash_emu_spad(offset);
#else
	return (void *)(ASHLAR_MAP_KERNEL_SPAD_BASE + offset);
#endif
}

/*
 * End the kernel on this tile. 0 is success; any other value fails the job
 * and is reported. The tile ends when its units have finished all they were
 * given; returning from the kernel function does the same.
 */
static inline _Noreturn void ash_exit(uint32_t code)
{
#ifdef ASHLAR_EMU
	ash_emu_exit(code);
#else
	ash_write(ASH_UNIT_REG(EXIT), code);
	for (;;)
		;
#endif
}

/* End the kernel with ASH_EXIT_ASSERT unless the condition holds. */
#define ASH_ASSERT(condition)                      \
	do {                                       \
		if (!(condition))                  \
			ash_exit(ASH_EXIT_ASSERT); \
	} while (0)

/* --- Tokens and waits ---------------------------------------------------- */

typedef uint32_t ash_token;

/* The units, as bases of their register blocks. */
enum ash_unit {
	ASH_LOAD = ASHLAR_MAP_KERNEL_LOAD_BASE, /* global -> scratchpad */
	ASH_STORE = ASHLAR_MAP_KERNEL_STORE_BASE, /* scratchpad -> global */
	ASH_MATRIX = ASHLAR_MAP_KERNEL_MATRIX_BASE,
	ASH_VECTOR = ASHLAR_MAP_KERNEL_VECTOR_BASE,
};

/*
 * All four blocks have GO, ISSUED, DONE and WAIT at the same offsets and the
 * two DMA blocks are alike.
 */
_Static_assert(ASHLAR_LOAD_GO == ASHLAR_STORE_GO &&
		       ASHLAR_LOAD_GO == ASHLAR_MATRIX_GO &&
		       ASHLAR_LOAD_GO == ASHLAR_VECTOR_GO,
	       "one GO offset");
_Static_assert(ASHLAR_LOAD_ISSUED == ASHLAR_VECTOR_ISSUED &&
		       ASHLAR_LOAD_DONE == ASHLAR_VECTOR_DONE &&
		       ASHLAR_LOAD_WAIT == ASHLAR_VECTOR_WAIT,
	       "one layout of the token registers");
_Static_assert(ASHLAR_LOAD_AFTER_LOAD == ASHLAR_VECTOR_AFTER_LOAD &&
		       ASHLAR_LOAD_AFTER_LOAD == ASHLAR_MATRIX_AFTER_LOAD &&
		       ASHLAR_LOAD_AFTER_LOAD == ASHLAR_STORE_AFTER_LOAD &&
		       ASHLAR_LOAD_AFTER_VECTOR == ASHLAR_LOAD_AFTER_LOAD + 12,
	       "AFTER registers in the order of the units");
_Static_assert(ASHLAR_LOAD_STEP3 == ASHLAR_STORE_STEP3 &&
		       ASHLAR_LOAD_DEFAULTS == ASHLAR_STORE_DEFAULTS,
	       "load and store share their layout");

/*
 * Start what the unit's parameters say; they keep their values. For loops that
 * count tokens themselves: the first macro-operation of a launch has token 1.
 */
static inline void ash_start(enum ash_unit unit)
{
	/* What the core wrote to the scratchpad is written by now. */
	__asm__ volatile("" ::: "memory");
	ash_write(unit + ASHLAR_LOAD_GO, 1);
}

/* The same; returns the token. */
static inline ash_token ash_go(enum ash_unit unit)
{
	ash_start(unit);
	return ash_read(unit + ASHLAR_LOAD_ISSUED);
}

/*
 * The unit begins the macro-operations that are started from now on only when
 * `other` has finished the token; the core goes on. The token must have been
 * started by then, else starting is an access fault of the core. A token that
 * is finished holds nothing up, so the last one stays in force without harm.
 */
static inline void ash_after(enum ash_unit unit, enum ash_unit other,
			     ash_token token)
{
	uint32_t number = ((uint32_t)other - ASH_LOAD) / (ASH_STORE - ASH_LOAD);

	ash_write(unit + ASHLAR_LOAD_AFTER_LOAD + 4 * number, token);
}

/* Stall the core until the unit has finished the token and all before it. */
static inline void ash_wait(enum ash_unit unit, ash_token token)
{
	ash_write(unit + ASHLAR_LOAD_WAIT, token);
	__asm__ volatile("" ::: "memory");
}

/* Whether the unit has finished the token; does not stall. */
static inline bool ash_done(enum ash_unit unit, ash_token token)
{
	bool done = (int32_t)(ash_read(unit + ASHLAR_LOAD_DONE) - token) >= 0;

	__asm__ volatile("" ::: "memory");
	return done;
}

/* Stall the core until the unit has finished all it was given. */
static inline void ash_wait_all(enum ash_unit unit)
{
	ash_wait(unit, ash_read(unit + ASHLAR_LOAD_ISSUED));
}

/* Macro-operations of the unit not finished yet, 0 .. 9. */
static inline uint32_t ash_pending(enum ash_unit unit)
{
	uint32_t done = ash_read(unit + ASHLAR_LOAD_DONE);

	return ash_read(unit + ASHLAR_LOAD_ISSUED) - done;
}

/* --- DMA ----------------------------------------------------------------- */

/*
 * A DMA moves runs of contiguous bytes; addresses may have any alignment. It
 * handles one 64-byte aligned piece of a run each cycle, each way, so runs of
 * whole, aligned 64-byte pieces go at 64 bytes a cycle and runs of 32 bytes
 * at 32. Memory answers after some 60 cycles; a DMA has up to 64 pieces under
 * way and goes on with its next macro-operation meanwhile.
 *
 * Between calls the parameters beyond two dimensions are at their defaults
 * (COUNT2 = COUNT3 = 1, START 0, no LIMIT, STEP 1, no GATHER): the functions
 * below keep it so, and code that writes the registers itself must, too.
 */

/* 1-D: bytes (1 .. ash_spad_bytes()) between global address and offset. */
static inline ash_token ash_dma_1d(enum ash_unit unit, uint32_t offset,
				   uint64_t global, uint32_t bytes)
{
	ash_write(unit + ASHLAR_LOAD_GADDR_LO, (uint32_t)global);
	ash_write(unit + ASHLAR_LOAD_GADDR_HI, (uint32_t)(global >> 32));
	ash_write(unit + ASHLAR_LOAD_LADDR, offset);
	ash_write(unit + ASHLAR_LOAD_RUN, bytes);
	ash_write(unit + ASHLAR_LOAD_COUNT1, 1);
	return ash_go(unit);
}

/*
 * Shape of the following ash_dma_at() calls: runs (1 .. 65535) of run bytes,
 * strides in bytes from run to run on either side.
 */
static inline void ash_dma_shape(enum ash_unit unit, uint32_t run,
				 uint32_t runs, int32_t local_stride,
				 int32_t global_stride)
{
	ash_write(unit + ASHLAR_LOAD_RUN, run);
	ash_write(unit + ASHLAR_LOAD_COUNT1, runs);
	ash_write(unit + ASHLAR_LOAD_LSTRIDE1, (uint32_t)local_stride);
	ash_write(unit + ASHLAR_LOAD_GSTRIDE1, (uint32_t)global_stride);
}

/* Move what ash_dma_shape() said between these addresses. */
static inline ash_token ash_dma_at(enum ash_unit unit, uint32_t offset,
				   uint64_t global)
{
	ash_write(unit + ASHLAR_LOAD_GADDR_LO, (uint32_t)global);
	ash_write(unit + ASHLAR_LOAD_GADDR_HI, (uint32_t)(global >> 32));
	ash_write(unit + ASHLAR_LOAD_LADDR, offset);
	return ash_go(unit);
}

/*
 * Load run x runs bytes to offset, local_stride apart, from global,
 * global_stride apart. Returns the token of ASH_LOAD.
 */
static inline ash_token ash_load(uint32_t offset, int32_t local_stride,
				 uint64_t global, int32_t global_stride,
				 uint32_t run, uint32_t runs)
{
	ash_dma_shape(ASH_LOAD, run, runs, local_stride, global_stride);
	return ash_dma_at(ASH_LOAD, offset, global);
}

/* The same from offset to global. Returns the token of ASH_STORE. */
static inline ash_token ash_store(uint64_t global, int32_t global_stride,
				  uint32_t offset, int32_t local_stride,
				  uint32_t run, uint32_t runs)
{
	ash_dma_shape(ASH_STORE, run, runs, local_stride, global_stride);
	return ash_dma_at(ASH_STORE, offset, global);
}

/* Contiguous loads and stores of 1 .. ash_spad_bytes() bytes. */
static inline ash_token ash_load_1d(uint32_t offset, uint64_t global,
				    uint32_t bytes)
{
	return ash_dma_1d(ASH_LOAD, offset, global, bytes);
}

static inline ash_token ash_store_1d(uint64_t global, uint32_t offset,
				     uint32_t bytes)
{
	return ash_dma_1d(ASH_STORE, offset, global, bytes);
}

/* Dimensions 1 to 3 of a DMA; 0 is the bytes of a run. */
struct ash_dma_dim {
	uint32_t count; /* runs, 1 .. 65535 */
	int32_t global_stride; /* bytes for one step of the coordinate */
	int32_t local_stride; /* bytes from one run to the next */
	int32_t start; /* first coordinate; may be negative */
	int32_t step; /* coordinate step from run to run, 16 bit signed */
	uint32_t limit; /* coordinates outside 0 .. limit - 1 are padding */
};

#define ASH_NO_LIMIT 0x7fffffffu

/*
 * The whole of a DMA macro-operation: byte j of run (i1, i2, i3) lies at
 *   global + (start0 + j) + sum of (start + i * step) * global_stride
 *   offset + j            + sum of i * local_stride
 * over the three dimensions. Where a coordinate (start0 + j, start + i * step)
 * is outside 0 .. limit - 1, a load writes zero and a store writes nothing,
 * and global memory is not touched: this is how convolutions pad.
 */
struct ash_dma {
	uint64_t global;
	uint32_t offset;
	uint32_t run; /* bytes, 1 .. ash_spad_bytes() */
	int32_t start0; /* bytes */
	uint32_t limit0; /* bytes; ASH_NO_LIMIT for none */
	struct ash_dma_dim dim[3];
};

/*
 * A 1-D description, to be filled in further: no padding, counts 1.
 * (Versions of clang-format differ about braces in macros.)
 */
/* clang-format off */
#define ASH_DMA_INIT(global_, offset_, run_)                             \
	{                                                                \
		.global = (global_), .offset = (offset_), .run = (run_), \
		.limit0 = ASH_NO_LIMIT,                                  \
		.dim = { { 1, 0, 0, 0, 1, ASH_NO_LIMIT },                \
			 { 1, 0, 0, 0, 1, ASH_NO_LIMIT },                \
			 { 1, 0, 0, 0, 1, ASH_NO_LIMIT } },              \
	}
/* clang-format on */

/* Start a described DMA on ASH_LOAD or ASH_STORE: 25 stores, one load. */
static inline ash_token ash_dma_nd(enum ash_unit unit, const struct ash_dma *d)
{
	ash_token token;
	uint32_t i;

	ash_write(unit + ASHLAR_LOAD_RUN, d->run);
	ash_write(unit + ASHLAR_LOAD_START0, (uint32_t)d->start0);
	ash_write(unit + ASHLAR_LOAD_LIMIT0, d->limit0);
	for (i = 0; i < 3; i++) {
		const struct ash_dma_dim *dim = &d->dim[i];
		uint32_t reg = unit + 4 * i;

		ash_write(reg + ASHLAR_LOAD_COUNT1, dim->count);
		ash_write(reg + ASHLAR_LOAD_GSTRIDE1,
			  (uint32_t)dim->global_stride);
		ash_write(reg + ASHLAR_LOAD_LSTRIDE1,
			  (uint32_t)dim->local_stride);
		ash_write(reg + ASHLAR_LOAD_START1, (uint32_t)dim->start);
		ash_write(reg + ASHLAR_LOAD_LIMIT1, dim->limit);
		ash_write(reg + ASHLAR_LOAD_STEP1, (uint32_t)dim->step);
	}
	token = ash_dma_at(unit, d->offset, d->global);
	ash_write(unit + ASHLAR_LOAD_DEFAULTS, 1);
	return token;
}

/*
 * The following DMA operations of the unit take coordinate 1 of a run from a
 * table: run i1 is row index[i1] of the global matrix, whose rows are
 * GSTRIDE1 apart. indices is the offset of COUNT1 int32 (a multiple of 4),
 * which are there before the operation begins (ash_after() or ash_wait() for a
 * load of them, before another load too) and stay as they are until it is done. A row
 * outside 0 .. limit - 1 is loaded as zeros, and not stored. Two indices may
 * be equal: loads repeat the row, of stores the later one stays. With rows of
 * 64 bytes or more, gathering is as fast as strides are.
 */
static inline void ash_dma_gather(enum ash_unit unit, uint32_t indices,
				  uint32_t limit)
{
	ash_write(unit + ASHLAR_LOAD_INDEX, indices);
	ash_write(unit + ASHLAR_LOAD_LIMIT1, limit);
	ash_write(unit + ASHLAR_LOAD_GATHER, ASHLAR_LOAD_GATHER_ON);
}

/* No table any more: all parameters of the unit at their defaults. */
static inline void ash_dma_plain(enum ash_unit unit)
{
	ash_write(unit + ASHLAR_LOAD_DEFAULTS, 1);
}

/* --- Matrix unit --------------------------------------------------------- */

#define ASH_FIELD(reg, field, value) \
	((uint32_t)(value) << ASHLAR_##reg##_##field##_SHIFT)

/* Element types of the matrix unit's operands. */
enum ash_type {
	ASH_INT8 = ASHLAR_MATRIX_CFG_TYPE_INT8, /* 4 k a cycle */
	ASH_BF16 = ASHLAR_MATRIX_CFG_TYPE_BF16, /* 1 k a cycle */
	ASH_FP16 = ASHLAR_MATRIX_CFG_TYPE_FP16, /* 1 k a cycle */
};

/* Bytes of an element. */
static inline uint32_t ash_type_bytes(enum ash_type type)
{
	return type == ASH_INT8 ? 1 : 2;
}

/*
 * How an operand lies in the scratchpad. ASH_ROWS: each of the N rows of A
 * (columns of B) is contiguous along k, pitch bytes from one to the next.
 * ASH_KMAJOR: the N elements of one k are contiguous, then those of the next
 * k; a line holds 4 k (int8) or 2 k, and pitch is from line to line, 4 * N
 * when the lines are contiguous. Offset and pitch are multiples of a line.
 * Elements beyond k take no part, whatever the memory holds.
 */
enum ash_form { ASH_ROWS = 0, ASH_KMAJOR = 1 };

/* Operation word for ash_matmul(). acc: 0 .. ash_accs() - 1. */
static inline uint32_t ash_matmul_cfg(enum ash_type type, enum ash_form a,
				      enum ash_form b)
{
	return ASH_FIELD(MATRIX, CFG_TYPE, type) |
	       ASH_FIELD(MATRIX, CFG_A_KMAJOR, a) |
	       ASH_FIELD(MATRIX, CFG_B_KMAJOR, b);
}

/* Pitches (bytes) and k (1 .. 65535) of the following ash_matmul() calls. */
static inline void ash_matmul_shape(uint32_t a_pitch, uint32_t b_pitch,
				    uint32_t k)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_PITCH, a_pitch);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_PITCH, b_pitch);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_K, k);
}

/*
 * acc[N x N] (+)= A[N x k] * B[k x N], k in increasing order. cfg from
 * ash_matmul_cfg(); accumulate adds to what the accumulator holds. Takes k
 * cycles (int8: k / 4) when A and B lie in different banks; macro-operations
 * follow each other without a gap. Returns the token of ASH_MATRIX.
 */
static inline ash_token ash_matmul(uint32_t cfg, uint32_t acc, bool accumulate,
				   uint32_t a, uint32_t b)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_ADDR, a);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_ADDR, b);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_CFG,
		  cfg | ASH_FIELD(MATRIX, CFG_ACC, acc) |
			  ASH_FIELD(MATRIX, CFG_ACCUMULATE, accumulate));
	return ash_go(ASH_MATRIX);
}

/*
 * The following ash_matmul() calls make tiles results (1 .. ash_accs() - acc),
 * in accumulators acc, acc + 1, ...: of A and B so many bytes further for each
 * (multiples of a line, which may be negative). They leave no gap.
 */
static inline void ash_matmul_tiles(uint32_t tiles, int32_t a_step,
				    int32_t b_step)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_TILES, tiles);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_TILE, (uint32_t)a_step);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_TILE, (uint32_t)b_step);
}

/*
 * The following ash_matmul() calls add up parts products of k elements each
 * (parts * k at most 65535), of A and B so many bytes further for each: k of
 * which not all lies together, as the rows of a convolution's kernel.
 */
static inline void ash_matmul_parts(uint32_t parts, int32_t a_step,
				    int32_t b_step)
{
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_PARTS, parts);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_A_PART, (uint32_t)a_step);
	ash_write(ASH_MATRIX + ASHLAR_MATRIX_B_PART, (uint32_t)b_step);
}

/* --- Vector unit --------------------------------------------------------- */

/*
 * The vector unit takes GROUPS groups of ROWS rows of N elements through
 *   widen, SRC2, bias, scale, late bias, function, late SRC2, ReLU,
 *   reduction, conversion
 * of which each but the first and last is left out unless asked for
 * (hw-model/regs/registers.md, block VECTOR). The functions below set what is
 * asked for and then start; registers keep their values between operations.
 *
 * Between kernels' functions the parameters of groups are at their defaults
 * (OP 0, GROUPS 1, TAIL 0), as the start-up code leaves them: code that
 * changes them puts them back (ash_vector_plain()).
 */

/* Formats of the vector unit. */
enum ash_format {
	ASH_FMT_NONE = 0, /* destination only: nothing but the reduction */
	ASH_FMT_ACC_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32, /* source only */
	ASH_FMT_ACC_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32, /* source only */
	ASH_FMT_I32 = ASHLAR_VECTOR_CFG_SRC_FMT_I32,
	ASH_FMT_F32 = ASHLAR_VECTOR_CFG_SRC_FMT_F32,
	ASH_FMT_BF16 = ASHLAR_VECTOR_CFG_SRC_FMT_BF16,
	ASH_FMT_FP16 = ASHLAR_VECTOR_CFG_SRC_FMT_FP16,
	ASH_FMT_I8 = ASHLAR_VECTOR_CFG_SRC_FMT_I8,
};

/* Bytes of an element of a format in memory. */
static inline uint32_t ash_format_bytes(enum ash_format format)
{
	if (format == ASH_FMT_I8)
		return 1;
	return format == ASH_FMT_BF16 || format == ASH_FMT_FP16 ? 2 : 4;
}

/* How SRC2 (y) is combined with the value (x). */
enum ash_vector_op {
	ASH_ADD = ASHLAR_VECTOR_CFG_SRC2_OP_ADD,
	ASH_SUB = ASHLAR_VECTOR_CFG_SRC2_OP_SUB, /* x - y */
	ASH_MUL = ASHLAR_VECTOR_CFG_SRC2_OP_MUL,
	ASH_MAX = ASHLAR_VECTOR_CFG_SRC2_OP_MAX,
	ASH_MIN = ASHLAR_VECTOR_CFG_SRC2_OP_MIN,
	ASH_GT = ASHLAR_VECTOR_CFG_SRC2_OP_GT, /* 1 or 0 */
	ASH_GE = ASHLAR_VECTOR_CFG_SRC2_OP_GE,
	ASH_EQ = ASHLAR_VECTOR_CFG_SRC2_OP_EQ,
	ASH_GATE = ASHLAR_VECTOR_CFG_SRC2_OP_GATE, /* y > 0 ? x : 0 */
	ASH_KEEP = ASHLAR_VECTOR_CFG_SRC2_OP_KEEP, /* y != 0 ? x : 0 */
	/* int32 only. */
	ASH_MULHU = ASHLAR_VECTOR_CFG_SRC2_OP_MULHU,
	ASH_AND = ASHLAR_VECTOR_CFG_SRC2_OP_AND,
	ASH_OR = ASHLAR_VECTOR_CFG_SRC2_OP_OR,
	ASH_XOR = ASHLAR_VECTOR_CFG_SRC2_OP_XOR,
	ASH_SHL = ASHLAR_VECTOR_CFG_SRC2_OP_SHL, /* x << (y & 31) */
	ASH_SHR = ASHLAR_VECTOR_CFG_SRC2_OP_SHR, /* logical */
};

/*
 * Operation word of the vector unit (CFG): source and destination format,
 * or-ed with what is to be done in between.
 *
 * An operand is a row of N (..._ROW; SRC2: rows, in a format of their own), an
 * immediate (..._IMM) or one word for each group (..._WORDS). Its register is
 * written by ash_vector_src2(), _bias(), _scale(): an offset, or the bits of
 * the immediate.
 */
#define ASH_VEC(src, dst)                      \
	(ASH_FIELD(VECTOR, CFG_SRC_FMT, src) | \
	 ASH_FIELD(VECTOR, CFG_DST_FMT, dst))
#define ASH_VEC_SEL(operand, sel) \
	ASH_FIELD(VECTOR, CFG_##operand##_SEL, ASHLAR_VECTOR_CFG_SRC2_SEL_##sel)
#define ASH_VEC_SRC2_ROWS(fmt, op)                                         \
	(ASH_VEC_SEL(SRC2, ROW) | ASH_FIELD(VECTOR, CFG_SRC2_FMT, (fmt)) | \
	 ASH_FIELD(VECTOR, CFG_SRC2_OP, (op)))
#define ASH_VEC_SRC2_IMM(op) \
	(ASH_VEC_SEL(SRC2, IMM) | ASH_FIELD(VECTOR, CFG_SRC2_OP, (op)))
#define ASH_VEC_SRC2_WORDS(op) \
	(ASH_VEC_SEL(SRC2, SCALAR) | ASH_FIELD(VECTOR, CFG_SRC2_OP, (op)))
#define ASH_VEC_LATE	    ASH_FIELD(VECTOR, CFG_SRC2_LATE, 1) /* SRC2 is */
#define ASH_VEC_BIAS_ROW    ASH_VEC_SEL(BIAS, ROW)
#define ASH_VEC_BIAS_IMM    ASH_VEC_SEL(BIAS, IMM)
#define ASH_VEC_BIAS_WORDS  ASH_VEC_SEL(BIAS, SCALAR)
#define ASH_VEC_BIAS_LATE   ASH_FIELD(VECTOR, CFG_BIAS_LATE, 1)
#define ASH_VEC_SCALE_ROW   ASH_VEC_SEL(SCALE, ROW)
#define ASH_VEC_SCALE_IMM   ASH_VEC_SEL(SCALE, IMM)
#define ASH_VEC_SCALE_WORDS ASH_VEC_SEL(SCALE, SCALAR)
#define ASH_VEC_RELU	    ASH_FIELD(VECTOR, CFG_RELU, 1)
#define ASH_VEC_TRANSPOSE   ASH_FIELD(VECTOR, CFG_TRANSPOSE, 1)

/* Functions of the value as fp32. How far each is off: hw-model/numerics. */
enum ash_function {
	ASH_FN_NONE = ASHLAR_VECTOR_OP_FN_NONE,
	ASH_FN_EXP = ASHLAR_VECTOR_OP_FN_EXP,
	ASH_FN_LOG = ASHLAR_VECTOR_OP_FN_LOG, /* natural */
	ASH_FN_RECIP = ASHLAR_VECTOR_OP_FN_RECIP,
	ASH_FN_RSQRT = ASHLAR_VECTOR_OP_FN_RSQRT,
	ASH_FN_SQRT = ASHLAR_VECTOR_OP_FN_SQRT,
	ASH_FN_TANH = ASHLAR_VECTOR_OP_FN_TANH,
	ASH_FN_ERF = ASHLAR_VECTOR_OP_FN_ERF,
	ASH_FN_ABS = ASHLAR_VECTOR_OP_FN_ABS,
	ASH_FN_SQUARE = ASHLAR_VECTOR_OP_FN_SQUARE,
};

/* How a group is reduced. */
enum ash_reduction {
	ASH_SUM = ASHLAR_VECTOR_OP_RED_OP_SUM,
	ASH_GREATEST = ASHLAR_VECTOR_OP_RED_OP_MAX,
	ASH_LEAST = ASHLAR_VECTOR_OP_RED_OP_MIN,
};

/*
 * Second operation word (OP): a function, and a reduction to one word for each
 * group or to N words, one for each lane, for each group.
 */
#define ASH_VEC_FN(fn) ASH_FIELD(VECTOR, OP_FN, fn)
#define ASH_VEC_TO_WORD(reduction)                                        \
	(ASH_FIELD(VECTOR, OP_RED_MODE, ASHLAR_VECTOR_OP_RED_MODE_WORD) | \
	 ASH_FIELD(VECTOR, OP_RED_OP, reduction))
#define ASH_VEC_TO_LANES(reduction)                                        \
	(ASH_FIELD(VECTOR, OP_RED_MODE, ASHLAR_VECTOR_OP_RED_MODE_LANES) | \
	 ASH_FIELD(VECTOR, OP_RED_OP, reduction))

/*
 * SRC2 of the following operations: the offset of rows, pitch bytes from row
 * to row (0 repeats), or of words, or the bits of an immediate.
 */
static inline void ash_vector_src2(uint32_t src2, uint32_t pitch)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2, src2);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_PITCH, pitch);
}

/* Bias: offset of a row or of words, or an immediate; int32 or fp32. */
static inline void ash_vector_bias(uint32_t bias)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_BIAS, bias);
}

/* Scale: offset of a row or of words, or an immediate; fp32. */
static inline void ash_vector_scale(uint32_t scale)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SCALE, scale);
}

/*
 * Operation and pitches of the following ash_vector_at() calls. Pitches are
 * bytes from row to row, multiples of N elements of their format; src_pitch 0
 * repeats the source row. An accumulator's pitch is counted in its rows: 1.
 */
static inline void ash_vector_shape(uint32_t cfg, uint32_t dst_pitch,
				    uint32_t src_pitch)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_CFG, cfg);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_PITCH, dst_pitch);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_PITCH, src_pitch);
}

/*
 * Groups (1 .. 65535) of the following operations and the distances from one to
 * the next: bytes, of an accumulator rows.
 */
static inline void ash_vector_groups(uint32_t groups, uint32_t dst_gpitch,
				     uint32_t src_gpitch, uint32_t src2_gpitch)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_GROUPS, groups);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST_GPITCH, dst_gpitch);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC_GPITCH, src_gpitch);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC2_GPITCH, src2_gpitch);
}

/* Lanes of each group's last row, 1 .. N; 0: all. */
static inline void ash_vector_tail(uint32_t lanes)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_TAIL, lanes);
}

/*
 * Function and reduction of the following operations (ASH_VEC_FN,
 * ASH_VEC_TO_WORD, ASH_VEC_TO_LANES or-ed) and where the reduction goes: words
 * of 4 bytes, or rows of N of them, one after the other.
 */
static inline void ash_vector_function(uint32_t op, uint32_t red)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_OP, op);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_RED, red);
}

/* All parameters as the start-up code leaves them. */
static inline void ash_vector_plain(void)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DEFAULTS, 1);
}

/* Number of a row of an accumulator, as a source. */
static inline uint32_t ash_acc_row(uint32_t acc, uint32_t row)
{
	return acc * ash_array() + row;
}

/*
 * Rows (1 .. 65535) of N elements from src to dst, as ash_vector_shape() said.
 * src is an offset or, for ASH_FMT_ACC_*, the number of an accumulator's row
 * (ash_acc_row()), whose matrix token has been waited for. One row a cycle
 * when the banks are free; two for SRC2 rows beside a source in the
 * scratchpad; a bank that two operands share takes turns. Returns the token of
 * ASH_VECTOR.
 */
static inline ash_token ash_vector_at(uint32_t dst, uint32_t src, uint32_t rows)
{
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_SRC, src);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_DST, dst);
	ash_write(ASH_VECTOR + ASHLAR_VECTOR_ROWS, rows);
	return ash_go(ASH_VECTOR);
}

/* Both in one call. */
static inline ash_token ash_vector(uint32_t cfg, uint32_t dst,
				   uint32_t dst_pitch, uint32_t src,
				   uint32_t src_pitch, uint32_t rows)
{
	ash_vector_shape(cfg, dst_pitch, src_pitch);
	return ash_vector_at(dst, src, rows);
}

/* --- Scratchpad allocation ----------------------------------------------- */

/* Bytes of the scratchpad given out, from its start. */
struct ash_arena {
	uint32_t next; /* first free offset */
	uint32_t end;
};

/* All of the scratchpad. */
static inline struct ash_arena ash_arena_all(void)
{
	return (struct ash_arena){ 0, ash_spad_bytes() };
}

/* Banks first .. first + count - 1, to keep units out of each other's way. */
static inline struct ash_arena ash_arena_banks(uint32_t first, uint32_t count)
{
	uint32_t bank = ash_spad_bytes() / ash_spad_banks();

	return (struct ash_arena){ first * bank, (first + count) * bank };
}

/*
 * Take bytes, rounded up to whole lines, from the arena. Returns the offset;
 * ends the kernel with ASH_EXIT_ASSERT when there is no room.
 */
static inline uint32_t ash_alloc(struct ash_arena *arena, uint32_t bytes)
{
	uint32_t line = 4 * ash_array();
	uint32_t offset = arena->next;

	bytes = (bytes + line - 1) & ~(line - 1);
	ASH_ASSERT(bytes <= arena->end - offset);
	arena->next = offset + bytes;
	return offset;
}

/* Bytes still free in the arena. */
static inline uint32_t ash_arena_free(const struct ash_arena *arena)
{
	return arena->end - arena->next;
}

/* --- Defining a kernel --------------------------------------------------- */

/* From the linker script: image, .bss, least stack and argument area. */
extern const char ash_lmem_need[];

/*
 * The descriptor that libashlar reads; the linker script keeps it out of the
 * loaded image.
 */
#define ASH_KERNEL_DESC(kernel_name, args_type)                           \
	static const struct ashlar_kernel_desc ash_desc_##kernel_name     \
		__attribute__((section(ASHLAR_KERNEL_SECTION), used)) = { \
			.magic = ASHLAR_KERNEL_MAGIC,                     \
			.size = sizeof(struct ashlar_kernel_desc),        \
			.abi_min = ASHLAR_ABI_KERNEL,                     \
			.abi_max = ASHLAR_ABI_KERNEL,                     \
			.name = #kernel_name,                             \
			.entry = (uint32_t)ash_entry_##kernel_name,       \
			.arg_bytes = sizeof(args_type),                   \
			.lmem_bytes = (uint32_t)ash_lmem_need,            \
		};                                                        \
	_Static_assert(sizeof(#kernel_name) <= ASHLAR_KERNEL_NAME_MAX,    \
		       "a kernel's name has at most 47 characters")

/*
 * ASHLAR_KERNEL(name, args_type) { ... return 0; }
 *
 * Defines the kernel `name` with the body that follows; in it `args` points
 * to the arguments of the launch (const args_type *, at most 1024 bytes,
 * which must have the same layout on the host: fixed-width types, no
 * pointers). The body runs once on each tile of the job and returns the exit
 * code. One file may define several kernels.
 */
#ifdef ASHLAR_EMU
#define ASHLAR_KERNEL(name, args_type)                             \
	_Static_assert(sizeof(args_type) <= ASHLAR_KERNEL_ARG_MAX, \
		       "arguments: 1024 bytes");                   \
	uint32_t name(const args_type *args);                      \
	uint32_t name(const args_type *args)
#else
#define ASHLAR_KERNEL(name, args_type)                             \
	_Static_assert(sizeof(args_type) <= ASHLAR_KERNEL_ARG_MAX, \
		       "arguments: 1024 bytes");                   \
	uint32_t name(const args_type *args);                      \
	extern const char ash_entry_##name[];                      \
	__asm__(".pushsection .text.ash_entry,\"ax\",@progbits\n"  \
		".balign 4\n"                                      \
		".option push\n"                                   \
		".option norelax\n" /* gp is not set yet */        \
		".globl ash_entry_" #name "\n"                     \
		"ash_entry_" #name ":\n"                           \
		"\tlui t0, %hi(" #name ")\n"                       \
		"\taddi t0, t0, %lo(" #name ")\n"                  \
		"\tj ash_start\n"                                  \
		".option pop\n"                                    \
		".popsection\n");                                  \
	ASH_KERNEL_DESC(name, args_type);                          \
	uint32_t name(const args_type *args)
#endif

#endif
