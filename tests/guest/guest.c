// SPDX-License-Identifier: MIT
/* Failure, and one function for each ioctl. */
#include "guest.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/sync_file.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "ashlar_pci.h"

#define SYSFS_PCI "/sys/bus/pci/devices"
/* Where a guest keeps the module that it has loaded. */
#define MODULE "/run/guest/ashlar.ko"

/* --- Failure ------------------------------------------------------------------------ */

static pid_t test_process;
static pthread_t test_thread;

unsigned int slowness(void)
{
	static unsigned int times;
	const char *text = getenv("GUEST_SLOW");

	if (!times && text)
		times = (unsigned int)strtoul(text, NULL, 10);
	if (!times)
		times = 1;
	return times;
}

void guard(unsigned int seconds)
{
	struct sigevent ev = {
		.sigev_notify = SIGEV_SIGNAL,
		.sigev_signo = SIGKILL,
	};
	struct itimerspec limit = { .it_value.tv_sec = seconds * slowness() };
	timer_t timer;

	setvbuf(stdout, NULL, _IOLBF, 0);
	test_process = getpid();
	test_thread = pthread_self();
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer) ||
	    timer_settime(timer, 0, &limit, NULL)) {
		perror("guard");
		exit(1);
	}
}

_Noreturn void die(const char *file, int line, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s:%d: %s\n", file, line, text);
	if (getpid() != test_process)
		_exit(1);
	if (!pthread_equal(pthread_self(), test_thread))
		exit(1);
	_fail(file, line);
	abort();
}

static void value_name(char *text, size_t bytes, long long value)
{
	const char *name = NULL;

	if (value < 0 && value > -4096)
		name = strerror((int)-value);
	snprintf(text, bytes, "%lld%s%s%s", value, name ? " (" : "",
		 name ? name : "", name ? ")" : "");
}

void expect_value_is(const char *file, int line, const char *what,
		     long long got, long long expected)
{
	char a[100], b[100];

	if (got == expected)
		return;
	value_name(a, sizeof(a), got);
	value_name(b, sizeof(b), expected);
	die(file, line, "%s is %s, not %s", what, a, b);
}

/* --- Nodes and ioctls ------------------------------------------------------------------ */

int call_once(int fd, unsigned long request, void *arg)
{
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

int call(int fd, unsigned long request, void *arg)
{
	int err;

	do
		err = call_once(fd, request, arg);
	while (err == -EINTR || err == -EAGAIN);
	return err;
}

/* The highest: the nodes of a board that has gone keep their number. */
int node_open(void)
{
	int highest = -1, number, fd;
	struct dirent *entry;
	char node[40];
	DIR *dir = opendir("/dev/accel");

	if (!dir)
		return -errno;
	while ((entry = readdir(dir)))
		if (sscanf(entry->d_name, "accel%d", &number) == 1 &&
		    number > highest)
			highest = number;
	closedir(dir);
	if (highest < 0)
		return -ENOENT;
	snprintf(node, sizeof(node), "/dev/accel/accel%d", highest);
	fd = open(node, O_RDWR | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static bool file_says(const char *folder, const char *name, const char *text)
{
	char path[600], got[40] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "r");
	if (!f)
		return false;
	if (!fgets(got, sizeof(got), f))
		got[0] = 0;
	fclose(f);
	return !strcmp(got, text);
}

const char *pci_folder(void)
{
	static char folder[400];
	struct dirent *entry;
	char board[16];
	DIR *dir;

	/* Another board may be in another slot. */
	if (folder[0] && !access(folder, F_OK))
		return folder;
	snprintf(board, sizeof(board), "0x%04x\n", ASHLAR_PCI_VENDOR);
	dir = opendir(SYSFS_PCI);
	CHECK(dir);
	while ((entry = readdir(dir))) {
		snprintf(folder, sizeof(folder), SYSFS_PCI "/%s",
			 entry->d_name);
		if (file_says(folder, "vendor", board))
			break;
		folder[0] = 0;
	}
	closedir(dir);
	CHECK(folder[0]);
	return folder;
}

int dev_query(int fd, uint32_t type, void *to, uint32_t bytes)
{
	struct drm_ashlar_dev_query q = {
		.type = type,
		.size = bytes,
		.pointer = (uintptr_t)to,
	};

	return call(fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
}

struct drm_ashlar_state state_of(int fd)
{
	struct drm_ashlar_state s;

	EXPECT(dev_query(fd, DRM_ASHLAR_QUERY_STATE, &s, sizeof(s)), 0);
	return s;
}

int bo_create(int fd, uint64_t bytes, uint32_t flags, uint32_t *handle)
{
	struct drm_ashlar_bo_create c = { .size = bytes, .flags = flags };
	int err = call(fd, DRM_IOCTL_ASHLAR_BO_CREATE, &c);

	*handle = err ? 0 : c.handle;
	return err;
}

int bo_close(int fd, uint32_t handle)
{
	struct drm_gem_close c = { .handle = handle };

	return call(fd, DRM_IOCTL_GEM_CLOSE, &c);
}

void *bo_mmap(int fd, uint32_t handle)
{
	struct drm_ashlar_bo_query q = { .handle = handle };
	int err = call(fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q);
	void *cpu;

	if (err) {
		errno = -err;
		return NULL;
	}
	cpu = mmap(NULL, q.size, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		   (off_t)q.mmap_offset);
	return cpu == MAP_FAILED ? NULL : cpu;
}

static int vm_bind(int fd, const struct drm_ashlar_bind_op *op)
{
	struct drm_ashlar_vm_bind b = {
		.ops = { sizeof(*op), 1, (uintptr_t)op },
	};
	int err;

	/* Nothing was done, or all. */
	do {
		b.done = 0;
		err = call_once(fd, DRM_IOCTL_ASHLAR_VM_BIND, &b);
	} while ((err == -EINTR || err == -EAGAIN) && !b.done);
	return err;
}

int vm_map(int fd, uint32_t handle, uint64_t offset, uint64_t va,
	   uint64_t range, uint32_t flags)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_MAP,
		.flags = flags,
		.handle = handle,
		.bo_offset = offset,
		.va = va,
		.range = range,
	};

	return vm_bind(fd, &op);
}

int vm_unmap(int fd, uint64_t va, uint64_t range)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_UNMAP,
		.va = va,
		.range = range,
	};

	return vm_bind(fd, &op);
}

int queue_create(int fd, uint32_t priority, uint32_t depth, uint32_t *queue)
{
	struct drm_ashlar_queue_create c = {
		.priority = priority,
		.depth = depth,
	};
	int err = call(fd, DRM_IOCTL_ASHLAR_QUEUE_CREATE, &c);

	*queue = err ? 0 : c.queue;
	return err;
}

int queue_destroy(int fd, uint32_t queue)
{
	struct drm_ashlar_queue_destroy d = { .queue = queue };

	return call(fd, DRM_IOCTL_ASHLAR_QUEUE_DESTROY, &d);
}

int queue_query(int fd, uint32_t queue, struct drm_ashlar_queue_query *q)
{
	*q = (struct drm_ashlar_queue_query){ .queue = queue };
	return call(fd, DRM_IOCTL_ASHLAR_QUEUE_QUERY, q);
}

int queue_results(int fd, uint32_t queue, uint64_t first, uint32_t count,
		  struct drm_ashlar_result *r)
{
	struct drm_ashlar_queue_results q = {
		.queue = queue,
		.stride = sizeof(*r),
		.first = first,
		.count = count,
		.ptr = (uintptr_t)r,
	};
	int err = call(fd, DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &q);

	return err ? err : (int)q.count;
}

int submit(int fd, uint32_t queue, const struct drm_ashlar_job *jobs,
	   uint32_t count, uint64_t *seqno, uint32_t *accepted)
{
	struct drm_ashlar_submit s = {
		.queue = queue,
		.jobs = { sizeof(*jobs), count, (uintptr_t)jobs },
	};
	int err;

	do
		err = call_once(fd, DRM_IOCTL_ASHLAR_SUBMIT, &s);
	while ((err == -EINTR || err == -EAGAIN) && !s.accepted);
	if (seqno)
		*seqno = s.seqno;
	if (accepted)
		*accepted = s.accepted;
	return err;
}

/* --- Syncobjs --------------------------------------------------------------------------- */

int sync_create(int fd, uint32_t *handle)
{
	struct drm_syncobj_create c = { 0 };
	int err = call(fd, DRM_IOCTL_SYNCOBJ_CREATE, &c);

	*handle = err ? 0 : c.handle;
	return err;
}

int sync_destroy(int fd, uint32_t handle)
{
	struct drm_syncobj_destroy d = { .handle = handle };

	return call(fd, DRM_IOCTL_SYNCOBJ_DESTROY, &d);
}

int sync_wait(int fd, uint32_t handle, uint64_t point, int64_t timeout_ns)
{
	struct drm_syncobj_timeline_wait t = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};
	struct drm_syncobj_wait w = {
		.handles = (uintptr_t)&handle,
		.count_handles = 1,
	};
	struct timespec now;
	int64_t until;

	/* The kernel takes a time, not a duration. */
	clock_gettime(CLOCK_MONOTONIC, &now);
	until = now.tv_sec * SECOND + now.tv_nsec + timeout_ns * slowness();
	t.timeout_nsec = until;
	w.timeout_nsec = until;
	return point ? call(fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &t) :
		       call(fd, DRM_IOCTL_SYNCOBJ_WAIT, &w);
}

int sync_query(int fd, uint32_t handle, uint64_t *point)
{
	struct drm_syncobj_timeline_array a = {
		.handles = (uintptr_t)&handle,
		.points = (uintptr_t)point,
		.count_handles = 1,
	};

	return call(fd, DRM_IOCTL_SYNCOBJ_QUERY, &a);
}

int sync_export(int fd, uint32_t handle)
{
	struct drm_syncobj_handle h = {
		.handle = handle,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int err = call(fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &h);

	return err ? err : h.fd;
}

int fence_status(int sync_file)
{
	struct sync_file_info info = { 0 };

	EXPECT(call(sync_file, SYNC_IOC_FILE_INFO, &info), 0);
	return info.status;
}

int fence_wait(int sync_file, int timeout_ms)
{
	struct pollfd p = { .fd = sync_file, .events = POLLIN };

	return poll(&p, 1, timeout_ms * (int)slowness()) == 1 ? 0 : -ETIME;
}

/* --- Other processes ----------------------------------------------------------------------- */

pid_t child(void (*body)(void *arg), void *arg)
{
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid)
		return pid;
	body(arg);
	_exit(0);
}

void child_ok(pid_t pid)
{
	int status;

	EXPECT(waitpid(pid, &status, 0), pid);
	EXPECT(status, 0);
}

void child_kill(pid_t pid)
{
	kill(pid, SIGKILL);
	EXPECT(waitpid(pid, NULL, 0), pid);
}

/* --- Files of the kernel --------------------------------------------------- */

int try_echo(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

void echo(const char *path, const char *text)
{
	int err = try_echo(path, text);

	if (err)
		die(__FILE__, __LINE__, "%s > %s: %s", text, path,
		    strerror(-err));
}

/* --- The module -------------------------------------------------------------- */

int try_module_unload(void)
{
	return syscall(SYS_delete_module, "ashlar", O_NONBLOCK) ? -errno : 0;
}

void module_unload(void)
{
	int err;

	for (unsigned int i = 0; i < 1000 * slowness(); i++) {
		err = try_module_unload();
		if (err != -EWOULDBLOCK)
			break;
		usleep(10000);
	}
	EXPECT(err, 0);
}

int module_load(const char *parameters)
{
	int fd = open(MODULE, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = syscall(SYS_finit_module, fd, parameters, 0) ? -errno : 0;
	close(fd);
	return err;
}
