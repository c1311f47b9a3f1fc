// SPDX-License-Identifier: MIT
/*
 * The table is the library's only process-wide state. It is a hash of
 * addresses, which are kept inverted so that leak checkers do not take the
 * table for a user of the objects.
 */
#include "handle.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define FIRST_SLOTS 64 /* power of two */

static struct {
	pthread_mutex_t lock;
	uintptr_t *slots; /* ~address, or 0: empty */
	size_t size;
	size_t count;
	bool atfork;
} table = { .lock = PTHREAD_MUTEX_INITIALIZER };

static void lock_table(void)
{
	pthread_mutex_lock(&table.lock);
}

static void unlock_table(void)
{
	pthread_mutex_unlock(&table.lock);
}

static size_t hash(uintptr_t key, size_t size)
{
	return (size_t)((key >> 4) * 0x9e3779b97f4a7c15ull >> 20) & (size - 1);
}

/* The slot that holds key, or the empty one where it would go. */
static size_t find(uintptr_t key)
{
	size_t i = hash(key, table.size);

	while (table.slots[i] && table.slots[i] != key)
		i = (i + 1) & (table.size - 1);
	return i;
}

static bool grow(void)
{
	uintptr_t *old = table.slots;
	size_t old_size = table.size;
	size_t size = old_size ? 2 * old_size : FIRST_SLOTS;
	uintptr_t *slots = calloc(size, sizeof(*slots));

	if (!slots)
		return false;
	table.slots = slots;
	table.size = size;
	for (size_t i = 0; i < old_size; i++)
		if (old[i])
			table.slots[find(old[i])] = old[i];
	free(old);
	return true;
}

/* Empty a slot and move what follows, so that find() needs no marks. */
static void erase(size_t hole)
{
	size_t i = hole;

	table.slots[hole] = 0;
	for (;;) {
		size_t home;

		i = (i + 1) & (table.size - 1);
		if (!table.slots[i])
			break;
		home = hash(table.slots[i], table.size);
		if (((i - home) & (table.size - 1)) <
		    ((i - hole) & (table.size - 1)))
			continue;
		table.slots[hole] = table.slots[i];
		table.slots[i] = 0;
		hole = i;
	}
	if (!--table.count) {
		free(table.slots);
		table.slots = NULL;
		table.size = 0;
	}
}

void handle_init(struct handle *h, enum kind kind, struct ashlar_device *dev,
		 void (*destroy)(struct handle *h))
{
	h->kind = kind;
	h->users = 1;
	atomic_init(&h->refs, 1);
	h->dev = dev;
	h->board = dev->board;
	h->destroy = destroy;
	if (h != &dev->h)
		handle_ref(&dev->h);
}

ashlar_result handle_publish(struct handle *h)
{
	uintptr_t key = ~(uintptr_t)h;

	lock_table();
	if (!table.atfork) {
		/* A child must not inherit the lock taken by another thread. */
		pthread_atfork(lock_table, unlock_table, unlock_table);
		table.atfork = true;
	}
	if (2 * (table.count + 1) > table.size && !grow()) {
		unlock_table();
		return ASHLAR_ERROR_NO_MEMORY;
	}
	table.slots[find(key)] = key;
	table.count++;
	unlock_table();
	return ASHLAR_OK;
}

/* Under the lock: the live handle behind a pointer. */
static struct handle *look_up(const void *pointer, enum kind kind,
			      ashlar_result *result)
{
	uintptr_t key = ~(uintptr_t)pointer;
	struct handle *h = (struct handle *)pointer;

	*result = ASHLAR_ERROR_HANDLE;
	if (!pointer || !table.size || table.slots[find(key)] != key)
		return NULL;
	if (kind != KIND_ANY && h->kind != kind)
		return NULL;
	if (h->board->pid != getpid()) {
		*result = ASHLAR_ERROR_FORKED;
		return NULL;
	}
	*result = ASHLAR_OK;
	return h;
}

ashlar_result handle_get(const void *pointer, enum kind kind)
{
	ashlar_result result;
	struct handle *h;

	lock_table();
	h = look_up(pointer, kind, &result);
	if (h) {
		handle_ref(h);
		handle_ref(&h->dev->h);
	}
	unlock_table();
	return result;
}

ashlar_result handle_peek(const void *pointer, enum kind kind,
			  const struct board *board)
{
	ashlar_result result;
	struct handle *h;

	lock_table();
	h = look_up(pointer, kind, &result);
	if (h && h->board != board)
		result = ASHLAR_ERROR_HANDLE;
	unlock_table();
	return result;
}

struct handle *handle_release(const void *pointer, enum kind kind)
{
	ashlar_result result;
	struct handle *h;

	lock_table();
	h = look_up(pointer, kind, &result);
	if (h && --h->users)
		h = NULL;
	else if (h)
		erase(find(~(uintptr_t)h));
	unlock_table();
	return h;
}

ashlar_result handle_retain(const void *pointer)
{
	ashlar_result result;
	struct handle *h;

	lock_table();
	h = look_up(pointer, KIND_ANY, &result);
	if (h && h->users == UINT32_MAX)
		result = ASHLAR_ERROR_INVALID;
	else if (h)
		h->users++;
	unlock_table();
	return result;
}

void handle_ref(struct handle *h)
{
	atomic_fetch_add(&h->refs, 1);
}

void handle_put(struct handle *h)
{
	if (atomic_fetch_sub(&h->refs, 1) != 1)
		return;
	h->destroy(h);
	board_bury(h->board, h);
}
