// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Buffers: shmem pages, or a piece of board memory. */
#include <linux/dma-buf.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include <drm/drm_gem.h>
#include <drm/drm_prime.h>

#include "ashlar_device.h"

#define BO_FLAGS (DRM_ASHLAR_BO_LOCAL | DRM_ASHLAR_BO_NO_MMAP)

/* --- Board memory ----------------------------------------------------------------- */

static vm_fault_t local_fault(struct vm_fault *vmf)
{
	struct vm_area_struct *vma = vmf->vma;
	struct ashlar_bo *bo = to_ashlar_bo(vma->vm_private_data);
	struct ashlar_device *adev = to_ashlar(bo->shmem.base.dev);
	u64 page = vmf->pgoff - drm_vma_node_start(&bo->shmem.base.vma_node);
	phys_addr_t at;
	vm_fault_t ret;
	int idx;

	if (page >= bo->shmem.base.size >> PAGE_SHIFT)
		return VM_FAULT_SIGBUS;
	if (drm_dev_enter(&adev->drm, &idx)) {
		at = pci_resource_start(adev->pdev, ASHLAR_PCI_BAR_MEM) +
		     bo->node.start + (page << PAGE_SHIFT);
		ret = vmf_insert_pfn(vma, vmf->address, PHYS_PFN(at));
		drm_dev_exit(idx);
		return ret;
	}
	/* The memory has gone, but the program must not die of it. */
	return vmf_insert_pfn(vma, vmf->address, page_to_pfn(adev->dummy_page));
}

static const struct vm_operations_struct local_vm_ops = {
	.fault = local_fault,
	.open = drm_gem_vm_open,
	.close = drm_gem_vm_close,
};

static int local_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	if (to_ashlar_bo(obj)->no_mmap)
		return -EPERM;
	/* A private copy of pages without a struct page cannot be made. */
	if ((vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == VM_MAYWRITE)
		return -EINVAL;
	vm_flags_set(vma, VM_PFNMAP | VM_IO | VM_DONTEXPAND | VM_DONTDUMP);
	vma->vm_page_prot = pgprot_writecombine(vm_get_page_prot(vma->vm_flags));
	return 0;
}

static void local_free(struct drm_gem_object *obj)
{
	struct ashlar_bo *bo = to_ashlar_bo(obj);

	ashlar_dev_mem_free(&to_ashlar(obj->dev)->core, &bo->node);
	drm_gem_object_release(obj);
	kfree(bo);
}

static struct dma_buf *local_export(struct drm_gem_object *obj, int flags)
{
	return ERR_PTR(-EOPNOTSUPP);
}

static enum drm_gem_object_status local_status(struct drm_gem_object *obj)
{
	return DRM_GEM_OBJECT_RESIDENT;
}

static const struct drm_gem_object_funcs local_funcs = {
	.free = local_free,
	.export = local_export,
	.mmap = local_mmap,
	.status = local_status,
	.vm_ops = &local_vm_ops,
};

static struct ashlar_bo *local_create(struct ashlar_device *adev, u64 size)
{
	u64 page = size >= ASHLAR_PAGE_LARGE ? ASHLAR_PAGE_LARGE : ASHLAR_PAGE;
	struct ashlar_bo *bo = kzalloc_obj(*bo, GFP_KERNEL_ACCOUNT);
	int err, idx;

	if (!bo)
		return ERR_PTR(-ENOMEM);
	bo->local = true;
	INIT_LIST_HEAD(&bo->link);

	err = ashlar_enter(adev, &idx);
	if (err)
		goto fail;
	err = ashlar_dev_mem_alloc(&adev->core, &bo->node, size, page);
	if (err == -ENOSPC && page != ASHLAR_PAGE)
		err = ashlar_dev_mem_alloc(&adev->core, &bo->node, size,
					   ASHLAR_PAGE);
	if (!err)
		ashlar_dev_mem_clear(&adev->core, bo->node.start, size);
	ashlar_leave(adev, idx);
	if (err)
		goto fail;

	bo->shmem.base.funcs = &local_funcs;
	drm_gem_private_object_init(&adev->drm, &bo->shmem.base, size);
	return bo;

fail:
	kfree(bo);
	return ERR_PTR(err);
}

/* --- System memory ------------------------------------------------------------------ */

static void system_free(struct drm_gem_object *obj)
{
	struct ashlar_device *adev = to_ashlar(obj->dev);
	struct ashlar_bo *bo = to_ashlar_bo(obj);

	mutex_lock(&adev->bos_lock);
	list_del_init(&bo->link);
	mutex_unlock(&adev->bos_lock);
	drm_gem_shmem_free(&bo->shmem);
}

static int system_mmap(struct drm_gem_object *obj, struct vm_area_struct *vma)
{
	struct ashlar_bo *bo = to_ashlar_bo(obj);

	if (bo->no_mmap)
		return -EPERM;
	return drm_gem_shmem_mmap(&bo->shmem, vma);
}

static enum drm_gem_object_status system_status(struct drm_gem_object *obj)
{
	return to_ashlar_bo(obj)->shmem.pages ? DRM_GEM_OBJECT_RESIDENT : 0;
}

static const struct drm_gem_object_funcs system_funcs = {
	.free = system_free,
	.print_info = drm_gem_shmem_object_print_info,
	.pin = drm_gem_shmem_object_pin,
	.unpin = drm_gem_shmem_object_unpin,
	.get_sg_table = drm_gem_shmem_object_get_sg_table,
	.vmap = drm_gem_shmem_object_vmap,
	.vunmap = drm_gem_shmem_object_vunmap,
	.mmap = system_mmap,
	.status = system_status,
	.vm_ops = &drm_gem_shmem_vm_ops,
};

struct drm_gem_object *ashlar_gem_create_object(struct drm_device *drm,
						size_t size)
{
	struct ashlar_bo *bo = kzalloc_obj(*bo, GFP_KERNEL_ACCOUNT);

	if (!bo)
		return ERR_PTR(-ENOMEM);
	INIT_LIST_HEAD(&bo->link);
	bo->shmem.base.funcs = &system_funcs;
	return &bo->shmem.base;
}

struct drm_gem_object *ashlar_gem_import_sg(struct drm_device *drm,
					    struct dma_buf_attachment *attach,
					    struct sg_table *sgt)
{
	struct ashlar_device *adev = to_ashlar(drm);
	struct drm_gem_object *obj;

	obj = drm_gem_shmem_prime_import_sg_table(drm, attach, sgt);
	if (IS_ERR(obj))
		return obj;
	mutex_lock(&adev->bos_lock);
	list_add_tail(&to_ashlar_bo(obj)->link, &adev->bos);
	mutex_unlock(&adev->bos_lock);
	return obj;
}

struct sg_table *ashlar_bo_sgt(struct ashlar_bo *bo)
{
	struct ashlar_device *adev = to_ashlar(bo->shmem.base.dev);
	struct sg_table *sgt = drm_gem_shmem_get_pages_sgt(&bo->shmem);

	if (IS_ERR(sgt))
		return sgt;
	mutex_lock(&adev->bos_lock);
	if (list_empty(&bo->link))
		list_add_tail(&bo->link, &adev->bos);
	mutex_unlock(&adev->bos_lock);
	return sgt;
}

/*
 * A buffer may be open longer than the driver is bound, its DMA mapping may
 * not. The pages stay.
 */
static void unmap_dma(struct ashlar_bo *bo)
{
	struct drm_gem_object *obj = &bo->shmem.base;

	dma_resv_lock(obj->resv, NULL);
	if (bo->shmem.sgt) {
		if (drm_gem_is_imported(obj)) {
			dma_buf_unmap_attachment(obj->import_attach,
						 bo->shmem.sgt,
						 DMA_BIDIRECTIONAL);
		} else {
			dma_unmap_sgtable(obj->dev->dev, bo->shmem.sgt,
					  DMA_BIDIRECTIONAL, 0);
			sg_free_table(bo->shmem.sgt);
			kfree(bo->shmem.sgt);
		}
		bo->shmem.sgt = NULL;
	}
	dma_resv_unlock(obj->resv);
}

void ashlar_gem_unplug(struct ashlar_device *adev)
{
	struct ashlar_bo *bo, *next;

	/* The next touch of board memory finds the dummy page. */
	unmap_mapping_range(adev->drm.anon_inode->i_mapping, 0, 0, 1);

	mutex_lock(&adev->bos_lock);
	list_for_each_entry_safe(bo, next, &adev->bos, link) {
		unmap_dma(bo);
		list_del_init(&bo->link);
	}
	mutex_unlock(&adev->bos_lock);
}

/* --- ioctls ----------------------------------------------------------------------------- */

int ashlar_ioctl_bo_create(struct drm_device *drm, void *data,
			   struct drm_file *file)
{
	struct drm_ashlar_bo_create *args = data;
	struct drm_gem_shmem_object *shmem;
	struct drm_gem_object *obj;
	struct ashlar_bo *bo;
	u64 size;
	int err;

	/* No board and no host has more; and it keeps the sum below 2^63. */
	if (!args->size || args->size > 1ull << ASHLAR_PCI_DMA_BITS ||
	    args->flags & ~BO_FLAGS || args->handle)
		return -EINVAL;
	size = PAGE_ALIGN(args->size);

	if (args->flags & DRM_ASHLAR_BO_LOCAL) {
		bo = local_create(to_ashlar(drm), size);
		if (IS_ERR(bo))
			return PTR_ERR(bo);
	} else {
		shmem = drm_gem_shmem_create(drm, size);
		if (IS_ERR(shmem))
			return PTR_ERR(shmem);
		bo = container_of(shmem, struct ashlar_bo, shmem);
	}
	bo->no_mmap = args->flags & DRM_ASHLAR_BO_NO_MMAP;
	obj = &bo->shmem.base;

	args->size = size;
	err = drm_gem_create_mmap_offset(obj);
	/* Last: another thread may use and close the handle at once. */
	if (!err)
		err = drm_gem_handle_create(file, obj, &args->handle);
	drm_gem_object_put(obj);
	return err;
}

int ashlar_ioctl_bo_query(struct drm_device *drm, void *data,
			  struct drm_file *file)
{
	struct drm_ashlar_bo_query *args = data;
	struct drm_gem_object *obj;
	struct ashlar_bo *bo;

	if (args->flags || args->size || args->mmap_offset)
		return -EINVAL;
	obj = drm_gem_object_lookup(file, args->handle);
	if (!obj)
		return -ENOENT;
	bo = to_ashlar_bo(obj);
	args->size = obj->size;
	args->flags = (bo->local ? DRM_ASHLAR_BO_LOCAL : 0) |
		      (bo->no_mmap ? DRM_ASHLAR_BO_NO_MMAP : 0);
	if (!bo->no_mmap && !drm_gem_is_imported(obj))
		args->mmap_offset = drm_vma_node_offset_addr(&obj->vma_node);
	drm_gem_object_put(obj);
	return 0;
}
