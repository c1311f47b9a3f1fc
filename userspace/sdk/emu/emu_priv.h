/* SPDX-License-Identifier: MIT */
/* Between the files of the emulator. */
#ifndef ASHLAR_EMU_PRIV_H
#define ASHLAR_EMU_PRIV_H

#include "emu.h"

#include <setjmp.h>
#include <stdbool.h>

#include "ashlar_regs.h"

enum emu_unit { EMU_LOAD, EMU_STORE, EMU_MATRIX, EMU_VECTOR, EMU_UNITS };

#define EMU_REGS  (ASHLAR_LOAD_GO / 4) /* parameter registers of a unit */
#define EMU_QUEUE 8

struct emu_cmd {
	uint32_t reg[EMU_REGS];
	uint32_t after[EMU_UNITS];
	bool known; /* all that it comes after is done: */
	uint64_t table; /* DMA: emu_dma_table() as it was then */
};

struct emu_queue {
	uint32_t reg[EMU_REGS]; /* parameters as last written */
	uint32_t after[EMU_UNITS]; /* AFTER_LOAD .. AFTER_VECTOR */
	struct emu_cmd cmd[EMU_QUEUE];
	uint32_t issued, done;
	uint32_t haste; /* chance of 256 to go on after an access */
};

struct emu_tile {
	struct emu_job *job;
	struct emu_board board;
	uint32_t index;
	uint32_t arg_bytes;
	uint8_t *spad;
	uint32_t *acc; /* accs x array x array words */
	struct emu_queue unit[EMU_UNITS];
	uint64_t random;
	uint32_t accesses;
	uint32_t exit_code;
	jmp_buf out;
};

/* End the run with a sentence. */
_Noreturn void emu_fault(struct emu_tile *t, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Do one macro-operation. */
void emu_dma(struct emu_tile *t, const uint32_t *reg, bool store);
/* A hash of the table that GATHER reads; 0 for none, or a bad one. */
uint64_t emu_dma_table(const struct emu_tile *t, const uint32_t *reg);
void emu_matrix(struct emu_tile *t, const uint32_t *reg);
void emu_vector(struct emu_tile *t, const uint32_t *reg);

#endif
