// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#include "ashlar_queue.h"
#include "ashlar_regs.h"

/* A slot has room for the largest arguments, so none shares a beat. */
#define ARG_SLOT ASHLAR_ARG_MAX

static u64 round_page(u64 bytes)
{
	return (bytes + ASHLAR_PAGE - 1) & ~(u64)(ASHLAR_PAGE - 1);
}

static int alloc_args(struct ashlar_hwq *q)
{
	struct ashlar_vm *vm = q->vm;
	u64 bytes = round_page((u64)q->depth * ARG_SLOT);
	int err;

	err = ashlar_dev_mem_alloc(vm->dev, &q->args, bytes, ASHLAR_PAGE);
	if (err)
		return err;
	err = ashlar_range_alloc(&vm->va, &q->args_va, bytes, ASHLAR_PAGE);
	if (err)
		return err;
	/* Also a part that was mapped for a moment must be forgotten. */
	q->args_mapped = true;
	return ashlar_vm_map(vm, q->args_va.start, q->args.start, bytes,
			     ASHLAR_VM_READ);
}

static int create(struct ashlar_hwq *q, u32 priority, u32 depth_log2)
{
	struct ashlar_ctrl_queue req = {
		.queue = q->number,
		.context = q->vm->context,
		.priority = priority,
		.depth_log2 = depth_log2,
		.ring = q->ring.start,
		.report = q->report_dma,
		.vector = q->number % q->vm->dev->vectors,
	};
	int err = ashlar_ctrl_call(q->vm->dev, ASHLAR_CTRL_QUEUE_CREATE, &req,
				   sizeof(req), NULL, 0);

	if (!err)
		q->boot = q->vm->dev->boots;
	return err;
}

int ashlar_hwq_init(struct ashlar_hwq *q, struct ashlar_vm *vm, u32 priority,
		    u32 depth_log2)
{
	struct ashlar_dev *dev = vm->dev;
	int err = -ENOMEM;

	memset(q, 0, sizeof(*q));
	if (!depth_log2 || depth_log2 > dev->info.max_depth_log2 ||
	    priority > ASHLAR_PRIORITY_HIGH)
		return -EINVAL;
	q->vm = vm;
	q->depth = 1u << depth_log2;

	q->number = ashlar_dev_take(dev, &dev->queues, dev->info.queues + 1);
	if (!q->number) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "all %u queues of the board are taken",
			      dev->info.queues);
		err = -ENOSPC;
		goto fail;
	}
	q->report_bytes = sizeof(struct ashlar_report) +
			  q->depth * sizeof(struct ashlar_completion);
	q->report = ashlar_os_dma_alloc(dev->os, q->report_bytes, &q->report_dma);
	if (!q->report)
		goto fail;
	err = ashlar_dev_mem_alloc(dev, &q->ring,
				   round_page((u64)q->depth *
					      sizeof(struct ashlar_job)),
				   ASHLAR_PAGE);
	if (err)
		goto fail;
	err = alloc_args(q);
	if (err)
		goto fail;
	err = create(q, priority, depth_log2);
	if (err)
		goto fail;
	return 0;

fail:
	ashlar_hwq_fini(q);
	return err;
}

void ashlar_hwq_fini(struct ashlar_hwq *q)
{
	struct ashlar_ctrl_queue req = { .queue = q->number };
	struct ashlar_dev *dev;

	if (!q->vm)
		return;
	dev = q->vm->dev;
	/* A board that does not let go is lost: see ashlar_dev.h. */
	if (q->boot && q->boot == dev->boots &&
	    ashlar_ctrl_call(dev, ASHLAR_CTRL_QUEUE_DESTROY, &req, sizeof(req),
			     NULL, 0))
		dev->lost = true;
	if (q->args_mapped) {
		ashlar_vm_unmap(q->vm, q->args_va.start, q->args_va.bytes);
		if (ashlar_vm_invalidate(q->vm))
			dev->lost = true;
	}
	ashlar_range_free(&q->vm->va, &q->args_va);
	ashlar_dev_mem_free(dev, &q->args);
	ashlar_dev_mem_free(dev, &q->ring);
	if (q->report)
		ashlar_os_dma_free(dev->os, q->report, q->report_dma,
				   q->report_bytes);
	if (q->number)
		ashlar_dev_give(dev, &dev->queues, q->number);
	memset(q, 0, sizeof(*q));
}

u32 ashlar_hwq_room(const struct ashlar_hwq *q)
{
	return q->depth - (u32)(q->pushed - q->popped);
}

int ashlar_hwq_push(struct ashlar_hwq *q, const struct ashlar_job *job,
		    const void *args)
{
	struct ashlar_dev *dev = q->vm->dev;
	u64 slot = q->pushed & (q->depth - 1);
	struct ashlar_job copy = *job;

	if (dev->lost)
		return -ENODEV;
	if (job->arg_bytes > ASHLAR_ARG_MAX)
		return -EINVAL;
	if (!ashlar_hwq_room(q))
		return -EAGAIN;

	copy.fence = q->pushed + 1;
	copy.arg_va = q->args_va.start + slot * ARG_SLOT;
	memset(copy.reserved, 0, sizeof(copy.reserved));
	if (job->arg_bytes)
		ashlar_os_mem_write(dev->os, q->args.start + slot * ARG_SLOT,
				    args, job->arg_bytes);
	ashlar_os_mem_write(dev->os, q->ring.start + slot * sizeof(copy), &copy,
			    sizeof(copy));
	q->pushed++;
	return 0;
}

void ashlar_hwq_ring(struct ashlar_hwq *q)
{
	ashlar_os_wmb();
	ashlar_os_write32(q->vm->dev->os,
			  ASHLAR_MAP_BAR0_DOORBELL_BASE +
				  ASHLAR_MAP_BAR0_DOORBELL_STRIDE * q->number,
			  (u32)q->pushed);
}

static int nonsense(struct ashlar_hwq *q, const char *what, u64 value,
		    u64 expected)
{
	char why[160];

	snprintf(why, sizeof(why),
		 "queue %u: the firmware reports %s %llu, expected %llu; the board must be reset",
		 q->number, what, (unsigned long long)value,
		 (unsigned long long)expected);
	return ashlar_dev_fail(q->vm->dev, -EPROTO, why);
}

int ashlar_hwq_pop(struct ashlar_hwq *q, struct ashlar_completion *c)
{
	const struct ashlar_completion *slots =
		(const struct ashlar_completion *)(q->report + 1);
	u64 completed = ASHLAR_READ_ONCE(q->report->completed);
	u64 expected = q->popped + 1;

	if (q->vm->dev->lost)
		return -ENODEV;
	if (completed == q->popped)
		return 0;
	if (completed < q->popped || completed > q->pushed)
		return nonsense(q, "completed fence", completed, q->pushed);

	/* The completion was written before the fence that announces it. */
	ashlar_os_rmb();
	memcpy(c, (const void *)&slots[q->popped & (q->depth - 1)], sizeof(*c));
	if (c->fence != expected)
		return nonsense(q, "completion of fence", c->fence, expected);
	if (c->status > ASHLAR_JOB_BAD)
		return nonsense(q, "job status", c->status, ASHLAR_JOB_BAD);
	q->popped++;
	return 1;
}
