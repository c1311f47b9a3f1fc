/* SPDX-License-Identifier: MIT */
/* The control ring: requests of the driver, replies to it. */
#ifndef CTRL_H
#define CTRL_H

#include <stdint.h>

#include "ashlar_abi.h"

/*
 * Open the ring. keep: the processor restarted under a driver that goes on;
 * requests it has sent meanwhile will be answered (with STATE).
 */
void ctrl_init(int keep);

/* Take and serve at most one request. Returns 1 if there may be more. */
int ctrl_poll(void);

/* Answer a request taken before. m has op, id, status and arguments. */
void ctrl_reply(const struct ashlar_ctrl_msg *m);

/* Requests wait, but the driver has not made room for their replies. */
int ctrl_stalled(void);

#endif
