/* SPDX-License-Identifier: MIT */
/* Random commands with random data, run on a unit and on its reference. */
#ifndef UNITS_RANDOM_H
#define UNITS_RANDOM_H

#include "host_fp.h"
#include "units_impl.h"

/* Two tiles with the same memories: for the unit and for the reference. */
struct units_pair {
	struct ash_tile unit, ref;
	struct host_random rnd;
};

/* Returns 0, or -1 with no memory taken. */
int units_pair_init(struct units_pair *p, uint32_t n, uint32_t spad_bytes,
		    uint64_t seed);
void units_pair_exit(struct units_pair *p);

/* Give both new contents, of numbers that fit `type` (ASHLAR_MATRIX_CFG_TYPE_). */
void units_fill_matrix(struct units_pair *p, uint32_t type);
/* The same for a vector command of this CFG. */
void units_fill_vector(struct units_pair *p, uint32_t cfg);

/* A good command; cfg gives the type and flags, the accumulator is chosen. */
struct ash_matrix_cmd units_matrix_cmd(struct units_pair *p, uint32_t cfg,
				       uint32_t k);

/* Bits of CFG and OP that a vector command is to have. */
struct units_vector_bits {
	uint32_t cfg, cfg_mask, op, op_mask;
};

/*
 * A good command with these bits, all else being chosen. Returns 0, or -1 if
 * no command with them is good.
 */
int units_vector_cmd(struct units_pair *p, const struct units_vector_bits *bits,
		     struct ash_vector_cmd *c);

/*
 * Run the command on both and compare the memories and the floating-point
 * modes. Returns 0, or 1 after a line about the first difference.
 */
int units_matrix_differs(struct units_pair *p, const struct fast_units *u,
			 const struct ash_matrix_cmd *c);
int units_vector_differs(struct units_pair *p, const struct fast_units *u,
			 const struct ash_vector_cmd *c);

/* One random command of either unit; returns what differs. */
int units_random_matrix(struct units_pair *p, const struct fast_units *u);
int units_random_vector(struct units_pair *p, const struct fast_units *u);

static inline uint32_t units_below(struct units_pair *p, uint32_t n)
{
	return (uint32_t)((uint64_t)host_next(&p->rnd) * n >> 32);
}

#endif
