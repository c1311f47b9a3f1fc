// SPDX-License-Identifier: MIT
#include "irq.h"

#include <fcntl.h>
#include <unistd.h>

void irq_init(struct irq *irq)
{
	unsigned int i;

	for (i = 0; i < ASHLAR_PCI_VECTORS; i++)
		irq->fds[i] = -1;
	irq->pending = 0;
}

void irq_raise(struct irq *irq, unsigned int vector)
{
	const uint64_t one = 1;

	if (vector >= ASHLAR_PCI_VECTORS)
		return;
	if (irq->fds[vector] < 0) {
		irq->pending |= 1ull << vector;
		return;
	}
	/* A full counter says the same; a broken descriptor is the client's. */
	if (write(irq->fds[vector], &one, sizeof(one)) < 0)
		return;
}

void irq_set(struct irq *irq, unsigned int vector, int fd)
{
	uint64_t bit = 1ull << vector;

	if (irq->fds[vector] >= 0)
		close(irq->fds[vector]);
	irq->fds[vector] = fd;
	if (fd < 0)
		return;
	/* The thread that runs the board must never wait for the client. */
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	if (irq->pending & bit) {
		irq->pending &= ~bit;
		irq_raise(irq, vector);
	}
}

void irq_clear(struct irq *irq)
{
	unsigned int i;

	for (i = 0; i < ASHLAR_PCI_VECTORS; i++)
		irq_set(irq, i, -1);
}

void irq_reset(struct irq *irq)
{
	irq->pending = 0;
}
