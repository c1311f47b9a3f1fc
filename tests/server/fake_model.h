/* SPDX-License-Identifier: MIT */
/*
 * A board model whose registers make it do what a test wants to see: DMA,
 * vectors, misuse, work without end. What a write asks for happens in run().
 */
#ifndef FAKE_MODEL_H
#define FAKE_MODEL_H

#define FAKE_MEMORY 0x200000u /* BAR2 */

#define FAKE_ID_VALUE 0x454b4146u

enum fake_register {
	FAKE_ID = 0x000,
	FAKE_SCRATCH = 0x004, /* cleared by reset */
	FAKE_DMA_LO = 0x008,
	FAKE_DMA_HI = 0x00c,
	FAKE_DMA_BYTES = 0x010, /* 1 .. 64 */
	FAKE_DMA_GO = 0x014, /* enum fake_dma */
	FAKE_DMA_RESULT = 0x018, /* 0: under way, 1: done, 2: refused */
	FAKE_VECTOR = 0x01c, /* raise it */
	FAKE_BUSY = 0x020, /* cycles of work to do; all ones: no end */
	FAKE_CYCLE_NS = 0x024, /* host time that a cycle of work takes */
	FAKE_CYCLES = 0x028, /* device time */
	FAKE_RESETS = 0x02c,
	FAKE_ACCESSES = 0x030, /* of BAR0, before this one */
	FAKE_MISUSE = 0x034, /* report one */
	FAKE_RUNS = 0x038, /* calls of run() */
	FAKE_STREAM = 0x03c, /* 1: each cycle of work is a DMA write too */
	FAKE_STREAM_OK = 0x040, /* of these, done */
	FAKE_STREAM_REFUSED = 0x044,
	FAKE_OVERLAPS = 0x048, /* two threads were inside: must stay 0 */
	FAKE_DATA = 0x100, /* 64 bytes that DMA moves */
};

enum fake_dma {
	FAKE_FROM_HOST = 1,
	FAKE_TO_HOST = 2,
};

#endif
