/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * One board: identity, boot, control ring, board memory.
 *
 * Concurrency: attach, boot and detach are called by one thread while nothing
 * else runs. ashlar_ctrl_call(), ashlar_ctrl_poll() and the ashlar_dev_mem_*()
 * functions may be called by any thread at any time in between.
 *
 * A board that stops answering, answers nonsense or does not reply in time is
 * marked lost: every later call returns -ENODEV at once, until it is booted
 * again. What it may still read or write must stay allocated until reset.
 */
#ifndef ASHLAR_DEV_H
#define ASHLAR_DEV_H

#include "ashlar_abi.h"
#include "ashlar_os.h"
#include "ashlar_range.h"

#define ASHLAR_PAGE	  4096u
#define ASHLAR_PAGE_LARGE (2u << 20)

/* Bounds in device cycles; the slowest platform does not change them. */
#define ASHLAR_BOOT_CYCLES 100000000u /* processor running to POST_READY */
#define ASHLAR_CTRL_CYCLES 20000000u /* request to reply */

#define ASHLAR_MAX_CONTEXTS 64 /* numbers 1..63 */
#define ASHLAR_MAX_QUEUES   64 /* numbers 1..63, doorbell 0 is the control's */

/* The versions that this driver speaks. */
#define ASHLAR_CORE_HW_MAJOR	1
#define ASHLAR_CORE_CONTROL_MIN ASHLAR_VERSION(1, 0)
#define ASHLAR_CORE_JOB_MIN	ASHLAR_VERSION(1, 0)
#define ASHLAR_CORE_KERNEL_MIN	ASHLAR_ABI_KERNEL_MIN

struct ashlar_ctrl_request;

struct ashlar_ctrl {
	struct ashlar_os_lock *lock;
	u32 next_id;
	u32 req_tail; /* as written to the ring */
	u32 rep_head;
	u32 bad_replies; /* rejected since boot */
	struct ashlar_ctrl_request *pending[ASHLAR_CTRL_SLOTS];
};

struct ashlar_dev {
	struct ashlar_os *os;
	u32 hw_version;
	u32 platform; /* ASHLAR_HOST_PLATFORM_* */
	u32 dtb_bytes;
	u64 mem_bytes;
	bool lost;
	bool booted;
	u32 boots; /* firmware starts: contexts and queues live as long as one */
	u32 vectors; /* the host has, 1..64; the glue may lower it */
	struct ashlar_info info; /* of the firmware, checked */
	u32 control_abi, job_abi, kernel_abi; /* agreed */
	struct ashlar_ctrl ctrl;
	struct ashlar_os_lock *lock; /* heap and the two sets */
	struct ashlar_range heap; /* board memory */
	u64 contexts; /* set of numbers in use */
	u64 queues;
};

/*
 * Identify the board and learn its memory. Returns 0, -ENODEV (nothing or
 * something else answers), -EPROTONOSUPPORT (hardware interface version) or
 * -ENOMEM.
 */
int ashlar_dev_attach(struct ashlar_dev *dev, struct ashlar_os *os);

/*
 * Load a firmware image (struct ashlar_image and payload), start it and say
 * hello. Returns 0, -EINVAL (image size), -ENOSPC (image larger than free
 * board memory), -EIO (the boot ROM or firmware reported an error),
 * -ETIMEDOUT, -EPROTO (shared memory makes no sense), -EPROTONOSUPPORT,
 * -ENODEV. Sleeps.
 */
int ashlar_dev_boot(struct ashlar_dev *dev, const void *image, size_t bytes);

/* Hold the processor in reset and free all. Contexts must be gone. */
void ashlar_dev_detach(struct ashlar_dev *dev);

/* The board's device tree blob: dtb_bytes bytes (4 .. 64 KiB) to `blob`. */
int ashlar_dev_read_dtb(struct ashlar_dev *dev, void *blob, size_t bytes);

/* Device time in cycles; UINT64_MAX when the board is gone. */
u64 ashlar_dev_cycles(struct ashlar_dev *dev);

/* 0, or -ENODEV when the board is lost or does not answer; it is lost then. */
int ashlar_dev_alive(struct ashlar_dev *dev);

/* Say why, mark the board lost, return err (or -ENODEV when it was before). */
int ashlar_dev_fail(struct ashlar_dev *dev, int err, const char *why);

/* Board memory: `node` zeroed. Returns 0, -EINVAL or -ENOSPC. */
int ashlar_dev_mem_alloc(struct ashlar_dev *dev, struct ashlar_node *node,
			 u64 bytes, u64 align);
void ashlar_dev_mem_free(struct ashlar_dev *dev, struct ashlar_node *node);
u64 ashlar_dev_mem_left(struct ashlar_dev *dev);
/* Fill board memory with zeros. */
void ashlar_dev_mem_clear(struct ashlar_dev *dev, u64 addr, u64 bytes);

/* A number 1 .. limit - 1 that is not in the set; 0 when all are taken. */
u32 ashlar_dev_take(struct ashlar_dev *dev, u64 *set, u32 limit);
void ashlar_dev_give(struct ashlar_dev *dev, u64 *set, u32 number);

/*
 * Send a control request and wait for its reply. req_bytes and rep_bytes are
 * at most sizeof(arg). BUSY is retried until ASHLAR_CTRL_CYCLES have passed.
 * Returns 0; from the reply's status -EINVAL, -ENOENT, -EEXIST,
 * -EPROTONOSUPPORT, -EBUSY (STATE), -EOPNOTSUPP; -EPROTO (status unknown);
 * -ETIMEDOUT or -EIO (no reply, or the firmware has stopped; the board is then
 * lost), -ENODEV. `rep` is filled for EPROTONOSUPPORT too. Sleeps.
 */
int ashlar_ctrl_call(struct ashlar_dev *dev, u32 op, const void *req,
		     size_t req_bytes, void *rep, size_t rep_bytes);

/* Take in replies; the glue calls it on vector 0. Does not sleep. */
void ashlar_ctrl_poll(struct ashlar_dev *dev);

/* Used by ashlar_dev.c. */
int ashlar_ctrl_init(struct ashlar_dev *dev);
void ashlar_ctrl_reset(struct ashlar_dev *dev);
void ashlar_ctrl_fini(struct ashlar_dev *dev);
int ashlar_boot_load(struct ashlar_dev *dev, const void *image, size_t bytes);
int ashlar_boot_hello(struct ashlar_dev *dev);

/*
 * Has the firmware given up? Returns 0, or -EIO or -ENODEV with a sentence; the
 * board is lost then.
 */
int ashlar_boot_check(struct ashlar_dev *dev);

/* Copy of the firmware's telemetry. 0, -EAGAIN (being written), -ENODEV. */
int ashlar_dev_telemetry(struct ashlar_dev *dev, struct ashlar_telemetry *t);

#endif
