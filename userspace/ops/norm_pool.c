// SPDX-License-Identifier: MIT
/* Pooling and its gradient. */
#include <inttypes.h>
#include <string.h>

#include "kernels/pool_layout.h"
#include "norm.h"

#define POOL_KERNEL_MAX	 255u
#define POOL_PATCHES_MAX 0x7fffffffu
#define POOL_LINES	 128u
/* Patches of a tile, at least, so that units overlap; of whole images. */
#define POOL_PATCHES	   12u
#define POOL_PATCHES_WHOLE 4u

/* What both operations have. */
struct pool_op {
	const struct ashlar_tensor *x, *y, *dy, *dx; /* NULL: not there */
	const uint32_t *kernel, *stride;
	uint32_t before[2], after[2], mode, flags;
};

static int check_image(struct check *c, const char *name,
		       const struct ashlar_tensor *t, uint32_t formats,
		       uint32_t flags)
{
	uint32_t d;

	if (check_tensor(c, name, t, formats, flags) ||
	    check_dims(c, name, t, 4, 4))
		return -1;
	if (tensor_count(t) == 0)
		return 0;
	if (t->shape[3] != 1 && t->stride[3] != 1)
		return check_unsupported(
			c,
			"%s: stride[3] is %" PRId64
			", but must be 1: channels are contiguous; copy it first",
			name, t->stride[3]);
	for (d = 0; d < 4; d++)
		if (t->shape[d] > NORM_SIZE_MAX)
			return check_unsupported(c,
						 "%s: shape[%u] is %" PRIu64
						 ", allowed are 2^31 - 1",
						 name, d, t->shape[d]);
	for (d = 1; d < 3; d++) {
		int64_t bytes = t->stride[d] * ashlar_format_bytes(t->format);

		if (t->shape[d] != 1 && (bytes > (int64_t)NORM_SIZE_MAX ||
					 bytes < -(int64_t)NORM_SIZE_MAX))
			return check_unsupported(
				c,
				"%s: stride[%u] is %" PRId64
				" bytes, allowed are 2^31 - 1; copy it first",
				name, d, bytes);
	}
	return 0;
}

static struct norm_image image_of(const struct ashlar_tensor *t)
{
	struct norm_image i = { 0 };
	int64_t bytes;

	if (!t || tensor_none(t))
		return i;
	bytes = ashlar_format_bytes(t->format);
	i.addr = t->addr;
	i.image = t->stride[0] * bytes;
	i.row = t->shape[1] == 1 ? 0 : (int32_t)(t->stride[1] * bytes);
	i.column = t->shape[2] == 1 ? 0 : (int32_t)(t->stride[2] * bytes);
	i.format = t->format;
	return i;
}

static uint32_t stride_of(const struct pool_op *op, uint32_t d)
{
	return op->stride[d] ? op->stride[d] : 1;
}

/* Sizes of image and result, of which at least one each is there. */
static int check_sizes(struct check *c, const struct pool_op *op)
{
	static const char *const kernel[] = { "kernel[0]", "kernel[1]" };
	static const char *const stride[] = { "stride[0]", "stride[1]" };
	static const char *const before[] = { "pad_top", "pad_left" };
	static const char *const after[] = { "pad_bottom", "pad_right" };
	const struct ashlar_tensor *in = op->dx ? op->dx : op->x;
	const struct ashlar_tensor *out = op->dy ? op->dy : op->y;
	const char *in_name = op->dx ? "dx" : "x";
	const char *out_name = op->dy ? "dy" : "y";
	uint32_t known =
		op->mode == ASHLAR_POOL_AVERAGE ? ASHLAR_POOL_COUNT_PADDING : 0;
	uint32_t d;

	if (check_range(c, "mode", op->mode, ASHLAR_POOL_MAX,
			ASHLAR_POOL_AVERAGE) ||
	    check_flags(c, "flags", op->flags, known))
		return -1;
	if (out->shape[0] != in->shape[0] || out->shape[3] != in->shape[3])
		return check_fail(c,
				  "%s has %" PRIu64 " images of %" PRIu64
				  " channels, but %s %" PRIu64 " of %" PRIu64,
				  out_name, out->shape[0], out->shape[3],
				  in_name, in->shape[0], in->shape[3]);
	for (d = 0; d < 2; d++) {
		uint64_t size, padded;

		if (check_range(c, kernel[d], op->kernel[d], 1,
				POOL_KERNEL_MAX) ||
		    check_range(c, stride[d], op->stride[d], 0,
				POOL_KERNEL_MAX) ||
		    check_range(c, before[d], op->before[d], 0,
				op->kernel[d] - 1) ||
		    check_range(c, after[d], op->after[d], 0,
				op->kernel[d] - 1))
			return -1;
		padded = in->shape[1 + d] + op->before[d] + op->after[d];
		if (in->shape[1 + d] == 0 || padded < op->kernel[d])
			return check_fail(c,
					  "%s: shape[%u] is %" PRIu64
					  ", with padding %" PRIu64
					  ": no room for a window of %u",
					  in_name, 1 + d, in->shape[1 + d],
					  padded, op->kernel[d]);
		size = (padded - op->kernel[d]) / stride_of(op, d) + 1;
		if (check_size(c, out_name, out, 1 + d, size,
			       "the number of windows"))
			return -1;
	}
	return 0;
}

static uint32_t less_of(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* What choose_block() looks at. */
struct pool_choice {
	const struct plan *plan;
	struct norm_pool_args *args;
	const uint32_t *bytes; /* of x, y, dy, dx */
	const uint32_t *result; /* its rows and columns */
};

/* Number of patches; 0: they do not fit into the scratchpad. */
static uint64_t patches_of(const struct pool_choice *c)
{
	const struct norm_pool_args *args = c->args;
	const uint32_t lanes = c->plan->board.array;
	uint64_t patches =
		(args->channels - 1) / ((uint64_t)args->lines * lanes) + 1;
	uint32_t d;

	if (!pool_layout(args, c->bytes, lanes, c->plan->board.spad_bytes).fits)
		return 0;
	for (d = 0; d < 2; d++)
		patches *= (c->result[d] - 1) / args->block[d] + 1;
	return patches * args->images;
}

/* Make a size as great as is possible with so many patches. */
static void grow(const struct pool_choice *c, uint32_t *size, uint32_t most,
		 uint64_t patches)
{
	while (*size < most) {
		++*size;
		if (patches_of(c) < patches) {
			--*size;
			return;
		}
	}
}

/* A size up to this one, so that the last part of all is no smaller than others. */
static uint32_t even(uint32_t size, uint32_t all)
{
	return (all - 1) / ((all - 1) / size + 1) + 1;
}

/* Make a size a little less if then all tiles have as many patches. */
static void share(const struct pool_choice *c, uint32_t *size)
{
	uint32_t most = *size, least = most - most / 4;

	for (; *size >= least; --*size)
		if (patches_of(c) % c->plan->board.tiles == 0)
			return;
	*size = most;
}

/*
 * Sizes of blocks: whole rows if they fit, some of them if windows overlap, and so
 * many channels that an operation on a row takes the vector unit as long as the
 * core; then as many rows as fit, then of whole images as many channels as fit;
 * and all tiles shall be busy.
 */
static int choose_block(struct plan *p, struct norm_pool_args *args,
			const uint32_t bytes[4], const uint32_t result[2])
{
	const struct pool_choice c = { p, args, bytes, result };
	const uint32_t lanes = p->board.array;
	const uint32_t lines = (args->channels - 1) / lanes + 1;
	const uint64_t tiles = p->board.tiles;
	uint64_t patches;

	args->lines = 1;
	args->block[0] = 1;
	args->block[1] = result[1];
	while (patches_of(&c) == 0) {
		if (args->block[1] == 1)
			return check_unsupported(
				&p->check,
				"windows of %ux%u with %u channels do not fit into the scratchpad of %u bytes",
				args->kernel[0], args->kernel[1], lanes,
				p->board.spad_bytes);
		args->block[1] = (args->block[1] + 1) / 2;
	}
	if (args->kernel[0] > args->stride[0])
		grow(&c, &args->block[0],
		     less_of(result[0],
			     4 * (args->kernel[0] - args->stride[0]) + 1),
		     POOL_PATCHES * tiles);
	if (args->block[1] == result[1])
		grow(&c, &args->lines,
		     less_of(lines, (POOL_LINES - 1) / args->out[1] + 1),
		     POOL_PATCHES * tiles);
	grow(&c, &args->block[0], result[0], POOL_PATCHES * tiles);
	if (args->block[0] == result[0] && args->block[1] == result[1])
		grow(&c, &args->lines, lines, POOL_PATCHES_WHOLE * tiles);
	args->lines = even(args->lines, lines);
	args->block[0] = even(args->block[0], result[0]);
	share(&c, &args->block[0]);
	patches = patches_of(&c);
	if (patches > POOL_PATCHES_MAX)
		return check_unsupported(
			&p->check,
			"%" PRIu64
			" blocks of the result, allowed are 2^31 - 1: fewer images or channels at once",
			patches);
	return 0;
}

static uint32_t bytes_of(const struct ashlar_tensor *t)
{
	return t && !tensor_none(t) ? ashlar_format_bytes(t->format) : 0;
}

static int plan_pool(struct plan *p, const struct pool_op *op)
{
	const struct ashlar_tensor *in = op->dx ? op->dx : op->x;
	const struct ashlar_tensor *out = op->dy ? op->dy : op->y;
	const uint32_t bytes[4] = { bytes_of(op->x), bytes_of(op->y),
				    bytes_of(op->dy), bytes_of(op->dx) };
	struct norm_pool_args args = {
		.x = image_of(op->x),
		.y = image_of(op->y),
		.dy = image_of(op->dy),
		.dx = image_of(op->dx),
		.images = (uint32_t)in->shape[0],
		.channels = (uint32_t)in->shape[3],
		.average = op->mode == ASHLAR_POOL_AVERAGE,
		.count_padding = op->flags & ASHLAR_POOL_COUNT_PADDING,
	};
	uint32_t d;

	for (d = 0; d < 2; d++) {
		args.size[d] = (uint32_t)in->shape[1 + d];
		args.out[d] = (uint32_t)out->shape[1 + d];
		args.kernel[d] = op->kernel[d];
		args.stride[d] = stride_of(op, d);
		args.pad[d] = op->before[d];
	}
	if (choose_block(p, &args, bytes, op->dx ? args.size : args.out))
		return -1;
	return norm_launch(p, op->dx ? "norm_pool_dx" : "norm_pool", &args,
			   sizeof(args));
}

int plan_pool2d(struct plan *p, const struct ashlar_op_pool2d *op)
{
	const struct pool_op pool = {
		.x = &op->x,
		.y = &op->y,
		.kernel = op->kernel,
		.stride = op->stride,
		.before = { op->pad_top, op->pad_left },
		.after = { op->pad_bottom, op->pad_right },
		.mode = op->mode,
		.flags = op->flags,
	};
	struct check *c = &p->check;
	uint32_t formats = NORM_FLOATS;

	if (op->mode == ASHLAR_POOL_MAX)
		formats |= CHECK_I8;
	if (check_image(c, "x", &op->x, formats, CHECK_READ) ||
	    check_image(c, "y", &op->y, formats, CHECK_WRITTEN))
		return -1;
	if ((op->x.format == ASHLAR_I8) != (op->y.format == ASHLAR_I8))
		return check_unsupported(
			c, "x is %s and y %s: int8 goes with int8 only",
			format_name(op->x.format), format_name(op->y.format));
	/* No images or no channels: nothing is looked at. */
	if (op->x.shape[0] == 0 || op->x.shape[3] == 0)
		return check_size(c, "y", &op->y, 0, op->x.shape[0],
				  "that of x") ||
				       check_size(c, "y", &op->y, 3,
						  op->x.shape[3], "that of x") ?
			       -1 :
			       0;
	if (check_sizes(c, &pool))
		return -1;
	return plan_pool(p, &pool);
}

int plan_pool2d_dx(struct plan *p, const struct ashlar_op_pool2d_dx *op)
{
	bool max = op->mode == ASHLAR_POOL_MAX;
	const struct pool_op pool = {
		.x = &op->x,
		.y = &op->y,
		.dy = &op->dy,
		.dx = &op->dx,
		.kernel = op->kernel,
		.stride = op->stride,
		.before = { op->pad_top, op->pad_left },
		.after = { op->pad_bottom, op->pad_right },
		.mode = op->mode,
		.flags = op->flags,
	};
	struct check *c = &p->check;

	if (check_image(c, "dy", &op->dy, NORM_FLOATS, CHECK_READ) ||
	    check_image(c, "dx", &op->dx, NORM_FLOATS, CHECK_WRITTEN))
		return -1;
	if (max) {
		if (check_image(c, "x", &op->x, NORM_FLOATS, CHECK_READ) ||
		    check_image(c, "y", &op->y, NORM_FLOATS, CHECK_READ) ||
		    check_same_format(c, "y", &op->y, "x", &op->x) ||
		    check_same_shape(c, "x", &op->x, "dx", &op->dx) ||
		    check_same_shape(c, "y", &op->y, "dy", &op->dy))
			return -1;
	} else if (norm_check_none(c, "x", &op->x, "mode is AVERAGE") ||
		   norm_check_none(c, "y", &op->y, "mode is AVERAGE")) {
		return -1;
	}
	if (op->dx.shape[0] == 0 || op->dx.shape[3] == 0)
		return check_size(c, "dy", &op->dy, 0, op->dx.shape[0],
				  "that of dx") ||
				       check_size(c, "dy", &op->dy, 3,
						  op->dx.shape[3],
						  "that of dx") ?
			       -1 :
			       0;
	if (check_sizes(c, &pool))
		return -1;
	return plan_pool(p, &pool);
}
