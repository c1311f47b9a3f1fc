// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Address spaces and VM_BIND. */
#include <linux/cred.h>
#include <linux/sched/user.h>
#include <linux/slab.h>

#include <drm/drm_gem.h>

#include "ashlar_device.h"

static u32 root_entries(struct ashlar_device *adev)
{
	/* Four times board memory, for system memory; 4 GiB at least. */
	u64 entries = 4 * (adev->core.mem_bytes / ASHLAR_PAGE_LARGE);

	return clamp_t(u64, entries, 2048, ASHLAR_VM_ENTRIES_MAX);
}

u64 ashlar_va_end(struct ashlar_device *adev)
{
	return (u64)root_entries(adev) * ASHLAR_PAGE_LARGE -
	       ASHLAR_DRIVER_VA_BYTES;
}

/* --- Life -------------------------------------------------------------------------- */

static struct ashlar_space *space_new(struct ashlar_device *adev)
{
	struct ashlar_space *space = kzalloc_obj(*space, GFP_KERNEL_ACCOUNT);
	int err;

	if (!space)
		return ERR_PTR(-ENOMEM);
	err = ashlar_vm_init(&space->vm, &adev->core, root_entries(adev));
	if (err) {
		kfree(space);
		return ERR_PTR(err);
	}
	/* The core places arguments; all else is user space's. */
	ashlar_range_init(&space->vm.va, ashlar_va_end(adev),
			  ASHLAR_DRIVER_VA_BYTES);
	kref_init(&space->ref);
	mutex_init(&space->lock);
	drm_mm_init(&space->mappings, ASHLAR_PAGE_LARGE,
		    ashlar_va_end(adev) - ASHLAR_PAGE_LARGE);
	INIT_LIST_HEAD(&space->dead);
	space->adev = adev;
	space->user = get_current_user();
	space->live = true;

	mutex_lock(&adev->spaces_lock);
	list_add_tail(&space->link, &adev->spaces);
	mutex_unlock(&adev->spaces_lock);
	return space;
}

static void space_release(struct kref *ref)
{
	struct ashlar_space *space = container_of(ref, struct ashlar_space, ref);

	free_uid(space->user);
	mutex_destroy(&space->lock);
	kfree(space);
}

void ashlar_space_put(struct ashlar_space *space)
{
	kref_put(&space->ref, space_release);
}

int ashlar_space_get_live(struct ashlar_file *file)
{
	struct ashlar_space *space;

	lockdep_assert_held(&file->lock);
	if (file->space)
		return file->space->live ? 0 : -ENODEV;
	space = space_new(file->adev);
	if (IS_ERR(space)) {
		ashlar_reset_check(file->adev);
		return PTR_ERR(space);
	}
	file->space = space;
	return 0;
}

int ashlar_space_restart(struct ashlar_space *space)
{
	int err;

	mutex_lock(&space->lock);
	err = ashlar_vm_restart(&space->vm);
	if (!err)
		WRITE_ONCE(space->stopped, false);
	mutex_unlock(&space->lock);
	if (err)
		ashlar_reset_check(space->adev);
	return err;
}

/* --- Accounting -------------------------------------------------------------------- */

static int account(struct ashlar_space *space, unsigned long pages)
{
	unsigned long limit = rlimit(RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	unsigned long now;

	now = atomic_long_add_return(pages, &space->user->locked_vm);
	if (now > limit && !capable(CAP_IPC_LOCK)) {
		atomic_long_sub(pages, &space->user->locked_vm);
		return -EDQUOT;
	}
	return 0;
}

static void unaccount(struct ashlar_space *space, unsigned long pages)
{
	atomic_long_sub(pages, &space->user->locked_vm);
}

/* --- Map and unmap ---------------------------------------------------------------------- */

/* One piece after the other; what was mapped before a failure is unmapped. */
static int map_sgt(struct ashlar_space *space, struct sg_table *sgt,
		   const struct drm_ashlar_bind_op *op, u32 flags)
{
	u64 skip = op->bo_offset, done = 0;
	struct scatterlist *sg;
	unsigned int i;
	int err = 0;

	for_each_sgtable_dma_sg(sgt, sg, i) {
		u64 bytes = sg_dma_len(sg);
		u64 n;

		if (skip >= bytes) {
			skip -= bytes;
			continue;
		}
		n = min(bytes - skip, op->range - done);
		err = ashlar_vm_map(&space->vm, op->va + done,
				    sg_dma_address(sg) + skip, n,
				    flags | ASHLAR_VM_HOST);
		if (err)
			break;
		skip = 0;
		done += n;
		if (done == op->range)
			return 0;
	}
	if (done)
		ashlar_vm_unmap(&space->vm, op->va, done);
	return err ?: -EINVAL;
}

static int map_bo(struct ashlar_space *space, struct ashlar_bo *bo,
		  const struct drm_ashlar_bind_op *op)
{
	u32 flags = ASHLAR_VM_READ;
	struct sg_table *sgt;

	if (!(op->flags & DRM_ASHLAR_BIND_READ_ONLY))
		flags |= ASHLAR_VM_WRITE;
	if (bo->local)
		return ashlar_vm_map(&space->vm, op->va,
				     bo->node.start + op->bo_offset, op->range,
				     flags);
	sgt = ashlar_bo_sgt(bo);
	if (IS_ERR(sgt))
		return PTR_ERR(sgt);
	return map_sgt(space, sgt, op, flags);
}

static void put_mapping(struct ashlar_space *space, struct ashlar_mapping *m)
{
	if (!m->bo->local)
		unaccount(space, m->node.size >> PAGE_SHIFT);
	drm_gem_object_put(&m->bo->shmem.base);
	kfree(m);
}

/* Out of the page tables; the buffer stays until flush(). Needs no memory. */
static void bury(struct ashlar_space *space, struct ashlar_mapping *m)
{
	ashlar_vm_unmap(&space->vm, m->node.start, m->node.size);
	drm_mm_remove_node(&m->node);
	list_add_tail(&m->link, &space->dead);
}

/* Let the tiles forget what is dead, then give it back. */
static int flush(struct ashlar_space *space)
{
	struct ashlar_mapping *m, *next;
	int err;

	if (list_empty(&space->dead))
		return 0;
	err = ashlar_vm_invalidate(&space->vm);
	if (err && !space->adev->core.lost)
		return err;
	/* A lost board is cut off from memory first. */
	ashlar_reset_check(space->adev);
	list_for_each_entry_safe(m, next, &space->dead, link)
		put_mapping(space, m);
	INIT_LIST_HEAD(&space->dead);
	return err;
}

static int bind_map(struct ashlar_space *space, struct drm_file *file,
		    const struct drm_ashlar_bind_op *op)
{
	struct ashlar_mapping *m;
	struct drm_gem_object *obj;
	struct ashlar_bo *bo;
	int err;

	obj = drm_gem_object_lookup(file, op->handle);
	if (!obj)
		return -ENOENT;
	bo = to_ashlar_bo(obj);
	err = -EINVAL;
	if (op->bo_offset > obj->size || op->range > obj->size - op->bo_offset)
		goto put;
	err = -ENOMEM;
	m = kzalloc_obj(*m, GFP_KERNEL_ACCOUNT);
	if (!m)
		goto put;
	m->bo = bo;
	m->node.start = op->va;
	m->node.size = op->range;

	err = bo->local ? 0 : account(space, op->range >> PAGE_SHIFT);
	if (err)
		goto free;
	err = drm_mm_reserve_node(&space->mappings, &m->node);
	if (err) {
		err = err == -ENOSPC ? -EEXIST : err;
		goto unaccount;
	}
	err = map_bo(space, bo, op);
	if (err)
		goto erase;
	return 0;

erase:
	/* A tile may have seen the part that was mapped for a moment. */
	bury(space, m);
	flush(space);
	return err;
unaccount:
	if (!bo->local)
		unaccount(space, op->range >> PAGE_SHIFT);
free:
	kfree(m);
put:
	drm_gem_object_put(obj);
	return err;
}

/* The lowest one that has an address of start .. end - 1, or NULL. */
static struct ashlar_mapping *first_mapping(struct ashlar_space *space,
					    u64 start, u64 end)
{
	struct drm_mm_node *n;

	drm_mm_for_each_node_in_range(n, &space->mappings, start, end)
		return container_of(n, struct ashlar_mapping, node);
	return NULL;
}

static int bind_unmap(struct ashlar_space *space,
		      const struct drm_ashlar_bind_op *op)
{
	const u64 end = op->va + op->range;
	struct ashlar_mapping *m;
	struct drm_mm_node *n;

	/* All or nothing: first see whether all lie inside. */
	drm_mm_for_each_node_in_range(n, &space->mappings, op->va, end) {
		if (n->start < op->va || n->start + n->size > end)
			return -EINVAL;
	}
	while ((m = first_mapping(space, op->va, end)))
		bury(space, m);
	return 0;
}

int ashlar_bind_check(const struct drm_ashlar_bind_op *op, u64 end)
{
	const u64 start = ASHLAR_PAGE_LARGE;

	if (op->pad || !op->range ||
	    (op->va | op->range | op->bo_offset) % ASHLAR_PAGE)
		return -EINVAL;
	if (op->va < start || op->va >= end || op->range > end - op->va)
		return -EINVAL;
	switch (op->op) {
	case DRM_ASHLAR_BIND_MAP:
		return op->flags & ~DRM_ASHLAR_BIND_READ_ONLY ? -EINVAL : 0;
	case DRM_ASHLAR_BIND_UNMAP:
		return op->flags || op->handle || op->bo_offset ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

/* space->lock held. */
static int bind_op(struct ashlar_space *space, struct drm_file *file,
		   const struct drm_ashlar_bind_op *op)
{
	int err = ashlar_bind_check(op, ashlar_va_end(space->adev));

	if (err)
		return err;
	if (op->op == DRM_ASHLAR_BIND_UNMAP)
		return bind_unmap(space, op);
	/* Addresses are used again only after the tiles have forgotten them. */
	err = flush(space);
	return err ?: bind_map(space, file, op);
}

int ashlar_ioctl_vm_bind(struct drm_device *drm, void *data,
			 struct drm_file *drm_file)
{
	struct ashlar_device *adev = to_ashlar(drm);
	struct ashlar_file *file = drm_file->driver_priv;
	struct drm_ashlar_vm_bind *args = data;
	const size_t least = sizeof(struct drm_ashlar_bind_op);
	struct ashlar_space *space;
	int err, flushed, idx;
	u32 i;

	if (args->done || args->flags)
		return -EINVAL;
	err = ashlar_array_check(&args->ops, least, ASHLAR_MAX_BINDS);
	if (err)
		return err;
	err = ashlar_enter(adev, &idx);
	if (err)
		return err;
	mutex_lock(&file->lock);
	err = ashlar_space_get_live(file);
	mutex_unlock(&file->lock);
	if (err)
		goto leave;
	space = file->space;

	for (i = 0; i < args->ops.count; i++) {
		struct drm_ashlar_bind_op op;

		/* User memory is not touched under the lock. */
		err = ashlar_array_get(&args->ops, i, &op, least, sizeof(op));
		if (err)
			break;
		mutex_lock(&space->lock);
		err = space->live ? bind_op(space, drm_file, &op) : -ENODEV;
		mutex_unlock(&space->lock);
		if (err)
			break;
		args->done++;
	}
	mutex_lock(&space->lock);
	flushed = space->live ? flush(space) : 0;
	mutex_unlock(&space->lock);
	err = err ?: flushed;
	ashlar_reset_check(adev);
leave:
	ashlar_leave(adev, idx);
	return err;
}

void ashlar_space_shutdown(struct ashlar_space *space)
{
	struct ashlar_device *adev = space->adev;
	struct ashlar_mapping *m, *next;
	const u64 end = ashlar_va_end(adev);

	mutex_lock(&adev->spaces_lock);
	list_del_init(&space->link);
	mutex_unlock(&adev->spaces_lock);

	mutex_lock(&space->lock);
	if (space->live) {
		space->live = false;
		/* Ends the context; if it cannot, the board is reset. */
		ashlar_vm_fini(&space->vm);
		ashlar_reset_check(adev);
		while ((m = first_mapping(space, ASHLAR_PAGE_LARGE, end))) {
			drm_mm_remove_node(&m->node);
			list_add_tail(&m->link, &space->dead);
		}
		drm_mm_takedown(&space->mappings);
		list_for_each_entry_safe(m, next, &space->dead, link)
			put_mapping(space, m);
		INIT_LIST_HEAD(&space->dead);
	}
	mutex_unlock(&space->lock);
}
