// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/* Probe and removal of the board, open and close of its files. */
#include <linux/dma-mapping.h>
#include <linux/firmware.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <drm/drm_accel.h>
#include <drm/drm_gem.h>
#include <drm/drm_ioctl.h>
#include <drm/drm_managed.h>

#include "ashlar_compat.h"
#include "ashlar_device.h"
#include "ashlar_regs.h"

/* --- Entry of calls that need the board --------------------------------------- */

int ashlar_enter(struct ashlar_device *adev, int *idx)
{
	int err;

	for (;;) {
		err = ashlar_reset_wait(adev);
		if (err)
			return err;
		if (!drm_dev_enter(&adev->drm, idx))
			return -ENODEV;
		down_read(&adev->reset_sem);
		if (READ_ONCE(adev->health) == ASHLAR_HEALTHY)
			return 0;
		ashlar_leave(adev, *idx);
	}
}

void ashlar_leave(struct ashlar_device *adev, int idx)
{
	up_read(&adev->reset_sem);
	drm_dev_exit(idx);
}

/* --- Files ----------------------------------------------------------------------- */

static int ashlar_open(struct drm_device *drm, struct drm_file *drm_file)
{
	struct ashlar_file *file = kzalloc_obj(*file, GFP_KERNEL_ACCOUNT);

	if (!file)
		return -ENOMEM;
	file->adev = to_ashlar(drm);
	mutex_init(&file->lock);
	xa_init_flags(&file->queues, XA_FLAGS_ALLOC1 | XA_FLAGS_ACCOUNT);
	drm_file->driver_priv = file;
	return 0;
}

static void ashlar_postclose(struct drm_device *drm, struct drm_file *drm_file)
{
	struct ashlar_file *file = drm_file->driver_priv;
	struct ashlar_device *adev = file->adev;
	struct ashlar_queue *q;
	unsigned long id;

	/* Keeps reset and removal from doing the same at the same time. */
	down_read(&adev->reset_sem);
	mutex_lock(&file->lock);
	xa_for_each(&file->queues, id, q)
		ashlar_queue_destroy(file, q);
	if (file->space)
		ashlar_space_shutdown(file->space);
	mutex_unlock(&file->lock);
	up_read(&adev->reset_sem);

	if (file->space)
		ashlar_space_put(file->space);
	xa_destroy(&file->queues);
	mutex_destroy(&file->lock);
	kfree(file);
}

static void ashlar_show_fdinfo(struct drm_printer *p, struct drm_file *drm_file)
{
	struct ashlar_file *file = drm_file->driver_priv;
	struct ashlar_device *adev = file->adev;
	u64 cycles = atomic64_read(&file->busy_cycles);

	/* Cycles of a clock in kHz to nanoseconds. */
	drm_printf(p, "drm-engine-tile:\t%llu ns\n",
		   mul_u64_u32_div(cycles, NSEC_PER_MSEC, adev->clock_khz));
	drm_printf(p, "drm-engine-capacity-tile:\t%u\n", adev->core.info.tiles);
	drm_printf(p, "drm-cycles-tile:\t%llu\n", cycles);
	drm_printf(p, "drm-maxfreq-tile:\t%u Hz\n", adev->clock_khz * 1000);
	drm_show_memory_stats(p, drm_file);
}

static const struct drm_ioctl_desc ashlar_ioctls[] = {
#define ASHLAR_IOCTL(name, func) \
	DRM_IOCTL_DEF_DRV(ASHLAR_##name, ashlar_ioctl_##func, 0)
	ASHLAR_IOCTL(DEV_QUERY, dev_query),
	ASHLAR_IOCTL(BO_CREATE, bo_create),
	ASHLAR_IOCTL(BO_QUERY, bo_query),
	ASHLAR_IOCTL(VM_BIND, vm_bind),
	ASHLAR_IOCTL(QUEUE_CREATE, queue_create),
	ASHLAR_IOCTL(QUEUE_DESTROY, queue_destroy),
	ASHLAR_IOCTL(QUEUE_QUERY, queue_query),
	ASHLAR_IOCTL(QUEUE_RESULTS, queue_results),
	ASHLAR_IOCTL(SUBMIT, submit),
#undef ASHLAR_IOCTL
};

static const struct file_operations ashlar_fops = {
	.owner = THIS_MODULE,
	DRM_ACCEL_FOPS,
	.show_fdinfo = drm_show_fdinfo,
};

static const struct drm_driver ashlar_driver = {
	.driver_features = DRIVER_COMPUTE_ACCEL | DRIVER_GEM | DRIVER_SYNCOBJ |
			   DRIVER_SYNCOBJ_TIMELINE,
	.name = ASHLAR_NAME,
	.desc = "Ashlar neural network accelerator",
	ASHLAR_COMPAT_DRIVER_DATE.major = ASHLAR_ACCEL_MAJOR,
	.minor = ASHLAR_ACCEL_MINOR,
	.fops = &ashlar_fops,
	.open = ashlar_open,
	.postclose = ashlar_postclose,
	.show_fdinfo = ashlar_show_fdinfo,
	.ioctls = ashlar_ioctls,
	.num_ioctls = ARRAY_SIZE(ashlar_ioctls),
	.gem_create_object = ashlar_gem_create_object,
	.gem_prime_import_sg_table = ashlar_gem_import_sg,
};

/* --- Probe ------------------------------------------------------------------------ */

/* With the last reference: open files may have needed it. */
static void ashlar_fini_core(struct drm_device *drm, void *unused)
{
	struct ashlar_device *adev = to_ashlar(drm);

	destroy_workqueue(adev->sched_wq);
	ashlar_dev_detach(&adev->core);
	kvfree(adev->dtb);
	__free_page(adev->dummy_page);
	mutex_destroy(&adev->spaces_lock);
	mutex_destroy(&adev->bos_lock);
}

static int ashlar_init_software(struct ashlar_device *adev)
{
	adev->os.drm = &adev->drm;
	init_waitqueue_head(&adev->os.wait);
	init_waitqueue_head(&adev->health_wait);
	spin_lock_init(&adev->lists_lock);
	spin_lock_init(&adev->health_lock);
	INIT_LIST_HEAD(&adev->queues);
	INIT_LIST_HEAD(&adev->spaces);
	INIT_LIST_HEAD(&adev->bos);
	mutex_init(&adev->spaces_lock);
	mutex_init(&adev->bos_lock);
	init_rwsem(&adev->reset_sem);

	adev->dummy_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	adev->sched_wq = alloc_ordered_workqueue("ashlar-sched", WQ_MEM_RECLAIM);
	if (adev->dummy_page && adev->sched_wq)
		return drmm_add_action_or_reset(&adev->drm, ashlar_fini_core,
						NULL);
	if (adev->sched_wq)
		destroy_workqueue(adev->sched_wq);
	if (adev->dummy_page)
		__free_page(adev->dummy_page);
	return -ENOMEM;
}

static int ashlar_map_bars(struct ashlar_device *adev)
{
	struct pci_dev *pdev = adev->pdev;
	struct device *dev = &pdev->dev;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return dev_err_probe(dev, err, "cannot enable the function\n");
	err = dma_set_mask_and_coherent(dev, DMA_BIT_MASK(ASHLAR_PCI_DMA_BITS));
	if (err)
		return dev_err_probe(dev, err, "no DMA with %u address bits\n",
				     ASHLAR_PCI_DMA_BITS);
	dma_set_max_seg_size(dev, UINT_MAX);

	err = pcim_request_all_regions(pdev, ASHLAR_NAME);
	if (err)
		return dev_err_probe(dev, err, "BARs are in use\n");
	if (pci_resource_len(pdev, ASHLAR_PCI_BAR_REGS) < ASHLAR_PCI_BAR0_BYTES)
		return dev_err_probe(dev, -ENODEV,
				     "BAR%d has %pa bytes, less than 0x%x\n",
				     ASHLAR_PCI_BAR_REGS,
				     &(resource_size_t){
					     pci_resource_len(pdev,
							      ASHLAR_PCI_BAR_REGS) },
				     ASHLAR_PCI_BAR0_BYTES);
	adev->os.regs =
		devm_ioremap(dev, pci_resource_start(pdev, ASHLAR_PCI_BAR_REGS),
			     ASHLAR_PCI_BAR0_BYTES);
	adev->os.mem =
		devm_ioremap_wc(dev, pci_resource_start(pdev, ASHLAR_PCI_BAR_MEM),
				pci_resource_len(pdev, ASHLAR_PCI_BAR_MEM));
	if (!adev->os.regs || !adev->os.mem)
		return dev_err_probe(dev, -ENOMEM, "cannot map the BARs\n");
	return 0;
}

static int ashlar_identify(struct ashlar_device *adev)
{
	struct device *dev = &adev->pdev->dev;
	u64 bar = pci_resource_len(adev->pdev, ASHLAR_PCI_BAR_MEM);
	int err;

	err = ashlar_dev_attach(&adev->core, &adev->os);
	if (err)
		return dev_err_probe(dev, err, "%s\n", adev->os.error);
	if (adev->core.mem_bytes > bar)
		return dev_err_probe(dev, -ENODEV,
				     "the board has %llu bytes of memory, BAR%d shows %llu\n",
				     adev->core.mem_bytes, ASHLAR_PCI_BAR_MEM,
				     bar);

	adev->dtb = kvzalloc(adev->core.dtb_bytes, GFP_KERNEL);
	if (!adev->dtb)
		return -ENOMEM;
	return ashlar_dev_read_dtb(&adev->core, adev->dtb, adev->core.dtb_bytes);
}

static void ashlar_free_config(void *data)
{
	kfree(data);
}

/*
 * What a reset of the bus takes away, without bus mastering: that is for a board
 * that has been reset.
 */
static int ashlar_keep_config(struct ashlar_device *adev)
{
	pci_clear_master(adev->pdev);
	pci_save_state(adev->pdev);
	adev->pci_state = pci_store_saved_state(adev->pdev);
	if (!adev->pci_state)
		return -ENOMEM;
	return devm_add_action_or_reset(&adev->pdev->dev, ashlar_free_config,
					adev->pci_state);
}

static void ashlar_release_firmware(void *data)
{
	release_firmware(data);
}

static int ashlar_start(struct ashlar_device *adev)
{
	struct device *dev = &adev->pdev->dev;
	int err;

	/* Kept: a reset starts it again. */
	err = request_firmware(&adev->firmware, ASHLAR_FIRMWARE, dev);
	if (err)
		return dev_err_probe(dev, err, "no firmware %s\n",
				     ASHLAR_FIRMWARE);
	err = devm_add_action_or_reset(dev, ashlar_release_firmware,
				       (void *)adev->firmware);
	if (err)
		return err;

	err = ashlar_dev_boot(&adev->core, adev->firmware->data,
			      adev->firmware->size);
	if (err)
		return dev_err_probe(dev, err, "%s\n", adev->os.error);
	adev->clock_khz = adev->core.info.clock_khz;
	return 0;
}

/* Hold the board still: nothing of it runs or reaches memory any more. */
static void ashlar_stop(struct ashlar_device *adev)
{
	adev->core.lost = true;
	if (pci_device_is_present(adev->pdev))
		ashlar_os_write32(&adev->os, ASHLAR_HOST_RESET,
				  ASHLAR_HOST_RESET_KEY);
	pci_clear_master(adev->pdev);
}

static int ashlar_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct ashlar_device *adev;
	int err;

	adev = devm_drm_dev_alloc(&pdev->dev, &ashlar_driver,
				  struct ashlar_device, drm);
	if (IS_ERR(adev))
		return PTR_ERR(adev);
	adev->pdev = pdev;
	pci_set_drvdata(pdev, adev);

	err = ashlar_init_software(adev);
	if (err)
		return err;
	err = ashlar_map_bars(adev);
	if (err)
		return err;
	err = ashlar_identify(adev);
	if (err)
		return err;
	err = ashlar_keep_config(adev);
	if (err)
		return err;
	ashlar_coredump_init(adev);
	pci_set_master(pdev);

	err = ashlar_irq_init(adev);
	if (err)
		goto stop;
	err = ashlar_start(adev);
	if (err)
		goto free_irq;
	err = ashlar_reset_init(adev);
	if (err)
		goto free_irq;
	ashlar_debugfs_init(adev);
	err = ashlar_hwmon_init(adev);
	if (err)
		goto fini_reset;
	err = drm_dev_register(&adev->drm, 0);
	if (err)
		goto fini_reset;

	drm_info(&adev->drm,
		 "%u tiles, %llu MiB, firmware %u.%u, interfaces control %u.%u job %u.%u, %u vectors\n",
		 adev->core.info.tiles, adev->core.mem_bytes >> 20,
		 ASHLAR_VERSION_MAJOR(adev->core.info.firmware_version),
		 ASHLAR_VERSION_MINOR(adev->core.info.firmware_version),
		 ASHLAR_VERSION_MAJOR(adev->core.control_abi),
		 ASHLAR_VERSION_MINOR(adev->core.control_abi),
		 ASHLAR_VERSION_MAJOR(adev->core.job_abi),
		 ASHLAR_VERSION_MINOR(adev->core.job_abi), adev->vectors);
	return 0;

fini_reset:
	ashlar_reset_fini(adev);
free_irq:
	ashlar_stop(adev);
	ashlar_irq_fini(adev);
	ashlar_coredump_fini(adev);
	return err;
stop:
	ashlar_stop(adev);
	ashlar_coredump_fini(adev);
	return err;
}

static void ashlar_remove(struct pci_dev *pdev)
{
	struct ashlar_device *adev = pci_get_drvdata(pdev);
	struct ashlar_space *space;

	/* From here every ioctl is refused, and those under way are over. */
	drm_dev_unplug(&adev->drm);
	ashlar_reset_fini(adev);
	ashlar_stop(adev);
	ashlar_irq_fini(adev);

	/* Against a close of a file at the same time. */
	down_write(&adev->reset_sem);
	ashlar_queues_shutdown(adev, -ENODEV);
	mutex_lock(&adev->spaces_lock);
	while ((space = list_first_entry_or_null(&adev->spaces,
						 struct ashlar_space, link))) {
		list_del_init(&space->link);
		kref_get(&space->ref);
		mutex_unlock(&adev->spaces_lock);
		ashlar_space_shutdown(space);
		ashlar_space_put(space);
		mutex_lock(&adev->spaces_lock);
	}
	mutex_unlock(&adev->spaces_lock);
	up_write(&adev->reset_sem);

	ashlar_gem_unplug(adev);
	ashlar_coredump_fini(adev);
}

static const struct pci_device_id ashlar_ids[] = {
	{ PCI_DEVICE(ASHLAR_PCI_VENDOR, ASHLAR_PCI_DEVICE) },
	{}
};
MODULE_DEVICE_TABLE(pci, ashlar_ids);

static struct pci_driver ashlar_pci_driver = {
	.name = ASHLAR_NAME,
	.id_table = ashlar_ids,
	.probe = ashlar_probe,
	.remove = ashlar_remove,
	.err_handler = &ashlar_pci_err_handlers,
	.driver.pm = &ashlar_pm_ops,
};

/* --- Module --------------------------------------------------------------------- */

struct workqueue_struct *ashlar_release_wq;

static int __init ashlar_init(void)
{
	int err;

	ashlar_release_wq = alloc_workqueue("ashlar-release", WQ_UNBOUND, 0);
	if (!ashlar_release_wq)
		return -ENOMEM;
	err = pci_register_driver(&ashlar_pci_driver);
	if (err)
		destroy_workqueue(ashlar_release_wq);
	return err;
}
module_init(ashlar_init);

static void __exit ashlar_exit(void)
{
	pci_unregister_driver(&ashlar_pci_driver);
	destroy_workqueue(ashlar_release_wq);
	ashlar_sched_exit();
}
module_exit(ashlar_exit);

MODULE_DESCRIPTION("Ashlar neural network accelerator");
MODULE_LICENSE("Dual MIT/GPL");
MODULE_FIRMWARE(ASHLAR_FIRMWARE);
ASHLAR_COMPAT_IMPORT_DMA_BUF;
