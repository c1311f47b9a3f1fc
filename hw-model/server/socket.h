/* SPDX-License-Identifier: MIT */
/* The socket that clients connect to. */
#ifndef ASHLAR_SERVER_SOCKET_H
#define ASHLAR_SERVER_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

struct listener {
	int fd; /* non-blocking */
	const char *path;
	dev_t dev; /* the file that was made */
	ino_t ino;
};

/*
 * Listen at path. A socket there on which nobody listens, as a killed server
 * leaves it, is replaced. Returns 0, or -1 with a sentence in error.
 */
int listener_open(struct listener *l, const char *path, char *error,
		  size_t error_bytes);
/* Remove the file, unless it is no longer ours. */
void listener_close(struct listener *l);

#endif
