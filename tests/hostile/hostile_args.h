/* SPDX-License-Identifier: MIT */
/* Arguments of the kernels in hostile_kernels.c, for both sides. */
#ifndef HOSTILE_ARGS_H
#define HOSTILE_ARGS_H

#include <stdint.h>

struct hostile_args {
	uint64_t target; /* address that the attack is about */
	uint64_t other; /* a second one */
	uint64_t note; /* uint32_t that receives the pc of what will fault */
	uint32_t bytes;
	uint32_t mode; /* as the kernel says */
	uint32_t unit; /* enum ashlar_unit */
	uint32_t offset; /* of a register in the unit's block */
	uint32_t value;
	uint32_t spin; /* loop turns before it begins */
	uint32_t only; /* number (in the job) of the tile that attacks */
	uint32_t rest; /* what the others do: 0 end, 1 spin for ever */
	uint32_t seed;
	uint32_t count;
};

/* core_attack: ways to make the core fault. */
enum core_attack {
	CORE_ILLEGAL,
	CORE_ILLEGAL_SHORT,
	CORE_BAD_CSR,
	CORE_RO_CSR,
	CORE_EBREAK,
	CORE_ECALL,
	CORE_ECALL_HANDLED, /* with a trap handler of its own set up */
	CORE_LOAD, /* lw from target */
	CORE_STORE, /* sw to target */
	CORE_LOAD_BYTE,
	CORE_STORE_BYTE,
	CORE_JUMP, /* to target */
	CORE_RECURSE, /* until the stack meets the text */
	CORE_ATTACKS,
};

/* How `dirty` ends after it has written its secret everywhere. */
enum dirty_end {
	DIRTY_EXIT,
	DIRTY_SPIN,
	DIRTY_ILLEGAL,
	DIRTY_BAD_LOAD,
	DIRTY_BUSY, /* exits with the units still at work, for very long */
	DIRTY_ENDS,
};

/*
 * `clean` stores, for each tile, the scratchpad as it found it, then its
 * accumulators, then these words; all must be zero.
 */
struct hostile_clean {
	uint32_t registers; /* of the core at its first instruction, or-ed */
	uint32_t csrs;
	uint32_t units; /* parameters of the units less their defaults */
	uint32_t local; /* local memory outside image, stack and arguments */
	uint32_t arguments; /* the argument area behind the arguments */
	uint32_t unused[11];
};

#define HOSTILE_SECRET 0xa55ec2e7u

#endif
