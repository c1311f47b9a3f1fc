// SPDX-License-Identifier: MIT
/* Buffers, their mappings, and the device's addresses of them. */
#include "guest.h"

#include <sys/mman.h>
#include <sys/resource.h>

#define LOCAL  DRM_ASHLAR_BO_LOCAL
#define NORMAL DRM_ASHLAR_PRIORITY_NORMAL

static struct card c;
static uint32_t queue;

static int setup(void **state)
{
	(void)state;
	card_open(&c);
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	card_close(&c);
	return 0;
}

static struct drm_ashlar_bo_query bo(uint32_t handle)
{
	struct drm_ashlar_bo_query q = { .handle = handle };

	EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_BO_QUERY, &q), 0);
	return q;
}

/* What a kernel reads at an address; it must be mapped. */
static uint32_t device_reads(uint64_t va)
{
	static struct buf b;
	struct guest_args args;
	struct drm_ashlar_job job;
	uint32_t value;

	buf_new(&c, &b, PAGE, 0);
	args = (struct guest_args){ .from = va, .to = b.va, .bytes = 4 };
	job = job_with(&c, "copy", &args);
	EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
	value = *(volatile uint32_t *)b.cpu;
	buf_free(&c, &b);
	return value;
}

static uint32_t device_writes(uint64_t va, uint32_t value)
{
	struct guest_args args = { .to = va, .value = value };
	struct drm_ashlar_job job = job_with(&c, "put", &args);

	return run(&c, queue, &job, NULL);
}

/* A queue that lives, after a fault. */
static void restart(void)
{
	EXPECT(queue_destroy(c.fd, queue), 0);
	EXPECT(queue_create(c.fd, NORMAL, 4, &queue), 0);
}

/* --- Buffers and mmap ---------------------------------------------------------------- */

static void both_kinds(void (*test)(uint32_t flags))
{
	test(0);
	test(LOCAL);
}

static void check_size(uint32_t flags)
{
	static const uint64_t sizes[] = { 1,	 4095,	4096,  4097,
					  12345, 65537, LARGE, LARGE + 1 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct drm_ashlar_bo_create a = { .size = sizes[i],
						  .flags = flags };
		uint64_t pages = (sizes[i] + PAGE - 1) / PAGE;
		struct drm_ashlar_bo_query q;
		volatile uint32_t *cpu;

		EXPECT(call(c.fd, DRM_IOCTL_ASHLAR_BO_CREATE, &a), 0);
		EXPECT(a.size, pages * PAGE);
		q = bo(a.handle);
		EXPECT(q.size, pages * PAGE);
		EXPECT(q.flags, flags);
		cpu = bo_mmap(c.fd, a.handle);
		CHECK(cpu);
		for (uint64_t p = 0; p < pages; p++) {
			EXPECT(cpu[p * 1024], 0);
			EXPECT(cpu[p * 1024 + 1023], 0);
			cpu[p * 1024] = cpu[p * 1024 + 1023] = 0x5a5a0000 + p;
		}
		for (uint64_t p = 0; p < pages; p++)
			EXPECT(cpu[p * 1024 + 1023], 0x5a5a0000 + p);
		EXPECT(munmap((void *)(uintptr_t)cpu, q.size), 0);
		EXPECT(bo_close(c.fd, a.handle), 0);
	}
}

static void buffers_are_rounded_up_and_zero(void **state)
{
	(void)state;
	both_kinds(check_size);
}

static void check_late(uint32_t flags)
{
	struct buf b;
	volatile uint32_t *cpu;

	/* By the handle, the mapping, the device: each keeps the buffer. */
	buf_new(&c, &b, 2 * PAGE, flags);
	cpu = b.cpu;
	cpu[1024] = 4711;
	EXPECT(bo_close(c.fd, b.handle), 0);
	EXPECT(cpu[1024], 4711);
	EXPECT(device_reads(b.va + PAGE), 4711);
	EXPECT(vm_unmap(c.fd, b.va, b.bytes), 0);
	EXPECT(cpu[1024], 4711);
	cpu[0] = 4712;
	EXPECT(cpu[0], 4712);
	EXPECT(munmap(b.cpu, b.bytes), 0);
}

static void a_buffer_lives_while_it_is_used(void **state)
{
	(void)state;
	both_kinds(check_late);
}

static void check_closed(uint32_t flags)
{
	struct card own;
	struct buf b;
	volatile uint32_t *cpu;

	card_open(&own);
	buf_new(&own, &b, 2 * PAGE, flags);
	cpu = b.cpu;
	cpu[1] = 77;
	card_close(&own);
	/* Also a page that was not touched before. */
	EXPECT(cpu[1], 77);
	EXPECT(cpu[1024], 0);
	cpu[1025] = 78;
	EXPECT(cpu[1025], 78);
	EXPECT(munmap(b.cpu, b.bytes), 0);
}

static void a_mapping_outlives_its_file(void **state)
{
	(void)state;
	both_kinds(check_closed);
}

static void change_it(void *arg)
{
	volatile uint32_t *cpu = arg;

	EXPECT(cpu[0], 1);
	cpu[0] = 2;
	cpu[1024] = 3;
}

static void check_fork(uint32_t flags)
{
	struct buf b;
	volatile uint32_t *cpu;

	buf_new(&c, &b, 2 * PAGE, flags);
	cpu = b.cpu;
	cpu[0] = 1;
	child_ok(child(change_it, b.cpu));
	EXPECT(cpu[0], 2);
	EXPECT(cpu[1024], 3);
	buf_free(&c, &b);
}

static void a_child_shares_mappings(void **state)
{
	(void)state;
	both_kinds(check_fork);
}

static void mappings_may_be_partial(void **state)
{
	static const uint32_t kinds[] = { 0, LOCAL };
	uint32_t handle;

	(void)state;
	for (int k = 0; k < 2; k++) {
		struct drm_ashlar_bo_query q;
		volatile uint32_t *all, *some;

		EXPECT(bo_create(c.fd, 8 * PAGE, kinds[k], &handle), 0);
		q = bo(handle);
		all = bo_mmap(c.fd, handle);
		CHECK(all);
		some = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c.fd,
			    (off_t)q.mmap_offset);
		CHECK(some != MAP_FAILED);
		all[0] = 9;
		EXPECT(some[0], 9);
		EXPECT(munmap((void *)(uintptr_t)some, PAGE), 0);
		/* More than there is, or another's offset, is refused. */
		CHECK(mmap(NULL, 9 * PAGE, PROT_READ, MAP_SHARED, c.fd,
			   (off_t)q.mmap_offset) == MAP_FAILED);
		CHECK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, c.fd,
			   (off_t)(q.mmap_offset + (1ull << 40))) ==
		      MAP_FAILED);
		EXPECT(munmap((uint8_t *)(uintptr_t)all + 2 * PAGE, 3 * PAGE),
		       0);
		all[7 * 1024] = 10;
		EXPECT(all[7 * 1024], 10);
		EXPECT(munmap((void *)(uintptr_t)all, 2 * PAGE), 0);
		EXPECT(munmap((uint8_t *)(uintptr_t)all + 5 * PAGE, 3 * PAGE),
		       0);
		EXPECT(bo_close(c.fd, handle), 0);
	}
	/* A copy on write of board memory there cannot be. */
	EXPECT(bo_create(c.fd, PAGE, LOCAL, &handle), 0);
	CHECK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, c.fd,
		   (off_t)bo(handle).mmap_offset) == MAP_FAILED);
	EXPECT(bo_close(c.fd, handle), 0);
}

static void some_are_never_mapped(void **state)
{
	static const uint32_t kinds[] = { DRM_ASHLAR_BO_NO_MMAP,
					  DRM_ASHLAR_BO_NO_MMAP | LOCAL };

	(void)state;
	for (int k = 0; k < 2; k++) {
		uint64_t va = card_va(&c, PAGE);
		uint32_t handle;

		EXPECT(bo_create(c.fd, PAGE, kinds[k], &handle), 0);
		EXPECT(bo(handle).flags, kinds[k]);
		EXPECT(bo(handle).mmap_offset, 0);
		CHECK(!bo_mmap(c.fd, handle));
		EXPECT(vm_map(c.fd, handle, 0, va, PAGE, 0), 0);
		EXPECT(device_reads(va), 0);
		EXPECT(device_writes(va, 55), DRM_ASHLAR_JOB_OK);
		EXPECT(device_reads(va), 55);
		EXPECT(vm_unmap(c.fd, va, PAGE), 0);
		EXPECT(bo_close(c.fd, handle), 0);
	}
}

/* --- Limits ----------------------------------------------------------------------------- */

static void board_memory_runs_out_and_comes_back(void **state)
{
	enum { MANY = 64 };
	uint64_t before = state_of(c.fd).memory_free;
	uint32_t handle[MANY], n;

	(void)state;
	for (int again = 0; again < 2; again++) {
		int err = 0;

		for (n = 0; n < MANY && !err; n++)
			err = bo_create(c.fd, c.dev.memory_bytes / 32,
					LOCAL | DRM_ASHLAR_BO_NO_MMAP,
					&handle[n]);
		EXPECT(err, -ENOSPC);
		n--;
		CHECK(n >= 20 && n < 32);
		/* What is there goes on. */
		EXPECT(device_writes(c.code_va, 0), DRM_ASHLAR_JOB_FAULT);
		restart();
		while (n--)
			EXPECT(bo_close(c.fd, handle[n]), 0);
		EXPECT(state_of(c.fd).memory_free, before);
	}
	card_computes(&c);
}

static void as_plain_user(void *arg)
{
	struct rlimit limit = { 64 * PAGE, 64 * PAGE };
	struct card own;
	struct buf b;
	uint32_t handle;

	(void)arg;
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit));
	card_open(&own);
	/* A user of whom nothing else runs. */
	CHECK(!setresgid(64123, 64123, 64123));
	CHECK(!setresuid(64123, 64123, 64123));
	for (int again = 0; again < 3; again++) {
		EXPECT(bo_create(own.fd, 65 * PAGE, 0, &handle), 0);
		EXPECT(vm_map(own.fd, handle, 0, card_va(&own, 65 * PAGE),
			      65 * PAGE, 0),
		       -EDQUOT);
		EXPECT(bo_close(own.fd, handle), 0);
		/* 64 are allowed, in pieces, and counted once each. */
		buf_new(&own, &b, 40 * PAGE, 0);
		EXPECT(bo_create(own.fd, 24 * PAGE, 0, &handle), 0);
		EXPECT(vm_map(own.fd, handle, 0, card_va(&own, 24 * PAGE),
			      24 * PAGE, 0),
		       0);
		EXPECT(vm_map(own.fd, handle, 0, own.next_va, PAGE, 0),
		       -EDQUOT);
		/* Board memory is not counted. */
		EXPECT(vm_unmap(own.fd, own.next_va - 24 * PAGE, 24 * PAGE), 0);
		EXPECT(bo_close(own.fd, handle), 0);
		EXPECT(bo_create(own.fd, 100 * PAGE, LOCAL, &handle), 0);
		EXPECT(vm_map(own.fd, handle, 0, own.next_va, 100 * PAGE, 0),
		       0);
		EXPECT(vm_unmap(own.fd, own.next_va, 100 * PAGE), 0);
		EXPECT(bo_close(own.fd, handle), 0);
		buf_free(&own, &b);
	}
	card_computes(&own);
}

static void pinned_memory_is_limited(void **state)
{
	(void)state;
	/* Twice: a process that ends gives all back. */
	child_ok(child(as_plain_user, NULL));
	child_ok(child(as_plain_user, NULL));
}

/* --- Addresses ----------------------------------------------------------------------------- */

static void offsets_into_buffers(void **state)
{
	static const uint32_t kinds[] = { 0, LOCAL };

	(void)state;
	for (int k = 0; k < 2; k++) {
		uint64_t va = card_va(&c, 8 * PAGE);
		volatile uint32_t *cpu;
		uint32_t handle;

		EXPECT(bo_create(c.fd, 8 * PAGE, kinds[k], &handle), 0);
		cpu = bo_mmap(c.fd, handle);
		CHECK(cpu);
		for (uint32_t p = 0; p < 8; p++)
			cpu[p * 1024] = 100 + p;
		/* Pages in another order, one of them twice. */
		EXPECT(vm_map(c.fd, handle, 7 * PAGE, va, PAGE, 0), 0);
		EXPECT(vm_map(c.fd, handle, 2 * PAGE, va + PAGE, 3 * PAGE, 0),
		       0);
		EXPECT(vm_map(c.fd, handle, 7 * PAGE, va + 4 * PAGE, PAGE, 0),
		       0);
		EXPECT(device_reads(va), 107);
		EXPECT(device_reads(va + PAGE), 102);
		EXPECT(device_reads(va + 3 * PAGE), 104);
		EXPECT(device_reads(va + 4 * PAGE), 107);
		EXPECT(device_writes(va + 4 * PAGE, 5), DRM_ASHLAR_JOB_OK);
		EXPECT(device_reads(va), 5);
		EXPECT(cpu[7 * 1024], 5);

		/* Part of one is refused, and then none has gone. */
		EXPECT(vm_unmap(c.fd, va, 2 * PAGE), -EINVAL);
		EXPECT(vm_unmap(c.fd, va + 2 * PAGE, 3 * PAGE), -EINVAL);
		EXPECT(vm_unmap(c.fd, va + 2 * PAGE, PAGE), -EINVAL);
		EXPECT(device_reads(va), 5);
		EXPECT(device_reads(va + 4 * PAGE), 5);
		EXPECT(vm_map(c.fd, handle, 0, va + 3 * PAGE, PAGE, 0),
		       -EEXIST);
		EXPECT(vm_map(c.fd, handle, 0, va - PAGE, 2 * PAGE, 0),
		       -EEXIST);
		/* Several in one range, which is larger. */
		EXPECT(vm_unmap(c.fd, va, 8 * PAGE), 0);
		EXPECT(vm_unmap(c.fd, va, 8 * PAGE), 0);
		EXPECT(vm_map(c.fd, handle, 0, va, 8 * PAGE, 0), 0);
		EXPECT(device_reads(va + 6 * PAGE), 106);
		EXPECT(vm_unmap(c.fd, va, 8 * PAGE), 0);
		EXPECT(munmap((void *)(uintptr_t)cpu, 8 * PAGE), 0);
		EXPECT(bo_close(c.fd, handle), 0);
	}
}

static void read_only_is_only_read(void **state)
{
	static const uint32_t kinds[] = { 0, LOCAL };

	(void)state;
	for (int k = 0; k < 2; k++) {
		uint64_t va = card_va(&c, 2 * PAGE);
		volatile uint32_t *cpu;
		uint32_t handle;

		EXPECT(bo_create(c.fd, PAGE, kinds[k], &handle), 0);
		cpu = bo_mmap(c.fd, handle);
		CHECK(cpu);
		cpu[0] = 31;
		EXPECT(vm_map(c.fd, handle, 0, va, PAGE,
			      DRM_ASHLAR_BIND_READ_ONLY),
		       0);
		EXPECT(vm_map(c.fd, handle, 0, va + PAGE, PAGE, 0), 0);
		EXPECT(device_reads(va), 31);
		EXPECT(device_writes(va, 32), DRM_ASHLAR_JOB_FAULT);
		restart();
		EXPECT(cpu[0], 31);
		EXPECT(device_writes(va + PAGE, 33), DRM_ASHLAR_JOB_OK);
		EXPECT(device_reads(va), 33);
		EXPECT(vm_unmap(c.fd, va, 2 * PAGE), 0);
		EXPECT(munmap((void *)(uintptr_t)cpu, PAGE), 0);
		EXPECT(bo_close(c.fd, handle), 0);
	}
}

/* One address, another buffer each time; a tile must not remember. */
static void an_address_changes_hands(void **state)
{
	enum { TIMES = 100 };
	struct buf to;
	uint64_t va = card_va(&c, PAGE);
	struct guest_args args;
	struct drm_ashlar_job job;

	(void)state;
	buf_new(&c, &to, PAGE, 0);
	args = (struct guest_args){ .from = va, .to = to.va, .bytes = 64 };
	job = job_with(&c, "copy", &args);
	for (uint32_t i = 0; i < TIMES; i++) {
		volatile uint32_t *cpu;
		uint32_t handle;

		EXPECT(bo_create(c.fd, PAGE, i % 3 ? LOCAL : 0, &handle), 0);
		cpu = bo_mmap(c.fd, handle);
		CHECK(cpu);
		cpu[3] = 1000 + i;
		EXPECT(vm_map(c.fd, handle, 0, va, PAGE, 0), 0);
		EXPECT(run(&c, queue, &job, NULL), DRM_ASHLAR_JOB_OK);
		EXPECT(((volatile uint32_t *)to.cpu)[3], 1000 + i);
		EXPECT(vm_unmap(c.fd, va, PAGE), 0);
		EXPECT(munmap((void *)(uintptr_t)cpu, PAGE), 0);
		EXPECT(bo_close(c.fd, handle), 0);
	}
	buf_free(&c, &to);
}

static void the_whole_range_of_addresses(void **state)
{
	uint64_t first, last = c.dev.va_end - PAGE;
	uint32_t handle;

	(void)state;
	/* Where the kernels are; move on by a large page. */
	first = c.dev.va_start + LARGE;
	EXPECT(bo_create(c.fd, 3 * LARGE, 0, &handle), 0);
	EXPECT(vm_map(c.fd, handle, 0, last, PAGE, 0), 0);
	EXPECT(vm_map(c.fd, handle, 0, first, 3 * LARGE, 0), 0);
	EXPECT(device_writes(last + 4092, 7), DRM_ASHLAR_JOB_OK);
	EXPECT(device_reads(first + 4092), 7);
	EXPECT(device_writes(first + 3 * LARGE - 4, 8), DRM_ASHLAR_JOB_OK);
	EXPECT(device_reads(first + 3 * LARGE - 4), 8);
	EXPECT(vm_unmap(c.fd, last, PAGE), 0);
	EXPECT(vm_unmap(c.fd, first, 3 * LARGE), 0);

	/* A large page of board memory. */
	EXPECT(bo_close(c.fd, handle), 0);
	EXPECT(bo_create(c.fd, LARGE, LOCAL | DRM_ASHLAR_BO_NO_MMAP, &handle),
	       0);
	EXPECT(vm_map(c.fd, handle, 0, first, LARGE, 0), 0);
	EXPECT(device_reads(first + LARGE - 4), 0);
	EXPECT(device_writes(first + LARGE - 4, 9), DRM_ASHLAR_JOB_OK);
	EXPECT(device_reads(first + LARGE - 4), 9);
	EXPECT(vm_unmap(c.fd, first, LARGE), 0);
	EXPECT(bo_close(c.fd, handle), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(buffers_are_rounded_up_and_zero),
		TEST(a_buffer_lives_while_it_is_used),
		TEST(a_mapping_outlives_its_file),
		TEST(a_child_shares_mappings),
		TEST(mappings_may_be_partial),
		TEST(some_are_never_mapped),
		TEST(board_memory_runs_out_and_comes_back),
		TEST(pinned_memory_is_limited),
		TEST(offsets_into_buffers),
		TEST(read_only_is_only_read),
		TEST(an_address_changes_hands),
		TEST(the_whole_range_of_addresses),
	};

	guard(100);
	return RUN_COUNTED(tests);
}
