/* SPDX-License-Identifier: MIT */
/* What a job descriptor may say. */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>

#include "ashlar_abi.h"
#include "tile.h"

/*
 * Judge a private copy of a descriptor, for a board with lmem_bytes of local
 * memory a tile, in a queue whose job before had fence last_fence. Returns 0,
 * or 1 + the byte offset of the first field that is refused.
 */
unsigned int job_check(const struct ashlar_job *job, uint32_t lmem_bytes,
		       uint64_t last_fence);

/*
 * Is this a good descriptor of a job of one tile that runs the same image, from
 * the same entry, as the good one before it on the tile t? Then whatever
 * concerns the image needs no second judgement. Says 0 also when in doubt.
 */
HAL_INLINE int job_again(const struct ashlar_job *job, const struct tile *t,
			 uint64_t last_fence)
{
	const uint32_t *r = job->reserved;
	uint32_t bits; /* that must be zero */

	static_assert(sizeof(job->reserved) == 48, "all reserved words");
	bits = (job->flags & ~ASHLAR_JOB_FLAG_IRQ) |
	       ((uint32_t)job->arg_va & 63) | r[0] | r[1] | r[2] | r[3] | r[4] |
	       r[5] | r[6] | r[7] | r[8] | r[9] | r[10] | r[11];
	return !bits && job->kind == ASHLAR_JOB_KERNEL && job->tiles == 1 &&
	       job->fence > last_fence && job->arg_bytes <= ASHLAR_ARG_MAX &&
	       job->grid[0] && job->grid[1] && job->grid[2] &&
	       (uint32_t)job->code_va == (uint32_t)t->code_va &&
	       job->code_serial == t->code_serial &&
	       (uint32_t)(job->code_va >> 32) == (uint32_t)(t->code_va >> 32) &&
	       job->code_bytes == t->code_bytes &&
	       job->text_bytes == t->text_bytes && job->entry == t->entry;
}

#endif
