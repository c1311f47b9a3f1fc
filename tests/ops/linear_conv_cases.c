// SPDX-License-Identifier: MIT
/* Cases of conv2d and its gradients. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "linear_cases.h"

/* How big cases may be. */
struct limits {
	uint32_t height, width, channels, kernel;
	uint64_t products;
};

/* Sizes of a convolution. */
struct sizes {
	uint64_t n, h, w, c, co, kh, kw, oh, ow;
	uint64_t x[4], weights[4], y[4];
};

static uint64_t out_size(uint64_t in, uint32_t pad, uint64_t k, uint32_t stride,
			 uint32_t dilation)
{
	uint64_t window = (dilation ? dilation : 1) * (k - 1) + 1;

	in += pad;
	return in < window ? 0 : (in - window) / (stride ? stride : 1) + 1;
}

/* Groups, and their channels: one, a few, or many that have the same few. */
static uint32_t random_groups(struct ot *t, const struct limits *l,
			      struct ashlar_conv_shape *s, struct sizes *z)
{
	uint32_t groups, each;

	if (ot_range(t, 0, 3) == 0) {
		each = ot_range(t, 0, 1) ? 1 : 1u << ot_range(t, 0, 4);
		groups = ot_range(t, 1, 1 + l->channels / each);
		s->groups = groups;
		z->c = (uint64_t)groups * each;
		z->co = z->c;
		return groups;
	}
	groups = ot_range(t, 0, 3) ? 1 : ot_range(t, 2, 4);
	s->groups = groups > 1 ? groups : ot_range(t, 0, 1);
	z->c = groups * ot_size(t, l->channels / groups);
	z->co = groups * ot_size(t, l->channels / groups);
	return groups;
}

/* Random geometry within limits. */
static void random_sizes(struct ot *t, const struct limits *l, uint32_t format,
			 struct ashlar_conv_shape *s, struct sizes *z)
{
	uint32_t d, groups;
	uint64_t products;

	do {
		memset(s, 0, sizeof(*s));
		z->n = ot_range(t, 0, 2) ? 1 : ot_range(t, 0, 3);
		z->h = ot_size(t, l->height);
		z->w = ot_size(t, l->width);
		z->kh = ot_range(t, 0, 1) ? ot_range(t, 1, 3) :
					    ot_range(t, 1, l->kernel);
		z->kw = ot_range(t, 0, 1) ? z->kh : ot_range(t, 1, l->kernel);
		for (d = 0; d < 2; d++) {
			s->stride[d] = ot_range(t, 0, 1) ? 1 :
							   ot_range(t, 0, 3);
			s->dilation[d] = ot_range(t, 0, 2) ? 1 :
							     ot_range(t, 0, 3);
		}
		if (ot_range(t, 0, 3)) {
			s->pad_top = ot_range(t, 0, (uint32_t)z->kh / 2);
			s->pad_bottom = s->pad_top;
			s->pad_left = ot_range(t, 0, (uint32_t)z->kw / 2);
			s->pad_right = s->pad_left;
		} else {
			s->pad_top = ot_range(t, 0, 5);
			s->pad_bottom = ot_range(t, 0, 5);
			s->pad_left = ot_range(t, 0, 5);
			s->pad_right = ot_range(t, 0, 5);
		}
		groups = random_groups(t, l, s, z);
		z->oh = out_size(z->h, s->pad_top + s->pad_bottom, z->kh,
				 s->stride[0], s->dilation[0]);
		z->ow = out_size(z->w, s->pad_left + s->pad_right, z->kw,
				 s->stride[1], s->dilation[1]);
		products = z->n * (z->oh * z->ow + z->h * z->w + 64) * z->kh *
			   z->kw * (z->c + 8) * (z->co / groups + 8);
		if (format == ASHLAR_F32)
			products *= 6;
	} while (products > l->products || z->n * z->h * z->w * z->c > 400000 ||
		 z->n * z->oh * z->ow * z->co > 400000);
	memcpy(z->x, (uint64_t[]){ z->n, z->h, z->w, z->c }, sizeof(z->x));
	memcpy(z->weights, (uint64_t[]){ z->co, z->kh, z->kw, z->c / groups },
	       sizeof(z->weights));
	memcpy(z->y, (uint64_t[]){ z->n, z->oh, z->ow, z->co }, sizeof(z->y));
}

static void describe(struct ot *t, const char *name, const struct sizes *z,
		     const struct ashlar_conv_shape *s, uint32_t in,
		     uint32_t out, const char *more)
{
	snprintf(
		t->text, sizeof(t->text),
		"%s %llux%llux%llux%llu kernel %llux%llu to %llux%llux%llu stride %u %u dilation %u %u pad %u %u %u %u groups %u, %s to %s, %s",
		name, (unsigned long long)z->n, (unsigned long long)z->h,
		(unsigned long long)z->w, (unsigned long long)z->c,
		(unsigned long long)z->kh, (unsigned long long)z->kw,
		(unsigned long long)z->oh, (unsigned long long)z->ow,
		(unsigned long long)z->co, s->stride[0], s->stride[1],
		s->dilation[0], s->dilation[1], s->pad_top, s->pad_bottom,
		s->pad_left, s->pad_right, s->groups, format_name(in),
		format_name(out), more);
}

/* Weights may have gaps between output channels only. */
static struct ashlar_tensor weights(struct ot *t, uint32_t format,
				    const uint64_t *shape)
{
	struct ashlar_tensor w;
	uint64_t flat[2] = { shape[0], shape[1] * shape[2] * shape[3] };
	int64_t row;

	w = ot_tensor(t, format, 2, flat, OT_ROWS);
	row = w.stride[0];
	w.dims = 4;
	memcpy(w.shape, shape, 4 * sizeof(shape[0]));
	w.stride[3] = 1;
	w.stride[2] = (int64_t)shape[3];
	w.stride[1] = (int64_t)(shape[3] * shape[2]);
	w.stride[0] = row;
	return w;
}

static const struct ashlar_op *build_forward(struct ot *t, const void *param)
{
	struct ashlar_op_conv2d *op = OT_OP(t, conv2d);
	uint32_t in = ot_format(t, CHECK_FLOATS | CHECK_I8);
	uint32_t out = ot_format(t, CHECK_ALL);
	struct sizes z;

	random_sizes(t, param, in, &op->shape, &z);
	op->x = ot_tensor(t, in, 4, z.x, OT_ROWS);
	op->w = weights(t, in, z.weights);
	op->y = ot_tensor(t, out, 4, z.y, OT_ROWS);
	linear_epilogue(t, &op->epilogue, in, &op->y);
	describe(t, "conv2d", &z, &op->shape, in, out,
		 linear_epilogue_text(&op->epilogue));
	return &op->op;
}

static const struct ashlar_op *build_dx(struct ot *t, const void *param)
{
	struct ashlar_op_conv2d_dx *op = OT_OP(t, conv2d_dx);
	uint32_t in = ot_format(t, CHECK_FLOATS);
	uint32_t out = ot_format(t, CHECK_FLOATS);
	struct sizes z;

	random_sizes(t, param, in, &op->shape, &z);
	op->dy = ot_tensor(t, in, 4, z.y, OT_ROWS);
	op->w = weights(t, in, z.weights);
	op->dx = ot_tensor(t, out, 4, z.x, OT_ROWS);
	describe(t, "conv2d_dx", &z, &op->shape, in, out, "");
	return &op->op;
}

static const struct ashlar_op *build_dw(struct ot *t, const void *param)
{
	struct ashlar_op_conv2d_dw *op = OT_OP(t, conv2d_dw);
	uint32_t in = ot_format(t, CHECK_FLOATS);
	uint32_t out = ot_format(t, CHECK_FLOATS);
	struct sizes z;

	random_sizes(t, param, in, &op->shape, &z);
	op->dy = ot_tensor(t, in, 4, z.y, OT_ROWS);
	op->x = ot_tensor(t, in, 4, z.x, OT_ROWS);
	op->dw = weights(t, out, z.weights);
	op->flags = ot_range(t, 0, 1);
	describe(t, "conv2d_dw", &z, &op->shape, in, out,
		 op->flags ? "accumulated" : "");
	return &op->op;
}

void conv_case(struct ot *t)
{
	static const struct limits tiny[] = {
		{ 12, 12, 40, 4, 1000000 }, { 40, 40, 8, 7, 1000000 },
		{ 6, 6, 150, 3, 1000000 },  { 3, 500, 8, 3, 1000000 },
		{ 500, 3, 8, 3, 1000000 },
	};
	static const struct limits sim[] = {
		{ 16, 16, 100, 4, 4000000 }, { 60, 60, 12, 7, 4000000 },
		{ 6, 6, 500, 3, 4000000 },   { 3, 2000, 12, 3, 4000000 },
		{ 2000, 3, 12, 3, 4000000 },
	};
	const struct limits *l =
		&(t->lanes == 8 ? tiny : sim)[ot_range(t, 0, 4)];

	switch (ot_range(t, 0, 3)) {
	case 0:
		ot_run(t, build_dx, l);
		break;
	case 1:
		ot_run(t, build_dw, l);
		break;
	default:
		ot_run(t, build_forward, l);
		break;
	}
}
