/* SPDX-License-Identifier: MIT */
/*
 * What the gate says to its two programs on the board: the test ROM on the
 * management processor, and the kernel that each tile runs. Both execute
 * lists of small operations; an operation is four words, the first a code.
 */
#ifndef PARITY_PROTOCOL_H
#define PARITY_PROTOCOL_H

/*
 * The ROM. The host writes operations and their number into the shared SRAM
 * and rings doorbell 0 with the count of lists so far. The ROM does them,
 * notes a result for each, sets the post code to MP_POST_DONE + count and
 * raises MP_VECTOR_DONE.
 */
#define MP_COUNT   0x0000 /* offsets in the shared SRAM */
#define MP_OPS	   0x0100 /* 16 bytes each */
#define MP_RESULTS 0x1100 /* 32 bytes each: value, traps, cause, mtval, mepc */
#define MP_FREE	   0x4000 /* from here on the gate may use it */
#define MP_OPS_MAX 128

#define MP_POST_READY  0x10000 /* + how often the ROM has started */
#define MP_POST_DONE   0x20000
#define MP_VECTOR_DONE 63

/* TCM: free below this; above, what the ROM needs. */
#define MP_TCM_FREE 0x10010000
#define MP_TRAP	    0x10018000 /* count, cause, mtval, mepc */
#define MP_SLOT	    0x10018100 /* the instruction of MP_EXEC, and a return */
#define MP_BOOTS    0x10018200 /* how often the ROM has started */
#define MP_STACK    0x10020000

#ifndef __ASSEMBLER__
enum mp_code {
	MP_END,
	MP_READ, /* address, bytes: 1, 2, 4 */
	MP_WRITE, /* address, bytes, value */
	MP_SETTLE, /* engine: wait until its copies are done; ERROR */
	MP_TIMER, /* cycles: sleep so long; mip */
	MP_WATCHDOG, /* period, sleep: does not come back */
	MP_TILE, /* tile, cycles: wait for its end; STATUS, + 256 late */
	MP_IRQ, /* IRQ_ENABLE, mie: open interrupts for a moment */
	MP_EXEC, /* instruction, a0, a1; a0 */
	MP_JUMP, /* address, which cannot be executed */
	MP_CALL, /* address, a0, a1: a function; a0 */
};
#endif

/*
 * The kernel: K_PROGRAM in its image has the list, up to K_END. Values that it
 * reads are put one behind the other at K_RESULTS of local memory.
 */
#define K_PROGRAM 0x0800
#define K_RESULTS 0xc000
#define K_SLOT	  0xef00 /* as MP_SLOT */
#define K_STACK	  0xfc00 /* below the arguments */

#ifndef __ASSEMBLER__
enum k_code {
	K_END, /* exit 0 */
	K_READ, /* address, bytes */
	K_WRITE, /* address, bytes, value */
	K_START, /* block of a unit: GO */
	K_WAIT, /* block: wait for all that was started */
	K_GO, /* both */
	K_EXEC, /* instruction, a0, a1 */
	K_JUMP, /* address */
	K_FILL, /* address, words, seed: write a pattern */
	K_FLUSH, /* address, words: copy results there */
	K_MOVE, /* to, from, words */
	K_SLEEP, /* WFI for ever */
	K_EXIT, /* exit code */
};
#endif

#endif
