/* SPDX-License-Identifier: MIT */
/*
 * The board: a model, the thread that lets device time pass, and the PCI
 * Express function around it.
 *
 * Everything here but open and close is called between board_enter() and
 * board_leave(); in between the model stands still, and with it its DMA and
 * its interrupts. Entering takes about a millisecond at most, however busy
 * the board is.
 */
#ifndef ASHLAR_SERVER_BOARD_H
#define ASHLAR_SERVER_BOARD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "ashlar_model.h"
#include "dma.h"
#include "irq.h"
#include "pci.h"

struct board_options {
	const char *model; /* "rtl", "fast", or a file */
	const char *board; /* NULL: "sim", or what the file is */
	const char *record; /* NULL: none */
	bool strict;
};

struct board {
	struct pci pci;
	struct dma dma;
	struct irq irq;

	void *library; /* of dlopen() */
	const struct ashlar_model_ops *ops;
	struct ashlar_model *model;
	struct ashlar_model_info info; /* as it was made */
	int memory_fd; /* BAR2 */

	pthread_t thread;
	bool thread_runs;
	pthread_mutex_t lock;
	pthread_cond_t wake; /* the thread may have something to do */
	pthread_cond_t still; /* the model has come to a stop */
	_Atomic unsigned int waiting; /* to enter */
	bool running; /* the thread is inside the model */
	bool idle; /* nothing happens without an access */
	bool owed; /* an access was made and no time has passed since */
	bool quit;

	uint64_t chunk; /* cycles for one call of run() */
	unsigned int misuses;
};

/* Returns 0, or -1 with a sentence in error. */
int board_open(struct board *b, const struct board_options *opt, char *error,
	       size_t error_bytes);
void board_close(struct board *b);

void board_enter(struct board *b);
void board_leave(struct board *b);

/*
 * Accesses by the host. bar is a BAR that has bytes bytes from offset on. What
 * the function does not answer reads as all ones; such writes are dropped.
 */
void board_read(struct board *b, unsigned int bar, uint64_t offset, void *data,
		uint32_t bytes);
void board_write(struct board *b, unsigned int bar, uint64_t offset,
		 const void *data, uint32_t bytes);
uint64_t board_bar_bytes(const struct board *b, unsigned int bar);

/* A write to configuration space, with what comes of it. */
void board_config_write(struct board *b, uint32_t offset, const void *data,
			uint32_t bytes);

/* Function level reset: DMA windows and eventfds stay, as does memory. */
void board_reset(struct board *b);

/* load.c: dlopen() the model and check that it is one. 0, or -1 and why. */
int board_load(struct board *b, const struct board_options *opt, char *error,
	       size_t error_bytes);

#endif
