/* SPDX-License-Identifier: MIT */
/* Host's part of convolutions: what its files share. */
#ifndef OPS_LINEAR_CONV_H
#define OPS_LINEAR_CONV_H

#include "linear.h"

/*
 * Whether the kernel depthwise knows this convolution and it fits; then its
 * arguments.
 */
bool linear_depthwise(struct plan *p, const struct linear_conv_args *a,
		      struct linear_depthwise_args *d);

#endif
