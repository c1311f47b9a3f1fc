/* SPDX-License-Identifier: MIT */
/*
 * The way to a board, below the library's objects. There are two:
 * port_core.c, the driver core over a model in this process, and port_accel.c,
 * the kernel driver.
 *
 * All operations are called with the board's lock held, except wait(). Errors
 * are negative errno values with a sentence in port.error. A port that is lost
 * stays so; its sentence then says why, for good.
 */
#ifndef ASHLAR_LIB_PORT_H
#define ASHLAR_LIB_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/ashlar.h>

#include "ashlar_abi.h"

#define ERROR_BYTES 400
#define PORT_PAGE   4096u

/* Why a job is cancelled, or a queue fails, because of a wait. */
#define PORT_WAIT_FAILED "a fence it waited for has failed"

struct port;

/* What does not change while the board is open. */
struct port_facts {
	uint32_t platform; /* enum ashlar_platform */
	uint32_t hw_version;
	uint32_t firmware_version;
	uint32_t control_abi, job_abi, kernel_abi; /* agreed */
	struct ashlar_version_range kernels; /* kernel interfaces it takes */
	uint32_t tiles;
	uint32_t queues; /* of the board */
	uint32_t contexts; /* address spaces of the board */
	uint32_t depth; /* most jobs of a queue, a power of two */
	uint32_t arg_bytes; /* most arguments of a job */
	uint32_t waits; /* most points that a job can wait for; 0: none */
	uint64_t memory_bytes;
};

/* An address space of the board. */
struct port_space {
	struct port *port;
	uint32_t number; /* among those that are open */
	uint64_t address_bytes; /* addresses are below */
};

/* Memory with a device address. */
struct port_memory {
	struct port_space *space;
	uint64_t addr;
	uint64_t bytes; /* whole pages */
	void *host; /* in host memory: where; NULL: board memory */
};

struct port_queue {
	struct port_space *space;
	uint32_t number;
	uint32_t depth; /* jobs between push and pop at most, a power of two */
	uint64_t pushed; /* jobs ever; job n of a queue has the sequence n */
	uint64_t given; /* of these, to the board */
	uint64_t popped;
};

/* A job of a queue, as something to wait for. */
struct port_point {
	struct port_queue *queue;
	uint64_t seq;
};

/* The end of a job. */
struct port_end {
	struct ashlar_completion c;
	int err; /* not 0: it never reached the board, for this reason */
	bool stopped; /* the address space must be restarted */
	const char *why; /* more than c says, or NULL; until the next pop */
};

enum port_ran {
	PORT_RAN,
	PORT_IDLE, /* nothing happens any more without new work */
	PORT_DEAD,
};

struct port_wait;

struct port_ops {
	void (*close)(struct port *p);
	uint64_t (*cycles)(struct port *p);
	uint64_t (*memory_free)(struct port *p);
	int (*perf)(struct port *p, struct ashlar_device_perf *perf);

	int (*space_new)(struct port *p, struct port_space **s);
	/* Queues and memory are gone. */
	void (*space_free)(struct port_space *s);
	/* After a failure: go on with the same mappings. Queues are gone. */
	int (*space_restart)(struct port_space *s);

	/*
	 * Zeroed and mapped, with an unmapped page behind it. bytes: whole
	 * pages; align: power of two; flags: enum ashlar_buffer_flags. -ENOSPC:
	 * addresses or board memory are short.
	 */
	int (*memory_new)(struct port_space *s, uint64_t bytes, uint64_t align,
			  uint32_t flags, struct port_memory **m);
	/* No kernel needs it any more, but tiles may still know it. */
	void (*memory_unmap)(struct port_memory *m);
	/*
	 * Until no tile knows what was unmapped, so that it can be given back.
	 * last: the space goes next; then it cannot fail.
	 */
	int (*memory_forget)(struct port_space *s, bool last);
	void (*memory_delete)(struct port_memory *m);
	/* Where the process sees it, until it is deleted. */
	int (*memory_map)(struct port_memory *m, void **cpu);
	int (*memory_write)(struct port_memory *m, uint64_t offset,
			    const void *data, uint64_t bytes);
	int (*memory_read)(struct port_memory *m, uint64_t offset, void *data,
			   uint64_t bytes);
	int (*memory_export)(struct port_memory *m, int *fd);

	/* priority: enum ashlar_priority. -ECANCELED: space needs a restart. */
	int (*queue_new)(struct port_space *s, uint32_t priority,
			 uint32_t depth, struct port_queue **q);
	/* Kills what still runs. */
	void (*queue_free)(struct port_queue *q);
	/*
	 * Take a job and its arguments; the board sees it at flush(), until
	 * when they stay as they are. It starts when the waits have succeeded:
	 * points of queues of the same space that the board has, at most
	 * facts.waits. When one has failed, it and all behind it in the queue
	 * are cancelled. -EAGAIN: pop first.
	 */
	int (*push)(struct port_queue *q, const struct ashlar_job *job,
		    const void *args, const struct port_point *waits,
		    uint32_t wait_count);
	/* Jobs that cannot be given to the board end in pop(). */
	void (*flush)(struct port_queue *q);
	/* The end of the next job. 1, 0: none yet, or an error. */
	int (*pop)(struct port_queue *q, struct port_end *end);
	/* A sync_file of a job, or of something that is done: queue NULL. */
	int (*point_export)(struct port_space *s, struct port_point point,
			    int *fd);

	/*
	 * Time. run: the board's time passes only in here, at most so many
	 * cycles. NULL: it passes by itself, and waiting is sleeping until one
	 * of the points has completed, somebody wakes all, or a deadline of
	 * CLOCK_MONOTONIC in ns. The points and their queues may go meanwhile.
	 */
	enum port_ran (*run)(struct port *p, uint64_t cycles);
	int (*wait_begin)(struct port *p, const struct port_point *points,
			  uint32_t count, struct port_wait **w);
	void (*wait)(struct port_wait *w, uint64_t deadline);
	void (*wait_end)(struct port_wait *w);
	void (*wake)(struct port *p);
};

struct port {
	const struct port_ops *ops;
	struct port_facts facts;
	bool lost;
	char error[ERROR_BYTES];
	/* The device tree blob, aligned to 8; whoever has read it frees it. */
	void *dtb;
	size_t dtb_bytes;
};

/* The sentence of an error; returns err. */
int port_fail(struct port *p, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The board is lost; the first sentence stays. Returns -ENODEV. */
int port_lose(struct port *p, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

struct device_name;

/* Nodes of cards. */
#define ACCEL_NODE  "/dev/accel/accel%u"
#define ACCEL_NODES 256u

/* Returns OK, or what open() returns, with a sentence in error. */
ashlar_result port_core_open(const struct device_name *name,
			     const struct ashlar_open_options *options,
			     struct port **port, char *error);
ashlar_result port_accel_open(const struct device_name *name,
			      struct port **port, char *error);

/* The card of a node in a few words; false when there is none for us. */
bool port_accel_describe(unsigned int node, char *text, size_t bytes);
/* The first node that is a card, even if we may not open it. */
bool port_accel_find(unsigned int *node);

#endif
