// SPDX-License-Identifier: MIT
#include <stddef.h>

#include "bits.h"
#include "job.h"

#define REFUSE(field) (1 + (unsigned int)offsetof(struct ashlar_job, field))

/* Which field it was: only asked when something is wrong. */
static __attribute__((noinline, cold)) unsigned int
find(const struct ashlar_job *job, uint32_t lmem_bytes, uint64_t last_fence)
{
	unsigned int i;

	if (job->kind > ASHLAR_JOB_KERNEL)
		return REFUSE(kind);
	if (job->flags & ~ASHLAR_JOB_FLAG_IRQ)
		return REFUSE(flags);
	if (job->fence <= last_fence)
		return REFUSE(fence);
	if (job->kind == ASHLAR_JOB_KERNEL) {
		if (job->code_va & 63 || job->code_va + lmem_bytes < lmem_bytes)
			return REFUSE(code_va);
		if (job->code_bytes & 63 || !job->code_bytes ||
		    job->code_bytes > lmem_bytes - ASHLAR_ARG_MAX)
			return REFUSE(code_bytes);
		if (job->text_bytes > job->code_bytes)
			return REFUSE(text_bytes);
		if (job->entry & 1 || job->entry >= job->text_bytes)
			return REFUSE(entry);
		if (job->arg_va & 63)
			return REFUSE(arg_va);
		if (job->arg_bytes > ASHLAR_ARG_MAX)
			return REFUSE(arg_bytes);
		if (!job->tiles)
			return REFUSE(tiles);
		for (i = 0; i < 3; i++) {
			if (!job->grid[i])
				return REFUSE(grid[0]) + 4 * i;
		}
	}
	for (i = 0; i < ARRAY_SIZE(job->reserved); i++) {
		if (job->reserved[i])
			return REFUSE(reserved[0]) + 4 * i;
	}
	return 0;
}

/*
 * Between a doorbell and the first instruction of the kernel: everything in
 * one expression with few branches; find() says what it was.
 */
unsigned int job_check(const struct ashlar_job *job, uint32_t lmem_bytes,
		       uint64_t last_fence)
{
	const uint32_t *r = job->reserved;
	uint32_t bits; /* that must be zero */

	bits = (job->flags & ~ASHLAR_JOB_FLAG_IRQ) | r[0] | r[1] | r[2] | r[3] |
	       r[4] | r[5] | r[6] | r[7] | r[8] | r[9] | r[10] | r[11];
	static_assert(ARRAY_SIZE(job->reserved) == 12, "all reserved words");
	if (job->kind == ASHLAR_JOB_KERNEL) {
		bits |= (uint32_t)job->code_va & 63;
		bits |= (uint32_t)job->arg_va & 63;
		bits |= job->code_bytes & 63;
		bits |= job->entry & 1;
		if (bits || job->fence <= last_fence ||
		    (uint32_t)(job->code_va >> 32) == UINT32_MAX ||
		    job->code_bytes - 1 >= lmem_bytes - ASHLAR_ARG_MAX ||
		    job->text_bytes > job->code_bytes ||
		    job->entry >= job->text_bytes ||
		    job->arg_bytes > ASHLAR_ARG_MAX || !job->tiles ||
		    !job->grid[0] || !job->grid[1] || !job->grid[2])
			return find(job, lmem_bytes, last_fence);
		return 0;
	}
	if (bits || job->kind || job->fence <= last_fence)
		return find(job, lmem_bytes, last_fence);
	return 0;
}
