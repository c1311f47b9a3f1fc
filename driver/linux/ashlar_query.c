// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* DEV_QUERY. */
#include <linux/uaccess.h>

#include "ashlar_device.h"

static int give(struct drm_ashlar_dev_query *query, const void *from, size_t bytes)
{
	void __user *to = u64_to_user_ptr(query->pointer);
	size_t n = min_t(size_t, query->size, bytes);

	if (!query->pointer) {
		query->size = bytes;
		return 0;
	}
	if (copy_to_user(to, from, n))
		return -EFAULT;
	if (query->size > n && clear_user(to + n, query->size - n))
		return -EFAULT;
	query->size = bytes;
	return 0;
}

static int query_device(struct ashlar_device *adev,
			struct drm_ashlar_dev_query *query)
{
	const struct ashlar_dev *core = &adev->core;
	const struct drm_ashlar_device device = {
		.platform = core->platform,
		.hw_version = core->hw_version,
		.firmware_version = core->info.firmware_version,
		.control_abi = core->control_abi,
		.job_abi = core->job_abi,
		.kernel_abi = core->kernel_abi,
		.tiles = core->info.tiles,
		.clock_khz = adev->clock_khz,
		.max_queues = core->info.queues,
		.max_contexts = core->info.contexts,
		.max_queue_depth = 1u << core->info.max_depth_log2,
		.max_arg_bytes = ASHLAR_ARG_MAX,
		.max_jobs = ASHLAR_MAX_JOBS,
		.max_syncs = ASHLAR_MAX_SYNCS,
		.max_binds = ASHLAR_MAX_BINDS,
		.page_bytes = ASHLAR_PAGE,
		.large_page_bytes = ASHLAR_PAGE_LARGE,
		.va_start = ASHLAR_PAGE_LARGE,
		.va_end = ashlar_va_end(adev),
		.memory_bytes = core->mem_bytes,
		.kernel_abi_min = core->info.kernel.min,
		.max_pending = ASHLAR_MAX_PENDING,
	};

	return give(query, &device, sizeof(device));
}

static int query_state(struct ashlar_device *adev,
		       struct drm_ashlar_dev_query *query)
{
	struct drm_ashlar_state state = {};
	struct ashlar_telemetry t = {};
	int err, idx;

	if (!query->pointer)
		return give(query, &state, sizeof(state));

	err = ashlar_enter(adev, &idx);
	if (err)
		return err;
	err = ashlar_dev_telemetry(&adev->core, &t);
	state.cycles = ashlar_dev_cycles(&adev->core);
	ashlar_reset_check(adev);
	ashlar_leave(adev, idx);
	if (err)
		return err;

	state.heartbeat = t.heartbeat;
	state.memory_free = ashlar_dev_mem_left(&adev->core);
	state.resets = READ_ONCE(adev->resets);
	state.jobs_completed = t.jobs_completed;
	state.jobs_failed = t.jobs_failed;
	state.tiles_busy = t.tiles_busy;
	state.bad_requests = t.bad_requests;
	return give(query, &state, sizeof(state));
}

static int query_time(struct ashlar_device *adev,
		      struct drm_ashlar_dev_query *query)
{
	u64 cycles = 0;
	int err, idx;

	if (query->pointer) {
		err = ashlar_enter(adev, &idx);
		if (err)
			return err;
		cycles = ashlar_dev_cycles(&adev->core);
		if (cycles == U64_MAX)
			err = ashlar_dev_alive(&adev->core);
		ashlar_reset_check(adev);
		ashlar_leave(adev, idx);
		if (err)
			return err;
	}
	return give(query, &cycles, sizeof(cycles));
}

int ashlar_ioctl_dev_query(struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	struct ashlar_device *adev = to_ashlar(drm);
	struct drm_ashlar_dev_query *query = data;

	switch (query->type) {
	case DRM_ASHLAR_QUERY_DEVICE:
		return query_device(adev, query);
	case DRM_ASHLAR_QUERY_DTB:
		return give(query, adev->dtb, adev->core.dtb_bytes);
	case DRM_ASHLAR_QUERY_STATE:
		return query_state(adev, query);
	case DRM_ASHLAR_QUERY_TIME:
		return query_time(adev, query);
	default:
		return -EINVAL;
	}
}
