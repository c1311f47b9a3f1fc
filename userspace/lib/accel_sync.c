// SPDX-License-Identifier: MIT
/* Timelines of a card: sleeping until a job is done, and sync_files. */
#include "accel.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

struct port_wait {
	struct accel *a;
	unsigned int fruitless; /* waits before this one that brought nothing */
	uint32_t count; /* of points, without the wake-up */
	int err;
	struct accel_sync **syncs;
	uint32_t *handles;
	uint64_t *points;
};

/* --- Timelines ------------------------------------------------------------- */

int accel_sync_new(struct accel *a, int fd, uint32_t *handle)
{
	struct drm_syncobj_create c = { 0 };
	int err = accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &c);

	if (err)
		return accel_fail(a, err, "SYNCOBJ_CREATE", "a timeline");
	*handle = c.handle;
	return 0;
}

void accel_sync_delete(int fd, uint32_t handle)
{
	struct drm_syncobj_destroy d = { .handle = handle };

	accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &d);
}

int accel_sync_share(struct accel *a, int fd, uint32_t handle,
		     struct accel_sync **shared)
{
	struct drm_syncobj_handle h = { .handle = handle, .fd = -1 };
	struct accel_sync *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return port_fail(&a->port, -ENOMEM, "no host memory");
	err = accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &h);
	if (err) {
		free(s);
		return accel_fail(a, err, "SYNCOBJ_HANDLE_TO_FD", "timeline %u",
				  handle);
	}
	h.handle = 0;
	err = accel_ioctl(a->fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &h);
	close(h.fd);
	if (err) {
		free(s);
		return accel_fail(a, err, "SYNCOBJ_FD_TO_HANDLE", "timeline %u",
				  handle);
	}
	s->handle = h.handle;
	s->refs = 1;
	*shared = s;
	return 0;
}

void accel_sync_put(struct accel *a, struct accel_sync *shared)
{
	if (!shared || --shared->refs)
		return;
	accel_sync_delete(a->fd, shared->handle);
	free(shared);
}

/* --- sync_file ------------------------------------------------------------- */

static int export_point(int fd, uint32_t timeline, uint64_t point,
			uint32_t *handle, int *out)
{
	struct drm_syncobj_create c = {
		.flags = point ? 0 : DRM_SYNCOBJ_CREATE_SIGNALED,
	};
	struct drm_syncobj_transfer t = {
		.src_handle = timeline,
		.src_point = point,
	};
	struct drm_syncobj_handle h = {
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int err = accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_CREATE, &c);

	if (err)
		return err;
	*handle = c.handle;
	t.dst_handle = c.handle;
	if (point)
		err = accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_TRANSFER, &t);
	h.handle = c.handle;
	if (!err)
		err = accel_ioctl(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &h);
	*out = h.fd;
	return err;
}

int accel_point_export(struct port_space *s, struct port_point point, int *fd)
{
	const struct accel_queue *q = (const struct accel_queue *)point.queue;
	int file = accel_space_of(s)->fd, out = -1;
	uint32_t handle = 0;
	int err = export_point(file, q ? q->sync : 0, q ? point.seq : 0,
			       &handle, &out);

	if (handle)
		accel_sync_delete(file, handle);
	if (err)
		return accel_fail(accel_of(s->port), err,
				  "SYNCOBJ_HANDLE_TO_FD",
				  "a sync_file of job %llu",
				  q ? (unsigned long long)point.seq : 0);
	*fd = out;
	return 0;
}

/* --- Sleeping -------------------------------------------------------------- */

static void free_wait(struct port_wait *w)
{
	free(w->syncs);
	free(w->handles);
	free(w->points);
	free(w);
}

/*
 * A point that is signalled has its result in the driver before. If not, look
 * again later and later, but not for ever.
 */
static int judge_driver(struct accel *a)
{
	if (a->moved != a->moved_before)
		a->fruitless = 0;
	a->moved_before = a->moved;
	if (a->fruitless < ACCEL_FRUITLESS_MAX)
		return 0;
	return port_lose(
		&a->port,
		"SYNCOBJ_TIMELINE_WAIT: the driver of %s says that jobs are done, but has no results for them",
		a->node);
}

int accel_wait_begin(struct port *p, const struct port_point *points,
		     uint32_t count, struct port_wait **out)
{
	struct accel *a = accel_of(p);
	int err = judge_driver(a);
	struct port_wait *w;

	if (err)
		return err;
	w = calloc(1, sizeof(*w));
	if (!w)
		return -ENOMEM;
	w->syncs = calloc(count, sizeof(*w->syncs));
	w->handles = calloc(count + 1, sizeof(*w->handles));
	w->points = calloc(count + 1, sizeof(*w->points));
	if (!w->syncs || !w->handles || !w->points) {
		free_wait(w);
		return -ENOMEM;
	}
	w->a = a;
	/* Until it has slept. */
	w->err = ETIME;
	w->fruitless = a->fruitless;
	w->count = count;
	for (uint32_t i = 0; i < count; i++) {
		const struct accel_queue *q =
			(const struct accel_queue *)points[i].queue;

		w->syncs[i] = q->shared;
		w->syncs[i]->refs++;
		w->handles[i] = q->shared->handle;
		w->points[i] = points[i].seq;
	}
	w->handles[count] = a->wake_sync;
	w->points[count] = a->wake_point + 1;
	*out = w;
	return 0;
}

static void pause_for(unsigned int fruitless)
{
	/* 0.1 ms, 0.2 ms, up to 10 ms. */
	long us = fruitless < 100 ? 100 * (long)fruitless : 10000;
	struct timespec t = { .tv_nsec = 1000 * us };

	nanosleep(&t, NULL);
}

void accel_wait(struct port_wait *w, uint64_t deadline)
{
	struct drm_syncobj_timeline_wait t = {
		.handles = (uintptr_t)w->handles,
		.points = (uintptr_t)w->points,
		.timeout_nsec = deadline > INT64_MAX ? INT64_MAX :
						       (int64_t)deadline,
		.count_handles = w->count + 1,
		/* Nobody has submitted the wake-up yet. */
		.flags = DRM_SYNCOBJ_WAIT_FLAGS_WAIT_FOR_SUBMIT,
	};

	if (w->fruitless)
		pause_for(w->fruitless);
	w->err = accel_ioctl(w->a->fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &t);
}

void accel_wait_end(struct port_wait *w)
{
	struct accel *a = w->a;

	/* One that timed out, or never slept, says nothing about the driver. */
	if (w->err != ETIME)
		a->fruitless++;
	if (w->err && w->err != ETIME && w->err != ENOMEM) {
		accel_fail(a, w->err, "SYNCOBJ_TIMELINE_WAIT", "%u points",
			   w->count);
		a->port.lost = true;
	}
	for (uint32_t i = 0; i < w->count; i++)
		accel_sync_put(a, w->syncs[i]);
	free_wait(w);
}

void accel_wake(struct port *p)
{
	struct accel *a = accel_of(p);
	uint64_t point = a->wake_point + 1;
	struct drm_syncobj_timeline_array t = {
		.handles = (uintptr_t)&a->wake_sync,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};
	int err = accel_ioctl(a->fd, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &t);

	if (err)
		accel_fail(a, err, "SYNCOBJ_TIMELINE_SIGNAL", "point %llu",
			   (unsigned long long)point);
	else
		a->wake_point = point;
	a->moved++;
}
