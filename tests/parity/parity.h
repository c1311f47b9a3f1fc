/* SPDX-License-Identifier: MIT */
/* The gate: what its files share. README.md says what a case is. */
#ifndef PARITY_H
#define PARITY_H

#include "ashlar_model.h"
#include "ashlar_regs.h"
#include "protocol.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HOST_BASE  0x10000000u /* where the host has memory for DMA */
#define HOST_BYTES 0x20000u

/* --- case.c: a case is a list of steps ------------------------------------- */

enum op {
	/* The host's. */
	OP_STRICT, /* the model is made strict */
	OP_READ, /* bar, offset, bytes */
	OP_WRITE, /* bar, offset, bytes, value */
	OP_FILL, /* address, bytes, seed: random bytes into board memory */
	OP_PTE, /* address, value: 8 bytes into board memory */
	OP_HOSTFILL, /* offset, bytes, seed: random bytes into host memory */
	OP_RESET, /* the model's reset() */
	OP_BOOT, /* set RUN, wait for the ROM */
	OP_QUIET, /* cycles: let time pass until nothing moves */
	OP_OPEN, /* memory is not compared: an operation was broken off */
	/* Lists for the ROM: neighbours are given to it together. */
	OP_MP_READ,
	OP_MP_WRITE,
	OP_MP_SETTLE,
	OP_MP_TIMER,
	OP_MP_WATCHDOG,
	OP_MP_TILE,
	OP_MP_IRQ,
	OP_MP_EXEC,
	OP_MP_JUMP,
	OP_MP_CALL,
	OP_MP_STATE, /* tile: what it tells of its run */
	OP_SYNC, /* the list ends here */
	/* Programs for the kernel. */
	OP_K_BEGIN,
	OP_K_READ,
	OP_K_WRITE,
	OP_K_START,
	OP_K_WAIT,
	OP_K_GO,
	OP_K_EXEC,
	OP_K_JUMP,
	OP_K_FILL,
	OP_K_FLUSH,
	OP_K_MOVE,
	OP_K_SLEEP,
	OP_K_EXIT,
	OP_K_IMAGE, /* address: put kernel and program there */
	OPS
};

#define STEP_ARGS 4

struct step {
	enum op op;
	uint64_t arg[STEP_ARGS];
};

struct kase {
	char board[16];
	struct step *steps;
	uint32_t n, room;
};

void case_add(struct kase *k, enum op op, uint64_t a, uint64_t b, uint64_t c,
	      uint64_t d);
void case_copy(struct kase *to, const struct kase *from);
void case_free(struct kase *k);
unsigned int case_args(enum op op); /* how many numbers it has */
void step_text(const struct step *s, char *text, size_t bytes);
/* Return false after a message. */
bool case_read(struct kase *k, const char *path);
bool case_write(const struct kase *k, const char *path, const char *why);

/* names.c: registers in comments; empty when there is none. */
const char *name_of_mp(uint32_t addr);
const char *name_of_kernel(uint32_t addr);
const char *name_of_host(uint32_t offset);

/* --- board.c: what a board has -------------------------------------------- */

struct board {
	char name[16];
	uint64_t mem_bytes;
	uint32_t tiles, array, accs, spad_bytes, lmem_bytes, spad_banks;
};

/* --- model.c, run.c, outcome.c: a case on a model -------------------------- */

#define EVENTS_MAX  40000
#define VECTORS_MAX 4096

struct event {
	uint32_t step;
	char text[124];
};

/* What a case did on a model; in memory shared with the process that ran it. */
struct outcome {
	uint32_t events;
	bool full; /* there were more events */
	bool finished; /* the case came to its end */
	bool open; /* a failed run left memory as it may: not compared */
	uint32_t vectors;
	uint64_t operations;
	uint64_t cycles;
	uint8_t vector[VECTORS_MAX];
	uint8_t host[HOST_BYTES];
	struct event event[EVENTS_MAX];
	int memory_fd; /* board memory */
};

struct model {
	const char *path;
	const struct ashlar_model_ops *ops;
	struct board board;
};

/* Returns false after a message. */
bool model_open(struct model *m, const char *path);

struct outcome *outcome_new(uint64_t mem_bytes);
void outcome_delete(struct outcome *o);

/* Both at once, each in a process of its own, at most this long. */
void run_both(const struct model *a, const struct model *b,
	      const struct kase *k, struct outcome *oa, struct outcome *ob,
	      unsigned int seconds);
/* In this process. */
void run_case(const struct model *m, const struct kase *k, struct outcome *o);

/* --- compare.c -------------------------------------------------------------- */

struct difference {
	bool found;
	uint32_t step; /* of the case; its size for what is behind all steps */
	char kind[16]; /* "event", "vectors", "memory", "host memory" */
	char what[16]; /* the first word of the event */
	char a[124], b[124];
	uint64_t compared; /* bytes */
};

void compare(const struct kase *k, struct outcome *a, struct outcome *b,
	     struct difference *d);

/* --- shrink.c --------------------------------------------------------------- */

struct gate {
	struct model a, b;
	const char *folder; /* for saved cases */
	unsigned int seconds; /* a case may take */
	bool list; /* print what a does */
	bool first; /* end at the first mismatch */
};

/* Runs and compares. */
void gate_try(const struct gate *g, const struct kase *k, struct difference *d,
	      uint64_t *operations);
/* Makes the case smaller while the difference stays. */
void shrink(const struct gate *g, struct kase *k, struct difference *d);

/* --- generate*.c ------------------------------------------------------------ */

struct gen {
	uint64_t state;
	const struct board *board;
	struct kase *k;
	uint32_t tables; /* of GATHER, so far */
};

uint32_t rnd(struct gen *g);
uint64_t rnd64(struct gen *g);
/* lo .. hi */
uint32_t pick(struct gen *g, uint32_t lo, uint32_t hi);
bool chance(struct gen *g, uint32_t one_in);
/* A number at the edge of something. */
uint32_t edge(struct gen *g);
/* An instruction that changes a0, from a0 and a1. */
uint32_t insn(struct gen *g);
void add(struct gen *g, enum op op, uint64_t a, uint64_t b, uint64_t c,
	 uint64_t d);

struct kind {
	const char *name;
	void (*make)(struct gen *g);
};

extern const struct kind kinds[];
extern const unsigned int kind_count;

void make_registers(struct gen *g);
void make_processor(struct gen *g);
void make_tiles(struct gen *g);
void make_pair(struct gen *g);
void make_pages(struct gen *g);

/* The seed's case of a kind. */
void generate(struct kase *k, const struct board *board,
	      const struct kind *kind, uint64_t seed);

#endif
