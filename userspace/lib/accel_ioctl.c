// SPDX-License-Identifier: MIT
/* Requests to the kernel driver, and what their errors mean. */
#include "accel.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/ioctl.h>

int accel_open(const char *node, int *fd)
{
	do
		*fd = open(node, O_RDWR | O_CLOEXEC);
	while (*fd < 0 && errno == EINTR);
	return *fd < 0 ? errno : 0;
}

int accel_try(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? errno : 0;
}

int accel_ioctl(int fd, unsigned long request, void *arg)
{
	int err;

	do
		err = accel_try(fd, request, arg);
	while (err == EINTR || err == EAGAIN);
	return err;
}

/* Those that mean something to the library's caller. */
static int translate(int err)
{
	switch (err) {
	case ENOMEM:
	case ENOSPC:
	case EINVAL:
	case EDQUOT:
	case ECANCELED:
	case EACCES:
		return -err;
	case EPERM:
		return -EACCES;
	case ENOTTY:
	case ENOSYS:
	case EOPNOTSUPP:
		return -EOPNOTSUPP;
	default:
		return -EBADF;
	}
}

int accel_fail(struct accel *a, int err, const char *request, const char *fmt,
	       ...)
{
	char what[ERROR_BYTES / 2];
	va_list ap;

	if (err == ENODEV)
		return port_lose(
			&a->port,
			"%s: the board of %s has gone: it was removed, or its driver was; this handle is of no more use, open the device again when it is back",
			request, a->node);
	if (err == EIO)
		return port_lose(
			&a->port,
			"%s: the board of %s has failed and its driver could not reset it",
			request, a->node);
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return port_fail(&a->port, translate(err), "%s: %s (%s)", request, what,
			 strerror(err));
}

int accel_query_time(struct accel *a)
{
	uint64_t cycles = 0;
	struct drm_ashlar_dev_query q = {
		.type = DRM_ASHLAR_QUERY_TIME,
		.size = sizeof(cycles),
		.pointer = (uintptr_t)&cycles,
	};
	int err;

	err = accel_ioctl(a->fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
	if (err)
		return accel_fail(a, err, "DEV_QUERY", "no time");
	a->cycles = cycles;
	return 0;
}

int accel_query_state(struct accel *a, struct drm_ashlar_state *state)
{
	struct drm_ashlar_dev_query q = {
		.type = DRM_ASHLAR_QUERY_STATE,
		.size = sizeof(*state),
		.pointer = (uintptr_t)state,
	};
	int err;

	memset(state, 0, sizeof(*state));
	err = accel_ioctl(a->fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
	if (err)
		return accel_fail(a, err, "DEV_QUERY", "no state");
	a->cycles = state->cycles;
	return 0;
}
