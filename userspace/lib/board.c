// SPDX-License-Identifier: MIT
/* A board that several device handles may share: its making and its time. */
#include <stdlib.h>
#include <unistd.h>

#include "internal.h"

#define BURIED_MAX 256

/* --- Lock ------------------------------------------------------------------ */

static void turnstile_init(struct turnstile *t)
{
	pthread_mutex_init(&t->mutex, NULL);
	pthread_cond_init(&t->turn, NULL);
}

void board_lock(struct board *b)
{
	struct turnstile *t = &b->lock;
	uint64_t ticket;

	pthread_mutex_lock(&t->mutex);
	ticket = t->next++;
	while (ticket != t->serving)
		pthread_cond_wait(&t->turn, &t->mutex);
	pthread_mutex_unlock(&t->mutex);
}

void board_unlock(struct board *b)
{
	struct turnstile *t = &b->lock;

	/* Nobody can be waiting then: that would take a device. */
	if (!b->devices) {
		board_free(b);
		return;
	}
	pthread_mutex_lock(&t->mutex);
	t->serving++;
	pthread_cond_broadcast(&t->turn);
	pthread_mutex_unlock(&t->mutex);
}

void board_bury(struct board *b, struct handle *h)
{
	h->next = NULL;
	*b->buried_end = h;
	b->buried_end = &h->next;
	if (++b->buried_count <= BURIED_MAX)
		return;
	h = b->buried;
	b->buried = h->next;
	b->buried_count--;
	free(h);
}

/* --- Making ------------------------------------------------------------------ */

static ashlar_result disagree(char *error, const char *what, uint64_t tree,
			      uint64_t port)
{
	snprintf(
		error, ERROR_BYTES,
		"the device tree says that the board has %llu %s, it says %llu",
		(unsigned long long)tree, what, (unsigned long long)port);
	return ASHLAR_ERROR_FORMAT;
}

static ashlar_result read_topology(struct board *b, char *error)
{
	struct port *p = b->port;
	struct topology *t = &b->topology;

	if (topology_parse(p->dtb, p->dtb_bytes, t, error, ERROR_BYTES))
		return ASHLAR_ERROR_FORMAT;
	free(p->dtb);
	p->dtb = NULL;
	if (t->mem_bytes != p->facts.memory_bytes)
		return disagree(error, "bytes of memory", t->mem_bytes,
				p->facts.memory_bytes);
	if (t->tiles != p->facts.tiles)
		return disagree(error, "tiles", t->tiles, p->facts.tiles);
	return ASHLAR_OK;
}

static ashlar_result make(struct board *b, const struct device_name *name,
			  const struct ashlar_open_options *options,
			  char *error)
{
	const char *trace = options->trace;
	ashlar_result result;

	if (name->node)
		result = port_accel_open(name, &b->port, error);
	else
		result = port_core_open(name, options, &b->port, error);
	if (!result)
		result = read_topology(b, error);
	if (result)
		return result;

	if (!trace)
		trace = getenv("ASHLAR_TRACE");
	if (trace && *trace) {
		b->trace = trace_open(trace, b->topology.clock_khz, error);
		if (!b->trace)
			return ASHLAR_ERROR_IO;
	}
	return ASHLAR_OK;
}

struct board *board_new(const char *name,
			const struct ashlar_open_options *options,
			ashlar_result *result, char *error)
{
	struct board *b = calloc(1, sizeof(*b));
	struct device_name n;

	if (!b) {
		*result = ASHLAR_ERROR_NO_MEMORY;
		return NULL;
	}
	turnstile_init(&b->lock);
	b->pid = getpid();
	b->buried_end = &b->buried;

	*result = name_parse(name, &n, error);
	memcpy(b->name, n.full, sizeof(b->name));
	if (!*result)
		*result = make(b, &n, options, error);
	name_free(&n);
	if (*result) {
		board_free(b);
		return NULL;
	}
	return b;
}

void board_free(struct board *b)
{
	if (b->trace)
		trace_close(b->trace);
	if (b->port)
		b->port->ops->close(b->port);
	while (b->buried) {
		struct handle *h = b->buried;

		b->buried = h->next;
		free(h);
	}
	pthread_cond_destroy(&b->lock.turn);
	pthread_mutex_destroy(&b->lock.mutex);
	free(b);
}

/* --- Time ---------------------------------------------------------------------- */

uint64_t board_cycles(struct board *b)
{
	return b->port->ops->cycles(b->port);
}

/* The board is lost: nothing will complete any more. */
static void fail_all(struct board *b)
{
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		if (d->oldest)
			device_cancel(d, ASHLAR_ERROR_LOST, b->port->error);
}

void board_pump(struct board *b)
{
	bool moved = true;

	/* What completes on one queue may let another go on. */
	while (moved && !b->port->lost) {
		moved = false;
		for (struct ashlar_device *d = b->devices; d; d = d->next) {
			struct ashlar_queue *q, *next;

			for (q = d->queues; q; q = next) {
				/* Its last submission keeps the queue. */
				handle_ref(&q->h);
				moved |= queue_step(q);
				next = q->next;
				handle_put(&q->h);
			}
		}
	}
	if (b->port->lost)
		fail_all(b);
	for (struct ashlar_device *d = b->devices; d; d = d->next)
		memory_settle(d);
}

bool board_slice(struct board *b, uint64_t cycles)
{
	enum port_ran ran = b->port->ops->run(b->port, cycles);

	board_pump(b);
	return ran != PORT_IDLE;
}

void board_wake(struct board *b)
{
	if (b->waiters)
		b->port->ops->wake(b->port);
}
