// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* SUBMIT: from the user's structures to a job that the scheduler has. */
#include <linux/dma-fence-chain.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include <drm/drm_syncobj.h>

#include "ashlar_device.h"
#include "ashlar_trace.h"

int ashlar_array_check(const struct drm_ashlar_array *array, size_t least,
		       u32 most)
{
	if (!array->count || array->count > most)
		return -EINVAL;
	if (array->stride < least || array->stride % 8 ||
	    array->stride > PAGE_SIZE)
		return -EINVAL;
	return 0;
}

int ashlar_array_get(const struct drm_ashlar_array *array, u32 i, void *to,
		     size_t least, size_t bytes)
{
	u64 at = array->ptr + (u64)array->stride * i;
	int err = copy_struct_from_user(to, bytes, u64_to_user_ptr(at),
					array->stride);

	/* What a newer user space has set and this does not know. */
	return err == -E2BIG ? -EINVAL : err;
}

/* --- Syncobjs ------------------------------------------------------------------------- */

/* A syncobj to signal; all that can fail has been done. */
struct signal {
	struct drm_syncobj *syncobj;
	struct dma_fence_chain *chain; /* NULL: binary */
	u64 point;
};

struct signals {
	u32 count;
	struct signal signal[];
};

static void signals_free(struct signals *s)
{
	u32 i;

	if (!s)
		return;
	for (i = 0; i < s->count; i++) {
		dma_fence_chain_free(s->signal[i].chain);
		drm_syncobj_put(s->signal[i].syncobj);
	}
	kfree(s);
}

static int add_signal(struct drm_file *file, const struct drm_ashlar_sync *sync,
		      struct signals *s)
{
	struct signal *signal = &s->signal[s->count];

	signal->syncobj = drm_syncobj_find(file, sync->handle);
	if (!signal->syncobj)
		return -ENOENT;
	signal->chain = NULL;
	signal->point = sync->point;
	if (sync->flags & DRM_ASHLAR_SYNC_TIMELINE) {
		signal->chain = dma_fence_chain_alloc();
		if (!signal->chain) {
			drm_syncobj_put(signal->syncobj);
			return -ENOMEM;
		}
	}
	s->count++;
	return 0;
}

/* *fence NULL: there is nothing to wait for. */
static int find_job(struct drm_file *file, const struct drm_ashlar_sync *sync,
		    struct ashlar_sched_job *job, struct dma_fence **fence)
{
	struct ashlar_queue *q =
		ashlar_queue_find(file->driver_priv, sync->handle);
	bool success = sync->flags & DRM_ASHLAR_SYNC_SUCCESS;
	u32 status = DRM_ASHLAR_JOB_OK;
	int err;

	if (!q)
		return -ENOENT;
	err = ashlar_queue_job(q, sync->point, fence, &status);
	ashlar_queue_put(q);
	if (success && status != DRM_ASHLAR_JOB_OK)
		job->must_failed = true;
	/* How it ended is not known any more, but that it has. */
	return err == -ENODATA && !success ? 0 : err;
}

/*
 * The scheduler takes a job of the same queue for done once it has started,
 * unless it does not see what the fence is.
 */
static int wrap_own(struct ashlar_sched_job *job, struct dma_fence **fence)
{
	struct drm_sched_fence *s_fence = to_drm_sched_fence(*fence);
	struct dma_fence_chain *chain;

	if (!s_fence || s_fence->sched != job->queue->sched)
		return 0;
	chain = dma_fence_chain_alloc();
	if (!chain)
		return -ENOMEM;
	dma_fence_chain_init(chain, NULL, *fence, 1);
	*fence = &chain->base;
	return 0;
}

/* On success *fence may be another. */
static int must_succeed(struct ashlar_sched_job *job,
			const struct drm_ashlar_sync *sync,
			struct dma_fence **fence)
{
	struct dma_fence_chain *link = to_dma_fence_chain(*fence);
	struct dma_fence **must;

	/* What signalled the point has left the timeline, with its error. */
	if (sync->flags & DRM_ASHLAR_SYNC_TIMELINE &&
	    (!link || link->base.seqno < sync->point))
		return -ENODATA;
	must = krealloc_array(job->must, job->must_count + 1, sizeof(*must),
			      GFP_KERNEL_ACCOUNT);
	if (!must)
		return -ENOMEM;
	job->must = must;
	must[job->must_count++] = dma_fence_get(*fence);
	return wrap_own(job, fence);
}

static int add_wait(struct drm_file *file, const struct drm_ashlar_sync *sync,
		    struct ashlar_sched_job *job)
{
	struct dma_fence *fence = NULL;
	int err;

	if (sync->flags & DRM_ASHLAR_SYNC_QUEUE)
		err = find_job(file, sync, job, &fence);
	else
		err = drm_syncobj_find_fence(file, sync->handle, sync->point, 0,
					     &fence);
	if (err || !fence)
		return err;
	if (sync->flags & DRM_ASHLAR_SYNC_SUCCESS)
		err = must_succeed(job, sync, &fence);
	if (err) {
		dma_fence_put(fence);
		return err;
	}
	/* Takes the reference, also when it fails. */
	return drm_sched_job_add_dependency(&job->base, fence);
}

int ashlar_sync_check(const struct drm_ashlar_sync *sync)
{
	switch (sync->flags) {
	case 0:
	case DRM_ASHLAR_SYNC_SUCCESS:
	case DRM_ASHLAR_SYNC_SIGNAL:
		return sync->point ? -EINVAL : 0;
	case DRM_ASHLAR_SYNC_TIMELINE:
	case DRM_ASHLAR_SYNC_TIMELINE | DRM_ASHLAR_SYNC_SUCCESS:
	case DRM_ASHLAR_SYNC_TIMELINE | DRM_ASHLAR_SYNC_SIGNAL:
	case DRM_ASHLAR_SYNC_QUEUE:
	case DRM_ASHLAR_SYNC_QUEUE | DRM_ASHLAR_SYNC_SUCCESS:
		return sync->point ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

static int add_syncs(struct drm_file *file, const struct drm_ashlar_array *syncs,
		     struct ashlar_sched_job *job, struct signals **out)
{
	const size_t least = sizeof(struct drm_ashlar_sync);
	struct signals *s;
	u32 i;
	int err;

	*out = NULL;
	if (!syncs->count)
		return syncs->stride || syncs->ptr ? -EINVAL : 0;
	err = ashlar_array_check(syncs, least, ASHLAR_MAX_SYNCS);
	if (err)
		return err;
	s = kzalloc(struct_size(s, signal, syncs->count), GFP_KERNEL_ACCOUNT);
	if (!s)
		return -ENOMEM;
	for (i = 0; i < syncs->count && !err; i++) {
		struct drm_ashlar_sync sync;

		err = ashlar_array_get(syncs, i, &sync, least, sizeof(sync));
		err = err ?: ashlar_sync_check(&sync);
		if (err)
			break;
		if (sync.flags & DRM_ASHLAR_SYNC_SIGNAL)
			err = add_signal(file, &sync, s);
		else
			err = add_wait(file, &sync, job);
	}
	if (err) {
		signals_free(s);
		return err;
	}
	*out = s;
	return 0;
}

/* Hands the fence over; cannot fail. */
static void publish(struct signals *s, struct dma_fence *fence)
{
	u32 i;

	for (i = 0; s && i < s->count; i++) {
		struct signal *signal = &s->signal[i];

		if (signal->chain)
			drm_syncobj_add_point(signal->syncobj, signal->chain,
					      fence, signal->point);
		else
			drm_syncobj_replace_fence(signal->syncobj, fence);
		signal->chain = NULL;
	}
}

/* --- Jobs ---------------------------------------------------------------------------------- */

int ashlar_job_check(const struct drm_ashlar_job *job)
{
	if (job->flags)
		return -EINVAL;
	switch (job->kind) {
	case DRM_ASHLAR_JOB_NOP:
		return job->code_va || job->code_bytes || job->text_bytes ||
				       job->entry || job->code_serial ||
				       job->args || job->arg_bytes ||
				       job->tiles || job->grid[0] ||
				       job->grid[1] || job->grid[2] ||
				       job->timeout ?
			       -EINVAL :
			       0;
	case DRM_ASHLAR_JOB_KERNEL:
		return !job->tiles || job->arg_bytes > ASHLAR_ARG_MAX ||
				       (!job->arg_bytes && job->args) ?
			       -EINVAL :
			       0;
	default:
		return -EINVAL;
	}
}

static void describe(const struct drm_ashlar_job *from, struct ashlar_job *to)
{
	to->kind = from->kind == DRM_ASHLAR_JOB_KERNEL ? ASHLAR_JOB_KERNEL :
							 ASHLAR_JOB_NOP;
	/* Somebody may wait for each one. */
	to->flags = ASHLAR_JOB_FLAG_IRQ;
	to->code_va = from->code_va;
	to->code_bytes = from->code_bytes;
	to->text_bytes = from->text_bytes;
	to->entry = from->entry;
	to->code_serial = from->code_serial;
	to->arg_bytes = from->arg_bytes;
	to->tiles = from->tiles;
	memcpy(to->grid, from->grid, sizeof(to->grid));
	to->tag = from->tag;
	to->timeout = from->timeout;
}

/* All that can fail is done before the job is armed. */
static int push(struct ashlar_queue *q, struct ashlar_sched_job *job,
		struct signals *signals, u64 *seqno)
{
	int err;

	mutex_lock(&q->submit_lock);
	if (q->closed)
		err = -ENOENT;
	else if (READ_ONCE(q->state) != DRM_ASHLAR_QUEUE_OK ||
		 READ_ONCE(q->space->stopped))
		err = -ECANCELED;
	else
		err = xa_insert(&q->jobs, q->submitted + 1, job,
				GFP_KERNEL_ACCOUNT);
	if (!err) {
		drm_sched_job_arm(&job->base);
		job->seqno = ++q->submitted;
		*seqno = job->seqno;
		trace_ashlar_job_submit(q, job->seqno);
		publish(signals, &job->base.s_fence->finished);
		drm_sched_entity_push_job(&job->base);
	}
	mutex_unlock(&q->submit_lock);
	return err;
}

static int submit_job(struct ashlar_queue *q, struct drm_file *file,
		      const struct drm_ashlar_job *in, u64 *seqno)
{
	struct ashlar_sched_job *job;
	struct signals *signals = NULL;
	int err = ashlar_job_check(in);

	if (err)
		return err;
	job = ashlar_job_new(q, in->arg_bytes, file);
	if (IS_ERR(job))
		return PTR_ERR(job);
	describe(in, &job->desc);
	err = -EFAULT;
	if (copy_from_user(job->args, u64_to_user_ptr(in->args), in->arg_bytes))
		goto cleanup;
	err = add_syncs(file, &in->syncs, job, &signals);
	if (err)
		goto cleanup;
	err = push(q, job, signals, seqno);
	signals_free(signals);
	if (err)
		goto cleanup;
	return 0;

cleanup:
	drm_sched_job_cleanup(&job->base);
	ashlar_job_free(job);
	return err;
}

int ashlar_ioctl_submit(struct drm_device *drm, void *data, struct drm_file *file)
{
	const size_t least = sizeof(struct drm_ashlar_job);
	struct drm_ashlar_submit *args = data;
	struct ashlar_queue *q;
	u32 i;
	int err;

	if (args->flags || args->pad || args->seqno || args->accepted)
		return -EINVAL;
	err = ashlar_array_check(&args->jobs, least, ASHLAR_MAX_JOBS);
	if (err)
		return err;
	q = ashlar_queue_find(file->driver_priv, args->queue);
	if (!q)
		return -ENOENT;
	for (i = 0; i < args->jobs.count; i++) {
		struct drm_ashlar_job job;

		err = ashlar_array_get(&args->jobs, i, &job, least, sizeof(job));
		err = err ?: submit_job(q, file, &job, &args->seqno);
		if (err)
			break;
		args->accepted++;
	}
	if (args->accepted)
		ashlar_watchdog_kick(q->adev);
	ashlar_queue_put(q);
	return err;
}
