// SPDX-License-Identifier: MIT
/* copy: any strides to any strides. */
#include "map.h"

int plan_copy(struct plan *p, const struct ashlar_op_copy *op)
{
	struct map m;
	uint8_t x;

	if (check_tensor(&p->check, "x", &op->x, CHECK_ALL, CHECK_READ) ||
	    check_tensor(&p->check, "y", &op->y, CHECK_ALL, CHECK_WRITTEN) ||
	    check_same_shape(&p->check, "y", &op->y, "x", &op->x))
		return -1;
	if (tensor_count(&op->y) == 0)
		return 0;
	map_begin(&m, p, &op->y);
	x = map_load(&m, &op->x);
	map_pass(&m, x, map_store(&m, &op->y));
	return map_end(&m);
}
