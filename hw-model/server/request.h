/* SPDX-License-Identifier: MIT */
/* The commands of vfio-user, from one client. */
#ifndef ASHLAR_SERVER_REQUEST_H
#define ASHLAR_SERVER_REQUEST_H

#include "board.h"
#include "wire.h"

/*
 * Serve a client until it goes, speaks no vfio-user, or the server is to stop;
 * then take back what it had lent. *spoke: whether it agreed on a version.
 */
enum wire_end serve(struct board *b, const struct wire *w, bool *spoke);

#endif
