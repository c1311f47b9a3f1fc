// SPDX-License-Identifier: MIT
/* Elementwise operations. */
#include <stdio.h>

#include "check.h"
#include "ot.h"

/* A random shape of at most so many elements. */
static uint32_t random_shape(struct ot *t, uint64_t *shape, uint64_t most)
{
	uint32_t dims = ot_range(t, 0, 4), i;

	if (ot_range(t, 0, 9) == 0)
		dims = ot_range(t, 5, 6);
	for (i = 0; i < dims; i++) {
		shape[i] = ot_size(t, (uint32_t)(most > 20000 ? 20000 : most));
		if (shape[i])
			most /= shape[i];
		if (!most)
			most = 1;
	}
	return dims;
}

static const struct ashlar_op *build_unary(struct ot *t, const void *param)
{
	struct ashlar_op_unary *op = OT_OP(t, unary);
	uint64_t shape[ASHLAR_DIMS_MAX];
	uint32_t dims = random_shape(t, shape, *(const uint32_t *)param);
	char text[128];

	op->function = ot_range(t, 0, ASHLAR_UNARY_GELU);
	op->flags = ot_range(t, 0, 1) ? 0 : ot_range(t, 0, 3);
	op->scale = (float)((int)ot_range(t, 0, 8) - 4) * 0.75f;
	op->shift = (float)((int)ot_range(t, 0, 8) - 4) * 0.3f;
	op->x = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_READ);
	op->y = ot_tensor(t, ot_format(t, CHECK_ALL), dims, shape, OT_WRITTEN);
	if (ot_range(t, 0, 3) == 0) {
		op->x = op->y;
		if (ot_range(t, 0, 1) && op->x.format == ASHLAR_F32)
			op->x.format = ASHLAR_I32;
	}
	snprintf(t->text, sizeof(t->text), "unary %u flags %u %s %s to %s%s",
		 op->function, op->flags,
		 shape_text(&op->x, text, sizeof(text)),
		 format_name(op->x.format), format_name(op->y.format),
		 op->x.addr == op->y.addr ? " in place" : "");
	return &op->op;
}

static const struct ashlar_op *build_simple(struct ot *t, const void *param)
{
	struct ashlar_op_unary *op = OT_OP(t, unary);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_BF16, 2, (uint64_t[]){ 5, 7 }, OT_PACKED);
	op->function = ASHLAR_UNARY_GELU;
	return &op->op;
}

static void refuse_unary(struct ot *t)
{
	struct ashlar_op_unary op;

	op = *(const struct ashlar_op_unary *)ot_built(t, build_simple, NULL);
	ot_break_tensor(t, &op.op, &op.x, "x", false);
	ot_break_tensor(t, &op.op, &op.y, "y", true);
	OT_BREAK(t, &op, function, ASHLAR_UNARY_GELU + 1, ASHLAR_ERROR_INVALID,
		 "unary: function is 15, allowed 0 .. 14");
	OT_BREAK(t, &op, flags, 4, ASHLAR_ERROR_INVALID, "flags");
	OT_BREAK(t, &op, y.shape[0], 6, ASHLAR_ERROR_INVALID,
		 "shape of x, 5x7");
	OT_BREAK(t, &op, op.size, op.op.size - 1, ASHLAR_ERROR_INVALID, "size");
	OT_BREAK(t, &op, y.addr, op.x.addr, ASHLAR_ERROR_INVALID, "overlaps");
	op.flags = ASHLAR_UNARY_SCALE | ASHLAR_UNARY_SHIFT;
	OT_BREAK(t, &op, scale, 1.0f / 0.0f, ASHLAR_ERROR_INVALID, "scale");
	OT_BREAK(t, &op, shift, 0.0f / 0.0f, ASHLAR_ERROR_INVALID, "shift");
	ot_fuzz(t, &op.op, 20000);
}

void ot_family(struct ot *t, unsigned long cases, bool host)
{
	uint32_t most = t->lanes == 8 ? 6000 : 60000;
	unsigned long i;

	if (host)
		refuse_unary(t);
	for (i = 0; i < cases; i++)
		ot_run(t, build_unary, &most);
}
