/* SPDX-License-Identifier: MIT */
/* Host's part of convolutions: what its files share. */
#ifndef OPS_LINEAR_CONV_H
#define OPS_LINEAR_CONV_H

#include "kernels/conv/conv_geometry.h"
#include "linear.h"

/* A convolution: its tensors by what they are forward, and its geometry. */
struct conv {
	const char *x_name, *w_name, *y_name;
	const struct ashlar_tensor *x, *w, *y;
	uint32_t stride[2], dilation[2], pad[2];
	uint32_t groups;
};

/*
 * What holds for all three: tensors of four dimensions whose formats were
 * checked, that fit each other. Sets the rest of v.
 */
int linear_conv_check(struct check *c, struct conv *v,
		      const struct ashlar_conv_shape *s);
/* Rows of w lie without gaps. */
int linear_conv_weights(struct check *c, const char *name,
			const struct ashlar_tensor *w);
/*
 * Rows and pixels may be walked; the result of a gradient by x steps over the
 * other phases, too (stride, else 1).
 */
int linear_conv_pixels(struct check *c, const char *name,
		       const struct ashlar_tensor *t, const uint32_t *stride);
/* Of rows and pixels, in bytes. */
void linear_conv_strides(uint32_t *to, const struct ashlar_tensor *t);

/*
 * The rest of the arguments of the kernel conv: fold and plan. Fails if it does
 * not fit.
 */
int linear_conv_plan(struct plan *p, struct conv_args *args);

/*
 * Whether the kernel depthwise knows this convolution and it fits; then its
 * arguments.
 */
bool linear_depthwise(struct plan *p, const struct linear_conv_args *a,
		      struct linear_depthwise_args *d);

#endif
