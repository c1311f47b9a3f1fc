// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * debugfs: `state` is what a core dump would say now, `log` the firmware's log
 * ring as it is in memory, and a write to `reset` resets the board.
 */
#include <linux/debugfs.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include <drm/drm_debugfs.h>
#include <drm/drm_print.h>

#include "ashlar_device.h"
#include "ashlar_regs.h"

#define LOG_BYTES sizeof(struct ashlar_log)

static int state_show(struct seq_file *m, void *unused)
{
	struct drm_debugfs_entry *entry = m->private;
	struct ashlar_device *adev = to_ashlar(entry->dev);
	struct drm_printer p = drm_seq_file_printer(m);
	bool registers;
	int idx;

	if (!drm_dev_enter(&adev->drm, &idx))
		return -ENODEV;
	registers = ashlar_registers_get(adev);
	ashlar_print_state(adev, &p, registers);
	if (registers)
		ashlar_registers_put(adev);
	drm_dev_exit(idx);
	return 0;
}

static const struct drm_debugfs_info infos[] = {
	{ "state", state_show },
};

static ssize_t log_read(struct file *file, char __user *buf, size_t count,
			loff_t *pos)
{
	struct ashlar_device *adev = file->private_data;
	u32 *words = kvzalloc(LOG_BYTES, GFP_KERNEL);
	ssize_t n;
	u32 i;
	int idx;

	if (!words)
		return -ENOMEM;
	n = -ENODEV;
	if (!drm_dev_enter(&adev->drm, &idx))
		goto free;
	n = -EBUSY;
	if (!ashlar_registers_get(adev))
		goto leave;
	for (i = 0; i < LOG_BYTES / 4; i++)
		words[i] = ashlar_os_read32(&adev->os,
					    ASHLAR_MAP_BAR0_SHARED_BASE +
						    ASHLAR_SHARED_LOG + 4 * i);
	ashlar_registers_put(adev);
	n = simple_read_from_buffer(buf, count, pos, words,
				    sizeof(struct ashlar_log));
leave:
	drm_dev_exit(idx);
free:
	kvfree(words);
	return n;
}

static const struct file_operations log_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.read = log_read,
};

static ssize_t reset_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	struct ashlar_device *adev = file->private_data;

	ashlar_reset_trigger(adev, "asked for in debugfs");
	return ashlar_reset_wait(adev) ?: count;
}

static const struct file_operations reset_fops = {
	.owner = THIS_MODULE,
	.open = simple_open,
	.write = reset_write,
};

void ashlar_debugfs_init(struct ashlar_device *adev)
{
	struct dentry *root = adev->drm.debugfs_root;

	drm_debugfs_add_files(&adev->drm, infos, ARRAY_SIZE(infos));
	debugfs_create_file("log", 0400, root, adev, &log_fops);
	debugfs_create_file("reset", 0200, root, adev, &reset_fops);
}
