/* SPDX-License-Identifier: MIT */
/*
 * Handles: what all objects have in common, and the table of live ones that
 * lets a released or foreign pointer be refused without touching it.
 *
 * Two counts: `users` counts the application's references, and the handle is
 * live while it is not 0; `refs` counts everything that needs the object, all
 * users together being one. The object is destroyed, with its board locked,
 * when refs falls to 0.
 *
 * A live handle holds a reference to its device. An object that has no users
 * any more, but is still needed (by what runs), does not: a device whose last
 * handle is released goes, and takes along what runs.
 */
#ifndef ASHLAR_LIB_HANDLE_H
#define ASHLAR_LIB_HANDLE_H

#include <stdatomic.h>

#include <ashlar/ashlar.h>

struct board;

enum kind {
	KIND_ANY = 0,
	KIND_DEVICE,
	KIND_BUFFER,
	KIND_MODULE,
	KIND_KERNEL,
	KIND_QUEUE,
	KIND_CMDLIST,
	KIND_FENCE,
	KIND_OPS,
};

struct handle {
	enum kind kind;
	unsigned int users; /* under the table's lock */
	atomic_uint refs;
	struct board *board;
	struct ashlar_device
		*dev; /* a device: itself; may be gone if no user is left */
	/* Releases what the object owns, not its memory. Board locked. */
	void (*destroy)(struct handle *h);
	struct handle *next; /* in the board's list of destroyed ones */
};

/* A new object with one user; it is not live before handle_publish(). */
void handle_init(struct handle *h, enum kind kind, struct ashlar_device *dev,
		 void (*destroy)(struct handle *h));

/* Make it live. ASHLAR_ERROR_NO_MEMORY when the table cannot grow. */
ashlar_result handle_publish(struct handle *h);

/*
 * Check a pointer from the application; take a reference to the object and
 * its device. Returns OK, HANDLE or FORKED. KIND_ANY takes every kind.
 */
ashlar_result handle_get(const void *pointer, enum kind kind);

/*
 * The same without taking references, for objects of a board that the caller
 * has locked: they cannot go before it is unlocked. Others are refused.
 */
ashlar_result handle_peek(const void *pointer, enum kind kind,
			  const struct board *board);

/*
 * One user less. Returns the handle when that was the last one: the users'
 * common references to object and device are then the caller's to put. NULL
 * else, or when the pointer is no live handle of the kind.
 */
struct handle *handle_release(const void *pointer, enum kind kind);

/* One user more. */
ashlar_result handle_retain(const void *pointer);

/* Internal references. Put needs the board locked. */
void handle_ref(struct handle *h);
void handle_put(struct handle *h);

#endif
