/* SPDX-License-Identifier: MIT */
/*
 * The host's side of the mock board, for tests of the runtime: control
 * requests and replies, queues with their rings and reports.
 */
#ifndef HOST_H
#define HOST_H

#include <stdint.h>

#include "ashlar_abi.h"

#define HOST_QUEUES 64

struct host_queue {
	uint32_t number, context, priority, depth_log2, vector;
	uint32_t pushed; /* jobs ever */
	uint64_t ring, report;
};

/* Power on and start the runtime, without HELLO. */
void host_boot(uint32_t tiles);
/* The same, with HELLO done. */
void host_up(uint32_t tiles);

/* Turn the main loop until nothing more happens. */
void host_settle(void);
/* Turn it until a condition holds; fails the test when it never does. */
void host_until(int (*condition)(void *arg), void *arg);

/* Put a request into the ring and ring; the id is returned. */
uint32_t host_send(uint32_t op, const void *args, uint32_t bytes);
/* The reply to id if it has come: 1. */
int host_reply(uint32_t id, struct ashlar_ctrl_msg *reply);
/* Send, settle, return the status. reply may be NULL. */
uint32_t host_call(uint32_t op, const void *args, uint32_t bytes,
		   struct ashlar_ctrl_msg *reply);

/* Make context n with a page table; assert that it works. */
void host_context(uint32_t n);
void host_queue(struct host_queue *q, uint32_t number, uint32_t context,
		uint32_t priority, uint32_t depth_log2);

/* A job that is well formed: one tile, code at va, no arguments. */
struct ashlar_job host_job(uint64_t code_va, uint32_t tiles);
/* Write it into the ring; fence = its number + 1 unless set. */
void host_push(struct host_queue *q, struct ashlar_job job);
void host_ring(struct host_queue *q);

const struct ashlar_completion *host_completion(const struct host_queue *q,
						uint32_t index);
uint64_t host_completed(const struct host_queue *q);

#endif
