/* SPDX-License-Identifier: MIT */
/*
 * Interrupt vectors, each to an eventfd of the client.
 *
 * The client emulates the MSI-X table, enable and mask bits; a vector is on
 * when it has an eventfd. What is raised while it has none is not lost: it is
 * pending, and sent when the vector gets one.
 */
#ifndef ASHLAR_SERVER_IRQ_H
#define ASHLAR_SERVER_IRQ_H

#include <stdint.h>

#include "ashlar_pci.h"

struct irq {
	int fds[ASHLAR_PCI_VECTORS]; /* -1: none */
	uint64_t pending; /* bit = vector, as in the pending bit array */
};

void irq_init(struct irq *irq);
void irq_raise(struct irq *irq, unsigned int vector);

/* Give a vector an eventfd, which then belongs to it; -1 takes it away. */
void irq_set(struct irq *irq, unsigned int vector, int fd);
void irq_clear(struct irq *irq); /* no vector has one any more */

/* A reset of the function: nothing is pending; eventfds stay. */
void irq_reset(struct irq *irq);

#endif
