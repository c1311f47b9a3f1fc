/* SPDX-License-Identifier: MIT */
/*
 * What the bench and its kernel agree on. The arguments are words; the first
 * is the test, the others are named with each test.
 */
#ifndef TILE_TESTS_H
#define TILE_TESTS_H

enum tile_test {
	/* EXIT with args[1]. */
	TEST_EXIT,
	/*
	 * Compares UNIT with args[1..10]: INDEX, COUNT, GRID_X, GRID_Y,
	 * GRID_Z, ARG_BYTES, SPAD_BYTES, ARRAY, ACCS, SPAD_BANKS.
	 */
	TEST_IDENTITY,
	/* Reset values, write and read back of every unit register. */
	TEST_REGISTERS,
	/*
	 * Loads args[5] bytes from args[1..2] to scratchpad offset args[6],
	 * changes bytes 0, 3, halfword 6 and word 8, stores to args[3..4].
	 */
	TEST_COPY,
	/* 12 loads of 64 bytes from args[1..2] without waiting between. */
	TEST_QUEUE,
	/*
	 * int8 A from args[1..2], B from args[3..4], both N x 64, row form;
	 * stores A * B, N x N int32, to args[5..6].
	 */
	TEST_GEMM,
	/*
	 * The same for B of N + 1 rows: stores A times its rows 0 .. N-1, then
	 * times 1 .. N. Units wait for each other, the core for the end.
	 */
	TEST_CHAIN,
	/*
	 * Loads 16 rows of 64 bytes from args[1..2], then by the 16 indices at
	 * args[3..4], whose load the core does not wait for.
	 */
	TEST_GATHER,
	/* Bad access number args[1] (see kernel.c); must not come back. */
	TEST_ACCESS,
	/*
	 * Word writes: address, value, ... until address 0; then spins. The
	 * first reset sets the parameters of all DMA to their defaults.
	 */
	TEST_SCRIPT,
	TEST_WFI,
	/*
	 * Without end: loads from args[1..2], stores to args[3..4], matrix
	 * and vector work.
	 */
	TEST_SPIN,
	/*
	 * Local memory behind the kernel must be zero, the accumulators go to
	 * args[1..2], then the scratchpad to args[3..4].
	 */
	TEST_SCRUBBED,
};

enum tile_access {
	ACCESS_LOAD_UNMAPPED, /* 0x30000000 */
	ACCESS_STORE_UNMAPPED,
	ACCESS_LOAD_BEYOND_LMEM, /* first byte behind local memory */
	ACCESS_LOAD_BEYOND_SPAD,
	ACCESS_STORE_BEYOND_SPAD,
	ACCESS_FETCH_BEYOND_LMEM,
	ACCESS_FETCH_SPAD,
	ACCESS_STORE_TEXT, /* address 0 */
	ACCESS_STORE_TEXT_BYTE, /* last byte of the text */
	ACCESS_BYTE_OF_REGISTER,
	ACCESS_HALF_STORE_OF_REGISTER,
	ACCESS_REGISTER_HOLE,
	ACCESS_WRITE_READ_ONLY,
	ACCESS_READ_WRITE_ONLY,
	ACCESS_GO_AFTER_UNKNOWN, /* after a token that was not given out */
	ACCESS_BEHIND_VECTOR, /* 0x20000500 */
	ACCESS_MISALIGNED,
	ACCESS_ECALL,
	ACCESS_EBREAK,
	ACCESS_ILLEGAL,
	ACCESS_COUNT
};

#endif
