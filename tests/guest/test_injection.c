// SPDX-License-Identifier: MIT
/*
 * Each call with its first, second, third, ... allocation of memory or copy to
 * or from user space failing, by the kernel's fault injection; so for the debug
 * kernel only. Whatever the call says then, the next one like it works, jobs
 * have their results, and what the board has is as it was.
 *   test_injection [BINDS [BEGINNING]]
 * BINDS of the points of binding the driver are tried; all calls, or those whose
 * names begin so.
 *
 * Each attempt is a child process with a file of its own. The kernel counts the
 * points where the task could fail (Documentation/fault-injection), and tells
 * whether the n-th was reached: when it was not, the call is done with.
 */
#include "guest.h"

#include <fcntl.h>
#include <glob.h>
#include <linux/capability.h>
#include <linux/udmabuf.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define NORMAL	DRM_ASHLAR_PRIORITY_NORMAL
#define LOCAL	DRM_ASHLAR_BO_LOCAL
#define DEBUGFS "/sys/kernel/debug"
#define DRIVER	"/sys/bus/pci/drivers/ashlar"
/* Of the buffers that the calls here make or map. */
#define BYTES (16 * PAGE)
/* All that an attempt pins; what is not given back soon exceeds it. */
#define PINNED (64 * PAGE)
#define JOBS   3

static unsigned int binds = 40;

/* --- Files of the kernel -------------------------------------------------------------- */

/* The first file of that pattern: it may be there a little later. */
static const char *found(const char *pattern)
{
	static char path[300];
	glob_t files;

	for (unsigned int i = 0; i < 100 * slowness(); i++) {
		int none = glob(pattern, 0, NULL, &files);

		if (!none)
			snprintf(path, sizeof(path), "%s", files.gl_pathv[0]);
		globfree(&files);
		if (!none)
			return path;
		usleep(10000);
	}
	die(__FILE__, __LINE__, "no %s", pattern);
}

/* All of it, as long as it fits; the bytes or a negative errno. */
static int get(const char *path, char *text, size_t bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t at = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	do {
		n = read(fd, text + at, bytes - at);
		if (n < 0) {
			n = -errno;
			close(fd);
			return (int)n;
		}
		at += (size_t)n;
	} while (n && at < bytes);
	close(fd);
	return (int)at;
}

/* --- Injection --------------------------------------------------------------------------- */

static int nth_file = -1;

/* Once: every kind of failure, also where the kernel could wait for memory. */
static void allow_injection(void)
{
	static const char *const settings[][2] = {
		{ DEBUGFS "/failslab/ignore-gfp-wait", "N" },
		{ DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N" },
		{ DEBUGFS "/fail_page_alloc/ignore-gfp-highmem", "N" },
		{ DEBUGFS "/fail_page_alloc/min-order", "0" },
		{ DEBUGFS "/failslab/verbose", "0" },
		{ DEBUGFS "/fail_page_alloc/verbose", "0" },
		{ DEBUGFS "/fail_usercopy/verbose", "0" },
	};

	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++)
		echo(settings[i][0], settings[i][1]);
}

/* In the thread that is to fail. */
static void inject_here(void)
{
	volatile char stack[16384];

	nth_file = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	CHECK(nth_file >= 0);
	/* Pages that a child copies when it writes are no part of a call. */
	for (size_t i = 0; i < sizeof(stack); i += 512)
		stack[i] = 0;
}

static void inject(unsigned int n)
{
	char text[16];
	int bytes = snprintf(text, sizeof(text), "%u", n);

	EXPECT(write(nth_file, text, (size_t)bytes), bytes);
}

/* No more; how many points were left before the n-th, 0: it has failed. */
static unsigned int injection_left(void)
{
	char text[16] = "";
	ssize_t n = pread(nth_file, text, sizeof(text) - 1, 0);

	/* Copies count, these two also: if one fails, that was the last. */
	if (n < 0)
		return 1;
	if (write(nth_file, "0", 1) < 0)
		EXPECT(errno, EFAULT);
	return (unsigned int)strtoul(text, NULL, 10);
}

/* --- A file and things in it ------------------------------------------------------------------ */

struct scene {
	struct card c;
	struct buf b; /* system memory, mapped everywhere */
	uint32_t queue;
	uint32_t binary, timeline; /* syncobjs, signalled by a job */
	uint32_t out, outs; /* not signalled: binary, timeline */
	/* What is made for or by the call. */
	uint32_t handle;
	uint32_t made;
	uint64_t va;
	int fd;
	int other; /* another file */
	const char *path;
	void *cpu;
	uint32_t sent; /* jobs, or operations */
};

/* A call; what leads to it and follows it is without failures. */
struct attempt {
	const char *name;
	void (*before)(struct scene *s);
	int (*call)(struct scene *s);
	/* It has worked, perhaps at the second time. */
	void (*after)(struct scene *s);
	/* What the second says if the first has worked and could not say so. */
	int again;
	/* What the kernel's own part says instead of ENOMEM. */
	int also;
};

static void scene_open(struct scene *s)
{
	struct drm_ashlar_sync syncs[2];
	struct drm_ashlar_job nop = job_nop();

	memset(s, 0, sizeof(*s));
	s->fd = -1;
	s->other = -1;
	card_open(&s->c);
	buf_new(&s->c, &s->b, 2 * PAGE, 0);
	*(volatile uint32_t *)s->b.cpu = 1;
	EXPECT(queue_create(s->c.fd, NORMAL, 8, &s->queue), 0);
	EXPECT(sync_create(s->c.fd, &s->binary), 0);
	EXPECT(sync_create(s->c.fd, &s->timeline), 0);
	EXPECT(sync_create(s->c.fd, &s->out), 0);
	EXPECT(sync_create(s->c.fd, &s->outs), 0);
	syncs[0] = (struct drm_ashlar_sync){
		.handle = s->binary,
		.flags = DRM_ASHLAR_SYNC_SIGNAL,
	};
	syncs[1] = (struct drm_ashlar_sync){
		.handle = s->timeline,
		.flags = DRM_ASHLAR_SYNC_SIGNAL | DRM_ASHLAR_SYNC_TIMELINE,
		.point = 1,
	};
	job_syncs(&nop, syncs, 2);
	EXPECT(submit(s->c.fd, s->queue, &nop, 1, NULL, NULL), 0);
	EXPECT(sync_wait(s->c.fd, s->timeline, 1, 20 * SECOND), 0);
}

/* The queue, perhaps another one than at first, and the buffer. */
static void scene_works(struct scene *s)
{
	volatile uint32_t *word = (volatile uint32_t *)s->b.cpu + 1024;
	struct guest_args args = { .to = s->b.va + PAGE, .value = 0x600dc0de };
	struct drm_ashlar_job job = job_with(&s->c, "put", &args);

	EXPECT(*word, 0);
	EXPECT(run(&s->c, s->queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(*word, 0x600dc0de);
}

static struct drm_ashlar_job hanging(struct scene *s)
{
	static const struct guest_args none;

	return job_with(&s->c, "hang", &none);
}

/* --- Files, facts ------------------------------------------------------------------------------- */

static void before_open(struct scene *s)
{
	s->path = found("/dev/accel/accel*");
}

static int open_file(struct scene *s)
{
	s->other = open(s->path, O_RDWR | O_CLOEXEC);
	return s->other < 0 ? -errno : 0;
}

/* With all that a file may have: a queue at work, mappings, buffers. */
static void before_close(struct scene *s)
{
	struct drm_ashlar_job job = hanging(s);
	struct buf local;
	struct card c;

	card_open(&c);
	buf_new(&c, &local, BYTES, LOCAL);
	EXPECT(munmap(local.cpu, local.bytes), 0);
	buf_new(&c, &local, 4 * PAGE, 0);
	EXPECT(munmap(local.cpu, local.bytes), 0);
	EXPECT(queue_create(c.fd, NORMAL, 4, &s->made), 0);
	job.code_va = c.code_va;
	for (int i = 0; i < 6; i++)
		EXPECT(submit(c.fd, s->made, &job, 1, NULL, NULL), 0);
	s->other = c.fd;
}

static int close_file(struct scene *s)
{
	int fd = s->other;

	s->other = -1;
	return fd >= 0 && close(fd) ? -errno : 0;
}

static int version(struct scene *s)
{
	char name[20], date[20], text[100];
	struct drm_version v = {
		.name_len = sizeof(name),
		.name = name,
		.date_len = sizeof(date),
		.date = date,
		.desc_len = sizeof(text),
		.desc = text,
	};

	return call_once(s->c.fd, DRM_IOCTL_VERSION, &v);
}

static int query_of(struct scene *s, uint32_t type)
{
	static char facts[65536];
	struct drm_ashlar_dev_query q = {
		.type = type,
		.size = sizeof(facts),
		.pointer = (uintptr_t)facts,
	};

	return call_once(s->c.fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q);
}

static int query_device(struct scene *s)
{
	return query_of(s, DRM_ASHLAR_QUERY_DEVICE);
}

static int query_dtb(struct scene *s)
{
	return query_of(s, DRM_ASHLAR_QUERY_DTB);
}

static int query_state(struct scene *s)
{
	return query_of(s, DRM_ASHLAR_QUERY_STATE);
}

static int query_time(struct scene *s)
{
	return query_of(s, DRM_ASHLAR_QUERY_TIME);
}

/* --- Buffers ------------------------------------------------------------------------------------ */

static int create_of(struct scene *s, uint32_t flags)
{
	struct drm_ashlar_bo_create c = { .size = BYTES, .flags = flags };
	int err = call_once(s->c.fd, DRM_IOCTL_ASHLAR_BO_CREATE, &c);

	s->handle = c.handle;
	return err;
}

static int create_system(struct scene *s)
{
	return create_of(s, 0);
}

static int create_local(struct scene *s)
{
	return create_of(s, LOCAL);
}

/* Processor and kernels see the same in s->handle, mapped at s->va. */
static void mapping_works(struct scene *s)
{
	struct guest_args args = { .to = s->va + BYTES - 4, .value = 77 };
	struct drm_ashlar_job job = job_with(&s->c, "put", &args);
	volatile uint32_t *cpu = s->cpu ? s->cpu : bo_mmap(s->c.fd, s->handle);

	CHECK(cpu);
	EXPECT(cpu[BYTES / 4 - 1], 0);
	EXPECT(run(&s->c, s->queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(cpu[BYTES / 4 - 1], 77);
}

static void buffer_works(struct scene *s)
{
	s->va = card_va(&s->c, BYTES);
	EXPECT(vm_map(s->c.fd, s->handle, 0, s->va, BYTES, 0), 0);
	mapping_works(s);
}

static void before_system(struct scene *s)
{
	EXPECT(create_system(s), 0);
	s->va = card_va(&s->c, BYTES);
}

static void before_local(struct scene *s)
{
	EXPECT(create_local(s), 0);
	s->va = card_va(&s->c, BYTES);
}

static int bo_query(struct scene *s)
{
	struct drm_ashlar_bo_query q = { .handle = s->b.handle };

	return call_once(s->c.fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q);
}

static int gem_close(struct scene *s)
{
	struct drm_gem_close c = { .handle = s->handle };

	return call_once(s->c.fd, DRM_IOCTL_GEM_CLOSE, &c);
}

/* The offset is asked for before. */
static void before_mmap(struct scene *s)
{
	struct drm_ashlar_bo_query q = { .handle = s->handle };

	EXPECT(call(s->c.fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q), 0);
	s->va = q.mmap_offset;
	s->fd = s->c.fd;
}

static void before_mmap_system(struct scene *s)
{
	before_system(s);
	before_mmap(s);
}

static void before_mmap_local(struct scene *s)
{
	before_local(s);
	before_mmap(s);
}

static int map_memory(struct scene *s)
{
	void *cpu = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, s->fd,
			 (off_t)s->va);

	if (cpu == MAP_FAILED)
		return -errno;
	s->cpu = cpu;
	return 0;
}

static void memory_works(struct scene *s)
{
	((volatile uint32_t *)s->cpu)[BYTES / 4 - 1] = 5;
	EXPECT(((volatile uint32_t *)s->cpu)[BYTES / 4 - 1], 5);
	EXPECT(munmap(s->cpu, BYTES), 0);
}

static void before_touch_system(struct scene *s)
{
	before_mmap_system(s);
	EXPECT(map_memory(s), 0);
}

static void before_touch_local(struct scene *s)
{
	before_mmap_local(s);
	EXPECT(map_memory(s), 0);
}

/* A fault without memory is taken again. */
static int touch(struct scene *s)
{
	for (uint64_t i = 0; i < BYTES; i += PAGE)
		((volatile uint8_t *)s->cpu)[i] = 1;
	return 0;
}

static int unmap_memory(struct scene *s)
{
	return munmap(s->cpu, BYTES) ? -errno : 0;
}

/* --- Sharing ---------------------------------------------------------------------------------------- */

static int export(struct scene *s)
{
	struct drm_prime_handle p = {
		.handle = s->handle,
		.flags = DRM_CLOEXEC | DRM_RDWR,
	};
	int err = call_once(s->c.fd, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p);

	s->fd = p.fd;
	s->va = 0;
	return err;
}

static void before_dma_buf(struct scene *s)
{
	before_system(s);
	EXPECT(export(s), 0);
}

static void dma_buf_works(struct scene *s)
{
	EXPECT(map_memory(s), 0);
	memory_works(s);
}

/* Of another file of the same driver: no import, the buffer itself. */
static void before_import_own(struct scene *s)
{
	struct drm_prime_handle p = { .flags = DRM_CLOEXEC | DRM_RDWR };

	s->other = node_open();
	CHECK(s->other >= 0);
	EXPECT(bo_create(s->other, BYTES, 0, &p.handle), 0);
	EXPECT(call(s->other, DRM_IOCTL_PRIME_HANDLE_TO_FD, &p), 0);
	s->fd = p.fd;
}

static void before_import_foreign(struct scene *s)
{
	struct udmabuf_create create = {
		.flags = UDMABUF_FLAGS_CLOEXEC,
		.size = BYTES,
	};
	int memory = memfd_create("test", MFD_ALLOW_SEALING | MFD_CLOEXEC);
	int device = open("/dev/udmabuf", O_RDWR | O_CLOEXEC);

	CHECK(memory >= 0 && device >= 0);
	CHECK(!ftruncate(memory, BYTES));
	CHECK(!fcntl(memory, F_ADD_SEALS, F_SEAL_SHRINK));
	create.memfd = (uint32_t)memory;
	s->fd = ioctl(device, UDMABUF_CREATE, &create);
	CHECK(s->fd >= 0);
	EXPECT(map_memory(s), 0);
	close(device);
	close(memory);
}

static int import(struct scene *s)
{
	struct drm_prime_handle p = { .fd = s->fd };
	int err = call_once(s->c.fd, DRM_IOCTL_PRIME_FD_TO_HANDLE, &p);

	s->handle = p.handle;
	return err;
}

static void before_map_foreign(struct scene *s)
{
	before_import_foreign(s);
	EXPECT(import(s), 0);
	s->va = card_va(&s->c, BYTES);
}

/* --- Addresses ------------------------------------------------------------------------------------------ */

static struct drm_ashlar_bind_op bind_op(struct scene *s, uint64_t va)
{
	return (struct drm_ashlar_bind_op){
		.op = DRM_ASHLAR_BIND_MAP,
		.handle = s->handle,
		.va = va,
		.range = BYTES,
	};
}

static int bind_ops(int fd, struct scene *s,
		    const struct drm_ashlar_bind_op *ops, uint32_t count)
{
	struct drm_ashlar_vm_bind b = {
		.ops = { sizeof(*ops), count - s->sent,
			 (uintptr_t)(ops + s->sent) },
	};
	int err = call_once(fd, DRM_IOCTL_ASHLAR_VM_BIND, &b);

	s->sent += b.done;
	return err;
}

static int map_va(struct scene *s)
{
	struct drm_ashlar_bind_op op = bind_op(s, s->va);

	return bind_ops(s->c.fd, s, &op, 1);
}

static void before_unmap(struct scene *s)
{
	before_system(s);
	EXPECT(vm_map(s->c.fd, s->handle, 0, s->va, BYTES, 0), 0);
}

static int unmap_va(struct scene *s)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_UNMAP,
		.va = s->va,
		.range = BYTES,
	};

	return bind_ops(s->c.fd, s, &op, 1);
}

static void before_map_many(struct scene *s)
{
	before_local(s);
	/* Each in the middle of two tables of their own. */
	s->va = s->c.dev.va_start + 8 * LARGE + LARGE - BYTES / 2;
}

static int map_many(struct scene *s)
{
	struct drm_ashlar_bind_op ops[] = {
		bind_op(s, s->va + 2 * LARGE),
		bind_op(s, s->va + 4 * LARGE),
		{ .op = DRM_ASHLAR_BIND_UNMAP,
		  .va = s->va + 2 * LARGE,
		  .range = BYTES },
		bind_op(s, s->va),
	};

	return bind_ops(s->c.fd, s, ops, 4);
}

/* The first of a file makes its address space. */
static void before_first(struct scene *s)
{
	s->other = node_open();
	CHECK(s->other >= 0);
	EXPECT(bo_create(s->other, BYTES, 0, &s->handle), 0);
	s->va = s->c.dev.va_start;
}

static int map_first(struct scene *s)
{
	struct drm_ashlar_bind_op op = bind_op(s, s->va);

	return bind_ops(s->other, s, &op, 1);
}

/* --- Queues ------------------------------------------------------------------------------------------------ */

static int create_queue_of(int fd, uint32_t depth, struct scene *s)
{
	struct drm_ashlar_queue_create c = {
		.priority = NORMAL,
		.depth = depth,
	};
	int err = call_once(fd, DRM_IOCTL_ASHLAR_QUEUE_CREATE, &c);

	s->made = c.queue;
	return err;
}

static int create_queue(struct scene *s)
{
	return create_queue_of(s->c.fd, s->c.dev.max_queue_depth, s);
}

static int create_queue_first(struct scene *s)
{
	return create_queue_of(s->other, 2, s);
}

static void queue_works(struct scene *s)
{
	s->queue = s->made;
}

/* All queues have failed and gone: the next one starts the space again. */
static void before_restart(struct scene *s)
{
	struct guest_args args = { .to = s->c.dev.va_end - PAGE };
	struct drm_ashlar_job job = job_with(&s->c, "put", &args);

	EXPECT(run(&s->c, s->queue, &job, NULL), DRM_ASHLAR_JOB_FAULT);
	EXPECT(queue_destroy(s->c.fd, s->queue), 0);
}

static void before_destroy(struct scene *s)
{
	EXPECT(create_queue_of(s->c.fd, 4, s), 0);
}

static void before_destroy_busy(struct scene *s)
{
	struct drm_ashlar_job job = hanging(s);

	before_destroy(s);
	for (int i = 0; i < 6; i++)
		EXPECT(submit(s->c.fd, s->made, &job, 1, NULL, NULL), 0);
}

static int destroy_queue(struct scene *s)
{
	struct drm_ashlar_queue_destroy d = { .queue = s->made };

	return call_once(s->c.fd, DRM_IOCTL_ASHLAR_QUEUE_DESTROY, &d);
}

static int query_queue(struct scene *s)
{
	struct drm_ashlar_queue_query q = { .queue = s->queue };

	return call_once(s->c.fd, DRM_IOCTL_ASHLAR_QUEUE_QUERY, &q);
}

static int results(struct scene *s)
{
	struct drm_ashlar_result r[2];
	struct drm_ashlar_queue_results q = {
		.queue = s->queue,
		.stride = sizeof(r[0]),
		.first = 1,
		.count = 2,
		.ptr = (uintptr_t)r,
	};

	return call_once(s->c.fd, DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &q);
}

/* --- Jobs ------------------------------------------------------------------------------------------------------ */

/* They mix i into a word, one after the other, and wait for all and signal all. */
static int submit_jobs(struct scene *s)
{
	struct drm_ashlar_sync syncs[JOBS][4];
	struct drm_ashlar_job jobs[JOBS];
	struct guest_args args[JOBS];
	struct drm_ashlar_submit call = { .queue = s->queue };
	struct drm_ashlar_queue_query q;
	int err;

	if (s->sent == JOBS)
		return 0;
	for (uint32_t i = 0; i < JOBS; i++) {
		args[i] = (struct guest_args){
			.from = s->b.va,
			.to = s->b.va,
			.value = i,
		};
		syncs[i][0] = (struct drm_ashlar_sync){ .handle = s->binary };
		syncs[i][1] = (struct drm_ashlar_sync){
			.handle = s->timeline,
			.flags = DRM_ASHLAR_SYNC_TIMELINE,
			.point = 1,
		};
		syncs[i][2] = (struct drm_ashlar_sync){
			.handle = s->out,
			.flags = DRM_ASHLAR_SYNC_SIGNAL,
		};
		syncs[i][3] = (struct drm_ashlar_sync){
			.handle = s->outs,
			.flags = DRM_ASHLAR_SYNC_SIGNAL |
				 DRM_ASHLAR_SYNC_TIMELINE,
			.point = 1 + i,
		};
		jobs[i] = job_with(&s->c, "mix", &args[i]);
		job_syncs(&jobs[i], syncs[i], 4);
	}
	call.jobs = (struct drm_ashlar_array){
		.stride = sizeof(jobs[0]),
		.count = JOBS - s->sent,
		.ptr = (uintptr_t)(jobs + s->sent),
	};
	err = call_once(s->c.fd, DRM_IOCTL_ASHLAR_SUBMIT, &call);
	if (!err)
		return 0;
	/* How many were taken could perhaps not be said. */
	EXPECT(queue_query(s->c.fd, s->queue, &q), 0);
	s->sent = (uint32_t)q.submitted - 1;
	return err;
}

static void jobs_ran(struct scene *s)
{
	struct drm_ashlar_result r[JOBS];
	uint32_t word = 1;

	EXPECT(sync_wait(s->c.fd, s->outs, JOBS, 20 * SECOND), 0);
	EXPECT(sync_wait(s->c.fd, s->out, 0, 20 * SECOND), 0);
	EXPECT(queue_results(s->c.fd, s->queue, 2, JOBS, r), JOBS);
	for (uint32_t i = 0; i < JOBS; i++) {
		EXPECT(r[i].status, DRM_ASHLAR_JOB_OK);
		word = guest_mix(word, i);
	}
	EXPECT(*(volatile uint32_t *)s->b.cpu, word);
}

/* --- Syncobjs ---------------------------------------------------------------------------------------------------- */

static int syncobj_create(struct scene *s)
{
	struct drm_syncobj_create c = { .flags = DRM_SYNCOBJ_CREATE_SIGNALED };

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_CREATE, &c);
}

static int syncobj_destroy(struct scene *s)
{
	struct drm_syncobj_destroy d = { .handle = s->timeline };

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_DESTROY, &d);
}

static int syncobj_to_fd(struct scene *s)
{
	struct drm_syncobj_handle h = { .handle = s->binary, .fd = -1 };
	int err = call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &h);

	s->fd = h.fd;
	return err;
}

static int syncobj_to_sync_file(struct scene *s)
{
	struct drm_syncobj_handle h = {
		.handle = s->binary,
		.flags = DRM_SYNCOBJ_HANDLE_TO_FD_FLAGS_EXPORT_SYNC_FILE,
		.fd = -1,
	};
	int err = call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_HANDLE_TO_FD, &h);

	s->fd = h.fd;
	return err;
}

static void sync_file_works(struct scene *s)
{
	EXPECT(fence_status(s->fd), 1);
}

static void before_from_fd(struct scene *s)
{
	EXPECT(syncobj_to_fd(s), 0);
}

static int syncobj_from_fd(struct scene *s)
{
	struct drm_syncobj_handle h = { .fd = s->fd };

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &h);
}

static void before_from_sync_file(struct scene *s)
{
	EXPECT(syncobj_to_sync_file(s), 0);
}

static int syncobj_from_sync_file(struct scene *s)
{
	struct drm_syncobj_handle h = {
		.handle = s->out,
		.flags = DRM_SYNCOBJ_FD_TO_HANDLE_FLAGS_IMPORT_SYNC_FILE,
		.fd = s->fd,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_FD_TO_HANDLE, &h);
}

static int syncobj_reset(struct scene *s)
{
	struct drm_syncobj_array a = {
		.handles = (uintptr_t)&s->binary,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_RESET, &a);
}

static int syncobj_signal(struct scene *s)
{
	struct drm_syncobj_array a = {
		.handles = (uintptr_t)&s->out,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_SIGNAL, &a);
}

static int timeline_signal(struct scene *s)
{
	uint64_t point = 9;
	struct drm_syncobj_timeline_array a = {
		.handles = (uintptr_t)&s->outs,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_TIMELINE_SIGNAL, &a);
}

static int timeline_query(struct scene *s)
{
	uint64_t point;
	struct drm_syncobj_timeline_array a = {
		.handles = (uintptr_t)&s->timeline,
		.points = (uintptr_t)&point,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_QUERY, &a);
}

static int transfer(struct scene *s)
{
	struct drm_syncobj_transfer t = {
		.src_handle = s->timeline,
		.src_point = 1,
		.dst_handle = s->outs,
		.dst_point = 3,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_TRANSFER, &t);
}

/* For a job that is on the board when the call begins. */
static void before_wait(struct scene *s)
{
	struct drm_ashlar_sync out = {
		.handle = s->out,
		.flags = DRM_ASHLAR_SYNC_SIGNAL,
	};
	struct guest_args args = { .to = s->b.va, .turns = 20000 };
	struct drm_ashlar_job job = job_with(&s->c, "put", &args);

	job_syncs(&job, &out, 1);
	EXPECT(submit(s->c.fd, s->queue, &job, 1, NULL, NULL), 0);
}

static int wait_binary(struct scene *s)
{
	struct drm_syncobj_wait w = {
		.handles = (uintptr_t)&s->out,
		.timeout_nsec = INT64_MAX,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_WAIT, &w);
}

static int wait_timeline(struct scene *s)
{
	uint64_t point = 1;
	struct drm_syncobj_timeline_wait w = {
		.handles = (uintptr_t)&s->timeline,
		.points = (uintptr_t)&point,
		.timeout_nsec = INT64_MAX,
		.count_handles = 1,
	};

	return call_once(s->c.fd, DRM_IOCTL_SYNCOBJ_TIMELINE_WAIT, &w);
}

/* --- What the kernel tells in files ---------------------------------------------------------------------------------- */

static int read_all(struct scene *s)
{
	static char text[1 << 18];
	int n = get(s->path, text, sizeof(text));

	return n < 0 ? n : n ? 0 : -EPROTO;
}

static void before_fdinfo(struct scene *s)
{
	static char path[60];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", s->c.fd);
	s->path = path;
}

static void before_state(struct scene *s)
{
	s->path = found(DEBUGFS "/accel/*/state");
}

static void before_log(struct scene *s)
{
	s->path = found(DEBUGFS "/accel/*/log");
}

static void before_temperature(struct scene *s)
{
	char pattern[500];

	snprintf(pattern, sizeof(pattern), "%s/hwmon/hwmon*/temp1_input",
		 pci_folder());
	s->path = found(pattern);
}

/* One is enough for all attempts: nobody throws it away. */
static void before_dump(struct scene *s)
{
	before_restart(s);
	EXPECT(queue_create(s->c.fd, NORMAL, 8, &s->queue), 0);
	s->path = found("/sys/class/devcoredump/devcd*/data");
}

/* --- One call ----------------------------------------------------------------------------------------------------------- */

/* Name, call, and what else it has. */
/* Versions of clang-format differ about this. */
/* clang-format off */
#define CALL(text, ...) { .name = text, .call = __VA_ARGS__ }
/* clang-format on */
static const struct attempt attempts[] = {
	CALL("open", open_file, .before = before_open),
	CALL("close", close_file, .before = before_close),
	CALL("VERSION", version),
	CALL("DEV_QUERY device", query_device),
	CALL("DEV_QUERY dtb", query_dtb),
	CALL("DEV_QUERY state", query_state),
	CALL("DEV_QUERY time", query_time),
	CALL("BO_CREATE system", create_system, .after = buffer_works,
	     .also = -ENOSPC),
	CALL("BO_CREATE local", create_local, .after = buffer_works),
	CALL("BO_QUERY", bo_query),
	CALL("GEM_CLOSE system", gem_close, .before = before_system),
	CALL("GEM_CLOSE local", gem_close, .before = before_local),
	CALL("mmap system", map_memory, .before = before_mmap_system,
	     .after = memory_works),
	CALL("mmap local", map_memory, .before = before_mmap_local,
	     .after = memory_works),
	CALL("mmap dma-buf", map_memory, .before = before_dma_buf,
	     .after = memory_works),
	CALL("touch system", touch, .before = before_touch_system,
	     .after = memory_works),
	CALL("touch local", touch, .before = before_touch_local,
	     .after = memory_works),
	CALL("munmap system", unmap_memory, .before = before_touch_system),
	CALL("munmap local", unmap_memory, .before = before_touch_local),
	CALL("PRIME export", export, .before = before_system,
	     .after = dma_buf_works),
	CALL("PRIME import own", import, .before = before_import_own,
	     .after = buffer_works),
	CALL("PRIME import foreign", import, .before = before_import_foreign,
	     .after = buffer_works),
	CALL("VM_BIND system", map_va, .before = before_system,
	     .after = mapping_works, .again = -EEXIST),
	CALL("VM_BIND local", map_va, .before = before_local,
	     .after = mapping_works, .again = -EEXIST),
	CALL("VM_BIND foreign", map_va, .before = before_map_foreign,
	     .after = mapping_works, .again = -EEXIST),
	CALL("VM_BIND unmap", unmap_va, .before = before_unmap),
	CALL("VM_BIND many", map_many, .before = before_map_many,
	     .after = mapping_works, .again = -EEXIST),
	CALL("VM_BIND first", map_first, .before = before_first,
	     .again = -EEXIST),
	CALL("QUEUE_CREATE", create_queue, .after = queue_works),
	CALL("QUEUE_CREATE first", create_queue_first, .before = before_first),
	CALL("QUEUE_CREATE restart", create_queue, .before = before_restart,
	     .after = queue_works),
	CALL("QUEUE_DESTROY", destroy_queue, .before = before_destroy),
	CALL("QUEUE_DESTROY busy", destroy_queue,
	     .before = before_destroy_busy),
	CALL("QUEUE_QUERY", query_queue),
	CALL("QUEUE_RESULTS", results),
	CALL("SUBMIT", submit_jobs, .after = jobs_ran),
	CALL("SYNCOBJ_CREATE", syncobj_create),
	CALL("SYNCOBJ_DESTROY", syncobj_destroy, .again = -EINVAL),
	CALL("SYNCOBJ to fd", syncobj_to_fd),
	CALL("SYNCOBJ to sync_file", syncobj_to_sync_file,
	     .after = sync_file_works, .also = -EINVAL),
	CALL("SYNCOBJ from fd", syncobj_from_fd, .before = before_from_fd),
	CALL("SYNCOBJ from sync_file", syncobj_from_sync_file,
	     .before = before_from_sync_file),
	CALL("SYNCOBJ_WAIT", wait_binary, .before = before_wait),
	CALL("SYNCOBJ_TIMELINE_WAIT", wait_timeline),
	CALL("SYNCOBJ_RESET", syncobj_reset),
	CALL("SYNCOBJ_SIGNAL", syncobj_signal),
	CALL("SYNCOBJ_TIMELINE_SIGNAL", timeline_signal),
	CALL("SYNCOBJ_QUERY", timeline_query),
	CALL("SYNCOBJ_TRANSFER", transfer),
	CALL("read fdinfo", read_all, .before = before_fdinfo, .also = -ENOENT),
	CALL("read state", read_all, .before = before_state),
	CALL("read log", read_all, .before = before_log),
	CALL("read temperature", read_all, .before = before_temperature),
	CALL("read core dump", read_all, .before = before_dump),
};
enum { ATTEMPTS = sizeof(attempts) / sizeof(attempts[0]) };

/* What becomes of an attempt; in memory that the parent sees. */
struct outcome {
	bool reached; /* there were that many points */
	int err; /* of the call with the failure */
};
static struct outcome *outcome;

struct trial {
	const struct attempt *attempt;
	unsigned int n;
};

static void attempt_child(void *arg)
{
	const struct trial *trial = arg;
	const struct attempt *a = trial->attempt;
	struct scene s;
	int err, again;

	scene_open(&s);
	if (a->before)
		a->before(&s);
	inject_here();
	inject(trial->n);
	err = a->call(&s);
	outcome->reached = !injection_left();
	outcome->err = err;
	if (err) {
		CHECK(outcome->reached);
		if (!a->also || err != a->also)
			CHECK(err == -ENOMEM || err == -EFAULT);
		again = a->call(&s);
		if (err != -EFAULT || again != a->again)
			EXPECT(again, 0);
	}
	if (a->after)
		a->after(&s);
	scene_works(&s);
}

static unsigned int queues_of_board(void)
{
	static char text[1 << 18];
	int n = get(found(DEBUGFS "/accel/*/state"), text, sizeof(text) - 1);
	unsigned int queues = 0;

	CHECK(n > 0);
	text[n] = 0;
	for (const char *at = text; (at = strstr(at, "\nqueue ")); at++)
		queues++;
	return queues;
}

static void call_fails_everywhere(void **state)
{
	const struct attempt *a = *state;
	struct trial trial = { .attempt = a };
	struct drm_ashlar_state was, is;
	unsigned int failed = 0;
	int watch = node_open();

	CHECK(watch >= 0);
	was = state_of(watch);
	do {
		int status;

		trial.n++;
		memset(outcome, 0, sizeof(*outcome));
		CHECK(waitpid(child(attempt_child, &trial), &status, 0) > 0);
		if (status)
			die(__FILE__, __LINE__,
			    "%s: with failure %u (%s) status is 0x%x", a->name,
			    trial.n, strerror(-outcome->err), status);
		failed += outcome->err != 0;
		/* The file has gone, and with it all that it had. */
		is = state_of(watch);
		EXPECT(is.memory_free, was.memory_free);
		EXPECT(is.resets, was.resets);
		EXPECT(is.bad_requests, was.bad_requests);
	} while (outcome->reached);
	EXPECT(queues_of_board(), 0);
	printf("%-24s %3u points, %3u fail the call\n", a->name, trial.n - 1,
	       failed);
	close(watch);
}

/* --- All that the board has ---------------------------------------------------------------------------------------------- */

/* Files with an address space and a queue, until there are no more. */
static unsigned int files_of_board(void)
{
	unsigned int n = 0;
	uint32_t queue;
	int fd[256], err;

	for (;;) {
		CHECK(n < sizeof(fd) / sizeof(fd[0]));
		fd[n] = node_open();
		CHECK(fd[n] >= 0);
		err = queue_create(fd[n++], NORMAL, 2, &queue);
		if (err)
			break;
	}
	EXPECT(err, -ENOSPC);
	for (unsigned int i = 0; i < n; i++)
		EXPECT(close(fd[i]), 0);
	return n - 1;
}

static unsigned int files_at_first;

static void as_many_files_as_at_first(void **state)
{
	(void)state;
	EXPECT(files_of_board(), files_at_first);
}

/* --- Probe ---------------------------------------------------------------------------------------------------------------- */

static const char *pci_name(void)
{
	return strrchr(pci_folder(), '/') + 1;
}

/* How many points the writing of the board's name to a file has. */
static unsigned int points_of(const char *path)
{
	unsigned int many = 1000000;

	inject(many);
	echo(path, pci_name());
	return many - injection_left();
}

/* Each may take a boot of the firmware: so only some, evenly spread. */
static void bind_fails_in_places(void **state)
{
	unsigned int points, step, tried = 0, failed = 0;

	(void)state;
	inject_here();
	echo(DRIVER "/unbind", pci_name());
	points = points_of(DRIVER "/bind");
	board_computes();
	echo(DRIVER "/unbind", pci_name());
	CHECK(points > 100);
	step = points / binds + 1;
	for (unsigned int n = 1; n <= points; n += step) {
		int err;

		inject(n);
		err = try_echo(DRIVER "/bind", pci_name());
		injection_left();
		tried++;
		if (err) {
			failed++;
			CHECK(node_open() < 0);
			continue;
		}
		/* What failed was not needed. */
		board_computes();
		echo(DRIVER "/unbind", pci_name());
	}
	echo(DRIVER "/bind", pci_name());
	board_computes();
	printf("%-24s %3u points, %3u tried, %3u fail the call\n", "bind",
	       points, tried, failed);
	close(nth_file);
}

/* --- Memory --------------------------------------------------------------------------------------------------------------- */

/* What nothing points to any more. Young memory is not judged: five seconds. */
static void nothing_is_leaked(void **state)
{
	static char text[1 << 16];
	int n;

	(void)state;
	echo(DEBUGFS "/kmemleak", "scan");
	sleep(6);
	echo(DEBUGFS "/kmemleak", "scan");
	n = get(DEBUGFS "/kmemleak", text, sizeof(text) - 1);
	CHECK(n >= 0);
	text[n] = 0;
	if (n)
		die(__FILE__, __LINE__, "leaked:\n%s", text);
}

/* --- The program ------------------------------------------------------------------------------------------------------------ */

/* Pinned memory counts, also root's; and this program's text stays here. */
static void be_limited(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct caps[2];
	struct rlimit limit = { PINNED, PINNED };

	CHECK(!mlockall(MCL_CURRENT));
	CHECK(!syscall(SYS_capget, &head, caps));
	caps[0].effective &= ~(1u << CAP_IPC_LOCK);
	caps[0].permitted &= ~(1u << CAP_IPC_LOCK);
	CHECK(!syscall(SYS_capset, &head, caps));
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
}

int main(int argc, char **argv)
{
	const char *beginning = argc > 2 ? argv[2] : "";
	struct CMUnitTest tests[ATTEMPTS + 3];
	size_t count = 0;

	if (argc > 1)
		binds = (unsigned int)strtoul(argv[1], NULL, 0);
	CHECK(binds);
	guard(200 + 5 * binds);
	outcome = mmap(NULL, sizeof(*outcome), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(outcome != MAP_FAILED);
	for (size_t i = 0; i < ATTEMPTS; i++)
		if (!strncmp(attempts[i].name, beginning, strlen(beginning)))
			tests[count++] = (struct CMUnitTest){
				.name = attempts[i].name,
				.test_func = call_fails_everywhere,
				.initial_state = (void *)&attempts[i],
			};
	if (!strncmp("bind", beginning, strlen(beginning)))
		tests[count++] = (struct CMUnitTest)cmocka_unit_test(
			bind_fails_in_places);
	tests[count++] =
		(struct CMUnitTest)cmocka_unit_test(as_many_files_as_at_first);
	tests[count++] = (struct CMUnitTest)cmocka_unit_test(nothing_is_leaked);

	allow_injection();
	pci_folder();
	board_computes();
	be_limited();
	files_at_first = files_of_board();
	return run_counted(tests, count);
}
