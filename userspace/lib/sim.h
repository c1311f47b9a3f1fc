/* SPDX-License-Identifier: MIT */
/*
 * A simulated board in this process: the model's shared object, the DMA
 * windows it may reach, and the driver core's struct ashlar_os on top of it.
 *
 * Not thread safe; the board's lock covers it.
 */
#ifndef ASHLAR_LIB_SIM_H
#define ASHLAR_LIB_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "ashlar_model.h"
#include "ashlar_os.h"
#include "ashlar_range.h"

struct sim_options {
	char kind[8]; /* "fast" or "rtl" */
	char board[32];
	bool strict;
	char *record;
	char *wave;
	char *insn_trace;
	uint64_t trace_begin, trace_end;
	char *model; /* file to load, NULL: by board from the data directory */
};

/* Host memory that the board may read and write. */
struct sim_window {
	struct ashlar_node node; /* DMA addresses; start is the first */
	void *cpu;
	size_t bytes;
};

struct ashlar_os {
	void *library; /* of dlopen() */
	const struct ashlar_model_ops *ops;
	struct ashlar_model *model;
	bool dead;
	uint64_t vectors; /* set of vectors raised since last cleared */
	void *memory; /* board memory in this process */
	uint64_t memory_bytes;
	/* Windows in order of address. */
	struct sim_window **windows;
	size_t window_count, window_room;
	struct sim_window *last_hit;
	struct ashlar_range dma;
	/* The last error sentence of the core or the model. */
	char error[256];
	char misuse[200]; /* empty: none */
	void (*log)(void *ctx, int level, const char *text);
	void *log_ctx;
};

/*
 * Make a board from a model's operations. Returns 0, or -1 with os->error. The
 * log function must be set before.
 */
int sim_create(struct ashlar_os *os, const struct ashlar_model_ops *ops,
	       const struct sim_options *opt);
/* Load the model's shared object and make a board. */
int sim_load(struct ashlar_os *os, const char *path,
	     const struct sim_options *opt);
/* Windows that are left are released. */
void sim_destroy(struct ashlar_os *os);

/* Let at most cycles pass. */
enum ashlar_model_stop sim_run(struct ashlar_os *os, uint64_t cycles);
/* Device time, and how much of it was clocked, without a register access. */
void sim_time(struct ashlar_os *os, uint64_t *cycles, uint64_t *clocked);

/* A window over zeroed memory, both of bytes rounded up to pages, or NULL. */
struct sim_window *sim_window_new(struct ashlar_os *os, size_t bytes);
void sim_window_free(struct ashlar_os *os, struct sim_window *w);

#endif
