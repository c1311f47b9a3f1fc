/* SPDX-License-Identifier: MIT */
/* What a board has, from its device tree. */
#ifndef PARITY_BOARD_H
#define PARITY_BOARD_H

#include "parity.h"

/* Returns false after a message. */
bool board_take(struct board *b, const struct ashlar_model_info *info);

#endif
