// SPDX-License-Identifier: MIT
/* The port of a card: its nodes, its facts. */
#include <grp.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "accel.h"
#include "internal.h"

#define DRIVER	"ashlar"
#define DTB_MAX (1u << 20)

static void accel_close(struct port *p)
{
	struct accel *a = accel_of(p);

	if (a->fd >= 0)
		close(a->fd);
	free(p->dtb);
	free(a->node);
	free(a);
}

static uint64_t accel_cycles(struct port *p)
{
	struct accel *a = accel_of(p);

	/* When it cannot be asked: the latest known. */
	if (!p->lost)
		accel_query_time(a);
	return a->cycles;
}

static uint64_t accel_memory_free(struct port *p)
{
	struct drm_ashlar_state state;

	return accel_query_state(accel_of(p), &state) ? 0 : state.memory_free;
}

static int accel_perf(struct port *p, struct ashlar_device_perf *perf)
{
	struct drm_ashlar_state state;
	int err = accel_query_state(accel_of(p), &state);

	if (err)
		return err;
	perf->cycles = state.cycles;
	perf->clocked = state.cycles;
	perf->heartbeat = state.heartbeat;
	perf->jobs_completed = state.jobs_completed;
	perf->jobs_failed = state.jobs_failed;
	perf->tiles_busy = state.tiles_busy;
	perf->bad_requests = state.bad_requests;
	return 0;
}

static const struct port_ops accel_ops = {
	.close = accel_close,
	.cycles = accel_cycles,
	.memory_free = accel_memory_free,
	.perf = accel_perf,
	.space_new = accel_space_new,
	.space_free = accel_space_free,
	.space_restart = accel_space_restart,
	.memory_new = accel_memory_new,
	.memory_unmap = accel_memory_unmap,
	.memory_forget = accel_memory_forget,
	.memory_delete = accel_memory_delete,
	.memory_map = accel_memory_map,
	.memory_write = accel_memory_write,
	.memory_read = accel_memory_read,
	.memory_export = accel_memory_export,
	.queue_new = accel_queue_new,
	.queue_free = accel_queue_free,
	.push = accel_push,
	.flush = accel_flush,
	.pop = accel_pop,
	.point_export = accel_point_export,
	.wait_begin = accel_wait_begin,
	.wait = accel_wait,
	.wait_end = accel_wait_end,
	.wake = accel_wake,
};

/* --- Nodes ----------------------------------------------------------------- */

/* Name and version of a node's driver; 0 or a positive errno value. */
static int read_version(int fd, char *name, size_t bytes, struct drm_version *v)
{
	int err;

	memset(name, 0, bytes);
	*v = (struct drm_version){ .name = name, .name_len = bytes - 1 };
	err = accel_ioctl(fd, DRM_IOCTL_VERSION, v);
	name[bytes - 1] = 0;
	return err;
}

static ashlar_result refuse_open(const char *node, int err, char *error)
{
	struct group entry, *group = NULL;
	char names[1024];
	struct stat st;

	if ((err == EACCES || err == EPERM) && !stat(node, &st)) {
		getgrgid_r(st.st_gid, &entry, names, sizeof(names), &group);
		snprintf(
			error, ERROR_BYTES,
			"%s: permission denied: it belongs to user %u and group %s (%u) with mode %03o; become a member of the group, or let the administrator change the mode",
			node, (unsigned int)st.st_uid,
			group ? group->gr_name : "?", (unsigned int)st.st_gid,
			(unsigned int)st.st_mode & 0777);
	} else if (err == ENOENT || err == ENXIO || err == ENODEV) {
		snprintf(
			error, ERROR_BYTES,
			"no card at %s (%s): there is none, or its driver is not loaded (modprobe ashlar; then look at dmesg)",
			node, strerror(err));
	} else {
		snprintf(error, ERROR_BYTES, "cannot open %s: %s", node,
			 strerror(err));
	}
	return ASHLAR_ERROR_NOT_FOUND;
}

static ashlar_result check_driver(int fd, const char *node, char *error)
{
	struct drm_version v;
	char name[32];
	int err = read_version(fd, name, sizeof(name), &v);

	if (err) {
		snprintf(error, ERROR_BYTES,
			 "%s: DRM_IOCTL_VERSION: it is no DRM device (%s)",
			 node, strerror(err));
		return ASHLAR_ERROR_NOT_FOUND;
	}
	if (strcmp(name, DRIVER)) {
		snprintf(
			error, ERROR_BYTES,
			"%s belongs to driver %s %d.%d, not to %s %d.%d; see which node is the card's: ls -l /sys/class/accel/",
			node, name, v.version_major, v.version_minor, DRIVER,
			ASHLAR_ACCEL_MAJOR, ASHLAR_ACCEL_MINOR);
		return ASHLAR_ERROR_NOT_FOUND;
	}
	if (v.version_major != ASHLAR_ACCEL_MAJOR ||
	    v.version_minor < ASHLAR_ACCEL_MINOR) {
		snprintf(
			error, ERROR_BYTES,
			"the driver of %s has interface %d.%d, this library needs %d.%d or a later %d.x; install both from one release",
			node, v.version_major, v.version_minor,
			ASHLAR_ACCEL_MAJOR, ASHLAR_ACCEL_MINOR,
			ASHLAR_ACCEL_MAJOR);
		return ASHLAR_ERROR_VERSION;
	}
	return ASHLAR_OK;
}

/* --- Facts ----------------------------------------------------------------- */

static int query_device(int fd, struct drm_ashlar_device *i)
{
	struct drm_ashlar_dev_query q = {
		.type = DRM_ASHLAR_QUERY_DEVICE,
		.size = sizeof(*i),
		.pointer = (uintptr_t)i,
	};
	int err;

	memset(i, 0, sizeof(*i));
	err = accel_ioctl(fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
	return !err && q.size < sizeof(*i) ? EPROTO : err;
}

/* What the library relies on. Returns what is wrong, or NULL. */
static const char *judge(const struct drm_ashlar_device *i)
{
	uint32_t depth = i->max_queue_depth;

	if (i->page_bytes != PORT_PAGE)
		return "page_bytes is not 4096";
	if (i->va_start % PORT_PAGE || !i->va_start || i->va_end <= i->va_start)
		return "va_start and va_end are not a range of pages above 0";
	if (depth < 2 || depth & (depth - 1))
		return "max_queue_depth is not a power of two from 2";
	if (!i->max_jobs || !i->max_syncs || !i->max_binds)
		return "max_jobs, max_syncs or max_binds is 0";
	if (i->large_page_bytes & (i->large_page_bytes - 1))
		return "large_page_bytes is not a power of two";
	return NULL;
}

static ashlar_result read_facts(struct accel *a, char *error)
{
	struct drm_ashlar_device *i = &a->info;
	const char *wrong = NULL;
	int err = query_device(a->fd, i);

	if (!err)
		wrong = judge(i);
	if (err || wrong) {
		snprintf(error, ERROR_BYTES,
			 "%s: DEV_QUERY: the facts of the board: %s", a->node,
			 wrong ? wrong : strerror(err));
		return err == ENODEV || err == EIO ? ASHLAR_ERROR_LOST :
						     ASHLAR_ERROR_VERSION;
	}
	a->port.facts = (struct port_facts){
		.platform = i->platform,
		.hw_version = i->hw_version,
		.firmware_version = i->firmware_version,
		.control_abi = i->control_abi,
		.job_abi = i->job_abi,
		.kernel_abi = i->kernel_abi,
		.kernels = { i->kernel_abi_min, i->kernel_abi },
		.tiles = i->tiles,
		.queues = i->max_queues,
		.contexts = i->max_contexts,
		.depth = i->max_queue_depth,
		.arg_bytes = i->max_arg_bytes,
		/* One sync of a job is its own point. */
		.waits = i->max_syncs - 1 < 15 ? i->max_syncs - 1 : 15,
		.memory_bytes = i->memory_bytes,
	};
	return ASHLAR_OK;
}

static ashlar_result read_dtb(struct accel *a, char *error)
{
	struct drm_ashlar_dev_query q = { .type = DRM_ASHLAR_QUERY_DTB };
	uint32_t bytes = 0;
	int err = accel_ioctl(a->fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);

	if (!err && q.size && q.size <= DTB_MAX) {
		bytes = q.size;
		a->port.dtb = aligned_alloc(8, (bytes + 7) & ~7u);
		if (!a->port.dtb)
			return ASHLAR_ERROR_NO_MEMORY;
		memset(a->port.dtb, 0, bytes);
		q.pointer = (uintptr_t)a->port.dtb;
		err = accel_ioctl(a->fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
	}
	if (err || q.size != bytes) {
		snprintf(
			error, ERROR_BYTES,
			"%s: DEV_QUERY: the device tree of %u bytes, at most %u: %s",
			a->node, q.size, DTB_MAX,
			err ? strerror(err) : "its size is wrong or changes");
		return err == ENODEV || err == EIO ? ASHLAR_ERROR_LOST :
						     ASHLAR_ERROR_FORMAT;
	}
	a->port.dtb_bytes = bytes;
	return ASHLAR_OK;
}

static ashlar_result make(struct accel *a, char *error)
{
	ashlar_result result;
	int err = accel_open(a->node, &a->fd);

	if (err)
		return refuse_open(a->node, err, error);
	result = check_driver(a->fd, a->node, error);
	if (!result)
		result = read_facts(a, error);
	if (!result)
		result = read_dtb(a, error);
	if (!result) {
		err = accel_sync_new(a, a->fd, &a->wake_sync);
		if (err) {
			snprintf(error, ERROR_BYTES, "%s", a->port.error);
			result = result_of(err);
		}
	}
	return result;
}

ashlar_result port_accel_open(const struct device_name *name,
			      struct port **port, char *error)
{
	struct accel *a = calloc(1, sizeof(*a));
	ashlar_result result;

	if (!a)
		return ASHLAR_ERROR_NO_MEMORY;
	a->port.ops = &accel_ops;
	a->fd = -1;
	a->node = strdup(name->node);
	result = a->node ? make(a, error) : ASHLAR_ERROR_NO_MEMORY;
	if (result)
		accel_close(&a->port);
	else
		*port = &a->port;
	return result;
}

/* --- Looking around -------------------------------------------------------- */

/*
 * Open a node when it is, or may be, a card's: opening another driver's would
 * wake its device. Returns 0 or a positive errno value; ENODEV: not a card's.
 */
static int look_at(unsigned int number, int *fd, struct drm_version *v)
{
	char node[64], link[64], path[256] = "", name[32];
	const char *slash;
	int err;

	snprintf(node, sizeof(node), ACCEL_NODE, number);
	snprintf(link, sizeof(link), "/sys/class/accel/accel%u/device/driver",
		 number);
	if (readlink(link, path, sizeof(path) - 1) > 0) {
		slash = strrchr(path, '/');
		if (strcmp(slash ? slash + 1 : path, DRIVER))
			return ENODEV;
	}
	err = accel_open(node, fd);
	/* Without a name from sysfs nobody knows whose it is. */
	if (err)
		return *path ? err : ENODEV;
	err = read_version(*fd, name, sizeof(name), v);
	if (err || strcmp(name, DRIVER)) {
		close(*fd);
		return ENODEV;
	}
	return 0;
}

bool port_accel_describe(unsigned int number, char *text, size_t bytes)
{
	static const char *const platforms[] = { "", " of RTL", " of a model" };
	struct drm_ashlar_device i;
	struct drm_version v;
	int fd, err;

	if (look_at(number, &fd, &v))
		return false;
	err = query_device(fd, &i);
	close(fd);
	if (!err)
		snprintf(text, bytes,
			 "card%s, %u tiles, %llu MiB, driver interface %d.%d",
			 i.platform < 3 ? platforms[i.platform] : "", i.tiles,
			 (unsigned long long)i.memory_bytes >> 20,
			 v.version_major, v.version_minor);
	return !err;
}

bool port_accel_find(unsigned int *number)
{
	for (unsigned int n = 0; n < ACCEL_NODES; n++) {
		struct drm_version v;
		int fd, err = look_at(n, &fd, &v);

		if (!err)
			close(fd);
		if (!err || err == EACCES || err == EPERM) {
			*number = n;
			return true;
		}
	}
	return false;
}
