/* SPDX-License-Identifier: MIT */
/*
 * An operation as a list of launches. plan_make() checks a descriptor and asks
 * its plan_NAME() for the launches; nothing here talks to a device.
 *
 *	int plan_NAME(struct plan *p, const struct ashlar_op_NAME *op)
 *
 * gets a descriptor that is as long as its kind says. It checks everything in
 * it with &p->check (check.h), takes workspace with plan_workspace(), and adds
 * launches with plan_launch(), in the order in which they have to run: each one begins
 * when the one before it is complete. It returns 0, or -1 when a check or
 * plan_launch() has failed. Without elements it adds nothing. It may be called
 * without a workspace, to learn how much is needed: addresses of workspace are
 * then small numbers.
 */
#ifndef OPS_PLAN_H
#define OPS_PLAN_H

#include <stdint.h>

#include <ashlar/ops.h>

#include "check.h"
#include "kinds.h"

/* What a plan may depend on; results only on array. */
struct plan_board {
	uint32_t array, accs, spad_bytes, spad_banks, lmem_bytes;
	uint32_t tiles; /* that the operation may use */
};

struct plan_launch {
	const char *file; /* NAME of the kernel file ashlar-NAME.elf */
	const char *kernel;
	void *args; /* a copy */
	uint32_t arg_bytes;
	uint32_t tiles; /* at most so many; 0: as many as there are */
	uint32_t grid[3];
};

struct plan {
	struct plan_board board;
	struct check check;
	struct plan_launch *launches;
	uint32_t count, room;
	uint64_t workspace; /* device address */
	uint64_t workspace_bytes; /* taken */
};

/*
 * The plan of a descriptor. workspace: its device address, or 0 to learn how
 * much is needed. Returns OK, or what is wrong, with a sentence in
 * p->check.text. plan_free() must follow in any case.
 */
ashlar_result plan_make(struct plan *p, const struct plan_board *board,
			const struct ashlar_op *op, uint64_t workspace);
void plan_free(struct plan *p);

/* --- For plan_NAME() ----------------------------------------------------------- */

/* Address of bytes of workspace, a multiple of 64. */
uint64_t plan_workspace(struct plan *p, uint64_t bytes);

/*
 * A launch with a copy of the arguments, 1024 bytes at most; its tiles and grid
 * may be set. NULL: no memory.
 */
struct plan_launch *plan_launch(struct plan *p, const char *file,
				const char *kernel, const void *args,
				uint32_t arg_bytes);

/* --- What there is -------------------------------------------------------------- */

#define PLAN_DECLARE(name) \
	int plan_##name(struct plan *p, const struct ashlar_op_##name *op);
OPS_KINDS(PLAN_DECLARE)
#undef PLAN_DECLARE

#endif
