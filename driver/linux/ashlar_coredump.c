// SPDX-License-Identifier: (MIT OR GPL-2.0-only)
/*
 * What the board says about itself when something has failed: as text through
 * devcoredump, and at any time in debugfs. The log's words are for the decoder
 * of the firmware's own strings (ashlar-log).
 */
#include <linux/devcoredump.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include <drm/drm_print.h>

#include "ashlar_compat.h"
#include "ashlar_device.h"
#include "ashlar_regs.h"

#define DUMP_BYTES (128u << 10)

static u32 shared(struct ashlar_device *adev, u32 offset)
{
	return ashlar_os_read32(&adev->os, ASHLAR_MAP_BAR0_SHARED_BASE + offset);
}

static void print_words(struct ashlar_device *adev, struct drm_printer *p,
			const char *name, u32 offset, u32 bytes)
{
	u32 at;

	drm_printf(p, "%s:\n", name);
	for (at = 0; at < bytes; at += 16)
		drm_printf(p, "%04x: %08x %08x %08x %08x\n", offset + at,
			   shared(adev, offset + at),
			   shared(adev, offset + at + 4),
			   shared(adev, offset + at + 8),
			   shared(adev, offset + at + 12));
}

static void print_queues(struct ashlar_device *adev, struct drm_printer *p)
{
	struct ashlar_queue *q;
	unsigned long flags;

	spin_lock_irqsave(&adev->lists_lock, flags);
	list_for_each_entry(q, &adev->queues, link) {
		spin_lock(&q->lock);
		drm_printf(p,
			   "queue %u: context %u state %u submitted %llu completed %llu on board %llu depth %u vector %u\n",
			   q->hw.number, q->space->vm.context, q->state,
			   q->submitted, q->completed, q->next - q->first,
			   q->depth, q->vector);
		spin_unlock(&q->lock);
	}
	spin_unlock_irqrestore(&adev->lists_lock, flags);
}

void ashlar_print_state(struct ashlar_device *adev, struct drm_printer *p,
			bool registers)
{
	static const struct {
		const char *name;
		u32 offset;
	} regs[] = {
		{ "HOST.ID", ASHLAR_HOST_ID },
		{ "HOST.HW_VERSION", ASHLAR_HOST_HW_VERSION },
		{ "HOST.PLATFORM", ASHLAR_HOST_PLATFORM },
		{ "HOST.MP_CTRL", ASHLAR_HOST_MP_CTRL },
		{ "HOST.POST", ASHLAR_HOST_POST },
		{ "HOST.HOST_ERR", ASHLAR_HOST_HOST_ERR },
		{ "HOST.HOST_ERR_ADDR", ASHLAR_HOST_HOST_ERR_ADDR },
	};
	unsigned int i;

	drm_printf(p, "firmware: 0x%08x build %*phN\n",
		   adev->core.info.firmware_version,
		   (int)sizeof(adev->core.info.build_id),
		   adev->core.info.build_id);
	drm_printf(p, "resets: %u\n", READ_ONCE(adev->resets));
	print_queues(adev, p);
	if (!registers || ashlar_os_read32(&adev->os, ASHLAR_HOST_ID) == ~0u) {
		drm_puts(p, "the board does not answer\n");
		return;
	}
	drm_printf(p, "cycles: %llu\n", ashlar_dev_cycles(&adev->core));
	for (i = 0; i < ARRAY_SIZE(regs); i++)
		drm_printf(p, "%s: 0x%08x\n", regs[i].name,
			   ashlar_os_read32(&adev->os, regs[i].offset));
	print_words(adev, p, "control", ASHLAR_SHARED_CTRL, 128);
	print_words(adev, p, "telemetry", ASHLAR_SHARED_TELEMETRY,
		    sizeof(struct ashlar_telemetry));
	print_words(adev, p, "log", ASHLAR_SHARED_LOG, sizeof(struct ashlar_log));
}

static void dump_work(struct work_struct *work)
{
	struct ashlar_device *adev =
		container_of(work, struct ashlar_device, dump_work);
	char reason[sizeof(adev->dump_reason)];
	struct drm_print_iterator iter = { .remain = DUMP_BYTES };
	struct drm_printer p;
	unsigned long flags;
	void *data;
	int idx;

	spin_lock_irqsave(&adev->dump_lock, flags);
	strscpy(reason, adev->dump_reason, sizeof(reason));
	spin_unlock_irqrestore(&adev->dump_lock, flags);

	data = vzalloc(DUMP_BYTES);
	if (!data)
		return;
	iter.data = data;
	p = drm_coredump_printer(&iter);
	drm_printf(&p, "ashlar core dump\nreason: %s\n", reason);
	if (drm_dev_enter(&adev->drm, &idx)) {
		/* Whoever resets the board waits for this; see pci_stop(). */
		ashlar_print_state(adev, &p, !pci_channel_offline(adev->pdev));
		drm_dev_exit(idx);
	}
	/* Takes the memory; drops it while an earlier dump is unread. */
	dev_coredumpv(adev->drm.dev, data, DUMP_BYTES - iter.remain, GFP_KERNEL);
}

void ashlar_coredump(struct ashlar_device *adev, const char *reason)
{
	unsigned long flags;

	if (drm_dev_is_unplugged(&adev->drm))
		return;
	spin_lock_irqsave(&adev->dump_lock, flags);
	strscpy(adev->dump_reason, reason, sizeof(adev->dump_reason));
	spin_unlock_irqrestore(&adev->dump_lock, flags);
	queue_work(ashlar_release_wq, &adev->dump_work);
}

void ashlar_coredump_init(struct ashlar_device *adev)
{
	spin_lock_init(&adev->dump_lock);
	INIT_WORK(&adev->dump_work, dump_work);
}

void ashlar_coredump_fini(struct ashlar_device *adev)
{
	cancel_work_sync(&adev->dump_work);
	/* Else it keeps the module loaded until somebody reads it. */
	dev_coredump_put(adev->drm.dev);
}
