// SPDX-License-Identifier: MIT
/*
 * The queue and the counters of a unit. What a macro-operation does, it does
 * when it is issued; when it begins and ends is known then, so ISSUED, DONE,
 * WAIT and a full queue are questions about times.
 */
#include "tile.h"

#include <string.h>

void unit_reset(struct unit *u)
{
	u->issued = 0;
	u->done = 0;
	u->free = 0;
	memset(u->after, 0, sizeof(u->after));
	u->blocked = false;
	u->fault_at = NEVER;
	u->goes_on_at = NEVER;
}

void unit_settle(struct unit *u, uint64_t at)
{
	while (u->done != u->issued && u->ends[u->done % UNIT_RING] <= at)
		u->done++;
}

uint64_t unit_room(const struct unit *u, uint64_t at)
{
	uint64_t room = at;

	if (u->issued - u->done >= UNIT_QUEUE &&
	    u->begins[(u->issued - UNIT_QUEUE) % UNIT_RING] > room)
		room = u->begins[(u->issued - UNIT_QUEUE) % UNIT_RING];
	if (u->issued - u->done == UNIT_RING &&
	    u->ends[u->done % UNIT_RING] > room)
		room = u->ends[u->done % UNIT_RING];
	return room;
}

uint64_t unit_reaches(const struct unit *u, uint32_t count)
{
	if ((int32_t)(u->done - count) >= 0)
		return 0;
	if ((int32_t)(u->issued - count) < 0)
		return NEVER;
	return u->ends[(count - 1) % UNIT_RING];
}

uint64_t unit_idle_at(const struct unit *u)
{
	return u->done == u->issued ? 0 : u->ends[(u->issued - 1) % UNIT_RING];
}

/* The end of the macro-operation before n; 0: none is left of those. */
static uint64_t end_before(const struct unit *u, uint32_t n)
{
	return (int32_t)(u->done - n) >= 0 ? 0 : u->ends[(n - 1) % UNIT_RING];
}

void unit_queue(struct unit *u, uint32_t n, uint64_t ready)
{
	memcpy(u->queue[n % UNIT_QUEUE], u->par, sizeof(u->par));
	u->ready[n % UNIT_QUEUE] = ready;
}

uint32_t unit_push(struct unit *u)
{
	u->begins[u->issued % UNIT_RING] = NEVER;
	u->ends[u->issued % UNIT_RING] = NEVER;
	return u->issued++;
}

void unit_times(struct unit *u, uint32_t n, uint64_t begin, uint64_t end,
		uint64_t free)
{
	uint64_t before = end_before(u, n);

	u->begins[n % UNIT_RING] = begin;
	u->ends[n % UNIT_RING] = end > before ? end : before;
	u->free = free;
}

void unit_fails(struct unit *u, uint32_t n, uint64_t at,
		const struct fault *fault)
{
	uint64_t before = end_before(u, n);

	u->fault_at = at > before ? at : before;
	u->fault = *fault;
	u->fault.token = n + 1;
}
