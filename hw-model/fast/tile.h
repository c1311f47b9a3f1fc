/* SPDX-License-Identifier: MIT */
/* A tile of the functional board: what its parts share. */
#ifndef ASH_FAST_TILE_H
#define ASH_FAST_TILE_H

#include "fast.h"
#include "work.h"

#define ARRAY	   ASHLAR_BOARD_ARRAY
#define LINE_BYTES (4 * ARRAY) /* of the scratchpad */
#define SPAD_BYTES ASHLAR_BOARD_SPAD_BYTES
#define LMEM_BYTES ASHLAR_BOARD_LMEM_BYTES
#define ARG_AREA   1024 /* the last bytes of local memory */

/* What stopped it, as TILE.FAULT_* tell. */
struct fault {
	uint32_t cause, unit, sub, pc, token;
	uint64_t addr;
};

/* --- unit.c: the queue and the counters of a unit ------------------------- */

enum { U_LOAD, U_STORE, U_MATRIX, U_VECTOR, UNITS };

#define UNIT_QUEUE 8
/* More macro-operations than a unit can have begun and not finished. */
#define UNIT_RING 256

struct unit {
	uint32_t par[64]; /* parameter registers, by offset / 4 */
	uint32_t after[UNITS]; /* AFTER_LOAD .. AFTER_VECTOR */
	uint32_t issued, done;
	/*
	 * Of macro-operation n at n % UNIT_RING; NEVER: not known yet, or
	 * never, behind a fault.
	 */
	uint64_t begins[UNIT_RING]; /* it leaves the queue */
	uint64_t ends[UNIT_RING]; /* DONE counts it */
	uint64_t free; /* when the unit takes the next from its queue */
	uint64_t fault_at; /* NEVER: no fault yet */
	struct fault fault;
	/* What it would begin next comes after what a fault keeps from ending. */
	bool blocked;
	/*
	 * One that is too long to be done at once, and those behind it; DMA:
	 * what it is.
	 */
	struct dma *open;
	uint64_t goes_on_at; /* NEVER: none is open */
	uint32_t queue[UNIT_QUEUE][64]; /* parameters of n at n % UNIT_QUEUE */
	uint64_t ready[UNIT_QUEUE]; /* when what n comes after is done */
};

void unit_reset(struct unit *u);
/* Counts what has ended by this time. */
void unit_settle(struct unit *u, uint64_t at);
/* When its queue takes one more, `at` or later; NEVER: not known. */
uint64_t unit_room(const struct unit *u, uint64_t at);
/* When DONE reaches this count; NEVER: not known. */
uint64_t unit_reaches(const struct unit *u, uint32_t count);
/* When all that was issued is done; NEVER: not known. */
uint64_t unit_idle_at(const struct unit *u);
/* Another macro-operation is issued; its number. */
uint32_t unit_push(struct unit *u);
/* Keeps the parameters of n, which can begin at `ready`, for later. */
void unit_queue(struct unit *u, uint32_t n, uint64_t ready);
/*
 * The unit begins with macro-operation n at begin and is done with it at end;
 * it takes the next one at free.
 */
void unit_times(struct unit *u, uint32_t n, uint64_t begin, uint64_t end,
		uint64_t free);
/* Macro-operation n is a bad one, which the unit finds out at `at`. */
void unit_fails(struct unit *u, uint32_t n, uint64_t at,
		const struct fault *fault);

/* --- mmu.c ----------------------------------------------------------------- */

#define TLB_ENTRIES ASHLAR_BOARD_TLB_ENTRIES

struct tlb_slot {
	uint64_t ppn;
	bool v, r, w, host, leaf;
};

struct tlb_entry {
	bool valid, root;
	uint64_t tag; /* va >> 15; of root entries va >> 24 << 9 */
	struct tlb_slot slots[8];
};

struct mmu {
	struct tlb_entry tlb[TLB_ENTRIES];
	unsigned int victim;
	/* The last page of each port. */
	struct {
		bool valid, we, host;
		uint64_t vpn, ppn;
	} last[2];
};

struct translation {
	bool host;
	uint64_t pa;
	uint32_t cause; /* of the fault; 0: none */
	uint32_t reads; /* page table lines read for it */
};

enum { PORT_READ, PORT_WRITE };

void mmu_flush(struct mmu *mmu);
struct translation mmu_translate(struct tile *t, unsigned int port, bool we,
				 uint64_t va);

/* --- ops.c: a vector operation ---------------------------------------------- */

struct vector_open {
	struct ash_vector_cmd cmd;
	uint32_t n; /* which it is */
	uint32_t next; /* group that is to be done */
	uint64_t at; /* when that begins */
};

/* --- The tile -------------------------------------------------------------- */

struct perf {
	uint32_t loading, core_wait, matrix_busy, matrix_stall;
	uint32_t vector_busy, vector_stall, load_busy, load_stall, load_beats;
	uint32_t store_busy, store_stall, store_beats, tlb_miss;
};

struct tile {
	struct engine *e;
	unsigned int number;
	struct rv32 *core;
	uint8_t *lmem;
	struct ash_tile units; /* scratchpad and accumulators */
	struct work_queue *work; /* on these, and on board memory for DMA */
	struct pending loads, stores; /* board memory that it touches */
	bool spad_is_open; /* the core reaches the scratchpad directly */
	struct mmu mmu;
	struct unit unit[UNITS];
	struct vector_open vector; /* while unit[U_VECTOR].goes_on_at says so */
	/* Block TILE, from CONTEXT to GRID_Z, by offset / 4. */
	uint32_t par[ASHLAR_TILE_GRID_Z / 4 + 1];

	uint32_t state; /* TILE.STATUS */
	bool killed; /* STOPPING ends in KILLED */
	uint64_t next; /* when it acts; NEVER: not by itself */
	uint64_t start_at, end_at; /* of the run; end NEVER: it is on */
	uint64_t sleeps_at; /* all is still since then; NEVER: it is not */
	bool exited;
	uint32_t exit_code;
	uint32_t instret; /* of a run that has ended */
	struct fault fault;
	struct fault loader_fault; /* cause 0: none */
	struct perf perf;
};

static inline uint32_t tile_par(const struct tile *t, uint32_t offset)
{
	return t->par[offset / 4];
}

static inline uint64_t tile_par64(const struct tile *t, uint32_t lo)
{
	return t->par[lo / 4] | (uint64_t)t->par[lo / 4 + 1] << 32;
}

/* The first fault of a unit that is to come, or NEVER. */
uint64_t tile_fault_at(const struct tile *t, unsigned int *unit);
/* That, or when a unit goes on with what is open. */
uint64_t tile_unit_event(const struct tile *t);

/* work.h, and what the tile must know of it. */
void tile_work_wait(struct tile *t);
/* Behind each operation: some of it may be left. */
void tile_work_given(struct tile *t);
/* For the core: no work is on the scratchpad. */
uint8_t *tile_open_spad(struct tile *t);

/* loader.c: brings image and arguments in; returns the cycles it takes. */
uint64_t loader_run(struct tile *t, struct fault *fault);

/* dma.c, ops.c: GO of a unit at this time. */
void dma_go(struct tile *t, unsigned int unit, uint64_t at);
/* What is open goes on, at unit.goes_on_at. */
void dma_go_on(struct tile *t, unsigned int unit);
/* Rows that it has gathered become work. */
void dma_give(struct dma *d);
bool dma_new(struct unit *u);
void dma_delete(struct unit *u);
void matrix_go(struct tile *t, uint64_t at);
void vector_go(struct tile *t, uint64_t at);
void vector_go_on(struct tile *t);

/* kernel_regs.c: what the tile's core reaches besides its memories. */
enum rv32_answer kernel_load(void *ctx, uint32_t addr, unsigned int bytes,
			     uint32_t *value);
enum rv32_answer kernel_store(void *ctx, uint32_t addr, unsigned int bytes,
			      uint32_t value);
void kernel_regs_reset(struct tile *t);

#endif
