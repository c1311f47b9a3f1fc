/* SPDX-License-Identifier: MIT */
/* Job descriptors: from the ring in board memory to a private copy. */
#ifndef FETCH_H
#define FETCH_H

#include "rt.h"

void fetch_init(void);

/* Queue doorbells, a word of 32. */
void fetch_doorbells(unsigned int word, uint32_t rung);

/* The doorbell of q was rung: take its value. */
void fetch_rung(struct queue *q);

/* Fetch what q has room for. */
void fetch_more(struct queue *q);

/* Descriptors are on their way. */
int fetch_waiting(void);
/* Take the descriptors that have arrived; starts jobs. */
void fetch_poll(void);

#endif
