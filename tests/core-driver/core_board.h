/* SPDX-License-Identifier: MIT */
/* A driver core on a fake board, booted or not, for the tests here. */
#ifndef CORE_BOARD_H
#define CORE_BOARD_H

#include "ashlar_queue.h"
#include "counted.h"
#include "fake_board.h"
#include "sim.h"

struct core_board {
	struct ashlar_os os;
	struct ashlar_dev dev;
	struct ashlar_image image;
	char warnings[4096]; /* all that was logged */
};

/* Attached, not booted. Fails the test when that does not work. */
struct core_board *core_board_new(void);
/* Attached and booted. */
struct core_board *core_board_booted(void);
void core_board_free(struct core_board *b);
int core_board_boot(struct core_board *b);
struct fake_quirks *quirks(struct core_board *b);
struct fake_stats stats(struct core_board *b);
/* The error sentence contains the text. */
void assert_error(struct core_board *b, const char *text);

#endif
