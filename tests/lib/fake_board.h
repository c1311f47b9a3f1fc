/* SPDX-License-Identifier: MIT */
/*
 * A board in a few hundred lines of C, behind the model interface: registers,
 * control ring, contexts with page tables, queues, and "kernels" that are one
 * word of code. Its firmware can be told to misbehave. It keeps translations
 * until it is told to forget them, so that memory reused too early shows.
 */
#ifndef FAKE_BOARD_H
#define FAKE_BOARD_H

#include "ashlar_model.h"

/* First word of code at a kernel's entry. */
enum fake_op {
	FAKE_ADD = 0xfa0001, /* struct fake_add */
	FAKE_HANG = 0xfa0002,
	FAKE_EXIT = 0xfa0003, /* struct fake_exit */
	FAKE_ILLEGAL = 0xfa0004,
	FAKE_STORE = 0xfa0005, /* struct fake_store */
};

struct fake_add {
	uint64_t dst, a, b; /* device addresses of uint32_t[n] */
	uint32_t n;
	uint32_t cycles; /* that it takes */
};

struct fake_exit {
	uint32_t code;
	uint32_t cycles;
};

struct fake_store {
	uint64_t dst; /* device address of a uint32_t */
	uint32_t value;
	uint32_t cycles;
};

struct fake_quirks {
	uint32_t post; /* error post code instead of READY */
	uint32_t stuck_post; /* post code at which boot stays for ever */
	uint32_t silent_op; /* control op that is never answered */
	uint32_t trap_op; /* control op at which the firmware traps */
	uint32_t busy; /* so many requests are answered BUSY */
	uint32_t status; /* answer this status, whatever the request */
	uint32_t stray; /* so many wrong replies before the right one */
	uint32_t wrong_op; /* the next reply names another op */
	uint32_t jump_tail; /* added once to rep_tail */
	uint32_t backwards; /* answer the requests of a batch in reverse */
	uint32_t hello_lie; /* added to the versions agreed */
	uint32_t info_word, info_value; /* word n + 1 of ashlar_info */
	uint32_t dead; /* reads give all ones */
	uint32_t frozen; /* device time stands still */
	uint64_t leap; /* device time that passes once behind an answer */
	uint32_t lose_jobs; /* doorbells of queues are ignored */
	uint64_t completed_add; /* to the fence that is reported */
	uint64_t fence_add; /* to the fence in the completion */
	uint32_t job_status; /* reported instead, when not 0 */
};

struct fake_stats {
	uint64_t requests; /* control requests taken */
	uint64_t invalidates;
	uint64_t jobs; /* completed */
	uint64_t translations; /* kept now */
};

const struct ashlar_model_ops *fake_board_ops(void);
struct fake_quirks *fake_board_quirks(struct ashlar_model *m);
struct fake_stats fake_board_stats(struct ashlar_model *m);
/* A control request by hand, as hostile host memory would see it. */
void *fake_board_shared(struct ashlar_model *m);

#endif
