/* SPDX-License-Identifier: MIT */
/*
 * The matrix and the vector unit, one command at a time: the same checks, the
 * same faults and the same results as hw-model/rtl. A command is a copy of the
 * unit's parameter registers (hw-model/regs/registers.md).
 */
#ifndef ASH_UNITS_H
#define ASH_UNITS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The memories of a tile. Numbers in them are little endian. */
struct ash_tile {
	uint32_t n; /* rows = columns = lanes: a power of two, 8..64 */
	uint32_t accs; /* accumulator tiles, 1..16 */
	uint32_t spad_bytes; /* scratchpad size, a multiple of 4 * n */
	uint8_t *spad;
	uint32_t *acc; /* accs * n * n words, row by row */
};

/* All zero but tiles = parts = 1 is what START makes. */
struct ash_matrix_cmd {
	uint32_t a_addr, a_pitch, b_addr, b_pitch, k, cfg, tiles, a_tile,
		b_tile, parts, a_part, b_part;
};

/* All zero but groups = 1 is what DEFAULTS makes. */
struct ash_vector_cmd {
	uint32_t cfg, op, src, src_pitch, src_gpitch, src2, src2_pitch,
		src2_gpitch, bias, scale, dst, dst_pitch, dst_gpitch, rows,
		groups, tail, red;
};

/* Why a command is refused (TILE.FAULT_SUB and FAULT_ADDR). */
struct ash_cmd_error {
	uint32_t sub; /* offset of the bad register in its block */
	uint32_t value; /* what it holds */
};

/*
 * Return 0, or -1 with *err set when the command is bad; a bad command changes
 * nothing. ash_*_check only checks.
 */
int ash_matrix_check(const struct ash_tile *t, const struct ash_matrix_cmd *c,
		     struct ash_cmd_error *err);
int ash_matrix_run(struct ash_tile *t, const struct ash_matrix_cmd *c,
		   struct ash_cmd_error *err);
/* The product of one tile and part of a good command, as a command. */
struct ash_matrix_cmd ash_matrix_product(const struct ash_matrix_cmd *c,
					 uint32_t tile, uint32_t part);
int ash_vector_check(const struct ash_tile *t, const struct ash_vector_cmd *c,
		     struct ash_cmd_error *err);
int ash_vector_run(struct ash_tile *t, const struct ash_vector_cmd *c,
		   struct ash_cmd_error *err);

/* One element of a vector row after the source was widened: what the unit computes from there. */
struct ash_vector_lane {
	uint32_t cfg; /* VECTOR.CFG */
	uint32_t op; /* VECTOR.OP */
	uint32_t x; /* the widened source: int32 or fp32 */
	uint32_t y; /* SRC2, widened; an immediate or a scalar as it is */
	uint32_t bias; /* int32 or fp32 */
	uint32_t scale; /* fp32 */
};

/*
 * The value that is reduced and converted, before either; *integer says
 * whether it is int32 or fp32.
 */
uint32_t ash_vector_value(const struct ash_vector_lane *l, int *integer);
/* A value in DST_FMT, in the low bits. */
uint32_t ash_vector_convert(uint32_t cfg, uint32_t value, int integer);
/* One step of a reduction, and what is not there. op: VECTOR.OP. */
uint32_t ash_vector_reduce(uint32_t op, int integer, uint32_t x, uint32_t y);
uint32_t ash_vector_identity(uint32_t op, int integer);

#ifdef __cplusplus
}
#endif

#endif
