/* SPDX-License-Identifier: MIT */
/*
 * Where a network of the operator library runs: on a device, or on the
 * reference in C. Both have one block of memory, given out in the order of
 * asking, so that a network that is laid out twice lies at the same offsets
 * and can be compared byte by byte.
 */
#ifndef DEMO_MACHINE_H
#define DEMO_MACHINE_H

#include <stdbool.h>
#include <stdint.h>

#include <ashlar/ops.h>

#define MACHINE_REFERENCE "reference"

struct machine {
	char name[64]; /* of the device, or MACHINE_REFERENCE */
	uint32_t lanes; /* of the vector unit */
	uint8_t *memory; /* as the process sees it */
	uint64_t base; /* what operations call its first byte */
	uint64_t bytes, used;
	/* What has run since machine_count() was last called. */
	uint64_t ops, cycles;
	/* NULL on the reference. */
	ashlar_device *device;
	ashlar_queue *queue;
	ashlar_ops *library;
	ashlar_buffer *buffer, *workspace;
	uint64_t workspace_bytes;
	ashlar_fence *last;
};

/*
 * name: as for ashlar_device_open() (NULL: the default), or MACHINE_REFERENCE
 * for the reference of a board with `lanes` lanes. Prints why and returns -1
 * when it cannot.
 */
int machine_open(struct machine *m, const char *name, uint32_t lanes,
		 uint64_t bytes);
void machine_close(struct machine *m);

/* Zeroed memory for a packed tensor; ends the program when there is no more. */
struct ashlar_tensor machine_tensor(struct machine *m, uint32_t format,
				    uint32_t dims, const uint64_t *shape);
#define TENSOR(machine, format, ...)                                           \
	machine_tensor(machine, format,                                        \
		       sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t), \
		       (uint64_t[]){ __VA_ARGS__ })

/* The first element; the machine must have finished what uses it. */
void *machine_at(const struct machine *m, const struct ashlar_tensor *t);

/* Run an operation behind the others. Prints why and returns -1 on failure. */
int machine_run(struct machine *m, const struct ashlar_op *op);
/* Wait until all is done. */
int machine_finish(struct machine *m);

/*
 * Compare what two finished machines hold. Returns the offset of the first
 * byte that differs, or UINT64_MAX.
 */
uint64_t machine_differ(const struct machine *a, const struct machine *b);

#endif
