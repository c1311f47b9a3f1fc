/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * A job queue of the board: the ring in board memory, the report page in host
 * memory, a slot for arguments per ring entry.
 *
 * The caller serialises calls on one queue. Fence values are this queue's own:
 * 1, 2, 3, ... in order of submission.
 */
#ifndef ASHLAR_QUEUE_H
#define ASHLAR_QUEUE_H

#include "ashlar_vm.h"

struct ashlar_hwq {
	struct ashlar_vm *vm;
	u32 number; /* 1 .. 63, doorbell and vector; 0: none */
	u32 depth; /* jobs in the ring, power of two */
	u32 boot; /* dev->boots when the firmware was told; 0: it was not */
	u64 pushed; /* jobs ever written = last fence value given */
	u64 popped; /* completions ever taken */
	struct ashlar_node ring;
	struct ashlar_node args; /* board memory */
	struct ashlar_node args_va;
	bool args_mapped;
	struct ashlar_report *report; /* and behind it the completions */
	u64 report_dma;
	size_t report_bytes;
};

/*
 * A queue of 1 << depth_log2 jobs, depth_log2 from 1 to
 * ashlar_info.max_depth_log2. Returns 0, -EINVAL, -ENOMEM, -ENOSPC (queues,
 * board memory, addresses), or an error of ashlar_ctrl_call(). Sleeps.
 */
int ashlar_hwq_init(struct ashlar_hwq *q, struct ashlar_vm *vm, u32 priority,
		    u32 depth_log2);

/*
 * Kills what still runs and frees everything. Its addresses are reused at
 * once: the firmware's reply to QUEUE_DESTROY means that the queue's jobs are
 * off the tiles, and the invalidation in here that no tile remembers the
 * argument slots. Sleeps.
 */
void ashlar_hwq_fini(struct ashlar_hwq *q);

/* Jobs that can be pushed now. */
u32 ashlar_hwq_room(const struct ashlar_hwq *q);

/*
 * Write a job and its arguments (job->arg_bytes of them) into the ring. Sets
 * fence, arg_va and reserved; the rest is the caller's. Returns 0, -EAGAIN
 * (full: take completions first), -EINVAL (arg_bytes), -ENODEV. The board sees
 * it at ashlar_hwq_ring().
 */
int ashlar_hwq_push(struct ashlar_hwq *q, const struct ashlar_job *job,
		    const void *args);
void ashlar_hwq_ring(struct ashlar_hwq *q);

/*
 * Take the next completion. Returns 1, 0 (none), -ENODEV, or -EPROTO when the
 * report makes no sense; the board is lost then. The copy has been checked:
 * fence in order, status known.
 */
int ashlar_hwq_pop(struct ashlar_hwq *q, struct ashlar_completion *c);

/*
 * A failed completion in a sentence, for people. name: of the kernel.
 * Returns what vsnprintf() would.
 */
int ashlar_fault_text(char *text, size_t bytes, const char *name,
		      const struct ashlar_completion *c);

#endif
