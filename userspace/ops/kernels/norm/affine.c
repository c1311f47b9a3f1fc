/* SPDX-License-Identifier: MIT */
/*
 * y = x * scale + bias with a scale and a bias for each column, and with a second
 * matrix + (x2 + bias2) * scale2: what batch norm and its gradient end with.
 */
#include "rows.h"

enum { AFFINE_SCALE, AFFINE_BIAS, AFFINE_BIAS2, AFFINE_SCALE2 };

ASHLAR_KERNEL(norm_affine, struct norm_affine_args)
{
	bool two = args->x2.addr;
	const struct rows_use use = {
		.in = { &args->x, two ? &args->x2 : NULL },
		.out = &args->y,
		.temps = two,
		.passes = 1,
		.vector = { args->scale, args->bias, two ? args->bias2 : 0,
			    two ? args->scale2 : 0 },
		.in_part = 8,
		.temp_part = two ? 2 : 0,
		.out_part = two ? 4 : 6,
		.in_slots = 3,
		/* One pass alone takes as long as its results' store. */
		.out_slots = two ? 2 : 3,
	};
	uint32_t cfg = ASH_VEC(args->x.format, args->y.format) |
		       ASH_VEC_SCALE_ROW;
	struct rows r;

	if (args->bias)
		cfg |= ASH_VEC_BIAS_ROW | ASH_VEC_BIAS_LATE;
	if (two)
		cfg |= ASH_VEC_SRC2_ROWS(ASH_FMT_F32, ASH_ADD) | ASH_VEC_LATE;
	rows_begin(&r, &use, &args->shape);
	while (rows_batch(&r)) {
		while (rows_segment(&r)) {
			if (two)
				rows_columns(
					&r,
					ASH_VEC(args->x2.format, ASH_FMT_F32) |
						ASH_VEC_BIAS_ROW |
						ASH_VEC_SCALE_ROW,
					&r.temp[0], &r.in[1], NULL,
					&r.vector[AFFINE_BIAS2],
					&r.vector[AFFINE_SCALE2]);
			rows_columns(&r, cfg, &r.out, &r.in[0],
				     two ? &r.temp[0] : NULL,
				     args->bias ? &r.vector[AFFINE_BIAS] : NULL,
				     &r.vector[AFFINE_SCALE]);
		}
	}
	rows_end(&r);
	return 0;
}
