/* SPDX-License-Identifier: MIT */
/*
 * Trains a network on one machine, and its first steps on others too, which
 * must hold the same bytes after each of them.
 */
#ifndef DEMO_LOCKSTEP_H
#define DEMO_LOCKSTEP_H

#include "machine.h"

/* What is trained; `of` is the network's state, one for each machine. */
struct subject {
	void *context;
	uint64_t bytes; /* of memory, at most */
	size_t state_bytes;
	uint32_t steps;
	int (*init)(void *of, struct machine *m, void *context);
	/* Put the step's examples into a finished machine. */
	void (*feed)(void *of, uint32_t step, void *context);
	int (*step)(void *of, uint32_t step, void *context);
	float (*loss)(const void *of);
};

/* A machine that follows for some steps. */
struct follower {
	const char *name; /* of a device, or MACHINE_REFERENCE */
	uint32_t steps;
	struct machine machine;
	void *of;
	double seconds;
};

#define FOLLOWERS_MAX 4u

struct lockstep {
	const struct subject *subject;
	struct machine machine;
	void *of; /* state on it */
	float *loss; /* of each step */
	uint32_t done; /* steps */
	struct follower follower[FOLLOWERS_MAX];
	uint32_t followers;
	const char *curve; /* file for the losses; NULL: none */
	double seconds; /* of the host, for the steps of the first machine */
};

/*
 * Read the options that both programs have: --compare NAME:STEPS and --curve
 * FILE.svg, and one argument, which is returned. what: the argument's name.
 * NULL: a message on stderr says what is wrong.
 */
const char *lockstep_options(struct lockstep *l, int argc, char **argv,
			     const char *what);
/* Open the machines and lay out; device NULL: the default. */
int lockstep_open(struct lockstep *l, const struct subject *subject,
		  const char *device);
/* One step everywhere. Prints why and returns -1, also when bytes differ. */
int lockstep_step(struct lockstep *l);
/* Print what was done, and draw the losses. On failure says why, returns -1. */
int lockstep_report(const struct lockstep *l, const char *title);
void lockstep_close(struct lockstep *l);

/* A number from 0 to below; the same ones for the same state, everywhere. */
uint32_t lockstep_random(uint64_t *state, uint32_t below);
/*
 * Learning rate: rises over `warm` steps, and falls to 0 in a line, so that
 * every host computes the same bits.
 */
float lockstep_rate(float most, uint32_t step, uint32_t steps, uint32_t warm);

#endif
