/* SPDX-License-Identifier: MIT */
/* Included by ashlar/ops.h. */
#ifndef ASHLAR_OPS_ATTENTION_H
#define ASHLAR_OPS_ATTENTION_H

#include <ashlar/ops.h>

#endif
