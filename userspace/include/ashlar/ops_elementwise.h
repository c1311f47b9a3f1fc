/* SPDX-License-Identifier: MIT */
/* Included by ashlar/ops.h. */
#ifndef ASHLAR_OPS_ELEMENTWISE_H
#define ASHLAR_OPS_ELEMENTWISE_H

#include <ashlar/ops.h>

#endif
