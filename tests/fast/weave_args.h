/* SPDX-License-Identifier: MIT */
/* Arguments of the kernel in weave.c, for both sides. */
#ifndef WEAVE_ARGS_H
#define WEAVE_ARGS_H

#include <stdint.h>

#define WEAVE_TILES 2u
#define WEAVE_ROWS  64u
#define WEAVE_AREA  16384u /* bytes, which both tiles write to */
#define WEAVE_SEEN  4u /* rounds that are kept */

struct weave {
	uint64_t from; /* WEAVE_AREA bytes for each tile */
	uint64_t area;
	uint64_t seen; /* WEAVE_SEEN areas for each tile */
	uint32_t rounds, run;
	/* Of each tile's rows in the area. */
	uint32_t first[WEAVE_TILES];
	int32_t step[WEAVE_TILES];
	/* k of its matrix operations: how long it is at work before. */
	uint32_t k[WEAVE_TILES];
};

#endif
