// SPDX-License-Identifier: MIT
/* Descriptors of the family norm that are refused: every member in turn. */
#include "norm_cases.h"

#include <math.h>
#include <stdio.h>

#define INVALID	    ASHLAR_ERROR_INVALID
#define UNSUPPORTED ASHLAR_ERROR_UNSUPPORTED

static const uint64_t shape[] = { 2, 5, 7 };
static const uint64_t *const columns = &shape[2];

static struct ashlar_tensor rows(struct ot *t)
{
	return ot_tensor(t, ASHLAR_F32, 3, shape, OT_PACKED);
}

static struct ashlar_tensor line(struct ot *t)
{
	return ot_tensor(t, ASHLAR_F32, 1, columns, OT_PACKED);
}

static struct ashlar_tensor list(struct ot *t, uint32_t format)
{
	return ot_tensor(t, format, 2, shape, OT_PACKED);
}

/* What holds for all rows. */
#define BREAK_ROWS(t, desc, member, other)                                  \
	do {                                                                \
		struct ashlar_tensor wide_ = (desc)->member;                \
		ot_break_tensor((t), &(desc)->op, &(desc)->member, #member, \
				(other));                                   \
		OT_BREAK((t), (desc), member.format, ASHLAR_I32, INVALID,   \
			 #member " has format");                            \
		OT_BREAK((t), (desc), member.stride[2], 2,                  \
			 other ? INVALID : UNSUPPORTED, #member);           \
		wide_.stride[0] = 36;                                       \
		OT_BREAK((t), (desc), member, wide_, UNSUPPORTED,           \
			 "rows are at equal distances");                    \
		wide_.stride[1] = 0x20000000;                               \
		wide_.stride[0] = 5ll * 0x20000000;                         \
		OT_BREAK((t), (desc), member, wide_, UNSUPPORTED,           \
			 "from row to row are 2147483648 bytes");           \
	} while (0)

#define BREAK_VECTOR(t, desc, member, written)                                \
	do {                                                                  \
		ot_break_tensor((t), &(desc)->op, &(desc)->member, #member,   \
				(written));                                   \
		OT_BREAK((t), (desc), member.format, ASHLAR_BF16, INVALID,    \
			 #member " has format");                              \
		OT_BREAK((t), (desc), member.shape[0], 6, INVALID,            \
			 #member ": shape[0] is 6, but");                     \
		OT_BREAK((t), (desc), member.stride[0], 2, INVALID, #member); \
	} while (0)

#define BREAK_LIST(t, desc, member, written)                                 \
	do {                                                                 \
		ot_break_tensor((t), &(desc)->op, &(desc)->member, #member,  \
				(written));                                  \
		OT_BREAK((t), (desc), member.shape[1], 4, INVALID, #member); \
		OT_BREAK((t), (desc), member.dims, 1, INVALID, #member);     \
	} while (0)

static const struct ashlar_op *build_softmax(struct ot *t, const void *param)
{
	struct ashlar_op_softmax *op = OT_OP(t, softmax);

	(void)param;
	op->x = rows(t);
	op->y = rows(t);
	return &op->op;
}

static void refuse_softmax(struct ot *t)
{
	struct ashlar_op_softmax op =
		*(const struct ashlar_op_softmax *)ot_built(t, build_softmax,
							    NULL);

	BREAK_ROWS(t, &op, x, false);
	BREAK_ROWS(t, &op, y, true);
	OT_BREAK(t, &op, flags, 2, INVALID, "softmax: flags is 0x2");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	OT_BREAK(t, &op, y.shape[0], 1, INVALID, "shape of x, 2x5x7");
	OT_BREAK(t, &op, y.addr, op.x.addr + 4, INVALID, "overlaps");
	OT_BREAK(t, &op, x.dims, 0, INVALID, "x has 0 dimensions");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_softmax_dx(struct ot *t, const void *param)
{
	struct ashlar_op_softmax_dx *op = OT_OP(t, softmax_dx);

	(void)param;
	op->y = rows(t);
	op->dy = rows(t);
	op->dx = rows(t);
	return &op->op;
}

static void refuse_softmax_dx(struct ot *t)
{
	struct ashlar_op_softmax_dx op =
		*(const struct ashlar_op_softmax_dx *)ot_built(
			t, build_softmax_dx, NULL);

	BREAK_ROWS(t, &op, y, false);
	BREAK_ROWS(t, &op, dy, false);
	BREAK_ROWS(t, &op, dx, true);
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	OT_BREAK(t, &op, dy.shape[2], 6, INVALID, "dy is 2x5x6");
	OT_BREAK(t, &op, dx.shape[2], 6, INVALID, "dx is 2x5x6");
	OT_BREAK(t, &op, dx.addr, op.dy.addr + 4, INVALID, "overlaps");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_cross_entropy(struct ot *t,
						   const void *param)
{
	struct ashlar_op_cross_entropy *op = OT_OP(t, cross_entropy);

	(void)param;
	op->logits = rows(t);
	op->labels = list(t, ASHLAR_I32);
	op->loss = list(t, ASHLAR_F32);
	op->dlogits = rows(t);
	return &op->op;
}

static void refuse_cross_entropy(struct ot *t)
{
	struct ashlar_op_cross_entropy op =
		*(const struct ashlar_op_cross_entropy *)ot_built(
			t, build_cross_entropy, NULL);
	struct ashlar_op_cross_entropy none = op;
	const struct ashlar_tensor nothing = { 0 };

	BREAK_ROWS(t, &op, logits, false);
	BREAK_ROWS(t, &op, dlogits, true);
	BREAK_LIST(t, &op, labels, false);
	BREAK_LIST(t, &op, loss, true);
	OT_BREAK(t, &op, labels.format, ASHLAR_F32, INVALID, "labels");
	OT_BREAK(t, &op, labels, nothing, INVALID, "labels is missing");
	OT_BREAK(t, &op, scale, NAN, INVALID, "scale");
	OT_BREAK(t, &op, scale, INFINITY, INVALID, "scale");
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	none.loss = nothing;
	ot_accepted(t, &none.op);
	OT_BREAK(t, &none, dlogits, nothing, INVALID, "nothing is asked for");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_norm(struct ot *t, const void *param)
{
	struct ashlar_op_norm *op = OT_OP(t, norm);

	(void)param;
	op->x = rows(t);
	op->y = rows(t);
	op->gamma = line(t);
	op->beta = line(t);
	op->mean = list(t, ASHLAR_F32);
	op->rstd = list(t, ASHLAR_F32);
	return &op->op;
}

static void refuse_norm(struct ot *t)
{
	struct ashlar_op_norm op =
		*(const struct ashlar_op_norm *)ot_built(t, build_norm, NULL);
	struct ashlar_op_norm rms = op;
	const struct ashlar_tensor nothing = { 0 };

	BREAK_ROWS(t, &op, x, false);
	BREAK_ROWS(t, &op, y, true);
	BREAK_VECTOR(t, &op, gamma, false);
	BREAK_VECTOR(t, &op, beta, false);
	BREAK_LIST(t, &op, mean, true);
	BREAK_LIST(t, &op, rstd, true);
	OT_BREAK(t, &op, eps, -1e-5f, INVALID, "eps");
	OT_BREAK(t, &op, eps, NAN, INVALID, "eps");
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, flags, ASHLAR_NORM_RMS, INVALID,
		 "beta is given, but must be none");
	OT_BREAK(t, &op, rstd.addr, op.mean.addr, INVALID, "overlaps");
	rms.flags = ASHLAR_NORM_RMS;
	rms.beta = nothing;
	OT_BREAK(t, &rms, flags, ASHLAR_NORM_RMS, INVALID, "mean is given");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_norm_dx(struct ot *t, const void *param)
{
	struct ashlar_op_norm_dx *op = OT_OP(t, norm_dx);

	(void)param;
	op->x = rows(t);
	op->dy = rows(t);
	op->gamma = line(t);
	op->mean = list(t, ASHLAR_F32);
	op->rstd = list(t, ASHLAR_F32);
	op->dx = rows(t);
	op->dgamma = line(t);
	op->dbeta = line(t);
	return &op->op;
}

static void refuse_norm_dx(struct ot *t)
{
	struct ashlar_op_norm_dx op =
		*(const struct ashlar_op_norm_dx *)ot_built(t, build_norm_dx,
							    NULL);
	const struct ashlar_tensor nothing = { 0 };

	BREAK_ROWS(t, &op, x, false);
	BREAK_ROWS(t, &op, dy, false);
	BREAK_ROWS(t, &op, dx, true);
	BREAK_VECTOR(t, &op, gamma, false);
	BREAK_VECTOR(t, &op, dgamma, true);
	BREAK_VECTOR(t, &op, dbeta, true);
	BREAK_LIST(t, &op, mean, false);
	BREAK_LIST(t, &op, rstd, false);
	OT_BREAK(t, &op, mean, nothing, INVALID, "mean is missing");
	OT_BREAK(t, &op, rstd, nothing, INVALID, "rstd is missing");
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, flags, ASHLAR_NORM_RMS, INVALID, "mean is given");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	OT_BREAK(t, &op, dbeta.addr, op.dgamma.addr, INVALID, "overlaps");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_batch_norm(struct ot *t, const void *param)
{
	struct ashlar_op_batch_norm *op = OT_OP(t, batch_norm);

	(void)param;
	op->x = rows(t);
	op->y = rows(t);
	op->gamma = line(t);
	op->beta = line(t);
	op->running_mean = line(t);
	op->running_var = line(t);
	op->mean = line(t);
	op->rstd = line(t);
	op->momentum = 0.5f;
	op->flags = ASHLAR_BATCH_NORM_TRAINING;
	return &op->op;
}

static void refuse_batch_norm(struct ot *t)
{
	struct ashlar_op_batch_norm op =
		*(const struct ashlar_op_batch_norm *)ot_built(
			t, build_batch_norm, NULL);
	struct ashlar_op_batch_norm infer = op;
	const struct ashlar_tensor nothing = { 0 };

	BREAK_ROWS(t, &op, x, false);
	BREAK_ROWS(t, &op, y, true);
	BREAK_VECTOR(t, &op, gamma, false);
	BREAK_VECTOR(t, &op, beta, false);
	BREAK_VECTOR(t, &op, running_mean, true);
	BREAK_VECTOR(t, &op, running_var, true);
	BREAK_VECTOR(t, &op, mean, true);
	BREAK_VECTOR(t, &op, rstd, true);
	OT_BREAK(t, &op, eps, -1.0f, INVALID, "eps");
	OT_BREAK(t, &op, momentum, 1.5f, INVALID, "momentum");
	OT_BREAK(t, &op, momentum, NAN, INVALID, "momentum");
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	infer.flags = 0;
	OT_BREAK(t, &infer, running_mean, nothing, INVALID,
		 "running_mean is missing");
	OT_BREAK(t, &infer, running_var, nothing, INVALID,
		 "running_var is missing");
	op.x.shape[0] = 0;
	OT_BREAK(t, &op, y.shape[0], 0, INVALID, "x has no rows");
	op.x.shape[0] = 2;
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_batch_norm_dx(struct ot *t,
						   const void *param)
{
	struct ashlar_op_batch_norm_dx *op = OT_OP(t, batch_norm_dx);

	(void)param;
	op->x = rows(t);
	op->dy = rows(t);
	op->gamma = line(t);
	op->mean = line(t);
	op->rstd = line(t);
	op->dx = rows(t);
	op->dgamma = line(t);
	op->dbeta = line(t);
	return &op->op;
}

static void refuse_batch_norm_dx(struct ot *t)
{
	struct ashlar_op_batch_norm_dx op =
		*(const struct ashlar_op_batch_norm_dx *)ot_built(
			t, build_batch_norm_dx, NULL);

	BREAK_ROWS(t, &op, x, false);
	BREAK_ROWS(t, &op, dy, false);
	BREAK_ROWS(t, &op, dx, true);
	BREAK_VECTOR(t, &op, gamma, false);
	BREAK_VECTOR(t, &op, mean, false);
	BREAK_VECTOR(t, &op, rstd, false);
	BREAK_VECTOR(t, &op, dgamma, true);
	BREAK_VECTOR(t, &op, dbeta, true);
	OT_BREAK(t, &op, flags, 2, INVALID, "flags");
	OT_BREAK(t, &op, reserved, 1, INVALID, "reserved");
	ot_fuzz(t, &op.op, 3000);
}

/* --- Pooling -------------------------------------------------------------------- */

static const uint64_t image[] = { 2, 6, 8, 3 }, pooled[] = { 2, 3, 4, 3 };

#define BREAK_IMAGE(t, desc, member, written)                                \
	do {                                                                 \
		ot_break_tensor((t), &(desc)->op, &(desc)->member, #member,  \
				(written));                                  \
		OT_BREAK((t), (desc), member.format, ASHLAR_I32, INVALID,    \
			 #member " has format");                             \
		OT_BREAK((t), (desc), member.dims, 3, INVALID,               \
			 #member " has 3 dimensions");                       \
		OT_BREAK((t), (desc), member.stride[1], 1ll << 30,           \
			 UNSUPPORTED, #member ": stride[1]");                \
		OT_BREAK((t), (desc), member.shape[1], 2, INVALID, "shape"); \
		OT_BREAK((t), (desc), member.shape[2], 3, INVALID, "shape"); \
		OT_BREAK((t), (desc), member.shape[3], 2, INVALID, "");      \
	} while (0)

/* What both have. */
#define BREAK_WINDOWS(t, desc)                                               \
	do {                                                                 \
		OT_BREAK((t), (desc), kernel[0], 0, INVALID,                 \
			 "kernel[0] is 0");                                  \
		OT_BREAK((t), (desc), kernel[1], 256, INVALID, "kernel[1]"); \
		OT_BREAK((t), (desc), kernel[0], 9, INVALID,                 \
			 "no room for a window of 9");                       \
		OT_BREAK((t), (desc), stride[0], 256, INVALID, "stride[0]"); \
		OT_BREAK((t), (desc), stride[1], 3, INVALID,                 \
			 "number of windows");                               \
		OT_BREAK((t), (desc), pad_top, 2, INVALID, "pad_top");       \
		OT_BREAK((t), (desc), pad_bottom, 2, INVALID, "pad_bottom"); \
		OT_BREAK((t), (desc), pad_left, 2, INVALID, "pad_left");     \
		OT_BREAK((t), (desc), pad_right, 2, INVALID, "pad_right");   \
		OT_BREAK((t), (desc), mode, 0, INVALID, "mode");             \
		OT_BREAK((t), (desc), mode, 3, INVALID, "mode");             \
		OT_BREAK((t), (desc), flags, 1, INVALID, "flags");           \
	} while (0)

static const struct ashlar_op *build_pool(struct ot *t, const void *param)
{
	struct ashlar_op_pool2d *op = OT_OP(t, pool2d);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 4, image, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 4, pooled, OT_PACKED);
	op->kernel[0] = op->kernel[1] = 2;
	op->stride[0] = op->stride[1] = 2;
	op->mode = ASHLAR_POOL_MAX;
	return &op->op;
}

static void refuse_pool(struct ot *t)
{
	struct ashlar_op_pool2d op =
		*(const struct ashlar_op_pool2d *)ot_built(t, build_pool, NULL);
	struct ashlar_op_pool2d big = op;

	BREAK_IMAGE(t, &op, x, false);
	BREAK_IMAGE(t, &op, y, true);
	OT_BREAK(t, &op, x.stride[3], 2, UNSUPPORTED, "x: stride[3] is 2");
	BREAK_WINDOWS(t, &op);
	OT_BREAK(t, &op, y.format, ASHLAR_I8, UNSUPPORTED, "int8");
	OT_BREAK(t, &op, y.addr, op.x.addr, INVALID, "overlaps");
	/* A window that no scratchpad takes. */
	big.kernel[0] = big.kernel[1] = 255;
	big.x = ashlar_tensor_packed(1ull << 32, ASHLAR_F32, 4,
				     (uint64_t[]){ 1, 255, 255, 1 });
	big.y = ashlar_tensor_packed(1ull << 33, ASHLAR_F32, 4,
				     (uint64_t[]){ 1, 1, 1, 1 });
	ot_refused(t, &big.op, UNSUPPORTED, "windows of 255x255");
	ot_fuzz(t, &op.op, 3000);
}

static const struct ashlar_op *build_pool_dx(struct ot *t, const void *param)
{
	struct ashlar_op_pool2d_dx *op = OT_OP(t, pool2d_dx);

	(void)param;
	op->x = ot_tensor(t, ASHLAR_F32, 4, image, OT_PACKED);
	op->y = ot_tensor(t, ASHLAR_F32, 4, pooled, OT_PACKED);
	op->dx = ot_tensor(t, ASHLAR_F32, 4, image, OT_PACKED);
	op->dy = ot_tensor(t, ASHLAR_F32, 4, pooled, OT_PACKED);
	op->kernel[0] = op->kernel[1] = 2;
	op->stride[0] = op->stride[1] = 2;
	op->mode = ASHLAR_POOL_MAX;
	return &op->op;
}

static void refuse_pool_dx(struct ot *t)
{
	struct ashlar_op_pool2d_dx op =
		*(const struct ashlar_op_pool2d_dx *)ot_built(t, build_pool_dx,
							      NULL);
	const struct ashlar_tensor nothing = { 0 };

	BREAK_IMAGE(t, &op, x, false);
	BREAK_IMAGE(t, &op, y, false);
	BREAK_IMAGE(t, &op, dx, true);
	BREAK_IMAGE(t, &op, dy, false);
	BREAK_WINDOWS(t, &op);
	OT_BREAK(t, &op, y.format, ASHLAR_BF16, INVALID, "format");
	OT_BREAK(t, &op, x, nothing, INVALID, "x is missing");
	OT_BREAK(t, &op, mode, ASHLAR_POOL_AVERAGE, INVALID, "x is given");
	ot_fuzz(t, &op.op, 3000);
}

void norm_refused(struct ot *t)
{
	refuse_softmax(t);
	refuse_softmax_dx(t);
	refuse_cross_entropy(t);
	refuse_norm(t);
	refuse_norm_dx(t);
	refuse_batch_norm(t);
	refuse_batch_norm_dx(t);
	refuse_pool(t);
	refuse_pool_dx(t);
}
