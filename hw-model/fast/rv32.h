/* SPDX-License-Identifier: MIT */
/*
 * An RV32IMC core with Zicsr and Zifencei, machine mode only: an interpreter
 * that does what hw-model/rtl/core does, instruction for instruction, trap for
 * trap, and counts the cycles that it would take from memories that answer at
 * once.
 *
 * Memory is a few regions, reached directly, and a bus for everything else.
 * The core has no thread and no clock of its own: it runs when rv32_run() is
 * called, and its time is `cycle`, which its owner may move on (never back)
 * whenever it is not inside rv32_run(), and inside bus accesses.
 *
 * Code in a region is decoded once, when it is first executed; a store of the
 * core itself, by whatever way, and rv32_written() make it decode anew. `fence.i`
 * is not needed for this. Two cores share nothing and may run in two threads.
 *
 * Cycles are those of the RTL to the one, on memories that answer at once: the
 * table of hw-model/rtl/core/README.md with everything that the code decides
 * (an operand fresh from a load, a jump to an instruction in two words, the bits
 * of a quotient) and interrupts that come in a division. Not so: how soon mcycle
 * rests in WFI (within two cycles), and that old code may run where a program
 * writes code and leaves fence.i out.
 */
#ifndef ASH_FAST_RV32_H
#define ASH_FAST_RV32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a bus access came to. */
enum rv32_answer {
	RV32_OK,
	RV32_ERROR, /* access fault */
	RV32_WAIT, /* not granted: tried again when the core next runs */
};

struct rv32_bus {
	/*
	 * Naturally aligned accesses of 1, 2 or 4 bytes; value has no others.
	 * They may call everything below but rv32_run(), rv32_reset() and
	 * rv32_delete(). One that waits is tried again, the same, and no
	 * interrupt goes before it.
	 */
	enum rv32_answer (*load)(void *ctx, uint32_t addr, unsigned int bytes,
				 uint32_t *value);
	enum rv32_answer (*store)(void *ctx, uint32_t addr, unsigned int bytes,
				  uint32_t value);
	void *ctx;
};

#define RV32_REGIONS 4

/* Memory that the core reaches without asking. bytes is a multiple of 4. */
struct rv32_region {
	uint32_t base, bytes;
	/*
	 * NULL: data accesses go to the bus (what is here may be made NULL and
	 * back between instructions). Little endian; must not be NULL where
	 * code is.
	 */
	uint8_t *at;
	bool fetch, read;
	/* Stores below base + write_from fault; bytes or more: all do. */
	uint32_t write_from;
};

enum rv32_stop {
	RV32_UNTIL, /* cycle >= until */
	RV32_ASLEEP, /* in WFI, and nothing that is enabled is pending */
	RV32_WAITS, /* a bus access answered RV32_WAIT */
	RV32_HALTED, /* an exception with halt_on_trap, or never reset */
	RV32_YIELD, /* `yield` was set in a bus access, which is done */
};

/* A retired instruction, or one that raised an exception. */
struct rv32_retired {
	uint32_t pc, insn; /* insn as fetched: 16-bit ones are not expanded */
	uint32_t rd, value; /* rd 0: none */
	bool trap;
};

struct rv32; /* opaque */

struct rv32_config {
	uint32_t hart_id;
	bool halt_on_trap; /* an exception stops the core until rv32_reset() */
	struct rv32_bus bus;
	/*
	 * Called for each instruction, or NULL. Slow. rv32_cycle() is then the
	 * cycle in which it left the execute stage; nothing else may be called.
	 */
	void (*retired)(void *ctx, const struct rv32_retired *r);
	void *retired_ctx;
};

/* NULL when there is no memory. The core is in reset: rv32_reset() starts it. */
struct rv32 *rv32_new(const struct rv32_config *config);
void rv32_delete(struct rv32 *c);

/*
 * Region i (0 .. RV32_REGIONS - 1) is this from now on; bytes 0: there is none.
 * The core keeps decoded instructions of regions with fetch, 8 bytes for each
 * byte of code that has been executed. Regions do not overlap. False: no
 * memory, or base or bytes is not possible; region i is then as it was or gone.
 */
bool rv32_set_region(struct rv32 *c, unsigned int i,
		     const struct rv32_region *region);
/* Data accesses of region i go to `at`; NULL: to the bus. Cheap. */
void rv32_set_memory(struct rv32 *c, unsigned int i, uint8_t *at);
/* Stores below base + write_from of region i fault from now on. Cheap. */
void rv32_set_write_from(struct rv32 *c, unsigned int i, uint32_t write_from);
/*
 * Somebody else than this core has written bytes of memory that it may execute.
 * (Its own stores it notices itself.)
 */
void rv32_written(struct rv32 *c, uint32_t addr, uint32_t bytes);

/*
 * Registers, CSRs and counters as after reset, at pc; the time stays, and the
 * first instruction is in the execute stage 3 cycles later. Lines, regions and
 * decoded instructions stay too.
 */
void rv32_reset(struct rv32 *c, uint32_t pc);

/*
 * Interrupt lines, levels. Between runs: mip shows them from now on, so a wire
 * that changes in cycle N is set at N + 1, after rv32_run(c, N + 1). In a bus
 * access of cycle N the wire changes behind it, and mip shows it at N + 2: the
 * instruction behind the access is still executed if it takes no longer.
 */
void rv32_set_irq(struct rv32 *c, bool timer, bool external, bool software);

/*
 * Executes instructions from cycle on until cycle >= until (the last one may
 * end later) or something else stops it.
 */
enum rv32_stop rv32_run(struct rv32 *c, uint64_t until);
/*
 * Ask rv32_run() to return when the bus access that calls this is done, if
 * nothing else stops it then. Elsewhere it does nothing.
 */
void rv32_yield(struct rv32 *c);

uint64_t rv32_cycle(const struct rv32 *c);
/*
 * Time has moved on without the core. asleep: it was in WFI, where mcycle
 * stands still. A wire that rises in cycle N wakes it at N + 1.
 */
void rv32_set_cycle(struct rv32 *c, uint64_t cycle, bool asleep);
/* Instructions retired since reset, whatever mcountinhibit says. */
uint64_t rv32_instret(const struct rv32 *c);
/* Where the core is: the instruction to execute next, or that waits. */
uint32_t rv32_pc(const struct rv32 *c);

/* After RV32_HALTED. */
struct rv32_halt {
	uint32_t cause, pc, tval;
};
void rv32_halt(const struct rv32 *c, struct rv32_halt *halt);

#endif
