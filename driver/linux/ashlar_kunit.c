// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * KUnit tests of what needs no board: checks of arguments, errors, and the core
 * as the kernel's compiler and memory checkers see it. In the module only when it
 * is built with ASHLAR_KUNIT=y.
 */
#include <kunit/test.h>
#include <linux/dma-fence-array.h>
#include <linux/dma-fence-chain.h>

#include "ashlar_device.h"
#include "ashlar_regs.h"

/* --- Errors ------------------------------------------------------------------- */

static void statuses_have_errors(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_OK), 0);
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_EXIT), -EREMOTEIO);
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_FAULT), -EFAULT);
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_TIMEOUT), -ETIME);
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_CANCELLED),
			-ECANCELED);
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(ASHLAR_JOB_BAD), -EINVAL);
	/* No success by mistake. */
	KUNIT_EXPECT_EQ(test, ashlar_fence_error(~0u), -ECANCELED);
}

/* User space knows the board's numbers under names of its own. */
static void statuses_are_the_same(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_OK, ASHLAR_JOB_OK);
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_EXIT, ASHLAR_JOB_EXIT);
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_FAULT, ASHLAR_JOB_FAULT);
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_TIMEOUT, ASHLAR_JOB_TIMEOUT);
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_CANCELLED,
			ASHLAR_JOB_CANCELLED);
	KUNIT_EXPECT_EQ(test, (u32)DRM_ASHLAR_JOB_BAD, ASHLAR_JOB_BAD);
}

static void faults_have_words(struct kunit *test)
{
	struct ashlar_completion c = {
		.status = ASHLAR_JOB_FAULT,
		.fault_unit = ASHLAR_TILE_FAULT_UNIT_STORE,
		.fault_cause = ASHLAR_TILE_FAULT_CAUSE_PAGE_INVALID,
		.fault_addr = 0x12345678,
	};
	char text[200], small[8];

	ashlar_fault_text(text, sizeof(text), "kernel", &c);
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "store DMA"));
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, "0x12345678"));
	/* A small buffer has an end; the address checker sees what is behind. */
	ashlar_fault_text(small, sizeof(small), "kernel", &c);
	KUNIT_EXPECT_LT(test, strnlen(small, sizeof(small)), sizeof(small));
}

/* --- Fences -------------------------------------------------------------------- */

static const char *fence_name(struct dma_fence *fence)
{
	return "kunit";
}

static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_name,
	.get_timeline_name = fence_name,
};

static DEFINE_SPINLOCK(fence_lock);

/* One that has signalled. */
static struct dma_fence *fence_with(struct kunit *test, int err)
{
	struct dma_fence *fence = kzalloc_obj(*fence, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, fence);
	dma_fence_init(fence, &fence_ops, &fence_lock,
		       dma_fence_context_alloc(1), 1);
	if (err)
		dma_fence_set_error(fence, err);
	dma_fence_signal(fence);
	return fence;
}

static struct dma_fence *point_after(struct kunit *test, struct dma_fence *prev,
				     u64 point, int err)
{
	struct dma_fence_chain *chain = dma_fence_chain_alloc();

	KUNIT_ASSERT_NOT_NULL(test, chain);
	dma_fence_chain_init(chain, prev, fence_with(test, err), point);
	return &chain->base;
}

static void a_fence_fails(struct kunit *test)
{
	struct dma_fence *good = fence_with(test, 0);
	struct dma_fence *bad = fence_with(test, -EREMOTEIO);

	KUNIT_EXPECT_FALSE(test, ashlar_fence_failed(good));
	KUNIT_EXPECT_TRUE(test, ashlar_fence_failed(bad));
	dma_fence_put(good);
	dma_fence_put(bad);
}

static void a_point_fails_for_itself(struct kunit *test)
{
	struct dma_fence *chain = point_after(test, NULL, 1, -ETIME);

	KUNIT_EXPECT_TRUE(test, ashlar_fence_failed(chain));
	chain = point_after(test, chain, 2, 0);
	KUNIT_EXPECT_FALSE(test, ashlar_fence_failed(chain));
	chain = point_after(test, chain, 3, -EFAULT);
	KUNIT_EXPECT_TRUE(test, ashlar_fence_failed(chain));
	dma_fence_put(chain);
}

/* Any of a set; also when nobody has asked the set to signal. */
static void a_set_fails_with_one(struct kunit *test)
{
	int bad;

	for (bad = 0; bad < 4; bad++) {
		struct dma_fence **parts = kcalloc(3, sizeof(*parts), GFP_KERNEL);
		struct dma_fence_array *array;
		int i;

		KUNIT_ASSERT_NOT_NULL(test, parts);
		for (i = 0; i < 3; i++)
			parts[i] = fence_with(test, i == bad ? -EIO : 0);
		array = dma_fence_array_create(3, parts,
					       dma_fence_context_alloc(1), 1);
		KUNIT_ASSERT_NOT_NULL(test, array);
		KUNIT_EXPECT_EQ(test, ashlar_fence_failed(&array->base), bad < 3);
		dma_fence_put(&array->base);
	}
}

/* --- Arguments -------------------------------------------------------------------- */

static void syncs_are_checked(struct kunit *test)
{
	/* Flags that are allowed; the second half with a point. */
	static const u32 good[] = {
		0,
		DRM_ASHLAR_SYNC_SUCCESS,
		DRM_ASHLAR_SYNC_SIGNAL,
		DRM_ASHLAR_SYNC_TIMELINE,
		DRM_ASHLAR_SYNC_TIMELINE | DRM_ASHLAR_SYNC_SUCCESS,
		DRM_ASHLAR_SYNC_TIMELINE | DRM_ASHLAR_SYNC_SIGNAL,
		DRM_ASHLAR_SYNC_QUEUE,
		DRM_ASHLAR_SYNC_QUEUE | DRM_ASHLAR_SYNC_SUCCESS,
	};
	u32 flags, i;

	for (flags = 0; flags < 64; flags++) {
		struct drm_ashlar_sync sync = { .flags = flags };
		bool zero = false, point = false;

		for (i = 0; i < ARRAY_SIZE(good); i++) {
			zero |= flags == good[i] && i < 3;
			point |= flags == good[i] && i >= 3;
		}
		KUNIT_EXPECT_EQ_MSG(test, ashlar_sync_check(&sync),
				    zero ? 0 : -EINVAL, "flags %u", flags);
		sync.point = U64_MAX;
		KUNIT_EXPECT_EQ_MSG(test, ashlar_sync_check(&sync),
				    point ? 0 : -EINVAL, "flags %u", flags);
	}
}

static int array_with(u32 stride, u32 count)
{
	const struct drm_ashlar_array array = { .stride = stride, .count = count };

	return ashlar_array_check(&array, 32, 100);
}

static void arrays_are_checked(struct kunit *test)
{
	KUNIT_EXPECT_EQ(test, array_with(32, 1), 0);
	KUNIT_EXPECT_EQ(test, array_with(40, 100), 0);
	KUNIT_EXPECT_EQ(test, array_with(PAGE_SIZE, 100), 0);
	KUNIT_EXPECT_EQ(test, array_with(32, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, array_with(32, 101), -EINVAL);
	KUNIT_EXPECT_EQ(test, array_with(24, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, array_with(36, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, array_with(PAGE_SIZE + 8, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, array_with(~7u, ~0u), -EINVAL);
}

static void jobs_are_checked(struct kunit *test)
{
	struct drm_ashlar_job job = { .kind = DRM_ASHLAR_JOB_NOP, .tag = 5 };

	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), 0);
	job.grid[2] = 1;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
	job.kind = DRM_ASHLAR_JOB_KERNEL;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
	job.tiles = ~0u;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), 0);
	job.args = 8;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
	job.arg_bytes = ASHLAR_ARG_MAX;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), 0);
	job.arg_bytes++;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
	job.arg_bytes = 4;
	job.flags = 1;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
	job.flags = 0;
	job.kind = DRM_ASHLAR_JOB_KERNEL + 1;
	KUNIT_EXPECT_EQ(test, ashlar_job_check(&job), -EINVAL);
}

#define END (4ull << 30)

static int map_at(u64 va, u64 range)
{
	const struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_MAP,
		.handle = 1,
		.va = va,
		.range = range,
	};

	return ashlar_bind_check(&op, END);
}

static void binds_stay_in_range(struct kunit *test)
{
	const u64 start = ASHLAR_PAGE_LARGE, page = ASHLAR_PAGE;

	KUNIT_EXPECT_EQ(test, map_at(start, page), 0);
	KUNIT_EXPECT_EQ(test, map_at(start, END - start), 0);
	KUNIT_EXPECT_EQ(test, map_at(END - page, page), 0);
	KUNIT_EXPECT_EQ(test, map_at(start - page, page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(start, END - start + page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(END - page, 2 * page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(END, page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(start, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(start, 0 - page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(0 - page, page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(start + 1, page), -EINVAL);
	KUNIT_EXPECT_EQ(test, map_at(start, page + 1), -EINVAL);
}

static void unmapping_names_no_buffer(struct kunit *test)
{
	struct drm_ashlar_bind_op op = {
		.op = DRM_ASHLAR_BIND_UNMAP,
		.va = ASHLAR_PAGE_LARGE,
		.range = ASHLAR_PAGE,
	};

	KUNIT_EXPECT_EQ(test, ashlar_bind_check(&op, END), 0);
	op.handle = 1;
	KUNIT_EXPECT_EQ(test, ashlar_bind_check(&op, END), -EINVAL);
	op.handle = 0;
	op.flags = DRM_ASHLAR_BIND_READ_ONLY;
	KUNIT_EXPECT_EQ(test, ashlar_bind_check(&op, END), -EINVAL);
	op.op = DRM_ASHLAR_BIND_MAP;
	KUNIT_EXPECT_EQ(test, ashlar_bind_check(&op, END), 0);
	op.op = DRM_ASHLAR_BIND_UNMAP + 1;
	KUNIT_EXPECT_EQ(test, ashlar_bind_check(&op, END), -EINVAL);
}

static void addresses_grow_with_memory(struct kunit *test)
{
	struct ashlar_device *adev =
		kunit_kzalloc(test, sizeof(*adev), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, adev);
	adev->core.mem_bytes = 16ull << 20;
	KUNIT_EXPECT_EQ(test, ashlar_va_end(adev),
			(4ull << 30) - ASHLAR_DRIVER_VA_BYTES);
	adev->core.mem_bytes = 2ull << 30;
	KUNIT_EXPECT_EQ(test, ashlar_va_end(adev),
			(8ull << 30) - ASHLAR_DRIVER_VA_BYTES);
	adev->core.mem_bytes = 1ull << 46;
	KUNIT_EXPECT_EQ(test, ashlar_va_end(adev),
			(u64)ASHLAR_VM_ENTRIES_MAX * ASHLAR_PAGE_LARGE -
				ASHLAR_DRIVER_VA_BYTES);
}

/* --- Core -------------------------------------------------------------------------- */

static void ranges_come_back(struct kunit *test)
{
	const u64 page = ASHLAR_PAGE;
	struct ashlar_node node[8] = {};
	struct ashlar_range range;
	u32 i;

	KUNIT_EXPECT_EQ(test, ashlar_range_init(&range, 0 - page, 2 * page),
			-EINVAL);
	KUNIT_ASSERT_EQ(test, ashlar_range_init(&range, page, 8 * page), 0);
	for (i = 0; i < 8; i++) {
		KUNIT_ASSERT_EQ(test,
				ashlar_range_alloc(&range, &node[i], page, page),
				0);
		KUNIT_EXPECT_EQ(test, node[i].start, (i + 1) * page);
	}
	KUNIT_EXPECT_EQ(test, ashlar_range_left(&range), 0);
	/* Two holes of one page, then one of two. */
	ashlar_range_free(&range, &node[2]);
	ashlar_range_free(&range, &node[5]);
	KUNIT_EXPECT_EQ(test,
			ashlar_range_alloc(&range, &node[2], 2 * page, page),
			-ENOSPC);
	ashlar_range_free(&range, &node[4]);
	KUNIT_EXPECT_EQ(test,
			ashlar_range_alloc(&range, &node[2], 2 * page, page), 0);
	KUNIT_EXPECT_EQ(test, node[2].start, 5 * page);
	for (i = 0; i < 8; i++)
		ashlar_range_free(&range, &node[i]);
	KUNIT_EXPECT_EQ(test, ashlar_range_left(&range), 8 * page);
}

static struct kunit_case cases[] = { KUNIT_CASE(statuses_have_errors),
				     KUNIT_CASE(statuses_are_the_same),
				     KUNIT_CASE(faults_have_words),
				     KUNIT_CASE(a_fence_fails),
				     KUNIT_CASE(a_point_fails_for_itself),
				     KUNIT_CASE(a_set_fails_with_one),
				     KUNIT_CASE(syncs_are_checked),
				     KUNIT_CASE(arrays_are_checked),
				     KUNIT_CASE(jobs_are_checked),
				     KUNIT_CASE(binds_stay_in_range),
				     KUNIT_CASE(unmapping_names_no_buffer),
				     KUNIT_CASE(addresses_grow_with_memory),
				     KUNIT_CASE(ranges_come_back),
				     {} };

static struct kunit_suite suite = {
	.name = "ashlar",
	.test_cases = cases,
};

kunit_test_suite(suite);
