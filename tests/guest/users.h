/* SPDX-License-Identifier: MIT */
/*
 * Users of a board that is taken away or reset: one that is looked at before and
 * after, and a load of all kinds of use at once.
 */
#ifndef GUEST_USERS_H
#define GUEST_USERS_H

#include "guest.h"

struct user {
	struct card c;
	struct buf local, system, unseen; /* unseen: mapped, not touched */
	uint32_t queue, sync;
	int file; /* sync_file of a job that does not end by itself */
};

/* With a job that does not end by itself. */
void user_open(struct user *u);
void user_close(struct user *u);

/* The board is reset by that function: all work ends, all else stays. */
void is_reset(void (*reset)(void));

/*
 * Threads that use the board whenever it is there, and end the program when they
 * see anything but right results and the errors of a board that is lost.
 */
void load_start(uint64_t seed);
/* Each has done something, and the board works. */
void load_stop(void);

#endif
