/* SPDX-License-Identifier: MIT */
/* Messages over the client's socket: framing and descriptors. */
#ifndef ASHLAR_SERVER_WIRE_H
#define ASHLAR_SERVER_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include "vfio_user.h"

struct wire {
	int client; /* non-blocking; -1: none */
	int listener; /* who else connects is sent away; -1: none */
	int stop; /* readable: the server is to end; -1: none */
};

/* Why a function of this file came back. */
enum wire_end {
	WIRE_OK,
	WIRE_CLOSED, /* the client went away */
	WIRE_BAD, /* what it sends are no messages */
	WIRE_STOP,
};

struct wire_message {
	struct vfio_user_header header;
	uint8_t *payload; /* VFIO_USER_MAX_PAYLOAD bytes of room */
	size_t bytes; /* of payload */
	int fds[VFIO_USER_MAX_FDS];
	unsigned int fd_count;
	bool fds_lost; /* there were more than fit */
};

/*
 * Wait for a message and take it. Its descriptors belong to the caller, who
 * ends with wire_close_fds() in any case; one taken over is set to -1 before.
 */
enum wire_end wire_receive(const struct wire *w, struct wire_message *m);
void wire_close_fds(struct wire_message *m);

/*
 * From here on the client cannot send; what it has sent before can be received,
 * and behind that it is WIRE_CLOSED, never WIRE_STOP.
 */
void wire_stop(const struct wire *w);
/*
 * End the connection. What is unread is taken first: else the client would meet
 * an error where it should find the end, at which QEMU 11.1 ends by an assertion.
 */
void wire_close(const struct wire *w);

/* Send header and payload, with fd unless it is -1. */
enum wire_end wire_send(const struct wire *w,
			const struct vfio_user_header *header,
			const void *payload, size_t bytes, int fd);

#endif
