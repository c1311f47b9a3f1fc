/* SPDX-License-Identifier: MIT */
/* What a job descriptor may say. */
#ifndef JOB_H
#define JOB_H

#include <stdint.h>

#include "ashlar_abi.h"

/*
 * Judge a private copy of a descriptor, for a board with lmem_bytes of local
 * memory a tile, in a queue whose job before had fence last_fence. Returns 0,
 * or 1 + the byte offset of the first field that is refused.
 */
unsigned int job_check(const struct ashlar_job *job, uint32_t lmem_bytes,
		       uint64_t last_fence);

#endif
