/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * The registers of the Ashlar board. Made by regsgen from
 * hw-model/regs/ashlar.regs; change that, then run `make regs`.
 * Names without suffix are byte offsets in their block.
 */
/* clang-format off */
#ifndef ASHLAR_REGS_H
#define ASHLAR_REGS_H

/* Host interface registers */
#define ASHLAR_MAP_BAR0_HOST_BASE 0x0
#define ASHLAR_MAP_BAR0_HOST_BYTES 0x1000
/* Board device tree blob, read only, HOST.DTB_BYTES long */
#define ASHLAR_MAP_BAR0_DTB_BASE 0x10000
#define ASHLAR_MAP_BAR0_DTB_BYTES 0x10000
/* Shared SRAM: control ring, log ring, telemetry (driver/abi/ashlar_abi.h) */
#define ASHLAR_MAP_BAR0_SHARED_BASE 0x20000
#define ASHLAR_MAP_BAR0_SHARED_BYTES 0x10000
/* Doorbell pages; page 0 is the control ring's */
#define ASHLAR_MAP_BAR0_DOORBELL_BASE 0x80000
#define ASHLAR_MAP_BAR0_DOORBELL_BYTES 0x1000
#define ASHLAR_MAP_BAR0_DOORBELL_STRIDE 0x1000
#define ASHLAR_MAP_BAR0_DOORBELL_COUNT 64
/* Board memory, whole; its size is in the device tree */
#define ASHLAR_MAP_BAR2_MEM_BASE 0x0
/* Boot ROM */
#define ASHLAR_MAP_MP_ROM_BASE 0x0
#define ASHLAR_MAP_MP_ROM_BYTES 0x4000
/* Code and data of the runtime firmware */
#define ASHLAR_MAP_MP_TCM_BASE 0x10000000
#define ASHLAR_MAP_MP_TCM_BYTES 0x20000
/* Shared SRAM, the same memory as in BAR0 */
#define ASHLAR_MAP_MP_SHARED_BASE 0x18000000
#define ASHLAR_MAP_MP_SHARED_BYTES 0x10000
/* Timer, interrupts, doorbells, watchdog, configuration */
#define ASHLAR_MAP_MP_MP_BASE 0x20000000
#define ASHLAR_MAP_MP_MP_BYTES 0x1000
/* Copy engines */
#define ASHLAR_MAP_MP_COPY_BASE 0x20010000
#define ASHLAR_MAP_MP_COPY_BYTES 0x100
#define ASHLAR_MAP_MP_COPY_STRIDE 0x100
#define ASHLAR_MAP_MP_COPY_COUNT 2
/* Board device tree blob */
#define ASHLAR_MAP_MP_DTB_BASE 0x20020000
#define ASHLAR_MAP_MP_DTB_BYTES 0x10000
/* Tile control; tiles that do not exist answer with a bus error */
#define ASHLAR_MAP_MP_TILE_BASE 0x20100000
#define ASHLAR_MAP_MP_TILE_BYTES 0x10000
#define ASHLAR_MAP_MP_TILE_STRIDE 0x10000
#define ASHLAR_MAP_MP_TILE_COUNT 64
/* Local memory: code, data, stack, arguments; real size in UNIT.LMEM_BYTES */
#define ASHLAR_MAP_KERNEL_LMEM_BASE 0x0
#define ASHLAR_MAP_KERNEL_LMEM_BYTES 0x10000
/* Scratchpad; real size in UNIT.SPAD_BYTES */
#define ASHLAR_MAP_KERNEL_SPAD_BASE 0x10000000
#define ASHLAR_MAP_KERNEL_SPAD_BYTES 0x100000
/* Tile identity, exit */
#define ASHLAR_MAP_KERNEL_UNIT_BASE 0x20000000
#define ASHLAR_MAP_KERNEL_UNIT_BYTES 0x100
/* Load DMA (global memory to scratchpad) */
#define ASHLAR_MAP_KERNEL_LOAD_BASE 0x20000100
#define ASHLAR_MAP_KERNEL_LOAD_BYTES 0x100
/* Store DMA (scratchpad to global memory) */
#define ASHLAR_MAP_KERNEL_STORE_BASE 0x20000200
#define ASHLAR_MAP_KERNEL_STORE_BYTES 0x100
/* Matrix unit */
#define ASHLAR_MAP_KERNEL_MATRIX_BASE 0x20000300
#define ASHLAR_MAP_KERNEL_MATRIX_BYTES 0x100
/* Vector unit */
#define ASHLAR_MAP_KERNEL_VECTOR_BASE 0x20000400
#define ASHLAR_MAP_KERNEL_VECTOR_BYTES 0x100

/* Host interface (BAR0) */
#define ASHLAR_HOST_BLOCK_BYTES 0x1000
/*
 * 32-bit accesses only. A read of an unmapped offset gives 0 and a write is
 * dropped; both set HOST_ERR.UNMAPPED.
 */
/* "ASHL" in little-endian ASCII */
#define ASHLAR_HOST_ID 0x0
#define ASHLAR_HOST_ID_RESET 0x4c485341
/* Version of the hardware/firmware interface */
#define ASHLAR_HOST_HW_VERSION 0x4
#define ASHLAR_HOST_HW_VERSION_RESET 0x10003
#define ASHLAR_HOST_HW_VERSION_MAJOR_MASK 0xffff0000
#define ASHLAR_HOST_HW_VERSION_MAJOR_SHIFT 16
#define ASHLAR_HOST_HW_VERSION_MINOR_MASK 0xffff
#define ASHLAR_HOST_HW_VERSION_MINOR_SHIFT 0
/* What answers */
#define ASHLAR_HOST_PLATFORM 0x8
#define ASHLAR_HOST_PLATFORM_SILICON 0x0
#define ASHLAR_HOST_PLATFORM_RTL 0x1
#define ASHLAR_HOST_PLATFORM_FAST 0x2
/* Size of the board device tree blob */
#define ASHLAR_HOST_DTB_BYTES 0xc
/* Management processor control */
#define ASHLAR_HOST_MP_CTRL 0x10
#define ASHLAR_HOST_MP_CTRL_RESET 0x0
#define ASHLAR_HOST_MP_CTRL_RUN_MASK 0x1
#define ASHLAR_HOST_MP_CTRL_RUN_SHIFT 0
/* The processor's last post code (MP.POST) */
#define ASHLAR_HOST_POST 0x14
/* Board memory address of the firmware image, bits 31:0, multiple of 64 */
#define ASHLAR_HOST_BOOT_ADDR_LO 0x18
#define ASHLAR_HOST_BOOT_ADDR_LO_RESET 0x0
/* Bits 47:32 */
#define ASHLAR_HOST_BOOT_ADDR_HI 0x1c
#define ASHLAR_HOST_BOOT_ADDR_HI_RESET 0x0
/* Size of the firmware image */
#define ASHLAR_HOST_BOOT_BYTES 0x20
#define ASHLAR_HOST_BOOT_BYTES_RESET 0x0
/* Writing KEY resets everything but board memory */
#define ASHLAR_HOST_RESET 0x24
#define ASHLAR_HOST_RESET_KEY 0x52534554
/* Device time in cycles, bits 31:0; reading it latches CYCLE_HI */
#define ASHLAR_HOST_CYCLE_LO 0x28
/* Device time, bits 63:32, as latched */
#define ASHLAR_HOST_CYCLE_HI 0x2c
/* What the host did wrong since last cleared */
#define ASHLAR_HOST_HOST_ERR 0x30
#define ASHLAR_HOST_HOST_ERR_RESET 0x0
#define ASHLAR_HOST_HOST_ERR_UNMAPPED_MASK 0x1
#define ASHLAR_HOST_HOST_ERR_UNMAPPED_SHIFT 0
#define ASHLAR_HOST_HOST_ERR_DB_DISABLED_MASK 0x2
#define ASHLAR_HOST_HOST_ERR_DB_DISABLED_SHIFT 1
#define ASHLAR_HOST_HOST_ERR_DB_OVERRUN_MASK 0x4
#define ASHLAR_HOST_HOST_ERR_DB_OVERRUN_SHIFT 2
#define ASHLAR_HOST_HOST_ERR_DMA_RANGE_MASK 0x8
#define ASHLAR_HOST_HOST_ERR_DMA_RANGE_SHIFT 3
/* Offset (or low address) of the first error since last cleared */
#define ASHLAR_HOST_HOST_ERR_ADDR 0x34
/* Board memory size, bits 31:0 */
#define ASHLAR_HOST_MEM_BYTES_LO 0x38
/* Board memory size, bits 63:32 */
#define ASHLAR_HOST_MEM_BYTES_HI 0x3c
/* No function; for bring-up tests */
#define ASHLAR_HOST_SCRATCH(n) (0x40 + 4 * (n))
#define ASHLAR_HOST_SCRATCH_COUNT 4
#define ASHLAR_HOST_SCRATCH_RESET 0x0
/* Die temperature in 1/1000 degrees Celsius, signed (since 1.1) */
#define ASHLAR_HOST_TEMP 0x50

/* A doorbell page (BAR0) */
#define ASHLAR_DOORBELL_BLOCK_BYTES 0x1000
/* New tail of the ring: a free-running count of entries ever written */
#define ASHLAR_DOORBELL_RING 0x0

/* Management processor peripherals */
#define ASHLAR_MP_BLOCK_BYTES 0x1000
/* Device time in cycles, bits 31:0 */
#define ASHLAR_MP_MTIME_LO 0x0
/* Device time, bits 63:32; read HI, LO, HI again */
#define ASHLAR_MP_MTIME_HI 0x4
/* Timer interrupt while MTIME >= MTIMECMP */
#define ASHLAR_MP_MTIMECMP_LO 0x8
#define ASHLAR_MP_MTIMECMP_LO_RESET 0xffffffff
/* Bits 63:32 */
#define ASHLAR_MP_MTIMECMP_HI 0xc
#define ASHLAR_MP_MTIMECMP_HI_RESET 0xffffffff
/* Sources of the external interrupt */
#define ASHLAR_MP_IRQ_PENDING 0x10
#define ASHLAR_MP_IRQ_PENDING_DOORBELL_MASK 0x1
#define ASHLAR_MP_IRQ_PENDING_DOORBELL_SHIFT 0
#define ASHLAR_MP_IRQ_PENDING_TILE_MASK 0x2
#define ASHLAR_MP_IRQ_PENDING_TILE_SHIFT 1
#define ASHLAR_MP_IRQ_PENDING_COPY_MASK 0x4
#define ASHLAR_MP_IRQ_PENDING_COPY_SHIFT 2
#define ASHLAR_MP_IRQ_PENDING_HOST_ERR_MASK 0x8
#define ASHLAR_MP_IRQ_PENDING_HOST_ERR_SHIFT 3
/* Same bits; the external interrupt is pending AND enable */
#define ASHLAR_MP_IRQ_ENABLE 0x14
#define ASHLAR_MP_IRQ_ENABLE_RESET 0x0
/* Doorbells rung since last cleared, 32 a word */
#define ASHLAR_MP_DB_PENDING(n) (0x18 + 4 * (n))
#define ASHLAR_MP_DB_PENDING_COUNT 2
#define ASHLAR_MP_DB_PENDING_RESET 0x0
/* Tiles (bit = tile) that entered DONE, FAULT, KILLED or finished a scrub since last cleared */
#define ASHLAR_MP_TILE_EVENT 0x20
#define ASHLAR_MP_TILE_EVENT_RESET 0x0
/* Raise host interrupt vector N (0..63) */
#define ASHLAR_MP_VECTOR 0x24
/* Post code, read by the host as HOST.POST */
#define ASHLAR_MP_POST 0x28
#define ASHLAR_MP_POST_RESET 0x0
/* Watchdog period in cycles; 0 = off (the state after reset) */
#define ASHLAR_MP_WDT_PERIOD 0x2c
#define ASHLAR_MP_WDT_PERIOD_RESET 0x0
/* Any write restarts the watchdog; when it expires the processor is reset (not the tiles, not the memories) */
#define ASHLAR_MP_WDT_KICK 0x30
/* Why the processor last left reset */
#define ASHLAR_MP_RESET_CAUSE 0x34
#define ASHLAR_MP_RESET_CAUSE_POWER 0x1
#define ASHLAR_MP_RESET_CAUSE_HOST 0x2
#define ASHLAR_MP_RESET_CAUSE_WATCHDOG 0x3
/* HOST.BOOT_ADDR_LO */
#define ASHLAR_MP_BOOT_ADDR_LO 0x38
/* HOST.BOOT_ADDR_HI */
#define ASHLAR_MP_BOOT_ADDR_HI 0x3c
/* HOST.BOOT_BYTES */
#define ASHLAR_MP_BOOT_BYTES 0x40
/* HOST.HOST_ERR */
#define ASHLAR_MP_HOST_ERR 0x44
#define ASHLAR_MP_HOST_ERR_RESET 0x0
/* HOST.HOST_ERR_ADDR */
#define ASHLAR_MP_HOST_ERR_ADDR 0x48
/* HOST.HW_VERSION */
#define ASHLAR_MP_HW_VERSION 0x4c
/* HOST.PLATFORM */
#define ASHLAR_MP_PLATFORM 0x50
/* Number of tiles */
#define ASHLAR_MP_CFG_TILES 0x54
/* Local memory of a tile */
#define ASHLAR_MP_CFG_LMEM_BYTES 0x58
/* Scratchpad of a tile */
#define ASHLAR_MP_CFG_SPAD_BYTES 0x5c
/* Nominal clock */
#define ASHLAR_MP_CFG_CLOCK_KHZ 0x60
/* Board memory size, bits 31:0 */
#define ASHLAR_MP_CFG_MEM_LO 0x64
/* Bits 63:32 */
#define ASHLAR_MP_CFG_MEM_HI 0x68
/* Rows (= columns) of the matrix array */
#define ASHLAR_MP_CFG_ARRAY 0x6c
/* HOST.DTB_BYTES */
#define ASHLAR_MP_DTB_BYTES 0x70
/* Last value rung */
#define ASHLAR_MP_DB_TAIL(n) (0x100 + 4 * (n))
#define ASHLAR_MP_DB_TAIL_COUNT 64
/* Entries consumed; the firmware writes it, DB_OVERRUN is judged by it */
#define ASHLAR_MP_DB_HEAD(n) (0x200 + 4 * (n))
#define ASHLAR_MP_DB_HEAD_COUNT 64
#define ASHLAR_MP_DB_HEAD_RESET 0x0
/* Ring depth in entries; 0 = no such queue (the state after reset) */
#define ASHLAR_MP_DB_DEPTH(n) (0x300 + 4 * (n))
#define ASHLAR_MP_DB_DEPTH_COUNT 64
#define ASHLAR_MP_DB_DEPTH_RESET 0x0

/* A copy engine */
#define ASHLAR_COPY_BLOCK_BYTES 0x100
/*
 * Moves LEN bytes from SRC to DST. Addresses and LEN are multiples of 8. Copies
 * of one engine are done in order: a later copy's writes reach their target
 * after an earlier copy's. The parameters keep their values; GO takes a
 * snapshot into a queue of 8 (a write to GO stalls while the queue is full).
 */
/* Source address, bits 31:0 */
#define ASHLAR_COPY_SRC_LO 0x0
#define ASHLAR_COPY_SRC_LO_RESET 0x0
/* Bits 47:32 */
#define ASHLAR_COPY_SRC_HI 0x4
#define ASHLAR_COPY_SRC_HI_RESET 0x0
/* Destination address, bits 31:0 */
#define ASHLAR_COPY_DST_LO 0x8
#define ASHLAR_COPY_DST_LO_RESET 0x0
/* Bits 47:32 */
#define ASHLAR_COPY_DST_HI 0xc
#define ASHLAR_COPY_DST_HI_RESET 0x0
/* Bytes */
#define ASHLAR_COPY_LEN 0x10
#define ASHLAR_COPY_LEN_RESET 0x0
/* Address spaces */
#define ASHLAR_COPY_SPACE 0x14
#define ASHLAR_COPY_SPACE_RESET 0x0
#define ASHLAR_COPY_SPACE_SRC_MASK 0x3
#define ASHLAR_COPY_SPACE_SRC_SHIFT 0
#define ASHLAR_COPY_SPACE_DST_MASK 0x30
#define ASHLAR_COPY_SPACE_DST_SHIFT 4
#define ASHLAR_COPY_SPACE_DST_MEM 0x0
#define ASHLAR_COPY_SPACE_DST_HOST 0x1
#define ASHLAR_COPY_SPACE_DST_LOCAL 0x2
#define ASHLAR_COPY_SPACE_DST_IMM 0x3
/* Immediate data, bits 31:0 */
#define ASHLAR_COPY_IMM_LO 0x18
#define ASHLAR_COPY_IMM_LO_RESET 0x0
/* Immediate data, bits 63:32 */
#define ASHLAR_COPY_IMM_HI 0x1c
#define ASHLAR_COPY_IMM_HI_RESET 0x0
/* Start */
#define ASHLAR_COPY_GO 0x20
/* Copies ever started (wraps) */
#define ASHLAR_COPY_ISSUED 0x24
/* Copies ever finished, their writes acknowledged (wraps) */
#define ASHLAR_COPY_DONE 0x28
/* Errors since last cleared; the copy in error is abandoned and counts as DONE */
#define ASHLAR_COPY_ERROR 0x2c
#define ASHLAR_COPY_ERROR_RESET 0x0
#define ASHLAR_COPY_ERROR_RANGE_MASK 0x1
#define ASHLAR_COPY_ERROR_RANGE_SHIFT 0
#define ASHLAR_COPY_ERROR_BUS_MASK 0x2
#define ASHLAR_COPY_ERROR_BUS_SHIFT 1
/* Interrupt when finished */
#define ASHLAR_COPY_GO_IRQ 0x30
#define ASHLAR_COPY_GO_IRQ_RESET 0x0
#define ASHLAR_COPY_GO_IRQ_ARM_MASK 0x1
#define ASHLAR_COPY_GO_IRQ_ARM_SHIFT 0

/* Tile control (seen by the management processor) */
#define ASHLAR_TILE_BLOCK_BYTES 0x10000
/*
 * Life of a tile: IDLE -START-> LOADING -> RUNNING -> DRAINING -> DONE or
 * FAULT. KILL from LOADING to DRAINING stops the core, lets requests in flight
 * finish, and ends in KILLED; IDLE, DONE, FAULT and KILLED become KILLED at once,
 * with an event. START is taken in IDLE, DONE, FAULT and KILLED, SCRUB in
 * the same; commands in other states are ignored. SCRUB clears local memory,
 * scratchpad, accumulators, unit parameters and TLB, then goes to IDLE.
 * CONTEXT to GRID_Z can be written in IDLE, DONE, FAULT, KILLED and SCRUBBING;
 * from START to the end of the run a write to them is dropped. A write that
 * changes CONTEXT or a PT_* register forgets all translations. A translation
 * that was not valid is never remembered.
 */
/* Command */
#define ASHLAR_TILE_CTRL 0x0
#define ASHLAR_TILE_CTRL_START 0x1
#define ASHLAR_TILE_CTRL_KILL 0x2
#define ASHLAR_TILE_CTRL_SCRUB 0x3
#define ASHLAR_TILE_CTRL_TLB_INVALIDATE 0x4
/* State */
#define ASHLAR_TILE_STATUS 0x4
#define ASHLAR_TILE_STATUS_IDLE 0x0
#define ASHLAR_TILE_STATUS_LOADING 0x1
#define ASHLAR_TILE_STATUS_RUNNING 0x2
#define ASHLAR_TILE_STATUS_DRAINING 0x3
#define ASHLAR_TILE_STATUS_DONE 0x4
#define ASHLAR_TILE_STATUS_FAULT 0x5
#define ASHLAR_TILE_STATUS_KILLED 0x6
#define ASHLAR_TILE_STATUS_SCRUBBING 0x7
#define ASHLAR_TILE_STATUS_STOPPING 0x8
/* Context number, for fault reports and traces only */
#define ASHLAR_TILE_CONTEXT 0x8
#define ASHLAR_TILE_CONTEXT_RESET 0x0
/* Board memory address of the context's root table, bits 31:0, multiple of 4096 */
#define ASHLAR_TILE_PT_ROOT_LO 0xc
#define ASHLAR_TILE_PT_ROOT_LO_RESET 0x0
/* Bits 47:32 */
#define ASHLAR_TILE_PT_ROOT_HI 0x10
#define ASHLAR_TILE_PT_ROOT_HI_RESET 0x0
/* Entries in the root table (8 bytes and 2 MiB each), at most 524288; addresses beyond fault */
#define ASHLAR_TILE_PT_ENTRIES 0x14
#define ASHLAR_TILE_PT_ENTRIES_RESET 0x0
/* Device virtual address of the kernel image, multiple of 64 */
#define ASHLAR_TILE_CODE_VA_LO 0x18
#define ASHLAR_TILE_CODE_VA_LO_RESET 0x0
/* Bits 63:32 */
#define ASHLAR_TILE_CODE_VA_HI 0x1c
#define ASHLAR_TILE_CODE_VA_HI_RESET 0x0
/* Size of the image, multiple of 64, at most local memory less 1024; it is loaded to local address 0 */
#define ASHLAR_TILE_CODE_BYTES 0x20
#define ASHLAR_TILE_CODE_BYTES_RESET 0x0
/* Local memory below this is write protected while the kernel runs */
#define ASHLAR_TILE_TEXT_BYTES 0x24
#define ASHLAR_TILE_TEXT_BYTES_RESET 0x0
/* Multiple of 64: the loader leaves out the first LOAD_FROM bytes, which are still there from the last run */
#define ASHLAR_TILE_LOAD_FROM 0x28
#define ASHLAR_TILE_LOAD_FROM_RESET 0x0
/* Local address of the first instruction */
#define ASHLAR_TILE_ENTRY 0x2c
#define ASHLAR_TILE_ENTRY_RESET 0x0
/* Device virtual address of the arguments, multiple of 64 */
#define ASHLAR_TILE_ARG_VA_LO 0x30
#define ASHLAR_TILE_ARG_VA_LO_RESET 0x0
/* Bits 63:32 */
#define ASHLAR_TILE_ARG_VA_HI 0x34
#define ASHLAR_TILE_ARG_VA_HI_RESET 0x0
/* Size of the arguments, 0..1024; loaded to the last 1024 bytes of local memory */
#define ASHLAR_TILE_ARG_BYTES 0x38
#define ASHLAR_TILE_ARG_BYTES_RESET 0x0
/* This tile's number in the job */
#define ASHLAR_TILE_INDEX 0x3c
#define ASHLAR_TILE_INDEX_RESET 0x0
/* Tiles in the job */
#define ASHLAR_TILE_COUNT 0x40
#define ASHLAR_TILE_COUNT_RESET 0x0
/* Grid, x */
#define ASHLAR_TILE_GRID_X 0x44
#define ASHLAR_TILE_GRID_X_RESET 0x0
/* Grid, y */
#define ASHLAR_TILE_GRID_Y 0x48
#define ASHLAR_TILE_GRID_Y_RESET 0x0
/* Grid, z */
#define ASHLAR_TILE_GRID_Z 0x4c
#define ASHLAR_TILE_GRID_Z_RESET 0x0
/* What the kernel wrote to UNIT.EXIT */
#define ASHLAR_TILE_EXIT_CODE 0x50
/* First fault of this run */
#define ASHLAR_TILE_FAULT_CAUSE 0x54
#define ASHLAR_TILE_FAULT_CAUSE_NONE 0x0
#define ASHLAR_TILE_FAULT_CAUSE_CORE 0x1
#define ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID 0x2
#define ASHLAR_TILE_FAULT_CAUSE_PAGE_READ 0x3
#define ASHLAR_TILE_FAULT_CAUSE_PAGE_WRITE 0x4
#define ASHLAR_TILE_FAULT_CAUSE_BUS 0x5
#define ASHLAR_TILE_FAULT_CAUSE_COMMAND 0x6
/* Who met it */
#define ASHLAR_TILE_FAULT_UNIT 0x58
#define ASHLAR_TILE_FAULT_UNIT_CORE 0x0
#define ASHLAR_TILE_FAULT_UNIT_LOADER 0x1
#define ASHLAR_TILE_FAULT_UNIT_LOAD 0x2
#define ASHLAR_TILE_FAULT_UNIT_STORE 0x3
#define ASHLAR_TILE_FAULT_UNIT_MATRIX 0x4
#define ASHLAR_TILE_FAULT_UNIT_VECTOR 0x5
/* mcause, or for COMMAND the offset of the bad parameter's register in its block */
#define ASHLAR_TILE_FAULT_SUB 0x5c
/* Address, bits 31:0 */
#define ASHLAR_TILE_FAULT_ADDR_LO 0x60
/* Bits 63:32 */
#define ASHLAR_TILE_FAULT_ADDR_HI 0x64
/* The core's program counter (for CORE mepc, else where the core was) */
#define ASHLAR_TILE_FAULT_PC 0x68
/* For a unit: the token of its macro-operation */
#define ASHLAR_TILE_FAULT_TOKEN 0x6c
/* 1 from TLB_INVALIDATE until every bus request that was made with an older translation has been answered; new requests wait that long. 0 otherwise */
#define ASHLAR_TILE_INVALIDATING 0x70
/* Cycles from START to DONE. All counters below restart at START */
#define ASHLAR_TILE_PERF_CYCLES 0x80
/* Cycles in LOADING */
#define ASHLAR_TILE_PERF_LOADING 0x84
/* Instructions retired */
#define ASHLAR_TILE_PERF_INSTRET 0x88
/* Cycles the core waited in a WAIT or on a full unit queue */
#define ASHLAR_TILE_PERF_CORE_WAIT 0x8c
/* Cycles with at least one k-step done */
#define ASHLAR_TILE_PERF_MATRIX_BUSY 0x90
/* Cycles the matrix unit had work but no operands */
#define ASHLAR_TILE_PERF_MATRIX_STALL 0x94
/* Cycles the vector unit had work */
#define ASHLAR_TILE_PERF_VECTOR_BUSY 0x98
/* Of these, cycles it waited for the scratchpad */
#define ASHLAR_TILE_PERF_VECTOR_STALL 0x9c
/* Cycles the load DMA had work */
#define ASHLAR_TILE_PERF_LOAD_BUSY 0xa0
/* Of these, cycles it could neither issue nor receive a beat */
#define ASHLAR_TILE_PERF_LOAD_STALL 0xa4
/* Bus beats read, at most 64 bytes each; a beat that a narrower scratchpad line splits counts once for each piece */
#define ASHLAR_TILE_PERF_LOAD_BEATS 0xa8
/* Cycles the store DMA had work */
#define ASHLAR_TILE_PERF_STORE_BUSY 0xac
/* Of these, cycles it could not issue a beat */
#define ASHLAR_TILE_PERF_STORE_STALL 0xb0
/* Bus beats written; counted as for loads */
#define ASHLAR_TILE_PERF_STORE_BEATS 0xb4
/* Page table walks */
#define ASHLAR_TILE_PERF_TLB_MISS 0xb8

/* Tile identity (seen by the kernel) */
#define ASHLAR_UNIT_BLOCK_BYTES 0x100
/*
 * UNIT and the units' blocks take aligned words only. A byte or halfword access,
 * an offset without a register, a write to a ro and a read of a wo register are
 * access faults of the core.
 */
/* TILE.INDEX */
#define ASHLAR_UNIT_INDEX 0x0
/* TILE.COUNT */
#define ASHLAR_UNIT_COUNT 0x4
/* TILE.GRID_X */
#define ASHLAR_UNIT_GRID_X 0x8
/* TILE.GRID_Y */
#define ASHLAR_UNIT_GRID_Y 0xc
/* TILE.GRID_Z */
#define ASHLAR_UNIT_GRID_Z 0x10
/* TILE.ARG_BYTES */
#define ASHLAR_UNIT_ARG_BYTES 0x14
/* Local memory size */
#define ASHLAR_UNIT_LMEM_BYTES 0x18
/* Scratchpad size */
#define ASHLAR_UNIT_SPAD_BYTES 0x1c
/* Rows (= columns, = vector lanes) of the matrix array, N */
#define ASHLAR_UNIT_ARRAY 0x20
/* Accumulator tiles */
#define ASHLAR_UNIT_ACCS 0x24
/* Scratchpad banks; bank = address / (SPAD_BYTES / SPAD_BANKS) */
#define ASHLAR_UNIT_SPAD_BANKS 0x28
/* Cycles since START */
#define ASHLAR_UNIT_CYCLE 0x2c
/* Ends the kernel with this exit code, after all units are done */
#define ASHLAR_UNIT_EXIT 0x30

/* Load DMA */
#define ASHLAR_LOAD_BLOCK_BYTES 0x100
/*
 * Moves RUN x COUNT1 x COUNT2 x COUNT3 bytes. Byte j of run (i1, i2, i3):
 *   c0 = START0 + j,  cd = STARTd + id * STEPd  (d = 1..3)
 *   global address  GADDR + c0 + c1*GSTRIDE1 + c2*GSTRIDE2 + c3*GSTRIDE3
 *   local address   LADDR + j  + i1*LSTRIDE1 + i2*LSTRIDE2 + i3*LSTRIDE3
 * With GATHER, c1 is not START1 + i1*STEP1 but an index from the scratchpad. The
 * indices are there at GO, or when what the macro-operation comes AFTER is done (a
 * load that brings them has been waited for, in the load DMA too), and stay until
 * the macro-operation is done.
 * When any cd is outside 0..LIMITd-1 the load DMA writes zero (padding) and the
 * store DMA leaves the byte out; no global access is made for it. Parameters
 * keep their values; writing GO takes a snapshot into the unit's queue (8 deep;
 * the write stalls while it is full). The macro-operations of a unit are done in
 * order; its token is the value of ISSUED after GO. Store shares this layout.
 * Parameters are judged when the macro-operation's turn comes; the bad one with
 * the lowest offset is reported: RUN, a COUNT, a LIMIT or a STEP (used or not)
 * outside its range, GATHER neither 0 nor 1, or, with GATHER, an INDEX that is not
 * a multiple of 4 or whose words are not all inside the scratchpad. A run (padding
 * included) that is not inside the scratchpad is reported in its turn as a bad
 * LADDR, with the run's local address. A bus error is reported at the virtual
 * address of the first byte.
 */
/* Device virtual address, bits 31:0 */
#define ASHLAR_LOAD_GADDR_LO 0x0
#define ASHLAR_LOAD_GADDR_LO_RESET 0x0
/* Bits 63:32 */
#define ASHLAR_LOAD_GADDR_HI 0x4
#define ASHLAR_LOAD_GADDR_HI_RESET 0x0
/* Scratchpad byte offset */
#define ASHLAR_LOAD_LADDR 0x8
#define ASHLAR_LOAD_LADDR_RESET 0x0
/* Bytes in a run, 1 .. SPAD_BYTES */
#define ASHLAR_LOAD_RUN 0xc
#define ASHLAR_LOAD_RUN_RESET 0x0
/* Runs, 1..65535 */
#define ASHLAR_LOAD_COUNT1 0x10
#define ASHLAR_LOAD_COUNT1_RESET 0x1
/* 1..65535 */
#define ASHLAR_LOAD_COUNT2 0x14
#define ASHLAR_LOAD_COUNT2_RESET 0x1
/* 1..65535 */
#define ASHLAR_LOAD_COUNT3 0x18
#define ASHLAR_LOAD_COUNT3_RESET 0x1
/* Signed bytes */
#define ASHLAR_LOAD_GSTRIDE1 0x1c
#define ASHLAR_LOAD_GSTRIDE1_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_GSTRIDE2 0x20
#define ASHLAR_LOAD_GSTRIDE2_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_GSTRIDE3 0x24
#define ASHLAR_LOAD_GSTRIDE3_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_LSTRIDE1 0x28
#define ASHLAR_LOAD_LSTRIDE1_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_LSTRIDE2 0x2c
#define ASHLAR_LOAD_LSTRIDE2_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_LSTRIDE3 0x30
#define ASHLAR_LOAD_LSTRIDE3_RESET 0x0
/* Signed bytes */
#define ASHLAR_LOAD_START0 0x34
#define ASHLAR_LOAD_START0_RESET 0x0
/* Signed */
#define ASHLAR_LOAD_START1 0x38
#define ASHLAR_LOAD_START1_RESET 0x0
/* Signed */
#define ASHLAR_LOAD_START2 0x3c
#define ASHLAR_LOAD_START2_RESET 0x0
/* Signed */
#define ASHLAR_LOAD_START3 0x40
#define ASHLAR_LOAD_START3_RESET 0x0
/* Bytes, 0..0x7fffffff */
#define ASHLAR_LOAD_LIMIT0 0x44
#define ASHLAR_LOAD_LIMIT0_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_LOAD_LIMIT1 0x48
#define ASHLAR_LOAD_LIMIT1_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_LOAD_LIMIT2 0x4c
#define ASHLAR_LOAD_LIMIT2_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_LOAD_LIMIT3 0x50
#define ASHLAR_LOAD_LIMIT3_RESET 0x7fffffff
/* Signed 16 bit */
#define ASHLAR_LOAD_STEP1 0x54
#define ASHLAR_LOAD_STEP1_RESET 0x1
/* Signed 16 bit */
#define ASHLAR_LOAD_STEP2 0x58
#define ASHLAR_LOAD_STEP2_RESET 0x1
/* Signed 16 bit */
#define ASHLAR_LOAD_STEP3 0x5c
#define ASHLAR_LOAD_STEP3_RESET 0x1
/* Any write sets every parameter to its reset value */
#define ASHLAR_LOAD_DEFAULTS 0x60
/* Where coordinate 1 comes from */
#define ASHLAR_LOAD_GATHER 0x64
#define ASHLAR_LOAD_GATHER_RESET 0x0
#define ASHLAR_LOAD_GATHER_OFF 0x0
#define ASHLAR_LOAD_GATHER_ON 0x1
/* Scratchpad byte offset of COUNT1 words, multiple of 4; not looked at without GATHER */
#define ASHLAR_LOAD_INDEX 0x68
#define ASHLAR_LOAD_INDEX_RESET 0x0
/* Start */
#define ASHLAR_LOAD_GO 0xe0
/* Macro-operations ever started in this run of the tile (wraps) */
#define ASHLAR_LOAD_ISSUED 0xe4
/* Macro-operations finished (wraps); a store is finished when memory has acknowledged it */
#define ASHLAR_LOAD_DONE 0xe8
/* The write completes when DONE >= the value written (wrapping compare) */
#define ASHLAR_LOAD_WAIT 0xec
/* A macro-operation begins when LOAD.DONE >= this value as it was at GO (wrapping compare). A GO while it is beyond LOAD.ISSUED is an access fault of the core: nothing waits for what has not been started (since 1.3) */
#define ASHLAR_LOAD_AFTER_LOAD 0xf0
#define ASHLAR_LOAD_AFTER_LOAD_RESET 0x0
/* The same for STORE (since 1.3) */
#define ASHLAR_LOAD_AFTER_STORE 0xf4
#define ASHLAR_LOAD_AFTER_STORE_RESET 0x0
/* The same for MATRIX (since 1.3) */
#define ASHLAR_LOAD_AFTER_MATRIX 0xf8
#define ASHLAR_LOAD_AFTER_MATRIX_RESET 0x0
/* The same for VECTOR (since 1.3) */
#define ASHLAR_LOAD_AFTER_VECTOR 0xfc
#define ASHLAR_LOAD_AFTER_VECTOR_RESET 0x0

/* Store DMA */
#define ASHLAR_STORE_BLOCK_BYTES 0x100
/* Device virtual address, bits 31:0 */
#define ASHLAR_STORE_GADDR_LO 0x0
#define ASHLAR_STORE_GADDR_LO_RESET 0x0
/* Bits 63:32 */
#define ASHLAR_STORE_GADDR_HI 0x4
#define ASHLAR_STORE_GADDR_HI_RESET 0x0
/* Scratchpad byte offset */
#define ASHLAR_STORE_LADDR 0x8
#define ASHLAR_STORE_LADDR_RESET 0x0
/* Bytes in a run, 1 .. SPAD_BYTES */
#define ASHLAR_STORE_RUN 0xc
#define ASHLAR_STORE_RUN_RESET 0x0
/* Runs, 1..65535 */
#define ASHLAR_STORE_COUNT1 0x10
#define ASHLAR_STORE_COUNT1_RESET 0x1
/* 1..65535 */
#define ASHLAR_STORE_COUNT2 0x14
#define ASHLAR_STORE_COUNT2_RESET 0x1
/* 1..65535 */
#define ASHLAR_STORE_COUNT3 0x18
#define ASHLAR_STORE_COUNT3_RESET 0x1
/* Signed bytes */
#define ASHLAR_STORE_GSTRIDE1 0x1c
#define ASHLAR_STORE_GSTRIDE1_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_GSTRIDE2 0x20
#define ASHLAR_STORE_GSTRIDE2_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_GSTRIDE3 0x24
#define ASHLAR_STORE_GSTRIDE3_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_LSTRIDE1 0x28
#define ASHLAR_STORE_LSTRIDE1_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_LSTRIDE2 0x2c
#define ASHLAR_STORE_LSTRIDE2_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_LSTRIDE3 0x30
#define ASHLAR_STORE_LSTRIDE3_RESET 0x0
/* Signed bytes */
#define ASHLAR_STORE_START0 0x34
#define ASHLAR_STORE_START0_RESET 0x0
/* Signed */
#define ASHLAR_STORE_START1 0x38
#define ASHLAR_STORE_START1_RESET 0x0
/* Signed */
#define ASHLAR_STORE_START2 0x3c
#define ASHLAR_STORE_START2_RESET 0x0
/* Signed */
#define ASHLAR_STORE_START3 0x40
#define ASHLAR_STORE_START3_RESET 0x0
/* Bytes, 0..0x7fffffff */
#define ASHLAR_STORE_LIMIT0 0x44
#define ASHLAR_STORE_LIMIT0_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_STORE_LIMIT1 0x48
#define ASHLAR_STORE_LIMIT1_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_STORE_LIMIT2 0x4c
#define ASHLAR_STORE_LIMIT2_RESET 0x7fffffff
/* 0..0x7fffffff */
#define ASHLAR_STORE_LIMIT3 0x50
#define ASHLAR_STORE_LIMIT3_RESET 0x7fffffff
/* Signed 16 bit */
#define ASHLAR_STORE_STEP1 0x54
#define ASHLAR_STORE_STEP1_RESET 0x1
/* Signed 16 bit */
#define ASHLAR_STORE_STEP2 0x58
#define ASHLAR_STORE_STEP2_RESET 0x1
/* Signed 16 bit */
#define ASHLAR_STORE_STEP3 0x5c
#define ASHLAR_STORE_STEP3_RESET 0x1
/* Any write sets every parameter to its reset value */
#define ASHLAR_STORE_DEFAULTS 0x60
/* Where coordinate 1 comes from */
#define ASHLAR_STORE_GATHER 0x64
#define ASHLAR_STORE_GATHER_RESET 0x0
#define ASHLAR_STORE_GATHER_OFF 0x0
#define ASHLAR_STORE_GATHER_ON 0x1
/* Scratchpad byte offset of COUNT1 words, multiple of 4; not looked at without GATHER */
#define ASHLAR_STORE_INDEX 0x68
#define ASHLAR_STORE_INDEX_RESET 0x0
/* Start */
#define ASHLAR_STORE_GO 0xe0
/* Macro-operations ever started in this run of the tile (wraps) */
#define ASHLAR_STORE_ISSUED 0xe4
/* Macro-operations finished (wraps); a store is finished when memory has acknowledged it */
#define ASHLAR_STORE_DONE 0xe8
/* The write completes when DONE >= the value written (wrapping compare) */
#define ASHLAR_STORE_WAIT 0xec
/* A macro-operation begins when LOAD.DONE >= this value as it was at GO (wrapping compare). A GO while it is beyond LOAD.ISSUED is an access fault of the core: nothing waits for what has not been started (since 1.3) */
#define ASHLAR_STORE_AFTER_LOAD 0xf0
#define ASHLAR_STORE_AFTER_LOAD_RESET 0x0
/* The same for STORE (since 1.3) */
#define ASHLAR_STORE_AFTER_STORE 0xf4
#define ASHLAR_STORE_AFTER_STORE_RESET 0x0
/* The same for MATRIX (since 1.3) */
#define ASHLAR_STORE_AFTER_MATRIX 0xf8
#define ASHLAR_STORE_AFTER_MATRIX_RESET 0x0
/* The same for VECTOR (since 1.3) */
#define ASHLAR_STORE_AFTER_VECTOR 0xfc
#define ASHLAR_STORE_AFTER_VECTOR_RESET 0x0

/* Matrix unit */
#define ASHLAR_MATRIX_BLOCK_BYTES 0x100
/*
 * acc[N x N] (+)= A[N x K] * B[K x N], N = UNIT.ARRAY. A scratchpad line is 4*N bytes.
 * Row form (KMAJOR = 0): row r (of A; column r of B) is contiguous along k from
 * ADDR + r*PITCH. K-major form (KMAJOR = 1): line l holds the elements of
 * consecutive k for all N rows, k slowest: 4 k for int8, 2 k for 16-bit types;
 * it starts at ADDR + l*PITCH. Elements at k >= K take no part.
 * One macro-operation does TILES x PARTS such products: tile t adds into
 * accumulator ACC + t, for p = 0 .. PARTS-1 in this order, A and B from
 *   A_ADDR + t*A_TILE + p*A_PART,  B_ADDR + t*B_TILE + p*B_PART;
 * ACCUMULATE is about p = 0. So the blocks of a column of results are one
 * macro-operation, and so are the rows of a convolution's kernel.
 */
/* Scratchpad byte offset, multiple of 4*N */
#define ASHLAR_MATRIX_A_ADDR 0x0
#define ASHLAR_MATRIX_A_ADDR_RESET 0x0
/* Bytes, multiple of 4*N */
#define ASHLAR_MATRIX_A_PITCH 0x4
#define ASHLAR_MATRIX_A_PITCH_RESET 0x0
/* Scratchpad byte offset, multiple of 4*N */
#define ASHLAR_MATRIX_B_ADDR 0x8
#define ASHLAR_MATRIX_B_ADDR_RESET 0x0
/* Bytes, multiple of 4*N */
#define ASHLAR_MATRIX_B_PITCH 0xc
#define ASHLAR_MATRIX_B_PITCH_RESET 0x0
/* Elements along k, 1..65535 */
#define ASHLAR_MATRIX_K 0x10
#define ASHLAR_MATRIX_K_RESET 0x0
/* Operation */
#define ASHLAR_MATRIX_CFG 0x14
#define ASHLAR_MATRIX_CFG_RESET 0x0
#define ASHLAR_MATRIX_CFG_TYPE_MASK 0x3
#define ASHLAR_MATRIX_CFG_TYPE_SHIFT 0
#define ASHLAR_MATRIX_CFG_TYPE_INT8 0x0
#define ASHLAR_MATRIX_CFG_TYPE_BF16 0x1
#define ASHLAR_MATRIX_CFG_TYPE_FP16 0x2
#define ASHLAR_MATRIX_CFG_A_KMAJOR_MASK 0x10
#define ASHLAR_MATRIX_CFG_A_KMAJOR_SHIFT 4
#define ASHLAR_MATRIX_CFG_B_KMAJOR_MASK 0x20
#define ASHLAR_MATRIX_CFG_B_KMAJOR_SHIFT 5
#define ASHLAR_MATRIX_CFG_ACCUMULATE_MASK 0x100
#define ASHLAR_MATRIX_CFG_ACCUMULATE_SHIFT 8
#define ASHLAR_MATRIX_CFG_ACC_MASK 0xf0000
#define ASHLAR_MATRIX_CFG_ACC_SHIFT 16
/* Tiles, 1 .. UNIT.ACCS - ACC (since 1.3) */
#define ASHLAR_MATRIX_TILES 0x18
#define ASHLAR_MATRIX_TILES_RESET 0x1
/* Signed bytes, multiple of 4*N (since 1.3) */
#define ASHLAR_MATRIX_A_TILE 0x1c
#define ASHLAR_MATRIX_A_TILE_RESET 0x0
/* Signed bytes, multiple of 4*N (since 1.3) */
#define ASHLAR_MATRIX_B_TILE 0x20
#define ASHLAR_MATRIX_B_TILE_RESET 0x0
/* Parts of k, 1..65535; PARTS * K at most 65535 (since 1.3) */
#define ASHLAR_MATRIX_PARTS 0x24
#define ASHLAR_MATRIX_PARTS_RESET 0x1
/* Signed bytes, multiple of 4*N (since 1.3) */
#define ASHLAR_MATRIX_A_PART 0x28
#define ASHLAR_MATRIX_A_PART_RESET 0x0
/* Signed bytes, multiple of 4*N (since 1.3) */
#define ASHLAR_MATRIX_B_PART 0x2c
#define ASHLAR_MATRIX_B_PART_RESET 0x0
/* Start */
#define ASHLAR_MATRIX_GO 0xe0
/* As for LOAD */
#define ASHLAR_MATRIX_ISSUED 0xe4
/* As for LOAD */
#define ASHLAR_MATRIX_DONE 0xe8
/* As for LOAD */
#define ASHLAR_MATRIX_WAIT 0xec
/* As for LOAD (since 1.3) */
#define ASHLAR_MATRIX_AFTER_LOAD 0xf0
#define ASHLAR_MATRIX_AFTER_LOAD_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_MATRIX_AFTER_STORE 0xf4
#define ASHLAR_MATRIX_AFTER_STORE_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_MATRIX_AFTER_MATRIX 0xf8
#define ASHLAR_MATRIX_AFTER_MATRIX_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_MATRIX_AFTER_VECTOR 0xfc
#define ASHLAR_MATRIX_AFTER_VECTOR_RESET 0x0

/* Vector unit */
#define ASHLAR_VECTOR_BLOCK_BYTES 0x100
/*
 * For each of GROUPS groups, for each of its ROWS rows of N elements, in this
 * order: read the source; widen (int8 and int32 to int32, the others to fp32);
 * combine with SRC2; add BIAS; scale (an int32 is converted to fp32 first);
 * FN (likewise); ReLU; reduce; convert to DST_FMT; write. SRC2_LATE and BIAS_LATE
 * move a step: bias, scale, late bias, FN, late SRC2, ReLU.
 *   row r of group g   SRC + g*SRC_GPITCH + r*SRC_PITCH; SRC2 and DST likewise
 * BIAS, SCALE and SRC2 are each a row of N (BIAS and SCALE: one for the whole
 * operation, read before its first row; SRC2: by its pitches, in SRC2_FMT), an
 * immediate (the register's bits), or a scalar per group: the 32-bit word at
 * the register's offset + 4*g, for all lanes. A line of scalars is read when its
 * first group begins. Immediate, scalars and rows of BIAS are int32 or fp32, as
 * the value is that they meet; SCALE is fp32.
 * A reduction takes the values before they are converted: over the rows of a
 * group lane by lane, in increasing r (LANES: N words at RED + g*4*N), and then
 * over the lanes, i with i + N/2, then with i + N/4, ... (WORD: one word at
 * RED + 4*g); fp32 or int32. It is written after the group's last row.
 * In the last row of each group lanes TAIL and up are written as zero and
 * reduced as if they were not there: as -0, -infinity, +infinity, 0, the least,
 * the greatest int32.
 * TRANSPOSE: element r of row j is element j of the group's row r; N rows are
 * written for each group, lanes ROWS and up as zero.
 * Rows in the scratchpad are N elements of the format, contiguous; every address
 * and pitch is a multiple of the row's size in bytes (N * element size), scalars
 * and words of 4. An accumulator's rows are numbered tile*N + row: that is what
 * SRC, SRC_PITCH and SRC_GPITCH count then. hw-model/numerics says every rounding
 * and the order of checks.
 */
/* Operation */
#define ASHLAR_VECTOR_CFG 0x0
#define ASHLAR_VECTOR_CFG_RESET 0x0
#define ASHLAR_VECTOR_CFG_SRC_FMT_MASK 0xf
#define ASHLAR_VECTOR_CFG_SRC_FMT_SHIFT 0
#define ASHLAR_VECTOR_CFG_SRC_FMT_ACC_I32 0x0
#define ASHLAR_VECTOR_CFG_SRC_FMT_ACC_F32 0x1
#define ASHLAR_VECTOR_CFG_SRC_FMT_I32 0x2
#define ASHLAR_VECTOR_CFG_SRC_FMT_F32 0x3
#define ASHLAR_VECTOR_CFG_SRC_FMT_BF16 0x4
#define ASHLAR_VECTOR_CFG_SRC_FMT_FP16 0x5
#define ASHLAR_VECTOR_CFG_SRC_FMT_I8 0x6
#define ASHLAR_VECTOR_CFG_DST_FMT_MASK 0xf0
#define ASHLAR_VECTOR_CFG_DST_FMT_SHIFT 4
#define ASHLAR_VECTOR_CFG_SRC2_FMT_MASK 0xf00
#define ASHLAR_VECTOR_CFG_SRC2_FMT_SHIFT 8
#define ASHLAR_VECTOR_CFG_SRC2_OP_MASK 0xf000
#define ASHLAR_VECTOR_CFG_SRC2_OP_SHIFT 12
#define ASHLAR_VECTOR_CFG_SRC2_OP_ADD 0x0
#define ASHLAR_VECTOR_CFG_SRC2_OP_SUB 0x1
#define ASHLAR_VECTOR_CFG_SRC2_OP_MUL 0x2
#define ASHLAR_VECTOR_CFG_SRC2_OP_MAX 0x3
#define ASHLAR_VECTOR_CFG_SRC2_OP_MIN 0x4
#define ASHLAR_VECTOR_CFG_SRC2_OP_GT 0x5
#define ASHLAR_VECTOR_CFG_SRC2_OP_GE 0x6
#define ASHLAR_VECTOR_CFG_SRC2_OP_EQ 0x7
#define ASHLAR_VECTOR_CFG_SRC2_OP_GATE 0x8
#define ASHLAR_VECTOR_CFG_SRC2_OP_KEEP 0x9
#define ASHLAR_VECTOR_CFG_SRC2_OP_MULHU 0xa
#define ASHLAR_VECTOR_CFG_SRC2_OP_AND 0xb
#define ASHLAR_VECTOR_CFG_SRC2_OP_OR 0xc
#define ASHLAR_VECTOR_CFG_SRC2_OP_XOR 0xd
#define ASHLAR_VECTOR_CFG_SRC2_OP_SHL 0xe
#define ASHLAR_VECTOR_CFG_SRC2_OP_SHR 0xf
#define ASHLAR_VECTOR_CFG_SRC2_SEL_MASK 0x30000
#define ASHLAR_VECTOR_CFG_SRC2_SEL_SHIFT 16
#define ASHLAR_VECTOR_CFG_SRC2_SEL_NONE 0x0
#define ASHLAR_VECTOR_CFG_SRC2_SEL_ROW 0x1
#define ASHLAR_VECTOR_CFG_SRC2_SEL_IMM 0x2
#define ASHLAR_VECTOR_CFG_SRC2_SEL_SCALAR 0x3
#define ASHLAR_VECTOR_CFG_SRC2_LATE_MASK 0x40000
#define ASHLAR_VECTOR_CFG_SRC2_LATE_SHIFT 18
#define ASHLAR_VECTOR_CFG_BIAS_LATE_MASK 0x80000
#define ASHLAR_VECTOR_CFG_BIAS_LATE_SHIFT 19
#define ASHLAR_VECTOR_CFG_BIAS_SEL_MASK 0x300000
#define ASHLAR_VECTOR_CFG_BIAS_SEL_SHIFT 20
#define ASHLAR_VECTOR_CFG_SCALE_SEL_MASK 0xc00000
#define ASHLAR_VECTOR_CFG_SCALE_SEL_SHIFT 22
#define ASHLAR_VECTOR_CFG_RELU_MASK 0x1000000
#define ASHLAR_VECTOR_CFG_RELU_SHIFT 24
#define ASHLAR_VECTOR_CFG_TRANSPOSE_MASK 0x2000000
#define ASHLAR_VECTOR_CFG_TRANSPOSE_SHIFT 25
/* Function and reduction */
#define ASHLAR_VECTOR_OP 0x4
#define ASHLAR_VECTOR_OP_RESET 0x0
#define ASHLAR_VECTOR_OP_FN_MASK 0xf
#define ASHLAR_VECTOR_OP_FN_SHIFT 0
#define ASHLAR_VECTOR_OP_FN_NONE 0x0
#define ASHLAR_VECTOR_OP_FN_EXP 0x1
#define ASHLAR_VECTOR_OP_FN_LOG 0x2
#define ASHLAR_VECTOR_OP_FN_RECIP 0x3
#define ASHLAR_VECTOR_OP_FN_RSQRT 0x4
#define ASHLAR_VECTOR_OP_FN_SQRT 0x5
#define ASHLAR_VECTOR_OP_FN_TANH 0x6
#define ASHLAR_VECTOR_OP_FN_ERF 0x7
#define ASHLAR_VECTOR_OP_FN_ABS 0x8
#define ASHLAR_VECTOR_OP_FN_SQUARE 0x9
#define ASHLAR_VECTOR_OP_RED_MODE_MASK 0x300
#define ASHLAR_VECTOR_OP_RED_MODE_SHIFT 8
#define ASHLAR_VECTOR_OP_RED_MODE_NONE 0x0
#define ASHLAR_VECTOR_OP_RED_MODE_WORD 0x1
#define ASHLAR_VECTOR_OP_RED_MODE_LANES 0x2
#define ASHLAR_VECTOR_OP_RED_OP_MASK 0x3000
#define ASHLAR_VECTOR_OP_RED_OP_SHIFT 12
#define ASHLAR_VECTOR_OP_RED_OP_SUM 0x0
#define ASHLAR_VECTOR_OP_RED_OP_MAX 0x1
#define ASHLAR_VECTOR_OP_RED_OP_MIN 0x2
/* Scratchpad byte offset, or accumulator row */
#define ASHLAR_VECTOR_SRC 0x8
#define ASHLAR_VECTOR_SRC_RESET 0x0
/* Bytes (accumulator: rows) from row to row; 0 repeats the row */
#define ASHLAR_VECTOR_SRC_PITCH 0xc
#define ASHLAR_VECTOR_SRC_PITCH_RESET 0x0
/* From group to group; not looked at with one group */
#define ASHLAR_VECTOR_SRC_GPITCH 0x10
#define ASHLAR_VECTOR_SRC_GPITCH_RESET 0x0
/* Scratchpad byte offset, or an immediate */
#define ASHLAR_VECTOR_SRC2 0x14
#define ASHLAR_VECTOR_SRC2_RESET 0x0
/* Bytes from row to row; 0 repeats the row */
#define ASHLAR_VECTOR_SRC2_PITCH 0x18
#define ASHLAR_VECTOR_SRC2_PITCH_RESET 0x0
/* Bytes from group to group */
#define ASHLAR_VECTOR_SRC2_GPITCH 0x1c
#define ASHLAR_VECTOR_SRC2_GPITCH_RESET 0x0
/* Scratchpad byte offset of a row or of scalars, or an immediate */
#define ASHLAR_VECTOR_BIAS 0x20
#define ASHLAR_VECTOR_BIAS_RESET 0x0
/* Scratchpad byte offset of a row or of scalars, or an immediate */
#define ASHLAR_VECTOR_SCALE 0x24
#define ASHLAR_VECTOR_SCALE_RESET 0x0
/* Scratchpad byte offset */
#define ASHLAR_VECTOR_DST 0x28
#define ASHLAR_VECTOR_DST_RESET 0x0
/* Bytes from row to row */
#define ASHLAR_VECTOR_DST_PITCH 0x2c
#define ASHLAR_VECTOR_DST_PITCH_RESET 0x0
/* Bytes from group to group */
#define ASHLAR_VECTOR_DST_GPITCH 0x30
#define ASHLAR_VECTOR_DST_GPITCH_RESET 0x0
/* Rows of a group, 1..65535 */
#define ASHLAR_VECTOR_ROWS 0x34
#define ASHLAR_VECTOR_ROWS_RESET 0x0
/* Groups, 1..65535 */
#define ASHLAR_VECTOR_GROUPS 0x38
#define ASHLAR_VECTOR_GROUPS_RESET 0x1
/* Lanes of a group's last row, 1..N; 0: N */
#define ASHLAR_VECTOR_TAIL 0x3c
#define ASHLAR_VECTOR_TAIL_RESET 0x0
/* Scratchpad byte offset of the reduction's results */
#define ASHLAR_VECTOR_RED 0x40
#define ASHLAR_VECTOR_RED_RESET 0x0
/* Any write sets every parameter to its reset value */
#define ASHLAR_VECTOR_DEFAULTS 0x60
/* Start */
#define ASHLAR_VECTOR_GO 0xe0
/* As for LOAD */
#define ASHLAR_VECTOR_ISSUED 0xe4
/* As for LOAD */
#define ASHLAR_VECTOR_DONE 0xe8
/* As for LOAD */
#define ASHLAR_VECTOR_WAIT 0xec
/* As for LOAD (since 1.3) */
#define ASHLAR_VECTOR_AFTER_LOAD 0xf0
#define ASHLAR_VECTOR_AFTER_LOAD_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_VECTOR_AFTER_STORE 0xf4
#define ASHLAR_VECTOR_AFTER_STORE_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_VECTOR_AFTER_MATRIX 0xf8
#define ASHLAR_VECTOR_AFTER_MATRIX_RESET 0x0
/* As for LOAD (since 1.3) */
#define ASHLAR_VECTOR_AFTER_VECTOR 0xfc
#define ASHLAR_VECTOR_AFTER_VECTOR_RESET 0x0

#endif
