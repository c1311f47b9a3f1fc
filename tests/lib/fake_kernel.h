/* SPDX-License-Identifier: MIT */
/*
 * A kernel driver in a few hundred lines of C: linked with LIB_T_WRAP of
 * lib-tests.mk, it is behind /dev/accel/accel0 of this process and does the
 * ioctls of ashlar_accel.h over memory, with the "kernels" of fake_board.h. It
 * can misbehave.
 *
 * Its device time passes while somebody waits for a syncobj, and a little with
 * each look for results; never by itself.
 */
#ifndef FAKE_KERNEL_H
#define FAKE_KERNEL_H

#include <stdbool.h>
#include <stdint.h>

struct fake_kernel {
	/* What open() and VERSION say; NULL: nothing is wrong. */
	int open_error;
	const char *driver;
	int major, minor;
	/* Requests fail, from the one that is `fail_at` away (1: the next). */
	uint32_t fail_at, fail_count;
	int fail_error;
	uint32_t fail_request; /* only this one counts (_IOC_NR + 1); 0: all */
	uint32_t interrupts; /* so often each request is interrupted first */
	uint32_t partial; /* SUBMIT and VM_BIND do this much, then EINTR */
	uint32_t few_results; /* at most so many in one go; 0: all */
	/* Lies. */
	bool no_results; /* jobs are done, but there are no results */
	uint64_t add_seqno; /* to those of results */
	uint32_t status; /* of results, when not 0 */
	uint32_t add_count; /* to that of results */
	bool short_submit; /* one job less than there are, without an error */
	uint32_t add_page_bytes; /* to the facts */
	uint32_t dtb_flip; /* this byte of the device tree is wrong */
	bool hold; /* no job ends */
};

/* How often what was done, and what there is. */
struct fake_kernel_stats {
	uint64_t requests, submits, jobs, binds, waits;
	uint64_t runs; /* jobs that were started */
	uint64_t waits_taken; /* of jobs for jobs */
	uint32_t files, buffers, queues, syncobjs, mappings, contexts;
};

/* To be set and read while no other thread is in the library. */
extern struct fake_kernel fake_kernel;
struct fake_kernel_stats fake_kernel_stats(void);
/* The board is reset for a reason that is nobody's here. */
void fake_kernel_reset(void);
/* Change `hold` while others wait. */
void fake_kernel_hold(bool hold);
/* Threads that sleep in a wait. */
uint32_t fake_kernel_sleepers(void);
/* From now on there is no board. */
void fake_kernel_unplug(bool gone);

#endif
