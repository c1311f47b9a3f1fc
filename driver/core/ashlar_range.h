/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * Allocation of address ranges: board memory, device virtual addresses. First
 * fit over an address-ordered list. The caller brings the node, so that giving
 * a range back cannot fail. The caller serialises.
 */
#ifndef ASHLAR_RANGE_H
#define ASHLAR_RANGE_H

#include "ashlar_os.h"

struct ashlar_node {
	u64 start;
	u64 bytes; /* 0: not allocated */
	struct ashlar_node *prev;
	struct ashlar_node *next;
};

struct ashlar_range {
	u64 start;
	u64 end; /* first address behind */
	u64 used; /* bytes allocated */
	struct ashlar_node head; /* bytes = 0, ring of nodes */
};

/* [start, start + bytes), which must not wrap; bytes > 0. Else -EINVAL. */
int ashlar_range_init(struct ashlar_range *range, u64 start, u64 bytes);

/*
 * Allocate bytes (> 0) at a multiple of align (a power of two). `node` must be
 * zeroed or freed. Returns 0, -EINVAL, or -ENOSPC when no hole is large
 * enough.
 */
int ashlar_range_alloc(struct ashlar_range *range, struct ashlar_node *node,
		       u64 bytes, u64 align);

/* Give back; a node that is not allocated is left alone. */
void ashlar_range_free(struct ashlar_range *range, struct ashlar_node *node);

/* Bytes not allocated, in whatever pieces. */
u64 ashlar_range_left(const struct ashlar_range *range);

#endif
