/* SPDX-License-Identifier: MIT */
/*
 * The Verilated board behind a C interface: inputs are set, board_cycle() lets
 * one clock cycle pass, outputs are those after it. board.cpp is the only C++
 * of the model. The board's DPI calls go to the functions in dpi.c.
 */
#ifndef ASHLAR_MODEL_BOARD_H
#define ASHLAR_MODEL_BOARD_H

#include "misuse.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct board;

/* A retired instruction. */
struct board_retired {
	uint32_t pc, insn, rd, value; /* rd 0: none */
};

/* Runs the design's initial blocks, thus calls ashlar_rom_word(). */
struct board *board_new(void);
void board_delete(struct board *b);

/*
 * Write a waveform from now on. Returns NULL, or a constant sentence that
 * says why not.
 */
const char *board_wave_open(struct board *b, const char *path);
/* Dump the state after the last cycle at this time. */
void board_wave_dump(struct board *b, uint64_t time);

void board_set_reset(struct board *b, bool on);
void board_set_reg(struct board *b, bool valid, bool we, uint32_t addr,
		   uint32_t data);
/* One clock cycle in which skip more cycles of device time pass. */
void board_cycle(struct board *b, uint64_t skip);

bool board_reg_ready(const struct board *b);
bool board_reg_rvalid(const struct board *b);
uint32_t board_reg_rdata(const struct board *b);
bool board_idle(const struct board *b);
/* Cycles until the board does something by itself; UINT64_MAX: never. */
uint64_t board_next_event(const struct board *b);
/* Bits of HOST_ERR, set for one cycle. */
unsigned int board_misuse(const struct board *b);
/* What it is about; valid while board_misuse() is not zero. */
void board_misuse_values(const struct board *b,
			 struct model_misuse_values *values);
/* Cores are the management processor, then the tiles. */
unsigned int board_cores(void);
bool board_insn(const struct board *b, unsigned int core,
		struct board_retired *insn);
/* Whether any core retired an instruction in the last cycle. */
bool board_any_insn(const struct board *b);

#ifdef __cplusplus
}
#endif
#endif
