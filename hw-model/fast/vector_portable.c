// SPDX-License-Identifier: MIT
/* The vector unit, lane by lane. */
#include "units_portable.h"

void fast_vector_portable(struct ash_tile *t, const struct ash_vector_cmd *c)
{
	struct ash_cmd_error err;

	ash_vector_run(t, c, &err);
}
