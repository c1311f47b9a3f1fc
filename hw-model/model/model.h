/* SPDX-License-Identifier: MIT */
/* What the files of the model shell share. */
#ifndef ASHLAR_MODEL_INTERNAL_H
#define ASHLAR_MODEL_INTERNAL_H

#include "ashlar_model.h"
#include "board.h"

#include <stdbool.h>
#include <stdio.h>

struct recorder;

struct ashlar_model {
	struct ashlar_model_callbacks cb;
	bool strict;
	bool dead; /* a misuse ended it */
	bool no_skip; /* tests: clock idle cycles too */
	bool vector_raised; /* in the last cycle */

	struct board *board;
	uint64_t cycles; /* device time since create() */
	uint64_t clocked; /* of these, cycles that were simulated */

	const unsigned char *rom;
	size_t rom_bytes;
	unsigned char *rom_copy; /* what to free */

	unsigned char *memory; /* MODEL_MEM_BYTES */
	int memory_fd; /* -1: anonymous */

	uint64_t trace_begin, trace_end; /* end 0: none */
	bool wave;
	FILE *insn_trace;
	struct recorder *rec; /* NULL: not recording */
};

/*
 * The model whose board runs on this thread: DPI calls belong to it. Set by
 * model_enter(), put back by model_leave(), so that a callback may use another
 * model.
 */
extern _Thread_local struct ashlar_model *model_current;

/* The ROM image built in (rom.S). */
extern const unsigned char ashlar_builtin_rom[];
extern const unsigned char ashlar_builtin_rom_end[];

/* misuse.c: report by name and sentence; ends a strict model. */
__attribute__((format(printf, 3, 4))) void
model_misuse(struct ashlar_model *m, const char *name, const char *format, ...);
/* Report what the board noticed in the last cycle. */
void model_board_misuse(struct ashlar_model *m, unsigned int bits);

/* memory.c */
bool model_memory_open(struct ashlar_model *m, int fd, char *error,
		       size_t error_bytes);
void model_memory_close(struct ashlar_model *m);

/* insn.c: the instruction trace. */
bool model_insn_open(struct ashlar_model *m, const char *path, char *error,
		     size_t error_bytes);
void model_insn_write(struct ashlar_model *m);

#endif
