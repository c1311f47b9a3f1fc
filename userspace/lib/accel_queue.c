// SPDX-License-Identifier: MIT
/*
 * Queues of a card: jobs go to the driver many at a time, each signals its
 * point of the queue's timeline, and results are read many at a time.
 */
#include "accel.h"

#include <stdlib.h>

#define BATCH_MAX   64u
#define RESULTS_MAX 64u

static struct accel_queue *queue_of(struct port_queue *q)
{
	return (struct accel_queue *)q;
}

static struct accel *board_of(const struct accel_queue *q)
{
	return accel_of(q->q.space->port);
}

static int fd_of(const struct accel_queue *q)
{
	return accel_space_of(q->q.space)->fd;
}

static uint32_t least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* --- Life ------------------------------------------------------------------ */

static void free_queue(struct accel_queue *q)
{
	accel_sync_put(board_of(q), q->shared);
	if (q->sync)
		accel_sync_delete(fd_of(q), q->sync);
	free(q->jobs);
	free(q->syncs);
	free(q->results);
	free(q);
}

static int create(struct accel_queue *q, uint32_t priority)
{
	struct accel *a = board_of(q);
	struct drm_ashlar_queue_create c = {
		.priority = priority,
		.depth = q->q.depth,
	};
	int err = accel_ioctl(fd_of(q), DRM_IOCTL_ASHLAR_QUEUE_CREATE, &c);

	q->q.number = c.queue;
	if (err == ENOSPC)
		return accel_fail(
			a, err, "QUEUE_CREATE",
			"all %u queues of the board are taken, or its memory or contexts",
			a->info.max_queues);
	if (err == EACCES || err == EPERM)
		return accel_fail(a, err, "QUEUE_CREATE",
				  "priority %u needs CAP_SYS_NICE", priority);
	if (err)
		return accel_fail(
			a, err, "QUEUE_CREATE",
			"a queue of depth %u, of at most %u, and priority %u",
			q->q.depth, a->info.max_queue_depth, priority);
	return 0;
}

int accel_queue_new(struct port_space *s, uint32_t priority, uint32_t depth,
		    struct port_queue **out)
{
	struct accel *a = accel_of(s->port);
	struct accel_queue *q = calloc(1, sizeof(*q));
	int err = -ENOMEM;

	if (!q)
		return port_fail(s->port, err, "no host memory");
	q->q.space = s;
	q->q.depth = depth;
	q->room = least(least(depth, BATCH_MAX), a->info.max_jobs);
	q->result_room = least(depth, RESULTS_MAX);
	q->jobs = calloc(q->room, sizeof(*q->jobs));
	q->syncs = calloc((size_t)q->room * (1 + s->port->facts.waits),
			  sizeof(*q->syncs));
	q->results = calloc(q->result_room, sizeof(*q->results));
	if (!q->jobs || !q->syncs || !q->results)
		port_fail(s->port, err, "no host memory");
	else
		err = accel_sync_new(a, fd_of(q), &q->sync);
	if (!err)
		err = accel_sync_share(a, fd_of(q), q->sync, &q->shared);
	if (!err)
		err = create(q, priority);
	if (err)
		free_queue(q);
	else
		*out = &q->q;
	return err;
}

void accel_queue_free(struct port_queue *pq)
{
	struct accel_queue *q = queue_of(pq);
	struct drm_ashlar_queue_destroy d = { .queue = pq->number };

	/* Of a queue that does not go there is nobody left to tell. */
	accel_ioctl(fd_of(q), DRM_IOCTL_ASHLAR_QUEUE_DESTROY, &d);
	free_queue(q);
}

/* --- Submission ------------------------------------------------------------ */

int accel_push(struct port_queue *pq, const struct ashlar_job *job,
	       const void *args, const struct port_point *waits,
	       uint32_t wait_count)
{
	struct accel_queue *q = queue_of(pq);
	uint32_t most = 1 + pq->space->port->facts.waits;
	struct drm_ashlar_sync *syncs;

	if (pq->space->port->lost)
		return -ENODEV;
	if (wait_count >= most ||
	    job->arg_bytes > pq->space->port->facts.arg_bytes)
		return -EINVAL;
	if (q->filled == q->room)
		accel_flush(pq);
	if (pq->pushed - pq->popped == pq->depth || q->refused)
		return -EAGAIN;

	syncs = &q->syncs[(size_t)q->filled * most];
	for (uint32_t i = 0; i < wait_count; i++)
		syncs[i] = (struct drm_ashlar_sync){
			.handle = waits[i].queue->number,
			.flags = DRM_ASHLAR_SYNC_QUEUE |
				 DRM_ASHLAR_SYNC_SUCCESS,
			.point = waits[i].seq,
		};
	pq->pushed++;
	syncs[wait_count] = (struct drm_ashlar_sync){
		.handle = q->sync,
		.flags = DRM_ASHLAR_SYNC_TIMELINE | DRM_ASHLAR_SYNC_SIGNAL,
		.point = pq->pushed,
	};
	q->jobs[q->filled++] = (struct drm_ashlar_job){
		.kind = job->kind == ASHLAR_JOB_NOP ? DRM_ASHLAR_JOB_NOP :
						      DRM_ASHLAR_JOB_KERNEL,
		.code_va = job->code_va,
		.code_bytes = job->code_bytes,
		.text_bytes = job->text_bytes,
		.entry = job->entry,
		.code_serial = job->code_serial,
		.args = job->arg_bytes ? (uintptr_t)args : 0,
		.arg_bytes = job->arg_bytes,
		.tiles = job->tiles,
		.grid = { job->grid[0], job->grid[1], job->grid[2] },
		.tag = job->tag,
		.timeout = job->timeout,
		.syncs = { sizeof(*syncs), wait_count + 1, (uintptr_t)syncs },
	};
	return 0;
}

/* How the driver sees the queue; once it is not well it stays so. */
static uint32_t ask_state(struct accel_queue *q)
{
	struct drm_ashlar_queue_query i = { .queue = q->q.number };

	if (q->state == DRM_ASHLAR_QUEUE_OK &&
	    !accel_ioctl(fd_of(q), DRM_IOCTL_ASHLAR_QUEUE_QUERY, &i))
		q->state = i.state;
	return q->state;
}

/* Why jobs of it are cancelled, where that is not the fault of a job. */
static const char *reason(struct accel_queue *q)
{
	switch (ask_state(q)) {
	case DRM_ASHLAR_QUEUE_INNOCENT:
		return "the board was reset because of a failure elsewhere; this work was not the cause and can be done again on a new queue";
	case DRM_ASHLAR_QUEUE_WAIT_FAILED:
		return PORT_WAIT_FAILED;
	default:
		return NULL;
	}
}

/* The rest of the batch does not go to the board. */
static void refuse(struct accel_queue *q, int err, uint32_t left)
{
	struct accel *a = board_of(q);
	const char *why;

	q->refused = accel_fail(
		a, err, "SUBMIT", "%u jobs of queue %u, from job %llu on", left,
		q->q.number, (unsigned long long)q->q.given + 1);
	snprintf(q->why, sizeof(q->why), "%s", a->port.error);
	if (q->refused != -ECANCELED)
		return;
	why = reason(q);
	snprintf(q->why, sizeof(q->why), "%s",
		 why ? why :
		       "the address space was stopped by a failure before it");
}

void accel_flush(struct port_queue *pq)
{
	struct accel_queue *q = queue_of(pq);
	uint32_t done = 0;
	int err = 0;

	while (done < q->filled && (!err || err == EINTR || err == EAGAIN)) {
		struct drm_ashlar_submit s = {
			.queue = pq->number,
			.jobs = { sizeof(*q->jobs), q->filled - done,
				  (uintptr_t)(q->jobs + done) },
		};

		err = accel_try(fd_of(q), DRM_IOCTL_ASHLAR_SUBMIT, &s);
		if (s.accepted > q->filled - done ||
		    (!err && s.accepted < q->filled - done))
			err = EPROTO;
		else
			done += s.accepted;
		pq->given = pq->pushed - (q->filled - done);
		if (!err && s.seqno != pq->given)
			port_lose(
				pq->space->port,
				"SUBMIT: the driver counts %llu jobs of queue %u, the library %llu",
				(unsigned long long)s.seqno, pq->number,
				(unsigned long long)pq->given);
	}
	if (done < q->filled)
		refuse(q, err, q->filled - done);
	q->filled = 0;
}

/* --- Results --------------------------------------------------------------- */

/* Results of what is behind q.popped; returns whether there are any. */
static bool fetch(struct accel_queue *q)
{
	struct accel *a = board_of(q);
	uint64_t behind = q->q.given - q->q.popped;
	struct drm_ashlar_queue_results r = {
		.queue = q->q.number,
		.stride = sizeof(*q->results),
		.first = q->q.popped + 1,
		.count = behind < q->result_room ? (uint32_t)behind :
						   q->result_room,
		.ptr = (uintptr_t)q->results,
	};
	uint32_t wanted = r.count;
	int err = accel_ioctl(fd_of(q), DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &r);

	q->result_at = 0;
	q->result_count = err ? 0 : r.count;
	/* Without results nothing can go on; memory may come back. */
	if (err && err != ENOMEM) {
		accel_fail(a, err, "QUEUE_RESULTS",
			   "job %llu of queue %u with %llu given",
			   (unsigned long long)r.first, r.queue,
			   (unsigned long long)q->q.given);
		a->port.lost = true;
	} else if (!err && r.count > wanted) {
		q->result_count = 0;
		port_lose(
			&a->port,
			"QUEUE_RESULTS: the driver gives %u results of queue %u, asked for %u",
			r.count, r.queue, wanted);
	}
	return q->result_count;
}

static int nonsense(struct accel_queue *q, const char *what, uint64_t value,
		    uint64_t expected)
{
	return port_lose(
		q->q.space->port,
		"QUEUE_RESULTS: queue %u: the driver gives %s %llu, expected %llu",
		q->q.number, what, (unsigned long long)value,
		(unsigned long long)expected);
}

static void take_result(struct ashlar_completion *c,
			const struct drm_ashlar_result *r)
{
	*c = (struct ashlar_completion){
		.fence = r->seqno,
		.status = r->status,
		.tag = r->tag,
		.t_fetch = r->t_fetch,
		.t_start = r->t_start,
		.t_end = r->t_end,
		.exit_code = r->exit_code,
		.tile = r->tile,
		.fault_cause = r->fault_cause,
		.fault_unit = r->fault_unit,
		.fault_sub = r->fault_sub,
		.fault_pc = r->fault_pc,
		.fault_addr = r->fault_addr,
		.context = r->context,
		.tiles = r->tiles,
		.matrix_busy = r->counters[0],
		.matrix_stall = r->counters[1],
		.vector_busy = r->counters[2],
		.core_wait = r->counters[3],
		.load_beats = r->counters[4],
		.store_beats = r->counters[5],
		.loading = r->counters[6],
		.tlb_miss = r->counters[7],
	};
}

/* A job that never reached the board. */
static void end_refused(struct accel_queue *q, struct port_end *end)
{
	uint64_t now = board_of(q)->cycles;

	end->c.status = ASHLAR_JOB_CANCELLED;
	end->c.fence = q->q.popped + 1;
	end->c.t_fetch = now;
	end->c.t_start = now;
	end->c.t_end = now;
	end->err = q->refused;
	end->why = q->why;
	end->stopped = q->state == DRM_ASHLAR_QUEUE_INNOCENT;
}

int accel_pop(struct port_queue *pq, struct port_end *end)
{
	struct accel_queue *q = queue_of(pq);
	struct accel *a = board_of(q);
	const struct drm_ashlar_result *r;

	memset(end, 0, sizeof(*end));
	if (a->port.lost)
		return -ENODEV;
	if (pq->popped == pq->pushed)
		return 0;
	if (pq->popped == pq->given) {
		if (!q->refused)
			return 0;
		end_refused(q, end);
	} else {
		if (q->result_at == q->result_count && !fetch(q))
			return a->port.lost ? -ENODEV : 0;
		r = &q->results[q->result_at++];
		if (r->seqno != pq->popped + 1)
			return nonsense(q, "job", r->seqno, pq->popped + 1);
		if (r->status > DRM_ASHLAR_JOB_BAD)
			return nonsense(q, "status", r->status,
					DRM_ASHLAR_JOB_BAD);
		take_result(&end->c, r);
		if (r->t_end > a->cycles)
			a->cycles = r->t_end;
		if (r->status == DRM_ASHLAR_JOB_CANCELLED) {
			end->why = reason(q);
			end->stopped = q->state == DRM_ASHLAR_QUEUE_INNOCENT;
		}
	}
	pq->popped++;
	a->moved++;
	return 1;
}
