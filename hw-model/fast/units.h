/* SPDX-License-Identifier: MIT */
/*
 * The matrix and the vector unit at the speed of the host: the same results as
 * ash_matrix_run() and ash_vector_run() of hw-model/numerics, to the bit. The
 * command must have passed ash_matrix_check() or ash_vector_check().
 *
 * Several threads may be inside at once, each with a tile of its own. Nothing
 * is kept between calls; the floating-point modes of the caller are not
 * changed.
 */
#ifndef ASH_FAST_UNITS_H
#define ASH_FAST_UNITS_H

#include "ash_units.h"

#define FAST_N_MAX 64u /* greatest N */

void fast_matrix_run(struct ash_tile *t, const struct ash_matrix_cmd *c);
void fast_vector_run(struct ash_tile *t, const struct ash_vector_cmd *c);

/*
 * A vector command of billions of rows is a good one. So that nobody waits for
 * the whole of it: groups first .. end - 1, in order from 0 on. What the unit
 * has read of BIAS, SCALE and the words of SRC2 is kept in between.
 */
struct fast_vector_kept {
	uint32_t src2[FAST_N_MAX], bias[FAST_N_MAX], scale[FAST_N_MAX];
};

struct fast_vector_part {
	const struct ash_vector_cmd *cmd;
	uint32_t first, end;
	struct fast_vector_kept *kept;
};

void fast_vector_run_part(struct ash_tile *t, const struct fast_vector_part *p);

/* What they use of this processor: "avx2", "portable", ... for bench and log. */
const char *fast_units_name(void);

#endif
