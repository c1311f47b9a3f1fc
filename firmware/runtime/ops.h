/* SPDX-License-Identifier: MIT */
/*
 * Operations of the control ring that take time: destroying queues and
 * contexts, invalidating. The main loop asks now and then whether they have
 * finished; nothing waits for them.
 */
#ifndef OPS_H
#define OPS_H

#include <stdint.h>

#include "ashlar_abi.h"

/* Cycles until it is looked again whether an operation has finished. */
#define OPS_AGAIN 4096u
/* The same for tiles that drain: about a bus latency, no event comes. */
#define OPS_DRAIN 256u

void ops_init(void);

/* Room for one more? There is one place for each reply slot. */
unsigned int ops_count(void);

/* Begin what request m asks for; its reply will come. target: its number. */
void ops_begin(const struct ashlar_ctrl_msg *m, uint32_t target);

/* Answer those that have finished. Returns when to ask again, or never. */
uint64_t ops_poll(void);

#endif
