/* SPDX-License-Identifier: MIT */
/*
 * What the test ROM and board_tb.c say to each other. The bench writes ARGS
 * and COMMAND in the shared SRAM and rings doorbell 0 with the count of
 * commands so far; the ROM does it, writes RESULTS, sets the post code to
 * POST_DONE + count and raises VECTOR_DONE.
 */
#ifndef BOARD_TB_PROTOCOL_H
#define BOARD_TB_PROTOCOL_H

/* Offsets in the shared SRAM. */
#define TB_COMMAND 0x00
#define TB_ARGS	   0x40
#define TB_RESULTS 0x80
#define TB_AREA	   0x1000 /* free for copies */

#define TB_VECTOR_DONE	1
#define TB_VECTOR_FENCE 2
#define TB_POST_READY	0x100
#define TB_POST_DONE	0x1000

enum tb_command {
	/* args: cycles. results: MTIME before, after, interrupts pending. */
	TB_TIMER = 1,
	/* args: period, sleep instead of spinning. Does not come back. */
	TB_WATCHDOG = 2,
	/* results: exceptions met, then mcause and mtval of each probe. */
	TB_PROBES = 3,
	/*
	 * args: engine, copies, then per copy src, dst, len, space. Started
	 * one after the other, then waited for. results: ERROR, cycles.
	 */
	TB_COPY = 4,
	/*
	 * args: engine, host address, value. Starts a write of the value and
	 * raises VECTOR_FENCE at once.
	 */
	TB_FENCE = 5,
	/* args: tiles' registers from CTX to GRID_Z. See rom.c. */
	TB_TILE = 6,
	/* args: vector number. results: exceptions met. */
	TB_VECTOR = 7,
	/* results: RESET_CAUSE and the CFG registers in order. */
	TB_CONFIG = 8,
	/* args: address. results: the word there, exceptions met. */
	TB_PEEK = 9,
	/* args: host address, bytes; fills the queue of engine 0 and more. */
	TB_FLOOD = 10,
};

#endif
