// SPDX-License-Identifier: MIT
/* Every ioctl with one thing wrong: the errno, and no other effect. */
#include "guest.h"

#include <sys/mman.h>

#define NOWHERE	       0x100ull /* below what a process may map */
#define KERNEL_ADDRESS 0xffff888000001000ull
#define LAST_ADDRESS   0xfffffffffffffff8ull

static struct card c;
static uint32_t queue;
static struct buf b;

/* --- One wrong field after the other ------------------------------------------------- */

struct wrong {
	const char *what;
	size_t offset, bytes;
	uint64_t value;
	int err;
};

/* Versions of clang-format differ about this one. */
/* clang-format off */
#define WRONG(type, field, v, e)                    \
	{                                           \
		#field " = " #v,                    \
		offsetof(struct type, field),       \
		sizeof(((struct type *)0)->field),  \
		(uint64_t)(v), e                    \
	}
/* clang-format on */

/* What a refused call must not change. */
struct trace {
	uint64_t memory_free, submitted;
	uint64_t next_handle; /* 64 bits: no padding to compare */
};

static struct trace trace_now(void)
{
	struct drm_ashlar_queue_query q;
	uint32_t handle;
	struct trace t;

	t.memory_free = state_of(c.fd).memory_free;
	EXPECT(queue_query(c.fd, queue, &q), 0);
	EXPECT(q.state, DRM_ASHLAR_QUEUE_OK);
	t.submitted = q.submitted;
	/* The lowest free one is given. */
	EXPECT(bo_create(c.fd, 1, 0, &handle), 0);
	EXPECT(bo_close(c.fd, handle), 0);
	t.next_handle = handle;
	return t;
}

/*
 * Call with each field of `field` wrong in turn, where `arg` is the ioctl's
 * structure and field a structure that it is or points to.
 */
static void each_wrong(unsigned long request, void *arg, size_t arg_bytes,
		       void *field, size_t field_bytes, const struct wrong *w,
		       size_t count)
{
	uint8_t arg_copy[256], field_copy[256];
	struct trace before = trace_now(), after;

	CHECK(arg_bytes <= sizeof(arg_copy) &&
	      field_bytes <= sizeof(field_copy));
	memcpy(arg_copy, arg, arg_bytes);
	memcpy(field_copy, field, field_bytes);
	for (size_t i = 0; i < count; i++) {
		int err;

		memcpy((uint8_t *)field + w[i].offset, &w[i].value, w[i].bytes);
		err = call_once(c.fd, request, arg);
		if (err != -w[i].err)
			die(__FILE__, __LINE__, "%s: %s, not %s", w[i].what,
			    strerror(-err), strerror(w[i].err));
		memcpy(arg, arg_copy, arg_bytes);
		memcpy(field, field_copy, field_bytes);
		after = trace_now();
		if (memcmp(&before, &after, sizeof(before)))
			die(__FILE__, __LINE__, "%s had an effect", w[i].what);
	}
}

#define EACH_WRONG(request, arg, field, list)                             \
	each_wrong(request, arg, sizeof(*(arg)), field, sizeof(*(field)), \
		   list, sizeof(list) / sizeof((list)[0]))

static int setup(void **state)
{
	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, DRM_ASHLAR_PRIORITY_NORMAL, 8, &queue), 0);
	buf_new(&c, &b, 4 * PAGE, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	card_computes(&c);
	card_close(&c);
	return 0;
}

/* --- DEV_QUERY -------------------------------------------------------------------------- */

static void dev_query_refuses(void **state)
{
	struct drm_ashlar_device dev;
	struct drm_ashlar_dev_query q = {
		.size = sizeof(dev),
		.pointer = (uintptr_t)&dev,
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_dev_query, type, 1000, EINVAL),
		WRONG(drm_ashlar_dev_query, type, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_dev_query, pointer, NOWHERE, EFAULT),
		WRONG(drm_ashlar_dev_query, pointer, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_dev_query, pointer, LAST_ADDRESS, EFAULT),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_DEV_QUERY, &q, &q, w);
}

static void dev_query_sizes(void **state)
{
	static const uint32_t types[] = { DRM_ASHLAR_QUERY_DEVICE,
					  DRM_ASHLAR_QUERY_DTB,
					  DRM_ASHLAR_QUERY_STATE };

	(void)state;
	for (uint32_t t = 0; t < 3; t++) {
		struct drm_ashlar_dev_query q = { .type = types[t] };
		uint8_t *some, *more;
		uint32_t bytes;

		EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q), 0);
		bytes = q.size;
		CHECK(bytes >= 40);
		some = malloc(bytes);
		more = malloc(bytes + 100);
		CHECK(some && more);
		memset(some, 0xee, bytes);
		memset(more, 0xee, bytes + 100);

		q.size = 20;
		q.pointer = (uintptr_t)some;
		EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q), 0);
		EXPECT(q.size, bytes);
		for (uint32_t i = 20; i < bytes; i++)
			EXPECT(some[i], 0xee);
		q.size = bytes + 100;
		q.pointer = (uintptr_t)more;
		EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_DEV_QUERY, &q), 0);
		EXPECT(q.size, bytes);
		for (uint32_t i = bytes; i < bytes + 100; i++)
			EXPECT(more[i], 0);
		/* Time goes on; all else stays. */
		if (types[t] != DRM_ASHLAR_QUERY_STATE)
			EXPECT(memcmp(some, more, 20), 0);
		free(some);
		free(more);
	}
}

static void time_goes_on(void **state)
{
	uint64_t before, after, cycles;

	(void)state;
	for (int i = 0; i < 20; i++) {
		EXPECT(dev_query(c.fd, DRM_ASHLAR_QUERY_TIME, &before, 8), 0);
		cycles = state_of(c.fd).cycles;
		EXPECT(dev_query(c.fd, DRM_ASHLAR_QUERY_TIME, &after, 8), 0);
		CHECK(before && before <= cycles && cycles <= after);
	}
	CHECK(before < after);
}

static void device_tells_the_truth(void **state)
{
	const struct drm_ashlar_device *d = &c.dev;
	uint8_t magic[4];

	(void)state;
	CHECK(d->tiles && d->clock_khz && d->max_queues && d->max_contexts);
	CHECK(d->max_queue_depth >= 2 &&
	      !(d->max_queue_depth & (d->max_queue_depth - 1)));
	EXPECT(d->max_arg_bytes, 1024);
	CHECK(d->max_pending >= d->max_queue_depth);
	EXPECT(d->page_bytes, PAGE);
	EXPECT(d->large_page_bytes, LARGE);
	CHECK(d->va_start < d->va_end && d->va_start % LARGE == 0);
	CHECK(d->memory_bytes >= 16 << 20);
	CHECK(d->hw_version >> 16 == 1 && d->firmware_version &&
	      d->control_abi && d->job_abi && d->kernel_abi);
	EXPECT(dev_query(c.fd, DRM_ASHLAR_QUERY_DTB, magic, 4), 0);
	EXPECT(memcmp(magic, "\xd0\x0d\xfe\xed", 4), 0);
}

/* --- Buffers ------------------------------------------------------------------------------- */

static void bo_create_refuses(void **state)
{
	struct drm_ashlar_bo_create a = { .size = PAGE };
	const struct wrong w[] = {
		WRONG(drm_ashlar_bo_create, size, 0, EINVAL),
		WRONG(drm_ashlar_bo_create, size, UINT64_MAX, EINVAL),
		WRONG(drm_ashlar_bo_create, size, 1ull << 63, EINVAL),
		WRONG(drm_ashlar_bo_create, flags, 4, EINVAL),
		WRONG(drm_ashlar_bo_create, flags, 0x80000000, EINVAL),
	};
	struct drm_ashlar_bo_create local = {
		.size = PAGE,
		.flags = DRM_ASHLAR_BO_LOCAL,
	};
	const struct wrong large[] = {
		WRONG(drm_ashlar_bo_create, size, c.dev.memory_bytes, ENOSPC),
		WRONG(drm_ashlar_bo_create, size, 1ull << 39, ENOSPC),
		WRONG(drm_ashlar_bo_create, size, UINT64_MAX - 4095, EINVAL),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_BO_CREATE, &a, &a, w);
	EACH_WRONG(DRM_IOCTL_ASHLAR_BO_CREATE, &local, &local, large);
}

static void bo_query_refuses(void **state)
{
	struct drm_ashlar_bo_query a = { .handle = b.handle };
	const struct wrong w[] = {
		WRONG(drm_ashlar_bo_query, handle, 0, ENOENT),
		WRONG(drm_ashlar_bo_query, handle, 4000, ENOENT),
		WRONG(drm_ashlar_bo_query, handle, 0xffffffff, ENOENT),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_BO_QUERY, &a, &a, w);
	EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_BO_QUERY, &a), 0);
	EXPECT(a.size, b.bytes);
	EXPECT(a.flags, 0);
	EXPECT(bo_close(c.fd, 4000), -EINVAL);
}

/* --- VM_BIND -------------------------------------------------------------------------------- */

static void vm_bind_refuses(void **state)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_MAP,
		.handle = b.handle,
		.va = b.va + 16 * PAGE,
		.range = PAGE,
	};
	struct drm_ashlar_vm_bind a = { .ops = { sizeof(op), 1,
						 (uintptr_t)&op } };
	const struct wrong arg[] = {
		WRONG(drm_ashlar_vm_bind, ops.stride, 0, EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.stride, sizeof(op) - 8, EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.stride, sizeof(op) - 1, EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.count, 0, EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.count, c.dev.max_binds + 1,
		      EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.count, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_vm_bind, ops.ptr, 0, EFAULT),
		WRONG(drm_ashlar_vm_bind, ops.ptr, NOWHERE, EFAULT),
		WRONG(drm_ashlar_vm_bind, ops.ptr, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_vm_bind, ops.ptr, LAST_ADDRESS, EFAULT),
		WRONG(drm_ashlar_vm_bind, flags, 1, EINVAL),
		WRONG(drm_ashlar_vm_bind, flags, 0x80000000, EINVAL),
	};
	const struct wrong map[] = {
		WRONG(drm_ashlar_bind_op, op, 2, EINVAL),
		WRONG(drm_ashlar_bind_op, op, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_bind_op, flags, 2, EINVAL),
		WRONG(drm_ashlar_bind_op, flags, 0x80000001, EINVAL),
		WRONG(drm_ashlar_bind_op, handle, 0, ENOENT),
		WRONG(drm_ashlar_bind_op, handle, 4000, ENOENT),
		WRONG(drm_ashlar_bind_op, pad, 1, EINVAL),
		WRONG(drm_ashlar_bind_op, bo_offset, 1, EINVAL),
		WRONG(drm_ashlar_bind_op, bo_offset, 4 * PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, bo_offset, 0 - PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, va, 0, EINVAL),
		WRONG(drm_ashlar_bind_op, va, op.va + 1, EINVAL),
		WRONG(drm_ashlar_bind_op, va, op.va + PAGE / 2, EINVAL),
		WRONG(drm_ashlar_bind_op, va, c.dev.va_start - PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, va, c.dev.va_end, EINVAL),
		WRONG(drm_ashlar_bind_op, va, 0 - PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, va, b.va, EEXIST),
		WRONG(drm_ashlar_bind_op, va, b.va + 3 * PAGE, EEXIST),
		WRONG(drm_ashlar_bind_op, range, 0, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 1, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 5 * PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 0 - PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 1ull << 63, EINVAL),
	};
	const struct wrong unmap[] = {
		WRONG(drm_ashlar_bind_op, flags, 1, EINVAL),
		WRONG(drm_ashlar_bind_op, handle, b.handle, EINVAL),
		WRONG(drm_ashlar_bind_op, pad, 1, EINVAL),
		WRONG(drm_ashlar_bind_op, bo_offset, PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, va, c.dev.va_end, EINVAL),
		WRONG(drm_ashlar_bind_op, va, b.va + 8, EINVAL),
		WRONG(drm_ashlar_bind_op, va, b.va + PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 0, EINVAL),
		WRONG(drm_ashlar_bind_op, range, PAGE, EINVAL),
		WRONG(drm_ashlar_bind_op, range, 0 - PAGE, EINVAL),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_VM_BIND, &a, &a, arg);
	EACH_WRONG(DRM_IOCTL_ASHLAR_VM_BIND, &a, &op, map);
	op = (struct drm_ashlar_bind_op){
		.op = DRM_ASHLAR_BIND_UNMAP,
		.va = b.va,
		.range = b.bytes,
	};
	EACH_WRONG(DRM_IOCTL_ASHLAR_VM_BIND, &a, &op, unmap);
}

/* Two pages, the second of which is not there. */
static void *cliff(void)
{
	uint8_t *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(p != MAP_FAILED);
	EXPECT(munmap(p + PAGE, PAGE), 0);
	return p;
}

static void vm_bind_does_what_it_can(void **state)
{
	struct drm_ashlar_bind_op *op = (void *)((uint8_t *)cliff() + PAGE);
	struct drm_ashlar_vm_bind a = { 0 };
	uint64_t va = b.va + 16 * PAGE;

	(void)state;
	/* Two elements before the cliff, the third behind it. */
	op -= 2;
	for (int i = 0; i < 2; i++)
		op[i] = (struct drm_ashlar_bind_op){
			.handle = b.handle,
			.va = va + i * PAGE,
			.range = PAGE,
		};
	a.ops = (struct drm_ashlar_array){ sizeof(*op), 3, (uintptr_t)op };
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_VM_BIND, &a), -EFAULT);
	EXPECT(a.done, 2);
	EXPECT(vm_map(c.fd, b.handle, 0, va, PAGE, 0), -EEXIST);
	EXPECT(vm_map(c.fd, b.handle, 0, va + PAGE, PAGE, 0), -EEXIST);
	EXPECT(vm_unmap(c.fd, va, 2 * PAGE), 0);

	/* The second is wrong: the first stands. */
	op[1].va = b.va;
	a = (struct drm_ashlar_vm_bind){
		.ops = { sizeof(*op), 2, (uintptr_t)op },
	};
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_VM_BIND, &a), -EEXIST);
	EXPECT(a.done, 1);
	EXPECT(vm_unmap(c.fd, va, PAGE), 0);
}

static void elements_may_grow(void **state)
{
	struct {
		struct drm_ashlar_bind_op op;
		uint64_t later;
	} big[2] = { 0 };
	struct drm_ashlar_vm_bind a = { .ops = { sizeof(big[0]), 2,
						 (uintptr_t)big } };
	uint64_t va = b.va + 16 * PAGE;

	(void)state;
	for (int i = 0; i < 2; i++)
		big[i].op = (struct drm_ashlar_bind_op){
			.handle = b.handle,
			.va = va + i * PAGE,
			.range = PAGE,
		};
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_VM_BIND, &a), 0);
	EXPECT(a.done, 2);
	EXPECT(vm_unmap(c.fd, va, 2 * PAGE), 0);
	/* What a later header means by it is not known here. */
	a.done = 0;
	big[1].later = 1ull << 63;
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_VM_BIND, &a), -EINVAL);
	EXPECT(a.done, 1);
	EXPECT(vm_unmap(c.fd, va, 2 * PAGE), 0);
}

/* --- Queues ------------------------------------------------------------------------------------ */

static void queue_ioctls_refuse(void **state)
{
	struct drm_ashlar_queue_create create = { .priority = 1, .depth = 2 };
	const struct wrong w[] = {
		WRONG(drm_ashlar_queue_create, priority, 3, EINVAL),
		WRONG(drm_ashlar_queue_create, priority, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_queue_create, depth, 0, EINVAL),
		WRONG(drm_ashlar_queue_create, depth, 1, EINVAL),
		WRONG(drm_ashlar_queue_create, depth, 3, EINVAL),
		WRONG(drm_ashlar_queue_create, depth, c.dev.max_queue_depth * 2,
		      EINVAL),
		WRONG(drm_ashlar_queue_create, depth, 0x80000000, EINVAL),
		WRONG(drm_ashlar_queue_create, flags, 1, EINVAL),
	};
	struct drm_ashlar_queue_destroy destroy = { .queue = queue };
	const struct wrong d[] = {
		WRONG(drm_ashlar_queue_destroy, queue, 0, ENOENT),
		WRONG(drm_ashlar_queue_destroy, queue, queue + 1, ENOENT),
		WRONG(drm_ashlar_queue_destroy, queue, 0xffffffff, ENOENT),
		WRONG(drm_ashlar_queue_destroy, pad, 1, EINVAL),
	};
	struct drm_ashlar_queue_query query = { .queue = queue };
	const struct wrong q[] = {
		WRONG(drm_ashlar_queue_query, queue, 0, ENOENT),
		WRONG(drm_ashlar_queue_query, queue, queue + 1, ENOENT),
		WRONG(drm_ashlar_queue_query, queue, 0xffffffff, ENOENT),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_QUEUE_CREATE, &create, &create, w);
	EACH_WRONG(DRM_IOCTL_ASHLAR_QUEUE_DESTROY, &destroy, &destroy, d);
	EACH_WRONG(DRM_IOCTL_ASHLAR_QUEUE_QUERY, &query, &query, q);
}

static void queue_results_refuses(void **state)
{
	struct drm_ashlar_result r[3];
	struct drm_ashlar_job nop = job_nop();
	struct drm_ashlar_queue_results a = {
		.queue = queue,
		.stride = sizeof(r[0]),
		.first = 1,
		.count = 3,
		.ptr = (uintptr_t)r,
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_queue_results, queue, 0, ENOENT),
		WRONG(drm_ashlar_queue_results, queue, queue + 1, ENOENT),
		WRONG(drm_ashlar_queue_results, stride, 0, EINVAL),
		WRONG(drm_ashlar_queue_results, stride, sizeof(r[0]) - 8,
		      EINVAL),
		WRONG(drm_ashlar_queue_results, first, 0, EINVAL),
		WRONG(drm_ashlar_queue_results, pad, 1, EINVAL),
		WRONG(drm_ashlar_queue_results, ptr, 0, EFAULT),
		WRONG(drm_ashlar_queue_results, ptr, NOWHERE, EFAULT),
		WRONG(drm_ashlar_queue_results, ptr, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_queue_results, ptr, LAST_ADDRESS, EFAULT),
	};
	uint8_t *end = (uint8_t *)cliff() + PAGE;

	(void)state;
	EXPECT(run(&c, queue, &nop, &r[0]), DRM_ASHLAR_JOB_OK);
	EXPECT(run(&c, queue, &nop, &r[0]), DRM_ASHLAR_JOB_OK);
	EACH_WRONG(DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &a, &a, w);
	/* Room for one. */
	a.ptr = (uintptr_t)(end - sizeof(r[0]));
	EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &a), 0);
	EXPECT(a.count, 1);
	/* None is asked for; none has completed. */
	EXPECT(queue_results(c.fd, queue, 1, 0, NULL), 0);
	EXPECT(queue_results(c.fd, queue, 3, 3, r), 0);
	EXPECT(queue_results(c.fd, queue, UINT64_MAX, 3, r), 0);
	EXPECT(queue_results(c.fd, queue, 2, 3, r), 1);
	EXPECT(r[0].seqno, 2);
	/* Wider elements: the rest is zero. */
	{
		struct {
			struct drm_ashlar_result r;
			uint64_t later;
		} big[2];

		memset(big, 0xee, sizeof(big));
		a = (struct drm_ashlar_queue_results){
			.queue = queue,
			.stride = sizeof(big[0]),
			.first = 1,
			.count = 2,
			.ptr = (uintptr_t)big,
		};
		EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_QUEUE_RESULTS, &a), 0);
		EXPECT(a.count, 2);
		EXPECT(big[1].r.seqno, 2);
		EXPECT(big[0].later | big[1].later, 0);
	}
}

/* --- SUBMIT -------------------------------------------------------------------------------------- */

static void submit_refuses(void **state)
{
	struct guest_args args = { .to = b.va, .value = 1 };
	struct drm_ashlar_job job = job_with(&c, "put", &args);
	struct drm_ashlar_submit a = {
		.queue = queue,
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};
	const struct wrong arg[] = {
		WRONG(drm_ashlar_submit, queue, 0, ENOENT),
		WRONG(drm_ashlar_submit, queue, queue + 1, ENOENT),
		WRONG(drm_ashlar_submit, queue, 0xffffffff, ENOENT),
		WRONG(drm_ashlar_submit, flags, 1, EINVAL),
		WRONG(drm_ashlar_submit, pad, 1, EINVAL),
		WRONG(drm_ashlar_submit, jobs.stride, 0, EINVAL),
		WRONG(drm_ashlar_submit, jobs.stride, sizeof(job) - 8, EINVAL),
		WRONG(drm_ashlar_submit, jobs.count, 0, EINVAL),
		WRONG(drm_ashlar_submit, jobs.count, c.dev.max_jobs + 1,
		      EINVAL),
		WRONG(drm_ashlar_submit, jobs.count, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_submit, jobs.ptr, 0, EFAULT),
		WRONG(drm_ashlar_submit, jobs.ptr, NOWHERE, EFAULT),
		WRONG(drm_ashlar_submit, jobs.ptr, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_submit, jobs.ptr, LAST_ADDRESS, EFAULT),
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_job, kind, 2, EINVAL),
		WRONG(drm_ashlar_job, kind, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_job, flags, 1, EINVAL),
		WRONG(drm_ashlar_job, args, 0, EFAULT),
		WRONG(drm_ashlar_job, args, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_job, args, LAST_ADDRESS, EFAULT),
		WRONG(drm_ashlar_job, arg_bytes, 1025, EINVAL),
		WRONG(drm_ashlar_job, arg_bytes, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_job, tiles, 0, EINVAL),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &a, arg);
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &job, w);
}

static void submit_refuses_a_nop_that_is_more(void **state)
{
	struct drm_ashlar_job job = job_nop();
	struct drm_ashlar_submit a = {
		.queue = queue,
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_job, code_va, 64, EINVAL),
		WRONG(drm_ashlar_job, code_bytes, 64, EINVAL),
		WRONG(drm_ashlar_job, text_bytes, 64, EINVAL),
		WRONG(drm_ashlar_job, entry, 4, EINVAL),
		WRONG(drm_ashlar_job, code_serial, 1, EINVAL),
		WRONG(drm_ashlar_job, args, 8, EINVAL),
		WRONG(drm_ashlar_job, arg_bytes, 4, EINVAL),
		WRONG(drm_ashlar_job, tiles, 1, EINVAL),
		WRONG(drm_ashlar_job, grid[0], 1, EINVAL),
		WRONG(drm_ashlar_job, grid[1], 1, EINVAL),
		WRONG(drm_ashlar_job, grid[2], 1, EINVAL),
		WRONG(drm_ashlar_job, timeout, 1, EINVAL),
	};

	(void)state;
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &job, w);
}

#define SIGNAL	 DRM_ASHLAR_SYNC_SIGNAL
#define TIMELINE DRM_ASHLAR_SYNC_TIMELINE
#define QUEUE	 DRM_ASHLAR_SYNC_QUEUE
#define SUCCESS	 DRM_ASHLAR_SYNC_SUCCESS

static void submit_refuses_bad_syncs(void **state)
{
	struct drm_ashlar_sync sync = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	struct drm_ashlar_job job = job_nop();
	struct drm_ashlar_submit a = {
		.queue = queue,
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};
	const struct wrong array[] = {
		WRONG(drm_ashlar_job, syncs.stride, 0, EINVAL),
		WRONG(drm_ashlar_job, syncs.stride, sizeof(sync) - 8, EINVAL),
		WRONG(drm_ashlar_job, syncs.count, c.dev.max_syncs + 1, EINVAL),
		WRONG(drm_ashlar_job, syncs.count, 0xffffffff, EINVAL),
		WRONG(drm_ashlar_job, syncs.ptr, 0, EFAULT),
		WRONG(drm_ashlar_job, syncs.ptr, KERNEL_ADDRESS, EFAULT),
		WRONG(drm_ashlar_job, syncs.ptr, LAST_ADDRESS, EFAULT),
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_sync, handle, 0, ENOENT),
		WRONG(drm_ashlar_sync, handle, 4000, ENOENT),
		WRONG(drm_ashlar_sync, handle, 0xffffffff, ENOENT),
		WRONG(drm_ashlar_sync, flags, 4, EINVAL),
		WRONG(drm_ashlar_sync, flags, 0x80000001, EINVAL),
		WRONG(drm_ashlar_sync, flags, DRM_ASHLAR_SYNC_TIMELINE, EINVAL),
		WRONG(drm_ashlar_sync, point, 1, EINVAL),
		/* A wait for what nothing signals. */
		WRONG(drm_ashlar_sync, flags, 0, EINVAL),
		WRONG(drm_ashlar_sync, flags, SUCCESS, EINVAL),
		/* Not together, or not without a point. */
		WRONG(drm_ashlar_sync, flags, SIGNAL | SUCCESS, EINVAL),
		WRONG(drm_ashlar_sync, flags, SIGNAL | QUEUE, EINVAL),
		WRONG(drm_ashlar_sync, flags, QUEUE, EINVAL),
		WRONG(drm_ashlar_sync, flags, QUEUE | SUCCESS, EINVAL),
		WRONG(drm_ashlar_sync, flags, TIMELINE | SUCCESS, EINVAL),
		WRONG(drm_ashlar_sync, flags, 16, EINVAL),
		WRONG(drm_ashlar_sync, flags, 16 | SIGNAL, EINVAL),
	};

	(void)state;
	EXPECT(sync_create(c.fd, &sync.handle), 0);
	job_syncs(&job, &sync, 1);
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &job, array);
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &sync, w);
	/* None of that has signalled it. */
	EXPECT(sync_wait(c.fd, sync.handle, 0, 0), -EINVAL);
}

static void submit_refuses_bad_waits_for_jobs(void **state)
{
	struct drm_ashlar_job job = job_nop();
	struct drm_ashlar_sync sync = {
		.handle = queue,
		.flags = QUEUE | SUCCESS,
		.point = 1,
	};
	struct drm_ashlar_submit a = {
		.queue = queue,
		.jobs = { sizeof(job), 1, (uintptr_t)&job },
	};
	const struct wrong w[] = {
		WRONG(drm_ashlar_sync, handle, 0, ENOENT),
		WRONG(drm_ashlar_sync, handle, queue + 1, ENOENT),
		WRONG(drm_ashlar_sync, handle, 0xffffffff, ENOENT),
		WRONG(drm_ashlar_sync, flags, QUEUE | TIMELINE, EINVAL),
		WRONG(drm_ashlar_sync, flags, QUEUE | SUCCESS | TIMELINE,
		      EINVAL),
		WRONG(drm_ashlar_sync, flags, QUEUE | SUCCESS | SIGNAL, EINVAL),
		WRONG(drm_ashlar_sync, flags, QUEUE | SUCCESS | 0x80000000,
		      EINVAL),
		WRONG(drm_ashlar_sync, point, 0, EINVAL),
		/* Not submitted, the job itself included. */
		WRONG(drm_ashlar_sync, point, 2, EINVAL),
		WRONG(drm_ashlar_sync, point, UINT64_MAX, EINVAL),
	};

	(void)state;
	EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	job_syncs(&job, &sync, 1);
	EACH_WRONG(DRM_IOCTL_ASHLAR_SUBMIT, &a, &sync, w);
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_SUBMIT, &a), 0);
	queue_drain(&c, queue);
}

static void submit_takes_those_before(void **state)
{
	struct drm_ashlar_job *job = (void *)((uint8_t *)cliff() + PAGE);
	struct drm_ashlar_submit a;

	(void)state;
	job -= 3;
	for (int i = 0; i < 3; i++)
		job[i] = job_nop();
	a = (struct drm_ashlar_submit){
		.queue = queue,
		.jobs = { sizeof(*job), 4, (uintptr_t)job },
	};
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_SUBMIT, &a), -EFAULT);
	EXPECT(a.accepted, 3);
	EXPECT(a.seqno, 3);
	job[1].flags = 1;
	a = (struct drm_ashlar_submit){
		.queue = queue,
		.jobs = { sizeof(*job), 3, (uintptr_t)job },
	};
	EXPECT(call_once(c.fd, DRM_IOCTL_ASHLAR_SUBMIT, &a), -EINVAL);
	EXPECT(a.accepted, 1);
	EXPECT(a.seqno, 4);
	queue_drain(&c, queue);
}

/* --- Structures, names --------------------------------------------------------------------------- */

static void structures_that_are_not_there(void **state)
{
	static const unsigned long requests[] = {
		DRM_IOCTL_ASHLAR_DEV_QUERY,    DRM_IOCTL_ASHLAR_BO_CREATE,
		DRM_IOCTL_ASHLAR_BO_QUERY,     DRM_IOCTL_ASHLAR_VM_BIND,
		DRM_IOCTL_ASHLAR_QUEUE_CREATE, DRM_IOCTL_ASHLAR_QUEUE_DESTROY,
		DRM_IOCTL_ASHLAR_QUEUE_QUERY,  DRM_IOCTL_ASHLAR_QUEUE_RESULTS,
		DRM_IOCTL_ASHLAR_SUBMIT,
	};
	static const uint64_t addresses[] = { 0, NOWHERE, KERNEL_ADDRESS,
					      LAST_ADDRESS };
	struct trace before = trace_now(), after;

	(void)state;
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		for (size_t n = 0; n < 4; n++)
			EXPECT(call_once(c.fd, requests[i],
					 (void *)(uintptr_t)addresses[n]),
			       -EFAULT);
	after = trace_now();
	EXPECT(memcmp(&before, &after, sizeof(before)), 0);
	/* The next number is nobody's. */
	CHECK(call_once(c.fd, DRM_IOWR(DRM_COMMAND_BASE + 9, uint64_t),
			&before) < 0);
}

static void read_only_memory_is_not_written(void **state)
{
	void *p =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct drm_ashlar_job nop = job_nop();

	(void)state;
	CHECK(p != MAP_FAILED);
	EXPECT(dev_query(c.fd, DRM_ASHLAR_QUERY_DEVICE, p, 64), -EFAULT);
	EXPECT(dev_query(c.fd, DRM_ASHLAR_QUERY_STATE, p, 64), -EFAULT);
	EXPECT(run(&c, queue, &nop, NULL), DRM_ASHLAR_JOB_OK);
	EXPECT(queue_results(c.fd, queue, 1, 1, p), -EFAULT);
	EXPECT(*(uint64_t *)p, 0);
	EXPECT(munmap(p, PAGE), 0);
}

static void names_belong_to_a_file(void **state)
{
	struct card other;
	struct drm_ashlar_queue_query q;
	struct drm_ashlar_job nop = job_nop();
	struct drm_ashlar_sync sync = { .flags = DRM_ASHLAR_SYNC_SIGNAL };
	uint32_t handle, again;

	(void)state;
	card_open(&other);
	EXPECT(queue_query(other.fd, queue, &q), -ENOENT);
	EXPECT(queue_destroy(other.fd, queue), -ENOENT);
	EXPECT(submit(other.fd, queue, &nop, 1, NULL, NULL), -ENOENT);
	/* The other file has one buffer, this one at least two. */
	CHECK(b.handle != other.code);
	EXPECT(vm_map(other.fd, b.handle, 0, card_va(&other, PAGE), PAGE, 0),
	       -ENOENT);
	EXPECT(bo_mmap(other.fd, b.handle) == NULL ? -errno : 0, -ENOENT);
	EXPECT(sync_create(c.fd, &sync.handle), 0);
	EXPECT(queue_create(other.fd, 1, 2, &handle), 0);
	job_syncs(&nop, &sync, 1);
	EXPECT(submit(other.fd, handle, &nop, 1, NULL, NULL), -ENOENT);
	card_close(&other);

	/* A closed handle is nobody's, and then another buffer's. */
	EXPECT(bo_create(c.fd, PAGE, 0, &handle), 0);
	EXPECT(bo_close(c.fd, handle), 0);
	EXPECT(bo_close(c.fd, handle), -EINVAL);
	EXPECT(vm_map(c.fd, handle, 0, card_va(&c, PAGE), PAGE, 0), -ENOENT);
	EXPECT(bo_create(c.fd, 3 * PAGE, 0, &again), 0);
	EXPECT(again, handle);
	EXPECT(vm_map(c.fd, again, 2 * PAGE, card_va(&c, PAGE), PAGE, 0), 0);
	EXPECT(bo_close(c.fd, again), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(dev_query_refuses),
		TEST(dev_query_sizes),
		TEST(time_goes_on),
		TEST(device_tells_the_truth),
		TEST(bo_create_refuses),
		TEST(bo_query_refuses),
		TEST(vm_bind_refuses),
		TEST(vm_bind_does_what_it_can),
		TEST(elements_may_grow),
		TEST(queue_ioctls_refuse),
		TEST(queue_results_refuses),
		TEST(submit_refuses),
		TEST(submit_refuses_a_nop_that_is_more),
		TEST(submit_refuses_bad_syncs),
		TEST(submit_refuses_bad_waits_for_jobs),
		TEST(submit_takes_those_before),
		TEST(structures_that_are_not_there),
		TEST(read_only_memory_is_not_written),
		TEST(names_belong_to_a_file),
	};

	guard(100);
	return RUN_COUNTED(tests);
}
