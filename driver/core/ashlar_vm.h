/* SPDX-License-Identifier: (MIT OR GPL-2.0-only) */
/*
 * A context: an address space of the board, its page tables in board memory,
 * the device virtual addresses in use.
 *
 * The caller serialises calls on one context.
 *
 * The rule that keeps contexts apart: a page, a table or an address that was
 * unmapped may still be in a tile's TLB. It must not be used for anything else
 * before ashlar_vm_invalidate() has returned 0. Pages and addresses are held
 * back by the caller (of a large page, all 2 MiB of addresses).
 *
 * Tiles also remember which table a root entry points to. A table that has
 * become empty therefore stays in its root entry, ready for the next map there,
 * until an invalidation; so a root entry never goes from one table to another
 * without one in between.
 */
#ifndef ASHLAR_VM_H
#define ASHLAR_VM_H

#include "ashlar_dev.h"

#define ASHLAR_VM_ENTRIES_MAX 524288u /* root entries, 2 MiB each: 1 TiB */
#define ASHLAR_TABLE_ENTRIES  512u

/* Page table entry; hw-model/rtl/ash_pkg.sv has the same layout. */
#define ASHLAR_PTE_V	 (1ull << 0)
#define ASHLAR_PTE_R	 (1ull << 1)
#define ASHLAR_PTE_W	 (1ull << 2)
#define ASHLAR_PTE_HOST	 (1ull << 3)
#define ASHLAR_PTE_LARGE (1ull << 4)
#define ASHLAR_PTE_ADDR	 0x000ffffffffff000ull /* bits 51:12 */

enum ashlar_vm_flags {
	ASHLAR_VM_READ = 1u << 0,
	ASHLAR_VM_WRITE = 1u << 1,
	ASHLAR_VM_HOST = 1u << 2, /* phys is a host DMA address */
};

/* A second-level table and its shadow: BAR2 is too slow to read back. */
struct ashlar_table {
	struct ashlar_node node;
	struct ashlar_table *next_stale; /* taken out, not yet invalidated */
	u32 live; /* entries that are not zero */
	u64 entries[ASHLAR_TABLE_ENTRIES];
};

struct ashlar_vm {
	struct ashlar_dev *dev;
	u32 context; /* number; 0: none */
	u32 entries; /* of the root */
	u32 boot; /* dev->boots when the firmware was told; 0: it was not */
	struct ashlar_node root_node;
	u64 *root; /* shadow */
	struct ashlar_table **tables; /* by root entry, NULL: none */
	struct ashlar_table *stale;
	u32 empty; /* tables in the root without a live entry */
	struct ashlar_range va; /* addresses; the first 2 MiB stay unused */
};

/*
 * A context with `entries` (2 .. ASHLAR_VM_ENTRIES_MAX) root entries. Returns
 * 0, -EINVAL, -ENOMEM, -ENOSPC (contexts or board memory), or an error of
 * ashlar_ctrl_call().
 */
int ashlar_vm_init(struct ashlar_vm *vm, struct ashlar_dev *dev, u32 entries);

/* Its queues must be gone. Frees everything whatever happens. */
void ashlar_vm_fini(struct ashlar_vm *vm);

/*
 * After a fault has stopped the context, or after the board was booted again:
 * make it run again, with the same number and tables, which are written anew in
 * the second case. Its queues must be gone.
 */
int ashlar_vm_restart(struct ashlar_vm *vm);

/*
 * Map [va, va + bytes) to phys; all multiples of ASHLAR_PAGE. Uses large pages
 * where va and phys allow. Returns 0, -EINVAL (alignment, range, flags without
 * READ or WRITE), -EEXIST (something is mapped there), -ENOMEM, -ENOSPC (board
 * memory for tables), -ENODEV; then nothing has been mapped.
 */
int ashlar_vm_map(struct ashlar_vm *vm, u64 va, u64 phys, u64 bytes, u32 flags);

/*
 * Unmap whatever is mapped in [va, va + bytes). Returns 0, or -EINVAL when the
 * range is bad or cuts through a large page; then nothing has changed.
 */
int ashlar_vm_unmap(struct ashlar_vm *vm, u64 va, u64 bytes);

/*
 * Wait until no tile holds a translation or code from before. Returns 0, then
 * all that was unmapped may be reused, or an error of ashlar_ctrl_call().
 */
int ashlar_vm_invalidate(struct ashlar_vm *vm);

#endif
