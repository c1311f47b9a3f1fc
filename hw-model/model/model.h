/* SPDX-License-Identifier: MIT */
/*
 * What the files of a model share: the shell (the operations and options of
 * ashlar_model.h, memory, records, misuse) and the engine, which is the board
 * itself: engine.h.
 */
#ifndef ASHLAR_MODEL_INTERNAL_H
#define ASHLAR_MODEL_INTERNAL_H

#include "ashlar_model.h"
#include "engine.h"
#include "misuse.h"

#include <stdbool.h>
#include <stdio.h>

struct recorder;

struct ashlar_model {
	struct ashlar_model_callbacks cb;
	bool strict;
	bool dead; /* a misuse ended it */
	bool no_skip; /* tests: clock idle cycles too */
	bool vector_raised; /* since the engine last cleared it */

	struct engine *engine;
	uint64_t cycles; /* device time since create() */
	uint64_t clocked; /* of these, cycles that were simulated */

	const unsigned char *rom;
	size_t rom_bytes;
	unsigned char *rom_copy; /* what to free */

	unsigned char *memory; /* MODEL_MEM_BYTES */
	int memory_fd; /* -1: anonymous */

	uint64_t trace_begin, trace_end; /* end 0: none */
	FILE *insn_trace;
	struct recorder *rec; /* NULL: not recording */
};

/* The ROM image built in (rom.S). */
extern const unsigned char ashlar_builtin_rom[];
extern const unsigned char ashlar_builtin_rom_end[];

/* memory.c */
bool model_memory_open(struct ashlar_model *m, int fd, char *error,
		       size_t error_bytes);
void model_memory_close(struct ashlar_model *m);

/* outside.c: what the board does to the world, called back and recorded. */
#define MODEL_BEAT 64
/* The host's answer to a read of the beat at addr: 0, or it refuses. */
int model_host_read(struct ashlar_model *m, uint64_t addr, void *data);
/* Byte i of data is written if bit i of strb is set. 0, or it is refused. */
int model_host_write(struct ashlar_model *m, uint64_t addr, const void *data,
		     uint64_t strb);
void model_host_vector(struct ashlar_model *m, unsigned int vector);
/* Board memory is about to be read or written; has been written. */
void model_memory_used(struct ashlar_model *m, uint64_t addr, uint64_t bytes);
void model_memory_written(struct ashlar_model *m, uint64_t addr,
			  uint64_t bytes);
/* Word index of the boot ROM; behind the image there are zeros. */
uint32_t model_rom_word(const struct ashlar_model *m, uint32_t index);

/* insn.c: the instruction trace. */
bool model_insn_open(struct ashlar_model *m, const char *path, char *error,
		     size_t error_bytes);
/* An instruction of a core (0: the management processor) at a cycle. */
void model_insn_write(struct ashlar_model *m, uint64_t cycle, unsigned int core,
		      uint32_t pc, uint32_t insn, uint32_t rd, uint32_t value);
/* Whether a cycle is one that the options want traced. */
bool model_in_window(const struct ashlar_model *m, uint64_t cycle);

#endif
