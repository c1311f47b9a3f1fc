/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * The driver's objects.
 *
 *   ashlar_sched_job -> ashlar_queue -> ashlar_space -> ashlar_device
 *   ashlar_file -> its queues and its space
 *
 * References point to the right only. What hardware or the DMA API has given
 * (contexts, rings, report pages, mappings) is taken back when the file is
 * closed or the driver is unbound, whichever is first; the structures live as
 * long as somebody holds them.
 *
 * Locks, outermost first:
 *   device.reset_sem   read: calls into the core that need a running firmware;
 *                      write: reset. Never taken where fences are signalled.
 *   file.lock          queues of the file
 *   space.lock         address space, core's struct ashlar_vm
 *   dma_resv           of a buffer
 *   queue.submit_lock  order of seqnos, of pushes and of fences in syncobjs
 *   device.lists_lock, queue.lock, the fences' locks: spinlocks, taken by the
 *                      interrupt handler in this order
 */
#ifndef ASHLAR_DEVICE_H
#define ASHLAR_DEVICE_H

#include <linux/interrupt.h>
#include <linux/pci.h>
#include <linux/rwsem.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <drm/drm_device.h>
#include <drm/drm_drv.h>
#include <drm/drm_file.h>
#include <drm/drm_gem_shmem_helper.h>
#include <drm/drm_mm.h>
#include <drm/drm_print.h>
#include <drm/gpu_scheduler.h>

#include "ashlar_accel.h"
#include "ashlar_pci.h"
#include "ashlar_queue.h"

#define ASHLAR_NAME	"ashlar"
#define ASHLAR_FIRMWARE "ashlar/ashlar-fw.bin"

/* Limits of one call; DEV_QUERY tells them. */
#define ASHLAR_MAX_JOBS	 1024u
#define ASHLAR_MAX_SYNCS 64u
#define ASHLAR_MAX_BINDS 1024u
/* Jobs of a queue that have not completed. */
#define ASHLAR_MAX_PENDING 8192u

/* The upper end of each address space is the driver's, for arguments. */
#define ASHLAR_DRIVER_VA_BYTES (128ull << 20)

/* What the core's functions need of their environment (ashlar_os.c). */
struct ashlar_os {
	struct drm_device *drm;
	void __iomem *regs;
	void __iomem *mem;
	wait_queue_head_t wait; /* woken by vector 0 */
	atomic_t events; /* times it was raised */
	char error[256]; /* last sentence of the core */
};

/* An interrupt vector, as its handler gets it. */
struct ashlar_vector {
	struct ashlar_device *adev;
	unsigned int index;
};

enum ashlar_health {
	ASHLAR_HEALTHY,
	ASHLAR_RESETTING, /* lost; fences are signalled, a reset is queued */
	ASHLAR_DEAD, /* could not be reset */
};

struct ashlar_device {
	struct drm_device drm; /* first */
	struct pci_dev *pdev;
	struct ashlar_os os;
	struct ashlar_dev core;
	const struct firmware *firmware;
	void *dtb;
	u32 clock_khz;
	unsigned int vectors; /* in use */
	struct ashlar_vector vector[ASHLAR_PCI_VECTORS];

	spinlock_t lists_lock; /* queues */
	struct list_head queues; /* of all files */
	struct mutex spaces_lock; /* spaces */
	struct list_head spaces;
	struct mutex bos_lock; /* bos */
	struct list_head bos; /* buffers in system memory with a DMA mapping */

	struct workqueue_struct *sched_wq;

	/* Reset (ashlar_reset.c). */
	struct rw_semaphore reset_sem;
	spinlock_t health_lock; /* health, one change at a time */
	enum ashlar_health health;
	wait_queue_head_t health_wait;
	struct workqueue_struct *reset_wq;
	struct work_struct reset_work;
	struct delayed_work watchdog;
	struct delayed_work give_up; /* of a link that Linux does not recover */
	struct pci_saved_state *pci_state; /* configuration, as it was set up */
	/* The watchdog's own: since when nothing has moved. */
	bool watch_armed;
	u64 watch_completed, watch_cycles, watch_last;
	unsigned long watch_still;
	bool pci_stopped; /* between pci_stop() and pci_start() */
	u32 resets;

	/* Core dump (ashlar_coredump.c). */
	struct work_struct dump_work;
	spinlock_t dump_lock; /* dump_reason */
	char dump_reason[256];

	struct page *dummy_page; /* what mappings of lost board memory show */
};

static inline struct ashlar_device *to_ashlar(struct drm_device *drm)
{
	return container_of(drm, struct ashlar_device, drm);
}

/* An address space. */
struct ashlar_space {
	struct kref ref;
	struct ashlar_device *adev;
	struct list_head link; /* adev->spaces */
	struct mutex lock; /* all below but stopped */
	bool live; /* vm is initialised */
	bool stopped; /* a job has failed; READ_ONCE elsewhere */
	struct ashlar_vm vm;
	struct drm_mm mappings; /* struct ashlar_mapping by address */
	struct list_head dead; /* unmapped, perhaps still in a TLB */
	struct user_struct *user; /* pinned memory counts against it */
};

struct ashlar_mapping {
	struct drm_mm_node node; /* its addresses, in space->mappings */
	struct list_head link; /* space->dead */
	struct ashlar_bo *bo; /* a reference */
};

struct ashlar_file {
	struct ashlar_device *adev;
	struct mutex lock; /* queues, space */
	struct xarray queues;
	u32 queue_count;
	struct ashlar_space *space; /* a reference, NULL until first used */
	atomic64_t busy_cycles; /* of tiles with its jobs, for fdinfo */
};

/* A buffer: shmem, or board memory with the GEM object in shmem.base. */
struct ashlar_bo {
	struct drm_gem_shmem_object shmem;
	bool local;
	bool no_mmap;
	struct ashlar_node node; /* board memory */
	struct list_head link; /* adev->bos */
};

static inline struct ashlar_bo *to_ashlar_bo(struct drm_gem_object *obj)
{
	return container_of(obj, struct ashlar_bo, shmem.base);
}

/* A job in the board's ring, or one that is cancelled after those before it. */
struct ashlar_flight {
	struct dma_fence *fence; /* a reference */
	int err; /* not 0: cancelled, not in the ring */
	u64 seqno;
	u64 timeout; /* cycles */
	u32 tag;
};

struct ashlar_queue {
	struct kref ref;
	struct ashlar_device *adev;
	struct ashlar_space *space; /* a reference */
	struct ashlar_file *file; /* NULL once the file is closed */
	struct list_head link; /* adev->queues */
	u32 id;
	u32 depth;
	u32 vector;
	struct mutex submit_lock; /* submitted, closed, order of pushes */
	bool closed; /* takes no job any more */
	u64 submitted; /* last seqno */
	struct xarray jobs; /* pushed and not freed, by seqno */
	atomic_t pending; /* jobs that exist */

	struct drm_gpu_scheduler *sched;
	struct drm_sched_entity entity;

	spinlock_t lock; /* all below, except in init and release */
	enum drm_ashlar_queue_state state;
	bool live; /* hw may be used */
	struct ashlar_hwq hw;
	struct ashlar_flight *flights;
	u64 first, next; /* flights under way, free-running; modulo depth */
	struct drm_ashlar_result *results; /* by seqno % depth */
	u64 completed;

	u64 fence_context;
	struct work_struct release_work;
};

/* Of a job on the board; may outlive its queue. */
struct ashlar_fence {
	struct dma_fence base; /* first */
	spinlock_t lock;
	bool ready; /* base is initialised */
};

struct ashlar_sched_job {
	struct drm_sched_job base;
	struct ashlar_queue *queue; /* a reference */
	struct ashlar_fence *fence; /* a reference once ready */
	u64 seqno;
	/* Waits that have to succeed, and whether one is known not to have. */
	struct dma_fence **must; /* references */
	u32 must_count;
	bool must_failed;
	struct ashlar_job desc;
	u8 args[];
};

static inline struct ashlar_sched_job *to_ashlar_job(struct drm_sched_job *job)
{
	return container_of(job, struct ashlar_sched_job, base);
}

/* --- ashlar_drv.c -------------------------------------------------------------- */

/* The module's own: what runs in it may drop a device's last reference. */
extern struct workqueue_struct *ashlar_release_wq;

/*
 * Every ioctl that needs a running board stands between these: -ENODEV when
 * unplugged, -EIO when dead, waits for a reset under way.
 */
int ashlar_enter(struct ashlar_device *adev, int *idx);
void ashlar_leave(struct ashlar_device *adev, int idx);

/* --- ashlar_query.c -------------------------------------------------------------- */

int ashlar_ioctl_dev_query(struct drm_device *drm, void *data,
			   struct drm_file *file);

/* --- ashlar_gem.c ----------------------------------------------------------------- */

int ashlar_ioctl_bo_create(struct drm_device *drm, void *data,
			   struct drm_file *file);
int ashlar_ioctl_bo_query(struct drm_device *drm, void *data,
			  struct drm_file *file);
struct drm_gem_object *ashlar_gem_create_object(struct drm_device *drm,
						size_t size);
struct drm_gem_object *ashlar_gem_import_sg(struct drm_device *drm,
					    struct dma_buf_attachment *attach,
					    struct sg_table *sgt);
/* DMA addresses of a buffer in system memory. Sleeps. */
struct sg_table *ashlar_bo_sgt(struct ashlar_bo *bo);
/* Unbind: take all buffers from the board and mappings from board memory. */
void ashlar_gem_unplug(struct ashlar_device *adev);

/* --- ashlar_space.c ----------------------------------------------------------------- */

int ashlar_ioctl_vm_bind(struct drm_device *drm, void *data,
			 struct drm_file *file);
/* The file's address space, made when it has none. file->lock held. */
int ashlar_space_get_live(struct ashlar_file *file);
/* After a failure and with no queues left: let it run again. */
int ashlar_space_restart(struct ashlar_space *space);
/* Take everything from the board; queues are gone. Idempotent. */
void ashlar_space_shutdown(struct ashlar_space *space);
void ashlar_space_put(struct ashlar_space *space);
/* First address that is not for user space. */
u64 ashlar_va_end(struct ashlar_device *adev);
/* An operation by itself; `end` is that address. */
int ashlar_bind_check(const struct drm_ashlar_bind_op *op, u64 end);

/* --- ashlar_sched.c ------------------------------------------------------------------ */

int ashlar_ioctl_queue_create(struct drm_device *drm, void *data,
			      struct drm_file *file);
int ashlar_ioctl_queue_destroy(struct drm_device *drm, void *data,
			       struct drm_file *file);
int ashlar_ioctl_queue_query(struct drm_device *drm, void *data,
			     struct drm_file *file);
int ashlar_ioctl_queue_results(struct drm_device *drm, void *data,
			       struct drm_file *file);
/* file->lock held. */
void ashlar_queue_destroy(struct ashlar_file *file, struct ashlar_queue *q);
struct ashlar_queue *ashlar_queue_find(struct ashlar_file *file, u32 id);
void ashlar_queue_put(struct ashlar_queue *q);
/*
 * What the end of a job signals, or NULL in *fence when it is over: then *status
 * is its status, enum drm_ashlar_job_status. -EINVAL: not submitted; -ENODATA: so
 * long ago that its status is not known.
 */
int ashlar_queue_job(struct ashlar_queue *q, u64 seqno,
		     struct dma_fence **fence, u32 *status);
/*
 * No job of it completes by itself any more: the state if it was OK, then
 * fences signalled with err. Any context. The board must be out of the way.
 */
void ashlar_queue_kill(struct ashlar_queue *q,
		       enum drm_ashlar_queue_state state, int err);
/* Give the hardware queue back. Sleeps; idempotent. */
void ashlar_queue_shutdown(struct ashlar_queue *q, int err);
/* All of them; reset_sem is held for writing. */
void ashlar_queues_shutdown(struct ashlar_device *adev, int err);
/* Take completions, interrupts off. False: they make no sense. */
bool ashlar_queue_complete(struct ashlar_queue *q);
/* When the module goes. */
void ashlar_sched_exit(void);
/* The fence's error for a status of the board's. */
int ashlar_fence_error(u32 status);
/* Of a fence that has signalled: how it ended; of a timeline, this point alone. */
bool ashlar_fence_failed(struct dma_fence *fence);
struct ashlar_sched_job *ashlar_job_new(struct ashlar_queue *q, u32 arg_bytes,
					struct drm_file *file);
void ashlar_job_free(struct ashlar_sched_job *job);

/* --- ashlar_submit.c ------------------------------------------------------------------ */

int ashlar_ioctl_submit(struct drm_device *drm, void *data,
			struct drm_file *file);
/*
 * Element i of a user array whose first version had `least` bytes, as a
 * structure of `bytes`.
 */
int ashlar_array_get(const struct drm_ashlar_array *array, u32 i, void *to,
		     size_t least, size_t bytes);
/* What of a job the driver checks. */
int ashlar_job_check(const struct drm_ashlar_job *job);
/* What flags and point may be together. */
int ashlar_sync_check(const struct drm_ashlar_sync *sync);
/* Check stride and count of one. */
int ashlar_array_check(const struct drm_ashlar_array *array, size_t least,
		       u32 most);

/* --- ashlar_irq.c ------------------------------------------------------------------------ */

int ashlar_irq_init(struct ashlar_device *adev);
void ashlar_irq_fini(struct ashlar_device *adev);
/* Look at every queue, as if all vectors had been raised. */
void ashlar_irq_poll(struct ashlar_device *adev);

/* --- ashlar_reset.c ----------------------------------------------------------------------- */

int ashlar_reset_init(struct ashlar_device *adev);
/* Cancel what it runs; the device is unplugged. */
void ashlar_reset_fini(struct ashlar_device *adev);
/*
 * The board is lost: stop its DMA, end all work, queue a reset. Any context;
 * once per loss.
 */
void ashlar_reset_trigger(struct ashlar_device *adev, const char *why);
/* After a call into the core failed: was it the board? */
void ashlar_reset_check(struct ashlar_device *adev);
/* Wait until a reset under way is over. -EIO: dead. */
int ashlar_reset_wait(struct ashlar_device *adev);
void ashlar_watchdog_kick(struct ashlar_device *adev);
/*
 * To look at registers from outside the core, which must not be done while
 * something else resets the board. False: that is so, and nothing to put.
 */
bool ashlar_registers_get(struct ashlar_device *adev);
void ashlar_registers_put(struct ashlar_device *adev);
extern const struct pci_error_handlers ashlar_pci_err_handlers;
extern const struct dev_pm_ops ashlar_pm_ops;

/* --- ashlar_hwmon.c -------------------------------------------------------------- */

int ashlar_hwmon_init(struct ashlar_device *adev);

/* --- ashlar_coredump.c, ashlar_debugfs.c ------------------------------------------- */

void ashlar_coredump_init(struct ashlar_device *adev);
void ashlar_coredump_fini(struct ashlar_device *adev);
/* Save what the board says about itself, soon. Any context. */
void ashlar_coredump(struct ashlar_device *adev, const char *reason);
struct drm_printer;
/* With what the registers say, when the caller may look at them. */
void ashlar_print_state(struct ashlar_device *adev, struct drm_printer *p,
			bool registers);
void ashlar_debugfs_init(struct ashlar_device *adev);

#endif
