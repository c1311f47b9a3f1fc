/* SPDX-License-Identifier: MIT */
/*
 * Operations that are measured: each file ops_FAMILY.c defines ops_benches,
 * ended by one without a name.
 */
#ifndef BENCH_OPS_H
#define BENCH_OPS_H

#include "ot.h"

/*
 * What a case cannot go below on one tile, in cycles: the greatest of these.
 * Bytes move at 64 a cycle each way; vector are lines of N elements times
 * operations (two for one with rows of SRC2).
 */
struct ops_bound {
	double load_bytes, store_bytes;
	double vector, matrix;
};

struct ops_bench {
	const char *name; /* key of its figures */
	const char *text;
	ot_build build; /* its tensors: OT_PACKED, t->aligned is set */
	const void *param;
	struct ops_bound bound;
	double least, aim; /* share of the bound, in % */
};

extern const struct ops_bench ops_benches[];

#endif
