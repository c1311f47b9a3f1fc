/* SPDX-License-Identifier: MIT */
/*
 * The kernel driver as it is: one function for each ioctl, without a library
 * between. They return 0 or a negative errno; who expects success says so with
 * EXPECT. `struct card` is an open file with the kernels loaded, for tests that
 * are about something else.
 */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>
#include <cmocka.h>

#include "ashlar_accel.h"
#include "counted.h"
#include "guest_args.h"

#define PAGE   4096ull
#define LARGE  (2ull << 20)
#define SECOND 1000000000ll

/*
 * End the test as failed; in a child or a thread of the test, all of the child
 * or the whole program.
 */
_Noreturn void die(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/*
 * How many times longer than on a stock kernel things may take: the number in
 * GUEST_SLOW, else 1. All limits of this file are multiplied by it.
 */
unsigned int slowness(void);
/* To be called first in main(): a program that hangs is killed. */
void guard(unsigned int seconds);

#define CHECK(cond)                                                \
	do {                                                       \
		if (!(cond))                                       \
			die(__FILE__, __LINE__, "not: %s", #cond); \
	} while (0)
/* The value of an expression; small negative ones are shown as errno names. */
#define EXPECT(expr, expected)                                        \
	expect_value_is(__FILE__, __LINE__, #expr, (long long)(expr), \
			(long long)(expected))
void expect_value_is(const char *file, int line, const char *what,
		     long long got, long long expected);

/* --- Nodes and ioctls ------------------------------------------------------------- */

/* Open the board's node, whatever its number is by now; or a negative errno. */
int node_open(void);
/* /sys/bus/pci/devices/... of the board. */
const char *pci_folder(void);

/* Once, as it is; EINTR and EAGAIN show. */
int call_once(int fd, unsigned long request, void *arg);
/* Repeated for EINTR and EAGAIN. */
int call(int fd, unsigned long request, void *arg);

int dev_query(int fd, uint32_t type, void *to, uint32_t bytes);
struct drm_ashlar_state state_of(int fd);

int bo_create(int fd, uint64_t bytes, uint32_t flags, uint32_t *handle);
int bo_close(int fd, uint32_t handle);
/* Map all of it. NULL: errno says why. */
void *bo_mmap(int fd, uint32_t handle);
int vm_map(int fd, uint32_t handle, uint64_t offset, uint64_t va,
	   uint64_t range, uint32_t flags);
int vm_unmap(int fd, uint64_t va, uint64_t range);

int queue_create(int fd, uint32_t priority, uint32_t depth, uint32_t *queue);
int queue_destroy(int fd, uint32_t queue);
int queue_query(int fd, uint32_t queue, struct drm_ashlar_queue_query *q);
/* Returns the number of results, or a negative errno. */
int queue_results(int fd, uint32_t queue, uint64_t first, uint32_t count,
		  struct drm_ashlar_result *r);
int submit(int fd, uint32_t queue, const struct drm_ashlar_job *jobs,
	   uint32_t count, uint64_t *seqno, uint32_t *accepted);

int sync_create(int fd, uint32_t *handle);
int sync_destroy(int fd, uint32_t handle);
/* point 0: binary. -ETIME when it takes longer. */
int sync_wait(int fd, uint32_t handle, uint64_t point, int64_t timeout_ns);
int sync_query(int fd, uint32_t handle, uint64_t *point);
/* A sync_file of a binary syncobj; or a negative errno. */
int sync_export(int fd, uint32_t handle);
/* Of a sync_file: 1 signalled, 0 not yet, else the fence's negative error. */
int fence_status(int sync_file);
int fence_wait(int sync_file, int timeout_ms);

/*
 * The module, as long as nobody uses it: once, and for as long as it takes what
 * closed files leave to be given back in the background. And again, with these
 * parameters.
 */
int try_module_unload(void);
void module_unload(void);
int module_load(const char *parameters);

/* --- A file with kernels ------------------------------------------------------------ */

struct card {
	int fd;
	struct drm_ashlar_device dev;
	uint64_t next_va;
	uint32_t code; /* handle */
	uint64_t code_va;
};

/* Write text to a file of the kernel; 0 or a negative errno. echo() insists. */
int try_echo(const char *path, const char *text);
void echo(const char *path, const char *text);

/* Memory that processor and kernels see. */
struct buf {
	uint32_t handle;
	uint64_t va;
	uint64_t bytes;
	void *cpu;
};

/* Aborts the test when something is wrong; try_card_open() says what. */
void card_open(struct card *c);
int try_card_open(struct card *c);
/* The kernel keeps the file until nothing of it is mapped: see buf_free(). */
void card_close(struct card *c);
/* Addresses nobody else got. */
uint64_t card_va(struct card *c, uint64_t bytes);

void buf_new(struct card *c, struct buf *b, uint64_t bytes, uint32_t flags);
int try_buf_new(struct card *c, struct buf *b, uint64_t bytes, uint32_t flags);
void buf_free(struct card *c, struct buf *b);

/* A job of the kernel of that name. args are read at submit. */
struct drm_ashlar_job job_of(struct card *c, const char *kernel,
			     const void *args, uint32_t arg_bytes);
static inline struct drm_ashlar_job job_with(struct card *c, const char *kernel,
					     const struct guest_args *args)
{
	struct drm_ashlar_job job = job_of(c, kernel, args, sizeof(*args));

	/* Until it is killed, on a board that is as fast as can be, too. */
	if (!strcmp(kernel, "hang"))
		job.timeout = 1ull << 50;
	return job;
}
static inline struct drm_ashlar_job job_nop(void)
{
	return (struct drm_ashlar_job){ .kind = DRM_ASHLAR_JOB_NOP };
}
void job_syncs(struct drm_ashlar_job *job, const struct drm_ashlar_sync *syncs,
	       uint32_t count);

/*
 * Submit one job, wait for it, get its result. Returns 0 when there is a
 * result, or a negative errno.
 */
int try_run(struct card *c, uint32_t queue, const struct drm_ashlar_job *job,
	    struct drm_ashlar_result *r);
/* The same; returns the status. */
uint32_t run(struct card *c, uint32_t queue, const struct drm_ashlar_job *job,
	     struct drm_ashlar_result *r);
/* The jobs of a queue up to seqno are over. */
void queue_drain(struct card *c, uint32_t queue);
/* A kernel writes a word and it arrives: this file works. */
void card_computes(struct card *c);
/* The same with a file of its own. */
void board_computes(void);

/* --- Other processes ------------------------------------------------------------------- */

/* Fork; die() in the child ends it with status 1. */
pid_t child(void (*body)(void *arg), void *arg);
/* Wait for it; it has to have succeeded. */
void child_ok(pid_t pid);
/* Kill it, however it is. */
void child_kill(pid_t pid);

#endif
