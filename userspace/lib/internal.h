/* SPDX-License-Identifier: MIT */
/*
 * The library's objects. All members are under the board's lock, except those
 * that never change after creation and what handle.h says.
 */
#ifndef ASHLAR_LIB_INTERNAL_H
#define ASHLAR_LIB_INTERNAL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include <ashlar/ashlar.h>
#include <ashlar/kernel_abi.h>

#include "handle.h"
#include "port.h"
#include "sim.h"
#include "topology.h"

struct trace;

/* --- Board (board.c) ------------------------------------------------------ */

/* A lock that is given out in the order in which it was asked for. */
struct turnstile {
	pthread_mutex_t mutex;
	pthread_cond_t turn;
	uint64_t next, serving;
};

struct board {
	struct turnstile lock;
	pid_t pid;
	char name[64];
	struct port *port;
	struct topology topology;
	struct ashlar_device *devices; /* in order of opening */
	struct trace *trace; /* NULL: none */
	/*
	 * Destroyed handles, oldest first. Their memory stays for a while, so
	 * that their addresses are not those of new handles at once.
	 */
	struct handle *buried, **buried_end;
	unsigned int buried_count;
	unsigned int waiters; /* threads that sleep in the port */
};

/* Returns NULL with *result and a sentence in error. */
struct board *board_new(const char *name,
			const struct ashlar_open_options *options,
			ashlar_result *result, char *error);
void board_free(struct board *b);
void board_lock(struct board *b);
/* Frees the board when its last device has gone. */
void board_unlock(struct board *b);
void board_bury(struct board *b, struct handle *h);
uint64_t board_cycles(struct board *b);
/* Take completions, start what is ready, until nothing moves. */
void board_pump(struct board *b);
/*
 * Where time passes only in run(): let at most cycles pass, then pump. Returns
 * false when nothing can happen any more without a new submission.
 */
bool board_slice(struct board *b, uint64_t cycles);
/* Fences have failed that no job ends: let those who sleep look again. */
void board_wake(struct board *b);

/* --- Device (device.c) ----------------------------------------------------- */

#define MESSAGES 16

/* The last failure of one thread. */
struct message {
	pthread_t thread;
	uint64_t stamp; /* 0: not in use */
	char text[ERROR_BYTES];
};

struct ashlar_device {
	struct handle h; /* first */
	struct board *board;
	struct ashlar_device *next;
	char name[64];
	struct port_space *space;
	bool stopped; /* a fault has stopped the context */
	struct ashlar_queue *queues;
	struct submission *oldest, *newest; /* not complete, in order */
	uint64_t submitted; /* stamp of the newest ever */
	/* Memory released while something ran, then unmapped memory. */
	struct memory *held;
	struct memory *stale;
	uint64_t stale_bytes;
	uint32_t stale_count;
	uint32_t code_serial;
	struct ashlar_fault fault;
	bool has_fault;
	struct message messages[MESSAGES];
	uint64_t message_stamp;
};

/* Record a sentence for the calling thread; returns result. */
ashlar_result fail(struct ashlar_device *dev, ashlar_result result,
		   const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same for an error of the port, which has left its sentence. */
ashlar_result fail_port(struct ashlar_device *dev, int err, const char *what);
/* What this thread's last failure on the device was. */
const char *last_message(struct ashlar_device *dev);
/* The board is lost: OK when it is not. */
ashlar_result check_lost(struct ashlar_device *dev);
ashlar_result result_of(int err);

/*
 * Entry of every call: check the handle, lock its board. On OK leave() must
 * follow. `h` is the handle.
 */
ashlar_result enter(const void *pointer, enum kind kind);
void leave(const void *pointer);
/* An object of the same board inside a call; what: for the message. */
ashlar_result borrow(struct ashlar_device *dev, const void *pointer,
		     enum kind kind, const char *what);
/* Last user of any handle. */
void release(const void *pointer, enum kind kind);
/*
 * Check size and flags of a structure of the application and copy it to one of
 * the library's, zero where the application's is shorter.
 */
ashlar_result take_struct(struct ashlar_device *dev, const void *from,
			  size_t least, uint32_t flags, void *to, size_t bytes,
			  const char *what);
/* Fill in the application's structure up to its size. */
ashlar_result give_struct(struct ashlar_device *dev, void *to, size_t least,
			  const void *from, size_t bytes, const char *what);
#define END_OF(type, member) \
	(offsetof(type, member) + sizeof(((type *)0)->member))

/* --- Memory (memory.c) ------------------------------------------------------ */

/* Memory with a device address: of a buffer or of a module's image. */
struct memory {
	struct port_memory *port;
	uint64_t stamp; /* must be complete before it is unmapped */
	struct memory *next;
};

/*
 * flags: enum ashlar_buffer_flags. The memory is zeroed. On failure the
 * sentence is with the device.
 */
ashlar_result memory_new(struct ashlar_device *dev, uint64_t bytes,
			 uint64_t align, uint32_t flags, struct memory **m);
/* Give back as soon as nothing uses it. Cannot fail. */
void memory_release(struct ashlar_device *dev, struct memory *m);
/* Unmap what was held for submissions that are complete now. */
void memory_settle(struct ashlar_device *dev);
/* Everything, when the device goes. */
void memory_purge(struct ashlar_device *dev);
/*
 * Copy between memory and the process; the range has been checked. On failure
 * the sentence is with the device.
 */
ashlar_result memory_write(struct ashlar_device *dev, struct memory *m,
			   uint64_t offset, const void *data, uint64_t bytes);
ashlar_result memory_read(struct ashlar_device *dev, struct memory *m,
			  uint64_t offset, void *data, uint64_t bytes);

/* --- Buffer, module, kernel --------------------------------------------------- */

struct ashlar_buffer {
	struct handle h;
	struct memory *memory;
	uint64_t bytes;
	uint32_t flags;
};

struct ashlar_module {
	struct handle h;
	struct memory *memory;
	uint32_t image_bytes, text_bytes, memory_bytes;
	uint32_t serial;
	struct ashlar_kernel_desc *kernels;
	uint32_t kernel_count;
};

struct ashlar_kernel {
	struct handle h;
	struct ashlar_module *module; /* a reference */
	const struct ashlar_kernel_desc *desc;
};

/* Under the device's lock; both give handles with one user. */
ashlar_result module_new(struct ashlar_device *dev, const void *elf,
			 size_t bytes, ashlar_module **out);
ashlar_result kernel_new(struct ashlar_module *m, const char *name,
			 ashlar_kernel **out);

/* --- Commands (command.c) ------------------------------------------------------ */

enum command_kind {
	COMMAND_LAUNCH,
	COMMAND_COPY,
	COMMAND_FILL,
	COMMAND_NOTHING, /* done when all before it is */
};

struct command {
	enum command_kind kind;
	/* LAUNCH */
	struct ashlar_kernel *kernel; /* a reference */
	struct ashlar_job job;
	uint8_t *args;
	/* COPY, FILL; handles are references */
	struct ashlar_buffer *dst, *src;
	struct ashlar_copy_info copy;
	struct ashlar_fill_info fill;
};

ashlar_result command_launch(struct ashlar_device *dev, struct command *c,
			     const struct ashlar_launch_info *info);
ashlar_result command_copy(struct ashlar_device *dev, struct command *c,
			   const struct ashlar_copy_info *info);
ashlar_result command_fill(struct ashlar_device *dev, struct command *c,
			   const struct ashlar_fill_info *info);
void command_clear(struct command *c);
const char *command_name(const struct command *c);
/* Do a copy or fill now. On failure the sentence is with the device. */
ashlar_result command_execute(struct ashlar_device *dev,
			      const struct command *c);

struct ashlar_cmdlist {
	struct handle h;
	struct command *commands;
	uint32_t count, room;
	bool ended;
};

/* A list that is no handle of the application, for one submission. */
struct ashlar_cmdlist *cmdlist_new(struct ashlar_device *dev);
/* Add all of the launches, or none. */
ashlar_result cmdlist_add(struct ashlar_cmdlist *l,
			  const struct ashlar_launch_info *infos,
			  uint32_t count);

/* --- Fences and submissions (fence.c, submit.c) --------------------------------- */

struct ashlar_fence {
	struct handle h;
	/*
	 * While it is pending: the last job of its submission, once the board
	 * has all of it and there is one; else queue is NULL.
	 */
	struct port_point point;
	uint64_t first; /* the first job of that submission; 0: none yet */
	struct ashlar_fence_info info;
	struct ashlar_fault fault;
	bool has_fault;
};

/* A fence that is pending and not yet live. */
struct ashlar_fence *fence_new(struct ashlar_device *dev);
void fence_fail(struct ashlar_fence *f, ashlar_result result, uint64_t now,
		const char *text);

/* Work of one queue with one fence. */
struct submission {
	struct submission *next; /* in the queue's backlog */
	struct submission *older, *newer; /* in the device's list */
	struct ashlar_queue *queue; /* a reference */
	struct ashlar_fence *fence; /* a reference */
	struct ashlar_fence **waits; /* references */
	uint32_t wait_count;
	bool overtakes; /* the port waits: what became of it is seen after */
	struct ashlar_cmdlist *list; /* a reference, or NULL: single */
	struct command single;
	const struct command *commands;
	uint8_t **args; /* patched arguments by command, or NULL */
	uint32_t count;
	uint32_t started; /* commands given to the board or done here */
	uint32_t completed;
	uint64_t stamp;
};

/* What is in a slot of the board's ring. */
struct flight {
	struct submission *submission;
	uint32_t command;
};

struct ashlar_queue {
	struct handle h;
	struct ashlar_queue *next; /* of the device */
	struct port_queue *port; /* NULL: taken off the board */
	struct flight *flights; /* by sequence, as many as the depth */
	uint64_t wake; /* point to wait for; 0: none (fence.c) */
	struct submission *first, *last; /* with commands not yet started */
	uint32_t backlog, backlog_max; /* submissions in it */
	bool poisoned;
	char poison[ERROR_BYTES]; /* why */
};

/*
 * Submit: on OK the queue owns *s, else the caller still does. *out is a live
 * fence, when out is not NULL.
 */
ashlar_result submit(struct ashlar_queue *q, struct submission *s,
		     ashlar_fence *const *waits, uint32_t wait_count,
		     ashlar_fence **out);
void submission_free(struct submission *s);
/*
 * Launches as one submission (queue.c): waits before the first, the fence after
 * the last. With none the fence signals after what is before it in the queue.
 */
ashlar_result submit_launches(struct ashlar_queue *q,
			      const struct ashlar_launch_info *infos,
			      uint32_t count, ashlar_fence *const *waits,
			      uint32_t wait_count, ashlar_fence **fence);
/* One round over a queue; true when something moved. */
bool queue_step(struct ashlar_queue *q);
/* End everything of the device that is not complete. */
void device_cancel(struct ashlar_device *dev, ashlar_result result,
		   const char *text);

/* --- Trace (trace.c) -------------------------------------------------------------- */

/* Opens path, or path.1, path.2 when another board writes it. */
struct trace *trace_open(const char *path, uint32_t clock_khz, char *error);
void trace_close(struct trace *t);
void trace_queue(struct trace *t, const struct ashlar_queue *q);
void trace_command(struct trace *t, const struct ashlar_queue *q,
		   const struct command *c, const struct ashlar_completion *r);

/* --- Names and files (name.c, files.c) ---------------------------------------------- */

struct device_name {
	char full[64]; /* with defaults filled in */
	char *node; /* of a card; NULL: simulated */
	struct sim_options sim;
};

/* What name, ASHLAR_DEVICE or the machine says. */
ashlar_result name_parse(const char *name, struct device_name *n, char *error);
void name_free(struct device_name *n);
/* dir/rel of the data directory; the caller frees it. NULL: no memory. */
char *data_path(const char *dir, const char *rel);
/* The whole file; NULL with *result and a sentence in error. */
void *read_file(const char *path, size_t most, size_t *bytes,
		ashlar_result *result, char *error);

#endif
