// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
#include "ashlar_vm.h"

#define ROOT_SHIFT 21
#define PAGE_SHIFT 12

static u32 root_index(u64 va)
{
	return (u32)(va >> ROOT_SHIFT);
}

static u32 table_index(u64 va)
{
	return (u32)(va >> PAGE_SHIFT) % ASHLAR_TABLE_ENTRIES;
}

static bool range_ok(const struct ashlar_vm *vm, u64 va, u64 bytes)
{
	u64 end = (u64)vm->entries << ROOT_SHIFT;

	return bytes && !((va | bytes) % ASHLAR_PAGE) && va < end &&
	       bytes <= end - va;
}

static void set_root(struct ashlar_vm *vm, u32 i, u64 entry)
{
	vm->root[i] = entry;
	ashlar_os_mem_write(vm->dev->os, vm->root_node.start + 8ull * i,
			    &vm->root[i], 8);
}

/* Write entries first .. first + n - 1 of a table from its shadow. */
static void write_table(struct ashlar_vm *vm, struct ashlar_table *t, u32 first,
			u32 n)
{
	ashlar_os_mem_write(vm->dev->os, t->node.start + 8ull * first,
			    &t->entries[first], 8ull * n);
}

static struct ashlar_table *add_table(struct ashlar_vm *vm, u32 i, int *err)
{
	struct ashlar_table *t = ashlar_os_alloc(sizeof(*t));

	if (!t) {
		*err = -ENOMEM;
		return NULL;
	}
	*err = ashlar_dev_mem_alloc(vm->dev, &t->node, ASHLAR_PAGE, ASHLAR_PAGE);
	if (*err) {
		ashlar_os_free(t);
		return NULL;
	}
	/* All of it is valid before a walk can come by. */
	write_table(vm, t, 0, ASHLAR_TABLE_ENTRIES);
	ashlar_os_wmb();
	vm->tables[i] = t;
	vm->empty++;
	set_root(vm, i, t->node.start | ASHLAR_PTE_V);
	return t;
}

static void drop_table(struct ashlar_vm *vm, u32 i)
{
	struct ashlar_table *t = vm->tables[i];

	set_root(vm, i, 0);
	vm->tables[i] = NULL;
	vm->empty--;
	t->next_stale = vm->stale;
	vm->stale = t;
}

static void free_table(struct ashlar_vm *vm, struct ashlar_table *t)
{
	ashlar_dev_mem_free(vm->dev, &t->node);
	ashlar_os_free(t);
}

static void free_stale(struct ashlar_vm *vm)
{
	while (vm->stale) {
		struct ashlar_table *t = vm->stale;

		vm->stale = t->next_stale;
		free_table(vm, t);
	}
}

static int create(struct ashlar_vm *vm)
{
	struct ashlar_ctrl_ctx req = {
		.context = vm->context,
		.pt_entries = vm->entries,
		.pt_root = vm->root_node.start,
	};
	int err = ashlar_ctrl_call(vm->dev, ASHLAR_CTRL_CTX_CREATE, &req,
				   sizeof(req), NULL, 0);

	if (!err)
		vm->boot = vm->dev->boots;
	return err;
}

/* A firmware that was started since does not know it. */
static bool known(const struct ashlar_vm *vm)
{
	return vm->boot && vm->boot == vm->dev->boots;
}

static int destroy(struct ashlar_vm *vm)
{
	struct ashlar_ctrl_ctx req = { .context = vm->context };

	if (!known(vm))
		return 0;
	vm->boot = 0;
	return ashlar_ctrl_call(vm->dev, ASHLAR_CTRL_CTX_DESTROY, &req,
				sizeof(req), NULL, 0);
}

int ashlar_vm_init(struct ashlar_vm *vm, struct ashlar_dev *dev, u32 entries)
{
	int err = -ENOMEM;

	memset(vm, 0, sizeof(*vm));
	if (entries < 2 || entries > ASHLAR_VM_ENTRIES_MAX)
		return -EINVAL;
	vm->dev = dev;
	vm->entries = entries;
	ashlar_range_init(&vm->va, 1ull << ROOT_SHIFT,
			  (u64)(entries - 1) << ROOT_SHIFT);

	vm->root = ashlar_os_alloc(8ull * entries);
	vm->tables = ashlar_os_alloc(sizeof(*vm->tables) * (size_t)entries);
	if (!vm->root || !vm->tables)
		goto fail;
	err = ashlar_dev_mem_alloc(dev, &vm->root_node, 8ull * entries,
				   ASHLAR_PAGE);
	if (err)
		goto fail;
	ashlar_dev_mem_clear(dev, vm->root_node.start, 8ull * entries);

	vm->context =
		ashlar_dev_take(dev, &dev->contexts, dev->info.contexts + 1);
	if (!vm->context) {
		ashlar_os_log(dev->os, ASHLAR_OS_ERROR,
			      "all %u contexts of the board are taken",
			      dev->info.contexts);
		err = -ENOSPC;
		goto fail;
	}
	err = create(vm);
	if (err)
		goto fail;
	return 0;

fail:
	ashlar_vm_fini(vm);
	return err;
}

void ashlar_vm_fini(struct ashlar_vm *vm)
{
	u32 i;

	if (!vm->dev)
		return;
	/*
	 * If this fails the board is lost, and nothing of its memory is used
	 * again before a reset: freeing is then safe too.
	 */
	if (destroy(vm))
		vm->dev->lost = true;
	for (i = 0; vm->tables && i < vm->entries; i++)
		if (vm->tables[i])
			free_table(vm, vm->tables[i]);
	free_stale(vm);
	ashlar_dev_mem_free(vm->dev, &vm->root_node);
	if (vm->context)
		ashlar_dev_give(vm->dev, &vm->dev->contexts, vm->context);
	ashlar_os_free(vm->tables);
	ashlar_os_free(vm->root);
	memset(vm, 0, sizeof(*vm));
}

/* Board memory may have lost its power: all tables from their shadows. */
static void write_all(struct ashlar_vm *vm)
{
	u32 i;

	for (i = 0; i < vm->entries; i++)
		if (vm->tables[i])
			write_table(vm, vm->tables[i], 0, ASHLAR_TABLE_ENTRIES);
	ashlar_os_mem_write(vm->dev->os, vm->root_node.start, vm->root,
			    8ull * vm->entries);
	ashlar_os_wmb();
}

int ashlar_vm_restart(struct ashlar_vm *vm)
{
	int err;

	if (!known(vm))
		write_all(vm);
	err = destroy(vm);
	return err ? err : create(vm);
}

/* Nothing may be mapped in the range yet. */
static bool is_free(struct ashlar_vm *vm, u64 va, u64 bytes)
{
	u64 end = va + bytes;

	while (va < end) {
		u32 i = root_index(va);
		struct ashlar_table *t = vm->tables[i];

		if (!t) {
			if (vm->root[i])
				return false;
			va = (u64)(i + 1) << ROOT_SHIFT;
			continue;
		}
		if (t->entries[table_index(va)])
			return false;
		va += ASHLAR_PAGE;
	}
	return true;
}

static u64 leaf(u64 phys, u32 flags)
{
	u64 entry = phys | ASHLAR_PTE_V;

	if (flags & ASHLAR_VM_READ)
		entry |= ASHLAR_PTE_R;
	if (flags & ASHLAR_VM_WRITE)
		entry |= ASHLAR_PTE_W;
	if (flags & ASHLAR_VM_HOST)
		entry |= ASHLAR_PTE_HOST;
	return entry;
}

/* Small pages, up to the end of the range or of the table. */
static int map_small(struct ashlar_vm *vm, u64 va, u64 phys, u64 bytes,
		     u32 flags, u64 *done)
{
	u32 i = root_index(va);
	u32 first = table_index(va);
	u32 n = ASHLAR_TABLE_ENTRIES - first;
	struct ashlar_table *t = vm->tables[i];
	u32 k;
	int err;

	if (n > bytes >> PAGE_SHIFT)
		n = (u32)(bytes >> PAGE_SHIFT);
	if (!t) {
		t = add_table(vm, i, &err);
		if (!t)
			return err;
	}
	for (k = 0; k < n; k++)
		t->entries[first + k] =
			leaf(phys + ((u64)k << PAGE_SHIFT), flags);
	if (!t->live)
		vm->empty--;
	t->live += n;
	write_table(vm, t, first, n);
	*done = (u64)n << PAGE_SHIFT;
	return 0;
}

int ashlar_vm_map(struct ashlar_vm *vm, u64 va, u64 phys, u64 bytes, u32 flags)
{
	u64 at = 0, step;
	int err;

	if (!range_ok(vm, va, bytes) || phys % ASHLAR_PAGE ||
	    phys + bytes < phys || (phys + bytes - 1) >> 48 ||
	    !(flags & (ASHLAR_VM_READ | ASHLAR_VM_WRITE)))
		return -EINVAL;
	if (!(flags & ASHLAR_VM_HOST) &&
	    (phys >= vm->dev->mem_bytes || bytes > vm->dev->mem_bytes - phys))
		return -EINVAL;
	if (!is_free(vm, va, bytes))
		return -EEXIST;

	while (at < bytes) {
		u32 i = root_index(va + at);

		if (!((va + at) % ASHLAR_PAGE_LARGE) &&
		    !((phys + at) % ASHLAR_PAGE_LARGE) &&
		    bytes - at >= ASHLAR_PAGE_LARGE && !vm->tables[i]) {
			set_root(vm, i,
				 leaf(phys + at, flags) | ASHLAR_PTE_LARGE);
			step = ASHLAR_PAGE_LARGE;
		} else {
			err = map_small(vm, va + at, phys + at, bytes - at,
					flags, &step);
			if (err) {
				if (at)
					ashlar_vm_unmap(vm, va, at);
				return err;
			}
		}
		at += step;
	}
	ashlar_os_wmb();
	return 0;
}

/* Whether [va, end) begins or ends inside a large page. */
static bool cuts_large(struct ashlar_vm *vm, u64 va, u64 end)
{
	u32 first = root_index(va);
	u32 last = root_index(end - 1);

	return (va % ASHLAR_PAGE_LARGE && vm->root[first] & ASHLAR_PTE_LARGE) ||
	       (end % ASHLAR_PAGE_LARGE && vm->root[last] & ASHLAR_PTE_LARGE);
}

static void unmap_small(struct ashlar_vm *vm, u32 i, u32 first, u32 n)
{
	struct ashlar_table *t = vm->tables[i];
	u32 before = t->live;
	u32 k;

	for (k = first; k < first + n; k++) {
		if (t->entries[k])
			t->live--;
		t->entries[k] = 0;
	}
	if (t->live == before)
		return;
	if (!t->live)
		vm->empty++;
	write_table(vm, t, first, n);
}

int ashlar_vm_unmap(struct ashlar_vm *vm, u64 va, u64 bytes)
{
	u64 end = va + bytes;

	if (!range_ok(vm, va, bytes) || cuts_large(vm, va, end))
		return -EINVAL;

	while (va < end) {
		u32 i = root_index(va);
		u64 next = (u64)(i + 1) << ROOT_SHIFT;

		if (next > end)
			next = end;
		if (vm->tables[i])
			unmap_small(vm, i, table_index(va),
				    (u32)((next - va) >> PAGE_SHIFT));
		else if (vm->root[i])
			set_root(vm, i, 0);
		va = next;
	}
	ashlar_os_wmb();
	return 0;
}

int ashlar_vm_invalidate(struct ashlar_vm *vm)
{
	struct ashlar_ctrl_ctx req = { .context = vm->context };
	int err = 0;
	u32 i;

	for (i = 0; vm->empty && i < vm->entries; i++)
		if (vm->tables[i] && !vm->tables[i]->live)
			drop_table(vm, i);
	ashlar_os_wmb();
	if (known(vm))
		err = ashlar_ctrl_call(vm->dev, ASHLAR_CTRL_CTX_INVALIDATE,
				       &req, sizeof(req), NULL, 0);
	if (!err)
		free_stale(vm);
	return err;
}
