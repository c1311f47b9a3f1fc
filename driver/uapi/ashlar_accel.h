/* SPDX-License-Identifier: MIT */
/*
 * The ioctls of /dev/accel/accelN for an Ashlar board.
 *
 * An open file is one address space of the board, made at the first VM_BIND or
 * QUEUE_CREATE. Addresses are chosen by user space. Work is given to queues:
 * jobs of a queue start and complete in order, jobs of different queues know of
 * each other only through syncobjs. A file may have many queues.
 *
 * From the DRM core come VERSION, GEM_CLOSE, PRIME_HANDLE_TO_FD,
 * PRIME_FD_TO_HANDLE and all SYNCOBJ_* (binary and timeline). There is no wait
 * ioctl here: wait for a syncobj.
 *
 * All structures: fields marked "in" are read, "out" written. Flags, pads,
 * reserved fields and fields that are only "out" are zero in the call, else
 * EINVAL. Pointers to user
 * memory are 64 bits. An ioctl that returns EINTR or EAGAIN with no effect may
 * be repeated. Errors that every ioctl knows: EINVAL (a field is out of its
 * range), EFAULT (a pointer), ENOMEM, ENOENT (no such handle, queue or
 * syncobj), ENODEV (the board has gone), EIO (the board has failed and could not
 * be reset).
 */
#ifndef ASHLAR_ACCEL_H
#define ASHLAR_ACCEL_H

#include "drm.h"

#if defined(__cplusplus)
extern "C" {
#endif

#define ASHLAR_ACCEL_MAJOR 1
#define ASHLAR_ACCEL_MINOR 1

enum drm_ashlar_ioctl_id {
	DRM_ASHLAR_DEV_QUERY = 0,
	DRM_ASHLAR_BO_CREATE,
	DRM_ASHLAR_BO_QUERY,
	DRM_ASHLAR_VM_BIND,
	DRM_ASHLAR_QUEUE_CREATE,
	DRM_ASHLAR_QUEUE_DESTROY,
	DRM_ASHLAR_QUEUE_QUERY,
	DRM_ASHLAR_QUEUE_RESULTS,
	DRM_ASHLAR_SUBMIT,
};

/**
 * struct drm_ashlar_array - an array in user memory
 * @stride: Bytes from one element to the next: at least the size of the first
 *	version of the element. What is behind the size that the driver knows
 *	must be zero; what is missing is taken as zero.
 * @count: Elements.
 * @ptr: Address of the first.
 */
struct drm_ashlar_array {
	__u32 stride;
	__u32 count;
	__u64 ptr;
};

/* --- DEV_QUERY --------------------------------------------------------------- */

enum drm_ashlar_dev_query_type {
	/** @DRM_ASHLAR_QUERY_DEVICE: struct drm_ashlar_device. */
	DRM_ASHLAR_QUERY_DEVICE = 0,
	/** @DRM_ASHLAR_QUERY_DTB: the board's device tree blob. */
	DRM_ASHLAR_QUERY_DTB,
	/** @DRM_ASHLAR_QUERY_STATE: struct drm_ashlar_state. */
	DRM_ASHLAR_QUERY_STATE,
	/** @DRM_ASHLAR_QUERY_TIME: __u64, device time in cycles: cheap. */
	DRM_ASHLAR_QUERY_TIME,
};

/**
 * struct drm_ashlar_dev_query - ask for facts
 * @type: in: enum drm_ashlar_dev_query_type.
 * @size: in: bytes at @pointer; out: bytes that the driver has. With @pointer
 *	zero only @size is set. Fewer bytes than the driver has are filled as
 *	far as they go; more are filled with zeros.
 * @pointer: in: where to.
 */
struct drm_ashlar_dev_query {
	__u32 type;
	__u32 size;
	__u64 pointer;
};

/**
 * struct drm_ashlar_device - what does not change while the driver is bound
 */
struct drm_ashlar_device {
	/** @platform: HOST.PLATFORM: 0 silicon, 1 RTL model, 2 fast model. */
	__u32 platform;
	/** @hw_version: HOST.HW_VERSION, major << 16 | minor, as all versions. */
	__u32 hw_version;
	/** @firmware_version: Of the running image. */
	__u32 firmware_version;
	/** @control_abi: Version agreed for the control ring. */
	__u32 control_abi;
	/** @job_abi: Version agreed for job rings. */
	__u32 job_abi;
	/** @kernel_abi: Version agreed for kernel images. */
	__u32 kernel_abi;
	/** @tiles: Tiles of the board. */
	__u32 tiles;
	/** @clock_khz: Nominal clock; device time is cycles of it. */
	__u32 clock_khz;
	/** @max_queues: Queues of the board, shared by all files. */
	__u32 max_queues;
	/** @max_contexts: Address spaces of the board. */
	__u32 max_contexts;
	/** @max_queue_depth: Jobs in a ring, a power of two. */
	__u32 max_queue_depth;
	/** @max_arg_bytes: Bytes of arguments of a job. */
	__u32 max_arg_bytes;
	/** @max_jobs: Jobs in one SUBMIT. */
	__u32 max_jobs;
	/** @max_syncs: Syncobjs of one job. */
	__u32 max_syncs;
	/** @max_binds: Operations in one VM_BIND. */
	__u32 max_binds;
	/** @page_bytes: Small page: granularity of addresses and sizes. */
	__u32 page_bytes;
	/**
	 * @large_page_bytes: Board memory that is aligned to this, at an
	 * address that is too, costs less page table and fewer walks.
	 */
	__u64 large_page_bytes;
	/** @va_start: First address that VM_BIND takes. */
	__u64 va_start;
	/** @va_end: First address behind. */
	__u64 va_end;
	/** @memory_bytes: Board memory. */
	__u64 memory_bytes;
	/** @kernel_abi_min: Oldest kernel image that the firmware runs. */
	__u32 kernel_abi_min;
	/** @max_pending: Jobs of a queue that have not completed. */
	__u32 max_pending;
};

/**
 * struct drm_ashlar_state - what does change
 */
struct drm_ashlar_state {
	/** @cycles: Device time. */
	__u64 cycles;
	/** @heartbeat: Grows while the firmware's main loop turns. */
	__u64 heartbeat;
	/** @memory_free: Board memory that is free, perhaps in pieces. */
	__u64 memory_free;
	/** @resets: Times the board was reset since the driver was bound. */
	__u32 resets;
	/** @jobs_completed: By the firmware since it started; wraps. */
	__u32 jobs_completed;
	/** @jobs_failed: Of these, not with success. */
	__u32 jobs_failed;
	/** @tiles_busy: Set of tiles that run a job, bit = tile. */
	__u32 tiles_busy;
	/** @bad_requests: Control requests that the firmware refused. */
	__u32 bad_requests;
	/** @pad: Zero. */
	__u32 pad;
};

/* --- Buffers ------------------------------------------------------------------- */

enum drm_ashlar_bo_flags {
	/** @DRM_ASHLAR_BO_LOCAL: Board memory; without it, system memory. */
	DRM_ASHLAR_BO_LOCAL = 1 << 0,
	/** @DRM_ASHLAR_BO_NO_MMAP: Never mapped by the processor. */
	DRM_ASHLAR_BO_NO_MMAP = 1 << 1,
};

/**
 * struct drm_ashlar_bo_create - make a buffer, filled with zeros
 * @size: in: bytes, at least 1; out: rounded up to pages.
 * @flags: in: enum drm_ashlar_bo_flags.
 * @handle: out: GEM handle.
 *
 * ENOSPC: no board memory. Board memory of 2 MiB and more begins at a large page
 * where there is one. Buffers in system memory are cached and coherent with the
 * board; buffers in board memory are mapped write-combining. Only buffers in
 * system memory can be exported.
 */
struct drm_ashlar_bo_create {
	__u64 size;
	__u32 flags;
	__u32 handle;
};

/**
 * struct drm_ashlar_bo_query - facts of a buffer
 * @handle: in: GEM handle.
 * @flags: out: enum drm_ashlar_bo_flags.
 * @size: out: bytes.
 * @mmap_offset: out: offset for mmap() of the file; 0 with NO_MMAP and for
 *	imported buffers.
 */
struct drm_ashlar_bo_query {
	__u32 handle;
	__u32 flags;
	__u64 size;
	__u64 mmap_offset;
};

enum drm_ashlar_bind_op_id {
	/** @DRM_ASHLAR_BIND_MAP: Map; something mapped there is EEXIST. */
	DRM_ASHLAR_BIND_MAP = 0,
	/**
	 * @DRM_ASHLAR_BIND_UNMAP: Unmap one or more whole MAPs, all that lie
	 * in the range; one that lies in it partly is EINVAL.
	 */
	DRM_ASHLAR_BIND_UNMAP,
};

enum drm_ashlar_bind_flags {
	/** @DRM_ASHLAR_BIND_READ_ONLY: MAP: a write by a kernel faults. */
	DRM_ASHLAR_BIND_READ_ONLY = 1 << 0,
};

/**
 * struct drm_ashlar_bind_op - one change of the address space
 * @op: in: enum drm_ashlar_bind_op_id.
 * @flags: in: enum drm_ashlar_bind_flags.
 * @handle: in: MAP: GEM handle. UNMAP: 0.
 * @pad: Zero.
 * @bo_offset: in: MAP: first byte of the buffer, multiple of page_bytes.
 *	UNMAP: 0.
 * @va: in: device address, multiple of page_bytes, in [va_start, va_end).
 * @range: in: bytes, multiple of page_bytes, not 0.
 */
struct drm_ashlar_bind_op {
	__u32 op;
	__u32 flags;
	__u32 handle;
	__u32 pad;
	__u64 bo_offset;
	__u64 va;
	__u64 range;
};

/**
 * struct drm_ashlar_vm_bind - change the address space of the file
 * @ops: in: struct drm_ashlar_bind_op, done in order.
 * @done: out: operations that were done. The first one that fails ends the
 *	call with its error; those before it stand.
 * @flags: Zero.
 *
 * Done when the call returns. A mapping keeps its buffer, also without a handle.
 * UNMAP does not wait for jobs: one that still uses the addresses gets a page
 * fault. What is unmapped is out of the board's reach when the call returns.
 * A buffer that is mapped in system memory is pinned, and counted against the
 * user's RLIMIT_MEMLOCK unless CAP_IPC_LOCK: then EDQUOT. ENOSPC: no context, or
 * no board memory for page tables.
 */
struct drm_ashlar_vm_bind {
	struct drm_ashlar_array ops;
	__u32 done;
	__u32 flags;
};

/* --- Queues -------------------------------------------------------------------- */

enum drm_ashlar_priority {
	DRM_ASHLAR_PRIORITY_LOW = 0,
	DRM_ASHLAR_PRIORITY_NORMAL,
	/** @DRM_ASHLAR_PRIORITY_HIGH: Needs CAP_SYS_NICE, else EACCES. */
	DRM_ASHLAR_PRIORITY_HIGH,
};

/**
 * struct drm_ashlar_queue_create - make a queue
 * @priority: in: enum drm_ashlar_priority. The board takes jobs of a higher
 *	priority first; it does not interrupt a job.
 * @depth: in: jobs that the board's ring holds, a power of two from 2 to
 *	max_queue_depth. More may be submitted; they wait in the driver.
 * @flags: Zero.
 * @queue: out: number, from 1, of this file.
 *
 * ENOSPC: no queue, board memory or context is free. ECANCELED: the address space
 * has been stopped by a failure and still has queues; destroy them all first.
 */
struct drm_ashlar_queue_create {
	__u32 priority;
	__u32 depth;
	__u32 flags;
	__u32 queue;
};

/**
 * struct drm_ashlar_queue_destroy - end a queue
 * @queue: in: number.
 * @pad: Zero.
 *
 * Jobs that have not completed are killed; their fences carry ECANCELED, those of
 * jobs that the board did not have yet ESRCH.
 */
struct drm_ashlar_queue_destroy {
	__u32 queue;
	__u32 pad;
};

enum drm_ashlar_queue_state {
	DRM_ASHLAR_QUEUE_OK = 0,
	/** @DRM_ASHLAR_QUEUE_FAULT: A job of it has faulted. */
	DRM_ASHLAR_QUEUE_FAULT,
	/** @DRM_ASHLAR_QUEUE_TIMEDOUT: A job of it ran too long. */
	DRM_ASHLAR_QUEUE_TIMEDOUT,
	/** @DRM_ASHLAR_QUEUE_BAD_JOB: A job of it was refused by the board. */
	DRM_ASHLAR_QUEUE_BAD_JOB,
	/**
	 * @DRM_ASHLAR_QUEUE_CANCELLED: A job of another queue of the file has
	 * stopped the address space.
	 */
	DRM_ASHLAR_QUEUE_CANCELLED,
	/** @DRM_ASHLAR_QUEUE_INNOCENT: The board was reset. */
	DRM_ASHLAR_QUEUE_INNOCENT,
	/**
	 * @DRM_ASHLAR_QUEUE_WAIT_FAILED: What a job of it waited for with
	 * DRM_ASHLAR_SYNC_SUCCESS has failed. The address space goes on.
	 */
	DRM_ASHLAR_QUEUE_WAIT_FAILED,
};

/**
 * struct drm_ashlar_queue_query - how a queue is
 * @queue: in: number.
 * @state: out: enum drm_ashlar_queue_state. A queue that is not OK refuses
 *	SUBMIT with ECANCELED; destroy it and make another. The address space
 *	and its mappings are kept: the first QUEUE_CREATE after all queues have
 *	been destroyed starts it again.
 * @submitted: out: seqno of the last job taken.
 * @completed: out: seqno of the last job completed.
 */
struct drm_ashlar_queue_query {
	__u32 queue;
	__u32 state;
	__u64 submitted;
	__u64 completed;
};

enum drm_ashlar_job_status {
	DRM_ASHLAR_JOB_OK = 0,
	/** @DRM_ASHLAR_JOB_EXIT: Exit code not 0. Fence: EREMOTEIO. */
	DRM_ASHLAR_JOB_EXIT,
	/** @DRM_ASHLAR_JOB_FAULT: See fault_*. Fence: EFAULT. */
	DRM_ASHLAR_JOB_FAULT,
	/** @DRM_ASHLAR_JOB_TIMEOUT: Ran too long. Fence: ETIME. */
	DRM_ASHLAR_JOB_TIMEOUT,
	/** @DRM_ASHLAR_JOB_CANCELLED: Something else failed. Fence: ECANCELED. */
	DRM_ASHLAR_JOB_CANCELLED,
	/** @DRM_ASHLAR_JOB_BAD: Refused by the board. Fence: EINVAL. */
	DRM_ASHLAR_JOB_BAD,
};

/**
 * struct drm_ashlar_result - what became of a job
 *
 * The fields have the names and meanings of struct ashlar_completion in
 * ashlar_abi.h, where the causes and units of faults are listed.
 */
struct drm_ashlar_result {
	/** @seqno: Of the job. */
	__u64 seqno;
	/** @status: enum drm_ashlar_job_status. */
	__u32 status;
	/** @tag: Of the job. */
	__u32 tag;
	/** @t_fetch: Device cycles: the board has read the job. */
	__u64 t_fetch;
	/** @t_start: Tiles started. */
	__u64 t_start;
	/** @t_end: The last tile ended. */
	__u64 t_end;
	/** @exit_code: EXIT: of the first tile that had one. */
	__u32 exit_code;
	/** @tile: First tile concerned. */
	__u32 tile;
	/** @fault_cause: TILE.FAULT_CAUSE. */
	__u32 fault_cause;
	/** @fault_unit: TILE.FAULT_UNIT. */
	__u32 fault_unit;
	/** @fault_sub: TILE.FAULT_SUB. */
	__u32 fault_sub;
	/** @fault_pc: TILE.FAULT_PC. */
	__u32 fault_pc;
	/** @fault_addr: TILE.FAULT_ADDR. */
	__u64 fault_addr;
	/** @context: The board's number of the address space. */
	__u32 context;
	/** @tiles: Tiles used. */
	__u32 tiles;
	/** @counters: Sums over the tiles, in the order of ashlar_completion. */
	__u32 counters[8];
};

/**
 * struct drm_ashlar_queue_results - read what became of jobs
 * @queue: in: number.
 * @stride: in: bytes from one result to the next, at least the size of the
 *	first version; out: unchanged.
 * @first: in: seqno of the first job asked for, from 1.
 * @count: in: results wanted; out: results given: consecutive jobs from
 *	@first that have completed, perhaps 0.
 * @pad: Zero.
 * @ptr: in: where to.
 *
 * The driver keeps the results of the last depth jobs of a queue. ENODATA:
 * @first is older. A result is there before the fence of its job signals.
 */
struct drm_ashlar_queue_results {
	__u32 queue;
	__u32 stride;
	__u64 first;
	__u32 count;
	__u32 pad;
	__u64 ptr;
};

/* --- SUBMIT -------------------------------------------------------------------- */

enum drm_ashlar_sync_flags {
	/** @DRM_ASHLAR_SYNC_SIGNAL: Signalled by the job; else waited for. */
	DRM_ASHLAR_SYNC_SIGNAL = 1 << 0,
	/** @DRM_ASHLAR_SYNC_TIMELINE: A timeline syncobj, @point of it. */
	DRM_ASHLAR_SYNC_TIMELINE = 1 << 1,
	/**
	 * @DRM_ASHLAR_SYNC_QUEUE: Not a syncobj: waits for job @point of queue
	 * @handle of the same file, which may be the queue of the job itself.
	 */
	DRM_ASHLAR_SYNC_QUEUE = 1 << 2,
	/**
	 * @DRM_ASHLAR_SYNC_SUCCESS: Waits for an end without an error. When
	 * there is one, the job does not run: it ends as JOB_CANCELLED, after
	 * the jobs before it, and so do all behind it in the queue, which
	 * becomes QUEUE_WAIT_FAILED.
	 */
	DRM_ASHLAR_SYNC_SUCCESS = 1 << 3,
};

/**
 * struct drm_ashlar_sync - what a job waits for or signals
 * @handle: in: syncobj, or queue with QUEUE.
 * @flags: in: enum drm_ashlar_sync_flags: SIGNAL, SIGNAL and TIMELINE, or for a
 *	wait nothing, TIMELINE or QUEUE, each with or without SUCCESS.
 * @point: in: TIMELINE, QUEUE: the point or seqno, not 0; else 0.
 *
 * SUCCESS is about the fence that is in the syncobj, or at the point, not about
 * those at points before it. A timeline forgets the fence of a point that has
 * signalled once there are later ones: then ENODATA, also when all was well. Of
 * a queue's jobs the driver knows as long as it keeps results: then ENODATA.
 */
struct drm_ashlar_sync {
	__u32 handle;
	__u32 flags;
	__u64 point;
};

enum drm_ashlar_job_kind {
	/** @DRM_ASHLAR_JOB_NOP: Runs nothing: a point in the order. */
	DRM_ASHLAR_JOB_NOP = 0,
	/** @DRM_ASHLAR_JOB_KERNEL: Runs a kernel. */
	DRM_ASHLAR_JOB_KERNEL,
};

/**
 * struct drm_ashlar_job - a job
 *
 * What the board checks and the driver does not is marked (board): the job then
 * ends as JOB_BAD or as a fault. For a NOP all from code_va to timeout except
 * tag is 0.
 */
struct drm_ashlar_job {
	/** @kind: in: enum drm_ashlar_job_kind. */
	__u32 kind;
	/** @flags: Zero. */
	__u32 flags;
	/** @code_va: in: device address of the image, multiple of 64 (board). */
	__u64 code_va;
	/** @code_bytes: in: its size, multiple of 64 (board). */
	__u32 code_bytes;
	/** @text_bytes: in: of these, write protected (board). */
	__u32 text_bytes;
	/** @entry: in: offset of the first instruction (board). */
	__u32 entry;
	/**
	 * @code_serial: in: two jobs of a file with equal code_va and
	 * code_serial have the same image; the board may not load it again.
	 */
	__u32 code_serial;
	/** @args: in: arguments in user memory, copied by the call. */
	__u64 args;
	/** @arg_bytes: in: 0 .. max_arg_bytes. */
	__u32 arg_bytes;
	/** @tiles: in: tiles wanted, from 1; more than there are is all. */
	__u32 tiles;
	/** @grid: in: x, y, z for the kernel, each at least 1 (board). */
	__u32 grid[3];
	/** @tag: in: returned in the result. */
	__u32 tag;
	/** @timeout: in: device cycles on the tiles; 0: the board's default. */
	__u64 timeout;
	/** @syncs: in: struct drm_ashlar_sync, up to max_syncs. */
	struct drm_ashlar_array syncs;
};

/**
 * struct drm_ashlar_submit - give jobs to a queue
 * @queue: in: number.
 * @flags: Zero.
 * @jobs: in: struct drm_ashlar_job, 1 .. max_jobs.
 * @seqno: out: of the last job taken. Jobs of a queue count 1, 2, 3, ...
 * @accepted: out: jobs taken, in order. The first one that is refused ends the
 *	call with its error; those before it are submitted.
 * @pad: Zero.
 *
 * EBUSY: max_pending jobs of the queue have not completed; wait for one.
 * ECANCELED: the queue is not OK (QUEUE_QUERY). EINVAL for a syncobj, or a point
 * of one, that nothing will signal yet, and for a job that is not submitted:
 * waits are for submitted work only. ENODATA: see struct drm_ashlar_sync.
 */
struct drm_ashlar_submit {
	__u32 queue;
	__u32 flags;
	struct drm_ashlar_array jobs;
	__u64 seqno;
	__u32 accepted;
	__u32 pad;
};

#define DRM_IOCTL_ASHLAR_DEV_QUERY                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_DEV_QUERY, \
		 struct drm_ashlar_dev_query)
#define DRM_IOCTL_ASHLAR_BO_CREATE                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_BO_CREATE, \
		 struct drm_ashlar_bo_create)
#define DRM_IOCTL_ASHLAR_BO_QUERY                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_BO_QUERY, \
		 struct drm_ashlar_bo_query)
#define DRM_IOCTL_ASHLAR_VM_BIND                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_VM_BIND, \
		 struct drm_ashlar_vm_bind)
#define DRM_IOCTL_ASHLAR_QUEUE_CREATE                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_QUEUE_CREATE, \
		 struct drm_ashlar_queue_create)
#define DRM_IOCTL_ASHLAR_QUEUE_DESTROY                       \
	DRM_IOW(DRM_COMMAND_BASE + DRM_ASHLAR_QUEUE_DESTROY, \
		struct drm_ashlar_queue_destroy)
#define DRM_IOCTL_ASHLAR_QUEUE_QUERY                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_QUEUE_QUERY, \
		 struct drm_ashlar_queue_query)
#define DRM_IOCTL_ASHLAR_QUEUE_RESULTS                        \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_QUEUE_RESULTS, \
		 struct drm_ashlar_queue_results)
#define DRM_IOCTL_ASHLAR_SUBMIT \
	DRM_IOWR(DRM_COMMAND_BASE + DRM_ASHLAR_SUBMIT, struct drm_ashlar_submit)

#if defined(__cplusplus)
}
#endif

#endif
