// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * Queues: a ring of the board, a scheduler with one entity in front of it, and
 * the fences in between.
 *
 * Time limits are the firmware's: it ends a job that runs too long, in device
 * cycles. Whether the firmware itself still works is the watchdog's business
 * (ashlar_reset.c), so the scheduler's own timer is not used.
 */
#include <linux/capability.h>
#include <linux/dma-fence-chain.h>
#include <linux/dma-fence-unwrap.h>
#include <linux/log2.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "ashlar_compat.h"
#include "ashlar_device.h"
#include "ashlar_trace.h"

/* --- Fences ------------------------------------------------------------------------- */

static const char *fence_driver_name(struct dma_fence *fence)
{
	return ASHLAR_NAME;
}

static const char *fence_timeline_name(struct dma_fence *fence)
{
	return "ashlar-queue";
}

/* Nothing that must outlive the module: no release, no wait. */
static const struct dma_fence_ops fence_ops = {
	.get_driver_name = fence_driver_name,
	.get_timeline_name = fence_timeline_name,
};

int ashlar_fence_error(u32 status)
{
	switch (status) {
	case ASHLAR_JOB_OK:
		return 0;
	case ASHLAR_JOB_EXIT:
		return -EREMOTEIO;
	case ASHLAR_JOB_FAULT:
		return -EFAULT;
	case ASHLAR_JOB_TIMEOUT:
		return -ETIME;
	case ASHLAR_JOB_BAD:
		return -EINVAL;
	default:
		return -ECANCELED;
	}
}

static void end_flight(struct ashlar_flight *flight, int err)
{
	if (err)
		dma_fence_set_error(flight->fence, err);
	dma_fence_signal(flight->fence);
	dma_fence_put(flight->fence);
	flight->fence = NULL;
}

/* --- Completion ----------------------------------------------------------------------- */

static struct drm_ashlar_result *result_of(struct ashlar_queue *q, u64 seqno)
{
	return &q->results[seqno & (q->depth - 1)];
}

/* q->lock held. */
static void record_cancelled(struct ashlar_queue *q, u64 seqno, u32 tag)
{
	struct drm_ashlar_result *r = result_of(q, seqno);

	memset(r, 0, sizeof(*r));
	r->seqno = seqno;
	r->status = DRM_ASHLAR_JOB_CANCELLED;
	r->tag = tag;
	r->context = q->space->vm.context;
	q->completed = seqno;
}

static void record(struct ashlar_queue *q, const struct ashlar_flight *flight,
		   const struct ashlar_completion *c)
{
	struct drm_ashlar_result *r = result_of(q, flight->seqno);

	static_assert(sizeof(r->counters) ==
		      offsetof(struct ashlar_completion, reserved) -
			      offsetof(struct ashlar_completion, matrix_busy));
	r->seqno = flight->seqno;
	r->status = c->status;
	r->tag = c->tag;
	r->t_fetch = c->t_fetch;
	r->t_start = c->t_start;
	r->t_end = c->t_end;
	r->exit_code = c->exit_code;
	r->tile = c->tile;
	r->fault_cause = c->fault_cause;
	r->fault_unit = c->fault_unit;
	r->fault_sub = c->fault_sub;
	r->fault_pc = c->fault_pc;
	r->fault_addr = c->fault_addr;
	r->context = c->context;
	r->tiles = c->tiles;
	r->counters[0] = c->matrix_busy;
	r->counters[1] = c->matrix_stall;
	r->counters[2] = c->vector_busy;
	r->counters[3] = c->core_wait;
	r->counters[4] = c->load_beats;
	r->counters[5] = c->store_beats;
	r->counters[6] = c->loading;
	r->counters[7] = c->tlb_miss;
	q->completed = flight->seqno;
	/* Of all tiles together: fdinfo tells how many there are. */
	if (q->file && c->t_end > c->t_start)
		atomic64_add((c->t_end - c->t_start) * c->tiles,
			     &q->file->busy_cycles);
}

/* A job that has failed has stopped its address space, except by EXIT. */
static void judge(struct ashlar_queue *q, u64 seqno,
		  const struct ashlar_completion *c)
{
	static const u32 states[] = {
		[ASHLAR_JOB_FAULT] = DRM_ASHLAR_QUEUE_FAULT,
		[ASHLAR_JOB_TIMEOUT] = DRM_ASHLAR_QUEUE_TIMEDOUT,
		[ASHLAR_JOB_CANCELLED] = DRM_ASHLAR_QUEUE_CANCELLED,
		[ASHLAR_JOB_BAD] = DRM_ASHLAR_QUEUE_BAD_JOB,
	};
	char name[48], text[256];

	if (c->status == ASHLAR_JOB_OK || c->status == ASHLAR_JOB_EXIT)
		return;
	if (q->state == DRM_ASHLAR_QUEUE_OK)
		q->state = states[c->status];
	WRITE_ONCE(q->space->stopped, true);
	if (c->status == ASHLAR_JOB_CANCELLED)
		return;
	snprintf(name, sizeof(name), "of job %llu of queue %u", seqno,
		 q->hw.number);
	ashlar_fault_text(text, sizeof(text), name, c);
	ashlar_coredump(q->adev, text);
}

static struct ashlar_flight *flight_of(struct ashlar_queue *q, u64 n)
{
	return &q->flights[n & (q->depth - 1)];
}

/* Those that are not in the ring end when it is their turn. q->lock held. */
static void end_cancelled(struct ashlar_queue *q)
{
	for (; q->first != q->next; q->first++) {
		struct ashlar_flight *flight = flight_of(q, q->first);

		if (!flight->err)
			return;
		record_cancelled(q, flight->seqno, flight->tag);
		end_flight(flight, flight->err);
	}
}

bool ashlar_queue_complete(struct ashlar_queue *q)
{
	struct ashlar_completion c;
	int got = 0;

	lockdep_assert_irqs_disabled();
	spin_lock(&q->lock);
	while (q->live) {
		struct ashlar_flight *flight = flight_of(q, q->first);

		got = ashlar_hwq_pop(&q->hw, &c);
		if (got <= 0)
			break;
		trace_ashlar_job_done(q, flight->seqno, &c);
		record(q, flight, &c);
		judge(q, flight->seqno, &c);
		end_flight(flight, ashlar_fence_error(c.status));
		q->first++;
		end_cancelled(q);
	}
	spin_unlock(&q->lock);
	return got >= 0;
}

void ashlar_queue_kill(struct ashlar_queue *q,
		       enum drm_ashlar_queue_state state, int err)
{
	unsigned long flags;

	spin_lock_irqsave(&q->lock, flags);
	q->live = false;
	if (q->state == DRM_ASHLAR_QUEUE_OK)
		q->state = state;
	for (; q->first != q->next; q->first++) {
		struct ashlar_flight *flight = flight_of(q, q->first);

		record_cancelled(q, flight->seqno, flight->tag);
		end_flight(flight, err);
	}
	spin_unlock_irqrestore(&q->lock, flags);
}

/* --- The scheduler's side --------------------------------------------------------------- */

bool ashlar_fence_failed(struct dma_fence *fence)
{
	struct dma_fence_unwrap cursor;
	struct dma_fence *part;
	bool failed = false;

	dma_fence_unwrap_for_each(part, &cursor, dma_fence_chain_contained(fence))
		failed |= dma_fence_get_status(part) < 0;
	return failed;
}

static bool waited_in_vain(const struct ashlar_sched_job *job)
{
	bool failed = job->must_failed;
	u32 i;

	for (i = 0; i < job->must_count; i++)
		failed |= ashlar_fence_failed(job->must[i]);
	return failed;
}

/* q->lock held. */
static int give_to_board(struct ashlar_queue *q, struct ashlar_sched_job *job)
{
	if (!q->live || q->state != DRM_ASHLAR_QUEUE_OK)
		return -ECANCELED;
	/* A board that was lost just now: as the jobs that it had. */
	if (ashlar_hwq_push(&q->hw, &job->desc, job->args))
		return -ECANCELED;
	ashlar_hwq_ring(&q->hw);
	trace_ashlar_job_run(q, job->seqno);
	return 0;
}

/* q->lock held. The scheduler's credits see to it that there is room. */
static void add_flight(struct ashlar_queue *q, struct ashlar_sched_job *job,
		       int err)
{
	struct ashlar_flight *flight = flight_of(q, q->next++);

	spin_lock_init(&job->fence->lock);
	dma_fence_init(&job->fence->base, &fence_ops, &job->fence->lock,
		       q->fence_context, job->seqno);
	job->fence->ready = true;
	flight->fence = dma_fence_get(&job->fence->base);
	flight->err = err;
	flight->seqno = job->seqno;
	flight->tag = job->desc.tag;
	flight->timeout = job->desc.timeout;
}

/*
 * In the path that signals fences: no allocation, no lock that is held over one
 * elsewhere.
 */
static struct dma_fence *run_job(struct drm_sched_job *sched_job)
{
	struct ashlar_sched_job *job = to_ashlar_job(sched_job);
	struct ashlar_queue *q = job->queue;
	struct dma_fence *fence = NULL;
	unsigned long flags;
	bool cookie, vain;
	int err;

	cookie = dma_fence_begin_signalling();
	vain = waited_in_vain(job);
	spin_lock_irqsave(&q->lock, flags);
	if (vain && q->state == DRM_ASHLAR_QUEUE_OK)
		q->state = DRM_ASHLAR_QUEUE_WAIT_FAILED;
	err = give_to_board(q, job);
	/* Also one that is cancelled ends after those before it. */
	if (!err || q->first != q->next) {
		add_flight(q, job, err);
		fence = dma_fence_get(&job->fence->base);
	} else {
		record_cancelled(q, job->seqno, job->desc.tag);
	}
	spin_unlock_irqrestore(&q->lock, flags);
	dma_fence_end_signalling(cookie);

	/* The scheduler gives this error to who waits for the job. */
	return fence ?: ERR_PTR(err);
}

static void free_job(struct drm_sched_job *sched_job)
{
	struct ashlar_sched_job *job = to_ashlar_job(sched_job);

	/* From here its result tells how it ended. */
	xa_erase(&job->queue->jobs, job->seqno);
	drm_sched_job_cleanup(sched_job);
	ashlar_job_free(job);
}

static enum drm_gpu_sched_stat timedout_job(struct drm_sched_job *sched_job)
{
	/* Never armed: see the head of this file. */
	return ASHLAR_COMPAT_SCHED_STAT_RESET;
}

static const struct drm_sched_backend_ops sched_ops = {
	.run_job = run_job,
	.timedout_job = timedout_job,
	.free_job = free_job,
};

struct ashlar_sched_job *ashlar_job_new(struct ashlar_queue *q, u32 arg_bytes,
					struct drm_file *file)
{
	struct ashlar_sched_job *job;
	int err;

	if (atomic_inc_return(&q->pending) > ASHLAR_MAX_PENDING) {
		err = -EBUSY;
		goto count;
	}
	err = -ENOMEM;
	job = kzalloc(struct_size(job, args, arg_bytes), GFP_KERNEL_ACCOUNT);
	if (!job)
		goto count;
	job->fence = kzalloc_obj(*job->fence, GFP_KERNEL_ACCOUNT);
	if (!job->fence)
		goto free;
	err = drm_sched_job_init(&job->base, &q->entity, 1, q, file->client_id);
	if (err)
		goto free_fence;
	kref_get(&q->ref);
	job->queue = q;
	return job;

free_fence:
	kfree(job->fence);
free:
	kfree(job);
count:
	atomic_dec(&q->pending);
	return ERR_PTR(err);
}

void ashlar_job_free(struct ashlar_sched_job *job)
{
	struct ashlar_queue *q = job->queue;

	while (job->must_count)
		dma_fence_put(job->must[--job->must_count]);
	kfree(job->must);
	/* Until it has run, nobody else knows the fence. */
	if (job->fence->ready)
		dma_fence_put(&job->fence->base);
	else
		kfree(job->fence);
	kfree(job);
	atomic_dec(&q->pending);
	ashlar_queue_put(q);
}

/* --- Schedulers ------------------------------------------------------------------------------ */

/*
 * A fence of the scheduler outlives the queue, in a sync_file, and before Linux
 * 6.17 it reads its scheduler's name to the end. So schedulers are used again,
 * not freed, as long as the module is loaded; there are never more than queues.
 */
struct ashlar_sched {
	struct drm_gpu_scheduler base; /* first */
	struct list_head link;
};

static LIST_HEAD(free_scheds);
static DEFINE_MUTEX(free_scheds_lock);

static struct drm_gpu_scheduler *sched_get(void)
{
	struct ashlar_sched *s;

	mutex_lock(&free_scheds_lock);
	s = list_first_entry_or_null(&free_scheds, struct ashlar_sched, link);
	if (s)
		list_del(&s->link);
	mutex_unlock(&free_scheds_lock);
	if (!s)
		s = kzalloc_obj(*s, GFP_KERNEL);
	return s ? &s->base : NULL;
}

static void sched_put(struct drm_gpu_scheduler *sched)
{
	struct ashlar_sched *s = container_of(sched, struct ashlar_sched, base);

	mutex_lock(&free_scheds_lock);
	list_add(&s->link, &free_scheds);
	mutex_unlock(&free_scheds_lock);
}

void ashlar_sched_exit(void)
{
	struct ashlar_sched *s, *next;

	list_for_each_entry_safe(s, next, &free_scheds, link)
		kfree(s);
}

/* --- Life ---------------------------------------------------------------------------------- */

/* In a work: the last reference may be dropped by the scheduler itself. */
static void release(struct work_struct *work)
{
	struct ashlar_queue *q =
		container_of(work, struct ashlar_queue, release_work);
	struct ashlar_device *adev = q->adev;

	drm_sched_fini(q->sched);
	sched_put(q->sched);
	ashlar_space_put(q->space);
	xa_destroy(&q->jobs);
	kvfree(q->results);
	kvfree(q->flights);
	mutex_destroy(&q->submit_lock);
	kfree(q);
	drm_dev_put(&adev->drm);
	/* The module's exit waits for this work. */
	module_put(THIS_MODULE);
}

static void queue_zero(struct kref *ref)
{
	struct ashlar_queue *q = container_of(ref, struct ashlar_queue, ref);

	queue_work(ashlar_release_wq, &q->release_work);
}

void ashlar_queue_put(struct ashlar_queue *q)
{
	kref_put(&q->ref, queue_zero);
}

struct ashlar_queue *ashlar_queue_find(struct ashlar_file *file, u32 id)
{
	struct ashlar_queue *q;

	mutex_lock(&file->lock);
	q = xa_load(&file->queues, id);
	if (q)
		kref_get(&q->ref);
	mutex_unlock(&file->lock);
	return q;
}

static int init_sched(struct ashlar_queue *q)
{
	const struct drm_sched_init_args args = {
		.ops = &sched_ops,
		.submit_wq = q->adev->sched_wq,
		.timeout_wq = q->adev->reset_wq,
		.num_rqs = DRM_SCHED_PRIORITY_COUNT,
		.credit_limit = q->depth,
		.timeout = MAX_SCHEDULE_TIMEOUT,
		.name = ASHLAR_NAME,
		.dev = q->adev->drm.dev,
	};
	int err;

	q->sched = sched_get();
	if (!q->sched)
		return -ENOMEM;
	err = drm_sched_init(q->sched, &args);
	if (err)
		goto put;
	err = drm_sched_entity_init(&q->entity, DRM_SCHED_PRIORITY_NORMAL,
				    &q->sched, 1, NULL);
	if (err)
		goto fini;
	return 0;

fini:
	drm_sched_fini(q->sched);
put:
	sched_put(q->sched);
	return err;
}

static void fini_sched(struct ashlar_queue *q)
{
	drm_sched_entity_destroy(&q->entity);
	drm_sched_fini(q->sched);
	sched_put(q->sched);
}

static int init_hw(struct ashlar_queue *q, u32 priority)
{
	struct ashlar_space *space = q->space;
	int err;

	mutex_lock(&space->lock);
	err = space->live ? ashlar_hwq_init(&q->hw, &space->vm, priority,
					    ilog2(q->depth)) :
			    -ENODEV;
	mutex_unlock(&space->lock);
	if (err)
		ashlar_reset_check(q->adev);
	return err;
}

static void fini_hw(struct ashlar_queue *q)
{
	mutex_lock(&q->space->lock);
	ashlar_hwq_fini(&q->hw);
	mutex_unlock(&q->space->lock);
	ashlar_reset_check(q->adev);
}

static struct ashlar_queue *queue_new(struct ashlar_file *file, u32 priority,
				      u32 depth)
{
	struct ashlar_device *adev = file->adev;
	struct ashlar_queue *q = kzalloc_obj(*q, GFP_KERNEL_ACCOUNT);
	unsigned long flags;
	int err = -ENOMEM;

	if (!q)
		return ERR_PTR(-ENOMEM);
	kref_init(&q->ref);
	mutex_init(&q->submit_lock);
	xa_init_flags(&q->jobs, XA_FLAGS_ACCOUNT);
	spin_lock_init(&q->lock);
	INIT_WORK(&q->release_work, release);
	q->adev = adev;
	q->file = file;
	q->space = file->space;
	q->depth = depth;
	q->fence_context = dma_fence_context_alloc(1);
	q->flights = kvcalloc(depth, sizeof(*q->flights), GFP_KERNEL_ACCOUNT);
	q->results = kvcalloc(depth, sizeof(*q->results), GFP_KERNEL_ACCOUNT);
	if (!q->flights || !q->results)
		goto free;
	err = init_sched(q);
	if (err)
		goto free;
	err = init_hw(q, priority);
	if (err)
		goto fini_sched;
	err = xa_alloc(&file->queues, &q->id, q, xa_limit_31b,
		       GFP_KERNEL_ACCOUNT);
	if (err)
		goto fini_hw;

	kref_get(&q->space->ref);
	drm_dev_get(&adev->drm);
	/* Jobs may be freed after the file is closed. */
	__module_get(THIS_MODULE);
	file->queue_count++;
	q->vector = q->hw.number % adev->vectors;
	q->live = true;
	spin_lock_irqsave(&adev->lists_lock, flags);
	list_add_tail(&q->link, &adev->queues);
	spin_unlock_irqrestore(&adev->lists_lock, flags);
	return q;

fini_hw:
	fini_hw(q);
fini_sched:
	fini_sched(q);
free:
	kvfree(q->results);
	kvfree(q->flights);
	kfree(q);
	return ERR_PTR(err);
}

void ashlar_queue_shutdown(struct ashlar_queue *q, int err)
{
	unsigned long flags;

	/* The interrupt handler and run_job leave the ring alone from here. */
	spin_lock_irqsave(&q->lock, flags);
	q->live = false;
	spin_unlock_irqrestore(&q->lock, flags);
	/* The board lets go, then those who wait are told. */
	fini_hw(q);
	ashlar_queue_kill(q, DRM_ASHLAR_QUEUE_CANCELLED, err);
}

void ashlar_queues_shutdown(struct ashlar_device *adev, int err)
{
	struct ashlar_queue *q;

	/* reset_sem is held for writing: the list stands still. */
	lockdep_assert_held_write(&adev->reset_sem);
	list_for_each_entry(q, &adev->queues, link)
		ashlar_queue_shutdown(q, err);
}

void ashlar_queue_destroy(struct ashlar_file *file, struct ashlar_queue *q)
{
	struct ashlar_device *adev = q->adev;
	unsigned long flags;

	lockdep_assert_held(&file->lock);
	xa_erase(&file->queues, q->id);
	file->queue_count--;

	mutex_lock(&q->submit_lock);
	q->closed = true;
	mutex_unlock(&q->submit_lock);

	ashlar_queue_shutdown(q, -ECANCELED);
	spin_lock_irqsave(&adev->lists_lock, flags);
	list_del(&q->link);
	spin_unlock_irqrestore(&adev->lists_lock, flags);
	q->file = NULL;
	/* Jobs that the scheduler still holds end as killed. */
	drm_sched_entity_fini(&q->entity);
	ashlar_queue_put(q);
}

/* --- ioctls ---------------------------------------------------------------------------------- */

int ashlar_ioctl_queue_create(struct drm_device *drm, void *data,
			      struct drm_file *drm_file)
{
	struct ashlar_device *adev = to_ashlar(drm);
	struct ashlar_file *file = drm_file->driver_priv;
	struct drm_ashlar_queue_create *args = data;
	struct ashlar_queue *q;
	int err, idx;

	if (args->priority > DRM_ASHLAR_PRIORITY_HIGH || args->flags ||
	    args->queue || args->depth < 2 || !is_power_of_2(args->depth) ||
	    args->depth > 1u << adev->core.info.max_depth_log2)
		return -EINVAL;
	if (args->priority == DRM_ASHLAR_PRIORITY_HIGH && !capable(CAP_SYS_NICE))
		return -EACCES;

	err = ashlar_enter(adev, &idx);
	if (err)
		return err;
	mutex_lock(&file->lock);
	err = ashlar_space_get_live(file);
	if (!err && READ_ONCE(file->space->stopped))
		err = file->queue_count ? -ECANCELED :
					  ashlar_space_restart(file->space);
	if (!err) {
		q = queue_new(file, args->priority, args->depth);
		if (IS_ERR(q))
			err = PTR_ERR(q);
		else
			args->queue = q->id;
	}
	mutex_unlock(&file->lock);
	ashlar_leave(adev, idx);
	return err;
}

int ashlar_ioctl_queue_destroy(struct drm_device *drm, void *data,
			       struct drm_file *drm_file)
{
	struct ashlar_device *adev = to_ashlar(drm);
	struct ashlar_file *file = drm_file->driver_priv;
	struct drm_ashlar_queue_destroy *args = data;
	struct ashlar_queue *q;
	int err, idx;

	if (args->pad)
		return -EINVAL;
	err = ashlar_enter(adev, &idx);
	if (err)
		return err;
	mutex_lock(&file->lock);
	q = xa_load(&file->queues, args->queue);
	if (q)
		ashlar_queue_destroy(file, q);
	mutex_unlock(&file->lock);
	ashlar_leave(adev, idx);
	return q ? 0 : -ENOENT;
}

int ashlar_ioctl_queue_query(struct drm_device *drm, void *data,
			     struct drm_file *drm_file)
{
	struct drm_ashlar_queue_query *args = data;
	struct ashlar_queue *q;
	unsigned long flags;

	if (args->state || args->submitted || args->completed)
		return -EINVAL;
	q = ashlar_queue_find(drm_file->driver_priv, args->queue);
	if (!q)
		return -ENOENT;
	mutex_lock(&q->submit_lock);
	args->submitted = q->submitted;
	mutex_unlock(&q->submit_lock);
	spin_lock_irqsave(&q->lock, flags);
	args->state = q->state;
	/* Also a queue that had nothing to do when another failed. */
	if (args->state == DRM_ASHLAR_QUEUE_OK && READ_ONCE(q->space->stopped))
		args->state = DRM_ASHLAR_QUEUE_CANCELLED;
	args->completed = q->completed;
	spin_unlock_irqrestore(&q->lock, flags);
	ashlar_queue_put(q);
	return 0;
}

/* Copy result number seqno. Returns 1, 0 (not completed) or -ENODATA. */
static int get_result(struct ashlar_queue *q, u64 seqno,
		      struct drm_ashlar_result *r)
{
	unsigned long flags;
	int got = 1;

	spin_lock_irqsave(&q->lock, flags);
	if (seqno > q->completed)
		got = 0;
	else if (q->completed - seqno >= q->depth)
		got = -ENODATA;
	else
		*r = *result_of(q, seqno);
	spin_unlock_irqrestore(&q->lock, flags);
	return got;
}

int ashlar_queue_job(struct ashlar_queue *q, u64 seqno,
		     struct dma_fence **fence, u32 *status)
{
	struct drm_ashlar_result r;
	struct ashlar_sched_job *job;
	int got;

	/* What is below `submitted` is armed. */
	mutex_lock(&q->submit_lock);
	got = seqno > q->submitted ? -EINVAL : 0;
	mutex_unlock(&q->submit_lock);
	if (got)
		return got;

	*fence = NULL;
	xa_lock(&q->jobs);
	job = xa_load(&q->jobs, seqno);
	if (job)
		*fence = dma_fence_get(&job->base.s_fence->finished);
	xa_unlock(&q->jobs);
	if (job)
		return 0;
	got = get_result(q, seqno, &r);
	/* Without a result it was killed: somebody destroys the queue. */
	if (got <= 0)
		return got ?: -ENOENT;
	*status = r.status;
	return 0;
}

int ashlar_ioctl_queue_results(struct drm_device *drm, void *data,
			       struct drm_file *drm_file)
{
	struct drm_ashlar_queue_results *args = data;
	struct drm_ashlar_result r;
	struct ashlar_queue *q;
	u32 wanted = args->count;
	int got = 0;

	if (args->pad || !args->first || args->stride < sizeof(r) ||
	    args->stride % 8 || args->stride > PAGE_SIZE)
		return -EINVAL;
	q = ashlar_queue_find(drm_file->driver_priv, args->queue);
	if (!q)
		return -ENOENT;
	for (args->count = 0; args->count < wanted; args->count++) {
		u64 at = args->ptr + (u64)args->stride * args->count;
		void __user *to = u64_to_user_ptr(at);

		got = get_result(q, args->first + args->count, &r);
		if (got <= 0)
			break;
		got = -EFAULT;
		if (copy_to_user(to, &r, sizeof(r)) ||
		    clear_user(to + sizeof(r), args->stride - sizeof(r)))
			break;
		got = 0;
	}
	ashlar_queue_put(q);
	/* What was given counts; the next call tells what is wrong. */
	return args->count ? 0 : min(got, 0);
}
