/* SPDX-License-Identifier: MIT */
/* The port of a card: what its files share. The board's lock covers it all. */
#ifndef ASHLAR_LIB_ACCEL_H
#define ASHLAR_LIB_ACCEL_H

#include "ashlar_accel.h"
#include "ashlar_range.h"
#include "port.h"

/* Waits are for results; this often a wait may end without any. */
#define ACCEL_FRUITLESS_MAX 200u

struct accel {
	struct port port; /* first, as in all below */
	char *node;
	/*
	 * The board's own file, for questions and waits: it sees the timelines
	 * of all address spaces, each of which has a file of its own.
	 */
	int fd;
	struct drm_ashlar_device info;
	uint32_t spaces; /* ever opened */
	uint64_t cycles; /* the latest device time known */
	uint32_t wake_sync; /* a timeline that wake() moves */
	uint64_t wake_point;
	uint64_t moved; /* results taken and wakes, ever */
	uint64_t moved_before; /* as it was when the last wait began */
	unsigned int fruitless; /* waits that ended with nothing new */
};

struct accel_space {
	struct port_space s;
	int fd;
	bool closing; /* its file goes next, and all in it */
	struct ashlar_range va;
	struct accel_memory *unmapped; /* not yet unmapped in the driver */
};

struct accel_memory {
	struct port_memory m;
	struct accel_memory *next; /* in the list above */
	struct ashlar_node va;
	uint32_t handle; /* GEM; 0: none */
	bool bound;
	void *cpu; /* NULL: not mapped yet */
};

/* A queue's timeline in the board's file. Threads that wait keep it. */
struct accel_sync {
	uint32_t handle;
	unsigned int refs;
};

struct accel_queue {
	struct port_queue q;
	uint32_t sync; /* the timeline in the space's file; point: sequence */
	struct accel_sync *shared;
	uint32_t state; /* enum drm_ashlar_queue_state, when asked */
	/* Pushed and not given: jobs, and the syncs of each. */
	struct drm_ashlar_job *jobs;
	struct drm_ashlar_sync *syncs;
	uint32_t room, filled;
	/* Not 0: what was pushed behind q.given does not go to the board. */
	int refused;
	char why[ERROR_BYTES];
	/* Results that were read and not popped. */
	struct drm_ashlar_result *results;
	uint32_t result_room, result_count, result_at;
};

static inline struct accel *accel_of(struct port *p)
{
	return (struct accel *)p;
}

static inline struct accel_space *accel_space_of(struct port_space *s)
{
	return (struct accel_space *)s;
}

/* --- accel_ioctl.c ---------------------------------------------------------- */

/* One attempt. Returns 0 or a positive errno value. */
int accel_try(int fd, unsigned long request, void *arg);
/* Again while it is interrupted: for requests that then have done nothing. */
int accel_ioctl(int fd, unsigned long request, void *arg);
/*
 * The sentence and the error of a request that failed with `err`, a positive
 * errno value: fmt says what was asked for. Returns a negative errno value that
 * result_of() knows. The board may be lost after it.
 */
int accel_fail(struct accel *a, int err, const char *request, const char *fmt,
	       ...) __attribute__((format(printf, 4, 5)));
/* Open a node. 0, or a positive errno value. */
int accel_open(const char *node, int *fd);
int accel_query_state(struct accel *a, struct drm_ashlar_state *state);
/* Renew a->cycles. */
int accel_query_time(struct accel *a);

/* --- accel_memory.c, accel_queue.c, accel_sync.c ------------------------------- */

int accel_space_new(struct port *p, struct port_space **s);
void accel_space_free(struct port_space *s);
int accel_space_restart(struct port_space *s);
int accel_memory_new(struct port_space *s, uint64_t bytes, uint64_t align,
		     uint32_t flags, struct port_memory **m);
void accel_memory_unmap(struct port_memory *m);
int accel_memory_forget(struct port_space *s, bool last);
void accel_memory_delete(struct port_memory *m);
int accel_memory_map(struct port_memory *m, void **cpu);
int accel_memory_write(struct port_memory *m, uint64_t offset, const void *data,
		       uint64_t bytes);
int accel_memory_read(struct port_memory *m, uint64_t offset, void *data,
		      uint64_t bytes);
int accel_memory_export(struct port_memory *m, int *fd);

int accel_queue_new(struct port_space *s, uint32_t priority, uint32_t depth,
		    struct port_queue **q);
void accel_queue_free(struct port_queue *q);
int accel_push(struct port_queue *q, const struct ashlar_job *job,
	       const void *args, const struct port_point *waits,
	       uint32_t wait_count);
void accel_flush(struct port_queue *q);
int accel_pop(struct port_queue *q, struct port_end *end);

int accel_sync_new(struct accel *a, int fd, uint32_t *handle);
void accel_sync_delete(int fd, uint32_t handle);
/* The same timeline in the board's file. */
int accel_sync_share(struct accel *a, int fd, uint32_t handle,
		     struct accel_sync **shared);
void accel_sync_put(struct accel *a, struct accel_sync *shared);
int accel_point_export(struct port_space *s, struct port_point point, int *fd);
int accel_wait_begin(struct port *p, const struct port_point *points,
		     uint32_t count, struct port_wait **w);
void accel_wait(struct port_wait *w, uint64_t deadline);
void accel_wait_end(struct port_wait *w);
void accel_wake(struct port *p);

#endif
