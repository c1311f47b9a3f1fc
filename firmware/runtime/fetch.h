/* SPDX-License-Identifier: MIT */
/* Job descriptors: from the ring in board memory to a private copy. */
#ifndef FETCH_H
#define FETCH_H

#include "rt.h"

void fetch_init(void);

/*
 * The doorbell of the expected queue, and no other of its word, was rung: its
 * first fetch is on its way when this returns 1.
 */
int fetch_expected(unsigned int word, uint32_t rung);

/* Queue doorbells, a word of 32. */
void fetch_doorbells(unsigned int word, uint32_t rung);

/* The doorbell of q was rung: take its value. */
void fetch_rung(struct queue *q);

/* Fetch what q has room for. */
void fetch_more(struct queue *q);

/*
 * Before sleep: set the engine up for the queue whose doorbell is likeliest to
 * ring next. fetch_forget(): not for q, it goes.
 */
void fetch_expect(void);
void fetch_forget(const struct queue *q);

/* Tiles, contexts or queues change: what fetch_expect() found may not hold. */
void fetch_unsure(void);

/* Descriptors are on their way. */
int fetch_waiting(void);
/* Take the descriptors that have arrived; starts jobs. */
void fetch_poll(void);

#endif
